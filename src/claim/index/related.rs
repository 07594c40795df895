//! Finds the lines related to a line: the lines of its claim, those that reversed, repeated or superseded it, and those of its
//! encounter and session. Only the dossier of a claim needs them.

use rustc_hash::FxHashSet;

use crate::claim::index::line_hash::Keys;
use crate::claim::index::line_set::LineSet;
use crate::claim::index::named::Named;
use crate::claim::index::service::{Bin, Kind, Service};
use crate::claim::index::visit::Visit;
use crate::claim::index::{survey, versions};
use crate::claim::line::{Line, Text};
use crate::claim::value::setting::ClaimForm;
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;

/// Why a line is superseded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Superseded {
    /// A void or replacement names the claim of the line.
    Named,
    /// A void or replacement of the same claim, which names no other claim, has another frequency.
    SameClaim,
    /// The line was pending, and an equal line was paid or denied.
    Decided,
    /// A line of the same claim has a higher version number.
    NewerVersion,
}

impl LineSet<'_> {
    /// The lines of a claim, in input order: those with its number and its member.
    pub(crate) fn of_claim(&self, claim: u32) -> impl Iterator<Item = usize> {
        (0..self.lines.len()).filter(move |line| self.claim_of(*line) == claim)
    }

    /// The claim that a line belongs to.
    pub(crate) fn claim_of(&self, line: usize) -> u32 {
        self.relations.identity.claim_of[self.first + line]
    }

    fn named_by(&self, line: usize) -> Option<Named> {
        self.relations.named.for_line((self.first + line) as u32)
    }

    /// Is a line an effective replacement or void, that is, neither a duplicate nor denied by the payer?
    fn is_active_version(&self, line: usize) -> bool {
        self.line(line).version != Version::Original && !matches!(self.bins[line], Bin::Duplicate | Bin::PayerDenied)
    }

    /// The claim number that a replacement or void names, if the run has a matching claim.
    pub fn named(&self, line: usize) -> Option<&str> {
        let named = matches!(self.named_by(line), Some(Named::Claim(_) | Named::Group(_)));
        (named && self.line(line).version != Version::Original).then(|| self.line(line).text(Text::OriginalClaimId))
    }

    /// The replacements and voids on other claims that name a claim, in input order, also those that the payer denied.
    pub(crate) fn versions_of(&self, claim: u32) -> Vec<usize> {
        let names = |line: &usize| match self.named_by(*line) {
            Some(Named::Claim(named)) => named == claim,
            Some(Named::Group(group)) => self.relations.named.group_of(claim) == Some(group),
            Some(Named::Unknown | Named::OtherMembers) | None => false,
        };
        let is_version = |line: &usize| self.line(*line).version != Version::Original;
        (0..self.lines.len()).filter(is_version).filter(|line| self.claim_of(*line) != claim).filter(names).collect()
    }

    /// The lines of the one claim that a replacement or void names, in input order. Empty if it names several, which may be of
    /// several members.
    pub(crate) fn original_of(&self, line: usize) -> Vec<usize> {
        match self.named_by(line) {
            Some(Named::Claim(claim)) if self.line(line).version != Version::Original => self.of_claim(claim).collect(),
            _ => Vec::new(),
        }
    }

    /// The lines that superseded a line, in input order, with the reason. Empty for a void that supersedes only itself.
    pub fn superseded_by(&self, line: usize) -> Vec<(usize, Superseded)> {
        if self.bins[line] != Bin::Superseded {
            return Vec::new();
        }
        let keys = Keys::new();
        let (taken, claim) = (self.line(line), self.claim_of(line));
        let decision = keys.decision(claim, taken);
        let names = |other: usize| match self.named_by(other) {
            Some(Named::Claim(named)) => named == claim,
            Some(Named::Group(group)) => self.relations.named.group_of(claim) == Some(group),
            Some(Named::Unknown | Named::OtherMembers) | None => false,
        };
        let is_left = |other: usize| !matches!(self.bins[other], Bin::Reversed | Bin::Duplicate);
        let reason = |other: usize| {
            if self.is_active_version(other) && names(other) {
                return Some(Superseded::Named);
            }
            if other == line || self.claim_of(other) != claim {
                return None;
            }
            let by = self.line(other);
            let frequency = |line: Line<'_>| line.version;
            if self.is_active_version(other) && self.named(other).is_none() && frequency(by) != frequency(taken) {
                return Some(Superseded::SameClaim);
            }
            let decides = matches!(by.status, RowStatus::Paid | RowStatus::Denied) && is_left(other);
            if decides && taken.status == RowStatus::Pending && keys.decision(claim, by) == decision {
                return Some(Superseded::Decided);
            }
            let is_newer =
                is_left(other) && versions::is_older(taken.text(Text::VersionNumber), by.text(Text::VersionNumber));
            is_newer.then_some(Superseded::NewerVersion)
        };
        (0..self.lines.len()).filter_map(|other| Some((other, reason(other)?))).collect()
    }

    /// The line that a reversal takes back, or the reversal that takes a line back.
    pub(crate) fn reversal_of(&self, line: usize) -> Option<usize> {
        let (own, matches) = ((self.first + line) as u32, &self.relations.matches);
        let at = matches.binary_search_by_key(&own, |(line, _)| *line).ok()?;
        (matches[at].1 as usize).checked_sub(self.first).filter(|other| *other < self.lines.len())
    }

    /// Does the line take something back?
    pub(crate) fn takes_back(&self, line: usize) -> bool {
        survey::takes_back(self.line(line))
    }

    /// The earlier line that a duplicate is equal to.
    pub(crate) fn duplicate_of(&self, line: usize) -> Option<usize> {
        let keys = Keys::new();
        // Keys are computed from the rows as read.
        let key = |line: usize| keys.duplicate(self.claim_of(line), self.unfilled().line(line));
        let own = (self.bins[line] == Bin::Duplicate).then(|| key(line))?;
        (0..line).find(|other| {
            self.bins[*other] != Bin::Reversed && self.claim_of(*other) == self.claim_of(line) && key(*other) == own
        })
    }

    /// Live lines of other claims that share an encounter with a live line of this claim, in input order.
    pub(crate) fn same_encounter(&self, claim: u32) -> Vec<usize> {
        let keys = Keys::new();
        let is_live = |line: &usize| self.bins[*line].is_live();
        let key = |line: usize| {
            let row = self.line(line);
            let stand_in = if row.states(Text::MemberId) { None } else { Some(self.claim_of(line)) };
            (keys.member(row), stand_in, Visit::of_line(0, 0, row, None, &keys).encounter_key())
        };
        let own: FxHashSet<_> = self.of_claim(claim).filter(is_live).map(key).collect();
        let others = (0..self.lines.len()).filter(is_live).filter(|line| self.claim_of(*line) != claim);
        others.filter(|line| own.contains(&key(*line))).collect()
    }

    /// The services of the session of a service, in input order.
    pub(crate) fn session_of(&self, service: usize) -> Vec<usize> {
        let own = &self.services[service];
        let member = |service: usize| self.line_of(service).text(Text::MemberId);
        let Some((first, last)) = own.days.filter(|_| !member(service).is_empty()) else { return Vec::new() };
        let touches = |other: usize| {
            self.services[other].days.is_some_and(|(from, to)| {
                from <= last.tomorrow().unwrap_or(last) && to >= first.yesterday().unwrap_or(first)
            })
        };
        (0..self.services.len())
            .filter(|other| self.services[*other].claim != own.claim && member(*other) == member(service))
            .filter(|other| touches(*other))
            .collect()
    }

    /// The lines whose amounts make up the money of a stay, in input order.
    pub(crate) fn money_lines(&self, service: usize) -> Vec<usize> {
        let Service { line: own, kind: Kind::Stay(_), claim, .. } = self.services[service] else { return Vec::new() };
        let counts = |line: &usize| {
            *line == own || (self.bins[*line].is_live() && self.line(*line).form != ClaimForm::Professional)
        };
        (0..self.lines.len()).filter(|line| self.claim_of(*line) == claim).filter(counts).collect()
    }
}
