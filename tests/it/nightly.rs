//! Tests what a run every night needs: dated reports, the newest report as the baseline, old reports removed, directories and
//! patterns of extracts, files that are not complete yet.

use std::fs;
use std::time::{Duration, Instant};

use crate::cli::{CLEAR, DENY, HEAD, REVIEW, TestDir, names};
use crate::kit::flowed;

/// Runs a check over claims.csv and returns what it said on stderr.
fn check(dir: &TestDir, code: i32, more: &[&str]) -> String {
    let output = dir.run(&[&["check", "claims.csv"][..], more].concat());
    assert_eq!(output.code, Some(code), "{more:?}: {}", output.err);
    output.err
}

fn summary(dir: &TestDir, report: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(dir.at(report).join("summary.json")).expect("a report")).expect("JSON")
}

#[test]
fn reports_are_named_after_the_day_and_the_run() {
    let dir = TestDir::with(&[CLEAR]);
    let out = "nights/{date}/claims-{run}";
    for _ in 0..2 {
        check(&dir, 0, &["-q", "--out", out, "--today", "2024-03-05"]);
    }
    let reports = names(&dir.at("nights/2024-03-05"));
    assert_eq!(reports.len(), 2, "a second run on the day has another name: {reports:?}");
    for report in &reports {
        let run = fs::read(dir.at("nights/2024-03-05").join(report).join("run.json")).expect("a report");
        let run: serde_json::Value = serde_json::from_slice(&run).expect("JSON");
        assert_eq!(report.strip_prefix("claims-"), run["run"].as_str());
    }
    #[cfg(unix)]
    for made in ["nights", "nights/2024-03-05"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(dir.at(made)).expect("made").permissions());
        assert_eq!(mode & 0o777, 0o700, "{made}");
    }
    let today = check(&dir, 0, &["--out", "{date}"]);
    assert!(!today.contains("error") && dir.names().iter().any(|name| name.starts_with("20")), "{:?}", dir.names());
    let refused = check(&dir, 2, &["--out", "a/{day}"]);
    assert!(refused.contains("{day} is not known; write {date} or {run}"), "{refused}");
    let exists = check(&dir, 2, &["--out", "nights/{date}", "--today", "2024-03-05"]);
    assert!(
        exists.contains("exists already and is not a claimlint report") && exists.contains("{date}-{run}"),
        "{exists}"
    );
    assert!(!exists.contains("--force"), "it would be refused: {exists}");
}

/// The directories that were made for a report go with it, and those of others stay.
#[test]
fn a_run_that_fails_leaves_no_directory() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("short.csv", format!("{HEAD}{}", "C1,too,short\n".repeat(12)));
    fs::create_dir(dir.at("a")).expect("room for it");
    dir.run(&["check", "short.csv", "--out", "a/b/c/report"]).refused();
    assert_eq!((names(&dir.at("a")), dir.names().len()), (Vec::<String>::new(), 3));
    let refused = dir.run(&["check", "claims.csv", "--out", "claims.csv/report"]).refused();
    assert!(refused.contains("is not a directory"), "{refused}");
}

#[test]
fn the_newest_report_is_the_baseline() {
    let dir = TestDir::with(&[DENY]);
    dir.put(
        "claimlint.toml",
        "out = \"r/z-{date}-{run}\"\nbaseline = \"latest\"\nfail_on = \"new-deny\"\nfail_if = [\"new.deny > 0\"]\n",
    );
    let first = check(&dir, 0, &[]);
    assert!(first.contains("there is no earlier report beside this one, so nothing counts as new"), "{first}");
    let log = check(&dir, 0, &["-q", "--log", "json"]);
    assert!(log.contains("baseline: r/z-"), "{log}");
    // Reports of another name beside it do not count, however new.
    dir.put("other.csv", HEAD.to_owned() + DENY + &DENY.replace("C4", "C5"));
    assert_eq!(dir.run(&["check", "other.csv", "--no-config", "--out", "r/other", "-q"]).code, Some(1));
    fs::copy(dir.at("other.csv"), dir.at("claims.csv")).expect("ours");
    let third = check(&dir, 1, &[]);
    assert!(third.contains("gate: new.deny > 0: is true"), "{third}");
    check(&dir, 0, &["-q"]);
    // Without {date} and {run}, every report beside --out is an earlier one; ./latest is a directory.
    check(&dir, 0, &["--no-config", "--out", "r/plain", "--baseline", "latest", "--fail-on", "new-deny", "-q"]);
    let refused = check(&dir, 2, &["--no-config", "--out", "r/more", "--baseline", "./latest", "-q"]);
    assert!(refused.contains("latest: holds no report"), "{refused}");
    // The report that --force replaces is one of them.
    let output = check(
        &dir,
        0,
        &["--no-config", "--out", "r/plain", "--force", "--baseline", "latest", "--fail-on", "new-deny"],
    );
    assert!(output.contains("baseline: r/plain"), "{output}");
    // Without --out, the names that are then given.
    fs::remove_file(dir.at("claimlint.toml")).expect("ours");
    let latest = &["--baseline", "latest", "--fail-on", "new-deny"];
    assert!(check(&dir, 0, latest).contains("there is no earlier report"));
    assert!(check(&dir, 0, latest).contains("baseline: claimlint-report, written"));
    let run = fs::read_to_string(dir.at("claimlint-report-2/run.json")).expect("a report");
    assert!(run.contains("\"baseline\": \"claimlint-report\""), "{run}");
}

