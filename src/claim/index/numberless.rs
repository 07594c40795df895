//! The lines that may be in the session of a service without an authorization number.
//!
//! Nearly all services carry a number. If a run asks nothing else about the sessions of a member than whether another service
//! carries one, only these few lines are brought together.

use std::io;
use std::ops::RangeInclusive;

use rayon::prelude::*;

use crate::claim::index::bits::{Bits, SharedBits};
use crate::claim::index::line_hash::KeyHash;
use crate::claim::index::partition::{LINES_AT_A_TIME, Lines};
use crate::claim::index::service::{DAYS_OF_SESSION, day_number, days};
use crate::claim::index::survey::Traits;
use crate::claim::line::Line;
use crate::ingest::eight_bytes::mixed;

/// Places for members and their blocks of days, for each line without a number. Those that share a place are brought together, too,
/// which costs only time. A line marks three places or four, so at most a fifth are marked, in two bytes for each of these lines.
const PLACES_OF_LINE: usize = 16;

/// Days of a block are two to this power. Nearly all sessions of three days are in one block or two.
const BLOCK_BITS: u32 = 3;

/// Blocks of the longest span of days whose blocks are marked, which is a stay of three weeks.
const MOST_BLOCKS: i32 = 4;

/// Marks a member who has a service without a number on any day. No block of days has such a number.
const ANY_DAY: i32 = i32::MIN;

/// Marks a member who has one that lasts too long for blocks.
const MANY_DAYS: i32 = ANY_DAY + 1;

/// Collects the lines while the claims are found, because that reads the member of each line.
pub(crate) struct Numberless {
    days: MarkedDays,
    lines: SharedBits,
}

impl Numberless {
    /// Finds the members and days. `None` if a line in scope names no member: it may take that of its claim, which is not yet known.
    pub(crate) fn find(lines: &Lines<'_>, traits: &[Traits]) -> io::Result<Option<Self>> {
        if traits.par_iter().with_min_len(LINES_AT_A_TIME).any(|line| line.is_listed() && !line.has_member()) {
            return Ok(None);
        }
        let is_numberless = |line: &Traits| line.is_listed() && !line.carries_number();
        let count = traits.par_iter().with_min_len(LINES_AT_A_TIME).filter(|line| is_numberless(line)).count();
        let marked = MarkedDays::of_lines(count);
        lines.each(|start, batch| {
            let is_wanted = |n: &usize| is_numberless(&traits[start + n]);
            let wanted: Vec<usize> = (0..batch.len()).filter(is_wanted).collect();
            batch.each_of(&wanted, |_, line| {
                if let Some((member, days)) = lines.keys.member(line).zip(days_of(line)) {
                    marked.mark(member, &days);
                }
            });
        })?;
        Ok(Some(Self { days: marked, lines: SharedBits::new(traits.len()) }))
    }

    /// Adds a line of a member if it may be in such a session.
    #[inline]
    pub(crate) fn see(&self, number: u32, line: Line<'_>, member: KeyHash) {
        // Nearly all members have no such service. A line without a readable date is in no session.
        if self.days.are_marked_of(member) && days_of(line).is_some_and(|days| self.days.may_meet(member, &days)) {
            self.lines.insert(number);
        }
    }

    /// All lines of such sessions, and a few others.
    pub(crate) fn lines(self) -> Bits {
        self.lines.finish()
    }
}

/// The numbers of the first and last day of a line, or of the stay that may start on it.
fn days_of(line: Line<'_>) -> Option<RangeInclusive<i32>> {
    let (first, last) = days(line, true)?;
    Some(day_number(first)..=day_number(last))
}

/// Days of members. Some others count as marked, too.
struct MarkedDays {
    marked: SharedBits,
    places: usize,
}

impl MarkedDays {
    /// No days, with room for those of so many lines.
    fn of_lines(count: usize) -> Self {
        let places = count.saturating_mul(PLACES_OF_LINE).min(u32::MAX as usize);
        Self { marked: SharedBits::new(places), places }
    }

    /// Marks all days on which a service of the member may be in the session of one with these days.
    fn mark(&self, member: KeyHash, days: &RangeInclusive<i32>) {
        let mark = |what: i32| self.marked.insert(self.place_of(member, what));
        mark(ANY_DAY);
        match blocks(&(days.start() - DAYS_OF_SESSION..=days.end() + DAYS_OF_SESSION)) {
            Some(blocks) => blocks.for_each(mark),
            None => mark(MANY_DAYS),
        }
    }

    /// Is any day of the member marked?
    fn are_marked_of(&self, member: KeyHash) -> bool {
        self.is_marked(member, ANY_DAY)
    }

    /// May one of these days be marked? Any day of the member is.
    fn may_meet(&self, member: KeyHash, days: &RangeInclusive<i32>) -> bool {
        let Some(mut blocks) = blocks(days) else { return true };
        self.is_marked(member, MANY_DAYS) || blocks.any(|block| self.is_marked(member, block))
    }

    fn is_marked(&self, member: KeyHash, what: i32) -> bool {
        self.marked.contains(self.place_of(member, what))
    }

    /// The place of a block of days of a member, or of what else is marked.
    fn place_of(&self, member: KeyHash, what: i32) -> u32 {
        let mixed = mixed(member as u64, u64::from(what as u32));
        ((u128::from(mixed) * self.places as u128) >> 64) as u32
    }
}

/// The blocks in which these days are. `None` if there are many.
fn blocks(days: &RangeInclusive<i32>) -> Option<RangeInclusive<i32>> {
    let [first, last] = [days.start(), days.end()].map(|day| day >> BLOCK_BITS);
    (last - first < MOST_BLOCKS).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::claim::index::line_hash::Keys;

    fn days() -> impl Strategy<Value = RangeInclusive<i32>> {
        let length = prop_oneof![4 => Just(0), 2 => 0..30_i32, 1 => 20..400_i32];
        (-400..400_i32, length).prop_map(|(first, length)| first..=first + length)
    }

    proptest! {
        #[test]
        fn no_service_of_a_session_is_passed_over(
            marked in prop::collection::vec((0..4_u32, days()), 1..40),
            others in prop::collection::vec((0..6_u32, days()), 1..40),
        ) {
            let all = MarkedDays::of_lines(marked.len());
            for (member, days) in &marked {
                all.mark(Keys::claim(*member), days);
            }
            for (member, days) in &others {
                let is_near = |other: &RangeInclusive<i32>| {
                    days.start() - DAYS_OF_SESSION <= *other.end() && other.start() - DAYS_OF_SESSION <= *days.end()
                };
                if marked.iter().any(|(other, of_other)| other == member && is_near(of_other)) {
                    let member = Keys::claim(*member);
                    prop_assert!(all.are_marked_of(member) && all.may_meet(member, days), "{:?}", days);
                }
            }
        }
    }

    #[test]
    fn nearly_all_days_of_other_sessions_are_passed_over() {
        let all = MarkedDays::of_lines(1000);
        let member = |number: u32| Keys::claim(number);
        (0..1000).for_each(|number| all.mark(member(number), &(20..=20)));
        let meet = |day: i32| (0..1000).filter(|number| all.may_meet(member(*number), &(day..=day))).count();
        assert_eq!([19, 20, 21].map(meet), [1000; 3]);
        assert!(meet(2000) < 300, "{}", meet(2000));
        let marked = (1000..2000).filter(|number| all.are_marked_of(member(*number))).count();
        assert!(marked < 200, "{marked}");
    }
}
