//! Writes the worksheet of a sample. It carries all that `estimate` needs, so no other file has to be kept with it.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use crate::frame::Allowance;
use crate::report::foreign_table::TableError;
use crate::report::sample::columns::COLUMNS;
use crate::report::sample::draw::DrawnStratum;
use crate::report::sample::frame::{Frame, key};
use crate::report::services_file::ServicesFile;
use crate::report::table::csv_row::CsvRows;
use crate::report::table::record::Cells as _;

/// Why a worksheet cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WorksheetError {
    /// The report cannot be read again.
    #[error("{0}")]
    Report(#[from] TableError),
    /// The file cannot be written.
    #[error("{0}")]
    Write(#[from] io::Error),
}

/// Writes the drawn services, strata in order and services by rank, each with an empty cell for its audited amount.
/// The services are read from the report a second time.
pub fn write(
    report: &ServicesFile,
    frame: &Frame,
    strata: &[DrawnStratum],
    allowance: &mut Allowance,
    out: &mut dyn Write,
) -> Result<(), WorksheetError> {
    let items = strata.iter().enumerate().flat_map(|(n, stratum)| stratum.drawn.iter().map(move |unit| (n, unit)));
    let wanted: BTreeMap<u64, _> =
        items.enumerate().map(|(item, (n, unit))| (unit.line, (item + 1, n, unit))).collect();
    let (seed, services, hash) = (frame.seed.to_string(), frame.units.len().to_string(), frame.hash_text());
    let mut written = BTreeMap::new();
    report.walk(&mut |line, row| {
        let Some((item, n, unit)) = wanted.get(&line) else { return Ok(()) };
        if key(row) != unit.key {
            return Err(report.broken(line, "has changed since it was first read"));
        }
        let stratum = &strata[*n];
        let mut cells = CsvRows::default();
        for column in COLUMNS {
            match column {
                "item" => cells.number(*item as u64),
                "stratum" => cells.number(*n as u64 + 1),
                "stratum_services" => cells.number(stratum.services),
                "stratum_sampled" => cells.number(stratum.drawn.len() as u64),
                "stratum_amount" => cells.text(&stratum.amount.to_string()),
                "amount" => cells.amount(Some(unit.amount)),
                "audited_amount" | "note" => cells.text(""),
                "seed" => cells.text(&seed),
                "frame_services" => cells.text(&services),
                "frame_hash" => cells.text(&hash),
                // Anyone may have written the report, so every cell is guarded again. A guard guards itself.
                own => cells.input(row.cell(own)),
            }
        }
        cells.end();
        allowance.take(cells.len() as u64).map_err(|e| report.at_line(line, &e.to_string()))?;
        written.insert(*item, cells.into_text());
        Ok(())
    })?;
    let mut head = CsvRows::default();
    head.header(&COLUMNS);
    out.write_all(head.into_text().as_bytes())?;
    written.values().try_for_each(|row| out.write_all(row.as_bytes()))?;
    Ok(())
}
