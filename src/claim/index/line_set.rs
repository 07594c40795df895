//! Lines with what is known of them beyond their own row: their bins, the services to be judged, encounters and stays.
//!
//! Nothing here knows a rule: the [`crate::claim::index`] says what belongs together and what has been taken back, the book holds
//! it where the rules look for it.

use std::borrow::Cow;

use rust_decimal::Decimal;
use rustc_hash::FxHashSet;

use crate::claim::line::{Batch, Line};
use crate::claim::value::code::CodeId;

/// The one bin of the ledger that a line falls in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bin {
    /// Equal to an earlier line.
    Duplicate,
    /// Of a voided or replaced claim, or itself a void.
    Superseded,
    /// Holds a listed code.
    InScope,
    /// Holds only codes that companion rules need.
    Related,
}

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A service line with a listed CPT code.
    Line(CodeId),
    /// A claim with listed ICD-10-PCS codes; the number of its stay in the book.
    Stay(usize),
}

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Its line: for a stay the first one that holds a listed code.
    pub line: usize,
    /// CPT line or PCS claim.
    pub kind: Kind,
    /// Its encounter.
    pub encounter: Encounter,
    /// Units of this code in its encounter up to and including this line. One for a stay.
    pub units_so_far: Decimal,
    /// Units of all services on its authorization number up to and including this one, if there is a file to hold them
    /// against.
    pub used: Decimal,
}

/// A claim that carries listed ICD-10-PCS codes.
#[derive(Debug, Clone, Default)]
pub struct Stay {
    /// Its listed codes, distinct, in order of appearance.
    pub codes: Vec<CodeId>,
    /// Every known code of the claim, its related rows included.
    pub all_codes: CodeSet,
    /// More stood in a procedure cell than its code.
    pub composite: bool,
    /// A leading zero was lost.
    pub zero_lost: bool,
}

/// A set of known codes. The policy loader admits at most 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CodeSet(u64);

impl CodeSet {
    /// Adds a code.
    pub fn insert(&mut self, id: CodeId) {
        self.0 |= 1 << id.0;
    }

    /// The set of these codes.
    pub fn of(codes: &[CodeId]) -> Self {
        Self(codes.iter().fold(0, |set, id| set | 1 << id.0))
    }

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Have the two sets a code in common?
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Is it in?
    pub fn contains(self, id: CodeId) -> bool {
        self.0 & (1 << id.0) != 0
    }
}

/// Services and related lines of one member, date, claim form and billing provider.
#[derive(Debug, Clone, Copy, Default)]
pub struct Encounter {
    /// All known codes in it.
    pub codes: CodeSet,
}

/// Lines that follow each other, with what belongs to them: all of a run, or a batch.
#[derive(Debug, Clone)]
pub struct Book<'a> {
    /// In-scope and related lines in input order.
    pub lines: Cow<'a, Batch>,
    /// The bin of each line.
    pub bins: Vec<Bin>,
    /// Lines of frequency 7 or 8 that name nothing and meet nothing (DQ509).
    pub orphans: FxHashSet<usize>,
    /// What is judged, in input order, a line's CPT service before its stay.
    pub services: Vec<Service>,
    /// Stays, by the order of their first lines.
    pub stays: Vec<Stay>,
}

impl Book<'_> {
    /// A line of it.
    pub fn line(&self, n: usize) -> Line<'_> {
        self.lines.line(n)
    }

    /// The line of a service; of a stay the first one.
    pub fn line_of(&self, service: usize) -> Line<'_> {
        self.lines.line(self.services[service].line)
    }

    /// The listed codes of a service.
    pub fn codes_of(&self, service: usize) -> &[CodeId] {
        match &self.services[service].kind {
            Kind::Line(id) => std::slice::from_ref(id),
            Kind::Stay(stay) => &self.stays[*stay].codes,
        }
    }
}
