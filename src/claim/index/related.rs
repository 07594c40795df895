//! Which lines bear on a line: its claim's, those that took it back, its encounter's. For the dossier of a claim; the
//! book itself needs only what follows from them.

use rustc_hash::FxHashSet;

use crate::claim::index::line_hash::encounter;
use crate::claim::index::line_set::Book;
use crate::claim::index::partition::stands;
use crate::claim::index::service::Bin;
use crate::claim::line::{Line, Text, Version};

impl Book<'_> {
    /// The lines of a claim, in input order.
    pub fn of_claim(&self, claim: &str) -> impl Iterator<Item = usize> {
        (0..self.lines.len()).filter(move |i| self.line(*i).claim_id() == claim)
    }

    /// The replacements and voids that took a superseded line back, in input order. None for a void that stands for
    /// nothing but itself.
    pub fn takers(&self, line: usize) -> Vec<usize> {
        if self.bins[line] != Bin::Superseded {
            return Vec::new();
        }
        let taken = self.line(line);
        let counts = |i: usize| self.bins[i] != Bin::Duplicate && self.line(i).version != Version::Original;
        let took = |version: Line<'_>| {
            let own = version.claim_id() == taken.claim_id();
            (!own && version.text(Text::OriginalClaimId) == taken.claim_id())
                || (own
                    && version.text(Text::Frequency) != taken.text(Text::Frequency)
                    && self.named(version).is_none())
        };
        (0..self.lines.len()).filter(|i| counts(*i) && took(self.line(*i))).collect()
    }

    /// The other claim of the run that a version names.
    pub fn named<'l>(&self, version: Line<'l>) -> Option<&'l str> {
        let original = version.text(Text::OriginalClaimId);
        let other = version.version != Version::Original && !original.is_empty() && original != version.claim_id();
        (other && self.of_claim(original).any(|i| self.bins[i] != Bin::Duplicate)).then_some(original)
    }

    /// Standing lines of other claims that share an encounter with a standing line of this one, in input order.
    pub fn mates(&self, claim: &str) -> Vec<usize> {
        let stands = |i: &usize| stands(self.bins[*i]);
        let keys: FxHashSet<_> = self.of_claim(claim).filter(stands).map(|i| encounter(self.line(i))).collect();
        let others = (0..self.lines.len()).filter(stands).filter(|i| self.line(*i).claim_id() != claim);
        others.filter(|i| keys.contains(&encounter(self.line(*i)))).collect()
    }
}
