//! Groups the rows of the authorization file, so that looking up a number takes little time even if very many services and
//! rows carry it.
//!
//! The approvals of a number are grouped by member, then by procedures and units. The rows of a group differ only in their
//! dates, so a binary search tells whether one of them covers a span of days.

use jiff::civil::Date;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::authorization::row::{Approval, Authorization, Scope};
use crate::claim::value::code_set::CodeSet;

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
    /// In the order of the file.
    places: Vec<usize>,
    /// First days in order, each with the latest last day of the rows so far.
    spans: Vec<(Date, Date)>,
}

impl Group {
    /// Does a row of the group share a day with this span?
    fn covers(&self, days: Option<(Date, Date)>) -> bool {
        let Some((first, last)) = days else { return true };
        let before = self.spans.partition_point(|(from, _)| *from <= last);
        before.checked_sub(1).is_some_and(|at| first <= self.spans[at].1)
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
        let span = (row.valid_from.unwrap_or(Date::MIN), row.valid_to.unwrap_or(Date::MAX));
        let number = *self.by_terms.entry((scope, row.units)).or_insert(self.groups.len());
        if number == self.groups.len() {
            self.groups.push(Group { scope, units: row.units, places: Vec::new(), spans: Vec::new() });
        }
        self.groups[number].places.push(place);
        // An authorization that ends before it begins is never valid.
        if span.0 <= span.1 {
            self.groups[number].spans.push(span);
        }
    }

    /// Sorts the spans after all rows were added.
    pub(super) fn finish(&mut self) {
        for group in &mut self.groups {
            group.spans.sort_unstable();
            let mut latest = Date::MIN;
            for (_, to) in &mut group.spans {
                latest = latest.max(*to);
                *to = latest;
            }
        }
    }

    /// The first row of the file that fits the codes and shares a day with this span.
    pub(super) fn first_fitting(&self, rows: &[Authorization], codes: CodeSet, days: (Date, Date)) -> Option<usize> {
        let groups = self.groups.iter().filter(|group| group.scope.fits(codes) && group.covers(Some(days)));
        let first = |group: &Group| group.places.iter().copied().find(|place| rows[*place].covers(days));
        groups.filter_map(first).min()
    }

    fn judge(&self, wanted: &Wanted<'_>, listed: CodeSet, fit: &mut Fit) {
        for group in &self.groups {
            let first = group.places.first().copied();
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
