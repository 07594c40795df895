//! Reads extracts: opens a file, detects its layout, cuts it into blocks, reads and counts every row, and keeps a few.
//!
//! This room deals with bytes, header names and records, not with claims or policies. A closure decides what a row means;
//! it runs on the worker thread, while the block is still in the cache. Error messages name the command-line option that
//! helps, so that the reader knows what to type.
//!
//! A layout can declare that a row holds several services ([`Binding::each`]), or that tables in separate files are joined
//! to each row before the closure sees it ([`layout::join`]).
//!
//! Invariants: every row after the header is counted exactly once. Rows are kept in file order, however many threads
//! read. Memory holds a few groups of blocks per file, never the whole file.
//!
//! # Sub-rooms, in order
//!
//! - [`error`]: what stops the reading, in sentences.
//! - [`eight_bytes`]: tests of the bytes of a text, eight at a time.
//! - [`word`]: how words are compared.
//! - [`empty_words`]: the words that stand for nothing in a cell.
//! - [`cell`]: one cell as text.
//! - [`field`]: the canonical fields.
//! - [`parquet`]: the columns of a Parquet file.
//! - [`source`]: opens a file or stdin, removes compression and UTF-16, cuts blocks.
//! - [`same_text`]: inputs that hold the same text in other bytes.
//! - [`record`]: the grammar of a row, its cells, the header, rejected rows.
//! - [`layout`]: which column holds which field.
//! - [`date`]: dates of a day, in the forms of extracts.
//! - [`scan`]: reads blocks in parallel.
//! - [`known_codes`]: which cells and rows may hold a known code.
//! - [`read_parquet`]: reads the rows of a Parquet file.
//! - [`read_joined`]: reads an extract with joined tables.
//! - [`split`]: reads a part of a plain extract by itself.

pub mod cell;
pub mod date;
pub(crate) mod eight_bytes;
pub(crate) mod empty_words;
pub mod error;
pub mod field;
pub(crate) mod known_codes;
pub mod layout;
pub(crate) mod parquet;
pub(crate) mod read_joined;
pub(crate) mod read_parquet;
pub mod record;
pub mod same_text;
pub mod scan;
pub mod source;
pub mod split;
pub mod word;

use crate::ingest::layout::misread::is_misread;
use crate::ingest::record::footer;
use crate::ingest::record::grammar::Surplus;
use crate::ingest::record::reject::Reason;
use crate::ingest::record::row_count::RowCount;
use crate::ingest::scan::parallel;
use crate::ingest::scan::prefilter::Prefilter;
use crate::ingest::scan::{ChargeReader, RowFilter};
use crate::warning::{Warning, WarningKind};

pub use crate::ingest::error::ReadError;
pub use crate::ingest::layout::binding::Binding;
pub use crate::ingest::layout::definition::Layout;
pub use crate::ingest::layout::demands::canonical as canonical_field;
pub use crate::ingest::layout::detect::Detected;
pub use crate::ingest::layout::join::TableFile;
pub use crate::ingest::layout::library::Library;
pub use crate::ingest::read_joined::usage::{TableCounts, TableUsage};
pub use crate::ingest::record::reject::{Reject, Rejects};
pub use crate::ingest::record::row::Row;
pub use crate::ingest::scan::collect::{Collector, KeptRow, Position, RowAction};
pub use crate::ingest::scan::parallel::Watch;
pub use crate::ingest::scan::tally::{Counts, Tally};
pub use crate::ingest::source::Source;
pub use crate::ingest::source::input_hash::{FileHash, HashScope, InputFile, InputRole};

/// Size of a block in bytes: large enough that handing it to a thread costs nothing, and a quarter of a core's L2 cache of 2 MiB. Blocks
/// of 1 MiB took 2% longer there for a plain extract and 5% for a packed one, blocks of 256 KiB no less.
pub const BLOCK: usize = 1 << 19;

