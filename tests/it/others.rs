//! Tests that files of others stay: what is in the place of a lock, of a report or of a leftover and is not claimlint's,
//! what the run reads, and what somebody puts in the place of a directory during the run.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Child;

use crate::cli::{CLEAR, DENY, HEAD, TestDir, names};
use crate::night::{begun, end, leftovers, report, start};

fn put(dir: &TestDir, name: &str, text: &str) {
    fs::write(dir.at(name), text).expect("room for it");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("it is there")
}

/// A directory with a report of [`DENY`].
fn with_report() -> TestDir {
    let dir = TestDir::with(&[DENY]);
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "report", "-q", "--format", "rollups"]).code, Some(1));
    dir
}

const FORCE: [&str; 6] = ["check", "claims.csv", "--out", "report", "-q", "--force"];

#[test]
fn what_is_in_the_place_of_a_lock_is_neither_opened_nor_removed() {
    type Place = fn(&TestDir);
    let victims: [(&str, Place); 6] = [
        ("a link", |dir| symlink("victim", dir.at(".report.lock")).expect("a link")),
        ("a link to nothing", |dir| symlink("nothing", dir.at(".report.lock")).expect("a link")),
        ("a hard link", |dir| fs::hard_link(dir.at("victim"), dir.at(".report.lock")).expect("a link")),
        ("a file with content", |dir| put(dir, ".report.lock", "mine")),
        ("a pipe", |dir| {
            let made = std::process::Command::new("mkfifo").arg(dir.at(".report.lock")).status();
            assert!(made.expect("mkfifo is everywhere").success());
        }),
        ("a directory", |dir| fs::create_dir(dir.at(".report.lock")).expect("room for it")),
    ];
    for (what, place) in victims {
        let dir = TestDir::with(&[CLEAR]);
        put(&dir, "victim", "");
        fs::set_permissions(dir.at("victim"), fs::Permissions::from_mode(0o640)).expect("ours");
        place(&dir);
        let before = dir.names();
        let refused = dir.run(&["check", "claims.csv", "--out", "report"]).refused();
        assert!(refused.contains(".report.lock: is in the place of the lock of this report"), "{what}: {refused}");
        assert_eq!(dir.names(), before, "{what}");
        let mode = fs::metadata(dir.at("victim")).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode, read(&dir.at("victim"))), (0o640, String::new()), "{what}");
        if what == "a file with content" {
            assert_eq!(read(&dir.at(".report.lock")), "mine");
        }
    }
    // An empty file is the lock of a dead run, unless this run reads it. Its permissions stay.
    let dir = TestDir::with(&[CLEAR]);
    put(&dir, ".report.lock", "");
    let refused = dir.run(&["check", "claims.csv", ".report.lock", "--out", "report"]).refused();
    assert!(refused.contains("an input of this run"), "{refused}");
    assert!(dir.at(".report.lock").exists());
    dir.run(&["check", "claims.csv", "--out", "report", "-q"]).success();
    assert_eq!(leftovers(&dir), [""; 0]);
}

