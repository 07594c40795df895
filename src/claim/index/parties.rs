//! Groups the live lines of each member into encounters, counts the units of each encounter, and finds the sessions of the
//! services.
//!
//! One pass partitions all live lines by member, so that one thread sees all lines of a member. Lines without a member are
//! partitioned by claim; they form encounters but no sessions.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::KeyHash;
use crate::claim::index::partition::{Keyed, Lines};
use crate::claim::index::service::{Bin, Encounter, PolicyLists, ServiceKey, cpt_service};
use crate::claim::index::sessions::{self, Session, Visit};
use crate::claim::index::stays::Stays;
use crate::claim::line::Batch;
use crate::claim::value::code::{CodeId, System};
use crate::claim::value::code_set::CodeSet;

/// Encounters, units and sessions of all services.
#[derive(Debug, Default)]
pub(crate) struct Parties {
    /// The encounter of each live line.
    pub(crate) encounter_of: Vec<u32>,
    pub(crate) encounters: Vec<Encounter>,
    /// Running units of a line's code in its encounter, including the line, if they differ from the line's own units.
    pub(crate) units_so_far: FxHashMap<u32, Decimal>,
    /// The findings of sessions, for services whose session shows anything.
    pub(crate) sessions: FxHashMap<ServiceKey, Session>,
}

/// A live line, or the stay that starts on it.
struct Entry {
    party: KeyHash,
    encounter: KeyHash,
    /// Known codes of the row; for a stay, the listed codes of its claim.
    codes: CodeSet,
    units: Decimal,
    visit: Visit,
    /// Index of its code among the listed CPT codes, if it is a CPT service.
    column: Option<u8>,
    has_member: bool,
}

impl Keyed for Entry {
    fn key(&self) -> KeyHash {
        self.party
    }
}

/// The result of one partition.
#[derive(Default)]
struct Found {
    encounters: Vec<Encounter>,
    /// Lines with their encounters.
    lines: Vec<u32>,
    units_so_far: Vec<(u32, Decimal)>,
    sessions: Vec<(ServiceKey, Session)>,
}

impl Parties {
    /// Groups the live lines.
    pub(crate) fn find(
        lines: &Lines<'_>,
        identity: &Identity,
        bins: &[Bin],
        stays: &Stays,
        policy: PolicyLists<'_>,
    ) -> io::Result<Self> {
        let is_cpt = |id: &CodeId| policy.codes.get(*id).listed && policy.codes.get(*id).system == System::Cpt;
        let listed: Vec<CodeId> = policy.codes.iter().map(|(id, _)| id).filter(is_cpt).collect();
        let encounter_of: Vec<AtomicU32> = bins.iter().map(|_| AtomicU32::new(0)).collect();
        let remember = |start: usize, batch: &Batch, add: &mut dyn FnMut(Entry)| {
            for (n, line) in batch.iter().enumerate().filter(|(n, _)| bins[start + n].is_live()) {
                let (number, claim) = ((start + n) as u32, identity.claim_of[start + n]);
                let member = lines.keys.member(line);
                let entry = |is_stay: bool, codes: CodeSet, column: Option<u8>| Entry {
                    party: member.unwrap_or_else(|| lines.keys.hash(("claim", claim))),
                    encounter: lines.keys.encounter(line),
                    codes,
                    units: line.units,
                    visit: Visit::new(number, claim, line, is_stay, codes, &lines.keys),
                    column,
                    has_member: member.is_some(),
                };
                let cpt = cpt_service(bins[start + n], line, policy.codes);
                let column = cpt.and_then(|cpt| listed.iter().position(|id| *id == cpt)).map(|place| place as u8);
                add(entry(false, CodeSet::from_ids(line.known), column));
                if let Some(stay) = stays.at(number) {
                    add(entry(true, CodeSet::from_ids(&stay.codes), None));
                }
            }
        };
        let live = bins.iter().filter(|bin| bin.is_live()).count() + stays.len();
        let beside = size_of::<(&Entry, u32, u32)>() + size_of::<(Encounter, u32)>();
        let found = lines.partitioned_batches(live, beside, remember, |entries| {
            let mut found = Found::default();
            let (mut rows, mut running) = (Vec::new(), vec![Decimal::ZERO; listed.len()]);
            for party in entries.groups().iter() {
                count_encounters(party, &mut rows, &mut running, &encounter_of, &mut found);
                if party.len() > 1 && party[0].has_member {
                    let visits: Vec<Visit> = party.iter().filter_map(|entry| entry.visit(&encounter_of)).collect();
                    found.sessions.extend(sessions::find(&visits));
                }
            }
            found
        })?;
        let mut parties = Self::default();
        for part in found {
            let before = parties.encounters.len() as u32;
            for line in part.lines {
                encounter_of[line as usize].fetch_add(before, Ordering::Relaxed);
            }
            parties.encounters.extend(part.encounters);
            parties.units_so_far.extend(part.units_so_far);
            parties.sessions.extend(part.sessions);
        }
        parties.encounter_of = encounter_of.into_iter().map(AtomicU32::into_inner).collect();
        Ok(parties)
    }
}

impl Entry {
    /// The service with its encounter, if it is one and its date can be read.
    fn visit(&self, encounter_of: &[AtomicU32]) -> Option<Visit> {
        let is_service = self.visit.is_stay || self.column.is_some();
        let encounter = encounter_of[self.visit.line as usize].load(Ordering::Relaxed);
        (is_service && self.visit.has_date).then(|| self.visit.in_encounter(encounter))
    }
}

/// Forms the encounters of one member or claim, and counts the units of each listed CPT code in each encounter. `rows` and
/// `running` are reused buffers.
fn count_encounters<'e>(
    party: &[&'e Entry],
    rows: &mut Vec<&'e Entry>,
    running: &mut [Decimal],
    encounter_of: &[AtomicU32],
    found: &mut Found,
) {
    rows.clear();
    rows.extend(party.iter().filter(|entry| !entry.visit.is_stay));
    // The sort is stable, so lines of an encounter stay in input order.
    rows.sort_by_key(|entry| entry.encounter);
    for of_encounter in rows.chunk_by(|one, other| one.encounter == other.encounter) {
        let mut encounter = Encounter::default();
        running.fill(Decimal::ZERO);
        for entry in of_encounter {
            let line = entry.visit.line;
            encounter_of[line as usize].store(found.encounters.len() as u32, Ordering::Relaxed);
            found.lines.push(line);
            encounter.codes = encounter.codes.with(entry.codes);
            if entry.visit.is_assistant {
                continue;
            }
            encounter.principal_codes = encounter.principal_codes.with(entry.codes);
            if let Some(column) = entry.column {
                let sum = &mut running[usize::from(column)];
                *sum = sum.saturating_add(entry.units);
                if *sum != entry.units {
                    found.units_so_far.push((line, *sum));
                }
            }
        }
        found.encounters.push(encounter);
    }
}
