//! Rows that reversals are compared with, and which of them are taken back.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::claim::index::bits::{Bits, SharedBits};
use crate::claim::index::groups::Keyed;
use crate::claim::index::line_hash::KeyHash;

/// A reversal, or a row that a reversal could take back.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) service: KeyHash,
    pub(crate) line: u32,
    pub(crate) claim: u32,
    pub(crate) takes_back: bool,
    /// The payer calls the row reversed.
    pub(crate) is_reversed: bool,
    /// Charge, allowed and paid amounts without their signs.
    pub(crate) amounts: Amounts,
}

impl Keyed for Row {
    type Order = u32;

    fn key(&self) -> KeyHash {
        self.service
    }

    fn order(&self) -> u32 {
        self.line
    }
}

/// Charge, allowed and paid amounts without their signs. `None` if an amount cannot be read.
pub(crate) type Amounts = [Option<u64>; 3];

/// One bit for each readable amount.
pub(crate) fn readable(amounts: &Amounts) -> u8 {
    amounts.iter().enumerate().fold(0, |set, (n, amount)| set | (u8::from(amount.is_some()) << n))
}

/// The values of a set of amounts; zero for the others.
pub(crate) fn values(amounts: &Amounts, set: u8) -> [u64; 3] {
    std::array::from_fn(|n| if set & (1 << n) != 0 { amounts[n].unwrap_or(0) } else { 0 })
}

/// Collects which rows are taken back.
pub(crate) struct TakenBack {
    taken: SharedBits,
    /// Reversals without a match.
    unmatched: SharedBits,
    /// Each reversal with the line that it takes back, if somebody asks.
    matches: Option<Mutex<Vec<(u32, u32)>>>,
}

impl TakenBack {
    /// Nothing yet, of so many lines. With `pairs`, it is known what each reversal takes back.
    pub(crate) fn new(lines: usize, pairs: bool) -> Self {
        let matches = pairs.then(Mutex::default);
        Self { taken: SharedBits::new(lines), unmatched: SharedBits::new(lines), matches }
    }

    /// The reversal takes back this line.
    pub(crate) fn matched(&self, reversal: u32, taken: u32) {
        self.taken.insert(taken);
        if let Some(matches) = &self.matches {
            matches.lock().unwrap_or_else(PoisonError::into_inner).push((reversal, taken));
        }
    }

    /// The reversal takes back nothing.
    pub(crate) fn unmatched(&self, reversal: u32) {
        self.unmatched.insert(reversal);
    }

    /// The lines that are taken back, the reversals without a match, and the pairs.
    pub(crate) fn finish(self) -> (Bits, Bits, Vec<(u32, u32)>) {
        let pairs = self.matches.map(|pairs| pairs.into_inner().unwrap_or_else(PoisonError::into_inner));
        (self.taken.finish(), self.unmatched.finish(), pairs.unwrap_or_default())
    }
}
