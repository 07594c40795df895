//! Files that were given in the place of others: a table of a report, or an authorization file, in the place of an extract.

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

/// Refuses a table that claimlint wrote in the place of the authorization file: services.csv has the columns of one.
pub(crate) fn ensure_no_own_table(source: &Source) -> Result<(), ReadError> {
    let what = own_table::said(&source.sample, "an authorization file");
    what.map_or(Ok(()), |what| Err(ReadError::unusable(&source.name, what)))
}
