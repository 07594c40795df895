//! Tests trends: counts over many reports, each service once, and what is said to have moved.

use std::fs;

use crate::cli::{CLEAR, HEAD, TestDir};
use crate::kit::{Table, flowed};

/// Services of a provider in a month: `deny` of `all` are to be denied.
fn month(npi: &str, month: &str, all: u32, deny: u32) -> String {
    let row = |n: u32| {
        let diagnosis = if n < deny { "M54.5" } else { "M48.56XA" };
        format!("{npi}-{month}-{n},{npi}-{n},HMO,22,{month}-05,22514,{diagnosis},A-1,100.00,{npi}\n")
    };
    (0..all).map(row).collect()
}

/// Judges rows into a report of this name.
fn report(dir: &TestDir, name: &str, rows: &str) {
    let head = HEAD.trim_end().to_owned() + ",billing_npi\n";
    dir.put("claims.csv", head + rows);
    dir.run(&["check", "claims.csv", "-q", "--out", name, "--fail-on", "never"]).success();
}

/// The trend as a table.
fn csv(dir: &TestDir, args: &[&str]) -> Table {
    Table::of(dir.run(&[&["trend", "--format", "csv"][..], args].concat()).success().as_bytes())
}

/// Some cells of the row of this kind, key and month.
fn row(table: &Table, place: [&str; 3], names: &[&str]) -> Vec<String> {
    let found =
        table.rows.iter().find(|row| row[..3] == place).unwrap_or_else(|| panic!("{place:?}: {:?}", table.rows));
    names.iter().map(|name| found[table.column(name)].clone()).collect()
}

const COUNTS: [&str; 4] = ["services", "flagged", "share", "amount_at_risk"];

#[test]
fn months_rules_and_providers_are_counted_over_reports() {
    let dir = TestDir::with(&[CLEAR]);
    report(&dir, "a", &(month("1111111112", "2024-01", 20, 5) + &month("2222222228", "2024-01", 10, 0)));
    report(&dir, "b", &month("1111111112", "2024-02", 20, 10));
    let table = csv(&dir, &["b", "a"]);
    assert_eq!(row(&table, ["month", "", "2024-01"], &COUNTS), ["30", "5", "0.1667", "500.00"]);
    assert_eq!(row(&table, ["month", "", "2024-02"], &COUNTS), ["20", "10", "0.5000", "1000.00"]);
    assert_eq!(row(&table, ["month", "", "2024-02"], &["share_change", "amount_change"]), ["0.3333", "500.00"]);
    assert_eq!(row(&table, ["provider", "1111111112", "2024-01"], &COUNTS), ["20", "5", "0.2500", "500.00"]);
    // The share of a rule is that of all services of the month.
    assert_eq!(row(&table, ["rule", "DX101", "2024-01"], &COUNTS), ["30", "5", "0.1667", "500.00"]);
    let compared = row(&table, ["provider-comparison", "2222222228", "2024-02"], &["services", "moved", "change_low"]);
    assert_eq!(compared, ["0", "not compared", ""]);
}

#[test]
fn a_service_in_two_reports_counts_once_as_the_newest_has_it() {
    let dir = TestDir::with(&[CLEAR]);
    let january = month("1111111112", "2024-01", 20, 5);
    report(&dir, "old", &january);
    // The night after: the same month with other verdicts, and another month.
    let again = month("1111111112", "2024-01", 20, 8);
    report(&dir, "new", &(again + &month("1111111112", "2024-02", 10, 1)));
    for order in [["old", "new"], ["new", "old"]] {
        let table = csv(&dir, &order);
        assert_eq!(row(&table, ["month", "", "2024-01"], &COUNTS), ["20", "8", "0.4000", "800.00"]);
        let text = flowed(&dir.run(&[&["trend"][..], &order].concat()).success());
        assert!(text.contains("30 services in 2 reports") && text.contains("20 services found again"), "{text}");
    }
    // A report that is named twice, or copied, counts once, and that is said.
    assert_eq!(csv(&dir, &["new"]).rows, csv(&dir, &["new", "./new"]).rows);
    fs::create_dir(dir.at("copy")).expect("room for it");
    for file in ["run.json", "summary.json", "services.csv"] {
        fs::copy(dir.at(&format!("new/{file}")), dir.at(&format!("copy/{file}"))).expect("room for it");
    }
    let text = flowed(&dir.run(&["trend", "new", "copy", "new"]).success());
    assert!(text.contains("30 services in 1 report, 2024-01 to 2024-02"), "{text}");
    assert!(text.contains("2 reports left out: the same run") && !text.contains("found again"), "{text}");
}