/// The result of reading one extract.
#[derive(Debug)]
pub struct Extract<C> {
    /// The extract as given.
    pub name: String,
    /// Bytes of text after decompression.
    pub bytes: u64,
    /// The counts, the rows kept and the rows rejected, with their lines and byte offsets in the file.
    pub tally: Tally<C>,
    /// What was detected before the first row.
    pub detected: Detected,
    /// What is probably wrong with it.
    pub warnings: Vec<Warning>,
    /// How the joined tables were used, in the order of [`Detected::joins`].
    pub tables: Vec<TableUsage>,
}

/// Reads one opened extract whose layout was detected. `look` decides what happens to a row, whose joined cells it sees.
///
/// `codes` are the beginnings of the procedure codes that matter, upper-case and at least four characters long. Rows
/// without one may be skipped without a call to `look`; if `codes` is `None`, `look` sees every row.
pub fn read<T: Send>(
    source: Source,
    detected: Detected,
    block: usize,
    codes: Option<&[&str]>,
    look: &(impl Fn(&Detected, &Row<'_>) -> RowAction<T> + Sync),
    watch: &dyn Watch,
) -> Result<Extract<Vec<KeptRow<T>>>, ReadError> {
    let keeping =
        |detected: &Detected, row: &Row<'_>, Position { line, offset }: Position, kept: &mut Vec<KeptRow<T>>| {
            look(detected, row).then(|value| kept.push(KeptRow { line, offset, value }))
        };
    read_into(Vec::new(), source, detected, block, codes, None, &keeping, watch)
}

/// Same as [`read`], but collects into `kept`. If `charge` is given, it reads the charge of every row of the extract
/// (without joined cells), and [`Counts::control_total`] holds their sum.
#[allow(
    clippy::too_many_arguments,
    reason = "what to read, how, and where the result goes: every caller sets all of them"
)]
pub fn read_into<C: Collector>(
    kept: C,
    source: Source,
    detected: Detected,
    block: usize,
    codes: Option<&[&str]>,
    charge: Option<&ChargeReader<'_>>,
    look: &(impl Fn(&Detected, &Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
) -> Result<Extract<C>, ReadError> {
    let name = source.name.clone();
    let (line, offset) = detected.start();
    let start = Position { line, offset };
    let (tally, tables) = read_rows(kept, source, &detected, block, codes, charge, look, start, watch)?;
    Extract::new(name, tally, detected, tables, watch)
}

/// Reads the rows of an extract with its joined tables. Their positions count from `start`. Refuses nothing that depends on all of
/// them, apart from faults of the tables.
#[allow(clippy::too_many_arguments, reason = "the arguments of read_into")]
pub(crate) fn read_rows<C: Collector>(
    kept: C,
    source: Source,
    detected: &Detected,
    block: usize,
    codes: Option<&[&str]>,
    charge: Option<&ChargeReader<'_>>,
    look: &(impl Fn(&Detected, &Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    start: Position,
    watch: &dyn Watch,
) -> Result<(Tally<C>, Vec<TableUsage>), ReadError> {
    let total = Tally::new(start.line, start.offset, kept);
    if !detected.joins.is_empty() {
        return read_joined::read(source, detected, block, codes, charge, look, watch, total);
    }
    if let Some(table) = source.table() {
        let look = |row: &Row<'_>, position: Position, kept: &mut C| look(detected, row, position, kept);
        return Ok((read_parquet::read(table, detected, codes, charge, &look, watch, total)?, Vec::new()));
    }
    let columns = detected.binding.code_columns();
    let prefilter = columns.zip(codes).map(|(columns, codes)| Prefilter::new(columns, codes.iter().copied()));
    let filter = RowFilter::of(charge, prefilter.as_ref());
    let mut blocks = source.blocks(detected.data_start, block);
    let look = |row: &Row<'_>, position: Position, kept: &mut C| look(detected, row, position, kept);
    Ok((parallel::read(&mut blocks, &detected.grammar, filter, &look, watch, total)?, Vec::new()))
}

/// What was left out of the input, then what is odd about the number and the shape of its rows.
fn warnings<C>(name: &str, tally: &Tally<C>, detected: &Detected) -> Vec<Warning> {
    let about = |kind| Warning::new(kind).file(name);
    let of_rows = |kind, count: RowCount| about(kind).count(count.rows).line(count.first);
    let mut warnings: Vec<Warning> = tally.left_out.iter().map(|kind| about(*kind)).collect();
    let lines_before = if detected.is_table { 0 } else { detected.lines_before };
    warnings.extend(tally.warnings_about_lines(name, &detected.grammar, lines_before));
    // More rows than one would be an error.
    if tally.rows > 0 && tally.usable_rows() == 0 {
        warnings.push(about(WarningKind::AllRejected).count(tally.rows));
    }
    if let Surplus::Exactly(1..) = detected.grammar.surplus {
        let usable = tally.usable_rows();
        let longer = tally.longer.filter(|longer| longer.rows < usable);
        warnings.extend(longer.map(|rows| of_rows(WarningKind::RowsOfTwoLengths, rows).of(usable)));
        let filled = tally.rejects.counts().get(&Reason::TooManyFields);
        warnings.extend(filled.map(|rows| of_rows(WarningKind::FilledSurplus, *rows)));
    }
    warnings.extend(tally.stray_quotes.map(|rows| of_rows(WarningKind::StrayQuotes, rows)));
    warnings
}

impl<C> Extract<C> {
    /// An extract of which all rows were read. Fails if they show that it was misread.
    pub(crate) fn new(
        name: String,
        tally: Tally<C>,
        detected: Detected,
        tables: Vec<TableUsage>,
        watch: &dyn Watch,
    ) -> Result<Self, ReadError> {
        let warnings = warnings(&name, &tally, &detected);
        let extract = Self { name, bytes: tally.bytes, tally, detected, tables, warnings };
        extract.tally.refuse_rows_that_end_otherwise(&extract.name, &extract.detected.grammar)?;
        refuse_if_mostly_rejected(&extract)?;
        if let Some(advice) = extract.tally.rejects.latest().and_then(|reject| footer::advice(reject, extract.bytes)) {
            watch.note(&extract.name, &advice);
        }
        Ok(extract)
    }

    /// How many empty fields more than the header all its rows have; 0 if some have none.
    pub(crate) fn surplus_fields(&self) -> usize {
        let has_all = self.tally.longer.is_none_or(|longer| longer.rows >= self.tally.usable_rows());
        match self.detected.grammar.surplus {
            Surplus::Exactly(surplus) if has_all => surplus,
            _ => 0,
        }
    }
}

/// Advice for files that escape quotes with a backslash, with the names of the options in the tools that write them.
const ESCAPES: &str = "\n  quotes in it are escaped with a backslash, as Spark writes them: give a layout file that says \
                       extends = \"canonical\" and escape = \"\\\\\" (--layout FILE), or write the extract with doubled quotes \
                       (`escape` in Spark, `doublequote` in pandas and Python)";

/// Advice for files in which every rejected row has more fields than the header.
const SHIFTED_HEADER: &str = "\n  if each row begins with a number or a name of its own, as R and pandas write it, the header lacks a \
                              name for it: write the extract without row names, or add the name";

fn refuse_if_mostly_rejected<C>(extract: &Extract<C>) -> Result<(), ReadError> {
    let (rows, rejects) = (&extract.tally.rows, &extract.tally.rejects);
    if !is_misread(rejects.len(), *rows) {
        return Ok(());
    }
    let is_escaped = extract.detected.grammar.quoting.escapes;
    let escapes = !is_escaped && rejects.first().iter().any(|r| memchr::memmem::find(&r.raw, b"\\\"").is_some());
    let has_shifted_header = rejects.counts().keys().all(|reason| *reason == Reason::TooManyFields);
    let first = rejects.first().iter().map(|r| format!("line {}: {}", r.line, r.reason.sentence()));
    let what = format!(
        "{} of {rows} rows cannot be read; the first:\n  {}\n  is the delimiter or the header another one? \
         `claimlint inspect` shows what was understood{}",
        rejects.len(),
        first.collect::<Vec<_>>().join("\n  "),
        match (escapes, has_shifted_header) {
            (true, _) => ESCAPES,
            (false, true) => SHIFTED_HEADER,
            (false, false) => "",
        }
    );
    Err(ReadError::unusable(&extract.name, what))
}
