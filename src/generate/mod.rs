//! Invented extracts whose findings are known before anybody judges them: for trying out a pipeline, and for holding
//! claimlint to what it must say.
//!
//! A case ([`cases`]) is a small function that plants rows and states what must come out of them, as the
//! specification ([`crate::spec`]) and the policy's lists say it to a person; nothing here asks the judge. Each case has
//! members, claims and authorization numbers of its own, so rows of many cases can be mixed into one extract. The same
//! plan gives the same bytes.
//!
//! ```text
//!   dice --> deal (a clear service, to be changed) --> cases (the change, and its consequence)
//!                                                        --> disguise (the same values, written otherwise)
//!                                                              --> write (extract and truth, row by row)
//! ```

pub(super) mod background;
pub(super) mod builder;
pub(super) mod reformat;
pub(super) mod rng;

mod cases;
mod lists;
mod row;
mod write;

pub use crate::generate::row::COLUMNS;
pub use crate::generate::write::{Sheets, generate};

/// What to invent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Rows after the header.
    pub rows: u64,
    /// Where the dice begin; another number, another extract.
    pub seed: u64,
    /// Share of the rows that belong to a case, from 0 to 1; the others are out of scope.
    pub scope: f64,
    /// The extract is to be checked with the authorization file.
    pub file: bool,
    /// The extract has a column of authorization numbers.
    pub column: bool,
}

/// How the extract is written; the reader must not care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dress {
    /// Between two fields.
    pub delimiter: u8,
    /// After a row.
    pub line_end: &'static str,
    /// Which fields are quoted.
    pub quoting: Quoting,
    /// A byte order mark stands first.
    pub mark: bool,
    /// Columns in an order of the seed's instead of the canonical one, and blank lines between rows.
    pub shuffled: bool,
}

impl Default for Dress {
    /// What most exports look like, in canonical order.
    fn default() -> Self {
        Self { delimiter: b',', line_end: "\n", quoting: Quoting::Needed, mark: false, shuffled: false }
    }
}

/// Which fields are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// Those that must be.
    Needed,
    /// All.
    Always,
    /// Those that must be and a third of the others.
    Sometimes,
}
