//! Part of a block as bit masks: line ends, delimiters and doubtful quotes. Filling the masks takes no branch that depends on
//! the text, so the processor does not mispredict. The masks are then queried row by row.

use std::cell::Cell;

use crate::ingest::scan::simd::{Lanes, running_parity};

/// Number of 64-byte chunks in a full window. Its 16 KiB of text and 6 KiB of masks fit in an L1 cache of 32 KiB, and few
/// claim rows are longer.
const CHUNKS: usize = 256;

/// Number of chunks in the first window after a doubt: few, because a text full of doubts restarts the window on every row.
const FIRST_CHUNKS: usize = 8;

/// Number of chunks that are searched for a delimiter without a branch. Most claim rows are shorter.
const NEAR_CHUNKS: usize = 4;

pub(crate) struct Window {
    delimiter: u8,
    /// First byte of the first chunk.
    base: usize,
    /// Number of chunks filled.
    chunks: usize,
    /// Number of chunks to fill.
    most: usize,
    /// Line ends outside quotes.
    lines: [u64; CHUNKS],
    /// Delimiters outside quotes.
    separators: [u64; CHUNKS],
    /// Quotes that do not open right after a delimiter or close right before one, and line breaks inside quotes.
    doubts: [u64; CHUNKS],
    /// Number of delimiters before each chunk. [`NEAR_CHUNKS`] entries after the last chunk hold the maximum, which ends a search.
    before: [u32; CHUNKS + NEAR_CHUNKS + 1],
    /// Line ends in the chunks filled last, as distances from `base`.
    ends: Vec<u16>,
    count: usize,
    /// All ones if the next chunk starts inside quotes.
    inside: u64,
    /// Is there a doubt in the window?
    doubtful: bool,
}

/// Number of line ends per chunk that are stored without a branch. Claim rows are longer than 32 bytes, so a chunk of 64 bytes
/// seldom has more.
const EAGER_ENDS: usize = 2;

/// The state carried from chunk to chunk, in registers.
struct State {
    at: usize,
    count: usize,
    inside: u64,
    before: u32,
    doubtful: bool,
}

impl State {
    /// Adds one chunk. Returns its line ends and delimiters outside quotes, and its doubts.
    #[allow(clippy::too_many_arguments, reason = "the hottest lines of the program; a struct of them lives in memory")]
    #[inline(always)]
    fn add(
        &mut self,
        lanes: impl Lanes,
        bytes: &[u8],
        text: &[u8; 64],
        valid: u64,
        delimiter: u8,
        base: usize,
        ends: &mut [u16],
    ) -> (u64, u64, u64) {
        let mut lines = lanes.find(text, b'\n') & valid;
        let mut separators = lanes.find(text, delimiter) & valid;
        let quotes = lanes.find(text, b'"') & valid;
        let mut doubts = 0;
        if quotes | self.inside != 0 {
            let within = running_parity(quotes) ^ self.inside;
            let edge = |b: u8| b == delimiter || b == b'\n' || b == b'"';
            let first = u64::from(self.at == base || edge(bytes[self.at - 1]));
            let last = u64::from(bytes.get(self.at + 64).is_some_and(|b| edge(*b))) << 63;
            let edges = lines | separators | quotes;
            let returns = lanes.find(text, b'\r') & (lines >> 1);
            let (opens, closes) = (quotes & within, quotes & !within);
            doubts = (opens & !(edges << 1 | first)) | (closes & !((edges | returns) >> 1 | last)) | (lines & within);
            self.inside = (within.cast_signed() >> 63).cast_unsigned();
            self.doubtful |= doubts != 0;
            lines &= !within;
            separators &= !within;
        }
        self.before += separators.count_ones();
        let (count, start) = (lines.count_ones() as usize, (self.at - base) as u16);
        if let Some([first, second]) = ends[self.count..].first_chunk_mut::<EAGER_ENDS>() {
            let others = lines & lines.wrapping_sub(1);
            *first = start + lines.trailing_zeros() as u16;
            *second = start + others.trailing_zeros() as u16;
            if count > EAGER_ENDS {
                more_ends(&mut ends[self.count..self.count + count], start, lines);
            }
        }
        self.count += count;
        self.at += 64;
        (lines, separators, doubts)
    }
}

thread_local! {
    /// The `ends` of the last window of this thread. They are 32 KiB, and to clear as many for each block takes a hundredth of the
    /// time of its scan.
    static SPARE_ENDS: Cell<Vec<u16>> = const { Cell::new(Vec::new()) };
}

impl Drop for Window {
    fn drop(&mut self) {
        SPARE_ENDS.set(std::mem::take(&mut self.ends));
    }
}

