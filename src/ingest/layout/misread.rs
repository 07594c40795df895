//! Checks the first rows of an extract under its layout: how many surplus fields they have, and whether they, and their dates,
//! can be read. The caller passes the function that reads a date.

use crate::ingest::cell::printable;
use crate::ingest::error::ReadError;
use crate::ingest::field::Field;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::definition::Layout;
use crate::ingest::layout::detect::Detected;
use crate::ingest::layout::known_names::KnownNames;
use crate::ingest::record::first_rows::{FIRST_ROWS, each_first_row, rows_that_end_otherwise, surplus_fields};
use crate::ingest::record::grammar::Surplus;
use crate::ingest::record::line_end::two_ways_said;
use crate::ingest::record::row::Row;
use crate::ingest::source::Source;

/// If at least this many of the first rows have a service date and none can be read, the extract was misread. Fewer may be
/// single typing errors.
const UNREADABLE_DATES: usize = 10;

/// An extract with at least this many rejected rows, more than half of all its rows, was misread rather than damaged:
/// fewer rejects could be the damage of a small file.
const MISREAD_REJECTS: u64 = 10;

/// An extract with at least this many rows, all of them rejected, was misread. A single bad row proves nothing.
const MISREAD_ROWS: u64 = 2;

/// Are so many rows of an extract rejected that it was misread?
pub(crate) fn is_misread(rejected: u64, rows: u64) -> bool {
    rejected >= MISREAD_REJECTS && rejected * 2 > rows || rejected == rows && rows >= MISREAD_ROWS
}

/// Refuses an extract that is small enough to be known as a whole before it is read, and of which most rows cannot be read.
pub(crate) fn refuse_rejected_rows(source: &Source, detected: &Detected) -> Result<(), ReadError> {
    if !source.whole || source.table().is_some() {
        return Ok(());
    }
    let (mut rows, mut rejected) = (0, 0);
    each_first_row(&detected.grammar, &source.sample, detected.data_start, true, usize::MAX, |row| {
        rows += 1;
        rejected += u64::from(row.is_none());
        true
    });
    if !is_misread(rejected, rows) {
        return Ok(());
    }
    let what = format!(
        "{rejected} of {rows} rows cannot be read: is the delimiter or the header another one? `claimlint check` says why the first \
         of them cannot"
    );
    Err(ReadError::unusable(&source.name, what))
}

/// Refuses an extract if one of its first lines holds several rows, as reading all of it does. spec: files/line-ends.
pub(crate) fn refuse_rows_that_end_otherwise(source: &Source, detected: &Detected) -> Result<(), ReadError> {
    let (grammar, sample, start) = (&detected.grammar, &source.sample, detected.data_start);
    let found = rows_that_end_otherwise(grammar, sample, start, source.whole).filter(|_| source.table().is_none());
    let Some((at, end)) = found else { return Ok(()) };
    let line = detected.lines_before + 1 + grammar.lines(&sample[start..at]);
    Err(ReadError::unusable(&source.name, two_ways_said(line, end, grammar.cr_ends)))
}

/// Determines how many surplus fields the rows of an extract have: the first row with a readable date decides.
pub fn settle_surplus(source: &Source, detected: &mut Detected, is_date: impl Fn(&str) -> bool) {
    let (binding, width) = (&detected.binding, detected.grammar.width);
    // A date from a joined table is not yet known.
    let is_own = |slot: &Binding| slot.columns(Field::ServiceDate).iter().all(|column| *column < width);
    let fits = |row: &Row<'_>| binding.each().any(|slot| !is_own(slot) || is_date(&slot.text(row, Field::ServiceDate)));
    let (sample, whole) = (&source.sample, source.whole);
    detected.grammar.surplus = surplus_fields(&detected.grammar, sample, detected.data_start, whole, FIRST_ROWS, fits);
}

/// Refuses a header that is one name short because two of its names are one, where the rows have a surplus field: every cell
/// after that name would be in the wrong column.
pub(crate) fn refuse_merged_names(source: &Source, detected: &Detected, layout: &Layout) -> Result<(), ReadError> {
    if detected.grammar.surplus == Surplus::Exactly(0) {
        return Ok(());
    }
    let known = KnownNames::new(layout);
    let is_used = |column: usize| detected.binding.each().any(|slot| slot.uses(column));
    let unused = (0..detected.grammar.width).filter(|column| !is_used(*column));
    let mut merged = unused.filter_map(|column| Some((column + 1, known.two_in_one(&detected.header[column])?)));
    let Some((number, (one, other))) = merged.next() else { return Ok(()) };
    let what = format!(
        "column {number} of the header holds two names, `{one}` and `{other}`, and the rows have one field more than the \
         header: write the missing delimiter between them"
    );
    Err(ReadError::unusable(&source.name, what))
}

/// Refuses an extract if its first rows have dates and none can be read: the header is shifted, or the dates have another
/// format.
pub(crate) fn refuse_unreadable_dates(
    source: &Source,
    detected: &Detected,
    is_date: impl Fn(&str) -> bool,
) -> Result<(), ReadError> {
    let (mut rows, mut filled, mut readable) = (0, 0, 0);
    each_first_row(&detected.grammar, &source.sample, detected.data_start, source.whole, usize::MAX, |row| {
        let Some((row, _)) = row else { return true };
        rows += 1;
        let mut dates = detected.binding.each().map(|slot| slot.text(row, Field::ServiceDate));
        if let Some(date) = dates.find(|date| !date.is_empty()) {
            filled += 1;
            readable += usize::from(is_date(&date) || dates.any(|date| is_date(&date)));
        }
        rows < FIRST_ROWS && readable == 0
    });
    if filled < UNREADABLE_DATES || readable > 0 {
        return Ok(());
    }
    let columns = detected.binding.columns(Field::ServiceDate).iter();
    let names: Vec<_> =
        columns.filter_map(|c| detected.header.get(*c)).map(|n| format!("`{}`", printable(n))).collect();
    Err(ReadError::unusable(
        &source.name,
        format!(
            "none of the {filled} service dates in its first {rows} rows can be read (column {}): the header does not fit \
             the rows, or the dates have another form than 2024-03-05, 20240305, 3/5/2024 or 05-MAR-2024; in a layout \
             file, `dates` names the form, such as dates = [\"DD.MM.YYYY\"] (`claimlint inspect` shows what was \
             understood)",
            names.join(", ")
        ),
    ))
}
