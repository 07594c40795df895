//! Selected rules and left-out files: what is not selected is not asked, and every output says so.

use std::collections::BTreeSet;
use std::fs;

use claimlint::finding::Finding;
use claimlint::ingest::BLOCK;
use claimlint::policy::parse::{PolicyFile, load};
use claimlint::policy::selection::Selection;
use claimlint::policy::{Policy, overrides};
use claimlint::rules::{codes, get};
use claimlint::run::Run;
use proptest::prelude::*;
use rayon::prelude::*;

use crate::cases::Case;
use crate::cli::{CommandOutput, TestDir};
use crate::kit::{Inputs, POLICY, config};
use crate::life;

/// Invented claims on which most rules fire.
fn with_claims() -> TestDir {
    let dir = TestDir::with(&[]);
    let made = dir.run(&["generate", "--rows", "400", "--scope", "0.5", "--auths", "--seed", "11", "--out", "made"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    dir
}

fn check(dir: &TestDir, out: &str, more: &[&str]) -> CommandOutput {
    let mut args =
        vec!["check", "made/claims.csv", "--auths", "made/authorizations.csv", "-o", out, "--fail-on", "never"];
    args.extend(more);
    let output = dir.run(&args);
    assert_eq!(output.code, Some(0), "{more:?}: {}", output.err);
    output
}

fn read(dir: &TestDir, file: &str) -> String {
    fs::read_to_string(dir.at(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// A column of a table by its name.
fn column(dir: &TestDir, file: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(dir.at(file)).expect("a table");
    let at = reader.headers().expect("a header").iter().position(|c| c == name).expect("a column");
    reader.records().map(|row| row.expect("a row")[at].to_owned()).collect()
}

#[test]
fn only_selected_rules_are_asked_and_every_output_says_so() {
    let dir = with_claims();
    check(&dir, "all", &[]);
    let chosen = check(&dir, "two", &["--select", "dx101,PA201"]);
    let fired = |report: &str| -> BTreeSet<String> {
        column(&dir, &format!("{report}/findings.csv"), "rule").into_iter().collect()
    };
    let all = fired("all");
    assert!(all.len() > 20 && all.contains("DX101") && all.contains("PA201"), "{all:?}");
    assert_eq!(fired("two"), BTreeSet::from(["DX101", "PA201"].map(str::to_owned)));
    let of = |report: &str, rule: &str| {
        column(&dir, &format!("{report}/findings.csv"), "rule").iter().filter(|r| *r == rule).count()
    };
    assert_eq!((of("all", "DX101"), of("all", "PA201")), (of("two", "DX101"), of("two", "PA201")));
    // What a service is does not depend on the rules that are asked.
    for fact in ["claim_id", "necessity", "authorization"] {
        assert_eq!(column(&dir, "all/services.csv", fact), column(&dir, "two/services.csv", fact), "{fact}");
    }
    check(&dir, "ignored", &["--ignore", "DQ", "--ignore", "TW"]);
    let kept: BTreeSet<_> = all.iter().filter(|r| !r.starts_with("DQ") && !r.starts_with("TW")).cloned().collect();
    assert_eq!(fired("ignored"), kept);

    let summary: serde_json::Value = serde_json::from_str(&read(&dir, "two/summary.json")).expect("JSON");
    let not_asked = summary["not_asked"].as_array().expect("a list");
    assert!(not_asked.len() > 40 && !not_asked.contains(&"DX101".into()), "{not_asked:?}");
    let sentence = format!("2 of {} ", not_asked.len() + 2);
    for said in [chosen.out.replace('\n', " "), read(&dir, "two/report.html")] {
        assert!(said.contains(&sentence) && said.contains("were asked; the run left out"), "{said}");
    }
    assert!(!read(&dir, "all/summary.json").contains("not_asked"));
    assert!(!read(&dir, "all/report.html").contains("left out"));
    // The dossier knows the selection: `explain` gives the answers of the report.
    let explained = dir.run(&["explain", &column(&dir, "two/findings.csv", "claim_id")[0], "--in", "two"]);
    let said = explained.out.replace('\n', " ");
    assert!(said.contains("left out of the run") && said.contains("were asked; the run left out"), "{said}");
    let verified = dir.run(&["verify", "two", "made/claims.csv", "--auths", "made/authorizations.csv"]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
}

#[test]
fn a_selection_of_the_settings_file_counts_and_a_flag_overrides_it() {
    let dir = with_claims();
    dir.put("made/claimlint.toml", "select = [\"DX\", \"PA\"]\nignore = [\"DX101\"]\nno_html = true\n");
    check(&dir, "set", &[]);
    let rules = column(&dir, "set/findings.csv", "rule");
    assert!(rules.iter().all(|r| r != "DX101" && (r.starts_with("DX") || r.starts_with("PA"))), "{rules:?}");
    assert!(!dir.at("set/report.html").exists());
    // A settings file that nobody named changes what is denied: the warning names the keys.
    assert!(read(&dir, "set/summary.json").contains("select, ignore"));
    check(&dir, "flag", &["--select", "CD301"]);
    assert!(column(&dir, "flag/findings.csv", "rule").iter().all(|r| r == "CD301"));
}

#[test]
fn a_word_that_names_no_rule_is_refused() {
    let dir = with_claims();
    for (args, says) in [
        (vec!["--select", "XX"], "names no rule"),
        (vec!["--ignore", "DX1O1"], "names no rule"),
        (vec!["--select", "DX101", "--ignore", "DX101"], "error: no rule is left to ask"),
    ] {
        let mut all = vec!["check", "made/claims.csv", "-o", "refused"];
        all.extend(args);
        let output = dir.run(&all);
        assert_eq!(output.code, Some(2), "{}", output.err);
        assert!(output.err.contains(says), "{}", output.err);
        assert!(!dir.at("refused").exists());
    }
}

#[test]
fn page_and_dossier_may_be_left_out() {
    let dir = with_claims();
    let output = check(&dir, "bare", &["--no-html", "--no-dossier"]);
    assert!(!dir.at("bare/report.html").exists() && !dir.at("bare/dossier.bin").exists());
    assert!(output.out.contains("Report: bare ("), "{}", output.out);
    check(&dir, "full", &[]);
    for file in ["services.csv", "findings.csv", "summary.json"] {
        assert_eq!(read(&dir, &format!("bare/{file}")), read(&dir, &format!("full/{file}")), "{file}");
    }
    let explained = dir.run(&["explain", "X", "--in", "bare"]);
    assert!(explained.err.contains("without --no-dossier"), "{}", explained.err);
    let verified = dir.run(&["verify", "bare", "made/claims.csv", "--auths", "made/authorizations.csv"]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
    check(&dir, "bare", &["--force"]);
    assert!(dir.at("bare/report.html").exists());
}

#[test]
fn the_list_of_services_may_be_left_out() {
    let dir = with_claims();
    check(&dir, "few", &["--no-html", "--no-dossier", "--no-services"]);
    assert!(!dir.at("few/services.csv").exists());
    check(&dir, "full", &[]);
    for file in ["findings.csv", "rejects.csv", "summary.json"] {
        assert_eq!(read(&dir, &format!("few/{file}")), read(&dir, &format!("full/{file}")), "{file}");
    }
    let verified = dir.run(&["verify", "few", "made/claims.csv", "--auths", "made/authorizations.csv"]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
    assert!(verified.out.contains("services.csv: was left out"), "{}", verified.out);
    let sampled = dir.run(&["sample", "few", "--size", "1", "--seed", "7"]);
    assert!(sampled.code == Some(2) && sampled.err.contains("without --no-services"), "{}", sampled.err);
    fs::remove_file(dir.at("full/services.csv")).expect("a file");
    let verified = dir.run(&["verify", "full", "made/claims.csv", "--auths", "made/authorizations.csv"]);
    assert!(verified.code == Some(1) && verified.out.contains("services.csv is missing"), "{}", verified.out);
    let refused = dir.run(&["check", "made/claims.csv", "-o", "refused", "--no-html", "--no-services"]);
    assert!(refused.code == Some(2) && refused.err.contains("give --no-html and --no-dossier"), "{}", refused.err);
}

/// Whether diagnoses support a service depends on rules that may not be selected. They are asked for each file that says so.
#[test]
fn every_file_that_states_necessity_states_that_of_all_rules() {
    let dir = with_claims();
    let rules = ["--select", "PA201"];
    check(&dir, "all", &[&rules[..], &["--format", "all"]].concat());
    let bare = ["--no-services", "--no-html", "--no-dossier"];
    for (format, files) in [
        ("jsonl", &["services.jsonl", "findings.jsonl"][..]),
        ("parquet", &["services.parquet", "findings.parquet"]),
        ("xlsx", &["report.xlsx"]),
    ] {
        check(&dir, format, &[&rules[..], &bare, &["--format", format]].concat());
        for file in files {
            let of = |report: &str| fs::read(dir.at(&format!("{report}/{file}"))).expect("it is written");
            assert!(of(format) == of("all"), "{file}");
        }
    }
    check(&dir, "findings", &[&rules[..], &bare].concat());
    assert_eq!(read(&dir, "findings/findings.csv"), read(&dir, "all/findings.csv"));
}

#[test]
fn a_suppression_of_a_rule_that_is_not_asked_is_not_called_needless() {
    let dir = with_claims();
    let signed = "owner = \"J. Doe\"\nreason = \"appeal\"\n";
    let entry = |by: &str, expires: &str| format!("[[suppress]]\n{by}\n{signed}expires = {expires}\n");
    let file = entry("rule = \"DX101\"", "2025-06-30")
        + &entry("claim = \"none\"", "2025-06-30")
        + &entry("rule = \"PA201\"\nclaim = \"none\"", "2025-06-30")
        + &entry("rule = \"DX101\"", "2024-06-30");
    dir.put("s.toml", file);
    let notes = |more: &[&str]| {
        let args = ["--suppress", "s.toml", "--today", "2025-01-01", "--fail-on", "never"];
        let output = dir.run(&[&["check", "claims.csv", "--out", "s", "--force"], &args[..], more].concat());
        assert_eq!(output.code, Some(0), "{}", output.err);
        crate::kit::flowed(&output.err)
    };
    let said = notes(&["--select", "PA"]);
    for wanted in [
        "suppression 1 (line 1, J. Doe) could not match: DX101 was not asked (--select, --ignore)",
        "suppression 2 (line 6, J. Doe) matches no finding of the rules that were asked (--select, --ignore)",
        "suppression 3 (line 11, J. Doe) matches no finding; remove it if it is no longer needed",
        "suppression 4 (line 17, J. Doe) expired after 2024-06-30: it could not match: DX101 was not asked (--select, --ignore); renew",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert_eq!(said.matches("remove it if").count(), 1, "{said}");
    let all = notes(&[]);
    assert!(!all.contains("not asked") && !all.contains("rules that were asked"), "{all}");
}

/// The rules that were left out are known only from the dossier.
#[test]
fn a_selection_without_its_dossier_cannot_be_judged_again() {
    let dir = with_claims();
    check(&dir, "part", &["--select", "DQ", "--no-dossier"]);
    let refused = dir.run(&["verify", "part", "made/claims.csv", "--auths", "made/authorizations.csv"]);
    let only = "a report of --select or --ignore can be judged again only with its dossier";
    assert!(refused.code == Some(2) && refused.err.contains(only), "{}", refused.err);
}

/// The policy with only these rules.
fn asking(rules: &[&str]) -> Policy {
    let selection = Selection { select: rules.iter().map(|rule| (*rule).to_owned()).collect(), ignore: Vec::new() };
    let file = PolicyFile { file: "settings.toml".into(), text: overrides::text([], [], &selection) };
    load(&[file], &codes()).unwrap_or_else(|e| panic!("{e}"))
}

/// Every finding of a run with its place and what made it fire.
fn findings(run: &Run) -> Vec<String> {
    let of_part = |n: usize| {
        let part = run.part(n).expect("memory holds it");
        let said = |f: &Finding| {
            let (line, evidence) = (run.lines_before(n) + f.line, &f.evidence);
            format!("{} line {line} {:?} {:?} {evidence:?}", get(f.rule).code, f.disposition, f.capped_by)
        };
        part.judged.findings.iter().map(said).collect::<Vec<_>>()
    };
    (0..run.parts()).flat_map(of_part).collect()
}

/// The findings of these rules among others.
fn of(rules: &[&str], findings: Vec<String>) -> Vec<String> {
    findings.into_iter().filter(|said| rules.iter().any(|rule| said.starts_with(rule))).collect()
}

/// What a run does not look for, because none of its rules asks it, changes nothing.
#[test]
fn every_rule_finds_alone_what_it_finds_among_all() {
    let alone: Vec<(&str, Policy)> = codes().into_iter().map(|code| (code, asking(&[code]))).collect();
    let read = |case: &Case, policy: &Policy| case.inputs.read_by(policy, BLOCK, 3, None).expect("a case can be read");
    let wrong = Case::all().into_par_iter().flat_map_iter(|case| {
        let all = findings(&read(&case, &POLICY));
        let is_fired = |code: &str| all.iter().any(|said| said.starts_with(code));
        let differs = |(code, policy): &&(&str, Policy)| {
            is_fired(code) && findings(&read(&case, policy)) != of(&[code], all.clone())
        };
        alone.iter().filter(differs).map(|(code, _)| format!("{code}: {}", case.sentence)).collect::<Vec<_>>()
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

proptest! {
    #![proptest_config(config(256))]

    /// The same of rows of few members, most of them without a number, alone or among many rows that carry one.
    #[test]
    fn rules_find_alone_what_they_find_among_all(
        rows in life::rows(),
        all_named in any::<bool>(),
        are_few in any::<bool>(),
        day in prop::sample::select(&["2024-03-06", "2024-03-07", "2024-03-14"][..]),
        end in prop::sample::select(&["", "2024-03-06", "2024-03-13", "2024-06-01"][..]),
    ) {
        let named = |row: &String| if all_named { row.replace("member_id= ", "member_id=M2 ") } else { row.clone() };
        let dated = |row: String| row.replace("2024-03-06", day) + &format!(" service_end_date={end}");
        let mut rows: Vec<String> = rows.iter().map(named).map(dated).collect();
        if are_few {
            let other = |n| format!("claim_id=D{n} member_id=N{n} authorization_number=B-{n}");
            rows.extend((0..8 * rows.len()).map(other));
        }
        let inputs = Inputs::one(life::extract(&rows.iter().map(String::as_str).collect::<Vec<_>>()));
        let read = |policy: &Policy| findings(&inputs.read_by(policy, BLOCK, 3, None).expect("it can be read"));
        let all = read(&POLICY);
        for chosen in [&["PA201"][..], &["PA201", "DX101"], &["CD301"], &["CD303"], &["TW604"], &["TW601", "PA201"]] {
            prop_assert_eq!(read(&asking(chosen)), of(chosen, all.clone()), "{:?}", chosen);
        }
    }
}
