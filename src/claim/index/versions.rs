//! Finds rows that are not judged because another row of the claim or another version of the claim takes their place:
//! duplicates, pending rows that were decided, older versions, and claims that a void or replacement supersedes.

use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::claim::index::bits::{Bits, SharedBits};
use crate::claim::index::groups::Keyed;
use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::index::named::{Named, NamedClaims};
use crate::claim::index::partition::{LINES_AT_A_TIME, Lines, copies, count, those};
use crate::claim::index::service::Bin;
use crate::claim::index::survey::Traits;
use crate::claim::line::{Line, Text};
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;

/// A line with a key that other lines may share.
#[derive(Clone, Serialize, Deserialize)]
struct Same {
    key: KeyHash,
    line: u32,
}

impl Keyed for Same {
    type Order = u32;

    fn key(&self) -> KeyHash {
        self.key
    }

    fn order(&self) -> u32 {
        self.line
    }
}

/// Marks duplicates, which equal an earlier line that was not reversed, and then the lines that the payer denied.
pub(crate) fn duplicates(
    lines: &Lines<'_>,
    traits: &[Traits],
    identity: &Identity,
    bins: &mut [Bin],
) -> io::Result<()> {
    let known: &[Bin] = bins;
    // A claim with one line has no duplicates.
    let counts = |line: usize| known[line] != Bin::Reversed && identity.is_one_of_several(line);
    let alike = if identity.several.is_empty() { Bits::default() } else { look_alikes(traits, identity, counts) };
    let count = alike.iter().count();
    let may_repeat = |line: usize| alike.contains(line as u32);
    let remember = |number: usize, line: Line<'_>| Same {
        key: lines.keys.duplicate(identity.claim_of[number], line),
        line: number as u32,
    };
    let repeated = SharedBits::new(lines.len());
    lines.partitioned(count, size_of::<KeyHash>() + 1, may_repeat, remember, |rows| {
        let mut seen = hashbrown::HashTable::<KeyHash>::with_capacity(rows.most_keys());
        rows.each(|Same { key, line }| {
            match seen.entry(*key as u64, |other| other == key, |key| *key as u64) {
                hashbrown::hash_table::Entry::Occupied(_) => repeated.insert(*line),
                hashbrown::hash_table::Entry::Vacant(free) => {
                    free.insert(*key);
                }
            }
            Ok(())
        })
    })?;
    repeated.finish().iter().for_each(|line| bins[line as usize] = Bin::Duplicate);
    bins.par_iter_mut().zip(traits).with_min_len(LINES_AT_A_TIME).for_each(|(bin, traits)| {
        if bin.is_live() && traits.status == RowStatus::Denied {
            *bin = Bin::PayerDenied;
        }
    });
    Ok(())
}

/// The lines, of those that `wants` names, that may equal another line of their claim: all that do, and one in sixteen of the
/// others of a claim with two lines. To compare a number for date and amounts takes much less than to read the cells that make two
/// lines equal.
fn look_alikes(traits: &[Traits], identity: &Identity, wants: impl Fn(usize) -> bool + Sync) -> Bits {
    // By claim, the numbers that a line has, and those that several have.
    let [one, several] = [(); 2].map(|()| copies(traits.len(), || AtomicU16::new(0)));
    let claim = |line: usize| identity.claim_of[line] as usize;
    let each = |look: &(dyn Fn(usize, u16) + Sync)| {
        let line = |line: usize| {
            if wants(line) {
                look(line, 1 << traits[line].alike);
            }
        };
        (0..traits.len()).into_par_iter().with_min_len(LINES_AT_A_TIME).for_each(line);
    };
    each(&|line, number| {
        if one[claim(line)].fetch_or(number, Ordering::Relaxed) & number != 0 {
            several[claim(line)].fetch_or(number, Ordering::Relaxed);
        }
    });
    let alike = SharedBits::new(traits.len());
    each(&|line, number| {
        if several[claim(line)].load(Ordering::Relaxed) & number != 0 {
            alike.insert(line as u32);
        }
    });
    alike.finish()
}

