//! Findings on cells that could not be read as they are, in English.

use crate::claim::Text;
use crate::claim::value::version::Version;
use crate::finding::evidence::QualityEvidence;
use crate::finding::words::writer::MessageWriter;

impl MessageWriter<'_> {
    pub(super) fn quality(&self, evidence: QualityEvidence) -> String {
        let text = |text| self.line.text(text);
        match evidence {
            QualityEvidence::DateUnreadable => {
                let says = match text(Text::BadDate) {
                    "" => "is empty".to_owned(),
                    date => format!("\"{date}\" cannot be read"),
                };
                format!("the service date {says}; rules that need it were not asked")
            }
            QualityEvidence::UnitsUnreadable => {
                format!("units \"{}\" cannot be read; counted as 1", text(Text::BadUnits))
            }
            QualityEvidence::PointerToNothing => {
                "a diagnosis pointer points to no diagnosis of the row; it was ignored".to_owned()
            }
            QualityEvidence::ProcedureCellComposite => {
                "a procedure cell holds more than its code; every known code in it was read".to_owned()
            }
            QualityEvidence::LeadingZeroLost => {
                "an ICD-10-PCS code came without its leading zero, as spreadsheets leave it".to_owned()
            }
            QualityEvidence::ReversalWithoutOriginal => {
                "the row takes a payment back, and the run has no row that it takes back".to_owned()
            }
            QualityEvidence::ClaimNumberShared => {
                "rows of this claim number name two or more members; each member's rows were judged as a claim"
                    .to_owned()
            }
            QualityEvidence::Icd10TooEarly { diagnosis } => format!(
                "{} is an ICD-10 code, and the service is older than ICD-10 ({}); the list was not applied",
                self.line.diagnosis(diagnosis),
                self.day(self.words.policy.icd10_from)
            ),
            QualityEvidence::Icd9Only => format!(
                "the considered diagnoses ({}) are ICD-9-CM codes, to which the list does not apply",
                self.considered()
            ),
            QualityEvidence::IdMangled { claim, member } => {
                let (what, meant) = match (claim, member) {
                    (true, false) => ("the claim number", "the row is a claim of its own"),
                    (false, true) => ("the member number", "it counts as empty"),
                    _ => ("the claim number and the member number", "the row is a claim of its own without a member"),
                };
                format!("a spreadsheet turned {what} into scientific notation, so {meant}")
            }
            QualityEvidence::AmountUnreadable => {
                format!("{} cannot be read; treated as absent", text(Text::BadAmount))
            }
            QualityEvidence::VersionWithoutOriginal => {
                let kind = match self.line.version {
                    Version::Void => "void (frequency 8)",
                    Version::Original | Version::Replacement => "replacement (frequency 7)",
                };
                format!("a {kind} that names no other claim, and its own claim has no other version")
            }
        }
    }
}
