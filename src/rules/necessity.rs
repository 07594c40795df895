//! Do the diagnoses of a service support it? spec: judging/necessity.

use std::borrow::Cow;

use jiff::civil::Date;
use smallvec::SmallVec;

use crate::claim::Line;
use crate::finding::evidence::Resemblance;
use crate::policy::{Class, Edition, Listed, ListedCode, NecessityBasis};

/// The listed diagnoses of a line, seldom more than two.
pub(super) type ListedOnLine<'e> = SmallVec<[&'e Listed; 2]>;

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
    /// Looks up the necessity table. If it rests on listed diagnoses, they are returned with it, in the order of the considered ones.
    pub fn new<'e>(line: Line<'_>, class: &Class, edition: &'e Edition, icd10_from: Date) -> (Self, ListedOnLine<'e>) {
        let first = match class.necessity {
            NecessityBasis::Lcd => Some(Self::FollowsLcd),
            NecessityBasis::Undetermined => Some(Self::ClassUndetermined),
            NecessityBasis::List if line.diagnosis_count() == 0 => Some(Self::NoDiagnosis),
            NecessityBasis::List => line.date.filter(|day| *day < icd10_from).map(|_| Self::BeforeIcd10),
        };
        if let Some(necessity) = first {
            return (necessity, ListedOnLine::new());
        }
        let (mut listed, mut is_icd9_only) = (ListedOnLine::new(), true);
        line.each_considered(|diagnosis| {
            is_icd9_only = is_icd9_only && is_icd9(diagnosis);
            listed.extend(edition.listed(diagnosis));
        });
        if is_icd9_only {
            return (Self::Icd9Only, ListedOnLine::new());
        }
        if !listed.is_empty() {
            return (Self::Listed, listed);
        }
        (Self::of_unlisted(line, edition), listed)
    }

    /// The same, if no considered diagnosis is listed.
    fn of_unlisted(line: Line<'_>, edition: &Edition) -> Self {
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

/// The first listed code, in code order, that a diagnosis resembles. Of several ways to resemble it, the first counts.
pub(crate) fn resembles<'e>(given: &str, edition: &'e Edition) -> Option<(&'e Listed, Resemblance)> {
    let length = given.chars().count();
    let cut = |n: usize| given.char_indices().nth(n).map(|(at, _)| given.split_at(at));
    let cut_short = || {
        let longer = |listed: &&Listed| listed.code.len() > given.len();
        if length >= 4 { edition.beginning_with(given).iter().find(longer) } else { None }
    };
    let with_placeholder = || {
        let (head, last) = cut(5).filter(|_| length == 6)?;
        edition.listed(&format!("{head}X{last}"))
    };
    let with_digits = || edition.listed(&digits_for_letters(given));
    let without_separators = || edition.listed(&letters_and_digits(given));
    let other_ending = || {
        let (stem, _) = cut(6).filter(|_| length == 7)?;
        edition.beginning_with(stem).iter().find(|listed| listed.code.len() == 7)
    };
    let ways = [
        (cut_short(), Resemblance::CutShort),
        (with_placeholder(), Resemblance::PlaceholderMissing),
        (with_digits(), Resemblance::LetterForDigit),
        (without_separators(), Resemblance::Separators),
        (other_ending(), Resemblance::SeventhCharacter),
    ];
    // Of equal places the first is the least.
    ways.into_iter().filter_map(|(listed, how)| Some((listed?, how))).min_by_key(|(listed, _)| listed.place)
}

/// The diagnosis with the digits 0 and 1 in place of the letters O and I after its first character.
fn digits_for_letters(given: &str) -> Cow<'_, str> {
    if !given.contains(['O', 'I']) {
        return given.into();
    }
    let digit = |(at, c)| match c {
        'O' if at > 0 => '0',
        'I' if at > 0 => '1',
        c => c,
    };
    given.chars().enumerate().map(digit).collect()
}

/// The diagnosis without all other characters.
fn letters_and_digits(given: &str) -> Cow<'_, str> {
    if given.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return given.into();
    }
    given.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::policy::Policy;
    use crate::policy::parse::load;

    static POLICY: LazyLock<Policy> =
        LazyLock::new(|| load(&[], &crate::rules::codes()).unwrap_or_else(|e| panic!("{e}")));

    #[test]
    fn near_misses() {
        let edition = POLICY.edition(None);
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

    /// The same, asked of each listed code.
    fn resembles_one(given: &str, code: &str) -> Option<Resemblance> {
        let length = given.chars().count();
        let head = |n: usize| given.chars().take(n).collect::<String>();
        let plain: String = given.chars().filter(|c| c.is_alphanumeric()).collect();
        let last: String = given.chars().skip(5).collect();
        let (with_placeholder, digits) = (format!("{}X{last}", head(5)), digits_for_letters(given));
        let ways = [
            (length >= 4 && code.len() > given.len() && code.starts_with(given), Resemblance::CutShort),
            (length == 6 && with_placeholder == code, Resemblance::PlaceholderMissing),
            (digits == code, Resemblance::LetterForDigit),
            (plain == code, Resemblance::Separators),
            (length == 7 && code.len() == 7 && head(6) == code[..6], Resemblance::SeventhCharacter),
        ];
        ways.into_iter().find(|(is, _)| *is).map(|(_, how)| how)
    }

    proptest! {
        #[test]
        fn look_ups_find_what_a_search_finds(
            place in 0..1000_usize,
            edit in prop_oneof![
                Just(0..0),
                (0..7_usize).prop_map(|at| at..at),
                (0..7_usize).prop_map(|at| at..at + 1),
                (3..7_usize).prop_map(|at| at..7),
            ],
            with in prop::sample::select(vec!["", "O", "I", "X", "A", "-", ".", "9", "\u{c9}"]),
        ) {
            let edition = POLICY.edition(None);
            let mut given = edition.diagnoses[place % edition.diagnoses.len()].code.clone();
            let (start, end) = (edit.start.min(given.len()), edit.end.min(given.len()));
            given.replace_range(start..end, with);
            prop_assume!(edition.listed(&given).is_none());
            let want = edition.diagnoses.iter().find_map(|listed| Some((listed.place, resembles_one(&given, &listed.code)?)));
            prop_assert_eq!(resembles(&given, edition).map(|(listed, how)| (listed.place, how)), want, "{}", given);
        }
    }
}
