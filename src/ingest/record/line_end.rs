//! Where lines end, by the first line end of the text. spec: files/line-ends.

use crate::ingest::record::grammar::Grammar;

impl Grammar {
    /// Position of the first line end in these bytes.
    pub fn find_line_end(&self, bytes: &[u8]) -> Option<usize> {
        if self.cr_ends { memchr::memchr2(b'\r', b'\n', bytes) } else { memchr::memchr(b'\n', bytes) }
    }

    /// Position after the last line end in these bytes.
    pub fn after_last_line_end(&self, bytes: &[u8]) -> Option<usize> {
        let last = if self.cr_ends { memchr::memrchr2(b'\r', b'\n', bytes) } else { memchr::memrchr(b'\n', bytes) };
        last.map(|i| i + 1)
    }

    /// Position after the first line end in these bytes, which a CR and the LF after it form together.
    pub fn after_line_end(&self, bytes: &[u8]) -> Option<usize> {
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

    /// Does the first line of these bytes hold two rows or more that end with a CR, although LF ends lines?
    pub(crate) fn holds_rows_ended_by_cr(&self, bytes: &[u8]) -> bool {
        !self.cr_ends
            && rows_ended_by_cr(&bytes[..self.find_line_end(bytes).unwrap_or(bytes.len())], self.delimiter, self.width)
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

/// Are two or more of the pieces between the CRs of a line as long as a row: do they have the delimiters of `width` fields?
pub(crate) fn rows_ended_by_cr(line: &[u8], delimiter: u8, width: usize) -> bool {
    if width < 2 || memchr::memchr(b'\r', line).is_none() {
        return false;
    }
    let is_row = |piece: &&[u8]| memchr::memchr_iter(delimiter, piece).take(width - 1).count() == width - 1;
    line.split(|b| *b == b'\r').filter(is_row).take(2).count() == 2
}
