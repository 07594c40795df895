//! Tables of words and their meanings. Words are compared after folding.

use rustc_hash::FxHashMap;

use crate::ingest::word::folded;

pub use crate::ingest::word::fold;
pub(crate) use crate::ingest::word::short_code;

/// Maximum length of a folded label in bytes. Labels are words and product names; longer texts are prose and never match.
pub const MAX_LABEL_LEN: usize = 128;

/// A label folded without allocating, because every kept line needs it.
pub struct Folded {
    bytes: [u8; MAX_LABEL_LEN],
    /// `None` if the label is longer than [`MAX_LABEL_LEN`].
    length: Option<usize>,
}

impl Folded {
    /// Folds a label.
    pub fn new(label: &str) -> Self {
        let mut bytes = [0; MAX_LABEL_LEN];
        let mut length = 0;
        folded(label, |b| {
            if let Some(place) = bytes.get_mut(length) {
                *place = b;
            }
            length += 1;
        });
        Self { bytes, length: (length <= MAX_LABEL_LEN).then_some(length) }
    }

    /// The folded label. `None` if it is longer than [`MAX_LABEL_LEN`].
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes[..self.length?]).ok()
    }
}

/// A word of at most eight letters and digits, upper-cased, as a number.
#[inline]
fn packed(word: &str) -> Option<u64> {
    let is_short = word.len() <= size_of::<u64>() && word.bytes().all(|b| b.is_ascii_alphanumeric());
    is_short.then(|| word.bytes().fold(0, |number, b| number << 8 | u64::from(b.to_ascii_uppercase())))
}

/// How blanks between words are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blanks {
    /// `FULLY DENIED` is two words.
    Count,
    /// `CMS 1500` and `CMS-1500` are `CMS1500`.
    Drop,
}

/// A table of words and their meanings.
#[derive(Debug, Clone)]
pub struct WordTable<T> {
    words: FxHashMap<Box<str>, T>,
    /// Those that [`packed`] makes a number of, because nearly all cells are such words.
    short: FxHashMap<u64, T>,
    blanks: Blanks,
}

impl<T: Copy> WordTable<T> {
    /// A table of these words, which are folded here.
    pub fn new(words: impl IntoIterator<Item = (String, T)>, blanks: Blanks) -> Self {
        let table = Self { words: FxHashMap::default(), short: FxHashMap::default(), blanks };
        table.with(words)
    }

    /// Adds the words of a layout, which take precedence.
    #[must_use]
    pub fn with(mut self, words: impl IntoIterator<Item = (String, T)>) -> Self {
        for (word, meaning) in words {
            let key = self.key(fold(&word));
            if let Some(number) = packed(&key) {
                self.short.insert(number, meaning);
            }
            self.words.insert(key.into(), meaning);
        }
        self
    }

    fn key(&self, folded: String) -> String {
        if self.blanks == Blanks::Drop { folded.replace(' ', "") } else { folded }
    }

    /// The meaning of a cell. `None` if the cell is empty or unknown.
    pub fn get(&self, cell: &str) -> Option<T> {
        if cell.is_empty() || self.words.is_empty() {
            return None;
        }
        if let Some(number) = packed(cell) {
            return self.short.get(&number).copied();
        }
        let folded = Folded::new(cell);
        let text = folded.text()?;
        if self.blanks == Blanks::Drop && text.contains(' ') {
            return self.words.get(text.replace(' ', "").as_str()).copied();
        }
        self.words.get(text).copied()
    }

    /// What a cell means that holds a code. Codes are compared without folding, which would turn `"7` into `7`.
    pub(crate) fn get_code(&self, code: &str) -> Option<T> {
        let is_code = code.bytes().all(|b| b.is_ascii_alphanumeric());
        self.get(code).filter(|_| is_code)
    }

    /// Is the cell filled but unknown? Such labels are reported as unread.
    pub(crate) fn is_unread(&self, cell: &str) -> bool {
        !cell.is_empty() && self.get(cell).is_none()
    }

    /// Every folded word with its meaning, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, T)> {
        self.words.iter().map(|(word, meaning)| (&**word, *meaning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding() {
        for (label, want) in [
            (" in-process ", "IN PROCESS"),
            ("FULLY  denied!", "FULLY DENIED"),
            ("caf\u{e9} x", "CAF X"),
            ("\u{df}\u{17f}", ""),
            ("", ""),
        ] {
            assert_eq!(fold(label), want, "{label}");
            assert_eq!(Folded::new(label).text(), Some(want), "{label}");
        }
        assert_eq!(Folded::new(&"x".repeat(MAX_LABEL_LEN)).text().map(str::len), Some(MAX_LABEL_LEN));
        assert_eq!(Folded::new(&"x".repeat(MAX_LABEL_LEN + 1)).text(), None);
    }

    #[test]
    fn words_of_a_layout_go_first() {
        let table = WordTable::new([("FULLY DENIED".to_owned(), 1), ("E".to_owned(), 2)], Blanks::Count);
        assert_eq!(table.get("fully-denied"), Some(1));
        assert_eq!(table.get("FULLYDENIED"), None);
        assert_eq!(
            (table.get(""), table.is_unread(""), table.is_unread("x"), table.is_unread("e")),
            (None, false, true, false)
        );
        assert_eq!((table.get("\u{e9}"), table.get("E\u{e9}"), table.get(" e ")), (None, Some(2), Some(2)));
        let digits = WordTable::new(
            [("1".to_owned(), 1), ("12345678".to_owned(), 2), ("123456789".to_owned(), 3)],
            Blanks::Count,
        );
        let cells = ["1", "01", "12345678", "123456789", "0"];
        assert_eq!(cells.map(|cell| digits.get(cell)), [Some(1), None, Some(2), Some(3), None]);
        assert_eq!(table.with([("e".to_owned(), 3)]).get("E"), Some(3));
        let forms = WordTable::new([("CMS1500".to_owned(), 1)], Blanks::Drop);
        assert_eq!((forms.get("CMS-1500"), forms.get("cms 1500"), forms.get("CMS 150")), (Some(1), Some(1), None));
    }

    #[test]
    fn codes_lose_zeros_and_float_traces() {
        for (cell, want) in [
            ("8", "8"),
            ("08", "8"),
            ("8.0", "8"),
            ("0008.0", "8"),
            ("0", "0"),
            ("00", "0"),
            ("0.0", "0"),
            ("0A", "A"),
            ("10", "10"),
            ("8.1", "8.1"),
            ("", ""),
        ] {
            assert_eq!(short_code(cell), want, "{cell}");
        }
    }
}
