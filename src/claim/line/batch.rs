//! Lines packed into shared buffers, with the only encoder that writes a line and the only decoder that reads it.
//!
//! The text of a line is the concatenation of its procedure cells, its kept texts that are not empty, its diagnoses and its
//! modifiers. `ends` holds the end of each cell; the end of a diagnosis is followed by the number of its slot.

use std::ops::{Deref, Range};

use serde::{Deserialize, Serialize};

use crate::claim::line::head::{Head, LineShape};
use crate::claim::line::kept::{Text, Texts};
use crate::claim::value::code::CodeId;
use crate::steps;

/// Consecutive lines in shared buffers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Batch {
    pub(crate) heads: Vec<Head>,
    /// For each line, the ends of its parts of `text`, `ends` and `known`.
    pub(crate) stops: Vec<[u32; 3]>,
    pub(crate) text: String,
    pub(crate) ends: Vec<u32>,
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
    pub fn line(&self, n: usize) -> Line<'_> {
        steps::take(1);
        let [text, ends, known] = self.place(n);
        let [text_end, ends_end, known_end] = self.stops[n].map(|at| at as usize);
        Line {
            head: &self.heads[n],
            known: &self.known[known..known_end],
            text: &self.text[text..text_end],
            ends: &self.ends[ends..ends_end],
        }
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
            + self.ends.capacity() * size_of::<u32>()
            + self.known.capacity() * size_of::<CodeId>()
    }

    /// Size in memory in bytes of some of the lines.
    pub(crate) fn bytes_of(&self, lines: Range<usize>) -> usize {
        let [from, to] = [lines.start, lines.end].map(|line| self.place(line));
        let [text, ends, known] = [0, 1, 2].map(|part| to[part] - from[part]);
        lines.len() * (size_of::<Head>() + size_of::<[u32; 3]>())
            + text
            + ends * size_of::<u32>()
            + known * size_of::<CodeId>()
    }

    /// Where the parts of a line start in `text`, `ends` and `known`.
    fn place(&self, line: usize) -> [usize; 3] {
        line.checked_sub(1).map_or([0; 3], |before| self.stops[before].map(|at| at as usize))
    }

    /// An empty batch with room for all lines of others.
    pub(crate) fn with_room_for<'b>(others: impl Iterator<Item = &'b Self>) -> Self {
        let mut lengths = [0; 5];
        for other in others {
            let own = [other.heads.len(), other.stops.len(), other.text.len(), other.ends.len(), other.known.len()];
            lengths.iter_mut().zip(own).for_each(|(sum, length)| *sum += length);
        }
        let [heads, stops, text, ends, known] = lengths;
        Self {
            heads: Vec::with_capacity(heads),
            stops: Vec::with_capacity(stops),
            text: String::with_capacity(text),
            ends: Vec::with_capacity(ends),
            known: Vec::with_capacity(known),
        }
    }

    /// Adds this many lines of the file to the place of each row.
    pub(crate) fn move_rows(&mut self, lines: u64) {
        self.heads.iter_mut().for_each(|head| head.row += lines);
    }

    /// Appends some lines of another batch.
    pub fn append(&mut self, other: &Self, lines: Range<usize>) {
        let [text, ends, known] = self.lengths();
        let [first, after] = [lines.start, lines.end].map(|line| other.place(line));
        self.heads.extend_from_slice(&other.heads[lines.clone()]);
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
        self.text.push_str(line.text);
        self.ends.extend_from_slice(line.ends);
        self.known.extend_from_slice(line.known);
        self.stops.push([self.text.len() as u32, self.ends.len() as u32, self.known.len() as u32]);
    }

    /// Reserves space for `lines` lines of the average size so far.
    pub(crate) fn reserve_for(&mut self, lines: usize) {
        let (now, more) = (self.len().max(1), lines.saturating_sub(self.len()));
        // An eighth more than the average, so that the buffers seldom grow again.
        let expected = |length: usize| length * more / now + length * more / now / 8;
        self.heads.reserve(more);
        self.stops.reserve(more);
        self.text.reserve(expected(self.text.len()));
        self.ends.reserve(expected(self.ends.len()));
        self.known.reserve(expected(self.known.len()));
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
        self.batch.ends.push((self.batch.text.len() - self.start[0]) as u32);
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

    /// Writes the kept texts.
    pub(crate) fn texts(&mut self, texts: &Texts<'_>) {
        for (text, value) in texts.filled() {
            self.push(value);
            self.shape.texts |= text.bit();
        }
    }

    /// Adds the diagnosis of a slot without its dots. Returns whether it was added: not if nothing remains, or if the line has
    /// 255 diagnoses already.
    pub(crate) fn diagnosis(&mut self, slot: u8, cell: &str) -> bool {
        if self.shape.diagnoses == u8::MAX || cell.bytes().all(|b| b == b'.') {
            return false;
        }
        if cell.contains('.') {
            cell.split('.').for_each(|piece| self.batch.text.push_str(piece));
        } else {
            self.batch.text.push_str(cell);
        }
        self.batch.ends.extend([(self.batch.text.len() - self.start[0]) as u32, u32::from(slot)]);
        self.shape.diagnoses += 1;
        true
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
    }
}

