//! The columns of services and findings and their cells, defined once for all formats, so that CSV, JSON, Parquet and
//! XLSX cannot differ. spec: outputs/services, outputs/findings, outputs/cells.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::claim::{Cents, Kind, Line, Text};
use crate::finding::fingerprint::Fingerprint;
use crate::finding::{Cap, Finding, Subject};
use crate::policy::RuleSetting;
use crate::report::view::PartView;
use crate::rules::doc::RuleDoc;
use crate::rules::judge::Judgement;
use crate::rules::reasons_rule;
use crate::run::{Masked, RunContext};
use crate::suppress::Suppression;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A text, id or code, never a number even if it consists of digits. Empty if the claim has no value.
    Text,
    /// A whole number.
    Number,
    /// A day, or none.
    Date,
    /// Units, which may have decimals, or none.
    Units,
    /// Money, or none.
    Amount,
    /// Texts; joined by `;` in formats whose cells hold one text.
    List,
}

/// A column of services or findings.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in every format.
    pub name: &'static str,
    /// Its type.
    pub holds: ColumnType,
    /// Its width in a sheet, in characters.
    pub width: u8,
}

/// A column.
pub(crate) const fn column(name: &'static str, holds: ColumnType, width: u8) -> Column {
    Column { name, holds, width }
}

/// The columns of services, in their order.
pub const SERVICE: [Column; 23] = [
    column("source_file", ColumnType::Text, 28),
    column("source_line", ColumnType::Number, 12),
    column("claim_id", ColumnType::Text, 18),
    column("line_number", ColumnType::Text, 12),
    column("member_id", ColumnType::Text, 18),
    column("product", ColumnType::Text, 24),
    column("product_class", ColumnType::Text, 26),
    column("setting", ColumnType::Text, 13),
    column("procedure_code", ColumnType::Text, 15),
    column("service_date", ColumnType::Date, 12),
    column("units", ColumnType::Units, 8),
    column("diagnoses_considered", ColumnType::List, 24),
    column("authorization_number", ColumnType::Text, 21),
    column("necessity", ColumnType::Text, 14),
    column("authorization", ColumnType::Text, 14),
    column("status", ColumnType::Text, 9),
    column("rules", ColumnType::List, 20),
    column("amount_at_risk", ColumnType::Amount, 15),
    column("amount_basis", ColumnType::Text, 13),
    column("billing_npi", ColumnType::Text, 13),
    column("rendering_npi", ColumnType::Text, 13),
    column("adjudication", ColumnType::Text, 13),
    column("recoverable", ColumnType::Amount, 15),
];

/// The columns of findings, in their order.
pub const FINDING: [Column; 18] = [
    column("rule", ColumnType::Text, 8),
    column("name", ColumnType::Text, 26),
    column("disposition", ColumnType::Text, 12),
    column("source_file", ColumnType::Text, 28),
    column("source_line", ColumnType::Number, 12),
    column("claim_id", ColumnType::Text, 18),
    column("line_number", ColumnType::Text, 12),
    column("member_id", ColumnType::Text, 18),
    column("product_class", ColumnType::Text, 26),
    column("setting", ColumnType::Text, 13),
    column("procedure_code", ColumnType::Text, 15),
    column("service_date", ColumnType::Date, 12),
    column("amount_at_risk", ColumnType::Amount, 15),
    column("carc", ColumnType::Text, 7),
    column("rarc", ColumnType::Text, 8),
    column("message", ColumnType::Text, 80),
    column("citation", ColumnType::Text, 60),
    column("capped_by", ColumnType::Text, 19),
];

/// The further columns of findings if suppressions were given. Services have only the first one, with their suppressed
/// rules.
pub const SUPPRESSED: [Column; 2] =
    [column("suppressed", ColumnType::Text, 12), column("suppression", ColumnType::Text, 60)];

const SERVICE_MARKED: [Column; 24] = beside(SERVICE, &[column("suppressed", ColumnType::List, 20)]);
const FINDING_MARKED: [Column; 20] = beside(FINDING, &SUPPRESSED);

const fn beside<const N: usize, const M: usize>(columns: [Column; N], more: &[Column]) -> [Column; M] {
    let mut all = [more[0]; M];
    let mut i = 0;
    while i < M {
        all[i] = if i < N { columns[i] } else { more[i - N] };
        i += 1;
    }
    all
}

/// The columns of services in this run.
pub fn service_columns(run: &RunContext) -> &'static [Column] {
    if run.suppressions.is_some() { &SERVICE_MARKED } else { &SERVICE }
}

