//! Tests `verify`: it distinguishes an intact report from an altered one, and says whether the report belongs to the given
//! extracts.

use std::fs;
use std::path::Path;

use claimlint::report::dir::manifest::Manifest;
use claimlint::report::seal;
use claimlint::report::seal::SignKey;

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

/// Copies a report with the modes of its files.
fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).expect("room for it");
    set_mode(to, 0o700);
    for name in names(from) {
        fs::copy(from.join(&name), to.join(&name)).expect("room for it");
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("ours");
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// Makes manifest.json and run.json fit the files of a report, as whoever may write to them can.
fn fit(report: &Path) {
    let path = |name: &str| report.join(name);
    let mut manifest: Manifest =
        serde_json::from_slice(&fs::read(path("manifest.json")).expect("a file")).expect("a manifest");
    for file in &mut manifest.files {
        let bytes = fs::read(path(&file.file)).expect("a file");
        (file.bytes, file.blake3) = (bytes.len() as u64, blake3::hash(&bytes).to_hex().to_string());
    }
    manifest.seal = manifest.sealed().expect("memory");
    let text = manifest.text().expect("memory");
    fs::write(path("manifest.json"), &text).expect("ours");
    let run = fs::read_to_string(path("run.json")).expect("a file");
    let (run, _) = run.split_once(",\n  \"manifest_blake3\"").expect("the hash of the manifest");
    fs::write(path("run.json"), seal::sealed(&format!("{run}\n}}"), &text, None)).expect("ours");
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
        // So small a file is hashed whole in either way.
        assert_eq!(page.contains("on disk with their number"), extent == "sampled");
        let whole = verify(&dir, &[&out], 0);
        assert!(whole.contains("The report is whole. Name its extracts") && !whole.contains("wrong"), "{whole}");
        let whole = verify(&dir, &[&out, CLAIMS, "claims.csv", "--auths", AUTHS], 0);
        assert!(whole.contains("whole and belongs to these inputs"), "{whole}");
        assert!(whole.contains(&format!("{extent} fingerprint")) && whole.contains("judged again"), "{whole}");
        // Without the authorization file the verdicts cannot be repeated, and the output says so.
        let said = verify(&dir, &[&out, CLAIMS, "claims.csv"], 0);
        assert!(said.contains("read again: rows and ledger") && said.contains("were not compared"), "{said}");
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

/// In a masked report, amounts, units and modifiers that are numbers of the run count as unreadable. An intact one belongs to
/// its inputs nevertheless, and one of other inputs does not.
#[test]
fn a_masked_report_with_numbers_in_wrong_columns_belongs_to_its_inputs() {
    let dir = TestDir::with(&[]);
    let head = "claim_id,line_number,claim_form,member_id,product,place_of_service,service_date,procedure_code,units,modifier_1,diagnosis_1,\
                authorization_number,paid_amount\n";
    let rows = "123456,1,P,M1000001,PPO,24,2024-05-02,22513,1,,M5450,,123456.00\n\
                123457,1,P,M1000002,PPO,24,2024-05-03,22514,123458,,M5450,,900.00\n\
                123458,1,P,801234,PPO,24,2024-05-03,22514,1,801234,M5450,A777001,900.00\n\
                123459,1,P,M1000004,PPO,24,2024-05-03,22514,1,,M5450,,777001.00\n";
    let auths = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n\
                 777001,801234,22514,APPROVED,2024-01-01,2024-12-31,777001\n";
    dir.put("claims.csv", head.to_owned() + rows);
    dir.put("other.csv", head.to_owned() + &rows.replace("900.00", "901.00"));
    dir.put("auths.csv", auths);
    dir.put("key", "a key of more than sixteen bytes");
    let check = |out: &str, more: &[&str]| {
        dir.run(&[&["check", "claims.csv", "-q", "--fail-on", "never", "--out", out], more].concat()).success();
    };
    check("plain", &["--auths", "auths.csv"]);
    check("masked", &["--mask", "key"]);
    check("months", &["--auths", "auths.csv", "--mask", "key", "--mask-dates", "month"]);
    let summary = |out: &str| fs::read_to_string(dir.at(out).join("summary.json")).expect("a summary");
    assert!(summary("plain").contains("\"902257.00\""), "{}", summary("plain"));
    assert!(!summary("months").contains("902257") && summary("months").contains("DQ508"), "{}", summary("months"));
    assert!(verify(&dir, &["plain", "claims.csv", "--auths", "auths.csv"], 0).contains("judged again"));
    assert!(verify(&dir, &["masked", "claims.csv"], 0).contains("judged again"));
    assert!(verify(&dir, &["months", "claims.csv", "--auths", "auths.csv"], 0).contains("judged again"));
    assert!(verify(&dir, &["months", "claims.csv"], 0).contains("ledger and verdicts of a masked report rest on"));
    verify(&dir, &["masked", "other.csv"], 1);
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
        // One bit of the last letter or digit, and of bytes everywhere.
        let last = bytes.iter().rposition(u8::is_ascii_alphanumeric).expect("a letter");
        for at in (0..5).map(|n| n * (bytes.len() - 1) / 4).chain([last]) {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).expect("ours");
            let output = verify(&dir, &[&altered], 1);
            assert!(output.contains(file.as_str()) && output.contains("not as it was written"), "{file}: {output}");
        }
        fs::remove_file(&path).expect("ours");
        let output = verify(&dir, &[&altered], 1);
        assert!(output.contains(&format!("{file} is missing")) && output.contains("claimlint check"), "{output}");
        fs::write(&path, &bytes).expect("ours");
        set_mode(&path, 0o600);
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
        fit(&dir.at(&forged));
        let output = verify(&dir, &[&forged], 1);
        assert!(output.contains(says), "{file}: {output}");
        assert!(!output.contains("was altered"), "the manifest was made to fit: {output}");
    }
}

