//! Reads the rows of a Parquet file in the order of the file.
//!
//! Row groups are searched for known codes in parallel. What was found is divided into stretches of rows that fit into the
//! memory for reading, which are read in parallel, too, and added up in order. So the result depends on neither the number of
//! threads nor the bound on memory.
//!
//! A row has no byte of its own, so its position is its number: the first row after the header of an export has line 2, and so
//! has the first row here. Where rows of a larger file are left, a column says the line of each.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::ingest::error::ReadError;
use crate::ingest::field::Field;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::detect::Detected;
use crate::ingest::layout::table;
use crate::ingest::parquet::ParquetFile;
use crate::ingest::parquet::chunk::Cells;
use crate::ingest::parquet::csv::Lines;
use crate::ingest::parquet::pages::VALUE_BYTES;
use crate::ingest::parquet::rows::{Asks, Rows};
use crate::ingest::record::grammar::{CellSpan, Grammar, RECORD_LIMIT};
use crate::ingest::record::quoting::Marks;
use crate::ingest::record::reject::{Reason, Reject};
use crate::ingest::record::row::{Row, first_line};
use crate::ingest::scan::ChargeReader;
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::parallel::Watch;
use crate::ingest::scan::prefilter::CodeFilter;
use crate::ingest::scan::tally::Tally;

/// Row groups that are searched for codes at a time, for each thread: enough that threads of different speed stay busy, and few
/// enough that progress moves and an interrupt takes effect at once.
const GROUPS_PER_THREAD: usize = 8;

/// Stretches of the largest size that fit into the memory for reading, for each thread. Of smaller ones more are read at a time.
const STRETCHES_PER_THREAD: usize = 2;

/// A block of this size is larger than nearly every unpacked column of a row group.
const ALLOCATOR_BLOCK: usize = 8 << 20;

/// Rows that a stretch has at least, whatever the memory: opening a column for fewer costs more than reading them.
const MIN_STRETCH_ROWS: usize = 1 << 10;

/// Some rows of a row group, read at a time.
struct Stretch {
    group: usize,
    /// The rows that it accounts for.
    rows: Range<usize>,
    /// Those that may matter, in order.
    kept: Vec<u32>,
    /// Bytes that its cells take, about.
    bytes: usize,
}

/// What is read of a table, and how.
struct Reading<'a, L> {
    file: &'a ParquetFile,
    detected: &'a Detected,
    /// The columns with codes, each with its question. `None`: every row may matter.
    codes: Option<Vec<(usize, Asks)>>,
    /// The columns that a field uses.
    used: Vec<usize>,
    /// The column with the lines of the rows, if it does not follow from their order.
    line_column: Option<usize>,
    /// The columns with charges, and what adds them up.
    charge: Option<(Vec<usize>, &'a ChargeReader<'a>)>,
    look: &'a L,
}

/// Reads all rows. The arguments are those of [`crate::ingest::read_into`].
pub(crate) fn read<C: Collector>(
    file: &ParquetFile,
    detected: &Detected,
    codes: Option<&[&str]>,
    charge: Option<&ChargeReader<'_>>,
    look: &(impl Fn(&Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
    mut total: Tally<C>,
) -> Result<Tally<C>, ReadError> {
    let binding = &detected.binding;
    let is_used = |column: &usize| binding.each().any(|slot| slot.uses(*column));
    let charges = |slot: &Binding| slot.columns(Field::ChargeAmount).to_vec();
    let columns_of_charges = || {
        let mut columns: Vec<usize> = binding.each().flat_map(charges).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    };
    let reading = Reading {
        file,
        detected,
        codes: binding.code_columns().zip(codes).map(|(columns, codes)| questions(columns, codes, &detected.grammar)),
        used: (0..detected.grammar.width).filter(is_used).collect(),
        line_column: file.left_of().map(|of| of.line_column),
        charge: charge.map(|charge| (columns_of_charges(), charge)),
        look,
    };
    if reading.line_column.is_some() {
        total.lines = 0;
    }
    let_allocator_keep_memory();
    let threads = rayon::current_num_threads();
    let groups: Vec<usize> = (0..file.groups()).collect();
    for groups in groups.chunks(threads * GROUPS_PER_THREAD) {
        let stretches: Vec<Vec<Stretch>> =
            groups.par_iter().map(|group| reading.stretches(*group, threads)).collect::<Result<_, _>>()?;
        let stretches: Vec<Stretch> = stretches.into_iter().flatten().collect();
        let mut rest = stretches.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest, file.memory()));
            rest = later;
            let tallies: Vec<Result<Tally<C>, ReadError>> =
                now.par_iter().map(|stretch| reading.stretch(stretch)).collect();
            let (rows, kept) = (total.rows, total.kept.count());
            for tally in tallies {
                total.append(tally?);
            }
            if !watch.passed(0, total.rows - rows, total.kept.count() - kept) {
                return Err(ReadError::Interrupted);
            }
        }
        let bytes = groups.iter().map(|group| file.group_bytes(*group)).sum();
        if !watch.passed(bytes, 0, 0) {
            return Err(ReadError::Interrupted);
        }
    }
    total.bytes += file.size();
    if let Some(of) = file.left_of() {
        let taken_out = of.rows - file.rows();
        total.rows += taken_out;
        total.ignored += taken_out;
    }
    Ok(total)
}

