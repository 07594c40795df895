//! A service and a finding as every format prints them: one place that says what stands in a column, so that CSV, JSON,
//! Parquet and XLSX cannot come to differ. CONTRACT sections 6 and 7.15.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Content;
use crate::claim::{Cents, CodeId, Kind, Line, Text};
use crate::finding::{Finding, Subject};
use crate::policy::RuleSetting;
use crate::rules::doc::RuleDoc;
use crate::rules::judge::Judgement;

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
    /// The finding.
    pub finding: &'a Finding,
    /// The line it points at.
    pub line: Line<'a>,
}

impl<'a> FindingRecord<'a> {
    /// A finding of a part, by its number.
    pub fn of(part: &'a Content<'a>, number: usize) -> Self {
        let finding = &part.judged.findings[number];
        Self { part, finding, line: part.book.line(finding.line) }
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

    /// The codes of `procedure_code`: of its service, else all known codes of the line; a line taken back prints the code
    /// by which it would have been judged.
    pub fn codes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let policy = &self.part.about.frame.policy;
        let listed = |id: &CodeId| policy.codes.get(*id).listed;
        let line = self.line;
        let (ids, only_listed): (&'a [CodeId], bool) = match self.finding.subject {
            Subject::Service(i) => (self.part.book.codes_of(i), false),
            Subject::Related(_) => (line.known, false),
            Subject::Withdrawn(_) => match line.known.iter().position(|id| line.cpt == Some(*id) && listed(id)) {
                Some(cpt) => (&line.known[cpt..=cpt], false),
                None => (line.known, line.known.iter().any(listed)),
            },
        };
        ids.iter().filter(move |id| !only_listed || listed(id)).map(|id| policy.code(*id))
    }

    /// `service_date`.
    pub fn service_date(&self) -> Option<Date> {
        self.line.date
    }

    /// `amount_at_risk`: of its service.
    pub fn amount(&self) -> Option<Cents> {
        self.part.judgement(self.finding).and_then(|j| j.at_risk).map(|(amount, _)| amount)
    }

    /// `claim_id`, `line_number` and `member_id`.
    pub fn ids(&self) -> [&'a str; 3] {
        ids(self.line)
    }
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
