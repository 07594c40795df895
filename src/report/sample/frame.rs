//! The frame: the services from which a sample is drawn. Neither the order of the rows nor the names of files matter.
//!
//! The key of a service is the SHA-256 of five cells of services.csv, each preceded by its number of bytes and a colon and
//! followed by a comma. Services with the same key are numbered from 1. The rank of a service is the SHA-256 of seed, key
//! and number; the services with the lowest ranks are the sample. So each service has the same chance, a larger sample
//! with the same seed contains a smaller one, and services that are alike can change places without a difference.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::claim::{Cents, Sum};
use crate::frame::Allowance;
use crate::report::foreign_table::TableError;
use crate::report::services_file::{ServiceRow, ServicesFile};
use crate::report::words::finding::is_payment;
use crate::rules::judge::ServiceStatus;

/// The columns of services.csv that identify a service.
pub(crate) const IDENTITY: [&str; 5] = ["claim_id", "line_number", "procedure_code", "service_date", "amount_at_risk"];

/// A SHA-256.
pub type Hash = [u8; 32];

/// Bytes of memory for a service of the frame: an entry of 96 bytes in a list of up to twice its size, copied while it grows.
const UNIT_BYTES: u64 = 288;

/// A service of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Identifies the service by its content.
    pub key: Hash,
    /// The order in which services are drawn.
    pub rank: Hash,
    /// The amount at risk.
    pub amount: Cents,
    /// Its line in services.csv.
    pub line: u64,
}

/// The services from which a sample is drawn.
#[derive(Debug)]
pub struct Frame {
    /// The seed of the ranks.
    pub seed: u32,
    /// The services in the order of their ranks.
    pub units: Vec<Unit>,
    /// SHA-256 of all keys in their order.
    pub hash: Hash,
    /// The number of services of a wanted status without an amount. They are not in the frame.
    pub without_amount: u64,
    /// The number and the sum of the amounts that are no payments.
    pub not_paid: (u64, Sum),
}

impl Frame {
    /// Reads the frame of a report: its services of these statuses that have an amount at risk.
    pub fn read(
        report: &ServicesFile,
        statuses: &[ServiceStatus],
        seed: u32,
        allowance: &mut Allowance,
    ) -> Result<Self, TableError> {
        let (mut units, mut without_amount, mut not_paid) = (Vec::new(), 0, (0, Sum(0)));
        report.walk(&mut |line, row| {
            if !statuses.contains(&row.status) {
                return Ok(());
            }
            let Some(amount) = row.amount else {
                without_amount += 1;
                return Ok(());
            };
            if !is_payment(row.cell("amount_basis")) {
                not_paid.0 += 1;
                not_paid.1 += amount;
            }
            allowance.take(UNIT_BYTES).map_err(|e| report.at_line(line, &e.to_string()))?;
            units.push(Unit { key: key(row), rank: [0; 32], amount, line });
            Ok(())
        })?;
        Ok(Self { without_amount, not_paid, ..Self::of(units, seed) })
    }

    /// Gives each service its rank.
    fn of(mut units: Vec<Unit>, seed: u32) -> Self {
        units.sort_unstable_by_key(|unit| (unit.key, unit.line));
        let mut all = Sha256::new();
        let (mut last, mut number) = (None, 0_u64);
        for unit in &mut units {
            number = if last == Some(unit.key) { number + 1 } else { 1 };
            last = Some(unit.key);
            let key = hex(&unit.key);
            all.update(format!("{key}\n"));
            unit.rank = Sha256::digest(format!("{seed}:{key}:{number}")).into();
        }
        units.sort_unstable_by_key(|unit| unit.rank);
        Self { seed, units, hash: all.finalize().into(), without_amount: 0, not_paid: (0, Sum(0)) }
    }

    /// The sum of all amounts.
    pub fn amount(&self) -> Sum {
        self.units.iter().map(|unit| unit.amount).sum()
    }

    /// The hash as the worksheet has it.
    pub(crate) fn hash_text(&self) -> String {
        format!("sha256:{}", hex(&self.hash))
    }
}

/// Reads the frame of the report in this directory.
pub fn of_report(
    path: &Path,
    statuses: &[ServiceStatus],
    seed: u32,
    allowance: &mut Allowance,
) -> Result<(ServicesFile, Frame), TableError> {
    let report = ServicesFile::open(path, allowance)?;
    let frame = Frame::read(&report, statuses, seed, allowance)?;
    Ok((report, frame))
}

/// The key of a service.
pub(super) fn key(row: &ServiceRow<'_>) -> Hash {
    let mut hasher = Sha256::new();
    for cell in IDENTITY.map(|name| row.cell(name)) {
        hasher.update(format!("{}:{cell},", cell.len()));
    }
    hasher.finalize().into()
}

/// Digits of a hash.
fn hex(hash: &Hash) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A frame of services with these amounts in cents.
    pub(crate) fn frame(amounts: &[i64], seed: u32) -> Frame {
        let unit = |(n, amount): (usize, &i64)| Unit {
            key: Sha256::digest(n.to_string()).into(),
            rank: [0; 32],
            amount: Cents(*amount),
            line: n as u64,
        };
        Frame::of(amounts.iter().enumerate().map(unit).collect(), seed)
    }

    #[test]
    fn the_order_of_rows_changes_neither_hash_nor_ranks() {
        let frame = frame(&[5, 3, 3, 900, 12], 7);
        let mut turned = frame.units.clone();
        turned.reverse();
        for unit in &mut turned {
            unit.rank = [0; 32];
        }
        let again = Frame::of(turned, 7);
        assert_eq!((&again.units, again.hash), (&frame.units, frame.hash));
        assert!(frame.units.is_sorted_by_key(|unit| unit.rank));
        assert_eq!(frame.amount(), Sum(923));
    }

    #[test]
    fn services_that_are_alike_have_ranks_of_their_own() {
        let key = [7; 32];
        let unit = |line| Unit { key, rank: [0; 32], amount: Cents(1), line };
        let frame = Frame::of((0..50).map(unit).collect(), 1);
        let mut ranks: Vec<_> = frame.units.iter().map(|unit| unit.rank).collect();
        ranks.dedup();
        assert_eq!(ranks.len(), 50);
    }
}
