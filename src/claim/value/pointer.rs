//! Diagnosis pointers: which diagnoses a service line names as its reason (837P SV107).

use crate::ingest::field::{Field, Group};
use crate::ingest::{Binding, Row};

/// Most slots that can be pointed to: an 837P carries twelve diagnoses, numbered 1-12 or lettered A-L.
pub const MOST: usize = 12;

/// Reads the numbered columns, then the packed cell. `slots` are the slots of the filled diagnoses in order. Returns
/// the places in that order, how many, and whether any pointer points at nothing.
pub fn read(binding: &Binding, row: &Row<'_>, slots: &[u8]) -> ([u8; MOST], u8, bool) {
    let mut pointed = Pointed { slots, places: [0; MOST], count: 0, to_nothing: false };
    for (_, cell) in binding.slots(row, Group::DiagnosisPointer) {
        if !cell.is_empty() {
            pointed.add(&cell);
        }
    }
    let packed = binding.text(row, Field::DiagnosisPointer);
    let is_separator = |c: char| matches!(c, ':' | ',' | '|' | ';' | '/') || c.is_whitespace();
    if packed.contains(is_separator) {
        packed.split(is_separator).filter(|t| !t.is_empty()).for_each(|t| pointed.add(t));
    } else {
        let mut letter = [0; 4];
        packed.chars().for_each(|c| pointed.add(c.encode_utf8(&mut letter)));
    }
    (pointed.places, pointed.count, pointed.to_nothing)
}

struct Pointed<'a> {
    slots: &'a [u8],
    places: [u8; MOST],
    count: u8,
    to_nothing: bool,
}

impl Pointed<'_> {
    fn add(&mut self, token: &str) {
        let place = slot(token).and_then(|slot| self.slots.iter().position(|s| *s == slot));
        let Some(place) = place.and_then(|p| u8::try_from(p).ok()) else {
            self.to_nothing = true;
            return;
        };
        if !self.places[..usize::from(self.count)].contains(&place) {
            self.places[usize::from(self.count)] = place;
            self.count += 1;
        }
    }
}

/// 1-12, with leading zeros, or A-L.
fn slot(token: &str) -> Option<u8> {
    match token.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => {
            let slot = letter.to_ascii_uppercase() - b'A' + 1;
            (usize::from(slot) <= MOST).then_some(slot)
        }
        digits if digits.iter().all(u8::is_ascii_digit) => {
            let slot = token.trim_start_matches('0').parse::<u8>().ok()?;
            (usize::from(slot) <= MOST).then_some(slot)
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
