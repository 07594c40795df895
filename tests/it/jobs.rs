//! Tests the commands of a job as a shell sees them: plan, slice and merge give the report of `check`; slices that are missing,
//! damaged or of another plan are refused; splits that began at a wrong byte are listed and read again.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir, names};
use crate::kit::at;

/// A job in a directory.
pub(crate) struct JobDir {
    /// The directory, which holds the files of the job.
    pub(crate) dir: TestDir,
    /// The number of slices.
    pub(crate) slices: u64,
}

impl JobDir {
    /// Plans a job over these files, which the directory holds.
    pub(crate) fn planned(dir: TestDir, args: &[&str]) -> Self {
        let line = dir.run(&[&["plan"], args, &["-o", "job"]].concat()).success();
        let line: Value = serde_json::from_str(&line).expect("a line of JSON");
        Self { dir, slices: line["slices"].as_u64().expect("a number") }
    }

    /// Reads a slice.
    pub(crate) fn slice(&self, number: u64, more: &[&str]) -> CommandOutput {
        let number = number.to_string();
        self.dir.run(&[&["slice", "--plan", "job/plan.json", &number], more].concat())
    }

    /// Reads all slices.
    pub(crate) fn slice_all(&self) {
        (0..self.slices).for_each(|n| drop(self.slice(n, &[]).success()));
    }

    /// Merges the slices.
    pub(crate) fn merge(&self, more: &[&str]) -> CommandOutput {
        self.dir.run(&[&["merge", "job", "-q"], more].concat())
    }

    /// What merging says when it is refused. Nothing is left.
    pub(crate) fn refused(&self) -> String {
        let said = self.merge(&["--out", "refused"]).refused();
        assert!(!self.dir.names().iter().any(|name| name.contains("refused")), "{:?}", self.dir.names());
        said
    }
}

/// The files of two reports that differ.
pub(crate) fn differing(one: &Path, other: &Path) -> Vec<String> {
    assert_eq!(names(one), names(other));
    let differs =
        |name: &String| fs::read(one.join(name)).expect("a file") != fs::read(other.join(name)).expect("a file");
    names(one).into_iter().filter(differs).collect()
}

/// A directory with the extracts of the fixtures and a larger one.
fn with_extracts() -> TestDir {
    let dir = TestDir::with(&[]);
    for name in ["kyphoplasty-2024q1.csv", "authorizations-2024q1.csv"] {
        dir.put(name, fs::read(at("fixtures/extracts").join(name)).expect("a fixture"));
    }
    dir.run(&["generate", "--rows", "3000", "--scope", "0.3", "--out", "invented"]).success();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all((HEAD.to_owned() + DENY + CLEAR + "short,row\n").as_bytes()).expect("memory");
    dir.put("more.csv.gz", gz.finish().expect("memory"));
    dir.put("empty.csv", "\n");
    dir
}

const FILES: [&str; 4] = ["kyphoplasty-2024q1.csv", "invented/claims.csv", "more.csv.gz", "empty.csv"];

#[test]
fn a_job_gives_the_report_of_check() {
    let auths = ["--auths", "authorizations-2024q1.csv"];
    let job = JobDir::planned(with_extracts(), &[&FILES[..], &auths, &["--split", "20K"]].concat());
    assert!(job.slices > 10, "{}", job.slices);
    job.slice_all();
    let formats = ["--format", "all", "--fail-on", "never"];
    job.merge(&[&["--out", "merged"], &formats[..]].concat()).success();
    job.dir.run(&[&["check", "-q"], &FILES[..], &auths, &["--out", "checked"], &formats[..]].concat()).success();
    assert_eq!(differing(&job.dir.at("merged"), &job.dir.at("checked")), ["run.json"]);
    // Flags that say what to write and when to fail are those of `check`.
    assert_eq!(job.merge(&["--out", "again", "--clean", "--no-html"]).code, Some(1));
    assert!(!job.dir.names().contains(&"job".to_owned()), "{:?}", job.dir.names());
}

