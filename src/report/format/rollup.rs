//! The roll-ups: services, money and the signals of a kyphoplasty audit by rule, product class, provider, month and
//! facility, each a CSV file; the providers also a sheet of report.xlsx.
//!
//! A share or ratio is an exact fraction of whole numbers, printed with four decimals, rounded half away from zero, and
//! empty if the divisor is zero. Rows are sorted by amount at risk, the highest first, then by key.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::io;
use std::mem;
use std::sync::{Mutex, PoisonError};

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::value::setting::{BillType, Setting};
use crate::claim::{Kind, Line, Sum, Text};
use crate::disk::sorted::{KeyedSums, Sorter};
use crate::finding::Subject;
use crate::report::format::measures::{Measure, Measures};
use crate::report::format::polars::scaled;
use crate::report::sink::{Output, PendingPieces, Scratch, Sink, lock};
use crate::report::table::csv_row::CsvRows;
use crate::report::table::record::Cells as _;
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};
use crate::rules::judge::{Judgment, ServiceStatus};

/// What services are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Every rule that fired. A service counts under each of its rules, so the rows do not add up to the total.
    Rule,
    /// Product class.
    ProductClass,
    /// Billing provider, as on the claim.
    Provider,
    /// Month of the service date.
    Month,
    /// Kind of facility: the first two digits of the bill type, else the place of service.
    Facility,
}

impl By {
    /// The name of the key's column.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::ProductClass => "product_class",
            Self::Provider => "billing_npi",
            Self::Month => "month",
            Self::Facility => "facility",
        }
    }
}

/// A column of a roll-up after its key. CSV and workbook use the same list.
#[derive(Clone, Copy)]
pub(crate) struct RollupColumn {
    /// The head of the column.
    pub(crate) name: &'static str,
    /// Computes its value from the sums of a key.
    compute: fn(&Measures) -> RollupValue,
}

impl RollupColumn {
    /// Its value for a key.
    pub(crate) fn value(&self, measures: &Measures, knows_amounts: bool) -> RollupValue {
        match (self.compute)(measures) {
            RollupValue::Money(_) if !knows_amounts => RollupValue::Unknown,
            value => value,
        }
    }
}

/// A value of a roll-up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RollupValue {
    /// A whole number.
    Count(i128),
    /// An amount in cents.
    Money(i128),
    /// A number with four decimals; empty if the divisor is zero.
    Decimal(String),
    /// An amount that is unknown because the extracts have no column for amounts; its cell is empty.
    Unknown,
}

impl RollupValue {
    /// The text of its CSV cell.
    fn text(self) -> String {
        match self {
            Self::Count(n) => n.to_string(),
            Self::Money(cents) => Sum(cents).to_string(),
            Self::Decimal(text) => text,
            Self::Unknown => String::new(),
        }
    }
}

/// The columns after the key, in their order.
pub(crate) const COLUMNS: [RollupColumn; 13] = [
    rollup_column("services", |m| RollupValue::Count(m.get(Measure::Services))),
    rollup_column("flagged", |m| RollupValue::Count(flagged(m))),
    rollup_column("flagged_share", |m| share(flagged(m), m)),
    rollup_column("deny", |m| RollupValue::Count(m.get(Measure::Deny))),
    rollup_column("review", |m| RollupValue::Count(m.get(Measure::Review))),
    rollup_column("amount_at_risk", |m| RollupValue::Money(m.get(Measure::AtRisk))),
    rollup_column("recoverable", |m| RollupValue::Money(m.get(Measure::Recoverable))),
    rollup_column("findings", |m| RollupValue::Count(m.get(Measure::Findings))),
    rollup_column("primaries", |m| RollupValue::Count(m.get(Measure::Primaries))),
    rollup_column("add_on_units", |m| RollupValue::Decimal(decimal(m.get(Measure::AddOnUnits)))),
    rollup_column("add_on_ratio", |m| ratio(m.get(Measure::AddOnUnits), m.get(Measure::Primaries) * 10_000)),
    rollup_column("inpatient", |m| RollupValue::Count(m.get(Measure::Inpatient))),
    rollup_column("inpatient_share", |m| share(m.get(Measure::Inpatient), m)),
];

