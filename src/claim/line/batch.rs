//! Lines packed into shared buffers, with the only encoder that writes a line. [`view`] reads it.
//!
//! [`view`]: crate::claim::line::view
//!
//! The text of a line is the concatenation of its procedure cells, its kept texts that are not empty, its diagnoses and its
//! modifiers. `ends` holds the end of each cell; the end of a diagnosis is followed by the number of its slot. These numbers have
//! 16 bits, except in a line whose text is longer than that: there each is two, the lower half first.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::claim::line::head::{Head, LineShape};
use crate::claim::line::kept::{Text, Texts};
use crate::claim::line::view::Line;
use crate::claim::value::code::CodeId;
use crate::ingest::eight_bytes::{any_word, has_byte};
use crate::steps;

/// Size in bytes at which a batch is full, whatever its number of lines, because cells may have any length.
pub(crate) const MAX_BATCH_BYTES: usize = 4 << 20;

/// Consecutive lines in shared buffers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Batch {
    pub(crate) heads: Vec<Head>,
    /// For each line, the ends of its parts of `text`, `ends` and `known`.
    pub(crate) stops: Vec<[u32; 3]>,
    pub(crate) text: String,
    pub(crate) ends: Vec<u16>,
    pub(crate) known: Vec<CodeId>,
}