#[test]
fn splits_that_began_at_a_wrong_byte_are_listed_and_read_again() {
    let dir = TestDir::with(&[]);
    let row =
        |n: usize| format!("C{n},M{n},HMO,22,2024-03-05,22514,\"M48.56XA\nC0,M,HMO,22,2024-03-05,22514\",A-1,5\n");
    dir.put("claims.csv", HEAD.to_owned() + &(0..200).map(row).collect::<String>());
    let job = JobDir::planned(dir, &["claims.csv", "--split", "777", "--run-up", "0"]);
    job.slice_all();
    let (mut rounds, mut read_again) = (0, 0);
    loop {
        let output = job.merge(&["--out", "merged", "--fail-on", "never"]);
        if output.code == Some(0) {
            break;
        }
        assert_eq!(output.code, Some(3), "{}", output.err);
        assert!(!job.dir.at("merged").exists());
        for line in output.out.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            job.slice(words[0].parse().expect("a number"), &words[1..]).success();
            read_again += 1;
        }
        rounds += 1;
        assert!(rounds <= job.slices, "it never ends");
    }
    assert!(read_again > 10, "{read_again}");
    job.dir.run(&["check", "claims.csv", "-q", "--out", "checked", "--fail-on", "never"]).success();
    assert_eq!(differing(&job.dir.at("merged"), &job.dir.at("checked")), ["run.json"]);
}

#[test]
fn a_slice_from_stdin_is_that_of_the_file() {
    let job = JobDir::planned(with_extracts(), &["invented/claims.csv", "--split", "100K", "--run-up", "2K"]);
    let bytes = fs::read(job.dir.at("invented/claims.csv")).expect("an extract");
    for number in 0..job.slices {
        let line: Value = serde_json::from_str(&job.slice(number, &[]).success()).expect("JSON");
        let at = (line["entry"].as_u64().expect("a byte").saturating_sub(10 << 10) as usize).min(bytes.len());
        let args = ["slice", "--plan", "job/plan.json", &number.to_string(), "-o", "other.bin", "--stdin-at"];
        let mut command = job.dir.command(&[&args[..], &[&at.to_string()]].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
        // It closes its end once it has what it needs.
        let _ = child.stdin.take().expect("a pipe").write_all(&bytes[at..]);
        assert!(child.wait().expect("it ends").success());
        let slice = fs::read(job.dir.at(&format!("job/slice-{number}.bin"))).expect("a slice");
        assert_eq!(fs::read(job.dir.at("other.bin")).expect("a slice"), slice, "slice {number}");
    }
    let refused = job.slice(2, &["--stdin-at", "300000"]).refused();
    assert!(refused.contains("invented/claims.csv, split 2"), "{refused}");
}

#[test]
fn an_extract_that_is_read_whole_from_stdin_is_there_to_its_last_byte() {
    let packed = |text: String| zstd::encode_all(text.as_bytes(), 1).expect("memory");
    let [head, tail] = [HEAD.to_owned() + CLEAR, DENY.to_owned()].map(packed);
    let dir = TestDir::with(&[]);
    dir.put("claims.csv.zst", [&head[..], &tail].concat());
    let job = JobDir::planned(dir, &["claims.csv.zst"]);
    let read = |bytes: &[u8]| {
        let mut command = job.dir.command(&["slice", "--plan", "job/plan.json", "0", "--stdin-at", "0"]);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("it runs");
        let _ = child.stdin.take().expect("a pipe").write_all(bytes);
        let ended = child.wait_with_output().expect("it ends");
        (ended.status.code(), String::from_utf8(ended.stderr).expect("UTF-8"))
    };
    for bytes in [head.clone(), [&head[..], &tail, &tail].concat()] {
        let (code, said) = read(&bytes);
        let counts = format!("stdin has {} bytes, and the extract has {}", bytes.len(), head.len() + tail.len());
        assert!(code == Some(2) && said.contains("claims.csv.zst, split 0") && said.contains(&counts), "{said}");
        assert_eq!(names(&job.dir.at("job")), ["plan.json"]);
    }
    assert_eq!(read(&[head, tail].concat()).0, Some(0));
    job.merge(&["--out", "merged", "--fail-on", "never"]).success();
}

#[test]
fn slices_of_another_plan_policy_or_input_are_refused_by_name() {
    let rows = [CLEAR, DENY].repeat(40);
    let job = JobDir::planned(TestDir::with(&rows), &["claims.csv", "--split", "1K"]);
    job.slice_all();
    let second = job.dir.at("job/slice-1.bin");
    let whole = fs::read(&second).expect("a slice");
    assert_eq!(
        whole,
        {
            drop(job.slice(1, &[]).success());
            fs::read(&second).expect("a slice")
        },
        "two attempts"
    );
    let names_it =
        |said: &str, why: &str| assert!(said.contains("claims.csv, split 1") && said.contains(why), "{said}");

    fs::remove_file(&second).expect("it is there");
    names_it(&job.refused(), "is missing");
    for at in [whole.len() / 3, whole.len() - 2] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&second, bytes).expect("room for it");
        let said = job.refused();
        assert!(said.contains("claims.csv") && said.contains("split 1") && said.contains("damaged"), "{said}");
    }
    fs::write(&second, [&whole[..], b"x"].concat()).expect("room for it");
    assert!(job.refused().contains("damaged"));
    let older =
        [b"claimlint-slice/1 claimlint 0.0.9\n", &whole[whole.iter().position(|b| *b == b'\n').expect("a line") + 1..]];
    fs::write(&second, older.concat()).expect("room for it");
    names_it(&job.refused(), "claimlint 0.0.9");
    fs::write(&second, fs::read(job.dir.at("job/slice-2.bin")).expect("a slice")).expect("room for it");
    names_it(&job.refused(), "another slice");

    // A slice of a plan with another policy.
    job.dir.put("claimlint.toml", "[products]\nGOLD = \"commercial-managed-care\"\n");
    let other = job.dir.run(&["plan", "claims.csv", "--split", "1K", "-o", "other"]);
    other.success();
    job.dir.run(&["slice", "--plan", "other/plan.json", "1", "-o", "job/slice-1.bin", "--force"]).success();
    names_it(&job.refused(), "another plan");
    fs::write(&second, &whole).expect("room for it");
    assert!(job.refused().contains("policy"), "the settings beside the extract are not those of the plan");
    fs::remove_file(job.dir.at("claimlint.toml")).expect("it is there");
    job.merge(&["--out", "merged", "--fail-on", "never"]).success();

    // The extract changes.
    job.dir.put("claims.csv", HEAD.to_owned() + &rows.concat() + CLEAR);
    let said = job.refused();
    assert!(said.contains("claims.csv, splits 0 to") && said.contains("changed"), "{said}");
    names_it(&job.slice(1, &[]).refused(), "changed");
    let said = job.dir.run(&["plan", "claims.csv", "--split", "1K", "-o", "job"]).refused();
    assert!(said.contains("another job"), "{said}");
}

