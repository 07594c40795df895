//! Sessions of a member with more services than memory holds.
//!
//! The services are in a file, in the order of their first days, which several readers follow: one is at the day that is asked
//! about, and the others are as many days ahead as a session reaches. What they keep does not grow with the services: a few
//! services of each kind, and the codes of a day. Stays are asked about in other orders, so they are sorted once more.

use std::io;
use std::iter::Peekable;

use crate::claim::index::groups::PassRoom;
use crate::claim::index::service::{ServiceKey, SessionFacts};
use crate::claim::index::sessions::{CodesOfDay, DAYS_BEFORE_STAY, EarlierServices, EarlierStays, Kinds, StaysNearby};
use crate::claim::index::visit::Visit;
use crate::disk::sequence::{Sequence, Values};
use crate::steps;

/// Finds what the sessions of a member's services show, and gives it to `keep`; services whose session shows nothing are left
/// out. `visits` have readable dates and come in the order of their first days, and those of a day in input order.
pub(crate) fn find(
    visits: impl Iterator<Item = io::Result<Visit>>,
    room: &PassRoom,
    keep: &mut dyn FnMut(ServiceKey, SessionFacts) -> io::Result<()>,
) -> io::Result<()> {
    let (mut by_day, mut stays) = (room.sequence(), room.sorter());
    // Stays in one stretch of services that are near each other, and the days on which they begin. There are few days.
    let (mut stretch, mut last, mut firsts) = (0_u32, i32::MIN, Vec::<(u32, i32)>::new());
    for visit in visits {
        let visit = visit?;
        steps::take(1);
        stretch += u32::from(visit.first > last.saturating_add(DAYS_BEFORE_STAY));
        last = last.max(visit.last);
        if visit.is_stay {
            if firsts.last() != Some(&(stretch, visit.first)) {
                firsts.push((stretch, visit.first));
            }
            stays.push((stretch, visit.key()), visit)?;
        }
        by_day.push(visit, size_of::<Visit>())?;
    }
    let by_day = by_day.finish()?;
    of_services(&by_day, keep)?;
    if firsts.is_empty() {
        return Ok(());
    }
    let mut by_reach = room.sorter();
    let (mut current, mut earlier) = (0, EarlierStays::new(Vec::new()));
    for stay in stays.finish()? {
        let ((stretch, key), visit) = stay?;
        if stretch != current {
            current = stretch;
            let range =
                firsts.partition_point(|(of, _)| *of < stretch)..firsts.partition_point(|(of, _)| *of <= stretch);
            earlier = EarlierStays::new(firsts[range].iter().map(|(_, first)| *first).collect());
        }
        let mut session = SessionFacts::default();
        earlier.show_and_add(&visit, &mut session);
        by_reach.push((Kinds::reach(&visit), key), (visit, session))?;
    }
    let mut kinds = Ahead::new(&by_day, Kinds::default());
    for stay in by_reach.finish()? {
        let ((reach, key), (visit, mut session)) = stay?;
        kinds.until(reach, Kinds::add)?.show(&visit, &mut session);
        if session != SessionFacts::default() {
            keep(key, session)?;
        }
    }
    Ok(())
}

/// Does the work of [`find`] for CPT services, which take a day each.
fn of_services(
    by_day: &Sequence<Visit>,
    keep: &mut dyn FnMut(ServiceKey, SessionFacts) -> io::Result<()>,
) -> io::Result<()> {
    let mut codes = Ahead::new(by_day, CodesOfDay::default());
    let mut kinds = Ahead::new(by_day, Kinds::default());
    let mut stays = Ahead::new(by_day, StaysNearby::default());
    let (mut earlier, mut day) = (EarlierServices::default(), None);
    for visit in by_day.iter() {
        let visit = visit?;
        steps::take(1);
        if day != Some(visit.first) {
            day = Some(visit.first);
            codes.state.clear();
            earlier.clear();
        }
        if visit.is_stay {
            // It begins on the day but adds no codes, and nothing is asked about it here.
            continue;
        }
        let mut session = SessionFacts::default();
        let of_day = |codes: &mut CodesOfDay, other: &Visit| {
            if other.first == visit.first {
                codes.add(other);
            }
        };
        codes.until(visit.first, of_day)?.show(&visit, &mut session);
        kinds.until(Kinds::reach(&visit), Kinds::add)?.show(&visit, &mut session);
        stays.until(StaysNearby::reach(&visit), StaysNearby::add)?.show(&visit, &mut session);
        earlier.show_and_add(&visit, &mut session);
        if session != SessionFacts::default() {
            keep(visit.key(), session)?;
        }
    }
    Ok(())
}

/// What is known of the visits up to a day.
struct Ahead<'v, S> {
    visits: Peekable<Values<'v, Visit>>,
    state: S,
}

impl<'v, S> Ahead<'v, S> {
    fn new(by_day: &'v Sequence<Visit>, state: S) -> Self {
        Self { visits: by_day.iter().peekable(), state }
    }

    /// The state after `add` has added all visits that begin by this day.
    fn until(&mut self, day: i32, add: impl Fn(&mut S, &Visit)) -> io::Result<&S> {
        // An error is not left for later.
        while let Some(visit) = self.visits.next_if(|visit| visit.as_ref().map_or(true, |visit| visit.first <= day)) {
            add(&mut self.state, &visit?);
        }
        Ok(&self.state)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::claim::index::sessions;
    use crate::claim::index::visit::tests::visit;

    proptest! {
        #[test]
        fn sessions_do_not_depend_on_the_memory(
            visits in prop::collection::vec(visit(), 0..60),
            memory in prop_oneof![Just(0_usize), Just(40_000)],
        ) {
            let mut visits = visits;
            for (line, visit) in (0..).zip(&mut visits) {
                (visit.line, visit.row) = (line, u64::from(line));
                // A claim has one stay at most.
                visit.claim = if visit.is_stay { 100 + line } else { visit.claim };
            }
            let mut wanted = Vec::new();
            visits.sort_unstable_by_key(|visit| (visit.first, visit.key()));
            let room = PassRoom { scratch: Arc::new(tempfile::tempfile), memory };
            let mut found = Vec::new();
            find(visits.iter().copied().map(Ok), &room, &mut |key, session| {
                found.push((key, session));
                Ok(())
            }).expect("room on disk");
            sessions::find(&mut visits, &mut wanted);
            wanted.sort_unstable_by_key(|(key, _)| *key);
            found.sort_unstable_by_key(|(key, _)| *key);
            prop_assert_eq!(found, wanted);
        }
    }
}
