//! All lines of a run as one universe: duplicates, versions, encounters, stays, and the services to be judged.
//!
//! Lines of a claim may lie anywhere, in several files, so nothing is judged before everything is read. Nothing here
//! knows a rule: the book says what belongs together and what has been taken back.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use jiff::civil::Date;
use rayon::prelude::*;
use rust_decimal::Decimal;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::code::{CodeId, CodeTable, System};
use super::line::{Line, Text, Version};
use super::setting::ClaimForm;

/// The one bin of the ledger that a line falls in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bin {
    /// Equal to an earlier line.
    Duplicate,
    /// Of a voided or replaced claim, or itself a void.
    Superseded,
    /// Holds a listed code.
    InScope,
    /// Holds only codes that companion rules need.
    Related,
}

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A service line with a listed CPT code.
    Line(CodeId),
    /// A claim with listed ICD-10-PCS codes; the number of its stay in the book.
    Stay(usize),
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Its line: for a stay the first one that holds a listed code.
    pub line: usize,
    /// CPT line or PCS claim.
    pub kind: Kind,
    /// Its encounter.
    pub encounter: usize,
    /// Units of this code in its encounter up to and including this line. One for a stay.
    pub units_so_far: Decimal,
}

/// A claim that carries listed ICD-10-PCS codes.
#[derive(Debug, Clone, Default)]
pub struct Stay {
    /// Its listed codes, distinct, in order of appearance.
    pub codes: Vec<CodeId>,
    /// Every known code of the claim, its related rows included.
    pub all_codes: CodeSet,
    /// More stood in a procedure cell than its code.
    pub composite: bool,
    /// A leading zero was lost.
    pub zero_lost: bool,
}

/// A set of known codes. The policy loader admits at most 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CodeSet(u64);

impl CodeSet {
    /// Adds a code.
    pub fn insert(&mut self, id: CodeId) {
        self.0 |= 1 << id.0;
    }

    /// Have the two sets a code in common?
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Is it in?
    pub fn contains(self, id: CodeId) -> bool {
        self.0 & (1 << id.0) != 0
    }
}

/// Services and related lines of one member, date, claim form and billing provider.
#[derive(Debug, Clone, Copy, Default)]
pub struct Encounter {
    /// All known codes in it.
    pub codes: CodeSet,
}

/// The universe of a run.
#[derive(Debug)]
pub struct Book {
    /// In-scope and related lines in input order.
    pub lines: Vec<Line>,
    /// The bin of each line.
    pub bins: Vec<Bin>,
    /// Lines of frequency 7 or 8 that name nothing and meet nothing (DQ509).
    pub orphans: FxHashSet<usize>,
    /// What is judged, in input order, a line's CPT service before its stay.
    pub services: Vec<Service>,
    /// Stays, by the order of their first lines.
    pub stays: Vec<Stay>,
    /// Encounters.
    pub encounters: Vec<Encounter>,
}

impl Book {
    /// Lays out the universe. `lines` are in input order.
    pub fn new(lines: Vec<Line>, codes: &CodeTable) -> Self {
        let mut bins = duplicates(&lines, codes);
        let orphans = versions(&lines, &mut bins);
        let mut gathered = Gathered::default();
        gathered.gather(&lines, &bins, codes);
        let Gathered { services, stays, encounters } = gathered;
        Self { lines, bins, orphans, services, stays, encounters }
    }
}

#[derive(Default)]
struct Gathered {
    services: Vec<Service>,
    stays: Vec<Stay>,
    encounters: Vec<Encounter>,
}

