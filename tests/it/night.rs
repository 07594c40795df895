//! Tests failures of unattended runs: `--out` holds the complete old report or the complete new one, the next run removes
//! leftovers, and the exit code and the last line say what happened.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir, binary, names};

/// A small generator of random delays and cells: splitmix64 by Steele, Lea and Flood.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// An extract with this many rows, one in `every` of them in scope.
pub(crate) fn extract(rows: usize, every: usize, seed: u64) -> String {
    let mut random = Random(seed);
    let mut text = HEAD.to_owned();
    for n in 0..rows {
        let code = if n % every == 0 { ["22513", "22514", "22515"][random.below(3) as usize] } else { "99213" };
        let diagnosis = ["M54.5", "M48.56XA", "M80.08XA", ""][random.below(4) as usize];
        let (member, day, cents) = (random.below(100_000), 1 + random.below(28), random.below(300_000));
        let _ = writeln!(
            text,
            "C{seed}-{n},M{member},HMO,22,2024-03-{day:02},{code},{diagnosis},A-{member},{}.{:02}",
            cents / 100,
            cents % 100
        );
    }
    text
}

/// All files of a report except run.json, which may differ.
pub(crate) fn report(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = names(path).into_iter().filter(|name| name != "run.json");
    files.map(|name| (name.clone(), fs::read(path.join(&name)).expect("a file that can be read"))).collect()
}

/// Entries that a run has left beside its report.
pub(crate) fn leftovers(dir: &TestDir) -> Vec<String> {
    dir.names().into_iter().filter(|name| name.starts_with('.')).collect()
}

pub(crate) fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    loop {
        match command.spawn() {
            // Another test forked while this one wrote the copy of the program that it starts. It lets go of the copy when it execs.
            Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(10));
            }
            started => return started.expect("it runs"),
        }
    }
}

pub(crate) fn end(child: Child) -> (CommandOutput, Option<i32>) {
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let ended = CommandOutput { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    (ended, output.status.signal())
}

/// Waits until a run has begun to build its report.
pub(crate) fn begun(dir: &TestDir) {
    let start = Instant::now();
    while !dir.names().iter().any(|n| n.ends_with(".partial")) {
        assert!(start.elapsed() < Duration::from_secs(20), "it never began");
        std::thread::sleep(Duration::from_millis(1));
    }
}

const KILLS: usize = 120;

#[test]
fn a_kill_at_any_moment_leaves_the_old_report_or_the_new_one() {
    let dir = TestDir::with(&[]);
    let mut wholes = Vec::new();
    let mut duration = Duration::ZERO;
    for (name, seed) in [("a.csv", 1), ("b.csv", 2)] {
        fs::write(dir.at(name), extract(20_000, 10, seed)).expect("room for it");
        let start = Instant::now();
        assert_eq!(dir.run(&["check", name, "--out", "report", "--force", "-q"]).code, Some(1));
        duration = start.elapsed();
        wholes.push(report(&dir.at("report")));
    }
    assert_ne!(wholes[0], wholes[1]);
    let (mut random, mut seen) = (Random(42), BTreeMap::<String, usize>::new());
    for n in 0..KILLS {
        let name = ["a.csv", "b.csv"][n % 2];
        let before = report(&dir.at("report"));
        let left_before = leftovers(&dir).len();
        let signal = ["-KILL", "-TERM", "-INT"][n % 3];
        // Half of the delays are anywhere, half near the end of the run, when the report is written and moved.
        let share = if n % 4 < 2 { random.below(1100) } else { 700 + random.below(400) };
        let child = start(dir.command(&["check", name, "--out", "report", "--force", "-q"]).env("NO_COLOR", "1"));
        std::thread::sleep(duration * share as u32 / 1000);
        Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is everywhere");
        let (output, killed) = end(child);
        let after = report(&dir.at("report"));
        assert!(wholes.contains(&after), "{n}: {signal} after {share}/1000 of {duration:?}: neither old nor new");
        let how = match (output.code, killed) {
            // The run was complete before the signal.
            (Some(1), None) => {
                assert!(after == wholes[n % 2] && leftovers(&dir).is_empty(), "{n}: {:?}", leftovers(&dir));
                "complete"
            }
            (Some(130), None) if signal != "-KILL" => {
                assert!(output.err.contains("interrupted: no report was written; run again"), "{}", output.err);
                assert!(after == before && leftovers(&dir).len() <= left_before, "{n}: {:?}", leftovers(&dir));
                "interrupted"
            }
            // SIGKILL, or a signal before the handler was installed.
            (None, Some(_)) => "killed",
            other => panic!("{n}: {signal}: {other:?}: {}", output.err),
        };
        *seen.entry(how.to_owned()).or_default() += 1;
        // The length of a run depends on the load of the machine, so the delays are adjusted.
        duration = if how == "complete" { duration * 19 / 20 } else { duration * 21 / 20 };
        if n % 10 == 9 {
            assert_eq!(dir.run(&["check", name, "--out", "report", "--force", "-q"]).code, Some(1));
            assert_eq!(leftovers(&dir), [""; 0], "{n}: a complete run takes away what killed ones left");
            assert_eq!(report(&dir.at("report")), wholes[n % 2]);
        }
    }
    // If all runs ended in the same way, the delays would have missed the run.
    assert!(seen.get("killed") >= Some(&5) && seen.get("interrupted") >= Some(&5), "{seen:?}");
    assert_eq!(dir.names(), ["a.csv", "b.csv", "claims.csv", "report"]);
}

#[test]
fn a_second_run_with_the_same_out_is_refused() {
    let dir = TestDir::with(&[DENY]);
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "report", "-q"]).code, Some(1));
    let before = report(&dir.at("report"));
    let mut first = start(&mut dir.command(&["check", "-", "--out", "report", "--force", "-q"]));
    begun(&dir);
    for out in ["report", "./report/", "report/../report", "report/."] {
        let second = dir.run(&["check", "claims.csv", "--out", out, "--force"]).refused();
        assert!(second.contains("another run is writing there") && second.contains("--out"), "{out}: {second}");
    }
    assert_eq!(report(&dir.at("report")), before);
    // A run with another --out succeeds, and the first run is not affected.
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "other", "-q"]).code, Some(1));
    std::io::Write::write_all(first.stdin.as_mut().expect("a pipe"), (HEAD.to_owned() + CLEAR).as_bytes())
        .expect("it reads");
    assert_eq!(end(first).0.code, Some(0));
    assert_ne!(report(&dir.at("report")), before);
    assert_eq!(leftovers(&dir), [""; 0]);
}

