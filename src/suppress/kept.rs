//! What a dossier keeps of the suppressions: those that suppress a finding, with who is responsible, why and until when, but
//! not the ids that they look for, because those are never masked. Instead it keeps which findings they suppress.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::finding::fingerprint::Fingerprint;
use crate::suppress::groups::{Criteria, Groups};
use crate::suppress::list::{Suppression, Suppressions};

/// The suppressions of a run as its dossier keeps them.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptSuppressions {
    today: Date,
    list: Vec<KeptSuppression>,
    /// Fingerprints of suppressed findings as the report prints them, in order, each with the index of its suppression.
    findings: Vec<(Fingerprint, u32)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptSuppression {
    number: u32,
    line: u32,
    owner: String,
    reason: String,
    expires: Date,
}

impl Suppressions {
    /// What a dossier keeps. `findings` are the suppressed findings, each with the index of its suppression; `reason` is what
    /// a report may print of the reason of a suppression.
    pub fn keep(
        &self,
        mut findings: Vec<(Fingerprint, u32)>,
        reason: impl Fn(&Suppression) -> String,
    ) -> KeptSuppressions {
        findings.sort_unstable();
        findings.dedup();
        let mut used: Vec<u32> = findings.iter().map(|(_, place)| *place).collect();
        used.sort_unstable();
        used.dedup();
        for (_, place) in &mut findings {
            *place = used.partition_point(|used| used < place) as u32;
        }
        let kept = |one: &Suppression| KeptSuppression {
            number: one.number,
            line: one.line,
            owner: one.owner.to_string(),
            reason: reason(one),
            expires: one.expires,
        };
        let list = used.into_iter().map(|place| kept(&self.list[place as usize])).collect();
        KeptSuppressions { today: self.today, list, findings }
    }
}

impl KeptSuppressions {
    /// Suppressions that match the same findings again. `None`: a finding has a suppression that is not there.
    pub fn restored(self) -> Option<Suppressions> {
        let today = self.today;
        let mut groups = Groups::default();
        let mut group_of = vec![None; self.list.len()];
        for (fingerprint, place) in self.findings {
            let one = group_of.get_mut(place as usize)?;
            *one = Some(groups.add(&Criteria { fingerprint: Some(fingerprint), values: [None; 4] }, Some(place)));
        }
        let one = |(kept, group): (KeptSuppression, Option<u32>)| {
            Some(Suppression {
                number: kept.number,
                line: kept.line,
                owner: kept.owner.into(),
                reason: kept.reason.into(),
                expires: kept.expires,
                holds: today <= kept.expires,
                group: group?,
            })
        };
        let list = self.list.into_iter().zip(group_of).map(one).collect::<Option<_>>()?;
        Some(Suppressions { today, list, groups, text_bytes: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_suppressions_that_suppress_a_finding_are_kept() {
        let entry = "[[suppress]]\nrule = \"DX101\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2025-07-01\n";
        let all = Suppressions::load("s.toml", &entry.repeat(5), jiff::civil::date(2025, 6, 30)).expect("in order");
        let print = |digit: &str| Fingerprint::parse(&digit.repeat(32)).expect("hexadecimal");
        let findings = vec![(print("b"), 3), (print("a"), 1), (print("a"), 3), (print("c"), 3)];
        let kept = all.keep(findings, |one| one.reason.to_string());
        assert_eq!(kept.list.iter().map(|one| one.number).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(kept.findings, [(print("a"), 0), (print("a"), 1), (print("b"), 1), (print("c"), 1)]);
        let restored = kept.restored().expect("each finding has its suppression");
        let of = |digit| {
            let criteria = Criteria { fingerprint: Some(print(digit)), values: [None; 4] };
            restored.groups.of(&criteria).filter_map(|group| restored.groups.applies(group)).collect::<Vec<_>>()
        };
        assert_eq!((of("a"), of("b"), of("d")), (vec![0], vec![1], vec![]));
        let wrong = KeptSuppressions { today: all.today, list: Vec::new(), findings: vec![(print("a"), 0)] };
        assert!(wrong.restored().is_none());
    }
}
