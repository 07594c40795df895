//! Tests the dossier: `claimlint explain` agrees with the report for every service of every fixture; damaged dossiers are
//! refused; and when a claim is not found, no similar claim number is shown.

use std::fs;
use std::io::Cursor;
use std::process::Command;

use claimlint::claim::value::version::Version;
use claimlint::claim::{Bin, Line};
use claimlint::finding::Subject;
use claimlint::report::format::dossier;
use claimlint::report::format::dossier::DossierError;
use claimlint::rules::explain::Explainer;
use claimlint::rules::{Answer, get, roster};
use claimlint::run::JudgedRun;

use crate::cases::Case;
use crate::cli::{CommandOutput, binary};
use crate::kit::{Inputs, MEMORY, at, flowed, written};

/// The run, read back from its dossier.
pub(crate) fn again(outcome: &JudgedRun) -> JudgedRun {
    dossier::read(&written(outcome, dossier::FILE)[..], MEMORY).unwrap_or_else(|e| panic!("{e}"))
}

/// The tables of the report, and the answer of every rule for every service.
pub(crate) fn agree(outcome: &JudgedRun, what: &str) {
    let again = again(outcome);
    for table in ["services.csv", "findings.csv"] {
        assert_eq!(written(&again, table), written(outcome, table), "{what}: {table}");
    }
    assert_eq!(again.context.ledger, outcome.context.ledger, "{what}");
    let explainer = Explainer::new(&again.line_set, &again.context.policy, again.authorization_file.as_deref());
    for (i, judgment) in outcome.judged.services.iter().enumerate() {
        let explained = explainer.service(i);
        let fired =
            explained.answers.iter().filter(|(_, answer)| matches!(answer, Answer::Fired(_))).map(|(rule, _)| *rule);
        let mut fired: Vec<_> = fired.collect();
        fired.sort_by_key(|rule| get(*rule).code);
        assert_eq!(fired, *judgment.rules, "{what}: service {i}");
        assert_eq!(explained.answers.len(), roster().count(), "{what}: every rule is asked of a service");
        let again = explained.judgment.expect("a service has a verdict");
        assert_eq!(
            (again.status, again.necessity, again.authorization, again.at_risk),
            (judgment.status, judgment.necessity, judgment.authorization, judgment.at_risk),
            "{what}: service {i}"
        );
    }
    let found =
        |subject| outcome.judged.findings.iter().filter(move |f| f.subject == subject).cloned().collect::<Vec<_>>();
    for i in 0..outcome.line_set.lines.len() {
        let subject = match outcome.line_set.bins[i] {
            Bin::Related => Subject::Related(i),
            Bin::Superseded => Subject::Withdrawn(i),
            _ => continue,
        };
        assert_eq!(explainer.line(subject, i).findings, found(subject), "{what}: line {i}");
    }
}

#[test]
fn every_claim_is_explained_as_it_was_judged() {
    for case in Case::all() {
        agree(&case.inputs.run().expect("every case can be read"), &format!("{}: {}", case.topic, case.sentence));
    }
    let read = |name: &str| fs::read(at("fixtures/extracts").join(name)).expect("it is there");
    for name in ["kyphoplasty-2024q1.csv", "tuva-medical-claim.csv", "edi837-flat.csv", "rif-carrier.csv"] {
        let inputs = Inputs { auths: Some(read("authorizations-2024q1.csv")), ..Inputs::one(read(name)) };
        let outcome = inputs.run().expect("it can be read");
        assert!(outcome.summary.services() > 0, "{name}");
        agree(&outcome, name);
    }
}

/// The bins and the related claims agree about which lines were superseded, and by which.
#[test]
fn superseded_by_names_lines_exactly_for_superseded_lines() {
    let mut taken = 0;
    for case in Case::all() {
        let line_set = case.inputs.run().expect("every case can be read").line_set;
        for (i, bin) in line_set.bins.iter().enumerate() {
            let by = line_set.superseded_by(i);
            let void = line_set.line(i).version == Version::Void;
            if *bin == Bin::Superseded {
                assert!(void || !by.is_empty(), "{}: line {i}", case.sentence);
            } else {
                assert!(by.is_empty(), "{}: line {i}", case.sentence);
            }
            taken += by.len();
        }
    }
    assert!(taken > 20, "the fixtures have versions");
}