/// Does the line remain after reversed rows and duplicates were removed?
fn is_left(bin: Bin) -> bool {
    !matches!(bin, Bin::Reversed | Bin::Duplicate)
}

/// The claims with a remaining line of these traits.
fn claims_left(traits: &[Traits], identity: &Identity, bins: &[Bin], is_one: impl Fn(Traits) -> bool + Sync) -> Bits {
    let mut claims = Bits::new(traits.len());
    for line in those(traits.len(), |line| is_one(traits[line]) && is_left(bins[line])) {
        claims.insert(identity.claim_of[line as usize]);
    }
    claims
}

/// A row that may be pending, or may decide a pending row.
#[derive(Clone, Serialize, Deserialize)]
struct Decision {
    key: KeyHash,
    line: u32,
    status: RowStatus,
}

impl Keyed for Decision {
    type Order = u32;

    fn key(&self) -> KeyHash {
        self.key
    }

    fn order(&self) -> u32 {
        self.line
    }
}

/// The pending lines that another line of the claim, paid or denied, decides.
pub(crate) fn decided(lines: &Lines<'_>, traits: &[Traits], identity: &Identity, bins: &[Bin]) -> io::Result<Bits> {
    let claims = claims_left(traits, identity, bins, |traits| traits.status == RowStatus::Pending);
    let may_decide = |line: usize| {
        let status = traits[line].status;
        matches!(status, RowStatus::Pending | RowStatus::Paid | RowStatus::Denied)
            && is_left(bins[line])
            && claims.contains(identity.claim_of[line])
    };
    let count = if claims.is_empty() { 0 } else { count(lines.len(), may_decide) };
    let remember = |number: usize, line: Line<'_>| Decision {
        key: lines.keys.decision(identity.claim_of[number], line),
        line: number as u32,
        status: line.status,
    };
    let decided = SharedBits::new(lines.len());
    lines.partitioned(count, size_of::<(&Decision, u32)>(), may_decide, remember, |rows| {
        rows.groups(|same| {
            let mut is_decided = false;
            same.each(|row| {
                is_decided |= row.status != RowStatus::Pending;
                Ok(())
            })?;
            same.each(|row| {
                if is_decided && row.status == RowStatus::Pending {
                    decided.insert(row.line);
                }
                Ok(())
            })
        })
    })?;
    Ok(decided.finish())
}

/// A version number for comparison: empty is lowest, whole numbers compare as numbers, and any other text is higher than every
/// number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum VersionNumber {
    Empty,
    Number(u64),
    /// A number with more digits: their count, and the digits.
    LongNumber(usize, Box<str>),
    Text(Box<str>),
}

impl VersionNumber {
    fn new(text: &str) -> Self {
        if text.is_empty() {
            return Self::Empty;
        }
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::Text(text.into());
        }
        let digits = text.trim_start_matches('0');
        match text.parse() {
            Ok(number) => Self::Number(number),
            Err(_) => Self::LongNumber(digits.len(), digits.into()),
        }
    }
}

/// Is the first version number lower than the second?
pub(crate) fn is_older(one: &str, other: &str) -> bool {
    VersionNumber::new(one) < VersionNumber::new(other)
}

#[derive(Clone, Serialize, Deserialize)]
struct Numbered {
    key: KeyHash,
    line: u32,
    number: VersionNumber,
}

impl Keyed for Numbered {
    type Order = u32;

    fn key(&self) -> KeyHash {
        self.key
    }

    fn order(&self) -> u32 {
        self.line
    }
}

/// The lines whose version number is lower than the highest one of their claim.
pub(crate) fn older(lines: &Lines<'_>, traits: &[Traits], identity: &Identity, bins: &[Bin]) -> io::Result<Bits> {
    let claims = claims_left(traits, identity, bins, Traits::has_version_number);
    let counts = |line: usize| is_left(bins[line]) && claims.contains(identity.claim_of[line]);
    let count = if claims.is_empty() { 0 } else { count(lines.len(), counts) };
    let remember = |number: usize, line: Line<'_>| Numbered {
        key: Keys::claim(identity.claim_of[number]),
        line: number as u32,
        number: VersionNumber::new(line.text(Text::VersionNumber)),
    };
    let older = SharedBits::new(lines.len());
    lines.partitioned(count, size_of::<(&Numbered, u32)>(), counts, remember, |rows| {
        rows.groups(|of_claim| {
            let mut highest = VersionNumber::Empty;
            of_claim.each(|row| {
                if row.number > highest {
                    highest.clone_from(&row.number);
                }
                Ok(())
            })?;
            of_claim.each(|row| {
                if row.number < highest {
                    older.insert(row.line);
                }
                Ok(())
            })
        })
    })?;
    Ok(older.finish())
}

