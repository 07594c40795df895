//! Reads one joined table: its cells by key, its keys, and its rows that cannot be read.

use std::io;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::disk::key_filter::KeyFilter;
use crate::disk::sorted::{SORTED_BYTES, Sorter};
use crate::disk::spool::Spool;
use crate::ingest::cell::without_float_trace;
use crate::ingest::error::ReadError;
use crate::ingest::known_codes::KnownCodes;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::joined::{Joined, RowKey, TableShape};
use crate::ingest::read_joined::keys::{KeySet, hash};
use crate::ingest::read_joined::lost::Unkeyed;
use crate::ingest::read_joined::room::{JoinRoom, RoomShare, unwritten};
use crate::ingest::read_joined::usage::warnings;
use crate::ingest::record::reject::{Reason, Rejects};
use crate::ingest::record::row::Row;
use crate::ingest::scan::RowFilter;
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::parallel;
use crate::ingest::scan::parallel::Watch;
use crate::ingest::scan::tally::{Counts, Tally};
use crate::ingest::source::Source;

/// Bytes of memory that a kept row takes besides its text: its place in a list, in hash tables of its keys, and in the
/// allocator.
pub(super) const ROW_BYTES: usize = 256;

/// The cells of a row or of a key, each with its column number in the table.
pub(super) type RowCells = Vec<(usize, Box<str>)>;

/// The cells of one table by key.
pub(super) type Cells = FxHashMap<Box<str>, RowCells>;

/// One row of a table. Its order is that of the keys, and of the lines of a key.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct TableRow {
    pub(super) key: Box<str>,
    /// Line of the file. Before blocks are joined, the number of lines before it in the block.
    pub(super) line: u64,
    /// Its cells, or the error to report.
    pub(super) cells: Result<RowCells, String>,
}

impl TableRow {
    /// Bytes of memory that it takes, together with its places in the tables of its key.
    fn bytes(&self) -> usize {
        let cells = self.cells.iter().flatten().map(|(_, cell)| cell.len() + size_of::<(usize, Box<str>)>() + 16);
        2 * self.key.len() + cells.sum::<usize>() + ROW_BYTES
    }
}

/// Rows that are sorted on disk, and a filter of their keys.
pub(super) struct SortedRows {
    pub(super) filter: KeyFilter,
    pub(super) sorter: Sorter<TableRow>,
}

impl SortedRows {
    /// Sorts rows in the files of a room.
    pub(super) fn new(room: &JoinRoom) -> Self {
        Self { filter: KeyFilter::new(), sorter: Sorter::new(room.scratch(), SORTED_BYTES) }
    }

    pub(super) fn add(&mut self, row: TableRow) -> io::Result<()> {
        self.filter.add(hash(row.key.as_bytes()));
        let bytes = row.bytes();
        self.sorter.push(row, bytes)
    }
}

/// Collects the rows of a table that [`read`] was asked for: in memory up to a bound, and then sorted on disk.
#[derive(Default)]
struct TableRows<'r> {
    held: Vec<TableRow>,
    bytes: usize,
    /// The keys of all rows that the layout uses.
    keys: KeySet,
    /// Those of them that meet no row.
    unkeyed: Unkeyed,
    /// Where the rows of the table go. The rows of a block are few.
    beyond: Option<Beyond<'r>>,
    count: u64,
}

/// Where rows go that memory does not hold.
struct Beyond<'r> {
    share: RoomShare<'r>,
    sorted: Option<SortedRows>,
    failed: Option<io::Error>,
}

impl<'r> TableRows<'r> {
    fn of_table(room: &'r JoinRoom) -> Self {
        Self { beyond: Some(Beyond { share: RoomShare::of(room), sorted: None, failed: None }), ..Self::default() }
    }

    /// Sorts rows that memory does not hold. After an error of the disk they are lost, because the run ends with it.
    fn settle(&mut self) {
        let Some(beyond) = &mut self.beyond else { return };
        if beyond.sorted.is_none() && beyond.share.holds(self.bytes) {
            return;
        }
        let sorted = beyond.sorted.get_or_insert_with(|| SortedRows::new(beyond.share.room));
        let rows = std::mem::take(&mut self.held);
        if beyond.failed.is_none() {
            beyond.failed = rows.into_iter().try_for_each(|row| sorted.add(row)).err();
        }
    }

    fn finish(mut self) -> io::Result<FoundRows> {
        self.settle();
        match self.beyond {
            Some(Beyond { failed: Some(e), .. }) => Err(e),
            Some(Beyond { sorted: Some(sorted), .. }) => Ok(FoundRows::Sorted(sorted)),
            _ => Ok(FoundRows::Held(self.held)),
        }
    }
}

