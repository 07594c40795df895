//! The files of a report that somebody else may have written: they must be ordinary files, and neither their text nor
//! a row of them may be larger than a bound.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use csv::StringRecord;

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
    /// The bytes that were read last, and how many were read in all.
    chunk: Vec<u8>,
    bytes: u64,
}

impl TableReader {
    /// Opens a table of a report.
    pub fn open(report: &Path, name: &str, largest_row: u64) -> io::Result<Self> {
        Ok(Self { from: open(report, name)?, largest_row, row: 0, chunk: Vec::new(), bytes: 0 })
    }

    /// A row has ended.
    pub(crate) fn next_row(&mut self) {
        self.row = 0;
    }

    /// The last byte that was read. A complete table ends with a line break.
    pub fn last(&self) -> u8 {
        self.chunk.last().copied().unwrap_or_default()
    }

    /// The line on which a row began that was just read. The reader itself counts neither the empty lines before a row nor the
    /// second half of its line break, where lines end in CR LF.
    pub(crate) fn line_of(reader: &csv::Reader<Self>, row: &StringRecord) -> u64 {
        let end = reader.position();
        let inside = row.as_slice().bytes().filter(|b| *b == b'\n').count() as u64;
        let after = reader.get_ref().byte_before(end.byte()) == Some(b'\n');
        end.line().saturating_sub(inside + u64::from(after)).max(1)
    }

    /// The line after the last row that was read.
    pub(crate) fn next_line(reader: &csv::Reader<Self>) -> u64 {
        let end = reader.position();
        end.line() + u64::from(reader.get_ref().byte_before(end.byte()) == Some(b'\r'))
    }

    fn byte_before(&self, place: u64) -> Option<u8> {
        let from_end = usize::try_from(self.bytes.checked_sub(place)?).ok()?;
        self.chunk.iter().rev().nth(from_end).copied()
    }
}

impl Read for TableReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(into)?;
        if n > 0 {
            self.chunk.clear();
            self.chunk.extend_from_slice(&into[..n]);
        }
        self.bytes += n as u64;
        self.row += n as u64;
        if self.row > self.largest_row {
            return Err(io::Error::new(ErrorKind::OutOfMemory, TooLarge));
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_their_lines_however_lines_end() {
        let dir = tempfile::tempdir().expect("a directory");
        // Rows on lines 1, 2, 5 (after an empty one), 6 and 7, and one that crosses the buffer of the reader.
        let long = "x".repeat(9_000);
        let text = format!("a,b\n1,\"two\nlines\"\n\n2,x\n3,{long}\n4,x");
        for (text, end) in [(text.clone(), 7), (text.replace('\n', "\r\n"), 7), (text + "\n", 8)] {
            std::fs::write(dir.path().join("table"), &text).expect("room for it");
            let table = TableReader::open(dir.path(), "table", u64::MAX).expect("a table");
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table);
            let (mut row, mut lines) = (StringRecord::new(), Vec::new());
            while reader.read_record(&mut row).expect("a row") {
                lines.push(TableReader::line_of(&reader, &row));
            }
            assert_eq!((lines, TableReader::next_line(&reader)), (vec![1, 2, 5, 6, 7], end));
        }
    }
}
