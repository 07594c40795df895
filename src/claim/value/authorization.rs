//! Authorization numbers in a cell.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::claim::value::qualifiers::QUALIFIERS;
use crate::ingest::cell::{is_blank, without_float_trace};
use crate::ingest::eight_bytes::{any_word, has_digit, has_no_letter_or_digit, with_in_place_of};
use crate::ingest::record::plain_cell::PlainCell;

/// Separators between the numbers of a cell.
const SEPARATORS: [char; 3] = [';', ',', '|'];

/// The distinct numbers in a cleaned cell, in order. Words such as NONE, PENDING or Y, and zeros or nines alone, are not
/// numbers.
pub fn numbers(cell: &str) -> Vec<&str> {
    let mut known = FxHashSet::default();
    cell.split(SEPARATORS).filter_map(number).filter(|number| known.insert(key(number))).collect()
}

/// The number in one part of a cell, if there is one.
fn number(part: &str) -> Option<&str> {
    let part = part.trim_matches(is_blank);
    let is_qualifier = |first: &str| QUALIFIERS.authorization.iter().any(|own| own.eq_ignore_ascii_case(first));
    let bare = part.split_once(':').filter(|(first, _)| is_qualifier(first)).map_or(part, |(_, rest)| rest);
    let number = without_float_trace(bare.trim_matches(is_blank));
    is_number(number).then_some(number)
}

/// Is a cleaned cell certainly one number, as it is kept and printed: letters, digits and hyphens, with a letter before a digit?
#[inline(always)]
pub(crate) fn is_one(cell: PlainCell<'_>) -> bool {
    let begins_with_letter = cell.text().as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    begins_with_letter && !cell.any_word(has_others) && any_word(cell.text().as_bytes(), has_digit)
}

/// Does a word hold anything but letters, digits and hyphens?
fn has_others(word: u64) -> bool {
    has_no_letter_or_digit(with_in_place_of(word, b'-', b'0'))
}

/// The numbers of a cleaned cell as they are kept and printed: joined by `;`.
pub fn normalized(cell: &str) -> Cow<'_, str> {
    // The common case: a number of letters, digits and hyphens needs no taking apart.
    if is_one(cell.into()) {
        return Cow::Borrowed(cell);
    }
    if !any_word(cell.as_bytes(), has_others) {
        return Cow::Borrowed(if is_number(cell) { cell } else { "" });
    }
    if !cell.contains(SEPARATORS) {
        return Cow::Borrowed(number(cell).unwrap_or_default());
    }
    match numbers(cell).as_slice() {
        [] => Cow::Borrowed(""),
        [one] => Cow::Borrowed(one),
        several => Cow::Owned(several.join(";")),
    }
}

fn is_number(number: &str) -> bool {
    let (mut count, mut has_digit, mut zeros, mut nines) = (0, false, true, true);
    for b in number.bytes().filter(u8::is_ascii_alphanumeric) {
        count += 1;
        has_digit |= b.is_ascii_digit();
        zeros &= b == b'0';
        nines &= b == b'9';
    }
    has_digit && count >= 2 && !zeros && !nines
}

/// The form in which numbers are compared: letters and digits only, upper-case, without leading zeros.
pub fn key(number: &str) -> String {
    compared(number).map(char::from).collect()
}

/// The characters of that form.
pub(crate) fn compared(number: &str) -> impl Iterator<Item = u8> {
    number.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase()).skip_while(|b| *b == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_numbers() {
        for (cell, want) in [
            ("PA1", "PA1"),
            ("pa-1", "pa-1"),
            ("PA1;PA2", "PA1;PA2"),
            ("PA1, PA2|PA3", "PA1;PA2;PA3"),
            ("G1:PA1", "PA1"),
            ("g1: PA1;9f:PA2", "PA1;PA2"),
            ("G1PA1", "G1PA1"),
            ("12345.0", "12345"),
            // One number in several spellings counts once.
            ("PA-1;pa1;00PA1", "PA-1"),
            ("PA1;PA10", "PA1;PA10"),
            // No numbers.
            ("NONE", ""),
            ("N/A", ""),
            ("PENDING", ""),
            ("RETRO", ""),
            ("NOT REQUIRED", ""),
            ("Y", ""),
            ("N", ""),
            ("X", ""),
            ("1", ""),
            ("0", ""),
            ("0.0", ""),
            ("0000", ""),
            ("000-000", ""),
            ("99999", ""),
            ("G1:", ""),
            ("NONE;PA1", "PA1"),
            // Near misses.
            ("A1", "A1"),
            ("09", "09"),
            ("90", "90"),
            ("", ""),
        ] {
            assert_eq!(normalized(cell), want, "{cell}");
        }
    }

    #[test]
    fn keys_compare_letters_and_digits() {
        for (number, want) in [("pa-24 001", "PA24001"), ("00112233", "112233"), ("0A0", "A0"), ("1000", "1000")] {
            assert_eq!(key(number), want, "{number}");
        }
    }
}
