//! Findings on other claims of the same treatment, in English.

use crate::claim::index::service::RowRef;
use crate::claim::{Setting, Text};
use crate::finding::evidence::SessionEvidence;
use crate::finding::words::writer::{MessageWriter, say};

impl MessageWriter<'_> {
    pub(super) fn session(&self, evidence: SessionEvidence, to: &mut String) {
        match evidence {
            SessionEvidence::SettingDisagrees { other } => {
                let facility = match self.line.setting {
                    Setting::Inpatient => "outpatient",
                    Setting::Outpatient | Setting::Undetermined => "inpatient",
                };
                let own = self.line.setting.word();
                say!(
                    to,
                    "the professional claim says {own}, the facility's claim for the same treatment says {facility}"
                );
                self.row_name(other, to);
            }
            SessionEvidence::OfficeBesideFacility { other } => {
                let place = self.line.text(Text::PlaceOfService);
                say!(to, "place of service {place} (office), but a facility billed for the same treatment");
                self.row_name(other, to);
            }
            SessionEvidence::StayBilledTwice { other, interim } => {
                to.push_str("an earlier claim has a stay with a day and a procedure in common");
                self.row_name(other, to);
                to.push_str(if interim { "; the bill type says that these are interim bills" } else { "" });
            }
            SessionEvidence::ServiceBilledTwice { other } => {
                to.push_str("an earlier claim has the same service on the same day");
                self.row_name(other, to);
            }
            SessionEvidence::OutpatientBesideStay { other } => {
                to.push_str(
                    "an outpatient service during an inpatient stay of another claim, or at most three days before it",
                );
                self.row_name(other, to);
            }
        }
    }

    /// The place of another row in parentheses.
    fn row_name(&self, row: RowRef, to: &mut String) {
        say!(to, " ({} line {})", (self.words.extracts)(row.extract), row.row);
    }
}
