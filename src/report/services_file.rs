//! The services of a report that somebody else may have written, read strictly and row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ::csv::StringRecord;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::claim::Cents;
use crate::frame::Allowance;
use crate::report::foreign;
use crate::report::foreign_table::{ForeignTable, TableError, unread};
use crate::report::format::csv;
use crate::report::format::summary_json::{FILE as SUMMARY, IDS_AND_DAYS, SCHEMA};
use crate::report::table::record::SERVICE;
use crate::rules::judge::ServiceStatus;
use crate::run::NO_LAYOUT;

/// What summary.json says of the services.
#[derive(Debug, Deserialize)]
struct ServicesSummary {
    schema: String,
    policy: PolicyName,
    services: BTreeMap<String, u64>,
    amount_at_risk: Option<BTreeMap<String, String>>,
    authorizations: Option<IgnoredAny>,
    masked: Option<String>,
    #[serde(default)]
    inputs: Vec<InputLayout>,
    #[serde(default)]
    provider_names: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct InputLayout {
    layout: String,
}

#[derive(Debug, Deserialize)]
struct PolicyName {
    fingerprint: String,
}

/// The services of a report, not yet read.
#[derive(Debug)]
pub struct ServicesFile {
    /// The directory of the report.
    pub path: PathBuf,
    /// Are amounts known? They are not if the extracts have no column for them.
    pub knows_amounts: bool,
    /// The fingerprint of the policy that judged them.
    pub policy: String,
    /// The layouts with which the extracts were read.
    pub layouts: BTreeSet<String>,
    /// Were they judged with an authorization file?
    pub has_authorizations: bool,
    /// Are its dates cut to months?
    pub cuts_dates: bool,
    /// The names of billing providers by NPI.
    pub provider_names: BTreeMap<String, String>,
    by_status: BTreeMap<String, u64>,
    table: ForeignTable,
}

/// A row of services.csv with its cells as written, which are guarded against spreadsheets.
pub struct ServiceRow<'a> {
    record: &'a StringRecord,
    /// Whether the service is to be denied, reviewed or neither.
    pub status: ServiceStatus,
    /// The amount at risk; `None` if there is none, or it is not known.
    pub amount: Option<Cents>,
}

impl ServiceRow<'_> {
    /// A cell by the name of its column.
    pub fn cell(&self, name: &str) -> &str {
        let at = SERVICE.iter().position(|column| column.name == name);
        at.and_then(|at| self.record.get(at)).unwrap_or_default()
    }
}

impl ServicesFile {
    /// Opens the services of a report: reads its summary.
    pub fn open(path: &Path, allowance: &Allowance) -> Result<Self, TableError> {
        let text = foreign::json(path, SUMMARY).map_err(|e| unread(path, SUMMARY, &e))?;
        let shown = path.join(SUMMARY).display().to_string();
        let summary: ServicesSummary = serde_json::from_slice(&text)
            .map_err(|e| TableError(format!("{shown}:{}:{}: is not a summary of claimlint", e.line(), e.column())))?;
        if summary.schema != SCHEMA {
            return Err(TableError(format!(
                "{shown}: is of another schema than {SCHEMA}, which this version reads; run `claimlint check` again"
            )));
        }
        Ok(Self {
            path: path.to_path_buf(),
            knows_amounts: summary.amount_at_risk.is_some(),
            policy: summary.policy.fingerprint,
            layouts: summary.inputs.into_iter().map(|input| input.layout).filter(|name| name != NO_LAYOUT).collect(),
            has_authorizations: summary.authorizations.is_some(),
            cuts_dates: summary.masked.as_deref() == Some(IDS_AND_DAYS),
            provider_names: summary.provider_names,
            by_status: summary.services,
            table: ForeignTable::of(path, csv::SERVICES, allowance.largest_row()),
        })
    }

    /// A message about a line of the table that claimlint cannot have written.
    pub fn broken(&self, line: u64, what: &str) -> TableError {
        self.table.broken(line, what)
    }

    /// A message about a line of the table.
    pub(crate) fn at_line(&self, line: u64, what: &str) -> TableError {
        self.table.at_line(line, what)
    }

    /// Visits the services with their lines in the table. A table with other numbers of services than the summary says is
    /// refused at its end.
    pub fn walk(&self, see: &mut dyn FnMut(u64, &ServiceRow<'_>) -> Result<(), TableError>) -> Result<(), TableError> {
        let mut found: BTreeMap<&str, u64> = ServiceStatus::ALL.iter().map(|status| (status.word(), 0)).collect();
        let status_at = SERVICE.iter().position(|column| column.name == "status").unwrap_or_default();
        let amount_at = SERVICE.iter().position(|column| column.name == "amount_at_risk").unwrap_or_default();
        // Later columns, such as `suppressed`, depend on the run.
        let is_header = |header: &StringRecord| SERVICE.iter().zip(header).all(|(column, name)| column.name == name);
        let end = self.table.walk::<TableError>(
            &mut |header| header.len() >= SERVICE.len() && is_header(header),
            &mut |line, record| {
                let bad = |column: &str| self.broken(line, &format!("the {column} is not as claimlint writes it"));
                let word = &record[status_at];
                let status = ServiceStatus::ALL.into_iter().find(|status| status.word() == word);
                let status = status.ok_or_else(|| bad("status"))?;
                let amount = match &record[amount_at] {
                    "" => None,
                    text => Some(
                        Cents::parse(text)
                            .filter(|cents| cents.to_string() == text)
                            .ok_or_else(|| bad("amount_at_risk"))?,
                    ),
                };
                *found.entry(status.word()).or_default() += 1;
                see(line, &ServiceRow { record, status, amount })
            },
        )?;
        for (word, count) in found {
            let stated = self.by_status.get(word).copied().unwrap_or_default();
            if count != stated {
                let what = format!("ends here with {count} services of status {word}, but {SUMMARY} says {stated}");
                return Err(self.broken(end, &what));
            }
        }
        Ok(())
    }
}
