//! Groups the live lines of each member into encounters, counts the units of each encounter, and finds the sessions of the
//! services.
//!
//! One pass partitions all live lines by member, so that one thread sees all lines of a member. Lines without a member are
//! partitioned by claim; they form encounters but no sessions.

use std::io;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::claim::index::bits::Bits;
use crate::claim::index::groups::{BigGroup, Group, Keyed};
use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::index::notes::{KEPT_AT_A_TIME, NoteTaker, Notes};
use crate::claim::index::partition::{Lines, count};
use crate::claim::index::service::{Bin, Encounter, PolicyLists, ServiceKey, SessionFacts, cpt_service};
use crate::claim::index::stays::Stays;
use crate::claim::index::visit::{EncounterKey, Visit};
use crate::claim::index::{sessions, sessions_on_disk};
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
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    party: KeyHash,
    units: Decimal,
    /// For a line, `codes` are its known codes; for a stay, the listed codes of its claim.
    visit: Visit,
}

impl Keyed for Entry {
    type Order = (EncounterKey, ServiceKey);

    fn key(&self) -> KeyHash {
        self.party
    }

    fn order(&self) -> (EncounterKey, ServiceKey) {
        (self.visit.encounter_key(), self.visit.key())
    }
}

/// What was found of a partition and is not yet kept with the rest.
struct Found<'t> {
    takers: &'t NoteTakers,
    encounters: Vec<(ServiceKey, Encounter)>,
    units_so_far: Vec<(ServiceKey, Decimal)>,
    sessions: Vec<(ServiceKey, SessionFacts)>,
}

/// Collects what all partitions find.
struct NoteTakers {
    encounters: NoteTaker<Encounter>,
    units_so_far: NoteTaker<Decimal>,
    sessions: NoteTaker<SessionFacts>,
}

impl<'t> Found<'t> {
    fn new(takers: &'t NoteTakers) -> Self {
        Self { takers, encounters: Vec::new(), units_so_far: Vec::new(), sessions: Vec::new() }
    }

    /// Hands everything to the takers if it is much.
    fn keep_if_much(&mut self) -> io::Result<()> {
        let most = self.encounters.len().max(self.units_so_far.len()).max(self.sessions.len());
        if most > KEPT_AT_A_TIME { self.keep() } else { Ok(()) }
    }

    /// Hands everything to the takers.
    fn keep(&mut self) -> io::Result<()> {
        self.takers.encounters.add(&mut self.encounters)?;
        self.takers.units_so_far.add(&mut self.units_so_far)?;
        self.takers.sessions.add(&mut self.sessions)
    }
}

impl Parties {
    /// Groups the live lines. If `only` is given, these are all lines of some sessions, and nothing but the sessions is found.
    pub(crate) fn find(
        lines: &Lines<'_>,
        identity: &Identity,
        bins: &[Bin],
        (stays, policy): (&Stays, PolicyLists<'_>),
        only: Option<&Bits>,
    ) -> io::Result<Self> {
        let is_wanted = |line: usize| bins[line].is_live() && only.is_none_or(|only| only.contains(line as u32));
        let is_cpt = |id: &CodeId| policy.codes.get(*id).listed && policy.codes.get(*id).system == System::Cpt;
        let listed: Vec<CodeId> = policy.codes.iter().map(|(id, _)| id).filter(is_cpt).collect();
        let remember = |start: usize, batch: &Batch, add: &mut dyn FnMut(Entry)| {
            let mut stays = stays.of(start..start + batch.len())?;
            let wanted: Vec<usize> = (0..batch.len()).filter(|n| is_wanted(start + n)).collect();
            batch.each_of(&wanted, |n, line| {
                let (number, claim) = ((start + n) as u32, identity.claim_of[start + n]);
                let member = lines.keys.member(line);
                let cpt = cpt_service(bins[start + n], line, policy.codes);
                let entry = Entry {
                    party: member.unwrap_or_else(|| Keys::claim(claim)),
                    units: line.units,
                    visit: Visit::of_line(number, claim, line, cpt, &lines.keys),
                };
                if let Some(stay) = stays.next((number, true)) {
                    let visit = Visit::of_stay(number, claim, line, CodeSet::from_ids(&stay.codes), &lines.keys);
                    let stay = Entry { visit, ..entry };
                    add(entry);
                    add(stay);
                } else {
                    add(entry);
                }
            });
            Ok(())
        };
        let live = count(lines.len(), is_wanted);
        let most = if live == 0 { 0 } else { live + stays.len() };
        let beside = size_of::<(&Entry, u32, u32)>();
        let takers = NoteTakers {
            encounters: NoteTaker::new(lines),
            units_so_far: NoteTaker::new(lines),
            sessions: NoteTaker::new(lines),
        };
        lines.partitioned_batches(most, beside, remember, |entries| {
            let mut found = Found::new(&takers);
            let mut counter = Counter {
                order: Vec::new(),
                encounter: Encounter::default(),
                running: vec![Decimal::ZERO; listed.len()],
                listed: &listed,
            };
            let mut visits = Vec::new();
            entries.groups(|party| match party {
                // A line that is alone with its member has nothing to be compared with.
                Group::Held([_]) => Ok(()),
                Group::Held(party) if only.is_some() && !may_lack_a_number(party) => Ok(()),
                Group::Held(party) => {
                    visits.clear();
                    visits.extend(party.iter().map(|entry| entry.visit));
                    counter.count(party, &mut visits, &mut found);
                    if party[0].visit.has_member {
                        visits.retain(Visit::has_session);
                        sessions::find(&mut visits, &mut found.sessions);
                    }
                    found.keep_if_much()
                }
                Group::OnDisk(party) => counter.count_on_disk(party, &mut found),
            })?;
            found.keep()
        })?;
        let NoteTakers { encounters, units_so_far, sessions } = takers;
        if only.is_some() {
            return Ok(Self { sessions: sessions.finish()?, ..Self::default() });
        }
        Ok(Self {
            encounters: encounters.finish()?,
            units_so_far: units_so_far.finish()?,
            sessions: sessions.finish()?,
        })
    }
}

/// Do lines of one claim carry an authorization number, and lines of another one none?
fn may_lack_a_number(party: &[&Entry]) -> bool {
    let claim = party[0].visit.claim;
    let carry = |number: bool| party.iter().any(|entry| entry.visit.carries_number == number);
    party.iter().any(|entry| entry.visit.claim != claim) && carry(true) && carry(false)
}

/// Counts the encounters of one party after another, and keeps its buffers.
struct Counter<'a> {
    /// Indexes into the party, sorted by encounter.
    order: Vec<u32>,
    /// The encounter that is counted.
    encounter: Encounter,
    /// The units of each listed code so far.
    running: Vec<Decimal>,
    /// The listed CPT codes.
    listed: &'a [CodeId],
}

