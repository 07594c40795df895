//! A layout bound to the header of one extract. Every name is resolved to a column number before the first row is read.

use std::borrow::Cow;

use crate::ingest::cell::upper;
use crate::ingest::eight_bytes::{any_word, has_no_letter_or_digit};
use crate::ingest::field::{Field, Group};
use crate::ingest::record::row::Row;

/// How a cell with several codes is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The cell is one code.
    No,
    /// At this character.
    At(char),
    /// At any of `|`, `;`, `,`, `^`, blank, or as a JSON list.
    Auto,
}

impl Split {
    /// Is a filled cell a single code of letters and digits, which needs no splitting? Nearly all cells are.
    pub(crate) fn leaves_whole(self, cell: &str) -> bool {
        self.keeps_codes() && !any_word(cell.as_bytes(), has_no_letter_or_digit)
    }

    /// Does it leave all letters and digits together?
    pub(crate) fn keeps_codes(self) -> bool {
        !matches!(self, Self::At(separator) if separator.is_ascii_alphanumeric())
    }

    /// Splits a cleaned cell into codes.
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

/// The columns that a field is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnSource {
    /// No column.
    Absent,
    /// One column.
    Column(usize),
    /// The first of these that is filled.
    First(Vec<usize>),
    /// All of these, without a separator.
    Concat(Vec<usize>),
    /// All of these, joined by `|`.
    Join(Vec<usize>),
    /// No column: the field is the number of the service slot.
    Number(u8),
}

impl ColumnSource {
    pub(crate) fn columns(&self) -> &[usize] {
        match self {
            Self::Absent | Self::Number(_) => &[],
            Self::Column(c) => std::slice::from_ref(c),
            Self::First(cs) | Self::Concat(cs) | Self::Join(cs) => cs,
        }
    }
}

/// A layout bound to the header of one extract.
#[derive(Debug, Clone)]
pub struct Binding {
    pub(crate) fields: Vec<ColumnSource>,
    pub(crate) groups: Vec<Vec<(u8, usize)>>,
    pub(crate) splits: Vec<Split>,
    pub(crate) null: Vec<String>,
    /// The bindings of the second and later service slots of a row.
    pub(crate) further: Vec<Binding>,
}

