//! The content of a layout file: the column names of each field, the preamble, the joined tables.
//!
//! There are two ways to map columns. The canonical layout lists `[spellings]`; a header may contain at most one of each
//! field. The layout of a specific source names its `[columns]` exactly, with fallbacks, joins and numbered runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::binding::Split;
use crate::ingest::layout::dates::DatePattern;
use crate::ingest::layout::demands::Demands;
use crate::ingest::layout::join::Join;
use crate::ingest::layout::text_form::TextForm;
use crate::ingest::layout::words::LayoutWords;
use crate::ingest::record::trailer::Trailer;

/// The placeholder for the number of the service slot in a column name.
pub(crate) const SLOT: &str = "{slot}";

/// The description of an extract of a known source, not yet compared with a header.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Short name, as given to `--layout`.
    pub name: String,
    /// The source that it describes. A private layout may leave it, and the next two, empty.
    pub title: String,
    /// The publication that its column names come from.
    pub source: String,
    /// Which releases it covers.
    pub valid: String,
    /// The form of the text.
    pub form: TextForm,
    /// The record that states how many rows there should be.
    pub trailer: Option<Trailer>,
    /// The names by position, for extracts without a header line.
    pub header: Vec<String>,
    /// Number of service slots, where a row holds several services. [`SLOT`] in a column's name is replaced by the number.
    pub slots: Option<u8>,
    /// Tables in separate files, joined by key.
    pub joins: Vec<Join>,
    /// Product labels of this source and their classes, looked up before those of the policy.
    pub products: Vec<ProductLabel>,
    /// Words of this source in other columns.
    pub words: LayoutWords,
    /// The date patterns of this source. If empty, the common formats apply.
    pub dates: Vec<DatePattern>,
    pub(crate) demands: Demands,
    pub(crate) recognize: Vec<String>,
    pub(crate) always: bool,
    pub(crate) null: Vec<String>,
    pub(crate) lists: Vec<(Group, Split)>,
    pub(crate) mapping: Mapping,
    /// The numbered runs of `[columns]`.
    pub(crate) runs: Vec<Run>,
    /// The spellings under which unused columns become fields that the layout does not have. None: only the columns that
    /// it names count.
    pub(crate) generic: Option<Arc<Mapping>>,
}

/// What a layout says of a product label.
#[derive(Debug, Clone)]
pub struct ProductLabel {
    /// The label.
    pub label: String,
    /// The class that it means. The policy decides whether there is one of this name.
    pub class: String,
    /// Where the layout says so: the file, the line and the column.
    pub place: String,
}

/// How fields are found in a header.
#[derive(Debug, Clone)]
pub(crate) enum Mapping {
    /// The names that claim each field.
    Spellings {
        fields: Vec<(Field, Vec<String>)>,
        groups: Vec<(Group, Vec<NumberedName>)>,
        /// Names without a number, each with its slot.
        unnumbered: Vec<(Group, u8, Vec<String>)>,
    },
    /// The columns of each field.
    Columns { fields: Vec<(Field, ColumnNames)>, groups: Vec<(Group, Vec<(u8, String)>)> },
}

/// A numbered run of names in a layout, such as `dx{1..12}`.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) group: Group,
    pub(crate) name: NumberedName,
    /// Its last number.
    pub(crate) last: usize,
}

impl Mapping {
    /// Does it name columns for a group?
    pub(crate) fn has_group(&self, group: Group) -> bool {
        match self {
            Self::Spellings { groups, .. } => groups.iter().any(|(own, _)| *own == group),
            Self::Columns { groups, .. } => groups.iter().any(|(own, _)| *own == group),
        }
    }

    /// The columns that it names for a field.
    pub(crate) fn names_of(&self, field: Field) -> &[String] {
        let Self::Columns { fields, .. } = self else { return &[] };
        fields.iter().find(|(own, _)| *own == field).map_or(&[], |(_, named)| named.names())
    }

