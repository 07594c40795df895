//! Why a finding is to be reviewed although its rule denies, in English.

use crate::claim::Text;
use crate::finding::evidence::{AuthorizationEvidence, Evidence};
use crate::finding::record::Cap;
use crate::finding::words::writer::MessageWriter;

impl MessageWriter<'_> {
    pub(super) fn cap(&self, cap: Cap, evidence: &Evidence) -> String {
        match cap {
            Cap::Product => "the policy's authorization table does not name the product".to_owned(),
            Cap::Secondary => "another payer is primary".to_owned(),
            Cap::Setting => "an authorization is required inpatient only, and the setting is not known".to_owned(),
            Cap::Emergency => "the claim shows an emergency".to_owned(),
            Cap::TwinAuthorization => "another claim of the same treatment carries an authorization number".to_owned(),
            Cap::StatusUnread => "no table knows this status word".to_owned(),
            Cap::Level => "the authorization names codes of the policy for another level".to_owned(),
            Cap::OtherAuthorization => {
                let other = match evidence {
                    Evidence::Authorization(AuthorizationEvidence::Number { other: Some(row), .. }) => *row,
                    _ => return "the authorization file has another approval that fits".to_owned(),
                };
                format!("the authorization file has another approval that fits, {}", self.number_of_row(other))
            }
            Cap::Edition => "the service is older than the earliest edition on hand".to_owned(),
            Cap::Date => "the service date cannot be read".to_owned(),
            Cap::Encounter => {
                let missing = [
                    (!self.line.states(Text::MemberId), "member"),
                    (!self.line.states(Text::BillingNpi), "billing provider"),
                ];
                let missing = missing.iter().find(|(is_missing, _)| *is_missing).map_or("claim form", |(_, what)| what);
                format!("without the {missing} it is not certain which services belong together")
            }
            Cap::PrimaryElsewhere => {
                "a primary code of the same member and day is billed in another encounter".to_owned()
            }
        }
    }
}
