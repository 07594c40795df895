//! The scan of blocks at the speed of memory: sixty-four bytes at a time, records that cannot matter only counted.
//!
//! Advice to the next hacker. [`Grammar::read`] is the authority on records; the kernel decides alone only about
//! records that are plainly in order: one physical line, quotes (if any) that open right after a delimiter and close
//! right before one, the header's number of fields, no cell of interest that could hold a code, not the header again.
//! Everything else (a few lines in ten thousand) goes to [`Pass::record`], which is the slow scan's own step. So a
//! mistake here can only be one of these five questions; `tests/it/twin.rs` holds both to the same answers.
//!
//! Delimiters are counted per record by the population count of a mask, so every row is checked for its shape
//! whether it matters or not: a shifted row cannot hide.

use super::lanes::{Lanes, running_parity};
use super::needles::Needles;
use super::scan::{Look, Pass, Row};

/// What is known of the record under the lamp.
#[derive(Default)]
struct Record {
    /// Where it starts.
    at: usize,
    /// Delimiters so far.
    separators: u32,
    /// A cell of interest may hold a code.
    candidate: bool,
}

impl<T, F: Fn(&Row<'_>) -> Look<T>> Pass<'_, T, F> {
    /// Scans to the first incomplete record and returns where it starts.
    #[inline(always)]
    pub(super) fn run(&mut self, lanes: impl Lanes, needles: &Needles) -> usize {
        let bytes = self.bytes;
        let delimiter = self.grammar.delimiter;
        let separators_wanted = (self.grammar.width - 1) as u32;
        let mut record =
            Record { candidate: needles.first && needles.may_stand_at(bytes, 0, delimiter), ..Record::default() };
        let mut inside = 0u64;
        let mut pos = 0;
        'chunks: while pos < bytes.len() {
            let mut padded = [0u8; 64];
            let ahead = &bytes[pos..];
            let (chunk, valid) = if let Some(chunk) = ahead.first_chunk::<64>() {
                (chunk, !0u64)
            } else {
                padded[..ahead.len()].copy_from_slice(ahead);
                (&padded, (1u64 << ahead.len()) - 1)
            };
            let lines = lanes.find(chunk, b'\n') & valid;
            let separators = lanes.find(chunk, delimiter) & valid;
            let quotes = lanes.find(chunk, b'"') & valid;
            let (mut ends, separators, doubts) = if quotes == 0 && inside == 0 {
                (lines, separators, 0)
            } else {
                let within = running_parity(quotes) ^ inside;
                let doubts = self.doubts(lanes, chunk, pos, record.at, lines, separators, quotes, within);
                inside = (within.cast_signed() >> 63).cast_unsigned();
                (lines & !within, separators & !within, doubts)
            };
            let mut rest = valid;
            loop {
                let end = ends & ends.wrapping_neg();
                let segment = if ends == 0 { rest } else { rest & (end | (end - 1)) };
                if doubts & segment != 0 {
                    let Some(next) = self.record(record.at) else { return record.at };
                    pos = next;
                    inside = 0;
                    record = Record {
                        at: next,
                        separators: 0,
                        candidate: needles.first && needles.may_stand_at(bytes, next, delimiter),
                    };
                    continue 'chunks;
                }
                let mine = separators & segment;
                let count = mine.count_ones();
                if mine != 0 && !record.candidate {
                    let empty = (separators | lines) >> 1;
                    record.candidate =
                        asked(lanes, needles, bytes, pos, mine, empty, record.separators, count, delimiter);
                }
                record.separators += count;
                if ends == 0 {
                    break;
                }
                let next = pos + end.trailing_zeros() as usize + 1;
                if record.separators == separators_wanted && !record.candidate && !self.may_be_no_row(record.at) {
                    self.tally.rows += 1;
                    self.tally.passed += 1;
                    self.tally.lines += 1;
                    self.tally.bytes += (next - record.at) as u64;
                } else {
                    match self.record(record.at) {
                        None => return record.at,
                        Some(after) if after == next => {}
                        Some(after) => {
                            pos = after;
                            inside = 0;
                            record = Record {
                                at: after,
                                separators: 0,
                                candidate: needles.first && needles.may_stand_at(bytes, after, delimiter),
                            };
                            continue 'chunks;
                        }
                    }
                }
                record = Record {
                    at: next,
                    separators: 0,
                    candidate: needles.first && needles.may_stand_at(bytes, next, delimiter),
                };
                rest &= !(end | (end - 1));
                ends &= ends - 1;
            }
            pos += 64;
        }
        record.at
    }

    /// Quotes that do not open right after a delimiter or close right before one, and line breaks inside quotes.
    #[allow(clippy::too_many_arguments, reason = "the masks of one chunk; a struct of them is spilled to memory")]
    #[inline(always)]
    fn doubts(
        &self,
        lanes: impl Lanes,
        chunk: &[u8; 64],
        pos: usize,
        record: usize,
        lines: u64,
        separators: u64,
        quotes: u64,
        within: u64,
    ) -> u64 {
        let (bytes, delimiter) = (self.bytes, self.grammar.delimiter);
        let edge = |b: u8| b == delimiter || b == b'\n' || b == b'"';
        let first = u64::from(pos == record || (pos > 0 && edge(bytes[pos - 1])));
        let last = u64::from(bytes.get(pos + 64).is_some_and(|b| edge(*b))) << 63;
        let edges = lines | separators | quotes;
        let returns = lanes.find(chunk, b'\r') & (lines >> 1);
        let opens = quotes & within;
        let closes = quotes & !within;
        (opens & !(edges << 1 | first)) | (closes & !((edges | returns) >> 1 | last)) | (lines & within)
    }

    /// Could the line be the header again, or one that the layout says is no row?
    #[inline(always)]
    fn may_be_no_row(&self, at: usize) -> bool {
        let line = &self.bytes[at..];
        match self.grammar.header.first() {
            None => self.grammar.is_skipped(line),
            Some(name) => match line.first() {
                // Blanks, a byte-order mark or quotes may stand around the header's first name.
                Some(b) if b.is_ascii_alphanumeric() => line.starts_with(name) || self.grammar.is_skipped(line),
                _ => match line {
                    [b'"', rest @ ..] if rest.first().is_some_and(u8::is_ascii_alphanumeric) => {
                        rest.starts_with(name) || self.grammar.is_skipped(line)
                    }
                    _ => true,
                },
            },
        }
    }
}

