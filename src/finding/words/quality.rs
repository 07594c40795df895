//! Findings on cells that could not be read as they are, in English.

use crate::claim::Text;
use crate::claim::value::version::Version;
use crate::finding::evidence::QualityEvidence;
use crate::finding::words::writer::{MessageWriter, say};

impl MessageWriter<'_> {
    pub(super) fn quality(&self, evidence: QualityEvidence, to: &mut String) {
        let text = |text| self.line.text(text);
        match evidence {
            QualityEvidence::DateUnreadable => {
                match text(Text::BadDate) {
                    "" => to.push_str("the service date is empty"),
                    date => say!(to, "the service date \"{date}\" cannot be read as a day from 2000 to 2099"),
                }
                to.push_str("; rules that need it were not asked");
            }
            QualityEvidence::UnitsUnreadable => {
                say!(to, "units \"{}\" cannot be read; counted as 1", text(Text::BadUnits));
            }
            QualityEvidence::PointerToNothing => {
                to.push_str("a diagnosis pointer points to no diagnosis of the row; it was ignored");
            }
            QualityEvidence::ProcedureCellComposite => {
                to.push_str("a procedure cell holds more than its code; every known code in it was read");
            }
            QualityEvidence::LeadingZeroLost => {
                to.push_str("an ICD-10-PCS code came without its leading zero, as spreadsheets leave it");
            }
            QualityEvidence::ReversalWithoutOriginal => {
                to.push_str(
                    "the row takes a payment back, and no row of the run matches it in claim, line, codes, date and amounts",
                );
            }
            QualityEvidence::ClaimNumberShared => {
                to.push_str(
                    "rows of this claim number name two or more members; each member's rows were judged as a claim",
                );
            }
            QualityEvidence::Icd10TooEarly { diagnosis } => say!(
                to,
                "{} is an ICD-10 code, and the service is older than ICD-10 ({}); the list was not applied",
                self.line.diagnosis(diagnosis),
                self.day(self.words.policy.icd10_from)
            ),
            QualityEvidence::Icd9Only => {
                to.push_str("the considered diagnoses (");
                self.considered(to);
                to.push_str(") are ICD-9-CM codes, to which the list does not apply");
            }
            QualityEvidence::IdMangled { claim, member } => {
                let (what, meant) = match (claim, member) {
                    (true, false) => ("the claim number", "the row is a claim of its own"),
                    (false, true) => ("the member number", "it counts as empty"),
                    _ => ("the claim number and the member number", "the row is a claim of its own without a member"),
                };
                say!(to, "a spreadsheet turned {what} into scientific notation, so {meant}");
            }
            QualityEvidence::AmountUnreadable => {
                say!(to, "{} cannot be read; treated as absent", text(Text::BadAmount));
            }
            QualityEvidence::VersionWithoutOriginal => {
                let kind = match self.line.version {
                    Version::Void => "void (frequency 8)",
                    Version::Original | Version::Replacement => "replacement (frequency 7)",
                };
                say!(to, "a {kind} that names no other claim, and its own claim has no other version");
            }
        }
    }
}
