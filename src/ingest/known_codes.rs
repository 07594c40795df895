//! Tells which cells and rows may hold a known code, while joined tables are read.

use crate::ingest::field::{Field, Group};
use crate::ingest::layout::binding::Binding;
use crate::ingest::record::row::Row;
use crate::ingest::scan::prefilter::CodeFilter;

/// The known codes, as cells are asked for them.
pub(crate) struct KnownCodes {
    /// The codes; none: whatever a cell holds may matter.
    codes: Option<CodeFilter>,
}

impl KnownCodes {
    pub(super) fn new(codes: Option<&[&str]>) -> Self {
        Self { codes: codes.map(|codes| CodeFilter::new(codes.iter().copied())) }
    }

    /// May this text hold a known code? No false "no".
    pub(super) fn may(&self, text: &str) -> bool {
        self.codes.as_ref().is_none_or(|filter| filter.may_hold(text.as_bytes()))
    }

    pub(super) fn may_row(&self, binding: &Binding, row: &Row<'_>) -> bool {
        binding.each().any(|slot| {
            self.may(&slot.text(row, Field::ProcedureCode))
                || slot.slots(row, Group::IcdProcedure).any(|(_, cell)| self.may(&cell))
        })
    }
}
