//! A directory behind its path. Windows refuses to rename a directory in which a file is open.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::report::dir::directory::entry::{Entry, EntryKind, Identity};

/// A directory.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
}

/// An open file.
pub(crate) fn entry_of_file(file: &File) -> io::Result<Entry> {
    Ok(entry_of(&file.metadata()?))
}

/// The file of this name, links followed; `None` if there is none.
pub(crate) fn entry_of_path(path: &Path) -> Option<Entry> {
    fs::metadata(path).ok().map(|meta| entry_of(&meta))
}

fn entry_of(meta: &Metadata) -> Entry {
    let since = |time: io::Result<SystemTime>| {
        time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
    };
    let modified = since(meta.modified());
    Entry {
        identity: Identity { device: 0, inode: since(meta.created()).as_nanos().cast_signed() },
        kind: match meta.file_type() {
            kind if kind.is_file() => EntryKind::File,
            kind if kind.is_dir() => EntryKind::Directory,
            _ => EntryKind::Other,
        },
        links: 1,
        mode: None,
        bytes: meta.len(),
        modified: (modified.as_secs().into(), modified.subsec_nanos().into()),
    }
}

impl Directory {
    /// Opens a directory that the user named.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::read_dir(path)?;
        Ok(Self { path: path.to_path_buf() })
    }

    /// Opens a directory in this one. A link is refused.
    pub(crate) fn open_inside(&self, name: impl AsRef<Path>) -> io::Result<Self> {
        let path = self.path.join(name);
        if fs::symlink_metadata(&path)?.is_dir() { Self::open(&path) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Makes a directory in this one.
    pub(crate) fn create_inside(&self, name: &str) -> io::Result<Self> {
        let path = self.path.join(name);
        fs::create_dir(&path)?;
        Ok(Self { path })
    }

    /// Makes a file. Whatever has this name already is refused.
    pub fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.path.join(name))
    }

    /// Makes a file without a name, which is gone when it is closed.
    pub fn scratch(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.path)
    }

    /// Opens a file to read it.
    pub(crate) fn open_file(&self, name: impl AsRef<Path>) -> io::Result<File> {
        File::open(self.path.join(name))
    }

    /// Opens a file to read and write it.
    pub(crate) fn open_to_write(&self, name: impl AsRef<Path>) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.path.join(name))
    }

    /// The names of the entries, sorted.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = fs::read_dir(&self.path)?.map(|e| Ok(e?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    /// The entry of this name; `None` if there is none.
    pub(crate) fn look(&self, name: impl AsRef<Path>) -> io::Result<Option<Entry>> {
        match fs::symlink_metadata(self.path.join(name)) {
            Ok(meta) => Ok(Some(entry_of(&meta))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Has this file, and no other, this name?
    pub(crate) fn is(&self, name: impl AsRef<Path>, file: Identity) -> bool {
        self.look(name).is_ok_and(|entry| entry.is_some_and(|entry| entry.identity == file))
    }

    /// What this directory is.
    pub(crate) fn entry(&self) -> io::Result<Entry> {
        Ok(entry_of(&fs::metadata(&self.path)?))
    }

    /// Which directory this is.
    pub(crate) fn identity(&self) -> io::Result<Identity> {
        Ok(self.entry()?.identity)
    }

    /// Removes a file or a link.
    pub fn remove_file(&self, name: impl AsRef<Path>) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Removes an empty directory.
    pub(crate) fn remove_directory(&self, name: impl AsRef<Path>) -> io::Result<()> {
        fs::remove_dir(self.path.join(name))
    }

    /// Moves a directory to a name in `to` that does not exist yet.
    pub(crate) fn rename_to_free(&self, from: impl AsRef<Path>, to: &Self, name: impl AsRef<Path>) -> io::Result<()> {
        fs::rename(self.path.join(from), to.path.join(name))
    }

    /// Two entries cannot be exchanged in one step.
    pub(crate) fn exchange(&self, _: impl AsRef<Path>, _: impl AsRef<Path>) -> io::Result<bool> {
        Ok(false)
    }

    /// The entries need no waiting.
    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