#[test]
fn concurrent_runs_without_out_use_different_names() {
    let dir = TestDir::with(&[CLEAR]);
    let children: Vec<Child> = (0..6).map(|_| start(&mut dir.command(&["check", "claims.csv", "-q"]))).collect();
    for child in children {
        let output = end(child).0;
        assert_eq!(output.code, Some(0), "{}", output.err);
    }
    let mut want: Vec<String> = (2..=6).map(|n| format!("claimlint-report-{n}")).collect();
    want.extend(["claimlint-report".to_owned(), "claims.csv".to_owned()]);
    want.sort();
    assert_eq!(dir.names(), want);

    let children: Vec<Child> =
        (0..6).map(|_| start(&mut dir.command(&["check", "claims.csv", "-q", "--out", "one"]))).collect();
    let ends: Vec<CommandOutput> = children.into_iter().map(|child| end(child).0).collect();
    assert_eq!(ends.iter().filter(|output| output.code == Some(0)).count(), 1);
    for output in ends.iter().filter(|output| output.code != Some(0)) {
        assert_eq!(output.code, Some(2));
        assert!(
            output.err.contains("another run is writing there") || output.err.contains("exists already"),
            "{}",
            output.err
        );
    }
    assert_eq!(leftovers(&dir), [""; 0]);
}

/// A small file system that is unmounted at the end of the test.
struct Disk(PathBuf);

