//! Reads the files that the command line names: policies, layouts and settings. Every error begins with the file and
//! says what to do.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::cli::args::{LayoutChoice, PolicyFiles};
use crate::ingest::layout::library;
use crate::ingest::{Layout, Library};
use crate::policy::Policy;
use crate::policy::parse::{PolicyFile, load};
use crate::report::words::numbers::grouped;
use crate::strict_toml::{Document, nearest};

/// The policy: the built-in files, some of them replaced by `files`.
pub(crate) fn load_policy(files: &PolicyFiles) -> anyhow::Result<Policy> {
    Ok(load(&read_texts(&files.policy)?, &crate::rules::codes())?)
}

/// The texts of files with their names.
pub(crate) fn read_texts(files: &[PathBuf]) -> anyhow::Result<Vec<PolicyFile>> {
    files.iter().map(|path| read_text(path)).collect()
}

/// Most bytes of a policy, a layout or a settings file: hundreds of times those of the built-in files.
const MOST_TEXT_BYTES: u64 = 64 << 20;

/// The text of a file with its name, for parsers that report line numbers.
pub(crate) fn read_text(path: &Path) -> anyhow::Result<PolicyFile> {
    read_text_within(path, MOST_TEXT_BYTES)
}

/// The same of a file that may have this many bytes.
pub(crate) fn read_text_within(path: &Path, most: u64) -> anyhow::Result<PolicyFile> {
    let file = path.display().to_string();
    let bytes = read_within(path, most).map_err(|what| anyhow!("{file}: {what}"))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let text = String::from_utf8_lossy(&e.as_bytes()[..e.utf8_error().valid_up_to()]);
        anyhow!("{}: {NOT_TEXT}", Document::new(&file, &text, 0).place(text.len()))
    })?;
    Ok(PolicyFile { file, text })
}

/// The bytes of a file or pipe that is read whole. The error follows its name. A device, or a file of more than `most` bytes, is
/// not read to its end, which may not come.
pub(crate) fn read_within(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let trouble = |e: io::Error| describe_io_error(&e);
    if is_device(&std::fs::metadata(path).map_err(trouble)?) {
        return Err("is a device; name a file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes)).map_err(trouble)?;
    if bytes.len() as u64 > most {
        return Err(format!(
            "has more than {} bytes, so it cannot be what is asked for here; name another file",
            grouped(most)
        ));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_device(found: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    found.file_type().is_char_device() || found.file_type().is_block_device()
}

/// Elsewhere devices have no names among files.
#[cfg(not(unix))]
fn is_device(_: &Metadata) -> bool {
    false
}

/// That a file is not text, and what to do.
const NOT_TEXT: &str = "is not UTF-8 text; save it as UTF-8";

/// The error in words that follow the name of a file and say what to do.
pub(crate) fn describe_io_error(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        io::ErrorKind::InvalidData => NOT_TEXT.to_owned(),
        io::ErrorKind::IsADirectory => "is a directory; name a file".to_owned(),
        io::ErrorKind::NotADirectory => "is not a directory, or leads through a file; check the path".to_owned(),
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
