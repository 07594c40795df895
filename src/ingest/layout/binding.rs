//! A layout bound to the header of one extract: indices only, every name resolved before row one.

use std::borrow::Cow;
use std::fmt;

use crate::ingest::cell::upper;
use crate::ingest::field::{Field, Group};
use crate::ingest::scan::Row;

/// How several codes in one cell are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// One cell, one code.
    No,
    /// At this character.
    At(char),
    /// At any of `|`, `;`, `,`, `^`, blank, or as a JSON list.
    Auto,
}

impl Split {
    /// The codes of a cleaned cell.
    pub fn parts(self, cell: &str) -> impl Iterator<Item = &str> {
        let whole = (self == Self::No).then(|| cell.trim());
        let cell = if self == Self::Auto { cell.trim_start_matches('[').trim_end_matches(']') } else { cell };
        let several = move || {
            cell.split(move |c: char| match self {
                Self::No => false,
                Self::At(separator) => c == separator,
                Self::Auto => matches!(c, '|' | ';' | ',' | '^') || c.is_whitespace(),
            })
            .map(move |part| {
                if self == Self::Auto {
                    part.trim_matches(|c: char| c.is_whitespace() || c == '"')
                } else {
                    part.trim()
                }
            })
        };
        let several = (self != Self::No).then(several);
        whole.into_iter().chain(several.into_iter().flatten())
    }
}

/// Where a field stands in a row, by column number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnSource {
    /// Nowhere.
    Absent,
    /// In one column.
    Column(usize),
    /// In the first of these that is filled.
    First(Vec<usize>),
    /// In several, glued together.
    Concat(Vec<usize>),
    /// In several, joined by `|`.
    Join(Vec<usize>),
    /// In no column: it is the number of the service slot.
    Number(u8),
}

impl ColumnSource {
    fn columns(&self) -> &[usize] {
        match self {
            Self::Absent | Self::Number(_) => &[],
            Self::Column(c) => std::slice::from_ref(c),
            Self::First(cs) | Self::Concat(cs) | Self::Join(cs) => cs,
        }
    }
}

/// A layout bound to the header of one extract: indices only, every name resolved.
#[derive(Debug, Clone)]
pub struct Binding {
    pub(crate) fields: Vec<ColumnSource>,
    pub(crate) groups: Vec<Vec<(u8, usize)>>,
    pub(crate) splits: Vec<Split>,
    pub(crate) null: Vec<String>,
    /// Where a row holds several services: the bindings of the second and later ones.
    pub(crate) further: Vec<Binding>,
}

impl Binding {
    /// The cleaned text of a field; empty where the extract does not have it.
    pub fn text<'r>(&self, row: &Row<'r>, field: Field) -> Cow<'r, str> {
        let cell = |c: usize| row.text(c, &self.null);
        match &self.fields[field as usize] {
            ColumnSource::Absent => Cow::Borrowed(""),
            ColumnSource::Number(slot) => Cow::Owned(slot.to_string()),
            ColumnSource::Column(c) => cell(*c),
            ColumnSource::First(cs) => cs.iter().map(|c| cell(*c)).find(|t| !t.is_empty()).unwrap_or_default(),
            // A bill type without its first part, or a key without one of its parts, is none.
            ColumnSource::Concat(cs) => {
                let parts: Vec<_> = cs.iter().map(|c| cell(*c)).collect();
                if parts[0].is_empty() { Cow::Borrowed("") } else { Cow::Owned(parts.concat()) }
            }
            ColumnSource::Join(cs) => {
                let parts: Vec<_> = cs.iter().map(|c| cell(*c)).collect();
                if parts.iter().any(|p| p.is_empty()) { Cow::Borrowed("") } else { Cow::Owned(parts.join("|")) }
            }
        }
    }

    /// This binding and those of the row's further service slots, in the order of the slots.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.further)
    }

    /// Does a row hold several services?
    pub fn has_slots(&self) -> bool {
        !self.further.is_empty()
    }

    /// The upper-cased cells of a group: slot number from 1, and text, empty ones included.
    pub fn slots<'r>(&self, row: &Row<'r>, group: Group) -> impl Iterator<Item = (u8, Cow<'r, str>)> {
        self.groups[group as usize].iter().map(|(slot, c)| (*slot, upper(row.text(*c, &self.null))))
    }

    /// How cells of a group are taken apart.
    pub fn split(&self, group: Group) -> Split {
        self.splits[group as usize]
    }

    /// Does the extract have this field?
    pub fn has(&self, field: Field) -> bool {
        self.fields[field as usize] != ColumnSource::Absent
    }

    /// The columns of a field.
    pub fn columns(&self, field: Field) -> &[usize] {
        self.fields[field as usize].columns()
    }

    /// Is a field or a slot of a group taken from this column? The row's further service slots aside.
    pub fn uses(&self, column: usize) -> bool {
        self.fields.iter().any(|take| take.columns().contains(&column))
            || self.groups.iter().flatten().any(|(_, c)| *c == column)
    }

    /// Does a procedure code of any service slot stand in this column?
    pub(crate) fn is_procedure(&self, column: usize) -> bool {
        self.each().any(|slot| {
            slot.columns(Field::ProcedureCode).contains(&column)
                || slot.group(Group::IcdProcedure).iter().any(|(_, c)| *c == column)
        })
    }

    /// The columns in which procedure codes stand at the beginning of a cell, those of all service slots; none where a
    /// layout glues or splits them.
    pub fn code_columns(&self) -> Option<Vec<usize>> {
        let mut columns = Vec::new();
        for binding in self.each() {
            match &binding.fields[Field::ProcedureCode as usize] {
                ColumnSource::Concat(_) | ColumnSource::Join(_) => return None,
                take => columns.extend(take.columns()),
            }
            columns.extend(binding.group(Group::IcdProcedure).iter().map(|(_, c)| *c));
        }
        (self.split(Group::IcdProcedure) == Split::No).then_some(columns)
    }

    /// The slots of a group and their columns.
    pub fn group(&self, group: Group) -> &[(u8, usize)] {
        &self.groups[group as usize]
    }
}