const fn rollup_column(name: &'static str, compute: fn(&Measures) -> RollupValue) -> RollupColumn {
    RollupColumn { name, compute }
}

/// Services that are not clear.
fn flagged(m: &Measures) -> i128 {
    m.get(Measure::Deny) + m.get(Measure::Review)
}

/// A number of services as a share of all services of the key.
fn share(part: i128, m: &Measures) -> RollupValue {
    ratio(part, m.get(Measure::Services))
}

/// A fraction; empty if `whole` is zero.
fn ratio(part: i128, whole: i128) -> RollupValue {
    RollupValue::Decimal(fraction(part, whole).unwrap_or_default())
}

/// Decimals of shares, ratios and add-on units.
const DECIMALS: u32 = 4;

/// Most units of one line that count toward the add-on ratio: more than any real claim has, and too few for a sum to
/// overflow.
const MAX_LINE_UNITS: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Bytes of sums that a roll-up holds in memory: those of some 40,000 providers. The rest goes to the disk of the report. While
/// their table grows, and while they are sorted to be written, they take twice as much.
const MEMORY: usize = 8 << 20;

/// Bytes of text after which rows are written.
const FLUSHED_BYTES: usize = 1 << 20;

/// Sums by one key, over parts that are added in order.
pub(crate) struct RollUp {
    by: By,
    scratch: Scratch,
    pieces: PendingPieces<Vec<(String, Measures)>>,
    sums: Mutex<KeyedSums<Measures>>,
}

impl RollUp {
    /// Sums over no part. Those that do not fit in memory go to files that `scratch` makes.
    pub(crate) fn new(by: By, scratch: Scratch) -> Self {
        let sums = Mutex::new(KeyedSums::new(Scratch::clone(&scratch), MEMORY));
        Self { by, scratch, pieces: PendingPieces::default(), sums }
    }

    /// Groups a part.
    pub(crate) fn format(&self, n: usize, part: &PartView<'_>) {
        let mut sums = Sums::default();
        for record in part.services() {
            let measure = measure(part, record.number(), record.line, record.judgment);
            match self.by {
                By::Rule => record.rules().for_each(|rule| sums.add(rule.into(), &measure)),
                By::ProductClass => sums.add(record.product_class().into(), &measure),
                By::Provider => sums.add(record.line.text(Text::BillingNpi).into(), &measure),
                By::Month => sums.add(month(record.line), &measure),
                By::Facility => sums.add(facility(record.line), &measure),
            }
        }
        // All findings of a rule count, including those on lines that are not services.
        let finding = Measures::of(&[(Measure::Findings, 1)]);
        for record in part.findings() {
            let of_service = matches!(record.finding.subject, Subject::Service(_));
            match self.by {
                By::Rule => sums.add(record.doc().code.as_str().into(), &finding),
                By::ProductClass if of_service => sums.add(record.product_class().into(), &finding),
                By::Provider if of_service => sums.add(record.line.text(Text::BillingNpi).into(), &finding),
                By::Month if of_service => sums.add(month(record.line), &finding),
                By::Facility if of_service => sums.add(facility(record.line), &finding),
                _ => {}
            }
        }
        self.pieces.put(n, sums.rows.into_iter().map(|(key, measures)| (key.into_owned(), measures)).collect());
    }

    /// Adds a part.
    pub(crate) fn append(&self, n: usize) -> io::Result<()> {
        let mut sums = lock(&self.sums);
        let piece = self.pieces.take(n).unwrap_or_default();
        piece.into_iter().try_for_each(|(key, measures)| sums.add(&key, measures))
    }

