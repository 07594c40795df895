//! The cells of services and findings, defined once for all formats, so that CSV, JSON, Parquet and XLSX cannot differ.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::claim::{Cents, Kind, Line, Text};
use crate::finding::fingerprint::Fingerprint;
use crate::finding::{Cap, Finding, Subject};
pub use crate::report::table::columns::*;
use crate::report::view::PartView;
use crate::rules::doc::RuleDoc;
use crate::rules::judge::Judgment;
use crate::rules::reasons_rule;
use crate::run::mask::WITHHELD;
use crate::run::{Masked, RunContext};
use crate::suppress::Suppression;

/// A service. Texts from the input are not guarded against spreadsheets; the formats do that.
#[derive(Clone, Copy)]
pub struct ServiceRecord<'a> {
    part: &'a PartView<'a>,
    number: usize,
    /// Its line; for a stay, the first line.
    pub line: Line<'a>,
    /// The verdict.
    pub judgment: &'a Judgment,
}

impl<'a> ServiceRecord<'a> {
    /// A service of a part, by its number in the part's line set.
    pub fn of(part: &'a PartView<'a>, number: usize) -> Self {
        Self { part, number, line: part.line_set.line_of(number), judgment: &part.judged.services[number] }
    }

    /// Its number in the part's line set.
    pub fn number(&self) -> usize {
        self.number
    }

    /// `source_file`.
    pub fn source_file(&self) -> &'a str {
        self.part.context.file(self.line)
    }

    /// `product_class`.
    pub fn product_class(&self) -> &'a str {
        &self.part.context.run.policy.class(self.line.class).id
    }

    /// The codes of `procedure_code`.
    pub fn codes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let policy = &self.part.context.run.policy;
        self.part.line_set.codes_of(self.number).iter().map(|id| policy.code(*id))
    }

    /// `procedure_code`: the codes joined by `;`.
    pub fn procedure_code(&self) -> String {
        self.codes().collect::<Vec<_>>().join(";")
    }

    /// `units` as judged; `None` for a stay.
    pub fn units(&self) -> Option<Decimal> {
        matches!(self.part.line_set.services[self.number].kind, Kind::Line(_)).then_some(self.line.units)
    }

    /// Codes of the rules that fired, in byte order.
    pub fn rules(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let context = self.part.context;
        self.judgment.rules.iter().map(move |rule| context.doc(*rule).code.as_str())
    }

    /// Its findings, in the order of their rules.
    pub fn findings(&self) -> impl Iterator<Item = FindingRecord<'a>> + use<'a> {
        let findings = &self.part.judged.findings;
        let line = self.part.line_set.services[self.number].line;
        let (part, own) = (self.part, Subject::Service(self.number));
        (findings.partition_point(|f| f.line < line)..findings.len())
            .take_while(move |n| findings[*n].line == line)
            .filter(move |n| findings[*n].subject == own)
            .map(|n| FindingRecord::of(part, n))
    }

    /// `suppressed`: codes of the rules whose findings on it are suppressed.
    pub fn suppressed(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.findings().filter(|record| record.suppression().is_some()).map(|record| record.doc().code.as_str())
    }

    /// `new`: is one of its findings new? Empty without a baseline.
    pub(crate) fn newness(&self) -> &'static str {
        if self.part.context.run.baseline.is_none() {
            return "";
        }
        if self.findings().any(|finding| finding.is_new()) { "yes" } else { "no" }
    }

    /// `amount_at_risk`.
    pub fn amount(&self) -> Option<Cents> {
        self.judgment.at_risk
    }

    /// `amount_basis`.
    pub(crate) fn basis(&self) -> Option<&'static str> {
        (!self.judgment.basis.is_empty()).then_some(self.judgment.basis)
    }

    /// Writes the cells of [`service_columns`].
    pub(crate) fn put_all(&self, cells: &mut impl Cells) {
        self.put(cells);
        cells.text(self.newness());
    }

    /// Writes the cells of [`service_columns`] except [`NEW`].
    pub fn put(&self, cells: &mut impl Cells) {
        let (line, judgment) = (self.line, self.judgment);
        cells.input(self.source_file());
        cells.number(line.row);
        for id in ids(line) {
            cells.input(id);
        }
        cells.input(line.text(Text::Product));
        cells.input(self.product_class());
        cells.text(line.setting.word());
        cells.joined(self.codes());
        cells.date(line.date);
        cells.units(self.units());
        cells.list(line.considered());
        cells.input(line.text(Text::Authorization));
        cells.text(judgment.necessity.word());
        cells.text(judgment.authorization.word());
        cells.text(judgment.status.word());
        cells.words(self.rules());
        cells.amount(self.amount());
        cells.text(self.basis().unwrap_or_default());
        cells.input(line.text(Text::BillingNpi));
        cells.input(line.text(Text::RenderingNpi));
        cells.text(judgment.adjudication);
        cells.amount(judgment.recoverable);
        if self.part.context.run.suppressions.is_some() {
            cells.words(self.suppressed());
        }
    }
}

