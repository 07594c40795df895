//! Writes a comparison as CSV or JSON. Both are written while the tables are read, so they may have any length.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::baseline::Change;
use crate::finding::fingerprint::unguarded;
use crate::report::compare::comparison::{ByRule, Comparison, Difference};
use crate::report::compare::read::CompareError;
use crate::report::format::summary_json::ShareJson;
use crate::report::table::csv_row::CsvRows;
use crate::report::table::record::Cells as _;
use crate::report::words::escape::seen_json;

/// Name and version of the schema of the JSON. The version is raised when a key changes its meaning.
const SCHEMA: &str = "claimlint-compare/2";

/// The columns of the CSV. A column without `old_` has the value of the new report, or of the old report if the finding
/// is gone.
pub const COLUMNS: [&str; 21] = [
    "change",
    "differs",
    "fingerprint",
    "rule",
    "name",
    "disposition",
    "old_disposition",
    "claim_id",
    "line_number",
    "member_id",
    "procedure_code",
    "service_date",
    "amount_at_risk",
    "old_amount_at_risk",
    "suppressed",
    "suppression",
    "source_file",
    "source_line",
    "message",
    "citation",
    "capped_by",
];

/// The cells of a difference, without the apostrophes that guard them in findings.csv.
fn cells(difference: &Difference<'_>) -> [String; COLUMNS.len()] {
    COLUMNS.map(|column| match column {
        "change" => difference.change.word().to_owned(),
        "differs" => difference.differs().join(";"),
        "fingerprint" => difference.entry.fingerprint.to_string(),
        "old_disposition" => difference.was.map_or(String::new(), |was| was.disposition.word().to_owned()),
        "old_amount_at_risk" => {
            difference.was.and_then(|was| was.amount()).map_or(String::new(), |amount| amount.to_string())
        }
        own => unguarded(difference.row.cell(own)).to_owned(),
    })
}

/// Writes the differences as CSV. Every text is guarded against spreadsheets, because anyone may have written the reports.
pub fn csv(comparison: &Comparison, out: &mut dyn Write) -> Result<(), CompareError> {
    let mut rows = CsvRows::default();
    rows.header(&COLUMNS);
    out.write_all(rows.into_text().as_bytes())?;
    comparison.visit(&mut |difference| {
        let mut rows = CsvRows::default();
        for (column, cell) in COLUMNS.iter().zip(cells(difference)) {
            // The reader accepts only numbers in these, and they may be negative.
            if column.ends_with("amount_at_risk") { rows.plain(&cell) } else { rows.input(&cell) }
        }
        rows.end();
        Ok(out.write_all(rows.into_text().as_bytes())?)
    })
}

#[derive(Serialize)]
struct RuleShare<'a> {
    change: &'a str,
    rule: &'a str,
    disposition: &'a str,
    findings: u64,
    /// Null if neither report knows amounts.
    amount_at_risk: Option<String>,
}

/// Writes totals and differences as one JSON object.
pub fn json(comparison: &Comparison, out: &mut dyn Write) -> Result<(), CompareError> {
    let (shares, known) = (comparison.shares(), comparison.knows_amounts());
    let mut totals: BTreeMap<&str, ShareJson> =
        shares.by.iter().map(|(c, share)| (c.word(), ShareJson::of(share, known))).collect();
    totals.insert("suppressed", ShareJson::of(&shares.suppressed, known));
    let (old, new) = (comparison.old.path.display().to_string(), comparison.new.path.display().to_string());
    let head = [("schema", text(&SCHEMA)?), ("old", text(&old)?), ("new", text(&new)?), ("totals", text(&totals)?)];
    out.write_all(b"{")?;
    head.iter().try_for_each(|(key, value)| write!(out, "\n\"{key}\": {value},"))?;
    out.write_all(b"\n\"findings\": [")?;
    let (mut first, mut by_rule) = (true, ByRule::new());
    comparison.visit(&mut |difference| {
        difference.count(&mut by_rule);
        let cells = cells(difference);
        let pairs: BTreeMap<&str, String> = COLUMNS.into_iter().zip(cells).collect();
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        Ok(write!(out, "{comma}\n{}", text(&pairs)?)?)
    })?;
    let rules = by_rule.iter().map(|((change, rule, disposition), (findings, at_risk))| RuleShare {
        change: Change::word(*change),
        rule,
        disposition: disposition.0.word(),
        findings: *findings,
        amount_at_risk: known.then(|| at_risk.to_string()),
    });
    let rules: Vec<_> = rules.collect();
    Ok(writeln!(out, "\n],\n\"rules\": {}\n}}", text(&rules)?)?)
}

fn text(value: &impl Serialize) -> io::Result<String> {
    Ok(seen_json(&serde_json::to_string(value)?).into_owned())
}
