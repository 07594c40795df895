//! Checks a saved report: its files against its manifest, its ledger, and its tables against its summary.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;

use serde::Deserialize;

use crate::claim::{Cents, Sum};
use crate::frame::{Allowance, TooLarge};
use crate::ledger::Ledger;
use crate::report::dir;
use crate::report::dir::manifest;
use crate::report::dir::manifest::Manifest;
use crate::report::dir::{Directory, RUN, state};
use crate::report::foreign;
use crate::report::foreign::TableReader;
use crate::report::format::csv::SERVICES;
use crate::report::format::summary_json;
use crate::report::seal;
use crate::report::seal::SignKey;
use crate::report::words::numbers;

/// One check of a report and what it found.
#[derive(Debug, PartialEq, Eq)]
pub struct IntegrityCheck {
    /// What was checked.
    pub what: String,
    /// A sentence for each difference; empty if the check passes.
    pub wrong: Vec<String>,
}

/// The part of summary.json that can be counted again.
#[derive(Debug, Deserialize)]
pub struct SavedSummary {
    schema: String,
    /// The policy that judged.
    pub policy: SavedPolicy,
    /// What is masked; `None` if nothing is.
    pub masked: Option<String>,
    /// The extracts in the order given.
    pub inputs: Vec<SavedInput>,
    /// The tables joined to them.
    #[serde(default)]
    pub joined_tables: Vec<SavedTable>,
    /// Rows by bin.
    pub ledger: Ledger,
    /// Services by status.
    pub services: BTreeMap<String, u64>,
    /// Amounts at risk by status, and `total`; `None` if the extracts have no column for amounts.
    pub amount_at_risk: Option<BTreeMap<String, String>>,
    /// Recoverable amounts by status, and `total`; `None` if the extracts have no column for amounts.
    pub recoverable: Option<BTreeMap<String, String>>,
    /// Findings by rule.
    pub rules: BTreeMap<String, SavedRule>,
}

/// The policy of a report.
#[derive(Debug, Deserialize)]
pub struct SavedPolicy {
    /// The short name of the policy file, such as `bcbsma-485`.
    pub id: String,
    /// Its fingerprint, over the texts of all its files.
    pub fingerprint: String,
}

/// An extract of the summary.
#[derive(Debug, Deserialize)]
pub struct SavedInput {
    /// Its name as given by the user.
    pub file: String,
    /// Bytes of text after decompression.
    pub bytes: u64,
    /// Rows after the header.
    pub rows: u64,
    /// Rejected rows among them.
    pub rejected: u64,
}

/// A joined table of the summary.
#[derive(Debug, Deserialize)]
pub struct SavedTable {
    /// Its rows that cannot be read, which are in rejects.csv, too.
    pub rejected: u64,
}

/// A rule of the summary.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct SavedRule {
    /// Findings.
    pub findings: u64,
    /// Amount at risk of the services among them.
    pub amount_at_risk: Option<String>,
}

/// A saved report that can be checked.
#[derive(Debug)]
pub struct SavedReport {
    /// What manifest.json says of files and inputs.
    pub manifest: Manifest,
    /// What summary.json says of ledger and totals.
    pub summary: SavedSummary,
    manifest_text: Vec<u8>,
    run: Vec<u8>,
}

/// Why a directory cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The directory holds no report.
    #[error("holds no claimlint report; name the directory of one")]
    NoReport,
    /// The report has no readable manifest.
    #[error("{0}")]
    Broken(String),
    /// The disk reports an error.
    #[error("{0}: {1}")]
    Io(String, io::Error),
}

