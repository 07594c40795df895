//! The index: finds which lines of a run belong together, and what became of each line over the life of its claim.
//!
//! The rows of a claim can be anywhere, even in several files, so nothing is judged before everything was read. The index
//! makes partitioned passes over the lines and keeps a few bytes for each line, never its cells:
//!
//! 1. [`survey`](mod@survey) reads what each line says by itself.
//! 2. [`identity`] finds the lines of each claim, and [`named`] the claims that rows name.
//! 3. [`reversals`] and [`versions`] decide the bin of each line.
//! 4. [`facts`](mod@facts) fills in values from other live lines of the claim. Later steps see the filled lines.
//! 5. [`stays`], [`parties`] with [`sessions`], and [`numbers`] find services, encounters and sessions, and count units.
//!
//! # Sub-rooms, in order
//!
//! - [`line_hash`]: hashes of claims, members, encounters and equal lines.
//! - [`service`]: what the index knows of a row: its bin, its service, and what bears on the service.
//! - [`bits`]: sets of lines.
//! - [`groups`]: entries with one key, sorted on disk if memory does not hold them.
//! - [`partition`](mod@partition): passes over all lines, partitioned by key.
//! - [`survey`](mod@survey): what each line is by itself.
//! - [`notes`]: values of services, kept by batch, on disk if memory does not hold them.
//! - [`numberless`]: lines that may be in the session of a service without an authorization number.
//! - [`identity`]: which rows are one claim.
//! - [`named`]: which claims a row names as its original.
//! - [`taken_back`]: what reversals are compared with.
//! - [`reversals_on_disk`]: rows that take something back, among more rows of a service than memory holds.
//! - [`reversals`]: rows that take something back.
//! - [`versions`]: duplicates, decided pending rows, older and superseded versions.
//! - [`facts`](mod@facts): what a row leaves empty and another row of its claim states.
//! - [`earlier_codes`]: the codes of earlier related rows of a claim.
//! - [`latest`]: whether one of many spans of days reaches a day.
//! - [`stays`]: claims with a listed ICD-10-PCS code.
//! - [`visit`]: a live line or a stay of a member.
//! - [`sessions`]: what other claims of a member say about the same treatment.
//! - [`sessions_on_disk`]: the same for members with more services than memory holds.
//! - [`numbers`]: units counted on each authorization number.
//! - [`parties`]: brings together the live lines of each member.
//! - [`line_set`]: the lines of a part with what the index knows of them.
//! - [`related`]: which lines bear on a line.

pub(crate) mod bits;
pub(crate) mod groups;
pub(crate) mod line_hash;
pub(crate) mod notes;
pub(crate) mod partition;
pub(crate) mod survey;

pub(crate) mod identity;
pub(crate) mod named;
pub(crate) mod numberless;

pub mod service;

pub(crate) mod reversals;
pub(crate) mod reversals_on_disk;
pub(crate) mod taken_back;
pub(crate) mod versions;

pub mod facts;

pub(crate) mod earlier_codes;
pub(crate) mod latest;
pub(crate) mod numbers;
pub(crate) mod parties;
pub(crate) mod sessions;
pub(crate) mod sessions_on_disk;
pub(crate) mod stays;
pub(crate) mod visit;

pub mod line_set;
pub(crate) mod related;

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use rust_decimal::Decimal;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::claim::index::bits::Bits;
use crate::claim::index::facts::{Facts, claims_to_fill};
use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::Keys;
use crate::claim::index::line_set::{LineSet, Relations};
use crate::claim::index::named::NamedClaims;
use crate::claim::index::notes::{Notes, NotesInOrder};
use crate::claim::index::numberless::{Asking, Numberless, are_many};
use crate::claim::index::numbers::UnitsOnNumbers;
use crate::claim::index::parties::Parties;
use crate::claim::index::partition::{LINES_AT_A_TIME, Lines};
use crate::claim::index::service::{
    AskedOfMember, Bin, Encounter, Kind, PolicyLists, Service, ServiceMoney, SessionFacts, Stay, cpt_service, days,
};
use crate::claim::index::stays::Stays;
use crate::claim::index::survey::{BatchTraits, Traits, survey};
use crate::claim::line::{Batch, Line};
use crate::claim::store::Store;
use crate::claim::value::code_set::CodeSet;
use crate::claim::value::setting::{ClaimForm, SettingTable};