/// A report that cannot be read is not the same as none: a gate on what is new would pass, and old reports would stay unseen.
#[test]
fn a_report_that_cannot_be_read_is_said() {
    let dir = TestDir::with(&[CLEAR]);
    let latest = ["-q", "--out", "r/{date}-{run}", "--baseline", "latest", "--fail-on", "new-deny"];
    for _ in 0..2 {
        check(&dir, 0, &latest);
        std::thread::sleep(Duration::from_millis(5));
    }
    let newest_first = || {
        let mut reports: Vec<_> = names(&dir.at("r"))
            .into_iter()
            .map(|name| {
                let run = fs::read(dir.at("r").join(&name).join("run.json")).expect("a report");
                let run: serde_json::Value = serde_json::from_slice(&run).expect("JSON");
                (run["finished_unix_milliseconds"].as_i64(), format!("r/{name}"))
            })
            .collect();
        reports.sort();
        reports.into_iter().rev().map(|(_, name)| name).collect::<Vec<_>>()
    };
    let reports = newest_first();
    let summaries = [&reports[0], &reports[1]].map(|report| format!("{report}/summary.json"));
    fs::write(dir.at("claims.csv"), HEAD.to_owned() + DENY).expect("ours");
    // Its own time says that the older one does not matter.
    let text = fs::read(dir.at(&summaries[1])).expect("a report");
    fs::remove_file(dir.at(&summaries[1])).expect("ours");
    check(&dir, 1, &latest);
    dir.put(&summaries[1], &text);
    let newest = newest_first()[0].clone();
    fs::write(dir.at(&newest).join("summary.json"), "{}").expect("ours");
    let said = check(&dir, 2, &latest);
    assert!(
        said.contains(&format!("--baseline latest: {newest}: its summary.json is damaged"))
            && said.contains("--baseline DIR"),
        "{said}"
    );
    check(&dir, 1, &["-q", "--out", "other", "--baseline", &reports[0], "--fail-on", "new-deny"]);
    dir.put("claimlint.toml", "out = \"r/{date}-{run}\"\n");
    let answer = flowed(&dir.run(&["explain", "C1"]).success());
    assert!(answer.contains("It may not be the newest: ") && answer.contains(&newest), "{answer}");
    let output = dir.run(&["prune", "r", "--keep", "1"]);
    assert_eq!(output.code, Some(1));
    assert!(output.err.contains(&format!("{newest}: its summary.json is damaged; it stays")), "{}", output.err);
    assert!(dir.at(&newest).exists());
    // None is left that can be read.
    for report in newest_first().into_iter().filter(|report| *report != newest) {
        fs::remove_dir_all(dir.at(&report)).expect("ours");
    }
    let said = dir.run(&["explain", "C1"]).refused();
    assert!(said.contains(&format!("{newest}: its summary.json is damaged")), "{said}");
    #[cfg(unix)]
    {
        // Nor is a link to a report none.
        fs::rename(dir.at(&newest), dir.at("moved")).expect("ours");
        dir.put("moved/summary.json", &text);
        std::os::unix::fs::symlink("../moved", dir.at(&newest)).expect("a link");
        assert!(check(&dir, 2, &latest).contains("is a link"));
    }
}

