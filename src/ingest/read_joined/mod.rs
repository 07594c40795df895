//! Reads an extract with joined tables and keeps only the claims that matter in memory.
//!
//! 1. Tables with procedure codes are read, to find the keys of rows that hold a known code.
//! 2. The extract is read. A copy of a row is kept if the row may hold a code itself or step 1 found its key.
//! 3. The other tables are read for the keys of the kept rows.
//! 4. The joined cells are added to each kept row, which is then looked at like any row.
//!
//! Memory grows with the claims that matter, never with a joined file, and has a bound. A row of a joined table that cannot be read is
//! rejected with its file and line. If a row has no valid position for its code, or repeats a key, the run fails: every
//! verdict on that claim would be a guess.
//!
//! Every key of the tables and of the extract is counted on the way, so that a table of other claims is noticed.
//!
//! # Sub-rooms, in order
//!
//! - [`keys`]: distinct keys in bounded memory.
//! - [`usage`]: how a table was used.
//! - [`table`]: reads one table.

pub(crate) mod keys;
mod table;
pub(crate) mod usage;

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ingest::error::ReadError;
use crate::ingest::known_codes::KnownCodes;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::detect::Detected;
use crate::ingest::layout::joined::{Joined, TableShape};
use crate::ingest::read_joined::keys::KeySet;
use crate::ingest::read_joined::table::{Cells, ROW_BYTES, ReadTable, TableRow, code, collect_rows};
use crate::ingest::read_joined::usage::TableUsage;
use crate::ingest::record::grammar::CellSpan;
use crate::ingest::record::quoting::Marks;
use crate::ingest::record::reject::{Reject, Rejects};
use crate::ingest::record::row::{Row, first_line};
use crate::ingest::row_memory::RowMemory;
use crate::ingest::scan::collect::{Collector, KeptRow, Position, RowAction};
use crate::ingest::scan::parallel;
use crate::ingest::scan::parallel::Watch;
use crate::ingest::scan::tally::Tally;
use crate::ingest::scan::{ChargeReader, RowFilter};
use crate::ingest::source::Source;
use crate::ingest::source::spill::Spool;
use crate::warning::Warning;

/// The known codes found in a table before the extract is read.
enum CodesFound {
    /// The table has no procedure codes.
    Nothing,
    /// The keys of the rows that hold a known code, with their number. The rows themselves are read later.
    Keys(FxHashMap<Box<str>, u64>),
    /// The known codes by key, and what was read. The table is not read again.
    Codes(Cells, Box<ReadTable>),
}

impl CodesFound {
    fn holds(&self, key: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Keys(keys) => keys.contains_key(key),
            Self::Codes(cells, _) => cells.contains_key(key),
        }
    }

    /// The number of cells with known codes by key, without the keys of these rows.
    fn lost(&self, join: &Joined, kept: &[KeptRow<UnjoinedRow>]) -> FxHashMap<Box<str>, u64> {
        let mut lost: FxHashMap<Box<str>, u64> = match self {
            Self::Nothing => return FxHashMap::default(),
            Self::Keys(keys) => keys.clone(),
            Self::Codes(cells, _) => cells.iter().map(|(key, cells)| (key.clone(), cells.len() as u64)).collect(),
        };
        for row in kept {
            if let Some(key) = join.key_of(&row.value.row()) {
                lost.remove(&*key);
            }
        }
        lost
    }
}

/// A row of the extract before it is joined: a copy of its record.
struct UnjoinedRow {
    bytes: Vec<u8>,
    fields: Vec<CellSpan>,
}

/// The rows of an extract that are kept, and the keys of all of its rows, by joined table.
struct UnjoinedRows {
    rows: Vec<KeptRow<UnjoinedRow>>,
    keys: Vec<KeySet>,
}

impl UnjoinedRows {
    fn add_key(&mut self, table: usize, key: &str) {
        if self.keys.len() <= table {
            self.keys.resize_with(table + 1, KeySet::default);
        }
        self.keys[table].add(key);
    }
}

impl Collector for UnjoinedRows {
    fn for_block() -> Self {
        Self { rows: Vec::new(), keys: Vec::new() }
    }

    fn append(&mut self, next: Self, lines: u64, bytes: u64) {
        Collector::append(&mut self.rows, next.rows, lines, bytes);
        self.keys.resize_with(self.keys.len().max(next.keys.len()), KeySet::default);
        self.keys.iter_mut().zip(&next.keys).for_each(|(keys, more)| keys.merge(more));
    }