/// The columns of an extract.
pub(crate) const HEAD: &str = "claim_id,member_id,product,place_of_service,service_date,procedure_code,diagnosis_1,diagnosis_2,diagnosis_pointer,authorization_number,paid_amount\n";

/// How a rule answered about the first service.
fn answer(rows: &str, auths: Option<&str>, code: &str) -> Answer {
    let inputs = Inputs { auths: auths.map(Into::into), ..Inputs::one(HEAD.to_owned() + rows) };
    let outcome = inputs.run().expect("it can be read");
    let explainer = Explainer::new(&outcome.line_set, &outcome.context.policy, outcome.authorization_file.as_deref());
    let explained = explainer.service(0);
    explained.answers.into_iter().find(|(rule, _)| get(*rule).code == code).expect("every rule is asked").1
}

#[test]
fn rules_that_do_not_fire_give_a_reason() {
    const HMO: &str = "C1,M1,HMO,22,2024-03-05,22514,M4856XA,,,A-1,1.00\n";
    let auths = "authorization_number,member_id,status,valid_to\nA-1,M1,DENIED,2020-01-01\n";
    for (row, auths, code, want) in [
        (HMO.to_owned(), None, "DX101", "passed"),
        (HMO.replace("HMO", "MHMO"), None, "DX101", "not applicable: Medicare"),
        (HMO.replace("HMO", "EPO"), None, "DX101", "could not: the policy's tables name no class"),
        (HMO.replace("M4856XA", ""), None, "DX101", "could not: the line carries no diagnosis"),
        (HMO.replace("M4856XA", "M54.5"), None, "DX104", "not applicable: no considered diagnosis"),
        (HMO.replace("M4856XA,,", "M54.5,M4856XA,1"), None, "DX103", "not applicable: DX102 speaks"),
        (HMO.replace("2024-03-05", "soon"), None, "DX104", "could not: the service date cannot be read"),
        (HMO.replace("2024-03-05", "2019-03-05"), None, "DX104", "not applicable: asked from the first edition"),
        (HMO.replace("22514", "22515"), None, "DX106", "not applicable: the service holds a code that states no level"),
        (HMO.to_owned(), None, "PA202", "could not: no authorization file"),
        (HMO.to_owned(), Some(auths), "PA202", "passed"),
        (HMO.to_owned(), Some(auths), "PA203", "fired"),
        (HMO.to_owned(), Some(auths), "PA205", "not applicable: an earlier question"),
        (
            HMO.replace("A-1", ""),
            Some(auths),
            "PA205",
            "not applicable: no authorization number was found on the claim",
        ),
        (HMO.replace("A-1", ""), Some(auths), "PA209", "passed"),
        (HMO.replace("A-1", "").replace("HMO", "PPO"), None, "PA201", "not applicable: the product needs none"),
        (
            HMO.replace("A-1", "").replace("HMO", "PPO").replace(",22,", ",31,"),
            None,
            "PA201",
            "could not: it depends on the setting",
        ),
        (HMO.to_owned(), None, "CD304", "not applicable: a professional claim"),
        (HMO.replace(",22,", ",,"), None, "CD304", "could not: the line has no bill type"),
        (HMO.to_owned(), None, "CD301", "not applicable: asked of add-on codes only"),
        (HMO.to_owned(), None, "CD302", "passed"),
        (HMO.to_owned(), None, "CD310", "not applicable: asked of claims with a listed ICD-10-PCS code"),
        (HMO.replace("22514", "0QU03JZ"), None, "DQ502", "not applicable: a stay has no units"),
        (HMO.to_owned(), None, "DQ509", "not applicable: asked of replacements"),
    ] {
        let reason = match answer(&row, auths, code) {
            Answer::Fired(_) => "fired".to_owned(),
            Answer::Passed => "passed".to_owned(),
            Answer::NotApplicable(why) => format!("not applicable: {why}"),
            Answer::CouldNot(why) => format!("could not: {why}"),
        };
        assert!(reason.starts_with(want), "{code} of {row}: {reason}, not {want}");
    }
}