/// The service got another user, or one night was run by root.
#[cfg(unix)]
#[test]
fn a_report_of_another_user_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let dir = TestDir::with(&[CLEAR]);
    check(&dir, 0, &["-q", "--out", "r/1"]);
    fs::copy(env!("CARGO_BIN_EXE_claimlint"), dir.at("claimlint")).expect("room for it");
    let mode = |path: &str, mode| fs::set_permissions(dir.at(path), fs::Permissions::from_mode(mode)).expect("ours");
    let is_root = fs::metadata(dir.at("r")).is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0);
    mode("", 0o777);
    mode("r", 0o777);
    mode("claims.csv", 0o644);
    mode("r/1", 0o000);
    let other = |args: &[&str]| {
        let mut command = std::process::Command::new(dir.at("claimlint"));
        command.args(args).current_dir(dir.at(""));
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        crate::cli::CommandOutput::by(&mut command)
    };
    let latest = ["check", "claims.csv", "-q", "--out", "r/2", "--baseline", "latest", "--fail-on", "new-deny"];
    let said = other(&latest).refused();
    assert!(said.contains("--baseline latest: r/1: may not be read by this user"), "{said}");
    let output = other(&["prune", "r", "--keep", "1"]);
    assert!(output.code == Some(1) && output.err.contains("r/1: may not be read by this user"), "{}", output.err);
    mode("r/1", 0o700);
}

