//! Tests the built binary as a shell or scheduler sees it: exit codes, streams, directories and signals. Everything that
//! needs no process is tested elsewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use assert_cmd::assert::OutputAssertExt as _;
use tempfile::TempDir;

use crate::kit::flowed;

/// Exit code and output of a finished process.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    /// `None` if it was killed.
    pub(crate) code: Option<i32>,
    /// Its stdout.
    pub(crate) out: String,
    /// Its stderr.
    pub(crate) err: String,
}

impl CommandOutput {
    /// Runs a command to its end.
    pub(crate) fn by(command: &mut Command) -> Self {
        let ended = command.assert();
        let output = ended.get_output();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("what it says is UTF-8");
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Its stdout. Panics unless it exited with 0.
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    /// Its stderr. Panics unless it exited with 2.
    pub(crate) fn refused(self) -> String {
        assert_eq!(self.code, Some(2), "{}", self.out);
        self.err
    }
}

/// The built binary.
pub(crate) fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_claimlint"))
}

/// Runs the built binary.
pub(crate) fn claimlint(args: &[&str]) -> CommandOutput {
    CommandOutput::by(binary().args(args))
}

/// The header of these rows.
pub(crate) const HEAD: &str = "claim_id,member_id,product,place_of_service,service_date,procedure_code,diagnosis_1,authorization_number,paid_amount\n";
/// A row that is clear.
pub(crate) const CLEAR: &str = "C1,M1,HMO,22,2024-03-05,22514,M48.56XA,A-1,2500.00\n";
/// A row with an info finding.
pub(crate) const INFO: &str = "C2,M2,MHMO,22,2024-03-05,22514,M48.56XA,A-1,2500.00\n";
/// A row with a review finding.
pub(crate) const REVIEW: &str = "C3,M3,HMO,22,2024-03-05,22514,,A-1,2500.00\n";
/// A row with a deny finding.
pub(crate) const DENY: &str = "C4,M4,HMO,22,2024-03-05,22514,M54.5,A-1,2500.00\n";

/// A temporary directory to work in.
pub(crate) struct TestDir(pub(crate) TempDir);

impl TestDir {
    /// A directory that holds `claims.csv` with these rows.
    pub(crate) fn with(rows: &[&str]) -> Self {
        let dir = Self(tempfile::tempdir().expect("a directory"));
        fs::write(dir.at("claims.csv"), HEAD.to_owned() + &rows.concat()).expect("room for it");
        dir
    }

    /// A path in the directory.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A command of the binary with this working directory.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = binary();
        command.args(args).current_dir(self.0.path());
        command
    }

    /// Runs the binary in the directory.
    pub(crate) fn run(&self, args: &[&str]) -> CommandOutput {
        CommandOutput::by(&mut self.command(args))
    }

    /// Writes a file into the directory.
    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.at(name), text).expect("room for it");
    }

    /// All entries of the directory, including hidden ones.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.0.path())
    }
}

/// The message with which a check of these files is refused.
pub(crate) fn refused(dir: &TestDir, args: &[&str]) -> String {
    flowed(&dir.run(&[&["check"], args].concat()).refused())
}

/// A check that is complete, whatever it finds.
pub(crate) fn checked(dir: &TestDir, args: &[&str]) -> CommandOutput {
    let output = dir.run(&[&["check", "--fail-on", "never", "--out", "report", "--force"], args].concat());
    assert_eq!(output.code, Some(0), "{}", output.err);
    CommandOutput { err: flowed(&output.err), ..output }
}

