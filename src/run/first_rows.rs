//! What the first rows of an extract say of its columns: dates that cannot be read or may be misread, cells that are in the wrong
//! columns, and columns that no field uses although they look like codes.

use rustc_hash::FxHashMap;

use crate::ingest::cell::{printable, shape, upper};
use crate::ingest::field::{Field, fold};
use crate::ingest::layout::beyond::NumberedBeyond;
use crate::ingest::layout::slot_gaps::SlotGap;
use crate::ingest::layout::table_gaps::TableGap;
use crate::ingest::record::first_rows::{FIRST_ROWS, each_first_row};
use crate::ingest::{Binding, Detected, Layout, Row, Source};
use crate::policy::Policy;
use crate::run::column_clues::ColumnLook;
use crate::run::misplaced::Misplaced;
use crate::run::unread_words::UnreadWords;
use crate::warning::{Warning, WarningKind};

/// The dates whose column is looked at.
const DATES: [Field; 2] = [Field::ServiceDate, Field::ServiceEndDate];

/// A date is probably not month before day if more than one in this many has a number above 12 in the place of the month. Of
/// dates with day before month nearly two thirds have; one typing error in a few rows is none.
const MONTHS_ABOVE_12_ONE_IN: u64 = 10;

/// Dates of a column.
#[derive(Default)]
struct Dates {
    filled: u64,
    read: u64,
    months_above_12: u64,
}

/// Looks at the header and the first rows, at most [`FIRST_ROWS`] of them.
pub(crate) fn look(
    source: &Source,
    detected: &Detected,
    layout: Option<&Layout>,
    policy: &Policy,
    is_date: impl Fn(&str) -> bool,
) -> Vec<Warning> {
    let mut unused = unused_columns(detected, layout);
    let mut dates: [Dates; DATES.len()] = Default::default();
    let (grammar, sample) = (&detected.grammar, &source.sample);
    let (mut misplaced, mut words) = (Misplaced::default(), UnreadWords::default());
    // Of the words that are looked at, a layout has only those of the frequency.
    let own_words = layout.filter(|layout| !layout.words.frequency.is_empty());
    let own_words = own_words.map(|layout| policy.vocabulary.clone().with(&layout.words));
    let vocabulary = own_words.as_ref().unwrap_or(&policy.vocabulary);
    each_first_row(grammar, sample, detected.data_start, source.whole, FIRST_ROWS, |row| {
        let Some((row, _)) = row else { return true };
        misplaced.add(row, &detected.binding, grammar.width, &policy.codes);
        words.add(row, &detected.binding, grammar.width, vocabulary);
        for (column, look) in &mut unused {
            look.add(&upper(row.text(*column, &[])), policy);
        }
        for (field, dates) in DATES.into_iter().zip(&mut dates) {
            for slot in detected.binding.each().filter(|slot| is_own(slot, field, grammar.width)) {
                dates.add(row, slot, field, &is_date);
            }
        }
        true
    });
    let has_patterns = !detected.date_patterns(layout).is_empty();
    let mut warnings = Vec::new();
    for (field, dates) in DATES.into_iter().zip(dates) {
        let about = |kind| Warning::new(kind).file(&source.name).field(field.name()).of(dates.filled);
        if dates.months_above_12 * MONTHS_ABOVE_12_ONE_IN > dates.filled && !has_patterns {
            warnings.push(about(WarningKind::MonthAbove12).count(dates.months_above_12));
        }
        // An end date is often empty or a placeholder, which is read as none.
        if field == Field::ServiceDate && dates.read * 2 < dates.filled {
            warnings.push(about(WarningKind::UnreadableDates).count(dates.read));
        }
    }
    warnings.extend(misplaced.warning(&source.name));
    warnings.extend(words.warnings(&source.name, detected));
    warnings.extend(of_unused(source, detected, unused));
    warnings.extend(detected.beyond.iter().map(|beyond| of_beyond(source, detected, beyond)));
    warnings.extend(detected.slot_gaps.iter().map(|gap| of_gap(source, gap)));
    warnings.extend(detected.table_gaps.iter().map(|gap| of_table_gap(source, gap)));
    warnings
}