    /// The names of all columns that it names.
    pub(crate) fn columns(&self) -> Vec<String> {
        let Self::Columns { fields, groups } = self else { return Vec::new() };
        let of_fields = fields.iter().flat_map(|(_, named)| named.names());
        of_fields.chain(groups.iter().flat_map(|(_, names)| names.iter().map(|(_, name)| name))).cloned().collect()
    }

    /// The fields that it maps, by their canonical names.
    pub(crate) fn mapped(&self) -> Vec<&'static str> {
        let groups = Group::NAMES.iter().filter(|(group, ..)| self.has_group(*group)).map(|(_, name, _)| *name);
        let maps = |field: Field| match self {
            Self::Spellings { fields, .. } => fields.iter().any(|(own, _)| *own == field),
            Self::Columns { fields, .. } => fields.iter().any(|(own, _)| *own == field),
        };
        let fields = Field::NAMES.iter().filter(|(field, _)| maps(*field)).map(|(_, name)| *name);
        let mut names: Vec<&'static str> = fields.collect();
        // The pointer is a field and the name of a group.
        names.extend(groups.filter(|group| !names.contains(group)).collect::<Vec<_>>());
        names
    }

    /// Adds what the layout maps that this one extends. Its spellings are not added: they are generic.
    #[must_use]
    pub(crate) fn over(mut self, base: Option<&Self>) -> Self {
        if let (Self::Columns { fields, groups }, Some(Self::Columns { fields: more, groups: further })) =
            (&mut self, base)
        {
            let (of_fields, of_groups) = (fields.len(), groups.len());
            for (field, named) in more {
                if !fields[..of_fields].iter().any(|(own, _)| own == field) {
                    fields.push((*field, named.clone()));
                }
            }
            for (group, names) in further {
                if !groups[..of_groups].iter().any(|(own, _)| own == group) {
                    groups.push((*group, names.clone()));
                }
            }
        }
        self
    }
}

/// The columns of one field.
#[derive(Debug, Clone)]
pub(crate) enum ColumnNames {
    /// The first of these that is filled.
    First(Vec<String>),
    /// All of these, without a separator.
    Concat(Vec<String>),
    /// All of these, joined by `|`.
    Join(Vec<String>),
}

impl ColumnNames {
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::First(names) | Self::Concat(names) | Self::Join(names) => names,
        }
    }
}

/// A numbered name such as `dx_{n}`, folded: the text before and after the number.
#[derive(Debug, Clone)]
pub(crate) struct NumberedName {
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) shown: String,
}

impl NumberedName {
    pub(crate) fn slot(&self, folded: &str) -> Option<u8> {
        let digits = folded.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok()
    }
}

impl Layout {
    /// Adds what the layout says that this one extends. Its mapping, runs and form were added before; what tells it apart
    /// from other layouts is not taken over.
    #[must_use]
    pub(crate) fn over(mut self, base: Self) -> Self {
        self.trailer = self.trailer.or(base.trailer);
        self.words = self.words.over(base.words);
        self.products.extend(base.products);
        self.null.extend(base.null);
        if self.header.is_empty() {
            self.header = base.header;
        }
        if self.dates.is_empty() {
            self.dates = base.dates;
        }
        let own: Vec<Group> = self.lists.iter().map(|(group, _)| *group).collect();
        self.lists.extend(base.lists.into_iter().filter(|(group, _)| !own.contains(group)));
        let own: Vec<String> = self.joins.iter().map(|join| join.table.clone()).collect();
        // A table that has no form of its own has that of the extract.
        let (inherited, form) = (base.form.of_tables(), self.form.of_tables());
        for join in base.joins.into_iter().filter(|join| !own.contains(&join.table)) {
            let form = if join.form == inherited { form.clone() } else { join.form };
            self.joins.push(Join { form, ..join });
        }
        self
    }

    /// Uses the layout whatever the header says.
    #[must_use]
    pub fn chosen(mut self) -> Self {
        self.always = true;
        self
    }

    /// Does the header belong to this layout?
    pub fn recognizes(&self, header: &[String]) -> bool {
        if self.always || matches!(self.mapping, Mapping::Spellings { .. }) {
            return true;
        }
        !self.recognize.is_empty() && self.recognize.iter().all(|want| header.iter().any(|name| fold(name) == *want))
    }