pub(crate) fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).expect("a directory");
    let mut names: Vec<_> = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_exit_code_follows_the_findings() {
    for (row, codes) in [(CLEAR, [0, 0, 0, 0]), (INFO, [0, 0, 1, 0]), (REVIEW, [0, 1, 1, 0]), (DENY, [1, 1, 1, 0])] {
        let dir = TestDir::with(&[row]);
        for (level, code) in ["deny", "review", "info", "never"].into_iter().zip(codes) {
            let output = dir.run(&["check", "claims.csv", "--out", level, "--fail-on", level]);
            assert_eq!(output.code, Some(code), "--fail-on {level}: {row}");
        }
        assert_eq!(dir.run(&["check", "claims.csv"]).code, Some(codes[0]), "deny is the default: {row}");
    }
    for args in [&["--version"][..], &["--help"], &["check", "--help"], &["rules"], &["policy", "show"]] {
        claimlint(args).success();
    }
    for args in
        [&[][..], &["check"], &["check", "a.csv", "--fail-on", "now"], &["look"], &["check", "a.csv", "--threads", "0"]]
    {
        assert_eq!(claimlint(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn force_replaces_only_claimlint_reports() {
    let dir = TestDir::with(&[CLEAR]);
    dir.run(&["check", "claims.csv", "--out", "report"]).success();
    let refused = dir.run(&["check", "claims.csv", "--out", "report"]).refused();
    assert!(refused.contains("report") && refused.contains("--force"), "{refused}");
    fs::write(dir.at("claims.csv"), HEAD.to_owned() + DENY).expect("our own file");
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "report", "--force"]).code, Some(1));
    assert!(fs::read_to_string(dir.at("report/services.csv")).expect("a report").contains("C4"));

    fs::create_dir(dir.at("photos")).expect("a directory");
    fs::write(dir.at("photos/summary.json"), "{}").expect("a file");
    let kept = dir.run(&["check", "claims.csv", "--out", "photos", "--force"]).refused();
    assert!(kept.contains("not a claimlint report"), "{kept}");
    assert_eq!(names(&dir.at("photos")), ["summary.json"]);
    assert_eq!(dir.names(), ["claims.csv", "photos", "report"]);
}

#[test]
fn the_default_out_is_the_first_free_name() {
    let dir = TestDir::with(&[CLEAR]);
    for _ in 0..3 {
        dir.run(&["check", "claims.csv", "-q"]).success();
    }
    assert_eq!(dir.names(), ["claimlint-report", "claimlint-report-2", "claimlint-report-3", "claims.csv"]);
    let files = [
        "dossier.bin",
        "findings.csv",
        "manifest.json",
        "rejects.csv",
        "report.html",
        "run.json",
        "services.csv",
        "summary.json",
        "summary.md",
        "summary.txt",
    ];
    assert_eq!(names(&dir.at("claimlint-report")), files);
}

#[test]
fn a_failed_run_leaves_no_files() {
    let dir = TestDir::with(&[CLEAR]);
    fs::write(dir.at("bad.csv"), format!("{HEAD}{}", "C1,too,short\n".repeat(12))).expect("room for it");
    fs::write(dir.at("auths.csv"), "authorization_number,status,valid_from\nA-1,A,soon\n").expect("room for it");
    fs::write(dir.at("policy.toml"), "kind = \"policy\"\nidd = \"x\"\n").expect("room for it");
    let before = dir.names();
    for args in [
        &["check", "claims.csv", "bad.csv"][..],
        &["check", "claims.csv", "claims.csv"],
        &["check", "claims.csv", "--auths", "auths.csv"],
        &["check", "claims.csv", "--policy", "policy.toml"],
        &["check", "claims.csv", "--layout", "nobodys"],
        &["check", "bad.csv", "--out", "no/such/place"],
        &["check", "claims.csv", "--out", "claims.csv/report"],
    ] {
        let output = dir.run(args);
        assert!(output.err.contains("error:") && output.out.is_empty(), "{args:?}: {}", output.out);
        output.refused();
        assert_eq!(dir.names(), before, "{args:?}");
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let dir = TestDir::with(&[CLEAR, DENY]);
    for (args, code) in [(&["rules"][..], 0), (&["policy", "show"], 0), (&["--help"], 0), (&["check", "claims.csv"], 1)]
    {
        let mut child = dir.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
        assert!(!errors.contains("error") && !errors.contains("panicked"), "{args:?}: {errors}");
    }
    assert!(dir.at("claimlint-report/report.html").exists());
}

#[test]
fn quiet_prints_nothing_and_pipes_get_no_color() {
    let dir = TestDir::with(&[REVIEW, DENY]);
    let quiet = dir.run(&["check", "claims.csv", "-q", "--out", "quiet"]);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str(), quiet.code), ("", "", Some(1)));
    let escaped = |output: &CommandOutput| output.out.contains('\x1b') || output.err.contains('\x1b');
    for args in [&["check", "claims.csv"][..], &["rules", "DX103"], &["check", "none.csv"], &["inspect", "claims.csv"]]
    {
        assert!(!escaped(&dir.run(args)), "{args:?} in a pipe");
        let plain = CommandOutput::by(dir.command(args).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
        assert!(!escaped(&plain), "{args:?} with NO_COLOR");
    }
    // The terminal repeats the figures of the report, and what a claim cannot show.
    let output = flowed(&dir.run(&["check", "claims.csv"]).out);
    for word in ["DX101", "DX105", "$2,500.00", "report.html", "never means medically necessary"] {
        assert!(output.contains(word), "{word}: {output}");
    }
}

#[test]
fn inspect_shows_the_words_that_a_layout_translates() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put(
        "mine.toml",
        "name = \"mine\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\namounts = \"claim\"\n[columns]\nclaim_id = \"claim_id\"\n\
         service_date = \"service_date\"\nprocedure_code = \"procedure_code\"\ndiagnosis = [\"diagnosis_1\"]\n\
         [products]\nGOLD = \"commercial-managed-care\"\n[status]\nX9 = \"denied\"\n[auths.status]\nOK = \"approved\"\n",
    );
    let shown = flowed(&dir.run(&["inspect", "claims.csv", "--layout", "mine.toml"]).success());
    for says in [
        "[products] GOLD = commercial-managed-care",
        "[status] X9 = denied",
        "[auths.status] OK = approved",
        "amounts each row repeats those of its claim",
    ] {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    assert!(!shown.contains("[claim_form]"), "{shown}");
    let plain = dir.run(&["inspect", "claims.csv"]).success();
    assert!(!plain.contains("words and forms of the layout"), "{plain}");
}

#[test]
fn report_files_do_not_depend_on_threads_or_blocks() {
    let dir = TestDir::with(&[]);
    let at = |name: &str| crate::kit::at("fixtures/extracts").join(name).display().to_string();
    let (claims, auths) = (at("kyphoplasty-2024q1.csv"), at("authorizations-2024q1.csv"));
    let mut reports = Vec::new();
    for (threads, block) in [("1", "1048576"), ("2", "1048576"), ("8", "1048576"), ("1", "7"), ("8", "4096")] {
        let out = format!("{threads}-{block}");
        let args =
            ["check", &claims, "--auths", &auths, "-q", "--out", &out, "--threads", threads, "--block-size", block];
        assert_eq!(dir.run(&args).code, Some(1));
        let files: Vec<_> = names(&dir.at(&out)).into_iter().filter(|n| n != "run.json").collect();
        reports
            .push(files.into_iter().map(|n| (fs::read(dir.at(&out).join(&n)).expect("a file"), n)).collect::<Vec<_>>());
    }
    assert!(reports.windows(2).all(|pair| pair[0] == pair[1]));
}

/// More lines than a batch holds, and blocks that end in the middle of one.
#[test]
fn large_reports_do_not_depend_on_blocks() {
    let dir = TestDir::with(&[]);
    let rows: String = (0..9_000).map(|n| CLEAR.replace("C1", &format!("C{n}"))).collect();
    fs::write(dir.at("many.csv"), HEAD.to_owned() + &rows).expect("room for it");
    let report = |block: &str| {
        let args = ["check", "many.csv", "-q", "--fail-on", "never", "--out", block, "--block-size", block];
        dir.run(&args).success();
        let files = names(&dir.at(block)).into_iter().filter(|name| name != "run.json");
        files.map(|name| (fs::read(dir.at(block).join(&name)).expect("a file"), name)).collect::<Vec<_>>()
    };
    let whole = report("4194304");
    assert!(whole.iter().any(|(_, name)| name == "dossier.bin"));
    for block in ["30000", "1048576"] {
        for (one, other) in report(block).iter().zip(&whole) {
            assert!(one == other, "{} with blocks of {block}", one.1);
        }
    }
}

#[test]
fn several_files_and_standard_input_are_judged_together() {
    let dir = TestDir::with(&[CLEAR]);
    fs::write(dir.at("more.csv"), HEAD.to_owned() + &CLEAR.replace("C1", "C9")).expect("room for it");
    let mut command =
        assert_cmd::Command::from_std(dir.command(&["check", "claims.csv", "-", "more.csv", "-q", "--out", "r"]));
    let text = HEAD.to_owned() + &CLEAR.replace("C1", "C8").replace("22514", "22513").replace("M48.56", "M48.54");
    // C1, C8 and C9 are one encounter: 22513 beside 22514, and 22514 twice. Without a billing provider nothing is denied.
    command.write_stdin(text).assert().code(0);
    let findings = fs::read_to_string(dir.at("r/findings.csv")).expect("a report");
    let found: Vec<String> = findings
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{} {} {}", cells[0], cells[3], cells[5])
        })
        .collect();
    assert_eq!(found, ["CD302 claims.csv C1", "CD302 more.csv C9", "CD303 more.csv C9", "TW604 more.csv C9"]);
}

