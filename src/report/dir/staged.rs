//! A report under construction, and how it is moved into place.
//!
//! A report is built in a directory beside its target and moved there when it is complete. If a report exists there,
//! the two directories are exchanged in one step of the operating system. Where the file system cannot do that, the
//! earlier report is first moved into a backup directory, where the next run finds it and puts it back if this run is
//! killed in between ([`lock`]).

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::report::dir::contents::check_replaceable;
use crate::report::dir::error::PublishError;
use crate::report::dir::files::{describe_io_error, exchange, rename_to_free, sync_directory, sync_files};
use crate::report::dir::lock::{self, BACKUP, OLD, PARTIAL, ReportLock, UNIQUE};

/// Name of the report directory without `--out`. If it exists, `-2`, `-3` and so on are tried.
pub const DEFAULT: &str = "claimlint-report";

/// A report under construction, in a directory beside its target. Dropping it removes the directory.
#[derive(Debug)]
pub struct StagedReport {
    // Fields are dropped in this order: the lock is released only after the directory is removed.
    building: TempDir,
    lock: ReportLock,
    parent: PathBuf,
    target: PathBuf,
    replace: bool,
}

impl StagedReport {
    /// Starts a report at `out`, or at the first default name that is free and that no other run has reserved. Removes
    /// what killed runs left beside it.
    pub fn open(out: Option<&Path>, force: bool) -> Result<Self, PublishError> {
        if let Some(out) = out {
            let (parent, name) = split(out)?;
            return Self::reserve(parent, &name, force)?.ok_or_else(|| PublishError::Busy(out.display().to_string()));
        }
        let mut n = 1u32;
        loop {
            let name = if n == 1 { DEFAULT.to_owned() } else { format!("{DEFAULT}-{n}") };
            n += 1;
            if fs::symlink_metadata(&name).is_ok() {
                continue;
            }
            match Self::reserve(PathBuf::from("."), name.as_ref(), false) {
                // The name was taken since we looked, or another run is writing to it.
                Ok(None) | Err(PublishError::Exists(_)) => {}
                Ok(Some(staged)) => return Ok(staged),
                Err(e) => return Err(e),
            }
        }
    }

    /// `None`: another run is writing to the target.
    fn reserve(parent: PathBuf, name: &OsStr, force: bool) -> Result<Option<Self>, PublishError> {
        let beside = |e: io::Error| PublishError::Io(parent.display().to_string(), describe_io_error(&e));
        let target = if parent == Path::new(".") { PathBuf::from(name) } else { parent.join(name) };
        let shown = name.to_string_lossy();
        let Some(lock) = ReportLock::take(&parent, &shown).map_err(beside)? else { return Ok(None) };
        lock::recover(&parent, &shown).map_err(beside)?;
        let replace = fs::symlink_metadata(&target).is_ok();
        if replace && !force {
            return Err(PublishError::Exists(target.display().to_string()));
        }
        if replace {
            check_replaceable(&target)?;
        }
        let building = beside_target(&parent, &shown, PARTIAL).map_err(beside)?;
        Ok(Some(Self { building, lock, parent, target, replace }))
    }

    /// The directory to write to.
    pub fn path(&self) -> &Path {
        self.building.path()
    }

    /// The final place of the report.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// What must be removed if the process ends now: the directory under construction and the lock file.
    pub fn temp_paths(&self) -> [PathBuf; 2] {
        [self.building.path().to_path_buf(), self.lock.path().to_path_buf()]
    }

    /// Moves the finished report into place.
    pub fn publish(self) -> Result<PathBuf, PublishError> {
        let shown = self.target.display().to_string();
        let trouble = |e: io::Error| match e.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => PublishError::Exists(shown.clone()),
            _ => PublishError::Io(shown.clone(), describe_io_error(&e)),
        };
        sync_files(self.building.path()).and_then(|()| sync_directory(self.building.path())).map_err(trouble)?;
        if self.replace {
            // Entries that someone put there during the run must not be removed.
            check_replaceable(&self.target)?;
            // After the exchange, the earlier report is in our temporary directory and is removed with it.
            if !exchange(self.building.path(), &self.target).map_err(trouble)? {
                let name = self.target.file_name().unwrap_or_default().to_string_lossy();
                let backup = beside_target(&self.parent, &name, OLD).map_err(trouble)?;
                replace_by_two(self.building.path(), &self.target, backup).map_err(trouble)?;
            }
        } else {
            rename_to_free(self.building.path(), &self.target).map_err(trouble)?;
            // The directory has been moved, so there is nothing left to remove.
            let _ = self.building.keep();
        }
        sync_directory(&self.parent).map_err(trouble)?;
        Ok(self.target)
    }
}

/// Parent and name of a path; `.` and `..` are resolved.
fn split(out: &Path) -> Result<(PathBuf, std::ffi::OsString), PublishError> {
    let looked_up;
    let path = if out.file_name().is_some() {
        out
    } else {
        let trouble = |e: io::Error| PublishError::Io(out.display().to_string(), describe_io_error(&e));
        looked_up = fs::canonicalize(out).map_err(trouble)?;
        &looked_up
    };
    let name = path.file_name().ok_or_else(|| PublishError::NoReport(out.display().to_string()))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((parent.to_path_buf(), name.to_owned()))
}

/// A new private directory whose name shows the report to which it belongs.
fn beside_target(parent: &Path, name: &str, end: &str) -> io::Result<TempDir> {
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(end).rand_bytes(UNIQUE);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let directory = builder.tempdir_in(parent)?;
    // The umask can only remove rights, but it may remove the owner's.
    #[cfg(unix)]
    fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(directory)
}

