//! Tests audit samples: anyone draws the same one, from any order of the rows, and a worksheet that comes back is read whole or
//! refused.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use claimlint::frame::Allowance;
use claimlint::report::sample::frame::of_report;
use claimlint::rules::judge::ServiceStatus;
use sha2::{Digest as _, Sha256};

use crate::cli::{CLEAR, HEAD, TestDir};
use crate::kit::{Table, flowed};

/// Rows to deny: amounts in dollars, each on a claim of its own.
fn rows(amounts: impl IntoIterator<Item = u32>) -> Vec<String> {
    let row = |(n, dollars): (usize, u32)| format!("K{n:03},M{n},HMO,22,2024-03-05,22514,M54.5,A-1,{dollars}.25\n");
    amounts.into_iter().enumerate().map(row).collect()
}

/// A directory with a report on these rows.
fn reported(rows: &[String]) -> TestDir {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("claims.csv", HEAD.to_owned() + CLEAR + &rows.concat());
    dir.run(&["check", "claims.csv", "-q", "--out", "report", "--fail-on", "never"]).success();
    dir
}

/// Draws a sample and returns its worksheet.
fn draw(dir: &TestDir, out: &str, more: &[&str]) -> Table {
    dir.run(&[&["sample", "report", "--out", out][..], more].concat()).success();
    Table::of(&fs::read(dir.at(out)).expect("a worksheet"))
}

fn column(table: &Table, name: &str) -> Vec<String> {
    let at = table.column(name);
    table.rows.iter().map(|row| row[at].clone()).collect()
}

