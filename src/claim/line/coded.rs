//! The cells of a row that hold a word or a code out of a short list, such as claim form, place of service and status, and what
//! they mean together.
//!
//! An extract has few combinations of such cells, and to find out what they mean takes as long as to read all others, so the meaning
//! of a combination is remembered.

use crate::claim::line::head::{Marks, PackedMarks};
use crate::claim::value::setting::{BillType, ClaimForm, Setting, SettingTable, bill_type, place_of_service};
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;
use crate::claim::value::vocabulary::Vocabulary;
use crate::claim::value::words::short_code;
use crate::ingest::cell::upper;
use crate::ingest::eight_bytes::{both_ends, first_bytes, mixed};
use crate::ingest::field::Field;
use crate::ingest::{Binding, Row};

/// The fields of these cells, in the order in which a line keeps their texts.
const CODED: [Field; 10] = [
    Field::ClaimForm,
    Field::FrequencyCode,
    Field::ClaimStatus,
    Field::LineStatus,
    Field::PayerSequence,
    Field::Capitated,
    Field::PlaceOfService,
    Field::BillType,
    Field::AdmissionType,
    Field::RevenueCode,
];

/// What decides the meaning of these cells in an extract.
#[derive(Clone, Copy)]
pub(crate) struct CodedWords<'a> {
    /// Number of the extract in the run.
    pub(crate) extract: u32,
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) settings: &'a SettingTable,
}

/// What these cells of a row say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CodedCells {
    /// The texts that a line keeps of these cells, in the order of [`CODED`].
    pub(crate) texts: [Box<str>; CODED.len()],
    pub(crate) meaning: CodedMeaning,
}

/// What these cells of a row mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodedMeaning {
    pub(crate) form: ClaimForm,
    pub(crate) setting: Setting,
    pub(crate) facility: Option<[u8; 2]>,
    pub(crate) version: Version,
    pub(crate) status: RowStatus,
    /// The flags that these cells decide.
    pub(crate) marks: PackedMarks,
}

impl CodedCells {
    /// Reads the cells of a row.
    fn read(words: CodedWords<'_>, binding: &Binding, row: &Row<'_>) -> Self {
        let text = |field| binding.text(row, field);
        let CodedWords { vocabulary: words, settings, .. } = words;
        let (bill_cell, place_cell) = (upper(text(Field::BillType)), text(Field::PlaceOfService));
        let (bill_type, place) = (bill_type(&bill_cell), place_of_service(&place_cell));
        let parsed_bill = BillType::parse(bill_type);
        let form_cell = text(Field::ClaimForm);
        let form_said = words.claim_forms.get(&form_cell);
        let frequency_cell = upper(text(Field::FrequencyCode));
        let third = parsed_bill.and_then(|b| b.frequency).map(char::from);
        let mut letter = [0u8; 4];
        let frequency = match (frequency_cell.is_empty(), third) {
            (true, Some(c)) => &*c.encode_utf8(&mut letter),
            _ => words.frequency(&frequency_cell),
        };
        let (claim_status, line_status) = (text(Field::ClaimStatus), text(Field::LineStatus));
        let short = |field| upper(text(field));
        let [payer, capitated, admission, revenue] =
            [Field::PayerSequence, Field::Capitated, Field::AdmissionType, Field::RevenueCode].map(short);
        let [payer, capitated, admission, revenue] =
            [&payer, &capitated, &admission, &revenue].map(|cell| short_code(cell));
        let texts = [
            &*form_cell,
            frequency,
            &*claim_status,
            &*line_status,
            payer,
            capitated,
            place,
            bill_type,
            admission,
            revenue,
        ];
        let meaning = CodedMeaning {
            form: form_said.unwrap_or_else(|| ClaimForm::inferred(bill_type, place)),
            setting: settings.setting(bill_type, place),
            facility: parsed_bill.map(|b| b.facility),
            version: words.version(frequency),
            status: words.row_status(&line_status, &claim_status),
            marks: PackedMarks::from(Marks {
                not_primary: words.payer_sequences.get(payer) == Some(false),
                capitated: words.capitated.get(capitated).is_some(),
                emergency: words.emergencies.get_code(admission).is_some(),
                total_line: words.total_lines.get_code(revenue).is_some(),
                form_said: form_said.is_some(),
                line_status_unread: words.is_unread_status(&line_status),
                claim_status_unread: words.is_unread_status(&claim_status),
                form_unread: form_said.is_none() && !form_cell.is_empty(),
                payer_unread: words.payer_sequences.is_unread(payer),
                ..Marks::default()
            }),
        };
        Self { texts: texts.map(Box::from), meaning }
    }
}

