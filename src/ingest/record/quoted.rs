//! Finds the end of a quoted field, and whether the field has swallowed rows. spec: files/records.

use crate::ingest::record::grammar::{CellSpan, Close, Grammar, Step};
use crate::ingest::record::quoting::{ESCAPE, Marks};

/// Minimum number of columns for which a continuation line with as many fields as a row counts as a swallowed row. With one
/// or two columns, any comma in free text would look like a row.
const SWALLOW_WIDTH: usize = 3;

impl Grammar {
    /// Position of the first quote, line end, or escape if the input has escapes.
    fn find_quote_or_line_end(&self, quote: u8, bytes: &[u8]) -> Option<usize> {
        match (self.quoting.escapes, self.cr_ends) {
            (false, false) => memchr::memchr2(quote, b'\n', bytes),
            (false, true) => memchr::memchr3(quote, b'\r', b'\n', bytes),
            (true, false) => memchr::memchr3(quote, ESCAPE, b'\n', bytes),
            (true, true) => bytes.iter().position(|b| *b == quote || matches!(*b, ESCAPE | b'\r' | b'\n')),
        }
    }

    /// Reads a line in which an escape makes a delimiter part of its cell. No cell is quoted, so the record ends with the
    /// line.
    pub(super) fn read_escaped(
        &self,
        bytes: &[u8],
        line: std::ops::Range<usize>,
        next: usize,
        fields: &mut Vec<CellSpan>,
    ) -> Step {
        let before = [self.delimiter, b'"'];
        let (mut start, mut pos, mut marks) = (line.start, line.start, Marks::Nothing);
        while let Some(i) = memchr::memchr2(self.delimiter, ESCAPE, &bytes[pos..line.end]) {
            let hit = pos + i;
            if bytes[hit] == self.delimiter {
                fields.push(CellSpan { start: start as u32, end: hit as u32, marks });
                (start, pos, marks) = (hit + 1, hit + 1, Marks::Nothing);
            } else if bytes[hit + 1..line.end].first().is_some_and(|b| *b == ESCAPE || before.contains(b)) {
                (pos, marks) = (hit + 2, Marks::Escaped(before));
            } else {
                pos = hit + 1;
            }
        }
        fields.push(CellSpan { start: start as u32, end: line.end as u32, marks });
        self.accept(bytes, fields, next, next)
    }

    /// Finds the end of the quoted field whose text begins at `start`.
    pub(super) fn closing_quote(&self, quote: u8, bytes: &[u8], start: usize, last: bool) -> Close {
        let mut pos = start;
        let mut marks = Marks::Nothing;
        // Start of the current continuation line. None on the field's first line.
        let mut line_start: Option<usize> = None;
        loop {
            let Some(i) = self.find_quote_or_line_end(quote, &bytes[pos..]) else {
                return match (last, line_start) {
                    (true, Some(from)) if self.holds_a_row(&bytes[from..]) => Close::Swallowed,
                    (true, _) => Close::Never,
                    // A continuation line with enough fields is a row even before it is complete.
                    (false, Some(from)) if self.holds_a_row(&bytes[from..]) => Close::Swallowed,
                    (false, _) => Close::More,
                };
            };
            let hit = pos + i;
            if self.quoting.escapes && bytes[hit] == ESCAPE {
                pos = match bytes.get(hit + 1) {
                    None if !last => return Close::More,
                    Some(b) if *b == ESCAPE || *b == quote => {
                        marks = Marks::Escaped([quote; 2]);
                        hit + 2
                    }
                    _ => hit + 1,
                };
                continue;
            }
            if bytes[hit] != quote {
                if line_start.is_some_and(|from| self.holds_a_row(&bytes[from..hit])) {
                    return Close::Swallowed;
                }
                line_start = Some(hit + 1);
                pos = hit + 1;
                continue;
            }
            match bytes.get(hit + 1) {
                Some(b) if *b == quote && !self.quoting.escapes => {
                    marks = Marks::Doubled(quote);
                    pos = hit + 2;
                }
                None if !last => return Close::More,
                _ => {
                    if line_start.is_some_and(|from| self.holds_a_row(&bytes[from..hit])) {
                        return Close::Swallowed;
                    }
                    return Close::At { quote: hit, marks };
                }
            }
        }
    }

    fn holds_a_row(&self, part: &[u8]) -> bool {
        self.width >= SWALLOW_WIDTH
            && memchr::memchr_iter(self.delimiter, part).take(self.width - 1).count() + 1 >= self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::record::quoting::Quoting;

    fn grammar(quote: Option<u8>, escapes: bool) -> Grammar {
        let quoting = Quoting { quote, escapes };
        Grammar { width: 3, quoting, ..Grammar::for_header(b',', false, Vec::new()) }
    }

    /// Values of the rows joined by `|`, a rejection as `!reason`.
    fn read_all(grammar: &Grammar, text: &str) -> Vec<String> {
        let (mut at, mut out, mut fields) = (0, Vec::new(), Vec::new());
        while at < text.len() {
            let (row, next) = match grammar.read(text.as_bytes(), at, true, &mut fields) {
                Step::Record { next } => {
                    let value = |f: &CellSpan| f.marks.remove(&text.as_bytes()[f.start as usize..f.end as usize]);
                    let values: Vec<_> = fields.iter().map(value).collect();
                    (String::from_utf8_lossy(&values.join(&b'|')).into_owned(), next)
                }
                Step::Rejected { reason, next } => (format!("!{}", reason.code()), next),
                Step::Blank { .. } | Step::More => panic!("no row at {at}"),
            };
            out.push(row);
            at = next;
        }
        out
    }

    #[test]
    fn an_escaped_quote_does_not_close_the_cell() {
        let text = "1,\"a\\\"b\",3\n1,\"a\\\\\",3\n1,\"\\\n\\x\",\n1,a\\,\"\"\n1,\"a\"\"b\",3\n1,\"a\\\",3\n";
        let rows = ["1|a\"b|3", "1|a\\|3", "1|\\\n\\x|", "1|a\\|", "!text-after-quote", "!unclosed-quote"];
        assert_eq!(read_all(&grammar(Some(b'"'), true), text), rows);
        let escaped = grammar(Some(b'"'), true);
        assert_eq!(escaped.read(b"1,\"a\\", 0, false, &mut Vec::new()), Step::More);
    }

    #[test]
    fn a_cell_may_have_another_quote_or_none() {
        let text = "1,'a,\"b',''\n1,\"a,b\"\n'1','it''s',3\n";
        assert_eq!(read_all(&grammar(Some(b'\''), false), text), ["1|a,\"b|", "1|\"a|b\"", "1|it's|3"]);
        let rows = ["1|\"a|b", "!too-few-fields", "!too-few-fields"];
        assert_eq!(read_all(&grammar(None, false), "1,\"a,b\n1,\"a\nb\",c\n"), rows);
        let rows = ["1|a,b|c", "1|a\\|b", "1|\\x|\\", "1|\"|\""];
        assert_eq!(read_all(&grammar(None, true), "1,a\\,b,c\n1,a\\\\,b\n1,\\x,\\\n1,\\\",\"\n"), rows);
    }
}
