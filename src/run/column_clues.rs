//! Columns that no field uses although their cells look like codes: probably columns of a name that no layout knows.

use std::collections::BTreeSet;

use crate::claim::value::code::{ProcedureColumn, System};
use crate::claim::value::diagnosis;
use crate::ingest::field::{Field, Group, fold};
use crate::policy::Policy;
use crate::run::clues::READ;
use crate::run::code_shapes::{is_cpt, is_cpt_with_modifiers, is_dotted_icd9, is_icd_procedure, parts};

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
    diagnoses: Diagnoses,
    cpt: Cpt,
    icd_procedures: IcdProcedures,
}

/// Cells of diagnoses.
#[derive(Debug, Default)]
struct Diagnoses {
    cells: u64,
    /// Those with the dot of a diagnosis.
    dotted: u64,
    /// Those with a diagnosis that the policy lists.
    known: u64,
    /// A bit for each length of a code, its dot aside.
    lengths: u32,
    /// A bit for each first letter.
    letters: u32,
    /// Cells of ICD-9-CM with a dot: those with two digits after it, of which the second is 0, and those with one digit. Numbers
    /// are written with as many digits each, or without zeros at the end.
    icd9: u64,
    icd9_with_zero: u64,
    icd9_with_one_digit: u64,
}

/// Cells of CPT and HCPCS codes.
#[derive(Debug, Default)]
struct Cpt {
    cells: u64,
    /// Those with a code that the policy knows.
    known: u64,
    /// Those with a code for a visit.
    visits: u64,
    /// Those that begin with a letter.
    hcpcs: u64,
    /// A bit for each first character.
    first_characters: u64,
}

/// Cells of ICD-10-PCS codes.
#[derive(Debug, Default)]
struct IcdProcedures {
    cells: u64,
    /// Those with a code that the policy knows.
    known: u64,
    /// Those with a Z in the last place, which most codes have.
    with_z: u64,
    /// The places of digits and letters in the codes. Ids have the same in all cells.
    patterns: BTreeSet<u8>,
}

/// Bytes of the longest cell that is looked at: 25 diagnoses with qualifiers have fewer.
const MAX_CELL_BYTES: usize = 512;

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
        if cell.len() > MAX_CELL_BYTES || !cell.is_ascii() {
            return;
        }
        self.diagnoses.add(cell, policy);
        self.cpt.add(cell, policy);
        self.icd_procedures.add(cell, policy);
    }

    /// The field that the column looks like, with the number of cells that do.
    pub(super) fn verdict(&self) -> Option<(&'static str, u64)> {
        let clues = &*READ;
        let is_share = |cells: u64, one_in: u64| cells > 0 && cells * one_in >= self.filled;
        // Of a column whose name says nothing, nearly all cells must have the shape of a code.
        let is_all = |cells: u64| {
            self.filled >= clues.unnamed_cells && (self.filled - cells) * clues.unnamed_except_one_in <= self.filled
        };
        let Self { diagnoses, cpt, icd_procedures, .. } = self;
        let procedures_say = Some((Group::IcdProcedure.name(), icd_procedures.cells.max(icd_procedures.known)));
        let diagnoses_say = Some((Group::Diagnosis.name(), diagnoses.cells.max(diagnoses.known)));
        let cpt_say = Some((Field::ProcedureCode.name(), cpt.cells.max(cpt.known)));
        if icd_procedures.known > 0 {
            return procedures_say;
        }
        if is_share(diagnoses.known, clues.known_diagnosis_one_in) {
            return diagnoses_say;
        }
        // Some codes have the shapes of both.
        let is_of_procedures =
            self.speaks_of_procedures && !(self.speaks_of_diagnoses && diagnoses.cells >= icd_procedures.cells);
        if is_of_procedures && is_share(icd_procedures.cells, clues.named_one_in) {
            return procedures_say;
        }
        if is_share(cpt.known, clues.known_cpt_one_in) || is_of_procedures && is_share(cpt.cells, clues.named_one_in) {
            return cpt_say;
        }
        let is_named = self.speaks_of_diagnoses && is_share(diagnoses.cells + diagnoses.icd9, clues.named_one_in);
        if is_named {
            return Some((Group::Diagnosis.name(), diagnoses.cells + diagnoses.icd9));
        }
        if is_all(icd_procedures.cells)
            && icd_procedures.patterns.len() >= clues.unnamed_patterns
            && is_share(icd_procedures.with_z, clues.procedures_with_z_one_in)
        {
            return procedures_say;
        }
        // Codes of HCPCS have the shape of a diagnosis, too.
        let has_visits = is_share(cpt.visits, clues.visits_one_in);
        let has_hcpcs = is_share(cpt.hcpcs, clues.hcpcs_one_in) && cpt.hcpcs * 2 < cpt.cells;
        let is_varied = cpt.first_characters.count_ones() >= clues.unnamed_first_characters;
        if is_all(cpt.cells) && is_varied && (has_visits || has_hcpcs) {
            return cpt_say;
        }
        let is_of_icd9 = is_all(diagnoses.cells + diagnoses.icd9)
            && diagnoses.icd9_with_zero > 0
            && diagnoses.icd9_with_one_digit > 0;
        if is_of_icd9 {
            return Some((Group::Diagnosis.name(), diagnoses.cells + diagnoses.icd9));
        }
        let has_lengths = diagnoses.lengths.count_ones() >= clues.unnamed_lengths && diagnoses.letters.count_ones() > 1;
        let has_dots = is_share(diagnoses.dotted, clues.unnamed_dotted_one_in);
        if is_all(diagnoses.cells) && (has_lengths || has_dots) { diagnoses_say } else { None }
    }

    /// Its filled cells.
    pub(super) fn filled(&self) -> u64 {
        self.filled
    }
}