#[test]
fn the_reports_are_listed_from_the_newest_with_what_counts_of_them() {
    let dir = TestDir::with(&[CLEAR]);
    let january = month("1111111112", "2024-01", 20, 5);
    report(&dir, "old", &january);
    report(&dir, "new", &(january + &month("1111111112", "2024-02", 10, 1)));
    let text = dir.run(&["trend", "old", "new"]).success();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let of =
        |name: &str| rows.iter().find(|row| row.first() == Some(&name)).unwrap_or_else(|| panic!("{name}: {text}"));
    assert_eq!(of("new")[3..], ["2024-01", "to", "2024-02", "30", "30"]);
    assert_eq!(of("old")[3..], ["2024-01", "20", "0"]);
    let at = |name: &str| text.find(&format!("\n  {name} ")).expect("a row");
    assert!(at("new") < at("old"), "{text}");
}

#[test]
fn reports_that_are_hard_to_compare_are_said_to_be() {
    let dir = TestDir::with(&[CLEAR]);
    report(&dir, "a", &month("1111111112", "2024-01", 20, 5));
    let text = flowed(&dir.run(&["trend", "a"]).success());
    assert!(!text.contains("may come from that"), "{text}");
    let auths = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n";
    dir.put("auths.csv", auths.to_owned() + "A-1,M1,22514,APPROVED,2024-01-01,2024-12-31,9\n");
    let judged = |name: &str, more: &[&str]| {
        dir.run(&[&["check", "claims.csv", "-q", "--out", name, "--fail-on", "never"][..], more].concat()).success()
    };
    judged("b", &["--auths", "auths.csv"]);
    let text = flowed(&dir.run(&["trend", "a", "b"]).success());
    assert!(text.contains("1 of 2 reports had no authorization file"), "{text}");
    judged("c", &["--ignore", "DX101"]);
    let text = flowed(&dir.run(&["trend", "a", "c"]).success());
    assert!(text.contains("2 different policies or selections of rules"), "{text}");
}

#[test]
fn what_moved_beyond_chance_is_named_with_its_interval() {
    let dir = TestDir::with(&[CLEAR]);
    report(&dir, "a", &(month("1111111112", "2024-01", 60, 6) + &month("2222222228", "2024-01", 60, 6)));
    report(&dir, "b", &(month("1111111112", "2024-02", 60, 45) + &month("2222222228", "2024-02", 60, 8)));
    let text = flowed(&dir.run(&["trend", "a", "b"]).success());
    assert!(text.contains("Provider 1111111112: 45 of 60 (75.0%) services flagged since 2024-02, 6 of 60 (10.0%) before: +65.0 points, interval +"), "{text}");
    assert!(!text.contains("Provider 2222222228"), "8 of 60 after 6 of 60 is chance: {text}");
    assert!(text.contains("Rule DX101 diagnosis-not-listed: 53 of 120"), "{text}");
    let table = csv(&dir, &["a", "b"]);
    assert_eq!(row(&table, ["provider-comparison", "1111111112", "2024-02"], &["moved"]), ["yes"]);
    assert_eq!(row(&table, ["provider-comparison", "2222222228", "2024-02"], &["moved"]), ["no"]);
    // One month alone is not compared.
    let text = flowed(&dir.run(&["trend", "a"]).success());
    assert!(text.contains("Nothing is compared"), "{text}");
    let refused = dir.run(&["trend", "a", "--since", "2024-13"]).refused();
    assert!(flowed(&refused).contains("write a month such as 2024-03"), "{refused}");
}