impl Batch {
    /// Number of lines.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Is it empty?
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The nth line.
    #[inline]
    pub fn line(&self, n: usize) -> Line<'_> {
        steps::take(1);
        let [text, ends, known] = self.place(n);
        let [text_end, ends_end, known_end] = self.stops[n].map(|at| at as usize);
        Line {
            head: &self.heads[n],
            known: &self.known[known..known_end],
            batch_text: &self.text,
            place: (text, text_end),
            ends: &self.ends[ends..ends_end],
        }
    }

    /// Number of lines from the nth on that are service slots of its row.
    pub(crate) fn lines_of_row(&self, n: usize) -> usize {
        let row = |head: &Head| (head.extract, head.row);
        self.heads[n..].iter().take_while(|head| row(head) == row(&self.heads[n])).count()
    }

    /// All lines, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        (0..self.len()).map(|n| self.line(n))
    }

    /// Size in memory in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes_of(0..self.len())
    }

    /// Size in memory in bytes of its buffers, whatever they hold.
    pub(crate) fn allocated(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + self.stops.capacity() * size_of::<[u32; 3]>()
            + self.text.capacity()
            + self.ends.capacity() * size_of::<u16>()
            + self.known.capacity() * size_of::<CodeId>()
    }

    /// Size in memory in bytes of some of the lines.
    pub(crate) fn bytes_of(&self, lines: Range<usize>) -> usize {
        let [from, to] = [lines.start, lines.end].map(|line| self.place(line));
        let [text, ends, known] = [0, 1, 2].map(|part| to[part] - from[part]);
        lines.len() * (size_of::<Head>() + size_of::<[u32; 3]>())
            + text
            + ends * size_of::<u16>()
            + known * size_of::<CodeId>()
    }

    /// Is the batch full? Only whole rows are added, so it may have a few lines more than `full`.
    pub(crate) fn is_full(&self, full: usize) -> bool {
        self.len() >= full || self.bytes() >= MAX_BATCH_BYTES
    }

    /// The end of the lines of `next`, from `from`, that fill it up: all lines of the row after which it is full, or all lines.
    pub(crate) fn fill_end(&self, next: &Self, from: usize, full: usize) -> usize {
        let bytes = |end: usize| self.bytes() + next.bytes_of(from..end);
        let is_full_at = |end: usize| self.len() + end - from >= full || bytes(end) >= MAX_BATCH_BYTES;
        let (mut open, mut end) = (from, next.len());
        if !is_full_at(end) {
            return end;
        }
        // The size only grows, so the first line after which the batch is full is found by bisection.
        while end - open > 1 {
            let middle = open + (end - open) / 2;
            *(if is_full_at(middle) { &mut end } else { &mut open }) = middle;
        }
        let row = |line: usize| (next.heads[line].extract, next.heads[line].row);
        while end < next.len() && row(end) == row(end - 1) {
            end += 1;
        }
        end
    }

    /// Where the parts of a line start in `text`, `ends` and `known`.
    fn place(&self, line: usize) -> [usize; 3] {
        line.checked_sub(1).map_or([0; 3], |before| self.stops[before].map(|at| at as usize))
    }

    /// An empty batch with room for all lines of others.
    pub(crate) fn with_room_for<'b>(others: impl Iterator<Item = &'b Self>) -> Self {
        let mut room = [0; 5];
        for other in others {
            room.iter_mut().zip(other.buffer_lengths()).for_each(|(sum, length)| *sum += length);
        }
        let mut all = Self::default();
        all.reserve(BatchRoom(room));
        all
    }

    /// Appends some lines of another batch, and adds `rows_before` lines of the file to the place of each row.
    pub fn append(&mut self, other: &Self, lines: Range<usize>, rows_before: u64) {
        let [text, ends, known] = self.lengths();
        let [first, after] = [lines.start, lines.end].map(|line| other.place(line));
        let moved = |head: &Head| Head { row: head.row + rows_before, ..head.clone() };
        self.heads.extend(other.heads[lines.clone()].iter().map(moved));
        let stop = |[t, e, k]: &[u32; 3]| {
            [t - first[0] as u32 + text, e - first[1] as u32 + ends, k - first[2] as u32 + known]
        };
        self.stops.extend(other.stops[lines].iter().map(stop));
        self.text.push_str(&other.text[first[0]..after[0]]);
        self.ends.extend_from_slice(&other.ends[first[1]..after[1]]);
        self.known.extend_from_slice(&other.known[first[2]..after[2]]);
    }

    /// Appends a line of another batch.
    pub(crate) fn push(&mut self, line: Line<'_>) {
        self.heads.push(line.head.clone());
        self.text.push_str(line.whole_text());
        self.ends.extend_from_slice(line.ends);
        self.known.extend_from_slice(line.known);
        self.stops.push([self.text.len() as u32, self.ends.len() as u32, self.known.len() as u32]);
    }

    /// The lengths of all buffers.
    fn buffer_lengths(&self) -> [usize; 5] {
        [self.heads.len(), self.stops.len(), self.text.len(), self.ends.len(), self.known.len()]
    }

    /// Room for `lines` lines of the average size of these, to be reserved by another batch or by this one.
    pub(crate) fn room_for(&self, lines: usize) -> BatchRoom {
        // An eighth more than the average, so that the buffers seldom grow again.
        let expected = |length: usize| length * lines / self.len().max(1) * 9 / 8;
        let [_, _, text, ends, known] = self.buffer_lengths().map(expected);
        BatchRoom([lines, lines, text, ends, known])
    }

    /// Lets the buffers grow to this room at once.
    pub(crate) fn reserve(&mut self, BatchRoom([heads, stops, text, ends, known]): BatchRoom) {
        self.heads.reserve(heads.saturating_sub(self.heads.len()));
        self.stops.reserve(stops.saturating_sub(self.stops.len()));
        self.text.reserve(text.saturating_sub(self.text.len()));
        self.ends.reserve(ends.saturating_sub(self.ends.len()));
        self.known.reserve(known.saturating_sub(self.known.len()));
    }

    /// Drops all lines and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps only the first `lines` lines.
    pub(crate) fn truncate(&mut self, lines: usize) {
        self.heads.truncate(lines);
        self.stops.truncate(lines);
        self.drop_unfinished();
    }

    /// Starts to encode a new line.
    pub(crate) fn encode(&mut self) -> Encoder<'_> {
        let start = self.lengths().map(|length| length as usize);
        Encoder { start, shape: LineShape::default(), batch: self }
    }

    /// The lengths of `text`, `ends` and `known` up to the last finished line.
    fn lengths(&self) -> [u32; 3] {
        self.stops.last().copied().unwrap_or_default()
    }

    fn drop_unfinished(&mut self) {
        let [text, ends, known] = self.lengths().map(|length| length as usize);
        self.text.truncate(text);
        self.ends.truncate(ends);
        self.known.truncate(known);
    }
}

