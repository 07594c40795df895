//! The approvals of one member, grouped by procedures, so that the first one that covers a day is found quickly.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::claim::authorization::row::{Authorization, Scope};
use crate::claim::value::code_set::CodeSet;
use crate::steps;

/// Rows of a member for the same procedures.
#[derive(Debug, Clone)]
struct Group {
    scope: Scope,
    /// The days of each row. After [`Group::finish`], spans that share no day, in order, each with the first row that covers
    /// it.
    spans: Vec<Span>,
}

/// Days and a row that covers all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: Date,
    to: Date,
    place: usize,
}

impl Group {
    /// Finds the first row that covers each day.
    fn finish(&mut self) {
        self.spans.sort_unstable_by_key(|span| (span.from, span.place));
        let mut waiting = std::mem::take(&mut self.spans).into_iter().peekable();
        // The rows that began, the first row of the file on top.
        let mut begun: BinaryHeap<Reverse<(usize, Date)>> = BinaryHeap::new();
        let mut day = Date::MIN;
        loop {
            while begun.peek().is_some_and(|Reverse((_, to))| *to < day) {
                begun.pop();
            }
            if begun.is_empty() {
                let Some(next) = waiting.peek() else { break };
                day = day.max(next.from);
            }
            while let Some(span) = waiting.next_if(|span| span.from <= day) {
                begun.push(Reverse((span.place, span.to)));
            }
            let Some(Reverse((place, to))) = begun.peek().copied() else { continue };
            // A row that has ended may be on top if it began before the day.
            if to < day {
                continue;
            }
            let before_next = waiting.peek().and_then(|next| next.from.yesterday().ok());
            let to = before_next.map_or(to, |end| end.min(to));
            match self.spans.last_mut() {
                Some(last) if last.place == place && last.to.tomorrow().is_ok_and(|next| next == day) => last.to = to,
                _ => self.spans.push(Span { from: day, to, place }),
            }
            let Ok(tomorrow) = to.tomorrow() else { break };
            day = tomorrow;
        }
    }

    /// The first row of the file that shares a day with these.
    fn first_on(&self, (first, last): (Date, Date)) -> Option<usize> {
        let start = self.spans.partition_point(|span| span.to < first);
        // No more spans than days.
        let spans = self.spans[start..].iter().take_while(|span| span.from <= last);
        spans.inspect(|_| steps::take(1)).map(|span| span.place).min()
    }
}

/// The approvals of one member, grouped by procedures.
#[derive(Debug, Clone, Default)]
pub(super) struct MemberApprovals {
    groups: Vec<Group>,
    /// The index of each group.
    by_scope: FxHashMap<Scope, usize>,
}

impl MemberApprovals {
    pub(super) fn add(&mut self, place: usize, row: &Authorization, scope: Scope) {
        let number = *self.by_scope.entry(scope).or_insert(self.groups.len());
        if number == self.groups.len() {
            self.groups.push(Group { scope, spans: Vec::new() });
        }
        if let Some((to, from)) = row.span() {
            self.groups[number].spans.push(Span { from, to, place });
        }
    }

    /// Called after all rows were added.
    pub(super) fn finish(&mut self) {
        self.groups.iter_mut().for_each(Group::finish);
    }

    /// The first row of the file that fits the codes and shares a day with this span.
    pub(super) fn first_fitting(&self, codes: CodeSet, days: (Date, Date)) -> Option<usize> {
        steps::take(self.groups.len());
        self.groups.iter().filter(|group| group.scope.fits(codes)).filter_map(|group| group.first_on(days)).min()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Date = jiff::civil::date(2024, 1, 1);

    fn day(n: u8) -> Date {
        START.saturating_add(jiff::Span::new().days(i64::from(n)))
    }

    proptest! {
        #[test]
        fn the_first_row_on_a_day_is_found(
            rows in prop::collection::vec((0_u8..40, 0_u8..20), 0..30),
            asked in prop::collection::vec((0_u8..60, 0_u8..5), 1..20),
        ) {
            let spans: Vec<Span> = rows.iter().enumerate().map(|(place, (from, more))| {
                Span { from: day(*from), to: day(from + more), place }
            }).collect();
            let mut group = Group { scope: Scope::Any, spans: spans.clone() };
            group.finish();
            prop_assert!(group.spans.windows(2).all(|pair| pair[0].to < pair[1].from));
            for (from, more) in asked {
                let days = (day(from), day(from + more));
                let shares = |span: &&Span| span.from <= days.1 && days.0 <= span.to;
                prop_assert_eq!(group.first_on(days), spans.iter().find(shares).map(|span| span.place));
            }
        }
    }

    #[test]
    fn dates_without_a_limit_are_covered() {
        let always = Span { from: Date::MIN, to: Date::MAX, place: 1 };
        let later = Span { from: START, to: Date::MAX, place: 0 };
        let mut group = Group { scope: Scope::Any, spans: vec![always, later] };
        group.finish();
        assert_eq!((group.first_on((day(1), day(2))), group.first_on((Date::MIN, Date::MIN))), (Some(0), Some(1)));
        assert_eq!(group.first_on((Date::MAX, Date::MAX)), Some(0));
    }
}
