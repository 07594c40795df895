//! Joins the scans of blocks in the order of the file. [`crate::ingest::scan::parallel`] describes how.

use std::io::{self, Read};

use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::reject::{Reason, Reject};
use crate::ingest::record::row::Row;
use crate::ingest::scan::block::{RowFilter, scan};
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::scanner::Scanner;
use crate::ingest::scan::tally::Tally;

/// Bytes of a partial record that are searched at a time. A longer partial record is searched again only when its length has
/// doubled; otherwise a quoted field of many lines would be read again with every block.
const STEP_BYTES: usize = 1 << 20;

/// Bytes that are read at least to complete the last record of a stretch or of a run-up: more than nearly every row has.
pub(crate) const LEAST_MORE_BYTES: usize = 1 << 16;

/// The speculative scan of one block, assuming that a record starts after its first line end.
pub(crate) struct SpeculativeScan<C> {
    /// Bytes up to and including the first line end. They belong to a record that started in an earlier block.
    pub(crate) before: Vec<u8>,
    /// Bytes of the incomplete record at the end.
    pub(crate) after: Vec<u8>,
    /// The records between them.
    pub(crate) tally: Tally<C>,
}

/// Joins the scans of blocks in the order of the file.
pub(crate) struct InOrder<'a, C, L> {
    grammar: &'a Grammar,
    filter: RowFilter<'a>,
    look: &'a L,
    /// Bytes of the record that is not yet complete. If empty, a record starts at the next byte.
    partial: Vec<u8>,
    /// The next bytes belong to a line that was rejected as too long.
    skipping_long_line: bool,
    /// Length of the partial record when it was last searched for a complete record.
    searched: usize,
    pub(crate) total: Tally<C>,
}

impl<'a, C: Collector, L: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>> InOrder<'a, C, L> {
    /// Nothing is joined yet. `total` states the position at which the blocks start.
    pub(crate) fn new(grammar: &'a Grammar, filter: RowFilter<'a>, look: &'a L, total: Tally<C>) -> Self {
        Self { grammar, filter, look, partial: Vec::new(), skipping_long_line: false, searched: 0, total }
    }

    /// Appends the block's bytes up to its first line end to the partial record. The speculative scan is right if this
    /// completes the record. A block without a line end proves nothing.
    pub(crate) fn is_right(&mut self, scan: &SpeculativeScan<C>) -> bool {
        let mut before = scan.before.as_slice();
        if self.skipping_long_line {
            let end = self.grammar.find_line_end(before).unwrap_or(before.len());
            self.total.bytes += end as u64;
            before = &before[end..];
            // The line end itself is read as a blank line.
            self.skipping_long_line = before.is_empty();
            if self.skipping_long_line {
                return true;
            }
        }
        let is_line_end = before.last().is_some_and(|b| self.grammar.is_line_end(*b));
        self.partial.extend_from_slice(before);
        // Without a line end there is no complete record. Searching anyway would take quadratic time on a long line.
        if is_line_end {
            self.read_partial(false);
        }
        self.partial.is_empty() || (scan.tally.bytes == 0 && scan.after.is_empty())
    }

    /// Uses the speculative scan. Returns its collector, emptied, if its memory is worth keeping for another block.
    pub(crate) fn accept(&mut self, scan: SpeculativeScan<C>) -> Option<C> {
        let spare = self.total.append(scan.tally);
        self.partial.extend_from_slice(&scan.after);
        self.reject_long_line();
        spare
    }

    /// Reads the rest of a block again, from the true start of its record.
    pub(crate) fn rescan(&mut self, rest: &[u8]) {
        self.partial.extend_from_slice(rest);
        self.read_partial(false);
        self.reject_long_line();
    }

    /// Reads the complete records of the partial bytes, if they may hold any.
    fn read_partial(&mut self, last: bool) {
        if last || self.searched <= STEP_BYTES || self.partial.len() >= self.searched * 2 {
            self.read_records(last);
        }
    }

    /// Reads what is left at the end of the text. A last line without a line end that is no whole record was cut short.
    pub(crate) fn read_last(&mut self) {
        let is_open = self.is_open();
        self.read_partial(true);
        self.note_cut_short(is_open);
    }

    /// Do the partial bytes end without a line end?
    fn is_open(&self) -> bool {
        self.partial.last().is_some_and(|byte| !self.grammar.is_line_end(*byte))
    }