impl SavedReport {
    /// Reads manifest and summary.
    pub fn open(directory: &Path) -> Result<Self, VerifyError> {
        if !directory.join(manifest::FILE).exists() && !dir::has_summary(directory) {
            return Err(VerifyError::NoReport);
        }
        let text = |name: &str| {
            foreign::json(directory, name).map_err(|e| match e.kind() {
                ErrorKind::NotFound => VerifyError::Broken(format!("{name} is missing")),
                ErrorKind::InvalidInput => VerifyError::Broken(format!("{name} {e}")),
                _ => VerifyError::Io(name.to_owned(), e),
            })
        };
        let damaged = |name: &str| VerifyError::Broken(format!("{name} is damaged"));
        let manifest_text = text(manifest::FILE)?;
        let manifest: Manifest = serde_json::from_slice(&manifest_text).map_err(|_| damaged(manifest::FILE))?;
        let summary: SavedSummary =
            serde_json::from_slice(&text(summary_json::FILE)?).map_err(|_| damaged(summary_json::FILE))?;
        for (name, stated, ours) in [
            (manifest::FILE, &manifest.schema, manifest::SCHEMA),
            (summary_json::FILE, &summary.schema, summary_json::SCHEMA),
        ] {
            if stated != ours {
                let what = format!("{name} is of another version of claimlint ({stated:?}, this one reads {ours:?})");
                return Err(VerifyError::Broken(what));
            }
        }
        if manifest.sealed().is_ok_and(|seal| seal != manifest.seal) {
            return Err(damaged(manifest::FILE));
        }
        let run = text(RUN)?;
        Ok(Self { manifest, summary, manifest_text, run })
    }

    /// Every check that does not need the inputs. Rows of tables are read within this memory.
    pub fn checks(&self, directory: &Path, memory: usize) -> Result<Vec<IntegrityCheck>, VerifyError> {
        let io = |e: io::Error| VerifyError::Io(directory.display().to_string(), e);
        let files = self.files(directory).map_err(io)?;
        let states = state::changes(&Directory::open(directory).map_err(io)?).map_err(io)?;
        let states = IntegrityCheck { what: "modes and links: as they were made".to_owned(), wrong: states };
        let rows = Allowance::new(memory).largest_row();
        let lists_services = self.manifest.files.iter().any(|part| part.file == SERVICES);
        let services = if lists_services {
            self.services(directory, rows)
        } else {
            IntegrityCheck { what: format!("{SERVICES}: was left out, so nothing to count"), wrong: Vec::new() }
        };
        let tables = [services, self.findings(directory, rows), self.rejects(directory, rows)];
        Ok([files, self.seals(), states, self.ledger()].into_iter().chain(tables).collect())
    }

    fn files(&self, directory: &Path) -> io::Result<IntegrityCheck> {
        let there = manifest::parts(&Directory::open(directory)?)?;
        let mut wrong = Vec::new();
        for part in &self.manifest.files {
            match there.iter().find(|found| found.file == part.file) {
                None => wrong.push(format!("{} is missing", part.file)),
                Some(found) if found.bytes != part.bytes => {
                    wrong.push(format!("{} has {} bytes and was written with {}", part.file, found.bytes, part.bytes));
                }
                Some(found) if found.blake3 != part.blake3 => wrong.push(format!("{} was altered", part.file)),
                Some(_) => {}
            }
        }
        let added = there.iter().filter(|found| !self.manifest.files.iter().any(|part| part.file == found.file));
        wrong.extend(added.map(|found| format!("{} does not belong to the report", found.file)));
        Ok(IntegrityCheck {
            what: format!("files: {} in the manifest, each by its hash", self.manifest.files.len()),
            wrong,
        })
    }

    /// The manifest has one form only, so an added key or blank is seen.
    fn seals(&self) -> IntegrityCheck {
        let mut wrong = Vec::new();
        if !self.manifest.text().is_ok_and(|text| text == self.manifest_text) {
            wrong.push(format!("{} holds more than claimlint wrote, or has other white space", manifest::FILE));
        }
        wrong.extend(seal::altered(&self.run, &self.manifest_text));
        IntegrityCheck { what: format!("{} and {RUN}: each by its hash", manifest::FILE), wrong }
    }

    /// Was the report signed?
    pub(crate) fn is_signed(&self) -> bool {
        seal::is_signed(&self.run)
    }

