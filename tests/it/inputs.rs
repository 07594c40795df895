//! Tests that what a run reads is read whole and stays as it is: a pipe in the place of a joined table, a pipe among extracts, files
//! without end, and the places that `--metrics`, `slice -o` and other files of a command may not take.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir};
use crate::jobs::JobDir;

/// A layout whose diagnoses are in a table of their own.
const JOINING: &str = "name = \"l\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n[columns]\nclaim_id = \"claim_id\"\n\
    service_date = \"service_date\"\nprocedure_code = \"procedure_code\"\npaid_amount = \"paid_amount\"\ndiagnosis = \"D{1..2}\"\n\
    [[join]]\ntable = \"dx\"\nkey = \"claim_id\"\nto = \"claim_id\"\ncodes = { column = \"dx\", as = \"D{1..2}\" }\n";

fn pipe(dir: &TestDir, name: &str) {
    assert!(Command::new("mkfifo").arg(dir.at(name)).status().expect("it is installed").success());
}

/// Any second reading of a pipe would lose what the first one took, or wait for ever.
#[test]
fn a_joined_table_is_no_pipe() {
    let dir = TestDir::with(&[DENY]);
    dir.put("l.toml", JOINING);
    dir.put("dx.csv", "claim_id,dx\nC4,M5450\n");
    pipe(&dir, "pipe");
    let check = ["check", "claims.csv", "--layout", "l.toml", "--out", "r", "-q", "--join"];
    for table in ["dx=pipe", "dx=-", "dx=/dev/stdin"] {
        let mut command = dir.command(&[&check[..], &[table]].concat());
        let said = CommandOutput::by(command.stdin(Stdio::piped())).refused();
        assert!(said.contains("a joined table is a file, not stdin or another pipe"), "{table}: {said}");
    }
    dir.put("claimlint.toml", "join = \"dx=pipe\"\nlayout = \"l.toml\"\n");
    for command in [&["check", "claims.csv", "--out", "r"][..], &["inspect", "claims.csv"]] {
        let said = dir.run(command).refused();
        assert!(said.contains("--join dx=") && said.contains("a joined table is a file"), "{said}");
    }
    assert!(dir.run(&["plan", "claims.csv", "-o", "job"]).refused().contains("can be read only once"));
    fs::remove_file(dir.at("claimlint.toml")).expect("ours");
    dir.run(&[&check[..], &["dx=dx.csv"]].concat()).success();
}

