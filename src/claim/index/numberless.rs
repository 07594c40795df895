//! The lines of members who have a service without an authorization number.
//!
//! Nearly all services carry a number. If a run asks nothing else about the sessions of a member than whether another service
//! carries one, only these few lines are brought together.

use std::io;

use rayon::prelude::*;

use crate::claim::index::bits::{Bits, SharedBits};
use crate::claim::index::line_hash::KeyHash;
use crate::claim::index::partition::{LINES_AT_A_TIME, Lines};
use crate::claim::index::survey::Traits;

/// Places for members, for each line without a number. Members who share a place are brought together, too, which costs only time.
/// With eight, these are at most one in nine, and the places take a byte for each of these lines.
const PLACES_OF_LINE: usize = 8;

/// Collects the lines while the claims are found, because that reads the member of each line.
pub(crate) struct Numberless {
    /// The places of members who have a service without a number.
    members: Bits,
    places: usize,
    lines: SharedBits,
}

impl Numberless {
    /// Finds the members. `None` if a line in scope names none: it may take that of its claim, which is not yet known.
    pub(crate) fn find(lines: &Lines<'_>, traits: &[Traits]) -> io::Result<Option<Self>> {
        if traits.par_iter().with_min_len(LINES_AT_A_TIME).any(|line| line.is_listed() && !line.has_member()) {
            return Ok(None);
        }
        let is_numberless = |line: &Traits| line.is_listed() && !line.carries_number();
        let count = traits.par_iter().with_min_len(LINES_AT_A_TIME).filter(|line| is_numberless(line)).count();
        let places = count.saturating_mul(PLACES_OF_LINE).min(u32::MAX as usize);
        let members = SharedBits::new(places);
        lines.each(|start, batch| {
            let is_wanted = |n: &usize| is_numberless(&traits[start + n]);
            let wanted: Vec<usize> = (0..batch.len()).filter(is_wanted).collect();
            batch.each_of(&wanted, |_, line| {
                lines.keys.member(line).into_iter().for_each(|member| members.insert(place_of(member, places)));
            });
        })?;
        Ok(Some(Self { members: members.finish(), places, lines: SharedBits::new(traits.len()) }))
    }

    /// Adds lines if they are of one of these members.
    pub(crate) fn see(&self, line: u32, member: KeyHash) {
        if self.members.contains(place_of(member, self.places)) {
            self.lines.insert(line);
        }
    }

    /// All lines of these members, and a few of others.
    pub(crate) fn lines(self) -> Bits {
        self.lines.finish()
    }
}

/// The place of a member among so many.
fn place_of(member: KeyHash, places: usize) -> u32 {
    ((u128::from(member as u64) * places as u128) >> 64) as u32
}