impl Window {
    /// An empty window whose first record starts at `base`.
    pub(crate) fn new(delimiter: u8, base: usize) -> Self {
        // Whatever they hold, only those are read that were written.
        let mut ends = SPARE_ENDS.take();
        ends.resize(CHUNKS * 64 + EAGER_ENDS, 0);
        Self {
            delimiter,
            base,
            chunks: 0,
            most: FIRST_CHUNKS,
            lines: [0; CHUNKS],
            separators: [0; CHUNKS],
            doubts: [0; CHUNKS],
            before: [0; CHUNKS + NEAR_CHUNKS + 1],
            ends,
            count: 0,
            inside: 0,
            doubtful: false,
        }
    }

    /// Forgets everything: the next record starts at `base`, outside quotes.
    pub(crate) fn restart(&mut self, base: usize) {
        (self.base, self.chunks, self.most, self.count, self.inside) = (base, 0, FIRST_CHUNKS, 0, 0);
        (self.before[0], self.doubtful) = (0, false);
    }

    /// Moves the window to the record that starts at `at`, keeps the chunks that are already filled, and fills the rest.
    /// Returns false if nothing was filled: the text has ended, or the record is longer than a window.
    #[inline(always)]
    pub(crate) fn fill(&mut self, lanes: impl Lanes, bytes: &[u8], at: usize) -> bool {
        let passed = (at - self.base) / 64;
        let (known, gone) = (self.chunks - passed, self.before[passed]);
        self.lines.copy_within(passed..self.chunks, 0);
        self.separators.copy_within(passed..self.chunks, 0);
        self.doubts.copy_within(passed..self.chunks, 0);
        self.before.copy_within(passed..=self.chunks, 0);
        self.before[..=known].iter_mut().for_each(|n| *n -= gone);
        self.base += passed * 64;
        self.chunks = known;
        self.count = 0;
        self.doubtful = self.doubts[..known].iter().any(|d| *d != 0);

        let start = self.base + known * 64;
        let most = self.most.max(known);
        self.most = (self.most * 2).min(CHUNKS);
        // A last chunk that is not full is the end of the text.
        let (whole, rest) = bytes.get(start..).unwrap_or_default().as_chunks::<64>();
        let whole = &whole[..whole.len().min(most - known)];
        let mut state = State { at: start, count: 0, inside: self.inside, before: self.before[known], doubtful: false };
        let masks = (&mut self.lines[known..], &mut self.separators[known..], &mut self.doubts[known..]);
        let masks = masks.0.iter_mut().zip(masks.1).zip(masks.2).zip(&mut self.before[known + 1..]);
        let delimiter = self.delimiter;
        for (text, (((lines, separators), doubts), before)) in whole.iter().zip(masks) {
            (*lines, *separators, *doubts) = state.add(lanes, bytes, text, !0, delimiter, self.base, &mut self.ends);
            *before = state.before;
        }
        self.chunks = known + whole.len();
        if self.chunks < most && !rest.is_empty() && start + whole.len() * 64 + rest.len() == bytes.len() {
            let mut padded = [0u8; 64];
            padded[..rest.len()].copy_from_slice(rest);
            let valid = (1u64 << rest.len()) - 1;
            let masks = state.add(lanes, bytes, &padded, valid, delimiter, self.base, &mut self.ends);
            (self.lines[self.chunks], self.separators[self.chunks], self.doubts[self.chunks]) = masks;
            self.before[self.chunks + 1] = state.before;
            self.chunks += 1;
        }
        (self.count, self.inside) = (state.count, state.inside);
        self.doubtful |= state.doubtful;
        self.before[self.chunks + 1..][..NEAR_CHUNKS].fill(u32::MAX);
        self.chunks > known
    }

    /// Does the window reach the end of the text?
    pub(crate) fn reaches(&self, end: usize) -> bool {
        self.base + self.chunks * 64 >= end
    }

    /// Number of line ends found by the last [`Window::fill`].
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The nth line end, as a position in the block.
    #[inline(always)]
    pub(crate) fn end(&self, n: usize) -> usize {
        self.base + usize::from(self.ends[n])
    }

    /// Number of delimiters between the start of the window and a position in it.
    #[inline(always)]
    pub(crate) fn separators_before(&self, at: usize) -> u32 {
        let distance = at - self.base;
        let chunk = distance / 64;
        // A record may start right after the last chunk.
        let mask = self.separators.get(chunk).map_or(0, |m| m & ((1 << (distance % 64)) - 1));
        self.before[chunk] + mask.count_ones()
    }

    /// Is there a doubt between two positions? The first must be in the window.
    #[inline(always)]
    pub(crate) fn doubt(&self, from: usize, to: usize) -> bool {
        self.doubtful && self.any_doubt(from, to)
    }

    #[inline(never)]
    fn any_doubt(&self, from: usize, to: usize) -> bool {
        let (from, to) = (from - self.base, to - self.base);
        (from / 64..=to / 64).any(|chunk| self.doubts[chunk] & stretch(chunk, from, to) != 0)
    }

