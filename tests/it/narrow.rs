//! Tests that at a terminal of 40 columns no word and no amount is broken: each line fits, unless it is a single word, such as a
//! path. A tall terminal shows more of the result.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use crate::cli::{CLEAR, HEAD, TestDir, binary};
use crate::kit::at;

/// Columns of a narrow terminal.
const COLUMNS: usize = 40;

/// The lines that a command prints at a terminal of this many columns and rows.
fn lines(dir: &TestDir, (columns, rows): (usize, usize), args: &[&str]) -> Vec<String> {
    let quoted = |word: &str| format!("'{}'", word.replace('\'', "'\\''"));
    let program = binary().get_program().to_string_lossy().into_owned();
    let words: Vec<String> = std::iter::once(program.as_str()).chain(args.iter().copied()).map(quoted).collect();
    // util-linux has `script`, which runs a command at a terminal of its own.
    let line = format!("stty cols {columns} rows {rows}; {}", words.join(" "));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env("NO_COLOR", "1").current_dir(dir.at(""));
    let output = command.output().expect("util-linux has script");
    let text = String::from_utf8(output.stdout).expect("UTF-8").replace("\r\n", "\n");
    assert!(output.status.success(), "{args:?}: {text}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn nothing_is_broken_at_forty_columns() {
    let dir = TestDir::with(&[CLEAR]);
    let row = |n: u32, month: u32| {
        format!(
            "LONGER{n},M{n},HMO Blue,22,2024-0{month}-05,22514,M54.5,A-1,{}9765432.10,1900000001,Some Name\n",
            n % 9 + 1
        )
    };
    let head = HEAD.trim_end().to_owned() + ",billing_npi,billing_provider_name\n";
    for (name, month) in [("a", 1), ("b", 2)] {
        dir.put("claims.csv", head.clone() + &(0..30).map(|n| row(n, month)).collect::<String>());
        dir.run(&["check", "claims.csv", "-q", "--out", name, "--fail-on", "never"]).success();
    }
    dir.put("audited.csv", fs::read(at("fixtures/worksheets/2024q1.csv")).expect("a fixture"));
    for args in [
        &["check", "claims.csv", "--progress", "none", "--force", "--out", "b", "--fail-on", "never"][..],
        &["explain", "LONGER3", "--in", "a"],
        &["explain", "1900000001", "--in", "a"],
        &["trend", "a", "b"],
        &["sample", "a", "--size", "9", "--seed", "7", "--by", "stratum", "--out", "worksheet.csv"],
        &["estimate", "audited.csv"],
        &["rules"],
        &["rules", "DX101"],
        &["inspect", "claims.csv"],
        &["prune", ".", "--keep", "1", "--dry-run"],
        &["config", "show", "claims.csv"],
    ] {
        let lines = lines(&dir, (COLUMNS, 24), args);
        assert!(lines.len() > 1, "{args:?}");
        for line in &lines {
            let is_one_word = line.split_whitespace().count() == 1;
            assert!(line.chars().count() <= COLUMNS || is_one_word, "{args:?}: {line:?} in\n{}", lines.join("\n"));
        }
    }
}

/// A name is never broken, so that it can be copied; a path with blanks continues on the next line.
#[test]
fn a_long_path_of_a_report_goes_on_in_the_next_line() {
    let dir = TestDir::with(&[CLEAR]);
    let above = "reports of the nightly job/of the first quarter of the year";
    let reports = ["a", "b"].map(|name| format!("{above}/{name}"));
    for (report, month) in reports.iter().zip(["03", "04"]) {
        dir.put("claims.csv", HEAD.to_owned() + &CLEAR.replace("2024-03", &format!("2024-{month}")));
        dir.run(&["check", "claims.csv", "-q", "--out", report]).success();
    }
    for width in [50, 70] {
        let lines = lines(&dir, (width, 24), &["trend", &reports[0], &reports[1]]);
        assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:#?}");
        let text = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        assert!(reports.iter().all(|report| text.contains(report.as_str())), "{width}: {lines:#?}");
    }
}

#[test]
fn a_tall_terminal_shows_more_rules_and_services() {
    let dir = TestDir::with(&[CLEAR]);
    let extract = at("fixtures/extracts/kyphoplasty-2024q1.csv");
    let extract = extract.to_str().expect("UTF-8");
    let args = ["check", extract, "--progress", "none", "--force", "--out", "r", "--fail-on", "never"];
    // Without the notes, which stderr has above the result.
    let result = |rows| {
        let mut lines = lines(&dir, (100, rows), &args);
        lines.drain(..lines.iter().position(|line| line.starts_with("claimlint  policy")).expect("a result"));
        lines
    };
    let [small, short, tall] = [12, 24, 45].map(result);
    let services = |lines: &[String]| lines.iter().filter(|line| line.contains(" 2024-0")).count();
    assert!(small.len() == short.len() && short.len() < 24 && services(&short) == 1, "{short:#?}");
    assert!((40..45).contains(&tall.len()) && services(&tall) > 3, "{tall:#?}");
}
