//! Writes typed columns as Parquet. This file and the room [`ingest::parquet`](crate::ingest::parquet), which reads it, are the
//! only ones that use polars. polars is used eagerly: its lazy engine would link an HTTP client and TLS.
//!
//! polars has its own threads. Columns are encoded on the calling thread, so that `--threads` holds.

use std::io::{self, Write};
use std::mem;
use std::sync::PoisonError;

use jiff::civil::Date;
use polars_core::prelude::*;
use polars_io::parquet::write::{BatchedWriter, ParquetCompression, ParquetWriter, StatisticsOptions};
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
const UNITS_SCALE: u32 = 9;

/// Decimals of an amount.
const CENTS_SCALE: usize = 2;

/// Rows of a row group, which `DuckDB` and Polars read with one thread, and which is kept in memory until it is
/// written. With twice as many, a run over a million stays took 50 MiB more.
const ROW_GROUP_ROWS: u32 = 1 << 15;

/// Bytes of text after which a row group ends, because cells may have any length: half as much again as 32,768 ordinary findings
/// have. Services and findings are written at a time, and the encoded texts of a group are in memory beside its rows, so both
/// groups may take four times as much.
const ROW_GROUP_BYTES: usize = 16 << 20;

fn failed(e: PolarsError) -> io::Error {
    match e {
        PolarsError::IO { error, .. } => io::Error::new(error.kind(), error),
        e => io::Error::other(e),
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
    /// Bytes of text.
    bytes: usize,
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
        Self { of, builders: of.iter().map(builder).collect(), at: 0, rows: 0, bytes: 0 }
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
        Ok(ColumnTable { rows: frame.map_err(failed)?, bytes: self.bytes })
    }
}

impl Cells for ColumnBuilder {
    fn text(&mut self, text: &str) {
        self.bytes += text.len();
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
        let mut bytes = 0;
        if let Builder::List(lists) = self.next() {
            lists.append_values_iter(items.inspect(|item| bytes += item.len()));
        }
        self.bytes += bytes;
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
pub(crate) struct ColumnTable {
    rows: DataFrame,
    /// Bytes of text.
    bytes: usize,
}

/// A Parquet file with row groups of [`ROW_GROUP_ROWS`] rows, or of fewer if they have more than [`ROW_GROUP_BYTES`] bytes of
/// text.
pub(crate) struct Parquet<W: Write> {
    writer: BatchedWriter<W>,
    /// Rows that do not yet fill a group.
    waiting: DataFrame,
    /// Bytes of text of the tables that were added since the last group.
    bytes: usize,
}

impl<W: Write> Parquet<W> {
    /// Starts a file.
    pub(crate) fn new(out: W, columns: &[record::Column]) -> io::Result<Self> {
        let schema = columns.iter().map(|c| Field::new(c.name.into(), dtype(c.holds))).collect::<Schema>();
        // polars keeps the least and the greatest value of each page until the file ends, and a text may have any length.
        let statistics = StatisticsOptions { min_value: false, max_value: false, ..StatisticsOptions::default() };
        let writer = ParquetWriter::new(out)
            .with_compression(ParquetCompression::Zstd(None))
            .with_statistics(statistics)
            .set_parallel(false)
            .batched(&schema)
            .map_err(failed)?;
        Ok(Self { writer, waiting: DataFrame::empty_with_schema(&schema), bytes: 0 })
    }

    /// Adds rows.
    pub(crate) fn append(&mut self, rows: ColumnTable) -> io::Result<()> {
        self.waiting.vstack_mut_owned(rows.rows).map_err(failed)?;
        self.bytes += rows.bytes;
        while self.waiting.height() >= ROW_GROUP_ROWS as usize {
            let (group, rest) = self.waiting.split_at(i64::from(ROW_GROUP_ROWS));
            self.waiting = rest;
            self.write(group)?;
        }
        if self.bytes > ROW_GROUP_BYTES && self.waiting.height() > 0 {
            let group = self.waiting.clear();
            let group = mem::replace(&mut self.waiting, group);
            self.write(group)?;
        }
        Ok(())
    }

    fn write(&mut self, mut group: DataFrame) -> io::Result<()> {
        self.bytes = 0;
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
    use std::fs::File;

    use polars_io::SerReader as _;
    use polars_io::parquet::read::ParquetReader;

    use super::*;

    #[test]
    fn a_row_group_of_long_texts_has_fewer_rows() {
        const COLUMNS: &[record::Column] = &[record::Column { name: "text", holds: ColumnType::Text, width: 9 }];
        let text = "x".repeat(1 << 16);
        let groups = |tables: usize, rows: usize, text: &str| {
            let file = tempfile::NamedTempFile::new().expect("a file");
            let mut out = Parquet::new(file.reopen().expect("open"), COLUMNS).expect("a file");
            for _ in 0..tables {
                let mut builder = ColumnBuilder::new(COLUMNS, rows);
                (0..rows).for_each(|_| builder.text(text));
                out.append(builder.table().expect("a table")).expect("room");
            }
            out.finish().expect("room");
            // The least and the greatest text of a page alone would take as much.
            assert!(file.as_file().metadata().expect("written").len() < 1 << 16);
            let mut reader = ParquetReader::new(File::open(file.path()).expect("written"));
            let mut rows = Vec::new();
            for group in &reader.get_metadata().expect("readable").row_groups {
                rows.push(group.num_rows());
            }
            rows
        };
        assert_eq!(groups(4, 300, &text), [300; 4], "16 MiB are 256 such texts");
        assert_eq!(groups(4, 20_000, "x"), [32_768, 32_768, 14_464]);
        assert_eq!(groups(0, 0, ""), [0; 0]);
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
}
