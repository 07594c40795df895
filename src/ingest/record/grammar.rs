//! The record grammar: where one record ends, what its fields are, and when it is rejected.
//!
//! This file defines the grammar; the fast scan finds the same records faster. The csv crate is not used because it reads
//! two stray quotes as one field and loses every row between them. The grammar is RFC 4180 plus what damaged extracts
//! require:
//!
//! - A quote that does not open a field is an ordinary character: `joh"n`, `5" nail`, `="22514"`.
//! - A field that opens with a quote may hold line breaks. After its closing quote only a delimiter or the end of
//!   the line may follow.
//! - A record whose continuation lines look like rows has swallowed those rows and is rejected. Otherwise one stray quote
//!   would hide every row up to the next quote.
//! - Rejecting a record skips only its first physical line. Reading resumes at the next line, so a bad row never harms
//!   its neighbors.
//!
//! Invariant: for any bytes, every call either consumes at least one line or asks for more bytes.

use serde::{Deserialize, Serialize};

use crate::ingest::cell::clean;
use crate::ingest::record::quoting::{Marks, Quoting};
use crate::ingest::record::reject::Reason;

/// A field of a record: a byte range, without its enclosing quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellSpan {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What of it is not part of its value.
    pub marks: Marks,
}

/// How the lines and fields of one extract are separated, and how many fields its rows have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    /// Field separator, one byte.
    pub delimiter: u8,
    /// How cells are quoted.
    pub quoting: Quoting,
    /// The first line end of the text is a CR without LF. Then CR, CRLF and LF end lines; otherwise LF and CRLF do, and a
    /// lone CR is an ordinary character.
    pub cr_ends: bool,
    /// How many empty fields rows may have after those of the header.
    pub surplus: Surplus,
    /// Number of named fields of the header. 0 while the header itself is read, which may have any number of fields.
    pub width: usize,
    /// The header's names, cleaned like cells, to recognize a repeated header. If empty, repeated headers are not detected.
    pub header: Vec<Vec<u8>>,
    /// Lines that begin with one of these are skipped.
    pub skip_prefix: Vec<Vec<u8>>,
    /// The prefix of trailer records, which are set aside. Empty if the layout has no trailer.
    pub trailer: Vec<u8>,
    /// Maximum length of a record in bytes. A record that has not ended within `limit + 1` bytes is rejected, whatever the
    /// block boundaries. [`RECORD_LIMIT`] except in tests.
    pub limit: usize,
}

/// The number of empty fields that a row may have at its end, after those of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surplus {
    /// Rows have no surplus fields, or exactly this many.
    Exactly(usize),
    /// Any number: used while the number is determined.
    Any,
}

/// Maximum length of a record in bytes: far longer than any claim line, and small against the memory of a laptop.
pub(crate) const RECORD_LIMIT: usize = 64 << 20;

/// The result of reading one record. Positions are offsets into the bytes given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A record, whose fields are in the caller's buffer.
    Record {
        /// Where the following record starts.
        next: usize,
    },
    /// A line of blanks or a skipped line.
    Blank {
        /// Where the following record starts.
        next: usize,
    },
    /// A row that cannot be used.
    Rejected {
        /// Why.
        reason: Reason,
        /// Where the following physical line starts.
        next: usize,
    },
    /// The bytes given may not hold the whole record.
    More,
}

impl Grammar {
    /// The grammar of a header, which may have any number of fields.
    pub(crate) fn for_header(delimiter: u8, cr_ends: bool, skip_prefix: Vec<Vec<u8>>) -> Self {
        let (header, trailer) = (Vec::new(), Vec::new());
        let (surplus, quoting) = (Surplus::Exactly(0), Quoting::STANDARD);
        Self { delimiter, quoting, cr_ends, surplus, width: 0, header, skip_prefix, trailer, limit: RECORD_LIMIT }
    }

    /// Lines that begin with this prefix are trailer records.
    pub(crate) fn set_trailer(&mut self, prefix: &[u8]) {
        self.skip_prefix.push(prefix.to_vec());
        prefix.clone_into(&mut self.trailer);
    }

    /// Reads the record that starts at `at`. Set `last` if no bytes follow `bytes`.
    pub fn read(&self, bytes: &[u8], at: usize, last: bool, fields: &mut Vec<CellSpan>) -> Step {
        let Some((line_stop, next)) = self.line(bytes, at, last) else { return Step::More };
        let line = &bytes[at..line_stop];
        if self.is_no_row(line) {
            return Step::Blank { next };
        }
        fields.clear();
        if self.quoting.mark().is_none_or(|mark| memchr::memchr(mark, line).is_none()) {
            let marks = Marks::Nothing;
            let mut start = at;
            for comma in memchr::memchr_iter(self.delimiter, line) {
                fields.push(CellSpan { start: start as u32, end: (at + comma) as u32, marks });
                start = at + comma + 1;
            }
            fields.push(CellSpan { start: start as u32, end: line_stop as u32, marks });
            return self.accept(bytes, fields, next, next);
        }
        match self.quoting.quote {
            Some(quote) => self.read_quoted(quote, bytes, (at, next), last, fields),
            None => self.read_escaped(bytes, at..line_stop, next, fields),
        }
    }