impl Diagnoses {
    fn add(&mut self, cell: &str, policy: &Policy) {
        if parts(cell).next().is_none() {
            return;
        }
        let is_listed = |code: &str| policy.editions.iter().any(|edition| edition.listed(code).is_some());
        if parts(cell).all(|part| is_dotted_icd9(part.as_bytes())) {
            self.icd9 += 1;
            self.icd9_with_zero += u64::from(parts(cell).any(|part| part.len() == 6 && part.ends_with('0')));
            self.icd9_with_one_digit += u64::from(parts(cell).any(|part| part.len() == 5));
            self.known += u64::from(parts(cell).any(|part| is_listed(&part.replace('.', ""))));
        } else if parts(cell).all(diagnosis::is_code) {
            self.cells += 1;
            self.dotted += u64::from(cell.contains('.'));
            let mut is_known = false;
            for part in parts(cell) {
                let code = part.replace('.', "");
                is_known |= is_listed(&code);
                self.lengths |= 1 << code.len();
                self.letters |= 1 << (code.as_bytes()[0] - b'A');
            }
            self.known += u64::from(is_known);
        }
    }
}

impl Cpt {
    fn add(&mut self, cell: &str, policy: &Policy) {
        let found = policy.codes.read(cell, ProcedureColumn::Procedure).codes;
        self.known += u64::from(found.iter().any(|id| policy.codes.get(*id).system == System::Cpt));
        let is_list = || parts(cell).next().is_some() && parts(cell).all(|part| is_cpt(part.as_bytes()));
        if !is_cpt_with_modifiers(cell) && !is_list() {
            return;
        }
        let Some(code) = parts(cell).next().and_then(|part| part.get(..5)) else { return };
        self.cells += 1;
        let is_visit =
            |range: &String| range.split_once('-').is_some_and(|(first, last)| (first..=last).contains(&code));
        self.visits += u64::from(READ.visits.iter().any(is_visit));
        let first = code.as_bytes()[0];
        self.hcpcs += u64::from(first.is_ascii_uppercase());
        self.first_characters |= 1 << (first.saturating_sub(b'0') % 64);
    }
}

impl IcdProcedures {
    fn add(&mut self, cell: &str, policy: &Policy) {
        self.known += u64::from(!policy.codes.read(cell, ProcedureColumn::Icd).codes.is_empty());
        let mut codes = parts(cell).peekable();
        let Some(first) = codes.peek().copied() else { return };
        if codes.all(|part| is_icd_procedure(part.as_bytes())) {
            self.cells += 1;
            self.with_z += u64::from(first.ends_with('Z'));
            let is_letter = |b: &u8| b.is_ascii_uppercase();
            self.patterns.insert(first.bytes().fold(0, |bits, b| bits << 1 | u8::from(is_letter(&b))));
        }
    }
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
            ("secondary_dx", &["733.13", "401.9", "250.00"], Some(("diagnosis", 3))),
            ("hi_segment", &["ABK:M4854XA", "ABF:E119"], Some(("diagnosis", 2))),
            ("k2", &["[\"M4854XA\",\"C9000\"]", "[]", "[\"I10\"]"], Some(("diagnosis", 2))),
            ("k2", &["M48.54XA;E11.9", "I10"], Some(("diagnosis", 2))),
            ("k2", &["BBR:0PU43JZ:D8:20240305", "BBQ:0JH60DZ:D8:20240305"], Some(("icd_procedure", 2))),
            ("k2", &["0PU.43JZ", "x", "x"], Some(("icd_procedure", 1))),
            ("sv1", &["HC:22513:59", "HC:99213:25", "HC:99214"], Some(("procedure_code", 3))),
            ("cpt_and_more", &["99213-25", "99214", "36415"], Some(("procedure_code", 3))),
            ("proc_list", &["99213,36415", "99214"], Some(("procedure_code", 2))),
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
            ("k1", &["ABJ:M4854XA", "PR:M545"], None),
            ("note", &["T12 L1 FX", "SEE 22513 NOTE", "A", "B", "C", "D", "E", "F", "G", "H", "I"], None),
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