/// manifest.json has one form only, and run.json has its own hash and that of the manifest.
#[test]
fn the_manifest_has_one_form_and_run_json_belongs_to_it() {
    let dir = working_dir();
    assert_eq!(dir.run(&["check", CLAIMS, "-q", "--out", "report"]).code, Some(1));
    assert_eq!(dir.run(&["check", "claims.csv", "-q", "--out", "other"]).code, Some(1));
    let manifest = fs::read_to_string(dir.at("report/manifest.json")).expect("a report");
    let one_form = "manifest.json holds more than claimlint wrote";
    for (n, (from, to)) in [
        ("{\n  \"schema\"", "{\n  \"note\": \"harmless\",\n  \"schema\""),
        ("{\n      \"file\"", "{\n      \"owner\": 1,\n      \"file\""),
        ("{\n", "{ \n"),
        ("\n}\n", "\n}\n\n"),
        ("\n}\n", "\n}"),
        ("{\n", "\n{\n"),
        ("claimlint-manifest/1", "claimlint-manifest\\/1"),
    ]
    .into_iter()
    .enumerate()
    {
        let altered = format!("altered-{n}");
        copied(&dir.at("report"), &dir.at(&altered));
        assert!(manifest.contains(from), "{from:?}");
        let other = manifest.replacen(from, to, 1);
        dir.put(&format!("{altered}/manifest.json"), &other);
        let output = verify(&dir, &[&altered], 1);
        assert!(output.contains(one_form) && output.contains("not the one that was written"), "{to:?}: {output}");
        // An attacker who makes run.json fit is seen, too.
        let run = fs::read_to_string(dir.at("report/run.json")).expect("a report");
        let run = run.split_once(",\n  \"manifest_blake3\"").expect("a hash").0.to_owned() + "\n}";
        dir.put(&format!("{altered}/run.json"), seal::sealed(&run, other.as_bytes(), None));
        let output = verify(&dir, &[&altered], 1);
        assert!(output.contains(one_form) && !output.contains("not the one that was written"), "{to:?}: {output}");
    }
    fs::copy(dir.at("other/run.json"), dir.at("report/run.json")).expect("ours");
    let output = verify(&dir, &["report"], 1);
    assert!(output.contains("manifest.json is not the one that was written with run.json"), "{output}");
    assert_eq!(output.matches("wrong").count(), 1, "{output}");
}

