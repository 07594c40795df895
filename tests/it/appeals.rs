//! Tests what the appeals desk needs of `claimlint explain`: the right report, a claim found by what a caller knows, an
//! answer in the words of a reviewer, and letters.

use std::fs;

use crate::cli::{DENY, REVIEW, TestDir};
use crate::kit::flowed;

/// A directory with `claims.csv`, which holds two reports of it: `claimlint-report` of an earlier run, and
/// `claimlint-report-2` of a later one.
fn two_reports() -> TestDir {
    let dir = TestDir::with(&[DENY, REVIEW]);
    for _ in 0..2 {
        assert_eq!(dir.run(&["check", "claims.csv", "-q"]).code, Some(1));
    }
    dir
}

/// Writes another time of its run into run.json of a report.
fn finished(dir: &TestDir, report: &str, milliseconds: i64) {
    let path = format!("{report}/run.json");
    let text = fs::read_to_string(dir.at(&path)).expect("a report");
    let key = "\"finished_unix_milliseconds\": ";
    let (head, rest) = text.split_once(key).expect("the time of the run");
    let (_, tail) = rest.split_once(',').expect("further keys");
    dir.put(&path, format!("{head}{key}{milliseconds},{tail}"));
}

#[test]
fn the_newest_report_by_its_run_is_explained() {
    let dir = two_reports();
    let output = flowed(&dir.run(&["explain", "C4"]).success());
    for part in [
        "report claimlint-report-2 of claims.csv, run ",
        " UTC It is the newest of 2 reports; the other is claimlint-report (",
    ] {
        assert!(output.contains(part), "{part}: {output}");
    }
    // The name says nothing: the report of the later run is the newest.
    finished(&dir, "claimlint-report", 4_000_000_000_000);
    let output = flowed(&dir.run(&["explain", "C4", "--html", "page.html"]).success());
    assert!(
        output.contains("report claimlint-report of claims.csv, run ") && output.contains(", 2096-10-02 07:06 UTC")
    );
    let page = fs::read_to_string(dir.at("page.html")).expect("a page");
    assert!(page.contains("<p>Report claimlint-report of claims.csv, run ") && page.contains("newest of 2 reports"));

    finished(&dir, "claimlint-report-2", 4_000_000_000_000);
    let refused = flowed(&dir.run(&["explain", "C4"]).refused());
    assert!(refused.contains("claimlint-report (2096-10-02 07:06 UTC) and claimlint-report-2 (2096-"), "{refused}");
    assert!(refused.contains("written at the same time, so none is the newest"), "{refused}");
    let named = flowed(&dir.run(&["explain", "C4", "--in", "claimlint-report-2"]).success());
    assert!(named.contains("report claimlint-report-2 of claims.csv") && !named.contains("newest"), "{named}");

    // A report without its run.json is older than every other.
    fs::remove_file(dir.at("claimlint-report/run.json")).expect("it is there");
    let output = flowed(&dir.run(&["explain", "C4"]).success());
    assert!(
        output.contains("report claimlint-report-2 of") && output.contains("(its run.json cannot be read)"),
        "{output}"
    );
}

#[test]
fn the_settings_say_where_reports_are() {
    let dir = TestDir::with(&[DENY]);
    for name in ["night-1", "night-2", "other"] {
        dir.run(&["check", "claims.csv", "-q", "--out", name]);
    }
    let explain = |args: &[&str]| dir.run(&[&["explain", "C4"][..], args].concat());
    for (out, says) in [("night-1", "report night-1 of"), ("night-{date}", "report night-2 of claims.csv")] {
        dir.put("claimlint.toml", format!("out = \"{out}\"\n"));
        let output = flowed(&explain(&[]).success());
        assert!(output.contains(says), "{output}");
        assert!(flowed(&explain(&["--no-config"]).success()).contains("report other of claims.csv"));
    }
    fs::create_dir(dir.at("desk")).expect("room for it");
    dir.put("desk/desk.toml", "out = \"../night-1\"\n");
    assert!(flowed(&explain(&["--config", "desk/desk.toml"]).success()).contains("report desk/../night-1 of"));
    for (out, says) in [
        ("none", "none: holds no report"),
        ("none-{date}", "none-{date}: no report has such a name"),
        ("{date}/claims", "the date is not in the last part"),
    ] {
        dir.put("claimlint.toml", format!("out = \"{out}\"\n"));
        let refused = explain(&[]).refused();
        assert!(refused.contains(says) && refused.contains("--in"), "{refused}");
    }
    let empty = TestDir::with(&[DENY]);
    assert!(empty.run(&["explain", "C4"]).refused().contains("no report is in this directory"));
}

