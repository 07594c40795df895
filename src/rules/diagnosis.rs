//! DX: do the diagnoses support the service? spec: judging/necessity.

use smallvec::SmallVec;

use crate::claim::CodeId;
use crate::claim::value::code_set::CodeSet;
use crate::finding::Cap;
use crate::finding::evidence::DiagnosisEvidence;
use crate::ingest::eight_bytes::beginning;
use crate::policy::{DiagnosisFamily, Listed, ListedCode, NecessityBasis};
use crate::rules::input::RuleInput;
use crate::rules::necessity::Necessity;
use crate::rules::rule::{Answer, AppliesTo, NO_CLASS, NO_DATE, Rule};

/// The rule on injuries, whose reason codes DX101 takes over.
pub(super) const INJURIES: &str = "DX108";

/// The family, in order.
pub(crate) const RULES: &[Rule] = &[
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

/// Why a rule on listed diagnoses does not apply. `None`: a considered diagnosis is listed.
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
            injuries_only: input.line.considered().all(|diagnosis| input.edition.is_injury(beginning(diagnosis))),
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

/// Does the statement of the policy leave out the region of a procedure code?
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
    // The CPT codes whose regions count. An add-on code fits every level, so it names none.
    let level = |id: CodeId| match input.stay {
        None => Some(id),
        Some(_) => input.policy.procedure(id).stands_for,
    };
    let counts = |id: &CodeId| input.stay.is_some() || !input.policy.add_ons.iter().any(|add_on| add_on.code == *id);
    let mut targets = input.codes.iter().copied().filter(counts).map(level).peekable();
    if targets.peek().is_none() || targets.clone().any(|level| level.is_none()) {
        return Answer::NotApplicable("the service holds a code that states no level");
    }
    let has = |set: CodeSet| targets.clone().flatten().any(|id| set.contains(id));
    let fits = |l: &Listed| l.fits.is_none_or(has);
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
    // A professional claim has up to twelve.
    let beginnings: SmallVec<[u64; 12]> = input.line.beginnings().collect();
    let find = |family: &DiagnosisFamily| beginnings.iter().position(|beginning| family.holds(*beginning));
    let pair = input.policy.excludes.iter().find_map(|rule| {
        let one = find(&rule.family)?;
        Some((one, rule.with.iter().find_map(find)?))
    });
    pair.map_or(Answer::Passed, |(one, other)| DiagnosisEvidence::ExcludedTogether { one, other }.into())
}

fn trauma(input: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(input) {
        return why;
    }
    let injury = input.line.beginnings().position(|beginning| input.edition.is_injury(beginning));
    injury.map_or(Answer::Passed, |injury| DiagnosisEvidence::Trauma { injury, listed: input.listed_codes() }.into())
}

fn pain_or_remission(input: &RuleInput<'_>) -> Answer {
    if let Some(why) = unlisted(input) {
        return why;
    }
    Answer::when(input.listed.iter().all(|l| l.pain_or_remission), || DiagnosisEvidence::PainOrRemission {
        listed: input.listed_codes(),
    })
}
