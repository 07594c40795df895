//! Groups the live lines of each member into encounters, counts the units of each encounter, and finds the sessions of the
//! services.
//!
//! One pass partitions all live lines by member, so that one thread sees all lines of a member. Lines without a member are
//! partitioned by claim; they form encounters but no sessions.

use std::io;

use rust_decimal::Decimal;

use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::index::notes::{NoteTaker, Notes};
use crate::claim::index::partition::{Keyed, Lines};
use crate::claim::index::service::{Bin, Encounter, PolicyLists, ServiceKey, SessionFacts, cpt_service};
use crate::claim::index::sessions::{self, Visit};
use crate::claim::index::stays::Stays;
use crate::claim::line::Batch;
use crate::claim::value::code::{CodeId, System};
use crate::claim::value::code_set::CodeSet;

/// Encounters, units and sessions of all services.
#[derive(Debug, Default)]
pub(crate) struct Parties {
    /// The encounter of each service to which another line belongs, too.
    pub(crate) encounters: Notes<Encounter>,
    /// Running units of a line's code in its encounter, including the line, if they differ from the line's own units.
    pub(crate) units_so_far: Notes<Decimal>,
    /// The findings of sessions, for services whose session shows anything.
    pub(crate) sessions: Notes<SessionFacts>,
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

/// What was found of a partition and is not yet kept with the rest.
struct Found<'t> {
    takers: &'t Takers,
    encounters: Vec<(ServiceKey, Encounter)>,
    units_so_far: Vec<(ServiceKey, Decimal)>,
    sessions: Vec<(ServiceKey, SessionFacts)>,
}

/// Collects what all partitions find.
struct Takers {
    encounters: NoteTaker<Encounter>,
    units_so_far: NoteTaker<Decimal>,
    sessions: NoteTaker<SessionFacts>,
}

/// Services of a partition of which something was found, from which on it is kept with the rest: enough that each batch of a
/// large run gets a few of them at a time, and few enough that they take 12 MiB.
const KEPT_AT_A_TIME: usize = 1 << 16;

impl<'t> Found<'t> {
    fn new(takers: &'t Takers) -> Self {
        Self { takers, encounters: Vec::new(), units_so_far: Vec::new(), sessions: Vec::new() }
    }

    /// Hands everything to the takers.
    fn keep(&mut self) -> io::Result<()> {
        self.takers.encounters.add(&mut self.encounters)?;
        self.takers.units_so_far.add(&mut self.units_so_far)?;
        self.takers.sessions.add(&mut self.sessions)
    }
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
        let remember = |start: usize, batch: &Batch, add: &mut dyn FnMut(Entry)| {
            let mut stays = stays.of(start..start + batch.len())?;
            for (n, line) in batch.iter().enumerate().filter(|(n, _)| bins[start + n].is_live()) {
                let (number, claim) = ((start + n) as u32, identity.claim_of[start + n]);
                let member = lines.keys.member(line);
                let cpt = cpt_service(bins[start + n], line, policy.codes);
                let entry = Entry {
                    party: member.unwrap_or_else(|| Keys::claim(claim)),
                    units: line.units,
                    visit: Visit::of_line(number, claim, line, cpt, &lines.keys),
                    has_member: member.is_some(),
                };
                if let Some(stay) = stays.next((number, true)) {
                    let visit = Visit::of_stay(number, claim, line, CodeSet::from_ids(&stay.codes), &lines.keys);
                    let stay = Entry { visit, ..entry };
                    add(entry);
                    add(stay);
                } else {
                    add(entry);
                }
            }
            Ok(())
        };
        let live = bins.iter().filter(|bin| bin.is_live()).count() + stays.len();
        let beside = size_of::<(&Entry, u32, u32)>();
        let takers = Takers {
            encounters: NoteTaker::new(lines),
            units_so_far: NoteTaker::new(lines),
            sessions: NoteTaker::new(lines),
        };
        let kept = lines.partitioned_batches(live, beside, remember, |entries| {
            let mut found = Found::new(&takers);
            let mut counter =
                Counter { order: Vec::new(), running: vec![Decimal::ZERO; listed.len()], listed: &listed };
            let mut visits = Vec::new();
            // A line that is alone with its member has nothing to be compared with.
            for party in entries.groups().iter().filter(|party| party.len() > 1) {
                visits.clear();
                visits.extend(party.iter().map(|entry| entry.visit));
                counter.count(party, &mut visits, &mut found);
                if party[0].has_member {
                    visits.retain(Visit::has_session);
                    sessions::find(&mut visits, &mut found.sessions);
                }
                if found.encounters.len() > KEPT_AT_A_TIME {
                    found.keep()?;
                }
            }
            found.keep()
        })?;
        kept.into_iter().collect::<io::Result<()>>()?;
        let Takers { encounters, units_so_far, sessions } = takers;
        Ok(Self { encounters: encounters.finish(), units_so_far: units_so_far.finish(), sessions: sessions.finish() })
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
    fn count(&mut self, party: &[&Entry], visits: &mut [Visit], found: &mut Found<'_>) {
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
                let own = own_encounter(visit);
                encounter.codes = encounter.codes.with(own.codes);
                encounter.principal_codes = encounter.principal_codes.with(own.principal_codes);
                if visit.is_assistant {
                    continue;
                }
                let column = visit.cpt.and_then(|cpt| self.listed.iter().position(|id| *id == cpt));
                if let Some(column) = column {
                    let sum = &mut self.running[column];
                    *sum = sum.saturating_add(*units);
                    if *sum != *units {
                        found.units_so_far.push((visit.key(), *sum));
                    }
                }
            }
            let services = places.iter().map(|place| &of(place).visit).filter(|visit| visit.is_service());
            let with_others = services.filter(|visit| own_encounter(visit) != encounter);
            found.encounters.extend(with_others.map(|visit| (visit.key(), encounter)));
        }
    }
}

/// The encounter of a visit if no other line belonged to it.
fn own_encounter(visit: &Visit) -> Encounter {
    Encounter::alone(visit.is_stay, visit.codes, visit.is_assistant)
}
