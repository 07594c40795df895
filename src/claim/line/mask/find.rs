//! Finds ids in cells.
//!
//! Cells that belong together, such as the modifiers of a row, are searched as one text, because reading may have split an
//! id between them.

use crate::claim::line::mask::ids::{Entry, Ids, MAX_LENGTH, MIN_INSIDE, MIN_INSIDE_LABEL};
use crate::steps;

/// Digits up to which a number is found only where it is a number of its own, in a column of long numbers: every tenth
/// number of ten digits holds one of a hundred thousand numbers of six by chance.
const MAX_CHANCE_DIGITS: usize = 7;

/// Where a letter or digit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the cell.
    pub(super) cell: usize,
    /// The byte in it.
    pub(super) at: usize,
}

impl Place {
    /// Is there nothing between this place and the next one?
    fn touches(self, next: Self) -> bool {
        self.cell == next.cell && self.at + 1 == next.at
    }
}

/// An id in one or several cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its first letter or digit, or a zero before it.
    pub(super) first: Place,
    /// Its last letter or digit.
    pub(super) last: Place,
    /// What was found.
    pub(super) entry: Entry,
    /// Is it part of a longer word?
    pub(super) inside: bool,
}

/// What the cells hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Codes, in which a short id may occur by chance.
    Codes,
    /// Words and names.
    Labels,
    /// Long numbers that are no ids, in which a short id may occur by chance.
    Numbers,
}

/// Finds the ids of a run.
pub(super) struct Finder<'i> {
    pub(super) ids: &'i Ids,
    /// The letters and digits of the cells, upper-case, and where they are.
    text: Vec<u8>,
    places: Vec<Place>,
    /// The hash of the letters and digits before each of them, and of all.
    hashes: Vec<u64>,
}

impl<'i> Finder<'i> {
    pub(super) fn new(ids: &'i Ids) -> Self {
        Self { ids, text: Vec::new(), places: Vec::new(), hashes: Vec::new() }
    }

