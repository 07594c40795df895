//! Finds the delimiter, the header and the layout of an extract.
//!
//! Each delimiter is tried with each layout, and the first header that binds wins. If none does, the error of the delimiter
//! that splits the first line into the most names is reported.

use std::cmp::Reverse;

use crate::ingest::error::ReadError;
use crate::ingest::layout::beyond::NumberedBeyond;
use crate::ingest::layout::bind_error::BindError;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::dates::DatePattern;
use crate::ingest::layout::definition::Layout;
use crate::ingest::layout::joined;
use crate::ingest::layout::joined::Joined;
use crate::ingest::layout::library::Library;
use crate::ingest::layout::slot_gaps::SlotGap;
use crate::ingest::layout::table;
use crate::ingest::layout::table_gaps::TableGap;
use crate::ingest::record::delimiter::preamble_advice;
use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::header::{Attempt, Header, sniff};
use crate::ingest::source::Source;

/// Everything that is known about an extract before its first row is read.
#[derive(Debug)]
pub struct Detected {
    /// How records are read.
    pub grammar: Grammar,
    /// The names of all columns: those of the extract, trimmed, without unnamed columns at the end, then those of the joined
    /// tables.
    pub header: Vec<String>,
    /// First byte after the header record.
    pub data_start: usize,
    /// Number of lines before the first row.
    pub lines_before: u64,
    /// The columns of each field.
    pub binding: Binding,
    /// The layout cuts a version number from the claim number.
    pub cuts_version: bool,
    /// Name of the layout that was detected or given.
    pub layout: String,
    /// The joined tables.
    pub joins: Vec<Joined>,
    /// Tables of the layout for which no file was given, with the columns that are therefore empty.
    pub unjoined: Vec<(String, String)>,
    /// Columns that are numbered beyond what is read.
    pub beyond: Vec<NumberedBeyond>,
    /// Columns that some service slots lack and others have.
    pub slot_gaps: Vec<SlotGap>,
    /// Columns of joined tables that the given tables lack.
    pub table_gaps: Vec<TableGap>,
    /// It is a table and no text: it has no lines, no line ends and no trailer record.
    pub is_table: bool,
    /// It is a table that holds its service dates as days, not as texts in the form that the layout describes.
    pub has_typed_dates: bool,
}

impl Detected {
    /// The patterns of a layout by which dates are read.
    pub(crate) fn date_patterns<'a>(&self, layout: Option<&'a Layout>) -> &'a [DatePattern] {
        layout.filter(|_| !self.has_typed_dates).map_or(&[], |layout| &layout.dates)
    }

    /// The line of the first row, and its byte. Rows of a table are not text and begin at byte 0.
    pub fn start(&self) -> (u64, u64) {
        // Lines are counted from 1.
        (self.lines_before + 1, if self.is_table { 0 } else { self.data_start as u64 })
    }
}

/// Why no layout fits, over all attempts.
#[derive(Default)]
struct Failures {
    /// Headers that could be read but not bound: the number of names, and the error.
    unbound: Vec<(usize, BindError)>,
    /// The first header that could not be read.
    unreadable: Option<String>,
}

/// Most lines of a preamble after which a header is looked for.
const MAX_PREAMBLE: usize = 30;

/// Bytes of a line up to which it may be part of a preamble, or the header after one. Lines of text are shorter, and a damaged
/// file of one line is not read again and again.
const MAX_PREAMBLE_LINE: usize = 1 << 16;

/// Detects the layout of an extract from its first bytes and binds its header. If the header comes after a preamble, the
/// error says how many lines to skip; if it may be cut by a CR, the error says that the lines end in two ways.
pub fn detect(source: &Source, library: &Library) -> Result<Detected, ReadError> {
    match detect_as_given(source, library) {
        Err(mut error @ (ReadError::Unusable { .. } | ReadError::Unbound { .. })) if source.table().is_none() => {
            let lines = after_preamble(source, library).map(|(.., lines)| lines);
            let advice = preamble_advice(source, lines).map(|advice| format!("\n  {advice}"));
            let two_ends = || begins_with_cr_before_lf(&source.sample).then(|| TWO_LINE_ENDS.to_owned());
            if let ReadError::Unusable { what, .. } | ReadError::Unbound { what, .. } = &mut error {
                what.extend(advice.or_else(two_ends));
            }
            Err(error)
        }
        detected => detected,
    }
}

/// Advice for a text whose first line end is a CR without LF, although it has LF, too: its header may go on after the CR.
const TWO_LINE_ENDS: &str =
    "\n  its lines end in two ways: the first with CR, later ones with LF; write it with one kind of line end";

/// Is the first line end of a text a CR without LF, and does an LF follow later?
fn begins_with_cr_before_lf(sample: &[u8]) -> bool {
    let first = memchr::memchr2(b'\r', b'\n', sample).map(|at| &sample[at..]);
    first.is_some_and(|rest| rest[0] == b'\r' && rest.get(1) != Some(&b'\n') && memchr::memchr(b'\n', rest).is_some())
}

/// The layouts that skip the preamble of an extract, what is detected then, and the number of its lines. None: no later line
/// is a header.
pub(crate) fn after_preamble(source: &Source, library: &Library) -> Option<(Library, Detected, usize)> {
    if source.table().is_some() {
        return None;
    }
    let lines = source.sample.split(|b| *b == b'\n').take(MAX_PREAMBLE + 1);
    let lines = lines.take_while(|line| line.len() <= MAX_PREAMBLE_LINE).count();
    let after = |lines: usize| {
        let skipping = library.clone().skipping(Some(lines), &[]);
        let detected = detect_as_given(source, &skipping).ok()?;
        Some((skipping, detected, lines))
    };
    let found = (1..lines).find_map(after)?;
    // Blank lines before the header belong to the preamble.
    let before_header = usize::try_from(found.1.lines_before).ok()?.saturating_sub(1);
    Some(if before_header > found.2 { after(before_header).unwrap_or(found) } else { found })
}

