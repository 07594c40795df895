//! Scans blocks in parallel and joins their records in order.
//!
//! Each block is scanned speculatively, assuming that a record starts after its first line end. [`InOrder`] then visits the
//! blocks in order and appends the bytes up to that line end to the partial record of the previous blocks. If this
//! completes the record, the assumption was right and the speculative scan is used. If not, because a quoted line break
//! crosses the block boundary, the block is read again from the true start of its record. The result depends neither on
//! the block size nor on the number of threads, and memory holds a few groups of blocks, never the whole file.
//!
//! ```text
//!            a block ends inside a record            the record exceeds the limit
//!  aligned ------------------------------> partial -------------------------------> skipping a long line
//!     ^                                       |                                              |
//!     +----------- the record ends -----------+             +--------- the line ends --------+
//!     +-------------------------------------------------------------------------------------+
//! ```

use std::io;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::ingest::error::ReadError;
use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::reject::{RAW_LIMIT, Reason, Reject};
use crate::ingest::record::row::Row;
use crate::ingest::scan::block::{RowFilter, scan};
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::tally::Tally;
use crate::ingest::source::blocks::{Block, BlockReader};
use crate::warning::Warning;

/// Bytes of a partial record that are searched at a time. A longer partial record is searched again only when its length has
/// doubled; otherwise a quoted field of many lines would be read again with every block.
const STEP_BYTES: usize = 1 << 20;

/// Maximum number of rejected rows of a speculative scan. A scan with more is discarded, because the rejected rows of a whole
/// group of blocks could fill the memory.
const MAX_SPECULATIVE_REJECTS: usize = 1 << 15;

/// The speculative scan of one block, assuming that a record starts after its first line end.
struct SpeculativeScan<C> {
    /// Bytes up to and including the first line end. They belong to a record that started in an earlier block.
    before: Vec<u8>,
    /// Bytes of the incomplete record at the end.
    after: Vec<u8>,
    /// The records between them.
    tally: Tally<C>,
}

/// Observes a run while it reads, and can stop it.
pub trait Watch: Sync {
    /// Called after each group of blocks, with the bytes of the file, the rows and the kept items since the last call.
    /// False stops the run.
    fn passed(&self, bytes: u64, rows: u64, kept: u64) -> bool;

    /// Receives a note about an input that the user should know but that does not stop the run.
    fn note(&self, _file: &str, _what: &str) {}

    /// Takes a warning about a file other than the extract.
    fn warning(&self, _warning: Warning) {}

    /// Called after each extract with its number from 1, and its numbers of rows, rejected rows and kept lines.
    fn extract(&self, _number: usize, _rows: u64, _rejected: u64, _kept: u64) {}
}

/// Observes nothing and never stops the run: for worked examples and small files.
#[derive(Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn passed(&self, _: u64, _: u64, _: u64) -> bool {
        true
    }
}

/// Reads all blocks. `total` states the position at which they start, and collects what is kept.
pub fn read<C: Collector>(
    blocks: &mut BlockReader,
    grammar: &Grammar,
    filter: RowFilter<'_>,
    look: &(impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
    total: Tally<C>,
) -> Result<Tally<C>, ReadError> {
    let mut in_order =
        InOrder { grammar, filter, look, partial: Vec::new(), skipping_long_line: false, searched: 0, total };
    let name = blocks.name().to_owned();
    let buffers = Buffers::default();
    let cannot_read = |e: io::Error| ReadError::cannot_read(&name, &e);
    let scan_group = |group: &[Block]| {
        let speculate = |block: &Block| buffers.with(block, |bytes| speculate(grammar, filter, bytes, look));
        group.par_iter().map(speculate).collect::<io::Result<Vec<_>>>()
    };
    let mut join = |group: &[Block], scans: io::Result<Vec<SpeculativeScan<C>>>, taken: u64| {
        let counted = (in_order.total.rows, in_order.total.kept.count());
        for (block, scan) in group.iter().zip(scans.map_err(cannot_read)?) {
            if in_order.is_right(&scan) {
                in_order.accept(scan);
            } else {
                let rescan = |bytes: &[u8]| in_order.rescan(&bytes[scan.before.len()..]);
                buffers.with(block, rescan).map_err(cannot_read)?;
            }
        }
        let (rows, kept) = (in_order.total.rows - counted.0, in_order.total.kept.count() - counted.1);
        if watch.passed(taken, rows, kept) { Ok(()) } else { Err(ReadError::Interrupted) }
    };
    // Three groups are in flight: one is joined and one is scanned while the next is decompressed.
    let mut scanned: (Vec<Block>, io::Result<Vec<SpeculativeScan<C>>>, u64) = (Vec::new(), Ok(Vec::new()), 0);
    let mut spare = Vec::new();
    let mut seen = 0;
    let mut group = blocks.next_group(Vec::new())?;
    while !group.is_empty() {
        let taken = blocks.taken();
        let (last, scans, read) = scanned;
        let (next, (scans, joined)) = rayon::join(
            || blocks.next_group(std::mem::take(&mut spare)),
            || rayon::join(|| scan_group(&group), || join(&last, scans, read)),
        );
        joined?;
        spare = last;
        scanned = (group, scans, taken - std::mem::replace(&mut seen, taken));
        group = next?;
    }
    let (group, scans, read) = scanned;
    join(&group, scans, read)?;
    in_order.read_last();
    in_order.total.left_out = blocks.left_out();
    Ok(in_order.total)
}

/// Reused buffers: one per thread, however long the file is.
#[derive(Default)]
struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    fn with<R>(&self, block: &Block, f: impl FnOnce(&[u8]) -> R) -> io::Result<R> {
        let spare = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = spare().pop().unwrap_or_default();
        let done = block.bytes(&mut buffer).map(f);
        spare().push(buffer);
        done
    }
}

