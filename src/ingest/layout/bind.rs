//! Looks up the column names of a layout in a header. A missing or ambiguous column is an error.

use std::collections::BTreeMap;

use crate::ingest::cell::printable;
use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::bind_error::{BindError, MissingField};
use crate::ingest::layout::binding::{Binding, ColumnSource, Split};
use crate::ingest::layout::definition::{ColumnNames, Layout, Mapping, NumberedName, SLOT};
use crate::ingest::layout::demands::Demands;
use crate::ingest::layout::known_names::KnownNames;
use crate::steps;

impl Layout {
    /// Looks up every name of the layout in a header. If rows have service slots, the binding of slot 1 holds the bindings of
    /// the other slots, except slots whose procedure column the header lacks.
    pub fn bind(&self, header: &[String]) -> Result<Binding, BindError> {
        let slots = self.bind_slots(header)?;
        slots[0].require(self)?;
        Ok(self.finish(slots))
    }

    /// Binds the fields that a header has, though required ones may be missing. The error: two columns claim one field.
    pub(crate) fn bind_present(&self, header: &[String]) -> Result<Binding, BindError> {
        Ok(self.finish(self.bind_slots(header)?))
    }

    fn finish(&self, slots: Vec<Binder<'_>>) -> Binding {
        let mut slots = slots.into_iter().map(|slot| slot.finish(&self.lists, self.null.clone()));
        let first = slots.next().unwrap_or_else(|| Binder::new(&[], None).finish(&self.lists, self.null.clone()));
        Binding { further: slots.collect(), ..first }
    }

    /// The service slots of a header; always the first.
    fn bind_slots<'h>(&self, header: &'h [String]) -> Result<Vec<Binder<'h>>, BindError> {
        let mut slots = vec![self.look_up(header, self.slots.map(|_| 1))?];
        for slot in 2..=self.slots.unwrap_or(1) {
            let further = self.look_up(header, Some(slot))?;
            if further.fields[Field::ProcedureCode as usize] != ColumnSource::Absent {
                slots.push(further);
            }
        }
        if let Some(generic) = &self.generic {
            self.inherit(generic, header, &mut slots)?;
        }
        Ok(slots)
    }

    /// Fills fields without a column from columns that nothing reads, by the generic spellings.
    fn inherit(&self, generic: &Mapping, header: &[String], slots: &mut [Binder<'_>]) -> Result<(), BindError> {
        let (Mapping::Columns { .. }, Mapping::Spellings { fields, groups, unnumbered }) = (&self.mapping, generic)
        else {
            return Ok(());
        };
        // A layout that names a column means that one, unless an extract may lack it.
        let is_open = |name: &str, is_mapped: bool| !is_mapped || self.demands.is_optional(name);
        let of_row = |field: Field| self.slots.is_none() || !OF_SLOT.contains(&field);
        let first = &slots[0];
        let lacks = |field: Field| {
            is_open(field.name(), !self.mapping.names_of(field).is_empty()) && of_row(field) && !first.has(field.name())
        };
        let fields: Vec<_> = fields.iter().filter(|(field, _)| lacks(*field)).cloned().collect();
        let lacks = |group: Group| {
            let of_row = self.slots.is_none() || matches!(group, Group::Diagnosis | Group::IcdProcedure);
            is_open(group.name(), self.mapping.has_group(group)) && of_row && !first.has(group.name())
        };
        let groups: Vec<_> = groups.iter().filter(|(group, _)| lacks(*group)).cloned().collect();
        let mut unused = Binder::new(header, None);
        unused.leave_out(&self.demands);
        for column in slots.iter().flat_map(Binder::used) {
            unused.folded[column].clear();
        }
        unused.spellings(&fields, &groups, unnumbered)?;
        for (number, slot) in slots.iter_mut().enumerate() {
            for (own, found) in slot.fields.iter_mut().zip(&unused.fields) {
                if *own == ColumnSource::Absent {
                    own.clone_from(found);
                }
            }
            for ((group, ..), (own, found)) in Group::NAMES.iter().zip(slot.groups.iter_mut().zip(&unused.groups)) {
                if own.is_empty() && !(*group == Group::IcdProcedure && number > 0) {
                    own.clone_from(found);
                }
            }
        }
        Ok(())
    }

    fn look_up<'h>(&self, header: &'h [String], slot: Option<u8>) -> Result<Binder<'h>, BindError> {
        let mut binder = Binder::new(header, slot);
        binder.leave_out(&self.demands);
        match &self.mapping {
            Mapping::Spellings { fields, groups, unnumbered } => binder.spellings(fields, groups, unnumbered)?,
            Mapping::Columns { fields, groups } => binder.columns(fields, groups)?,
        }
        Ok(binder)
    }
}

