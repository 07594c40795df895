//! Reads the findings of a report strictly: a row that claimlint cannot have written is refused with its line.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csv::StringRecord;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::baseline::{BaselineFacts, BaselineFindings, FindingEntry};
use crate::claim::line::mask::is_claim_token;
use crate::claim::{Cents, Sum};
use crate::disk::sorted::Sorter;
use crate::disk::spool::{Scratch, Spool};
use crate::finding::fingerprint::{About, Fingerprint, unguarded};
use crate::frame::{Allowance, TooLarge, allowance};
use crate::ledger::Ledger;
use crate::policy::Disposition;
use crate::report::foreign;
use crate::report::foreign_table::{ForeignTable, TableError, unread};
use crate::report::format::summary_json::{FILE as SUMMARY, IDS_AND_DAYS, SCHEMA};
use crate::report::table::record::{FINDING, NEW, SUPPRESSED};

const TABLE: &str = "findings.csv";

/// Why a report cannot be compared. The message names file and line and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A directory is not a report, or its files were altered.
    #[error("{0}")]
    FindingsFile(String),
    /// The comparison cannot be written.
    #[error("{0}")]
    Write(#[from] io::Error),
}

impl From<TableError> for CompareError {
    fn from(e: TableError) -> Self {
        Self::FindingsFile(e.0)
    }
}

/// The part of a report that is compared.
pub struct FindingsFile {
    /// The directory of the report, which messages and page name.
    pub path: PathBuf,
    /// Its findings in their order; none if they were sorted.
    pub entries: Vec<FindingEntry>,
    /// The number of its findings.
    count: usize,
    /// Are amounts known? They are not if the extracts have no column for them.
    pub knows_amounts: bool,
    /// What it says of its inputs.
    pub facts: BaselineFacts,
    /// Are its dates cut to months?
    pub cuts_dates: bool,
    tokens: usize,
    table: ForeignTable,
}

/// A row of findings.csv with its cells as written.
pub struct FindingRow<'a> {
    cells: &'a StringRecord,
    /// Has the table the columns of [`SUPPRESSED`]?
    marked: bool,
}

/// Why a finding is not kept.
#[derive(Debug)]
enum NotKept {
    TooLarge(TooLarge),
    Io(io::Error),
}

impl From<TooLarge> for NotKept {
    fn from(e: TooLarge) -> Self {
        Self::TooLarge(e)
    }
}

impl From<io::Error> for NotKept {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// The part of the memory that is left which findings may take while they are sorted, and again when they are. So half of it is
/// left for what is read after them.
const SORTED_SHARE: u64 = 4;

/// Bytes of memory for a finding that is sorted: the list of them grows to twice its size.
const SORTED_ENTRY_BYTES: usize = 2 * size_of::<FindingEntry>();

/// The findings in summary.json.
#[derive(Deserialize)]
struct FindingsSummary {
    schema: String,
    amount_at_risk: Option<BTreeMap<String, String>>,
    #[serde(default)]
    rules: BTreeMap<String, RuleTotals>,
    ledger: Ledger,
    absent: Vec<String>,
    #[serde(default)]
    columns: BTreeMap<String, u64>,
    authorizations: Option<IgnoredAny>,
    policy: Option<PolicyHead>,
    masked: Option<String>,
    /// Empty in reports of earlier versions.
    #[serde(default)]
    listed_codes: BTreeSet<String>,
    #[serde(default)]
    not_asked: BTreeSet<String>,
    #[serde(default)]
    inputs: Vec<InputHead>,
}

impl FindingsSummary {
    /// The number of findings that it states.
    fn findings(&self) -> u64 {
        self.rules.values().map(|rule| rule.findings).fold(0, u64::saturating_add)
    }