/// A report whose bytes are all as they were may still be open to others.
#[cfg(unix)]
#[test]
fn other_modes_and_links_are_noticed() {
    let dir = working_dir();
    assert_eq!(dir.run(&["check", CLAIMS, "-q", "--out", "report"]).code, Some(1));
    for (n, file) in names(&dir.at("report")).into_iter().enumerate() {
        let altered = format!("altered-{n}");
        copied(&dir.at("report"), &dir.at(&altered));
        let path = dir.at(&altered).join(&file);
        for mode in [0o644, 0o660, 0o700, 0o400, 0o4600] {
            set_mode(&path, mode);
            let output = verify(&dir, &[&altered], 1);
            let says = format!("{file} has mode {mode:o} and was made with mode 600");
            assert!(output.contains(&says) && output.matches("wrong").count() == 1, "{output}");
        }
        set_mode(&path, 0o600);
        let elsewhere = dir.at(&format!("elsewhere-{n}"));
        fs::hard_link(&path, &elsewhere).expect("the same disk");
        let output = verify(&dir, &[&altered], 1);
        assert!(output.contains(&format!("{file} has 2 names (hard links)")), "{output}");
        fs::remove_file(&path).expect("ours");
        std::os::unix::fs::symlink(&elsewhere, &path).expect("a link");
        let output = verify(&dir, &[&altered], 1);
        assert!(output.contains(&format!("{file} is not an ordinary file")), "{output}");
    }
    set_mode(&dir.at("report"), 0o777);
    assert!(verify(&dir, &["report"], 1).contains("the directory has mode 777"));
}

