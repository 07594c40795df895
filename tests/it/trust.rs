//! Tests settings files that nobody named: they are a warning if they change results, are refused if another user may have
//! written them, and are read by every command that reads extracts.

use std::fs;

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir};
use crate::warnings::of_report;

#[test]
fn settings_that_nobody_named_are_a_warning_if_they_change_results() {
    let dir = TestDir::with(&[CLEAR]);
    let check = |settings: &str, more: &[&str]| {
        dir.put("claimlint.toml", settings);
        dir.run(&[&["check", "claims.csv", "--out", "r", "--force"][..], more].concat());
        of_report(&dir, "r")
    };
    let text = "fail_on = \"never\"\n[dispositions]\nDX101 = \"info\"\n";
    assert_eq!(check(text, &[]), ["settings-beside-extract fail_on, dispositions.DX101"]);
    assert_eq!(check(text, &["--fail-on", "deny"]), ["settings-beside-extract dispositions.DX101"]);
    assert!(check(text, &["--config", "claimlint.toml"]).is_empty());
    assert!(check(text, &["--no-config"]).is_empty());
    assert!(check("threads = 2\nformat = \"jsonl\"\n", &[]).is_empty());
    assert_eq!(check("[products]\nGOLD = \"commercial-managed-care\"\n", &[]), ["settings-beside-extract products"]);
}

#[cfg(unix)]
#[test]
fn a_settings_file_that_all_may_write_is_refused_unless_it_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TestDir::with(&[CLEAR]);
    dir.put("claimlint.toml", "threads = 2\n");
    let mode = |bits| fs::set_permissions(dir.at("claimlint.toml"), fs::Permissions::from_mode(bits)).expect("ours");
    mode(0o646);
    let output = dir.run(&["check", "claims.csv", "--out", "a"]).refused();
    assert!(output.contains("every user may write") && output.contains("--config"), "{output}");
    dir.run(&["check", "claims.csv", "--out", "b", "--config", "claimlint.toml"]).success();
    dir.run(&["check", "claims.csv", "--out", "c", "--no-config"]).success();
    mode(0o640);
    dir.run(&["check", "claims.csv", "--out", "d"]).success();
    // Only root can give a file away. A link of another user says which file is read, so it is that user's.
    let other = Some(65_534);
    if std::os::unix::fs::chown(dir.at("claimlint.toml"), other, None).is_ok() {
        let output = dir.run(&["check", "claims.csv", "--out", "e"]).refused();
        assert!(output.contains("belongs to another user"), "{output}");
        dir.put("mine.toml", "threads = 2\n");
        fs::remove_file(dir.at("claimlint.toml")).expect("ours");
        std::os::unix::fs::symlink("mine.toml", dir.at("claimlint.toml")).expect("room for it");
        dir.run(&["check", "claims.csv", "--out", "f"]).success();
        std::os::unix::fs::lchown(dir.at("claimlint.toml"), other, None).expect("we are root");
        let output = dir.run(&["check", "claims.csv", "--out", "g"]).refused();
        assert!(output.contains("belongs to another user"), "{output}");
    }
}

#[test]
fn other_commands_read_the_settings_of_check() {
    let dir = TestDir::with(&[DENY]);
    dir.put("claims.csv", format!("{HEAD}{DENY}").replace("claim_id", "CERT"));
    let columns = HEAD.trim_end().split(',').map(|name| {
        let column = if name == "claim_id" { "CERT" } else { name };
        if name == "diagnosis_1" {
            "diagnosis = \"diagnosis_{1..2}\"\n".to_owned()
        } else {
            format!("{name} = \"{column}\"\n")
        }
    });
    let layout = "name = \"mart\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n[columns]\n".to_owned();
    dir.put("mart.toml", layout + &columns.collect::<String>());
    dir.put("claimlint.toml", "layout = \"mart.toml\"\nauths = \"auths.csv\"\n[dispositions]\nDX101 = \"review\"\n");
    dir.put("auths.csv", "authorization_number,status\nA-1,approved\n");
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "r"]).code, Some(0));
    let output = dir.run(&["inspect", "claims.csv"]).success();
    assert!(output.contains("mart") && output.contains("settings   claimlint.toml"), "{output}");
    assert_eq!(dir.run(&["inspect", "claims.csv", "--no-config"]).code, Some(2));
    let output = dir.run(&["verify", "r", "claims.csv"]).success();
    assert!(output.contains("settings of claimlint.toml are in force") && output.contains("judged again"), "{output}");
    let shown = |args: &[&str]| -> CommandOutput { dir.run(&[&["policy", "show"][..], args].concat()) };
    let plain = shown(&[]);
    assert!(plain.err.contains("claimlint.toml was not read"), "{}", plain.err);
    let with = shown(&["--config", "claimlint.toml"]);
    assert!(with.err.is_empty(), "{}", with.err);
    assert_ne!(plain.success(), with.success());
}
