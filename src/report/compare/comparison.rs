//! Two reports with their findings paired.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::baseline::{Change, FindingEntry, Pairs, differences};
use crate::claim::{Cents, Sum};
use crate::frame::Allowance;
use crate::ingest::field::Field;
use crate::policy::Disposition;
use crate::report::compare::read::{CompareError, FindingRow, FindingsFile};
use crate::report::words::finding::value;
use crate::tally::{NewTally, Share};

/// Two reports, their findings paired.
pub struct Comparison {
    pub(super) old: FindingsFile,
    pub(super) new: FindingsFile,
    pairs: Pairs,
}

/// A finding that differs between the reports.
pub struct Difference<'a> {
    /// How it differs.
    pub change: Change,
    /// Its row in the new report, or in the old report if it is gone.
    pub row: &'a FindingRow<'a>,
    /// The entry of that row.
    pub entry: FindingEntry,
    /// Its entry in the old report, if both reports have it.
    pub was: Option<FindingEntry>,
}

/// Counts and money of a comparison.
#[derive(Debug, Default)]
pub struct Shares {
    /// By change: findings that are not suppressed.
    pub by: BTreeMap<Change, Share>,
    /// Findings that differ and are suppressed.
    pub suppressed: Share,
}

/// Findings and money at risk by change, rule and disposition. Suppressed findings are not in it.
pub type ByRule = BTreeMap<(Change, String, std::cmp::Reverse<Disposition>), (u64, Sum)>;

/// The word under which findings that differ and are suppressed are counted and listed, however they differ.
pub const SUPPRESSED: &str = "suppressed";

impl Difference<'_> {
    /// The word under which it is counted and listed: how it differs, or [`SUPPRESSED`].
    pub fn counted_as(&self) -> &'static str {
        if self.entry.suppressed { SUPPRESSED } else { self.change.word() }
    }

    /// The names of the values that changed; empty for a new or gone finding.
    pub fn differs(&self) -> Vec<&'static str> {
        self.was.map(|was| differences(&was, &self.entry)).unwrap_or_default()
    }

    /// Adds it to the table by rule.
    pub fn count(&self, into: &mut ByRule) {
        if !self.entry.suppressed {
            let key = (self.change, self.row.rule().to_owned(), std::cmp::Reverse(self.entry.disposition));
            let (findings, at_risk) = into.entry(key).or_default();
            *findings += 1;
            *at_risk += self.entry.amount().unwrap_or(Cents(0));
        }
    }
}

impl Comparison {
    /// Reads and pairs the findings of two reports, which may take this memory together.
    pub fn of(old: &Path, new: &Path, mut allowance: Allowance) -> Result<Self, CompareError> {
        let (old, new) = (FindingsFile::read(old, &mut allowance)?, FindingsFile::read(new, &mut allowance)?);
        old.suits(new.masked(), new.cuts_dates, &new.path)?;
        let pairs = Pairs::new(&old.entries, &new.entries);
        Ok(Self { old, new, pairs })
    }

    /// The directories of the earlier and the later report.
    pub fn paths(&self) -> [&Path; 2] {
        [&self.old.path, &self.new.path]
    }

