//! The fast scan: reads 64 bytes at a time, and only counts records that cannot matter.
//!
//! Advice to the next hacker: `Grammar::read` defines what a record is. The kernel decides only about plain records. A
//! plain record is one physical line; its quotes, if any, open right after a delimiter and close right before one; it has
//! as many fields as the header; no cell of interest could hold a code; and it is not the header again. A record of which
//! only the fourth is untrue, and that has no quotes, is looked at with the fields that the masks give. Everything else, a
//! few lines in ten thousand, goes to [`Scanner::record`], the step of the slow scan. So a mistake here can only be in one
//! of these five checks. `tests/it/twin.rs` compares both scans.
//!
//! Delimiters are counted per record with the population count of a mask, so the number of fields of every row is checked,
//! whether the row matters or not.

use crate::ingest::record::grammar::CellSpan;
use crate::ingest::record::quoting::Marks;
use crate::ingest::record::row::Row;
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::prefilter::Prefilter;
use crate::ingest::scan::scanner::Scanner;
use crate::ingest::scan::simd::Lanes;
use crate::ingest::scan::window::Window;

impl<C: Collector, F: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>> Scanner<'_, C, F> {
    /// Scans up to the first incomplete record and returns its start.
    #[inline(always)]
    pub(crate) fn run(&mut self, lanes: impl Lanes, prefilter: &Prefilter) -> usize {
        let bytes = self.bytes;
        let separators = (self.grammar.width - 1) as u32;
        let mut window = Window::new(self.grammar.delimiter, 0);
        let plain = self.plain_rows();
        let mut at = 0;
        // The rows from `counted` to `at` are ignored but not yet counted.
        let (mut counted, mut rows) = (0, 0);
        'windows: loop {
            if !window.fill(lanes, bytes, at) {
                self.count_ignored(rows, at - counted);
                if window.reaches(bytes.len()) {
                    return at;
                }
                // The record is longer than a window, so the grammar reads it.
                let Some(next) = self.record(at) else { return at };
                (at, counted, rows) = (next, next, 0);
                window.restart(at);
                continue;
            }
            let mut before = window.separators_before(at);
            for n in 0..window.count() {
                let end = window.end(n);
                let upto = window.separators_before(end);
                if upto - before == separators
                    && !window.doubt(at, end)
                    && (plain[usize::from(bytes[at])] || !self.may_be_no_row(at))
                    && !self.may_matter(&window, prefilter, at, before)
                {
                    rows += 1;
                } else {
                    self.count_ignored(rows, at - counted);
                    if upto - before == separators && self.plain_record(&window, &plain, at, end) {
                        (at, before, counted, rows) = (end + 1, upto, end + 1, 0);
                        continue;
                    }
                    let Some(next) = self.record(at) else { return at };
                    (counted, rows) = (next, 0);
                    if next != end + 1 {
                        at = next;
                        window.restart(at);
                        continue 'windows;
                    }
                }
                (at, before) = (end + 1, upto);
            }
        }
    }

    /// Looks at a record whose line ends at `end` and has as many fields as the header: the window knows them. Returns false if
    /// the record is not plain, has quotes or is too long, so that the grammar must read it.
    // Cold, so that the loop over rows that are only counted is laid out as if there was no call.
    #[cold]
    #[inline(never)]
    fn plain_record(&mut self, window: &Window, plain: &[bool; 256], at: usize, end: usize) -> bool {
        let line = &self.bytes[at..end];
        // The caller asked the same of rows out of scope. To ask again here, where few rows come, leaves its loop as short.
        let is_row = plain[usize::from(self.bytes[at])] || !self.may_be_no_row(at);
        let has_quotes = || memchr::memchr(b'"', line).is_some();
        if !is_row || line.len() >= self.grammar.limit || window.doubt(at, end) || has_quotes() {
            return false;
        }
        let stop = if line.last() == Some(&b'\r') { end - 1 } else { end };
        let mut start = at;
        let mut next = |upto: usize| {
            let field = CellSpan { start: start as u32, end: upto as u32, marks: Marks::Nothing };
            start = upto + 1;
            field
        };
        // The caller counted as many fields as the header has.
        self.fields.resize(self.grammar.width, CellSpan { start: 0, end: 0, marks: Marks::Nothing });
        let mut fields = self.fields.iter_mut();
        window.each_separator(at, end, |separator| {
            if let Some(field) = fields.next() {
                *field = next(separator);
            }
        });
        if let Some(last) = fields.next() {
            *last = next(stop);
        }
        self.take(at..end + 1);
        self.tally.lines += 1;
        self.tally.bytes += (end + 1 - at) as u64;
        true
    }

    /// Counts rows as out of scope.
    fn count_ignored(&mut self, rows: u64, bytes: usize) {
        self.tally.rows += rows;
        self.tally.ignored += rows;
        self.tally.lines += rows;
        self.tally.bytes += bytes as u64;
    }

    /// May a cell of interest hold a code? The record must be plain.
    #[inline(always)]
    fn may_matter(&self, window: &Window, prefilter: &Prefilter, at: usize, before: u32) -> bool {
        let (bytes, delimiter) = (self.bytes, self.grammar.delimiter);
        let ask = |at: usize| prefilter.may_start_at(bytes, at, delimiter);
        if prefilter.first && ask(at) {
            return true;
        }
        // A loop instead of `any`: closures inside library functions are not compiled for this processor.
        for (from, to) in &prefilter.runs {
            let first = window.separator(before + from, at);
            if from == to {
                if ask(first + 1) {
                    return true;
                }
            } else if window.any_filled(first, window.separator(before + to, at), |separator| ask(separator + 1)) {
                return true;
            }
        }
        false
    }

    /// For each possible first byte of a line: is the line certainly a row?
    fn plain_rows(&self) -> [bool; 256] {
        let name = self.grammar.header.first();
        let begins = |text: &[u8], b: u8| text.first().is_none_or(|first| *first == b);
        std::array::from_fn(|b| {
            let b = b as u8;
            let is_row = name.is_none_or(|name| b.is_ascii_alphanumeric() && !begins(name, b));
            is_row && !self.grammar.skip_prefix.iter().any(|prefix| begins(prefix, b))
        })
    }

    /// May the line be the header again, or a line that the layout skips?
    #[inline(never)]
    fn may_be_no_row(&self, at: usize) -> bool {
        let line = &self.bytes[at..];
        match self.grammar.header.first() {
            None => self.grammar.is_skipped(line),
            Some(name) => match line {
                // The header's first name may have blanks, a byte-order mark or quotes around it.
                [b'"', rest @ ..] | rest if rest.first().is_some_and(u8::is_ascii_alphanumeric) => {
                    rest.starts_with(name) || self.grammar.is_skipped(line)
                }
                _ => true,
            },
        }
    }
}