impl Binding {
    /// The cleaned text of a field. Empty if the extract does not have the field.
    #[inline(always)]
    pub fn text<'r>(&self, row: &Row<'r>, field: Field) -> Cow<'r, str> {
        match self.clean_text(row, field) {
            Some(text) => Cow::Borrowed(text),
            None => self.text_of_several(row, field, &self.fields[field as usize], |_| true),
        }
    }

    /// The same, if it is certain at a glance that the bytes of the cell are the text.
    #[inline(always)]
    fn clean_text<'r>(&self, row: &Row<'r>, field: Field) -> Option<&'r str> {
        match &self.fields[field as usize] {
            ColumnSource::Absent => Some(""),
            ColumnSource::Column(c) => row.clean(*c, &self.null),
            _ => None,
        }
    }

    /// The same, but of several columns of which the first filled one counts, one with a value goes before one that only has
    /// text: `is_value` says which.
    #[inline]
    pub(crate) fn value<'r>(&self, row: &Row<'r>, field: Field, is_value: impl Fn(&str) -> bool) -> Cow<'r, str> {
        match &self.fields[field as usize] {
            several @ ColumnSource::First(_) => self.text_of_several(row, field, several, is_value),
            _ => self.text(row, field),
        }
    }

    /// The text of a field that is not that of one clean cell.
    #[inline(never)]
    fn text_of_several<'r>(
        &self,
        row: &Row<'r>,
        field: Field,
        source: &ColumnSource,
        is_value: impl Fn(&str) -> bool,
    ) -> Cow<'r, str> {
        let cell = |c: usize| row.text(c, &self.null);
        match source {
            ColumnSource::Absent => Cow::Borrowed(""),
            ColumnSource::Number(slot) => Cow::Owned(slot.to_string()),
            ColumnSource::Column(c) => cell(*c),
            ColumnSource::First(cs) => {
                let filled = || cs.iter().map(|c| cell(*c)).filter(|text| !text.is_empty());
                filled().find(|text| is_value(text)).or_else(|| filled().next()).unwrap_or_default()
            }
            // A value with a hole counts as empty: a bill type without its class would be one of another facility.
            ColumnSource::Concat(cs) => {
                let parts: Vec<_> = cs.iter().map(|c| cell(*c)).collect();
                let filled = parts.iter().take_while(|part| !part.is_empty()).count();
                let has_hole = parts[filled..].iter().any(|part| !part.is_empty());
                if has_hole { Cow::Borrowed("") } else { Cow::Owned(parts.concat()) }
            }
            // A number without one of its parts is another number. Other values are joined as far as they are there.
            ColumnSource::Join(cs) => {
                let mut parts: Vec<_> = cs.iter().map(|c| cell(*c)).collect();
                if field.is_number() && parts.iter().any(|part| part.is_empty()) {
                    return Cow::Borrowed("");
                }
                parts.retain(|part| !part.is_empty());
                Cow::Owned(parts.join("|"))
            }
        }
    }

    /// Is a field made of several columns without a separator?
    pub(crate) fn is_glued(&self, field: Field) -> bool {
        matches!(self.fields[field as usize], ColumnSource::Concat(_))
    }

    /// The cleaned cells of a field that several columns make without a separator. Empty if it is not made so.
    pub(crate) fn glued<'r>(&self, row: &Row<'r>, field: Field) -> Vec<Cow<'r, str>> {
        match &self.fields[field as usize] {
            ColumnSource::Concat(cs) => cs.iter().map(|c| row.text(*c, &self.null)).collect(),
            _ => Vec::new(),
        }
    }

    /// This binding and those of the row's other service slots, in the order of the slots.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.further)
    }

    /// Does a row hold several services?
    pub(crate) fn has_slots(&self) -> bool {
        !self.further.is_empty()
    }

    /// The filled cells of a group, upper-cased, each with its number from 1.
    pub fn slots<'r>(&self, row: &Row<'r>, group: Group) -> impl Iterator<Item = (u8, Cow<'r, str>)> {
        // Most cells of a group have no bytes at all, so they are passed over before they are cleaned.
        let with_bytes = self.groups[group as usize].iter().filter(|(_, c)| row.has_bytes(*c));
        with_bytes.map(|(slot, c)| (*slot, upper(row.text(*c, &self.null)))).filter(|(_, cell)| !cell.is_empty())
    }

    /// How cells of a group are split.
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

    /// Does a field or a group read this column? Other service slots of the row are not considered.
    pub fn uses(&self, column: usize) -> bool {
        self.fields.iter().any(|take| take.columns().contains(&column))
            || self.groups.iter().flatten().any(|(_, c)| *c == column)
    }

    /// Does any service slot read procedure codes from this column?
    pub(crate) fn is_procedure(&self, column: usize) -> bool {
        self.each().any(|slot| {
            slot.columns(Field::ProcedureCode).contains(&column)
                || slot.group(Group::IcdProcedure).iter().any(|(_, c)| *c == column)
        })
    }

    /// Does each procedure cell hold whole codes? Not if the layout joins several columns to one code, or splits a cell at a
    /// letter or digit.
    pub(crate) fn has_whole_codes(&self) -> bool {
        let is_glued =
            matches!(self.fields[Field::ProcedureCode as usize], ColumnSource::Concat(_) | ColumnSource::Join(_));
        !is_glued && self.split(Group::IcdProcedure).keeps_codes()
    }

    /// The procedure columns of all service slots. `None` if a cell may hold only part of a code.
    pub fn code_columns(&self) -> Option<Vec<usize>> {
        let mut columns = Vec::new();
        for binding in self.each() {
            if !binding.has_whole_codes() {
                return None;
            }
            columns.extend(binding.columns(Field::ProcedureCode));
            columns.extend(binding.group(Group::IcdProcedure).iter().map(|(_, c)| *c));
        }
        Some(columns)
    }

    /// The numbers of a group and their columns.
    pub fn group(&self, group: Group) -> &[(u8, usize)] {
        &self.groups[group as usize]
    }
}
