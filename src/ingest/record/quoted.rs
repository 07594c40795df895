//! Finds the end of a quoted field, and whether the field has swallowed rows. spec: files/records.

use crate::ingest::record::grammar::{Close, Grammar};

/// Minimum number of columns for which a continuation line with as many fields as a row counts as a swallowed row. With one
/// or two columns, any comma in free text would look like a row.
const SWALLOW_WIDTH: usize = 3;

impl Grammar {
    /// Position of the first quote or line end.
    fn find_quote_or_line_end(&self, bytes: &[u8]) -> Option<usize> {
        if self.cr_ends { memchr::memchr3(b'"', b'\r', b'\n', bytes) } else { memchr::memchr2(b'"', b'\n', bytes) }
    }

    /// Finds the end of the quoted field whose text begins at `start`.
    pub(super) fn closing_quote(&self, bytes: &[u8], start: usize, last: bool) -> Close {
        let mut pos = start;
        let mut doubled = false;
        // Start of the current continuation line. None on the field's first line.
        let mut line_start: Option<usize> = None;
        loop {
            let Some(i) = self.find_quote_or_line_end(&bytes[pos..]) else {
                return match (last, line_start) {
                    (true, Some(from)) if self.holds_a_row(&bytes[from..]) => Close::Swallowed,
                    (true, _) => Close::Never,
                    // A continuation line with enough fields is a row even before it is complete.
                    (false, Some(from)) if self.holds_a_row(&bytes[from..]) => Close::Swallowed,
                    (false, _) => Close::More,
                };
            };
            let hit = pos + i;
            if bytes[hit] != b'"' {
                if line_start.is_some_and(|from| self.holds_a_row(&bytes[from..hit])) {
                    return Close::Swallowed;
                }
                line_start = Some(hit + 1);
                pos = hit + 1;
                continue;
            }
            match bytes.get(hit + 1) {
                Some(b'"') => {
                    doubled = true;
                    pos = hit + 2;
                }
                None if !last => return Close::More,
                _ => {
                    if line_start.is_some_and(|from| self.holds_a_row(&bytes[from..hit])) {
                        return Close::Swallowed;
                    }
                    return Close::At { quote: hit, doubled };
                }
            }
        }
    }

    fn holds_a_row(&self, part: &[u8]) -> bool {
        self.width >= SWALLOW_WIDTH
            && memchr::memchr_iter(self.delimiter, part).take(self.width - 1).count() + 1 >= self.width
    }
}
