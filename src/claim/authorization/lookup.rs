//! Groups the rows of the authorization file, so that looking up a number takes little time even if very many services and
//! rows carry it.
//!
//! The approvals of a number are grouped by member, then by procedures and units. The rows of a group differ only in their
//! dates, so a binary search tells which of them covers a day.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::authorization::row::{Approval, Authorization, Scope};
use crate::claim::value::code_set::CodeSet;
use crate::steps;

/// The service for which an authorization is looked up.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The member; empty if the claim names none.
    pub member: &'a str,
    /// The codes that an authorization of the service may name.
    pub codes: CodeSet,
    /// First and last day. `None` if the date cannot be read.
    pub days: Option<(Date, Date)>,
    /// Units of all services with the number on the same claim form, up to and including this service. `None` if its units are
    /// not counted.
    pub used: Option<Decimal>,
}

/// How the approvals of one number fit a service. Each mismatch holds the row that comes closest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fit {
    /// An approval covers the service.
    pub holds: bool,
    /// An approval fits except for its units.
    pub units: Option<usize>,
    /// An approval fits except for its dates.
    pub days: Option<usize>,
    /// An approval names other procedures, including listed codes of the policy: another level.
    pub level: Option<usize>,
    /// An approval names other procedures, none of which is listed.
    pub procedures: Option<usize>,
    /// An approval is for another member.
    pub member: Option<usize>,
}

/// Rows that differ only in their dates.
#[derive(Debug, Clone)]
struct Group {
    scope: Scope,
    units: Option<Decimal>,
    /// The first row of the file.
    first: usize,
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

    /// Does a row of the group share a day with these?
    fn covers(&self, days: Option<(Date, Date)>) -> bool {
        days.is_none_or(|(first, last)| {
            let after = self.spans.partition_point(|span| span.to < first);
            self.spans.get(after).is_some_and(|span| span.from <= last)
        })
    }
}

/// Approvals in groups.
#[derive(Debug, Clone, Default)]
pub struct Approvals {
    groups: Vec<Group>,
    /// The index of each group.
    by_terms: FxHashMap<(Scope, Option<Decimal>), usize>,
}

