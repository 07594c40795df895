//! Cells that cannot be what their column says, among the first rows: signs that the rows are shifted against the header, or that a
//! layout maps the wrong columns.
//!
//! A row whose cells are one column off is as long as any other. If its service date is not one of the cells that moved, it is read as
//! a row out of scope, so only the cells show it.

use crate::claim::value::amount::{Cents, units, without_measure};
use crate::claim::value::code::{CodeTable, ProcedureColumn};
use crate::claim::value::diagnosis;
use crate::claim::value::id::is_mangled;
use crate::claim::value::setting::{BillType, bill_type};
use crate::ingest::cell::upper;
use crate::ingest::date::service_day;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::binding::Split;
use crate::ingest::{Binding, Row};
use crate::run::code_shapes::{is_cpt, is_dotted_icd9, is_icd_procedure, parts};
use crate::warning::{Warning, WarningKind};

/// What the cells of a column may be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Procedure(ProcedureColumn),
    Diagnosis,
    Amount,
    Units,
    /// A place of service: a short code.
    Place,
    /// Also a short code.
    BillType,
    /// A number of a claim, a member or a provider.
    Id,
}

/// The fields that are looked at.
const FIELDS: [(Field, Kind); 11] = [
    (Field::ClaimId, Kind::Id),
    (Field::MemberId, Kind::Id),
    (Field::BillingNpi, Kind::Id),
    (Field::RenderingNpi, Kind::Id),
    (Field::PlaceOfService, Kind::Place),
    (Field::BillType, Kind::BillType),
    (Field::ProcedureCode, Kind::Procedure(ProcedureColumn::Procedure)),
    (Field::Units, Kind::Units),
    (Field::ChargeAmount, Kind::Amount),
    (Field::AllowedAmount, Kind::Amount),
    (Field::PaidAmount, Kind::Amount),
];

/// The numbered fields that are looked at, by their first column: the others are often empty.
const GROUPS: [(Group, Kind); 2] =
    [(Group::Diagnosis, Kind::Diagnosis), (Group::IcdProcedure, Kind::Procedure(ProcedureColumn::Icd))];

/// So few cells may be typing errors.
const FEW_CELLS: u64 = 3;

/// The cells of a field.
#[derive(Debug, Default, Clone, Copy)]
struct Cells {
    filled: u64,
    unlike: u64,
}

/// The cells of all fields that are looked at.
#[derive(Debug, Default)]
pub(super) struct Misplaced {
    fields: [Cells; FIELDS.len()],
    groups: [Cells; GROUPS.len()],
}

impl Misplaced {
    /// Looks at a row of an extract with `width` columns. Cells of joined tables are not known yet. `codes`: those that the policy
    /// knows.
    pub(super) fn add(&mut self, row: &Row<'_>, binding: &Binding, width: usize, codes: &CodeTable) {
        for slot in binding.each() {
            for ((field, kind), cells) in FIELDS.into_iter().zip(&mut self.fields) {
                if slot.columns(field).iter().all(|column| *column < width) {
                    cells.add(kind, &slot.text(row, field), codes);
                }
            }
        }
        for ((group, kind), cells) in GROUPS.into_iter().zip(&mut self.groups) {
            if let Some((_, column)) = binding.group(group).first().filter(|(_, column)| *column < width) {
                let text = row.text(*column, &[]);
                match kind {
                    Kind::Diagnosis => cells.add_diagnoses(binding.split(group), &binding.null, &upper(text)),
                    _ => cells.add(kind, &text, codes),
                }
            }
        }
    }