/// A finding, with texts as in [`ServiceRecord`].
#[derive(Clone, Copy)]
pub struct FindingRecord<'a> {
    part: &'a PartView<'a>,
    number: usize,
    /// The finding.
    pub finding: &'a Finding,
    /// The line it points at.
    pub line: Line<'a>,
}

impl<'a> FindingRecord<'a> {
    /// A finding of a part, by its number.
    pub fn of(part: &'a PartView<'a>, number: usize) -> Self {
        let finding = &part.judged.findings[number];
        Self { part, number, finding, line: part.line_set.line(finding.line) }
    }

    /// `rule`, `name` and the texts of its rule.
    pub fn doc(&self) -> &'a RuleDoc {
        self.part.context.doc(self.finding.rule)
    }

    /// `citation`.
    pub fn citation(&self) -> Cow<'a, str> {
        self.part.context.citation(self.finding)
    }

    /// `source_file`.
    pub fn source_file(&self) -> &'a str {
        self.part.context.file(self.line)
    }

    /// `product_class`.
    pub fn product_class(&self) -> &'a str {
        &self.part.context.run.policy.class(self.line.class).id
    }

    /// The codes of `procedure_code`.
    pub fn codes(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.finding.codes(self.part.line_set, &self.part.context.run.policy)
    }

    /// `service_date`.
    pub fn service_date(&self) -> Option<Date> {
        self.line.date
    }

    /// `message`.
    pub fn message(&self) -> String {
        self.part.message(self.finding)
    }

    /// Adds `message` to a text.
    pub(crate) fn put_message(&self, to: &mut String) {
        self.part.put_message(self.finding, &|extract| extract, to);
    }

    /// `amount_at_risk`: of its service.
    pub fn amount(&self) -> Option<Cents> {
        self.part.judgment(self.finding).and_then(|j| j.at_risk)
    }

    /// The amount at risk of its service, zero if it has none. `None` for a finding on a related row.
    pub(crate) fn of_service(&self) -> Option<Cents> {
        self.part.judgment(self.finding).map(Judgment::amount)
    }

    /// `capped_by`: why the finding does not deny. Empty for findings that nothing caps.
    pub fn capped_by(&self) -> &'static str {
        self.finding.capped_by.map_or("", Cap::word)
    }

    /// Its fingerprint; in a masked run, made from tokens.
    pub fn fingerprint(&self) -> Fingerprint {
        let policy = &self.part.context.run.policy;
        self.finding.fingerprint(&self.doc().code, self.line, self.part.line_set, policy)
    }

    /// Its suppression, if it is suppressed.
    pub fn suppression(&self) -> Option<&'a Suppression> {
        let place = self.part.matches.by.get(self.number).copied().flatten()?;
        self.part.context.run.suppressions.as_ref().map(|all| &all.list[place])
    }

    /// `suppressed`.
    pub fn suppressed(&self) -> &'static str {
        if self.suppression().is_some() { "yes" } else { "" }
    }

    /// `suppression`: its line in the file and the reason.
    pub(crate) fn suppression_note(&self) -> String {
        self.suppression().map_or(String::new(), |one| note(one, self.part.context.run))
    }

    /// Does the baseline not have it? Without a baseline no finding is new.
    pub(crate) fn is_new(&self) -> bool {
        self.part.new.get(self.number).copied().unwrap_or_default()
    }

    /// `new`; empty without a baseline.
    pub(crate) fn newness(&self) -> &'static str {
        match (&self.part.context.run.baseline, self.is_new()) {
            (None, _) => "",
            (Some(_), true) => "yes",
            (Some(_), false) => "no",
        }
    }

    /// What would change the verdict. Empty for findings that are for information, which change no verdict.
    pub fn change(&self) -> &'a str {
        self.doc().change_of(self.finding.disposition)
    }

    /// `claim_id`, `line_number` and `member_id`.
    pub fn ids(&self) -> [&'a str; 3] {
        ids(self.line)
    }

    /// Writes the cells of [`finding_columns`].
    pub(crate) fn put_all(&self, cells: &mut impl Cells) {
        self.put(cells);
        cells.text(self.newness());
    }

    /// Writes the cells of [`finding_columns`] except [`NEW`]. findings.csv has its own writer, which quotes the texts of a
    /// rule only once; a test compares the formats.
    pub fn put(&self, cells: &mut impl Cells) {
        let (doc, line) = (self.doc(), self.line);
        cells.text(&doc.code);
        cells.text(&doc.name);
        cells.text(self.finding.disposition.word());
        cells.input(self.source_file());
        cells.number(line.row);
        for id in self.ids() {
            cells.input(id);
        }
        cells.input(self.product_class());
        cells.text(line.setting.word());
        cells.joined(self.codes());
        cells.date(self.service_date());
        cells.amount(self.amount());
        let reasons = self.part.context.setting(reasons_rule(self.finding));
        cells.input(&reasons.carc);
        cells.input(&reasons.rarc);
        cells.input(&self.message());
        cells.input(&self.citation());
        cells.text(self.capped_by());
        if self.part.context.run.suppressions.is_some() {
            cells.text(self.suppressed());
            cells.input(&self.suppression_note());
        }
    }
}