/// The results of all passes.
#[derive(Debug)]
pub struct Index {
    batches: Vec<BatchTraits>,
    bins: Vec<Bin>,
    relations: Arc<Relations>,
    parties: Parties,
    stays: Stays,
    units_on_numbers: UnitsOnNumbers,
    /// By related line, as if it were a service.
    earlier_codes: Notes<CodeSet>,
    facts: Facts,
    orphans: Bits,
    unmatched: Bits,
    settings: SettingTable,
}

/// What a run asks beyond the rows of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// About the other services of a member.
    pub of_member: AskedOfMember,
    /// The units of all services with the same authorization number.
    pub units_on_numbers: bool,
}

impl Index {
    /// Indexes all lines. `memory` is the number of bytes that one pass may take; with less memory, the lines are read more
    /// often. Fails if spooled lines cannot be read.
    pub fn new(store: &Store, policy: PolicyLists<'_>, memory: usize, asked: Asked) -> io::Result<Self> {
        let lines = Lines { store, starts: store.starts(), keys: Keys::new(), memory, fill: None };
        let asks_numbers = asked.of_member == AskedOfMember::Numbers;
        // Beyond the number that is too many, no more are looked for.
        let kept = AtomicUsize::new(0);
        let (traits, noted) = survey(&lines, policy.codes, |start, batch, traits| {
            let of_batch = BatchTraits::of(batch);
            if !asks_numbers || are_many(kept.load(Ordering::Relaxed), store.len()) {
                return (of_batch, Vec::new());
            }
            let asking = Asking::of_batch(start, batch, traits, &lines.keys);
            kept.fetch_add(asking.len(), Ordering::Relaxed);
            (of_batch, asking)
        })?;
        let (batches, asking): (Vec<_>, Vec<_>) = noted.into_iter().unzip();
        let numberless = if asks_numbers { Numberless::new(&traits, asking.concat()) } else { None };
        let identity = Identity::find(&lines, numberless.as_ref())?;
        let named = NamedClaims::find(&lines, &traits, &identity)?;
        let bin = |traits: &Traits| if traits.is_listed() { Bin::InScope } else { Bin::Related };
        let mut bins: Vec<Bin> = traits.par_iter().with_min_len(LINES_AT_A_TIME).map(bin).collect();
        let reversals = reversals::find(&lines, &traits, &identity, &named, &mut bins)?;
        versions::duplicates(&lines, &traits, &identity, &mut bins)?;
        let decided = versions::decided(&lines, &traits, &identity, &bins)?;
        let older = versions::older(&lines, &traits, &identity, &bins)?;
        let orphans = versions::supersede(&traits, &identity, &named, &[decided, older], &mut bins);
        let unequal = claims_to_fill(&traits, &identity, &bins);
        let facts = Facts::find(&lines, &traits, &identity, &bins, &unequal)?;
        let fill = |first: usize, batch: &Batch| {
            Ok(facts.of(first..first + batch.len())?.filled(first, batch, policy.settings))
        };
        let lines = Lines { fill: Some(&fill), ..lines };
        let stays = Stays::find(&lines, &traits, &identity, &bins, policy.codes)?;
        let earlier_codes = earlier_codes::find(&lines, &identity, &bins)?;
        let may_take_number = |line: u32| unequal.contains(identity.claim_of[line as usize]);
        let only = numberless.map(|numberless| numberless.lines(may_take_number));
        let parties = match asked.of_member {
            AskedOfMember::Nothing => Parties::default(),
            _ => Parties::find(&lines, &identity, &bins, (&stays, policy), only.as_ref())?,
        };
        let units_on_numbers = if asked.units_on_numbers {
            numbers::count(&lines, &bins, &stays, policy)?
        } else {
            UnitsOnNumbers::default()
        };
        Ok(Self {
            batches,
            bins,
            relations: Arc::new(Relations {
                identity,
                named: if lines.in_parts() { NamedClaims::default() } else { named },
                matches: reversals.matches,
            }),
            facts,
            parties,
            stays,
            units_on_numbers,
            earlier_codes,
            orphans,
            unmatched: reversals.unmatched,
            settings: policy.settings.clone(),
        })
    }