/// The number of stretches, at least one, that fit into the memory together.
fn fitting(stretches: &[Stretch], memory: usize) -> usize {
    let mut bytes = 0;
    let fits = stretches.iter().take_while(|stretch| {
        bytes += stretch.bytes;
        bytes <= memory
    });
    fits.count().max(1)
}

/// Lets the allocator keep what is freed. glibc gives the end of its memory back to the kernel as soon as a few megabytes are
/// free, so each unpacked column would be made of fresh pages: a seventh of the time. The largest block ever freed raises
/// that bound, to twice its size for each thread.
fn let_allocator_keep_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(ALLOCATOR_BLOCK)));
}

/// Asks of each column with codes whether a cell may hold one, or the name of the column: then the row may be the header again.
fn questions(mut columns: Vec<usize>, codes: &[&str], grammar: &Grammar) -> Vec<(usize, Asks)> {
    columns.sort_unstable();
    columns.dedup();
    let filter = Arc::new(CodeFilter::new(codes.iter().copied()));
    let question = |column: usize| -> (usize, Asks) {
        let (filter, name) = (Arc::clone(&filter), grammar.header.get(column).cloned().unwrap_or_default());
        let asks = move |cell: &[u8]| filter.may_hold(cell) || (cell == name.as_slice() && !name.is_empty());
        (column, Arc::new(asks))
    };
    columns.into_iter().map(question).collect()
}