/// Combinations that are remembered.
const PLACES: usize = 64;

/// Words of the longest combination that is remembered.
const MOST_WORDS: usize = 12;

/// Columns of such a combination: their lengths have 64 bits.
const MOST_COLUMNS: usize = 64 / LENGTH_BITS;

/// Bytes of the longest cell of such a combination: those that [`both_ends`] tells apart.
const MOST_BYTES: usize = 16;

/// Bits of the length of a cell.
const LENGTH_BITS: usize = 5;

/// The cells of a combination as they are in the file: the number of the service slot, because each has columns of its own, the
/// lengths of the cells, and the bytes of those that are filled.
#[derive(Debug, Clone)]
struct Combination {
    slot: usize,
    lengths: u64,
    count: usize,
    words: [u64; MOST_WORDS],
}

impl PartialEq for Combination {
    /// Equal lengths of the same columns take as many words.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (self.slot, self.lengths) == (other.slot, other.lengths)
            && self.words.iter().zip(&other.words).take(self.count).all(|(word, other)| word == other)
    }
}

impl Combination {
    /// The combination of the cells of a row, and where it is remembered. `None` if it is not worth remembering, because there is much
    /// of it, or because a cell has quotes inside.
    fn of(slot: usize, columns: &[usize], row: &Row<'_>) -> Option<(Self, usize)> {
        let mut found = Self { slot, lengths: 0, count: 0, words: [0; MOST_WORDS] };
        let mut hash = 0;
        for column in columns {
            let (ahead, length) = row.unmarked_ahead(*column)?;
            if length > MOST_BYTES {
                return None;
            }
            found.lengths = found.lengths << LENGTH_BITS | length as u64;
            let mut add = |word: u64| {
                *found.words.get_mut(found.count)? = word;
                found.count += 1;
                hash = mixed(hash, word);
                Some(())
            };
            if length > 8 {
                both_ends(&ahead[..length]).into_iter().try_for_each(add)?;
            } else if length > 0 {
                add(first_bytes(ahead, length))?;
            }
        }
        let place = (mixed(hash, found.lengths) >> 32) as usize % PLACES;
        (columns.len() <= MOST_COLUMNS).then_some((found, place))
    }
}

/// The combinations of an extract that were read before. Two that share a place are read again whenever they alternate.
#[derive(Debug, Default)]
pub(crate) struct KnownCells {
    /// The number of the extract, whose layout may have words of its own.
    extract: u32,
    /// The columns of these cells, by service slot.
    columns: Vec<Vec<usize>>,
    known: Vec<Option<(Combination, CodedCells)>>,
    /// The last one that is not remembered.
    other: Option<CodedCells>,
}

