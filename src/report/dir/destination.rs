//! The place of a report: a finished directory is moved there, or takes the place of an earlier report.
//!
//! If a report exists there, the two directories are exchanged in one step of the operating system. Where the file
//! system cannot do that, the earlier report is first moved into a backup directory, where the next run finds it and
//! puts it back if this run is killed in between.
//!
//! Parent, directory under construction and earlier report are held open, and names are looked up in them alone. After
//! each move it is checked that the right directory was moved; if not, it is moved back.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::report::dir::building::Building;
use crate::report::dir::contents::OldReport;
use crate::report::dir::directory::{Directory, with_free_name};
use crate::report::dir::error::PublishError;
use crate::report::dir::files::describe_io_error;
use crate::report::dir::recover::{BACKUP, OLD};

/// The place of a report.
#[derive(Debug)]
pub(super) struct Destination {
    /// The directory in which it is.
    pub(super) parent: Arc<Directory>,
    /// Its name there.
    pub(super) name: OsString,
    /// Its path in messages.
    pub(super) shown: String,
}

impl Destination {
    /// An error of the disk.
    pub(super) fn trouble(&self, e: &io::Error) -> PublishError {
        match e.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => PublishError::Exists(self.shown.clone()),
            _ => PublishError::Io(self.shown.clone(), describe_io_error(e)),
        }
    }

    /// Somebody changed something during the run.
    pub(super) fn interfered(&self) -> PublishError {
        PublishError::Interfered(self.shown.clone())
    }

    /// Moves a finished directory to this place, where nothing is yet.
    pub(super) fn place(&self, building: &Building) -> Result<(), PublishError> {
        let parent = &self.parent;
        parent.rename_to_free(building.name(), parent, &self.name).map_err(|e| self.trouble(&e))?;
        if parent.is(&self.name, building.identity()) {
            building.keep();
            return parent.sync().map_err(|e| self.trouble(&e));
        }
        let _ = parent.rename_to_free(&self.name, parent, building.name());
        Err(self.interfered())
    }

    /// Puts a finished directory in the place of an earlier report, and removes that one.
    pub(super) fn replace(&self, building: &Building, old: &OldReport) -> Result<(), PublishError> {
        self.check_old(old, &self.parent, &self.name)?;
        if self.exchange(building, old)? { Ok(()) } else { self.replace_in_two_steps(building, old) }
    }

    /// Refuses an earlier report that was changed, or that is not `name` in `parent`.
    fn check_old(&self, old: &OldReport, parent: &Directory, name: impl AsRef<Path>) -> Result<(), PublishError> {
        if !parent.is(name, old.identity()) {
            return Err(self.interfered());
        }
        old.ensure_unchanged(&self.shown)
    }

    /// Replaces the earlier report in one step. Returns false where that cannot be done.
    pub(super) fn exchange(&self, building: &Building, old: &OldReport) -> Result<bool, PublishError> {
        let (parent, name) = (&self.parent, building.name());
        if !parent.exchange(name, &self.name).map_err(|e| self.trouble(&e))? {
            return Ok(false);
        }
        let checked = if parent.is(&self.name, building.identity()) {
            self.check_old(old, parent, name)
        } else {
            Err(self.interfered())
        };
        if let Err(e) = checked {
            let _ = parent.exchange(name, &self.name);
            return Err(e);
        }
        building.keep();
        // The new report must be on disk under its name before the earlier one is removed.
        parent.sync().map_err(|e| self.trouble(&e))?;
        old.remove(parent, name);
        Ok(true)
    }

    /// Replaces the earlier report in two steps. Between them it is in a backup directory, where the next run finds it.
    fn replace_in_two_steps(&self, building: &Building, old: &OldReport) -> Result<(), PublishError> {
        let parent = &self.parent;
        let prefix = format!(".{}.", self.name.to_string_lossy());
        let (backup_name, backup) =
            with_free_name(&prefix, OLD, |name| parent.create_inside(name)).map_err(|e| self.trouble(&e))?;
        let moved = parent.rename_to_free(&self.name, &backup, BACKUP).map_err(|e| self.trouble(&e));
        let placed = moved.and_then(|()| self.check_old(old, &backup, BACKUP)).and_then(|()| self.place(building));
        if placed.is_ok() {
            old.remove(&backup, BACKUP);
        } else {
            // If the earlier report cannot be restored now, the next run does it.
            let _ = backup.rename_to_free(BACKUP, parent, &self.name);
        }
        // Removed only if it is empty.
        let _ = parent.remove_directory(&backup_name);
        placed
    }
}

