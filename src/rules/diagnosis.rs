//! DX: do the diagnoses support the service? spec: judging/necessity.

use jiff::civil::Date;

use crate::claim::{CodeId, Line};
use crate::finding::Cap;
use crate::finding::evidence::{DiagnosisEvidence, Resemblance};
use crate::policy::{Class, Edition, Listed, ListedCode, NecessityBasis};
use crate::rules::{Answer, AppliesTo, NO_CLASS, NO_DATE, Rule, RuleInput};

/// The rule on injuries, whose reason codes DX101 takes over.
pub(super) const INJURIES: &str = "DX108";

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule::new("DX101", AppliesTo::Services, not_listed).capped_by(&[Cap::Edition, Cap::Date]),
    Rule::new("DX102", AppliesTo::Services, listed_not_pointed),
    Rule::new("DX103", AppliesTo::Services, near_miss),
    Rule::new("DX104", AppliesTo::Services, outside_statement).doubting_necessity(),
    Rule::new("DX105", AppliesTo::Services, missing),
    Rule::new("DX106", AppliesTo::Services, region_mismatch).doubting_necessity(),
    Rule::new("DX107", AppliesTo::Services, exclude_each_other),
    Rule::new("DX108", AppliesTo::Services, trauma).doubting_necessity(),
    Rule::new("DX109", AppliesTo::Services, pain_or_remission),
];

/// What the diagnoses of a service say: the first row of the necessity table that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Necessity {
    /// A Medicare class: judged by a coverage determination elsewhere.
    FollowsLcd,
    /// The policy's table does not name the product.
    ClassUndetermined,
    /// No diagnosis on the row.
    NoDiagnosis,
    /// The service is older than ICD-10, of which the list is made.
    BeforeIcd10,
    /// Every considered diagnosis is an ICD-9-CM code.
    Icd9Only,
    /// A considered diagnosis is listed.
    Listed,
    /// Only a diagnosis that the line does not point to is listed: its number among the filled ones.
    Unpointed(usize),
    /// A considered diagnosis resembles a listed one.
    NearMiss {
        /// Its number among the filled ones of the line.
        diagnosis: usize,
        /// The listed code.
        listed: ListedCode,
        /// How they differ.
        how: Resemblance,
    },
    /// None of this.
    NotListed,
}

impl Necessity {
    /// Asks the table.
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

    /// For lines that are not services.
    pub fn not_asked() -> Self {
        Self::FollowsLcd
    }
}

/// Does a diagnosis look like an ICD-9-CM code: three to five digits? ICD-10-CM codes begin with a letter.
fn is_icd9(diagnosis: &str) -> bool {
    (3..=5).contains(&diagnosis.len()) && diagnosis.bytes().all(|b| b.is_ascii_digit())
}

/// The first listed code, in code order, that a diagnosis nearly is.
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

impl RuleInput<'_> {
    fn listed_codes(&self) -> Vec<ListedCode> {
        self.listed.iter().map(|listed| listed.place).collect()
    }
}

/// Why the diagnoses are not compared with the policy's list; `None` if they are.
fn unasked(input: &RuleInput<'_>) -> Option<Answer> {
    match input.necessity {
        Necessity::FollowsLcd => {
            Some(Answer::NotApplicable("Medicare members are judged by a coverage determination, not by this list"))
        }
        Necessity::BeforeIcd10 => {
            Some(Answer::NotApplicable("the service is older than ICD-10, of which the list is made"))
        }
        Necessity::Icd9Only => Some(Answer::CouldNot("the diagnoses are ICD-9-CM codes, the list is ICD-10-CM")),
        Necessity::ClassUndetermined => Some(NO_CLASS),
        Necessity::NoDiagnosis => Some(Answer::CouldNot("the line carries no diagnosis")),
        _ => None,
    }
}

/// Why a rule on listed diagnoses is not asked. None: there is one.
fn unlisted(input: &RuleInput<'_>) -> Option<Answer> {
    let none = Answer::NotApplicable("no considered diagnosis is on the list");
    if input.listed.is_empty() { Some(unasked(input).unwrap_or(none)) } else { None }
}

fn not_listed(input: &RuleInput<'_>) -> Answer {
    if let Some(why) = unasked(input) {
        return why;
    }
    match input.necessity {
        Necessity::Unpointed(_) | Necessity::NearMiss { .. } => Answer::NotApplicable("DX102 or DX103 speaks for it"),
        _ => Answer::when(input.necessity == Necessity::NotListed, || DiagnosisEvidence::NotListed {
            injuries_only: input.line.considered().all(|diagnosis| is_injury(input, diagnosis)),
        }),
    }
}

