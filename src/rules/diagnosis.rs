//! DX: do the diagnoses support the service? spec: judging/necessity.

use crate::claim::{CodeId, Line};
use crate::policy::{Class, Edition, Listed, NecessityBasis};
use crate::rules::{Answer, AppliesTo, NO_CLASS, NO_DATE, Rule, RuleInput};

/// The family, in order.
pub const RULES: &[Rule] = &[
    Rule { code: "DX101", applies_to: AppliesTo::Services, check: not_listed },
    Rule { code: "DX102", applies_to: AppliesTo::Services, check: listed_not_pointed },
    Rule { code: "DX103", applies_to: AppliesTo::Services, check: near_miss },
    Rule { code: "DX104", applies_to: AppliesTo::Services, check: outside_statement },
    Rule { code: "DX105", applies_to: AppliesTo::Services, check: missing },
    Rule { code: "DX106", applies_to: AppliesTo::Services, check: region_mismatch },
    Rule { code: "DX107", applies_to: AppliesTo::Services, check: exclude_each_other },
    Rule { code: "DX108", applies_to: AppliesTo::Services, check: trauma },
    Rule { code: "DX109", applies_to: AppliesTo::Services, check: pain_or_remission },
];

/// What the diagnoses of a service come to: the first case of the table that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Necessity<'a> {
    /// A Medicare class: judged by a coverage determination elsewhere.
    NotEvaluated,
    /// The policy's table does not name the product.
    ClassUndetermined,
    /// No diagnosis on the row.
    NoDiagnosis,
    /// A considered diagnosis is listed.
    Listed,
    /// Only a diagnosis that the line does not point to is listed.
    Unpointed(&'a str),
    /// A considered diagnosis resembles a listed one.
    NearMiss {
        /// As on the claim.
        given: &'a str,
        /// The listed code.
        listed: &'a str,
        /// How they differ.
        how: Resemblance,
    },
    /// None of this.
    NotListed,
}

/// How a diagnosis resembles a listed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resemblance {
    /// The end is cut off.
    CutShort,
    /// The placeholder X is missing.
    PlaceholderMissing,
    /// The letters O, I stand for the digits 0, 1.
    LetterForDigit,
    /// Separators stand inside.
    Separators,
    /// The seventh character is not one of this family.
    SeventhCharacter,
}

impl Resemblance {
    fn reason(self) -> &'static str {
        match self {
            Self::CutShort => "its end is cut off",
            Self::PlaceholderMissing => "the placeholder X in sixth place is missing",
            Self::LetterForDigit => "the letter O or I stands where 0 or 1 belongs",
            Self::Separators => "a separator stands inside it",
            Self::SeventhCharacter => "its seventh character is not allowed there",
        }
    }
}

impl<'a> Necessity<'a> {
    /// Asks the table.
    pub fn of(line: Line<'a>, class: &Class, edition: &'a Edition) -> Self {
        match class.necessity {
            NecessityBasis::Lcd => return Self::NotEvaluated,
            NecessityBasis::Undetermined => return Self::ClassUndetermined,
            NecessityBasis::List => {}
        }
        if line.diagnosis_count() == 0 {
            return Self::NoDiagnosis;
        }
        if line.considered().any(|d| edition.listed(d).is_some()) {
            return Self::Listed;
        }
        if let Some(unpointed) = line.unpointed().find(|d| edition.listed(d).is_some()) {
            return Self::Unpointed(unpointed);
        }
        let near = line
            .considered()
            .find_map(|given| resembles(given, edition).map(|(listed, how)| Self::NearMiss { given, listed, how }));
        near.unwrap_or(Self::NotListed)
    }

    /// For lines that are not services.
    pub fn not_asked() -> Self {
        Self::NotEvaluated
    }
}

/// The first listed code, in code order, that a diagnosis nearly is.
pub fn resembles<'e>(given: &str, edition: &'e Edition) -> Option<(&'e str, Resemblance)> {
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
        Some((code, how))
    })
}

/// The listed diagnoses among the considered ones.
pub fn listed<'a>(line: Line<'a>, edition: &'a Edition) -> impl Iterator<Item = &'a Listed> {
    line.considered().filter_map(|d| edition.listed(d))
}

/// The rules that take back the support of a listed diagnosis.
pub const DOUBTS: [&str; 3] = ["DX104", "DX106", "DX108"];

impl RuleInput<'_> {
    fn named(&self) -> String {
        join(self.listed.iter().map(|l| match &l.region {
            Some(region) => format!("{} ({region})", l.code),
            None => l.code.clone(),
        }))
    }
}

/// Why the diagnoses are not held against the policy's list. None: they are.
fn unasked(case: &RuleInput<'_>) -> Option<Answer> {
    match case.necessity {
        Necessity::NotEvaluated => {
            Some(Answer::NotApplicable("Medicare members are judged by a coverage determination, not by this list"))
        }
        Necessity::ClassUndetermined => Some(NO_CLASS),
        Necessity::NoDiagnosis => Some(Answer::CouldNot("the line carries no diagnosis")),
        _ => None,
    }
}

