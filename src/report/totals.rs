//! Counts and money of a run, added up part by part while the report is written.

use std::hash::Hasher as _;
use std::io;

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHasher};

use crate::claim::authorization::AuthorizationCoverage;
use crate::claim::value::authorization;
use crate::claim::{Cents, Kind, Line, Sum, Text};
use crate::disk::sorted::Sorter;
use crate::disk::spool::Scratch;
use crate::policy::Disposition;
use crate::report::empty_columns::EmptyColumns;
use crate::report::labels::{LabelKind, MAX_LABELS_LISTED, UnreadLabels};
use crate::report::provider_names::Names;
use crate::report::top_services::TopServices;
use crate::report::view::PartView;
use crate::report::words::finding::is_payment;
use crate::run::RunContext;
use crate::suppress::{Suppression, Suppressions};
use crate::tally::{NewTally, Share, Summary};
use crate::warning::Warning;

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
    /// Services dated after the last day for which the policy's text is known to be in force.
    pub after_verified: u64,
    /// The first and the last readable service date.
    pub period: Option<(Date, Date)>,
    /// Labels that no table knows.
    pub unread: UnreadLabels,
    /// The suppressed findings.
    pub suppressed: Share,
    /// For each group of suppressions, the number of findings that it matches.
    fits: FxHashMap<u32, u64>,
    /// The names of the billing providers.
    pub(crate) names: Names,
    /// Authorization numbers on the services of a part by their hashes, and whether the file has them; empty without a file.
    numbers: FxHashMap<u64, bool>,
    /// Distinct authorization numbers on all services, and those that the file has; known after the last part.
    distinct_numbers: [u64; 2],
    /// Rows with services.
    pub service_rows: u64,
    /// Those of them whose product label no table knows.
    pub unread_products: u64,
    /// Those of them with a service date, readable or not.
    pub dates: u64,
    /// Those of them whose service date can be read.
    pub dates_read: u64,
    /// The columns that they fill.
    pub(crate) empty_columns: EmptyColumns,
    /// Has a live row an amount that can be read?
    pub has_amounts: bool,
    /// Services whose amount at risk is no payment, with the sum of these amounts.
    pub not_paid: (u64, Sum),
    /// New and known findings so far; nothing without a baseline.
    pub(crate) since: [Share; 2],
    /// What is new since the baseline; known only after the last part.
    pub new: Option<NewTally>,
    /// The warnings of the run, known after the last part.
    pub warnings: Vec<Warning>,
}

impl Totals {
    /// The totals of part `n`.
    pub fn of(part: &PartView<'_>, n: usize) -> Self {
        let mut top_services = TopServices::default();
        top_services.add(part, n);
        let services = &part.line_set.services;
        let stays = services.iter().filter(|s| matches!(s.kind, Kind::Stay(_))).count() as u64;
        let dates = services.iter().filter_map(|service| part.line_set.lines.heads[service.line].date);
        let after_verified = part.judged.services.iter().filter(|judgment| judgment.after_verified).count();
        // Without suppressions no finding is looked at.
        let matched = part.matches.by.iter().zip(part.findings()).filter(|(by, _)| by.is_some());
        let hushed = matched
            .map(|(_, record)| (record.finding.about(part.line_set), record.finding.disposition, record.of_service()));
        Self {
            summary: Summary::from_judged(part.judged),
            top_services,
            lines: services.len() as u64 - stays,
            stays,
            after_verified: after_verified as u64,
            period: dates.map(|date| (date, date)).reduce(over_both),
            unread: UnreadLabels::of(part),
            suppressed: Share::from_findings(hushed),
            fits: part.matches.fits.clone(),
            names: Names::of(part),
            numbers: numbers(part),
            distinct_numbers: [0; 2],
            since: since(part),
            not_paid: not_paid(part),
            new: None,
            warnings: Vec::new(),
            ..Self::of_rows(part)
        }
    }

    /// What the rows of a part say of the columns that they were read from.
    fn of_rows(part: &PartView<'_>) -> Self {
        let mut rows: Vec<usize> = part.line_set.services.iter().map(|service| service.line).collect();
        rows.dedup();
        let mut of_rows = Self { service_rows: rows.len() as u64, ..Self::default() };
        for row in rows {
            let line = &part.line_set.lines.heads[row];
            of_rows.empty_columns.add(line.extract, || part.line_set.line(row));
            let is_read = line.date.is_some();
            of_rows.unread_products += u64::from(line.marks().product_unread && line.states(Text::Product));
            of_rows.dates += u64::from(is_read || line.states(Text::BadDate));
            of_rows.dates_read += u64::from(is_read);
        }
        let mut live = part.line_set.lines.iter().zip(&part.line_set.bins).filter(|(_, bin)| bin.is_live());
        let has_amount = |line: Line<'_>| line.paid().or(line.allowed()).or(line.charge()).is_some();
        of_rows.has_amounts = live.any(|(line, _)| has_amount(line));
        of_rows
    }

