//! What separates lines and fields, and where the header stands: found by looking, shown by `inspect`.

use crate::ingest::layout::binding::{BindError, Binding};
use crate::ingest::layout::join;
use crate::ingest::layout::join::Joined;
use crate::ingest::layout::{Layout, Library};
use crate::ingest::record::grammar::{CellSpan, Grammar, Step, trim_name};
use crate::ingest::source::{ReadError, Source};

/// The delimiters looked for, in the order of preference when several would do.
pub const DELIMITERS: [u8; 5] = [b',', b'\t', b';', b'|', b'*'];

/// Everything known about an extract before its first data row.
#[derive(Debug)]
pub struct Detected {
    /// How records are read.
    pub grammar: Grammar,
    /// The header's names, trimmed, nameless ones at the end dropped; behind them those of joined tables.
    pub header: Vec<String>,
    /// First byte after the header record.
    pub data_start: usize,
    /// Lines before the first data row.
    pub lines_before: u64,
    /// Where each field stands.
    pub binding: Binding,
    /// The layout that was recognised or given.
    pub layout: String,
    /// The tables joined to it.
    pub joins: Vec<Joined>,
    /// Tables that the layout knows and nobody gave, with what they would bring.
    pub unjoined: Vec<(String, String)>,
}

/// Looks at the sample of an extract and binds its header.
pub fn detect(source: &Source, library: &Library) -> Result<Detected, ReadError> {
    let unusable = |what: String| ReadError::Unusable { file: source.name.clone(), what };
    let sample = source.sample.as_slice();
    let (cr_only, start) = beginning(source)?;

    let preamble = library.candidates().iter().map(|layout| layout.skip_lines).min().unwrap_or_default();

    let mut best: Option<Detected> = None;
    let mut broken = None;
    let mut misses: Vec<(usize, BindError)> = Vec::new();
    for delimiter in DELIMITERS {
        for layout in library.candidates() {
            if layout.delimiter.is_some_and(|d| d != delimiter) {
                continue;
            }
            let grammar = Grammar::for_header(delimiter, cr_only, layout.skip_prefix.clone());
            let head = match read_header(&grammar, sample, start, source.whole, layout.skip_lines, &layout.header) {
                Ok(head) => head,
                // Under the wrong delimiter a quoted header is damage. A layout with a preamble of its own can have
                // passed over the only line there is.
                Err(what) => {
                    if layout.skip_lines == preamble {
                        broken.get_or_insert(what);
                    }
                    continue;
                }
            };
            if !layout.recognises(&head.names) {
                continue;
            }
            let joins = match join::open(layout, &library.tables, &head.names)? {
                Ok(joins) => joins,
                Err(miss) => {
                    misses.push((head.names.len(), miss));
                    continue;
                }
            };
            let mut names = head.names.clone();
            names.extend(joins.iter().flat_map(|j| &j.names).cloned());
            match layout.bind(&names) {
                Ok(binding) => {
                    refuse_unknown_tables(layout, library).map_err(unusable)?;
                    best = Some(head.into_dialect(grammar, layout, binding, names, joins));
                    break;
                }
                Err(miss) => misses.push((head.names.len(), miss)),
            }
        }
        if best.is_some() {
            break;
        }
    }
    if let Some(detected) = best {
        return Ok(detected);
    }
    // The delimiter that splits the line into most names is the one a person would have meant.
    misses.sort_by_key(|(names, miss)| (std::cmp::Reverse(*names), miss.is_conflict()));
    // If the best reading is a single name, the line itself is damaged.
    match (misses.into_iter().next(), broken) {
        (Some((names, miss)), None) | (Some((names @ 2.., miss)), Some(_)) => {
            Err(unusable(if names == 0 { "has no header line".to_owned() } else { miss.to_string() }))
        }
        (_, Some(what)) => Err(unusable(what)),
        (None, None) => Err(unusable("has no header line".to_owned())),
    }
}

/// Does the text end its lines with CR only, and where does it start behind a byte-order mark?
pub fn beginning(source: &Source) -> Result<(bool, usize), ReadError> {
    let sample = source.sample.as_slice();
    let cr_only = memchr::memchr(b'\r', sample).is_some()
        && memchr::memchr(b'\n', sample).is_none()
        && !source.has_line_feed()?;
    Ok((cr_only, if sample.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }))
}

