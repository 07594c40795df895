//! File operations of a report: files that only their owner can open, syncing, and renames that never overwrite.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// A new file that only its owner can read and write, whatever the mask of the process.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = private(options.write(true).create_new(true)).open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Creates the file with its permissions, so that others can never read it.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Waits until the bytes of a file are on disk. Files of a report are synced together when it is complete.
pub fn sync_file(file: File) -> io::Result<()> {
    file.sync_all()
}

/// Waits until the entries of a directory are on disk.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// Waits until the files of a finished report are on disk, with one thread per file, because each waits for the disk
/// and not for the processor.
pub(super) fn sync_files(directory: &Path) -> io::Result<()> {
    let paths = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    std::thread::scope(|scope| {
        let waits: Vec<_> = paths.iter().map(|path| scope.spawn(move || File::open(path)?.sync_all())).collect();
        waits.into_iter().try_for_each(|wait| wait.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended"))))
    })
}

/// Describes an error of the disk and what to do about it. The text continues a message that begins with the path.
pub fn describe_io_error(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; create it, or name another place with --out".to_owned(),
        io::ErrorKind::NotADirectory => "is not a directory; name another place with --out".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be written by this user; name another place with --out".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "cannot be written to; name another disk with --out".to_owned(),
        io::ErrorKind::Unsupported => {
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

/// Renames a directory to a name that does not exist yet.
pub(super) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    match rename_with(from, to, rustix::fs::RenameFlags::NOREPLACE) {
        Ok(true) => return Ok(()),
        Ok(false) => {}
        Err(e) => return Err(e),
    }
    // Without that flag, a rename replaces an empty directory, and nothing else.
    fs::rename(from, to)
}

/// Exchanges two directories in one step. Returns false where the system or the file system cannot do that.
pub(super) fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    return rename_with(a, b, rustix::fs::RenameFlags::EXCHANGE);
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    Ok(false)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_with(from: &Path, to: &Path, how: rustix::fs::RenameFlags) -> io::Result<bool> {
    use rustix::io::Errno;
    match rustix::fs::renameat_with(rustix::fs::CWD, from, rustix::fs::CWD, to, how) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => Ok(false),
        Err(e) => Err(e.into()),
    }
}
