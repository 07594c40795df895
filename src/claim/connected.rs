//! Lines that may bear on each other: those that have a claim number, a member or an authorization number in common, or are connected
//! by others that do.
//!
//! Each step of the [`index`](crate::claim::index) compares only lines that share one of these. So a line is judged the same among the
//! lines that are connected with it as among all lines of the run.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::claim::line::{Line, Text};
use crate::claim::value::authorization;

/// What two lines may have in common.
#[derive(Hash)]
enum Key<'a> {
    /// A claim number: that of the line, or one that it names.
    Claim(&'a str),
    Member(&'a str),
    Authorization(&'a str),
}

/// Sets of connected lines, found line by line.
#[derive(Default)]
pub(crate) struct Connections {
    /// For each line, an earlier line of its set. The first line of a set has itself.
    earlier: Vec<u32>,
    /// The first line with each key, by the hash of the key. Two keys with one hash connect lines that have nothing to do with each
    /// other. That does no harm: more lines do not change what is said of one.
    first_with: FxHashMap<u64, u32>,
}

impl Connections {
    /// Adds the next line. `None`: that would take more than `most` bytes of memory.
    pub(crate) fn add(&mut self, line: Line<'_>, most: u64) -> Option<()> {
        let number = self.earlier.len() as u32;
        self.earlier.push(number);
        self.connect(number, &Key::Claim(line.claim_id()), most)?;
        let stated = |text: Text| Some(line.text(text)).filter(|cell| !cell.is_empty());
        if let Some(named) = stated(Text::OriginalClaimId) {
            self.connect(number, &Key::Claim(named), most)?;
        }
        if let Some(member) = stated(Text::MemberId) {
            self.connect(number, &Key::Member(member), most)?;
        }
        for own in stated(Text::Authorization).into_iter().flat_map(|numbers| numbers.split(';')) {
            self.connect(number, &Key::Authorization(&authorization::key(own)), most)?;
        }
        Some(())
    }

    /// Connects a line with the first one that has this key. A line may have any number of keys, so each may be one too many.
    fn connect(&mut self, line: u32, key: &Key<'_>, most: u64) -> Option<()> {
        if self.first_with.len() == self.first_with.capacity() && 2 * self.bytes() as u64 > most {
            return None;
        }
        let first = *self.first_with.entry(FxBuildHasher.hash_one(key)).or_insert(line);
        let (one, other) = (self.first_of(first), self.first_of(line));
        self.earlier[one.max(other) as usize] = one.min(other);
        Some(())
    }

    /// The first line of the set of a line. Each line on the way is moved closer to it, so that the next search is short.
    fn first_of(&mut self, mut line: u32) -> u32 {
        loop {
            let earlier = self.earlier[line as usize];
            if earlier == line {
                return line;
            }
            let before = self.earlier[earlier as usize];
            self.earlier[line as usize] = before;
            line = before;
        }
    }

    /// Memory in bytes. A table that grows is in memory twice.
    pub(crate) fn bytes(&self) -> usize {
        let entry = size_of::<(u64, u32)>() + 1;
        2 * (self.earlier.capacity() * size_of::<u32>() + self.first_with.capacity() * entry)
    }

    /// For each line: is it connected with one of these?
    pub(crate) fn with(mut self, lines: &[u32]) -> Vec<bool> {
        self.first_with = FxHashMap::default();
        let sets: FxHashSet<u32> = lines.iter().map(|line| self.first_of(*line)).collect();
        (0..self.earlier.len() as u32).map(|line| sets.contains(&self.first_of(line))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::line::Batch;
    use crate::claim::line::head::Head;

    /// A row may have any number of authorization numbers. It is refused before it takes the memory, not after.
    #[test]
    fn a_row_of_very_many_numbers_takes_no_more_memory_than_it_may() {
        let numbers: Vec<String> = (0..50_000).map(|n| format!("A{n}")).collect();
        let mut lines = Batch::default();
        let mut encoder = lines.encode();
        encoder.procedure("22514");
        encoder.text(Text::Authorization, &numbers.join(";"));
        encoder.finish(Head::zero());
        for most in [1 << 12, 1 << 16, 1 << 20] {
            let mut connections = Connections::default();
            assert!(connections.add(lines.line(0), most).is_none());
            assert!(connections.bytes() as u64 <= most, "{most}");
        }
        let mut connections = Connections::default();
        assert!(connections.add(lines.line(0), u64::MAX).is_some() && connections.bytes() > 1 << 20);
    }
}
