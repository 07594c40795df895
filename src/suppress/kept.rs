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
    /// In the order of the file.
    list: Vec<KeptSuppression>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptSuppression {
    /// The index of the suppression among all of the file.
    place: u32,
    number: u32,
    line: u32,
    owner: String,
    reason: String,
    expires: Date,
}

impl Suppressions {
    /// What a dossier keeps of the suppressions that `is_used` says, by their indices. `printed` is what a report may print of the
    /// owner and the reason of a suppression.
    pub fn keep(&self, is_used: &[bool], printed: impl Fn(&Suppression) -> [String; 2]) -> KeptSuppressions {
        let used = (0..).zip(self.list.iter().zip(is_used)).filter(|(_, (_, is_used))| **is_used);
        let kept = |(place, (one, _)): (u32, (&Suppression, _))| {
            let [owner, reason] = printed(one);
            KeptSuppression { place, number: one.number, line: one.line, owner, reason, expires: one.expires }
        };
        KeptSuppressions { today: self.today, list: used.map(kept).collect() }
    }
}

impl KeptSuppressions {
    /// Suppressions that match the same findings again: fingerprints as the report prints them, each with the index of its
    /// suppression. `None`: a finding has a suppression that is not there, or a suppression has no finding.
    pub(crate) fn restored(self, findings: &[(Fingerprint, u32)]) -> Option<Suppressions> {
        let today = self.today;
        let mut groups = Groups::default();
        let mut group_of = vec![None; self.list.len()];
        for (fingerprint, place) in findings {
            let own = self.list.binary_search_by_key(place, |kept| kept.place).ok()?;
            let criteria = Criteria { fingerprint: Some(*fingerprint), values: [None; 4] };
            group_of[own] = Some(groups.add(&criteria, Some(own as u32)));
        }
        let one = |(kept, group): (KeptSuppression, Option<u32>)| {
            Some(Suppression {
                number: kept.number,
                rule: None,
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
        let kept =
            all.keep(&[false, true, false, true, false], |one| [&one.owner, &one.reason].map(ToString::to_string));
        assert_eq!(kept.list.iter().map(|one| one.number).collect::<Vec<_>>(), [2, 4]);
        let findings = [(print("b"), 3), (print("a"), 1), (print("a"), 3), (print("c"), 3)];
        let restored = kept.restored(&findings).expect("each finding has its suppression");
        let of = |digit| {
            let criteria = Criteria { fingerprint: Some(print(digit)), values: [None; 4] };
            restored.groups.of(&criteria).filter_map(|group| restored.groups.applies(group)).collect::<Vec<_>>()
        };
        assert_eq!((of("a"), of("b"), of("d")), (vec![0], vec![1], vec![]));
        for (used, findings) in
            [(vec![], vec![(print("a"), 0)]), (vec![true], vec![(print("a"), 1)]), (vec![true], vec![])]
        {
            assert!(
                all.keep(&used, |one| [&one.owner, &one.reason].map(ToString::to_string)).restored(&findings).is_none(),
                "{findings:?}"
            );
        }
    }
}
