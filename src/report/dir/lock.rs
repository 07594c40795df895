//! The lock that lets only one run at a time write a report.
//!
//! The operating system locks an empty file beside the report. It releases the lock when the process ends, so a stale
//! lock file is harmless. While we hold the lock, any other `.NAME.*` entry is an orphan of a dead run.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::Arc;

use crate::report::dir::directory::{Directory, Entry, EntryKind, Identity, entry_of_file};
use crate::report::dir::protected::ProtectedFiles;

/// The right to write one report. Dropping it releases the lock and removes its file.
#[derive(Debug)]
pub(super) struct ReportLock {
    parent: Arc<Directory>,
    name: String,
    identity: Identity,
    _locked: File,
}

/// What became of the attempt to take a lock.
#[derive(Debug)]
pub(super) enum LockAttempt {
    /// This run holds it.
    Taken(ReportLock),
    /// Another run holds it.
    Busy,
    /// Its place is taken by something that is not a lock of ours. It has this name.
    Foreign(String),
}

impl ReportLock {
    /// Takes the lock of a report in `parent`.
    pub(super) fn take(parent: &Arc<Directory>, report: &str, protected: &ProtectedFiles) -> io::Result<LockAttempt> {
        Self::take_with(parent, report, protected, &File::try_lock)
    }

    /// The same with a function that locks a file.
    fn take_with(
        parent: &Arc<Directory>,
        report: &str,
        protected: &ProtectedFiles,
        try_lock: &dyn Fn(&File) -> Result<(), TryLockError>,
    ) -> io::Result<LockAttempt> {
        let name = format!(".{report}.lock");
        loop {
            let there = parent.look(&name)?;
            if there.is_some_and(|there| !is_lock(&there, protected)) {
                return Ok(LockAttempt::Foreign(name));
            }
            // Somebody may have removed it, or made it, since we looked.
            let (opened, changed) = match there {
                Some(_) => (parent.open_to_write(&name), io::ErrorKind::NotFound),
                None => (parent.create(&name), io::ErrorKind::AlreadyExists),
            };
            let file = match opened {
                Ok(file) => file,
                Err(e) if e.kind() == changed => continue,
                Err(e) => return Err(e),
            };
            let entry = entry_of_file(&file)?;
            if there.is_some_and(|there| there != entry) {
                continue;
            }
            match try_lock(&file) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(LockAttempt::Busy),
                Err(TryLockError::Error(e)) => {
                    if there.is_none() {
                        remove(parent, &name, entry.identity);
                    }
                    return Err(e);
                }
            }
            // The previous holder may have removed the file after we opened it and before we locked it. Then the lock
            // is on a file without a name, which no other run would see.
            if parent.is(&name, entry.identity) {
                let (parent, identity) = (Arc::clone(parent), entry.identity);
                return Ok(LockAttempt::Taken(Self { parent, name, identity, _locked: file }));
            }
        }
    }

    /// Removes the file while it is still locked, so that no other run can hold the lock of a removed file.
    pub(super) fn remove(&self) {
        remove(&self.parent, &self.name, self.identity);
    }
}

impl Drop for ReportLock {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Could this be the lock file of a dead run? It is empty and has only this name.
fn is_lock(entry: &Entry, protected: &ProtectedFiles) -> bool {
    entry.kind == EntryKind::File && entry.links == 1 && entry.bytes == 0 && !protected.contains(entry.identity)
}

fn remove(parent: &Directory, name: &str, lock: Identity) {
    if parent.is(name, lock) {
        let _ = parent.remove_file(name);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn take(directory: &std::path::Path, report: &str) -> LockAttempt {
        let parent = Arc::new(Directory::open(directory).expect("a directory"));
        ReportLock::take(&parent, report, &ProtectedFiles::default()).expect("a file system with locks")
    }

    #[test]
    fn a_lock_has_one_holder_and_a_dead_process_releases_it() {
        let temp = tempfile::tempdir().expect("a directory");
        let first = take(temp.path(), "r");
        assert!(matches!(first, LockAttempt::Taken(_)));
        assert!(matches!(take(temp.path(), "r"), LockAttempt::Busy));
        assert!(matches!(take(temp.path(), "other"), LockAttempt::Taken(_)));
        drop(first);
        assert!(fs::read_dir(temp.path()).expect("there").next().is_none(), "no lock file is left");
        fs::write(temp.path().join(".r.lock"), "").expect("room for it");
        assert!(matches!(take(temp.path(), "r"), LockAttempt::Taken(_)), "a file that is not locked");
    }

    #[test]
    fn an_input_is_not_taken_for_a_lock() {
        let temp = tempfile::tempdir().expect("a directory");
        let (parent, file) =
            (Arc::new(Directory::open(temp.path()).expect("a directory")), temp.path().join(".r.lock"));
        fs::write(&file, "").expect("room for it");
        let protected = ProtectedFiles::of([file.as_path()]);
        let attempt = ReportLock::take(&parent, "r", &protected).expect("a file system with locks");
        assert!(matches!(attempt, LockAttempt::Foreign(_)));
        assert!(file.exists());
    }

    /// Also `/proc`, which is a directory and has room for no file.
    #[cfg(unix)]
    #[test]
    fn a_directory_that_was_removed_is_an_error_and_not_tried_forever() {
        let temp = tempfile::tempdir().expect("a directory");
        let parent = Arc::new(Directory::open(temp.path()).expect("a directory"));
        temp.close().expect("it is empty");
        let error = ReportLock::take(&parent, "r", &ProtectedFiles::default()).expect_err("no room");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_system_without_locks_is_left_as_it_was() {
        let temp = tempfile::tempdir().expect("a directory");
        let parent = Arc::new(Directory::open(temp.path()).expect("a directory"));
        #[cfg(unix)]
        let no_locks = || TryLockError::Error(rustix::io::Errno::NOLCK.into());
        #[cfg(not(unix))]
        let no_locks = || TryLockError::Error(io::ErrorKind::Unsupported.into());
        let take = || ReportLock::take_with(&parent, "r", &ProtectedFiles::default(), &|_| Err(no_locks()));
        let message = crate::report::dir::describe_io_error(&take().expect_err("no locks"));
        assert!(message.contains("has no locks"), "{message}");
        assert!(fs::read_dir(temp.path()).expect("there").next().is_none(), "no lock file is left");
        // A file that this run did not make stays.
        fs::write(temp.path().join(".r.lock"), "").expect("room for it");
        take().expect_err("no locks");
        assert!(temp.path().join(".r.lock").exists());
    }

    /// The lock file is removed by its name only while it has that name.
    #[test]
    fn a_file_that_took_the_place_of_the_lock_stays() {
        let temp = tempfile::tempdir().expect("a directory");
        let held = take(temp.path(), "r");
        fs::rename(temp.path().join(".r.lock"), temp.path().join("moved")).expect("ours");
        fs::write(temp.path().join(".r.lock"), "precious").expect("room for it");
        drop(held);
        assert_eq!(fs::read(temp.path().join(".r.lock")).expect("it is there"), b"precious");
    }
}
