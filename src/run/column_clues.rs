//! Columns that no field uses although their cells look like codes: probably columns of a name that no layout knows.

use std::sync::LazyLock;

use crate::claim::value::code::ProcedureColumn;
use crate::ingest::field::{Field, Group, fold};
use crate::policy::Policy;
use crate::strict_toml::{Document, Faults, texts};

/// The file of clues.
const CLUES: &str = include_str!("column-clues.toml");

/// The clues, checked by a test of this room.
static READ: LazyLock<Clues> = LazyLock::new(|| Clues::load().unwrap_or_default());

/// By which signs a column is known. See the file.
#[derive(Debug, Default)]
struct Clues {
    never: Vec<String>,
    never_begins: Vec<String>,
    diagnosis: Vec<String>,
    procedure: Vec<String>,
    named_one_in: u64,
    unnamed_cells: u64,
    unnamed_except_one_in: u64,
    unnamed_lengths: u32,
    unnamed_dotted_one_in: u64,
    known_cpt_one_in: u64,
    known_diagnosis_one_in: u64,
}

impl Clues {
    fn load() -> Result<Self, Faults> {
        Document::load("src/run/column-clues.toml", CLUES, |_, root| {
            for key in ["kind", "source", "valid"] {
                root.text(key);
            }
            let words = |key: &str| texts(root.texts(key));
            let number = |key: &str| root.number(key, 1..=1_000).and_then(|n| u64::try_from(n).ok());
            let clues = Self {
                never: words("never"),
                never_begins: words("never_begins"),
                diagnosis: words("diagnosis"),
                procedure: words("procedure"),
                named_one_in: number("named_one_in")?,
                unnamed_cells: number("unnamed_cells")?,
                unnamed_except_one_in: number("unnamed_except_one_in")?,
                unnamed_lengths: number("unnamed_lengths").and_then(|n| u32::try_from(n).ok())?,
                unnamed_dotted_one_in: number("unnamed_dotted_one_in")?,
                known_cpt_one_in: number("known_cpt_one_in")?,
                known_diagnosis_one_in: number("known_diagnosis_one_in")?,
            };
            root.deny_unknown_keys();
            Some(clues)
        })
    }
}

/// Does this name say that the codes of the column are never read, such as those of an admission?
pub(crate) fn is_never_read(name: &str) -> bool {
    let name = fold(name);
    READ.never.iter().any(|word| name.contains(word.as_str()))
        || READ.never_begins.iter().any(|word| name.starts_with(word.as_str()))
}

/// What the cells of one column look like so far.
#[derive(Debug, Default)]
pub(super) struct ColumnLook {
    speaks_of_diagnoses: bool,
    speaks_of_procedures: bool,
    filled: u64,
    diagnoses: u64,
    dotted_diagnoses: u64,
    known_diagnoses: u64,
    /// A bit for each length of a cell that has the shape of a diagnosis, its dot aside.
    lengths: u32,
    cpt: u64,
    icd_procedures: u64,
    known_cpt: u64,
    known_icd_procedures: u64,
}

impl ColumnLook {
    /// A column of this name, which may be empty, or `None` if it is never looked at.
    pub(super) fn new(name: &str) -> Option<Self> {
        if is_never_read(name) {
            return None;
        }
        let (name, clues) = (fold(name), &*READ);
        let holds = |words: &[String]| words.iter().any(|word| name.contains(word.as_str()));
        let (speaks_of_diagnoses, speaks_of_procedures) = (holds(&clues.diagnosis), holds(&clues.procedure));
        Some(Self { speaks_of_diagnoses, speaks_of_procedures, ..Self::default() })
    }

    /// Looks at a cell, trimmed and in capitals.
    pub(super) fn add(&mut self, cell: &str, policy: &Policy) {
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        // No code is longer, and no cell of another length needs to be looked at twice.
        if !(MIN_CODE..=MAX_CODE).contains(&cell.len()) || !cell.is_ascii() {
            return;
        }
        if is_diagnosis(cell.as_bytes()) {
            let code = cell.replace('.', "");
            self.diagnoses += 1;
            self.dotted_diagnoses += u64::from(code.len() < cell.len());
            self.known_diagnoses += u64::from(policy.editions.iter().any(|edition| edition.listed(&code).is_some()));
            self.lengths |= 1 << code.len();
        }
        let codes = &policy.codes;
        let cpt = is_cpt(cell.as_bytes());
        self.cpt += u64::from(cpt);
        self.known_cpt += u64::from(cpt && codes.exact(cell, ProcedureColumn::Procedure).is_some());
        let icd = is_icd_procedure(cell.as_bytes());
        self.icd_procedures += u64::from(icd);
        self.known_icd_procedures += u64::from(icd && codes.exact(cell, ProcedureColumn::Icd).is_some());
    }

