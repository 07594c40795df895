//! Tests the log for machines: every line of stderr is an event, the last one states the exit code however the run ended, and
//! no event holds text of a row.

use std::fs;

use serde_json::Value;

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir};

/// A mark in cells of every kind. No log may hold it.
const MARK: &str = "MARKER7";

/// The events of a run. Every line must be an event with the same run id, and the last must state the exit code.
fn events(output: &CommandOutput) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let events: Vec<Value> = output.err.lines().map(parse).collect();
    let last = events.last().unwrap_or_else(|| panic!("no event: {}", output.err));
    assert_eq!((last["event"].as_str(), last["exit"].as_i64().map(|n| n as i32)), (Some("finished"), output.code));
    for event in &events {
        assert_eq!(event["run"], last["run"], "{event}");
        assert!(event["phase"].is_string() && event["time"].is_string(), "{event}");
    }
    assert_eq!(events.iter().filter(|e| e["event"] == "finished").count(), 1);
    assert!(!output.err.contains(MARK), "{}", output.err);
    events
}

fn find<'e>(events: &'e [Value], name: &str) -> &'e Value {
    events.iter().find(|e| e["event"] == name).unwrap_or_else(|| panic!("no {name}: {events:#?}"))
}

/// Rows whose ids and texts hold the mark.
fn marked() -> String {
    let rows = [CLEAR, DENY, "C5,too,short\n"].concat();
    HEAD.to_owned()
        + &rows
            .replace("C1", &format!("C{MARK}"))
            .replace(",M4,", &format!(",{MARK},"))
            .replace("too", MARK)
            .replace("A-1", MARK)
}

#[test]
fn the_log_states_how_well_the_authorization_file_fits() {
    let dir = TestDir::with(&[CLEAR, DENY]);
    dir.put("auths.csv", "authorization_number,member_id,status\nA-9,M1,approved\nA-8,M1,denied\n");
    let output = dir.run(&["check", "claims.csv", "--out", "r", "--auths", "auths.csv", "--log", "json"]);
    let events = events(&output);
    let coverage = find(&events, "authorizations");
    let counts = ["rows", "approvals", "numbers_on_services", "numbers_found"].map(|key| &coverage[key]);
    assert_eq!(counts, [2, 1, 1, 0], "{coverage}");
    assert_eq!(find(&events, "warning")["kind"], "authorizations-not-found");
    let above = output.out.split("1 warning:").next().unwrap_or_default();
    assert!(!above.contains("at risk"), "the warning is above the result: {}", output.out);
}

#[test]
fn amounts_are_unknown_where_no_column_has_them() {
    let dir = TestDir::with(&[DENY]);
    let text = fs::read_to_string(dir.at("claims.csv")).expect("ours").replace("paid_amount", "other");
    dir.put("claims.csv", text);
    let output = dir.run(&["check", "claims.csv", "--out", "r", "--log", "json", "--fail-if", "amount >= 0"]);
    assert_eq!(output.code, Some(1));
    let events = events(&output);
    assert!(find(&events, "judged")["amount"].is_null() && find(&events, "judged")["recoverable"].is_null());
    assert!(find(&events, "gate")["result"].as_str().is_some_and(|result| result.starts_with("is undefined")));
    assert!(output.out.contains("unknown") && !output.out.contains("$0.00"), "{}", output.out);
}