    /// The end of the line's text, without its line break, and the start of the next line.
    fn line(&self, bytes: &[u8], at: usize, last: bool) -> Option<(usize, usize)> {
        match self.find_line_end(&bytes[at..]) {
            Some(i) => Some((self.without_cr(bytes, at, at + i), Self::next_line(bytes, at + i, last)?)),
            None if last => Some((self.without_cr(bytes, at, bytes.len()), bytes.len())),
            None => None,
        }
    }

    /// The start of the line after the line end at `end`. `None` if the bytes end with a CR, because its LF may follow.
    pub(super) fn next_line(bytes: &[u8], end: usize, last: bool) -> Option<usize> {
        match (bytes[end], bytes.get(end + 1)) {
            (b'\r', Some(b'\n')) => Some(end + 2),
            (b'\r', None) if !last => None,
            _ => Some(end + 1),
        }
    }

    pub(super) fn without_cr(&self, bytes: &[u8], start: usize, end: usize) -> usize {
        if !self.cr_ends && end > start && bytes[end - 1] == b'\r' { end - 1 } else { end }
    }

    /// Is the line blank, or does the layout skip it? Ctrl-Z counts as blank: DOS programs end files with it. A tab counts as
    /// blank where it is the delimiter, too.
    fn is_no_row(&self, line: &[u8]) -> bool {
        match line.first() {
            None => true,
            Some(b' ' | b'\t' | b'\x0b' | b'\x0c' | b'\r' | b'\x1a') => {
                let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\x0b' | b'\x0c' | b'\r' | b'\x1a');
                line.iter().all(blank) || self.is_skipped(line)
            }
            Some(_) => self.is_skipped(line),
        }
    }

    /// Does the line begin with a prefix that the layout skips?
    pub(crate) fn is_skipped(&self, line: &[u8]) -> bool {
        self.skip_prefix.iter().any(|p| line.starts_with(p))
    }

    /// Is a skipped line a trailer record?
    pub(crate) fn is_trailer(&self, line: &[u8]) -> bool {
        !self.trailer.is_empty() && line.starts_with(&self.trailer)
    }

    /// Reads the record that starts at `at`, whose line ends before `next_line`.
    fn read_quoted(
        &self,
        quote: u8,
        bytes: &[u8],
        (at, next_line): (usize, usize),
        last: bool,
        fields: &mut Vec<CellSpan>,
    ) -> Step {
        let rejected = |reason| Step::Rejected { reason, next: next_line };
        let mut pos = at;
        loop {
            if bytes.get(pos) == Some(&quote) {
                let start = pos + 1;
                let close = match self.closing_quote(quote, bytes, start, last) {
                    Close::At { quote, marks } => {
                        fields.push(CellSpan { start: start as u32, end: quote as u32, marks });
                        quote
                    }
                    Close::Swallowed => return rejected(Reason::Swallowed),
                    Close::Never => return rejected(Reason::UnclosedQuote),
                    Close::More => return Step::More,
                };
                pos = close + 1;
                match bytes.get(pos) {
                    None if last => return self.accept(bytes, fields, pos, next_line),
                    None => return Step::More,
                    Some(b) if *b == self.delimiter => pos += 1,
                    Some(b) if self.is_line_end(*b) => {
                        let Some(next) = Self::next_line(bytes, pos, last) else { return Step::More };
                        return self.accept(bytes, fields, next, next_line);
                    }
                    Some(b'\r') => match bytes.get(pos + 1) {
                        None if last => return self.accept(bytes, fields, pos + 1, next_line),
                        None => return Step::More,
                        Some(b'\n') => return self.accept(bytes, fields, pos + 2, next_line),
                        Some(_) => return rejected(Reason::TextAfterQuote),
                    },
                    Some(_) => return rejected(Reason::TextAfterQuote),
                }
            } else {
                let end = match self.find_cell_end(&bytes[pos..]) {
                    Some(i) => pos + i,
                    None if last => bytes.len(),
                    None => return Step::More,
                };
                let at_delimiter = bytes.get(end) == Some(&self.delimiter);
                let stop = if at_delimiter { end } else { self.without_cr(bytes, pos, end) };
                fields.push(CellSpan { start: pos as u32, end: stop as u32, marks: Marks::Nothing });
                if end == bytes.len() {
                    return self.accept(bytes, fields, end, next_line);
                }
                if !at_delimiter {
                    let Some(next) = Self::next_line(bytes, end, last) else { return Step::More };
                    return self.accept(bytes, fields, next, next_line);
                }
                pos = end + 1;
            }
            // The record has more fields than the header, and not only trailing delimiters, so it will be rejected. Stop
            // here instead of at the end of the file, which also bounds the work on hostile quotes.
            if self.width > 0 && fields.len() > self.width && !self.may_be_surplus(bytes, fields) {
                return rejected(Reason::TooManyFields);
            }
        }
    }