#[test]
fn force_replaces_only_the_files_that_the_manifest_names() {
    let dir = with_report();
    let whole = report(&dir.at("report"));
    for strange in ["report.xlsx", "services.parquet", "rollup-mine.csv", "services (annotated).csv", ".hidden"] {
        put(&dir, &format!("report/{strange}"), "mine");
        let refused = dir.run(&FORCE).refused();
        assert!(refused.contains(strange) && refused.contains("not part of this claimlint report"), "{refused}");
        assert_eq!(read(&dir.at("report").join(strange)), "mine");
        fs::remove_file(dir.at("report").join(strange)).expect("ours");
    }
    // A file of the report in which somebody wrote notes.
    for annotated in ["services.csv", "report.html", "rollup-month.csv"] {
        let text = read(&dir.at("report").join(annotated));
        put(&dir, &format!("report/{annotated}"), &format!("{text}call the provider\n"));
        let refused = dir.run(&FORCE).refused();
        assert!(refused.contains(&format!("{annotated} was changed after the report was written")), "{refused}");
        assert!(read(&dir.at("report").join(annotated)).ends_with("call the provider\n"));
        put(&dir, &format!("report/{annotated}"), &text);
    }
    // A link in the place of a file.
    fs::rename(dir.at("report/rejects.csv"), dir.at("rejects.csv")).expect("ours");
    symlink("../rejects.csv", dir.at("report/rejects.csv")).expect("a link");
    assert!(dir.run(&FORCE).refused().contains("rejects.csv"));
    fs::rename(dir.at("rejects.csv"), dir.at("report/rejects.csv")).expect("ours");
    assert_eq!(report(&dir.at("report")), whole);
    assert_eq!(leftovers(&dir), [""; 0]);
    assert_eq!(dir.run(&FORCE).code, Some(1));
    assert!(!dir.at("report/rollup-month.csv").exists(), "the roll-ups of the earlier report are gone");
    // Without a manifest, only the names that this version writes are replaced.
    fs::write(dir.at("report/manifest.json"), "{}").expect("ours");
    put(&dir, "report/rollup-mine.csv", "mine");
    assert!(dir.run(&FORCE).refused().contains("rollup-mine.csv"));
    fs::remove_file(dir.at("report/rollup-mine.csv")).expect("ours");
    assert_eq!(dir.run(&FORCE).code, Some(1));
}

/// Any file may be the key of `--mask`, so this input can have the name and place of any file.
#[test]
fn an_input_is_never_removed() {
    let dir = with_report();
    let whole = report(&dir.at("report"));
    symlink("report/findings.csv", dir.at("link")).expect("a link");
    fs::hard_link(dir.at("report/summary.json"), dir.at("hard")).expect("a link");
    for key in ["report/services.csv", "link", "hard"] {
        let refused = dir.run(&[&FORCE[..], &["--mask", key]].concat()).refused();
        assert!(refused.contains("is an input of this run, so --force does not replace it"), "{key}: {refused}");
        assert_eq!(report(&dir.at("report")), whole, "{key}");
    }
    // An extract, a policy and a settings file that are links to files of the report.
    put(&dir, "report/run.json", &(HEAD.to_owned() + CLEAR));
    put(&dir, "claimlint.toml", "");
    for args in [&["report/run.json"][..], &["claims.csv", "--config", "config"]] {
        if args.contains(&"config") {
            put(&dir, "report/run.json", "threads = 1\n");
            symlink("report/run.json", dir.at("config")).expect("a link");
        }
        let refused =
            dir.run(&[&["check"], args, &["--no-config"][..usize::from(args.len() == 1)], &FORCE[2..]].concat());
        let refused = refused.refused();
        assert!(refused.contains("run.json is an input of this run"), "{args:?}: {refused}");
        assert_eq!(report(&dir.at("report")), whole, "{args:?}");
    }
    // What looks like the leftover of a killed run.
    fs::create_dir(dir.at(".other.a1b2c3.partial")).expect("room for it");
    put(&dir, ".other.a1b2c3.partial/services.csv", "a key that is long enough, and then some");
    let args = ["check", "claims.csv", "--out", "other", "-q", "--mask", ".other.a1b2c3.partial/services.csv"];
    assert_eq!(dir.run(&args).code, Some(1));
    assert!(dir.at(".other.a1b2c3.partial/services.csv").exists());
    // Without the input, it is one.
    assert_eq!(dir.run(&[&["check", "claims.csv", "--out", "other", "-q", "--force"][..]].concat()).code, Some(1));
    assert_eq!(leftovers(&dir), [""; 0]);
}

/// A run that reads standard input and has begun to build its report.
fn waiting(dir: &TestDir, args: &[&str]) -> Child {
    let child = start(&mut dir.command(&[&["check", "-", "--out", "report", "-q"], args].concat()));
    begun(dir);
    has_opened(&child);
    child
}

/// Waits until the run has opened its directory under construction.
fn has_opened(child: &Child) {
    let open = || {
        let Ok(files) = fs::read_dir(format!("/proc/{}/fd", child.id())) else {
            // Other systems do not show it.
            std::thread::sleep(std::time::Duration::from_secs(1));
            return true;
        };
        let leads_to =
            |file: fs::DirEntry| fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().ends_with(".partial"));
        files.flatten().any(leads_to)
    };
    while !open() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Ends the input of the run.
