//! Finds the suppressions of a finding with one look-up for each set of criteria that the file uses, however many
//! suppressions there are.
//!
//! Suppressions with the same criteria are one group. A group is found by a hash of its criteria, so a million of them take
//! about 60 MB and no text is kept.

use rustc_hash::FxHashMap;

use crate::finding::fingerprint::Fingerprint;
use crate::steps;

/// What a suppression looks for, or what a finding has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Criteria<'a> {
    /// The finding.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Claim number, member number, billing provider and rule code.
    pub(super) values: [Option<&'a str>; 4],
}

/// Which criteria a group has: the fingerprint first, then those of [`Criteria::values`].
type Given = [bool; 5];

/// Bytes of the hash of criteria. With 128 bits, a collision among a billion has a chance of 1 in 10^20, and forcing one
/// takes 2^64 tries.
const KEY_BYTES: usize = 16;

type Key = [u8; KEY_BYTES];

impl Criteria<'_> {
    /// Which criteria are given.
    fn given(&self) -> Given {
        let [claim, member, provider, rule] = self.values.map(|value| value.is_some());
        [self.fingerprint.is_some(), claim, member, provider, rule]
    }

    /// A hash of those criteria that `given` names.
    fn key(&self, given: Given) -> Key {
        let mut hasher = blake3::Hasher::new();
        if let Some(fingerprint) = self.fingerprint.as_ref().filter(|_| given[0]) {
            hasher.update(fingerprint.as_bytes());
        }
        for value in self.values.iter().zip(&given[1..]).filter(|(_, given)| **given).filter_map(|(value, _)| *value) {
            // Each value is preceded by its length, so that no two lists of values give the same bytes.
            hasher.update(&(value.len() as u64).to_le_bytes());
            hasher.update(value.as_bytes());
        }
        let mut key = [0; KEY_BYTES];
        key.copy_from_slice(&hasher.finalize().as_bytes()[..KEY_BYTES]);
        key
    }
}

/// The groups of the suppressions of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    /// By group, the index of the first of its suppressions that applies.
    applies: Vec<Option<u32>>,
    /// For each set of criteria that some group has, the groups by the hash of these criteria.
    sets: Vec<(Given, FxHashMap<Key, u32>)>,
}

impl Groups {
    /// Adds a suppression and returns its group. `applies` is its index if it applies on the day of the run.
    pub(super) fn add(&mut self, criteria: &Criteria<'_>, applies: Option<u32>) -> u32 {
        let given = criteria.given();
        let place = self.sets.iter().position(|(of, _)| *of == given).unwrap_or_else(|| {
            self.sets.push((given, FxHashMap::default()));
            self.sets.len() - 1
        });
        let next = self.applies.len() as u32;
        let group = *self.sets[place].1.entry(criteria.key(given)).or_insert(next);
        if group == next {
            self.applies.push(applies);
        } else {
            let first = &mut self.applies[group as usize];
            *first = first.or(applies);
        }
        group
    }

    /// Bytes of memory that they take. A hash table has a control byte for each of its places, an eighth of which stay free.
    pub(super) fn bytes(&self) -> usize {
        let places: usize = self.sets.iter().map(|(_, groups)| groups.capacity() + groups.capacity() / 7).sum();
        self.applies.capacity() * size_of::<Option<u32>>() + places * (size_of::<(Key, u32)>() + 1)
    }

    /// The index of the first suppression of a group that applies.
    pub(super) fn applies(&self, group: u32) -> Option<u32> {
        self.applies[group as usize]
    }

    /// Has any group a fingerprint?
    pub(super) fn want_fingerprints(&self) -> bool {
        self.sets.iter().any(|(given, _)| given[0])
    }

    /// The groups that a finding with these criteria belongs to.
    pub(super) fn of(&self, finding: &Criteria<'_>) -> impl Iterator<Item = u32> {
        steps::take(self.sets.len());
        self.sets.iter().filter_map(|(given, groups)| groups.get(&finding.key(*given)).copied())
    }

    /// Those of them that have a fingerprint.
    pub(super) fn of_fingerprint(&self, finding: &Criteria<'_>) -> impl Iterator<Item = u32> {
        let sets = self.sets.iter().filter(|(given, _)| given[0]);
        sets.filter_map(|(given, groups)| groups.get(&finding.key(*given)).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Criteria<'static> = Criteria { fingerprint: None, values: [None, None, None, Some("DX101")] };

    #[test]
    fn suppressions_with_the_same_criteria_are_one_group() {
        let mut groups = Groups::default();
        let of_claim = |claim| Criteria { values: [Some(claim), None, None, Some("DX101")], ..RULE };
        let print = Criteria { fingerprint: Fingerprint::parse("00112233445566778899aabbccddeeff"), ..RULE };
        let all = [RULE, RULE, of_claim("C1"), RULE, print, of_claim("C2")];
        let applies = [None, Some(1), Some(2), Some(3), Some(4), Some(5)];
        let numbers: Vec<_> = all.iter().zip(applies).map(|(one, applies)| groups.add(one, applies)).collect();
        assert_eq!(numbers, [0, 0, 1, 0, 2, 3]);
        assert_eq!((0..4).map(|group| groups.applies(group)).collect::<Vec<_>>(), [1, 2, 4, 5].map(Some));
        assert_eq!(groups.sets.len(), 3);
        assert!(groups.want_fingerprints());

        let finding = Criteria { values: ["C2", "M1", "N1", "DX101"].map(Some), ..print };
        assert_eq!(groups.of(&finding).collect::<Vec<_>>(), [0, 3, 2]);
        assert_eq!(groups.of_fingerprint(&finding).collect::<Vec<_>>(), [2]);
        let other = Criteria { values: ["C2", "M1", "N1", "PA201"].map(Some), ..print };
        assert_eq!(groups.of(&other).count(), 0);
    }

    #[test]
    fn values_are_not_confused_with_each_other() {
        let one = Criteria { values: [Some("AB"), Some("C"), None, None], ..RULE };
        let other = Criteria { values: [Some("A"), Some("BC"), None, None], ..RULE };
        let mut groups = Groups::default();
        assert_ne!(groups.add(&one, None), groups.add(&other, None));
    }

    /// However many suppressions there are, a finding takes one look-up for each set of criteria.
    #[test]
    fn look_ups_do_not_grow_with_the_suppressions() {
        let sets = |count: u32| {
            let mut groups = Groups::default();
            for n in 0..count {
                let claim = n.to_string();
                groups.add(&Criteria { values: [Some(&claim), None, None, Some("DX101")], ..RULE }, Some(n));
                groups.add(&Criteria { values: [Some(&claim), None, None, None], ..RULE }, Some(n));
            }
            groups.sets.len()
        };
        assert_eq!((sets(100), sets(1000)), (2, 2));
    }
}