#[test]
fn a_damaged_dossier_is_refused() {
    let outcome = Inputs::one(HEAD.to_owned() + "C1,M1,HMO,22,2024-03-05,22514,M4856XA,,,A-1,1.00\n")
        .run()
        .expect("it can be read");
    let whole = written(&outcome, dossier::FILE);
    for length in 0..whole.len() {
        assert!(dossier::read(&whole[..length], MEMORY).is_err(), "cut at {length}");
    }
    let first = whole.iter().position(|b| *b == b'\n').expect("a first line");
    for at in first + 1..whole.len() {
        let mut other = whole.clone();
        other[at] ^= 0x20;
        // Some bits of a chunk's header do not affect what is read from it.
        let read = dossier::read(&other[..], MEMORY).map(|outcome| written(&outcome, dossier::FILE));
        assert!(read.is_err() || read.is_ok_and(|again| again == whole), "byte {at}");
    }
    let older = [b"claimlint-dossier/1 claimlint 0.0.9\n", &whole[first + 1..]].concat();
    assert!(matches!(dossier::read(&older[..], MEMORY), Err(DossierError::Version(by)) if by == "claimlint 0.0.9"));
    let own = concat!("claimlint ", env!("CARGO_PKG_VERSION"));
    let unlike = [format!("claimlint-dossier/1 {own}\n").as_bytes(), &whole[first + 1..]].concat();
    let by_another_build = format!("another build of {own}");
    assert!(matches!(dossier::read(&unlike[..], MEMORY), Err(DossierError::Version(by)) if by == by_another_build));
    assert!(matches!(dossier::read(&b"claim_id,x\n"[..], MEMORY), Err(DossierError::Foreign)));
}

/// A chunk of a dossier that was unpacked, changed and packed again may be refused but must not cause a panic.
#[test]
fn a_tampered_dossier_is_refused_or_judged() {
    let rows =
        ["C1,M1,HMO,22,2024-03-05,22514,M4856XA,M54.5,1,A-1,1.00\n", "C\u{e9},M1,PPO,,soon,0QU03JZ,M4856XA,,9,,x\n"];
    let outcome = Inputs::one(HEAD.to_owned() + &rows.concat()).run().expect("it can be read");
    let whole = written(&outcome, dossier::FILE);
    let mut at = whole.iter().position(|b| *b == b'\n').expect("a first line") + 1;
    let length = |at: usize| u32::from_le_bytes(whole[at..at + 4].try_into().expect("four bytes")) as usize;
    at += 4 + length(at);
    let lines = zstd::decode_all(&whole[at + 4..]).expect("the frame of the lines");
    let mut refused = 0;
    for place in 0..lines.len() {
        for change in [0x01, 0x40, 0x80, 0xff] {
            let mut lines = lines.clone();
            lines[place] ^= change;
            let context = zstd::bulk::compress(&lines, 1).expect("memory takes it");
            let length = u32::try_from(context.len()).expect("it is short").to_le_bytes();
            let dossier = [&whole[..at], &length[..], &context[..]].concat();
            match dossier::read(&dossier[..], MEMORY) {
                Ok(outcome) => drop(written(&outcome, "report.html")),
                Err(_) => refused += 1,
            }
            // Cells are read before anything is known of the policy.
            let of_claim = |line: Line<'_>| line.claim_id() == "C1";
            if change == 0x40
                && let Ok(outcome) = dossier::read_connected(Cursor::new(&dossier), MEMORY, of_claim)
            {
                drop(written(&outcome, "report.html"));
            }
        }
    }
    assert!(refused > lines.len(), "most changes are seen: {refused} of {}", 4 * lines.len());
}

