//! A service and a finding as every format prints them: one place that says what stands in a column, so that CSV, JSON,
//! Parquet and XLSX cannot come to differ. CONTRACT sections 6 and 7.15.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Content;
use crate::claim::{Cents, Kind, Line, Text};
use crate::finding::fingerprint::Fingerprint;
use crate::finding::{Finding, Subject};
use crate::policy::RuleSetting;
use crate::rules::doc::RuleDoc;
use crate::rules::judge::Judgement;
use crate::run::{Frame, Masked};
use crate::suppress::Suppression;

/// The columns of services, in their order.
pub const SERVICE: [&str; 21] = [
    "source_file",
    "source_line",
    "claim_id",
    "line_number",
    "member_id",
    "product",
    "product_class",
    "setting",
    "procedure_code",
    "service_date",
    "units",
    "diagnoses_considered",
    "authorization_number",
    "necessity",
    "authorization",
    "status",
    "rules",
    "amount_at_risk",
    "amount_basis",
    "billing_npi",
    "rendering_npi",
];

/// The columns of findings, in their order.
pub const FINDING: [&str; 17] = [
    "rule",
    "name",
    "disposition",
    "source_file",
    "source_line",
    "claim_id",
    "line_number",
    "member_id",
    "product_class",
    "setting",
    "procedure_code",
    "service_date",
    "amount_at_risk",
    "carc",
    "rarc",
    "message",
    "citation",
];

/// The columns that findings have beside those where suppressions were given.
pub const SUPPRESSED: [&str; 2] = ["suppressed", "suppression"];

/// A service. Its texts are the input's, without any guard against spreadsheets: that is the business of the format.
#[derive(Clone, Copy)]
pub struct ServiceRecord<'a> {
    part: &'a Content<'a>,
    number: usize,
    /// Its line; of a stay the first one.
    pub line: Line<'a>,
    /// The verdict.
    pub judgement: &'a Judgement,
}

impl<'a> ServiceRecord<'a> {
    /// A service of a part, by its number in the part's book.
    pub fn of(part: &'a Content<'a>, number: usize) -> Self {
        Self { part, number, line: part.book.line_of(number), judgement: &part.judged.services[number] }
    }

    /// `source_file`.
    pub fn source_file(&self) -> &'a str {
        self.part.about.file(self.line)
    }

    /// `product_class`.
    pub fn product_class(&self) -> &'a str {
        &self.part.about.frame.policy.class(self.line.class).id
    }

    /// The codes of `procedure_code`.
    pub fn codes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let policy = &self.part.about.frame.policy;
        self.part.book.codes_of(self.number).iter().map(|id| policy.code(*id))
    }

    /// `procedure_code`: the codes joined by `;`.
    pub fn procedure_code(&self) -> String {
        self.codes().collect::<Vec<_>>().join(";")
    }

    /// `units`: as used. None for a stay.
    pub fn units(&self) -> Option<Decimal> {
        matches!(self.part.book.services[self.number].kind, Kind::Line(_)).then_some(self.line.units)
    }

    /// Codes of the rules that fired, in byte order.
    pub fn rules(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let about = self.part.about;
        self.judgement.rules.iter().map(move |rule| about.doc(*rule).code.as_str())
    }

    /// `suppressed`: codes of the rules whose findings on it are suppressed.
    pub fn suppressed(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let findings = &self.part.judged.findings;
        let line = self.part.book.services[self.number].line;
        let (part, own) = (self.part, Subject::Service(self.number));
        (findings.partition_point(|f| f.line < line)..findings.len())
            .take_while(move |n| findings[*n].line == line)
            .filter(move |n| findings[*n].subject == own)
            .map(|n| FindingRecord::of(part, n))
            .filter(|record| record.suppression().is_some())
            .map(|record| record.doc().code.as_str())
    }

    /// `amount_at_risk`.
    pub fn amount(&self) -> Option<Cents> {
        self.judgement.at_risk.map(|(amount, _)| amount)
    }

    /// `amount_basis`.
    pub fn basis(&self) -> Option<&'static str> {
        self.judgement.at_risk.map(|(_, basis)| basis)
    }
}

