//! Reads the header of an extract, a joined table or an authorization file, and finds the delimiter.

use crate::ingest::cell::clean;
use crate::ingest::error::ReadError;
use crate::ingest::record::delimiter::{DELIMITERS, after_mark, separator_line};
use crate::ingest::record::grammar::{CellSpan, Grammar, Step};
use crate::ingest::record::line_end::{FOREIGN_LINE_ENDS, OtherLineEnd};
use crate::ingest::record::quoting::Quoting;
use crate::ingest::source::Source;

/// The header of an input.
#[derive(Debug)]
pub struct Header {
    /// Names of the columns, cleaned like cells. Columns without a name at the end are dropped.
    pub names: Vec<String>,
    /// The same names as bytes.
    pub raw: Vec<Vec<u8>>,
    /// First byte after the header record.
    pub data_start: usize,
    /// Number of lines up to and including the header.
    pub lines_before: u64,
}

/// What precedes the rows, as the layout describes it. By default the header is the first line that is not blank.
#[derive(Debug, Clone, Copy, Default)]
pub struct Preamble<'a> {
    /// Number of lines before the header.
    pub skip_lines: usize,
    /// Lines that begin with one of these are skipped.
    pub skip_prefix: &'a [Vec<u8>],
    /// How cells are quoted.
    pub quoting: Quoting,
    /// The column names of a file without a header line. Empty if the file has one.
    pub names: &'a [String],
}

/// The start of an input, to be read under one delimiter.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The delimiter.
    pub delimiter: u8,
    sample: &'a [u8],
    /// The sample is the whole text.
    whole: bool,
    cr_ends: bool,
    /// First byte after a byte-order mark.
    start: usize,
    /// The delimiter that a first line `sep=X` states, and the first byte after that line.
    separator: Option<(u8, usize)>,
    /// It is a table, whose first rows were written as CSV: what a layout says of the form of a text does not apply.
    is_table: bool,
}

/// Tries each delimiter until `bind` returns a value. If the first line is `sep=X`, which spreadsheets write, X comes first,
/// and the others only fit where that line is one of those to skip. The error is that of `bind`, or says that the line ends are not
/// supported.
pub(crate) fn sniff<T>(
    source: &Source,
    mut bind: impl FnMut(&Attempt<'_>) -> Result<Option<T>, ReadError>,
) -> Result<Option<T>, ReadError> {
    let sample = source.sample.as_slice();
    if source.table().is_some() {
        let (delimiter, whole) = (DELIMITERS[0], source.whole);
        let separator = None;
        return bind(&Attempt { delimiter, sample, whole, cr_ends: false, start: 0, separator, is_table: true });
    }
    let start = after_mark(sample);
    let first_end = memchr::memchr2(b'\r', b'\n', sample);
    if first_end.is_none_or(|end| end + 2 >= sample.len())
        && let Some(found) = foreign_line_end(sample)
    {
        let what = format!("its lines end with {found}; write it again with LF or CRLF line ends");
        return Err(ReadError::unusable(&source.name, what));
    }
    let cr_ends = first_end.is_some_and(|end| sample[end] == b'\r' && sample.get(end + 1) != Some(&b'\n'));
    let separator = separator_line(sample, start);
    let stated = separator.map(|(delimiter, _)| delimiter);
    for delimiter in stated.into_iter().chain(DELIMITERS.into_iter().filter(|d| Some(*d) != stated)) {
        let whole = source.whole;
        let attempt = Attempt { delimiter, sample, whole, cr_ends, start, separator, is_table: false };
        if let Some(bound) = bind(&attempt)? {
            return Ok(Some(bound));
        }
    }
    Ok(None)
}

/// A line end that is not supported, if the text has no other. Otherwise the whole file would be read as its header.
fn foreign_line_end(sample: &[u8]) -> Option<&'static str> {
    FOREIGN_LINE_ENDS.iter().find(|(end, _)| memchr::memmem::find(sample, end).is_some()).map(|(_, name)| *name)
}

