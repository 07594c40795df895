//! Tests that no path, setting, word of a policy, argument or cell controls the terminal, with and without colors.

use std::fs;
use std::os::unix::fs::symlink;

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir, binary};
use crate::kit::Table;

/// A color that claimlint does not use, the same as one character, a change of direction, a bell, the start of a line,
/// the title of the window.
const EVIL: &str = "e\x1b[35m\u{9b}35m\u{202e}\x07\r\u{7f}\x1b]0;owned\x07v";

/// How [`EVIL`] begins when it is shown.
const SHOWN: &str = "e\u{241b}[35m\u{27e8}U+009B\u{27e9}35m\u{27e8}U+202E\u{27e9}\u{2407}\u{240d}\u{2421}";

/// Runs in a pipe, as at a terminal with colors or as in a file.
fn run(dir: &TestDir, args: &[&str], colors: bool) -> CommandOutput {
    let mut command = dir.command(args);
    command.env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
    if colors {
        command.env("CLICOLOR_FORCE", "1");
    }
    CommandOutput::by(&mut command)
}

/// Runs with and without colors. Nothing but our own colors may be in the output, and [`EVIL`] must be visible in it.
fn tame(dir: &TestDir, args: &[&str]) -> CommandOutput {
    let mut plain = None;
    for colors in [false, true] {
        let output = run(dir, args, colors);
        for text in [&output.out, &output.err] {
            let mut rest = text.as_str();
            while let Some((_, after)) = rest.split_once('\x1b') {
                let style = after.split_once('m').map(|(style, _)| style).unwrap_or_default();
                let is_ours = style.strip_prefix('[').is_some_and(|numbers| {
                    numbers.bytes().all(|b| b.is_ascii_digit() || b == b';') && !numbers.contains("35")
                });
                assert!(colors && is_ours, "{args:?}: {text:?}");
                rest = after;
            }
            let wild = |c: char| (c.is_control() && !"\n\t\x1b".contains(c)) || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!text.contains(wild), "{args:?}: {text:?}");
        }
        plain.get_or_insert(output);
    }
    plain.expect("it ran")
}

/// The same, and [`EVIL`] is in the output, visibly.
fn shows(dir: &TestDir, args: &[&str]) -> CommandOutput {
    let output = tame(dir, args);
    assert!(output.out.contains(SHOWN) || output.err.contains(SHOWN), "{args:?}: {}{}", output.out, output.err);
    output
}

/// A TOML string of this text.
fn quoted(text: &str) -> String {
    let shown = |c: char| if c.is_control() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    format!("\"{}\"", text.chars().map(shown).collect::<String>())
}

fn put(dir: &TestDir, name: &str, text: &str) {
    fs::write(dir.at(name), text).expect("room for it");
}

#[test]
fn arguments_do_not_control_the_terminal() {
    let dir = TestDir::with(&[CLEAR]);
    let unknown = format!("--{EVIL}");
    for args in [
        &[EVIL][..],
        &["check", &unknown],
        &["check", "claims.csv", "--threads", EVIL],
        &["check", "claims.csv", "--fail-on", EVIL],
        &["check", "claims.csv", "--expect-amount", EVIL],
        &["check", "claims.csv", "--memory", EVIL],
        &["check", "claims.csv", "--layout", EVIL],
        &["check", "claims.csv", "--config", EVIL],
        &["check", "claims.csv", "--mask", EVIL],
        &["check", "claims.csv", "--baseline", EVIL],
        &["check", "claims.csv", "--suppress", EVIL],
        &["check", EVIL],
        &["policy", "show", "--toml", EVIL],
        &["rules", EVIL],
        &["verify", EVIL],
        &["compare", EVIL, EVIL],
        &["trend", EVIL],
    ] {
        shows(&dir, args).refused();
    }
    for args in [&["check", "claims.csv", "--log", "json", &unknown][..], &["check", EVIL, "--log", "json"]] {
        let output = tame(&dir, args).refused();
        let events = output.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
        let errors: Vec<String> = events.filter_map(|event| Some(event["message"].as_str()?.to_owned())).collect();
        assert!(errors.iter().any(|message| message.contains(EVIL)), "a program reads the name as it is: {errors:?}");
    }
    tame(&dir, &["check", "claims.csv", "--fail-if", EVIL]).refused();
    tame(&dir, &["help", EVIL]).refused();
    // An argument does not begin a line.
    for args in [
        &["check", "a\nerror: b.csv"][..],
        &["check", "claims.csv", "--memory=a\nerror: b"],
        &["a\nerror: b"],
        &["check", "claims.csv", "--out", "claims.csv/a\nerror: b/report"],
    ] {
        let refused = tame(&dir, args).refused();
        assert!(refused.contains("a\u{240a}error: b") && !refused.contains("\nerror: b"), "{args:?}: {refused}");
    }
    // The name of the program.
    symlink(binary().get_program(), dir.at(EVIL)).expect("a link");
    for args in [&["--help"][..], &["check", "--help"], &["check"], &["--version"]] {
        let output = std::process::Command::new(dir.at(EVIL)).args(args).env("CLICOLOR_FORCE", "1").output();
        let output = output.expect("it runs");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
        assert!(text.contains("claimlint") && !text.contains("owned"), "{args:?}: {text:?}");
    }
}

