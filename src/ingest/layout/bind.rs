//! A binding under construction: the names of a layout looked up in a header, missing and double ones refused.

use std::collections::BTreeMap;

use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::binding::{BindError, Binding, ColumnSource, Split, printable};
use crate::ingest::layout::{Layout, Named, Pattern, SLOT};

/// A binding under construction.
pub(crate) struct Binder<'h> {
    header: &'h [String],
    folded: Vec<String>,
    /// The service slot that `{slot}` stands for; none in a layout of one service a row.
    slot: Option<u8>,
    fields: Vec<ColumnSource>,
    groups: Vec<BTreeMap<u8, usize>>,
}

impl<'h> Binder<'h> {
    pub(crate) fn new(header: &'h [String], slot: Option<u8>) -> Self {
        let folded = header.iter().map(|n| fold(n)).collect();
        Self {
            header,
            folded,
            slot,
            fields: vec![ColumnSource::Absent; Field::NAMES.len()],
            groups: vec![BTreeMap::new(); Group::NAMES.len()],
        }
    }

    pub(crate) fn finish(self, lists: &[(Group, Split)], null: Vec<String>) -> Binding {
        let mut splits = vec![Split::No; Group::NAMES.len()];
        for (group, split) in lists {
            splits[*group as usize] = *split;
        }
        let groups = self.groups.into_iter().map(|g| g.into_iter().collect()).collect();
        Binding { fields: self.fields, groups, splits, null, further: Vec::new() }
    }

    pub(crate) fn spellings(
        &mut self,
        fields: &[(Field, Vec<String>)],
        groups: &[(Group, Vec<Pattern>)],
        first: &[(Group, Vec<String>)],
    ) -> Result<(), BindError> {
        for (field, spellings) in fields {
            // Folded once, not once a column: a damaged header may have half a million of them.
            let spellings: Vec<String> = spellings.iter().map(|s| fold(s)).collect();
            for column in 0..self.folded.len() {
                if spellings.contains(&self.folded[column]) {
                    if let ColumnSource::Column(earlier) = self.fields[*field as usize] {
                        return Err(self.conflict(field.name().to_owned(), earlier, column));
                    }
                    self.fields[*field as usize] = ColumnSource::Column(column);
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

    pub(crate) fn columns(
        &mut self,
        fields: &[(Field, Named)],
        groups: &[(Group, Vec<(u8, String)>)],
    ) -> Result<(), BindError> {
        for (field, named) in fields {
            if let (Some(slot), Named::First(names)) = (self.slot, named)
                && names.as_slice() == [SLOT]
            {
                self.fields[*field as usize] = ColumnSource::Number(slot);
                continue;
            }
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
                (_, []) => ColumnSource::Absent,
                (Named::First(_), [one]) => ColumnSource::Column(*one),
                (Named::First(_), _) => ColumnSource::First(columns),
                (Named::Concat(_), _) => ColumnSource::Concat(columns),
                (Named::Join(_), _) => ColumnSource::Join(columns),
            };
        }
        // A stay's codes are the claim's: they stand in its first service, or every slot would repeat them.
        let of_claim = |group: Group| group == Group::IcdProcedure && self.slot.is_some_and(|slot| slot > 1);
        for (group, slots) in groups.iter().filter(|(group, _)| !of_claim(*group)) {
            for (slot, name) in slots {
                if let Some(column) = self.find(name, group.name())? {
                    self.groups[*group as usize].insert(*slot, column);
                }
            }
        }
        Ok(())
    }

    fn find(&self, name: &str, field: &str) -> Result<Option<usize>, BindError> {
        let name = &self.in_slot(name);
        let want = fold(name);
        let mut found = self.folded.iter().enumerate().filter(|(_, n)| **n == want).map(|(i, _)| i);
        let first = found.next();
        if found.next().is_some() {
            return Err(BindError::Twice(field.to_owned(), printable(name)));
        }
        Ok(first)
    }

    /// The name with the number of the slot in it.
    fn in_slot(&self, name: &str) -> String {
        self.slot.map_or_else(|| name.to_owned(), |slot| name.replace(SLOT, &slot.to_string()))
    }

    fn conflict(&self, field: String, a: usize, b: usize) -> BindError {
        if self.folded[a] == self.folded[b] {
            BindError::Twice(field, printable(&self.header[a]))
        } else {
            BindError::Conflict(field, printable(&self.header[a]), printable(&self.header[b]))
        }
    }

    /// Refuses a header without a required field, naming what was looked for.
    pub(crate) fn require(&self, layout: &Layout) -> Result<(), BindError> {
        let mut missing = Vec::new();
        for field in [Field::ClaimId, Field::ServiceDate] {
            if self.fields[field as usize] == ColumnSource::Absent {
                missing.push((field.name().to_owned(), layout.looked_for(field)));
            }
        }
        if self.fields[Field::ProcedureCode as usize] == ColumnSource::Absent
            && self.groups[Group::IcdProcedure as usize].is_empty()
        {
            let mut names = layout.looked_for(Field::ProcedureCode);
            names.extend(layout.group_looked_for(Group::IcdProcedure));
            missing.push(("procedure_code (or icd_procedure_1)".to_owned(), names));
        }
        if self.groups[Group::Diagnosis as usize].is_empty() {
            missing.push(("diagnosis_1".to_owned(), layout.group_looked_for(Group::Diagnosis)));
        }
        for (_, names) in &mut missing {
            let mut said = false;
            for name in names {
                let join = layout.joins.iter().find(|join| join.brings(name));
                *name = self.in_slot(name);
                // Once is enough: the names of one field mostly come from one table.
                if let Some(join) = join.filter(|_| !std::mem::replace(&mut said, true)) {
                    *name = format!("{name} (--join {}=FILE brings it)", join.table);
                }
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(BindError::Missing(missing, self.header.to_vec())) }
    }
}
