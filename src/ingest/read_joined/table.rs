//! Reads one joined table: its cells by key, its keys, and its rows that cannot be read.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ingest::error::ReadError;
use crate::ingest::layout::joined::{Joined, TableShape};
use crate::ingest::read_joined::keys::KeySet;
use crate::ingest::record::reject::{Reason, Rejects};
use crate::ingest::record::row::Row;
use crate::ingest::row_memory::RowMemory;
use crate::ingest::scan::RowFilter;
use crate::ingest::scan::collect::{Collector, KeptRow, Position, RowAction};
use crate::ingest::scan::parallel;
use crate::ingest::scan::parallel::Watch;
use crate::ingest::scan::tally::Tally;
use crate::ingest::source::Source;
use crate::ingest::source::spill::Spool;
use crate::warning::Warning;

/// Bytes of memory that a kept row takes besides its text: its place in a list, in hash tables of its keys, and in the
/// allocator.
pub(super) const ROW_BYTES: usize = 256;

/// The cells of one table by key, each with its column number in the table.
pub(super) type Cells = FxHashMap<Box<str>, Vec<(usize, Box<str>)>>;

/// One row of a table: its cells, or the error to report.
pub(super) struct TableRow {
    pub(super) key: Box<str>,
    pub(super) cells: Result<Vec<(usize, Box<str>)>, String>,
}

impl TableRow {
    /// Bytes of memory that it takes, together with its places in the tables of its key.
    fn bytes(&self) -> usize {
        let cells = self.cells.iter().flatten().map(|(_, cell)| cell.len() + size_of::<(usize, Box<str>)>() + 16);
        2 * self.key.len() + cells.sum::<usize>() + ROW_BYTES
    }
}

/// What is kept of a table.
pub(super) struct TableRows {
    /// Rows that [`read`] was asked for.
    pub(super) rows: Vec<KeptRow<TableRow>>,
    /// The keys of all rows that the layout uses.
    pub(super) keys: KeySet,
    spool: Option<Arc<Spool>>,
}

impl Collector for TableRows {
    fn for_block() -> Self {
        Self { rows: Vec::new(), keys: KeySet::default(), spool: None }
    }

    fn append(&mut self, next: Self, lines: u64, bytes: u64) {
        Collector::append(&mut self.rows, next.rows, lines, bytes);
        self.keys.merge(&next.keys);
    }

    fn count(&self) -> u64 {
        self.rows.len() as u64
    }

    fn spool(&self) -> Option<Arc<Spool>> {
        self.spool.clone()
    }
}

/// A table that was read to its end.
pub(super) struct ReadTable {
    pub(super) rows: Vec<KeptRow<TableRow>>,
    pub(super) keys: KeySet,
    pub(super) count: u64,
    pub(super) rejects: Rejects,
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
            let place = text.parse().ok().and_then(|n: usize| numbers.iter().position(|known| *known == n));
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
    (text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit())) && !join.text(row, *column).is_empty()
}

/// Collects rows by key. Each code gets its own position; a table without codes may have one row per key.
pub(super) fn collect_rows(join: &Joined, rows: Vec<KeptRow<TableRow>>) -> Result<Cells, ReadError> {
    let mut cells = Cells::default();
    let mut lines: FxHashMap<Box<str>, u64> = FxHashMap::default();
    for KeptRow { line, value: TableRow { key, cells: taken }, .. } in rows {
        let refuse = |what: String| refuse(join, line, &what);
        let taken = taken.map_err(refuse)?;
        let TableShape::Codes { number, numbers, .. } = &join.shape else {
            if let Some(first) = lines.insert(key.clone(), line) {
                return Err(refuse(format!(
                    "the key of line {first} again; leave one row per key, or say which with `only`"
                )));
            }
            cells.insert(key, taken);
            continue;
        };
        let of_key = cells.entry(key).or_default();
        for (place, code) in taken {
            let place = match number {
                None if of_key.iter().any(|(_, c)| *c == code) => continue,
                None => of_key.len(),
                Some((_, name)) => match of_key.iter().find(|(p, _)| *p == place) {
                    Some((_, same)) if *same == code => continue,
                    Some(_) => {
                        return Err(refuse(format!(
                            "{name} {} of this key is another code here than before; narrow the rows with `only`, or leave \
                             `number` out of its [[join]]",
                            numbers[place]
                        )));
                    }
                    None => place,
                },
            };
            if place >= numbers.len() {
                return Err(refuse(format!(
                    "one key has more than {} codes; narrow the rows with `only`, or raise `as` in its [[join]]",
                    numbers.len()
                )));
            }
            of_key.push((place, code));
        }
    }
    Ok(cells)
}

fn refuse(join: &Joined, line: u64, what: &str) -> ReadError {
    ReadError::unusable(&join.file, format!("line {line}: --join {}: {what}", join.table))
}

/// Reads a table, the first time with warnings about it, and keeps what `take` returns for each row, with the line of the row. Refuses a table of which more than
/// half of the rows cannot be read.
pub(super) fn read(
    join: &Joined,
    (spool, block, memory): (Option<Arc<Spool>>, usize, &RowMemory),
    watch: &dyn Watch,
    is_first: bool,
    take: &(impl Fn(&Row<'_>) -> Option<TableRow> + Sync),
) -> Result<ReadTable, ReadError> {
    let mut blocks = Source::open_within(&join.file, join.limit)?.blocks(join.data_start, block);
    let look = |row: &Row<'_>, Position { line, offset }: Position, kept: &mut TableRows| {
        if !join.takes(row) {
            return RowAction::Ignore;
        }
        if has_unread_number(join, row) {
            return RowAction::Reject(Reason::UnreadNumber);
        }
        if let Some(key) = join.key(row) {
            kept.keys.add(&key);
        }
        let Some(taken) = take(row) else { return RowAction::Ignore };
        if !memory.keeps(taken.bytes()) {
            return RowAction::Keep(());
        }
        RowAction::Keep(taken).then(|value| kept.rows.push(KeptRow { line, offset, value }))
    };
    let empty = TableRows { spool, ..TableRows::for_block() };
    let total = Tally::new(join.lines_before + 1, join.data_start as u64, empty);
    let tally = parallel::read(&mut blocks, &join.grammar, RowFilter::All, &look, watch, total)?;
    tally.refuse_rows_that_end_otherwise(&join.file, &join.grammar)?;
    let mut warnings: Vec<Warning> = tally.left_out.iter().map(|kind| Warning::new(*kind).file(&join.file)).collect();
    warnings.extend(tally.warnings_about_lines(&join.file, &join.grammar, join.lines_before));
    warnings.into_iter().filter(|_| is_first).for_each(|warning| watch.warning(warning));
    let count = tally.rows;
    let Tally { kept: TableRows { rows, keys, .. }, rejects, .. } = tally;
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
    Ok(ReadTable { rows, keys, count, rejects })
}