    /// Was it signed with this key?
    pub fn signature(&self, key: &SignKey) -> IntegrityCheck {
        IntegrityCheck {
            what: "signature: made with this key, over the hashes of all files".to_owned(),
            wrong: seal::unsigned(&self.run, key).into_iter().collect(),
        }
    }

    fn ledger(&self) -> IntegrityCheck {
        let SavedSummary { ledger, inputs, .. } = &self.summary;
        let mut wrong = Vec::new();
        if !ledger.adds_up() {
            wrong.push("the bins do not add up to the rows".to_owned());
        }
        for (what, of_inputs, of_ledger) in [
            ("rows", inputs.iter().map(|i| u128::from(i.rows)).sum::<u128>(), ledger.rows),
            ("rejected rows", inputs.iter().map(|i| u128::from(i.rejected)).sum(), ledger.rejected),
        ] {
            if of_inputs != u128::from(of_ledger) {
                wrong.push(format!("the inputs have {of_inputs} {what}, the ledger {of_ledger}"));
            }
        }
        IntegrityCheck {
            what: format!("ledger: the bins add up to {}, and so do the inputs", numbers::counted(ledger.rows, "row")),
            wrong,
        }
    }

    fn services(&self, directory: &Path, largest_row: u64) -> IntegrityCheck {
        let mut found: BTreeMap<String, (u64, [Sum; 2])> = BTreeMap::new();
        let columns = ["status", "amount_at_risk", "recoverable"];
        let counted = count_rows(directory, SERVICES, largest_row, &columns, |cells| {
            let sums = [amount(cells[1])?, amount(cells[2])?];
            let tally = group(&mut found, cells[0])?;
            tally.0 += 1;
            tally.1.iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
            Some(())
        });
        compared(SERVICES, counted, |rows| {
            let summary = &self.summary;
            let total: u128 = summary.services.values().map(|n| u128::from(*n)).sum();
            let mut pairs = vec![("rows".to_owned(), total.to_string(), rows.to_string())];
            let known = summary.services.keys().chain(found.keys().filter(|s| !summary.services.contains_key(*s)));
            let stated = [("amount at risk", &summary.amount_at_risk), ("recoverable amount", &summary.recoverable)];
            for status in known {
                let (services, sums) = found.get(status).copied().unwrap_or_default();
                let count = summary.services.get(status).copied().unwrap_or_default();
                pairs.push((format!("services {status}"), count.to_string(), services.to_string()));
                for ((what, stated), sum) in stated.into_iter().zip(sums) {
                    if let Some(stated) = stated.as_ref().and_then(|stated| stated.get(status)) {
                        pairs.push((format!("{what} of {status}"), stated.clone(), sum.to_string()));
                    }
                }
            }
            for (n, (what, stated)) in stated.into_iter().enumerate() {
                let sum: Sum = found.values().map(|(_, sums)| sums[n]).sum();
                let stated = stated.as_ref().map(|stated| stated.get("total").cloned().unwrap_or_default());
                pairs.extend(stated.map(|stated| (format!("{what} of all"), stated, sum.to_string())));
            }
            pairs
        })
    }

    fn findings(&self, directory: &Path, largest_row: u64) -> IntegrityCheck {
        let mut found: BTreeMap<String, (u64, Sum)> = BTreeMap::new();
        let counted = count_rows(directory, "findings.csv", largest_row, &["rule", "amount_at_risk"], |cells| {
            let at_risk = amount(cells[1])?;
            let tally = group(&mut found, cells[0])?;
            tally.0 += 1;
            tally.1 += at_risk;
            Some(())
        });
        compared("findings.csv", counted, |rows| {
            let rules = &self.summary.rules;
            let total: u128 = rules.values().map(|rule| u128::from(rule.findings)).sum();
            let mut pairs = vec![("rows".to_owned(), total.to_string(), rows.to_string())];
            for (code, rule) in rules {
                let (findings, at_risk) = found.get(code).copied().unwrap_or_default();
                pairs.push((format!("findings of {code}"), rule.findings.to_string(), findings.to_string()));
                let stated = rule.amount_at_risk.clone();
                pairs.extend(stated.map(|stated| (format!("amount at risk of {code}"), stated, at_risk.to_string())));
            }
            for (code, (findings, _)) in found.iter().filter(|(code, _)| !rules.contains_key(*code)) {
                pairs.push((format!("findings of {code}"), "0".to_owned(), findings.to_string()));
            }
            pairs
        })
    }

