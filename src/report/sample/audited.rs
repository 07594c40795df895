//! Reads a worksheet that comes back with audited amounts. A spreadsheet may have saved it, so line ends, a byte order
//! mark, empty rows, further columns and the form of amounts may differ; numbers that must not change are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use crate::claim::{Cents, Sum};
use crate::frame::Allowance;
use crate::report::foreign::TableReader;
use crate::report::foreign_table::TableError;
use crate::report::words::finding::is_payment;
use crate::statistics::extrapolation::Stratum;

/// Bytes of memory for the number of a row: an entry of a tree whose nodes may be half empty.
const ITEM_BYTES: u64 = 48;

/// Bytes of memory for a stratum and its place in a tree.
const STRATUM_BYTES: u64 = 320;

/// Most rows that a message names.
const NAMED: usize = 5;

/// A stratum of a worksheet.
#[derive(Debug, Clone, Copy)]
pub struct AuditedStratum {
    /// Its differences.
    pub differences: Stratum,
    /// The sum of all amounts of the stratum, sampled or not.
    pub amount: Sum,
    /// The amounts of the sampled services.
    pub sampled_amount: Sum,
    /// Sampled services whose audited amount is below their amount.
    pub overpaid: u64,
    /// Sampled services whose audited amount is above their amount.
    pub underpaid: u64,
    /// Sampled services whose amount is no payment. Worksheets of earlier versions do not say so.
    pub not_paid: u64,
    stated: u64,
}

/// A worksheet with audited amounts.
#[derive(Debug)]
pub struct AuditedWorksheet {
    /// The seed that the sample was drawn with.
    pub seed: String,
    /// The hash of the frame.
    pub frame_hash: String,
    /// By number.
    pub strata: BTreeMap<u64, AuditedStratum>,
}

/// The worksheet that is being read, for its messages.
struct Reading {
    path: PathBuf,
    places: BTreeMap<&'static str, usize>,
}

/// The columns that are read.
const NEEDED: [&str; 10] = [
    "item",
    "stratum",
    "stratum_services",
    "stratum_sampled",
    "stratum_amount",
    "amount",
    "audited_amount",
    "seed",
    "frame_services",
    "frame_hash",
];

/// A column that is read if the worksheet has it.
const BASIS: &str = "amount_basis";

impl Reading {
    fn at(&self, line: u64, what: &str) -> TableError {
        TableError(format!("{}:{line}: {what}", self.path.display()))
    }

    fn cell<'r>(&self, row: &'r StringRecord, name: &str) -> &'r str {
        self.places.get(name).and_then(|at| row.get(*at)).unwrap_or_default().trim()
    }

    fn number(&self, row: &StringRecord, name: &str, line: u64) -> Result<u64, TableError> {
        let number = self.cell(row, name).parse().ok();
        number.ok_or_else(|| self.at(line, &format!("{name} must be the whole number that `claimlint sample` wrote")))
    }

    fn amount(&self, row: &StringRecord, name: &str, line: u64) -> Result<Cents, TableError> {
        let amount = Cents::parse(self.cell(row, name));
        amount.ok_or_else(|| self.at(line, &format!("{name} is not an amount such as 1234.50")))
    }
}