impl Collector for TableRows<'_> {
    fn for_block() -> Self {
        Self::default()
    }

    fn append(&mut self, next: Self, lines: u64, _: u64) -> Option<Self> {
        self.held.extend(next.held.into_iter().map(|row| TableRow { line: row.line + lines, ..row }));
        self.bytes += next.bytes;
        self.count += next.count;
        self.keys.merge(&next.keys);
        self.unkeyed.append(&next.unkeyed, lines);
        self.settle();
        None
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn spool(&self) -> Option<Arc<Spool>> {
        self.beyond.as_ref().and_then(|beyond| beyond.share.room.spool.clone())
    }
}

/// The rows of a table that were asked for.
pub(super) enum FoundRows {
    /// In the order of the file.
    Held(Vec<TableRow>),
    /// By key, on disk.
    Sorted(SortedRows),
}

/// What was read of a table besides those rows.
pub(super) struct ReadTable {
    pub(super) keys: KeySet,
    pub(super) unkeyed: Unkeyed,
    pub(super) counts: Counts,
    pub(super) rejects: Rejects,
}

/// The columns of a table in which procedure codes stand, and the known codes.
pub(super) struct CodeCells<'k> {
    columns: Vec<usize>,
    known: &'k KnownCodes,
}

impl<'k> CodeCells<'k> {
    pub(super) fn of(join: &Joined, binding: &Binding, known: &'k KnownCodes) -> Self {
        let procedures = (0..join.names.len()).filter(|nth| binding.is_procedure(join.first + nth));
        let mut columns: Vec<usize> = procedures.map(|nth| join.column(nth)).collect();
        columns.dedup();
        Self { columns, known }
    }

    /// Has the table no such column?
    pub(super) fn are_none(&self) -> bool {
        self.columns.is_empty()
    }

    /// May a row hold a known code? No false "no".
    pub(super) fn may_hold(&self, join: &Joined, row: &Row<'_>) -> bool {
        self.columns.iter().any(|column| self.known.may(&join.text(row, *column)))
    }
}

/// The code of a row and its position among the numbers of the layout. Without numbers, [`collect_rows`] assigns the
/// position.
pub(super) fn code(join: &Joined, row: &Row<'_>) -> Result<Vec<(usize, Box<str>)>, String> {
    let TableShape::Codes { column, number, numbers } = &join.shape else { return Ok(Vec::new()) };
    let cell = join.text(row, *column);
    if cell.is_empty() {
        return Ok(Vec::new());
    }
    let place = match number {
        None => 0,
        Some((column, name)) => {
            let text = join.text(row, *column);
            let place = without_float_trace(&text)
                .parse()
                .ok()
                .and_then(|n: usize| numbers.iter().position(|known| *known == n));
            place.ok_or_else(|| {
                format!(
                    "{name} is not among the numbers for which the layout has columns ({} to {}); narrow the rows with `only`, or \
                     leave `number` out of its [[join]]",
                    numbers.first().unwrap_or(&0),
                    numbers.last().unwrap_or(&0)
                )
            })?
        }
    };
    Ok(vec![(place, Box::from(cell))])
}

/// Has the row a code with a number that is no whole number? One that is too large is a fault of the layout instead.
fn has_unread_number(join: &Joined, row: &Row<'_>) -> bool {
    let TableShape::Codes { column, number: Some((number, _)), .. } = &join.shape else { return false };
    let text = join.text(row, *number);
    let text = without_float_trace(&text);
    (text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit())) && !join.text(row, *column).is_empty()
}

/// Collects rows by key.
pub(super) fn collect_rows(join: &Joined, rows: Vec<TableRow>) -> Result<Cells, ReadError> {
    let mut cells = Cells::default();
    let mut lines: FxHashMap<Box<str>, u64> = FxHashMap::default();
    for TableRow { line, key, cells: taken } in rows {
        let first = match join.shape {
            TableShape::Row => lines.insert(key.clone(), line),
            TableShape::Codes { .. } => None,
        };
        add_cells(join, cells.entry(key).or_default(), first, taken).map_err(|what| refuse(join, line, &what))?;
    }
    Ok(cells)
}