    /// Does the layout know this column and leave it out?
    pub(crate) fn leaves_out(&self, column: &str) -> bool {
        self.demands.leaves_out(column)
    }

    /// May an extract lack this field although the layout maps it?
    pub(crate) fn is_optional(&self, field: &str) -> bool {
        self.demands.is_optional(field)
    }

    /// The names that were looked for to find a required field.
    pub(crate) fn looked_for(&self, field: Field) -> Vec<String> {
        let of = |mapping: &Mapping| match mapping {
            Mapping::Spellings { fields, .. } => fields.iter().find(|(f, _)| *f == field).map(|(_, s)| s.clone()),
            Mapping::Columns { fields, .. } => {
                fields.iter().find(|(f, _)| *f == field).map(|(_, named)| named.names().to_vec())
            }
        };
        let names: Vec<String> = self.mappings().filter_map(of).flatten().collect();
        without_repeats(names)
    }

    /// The names that were looked for to find the field, or numbered field, of this canonical name.
    pub(crate) fn names_looked_for(&self, name: &str) -> Vec<String> {
        let field = Field::named(name).map(|field| self.looked_for(field));
        let group = Group::named(name).map(|group| self.group_looked_for(group));
        field.into_iter().chain(group).flatten().collect()
    }

    pub(crate) fn group_looked_for(&self, group: Group) -> Vec<String> {
        let of = |mapping: &Mapping| match mapping {
            Mapping::Spellings { groups, unnumbered, .. } => {
                let numbered =
                    groups.iter().filter(|(g, _)| *g == group).flat_map(|(_, p)| p.iter().map(|p| p.shown.clone()));
                let single =
                    unnumbered.iter().filter(|(g, slot, _)| *g == group && *slot == 1).flat_map(|(_, _, s)| s.clone());
                numbered.chain(single).collect::<Vec<_>>()
            }
            Mapping::Columns { groups, .. } => groups
                .iter()
                .filter(|(g, _)| *g == group)
                .flat_map(|(_, s)| s.iter().map(|(_, n)| n.clone()))
                .take(4)
                .collect(),
        };
        without_repeats(self.mappings().flat_map(of).collect())
    }

    /// The fields that it maps, by their canonical names.
    pub(crate) fn mapped(&self) -> Vec<&'static str> {
        self.mapping.mapped()
    }

    /// The required fields, by their canonical names, for which the layout names no column: no extract has them.
    pub fn lacks(&self) -> Vec<String> {
        let names = |field: Field| self.mappings().any(|mapping| mapping.mapped().contains(&field.name()));
        let has_group = |group: Group| self.mappings().any(|mapping| mapping.has_group(group));
        let mut lacking = Vec::new();
        for field in [Field::ClaimId, Field::ServiceDate].into_iter().filter(|field| !names(*field)) {
            lacking.push(field.name().to_owned());
        }
        if !names(Field::ProcedureCode) && !has_group(Group::IcdProcedure) {
            lacking.push(format!("{} or {}", Field::ProcedureCode.name(), Group::IcdProcedure.name()));
        }
        if !has_group(Group::Diagnosis) {
            lacking.push(Group::Diagnosis.name().to_owned());
        }
        let is_mapped = |name: &String| self.mappings().any(|mapping| mapping.mapped().contains(&name.as_str()));
        for name in self.demands.require.iter().filter(|name| !is_mapped(name)) {
            if !lacking.contains(name) {
                lacking.push(name.clone());
            }
        }
        lacking
    }

    /// Are fields that the layout does not map taken from columns with generic names?
    pub(crate) fn is_open(&self) -> bool {
        self.generic.is_some() && matches!(self.mapping, Mapping::Columns { .. })
    }

    /// The layout's own mapping, then the generic one.
    fn mappings(&self) -> impl Iterator<Item = &Mapping> {
        std::iter::once(&self.mapping).chain(self.generic.as_deref())
    }
}

/// The names in their order, each once.
fn without_repeats(names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}