    /// Is the subject of a finding a service? Only a service has an amount at risk or a listed code.
    fn is_on_service(&self, row: &FindingRow<'_>) -> bool {
        let is_listed = |code: &str| self.listed_codes.contains(code);
        !row.cell("amount_at_risk").is_empty() || row.cell("procedure_code").split(';').any(is_listed)
    }
}

#[derive(Deserialize)]
struct PolicyHead {
    fingerprint: String,
}

#[derive(Deserialize)]
struct InputHead {
    layout: String,
}

#[derive(Deserialize)]
struct RuleTotals {
    findings: u64,
    /// `None` if the extracts have no column for amounts.
    amount_at_risk: Option<String>,
}

impl FindingRow<'_> {
    /// A cell by the name of its column; empty if the report has no such column.
    pub fn cell(&self, name: &str) -> &str {
        let columns = FINDING.iter().chain(SUPPRESSED.iter().filter(|_| self.marked));
        let at = columns.map(|column| column.name).position(|column| column == name);
        at.and_then(|at| self.cells.get(at)).unwrap_or_default()
    }

    /// The code of its rule.
    pub fn rule(&self) -> &str {
        &self.cells[0]
    }

    fn fingerprint(&self) -> Fingerprint {
        let context = About {
            rule: self.rule(),
            claim: self.cell("claim_id"),
            line_number: self.cell("line_number"),
            date: self.cell("service_date"),
        };
        Fingerprint::of(&context, self.cell("procedure_code").split(';').filter(|code| !code.is_empty()))
    }

    /// The entry, or the fault of the row. `subject` is its number, and whether it is a service.
    fn entry(&self, subject: (u32, bool)) -> Result<FindingEntry, &'static str> {
        let word = self.cell("disposition");
        let disposition = Disposition::WORDS.iter().find(|(w, _)| *w == word).map(|(_, disposition)| *disposition);
        let amount = match self.cell("amount_at_risk") {
            "" => None,
            text => Some(Cents::parse(text).filter(|cents| cents.to_string() == text).ok_or("amount_at_risk")?),
        };
        let date = self.cell("service_date");
        let is_day = |text: &str| text.parse::<jiff::civil::Date>().is_ok_and(|day| day.to_string() == text);
        if !(date.is_empty() || is_day(date)) {
            return Err("service_date");
        }
        let suppressed = match self.cell("suppressed") {
            "" => false,
            "yes" => true,
            _ => return Err("suppressed"),
        };
        let texts = ["message", "citation"].map(|name| unguarded(self.cell(name)));
        let disposition = disposition.ok_or("disposition")?;
        Ok(FindingEntry::new(self.fingerprint(), disposition, amount, texts, suppressed, subject))
    }
}

/// Bytes of memory for a finding: its entry is 40 bytes, and pairing it takes 16.
const FINDING_BYTES: u64 = 56;

/// The same for a finding beyond those that summary.json states: the list grows to twice its size and is copied.
const FURTHER_BYTES: u64 = 136;

/// Bytes of memory for the codes of a subject besides their text: an entry of a tree whose nodes may be half empty.
const CODES_BYTES: u64 = 80;

/// Numbers the subjects of findings in the order of a table. A service is identified by its row and its codes.
#[derive(Default)]
struct Subjects {
    place: (String, String),
    /// The codes found so far on the current row, with their numbers.
    codes: BTreeMap<String, u32>,
    /// Bytes of memory that they take.
    bytes: u64,
    next: u32,
}

impl Subjects {
    fn number(&mut self, row: &FindingRow<'_>, allowance: &mut Allowance) -> Result<u32, TooLarge> {
        let place = [row.cell("source_file"), row.cell("source_line")];
        if [&self.place.0, &self.place.1] != place {
            self.place = (place[0].to_owned(), place[1].to_owned());
            self.codes.clear();
            allowance.give_back(std::mem::take(&mut self.bytes));
        }
        let codes = row.cell("procedure_code");
        if let Some(number) = self.codes.get(codes) {
            return Ok(*number);
        }
        let bytes = CODES_BYTES + codes.len() as u64;
        allowance.take(bytes)?;
        self.bytes += bytes;
        self.codes.insert(codes.to_owned(), self.next);
        self.next += 1;
        Ok(self.next - 1)
    }
}