    /// Adds the totals of the next part.
    pub fn merge(&mut self, other: Self) {
        self.summary.merge(&other.summary);
        self.top_services.merge(other.top_services);
        self.lines += other.lines;
        self.stays += other.stays;
        self.after_verified += other.after_verified;
        self.period = self.period.into_iter().chain(other.period).reduce(over_both);
        self.unread.merge(&other.unread);
        self.names.merge(&other.names);
        self.service_rows += other.service_rows;
        self.unread_products += other.unread_products;
        self.dates += other.dates;
        self.dates_read += other.dates_read;
        self.empty_columns.merge(other.empty_columns);
        self.has_amounts |= other.has_amounts;
        self.not_paid.0 += other.not_paid.0;
        self.not_paid.1 += other.not_paid.1;
        self.suppressed.merge(&other.suppressed);
        self.since.iter_mut().zip(&other.since).for_each(|(mine, more)| mine.merge(more));
        other.fits.into_iter().for_each(|(group, more)| *self.fits.entry(group).or_default() += more);
    }

    /// The labels of a kind that no table knows, with their rows, the most frequent first.
    pub(crate) fn unread_labels<'l>(&'l self, kind: LabelKind, run: &'l RunContext) -> Vec<(&'l str, u64)> {
        match (kind, &run.authorizations) {
            (LabelKind::AuthorizationStatus, Some(file)) => {
                file.unread_statuses().labels().take(MAX_LABELS_LISTED).collect()
            }
            _ => self.unread.of_kind(kind),
        }
    }

    /// The authorization file and its use, if one was given.
    pub fn coverage(&self, run: &RunContext) -> Option<AuthorizationCoverage> {
        let file = run.authorizations.as_ref()?;
        Some(AuthorizationCoverage {
            numbers_on_services: self.distinct_numbers[0],
            numbers_found: self.distinct_numbers[1],
            ..file.coverage()
        })
    }

    /// The suppressions, each with the number of findings that it matches.
    pub fn suppressions<'s>(
        &self,
        all: &'s Suppressions,
    ) -> impl Iterator<Item = (&'s Suppression, u64)> + use<'_, 's> {
        all.list.iter().map(|one| (one, one.fits(&self.fits)))
    }

    /// Findings at or above a disposition that are not suppressed.
    pub(crate) fn findings_from(&self, least: Disposition) -> u64 {
        self.summary.findings_from(least) - self.suppressed.findings_from(least)
    }
}

/// Bytes of numbers that are counted in memory.
const NUMBERS_BYTES: usize = 8 << 20;

/// The distinct authorization numbers on the services of a run.
pub(crate) struct DistinctNumbers(Sorter<(u64, bool)>);

impl DistinctNumbers {
    /// Keeps numbers beyond a bound in files that `scratch` makes.
    pub(crate) fn new(scratch: Scratch) -> Self {
        Self(Sorter::new(scratch, NUMBERS_BYTES))
    }

    /// Adds the numbers of a part, which forgets them.
    pub(crate) fn add(&mut self, part: &mut Totals) -> io::Result<()> {
        part.numbers.drain().try_for_each(|entry| self.0.push(entry, size_of::<(u64, bool)>()))
    }

    /// Counts them in the totals of all parts.
    pub(crate) fn count(self, totals: &mut Totals) -> io::Result<()> {
        let mut last = None;
        for entry in self.0.finish()? {
            let (number, is_found) = entry?;
            if last.replace(number) != Some(number) {
                totals.distinct_numbers[0] += 1;
                totals.distinct_numbers[1] += u64::from(is_found);
            }
        }
        Ok(())
    }
}

/// Counts and money of the findings of a part that are new, and of those that are known; suppressed findings are neither.
fn since(part: &PartView<'_>) -> [Share; 2] {
    [true, false].map(|wanted| {
        let open = part
            .findings()
            .zip(part.new)
            .filter(|(record, is_new)| **is_new == wanted && record.suppression().is_none());
        Share::from_findings(
            open.map(|(record, _)| {
                (record.finding.about(part.line_set), record.finding.disposition, record.of_service())
            }),
        )
    })
}

/// The services of a part whose amount at risk is an allowed amount or a charge, and the sum of these amounts.
fn not_paid(part: &PartView<'_>) -> (u64, Sum) {
    let services = part.judged.services.iter().filter(|judgment| !is_payment(judgment.basis));
    let amounts: Vec<Cents> = services.filter_map(|judgment| judgment.at_risk).collect();
    (amounts.len() as u64, amounts.into_iter().map(Sum::from).sum())
}

/// The first day and the last day of two periods.
fn over_both(one: (Date, Date), other: (Date, Date)) -> (Date, Date) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// The authorization numbers on the services of a part, as hashes of their letters and digits, and whether the file has
/// each.
fn numbers(part: &PartView<'_>) -> FxHashMap<u64, bool> {
    let Some(file) = part.authorizations else { return FxHashMap::default() };
    let mut numbers = FxHashMap::default();
    for record in part.services() {
        for number in record.line.text(Text::Authorization).split(';').filter(|number| !number.is_empty()) {
            let mut hasher = FxHasher::default();
            hasher.write(authorization::key(number).as_bytes());
            numbers.entry(hasher.finish()).or_insert_with(|| file.has_number(number));
        }
    }
    numbers
}