    fn count(&self) -> u64 {
        self.rows.len() as u64
    }
}

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
    let spool = total.kept.spool();
    let memory = RowMemory::new(spool.as_ref().map_or(usize::MAX, |spool| spool.limit() / SHARE), |bytes| {
        bytes.saturating_mul(2 * SHARE as u64 * SHARE as u64)
    });
    let memory = &memory;

    let mut found = Vec::new();
    for join in joins {
        found.push(with_codes(join, binding, &wanted, (spool.clone(), block, memory), &quiet)?);
        memory.refuse(&join.file, ROWS_THAT_MATTER)?;
    }

    let name = source.name.clone();
    // The keys of all rows are counted, so no row can be skipped unread.
    let filter = charge.map_or(RowFilter::All, RowFilter::Totaled);
    let mut blocks = source.blocks(detected.data_start, block);
    let keep = |row: &Row<'_>, Position { line, offset }: Position, kept: &mut UnjoinedRows| {
        let mut matters = wanted.may_row(binding, row);
        for (table, (join, found)) in joins.iter().zip(&found).enumerate() {
            if let Some(key) = join.key_of(row) {
                kept.add_key(table, &key);
                matters |= found.holds(&key);
            }
        }
        if !matters {
            return RowAction::Ignore;
        }
        let (bytes, fields) = row.record(&detected.grammar);
        if !memory.keeps(bytes.capacity() + fields.capacity() * size_of::<CellSpan>() + ROW_BYTES) {
            return RowAction::Keep(());
        }
        RowAction::Keep(UnjoinedRow { bytes, fields }).then(|value| kept.rows.push(KeptRow { line, offset, value }))
    };
    let empty = Tally::new(total.lines, total.bytes, UnjoinedRows::for_block());
    let raws = parallel::read(&mut blocks, &detected.grammar, filter, &keep, watch, empty)?;
    memory.refuse(&name, "its rows of claims in scope")?;

    let (mut cells, mut usages) = (Vec::new(), Vec::new());
    let nothing = KeySet::default();
    for (nth, (join, found)) in joins.iter().zip(found).enumerate() {
        let rows = &raws.kept.rows;
        let lost = found.lost(join, rows);
        let (of_table, table) = match found {
            CodesFound::Codes(cells, table) => (cells, *table),
            CodesFound::Keys(_) | CodesFound::Nothing => {
                let keys = rows.iter().filter_map(|raw| join.key_of(&raw.value.row()).map(Box::from)).collect();
                let is_first = matches!(found, CodesFound::Nothing);
                of_keys(join, binding, &keys, (spool.clone(), block, memory), &quiet, is_first)?
            }
        };
        let has_cells =
            |raw: &KeptRow<UnjoinedRow>| join.key_of(&raw.value.row()).is_some_and(|key| of_table.contains_key(&*key));
        let is_used = rows.iter().any(has_cells);
        cells.push(of_table);
        memory.refuse(&join.file, ROWS_THAT_MATTER)?;
        let ReadTable { count, rejects, keys, .. } = table;
        let asked = raws.kept.keys.get(nth).unwrap_or(&nothing);
        usages.push(TableUsage::new(join, &detected.header, (count, rejects, keys), asked, (lost, is_used)));
    }
    Ok((look_at(raws, detected, &cells, look, total.kept)?, usages))
}

/// The rows of joined claims may take the memory of lines divided by this: two extracts may be read at a time.
const SHARE: usize = 2;

/// What takes the memory of a table.
const ROWS_THAT_MATTER: &str = "the rows that may belong to claims in scope";

/// Rows that a thread takes at a time: enough that handing them out costs nothing.
const CHUNK_ROWS: usize = 1024;

