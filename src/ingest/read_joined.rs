//! Reads an extract with joined tables and keeps only the claims that matter in memory.
//!
//! 1. Tables with procedure codes are read, to find the keys of rows that hold a known code.
//! 2. The extract is read. A copy of a row is kept if the row may hold a code itself or step 1 found its key.
//! 3. The other tables are read for the keys of the kept rows.
//! 4. The joined cells are added to each kept row, which is then looked at like any row.
//!
//! Memory grows with the claims that matter, never with a joined file. If a row of a joined table cannot be read, has no
//! valid position for its code, or repeats a key, the run fails: every verdict on that claim would be a guess.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ingest::error::ReadError;
use crate::ingest::known_codes::KnownCodes;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::detect::Detected;
use crate::ingest::layout::joined::{Joined, TableShape};
use crate::ingest::record::grammar::CellSpan;
use crate::ingest::record::reject::{Reject, Rejects};
use crate::ingest::record::row::{Row, first_line};
use crate::ingest::scan::collect::{Collector, KeptRow, Position, RowAction, keeping};
use crate::ingest::scan::parallel;
use crate::ingest::scan::parallel::Watch;
use crate::ingest::scan::prefilter::Prefilter;
use crate::ingest::scan::tally::Tally;
use crate::ingest::scan::{ChargeReader, RowFilter};
use crate::ingest::source::Source;
use crate::warning::Warning;

/// The cells of one table by key, each with its column number in the table.
type Cells = FxHashMap<Box<str>, Vec<(usize, Box<str>)>>;

/// The known codes found in a table before the extract is read.
enum CodesFound {
    /// The table has no known procedure codes.
    Nothing,
    /// The keys of the rows that hold a known code. The rows themselves are read later.
    Keys(FxHashSet<Box<str>>),
    /// The known codes by key. The table is not read again.
    Codes(Cells),
}

impl CodesFound {
    fn holds(&self, key: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Keys(keys) => keys.contains(key),
            Self::Codes(cells) => cells.contains_key(key),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Keys(keys) => keys.is_empty(),
            Self::Codes(cells) => cells.is_empty(),
        }
    }
}

/// A row of the extract before it is joined: a copy of its record.
struct UnjoinedRow {
    bytes: Vec<u8>,
    fields: Vec<CellSpan>,
}

/// One row of a table: its cells, or the error to report.
struct TableRow {
    key: Box<str>,
    cells: Result<Vec<(usize, Box<str>)>, String>,
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
) -> Result<Tally<C>, ReadError> {
    let binding = &detected.binding;
    let quiet = OnlyInterrupts(watch);
    let columns = binding.code_columns();
    let wanted = KnownCodes::new(codes);
    let joins = &detected.joins;

    let mut found = Vec::new();
    for join in joins {
        found.push(with_codes(join, binding, &wanted, block, &quiet)?);
    }

    let width = detected.grammar.width;
    // If a table holds a known code, rows without a code of their own matter too, so no row can be skipped unread.
    let own = columns.filter(|_| found.iter().all(CodesFound::is_empty));
    let prefilter = own.and_then(|columns| wanted.prefilter(columns.into_iter().filter(|c| *c < width)));
    let filter = charge.map_or_else(|| may(prefilter.as_ref()), RowFilter::Totaled);
    let mut blocks = source.blocks(detected.data_start, block);
    let raws = parallel::read(
        &mut blocks,
        &detected.grammar,
        filter,
        &keeping(|row: &Row<'_>| {
            let joined = |(join, found): (&Joined, &CodesFound)| join.key_of(row).is_some_and(|key| found.holds(&key));
            if wanted.may_row(binding, row) || joins.iter().zip(&found).any(joined) {
                let (bytes, fields) = row.record(&detected.grammar);
                RowAction::Keep(UnjoinedRow { bytes, fields })
            } else {
                RowAction::Ignore
            }
        }),
        watch,
        Tally::new(total.lines, total.bytes, Vec::new()),
    )?;

    let mut cells = Vec::new();
    for (join, found) in joins.iter().zip(found) {
        note_lost_codes(join, &found, &raws.kept, watch);
        cells.push(match found {
            CodesFound::Codes(cells) => cells,
            CodesFound::Keys(_) | CodesFound::Nothing => {
                let keys = raws.kept.iter().filter_map(|raw| join.key_of(&raw.value.row()).map(Box::from)).collect();
                let is_first = matches!(found, CodesFound::Nothing);
                of_keys(join, binding, &keys, block, &quiet, is_first)?
            }
        });
    }
    look_at(raws, detected, &cells, look, total.kept)
}

/// Notes that a table holds known codes under keys that no row of the extract has.
fn note_lost_codes(join: &Joined, found: &CodesFound, kept: &[KeptRow<UnjoinedRow>], watch: &dyn Watch) {
    let mut lost: FxHashSet<&str> = match found {
        CodesFound::Nothing => return,
        CodesFound::Keys(keys) => keys.iter().map(|key| &**key).collect(),
        CodesFound::Codes(cells) => cells.keys().map(|key| &**key).collect(),
    };
    for row in kept {
        if let Some(key) = join.key_of(&row.value.row()) {
            lost.remove(&*key);
        }
    }
    if !lost.is_empty() {
        let what = format!("{} keys with procedure codes of the policy are in no row of the extract", lost.len());
        watch.note(&join.file, &what);
    }
}

