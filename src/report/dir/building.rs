//! A directory under construction. Its files are made through its handle, and only they are ever removed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::report::dir::contents::remove;
use crate::report::dir::directory::{Directory, Entry, Identity, entry_of_file, with_free_name};
use crate::report::dir::lock::ReportLock;
use crate::report::dir::parents::MadeParents;
use crate::report::dir::written::{ReportFile, WrittenFiles};

/// A directory under construction, with the lock of its report. Dropping it removes both, unless the directory was
/// moved into place.
#[derive(Debug)]
pub struct Building {
    parent: Arc<Directory>,
    name: String,
    directory: Arc<Directory>,
    identity: Identity,
    state: Mutex<State>,
    written: WrittenFiles,
    lock: ReportLock,
    made: MadeParents,
}

#[derive(Debug, Default)]
struct State {
    /// The files that were made, by name.
    files: BTreeMap<String, Entry>,
    /// No file is made any more: the directory was removed or moved into place.
    closed: bool,
}

impl Building {
    /// A new private directory `PREFIXxxxxxxEND` in `parent`.
    pub(super) fn new(parent: &Arc<Directory>, prefix: &str, end: &str, lock: ReportLock) -> io::Result<Self> {
        let (name, directory) = with_free_name(prefix, end, |name| parent.create_inside(name))?;
        let identity = directory.identity()?;
        let (parent, directory) = (Arc::clone(parent), Arc::new(directory));
        let (state, written, made) = Default::default();
        Ok(Self { parent, name, directory, identity, state, written, lock, made })
    }

    /// The same with the directories that were made above it, which are removed with it if they are empty then.
    pub(super) fn below(mut self, made: MadeParents) -> Self {
        self.made = made;
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory.
    pub(super) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Its name in the parent directory, until it is moved.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Which directory it is, whatever its name.
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// Makes a file.
    pub(super) fn create(&self, name: &str) -> io::Result<ReportFile> {
        Ok(ReportFile::new(name, self.create_file(name)?, &self.written))
    }

    fn create_file(&self, name: &str) -> io::Result<File> {
        let mut state = self.state();
        if state.closed {
            return Err(io::Error::other("the run has ended"));
        }
        let file = self.directory.create(name)?;
        state.files.insert(name.to_owned(), entry_of_file(&file)?);
        Ok(file)
    }

    /// Makes a file with this content.
    pub(super) fn save(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.create_file(name)?.write_all(content)?;
        self.written.add(name, content);
        Ok(())
    }

    /// What was written to the files that were made.
    pub(super) fn written(&self) -> &WrittenFiles {
        &self.written
    }

    /// Has the directory its name, and does it hold the files that were made and nothing else?
    pub(super) fn is_untouched(&self) -> io::Result<bool> {
        let state = self.state();
        let mut names = self.directory.names()?.into_iter();
        let same = state.files.iter().all(|(name, made)| {
            names.next().is_some_and(|found| found == name.as_str()) && self.directory.is(name, made.identity)
        });
        Ok(same && names.next().is_none() && self.parent.is(&self.name, self.identity))
    }

    /// Waits until the files are on disk, with one thread per file, because each waits for the disk and not for the
    /// processor.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.written.join()?;
        let state = self.state();
        let sync = |name: &String| self.directory.open_file(name)?.sync_all();
        std::thread::scope(|scope| {
            let waits: Vec<_> = state.files.keys().map(|name| scope.spawn(move || sync(name))).collect();
            waits
                .into_iter()
                .try_for_each(|wait| wait.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended"))))
        })?;
        self.directory.sync()
    }

    /// The directory was moved into place, so that it is not removed.
    pub(super) fn keep(&self) {
        self.state().closed = true;
    }

    /// Removes the files that were made, the directory and the lock. Threads that still write make no more files.
    pub(crate) fn discard(&self) {
        let mut state = self.state();
        let was_closed = std::mem::replace(&mut state.closed, true);
        if !was_closed {
            remove(&self.parent, &self.name, &self.directory, &state.files);
        }
        self.lock.remove();
        if !was_closed {
            self.made.remove();
        }
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        self.discard();
    }
}
