//! services.jsonl, findings.jsonl: one object per line, whose keys are the columns of the CSV files.
//!
//! Amounts are strings with two decimals and units are strings, as in summary.json, so that no reader rounds them.
//! Lists are arrays. A date, amount or number of units that the claim does not have is null. Values are not guarded
//! against spreadsheets: a program that reads JSON gets the value of the input.

use std::fmt::Write as _;
use std::io;
use std::sync::Mutex;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::claim::Cents;
use crate::report::sink::{MOST_SPARE_BYTES, Output, PendingPieces, Sink, lock};
use crate::report::table::csv_row::{push_amount, push_date};
use crate::report::table::record::{Cells, Column, finding_columns, service_columns};
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};
use crate::spares::Spares;

/// Every service with its verdict.
pub fn services<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(Box::new(Lines::new(out, service_columns(context.run), |part, objects| {
        part.services().for_each(|r| objects.object(|o| r.put_all(o)));
    })))
}

/// Every finding with its reason and citation.
pub fn findings<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(Box::new(Lines::new(out, finding_columns(context.run), |part, objects| {
        part.findings().for_each(|r| objects.object(|o| r.put_all(o)));
    })))
}

/// Writes the records of a part.
type Each = fn(&PartView<'_>, &mut Objects<'_>);

struct Lines {
    out: Mutex<Box<dyn Output>>,
    pieces: PendingPieces<Vec<u8>>,
    spare: Spares<Vec<u8>>,
    /// The text before each value: brace or comma, the key, a colon.
    keys: Vec<String>,
    each: Each,
}

impl Lines {
    fn new(out: Box<dyn Output>, columns: &[Column], each: Each) -> Self {
        let key = |(i, column): (usize, &Column)| format!("{}\"{}\":", if i == 0 { '{' } else { ',' }, column.name);
        let keys = columns.iter().enumerate().map(key).collect();
        Self { out: Mutex::new(out), pieces: PendingPieces::default(), spare: Spares::default(), keys, each }
    }
}

impl Sink for Lines {
    fn format(&self, n: usize, part: &PartView<'_>) -> io::Result<()> {
        let text = self.spare.take().unwrap_or_default();
        let mut objects = Objects { keys: &self.keys, at: 0, text, spare: String::new() };
        (self.each)(part, &mut objects);
        self.pieces.put(n, objects.text);
        Ok(())
    }

    fn append(&self, n: usize) -> io::Result<()> {
        let mut piece = self.pieces.take(n).unwrap_or_default();
        lock(&self.out).write_all(&piece)?;
        piece.clear();
        if piece.capacity() <= MOST_SPARE_BYTES {
            self.spare.keep(piece);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _: &Totals) -> io::Result<()> {
        lock(&self.out).flush()
    }
}

/// Lines under construction.
struct Objects<'k> {
    keys: &'k [String],
    /// The number of the next column.
    at: usize,
    text: Vec<u8>,
    /// A buffer in which numbers and dates are printed.
    spare: String,
}

impl Objects<'_> {
    /// Writes one object with the cells that `put` adds.
    fn object(&mut self, put: impl FnOnce(&mut Self)) {
        self.at = 0;
        put(self);
        self.push("}\n");
    }

    fn key(&mut self) {
        self.text.extend_from_slice(self.keys[self.at].as_bytes());
        self.at += 1;
    }

    fn string(&mut self, text: &str) {
        // Writing to a Vec cannot fail, and neither can encoding a text.
        let _ = serde_json::to_writer(&mut self.text, text);
    }

    /// Writes a value that needs no escapes as a string, or null.
    fn quoted<T>(&mut self, value: Option<T>, push: impl FnOnce(&mut String, T)) {
        self.key();
        let Some(value) = value else { return self.push("null") };
        self.spare.clear();
        push(&mut self.spare, value);
        self.text.push(b'"');
        self.text.extend_from_slice(self.spare.as_bytes());
        self.text.push(b'"');
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }
}

impl Cells for Objects<'_> {
    fn text(&mut self, text: &str) {
        self.key();
        self.string(text);
    }

    fn number(&mut self, n: u64) {
        self.key();
        self.push(itoa::Buffer::new().format(n));
    }

    fn date(&mut self, date: Option<Date>) {
        self.quoted(date, push_date);
    }

    fn units(&mut self, units: Option<Decimal>) {
        self.quoted(units, |text, units| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}", units.normalize());
        });
    }

    fn amount(&mut self, amount: Option<Cents>) {
        self.quoted(amount, push_amount);
    }

    fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        self.key();
        self.push("[");
        for (i, item) in items.enumerate() {
            self.push(if i > 0 { "," } else { "" });
            self.string(item);
        }
        self.push("]");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_can_be_read_back_as_json(texts in prop::collection::vec("[\\PC\0-\u{1f}\"\\\\/\u{7f}\u{2028}]{0,8}", 1..4)) {
            let keys = ["{\"text\":", ",\"list\":", ",\"amount\":", ",\"date\":"].map(str::to_owned);
            let mut objects = Objects { keys: &keys, at: 0, text: Vec::new(), spare: String::new() };
            objects.object(|o| {
                o.text(&texts[0]);
                o.list(texts.iter().map(String::as_str));
                o.amount(Some(Cents(-5)));
                o.date(None);
            });
            let got: serde_json::Value = serde_json::from_slice(&objects.text).expect("an object");
            let want = serde_json::json!({"text": texts[0], "list": texts, "amount": "-0.05", "date": null});
            prop_assert_eq!(got, want);
            prop_assert_eq!(objects.text.iter().rposition(|b| *b == b'\n'), Some(objects.text.len() - 1));
            prop_assert_eq!(objects.text.split(|b| *b == b'\n').count(), 2);
        }
    }
}
