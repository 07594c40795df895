//! The part of a layout that describes the tables joined to the rows of an extract.
//!
//! Relational extracts keep diagnoses, ICD procedures or the claim itself in separate files. A layout names such tables
//! under `[[join]]`, and the user gives the files (`--join NAME=FILE`). Their columns are appended to those of the extract, so
//! that every later stage sees one wide row.

use serde::{Deserialize, Serialize};

use crate::ingest::field::fold;
use crate::ingest::layout::text_form::TextForm;

/// Why a table is no pipe: it is read once for its header and once for its rows, and before the extract.
const READ_TWICE: &str = "a joined table is a file, not stdin or another pipe, which can be read only once";

/// A file given for a table: `--join NAME=FILE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFile {
    /// Name of the table in layouts.
    pub name: String,
    /// The file as given.
    pub file: String,
    /// Most bytes that the file may unpack to.
    pub limit: Option<u64>,
}

impl TableFile {
    /// Parses `NAME=FILE`. The error says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((_, "-")) => Err(READ_TWICE.to_owned()),
            Some((name, file)) if !name.is_empty() && !file.is_empty() => {
                Ok(Self { name: name.to_owned(), file: file.to_owned(), limit: None })
            }
            _ => Err("write NAME=FILE, such as diagnosis=dx.csv".to_owned()),
        }
    }

    /// Refuses a pipe or a device, of which the second reading would get what the first one has left.
    pub(crate) fn ensure_readable_twice(&self) -> Result<(), String> {
        match std::fs::metadata(&self.file) {
            Ok(found) if !found.is_file() && !found.is_dir() => {
                Err(format!("--join {}={}: {READ_TWICE}", self.name, self.file))
            }
            _ => Ok(()),
        }
    }
}

/// One `[[join]]` of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Name of the table in `--join` and in joined columns.
    pub table: String,
    /// The key columns of the table.
    pub key: Vec<String>,
    /// The columns of the extract that equal them.
    pub to: Vec<String>,
    /// Set if the table has one row per code. `None` if it has one row per key; then all its columns are added as `table.NAME`.
    pub codes: Option<Codes>,
    /// Only rows with one of these values in this column are used.
    pub only: Vec<(String, Vec<String>)>,
    /// The form of its text.
    pub form: TextForm,
    /// The names by position, for a table without a header line.
    pub header: Vec<String>,
}

/// A table with one row per code, which becomes numbered columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes {
    /// The column of the code.
    pub column: String,
    /// The column of its number. Without it, codes are numbered in order of appearance, each once.
    pub number: Option<String>,
    /// The columns that the codes become, with their numbers.
    pub names: Vec<(usize, String)>,
}

impl Join {
    /// Does this table add a column of this name?
    pub(crate) fn brings(&self, name: &str) -> bool {
        match &self.codes {
            Some(codes) => codes.names.iter().any(|(_, n)| fold(n) == fold(name)),
            None => name.split_once('.').is_some_and(|(table, _)| table == self.table),
        }
    }

    /// The columns that the table adds, in words.
    pub(crate) fn bringing(&self) -> String {
        match self.codes.as_ref().map(|codes| codes.names.as_slice()) {
            Some([(_, first), .., (_, last)]) => format!("the columns {first} to {last}"),
            Some([(_, only)]) => format!("the cells of column {only}"),
            _ => format!("the columns of {}", self.table),
        }
    }

    /// The columns that the table must have: the key, the code and its number, then the columns of `only`.
    pub(crate) fn needed(&self) -> Vec<&str> {
        let codes = self.codes.iter().flat_map(|c| std::iter::once(&c.column).chain(&c.number));
        self.key.iter().chain(codes).chain(self.only.iter().map(|(column, _)| column)).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::TableFile;

    #[test]
    fn a_table_is_a_name_and_a_file() {
        let table =
            |name: &str, file: &str| Ok(TableFile { name: name.to_owned(), file: file.to_owned(), limit: None });
        assert_eq!(TableFile::parse("diagnosis=a=b.csv"), table("diagnosis", "a=b.csv"));
        for wrong in ["dx.csv", "=dx.csv", "diagnosis=", "diagnosis=-", ""] {
            assert!(TableFile::parse(wrong).is_err(), "{wrong}");
        }
    }
}
