//! Tests what two reports are compared by: services are told from related rows, and whole dates from cut ones, and what the reports do
//! not have in common is said.

use std::fs;

use serde_json::Value;

use crate::cli::{CLEAR, DENY, HEAD, INFO, REVIEW, TestDir};
use crate::kit::{RANDOM_KEY, Table, flowed};

/// A service counts as one whether or not its finding has an amount, and a related row never does.
#[test]
fn services_without_an_amount_are_services() {
    let related = CLEAR.replace("C1,M1", "C6,M6").replace("2024-03-05,22514", "no day,22510");
    for has_amounts in [true, false] {
        let dir = TestDir::with(&[CLEAR]);
        let amount = |text: &str| {
            if has_amounts { text.to_owned() } else { text.replace(",paid_amount", "").replace(",2500.00", "") }
        };
        dir.put("old.csv", amount(&(HEAD.to_owned() + CLEAR)));
        dir.put("new.csv", amount(&(HEAD.to_owned() + CLEAR + INFO + DENY + &related)));
        let check = |file: &str, more: &[&str]| {
            dir.run(&[&["check", file, "-q", "--fail-on", "never"], more].concat()).success();
        };
        check("old.csv", &["--out", "old"]);
        check("new.csv", &["--out", "new", "--baseline", "old"]);
        check("old.csv", &["--out", "again", "--baseline", "new"]);
        let read = |report: &str| -> Value {
            serde_json::from_slice(&fs::read(dir.at(report).join("summary.json")).expect("a report")).expect("JSON")
        };
        let compared = |old: &str, new: &str| -> Value {
            let output = dir.run(&["compare", old, new, "--fail-on", "never", "--format", "json"]);
            serde_json::from_str(&output.success()).expect("JSON")
        };
        for (what, share) in [
            ("new", &read("new")["new"]["new"]),
            ("gone", &read("again")["new"]["gone"]),
            ("compared as new", &compared("old", "new")["totals"]["new"]),
            ("compared as gone", &compared("new", "old")["totals"]["gone"]),
            ("the same", &compared("new", "new")["totals"]["same"]),
        ] {
            assert_eq!(
                (share["all"]["services"].as_u64(), share["info"]["services"].as_u64()),
                (Some(2), Some(1)),
                "{what}"
            );
            assert!(share["all"]["findings"].as_u64() > Some(2), "{what}: {share}");
        }
        let services = Table::of(&fs::read(dir.at("new/services.csv")).expect("a report"));
        let new = services.column("new");
        assert_eq!(services.rows.iter().filter(|row| row[new] == "yes").count(), 2);
    }
}

/// Nearly every finding has a date, so reports of which only one has cut dates know none of the other's.
#[test]
fn cut_dates_compare_only_with_cut_dates() {
    let dir = TestDir::with(&[DENY, REVIEW]);
    dir.put("key", RANDOM_KEY);
    let check = |out: &str, more: &[&str]| {
        dir.run(&[&["check", "claims.csv", "-q", "--fail-on", "never", "--mask", "key", "--out", out], more].concat())
    };
    let cut = ["--mask-dates", "month"];
    check("days", &[]).success();
    check("months", &cut).success();
    for (args, says) in [
        (&["compare", "days", "months"][..], "days has whole dates and months has dates cut to months"),
        (&["compare", "months", "days"], "months has dates cut to months and days has whole dates"),
        (&["trend", "days", "months"], "give all reports --mask-dates month, or none"),
    ] {
        let refused = flowed(&dir.run(args).refused());
        assert!(refused.contains(says), "{refused}");
    }
    let with = |baseline, more: &[&str]| check("tonight", &[&["--baseline", baseline], more].concat());
    assert!(flowed(&with("days", &cut).refused()).contains("this run has dates cut to months"));
    assert!(flowed(&with("months", &[]).refused()).contains("this run has whole dates"));
    with("months", &cut).success();
    assert_eq!(dir.run(&["compare", "months", "tonight"]).code, Some(0));
    dir.run(&["trend", "months", "tonight"]).success();
}

#[test]
fn compare_says_what_two_reports_do_not_have_in_common() {
    let dir = TestDir::with(&[DENY, REVIEW]);
    dir.put("auths.csv", "authorization_number,member_id,status\nA-1,M1,Approved\n");
    dir.put("columns.csv", HEAD.replace("paid_amount", "region") + &DENY.replace("2500.00", "north"));
    let checks: [(&str, &[&str]); 4] = [
        ("all", &["claims.csv"]),
        ("dx", &["claims.csv", "--select", "DX"]),
        ("auths", &["claims.csv", "--auths", "auths.csv"]),
        ("columns", &["columns.csv"]),
    ];
    for (out, args) in checks {
        let checked = dir.run(&[&["check", "--out", out, "--fail-on", "never"], args].concat());
        assert_eq!(checked.code, Some(0), "{}", checked.err);
    }
    let compared = |old: &str, new: &str, more: &[&str]| {
        let output = dir.run(&[&["compare", old, new, "--fail-on", "never"], more].concat());
        assert_eq!(output.code, Some(0), "{}", output.err);
        flowed(&output.err)
    };
    assert_eq!(compared("all", "all", &[]), "");
    let rules = compared("all", "dx", &["--html", "page.html"]);
    assert!(rules.contains("only one of the reports asked these rules: CD301, "), "{rules}");
    assert!(!rules.contains("different policies"), "{rules}");
    let page = fs::read_to_string(dir.at("page.html")).expect("a page");
    assert!(page.contains("only one of the reports asked these rules"), "{page}");
    let auths = compared("auths", "all", &[]);
    assert!(auths.contains("only the earlier report had an authorization file"), "{auths}");
    let columns = compared("all", "columns", &["--format", "json"]);
    for says in ["only the earlier report knows amounts", "had these columns: paid_amount"] {
        assert!(columns.contains(says), "{columns}");
    }
}