/// The columns of findings in this run.
pub fn finding_columns(run: &RunContext) -> &'static [Column] {
    if run.suppressions.is_some() { &FINDING_MARKED } else { &FINDING }
}

/// Takes the cells of a record, with one call per column, in their order.
pub trait Cells {
    /// A [`ColumnType::Text`] of our own words.
    fn text(&mut self, text: &str);
    /// A [`ColumnType::Text`] from outside: of the input, a policy or a suppression. Formats that a spreadsheet opens guard it.
    fn input(&mut self, text: &str) {
        self.text(text);
    }
    /// A [`ColumnType::Text`] of several words of our own, joined by `;`.
    fn joined<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        self.text(&words.collect::<Vec<_>>().join(";"));
    }
    /// [`ColumnType::Number`].
    fn number(&mut self, n: u64);
    /// [`ColumnType::Date`].
    fn date(&mut self, date: Option<Date>);
    /// [`ColumnType::Units`].
    fn units(&mut self, units: Option<Decimal>);
    /// [`ColumnType::Amount`].
    fn amount(&mut self, amount: Option<Cents>);
    /// A [`ColumnType::List`] of texts taken from the input.
    fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>);
    /// A [`ColumnType::List`] of words of our own.
    fn words<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        self.list(words);
    }
}

/// A service. Texts from the input are not guarded against spreadsheets; the formats do that.
#[derive(Clone, Copy)]
pub struct ServiceRecord<'a> {
    part: &'a PartView<'a>,
    number: usize,
    /// Its line; for a stay, the first line.
    pub line: Line<'a>,
    /// The verdict.
    pub judgement: &'a Judgement,
}

impl<'a> ServiceRecord<'a> {
    /// A service of a part, by its number in the part's line set.
    pub fn of(part: &'a PartView<'a>, number: usize) -> Self {
        Self { part, number, line: part.line_set.line_of(number), judgement: &part.judged.services[number] }
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
        self.judgement.rules.iter().map(move |rule| context.doc(*rule).code.as_str())
    }

    /// `suppressed`: codes of the rules whose findings on it are suppressed.
    pub fn suppressed(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let findings = &self.part.judged.findings;
        let line = self.part.line_set.services[self.number].line;
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
        self.judgement.at_risk
    }

    /// `amount_basis`.
    pub fn basis(&self) -> Option<&'static str> {
        (!self.judgement.basis.is_empty()).then_some(self.judgement.basis)
    }

    /// Writes the cells of [`SERVICE`].
    pub fn put(&self, cells: &mut impl Cells) {
        let (line, judgement) = (self.line, self.judgement);
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
        cells.text(judgement.necessity.word());
        cells.text(judgement.authorization.word());
        cells.text(judgement.status.word());
        cells.words(self.rules());
        cells.amount(self.amount());
        cells.text(self.basis().unwrap_or_default());
        cells.input(line.text(Text::BillingNpi));
        cells.input(line.text(Text::RenderingNpi));
        cells.text(judgement.adjudication);
        cells.amount(judgement.recoverable);
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

    /// `carc`, `rarc` and `citation`.
    pub fn setting(&self) -> &'a RuleSetting {
        self.part.context.setting(self.finding.rule)
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

    /// `amount_at_risk`: of its service.
    pub fn amount(&self) -> Option<Cents> {
        self.part.judgement(self.finding).and_then(|j| j.at_risk)
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
    pub fn suppression_note(&self) -> String {
        self.suppression().map_or(String::new(), |one| note(one, self.part.context.run))
    }

    /// `claim_id`, `line_number` and `member_id`.
    pub fn ids(&self) -> [&'a str; 3] {
        ids(self.line)
    }

    /// Writes the cells of [`FINDING`]. findings.csv has its own writer, which quotes the texts of a rule only once; a
    /// test compares the formats.
    pub fn put(&self, cells: &mut impl Cells) {
        let (doc, setting, line) = (self.doc(), self.setting(), self.line);
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
        cells.input(&setting.citation);
        cells.text(self.capped_by());
        if self.part.context.run.suppressions.is_some() {
            cells.text(self.suppressed());
            cells.input(&self.suppression_note());
        }
    }
}

/// Replaces the reason of a suppression in a masked report, because the reason may name the member.
const WITHHELD: &str = "withheld by --mask";

/// The reason of a suppression as a report may print it.
pub fn reason<'a>(one: &'a Suppression, run: &RunContext) -> &'a str {
    if run.masked == Masked::Nothing { &one.reason } else { WITHHELD }
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
