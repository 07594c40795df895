//! Tests `verify`: it distinguishes an intact report from an altered one, and says whether the report belongs to the given
//! extracts.

use std::fs;
use std::path::Path;

use claimlint::report::dir::manifest::Manifest;

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir, names};
use crate::kit::at;

fn working_dir() -> TestDir {
    let dir = TestDir::with(&[DENY, "short,row\n"]);
    for name in ["kyphoplasty-2024q1.csv", "authorizations-2024q1.csv", "tuva-medical-claim.csv"] {
        fs::copy(at("fixtures/extracts").join(name), dir.at(name)).expect("room for it");
    }
    dir
}

const CLAIMS: &str = "kyphoplasty-2024q1.csv";
const AUTHS: &str = "authorizations-2024q1.csv";

/// The output on one line. Panics unless it exited with this code.
fn verify(dir: &TestDir, args: &[&str], code: i32) -> String {
    let CommandOutput { code: ended, out, err } = dir.run(&[&["verify"], args].concat());
    assert_eq!(ended, Some(code), "{args:?}: {out}{err}");
    crate::kit::flowed(&(out + &err))
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).expect("room for it");
    for name in names(from) {
        fs::copy(from.join(&name), to.join(&name)).expect("room for it");
    }
}

#[test]
fn an_unaltered_report_verifies_with_its_inputs() {
    let dir = working_dir();
    for extent in ["sampled", "full"] {
        let out = format!("report-{extent}");
        let check = ["check", CLAIMS, "claims.csv", "--auths", AUTHS, "-q", "--fingerprint", extent, "--out", &out];
        assert_eq!(dir.run(&check).code, Some(1));
        // The page names the fingerprints of the files from which it was made.
        let text = |name: &str| fs::read_to_string(dir.at(&out).join(name)).expect("a text");
        let manifest: Manifest = serde_json::from_str(&text("manifest.json")).expect("a manifest");
        let page = text("report.html");
        assert_eq!(manifest.inputs.len(), 3);
        for input in &manifest.inputs {
            let print = input.fingerprint.as_ref().expect("a file");
            let verify =
                format!("<dt>{}</dt><dd><b>{}</b> <code>{}</code>", input.role.word(), input.file, print.blake3);
            assert!(page.contains(&verify), "{verify}");
        }
        assert_eq!(page.contains("of a sample of its"), extent == "sampled");
        let whole = verify(&dir, &[&out], 0);
        assert!(whole.contains("The report is whole. Name its extracts") && !whole.contains("wrong"), "{whole}");
        let whole = verify(&dir, &[&out, CLAIMS, "claims.csv", "--auths", AUTHS], 0);
        assert!(whole.contains("whole and belongs to these inputs"), "{whole}");
        assert!(whole.contains(&format!("{extent} fingerprint")) && whole.contains("judged again"), "{whole}");
        // Without the authorization file the verdicts cannot be repeated, and the output says so.
        assert!(verify(&dir, &[&out, CLAIMS, "claims.csv"], 0).contains("read again: rows and ledger"));
    }
    // A masked report with dates cut to the month, from a pipe, is intact as well.
    fs::write(dir.at("key"), "a key of more than sixteen bytes").expect("room for it");
    let check = ["check", CLAIMS, "-q", "--mask", "key", "--mask-dates", "month", "--out", "masked"];
    assert_eq!(dir.run(&check).code, Some(1));
    verify(&dir, &["masked", CLAIMS], 0);
    let mut piped = assert_cmd::Command::from_std(dir.command(&["check", "-", "-q", "--out", "piped"]));
    piped.write_stdin(HEAD.to_owned() + DENY).assert().code(1);
    fs::write(dir.at("piped.csv"), HEAD.to_owned() + DENY).expect("room for it");
    assert!(verify(&dir, &["piped", "piped.csv"], 0).contains("read from a pipe and has no fingerprint"));
    assert!(verify(&dir, &["piped", "claims.csv"], 1).contains("2 rows, and summary.json says 1"));
}

#[test]
fn every_altered_file_is_named() {
    let dir = working_dir();
    assert_eq!(dir.run(&["check", CLAIMS, "claims.csv", "-q", "--out", "report"]).code, Some(1));
    let files = names(&dir.at("report"));
    for (n, file) in files.iter().enumerate() {
        let altered = format!("altered-{n}");
        let path = dir.at(&altered).join(file);
        copied(&dir.at("report"), &dir.at(&altered));
        let bytes = fs::read(&path).expect("a file");
        if file != "run.json" {
            // One bit of the last letter or digit.
            let mut bytes = bytes.clone();
            let last = bytes.iter().rposition(u8::is_ascii_alphanumeric).expect("a letter");
            bytes[last] ^= 1;
            fs::write(&path, bytes).expect("ours");
            let output = verify(&dir, &[&altered], 1);
            assert!(output.contains(file.as_str()) && output.contains("not whole"), "{file}: {output}");
        }
        fs::remove_file(&path).expect("ours");
        let output = verify(&dir, &[&altered], 1);
        assert!(output.contains(&format!("{file} is missing")) && output.contains("claimlint check"), "{output}");
        fs::write(&path, &bytes).expect("ours");
        verify(&dir, &[&altered], 0);
    }
    copied(&dir.at("report"), &dir.at("added"));
    fs::write(dir.at("added/notes.txt"), "mine").expect("room for it");
    fs::create_dir(dir.at("added/folder")).expect("room for it");
    let output = verify(&dir, &["added"], 1);
    assert!(output.contains("notes.txt does not belong") && output.contains("folder does not belong"), "{output}");
}

