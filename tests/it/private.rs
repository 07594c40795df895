//! Tests privacy: under any umask only the owner can read the files, from the first byte on, and no error or log line quotes
//! a cell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir, names};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// The binary with this umask.
fn under_umask(dir: &TestDir, umask: &str, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_claimlint")]);
    command.args(args).current_dir(dir.at(""));
    command
}

#[test]
fn reports_are_private_under_any_umask() {
    for umask in ["000", "022", "077", "277", "777"] {
        let dir = TestDir::with(&[DENY, "short,row\n"]);
        // During the run.
        let mut command = under_umask(&dir, umask, &["check", "-", "-q", "--out", "report"]);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("it runs");
        let begun = Instant::now();
        while !dir.names().iter().any(|n| n.ends_with(".partial")) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it never began");
            std::thread::sleep(Duration::from_millis(1));
        }
        // A umask that removes the owner's rights is corrected after the file is created.
        std::thread::sleep(Duration::from_millis(50));
        for name in dir.names().iter().filter(|n| n.starts_with('.')) {
            let (found, want) = (mode(&dir.at(name)), if name == ".report.lock" { 0o600 } else { 0o700 });
            assert_eq!(found, want, "umask {umask}: {name} has {found:o}");
        }
        let text = HEAD.to_owned() + DENY + "short,row\n";
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), text.as_bytes()).expect("it reads");
        assert_eq!(child.wait().expect("it ends").code(), Some(1), "umask {umask}");
        assert_eq!(mode(&dir.at("report")), 0o700, "umask {umask}");
        for name in names(&dir.at("report")) {
            assert_eq!(mode(&dir.at("report").join(&name)), 0o600, "umask {umask}: {name}");
        }
        let page = under_umask(&dir, umask, &["explain", "C4", "--in", "report", "--html", "page.html"]).output();
        assert!(page.expect("it runs").status.success());
        assert_eq!(mode(&dir.at("page.html")), 0o600, "umask {umask}");
    }
}

/// A mark in every cell that a message could quote.
const SECRET: &str = "ZQXSECRET";

