//! The lines of a part of the run with what the index knows of them: their bins, the services to be judged, and what bears
//! on these.
//!
//! Nothing here knows a rule: the [`crate::claim::index`] finds what belongs together, and the line set hands it to the rules.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

pub use crate::claim::index::facts::Fact;
use crate::claim::index::facts::Facts;
use crate::claim::index::identity::Identity;
use crate::claim::index::named::NamedClaims;
use crate::claim::index::service::{Bin, Kind, RowRef, Service, Stay};
use crate::claim::line::{Batch, Line};
use crate::claim::value::code::CodeId;
use crate::claim::value::code_set::CodeSet;

/// How the lines of a run bear on each other.
#[derive(Debug)]
pub(crate) struct Relations {
    pub(crate) identity: Identity,
    pub(crate) named: NamedClaims,
    /// A reversal and the line that it takes back, in both directions.
    pub(crate) matches: FxHashMap<u32, u32>,
    pub(crate) facts: Facts,
}

/// Lines that follow each other, with what belongs to them: all of a run, or a part of it.
#[derive(Debug, Clone)]
pub struct LineSet<'a> {
    /// The lines in input order, with the facts of their claims.
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
    /// By related line, the known codes of earlier related lines of its claim.
    pub earlier_codes: FxHashMap<usize, CodeSet>,
    /// What is judged, in input order, a line's CPT service before its stay.
    pub services: Vec<Service>,
    /// Stays, by the order of their first lines.
    pub stays: Vec<Stay>,
    /// The number in the run of the first line.
    pub(crate) first: usize,
    pub(crate) relations: Arc<Relations>,
    /// The lines as their rows state them, if they take facts from other lines.
    pub(crate) unfilled: Option<Cow<'a, Batch>>,
}

impl<'a> LineSet<'a> {
    /// A line of it.
    pub fn line(&self, n: usize) -> Line<'_> {
        self.lines.line(n)
    }

    /// The line of a service; of a stay the first one.
    pub fn line_of(&self, service: usize) -> Line<'_> {
        self.lines.line(self.services[service].line)
    }

    /// The row that a fact of a line comes from; none if the line states it itself, or no row does.
    pub fn row_of_fact(&self, line: usize, fact: Fact) -> Option<RowRef> {
        self.relations.facts.source(self.first + line, fact, self.first, &self.lines)
    }

    /// The lines as their rows state them, without facts of other rows: what a dossier keeps, to be indexed again.
    pub fn unfilled(&self) -> &Batch {
        self.unfilled.as_ref().unwrap_or(&self.lines)
    }

    /// Replaces all lines, with and without facts of other rows, and returns those with facts as they were.
    pub fn replace_lines(&mut self, replace: impl Fn(&Batch) -> Batch) -> Cow<'a, Batch> {
        if let Some(unfilled) = &mut self.unfilled {
            *unfilled = Cow::Owned(replace(unfilled));
        }
        let replaced = Cow::Owned(replace(&self.lines));
        std::mem::replace(&mut self.lines, replaced)
    }

    /// The listed codes of a service.
    pub fn codes_of(&self, service: usize) -> &[CodeId] {
        match &self.services[service].kind {
            Kind::Line(id) => std::slice::from_ref(id),
            Kind::Stay(stay) => &self.stays[*stay].codes,
        }
    }
}
