//! The trailer record of an extract: a last line that says how many rows there should be.
//!
//! ```text
//! TR|2075|1834200.50          prefix = "TR|", rows = 2, amount = 3
//! (2075 rows affected)        prefix = "(", rows = 1
//! ```

use crate::ingest::record::grammar::{CellSpan, Grammar, Step};
use crate::ingest::scan::Row;
use crate::strict_toml::{Document, Table};

/// What a layout says of the trailer record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// The line begins so.
    pub prefix: Vec<u8>,
    /// Number of the field that holds the count of rows, from 1.
    pub rows: usize,
    /// Number of the field that holds the sum of charges, from 1.
    pub amount: Option<usize>,
}

/// A trailer record that was passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Line of the file, from 1; until joined to the others, lines before it in the block.
    pub line: u64,
    /// Its text, cut like that of a rejected row.
    pub text: Vec<u8>,
}

/// How many trailer records of a file are kept: the second is refused already.
pub const KEPT: usize = 2;

/// Fields of a trailer record that can be named.
const MOST_FIELDS: i64 = 1000;

/// Reads `[trailer]` of a layout file.
pub(crate) fn read(document: &Document<'_>, sheet: &Table<'_, '_>) -> Option<Trailer> {
    let prefix = sheet.text("prefix");
    let rows = sheet.number("rows", 1..=MOST_FIELDS).and_then(|n| usize::try_from(n).ok());
    let amount = sheet.number_if("amount", 1..=MOST_FIELDS).and_then(|n| usize::try_from(n).ok());
    sheet.deny_unknown_keys();
    let prefix = prefix?;
    if prefix.text.trim().is_empty() || prefix.text.contains(['\n', '\r']) {
        document.fault(prefix.span, "a trailer record begins with a text of its own: write prefix = \"TR|\"");
        return None;
    }
    Some(Trailer { prefix: prefix.text.into_bytes(), rows: rows?, amount })
}

impl Found {
    /// The cells of the record, cut like a row of the extract.
    fn cell(&self, grammar: &Grammar, number: usize) -> String {
        let alone = Grammar { width: 0, skip_prefix: Vec::new(), trailer: Vec::new(), ..grammar.clone() };
        let mut fields: Vec<CellSpan> = Vec::new();
        match alone.read(&self.text, 0, true, &mut fields) {
            Step::Record { .. } => Row::new(&self.text, &fields).text(number - 1, &[]).into_owned(),
            Step::Blank { .. } | Step::Rejected { .. } | Step::More => String::new(),
        }
    }

    /// The count of rows that it states: the first number of its field.
    pub fn rows(&self, grammar: &Grammar, trailer: &Trailer) -> Option<u64> {
        let cell = self.cell(grammar, trailer.rows);
        let from = cell.find(|c: char| c.is_ascii_digit())?;
        let digits = cell[from..].split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    }

    /// The text of the sum that it states.
    pub fn amount(&self, grammar: &Grammar, trailer: &Trailer) -> Option<String> {
        trailer.amount.map(|number| self.cell(grammar, number))
    }
}