fn sha(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Seed, keys and ranks as the guide describes them, from services.csv alone: the frame hash and all claims by rank.
fn redrawn(dir: &TestDir, seed: u32) -> (String, Vec<String>) {
    let services = Table::of(&fs::read(dir.at("report/services.csv")).expect("a report"));
    let names = ["claim_id", "line_number", "procedure_code", "service_date", "amount_at_risk"];
    let (mut seen, mut ranked) = (BTreeMap::<String, u32>::new(), Vec::new());
    for row in &services.rows {
        let cell = |name| &row[services.column(name)];
        if ["deny", "review"].contains(&cell("status").as_str()) && !cell("amount_at_risk").is_empty() {
            let key = sha(&names.map(|name| format!("{}:{},", cell(name).len(), cell(name))).concat());
            let number = seen.entry(key.clone()).and_modify(|n| *n += 1).or_insert(1);
            ranked.push((sha(&format!("{seed}:{key}:{number}")), key, cell("claim_id").clone()));
        }
    }
    let mut keys: Vec<_> = ranked.iter().map(|(_, key, _)| key.clone() + "\n").collect();
    keys.sort();
    ranked.sort();
    (format!("sha256:{}", sha(&keys.concat())), ranked.into_iter().map(|(_, _, claim)| claim).collect())
}

#[test]
fn a_sample_can_be_drawn_again_from_the_description_in_the_guide() {
    let mut extract = rows((0..90).map(|n| 100 + n % 7));
    // Services that are alike in all that identifies them: the claim number of another member.
    extract.push(extract[3].replace(",M3,", ",M900,"));
    let dir = reported(&extract);
    for seed in [0, 7, u32::MAX] {
        let (hash, claims) = redrawn(&dir, seed);
        assert_eq!(claims.len(), 91);
        let table = draw(&dir, &format!("{seed}.csv"), &["--size", "25", "--seed", &seed.to_string()]);
        assert_eq!(column(&table, "claim_id"), claims[..25]);
        assert!(column(&table, "frame_hash").iter().all(|cell| *cell == hash));
        assert!(column(&table, "frame_services").iter().all(|cell| *cell == claims.len().to_string()));
        assert_eq!(column(&table, "item"), (1..=25).map(|n: u32| n.to_string()).collect::<Vec<_>>());
    }
    // The program of the guide, where Python is there.
    let page = claimlint::guide::page("sampling").expect("a page").text;
    let program = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a program");
    let services = dir.at("report/services.csv");
    if let Ok(output) = Command::new("python3").args(["-c", program]).arg(services).args(["25", "7"]).output() {
        let (hash, claims) = redrawn(&dir, 7);
        let wanted: String = std::iter::once(&hash).chain(&claims[..25]).map(|line| line.clone() + "\n").collect();
        assert_eq!(String::from_utf8_lossy(&output.stdout), wanted, "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_order_of_rows_and_the_name_of_the_extract_change_no_sample() {
    let extract = rows((0..60).map(|n| 100 + n * n));
    let mut turned = extract.clone();
    turned.reverse();
    turned.rotate_left(17);
    let (one, other) = (reported(&extract), reported(&turned));
    fs::rename(other.at("claims.csv"), other.at("other.csv")).expect("a move");
    other.run(&["check", "other.csv", "-q", "--out", "report", "--force", "--fail-on", "never"]).success();
    for more in
        [&["--size", "20", "--seed", "3"][..], &["--size", "20", "--seed", "3", "--by", "stratum", "--strata", "4"]]
    {
        let name = format!("{}.csv", more.len());
        let (one, other) = (draw(&one, &name, more), draw(&other, &name, more));
        for name in ["item", "stratum", "claim_id", "amount", "stratum_services", "stratum_sampled", "frame_hash"] {
            assert_eq!(column(&one, name), column(&other, name), "{name}");
        }
    }
}

#[test]
fn a_larger_sample_contains_the_smaller_and_the_largest_is_the_frame() {
    let dir = reported(&rows((0..40).map(|n| 100 + n)));
    let small = column(&draw(&dir, "1.csv", &["--size", "5", "--seed", "9"]), "claim_id");
    let large = column(&draw(&dir, "2.csv", &["--size", "12", "--seed", "9"]), "claim_id");
    assert_eq!(large[..5], small[..]);
    assert_ne!(column(&draw(&dir, "3.csv", &["--size", "5", "--seed", "10"]), "claim_id"), small);
    for more in [&[][..], &["--by", "stratum"]] {
        let name = format!("frame{}.csv", more.len());
        let table = draw(&dir, &name, &[&["--size", "40", "--seed", "9"][..], more].concat());
        let mut all = column(&table, "claim_id");
        all.sort();
        assert_eq!(all, (0..40).map(|n| format!("K{n:03}")).collect::<Vec<_>>());
        assert_eq!(column(&table, "stratum_services"), column(&table, "stratum_sampled"));
    }
    let refused = dir.run(&["sample", "report", "--size", "41", "--seed", "9"]).refused();
    assert!(flowed(&refused).contains("the frame has only 40 services"), "{refused}");
    let refused = dir.run(&["sample", "report", "--size", "5", "--seed", "9", "--out", "1.csv"]).refused();
    assert!(flowed(&refused).contains("exists already"), "{refused}");
    let refused = of_report(&dir.at("report"), &[ServiceStatus::Deny], 9, &mut Allowance::new(8_000)).map(|_| ());
    assert!(refused.expect_err("40 services need more").to_string().contains("more memory"));
    let refused = dir.run(&["sample", ".", "--size", "9", "--seed", "9"]).refused();
    assert!(flowed(&refused).contains("holds no report"), "{refused}");
}

/// The worksheet with an audited amount in each row, in cents, given its item and its amount.
fn audited(table: &Table, paid: impl Fn(usize, i64) -> i64) -> Vec<Vec<String>> {
    let (amount, at) = (table.column("amount"), table.column("audited_amount"));
    let mut all = vec![table.header.clone()];
    for (n, row) in table.rows.iter().enumerate() {
        let cents = row[amount].replace('.', "").parse().expect("an amount");
        let paid = paid(n, cents);
        let mut row = row.clone();
        row[at] = format!("{}.{:02}", paid / 100, paid % 100);
        all.push(row);
    }
    all
}

fn text(rows: &[Vec<String>], end: &str) -> String {
    rows.iter().map(|row| row.join(",") + end).collect()
}

/// The amount on the line of an estimate that begins with these words.
fn stated<'o>(output: &'o str, what: &str) -> &'o str {
    let line = output.lines().find(|line| line.trim_start().starts_with(what)).expect(what);
    line.split("  ").last().unwrap_or_default().trim()
}

#[test]
fn a_sample_of_the_whole_frame_is_exact() {
    let dir = reported(&rows((0..30).map(|n| 100 + n * 3)));
    for more in [&[][..], &["--by", "stratum"]] {
        let table = draw(&dir, &format!("w{}.csv", more.len()), &[&["--size", "30", "--seed", "1"][..], more].concat());
        // A third is owed in full, a third not at all, a third was paid $1.00 too little.
        let sheet = audited(&table, |n, cents| [cents, 0, cents + 100][n % 3]);
        let amounts = column(&table, "amount");
        let cents = |text: &String| text.replace('.', "").parse::<i64>().expect("an amount");
        let over: i64 = amounts.iter().enumerate().map(|(n, a)| [0, cents(a), -100][n % 3]).sum();
        dir.put("audited.csv", text(&sheet, "\n"));
        let output = dir.run(&["estimate", "audited.csv"]).success();
        let over = format!("${},{:03}.{:02}", over / 100_000, over / 100 % 1_000, over % 100);
        for what in ["estimated overpayment", "lower limit", "upper limit"] {
            assert_eq!(stated(&output, what), over, "{output}");
        }
        assert_eq!(stated(&output, "standard error"), "$0.00");
    }
}

/// Worked by hand: of 40 services five were drawn, with differences of $10, $20, $30, $40 and $50. Mean 30, variance 250, so
/// the estimate is 40 x 30 = 1,200, its variance 40 x 35 x 250 / 5 = 70,000, its standard error 264.58 (264.575), t with
/// four degrees of freedom 2.131847, the margin 564.03.
#[test]
fn an_estimate_worked_by_hand() {
    let dir = reported(&rows((0..40).map(|_| 500)));
    let table = draw(&dir, "w.csv", &["--size", "5", "--seed", "1"]);
    let sheet = audited(&table, |n, cents| cents - 1_000 * i64::try_from(n + 1).expect("few"));
    dir.put("a.csv", text(&sheet, "\n"));
    let output = dir.run(&["estimate", "a.csv"]).success();
    let wanted = [
        ("estimated overpayment", "$1,200.00"),
        ("standard error", "$264.58"),
        ("margin", "$564.03 (47.0%)"),
        ("lower limit", "$635.97"),
        ("upper limit", "$1,764.03"),
    ];
    for (what, amount) in wanted {
        assert_eq!(stated(&output, what), amount, "{output}");
    }
    assert!(flowed(&output).contains("t of 4 degrees of freedom: 2.131847"), "{output}");

    // What spreadsheets do to a file does not matter.
    let (at, item) = (table.column("audited_amount"), table.column("item"));
    let mut saved = sheet.clone();
    for row in &mut saved[1..] {
        row[at] = format!("\"${} \"", row[at]);
        row.push("seen by A. Auditor".to_owned());
    }
    saved[0].push("auditor".to_owned());
    saved[1..].reverse();
    saved.push(vec![String::new(); saved[0].len()]);
    dir.put("b.csv", format!("\u{feff}{}", text(&saved, "\r\n")));
    let again = dir.run(&["estimate", "b.csv"]).success();
    assert_eq!(again.replace("b.csv", "a.csv"), output);

    // What changes the sample is refused.
    let refused = |change: &dyn Fn(&mut Vec<Vec<String>>), why: &str| {
        let mut rows = sheet.clone();
        change(&mut rows);
        dir.put("c.csv", text(&rows, "\n"));
        let said = flowed(&dir.run(&["estimate", "c.csv"]).refused());
        assert!(said.contains(why), "{why}: {said}");
        assert!(!said.contains("K0"), "a message quotes no cell: {said}");
    };
    let put = |name: &str, value: &'static str| {
        let at = table.column(name);
        move |rows: &mut Vec<Vec<String>>| rows[2][at] = value.to_owned()
    };
    refused(&put("audited_amount", ""), "1 of 5 services have no audited_amount (lines 3)");
    refused(&put("audited_amount", "none"), "audited_amount is not an amount");
    // A message names the line, also where a spreadsheet ends lines in CR LF.
    for (value, why) in [("none", "crlf.csv:3: audited_amount"), ("", "(lines 3)")] {
        let mut rows = sheet.clone();
        put("audited_amount", value)(&mut rows);
        dir.put("crlf.csv", text(&rows, "\r\n"));
        let said = flowed(&dir.run(&["estimate", "crlf.csv"]).refused());
        assert!(said.contains(why), "{why}: {said}");
    }
    refused(&put("seed", "2"), "of another sample");
    refused(&put("frame_services", "41"), "of another sample");
    refused(&put("stratum_services", "41"), "other numbers for its stratum");
    refused(&put("stratum", "2"), "has 4 services of stratum 1, and 5 were drawn");
    refused(&put("item", "x"), "item must be the whole number");
    refused(&|rows| drop(rows.pop()), "has 4 services of stratum 1, and 5 were drawn");
    refused(&|rows| rows.truncate(1), "has no services");
    refused(&|rows| rows[2][item] = rows[1][item].clone(), "an earlier row has the same item");
    let no_column = |rows: &mut Vec<Vec<String>>| {
        for row in rows {
            row.remove(at);
        }
    };
    refused(&no_column, "has no column audited_amount");
    dir.put("c.csv", text(&sheet, "\n").replace("frame_services,", "").replace(",40,sha", ",sha"));
    assert!(flowed(&dir.run(&["estimate", "c.csv"]).refused()).contains("has no column frame_services"));
}