#[test]
fn no_name_and_no_text_of_a_layout_begins_a_line() {
    let dir = TestDir::with(&[CLEAR]);
    put(&dir, "n\nwarning: well.csv", &(HEAD.to_owned() + CLEAR));
    run(&dir, &["check", "n\nwarning: well.csv", "-q", "--out", "r"], false).success();
    let head = "name = \"l\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\nextends = \"canonical\"\n";
    put(&dir, "class.toml", &format!("{head}[products]\n\"a\\nwarning: b\" = \"x\\nwarning: all is well\"\n"));
    put(&dir, "column.toml", &format!("{head}[columns]\nclaim_id = \"x\\nwarning: all is well\"\n"));
    for args in [
        &["explain", "NOPE", "--in", "r"][..],
        &["layout", "check", "class.toml"],
        &["check", "claims.csv", "--layout", "class.toml"],
        &["check", "claims.csv", "--layout", "column.toml"],
    ] {
        let said = run(&dir, args, false).refused();
        assert!(said.contains("\u{240a}warning: "), "{args:?}: {said}");
        assert!(!said.lines().any(|line| line.trim_start().starts_with("warning:")), "{args:?}: {said}");
    }
}

#[test]
fn paths_do_not_control_the_terminal() {
    let dir = TestDir::with(&[]);
    let rejected = CLEAR.replace("C1", "");
    put(&dir, EVIL, &format!("{HEAD}{DENY}{CLEAR}{rejected}"));
    let output = shows(&dir, &["check", EVIL, "--out", &format!("{EVIL}-report"), "--force"]);
    assert_eq!(output.code, Some(1), "{}", output.err);
    let lines = |what: &str| output.out.lines().filter(|line| line.contains(what) && line.contains(SHOWN)).count();
    assert_eq!((lines("rejects.csv"), lines("report.html")), (1, 1), "{}", output.out);
    let report = format!("{EVIL}-report");
    for colors in [false, true] {
        let page = format!("{EVIL}-{colors}.html");
        let output = run(&dir, &["explain", "C4", "--in", &report, "--html", &page], colors).success();
        assert!(output.contains(SHOWN) && !output.contains("\x1b[35m") && !output.contains("\x1b]"), "{output:?}");
    }
    shows(&dir, &["explain", "C4", "--in", &report, "--html", &format!("{EVIL}-true.html")]).refused();
    shows(&dir, &["verify", &report]).success();
    shows(&dir, &["verify", &report, EVIL]).success();
    shows(&dir, &["inspect", EVIL]).success();
    shows(&dir, &["compare", &report, &report]).success();
    shows(&dir, &["trend", &report]).success();
    shows(&dir, &["check", EVIL, "--out", &report]).refused();
}