/// Two claims of a member and one of another, all of one provider.
const CALLS: &str = "claim_id,member_id,product,billing_npi,place_of_service,service_date,procedure_code,diagnosis_1,authorization_number,paid_amount
AB-100/7,M0517903,HMO,1234567893,22,2024-03-05,22514,M54.5,PA-0017,2500.00
AB-100/8,M0517903,HMO,1234567893,22,2024-04-09,22514,M48.56XA,PA-18,2500.00
AB-200,M2,HMO,1234567893,22,2024-03-05,22514,M48.56XA,PA-19,2500.00
";

#[test]
fn a_claim_is_found_by_what_a_caller_knows() {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", CALLS);
    dir.run(&["check", "claims.csv", "-q"]);
    let explain = |args: &[&str]| flowed(&dir.run(&[&["explain"][..], args].concat()).success());
    for (args, claim) in [
        (&["AB-100/7"][..], "AB-100/7"),
        (&[" ab100 7 "], "AB-100/7"),
        (&["m2"], "AB-200"),
        (&["pa0017"], "AB-100/7"),
        (&["PA 18"], "AB-100/8"),
        (&["M0517903", "--date", "2024-04-09"], "AB-100/8"),
        (&["1234567893", "--date", "2024-04-09"], "AB-100/8"),
    ] {
        let output = explain(args);
        assert!(output.starts_with(&format!("claim {claim} ")), "{args:?}: {output}");
    }
    for (args, says, claims) in [
        (&["m0517903"][..], "2 claims fit m0517903", &["AB-100/7", "AB-100/8"][..]),
        (&["1234567893", "--date", "2024-03-05"], "2 claims fit 1234567893", &["AB-100/7", "AB-200"]),
        (&["1234567893"], "3 claims fit 1234567893", &["AB-100/7", "AB-100/8", "AB-200"]),
    ] {
        let output = explain(args);
        assert!(output.starts_with(says) && output.contains("report claimlint-report of claims.csv"), "{output}");
        for claim in ["AB-100/7", "AB-100/8", "AB-200"] {
            assert_eq!(output.contains(claim), claims.contains(&claim), "{args:?}: {output}");
        }
    }
    let refused = dir.run(&["explain", "M2", "--date", "2024-03-06"]).refused();
    assert!(flowed(&refused).contains("number M2 and a service on 2024-03-06"), "{refused}");
    assert!(dir.run(&["explain", "m0517903", "--html", "page.html"]).refused().contains("--html: 2 claims fit"));
    assert!(!dir.at("page.html").exists());
    // Without letters and digits nothing is looked for.
    assert!(dir.run(&["explain", "--", "-/-"]).refused().contains("no kept row"));
}

#[test]
fn claim_numbers_that_differ_in_case_are_told_apart() {
    let dir = TestDir::with(&[&DENY.replace("C4", "c-4"), DENY]);
    dir.run(&["check", "claims.csv", "-q"]);
    assert!(dir.run(&["explain", "c-4"]).success().starts_with("claim c-4 "));
    let output = flowed(&dir.run(&["explain", "c4"]).success());
    assert!(output.starts_with("2 claims fit c4") && output.contains("c-4") && output.contains("C4"), "{output}");
}
