//! Tests that a word or a file that does not fit the command line is answered with what would.

use crate::cli::{CLEAR, DENY, TestDir};
use crate::kit::{at, flowed};

#[test]
fn what_does_not_fit_is_answered_with_what_would() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("auths.csv", std::fs::read(at("fixtures/extracts/authorizations-2024q1.csv")).expect("a fixture"));
    for (args, says) in [
        (
            &["check", "auths.csv"][..],
            "auths.csv: is an authorization file, not an extract; give it to `check` with --auths",
        ),
        (&["check", "claims.csv", "--layout", "tuvaa"], "did you mean tuva?"),
        (&["check", "claims.csv", "--fail-on", "new-review"], "--fail-on new-review: new since which report?"),
        (&["check", "claims.csv", "--today", "2024-13-01"], "write a day as YYYY-MM-DD"),
        (&["check", "claims.csv", "--out", "claims.csv"], "claims.csv: exists already and is not a claimlint report"),
        (&["explain", "C1", "--date", "03/05/2024"], "write a day as YYYY-MM-DD"),
        (&["check", "-", "-"], "-: given twice, and stdin can be read once only"),
        (&["check", "claims.csv", "--comment", ""], "a value is required for '--comment <PREFIX>'"),
        (&["check", "claims.csv", "--out", "{date"], "--out {date: a brace is not closed; write {date}"),
        (&["prune", "."], "<--keep <N>|--older-than <TIME>>"),
        (&["prune", ".", "--keep", "0"], "write a whole number above zero"),
        (&["slice", "one", "--plan", "plan.json"], "write the number of a slice of the plan, from 0"),
        (&["help", "layuots"], "did you mean layouts?"),
        (&["rules", "DX999"], "no rule is called DX999"),
        (
            &["verify", "r", "--layout", "none.toml"],
            "--layout says how extracts are read and judged; name the extracts",
        ),
        (
            &["verify", "r", "--policy", "none.toml"],
            "--policy says how extracts are read and judged; name the extracts",
        ),
    ] {
        let refused = flowed(&dir.run(args).refused());
        assert!(refused.contains(says), "{args:?}: {refused}");
    }
    let of_family = dir.run(&["rules", "tw"]).success();
    let codes: Vec<&str> = of_family.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(codes[..5], ["TW601", "TW602", "TW603", "TW604", "TW605"], "{of_family}");
    assert!(!of_family.contains("DX101") && !of_family.contains("Bins"), "{of_family}");
    let names = dir.run(&["layout", "show"]).success();
    assert!(names.lines().any(|name| name == "tuva") && names.lines().count() > 10, "{names}");
}

#[test]
fn the_authorization_file_of_the_run_is_told_from_its_extracts() {
    let dir = TestDir::with(&[CLEAR]);
    std::fs::create_dir(dir.at("inbox")).expect("a folder");
    dir.put("inbox/auths.csv", "authorization_number,member_id,status\nA-1,M1,Approved\n");
    let refused = flowed(&dir.run(&["check", "claims.csv", "inbox", "--auths", "inbox/auths.csv"]).refused());
    assert!(refused.contains("is the authorization file of --auths, not an extract"), "{refused}");
}

#[test]
fn an_extract_with_authorization_numbers_and_statuses_is_told_what_it_lacks() {
    let dir = TestDir::with(&[CLEAR]);
    let columns = "line_number,member_id,procedure_code,diagnosis_1,authorization_number,status,paid_amount";
    dir.put("claims.csv", format!("claim_id,{columns}\nC1,1,M1,22514,M8008XA,A1,Paid,10.00\n"));
    let refused = flowed(&dir.run(&["check", "claims.csv"]).refused());
    assert!(refused.contains("service_date") && !refused.contains("authorization file"), "{refused}");
    let inspected = flowed(&dir.run(&["inspect", "claims.csv"]).out);
    assert!(!inspected.contains("an authorization file"), "{inspected}");
}