/// Fields that each service slot of a row has for itself. A column of the whole row does not say them.
const OF_SLOT: [Field; 9] = [
    Field::LineNumber,
    Field::LineStatus,
    Field::RevenueCode,
    Field::ProcedureCode,
    Field::Units,
    Field::DiagnosisPointer,
    Field::ChargeAmount,
    Field::AllowedAmount,
    Field::PaidAmount,
];

/// A binding under construction.
struct Binder<'h> {
    header: &'h [String],
    folded: Vec<String>,
    /// The number that replaces [`SLOT`] in names. `None` if a row holds one service.
    slot: Option<u8>,
    fields: Vec<ColumnSource>,
    groups: Vec<BTreeMap<u8, usize>>,
}

impl<'h> Binder<'h> {
    fn new(header: &'h [String], slot: Option<u8>) -> Self {
        let folded = header.iter().map(|n| fold(n)).collect();
        Self {
            header,
            folded,
            slot,
            fields: vec![ColumnSource::Absent; Field::NAMES.len()],
            groups: vec![BTreeMap::new(); Group::NAMES.len()],
        }
    }

    fn finish(self, lists: &[(Group, Split)], null: Vec<String>) -> Binding {
        let mut splits = vec![Split::No; Group::NAMES.len()];
        for (group, split) in lists {
            splits[*group as usize] = *split;
        }
        let groups = self.groups.into_iter().map(|g| g.into_iter().collect()).collect();
        Binding { fields: self.fields, groups, splits, null, further: Vec::new() }
    }

    /// Leaves out the columns that the layout knows and does not read: no name finds them.
    fn leave_out(&mut self, demands: &Demands) {
        self.folded.iter_mut().filter(|name| demands.is_left_out(name)).for_each(String::clear);
    }

    /// The columns that it reads.
    fn used(&self) -> impl Iterator<Item = usize> {
        let fields = self.fields.iter().flat_map(ColumnSource::columns);
        fields.chain(self.groups.iter().flat_map(BTreeMap::values)).copied()
    }

    fn spellings(
        &mut self,
        fields: &[(Field, Vec<String>)],
        groups: &[(Group, Vec<NumberedName>)],
        unnumbered: &[(Group, u8, Vec<String>)],
    ) -> Result<(), BindError> {
        for (field, spellings) in fields {
            // Fold the spellings once instead of once per column: a damaged header can have half a million columns.
            let spellings: Vec<String> = spellings.iter().map(|s| fold(s)).collect();
            steps::take(self.folded.len());
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
            let of_group = unnumbered.iter().filter(|(g, ..)| g == group);
            let singles: Vec<(u8, String)> =
                of_group.flat_map(|(_, slot, names)| names.iter().map(|name| (*slot, fold(name)))).collect();
            // Columns numbered from 0 fill the slots from 1 on.
            let is_zero = |name: &String| patterns.iter().find_map(|p| p.slot(name)) == Some(0);
            let first = u8::from(self.folded.iter().any(is_zero));
            steps::take(self.folded.len());
            for column in 0..self.folded.len() {
                let name = &self.folded[column];
                let single = || singles.iter().find(|(_, single)| single == name).map(|(slot, _)| *slot);
                let numbered = patterns.iter().find_map(|p| p.slot(name)).map(|slot| slot.saturating_add(first));
                let slot = numbered.or_else(single);
                let Some(slot) = slot.filter(|s| (1..=group.slots()).contains(&usize::from(*s))) else { continue };
                if let Some(earlier) = self.groups[*group as usize].insert(slot, column) {
                    return Err(self.conflict(format!("{}_{slot}", group.name()), earlier, column));
                }
            }
        }
        Ok(())
    }

    fn columns(
        &mut self,
        fields: &[(Field, ColumnNames)],
        groups: &[(Group, Vec<(u8, String)>)],
    ) -> Result<(), BindError> {
        for (field, named) in fields {
            if let (Some(slot), ColumnNames::First(names)) = (self.slot, named)
                && names.as_slice() == [SLOT]
            {
                self.fields[*field as usize] = ColumnSource::Number(slot);
                continue;
            }
            let (names, all) = match named {
                ColumnNames::First(names) => (names, false),
                ColumnNames::Concat(names) | ColumnNames::Join(names) => (names, true),
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
                (ColumnNames::First(_), [one]) => ColumnSource::Column(*one),
                (ColumnNames::First(_), _) => ColumnSource::First(columns),
                (ColumnNames::Concat(_), _) => ColumnSource::Concat(columns),
                (ColumnNames::Join(_), _) => ColumnSource::Join(columns),
            };
        }
        // ICD procedure codes belong to the claim. Only slot 1 takes them; otherwise every slot would repeat them.
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
        steps::take(self.folded.len());
        let mut found = self.folded.iter().enumerate().filter(|(_, n)| **n == want).map(|(i, _)| i);
        let first = found.next();
        match first.zip(found.next()) {
            Some((a, b)) => Err(BindError::Twice(field.to_owned(), self.names([a, b]))),
            None => Ok(first),
        }
    }