/// The sums reveal tables and a summary that contradict each other, even when the manifest was rewritten to match.
#[test]
fn sums_are_counted_again_even_if_the_manifest_fits() {
    let dir = working_dir();
    assert_eq!(dir.run(&["check", CLAIMS, "claims.csv", "-q", "--out", "report"]).code, Some(1));
    for (n, (file, from, to, says)) in [
        ("services.csv", ",deny,", ",clear,", "services deny"),
        ("services.csv", ",paid,", "x,paid,", "services.csv cannot be read"),
        ("findings.csv", "\nPA201", "\nPA202", "findings of PA201"),
        ("rejects.csv", "\"short,row\"\n", "\"short,row\"\nclaims.csv,4,1,too-long,x\n", "rejects.csv holds 4"),
        ("summary.json", "\"rejected\": 3", "\"rejected\": 4", "the bins do not add up"),
    ]
    .into_iter()
    .enumerate()
    {
        let forged = format!("forged-{n}");
        copied(&dir.at("report"), &dir.at(&forged));
        let path = dir.at(&forged).join(file);
        let text = fs::read_to_string(&path).expect("text");
        assert!(text.contains(from), "{file} no longer holds {from:?}");
        let altered = text.replacen(from, to, 1);
        fs::write(&path, &altered).expect("ours");
        let manifest = dir.at(&forged).join("manifest.json");
        let fitted = fs::read_to_string(&manifest).expect("text");
        let print =
            |text: &str| (format!("\"bytes\": {},", text.len()), blake3::hash(text.as_bytes()).to_hex().to_string());
        let ((bytes, hash), (new_bytes, new_hash)) = (print(&text), print(&altered));
        let fitted = fitted.replace(&hash, &new_hash).replace(&bytes, &new_bytes);
        let mut fitted: Manifest = serde_json::from_str(&fitted).expect("a manifest");
        fitted.seal = fitted.sealed().expect("memory");
        fs::write(&manifest, serde_json::to_vec(&fitted).expect("memory")).expect("ours");
        let output = verify(&dir, &[&forged], 1);
        assert!(output.contains(says), "{file}: {output}");
        assert!(!output.contains("was altered"), "the manifest was made to fit: {output}");
    }
}

#[test]
fn other_inputs_than_those_of_the_report_are_noticed() {
    let dir = working_dir();
    fs::write(dir.at("clear.csv"), HEAD.to_owned() + CLEAR).expect("room for it");
    let check = ["check", CLAIMS, "clear.csv", "--auths", AUTHS, "-q", "--out", "report"];
    assert_eq!(dir.run(&check).code, Some(1));
    for (args, says) in [
        (&[CLAIMS][..], "1 extract given, but the report was made from 2"),
        (&[CLAIMS, "clear.csv", "claims.csv"], "3 extracts given"),
        (&["clear.csv", CLAIMS], "in the order of the run: kyphoplasty-2024q1.csv clear.csv"),
        (&[CLAIMS, "claims.csv"], "claims.csv: has"),
        (&[CLAIMS, "clear.csv", "--auths", "claims.csv"], "claims.csv: has"),
    ] {
        let output = verify(&dir, &[&["report"], args].concat(), 1);
        assert!(output.contains(says), "{args:?}: {output}");
        assert!(output.contains("whole but does not belong to these inputs"), "{args:?}: {output}");
    }
    // The same size, one digit changed.
    fs::write(dir.at("clear.csv"), HEAD.to_owned() + &CLEAR.replace("2500.00", "2500.01")).expect("room for it");
    let output = verify(&dir, &["report", CLAIMS, "clear.csv"], 1);
    assert!(output.contains("clear.csv: its sampled fingerprint is not that of clear.csv"), "{output}");
}

/// The report keeps dispositions from a settings file, which are not in any policy file.
#[test]
fn a_report_judged_by_settings_is_judged_again_by_them() {
    let dir = working_dir();
    fs::write(dir.at("claimlint.toml"), "[dispositions]\nDX101 = \"info\"\n").expect("room for it");
    let check = ["check", CLAIMS, "--auths", AUTHS, "-q", "--out", "report"];
    assert_eq!(dir.run(&check).code, Some(1));
    fs::remove_file(dir.at("claimlint.toml")).expect("it was there");
    let output = verify(&dir, &["report", CLAIMS, "--auths", AUTHS], 0);
    assert!(output.contains("judged again by the policy that the report holds: rows, ledger, services"), "{output}");
    // A policy that was changed on purpose is reported as another policy.
    let policy = dir.run(&["policy", "show", "--toml", "policy"]).success();
    fs::write(dir.at("mine.toml"), policy).expect("room for it");
    let output = verify(&dir, &["report", CLAIMS, "--auths", AUTHS, "--policy", "mine.toml"], 2);
    assert!(output.contains("--policy files that `check` was given"), "{output}");
}

#[test]
fn a_report_that_cannot_be_verified_exits_with_2() {
    let dir = working_dir();
    fs::create_dir(dir.at("empty")).expect("room for it");
    for place in ["empty", "none", "claims.csv"] {
        assert!(verify(&dir, &[place], 2).contains("holds no claimlint report"), "{place}");
    }
    assert_eq!(dir.run(&["check", CLAIMS, "-q", "--out", "report"]).code, Some(1));
    assert!(verify(&dir, &["report", "none.csv"], 2).contains("none.csv: does not exist"));
    let policy = dir.run(&["policy", "show", "--toml", "policy"]).success();
    fs::write(dir.at("mine.toml"), policy + "\n# mine\n").expect("room for it");
    let output = verify(&dir, &["report", CLAIMS, "--policy", "mine.toml"], 2);
    assert!(output.contains("--policy files that `check` was given"), "{output}");
}