    /// The rows in their order.
    pub(crate) fn rows(self) -> io::Result<impl Iterator<Item = io::Result<(Box<str>, Measures)>>> {
        let sums = self.sums.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut sorter = Sorter::new(self.scratch, MEMORY);
        for row in sums.finish()? {
            let (key, measures) = row?;
            let bytes = key.len() + mem::size_of::<(Reverse<i128>, Box<str>, Measures)>();
            sorter.push((Reverse(measures.get(Measure::AtRisk)), key, measures), bytes)?;
        }
        Ok(sorter.finish()?.map(|row| row.map(|(_, key, measures)| (key, measures))))
    }
}

/// Sums by key of one part, with the keys in input order. A part is too small for a data frame to be worthwhile.
#[derive(Default)]
struct Sums<'a> {
    places: FxHashMap<Cow<'a, str>, usize>,
    rows: Vec<(Cow<'a, str>, Measures)>,
}

impl<'a> Sums<'a> {
    fn add(&mut self, key: Cow<'a, str>, measure: &Measures) {
        if let Some(place) = self.places.get(&*key) {
            self.rows[*place].1 += *measure;
        } else {
            self.places.insert(key.clone(), self.rows.len());
            self.rows.push((key, *measure));
        }
    }
}

fn measure(part: &PartView<'_>, service: usize, line: Line<'_>, judgment: &Judgment) -> Measures {
    let add_ons = &part.context.run.policy.add_ons;
    let code = match part.line_set.services[service].kind {
        Kind::Line(code) => Some(code),
        Kind::Stay(_) => None,
    };
    let is_add_on = add_ons.iter().any(|add_on| Some(add_on.code) == code);
    let is_primary = add_ons.iter().any(|add_on| code.is_some_and(|code| add_on.primaries.contains(&code)));
    Measures::of(&[
        (Measure::Services, 1),
        (Measure::Deny, (judgment.status == ServiceStatus::Deny).into()),
        (Measure::Review, (judgment.status == ServiceStatus::Review).into()),
        (Measure::Primaries, is_primary.into()),
        (Measure::Inpatient, (line.setting == Setting::Inpatient).into()),
        (Measure::AtRisk, judgment.amount().0.into()),
        (Measure::Recoverable, judgment.recoverable.unwrap_or_default().0.into()),
        (Measure::AddOnUnits, if is_add_on { scaled(line.units.min(MAX_LINE_UNITS), DECIMALS) } else { 0 }),
    ])
}

/// `2024-03`; empty without a readable date.
fn month(line: Line<'_>) -> Cow<'static, str> {
    line.date.map_or_else(String::new, |date| format!("{:04}-{:02}", date.year(), date.month())).into()
}

/// The kind of facility: by the bill type if it is filled, else by the place of service.
fn facility(line: Line<'_>) -> Cow<'static, str> {
    let place = line.text(Text::PlaceOfService);
    match (line.text(Text::BillType), place.as_bytes()) {
        ("", []) => "not given".into(),
        ("", [d]) if d.is_ascii_digit() => format!("place of service 0{place}").into(),
        ("", [a, b]) if a.is_ascii_digit() && b.is_ascii_digit() => format!("place of service {place}").into(),
        ("", _) => "place of service not readable".into(),
        (bill_type, _) => match BillType::parse(bill_type) {
            Some(BillType { facility: [a, b], .. }) => format!("bill type {}{}", char::from(a), char::from(b)).into(),
            None => "bill type not readable".into(),
        },
    }
}

/// A number of ten-thousandths.
fn decimal(n: i128) -> String {
    let (sign, n) = (if n < 0 { "-" } else { "" }, n.unsigned_abs());
    format!("{sign}{}.{:04}", n / 10_000, n % 10_000)
}

/// A fraction of two counts with four decimals, rounded half away from zero.
fn fraction(part: i128, whole: i128) -> Option<String> {
    (whole > 0).then(|| decimal((part * 10_000 * 2 + whole) / (2 * whole)))
}

/// By rule.
pub fn rule<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(RollupFile::open(By::Rule, context, out))
}

/// By product class.
pub fn product_class<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(RollupFile::open(By::ProductClass, context, out))
}

