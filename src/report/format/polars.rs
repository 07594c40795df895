//! The only file that uses polars. It computes sums by key for the roll-ups and typed
//! columns for Parquet. polars is used eagerly: its lazy engine would link an HTTP client and TLS.
//!
//! polars has its own threads. Columns are encoded on the calling thread, so that `--threads` holds; only the small
//! sums by key run on polars' threads. They are sums of whole numbers, so they do not depend on order or grouping.

use std::io::{self, Write};
use std::mem;
use std::ops::AddAssign;
use std::sync::PoisonError;

use jiff::civil::Date;
use polars_core::prelude::*;
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::claim::Cents;
use crate::report::table::record;
use crate::report::table::record::{Cells, ColumnType};
use crate::report::words::numbers::days_since;

/// Digits of a decimal column for sums and units: the most that Parquet readers accept.
const DECIMAL_PRECISION: usize = 38;

/// Digits of an amount: those of the largest number of cents, so that every amount fits. With [`CENTS_SCALE`] decimals it has
/// 17 digits before the point, fewer than the 29 of a `NUMERIC` of `BigQuery`.
const CENTS_PRECISION: usize = 19;

/// Decimals of `units` in Parquet. Units have at most 29 digits, which leaves room for nine decimals; further decimals are
/// rounded half away from zero. 29 and 9 are also the digits of a `NUMERIC` of `BigQuery`.
pub(crate) const UNITS_SCALE: u32 = 9;

/// Decimals of an amount.
const CENTS_SCALE: usize = 2;

/// Rows of a row group, which `DuckDB` and Polars read with one thread, and which is kept in memory until it is
/// written.
const ROW_GROUP_ROWS: u32 = 1 << 16;

fn failed(e: PolarsError) -> io::Error {
    match e {
        PolarsError::IO { error, .. } => io::Error::new(error.kind(), error),
        e => io::Error::other(e),
    }
}

/// What a roll-up adds up for each of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Services; a service counts as one.
    Services,
    /// Services of status deny.
    Deny,
    /// Services of status review.
    Review,
    /// Findings.
    Findings,
    /// Services with a primary code, which an add-on code requires in its encounter.
    Primaries,
    /// Services in an inpatient setting.
    Inpatient,
    /// Amount at risk, in cents.
    AtRisk,
    /// Units of add-on codes, in ten-thousandths.
    AddOnUnits,
    /// The part of the amount at risk that denials would recover, in cents.
    Recoverable,
}

impl Measure {
    /// All measures with the names of their columns in a table of sums.
    const ALL: [(Self, &str); 9] = [
        (Self::Services, "services"),
        (Self::Deny, "deny"),
        (Self::Review, "review"),
        (Self::Findings, "findings"),
        (Self::Primaries, "primaries"),
        (Self::Inpatient, "inpatient"),
        (Self::AtRisk, "at_risk"),
        (Self::AddOnUnits, "add_on_units"),
        (Self::Recoverable, "recoverable"),
    ];
}

/// One sum for each [`Measure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Measures([i128; Measure::ALL.len()]);

impl Measures {
    /// The sums of one service or finding: the given measures, and zero for all others.
    pub(crate) fn of(values: &[(Measure, i128)]) -> Self {
        let mut sums = Self::default();
        for (measure, value) in values {
            sums.0[*measure as usize] += value;
        }
        sums
    }

    /// The sum of one measure.
    pub(crate) fn get(&self, measure: Measure) -> i128 {
        self.0[measure as usize]
    }
}

impl AddAssign for Measures {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }
}

/// The column of the keys in a table of sums.
const KEY: &str = "key";

/// Sums by key, in no particular order.
#[derive(Debug, Default)]
pub(crate) struct Grouped(DataFrame);

impl Grouped {
    /// A table of these rows; a key may be in it twice.
    pub(crate) fn of<K: AsRef<str>>(rows: &[(K, Measures)]) -> io::Result<Self> {
        let keys = StringChunked::from_iter_values(KEY.into(), rows.iter().map(|(key, _)| key.as_ref()));
        let mut columns = vec![keys.into_series().into_column()];
        for (measure, name) in Measure::ALL {
            let values = Int128Chunked::from_iter_values(name.into(), rows.iter().map(|(_, m)| m.get(measure)));
            columns.push(values.into_decimal_unchecked(DECIMAL_PRECISION, 0).into_series().into_column());
        }
        Ok(Self(DataFrame::new(rows.len(), columns).map_err(failed)?))
    }

    /// Appends the rows of another table; a key may be in the result twice.
    pub(crate) fn append(&mut self, other: Self) -> io::Result<()> {
        if self.0.width() == 0 {
            *self = other;
            return Ok(());
        }
        self.0.vstack_mut_owned(other.0).map(|_| ()).map_err(failed)
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.0.height()
    }

