//! A line in its batch, with the only decoder that reads it. [`crate::claim::line::batch`] describes how it is written.

use std::ops::Deref;

use crate::claim::line::head::{Head, LineShape};
use crate::claim::line::kept::Text;
use crate::claim::value::code::CodeId;
use crate::ingest::eight_bytes;

/// A service or related row, or one service slot of such a row.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    pub(crate) head: &'a Head,
    /// Known codes, distinct, in order of appearance: procedure column, then ICD procedures.
    pub known: &'a [CodeId],
    /// The text of all lines of the batch. To cut out that of the line would read it, and not every step needs it.
    pub(super) batch_text: &'a str,
    /// The place of the line's own text there.
    pub(super) place: (usize, usize),
    /// Ends of the cells within the text, counted from its start.
    pub(super) ends: &'a [u8],
}

impl Deref for Line<'_> {
    type Target = Head;

    fn deref(&self) -> &Head {
        self.head
    }
}

impl<'a> Line<'a> {
    /// The text of all its cells.
    pub(crate) fn whole_text(&self) -> &'a str {
        &self.batch_text[self.place.0..self.place.1]
    }

    /// A part of its text.
    #[inline]
    fn part(&self, from: usize, to: usize) -> &'a str {
        &self.batch_text[self.place.0 + from..self.place.0 + to]
    }

    /// The claim number.
    pub fn claim_id(&self) -> &'a str {
        self.text(Text::ClaimId)
    }

    /// A number of `ends`.
    #[inline]
    pub(crate) fn end(&self, place: usize) -> usize {
        if self.shape.is_wide() {
            let (numbers, _) = self.ends.as_chunks();
            u32::from_le_bytes(numbers[place]) as usize
        } else {
            usize::from(self.ends[place])
        }
    }

    /// How many numbers `ends` has.
    pub(crate) fn end_count(&self) -> usize {
        if self.shape.is_wide() { self.ends.len() / size_of::<u32>() } else { self.ends.len() }
    }

    /// The cell whose end is at this index of `ends`. Valid if the previous entry is also the end of a cell.
    #[inline(always)]
    fn cell(&self, place: usize) -> &'a str {
        self.part(place.checked_sub(1).map_or(0, |before| self.end(before)), self.end(place))
    }

    /// A kept text. Empty if the row does not fill it.
    #[inline]
    pub fn text(&self, text: Text) -> &'a str {
        let LineShape { procedures, texts, .. } = self.shape;
        if texts & text.bit() == 0 {
            return "";
        }
        self.cell(procedures as usize + (texts & (text.bit() - 1)).count_ones() as usize)
    }

    /// Number of filled diagnoses.
    pub(crate) fn diagnosis_count(&self) -> usize {
        self.shape.diagnoses as usize
    }

    /// The nth filled diagnosis in column order, normalized.
    pub fn diagnosis(&self, n: usize) -> &'a str {
        let end = self.shape.first_diagnosis() + 2 * n;
        // The entry before the end of a diagnosis is the slot of the previous diagnosis.
        let before = if n == 0 { end.checked_sub(1) } else { Some(end - 2) };
        self.part(before.map_or(0, |before| self.end(before)), self.end(end))
    }

    /// The slot of the nth filled diagnosis.
    pub(crate) fn diagnosis_slot(&self, n: usize) -> u8 {
        self.end(self.shape.first_diagnosis() + 2 * n + 1) as u8
    }

    /// The procedure cells: the procedure column (it may be empty), then the filled ICD procedures.
    pub(crate) fn procedure_cells(self) -> impl Iterator<Item = &'a str> {
        (0..self.shape.procedures as usize).map(move |place| self.cell(place))
    }

    /// The filled modifiers.
    pub fn modifiers(self) -> impl Iterator<Item = &'a str> {
        let first = self.shape.first_modifier();
        (first..self.end_count()).map(move |place| {
            // The entry before the first modifier is the slot of the last diagnosis.
            let after_diagnoses = place == first && self.shape.diagnoses > 0;
            let before = if after_diagnoses { place.checked_sub(2) } else { place.checked_sub(1) };
            self.part(before.map_or(0, |before| self.end(before)), self.end(place))
        })
    }

    /// All filled diagnoses of the row, in column order.
    pub(crate) fn all_diagnoses(self) -> impl Iterator<Item = &'a str> {
        let first = self.shape.first_diagnosis();
        let start = first.checked_sub(1).map_or(0, |before| self.end(before));
        (0..self.diagnosis_count()).scan(start, move |start, n| {
            let end = self.end(first + 2 * n);
            Some(self.part(std::mem::replace(start, end), end))
        })
    }

    /// The first eight bytes of each filled diagnosis, in column order, as [`beginning`](eight_bytes::beginning) has them.
    #[inline]
    pub(crate) fn beginnings(self) -> impl Iterator<Item = u64> {
        let first = self.shape.first_diagnosis();
        let start = first.checked_sub(1).map_or(0, |before| self.end(before));
        (0..self.diagnosis_count()).scan(start, move |start, n| {
            let (from, end) = (*start, self.end(first + 2 * n));
            *start = end;
            // Looked at with the text after it, which takes no branch on the length.
            let ahead = &self.batch_text.as_bytes()[self.place.0 + from..];
            Some(eight_bytes::first_bytes(ahead, (end - from).min(8)))
        })
    }

    /// The number of the diagnosis in a slot among the filled ones. `None` if the slot is empty.
    fn place_of_slot(&self, slot: u8) -> Option<usize> {
        (0..self.diagnosis_count()).find(|n| self.diagnosis_slot(*n) == slot)
    }

    /// The numbers of the diagnoses that the line points to, in pointer order.
    fn pointed(self) -> impl Iterator<Item = usize> {
        self.pointers.slots().filter_map(move |slot| self.place_of_slot(slot))
    }

    /// Is there a pointer to a diagnosis that the row does not have (DQ505)?
    pub(crate) fn points_to_nothing(self) -> bool {
        self.pointers.has_unreadable() || self.pointers.slots().any(|slot| self.place_of_slot(slot).is_none())
    }

    /// The considered diagnoses: those pointed to, in pointer order, if at least one pointer is valid; otherwise all.
    pub fn considered(self) -> impl Iterator<Item = &'a str> {
        self.considered_places().map(move |n| self.diagnosis(n))
    }

    /// Calls `look` for each considered diagnosis. The same as [`Line::considered`], without an iterator that is larger than the line.
    #[inline]
    pub(crate) fn each_considered(&self, mut look: impl FnMut(&'a str)) {
        let mut is_pointed = false;
        for place in self.pointers.slots().filter_map(|slot| self.place_of_slot(slot)) {
            is_pointed = true;
            look(self.diagnosis(place));
        }
        if !is_pointed {
            self.all_diagnoses().for_each(look);
        }
    }

    /// The numbers of the considered diagnoses among the filled ones.
    pub(crate) fn considered_places(self) -> impl Iterator<Item = usize> {
        let all = if self.pointed().next().is_none() { 0..self.diagnosis_count() } else { 0..0 };
        self.pointed().chain(all)
    }

    /// The diagnoses of the row that the line does not point to. Empty if all are considered.
    pub(crate) fn unpointed(self) -> impl Iterator<Item = &'a str> {
        self.unpointed_places().map(move |n| self.diagnosis(n))
    }

    /// The numbers of these diagnoses among the filled ones.
    pub(crate) fn unpointed_places(self) -> impl Iterator<Item = usize> {
        // Found once, because to find them takes as long as the row has diagnoses.
        let pointed: Vec<usize> = self.pointed().collect();
        let all = if pointed.is_empty() { 0..0 } else { 0..self.diagnosis_count() };
        all.filter(move |n| !pointed.contains(n))
    }
}