    /// Position of the first delimiter or line end.
    fn find_cell_end(&self, bytes: &[u8]) -> Option<usize> {
        if self.cr_ends {
            memchr::memchr3(self.delimiter, b'\r', b'\n', bytes)
        } else {
            memchr::memchr2(self.delimiter, b'\n', bytes)
        }
    }

    /// Are the surplus fields empty and no more than allowed?
    fn may_be_surplus(&self, bytes: &[u8], fields: &[CellSpan]) -> bool {
        let (_, surplus) = fields.split_at(self.width);
        let value = |f: &CellSpan| f.marks.remove(&bytes[f.start as usize..f.end as usize]);
        let most = if let Surplus::Exactly(most) = self.surplus { most } else { usize::MAX };
        surplus.len() <= most && surplus.iter().all(|field| clean(&value(field), &[]).is_empty())
    }

    /// The last checks of a complete record: its number of fields, and whether it repeats the header.
    pub(super) fn accept(&self, bytes: &[u8], fields: &mut Vec<CellSpan>, next: usize, next_line: usize) -> Step {
        if self.width > 0 {
            if fields.len() < self.width {
                return Step::Rejected { reason: Reason::TooFewFields, next: next_line };
            }
            let surplus = fields.len() - self.width;
            let is_allowed = match self.surplus {
                Surplus::Exactly(allowed) => surplus == allowed,
                Surplus::Any => true,
            };
            if surplus > 0 && !(is_allowed && self.may_be_surplus(bytes, fields)) {
                return Step::Rejected { reason: Reason::TooManyFields, next: next_line };
            }
            if self.surplus != Surplus::Any {
                fields.truncate(self.width);
            }
            if self.is_header(bytes, fields) {
                return Step::Rejected { reason: Reason::RepeatedHeader, next: next_line };
            }
        }
        Step::Record { next }
    }

    fn is_header(&self, bytes: &[u8], fields: &[CellSpan]) -> bool {
        let is_name = |(name, f): (&Vec<u8>, &CellSpan)| {
            let cell = &bytes[f.start as usize..f.end as usize];
            cell == name.as_slice() || clean(cell, &[]).as_bytes() == name.as_slice()
        };
        !self.header.is_empty() && self.header.iter().zip(fields).all(is_name)
    }
}

/// Where a quoted field ends.
#[derive(Debug)]
pub(super) enum Close {
    /// At this closing quote.
    At { quote: usize, marks: Marks },
    /// The field holds a line that looks like a row.
    Swallowed,
    /// The text ends before the field does.
    Never,
    /// More bytes are needed.
    More,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grammar(width: usize) -> Grammar {
        Grammar { width, ..Grammar::for_header(b',', false, Vec::new()) }
    }

    /// Rows and rejections as text: fields joined by `|`, a rejection as `!reason`.
    fn read_all(grammar: &Grammar, text: &str) -> Vec<String> {
        let (mut at, mut out, mut fields) = (0, Vec::new(), Vec::new());
        while at < text.len() {
            at = match grammar.read(text.as_bytes(), at, true, &mut fields) {
                Step::Record { next } => {
                    out.push(
                        fields.iter().map(|f| &text[f.start as usize..f.end as usize]).collect::<Vec<_>>().join("|"),
                    );
                    next
                }
                Step::Blank { next } => next,
                Step::Rejected { reason, next } => {
                    out.push(format!("!{}", reason.code()));
                    next
                }
                Step::More => unreachable!("more asked for at the end"),
            };
        }
        out
    }