#[test]
fn no_error_quotes_a_cell() {
    let dir = TestDir::with(&[]);
    let row = format!("{SECRET}1,{SECRET}2,{SECRET}3,{SECRET}4,{SECRET}5,22514,{SECRET}6,{SECRET}7,{SECRET}8\n");
    let dated = row.replace(&format!("{SECRET}5"), "2024-03-05");
    let shifted = format!("{SECRET},{row}");
    let quoted = format!("\"{SECRET},{row}");
    let after = format!("\"{SECRET}\"{SECRET},{row}");
    let short = format!("{SECRET},{SECRET}\n");
    let unnumbered = row.replacen(&format!("{SECRET}1"), "", 1);
    let many = |row: &str| HEAD.to_owned() + &row.repeat(30);
    let auths = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n";
    let tables = "claim_id,diag\n";
    let layout = "name = \"joined\"\ntitle = \"x\"\nsource = \"x\"\nvalid = \"2024\"\n[columns]\nclaim_id = \"claim_id\"\nmember_id = \"member_id\"\n\
        service_date = \"service_date\"\nprocedure_code = \"procedure_code\"\ndiagnosis = \"D{1..2}\"\n[[join]]\ntable = \"dx\"\nkey = \"claim_id\"\nto = \"claim_id\"\n\
        codes = { column = \"diag\", number = \"n\", as = \"D{1..2}\" }\n[[join]]\ntable = \"header\"\nkey = \"id\"\nto = \"claim_id\"\n";
    for (name, text) in [
        ("shifted.csv", many(&shifted)),
        ("quoted.csv", many(&quoted)),
        ("after.csv", many(&after)),
        ("short.csv", many(&short)),
        ("unnumbered.csv", many(&unnumbered)),
        ("headless.csv", dated.repeat(3)),
        ("headless.tsv", dated.replace(',', "\t").repeat(3)),
        ("headless.odd", dated.replace(',', "^").repeat(3)),
        ("damaged.csv", format!("\"{SECRET}\"{SECRET},{dated}")),
        ("binary.csv", format!("PK\u{3}\u{4}{HEAD}{row}")),
        ("fine.csv", HEAD.to_owned() + CLEAR),
        ("cells.csv", many(&row) + &dated),
        ("joined.csv", HEAD.to_owned() + &dated),
        ("auths-date.csv", format!("{auths}{SECRET},{SECRET},{SECRET},{SECRET},{SECRET},,\n")),
        ("auths-units.csv", format!("{auths}{SECRET},{SECRET},{SECRET},{SECRET},2024-01-01,,{SECRET}\n")),
        ("auths-short.csv", format!("{auths}{SECRET},{SECRET}\n")),
        ("auths-headless.csv", format!("{SECRET},{SECRET},,A,2024-01-01,,\n")),
        ("joined.toml", layout.to_owned()),
        ("dx-number.csv", format!("claim_id,n,diag\n{SECRET}1,{SECRET},{SECRET}\n")),
        ("dx-two.csv", format!("claim_id,n,diag\n{SECRET}1,1,{SECRET}\n{SECRET}1,1,{SECRET}x\n")),
        ("dx-headless.csv", format!("{SECRET}1,2024,{SECRET}\n")),
        ("dx-short.csv", format!("claim_id,n,diag\n{SECRET}1\n")),
        ("header-twice.csv", format!("id,x\n{SECRET}1,{SECRET}\n{SECRET}1,{SECRET}\n")),
        ("tables.csv", format!("{tables}{SECRET}1,{SECRET}\n")),
    ] {
        fs::write(dir.at(name), text).expect("room for it");
    }
    let joined = |tables: &[&str]| {
        let mut args = vec!["check", "joined.csv", "--layout", "joined.toml"];
        args.extend(tables.iter().flat_map(|table| ["--join", *table]));
        args.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let typed = |args: &str| args.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let refusals = [
        typed("check shifted.csv"),
        typed("check quoted.csv"),
        typed("check after.csv"),
        typed("check short.csv"),
        typed("check unnumbered.csv"),
        typed("check headless.csv"),
        typed("check headless.tsv"),
        typed("check headless.odd"),
        typed("check damaged.csv"),
        typed("check binary.csv"),
        typed("inspect headless.csv"),
        typed("check fine.csv --auths auths-date.csv"),
        typed("check fine.csv --auths auths-units.csv"),
        typed("check fine.csv --auths auths-short.csv"),
        typed("check fine.csv --auths auths-headless.csv"),
        typed("check fine.csv --layout cells.csv"),
        typed("check fine.csv --policy cells.csv"),
        joined(&["dx=dx-number.csv"]),
        joined(&["dx=dx-two.csv"]),
        joined(&["dx=dx-headless.csv"]),
        joined(&["dx=dx-short.csv"]),
        joined(&["header=header-twice.csv"]),
        joined(&["dx=tables.csv"]),
    ];
    for args in &refusals {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let CommandOutput { code, out, err } = dir.run(&args);
        assert_eq!(code, Some(2), "{args:?} is refused: {out}{err}");
        assert!(!out.contains(SECRET) && !err.contains(SECRET), "{args:?}: {out}{err}");
    }
    // A run that goes through: what is odd about its rows stands in the report, and only there. The table of the
    // highest services names claims, so it is asked not to print.
    let CommandOutput { code, out, err } =
        dir.run(&["check", "cells.csv", "-q", "--progress", "plain", "--out", "report"]);
    assert!(matches!(code, Some(0 | 1)), "{err}");
    assert!(out.is_empty() && !err.contains(SECRET), "{err}");
    fs::write(dir.at("report/services.csv"), row).expect("ours");
    let output = dir.run(&["verify", "report", "cells.csv"]);
    assert_eq!(output.code, Some(1));
    assert!(!output.out.contains(SECRET) && !output.err.contains(SECRET), "{}{}", output.out, output.err);
}

/// What the pages say of masking: a label that no table knows is quoted, because somebody must say what it means.
#[test]
fn unknown_labels_are_quoted_in_notes_and_reports_also_masked() {
    let dir = TestDir::with(&[&CLEAR.replace("HMO", SECRET)]);
    dir.put("key", "a pass phrase of more than sixteen bytes");
    for log in [&["-q"][..], &["--log", "json"]] {
        let args = [&["check", "claims.csv", "--mask", "key", "--out", "report", "--force"], log].concat();
        let CommandOutput { code, out, err } = dir.run(&args);
        assert_eq!(code, Some(0), "{err}");
        assert!(!err.contains(SECRET), "neither error nor log: {err}");
        assert_eq!(out.contains(SECRET), log != ["-q"], "{out}");
        for name in ["services.csv", "summary.json", "report.html"] {
            let text = fs::read_to_string(dir.at("report").join(name)).expect("a report");
            assert!(text.contains(SECRET), "{name}");
        }
    }
}
