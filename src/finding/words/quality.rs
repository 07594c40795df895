//! Findings on cells that could not be read as they are, in English.

use crate::claim::Text;
use crate::claim::line::Version;
use crate::finding::evidence::QualityEvidence;
use crate::finding::words::Said;

impl Said<'_> {
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
                "the procedure cell holds more than its code; the rest was not read".to_owned()
            }
            QualityEvidence::LeadingZeroLost => {
                "an ICD-10-PCS code came without its leading zero, as spreadsheets leave it".to_owned()
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
