//! Looks at a row, and adds its lines.

use crate::claim::line::batch::Batch;
use crate::claim::line::reader::{Reader, Remembered};
use crate::ingest::{Binding, Row, RowAction};

impl Reader<'_> {
    /// Adds a line for each service slot of a row that holds a known code. If none does, the row is out of scope. If the row
    /// is rejected, some lines may have been added already; the caller drops them.
    pub(crate) fn look(
        &self,
        binding: &Binding,
        row: &Row<'_>,
        remembered: &mut Remembered,
        lines: &mut Batch,
    ) -> RowAction<()> {
        if self.read_plain(binding, row, remembered, lines).is_some() {
            return RowAction::Keep(());
        }
        self.look_closely(binding, row, remembered, lines)
    }

    /// Reads a row the long way.
    // Apart from the short way, which then takes less of the part of a processor that holds its instructions.
    #[inline(never)]
    fn look_closely(
        &self,
        binding: &Binding,
        row: &Row<'_>,
        remembered: &mut Remembered,
        lines: &mut Batch,
    ) -> RowAction<()> {
        if !self.may_hold_code(binding, row) {
            remembered.plain.ignore();
            return RowAction::Ignore;
        }
        let before = lines.len();
        for (number, slot) in binding.each().enumerate() {
            // A row with one service was asked as a whole.
            if (!binding.has_slots() || self.slot_may_hold_code(slot, row))
                && let Err(reason) = self.read_slot((number, slot), row, remembered, lines)
            {
                return RowAction::Reject(reason);
            }
        }
        if lines.len() == before { RowAction::Ignore } else { RowAction::Keep(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustc_hash::FxHashSet;

    use super::*;
    use crate::claim::line::columns::{PlainColumns, PlainRows};
    use crate::claim::line::head::AmountsPer;
    use crate::claim::value::code::{CodeTable, KnownCode, System};
    use crate::claim::value::product::{ClassId, ProductTable};
    use crate::claim::value::setting::{ClaimForm, SettingTable};
    use crate::claim::value::status::RowStatus;
    use crate::claim::value::version::Version;
    use crate::claim::value::vocabulary::Vocabulary;
    use crate::claim::value::words::{Blanks, WordTable};
    use crate::ingest::field::{Field, Group};
    use crate::ingest::layout::binding::{ColumnSource, Split};
    use crate::ingest::record::quoting::Marks as CellMarks;
    use crate::ingest::record::row::record_of;

    /// Columns after those of the fields.
    const GROUPS: [(Group, [usize; 3]); 4] = [
        (Group::Modifier, [29, 30, 31]),
        (Group::Diagnosis, [32, 33, 34]),
        (Group::DiagnosisPointer, [35, 36, 37]),
        (Group::IcdProcedure, [38, 39, 40]),
    ];

    /// Each field in the column of its number.
    fn binding(split: Split) -> Binding {
        let groups = Group::NAMES.map(|(group, ..)| {
            let (_, columns) = GROUPS.into_iter().find(|(other, _)| *other == group).expect("every group");
            (1..).zip(columns).collect()
        });
        Binding {
            fields: (0..Field::NAMES.len()).map(ColumnSource::Column).collect(),
            groups: groups.to_vec(),
            splits: vec![split; Group::NAMES.len()],
            null: Vec::new(),
            further: Vec::new(),
        }
    }

    fn table<T: Copy>(meaning: T) -> WordTable<T> {
        WordTable::new([("1".to_owned(), meaning), ("A1".to_owned(), meaning)], Blanks::Count)
    }

    fn vocabulary() -> Vocabulary {
        Vocabulary {
            claim_forms: table(ClaimForm::Professional),
            statuses: table(RowStatus::Denied),
            paid_unless_pending: FxHashSet::default(),
            frequencies: table(Version::Void),
            payer_sequences: table(false),
            capitated: table(()),
            emergencies: table(()),
            total_lines: table(()),
            authorization_statuses: table(true),
            layout_frequencies: table("7"),
        }
    }

    /// Reads a row both ways. Returns the lines of each, or whether the row goes that way.
    fn read_both_ways(cells: &[&str], split: Split) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        let (bytes, spans) = record_of(cells, CellMarks::Nothing);
        let known = |code: &str, system| KnownCode { code: code.to_owned(), system, listed: true };
        let codes = CodeTable::new(vec![known("22513", System::Cpt), known("0PU43JZ", System::Pcs)]);
        let (settings, assistants) = (SettingTable::default(), ["80".to_owned()]);
        let reader = Reader {
            codes: &codes,
            products: ProductTable::new([("A1".to_owned(), ClassId(1))], ClassId(9)),
            vocabulary: vocabulary(),
            settings: &settings,
            dates: &[],
            amounts: AmountsPer::Line,
            version_len: 0,
            assistants: [&assistants, &[]],
            extract: 3,
        };
        let (binding, row) = (binding(split), Row::new(&bytes, &spans));
        let written = |lines: &Batch| postcard::to_allocvec(lines).expect("it can be written");
        let (mut short, mut long) = (Batch::default(), Batch::default());
        let is_short = reader.read_plain(&binding, &row, &mut Remembered::default(), &mut short).is_some();
        assert!(is_short || (short.is_empty() && written(&short) == written(&Batch::default())));
        let is_read = reader.read_slot((0, &binding), &row, &mut Remembered::default(), &mut long).is_ok();
        (is_short.then(|| written(&short)), is_read.then(|| written(&long)))
    }

    /// What a cell may hold, of any column: much of it is no plain cell of its column.
    const CELLS: [&str; 38] = [
        "",
        "10",
        "UN:2",
        "1",
        "A1",
        "a1",
        "22513",
        "0PU43JZ",
        "0pu43jz",
        "22513-59",
        "12.50",
        "1.0",
        "(5)",
        "-1",
        "80",
        "RT",
        "RTLT",
        "M80.08XA",
        "M8008XA",
        "...",
        "0",
        "9",
        "999",
        "990",
        "1.2E+3",
        "AB|C",
        "2024-01-02",
        "2024-02-30",
        "01/02/2024",
        "NONE",
        "N/A",
        "null",
        " A1",
        "A1 ",
        "\u{e9}",
        "PA1;PA2",
        "AC",
        "1:2",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_short_way_reads_what_the_long_way_reads(
            odd in prop::collection::vec((0..41_usize, prop::sample::select(&CELLS[..])), 0..6),
            filled in prop::collection::vec((0..41_usize, prop::sample::select(&["A1", "1", "22513"][..])), 0..12),
            split in prop::sample::select(&[Split::No, Split::At(';'), Split::At('.'), Split::At('1'), Split::Auto][..]),
        ) {
            let mut cells = [""; 41];
            (cells[Field::ClaimId as usize], cells[Field::ProcedureCode as usize]) = ("C1", "22513");
            filled.into_iter().chain(odd).for_each(|(column, cell)| cells[column] = cell);
            let (short, long) = read_both_ways(&cells, split);
            if short.is_some() {
                prop_assert_eq!(short, long, "{:?}", cells);
            }
        }
    }

    #[test]
    fn few_rows_are_tried_in_an_extract_without_plain_rows() {
        let mut rows = PlainRows::default();
        let plain = || PlainColumns::of(&binding(Split::No));
        let mut tried = |extract, count| (0..count).filter(|_| rows.columns(extract, plain).is_some()).count();
        assert_eq!((tried(1, 1024), tried(2, 8)), (32, 8));
        rows.columns(2, plain).expect("a row that is tried");
        rows.hit();
        assert_eq!((0..16).filter(|_| rows.columns(2, plain).is_some()).count(), 16);
        assert!(rows.columns(3, || None).is_none());
    }

    #[test]
    fn ordinary_rows_go_the_short_way() {
        let mut cells = [""; 41];
        for (column, cell) in [
            (Field::ClaimId as usize, "E-1001"),
            (Field::ProcedureCode as usize, "22513"),
            (Field::MemberId as usize, "990"),
            (Field::MemberState as usize, "MA"),
            (Field::Product as usize, "HMO Blue"),
            (Field::ServiceDate as usize, "2024-01-02"),
            (Field::Units as usize, "1"),
            (Field::DiagnosisPointer as usize, "1"),
            (Field::AuthorizationNumber as usize, "PA-1"),
            (Field::ChargeAmount as usize, "12.50"),
            (29, "RT"),
            (32, "M8008XA"),
            (33, "M80.08XA"),
        ] {
            cells[column] = cell;
            let (short, long) = read_both_ways(&cells, Split::Auto);
            assert!(cells[Field::ProcedureCode as usize].is_empty() || (short.is_some() && short == long), "{cell}");
        }
        for split in [Split::At('.'), Split::At('X')] {
            assert!(read_both_ways(&cells, split).0.is_none(), "{split:?} takes a diagnosis apart");
        }
    }
}
