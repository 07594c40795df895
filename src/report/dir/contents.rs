//! What a report directory may hold: decides what `--force` may replace and what a later run may remove.

use std::fs;
use std::io;
use std::path::Path;

use crate::report::dir::error::PublishError;
use crate::report::dir::files::describe_io_error;
use crate::report::dir::manifest::{self, RUN};
use crate::report::format::FORMATS;

/// Files of a report besides those of [`FORMATS`].
const OTHER_FILES: [&str; 2] = [RUN, manifest::FILE];

/// Refuses a directory that is not a report or that holds anything besides a report.
pub(super) fn check_replaceable(target: &Path) -> Result<(), PublishError> {
    let shown = || target.display().to_string();
    if !has_summary(target) {
        return Err(PublishError::NoReport(shown()));
    }
    let foreign = foreign_entries(target).map_err(|e| PublishError::Io(shown(), describe_io_error(&e)))?;
    foreign.into_iter().next().map_or(Ok(()), |name| Err(PublishError::Strange(shown(), name)))
}

/// Is this directory a report and nothing else?
pub(super) fn is_report(path: &Path) -> bool {
    check_replaceable(path).is_ok()
}

/// Does this directory have a summary.json of claimlint? A link to a directory does not count.
pub fn has_summary(path: &Path) -> bool {
    let is_directory = fs::symlink_metadata(path).is_ok_and(|m| m.is_dir());
    let summary = fs::read_to_string(path.join("summary.json")).unwrap_or_default();
    is_directory && summary.contains("\"schema\": \"claimlint-summary/")
}

/// The entries of a directory that do not belong to a report, sorted.
pub(super) fn foreign_entries(directory: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_file() || !is_part(&name) {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

fn is_part(name: &str) -> bool {
    FORMATS.iter().any(|format| format.file == name)
        || OTHER_FILES.contains(&name)
        // Roll-ups of other versions may have other keys.
        || name.strip_prefix("rollup-").is_some_and(|rest| rest.strip_suffix(".csv").is_some())
}