/// Why a rule on listed diagnoses is not asked. None: there is one.
fn unlisted(case: &RuleInput<'_>) -> Option<Answer> {
    let none = Answer::NotApplicable("no considered diagnosis is on the list");
    if case.listed.is_empty() { Some(unasked(case).unwrap_or(none)) } else { None }
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn considered(case: &RuleInput<'_>) -> String {
    join(case.line.considered().map(str::to_owned))
}

fn not_listed(case: &RuleInput<'_>) -> Answer {
    if let Some(why) = unasked(case) {
        return why;
    }
    if matches!(case.necessity, Necessity::Unpointed(_) | Necessity::NearMiss { .. }) {
        return Answer::NotApplicable("DX102 or DX103 speaks for it");
    }
    Answer::when(case.necessity == Necessity::NotListed, || {
        let one = case.line.considered().count() == 1;
        let (none, verb) = if one { ("", "is not") } else { ("none of ", "is") };
        format!("{}: {none}{} {verb} on the policy's list ({})", case.what(), considered(case), case.class.title)
    })
}

fn listed_not_pointed(case: &RuleInput<'_>) -> Answer {
    let Necessity::Unpointed(listed) = case.necessity else { return unasked(case).unwrap_or(Answer::Passed) };
    let (what, pointed) = (case.what(), considered(case));
    format!("{what}: {listed} is on the claim and listed, but the line points to {pointed} only").into()
}

fn near_miss(case: &RuleInput<'_>) -> Answer {
    match case.necessity {
        Necessity::NearMiss { given, listed, how } => {
            format!("{}: {given} resembles the listed {listed}: {}", case.what(), how.reason()).into()
        }
        Necessity::Unpointed(_) => Answer::NotApplicable("DX102 speaks for it"),
        _ => unasked(case).unwrap_or(Answer::Passed),
    }
}

fn outside_statement(case: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(case) {
        return why;
    }
    match case.line.date {
        None => NO_DATE,
        Some(day) if day < case.edition.from => Answer::NotApplicable("asked from the first edition on"),
        Some(_) => Answer::when(case.listed.iter().all(|l| l.outside_statement), || {
            let (what, named) = (case.what(), case.named());
            format!("{what}: {named} is listed, but lies outside the thoracolumbar spine that the statement names")
        }),
    }
}

fn missing(case: &RuleInput<'_>) -> Answer {
    if case.necessity == Necessity::NoDiagnosis {
        return format!("{}: the line carries no diagnosis", case.what()).into();
    }
    unasked(case).unwrap_or(Answer::Passed)
}

fn region_mismatch(case: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(case) {
        return why;
    }
    if matches!(outside_statement(case), Answer::Fired(_)) {
        return Answer::NotApplicable("DX104 speaks for it");
    }
    // The CPT codes whose regions count. An add-on fits every level, so it states none.
    let targets: Option<Vec<CodeId>> = match case.stay {
        None => {
            let is_add_on = |id: &CodeId| case.policy.add_ons.iter().any(|a| a.code == *id);
            Some(case.codes.iter().copied().filter(|id| !is_add_on(id)).collect())
        }
        Some(stay) => stay.codes.iter().map(|id| case.policy.procedure(*id).stands_for).collect(),
    };
    let Some(targets) = targets.filter(|t| !t.is_empty()) else {
        return Answer::NotApplicable("the service holds a code that states no level");
    };
    let fits = |l: &Listed| l.fits.is_none_or(|set| targets.iter().any(|id| set.contains(*id)));
    Answer::when(!case.listed.iter().any(|l| fits(l)), || {
        let levels =
            join(case.codes.iter().map(|id| format!("{} ({})", case.code(*id), case.policy.procedure(*id).about)));
        format!("{}: {} does not fit the level of {levels}", case.what(), case.named())
    })
}

fn exclude_each_other(case: &RuleInput<'_>) -> Answer {
    match case.class.necessity {
        NecessityBasis::Lcd => return Answer::NotApplicable("asked of commercial classes only"),
        NecessityBasis::Undetermined => return NO_CLASS,
        NecessityBasis::List => {}
    }
    let find = |family: &str| case.line.all_diagnoses().find(|d| d.starts_with(family));
    let pair = case.policy.excludes.iter().find_map(|rule| {
        let one = find(&rule.family)?;
        Some((one, rule.with.iter().find_map(|family| find(family))?))
    });
    pair.map_or(Answer::Passed, |(one, other)| {
        format!("{}: {one} and {other} stand together, which ICD-10-CM excludes", case.what()).into()
    })
}

fn trauma(case: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(case) {
        return why;
    }
    let injury = case.line.all_diagnoses().find(|d| case.edition.trauma.iter().any(|t| d.starts_with(t.as_str())));
    injury.map_or(Answer::Passed, |injury| {
        format!("{}: {injury} beside {} points at an acute injury", case.what(), case.named()).into()
    })
}

fn pain_or_remission(case: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(case) {
        return why;
    }
    Answer::when(case.listed.iter().all(|l| l.pain_or_remission), || {
        format!("{}: {} is the only listed diagnosis; it names no lesion of the spine", case.what(), case.named())
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
            ("M4854X", "M4854XA its end is cut off"),
            ("M485", "M4850XA its end is cut off"),
            ("C79", ""),
            ("M4854A", "M4854XA the placeholder X in sixth place is missing"),
            ("M8O08XA", "M8008XA the letter O or I stands where 0 or 1 belongs"),
            ("M48-54XA", "M4854XA a separator stands inside it"),
            ("M4854XK", "M4854XA its seventh character is not allowed there"),
            ("M4859XA", ""),
            ("C9OO0", "C9000 the letter O or I stands where 0 or 1 belongs"),
            ("OC412", ""),
            ("M545", ""),
            ("", ""),
            ("\u{c9}4854XA", ""),
            ("M4853X\u{c2}", "M4853XA its seventh character is not allowed there"),
        ] {
            let got = resembles(given, edition).map(|(code, how)| format!("{code} {}", how.reason()));
            assert_eq!(got.unwrap_or_default(), want, "{given}");
        }
    }
}
