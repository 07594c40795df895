//! CSV rows as bytes: RFC 4180, quoted only where it must be.
//!
//! The `csv` crate could write them. Our own code stays because the texts of a rule are quoted once for a whole run and
//! copied into each finding, and because numbers, dates and amounts are written without a text in between. A property
//! test compares every cell with what the `csv` crate writes.

use std::fmt::Write as _;
use std::mem;

use jiff::civil::Date;
use memchr::{memchr, memchr3};
use rust_decimal::Decimal;

use crate::claim::Cents;
use crate::ingest::cell::is_formula;
use crate::ingest::date::iso_digits;
use crate::ingest::eight_bytes::{any_word, has_byte};
use crate::report::table::record::Cells;

// Digits are added one by one: to copy a text whose digits were just written one by one makes the processor wait for them.

/// A number below 100, with two digits.
fn push_two(text: &mut String, number: u64) {
    text.push(char::from(b'0' + (number / 10 % 10) as u8));
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// A whole number.
fn push_number(text: &mut String, number: u64) {
    if number >= 100 {
        push_number(text, number / 100);
        push_two(text, number % 100);
    } else if number >= 10 {
        push_two(text, number);
    } else {
        text.push(char::from(b'0' + number as u8));
    }
}

/// A day, as ISO has it.
pub(crate) fn push_date(text: &mut String, date: Date) {
    let (month, day) = iso_digits(date);
    for digits in [&month[..], &day] {
        text.push_str(std::str::from_utf8(digits).unwrap_or_default());
    }
}

/// Money, with two decimals.
pub(crate) fn push_amount(text: &mut String, Cents(cents): Cents) {
    let (whole, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    text.push_str(if cents < 0 { "-" } else { "" });
    push_number(text, whole);
    text.push('.');
    push_two(text, rest);
}

/// What a cell has only between quotes.
const SPECIAL_BYTES: [u8; 4] = [b',', b'"', b'\n', b'\r'];

/// Most bytes of a cell for which it takes less time to look at words of eight bytes than to call a search for single bytes.
const SHORT_CELL: usize = 32;

fn needs_quotes(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    if bytes.len() > SHORT_CELL {
        return memchr3(b',', b'"', b'\n', bytes).is_some() || memchr(b'\r', bytes).is_some();
    }
    any_word(bytes, |word| SPECIAL_BYTES.into_iter().any(|byte| has_byte(word, byte)))
}

/// Bytes that are counted together: no more than a byte can count, so that a processor counts many of them at once, and whole vectors.
const BYTES_COUNTED: usize = 224;

/// How many of the bytes would need quotes in a cell.
fn special_bytes(bytes: &[u8]) -> usize {
    let is_special = |byte: u8| SPECIAL_BYTES.iter().fold(0, |is, special| is | u8::from(byte == *special));
    let some = bytes.chunks(BYTES_COUNTED);
    some.map(|some| usize::from(some.iter().map(|byte| is_special(*byte)).sum::<u8>())).sum()
}

/// Rows that are looked at together for what needs quotes: few enough that they are still in the first cache.
const ROWS_AT_ONCE: usize = 32;

/// Rows of a table.
#[derive(Debug, Default)]
pub(crate) struct CsvRows {
    text: String,
    /// A buffer in which a text is made before it is quoted.
    spare: String,
    /// Are cells written as they are, see [`CsvRows::rows`]?
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

    /// Writes rows of so many cells. Nearly no row has a cell that must be quoted, so `put` writes the cells of several rows as they
    /// are. If these then show a character that needs quotes, or commas or line ends inside cells, they are written again.
    pub(crate) fn rows<R>(&mut self, cells: usize, rows: impl Iterator<Item = R>, put: impl Fn(&mut Self, &R)) {
        let mut rows = rows.fuse();
        let mut some: Vec<R> = Vec::with_capacity(ROWS_AT_ONCE);
        loop {
            some.clear();
            some.extend(rows.by_ref().take(ROWS_AT_ONCE));
            if some.is_empty() {
                return;
            }
            if !self.put_bare(cells, &some, &put) {
                for row in some.chunks(1) {
                    if !self.put_bare(cells, row, &put) {
                        put(self, &row[0]);
                        self.end();
                    }
                }
            }
        }
    }

    /// Writes the cells of rows as they are. Writes nothing and says so if they need quotes.
    fn put_bare<R>(&mut self, cells: usize, rows: &[R], put: impl Fn(&mut Self, &R)) -> bool {
        let start = self.text.len();
        self.is_bare = true;
        for row in rows {
            put(self, row);
            self.end();
        }
        self.is_bare = false;
        // Each cell is followed by a comma or a line end.
        let is_plain = special_bytes(&self.text.as_bytes()[start..]) == rows.len() * cells;
        if !is_plain {
            self.text.truncate(start);
        }
        is_plain
    }

    /// Ends a row that has at least one cell.
    pub(crate) fn end(&mut self) {
        self.text.pop();
        self.text.push('\n');
    }

    /// Writes a word of our own that needs no quotes, or several quoted cells with their commas.
    #[inline]
    pub(crate) fn word(&mut self, cell: &str) {
        self.text.reserve(cell.len() + 1);
        self.text.push_str(cell);
        self.text.push(',');
    }

    /// Writes a text of our own, quoted if necessary.
    #[inline]
    pub(crate) fn plain(&mut self, cell: &str) {
        if self.is_bare { self.word(cell) } else { self.quoted("", cell) }
    }

    /// Writes an input text that `write` makes, quoted if necessary.
    pub(crate) fn input_with(&mut self, write: impl FnOnce(&mut String)) {
        if self.is_bare {
            let start = self.text.len();
            write(&mut self.text);
            if is_formula(&self.text[start..]) {
                self.text.insert(start, '\'');
            }
            return self.text.push(',');
        }
        let mut text = mem::take(&mut self.spare);
        text.clear();
        write(&mut text);
        self.input(&text);
        self.spare = text;
    }

    #[inline(never)]
    fn quoted(&mut self, guard: &str, cell: &str) {
        if !self.is_bare && needs_quotes(cell) {
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
    #[inline]
    fn text(&mut self, text: &str) {
        self.plain(text);
    }

    #[inline]
    fn input(&mut self, text: &str) {
        if is_formula(text) { self.quoted("'", text) } else { self.plain(text) }
    }

    fn joined<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        self.push_joined(words);
    }

    fn number(&mut self, n: u64) {
        push_number(&mut self.text, n);
        self.text.push(',');
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
            Some(units) => match u64::try_from(units.mantissa()) {
                Ok(number) if units.scale() == 0 => self.number(number),
                _ => {
                    // Writing to a String cannot fail.
                    let _ = write!(self.text, "{},", units.normalize());
                }
            },
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

    #[test]
    fn a_cell_of_any_length_shows_what_needs_quotes() {
        for length in [1, 8, SHORT_CELL, SHORT_CELL + 1, 100] {
            for (at, special) in
                (0..length).flat_map(|at| [b',', b'"', b'\n', b'\r', b';'].map(|special| (at, special)))
            {
                let mut cell = vec![b'x'; length];
                cell[at] = special;
                let cell = String::from_utf8(cell).expect("ASCII");
                assert_eq!(needs_quotes(&cell), special != b';', "{cell:?}");
            }
        }
    }

    #[test]
    fn lists_in_rows_written_together_are_guarded_too() {
        let mut rows = CsvRows::default();
        let lists = [["-A", "B"], ["C", "=D"], ["E", "F,G"]];
        rows.rows(2, lists.iter(), |rows, list| {
            rows.list(list.iter().copied());
            rows.number(1);
        });
        assert_eq!(rows.into_text(), "'-A;B,1\nC;=D,1\n\"E;F,G\",1\n");
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
            bare.rows(cells.len(), [(); 3].iter(), |rows, ()| cells.iter().for_each(|cell| rows.plain(cell)));
            prop_assert_eq!(bare.text, rows.text.repeat(3));
            let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
            writer.write_record(&cells).expect("memory takes it");
            prop_assert_eq!(rows.into_text().into_bytes(), writer.into_inner().expect("memory takes it"));
        }
    }
}
