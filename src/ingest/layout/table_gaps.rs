//! Columns that a layout names in a joined table, and that the table given for it lacks: probably renamed ones. In the extract itself
//! such a column refuses the run; a table is often given for its other columns, so it is a warning.

use std::collections::HashSet;

use crate::ingest::field::fold;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::definition::{Layout, Mapping, SLOT};
use crate::ingest::layout::joined::Joined;

/// A column of a joined table that the table lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableGap {
    /// The field, or numbered field, that the layout reads from it.
    pub field: &'static str,
    /// The column, as the layout names it: `header.STATUS`.
    pub name: String,
}

impl Layout {
    /// The columns of given tables for which nothing else stands in. Fields that an extract may lack do not count. `header`: the
    /// names of all columns, those of the tables included.
    pub(crate) fn table_gaps(&self, header: &[String], binding: &Binding, joins: &[Joined]) -> Vec<TableGap> {
        let Mapping::Columns { fields, groups } = &self.mapping else { return Vec::new() };
        let names: HashSet<String> = header.iter().map(|name| fold(name)).collect();
        // A table that is not given is announced with all of its columns.
        let is_given = |name: &str| {
            let join = self.joins.iter().find(|join| join.brings(name))?;
            Some(joins.iter().any(|given| given.table == join.table))
        };
        let lacking = |field: &'static str, own: &[&String]| {
            let are_given = own.iter().all(|name| is_given(name) != Some(false));
            let is_lacking = |name: &&&String| {
                is_given(name).is_some()
                    && !names.contains(&fold(&name.replace(SLOT, "1")))
                    && !self.demands.is_left_out(&fold(name))
            };
            let name = own.iter().find(is_lacking).filter(|_| are_given && !self.is_optional(field))?;
            Some(TableGap { field, name: (*name).clone() })
        };
        let of_fields = fields.iter().filter_map(|(field, named)| {
            let is_bound = binding.each().any(|slot| slot.has(*field));
            lacking(field.name(), &named.names().iter().collect::<Vec<_>>()).filter(|_| !is_bound)
        });
        let is_bound = |group| binding.each().any(|slot| !slot.group(group).is_empty());
        let of_groups = groups.iter().filter_map(|(group, named)| {
            let own: Vec<&String> = named.iter().map(|(_, name)| name).collect();
            lacking(group.name(), &own).filter(|_| !is_bound(*group))
        });
        // Of a numbered field that is bound, every column that is named by itself must be there.
        let singles = self.demands.singles.iter().filter(|(group, _)| is_bound(*group));
        let of_singles = singles.filter_map(|(group, name)| lacking(group.name(), &[name]));
        of_fields.chain(of_groups).chain(of_singles).collect()
    }
}