impl<L> Reading<'_, L> {
    /// The stretches of a row group, which together are all of it.
    fn stretches(&self, group: usize, threads: usize) -> Result<Vec<Stretch>, ReadError> {
        let rows = self.file.rows_in_memory(group)?;
        let kept: Vec<u32> = match &self.codes {
            None => (0..rows as u32).collect(),
            Some(codes) => {
                let matters = codes
                    .par_iter()
                    .map(|(column, asks)| self.file.rows_that_matter(group, &self.file.columns()[*column], asks));
                let matters =
                    matters.collect::<Result<Vec<Rows<'_>>, _>>()?.into_iter().reduce(|one, other| one.or(&other));
                matters.map_or_else(Vec::new, |rows| rows.numbers().collect())
            }
        };
        let bytes_of_row = self.bytes_of_row(group, rows);
        let most = (self.file.memory() / (threads * STRETCHES_PER_THREAD) / bytes_of_row).max(MIN_STRETCH_ROWS);
        // Where charges are added up, every row takes memory.
        let ends: Vec<usize> = if self.charge.is_some() {
            (most..rows).step_by(most).collect()
        } else {
            (most..kept.len()).step_by(most).map(|nth| kept[nth] as usize).collect()
        };
        let mut stretches = Vec::new();
        let (mut from, mut first) = (0, 0);
        for end in ends.into_iter().chain([rows]) {
            let next = first + kept[first..].partition_point(|number| (*number as usize) < end);
            let in_memory = if self.charge.is_some() { end - from } else { next - first };
            let (kept, bytes) = (kept[first..next].to_vec(), in_memory * bytes_of_row);
            stretches.push(Stretch { group, rows: from..end, kept, bytes });
            (from, first) = (end, next);
        }
        Ok(stretches)
    }

    /// Bytes that the cells of a row take, on average over the rows of a row group.
    fn bytes_of_row(&self, group: usize, rows: usize) -> usize {
        let bytes = self.used.iter().map(|column| {
            let text = self.file.bytes_of_column(group, &self.file.columns()[*column]);
            text / rows.max(1) + VALUE_BYTES
        });
        bytes.sum::<usize>().max(1)
    }

    /// The cells of these columns in these rows.
    fn cells(&self, group: usize, columns: &[usize], rows: &Rows<'_>) -> Result<RowCells, ReadError> {
        let cells = columns.par_iter().map(|column| {
            let between = table::between(&self.detected.binding, *column);
            let cells = self.file.cells(group, &self.file.columns()[*column], rows, between)?;
            Ok((*column, cells))
        });
        Ok(RowCells { cells: cells.collect::<Result<_, ReadError>>()?, ..RowCells::default() })
    }

    /// Reads a stretch. Positions count from its first row.
    fn stretch<C: Collector>(&self, stretch: &Stretch) -> Result<Tally<C>, ReadError>
    where
        L: Fn(&Row<'_>, Position, &mut C) -> RowAction<()>,
    {
        let Stretch { group, rows, kept, .. } = stretch;
        let (group, of_group) = (*group, self.file.group_rows(*group));
        let width = self.detected.grammar.width;
        let mut tally = Tally::new(0, 0, C::for_block());
        let mut rejected: Vec<(u32, u64, Reason)> = Vec::new();
        let mut kept_cells = if kept.is_empty() {
            RowCells::default()
        } else {
            let mut columns = self.used.clone();
            if let Some(line_column) = self.line_column
                && let Err(place) = columns.binary_search(&line_column)
            {
                columns.insert(place, line_column);
            }
            self.cells(group, &columns, &Rows::Listed { numbers: kept, of: of_group })?
        };
        let mut charges = match &self.charge {
            Some((columns, charge)) => {
                Some((self.cells(group, columns, &Rows::between(rows.start, rows.end, of_group))?, charge))
            }
            None => None,
        };
        let mut charged = rows.start;
        for number in kept.iter().map(|number| *number as usize).chain([rows.end]) {
            let is_row = number < rows.end;
            if is_row {
                kept_cells.read_next(width);
            }
            let is_header = is_row && self.is_header_again(&kept_cells);
            if let Some((cells, charge)) = &mut charges {
                // The rows before it, and the row itself, which is no row if it is the header again.
                for row in charged..(number + 1).min(rows.end) {
                    cells.read_next(width);
                    tally.lines = (row - rows.start) as u64;
                    if row != number || !is_header {
                        tally.add_charge(charge(&cells.row()));
                    }
                }
                charged = number + 1;
            }
            if !is_row {
                break;
            }
            let line = match self.line_column {
                Some(column) => self.own_line(&kept_cells, column)?,
                None => (number - rows.start) as u64,
            };
            let position = Position { line, offset: 0 };
            let action = if is_header {
                RowAction::Reject(Reason::RepeatedHeader)
            } else if kept_cells.bytes.len() > RECORD_LIMIT {
                RowAction::Reject(Reason::TooLong)
            } else {
                (self.look)(&kept_cells.row(), position, &mut tally.kept)
            };
            match action {
                RowAction::Reject(reason) => rejected.push((number as u32, line, reason)),
                RowAction::Ignore => tally.ignored += 1,
                RowAction::Keep(()) => {}
            }
        }
        tally.rows = rows.len() as u64;
        // Lines that a column says do not count from the stretch before.
        tally.lines = if self.line_column.is_some() { 0 } else { rows.len() as u64 };
        tally.ignored += (rows.len() - kept.len()) as u64;
        self.reject(stretch, &rejected, &mut tally)?;
        Ok(tally)
    }

    /// Adds rejected rows, which are shown with all columns of the table. That of their lines was added to it.
    fn reject<C>(
        &self,
        stretch: &Stretch,
        rejected: &[(u32, u64, Reason)],
        tally: &mut Tally<C>,
    ) -> Result<(), ReadError> {
        if rejected.is_empty() {
            return Ok(());
        }
        let numbers: Vec<u32> = rejected.iter().map(|(number, ..)| *number).collect();
        let of_group = self.file.group_rows(stretch.group);
        let rows = Rows::Listed { numbers: &numbers, of: of_group };
        let mut lines = Lines::of(self.file, stretch.group, &rows, self.line_column)?;
        let mut text = Vec::new();
        for (_, line, reason) in rejected {
            text.clear();
            lines.write_next(&mut text);
            tally.rejects.push(Reject {
                line: *line,
                offset: None,
                reason: *reason,
                raw: first_line(&self.detected.grammar, &text),
            });
        }
        Ok(())
    }

    /// The line that this column says for the current row.
    fn own_line(&self, cells: &RowCells, column: usize) -> Result<u64, ReadError> {
        let line = std::str::from_utf8(&cells.row().cell(column)).ok().and_then(|text| text.parse().ok());
        line.filter(|line| *line > 0)
            .ok_or_else(|| ReadError::unusable(self.file.name(), "has a row whose line is no whole number above zero"))
    }

    /// Are the cells the names of their columns, as where tables were appended to each other as text?
    fn is_header_again(&self, cells: &RowCells) -> bool {
        let (header, row) = (&self.detected.grammar.header, cells.row());
        let is_name =
            |column: &usize| header.get(*column).is_some_and(|name| row.text(*column, &[]).as_bytes() == name);
        !header.is_empty() && !self.used.is_empty() && self.used.iter().all(is_name)
    }
}

/// Cells of some columns, of which one row at a time is text.
#[derive(Default)]
struct RowCells {
    /// The columns in order.
    cells: Vec<(usize, Cells)>,
    bytes: Vec<u8>,
    fields: Vec<CellSpan>,
}

impl RowCells {
    /// Goes on to the next row, which has `width` fields. Those of other columns are empty.
    fn read_next(&mut self, width: usize) {
        self.bytes.clear();
        self.fields.clear();
        let mut cells = self.cells.iter_mut().peekable();
        for column in 0..width {
            let start = self.bytes.len() as u32;
            if let Some((_, cells)) = cells.next_if(|(own, _)| *own == column) {
                cells.write_next(&mut self.bytes);
                // A longer row is rejected, and places in it are 32 bits wide.
                self.bytes.truncate(RECORD_LIMIT + 1);
            }
            self.fields.push(CellSpan { start, end: self.bytes.len() as u32, marks: Marks::Nothing });
        }
    }

    /// The current row.
    fn row(&self) -> Row<'_> {
        Row::new(&self.bytes, &self.fields)
    }
}