/// Rows that a thread takes at a time: enough that handing them out costs nothing.
const CHUNK_ROWS: usize = 1024;

/// Adds the joined cells to each kept row and looks at it.
fn look_at<C: Collector>(
    raws: Tally<Vec<KeptRow<UnjoinedRow>>>,
    detected: &Detected,
    cells: &[Cells],
    look: &(impl Fn(&Detected, &Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    into: C,
) -> Result<Tally<C>, ReadError> {
    let mut all = raws.rejects.all().map_err(|e| ReadError::Spool(e.to_string()))?;
    let rejects = Rejects::new(into.spool());
    let (mut kept, mut total) = raws.with(into, rejects);
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
                        rejects.push(Reject { line: *line, offset: *offset, reason, raw });
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
        self.fields.resize(detected.header.len(), CellSpan { start: end, end, doubled: false });
        for ((join, cells), key) in detected.joins.iter().zip(cells).zip(keys) {
            // A claim without a row in the table gets empty cells.
            for (column, cell) in key.and_then(|key| cells.get(key.as_str())).into_iter().flatten() {
                let start = self.bytes.len() as u32;
                self.bytes.extend_from_slice(cell.as_bytes());
                self.fields[join.first + column] = CellSpan { start, end: self.bytes.len() as u32, doubled: false };
            }
        }
    }
}

/// Step 1: the keys of the rows that hold known codes. For a table with one code per row, also the codes.
fn with_codes(
    join: &Joined,
    binding: &Binding,
    wanted: &KnownCodes,
    block: usize,
    watch: &dyn Watch,
) -> Result<CodesFound, ReadError> {
    let procedures: Vec<usize> = (0..join.names.len()).filter(|nth| binding.is_procedure(join.first + nth)).collect();
    let mut columns: Vec<usize> = procedures.iter().map(|nth| join.column(*nth)).collect();
    columns.dedup();
    if columns.is_empty() {
        return Ok(CodesFound::Nothing);
    }
    let prefilter = wanted.prefilter(columns.iter().copied());
    let holds = |row: &Row<'_>| columns.iter().any(|c| wanted.may(&join.text(row, *c)));
    let rows = table(join, prefilter.as_ref(), block, watch, true, &|row| {
        if !holds(row) || !join.takes(row) {
            return None;
        }
        let key = Box::from(join.key(row)?);
        let cells = match &join.shape {
            TableShape::Row => Ok(Vec::new()),
            TableShape::Codes { .. } => code(join, row),
        };
        Some(TableRow { key, cells })
    })?;
    Ok(match join.shape {
        TableShape::Row => CodesFound::Keys(rows.into_iter().map(|kept| kept.value.key).collect()),
        TableShape::Codes { .. } => CodesFound::Codes(collect_rows(join, rows)?),
    })
}

/// Step 3: the rows with these keys.
fn of_keys(
    join: &Joined,
    binding: &Binding,
    keys: &FxHashSet<Box<str>>,
    block: usize,
    watch: &dyn Watch,
    is_first: bool,
) -> Result<Cells, ReadError> {
    // Keep only the columns that the layout maps.
    let used: Vec<usize> =
        (0..join.names.len()).filter(|nth| binding.each().any(|slot| slot.uses(join.first + nth))).collect();
    let rows = table(join, None, block, watch, is_first, &|row| {
        let key = join.key(row).filter(|key| keys.contains(&**key))?;
        if !join.takes(row) {
            return None;
        }
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
    collect_rows(join, rows)
}

/// The code of a row and its position among the numbers of the layout. Without numbers, [`collect_rows`] assigns the
/// position.
fn code(join: &Joined, row: &Row<'_>) -> Result<Vec<(usize, Box<str>)>, String> {
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

/// Collects rows by key. Each code gets its own position; a table without codes may have one row per key.
fn collect_rows(join: &Joined, rows: Vec<KeptRow<TableRow>>) -> Result<Cells, ReadError> {
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

/// All rows, or those that the prefilter selects.
fn may(prefilter: Option<&Prefilter>) -> RowFilter<'_> {
    prefilter.map_or(RowFilter::All, RowFilter::Prefiltered)
}

/// Reads a table and keeps what `take` returns for each row, with the line of the row.
fn table(
    join: &Joined,
    prefilter: Option<&Prefilter>,
    block: usize,
    watch: &dyn Watch,
    is_first: bool,
    take: &(impl Fn(&Row<'_>) -> Option<TableRow> + Sync),
) -> Result<Vec<KeptRow<TableRow>>, ReadError> {
    let mut blocks = Source::open_within(&join.file, join.limit)?.blocks(join.data_start, block);
    let tally = parallel::read(
        &mut blocks,
        &join.grammar,
        may(prefilter),
        &keeping(|row: &Row<'_>| take(row).map_or(RowAction::Ignore, RowAction::Keep)),
        watch,
        Tally::new(join.lines_before + 1, 0, Vec::new()),
    )?;
    if let Some(reject) = tally.rejects.first().first() {
        let what = format!("{}; mend the row: a joined table is read completely", reject.reason.sentence());
        return Err(refuse(join, reject.line, &what));
    }
    for kind in tally.left_out.iter().filter(|_| is_first) {
        watch.warning(Warning::new(*kind).file(&join.file));
    }
    Ok(tally.kept)
}
