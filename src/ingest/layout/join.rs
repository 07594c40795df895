//! Tables that a layout joins to the rows of an extract: what a layout says of them, and how they are found to be.
//!
//! Relational extracts keep diagnoses, ICD procedures or the claim itself in files of their own. A layout names such
//! tables under `[[join]]`, the user gives the files (`--join NAME=FILE`), and their columns stand behind those of the
//! extract under names of their own, so that everything after this file sees one wide row.

use std::borrow::Cow;

use crate::ingest::field::fold;
use crate::ingest::layout::Layout;
use crate::ingest::layout::binding::{BindError, printable, shorten};
use crate::ingest::layout::detect::{DELIMITERS, beginning, read_header};
use crate::ingest::record::grammar::Grammar;
use crate::ingest::scan::Row;
use crate::ingest::source::{ReadError, Source};

/// A file given for a table: `--join NAME=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// The table, as layouts call it.
    pub name: String,
    /// The file as given.
    pub file: String,
    /// Most bytes that it may unpack to, as for [`Source::open_within`].
    pub limit: Option<u64>,
}

impl TableFile {
    /// Reads `NAME=FILE`. The error says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            // The table may be read twice, and before the extract: stdin cannot.
            Some((_, "-")) => Err("a joined table is a file, not stdin".to_owned()),
            Some((name, file)) if !name.is_empty() && !file.is_empty() => {
                Ok(Self { name: name.to_owned(), file: file.to_owned(), limit: None })
            }
            _ => Err("write NAME=FILE, such as diagnosis=dx.csv".to_owned()),
        }
    }
}

/// What a layout says of a table: one `[[join]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Its name in `--join` and in joined columns.
    pub table: String,
    /// Its key columns.
    pub key: Vec<String>,
    /// The extract's columns that they equal.
    pub to: Vec<String>,
    /// One row per code. None: one row per key, all columns taken as `table.NAME`.
    pub codes: Option<Codes>,
    /// Only rows with one of these values in this column are taken.
    pub only: Vec<(String, Vec<String>)>,
}

/// A table with one row per code, which becomes numbered columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codes {
    /// The column of the code.
    pub column: String,
    /// The column of its number; without it codes count in order of appearance, each once.
    pub number: Option<String>,
    /// The columns they become, with their numbers.
    pub names: Vec<(usize, String)>,
}

impl Join {
    /// Would this table, once given, bring a column of this name?
    pub(crate) fn brings(&self, name: &str) -> bool {
        match &self.codes {
            Some(codes) => codes.names.iter().any(|(_, n)| fold(n) == fold(name)),
            None => name.split_once('.').is_some_and(|(table, _)| table == self.table),
        }
    }

    /// What it would bring, in words.
    pub(crate) fn bringing(&self) -> String {
        match self.codes.as_ref().map(|codes| codes.names.as_slice()) {
            Some([(_, first), .., (_, last)]) => format!("the columns {first} to {last}"),
            Some([(_, only)]) => format!("the cells of column {only}"),
            _ => format!("the columns of {}", self.table),
        }
    }

    fn needed(&self) -> Vec<&str> {
        let codes = self.codes.iter().flat_map(|c| std::iter::once(&c.column).chain(&c.number));
        self.key.iter().chain(codes).chain(self.only.iter().map(|(column, _)| column)).map(String::as_str).collect()
    }
}

/// A table held against its file and against the extract's header.
#[derive(Debug)]
pub struct Joined {
    /// Its name.
    pub table: String,
    /// Its file as given.
    pub file: String,
    /// Most bytes that it may unpack to.
    pub(crate) limit: Option<u64>,
    /// How its records are read.
    pub grammar: Grammar,
    /// Its header.
    pub header: Vec<String>,
    /// First byte after its header.
    pub data_start: usize,
    /// Lines before its first row.
    pub lines_before: u64,
    /// Its key columns.
    pub(crate) key: Vec<usize>,
    /// The extract's columns that they equal.
    pub(crate) to: Vec<usize>,
    pub(crate) only: Vec<(usize, Vec<String>)>,
    pub(crate) shape: Shape,
    /// The names of its columns in the widened header.
    pub names: Vec<String>,
    /// Number of the first of them in the widened header.
    pub first: usize,
    pub(crate) null: Vec<String>,
}

/// What a table's rows are.
#[derive(Debug)]
pub(crate) enum Shape {
    /// One row per key.
    Row,
    /// One row per code.
    Codes { column: usize, number: Option<(usize, String)>, numbers: Vec<usize> },
}

impl Joined {
    /// The key of one of the table's own rows; none where a part is empty.
    pub(crate) fn key<'r>(&self, row: &Row<'r>) -> Option<Cow<'r, str>> {
        key(&self.key, &self.null, row)
    }

    /// The key of a row of the extract.
    pub(crate) fn key_of<'r>(&self, row: &Row<'r>) -> Option<Cow<'r, str>> {
        key(&self.to, &self.null, row)
    }

    /// Is this one of the rows to take?
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

    /// The table's column behind one of the widened header: of codes always the column of the code.
    pub fn column(&self, nth: usize) -> usize {
        match self.shape {
            Shape::Row => nth,
            Shape::Codes { column, .. } => column,
        }
    }
}

