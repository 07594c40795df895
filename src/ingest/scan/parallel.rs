//! Blocks in parallel, records in order.
//!
//! Each block is scanned on its own, on the guess that a record starts after its first line end. The stitcher then
//! walks the blocks in order with the bytes left over from the one before: if its record ends where the guess said,
//! the block's result is taken as it is; if not (a quoted line break crosses the border), the block is read again
//! from the true position. So the result never depends on the size of the blocks or on the number of threads, and
//! memory holds a wave of blocks, never the file.

use std::io;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::ingest::error::ReadError;
use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::reject::Reason;
use crate::ingest::record::row::Row;
use crate::ingest::scan::collect::{Collector, Position};
use crate::ingest::scan::{RowAction, RowFilter, Tally, scan};
use crate::ingest::source::blocks::{Block, BlockReader};

/// Bytes of a carry that are read at a time, and from which on a record is only looked for again when the carry has
/// doubled: a quoted field of many lines would otherwise be read again with every block.
const STEP: usize = 1 << 20;

/// Rejected rows from which on the guess about a block is not kept: a wave of blocks of them would fill the memory.
const POOR: usize = 1 << 15;

/// What one block came to under the guess.
struct Guess<C> {
    /// Bytes up to and including the first line end; they belong to a record that began before.
    head: Vec<u8>,
    /// Bytes of the first incomplete record.
    tail: Vec<u8>,
    tally: Tally<C>,
}

/// Called between waves with bytes and rows so far; says whether to go on.
pub trait Watch: Sync {
    /// `bytes` of the file taken since the last call, `rows` and `kept` likewise. False: stop the run.
    fn passed(&self, bytes: u64, rows: u64, kept: u64) -> bool;

    /// An extract is read, the number of which is counted from 1: its rows, those rejected, and the lines kept.
    fn extract(&self, _number: usize, _rows: u64, _rejected: u64, _kept: u64) {}
}

/// Watches nothing and never stops: worked examples, small files.
#[derive(Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn passed(&self, _: u64, _: u64, _: u64) -> bool {
        true
    }
}

/// Reads everything that `blocks` holds after the header; `total` says where it starts and takes what is kept.
pub fn read<C: Collector>(
    blocks: &mut BlockReader,
    grammar: &Grammar,
    which: RowFilter<'_>,
    look: &(impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
    total: Tally<C>,
) -> Result<Tally<C>, ReadError> {
    let mut stitcher = Stitcher { grammar, which, look, carry: Vec::new(), skipping: false, tried: 0, total };
    let name = blocks.name().to_owned();
    let buffers = Buffers::default();
    let trouble = |e: io::Error| ReadError::cannot_read(&name, &e);
    let scan_wave = |wave: &[Block]| {
        let guess = |piece: &Block| buffers.with(piece, |block| guess(grammar, which, block, look));
        wave.par_iter().map(guess).collect::<io::Result<Vec<_>>>()
    };
    let mut stitch = |wave: &[Block], guesses: io::Result<Vec<Guess<C>>>, taken: u64| {
        let counted = (stitcher.total.rows, stitcher.total.kept.count());
        for (piece, guess) in wave.iter().zip(guesses.map_err(trouble)?) {
            if stitcher.fits(&guess) {
                stitcher.take(guess);
            } else {
                buffers.with(piece, |block| stitcher.reread(&block[guess.head.len()..])).map_err(trouble)?;
            }
        }
        let (rows, kept) = (stitcher.total.rows - counted.0, stitcher.total.kept.count() - counted.1);
        if watch.passed(taken, rows, kept) { Ok(()) } else { Err(ReadError::Interrupted) }
    };
    // Three waves are under way: one is stitched and one scanned while the next is decompressed.
    let mut scanned: (Vec<Block>, io::Result<Vec<Guess<C>>>, u64) = (Vec::new(), Ok(Vec::new()), 0);
    let mut spare = Vec::new();
    let mut seen = 0;
    let mut wave = blocks.next_group(Vec::new())?;
    while !wave.is_empty() {
        let taken = blocks.taken();
        let (last, guesses, passed) = scanned;
        let (next, (guesses, stitched)) = rayon::join(
            || blocks.next_group(std::mem::take(&mut spare)),
            || rayon::join(|| scan_wave(&wave), || stitch(&last, guesses, passed)),
        );
        stitched?;
        spare = last;
        scanned = (wave, guesses, taken - std::mem::replace(&mut seen, taken));
        wave = next?;
    }
    let (wave, guesses, passed) = scanned;
    stitch(&wave, guesses, passed)?;
    stitcher.drain(true);
    Ok(stitcher.total)
}

/// Buffers that go from block to block: as many as threads, however long the file.
#[derive(Default)]
struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    fn with<R>(&self, piece: &Block, f: impl FnOnce(&[u8]) -> R) -> io::Result<R> {
        let spare = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = spare().pop().unwrap_or_default();
        let done = piece.bytes(&mut buffer).map(f);
        spare().push(buffer);
        done
    }
}

