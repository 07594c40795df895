//! Single files that only their owner can open, and the words for errors of the disk.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::report::dir::directory::{Entry, entry_of_file, entry_of_path};

/// A new file that only its owner can read and write, whatever the mask of the process.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Created with its permissions, so that others can never read it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.write(true).create_new(true).open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Removes a file that could not be completed, if the path still leads to it.
pub(crate) fn remove_incomplete(path: &Path, file: &File) {
    let identity = |entry: Entry| entry.identity;
    if entry_of_file(file).ok().map(identity) == entry_of_path(path).map(identity) {
        let _ = std::fs::remove_file(path);
    }
}

/// Describes an error of the disk and what to do about it. The text continues a message that begins with the path.
pub(crate) fn describe_io_error(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; create it, or name another place with --out".to_owned(),
        io::ErrorKind::NotADirectory => "is not a directory; name another place with --out".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be written by this user; name another place with --out".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "cannot be written to; name another disk with --out".to_owned(),
        _ if has_no_locks(e) => {
            "its file system has no locks, so two runs could collide; name another disk with --out".to_owned()
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "no space left; free some, or name another disk with --out".to_owned()
        }
        io::ErrorKind::FileTooLarge => {
            "a file of the report is larger than may be written here (ulimit -f, or the disk); raise that, or name \
             another disk with --out"
                .to_owned()
        }
        _ => format!("{e}; mend that, or name another place with --out"),
    }
}

/// Does a file system without locks say this?
fn has_no_locks(e: &io::Error) -> bool {
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(e) == Some(rustix::io::Errno::NOLCK) {
        return true;
    }
    e.kind() == io::ErrorKind::Unsupported
}