fn key<'r>(columns: &[usize], null: &[String], row: &Row<'r>) -> Option<Cow<'r, str>> {
    // No cell of an extract holds this character, so the parts cannot run into each other.
    const BETWEEN: &str = "\u{1f}";
    match columns {
        [one] => Some(row.text(*one, null)).filter(|t| !t.is_empty()),
        parts => {
            let parts: Vec<_> = parts.iter().map(|c| row.text(*c, null)).collect();
            (!parts.iter().any(|p| p.is_empty())).then(|| Cow::Owned(parts.join(BETWEEN)))
        }
    }
}

/// The tables of a layout that were given, opened and held against the extract's `header`. The inner error says that the
/// header lacks a column they are joined to, as the header of another layout does.
pub(crate) fn open(
    layout: &Layout,
    tables: &[TableFile],
    header: &[String],
) -> Result<Result<Vec<Joined>, BindError>, ReadError> {
    let mut joined: Vec<Joined> = Vec::new();
    let mut first = header.len();
    for join in &layout.joins {
        let Some(table) = tables.iter().find(|t| t.name == join.table) else { continue };
        let to = match places(&join.to, header) {
            Ok(to) => to,
            Err(Place::Missing(names)) => {
                let what = format!("key of --join {}", join.table);
                return Ok(Err(BindError::Missing(vec![(what, names)], header.to_vec())));
            }
            Err(Place::Twice(name)) => {
                return Ok(Err(BindError::Twice(format!("a key of --join {}", join.table), name)));
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
    let unusable = |what: String| ReadError::Unusable { file: table.file.clone(), what };
    let source = Source::open_within(&table.file, table.limit)?;
    let (cr_only, start) = beginning(&source)?;
    let mut miss: Option<(usize, String)> = None;
    for delimiter in DELIMITERS {
        let grammar = Grammar::for_header(delimiter, cr_only, Vec::new());
        let head = match read_header(&grammar, &source.sample, start, source.whole, 0, &[]) {
            Ok(head) => head,
            Err(what) => {
                miss.get_or_insert((0, what));
                continue;
            }
        };
        let needed: Vec<String> = join.needed().into_iter().map(str::to_owned).collect();
        match places(&needed, &head.names) {
            Err(found) => {
                if miss.as_ref().is_none_or(|(names, _)| *names < head.names.len()) {
                    let what = found.sentence(&join.table, &layout.name, &shorten(&head.names));
                    miss = Some((head.names.len(), what));
                }
            }
            Ok(places) => {
                let mut places = places.into_iter();
                let key = places.by_ref().take(join.key.len()).collect();
                let shape = match &join.codes {
                    None => Shape::Row,
                    Some(codes) => Shape::Codes {
                        column: places.next().unwrap_or_default(),
                        number: codes.number.clone().and_then(|name| Some((places.next()?, name))),
                        numbers: codes.names.iter().map(|(n, _)| *n).collect(),
                    },
                };
                let only = join.only.iter().map(|(_, values)| values.clone());
                let only = places.zip(only).collect();
                let names = match &join.codes {
                    Some(codes) => codes.names.iter().map(|(_, name)| name.clone()).collect(),
                    None => head.names.iter().map(|name| format!("{}.{name}", join.table)).collect(),
                };
                let grammar = Grammar { width: head.names.len(), header: head.raw, ..grammar };
                return Ok(Joined {
                    table: join.table.clone(),
                    file: table.file.clone(),
                    limit: table.limit,
                    grammar,
                    header: head.names,
                    data_start: head.data_start,
                    lines_before: head.lines_before,
                    key,
                    to,
                    only,
                    shape,
                    names,
                    first,
                    null: layout.null.clone(),
                });
            }
        }
    }
    Err(unusable(miss.map_or_else(|| "has no header line".to_owned(), |(_, what)| what)))
}

enum Place {
    Missing(Vec<String>),
    Twice(String),
}

impl Place {
    fn sentence(&self, table: &str, layout: &str, held: &str) -> String {
        match self {
            Self::Missing(names) => format!(
                "--join {table}: looked for {}; the first line holds {held}\n  give the right file, or describe it under \
                 [[join]] in a layout file of your own (--layout FILE; this is layout {layout})",
                names.join(", ")
            ),
            Self::Twice(name) => {
                format!("--join {table}: column `{name}` stands twice in the header; rename or drop one of them")
            }
        }
    }
}

/// Where these names stand in a header: all of them, each once.
fn places(names: &[String], header: &[String]) -> Result<Vec<usize>, Place> {
    let folded: Vec<_> = header.iter().map(|n| fold(n)).collect();
    let mut places = Vec::new();
    let mut missing = Vec::new();
    for name in names {
        let want = fold(name);
        let mut found = folded.iter().enumerate().filter(|(_, n)| **n == want).map(|(i, _)| i);
        match (found.next(), found.next()) {
            (Some(place), None) => places.push(place),
            (Some(_), Some(_)) => return Err(Place::Twice(printable(name))),
            (None, _) => missing.push(name.clone()),
        }
    }
    if missing.is_empty() { Ok(places) } else { Err(Place::Missing(missing)) }
}

#[cfg(test)]
mod tests {
    use super::TableFile;

    #[test]
    fn a_table_is_a_name_and_a_file() {
        let table =
            |name: &str, file: &str| Ok(TableFile { name: name.to_owned(), file: file.to_owned(), limit: None });
        assert_eq!(TableFile::parse("diagnosis=a=b.csv"), table("diagnosis", "a=b.csv"));
        for wrong in ["dx.csv", "=dx.csv", "diagnosis=", "diagnosis=-", ""] {
            assert!(TableFile::parse(wrong).is_err(), "{wrong}");
        }
    }
}
