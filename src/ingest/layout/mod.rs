//! From header names to fields: layouts are TOML files, and a layout bound to a header is a [`Binding`].
//!
//! Two ways to map: the canonical layout lists `[spellings]`, of which at most one may be in a header; a layout of
//! one known source names its `[columns]` exactly, with fallbacks, joins and numbered runs.

pub(crate) mod bind;
pub mod binding;
pub mod detect;
pub mod join;
pub(crate) mod parse;
pub(crate) mod parse_join;

use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::bind::Binder;
use crate::ingest::layout::binding::{BindError, Binding, Split};
use crate::ingest::layout::join::{Join, TableFile};
use crate::ingest::record::trailer::Trailer;
use crate::strict_toml::{Document, Faults, SpannedText};

/// The layouts that come with the program, in the order in which they are tried; the canonical one is last.
pub const SHIPPED: &[(&str, &str)] = &[
    ("tuva", include_str!("../../layouts/tuva.toml")),
    ("edi837-flat", include_str!("../../layouts/edi837-flat.toml")),
    ("edi837-relational", include_str!("../../layouts/edi837-relational.toml")),
    ("idr", include_str!("../../layouts/idr.toml")),
    ("rif-carrier", include_str!("../../layouts/rif-carrier.toml")),
    ("de-synpuf-carrier", include_str!("../../layouts/de-synpuf-carrier.toml")),
    ("rif-outpatient", include_str!("../../layouts/rif-outpatient.toml")),
    ("rif-inpatient", include_str!("../../layouts/rif-inpatient.toml")),
    ("cclf5", include_str!("../../layouts/cclf5.toml")),
    ("synthea-cpcds", include_str!("../../layouts/synthea-cpcds.toml")),
    ("optum-like", include_str!("../../layouts/optum-like.toml")),
    ("apcd-cdl", include_str!("../../layouts/apcd-cdl.toml")),
    ("ma-apcd", include_str!("../../layouts/ma-apcd.toml")),
    ("canonical", include_str!("../../layouts/canonical.toml")),
];

/// What stands for the number of the service slot in a column's name.
pub(crate) const SLOT: &str = "{slot}";

/// A known shape of extract, not yet held against a header.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Short name, as in `--layout`.
    pub name: String,
    /// What it is the layout of.
    pub title: String,
    /// Where its column names come from.
    pub source: String,
    /// Which releases it covers.
    pub valid: String,
    /// Fixed delimiter, if the layout knows it.
    pub delimiter: Option<u8>,
    /// Physical lines before the header.
    pub skip_lines: usize,
    /// Later lines that begin so are no rows.
    pub skip_prefix: Vec<Vec<u8>>,
    /// The record that says how many rows there should be.
    pub trailer: Option<Trailer>,
    /// Names by position, for extracts without a header row.
    pub header: Vec<String>,
    /// Services in one row, where there are several; `{slot}` in a column's name stands for the number.
    pub slots: Option<u8>,
    /// Tables in files of their own, joined by key.
    pub joins: Vec<Join>,
    /// Labels of this source and the class they mean, looked up before the policy's.
    pub products: Vec<(SpannedText, String)>,
    pub(crate) recognise: Vec<String>,
    pub(crate) always: bool,
    pub(crate) null: Vec<String>,
    pub(crate) lists: Vec<(Group, Split)>,
    pub(crate) mapping: Mapping,
}

#[derive(Debug, Clone)]
pub(crate) enum Mapping {
    /// Per field the names that claim it.
    Spellings {
        fields: Vec<(Field, Vec<String>)>,
        groups: Vec<(Group, Vec<Pattern>)>,
        first: Vec<(Group, Vec<String>)>,
    },
    /// Per field where it stands.
    Columns { fields: Vec<(Field, Named)>, groups: Vec<(Group, Vec<(u8, String)>)> },
}

#[derive(Debug, Clone)]
pub(crate) enum Named {
    First(Vec<String>),
    Concat(Vec<String>),
    Join(Vec<String>),
}

impl Named {
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::First(names) | Self::Concat(names) | Self::Join(names) => names,
        }
    }
}

/// `dx_{n}`, folded: what stands before and after the number.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) shown: String,
}

impl Pattern {
    pub(crate) fn slot(&self, folded: &str) -> Option<u8> {
        let digits = folded.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok()
    }
}

