//! Adds the services of reports that somebody else may have written, each service once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hashbrown::HashSet;

use crate::claim::Cents;
use crate::claim::line::mask::is_claim_token;
use crate::finding::fingerprint::unguarded;
use crate::frame::{Allowance, TooLarge};
use crate::report::foreign_table::TableError;
use crate::report::format::summary_json;
use crate::report::services_file::{ServiceRow, ServicesFile};
use crate::report::siblings;
use crate::report::siblings::{RunRecord, SiblingReport};
use crate::report::trend::series::{CountedReport, Months, Trend};

/// The columns that identify a service across reports. Its amount and its verdict may change.
const IDENTITY: [&str; 5] = ["claim_id", "member_id", "line_number", "procedure_code", "service_date"];

/// Bytes of memory for a service: two entries of 16 bytes in tables that are at least three eighths full and are copied
/// while they grow.
const SERVICE_BYTES: u64 = 160;

/// Bytes of memory for the counts of a month, or for the name of a series besides its text: an entry of a tree whose nodes
/// may be half empty.
const ENTRY_BYTES: u64 = 256;

/// Identifies a service across reports.
type Key = [u8; 16];

/// Reads reports, which may take this memory together. The newest is read first, and an older one adds only services that
/// no newer one has. A report that is the same run as another counts once.
pub fn read(paths: &[PathBuf], allowance: &mut Allowance) -> Result<Trend, TableError> {
    let all = siblings::in_order(paths.iter().cloned().map(SiblingReport::at).collect());
    let mut trend = Trend::default();
    let (mut newer, mut masked, mut cuts_dates) = (HashSet::<Key>::new(), None, None);
    for sibling in once_each(all, &mut trend.named_again) {
        let file = ServicesFile::open(&sibling.path, allowance)?;
        let mut report = CountedReport {
            when: sibling.run.as_ref().map_or_else(String::new, RunRecord::when),
            path: sibling.path,
            services: 0,
            in_newer: 0,
            months: None,
            knows_amounts: file.knows_amounts,
            has_authorizations: file.has_authorizations,
        };
        let mut own = HashSet::<Key>::new();
        file.walk(&mut |line, row| {
            let too_large = |e: TooLarge| file.at_line(line, &e.to_string());
            let is_masked = is_claim_token(row.cell("claim_id"));
            if *masked.get_or_insert(is_masked) != is_masked {
                return Err(file.at_line(
                    line,
                    "some services are masked and others are not, so none would be known again; mask all reports under one \
                     key, or none",
                ));
            }
            if *cuts_dates.get_or_insert(file.cuts_dates) != file.cuts_dates {
                return Err(file.at_line(
                    line,
                    "some reports have dates cut to months and others have whole dates, so their services would not be known \
                     again; give all reports --mask-dates month, or none",
                ));
            }
            let month = month(row).map_err(|what| file.broken(line, what))?;
            report.see(month);
            let key = key(row);
            if newer.contains(&key) {
                report.in_newer += 1;
                return Ok(());
            }
            allowance.take(SERVICE_BYTES).map_err(too_large)?;
            own.insert(key);
            let recoverable = match row.cell("recoverable") {
                "" => None,
                text => Some(Cents::parse(text).ok_or_else(|| file.broken(line, "recoverable is not an amount"))?),
            };
            let mut add = |months: &mut Months| {
                if !months.contains_key(month) {
                    allowance.take(ENTRY_BYTES)?;
                }
                months.entry(month.to_owned()).or_default().add(row.status, row.amount, recoverable);
                Ok(())
            };
            add(&mut trend.months).map_err(too_large)?;
            let mut add_to = |all: &mut BTreeMap<String, Months>, name: &str| {
                if !all.contains_key(name) {
                    allowance.take(ENTRY_BYTES + name.len() as u64)?;
                }
                let months = all.entry(name.to_owned()).or_default();
                if !months.contains_key(month) {
                    allowance.take(ENTRY_BYTES)?;
                }
                months.entry(month.to_owned()).or_default().add(row.status, row.amount, recoverable);
                Ok(())
            };
            add_to(&mut trend.providers, unguarded(row.cell("billing_npi"))).map_err(too_large)?;
            for rule in row.cell("rules").split(';').filter(|rule| !rule.is_empty()) {
                add_to(&mut trend.rules, rule).map_err(too_large)?;
            }
            Ok(())
        })?;
        for (npi, name) in file.provider_names {
            if !trend.names.contains_key(&npi) && trend.providers.contains_key(&npi) {
                let bytes = ENTRY_BYTES + (npi.len() + name.len()) as u64;
                let summary = || file.path.join(summary_json::FILE).display().to_string();
                allowance.take(bytes).map_err(|e| TableError(format!("{}: {e}", summary())))?;
                trend.names.insert(npi, name);
            }
        }
        newer.extend(own);
        trend.policies.insert(file.policy);
        trend.layouts.extend(file.layouts);
        trend.reports.push(report);
    }
    Ok(trend)
}

