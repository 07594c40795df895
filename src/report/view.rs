//! What a report sees of a run: the context of the whole run, and one judged part.

use std::borrow::Cow;

use crate::claim::authorization::AuthorizationFile;
use crate::claim::{Line, LineSet};
use crate::finding::fingerprint::Fingerprint;
use crate::finding::words::Words;
use crate::finding::{Finding, RuleId, Subject};
use crate::policy::RuleSetting;
use crate::rules::doc::RuleDoc;
use crate::rules::judge::{Judged, Judgment};
use crate::rules::reasons_rule;
use crate::run::{JudgedPart, JudgedRun, Masked, RunContext};
use crate::suppress::SuppressionMatches;

/// What is the same for all parts of a report.
#[derive(Clone, Copy)]
pub struct ReportContext<'a> {
    /// The run.
    pub run: &'a RunContext,
    /// The rules' documentation, in roster order.
    pub docs: &'a [RuleDoc],
}

/// A part of a run, as reports see it.
#[derive(Clone, Copy)]
pub struct PartView<'a> {
    /// What all parts have in common.
    pub context: ReportContext<'a>,
    /// The lines with their index.
    pub line_set: &'a LineSet<'a>,
    /// Judgments and findings.
    pub judged: &'a Judged,
    /// The suppressions that fit the findings.
    pub matches: &'a SuppressionMatches,
    /// The rows of the authorization file by which it was judged, as they are shown.
    pub authorizations: Option<&'a AuthorizationFile>,
    /// For each finding: is it new? Empty without a baseline.
    pub new: &'a [bool],
}

impl<'a> ReportContext<'a> {
    /// The documentation of a rule.
    pub fn doc(self, rule: RuleId) -> &'a RuleDoc {
        &self.docs[usize::from(rule.0)]
    }

    /// The policy's settings of a rule.
    pub fn setting(self, rule: RuleId) -> &'a RuleSetting {
        self.run.policy.rule(&self.doc(rule).code)
    }

    /// The citation of a finding: that of its rule, and of the rule whose reason codes it carries, if that is another one.
    pub fn citation(self, finding: &Finding) -> Cow<'a, str> {
        let (own, of_reasons) = (&self.setting(finding.rule).citation, reasons_rule(finding));
        if of_reasons == finding.rule {
            return Cow::Borrowed(own);
        }
        Cow::Owned(format!("{own}; reason codes: {}", self.setting(of_reasons).citation))
    }

    /// The extract that a line came from, as named by the user.
    pub fn file(self, line: Line<'_>) -> &'a str {
        &self.run.inputs[line.extract as usize].name
    }

    /// A part of the run. Its findings are not compared with the baseline.
    pub fn part(self, part: &'a JudgedPart<'a>) -> PartView<'a> {
        let (line_set, judged, matches) = (&part.line_set, &part.judged, &part.matches);
        PartView {
            context: self,
            line_set,
            judged,
            matches,
            authorizations: part.authorization_file.as_deref(),
            new: &[],
        }
    }

    /// A whole run as its only part.
    pub fn of(outcome: &'a JudgedRun, docs: &'a [RuleDoc]) -> PartView<'a> {
        let context = ReportContext { run: &outcome.context, docs };
        let (line_set, judged, matches) = (&outcome.line_set, &outcome.judged, &outcome.matches);
        PartView { context, line_set, judged, matches, authorizations: outcome.authorization_file.as_deref(), new: &[] }
    }
}

impl<'a> PartView<'a> {
    /// The message of a finding, for the analyst: the values that made it fire, as the report prints them.
    pub fn message(&self, finding: &Finding) -> String {
        self.message_with(finding, &|extract| extract)
    }

    /// The same with the names of extracts as `shown` makes them.
    pub(crate) fn message_with(&self, finding: &Finding, shown: &dyn Fn(&'a str) -> &'a str) -> String {
        let mut message = String::new();
        self.put_message(finding, shown, &mut message);
        message
    }

    /// Adds it to a text.
    pub(crate) fn put_message(&self, finding: &Finding, shown: &dyn Fn(&'a str) -> &'a str, to: &mut String) {
        let run = self.context.run;
        let words = Words {
            policy: &run.policy,
            line_set: self.line_set,
            authorizations: self.authorizations,
            months_only: run.masked == Masked::IdsAndDays,
            extracts: &|number| shown(&run.inputs[number as usize].name),
        };
        words.message(finding, to);
    }

    /// The verdict on the service of a finding; `None` for other lines.
    pub fn judgment(&self, finding: &Finding) -> Option<&'a Judgment> {
        match finding.subject {
            Subject::Service(i) => Some(&self.judged.services[i]),
            Subject::Related(_) | Subject::Withdrawn(_) => None,
        }
    }
    /// The suppressed findings by their fingerprints as the report prints them, each with the index of its suppression.
    pub fn suppressed(&self) -> impl Iterator<Item = (Fingerprint, u32)> {
        let by = self.judged.findings.iter().zip(&self.matches.by);
        by.filter_map(|(finding, by)| Some((self.fingerprint(finding), (*by)? as u32)))
    }

    fn fingerprint(&self, finding: &Finding) -> Fingerprint {
        let rule = &self.context.doc(finding.rule).code;
        finding.fingerprint(rule, self.line_set.line(finding.line), self.line_set, &self.context.run.policy)
    }
}
