//! The tables of a report that somebody else may have written, read row by row, with errors that name the line.

use std::io;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use crate::report::foreign::TableReader;
use crate::report::format::csv::SERVICES;
use crate::report::format::summary_json;

/// Why a table cannot be read. The message names file and line and says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TableError(pub String);

/// A table of a report.
#[derive(Debug, Clone)]
pub struct ForeignTable {
    report: PathBuf,
    name: &'static str,
    largest_row: u64,
}

impl ForeignTable {
    /// The table `name` in the directory of a report. No row may have more than `largest_row` bytes.
    pub fn of(report: &Path, name: &'static str, largest_row: u64) -> Self {
        Self { report: report.to_path_buf(), name, largest_row }
    }

    /// A message about a line.
    pub(crate) fn at_line(&self, line: u64, what: &str) -> TableError {
        TableError(format!("{}:{line}: {what}", self.report.join(self.name).display()))
    }

    /// The message about a line that claimlint cannot have written.
    pub fn broken(&self, line: u64, what: &str) -> TableError {
        self.at_line(line, &format!("{what}; it was cut or altered: run `claimlint check` again"))
    }

    fn unread(&self, e: &io::Error) -> TableError {
        unread(&self.report, self.name, e)
    }

    /// Visits the rows with their lines, after `is_header` has accepted the first. Returns the line after the last one.
    pub fn walk<E: From<TableError>>(
        &self,
        is_header: &mut dyn FnMut(&StringRecord) -> bool,
        see: &mut dyn FnMut(u64, &StringRecord) -> Result<(), E>,
    ) -> Result<u64, E> {
        let table = TableReader::open(&self.report, self.name, self.largest_row).map_err(|e| self.unread(&e))?;
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table);
        let mut record = StringRecord::new();
        let mut columns = 0;
        loop {
            let next = TableReader::next_line(&reader);
            reader.get_mut().next_row();
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) => {
                    return Err(match e.into_kind() {
                        csv::ErrorKind::Io(e) => self.unread(&e),
                        _ => self.broken(next, "is not text in UTF-8"),
                    }
                    .into());
                }
            }
            let line = TableReader::line_of(&reader, &record);
            if columns == 0 {
                if !is_header(&record) {
                    let kind = self.name.trim_end_matches(".csv");
                    return Err(self.broken(line, &format!("the columns are not those of {kind}")).into());
                }
                columns = record.len();
            } else if record.len() == columns {
                see(line, &record)?;
            } else {
                return Err(self.broken(line, &format!("has {} cells of {columns}", record.len())).into());
            }
        }
        let end = TableReader::next_line(&reader);
        if columns == 0 || reader.get_ref().last() != b'\n' {
            return Err(self.broken(end, "ends in the middle of a row").into());
        }
        Ok(end)
    }
}

/// Why a file of a report cannot be read.
pub fn unread(report: &Path, name: &str, e: &io::Error) -> TableError {
    TableError(match e.kind() {
        ErrorKind::NotFound if report.join(summary_json::FILE).exists() => {
            let without = if name == SERVICES { ", without --no-services," } else { "" };
            format!("{}: is missing; run `claimlint check` again{without} to have it", report.join(name).display())
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            format!("{}: holds no report; name the directory of one", report.display())
        }
        ErrorKind::PermissionDenied => {
            format!("{}: may not be read by this user; check its permissions", report.join(name).display())
        }
        _ => format!("{}: {e}", report.join(name).display()),
    })
}