#[test]
fn a_worksheet_is_private_and_runs_no_formula() {
    let rows =
        ["+1+1", "@SUM(A1)", "-2", "K4"].map(|claim| format!("{claim},M1,HMO,22,2024-03-05,22514,M54.5,A-1,10.00\n"));
    let dir = reported(&rows);
    let table = draw(&dir, "w.csv", &["--size", "4", "--seed", "1"]);
    let mut claims = column(&table, "claim_id");
    claims.sort();
    assert_eq!(claims, ["'+1+1", "'-2", "'@SUM(A1)", "K4"]);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(dir.at("w.csv")).expect("it").permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    // A report that somebody else made may lack the guards.
    let services = fs::read_to_string(dir.at("report/services.csv")).expect("a report").replace("'+1+1", "+1+1");
    fs::write(dir.at("report/services.csv"), services).expect("room for it");
    let table = draw(&dir, "v.csv", &["--size", "4", "--seed", "1"]);
    assert!(column(&table, "claim_id").contains(&"'+1+1".to_owned()));
    // A table that was cut is refused.
    let services = fs::read_to_string(dir.at("report/services.csv")).expect("a report");
    let cut = &services[..=services.trim_end().rfind('\n').expect("rows")];
    fs::write(dir.at("report/services.csv"), cut).expect("room for it");
    let refused = dir.run(&["sample", "report", "--size", "2", "--seed", "1"]).refused();
    assert!(flowed(&refused).contains("summary.json says"), "{refused}");
}

#[test]
fn the_frame_has_only_services_with_an_amount() {
    let dir = reported(&rows([100, 200, 300]));
    let output = dir.run(&["sample", "report", "--size", "3", "--seed", "1"]).success();
    assert!(output.contains("Frame: 3 services, $600.75 at risk, sha256:"), "{output}");
    assert!(output.contains("Worksheet: claimlint-sample.csv"), "{output}");
    let refused = dir.run(&["sample", "report", "--size", "1", "--seed", "1", "--status", "review"]).refused();
    assert!(flowed(&refused).contains("nothing to draw from"), "{refused}");
    let refused = dir.run(&["sample", "report", "--size", "1", "--seed", "1", "--out", "x.csv"]).refused();
    assert!(flowed(&refused).contains("at least 2 are needed"), "{refused}");
    assert!(!dir.at("x.csv").exists());
}