fn go_on(child: &mut Child) {
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all((HEAD.to_owned() + CLEAR).as_bytes()).expect("it reads");
}

/// Puts a directory with a file of somebody else in the place of the directory under construction. The file has the
/// name of a file of a report.
fn swap_partial(dir: &TestDir) -> String {
    let partial = leftovers(dir).into_iter().find(|name| name.ends_with(".partial")).expect("it is under construction");
    fs::rename(dir.at(&partial), dir.at("moved")).expect("ours");
    fs::create_dir(dir.at(&partial)).expect("room for it");
    put(dir, &format!("{partial}/letter.txt"), "mine");
    put(dir, "victim", "mine");
    symlink("../victim", dir.at(&partial).join("services.csv")).expect("a link");
    partial
}

#[test]
fn a_directory_that_is_swapped_during_the_run_is_not_published() {
    for force in [&[][..], &["--force"]] {
        let dir = if force.is_empty() { TestDir::with(&[DENY]) } else { with_report() };
        let before = (!force.is_empty()).then(|| report(&dir.at("report")));
        let mut child = waiting(&dir, force);
        let partial = swap_partial(&dir);
        go_on(&mut child);
        let refused = end(child).0.refused();
        assert!(refused.contains("report: somebody moved or changed the directory"), "{refused}");
        assert_eq!(dir.at("report").exists().then(|| report(&dir.at("report"))), before);
        assert_eq!(names(&dir.at(&partial)), ["letter.txt", "services.csv"], "the run wrote nothing there");
        assert_eq!(
            (read(&dir.at(&partial).join("letter.txt")), read(&dir.at("victim"))),
            ("mine".into(), "mine".into())
        );
        assert_eq!(names(&dir.at("moved")), [""; 0], "nothing is left of the run");
        assert!(!dir.at(".report.lock").exists());
    }
}

#[test]
fn a_signal_does_not_remove_a_directory_that_was_swapped() {
    let dir = with_report();
    let before = report(&dir.at("report"));
    let child = waiting(&dir, &["--force"]);
    let partial = swap_partial(&dir);
    std::process::Command::new("kill").arg(child.id().to_string()).status().expect("kill is everywhere");
    // The pipe stays open, so the run cannot end by itself.
    let mut child = child;
    let pipe = child.stdin.take();
    assert_eq!(end(child).0.code, Some(130));
    drop(pipe);
    assert_eq!(report(&dir.at("report")), before);
    assert_eq!(names(&dir.at(&partial)), ["letter.txt", "services.csv"]);
    assert!(!dir.at(".report.lock").exists());
}

#[test]
fn a_report_that_is_swapped_during_the_run_is_not_replaced() {
    let dir = with_report();
    let mut child = waiting(&dir, &["--force"]);
    fs::rename(dir.at("report"), dir.at("moved")).expect("ours");
    fs::create_dir(dir.at("report")).expect("room for it");
    put(&dir, "report/summary.json", &read(&dir.at("moved/summary.json")));
    go_on(&mut child);
    let refused = end(child).0.refused();
    assert!(refused.contains("report: somebody moved or changed the directory"), "{refused}");
    assert_eq!(names(&dir.at("report")), ["summary.json"]);
    assert!(dir.at("moved/manifest.json").exists());
    assert_eq!(leftovers(&dir), [""; 0]);
}

/// The directory in which the report will be is held open, too.
#[test]
fn a_report_goes_to_the_directory_that_was_named_when_the_run_began() {
    let dir = TestDir::with(&[DENY]);
    fs::create_dir(dir.at("place")).expect("room for it");
    let mut child = start(&mut dir.command(&["check", "-", "--out", "place/report", "-q"]));
    while !names(&dir.at("place")).iter().any(|name| name.ends_with(".partial")) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    has_opened(&child);
    fs::rename(dir.at("place"), dir.at("moved")).expect("ours");
    fs::create_dir(dir.at("place")).expect("room for it");
    go_on(&mut child);
    assert_eq!(end(child).0.code, Some(0));
    assert_eq!(names(&dir.at("place")), [""; 0]);
    assert_eq!(names(&dir.at("moved")), ["report"]);
}