#[test]
fn the_terminal_and_the_page_show_a_claim() {
    let dir = tempfile::tempdir().expect("a directory");
    let row = "C\u{1b}[31m1,M1,HMO,22,2024-03-05,22514,M54\u{7}5,,,A-1,1.00\nC2,M2,<b>,22,soon,22514,M54.5,,,,1.00\n";
    fs::write(dir.path().join("claims.csv"), HEAD.to_owned() + row).expect("room for it");
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).current_dir(dir.path()).env("CLICOLOR_FORCE", "1"));
    let check = run(&["check", "claims.csv", "--all-rules"]);
    assert_eq!(check.code, Some(1));
    assert!(!check.out.contains("\x1b[31m1") && check.out.contains("C\u{241b}[31m1"), "{}", check.out);

    let output = run(&["explain", "C\x1b[31m1", "--html", "page.html"]).success();
    assert!(!output.contains("C\x1b[31m1") && !output.contains('\u{7}'), "{output}");
    for part in ["DX101", "M54\u{2407}5", "claims.csv:2", "Would change it"] {
        assert!(flowed(&output).contains(part), "{part}: {output}");
    }
    let page = fs::read_to_string(dir.path().join("page.html")).expect("a page");
    assert!(page.contains("default-src &#39;none&#39;") && !page.contains("<script") && page.contains("DX101"));
    assert!(!page.contains('\u{1b}') && !page.contains('\u{7}'));
    assert!(run(&["explain", "C2", "--html", "page.html"]).refused().contains("exists already"));
    run(&["explain", "C2", "--html", "other.html"]).success();
    let page = fs::read_to_string(dir.path().join("other.html")).expect("a page");
    assert!(!page.contains("<b>\"") && page.contains("&lt;b&gt;"));

    let refused = run(&["explain", "C3"]).refused();
    assert!(refused.contains("no kept row") && refused.contains("C2"), "{refused}");
    assert!(!run(&["explain", "quite another"]).refused().contains("did you mean"));
    assert!(run(&["explain", "C2", "--in", "none"]).refused().contains("--in"));
    fs::remove_file(dir.path().join("claimlint-report/dossier.bin")).expect("it is there");
    assert!(run(&["explain", "C2"]).refused().contains("run `claimlint check` again"));
}

/// The extract with two more columns, which are empty.
fn with_status(extract: &str) -> String {
    let rows = extract.trim_end().replace('\n', ",,\n") + ",,\n";
    rows.replacen("diagnosis_1,,", "diagnosis_1,authorization_number,line_status", 1)
}

#[test]
fn versions_and_encounters_are_shown_from_both_sides() {
    let dir = tempfile::tempdir().expect("a directory");
    let extract = "claim_id,frequency_code,original_claim_id,member_id,product,place_of_service,service_date,procedure_code,diagnosis_1
C1,1,,M1,HMO,22,2024-03-05,22514,M48.56XA
C1,1,,M1,HMO,22,2024-03-05,22514,M48.56XA
C2,7,C1,M1,HMO,22,2024-03-05,22514,M48.56XA
C3,1,,M1,HMO,22,2024-03-05,22511,M48.56XA
C4,8,,M1,HMO,22,2024-03-05,22514,M48.56XA
";
    let extract = with_status(extract)
        + "C5,7,C6,M5,HMO,22,2024-03-05,22514,M48.56XA,,DENIED\nC6,1,,M5,HMO,22,2024-03-05,22514,M48.56XA,A-77,\nC7,7,C8,M7,HMO,22,2024-03-05,22514,M48.56XA,,\nC8,1,,M7,HMO,22,2024-03-05,22514,M48.56XA,A-78,\n";
    fs::write(dir.path().join("v.csv"), extract).expect("room for it");
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).current_dir(dir.path()));
    assert_eq!(run(&["check", "v.csv", "-q"]).code, Some(1));
    for (claim, parts) in [
        (
            "C1",
            &[
                "the claim has no service",
                "v.csv:2 was replaced or voided by v.csv:4 (claim C2, frequency 7)",
                "v.csv:3 is equal to the earlier row v.csv:2",
            ][..],
        ),
        (
            "C2",
            &[
                "v.csv:4 is a replacement (frequency 7) of claim C1",
                "C3 22511 2024-03-05 1 kept beside it v.csv:5",
                "CD306",
            ],
        ),
        ("C3", &["22511 on 2024-03-05 no service v.csv:5", "C2 22514 2024-03-05 1 judged v.csv:4"]),
        ("C4", &["v.csv:6 voids its own claim", "names no other version and replaces none", "DQ509"]),
        ("C5", &["v.csv:7 is a replacement (frequency 7) of claim C6, and replaces nothing, as the plan denied it"]),
        ("C6", &["v.csv:7 (claim C5) is a replacement (frequency 7) of this claim that the plan denied"]),
        ("C7", &["row of claim C8: v.csv:10, 22514 on 2024-03-05, authorization number A-78", "(deny)"]),
    ] {
        let output = flowed(&run(&["explain", claim]).success());
        for part in parts {
            assert!(output.contains(part), "{claim}: {part}: {output}");
        }
    }
}