    /// The same sums with one row for each key.
    #[expect(deprecated, reason = "the alternative that polars names is its lazy engine")]
    pub(crate) fn summed(self) -> io::Result<Self> {
        if self.0.height() == 0 {
            return Ok(self);
        }
        let names: Vec<PlSmallStr> = self.0.get_column_names_owned();
        let mut summed = self.0.group_by([KEY]).and_then(|groups| groups.sum()).map_err(failed)?;
        summed.set_column_names(&names).map_err(failed)?;
        Ok(Self(summed))
    }

    /// The rows as values.
    pub(crate) fn rows(&self) -> io::Result<Vec<(String, Measures)>> {
        if self.0.height() == 0 {
            return Ok(Vec::new());
        }
        let column = |name: &str| self.0.column(name).map_err(failed);
        let keys = column(KEY)?.str().map_err(failed)?;
        let mut rows: Vec<_> =
            (0..self.0.height()).map(|i| (keys.get(i).unwrap_or_default().to_owned(), Measures::default())).collect();
        for (measure, name) in Measure::ALL {
            let sums = column(name)?.decimal().map_err(failed)?.physical();
            for (i, (_, measures)) in rows.iter_mut().enumerate() {
                measures.0[measure as usize] = sums.get(i).unwrap_or_default();
            }
        }
        Ok(rows)
    }
}

/// A column under construction.
enum Builder {
    Text(StringChunkedBuilder),
    Number(Vec<i64>),
    Date(Vec<Option<i32>>),
    Decimal(Vec<Option<i128>>),
    List(ListStringChunkedBuilder),
}

/// Rows of services or findings as columns.
pub(crate) struct ColumnBuilder {
    of: &'static [record::Column],
    builders: Vec<Builder>,
    at: usize,
    rows: usize,
}

fn dtype(holds: ColumnType) -> DataType {
    match holds {
        ColumnType::Text => DataType::String,
        ColumnType::Number => DataType::Int64,
        ColumnType::Date => DataType::Date,
        ColumnType::Units => DataType::Decimal(DECIMAL_PRECISION, UNITS_SCALE as usize),
        ColumnType::Amount => DataType::Decimal(CENTS_PRECISION, CENTS_SCALE),
        ColumnType::List => DataType::List(Box::new(DataType::String)),
    }
}

impl ColumnBuilder {
    /// A table without rows.
    pub(crate) fn new(of: &'static [record::Column], rows: usize) -> Self {
        let builder = |column: &record::Column| match column.holds {
            ColumnType::Text => Builder::Text(StringChunkedBuilder::new(column.name.into(), rows)),
            ColumnType::Number => Builder::Number(Vec::with_capacity(rows)),
            ColumnType::Date => Builder::Date(Vec::with_capacity(rows)),
            ColumnType::Units | ColumnType::Amount => Builder::Decimal(Vec::with_capacity(rows)),
            ColumnType::List => Builder::List(ListStringChunkedBuilder::new(column.name.into(), rows, rows * 2)),
        };
        Self { of, builders: of.iter().map(builder).collect(), at: 0, rows: 0 }
    }

    fn next(&mut self) -> &mut Builder {
        let at = self.at;
        self.at = (at + 1) % self.builders.len();
        self.rows += usize::from(self.at == 0);
        &mut self.builders[at]
    }

    /// The columns as a data frame. Fails if a record gave cells that do not fit its columns.
    pub(crate) fn table(self) -> io::Result<ColumnTable> {
        let columns = self.of.iter().zip(self.builders).map(|(column, builder)| {
            let name = PlSmallStr::from(column.name);
            let series = match builder {
                Builder::Text(text) => text.finish().into_series(),
                Builder::Number(n) => Int64Chunked::from_vec(name, n).into_series(),
                Builder::Date(days) => Int32Chunked::from_slice_options(name, &days).into_date().into_series(),
                Builder::Decimal(values) => {
                    let (precision, scale) = if column.holds == ColumnType::Units {
                        (DECIMAL_PRECISION, UNITS_SCALE as usize)
                    } else {
                        (CENTS_PRECISION, CENTS_SCALE)
                    };
                    let values = Int128Chunked::from_slice_options(name, &values);
                    values.into_decimal_unchecked(precision, scale).into_series()
                }
                Builder::List(mut list) => list.finish().into_series(),
            };
            series.into_column()
        });
        let frame = DataFrame::new(self.rows, columns.collect());
        Ok(ColumnTable(frame.map_err(failed)?))
    }
}

impl Cells for ColumnBuilder {
    fn text(&mut self, text: &str) {
        if let Builder::Text(texts) = self.next() {
            texts.append_value(text);
        }
    }

    fn number(&mut self, n: u64) {
        if let Builder::Number(numbers) = self.next() {
            numbers.push(i64::try_from(n).unwrap_or(i64::MAX));
        }
    }

    fn date(&mut self, date: Option<Date>) {
        if let Builder::Date(days) = self.next() {
            days.push(date.map(|date| days_since(date, UNIX)));
        }
    }

