//! Scans blocks in parallel and joins their records in order.
//!
//! Each block is scanned speculatively, assuming that a record starts after its first line end. [`InOrder`] then visits the
//! blocks in order and appends the bytes up to that line end to the partial record of the previous blocks. If this
//! completes the record, the assumption was right and the speculative scan is used. If not, because a quoted line break
//! crosses the block boundary, the block is read again from the true start of its record. The result depends neither on
//! the block size nor on the number of threads, and memory holds some blocks, never the whole file.
//!
//! ```text
//!            a block ends inside a record            the record exceeds the limit
//!  aligned ------------------------------> partial -------------------------------> skipping a long line
//!     ^                                       |                                              |
//!     +----------- the record ends -----------+             +--------- the line ends --------+
//!     +-------------------------------------------------------------------------------------+
//! ```

use std::io::{self, Read};
use std::sync::atomic::AtomicUsize;

use crate::ingest::error::ReadError;
use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::row::Row;
use crate::ingest::scan::block::{RowFilter, scan};
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::in_order::{InOrder, SpeculativeScan};
use crate::ingest::scan::tally::Tally;
use crate::ingest::source::blocks::{Block, BlockReader};
use crate::pipeline;
use crate::spares::Spares;
use crate::warning::Warning;

/// Maximum number of rejected rows of a speculative scan. A scan with more is discarded, because the rejected rows of all blocks in
/// flight could fill the memory.
const MAX_SPECULATIVE_REJECTS: usize = 1 << 15;

/// Observes a run while it reads, and can stop it.
pub trait Watch: Sync {
    /// Called after each block, with the bytes of the file, the rows and the kept items since the last call.
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

/// Reads all blocks, which end with the text. `total` states the position at which they start, and collects what is kept.
pub fn read<C: Collector>(
    blocks: &mut BlockReader,
    grammar: &Grammar,
    filter: RowFilter<'_>,
    look: &(impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
    total: Tally<C>,
) -> Result<Tally<C>, ReadError> {
    let mut in_order = read_blocks(blocks, grammar, filter, look, watch, total)?;
    in_order.read_last();
    in_order.total.left_out = blocks.left_out();
    Ok(in_order.total)
}

/// Reads the records that start in the blocks; the bytes of `after` follow them and complete the last record. The bytes of the
/// tally say where the next record starts.
pub(crate) fn read_stretch<C: Collector>(
    blocks: &mut BlockReader,
    after: &mut dyn Read,
    grammar: &Grammar,
    filter: RowFilter<'_>,
    look: &(impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
    total: Tally<C>,
) -> Result<Tally<C>, ReadError> {
    let name = blocks.name().to_owned();
    let mut in_order = read_blocks(blocks, grammar, filter, look, watch, total)?;
    in_order.read_owned(after).map_err(|e| ReadError::cannot_read(&name, &e))?;
    Ok(in_order.total)
}

fn read_blocks<'a, C: Collector, L: Fn(&Row<'_>, Position, &mut C) -> RowAction<()> + Sync>(
    blocks: &mut BlockReader,
    grammar: &'a Grammar,
    filter: RowFilter<'a>,
    look: &'a L,
    watch: &dyn Watch,
    total: Tally<C>,
) -> Result<InOrder<'a, C, L>, ReadError> {
    let mut in_order = InOrder::new(grammar, filter, look, total);
    let name = blocks.name().to_owned();
    // As many as there are blocks in flight, however long the file is.
    let (buffers, collectors) = (Spares::default(), Spares::default());
    let cannot_read = |e: io::Error| ReadError::cannot_read(&name, &e);
    let most = AtomicUsize::new(blocks.most_in_flight());
    let (mut seen, mut is_read) = (0, false);
    let next = || {
        if is_read {
            return None;
        }
        let block = blocks.next_block(|| buffers.take().unwrap_or_default()).transpose()?;
        is_read = block.is_err();
        let taken = blocks.taken();
        Some(block.map(|block| (block, taken - std::mem::replace(&mut seen, taken))))
    };
    let scan = |read: Result<(Block, u64), ReadError>| {
        let (block, taken) = read?;
        let collector = || collectors.take().unwrap_or_else(C::for_block);
        let scanned = with_bytes(&block, &buffers, |bytes| speculate(grammar, filter, bytes, look, collector()));
        Ok((scanned.map_err(cannot_read)?, block, taken))
    };
    let mut join = |scanned: Result<(SpeculativeScan<C>, Block, u64), ReadError>| {
        let (scan, block, taken) = scanned?;
        let counted = (in_order.total.rows, in_order.total.kept.count());
        if in_order.is_right(&scan) {
            in_order.accept(scan).into_iter().for_each(|collector| collectors.keep(collector));
        } else {
            let rescan = |bytes: &[u8]| in_order.rescan(&bytes[scan.before.len()..]);
            with_bytes(&block, &buffers, rescan).map_err(cannot_read)?;
        }
        if let Block::InMemory(buffer) = block {
            buffers.keep(buffer);
        }
        let (rows, kept) = (in_order.total.rows - counted.0, in_order.total.kept.count() - counted.1);
        if watch.passed(taken, rows, kept) { Ok(()) } else { Err(ReadError::Interrupted) }
    };
    let mut joined = Ok(());
    pipeline::run(&most, next, scan, |scanned| {
        joined = join(scanned);
        joined.is_ok()
    });
    joined?;
    Ok(in_order)
}

/// Passes the bytes of a block to `work`, in a spare buffer if they are not in memory.
fn with_bytes<R>(block: &Block, buffers: &Spares<Vec<u8>>, work: impl FnOnce(&[u8]) -> R) -> io::Result<R> {
    if let Block::InMemory(bytes) = block {
        return Ok(work(bytes));
    }
    let mut buffer = buffers.take().unwrap_or_default();
    let done = block.bytes(&mut buffer).map(work);
    buffers.keep(buffer);
    done
}

fn speculate<C: Collector>(
    grammar: &Grammar,
    filter: RowFilter<'_>,
    block: &[u8],
    look: &impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()>,
    collector: C,
) -> SpeculativeScan<C> {
    let mut tally = Tally::new(0, 0, collector);
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
