//! manifest.json: the hashes that identify the files of a report and the inputs from which it was made.
//!
//! It is written last, from the files on disk. The same inputs and options give the same bytes, so run.json is left
//! out. It reveals damage and mix-ups. Someone who alters a report on purpose can also make the manifest fit, unless
//! the seal is kept somewhere else.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ingest::InputFile;
use crate::report::dir::files::create;

/// Times, threads and host of the run: the only file that may differ between two runs of the same inputs and options.
pub const RUN: &str = "run.json";

/// Name of the file in a report directory.
pub const FILE: &str = "manifest.json";

/// Name and version of its schema. The version is raised when a key changes its meaning.
pub const SCHEMA: &str = "claimlint-manifest/1";

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

    /// The seal of its content, whatever white space the file has.
    pub fn sealed(&self) -> io::Result<String> {
        let listing = serde_json::to_vec(&(&self.schema, &self.files, &self.inputs))?;
        Ok(blake3::hash(&listing).to_hex().to_string())
    }
}

/// A file of the report.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 hash of all its bytes in hexadecimal digits.
    pub blake3: String,
}

/// Writes the manifest of the files in a directory.
pub fn write(directory: &Path, inputs: &[InputFile]) -> io::Result<()> {
    let manifest = Manifest::new(parts(directory)?, inputs.to_vec())?;
    let mut text = serde_json::to_vec_pretty(&manifest)?;
    text.push(b'\n');
    let mut file = create(&directory.join(FILE))?;
    file.write_all(&text)
}

/// The files in a report directory except manifest and run.json, by name.
pub(crate) fn parts(directory: &Path) -> io::Result<Vec<ManifestFile>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != FILE && name != RUN {
            names.push((name, entry.file_type()?.is_file()));
        }
    }
    names.sort();
    names.into_par_iter().map(|(name, is_file)| part(directory, name, is_file)).collect()
}

/// A file with its hash. An entry that is not a file is not part of a report; it has neither size nor hash.
fn part(directory: &Path, name: String, is_file: bool) -> io::Result<ManifestFile> {
    if !is_file {
        return Ok(ManifestFile { file: name, bytes: 0, blake3: String::new() });
    }
    let mut file = File::open(directory.join(&name))?;
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(&mut file, &mut hasher)?;
    Ok(ManifestFile { file: name, bytes, blake3: hasher.finalize().to_hex().to_string() })
}