    fn units(&mut self, units: Option<Decimal>) {
        if let Builder::Decimal(values) = self.next() {
            values.push(units.map(|units| scaled(units, UNITS_SCALE)));
        }
    }

    fn amount(&mut self, amount: Option<Cents>) {
        if let Builder::Decimal(values) = self.next() {
            values.push(amount.map(|Cents(cents)| cents.into()));
        }
    }

    fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        if let Builder::List(lists) = self.next() {
            lists.append_values_iter(items);
        }
    }
}

/// Day 0 of Parquet.
const UNIX: Date = jiff::civil::date(1970, 1, 1);

/// A decimal as a whole number of its last place, rounded half away from zero.
pub(crate) fn scaled(value: Decimal, scale: u32) -> i128 {
    let rounded = value.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero);
    rounded.mantissa() * 10_i128.pow(scale - rounded.scale().min(scale))
}

/// A finished table of typed columns.
pub(crate) struct ColumnTable(DataFrame);

/// A Parquet file with row groups of [`ROW_GROUP_ROWS`] rows, however the rows are added.
pub(crate) struct Parquet<W: Write> {
    writer: BatchedWriter<W>,
    /// Rows that do not yet fill a group.
    waiting: DataFrame,
}

impl<W: Write> Parquet<W> {
    /// Starts a file.
    pub(crate) fn new(out: W, columns: &[record::Column]) -> io::Result<Self> {
        let schema = columns.iter().map(|c| Field::new(c.name.into(), dtype(c.holds))).collect::<Schema>();
        let writer = ParquetWriter::new(out)
            .with_compression(ParquetCompression::Zstd(None))
            .set_parallel(false)
            .batched(&schema)
            .map_err(failed)?;
        Ok(Self { writer, waiting: DataFrame::empty_with_schema(&schema) })
    }

    /// Adds rows.
    pub(crate) fn append(&mut self, rows: ColumnTable) -> io::Result<()> {
        self.waiting.vstack_mut_owned(rows.0).map_err(failed)?;
        while self.waiting.height() >= ROW_GROUP_ROWS as usize {
            let (group, rest) = self.waiting.split_at(i64::from(ROW_GROUP_ROWS));
            self.waiting = rest;
            self.write(group)?;
        }
        Ok(())
    }

    fn write(&mut self, mut group: DataFrame) -> io::Result<()> {
        group.rechunk_mut();
        self.writer.write_batch(&group).map_err(failed)
    }

    /// Finishes the file, without metadata. The metadata that polars would add is a schema of Arrow with view types, which pyarrow
    /// before version 16 cannot read; the types of Parquet itself say all there is to say.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let rest = mem::take(&mut self.waiting);
        if rest.height() > 0 {
            self.write(rest)?;
        }
        let mut writer = self.writer.get_writer().lock().unwrap_or_else(PoisonError::into_inner);
        writer.end(Some(Vec::new())).map(|_| ()).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_its_own_column() {
        for (place, (measure, _)) in Measure::ALL.into_iter().enumerate() {
            assert_eq!(measure as usize, place);
        }
    }

    #[test]
    fn decimals_are_scaled_exactly_and_rounded_away_from_zero() {
        for (value, scale, want) in [
            ("1", 4, 10_000),
            ("1.50", 9, 1_500_000_000),
            ("0.00005", 4, 1),
            ("0.00004", 4, 0),
            ("79228162514264337593543950335", 9, 79_228_162_514_264_337_593_543_950_335_000_000_000),
        ] {
            assert_eq!(scaled(value.parse().expect("a decimal"), scale), want, "{value}");
        }
    }

    #[test]
    fn sums_by_key_are_exact_for_every_grouping() {
        let rows: Vec<(String, Measures)> = (0..1000_i128)
            .map(|i| {
                let values = [
                    (Measure::Services, 1),
                    (Measure::Deny, i % 2),
                    (Measure::AtRisk, i128::from(i64::MAX)),
                    (Measure::AddOnUnits, 3),
                ];
                (format!("key {}", i % 7), Measures::of(&values))
            })
            .collect();
        let whole = Grouped::of(&rows).expect("sums").summed().expect("sums");
        let mut pieces = Grouped::default();
        for piece in rows.chunks(13) {
            pieces.append(Grouped::of(piece).expect("sums")).expect("sums");
        }
        let sorted = |grouped: Grouped| {
            let mut rows = grouped.rows().expect("rows");
            rows.sort_by(|a, b| a.0.cmp(&b.0));
            rows
        };
        let whole = sorted(whole);
        assert_eq!(sorted(pieces.summed().expect("sums")), whole);
        let mine: i128 = rows.iter().filter(|(key, _)| key == "key 3").map(|(_, m)| m.get(Measure::AtRisk)).sum();
        assert_eq!((whole.len(), whole[3].1.get(Measure::AtRisk)), (7, mine));
        assert!(Grouped::of::<&str>(&[]).expect("sums").rows().expect("rows").is_empty());
    }
}