    fn rejects(&self, directory: &Path, largest_row: u64) -> IntegrityCheck {
        let counted = count_rows(directory, "rejects.csv", largest_row, &[], |_| Some(()));
        let of_tables: u64 = self.summary.joined_tables.iter().map(|table| table.rejected).sum();
        let stated = self.summary.ledger.rejected.saturating_add(of_tables).to_string();
        compared("rejects.csv", counted, |rows| vec![("rows", stated, rows.to_string())])
    }
}

/// The amount of a cell; zero if it is empty. `None`: the text is not an amount.
fn amount(cell: &str) -> Option<Sum> {
    if cell.is_empty() { Some(Sum::default()) } else { Cents::parse(cell).map(Sum::from) }
}

/// Reads a table and passes the cells of these columns to `row`, which returns `None` for a row that claimlint cannot
/// have written. Returns the number of rows, or the reason why the table cannot be read, without quoting it.
fn count_rows(
    directory: &Path,
    file: &str,
    largest_row: u64,
    columns: &[&str],
    mut row: impl FnMut(&[&str]) -> Option<()>,
) -> Result<u64, String> {
    let damaged = || "cannot be read as the table that was written".to_owned();
    let table = TableReader::open(directory, file, largest_row).map_err(|_| damaged())?;
    let mut reader = csv::ReaderBuilder::new().from_reader(table);
    let header = reader.headers().map_err(|_| damaged())?;
    let places: Option<Vec<usize>> = columns.iter().map(|name| header.iter().position(|h| h == *name)).collect();
    let places = places.ok_or_else(damaged)?;
    let mut record = csv::StringRecord::new();
    let mut rows = 0;
    loop {
        reader.get_mut().next_row();
        if !reader.read_record(&mut record).map_err(|e| unread(&e).unwrap_or_else(damaged))? {
            return Ok(rows);
        }
        rows += 1;
        let cells: Vec<&str> = places.iter().map(|place| &record[*place]).collect();
        row(&cells).ok_or_else(damaged)?;
    }
}

/// What to say of a row that is too large.
fn unread(e: &csv::Error) -> Option<String> {
    match e.kind() {
        csv::ErrorKind::Io(e) if e.kind() == ErrorKind::OutOfMemory => Some(TooLarge.to_string()),
        _ => None,
    }
}

/// Most statuses or rules that are counted apart. There are fewer in any report of claimlint.
const MOST_GROUPS: usize = 1000;

/// The tally of a status or a rule; `None` if there are more of them than claimlint can have written.
fn group<'t, T: Default>(found: &'t mut BTreeMap<String, T>, name: &str) -> Option<&'t mut T> {
    let fits = found.len() < MOST_GROUPS || found.contains_key(name);
    fits.then(|| found.entry(name.to_owned()).or_default())
}

/// Compares a table with the summary. `pairs` gives triples: what is counted, what the summary says, what the table
/// holds.
fn compared<W: Into<String>>(
    file: &str,
    counted: Result<u64, String>,
    pairs: impl FnOnce(u64) -> Vec<(W, String, String)>,
) -> IntegrityCheck {
    let (rows, wrong) = match counted {
        Err(what) => (0, vec![format!("{file} {what}")]),
        Ok(rows) => {
            let differs = |(what, stated, found): (W, String, String)| {
                (stated != found).then(|| format!("{}: summary.json says {stated}, {file} holds {found}", what.into()))
            };
            (rows, pairs(rows).into_iter().filter_map(differs).collect())
        }
    };
    IntegrityCheck { what: format!("{file}: {rows} rows, with the counts and sums of summary.json"), wrong }
}