impl KnownCells {
    /// What these cells of a service slot say.
    pub(crate) fn read(&mut self, words: CodedWords<'_>, slot: usize, binding: &Binding, row: &Row<'_>) -> &CodedCells {
        if self.extract != words.extract || self.known.is_empty() {
            self.extract = words.extract;
            self.columns.clear();
            self.known.clear();
            self.known.resize_with(PLACES, || None);
        }
        if self.columns.len() <= slot {
            self.columns.resize_with(slot + 1, Vec::new);
        }
        let columns = &mut self.columns[slot];
        if columns.is_empty() {
            columns.extend(CODED.into_iter().flat_map(|field| binding.columns(field)));
        }
        let read = || CodedCells::read(words, binding, row);
        let Some((combination, place)) = Combination::of(slot, columns, row) else { return self.other.insert(read()) };
        let known = &mut self.known[place];
        if known.as_ref().is_some_and(|(other, _)| *other != combination) {
            *known = None;
        }
        &known.get_or_insert_with(|| (combination, read())).1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustc_hash::FxHashSet;

    use super::*;
    use crate::claim::value::words::{Blanks, WordTable};
    use crate::ingest::layout::binding::{ColumnSource, Split};
    use crate::ingest::record::quoting::Marks as CellMarks;
    use crate::ingest::record::row::record_of;

    /// A binding of the coded fields to the first columns; the first field takes two of them.
    fn binding() -> Binding {
        let mut fields = vec![ColumnSource::Absent; Field::NAMES.len()];
        for (column, field) in (1..).zip(CODED) {
            fields[field as usize] = ColumnSource::Column(column);
        }
        fields[CODED[0] as usize] = ColumnSource::First(vec![0, 1]);
        Binding {
            fields,
            groups: vec![Vec::new(); 4],
            splits: vec![Split::No; 4],
            null: Vec::new(),
            further: Vec::new(),
        }
    }

    fn combination(slot: usize, cells: &[Vec<u8>], marks: CellMarks) -> Option<Combination> {
        let (bytes, spans) = record_of(cells, marks);
        let columns: Vec<usize> = CODED.into_iter().flat_map(|field| binding().columns(field).to_vec()).collect();
        Combination::of(slot, &columns, &Row::new(&bytes, &spans)).map(|(combination, _)| combination)
    }

    fn cells() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let length = prop_oneof![4 => 0..3_usize, 2 => 6..10_usize, 1 => 14..18_usize];
        let cell =
            length.prop_flat_map(|length| prop::collection::vec(prop_oneof![Just(0), Just(b'1'), Just(2)], length));
        prop::collection::vec(cell, CODED.len() + 1)
    }

    proptest! {
        #[test]
        fn combinations_are_equal_only_if_their_cells_are(one in cells(), other in cells(), slots in (0..2_usize, 0..2_usize)) {
            let of = |slot, cells: &[Vec<u8>]| combination(slot, cells, CellMarks::Nothing);
            if let (Some(first), Some(second)) = (of(slots.0, &one), of(slots.1, &other)) {
                prop_assert_eq!(first == second, one == other && slots.0 == slots.1);
            }
            prop_assert_eq!(of(0, &one), of(0, &one));
            // The same bytes cut in another place are other cells.
            let mut moved = one.clone();
            if let Some(byte) = moved[3].pop() {
                moved[4].insert(0, byte);
                prop_assert!(of(0, &moved).is_none() || of(0, &moved) != of(0, &one));
            }
        }
    }

    /// Tables in which some of these cells mean something.
    fn vocabulary() -> Vocabulary {
        fn table<T: Copy>(meaning: T) -> WordTable<T> {
            WordTable::new([("1".to_owned(), meaning), ("111".to_owned(), meaning)], Blanks::Count)
        }
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

    proptest! {
        #[test]
        fn what_is_remembered_is_what_would_be_read(
            rows in prop::collection::vec(prop::collection::vec(prop::sample::select(&["", "1", "111", "131", "x"][..]), CODED.len() + 1), 1..200),
        ) {
            let (vocabulary, settings, binding) = (vocabulary(), SettingTable::default(), binding());
            let words = |extract| CodedWords { extract, vocabulary: &vocabulary, settings: &settings };
            let mut known = KnownCells::default();
            // More combinations than places, and each of them twice.
            for (n, cells) in rows.iter().chain(&rows).enumerate() {
                let (bytes, spans) = record_of(cells, CellMarks::Nothing);
                let row = Row::new(&bytes, &spans);
                let words = words(u32::from(n >= rows.len()));
                prop_assert_eq!(known.read(words, n % 2, &binding, &row), &CodedCells::read(words, &binding, &row));
            }
        }
    }

    #[test]
    fn long_and_marked_cells_are_not_remembered() {
        let short = vec![b"131".to_vec(); CODED.len() + 1];
        assert!(combination(0, &short, CellMarks::Nothing).is_some());
        assert!(combination(0, &short, CellMarks::Doubled(b'"')).is_none());
        let with = |length: usize| [vec![vec![b'x'; length]], short[1..].to_vec()].concat();
        assert!(combination(0, &with(MOST_BYTES), CellMarks::Nothing).is_some());
        assert!(combination(0, &with(MOST_BYTES + 1), CellMarks::Nothing).is_none());
    }
}