/// Marks the lines that voids and replacements supersede, and the lines `also`. Returns the versions that name nothing and
/// supersede nothing but themselves.
pub(crate) fn supersede(
    traits: &[Traits],
    identity: &Identity,
    named: &NamedClaims,
    also: &[Bits],
    bins: &mut [Bin],
) -> Bits {
    // A version that the payer denied supersedes nothing, also where it is the duplicate of another one.
    let acts = |line: usize| {
        let (traits, bin) = (traits[line], bins[line]);
        traits.is_version() && (traits.status != RowStatus::Denied || bin == Bin::Reversed)
    };
    let acting = those(traits.len(), acts);
    // A duplicate adds nothing, except that it may name another claim than the row that it equals.
    let versions: Vec<u32> = acting.iter().copied().filter(|line| bins[*line as usize] != Bin::Duplicate).collect();
    let lines = traits.len();
    let mut orphans = Bits::new(lines);
    if versions.is_empty() && also.iter().all(Bits::is_empty) {
        return orphans;
    }
    // Claims that a version names, and claims with a replacement or a void that names no claim.
    let (mut gone, mut replaced, mut voided) = (Bits::new(lines), Bits::new(lines), Bits::new(lines));
    named.all_claims(acting.iter().filter_map(|line| named.for_line(*line))).into_iter().for_each(|claim| {
        gone.insert(claim);
    });
    let names_a_claim = |line: u32| matches!(named.for_line(line), Some(Named::Claim(_) | Named::Group(_)));
    for line in versions.iter().copied().filter(|line| !names_a_claim(*line)) {
        let set = if traits[line as usize].version == Version::Void { &mut voided } else { &mut replaced };
        set.insert(identity.claim_of[line as usize]);
    }
    // Claims with a row that is not a replacement, and claims with a row that is not a void.
    let (mut has_no_7, mut has_no_8) = (Bits::new(lines), Bits::new(lines));
    for (traits, claim) in traits.iter().zip(&identity.claim_of) {
        if traits.version != Version::Replacement {
            has_no_7.insert(*claim);
        }
        if traits.version != Version::Void {
            has_no_8.insert(*claim);
        }
    }
    for (line, bin) in bins.iter_mut().enumerate().filter(|(_, bin)| bin.is_live()) {
        let (version, claim) = (traits[line].version, identity.claim_of[line]);
        if version == Version::Void
            || gone.contains(claim)
            || (version != Version::Replacement && replaced.contains(claim))
            || (version != Version::Void && voided.contains(claim))
            || also.iter().any(|lines| lines.contains(line as u32))
        {
            *bin = Bin::Superseded;
        }
    }
    let is_orphan = |line: &u32| {
        let others = if traits[*line as usize].version == Version::Void { &has_no_8 } else { &has_no_7 };
        !names_a_claim(*line)
            && named.for_line(*line) != Some(Named::Unknown)
            && !others.contains(identity.claim_of[*line as usize])
    };
    for line in versions.into_iter().filter(is_orphan) {
        orphans.insert(line);
    }
    orphans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_numbers_are_compared_as_numbers_where_they_are_numbers() {
        let order = ["", "0", "2", "10", "99999999999999999999", "100000000000000000000", "A", "B", "a"];
        for pair in order.windows(2) {
            assert!(VersionNumber::new(pair[0]) < VersionNumber::new(pair[1]), "{pair:?}");
        }
        assert_eq!(VersionNumber::new("02"), VersionNumber::new("2"));
    }
}
