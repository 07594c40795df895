//! Tests the settings file: where it is found, that flags override it, that `config show` prints each value with its origin,
//! and that every key has an effect.

use std::fs;

use crate::cli::{CLEAR, DENY, REVIEW, TestDir};
use crate::kit::flowed;

/// The fingerprint of the policy that a report was judged by.
fn fingerprint(dir: &TestDir, report: &str) -> String {
    let text = fs::read_to_string(dir.at(report).join("summary.json")).expect("a report");
    let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    summary["policy"]["fingerprint"].as_str().expect("a text").to_owned()
}

#[test]
fn every_key_has_its_effect() {
    let dir = TestDir::with(&[]);
    let text = "preamble\nCLM;DOS;CPT;DX;PLAN;AUTH;PAID;MBR\n# a comment\n\
                C1;2024-03-05;22514;M48.56XA;GOLD;A-1;10.00;M1\nC2;2024-03-05;22514;M54.5;GOLD;A-9;10.00;M2\n";
    dir.put("claims.csv", text);
    dir.put(
        "mine.toml",
        "name = \"mine\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n[columns]\nclaim_id = \"CLM\"\nservice_date = \"DOS\"\n\
         procedure_code = \"CPT\"\ndiagnosis = [\"DX\"]\nproduct = \"PLAN\"\nauthorization_number = \"AUTH\"\n\
         paid_amount = \"PAID\"\nmember_id = \"MBR\"\n",
    );
    dir.put("auths.csv", "authorization_number,member_id,status\nA-1,M1,approved\n");
    dir.put("mask.key", "0123456789abcdef");
    dir.put(
        "claimlint.toml",
        "layout = \"mine.toml\"\nskip_lines = 1\ncomment = [\"#\"]\nauths = \"auths.csv\"\nout = \"night\"\nmask = \"mask.key\"\n\
         mask_dates = \"month\"\nfail_on = \"never\"\nfail_if = [\"deny > 5\", \"rows != 2\"]\nthreads = 1\n\
         [products]\nGOLD = \"commercial-managed-care\"\n[dispositions]\nDX101 = \"info\"\n",
    );
    let output = dir.run(&["check", "claims.csv"]);
    assert_eq!(output.code, Some(0), "{}", output.err);
    assert!(output.err.contains("settings of claimlint.toml are in force"), "{}", output.err);
    let services = fs::read_to_string(dir.at("night/services.csv")).expect("in --out");
    assert!(services.contains("commercial-managed-care") && services.contains("2024-03-01"), "{services}");
    assert!(!services.contains("C1,") && services.lines().count() == 3, "masked: {services}");
    let findings = fs::read_to_string(dir.at("night/findings.csv")).expect("a report");
    assert!(findings.lines().any(|l| l.contains("DX101") && l.contains("info")), "{findings}");
    assert!(findings.contains("PA202") || findings.contains("PA203"), "the authorization file is asked: {findings}");
    let run = fs::read_to_string(dir.at("night/run.json")).expect("a report");
    assert!(run.contains("\"threads\": 1"), "{run}");
    // A flag overrides the file, and a list is overridden as a whole.
    let typed = dir.run(&["check", "claims.csv", "--out", "day", "--fail-if", "rows == 2", "-q"]);
    // A warning is printed even with -q: nobody named this settings file.
    assert_eq!((typed.code, typed.err.lines().count()), (Some(1), 1), "{}", typed.err);
    assert!(typed.err.starts_with("warning: claimlint.toml: "), "{}", typed.err);
    assert!(dir.at("day").exists());
}

