//! The columns of an extract whose cells are read as they are.

use crate::ingest::Binding;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::binding::{ColumnSource, Split};

/// The columns of an extract whose rows hold one service, each field in a column of its own.
#[derive(Debug)]
pub(super) struct PlainColumns {
    /// The fields that the extract has.
    pub(super) fields: Vec<(Field, u16)>,
    pub(super) diagnoses: Vec<(u8, u16)>,
    pub(super) modifiers: Vec<u16>,
    /// Columns of which a row is plain only if they are empty.
    pub(super) others: Vec<u16>,
}

impl PlainColumns {
    /// `None` if a field takes several columns, or a cell may hold several values or be one of the layout's words for nothing.
    pub(super) fn of(binding: &Binding) -> Option<Self> {
        let narrow = |column: usize| u16::try_from(column).ok();
        let mut fields = Vec::new();
        for ((field, _), source) in Field::NAMES.into_iter().zip(&binding.fields) {
            match source {
                ColumnSource::Absent => {}
                ColumnSource::Column(column) => fields.push((field, narrow(*column)?)),
                _ => return None,
            }
        }
        let columns =
            |group| binding.group(group).iter().map(|(_, column)| narrow(*column)).collect::<Option<Vec<_>>>();
        // At a dot, a diagnosis would be split.
        let keeps_codes = |group| binding.split(group).keeps_codes() && binding.split(group) != Split::At('.');
        let is_plain = !binding.has_slots()
            && binding.null.is_empty()
            && [Group::Diagnosis, Group::Modifier].into_iter().all(keeps_codes);
        let slots = binding.group(Group::Diagnosis).iter().map(|(slot, _)| *slot);
        is_plain.then_some(())?;
        Some(Self {
            fields,
            diagnoses: slots.zip(columns(Group::Diagnosis)?).collect(),
            modifiers: columns(Group::Modifier)?,
            others: [columns(Group::IcdProcedure)?, columns(Group::DiagnosisPointer)?].concat(),
        })
    }
}
