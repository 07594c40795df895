//! A directory that is held open. Its entries are reached through the handle, so it stays the same directory when
//! somebody renames it or puts another one in its place.
//!
//! # Sub-rooms, in order
//!
//! - [`entry`]: what an entry of a directory is, and which file it is.
//! - [`unique`]: names that nobody has.
//! - [`unix`]: a directory behind a handle of the operating system, for everything but Windows.
//! - [`other`](self): a directory behind its path, for Windows.

mod entry;
#[cfg(not(unix))]
mod other;
mod unique;
#[cfg(unix)]
mod unix;

use std::path::Path;

pub use crate::report::dir::directory::entry::FileState;
pub(crate) use crate::report::dir::directory::entry::{Entry, EntryKind, Identity};
#[cfg(not(unix))]
pub use crate::report::dir::directory::other::Directory;
#[cfg(not(unix))]
pub(crate) use crate::report::dir::directory::other::{entry_of_file, entry_of_path};
pub(crate) use crate::report::dir::directory::unique::{UNIQUE, with_free_name};
#[cfg(unix)]
pub use crate::report::dir::directory::unix::Directory;
#[cfg(unix)]
pub(crate) use crate::report::dir::directory::unix::{entry_of_file, entry_of_path};

/// Is the entry of this name an ordinary file? Fails if there is no entry.
pub(crate) fn is_ordinary_file(directory: &Directory, name: &str) -> std::io::Result<bool> {
    let entry = directory.look(name)?.ok_or(std::io::ErrorKind::NotFound)?;
    Ok(entry.kind == EntryKind::File)
}

/// The state of the file of this name, links followed; `None` for a pipe or where there is no file.
pub(crate) fn file_state(path: &Path) -> Option<FileState> {
    entry_of_path(path).filter(|entry| entry.kind == EntryKind::File).map(FileState::from)
}