#[test]
fn settings_and_policies_do_not_control_the_terminal() {
    let dir = TestDir::with(&[DENY]);
    let name = quoted(EVIL);
    for text in [
        format!("{name} = 1\n"),
        format!("layout = {name}\n"),
        format!("baseline = {name}\n"),
        format!("policy = [{name}]\n"),
        format!("auths = {name}\n"),
        format!("[dispositions]\n{name} = \"info\"\n"),
        format!("[products]\n\"x\" = {name}\n"),
    ] {
        put(&dir, "claimlint.toml", &text);
        shows(&dir, &["check", "claims.csv"]).refused();
    }
    put(&dir, "claimlint.toml", &format!("format = [{name}]\n"));
    tame(&dir, &["check", "claims.csv"]).refused();
    put(&dir, "claimlint.toml", &format!("out = {name}\n[products]\n{name} = \"commercial-managed-care\"\n"));
    shows(&dir, &["config", "show", "claims.csv"]).success();
    fs::remove_file(dir.at("claimlint.toml")).expect("ours");

    // The words of a policy: its id, its editions, its citations.
    let policy = dir.run(&["policy", "show", "--toml", "policy"]).success();
    let evil = quoted(EVIL);
    let begun = &evil[..evil.len() - 1];
    let mut changed = 0;
    let mut edit = |line: &str| {
        let (key, value) = line.split_once(" = ").unwrap_or_default();
        let is_text = value.starts_with('"') && value.ends_with('"') && value.len() > 2;
        if ["id", "title", "publisher", "source", "about"].contains(&key) && is_text {
            changed += 1;
            return format!("{key} = {begun}{}\n", &value[1..]);
        }
        line.replace("citation = \"", &format!("citation = {begun}")) + "\n"
    };
    let edited: String = policy.lines().map(&mut edit).collect();
    assert!(changed > 10, "the policy has words: {changed}");
    put(&dir, "evil.toml", &edited);
    shows(&dir, &["policy", "show", "--policy", "evil.toml"]).success();
    let output = shows(&dir, &["check", "claims.csv", "--policy", "evil.toml", "--out", "report", "--force"]);
    assert_eq!(output.code, Some(1), "{}", output.err);
    shows(&dir, &["rules", "DX101", "--policy", "evil.toml"]).success();
    shows(&dir, &["explain", "C4", "--in", "report"]).success();
    tame(&dir, &["verify", "report", "claims.csv", "--policy", "evil.toml"]).success();
    put(&dir, EVIL, &edited);
    shows(&dir, &["policy", "check", EVIL]);
}

#[test]
fn compared_cells_do_not_control_the_terminal() {
    let dir = TestDir::with(&[]);
    let with = |claim: &str| format!("{HEAD}{}", DENY.replace("C4", &format!("\"{claim}\"")));
    put(&dir, "old.csv", &with("C1"));
    put(&dir, "new.csv", &with(EVIL));
    for name in ["old", "new"] {
        assert_eq!(dir.run(&["check", &format!("{name}.csv"), "--out", name, "-q"]).code, Some(1));
    }
    let compared =
        |format: &str| shows(&dir, &["compare", "old", "new", "--format", format, "--fail-on", "never"]).success();
    compared("text");
    let csv = compared("csv");
    assert!(csv.lines().count() >= 3, "{csv}");
    // A file has the cells as they are.
    dir.run(&["compare", "old", "new", "--format", "csv", "--out", "diff.csv", "--fail-on", "never"]).success();
    let table = Table::of(&fs::read(dir.at("diff.csv")).expect("it is there"));
    let claim = table.column("claim_id");
    assert!(table.rows.iter().any(|row| row[claim] == EVIL), "{:?}", table.rows);
    // JSON escapes what it does not show, so a program reads the cells as they are.
    let json = tame(&dir, &["compare", "old", "new", "--format", "json", "--fail-on", "never"]).success();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let claims: Vec<_> = json["findings"].as_array().expect("a list").iter().map(|f| f["claim_id"].as_str()).collect();
    assert!(claims.contains(&Some(EVIL)), "{claims:?}");
}
