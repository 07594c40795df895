//! A directory behind a handle of the operating system.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::report::dir::directory::entry::{Entry, EntryKind, Identity};
use crate::report::dir::directory::unique::with_free_name;

/// A directory that is held open.
#[derive(Debug)]
pub struct Directory {
    handle: OwnedFd,
}

/// An open file.
pub(crate) fn entry_of_file(file: &File) -> io::Result<Entry> {
    Ok(entry_of(&rustix::fs::fstat(file)?))
}

/// The file of this name, links followed; `None` if there is none.
pub(crate) fn entry_of_path(path: &Path) -> Option<Entry> {
    rustix::fs::stat(path).ok().map(|stat| entry_of(&stat))
}

fn entry_of(stat: &Stat) -> Entry {
    Entry {
        identity: Identity { device: stat.st_dev.into(), inode: stat.st_ino.into() },
        kind: match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => EntryKind::File,
            FileType::Directory => EntryKind::Directory,
            _ => EntryKind::Other,
        },
        links: u64::try_from(i128::from(stat.st_nlink)).unwrap_or(u64::MAX),
        mode: u32::try_from(i128::from(stat.st_mode)).ok().map(|mode| mode & 0o7777),
        bytes: u64::try_from(stat.st_size).unwrap_or(0),
        modified: (stat.st_mtime.into(), stat.st_mtime_nsec.into()),
    }
}

/// The rights of a new file: its owner may read and write it.
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// The rights of a new directory: its owner may do everything.
const PRIVATE_DIRECTORY: Mode = Mode::RWXU;