#[test]
fn the_log_has_every_phase_with_its_counts() {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", marked());
    let args = ["check", "claims.csv", "--out", "r", "--log", "json", "--fail-if", "deny > 0"];
    let output = dir.run(&args);
    assert_eq!(output.code, Some(1));
    let events = events(&output);
    let start = find(&events, "start");
    assert_eq!(start["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(start["extracts"][0]["bytes"], fs::metadata(dir.at("claims.csv")).expect("it is there").len());
    assert_eq!(start["policy"].as_str().map(str::len), Some(64));
    let extract = find(&events, "extract");
    assert_eq!([&extract["extract"], &extract["rows"], &extract["rejected"], &extract["kept"]], [1, 3, 1, 2]);
    let judged = find(&events, "judged");
    assert_eq!([&judged["deny"], &judged["review"], &judged["clear"]], [1, 0, 1]);
    assert_eq!([&judged["not_evaluated"], &judged["after_verified"]], [0, 2]);
    assert_eq!([&judged["amount"], &judged["recoverable"]], ["2500.00", "2500.00"]);
    let written = find(&events, "written");
    let files: Vec<_> = fs::read_dir(dir.at("r")).expect("a report").map(|f| f.expect("a file").metadata()).collect();
    let bytes: u64 = files.iter().map(|m| m.as_ref().expect("a file").len()).sum();
    assert_eq!((written["files"].as_u64(), written["bytes"].as_u64()), (Some(files.len() as u64), Some(bytes)));
    assert_eq!(find(&events, "gate")["figures"]["deny"], "1");
    assert!(events.iter().any(|e| e["event"] == "note"), "a missing column is a note");
    // Only run.json of the report names the run, and stdout is unchanged.
    let run = start["run"].as_str().expect("an id");
    for file in fs::read_dir(dir.at("r")).expect("a report").map(|f| f.expect("a file").path()) {
        let holds = String::from_utf8_lossy(&fs::read(&file).expect("a file")).contains(run);
        assert_eq!(holds, file.ends_with("run.json"), "{}", file.display());
    }
    let plain = dir.run(&["check", "claims.csv", "--out", "r", "--force"]);
    let without_time = |out: &str| out.rsplit_once(" (").map(|(rest, _)| rest.to_owned());
    assert_eq!(without_time(&plain.out), without_time(&output.out));
}

#[test]
fn a_refusal_logs_an_error_and_the_exit_code() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("headless.csv", format!("{MARK},{MARK}2,22514\n{MARK},b,c\n"));
    dir.put("misread.csv", HEAD.to_owned() + &format!("{MARK},short\n").repeat(12));
    dir.put("auths.csv", format!("authorization_number,status,valid_from\n{MARK},A,{MARK}\n"));
    dir.put("dx.csv", format!("CLMID,DIAG\n{MARK},M54.5\n"));
    for (args, says) in [
        (&["check", "none.csv"][..], "does not exist"),
        (&["check", "headless.csv"], "required columns are missing"),
        (&["check", "misread.csv"], "12 of 12 rows cannot be read"),
        (&["check", "claims.csv", "--auths", "auths.csv"], "cannot be read as a date"),
        (&["check", "claims.csv", "--join", "dx=dx.csv"], "joins no tables"),
        (&["check", "claims.csv", "--expect-rows", "9"], "9 rows are expected and 1 were read"),
        (&["check", "claims.csv", "--fail-if", "rows"], "this is a number, and a condition is needed"),
        (&["check", "claims.csv", "--config", "none.toml"], "does not exist"),
        (&["check", "claims.csv", "--fail-on", "now"], "invalid value"),
        (&["check"], "required arguments"),
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["--log", "json"]).collect();
        let output = dir.run(&args);
        let events = events(&output);
        assert_eq!(output.code, Some(2), "{args:?}");
        let message = find(&events, "error")["message"].as_str().expect("a text").to_owned();
        assert!(message.contains(says), "{args:?}: {message}");
        assert!(output.out.is_empty());
    }
}

#[cfg(unix)]
mod unix {
    use std::process::Stdio;

    use super::{HEAD, TestDir, events, find};
    use crate::cli::unix::terminate;

    /// A signal stops a run that is reading, and one that waits for its input.
    #[test]
    fn a_signal_is_logged() {
        for silent in [false, true] {
            let dir = TestDir::with(&[]);
            let mut command = dir.command(&["check", "-", "--out", "report", "--log", "json"]);
            let mut child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
            let mut stdin = child.stdin.take().expect("a pipe");
            let feed = std::thread::spawn(move || {
                use std::io::Write as _;
                let rows = "C1,M1,HMO,22,2024-03-05,99213,M54.5,,1.00\n".repeat(1000);
                let begun = std::time::Instant::now();
                let _ = stdin.write_all(HEAD.as_bytes());
                while if silent { begun.elapsed().as_secs() < 4 } else { stdin.write_all(rows.as_bytes()).is_ok() } {
                    if silent {
                        std::thread::sleep(std::time::Duration::from_millis(20));
                    }
                }
            });
            let output = terminate(&dir, child);
            feed.join().expect("it ends");
            assert_eq!(output.code, Some(130));
            find(&events(&output), "interrupted");
        }
    }
}

#[test]
fn of_a_first_line_that_is_no_header_only_the_shape_is_shown() {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", format!("{MARK},DOE,X\n"));
    let args = ["check", "claims.csv", "--out", "r"];
    let output = dir.run(&args);
    let shape = "the first line holds `AAAAAA9`, `AAA`, `A` ";
    assert!(output.err.contains(shape) && !output.err.contains(MARK), "{}", output.err);
    let output = dir.run(&[&args[..], &["--log", "json"]].concat());
    let events = events(&output);
    let message = find(&events, "error")["message"].as_str().unwrap_or_default();
    assert!(message.contains(shape) && !message.contains(MARK), "{message}");
}
