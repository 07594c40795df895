//! manifest.json: the hashes that identify the files of a report and the inputs from which it was made.
//!
//! It is written from the files on disk, or from their bytes as they were written. The same inputs and options give the same
//! bytes, so run.json is left out; it is written after the manifest, with its own hash. It reveals damage and mix-ups. Someone
//! who alters a report on purpose can also make the manifest fit, unless the seal is kept somewhere else, or run.json is signed.

use std::ffi::OsStr;
use std::io::{self, Read};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ingest::InputFile;
use crate::report::dir::directory::{Directory, EntryKind};
use crate::report::dir::written::WrittenFiles;
use crate::report::format::summary_json::LARGEST_BYTES;

/// Times, threads and host of the run: the only file that may differ between two runs of the same inputs and options.
pub(crate) const RUN: &str = "run.json";

/// Name of the file in a report directory.
pub const FILE: &str = "manifest.json";

/// Name and version of its schema. The version is raised when a key changes its meaning.
pub(crate) const SCHEMA: &str = "claimlint-manifest/1";

/// The content of the file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// All files of the report except the manifest and run.json, by name.
    pub files: Vec<ManifestFile>,
    /// Extracts in the order given, the tables joined to them, then the authorization file.
    pub inputs: Vec<InputFile>,
    /// BLAKE3 hash of all of the above, which identifies the manifest itself.
    pub seal: String,
}

impl Manifest {
    fn new(files: Vec<ManifestFile>, inputs: Vec<InputFile>) -> io::Result<Self> {
        let mut manifest = Self { schema: SCHEMA.to_owned(), files, inputs, seal: String::new() };
        manifest.seal = manifest.sealed()?;
        Ok(manifest)
    }

    /// The manifest of a report directory; `None` if it is missing, damaged or of another version.
    pub(super) fn read(directory: &Directory) -> Option<Self> {
        let mut text = Vec::new();
        directory.open_file(FILE).ok()?.take(LARGEST_BYTES).read_to_end(&mut text).ok()?;
        let manifest: Self = serde_json::from_slice(&text).ok()?;
        let is_whole = manifest.schema == SCHEMA && manifest.sealed().ok()? == manifest.seal;
        is_whole.then_some(manifest)
    }

    /// The text of the file, which has no other form.
    pub fn text(&self) -> io::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// The seal of its content, whatever white space the file has.
    pub fn sealed(&self) -> io::Result<String> {
        let listing = serde_json::to_vec(&(&self.schema, &self.files, &self.inputs))?;
        Ok(blake3::hash(&listing).to_hex().to_string())
    }
}

/// A file of the report.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// The name within the directory of the report.
    pub file: String,
    /// The size when it was written.
    pub bytes: u64,
    /// BLAKE3 hash of all its bytes in hexadecimal digits.
    pub blake3: String,
}

/// The manifest of the files in a directory, as text. `written` are those whose hash need not be taken again.
pub(super) fn text(directory: &Directory, written: &WrittenFiles, inputs: &[InputFile]) -> io::Result<Vec<u8>> {
    Manifest::new(parts_with(directory, written)?, inputs.to_vec())?.text()
}

/// The files in a report directory except manifest and run.json, by name.
pub(crate) fn parts(directory: &Directory) -> io::Result<Vec<ManifestFile>> {
    parts_with(directory, &WrittenFiles::default())
}

fn parts_with(directory: &Directory, written: &WrittenFiles) -> io::Result<Vec<ManifestFile>> {
    let names = directory.names()?.into_iter().filter(|name| name != FILE && name != RUN);
    names.collect::<Vec<_>>().into_par_iter().map(|name| part(directory, written, &name)).collect()
}

/// A file with its hash. An entry that is not a file is not part of a report; it has neither size nor hash.
fn part(directory: &Directory, written: &WrittenFiles, name: &OsStr) -> io::Result<ManifestFile> {
    let file = name.to_string_lossy().into_owned();
    let Some(entry) = directory.look(name)?.filter(|entry| entry.kind == EntryKind::File) else {
        return Ok(ManifestFile { file, bytes: 0, blake3: String::new() });
    };
    if let Some(written) = written.get(&file).filter(|written| written.bytes == entry.bytes) {
        return Ok(ManifestFile { file, bytes: written.bytes, blake3: written.blake3.to_hex().to_string() });
    }
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(&mut directory.open_file(name)?, &mut hasher)?;
    Ok(ManifestFile { file, bytes, blake3: hasher.finalize().to_hex().to_string() })
}
