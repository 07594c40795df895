//! The words and characters that stand for nothing in a cell, whatever the column.

use std::sync::LazyLock;

use crate::ingest::word::fold;
use crate::strict_toml::{Document, Faults, Table};

/// The null words of every extract.
#[derive(Debug)]
pub(super) struct EmptyWords {
    words: Vec<String>,
    fill: Vec<char>,
    /// By first byte of a cell: may the cell be a null word?
    begins: [bool; 256],
    /// By byte: is it a letter or digit with which no null word begins?
    is_plain_first: [bool; 256],
    /// By byte: is it the second one of no null word?
    is_plain_second: [bool; 256],
}

/// The built-in null words. They decide how every cell is read, so they are loaded once and never change during a run.
pub(super) static EMPTY: LazyLock<EmptyWords> = LazyLock::new(|| {
    EmptyWords::load("empty-words.toml", include_str!("empty-words.toml"))
        .unwrap_or_else(|faults| unreachable!("a test loads the built-in words: {faults}"))
});

impl EmptyWords {
    fn load(file: &str, text: &str) -> Result<Self, Faults> {
        Document::load(file, text, |document, root| {
            root.choice("kind", &[("empty-words", ())]);
            root.text("source");
            root.text("valid");
            let words = root.texts("words");
            let fill = root.texts("fill");
            root.deny_unknown_keys();
            let (mut begins, mut goes_on, mut chars) = ([false; 256], [false; 256], Vec::new());
            for word in &words {
                if word.text.is_empty() || !word.text.is_ascii() || word.text != word.text.to_uppercase() {
                    document.fault(word.span.clone(), "a word is written in capitals: write \"NULL\"");
                }
                for (byte, is_some) in word.text.bytes().zip([&mut begins, &mut goes_on]) {
                    is_some[usize::from(byte)] = true;
                    is_some[usize::from(byte.to_ascii_lowercase())] = true;
                }
            }
            for placed in &fill {
                let mut each = placed.text.chars();
                let (Some(c), None) = (each.next(), each.next()) else {
                    document.fault(placed.span.clone(), "write one character: \"-\"");
                    continue;
                };
                for is_some in [&mut begins, &mut goes_on] {
                    is_some[usize::from(placed.text.as_bytes()[0])] = true;
                }
                chars.push(c);
            }
            let is_plain_first = std::array::from_fn(|b| (b as u8).is_ascii_alphanumeric() && !begins[b]);
            let words = words.into_iter().map(|word| word.text).collect();
            let is_plain_second = goes_on.map(|goes_on| !goes_on);
            Some(Self { words, fill: chars, begins, is_plain_first, is_plain_second })
        })
    }

    /// Does a cell begin with a letter or digit, and do its first bytes show that it is no null word?
    #[inline(always)]
    pub(super) fn begins_plainly(&self, cell: &[u8]) -> bool {
        match cell {
            [first, ..] if self.is_plain_first[usize::from(*first)] => true,
            [first, second, ..] => first.is_ascii_alphanumeric() && self.is_plain_second[usize::from(*second)],
            _ => false,
        }
    }

    /// Is a cell with this text empty?
    pub(super) fn holds(&self, text: &str) -> bool {
        match text.as_bytes().first() {
            None => true,
            Some(first) if !self.begins[usize::from(*first)] => false,
            Some(_) => {
                self.words.iter().any(|word| word.eq_ignore_ascii_case(text))
                    || text.chars().all(|c| self.fill.contains(&c))
            }
        }
    }
}

/// Is it one of the words that mean that a cell is empty, or a layout's own?
pub(crate) fn is_null_word(text: &str, null: &[String]) -> bool {
    EMPTY.words.iter().any(|word| word.eq_ignore_ascii_case(text)) || is_own_null_word(text, null)
}

/// Does a part of a cell stand for nothing: is it empty, one of the words or characters that mean so, or a layout's own word?
#[inline]
pub(crate) fn stands_for_nothing(text: &str, null: &[String]) -> bool {
    EMPTY.holds(text) || is_own_null_word(text, null)
}

/// Refuses the keys of a table of words that a cell never holds, because it counts as empty with them. A key without letters
/// and digits has a fault of its own.
pub(crate) fn refuse_empty(table: &Table<'_, '_>, null: &[String]) {
    for key in table.keys().into_iter().filter(|key| stands_for_nothing(&key.text, null) && !fold(&key.text).is_empty())
    {
        table.document().fault(key.span, never_looked_up(&key.text));
    }
}

/// The fault of a word with which a cell counts as empty.
pub(crate) fn never_looked_up(word: &str) -> String {
    format!("a cell with \"{word}\" counts as empty, so the word is never looked up: drop it")
}

/// Is it one of the words that a layout adds, which are upper-case?
pub(super) fn is_own_null_word(text: &str, null: &[String]) -> bool {
    !null.is_empty() && null.contains(&text.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_words_are_validated() {
        let text =
            "kind = \"empty-words\"\nsource = \"s\"\nvalid = \"v\"\nwords = [\"null\"]\nfill = [\"--\"]\nmore = 1\n";
        let faults = EmptyWords::load("w.toml", text).expect_err("faults").list;
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [4, 5, 6]);
    }
}
