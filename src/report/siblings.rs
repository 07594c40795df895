//! The reports of a directory in the order of their runs, newest first. The order is that of the times in run.json, which
//! were recorded when the reports were written: names and the times of files may say anything.

use std::fmt;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use crate::report::dir::{FoundReport, look_for_report};
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

/// A directory that may be a report and cannot be read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableReport {
    /// The directory.
    pub path: PathBuf,
    /// Why, in words that follow its name.
    pub why: String,
    /// When it was written, in milliseconds since 1970, if its run.json still says so.
    pub time: Option<i64>,
}

impl Display for UnreadableReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

/// Reports that are beside each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Siblings {
    /// Those that can be read, in the order of [`in_order`].
    pub reports: Vec<SiblingReport>,
    /// The others, by name.
    pub unreadable: Vec<UnreadableReport>,
}

/// The directory that the root of some file systems has for lost files. Nobody but root may look into it, and no run writes there.
const LOST: &str = "lost+found";

/// Is this that directory?
pub(crate) fn is_lost_and_found(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == LOST)
}

impl Siblings {
    /// What is in these places. Places without a report are left out.
    pub(crate) fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut found = Self::default();
        for path in paths.into_iter().filter(|path| !is_lost_and_found(path)) {
            match look_for_report(&path) {
                FoundReport::Whole => found.reports.push(SiblingReport::at(path)),
                FoundReport::Unreadable(why) => found.add_unreadable(path, why),
                // The record of a run is a trace, too.
                FoundReport::None if !path.is_symlink() && RunRecord::of(&path).is_some() => {
                    found.add_unreadable(path, "has a run.json, and its summary.json is missing or damaged".to_owned());
                }
                FoundReport::None => {}
            }
        }
        found.reports = in_order(found.reports);
        found.unreadable.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    /// Adds a report that cannot be read.
    pub(crate) fn add_unreadable(&mut self, path: PathBuf, why: String) {
        let time = RunRecord::of(&path).map(|run| run.finished_unix_milliseconds);
        self.unreadable.push(UnreadableReport { path, why, time });
    }

    /// The unreadable reports that may be newer than all others.
    pub(crate) fn perhaps_newest(&self) -> impl Iterator<Item = &UnreadableReport> {
        let newest = self.reports.first().and_then(SiblingReport::time);
        self.unreadable.iter().filter(move |one| one.time.is_none() || one.time >= newest)
    }
}

/// The reports in `parent` whose names `is_wanted` admits.
pub(crate) fn in_directory(parent: &Path, is_wanted: impl Fn(&str) -> bool) -> io::Result<Siblings> {
    let shown = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(shown)? {
        let name = entry?.file_name();
        let path = parent.join(&name);
        // The hidden directory of an unfinished report is not a report yet.
        let text = name.to_string_lossy();
        if !text.starts_with('.') && is_wanted(&text) {
            paths.push(path);
        }
    }
    Ok(Siblings::of(paths))
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
        let all = in_directory(parent.path(), |name| name != "x").expect("it can be read");
        assert_eq!(all.unreadable, []);
        let found = all.reports;
        let names: Vec<_> = found.iter().map(|report| report.path.file_name().expect("a name")).collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
        assert_eq!(found[0].run.as_ref().expect("a record").when(), "2024-03-05 06:07");
        assert!(found[1].ties_with(&found[2]) && !found[0].ties_with(&found[1]));
        assert!(in_directory(&parent.path().join("none"), |_| true).is_err());
    }

    #[test]
    fn a_damaged_report_is_not_left_out_and_matters_if_it_may_be_the_newest() {
        let parent = tempfile::tempdir().expect("a directory");
        for (name, finished, summary) in
            [("old", Some(5), ""), ("whole", Some(7), "{\"schema\": \"claimlint-summary/1\""), ("new", Some(9), "{}")]
        {
            put(parent.path(), name, finished);
            std::fs::write(parent.path().join(name).join("summary.json"), summary).expect("room for it");
        }
        std::fs::create_dir(parent.path().join("lost+found")).expect("room for it");
        std::fs::remove_file(parent.path().join("old/summary.json")).expect("ours");
        let found = in_directory(parent.path(), |_| true).expect("it can be read");
        let names = |paths: Vec<&PathBuf>| -> Vec<String> {
            paths.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
        };
        assert_eq!(names(found.reports.iter().map(|report| &report.path).collect()), ["whole"]);
        assert_eq!(names(found.unreadable.iter().map(|report| &report.path).collect()), ["new", "old"]);
        assert_eq!(names(found.perhaps_newest().map(|report| &report.path).collect()), ["new"]);
        assert!(
            found.unreadable[0]
                .to_string()
                .ends_with("new: has a run.json, and its summary.json is missing or damaged")
        );
    }

    #[test]
    fn a_time_beyond_the_calendar_is_not_shown() {
        let run = RunRecord { id: String::new(), finished_unix_milliseconds: i64::MAX };
        assert_eq!(run.when(), "");
    }
}
