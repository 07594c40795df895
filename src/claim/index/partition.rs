//! The passes over all lines, batch by batch: what is to be remembered of each, dealt to shares by its key, each share gone
//! through by one thread in the order of the lines. Where memory is short, the lines are passed once for every few shares.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rayon::prelude::*;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::index::line_hash::{Key, Keys};
use crate::claim::index::service::Bin;
use crate::claim::line::{Batch, Line, Text, Version};
use crate::claim::store::Store;
use crate::claim::value::code::{CodeId, CodeTable, System};
use crate::claim::value::code_set::CodeSet;

/// What a line says, to find the lines that say the same.
pub(crate) struct Saying {
    pub(crate) key: Key,
    pub(crate) line: u32,
}

/// A row of a claim of which more must be known: one with versions, or a stay.
pub(crate) struct Row {
    pub(crate) line: u32,
    pub(crate) frequency: Key,
    pub(crate) codes: CodeSet,
}

/// A replacement or void.
pub(crate) struct Versioned {
    pub(crate) line: u32,
    pub(crate) void: bool,
    pub(crate) claim: Key,
    pub(crate) frequency: Key,
    /// The other claim that it names.
    pub(crate) named: Option<Key>,
}

/// A line with listed ICD-10-PCS codes.
pub(crate) struct Inpatient {
    pub(crate) line: u32,
    pub(crate) claim: Key,
    pub(crate) codes: Box<[CodeId]>,
    pub(crate) composite: bool,
    pub(crate) zero_lost: bool,
}

/// What the first look at the lines finds.
#[derive(Default)]
pub(crate) struct Special {
    /// Of every line: in scope, or related.
    pub(crate) bins: Vec<Bin>,
    /// Lines that bear on others of their claims, or of claims that they name.
    pub(crate) versioned: Vec<Versioned>,
    /// Likewise.
    pub(crate) inpatient: Vec<Inpatient>,
}

/// A standing line on its way into its encounter.
pub(crate) struct Comer {
    pub(crate) key: Key,
    pub(crate) codes: CodeSet,
    pub(crate) units: Decimal,
    pub(crate) line: u32,
    /// Place of its code among the listed CPT codes.
    pub(crate) column: Option<u8>,
}

/// What is dealt to shares by its key.
pub(crate) trait Keyed {
    fn key(&self) -> Key;
}

impl Keyed for Saying {
    fn key(&self) -> Key {
        self.key
    }
}

impl Keyed for Comer {
    fn key(&self) -> Key {
        self.key
    }
}

/// Lines from which on the search for equals is worth more than one thread.
const MANY: usize = 1 << 14;

/// Everything that goes over the lines.
pub(crate) struct Indexer<'a> {
    pub(crate) store: &'a Store,
    pub(crate) starts: Vec<usize>,
    pub(crate) codes: &'a CodeTable,
    pub(crate) keys: Keys,
    /// Bytes that a pass may take for what it remembers of lines.
    pub(crate) memory: usize,
}

/// Which lines stand together, and what that comes to.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// The encounter of each line that stands.
    pub(crate) of_line: Vec<u32>,
    pub(crate) encounters: Vec<CodeSet>,
    /// Units of a line's code in its encounter up to and including it, where that is more than its own.
    pub(crate) so_far: FxHashMap<u32, Decimal>,
}

/// Does a line take part in encounters?
pub(crate) fn stands(bin: Bin) -> bool {
    matches!(bin, Bin::InScope | Bin::Related)
}