    /// The warning about the fields of which most cells are something else.
    pub(super) fn warning(&self, file: &str) -> Option<Warning> {
        let fields = FIELDS.iter().map(|(field, _)| field.name()).zip(self.fields);
        let groups = GROUPS.iter().map(|(group, _)| group.name()).zip(self.groups);
        let wrong: Vec<_> = fields.chain(groups).filter(|(_, cells)| cells.unlike * 2 > cells.filled).collect();
        let (unlike, filled) = wrong.iter().fold((0, 0), |(n, of), (_, cells)| (n + cells.unlike, of + cells.filled));
        let names: Vec<_> = wrong.iter().map(|(name, _)| *name).collect();
        let warning = Warning::new(WarningKind::CellsUnlikeField).file(file).field(names.join(", "));
        (unlike >= FEW_CELLS).then(|| warning.count(unlike).of(filled))
    }
}

impl Cells {
    /// Adds a cell of diagnoses. It is unlike them if any code that is read from it can be none.
    fn add_diagnoses(&mut self, split: Split, null: &[String], cell: &str) {
        let mut is_odd = false;
        split.parts(cell).for_each(|part| diagnosis::each(part, null, |code| is_odd |= is_no_single_code(code)));
        if is_filled(cell) {
            self.filled += 1;
            self.unlike += u64::from(is_odd || is_unlike(Kind::Diagnosis, cell));
        }
    }

    fn add(&mut self, kind: Kind, text: &str, codes: &CodeTable) {
        if is_filled(text) {
            self.filled += 1;
            self.unlike += u64::from(is_unlike(kind, text) && !is_read(kind, text, codes));
        }
    }
}

/// Zeros stand for an empty cell, whatever the column.
fn is_filled(text: &str) -> bool {
    text.chars().any(|c| !matches!(c, '0' | '.'))
}

/// Is a code that the policy knows, or a bill type, read from this cell? Then it is what its column says, however it looks.
fn is_read(kind: Kind, text: &str, codes: &CodeTable) -> bool {
    let upper = upper(text.into());
    match kind {
        Kind::Procedure(column) => !codes.read(&upper, column).codes.is_empty(),
        Kind::BillType => BillType::parse(bill_type(&upper)).is_some(),
        _ => false,
    }
}

/// Digits of the shortest number that is too long for a code: six. An amount without a point may have seven.
const LONG_CODE: usize = 6;
const LONG_AMOUNT: usize = 8;

/// Letters and digits of the longest text that may be a code: one more than of ICD-10.
const LONGEST_CODE: usize = 8;

/// Does a diagnosis, as it was read, hold several codes, a code with more around it, or a text?
fn is_no_single_code(code: &str) -> bool {
    code.len() > LONGEST_CODE + 1 || code.bytes().any(|b| !b.is_ascii_alphanumeric() && b != b'.')
}

/// Is no part of this cell a procedure code in a form that is read, though it has digits? Such are `2.2514E+04`, `22.514`,
/// `PROC22514`.
fn has_no_procedure(cell: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // An ICD-9 procedure has two digits before the point and one or two after it.
    let is_fraction = cell.split_once('.').is_some_and(|(whole, part)| {
        let is_icd9 = whole.len() == 2 && part.len() <= 2;
        is_digits(whole) && is_digits(part) && !is_icd9 && part.bytes().any(|b| b != b'0')
    });
    let may_be_code = |token: &str| {
        let token = if is_digits(token) { token.trim_start_matches('0') } else { token };
        let bare = token.strip_prefix("HCPCS").or_else(|| token.strip_prefix("CPT"));
        let has_modifiers = matches!(token.len(), 7 | 9) && token.get(..5).is_some_and(|code| is_cpt(code.as_bytes()));
        bare.map_or(token.len() <= LONGEST_PROCEDURE || has_modifiers, |bare| is_cpt(bare.as_bytes()))
    };
    let mut tokens = cell.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| !token.is_empty());
    is_fraction || is_mangled(cell) || !tokens.any(may_be_code)
}

/// Letters and digits of the longest procedure code.
const LONGEST_PROCEDURE: usize = 7;