/// By billing provider.
pub fn provider<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(RollupFile::open(By::Provider, context, out))
}

/// By month.
pub fn month_of_service<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(RollupFile::open(By::Month, context, out))
}

/// By kind of facility.
pub fn facility_kind<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(RollupFile::open(By::Facility, context, out))
}

/// A roll-up as CSV.
struct RollupFile<'a> {
    context: ReportContext<'a>,
    rollup: RollUp,
    out: Mutex<Box<dyn Output>>,
}

impl<'a> RollupFile<'a> {
    fn open(by: By, context: ReportContext<'a>, out: Box<dyn Output>) -> Box<dyn Sink + 'a> {
        Box::new(Self { context, rollup: RollUp::new(by, out.scratch()), out: Mutex::new(out) })
    }
}

impl Sink for RollupFile<'_> {
    fn format(&self, n: usize, part: &PartView<'_>) -> io::Result<()> {
        self.rollup.format(n, part);
        Ok(())
    }

    fn append(&self, n: usize) -> io::Result<()> {
        self.rollup.append(n)
    }

    fn finish(self: Box<Self>, _: &Totals) -> io::Result<()> {
        let by = self.rollup.by;
        let name = |code: &str| self.context.docs.iter().find(|doc| doc.code == code).map_or("", |doc| &doc.name);
        let mut rows = CsvRows::default();
        rows.word(by.key());
        if by == By::Rule {
            rows.word("name");
        }
        rows.header(&COLUMNS.map(|column| column.name));
        let mut out = lock(&self.out);
        for row in self.rollup.rows()? {
            let (key, measures) = row?;
            if rows.len() > FLUSHED_BYTES {
                let text = rows.into_text();
                out.write_all(text.as_bytes())?;
                rows = CsvRows::reusing(text);
            }
            rows.input(&key);
            if by == By::Rule {
                rows.input(name(&key));
            }
            for column in COLUMNS {
                rows.word(&column.value(&measures, self.context.run.knows_amounts()).text());
            }
            rows.end();
        }
        out.write_all(rows.into_text().as_bytes())?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact_and_rounded_half_away_from_zero() {
        for (part, whole, want) in [
            (1, 3, Some("0.3333")),
            (2, 3, Some("0.6667")),
            (1, 20_000, Some("0.0001")),
            (1, 20_001, Some("0.0000")),
            (7, 7, Some("1.0000")),
            (0, 5, Some("0.0000")),
            (0, 0, None),
        ] {
            assert_eq!(fraction(part, whole).as_deref(), want, "{part}/{whole}");
        }
        assert_eq!(decimal(15_000), "1.5000");
    }

    #[test]
    fn every_column_has_its_cell() {
        let measures = Measures::of(&[
            (Measure::Services, 7),
            (Measure::Deny, 1),
            (Measure::Review, 2),
            (Measure::Findings, 9),
            (Measure::Primaries, 3),
            (Measure::Inpatient, 1),
            (Measure::AtRisk, 123_456),
            (Measure::Recoverable, 1_000),
            (Measure::AddOnUnits, 20_000),
        ]);
        let named = COLUMNS.map(|column| format!("{} {}", column.name, column.value(&measures, true).text()));
        assert_eq!(
            named.join(", "),
            "services 7, flagged 3, flagged_share 0.4286, deny 1, review 2, amount_at_risk 1234.56, recoverable 10.00, findings 9, \
             primaries 3, add_on_units 2.0000, add_on_ratio 0.6667, inpatient 1, inpatient_share 0.1429"
        );
    }
}
