//! `--log json`: a log for machines. It writes one JSON object per line to stderr, and nothing else is written there.
//!
//! Events hold counts, names of files and columns, and our own sentences; never the content of a row. Every run ends
//! with one
//! `finished` event, whatever happened.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use serde_json::{Map, Value, json};

use crate::cli::args::LogFormat;
use crate::cli::clock;
use crate::cli::terminal::{screen, style};
use crate::exit::Exit;
use crate::report::words::escape::seen_json;
use crate::report::words::warning::sentence;
use crate::warning::Warning;

/// Hexadecimal digits of a run id: 64 bits, so that two runs do not get the same one.
const ID_LENGTH: usize = 16;

/// The messages of a run: notes for people, or events for machines.
pub(crate) struct Log {
    json: bool,
    quiet: bool,
    run: String,
    start: Instant,
    finished: AtomicBool,
}

impl Log {
    /// A log of a run that starts now.
    pub(crate) fn new(format: Option<LogFormat>, quiet: bool) -> Self {
        let now = clock::nanoseconds_since_1970(SystemTime::now());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&now.to_le_bytes()).update(&std::process::id().to_le_bytes());
        let run = hasher.finalize().to_hex()[..ID_LENGTH].to_owned();
        Self { json: format.is_some(), quiet, run, start: Instant::now(), finished: AtomicBool::new(false) }
    }

    /// Are events written instead of notes?
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The id of the run, which `run.json` has too.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// Writes an event. Without `--log json` nothing is written.
    pub(crate) fn event(&self, event: &str, phase: &str, more: Value) {
        if !self.json {
            return;
        }
        let mut line = Map::new();
        let time = clock::shown(SystemTime::now());
        for (key, value) in [("time", time.as_str()), ("run", &self.run), ("event", event), ("phase", phase)] {
            line.insert(key.to_owned(), value.into());
        }
        if let Value::Object(more) = more {
            line.extend(more);
        }
        let _ = writeln!(screen::stderr(), "{}", seen_json(&Value::Object(line).to_string()));
    }

    /// Writes a note, which does not stop the run. `--quiet` is for people; a log has every note.
    pub(crate) fn note(&self, message: &str) {
        if self.json {
            self.event("note", "plan", json!({ "message": message }));
            return;
        }
        if self.quiet {
            return;
        }
        let line = format!("{} {}", style::paint(style::DIM, "note:"), style::seen(message));
        let _ = writeln!(screen::stderr(), "{}", style::fitted(&line, 6));
    }

    /// Writes a warning, whatever `--quiet` says.
    pub(crate) fn warning(&self, warning: &Warning) {
        let said = sentence(warning);
        if self.json {
            let mut event = serde_json::to_value(warning).unwrap_or_default();
            event["message"] = said.into();
            self.event("warning", "judge", event);
            return;
        }
        let line = format!("{} {}", style::paint(style::WARNING, "warning:"), style::seen(&said));
        let _ = writeln!(screen::stderr(), "{}", style::fitted(&line, 9));
    }

    /// Writes a line that belongs to the note before it, for people only.
    pub(crate) fn detail(&self, message: &str) {
        if !self.quiet && !self.json {
            let _ = writeln!(screen::stderr(), "{}", style::fitted(&format!("  {}", style::seen(message)), 4));
        }
    }

    /// Writes the error that stopped the run. `Display` of our errors leaves out quotes from an input.
    pub(crate) fn error(&self, phase: &str, error: &anyhow::Error) {
        self.event("error", phase, json!({ "message": format!("{error:#}") }));
    }

    /// Writes the last event, once.
    pub(crate) fn finish(&self, exit: Exit) {
        if !self.finished.swap(true, Ordering::Relaxed) {
            let seconds = (self.start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
            self.event("finished", "end", json!({ "exit": exit.code(), "seconds": seconds }));
        }
    }

    /// Reports a gate that failed the run, with the values of its names.
    pub(crate) fn gate(&self, expression: &str, what: &str, figures: &[(String, String)]) {
        let by_name: BTreeMap<_, _> = figures.iter().map(|(name, figure)| (name, figure)).collect();
        if self.json {
            self.event("gate", "end", json!({ "expression": expression, "result": what, "figures": by_name }));
        } else if !self.quiet {
            let figures: Vec<_> = figures.iter().map(|(name, figure)| format!("{name} is {figure}")).collect();
            let gate = style::paint(style::ERROR, "gate:");
            let line = format!("{gate} {}: {what}; {}", style::seen(expression), figures.join(", "));
            let _ = writeln!(screen::stderr(), "{}", style::fitted(&line, 6));
        }
    }
}

/// Does a command line that could not be parsed ask for `--log json`?
pub(crate) fn is_asked_for() -> bool {
    let args: Vec<_> = std::env::args_os().collect();
    args.iter().any(|arg| arg == "--log=json") || args.windows(2).any(|pair| pair[0] == "--log" && pair[1] == "json")
}