#[test]
fn a_table_of_claimlint_is_answered_with_the_command_that_reads_it() {
    let dir = TestDir::with(&[DENY, "too,short\n"]);
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "r", "-q", "--format", "parquet"]).code, Some(1));
    dir.run(&["sample", "r", "--size", "1", "--seed", "7", "--out", "worksheet.csv"]).success();
    for (file, says) in [
        ("r/services.csv", "is the table of services of a report, not an extract; `claimlint explain CLAIM --in DIR`"),
        (
            "r/services.parquet",
            "is the table of services of a report, not an extract; `claimlint explain CLAIM --in DIR`",
        ),
        (
            "r/findings.csv",
            "is the table of findings of a report, not an extract; `claimlint compare OLD NEW` reads it",
        ),
        ("r/rejects.csv", "is the table of rejected rows of a report, not an extract; mend these rows in the extract"),
        ("worksheet.csv", "is a worksheet of `claimlint sample`, not an extract; `claimlint estimate FILE` reads it"),
    ] {
        for args in [&["check", file, "--out", "x"][..], &["plan", file, "-o", "job"]] {
            let refused = flowed(&dir.run(args).refused());
            assert_eq!(refused.matches(&format!("{file}: {says}")).count(), 1, "{args:?}: {refused}");
            assert!(!refused.contains("looked for"), "{refused}");
        }
        let inspected = dir.run(&["inspect", file, "--write-layout", "l.toml"]);
        assert!(inspected.code == Some(2) && !dir.at("l.toml").exists(), "{inspected:?}");
        let shown = flowed(&inspected.out);
        assert!(shown.contains(&format!("check refuses it: {file}: {says}")) && !shown.contains("missing"), "{shown}");
    }
    for args in [&["check", "claims.csv", "--out", "x"][..], &["plan", "claims.csv", "-o", "job"]] {
        let refused = flowed(&dir.run(&[args, &["--auths", "r/services.csv"]].concat()).refused());
        assert!(
            refused.contains("r/services.csv: is the table of services of a report, not an authorization file"),
            "{refused}"
        );
    }
}

#[test]
fn a_report_in_the_place_of_extracts_is_answered_with_one_sentence() {
    let dir = TestDir::with(&[DENY, "too,short\n"]);
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "r", "-q"]).code, Some(1));
    for files in [&["r"][..], &["r/*"], &["r/*.csv"], &["r/findings.csv", "r/services.csv"], &["claims.csv", "./r/"]] {
        for command in [&["check", "--out", "x"][..], &["plan", "-o", "job"]] {
            let refused = dir.run(&[command, files].concat()).refused();
            let said = flowed(&refused);
            let place = if files.contains(&"./r/") { "./r" } else { "r" };
            let begin = format!(
                "error: {place}: is a report of claimlint, not a directory of extracts; name the extracts themselves"
            );
            assert!(said.contains(&begin) && refused.lines().count() == 1, "{files:?}: {refused}");
        }
    }
    // The tables alone, beside an extract.
    std::fs::create_dir(dir.at("mixed")).expect("a folder");
    for (from, to) in
        [("r/findings.csv", "findings.csv"), ("r/services.csv", "services-1.csv"), ("claims.csv", "claims.csv")]
    {
        std::fs::copy(dir.at(from), dir.at("mixed").join(to)).expect("a copy");
    }
    let said = flowed(&dir.run(&["check", "mixed", "--out", "x"]).refused());
    assert!(
        said.contains("mixed: holds tables of a report (findings.csv, services-1.csv), which are not extracts; name the extracts alone"),
        "{said}"
    );
    assert!(!said.contains("mixed/") && !dir.at("x").exists(), "{said}");
}

#[test]
fn an_extract_that_lacks_a_column_is_not_taken_for_an_authorization_file() {
    let dir = TestDir::with(&[]);
    let head = "claim_id,service_date,procedure_code,authorization_number,status";
    dir.put("claims.csv", format!("{head}\nC1,2024-03-05,22514,A-1001,paid\n"));
    let inspected = dir.run(&["inspect", "claims.csv"]);
    assert!(inspected.code == Some(2) && !inspected.out.contains("an authorization file"), "{inspected:?}");
    for said in [dir.run(&["check", "claims.csv", "--out", "x"]).refused(), inspected.out] {
        assert!(said.contains("a required column is missing") && said.contains("diagnosis"), "{said}");
    }
    // An authorization file may name the claim that asked for it.
    dir.put("auths.csv", format!("{head},valid_from\nC1,2024-03-05,22514,A-1001,approved,2024-01-01\n"));
    let refused = dir.run(&["check", "auths.csv", "--out", "x"]).refused();
    assert!(refused.contains("is an authorization file, not an extract"), "{refused}");
    assert!(dir.run(&["inspect", "auths.csv"]).success().contains("1 row, 1 of them approvals"));
}