impl Gathered {
    fn gather(&mut self, lines: &[Line], bins: &[Bin], codes: &CodeTable) {
        let standing = || lines.iter().enumerate().filter(|(i, _)| matches!(bins[*i], Bin::InScope | Bin::Related));
        let of_line = self.meet(lines, bins);
        let mut stays: FxHashMap<&str, usize> = FxHashMap::default();
        // Units so far of each listed code in each encounter, one row of the table an encounter.
        let listed: Vec<CodeId> =
            codes.iter().filter(|(_, k)| k.listed && k.system == System::Cpt).map(|(id, _)| id).collect();
        let mut running = vec![Decimal::ZERO; self.encounters.len() * listed.len()];
        let listed_pcs = |id: CodeId| codes.get(id).listed && codes.get(id).system == System::Pcs;
        for (i, line) in standing() {
            let encounter = of_line[i] as usize;
            for id in &line.known {
                self.encounters[encounter].codes.insert(*id);
            }
            if let Some(column) = line.cpt.and_then(|id| listed.iter().position(|l| *l == id)) {
                let sum = &mut running[encounter * listed.len() + column];
                *sum = sum.saturating_add(line.units);
                self.services.push(Service {
                    line: i,
                    kind: Kind::Line(listed[column]),
                    encounter,
                    units_so_far: *sum,
                });
            }
            if line.known.iter().any(|id| listed_pcs(*id)) {
                let stay = *stays.entry(line.claim_id()).or_insert_with(|| {
                    let stay = self.stays.len();
                    self.stays.push(Stay::default());
                    let kind = Kind::Stay(stay);
                    self.services.push(Service { line: i, kind, encounter, units_so_far: Decimal::ONE });
                    stay
                });
                let stay = &mut self.stays[stay];
                for id in line.known.iter().filter(|id| listed_pcs(**id)) {
                    if !stay.codes.contains(id) {
                        stay.codes.push(*id);
                    }
                }
                stay.composite |= line.marks.composite;
                stay.zero_lost |= line.marks.zero_lost;
            }
        }
        if stays.is_empty() {
            return;
        }
        for (_, line) in standing() {
            if let Some(stay) = stays.get(line.claim_id()) {
                for id in &line.known {
                    self.stays[*stay].all_codes.insert(*id);
                }
            }
        }
    }

    /// The encounter of each line that stands; encounters are numbered by their first lines.
    fn meet(&mut self, lines: &[Line], bins: &[Bin]) -> Vec<u32> {
        let stands = |i: usize| matches!(bins[i], Bin::InScope | Bin::Related);
        let firsts = firsts(lines, stands, EncounterKey::of);
        let mut of_line: Vec<u32> = vec![0; lines.len()];
        for i in (0..lines.len()).filter(|i| stands(*i)) {
            of_line[i] = if firsts[i] == i {
                self.encounters.push(Encounter::default());
                self.encounters.len() as u32 - 1
            } else {
                of_line[firsts[i]]
            };
        }
        of_line
    }
}

/// Two lines that say the same: claim, line number, procedures, date, units, frequency and amounts.
struct Same<'a>(&'a Line);

impl PartialEq for Same<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0, other.0);
        a.claim_id() == b.claim_id()
            && a.text(Text::LineNumber) == b.text(Text::LineNumber)
            && a.date == b.date
            && a.text(Text::BadDate) == b.text(Text::BadDate)
            && a.units == b.units
            && a.text(Text::Frequency) == b.text(Text::Frequency)
            && (a.charge, a.allowed, a.paid) == (b.charge, b.allowed, b.paid)
            && a.procedure_cells().eq(b.procedure_cells())
    }
}

impl Eq for Same<'_> {}

impl Hash for Same<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Enough to tell lines apart; equality looks at the rest.
        self.0.claim_id().hash(state);
        self.0.text(Text::LineNumber).hash(state);
        self.0.charge.hash(state);
    }
}

fn duplicates(lines: &[Line], codes: &CodeTable) -> Vec<Bin> {
    let firsts = firsts(lines, |_| true, Same);
    let bin = |(i, line): (usize, &Line)| {
        if firsts[i] != i {
            Bin::Duplicate
        } else if line.known.iter().any(|id| codes.get(*id).listed) {
            Bin::InScope
        } else {
            Bin::Related
        }
    };
    lines.par_iter().enumerate().map(bin).collect()
}

