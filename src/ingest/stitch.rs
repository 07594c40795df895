//! Blocks in parallel, records in order.
//!
//! Each block is scanned on its own, on the guess that a record starts after its first line end. The stitcher then
//! walks the blocks in order with the bytes left over from the one before: if its record ends where the guess said,
//! the block's result is taken as it is; if not (a quoted line break crosses the border), the block is read again
//! from the true position. So the result never depends on the size of the blocks or on the number of threads, and
//! memory holds a wave of blocks, never the file.

use rayon::prelude::*;

use super::needles::Needles;
use super::record::Grammar;
use super::reject::Reason;
use super::scan::{Look, Row, Tally, scan};
use super::source::{Feed, Trouble};

/// Largest record that is held to find its end: far above any real claim line, far below the memory of a laptop.
pub const RECORD_LIMIT: usize = 64 << 20;

/// What one block came to under the guess.
struct Guess<T> {
    /// Bytes up to and including the first line end; they belong to a record that began before.
    head: usize,
    /// Where the first incomplete record starts.
    stop: usize,
    tally: Tally<T>,
}

/// Called between waves with bytes and rows so far; says whether to go on.
pub trait Watch: Sync {
    /// `bytes` of the file taken since the last call, `rows` and `kept` likewise. False: stop the run.
    fn passed(&self, bytes: u64, rows: u64, kept: u64) -> bool;
}

/// Reads everything that `feed` holds after the header.
pub fn read<T: Send>(
    feed: &mut Feed,
    grammar: &Grammar,
    needles: Option<&Needles>,
    look: &(impl Fn(&Row<'_>) -> Look<T> + Sync),
    watch: &dyn Watch,
) -> Result<Tally<T>, Trouble> {
    let mut stitcher = Stitcher { grammar, needles, look, carry: Vec::new(), skipping: false, total: Tally::default() };
    let mut wave = feed.wave(Vec::new())?;
    let mut spare = Vec::new();
    let mut seen = 0;
    while !wave.is_empty() {
        // While this wave is scanned, the next one is decompressed or read.
        let (next, guesses) = rayon::join(
            || feed.wave(std::mem::take(&mut spare)),
            || wave.par_iter().map(|block| guess(grammar, needles, block, look)).collect::<Vec<_>>(),
        );
        let before = (stitcher.total.rows, stitcher.total.kept.len() as u64);
        let taken = feed.taken();
        for (block, guess) in wave.iter().zip(guesses) {
            stitcher.join(block, guess);
        }
        if !watch.passed(
            taken - std::mem::replace(&mut seen, taken),
            stitcher.total.rows - before.0,
            stitcher.total.kept.len() as u64 - before.1,
        ) {
            return Err(Trouble::Interrupted);
        }
        spare = std::mem::replace(&mut wave, next?);
    }
    Ok(stitcher.finish())
}

fn guess<T>(
    grammar: &Grammar,
    needles: Option<&Needles>,
    block: &[u8],
    look: &impl Fn(&Row<'_>) -> Look<T>,
) -> Guess<T> {
    let mut tally = Tally::default();
    let head = memchr::memchr(grammar.line_end(), block).map_or(block.len(), |i| i + 1);
    let stop = head + scan(grammar, needles, &block[head..], false, look, &mut tally);
    Guess { head, stop, tally }
}

struct Stitcher<'a, T, L> {
    grammar: &'a Grammar,
    needles: Option<&'a Needles>,
    look: &'a L,
    /// Bytes of the record that is not complete yet.
    carry: Vec<u8>,
    /// In the middle of a line that was given up as too long.
    skipping: bool,
    total: Tally<T>,
}

impl<T, L: Fn(&Row<'_>) -> Look<T>> Stitcher<'_, T, L> {
    fn join(&mut self, block: &[u8], guess: Guess<T>) {
        if self.skipping {
            let end = memchr::memchr(self.grammar.line_end(), block);
            let passed = end.map_or(block.len(), |i| i + 1);
            self.total.bytes += passed as u64;
            if end.is_some() {
                self.total.lines += 1;
                self.skipping = false;
                self.take_guess_or_read(block, passed, guess);
            }
            return;
        }
        self.carry.extend_from_slice(&block[..guess.head]);
        self.drain(false);
        self.take_guess_or_read(block, guess.head, guess);
    }

    /// `block[..from]` is consumed but for the carry. If nothing is left over, the guess was right.
    fn take_guess_or_read(&mut self, block: &[u8], from: usize, guess: Guess<T>) {
        if self.carry.is_empty() && !self.skipping && from == guess.head {
            self.total.append(guess.tally);
            self.carry.extend_from_slice(&block[guess.stop..]);
        } else {
            self.carry.extend_from_slice(&block[from..]);
            self.drain(false);
        }
        if self.carry.len() > RECORD_LIMIT {
            self.give_up();
        }
    }

    /// Reads the complete records of the carry and keeps the rest.
    fn drain(&mut self, last: bool) {
        let stop = scan(self.grammar, self.needles, &self.carry, last, self.look, &mut self.total);
        self.carry.drain(..stop);
    }

    /// The record is too large to hold: it costs its first line, like every rejected record.
    fn give_up(&mut self) {
        while self.carry.len() > RECORD_LIMIT {
            let end = memchr::memchr(self.grammar.line_end(), &self.carry);
            let line = end.unwrap_or(self.carry.len());
            self.total.reject(Reason::TooLong, &self.carry[..line]);
            let passed = end.map_or(self.carry.len(), |i| i + 1);
            self.total.bytes += passed as u64;
            self.carry.drain(..passed);
            if end.is_none() {
                self.skipping = true;
                return;
            }
            self.total.lines += 1;
            self.drain(false);
        }
    }

    fn finish(mut self) -> Tally<T> {
        self.drain(true);
        self.total
    }
}