/// Lengths that the buffers of a batch are expected to reach.
#[derive(Clone, Copy)]
pub(crate) struct BatchRoom([usize; 5]);

/// Encodes one line. Call its methods in the order in which they are defined. A line that is not finished is discarded.
pub(crate) struct Encoder<'b> {
    batch: &'b mut Batch,
    /// Where the parts of the line start in `text`, `ends` and `known`.
    start: [usize; 3],
    shape: LineShape,
}

impl Encoder<'_> {
    fn push(&mut self, cell: &str) {
        self.batch.text.push_str(cell);
        self.push_end();
    }

    /// Adds the end of the text so far.
    fn push_end(&mut self) {
        let end = self.batch.text.len() - self.start[0];
        match u16::try_from(end) {
            Ok(end) if !self.shape.is_wide => self.batch.ends.push(end),
            _ => self.push_wide(end as u32),
        }
    }

    /// Adds a number in 32 bits, and widens those before it.
    #[cold]
    fn push_wide(&mut self, number: u32) {
        if !self.shape.is_wide {
            let narrow = self.batch.ends.split_off(self.start[1]);
            self.batch.ends.extend(narrow.into_iter().flat_map(|number| halves(number.into())));
            self.shape.is_wide = true;
        }
        self.batch.ends.extend(halves(number));
    }

    /// Adds a known code unless the line has it already.
    pub(crate) fn known(&mut self, id: CodeId) {
        if !self.batch.known[self.start[2]..].contains(&id) {
            self.batch.known.push(id);
        }
    }

    /// Does the line hold no known code so far?
    pub(crate) fn has_no_known_code(&self) -> bool {
        self.batch.known.len() == self.start[2]
    }

    /// Adds a procedure cell. The first one is the procedure column, even if it is empty.
    pub(crate) fn procedure(&mut self, cell: &str) {
        self.push(cell);
        self.shape.procedures += 1;
    }

    /// Adds a kept text, unless it is empty. Call it in the order of [`Text::ALL`].
    #[inline]
    pub(crate) fn text(&mut self, text: Text, value: &str) {
        debug_assert!(self.shape.texts < text.bit(), "{text:?} comes before texts that were added");
        if !value.is_empty() {
            self.push(value);
            self.shape.texts |= text.bit();
        }
    }

    /// Adds all kept texts.
    pub(crate) fn texts(&mut self, texts: &Texts<'_>) {
        texts.filled().for_each(|(text, value)| self.text(text, value));
    }

    /// Adds the diagnosis of a slot without its dots. Returns whether it was added: not if nothing remains.
    pub(crate) fn diagnosis(&mut self, slot: u8, cell: &str) -> bool {
        if cell.bytes().all(|b| b == b'.') {
            return false;
        }
        if any_word(cell.as_bytes(), |word| has_byte(word, b'.')) {
            cell.split('.').for_each(|piece| self.batch.text.push_str(piece));
            self.end_diagnosis(slot);
        } else {
            self.code(slot, cell);
        }
        true
    }

    /// Adds the diagnosis of a slot. It has no dots and is not empty.
    #[inline]
    pub(crate) fn code(&mut self, slot: u8, code: &str) {
        self.batch.text.push_str(code);
        self.end_diagnosis(slot);
    }

    #[inline]
    fn end_diagnosis(&mut self, slot: u8) {
        self.push_end();
        if self.shape.is_wide {
            self.push_wide(slot.into());
        } else {
            self.batch.ends.push(slot.into());
        }
        self.shape.diagnoses += 1;
    }

    /// Adds a modifier.
    pub(crate) fn modifier(&mut self, cell: &str) {
        self.push(cell);
    }

    /// Keeps the line.
    pub(crate) fn finish(self, head: Head) {
        let batch = &mut *self.batch;
        batch.heads.push(Head { shape: self.shape, ..head });
        batch.stops.push([batch.text.len() as u32, batch.ends.len() as u32, batch.known.len() as u32]);
        // There is nothing to discard.
        std::mem::forget(self);
    }
}

