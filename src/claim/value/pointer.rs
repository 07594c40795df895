//! Diagnosis pointers: the diagnoses that a service line gives as its reason (837P SV107).

use std::borrow::Cow;

use crate::ingest::cell::{is_blank, json_list};
use crate::ingest::field::{Field, Group};
use crate::ingest::{Binding, Row};

/// Number of slots that a pointer can name: an 837P has twelve diagnoses, numbered 1-12 or lettered A-L.
const MAX_SLOTS: usize = 12;

/// The diagnosis slots that a line points to, each once, in the order of its pointers: four bits for each of [`MAX_SLOTS`], then
/// four for their number, then one that says that a pointer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pointers(u64);

/// Bits of a slot.
const SLOT_BITS: usize = 4;

/// The first bit of the number of slots.
const COUNT_AT: usize = MAX_SLOTS * SLOT_BITS;

/// The bit that says that a pointer cannot be read.
const UNREADABLE: u64 = 1 << (COUNT_AT + SLOT_BITS);

impl Pointers {
    /// The slots as bits.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// The slots that these bits stand for.
    pub(crate) fn of_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Reads the numbered columns, then the cell with several pointers.
    pub fn read(binding: &Binding, row: &Row<'_>) -> Self {
        let mut pointers = Self::default();
        for (_, cell) in binding.slots(row, Group::DiagnosisPointer) {
            pointers.add(&cell);
        }
        let packed = binding.text(row, Field::DiagnosisPointer);
        // A list of Parquet comes as JSON.
        let packed = json_list(&packed).map_or(packed, Cow::Owned);
        if pointers.add_each(&packed) {
            return pointers;
        }
        let is_separator = |c: char| matches!(c, ':' | ',' | '|' | ';' | '/') || is_blank(c);
        if packed.contains(is_separator) {
            packed.split(is_separator).filter(|t| !t.is_empty()).for_each(|t| pointers.add(t));
        } else {
            let mut letter = [0; 4];
            packed.chars().for_each(|c| pointers.add(c.encode_utf8(&mut letter)));
        }
        pointers
    }

    /// The pointers of a cleaned cell that holds nothing but letters and digits, each a pointer. `None` for other cells.
    #[inline]
    pub(crate) fn of_letters_and_digits(cell: &str) -> Option<Self> {
        let mut pointers = Self::default();
        pointers.add_each(cell).then_some(pointers)
    }

    /// Adds each letter and digit of a cell. False, and nothing is added, if there is anything else in it.
    #[inline]
    fn add_each(&mut self, cell: &str) -> bool {
        let is_common = cell.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_common {
            (0..cell.len()).for_each(|at| self.add(&cell[at..=at]));
        }
        is_common
    }

    /// The slots.
    pub fn slots(self) -> impl Iterator<Item = u8> {
        // A stored line may say anything.
        (0..self.count().min(MAX_SLOTS)).map(move |place| (self.0 >> (place * SLOT_BITS) & 0xf) as u8)
    }

    /// Is a pointer neither 1-12 nor A-L?
    pub fn has_unreadable(self) -> bool {
        self.0 & UNREADABLE != 0
    }

    fn count(self) -> usize {
        (self.0 >> COUNT_AT & 0xf) as usize
    }

    fn add(&mut self, token: &str) {
        let Some(slot) = slot(token) else {
            self.0 |= UNREADABLE;
            return;
        };
        // There are no more slots than places for them.
        if self.slots().all(|other| other != slot) {
            self.0 |= u64::from(slot) << (self.count() * SLOT_BITS);
            self.0 += 1 << COUNT_AT;
        }
    }
}

/// 1-12, with leading zeros, or A-L.
fn slot(token: &str) -> Option<u8> {
    match token.as_bytes() {
        [digit @ b'1'..=b'9'] => Some(digit - b'0'),
        [letter] if letter.is_ascii_alphabetic() => {
            let slot = letter.to_ascii_uppercase() - b'A' + 1;
            (usize::from(slot) <= MAX_SLOTS).then_some(slot)
        }
        digits if digits.iter().all(u8::is_ascii_digit) => {
            let slot = token.trim_start_matches('0').parse::<u8>().ok()?;
            (usize::from(slot) <= MAX_SLOTS).then_some(slot)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Pointers, slot};

    #[test]
    fn pointers_keep_their_order() {
        let of = |cell: &str| Pointers::of_letters_and_digits(cell).expect("letters and digits");
        for (cell, want, has_unreadable) in [
            ("", &[][..], false),
            ("A", &[1], false),
            ("DACBA", &[4, 1, 3, 2], false),
            ("LKJIHGFEDCBA", &[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], false),
            ("BZ1", &[2, 1], true),
        ] {
            assert!(of(cell).slots().eq(want.iter().copied()), "{cell}");
            assert_eq!(of(cell).has_unreadable(), has_unreadable, "{cell}");
        }
    }

    #[test]
    fn slots() {
        for (token, want) in [
            ("1", Some(1)),
            ("02", Some(2)),
            ("12", Some(12)),
            ("13", None),
            ("0", None),
            ("A", Some(1)),
            ("l", Some(12)),
            ("M", None),
            ("1.0", None),
            ("AB", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(slot(token), want, "{token}");
        }
    }
}
