//! Values as the text of a cell: as `DuckDB` writes them into CSV, but for floating-point numbers.

use std::io::Write;

use jiff::civil::Date;
use polars_arrow::array::{
    Array, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, Utf8ViewArray,
};
use polars_arrow::datatypes::ArrowDataType;

use crate::ingest::parquet::kind::Kind;

/// What separates the values of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Between {
    /// A comma and a blank, with brackets around the list.
    Comma,
    /// This character, with nothing around the list: the one at which the layout splits the cell.
    Separator(char),
}

/// Appends the text of one value. NULL has no text, and neither has a NULL in a list.
pub(super) fn write(kind: &Kind, array: &dyn Array, at: usize, between: Between, out: &mut Vec<u8>) {
    if array.is_null(at) {
        return;
    }
    match kind {
        Kind::Text => bytes(array, at, out),
        Kind::Uuid => uuid(array, at, out),
        Kind::Boolean => {
            let value = get::<BooleanArray>(array).is_some_and(|array| array.value(at));
            out.extend_from_slice(if value { b"true" } else { b"false" });
        }
        Kind::Integer => integer(array, at, out),
        Kind::Float => float(array, at, out),
        Kind::Decimal(scale) => decimal(number::<i128>(array, at), *scale, out),
        Kind::Date => date(i64::from(number::<i32>(array, at)), out),
        Kind::Time(ticks) => time(ticks_of(array, at), *ticks, out),
        Kind::Timestamp { ticks, is_utc } => {
            let value = ticks_of(array, at);
            let day = ticks * SECONDS_OF_DAY;
            date(value.div_euclid(day), out);
            out.push(b' ');
            time(value.rem_euclid(day), *ticks, out);
            if *is_utc {
                out.extend_from_slice(b"+00");
            }
        }
        Kind::List(inner) => list(inner, array, at, between, out),
        Kind::Unreadable(..) => {}
    }
}

const SECONDS_OF_DAY: i64 = 86_400;

fn get<A: 'static>(array: &dyn Array) -> Option<&A> {
    array.as_any().downcast_ref()
}

fn number<T: polars_arrow::types::NativeType>(array: &dyn Array, at: usize) -> T {
    get::<PrimitiveArray<T>>(array).map_or_else(T::default, |array| array.value(at))
}

/// A number of ticks of a time: of 32 bits where those are milliseconds of a day.
fn ticks_of(array: &dyn Array, at: usize) -> i64 {
    match array.dtype() {
        ArrowDataType::Time32(_) => i64::from(number::<i32>(array, at)),
        _ => number::<i64>(array, at),
    }
}

/// The bytes of a text.
fn bytes(array: &dyn Array, at: usize, out: &mut Vec<u8>) {
    if let Some(array) = get::<Utf8ViewArray>(array) {
        out.extend_from_slice(array.value(at).as_bytes());
    } else if let Some(array) = get::<BinaryViewArray>(array) {
        out.extend_from_slice(array.value(at));
    } else if let Some(array) = get::<FixedSizeBinaryArray>(array) {
        out.extend_from_slice(array.value(at));
    }
}

