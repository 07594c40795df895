//! What a report groups the services of a billing provider by.

use std::borrow::Cow;

use crate::claim::{Line, Text};

/// Bytes of the longest number of a provider that is kept whole. An NPI has ten; a cell may have megabytes, and reports keep the numbers
/// of many providers in memory.
const LONGEST_KEY: usize = 1 << 10;

/// Bytes of a longer one that are kept. The ellipsis, a blank and a hash come after them.
const BEGINNING: usize = LONGEST_KEY / 2;

/// The billing provider of a line: the number of its row, or, of a very long one, the beginning and a hash of the whole, so that
/// two of them stay two.
pub(crate) fn provider_key(line: Line<'_>) -> Cow<'_, str> {
    of_number(line.text(Text::BillingNpi))
}

fn of_number(number: &str) -> Cow<'_, str> {
    if number.len() <= LONGEST_KEY {
        return number.into();
    }
    let beginning = &number[..number.floor_char_boundary(BEGINNING)];
    format!("{beginning}\u{2026} {}", blake3::hash(number.as_bytes()).to_hex()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_stay_apart() {
        assert_eq!(of_number("1234567893"), "1234567893");
        let longest = "9".repeat(LONGEST_KEY);
        assert_eq!(of_number(&longest), longest);
        // The character of three bytes lies across the place of the cut.
        let long = |end: &str| format!("{}{}{end}", "9".repeat(BEGINNING - 1), "\u{20ac}".repeat(LONGEST_KEY));
        let (one, other) = (long("1"), long("2"));
        assert!(of_number(&one).len() < LONGEST_KEY && of_number(&one) != of_number(&other));
        assert_eq!(of_number(&one), of_number(&long("1")));
        assert!(of_number(&one).starts_with("999") && of_number(&one).contains("9\u{2026} "));
    }
}
