//! What a layout must know of the kinds of the columns of a table.

use crate::ingest::cell::printable;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::binding::{Binding, Split};
use crate::ingest::parquet::ParquetFile;
use crate::ingest::parquet::kind::Kind;
use crate::ingest::parquet::text::Between;

/// Adapts a binding to the kinds of the columns, and returns whether all dates of service are days or timestamps. The error
/// names a column that a field would be read from and cannot.
pub(super) fn adapt(file: &ParquetFile, binding: &mut Binding) -> Result<bool, String> {
    let is_used = |column: usize| binding.each().any(|slot| slot.uses(column));
    for (nth, column) in file.columns().iter().enumerate() {
        if let Kind::Unreadable(what, advice) = column.kind
            && is_used(nth)
        {
            let name = printable(&column.name);
            return Err(format!("column `{name}` is {what}, which no field can be read from: {advice}"));
        }
    }
    let kind = |column: usize| file.columns().get(column).map(|column| &column.kind);
    let of_dates =
        |slot: &Binding| [Field::ServiceDate, Field::ServiceEndDate].map(|field| slot.columns(field).to_vec());
    let dates: Vec<usize> = binding.each().flat_map(of_dates).flatten().collect();
    let has_typed_dates = dates.iter().all(|column| kind(*column).is_some_and(Kind::is_date));
    let is_list = |slot: &Binding, group: Group| {
        slot.group(group).iter().any(|(_, column)| kind(*column).is_some_and(Kind::is_list))
    };
    let groups = Group::NAMES.into_iter().map(|(group, ..)| group);
    let lists: Vec<Group> = groups.filter(|group| binding.each().any(|slot| is_list(slot, *group))).collect();
    let further = binding.further.iter_mut().map(|slot| &mut slot.splits);
    for splits in std::iter::once(&mut binding.splits).chain(further) {
        // A list is a list, whether or not the layout says so.
        for group in &lists {
            if splits[*group as usize] == Split::No {
                splits[*group as usize] = Split::Auto;
            }
        }
    }
    Ok(has_typed_dates)
}

/// What separates the values of lists in this column: the character at which the layout splits the cell, if it names one.
pub(crate) fn between(binding: &Binding, column: usize) -> Between {
    let separator =
        binding.each().flat_map(|slot| Group::NAMES.map(|(group, ..)| (slot, group))).find_map(|(slot, group)| {
            match slot.split(group) {
                Split::At(separator) if slot.group(group).iter().any(|(_, c)| *c == column) => Some(separator),
                _ => None,
            }
        });
    separator.map_or(Between::Comma, Between::Separator)
}

/// What to do with the nested columns of a table in which no field, or not every field, was found. `None`: it has none.
pub(super) fn advice(file: &ParquetFile) -> Option<String> {
    let nested = file.columns().iter().filter_map(|column| match column.kind {
        Kind::Unreadable(_, advice) => Some((format!("`{}`", printable(&column.name)), advice)),
        _ => None,
    });
    let (names, advice): (Vec<_>, Vec<_>) = nested.take(NAMES_SHOWN).unzip();
    let advice = advice.first()?;
    Some(format!("\n  no field can be read from the column {}: {advice}", names.join(", ")))
}

/// Most names that an advice lists.
const NAMES_SHOWN: usize = 5;
