//! The errors of reading an input, each a sentence that says what to do.
//!
//! No sentence quotes a cell. The first line of a file may be a patient's row, so of its cells only those are quoted that are
//! names which a layout knows; of others the shape is shown. So every error may be logged.

use std::error::Error;
use std::fmt;
use std::io;

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input cannot be opened or read.
    #[error("{file}: {what}")]
    Io {
        /// The input as given.
        file: String,
        /// What happened and what to do.
        what: String,
    },
    /// The input can be read but not used.
    #[error("{file}: {what}")]
    Unusable {
        /// The input as given.
        file: String,
        /// Why, and what to do.
        what: String,
    },
    /// The header of the input fits no layout.
    #[error("{file}: {what}")]
    Unbound {
        /// The input as given.
        file: String,
        /// Why, and what to do.
        what: String,
        /// Canonical names of missing fields that a joined table would bring, each with the name of the table.
        brought: Vec<(String, String)>,
    },
    /// The input holds no text, only blanks at most.
    #[error("{file}: is empty: not even a header line; was the export cut short?")]
    Empty {
        /// The input as given.
        file: String,
    },
    /// Rows that exceed the memory bound cannot be written to the disk.
    #[error(
        "the rows in scope do not fit into --memory, and the disk of the report does not take them: {0}; free some space, name another disk with --out, or raise --memory"
    )]
    Spool(String),
    /// More lines are kept than the index can number.
    #[error(
        "more than 4,294,967,295 lines hold a code that the policy looks for, and no run can number more; divide the extracts by member into several jobs, so that each claim and each member is in one of them, and run each on a machine or a cluster (`claimlint help cluster`)"
    )]
    TooManyLines,
    /// The index of the rows in scope exceeds the memory bound.
    #[error(
        "{rows} rows hold a code that the policy looks for, and the index keeps 12 bytes of each in memory: give --memory {mebibytes}M, or divide the extracts by member into several runs"
    )]
    TooManyRows {
        /// How many.
        rows: u64,
        /// The `--memory` that suffices, in MiB.
        mebibytes: u64,
    },
    /// Rows that are compared together exceed the memory bound.
    #[error(
        "{rows} rows have the same claim, line number, code and date, and the reversals among them name other claims or do not all state the same amounts, so they are compared together, which takes more than half of --memory: give --memory {mebibytes}M, or look at what these rows have as their claim number"
    )]
    TooManyAlike {
        /// How many.
        rows: u64,
        /// The `--memory` that suffices, in MiB.
        mebibytes: u64,
    },
    /// The rows or amounts read differ from those announced.
    #[error("{0}")]
    Unreconciled(String),
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
}

impl ReadError {
    /// The input can be read but not used.
    pub(crate) fn unusable(file: &str, what: impl Into<String>) -> Self {
        Self::Unusable { file: file.to_owned(), what: what.into() }
    }

    /// The table to be joined that would bring a missing field.
    pub(crate) fn table_with(&self, field: &str) -> Option<&str> {
        let Self::Unbound { brought, .. } = self else { return None };
        brought.iter().find(|(missing, _)| missing == field).map(|(_, table)| table.as_str())
    }

    /// The input cannot be opened.
    pub(crate) fn cannot_open(file: &str, e: &io::Error) -> Self {
        Self::Io { file: file.to_owned(), what: describe_open_error(e) }
    }

    /// The input cannot be read to its end.
    pub(crate) fn cannot_read(file: &str, e: &io::Error) -> Self {
        Self::Io { file: file.to_owned(), what: describe_read_error(e) }
    }
}

/// Everything that is wrong with several inputs, one error a line. Of many inputs the first few are described, because a wrong
/// directory has the same wrong with each of its files.
#[derive(Debug)]
pub struct ReadErrors(pub Vec<ReadError>);

/// Most inputs that are described.
const MAX_ERRORS_SHOWN: usize = 3;

impl Error for ReadErrors {}

impl fmt::Display for ReadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().take(MAX_ERRORS_SHOWN).map(ReadError::to_string);
        f.write_str(&shown.collect::<Vec<_>>().join("\n"))?;
        match self.0.len().saturating_sub(MAX_ERRORS_SHOWN) {
            0 => Ok(()),
            1 => f.write_str("\n1 more file cannot be used"),
            more => write!(f, "\n{more} more files cannot be used"),
        }
    }
}

fn describe_open_error(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        _ => format!("cannot be opened: {e}"),
    }
}

fn describe_read_error(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => {
            "ends too soon: it was cut short, or shrank while it was read; take a complete copy".to_owned()
        }
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        // Errors of this kind come from our decoders, which word the whole sentence.
        io::ErrorKind::FileTooLarge => e.to_string(),
        _ => format!("cannot be read: {e}; check the disk, or take another copy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_errors_are_three_and_a_number() {
        let said = |count: usize| {
            ReadErrors((1..=count).map(|n| ReadError::unusable(&n.to_string(), "wrong")).collect()).to_string()
        };
        assert_eq!(said(3), "1: wrong\n2: wrong\n3: wrong");
        assert_eq!(said(4), "1: wrong\n2: wrong\n3: wrong\n1 more file cannot be used");
        assert!(said(1200).ends_with("3: wrong\n1197 more files cannot be used"));
    }
}