/// Why a header could not be bound.
#[derive(Debug)]
pub enum BindError {
    /// Required fields are not there: each with the names looked for.
    Missing(Vec<(String, Vec<String>)>, Vec<String>),
    /// Two columns claim one field.
    Conflict(String, String, String),
    /// A column that is mapped stands twice in the header.
    Twice(String, String),
}

impl BindError {
    /// The header is of this layout but contradicts itself.
    pub fn is_conflict(&self) -> bool {
        !matches!(self, Self::Missing(..))
    }
}

/// Enough to see what is meant; the layout file has them all.
const SPELLINGS_SHOWN: usize = 8;

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(fields, header) => {
                write!(f, "a required column is missing")?;
                for (field, looked_for) in fields {
                    let (shown, more) = looked_for.split_at(looked_for.len().min(SPELLINGS_SHOWN));
                    write!(f, "\n  {field}: looked for {}", shown.join(", "))?;
                    if !more.is_empty() {
                        write!(f, " and {} more spellings", more.len())?;
                    }
                }
                write!(f, "\n  the first line holds {}", shorten(header))?;
                write!(
                    f,
                    "\n  if the names differ, or the file has no header line, a preamble, or several codes in one cell, \
                     describe it in a layout file and pass --layout FILE (`claimlint inspect` shows what was understood)"
                )
            }
            Self::Conflict(field, a, b) => write!(
                f,
                "columns `{a}` and `{b}` both claim {field}; say which one holds it in a layout file (--layout FILE)"
            ),
            Self::Twice(field, name) => write!(
                f,
                "column `{name}`, which holds {field}, stands twice in the header; rename or drop one of them"
            ),
        }
    }
}

/// The names of a header in short. A line that looks like a row is not quoted: a file without a header would put a
/// patient's data into a log.
pub(crate) fn shorten(header: &[String]) -> String {
    const SHOWN: usize = 12;
    if header.iter().any(|name| looks_like_data(name)) {
        let cells = if header.len() == 1 { "one cell".to_owned() } else { format!("{} cells", header.len()) };
        return format!("{cells} and looks like a row, not a header, so it is not shown here");
    }
    let names: Vec<_> = header.iter().take(SHOWN).map(|n| format!("`{}`", printable(n))).collect();
    let more = header.len().saturating_sub(SHOWN);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}

/// No name of a column is without a letter or has four digits in a row, and hardly a claim is without such a cell: a
/// date, an amount, a number. A year in a name costs the header's display and nothing else.
fn looks_like_data(name: &str) -> bool {
    let digits = name.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    digits >= 4 || (digits > 0 && !name.contains(char::is_alphabetic))
}

/// A name from a file, safe to show at a terminal and short enough to read.
pub fn printable(name: &str) -> String {
    const LONGEST: usize = 40;
    let mut out: String = name.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().count() > LONGEST {
        out.push('\u{2026}');
    }
    out
}