impl FindingsFile {
    /// Reads the findings of a report, which may take this memory.
    pub fn read(path: &Path, allowance: &mut Allowance) -> Result<Self, CompareError> {
        let summary = summary(path)?;
        let stated = summary.findings();
        let needed = stated.saturating_mul(FINDING_BYTES);
        if needed > allowance.left() {
            let mebibytes = needed.div_ceil(1 << 20);
            return Err(CompareError::FindingsFile(format!(
                "{}: its {stated} findings take {mebibytes} MiB of memory, and --memory leaves {} MiB for them; give --memory {}",
                path.display(),
                allowance.left() >> 20,
                allowance::suggested(needed.saturating_mul(2))
            )));
        }
        let mut entries = Vec::new();
        entries.reserve_exact(stated as usize);
        let report = Self::visit(path, &summary, allowance, &mut |entry, allowance| {
            let is_stated = (entries.len() as u64) < stated;
            allowance.take(if is_stated { FINDING_BYTES } else { FURTHER_BYTES })?;
            entries.push(entry);
            Ok(())
        })?;
        Ok(Self { entries, ..report })
    }

    /// Reads the findings of a report and sorts them. They may take half of the memory that is left, and the others are in files
    /// that `scratch` makes.
    pub fn read_sorted(
        path: &Path,
        allowance: &mut Allowance,
        scratch: &Scratch,
    ) -> Result<(Self, BaselineFindings), CompareError> {
        let share = usize::try_from(allowance.left() / SORTED_SHARE).unwrap_or(usize::MAX);
        allowance.take(2 * share as u64).map_err(|e| CompareError::FindingsFile(format!("{}: {e}", path.display())))?;
        let mut sorter = Sorter::new(Arc::clone(scratch), share);
        let report =
            Self::visit(path, &summary(path)?, allowance, &mut |entry, _| Ok(sorter.push(entry, SORTED_ENTRY_BYTES)?))?;
        let sorted = sorter.finish()?;
        let findings = BaselineFindings::of(sorted, Spool::new(Arc::clone(scratch), share))?;
        allowance.give_back((2 * share - findings.bytes()) as u64);
        Ok((report, findings))
    }

    /// Reads the findings of a report and hands each to `keep`.
    fn visit(
        path: &Path,
        summary: &FindingsSummary,
        allowance: &mut Allowance,
        keep: &mut dyn FnMut(FindingEntry, &mut Allowance) -> Result<(), NotKept>,
    ) -> Result<Self, CompareError> {
        let mut report = Self {
            path: path.to_path_buf(),
            entries: Vec::new(),
            count: 0,
            knows_amounts: summary.amount_at_risk.is_some(),
            facts: BaselineFacts {
                rows: summary.ledger.rows,
                absent: summary.absent.clone(),
                columns: summary.columns.clone(),
                has_authorizations: summary.authorizations.is_some(),
                policy: summary.policy.as_ref().map(|policy| policy.fingerprint.clone()),
                not_asked: summary.not_asked.clone(),
                layouts: summary.inputs.iter().map(|input| input.layout.clone()).collect(),
            },
            cuts_dates: summary.masked.as_deref() == Some(IDS_AND_DAYS),
            tokens: 0,
            table: ForeignTable::of(path, TABLE, allowance.largest_row()),
        };
        let (mut subjects, mut rules) = (Subjects::default(), BTreeMap::<String, (u64, Sum)>::new());
        let table = report.table.clone();
        let end = walk(&table, &mut |line, row| {
            let too_large = |e: TooLarge| CompareError::from(table.at_line(line, &e.to_string()));
            let bad = |column: &str| {
                CompareError::from(table.broken(line, &format!("the {column} is not as claimlint writes it")))
            };
            if !summary.rules.contains_key(row.rule()) {
                return Err(bad("rule"));
            }
            if row.cell("source_line").parse::<u64>().is_err() {
                return Err(bad("source_line"));
            }
            let subject = subjects.number(row, allowance).map_err(too_large)?;
            let entry = row.entry((subject, summary.is_on_service(row))).map_err(bad)?;
            let (findings, at_risk) = rules.entry(row.rule().to_owned()).or_default();
            *findings += 1;
            *at_risk += entry.amount().unwrap_or(Cents(0));
            report.tokens += usize::from(is_claim_token(row.cell("claim_id")));
            report.count += 1;
            keep(entry, allowance).map_err(|e| match e {
                NotKept::TooLarge(e) => too_large(e),
                NotKept::Io(e) => e.into(),
            })
        })?;
        for (code, stated) in &summary.rules {
            let (findings, at_risk) = rules.get(code).copied().unwrap_or_default();
            let amount = stated.amount_at_risk.clone().unwrap_or_else(|| Sum::default().to_string());
            if (findings, at_risk.to_string()) != (stated.findings, amount.clone()) {
                let what = format!(
                    "ends here with {findings} findings of {code}, ${at_risk}, but {SUMMARY} says {}, ${amount}",
                    stated.findings
                );
                return Err(table.broken(end, &what).into());
            }
        }
        Ok(report)
    }

