//! The lines that may be in the session of a service without an authorization number.
//!
//! Nearly all services carry a number. If a run asks nothing else about the sessions of a member than whether another service
//! carries one, only these few lines are brought together.

use std::ops::RangeInclusive;

use rayon::prelude::*;

use crate::claim::index::bits::{Bits, SharedBits};
use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::index::partition::LINES_AT_A_TIME;
use crate::claim::index::service::{DAYS_OF_SESSION, day_number, days};
use crate::claim::index::survey::Traits;
use crate::claim::line::{Batch, Line};
use crate::ingest::eight_bytes::mixed;

/// Of so many lines at most one may have no number, if those are kept until the lines that carry one are known: each takes 24 bytes, so
/// that is three for each line of the run.
const SELDOM: usize = 8;

/// Places for members, for each line without a number. Those that share a place are looked at, too, which costs only time. At most one
/// place in nine is marked, in a byte for each of these lines.
const PLACES_OF_MEMBER: usize = 8;

/// Places for blocks of days of members, for each of these lines. A line marks three places or four, so at most an eighth are marked.
const PLACES_OF_DAYS: usize = 32;

/// Days of a block are two to this power. Nearly all sessions of three days are in one block or two.
const BLOCK_BITS: u32 = 3;

/// Blocks of the longest span of days whose blocks are marked, which is a stay of three weeks.
const MOST_BLOCKS: i32 = 4;

/// Marks a member of whom too many days are marked at once for blocks. No block of days has such a number.
const MANY_DAYS: i32 = i32::MIN;

/// A service without a number.
#[derive(Clone)]
pub(crate) struct Asking {
    line: u32,
    /// Half of the member's key, which is enough to find places.
    member: u64,
    first: i32,
    last: i32,
}

impl Asking {
    /// The services without a number among the lines of a batch that name their member. `start`: the number of the first line.
    pub(crate) fn of_batch(start: usize, batch: &Batch, traits: &[Traits], keys: &Keys) -> Vec<Self> {
        let wanted: Vec<usize> = (0..batch.len()).filter(|n| is_numberless(traits[*n])).collect();
        let mut asking = Vec::with_capacity(wanted.len());
        batch.each_of(&wanted, |n, line| {
            if let Some((member, days)) = keys.member(line).zip(days_of(line)) {
                let (first, last) = days.into_inner();
                asking.push(Self { line: (start + n) as u32, member: member as u64, first, last });
            }
        });
        asking
    }

    fn days(&self) -> RangeInclusive<i32> {
        self.first..=self.last
    }
}

/// Are there so many services without a number that to keep them takes too much?
pub(crate) fn are_many(asking: usize, lines: usize) -> bool {
    asking > lines / SELDOM
}

/// Collects the lines while the claims are found, because that reads the member of each line.
pub(crate) struct Numberless<'t> {
    traits: &'t [Traits],
    asking: Vec<Asking>,
    /// The members of these services.
    members: MarkedPlaces,
    /// The days of their sessions.
    sessions: MarkedDays,
    /// The days of services that carry a number and may be in such a session.
    carrying: MarkedDays,
    lines: SharedBits,
}

impl<'t> Numberless<'t> {
    /// Of these services, without which no service lacks a number. `None` if they are many, or if a line in scope names no member: it
    /// may take that of its claim, which is not yet known.
    pub(crate) fn new(traits: &'t [Traits], asking: Vec<Asking>) -> Option<Self> {
        let has_no_member = |line: &Traits| line.is_listed() && !line.has_member();
        if are_many(asking.len(), traits.len()) || traits.par_iter().with_min_len(LINES_AT_A_TIME).any(has_no_member) {
            return None;
        }
        let days = || MarkedDays(MarkedPlaces::new(asking.len().saturating_mul(PLACES_OF_DAYS)));
        let (sessions, carrying) = (days(), days());
        let members = MarkedPlaces::new(asking.len().saturating_mul(PLACES_OF_MEMBER));
        for asking in &asking {
            members.mark(asking.member);
            sessions.mark(asking.member, &asking.days());
        }
        Some(Self { traits, asking, members, sessions, carrying, lines: SharedBits::new(traits.len()) })
    }

