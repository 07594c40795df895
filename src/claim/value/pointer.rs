//! Diagnosis pointers: the diagnoses that a service line gives as its reason (837P SV107).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ingest::cell::{is_blank, json_list};
use crate::ingest::field::{Field, Group};
use crate::ingest::{Binding, Row};

/// Number of slots that a pointer can name: an 837P has twelve diagnoses, numbered 1-12 or lettered A-L.
const MAX_SLOTS: usize = 12;

/// The diagnosis slots that a line points to, each once, in the order of its pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pointers {
    slots: [u8; MAX_SLOTS],
    count: u8,
    /// A pointer is neither 1-12 nor A-L.
    pub unreadable: bool,
}

impl Pointers {
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
    pub fn slots(&self) -> &[u8] {
        // A stored line may say anything.
        &self.slots[..usize::from(self.count).min(MAX_SLOTS)]
    }

    fn add(&mut self, token: &str) {
        let Some(slot) = slot(token) else {
            self.unreadable = true;
            return;
        };
        // There are no more slots than places for them.
        if !self.slots().contains(&slot) {
            self.slots[usize::from(self.count)] = slot;
            self.count += 1;
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
    use super::slot;

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