/// Lines from which on the search for equals is worth more than one thread.
const MANY: usize = 1 << 14;

/// Of each line that counts, the first line with the same key; of the others nothing that means anything. Equal keys have
/// equal hashes, so each thread looks through the lines of its share of the hashes, in the order of the lines.
fn firsts<'a, K: Eq + Hash>(
    lines: &'a [Line],
    counts: impl Fn(usize) -> bool + Sync,
    key: impl Fn(&'a Line) -> K + Sync,
) -> Vec<usize> {
    let hashes: Vec<u64> = lines.par_iter().map(|line| FxBuildHasher.hash_one(key(line))).collect();
    let shares = if lines.len() < MANY { 1 } else { rayon::current_num_threads() as u64 };
    let share_of = |hash: u64| ((hash >> 32) * shares) >> 32;
    let firsts: Vec<AtomicUsize> = (0..lines.len()).map(AtomicUsize::new).collect();
    (0..shares).into_par_iter().for_each(|share| {
        let mut seen: HashTable<usize> = HashTable::with_capacity(lines.len() / shares as usize);
        for i in (0..lines.len()).filter(|i| share_of(hashes[*i]) == share && counts(*i)) {
            let mine = key(&lines[i]);
            match seen.entry(hashes[i], |j| hashes[*j] == hashes[i] && key(&lines[*j]) == mine, |j| hashes[*j]) {
                Entry::Occupied(first) => firsts[i].store(*first.get(), Ordering::Relaxed),
                Entry::Vacant(place) => {
                    place.insert(i);
                }
            }
        }
    });
    firsts.into_iter().map(AtomicUsize::into_inner).collect()
}

/// Marks what voids and replacements take back; returns the versions that name nothing and meet nothing.
fn versions(lines: &[Line], bins: &mut [Bin]) -> FxHashSet<usize> {
    let mut orphans = FxHashSet::default();
    let versioned: Vec<usize> =
        (0..lines.len()).filter(|i| bins[*i] != Bin::Duplicate && lines[*i].version != Version::Original).collect();
    if versioned.is_empty() {
        return orphans;
    }
    let mut of_claim: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (i, line) in lines.iter().enumerate().filter(|(i, _)| bins[*i] != Bin::Duplicate) {
        of_claim.entry(line.claim_id()).or_default().push(i);
    }
    for i in versioned {
        let line = &lines[i];
        if line.version == Version::Void {
            bins[i] = Bin::Superseded;
        }
        let original = line.text(Text::OriginalClaimId);
        let named = (!original.is_empty() && original != line.claim_id()).then_some(original);
        if let Some(rows) = named.and_then(|claim| of_claim.get(claim)) {
            for row in rows {
                bins[*row] = Bin::Superseded;
            }
            continue;
        }
        let mut met = false;
        for row in of_claim.get(line.claim_id()).into_iter().flatten() {
            if lines[*row].text(Text::Frequency) != line.text(Text::Frequency) {
                bins[*row] = Bin::Superseded;
                met = true;
            }
        }
        if !met && named.is_none() {
            orphans.insert(i);
        }
    }
    orphans
}

#[derive(PartialEq, Eq, Hash)]
pub(super) struct EncounterKey<'a> {
    /// The member, or the claim that stands in for an empty one; the two never meet.
    member: Result<&'a str, &'a str>,
    date: Result<Date, &'a str>,
    form: ClaimForm,
    billing_npi: &'a str,
}

impl<'a> EncounterKey<'a> {
    pub(super) fn of(line: &'a Line) -> Self {
        let member = line.text(Text::MemberId);
        Self {
            member: if member.is_empty() { Err(line.claim_id()) } else { Ok(member) },
            date: line.date.ok_or_else(|| line.text(Text::BadDate)),
            form: line.form,
            billing_npi: line.text(Text::BillingNpi),
        }
    }
}