impl AuditedWorksheet {
    /// Reads a worksheet, which may take this memory.
    pub fn read(path: &Path, allowance: &mut Allowance) -> Result<Self, TableError> {
        let mut reading = Reading { path: path.to_path_buf(), places: BTreeMap::new() };
        let unread = |e: &std::io::Error| TableError(format!("{}: {e}", path.display()));
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| TableError(format!("{}: name the file of a worksheet", path.display())))?;
        let table = TableReader::open(parent, name, allowance.largest_row()).map_err(|e| unread(&e))?;
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table);
        let mut row = StringRecord::new();
        let (mut sheet, mut frame_services) = (None::<Self>, 0);
        let (mut items, mut empty) = (BTreeSet::new(), Vec::new());
        loop {
            let next = TableReader::next_line(&reader);
            reader.get_mut().next_row();
            let more = reader.read_record(&mut row).map_err(|e| match e.into_kind() {
                csv::ErrorKind::Io(e) => unread(&e),
                _ => reading.at(next, "is not text in UTF-8; save the worksheet as CSV in UTF-8"),
            })?;
            if !more {
                break;
            }
            let line = TableReader::line_of(&reader, &row);
            if reading.places.is_empty() {
                reading.places = places(&row).map_err(|what| reading.at(line, &what))?;
                continue;
            }
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if !items.insert(reading.number(&row, "item", line)?) {
                return Err(reading.at(line, "an earlier row has the same item"));
            }
            let too_large = |e: crate::frame::TooLarge| reading.at(line, &e.to_string());
            allowance.take(ITEM_BYTES).map_err(too_large)?;
            let (seed, hash) = (reading.cell(&row, "seed"), reading.cell(&row, "frame_hash"));
            let services = reading.number(&row, "frame_services", line)?;
            let sheet = sheet.get_or_insert_with(|| {
                frame_services = services;
                Self { seed: seed.to_owned(), frame_hash: hash.to_owned(), strata: BTreeMap::new() }
            });
            if (sheet.seed.as_str(), sheet.frame_hash.as_str(), frame_services) != (seed, hash, services) {
                return Err(reading.at(line, "is of another sample: seed, frame_services or frame_hash differ"));
            }
            if reading.cell(&row, "audited_amount").is_empty() {
                empty.push(line);
                continue;
            }
            let number = reading.number(&row, "stratum", line)?;
            if !sheet.strata.contains_key(&number) {
                allowance.take(STRATUM_BYTES).map_err(too_large)?;
            }
            sheet.add(number, &reading, &row, line)?;
        }
        let sheet =
            sheet.ok_or_else(|| reading.at(TableReader::next_line(&reader), "the worksheet has no services"))?;
        if !empty.is_empty() {
            let named: Vec<String> = empty.iter().take(NAMED).map(u64::to_string).collect();
            let more = if empty.len() > NAMED { ", ..." } else { "" };
            return Err(TableError(format!(
                "{}: {} of {} services have no audited_amount (lines {}{more}); write the amount that should have been \
                 paid, 0 if nothing",
                path.display(),
                empty.len(),
                items.len(),
                named.join(", ")
            )));
        }
        sheet.is_complete(&reading, frame_services)?;
        Ok(sheet)
    }

    fn add(&mut self, number: u64, reading: &Reading, row: &StringRecord, line: u64) -> Result<(), TableError> {
        let services = reading.number(row, "stratum_services", line)?;
        let stated = reading.number(row, "stratum_sampled", line)?;
        let whole = Sum::from(reading.amount(row, "stratum_amount", line)?);
        let (amount, audited) = (reading.amount(row, "amount", line)?, reading.amount(row, "audited_amount", line)?);
        let stratum = self.strata.entry(number).or_insert_with(|| AuditedStratum {
            differences: Stratum::of(services),
            amount: whole,
            sampled_amount: Sum(0),
            overpaid: 0,
            underpaid: 0,
            not_paid: 0,
            stated,
        });
        if (stratum.differences.services(), stratum.stated, stratum.amount) != (services, stated, whole) {
            return Err(reading.at(line, "an earlier row states other numbers for its stratum"));
        }
        let difference = Sum(i128::from(amount.0) - i128::from(audited.0));
        stratum.differences.add(difference).map_err(|e| reading.at(line, &e.to_string()))?;
        stratum.sampled_amount += amount;
        stratum.overpaid += u64::from(difference.0 > 0);
        stratum.underpaid += u64::from(difference.0 < 0);
        stratum.not_paid += u64::from(reading.places.contains_key(BASIS) && !is_payment(reading.cell(row, BASIS)));
        Ok(())
    }

    /// Does the worksheet have every service that was drawn, and do its strata make up the frame?
    fn is_complete(&self, reading: &Reading, frame_services: u64) -> Result<(), TableError> {
        for (number, stratum) in &self.strata {
            let found = stratum.differences.sampled();
            if found != stratum.stated {
                return Err(TableError(format!(
                    "{}: has {found} services of stratum {number}, and {} were drawn; a sample is estimated whole",
                    reading.path.display(),
                    stratum.stated
                )));
            }
        }
        let services: u128 = self.strata.values().map(|stratum| u128::from(stratum.differences.services())).sum();
        if services != u128::from(frame_services) {
            return Err(TableError(format!(
                "{}: the strata have {services} services and the frame {frame_services}; a stratum is missing",
                reading.path.display()
            )));
        }
        Ok(())
    }

    /// The differences of all strata.
    pub fn differences(&self) -> Vec<Stratum> {
        self.strata.values().map(|stratum| stratum.differences).collect()
    }
}

/// Where the needed columns are.
fn places(header: &StringRecord) -> Result<BTreeMap<&'static str, usize>, String> {
    let name = |cell: &str| cell.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
    let mut places = BTreeMap::new();
    for column in NEEDED {
        let mut found = header.iter().enumerate().filter(|(_, cell)| name(cell) == column);
        match (found.next(), found.next()) {
            (Some((at, _)), None) => places.insert(column, at),
            (None, _) => {
                return Err(format!("has no column {column}: is this a worksheet of `claimlint sample`, with commas?"));
            }
            _ => return Err(format!("has two columns {column}")),
        };
    }
    if let Some(at) = header.iter().position(|cell| name(cell) == BASIS) {
        places.insert(BASIS, at);
    }
    Ok(places)
}