/// Replaces `to` with `from` in two steps. Between them the earlier report is in `backup`, where the next run finds it.
fn replace_by_two(from: &Path, to: &Path, backup: TempDir) -> io::Result<()> {
    let waiting = backup.path().join(BACKUP);
    fs::rename(to, &waiting)?;
    if let Err(e) = fs::rename(from, to) {
        if fs::rename(&waiting, to).is_err() {
            // The earlier report cannot be restored now, so the backup directory must not be removed.
            let _ = backup.keep();
        }
        return Err(e);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::dir::contents::is_report;
    use crate::report::dir::manifest::{self, RUN};

    fn report(path: &Path, text: &str) {
        fs::create_dir(path).expect("a directory");
        fs::write(path.join("summary.json"), "{\n  \"schema\": \"claimlint-summary/1\"\n}").expect("room for it");
        fs::write(path.join("services.csv"), text).expect("room for it");
    }

    fn services(path: &Path) -> String {
        fs::read_to_string(path.join("services.csv")).expect("a report")
    }

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).expect("there");
        let mut names: Vec<_> = entries.map(|e| e.expect("entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn two_steps_replace_and_a_kill_between_them_is_repaired() {
        let temp = tempfile::tempdir().expect("a directory");
        let (from, to) = (temp.path().join(".r.aaaaaa.partial"), temp.path().join("r"));
        report(&to, "old");
        report(&from, "new");
        replace_by_two(&from, &to, beside_target(temp.path(), "r", OLD).expect("room")).expect("it moves");
        assert_eq!((services(&to).as_str(), names(temp.path())), ("new", vec!["r".to_owned()]));

        // Killed after the first step: the earlier report is in the backup directory, and the new one is where it was
        // built.
        let backup = temp.path().join(".r.bbbbbb.old");
        fs::create_dir(&backup).expect("room");
        fs::rename(&to, backup.join(BACKUP)).expect("it moves");
        report(&from, "newer");
        let refused = StagedReport::open(Some(&to), false).expect_err("it is back");
        assert!(matches!(refused, PublishError::Exists(_)), "{refused}");
        assert_eq!((services(&to).as_str(), names(temp.path())), ("new", vec!["r".to_owned()]));

        // Killed after the second step: the backup has been replaced.
        fs::create_dir(&backup).expect("room");
        report(&backup.join(BACKUP), "older");
        drop(StagedReport::open(Some(&to), true).expect("it is a report"));
        assert_eq!((services(&to).as_str(), names(temp.path())), ("new", vec!["r".to_owned()]));
    }

    #[test]
    fn a_failed_second_step_puts_the_earlier_report_back() {
        let temp = tempfile::tempdir().expect("a directory");
        let to = temp.path().join("r");
        report(&to, "old");
        let backup = beside_target(temp.path(), "r", OLD).expect("room");
        replace_by_two(&temp.path().join("nothing"), &to, backup).expect_err("there is nothing to move");
        assert_eq!((services(&to).as_str(), names(temp.path())), ("old", vec!["r".to_owned()]));
    }

    #[test]
    fn foreign_files_are_not_removed() {
        let temp = tempfile::tempdir().expect("a directory");
        let at = |name: &str| temp.path().join(name);
        for name in [".r.aaaaaa.partial", ".other.aaaaaa.partial", ".r.bbbbbb.partial"] {
            fs::create_dir(at(name)).expect("room");
        }
        fs::write(at(".r.aaaaaa.partial/services.csv"), "").expect("room");
        fs::write(at(".r.bbbbbb.partial/letter.txt"), "").expect("room");
        fs::write(at(".r.cccccc.partial"), "").expect("room");
        drop(StagedReport::open(Some(&at("r")), false).expect("free"));
        assert_eq!(names(temp.path()), [".other.aaaaaa.partial", ".r.bbbbbb.partial", ".r.cccccc.partial"]);
    }

    #[test]
    fn only_a_report_and_nothing_else_is_replaced() {
        let temp = tempfile::tempdir().expect("a directory");
        let to = temp.path().join("r");
        report(&to, "old");
        for further in ["report.xlsx", "rollup-month.csv", "findings.jsonl", manifest::FILE, RUN] {
            fs::write(to.join(further), "").expect("room");
        }
        assert!(is_report(&to));
        for (strange, folder) in [("letter.txt", false), ("rollup-", false), ("findings.csv", true)] {
            let path = to.join(strange);
            if folder { fs::create_dir(&path) } else { fs::write(&path, "") }.expect("room");
            let refused = StagedReport::open(Some(&to), true).expect_err("not ours alone").to_string();
            assert!(refused.contains(strange), "{refused}");
            if folder { fs::remove_dir(&path) } else { fs::remove_file(&path) }.expect("there");
        }
        // A file that appears during the run is found before anything is moved.
        let staged = StagedReport::open(Some(&to), true).expect("a report");
        fs::write(to.join("letter.txt"), "").expect("room");
        assert!(matches!(staged.publish(), Err(PublishError::Strange(..))));
        assert_eq!(names(temp.path()), ["r"]);
    }

    #[test]
    fn a_place_that_was_taken_meanwhile_is_not_overwritten() {
        let temp = tempfile::tempdir().expect("a directory");
        let to = temp.path().join("r");
        let staged = StagedReport::open(Some(&to), false).expect("free");
        fs::create_dir(&to).expect("room");
        assert!(matches!(staged.publish(), Err(PublishError::Exists(_))));
        assert_eq!(names(temp.path()), ["r"]);
    }
}