    #[test]
    fn records() {
        let table: &[(&str, &[&str])] = &[
            ("a,b,c\n1,2,3\n", &["a|b|c", "1|2|3"]),
            ("1,2,3", &["1|2|3"]),
            ("1,2,3\r\n4,5,6\r\n", &["1|2|3", "4|5|6"]),
            ("\n  \n1,2,3\n\x1a", &["1|2|3"]),
            ("1,joh\"n,3\n", &["1|joh\"n|3"]),
            ("1,5\" nail,=\"22514\"\n", &["1|5\" nail|=\"22514\""]),
            ("1,\"a,b\",3\n", &["1|a,b|3"]),
            ("1,\"a\nb\",3\n4,5,6\n", &["1|a\nb|3", "4|5|6"]),
            ("1,\"a\"\"b\",\"\"\n", &["1|a\"\"b|"]),
            ("1,2\n4,5,6\n", &["!too-few-fields", "4|5|6"]),
            ("1,2,3,4\n4,5,6\n", &["!too-many-fields", "4|5|6"]),
            ("1,2,3,\n4,5,6\n", &["!too-many-fields", "4|5|6"]),
            ("1,\"a\"b,3\n4,5,6\n", &["!text-after-quote", "4|5|6"]),
            ("1,\"a,3\n4,5,6\n7,8,9", &["!swallowed-rows", "4|5|6", "7|8|9"]),
            ("1,2,\"a\n", &["!unclosed-quote"]),
            ("1,2,\"a\nx\n", &["!unclosed-quote", "!too-few-fields"]),
            ("1,2,\"a\r\nb\"\r\n4,5,6\r\n", &["1|2|a\r\nb", "4|5|6"]),
            // The part inside the quotes is one field; what follows the closing quote does not count.
            ("\"a\nb\",2,3\n", &["a\nb|2|3"]),
            ("\"a\nb,c\",2,3\n", &["a\nb,c|2|3"]),
            ("\"a\nb,c,d\",2,3\n", &["!swallowed-rows", "!too-many-fields"]),
        ];
        for (text, want) in table {
            assert_eq!(read_all(&grammar(3), text), *want, "{text:?}");
        }
    }

    #[test]
    fn carriage_returns_end_lines_where_there_is_no_line_feed() {
        let g = Grammar { cr_ends: true, ..grammar(2) };
        assert_eq!(read_all(&g, "1,2\r\"3\",4\r\r5,6"), ["1|2", "3|4", "5|6"]);
        // There, CRLF and LF end lines as well, and a CRLF is one line end.
        let text = "1,2\r\n\"3\",4\r\n5,6\n\"7\r\n8\",9\rx";
        assert_eq!(read_all(&g, text), ["1|2", "3|4", "5|6", "7\r\n8|9", "!too-few-fields"]);
        assert_eq!((g.lines(text.as_bytes()), g.after_line_end(b"1\r\n2")), (5, Some(3)));
        for text in ["1,2\r", "1,\"2\"\r", "\"1\",2\r"] {
            assert_eq!(g.read(text.as_bytes(), 0, false, &mut Vec::new()), Step::More, "{text:?}");
        }
    }

    #[test]
    fn surplus_fields_are_empty_and_as_many_as_the_extract_has() {
        // The last one is a quote, which is no pair of them.
        let text = "1,2,,\n1,2,\n1,2\n1,2, ,\"\"\n1,2,NULL,x\n1,2,,,\n1,\"2\",,,\n1,2,\"\"\"\"\n";
        let two = Grammar { surplus: Surplus::Exactly(2), ..grammar(2) };
        let many = "!too-many-fields";
        assert_eq!(read_all(&two, text), ["1|2", many, "1|2", "1|2", many, many, many, many]);
        let any = Grammar { surplus: Surplus::Any, ..grammar(2) };
        assert_eq!(read_all(&any, text)[..5], ["1|2||", "1|2|", "1|2", "1|2| |", many]);
    }

    #[test]
    fn a_line_of_tabs_is_no_row_where_tabs_separate_fields() {
        let g = Grammar { delimiter: b'\t', ..grammar(2) };
        assert_eq!(read_all(&g, "1\t2\n\t\n\t\t\t\n \t \n3\t\n"), ["1|2", "3|"]);
    }

    #[test]
    fn lines_that_the_layout_skips_may_begin_with_a_blank() {
        let g = Grammar { skip_prefix: vec![b"TR".to_vec(), b" #".to_vec()], ..grammar(2) };
        assert_eq!(read_all(&g, "1,2\nTR|2\n # two\n #,\n 3,4\n"), ["1|2", " 3|4"]);
    }

    #[test]
    fn the_header_again_is_rejected() {
        let g = Grammar { header: vec![b"a".to_vec(), b"b".to_vec()], ..grammar(2) };
        assert_eq!(
            read_all(&g, "1,2\n\u{feff}a , \"b\"\n\u{feff}\"a\",b\n3,4\n"),
            ["1|2", "!repeated-header", "!repeated-header", "3|4"]
        );
    }

    #[test]
    fn more_bytes_are_requested_only_if_needed() {
        let mut fields = Vec::new();
        for text in ["1,2", "1,\"a", "1,\"a\"", "1,\"a\"\r", "1,\"a\n"] {
            assert_eq!(grammar(2).read(text.as_bytes(), 0, false, &mut fields), Step::More, "{text:?}");
        }
    }
}