    /// Notes a last line that is no whole record, once the text was read to its end.
    fn note_cut_short(&mut self, is_open: bool) {
        let last = self.total.rejects.latest().filter(|_| is_open);
        let is_incomplete = |reject: &&Reject| matches!(reject.reason, Reason::TooFewFields | Reason::UnclosedQuote);
        let is_last_line = |reject: &&Reject| reject.line == self.total.lines;
        self.total.cut_short = last.filter(is_incomplete).filter(is_last_line).map(|reject| reject.line);
    }

    /// Reads every record that starts in the partial bytes, with bytes of `after`, which follow them. Records that start in
    /// `after` are not read.
    pub(crate) fn read_owned(&mut self, after: &mut dyn Read) -> io::Result<()> {
        let (mut owned, mut ended, mut is_open) = (self.partial.len(), false, false);
        while owned > 0 {
            let read = self.read_records_before(owned, ended);
            self.partial.drain(..read);
            owned = owned.saturating_sub(read);
            if owned == 0 {
                break;
            }
            if self.partial.len() > self.grammar.limit {
                let before = self.partial.len();
                self.reject_line_without_record();
                owned = owned.saturating_sub(before - self.partial.len());
            } else if ended {
                break;
            } else {
                // The bytes double, so that a long record is not read again for each small piece.
                let more = self.partial.len().max(LEAST_MORE_BYTES) as u64;
                ended = after.take(more).read_to_end(&mut self.partial)? == 0;
                is_open = self.is_open();
            }
        }
        if self.skipping_long_line {
            self.skip_line(after)?;
        } else if ended && self.partial.is_empty() {
            self.note_cut_short(is_open);
        }
        Ok(())
    }

    /// Reads the complete records that start within the first `owned` of the partial bytes, one by one. Returns where the next
    /// one starts.
    fn read_records_before(&mut self, owned: usize, last: bool) -> usize {
        let charge = if let RowFilter::Totaled(charge) = self.filter { Some(charge) } else { None };
        let mut scanner = Scanner::new(self.grammar, &self.partial, last, self.look, charge, &mut self.total);
        let mut at = 0;
        while at < owned {
            match scanner.record(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// Passes the rest of a line that was rejected as too long, with its line end.
    fn skip_line(&mut self, after: &mut dyn Read) -> io::Result<()> {
        let mut piece = Vec::new();
        loop {
            piece.clear();
            if after.take(LEAST_MORE_BYTES as u64).read_to_end(&mut piece)? == 0 {
                return Ok(());
            }
            if let Some(next) = self.grammar.after_line_end(&piece) {
                self.total.bytes += next as u64;
                self.total.lines += 1;
                return Ok(());
            }
            self.total.bytes += piece.len() as u64;
        }
    }

    /// Reads the complete records of the partial bytes step by step, and keeps the rest.
    fn read_records(&mut self, last: bool) {
        let (mut at, mut step) = (0, STEP_BYTES);
        loop {
            let rest = &self.partial[at..];
            let all = rest.len() <= step;
            let part = if all { rest } else { &rest[..step] };
            let read = scan(self.grammar, self.filter, part, last && all, self.look, &mut self.total);
            at += read;
            if all {
                break;
            }
            step = if read == 0 { step * 2 } else { STEP_BYTES };
        }
        self.partial.drain(..at);
        self.searched = self.partial.len();
    }

    /// Rejects a record that is too long. Like every rejected record it skips its first line only. A line without an end is
    /// not kept in memory.
    fn reject_long_line(&mut self) {
        if self.partial.len() > self.grammar.limit && self.searched < self.partial.len() {
            self.read_records(false);
        }
        if self.partial.len() > self.grammar.limit {
            self.reject_line_without_record();
        }
    }

    /// Rejects the first line of the partial bytes, which are more than a record may have. Without a record, they are a line
    /// without an end, or a line whose final CR may be followed by an LF.
    fn reject_line_without_record(&mut self) {
        self.total.reject(Reason::TooLong, self.grammar, &self.partial[..=self.grammar.limit]);
        let end = self.grammar.find_line_end(&self.partial).unwrap_or(self.partial.len());
        self.total.bytes += end as u64;
        self.partial.drain(..end);
        self.searched = self.partial.len();
        self.skipping_long_line = self.partial.is_empty();
    }
}
