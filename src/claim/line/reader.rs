//! What is known of an extract before its rows are read, and which rows are read.

use crate::claim::line::coded::{CodedWords, KnownCells};
use crate::claim::line::columns::PlainRows;
use crate::claim::line::head::AmountsPer;
use crate::claim::value::code::CodeTable;
use crate::claim::value::product::{KnownLabels, ProductTable};
use crate::claim::value::setting::SettingTable;
use crate::claim::value::vocabulary::Vocabulary;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::dates::DatePattern;
use crate::ingest::{Binding, Row};

/// What the reader needs from the policy and the extract.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The codes looked for.
    pub codes: &'a CodeTable,
    /// Product labels; the user's own come first.
    pub products: ProductTable,
    /// Words of the other columns; those of the layout come first.
    pub vocabulary: Vocabulary,
    /// Settings.
    pub settings: &'a SettingTable,
    /// The date patterns of the layout, which replace the common formats.
    pub dates: &'a [DatePattern],
    /// What the amounts refer to.
    pub amounts: AmountsPer,
    /// Number of characters at the end of the claim number that are its version; 0 if there are none.
    pub version_len: usize,
    /// Modifiers of assistants, and those of co-surgeons.
    pub assistants: [&'a [String]; 2],
    /// Number of the extract in the run.
    pub extract: u32,
}

/// What was read of the extract before, and need not be read again.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    pub(super) labels: KnownLabels,
    pub(super) coded: KnownCells,
    pub(super) plain: PlainRows,
}

impl Reader<'_> {
    /// Could the row hold a known code? Reads only a few bytes of each cell, and has no false negatives.
    pub(crate) fn may_hold_code(&self, binding: &Binding, row: &Row<'_>) -> bool {
        binding.each().any(|slot| self.slot_may_hold_code(slot, row))
    }

    pub(super) fn slot_may_hold_code(&self, slot: &Binding, row: &Row<'_>) -> bool {
        let may = |c: usize| match row.unmarked(c) {
            Some(cell) => self.codes.may_hold(cell),
            None => self.codes.may_hold(&row.cell(c)),
        };
        !slot.has_whole_codes()
            || slot.columns(Field::ProcedureCode).iter().any(|c| may(*c))
            || slot.group(Group::IcdProcedure).iter().any(|(_, c)| may(*c))
    }

    /// What decides the meaning of words and codes.
    pub(super) fn words(&self) -> CodedWords<'_> {
        CodedWords { extract: self.extract, vocabulary: &self.vocabulary, settings: self.settings }
    }
}
