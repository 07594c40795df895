//! Reconciliation: compares the rows that were read with the figures that came with them.
//!
//! A figure is given for the whole run (`--expect-rows`, `--expect-amount`) or in the trailer record of an extract, if
//! its layout describes one. Any difference ends the run before anything is judged.

use std::fmt;

use crate::claim::{Cents, Store, Sum};
use crate::ingest::field::Field;
use crate::ingest::record::reject::Reason;
use crate::ingest::record::trailer::Trailer;
use crate::ingest::{Binding, Detected, Extract, ReadError, Row};

/// The figures that the user expects of all extracts of a run together.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expect {
    /// Rows after the header.
    pub rows: Option<u64>,
    /// The sum of charges over all rows.
    pub amount: Option<Sum>,
}

/// What has been read from all extracts so far.
#[derive(Debug, Default)]
pub(super) struct Account {
    rows: u64,
    amount: Sum,
    left_out: LeftOut,
}

impl Account {
    /// Counts an extract.
    pub(super) fn add(&mut self, extract: &Extract<Store>) {
        let tally = &extract.tally;
        self.rows += tally.rows;
        self.amount += Sum(tally.control_total.sum);
        let of_extract = LeftOut::of(extract);
        self.left_out.rows += of_extract.rows;
        self.left_out.first = self.left_out.first.take().or(of_extract.first);
    }

    /// Compares what was read with what was expected. The error names every difference.
    pub(super) fn close(&self, expect: &Expect) -> Result<(), ReadError> {
        let mut differences = Vec::new();
        if let Some(rows) = expect.rows.filter(|rows| *rows != self.rows) {
            differences.push(rows_differ(&format!("--expect-rows {rows}"), rows, self.rows));
        }
        if let Some(amount) = expect.amount.filter(|amount| *amount != self.amount) {
            let stated = format!("--expect-amount {amount}");
            differences.push(amounts_differ(&stated, amount, self.amount, &self.left_out));
            if amount.0.checked_mul(100) == Some(self.amount.0) {
                differences
                    .push(format!("  without a point the figure is in cents: for dollars write {}", self.amount));
            }
        }
        if differences.is_empty() {
            return Ok(());
        }
        let advice = "nothing was judged; take a complete copy of the extract, or correct the figure";
        Err(ReadError::Unreconciled(format!("{}\n  {advice}", differences.join("\n"))))
    }
}

/// Where an extract has its charges.
pub(super) struct Charges(Vec<Binding>);

impl Charges {
    /// The charge column of each service slot. A charge that all slots of a row share counts once. The error says why
    /// the charges cannot be added up.
    pub(super) fn of(file: &str, detected: &Detected) -> Result<Self, ReadError> {
        let mut slots: Vec<Binding> = Vec::new();
        for slot in detected.binding.each().filter(|slot| slot.has(Field::ChargeAmount)) {
            let columns = slot.columns(Field::ChargeAmount);
            if slots.iter().all(|other| other.columns(Field::ChargeAmount) != columns) {
                slots.push(slot.clone());
            }
        }
        let joined = |slot: &Binding| slot.columns(Field::ChargeAmount).iter().any(|c| *c >= detected.grammar.width);
        let what = if slots.is_empty() {
            "has no charge_amount column, so no sum of charges can be compared with it; map one in a layout file (--layout \
             FILE), or leave --expect-amount and the trailer's amount out"
        } else if slots.iter().any(joined) {
            "takes charge_amount from a joined table, so its own rows have no charge to add up; leave --expect-amount and \
             the trailer's amount out"
        } else {
            return Ok(Self(slots));
        };
        Err(ReadError::unusable(file, what))
    }

    /// The charge of a row in cents. `None`: a cell is filled, but it is not an amount.
    pub(super) fn of_row(&self, row: &Row<'_>) -> Option<i128> {
        self.0.iter().try_fold(0, |sum, slot| {
            let cell = slot.text(row, Field::ChargeAmount);
            Some(sum + if cell.is_empty() { 0 } else { i128::from(Cents::parse(&cell)?.0) })
        })
    }
}

/// Compares an extract with its trailer record.
pub(super) fn check_trailer(extract: &Extract<Store>, trailer: Option<&Trailer>) -> Result<(), ReadError> {
    let Some(trailer) = trailer else { return Ok(()) };
    let refuse = |what: String| Err(ReadError::Unreconciled(format!("{}: {what}", extract.name)));
    let (layout, tally, grammar) = (&extract.detected.layout, &extract.tally, &extract.detected.grammar);
    let found = match tally.trailers.as_slice() {
        [found] => found,
        [] => {
            let prefix = String::from_utf8_lossy(&trailer.prefix);
            return refuse(format!(
                "has no trailer record, and layout {layout} ends with one that begins with \"{prefix}\": was the file cut \
                 short? take a complete copy, or a layout without [trailer]"
            ));
        }
        [first, second, ..] => {
            return refuse(format!(
                "line {}: a second trailer record, after that of line {}: were two extracts joined? give them one by one",
                second.line, first.line
            ));
        }
    };
    let line = found.line;
    let no_figure = |number: usize, wanted: &str| {
        refuse(format!(
            "line {line}: field {number} of the trailer record holds no {wanted}; correct [trailer] of layout {layout}"
        ))
    };
    let advice = "nothing was judged; take a complete copy of the extract";
    let Some(rows) = found.rows(grammar, trailer) else { return no_figure(trailer.rows, "number of rows") };
    if rows != tally.rows {
        let differ = rows_differ("the trailer record", rows, tally.rows);
        return refuse(format!("line {line}: {differ}; {advice}"));
    }
    if let (Some(text), Some(number)) = (found.amount(grammar, trailer), trailer.amount) {
        let Some(amount) = Sum::parse_control(&text) else { return no_figure(number, "amount") };
        if amount != Sum(tally.control_total.sum) {
            let differ =
                amounts_differ("the trailer record", amount, Sum(tally.control_total.sum), &LeftOut::of(extract));
            return refuse(format!("line {line}: {differ}; {advice}"));
        }
    }
    Ok(())
}

/// Rows that are not in the sum of charges.
#[derive(Debug, Default)]
struct LeftOut {
    /// Rejected rows without cells, and rows whose charge is not an amount.
    rows: u64,
    /// The first row whose charge is not an amount: extract and line.
    first: Option<(String, u64)>,
}

impl LeftOut {
    fn of(extract: &Extract<Store>) -> Self {
        let counts = extract.tally.rejects.counts();
        let shapeless: u64 =
            counts.iter().filter(|(reason, _)| **reason != Reason::NoClaimId).map(|(_, c)| c.rows).sum();
        let control_total = extract.tally.control_total;
        let first = control_total.first_unread.map(|line| (extract.name.clone(), line));
        Self { rows: shapeless + control_total.unread, first }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rows > 0 {
            write!(f, "; {} rows are not in it, rejected or with a charge that is no amount", self.rows)?;
        }
        match &self.first {
            Some((file, line)) => write!(f, " (the first such charge on line {line} of {file})"),
            None => Ok(()),
        }
    }
}

fn rows_differ(stated_by: &str, stated: u64, read: u64) -> String {
    let by = if read < stated { format!("{} missing", stated - read) } else { format!("{} too many", read - stated) };
    format!("{stated_by}: {stated} rows are expected and {read} were read, {by}")
}

fn amounts_differ(stated_by: &str, stated: Sum, read: Sum, left_out: &LeftOut) -> String {
    let differ = Sum(read.0.saturating_sub(stated.0));
    format!("{stated_by}: charges of {stated} are expected and {read} were read, a difference of {differ}{left_out}")
}
