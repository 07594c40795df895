//! Scans one block record by record, with the grammar alone.

use std::ops::Range;

use crate::ingest::record::grammar::{CellSpan, Grammar, Step};
use crate::ingest::record::reject::Reason;
use crate::ingest::record::row::{Row, TextAhead};
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::tally::Tally;

/// Reads what a row adds to the control total, in cents. `None` if its cell is filled but not an amount.
pub type ChargeReader<'w> = dyn Fn(&Row<'_>) -> Option<i128> + Sync + 'w;

/// The scan of one block.
pub(crate) struct Scanner<'a, C, F> {
    pub(crate) grammar: &'a Grammar,
    pub(crate) bytes: &'a [u8],
    last: bool,
    look: &'a F,
    charge: Option<&'a ChargeReader<'a>>,
    pub(crate) tally: &'a mut Tally<C>,
    /// The fields of the record that is looked at.
    pub(crate) fields: Vec<CellSpan>,
    text: TextAhead<'a>,
}

impl<'a, C, F> Scanner<'a, C, F> {
    /// A scan of `bytes`. Set `last` if no bytes follow.
    pub(crate) fn new(
        grammar: &'a Grammar,
        bytes: &'a [u8],
        last: bool,
        look: &'a F,
        charge: Option<&'a ChargeReader<'a>>,
        tally: &'a mut Tally<C>,
    ) -> Self {
        let (fields, text) = (Vec::with_capacity(grammar.width + 1), TextAhead::default());
        Self { grammar, bytes, last, look, charge, tally, fields, text }
    }
}

impl<C: Collector, F: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>> Scanner<'_, C, F> {
    /// Reads the record at `at` with the grammar, counts it and looks at it. `None` if it is incomplete.
    #[inline(never)]
    pub(crate) fn record(&mut self, at: usize) -> Option<usize> {
        let (grammar, bytes) = (self.grammar, self.bytes);
        // Never read past the limit, so that the result does not depend on block boundaries.
        let seen = bytes.len().min(at.saturating_add(grammar.limit + 1));
        let next = match grammar.read(&bytes[..seen], at, self.last && seen == bytes.len(), &mut self.fields) {
            Step::More if seen - at <= grammar.limit => return None,
            Step::More => {
                let next = grammar.line_after(bytes, at, self.last)?;
                self.tally.reject(Reason::TooLong, grammar, &bytes[at..seen]);
                next
            }
            Step::Blank { next } => {
                let line = &bytes[at..next];
                if grammar.is_trailer(line) {
                    self.tally.trailer(grammar, line);
                } else if grammar.is_skipped(line) {
                    self.tally.skip(grammar, line);
                }
                next
            }
            Step::Rejected { reason, next } => {
                self.tally.reject(reason, grammar, &bytes[at..next]);
                next
            }
            Step::Record { next } => {
                if self.take(at..next) {
                    self.tally.look_at_shape(grammar, bytes, at..next, &self.fields);
                }
                next
            }
        };
        self.tally.lines += grammar.lines(&bytes[at..next]);
        self.tally.bytes += (next - at) as u64;
        Some(next)
    }

    /// Looks at the record whose fields were found, at the current position. Returns false if it is rejected.
    #[inline]
    pub(crate) fn take(&mut self, record: Range<usize>) -> bool {
        let text = Row::place(&self.fields).and_then(|place| self.text.of(self.bytes, place));
        let row = Row::of_text(self.bytes, &self.fields, text);
        if let Some(charge) = self.charge {
            self.tally.add_charge(charge(&row));
        }
        let position = Position { line: self.tally.lines, offset: self.tally.bytes };
        let action = (self.look)(&row, position, &mut self.tally.kept);
        if let RowAction::Reject(reason) = action {
            self.tally.reject(reason, self.grammar, &self.bytes[record]);
            return false;
        }
        self.tally.rows += 1;
        self.tally.ignored += u64::from(!matches!(action, RowAction::Keep(())));
        true
    }
}