    /// The name with the slot number filled in.
    fn in_slot(&self, name: &str) -> String {
        self.slot.map_or_else(|| name.to_owned(), |slot| name.replace(SLOT, &slot.to_string()))
    }

    fn conflict(&self, field: String, a: usize, b: usize) -> BindError {
        if self.folded[a] == self.folded[b] {
            BindError::Twice(field, self.names([a, b]))
        } else {
            let [a, b] = self.names([a, b]);
            BindError::Conflict(field, a, b)
        }
    }

    /// The names of two columns, for a message.
    fn names(&self, columns: [usize; 2]) -> [String; 2] {
        columns.map(|column| printable(&self.header[column]))
    }

    /// Has the field, or numbered field, of this canonical name a column?
    fn has(&self, name: &str) -> bool {
        // Pointers come from one packed column or from numbered ones.
        Field::named(name).is_some_and(|field| self.fields[field as usize] != ColumnSource::Absent)
            || Group::named(name).is_some_and(|group| !self.groups[group as usize].is_empty())
    }

    /// Adds the fields that the layout or the user requires, and those that the layout maps and does not call optional. A
    /// column of a joined table is missing when its table is, which is announced.
    fn demanded(&self, layout: &Layout, missing: &mut Vec<MissingField>) {
        let demands = &layout.demands;
        let mut add = |name: &str, looked_for: Vec<String>| {
            if !missing.iter().any(|known| known.field == name) {
                missing.push(MissingField::new(name, looked_for));
            }
        };
        for name in demands.require.iter().filter(|name| !self.has(name)) {
            add(name, layout.names_looked_for(name));
        }
        let Mapping::Columns { fields, groups } = &layout.mapping else { return };
        let fields = fields.iter().map(|(field, named)| (field.name(), named.names().to_vec()));
        let groups = groups.iter().map(|(group, _)| (group.name(), layout.group_looked_for(*group)));
        for (name, names) in fields.chain(groups).filter(|(name, _)| !demands.is_optional(name) && !self.has(name)) {
            let is_left_out = names.iter().all(|name| demands.is_left_out(&fold(name)));
            if !is_left_out && !names.iter().any(|name| layout.joins.iter().any(|join| join.brings(name))) {
                add(name, named_by(layout, name, names));
            }
        }
        for (group, name) in &demands.singles {
            let is_joined = layout.joins.iter().any(|join| join.brings(name));
            let is_open = demands.is_optional(group.name()) || demands.is_left_out(&fold(name));
            if !is_open && !is_joined && !self.folded.contains(&fold(name)) {
                add(group.name(), named_by(layout, group.name(), vec![name.clone()]));
            }
        }
    }

    /// Returns an error if a required field has no column. The error lists the names that were looked for.
    fn require(&self, layout: &Layout) -> Result<(), BindError> {
        let mut missing = Vec::new();
        for field in [Field::ClaimId, Field::ServiceDate] {
            if self.fields[field as usize] == ColumnSource::Absent {
                missing.push(MissingField::new(field.name(), layout.looked_for(field)));
            }
        }
        if self.fields[Field::ProcedureCode as usize] == ColumnSource::Absent
            && self.groups[Group::IcdProcedure as usize].is_empty()
        {
            let mut names = layout.looked_for(Field::ProcedureCode);
            names.extend(layout.group_looked_for(Group::IcdProcedure));
            let procedure = MissingField::new(Field::ProcedureCode.name(), names);
            missing.push(procedure.called("procedure_code (or icd_procedure_1)"));
        }
        if self.groups[Group::Diagnosis as usize].is_empty() {
            let diagnosis = MissingField::new(Group::Diagnosis.name(), layout.group_looked_for(Group::Diagnosis));
            missing.push(diagnosis.called("diagnosis_1"));
        }
        self.demanded(layout, &mut missing);
        for MissingField { looked_for, table, .. } in &mut missing {
            for name in looked_for {
                let join = layout.joins.iter().find(|join| join.brings(name));
                *name = self.in_slot(name);
                // Mention the table once: the names of a field usually come from one table.
                if let Some(join) = join.filter(|_| table.is_none()) {
                    *name = format!("{name} (--join {}=FILE brings it)", join.table);
                    *table = Some(join.table.clone());
                }
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(BindError::Missing(missing, KnownNames::described(layout, self.header)))
        }
    }
}

/// The names that a layout gives to a field, with what to do if extracts may lack it.
fn named_by(layout: &Layout, field: &str, mut names: Vec<String>) -> Vec<String> {
    if let Some(last) = names.last_mut() {
        let advice =
            format!("named by layout {}; add \"{field}\" to its `optional` if extracts may lack it", layout.name);
        *last = format!("{last} ({advice})");
    }
    names
}
