//! Ids of claims, lines, members and providers, in the form in which they are compared and printed.

use std::borrow::Cow;

pub use crate::ingest::cell::is_mangled;
use crate::ingest::cell::without_float_trace;
use crate::ingest::eight_bytes::{any_word, has_byte};
use crate::ingest::record::plain_cell::PlainCell;

/// Removes the trace of a floating-point column from an id. If several columns make the id, from each part.
#[inline]
pub fn read(text: Cow<'_, str>) -> Cow<'_, str> {
    if any_word(text.as_bytes(), |word| has_byte(word, b'.')) { without_trace(text) } else { text }
}

#[inline(never)]
fn without_trace(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        text if text.contains('|') => {
            Cow::Owned(text.split('|').map(without_float_trace).collect::<Vec<_>>().join("|"))
        }
        Cow::Borrowed(text) => Cow::Borrowed(without_float_trace(text)),
        Cow::Owned(text) => Cow::Owned(without_float_trace(&text).to_owned()),
    }
}

/// Is the text of a cell certainly an id that [`read`] leaves alone and that is not mangled?
#[inline(always)]
pub(crate) fn is_plain(cell: PlainCell<'_>) -> bool {
    !cell.any_word(|word| has_byte(word, b'.') | has_byte(word, b'+'))
}

/// The id of a member or provider. An id of only zeros or only nines is a placeholder and becomes empty.
pub fn of_person(text: Cow<'_, str>) -> Cow<'_, str> {
    let id = read(text);
    if is_placeholder(&id) { Cow::Borrowed("") } else { id }
}

/// Is it only zeros or only nines?
#[inline]
pub(crate) fn is_placeholder(id: &str) -> bool {
    match id.as_bytes() {
        [digit @ (b'0' | b'9'), rest @ ..] => rest.iter().all(|b| b == digit),
        _ => false,
    }
}

/// Is it written like the NPI of a provider: ten digits with its check digit? That is Luhn's over the number with 80840 before
/// it, whose digits add 24.
pub fn is_npi(id: &str) -> bool {
    let value = |(place, b): (usize, u8)| {
        let digit = u32::from(b.wrapping_sub(b'0'));
        let doubled = if place % 2 == 0 { digit * 2 } else { digit };
        doubled / 10 + doubled % 10
    };
    id.len() == 10
        && id.starts_with(['1', '2'])
        && id.bytes().all(|b| b.is_ascii_digit())
        && (24 + id.bytes().enumerate().map(value).sum::<u32>()) % 10 == 0
}

/// Splits a claim number into the number and its version, which is its last `last` characters. If several columns make the
/// number, the last column is split. A number that is not longer than `last` is not split.
pub fn cut_version(id: &str, last: usize) -> (&str, &str) {
    if last == 0 {
        return (id, "");
    }
    let own = id.rsplit_once('|').map_or(id, |(_, own)| own);
    match own.char_indices().rev().nth(last - 1) {
        Some((at, _)) if at > 0 => id.split_at(id.len() - own.len() + at),
        _ => (id, ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_ids_are_left_alone(
            pieces in prop::collection::vec(prop::sample::select(&["0", "9", "1", "A", "e", "E+5", ".0", "1.2E+3", "-", "|", "\u{e9}"][..]), 0..5),
        ) {
            let text = pieces.concat();
            if is_plain((&text).into()) {
                prop_assert_eq!(read(text.as_str().into()), text.as_str());
                prop_assert!(!is_mangled(&text));
            }
        }
    }

    #[test]
    fn ids_lose_the_trace_of_a_float() {
        for (id, want) in [("1001.0", "1001"), ("1001.00|7.0", "1001|7"), ("A1.0", "A1.0"), ("a1", "a1"), ("", "")] {
            assert_eq!(read(id.into()), want, "{id}");
        }
    }

    #[test]
    fn ids_of_only_zeros_or_nines_are_empty() {
        for (id, want) in [
            ("0", ""),
            ("000", ""),
            ("0.0", ""),
            ("999999999", ""),
            ("9", ""),
            ("090", "090"),
            ("9990", "9990"),
            ("M0", "M0"),
            ("1234567893", "1234567893"),
        ] {
            assert_eq!(of_person(id.into()), want, "{id}");
        }
    }

    #[test]
    fn versions_are_cut_from_the_end() {
        for (id, last, want) in [
            ("12345601", 0, ("12345601", "")),
            ("12345601", 2, ("123456", "01")),
            ("123", 2, ("1", "23")),
            ("12", 2, ("12", "")),
            ("1", 2, ("1", "")),
            ("", 2, ("", "")),
            ("ORG|12301", 2, ("ORG|123", "01")),
            ("ORG|01", 2, ("ORG|01", "")),
            ("a\u{e9}b", 1, ("a\u{e9}", "b")),
        ] {
            assert_eq!(cut_version(id, last), want, "{id}");
        }
    }
}
