//! Joined tables, opened and bound to the header of an extract.

use std::borrow::Cow;

use crate::ingest::cell::{is_mangled, printable, without_float_trace};
use crate::ingest::error::ReadError;
use crate::ingest::field::fold;
use crate::ingest::layout::bind_error::{BindError, MissingField, twice};
use crate::ingest::layout::definition::Layout;
use crate::ingest::layout::join::{Join, TableFile};
use crate::ingest::layout::known_names::KnownNames;
use crate::ingest::record::delimiter::wrong_separator_line_said;
use crate::ingest::record::first_rows::surplus_fields;
use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::header::{Header, Preamble, sniff};
use crate::ingest::record::row::Row;
use crate::ingest::source::Source;

/// A joined table, bound to its own header and to that of the extract.
#[derive(Debug)]
pub struct Joined {
    /// Name of the table.
    pub table: String,
    /// Its file, as given.
    pub file: String,
    /// Most bytes that the file may unpack to.
    pub(crate) limit: Option<u64>,
    /// How its records are read.
    pub grammar: Grammar,
    /// Names of its columns.
    pub header: Vec<String>,
    /// First byte after its header.
    pub data_start: usize,
    /// Lines before its first row.
    pub lines_before: u64,
    /// Its key columns.
    pub(crate) key: Vec<usize>,
    /// The columns of the extract that equal them.
    pub(crate) to: Vec<usize>,
    pub(crate) only: Vec<(usize, Vec<String>)>,
    pub(crate) shape: TableShape,
    /// The names of its columns in the joined row.
    pub names: Vec<String>,
    /// The number of the first of these columns in the joined row.
    pub first: usize,
    pub(crate) null: Vec<String>,
}

/// What a row of a table stands for.
#[derive(Debug)]
pub(crate) enum TableShape {
    /// One row per key.
    Row,
    /// One row per code.
    Codes { column: usize, number: Option<(usize, String)>, numbers: Vec<usize> },
}

/// The key of a row.
pub(crate) enum RowKey<'r> {
    /// A part of it is empty.
    Empty,
    /// A spreadsheet mangled a part of it, which many numbers then share, so it equals no other.
    Mangled(Cow<'r, str>),
    /// It meets those that are equal.
    Whole(Cow<'r, str>),
}

impl<'r> RowKey<'r> {
    /// The key, if it may meet another.
    pub(crate) fn whole(self) -> Option<Cow<'r, str>> {
        match self {
            Self::Whole(key) => Some(key),
            Self::Empty | Self::Mangled(_) => None,
        }
    }
}

impl Joined {
    /// The key of a row of the table.
    pub(crate) fn key<'r>(&self, row: &Row<'r>) -> RowKey<'r> {
        key(&self.key, &self.null, row)
    }

    /// The key of a row of the extract.
    pub(crate) fn key_of<'r>(&self, row: &Row<'r>) -> RowKey<'r> {
        key(&self.to, &self.null, row)
    }

    /// Is this column of the extract a part of the key?
    pub(crate) fn is_key(&self, column: usize) -> bool {
        self.to.contains(&column)
    }

    /// Is this row used?
    pub(crate) fn takes(&self, row: &Row<'_>) -> bool {
        self.only.iter().all(|(column, values)| {
            let cell = row.text(*column, &self.null);
            values.iter().any(|value| value.eq_ignore_ascii_case(&cell))
        })
    }

    /// The cleaned text of a cell.
    pub(crate) fn text<'r>(&self, row: &Row<'r>, column: usize) -> Cow<'r, str> {
        row.text(column, &self.null)
    }

    /// The column of the file that fills the nth column of the table in the joined row.
    pub fn column(&self, nth: usize) -> usize {
        match self.shape {
            TableShape::Row => nth,
            TableShape::Codes { column, .. } => column,
        }
    }
}

fn key<'r>(columns: &[usize], null: &[String], row: &Row<'r>) -> RowKey<'r> {
    // No cell of an extract holds this character, so different keys stay different.
    const SEPARATOR: &str = "\u{1f}";
    // A key that passed through a float column is still the same key.
    let part = |column: usize| match row.text(column, null) {
        Cow::Borrowed(text) => Cow::Borrowed(without_float_trace(text)),
        Cow::Owned(text) => Cow::Owned(without_float_trace(&text).to_owned()),
    };
    let (key, has_mangled) = match columns {
        [one] => {
            let key = part(*one);
            let has_mangled = is_mangled(&key);
            (key, has_mangled)
        }
        parts => {
            let parts: Vec<_> = parts.iter().map(|column| part(*column)).collect();
            if parts.iter().any(|part| part.is_empty()) {
                return RowKey::Empty;
            }
            (Cow::Owned(parts.join(SEPARATOR)), parts.iter().any(|part| is_mangled(part)))
        }
    };
    match (key.is_empty(), has_mangled) {
        (true, _) => RowKey::Empty,
        (_, true) => RowKey::Mangled(key),
        _ => RowKey::Whole(key),
    }
}

/// Opens the given tables of a layout and binds them to the extract's `header`. The inner error means that the header lacks a
/// key column, so another layout may fit.
pub(crate) fn open(
    layout: &Layout,
    tables: &[TableFile],
    header: &[String],
) -> Result<Result<Vec<Joined>, BindError>, ReadError> {
    let mut joined: Vec<Joined> = Vec::new();
    let mut first = header.len();
    for join in &layout.joins {
        let Some(table) = tables.iter().find(|t| t.name == join.table) else { continue };
        let to = match find_columns(&join.to, header) {
            Ok(to) => to,
            Err(ColumnError::Missing(names)) => {
                let what = format!("key of --join {}", join.table);
                let missing = vec![MissingField::new(&what, names)];
                return Ok(Err(BindError::Missing(missing, KnownNames::described(layout, header))));
            }
            Err(ColumnError::Twice(names)) => {
                return Ok(Err(BindError::Twice(format!("a key of --join {}", join.table), names)));
            }
        };
        let one = open_one(layout, join, table, to, first)?;
        first += one.names.len();
        joined.push(one);
    }
    Ok(Ok(joined))
}

