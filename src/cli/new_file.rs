//! A new file of a command, complete or absent.

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

/// Same as [`save`], but keeps the file open.
pub(crate) fn saved(
    flag: &str,
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<File> {
    let shown = path.display();
    let mut file = dir::create(path).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => anyhow!("{flag} {shown}: exists already; name another file"),
        _ => anyhow!("{flag} {shown}: {}", dir::describe_io_error(&e)),
    })?;
    let filled = fill(&mut file).and_then(|()| Ok(file.sync_all()?));
    if let Err(e) = filled {
        dir::remove_incomplete(path, &file);
        let what = e.downcast_ref().map_or_else(|| format!("{e:#}"), dir::describe_io_error);
        bail!("{flag} {shown}: {what}");
    }
    Ok(file)
}