#[test]
fn facts_of_other_rows_and_a_service_without_risk() {
    let dir = tempfile::tempdir().expect("a directory");
    let extract = "claim_id,line_number,member_id,product,place_of_service,service_date,procedure_code,diagnosis_1,authorization_number,paid_amount
C1,1,M1,HMO,22,2024-03-05,22514,M48.56XA,A-1,900.00
C1,2,M1,,22,2024-03-05,22515,M48.56XA,,400.00
";
    fs::write(dir.path().join("f.csv"), extract).expect("room for it");
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).current_dir(dir.path()));
    run(&["check", "f.csv", "-q"]).success();
    let output = flowed(&run(&["explain", "C1"]).success());
    for part in
        ["other rows product from f.csv:2 authorization number from f.csv:2", "money nothing at risk paid $900.00"]
    {
        assert!(output.contains(part), "{part}: {output}");
    }
}

#[test]
fn unknown_claims_get_at_most_three_suggestions() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows: Vec<_> = (10..99).map(|n| format!("CLAIM{n},M{n},HMO,22,2024-03-05,22514,M54.5,,,,1.00\n")).collect();
    fs::write(dir.path().join("claims.csv"), HEAD.to_owned() + &rows.concat()).expect("room for it");
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).current_dir(dir.path()));
    assert_eq!(run(&["check", "claims.csv", "-q"]).code, Some(1));
    let refused = run(&["explain", "CLAIM1"]).refused();
    assert_eq!(refused.matches("CLAIM1").count(), 4, "the number itself and three others: {refused}");
    let refused = run(&["explain", "CLAIM10", "--row", "5"]).refused();
    assert!(refused.contains("number CLAIM10 and --row 5; the number itself has rows"), "{refused}");
    assert!(!refused.contains("did you mean"), "{refused}");
}

/// What is not known is not zero.
#[test]
fn a_claim_without_an_amount_has_an_unknown_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let row = |line: u32, code: &str, paid: &str| format!("C1,M1,HMO,22,2024-03-0{line},{code},M54.5,,,A-1,{paid}\n");
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).current_dir(dir.path()));
    for (rows, says) in [
        (vec![row(1, "22514", "")], "unknown at risk, unknown recoverable"),
        (
            vec![row(1, "22514", ""), row(5, "22513", "500.00")],
            "$500.00 at risk (1 service without an amount), $500.00 recoverable",
        ),
        (vec![row(1, "22514", "0.00")], "$0.00 at risk, $0.00 recoverable"),
    ] {
        fs::write(dir.path().join("claims.csv"), HEAD.to_owned() + &rows.concat()).expect("room for it");
        assert_eq!(run(&["check", "claims.csv", "-q", "--out", "r", "--force"]).code, Some(1));
        let answer = flowed(&run(&["explain", "C1", "--in", "r"]).success());
        assert!(answer.contains(says), "{says}: {answer}");
    }
}

