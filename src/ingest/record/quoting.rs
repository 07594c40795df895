//! How an input marks cells that hold a delimiter, a quote or a line end. spec: files/quoting.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The character before which an input with escapes writes a quote or a delimiter that belongs to the cell.
pub(crate) const ESCAPE: u8 = b'\\';

/// How the cells of an input are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoting {
    /// The character around quoted cells. None: no cell is quoted, and a quotation mark is an ordinary character.
    pub quote: Option<u8>,
    /// Is a quote inside a quoted cell written with [`ESCAPE`] before it, instead of twice? Where no cell is quoted: a
    /// delimiter inside a cell.
    pub escapes: bool,
}

impl Quoting {
    /// RFC 4180: quotation marks, doubled inside a quoted cell. The fast scan reads nothing else.
    pub const STANDARD: Self = Self { quote: Some(b'"'), escapes: false };

    /// The first byte of a line that an input without it can be split at every delimiter. None: there is no such byte.
    pub(crate) fn mark(self) -> Option<u8> {
        self.quote.or_else(|| self.escapes.then_some(ESCAPE))
    }
}

impl Default for Quoting {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Characters of a cell that are not part of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Marks {
    /// None: the bytes are the value.
    Nothing,
    /// Each doubled quote stands for one.
    Doubled(u8),
    /// An [`ESCAPE`] before one of these, or before another escape, is left out.
    Escaped([u8; 2]),
}

impl Marks {
    /// The value of a cell.
    pub fn remove(self, raw: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Nothing => Cow::Borrowed(raw),
            Self::Doubled(quote) => Cow::Owned(undouble(raw, quote)),
            Self::Escaped(before) => Cow::Owned(unescape(raw, before)),
        }
    }
}

/// Reads each doubled quote as one.
fn undouble(raw: &[u8], quote: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(i) = memchr::memchr(quote, rest) {
        out.extend_from_slice(&rest[..=i]);
        rest = &rest[(i + 2).min(rest.len())..];
    }
    out.extend_from_slice(rest);
    out
}

/// Leaves out each escape before one of these characters or before another escape.
fn unescape(raw: &[u8], before: [u8; 2]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(i) = memchr::memchr(ESCAPE, rest) {
        out.extend_from_slice(&rest[..i]);
        match rest.get(i + 1) {
            Some(b) if *b == ESCAPE || before.contains(b) => {
                out.push(*b);
                rest = &rest[i + 2..];
            }
            _ => {
                out.push(ESCAPE);
                rest = &rest[i + 1..];
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_quotes_are_read_as_one() {
        for (raw, want) in [("a\"\"b", "a\"b"), ("\"\"", "\""), ("\"\"\"\"x", "\"\"x"), ("x", "x")] {
            assert_eq!(&*Marks::Doubled(b'"').remove(raw.as_bytes()), want.as_bytes(), "{raw}");
        }
        assert_eq!(&*Marks::Doubled(b'\'').remove(b"O''Neil \"\""), b"O'Neil \"\"");
    }

    #[test]
    fn an_escape_is_left_out_only_before_what_needs_one() {
        for (raw, want) in [
            ("a\\\"b", "a\"b"),
            ("a\\\\b", "a\\b"),
            ("a\\\\\"b", "a\\\"b"),
            ("a\\nb", "a\\nb"),
            ("a\\", "a\\"),
            ("\\,\\'", "\\,\\'"),
            ("", ""),
        ] {
            assert_eq!(&*Marks::Escaped([b'"'; 2]).remove(raw.as_bytes()), want.as_bytes(), "{raw}");
        }
        assert_eq!(&*Marks::Escaped([b',', b'"']).remove(b"a\\,b\\\"c\\d"), b"a,b\"c\\d");
    }
}