impl Layout {
    /// Reads a layout file.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        Document::load(file, text, |document, root| parse::load(document, &root))
    }

    /// The layout is to be used whatever the header says.
    #[must_use]
    pub fn chosen(mut self) -> Self {
        self.always = true;
        self
    }

    /// Is this header one of this layout's?
    pub fn recognises(&self, header: &[String]) -> bool {
        if self.always || matches!(self.mapping, Mapping::Spellings { .. }) {
            return true;
        }
        !self.recognise.is_empty() && self.recognise.iter().all(|want| header.iter().any(|name| fold(name) == *want))
    }

    /// Resolves every name of the layout against a header. With service slots, the binding of the first holds those of
    /// the others; a slot whose procedure column is not in the header is none.
    pub fn bind(&self, header: &[String]) -> Result<Binding, BindError> {
        let binder = self.look_up(header, self.slots.map(|_| 1))?;
        binder.require(self)?;
        let mut binding = binder.finish(&self.lists, self.null.clone());
        for slot in 2..=self.slots.unwrap_or(1) {
            let further = self.look_up(header, Some(slot))?.finish(&self.lists, self.null.clone());
            if further.has(Field::ProcedureCode) {
                binding.further.push(further);
            }
        }
        Ok(binding)
    }

    fn look_up<'h>(&self, header: &'h [String], slot: Option<u8>) -> Result<Binder<'h>, BindError> {
        let mut binder = Binder::new(header, slot);
        match &self.mapping {
            Mapping::Spellings { fields, groups, first } => binder.spellings(fields, groups, first)?,
            Mapping::Columns { fields, groups } => binder.columns(fields, groups)?,
        }
        Ok(binder)
    }

    /// The names under which a required field is looked for.
    pub(crate) fn looked_for(&self, field: Field) -> Vec<String> {
        match &self.mapping {
            Mapping::Spellings { fields, .. } => fields.iter().find(|(f, _)| *f == field).map(|(_, s)| s.clone()),
            Mapping::Columns { fields, .. } => {
                fields.iter().find(|(f, _)| *f == field).map(|(_, named)| named.names().to_vec())
            }
        }
        .unwrap_or_else(|| vec![field.name().to_owned()])
    }

    pub(crate) fn group_looked_for(&self, group: Group) -> Vec<String> {
        match &self.mapping {
            Mapping::Spellings { groups, first, .. } => {
                let numbered =
                    groups.iter().filter(|(g, _)| *g == group).flat_map(|(_, p)| p.iter().map(|p| p.shown.clone()));
                let single = first.iter().filter(|(g, _)| *g == group).flat_map(|(_, s)| s.clone());
                numbered.chain(single).collect()
            }
            Mapping::Columns { groups, .. } => groups
                .iter()
                .filter(|(g, _)| *g == group)
                .flat_map(|(_, s)| s.iter().map(|(_, n)| n.clone()))
                .take(4)
                .collect(),
        }
    }
}

/// The layouts that a header is held against.
#[derive(Debug, Clone)]
pub struct Library {
    layouts: Vec<Layout>,
    pub(crate) tables: Vec<TableFile>,
}

impl Library {
    /// The shipped layouts.
    pub fn shipped() -> Result<Self, Faults> {
        let layouts =
            SHIPPED.iter().map(|(name, text)| Layout::load(&format!("{name}.toml"), text)).collect::<Result<_, _>>()?;
        Ok(Self { layouts, tables: Vec::new() })
    }

    /// One layout only, whatever the header says.
    pub fn only(layout: Layout) -> Self {
        Self { layouts: vec![layout.chosen()], tables: Vec::new() }
    }

    /// The same layouts with files for the tables that they join. The error names a table given twice.
    pub fn joining(mut self, tables: &[TableFile]) -> Result<Self, String> {
        for table in tables {
            if self.tables.iter().any(|t| t.name == table.name) {
                return Err(format!("--join {}: given twice; put the rows of both files into one", table.name));
            }
            self.tables.push(table.clone());
        }
        Ok(self)
    }

    /// The same layouts for extracts with a preamble and with lines that are no rows.
    #[must_use]
    pub fn skipping(mut self, lines: Option<usize>, prefixes: &[String]) -> Self {
        for layout in &mut self.layouts {
            layout.skip_lines = lines.unwrap_or(layout.skip_lines);
            layout.skip_prefix.extend(prefixes.iter().filter(|p| !p.is_empty()).map(|p| p.clone().into_bytes()));
        }
        self
    }

    /// The layout of this name.
    pub fn named(&self, name: &str) -> Option<&Layout> {
        self.layouts.iter().find(|l| l.name == name)
    }

    /// The layouts to try, in order.
    pub fn candidates(&self) -> &[Layout] {
        &self.layouts
    }
}
