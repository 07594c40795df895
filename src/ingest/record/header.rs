//! The header of an extract, a joined table or an authorization file, and the search for the delimiter under which it can
//! be read.

use crate::ingest::error::ReadError;
use crate::ingest::record::grammar::{CellSpan, Grammar, Step, trim_name};
use crate::ingest::source::Source;

/// The delimiters that are tried, in order of preference.
pub const DELIMITERS: [u8; 5] = [b',', b'\t', b';', b'|', b'*'];

/// The header of an input.
#[derive(Debug)]
pub struct Header {
    /// Names of the columns, trimmed; nameless ones at the end are dropped.
    pub names: Vec<String>,
    /// The same names as bytes.
    pub raw: Vec<Vec<u8>>,
    /// First byte after the header record.
    pub data_start: usize,
    /// Number of lines up to and including the header.
    pub lines_before: u64,
}

/// What comes before the rows, as a layout describes it. The default: the header is the first line with text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Preamble<'a> {
    /// Number of lines before the header.
    pub skip_lines: usize,
    /// Lines that begin with one of these are skipped.
    pub skip_prefix: &'a [Vec<u8>],
    /// The names, for a file without a header line. Empty: the file has one.
    pub names: &'a [String],
}

/// One delimiter that is tried on the beginning of an input.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The delimiter.
    pub delimiter: u8,
    sample: &'a [u8],
    /// The sample is the whole text.
    whole: bool,
    cr_only: bool,
    /// First byte after a byte-order mark.
    start: usize,
}

/// Tries each delimiter until `bind` returns a value. The error is that of `bind`, or of reading.
pub fn sniff<T>(
    source: &Source,
    mut bind: impl FnMut(&Attempt<'_>) -> Result<Option<T>, ReadError>,
) -> Result<Option<T>, ReadError> {
    let sample = source.sample.as_slice();
    let cr_only = memchr::memchr(b'\r', sample).is_some()
        && memchr::memchr(b'\n', sample).is_none()
        && !source.has_line_feed()?;
    let start = if sample.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    for delimiter in DELIMITERS {
        if let Some(bound) = bind(&Attempt { delimiter, sample, whole: source.whole, cr_only, start })? {
            return Ok(Some(bound));
        }
    }
    Ok(None)
}

impl Attempt<'_> {
    /// Reads the header under this delimiter. The error is a sentence.
    pub fn read(&self, preamble: Preamble<'_>) -> Result<(Grammar, Header), String> {
        let sample = self.sample;
        let grammar = Grammar::for_header(self.delimiter, self.cr_only, preamble.skip_prefix.to_vec());
        let mut at = self.start;
        for _ in 0..preamble.skip_lines {
            at += memchr::memchr(grammar.line_end(), &sample[at..]).map_or(sample.len() - at, |i| i + 1);
        }
        if !preamble.names.is_empty() {
            let raw = preamble.names.iter().map(|n| n.clone().into_bytes()).collect();
            let lines_before = grammar.lines(&sample[..at]);
            return Ok((grammar, Header { names: preamble.names.to_vec(), raw, data_start: at, lines_before }));
        }
        let mut fields = Vec::new();
        loop {
            if at >= sample.len() {
                return Err("has no header line: only blanks".to_owned());
            }
            match grammar.read(sample, at, self.whole, &mut fields) {
                Step::Blank { next } => at = next,
                Step::Record { next } => {
                    let raw = header_cells(sample, &fields);
                    let names = raw.iter().map(|r| String::from_utf8_lossy(r).into_owned()).collect();
                    let lines_before = grammar.lines(&sample[..next]);
                    return Ok((grammar, Header { names, raw, data_start: next, lines_before }));
                }
                Step::Rejected { reason, .. } => {
                    return Err(format!(
                        "line {}: the header cannot be read: {}",
                        grammar.lines(&sample[..at]) + 1,
                        reason.sentence()
                    ));
                }
                Step::More => {
                    return Err("the header line does not end within the first MiB; is this a CSV file?".to_owned());
                }
            }
        }
    }
}

/// The names without blanks around them. Nameless cells at the end are not columns.
fn header_cells(sample: &[u8], fields: &[CellSpan]) -> Vec<Vec<u8>> {
    let mut cells: Vec<Vec<u8>> =
        fields.iter().map(|f| trim_name(&sample[f.start as usize..f.end as usize]).to_vec()).collect();
    while cells.len() > 1 && cells.last().is_some_and(Vec::is_empty) {
        cells.pop();
    }
    cells
}
