//! The files of a report that somebody else may have written: they must be ordinary files, and neither their text nor
//! a row of them may be larger than a bound.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::frame::TooLarge;
use crate::report::dir::{Directory, is_ordinary_file};
use crate::report::format::summary_json::LARGEST_BYTES;

/// Opens a file of a report. Fails if it is anything but an ordinary file: claimlint writes no links, and a pipe would
/// keep the reader waiting.
pub fn open(report: &Path, name: &str) -> io::Result<File> {
    let directory = Directory::open(report)?;
    if !is_ordinary_file(&directory, name)? {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "is not an ordinary file, as claimlint writes it, but a link, a pipe or a folder",
        ));
    }
    directory.open_file(name)
}

/// The text of summary.json or manifest.json. Fails if it has more than [`LARGEST_BYTES`] bytes.
pub fn json(report: &Path, name: &str) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    open(report, name)?.take(LARGEST_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST_BYTES {
        return Err(io::Error::other(format!(
            "has more than {} MiB, which claimlint never writes",
            LARGEST_BYTES >> 20
        )));
    }
    Ok(text)
}

/// Reads a table, and fails if one of its rows is larger than it may be.
pub struct TableReader {
    from: File,
    largest_row: u64,
    row: u64,
    last: u8,
}

impl TableReader {
    /// Opens a table of a report.
    pub fn open(report: &Path, name: &str, largest_row: u64) -> io::Result<Self> {
        Ok(Self { from: open(report, name)?, largest_row, row: 0, last: 0 })
    }

    /// A row has ended.
    pub(crate) fn next_row(&mut self) {
        self.row = 0;
    }

    /// The last byte that was read. A complete table ends with a line break.
    pub fn last(&self) -> u8 {
        self.last
    }
}

impl Read for TableReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(into)?;
        self.last = into[..n].last().copied().unwrap_or(self.last);
        self.row += n as u64;
        if self.row > self.largest_row {
            return Err(io::Error::new(ErrorKind::OutOfMemory, TooLarge));
        }
        Ok(n)
    }
}
