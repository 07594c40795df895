//! Findings on which part of the policy applies, in English.

use crate::claim::Text;
use crate::finding::evidence::RoutingEvidence;
use crate::finding::words::writer::{MessageWriter, say};

impl MessageWriter<'_> {
    pub(super) fn routing(&self, evidence: &RoutingEvidence, to: &mut String) {
        let policy = self.words.policy;
        match evidence {
            RoutingEvidence::MedicareFollowsLcd => {
                let (state, title) = (self.line.text(Text::MemberState), &self.class().title);
                if state.is_empty() || policy.lcd_states.iter().any(|s| s == state) {
                    say!(to, "medical necessity for {title} members follows LCD {}", policy.lcd);
                    if let Some(from) = policy.lcd_from.filter(|from| self.line.date.is_some_and(|day| day < *from)) {
                        say!(to, " (from {}, which is later than the service)", self.day(from));
                    }
                    to.push_str(", not the commercial list");
                } else {
                    let of_state = |(_, states): &&(String, Vec<String>)| states.iter().any(|s| s == state);
                    let contractor = policy.jurisdictions.iter().find(of_state).map(|(name, _)| name.as_str());
                    let contractor = contractor.unwrap_or("their jurisdiction");
                    say!(to, "medical necessity for {title} members living in {state} follows the LCD of {contractor}");
                }
            }
            RoutingEvidence::ProductUndetermined => match self.line.text(Text::Product) {
                "" => to.push_str("the claim names no product"),
                product => say!(to, "the policy's tables do not name the product \"{product}\""),
            },
            RoutingEvidence::SettingUndetermined => {
                match (self.line.text(Text::BillType), self.line.text(Text::PlaceOfService)) {
                    ("", "") => to.push_str("the claim has neither a bill type nor a place of service"),
                    ("", place) => say!(to, "place of service {place} says neither inpatient nor outpatient"),
                    (bill, _) => say!(to, "bill type {bill} says neither inpatient nor outpatient"),
                }
                say!(to, "; {} need prior authorization inpatient only", self.class().members);
            }
            RoutingEvidence::BeforeFirstEdition => say!(
                to,
                "the date is before the earliest edition on hand ({}); what rests on the policy's text was judged by it",
                self.day(policy.first_day())
            ),
        }
    }
}
