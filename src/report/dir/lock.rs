//! The lock that lets only one run at a time write a report, and the removal of what a killed run left.
//!
//! The operating system locks an empty file beside the report. It releases the lock when the process ends, so a stale
//! lock file is harmless. While we hold the lock, any other `.NAME.*` entry is an orphan of a dead run and may be
//! removed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::report::dir::contents::{foreign_entries, is_report};
use crate::report::dir::files::private;

/// End of the name of a directory under construction: `.NAME.xxxxxx.partial`.
pub(crate) const PARTIAL: &str = ".partial";

/// End of the name of the backup directory for an earlier report: `.NAME.xxxxxx.old`.
pub(crate) const OLD: &str = ".old";

/// Name of the earlier report in the backup directory.
pub(crate) const BACKUP: &str = "report";

/// Number of letters and digits that make these names unique. It is the default of `tempfile`; these names are parsed,
/// too.
pub(crate) const UNIQUE: usize = 6;

/// The right to write one report. Dropping it releases the lock and removes its file.
#[derive(Debug)]
pub(crate) struct ReportLock {
    path: PathBuf,
    _locked: File,
}

impl ReportLock {
    /// Takes the lock of `name` in `parent`. `None`: another run holds it.
    pub(crate) fn take(parent: &Path, name: &str) -> io::Result<Option<Self>> {
        let path = parent.join(format!(".{name}.lock"));
        loop {
            let mut options = fs::OpenOptions::new();
            // Opened for reading and writing, because opening a pipe of this name for only one of them would block.
            let file = private(options.read(true).write(true).create(true).truncate(false)).open(&path)?;
            // If the umask removes the owner's rights and this run is killed, the next run could not open the file.
            #[cfg(unix)]
            let _ = file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) => return Err(e),
            }
            // The previous holder may have removed the file after we opened it and before we locked it. Then the lock
            // is on a file without a name, which no other run would see.
            let ours = same_file::Handle::from_file(file.try_clone()?)?;
            if same_file::Handle::from_path(&path).is_ok_and(|there| there == ours) {
                return Ok(Some(Self { path, _locked: file }));
            }
        }
    }

    /// The lock file, for the signal handler that removes it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ReportLock {
    fn drop(&mut self) {
        // The file is removed while it is still locked, so that no other run can hold the lock of a removed file.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes what killed runs into `parent/name` left, and restores an earlier report if the run that was replacing it
/// did not finish. Only the holder of the lock may call this. Directories with other content or other names are left
/// alone.
pub(crate) fn recover(parent: &Path, name: &str) -> io::Result<()> {
    let target = parent.join(name);
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_type()?.is_dir() {
            continue;
        }
        match left_over(&entry.file_name().to_string_lossy(), name) {
            // An entry that cannot be removed because another user owns it does no harm.
            Some(PARTIAL) if foreign_entries(&path).is_ok_and(|found| found.is_empty()) => {
                drop(fs::remove_dir_all(&path));
            }
            Some(OLD) => {
                let waiting = path.join(BACKUP);
                if fs::symlink_metadata(&target).is_err() && is_report(&waiting) {
                    fs::rename(&waiting, &target)?;
                }
                if is_report(&waiting) {
                    let _ = fs::remove_dir_all(&waiting);
                }
                // Removed only if it is empty.
                let _ = fs::remove_dir(&path);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The kind of entry that a run into `target` leaves under this name; `None` for any other name.
fn left_over(name: &str, target: &str) -> Option<&'static str> {
    let rest = name.strip_prefix('.')?.strip_prefix(target)?.strip_prefix('.')?;
    let kind = [PARTIAL, OLD].into_iter().find(|end| rest.ends_with(end))?;
    let unique = rest.strip_suffix(kind)?;
    (unique.len() == UNIQUE && unique.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_one_holder_and_a_dead_process_releases_it() {
        let temp = tempfile::tempdir().expect("a directory");
        let first = ReportLock::take(temp.path(), "r").expect("a lock").expect("free");
        assert!(ReportLock::take(temp.path(), "r").expect("a lock").is_none());
        assert!(ReportLock::take(temp.path(), "other").expect("a lock").is_some());
        drop(first);
        assert!(fs::read_dir(temp.path()).expect("there").next().is_none(), "no lock file is left");
        fs::write(temp.path().join(".r.lock"), "").expect("room for it");
        assert!(ReportLock::take(temp.path(), "r").expect("a lock").is_some(), "a file that is not locked");
    }

    #[test]
    fn temporary_names_of_other_reports_are_left_alone() {
        for (name, target, kind) in [
            (".r.a1B2c3.partial", "r", Some(PARTIAL)),
            (".r.a1B2c3.old", "r", Some(OLD)),
            (".r.a1B2c3.partial", "a1B2c3", None),
            (".r.2.a1B2c3.partial", "r", None),
            (".r.2.a1B2c3.partial", "r.2", Some(PARTIAL)),
            (".r.a1B2c.partial", "r", None),
            (".r.a1-2c3.partial", "r", None),
            (".r.lock", "r", None),
            (".r.partial", "r", None),
            ("r.a1B2c3.partial", "r", None),
        ] {
            assert_eq!(left_over(name, target), kind, "{name} of {target}");
        }
    }
}
