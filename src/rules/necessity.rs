//! Do the diagnoses of a service support it? spec: judging/necessity.

use jiff::civil::Date;

use crate::claim::Line;
use crate::finding::evidence::Resemblance;
use crate::policy::{Class, Edition, Listed, ListedCode, NecessityBasis};

/// What the diagnoses of a service show: the first row of the necessity table that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Necessity {
    /// A Medicare class: judged by a coverage determination elsewhere.
    FollowsLcd,
    /// The policy's table does not name the product.
    ClassUndetermined,
    /// No diagnosis on the row.
    NoDiagnosis,
    /// The service is from before ICD-10, and the list has ICD-10 codes.
    BeforeIcd10,
    /// Every considered diagnosis is an ICD-9-CM code.
    Icd9Only,
    /// A considered diagnosis is listed.
    Listed,
    /// Only a diagnosis that the line does not point to is listed: its number among the filled ones.
    Unpointed(usize),
    /// A considered diagnosis resembles a listed one.
    NearMiss {
        /// Its number among the filled diagnoses of the line.
        diagnosis: usize,
        /// The listed code.
        listed: ListedCode,
        /// How they differ.
        how: Resemblance,
    },
    /// None of the above: no considered diagnosis is listed.
    NotListed,
}

impl Necessity {
    /// Looks up the necessity table.
    pub fn new(line: Line<'_>, class: &Class, edition: &Edition, icd10_from: Date) -> Self {
        match class.necessity {
            NecessityBasis::Lcd => return Self::FollowsLcd,
            NecessityBasis::Undetermined => return Self::ClassUndetermined,
            NecessityBasis::List => {}
        }
        if line.diagnosis_count() == 0 {
            return Self::NoDiagnosis;
        }
        if line.date.is_some_and(|day| day < icd10_from) {
            return Self::BeforeIcd10;
        }
        if line.considered().all(is_icd9) {
            return Self::Icd9Only;
        }
        if line.considered().any(|d| edition.listed(d).is_some()) {
            return Self::Listed;
        }
        if let Some(unpointed) = line.unpointed_places().find(|n| edition.listed(line.diagnosis(*n)).is_some()) {
            return Self::Unpointed(unpointed);
        }
        let near = line.considered_places().find_map(|diagnosis| {
            let (listed, how) = resembles(line.diagnosis(diagnosis), edition)?;
            Some(Self::NearMiss { diagnosis, listed: listed.place, how })
        });
        near.unwrap_or(Self::NotListed)
    }

    /// The value for lines that are not services.
    pub fn not_asked() -> Self {
        Self::FollowsLcd
    }
}

/// Does a diagnosis look like an ICD-9-CM code: three to five digits? ICD-10-CM codes begin with a letter.
fn is_icd9(diagnosis: &str) -> bool {
    (3..=5).contains(&diagnosis.len()) && diagnosis.bytes().all(|b| b.is_ascii_digit())
}

/// The first listed code, in code order, that a diagnosis resembles.
pub fn resembles<'e>(given: &str, edition: &'e Edition) -> Option<(&'e Listed, Resemblance)> {
    let digits: String = given
        .chars()
        .enumerate()
        .map(|(i, c)| match c {
            'O' if i > 0 => '0',
            'I' if i > 0 => '1',
            c => c,
        })
        .collect();
    let plain: String = given.chars().filter(|c| c.is_alphanumeric()).collect();
    let length = given.chars().count();
    let cut = |n: usize| given.char_indices().nth(n).map(|(at, _)| given.split_at(at));
    let with_placeholder = if length == 6 { cut(5).map(|(head, last)| format!("{head}X{last}")) } else { None };
    let stem = if length == 7 { cut(6).map(|(head, _)| head) } else { None };
    edition.diagnoses.iter().find_map(|listed| {
        let code = listed.code.as_str();
        let how = if length >= 4 && code.len() > given.len() && code.starts_with(given) {
            Resemblance::CutShort
        } else if with_placeholder.as_deref() == Some(code) {
            Resemblance::PlaceholderMissing
        } else if digits == code {
            Resemblance::LetterForDigit
        } else if plain == code {
            Resemblance::Separators
        } else if code.len() == 7 && stem == Some(&code[..6]) {
            Resemblance::SeventhCharacter
        } else {
            return None;
        };
        Some((listed, how))
    })
}

/// The listed diagnoses among the considered ones.
pub fn listed<'a>(line: Line<'a>, edition: &'a Edition) -> impl Iterator<Item = &'a Listed> {
    line.considered().filter_map(|d| edition.listed(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses() {
        let policy = crate::policy::parse::load(&[], &crate::rules::codes()).unwrap_or_else(|e| panic!("{e}"));
        let edition = policy.edition(None);
        for (given, want) in [
            ("M4854X", "M4854XA CutShort"),
            ("M485", "M4850XA CutShort"),
            ("C79", ""),
            ("M4854A", "M4854XA PlaceholderMissing"),
            ("M8O08XA", "M8008XA LetterForDigit"),
            ("M48-54XA", "M4854XA Separators"),
            ("M4854XK", "M4854XA SeventhCharacter"),
            ("M4859XA", ""),
            ("C9OO0", "C9000 LetterForDigit"),
            ("OC412", ""),
            ("M545", ""),
            ("", ""),
            ("\u{c9}4854XA", ""),
            ("M4853X\u{c2}", "M4853XA SeventhCharacter"),
        ] {
            let got = resembles(given, edition).map(|(listed, how)| format!("{} {how:?}", listed.code));
            assert_eq!(got.unwrap_or_default(), want, "{given}");
        }
    }
}
