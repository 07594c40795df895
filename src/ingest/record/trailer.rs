//! The trailer record of an extract: a last line that states the number of rows.
//!
//! ```text
//! TR|2075|1834200.50          prefix = "TR|", rows = 2, amount = 3
//! (2075 rows affected)        prefix = "(", rows = 1
//! ```

use serde::{Deserialize, Serialize};

use crate::ingest::record::grammar::{CellSpan, Grammar, Step};
use crate::ingest::record::row::Row;
use crate::strict_toml::{Document, Table};

/// What a layout says about the trailer record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// Prefix of the line.
    pub prefix: Vec<u8>,
    /// Number of the field that holds the count of rows, counted from 1.
    pub rows: usize,
    /// Number of the field that holds the sum of charges, counted from 1.
    pub amount: Option<usize>,
}

/// A trailer record of an extract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailerRecord {
    /// Line of the file, counted from 1. Before blocks are joined: number of lines before it in the block.
    pub line: u64,
    /// Its text, cut like that of a rejected row.
    pub text: Vec<u8>,
}

/// Maximum number of trailer records kept per file. A second one makes the run fail, so more are not needed.
pub(crate) const MAX_RECORDS: usize = 2;

/// Highest field number that a layout may name; trailer records have a handful of fields.
const MAX_FIELD: i64 = 1000;

/// Reads `[trailer]` of a layout file.
pub(crate) fn read(document: &Document<'_>, table: &Table<'_, '_>) -> Option<Trailer> {
    let prefix = table.text("prefix");
    let rows = table.number("rows", 1..=MAX_FIELD).and_then(|n| usize::try_from(n).ok());
    let amount = table.number_if("amount", 1..=MAX_FIELD).and_then(|n| usize::try_from(n).ok());
    table.deny_unknown_keys();
    let prefix = prefix?;
    if prefix.text.trim().is_empty() || prefix.text.contains(['\n', '\r']) {
        document.fault(prefix.span, "a trailer record begins with a text of its own: write prefix = \"TR|\"");
        return None;
    }
    Some(Trailer { prefix: prefix.text.into_bytes(), rows: rows?, amount })
}

impl TrailerRecord {
    /// A cell of the record, which is split like a row of the extract.
    fn cell(&self, grammar: &Grammar, number: usize) -> String {
        let alone = Grammar { width: 0, skip_prefix: Vec::new(), trailer: Vec::new(), ..grammar.clone() };
        let mut fields: Vec<CellSpan> = Vec::new();
        match alone.read(&self.text, 0, true, &mut fields) {
            Step::Record { .. } => Row::new(&self.text, &fields).text(number - 1, &[]).into_owned(),
            Step::Blank { .. } | Step::Rejected { .. } | Step::More => String::new(),
        }
    }

    /// The number of rows that the record states: the first number in its field. A negative one is none.
    pub fn rows(&self, grammar: &Grammar, trailer: &Trailer) -> Option<u64> {
        let cell = self.cell(grammar, trailer.rows);
        let from = cell.find(|c: char| c.is_ascii_digit()).filter(|_| !cell.starts_with('-'))?;
        let digits = cell[from..].split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    }

    /// The text of the sum that the record states.
    pub fn amount(&self, grammar: &Grammar, trailer: &Trailer) -> Option<String> {
        trailer.amount.map(|number| self.cell(grammar, number))
    }
}
