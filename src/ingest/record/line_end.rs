//! Where lines end, by the first line end of the text. spec: files/line-ends.

use serde::{Deserialize, Serialize};

use crate::ingest::record::grammar::Grammar;

/// What ends lines in some files: a lone CR, the line ends of other systems, and separators of ASCII. With their names.
const OTHER_LINE_ENDS: [(&[u8], &str); 13] = [
    (b"\r", "a CR"),
    (b"\xC2\x85", "NEL (U+0085), as on IBM mainframes"),
    (b"\x85", "NEL (0x85), as on IBM mainframes"),
    (b"\xE2\x80\xA8", "the line separator U+2028"),
    (b"\xE2\x80\xA9", "the paragraph separator U+2029"),
    (b"\x1E", "the record separator 0x1E"),
    (b"\x0B", "the vertical tab 0x0B"),
    (b"\x0C", "the form feed 0x0C"),
    (b"\x1D", "the group separator 0x1D"),
    (b"\x1C", "the file separator 0x1C"),
    (b"\x1F", "the unit separator 0x1F"),
    (b"\x04", "the control character 0x04"),
    (b"\x00", "the zero byte 0x00"),
];

/// Those of them that end the lines of whole files.
pub(crate) const FOREIGN_LINE_ENDS: &[(&[u8], &str)] = OTHER_LINE_ENDS.split_at(1).1.split_at(7).0;

/// Several rows in one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowsInLine {
    /// What is between them.
    pub(crate) end: OtherLineEnd,
    /// Two or more of them end with it. One that only joins two rows is damage, which costs no other line.
    pub(crate) all_end: bool,
}

/// The number of a line end among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherLineEnd(u8);

impl OtherLineEnd {
    /// A lone CR.
    pub(crate) const CR: Self = Self(0);

    /// Is there such a line end? A number that was read from a file may be any.
    pub(crate) fn is_known(self) -> bool {
        usize::from(self.0) < OTHER_LINE_ENDS.len()
    }

    /// Its name, for messages.
    pub(crate) fn name(self) -> &'static str {
        OTHER_LINE_ENDS.get(usize::from(self.0)).map_or("an unknown character", |(_, name)| name)
    }
}

/// Why a file is refused of which this line holds several rows that end with `end`, although CR or LF ends lines.
pub(crate) fn two_ways_said(line: u64, end: OtherLineEnd, cr_ends: bool) -> String {
    format!(
        "its lines end in two ways: line {line} holds several rows that end with {}, and {} ends lines; write it with one kind of \
         line end",
        end.name(),
        if cr_ends { "CR" } else { "LF" }
    )
}

impl Grammar {
    /// Position of the first line end in these bytes.
    pub(crate) fn find_line_end(&self, bytes: &[u8]) -> Option<usize> {
        if self.cr_ends { memchr::memchr2(b'\r', b'\n', bytes) } else { memchr::memchr(b'\n', bytes) }
    }

    /// Position after the last line end in these bytes.
    pub(crate) fn after_last_line_end(&self, bytes: &[u8]) -> Option<usize> {
        let last = if self.cr_ends { memchr::memrchr2(b'\r', b'\n', bytes) } else { memchr::memrchr(b'\n', bytes) };
        last.map(|i| i + 1)
    }

    /// Position after the first line end in these bytes, which a CR and the LF after it form together.
    pub(crate) fn after_line_end(&self, bytes: &[u8]) -> Option<usize> {
        let end = self.find_line_end(bytes)?;
        Some(if bytes[end] == b'\r' && bytes.get(end + 1) == Some(&b'\n') { end + 2 } else { end + 1 })
    }

    /// The start of the line after that at `at`. None if the bytes given may not hold its whole line end.
    pub(crate) fn line_after(&self, bytes: &[u8], at: usize, last: bool) -> Option<usize> {
        Self::next_line(bytes, at + self.find_line_end(&bytes[at..])?, last)
    }

    /// Does this byte end a line, or begin the two bytes that do?
    pub fn is_line_end(&self, b: u8) -> bool {
        b == b'\n' || (self.cr_ends && b == b'\r')
    }

    /// What separates two rows or more in the first line of these bytes, although other bytes end lines.
    pub(crate) fn rows_in_line(&self, bytes: &[u8]) -> Option<RowsInLine> {
        let end = self.find_line_end(bytes).unwrap_or(bytes.len());
        let line = &bytes[..self.without_cr(bytes, 0, end)];
        OTHER_LINE_ENDS.iter().enumerate().find_map(|(number, (end, _))| {
            if *end == [self.delimiter] || (self.cr_ends && *end == b"\r") {
                return None;
            }
            let [rows, ended] = self.full_pieces(line, end);
            (rows > 1).then_some(RowsInLine { end: OtherLineEnd(number as u8), all_end: ended > 1 })
        })
    }

    /// The number of pieces of a line between these ends that are as long as a row, and how many of them such an end follows;
    /// no more than two are counted.
    fn full_pieces(&self, line: &[u8], end: &[u8]) -> [usize; 2] {
        let (mut start, mut rows, mut ended) = (0, 0, 0);
        let mut ends = memchr::memmem::find_iter(line, end).peekable();
        if self.width < 2 || ends.peek().is_none() {
            return [0; 2];
        }
        let others = self.width - 1;
        for at in ends.chain([line.len()]) {
            let piece = &line[start..at];
            let is_row = memchr::memchr_iter(self.delimiter, piece).take(others).count() == others;
            rows += usize::from(is_row);
            ended += usize::from(is_row && at < line.len());
            if ended == 2 {
                break;
            }
            start = at + end.len();
        }
        [rows, ended]
    }

    /// Number of line ends in these bytes. A final line without a line end does not count, because nothing follows it.
    pub fn lines(&self, bytes: &[u8]) -> u64 {
        let feeds = memchr::memchr_iter(b'\n', bytes).count();
        if !self.cr_ends {
            return feeds as u64;
        }
        let lone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
        (feeds + memchr::memchr_iter(b'\r', bytes).filter(lone).count()) as u64
    }
}