#[test]
fn a_disposition_of_the_settings_file_applies_to_check_and_explain() {
    let dir = TestDir::with(&[DENY]);
    dir.run(&["check", "claims.csv", "--out", "plain", "-q"]);
    dir.put("claimlint.toml", "[dispositions]\nDX101 = \"review\"\n");
    let output = dir.run(&["check", "claims.csv", "--out", "ours", "-q"]);
    assert_eq!(output.code, Some(0), "{}", output.err);
    assert_ne!(fingerprint(&dir, "plain"), fingerprint(&dir, "ours"));
    // The same settings under another name and in another order of lines are the same policy.
    dir.put("other.toml", "# ours\n\n[dispositions]\nDX101='review'\n");
    dir.run(&["check", "claims.csv", "--out", "other", "-q", "--config", "other.toml"]).success();
    assert_eq!(fingerprint(&dir, "other"), fingerprint(&dir, "ours"));
    dir.run(&["check", "claims.csv", "--out", "none", "-q", "--no-config"]);
    assert_eq!(fingerprint(&dir, "none"), fingerprint(&dir, "plain"));
    // The dossier is judged again by the same dispositions.
    let explained = dir.run(&["explain", "C4", "--in", "ours"]).success();
    assert!(explained.contains("claim C4: paid, needs a review (review)"), "{explained}");
    let shown = dir.run(&["config", "show", "claims.csv"]).success();
    assert!(shown.contains(&fingerprint(&dir, "ours")), "{shown}");
}

/// Value and origin of a key, as `config show` prints them.
fn shown(out: &str, key: &str) -> String {
    let line =
        out.lines().find(|line| line.split_whitespace().next() == Some(key)).unwrap_or_else(|| panic!("{key}: {out}"));
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

#[test]
fn config_show_names_the_origin_of_every_value() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("claimlint.toml", "fail_on = \"review\"\n\nthreads = 3\n[dispositions]\nPA201 = \"info\"\n");
    let out = dir.run(&["config", "show", "claims.csv", "--threads", "2"]).success();
    for (key, want) in [
        ("fail_on", "review claimlint.toml:1"),
        ("threads", "2 flag"),
        ("policy", "built in default"),
        ("dispositions.PA201", "info claimlint.toml:5"),
    ] {
        assert_eq!(shown(&out, key), want, "{out}");
    }
    assert_eq!(dir.names(), ["claimlint.toml", "claims.csv"], "nothing is judged");
    let none = dir.run(&["config", "show", "claims.csv", "--no-config"]).success();
    assert!(none.contains("no file is read (--no-config)") && !none.contains("claimlint.toml:"), "{none}");
    // The working directory is not searched.
    let unnamed = dir.run(&["config", "show", "--fail-on", "info"]).success();
    assert_eq!(
        (shown(&unnamed, "fail_on"), shown(&unnamed, "threads")),
        ("info flag".into(), "one per core default".into())
    );
}

#[test]
fn the_settings_file_is_looked_for_beside_the_extracts() {
    let dir = TestDir::with(&[REVIEW]);
    for folder in ["a", "b", "c"] {
        fs::create_dir(dir.at(folder)).expect("a directory");
        // Equal files would be refused as one file given twice.
        let text = fs::read_to_string(dir.at("claims.csv")).expect("a text");
        fs::write(
            dir.at(folder).join("claims.csv"),
            text.replace(REVIEW, &REVIEW.replacen(',', &format!("{folder},"), 1)),
        )
        .expect("room for it");
    }
    dir.put("a/claimlint.toml", "fail_on = \"review\"\n");
    dir.put("b/claimlint.toml", "fail_on = \"never\"\n");
    assert_eq!(dir.run(&["check", "a/claims.csv", "-q"]).code, Some(1));
    assert_eq!(dir.run(&["check", "c/claims.csv", "-q"]).code, Some(0));
    assert_eq!(dir.run(&["check", "a/claims.csv", "c/claims.csv", "-q"]).code, Some(1));
    let two = dir.run(&["check", "a/claims.csv", "b/claims.csv"]).refused();
    assert!(two.contains("a/claimlint.toml and b/claimlint.toml") && two.contains("--config"), "{two}");
    let later = dir.run(&["check", "c/claims.csv", "b/claims.csv"]).refused();
    assert!(later.contains("b/claimlint.toml") && later.contains("--config"), "{later}");
    let named = dir.run(&["check", "a/claims.csv", "b/claims.csv", "--config", "b/claimlint.toml", "-q"]);
    assert_eq!(named.code, Some(0), "{}", named.err);
    // Standard input is in no directory, so no settings file is read, not even that of the working directory.
    dir.put("claimlint.toml", "fail_on = \"review\"\n");
    let text = fs::read_to_string(dir.at("claims.csv")).expect("ours");
    assert_cmd::Command::from_std(dir.command(&["check", "-", "-q"])).write_stdin(text).assert().code(0);
}