/// Adds the cells of a row to those of its key. Each code gets its own position; a table without codes may have one row per key,
/// and `first` is the line of that row.
pub(super) fn add_cells(
    join: &Joined,
    of_key: &mut RowCells,
    first: Option<u64>,
    taken: Result<RowCells, String>,
) -> Result<(), String> {
    let taken = taken?;
    let TableShape::Codes { number, numbers, .. } = &join.shape else {
        if let Some(first) = first {
            return Err(format!("the key of line {first} again; leave one row per key, or say which with `only`"));
        }
        *of_key = taken;
        return Ok(());
    };
    for (place, code) in taken {
        let place = match number {
            None if of_key.iter().any(|(_, c)| *c == code) => continue,
            None => of_key.len(),
            Some((_, name)) => match of_key.iter().find(|(p, _)| *p == place) {
                Some((_, same)) if *same == code => continue,
                Some(_) => {
                    return Err(format!(
                        "{name} {} of this key is another code here than before; narrow the rows with `only`, or leave \
                         `number` out of its [[join]]",
                        numbers[place]
                    ));
                }
                None => place,
            },
        };
        if place >= numbers.len() {
            return Err(format!(
                "one key has more than {} codes; narrow the rows with `only`, or raise `as` in its [[join]]",
                numbers.len()
            ));
        }
        of_key.push((place, code));
    }
    Ok(())
}

pub(super) fn refuse(join: &Joined, line: u64, what: &str) -> ReadError {
    ReadError::unusable(&join.file, format!("line {line}: --join {}: {what}", join.table))
}

/// Reads a table, the first time with warnings about it, and keeps what `take` returns for each row: its key and its cells, or the
/// error to report. Refuses a table of which more than half of the rows cannot be read. Rows that meet no row are counted.
pub(super) fn read(
    join: &Joined,
    codes: &CodeCells<'_>,
    room: &JoinRoom,
    watch: &dyn Watch,
    is_first: bool,
    take: &(impl Fn(&Row<'_>) -> Option<(Box<str>, Result<RowCells, String>)> + Sync),
) -> Result<(FoundRows, ReadTable), ReadError> {
    let mut blocks =
        Source::open_within(&join.file, join.limit)?.blocks(join.data_start, room.block).with_few_in_flight();
    let unkeyed = |row: &Row<'_>| {
        let has_code = codes.may_hold(join, row);
        Unkeyed { codes: u64::from(has_code), line: has_code.then_some(0), ..Unkeyed::default() }
    };
    let look = |row: &Row<'_>, Position { line, .. }: Position, kept: &mut TableRows<'_>| {
        if !join.takes(row) {
            return RowAction::Ignore;
        }
        if has_unread_number(join, row) {
            return RowAction::Reject(Reason::UnreadNumber);
        }
        match join.key(row) {
            RowKey::Whole(key) => kept.keys.add(&key),
            RowKey::Mangled(key) => {
                kept.keys.add(&key);
                kept.unkeyed.append(&Unkeyed { mangled: 1, ..unkeyed(row) }, line);
            }
            RowKey::Empty => kept.unkeyed.append(&Unkeyed { empty: 1, ..unkeyed(row) }, line),
        }
        let Some((key, cells)) = take(row) else { return RowAction::Ignore };
        let row = TableRow { key, line, cells };
        kept.bytes += row.bytes();
        kept.count += 1;
        kept.held.push(row);
        RowAction::Keep(())
    };
    let total = Tally::new(join.lines_before + 1, join.data_start as u64, TableRows::of_table(room));
    let tally = parallel::read(&mut blocks, &join.grammar, RowFilter::All, &look, watch, total)?;
    tally.refuse_rows_that_end_otherwise(&join.file, &join.grammar)?;
    // Which rows are passed over depends on what memory holds of the keys, and nobody asks for their number.
    let counts = Counts { ignored: 0, ..tally.counts().clone() };
    if is_first {
        for warning in warnings(join, &counts) {
            watch.warning(warning);
        }
    }
    let count = counts.rows;
    let Tally { kept: mut rows, rejects, .. } = tally;
    if rejects.len() * 2 > count {
        let first = rejects.first().iter().map(|r| format!("line {}: {}", r.line, r.reason.sentence()));
        let what = format!(
            "--join {}: {} of its {count} rows cannot be read; the first:\n  {}",
            join.table,
            rejects.len(),
            first.collect::<Vec<_>>().join("\n  ")
        );
        return Err(ReadError::unusable(&join.file, what));
    }
    let (keys, unkeyed) = (std::mem::take(&mut rows.keys), rows.unkeyed);
    Ok((rows.finish().map_err(unwritten)?, ReadTable { keys, unkeyed, counts, rejects }))
}