/// The line end of other systems that a header may hold: 0x85 is a part of letters.
const PART_OF_LETTERS: &[u8] = b"\x85";

impl Attempt<'_> {
    /// Is this the delimiter that a layout names? One that names none fits every delimiter, or that of a `sep=` line, unless
    /// that line is one of the `skip_lines`.
    pub(crate) fn fits(&self, delimiter: Option<u8>, skip_lines: usize) -> bool {
        let is_stated = skip_lines > 0 || self.separator.is_none_or(|(stated, _)| stated == self.delimiter);
        self.is_table || (is_stated && delimiter.is_none_or(|delimiter| delimiter == self.delimiter))
    }

    /// Reads the header under one delimiter. The error is a sentence for the user.
    pub fn read(&self, preamble: Preamble<'_>) -> Result<(Grammar, Header), String> {
        let sample = self.sample;
        let preamble = if self.is_table { Preamble::default() } else { preamble };
        let quoting = preamble.quoting;
        if quoting.quote == Some(self.delimiter) {
            return Err("the layout's quote is its delimiter, too".to_owned());
        }
        let grammar =
            Grammar { quoting, ..Grammar::for_header(self.delimiter, self.cr_ends, preamble.skip_prefix.to_vec()) };
        let mut at = self.separator.filter(|_| preamble.skip_lines == 0).map_or(self.start, |(_, next)| next);
        for _ in 0..preamble.skip_lines {
            if at >= sample.len() {
                break;
            }
            at += grammar.after_line_end(&sample[at..]).unwrap_or(sample.len() - at);
        }
        if !preamble.names.is_empty() {
            let raw = preamble.names.iter().map(|n| n.clone().into_bytes()).collect();
            let lines_before = grammar.lines(&sample[..at]);
            return Ok((grammar, Header { names: preamble.names.to_vec(), raw, data_start: at, lines_before }));
        }
        let mut fields = Vec::new();
        loop {
            if at >= sample.len() {
                return Err(self.no_header(preamble.skip_lines));
            }
            match grammar.read(sample, at, self.whole, &mut fields) {
                Step::Blank { next } => at = next,
                Step::Record { next } => {
                    let names = header_cells(sample, &fields);
                    self.refuse_two_line_ends(&grammar, at, next, names.len())?;
                    let raw = names.iter().map(|name| name.clone().into_bytes()).collect();
                    let lines_before = grammar.lines(&sample[..next]);
                    return Ok((grammar, Header { names, raw, data_start: next, lines_before }));
                }
                Step::Rejected { reason, next } => {
                    refuse_foreign_line_end(&sample[at..next])?;
                    return Err(format!(
                        "line {}: the header cannot be read: {}",
                        grammar.lines(&sample[..at]) + 1,
                        reason.sentence()
                    ));
                }
                Step::More => {
                    return Err("the header line does not end within the first 4 MiB; is this a CSV file?".to_owned());
                }
            }
        }
    }

    /// Says that no line is left for the header after those to skip.
    fn no_header(&self, skipped: usize) -> String {
        let stated = format!("--skip-lines (or `skip_lines`) is {skipped}");
        match (skipped, self.whole) {
            (0, _) => "has no header line: only blanks".to_owned(),
            (_, true) => format!("has no header line: {stated}, and after so many lines nothing is left; lower it"),
            (_, false) => format!("has no header line within its first 4 MiB: {stated}; lower it"),
        }
    }

    /// Refuses text that mixes line ends: the header holds one of another kind, or LF ends lines and the first row holds a lone
    /// CR and is too long or several rows.
    fn refuse_two_line_ends(&self, grammar: &Grammar, header: usize, rows: usize, width: usize) -> Result<(), String> {
        let sample = self.sample;
        refuse_foreign_line_end(&sample[header..rows])?;
        if self.cr_ends || self.is_table {
            return Ok(());
        }
        let refuse = |what: &str| {
            Err(format!(
                "its lines end in two ways: {what} holds a CR, and LF ends lines; write it with one kind of line end"
            ))
        };
        if has_lone_cr(&sample[header..rows]) {
            return refuse("the header");
        }
        let (mut at, mut fields) = (rows, Vec::new());
        while let Step::Blank { next } = grammar.read(sample, at, self.whole, &mut fields) {
            if next == at {
                return Ok(());
            }
            at = next;
        }
        let is_several = match grammar.read(sample, at, self.whole, &mut fields) {
            Step::Record { next } => fields.len() > width && has_lone_cr(&sample[at..next]),
            Step::Rejected { .. } => {
                let rows = Grammar { width, ..grammar.clone() }.rows_in_line(&sample[at..]);
                rows.is_some_and(|rows| rows.end == OtherLineEnd::CR)
            }
            Step::Blank { .. } | Step::More => false,
        };
        if is_several { refuse("the first row") } else { Ok(()) }
    }
}