#[test]
fn a_broken_file_is_refused_with_all_its_faults() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("claimlint.toml", "fail_onn = \"deny\"\nmember = \"M1\"\nfail_on = 5\n");
    for args in [&["check", "claims.csv"][..], &["config", "show", "claims.csv"]] {
        let output = dir.run(args).refused();
        for part in
            ["claimlint.toml has 3 faults", ":1:1: `fail_onn` is not known", ":2:1: `member`", ":3:11: `fail_on` is"]
        {
            assert!(output.contains(part), "{part}: {output}");
        }
    }
    // No text of the file begins a line of the message.
    dir.put("claimlint.toml", "auths = \"a\\nerror: b\"\n[products]\n\"G\\nerror: O\" = \"g\\nerror: o\"\n");
    let output = dir.run(&["check", "claims.csv"]);
    assert!(output.code == Some(2) && output.err.contains("`auths` holds a line end"), "{}", output.err);
    assert_eq!(output.err.lines().filter(|line| line.starts_with("error:")).count(), 1, "{}", output.err);
    dir.put("claimlint.toml", "\nfail_if = \"rows >\"\n");
    let gate = dir.run(&["check", "claims.csv"]).refused();
    assert!(gate.contains("claimlint.toml:2:11: `fail_if`: column 7: the expression ends too soon"), "{gate}");
    assert!(gate.trim_end().ends_with("; the expression is `rows >`"), "one line and no caret: {gate}");
    dir.put("claimlint.toml", "[products]\n\nGOLD = \"gold\"\n");
    let class = dir.run(&["check", "claims.csv"]).refused();
    assert!(class.contains("claimlint.toml:3:1: \"gold\" is not a class of the policy"), "{class}");
    let missing = dir.run(&["check", "claims.csv", "--config", "none.toml"]).refused();
    assert!(missing.contains("none.toml: does not exist"), "{missing}");
    assert_eq!(dir.names(), ["claimlint.toml", "claims.csv"]);
}

#[test]
fn a_value_of_the_file_is_answered_with_its_place_and_key_not_with_a_flag() {
    let dir = TestDir::with(&[CLEAR]);
    for (line, says) in [
        ("layout = \"nope.toml\"", "`layout` nope.toml: neither a file nor a built-in layout"),
        ("out = \"r/{foo}\"", "`out` r/{foo}: {foo} is not known"),
        ("mask = \"nope.key\"", "`mask` nope.key: does not exist"),
        ("mask_dates = \"month\"", "`mask_dates` cuts the dates of a masked report"),
        ("no_services = true", "`no_services` leaves out services.csv"),
        ("fail_on = \"new-deny\"", "`fail_on` new-deny: new since which report?"),
        ("ignore = [\"DX\", \"PA\", \"CD\", \"RT\", \"TW\", \"DQ\"]", "`ignore`: no rule is left to ask"),
        ("auths = \"nope.csv\"", "`auths`: nope.csv: does not exist"),
        ("policy = \"nope.toml\"", "`policy`: nope.toml: does not exist"),
        ("suppress = \"nope.toml\"", "`suppress`: nope.toml: does not exist"),
        ("baseline = \"nope\"", "`baseline`: nope"),
    ] {
        dir.put("claimlint.toml", format!("# ours\n{line}\n"));
        let said = flowed(&dir.run(&["check", "claims.csv", "-q"]).refused());
        assert!(said.contains(&format!("error: claimlint.toml:2: {says}")), "{line}: {said}");
    }
    // A flag is answered with the flag.
    dir.put("claimlint.toml", "");
    let said = dir.run(&["check", "claims.csv", "--layout", "nope.toml"]).refused();
    assert!(said.contains("error: --layout nope.toml: neither a file"), "{said}");
    // All conditions that are wrong, each with its column.
    dir.put("claimlint.toml", "fail_if = [\"rows >\", \"deny > 5\",\n  \"rowz > 1\"]\n");
    let said = dir.run(&["check", "claims.csv"]).refused();
    assert!(
        said.contains("claimlint.toml:1:12: `fail_if`: ") && said.contains("claimlint.toml:2:3: `fail_if`: "),
        "{said}"
    );
}