impl Drop for Encoder<'_> {
    fn drop(&mut self) {
        self.batch.drop_unfinished();
    }
}

/// A service or related row, or one service slot of such a row.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub(crate) head: &'a Head,
    /// Known codes, distinct, in order of appearance: procedure column, then ICD procedures.
    pub known: &'a [CodeId],
    pub(crate) text: &'a str,
    /// Ends of the cells within the text, counted from its start.
    pub(crate) ends: &'a [u32],
}

impl Deref for Line<'_> {
    type Target = Head;

    fn deref(&self) -> &Head {
        self.head
    }
}

impl<'a> Line<'a> {
    /// The claim number.
    pub fn claim_id(&self) -> &'a str {
        self.text(Text::ClaimId)
    }

    fn end(&self, place: usize) -> usize {
        self.ends[place] as usize
    }

    /// The cell whose end is at this index of `ends`. Valid if the previous entry is also the end of a cell.
    fn cell(&self, place: usize) -> &'a str {
        &self.text[place.checked_sub(1).map_or(0, |before| self.end(before))..self.end(place)]
    }

    /// A kept text. Empty if the row does not fill it.
    pub fn text(&self, text: Text) -> &'a str {
        let LineShape { procedures, texts, .. } = self.shape;
        if texts & text.bit() == 0 {
            return "";
        }
        self.cell(procedures as usize + (texts & (text.bit() - 1)).count_ones() as usize)
    }

    /// Number of filled diagnoses.
    pub fn diagnosis_count(&self) -> usize {
        usize::from(self.shape.diagnoses)
    }

    /// The nth filled diagnosis in column order, normalized.
    pub fn diagnosis(&self, n: usize) -> &'a str {
        let end = self.shape.first_diagnosis() + 2 * n;
        // The entry before the end of a diagnosis is the slot of the previous diagnosis.
        let before = if n == 0 { end.checked_sub(1) } else { Some(end - 2) };
        &self.text[before.map_or(0, |before| self.end(before))..self.end(end)]
    }

    /// The slot of the nth filled diagnosis.
    pub(crate) fn diagnosis_slot(&self, n: usize) -> u8 {
        self.ends[self.shape.first_diagnosis() + 2 * n + 1] as u8
    }

    /// The procedure cells: the procedure column (it may be empty), then the filled ICD procedures.
    pub fn procedure_cells(self) -> impl Iterator<Item = &'a str> {
        (0..self.shape.procedures as usize).map(move |place| self.cell(place))
    }

    /// The filled modifiers.
    pub fn modifiers(self) -> impl Iterator<Item = &'a str> {
        let first = self.shape.first_modifier();
        (first..self.ends.len()).map(move |place| {
            // The entry before the first modifier is the slot of the last diagnosis.
            let after_diagnoses = place == first && self.shape.diagnoses > 0;
            let before = if after_diagnoses { place.checked_sub(2) } else { place.checked_sub(1) };
            &self.text[before.map_or(0, |before| self.end(before))..self.end(place)]
        })
    }

    /// All filled diagnoses of the row, in column order.
    pub fn all_diagnoses(self) -> impl Iterator<Item = &'a str> {
        (0..self.diagnosis_count()).map(move |n| self.diagnosis(n))
    }

    /// The number of the diagnosis in a slot among the filled ones. `None` if the slot is empty.
    fn place_of_slot(&self, slot: u8) -> Option<usize> {
        (0..self.diagnosis_count()).find(|n| self.diagnosis_slot(*n) == slot)
    }

    /// The numbers of the diagnoses that the line points to, in pointer order.
    fn pointed(self) -> impl Iterator<Item = usize> {
        (0..self.pointers.slots().len()).filter_map(move |n| self.place_of_slot(self.head.pointers.slots()[n]))
    }

    /// Is there a pointer to a diagnosis that the row does not have (DQ505)?
    pub fn points_to_nothing(self) -> bool {
        self.pointers.unreadable || self.pointers.slots().iter().any(|slot| self.place_of_slot(*slot).is_none())
    }

    /// The considered diagnoses: those pointed to, in pointer order, if at least one pointer is valid; otherwise all.
    pub fn considered(self) -> impl Iterator<Item = &'a str> {
        self.considered_places().map(move |n| self.diagnosis(n))
    }

    /// The numbers of the considered diagnoses among the filled ones.
    pub fn considered_places(self) -> impl Iterator<Item = usize> {
        let all = if self.pointed().next().is_none() { 0..self.diagnosis_count() } else { 0..0 };
        self.pointed().chain(all)
    }

    /// The diagnoses of the row that the line does not point to. Empty if all are considered.
    pub fn unpointed(self) -> impl Iterator<Item = &'a str> {
        self.unpointed_places().map(move |n| self.diagnosis(n))
    }

    /// The numbers of these diagnoses among the filled ones.
    pub fn unpointed_places(self) -> impl Iterator<Item = usize> {
        let all = if self.pointed().next().is_none() { 0..0 } else { 0..self.diagnosis_count() };
        all.filter(move |n| self.pointed().all(|pointed| pointed != *n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