/// Whoever can write to a report can make manifest and hashes fit, but not the signature.
#[test]
fn only_the_key_makes_a_signature() {
    let dir = working_dir();
    let key = |name: &str, text: &[u8]| {
        dir.put(name, text);
        set_mode(&dir.at(name), 0o600);
    };
    let bytes: [u8; 32] = std::array::from_fn(|n| n as u8 * 5 + 3);
    key("key", &bytes);
    key("key.hex", blake3::Hash::from_bytes(bytes).to_hex().as_bytes());
    key("other", &bytes.map(|b| b ^ 1));
    for (out, sign) in [("signed", &["--sign", "key"][..]), ("unsigned", &[])] {
        assert_eq!(dir.run(&[&["check", CLAIMS, "-q", "--out", out], sign].concat()).code, Some(1));
    }
    // Only run.json is signed; everything else is the same.
    for file in names(&dir.at("signed")).iter().filter(|file| *file != "run.json") {
        let read = |out: &str| fs::read(dir.at(out).join(file)).expect("a file");
        assert_eq!(read("signed"), read("unsigned"), "{file}");
    }
    for sign in ["key", "key.hex"] {
        let output = verify(&dir, &["signed", CLAIMS, "--sign", sign], 0);
        assert!(output.contains("signature: made with this key") && !output.contains("cannot prove"), "{output}");
    }
    assert!(verify(&dir, &["signed"], 0).contains("signed, and its signature was not checked"));
    assert!(verify(&dir, &["unsigned"], 0).contains("A manifest alone cannot prove who wrote a report"));
    assert!(verify(&dir, &["signed", "--sign", "other"], 1).contains("was not made with this key"));
    let no_signature = "run.json has no signature";
    assert!(verify(&dir, &["unsigned", "--sign", "key"], 1).contains(no_signature));

    // The page is altered, and everything that needs no key fits it.
    copied(&dir.at("signed"), &dir.at("forged"));
    let text = |file: &str| fs::read_to_string(dir.at(file)).expect("a file");
    dir.put("forged/report.html", text("forged/report.html").replacen("claim", "CLAIM", 1));
    assert!(verify(&dir, &["forged"], 1).contains("report.html was altered"));
    fit(&dir.at("forged"));
    assert!(verify(&dir, &["forged"], 0).contains("A manifest alone cannot prove"), "the hashes fit");
    assert!(verify(&dir, &["forged", "--sign", "key"], 1).contains(no_signature));
    // A signature under a key of the attacker, and that of the true report.
    let other = SignKey::new(&bytes.map(|b| b ^ 1)).unwrap_or_else(|e| panic!("{e}"));
    let start = text("forged/run.json").split_once(",\n  \"manifest_blake3\"").expect("a hash").0.to_owned() + "\n}";
    let under_other = seal::sealed(&start, text("forged/manifest.json").as_bytes(), Some(&other));
    let signature = |run: &str| run.split_once("\"signature\": \"").expect("a signature").1[..64].to_owned();
    let true_one = under_other.replace(&signature(&under_other), &signature(&text("signed/run.json")));
    let (start, _) = true_one.split_once(",\n  \"blake3\"").expect("a hash");
    let true_one = format!("{start},\n  \"blake3\": \"{}\"\n}}\n", blake3::hash(start.as_bytes()).to_hex());
    for run in [under_other, true_one] {
        dir.put("forged/run.json", run);
        let output = verify(&dir, &["forged", "--sign", "key"], 1);
        assert!(output.contains("was not made with this key") && output.matches("wrong").count() == 1, "{output}");
        assert!(verify(&dir, &["forged"], 0).contains("its signature was not checked"));
    }
}

#[test]
fn keys_that_do_not_protect_are_refused_before_anything_is_read() {
    let dir = working_dir();
    let bytes: Vec<u8> = (0..32).map(|n| n * 5 + 3).collect();
    assert_eq!(dir.run(&["check", CLAIMS, "-q", "--out", "report"]).code, Some(1));
    let refused = |says: &str| {
        for args in [&["check", CLAIMS, "--out", "new"][..], &["verify", "report"]] {
            let output = crate::kit::flowed(&dir.run(&[args, &["--sign", "key"]].concat()).refused());
            assert!(output.contains("--sign key: ") && output.contains(says), "{says}: {output}");
            assert!(!dir.at("new").exists());
        }
    };
    refused("does not exist");
    for (secret, says) in [
        (&b""[..], "neither 32 bytes nor 64"),
        (b"a pass phrase", "neither 32 bytes nor 64"),
        (&[bytes.clone(), b"\n".to_vec()].concat(), "neither 32 bytes nor 64"),
        (&[7; 32], "easy to guess"),
        (b"0123456701234567012345670123456701234567012345670123456701234567", "easy to guess"),
    ] {
        dir.put("key", secret);
        set_mode(&dir.at("key"), 0o600);
        refused(says);
    }
    // A key is never removed, even if it is where a report was.
    dir.put("report/services.csv", &bytes);
    let output = dir.run(&["check", CLAIMS, "--out", "report", "--force", "--sign", "report/services.csv"]).refused();
    assert!(crate::kit::flowed(&output).contains("services.csv is an input of this run"), "{output}");
    dir.put("key", &bytes);
    #[cfg(unix)]
    {
        for mode in [0o640, 0o604, 0o602, 0o666] {
            set_mode(&dir.at("key"), mode);
            refused("other users may read it");
        }
        fs::remove_file(dir.at("key")).expect("ours");
        assert!(std::process::Command::new("mkfifo").arg(dir.at("key")).status().expect("it is installed").success());
        refused("is not an ordinary file");
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
