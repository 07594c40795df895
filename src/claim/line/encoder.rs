//! The only encoder that writes a line. [`view`] reads it, and [`batch`](mod@crate::claim::line::batch) says what it consists of.
//!
//! [`view`]: crate::claim::line::view

use crate::claim::line::batch::Batch;
use crate::claim::line::head::{Head, LineShape};
use crate::claim::line::kept::{Text, Texts};
use crate::claim::value::code::CodeId;
use crate::ingest::eight_bytes::{any_word, has_byte};

impl Batch {
    /// Starts to encode a new line.
    pub(crate) fn encode(&mut self) -> Encoder<'_> {
        let start = self.lengths().map(|length| length as usize);
        Encoder { start, shape: LineShape::default(), is_wide: false, batch: self }
    }
}

/// Encodes one line. Call its methods in the order in which they are defined. A line that is not finished is discarded.
pub(crate) struct Encoder<'b> {
    batch: &'b mut Batch,
    /// Where the parts of the line start in `text`, `ends` and `known`.
    start: [usize; 3],
    shape: LineShape,
    /// Do the ends take 32 bits each? Kept apart from the shape, which changes with every text: to read a word right after one of its
    /// bytes was written makes the processor wait.
    is_wide: bool,
}

impl Encoder<'_> {
    fn push(&mut self, cell: &str) {
        self.batch.text.push_str(cell);
        self.push_end();
    }

    /// Adds the end of the text so far.
    fn push_end(&mut self) {
        let end = self.batch.text.len() - self.start[0];
        match u8::try_from(end) {
            Ok(end) if !self.is_wide => self.batch.ends.push(end),
            _ => self.push_wide(end as u32),
        }
    }

    /// Adds a number in 32 bits, and widens those before it.
    #[cold]
    fn push_wide(&mut self, number: u32) {
        if !self.is_wide {
            let narrow = self.batch.ends.split_off(self.start[1]);
            self.batch.ends.extend(narrow.into_iter().flat_map(|number| u32::from(number).to_le_bytes()));
            self.is_wide = true;
        }
        self.batch.ends.extend(number.to_le_bytes());
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
        debug_assert!(self.shape.ends_before(text), "{text:?} comes before texts that were added");
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
        if self.is_wide {
            self.push_wide(slot.into());
        } else {
            self.batch.ends.push(slot);
        }
        self.shape.diagnoses += 1;
    }

    /// Adds a modifier.
    pub(crate) fn modifier(&mut self, cell: &str) {
        self.push(cell);
    }

    /// Keeps the line.
    // In its caller, which makes the head, so that this is not made in one place and copied to another.
    #[inline(always)]
    pub(crate) fn finish(self, head: Head) {
        let batch = &mut *self.batch;
        let shape = if self.is_wide { self.shape.widened() } else { self.shape };
        batch.heads.push(Head { shape, ..head });
        batch.stops.push([batch.text.len() as u32, batch.ends.len() as u32, batch.known.len() as u32]);
        // There is nothing to discard.
        std::mem::forget(self);
    }
}

impl Drop for Encoder<'_> {
    fn drop(&mut self) {
        self.batch.drop_unfinished();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::eight_bytes::beginning;

    /// Lines whose cells end before, at and after the last place of 8 bits, and far beyond, between lines that are short.
    #[test]
    fn long_cells_are_read_back() {
        let lengths = [0, 1, 120, 250, 254, 255, 256, 65_536, 200_000];
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
            encoder.finish(Head::zero());
            let mut encoder = batch.encode();
            encoder.procedure("22514");
            encoder.finish(Head::zero());
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
            assert!(wide.beginnings().eq(wide.all_diagnoses().map(beginning)), "{length}");
            assert_eq!((wide.diagnosis_slot(0), wide.diagnosis_slot(1)), (3, 255));
            assert!(wide.modifiers().eq(["RT", long(length).as_str()]), "{length}");
            assert!(batch.line(line + 1).procedure_cells().eq(["22514"]));
        }
        let mut copied = Batch::default();
        copied.append(&batch, 3..15, 0);
        assert!(copied.is_valid(1, 1) && copied.line(1).modifiers().eq(batch.line(4).modifiers()));
    }

    #[test]
    fn a_line_has_any_number_of_diagnoses() {
        let mut batch = Batch::default();
        let mut encoder = batch.encode();
        encoder.procedure("22514");
        assert!((1..=1000_u32).all(|n| encoder.diagnosis(n.min(255) as u8, &format!("M{n}"))));
        encoder.finish(Head::zero());
        let line = batch.line(0);
        assert!(line.all_diagnoses().eq((1..=1000).map(|n| format!("M{n}"))));
        assert!(line.beginnings().eq((1..=1000).map(|n| beginning(&format!("M{n}")))));
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