#[test]
fn completions_and_manual_pages_are_valid() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = crate::cli::claimlint(&["completions", shell]).success();
        assert!(output.contains("explain") && output.contains("mask-dates"), "{shell}");
    }
    let script = tempfile::NamedTempFile::new().expect("a file");
    fs::write(script.path(), crate::cli::claimlint(&["completions", "bash"]).success()).expect("room for it");
    let typed = "source \"$0\"; COMP_WORDS=(claimlint check --fail-on ''); COMP_CWORD=3; _claimlint claimlint '' --fail-on; \
                 echo \"${COMPREPLY[@]}\"";
    // The test needs bash.
    if let Ok(bash) = Command::new("bash").args(["--norc", "-c", typed]).arg(script.path()).output() {
        assert_eq!(String::from_utf8_lossy(&bash.stdout), "deny review info never new-deny new-review new-info\n");
    }
    assert!(crate::cli::claimlint(&["completions", "cmd"]).refused().contains("bash"));
    // Flags that `merge` refuses are not offered.
    let typed = "source \"$0\"; COMP_WORDS=(claimlint merge --); COMP_CWORD=2; _claimlint claimlint -- merge; echo \"${COMPREPLY[@]}\"";
    if let Ok(bash) = Command::new("bash").args(["--norc", "-c", typed]).arg(script.path()).output() {
        let offered = String::from_utf8_lossy(&bash.stdout);
        let offers = |flag: &str| offered.split_whitespace().any(|word| word == flag);
        for flag in
            ["--auths", "--layout", "--policy", "--select", "--expect-rows", "--no-config", "--table", "--block-size"]
        {
            assert!(!offers(flag), "{flag}: {offered}");
        }
        for flag in
            ["--out", "--force", "--clean", "--dry-run", "--mask", "--baseline", "--memory", "--color", "--help"]
        {
            assert!(offers(flag), "{flag}: {offered}");
        }
    }
    let man = crate::cli::claimlint(&["man"]).success();
    let title =
        format!("\n.TH claimlint 1 2026-11-27 \"claimlint {}\" \"claimlint manual\"\n", env!("CARGO_PKG_VERSION"));
    assert!(man.contains(&title) && !man.contains(" \n"), "{man}");
    assert!(man.contains(".TH") && man.contains("claimlint\\-explain"), "{man}");
    let pages = tempfile::tempdir().expect("a directory");
    let into = pages.path().display().to_string();
    crate::cli::claimlint(&["man", "--out", &into]).success();
    for page in ["claimlint.1", "claimlint-check.1", "claimlint-explain.1", "claimlint-policy-show.1"] {
        let text = fs::read_to_string(pages.path().join(page)).expect("a page");
        let title = page.trim_end_matches(".1");
        assert!(text.contains(&format!("\n.TH {title} 1 ")) && !text.contains("\n.br\n"), "{page}: {text}");
    }
    let topic = fs::read_to_string(pages.path().join("claimlint-claims.1")).expect("a page for each topic");
    assert!(topic.contains(".SH NAME\nclaimlint-claims \\- "), "{topic}");
    assert!(pages.path().join("claimlint-spec-bins.1").exists());
    let inside_a_file = format!("{into}/claimlint.1/man");
    assert!(crate::cli::claimlint(&["man", "--out", &inside_a_file]).refused().contains("is not a directory"));
    // The command is hidden, so that the list of everyday commands stays short.
    let help = crate::cli::claimlint(&["--help"]).success();
    assert!(!help.contains("completions") && help.contains("explain"), "{help}");
}

#[test]
fn a_key_is_refused_for_a_report_that_is_not_masked() {
    let dir = crate::cli::TestDir::with(&[crate::cli::DENY]);
    dir.put("key", "a key of more than sixteen bytes");
    dir.run(&["check", "claims.csv", "--out", "r", "-q"]);
    let output = dir.run(&["explain", "C4", "--in", "r", "--mask", "key"]);
    assert!(output.code == Some(2) && output.out.is_empty(), "{output:?}");
    assert!(
        flowed(&output.err).contains("--mask key: the report r is not masked, and `explain` does not mask it"),
        "{}",
        output.err
    );
    assert!(dir.run(&["explain", "C4", "--in", "r"]).success().contains("C4"));
}
