//! The input files of a run: their hashes for the manifest, and whether a file changed while it was read.

use std::path::Path;

use anyhow::bail;
use rayon::prelude::*;

use crate::cli::args::HashedPart;
use crate::ingest::{FileHash, HashScope, InputFile, InputRole, ReadError, TableFile};
use crate::report::dir::{FileState, file_state};

/// Hashes the files of a run, for the page and the manifest.
pub(crate) fn hash(files: &[(InputRole, &str)], part: HashedPart) -> Result<Vec<InputFile>, ReadError> {
    let scope = match part {
        HashedPart::Sampled => HashScope::Sampled,
        HashedPart::Full => HashScope::Full,
    };
    let hash = |(role, file): &(InputRole, &str)| {
        Ok(InputFile { role: *role, file: (*file).to_owned(), fingerprint: FileHash::compute(file, scope)? })
    };
    files.par_iter().map(hash).collect()
}

/// The state of the input files of a run before anything was read from them.
pub(crate) struct InputStates(Vec<(String, Option<FileState>)>);

impl InputStates {
    /// Looks at the files.
    pub(crate) fn of(files: &[(InputRole, &str)]) -> Self {
        Self(files.iter().map(|(_, file)| ((*file).to_owned(), file_state(Path::new(file)))).collect())
    }

    /// Fails if a file changed since then: the report would describe a state that the file never had. Its content is
    /// not compared, because a sample of it may be equal, and reading all of it takes as long as the run.
    pub(crate) fn ensure_unchanged(&self) -> anyhow::Result<()> {
        match self.0.iter().find(|(file, state)| *state != file_state(Path::new(file))) {
            Some((file, _)) => {
                bail!("{file}: changed while it was read; run again when whoever writes it has finished")
            }
            None => Ok(()),
        }
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