fn open_one(
    layout: &Layout,
    join: &Join,
    table: &TableFile,
    to: Vec<usize>,
    first: usize,
) -> Result<Joined, ReadError> {
    let source = Source::open_within(&table.file, table.limit)?;
    // Report the failure of the delimiter that splits the line into the most names.
    let mut failure: Option<(usize, String)> = None;
    let mut unreadable: Option<String> = None;
    let needed: Vec<String> = join.needed().into_iter().map(str::to_owned).collect();
    let mut skips = vec![join.form.skip_lines, 0];
    skips.dedup();
    let opened = sniff(&source, |attempt| {
        // The preamble of the extract is not always one of its tables, too.
        for skip_lines in skips.iter().filter(|lines| attempt.fits(join.form.delimiter, **lines)) {
            let (grammar, header) =
                match attempt.read(Preamble { skip_lines: *skip_lines, ..join.form.preamble(&join.header) }) {
                    Ok(read) => read,
                    Err(what) => {
                        unreadable.get_or_insert(what);
                        continue;
                    }
                };
            match find_columns(&needed, &header.names) {
                Ok(columns) => {
                    let raw = if join.header.is_empty() { header.raw.clone() } else { Vec::new() };
                    let mut grammar = Grammar { width: header.names.len(), header: raw, ..grammar };
                    let (sample, start) = (&source.sample, header.data_start);
                    grammar.surplus = surplus_fields(&grammar, sample, start, source.whole, usize::MAX, |_| true);
                    return Ok(Some(bind_table(layout, join, table, (grammar, header), columns, to.clone(), first)));
                }
                Err(error) => {
                    if failure.as_ref().is_none_or(|(names, _)| *names < header.names.len()) {
                        let known = KnownNames::new(layout).with(&needed);
                        let what = error.message(&join.table, &layout.name, &header.names, &known);
                        failure = Some((header.names.len(), what));
                    }
                }
            }
        }
        Ok(None)
    })?;
    opened.ok_or_else(|| {
        // Under the wrong delimiter a header has one name, and may be unreadable.
        let what = match (failure, unreadable) {
            (Some((names, what)), unreadable) if names > 1 || unreadable.is_none() => what,
            (_, Some(what)) => what,
            _ => "has no header line".to_owned(),
        };
        let advice = wrong_separator_line_said(&source.sample).map_or_else(String::new, |said| {
            format!("\n  {said}; leave out that line, or write skip_lines = 1 under its [[join]]")
        });
        ReadError::unusable(&table.file, what + &advice)
    })
}

/// `columns`: those of [`Join::needed`], in its order.
fn bind_table(
    layout: &Layout,
    join: &Join,
    table: &TableFile,
    (grammar, header): (Grammar, Header),
    columns: Vec<usize>,
    to: Vec<usize>,
    first: usize,
) -> Joined {
    let mut columns = columns.into_iter();
    let key = columns.by_ref().take(join.key.len()).collect();
    let shape = match &join.codes {
        None => TableShape::Row,
        Some(codes) => TableShape::Codes {
            column: columns.next().unwrap_or_default(),
            number: codes.number.clone().and_then(|name| Some((columns.next()?, name))),
            numbers: codes.names.iter().map(|(n, _)| *n).collect(),
        },
    };
    let only = columns.zip(join.only.iter().map(|(_, values)| values.clone())).collect();
    let names = match &join.codes {
        Some(codes) => codes.names.iter().map(|(_, name)| name.clone()).collect(),
        None => header.names.iter().map(|name| format!("{}.{name}", join.table)).collect(),
    };
    Joined {
        table: join.table.clone(),
        file: table.file.clone(),
        limit: table.limit,
        grammar,
        header: header.names,
        data_start: header.data_start,
        lines_before: header.lines_before,
        key,
        to,
        only,
        shape,
        names,
        first,
        null: layout.null.clone(),
    }
}

/// Why the columns of a table cannot be found.
enum ColumnError {
    Missing(Vec<String>),
    Twice([String; 2]),
}

impl ColumnError {
    fn message(&self, table: &str, layout: &str, header: &[String], known: &KnownNames) -> String {
        match self {
            Self::Missing(names) => {
                format!(
                    "--join {table}: looked for {}; the first line holds {}\n  give the right file, or describe it under \
                     [[join]] in a layout file of your own (--layout FILE; this is layout {layout})",
                    names.join(", "),
                    known.quote(header)
                )
            }
            Self::Twice(names) => format!("--join {table}: {}", twice(names, "")),
        }
    }
}

/// The column numbers of these names. Each must be in the header exactly once.
fn find_columns(names: &[String], header: &[String]) -> Result<Vec<usize>, ColumnError> {
    let folded: Vec<_> = header.iter().map(|n| fold(n)).collect();
    let mut columns = Vec::new();
    let mut missing = Vec::new();
    for name in names {
        let want = fold(name);
        let mut found = folded.iter().enumerate().filter(|(_, n)| **n == want).map(|(i, _)| i);
        match (found.next(), found.next()) {
            (Some(column), None) => columns.push(column),
            (Some(a), Some(b)) => return Err(ColumnError::Twice([a, b].map(|column| printable(&header[column])))),
            (None, _) => missing.push(name.clone()),
        }
    }
    if missing.is_empty() { Ok(columns) } else { Err(ColumnError::Missing(missing)) }
}