impl Counter<'_> {
    /// Forms the encounters of one party and counts the units of each listed CPT code in each encounter. `visits` holds the
    /// visit of each entry of the party; `count` sets their encounter numbers.
    fn count(&mut self, party: &[&Entry], visits: &mut [Visit], found: &mut Found<'_>) {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(0..party.len() as u32);
        let of = |place: &u32| party[*place as usize];
        // The sort is stable, so lines of an encounter stay in input order.
        order.sort_by_key(|place| of(place).visit.encounter_key());
        let is_same = |one: &u32, other: &u32| of(one).visit.encounter_key() == of(other).visit.encounter_key();
        for (number, places) in (0..).zip(order.chunk_by(is_same)) {
            self.start();
            for place in places {
                visits[*place as usize].encounter = number;
                self.add(of(place), found);
            }
            for place in places {
                self.note(&of(place).visit, found);
            }
        }
        self.order = order;
    }

    /// Does the work of [`Counter::count`] for a party on disk, of which one reader is at the end of an encounter and another one
    /// at its start, and finds its sessions.
    fn count_on_disk(&mut self, party: &BigGroup<Entry>, found: &mut Found<'_>) -> io::Result<()> {
        let (mut ahead, mut behind) = (party.iter().peekable(), party.iter());
        let mut services = party.room.sorter();
        let mut number = 0;
        while let Some(first) = ahead.next() {
            let first = first?;
            let key = first.visit.encounter_key();
            self.start();
            self.add(&first, found);
            let mut count = 1;
            let is_same =
                |next: &io::Result<Entry>| next.as_ref().map_or(true, |next| next.visit.encounter_key() == key);
            while let Some(next) = ahead.next_if(is_same) {
                self.add(&next?, found);
                found.keep_if_much()?;
                count += 1;
            }
            for entry in behind.by_ref().take(count) {
                let Entry { mut visit, .. } = entry?;
                visit.encounter = number;
                self.note(&visit, found);
                found.keep_if_much()?;
                if visit.has_member && visit.has_session() {
                    services.push((visit.first, visit.key()), visit)?;
                }
            }
            number += 1;
        }
        let services = services.finish()?.map(|next| next.map(|(_, visit)| visit));
        sessions_on_disk::find(services, &party.room, &mut |service, session| {
            found.sessions.push((service, session));
            found.keep_if_much()
        })
    }

    /// Starts with the next encounter.
    fn start(&mut self) {
        self.encounter = Encounter::default();
        self.running.fill(Decimal::ZERO);
    }

    /// Adds the next entry of the encounter, in input order.
    fn add(&mut self, Entry { visit, units, .. }: &Entry, found: &mut Found<'_>) {
        if visit.is_stay {
            return;
        }
        let own = own_encounter(visit);
        self.encounter.codes = self.encounter.codes.with(own.codes);
        self.encounter.principal_codes = self.encounter.principal_codes.with(own.principal_codes);
        if visit.is_assistant {
            return;
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

    /// Notes the encounter of a service once all of its entries were added, if it is not the one of a line alone.
    fn note(&self, visit: &Visit, found: &mut Found<'_>) {
        if visit.is_service() && own_encounter(visit) != self.encounter {
            found.encounters.push((visit.key(), self.encounter));
        }
    }
}

/// The encounter of a visit if no other line belonged to it.
fn own_encounter(visit: &Visit) -> Encounter {
    Encounter::alone(visit.is_stay, visit.codes, visit.is_assistant)
}