impl Disk {
    /// `None` if this user may not mount.
    fn new(at: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir(&at).expect("room for it");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&at).output();
        mount.is_ok_and(|done| done.status.success()).then_some(Self(at))
    }

    fn remount(&self, options: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        assert!(done.expect("mount is there").success(), "{options}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// A report of some two megabytes and a small one.
fn full_dir() -> TestDir {
    let dir = TestDir::with(&[DENY]);
    fs::write(dir.at("large.csv"), extract(4_000, 1, 3)).expect("room for it");
    dir
}

#[test]
fn a_full_disk_leaves_the_old_report() {
    let dir = full_dir();
    let Some(disk) = Disk::new(dir.at("disk"), "size=1m,mode=700") else {
        #[allow(clippy::print_stderr, reason = "a test that cannot ask its question must not look as if it had")]
        {
            eprintln!(
                "a_full_disk_leaves_the_old_report: may not mount here; the limit on files below stands in for it"
            );
        }
        return;
    };
    let small = ["check", "claims.csv", "--out", "disk/report", "-q", "--force"];
    let large = ["check", "large.csv", "--out", "disk/report", "-q", "--force"];
    assert_eq!(dir.run(&small).code, Some(1));
    let before = report(&dir.at("disk/report"));
    for size in [128, 256, 512, 1024, 1536] {
        disk.remount(&format!("size={size}k"));
        let refused = dir.run(&large).refused();
        assert!(refused.contains("no space left; free some, or name another disk with --out"), "{size}: {refused}");
        assert_eq!(report(&dir.at("disk/report")), before, "{size}");
        assert_eq!(names(&dir.at("disk")), ["report"], "{size}");
    }
    disk.remount("size=64m");
    // The disk runs out of inodes at each step of a run in turn. One is used by the disk, one by the directory and one by each
    // of the ten files.
    let mut codes = Vec::new();
    for files in 15..=25 {
        disk.remount(&format!("nr_inodes={files}"));
        let output = dir.run(&small);
        codes.push(output.code);
        if output.code == Some(2) {
            assert!(output.err.contains("no space left"), "{files}: {}", output.err);
        }
        assert_eq!(report(&dir.at("disk/report")), before, "{files}");
        assert_eq!(names(&dir.at("disk")), ["report"], "{files}");
    }
    assert!(codes.contains(&Some(2)) && codes.ends_with(&[Some(1)]), "{codes:?}");
    disk.remount("ro");
    let refused = dir.run(&small).refused();
    assert!(refused.contains("cannot be written to; name another disk"), "{refused}");
    disk.remount("rw,nr_inodes=100");
    assert_eq!(dir.run(&large).code, Some(1));
}

/// `claimlint check ... > log` where only the disk of the log is full: the report is complete.
#[test]
fn a_summary_that_cannot_be_printed_does_not_fail_the_run() {
    let dir = TestDir::with(&[DENY]);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is always full");
    let mut command = dir.command(&["check", "claims.csv", "--out", "report"]);
    let output = command.stdout(full()).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("could not be printed") && errors.contains("the report is in report"), "{errors}");
    dir.run(&["verify", "report", "claims.csv"]).success();
    let output = dir.command(&["rules"]).stdout(full()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "printing was all that it had to do");
}

#[test]
fn a_limit_on_files_leaves_the_old_report() {
    let dir = full_dir();
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "report", "-q"]).code, Some(1));
    let before = report(&dir.at("report"));
    for blocks in [0, 1, 8, 64, 256] {
        let typed = format!("ulimit -f {blocks}; exec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &typed, "sh", env!("CARGO_BIN_EXE_claimlint")]);
        command.args(["check", "large.csv", "--out", "report", "-q", "--force"]).current_dir(dir.at(""));
        // stderr is a pipe, which the limit does not affect.
        let refused = end(start(&mut command)).0.refused();
        assert!(refused.contains("ulimit -f"), "{blocks}: {refused}");
        assert_eq!(report(&dir.at("report")), before, "{blocks}");
        assert_eq!(leftovers(&dir), [""; 0], "{blocks}");
    }
}

/// A file that a command writes besides a report is complete or absent, too.
#[test]
fn a_limit_on_files_leaves_no_incomplete_file() {
    let dir = full_dir();
    assert_eq!(dir.run(&["check", "large.csv", "--out", "report", "-q"]).code, Some(1));
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "small", "-q"]).code, Some(1));
    for args in [
        &["explain", "C3-0", "--in", "report", "--html", "page.html"][..],
        &["compare", "small", "report", "--format", "csv", "--out", "diff.csv"],
        &["compare", "small", "report", "--html", "page.html"],
        &["trend", "small", "--html", "page.html"],
    ] {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -f 1; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_claimlint")]).args(args);
        let refused = end(start(command.current_dir(dir.at("")))).0.refused();
        assert!(refused.contains("ulimit -f") && !refused.contains("os error"), "{args:?}: {refused}");
        assert_eq!(dir.names(), ["claims.csv", "large.csv", "report", "small"], "{args:?}");
    }
}

