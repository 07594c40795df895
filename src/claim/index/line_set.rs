//! The lines of a part of the run with the results of the index: their bins, the services to be judged, and everything that
//! affects those services.
//!
//! This is the interface between the [`crate::claim::index`], which finds what belongs together, and the rules.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

pub use crate::claim::index::facts::Fact;
use crate::claim::index::facts::FactsOfLines;
use crate::claim::index::identity::Identity;
use crate::claim::index::named::NamedClaims;
use crate::claim::index::service::{Bin, Kind, RowRef, Service, Stay};
use crate::claim::line::{Batch, Line};
use crate::claim::value::code::CodeId;
use crate::claim::value::code_set::CodeSet;

/// The relations between the lines of a run. For lines that are judged part by part, those are left out that only a set of all
/// lines is asked for: [`named`](Self::named) and [`matches`](Self::matches).
#[derive(Debug)]
pub(crate) struct Relations {
    pub(crate) identity: Identity,
    pub(crate) named: NamedClaims,
    /// A reversal and the line that it takes back, in both directions and in order.
    pub(crate) matches: Vec<(u32, u32)>,
}

/// Consecutive lines with the results of the index: all lines of a run, or a part of them.
#[derive(Debug, Clone)]
pub struct LineSet<'a> {
    /// The lines in input order, with the facts of their claims.
    pub lines: Cow<'a, Batch>,
    /// The bin of each line.
    pub bins: Vec<Bin>,
    /// Replacements and voids that name no known claim and supersede nothing but themselves (DQ509).
    pub orphans: FxHashSet<usize>,
    /// Reversals without a match (DQ510).
    pub unmatched: FxHashSet<usize>,
    /// Claims that have a service at risk in an earlier part of the run. Filled only if a layout says that each row repeats the
    /// amounts of its claim.
    pub claims_at_risk: FxHashSet<u32>,
    /// For each related line, the known codes of earlier related lines of its claim.
    pub earlier_codes: FxHashMap<usize, CodeSet>,
    /// The services to be judged, in input order; the CPT service of a line precedes its stay.
    pub services: Vec<Service>,
    /// Stays, in the order of their first lines.
    pub stays: Vec<Stay>,
    /// The number in the run of the first line.
    pub(crate) first: usize,
    pub(crate) relations: Arc<Relations>,
    /// The facts that the lines take from other rows.
    pub(crate) facts: FactsOfLines,
    /// The lines as read, if facts of other rows were filled in.
    pub(crate) unfilled: Option<Cow<'a, Batch>>,
}

impl<'a> LineSet<'a> {
    /// The line with this number.
    pub fn line(&self, n: usize) -> Line<'_> {
        self.lines.line(n)
    }

    /// The line of a service; for a stay its first line.
    pub fn line_of(&self, service: usize) -> Line<'_> {
        self.lines.line(self.services[service].line)
    }

    /// The row that supplied a fact of a line. `None` if the line states the fact itself, or no row does.
    pub fn row_of_fact(&self, line: usize, fact: Fact) -> Option<RowRef> {
        self.facts.source(self.first + line, fact, self.first, &self.lines)
    }

    /// The lines as read, without facts of other rows. The dossier stores these, to be indexed again.
    pub(crate) fn unfilled(&self) -> &Batch {
        self.unfilled.as_ref().unwrap_or(&self.lines)
    }

    /// Replaces all lines, both with and without facts of other rows. Returns the previous lines with facts.
    pub(crate) fn replace_lines(&mut self, replace: impl Fn(&Batch) -> Batch) -> Cow<'a, Batch> {
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
