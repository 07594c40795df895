//! Columns that go on where a numbered run of the layout, its service slots or the slots of a field end. They are not read,
//! and a warning says so.

use std::collections::BTreeMap;

use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::definition::{Layout, Mapping, NumberedName, SLOT};

/// The key of a layout for the number of its service slots.
pub(crate) const SLOTS: &str = "slots";

/// Columns that are not read because of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedBeyond {
    /// The numbered field; for the services of a row, `slots`.
    pub field: &'static str,
    /// The last number that is read.
    pub last: u64,
    /// The columns, by their numbers in the header.
    pub columns: Vec<usize>,
}

/// A numbered name, and the last number of it that is read.
struct End {
    name: NumberedName,
    last: usize,
    /// The place of the column numbered 0: 1 if the header has one, so that the others move up.
    first: usize,
    field: &'static str,
}

impl Layout {
    /// The columns that are numbered beyond what is read.
    pub(crate) fn beyond(&self, header: &[String], binding: &Binding) -> Vec<NumberedBeyond> {
        let ends = self.ends(header);
        let mut found: BTreeMap<(&str, usize), NumberedBeyond> = BTreeMap::new();
        for (column, name) in header.iter().enumerate() {
            let folded = fold(name);
            let goes_on =
                |end: &&End| end.name.slot(&folded).is_some_and(|number| usize::from(number) + end.first > end.last);
            let end = ends.iter().find(goes_on);
            if let Some(End { last, field, .. }) = end.filter(|_| !binding.each().any(|slot| slot.uses(column))) {
                let new = || NumberedBeyond { field, last: *last as u64, columns: Vec::new() };
                found.entry((field, *last)).or_insert_with(new).columns.push(column);
            }
        }
        found.into_values().collect()
    }

    fn ends(&self, header: &[String]) -> Vec<End> {
        let is_code = |group: Group| matches!(group, Group::Diagnosis | Group::IcdProcedure);
        let mut ends = Vec::new();
        for run in &self.runs {
            // A claim line has no more modifiers and pointers than these.
            if run.last < run.group.slots() || is_code(run.group) {
                ends.push(End { name: run.name.clone(), last: run.last, first: 0, field: run.group.name() });
            }
        }
        if let Some(slots) = self.slots {
            let names = self.mapping.names_of(Field::ProcedureCode);
            for (before, after) in names.iter().filter_map(|name| name.split_once(SLOT)) {
                let name = NumberedName { before: fold(before), after: fold(after), shown: String::new() };
                ends.push(End { name, last: usize::from(slots), first: 0, field: SLOTS });
            }
        }
        for mapping in std::iter::once(&self.mapping).chain(self.generic.as_deref()) {
            let Mapping::Spellings { groups, .. } = mapping else { continue };
            for (group, names) in groups.iter().filter(|(group, _)| is_code(*group)) {
                let is_zero = |column: &String| names.iter().any(|name| name.slot(&fold(column)) == Some(0));
                let first = usize::from(header.iter().any(is_zero));
                let end =
                    |name: &NumberedName| End { name: name.clone(), last: group.slots(), first, field: group.name() };
                ends.extend(names.iter().map(end));
            }
        }
        ends
    }
}
