//! Words for codes: diagnoses by their family, places of service and types of bill. They are ours, and data: `codes.toml`.

use rustc_hash::FxHashMap;

use crate::strict_toml::{Document, Faults, Table};

/// The file of the words, with its name in messages.
const FILE: (&str, &str) = ("codes.toml", include_str!("codes.toml"));

/// Words for the codes of a claim.
#[derive(Debug)]
pub struct CodeWords {
    /// What the words rest on.
    pub source: String,
    /// For which time they are valid.
    pub valid: String,
    /// By the first characters of the codes.
    diagnoses: FxHashMap<String, Family>,
    visits: FxHashMap<String, String>,
    places: FxHashMap<String, String>,
    bill_types: FxHashMap<String, String>,
}

/// The diagnoses that begin alike.
#[derive(Debug)]
struct Family {
    words: String,
    /// Their seventh character tells the visit.
    is_fracture: bool,
}

/// Loads the words.
pub fn load() -> Result<CodeWords, Faults> {
    read(FILE.0, FILE.1)
}

fn read(file: &str, text: &str) -> Result<CodeWords, Faults> {
    Document::load(file, text, |document, root| {
        let (source, valid) = (root.text("source"), root.text("valid"));
        let mut diagnoses = FxHashMap::default();
        for table in root.tables("diagnoses") {
            let (begins, words, is_fracture) = (table.text("begins"), table.text("words"), table.flag("fracture"));
            table.deny_unknown_keys();
            let Some((begins, words)) = begins.zip(words) else { continue };
            let is_code =
                !begins.text.is_empty() && begins.text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            if !is_code {
                document.fault(begins.span, "a diagnosis begins with A to Z and 0 to 9, without a dot");
            } else if words.text.trim().is_empty() {
                document.fault(words.span, "the words are empty: write what the diagnosis is");
            } else if diagnoses.insert(begins.text.clone(), Family { words: words.text, is_fracture }).is_some() {
                document.fault(begins.span, format!("{} has words already: leave one entry", begins.text));
            }
        }
        let [visits, places, bill_types] =
            ["visit", "place_of_service", "bill_type"].map(|key| root.table(key).map(read_words));
        root.deny_unknown_keys();
        Some(CodeWords {
            source: source?.text,
            valid: valid?.text,
            diagnoses,
            visits: visits?,
            places: places?,
            bill_types: bill_types?,
        })
    })
}

fn read_words(table: Table<'_, '_>) -> FxHashMap<String, String> {
    let words = table.keys().into_iter().filter_map(|key| Some((key.text.clone(), table.text(&key.text)?.text)));
    let words = words.collect();
    table.deny_unknown_keys();
    words
}

/// The character of a fracture diagnosis that tells the visit, counted from 0.
const VISIT: usize = 6;

impl CodeWords {
    /// The words of a diagnosis without dot. Empty if it begins like no code, or is not written as one: it may mean another.
    pub(crate) fn diagnosis(&self, code: &str) -> String {
        if !is_code(code) {
            return String::new();
        }
        let longest = (1..=code.len()).rev().find_map(|length| self.diagnoses.get(code.get(..length)?));
        let Some(family) = longest else { return String::new() };
        let visit = code.get(VISIT..).filter(|_| family.is_fracture).and_then(|visit| self.visits.get(visit));
        visit.map_or_else(|| family.words.clone(), |visit| format!("{}, {visit}", family.words))
    }

    /// The words of a place of service. Empty for a code that is not among them.
    pub(crate) fn place_of_service(&self, code: &str) -> &str {
        self.places.get(code).map_or("", String::as_str)
    }

    /// The words of a type of bill. Empty for a code that is not among them.
    pub(crate) fn bill_type(&self, code: &str) -> &str {
        let facility = code.strip_prefix('0').filter(|rest| rest.len() >= 3).unwrap_or(code);
        facility.get(..2).and_then(|facility| self.bill_types.get(facility)).map_or("", String::as_str)
    }
}