fn uuid(array: &dyn Array, at: usize, out: &mut Vec<u8>) {
    for (nth, byte) in get::<FixedSizeBinaryArray>(array).map_or(&[][..], |array| array.value(at)).iter().enumerate() {
        if matches!(nth, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        append(out, format_args!("{byte:02x}"));
    }
}

fn integer(array: &dyn Array, at: usize, out: &mut Vec<u8>) {
    let value: i128 = match array.dtype() {
        ArrowDataType::Int8 => number::<i8>(array, at).into(),
        ArrowDataType::Int16 => number::<i16>(array, at).into(),
        ArrowDataType::Int32 => number::<i32>(array, at).into(),
        ArrowDataType::UInt8 => number::<u8>(array, at).into(),
        ArrowDataType::UInt16 => number::<u16>(array, at).into(),
        ArrowDataType::UInt32 => number::<u32>(array, at).into(),
        ArrowDataType::UInt64 => number::<u64>(array, at).into(),
        _ => number::<i64>(array, at).into(),
    };
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The shortest number that is read as this one, never with an exponent, and a whole one without decimals: a procedure code
/// in a column of floating-point numbers is 22513, not 22513.0.
fn float(array: &dyn Array, at: usize, out: &mut Vec<u8>) {
    match array.dtype() {
        ArrowDataType::Float32 => append(out, format_args!("{}", number::<f32>(array, at))),
        _ => append(out, format_args!("{}", number::<f64>(array, at))),
    }
}

fn decimal(value: i128, scale: usize, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value.unsigned_abs()).as_bytes();
    let (whole, decimals) = digits.split_at(digits.len().saturating_sub(scale));
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
    if scale > 0 {
        out.push(b'.');
        out.extend(std::iter::repeat_n(b'0', scale - decimals.len()));
        out.extend_from_slice(decimals);
    }
}

/// Days since 1970-01-01 as YYYY-MM-DD. A day of no calendar stays a number, which no field takes for a date.
fn date(days: i64, out: &mut Vec<u8>) {
    let span = jiff::Span::new().try_days(days);
    match span.and_then(|span| Date::constant(1970, 1, 1).checked_add(span)) {
        Ok(day) => append(out, format_args!("{day}")),
        Err(_) => append(out, format_args!("{days}")),
    }
}

/// A time of day as HH:MM:SS, with as many decimals as it has.
fn time(value: i64, ticks: i64, out: &mut Vec<u8>) {
    let (seconds, rest) = (value.div_euclid(ticks), value.rem_euclid(ticks));
    append(out, format_args!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if rest > 0 {
        let width = ticks.ilog10() as usize;
        append(out, format_args!(".{rest:0width$}"));
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

fn list(inner: &Kind, array: &dyn Array, at: usize, between: Between, out: &mut Vec<u8>) {
    let Some(values) = get::<ListArray<i64>>(array).map(|array| array.value(at)) else { return };
    if between == Between::Comma {
        out.push(b'[');
    }
    let mut is_first = true;
    for nth in (0..values.len()).filter(|nth| !values.is_null(*nth)) {
        match between {
            _ if is_first => {}
            Between::Comma => out.extend_from_slice(b", "),
            Between::Separator(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        is_first = false;
        write(inner, &*values, nth, between, out);
    }
    if between == Between::Comma {
        out.push(b']');
    }
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing into a vector cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn decimals_are_exact() {
        for (value, scale, want) in [
            (123_450, 2, "1234.50"),
            (-5, 1, "-0.5"),
            (5, 3, "0.005"),
            (0, 2, "0.00"),
            (42, 0, "42"),
            (i128::MIN, 38, "-1.70141183460469231731687303715884105728"),
        ] {
            assert_eq!(text(|out| decimal(value, scale, out)), want);
        }
    }

    #[test]
    fn days_and_times() {
        for (days, want) in [
            (0, "1970-01-01"),
            (19_787, "2024-03-05"),
            (-1, "1969-12-31"),
            (i64::from(i32::MAX), "2147483647"),
            (i64::MIN, "-9223372036854775808"),
        ] {
            assert_eq!(text(|out| date(days, out)), want);
        }
        for (value, ticks, want) in [
            (0, 1_000_000, "00:00:00"),
            (36_672_500_000, 1_000_000, "10:11:12.5"),
            (36_672_000_001, 1_000_000, "10:11:12.000001"),
            (86_399, 1, "23:59:59"),
        ] {
            assert_eq!(text(|out| time(value, ticks, out)), want);
        }
        let stamps = PrimitiveArray::<i64>::from_slice([19_787 * 86_400_000 + 36_672_500, -1]);
        for (is_utc, at, want) in [
            (false, 0, "2024-03-05 10:11:12.5"),
            (true, 0, "2024-03-05 10:11:12.5+00"),
            (false, 1, "1969-12-31 23:59:59.999"),
        ] {
            let kind = Kind::Timestamp { ticks: 1_000, is_utc };
            assert_eq!(text(|out| write(&kind, &stamps, at, Between::Comma, out)), want);
        }
    }

    #[test]
    fn whole_floats_have_no_decimals() {
        let values = [22_513.0, 0.1, -2.5, 1e22, 1e-7, f64::NAN, f64::INFINITY];
        let want = ["22513", "0.1", "-2.5", "10000000000000000000000", "0.0000001", "NaN", "inf"];
        let array = PrimitiveArray::from_slice(values);
        for (at, want) in want.into_iter().enumerate() {
            assert_eq!(text(|out| write(&Kind::Float, &array, at, Between::Comma, out)), want);
        }
        let array = PrimitiveArray::from_slice([22_513.0_f32, 0.1]);
        assert_eq!(text(|out| write(&Kind::Float, &array, 1, Between::Comma, out)), "0.1");
    }
}