/// The reason of a suppression as a report may print it. In a masked one it is withheld, because it may name the member.
pub fn reason<'a>(one: &'a Suppression, run: &RunContext) -> &'a str {
    if run.masked == Masked::Nothing { &one.reason } else { WITHHELD }
}

/// The owner of a suppression as a report may print it: like the reason, it is a free text.
pub fn owner<'a>(one: &'a Suppression, run: &RunContext) -> &'a str {
    if run.masked == Masked::Nothing { &one.owner } else { WITHHELD }
}

/// `suppression`: its line in the file and the reason.
fn note(one: &Suppression, run: &RunContext) -> String {
    format!("{}: {}", one.number, reason(one, run))
}

/// `claim_id`, `line_number` and `member_id`.
pub fn ids(line: Line<'_>) -> [&str; 3] {
    [line.claim_id(), line.text(Text::LineNumber), line.text(Text::MemberId)]
}

impl<'a> PartView<'a> {
    /// All services of the part.
    pub fn services(&'a self) -> impl ExactSizeIterator<Item = ServiceRecord<'a>> {
        (0..self.line_set.services.len()).map(|i| ServiceRecord::of(self, i))
    }

    /// All findings of the part.
    pub fn findings(&'a self) -> impl ExactSizeIterator<Item = FindingRecord<'a>> {
        (0..self.judged.findings.len()).map(|i| FindingRecord::of(self, i))
    }
}
