//! The kinds of columns: what their values are, and which of them are read.

use std::fmt;

use polars_arrow::datatypes::{ArrowDataType, Field, TimeUnit};
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::parquet::schema::types::{ParquetType, PrimitiveLogicalType};
use polars_parquet::read::schema::{SchemaInferenceOptions, parquet_to_arrow_schema_with_options};

/// What the values of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, or bytes that are read as text.
    Text,
    /// Sixteen bytes that identify something.
    Uuid,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A floating-point number.
    Float,
    /// A number with this many decimals.
    Decimal(usize),
    /// A day.
    Date,
    /// A time of day, in ticks of which a second has this many.
    Time(i64),
    /// A day and a time, in ticks of which a second has this many.
    Timestamp {
        /// Ticks of a second.
        ticks: i64,
        /// It is a time of UTC, not of a clock on some wall.
        is_utc: bool,
    },
    /// A list of values of a kind that is no list.
    List(Box<Kind>),
    /// Anything else. The text says what, and the advice what to do.
    Unreadable(&'static str, &'static str),
}

/// What to do with a nested column.
const FLATTEN: &str = "write the values that are needed as columns of their own, one row per service line (in SQL: unnest, or \
                       claim.field AS field)";

/// What to do with a column of an exotic type.
const CAST: &str = "write it as text (in SQL: CAST(column AS VARCHAR))";

impl Kind {
    /// Is it a day, with or without a time?
    pub(crate) fn is_date(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamp { .. })
    }

    /// Does it hold several values?
    pub(crate) fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    /// The kind of a column, and the type by which the library decodes it. `None`: it has no values at all. The library may
    /// panic on a damaged schema.
    pub(super) fn of(column: &ParquetType) -> Option<(Self, Field)> {
        // Timestamps of 96 bits have nanoseconds, of which 64 bits hold no year after 2262.
        let options = SchemaInferenceOptions { int96_coerce_to_timeunit: TimeUnit::Microsecond };
        let schema = parquet_to_arrow_schema_with_options(std::slice::from_ref(column), &Some(options));
        let field = schema.iter_values().next()?.clone();
        let kind = Self::of_type(&field.dtype, logical_type(column));
        Some((if is_list_in_list(&kind) { Self::nested() } else { kind }, field))
    }

    fn of_type(dtype: &ArrowDataType, logical: Option<PrimitiveLogicalType>) -> Self {
        match dtype {
            ArrowDataType::FixedSizeBinary(16) if logical == Some(PrimitiveLogicalType::Uuid) => Self::Uuid,
            // The library has no type for it, and its two bytes are no text.
            ArrowDataType::FixedSizeBinary(_) if logical == Some(PrimitiveLogicalType::Float16) => {
                Self::Unreadable("a floating-point number of 16 bits", CAST)
            }
            ArrowDataType::Utf8View | ArrowDataType::BinaryView | ArrowDataType::FixedSizeBinary(1..) => Self::Text,
            ArrowDataType::Boolean => Self::Boolean,
            ArrowDataType::Int8
            | ArrowDataType::Int16
            | ArrowDataType::Int32
            | ArrowDataType::Int64
            | ArrowDataType::UInt8
            | ArrowDataType::UInt16
            | ArrowDataType::UInt32
            | ArrowDataType::UInt64 => Self::Integer,
            ArrowDataType::Float32 | ArrowDataType::Float64 => Self::Float,
            ArrowDataType::Decimal(1..=38, scale) if *scale <= 38 => Self::Decimal(*scale),
            ArrowDataType::Decimal(..) => Self::Unreadable("a decimal of more than 38 digits", CAST),
            ArrowDataType::Date32 => Self::Date,
            ArrowDataType::Time32(unit) | ArrowDataType::Time64(unit) => Self::Time(ticks(*unit)),
            ArrowDataType::Timestamp(unit, zone) => Self::Timestamp { ticks: ticks(*unit), is_utc: zone.is_some() },
            ArrowDataType::LargeList(inner) => Self::List(Box::new(Self::of_type(&inner.dtype, None))),
            ArrowDataType::Struct(_) | ArrowDataType::Map(..) => Self::nested(),
            _ => Self::Unreadable("of a type that is no text, number, day or time", CAST),
        }
    }

    fn nested() -> Self {
        Self::Unreadable("nested", FLATTEN)
    }
}

/// A list whose values are not read one by one.
fn is_list_in_list(kind: &Kind) -> bool {
    matches!(kind, Kind::List(inner) if matches!(**inner, Kind::List(_) | Kind::Unreadable(..)))
}

fn logical_type(column: &ParquetType) -> Option<PrimitiveLogicalType> {
    match column {
        ParquetType::PrimitiveType(of) if of.field_info.repetition != Repetition::Repeated => of.logical_type,
        _ => None,
    }
}

/// The number of columns of the file that a column of the table has: one for each value of a nested one.
pub(super) fn leaves(column: &ParquetType) -> usize {
    match column {
        ParquetType::PrimitiveType(_) => 1,
        ParquetType::GroupType { fields, .. } => fields.iter().map(leaves).sum(),
    }
}

fn ticks(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Uuid => "UUID",
            Self::Boolean => "true or false",
            Self::Integer => "whole number",
            Self::Float => "floating-point number",
            Self::Decimal(_) => "decimal",
            Self::Date => "date",
            Self::Time(_) => "time",
            Self::Timestamp { is_utc: false, .. } => "timestamp",
            Self::Timestamp { is_utc: true, .. } => "timestamp in UTC",
            Self::List(inner) => return write!(f, "list of {inner}"),
            Self::Unreadable(what, _) => what,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bytes_that_are_a_number_are_no_text() {
        let of = |logical| Kind::of_type(&ArrowDataType::FixedSizeBinary(2), logical);
        assert_eq!(of(None), Kind::Text);
        let half = of(Some(PrimitiveLogicalType::Float16));
        assert!(matches!(half, Kind::Unreadable(what, CAST) if what.contains("16 bits")), "{half:?}");
    }
}
