//! manifest.json: by what the files of a report and the inputs it was made from are known again.
//!
//! Written last, over the files as they lie on disk. The same bytes for the same inputs and options, so run.json is not
//! in it. It finds damage and mix-ups; whoever changes a report on purpose can make the manifest fit, unless its seal is
//! kept elsewhere.

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

/// Name and version of its layout; raised when a key changes its meaning.
pub const SCHEMA: &str = "claimlint-manifest/1";

/// What the file says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// All files of the report but itself and run.json, by name.
    pub files: Vec<ManifestFile>,
    /// Extracts in the order given, the tables joined to them, then the authorization file.
    pub inputs: Vec<InputFile>,
    /// BLAKE3 hash of all the above, by which the manifest itself is known again.
    pub seal: String,
}

impl Manifest {
    fn new(files: Vec<ManifestFile>, inputs: Vec<InputFile>) -> io::Result<Self> {
        let mut manifest = Self { schema: SCHEMA.to_owned(), files, inputs, seal: String::new() };
        manifest.seal = manifest.sealed()?;
        Ok(manifest)
    }

    /// The seal that belongs to what it says, however its text is spaced.
    pub fn sealed(&self) -> io::Result<String> {
        let said = serde_json::to_vec(&(&self.schema, &self.files, &self.inputs))?;
        Ok(blake3::hash(&said).to_hex().to_string())
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
