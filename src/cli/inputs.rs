//! The files that were given: their fingerprints for the manifest, and whether they are still what they were.

use std::time::SystemTime;

use anyhow::bail;
use rayon::prelude::*;

use crate::cli::args::{Check, Hashed};
use crate::ingest::{FileHash, HashScope, InputFile, InputRole, ReadError};

/// The inputs of a run.
pub(crate) struct Given {
    originals: Vec<InputFile>,
    stamps: Vec<Option<(u64, SystemTime)>>,
    extent: HashScope,
}

impl Given {
    /// Takes the fingerprints, before anything is read from the files.
    pub(crate) fn take(args: &Check) -> Result<Self, ReadError> {
        let extent = match args.fingerprint {
            Hashed::Sampled => HashScope::Sampled,
            Hashed::Full => HashScope::Full,
        };
        let joined: Vec<String> = args.layout.join.iter().map(|table| table.file.clone()).collect();
        let named = named(&args.files, &joined, args.auths.as_deref());
        let stamps = named.iter().map(|(_, file)| stamp(file)).collect();
        let print = |(role, file): (InputRole, &str)| {
            Ok(InputFile { role, file: file.to_owned(), fingerprint: FileHash::compute(file, extent)? })
        };
        let originals = named.into_par_iter().map(print).collect::<Result<_, ReadError>>()?;
        Ok(Self { originals, stamps, extent })
    }

    /// For page and manifest.
    pub(crate) fn originals(&self) -> &[InputFile] {
        &self.originals
    }

    /// Refuses a run whose files changed under it: its report would be of no state that they ever had.
    pub(crate) fn unchanged(&self) -> anyhow::Result<()> {
        for (file, stamp) in self.originals.iter().zip(&self.stamps) {
            // A new time alone may be that of a touch.
            if *stamp != self::stamp(&file.file)
                && file.fingerprint != FileHash::compute(&file.file, self.extent).unwrap_or_default()
            {
                bail!("{}: changed while it was read; run again when whoever writes it has finished", file.file);
            }
        }
        Ok(())
    }
}

/// The files of a run in the order of the manifest.
pub(crate) fn named<'a>(
    files: &'a [String],
    joined: &'a [String],
    auths: Option<&'a str>,
) -> Vec<(InputRole, &'a str)> {
    let extracts = files.iter().map(|file| (InputRole::Extract, file.as_str()));
    let joined = joined.iter().map(|file| (InputRole::Joined, file.as_str()));
    extracts.chain(joined).chain(auths.map(|file| (InputRole::Authorizations, file))).collect()
}

/// Size and time of the last change; none of stdin and pipes.
fn stamp(file: &str) -> Option<(u64, SystemTime)> {
    let meta = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
    Some((meta.len(), meta.modified().ok()?))
}