impl Indexer<'_> {
    /// What `look` makes of each batch, in order. It is told the number of the first line.
    pub(crate) fn each<T: Send>(&self, look: impl Fn(usize, &Batch) -> T + Sync) -> io::Result<Vec<T>> {
        (0..self.store.batches()).into_par_iter().map(|b| Ok(look(self.starts[b], &*self.store.batch(b)?))).collect()
    }

    /// The first look at each line.
    pub(crate) fn special(&self) -> io::Result<Special> {
        let listed = |id: &CodeId| self.codes.get(*id).listed;
        let listed_pcs = |id: &CodeId| self.codes.get(*id).listed && self.codes.get(*id).system == System::Pcs;
        let found = self.each(|start, batch| {
            let mut found = Special::default();
            for (n, line) in batch.iter().enumerate() {
                found.bins.push(if line.known.iter().any(listed) { Bin::InScope } else { Bin::Related });
                if line.version != Version::Original {
                    let original = line.text(Text::OriginalClaimId);
                    found.versioned.push(Versioned {
                        line: (start + n) as u32,
                        void: line.version == Version::Void,
                        claim: self.keys.text(line.claim_id()),
                        frequency: self.keys.text(line.text(Text::Frequency)),
                        named: (!original.is_empty() && original != line.claim_id()).then(|| self.keys.text(original)),
                    });
                }
                if line.known.iter().any(listed_pcs) {
                    found.inpatient.push(Inpatient {
                        line: (start + n) as u32,
                        claim: self.keys.text(line.claim_id()),
                        codes: line.known.iter().copied().filter(listed_pcs).collect(),
                        composite: line.marks.composite,
                        zero_lost: line.marks.zero_lost,
                    });
                }
            }
            found
        })?;
        let mut all = Special::default();
        for batch in found {
            all.bins.extend(batch.bins);
            all.versioned.extend(batch.versioned);
            all.inpatient.extend(batch.inpatient);
        }
        Ok(all)
    }

    /// How many shares the keys are dealt to, and how many of them are gone through at a time. A share is one thread's.
    fn shares(&self, bytes_a_line: usize) -> (usize, usize) {
        let threads = rayon::current_num_threads();
        let all = self.store.len() * bytes_a_line;
        // Little is not worth a second thread, nor a division.
        if self.store.len() < MANY {
            return (1, 1);
        }
        let passes = all.div_ceil(self.memory.max(1)).max(1);
        (threads * passes, threads)
    }

    /// Gives every line that repeats an earlier one its bin, and returns the other rows of the claims that matter.
    pub(crate) fn duplicates(
        &self,
        bins: &mut [Bin],
        versioned: &[Versioned],
        inpatient: &[Inpatient],
    ) -> io::Result<FxHashMap<Key, Vec<Row>>> {
        let claims = versioned.iter().flat_map(|v| v.named.into_iter().chain([v.claim]));
        let mut rows: FxHashMap<Key, Vec<Row>> =
            claims.chain(inpatient.iter().map(|i| i.claim)).map(|claim| (claim, Vec::new())).collect();
        let (shares, at_a_time) = self.shares(size_of::<Saying>() + size_of::<Key>());
        for first in (0..shares).step_by(at_a_time) {
            let say = |number, line: Line<'_>| Some(Saying { key: self.keys.same(line), line: number as u32 });
            let dealt = self.deal(shares, &(first..first + at_a_time), say)?;
            let repeated = in_shares(&dealt, |sayings| {
                let all = sayings.iter().map(|of_batch| of_batch.len()).sum();
                let mut seen: HashTable<Key> = HashTable::with_capacity(all);
                let mut repeated = Vec::new();
                for Saying { key, line } in sayings.into_iter().flatten() {
                    match seen.entry(*key as u64, |other| other == key, |key| *key as u64) {
                        Entry::Occupied(_) => repeated.push(*line),
                        Entry::Vacant(place) => {
                            place.insert(*key);
                        }
                    }
                }
                repeated
            });
            repeated.into_iter().flatten().for_each(|line| bins[line as usize] = Bin::Duplicate);
        }
        if !rows.is_empty() {
            let found = self.each(|start, batch| {
                let of_batch = batch.iter().enumerate().filter(|(n, _)| bins[start + n] != Bin::Duplicate);
                let row = |(n, line): (usize, Line<'_>)| {
                    let claim = self.keys.text(line.claim_id());
                    let frequency = || self.keys.text(line.text(Text::Frequency));
                    rows.contains_key(&claim).then(|| {
                        (
                            claim,
                            Row { line: (start + n) as u32, frequency: frequency(), codes: CodeSet::of(line.known) },
                        )
                    })
                };
                of_batch.filter_map(row).collect::<Vec<_>>()
            })?;
            for (claim, row) in found.into_iter().flatten() {
                rows.entry(claim).or_default().push(row);
            }
            // A claim without a row of its own is no claim of the run.
            rows.retain(|_, rows| !rows.is_empty());
        }
        Ok(rows)
    }

    /// Brings the lines that stand together, and counts their units.
    pub(crate) fn encounters(&self, bins: &[Bin]) -> io::Result<Met> {
        let listed: Vec<CodeId> =
            self.codes.iter().filter(|(_, k)| k.listed && k.system == System::Cpt).map(|(id, _)| id).collect();
        let mut found = Met::default();
        let met: Vec<AtomicU32> = (0..self.store.len()).map(|_| AtomicU32::new(0)).collect();
        let (shares, at_a_time) = self.shares(size_of::<Comer>() + 2 * size_of::<u32>());
        for first in (0..shares).step_by(at_a_time) {
            let come = |number: usize, line: Line<'_>| {
                stands(bins[number]).then(|| Comer {
                    key: self.keys.encounter(line),
                    codes: CodeSet::of(line.known),
                    units: line.units,
                    line: number as u32,
                    column: line.cpt.and_then(|id| listed.iter().position(|l| *l == id)).map(|column| column as u8),
                })
            };
            let dealt = self.deal(shares, &(first..first + at_a_time), come)?;
            let gathered = in_shares(&dealt, |comers| {
                let all = comers.iter().map(|of_batch| of_batch.len()).sum();
                let mut seen: HashTable<(Key, u32)> = HashTable::with_capacity(all);
                let (mut encounters, mut running, mut so_far) = (Vec::<CodeSet>::new(), Vec::new(), Vec::new());
                for comer in comers.iter().copied().flatten() {
                    let place = match seen.entry(comer.key as u64, |(k, _)| *k == comer.key, |(k, _)| *k as u64) {
                        Entry::Occupied(known) => known.get().1,
                        Entry::Vacant(free) => {
                            let place = encounters.len() as u32;
                            free.insert((comer.key, place));
                            encounters.push(CodeSet::default());
                            running.resize(running.len() + listed.len(), Decimal::ZERO);
                            place
                        }
                    };
                    met[comer.line as usize].store(place, Ordering::Relaxed);
                    let encounter = &mut encounters[place as usize];
                    *encounter = encounter.with(comer.codes);
                    if let Some(column) = comer.column {
                        let sum: &mut Decimal = &mut running[place as usize * listed.len() + usize::from(column)];
                        *sum = sum.saturating_add(comer.units);
                        if *sum != comer.units {
                            so_far.push((comer.line, *sum));
                        }
                    }
                }
                let lines: Vec<u32> = comers.into_iter().flatten().map(|comer| comer.line).collect();
                (encounters, so_far, lines)
            });
            for (encounters, so_far, lines) in gathered {
                let before = found.encounters.len() as u32;
                for line in lines {
                    met[line as usize].fetch_add(before, Ordering::Relaxed);
                }
                found.encounters.extend(encounters);
                found.so_far.extend(so_far);
            }
        }
        found.of_line = met.into_iter().map(AtomicU32::into_inner).collect();
        Ok(found)
    }

    /// Deals what is to be remembered of the lines to the shares of their keys: by batch, by share, in the order of the
    /// lines. Only the shares of `now` get theirs.
    fn deal<T: Keyed + Send>(
        &self,
        shares: usize,
        now: &Range<usize>,
        remember: impl Fn(usize, Line<'_>) -> Option<T> + Sync,
    ) -> io::Result<Vec<Vec<Vec<T>>>> {
        self.each(|start, batch| {
            let mut dealt: Vec<Vec<T>> = now.clone().map(|_| Vec::new()).collect();
            for (n, line) in batch.iter().enumerate() {
                let Some(entry) = remember(start + n, line) else { continue };
                // The upper half of the key says whose it is; the tables go by the lower one.
                let share = (((entry.key() >> 64) * shares as u128) >> 64) as usize;
                if now.contains(&share) {
                    dealt[share - now.start].push(entry);
                }
            }
            dealt
        })
    }
}

/// Goes through the shares side by side.
fn in_shares<T: Sync, R: Send>(dealt: &[Vec<Vec<T>>], work: impl Fn(Vec<&[T]>) -> R + Sync) -> Vec<R> {
    let shares = dealt.first().map_or(0, Vec::len);
    (0..shares).into_par_iter().map(|share| work(dealt.iter().map(|batch| batch[share].as_slice()).collect())).collect()
}
