//! The roll-ups: services, money and the signals of a kyphoplasty audit by rule, product class, provider, month and
//! facility, each a CSV file; the providers also a sheet of report.xlsx.
//!
//! Rows are sorted by amount at risk, the highest first, then by key.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::io;
use std::mem;
use std::sync::{Mutex, PoisonError};

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::claim::value::setting::{BillType, Setting};
use crate::claim::{Kind, Line, Text};
use crate::disk::sorted::{KeyedSums, Sorter};
use crate::finding::Subject;
use crate::report::format::measures::{Measure, Measures};
use crate::report::format::polars::scaled;
use crate::report::format::rollup_columns::COLUMNS;
use crate::report::provider_key::provider_key;
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
                By::Provider => sums.add(provider_key(record.line), &measure),
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
                By::Provider if of_service => sums.add(provider_key(record.line), &finding),
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
