//! Removes whole reports, after it was verified that they are reports and that nobody changed them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::report::dir::contents::OldReport;
use crate::report::dir::directory::{Directory, with_free_name};
use crate::report::dir::error::PublishError;
use crate::report::dir::lock::{LockAttempt, ReportLock};
use crate::report::dir::protected::ProtectedFiles;
use crate::report::dir::recover::{PARTIAL, recover, target_of};

/// Why a report is not removed. The text follows its name.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    /// A run is writing it.
    #[error("a run is writing there")]
    Busy,
    /// The place of its lock is taken.
    #[error("{0} is in the place of its lock, and is not a lock of claimlint")]
    ForeignLock(String),
    /// It is not a report.
    #[error("is not a report of claimlint")]
    NoReport,
    /// It has no manifest that can be read, so nobody can tell which files are its own.
    #[error("has no readable manifest.json")]
    NoManifest,
    /// A file of the manifest is not there.
    #[error("{0} is missing")]
    Lacks(String),
    /// It holds something else.
    #[error("holds {0}, which is not part of the report")]
    Strange(String),
    /// A file was changed.
    #[error("{0} was changed after the report was written")]
    Altered(String),
    /// Somebody moved it meanwhile.
    #[error("somebody moved or changed it meanwhile")]
    Interfered,
    /// The disk says no.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<PublishError> for RemovalError {
    fn from(e: PublishError) -> Self {
        match e {
            PublishError::Strange(_, name) => Self::Strange(name),
            PublishError::Altered(_, name) => Self::Altered(name),
            PublishError::Busy(_) => Self::Busy,
            PublishError::ForeignLock(name) => Self::ForeignLock(name),
            PublishError::Interfered(_) => Self::Interfered,
            PublishError::NoReport(_) | PublishError::Input(..) | PublishError::Exists(_) | PublishError::Taken(_) => {
                Self::NoReport
            }
            PublishError::Io(_, what) => Self::Io(io::Error::other(what)),
        }
    }
}

/// A directory whose reports are removed, held open.
#[derive(Debug)]
pub struct Shelf(Arc<Directory>);

impl Shelf {
    /// Opens the directory. Links are followed.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Directory::open(path)?)))
    }

    /// Verifies that `name` is a whole report that nobody changed, and then removes it unless `only_verify`. A report of
    /// which a part cannot be removed is no longer under its name.
    pub fn remove(&self, name: &OsStr, only_verify: bool) -> Result<(), RemovalError> {
        let (parent, shown) = (&self.0, name.to_string_lossy());
        // The lock keeps a run from replacing the report meanwhile.
        let _lock = self.lock(&shown)?;
        let old = OldReport::open(parent, name, &shown, &ProtectedFiles::default())?;
        match old.lacks() {
            Some(missing) if missing.is_empty() => return Err(RemovalError::NoManifest),
            Some(missing) => return Err(RemovalError::Lacks(missing)),
            None if only_verify => return Ok(()),
            None => {}
        }
        // Under the name of a directory under construction, so that a report is there as a whole or not at all, and so
        // that the rest is removed later if this process is killed.
        let prefix = format!(".{shown}.");
        let (moved, ()) = with_free_name(&prefix, PARTIAL, |free| parent.rename_to_free(name, parent, free))?;
        let checked = if parent.is(&moved, old.identity()) {
            old.ensure_unchanged(&shown).map_err(RemovalError::from)
        } else {
            Err(RemovalError::Interfered)
        };
        if checked.is_err() {
            let _ = parent.rename_to_free(&moved, parent, name);
            return checked;
        }
        old.remove(parent, &moved);
        parent.sync()?;
        if parent.look(&moved)?.is_some() { Err(RemovalError::Interfered) } else { Ok(()) }
    }

    /// Removes what killed runs left, and puts back the reports that they were replacing. Returns how many of their
    /// directories are gone.
    pub(crate) fn remove_unfinished(&self) -> io::Result<usize> {
        let left_over = || -> io::Result<Vec<String>> {
            let names = self.0.names()?.into_iter().filter_map(|name| name.into_string().ok());
            Ok(names.filter(|name| target_of(name).is_some()).collect())
        };
        let before = left_over()?;
        let targets: BTreeSet<&str> = before.iter().filter_map(|name| target_of(name)).collect();
        for target in targets {
            if let Ok(_lock) = self.lock(target) {
                recover(&self.0, target, &ProtectedFiles::default())?;
            }
        }
        Ok(before.len().saturating_sub(left_over()?.len()))
    }

    fn lock(&self, name: &str) -> Result<ReportLock, RemovalError> {
        match ReportLock::take(&self.0, name, &ProtectedFiles::default())? {
            LockAttempt::Taken(lock) => Ok(lock),
            LockAttempt::Busy => Err(RemovalError::Busy),
            LockAttempt::Foreign(lock) => Err(RemovalError::ForeignLock(lock)),
        }
    }
}
