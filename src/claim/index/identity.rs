//! Finds the rows of each claim: the rows with the same claim number and the same member.
//!
//! A claim is identified by the number of its first line in the run.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use rustc_hash::FxHashMap;

use crate::claim::index::line_hash::KeyHash;
use crate::claim::index::notes::{NoteTaker, Notes};
use crate::claim::index::partition::{Bits, Keyed, Lines};
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
    fn key(&self) -> KeyHash {
        self.number
    }
}

/// The result of one partition.
#[derive(Default)]
struct Found {
    /// Members that are not yet kept with the rest.
    members: Vec<(ServiceKey, (u32, KeyHash))>,
    shared: Vec<u32>,
}

/// Members of a partition, from which on they are kept with the rest; they take 3 MiB.
const KEPT_AT_A_TIME: usize = 1 << 16;

impl Identity {
    /// Finds the claims.
    pub(crate) fn find(lines: &Lines<'_>, traits: &[Traits]) -> io::Result<Self> {
        let claim_of: Vec<AtomicU32> = traits.iter().map(|_| AtomicU32::new(0)).collect();
        let remember = |number: usize, line: Line<'_>| Row {
            number: lines.keys.claim_number(line),
            member: lines.keys.member(line).unwrap_or(NO_MEMBER),
            line: number as u32,
        };
        let members = NoteTaker::new(lines);
        let found = lines.partitioned(
            lines.len(),
            size_of::<(&Row, u32)>(),
            |_| true,
            remember,
            |rows| {
                let mut found = Found::default();
                for of_number in rows.groups().iter() {
                    one_number(of_number, &claim_of, &mut found);
                    if found.members.len() > KEPT_AT_A_TIME {
                        members.add(&mut found.members)?;
                    }
                }
                members.add(&mut found.members)?;
                io::Result::Ok(found.shared)
            },
        )?;
        let mut shared = Bits::new(lines.len());
        for part in found {
            for claim in part? {
                shared.insert(claim);
            }
        }
        let claim_of = claim_of.into_iter().map(AtomicU32::into_inner).collect();
        Ok(Self { claim_of, members: members.finish(), shared })
    }

    /// Is the line the first of its claim?
    pub(crate) fn is_first(&self, line: u32) -> bool {
        self.claim_of[line as usize] == line
    }
}

/// The rows of one claim number, in input order.
fn one_number(rows: &[&Row], claim_of: &[AtomicU32], found: &mut Found) {
    let first_member = rows.iter().find_map(|row| Some((row.line, row.member()?)));
    let mut claims: FxHashMap<Option<KeyHash>, u32> = FxHashMap::default();
    let is_one_claim =
        rows.iter().all(|row| row.member().is_none() || row.member() == first_member.map(|(_, key)| key));
    for row in rows {
        let member = row.member().or(first_member.map(|(_, key)| key));
        let claim = if is_one_claim { rows[0].line } else { *claims.entry(member).or_insert(row.line) };
        claim_of[row.line as usize].store(claim, Ordering::Relaxed);
        if let (None, Some(source)) = (row.member(), first_member) {
            found.members.push(((row.line, false), source));
        }
    }
    found.shared.extend(claims.values());
}