fn speculate<C: Collector>(
    grammar: &Grammar,
    filter: RowFilter<'_>,
    block: &[u8],
    look: &impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()>,
) -> SpeculativeScan<C> {
    let mut tally = Tally::new(0, 0, C::for_block());
    let start = grammar.after_line_end(block).unwrap_or(block.len());
    let stop = start + scan(grammar, filter, &block[start..], false, look, &mut tally);
    if tally.rejects.len() > MAX_SPECULATIVE_REJECTS as u64 {
        let lines = grammar.after_last_line_end(block).unwrap_or(block.len());
        return SpeculativeScan {
            before: block[..lines].to_vec(),
            after: block[lines..].to_vec(),
            tally: Tally::new(0, 0, C::for_block()),
        };
    }
    SpeculativeScan { before: block[..start].to_vec(), after: block[stop..].to_vec(), tally }
}

/// Joins the scans of blocks in the order of the file.
struct InOrder<'a, C, L> {
    grammar: &'a Grammar,
    filter: RowFilter<'a>,
    look: &'a L,
    /// Bytes of the record that is not yet complete. If empty, a record starts at the next byte.
    partial: Vec<u8>,
    /// The next bytes belong to a line that was rejected as too long.
    skipping_long_line: bool,
    /// Length of the partial record when it was last searched for a complete record.
    searched: usize,
    total: Tally<C>,
}

impl<C: Collector, L: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>> InOrder<'_, C, L> {
    /// Appends the block's bytes up to its first line end to the partial record. The speculative scan is right if this
    /// completes the record. A block without a line end proves nothing.
    fn is_right(&mut self, scan: &SpeculativeScan<C>) -> bool {
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

    /// Uses the speculative scan.
    fn accept(&mut self, scan: SpeculativeScan<C>) {
        self.total.append(scan.tally);
        self.partial.extend_from_slice(&scan.after);
        self.reject_long_line();
    }

    /// Reads the rest of a block again, from the true start of its record.
    fn rescan(&mut self, rest: &[u8]) {
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
    fn read_last(&mut self) {
        let is_open = self.partial.last().is_some_and(|byte| !self.grammar.is_line_end(*byte));
        self.read_partial(true);
        let last = self.total.rejects.latest().filter(|_| is_open);
        let is_incomplete = |reject: &&Reject| matches!(reject.reason, Reason::TooFewFields | Reason::UnclosedQuote);
        let ends_the_text = |reject: &&Reject| {
            reject.raw.len() == RAW_LIMIT || reject.offset + reject.raw.len() as u64 == self.total.bytes
        };
        self.total.cut_short = last.filter(is_incomplete).filter(ends_the_text).map(|reject| reject.line);
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
        // This many bytes without a record are a line without an end, or a line whose final CR may be followed by an LF.
        if self.partial.len() > self.grammar.limit {
            self.total.reject(Reason::TooLong, self.grammar, &self.partial[..=self.grammar.limit]);
            let end = self.grammar.find_line_end(&self.partial).unwrap_or(self.partial.len());
            self.total.bytes += end as u64;
            self.partial.drain(..end);
            self.searched = self.partial.len();
            self.skipping_long_line = self.partial.is_empty();
        }
    }
}