    /// Adds a line of a member if it may be in such a session.
    #[inline]
    pub(crate) fn see(&self, number: u32, line: Line<'_>, member: KeyHash) {
        // Nearly all members have no such service.
        if self.members.are_marked(member as u64) {
            self.see_member(number, line, member as u64);
        }
    }

    fn see_member(&self, number: u32, line: Line<'_>, member: u64) {
        let traits = self.traits[number as usize];
        // Other lines are no services, and a service without a readable date is in no session.
        let Some(days) = days_of(line).filter(|_| traits.is_listed() && traits.carries_number()) else { return };
        if self.sessions.may_meet(member, &days) {
            self.carrying.mark(member, &days);
            self.lines.insert(number);
        }
    }

    /// All lines of such sessions, if another service of them may carry a number, and a few others. `may_take_number`: may the line
    /// take the number of another line of its claim?
    pub(crate) fn lines(self, may_take_number: impl Fn(u32) -> bool) -> Bits {
        for taking in self.asking.iter().filter(|asking| may_take_number(asking.line)) {
            self.carrying.mark(taking.member, &taking.days());
        }
        for asking in self.asking.iter().filter(|asking| self.carrying.may_meet(asking.member, &asking.days())) {
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

/// Numbers, of which some others count as marked, too.
struct MarkedPlaces {
    marked: SharedBits,
    places: usize,
}

impl MarkedPlaces {
    fn new(places: usize) -> Self {
        let places = places.min(u32::MAX as usize);
        Self { marked: SharedBits::new(places), places }
    }

    fn mark(&self, number: u64) {
        self.marked.insert(self.place(number));
    }

    fn are_marked(&self, number: u64) -> bool {
        self.marked.contains(self.place(number))
    }

    fn place(&self, number: u64) -> u32 {
        ((u128::from(number) * self.places as u128) >> 64) as u32
    }
}

/// Days of members, each given by half of its key.
struct MarkedDays(MarkedPlaces);

impl MarkedDays {
    /// Marks all days on which a service of the member may be in the session of one with these days.
    fn mark(&self, member: u64, days: &RangeInclusive<i32>) {
        let mark = |what: i32| self.0.mark(of_member(member, what));
        match blocks(&(days.start() - DAYS_OF_SESSION..=days.end() + DAYS_OF_SESSION)) {
            Some(blocks) => blocks.for_each(mark),
            None => mark(MANY_DAYS),
        }
    }

    /// May one of these days be marked?
    fn may_meet(&self, member: u64, days: &RangeInclusive<i32>) -> bool {
        let is_marked = |what: i32| self.0.are_marked(of_member(member, what));
        blocks(days).is_none_or(|mut blocks| is_marked(MANY_DAYS) || blocks.any(is_marked))
    }
}

/// A number for a block of days of a member, or for [`MANY_DAYS`].
fn of_member(member: u64, what: i32) -> u64 {
    mixed(member, u64::from(what as u32))
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
            let all = MarkedDays(MarkedPlaces::new(marked.len() * PLACES_OF_DAYS));
            for (member, days) in &marked {
                all.mark(key(*member), days);
            }
            for (member, days) in &others {
                let is_near = |other: &RangeInclusive<i32>| {
                    days.start() - DAYS_OF_SESSION <= *other.end() && other.start() - DAYS_OF_SESSION <= *days.end()
                };
                if marked.iter().any(|(other, of_other)| other == member && is_near(of_other)) {
                    let member = key(*member);
                    prop_assert!(all.may_meet(member, days), "{:?}", days);
                }
            }
        }
    }

    #[test]
    fn nearly_all_days_of_other_sessions_are_passed_over() {
        let all = MarkedDays(MarkedPlaces::new(1000 * PLACES_OF_DAYS));
        (0..1000).for_each(|number| all.mark(key(number), &(20..=20)));
        let meet = |day: i32| (0..1000).filter(|number| all.may_meet(key(*number), &(day..=day))).count();
        assert_eq!([19, 20, 21].map(meet), [1000; 3]);
        assert!(meet(2000) < 300, "{}", meet(2000));
        let others = (1000..2000).filter(|number| all.may_meet(key(*number), &(20..=20))).count();
        assert!(others < 300, "{others}");
    }
}
