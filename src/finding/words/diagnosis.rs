//! Findings on diagnoses in English.

use crate::finding::evidence::{DiagnosisEvidence, Resemblance};
use crate::finding::words::writer::MessageWriter;
use crate::policy::{Listed, ListedCode};

impl MessageWriter<'_> {
    pub(super) fn diagnosis(&self, evidence: &DiagnosisEvidence) -> String {
        match evidence {
            DiagnosisEvidence::NotListed { injuries_only } => {
                let one = self.line.considered().count() == 1;
                let (none, verb) = if one { ("", "is not") } else { ("none of ", "is") };
                let injury = if *injuries_only { "; the fracture is coded as an injury" } else { "" };
                format!("{none}{} {verb} on the policy's list ({}){injury}", self.considered(), self.class().title)
            }
            DiagnosisEvidence::NotPointedTo { diagnosis } => format!(
                "{} is on the claim and listed, but the line points to {} only",
                self.line.diagnosis(*diagnosis),
                self.considered()
            ),
            DiagnosisEvidence::NearMiss { diagnosis, listed, how } => format!(
                "{} resembles the listed {}: {}",
                self.line.diagnosis(*diagnosis),
                self.listed(*listed).code,
                reason(*how)
            ),
            DiagnosisEvidence::OutsideStatement { listed } => format!(
                "{} is listed, but outside the thoracolumbar spine, to which the policy's statement is limited",
                self.with_regions(listed)
            ),
            DiagnosisEvidence::ProceduresOutsideStatement => {
                let region = |id| self.words.policy.procedure(id).region.clone().unwrap_or_default();
                let codes = self.codes.iter().map(|id| format!("{} ({})", self.code(*id), region(*id)));
                format!(
                    "{} is listed, but outside the thoracolumbar spine, to which the policy's statement is limited",
                    codes.collect::<Vec<_>>().join(", ")
                )
            }
            DiagnosisEvidence::NoDiagnosis => "the line carries no diagnosis".to_owned(),
            DiagnosisEvidence::RegionMismatch { listed } => {
                let level = |id| format!("{} ({})", self.code(id), self.words.policy.procedure(id).about);
                let levels = self.codes.iter().map(|id| level(*id)).collect::<Vec<_>>().join(", ");
                format!("{} does not fit the level of {levels}", self.with_regions(listed))
            }
            DiagnosisEvidence::ExcludedTogether { one, other } => format!(
                "{} and {} are coded together, which ICD-10-CM excludes",
                self.line.diagnosis(*one),
                self.line.diagnosis(*other)
            ),
            DiagnosisEvidence::Trauma { injury, listed } => format!(
                "{} beside {} suggests an acute injury",
                self.line.diagnosis(*injury),
                self.with_regions(listed)
            ),
            DiagnosisEvidence::PainOrRemission { listed } => {
                format!("{} is the only listed diagnosis; it names no lesion of the spine", self.with_regions(listed))
            }
        }
    }

    pub(super) fn considered(&self) -> String {
        self.line.considered().collect::<Vec<_>>().join(", ")
    }

    fn listed(&self, code: ListedCode) -> &Listed {
        &self.words.policy.editions[usize::from(code.edition)].diagnoses[usize::from(code.diagnosis)]
    }

    fn with_regions(&self, listed: &[ListedCode]) -> String {
        let named = listed.iter().map(|code| {
            let listed = self.listed(*code);
            listed.region.as_ref().map_or(listed.code.clone(), |region| format!("{} ({region})", listed.code))
        });
        named.collect::<Vec<_>>().join(", ")
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