#[test]
fn a_baseline_that_was_judged_otherwise_is_a_warning() {
    let dir = TestDir::with(&[DENY, CLEAR]);
    dir.put("auths.csv", "authorization_number,member_id,status\nA-1,M1,approved\n");
    let limits = dir.run(&["policy", "show", "--toml", "limits"]).success();
    dir.put("limits.toml", format!("# another text\n{limits}"));
    let columns: String = HEAD
        .trim_end()
        .split(',')
        .map(|name| match name {
            "diagnosis_1" => "diagnosis = [\"diagnosis_1\"]\n".to_owned(),
            name => format!("{name} = \"{name}\"\n"),
        })
        .collect();
    let head = "name = \"mine\"\ntitle = \"Mine\"\nsource = \"a mart\"\nvalid = \"2024\"\n";
    dir.put("mine.toml", format!("{head}[columns]\n{columns}"));
    check(&dir, 1, &["--out", "base", "-q"]);
    let kinds = |more: &[&str]| -> Vec<String> {
        let all = [&["--out", "r", "--force", "--baseline", "base", "-q", "--fail-on", "never"], more].concat();
        check(&dir, 0, &all);
        let warnings = summary(&dir, "r")["warnings"].as_array().expect("a list").clone();
        warnings.iter().filter_map(|warning| warning["kind"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(kinds(&[]), [""; 0]);
    assert_eq!(kinds(&["--policy", "limits.toml"]), ["policy-unlike-baseline"]);
    assert_eq!(kinds(&["--ignore", "DQ"]), ["selection-unlike-baseline"]);
    assert_eq!(kinds(&["--layout", "mine.toml"]), ["layout-unlike-baseline"]);
    let added = kinds(&["--auths", "auths.csv"]);
    assert!(added.contains(&"authorizations-added".to_owned()), "{added:?}");
}

#[test]
fn prune_removes_old_reports_and_nothing_else() {
    let dir = TestDir::with(&[CLEAR]);
    for n in 0..5 {
        check(&dir, 0, &["-q", "--out", &format!("r/{n}")]);
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::create_dir(dir.at("r/photos")).expect("room for it");
    dir.put("r/photos/summary.json", "{}");
    dir.put("r/letter.txt", "mine");
    let prune = |more: &[&str]| dir.run(&[&["prune", "r"][..], more].concat());
    let all = names(&dir.at("r"));
    let dry = prune(&["--keep", "3", "--dry-run"]).success();
    assert!(dry.contains("would remove r/0 ") && dry.contains("2 reports would be removed, 3 would be left"), "{dry}");
    assert_eq!(names(&dir.at("r")), all);
    assert!(prune(&["--keep", "1", "--older-than", "1d"]).success().contains("0 reports removed, 5 left"));
    let said = prune(&["--keep", "3"]).success();
    assert!(said.contains("removed r/0 ") && said.contains("2 reports removed, 3 left"), "{said}");
    assert_eq!(names(&dir.at("r")), ["2", "3", "4", "letter.txt", "photos"]);
    // A report that somebody annotated, one with a note beside it, one that lacks a file: each stays, and is named.
    let services = fs::read(dir.at("r/2/services.csv")).expect("a report");
    for (change, says) in
        [("changed", "services.csv was changed"), ("added", "holds notes.txt"), ("gone", "rejects.csv is missing")]
    {
        match change {
            "changed" => dir.put("r/2/services.csv", "annotated"),
            "added" => dir.put("r/2/notes.txt", "mine"),
            _ => fs::rename(dir.at("r/2/rejects.csv"), dir.at("rejects.csv")).expect("ours"),
        }
        let output = prune(&["--keep", "2"]);
        assert_eq!(output.code, Some(1), "{change}");
        assert!(output.err.contains(says) && output.err.contains("it stays"), "{change}: {}", output.err);
        assert!(dir.at("r/2/summary.json").exists());
        match change {
            "changed" => dir.put("r/2/services.csv", &services),
            "added" => fs::remove_file(dir.at("r/2/notes.txt")).expect("ours"),
            _ => fs::rename(dir.at("rejects.csv"), dir.at("r/2/rejects.csv")).expect("ours"),
        }
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("4", dir.at("r/latest")).expect("a link");
        fs::create_dir(dir.at("elsewhere")).expect("room for it");
        check(&dir, 0, &["-q", "--out", "elsewhere/x"]);
        std::os::unix::fs::symlink("../elsewhere/x", dir.at("r/x")).expect("a link");
    }
    // By age: a hundred years from now, everything is old, and ten years ago nothing was.
    assert!(prune(&["--older-than", "1d", "--today", "2015-01-01"]).success().contains("0 reports removed"));
    let said = prune(&["--older-than", "1d", "--today", "2126-01-01", "--keep", "1"]).success();
    assert!(said.contains("2 reports removed, 1 left"), "{said}");
    #[cfg(unix)]
    assert!(dir.at("elsewhere/x/report.html").exists() && dir.at("r/latest/report.html").exists());
    assert!(dir.at("r/4/report.html").exists() && dir.at("r/letter.txt").exists() && dir.at("r/photos").exists());
    assert!(prune(&[]).refused().contains("--keep"));
    assert!(dir.run(&["prune", "none", "--keep", "1"]).refused().contains("does not exist"));
}

#[cfg(unix)]
#[test]
fn prune_leaves_a_report_that_a_run_is_writing_and_removes_what_killed_runs_left() {
    use crate::night::{begun, leftovers, start};
    let dir = TestDir::with(&[CLEAR]);
    for out in ["a", "b"] {
        check(&dir, 0, &["-q", "--out", out]);
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut writing = start(&mut dir.command(&["check", "-", "--out", "a", "--force", "-q"]));
    begun(&dir);
    let output = dir.run(&["prune", ".", "--keep", "1"]);
    assert!(output.code == Some(1) && output.err.contains("a: a run is writing there; it stays"), "{}", output.err);
    assert_eq!(leftovers(&dir).len(), 2, "the run keeps its directory and its lock: {:?}", leftovers(&dir));
    writing.kill().expect("ours");
    writing.wait().expect("ours");
    let said = dir.run(&["prune", ".", "--keep", "1"]).success();
    assert!(said.contains("1 report removed, 1 left") && said.contains("1 unfinished report of killed runs"), "{said}");
    assert_eq!(dir.names(), ["b", "claims.csv"]);
}

#[test]
fn extracts_are_named_by_directories_and_patterns() {
    let dir = TestDir::with(&[]);
    fs::create_dir_all(dir.at("inbox/old")).expect("room for it");
    dir.put("inbox/b.csv", HEAD.to_owned() + DENY);
    dir.put("inbox/a.csv", HEAD.to_owned() + CLEAR);
    for (name, text) in
        [(".hidden.csv", "x"), ("c.csv.part", "claim_"), ("d.csv~", "x"), ("claimlint.toml", "fail_on = \"never\"\n")]
    {
        dir.put(&format!("inbox/{name}"), text);
    }
    for typed in ["inbox", "inbox/", "inbox/*.csv", "*/?.csv"] {
        let output = dir.run(&["check", typed, "--out", "r", "--force"]);
        assert_eq!(output.code, Some(0), "{typed}: the settings in the directory apply: {}", output.err);
        let inputs = summary(&dir, "r")["inputs"].clone();
        let files: Vec<_> = inputs.as_array().expect("a list").iter().map(|input| input["file"].as_str()).collect();
        assert_eq!(files, [Some("inbox/a.csv"), Some("inbox/b.csv")], "{typed}");
        assert!(output.err.contains(&format!("{typed}: 2 extracts")), "{typed}: {}", output.err);
        if typed == "inbox/" {
            for said in [".hidden.csv (hidden)", "c.csv.part (unfinished)", "d.csv~ (unfinished)", "old (folder)"] {
                assert!(output.err.contains(said), "{said}: {}", output.err);
            }
        }
        dir.run(&["verify", "r", typed]).success();
    }
    dir.run(&["config", "show", "inbox"]).success();
    for (typed, says) in
        [("inbox/old", "holds no extract"), ("inbox/z*", "no extract has such a name"), ("none/*.csv", "no extract")]
    {
        let refused = dir.run(&["check", typed]).refused();
        assert!(refused.contains(says), "{typed}: {refused}");
    }
    let twice = dir.run(&["check", "inbox", "inbox/a.csv", "--out", "r", "--force"]).refused();
    assert!(twice.contains("a.csv"), "{twice}");
}

#[test]
fn files_beside_an_extract_tell_whether_it_is_complete() {
    let dir = TestDir::with(&[CLEAR]);
    // What sha256sum prints of these bytes: the test of the file itself compares with published values.
    let digest = {
        use sha2::Digest as _;
        let bytes = fs::read(dir.at("claims.csv")).expect("ours");
        sha2::Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    };
    dir.put("claims.csv.sha256", format!("{digest}  claims.csv\n"));
    dir.put("claims.csv.done", "");
    let said = check(&dir, 0, &["--out", "r"]);
    assert!(said.contains("claims.csv: SHA-256 as in claims.csv.sha256") && said.contains("complete, says"), "{said}");
    let rows = fs::read_to_string(dir.at("claims.csv")).expect("ours");
    std::thread::sleep(Duration::from_millis(20));
    dir.put("claims.csv", rows.clone() + REVIEW);
    assert!(check(&dir, 2, &["--out", "s"]).contains("was changed after claims.csv.done was written"));
    fs::remove_file(dir.at("claims.csv.done")).expect("ours");
    assert!(check(&dir, 2, &["--out", "s"]).contains("its SHA-256 is another; have it sent again"));
    dir.put("claims.csv", rows);
    check(&dir, 0, &["--out", "s", "-q"]);
}

#[test]
fn a_run_waits_until_its_inputs_settle() {
    let dir = TestDir::with(&[CLEAR]);
    fs::create_dir(dir.at("inbox")).expect("room for it");
    dir.put("inbox/a.csv", HEAD.to_owned() + CLEAR);
    let (path, late) = (dir.at("inbox/a.csv"), dir.at("inbox/b.csv"));
    let begun = Instant::now();
    let writer = std::thread::spawn(move || {
        for n in 0..4 {
            std::thread::sleep(Duration::from_millis(300));
            let rows: String = (0..n).map(|n| CLEAR.replace("C1", &format!("C1-{n}"))).collect();
            fs::write(&path, HEAD.to_owned() + CLEAR + &rows).expect("room for it");
        }
        fs::write(&late, HEAD.to_owned() + DENY).expect("room for it");
    });
    let output = dir.run(&["check", "inbox", "--settle", "1s", "--out", "r"]);
    writer.join().expect("it wrote");
    assert!(begun.elapsed() >= Duration::from_secs(2), "it waited for the last change");
    assert_eq!(output.code, Some(1), "{}", output.err);
    assert!(output.err.contains("waiting until no input has changed for 1 s"), "{}", output.err);
    assert_eq!((&summary(&dir, "r")["ledger"]["rows"], output.err.contains("inbox: 2 extracts")), (&5.into(), true));
    for (time, says) in [("60", "60s, 5m or 30d"), ("1y", "60s, 5m or 30d")] {
        assert!(dir.run(&["check", "inbox", "--settle", time]).refused().contains(says));
    }
}
