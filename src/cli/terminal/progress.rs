//! Progress on stderr: a bar by bytes at a terminal, plain lines for logs, or nothing.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::args::Progress;
use crate::cli::terminal::log::Log;
use crate::cli::terminal::screen;
use crate::cli::terminal::style;
use crate::cli::terminal::style::grouped;
use crate::ingest::Watch;

/// Time between two progress lines in a log: short enough to show that the run is alive, long enough not to fill the
/// log.
const EVERY: Duration = Duration::from_secs(10);

/// Watches a run: shows its progress, and stops it when asked.
pub(crate) struct Watcher {
    shown: Shown,
    total: u64,
    bytes: AtomicU64,
    rows: AtomicU64,
    kept: AtomicU64,
    start: Instant,
    stop: Arc<AtomicBool>,
    log: Arc<Log>,
}

/// Columns that a bar with all its counts needs. A narrower terminal has the share, the rows and the time that is left.
const BAR_COLUMNS: usize = 80;

enum Shown {
    Bar(ProgressBar),
    Lines(Mutex<Instant>),
    Events(Mutex<Instant>),
    Nothing,
}

impl Watcher {
    /// A watcher of a run over `total` bytes on disk; 0 if unknown (stdin).
    pub(crate) fn new(how: Progress, quiet: bool, total: u64, stop: Arc<AtomicBool>, log: Arc<Log>) -> Self {
        let shown = match how {
            _ if log.is_json() => Shown::Events(Mutex::new(Instant::now())),
            _ if quiet => Shown::Nothing,
            Progress::Auto if screen::is_stderr_terminal() => Shown::Bar(bar(total)),
            Progress::Plain => Shown::Lines(Mutex::new(Instant::now())),
            Progress::Auto | Progress::None => Shown::Nothing,
        };
        Self {
            shown,
            total,
            bytes: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            start: Instant::now(),
            stop,
            log,
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        match &self.shown {
            Shown::Bar(bar) => bar.finish_and_clear(),
            Shown::Lines(_) => self.line(),
            Shown::Events(_) | Shown::Nothing => {}
        }
    }

    fn event(&self) {
        let [bytes, rows, kept] = [&self.bytes, &self.rows, &self.kept].map(|n| n.load(Ordering::Relaxed));
        let more = json!({ "bytes": bytes, "total_bytes": self.total, "rows": rows, "kept": kept });
        self.log.event("progress", "read", more);
    }

    fn counts(&self) -> String {
        let rows = self.rows.load(Ordering::Relaxed);
        let per_second = (rows as f64 / self.start.elapsed().as_secs_f64().max(0.001)) as u64;
        format!(
            "{} rows, {} rows/s, {} kept",
            grouped(rows),
            grouped(per_second),
            grouped(self.kept.load(Ordering::Relaxed))
        )
    }

    /// The counts next to the bar, which must fit into 80 columns, or into fewer without the bar.
    fn short_counts(&self) -> String {
        let rows = self.rows.load(Ordering::Relaxed);
        if style::width() < BAR_COLUMNS {
            return format!("{} rows", short(rows));
        }
        let per_second = (rows as f64 / self.start.elapsed().as_secs_f64().max(0.001)) as u64;
        format!("{} rows {}/s {} kept", short(rows), short(per_second), short(self.kept.load(Ordering::Relaxed)))
    }

    fn line(&self) {
        let of = if self.total > 0 { format!(" of {}", HumanBytes(self.total)) } else { String::new() };
        let _ = writeln!(
            screen::stderr(),
            "claimlint: {}{of}, {}",
            HumanBytes(self.bytes.load(Ordering::Relaxed)),
            self.counts()
        );
    }
}

/// Is it time for another line?
fn is_due(last: &Mutex<Instant>) -> bool {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let due = last.elapsed() >= EVERY;
    if due {
        *last = Instant::now();
    }
    due
}

/// At most three significant digits: 999, 12k, 4.5M.
fn short(n: u64) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => format!("{}k", n / 1_000),
        _ => format!("{}.{}M", n / 1_000_000, n / 100_000 % 10),
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = if total > 0 { ProgressBar::new(total) } else { ProgressBar::no_length() };
    let template = if total > 0 && style::width() < BAR_COLUMNS {
        "{percent:>3}% {msg}  ETA {eta}"
    } else if total > 0 {
        "{bar:14.cyan} {percent:>3}% {bytes}/{total_bytes}  {msg}  ETA {eta}"
    } else {
        "{spinner} {bytes}  {msg}"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("\u{2501}\u{2578} "));
    bar
}

impl Watch for Watcher {
    fn passed(&self, bytes: u64, rows: u64, kept: u64) -> bool {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.kept.fetch_add(kept, Ordering::Relaxed);
        match &self.shown {
            Shown::Bar(bar) => {
                bar.set_message(self.short_counts());
                bar.set_position(self.bytes.load(Ordering::Relaxed));
            }
            Shown::Lines(last) => {
                if is_due(last) {
                    self.line();
                }
            }
            Shown::Events(last) => {
                if is_due(last) {
                    self.event();
                }
            }
            Shown::Nothing => {}
        }
        !self.stop.load(Ordering::Relaxed)
    }

    fn note(&self, file: &str, what: &str) {
        let note = || self.log.note(&format!("{file}: {what}"));
        if let Shown::Bar(bar) = &self.shown { bar.suspend(note) } else { note() }
    }

    fn extract(&self, number: usize, rows: u64, rejected: u64, kept: u64) {
        let more = json!({ "extract": number, "rows": rows, "rejected": rejected, "kept": kept });
        self.log.event("extract", "read", more);
    }
}
