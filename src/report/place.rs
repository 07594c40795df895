//! The report directory: all or nothing, private, never over something that is no report.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Name of the directory without `--out`; taken names get `-2`, `-3`, ...
pub const DEFAULT: &str = "claimlint-report";

/// A directory under construction beside the place it is meant for. Dropped, it is gone.
pub struct Site {
    building: TempDir,
    target: PathBuf,
    replace: bool,
}

/// Why a report cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum Blocked {
    /// Something stands there.
    #[error("{0}: exists already; name another directory with --out, or replace it with --force")]
    Exists(String),
    /// Something stands there that is no report.
    #[error("{0}: is not a claimlint report, so --force does not replace it; name another directory with --out")]
    NoReport(String),
    /// The disk says no.
    #[error("{0}: {1}")]
    Io(String, String),
}

impl Site {
    /// Opens a site for `out`, or for the first free default name.
    pub fn open(out: Option<&Path>, force: bool) -> Result<Self, Blocked> {
        let target = match out {
            Some(path) => path.to_path_buf(),
            None => free_default(),
        };
        let shown = target.display().to_string();
        let exists = fs::symlink_metadata(&target).is_ok();
        if exists && !force {
            return Err(Blocked::Exists(shown));
        }
        if exists && !is_report(&target) {
            return Err(Blocked::NoReport(shown));
        }
        let parent = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = target.file_name().map_or_else(|| DEFAULT.to_owned(), |n| n.to_string_lossy().into_owned());
        let prefix = format!(".{name}.");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".partial");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let building = builder.tempdir_in(parent);
        let building = building.map_err(|e| Blocked::Io(parent.display().to_string(), sentence(&e)))?;
        Ok(Self { building, target, replace: exists })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        self.building.path()
    }

    /// Where the report will lie.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Moves the finished report into place.
    pub fn settle(self) -> Result<PathBuf, Blocked> {
        let shown = self.target.display().to_string();
        let trouble = |e: io::Error| Blocked::Io(shown.clone(), sentence(&e));
        sync(self.building.path()).map_err(trouble)?;
        let old = if self.replace {
            let parent = self.target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let aside = tempfile::Builder::new().prefix(".claimlint-old.").tempdir_in(parent).map_err(trouble)?;
            fs::rename(&self.target, aside.path().join("report")).map_err(trouble)?;
            Some(aside)
        } else {
            None
        };
        if let Err(e) = fs::rename(self.building.path(), &self.target) {
            if let Some(aside) = &old {
                // Put back what stood there; if that fails too, the first error is the one to tell.
                let _ = fs::rename(aside.path().join("report"), &self.target);
            }
            return Err(trouble(e));
        }
        // The directory has moved: there is nothing left to remove.
        let _ = self.building.keep();
        Ok(self.target)
    }
}

fn free_default() -> PathBuf {
    let taken = |p: &PathBuf| fs::symlink_metadata(p).is_ok();
    let names =
        std::iter::once(PathBuf::from(DEFAULT)).chain((2u32..).map(|n| PathBuf::from(format!("{DEFAULT}-{n}"))));
    names.into_iter().find(|p| !taken(p)).unwrap_or_else(|| PathBuf::from(DEFAULT))
}

/// A directory that holds a summary of ours and nothing that a report does not hold.
fn is_report(path: &Path) -> bool {
    let is_directory = fs::symlink_metadata(path).is_ok_and(|m| m.is_dir());
    let summary = fs::read_to_string(path.join("summary.json")).unwrap_or_default();
    is_directory && summary.contains("\"schema\": \"claimlint-summary/")
}

/// A new file that only its owner can read, whatever the umask.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Sees to it that a file's bytes are on disk before the report is moved into place.
pub fn settle(file: File) -> io::Result<()> {
    file.sync_all()
}

fn sync(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// What to do about an error of the disk.
pub fn sentence(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; create it, or name another place with --out".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be written by this user; name another place with --out".to_owned(),
        io::ErrorKind::NotADirectory => "is not a directory; name another place with --out".to_owned(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "no space left; free some, or name another disk with --out".to_owned()
        }
        _ => e.to_string(),
    }
}