#[test]
fn a_slice_replaces_a_slice_alone() {
    let dir = TestDir::with(&[CLEAR, DENY].repeat(40));
    dir.put("auths.csv", "authorization_number,member_id,status\nA-1,M1,approved\n");
    dir.put("slice-0.bin", HEAD.to_owned() + &DENY.repeat(80));
    dir.put("mine.txt", "mine");
    fs::create_dir(dir.at("folder")).expect("room");
    symlink("mine.txt", dir.at("link")).expect("a link");
    let job = JobDir::planned(dir, &["claims.csv", "slice-0.bin", "--auths", "auths.csv", "--split", "1K"]);
    let whole = |name: &str| fs::read(job.dir.at(name)).expect("a file");
    for (place, says) in [
        ("claims.csv", "is an input of this job"),
        ("auths.csv", "is an input of this job"),
        ("job/plan.json", "is no slice of claimlint"),
        ("mine.txt", "is no slice of claimlint"),
        ("link", "is no slice of claimlint"),
        ("folder", "is no regular file"),
        ("/dev/null", "is no regular file"),
    ] {
        let before = fs::metadata(job.dir.at(place)).is_ok_and(|found| found.is_file()).then(|| whole(place));
        let said = job.slice(0, &["-o", place]).refused();
        assert!(said.contains(says), "{place}: {said}");
        assert_eq!(before, fs::metadata(job.dir.at(place)).is_ok_and(|found| found.is_file()).then(|| whole(place)));
    }
    // Without -o, where the extract has the name of its slice.
    job.dir.run(&["plan", "slice-0.bin", "-o", "."]).success();
    let before = whole("slice-0.bin");
    let said = job.dir.run(&["slice", "--plan", "plan.json", "0"]).refused();
    assert!(said.contains("is an input of this job"), "{said}");
    assert_eq!(whole("slice-0.bin"), before);
    // A slice of the same job is replaced, also a damaged one.
    job.slice(0, &[]).success();
    let slice = whole("job/slice-0.bin");
    job.dir.put("job/slice-0.bin", &slice[..slice.len() / 2]);
    job.slice(0, &[]).success();
    assert_eq!(whole("job/slice-0.bin"), slice);
    // Elsewhere, too, and no slice of another job.
    job.slice(0, &["-o", "s.bin"]).success();
    job.slice(0, &["-o", "s.bin"]).success();
    assert_eq!(whole("s.bin"), slice);
    job.dir.run(&["plan", "claims.csv", "-o", "other", "--split", "1K"]).success();
    let other = |more: &[&str]| job.dir.run(&[&["slice", "--plan", "other/plan.json", "0", "-o"], more].concat());
    for place in ["s.bin", "job/slice-0.bin"] {
        let said = other(&[place]).refused();
        assert!(said.contains(&format!("{place}: exists already and is no slice of this job")), "{said}");
        assert_eq!(whole(place), slice);
    }
    other(&["s.bin", "--force"]).success();
    assert_ne!(whole("s.bin"), slice);
    job.dir.put("s.bin", &slice[..slice.len() / 2]);
    job.slice(0, &["-o", "s.bin"]).success();
    // Nobody knows whose it is.
    job.dir.put("s.bin", &slice[..slice.len().min(50)]);
    assert!(job.slice(0, &["-o", "s.bin"]).refused().contains("is no slice of this job"));
    // Beside the plan of a job, what an earlier job left is replaced.
    job.dir.put("other/slice-0.bin", &slice);
    job.dir.run(&["slice", "--plan", "other/plan.json", "0"]).success();
    assert_ne!(whole("other/slice-0.bin"), slice);
    let said = job.slice(0, &["-o", "none/s.bin"]).refused();
    assert!(said.contains("No such file") || said.contains("does not exist"), "{said}");
}

#[test]
fn the_figures_replace_no_input_and_no_file_of_a_report() {
    let dir = TestDir::with(&[CLEAR]);
    dir.run(&["check", "claims.csv", "--out", "base", "-q"]).success();
    dir.put("claims.csv.done", "");
    dir.put("SHA256SUMS", "of another file\n");
    symlink("base", dir.at("link")).expect("a link");
    let refused = |place: &str, says: &str, args: &[&str]| {
        let before = fs::read(dir.at(place)).ok();
        let said = dir.run(&[args, &["-q", "--out", "r", "--metrics", place]].concat()).refused();
        assert!(said.contains(&format!("--metrics {place}: ")) && said.contains(says), "{place}: {said}");
        assert_eq!(fs::read(dir.at(place)).ok(), before, "{place}");
    };
    let check = ["check", "claims.csv", "--baseline", "base"];
    for place in ["base/findings.csv", "base/summary.json", "base/new.prom", "link/report.html"] {
        refused(place, "is in a report", &check);
    }
    for place in ["claims.csv.done", "SHA256SUMS"] {
        refused(place, "is an input of this run", &check);
    }
    fs::remove_file(dir.at("base/summary.json")).expect("ours");
    refused("base/findings.csv", "is in a report", &["check", "claims.csv"]);
    let job = JobDir::planned(TestDir::with(&[CLEAR]), &["claims.csv"]);
    job.slice_all();
    for place in ["job/plan.json", "job/slice-0.bin", "./job/../job/slice-0.bin"] {
        let said = job.merge(&["--out", "r", "--metrics", place]).refused();
        assert!(said.contains("is a file of the job"), "{place}: {said}");
    }
    job.merge(&["--out", "r", "--metrics", "job/figures.prom"]).success();
    let said = job.merge(&["--out", "r2", "--metrics", "none/figures.prom"]).refused();
    assert!(said.contains("--metrics none/figures.prom: its directory does not exist"), "{said}");
}

