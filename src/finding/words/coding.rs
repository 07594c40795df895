//! Findings on procedure codes, modifiers and units in English.

use crate::claim::Text;
use crate::finding::evidence::CodingEvidence;
use crate::finding::words::writer::{MessageWriter, join, say};
use crate::policy::{Exclusive, Role};

impl MessageWriter<'_> {
    pub(super) fn coding(&self, evidence: &CodingEvidence, to: &mut String) {
        let policy = self.words.policy;
        let modifier = |number: usize| self.line.modifiers().nth(number).unwrap_or_default();
        match evidence {
            CodingEvidence::AddOnAlone { of_assistants } => {
                let add_on = policy.add_ons.iter().find(|add_on| self.codes.contains(&add_on.code));
                let primaries = add_on.map_or(&[][..], |add_on| &add_on.primaries);
                to.push_str("an add-on, but its encounter has no ");
                self.names(primaries.iter().copied(), " or ", to);
                to.push_str(" on a row that counts");
                if !of_assistants.is_empty() {
                    to.push_str(": ");
                    self.names(of_assistants.iter().copied(), " and ", to);
                    to.push_str(" there is an assistant's or a co-surgeon's only");
                }
            }
            CodingEvidence::PairedWith { paid } => say!(
                to,
                "the same encounter has {}; only one of the two is payable, further levels are add-ons",
                self.code(*paid)
            ),
            CodingEvidence::UnitsOverLimit { so_far } => {
                say!(to, "{} units in the encounter so far, the limit is ", so_far.normalize());
                if let Some(limit) = policy.limits.iter().find(|limit| self.codes.contains(&limit.code)) {
                    say!(to, "{} (MAI {})", limit.units.normalize(), limit.mai);
                }
            }
            CodingEvidence::PcsOutpatient => {
                let (what, says) = match (self.line.text(Text::BillType), self.line.text(Text::PlaceOfService)) {
                    ("", place) => ("place of service", place),
                    (bill, _) => ("bill type", bill),
                };
                say!(to, "an ICD-10-PCS code on an outpatient claim ({what} {says})");
            }
            CodingEvidence::CptInpatient => {
                say!(to, "a CPT code on a hospital inpatient bill (bill type {})", self.line.text(Text::BillType));
            }
            CodingEvidence::NotYetInForce { code } => {
                to.push_str("the code is in force from ");
                if let Some(day) = policy.procedure(*code).from {
                    say!(to, "{}", self.day(day));
                }
            }
            CodingEvidence::NoLongerInForce { code } => {
                to.push_str("the code was in force until ");
                if let Some(day) = policy.procedure(*code).until {
                    say!(to, "{}", self.day(day));
                }
            }
            CodingEvidence::Vertebroplasty { codes } => {
                to.push_str("the same encounter has ");
                self.names(codes.iter().copied(), ", ", to);
                to.push_str(" (vertebroplasty); ");
                let pairs = policy.level_pairs.iter();
                let found = |pair: &&Exclusive| self.codes.contains(&pair.paid) && codes.contains(&pair.unpaid);
                match pairs.filter(found).collect::<Vec<_>>().as_slice() {
                    [] => to.push_str("none of the code pairs on hand is of these codes"),
                    found => {
                        to.push_str("code pair ");
                        join(found.iter(), ", ", to, |pair, to| {
                            say!(to, "{}/{}", self.code(pair.paid), self.code(pair.unpaid));
                        });
                    }
                }
            }
            CodingEvidence::SideModifier { modifier: number } => {
                say!(to, "modifier {}; the code is the same for one side and both", modifier(*number));
            }
            CodingEvidence::UnlistedAugmentation { codes } => {
                self.names(codes.iter().copied(), ", ", to);
                to.push_str(" is an augmentation that the policy does not list");
            }
            CodingEvidence::NoReposition => {
                to.push_str("the claim has no ");
                self.names(policy.with_role(Role::Reposition), " or ", to);
                to.push_str("; a supplement alone may be a vertebroplasty");
            }
            CodingEvidence::AssistantModifier { modifier: number } => {
                say!(to, "modifier {}, an assistant at surgery", modifier(*number));
            }
            CodingEvidence::CoSurgeonModifier { modifier: number } => {
                say!(to, "modifier {}, a co-surgeon or a team of surgeons", modifier(*number));
            }
        }
    }
}
