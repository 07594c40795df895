//! A layout bound to the header of one extract: indices only, every name resolved before row one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::cell::{clean, upper};
use super::field::{Field, Group, fold};
use super::layout::{Layout, Named, Pattern};
use super::scan::Row;

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
        let cell = if self == Self::Auto { cell.trim_start_matches('[').trim_end_matches(']') } else { cell };
        cell.split(move |c: char| match self {
            Self::No => false,
            Self::At(separator) => c == separator,
            Self::Auto => matches!(c, '|' | ';' | ',' | '^') || c.is_whitespace(),
        })
        .map(move |part| {
            if self == Self::Auto { part.trim_matches(|c: char| c.is_whitespace() || c == '"') } else { part.trim() }
        })
    }
}

/// Where a field stands in a row, by column number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
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
}

impl Take {
    fn columns(&self) -> &[usize] {
        match self {
            Self::Absent => &[],
            Self::Column(c) => std::slice::from_ref(c),
            Self::First(cs) | Self::Concat(cs) | Self::Join(cs) => cs,
        }
    }
}

/// A layout bound to the header of one extract: indices only, every name resolved.
#[derive(Debug, Clone)]
pub struct Binding {
    fields: Vec<Take>,
    groups: Vec<Vec<(u8, usize)>>,
    splits: Vec<Split>,
    null: Vec<String>,
}

impl Binding {
    /// The cleaned text of a field; empty where the extract does not have it.
    pub fn text<'r>(&self, row: &Row<'r>, field: Field) -> Cow<'r, str> {
        let cell = |c: usize| match row.cell(c) {
            Cow::Borrowed(raw) => clean(raw, &self.null),
            Cow::Owned(raw) => Cow::Owned(clean(&raw, &self.null).into_owned()),
        };
        match &self.fields[field as usize] {
            Take::Absent => Cow::Borrowed(""),
            Take::Column(c) => cell(*c),
            Take::First(cs) => cs.iter().map(|c| cell(*c)).find(|t| !t.is_empty()).unwrap_or_default(),
            // A bill type without its first part, or a key without one of its parts, is none.
            Take::Concat(cs) => {
                let parts: Vec<_> = cs.iter().map(|c| cell(*c)).collect();
                if parts[0].is_empty() { Cow::Borrowed("") } else { Cow::Owned(parts.concat()) }
            }
            Take::Join(cs) => {
                let parts: Vec<_> = cs.iter().map(|c| cell(*c)).collect();
                if parts.iter().any(|p| p.is_empty()) { Cow::Borrowed("") } else { Cow::Owned(parts.join("|")) }
            }
        }
    }

    /// The upper-cased cells of a group: slot number from 1, and text, empty ones included.
    pub fn slots<'r>(&self, row: &Row<'r>, group: Group) -> impl Iterator<Item = (u8, Cow<'r, str>)> {
        self.groups[group as usize].iter().map(|(slot, c)| {
            let text = match row.cell(*c) {
                Cow::Borrowed(raw) => upper(clean(raw, &self.null)),
                Cow::Owned(raw) => Cow::Owned(upper(clean(&raw, &self.null)).into_owned()),
            };
            (*slot, text)
        })
    }

    /// How cells of a group are taken apart.
    pub fn split(&self, group: Group) -> Split {
        self.splits[group as usize]
    }

    /// Does the extract have this field?
    pub fn has(&self, field: Field) -> bool {
        self.fields[field as usize] != Take::Absent
    }

    /// The columns of a field.
    pub fn columns(&self, field: Field) -> &[usize] {
        self.fields[field as usize].columns()
    }

    /// The columns in which procedure codes stand at the beginning of a cell; none where a layout glues or splits them.
    pub fn code_columns(&self) -> Option<Vec<usize>> {
        let procedure = match &self.fields[Field::ProcedureCode as usize] {
            Take::Concat(_) | Take::Join(_) => return None,
            take => take.columns(),
        };
        let icd = self.group(Group::IcdProcedure).iter().map(|(_, c)| *c);
        (self.split(Group::IcdProcedure) == Split::No).then(|| procedure.iter().copied().chain(icd).collect())
    }

    /// The slots of a group and their columns.
    pub fn group(&self, group: Group) -> &[(u8, usize)] {
        &self.groups[group as usize]
    }
}

/// Why a header could not be bound.
#[derive(Debug)]
pub enum Unbound {
    /// Required fields are not there: each with the names looked for.
    Missing(Vec<(String, Vec<String>)>, Vec<String>),
    /// Two columns claim one field.
    Conflict(String, String, String),
    /// A column that is mapped stands twice in the header.
    Twice(String, String),
}

impl Unbound {
    /// The header is of this layout but contradicts itself.
    pub fn is_conflict(&self) -> bool {
        !matches!(self, Self::Missing(..))
    }
}

/// Enough to see what is meant; the layout file has them all.
const SPELLINGS_SHOWN: usize = 8;

