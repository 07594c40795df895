//! Is a line that comes from a file of ours one that the reader could have made? Everything else takes that for granted.

use crate::claim::line::{Batch, Line, Text};
use crate::claim::value::pointer;

impl Batch {
    /// Can all cells, codes and diagnoses of its lines be looked up, in a policy of so many codes and classes? Stored lines
    /// may have been tampered with, and must not end the program.
    pub fn is_sound(&self, codes: usize, classes: usize) -> bool {
        let lengths = [self.text.len(), self.ends.len(), self.known.len()];
        let stops = |place: usize| self.stops.iter().map(move |stop| stop[place] as usize);
        let whole = |place: usize| stops(place).is_sorted() && stops(place).next_back().unwrap_or(0) == lengths[place];
        self.heads.len() == self.stops.len()
            && (0..3).all(whole)
            && stops(0).all(|end| self.text.is_char_boundary(end))
            && self.iter().all(|line| line.is_sound(codes, classes))
    }
}

impl Line<'_> {
    fn is_sound(&self, codes: usize, classes: usize) -> bool {
        let (procedures, diagnoses) = (self.procedures as usize, self.diagnosis_count());
        let first = procedures + Text::BadAmount as usize + 1;
        // Of a diagnosis stands its end, then its slot, which is no place in the text.
        let is_slot = |i: usize| (first..first + 2 * diagnoses).contains(&i) && (i - first) % 2 == 1;
        let ends = self.ends.iter().enumerate().filter(|(i, _)| !is_slot(*i)).map(|(_, end)| *end as usize);
        let pointed = usize::from(self.pointers);
        procedures > 0
            && self.ends.len() >= first + 2 * diagnoses
            && ends.clone().is_sorted()
            && ends.clone().all(|end| self.text.is_char_boundary(end))
            && pointed <= pointer::MOST
            && self.pointed[..pointed].iter().all(|place| usize::from(*place) < diagnoses)
            && self.known.iter().chain(&self.cpt).all(|id| usize::from(id.0) < codes)
            && usize::from(self.class.0) < classes
    }
}
