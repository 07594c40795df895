//! One run at a time into one place, and what a killed run left there.
//!
//! The lock is a lock of the operating system on an empty file beside the report. The system drops it with the process, so a
//! stale lock file is harmless. While we hold it, any other `.NAME.*` entry is an orphan of a dead run and may be removed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::report::dir::contents::{foreign_entries, is_report};
use crate::report::dir::files::private;

/// End of the name of a directory under construction: `.NAME.xxxxxx.partial`.
pub(crate) const PARTIAL: &str = ".partial";

/// End of the name of the directory in which an earlier report waits: `.NAME.xxxxxx.old`.
pub(crate) const OLD: &str = ".old";

/// Name of the earlier report in there.
pub(crate) const BACKUP: &str = "report";

/// Letters and digits that make these names unique; the default of `tempfile`, said here because they are read back.
pub(crate) const UNIQUE: usize = 6;

/// The right to write one report. Dropping it releases the lock and removes its file.
#[derive(Debug)]
pub(crate) struct ReportLock {
    path: PathBuf,
    _locked: File,
}

impl ReportLock {
    /// Takes the lock of `name` in `parent`; `None` if another run holds it.
    pub(crate) fn take(parent: &Path, name: &str) -> io::Result<Option<Self>> {
        let path = parent.join(format!(".{name}.lock"));
        loop {
            let mut options = fs::OpenOptions::new();
            // Opened for reading and writing: opening a pipe of this name for one of them would block.
            let file = private(options.read(true).write(true).create(true).truncate(false)).open(&path)?;
            // A mask that takes the owner's rights away would keep the next run out, should this one be killed.
            #[cfg(unix)]
            let _ = file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(e)) => return Err(e),
            }
            // The holder before us may have removed the file between our opening and our locking it; then the lock is
            // on a file that nobody finds any more.
            let ours = same_file::Handle::from_file(file.try_clone()?)?;
            if same_file::Handle::from_path(&path).is_ok_and(|there| there == ours) {
                return Ok(Some(Self { path, _locked: file }));
            }
        }
    }

    /// The file, for whoever has to remove it from outside.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ReportLock {
    fn drop(&mut self) {
        // Removed while it is still locked, so that no other run can hold the lock of a removed file.
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes away what killed runs into `parent/name` left, and puts an earlier report back if it was being replaced
/// without having been. Only for the holder of the lock. Directories that hold anything but parts of a report stay,
/// as do those of other names.
pub(crate) fn recover(parent: &Path, name: &str) -> io::Result<()> {
    let target = parent.join(name);
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_type()?.is_dir() {
            continue;
        }
        match left_over(&entry.file_name().to_string_lossy(), name) {
            // What cannot be removed, because it is somebody else's, harms nobody.
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
                // Goes only if it is empty.
                let _ = fs::remove_dir(&path);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Is this the name of something that a run into `target` left, and of which kind?
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
    fn one_holder_at_a_time_and_a_dead_one_is_none() {
        let desk = tempfile::tempdir().expect("a directory");
        let first = ReportLock::take(desk.path(), "r").expect("a lock").expect("free");
        assert!(ReportLock::take(desk.path(), "r").expect("a lock").is_none());
        assert!(ReportLock::take(desk.path(), "other").expect("a lock").is_some());
        drop(first);
        assert!(fs::read_dir(desk.path()).expect("there").next().is_none(), "no lock file is left");
        fs::write(desk.path().join(".r.lock"), "").expect("room for it");
        assert!(ReportLock::take(desk.path(), "r").expect("a lock").is_some(), "a file that nobody locks");
    }

    #[test]
    fn names_of_others_are_not_ours() {
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