    /// Is it masked? `None`: it has no finding that would show it.
    pub fn masked(&self) -> Option<bool> {
        (self.count > 0).then_some(self.tokens == self.count)
    }

    /// Refuses a comparison with `other` unless both are masked or neither is, and the dates of both are cut or those of neither.
    pub(crate) fn suits(&self, masked: Option<bool>, cuts_dates: bool, other: &Path) -> Result<(), CompareError> {
        let (Some(own), Some(its)) = (self.masked(), masked) else { return Ok(()) };
        let refused = |stated: [&str; 2], [own, its]: [bool; 2], advice: &str| {
            let (here, there, stated) = (self.path.display(), other.display(), |says| stated[usize::from(says)]);
            let message = format!("{here} {} and {there} {}: {advice}", stated(own), stated(its));
            Err(CompareError::FindingsFile(message))
        };
        if own != its {
            let advice = "no finding of the one is known in the other; mask both under one key, or neither";
            return refused(["is not masked", "is masked"], [own, its], advice);
        }
        if self.cuts_dates != cuts_dates {
            let advice = "hardly a finding of the one is known in the other; give both --mask-dates month, or neither";
            return refused(["has whole dates", "has dates cut to months"], [self.cuts_dates, cuts_dates], advice);
        }
        Ok(())
    }

    /// Reads the findings again, each with its number. The file must not have changed.
    pub(super) fn again(
        &self,
        see: &mut dyn FnMut(usize, &FindingRow<'_>) -> Result<(), CompareError>,
    ) -> Result<(), CompareError> {
        let changed = |line| CompareError::from(self.table.broken(line, "has changed since it was first read"));
        let mut n = 0;
        let end = walk(&self.table, &mut |line, row| {
            if self.entries.get(n).is_none_or(|entry| entry.fingerprint != row.fingerprint()) {
                return Err(changed(line));
            }
            n += 1;
            see(n - 1, row)
        })?;
        if n == self.entries.len() { Ok(()) } else { Err(changed(end)) }
    }
}

fn summary(path: &Path) -> Result<FindingsSummary, CompareError> {
    let text = foreign::json(path, SUMMARY).map_err(|e| unread(path, SUMMARY, &e))?;
    let shown = path.join(SUMMARY).display().to_string();
    let summary: FindingsSummary = serde_json::from_slice(&text).map_err(|e| {
        CompareError::FindingsFile(format!("{shown}:{}:{}: is not a summary of claimlint", e.line(), e.column()))
    })?;
    if summary.schema != SCHEMA {
        let schema = &summary.schema;
        return Err(CompareError::FindingsFile(format!(
            "{shown}: is of schema \"{schema}\", and this version reads {SCHEMA}; run `claimlint check` again"
        )));
    }
    Ok(summary)
}

/// Visits the rows of findings.csv with their lines. Returns the line after the last one.
fn walk(
    table: &ForeignTable,
    see: &mut dyn FnMut(u64, &FindingRow<'_>) -> Result<(), CompareError>,
) -> Result<u64, CompareError> {
    let marked = Cell::new(false);
    let mut is_header = |header: &StringRecord| {
        // A run with a baseline adds `new` at the end. It speaks of that baseline, so it is not read.
        let own = header.len() - usize::from(header.iter().next_back() == Some(NEW.name));
        let names = || header.iter().take(own);
        marked.set(names().eq(FINDING.iter().chain(&SUPPRESSED).map(|c| c.name)));
        marked.get() || names().eq(FINDING.iter().map(|c| c.name))
    };
    table.walk(&mut is_header, &mut |line, cells| see(line, &FindingRow { cells, marked: marked.get() }))
}
