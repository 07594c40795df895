//! CSV rows as bytes: RFC 4180, quoted only where it must be.
//!
//! The `csv` crate could write them. Our own code stays because the texts of a rule are quoted once for a whole run and
//! copied into each finding, and because numbers, dates and amounts are written without a text in between. A property
//! test compares every cell with what the `csv` crate writes.

use std::fmt::Write as _;
use std::mem;

use jiff::civil::Date;
use memchr::{memchr_iter, memchr3};
use rust_decimal::Decimal;

use crate::claim::Cents;
use crate::ingest::cell::is_formula;
use crate::ingest::date::iso_digits;
use crate::ingest::eight_bytes::{any_word, has_byte};
use crate::report::table::record::Cells;

/// A day, as ISO has it.
pub(crate) fn push_date(text: &mut String, date: Date) {
    text.push_str(std::str::from_utf8(&iso_digits(date)).unwrap_or_default());
}

/// Money, with two decimals.
pub(crate) fn push_amount(text: &mut String, Cents(cents): Cents) {
    let (whole, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    text.push_str(if cents < 0 { "-" } else { "" });
    text.push_str(itoa::Buffer::new().format(whole));
    text.push('.');
    text.push(char::from(b'0' + (rest / 10) as u8));
    text.push(char::from(b'0' + (rest % 10) as u8));
}

/// Rows of a table.
#[derive(Debug, Default)]
pub(crate) struct CsvRows {
    text: String,
    /// A buffer in which a text is made before it is quoted.
    spare: String,
    /// Are cells written as they are, see [`CsvRows::row`]?
    is_bare: bool,
}

impl CsvRows {
    /// Empty rows that reuse this memory.
    pub(crate) fn reusing(mut text: String) -> Self {
        text.clear();
        Self { text, ..Self::default() }
    }

    /// The number of bytes.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// The bytes.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A row of names.
    pub(crate) fn header(&mut self, names: &[&str]) {
        for name in names {
            self.word(name);
        }
        self.end();
    }

    /// Writes a row of so many cells. Nearly no row has a cell that must be quoted, so `put` writes all cells as they are. If the row
    /// then shows a character that needs quotes, or commas inside cells, it is written again.
    pub(crate) fn row(&mut self, cells: usize, put: impl Fn(&mut Self)) {
        let start = self.text.len();
        self.is_bare = true;
        put(self);
        self.is_bare = false;
        let row = &self.text.as_bytes()[start..];
        if memchr3(b'"', b'\n', b'\r', row).is_some() || memchr_iter(b',', row).count() != cells {
            self.text.truncate(start);
            put(self);
        }
        self.end();
    }

    /// Ends a row that has at least one cell.
    pub(crate) fn end(&mut self) {
        self.text.pop();
        self.text.push('\n');
    }

    /// Writes a word of our own that needs no quotes, or several quoted cells with their commas.
    pub(crate) fn word(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.text.push(',');
    }

    /// Writes a text of our own, quoted if necessary.
    pub(crate) fn plain(&mut self, cell: &str) {
        self.quoted("", cell);
    }

    /// Writes an input text that `write` makes, quoted if necessary.
    pub(crate) fn input_with(&mut self, write: impl FnOnce(&mut String)) {
        let mut text = mem::take(&mut self.spare);
        text.clear();
        write(&mut text);
        self.input(&text);
        self.spare = text;
    }

    fn quoted(&mut self, guard: &str, cell: &str) {
        if self.is_bare {
            self.text.push_str(guard);
            return self.word(cell);
        }
        let is_special = |word| [b',', b'"', b'\n', b'\r'].into_iter().any(|byte| has_byte(word, byte));
        if any_word(cell.as_bytes(), is_special) {
            self.text.push('"');
            self.text.push_str(guard);
            for (i, piece) in cell.split('"').enumerate() {
                self.text.push_str(if i > 0 { "\"\"" } else { "" });
                self.text.push_str(piece);
            }
            self.text.push_str("\",");
        } else {
            self.text.push_str(guard);
            self.word(cell);
        }
    }

    fn push_joined<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        for (i, word) in words.enumerate() {
            self.text.push_str(if i > 0 { ";" } else { "" });
            self.text.push_str(word);
        }
        self.text.push(',');
    }
}

impl Cells for CsvRows {
    fn text(&mut self, text: &str) {
        self.plain(text);
    }

    fn input(&mut self, text: &str) {
        self.quoted(if is_formula(text) { "'" } else { "" }, text);
    }

    fn joined<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        self.push_joined(words);
    }

    fn number(&mut self, n: u64) {
        self.word(itoa::Buffer::new().format(n));
    }

    fn date(&mut self, date: Option<Date>) {
        if let Some(date) = date {
            push_date(&mut self.text, date);
        }
        self.text.push(',');
    }

    /// Without trailing zeros.
    fn units(&mut self, units: Option<Decimal>) {
        match units {
            Some(units) if units.scale() == 0 && u64::try_from(units).is_ok() => {
                self.number(u64::try_from(units).unwrap_or_default());
            }
            Some(units) => {
                // Writing to a String cannot fail.
                let _ = write!(self.text, "{},", units.normalize());
            }
            None => self.text.push(','),
        }
    }

    fn amount(&mut self, amount: Option<Cents>) {
        if let Some(amount) = amount {
            push_amount(&mut self.text, amount);
        }
        self.text.push(',');
    }

    fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        self.input_with(|joined| {
            for (i, item) in items.enumerate() {
                joined.push_str(if i > 0 { ";" } else { "" });
                joined.push_str(item);
            }
        });
    }

    fn words<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        self.push_joined(words);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_guarded() {
        let mut rows = CsvRows::default();
        rows.input("=1+1");
        rows.list(["-A", "B"].into_iter());
        rows.input("@x,");
        rows.amount(Some(Cents(-100)));
        rows.end();
        assert_eq!(rows.into_text(), "'=1+1,'-A;B,\"'@x,\",-1.00\n");
    }

    #[test]
    fn values_are_written_as_they_display() {
        for units in ["0", "1", "1.50", "0.05", "79228162514264337593543950335"] {
            let units: Decimal = units.parse().expect("a decimal");
            let mut rows = CsvRows::default();
            rows.units(Some(units));
            assert_eq!(rows.into_text(), format!("{},", units.normalize()));
        }
        for cents in [0, 5, -5, 99, 100, -12_345, i64::MAX, i64::MIN] {
            let mut rows = CsvRows::default();
            rows.amount(Some(Cents(cents)));
            assert_eq!(rows.into_text(), format!("{},", Cents(cents)));
        }
        for date in ["0001-01-01", "2024-02-29", "9999-12-31"] {
            let mut rows = CsvRows::default();
            rows.date(Some(date.parse().expect("a day")));
            assert_eq!(rows.into_text(), format!("{date},"));
        }
    }

    proptest! {
        #[test]
        fn cells_are_quoted_as_the_csv_crate_does(cells in prop::collection::vec("[a,\"\n\r;=é ]{0,6}", 2..5)) {
            let mut rows = CsvRows::default();
            for cell in &cells {
                rows.plain(cell);
            }
            rows.end();
            let mut bare = CsvRows::default();
            bare.row(cells.len(), |rows| cells.iter().for_each(|cell| rows.plain(cell)));
            prop_assert_eq!(&bare.text, &rows.text);
            let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
            writer.write_record(&cells).expect("memory takes it");
            prop_assert_eq!(rows.into_text().into_bytes(), writer.into_inner().expect("memory takes it"));
        }
    }
}
