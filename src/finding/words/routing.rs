//! Findings on which part of the policy applies, in English.

use crate::claim::Text;
use crate::finding::evidence::RoutingEvidence;
use crate::finding::words::writer::MessageWriter;

impl MessageWriter<'_> {
    pub(super) fn routing(&self, evidence: &RoutingEvidence) -> String {
        let policy = self.words.policy;
        match evidence {
            RoutingEvidence::MedicareFollowsLcd => {
                let (state, title) = (self.line.text(Text::MemberState), &self.class().title);
                if state.is_empty() || policy.lcd_states.iter().any(|s| s == state) {
                    let lcd = &policy.lcd;
                    format!("medical necessity for {title} members follows LCD {lcd}, not the commercial list")
                } else {
                    let of_state = |(_, states): &&(String, Vec<String>)| states.iter().any(|s| s == state);
                    let contractor = policy.jurisdictions.iter().find(of_state).map(|(name, _)| name.as_str());
                    let contractor = contractor.unwrap_or("their jurisdiction");
                    format!("medical necessity for {title} members living in {state} follows the LCD of {contractor}")
                }
            }
            RoutingEvidence::ProductUndetermined => match self.line.text(Text::Product) {
                "" => "the claim names no product".to_owned(),
                product => format!("the policy's tables do not name the product \"{product}\""),
            },
            RoutingEvidence::SettingUndetermined => {
                let says = match (self.line.text(Text::BillType), self.line.text(Text::PlaceOfService)) {
                    ("", "") => "the claim has neither a bill type nor a place of service".to_owned(),
                    ("", place) => format!("place of service {place} says neither inpatient nor outpatient"),
                    (bill, _) => format!("bill type {bill} says neither inpatient nor outpatient"),
                };
                format!("{says}; {} need prior authorization inpatient only", self.class().members)
            }
            RoutingEvidence::BeforeFirstEdition => format!(
                "the date is before the earliest edition on hand ({}), by which the service is judged",
                self.day(policy.first_day())
            ),
        }
    }
}