#[cfg(unix)]
pub(crate) mod unix {
    //! Tests that need Unix: modes, named pipes, signals.

    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Child;
    use std::time::{Duration, Instant};

    use super::{CLEAR, Command, CommandOutput, HEAD, Stdio, TestDir, fs, names};

    #[test]
    fn only_the_owner_can_read_a_report() {
        let dir = TestDir::with(&[CLEAR]);
        dir.run(&["check", "claims.csv", "--out", "report"]).success();
        let mode = |name: &str| fs::metadata(dir.at(name)).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode("report"), 0o700);
        for name in names(&dir.at("report")) {
            assert_eq!(mode(&format!("report/{name}")), 0o600, "{name}");
        }
    }

    /// `check <(zcat claims.csv.gz)`: a pipe can be opened and read once only.
    #[test]
    fn a_named_pipe_is_read_to_its_end() {
        let dir = TestDir::with(&[]);
        Command::new("mkfifo").arg(dir.at("pipe")).status().expect("mkfifo is everywhere");
        let child = dir.command(&["check", "pipe", "-q", "--out", "report"]).spawn().expect("it runs");
        let rows: String =
            (0..50_000).map(|n| CLEAR.replace("C1", &format!("C{n}")).replace("M1", &format!("M{n}"))).collect();
        fs::write(dir.at("pipe"), HEAD.to_owned() + &rows).expect("it is read to its end");
        assert_eq!(child.wait_with_output().expect("it ends").status.code(), Some(0));
        assert_eq!(fs::read_to_string(dir.at("report/services.csv")).expect("a report").lines().count(), 50_001);
    }

    /// Sends SIGTERM once the run has begun to build its report, and waits for its end.
    pub(crate) fn terminate(dir: &TestDir, child: Child) -> CommandOutput {
        let begun = Instant::now();
        while !dir.names().iter().any(|n| n.ends_with(".partial")) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it never began");
            std::thread::sleep(Duration::from_millis(5));
        }
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill is everywhere");
        let output = child.wait_with_output().expect("it ends");
        assert!(begun.elapsed() < Duration::from_secs(20), "it ended, but late");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        CommandOutput { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn reading(dir: &TestDir) -> Child {
        let mut command = dir.command(&["check", "-", "--out", "report"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs")
    }

    #[test]
    fn a_signal_stops_a_run_without_leaving_files() {
        let dir = TestDir::with(&[]);
        let mut child = reading(&dir);
        let mut stdin = child.stdin.take().expect("a pipe");
        let feed = std::thread::spawn(move || {
            let rows = "C1,M1,HMO,22,2024-03-05,99213,M54.5,,1.00\n".repeat(1000);
            stdin.write_all(HEAD.as_bytes()).expect("it reads");
            // Until the reader closes the pipe.
            while stdin.write_all(rows.as_bytes()).is_ok() {}
        });
        let output = terminate(&dir, child);
        feed.join().expect("the pipe was closed");
        assert_eq!((output.code, output.out.as_str()), (Some(130), ""), "{}", output.err);
        assert!(output.err.contains("interrupted"), "{}", output.err);
        assert_eq!(dir.names(), ["claims.csv"]);
    }

    #[test]
    fn a_signal_ends_a_run_that_waits_for_a_silent_pipe() {
        let dir = TestDir::with(&[]);
        let mut child = reading(&dir);
        let stdin = child.stdin.take().expect("a pipe");
        let output = terminate(&dir, child);
        drop(stdin);
        assert_eq!(output.code, Some(130), "{}", output.err);
        assert_eq!(dir.names(), ["claims.csv"]);
    }
}
