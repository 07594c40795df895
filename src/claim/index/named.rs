//! Finds the claims that a row names as its original.
//!
//! An original claim number names the claims with that number whose member is the row's own or empty. A row without a member
//! names all claims with the number.

use std::io;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::KeyHash;
use crate::claim::index::partition::{Keyed, Lines};
use crate::claim::index::survey::Traits;
use crate::claim::line::{Batch, Text};

/// The claims that an original claim number names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// No known row has the number.
    Unknown,
    /// Only claims of other members have the number.
    OtherMembers,
    /// One claim.
    Claim(u32),
    /// Two or more claims have the number: the number of their group.
    Group(u32),
}

/// The claims that all rows name, for rows that name another claim number.
#[derive(Debug, Default)]
pub(crate) struct NamedClaims {
    /// In the order of the lines.
    by_line: Vec<(u32, Named)>,
    /// The claims of each group.
    pub(crate) groups: Vec<Vec<u32>>,
    /// The group of each claim that is in one.
    pub(crate) group_of: FxHashMap<u32, u32>,
}

/// A row that names a claim number, or the first row of a claim with that number.
struct Entry {
    number: KeyHash,
    member: Option<KeyHash>,
    line: u32,
    is_claim: bool,
}

impl Keyed for Entry {
    fn key(&self) -> KeyHash {
        self.number
    }
}

impl NamedClaims {
    /// Finds the claims that replacements, voids and reversals name.
    pub(crate) fn find(lines: &Lines<'_>, traits: &[Traits], identity: &Identity) -> io::Result<Self> {
        let names = |number: usize| {
            let traits = traits[number];
            traits.names_claim() && (traits.is_version() || traits.takes_back())
        };
        let count = (0..traits.len()).filter(|number| names(*number)).count();
        if count == 0 {
            return Ok(Self::default());
        }
        let remember = |start: usize, batch: &Batch, add: &mut dyn FnMut(Entry)| {
            let mut members = identity.members.of(start..start + batch.len())?;
            for (place, line) in (start as u32..).zip(batch.iter()) {
                let of_claim = members.next((place, false)).map(|(_, key)| key);
                let member = lines.keys.member(line).or(of_claim);
                if identity.is_first(place) {
                    add(Entry { number: lines.keys.claim_number(line), member, line: place, is_claim: true });
                }
                if names(place as usize) {
                    let number = lines.keys.hash(line.text(Text::OriginalClaimId));
                    add(Entry { number, member, line: place, is_claim: false });
                }
            }
            Ok(())
        };
        let beside = size_of::<(&Entry, u32)>();
        let found = lines.partitioned_batches(lines.len() + count, beside, remember, |entries| {
            let mut found = Self::default();
            for of_number in entries.groups().iter() {
                one_number(of_number, &mut found);
            }
            found
        })?;
        let mut all = Self::default();
        for part in found {
            let before = all.groups.len() as u32;
            let shifted = |named| match named {
                Named::Group(group) => Named::Group(group + before),
                named => named,
            };
            all.by_line.extend(part.by_line.into_iter().map(|(line, named)| (line, shifted(named))));
            all.group_of.extend(part.group_of.into_iter().map(|(claim, group)| (claim, group + before)));
            all.groups.extend(part.groups);
        }
        all.by_line.sort_unstable_by_key(|(line, _)| *line);
        Ok(all)
    }

    /// What these lines name, in their order, and the groups of claims.
    #[cfg(test)]
    pub(crate) fn of_lines(by_line: &[(u32, Named)], groups: Vec<Vec<u32>>) -> Self {
        Self { by_line: by_line.to_vec(), groups, group_of: FxHashMap::default() }
    }

    /// The claims that a line names.
    pub(crate) fn for_line(&self, line: u32) -> Option<Named> {
        let at = self.by_line.binary_search_by_key(&line, |(line, _)| *line).ok()?;
        Some(self.by_line[at].1)
    }

    /// All claims with these names. Takes time linear in the names and claims.
    pub(crate) fn all_claims(&self, names: impl Iterator<Item = Named>) -> Vec<u32> {
        let (mut claims, mut groups) = (Vec::new(), FxHashSet::default());
        for named in names {
            match named {
                Named::Claim(claim) => claims.push(claim),
                Named::Group(group) => {
                    groups.insert(group);
                }
                Named::Unknown | Named::OtherMembers => {}
            }
        }
        claims.extend(groups.into_iter().flat_map(|group| &self.groups[group as usize]));
        claims
    }
}

/// The claims of one number, and the rows that name it.
fn one_number(entries: &[&Entry], found: &mut NamedClaims) {
    let claims: Vec<&Entry> = entries.iter().copied().filter(|entry| entry.is_claim).collect();
    let by_member: FxHashMap<KeyHash, u32> =
        claims.iter().filter_map(|claim| Some((claim.member?, claim.line))).collect();
    // A number has a claim without a member only if none of its rows names a member.
    let without_member = claims.iter().find(|claim| claim.member.is_none()).map(|claim| claim.line);
    let mut group = None;
    for row in entries.iter().filter(|entry| !entry.is_claim) {
        let named = match (claims.as_slice(), row.member) {
            ([], _) => Named::Unknown,
            ([claim], None) => Named::Claim(claim.line),
            (_, None) => Named::Group(*group.get_or_insert_with(|| {
                let number = found.groups.len() as u32;
                found.groups.push(claims.iter().map(|claim| claim.line).collect());
                found.group_of.extend(claims.iter().map(|claim| (claim.line, number)));
                number
            })),
            (_, Some(member)) => {
                by_member.get(&member).copied().or(without_member).map_or(Named::OtherMembers, Named::Claim)
            }
        };
        found.by_line.push((row.line, named));
    }
}