    /// What is known of the nth batch as a whole.
    pub(crate) fn batch(&self, n: usize) -> BatchTraits {
        self.batches[n]
    }

    /// The bins of all lines, in order.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// The line set of a batch, or of all lines, of which the first line has the number `first`. Fails if what the index knows
    /// of them cannot be read back.
    pub fn line_set<'a>(
        &self,
        first: usize,
        lines: Cow<'a, Batch>,
        policy: PolicyLists<'_>,
    ) -> io::Result<LineSet<'a>> {
        let range = first..first + lines.len();
        let facts = self.facts.of(range.clone())?;
        let filled = facts.filled(first, &lines, &self.settings);
        let (lines, unfilled) = match filled {
            Some(filled) => (Cow::Owned(filled), Some(lines)),
            None => (lines, None),
        };
        let of_set = |set: &Bits| range.clone().filter(|n| set.contains(*n as u32)).map(|n| n - first).collect();
        let mut set = LineSet {
            bins: self.bins[first..first + lines.len()].to_vec(),
            orphans: of_set(&self.orphans),
            unmatched: of_set(&self.unmatched),
            claims_at_risk: FxHashSet::default(),
            earlier_codes: FxHashMap::default(),
            services: Vec::with_capacity(lines.len()),
            stays: Vec::new(),
            first,
            relations: Arc::clone(&self.relations),
            facts,
            unfilled,
            lines,
        };
        let mut known = Known {
            encounters: self.parties.encounters.of(range.clone())?,
            units_so_far: self.parties.units_so_far.of(range.clone())?,
            sessions: self.parties.sessions.of(range.clone())?,
            units_on_numbers: self.units_on_numbers.of(range.clone())?,
        };
        let (mut stays, mut earlier_codes) = (self.stays.of(range.clone())?, self.earlier_codes.of(range)?);
        for (n, line) in set.lines.iter().enumerate() {
            let number = (first + n) as u32;
            if let Some(codes) = earlier_codes.next((number, false)) {
                set.earlier_codes.insert(n, codes);
            }
            let stay = stays.next((number, true));
            if let Some(cpt) = cpt_service(set.bins[n], line, policy.codes) {
                let service = self.service(number, n, line, (Kind::Line(cpt), stay.as_ref()), &mut known);
                set.services.push(service);
            }
            if let Some(stay) = stay {
                let kind = Kind::Stay(set.stays.len());
                let service = self.service(number, n, line, (kind, Some(&stay)), &mut known);
                set.services.push(service);
                set.stays.push(stay);
            }
        }
        Ok(set)
    }

    /// The service of this kind on a line. `stay` is the stay that starts on the line.
    #[inline]
    fn service(
        &self,
        number: u32,
        n: usize,
        line: Line<'_>,
        (kind, stay): (Kind, Option<&Stay>),
        known: &mut Known,
    ) -> Service {
        let is_stay = matches!(kind, Kind::Stay(_));
        let key = (number, is_stay);
        let claim = self.relations.identity.claim_of[number as usize];
        let units = if is_stay { Decimal::ONE } else { line.units };
        let alone = || Encounter::alone(is_stay, CodeSet::from_ids(line.known), line.marks().assistant);
        let money = match stay {
            Some(stay) if is_stay => ServiceMoney::OfStay(stay.money),
            Some(_) => ServiceMoney::InStay,
            None if line.form != ClaimForm::Professional && self.stays.is_stay(claim) => ServiceMoney::InStay,
            None => ServiceMoney::OfLine,
        };
        Service {
            line: n,
            kind,
            claim,
            claim_shared: self.relations.identity.shared.contains(claim),
            days: days(line, is_stay),
            encounter: known.encounters.next(key).unwrap_or_else(alone),
            units_so_far: known.units_so_far.next(key).unwrap_or(units),
            shown: known.sessions.next(key).map(Box::new),
            money,
            units,
            units_on_numbers: std::iter::from_fn(|| known.units_on_numbers.next(key)).collect(),
        }
    }
}

/// What the index knows of the services of a part, in their order.
struct Known {
    encounters: NotesInOrder<Encounter>,
    units_so_far: NotesInOrder<Decimal>,
    sessions: NotesInOrder<SessionFacts>,
    units_on_numbers: NotesInOrder<(u16, Decimal)>,
}