impl Approvals {
    pub(super) fn add(&mut self, place: usize, row: &Authorization, scope: Scope) {
        let (from, to) = (row.valid_from.unwrap_or(Date::MIN), row.valid_to.unwrap_or(Date::MAX));
        let number = *self.by_terms.entry((scope, row.units)).or_insert(self.groups.len());
        if number == self.groups.len() {
            self.groups.push(Group { scope, units: row.units, first: place, spans: Vec::new() });
        }
        // An authorization that ends before it begins is never valid.
        if from <= to {
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

    fn judge(&self, wanted: &Wanted<'_>, listed: CodeSet, fit: &mut Fit) {
        steps::take(self.groups.len());
        for group in &self.groups {
            let first = Some(group.first);
            if !group.scope.fits(wanted.codes) {
                let misfit = if group.scope.fits(listed) { &mut fit.level } else { &mut fit.procedures };
                *misfit = earlier(*misfit, first);
            } else if !group.covers(wanted.days) {
                fit.days = earlier(fit.days, first);
            } else if wanted.used.zip(group.units).is_some_and(|(used, units)| used > units) {
                fit.units = earlier(fit.units, first);
            } else {
                fit.holds = true;
            }
        }
    }
}

fn earlier(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    one.into_iter().chain(other).min()
}

/// All rows with one number.
#[derive(Debug, Clone, Default)]
pub struct NumberRows {
    places: Vec<usize>,
    /// The first row with a status that is known not to be an approval.
    not_approved: Option<usize>,
    /// The first row with an unknown status.
    unread: Option<usize>,
    /// Approvals that name no member.
    anyone: Approvals,
    by_member: FxHashMap<String, Approvals>,
    /// The first two members that approvals name, each with its first row.
    members: Vec<(String, usize)>,
    /// All approvals, for claims that name no member.
    all: Approvals,
}

impl NumberRows {
    pub(super) fn add(&mut self, place: usize, row: &Authorization, scope: Scope) {
        self.places.push(place);
        match row.approval {
            Approval::Unread => self.unread = self.unread.or(Some(place)),
            Approval::NotApproved => self.not_approved = self.not_approved.or(Some(place)),
            Approval::Approved => {
                self.all.add(place, row, scope);
                if row.member_id.is_empty() {
                    self.anyone.add(place, row, scope);
                } else {
                    if self.members.len() < 2 && self.members.iter().all(|(member, _)| *member != row.member_id) {
                        self.members.push((row.member_id.clone(), place));
                    }
                    self.by_member.entry(row.member_id.clone()).or_default().add(place, row, scope);
                }
            }
        }
    }

    pub(super) fn finish(&mut self) {
        self.anyone.finish();
        self.all.finish();
        self.by_member.values_mut().for_each(Approvals::finish);
    }

    /// Indices of the rows in the file, in order.
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// The first row with a status that is known not to be an approval.
    pub fn not_approved(&self) -> Option<usize> {
        self.not_approved
    }

    /// The first row with an unknown status.
    pub fn unread(&self) -> Option<usize> {
        self.unread
    }

    /// How the approvals among the rows fit a service. `listed` are the listed codes of the policy.
    pub fn fit(&self, wanted: &Wanted<'_>, listed: CodeSet) -> Fit {
        let mut fit = Fit::default();
        if wanted.member.is_empty() {
            self.all.judge(wanted, listed, &mut fit);
            return fit;
        }
        self.anyone.judge(wanted, listed, &mut fit);
        if let Some(own) = self.by_member.get(wanted.member) {
            own.judge(wanted, listed, &mut fit);
        }
        fit.member = self.members.iter().find(|(member, _)| member != wanted.member).map(|(_, place)| *place);
        fit
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
            let mut group = Group { scope: Scope::Any, units: None, first: 0, spans: spans.clone() };
            group.finish();
            prop_assert!(group.spans.windows(2).all(|pair| pair[0].to < pair[1].from));
            for (from, more) in asked {
                let days = (day(from), day(from + more));
                let shares = |span: &&Span| span.from <= days.1 && days.0 <= span.to;
                prop_assert_eq!(group.first_on(days), spans.iter().find(shares).map(|span| span.place));
                prop_assert_eq!(group.covers(Some(days)), spans.iter().any(|span| shares(&span)));
            }
        }
    }

    #[test]
    fn dates_without_a_limit_are_covered() {
        let always = Span { from: Date::MIN, to: Date::MAX, place: 1 };
        let later = Span { from: START, to: Date::MAX, place: 0 };
        let mut group = Group { scope: Scope::Any, units: None, first: 0, spans: vec![always, later] };
        group.finish();
        assert_eq!((group.first_on((day(1), day(2))), group.first_on((Date::MIN, Date::MIN))), (Some(0), Some(1)));
        assert_eq!(group.first_on((Date::MAX, Date::MAX)), Some(0));
    }

    /// Ten times as many rows and services take ten times as many steps.
    #[test]
    fn many_services_with_many_rows_take_few_steps_each() {
        let steps_of = |count: u8| {
            let mut approvals = Approvals::default();
            for place in 0..usize::from(count) {
                let row = Authorization {
                    number: "A1".to_owned(),
                    member_id: "M1".to_owned(),
                    procedures: Vec::new(),
                    status: "approved".to_owned(),
                    approval: Approval::Approved,
                    valid_from: Some(day(place as u8)),
                    valid_to: Some(day(place as u8)),
                    units: None,
                };
                approvals.add(place, &row, Scope::Any);
            }
            approvals.finish();
            steps::of(|| {
                for n in 0..count {
                    let days = (day(n), day(n));
                    assert_eq!(approvals.first_fitting(CodeSet::default(), days), Some(usize::from(n)));
                    let wanted = Wanted { member: "", codes: CodeSet::default(), days: Some(days), used: None };
                    let mut fit = Fit::default();
                    approvals.judge(&wanted, CodeSet::default(), &mut fit);
                    assert!(fit.holds);
                }
            })
        };
        assert_eq!((steps_of(20), steps_of(200)), (60, 600));
    }
}
