//! The reports of a directory in the order of their runs, newest first. The order is that of the times in run.json, which
//! were recorded when the reports were written: names and the times of files may say anything.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use crate::report::dir::has_summary;
use crate::report::{RUN, foreign};

/// A report with what its run.json says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiblingReport {
    /// The directory of the report.
    pub path: PathBuf,
    /// The run that wrote it; `None` if run.json cannot be read.
    pub run: Option<RunRecord>,
}

/// Which run wrote a report, and when.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RunRecord {
    /// The id of the run.
    #[serde(rename = "run")]
    pub id: String,
    /// When the report was written, in milliseconds since 1970.
    finished_unix_milliseconds: i64,
}

impl RunRecord {
    /// What run.json of a report says; `None` if it cannot be read.
    pub fn of(report: &Path) -> Option<Self> {
        serde_json::from_slice(&foreign::json(report, RUN).ok()?).ok()
    }

    /// Day and time in UTC as in `2024-03-05 06:07`. Empty for a time that no calendar can show.
    pub fn when(&self) -> String {
        let time = Timestamp::from_millisecond(self.finished_unix_milliseconds);
        time.map_or(String::new(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
    }
}

impl SiblingReport {
    /// The report in this directory.
    pub fn at(path: PathBuf) -> Self {
        Self { run: RunRecord::of(&path), path }
    }

    /// Were the two written at the same time, so that neither is newer?
    pub(crate) fn ties_with(&self, other: &Self) -> bool {
        self.time() == other.time()
    }

    /// When it was written, in milliseconds since 1970; `None` if run.json cannot be read.
    pub fn time(&self) -> Option<i64> {
        self.run.as_ref().map(|run| run.finished_unix_milliseconds)
    }
}

/// The reports in `parent` whose names `is_wanted` admits, in the order of [`in_order`].
pub(crate) fn newest_first(parent: &Path, is_wanted: impl Fn(&str) -> bool) -> io::Result<Vec<SiblingReport>> {
    let shown = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let mut reports = Vec::new();
    for entry in std::fs::read_dir(shown)? {
        let name = entry?.file_name();
        let path = parent.join(&name);
        // The hidden directory of an unfinished report is not a report yet.
        let text = name.to_string_lossy();
        if !text.starts_with('.') && is_wanted(&text) && has_summary(&path) {
            reports.push(SiblingReport::at(path));
        }
    }
    Ok(in_order(reports))
}

/// Reports newest first, those without a readable run.json last, and reports of the same time by name.
pub fn in_order(mut reports: Vec<SiblingReport>) -> Vec<SiblingReport> {
    reports.sort_by(|a, b| (b.time(), &a.path).cmp(&(a.time(), &b.path)));
    reports
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(parent: &Path, name: &str, finished: Option<i64>) {
        let path = parent.join(name);
        std::fs::create_dir(&path).expect("room for it");
        std::fs::write(path.join("summary.json"), "{\n  \"schema\": \"claimlint-summary/1\"\n}\n")
            .expect("room for it");
        let record = finished.map(|at| format!("{{\"run\": \"{name}\", \"finished_unix_milliseconds\": {at}}}"));
        std::fs::write(path.join(RUN), record.unwrap_or_default()).expect("room for it");
    }

    #[test]
    fn the_newest_is_the_one_whose_run_ended_last() {
        let parent = tempfile::tempdir().expect("a directory");
        for (name, finished) in [
            ("c", Some(5)),
            ("a", Some(1_709_618_828_009)),
            ("b", Some(5)),
            ("d", None),
            (".e", Some(9)),
            ("x", Some(7)),
        ] {
            put(parent.path(), name, finished);
        }
        std::fs::create_dir(parent.path().join("no-report")).expect("room for it");
        let found = newest_first(parent.path(), |name| name != "x").expect("it can be read");
        let names: Vec<_> = found.iter().map(|report| report.path.file_name().expect("a name")).collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert_eq!(found[0].run.as_ref().expect("a record").when(), "2024-03-05 06:07");
        assert!(found[1].ties_with(&found[2]) && !found[0].ties_with(&found[1]));
        assert!(newest_first(&parent.path().join("none"), |_| true).is_err());
    }

    #[test]
    fn a_time_beyond_the_calendar_is_not_shown() {
        let run = RunRecord { id: String::new(), finished_unix_milliseconds: i64::MAX };
        assert_eq!(run.when(), "");
    }
}
