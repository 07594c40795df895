//! Groups the rows of the authorization file, so that looking up a number takes little time even if very many services and
//! rows carry it.
//!
//! The approvals of a number are grouped by member, then by procedures and units. The rows of a group differ only in their
//! dates. A tree over the groups tells the first of them that covers a day, and the first that does not.

use std::cmp::Reverse;

use jiff::civil::Date;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::authorization::days::{self, Asked, Days, DaysTree};
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

/// How the approvals of one number fit a service. Each mismatch holds the row that comes closest; if an approval covers the
/// service, mismatches mean nothing.
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

/// Approvals of one number, grouped by procedures and then by units.
#[derive(Debug, Clone, Default)]
pub struct Approvals {
    scopes: Vec<ScopeRows>,
    by_scope: FxHashMap<Scope, usize>,
    /// The index of the scope of these procedures and units, and of the group within it.
    by_terms: FxHashMap<(Scope, Option<Decimal>), usize>,
}

/// Approvals for the same procedures, grouped by units. A group is a number, in the order of the first rows.
#[derive(Debug, Clone)]
struct ScopeRows {
    scope: Scope,
    /// By group, its units, and its first row in the file.
    groups: Vec<(Option<Decimal>, usize)>,
    /// By group, the days that its rows cover.
    days: Vec<Days>,
    /// The groups, those with the most units first. No limit is the most.
    by_units: Vec<u32>,
    /// The days of the groups, in the order of their first rows, twice, and in the order of their units.
    trees: Option<[DaysTree; 3]>,
}

impl Approvals {
    pub(super) fn add(&mut self, place: usize, row: &Authorization, scope: Scope) {
        let of_scope = *self.by_scope.entry(scope).or_insert(self.scopes.len());
        if of_scope == self.scopes.len() {
            let (groups, days, by_units) = (Vec::new(), Vec::new(), Vec::new());
            self.scopes.push(ScopeRows { scope, groups, days, by_units, trees: None });
        }
        let rows = &mut self.scopes[of_scope];
        let group = *self.by_terms.entry((scope, row.units)).or_insert(rows.groups.len());
        if group == rows.groups.len() {
            rows.groups.push((row.units, place));
            rows.days.push(Days::new());
        }
        rows.days[group].extend(row.span());
    }

    /// Called after all rows were added.
    pub(super) fn finish(&mut self) {
        self.scopes.iter_mut().for_each(ScopeRows::finish);
    }

    /// Where no approval fits, the rows that come closest are those of all calls.
    fn judge(&self, wanted: &Wanted<'_>, listed: CodeSet, fit: &mut Fit) {
        steps::take(self.scopes.len());
        for rows in &self.scopes {
            if rows.scope.fits(wanted.codes) {
                rows.judge(wanted, fit);
            } else {
                let misfit = if rows.scope.fits(listed) { &mut fit.level } else { &mut fit.procedures };
                *misfit = earlier(*misfit, rows.first());
            }
        }
    }
}

impl ScopeRows {
    fn finish(&mut self) {
        self.days.iter_mut().for_each(|days| *days = days::joined(std::mem::take(days)));
        self.by_units = (0..self.groups.len() as u32).collect();
        let units = |group: &u32| self.groups[*group as usize].0;
        self.by_units.sort_by_key(|group| (units(group).is_some(), Reverse(units(group))));
        let count = self.groups.len();
        let (by_row, by_units) = (|n: usize| &self.days[n], |n: usize| &self.days[self.by_units[n] as usize]);
        self.trees = Some([
            DaysTree::new(Asked::Any, count, by_row),
            DaysTree::new(Asked::All, count, by_row),
            DaysTree::new(Asked::Any, count, by_units),
        ]);
    }

    fn first(&self) -> Option<usize> {
        self.groups.first().map(|(_, place)| *place)
    }

