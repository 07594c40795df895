//! Reads the formats back with third-party readers, as the texts that the CSV file has, and checks their types.

use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use claimlint::report::table::record::{Column, ColumnType};
use polars_core::prelude::{AnyValue, DataType};
use polars_io::SerReader as _;
use polars_io::parquet::read::ParquetReader;

use crate::kit::Table;

/// A table as texts: its header and its cells as CSV has them, without the guard.
pub(crate) type Texts = Vec<Vec<String>>;

pub(crate) fn of_csv(bytes: &[u8]) -> Texts {
    let table = Table::of(bytes);
    let bare = |cell: &String| match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => cell.clone(),
    };
    std::iter::once(&table.header).chain(&table.rows).map(|row| row.iter().map(bare).collect()).collect()
}

pub(crate) fn of_jsonl(bytes: &[u8], columns: &[Column]) -> Texts {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let mut rows = vec![columns.iter().map(|c| c.name.to_owned()).collect::<Vec<_>>()];
    for line in text.split_terminator('\n') {
        let object: serde_json::Map<_, _> = serde_json::from_str(line).expect("an object a line");
        assert_eq!(object.len(), columns.len());
        let cell = |column: &Column| match (&object[column.name], column.holds) {
            (
                serde_json::Value::String(text),
                ColumnType::Text | ColumnType::Date | ColumnType::Units | ColumnType::Amount,
            ) => text.clone(),
            (serde_json::Value::Number(n), ColumnType::Number) => n.to_string(),
            (serde_json::Value::Null, ColumnType::Date | ColumnType::Units | ColumnType::Amount) => String::new(),
            (serde_json::Value::Array(items), ColumnType::List) => {
                items.iter().map(|item| item.as_str().expect("a text")).collect::<Vec<_>>().join(";")
            }
            (value, _) => panic!("{}: {value}", column.name),
        };
        rows.push(columns.iter().map(cell).collect());
    }
    rows
}

/// A decimal as text, without the trailing zeros that the scale of its column adds after `least` decimals.
pub(crate) fn decimal(value: i128, scale: usize, least: usize) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, rest) = digits.split_at(digits.len() - scale);
    let rest = &rest[..rest.trim_end_matches('0').len().max(least)];
    format!("{}{whole}{}{rest}", if value < 0 { "-" } else { "" }, if rest.is_empty() { "" } else { "." })
}

/// Services or findings of a Parquet file; its types are those of the columns.
pub(crate) fn of_parquet(bytes: &[u8], columns: &[Column]) -> Texts {
    let context = ParquetReader::new(Cursor::new(bytes.to_vec())).finish().expect("a Parquet file");
    let mut rows = vec![context.get_column_names().iter().map(ToString::to_string).collect::<Vec<_>>()];
    for (read, column) in context.columns().iter().zip(columns) {
        let want = match column.holds {
            ColumnType::Text => DataType::String,
            ColumnType::Number => DataType::Int64,
            ColumnType::Date => DataType::Date,
            ColumnType::Units => DataType::Decimal(38, 9),
            ColumnType::Amount => DataType::Decimal(19, 2),
            ColumnType::List => DataType::List(Box::new(DataType::String)),
        };
        assert_eq!(read.dtype(), &want, "{}", column.name);
    }
    for i in 0..context.height() {
        let cell = |column: &polars_core::prelude::Column| match column.get(i).expect("a row") {
            AnyValue::Null => String::new(),
            AnyValue::String(text) => text.to_owned(),
            AnyValue::Int64(n) => n.to_string(),
            AnyValue::Date(days) => {
                jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).expect("a day").to_string()
            }
            AnyValue::Decimal(value, _, scale) => decimal(value, scale, if scale == 2 { 2 } else { 0 }),
            AnyValue::List(items) => {
                let items = items.str().expect("a list of texts");
                items.iter().map(|item| item.expect("no item is null")).collect::<Vec<_>>().join(";")
            }
            value => panic!("{value:?}"),
        };
        rows.push(context.columns().iter().map(cell).collect());
    }
    rows
}

/// All sheets of a workbook, and its other parts.
pub(crate) fn of_workbook(bytes: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    for i in 0..zip.len() {
        zip.by_index(i).expect("an entry").read_to_string(&mut text).expect("XML");
    }
    let sheets = text.matches("<sheetData>").count();
    assert!(sheets >= 6 && text.matches("<dimension ref=\"A1:").count() == sheets, "every sheet states its cells");
    text
}

/// The text with control characters replaced by the visible signs that the workbook shows.
pub(crate) fn seen(text: &str) -> String {
    text.replace('\u{b}', "\u{240b}")
}

pub(crate) fn of_sheet(bytes: &[u8], sheet: &str) -> Texts {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).expect("a workbook");
    let range = book.worksheet_range(sheet).expect("a sheet");
    let cell = |cell: &Data| match cell {
        Data::Empty => String::new(),
        // Excel and LibreOffice decode the escape of a text that looks like an escape. calamine does not.
        Data::String(text) => text.replace("_x005F_", "_"),
        // Whole numbers and sums of cents are exact up to 15 digits; more are texts.
        Data::Float(n) => n.to_string(),
        Data::Int(n) => n.to_string(),
        Data::DateTime(day) => {
            let (year, month, day, ..) = day.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        cell => panic!("{cell:?}"),
    };
    range.rows().map(|row| row.iter().map(cell).collect()).collect()
}

/// Amounts with two decimals, as a number has lost its zeros.
pub(crate) fn with_cents(mut rows: Texts, columns: &[usize]) -> Texts {
    for row in rows.iter_mut().skip(1) {
        for cell in columns.iter().copied().filter(|c| !row[*c].is_empty()).collect::<Vec<_>>() {
            let decimals = row[cell].split_once('.').map_or(0, |(_, rest)| rest.len());
            row[cell] += if decimals == 0 { "." } else { "" };
            row[cell] += &"0".repeat(2 - decimals);
        }
    }
    rows
}
