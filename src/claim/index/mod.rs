//! Which lines of the run belong together: duplicates, versions, encounters, stays, units counted so far.
//!
//! Lines of a claim may lie anywhere, in several files, so nothing is judged before everything is read. The index goes
//! over the lines batch by batch and keeps a few bytes of each.

pub(crate) mod line_hash;
pub mod line_set;
pub(crate) mod partition;
pub(crate) mod related;
pub mod service;

use std::borrow::Cow;
use std::io;

use jiff::civil::Date;
use rust_decimal::Decimal;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::claim::index::line_hash::{Key, Keys};
use crate::claim::index::line_set::Book;
use crate::claim::index::partition::{Indexer, Inpatient, Met, Row, Special, Versioned, stands};
use crate::claim::index::service::{Bin, Encounter, Kind, Service, ServiceMoney, SessionFacts, Stay};
use crate::claim::line::{Batch, Line, Text};
use crate::claim::store::Store;
use crate::claim::value::code::{CodeId, CodeTable};
use crate::claim::value::code_set::CodeSet;
use crate::ingest::cell::upper;

/// What is known of each line beyond itself.
#[derive(Debug)]
pub struct Index {
    bins: Vec<Bin>,
    met: Met,
    /// Units of all services on its authorization number up to and including a service (line, and whether it is the
    /// stay), where that is not its own.
    used: FxHashMap<(u32, bool), Decimal>,
    orphans: FxHashSet<u32>,
    /// Stays by the lines they stand on.
    stays: FxHashMap<u32, Stay>,
}

impl Index {
    /// Goes over all lines. `memory`: bytes that one pass may take; with less the lines are passed more often.
    /// `numbers`: units are counted on authorization numbers, too. An error: spooled lines cannot be read back.
    pub fn new(store: &Store, codes: &CodeTable, memory: usize, numbers: bool) -> io::Result<Self> {
        let indexer = Indexer { store, starts: store.starts(), codes, keys: Keys::new(), memory };
        let Special { bins, versioned, inpatient } = indexer.special()?;
        let mut index = Self {
            bins,
            met: Met::default(),
            used: FxHashMap::default(),
            orphans: FxHashSet::default(),
            stays: FxHashMap::default(),
        };
        let rows = indexer.duplicates(&mut index.bins, &versioned, &inpatient)?;
        index.versions(&versioned, &rows);
        index.gather_stays(inpatient, &rows);
        index.met = indexer.encounters(&index.bins)?;
        if numbers {
            index.count_on_numbers(&indexer)?;
        }
        Ok(index)
    }

