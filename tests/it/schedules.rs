//! Tests that the guide's examples for systemd and cron are what those programs accept, that they run, and that a failure is
//! mailed to somebody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir};
use crate::kit::at;

fn page() -> String {
    fs::read_to_string(at("src/guide/nightly.md")).expect("the page")
}

/// The units of the page with their names.
fn units() -> Vec<(String, String)> {
    let page = page();
    let blocks = page.split("```ini\n# /etc/systemd/system/").skip(1);
    let unit = |block: &str| {
        let (name, text) = block.split_once('\n').expect("a name");
        (name.to_owned(), text.split("```").next().expect("a text").to_owned())
    };
    blocks.map(unit).collect()
}

/// A text of the page as it is for this machine: the binary that was built, and the directories of the test.
fn here(text: &str, dir: &TestDir) -> String {
    text.replace("/usr/local/bin/claimlint", env!("CARGO_BIN_EXE_claimlint"))
        .replace("/srv/claims", &dir.0.path().display().to_string())
        .replace("\"60s\"", "\"1s\"")
}

/// A directory with an inbox, an extract in it, and a file that is not complete yet.
fn inbox(rows: &str) -> TestDir {
    let dir = TestDir::with(&[]);
    fs::create_dir(dir.at("inbox")).expect("room for it");
    dir.put("inbox/claims.csv", HEAD.to_owned() + rows);
    dir.put("inbox/tomorrow.csv.part", "claim_");
    let page = page();
    let settings = page.split("# /srv/claims/claimlint.toml\n").nth(1).and_then(|rest| rest.split("```").next());
    dir.put("claimlint.toml", here(settings.expect("the settings"), &dir));
    dir
}

/// The reports of a directory.
fn reports(dir: &TestDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.at("reports")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.join("report.html").exists()).collect()
}

/// Says that a question could not be asked here.
fn unasked(what: &str) {
    #[allow(clippy::print_stderr, reason = "a test that cannot ask its question must not look as if it had")]
    {
        eprintln!("{what}");
    }
}

#[test]
fn systemd_accepts_the_units_and_a_failure_is_mailed() {
    let units = units();
    let names: Vec<_> = units.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["claimlint.service", "claimlint-failed@.service", "claimlint.timer"]);
    assert!(units[0].1.contains("\nOnFailure=claimlint-failed@%n.service\n") && units[1].1.contains("| mail -s "));
    assert!(units[2].1.contains("OnCalendar=*-*-* 02,14:30:00"), "it runs twice a day");
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        unasked("systemd_accepts_the_units: no systemd-analyze is here");
        return;
    }
    let dir = inbox("");
    let verify = |units: &[(String, String)]| {
        let place = tempfile::tempdir().expect("a directory");
        for (name, text) in units {
            fs::write(place.path().join(name), here(text, &dir)).expect("room for it");
        }
        let mut command = Command::new("systemd-analyze");
        command.env("SYSTEMD_UNIT_PATH", format!("{}:", place.path().display())).args(["verify", "--man=no"]);
        let output = command.args(units.iter().map(|(name, _)| place.path().join(name))).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // It speaks of the units of the machine, too.
        let ours: Vec<_> = said.lines().filter(|line| line.contains("claimlint")).map(str::to_owned).collect();
        (output.status.success(), ours)
    };
    assert_eq!(verify(&units), (true, Vec::new()));
    for (right, wrong) in
        [("Type=oneshot", "Typ=oneshot"), ("02,14:30:00", "02,25:30:00"), ("ExecStart=/", "ExecStart=/no/")]
    {
        let broken: Vec<_> = units.iter().map(|(name, text)| (name.clone(), text.replace(right, wrong))).collect();
        let (success, said) = verify(&broken);
        assert!(!success || !said.is_empty(), "it does not notice {wrong}");
    }
}

