//! Files that were given in the place of others: a table of a report, or an authorization file, in the place of an extract.

use std::collections::BTreeMap;
use std::path::Path;

use crate::ingest::{Library, ReadError, Source};
use crate::report::own_table;
use crate::run::authorization_columns;

/// Why a file whose header fits no layout is no extract: in the words of `error`, or by what it is if that is known.
pub(crate) fn no_extract(source: &Source, library: &Library, error: ReadError) -> ReadError {
    if let Some(what) = own_table::said(&source.sample, "an extract") {
        return ReadError::unusable(&source.name, what);
    }
    if authorization_columns(source, library).is_some() {
        let what = "is an authorization file, not an extract; give it to `check` with --auths";
        return ReadError::unusable(&source.name, what);
    }
    error
}

/// Is this a table that claimlint wrote?
pub(crate) fn is_own_table(source: &Source) -> bool {
    own_table::said(&source.sample, "an extract").is_some()
}

/// The errors about several files, in which one names all tables of reports that are in the same directory. `own_tables`: the files
/// that are such tables.
pub(crate) fn by_directory(mut refused: Vec<ReadError>, own_tables: &[&str]) -> Vec<ReadError> {
    let mut directories: BTreeMap<&Path, Vec<&str>> = BTreeMap::new();
    for file in own_tables {
        directories.entry(Path::new(file).parent().unwrap_or(Path::new(""))).or_default().push(file);
    }
    for (directory, files) in directories.into_iter().filter(|(_, files)| files.len() > 1) {
        refused.retain(|error| !matches!(error, ReadError::Unusable { file, .. } if files.contains(&file.as_str())));
        let names: Vec<_> = files.iter().filter_map(|file| Path::new(file).file_name()).collect();
        let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let what = format!(
            "holds tables of a report ({}), which are not extracts; name the extracts alone, or keep reports in directories of their \
             own",
            names.join(", ")
        );
        refused.insert(0, ReadError::unusable(&directory.display().to_string(), what));
    }
    refused
}

/// Refuses a table that claimlint wrote in the place of the authorization file: services.csv has the columns of one.
pub(crate) fn ensure_no_own_table(source: &Source) -> Result<(), ReadError> {
    let what = own_table::said(&source.sample, "an authorization file");
    what.map_or(Ok(()), |what| Err(ReadError::unusable(&source.name, what)))
}
