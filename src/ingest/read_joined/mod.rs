//! Reads an extract with joined tables and keeps only the claims that matter.
//!
//! 1. Tables with procedure codes are read, to find the keys of rows that hold a known code.
//! 2. The extract is read. A copy of a row is kept if the row may hold a code itself or step 1 found its key.
//! 3. The other tables are read for the keys of the kept rows.
//! 4. The joined cells are added to each kept row, which is then looked at like any row.
//!
//! Kept rows and the rows of tables are in memory up to a bound. Beyond it, kept rows are on disk in their order, the rows of a
//! table are sorted by key on disk, and step 4 merges the keys of both. Filters of keys then tell which rows may matter: they
//! keep a few more rows, which are out of scope when they are looked at.
//!
//! A row of a joined table that cannot be read is rejected with its file and line. If a row has no valid position for its code,
//! or repeats a key, the run fails: every verdict on that claim would be a guess.
//!
//! Every key of the tables and of the extract is counted on the way, so that a table of other claims is noticed.
//!
//! # Sub-rooms, in order
//!
//! - [`keys`]: distinct keys in bounded memory.
//! - [`lost`]: known codes on keys that no row has.
//! - [`usage`]: how a table was used.
//! - [`room`]: the memory for rows of joined claims.
//! - [`table`]: reads one table.
//! - [`rows`]: the rows of the extract that are kept.
//! - [`codes`]: the known codes of a table.
//! - [`by_key`]: joins a table by sorting.

mod by_key;
mod codes;
pub(crate) mod keys;
pub(crate) mod lost;
mod room;
mod rows;
mod table;
pub(crate) mod usage;

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::disk::key_filter::KeyFilter;
use crate::ingest::error::ReadError;
use crate::ingest::known_codes::KnownCodes;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::detect::Detected;
use crate::ingest::layout::joined::{Joined, TableShape};
use crate::ingest::read_joined::by_key::{CellsInOrder, Present, SortedJoin, join_by_key};
use crate::ingest::read_joined::codes::CodesFound;
use crate::ingest::read_joined::keys::hash;
use crate::ingest::read_joined::lost::LostCodes;
use crate::ingest::read_joined::room::{JoinRoom, unwritten};
use crate::ingest::read_joined::rows::{ExtractKeys, KeptRows, UnjoinedRow, UnjoinedRows};
use crate::ingest::read_joined::table::{
    Cells, CodeCells, FoundRows, ReadTable, RowCells, SortedRows, code, collect_rows,
};
use crate::ingest::read_joined::usage::{TableRead, TableUsage};
use crate::ingest::record::grammar::CellSpan;
use crate::ingest::record::quoting::Marks;
use crate::ingest::record::reject::{Reject, Rejects};
use crate::ingest::record::row::{Row, first_line};
use crate::ingest::scan::collect::{Collector, KeptRow, Position, RowAction};
use crate::ingest::scan::parallel;
use crate::ingest::scan::parallel::Watch;
use crate::ingest::scan::tally::Tally;
use crate::ingest::scan::{ChargeReader, RowFilter};
use crate::ingest::source::Source;
use crate::warning::Warning;

/// Passes on interrupts, notes and warnings, but not progress: only the rows and bytes of the extract count.
struct OnlyInterrupts<'a>(&'a dyn Watch);

impl Watch for OnlyInterrupts<'_> {
    fn passed(&self, _: u64, _: u64, _: u64) -> bool {
        self.0.passed(0, 0, 0)
    }

    fn note(&self, file: &str, what: &str) {
        self.0.note(file, what);
    }

    fn warning(&self, warning: Warning) {
        self.0.warning(warning);
    }
}