/// The commands of the unit, without systemd: it splits them at blanks outside quotes.
#[test]
fn the_commands_of_the_unit_run_twice_a_day_and_keep_what_they_should() {
    let (_, unit) = units().swap_remove(0);
    let dir = inbox(&[CLEAR, DENY].concat());
    let command = |key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("no {key}"));
        assert!(
            !line.replace("%%", "").contains('%') && !line.contains('$'),
            "systemd would replace something: {line}"
        );
        here(line, &dir)
    };
    let run = |typed: &str| CommandOutput::by(Command::new("sh").args(["-c", &format!("exec {typed}")]));
    let check = command("ExecStart=");
    // The first night has nothing to compare with, so that nothing is new, and the second run of the day finds the first.
    let first = run(&check);
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(first.err.contains("there is no earlier report") && first.err.contains("tomorrow.csv.part (unfinished)"));
    dir.put("inbox/claims.csv", HEAD.to_owned() + CLEAR + DENY + &DENY.replace("C4", "C5"));
    let second = run(&check);
    assert_eq!(second.code, Some(1), "a new denial: {}", second.err);
    assert!(second.err.contains(r#""since_baseline":{"#) && second.out.is_empty(), "{}", second.err);
    assert_eq!(run(&check).code, Some(0), "it is known now");
    assert_eq!(reports(&dir).len(), 3);
    let pruned = run(&command("ExecStopPost=")).success();
    assert!(pruned.contains("0 reports removed, 3 left"), "{pruned}");
}

/// The lines for cron, with their schedules.
fn cron_lines() -> Vec<(String, String)> {
    let page = page();
    let block = page.split("MAILTO=").nth(1).and_then(|rest| rest.split("```").next()).expect("a block").to_owned();
    let lines = block.lines().skip(1).map(|line| {
        let at = line.match_indices(' ').nth(4).expect("five fields").0;
        (line[..at].to_owned(), line[at + 1..].to_owned())
    });
    lines.collect()
}

#[test]
fn cron_accepts_the_lines() {
    let dir = inbox("");
    let lines: Vec<String> = cron_lines().iter().map(|(when, what)| format!("{when} {what}\n")).collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| !line.contains('%')), "cron ends a command at %: {lines:?}");
    let mut asked = false;
    // cronie tests a file with -T, Debian's cron with -n, which means something else to cronie.
    let option = match Command::new("crontab").args(["-T", "/dev/null"]).output() {
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("invalid option") => Some("-n"),
        Ok(_) => Some("-T"),
        Err(_) => None,
    };
    for (text, right) in [(lines.concat(), true), (lines.concat().replace("2,14", "2,25"), false)] {
        dir.put("crontab", &text);
        if let Some(option) = option {
            asked = true;
            let output = Command::new("crontab").arg(option).arg(dir.at("crontab")).output().expect("it runs");
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            assert_eq!(!said.contains("bad ") && !said.contains("errors in"), right, "{said}");
        }
        let script = "import sys, croniter\nfor l in open(sys.argv[1]): croniter.croniter(' '.join(l.split()[:5]))";
        let there = Command::new("python3").args(["-c", "import croniter"]).output();
        if there.is_ok_and(|there| there.status.success()) {
            asked = true;
            let output = Command::new("python3").args(["-c", script]).arg(dir.at("crontab")).output().expect("it runs");
            assert_eq!(output.status.success(), right, "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    if !asked {
        unasked("cron_accepts_the_lines: neither crontab nor croniter is here");
    }
}

/// cron mails what a job prints: nothing after a good night, and the end of the log after any other.
#[test]
fn the_lines_for_cron_print_only_what_somebody_must_know() {
    let lines = cron_lines();
    let run = |dir: &TestDir, n: usize| CommandOutput::by(Command::new("sh").args(["-c", &here(&lines[n].1, dir)]));
    let last_event = |path: &Path| {
        let log = fs::read_to_string(path).expect("a log");
        serde_json::from_str::<serde_json::Value>(log.lines().last().expect("an event")).expect("JSON")
    };
    let dir = inbox(&[CLEAR, DENY].concat());
    let good = run(&dir, 0);
    assert_eq!((good.out.as_str(), good.err.as_str(), reports(&dir).len()), ("", "", 1));
    assert_eq!(last_event(&dir.at("log.jsonl"))["exit"], 0);
    dir.put("inbox/claims.csv", HEAD.to_owned() + &DENY.replace("C4", "C5"));
    let new = run(&dir, 0);
    assert!(new.out.starts_with("claimlint: 1\n") && new.out.contains(r#""event":"judged""#), "{}", new.out);
    fs::remove_file(dir.at("inbox/claims.csv")).expect("ours");
    let empty = run(&dir, 0);
    assert!(empty.out.starts_with("claimlint: 2\n") && empty.out.contains("holds no extract"), "{}", empty.out);
    assert!(!new.out.contains("C5") && !empty.out.contains("C5"), "no mail names a claim");
    let pruned = run(&dir, 1);
    assert_eq!((pruned.code, pruned.out.as_str(), pruned.err.as_str()), (Some(0), "", ""));
}
