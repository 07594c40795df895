//! Counts and money of a run, added up part by part while the report is written.

use crate::baseline::{Entry, Pairs};
use crate::claim::Kind;
use crate::policy::Disposition;
use crate::report::table::record::FindingRecord;
use crate::report::top_services::TopServices;
use crate::report::view::PartView;
use crate::run::RunContext;
use crate::suppress::{Suppression, Suppressions};
use crate::tally::{NewTally, Share, Summary};

/// Counts and money over all parts of a run.
#[derive(Debug, Default)]
pub struct Totals {
    /// Counts and money.
    pub summary: Summary,
    /// The services with the highest amounts at risk.
    pub top_services: TopServices,
    /// Services that are lines with a listed CPT code.
    pub lines: u64,
    /// Services that are claims with listed ICD-10-PCS codes.
    pub stays: u64,
    /// The suppressed findings.
    pub suppressed: Share,
    /// By suppression, the findings that it fits.
    pub fits: Vec<u64>,
    /// Every finding, if the run is held to an earlier report.
    entries: Vec<Entry>,
    /// Services and lines so far: the numbers that entries count on.
    subjects: usize,
    /// What is new since that report, once all parts are through.
    pub new: Option<NewTally>,
}

impl Totals {
    /// Those of part `n`.
    pub fn of(part: &PartView<'_>, n: usize) -> Self {
        let mut top_services = TopServices::default();
        top_services.add(part, n);
        let services = &part.book.services;
        let stays = services.iter().filter(|s| matches!(s.kind, Kind::Stay(_))).count() as u64;
        let hushed = part.findings().filter(|record| record.suppression().is_some());
        let hushed =
            hushed.map(|record| (record.finding.about(part.book), record.finding.disposition, record.amount()));
        let entry = |record: FindingRecord<'_>| {
            let message = record.message();
            let texts = [message.as_str(), record.setting().citation.as_str()];
            let (disposition, suppressed) = (record.finding.disposition, record.suppression().is_some());
            let subject = record.finding.about(part.book) as u32;
            Entry::new(record.fingerprint(), disposition, record.amount(), texts, suppressed, subject)
        };
        let compared = part.context.run.baseline.is_some();
        Self {
            summary: Summary::of(part.judged),
            top_services,
            lines: services.len() as u64 - stays,
            stays,
            suppressed: Share::of(hushed),
            fits: part.met.fits.clone(),
            entries: if compared { part.findings().map(entry).collect() } else { Vec::new() },
            subjects: services.len() + part.book.lines.len(),
            new: None,
        }
    }

    /// Adds those of another part.
    pub fn merge(&mut self, other: Self) {
        self.summary.merge(&other.summary);
        self.top_services.merge(other.top_services);
        self.lines += other.lines;
        self.stays += other.stays;
        self.suppressed.merge(&other.suppressed);
        if self.fits.is_empty() {
            self.fits = other.fits;
        } else {
            self.fits.iter_mut().zip(other.fits).for_each(|(mine, more)| *mine += more);
        }
        let base = self.subjects as u32;
        self.entries.extend(other.entries.into_iter().map(|entry| entry.counted_on(base)));
        self.subjects += other.subjects;
    }

    /// Holds the findings of all parts to those of the earlier report, if there is one, and forgets them.
    pub(super) fn compare(&mut self, run: &RunContext) {
        let entries = std::mem::take(&mut self.entries);
        self.new = run.baseline.as_ref().map(|old| Pairs::of(old, &entries).tally(old, &entries));
    }

    /// The suppressions, each with the number of findings that it fits.
    pub fn suppressions<'s>(
        &self,
        all: &'s Suppressions,
    ) -> impl Iterator<Item = (&'s Suppression, u64)> + use<'_, 's> {
        all.list.iter().enumerate().map(|(i, one)| (one, self.fits.get(i).copied().unwrap_or(0)))
    }

    /// Findings at or above a disposition that nobody answers for.
    pub fn findings_from(&self, least: Disposition) -> u64 {
        self.summary.findings_from(least) - self.suppressed.findings_from(least)
    }
}