    /// As many cells as are looked at, from a rule.
    fn cells(of: impl Fn(usize) -> String) -> Vec<String> {
        (0..1000).map(of).collect()
    }

    fn look_at(cells: &[String]) -> Option<(&'static str, u64)> {
        look("k1", &cells.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn one_of(texts: &'static [&'static str]) -> impl Fn(usize) -> String {
        move |n| texts[n % texts.len()].to_owned()
    }

    #[test]
    fn codes_that_the_policy_does_not_list_are_known_by_how_they_vary() {
        let visits = one_of(&["99213", "99214", "36415", "80053", "71046", "45378", "J1885", "0202U"]);
        assert_eq!(look_at(&cells(visits)), Some(("procedure_code", 1000)));
        let drugs = one_of(&["70553", "J1885", "97110", "20610", "G0463", "45378", "36415"]);
        assert_eq!(look_at(&cells(drugs)), Some(("procedure_code", 1000)));
        let modifiers = one_of(&["99213-25", "99214-59", "36415", "80053-QW", "71046-26"]);
        assert_eq!(look_at(&cells(modifiers)), Some(("procedure_code", 1000)));
        let stays = one_of(&["0JH60DZ", "02703ZZ", "5A1955Z", "0SR90JZ", "10D00Z1", "0DTJ4ZZ"]);
        assert_eq!(look_at(&cells(stays)), Some(("icd_procedure", 1000)));
        let lists = one_of(&["0JH60DZ;02703ZZ", "5A1955Z", "BBQ:0SR90JZ:D8:20240305", "0DTJ4ZZ|02703ZZ"]);
        assert_eq!(look_at(&cells(lists)), Some(("icd_procedure", 1000)));
        let icd9 = one_of(&["733.13", "401.9", "250.00", "V54.17", "724.2", "530.81"]);
        assert_eq!(look_at(&cells(icd9)), Some(("diagnosis", 1000)));
        let lists = one_of(&["[\"M545\",\"I10\"]", "[\"E119\"]", "[\"S52501A\"]"]);
        assert_eq!(look_at(&cells(lists)), Some(("diagnosis", 1000)));
    }

    #[test]
    fn columns_of_other_numbers_are_no_codes() {
        let luhn = |n: usize| format!("{}", 1_000_000_000 + n * 7919);
        for (what, cells) in [
            ("zip codes of a state", cells(|n| format!("{:05}", 1001 + n))),
            ("zip codes of many states", cells(|n| format!("{:05}", (n * 97 + 501) % 99_950))),
            ("zip codes with four more digits", cells(|n| format!("{:05}-{:04}", 2100 + n % 90, n))),
            ("NPIs", cells(luhn)),
            ("amounts", cells(|n| format!("{}.{:02}", n * 13 % 4000, n % 100))),
            ("amounts below 1000", cells(|n| format!("{}.{:02}", 100 + n * 7 % 899, n % 100))),
            ("amounts without zeros at the end", cells(|n| format!("{}", 100.0 + (n * 7 % 89_900) as f64 / 100.0))),
            ("revenue codes", cells(|n| format!("{:04}", 100 + n % 900))),
            ("revenue codes without a zero", cells(|n| (100 + n % 900).to_string())),
            ("dates", cells(|n| format!("2024-{:02}-{:02}", 1 + n % 12, 1 + n % 28))),
            ("days", cells(|n| format!("2024{:02}{:02}", 1 + n % 12, 1 + n % 28))),
            ("days of a spreadsheet", cells(|n| (45_292 + n % 366).to_string())),
            ("DRGs", cells(|n| format!("{:03}", 1 + n % 998))),
            ("member numbers", cells(|n| format!("M{}", 101_000 + n))),
            ("member numbers of several lengths", cells(|n| format!("C{}", 50 + n * 11))),
            ("member numbers of seven characters", cells(|n| format!("B{:06}", n * 31))),
            ("member numbers that end with a letter", cells(|n| format!("{:06}Z", n * 31))),
            ("group numbers", cells(|n| format!("G{n:04}"))),
            ("claim numbers", cells(|n| format!("E24{n:06}"))),
            ("places of service", cells(|n| (11 + n % 12).to_string())),
            ("bill types", cells(|n| format!("{}", 111 + n % 20))),
            ("counties", cells(|n| format!("25{:03}", 1 + n % 28))),
            ("taxonomies", cells(|n| format!("{}00000X", 207 + n % 9))),
            ("heights", cells(|n| format!("{}", 150.0 + (n % 40) as f64 * 2.54))),
        ] {
            assert_eq!(look_at(&cells), None, "{what}: {:?}", &cells[..4]);
        }
    }
}
