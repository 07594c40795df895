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
use crate::strict_toml::nearest;

/// The policy: the built-in files, some of them replaced by `files`.
pub(crate) fn load_policy(files: &PolicyFiles) -> anyhow::Result<Policy> {
    Ok(load(&read_texts(&files.policy)?, &crate::rules::codes())?)
}

/// The texts of files with their names.
pub(crate) fn read_texts(files: &[PathBuf]) -> anyhow::Result<Vec<PolicyFile>> {
    files.iter().map(|path| read_text(path)).collect()
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
    library_of(choice, layout_file(choice)?.as_ref())
}

/// The same, where the text of the layout file was read before.
pub(crate) fn library_of(choice: &LayoutChoice, layout: Option<&PolicyFile>) -> anyhow::Result<Library> {
    let mut tables = choice.join.clone();
    for table in &mut tables {
        table.limit = choice.max_decompressed;
    }
    choose_layout(choice, layout)?.requiring(&choice.require).joining(&tables).map_err(|what| anyhow!(what))
}

/// The layout file, if `--layout` names one: it is the name of a built-in layout, or else a file.
pub(crate) fn layout_file(choice: &LayoutChoice) -> anyhow::Result<Option<PolicyFile>> {
    let is_built_in = |name: &str| library::SHIPPED.iter().any(|(own, _)| *own == name);
    let Some(name) = choice.layout.as_deref().filter(|name| !is_built_in(name)) else { return Ok(None) };
    let path = PathBuf::from(name);
    if !path.exists() {
        let names: Vec<_> = library::SHIPPED.iter().map(|(name, _)| *name).collect();
        return Err(anyhow!(
            "--layout {name}: neither a file nor a built-in layout; {}built in are {}",
            nearest(name, names.iter().copied()).map_or_else(String::new, |near| format!("did you mean {near}? ")),
            names.join(", ")
        ));
    }
    read_text(&path).map(Some)
}

fn choose_layout(choice: &LayoutChoice, file: Option<&PolicyFile>) -> anyhow::Result<Library> {
    let skipping = |library: Library| library.skipping(choice.skip_lines, &choice.comment);
    if let Some(file) = file {
        let layout = Layout::load(&file.file, &file.text).with_context(|| "the layout cannot be used")?;
        return Ok(skipping(Library::only(layout)));
    }
    let shipped = skipping(Library::shipped()?);
    Ok(match choice.layout.as_deref().and_then(|name| shipped.named(name)) {
        Some(layout) => Library::only(layout.clone()),
        None => shipped,
    })
}
