//! Joins a table to the rows of an extract by sorting both by key, if memory does not hold the rows of the table or the keys.

use std::io;
use std::iter::Peekable;

use crate::disk::sorted::{Merged, SORTED_BYTES, Sorter};
use crate::ingest::error::ReadError;
use crate::ingest::layout::joined::{Joined, TableShape};
use crate::ingest::read_joined::lost::{LostCodes, SortedLost};
use crate::ingest::read_joined::room::{JoinRoom, unwritten};
use crate::ingest::read_joined::rows::KeptRows;
use crate::ingest::read_joined::table::{ROW_BYTES, RowCells, SortedRows, TableRow, add_cells, refuse};

/// Which rows of the table are there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Present {
    /// All rows with a known code: their cells are wanted, and keys that no row of the extract has are counted.
    WithCodes,
    /// The same, but only the count is wanted.
    Counted,
    /// Rows whose keys some row of the extract may have: their cells are wanted.
    Asked,
}

/// What a table joins to the rows of an extract.
pub(super) struct SortedJoin {
    /// The cells of each row that has any, by the number of the row.
    pub(super) cells: Sorter<(u64, RowCells)>,
    /// Cells with known codes by keys that no row has.
    pub(super) lost: LostCodes,
    /// Does a row take cells of the table?
    pub(super) is_used: bool,
}

/// Joins the rows. Of several faults in the table, that of the first line is reported.
pub(super) fn join_by_key(
    join: &Joined,
    kept: &KeptRows,
    rows: SortedRows,
    present: Present,
    room: &JoinRoom,
) -> Result<SortedJoin, ReadError> {
    let mut fault = None;
    let joined = joined(join, kept, rows, present, room, &mut fault).map_err(unwritten)?;
    match fault {
        Some((line, what)) => Err(refuse(join, line, &what)),
        None => Ok(joined),
    }
}

fn joined(
    join: &Joined,
    kept: &KeptRows,
    rows: SortedRows,
    present: Present,
    room: &JoinRoom,
    fault: &mut Option<(u64, String)>,
) -> io::Result<SortedJoin> {
    let mut asked = Sorter::<(Box<str>, u64)>::new(room.scratch(), SORTED_BYTES);
    kept.visit_keys(join, |number, key| {
        let bytes = key.len() + size_of::<(Box<str>, u64)>();
        asked.push((Box::from(key), number), bytes)
    })?;
    let mut asked = asked.finish()?.peekable();
    let mut cells = Sorter::new(room.scratch(), SORTED_BYTES);
    let (mut lost, mut is_used) = (SortedLost::new(room.scratch()), false);
    let mut rows = rows.sorter.finish()?.peekable();
    while let Some(first) = rows.next().transpose()? {
        let key = first.key.clone();
        let of_key = KeyRows::read(join, first, &mut rows, present == Present::Counted)?;
        let mut is_met = false;
        while let Some((own, number)) = next_if(&mut asked, |(own, _)| *own <= key)? {
            if own == key {
                is_met = true;
                if present != Present::Counted {
                    let bytes = of_key.cells.iter().map(|(_, cell)| cell.len()).sum::<usize>() + ROW_BYTES;
                    cells.push((number, of_key.cells.clone()), bytes)?;
                }
            }
        }
        is_used |= is_met && present != Present::Counted;
        if !is_met && present != Present::Asked {
            lost.add(key, if present == Present::Counted { of_key.count } else { of_key.cells.len() as u64 })?;
        }
        // The keys of the rows that were asked for went through a filter, which lets a few others pass.
        let counts = is_met || present == Present::WithCodes;
        if let Some(wrong) = of_key.fault.filter(|_| counts) {
            *fault = fault.take().into_iter().chain([wrong]).min();
        }
    }
    Ok(SortedJoin { cells, lost: LostCodes::Sorted(lost), is_used })
}

/// The next value if it fulfills the condition.
fn next_if<T>(
    values: &mut Peekable<impl Iterator<Item = io::Result<T>>>,
    holds: impl Fn(&T) -> bool,
) -> io::Result<Option<T>> {
    values.next_if(|value| value.as_ref().map_or(true, &holds)).transpose()
}

/// The rows of a table with one key.
struct KeyRows {
    cells: RowCells,
    count: u64,
    /// The first row that contradicts those before it, or cannot be read.
    fault: Option<(u64, String)>,
}

impl KeyRows {
    /// Reads the rows with the key of this one.
    fn read(
        join: &Joined,
        first: TableRow,
        rows: &mut Peekable<Merged<TableRow>>,
        only_counts: bool,
    ) -> io::Result<Self> {
        let mut of_key = Self { cells: Vec::new(), count: 0, fault: None };
        let (key, mut before, mut next) = (first.key.clone(), None, Some(first));
        while let Some(TableRow { line, cells, .. }) = next {
            of_key.count += 1;
            if !only_counts && of_key.fault.is_none() {
                of_key.fault = add_cells(join, &mut of_key.cells, before, cells).err().map(|what| (line, what));
            }
            if matches!(join.shape, TableShape::Row) {
                before = Some(line);
            }
            next = next_if(rows, |row| row.key == key)?;
        }
        Ok(of_key)
    }
}

/// The cells that tables join to rows, taken in the order of the rows.
pub(super) struct CellsInOrder(Peekable<Merged<(u64, RowCells)>>);

impl CellsInOrder {
    pub(super) fn new(cells: Sorter<(u64, RowCells)>) -> io::Result<Self> {
        Ok(Self(cells.finish()?.peekable()))
    }

    /// The cells of the next `count` rows, of which the first has this number. `None`: the table has no row for it.
    pub(super) fn of(&mut self, first: u64, count: usize) -> io::Result<Vec<Option<RowCells>>> {
        let mut found = vec![None; count];
        while let Some((number, cells)) = next_if(&mut self.0, |(number, _)| *number < first + count as u64)? {
            found[(number - first) as usize] = Some(cells);
        }
        Ok(found)
    }
}
