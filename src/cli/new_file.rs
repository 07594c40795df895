//! New files of a command, complete or absent.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{anyhow, bail};

use crate::report::dir;

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
    // The advice is about the flag of a report.
    let described = |e: &std::io::Error| dir::describe_io_error(e).replace("--out", flag);
    let mut file = dir::create(path).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => anyhow!("{flag} {shown}: exists already; name another file"),
        _ => anyhow!("{flag} {shown}: {}", described(&e)),
    })?;
    let filled = fill(&mut file).and_then(|()| Ok(file.sync_all()?));
    if let Err(e) = filled {
        dir::remove_incomplete(path, &file);
        let what = e.downcast_ref().map_or_else(|| format!("{e:#}"), described);
        bail!("{flag} {shown}: {what}");
    }
    Ok(file)
}