/// Parent and name of a path; `.` and `..` are resolved.
pub(super) fn split(out: &Path) -> Result<(PathBuf, OsString), PublishError> {
    let looked_up;
    let path = if out.file_name().is_some() {
        out
    } else {
        let trouble = |e: io::Error| PublishError::Io(out.display().to_string(), describe_io_error(&e));
        looked_up = std::fs::canonicalize(out).map_err(trouble)?;
        &looked_up
    };
    let name = path.file_name().ok_or_else(|| PublishError::NoReport(out.display().to_string()))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((parent.to_path_buf(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::report::dir::staged::StagedReport;
    use crate::report::dir::staged::tests::{moved, names, old, open, place, report, services, staged};

    #[test]
    fn two_steps_replace_and_a_kill_between_them_is_repaired() {
        let (temp, to) = place();
        report(&to, "old");
        let new = staged(&to, "new", true);
        new.destination.replace_in_two_steps(&new.building, old(&new)).expect("it moves");
        drop(new);
        assert_eq!((services(&to).as_str(), names(temp.path())), ("new", vec!["r".to_owned()]));

        // Killed after the first step: the earlier report is in the backup directory, and the new one is where it was
        // built.
        let backup = temp.path().join(".r.bbbbbb.old");
        fs::create_dir(&backup).expect("room");
        fs::rename(&to, backup.join(BACKUP)).expect("it moves");
        report(&temp.path().join(".r.aaaaaa.partial"), "newer");
        let refused = open(&to, false).expect_err("it is back");
        assert!(matches!(refused, PublishError::Exists(_)), "{refused}");
        assert_eq!((services(&to).as_str(), names(temp.path())), ("new", vec!["r".to_owned()]));

        // Killed after the second step: the backup has been replaced.
        fs::create_dir(&backup).expect("room");
        report(&backup.join(BACKUP), "older");
        drop(open(&to, true).expect("it is a report"));
        assert_eq!((services(&to).as_str(), names(temp.path())), ("new", vec!["r".to_owned()]));
    }

    #[test]
    fn a_failed_second_step_puts_the_earlier_report_back() {
        let (temp, to) = place();
        report(&to, "old");
        let new = staged(&to, "new", true);
        moved(temp.path(), "moved");
        new.destination.replace_in_two_steps(&new.building, old(&new)).expect_err("there is nothing to move");
        drop(new);
        assert_eq!((services(&to).as_str(), names(temp.path())), ("old", vec!["moved".to_owned(), "r".to_owned()]));
        assert_eq!(names(&temp.path().join("moved")), [""; 0], "its own files are removed wherever they are");
    }

    /// Puts a report in place, or a part of that.
    type Step = fn(StagedReport) -> Result<(), PublishError>;

    /// The ways to replace a report: as a whole, and the two ways from which that chooses.
    const REPLACING: [Step; 3] = [
        |staged| staged.publish().map(drop),
        |staged| staged.destination.exchange(&staged.building, old(&staged)).map(drop),
        |staged| staged.destination.replace_in_two_steps(&staged.building, old(&staged)),
    ];

    /// What takes the place of the directory under construction, however late, is not published and not removed.
    #[test]
    fn only_the_directory_that_was_built_is_put_in_place() {
        let placing: Step = |staged| staged.destination.place(&staged.building);
        let replacing = REPLACING.map(|step| (step, true));
        for (step, replaces) in replacing.into_iter().chain([(REPLACING[0], false), (placing, false)]) {
            let (temp, to) = place();
            if replaces {
                report(&to, "old");
            }
            let new = staged(&to, "new", true);
            let built = moved(temp.path(), "moved");
            report(&built, "of somebody else");
            let refused = step(new).expect_err("another directory");
            assert!(matches!(refused, PublishError::Interfered(_)), "{refused}");
            assert_eq!(services(&built), "of somebody else");
            assert_eq!(names(&temp.path().join("moved")), [""; 0], "its own files are removed wherever they are");
            if replaces {
                assert_eq!(services(&to), "old");
            } else {
                assert!(!to.exists());
            }
        }
    }

    /// The earlier report is replaced only if it is still the one that was found to be a report.
    #[test]
    fn only_the_report_that_was_found_is_replaced() {
        for step in REPLACING {
            let (temp, to) = place();
            report(&to, "old");
            let new = staged(&to, "new", true);
            fs::rename(&to, temp.path().join("moved")).expect("ours");
            report(&to, "of somebody else");
            let refused = step(new).expect_err("another directory");
            assert!(matches!(refused, PublishError::Interfered(_)), "{refused}");
            assert_eq!(services(&to), "of somebody else");
            assert_eq!(services(&temp.path().join("moved")), "old");
            assert_eq!(names(temp.path()), ["moved", "r"]);
        }
    }
}
