//! The lines of a part of the run with what the index knows of them: their bins, the services to be judged, and what bears
//! on these.
//!
//! Nothing here knows a rule: the [`crate::claim::index`] finds what belongs together, and the line set hands it to the rules.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::claim::index::service::{Bin, Kind, RowRef, Service, Stay};
use crate::claim::line::{Batch, Line, Text};
use crate::claim::value::code::CodeId;

/// A fact of a line that may have come from another row of its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// A kept text.
    Text(Text),
    /// All diagnoses.
    Diagnoses,
}

/// Lines that follow each other, with what belongs to them: all of a run, or a batch.
#[derive(Debug, Clone)]
pub struct Book<'a> {
    /// In-scope and related lines in input order.
    pub lines: Cow<'a, Batch>,
    /// The bin of each line.
    pub bins: Vec<Bin>,
    /// Lines of frequency 7 or 8 that name nothing and supersede nothing but themselves (DQ509).
    pub orphans: FxHashSet<usize>,
    /// Lines that take something back and found no match (DQ510).
    pub unmatched: FxHashSet<usize>,
    /// Claims of which an earlier part of the run has a service at risk, where a layout says that amounts are those of the
    /// claim.
    pub claims_at_risk: FxHashSet<u32>,
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

    /// The row that a fact of a line was filled from; none if the line itself states it, or no row does.
    pub fn row_of_fact(&self, _line: usize, _fact: Fact) -> Option<RowRef> {
        None
    }

    /// The listed codes of a service.
    pub fn codes_of(&self, service: usize) -> &[CodeId] {
        match &self.services[service].kind {
            Kind::Line(id) => std::slice::from_ref(id),
            Kind::Stay(stay) => &self.stays[*stay].codes,
        }
    }
}