/// `verify` and `prune` would refuse the report from then on.
#[test]
fn nothing_is_written_into_a_report() {
    let dir = TestDir::with(&[DENY]);
    for out in ["a", "b"] {
        assert_eq!(dir.run(&["check", "claims.csv", "--out", out, "-q"]).code, Some(1));
    }
    for args in [
        &["explain", "C4", "--in", "a", "--html", "a/page.html"][..],
        &["explain", "C4", "--in", "a", "--letter", "b/letter"],
        &["compare", "a", "b", "--out", "a/diff.csv"],
        &["compare", "a", "b", "--html", "a/diff.html"],
        &["trend", "a", "b", "--out", "b/trend.csv"],
        &["sample", "a", "--size", "1", "--seed", "7", "--out", "a/sheet.csv"],
        &["check", "claims.csv", "--out", "a/{date}/{run}", "-q"],
    ] {
        let said = dir.run(args).refused();
        assert!(said.contains("is in a report, which holds the report alone"), "{args:?}: {said}");
    }
    for report in ["a", "b"] {
        dir.run(&["verify", report]).success();
    }
}

#[test]
fn a_pipe_among_extracts_is_passed_over_with_a_warning() {
    let dir = TestDir::with(&[CLEAR]);
    fs::create_dir(dir.at("in")).expect("room");
    fs::rename(dir.at("claims.csv"), dir.at("in/claims.csv")).expect("ours");
    pipe(&dir, "in/x.csv");
    for (typed, out) in [("in", "r"), ("in/*.csv", "s")] {
        let output = dir.run(&["check", typed, "--out", out, "-q", "--fail-if", "warnings > 0"]);
        assert_eq!(output.code, Some(1), "{typed}: {}", output.err);
        assert!(output.err.contains("warning: in/x.csv: is a named pipe beside extracts"), "{typed}: {}", output.err);
        let summary = fs::read_to_string(dir.at(out).join("summary.json")).expect("a report");
        assert!(summary.contains("\"kind\": \"pipe-passed-over\""), "{summary}");
    }
    assert!(dir.run(&["plan", "in", "-o", "job"]).err.contains("passed over: x.csv (pipe)"));
}

/// A device has no end, and what is not there cannot be read as settings.
#[test]
fn files_that_are_read_whole_have_an_end() {
    let dir = TestDir::with(&[CLEAR]);
    for args in [
        &["check", "claims.csv", "--policy", "/dev/zero"][..],
        &["check", "claims.csv", "--layout", "/dev/zero"],
        &["check", "claims.csv", "--suppress", "/dev/zero"],
        &["check", "claims.csv", "--config", "/dev/zero"],
        &["check", "claims.csv", "--mask", "/dev/zero"],
        &["check", "--table", "/dev/zero"],
        &["policy", "check", "/dev/zero"],
        &["layout", "check", "/dev/zero"],
    ] {
        let said = dir.run(args).refused();
        assert!(said.contains("/dev/zero: is a device; name a file"), "{args:?}: {said}");
    }
    fs::File::create(dir.at("large")).and_then(|file| file.set_len(100 << 20)).expect("a sparse file");
    for flag in ["--policy", "--layout", "--config", "--mask"] {
        let said = dir.run(&["check", "claims.csv", flag, "large"]).refused();
        assert!(said.contains("large: has more than") && said.contains("name another file"), "{flag}: {said}");
    }
    let remove = || fs::remove_file(dir.at("claimlint.toml")).expect("ours");
    let refused = |says: &str| {
        for args in [&["check", "claims.csv", "--out", "r"][..], &["config", "show", "claims.csv"], &["explain", "C1"]]
        {
            let said = dir.run(args).refused();
            assert!(said.contains("claimlint.toml: ") && said.contains(says), "{args:?}: {said}");
        }
    };
    symlink("nowhere.toml", dir.at("claimlint.toml")).expect("a link");
    refused("is a link that leads to no file");
    remove();
    pipe(&dir, "claimlint.toml");
    refused("is no ordinary file");
    remove();
    fs::create_dir(dir.at("claimlint.toml")).expect("room");
    refused("is a directory");
    dir.run(&["check", "claims.csv", "--out", "r", "--no-config"]).success();
}