    /// The ids in some cells, from the left, the longest first, none overlapping another.
    pub(super) fn find<'c>(&mut self, cells: impl Iterator<Item = &'c str>, content: Content) -> Vec<Hit> {
        self.read(cells);
        let (mut hits, mut from) = (Vec::new(), 0);
        // No id was found before this place.
        let mut free = 0;
        while from < self.text.len() {
            steps::take(1);
            match self.longest(from, content) {
                Some((to, entry)) => {
                    let zeros = self.zeros_before(from).min(from - free);
                    let (first, last) = (self.places[from - zeros], self.places[to - 1]);
                    let inside = self.is_inside(from - zeros, to);
                    hits.push(Hit { first, last, entry, inside });
                    (from, free) = (to, to);
                }
                None => from += 1,
            }
        }
        hits
    }

    fn read<'c>(&mut self, cells: impl Iterator<Item = &'c str>) {
        self.text.clear();
        self.places.clear();
        self.hashes.clear();
        let mut hash = 0;
        self.hashes.push(hash);
        for (cell, text) in cells.enumerate() {
            for (at, b) in text.bytes().enumerate().filter(|(_, b)| b.is_ascii_alphanumeric()) {
                let b = b.to_ascii_uppercase();
                hash = self.ids.hash.and(hash, b);
                self.text.push(b);
                self.places.push(Place { cell, at });
                self.hashes.push(hash);
            }
        }
    }

    /// The end of the longest id from here, and what it is.
    fn longest(&self, from: usize, content: Content) -> Option<(usize, Entry)> {
        let left = (self.text.len() - from).min(MAX_LENGTH);
        let mut lengths = self.ids.lengths(self.text[from]) & ((2 << left) - 1);
        while lengths > 0 {
            steps::take(1);
            let length = lengths.ilog2() as usize;
            lengths &= !(1 << length);
            let to = from + length;
            let hash = self.ids.hash.last(self.hashes[to], self.hashes[from], length);
            if let Some(entry) = self.ids.get(hash).filter(|_| self.is_id_here(from, to, content)) {
                return Some((to, entry));
            }
        }
        None
    }

    /// Are these letters and digits an id, or may they be part of something else by chance?
    fn is_id_here(&self, from: usize, to: usize, content: Content) -> bool {
        let is_number = self.text[from..to].iter().all(u8::is_ascii_digit);
        let whole = || !self.is_inside(from - self.zeros_before(from), to);
        match to - from {
            length if content == Content::Labels && length >= MIN_INSIDE_LABEL => true,
            length if length < MIN_INSIDE => {
                let (first, last) = (self.places[from], self.places[to - 1]);
                let undivided = first.cell == last.cell && first.at + length == last.at + 1;
                whole() && (undivided || !is_number && first.cell == last.cell)
            }
            length if is_number && content == Content::Numbers && length <= MAX_CHANCE_DIGITS => {
                let is_digit = |n: usize| self.text.get(n).is_some_and(u8::is_ascii_digit);
                let start = from - self.zeros_before(from);
                !(self.touches_before(start) && is_digit(start - 1) || self.touches_after(to) && is_digit(to))
            }
            _ => true,
        }
    }

    /// Number of zeros directly before a place. Ids are compared without them.
    fn zeros_before(&self, from: usize) -> usize {
        (0..from).rev().take_while(|n| self.text[*n] == b'0' && self.places[*n].touches(self.places[*n + 1])).count()
    }

    fn is_inside(&self, from: usize, to: usize) -> bool {
        self.touches_before(from) || self.touches_after(to)
    }

    fn touches_before(&self, from: usize) -> bool {
        from > 0 && self.places[from - 1].touches(self.places[from])
    }

    fn touches_after(&self, to: usize) -> bool {
        to < self.places.len() && self.places[to - 1].touches(self.places[to])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::line::kept::IdKind;
    use crate::claim::line::mask::ids::tests::ids;

    fn run() -> Ids {
        ids(
            &[
                ("E24100744", IdKind::Claim),
                ("CLM-01", IdKind::Claim),
                ("M1", IdKind::Member),
                ("1234", IdKind::Member),
                ("123456", IdKind::Member),
                ("12345678", IdKind::Claim),
                ("AB.12/34|56", IdKind::Claim),
            ],
            usize::MAX,
        )
    }

    /// The found parts of some cells. Those that are part of a longer word are in brackets.
    fn found(cells: &[&str], content: Content) -> String {
        let ids = run();
        let hits = Finder::new(&ids).find(cells.iter().copied(), content);
        let shown = hits.iter().map(|hit| {
            let one = if hit.first.cell == hit.last.cell {
                cells[hit.first.cell][hit.first.at..=hit.last.at].to_owned()
            } else {
                format!("{}..{}", &cells[hit.first.cell][hit.first.at..], &cells[hit.last.cell][..=hit.last.at])
            };
            if hit.inside { format!("[{one}]") } else { one }
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ids_are_found_in_any_case_and_with_any_separators() {
        for (cell, want) in [
            ("", ""),
            ("E24100744", "E24100744"),
            ("e24100744", "e24100744"),
            ("for E24100744, E-24.100 744", "E24100744 E-24.100 744"),
            ("xE24100744y", "[E24100744]"),
            ("9E241007449", "[E24100744]"),
            ("E2410074", ""),
            ("ab1234 56", "ab1234 56"),
            ("0012345678", "0012345678"),
            ("12.345.678", "12.345.678"),
            ("912345678", "[12345678]"),
            ("x123456", "[123456]"),
            ("9123456", "[123456]"),
            // Short ones only as words.
            ("M1", "M1"),
            ("M12", ""),
            ("AM1", ""),
            ("a:M1;m1", "M1 m1"),
            ("clm01", "clm01"),
            ("CLM 01", "CLM 01"),
            ("CLM 012", ""),
            ("1234", "1234"),
            ("001234", "001234"),
            ("12 34", ""),
            ("91234", ""),
            ("S1234A", ""),
        ] {
            assert_eq!(found(&[cell], Content::Codes), want, "{cell}");
        }
    }

    #[test]
    fn ids_are_found_across_cells() {
        assert_eq!(found(&["RT", "E2", "41", "00", "74", "4"], Content::Codes), "E2..4");
        assert_eq!(found(&["E24100744", "12", "3456"], Content::Codes), "E24100744 12..3456");
        assert_eq!(found(&["M", "1"], Content::Codes), "");
        assert_eq!(found(&["12", "34"], Content::Codes), "");
    }

    #[test]
    fn short_ids_are_found_anywhere_in_labels() {
        for (cell, want) in
            [("HMO1234", "[1234]"), ("x123456", "[123456]"), ("12 34", "12 34"), ("M12", ""), ("a:M1", "M1")]
        {
            assert_eq!(found(&[cell], Content::Labels), want, "{cell}");
        }
    }

    #[test]
    fn short_numbers_may_be_part_of_long_ones() {
        for (cell, want) in [
            ("1123456789", "[12345678]"),
            ("9123456999", ""),
            ("123456", "123456"),
            ("00123456", "00123456"),
            ("x123456", "[123456]"),
            ("123456-9", "123456"),
        ] {
            assert_eq!(found(&[cell], Content::Numbers), want, "{cell}");
        }
    }

    #[test]
    fn a_long_cell_is_searched_in_linear_time() {
        let ids = run();
        let mut finder = Finder::new(&ids);
        // All of it is the beginning of ids, or zeros before one.
        for long in ["12345".repeat(320_000), "0".repeat(1_600_000) + "1234", "E2410074".repeat(200_000)] {
            let start = std::time::Instant::now();
            finder.find(std::iter::once(long.as_str()), Content::Codes);
            // It takes some 20 ms, and a search that is not linear takes minutes.
            assert!(start.elapsed().as_secs() < 5);
        }
    }
}
