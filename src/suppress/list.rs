//! The suppressions of a file on the day of a run, and the findings that they match.

use std::sync::Arc;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::claim::{Batch, LineSet, Text};
use crate::finding::{Finding, RuleId};
use crate::policy::Policy;
use crate::rules;
use crate::suppress::groups::{Criteria, Groups};

/// One `[[suppress]]` of the file. What it looks for is not kept with it: see [`Groups`].
#[derive(Debug, Clone)]
pub struct Suppression {
    /// Its position among the suppressions of the file, counted from 1.
    pub number: u32,
    /// Line of the file on which it starts.
    pub line: u32,
    /// Who is responsible for it. Suppressions with the same owner share the text.
    pub owner: Arc<str>,
    /// The reason. Suppressions with the same reason share the text.
    pub reason: Arc<str>,
    /// The only rule whose findings it may match, if it names one.
    pub rule: Option<RuleId>,
    /// The last day on which it applies.
    pub expires: Date,
    /// Does it apply on the day of the run?
    pub holds: bool,
    /// The number of its group.
    pub(super) group: u32,
}

/// The suppressions of a file, on the day of a run.
#[derive(Debug, Clone)]
pub struct Suppressions {
    /// The day of the run. It is an input, because it decides which suppressions apply.
    pub today: Date,
    /// In the order of the file.
    pub list: Vec<Suppression>,
    pub(super) groups: Groups,
    /// Bytes of owners and reasons, each text once.
    pub(super) text_bytes: usize,
}

/// The suppressions that match the findings of a part.
#[derive(Debug, Clone, Default)]
pub struct SuppressionMatches {
    /// For each finding, the index of the first matching suppression that applies. Empty without suppressions.
    pub by: Vec<Option<usize>>,
    /// For each group of suppressions that matches a finding, the number of such findings, even if the group has expired or
    /// another one came first.
    pub fits: FxHashMap<u32, u64>,
}

/// The state of a suppression in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It applies and matches a finding.
    Used,
    /// It applies but matches no finding.
    Unused,
    /// It has expired.
    Expired,
}

impl State {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::Expired => "expired",
        }
    }
}

impl Suppression {
    /// Its state, given the number of findings that it matches.
    pub fn state(&self, fits: u64) -> State {
        match (self.holds, fits) {
            (false, _) => State::Expired,
            (true, 0) => State::Unused,
            (true, _) => State::Used,
        }
    }

    /// The number of findings that it matches, given those that its group matches.
    pub fn fits(&self, of_groups: &FxHashMap<u32, u64>) -> u64 {
        of_groups.get(&self.group).copied().unwrap_or_default()
    }
}

impl Suppressions {
    /// Bytes of memory that they take.
    pub fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<Suppression>() + self.text_bytes + self.groups.bytes()
    }

    /// Finds the suppressions that match the findings. `lines` are the lines as read; those of the line set may be masked.
    pub fn meet(
        &self,
        findings: &[Finding],
        lines: &Batch,
        line_set: &LineSet<'_>,
        policy: &Policy,
    ) -> SuppressionMatches {
        let mut matches = SuppressionMatches { by: Vec::with_capacity(findings.len()), fits: FxHashMap::default() };
        let mut groups = Vec::new();
        for finding in findings {
            let line = lines.line(finding.line);
            let rule = rules::get(finding.rule).code;
            let values = [line.claim_id(), line.text(Text::MemberId), line.text(Text::BillingNpi), rule].map(Some);
            let mut criteria = Criteria { fingerprint: None, values };
            groups.clear();
            if self.groups.want_fingerprints() {
                // A fingerprint was copied from a report, which may have been masked, so both fingerprints are compared.
                let own = finding.fingerprint(rule, line, line_set, policy);
                let printed = finding.fingerprint(rule, line_set.line(finding.line), line_set, policy);
                criteria.fingerprint = Some(own);
                groups.extend(self.groups.of(&criteria));
                if printed != own {
                    criteria.fingerprint = Some(printed);
                    groups.extend(self.groups.of_fingerprint(&criteria));
                }
            } else {
                groups.extend(self.groups.of(&criteria));
            }
            for group in &groups {
                *matches.fits.entry(*group).or_default() += 1;
            }
            matches.by.push(groups.iter().filter_map(|group| self.groups.applies(*group)).min().map(|i| i as usize));
        }
        matches
    }
}