fn detect_as_given(source: &Source, library: &Library) -> Result<Detected, ReadError> {
    let mut failures = Failures::default();
    let detected = sniff(source, |attempt| {
        for layout in library.candidates() {
            if attempt.fits(layout.form.delimiter, layout.form.skip_lines)
                && let Some(detected) = try_layout(source, attempt, layout, library, &mut failures)?
            {
                return Ok(Some(detected));
            }
        }
        Ok(None)
    })?;
    match (detected, source.table()) {
        (Some(detected), None) => Ok(detected),
        (Some(mut detected), Some(table)) => {
            if let Some(join) = detected.joins.first() {
                let what = format!(
                    "is a Parquet file, and tables are joined to CSV extracts only (--join {}): join them in the query that \
                     writes the file",
                    join.table
                );
                return Err(ReadError::unusable(&source.name, what));
            }
            let typed = table::adapt(table, &mut detected.binding);
            detected.has_typed_dates = typed.map_err(|what| ReadError::unusable(&source.name, what))?;
            detected.is_table = true;
            Ok(detected)
        }
        (None, table) => {
            let advice = table.and_then(table::advice).unwrap_or_default();
            Err(failures.error(&source.name, &advice))
        }
    }
}

fn try_layout(
    source: &Source,
    attempt: &Attempt<'_>,
    layout: &Layout,
    library: &Library,
    failures: &mut Failures,
) -> Result<Option<Detected>, ReadError> {
    let (grammar, header) = match attempt.read(layout.form.preamble(&layout.header)) {
        Ok(read) => read,
        Err(what) => {
            // A quoted header does not parse under the wrong delimiter, so this error is expected. Report it only for
            // layouts with the shortest preamble: a longer `skip_lines` may have skipped the header itself.
            let shortest = library.candidates().iter().map(|layout| layout.form.skip_lines).min();
            if Some(layout.form.skip_lines) == shortest {
                failures.unreadable.get_or_insert(what);
            }
            return Ok(None);
        }
    };
    if !layout.recognizes(&header.names) {
        return Ok(None);
    }
    let joins = match joined::open(layout, &library.tables, &header.names)? {
        Ok(joins) => joins,
        Err(error) => {
            failures.unbound.push((header.names.len(), error));
            return Ok(None);
        }
    };
    let mut names = header.names.clone();
    names.extend(joins.iter().flat_map(|j| &j.names).cloned());
    match layout.bind(&names) {
        Ok(binding) => {
            refuse_unknown_tables(layout, library).map_err(|what| ReadError::unusable(&source.name, what))?;
            Ok(Some(detected(grammar, header, layout, binding, names, joins)))
        }
        Err(error) => {
            failures.unbound.push((header.names.len(), error));
            Ok(None)
        }
    }
}

impl Failures {
    fn error(mut self, file: &str, advice: &str) -> ReadError {
        // The delimiter that yields the most names is most likely the right one.
        self.unbound.sort_by_key(|(names, error)| (Reverse(*names), error.is_conflict()));
        // If the best attempt reads only one name, the line itself is damaged.
        match (self.unbound.into_iter().next(), self.unreadable) {
            (Some((0, _)) | None, None) => ReadError::unusable(file, "has no header line".to_owned() + advice),
            (Some((_, error)), None) | (Some((2.., error)), Some(_)) => {
                ReadError::Unbound { file: file.to_owned(), what: error.message() + advice, brought: error.brought() }
            }
            (_, Some(what)) => ReadError::unusable(file, what + advice),
        }
    }
}

/// Refuses a table that the layout does not know, because its file would have no effect.
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

/// What a layout says of an extract whose header is known.
pub(super) fn detected(
    grammar: Grammar,
    header: Header,
    layout: &Layout,
    binding: Binding,
    names: Vec<String>,
    joins: Vec<Joined>,
) -> Detected {
    // A table is not missing if the extract has its columns itself.
    let given = |table: &str| joins.iter().any(|j| j.table == table);
    let unjoined = layout
        .joins
        .iter()
        .filter(|j| !given(&j.table) && !header.names.iter().any(|name| j.brings(name)))
        .map(|j| (j.table.clone(), j.bringing()))
        .collect();
    let (beyond, slot_gaps) = (layout.beyond(&names, &binding), layout.slot_gaps(&names));
    let table_gaps = layout.table_gaps(&names, &binding, &joins);
    let mut grammar = Grammar {
        width: header.names.len(),
        header: if layout.header.is_empty() { header.raw } else { Vec::new() },
        ..grammar
    };
    // Set only now, because the first name of the header may begin like a trailer record.
    if let Some(trailer) = &layout.trailer {
        grammar.set_trailer(&trailer.prefix);
    }
    Detected {
        grammar,
        header: names,
        data_start: header.data_start,
        lines_before: header.lines_before,
        binding,
        cuts_version: layout.words.version.is_some(),
        layout: layout.name.clone(),
        joins,
        unjoined,
        beyond,
        slot_gaps,
        table_gaps,
        is_table: false,
        has_typed_dates: false,
    }
}