/// A table that the layout does not know would be given in vain.
fn refuse_unknown_tables(layout: &Layout, library: &Library) -> Result<(), String> {
    let knows = |name: &str| layout.joins.iter().any(|j| j.table == name);
    let Some(table) = library.tables.iter().find(|t| !knows(&t.name)) else { return Ok(()) };
    let known: Vec<_> = layout.joins.iter().map(|j| j.table.as_str()).collect();
    Err(if known.is_empty() {
        format!(
            "--join {}: layout {} joins no tables; name one that does (--layout), or leave --join out",
            table.name, layout.name
        )
    } else {
        format!("--join {}: layout {} knows the tables {}", table.name, layout.name, known.join(", "))
    })
}

/// The header of an extract, of a joined table, or of an authorization file.
#[derive(Debug)]
pub struct Header {
    /// Its names, trimmed.
    pub names: Vec<String>,
    /// The same as bytes.
    pub raw: Vec<Vec<u8>>,
    /// First byte after it.
    pub data_start: usize,
    /// Lines up to and including it.
    pub lines_before: u64,
}

impl Header {
    fn into_dialect(
        self,
        grammar: Grammar,
        layout: &Layout,
        binding: Binding,
        names: Vec<String>,
        joins: Vec<Joined>,
    ) -> Detected {
        // An extract with the pivoted columns in it needs no table for them.
        let given = |table: &str| joins.iter().any(|j| j.table == table);
        let unjoined = layout
            .joins
            .iter()
            .filter(|j| !given(&j.table) && !self.names.iter().any(|name| j.brings(name)))
            .map(|j| (j.table.clone(), j.bringing()))
            .collect();
        let mut grammar = Grammar {
            width: self.names.len(),
            header: if layout.header.is_empty() { self.raw } else { Vec::new() },
            ..grammar
        };
        // From here on: a header's first name may begin like a trailer record.
        if let Some(trailer) = &layout.trailer {
            grammar.skip_prefix.push(trailer.prefix.clone());
            grammar.trailer.clone_from(&trailer.prefix);
        }
        Detected {
            grammar,
            header: names,
            data_start: self.data_start,
            lines_before: self.lines_before,
            binding,
            layout: layout.name.clone(),
            joins,
            unjoined,
        }
    }
}

/// Reads the header of a sample, `skip_lines` lines down. `given`: the names of a file that has none of its own.
pub fn read_header(
    grammar: &Grammar,
    sample: &[u8],
    start: usize,
    whole: bool,
    skip_lines: usize,
    given: &[String],
) -> Result<Header, String> {
    let mut at = start;
    for _ in 0..skip_lines {
        at += memchr::memchr(grammar.line_end(), &sample[at..]).map_or(sample.len() - at, |i| i + 1);
    }
    if !given.is_empty() {
        let raw = given.iter().map(|n| n.clone().into_bytes()).collect();
        return Ok(Header { names: given.to_vec(), raw, data_start: at, lines_before: grammar.lines(&sample[..at]) });
    }
    let mut fields = Vec::new();
    loop {
        if at >= sample.len() {
            return Err("has no header line: only blanks".to_owned());
        }
        match grammar.read(sample, at, whole, &mut fields) {
            Step::Blank { next } => at = next,
            Step::Record { next } => {
                let raw = header_cells(sample, &fields);
                let names = raw.iter().map(|r| String::from_utf8_lossy(r).into_owned()).collect();
                return Ok(Header { names, raw, data_start: next, lines_before: grammar.lines(&sample[..next]) });
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

/// The names without blanks around them; trailing cells without a name are not columns.
fn header_cells(sample: &[u8], fields: &[CellSpan]) -> Vec<Vec<u8>> {
    let mut cells: Vec<Vec<u8>> =
        fields.iter().map(|f| trim_name(&sample[f.start as usize..f.end as usize]).to_vec()).collect();
    while cells.len() > 1 && cells.last().is_some_and(Vec::is_empty) {
        cells.pop();
    }
    cells
}