/// Asks the cells of interest behind the separators in `mine`, of which the first is number `before` of its record.
#[allow(clippy::too_many_arguments, reason = "the masks of one chunk; a struct of them is spilled to memory")]
#[inline(always)]
fn asked(
    lanes: impl Lanes,
    needles: &Needles,
    bytes: &[u8],
    pos: usize,
    mine: u64,
    empty: u64,
    before: u32,
    count: u32,
    delimiter: u8,
) -> bool {
    let after = before + count;
    for (from, to) in &needles.runs {
        if *to < before || *from >= after {
            continue;
        }
        if from == to {
            let bit = lanes.select(mine, from - before);
            if needles.may_stand_at(bytes, pos + bit as usize + 1, delimiter) {
                return true;
            }
            continue;
        }
        let mut cells = mine;
        if *from > before {
            cells &= !0u64 << lanes.select(mine, from - before);
        }
        if *to + 1 < after {
            cells &= !(!0u64 << lanes.select(mine, to + 1 - before));
        }
        // Most cells of a long run are empty: a separator right before the next one. The last byte's successor is
        // not in this chunk, so it is asked.
        cells &= !empty | 1 << 63;
        while cells != 0 {
            if needles.may_stand_at(bytes, pos + cells.trailing_zeros() as usize + 1, delimiter) {
                return true;
            }
            cells &= cells - 1;
        }
    }
    false
}