#[test]
fn the_page_loads_nothing_and_shows_what_the_table_has() {
    let dir = TestDir::with(&[CLEAR]);
    report(&dir, "a", &month("1111111112", "2024-01", 60, 6));
    report(&dir, "b", &(month("1111111112", "2024-02", 60, 45) + &month("<script>", "2024-02", 6, 0)));
    dir.run(&["trend", "a", "b", "--html", "trend.html", "--out", "trend.txt", "--color", "always"]).success();
    let text = fs::read_to_string(dir.at("trend.txt")).expect("a text");
    assert_eq!(text, dir.run(&["trend", "a", "b"]).success(), "a file has no styles");
    let page = fs::read_to_string(dir.at("trend.html")).expect("a page");
    for wanted in [
        "<h1>Kyphoplasty claims, <span class=\"whole\">2024-01 to 2024-02</span></h1>",
        "&lt;script&gt;",
        "1111111112",
        "75.0%",
        "role=\"img\"",
        "2024-01 10.0%, 2024-02 75.0%",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:"), "nothing is loaded");
    assert!(page.contains("default-src &#39;none&#39;"));
    assert!(
        page.contains("<title>claimlint: trend 2024-01 to 2024-02</title>")
            && !page.contains("<title>claimlint: claimlint")
    );
    #[cfg(unix)]
    for file in ["trend.html", "trend.txt"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(dir.at(file)).expect("it").permissions());
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let refused = dir.run(&["trend", "a", "--html", "trend.html"]).refused();
    assert!(flowed(&refused).contains("exists already"), "{refused}");
}

#[test]
fn reports_that_cannot_be_counted_together_are_refused() {
    let dir = TestDir::with(&[CLEAR]);
    report(&dir, "a", &month("1111111112", "2024-01", 20, 5));
    dir.put("key", crate::kit::RANDOM_KEY);
    dir.run(&["check", "claims.csv", "-q", "--out", "m", "--fail-on", "never", "--mask", "key"]).success();
    let refused = dir.run(&["trend", "a", "m"]).refused();
    assert!(flowed(&refused).contains("some services are masked and others are not"), "{refused}");
    dir.run(&["trend", "m", "m"]).success();
    let refused = dir.run(&["trend", "a", "."]).refused();
    assert!(flowed(&refused).contains("holds no report"), "{refused}");
    let services = fs::read_to_string(dir.at("a/services.csv")).expect("a report").replace("2024-01-05", "2024-01-5");
    fs::write(dir.at("a/services.csv"), services).expect("room for it");
    let refused = dir.run(&["trend", "a"]).refused();
    assert!(flowed(&refused).contains("service_date is not a day"), "{refused}");
}

/// Judges rows of one provider, who has this name, into a report.
fn named(dir: &TestDir, report: &str, rows: &str, name: &str, more: &[&str]) {
    let head = HEAD.trim_end().to_owned() + ",billing_npi,billing_provider_name\n";
    dir.put("claims.csv", head + &rows.replace('\n', &format!(",{name}\n")));
    let check = ["check", "claims.csv", "-q", "--out", report, "--fail-on", "never"];
    dir.run(&[&check[..], more].concat()).success();
}

#[test]
fn providers_have_the_names_that_the_newest_report_with_names_has() {
    let dir = TestDir::with(&[CLEAR]);
    let january = month("1111111112", "2024-01", 60, 6) + &month("2222222228", "2024-01", 6, 0);
    named(&dir, "a", &january, "Old Name", &[]);
    named(&dir, "b", &month("1111111112", "2024-02", 60, 45), "+<i>North</i> Shore Spine and Pain Institute", &[]);
    report(&dir, "c", &month("1111111112", "2024-03", 60, 45));
    let summary = |name: &str| {
        let text = fs::read(dir.at(&format!("{name}/summary.json"))).expect("a report");
        serde_json::from_slice::<serde_json::Value>(&text).expect("JSON")["provider_names"].clone()
    };
    let both = serde_json::json!({"1111111112": "Old Name", "2222222228": "Old Name"});
    assert_eq!((summary("a"), summary("c")), (both, serde_json::Value::Null));
    let all = ["c", "b", "a", "--since", "2024-02"];
    let table = csv(&dir, &all);
    let name = |place| row(&table, place, &["name"]).remove(0);
    let new = "'+<i>North</i> Shore Spine and Pain Institute";
    assert_eq!(name(["provider", "1111111112", "2024-01"]), new, "guarded against spreadsheets");
    assert_eq!(name(["provider-comparison", "1111111112", "2024-02"]), new);
    assert_eq!(name(["provider", "2222222228", "2024-01"]), "Old Name", "no newer report has this provider");
    assert_eq!([["rule", "DX101", "2024-01"], ["month", "", "2024-01"]].map(name), ["diagnosis-not-listed", ""]);
    // 600.00 in one month, then 9,000.00 in two.
    let change = row(&table, ["provider-comparison", "1111111112", "2024-02"], &["amount_change"]);
    assert_eq!(change, ["3900.00"], "amounts are compared per month");
    let text = dir.run(&[&["trend", "--html", "trend.html"][..], &all].concat()).success();
    assert!(text.contains("  1111111112 +<i>North</i> Shore Spine …   10.0%"), "{text}");
    let sentence = "Provider 1111111112 (+<i>North</i> Shore Spine and Pain Institute): 90 of 120";
    assert!(flowed(&text).contains(sentence), "{text}");
    let page = fs::read_to_string(dir.at("trend.html")).expect("a page");
    assert!(page.contains("+&lt;i&gt;North&lt;/i&gt; Shore Spine and Pain Institute</span>"), "{page}");
    // A masked report has no names.
    dir.put("key", crate::kit::RANDOM_KEY);
    named(&dir, "m", &january, "Old Name", &["--mask", "key"]);
    assert_eq!(summary("m"), serde_json::Value::Null);
}