/// Is a text without dot written as a diagnosis: three to seven letters and digits?
fn is_code(code: &str) -> bool {
    (3..=7).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A diagnosis as it is printed on a form, with a dot after its third character.
pub(crate) fn dotted(code: &str) -> String {
    if code.len() > 3 && is_code(code) { format!("{}.{}", &code[..3], &code[3..]) } else { code.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse;

    #[test]
    fn every_listed_diagnosis_has_words_of_its_own() {
        let words = load().expect("it is in order");
        assert!(!words.source.is_empty() && !words.valid.is_empty());
        let policy = parse::load(&[], &crate::rules::codes()).expect("it is in order");
        let listed: Vec<&str> =
            policy.editions.iter().flat_map(|edition| &edition.diagnoses).map(|listed| listed.code.as_str()).collect();
        let mut said: Vec<String> = listed.iter().map(|code| words.diagnosis(code)).collect();
        said.sort();
        said.dedup();
        assert_eq!(said.len(), listed.len(), "{said:#?}");
        for (code, want) in [
            ("M4856XA", "a collapsed vertebra of the lumbar spine, first treatment"),
            ("M8008XG", "age-related osteoporosis with a fractured vertebra, later visit, healing slowly"),
            ("C9002", "multiple myeloma that has come back"),
            ("M545", "low back pain"),
            ("M5459", "low back pain"),
            ("S22009A", "a fracture of a thoracic vertebra, from an injury, first treatment"),
            ("M4854A", "a collapsed vertebra of the thoracic spine"),
            ("E1140", "diabetes, type 2"),
            ("73313", "a code of ICD-9-CM: a fracture of a weakened vertebra"),
            ("X99", "a cause of an accident, or an assault"),
            ("?", ""),
            ("M8008XA:Y", ""),
            ("M8008XA1", ""),
            ("", ""),
            ("\u{e9}1", ""),
        ] {
            assert_eq!(words.diagnosis(code), want, "{code}");
        }
    }

    #[test]
    fn every_letter_and_digit_begins_a_family() {
        let words = load().expect("it is in order");
        for first in ('A'..='Z').chain('0'..='9') {
            assert!(!words.diagnosis(&format!("{first}99")).is_empty(), "{first}");
        }
    }

    #[test]
    fn every_setting_of_the_policy_has_words() {
        let words = load().expect("it is in order");
        for place in ["11", "19", "21", "22", "23", "24", "51", "61"] {
            assert!(!words.place_of_service(place).is_empty(), "{place}");
        }
        for bill in ["111", "0131", "831", "85", "411"] {
            assert!(!words.bill_type(bill).is_empty(), "{bill}");
        }
        assert_eq!((words.place_of_service("00"), words.bill_type("9"), words.bill_type("")), ("", "", ""));
    }

    #[test]
    fn every_fault_has_its_place() {
        let text = "source = \"s\"\nvalid = \"v\"\ndiagnoses = [\n  { begins = \"m54\", words = \"w\" },\n  \
                    { begins = \"M5\", words = \" \" },\n  { begins = \"M6\", words = \"w\" },\n  { begins = \"M6\", words = \
                    \"w\", more = 1 },\n]\n[visit]\nA = 1\n[bill_type]\n";
        let said = read("w.toml", text).expect_err("it is broken").to_string();
        for part in [
            "w.toml:4:14: a diagnosis begins with A to Z",
            "w.toml:5:28: the words are empty",
            "w.toml:7:14: M6 has words already",
            "more` is not known",
            "`visit.A` is",
            "`place_of_service` is missing",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn a_dot_follows_the_third_character() {
        for (code, want) in [("M545", "M54.5"), ("M4856XA", "M48.56XA"), ("I10", "I10"), ("", ""), ("M54.5", "M54.5")] {
            assert_eq!(dotted(code), want);
        }
    }
}
