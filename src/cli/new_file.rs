//! New files of a command, complete or absent.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{anyhow, bail};

use crate::report::dir;
use crate::report::dir::FoundReport;

/// An error of the disk about a place that a flag names, in which a file or directory is to be made.
pub(crate) fn place_trouble(flag: &str, path: &Path, e: &std::io::Error) -> anyhow::Error {
    let what = dir::describe_io_error(e).replace("--out", flag);
    // What is to be made is not there yet, so such an error is about the directory above it.
    let is_above = matches!(
        e.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    );
    let about = if is_above { "its directory " } else { "" };
    anyhow!("{flag} {}: {about}{what}", path.display())
}

/// Refuses a place inside a finished report, which would no longer be as it was written.
pub(crate) fn ensure_no_report(flag: &str, path: &Path) -> anyhow::Result<()> {
    // Directories that are not there yet are made in the nearest one that is.
    let mut above = path.ancestors().skip(1).map(|above| Path::new(".").join(above));
    let Some(directory) = above.find_map(|above| std::fs::canonicalize(above).ok()) else { return Ok(()) };
    // Whoever may not list a directory learns from writing to it what is wrong.
    if std::fs::read_dir(&directory).is_ok() && dir::look_for_report(&directory) != FoundReport::None {
        bail!(
            "{flag} {}: is in a report, which holds the report alone and would no longer be as it was written; name another \
             place",
            path.display()
        );
    }
    Ok(())
}

/// Writes a new file that only its owner can read. An incomplete file is removed.
pub(crate) fn save(
    flag: &str,
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    saved(flag, path, fill).map(drop)
}

/// Files that are written together: all of them, or none.
#[derive(Default)]
pub(crate) struct NewFiles<'p> {
    saved: Vec<(&'p Path, File)>,
}

impl<'p> NewFiles<'p> {
    /// Writes one more, as [`save`] does. If it cannot be written, those before it are removed.
    pub(crate) fn save(
        &mut self,
        flag: &str,
        path: &'p Path,
        fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        match saved(flag, path, fill) {
            Ok(file) => self.saved.push((path, file)),
            Err(e) => {
                self.saved.iter().for_each(|(path, file)| dir::remove_incomplete(path, file));
                return Err(e);
            }
        }
        Ok(())
    }
}

/// Writes a new file and keeps it open.
fn saved(flag: &str, path: &Path, fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<File> {
    let shown = path.display();
    ensure_no_report(flag, path)?;
    // The advice is about the flag of a report.
    let described = |e: &std::io::Error| dir::describe_io_error(e).replace("--out", flag);
    let mut file = dir::create(path).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => anyhow!("{flag} {shown}: exists already; name another file"),
        _ => place_trouble(flag, path, &e),
    })?;
    let filled = fill(&mut file).and_then(|()| Ok(file.sync_all()?));
    if let Err(e) = filled {
        dir::remove_incomplete(path, &file);
        let what = e.downcast_ref().map_or_else(|| format!("{e:#}"), described);
        bail!("{flag} {shown}: {what}");
    }
    Ok(file)
}
