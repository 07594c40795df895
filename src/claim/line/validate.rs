//! Validates lines from a stored dossier. All other code relies on lines being well-formed.

use crate::claim::line::{Batch, Line};

impl Batch {
    /// Can all cells, codes and diagnoses of the lines be accessed, given a policy with this many codes and classes? Stored
    /// lines are untrusted bytes and must not cause a panic.
    pub(crate) fn is_valid(&self, codes: usize, classes: usize) -> bool {
        let lengths = [self.text.len(), self.ends.len(), self.known.len()];
        let stops = |part: usize| self.stops.iter().map(move |stop| stop[part] as usize);
        let complete = |part: usize| stops(part).is_sorted() && stops(part).next_back().unwrap_or(0) == lengths[part];
        self.heads.len() == self.stops.len()
            && (0..3).all(complete)
            && stops(0).all(|end| self.text.is_char_boundary(end))
            && self.iter().all(|line| line.is_valid(codes, classes))
    }
}

impl Line<'_> {
    fn is_valid(&self, codes: usize, classes: usize) -> bool {
        let (first_diagnosis, first_modifier) = (self.shape.first_diagnosis(), self.shape.first_modifier());
        let text = self.whole_text();
        // After the end of a diagnosis comes its slot, which is no place in the text.
        let is_slot = |i: usize| (first_diagnosis..first_modifier).contains(&i) && (i - first_diagnosis) % 2 == 1;
        let ends = (0..self.end_count()).filter(|i| !is_slot(*i)).map(|i| self.end(i));
        self.shape.procedures > 0
            && !self.shape.has_unknown_bits()
            && self.end_count() >= first_modifier
            && ends.clone().is_sorted()
            && ends.clone().all(|end| text.is_char_boundary(end))
            && self.known.iter().chain(&self.cpt).all(|id| usize::from(id.0) < codes)
            && usize::from(self.class.0) < classes
    }
}