fn guess<C: Collector>(
    grammar: &Grammar,
    which: RowFilter<'_>,
    block: &[u8],
    look: &impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()>,
) -> Guess<C> {
    let mut tally = Tally::new(0, 0, C::for_block());
    let head = memchr::memchr(grammar.line_end(), block).map_or(block.len(), |i| i + 1);
    let stop = head + scan(grammar, which, &block[head..], false, look, &mut tally);
    if tally.rejects.len() > POOR as u64 {
        let lines = memchr::memrchr(grammar.line_end(), block).map_or(block.len(), |i| i + 1);
        return Guess {
            head: block[..lines].to_vec(),
            tail: block[lines..].to_vec(),
            tally: Tally::new(0, 0, C::for_block()),
        };
    }
    Guess { head: block[..head].to_vec(), tail: block[stop..].to_vec(), tally }
}

struct Stitcher<'a, C, L> {
    grammar: &'a Grammar,
    which: RowFilter<'a>,
    look: &'a L,
    /// Bytes of the record that is not complete yet.
    carry: Vec<u8>,
    /// In the middle of a line that was given up as too long.
    skipping: bool,
    /// Length of the carry when it was last found to hold no whole record.
    tried: usize,
    total: Tally<C>,
}

impl<C: Collector, L: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>> Stitcher<'_, C, L> {
    /// Joins the head of a block to what was left over before it. If nothing is left over then, the guess was right; it
    /// was neither right nor wrong if the block is all head.
    fn fits(&mut self, guess: &Guess<C>) -> bool {
        let is_line_end = guess.head.last() == Some(&self.grammar.line_end());
        if self.skipping {
            self.total.bytes += guess.head.len() as u64;
            self.total.lines += u64::from(is_line_end);
            self.skipping = !is_line_end;
            return true;
        }
        self.carry.extend_from_slice(&guess.head);
        // A line that goes on is no whole record; to look again would cost a long line its length squared.
        if is_line_end {
            self.drain(false);
        }
        self.carry.is_empty() || (guess.tally.bytes == 0 && guess.tail.is_empty())
    }

    /// Takes the guess as it is.
    fn take(&mut self, guess: Guess<C>) {
        self.total.append(guess.tally);
        self.carry.extend_from_slice(&guess.tail);
        self.give_up();
    }

    /// Reads what stands behind the head of a block again, behind the carry.
    fn reread(&mut self, rest: &[u8]) {
        self.carry.extend_from_slice(rest);
        self.drain(false);
        self.give_up();
    }

    /// Reads the complete records of the carry and keeps the rest, if it may hold any.
    fn drain(&mut self, last: bool) {
        if last || self.tried <= STEP || self.carry.len() >= self.tried * 2 {
            self.look_through(last);
        }
    }

    /// Reads the complete records of the carry, a step at a time.
    fn look_through(&mut self, last: bool) {
        let (mut at, mut step) = (0, STEP);
        loop {
            let rest = &self.carry[at..];
            let all = rest.len() <= step;
            let part = if all { rest } else { &rest[..step] };
            let read = scan(self.grammar, self.which, part, last && all, self.look, &mut self.total);
            at += read;
            if all {
                break;
            }
            step = if read == 0 { step * 2 } else { STEP };
        }
        self.carry.drain(..at);
        self.tried = self.carry.len();
    }

    /// A record that is too long costs its first line, like every rejected record. If even that does not end, it is not
    /// held.
    fn give_up(&mut self) {
        if self.carry.len() > self.grammar.limit && self.tried < self.carry.len() {
            self.look_through(false);
        }
        // What is left of so many bytes is a line without an end.
        if self.carry.len() > self.grammar.limit {
            self.total.reject(Reason::TooLong, self.grammar, &self.carry[..=self.grammar.limit]);
            self.total.bytes += self.carry.len() as u64;
            self.carry.clear();
            self.tried = 0;
            self.skipping = true;
        }
    }
}