    /// The position of the delimiter with this number, searched from `at` on. It must be in the window.
    #[inline(always)]
    pub(crate) fn separator(&self, number: u32, at: usize) -> usize {
        let mut chunk = (at - self.base) / 64;
        let mut steps = 0;
        for before in &self.before[chunk + 1..][..NEAR_CHUNKS] {
            steps += usize::from(*before <= number);
        }
        chunk += steps;
        if steps == NEAR_CHUNKS {
            while self.before[chunk + 1] <= number {
                chunk += 1;
            }
        }
        self.base + chunk * 64 + select(self.separators[chunk], number - self.before[chunk]) as usize
    }

    /// Calls `take` with each delimiter between two positions.
    #[inline]
    pub(crate) fn each_separator(&self, from: usize, to: usize, mut take: impl FnMut(usize)) {
        let (from, to) = (from - self.base, to - self.base);
        for chunk in from / 64..=to / 64 {
            let mut separators = self.separators[chunk] & stretch(chunk, from, to);
            while separators != 0 {
                take(self.base + chunk * 64 + separators.trailing_zeros() as usize);
                separators &= separators - 1;
            }
        }
    }

    /// Calls `ask` with each delimiter between two positions that a non-empty cell follows, until `ask` returns true.
    #[inline(always)]
    pub(crate) fn any_filled(&self, from: usize, to: usize, mut ask: impl FnMut(usize) -> bool) -> bool {
        let (from, to) = (from - self.base, to - self.base);
        for chunk in from / 64..=to / 64 {
            let cells = self.separators[chunk] & stretch(chunk, from, to);
            // A cell is empty if a delimiter or line end follows at once. The chunk after the last one is not known.
            let stops = |c: usize| self.separators[c] | self.lines[c];
            let next = if chunk + 1 < self.chunks { stops(chunk + 1) << 63 } else { 0 };
            let mut filled = cells & !(stops(chunk) >> 1 | next);
            while filled != 0 {
                if ask(self.base + chunk * 64 + filled.trailing_zeros() as usize) {
                    return true;
                }
                filled &= filled - 1;
            }
        }
        false
    }
}

/// The bits of a chunk between two distances from the base, inclusive.
fn stretch(chunk: usize, from: usize, to: usize) -> u64 {
    let after = if chunk == from / 64 { !0 << (from % 64) } else { !0 };
    let upto = if chunk == to / 64 { !0 >> (63 - to % 64) } else { !0 };
    after & upto
}

/// Stores all line ends of a chunk that has many.
#[cold]
fn more_ends(ends: &mut [u16], start: u16, mut lines: u64) {
    for end in ends {
        *end = start + lines.trailing_zeros() as u16;
        lines &= lines.wrapping_sub(1);
    }
}

/// The position of the nth set bit, counted from 0. The mask must have more than n set bits. There is no branch and no loop
/// over the bits: positions are effectively random, and a misprediction costs more than the whole computation. The byte is
/// found with the running sums of the bit counts of all eight bytes (Vigna, Broadword Implementation of Rank/Select Queries,
/// 2008), the bit within it by table.
#[inline(always)]
fn select(mask: u64, n: u32) -> u32 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let pairs = mask - (mask >> 1 & 0x5555_5555_5555_5555);
    let nibbles = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
    let sums = ((nibbles + (nibbles >> 4)) & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(ONES);
    // The high bit of a byte stays set if the sum up to that byte is at most n.
    let passed = ((u64::from(n).wrapping_mul(ONES) | HIGHS) - sums) & HIGHS;
    let place = passed.count_ones() * 8;
    let before = (sums << 8 >> (place & 63)) as u8;
    let byte = (mask >> (place & 63)) as u8;
    place + u32::from(IN_BYTE[usize::from(byte)][(n as u8).wrapping_sub(before) as usize & 7])
}

/// The position of the nth set bit of each byte.
static IN_BYTE: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut n) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[byte][n] = bit as u8;
                n += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_bit_is_found() {
        for mask in [1, 1 << 63, !0, 0x8000_0000_0000_0001, 0x0f0f_1234_8001_0010, 0b1011_0100] {
            let bits: Vec<u32> = (0..64).filter(|bit| mask >> bit & 1 == 1).collect();
            let found: Vec<u32> = (0..bits.len() as u32).map(|n| select(mask, n)).collect();
            assert_eq!(found, bits, "{mask:b}");
        }
    }

    #[test]
    fn a_stretch_includes_both_its_ends() {
        assert_eq!(stretch(0, 3, 5), 0b11_1000);
        assert_eq!(stretch(1, 3, 200), !0);
        assert_eq!(stretch(3, 3, 192), 1);
        assert_eq!(stretch(0, 63, 63), 1 << 63);
    }
}
