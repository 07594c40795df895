//! Finds the claims that a row names as its original.
//!
//! An original claim number names the claims with that number whose member is the row's own or empty. A row without a member
//! names all claims with the number.

use std::io;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::claim::index::groups::{Group, Keyed};
use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::{Id, KeyHash};
use crate::claim::index::partition::{Lines, count};
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
    /// Each claim that is in a group, and its group, in the order of the claims.
    group_of: Vec<(u32, u32)>,
}

/// A row that names a claim number, or the first row of a claim with that number.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    number: KeyHash,
    member: Option<KeyHash>,
    line: u32,
    is_claim: bool,
}

impl Keyed for Entry {
    type Order = u32;

    fn key(&self) -> KeyHash {
        self.number
    }

    fn order(&self) -> u32 {
        self.line
    }
}

impl NamedClaims {
    /// Finds the claims that replacements, voids and reversals name.
    pub(crate) fn find(lines: &Lines<'_>, traits: &[Traits], identity: &Identity) -> io::Result<Self> {
        let names = |number: usize| {
            let traits = traits[number];
            traits.names_claim() && (traits.is_version() || traits.takes_back())
        };
        let count = count(traits.len(), names);
        if count == 0 {
            return Ok(Self::default());
        }
        let remember = |start: usize, batch: &Batch, add: &mut dyn FnMut(Entry)| {
            let mut members = identity.members.of(start..start + batch.len())?;
            for (place, line) in (start as u32..).zip(batch.iter()) {
                let of_claim = members.next((place, false)).map(|(_, key)| key);
                let member = lines.keys.member(line).or(of_claim);
                if identity.is_first(place) {
                    add(Entry {
                        number: lines.keys.claim_number(line, Id::new(line.claim_id())),
                        member,
                        line: place,
                        is_claim: true,
                    });
                }
                if names(place as usize) {
                    let number = lines.keys.id(line.text(Text::OriginalClaimId));
                    add(Entry { number, member, line: place, is_claim: false });
                }
            }
            Ok(())
        };
        let beside = size_of::<(&Entry, u32)>();
        let found = lines.partitioned_batches(lines.len() + count, beside, remember, |entries| {
            let mut found = Self::default();
            entries.groups(|of_number| one_number(&of_number, &mut found))?;
            Ok(found)
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
        all.group_of.sort_unstable();
        Ok(all)
    }

    /// What these lines name, in their order, and the groups of claims.
    #[cfg(test)]
    pub(crate) fn of_lines(by_line: &[(u32, Named)], groups: Vec<Vec<u32>>) -> Self {
        Self { by_line: by_line.to_vec(), groups, group_of: Vec::new() }
    }

    /// The claims that a line names.
    pub(crate) fn for_line(&self, line: u32) -> Option<Named> {
        let at = self.by_line.binary_search_by_key(&line, |(line, _)| *line).ok()?;
        Some(self.by_line[at].1)
    }

    /// The group that a claim is in.
    pub(crate) fn group_of(&self, claim: u32) -> Option<u32> {
        let at = self.group_of.binary_search_by_key(&claim, |(claim, _)| *claim).ok()?;
        Some(self.group_of[at].1)
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
fn one_number(entries: &Group<'_, Entry>, found: &mut NamedClaims) -> io::Result<()> {
    let (mut claims, mut first, mut without_member, mut is_named) = (0, None, None, false);
    entries.each(|entry| {
        if entry.is_claim {
            claims += 1;
            first.get_or_insert(entry.line);
            // A number has a claim without a member only if none of its rows names a member.
            if entry.member.is_none() {
                without_member.get_or_insert(entry.line);
            }
        }
        is_named |= !entry.is_claim;
        Ok(())
    })?;
    if !is_named {
        return Ok(());
    }
    let of_member = |claim: Option<u32>| match claim.or(without_member) {
        _ if claims == 0 => Named::Unknown,
        Some(claim) => Named::Claim(claim),
        None => Named::OtherMembers,
    };
    match entries {
        Group::Held(entries) => {
            let of_claims = entries.iter().filter(|entry| entry.is_claim);
            let by_member: FxHashMap<KeyHash, u32> =
                of_claims.filter_map(|claim| Some((claim.member?, claim.line))).collect();
            let rows = entries.iter().filter(|entry| !entry.is_claim);
            let named = |row: &&Entry| Some((row.line, of_member(by_member.get(&row.member?).copied())));
            found.by_line.extend(rows.filter_map(named));
        }
        Group::OnDisk(group) => {
            // The claim of a member comes before the rows of the member.
            let mut by_member = group.room.sorter();
            entries.each(|entry| match entry.member {
                Some(member) => by_member.push((member, !entry.is_claim, entry.line), ()),
                None => Ok(()),
            })?;
            let mut last = None;
            for entry in by_member.finish()? {
                let ((member, is_row, line), ()) = entry?;
                if is_row {
                    let claim = last.filter(|(other, _)| *other == member).map(|(_, claim)| claim);
                    found.by_line.push((line, of_member(claim)));
                } else {
                    last = Some((member, line));
                }
            }
        }
    }
    let mut of_any_member = None;
    entries.each(|row| {
        if row.is_claim || row.member.is_some() {
            return Ok(());
        }
        let named = match (of_any_member, first) {
            (Some(named), _) => named,
            (None, None) => Named::Unknown,
            (None, Some(first)) if claims == 1 => Named::Claim(first),
            (None, Some(_)) => found.new_group(entries)?,
        };
        of_any_member = Some(named);
        found.by_line.push((row.line, named));
        Ok(())
    })
}

impl NamedClaims {
    /// Makes a group of the claims among the entries of a number.
    fn new_group(&mut self, entries: &Group<'_, Entry>) -> io::Result<Named> {
        let (number, mut claims) = (self.groups.len() as u32, Vec::new());
        entries.each(|entry| {
            if entry.is_claim {
                claims.push(entry.line);
                self.group_of.push((entry.line, number));
            }
            Ok(())
        })?;
        self.groups.push(claims);
        Ok(Named::Group(number))
    }
}
