//! The ledger: every row is in exactly one bin. If the bins do not add up to the number of rows, the run fails.

use serde::{Deserialize, Serialize};

use crate::claim::{Batch, Bin};
use crate::ingest::Tally;

/// Rows by bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Rows after the header.
    pub rows: u64,
    /// Cannot be read.
    pub rejected: u64,
    /// Taken back by the payer, or take something back.
    pub reversed: u64,
    /// Duplicates of an earlier row.
    pub duplicate: u64,
    /// Denied by the payer.
    pub payer_denied: u64,
    /// Belong to a voided, replaced or older version of a claim.
    pub superseded: u64,
    /// Hold a listed code.
    pub in_scope: u64,
    /// Hold a code that companion rules need.
    pub related: u64,
    /// Hold no known code.
    pub out_of_scope: u64,
}

/// A bin of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerBin {
    /// Rows that cannot be read.
    Rejected,
    /// Rows whose lines were kept, by the bin of their lines.
    Kept(Bin),
    /// Rows without a known code.
    OutOfScope,
}

impl LedgerBin {
    /// All bins, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Rejected,
        Self::Kept(Bin::Reversed),
        Self::Kept(Bin::Duplicate),
        Self::Kept(Bin::PayerDenied),
        Self::Kept(Bin::Superseded),
        Self::Kept(Bin::InScope),
        Self::Kept(Bin::Related),
        Self::OutOfScope,
    ];

    /// The key in `summary.json` and the name in gates.
    pub fn key(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Kept(Bin::Reversed) => "reversed",
            Self::Kept(Bin::Duplicate) => "duplicate",
            Self::Kept(Bin::PayerDenied) => "payer_denied",
            Self::Kept(Bin::Superseded) => "superseded",
            Self::Kept(Bin::InScope) => "in_scope",
            Self::Kept(Bin::Related) => "related",
            Self::OutOfScope => "out_of_scope",
        }
    }
}

impl From<Bin> for LedgerBin {
    fn from(bin: Bin) -> Self {
        Self::Kept(bin)
    }
}

/// The bins in the order in which one of them is that of a row with several lines.
const BY_PRECEDENCE: [Bin; 6] =
    [Bin::InScope, Bin::Related, Bin::Superseded, Bin::PayerDenied, Bin::Duplicate, Bin::Reversed];

impl Ledger {
    /// The number of rows in a bin.
    pub fn count(&self, bin: LedgerBin) -> u64 {
        match bin {
            LedgerBin::Rejected => self.rejected,
            LedgerBin::Kept(Bin::Reversed) => self.reversed,
            LedgerBin::Kept(Bin::Duplicate) => self.duplicate,
            LedgerBin::Kept(Bin::PayerDenied) => self.payer_denied,
            LedgerBin::Kept(Bin::Superseded) => self.superseded,
            LedgerBin::Kept(Bin::InScope) => self.in_scope,
            LedgerBin::Kept(Bin::Related) => self.related,
            LedgerBin::OutOfScope => self.out_of_scope,
        }
    }

    /// Adds the counts of the reader for one extract: all rows, rejected rows, and rows out of scope.
    pub(crate) fn add_extract<T>(&mut self, tally: &Tally<T>) {
        self.rows += tally.rows;
        self.rejected += tally.rejects.len();
        self.out_of_scope += tally.ignored;
    }

    /// Counts the rows of kept lines, each of which is a row, by their bins.
    pub(crate) fn add_rows(&mut self, bins: &[Bin]) {
        for bin in bins {
            *self.of_bin(*bin) += 1;
        }
    }

    fn of_bin(&mut self, bin: Bin) -> &mut u64 {
        match bin {
            Bin::Reversed => &mut self.reversed,
            Bin::Duplicate => &mut self.duplicate,
            Bin::PayerDenied => &mut self.payer_denied,
            Bin::Superseded => &mut self.superseded,
            Bin::InScope => &mut self.in_scope,
            Bin::Related => &mut self.related,
        }
    }

    /// Counts the rows of kept lines by their bins. A row with several service slots counts once.
    pub(crate) fn add_lines(&mut self, lines: &Batch, mut bins: &[Bin]) {
        // The lines of a row are consecutive and in the same batch.
        let mut at = 0;
        while at < lines.len() {
            let of_row = lines.lines_of_row(at);
            let bin = BY_PRECEDENCE.into_iter().find(|bin| bins[..of_row].contains(bin)).unwrap_or(Bin::Reversed);
            *self.of_bin(bin) += 1;
            (at, bins) = (at + of_row, &bins[of_row..]);
        }
    }

    /// Adds the rows of another part.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.rejected += other.rejected;
        self.reversed += other.reversed;
        self.duplicate += other.duplicate;
        self.payer_denied += other.payer_denied;
        self.superseded += other.superseded;
        self.in_scope += other.in_scope;
        self.related += other.related;
        self.out_of_scope += other.out_of_scope;
    }

    /// The bins in the order of reports, with what each holds.
    pub fn bins(&self) -> [(&'static str, u64, &'static str); 8] {
        [
            ("rejected", self.rejected, "cannot be read; see rejects.csv"),
            ("reversed", self.reversed, "taken back by the payer, or take something back"),
            ("duplicate", self.duplicate, "equal to an earlier row"),
            ("payer denied", self.payer_denied, "denied by the payer: nothing was paid"),
            ("superseded", self.superseded, "of a voided, replaced or older version of a claim"),
            ("in scope", self.in_scope, "hold a listed procedure code"),
            ("related", self.related, "hold a code that companion rules need"),
            ("out of scope", self.out_of_scope, "anything else"),
        ]
    }

    /// Do the bins add up to the rows read?
    pub fn adds_up(&self) -> bool {
        self.bins().iter().map(|(_, n, _)| n).sum::<u64>() == self.rows
    }
}
