//! Why a finding is to be reviewed although its rule denies, in English.

use crate::claim::Text;
use crate::finding::evidence::{AuthorizationEvidence, Evidence};
use crate::finding::record::Cap;
use crate::finding::words::writer::{MessageWriter, say};

impl MessageWriter<'_> {
    pub(super) fn cap(&self, cap: Cap, evidence: &Evidence, to: &mut String) {
        match cap {
            Cap::Product => to.push_str("the policy's authorization table does not name the product"),
            Cap::Secondary => to.push_str("another payer is primary"),
            Cap::Setting => to.push_str("an authorization is required inpatient only, and the setting is not known"),
            Cap::Emergency => to.push_str("the claim shows an emergency"),
            Cap::TwinAuthorization => {
                to.push_str("another claim of the same treatment carries an authorization number");
            }
            Cap::StatusUnread => to.push_str("its status must be looked up"),
            Cap::Level => to.push_str("the authorization names codes of the policy for another level"),
            Cap::OtherAuthorization => {
                to.push_str("the authorization file has another approval that fits");
                if let Evidence::Authorization(AuthorizationEvidence::Number { other: Some(row), .. }) = evidence {
                    say!(to, ", {}", self.number_of_row(*row));
                }
            }
            Cap::Edition => to.push_str("the service is older than the earliest edition on hand"),
            Cap::Date => to.push_str("the service date cannot be read"),
            Cap::Encounter => {
                let missing = [
                    (!self.line.states(Text::MemberId), "member"),
                    (!self.line.states(Text::BillingNpi), "billing provider"),
                ];
                let missing = missing.iter().find(|(is_missing, _)| *is_missing).map_or("claim form", |(_, what)| what);
                say!(to, "without the {missing} it is not certain which services belong together");
            }
            Cap::PrimaryElsewhere => {
                to.push_str("a primary code of the same member and day is billed in another encounter");
            }
        }
    }
}
