//! A cell whose bytes are its text, with what follows it in the block.
//!
//! Cells have a few bytes each, and to read a few bytes takes longer than to read many of which the number is known. So a short cell is
//! tested together with the bytes after it, which then count as something that no test looks for.

use crate::ingest::eight_bytes::{any_word, repeated, starting};

/// Bytes that a cell is tested with, in two words.
const TESTED: usize = 16;

/// The text of a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlainCell<'a> {
    text: &'a str,
    /// Begins with the text.
    ahead: &'a str,
}

/// A text of which nothing is known to follow.
impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for PlainCell<'a> {
    fn from(text: &'a T) -> Self {
        Self { text: text.as_ref(), ahead: text.as_ref() }
    }
}

impl<'a> PlainCell<'a> {
    /// A cell without bytes.
    pub(crate) const EMPTY: Self = Self { text: "", ahead: "" };

    /// The first bytes of a text. `None` if they are not so many, or end within a character.
    #[inline(always)]
    pub(crate) fn of(ahead: &'a str, length: usize) -> Option<Self> {
        Some(Self { text: ahead.get(..length)?, ahead })
    }

    /// Its text.
    #[inline(always)]
    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// The same as [`any_word`] for tests that nothing but zeros, which are digits, does not pass.
    #[inline(always)]
    pub(crate) fn any_word(self, test: impl Fn(u64) -> bool) -> bool {
        let length = self.text.len();
        match self.ahead.as_bytes().as_chunks() {
            ([first, second, ..], _) if length <= TESTED => {
                let word = |bytes: &[u8; 8], length: usize| {
                    let own = starting(length);
                    u64::from_le_bytes(*bytes) & own | repeated(b'0') & !own
                };
                test(word(first, length.min(8))) | test(word(second, length.saturating_sub(8)))
            }
            _ => any_word(self.text.as_bytes(), test),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::eight_bytes::{
        has_byte, has_lowercase_or_foreign, has_no_capital_or_digit, has_no_letter_or_digit,
    };

    /// Texts that differ in little.
    fn text() -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop::sample::select(&["0", "A", "7", "z", ".", "\u{e9}", "AAAAAAA", "0000000"][..]),
            0..12,
        )
        .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_cell_is_its_text_whatever_follows(one in text(), more in text(), length in 0..40_usize) {
            let ahead = one.clone() + &more;
            let cell = PlainCell::of(&ahead, one.len()).expect("it begins with the text");
            prop_assert_eq!((cell.text(), cell.is_empty()), (&*one, one.is_empty()));
            for cell in [cell, PlainCell::from(&*one)] {
                for test in [has_lowercase_or_foreign, has_no_capital_or_digit, has_no_letter_or_digit, |word| has_byte(word, b'.')] {
                    prop_assert_eq!(cell.any_word(test), any_word(one.as_bytes(), test));
                }
            }
            let part = PlainCell::of(&ahead, length).map(PlainCell::text);
            prop_assert_eq!(part, ahead.get(..length));
        }
    }
}