    /// Bins of all lines, in their order.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// The lines of a batch, the first of which is number `first`, with what belongs to them.
    pub fn book<'a>(&self, first: usize, lines: Cow<'a, Batch>, codes: &CodeTable) -> Book<'a> {
        let mut book = Book {
            bins: self.bins[first..first + lines.len()].to_vec(),
            orphans: (0..lines.len()).filter(|n| self.orphans.contains(&((first + n) as u32))).collect(),
            unmatched: FxHashSet::default(),
            claims_at_risk: FxHashSet::default(),
            services: Vec::with_capacity(lines.len()),
            stays: Vec::new(),
            lines,
        };
        for (n, line) in book.lines.iter().enumerate() {
            let number = first + n;
            if let Some(cpt) = self.cpt_service(number, line, codes) {
                book.services.push(self.service(number, n, Kind::Line(cpt), line.units, line.date));
            }
            if let Some(stay) = self.stays.get(&(number as u32)) {
                book.services.push(self.service(number, n, Kind::Stay(book.stays.len()), Decimal::ONE, line.date));
                book.stays.push(stay.clone());
            }
        }
        book
    }

    /// The listed CPT code of a line in scope.
    fn cpt_service(&self, number: usize, line: Line<'_>, codes: &CodeTable) -> Option<CodeId> {
        line.cpt.filter(|id| self.bins[number] == Bin::InScope && codes.get(*id).listed)
    }

    fn service(&self, number: usize, line: usize, kind: Kind, units: Decimal, date: Option<Date>) -> Service {
        let (place, stay) = (number as u32, matches!(kind, Kind::Stay(_)));
        let so_far = self.met.so_far.get(&place).filter(|_| !stay).copied();
        let codes = self.met.encounters.get(self.met.of_line[number] as usize).copied().unwrap_or_default();
        Service {
            line,
            kind,
            claim: place,
            claim_shared: false,
            days: date.map(|day| (day, day)),
            encounter: Encounter { codes, principal_codes: codes },
            units_so_far: so_far.unwrap_or(units),
            units_on_number: self.used.get(&(place, stay)).copied().unwrap_or(units),
            session: SessionFacts::default(),
            money: ServiceMoney::OfLine,
        }
    }

    /// Marks what voids and replacements take back.
    fn versions(&mut self, versioned: &[Versioned], rows: &FxHashMap<Key, Vec<Row>>) {
        // A repeated version says nothing new.
        let counts: Vec<_> = versioned.iter().filter(|v| self.bins[v.line as usize] != Bin::Duplicate).collect();
        for version in counts {
            if version.void {
                self.bins[version.line as usize] = Bin::Superseded;
            }
            if let Some(rows) = version.named.and_then(|claim| rows.get(&claim)) {
                for row in rows {
                    self.bins[row.line as usize] = Bin::Superseded;
                }
                continue;
            }
            let mut met = false;
            for row in rows.get(&version.claim).into_iter().flatten() {
                if row.frequency != version.frequency {
                    self.bins[row.line as usize] = Bin::Superseded;
                    met = true;
                }
            }
            if !met && version.named.is_none() {
                self.orphans.insert(version.line);
            }
        }
    }

    /// A claim with listed PCS codes is one service, on its first such line that stands.
    fn gather_stays(&mut self, inpatient: Vec<Inpatient>, rows: &FxHashMap<Key, Vec<Row>>) {
        let mut firsts: FxHashMap<Key, u32> = FxHashMap::default();
        for line in inpatient.into_iter().filter(|line| self.bins[line.line as usize] == Bin::InScope) {
            let first = *firsts.entry(line.claim).or_insert(line.line);
            let stay = self.stays.entry(first).or_default();
            for id in line.codes {
                if !stay.codes.contains(&id) {
                    stay.codes.push(id);
                }
            }
            stay.composite |= line.composite;
            stay.zero_lost |= line.zero_lost;
        }
        for (claim, first) in firsts {
            let standing = rows.get(&claim).into_iter().flatten().filter(|row| stands(self.bins[row.line as usize]));
            let all = standing.fold(CodeSet::default(), |all, row| all.with(row.codes));
            self.stays.entry(first).or_default().all_codes = all;
        }
    }

    /// Units of all services on each authorization number, in input order.
    fn count_on_numbers(&mut self, indexer: &Indexer<'_>) -> io::Result<()> {
        let found = indexer.each(|start, batch| {
            let mut found = Vec::new();
            for (n, line) in batch.iter().enumerate() {
                let number = line.text(Text::Authorization);
                if number.is_empty() {
                    continue;
                }
                let key = indexer.keys.text(&upper(number.into()));
                let number = start + n;
                if self.cpt_service(number, line, indexer.codes).is_some() {
                    found.push((key, (number as u32, false), line.units));
                }
                if self.stays.contains_key(&(number as u32)) {
                    found.push((key, (number as u32, true), Decimal::ONE));
                }
            }
            found
        })?;
        let mut running: FxHashMap<Key, Decimal> = FxHashMap::default();
        for (key, service, units) in found.into_iter().flatten() {
            let sum = running.entry(key).or_default();
            *sum = sum.saturating_add(units);
            if *sum != units {
                self.used.insert(service, *sum);
            }
        }
        Ok(())
    }
}