/// Leaves out reports that are the same run as an earlier one of the list, by run.json or by their directory, and counts
/// them.
fn once_each(all: Vec<SiblingReport>, named_again: &mut u64) -> Vec<SiblingReport> {
    let (mut runs, mut places) = (std::collections::HashSet::new(), std::collections::HashSet::new());
    let mut once = Vec::with_capacity(all.len());
    for report in all {
        let place = report.path.canonicalize().unwrap_or_else(|_| report.path.clone());
        let run = report.run.as_ref().map(|run| (run.id.clone(), report.time()));
        if places.insert(place) && run.is_none_or(|run| runs.insert(run)) {
            once.push(report);
        } else {
            *named_again += 1;
        }
    }
    once
}

fn key(row: &ServiceRow<'_>) -> Key {
    let mut hasher = blake3::Hasher::new();
    for cell in IDENTITY.map(|name| unguarded(row.cell(name))) {
        // Each cell is preceded by its length, so that no two lists of cells give the same bytes.
        hasher.update(&(cell.len() as u64).to_le_bytes());
        hasher.update(cell.as_bytes());
    }
    let mut key = Key::default();
    hasher.finalize_xof().fill(&mut key);
    key
}

/// The month of the service date; empty without a date.
fn month<'r>(row: &'r ServiceRow<'_>) -> Result<&'r str, &'static str> {
    let date = row.cell("service_date");
    let is_day = date.parse::<jiff::civil::Date>().is_ok_and(|day| day.to_string() == date);
    if date.is_empty() || is_day { Ok(date.get(..7).unwrap_or_default()) } else { Err("service_date is not a day") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::format::summary_json::SCHEMA;
    use crate::report::table::record::SERVICE;

    /// A report whose services have these claims, NPIs and rules, as another program might write it.
    fn put(report: &Path, services: &[[String; 3]]) {
        std::fs::create_dir(report).expect("room for it");
        let n = services.len();
        let summary = format!(
            "{{\"schema\": \"{SCHEMA}\", \"policy\": {{\"fingerprint\": \"f\"}}, \"services\": {{\"deny\": {n}}}, \
             \"amount_at_risk\": {{}}, \"inputs\": []}}"
        );
        std::fs::write(report.join("summary.json"), summary).expect("room for it");
        let names: Vec<&str> = SERVICE.iter().map(|column| column.name).collect();
        let mut text = names.join(",") + "\n";
        for [claim, npi, rules] in services {
            let cell = |name: &&str| match *name {
                "claim_id" => claim.clone(),
                "billing_npi" => npi.clone(),
                "rules" => rules.clone(),
                "service_date" => "2024-03-05".to_owned(),
                "status" => "deny".to_owned(),
                _ => String::new(),
            };
            text += &(names.iter().map(cell).collect::<Vec<_>>().join(",") + "\n");
        }
        std::fs::write(report.join("services.csv"), text).expect("room for it");
    }

    #[test]
    fn memory_grows_with_services_and_names_and_is_bounded() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        put(&path("few"), &[["A".into(), "1".into(), "DX101".into()]]);
        put(&path("many"), &(0..500).map(|n| [n.to_string(), "1".into(), "DX101".into()]).collect::<Vec<_>>());
        put(&path("long"), &[["A".into(), "9".repeat(5_000), "DX101".into()]]);
        let needs = |name: &str, bytes| read(&[path(name)], &mut Allowance::new(bytes)).map_err(|e| e.to_string());
        assert_eq!(needs("few", 48 << 10).expect("one service").months["2024-03"].services, 1);
        let refused = needs("many", 64 << 10).expect_err("500 services");
        assert!(refused.contains("services.csv:") && refused.contains("--memory"), "{refused}");
        assert_eq!(needs("many", 128 << 10).expect("500 services").rules["DX101"]["2024-03"].services, 500);
        // The largest row has an eighth of the memory.
        assert!(needs("long", 80 << 10).is_ok() && needs("long", 32 << 10).is_err());
    }

    #[test]
    fn a_report_without_a_time_is_named_twice_by_its_place() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a");
        put(&path, &[["A".into(), "1".into(), String::new()]]);
        let trend = read(&[path.clone(), path.join("../a"), path], &mut Allowance::new(1 << 20)).expect("a report");
        assert_eq!((trend.reports.len(), trend.named_again, trend.repeated()), (1, 2, 0));
    }
}