/// A finding; likewise.
#[derive(Clone, Copy)]
pub struct FindingRecord<'a> {
    part: &'a Content<'a>,
    number: usize,
    /// The finding.
    pub finding: &'a Finding,
    /// The line it points at.
    pub line: Line<'a>,
}

impl<'a> FindingRecord<'a> {
    /// A finding of a part, by its number.
    pub fn of(part: &'a Content<'a>, number: usize) -> Self {
        let finding = &part.judged.findings[number];
        Self { part, number, finding, line: part.book.line(finding.line) }
    }

    /// `rule`, `name` and the texts of its rule.
    pub fn doc(&self) -> &'a RuleDoc {
        self.part.about.doc(self.finding.rule)
    }

    /// `carc`, `rarc` and `citation`.
    pub fn setting(&self) -> &'a RuleSetting {
        self.part.about.setting(self.finding.rule)
    }

    /// `source_file`.
    pub fn source_file(&self) -> &'a str {
        self.part.about.file(self.line)
    }

    /// `product_class`.
    pub fn product_class(&self) -> &'a str {
        &self.part.about.frame.policy.class(self.line.class).id
    }

    /// The codes of `procedure_code`.
    pub fn codes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.finding.codes(self.part.book, &self.part.about.frame.policy)
    }

    /// `service_date`.
    pub fn service_date(&self) -> Option<Date> {
        self.line.date
    }

    /// `amount_at_risk`: of its service.
    pub fn amount(&self) -> Option<Cents> {
        self.part.judgement(self.finding).and_then(|j| j.at_risk).map(|(amount, _)| amount)
    }

    /// By what it is known again; of a masked run by its tokens.
    pub fn fingerprint(&self) -> Fingerprint {
        let policy = &self.part.about.frame.policy;
        self.finding.fingerprint(&self.doc().code, self.line, self.part.book, policy)
    }

    /// The suppression that holds for it.
    pub fn suppression(&self) -> Option<&'a Suppression> {
        let place = self.part.met.by.get(self.number).copied().flatten()?;
        self.part.about.frame.suppressions.as_ref().map(|all| &all.list[place])
    }

    /// `suppressed`.
    pub fn suppressed(&self) -> &'static str {
        if self.suppression().is_some() { "yes" } else { "" }
    }

    /// `suppression`: its place in the file and the reason.
    pub fn suppression_said(&self) -> String {
        self.suppression().map_or(String::new(), |one| said(one, self.part.about.frame))
    }

    /// `claim_id`, `line_number` and `member_id`.
    pub fn ids(&self) -> [&'a str; 3] {
        ids(self.line)
    }
}

/// In place of the reason of a suppression, which may name whom it is about.
const WITHHELD: &str = "withheld by --mask";

/// The reason of a suppression as a report may tell it.
pub fn reason<'a>(one: &'a Suppression, frame: &Frame) -> &'a str {
    if frame.masked == Masked::Nothing { &one.reason } else { WITHHELD }
}

/// `suppression`: its place in the file and the reason.
fn said(one: &Suppression, frame: &Frame) -> String {
    format!("{}: {}", one.number, reason(one, frame))
}

/// `claim_id`, `line_number` and `member_id`.
pub fn ids(line: Line<'_>) -> [&str; 3] {
    [line.claim_id(), line.text(Text::LineNumber), line.text(Text::MemberId)]
}

impl<'a> Content<'a> {
    /// All services of the part.
    pub fn services(&'a self) -> impl ExactSizeIterator<Item = ServiceRecord<'a>> {
        (0..self.book.services.len()).map(|i| ServiceRecord::of(self, i))
    }

    /// All findings of the part.
    pub fn findings(&'a self) -> impl ExactSizeIterator<Item = FindingRecord<'a>> {
        (0..self.judged.findings.len()).map(|i| FindingRecord::of(self, i))
    }
}