    /// Compares days and units. A group fits with all of its rows or with none.
    fn judge(&self, wanted: &Wanted<'_>, fit: &mut Fit) {
        let (count, Some([meeting, missing, largest])) = (self.groups.len(), &self.trees) else { return };
        let by_row = |n: usize| &self.days[n];
        let place = |group: usize| self.groups[group].1;
        // Without a day, every row is taken to cover it.
        let (covering, largest) = match wanted.days {
            None => (self.first(), Some(0)),
            Some(days) => {
                fit.days = earlier(fit.days, missing.first(days, count, by_row).map(place));
                let covering = meeting.first(days, count, by_row).map(place);
                (covering, largest.first(days, count, |n| &self.days[self.by_units[n] as usize]))
            }
        };
        let Some(largest) = largest else { return };
        let (units, _) = self.groups[self.by_units[largest] as usize];
        if wanted.used.zip(units).is_some_and(|(used, units)| used > units) {
            fit.units = earlier(fit.units, covering);
        } else {
            fit.holds = true;
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
    pub(crate) fn not_approved(&self) -> Option<usize> {
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
    use crate::claim::authorization::member::MemberApprovals;

    const START: Date = jiff::civil::date(2024, 1, 1);

    fn day(n: u8) -> Date {
        START.saturating_add(jiff::Span::new().days(i64::from(n)))
    }

    fn row(place: u8, units: Option<u8>) -> Authorization {
        Authorization {
            number: "A1".to_owned(),
            member_id: "M1".to_owned(),
            procedures: Vec::new(),
            status: "approved".to_owned(),
            approval: Approval::Approved,
            valid_from: Some(day(place)),
            valid_to: Some(day(place)),
            units: units.map(Decimal::from),
        }
    }

    /// What each row says on its own.
    fn one_by_one(rows: &[(Authorization, Scope)], wanted: &Wanted<'_>, listed: CodeSet) -> Fit {
        let mut fit = Fit::default();
        for (place, (row, scope)) in rows.iter().enumerate() {
            let is_same = |other: &&(Authorization, Scope)| (other.1, other.0.units) == (*scope, row.units);
            let covers = |row: &Authorization| wanted.days.is_none_or(|days| row.covers(days));
            let gap = if !scope.fits(wanted.codes) {
                if scope.fits(listed) { &mut fit.level } else { &mut fit.procedures }
            } else if !rows.iter().filter(is_same).any(|(row, _)| covers(row)) {
                &mut fit.days
            } else if wanted.used.zip(row.units).is_some_and(|(used, units)| used > units) {
                &mut fit.units
            } else {
                fit.holds = true;
                continue;
            };
            gap.get_or_insert(place);
        }
        fit
    }

    proptest! {
        #[test]
        fn groups_say_what_their_rows_say(
            rows in prop::collection::vec((0_u8..20, 0_u8..9, prop::option::of(1_u8..6), 0_u16..3, any::<bool>()), 0..30),
            asked in prop::collection::vec((prop::option::of((0_u8..25, 0_u8..4)), prop::option::of(0_u8..7), 0_u16..3), 1..10),
        ) {
            let of_code = |code: u16| CodeSet::from_ids(&[crate::claim::value::code::CodeId(code)]);
            let row = |(from, more, units, code, is_any): (u8, u8, Option<u8>, u16, bool)| {
                let days = (Some(day(from)), Some(day(from + more)));
                let row = Authorization { valid_from: days.0, valid_to: days.1, ..row(0, units) };
                (row, if is_any { Scope::Any } else { Scope::Codes(of_code(code)) })
            };
            let rows: Vec<(Authorization, Scope)> = rows.into_iter().map(row).collect();
            let mut approvals = Approvals::default();
            rows.iter().enumerate().for_each(|(place, (row, scope))| approvals.add(place, row, *scope));
            approvals.finish();
            for (days, used, code) in asked {
                let days = days.map(|(from, more)| (day(from), day(from + more)));
                let wanted = Wanted { member: "", codes: of_code(code), days, used: used.map(Decimal::from) };
                let mut fit = Fit::default();
                approvals.judge(&wanted, of_code(1), &mut fit);
                let want = one_by_one(&rows, &wanted, of_code(1));
                prop_assert_eq!(fit.holds, want.holds);
                if !want.holds {
                    prop_assert_eq!(fit, want);
                }
            }
        }
    }

    /// Ten times as many rows and services take ten times as many steps, and a few more for each digit of their number.
    #[test]
    fn many_services_with_many_rows_take_few_steps_each() {
        let steps_of = |count: u8, has_units: bool| {
            let (mut approvals, mut of_member) = (Approvals::default(), MemberApprovals::default());
            for place in 0..count {
                let row = row(place, Some(place + 1).filter(|_| has_units));
                approvals.add(usize::from(place), &row, Scope::Any);
                of_member.add(usize::from(place), &row, Scope::Any);
            }
            approvals.finish();
            of_member.finish();
            steps::of(|| {
                for n in 0..count {
                    let days = (day(n), day(n));
                    assert_eq!(of_member.first_fitting(CodeSet::default(), days), Some(usize::from(n)));
                    let wanted = Wanted { member: "", codes: CodeSet::default(), days: Some(days), used: None };
                    let mut fit = Fit::default();
                    approvals.judge(&wanted, CodeSet::default(), &mut fit);
                    assert!(fit.holds);
                }
            })
        };
        let of = |has_units: bool| (steps_of(20, has_units), steps_of(200, has_units));
        assert_eq!(of(false), (20 * 6, 200 * 6));
        // Each of three trees has 5 levels for 20 groups, and 8 for 200.
        assert_eq!(of(true), (20 * (3 + 3 * 6), 200 * (3 + 3 * 9)));
    }
}