    /// Are both reports masked without a common finding? Then they may have been masked under different keys.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.old.masked() == Some(true)
            && self.new.masked() == Some(true)
            && self.pairs.of_new.iter().all(Option::is_none)
    }

    /// What the reports do not have in common, so that what differs may only be due to that. Each is a sentence.
    pub fn unlike(&self) -> Vec<String> {
        let (old, new) = (&self.old.facts, &self.new.facts);
        let only = "what differs may only be due to that";
        let mut sentences = Vec::new();
        let unshared = |names: Vec<&str>| (!names.is_empty()).then(|| names.join(", "));
        let rules = unshared(old.not_asked.symmetric_difference(&new.not_asked).map(String::as_str).collect());
        if let Some(rules) = &rules {
            sentences.push(format!("only one of the reports asked these rules: {}; {only}", value(rules)));
        }
        // A selection is part of the policy in force, so its fingerprint is another, too.
        if rules.is_none() && old.policy.is_some() && new.policy.is_some() && old.policy != new.policy {
            sentences.push(format!(
                "the reports were judged by different policies, or with different dispositions or labels; {only}"
            ));
        }
        if old.has_authorizations != new.has_authorizations {
            let which = if old.has_authorizations { "earlier" } else { "later" };
            sentences.push(format!("only the {which} report had an authorization file; {only}"));
        }
        if self.old.knows_amounts != self.new.knows_amounts {
            let which = if self.old.knows_amounts { "earlier" } else { "later" };
            sentences.push(format!("only the {which} report knows amounts, so every amount differs"));
        }
        let [before, now] = [old, new].map(|facts| facts.absent.iter().map(String::as_str).collect::<BTreeSet<_>>());
        let is_printed_only = |name: &&str| Field::named(name).is_some_and(Field::is_printed_only);
        let columns = before.symmetric_difference(&now).copied().filter(|name| !is_printed_only(name)).collect();
        if let Some(columns) = unshared(columns) {
            sentences.push(format!("only one of the reports had these columns: {}; {only}", value(&columns)));
        }
        if let Some(layouts) = unshared(old.layouts.symmetric_difference(&new.layouts).map(String::as_str).collect()) {
            sentences.push(format!("only one of the reports was read with these layouts: {}; {only}", value(&layouts)));
        }
        sentences
    }

    fn change(&self, n: usize) -> Change {
        self.pairs.change(&self.old.entries, &self.new.entries, n)
    }

    /// Visits every finding that differs: new and changed ones in the order of the new report, then gone ones in the
    /// order of the old report.
    pub(crate) fn visit(
        &self,
        see: &mut dyn FnMut(&Difference<'_>) -> Result<(), CompareError>,
    ) -> Result<(), CompareError> {
        self.new.again(&mut |n, row| {
            let (entry, change) = (self.new.entries[n], self.change(n));
            let was = self.pairs.of_new[n].map(|old| self.old.entries[old as usize]);
            if change == Change::Same { Ok(()) } else { see(&Difference { change, row, entry, was }) }
        })?;
        self.old.again(&mut |n, row| {
            let there = self.pairs.old_is_there[n];
            let gone = || Difference { change: Change::Gone, row, entry: self.old.entries[n], was: None };
            if there { Ok(()) } else { see(&gone()) }
        })
    }

    /// Are amounts known in at least one of the reports? Otherwise their sums are unknown, not zero.
    pub fn knows_amounts(&self) -> bool {
        self.old.knows_amounts || self.new.knows_amounts
    }

    /// Is anything new, gone or changed?
    pub fn differs(&self) -> bool {
        self.pairs.old_is_there.contains(&false) || (0..self.new.entries.len()).any(|n| self.change(n) != Change::Same)
    }

    /// Counts and money by change.
    pub fn shares(&self) -> Shares {
        let share = |wanted: &dyn Fn(Change, &FindingEntry) -> bool| {
            let new = self.new.entries.iter().enumerate().filter(|(n, entry)| wanted(self.change(*n), entry));
            let new = new.map(|(_, entry)| (entry.subject as usize, entry.disposition, entry.of_service()));
            let there = &self.pairs.old_is_there;
            let old = self.old.entries.iter().zip(there).filter(|(e, there)| !**there && wanted(Change::Gone, e));
            let mut share = Share::from_findings(new);
            share.merge(&Share::from_findings(old.map(|(e, _)| (e.subject as usize, e.disposition, e.of_service()))));
            share
        };
        let of = |change| (change, share(&|c, entry| c == change && (change == Change::Same || !entry.suppressed)));
        Shares {
            by: [Change::New, Change::Changed, Change::Gone, Change::Same].map(of).into(),
            suppressed: share(&|change, entry| change != Change::Same && entry.suppressed),
        }
    }

    /// The counts of new, known and gone findings, as a run with a baseline prints them.
    pub fn tally(&self) -> NewTally {
        self.pairs.tally(&self.old.entries, &self.new.entries)
    }
}