#[test]
fn an_unwritable_out_is_refused_before_anything_is_read() {
    let dir = TestDir::with(&[CLEAR]);
    fs::create_dir(dir.at("shut")).expect("room for it");
    fs::write(dir.at("file"), "").expect("room for it");
    fs::copy(env!("CARGO_BIN_EXE_claimlint"), dir.at("claimlint")).expect("room for it");
    let mode = |path: &str, mode| {
        fs::set_permissions(dir.at(path), std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("ours");
    };
    mode("", 0o755);
    mode("shut", 0o555);
    mode("claims.csv", 0o644);
    let mut command = Command::new(dir.at("claimlint"));
    command.args(["check", "claims.csv", "--out", "shut/report"]).current_dir(dir.at(""));
    if fs::write(dir.at("shut/probe"), "").is_ok() {
        // Root may write anywhere, so the test runs as another user.
        fs::remove_file(dir.at("shut/probe")).expect("ours");
        command.uid(65_534).gid(65_534);
    }
    let refused = end(start(&mut command)).0.refused();
    assert!(refused.contains("shut: may not be written by this user; name another place with --out"), "{refused}");
    let refused = dir.run(&["check", "claims.csv", "--out", "file/report"]).refused();
    assert!(refused.contains("file: is not a directory; name another place with --out"), "{refused}");
    assert_eq!(leftovers(&dir), [""; 0]);
    assert_eq!(names(&dir.at("shut")), [""; 0]);
}

#[test]
fn an_input_that_fails_leaves_the_old_report() {
    let dir = TestDir::with(&[DENY]);
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "report", "-q"]).code, Some(1));
    let before = report(&dir.at("report"));
    let intact = |what: &str| {
        assert_eq!(report(&dir.at("report")), before, "{what}");
        assert_eq!(leftovers(&dir), [""; 0], "{what}");
    };
    let check = |file: &str| dir.command(&["check", file, "--out", "report", "--force", "-q"]);

    fs::create_dir(dir.at("empty")).expect("room for it");
    let refused = dir.run(&["check", "empty", "--out", "report", "--force"]).refused();
    assert!(refused.contains("empty: holds no extract; check the path"), "{refused}");
    intact("a directory");

    let refused = dir.run(&["check", "/proc/self/mem", "--out", "report", "--force"]).refused();
    assert!(refused.contains("cannot be read") && refused.contains("take another copy"), "{refused}");
    intact("a disk that errs");

    // A compressed stream that breaks off in the middle of a pipe.
    let mut packed = Vec::new();
    let text = extract(2_000, 100, 4);
    std::io::Read::read_to_end(
        &mut flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::fast()),
        &mut packed,
    )
    .expect("memory");
    Command::new("mkfifo").arg(dir.at("pipe")).status().expect("mkfifo is everywhere");
    let child = start(&mut check("pipe"));
    fs::write(dir.at("pipe"), &packed[..packed.len() / 2]).expect("it is read");
    let refused = end(child).0.refused();
    assert!(refused.contains("pipe: ends too soon"), "{refused}");
    intact("a broken pipe");
}

/// The next run removes leftovers of its own name and leaves those of other names.
#[test]
fn the_next_run_removes_only_leftovers_of_its_own_name() {
    let dir = TestDir::with(&[CLEAR]);
    let mut children = Vec::new();
    for out in ["report", "report.2"] {
        let child = start(&mut dir.command(&["check", "-", "--out", out]));
        begun(&dir);
        children.push(child);
        while leftovers(&dir).len() < 2 * children.len() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    for mut child in children {
        child.kill().expect("ours");
        child.wait().expect("ours");
    }
    assert_eq!(leftovers(&dir).len(), 4, "a partial and a lock each: {:?}", leftovers(&dir));
    fs::create_dir(dir.at(".report.a1b2c3.partial")).expect("room for it");
    fs::write(dir.at(".report.a1b2c3.partial/notes.txt"), "mine").expect("room for it");
    let output =
        CommandOutput::by(binary().args(["check", "claims.csv", "-q", "--out", "report"]).current_dir(dir.at("")));
    assert_eq!(output.code, Some(0), "{}", output.err);
    let left = leftovers(&dir);
    assert!(left.len() == 3 && left.contains(&".report.a1b2c3.partial".to_owned()), "{left:?}");
    assert!(left.iter().filter(|name| name.starts_with(".report.2.")).count() == 2, "{left:?}");
    dir.run(&["check", "claims.csv", "-q", "--out", "report.2"]).success();
    assert_eq!(leftovers(&dir), [".report.a1b2c3.partial"]);
}
