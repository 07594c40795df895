//! Findings on procedure codes, modifiers and units in English.

use crate::claim::Text;
use crate::finding::evidence::CodingEvidence;
use crate::finding::words::writer::MessageWriter;
use crate::policy::Role;

impl MessageWriter<'_> {
    pub(super) fn coding(&self, evidence: &CodingEvidence) -> String {
        let policy = self.words.policy;
        let modifier = |number: usize| self.line.modifiers().nth(number).unwrap_or_default();
        match evidence {
            CodingEvidence::AddOnAlone => {
                let add_on = policy.add_ons.iter().find(|add_on| self.codes.contains(&add_on.code));
                let primaries = add_on.map_or(&[][..], |add_on| &add_on.primaries);
                format!("an add-on, but its encounter has no {}", self.names(primaries.iter().copied(), " or "))
            }
            CodingEvidence::PairedWith { paid } => format!(
                "the same encounter has {}; only one of the two is payable, further levels are add-ons",
                self.code(*paid)
            ),
            CodingEvidence::UnitsOverLimit { so_far } => {
                let limit = policy.limits.iter().find(|limit| self.codes.contains(&limit.code));
                let limit = limit.map_or(String::new(), |l| format!("{} (MAI {})", l.units.normalize(), l.mai));
                format!("{} units in the encounter so far, the limit is {limit}", so_far.normalize())
            }
            CodingEvidence::PcsOutpatient => {
                let says = match (self.line.text(Text::BillType), self.line.text(Text::PlaceOfService)) {
                    ("", place) => format!("place of service {place}"),
                    (bill, _) => format!("bill type {bill}"),
                };
                format!("an ICD-10-PCS code on an outpatient claim ({says})")
            }
            CodingEvidence::CptInpatient => {
                format!("a CPT code on a hospital inpatient bill (bill type {})", self.line.text(Text::BillType))
            }
            CodingEvidence::NotYetInForce { code } => {
                let from = policy.procedure(*code).from.map_or(String::new(), |day| self.day(day).to_string());
                format!("the code is in force from {from}")
            }
            CodingEvidence::NoLongerInForce { code } => {
                let until = policy.procedure(*code).until.map_or(String::new(), |day| self.day(day).to_string());
                format!("the code was in force until {until}")
            }
            CodingEvidence::Vertebroplasty { codes } => {
                format!("the same encounter has {} (vertebroplasty)", self.names(codes.iter().copied(), ", "))
            }
            CodingEvidence::SideModifier { modifier: number } => {
                format!("modifier {}; the code is the same for one side and both", modifier(*number))
            }
            CodingEvidence::UnlistedAugmentation { codes } => {
                format!("{} is an augmentation that the policy does not list", self.names(codes.iter().copied(), ", "))
            }
            CodingEvidence::NoReposition => format!(
                "the claim has no {}; a supplement alone may be a vertebroplasty",
                self.names(policy.with_role(Role::Reposition), " or ")
            ),
            CodingEvidence::AssistantModifier { modifier: number } => {
                format!("modifier {}, an assistant at surgery", modifier(*number))
            }
            CodingEvidence::CoSurgeonModifier { modifier: number } => {
                format!("modifier {}, a co-surgeon or a team of surgeons", modifier(*number))
            }
        }
    }
}