fn listed_not_pointed(input: &RuleInput<'_>) -> Answer {
    let Necessity::Unpointed(diagnosis) = input.necessity else { return unasked(input).unwrap_or(Answer::Passed) };
    DiagnosisEvidence::NotPointedTo { diagnosis }.into()
}

fn near_miss(input: &RuleInput<'_>) -> Answer {
    match input.necessity {
        Necessity::NearMiss { diagnosis, listed, how } => DiagnosisEvidence::NearMiss { diagnosis, listed, how }.into(),
        Necessity::Unpointed(_) => Answer::NotApplicable("DX102 speaks for it"),
        _ => unasked(input).unwrap_or(Answer::Passed),
    }
}

fn outside_statement(input: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(input) {
        return why;
    }
    match input.line.date {
        None => NO_DATE,
        Some(day) if day < input.edition.from => Answer::NotApplicable("asked from the first edition on"),
        Some(_) if input.stay.is_some_and(|stay| stay.codes.iter().all(|id| is_outside(input, *id))) => {
            DiagnosisEvidence::ProceduresOutsideStatement.into()
        }
        Some(_) => Answer::when(input.listed.iter().all(|l| l.outside_statement), || {
            DiagnosisEvidence::OutsideStatement { listed: input.listed_codes() }
        }),
    }
}

/// Is a procedure code of a region that the statement leaves out?
fn is_outside(input: &RuleInput<'_>, id: CodeId) -> bool {
    let region = input.policy.procedure(id).region.as_ref();
    region.is_some_and(|region| input.edition.outside_statement.contains(region))
}

fn missing(input: &RuleInput<'_>) -> Answer {
    if input.necessity == Necessity::NoDiagnosis {
        return DiagnosisEvidence::NoDiagnosis.into();
    }
    unasked(input).unwrap_or(Answer::Passed)
}

fn region_mismatch(input: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(input) {
        return why;
    }
    if matches!(outside_statement(input), Answer::Fired(_)) {
        return Answer::NotApplicable("DX104 speaks for it");
    }
    // The CPT codes whose regions count. An add-on fits every level, so it states none.
    let targets: Option<Vec<CodeId>> = match input.stay {
        None => {
            let is_add_on = |id: &CodeId| input.policy.add_ons.iter().any(|a| a.code == *id);
            Some(input.codes.iter().copied().filter(|id| !is_add_on(id)).collect())
        }
        Some(stay) => stay.codes.iter().map(|id| input.policy.procedure(*id).stands_for).collect(),
    };
    let Some(targets) = targets.filter(|t| !t.is_empty()) else {
        return Answer::NotApplicable("the service holds a code that states no level");
    };
    let fits = |l: &Listed| l.fits.is_none_or(|set| targets.iter().any(|id| set.contains(*id)));
    Answer::when(!input.listed.iter().any(|l| fits(l)), || DiagnosisEvidence::RegionMismatch {
        listed: input.listed_codes(),
    })
}

fn exclude_each_other(input: &RuleInput<'_>) -> Answer {
    match input.class.necessity {
        NecessityBasis::Lcd => return Answer::NotApplicable("asked of commercial classes only"),
        NecessityBasis::Undetermined => return NO_CLASS,
        NecessityBasis::List if input.necessity == Necessity::BeforeIcd10 => {
            return unasked(input).unwrap_or(Answer::Passed);
        }
        NecessityBasis::List => {}
    }
    let find = |family: &str| input.line.all_diagnoses().position(|d| d.starts_with(family));
    let pair = input.policy.excludes.iter().find_map(|rule| {
        let one = find(&rule.family)?;
        Some((one, rule.with.iter().find_map(|family| find(family))?))
    });
    pair.map_or(Answer::Passed, |(one, other)| DiagnosisEvidence::ExcludedTogether { one, other }.into())
}

fn trauma(input: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(input) {
        return why;
    }
    let injury = input.line.all_diagnoses().position(|diagnosis| is_injury(input, diagnosis));
    injury.map_or(Answer::Passed, |injury| DiagnosisEvidence::Trauma { injury, listed: input.listed_codes() }.into())
}

fn is_injury(input: &RuleInput<'_>, diagnosis: &str) -> bool {
    input.edition.trauma.iter().any(|injury| diagnosis.starts_with(injury.as_str()))
}

fn pain_or_remission(input: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(input) {
        return why;
    }
    Answer::when(input.listed.iter().all(|l| l.pain_or_remission), || DiagnosisEvidence::PainOrRemission {
        listed: input.listed_codes(),
    })
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