    /// The field that the column looks like, with the number of cells that do.
    pub(super) fn verdict(&self) -> Option<(&'static str, u64)> {
        let clues = &*READ;
        let is_share = |cells: u64, one_in: u64| cells > 0 && cells * one_in >= self.filled;
        let (icd_procedure, diagnosis) = (Group::IcdProcedure.name(), Group::Diagnosis.name());
        if self.known_icd_procedures > 0 {
            return Some((icd_procedure, self.icd_procedures));
        }
        if is_share(self.known_diagnoses, clues.known_diagnosis_one_in) {
            return Some((diagnosis, self.diagnoses));
        }
        // Some diagnoses have the shape of an ICD-10-PCS code, too.
        let is_of_procedures =
            self.speaks_of_procedures && !(self.speaks_of_diagnoses && self.diagnoses >= self.icd_procedures);
        if is_of_procedures && is_share(self.icd_procedures, clues.named_one_in) {
            return Some((icd_procedure, self.icd_procedures));
        }
        if is_share(self.known_cpt, clues.known_cpt_one_in)
            || is_of_procedures && is_share(self.cpt, clues.named_one_in)
        {
            return Some((Field::ProcedureCode.name(), self.cpt));
        }
        let others = self.filled - self.diagnoses;
        let is_unnamed = self.filled >= clues.unnamed_cells
            && others * clues.unnamed_except_one_in <= self.filled
            && (self.lengths.count_ones() >= clues.unnamed_lengths
                || is_share(self.dotted_diagnoses, clues.unnamed_dotted_one_in));
        let is_named = self.speaks_of_diagnoses && is_share(self.diagnoses, clues.named_one_in);
        (is_unnamed || is_named).then_some((diagnosis, self.diagnoses))
    }

    /// Its filled cells.
    pub(super) fn filled(&self) -> u64 {
        self.filled
    }
}

/// Characters of the shortest code: a diagnosis of three.
const MIN_CODE: usize = 3;

/// Characters of the longest code: a diagnosis of seven with its dot.
const MAX_CODE: usize = 8;

/// A letter, a digit, a letter or digit, then up to four letters or digits, after a dot or not.
fn is_diagnosis(cell: &[u8]) -> bool {
    let [letter, digit, third, rest @ ..] = cell else { return false };
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    letter.is_ascii_uppercase()
        && digit.is_ascii_digit()
        && third.is_ascii_alphanumeric()
        && rest.len() <= 4
        && rest.iter().all(u8::is_ascii_alphanumeric)
}

/// Five digits, or four after or before a letter.
fn is_cpt(cell: &[u8]) -> bool {
    let [first, middle @ .., last] = cell else { return false };
    let is_digit_or_letter = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    cell.len() == 5
        && middle.iter().all(u8::is_ascii_digit)
        && is_digit_or_letter(first)
        && is_digit_or_letter(last)
        && (first.is_ascii_digit() || last.is_ascii_digit())
}

/// Seven digits and letters other than I and O, among them at least one of each.
fn is_icd_procedure(cell: &[u8]) -> bool {
    let is_character = |b: &u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'O'));
    cell.len() == 7
        && cell.iter().all(is_character)
        && cell.iter().any(u8::is_ascii_digit)
        && cell.iter().any(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::load;
    use crate::rules::codes;

    fn look(name: &str, cells: &[&str]) -> Option<(&'static str, u64)> {
        let policy = load(&[], &codes()).expect("the shipped policy is valid");
        let mut look = ColumnLook::new(name)?;
        for cell in cells {
            look.add(cell, &policy);
        }
        look.verdict()
    }

    #[test]
    fn the_clues_are_valid() {
        assert!(!Clues::load().expect("no faults").never.is_empty());
    }

    #[test]
    fn columns_of_codes_are_known_by_name_and_cells() {
        for (name, cells, want) in [
            ("principal_procedure", &["0PU43JZ", "0JH60DZ"][..], Some(("icd_procedure", 2))),
            ("op_1", &["A", "B", "0PU43JZ"], Some(("icd_procedure", 1))),
            ("secondary_diagnosis_", &["M80.08XA", "", "Z79"], Some(("diagnosis", 2))),
            ("dx-0", &["M4854XA"], Some(("diagnosis", 1))),
            ("cpt4", &["99213", "J1885", "0201T"], Some(("procedure_code", 3))),
            ("service", &["22514", "22513", "99213"], Some(("procedure_code", 3))),
            ("SERVICE_CODE", &["22514", "22513", "99213"], Some(("procedure_code", 3))),
            ("k1", &["M48.54XA", "E11"], Some(("diagnosis", 2))),
            ("icd_2", &["S32010D", "S22080D"], Some(("diagnosis", 2))),
            ("icd_2", &["0JH60DZ"], Some(("icd_procedure", 1))),
            // Near misses: the policy excludes them, or they are no codes.
            ("admitting_diagnosis", &["M4854XA"], None),
            ("patient_reason_dx", &["M545"], None),
            ("external_cause_dx", &["W19XXXA"], None),
            ("e_code_1", &["W19XXXA"], None),
            ("dx_ecode", &["W19XXXA"], None),
            ("dx_type", &["ABK", "ABF"], None),
            ("member_zip", &["22514", "22513"], None),
            ("county", &["25017", "25025", "25009"], None),
            ("group_id", &["A12345", "B99881"], None),
            ("procedure_date", &["20240305"], None),
            ("dx_note", &["M545", "see file", "none", "pain"], None),
            ("empty_dx", &[""], None),
        ] {
            assert_eq!(look(name, cells), want, "{name}");
        }
    }

    #[test]
    fn a_column_of_any_name_needs_many_diagnoses_of_several_lengths() {
        let codes: Vec<&str> = ["M54.5", "E11", "S52.501A", "I10", "N18.30"].repeat(4);
        assert_eq!(look("k1", &codes), Some(("diagnosis", 20)));
        assert_eq!(look("", &codes), Some(("diagnosis", 20)));
        assert_eq!(look("k1", &codes[1..]), None);
        assert_eq!(look("k1", &["E11.9", "I10"].repeat(10)), Some(("diagnosis", 20)));
        assert_eq!(look("k1", &["E11.9", "I10", "I10"].repeat(10)), None);
        assert_eq!(look("k1", &["A12345"].repeat(30)), None);
        assert_eq!(look("k1", &[&codes[..], &["x"; 3]].concat()), None);
    }
}
