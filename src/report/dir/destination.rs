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
    pub(super) fn replace_in_two_steps(&self, building: &Building, old: &OldReport) -> Result<(), PublishError> {
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