/// What to say of columns that no field uses. Columns whose names differ only in digits are one warning, or a run of 25 would
/// be 25.
fn of_unused(source: &Source, detected: &Detected, unused: Vec<(usize, ColumnLook)>) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = Vec::new();
    let mut places: FxHashMap<(&str, String), usize> = FxHashMap::default();
    for (column, look) in unused {
        let Some((field, cells)) = look.verdict() else { continue };
        let alike: String = fold(&detected.header[column]).chars().filter(|c| !c.is_ascii_digit()).collect();
        let place = *places.entry((field, alike)).or_insert(warnings.len());
        let about = Warning::new(WarningKind::UnusedColumn).file(&source.name).field(field);
        let about = about.column(numbered(detected, column)).count(cells).of(look.filled());
        match warnings.get_mut(place) {
            Some(first) => first.add_column(&about),
            None => warnings.push(about),
        }
    }
    warnings
}

/// What to say of columns that are numbered beyond what is read.
fn of_beyond(source: &Source, detected: &Detected, beyond: &NumberedBeyond) -> Warning {
    let about = Warning::new(WarningKind::NumberedBeyond).file(&source.name).field(beyond.field).of(beyond.last);
    // Its name is known but for its number.
    let first = beyond.columns.first().map(|column| printable(&detected.header[*column])).unwrap_or_default();
    Warning { columns: beyond.columns.len() as u64, ..about.column(first) }
}

/// What to say of a column that some service slots lack. Its name is that of the layout.
fn of_gap(source: &Source, gap: &SlotGap) -> Warning {
    let about = Warning::new(WarningKind::SlotsUnlike).file(&source.name).field(gap.field);
    about.column(printable(&gap.name)).count(gap.lacking).of(gap.slots)
}

/// What to say of a column that a joined table lacks. Its name is that of the layout.
fn of_table_gap(source: &Source, gap: &TableGap) -> Warning {
    Warning::new(WarningKind::JoinedColumnMissing).file(&source.name).field(gap.field).column(printable(&gap.name))
}

/// A column by its number and the shape of its name. The name is not known, so it may be a cell of a row, and stays unsaid.
fn numbered(detected: &Detected, column: usize) -> String {
    let (number, name) = (column + 1, &detected.header[column]);
    if name.is_empty() { number.to_string() } else { format!("{number} ({})", printable(&shape(name))) }
}

/// Is the field read from the extract itself? A cell of a joined table is not known yet.
fn is_own(slot: &Binding, field: Field, width: usize) -> bool {
    slot.columns(field).iter().all(|column| *column < width)
}

impl Dates {
    fn add(&mut self, row: &Row<'_>, slot: &Binding, field: Field, is_date: impl Fn(&str) -> bool) {
        let text = slot.text(row, field);
        if !text.is_empty() {
            self.filled += 1;
            self.read += u64::from(is_date(&text));
            self.months_above_12 += u64::from(is_month_above_12(&text));
        }
    }
}

/// Is the number in the place of the month 13 to 31, and that in the place of the day a month? The forms are those of
/// [`crate::ingest::date`] with a month in digits: M/D/YYYY, M/D/YY, YYYY-MM-DD, YYYY/MM/DD, YYYYMMDD.
fn is_month_above_12(text: &str) -> bool {
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['/', '-']).collect();
    let (month, day) = match parts[..] {
        [year, month, day] if year.len() == 4 => (month, day),
        [month, day, _] => (month, day),
        [whole] if whole.len() == 8 && whole.is_ascii() => (&whole[4..6], &whole[6..]),
        _ => return false,
    };
    let number = |text: &str| text.parse::<u8>().unwrap_or_default();
    (13..=31).contains(&number(month)) && (1..=12).contains(&number(day))
}

/// The columns of the extract that no field, no key of a joined table and no layout knows.
fn unused_columns(detected: &Detected, layout: Option<&Layout>) -> Vec<(usize, ColumnLook)> {
    let is_key = |column: &usize| detected.joins.iter().any(|join| join.is_key(*column));
    let is_used = |column: &usize| detected.binding.each().any(|slot| slot.uses(*column)) || is_key(column);
    let is_known = |column: &usize| layout.is_some_and(|layout| layout.leaves_out(&detected.header[*column]));
    let columns = (0..detected.grammar.width).filter(|column| !is_used(column) && !is_known(column));
    columns.filter_map(|column| Some((column, ColumnLook::new(&detected.header[column])?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_above_12_is_seen_in_every_form() {
        for text in ["13/02/2024", "31/12/24", "2024-13-02", "2024/31/01", "20241301", "2024-13-02T10:00", "13/1/2024"]
        {
            assert!(is_month_above_12(text), "{text}");
        }
        for text in ["02/13/2024", "2024-02-13", "20240213", "13/13/2024", "99/02/2024", "5-MAR-2024", "0", "", "13/02"]
        {
            assert!(!is_month_above_12(text), "{text}");
        }
    }
}
