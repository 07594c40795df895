//! Findings on diagnoses in English.

use crate::claim::CodeId;
use crate::finding::evidence::{DiagnosisEvidence, Resemblance};
use crate::finding::words::writer::{MessageWriter, join, say};
use crate::policy::{Listed, ListedCode};

/// What is said of regions that the policy's statement leaves out.
const OUTSIDE: &str = " is listed, but outside the thoracolumbar spine, to which the policy's statement is limited";

impl MessageWriter<'_> {
    pub(super) fn diagnosis(&self, evidence: &DiagnosisEvidence, to: &mut String) {
        match evidence {
            DiagnosisEvidence::NotListed { injuries_only } => {
                let one = self.line.considered().count() == 1;
                to.push_str(if one { "" } else { "none of " });
                self.considered(to);
                to.push_str(if one { " is not on the policy's list (" } else { " is on the policy's list (" });
                to.push_str(&self.class().title);
                to.push_str(if *injuries_only { "); the fracture is coded as an injury" } else { ")" });
            }
            DiagnosisEvidence::NotPointedTo { diagnosis } => {
                let diagnosis = self.line.diagnosis(*diagnosis);
                say!(to, "{diagnosis} is on the claim and listed, but the line points to ");
                self.considered(to);
                to.push_str(" only");
            }
            DiagnosisEvidence::NearMiss { diagnosis, listed, how } => say!(
                to,
                "{} resembles the listed {}: {}",
                self.line.diagnosis(*diagnosis),
                self.listed(*listed).code,
                reason(*how)
            ),
            DiagnosisEvidence::OutsideStatement { listed } => {
                self.with_regions(listed, to);
                to.push_str(OUTSIDE);
            }
            DiagnosisEvidence::ProceduresOutsideStatement => {
                let region = |id| self.words.policy.procedure(id).region.as_deref().unwrap_or_default();
                self.codes_with(region, to);
                to.push_str(OUTSIDE);
            }
            DiagnosisEvidence::NoDiagnosis => to.push_str("the line carries no diagnosis"),
            DiagnosisEvidence::RegionMismatch { listed } => {
                self.with_regions(listed, to);
                to.push_str(" does not fit the level of ");
                self.codes_with(|id| &self.words.policy.procedure(id).about, to);
            }
            DiagnosisEvidence::ExcludedTogether { one, other } => say!(
                to,
                "{} and {} are coded together, which ICD-10-CM excludes",
                self.line.diagnosis(*one),
                self.line.diagnosis(*other)
            ),
            DiagnosisEvidence::Trauma { injury, listed } => {
                say!(to, "{} beside ", self.line.diagnosis(*injury));
                self.with_regions(listed, to);
                to.push_str(" suggests an acute injury");
            }
            DiagnosisEvidence::PainOrRemission { listed } => {
                self.with_regions(listed, to);
                to.push_str(" is the only listed diagnosis; it names no lesion of the spine");
            }
        }
    }

    pub(super) fn considered(&self, to: &mut String) {
        join(self.line.considered(), ", ", to, |code, to| to.push_str(code));
    }

    /// The codes, each with what `says` of it in parentheses.
    fn codes_with<'s>(&self, says: impl Fn(CodeId) -> &'s str, to: &mut String) {
        join(self.codes.iter(), ", ", to, |id, to| say!(to, "{} ({})", self.code(*id), says(*id)));
    }

    fn listed(&self, code: ListedCode) -> &Listed {
        &self.words.policy.editions[usize::from(code.edition)].diagnoses[usize::from(code.diagnosis)]
    }

    fn with_regions(&self, listed: &[ListedCode], to: &mut String) {
        join(listed.iter(), ", ", to, |code, to| {
            let listed = self.listed(*code);
            to.push_str(&listed.code);
            if let Some(region) = &listed.region {
                say!(to, " ({region})");
            }
        });
    }
}

fn reason(how: Resemblance) -> &'static str {
    match how {
        Resemblance::CutShort => "its end is cut off",
        Resemblance::PlaceholderMissing => "the placeholder X in sixth place is missing",
        Resemblance::LetterForDigit => "it has the letter O or I where 0 or 1 belongs",
        Resemblance::Separators => "there is a separator inside it",
        Resemblance::SeventhCharacter => "its seventh character is not allowed there",
    }
}
