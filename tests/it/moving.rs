//! Tests that an input whose size or modification time changes during the run ends it, whatever changed in it.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use claimlint::ingest::{FileHash, HashScope};

use crate::cli::{CLEAR, DENY, HEAD, TestDir};
use crate::night::{end, extract, leftovers, report, start};

/// Changes the input `name` after a run with these arguments has begun to read standard input, which is its first
/// extract. Returns stderr of the run, which must be refused.
fn refused(dir: &TestDir, args: &[&str], change: impl FnOnce()) -> String {
    let mut command = dir.command(&["check", "-", "--out", "report", "--force", "-q", "--threads", "1"]);
    let mut child = start(command.args(args));
    let mut pipe = child.stdin.take().expect("a pipe");
    // More than the pipe's buffer: once it is written, the run is reading.
    pipe.write_all(extract(20_000, 100, 5).as_bytes()).expect("it reads");
    change();
    drop(pipe);
    end(child).0.refused()
}

fn open(path: &Path) -> File {
    OpenOptions::new().write(true).open(path).expect("ours")
}

#[test]
fn an_input_that_changes_leaves_the_old_report() {
    let dir = TestDir::with(&[DENY]);
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "report", "-q"]).code, Some(1));
    let before = report(&dir.at("report"));
    let text = extract(2_000, 100, 4);
    let path = dir.at("moving.csv");
    let modified = || fs::metadata(&path).expect("it is there").modified().expect("it has a time");
    let changes: [(&str, &dyn Fn()); 9] = [
        ("cut", &|| fs::write(&path, &text[..4096]).expect("room")),
        ("cut in place", &|| open(&path).set_len(text.len() as u64 - 1).expect("ours")),
        ("cut in place and dated back", &|| {
            let time = modified();
            open(&path).set_len(text.len() as u64 - 1).expect("ours");
            open(&path).set_modified(time).expect("ours");
        }),
        ("grown", &|| fs::write(&path, text.clone() + CLEAR).expect("room")),
        ("rewritten", &|| fs::write(&path, text.replace("2024-03-01", "2024-03-02")).expect("room")),
        ("touched", &|| open(&path).set_modified(modified() + Duration::from_nanos(1)).expect("ours")),
        ("dated back", &|| open(&path).set_modified(modified() - Duration::from_mins(1)).expect("ours")),
        ("removed", &|| fs::remove_file(&path).expect("ours")),
        ("replaced by a file of the same size and time", &|| {
            let time = modified();
            fs::write(dir.at("other"), text.replace("2024-03-01", "2024-03-02")).expect("room");
            open(&dir.at("other")).set_modified(time).expect("ours");
            fs::rename(dir.at("other"), &path).expect("ours");
        }),
    ];
    for (what, change) in changes {
        for hashed in ["sampled", "full"] {
            fs::write(&path, &text).expect("room for it");
            // With a sample, the file is hashed before it changes, and it is read afterwards.
            let message = refused(&dir, &["moving.csv", "--fingerprint", hashed], change);
            let expected = if what == "removed" { "moving.csv: " } else { "changed while it was read; run again when" };
            assert!(message.contains(expected), "{what}, {hashed}: {message}");
            assert_eq!(report(&dir.at("report")), before, "{what}");
            assert_eq!(leftovers(&dir), [""; 0], "{what}");
        }
    }
}

/// A few bytes between two samples change: the sampled hash is the same.
#[test]
fn a_change_that_no_sample_shows_is_noticed() {
    let dir = TestDir::with(&[DENY]);
    let path = dir.at("moving.csv");
    fs::write(&path, extract(130_000, 1_000, 4)).expect("room for it");
    let size = fs::metadata(&path).expect("it is there").len();
    assert!(size > 7 << 20, "it is larger than what is hashed whole: {size}");
    let hash = || FileHash::compute(&path.display().to_string(), HashScope::Sampled).expect("it can be read");
    let before = hash();
    // Between the first sample after the first MiB, which ends some 78 KiB after it, and the second, which begins 105
    // KiB after it.
    let between = (1 << 20) + (88 << 10);
    let mut changed = false;
    let message = refused(&dir, &["moving.csv"], || {
        let bytes = fs::read(&path).expect("it is there");
        // The last digit of an amount.
        let at = between + bytes[between..].iter().position(|b| *b == b'\n').expect("a line") - 1;
        let mut file = open(&path);
        file.seek(SeekFrom::Start(at as u64)).expect("ours");
        file.write_all(if bytes[at] == b'1' { b"2" } else { b"1" }).expect("room");
        changed = true;
    });
    assert!(changed && before == hash(), "the samples are the same");
    assert!(message.contains("moving.csv: changed while it was read"), "{message}");
    assert!(!dir.at("report").exists());
}

/// The other inputs of a run: its authorization file is read before the first row, a joined table with the extract.
#[test]
fn every_kind_of_input_is_watched() {
    let dir = TestDir::with(&[DENY]);
    let auths = "authorization_number,status,valid_from,valid_to,member_id\nA-1,approved,2024-01-01,2024-12-31,M1\n";
    fs::write(dir.at("auths.csv"), auths).expect("room for it");
    let touch = |name: &str| open(&dir.at(name)).set_modified(std::time::UNIX_EPOCH).expect("ours");
    for hashed in ["sampled", "full"] {
        let args = ["--auths", "auths.csv", "--fingerprint", hashed];
        let message = refused(&dir, &args, || touch("auths.csv"));
        assert!(message.contains("auths.csv: changed while it was read"), "{hashed}: {message}");
        fs::write(dir.at("auths.csv"), auths).expect("room for it");
    }
    // Nothing changes: the run succeeds.
    let mut command = dir.command(&["check", "-", "claims.csv", "--auths", "auths.csv", "--out", "report", "-q"]);
    let mut child = start(&mut command);
    child.stdin.take().expect("a pipe").write_all((HEAD.to_owned() + CLEAR).as_bytes()).expect("it reads");
    assert_eq!(end(child).0.code, Some(1));
}