/// Reads `source` together with its joined tables. The arguments are those of [`crate::ingest::read_into`].
#[allow(clippy::too_many_arguments, reason = "the arguments of read_into")]
pub(crate) fn read<C: Collector>(
    source: Source,
    detected: &Detected,
    block: usize,
    codes: Option<&[&str]>,
    charge: Option<&ChargeReader<'_>>,
    look: &(impl Fn(&Detected, &Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
    total: Tally<C>,
) -> Result<(Tally<C>, Vec<TableUsage>), ReadError> {
    let binding = &detected.binding;
    let quiet = OnlyInterrupts(watch);
    let wanted = KnownCodes::new(codes);
    let joins = &detected.joins;
    let room = &JoinRoom::new(total.kept.spool(), block);

    let found = joins.iter().map(|join| CodesFound::of(join, binding, &wanted, room, &quiet));
    let found: Vec<CodesFound> = found.collect::<Result<_, _>>()?;

    // The keys of all rows are counted, so no row can be skipped unread.
    let filter = charge.map_or(RowFilter::All, RowFilter::Totaled);
    let mut blocks = source.blocks(detected.data_start, block).with_few_in_flight();
    let keep = |row: &Row<'_>, Position { line, offset }: Position, kept: &mut UnjoinedRows<'_>| {
        let mut matters = wanted.may_row(binding, row);
        for (table, (join, found)) in joins.iter().zip(&found).enumerate() {
            let key = join.key_of(row);
            kept.add_key(table, &key);
            matters |= key.whole().is_some_and(|key| found.may_hold(&key));
        }
        if !matters {
            return RowAction::Ignore;
        }
        kept.push(KeptRow { line, offset, value: UnjoinedRow::of(row, &detected.grammar) });
        RowAction::Keep(())
    };
    let empty = Tally::new(total.lines, total.bytes, UnjoinedRows::of_extract(room));
    let mut raws = parallel::read(&mut blocks, &detected.grammar, filter, &keep, watch, empty)?;

    let rejects = Rejects::new(total.kept.spool());
    let asked = std::mem::take(&mut raws.kept.keys);
    let rejected = raws.rejects.all().map_err(unwritten)?;
    let (kept, tally) = raws.with(total.kept, rejects);
    let kept = kept.finish().map_err(unwritten)?;
    let (mut joined, mut usages) = (Vec::new(), Vec::new());
    let nothing = ExtractKeys::default();
    for (nth, (join, found)) in joins.iter().zip(found).enumerate() {
        let asked = asked.get(nth).unwrap_or(&nothing);
        let codes = CodeCells::of(join, binding, &wanted);
        let of_table = join_table(join, (binding, &codes), found, &kept, room, &quiet)?;
        let ReadTable { counts, rejects, keys, unkeyed } = of_table.table;
        // Where a spreadsheet mangled the keys on both sides, the table may well be the right one.
        let has_only_whole = asked.has_mangled && unkeyed.mangled == 0;
        let read = TableRead {
            counts,
            rejects,
            met: keys.common(&asked.keys),
            asked: asked.keys.held_beside(&keys) + u64::from(has_only_whole),
            unkeyed,
            keys,
            is_used: of_table.is_used,
            lost: of_table.lost,
            kept: 0,
            without: 0,
        };
        usages.push(TableUsage::new(join, &detected.header, read));
        joined.push(of_table.cells);
    }
    let (tally, looked_at) = look_at((kept, rejected), detected, joined, look, tally)?;
    for (usage, without) in usages.iter_mut().zip(looked_at.without) {
        (usage.read.kept, usage.read.without) = (looked_at.kept, without);
    }
    Ok((tally, usages))
}

/// The cells that a table joins to the kept rows.
enum JoinedCells {
    /// By key.
    Held(Cells),
    /// By row.
    InOrder(CellsInOrder),
}

/// A joined table.
struct JoinedTable {
    cells: JoinedCells,
    lost: LostCodes,
    /// Does a kept row take cells of it?
    is_used: bool,
    table: ReadTable,
}

/// Finds the cells that a table joins to the kept rows.
fn join_table(
    join: &Joined,
    (binding, codes): (&Binding, &CodeCells<'_>),
    found: CodesFound,
    kept: &KeptRows,
    room: &JoinRoom,
    watch: &dyn Watch,
) -> Result<JoinedTable, ReadError> {
    let held_lost = found.lost(join, kept)?;
    let (lost, is_first) = match found {
        CodesFound::Codes(cells, table) => {
            let lost = LostCodes::Held(held_lost);
            return Ok(JoinedTable {
                is_used: takes_cells(join, kept, &cells)?,
                cells: JoinedCells::Held(cells),
                lost,
                table,
            });
        }
        CodesFound::Sorted(rows, table) if matches!(join.shape, TableShape::Codes { .. }) => {
            let SortedJoin { cells, lost, is_used } = join_by_key(join, kept, rows, Present::WithCodes, room)?;
            let cells = JoinedCells::InOrder(CellsInOrder::new(cells).map_err(unwritten)?);
            return Ok(JoinedTable { cells, lost, is_used, table });
        }
        CodesFound::Sorted(rows, _) => (join_by_key(join, kept, rows, Present::Counted, room)?.lost, false),
        CodesFound::Keys(_) => (LostCodes::Held(held_lost), false),
        CodesFound::Nothing => (LostCodes::default(), true),
    };
    let (rows, table) = rows_of_keys(join, (binding, codes), kept, room, watch, is_first)?;
    let sorted = match rows {
        FoundRows::Held(rows) if kept.are_held() => {
            let cells = collect_rows(join, rows)?;
            return Ok(JoinedTable {
                is_used: takes_cells(join, kept, &cells)?,
                cells: JoinedCells::Held(cells),
                lost,
                table,
            });
        }
        FoundRows::Held(rows) => {
            let mut sorted = SortedRows::new(room);
            rows.into_iter().try_for_each(|row| sorted.add(row)).map_err(unwritten)?;
            sorted
        }
        FoundRows::Sorted(sorted) => sorted,
    };
    let SortedJoin { cells, is_used, .. } = join_by_key(join, kept, sorted, Present::Asked, room)?;
    let cells = JoinedCells::InOrder(CellsInOrder::new(cells).map_err(unwritten)?);
    Ok(JoinedTable { cells, lost, is_used, table })
}

/// Does a kept row take one of these cells?
fn takes_cells(join: &Joined, kept: &KeptRows, cells: &Cells) -> Result<bool, ReadError> {
    let mut takes = false;
    let visited = kept.visit_keys(join, |_, key| {
        takes |= cells.contains_key(&*key);
        Ok(())
    });
    visited.map_err(unwritten).map(|()| takes)
}

/// Rows that a thread takes at a time: enough that handing them out costs nothing.
const CHUNK_ROWS: usize = 1024;

/// Rows that were kept after a look at them with their joined cells.
#[derive(Default)]
struct LookedAt {
    kept: u64,
    /// By table, those for which it has no row.
    without: Vec<u64>,
}

impl LookedAt {
    fn none(tables: usize) -> Self {
        Self { kept: 0, without: vec![0; tables] }
    }

    /// Adds other rows.
    fn add(&mut self, other: &Self) {
        self.kept += other.kept;
        self.without.iter_mut().zip(&other.without).for_each(|(own, more)| *own += more);
    }

    /// Adds a row. `is_met`: by table, whether it has a row for this one.
    fn add_row(&mut self, is_met: &[bool]) {
        self.kept += 1;
        self.without.iter_mut().zip(is_met).for_each(|(own, is_met)| *own += u64::from(!is_met));
    }
}

/// Adds the joined cells to each kept row and looks at it.
fn look_at<C: Collector>(
    (kept, mut rejected): (KeptRows, Vec<Reject>),
    detected: &Detected,
    mut joined: Vec<JoinedCells>,
    look: &(impl Fn(&Detected, &Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    mut total: Tally<C>,
) -> Result<(Tally<C>, LookedAt), ReadError> {
    let tables = detected.joins.len();
    let (mut first, mut looked_at) = (0, LookedAt::none(tables));
    for piece in kept.into_pieces() {
        let mut rows: Vec<KeptRow<UnjoinedRow>> = piece.map_err(unwritten)?;
        let in_order = joined.iter_mut().map(|cells| match cells {
            JoinedCells::Held(_) => Ok(Vec::new()),
            JoinedCells::InOrder(cells) => cells.of(first, rows.len()),
        });
        let in_order: Vec<Vec<Option<RowCells>>> = in_order.collect::<std::io::Result<_>>().map_err(unwritten)?;
        first += rows.len() as u64;
        let cells_of = |table: usize, row: usize, key: &str| match &joined[table] {
            JoinedCells::Held(cells) => cells.get(key),
            JoinedCells::InOrder(_) => in_order[table].get(row).and_then(Option::as_ref),
        };
        let looked: Vec<_> = rows
            .par_chunks_mut(CHUNK_ROWS)
            .enumerate()
            .map(|(nth, chunk)| {
                let (mut block, mut ignored, mut rejects) = (C::for_block(), 0, Vec::new());
                let mut of_chunk = LookedAt::none(tables);
                for (n, KeptRow { line, offset, value: raw }) in chunk.iter_mut().enumerate() {
                    let record = raw.bytes.len();
                    let is_met = raw.widen(detected, &|table, key| cells_of(table, nth * CHUNK_ROWS + n, key));
                    match look(detected, &raw.row(), Position { line: *line, offset: *offset }, &mut block) {
                        RowAction::Ignore => ignored += 1,
                        RowAction::Keep(()) => of_chunk.add_row(&is_met),
                        RowAction::Reject(reason) => {
                            let raw = first_line(&detected.grammar, &raw.bytes[..record]);
                            rejects.push(Reject { line: *line, offset: Some(*offset), reason, raw });
                        }
                    }
                }
                (block, ignored, rejects, of_chunk)
            })
            .collect();
        for (block, ignored, rejects, of_chunk) in looked {
            looked_at.add(&of_chunk);
            total.kept.append(block, 0, 0);
            total.ignored += ignored;
            rejected.extend(rejects);
        }
    }
    rejected.sort_by_key(|reject| reject.line);
    for reject in rejected {
        total.rejects.push(reject);
    }
    Ok((total, looked_at))
}

impl UnjoinedRow {
    /// Adds the cells that each table has for the key of the row, and says which tables have a row for it.
    fn widen<'c>(&mut self, detected: &Detected, cells: &impl Fn(usize, &str) -> Option<&'c RowCells>) -> Vec<bool> {
        let keys: Vec<_> =
            detected.joins.iter().map(|join| join.key_of(&self.row()).whole().map(Cow::into_owned)).collect();
        let end = self.bytes.len() as u32;
        self.fields.resize(detected.header.len(), CellSpan { start: end, end, marks: Marks::Nothing });
        let mut is_met = Vec::with_capacity(keys.len());
        for (table, (join, key)) in detected.joins.iter().zip(keys).enumerate() {
            let found = key.and_then(|key| cells(table, &key));
            is_met.push(found.is_some());
            // A claim without a row in the table gets empty cells.
            for (column, cell) in found.into_iter().flatten() {
                let start = self.bytes.len() as u32;
                self.bytes.extend_from_slice(cell.as_bytes());
                self.fields[join.first + column] =
                    CellSpan { start, end: self.bytes.len() as u32, marks: Marks::Nothing };
            }
        }
        is_met
    }
}

/// The keys of the kept rows.
enum AskedKeys {
    Held(FxHashSet<Box<str>>),
    /// Rows on disk have too many. A few other keys pass, too.
    Filter(KeyFilter),
}

impl AskedKeys {
    fn of(join: &Joined, kept: &KeptRows) -> Result<Self, ReadError> {
        let mut keys = if kept.are_held() { Self::Held(FxHashSet::default()) } else { Self::Filter(KeyFilter::new()) };
        let visited = kept.visit_keys(join, |_, key| {
            match &mut keys {
                Self::Held(keys) => drop(keys.insert(Box::from(key))),
                Self::Filter(filter) => filter.add(hash(key.as_bytes())),
            }
            Ok(())
        });
        visited.map_err(unwritten).map(|()| keys)
    }

    fn may_hold(&self, key: &str) -> bool {
        match self {
            Self::Held(keys) => keys.contains(key),
            Self::Filter(filter) => filter.may_hold(hash(key.as_bytes())),
        }
    }
}

/// Step 3: the rows with the keys of the kept rows.
fn rows_of_keys(
    join: &Joined,
    (binding, codes): (&Binding, &CodeCells<'_>),
    kept: &KeptRows,
    room: &JoinRoom,
    watch: &dyn Watch,
    is_first: bool,
) -> Result<(FoundRows, ReadTable), ReadError> {
    let keys = AskedKeys::of(join, kept)?;
    // Keep only the columns that the layout maps.
    let used: Vec<usize> =
        (0..join.names.len()).filter(|nth| binding.each().any(|slot| slot.uses(join.first + nth))).collect();
    table::read(join, codes, room, watch, is_first, &|row| {
        let key = join.key(row).whole().filter(|key| keys.may_hold(key))?;
        let cells = match &join.shape {
            TableShape::Row => Ok(used
                .iter()
                .map(|nth| (*nth, Box::from(join.text(row, *nth))))
                .filter(|(_, cell): &(usize, Box<str>)| !cell.is_empty())
                .collect()),
            TableShape::Codes { .. } => code(join, row),
        };
        Some((Box::from(key), cells))
    })
}
