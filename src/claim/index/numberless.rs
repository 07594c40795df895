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
/// which costs only time. A line marks three places or four, so at most an eighth are marked, in four bytes for each of these lines.
const PLACES_OF_LINE: usize = 32;

/// Of so many lines at most one may have no number, if those are kept until the lines that carry one are known: each takes 24 bytes, so
/// that is three for each line of the run.
const SELDOM: usize = 8;

/// Days of a block are two to this power. Nearly all sessions of three days are in one block or two.
const BLOCK_BITS: u32 = 3;

/// Blocks of the longest span of days whose blocks are marked, which is a stay of three weeks.
const MOST_BLOCKS: i32 = 4;

/// Marks a member of whom any day is marked. No block of days has such a number.
const ANY_DAY: i32 = i32::MIN;

/// Marks a member of whom too many days are marked at once for blocks.
const MANY_DAYS: i32 = ANY_DAY + 1;

/// Collects the lines while the claims are found, because that reads the member of each line.
pub(crate) struct Numberless<'t> {
    traits: &'t [Traits],
    /// The days of the sessions of services without a number.
    sessions: MarkedDays,
    /// The services without a number; `None` if there are many.
    asking: Option<Vec<Asking>>,
    /// The days of services that carry a number and may be in such a session.
    carrying: MarkedDays,
    lines: SharedBits,
}

/// A service without a number.
#[derive(Clone)]
struct Asking {
    line: u32,
    /// Half of the member's key, which is enough to find places.
    member: u64,
    first: i32,
    last: i32,
}

impl Asking {
    fn days(&self) -> RangeInclusive<i32> {
        self.first..=self.last
    }
}

impl<'t> Numberless<'t> {
    /// Finds the members and days. `None` if a line in scope names no member: it may take that of its claim, which is not yet known.
    pub(crate) fn find(lines: &Lines<'_>, traits: &'t [Traits]) -> io::Result<Option<Self>> {
        if traits.par_iter().with_min_len(LINES_AT_A_TIME).any(|line| line.is_listed() && !line.has_member()) {
            return Ok(None);
        }
        let count = traits.par_iter().with_min_len(LINES_AT_A_TIME).filter(|line| is_numberless(**line)).count();
        let (sessions, carrying) = (MarkedDays::of_lines(count), MarkedDays::of_lines(count));
        let are_few = count <= traits.len() / SELDOM;
        let asking = lines.each(|start, batch| {
            let mut asking = Vec::new();
            let wanted: Vec<usize> = (0..batch.len()).filter(|n| is_numberless(traits[start + n])).collect();
            batch.each_of(&wanted, |n, line| {
                if let Some((member, days)) = lines.keys.member(line).zip(days_of(line)) {
                    sessions.mark(member as u64, &days);
                    let (first, last) = days.into_inner();
                    asking.extend(are_few.then_some(Asking {
                        line: (start + n) as u32,
                        member: member as u64,
                        first,
                        last,
                    }));
                }
            });
            asking
        })?;
        let asking = are_few.then(|| asking.concat());
        Ok(Some(Self { traits, sessions, asking, carrying, lines: SharedBits::new(traits.len()) }))
    }

    /// Adds a line of a member if it may be in such a session.
    #[inline]
    pub(crate) fn see(&self, number: u32, line: Line<'_>, member: KeyHash) {
        // Nearly all members have no such service.
        if self.sessions.are_marked_of(member as u64) {
            self.see_member(number, line, member as u64);
        }
    }

    fn see_member(&self, number: u32, line: Line<'_>, member: u64) {
        let traits = self.traits[number as usize];
        // Other lines are no services, and a service without a readable date is in no session.
        let Some(days) = days_of(line).filter(|_| traits.is_listed()) else { return };
        if is_numberless(traits) {
            if self.asking.is_none() {
                self.lines.insert(number);
            }
        } else if self.sessions.may_meet(member, &days) {
            self.carrying.mark(member, &days);
            self.lines.insert(number);
        }
    }

    /// All lines of such sessions, if another service of them may carry a number, and a few others. `may_take_number`: may the line
    /// take the number of another line of its claim?
    pub(crate) fn lines(self, may_take_number: impl Fn(u32) -> bool) -> Bits {
        let asking = self.asking.unwrap_or_default();
        for taking in asking.iter().filter(|asking| may_take_number(asking.line)) {
            self.carrying.mark(taking.member, &taking.days());
        }
        for asking in asking.iter().filter(|asking| self.carrying.may_meet(asking.member, &asking.days())) {
            self.lines.insert(asking.line);
        }
        self.lines.finish()
    }
}

/// Is it a service that states no number?
fn is_numberless(line: Traits) -> bool {
    line.is_listed() && !line.carries_number()
}

/// The numbers of the first and last day of a line, or of the stay that may start on it.
fn days_of(line: Line<'_>) -> Option<RangeInclusive<i32>> {
    let (first, last) = days(line, true)?;
    Some(day_number(first)..=day_number(last))
}

/// Days of members, each given by half of its key. Some others count as marked, too.
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
    fn mark(&self, member: u64, days: &RangeInclusive<i32>) {
        let mark = |what: i32| self.marked.insert(self.place_of(member, what));
        mark(ANY_DAY);
        match blocks(&(days.start() - DAYS_OF_SESSION..=days.end() + DAYS_OF_SESSION)) {
            Some(blocks) => blocks.for_each(mark),
            None => mark(MANY_DAYS),
        }
    }

    /// Is any day of the member marked?
    fn are_marked_of(&self, member: u64) -> bool {
        self.is_marked(member, ANY_DAY)
    }

    /// May one of these days be marked? Any day of the member is.
    fn may_meet(&self, member: u64, days: &RangeInclusive<i32>) -> bool {
        let Some(mut blocks) = blocks(days) else { return true };
        self.is_marked(member, MANY_DAYS) || blocks.any(|block| self.is_marked(member, block))
    }

    fn is_marked(&self, member: u64, what: i32) -> bool {
        self.marked.contains(self.place_of(member, what))
    }

    /// The place of a block of days of a member, or of what else is marked.
    fn place_of(&self, member: u64, what: i32) -> u32 {
        let mixed = mixed(member, u64::from(what as u32));
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

    /// Half of the key of a member.
    fn key(member: u32) -> u64 {
        Keys::claim(member) as u64
    }

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
                all.mark(key(*member), days);
            }
            for (member, days) in &others {
                let is_near = |other: &RangeInclusive<i32>| {
                    days.start() - DAYS_OF_SESSION <= *other.end() && other.start() - DAYS_OF_SESSION <= *days.end()
                };
                if marked.iter().any(|(other, of_other)| other == member && is_near(of_other)) {
                    let member = key(*member);
                    prop_assert!(all.are_marked_of(member) && all.may_meet(member, days), "{:?}", days);
                }
            }
        }
    }

    #[test]
    fn nearly_all_days_of_other_sessions_are_passed_over() {
        let all = MarkedDays::of_lines(1000);
        (0..1000).for_each(|number| all.mark(key(number), &(20..=20)));
        let meet = |day: i32| (0..1000).filter(|number| all.may_meet(key(*number), &(day..=day))).count();
        assert_eq!([19, 20, 21].map(meet), [1000; 3]);
        assert!(meet(2000) < 300, "{}", meet(2000));
        let marked = (1000..2000).filter(|number| all.are_marked_of(key(*number))).count();
        assert!(marked < 200, "{marked}");
    }
}