impl fmt::Display for Unbound {
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

fn shorten(header: &[String]) -> String {
    const SHOWN: usize = 12;
    let names: Vec<_> = header.iter().take(SHOWN).map(|n| format!("`{}`", printable(n))).collect();
    let more = header.len().saturating_sub(SHOWN);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
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

/// A binding under construction.
pub(super) struct Binder<'h> {
    header: &'h [String],
    folded: Vec<String>,
    fields: Vec<Take>,
    groups: Vec<BTreeMap<u8, usize>>,
}

impl<'h> Binder<'h> {
    pub(super) fn new(header: &'h [String]) -> Self {
        let folded = header.iter().map(|n| fold(n)).collect();
        Self {
            header,
            folded,
            fields: vec![Take::Absent; Field::NAMES.len()],
            groups: vec![BTreeMap::new(); Group::NAMES.len()],
        }
    }

    pub(super) fn finish(self, lists: &[(Group, Split)], null: Vec<String>) -> Binding {
        let mut splits = vec![Split::No; Group::NAMES.len()];
        for (group, split) in lists {
            splits[*group as usize] = *split;
        }
        let groups = self.groups.into_iter().map(|g| g.into_iter().collect()).collect();
        Binding { fields: self.fields, groups, splits, null }
    }

    pub(super) fn spellings(
        &mut self,
        fields: &[(Field, Vec<String>)],
        groups: &[(Group, Vec<Pattern>)],
        first: &[(Group, Vec<String>)],
    ) -> Result<(), Unbound> {
        for (field, spellings) in fields {
            for column in 0..self.folded.len() {
                if spellings.iter().any(|s| fold(s) == self.folded[column]) {
                    if let Take::Column(earlier) = self.fields[*field as usize] {
                        return Err(self.conflict(field.name().to_owned(), earlier, column));
                    }
                    self.fields[*field as usize] = Take::Column(column);
                }
            }
        }
        for (group, patterns) in groups {
            let singles = first
                .iter()
                .filter(|(g, _)| g == group)
                .flat_map(|(_, names)| names)
                .map(|n| fold(n))
                .collect::<Vec<_>>();
            for column in 0..self.folded.len() {
                let name = &self.folded[column];
                let slot = patterns.iter().find_map(|p| p.slot(name)).or_else(|| singles.contains(name).then_some(1));
                let Some(slot) = slot.filter(|s| (1..=group.slots()).contains(&usize::from(*s))) else { continue };
                if let Some(earlier) = self.groups[*group as usize].insert(slot, column) {
                    return Err(self.conflict(format!("{}_{slot}", group.name()), earlier, column));
                }
            }
        }
        Ok(())
    }

    pub(super) fn columns(
        &mut self,
        fields: &[(Field, Named)],
        groups: &[(Group, Vec<(u8, String)>)],
    ) -> Result<(), Unbound> {
        for (field, named) in fields {
            let (names, all) = match named {
                Named::First(names) => (names, false),
                Named::Concat(names) | Named::Join(names) => (names, true),
            };
            let mut columns = Vec::new();
            for name in names {
                match self.find(name, field.name())? {
                    Some(column) => columns.push(column),
                    None if all => {
                        columns.clear();
                        break;
                    }
                    None => {}
                }
            }
            self.fields[*field as usize] = match (named, columns.as_slice()) {
                (_, []) => Take::Absent,
                (Named::First(_), [one]) => Take::Column(*one),
                (Named::First(_), _) => Take::First(columns),
                (Named::Concat(_), _) => Take::Concat(columns),
                (Named::Join(_), _) => Take::Join(columns),
            };
        }
        for (group, slots) in groups {
            for (slot, name) in slots {
                if let Some(column) = self.find(name, group.name())? {
                    self.groups[*group as usize].insert(*slot, column);
                }
            }
        }
        Ok(())
    }

    fn find(&self, name: &str, field: &str) -> Result<Option<usize>, Unbound> {
        let want = fold(name);
        let mut found = self.folded.iter().enumerate().filter(|(_, n)| **n == want).map(|(i, _)| i);
        let first = found.next();
        if found.next().is_some() {
            return Err(Unbound::Twice(field.to_owned(), printable(name)));
        }
        Ok(first)
    }

    fn conflict(&self, field: String, a: usize, b: usize) -> Unbound {
        if self.folded[a] == self.folded[b] {
            Unbound::Twice(field, printable(&self.header[a]))
        } else {
            Unbound::Conflict(field, printable(&self.header[a]), printable(&self.header[b]))
        }
    }

    pub(super) fn require(&self, layout: &Layout) -> Result<(), Unbound> {
        let mut missing = Vec::new();
        for field in [Field::ClaimId, Field::ServiceDate] {
            if self.fields[field as usize] == Take::Absent {
                missing.push((field.name().to_owned(), layout.looked_for(field)));
            }
        }
        if self.fields[Field::ProcedureCode as usize] == Take::Absent
            && self.groups[Group::IcdProcedure as usize].is_empty()
        {
            let mut names = layout.looked_for(Field::ProcedureCode);
            names.extend(layout.group_looked_for(Group::IcdProcedure));
            missing.push(("procedure_code (or icd_procedure_1)".to_owned(), names));
        }
        if self.groups[Group::Diagnosis as usize].is_empty() {
            missing.push(("diagnosis_1".to_owned(), layout.group_looked_for(Group::Diagnosis)));
        }
        if missing.is_empty() { Ok(()) } else { Err(Unbound::Missing(missing, self.header.to_vec())) }
    }
}