/// Adds the joined cells to each kept row and looks at it.
fn look_at<C: Collector>(
    raws: Tally<UnjoinedRows>,
    detected: &Detected,
    cells: &[Cells],
    look: &(impl Fn(&Detected, &Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    into: C,
) -> Result<Tally<C>, ReadError> {
    let mut all = raws.rejects.all().map_err(|e| ReadError::Spool(e.to_string()))?;
    let rejects = Rejects::new(into.spool());
    let (UnjoinedRows { rows: mut kept, .. }, mut total) = raws.with(into, rejects);
    let looked: Vec<_> = kept
        .par_chunks_mut(CHUNK_ROWS)
        .map(|chunk| {
            let (mut block, mut ignored, mut rejects) = (C::for_block(), 0, Vec::new());
            for KeptRow { line, offset, value: raw } in chunk {
                let record = raw.bytes.len();
                raw.widen(detected, cells);
                match look(detected, &raw.row(), Position { line: *line, offset: *offset }, &mut block) {
                    RowAction::Ignore => ignored += 1,
                    RowAction::Keep(()) => {}
                    RowAction::Reject(reason) => {
                        let raw = first_line(&detected.grammar, &raw.bytes[..record]);
                        rejects.push(Reject { line: *line, offset: Some(*offset), reason, raw });
                    }
                }
            }
            (block, ignored, rejects)
        })
        .collect();
    for (block, ignored, rejects) in looked {
        total.kept.append(block, 0, 0);
        total.ignored += ignored;
        all.extend(rejects);
    }
    all.sort_by_key(|reject| reject.line);
    for reject in all {
        total.rejects.push(reject);
    }
    Ok(total)
}

impl UnjoinedRow {
    fn row(&self) -> Row<'_> {
        Row::new(&self.bytes, &self.fields)
    }

    fn widen(&mut self, detected: &Detected, cells: &[Cells]) {
        let keys: Vec<_> = detected.joins.iter().map(|join| join.key_of(&self.row()).map(Cow::into_owned)).collect();
        let end = self.bytes.len() as u32;
        self.fields.resize(detected.header.len(), CellSpan { start: end, end, marks: Marks::Nothing });
        for ((join, cells), key) in detected.joins.iter().zip(cells).zip(keys) {
            // A claim without a row in the table gets empty cells.
            for (column, cell) in key.and_then(|key| cells.get(key.as_str())).into_iter().flatten() {
                let start = self.bytes.len() as u32;
                self.bytes.extend_from_slice(cell.as_bytes());
                self.fields[join.first + column] =
                    CellSpan { start, end: self.bytes.len() as u32, marks: Marks::Nothing };
            }
        }
    }
}

/// Step 1: the keys of the rows that hold known codes. For a table with one code per row, also the codes.
fn with_codes(
    join: &Joined,
    binding: &Binding,
    wanted: &KnownCodes,
    (spool, block, memory): (Option<Arc<Spool>>, usize, &RowMemory),
    watch: &dyn Watch,
) -> Result<CodesFound, ReadError> {
    let procedures: Vec<usize> = (0..join.names.len()).filter(|nth| binding.is_procedure(join.first + nth)).collect();
    let mut columns: Vec<usize> = procedures.iter().map(|nth| join.column(*nth)).collect();
    columns.dedup();
    if columns.is_empty() {
        return Ok(CodesFound::Nothing);
    }
    let holds = |row: &Row<'_>| columns.iter().any(|c| wanted.may(&join.text(row, *c)));
    let mut table = table::read(join, (spool, block, memory), watch, true, &|row| {
        if !holds(row) {
            return None;
        }
        let key = Box::from(join.key(row)?);
        let cells = match &join.shape {
            TableShape::Row => Ok(Vec::new()),
            TableShape::Codes { .. } => code(join, row),
        };
        Some(TableRow { key, cells })
    })?;
    let rows = std::mem::take(&mut table.rows);
    if matches!(join.shape, TableShape::Codes { .. }) {
        return Ok(CodesFound::Codes(collect_rows(join, rows)?, Box::new(table)));
    }
    let mut keys: FxHashMap<Box<str>, u64> = FxHashMap::default();
    for row in rows {
        *keys.entry(row.value.key).or_default() += 1;
    }
    Ok(CodesFound::Keys(keys))
}

/// Step 3: the rows with these keys.
fn of_keys(
    join: &Joined,
    binding: &Binding,
    keys: &FxHashSet<Box<str>>,
    (spool, block, memory): (Option<Arc<Spool>>, usize, &RowMemory),
    watch: &dyn Watch,
    is_first: bool,
) -> Result<(Cells, ReadTable), ReadError> {
    // Keep only the columns that the layout maps.
    let used: Vec<usize> =
        (0..join.names.len()).filter(|nth| binding.each().any(|slot| slot.uses(join.first + nth))).collect();
    let mut table = table::read(join, (spool, block, memory), watch, is_first, &|row| {
        let key = join.key(row).filter(|key| keys.contains(&**key))?;
        let cells = match &join.shape {
            TableShape::Row => Ok(used
                .iter()
                .map(|nth| (*nth, Box::from(join.text(row, *nth))))
                .filter(|(_, cell): &(usize, Box<str>)| !cell.is_empty())
                .collect()),
            TableShape::Codes { .. } => code(join, row),
        };
        Some(TableRow { key: Box::from(key), cells })
    })?;
    let rows = std::mem::take(&mut table.rows);
    Ok((collect_rows(join, rows)?, table))
}
