//! The columns of an extract whose cells are read as they are.

use crate::ingest::Binding;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::binding::{ColumnSource, Split};

/// Rows in a row that were not plain, after which few are tried: an extract may have a trace of a float in each of its ids.
const MANY_MISSES: u32 = 16;

/// Of so many rows one is tried then.
const SELDOM: u32 = 64;

/// Which rows of an extract may be read the short way.
#[derive(Debug, Default)]
pub(super) struct PlainRows {
    /// The number of an extract, and its columns if its rows may be plain.
    found: Option<(u32, Option<PlainColumns>)>,
    /// Rows since the last one that was plain.
    misses: u32,
}

impl PlainRows {
    /// The columns of an extract, if a row of it is worth trying. They are found once.
    #[inline]
    pub(super) fn columns(
        &mut self,
        extract: u32,
        find: impl FnOnce() -> Option<PlainColumns>,
    ) -> Option<&PlainColumns> {
        if self.found.as_ref().is_none_or(|(other, _)| *other != extract) {
            *self = Self { found: Some((extract, find())), misses: 0 };
        }
        let (_, Some(columns)) = self.found.as_ref()? else { return None };
        self.misses = self.misses.wrapping_add(1);
        (self.misses <= MANY_MISSES || self.misses.is_multiple_of(SELDOM)).then_some(columns)
    }

    /// The last row is out of scope, so it does not count.
    pub(super) fn ignore(&mut self) {
        self.misses = self.misses.saturating_sub(1);
    }

    /// The last row was plain.
    #[inline]
    pub(super) fn hit(&mut self) {
        self.misses = 0;
    }
}

/// Stands for a column that no row has.
const NO_COLUMN: u16 = u16::MAX;

/// The columns of an extract whose rows hold one service, each field in a column of its own.
#[derive(Debug)]
pub(super) struct PlainColumns {
    /// The column of procedure codes.
    pub(super) procedure: u16,
    /// The columns of all fields, [`NO_COLUMN`] for those that the extract does not have.
    pub(super) fields: [u16; Field::NAMES.len()],
    pub(super) diagnoses: Vec<(u8, u16)>,
    pub(super) modifiers: Vec<u16>,
    /// Columns of which a row is plain only if they are empty.
    pub(super) others: Vec<u16>,
}

impl PlainColumns {
    /// `None` if there is no procedure column, if a field takes several columns, or if a cell may hold several values or be one of the
    /// layout's words for nothing.
    pub(super) fn of(binding: &Binding) -> Option<Self> {
        let narrow = |column: usize| u16::try_from(column).ok().filter(|column| *column != NO_COLUMN);
        let ColumnSource::Column(procedure) = binding.fields[Field::ProcedureCode as usize] else { return None };
        let mut fields = [NO_COLUMN; Field::NAMES.len()];
        for (field, source) in fields.iter_mut().zip(&binding.fields) {
            match source {
                ColumnSource::Absent => {}
                ColumnSource::Column(column) => *field = narrow(*column)?,
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
            procedure: narrow(procedure)?,
            fields,
            diagnoses: slots.zip(columns(Group::Diagnosis)?).collect(),
            modifiers: columns(Group::Modifier)?,
            others: [columns(Group::IcdProcedure)?, columns(Group::DiagnosisPointer)?].concat(),
        })
    }
}
