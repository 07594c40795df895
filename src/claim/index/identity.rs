//! Finds the rows of each claim: the rows with the same claim number and the same member.
//!
//! A claim is identified by the number of its first line in the run.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::claim::index::bits::{Bits, SharedBits};
use crate::claim::index::groups::{Group, Keyed};
use crate::claim::index::line_hash::KeyHash;
use crate::claim::index::notes::{KEPT_AT_A_TIME, NoteTaker, Notes};
use crate::claim::index::partition::Lines;
use crate::claim::index::service::ServiceKey;
use crate::claim::index::survey::Traits;
use crate::claim::line::Line;

/// The claims of all lines.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    /// The claim of each line.
    pub(crate) claim_of: Vec<u32>,
    /// Lines without a member whose claim has one: the line that names the member, and its hash.
    pub(crate) members: Notes<(u32, KeyHash)>,
    /// Claims whose number another member also has.
    pub(crate) shared: Bits,
}

#[derive(Clone, Serialize, Deserialize)]
struct Row {
    number: KeyHash,
    /// The hash of the member, [`NO_MEMBER`] if the line names none.
    member: KeyHash,
    line: u32,
}

/// Stands for a line without a member. A member's hash equals it with a chance of one in 10^38.
const NO_MEMBER: KeyHash = 0;

impl Row {
    fn member(&self) -> Option<KeyHash> {
        Some(self.member).filter(|member| *member != NO_MEMBER)
    }
}

impl Keyed for Row {
    type Order = u32;

    fn key(&self) -> KeyHash {
        self.number
    }

    fn order(&self) -> u32 {
        self.line
    }
}

/// Collects what all partitions find.
struct Found {
    /// The claim of each line.
    claim_of: Vec<AtomicU32>,
    members: NoteTaker<(u32, KeyHash)>,
    shared: SharedBits,
}

impl Identity {
    /// Finds the claims.
    pub(crate) fn find(lines: &Lines<'_>, traits: &[Traits]) -> io::Result<Self> {
        let remember = |number: usize, line: Line<'_>| Row {
            number: lines.keys.claim_number(line),
            member: lines.keys.member(line).unwrap_or(NO_MEMBER),
            line: number as u32,
        };
        let found = Found {
            claim_of: traits.iter().map(|_| AtomicU32::new(0)).collect(),
            members: NoteTaker::new(lines),
            shared: SharedBits::new(lines.len()),
        };
        lines.partitioned(
            lines.len(),
            size_of::<(&Row, u32)>(),
            |_| true,
            remember,
            |rows| {
                let mut members = Vec::new();
                rows.groups(|of_number| found.one_number(&of_number, &mut members))?;
                found.members.add(&mut members)
            },
        )?;
        let claim_of = found.claim_of.into_iter().map(AtomicU32::into_inner).collect();
        Ok(Self { claim_of, members: found.members.finish()?, shared: found.shared.finish() })
    }

    /// Is the line the first of its claim?
    pub(crate) fn is_first(&self, line: u32) -> bool {
        self.claim_of[line as usize] == line
    }
}

impl Found {
    /// Finds the claims of the rows of one claim number. `members` are those that are not yet kept with the rest.
    fn one_number(&self, rows: &Group<'_, Row>, members: &mut Vec<(ServiceKey, (u32, KeyHash))>) -> io::Result<()> {
        let (mut first_line, mut first_member, mut is_one_claim) = (None, None, true);
        rows.each(|row| {
            first_line.get_or_insert(row.line);
            if let Some(member) = row.member() {
                is_one_claim &= first_member.get_or_insert((row.line, member)).1 == member;
            }
            Ok(())
        })?;
        let member_of = |row: &Row| row.member().or(first_member.map(|(_, key)| key)).unwrap_or(NO_MEMBER);
        match (first_line.filter(|_| is_one_claim), rows) {
            (Some(first), _) => rows.each(|row| {
                self.set(row.line, first);
                Ok(())
            })?,
            (None, Group::Held(rows)) => {
                let mut claims: FxHashMap<KeyHash, u32> = FxHashMap::default();
                for row in *rows {
                    self.set(row.line, *claims.entry(member_of(row)).or_insert(row.line));
                }
                for claim in claims.into_values() {
                    self.shared.insert(claim);
                }
            }
            (None, Group::OnDisk(group)) => {
                let mut by_member = group.room.sorter();
                rows.each(|row| by_member.push((member_of(row), row.line), ()))?;
                let mut last = None;
                for row in by_member.finish()? {
                    let ((member, line), ()) = row?;
                    let claim = last.filter(|(other, _)| *other == member).map_or(line, |(_, claim)| claim);
                    self.set(line, claim);
                    self.shared.insert(claim);
                    last = Some((member, claim));
                }
            }
        }
        let Some(source) = first_member else { return Ok(()) };
        rows.each(|row| {
            if row.member().is_none() {
                members.push(((row.line, false), source));
                if members.len() > KEPT_AT_A_TIME {
                    self.members.add(members)?;
                }
            }
            Ok(())
        })
    }

    fn set(&self, line: u32, claim: u32) {
        self.claim_of[line as usize].store(claim, Ordering::Relaxed);
    }
}
