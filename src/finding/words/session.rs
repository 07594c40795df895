//! Findings on other claims of the same treatment, in English.

use crate::claim::index::service::RowRef;
use crate::claim::{Setting, Text};
use crate::finding::evidence::SessionEvidence;
use crate::finding::words::writer::MessageWriter;

impl MessageWriter<'_> {
    pub(super) fn session(&self, evidence: SessionEvidence) -> String {
        match evidence {
            SessionEvidence::SettingDisagrees { other } => {
                let facility = match self.line.setting {
                    Setting::Inpatient => "outpatient",
                    Setting::Outpatient | Setting::Undetermined => "inpatient",
                };
                format!(
                    "the professional claim says {}, the facility's claim for the same treatment says {facility} ({})",
                    self.line.setting.word(),
                    self.row_name(other)
                )
            }
            SessionEvidence::OfficeBesideFacility { other } => format!(
                "place of service {} (office), but a facility billed for the same treatment ({})",
                self.line.text(Text::PlaceOfService),
                self.row_name(other)
            ),
            SessionEvidence::StayBilledTwice { other, interim } => {
                let note = if interim { "; the bill type says that these are interim bills" } else { "" };
                format!(
                    "an earlier claim has a stay with a day and a procedure in common ({}){note}",
                    self.row_name(other)
                )
            }
            SessionEvidence::ServiceBilledTwice { other } => {
                format!("an earlier claim has the same service on the same day ({})", self.row_name(other))
            }
            SessionEvidence::OutpatientBesideStay { other } => format!(
                "an outpatient service during an inpatient stay of another claim, or at most three days before it ({})",
                self.row_name(other)
            ),
        }
    }

    fn row_name(&self, row: RowRef) -> String {
        format!("{} line {}", (self.words.extracts)(row.extract), row.row)
    }
}
