//! The fast scan: sixty-four bytes at a time, and records that cannot matter are only counted.
//!
//! Advice to the next hacker. [`Grammar::read`] is the authority on records; the kernel decides alone only about
//! records that are plainly in order: one physical line, quotes (if any) that open right after a delimiter and close
//! right before one, the header's number of fields, no cell of interest that could hold a code, not the header again.
//! Everything else, a few lines in ten thousand, goes to [`Scanner::record`], the step of the slow scan. So a mistake here
//! can only be in one of these five questions. `tests/it/twin.rs` compares both scans.
//!
//! Delimiters are counted per record by the population count of a mask, so every row is checked for its shape
//! whether it matters or not: a shifted row cannot hide.

use crate::ingest::record::row::Row;
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::prefilter::Prefilter;
use crate::ingest::scan::scanner::Scanner;
use crate::ingest::scan::simd::Lanes;
use crate::ingest::scan::window::Window;

impl<C: Collector, F: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>> Scanner<'_, C, F> {
    /// Scans to the first incomplete record and returns where it starts.
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
                // Longer than a window: the grammar reads it.
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

    /// Counts rows that cannot matter.
    fn count_ignored(&mut self, rows: u64, bytes: usize) {
        self.tally.rows += rows;
        self.tally.ignored += rows;
        self.tally.lines += rows;
        self.tally.bytes += bytes as u64;
    }

    /// May a cell of interest hold a code? The row must be plainly in order.
    #[inline(always)]
    fn may_matter(&self, window: &Window, prefilter: &Prefilter, at: usize, before: u32) -> bool {
        let (bytes, delimiter) = (self.bytes, self.grammar.delimiter);
        let ask = |at: usize| prefilter.may_start_at(bytes, at, delimiter);
        if prefilter.first && ask(at) {
            return true;
        }
        // A loop instead of `any`: closures of the library are not compiled for the processor at hand.
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

    /// For each first byte of a line: is the line plainly a row?
    fn plain_rows(&self) -> [bool; 256] {
        let name = self.grammar.header.first();
        let begins = |text: &[u8], b: u8| text.first().is_none_or(|first| *first == b);
        std::array::from_fn(|b| {
            let b = b as u8;
            let is_row = name.is_none_or(|name| b.is_ascii_alphanumeric() && !begins(name, b));
            is_row && !self.grammar.skip_prefix.iter().any(|prefix| begins(prefix, b))
        })
    }

    /// May the line be the header again, or one that the layout skips?
    #[inline(never)]
    fn may_be_no_row(&self, at: usize) -> bool {
        let line = &self.bytes[at..];
        match self.grammar.header.first() {
            None => self.grammar.is_skipped(line),
            Some(name) => match line {
                // Blanks, a byte-order mark or quotes may surround the header's first name.
                [b'"', rest @ ..] | rest if rest.first().is_some_and(u8::is_ascii_alphanumeric) => {
                    rest.starts_with(name) || self.grammar.is_skipped(line)
                }
                _ => true,
            },
        }
    }
}
