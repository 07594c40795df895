//! The input files of a run: their hashes for the manifest, and whether a file changed while it was read.

use std::time::SystemTime;

use anyhow::bail;
use rayon::prelude::*;

use crate::cli::args::HashedPart;
use crate::ingest::{FileHash, HashScope, InputFile, InputRole, ReadError, TableFile};

/// The input files of a run with their hashes.
pub(crate) struct InputFiles {
    files: Vec<InputFile>,
    stamps: Vec<Option<(u64, SystemTime)>>,
    scope: HashScope,
}

impl InputFiles {
    /// Hashes the files, before anything else is read from them.
    pub(crate) fn hash(files: &[(InputRole, &str)], part: HashedPart) -> Result<Self, ReadError> {
        let scope = match part {
            HashedPart::Sampled => HashScope::Sampled,
            HashedPart::Full => HashScope::Full,
        };
        let stamps = files.iter().map(|(_, file)| stamp(file)).collect();
        let hash = |(role, file): &(InputRole, &str)| {
            Ok(InputFile { role: *role, file: (*file).to_owned(), fingerprint: FileHash::compute(file, scope)? })
        };
        let files = files.par_iter().map(hash).collect::<Result<_, ReadError>>()?;
        Ok(Self { files, stamps, scope })
    }

    /// The files with their hashes, for the page and the manifest.
    pub(crate) fn list(&self) -> &[InputFile] {
        &self.files
    }

    /// Fails if a file changed during the run: the report would describe a state that the file never had.
    pub(crate) fn ensure_unchanged(&self) -> anyhow::Result<()> {
        for (file, stamp) in self.files.iter().zip(&self.stamps) {
            // `touch` changes only the time.
            if *stamp != self::stamp(&file.file)
                && file.fingerprint != FileHash::compute(&file.file, self.scope).unwrap_or_default()
            {
                bail!("{}: changed while it was read; run again when whoever writes it has finished", file.file);
            }
        }
        Ok(())
    }
}

/// The files of a run with their roles, in the order of the manifest.
pub(crate) fn with_roles<'a>(
    files: &'a [String],
    joined: &'a [TableFile],
    auths: Option<&'a str>,
) -> Vec<(InputRole, &'a str)> {
    let extracts = files.iter().map(|file| (InputRole::Extract, file.as_str()));
    let joined = joined.iter().map(|table| (InputRole::Joined, table.file.as_str()));
    extracts.chain(joined).chain(auths.map(|file| (InputRole::Authorizations, file))).collect()
}

/// Size and time of the last change; `None` for stdin and pipes.
fn stamp(file: &str) -> Option<(u64, SystemTime)> {
    let meta = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
    Some((meta.len(), meta.modified().ok()?))
}
