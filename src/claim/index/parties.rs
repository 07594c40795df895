//! Groups the live lines of each member into encounters, counts the units of each encounter, and finds the sessions of the
//! services.
//!
//! One pass partitions all live lines by member, so that one thread sees all lines of a member. Lines without a member are
//! partitioned by claim; they form encounters but no sessions.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::index::partition::{Bits, Keyed, Lines};
use crate::claim::index::service::{Bin, Encounter, PolicyLists, ServiceKey, cpt_service};
use crate::claim::index::sessions::{self, Session, Visit};
use crate::claim::index::stays::Stays;
use crate::claim::line::Batch;
use crate::claim::value::code::{CodeId, System};
use crate::claim::value::code_set::CodeSet;

/// Encounters, units and sessions of all services.
#[derive(Debug, Default)]
pub(crate) struct Parties {
    /// For each line, the codes of its encounter: all of them, then those without assistants and co-surgeons. Stored by line,
    /// so that judging reads them in order.
    encounters: Vec<[AtomicU64; 2]>,
    /// Running units of a line's code in its encounter, including the line, if they differ from the line's own units.
    pub(crate) units_so_far: FxHashMap<u32, Decimal>,
    /// The findings of sessions, for services whose session shows anything.
    pub(crate) sessions: FxHashMap<ServiceKey, Session>,
    /// The lines with units or a session in these tables. Few have them, and a bit is read faster than a table.
    noted: Bits,
}

/// A live line, or the stay that starts on it.
struct Entry {
    party: KeyHash,
    units: Decimal,
    /// For a line, `codes` are its known codes; for a stay, the listed codes of its claim.
    visit: Visit,
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
        let encounters: Vec<[AtomicU64; 2]> = bins.iter().map(|_| <[AtomicU64; 2]>::default()).collect();
        let remember = |start: usize, batch: &Batch, add: &mut dyn FnMut(Entry)| {
            for (n, line) in batch.iter().enumerate().filter(|(n, _)| bins[start + n].is_live()) {
                let (number, claim) = ((start + n) as u32, identity.claim_of[start + n]);
                let member = lines.keys.member(line);
                let cpt = cpt_service(bins[start + n], line, policy.codes).filter(is_cpt);
                let entry = Entry {
                    party: member.unwrap_or_else(|| Keys::claim(claim)),
                    units: line.units,
                    visit: Visit::of_line(number, claim, line, cpt, &lines.keys),
                    has_member: member.is_some(),
                };
                if let Some(stay) = stays.at(number) {
                    let visit = Visit::of_stay(number, claim, line, CodeSet::from_ids(&stay.codes), &lines.keys);
                    let stay = Entry { visit, ..entry };
                    add(entry);
                    add(stay);
                } else {
                    add(entry);
                }
            }
        };
        let live = bins.iter().filter(|bin| bin.is_live()).count() + stays.len();
        let beside = size_of::<(&Entry, u32, u32)>();
        let found = lines.partitioned_batches(live, beside, remember, |entries| {
            let mut found = Found::default();
            let mut counter =
                Counter { order: Vec::new(), running: vec![Decimal::ZERO; listed.len()], listed: &listed };
            let mut visits = Vec::new();
            for party in entries.groups().iter() {
                visits.clear();
                visits.extend(party.iter().map(|entry| entry.visit));
                counter.count(party, &mut visits, &encounters, &mut found.units_so_far);
                if party.len() > 1 && party[0].has_member {
                    visits.retain(Visit::has_session);
                    sessions::find(&mut visits, &mut found.sessions);
                }
            }
            found
        })?;
        let mut parties = Self { encounters, noted: Bits::new(bins.len()), ..Self::default() };
        for part in found {
            let lines = part.units_so_far.iter().map(|(line, _)| *line);
            for line in lines.chain(part.sessions.iter().map(|((line, _), _)| *line)) {
                parties.noted.insert(line);
            }
            parties.units_so_far.extend(part.units_so_far);
            parties.sessions.extend(part.sessions);
        }
        Ok(parties)
    }

    /// May the line have units or a session in the tables?
    pub(crate) fn has_notes(&self, line: u32) -> bool {
        self.noted.contains(line)
    }

    /// The encounter of a live line.
    pub(crate) fn encounter(&self, line: u32) -> Encounter {
        let [codes, principal_codes] = &self.encounters[line as usize];
        let codes_in = |set: &AtomicU64| CodeSet::from_bits(set.load(Ordering::Relaxed));
        Encounter { codes: codes_in(codes), principal_codes: codes_in(principal_codes) }
    }
}

/// Counts the encounters of one party after another, and keeps its buffers.
struct Counter<'a> {
    /// Indexes into the party, sorted by encounter.
    order: Vec<u32>,
    /// The units of each listed code so far.
    running: Vec<Decimal>,
    /// The listed CPT codes.
    listed: &'a [CodeId],
}

impl Counter<'_> {
    /// Forms the encounters of one party and counts the units of each listed CPT code in each encounter. `visits` holds the
    /// visit of each entry of the party; `count` sets their encounter numbers.
    fn count(
        &mut self,
        party: &[&Entry],
        visits: &mut [Visit],
        encounters: &[[AtomicU64; 2]],
        units_so_far: &mut Vec<(u32, Decimal)>,
    ) {
        self.order.clear();
        self.order.extend(0..party.len() as u32);
        let of = |place: &u32| party[*place as usize];
        // The sort is stable, so lines of an encounter stay in input order.
        self.order.sort_by_key(|place| of(place).visit.encounter_key());
        let is_same = |one: &u32, other: &u32| of(one).visit.encounter_key() == of(other).visit.encounter_key();
        for (number, places) in (0..).zip(self.order.chunk_by(is_same)) {
            let mut encounter = Encounter::default();
            self.running.fill(Decimal::ZERO);
            for place in places {
                visits[*place as usize].encounter = number;
                let Entry { visit, units, .. } = of(place);
                if visit.is_stay {
                    continue;
                }
                encounter.codes = encounter.codes.with(visit.codes);
                if visit.is_assistant {
                    continue;
                }
                encounter.principal_codes = encounter.principal_codes.with(visit.codes);
                let column = visit.cpt.and_then(|cpt| self.listed.iter().position(|id| *id == cpt));
                if let Some(column) = column {
                    let sum = &mut self.running[column];
                    *sum = sum.saturating_add(*units);
                    if *sum != *units {
                        units_so_far.push((visit.line, *sum));
                    }
                }
            }
            for visit in places.iter().map(|place| &of(place).visit) {
                let [codes, principal_codes] = &encounters[visit.line as usize];
                codes.store(encounter.codes.bits(), Ordering::Relaxed);
                principal_codes.store(encounter.principal_codes.bits(), Ordering::Relaxed);
            }
        }
    }
}
