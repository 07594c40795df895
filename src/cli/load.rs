//! Reads the files that the command line names: policies, layouts and settings. Every error begins with the file and
//! says what to do.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::cli::args::{LayoutChoice, PolicyFiles};
use crate::ingest::layout::library;
use crate::ingest::{Layout, Library};
use crate::policy::Policy;
use crate::policy::parse::{PolicyFile, load};

/// The policy: the built-in files, some of them replaced by `files`.
pub(crate) fn load_policy(files: &PolicyFiles) -> anyhow::Result<Policy> {
    load_policy_with(&files.policy, None)
}

/// The policy with the overrides of a settings file, if there are any.
pub(crate) fn load_policy_with(files: &[PathBuf], overrides: Option<&PolicyFile>) -> anyhow::Result<Policy> {
    let mut replacements = files.iter().map(|path| read_text(path)).collect::<anyhow::Result<Vec<_>>>()?;
    replacements.extend(overrides.cloned());
    Ok(load(&replacements, &crate::rules::codes())?)
}

/// The text of a file with its name, for parsers that report line numbers.
pub(crate) fn read_text(path: &Path) -> anyhow::Result<PolicyFile> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| anyhow!("{file}: {}", describe_io_error(&e)))?;
    Ok(PolicyFile { file, text })
}

/// The error in words that follow the name of a file and say what to do.
pub(crate) fn describe_io_error(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8 text; save it as UTF-8".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory; name a file".to_owned(),
        _ => e.to_string(),
    }
}

/// The built-in layouts, or only the chosen one, with the files of the tables to join.
pub(crate) fn load_library(choice: &LayoutChoice) -> anyhow::Result<Library> {
    let mut tables = choice.join.clone();
    for table in &mut tables {
        table.limit = choice.max_decompressed;
    }
    choose_layout(choice)?.requiring(&choice.require).joining(&tables).map_err(|what| anyhow!(what))
}

/// `--layout` is the name of a built-in layout, or else a file.
fn choose_layout(choice: &LayoutChoice) -> anyhow::Result<Library> {
    let shipped = Library::shipped()?.skipping(choice.skip_lines, &choice.comment);
    let Some(name) = choice.layout.as_deref() else { return Ok(shipped) };
    if let Some(layout) = shipped.named(name) {
        return Ok(Library::only(layout.clone()));
    }
    let path = PathBuf::from(name);
    if !path.exists() {
        let names: Vec<_> = library::SHIPPED.iter().map(|(name, _)| *name).collect();
        return Err(anyhow!(
            "--layout {name}: neither a file nor a built-in layout; built in are {}",
            names.join(", ")
        ));
    }
    let file = read_text(&path)?;
    let layout = Layout::load(&file.file, &file.text).with_context(|| "the layout cannot be used")?;
    Ok(Library::only(layout).skipping(choice.skip_lines, &choice.comment))
}