/// Is this cell certainly something else? Codes of other systems and decorated cells are not.
fn is_unlike(kind: Kind, text: &str) -> bool {
    let is_day = service_day(text, &[]).is_some();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_number = digits == text.len();
    // Codes may have zeros in front of them, to a fixed width.
    let without_zeros = text.trim_start_matches('0').len();
    // Two decimals, as an amount has them.
    let is_amount = text.rsplit_once('.').is_some_and(|(_, cents)| cents.len() == 2) && Cents::parse(text).is_some();
    match kind {
        Kind::Procedure(_) => {
            let upper = text.to_ascii_uppercase();
            let code = upper.as_bytes();
            let is_other_code = diagnosis::is_code(&upper) && !is_cpt(code) && !is_icd_procedure(code);
            // An ICD-9 procedure has two digits before the point.
            is_day
                || digits == 0
                || text.len() <= 2
                || is_other_code
                || is_number && without_zeros >= LONG_CODE
                || is_amount && text.len() != "81.66".len()
                || has_no_procedure(&upper)
        }
        Kind::Diagnosis => {
            let code = parts(text).next().unwrap_or(text);
            let is_long = is_number && digits >= LONG_CODE;
            is_day || digits == 0 || code.len() <= 2 || is_long || is_amount && !is_dotted_icd9(code.as_bytes())
        }
        Kind::Amount => is_day || Cents::parse(text).is_none() || is_number && digits >= LONG_AMOUNT,
        Kind::Units => {
            let is_count = units(text).is_some() || without_measure(text).is_empty();
            is_day || !is_count || is_number && digits >= LONG_CODE
        }
        Kind::Place | Kind::BillType => is_day || digits == 0 || is_amount || is_number && without_zeros > 4,
        Kind::Id => (is_day && !is_number) || is_amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::value::code::{KnownCode, System};

    #[test]
    fn cells_of_other_columns_are_unlike_and_odd_ones_of_the_same_are_not() {
        let own: [(Kind, &[&str]); 6] = [
            (
                Kind::Procedure(ProcedureColumn::Procedure),
                &[
                    "22513",
                    "0PU43JZ",
                    "J1885",
                    "0201T",
                    "22513-59",
                    "HC:22513:59",
                    "W0001",
                    "0360",
                    "81.66",
                    "22513.0",
                    "CPT22513",
                    "HCPCS J1885",
                    "22513RT",
                    "22513RT59",
                    "0PU.43JZ",
                    "22513 - KYPHOPLASTY",
                    "099213",
                    "0000099213",
                ],
            ),
            (
                Kind::Diagnosis,
                &["M48.54XA", "M4854XA", "733.13", "73313", "V5417", "4019", "ABK:M4854XA", "M4854XA;I10"],
            ),
            (Kind::Amount, &["2500.00", "$1,234.50", "(12.50)", "-3", "1234567", "0.5"]),
            (Kind::Units, &["1", "1.0", "UN:2", "UN:", "-1", "0.25", "120"]),
            (Kind::BillType, &["22", "22.0", "022", "11:A:1", "131", "0131", "00131", "22 - On campus"]),
            (Kind::Id, &["1", "E24100417", "20240305001", "20240305", "1001.0", "A-1.23", "1234567893", "1.23E+15"]),
        ];
        for (kind, cells) in own {
            for cell in cells {
                assert!(!is_unlike(kind, cell), "{kind:?}: {cell}");
            }
        }
        let others: [(Kind, &[&str]); 6] = [
            (
                Kind::Procedure(ProcedureColumn::Procedure),
                &[
                    "2024-03-05",
                    "20240305",
                    "M48.54XA",
                    "E119",
                    "59",
                    "1",
                    "HMO",
                    "2500.00",
                    "1234567893",
                    "2.2514E+04",
                    "22.514",
                    "PROC22514",
                    "CPT022514",
                    "CPT22514RT",
                    "KYPHOPLASTY22513",
                ],
            ),
            (Kind::Diagnosis, &["2024-03-05", "20240305", "1", "RT", "A", "2500.00", "1234567893", "HMO"]),
            (Kind::Amount, &["2024-03-05", "20240305", "M48.54XA", "HMO", "1234567893", "A-77"]),
            (Kind::Units, &["2024-03-05", "20240305", "M48.54XA", "HMO", "22513.5.1", "1234567893"]),
            (Kind::BillType, &["2024-03-05", "20240305", "HMO", "22513", "2500.00"]),
            (Kind::Id, &["2024-03-05", "3/5/2024", "2500.00"]),
        ];
        for (kind, cells) in others {
            for cell in cells {
                assert!(is_unlike(kind, cell), "{kind:?}: {cell}");
            }
        }
    }

    #[test]
    fn a_cell_from_which_a_code_or_a_bill_type_is_read_is_what_its_column_says() {
        let codes = [("22514", System::Cpt), ("0PU43JZ", System::Pcs)];
        let known = |(code, system): (&str, System)| KnownCode { code: code.to_owned(), system, listed: true };
        let codes = CodeTable::new(codes.map(known).to_vec());
        let unlike = |kind: Kind, cell: &str| {
            let mut cells = Cells::default();
            cells.add(kind, cell, &codes);
            cells.unlike == 1
        };
        for cell in ["022514", "2251459", "225145980", "22514.00", "HC:22514:80:59", "0PS43ZZ;0pu43jz"] {
            assert!(!unlike(Kind::Procedure(ProcedureColumn::Procedure), cell), "{cell}");
        }
        for cell in ["9921325", "2.2514E+04", "PROC22514", "22514598012", "2024-05-06"] {
            assert!(unlike(Kind::Procedure(ProcedureColumn::Procedure), cell), "{cell}");
        }
        assert!(unlike(Kind::Procedure(ProcedureColumn::Icd), "2251459"), "only PCS codes are read there");
        for (cell, want) in
            [("00111", false), ("0111.0", false), ("111.00", true), ("22513", true), ("2024-05-06", true)]
        {
            assert_eq!(unlike(Kind::BillType, cell), want, "{cell}");
        }
        assert!(unlike(Kind::Place, "3/5/2024") && !unlike(Kind::Place, "00022"));
    }

    #[test]
    fn a_cell_of_diagnoses_is_unlike_them_if_a_code_that_is_read_from_it_can_be_none() {
        let unlike = |split: Split, cell: &str| {
            let mut cells = Cells::default();
            cells.add_diagnoses(split, &[], cell);
            (cells.filled, cells.unlike)
        };
        for cell in ["M80.08XA", "ABK:M80.08XA", "M54.5;M80.08XA", "[\"M80.08XA\"]", "733.13", "V54.17", "M80.08XAS"] {
            assert_eq!(unlike(Split::No, cell), (1, 0), "{cell}");
        }
        for cell in [
            "M80.08XA:Y",
            "ABK:M80.08XA:::::::Y",
            "M80.08XA - AGE-RELATED",
            "M54.5/M80.08XA",
            "M54.5~M80.08XA",
            "{M54.5,M80.08XA}",
            "M80.08XA AGE RELATED",
            "M8008XAM545",
            "2024-03-05",
        ] {
            assert_eq!(unlike(Split::No, cell), (1, 1), "{cell}");
        }
        assert_eq!(unlike(Split::At('/'), "M54.5/M80.08XA"), (1, 0));
        assert_eq!(unlike(Split::No, "000"), (0, 0));
    }

    #[test]
    fn a_warning_needs_most_cells_of_a_field_and_more_than_a_few() {
        let cells = |filled, unlike| Cells { filled, unlike };
        let mut misplaced = Misplaced::default();
        misplaced.fields[6] = cells(4, 2);
        misplaced.fields[10] = cells(2, 2);
        assert_eq!(misplaced.warning("a.csv"), None);
        misplaced.groups[0] = cells(3, 2);
        let warning = misplaced.warning("a.csv").expect("a warning");
        assert_eq!((warning.field.as_str(), warning.count, warning.of), ("paid_amount, diagnosis", Some(4), Some(5)));
    }
}