/// The lower and the upper half of a number.
fn halves(number: u32) -> [u16; 2] {
    [number as u16, (number >> 16) as u16]
}

impl Drop for Encoder<'_> {
    fn drop(&mut self) {
        self.batch.drop_unfinished();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zero() -> Head {
        // Every field of a head may be zero.
        postcard::from_bytes(&[0; 64]).expect("a head")
    }

    /// Lines whose cells end before, at and after the last place of 16 bits, between lines that are short.
    #[test]
    fn long_cells_are_read_back() {
        let lengths = [0, 1, 65_534, 65_535, 65_536, 200_000];
        let mut batch = Batch::default();
        let long = |length: usize| "x".repeat(length);
        for length in lengths {
            let mut encoder = batch.encode();
            encoder.procedure(&long(length));
            encoder.procedure("22513");
            encoder.text(Text::ClaimId, "C1");
            encoder.text(Text::Product, &long(length));
            encoder.text(Text::BillType, "131");
            assert!(encoder.diagnosis(3, "M80.08XA") && encoder.diagnosis(255, &long(length + 1)));
            encoder.modifier("RT");
            encoder.modifier(&long(length));
            encoder.finish(zero());
            let mut encoder = batch.encode();
            encoder.procedure("22514");
            encoder.finish(zero());
        }
        assert!(batch.is_valid(1, 1));
        for (line, length) in (0..).step_by(2).zip(lengths) {
            let wide = batch.line(line);
            assert!(wide.procedure_cells().eq([long(length).as_str(), "22513"]), "{length}");
            assert_eq!(
                [Text::ClaimId, Text::BillType, Text::Product].map(|text| wide.text(text).len()),
                [2, 3, length]
            );
            assert!(wide.all_diagnoses().eq(["M8008XA", long(length + 1).as_str()]), "{length}");
            assert_eq!((wide.diagnosis_slot(0), wide.diagnosis_slot(1)), (3, 255));
            assert!(wide.modifiers().eq(["RT", long(length).as_str()]), "{length}");
            assert!(batch.line(line + 1).procedure_cells().eq(["22514"]));
        }
        let mut copied = Batch::default();
        copied.append(&batch, 3..9, 0);
        assert!(copied.is_valid(1, 1) && copied.line(1).modifiers().eq(batch.line(4).modifiers()));
    }

    #[test]
    fn a_line_has_any_number_of_diagnoses() {
        let mut batch = Batch::default();
        let mut encoder = batch.encode();
        encoder.procedure("22514");
        assert!((1..=1000_u32).all(|n| encoder.diagnosis(n.min(255) as u8, &format!("M{n}"))));
        encoder.finish(zero());
        let line = batch.line(0);
        assert!(line.all_diagnoses().eq((1..=1000).map(|n| format!("M{n}"))));
        assert_eq!((line.diagnosis_slot(253), line.diagnosis_slot(999)), (254, 255));
    }

    #[test]
    fn an_unfinished_line_is_discarded() {
        let mut batch = Batch::default();
        let mut encoder = batch.encode();
        encoder.procedure("99213");
        encoder.known(CodeId(1));
        drop(encoder);
        assert_eq!((batch.text.as_str(), batch.ends.len(), batch.known.len(), batch.len()), ("", 0, 0, 0));
    }
}
