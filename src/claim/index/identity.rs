//! Finds the rows of each claim: the rows with the same claim number and the same member.
//!
//! A claim is identified by the number of its first line in the run.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::claim::index::bits::{Bits, SharedBits};
use crate::claim::index::groups::{Group, GroupedItems, Keyed};
use crate::claim::index::line_hash::{Id, KeyHash};
use crate::claim::index::notes::{KEPT_AT_A_TIME, NoteTaker, Notes};
use crate::claim::index::numberless::Numberless;
use crate::claim::index::partition::{Entries, Lines, copies, held};
use crate::claim::index::service::ServiceKey;
use crate::claim::line::{Batch, Line, Text};

/// The claims of all lines.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    /// The claim of each line.
    pub(crate) claim_of: Vec<u32>,
    /// Claims with several lines, which fewer than half have.
    pub(crate) several: Bits,
    /// Lines without a member whose claim has one: the line that names the member, and its hash.
    pub(crate) members: Notes<(u32, KeyHash)>,
    /// Claims whose number another member also has.
    pub(crate) shared: Bits,
}

/// Keys in bytes, so that nothing is left free between the fields.
#[derive(Clone, Serialize, Deserialize)]
struct Row {
    number: [u8; 16],
    /// The hash of the member, [`NO_MEMBER`] if the line names none.
    member: [u8; 16],
    line: u32,
}

/// Stands for a line without a member. A member's hash equals it with a chance of one in 10^38.
const NO_MEMBER: KeyHash = 0;

/// Stands for the claim of the line before. A run has fewer lines.
const AS_BEFORE: u32 = u32::MAX;

/// The ids of a line.
#[derive(Clone, Copy, PartialEq)]
struct Ids<'l> {
    claim: Id<'l>,
    member: Id<'l>,
}

impl<'l> Ids<'l> {
    fn of(line: Line<'l>) -> Self {
        Self { claim: Id::new(line.claim_id()), member: Id::new(line.text(Text::MemberId)) }
    }
}

impl Row {
    fn new(number: KeyHash, member: KeyHash, line: u32) -> Self {
        Self { number: number.to_le_bytes(), member: member.to_le_bytes(), line }
    }

    fn number(&self) -> KeyHash {
        KeyHash::from_le_bytes(self.number)
    }

    fn member(&self) -> Option<KeyHash> {
        Some(KeyHash::from_le_bytes(self.member)).filter(|member| *member != NO_MEMBER)
    }
}

impl Keyed for Row {
    type Order = u32;

    fn key(&self) -> KeyHash {
        self.number()
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
    /// Finds the claims. Shows each line with a member to `numberless`.
    pub(crate) fn find(lines: &Lines<'_>, numberless: Option<&Numberless<'_>>) -> io::Result<Self> {
        let remember = |start: usize, batch: &Batch, add: &mut dyn FnMut(Row)| {
            // The ids of the line before, if a line with the same ones surely belongs to its claim, and the hash of the member. Many
            // lines do, and only the first of them is looked up.
            let mut before: Option<(Ids<'_>, KeyHash)> = None;
            for (n, line) in batch.iter().enumerate() {
                let (ids, number) = (Ids::of(line), (start + n) as u32);
                let is_sure = !line.marks().claim_id_mangled && !ids.member.is_empty();
                let same = before.filter(|(before, _)| is_sure && *before == ids);
                let member = || if ids.member.is_empty() { NO_MEMBER } else { lines.keys.read_id(ids.member) };
                let member = same.map_or_else(member, |(_, member)| member);
                if same.is_none() {
                    add(Row::new(lines.keys.claim_number(line, ids.claim), member, number));
                }
                if let Some(numberless) = numberless.filter(|_| member != NO_MEMBER) {
                    numberless.see(number, line, member);
                }
                before = is_sure.then_some((ids, member));
            }
            Ok(())
        };
        let found = Found {
            claim_of: copies(lines.len(), || AtomicU32::new(AS_BEFORE)),
            members: NoteTaker::new(lines),
            shared: SharedBits::new(lines.len()),
        };
        lines.partitioned_batches(lines.len(), size_of::<(&Row, u32)>(), remember, |rows| {
            let mut members = Vec::new();
            match &rows {
                Entries::Held { partitioned, number } => {
                    let odd = found.plain_numbers(&held(partitioned, *number).collect::<Vec<_>>());
                    let odd = GroupedItems::new(odd.into_iter(), |row| row.number());
                    odd.iter().try_for_each(|rows| found.one_number(&Group::Held(rows), &mut members))?;
                }
                Entries::OnDisk(_) => rows.groups(|of_number| found.one_number(&of_number, &mut members))?,
            }
            found.members.add(&mut members)
        })?;
        let mut claim_of: Vec<u32> = found.claim_of.into_iter().map(AtomicU32::into_inner).collect();
        let several = SharedBits::new(claim_of.len());
        // The first line of a batch was looked up.
        let starts = lines.starts.par_iter().zip(lines.by_batch(&mut claim_of));
        starts.for_each(|(start, claims)| {
            let mut before = *start as u32;
            for (line, claim) in (*start as u32..).zip(claims) {
                if *claim == AS_BEFORE {
                    *claim = before;
                }
                before = *claim;
                if before != line && !several.contains(before) {
                    several.insert(before);
                }
            }
        });
        let (several, shared) = (several.finish(), found.shared.finish());
        Ok(Self { claim_of, several, members: found.members.finish()?, shared })
    }

    /// Has the claim of the line other lines, too?
    pub(crate) fn is_one_of_several(&self, line: usize) -> bool {
        self.several.contains(self.claim_of[line])
    }

    /// Is the line the first of its claim?
    pub(crate) fn is_first(&self, line: u32) -> bool {
        self.claim_of[line as usize] == line
    }
}

impl Found {
    /// Finds the claims of all claim numbers of which each row names the same member, as nearly all do. Returns the rows of the others.
    fn plain_numbers<'r>(&self, rows: &[&'r Row]) -> Vec<&'r Row> {
        // The first row of each number, by its place, which takes less memory than the number.
        let mut firsts = hashbrown::HashTable::<u32>::with_capacity(rows.len());
        let mut odd: FxHashSet<KeyHash> = FxHashSet::default();
        let number = |place: &u32| rows[*place as usize].number();
        for (place, row) in (0..).zip(rows) {
            let own = row.number();
            let entry = firsts.entry(own as u64, |other| number(other) == own, |other| number(other) as u64);
            let first = rows[*entry.or_insert(place).get() as usize];
            let is_first = first.line == row.line;
            if !is_first && (first.member != row.member || row.member().is_none()) {
                odd.insert(own);
            }
            self.set(row.line, first.line);
        }
        if odd.is_empty() {
            Vec::new()
        } else {
            rows.iter().copied().filter(|row| odd.contains(&row.number())).collect()
        }
    }

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