#[test]
fn a_job_refuses_what_it_cannot_do() {
    let job = JobDir::planned(TestDir::with(&[CLEAR, DENY]), &["claims.csv"]);
    assert_eq!(job.slices, 1);
    assert!(job.slice(1, &[]).refused().contains("the job has slice 0 alone"));
    assert!(job.slice(0, &["--entry", "0"]).refused().contains("--entry 0"));
    for flag in [&["--layout", "tuva"][..], &["--policy", "x.toml"], &["--select", "DX"], &["--no-config"]] {
        assert!(job.merge(flag).refused().contains("claimlint plan"), "{flag:?}");
    }
    assert!(job.merge(&["other"]).refused().contains("merge takes one job"));
    let mut piped = job.dir.command(&["plan", "-", "-o", "pipe"]);
    assert!(CommandOutput::by(piped.stdin(Stdio::null())).refused().contains("only once"));
    // Planning the same job again keeps its slices.
    job.slice_all();
    job.dir.run(&["plan", "claims.csv", "-o", "job"]).success();
    assert_eq!(job.merge(&["--out", "merged"]).code, Some(1));
}

#[test]
fn a_dry_run_tells_what_the_merge_would_refuse_and_leaves_nothing() {
    let job = JobDir::planned(TestDir::with(&[CLEAR, DENY]), &["claims.csv"]);
    let there = job.dir.names();
    let dry = |more: &[&str]| job.merge(&[&["--dry-run"], more].concat());
    assert_eq!(dry(&["--out", "reports/new", "--format", "all"]).success(), "", "no slice is there yet");
    assert_eq!(job.dir.names(), there);
    for (flags, says) in [
        (&["--no-such-flag"][..], "--no-such-flag"),
        (&["--fail-on", "sometimes"], "sometimes"),
        (&["--mask", "no-key"], "no-key"),
        (&["--out", "job"], "job"),
        (&["--select", "DX"], "claimlint plan"),
    ] {
        let said = dry(flags).refused();
        assert!(said.contains(says), "{flags:?}: {said}");
    }
    job.slice_all();
    job.dir.put("claims.csv", HEAD.to_owned() + CLEAR);
    assert!(dry(&[]).refused().contains("changed since the job was planned"));
    assert_eq!(job.dir.names(), there);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_any_file_of_a_job_is_refused() {
    let job = JobDir::planned(TestDir::with(&[CLEAR, DENY]), &["claims.csv"]);
    let pipe = |path: &str| {
        let _ = fs::remove_file(job.dir.at(path));
        let made = std::process::Command::new("mkfifo").arg(job.dir.at(path)).status();
        assert!(made.expect("it is installed").success());
    };
    pipe("job/slice-0.bin");
    let said = job.refused();
    assert!(said.contains("claims.csv, split 0") && said.contains("is no regular file"), "{said}");
    fs::remove_file(job.dir.at("job/slice-0.bin")).expect("it is there");
    fs::create_dir(job.dir.at("job/slice-0.bin")).expect("a directory");
    assert!(job.refused().contains("is no regular file"));
    pipe("auths.csv");
    let said = job.dir.run(&["plan", "claims.csv", "--auths", "auths.csv", "-o", "other"]).refused();
    assert!(said.contains("auths.csv: can be read only once"), "{said}");
    pipe("claims.csv");
    let said = job.refused();
    assert!(said.contains("claims.csv: is a pipe, and was a file"), "{said}");
    pipe("job/plan.json");
    assert!(job.refused().contains("plan.json: is no regular file"));
    assert!(job.slice(0, &[]).refused().contains("plan.json: is no regular file"));
}

#[test]
fn a_plan_whose_slices_are_not_those_of_its_extracts_is_damaged() {
    let job = JobDir::planned(TestDir::with(&[CLEAR, DENY].repeat(40)), &["claims.csv", "--split", "1K"]);
    job.slice_all();
    let whole: Value = serde_json::from_slice(&fs::read(job.dir.at("job/plan.json")).expect("a plan")).expect("JSON");
    let mut none = whole.clone();
    none["extracts"] = Value::Array(Vec::new());
    let (mut fewer, mut later, mut more) = (whole.clone(), whole.clone(), whole);
    fewer["extracts"][0]["slices"] = 0.into();
    later["extracts"][0]["first_slice"] = 1.into();
    more["slices"] = (job.slices + 1).into();
    for plan in [none, fewer, later, more] {
        job.dir.put("job/plan.json", plan.to_string());
        assert!(job.refused().contains("plan.json: is damaged"));
        assert!(job.slice(0, &[]).refused().contains("plan.json: is damaged"));
    }
}

#[test]
fn the_help_of_merge_names_its_own_exit_codes_and_flags() {
    let help = TestDir::with(&[]).run(&["merge", "--help"]).success();
    assert!(help.contains("read again") && help.contains("--clean"), "{help}");
    assert!(!help.contains("--table") && !help.contains("--auths") && !help.contains("claimlint check"), "{help}");
}

#[test]
fn totals_are_expected_of_all_slices_together() {
    let rows = [CLEAR, DENY].repeat(20);
    for (expected, code) in [("40", 0), ("41", 2)] {
        let plan = ["claims.csv", "--split", "500", "--expect-rows", expected];
        let job = JobDir::planned(TestDir::with(&rows), &plan);
        job.slice_all();
        assert_eq!(job.merge(&["--out", "merged", "--fail-on", "never"]).code, Some(code));
    }
}

#[cfg(unix)]
#[test]
fn a_job_is_private_under_any_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    for umask in ["000", "277"] {
        let dir = TestDir::with(&[CLEAR, "short,row\n"]);
        let binary = env!("CARGO_BIN_EXE_claimlint");
        let script = format!("umask {umask}; {binary} plan claims.csv -o job && {binary} slice --plan job/plan.json 0");
        let mut command = std::process::Command::new("sh");
        CommandOutput::by(command.args(["-c", &script]).current_dir(dir.at(""))).success();
        let mode = |path: &str| fs::metadata(dir.at(path)).expect("it is there").permissions().mode() & 0o777;
        assert_eq!([mode("job"), mode("job/plan.json"), mode("job/slice-0.bin")], [0o700, 0o600, 0o600], "{umask}");
        assert_eq!(names(&dir.at("job")), ["plan.json", "slice-0.bin"]);
    }
}