/// Refuses a header that holds the line end of another system. Before and after its text, vertical tabs and form feeds are
/// blanks.
fn refuse_foreign_line_end(header: &[u8]) -> Result<(), String> {
    let is_blank = |b: &u8| b.is_ascii_whitespace() || *b == 0x0b;
    let start = header.iter().position(|b| !is_blank(b)).unwrap_or_default();
    let end = header.iter().rposition(|b| !is_blank(b)).map_or(start, |last| last + 1);
    let is_in = |(line_end, _): &&(&[u8], &str)| {
        *line_end != PART_OF_LETTERS && memchr::memmem::find(&header[start..end], line_end).is_some()
    };
    match FOREIGN_LINE_ENDS.iter().find(is_in) {
        Some((_, found)) => {
            Err(format!("its header holds {found} as a line end; write it again with LF or CRLF line ends"))
        }
        None => Ok(()),
    }
}

/// Is there a CR that no LF follows? A CR at the very end is a line end.
fn has_lone_cr(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1).is_some_and(|b| *b != b'\n'))
}

/// The names, cleaned like cells. Cells without a name at the end are not columns.
fn header_cells(sample: &[u8], fields: &[CellSpan]) -> Vec<String> {
    let text = |f: &CellSpan| {
        let raw = &sample[f.start as usize..f.end as usize];
        let raw = f.marks.remove(raw);
        clean(&raw, &[]).into_owned()
    };
    let mut cells: Vec<String> = fields.iter().map(text).collect();
    while cells.len() > 1 && cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names, delimiter and line of the first row under the first delimiter that finds two names or more.
    fn sniffed(text: &str) -> Result<(Vec<String>, u8, u64), String> {
        let source = Source::from_bytes("x.csv", text.as_bytes().to_vec()).expect("a text");
        let found = sniff(&source, |attempt| {
            let (_, header) =
                attempt.read(Preamble::default()).map_err(|what| ReadError::unusable(&source.name, what))?;
            Ok((header.names.len() > 1).then_some((header.names, attempt.delimiter, header.lines_before + 1)))
        });
        found.map_err(|e| e.to_string()).map(|found| found.expect("a header"))
    }

    #[test]
    fn a_line_sep_sets_the_delimiter_and_is_skipped() {
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        for (text, delimiter) in [
            ("sep=;\na,1;b\n", b';'),
            ("\u{feff}sep=;\r\na,1;b\r\n", b';'),
            ("\"sep=;\"\na,1;b\n", b';'),
            ("SEP=:\na,1:b\n", b':'),
            ("sep=\t\na,1\tb\n", b'\t'),
        ] {
            assert_eq!(sniffed(text), Ok((names(&["a,1", "b"]), delimiter, 3)), "{text:?}");
        }
        assert_eq!(sniffed("sep=,x\n1,2\n"), Ok((names(&["sep=", "x"]), b',', 2)));
    }

    /// Lines to skip are counted from the first line of the text, and then it does not say the delimiter.
    #[test]
    fn a_line_sep_may_be_one_of_the_lines_to_skip() {
        let source = Source::from_bytes("x.csv", b"sep=;\na,b\n1,2\n".to_vec()).expect("a text");
        let found = sniff(&source, |attempt| {
            let preamble = Preamble { skip_lines: 1, ..Preamble::default() };
            let read = attempt.fits(None, 1).then(|| attempt.read(preamble).ok()).flatten();
            Ok(read.filter(|(_, header)| header.names.len() > 1).map(|(_, header)| (header, attempt.delimiter)))
        });
        let (header, delimiter) = found.expect("no error").expect("a header");
        assert_eq!((header.names.len(), header.lines_before, delimiter), (2, 2, b','));
    }

    /// However many lines are to be skipped, and whatever the text ends with.
    #[test]
    fn lines_to_skip_beyond_the_end_are_said_at_once() {
        for (text, skip_lines) in [("a,b\n1,2\n", 2), ("a,b\n1,2", usize::MAX), ("a,b\n\n \n", 1)] {
            let source = Source::from_bytes("x.csv", text.as_bytes().to_vec()).expect("a text");
            let preamble = Preamble { skip_lines, ..Preamble::default() };
            let read = sniff(&source, |attempt| Ok(Some(attempt.read(preamble).map(|_| ()))));
            let said = read.expect("no error").expect("a delimiter").expect_err(text);
            assert!(said.contains(&format!("(or `skip_lines`) is {skip_lines}, and after so many lines")), "{said}");
        }
    }

    #[test]
    fn header_cells_are_cleaned_as_cells_are() {
        let text = "\u{feff} \"a\" ,=\"b\",\"c\"\"d\",NULL,\u{a0}e,,\"\"\n";
        let want = ["a", "b", "c\"d", "", "e"].map(str::to_owned).to_vec();
        assert_eq!(sniffed(text), Ok((want, b',', 2)));
    }

    #[test]
    fn mixed_line_ends_are_refused() {
        for text in ["\na,b\r1,2\n", "a,b\n\n1,2\r3,4\r", "a,b\r\n1,2\r3,4\r\n", "a,b\n\"1\",\"2\"\r\"3\",\"4\"\r\n"] {
            let said = sniffed(text).expect_err(text);
            assert!(said.contains("its lines end in two ways"), "{text:?}: {said}");
        }
        // A CR in a cell, one that does not add fields, one of a later row, one at the end, or where CR ends lines.
        for text in ["a,b\n1,2\r3\n", "a,b\n1,2\n1,2\r3,4\n", "a,b\n1,2\r", "a,b\r1,2\n3,4\r", "a,b\r\n1,2\r\n"] {
            assert!(sniffed(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn unsupported_line_ends_are_refused_by_name() {
        for (end, name) in
            [("\u{85}", "NEL"), ("\u{2028}", "U+2028"), ("\u{b}", "vertical tab"), ("\u{c}", "form feed")]
        {
            let said = sniffed(&format!("a,b{end}{}", format!("1,2{end}").repeat(30))).expect_err(end);
            assert!(said.contains(name), "{said}");
        }
        assert!(sniffed("a,b\n\u{85},2\n").is_ok());
        for text in ["a\u{b},b\n1,2\n", "a,\"b\u{c}c\"\n1,2\n"] {
            assert!(sniffed(text).is_err(), "{text:?}");
        }
        // Blanks around the header, and line breaks in a quoted name.
        for text in ["\u{c}a,b\u{b}\n1,2\n", "\"a\n1\",b\n1,2\n", "\"a\r\n1\",b\r\n1,2\r\n", "\"a\n1\",b\r\n1,2\r\n"] {
            assert!(sniffed(text).is_ok(), "{text:?}");
        }
        let said = sniffed("a,b\u{2028}1,2\u{2028}1,\"x\ny\"\u{2028}").expect_err("the header holds one");
        assert!(said.contains("its header holds the line separator"), "{said}");
        assert!(sniffed("\u{c5},b\n1,2\n").is_ok(), "a letter that ends in 0x85");
    }
}