const OPEN_DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Directory {
    /// Opens a directory that the user named. Links are followed.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { handle: rustix::fs::openat(CWD, path, OPEN_DIRECTORY, Mode::empty())? })
    }

    /// Opens a directory in this one. A link is refused.
    pub(crate) fn open_inside(&self, name: impl AsRef<Path>) -> io::Result<Self> {
        let flags = OPEN_DIRECTORY | OFlags::NOFOLLOW;
        Ok(Self { handle: rustix::fs::openat(&self.handle, name.as_ref(), flags, Mode::empty())? })
    }

    /// Makes a directory in this one that only its owner can open, whatever the mask of the process. Fails with
    /// [`io::ErrorKind::DirectoryNotEmpty`] if somebody put another one in its place before it was open.
    pub(crate) fn create_inside(&self, name: &str) -> io::Result<Self> {
        rustix::fs::mkdirat(&self.handle, name, PRIVATE_DIRECTORY)?;
        let opened = self.open_inside(name).or_else(|e| {
            if e.kind() != io::ErrorKind::PermissionDenied {
                return Err(e);
            }
            // The mask of the process can only remove rights, but it may remove the owner's.
            rustix::fs::chmodat(&self.handle, name, PRIVATE_DIRECTORY, AtFlags::empty())?;
            self.open_inside(name)
        });
        let made = opened.and_then(|made| {
            rustix::fs::fchmod(&made.handle, PRIVATE_DIRECTORY)?;
            if made.is_new()? { Ok(made) } else { Err(io::ErrorKind::DirectoryNotEmpty.into()) }
        });
        if made.is_err() {
            let _ = self.remove_directory(name);
        }
        made
    }

    /// Is it empty, and does it belong to the user whose files this process makes?
    fn is_new(&self) -> io::Result<bool> {
        let owner = rustix::fs::fstat(self.scratch()?)?.st_uid;
        Ok(rustix::fs::fstat(&self.handle)?.st_uid == owner && self.names()?.is_empty())
    }

    /// Makes a file that only its owner can read and write, whatever the mask of the process. Whatever has this name
    /// already is refused.
    pub fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.handle, name, flags, PRIVATE_FILE)?;
        rustix::fs::fchmod(&file, PRIVATE_FILE)?;
        Ok(file.into())
    }

    /// Makes a file without a name, which is gone when it is closed.
    pub fn scratch(&self) -> io::Result<File> {
        #[cfg(target_os = "linux")]
        {
            let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
            // Not every file system has files without names.
            if let Ok(file) = rustix::fs::openat(&self.handle, ".", flags, PRIVATE_FILE) {
                return Ok(file.into());
            }
        }
        let (name, file) = with_free_name(".", ".scratch", |name| self.create(name))?;
        self.remove_file(&name)?;
        Ok(file)
    }

    /// Opens a file to read it. A link is refused, and a pipe does not block.
    pub(crate) fn open_file(&self, name: impl AsRef<Path>) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.handle, name.as_ref(), flags, Mode::empty())?.into())
    }

    /// Opens a file to read and write it. A link is refused, and a pipe does not block.
    pub(crate) fn open_to_write(&self, name: impl AsRef<Path>) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.handle, name.as_ref(), flags, Mode::empty())?.into())
    }

    /// The names of the entries, sorted.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        names.sort();
        Ok(names)
    }

    /// The entry of this name; `None` if there is none.
    pub(crate) fn look(&self, name: impl AsRef<Path>) -> io::Result<Option<Entry>> {
        match rustix::fs::statat(&self.handle, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(entry_of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Has this file, and no other, this name?
    pub(crate) fn is(&self, name: impl AsRef<Path>, file: Identity) -> bool {
        self.look(name).is_ok_and(|entry| entry.is_some_and(|entry| entry.identity == file))
    }

    /// What this directory is.
    pub(crate) fn entry(&self) -> io::Result<Entry> {
        Ok(entry_of(&rustix::fs::fstat(&self.handle)?))
    }

    /// Which directory this is.
    pub(crate) fn identity(&self) -> io::Result<Identity> {
        Ok(self.entry()?.identity)
    }

    /// Removes a file or a link.
    pub fn remove_file(&self, name: impl AsRef<Path>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name.as_ref(), AtFlags::empty())?)
    }

    /// Removes an empty directory.
    pub(crate) fn remove_directory(&self, name: impl AsRef<Path>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name.as_ref(), AtFlags::REMOVEDIR)?)
    }

    /// Moves a directory to a name in `to` that does not exist yet.
    pub(crate) fn rename_to_free(&self, from: impl AsRef<Path>, to: &Self, name: impl AsRef<Path>) -> io::Result<()> {
        let (from, name) = (from.as_ref(), name.as_ref());
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        {
            use rustix::fs::{RenameFlags, renameat_with};
            match renameat_with(&self.handle, from, &to.handle, name, RenameFlags::NOREPLACE) {
                Ok(()) => return Ok(()),
                Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {}
                Err(e) => return Err(e.into()),
            }
        }
        // Without that flag, a rename replaces an empty directory, and nothing else.
        Ok(rustix::fs::renameat(&self.handle, from, &to.handle, name)?)
    }

    /// Exchanges two entries in one step. Returns false where the system or the file system cannot do that.
    pub(crate) fn exchange(&self, a: impl AsRef<Path>, b: impl AsRef<Path>) -> io::Result<bool> {
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        {
            use rustix::fs::{RenameFlags, renameat_with};
            match renameat_with(&self.handle, a.as_ref(), &self.handle, b.as_ref(), RenameFlags::EXCHANGE) {
                Ok(()) => Ok(true),
                Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => Ok(false),
                Err(e) => Err(e.into()),
            }
        }
        #[cfg(not(any(target_os = "linux", target_os = "macos")))]
        {
            let _ = (a, b);
            Ok(false)
        }
    }

    /// Waits until the entries are on disk.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.handle)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Between the making of a directory and its opening, somebody may put another one in its place.
    #[test]
    fn a_directory_of_somebody_else_is_not_taken_for_a_new_one() {
        let temp = tempfile::tempdir().expect("a directory");
        let parent = Directory::open(temp.path()).expect("a directory");
        let made = parent.create_inside("new").expect("room");
        assert!(made.is_new().expect("ours"));
        std::fs::write(temp.path().join("new/letter.txt"), "mine").expect("room");
        assert!(!made.is_new().expect("ours"));
        std::fs::remove_file(temp.path().join("new/letter.txt")).expect("ours");
        // Only the superuser may give files away.
        if std::os::unix::fs::chown(temp.path().join("new"), Some(65_534), None).is_ok() {
            assert!(!made.is_new().expect("ours"));
        }
    }

    #[test]
    fn links_are_not_followed() {
        let temp = tempfile::tempdir().expect("a directory");
        let parent = Directory::open(temp.path()).expect("a directory");
        std::fs::write(temp.path().join("victim"), "mine").expect("room");
        std::fs::create_dir(temp.path().join("place")).expect("room");
        std::os::unix::fs::symlink("victim", temp.path().join("link")).expect("a link");
        std::os::unix::fs::symlink("place", temp.path().join("way")).expect("a link");
        parent.open_file("link").expect_err("a link");
        parent.open_to_write("link").expect_err("a link");
        parent.create("link").expect_err("a link");
        parent.open_inside("way").expect_err("a link");
        assert_eq!(parent.look("link").expect("there").expect("there").kind, EntryKind::Other);
        parent.open_file("victim").expect("a file");
        parent.open_inside("place").expect("a directory");
    }
}
