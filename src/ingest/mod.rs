//! From files to rows that matter: open, look, cut in blocks, read records, count every row, hand on a few.
//!
//! This room knows bytes, header names and the shape of records. It knows no claim and no policy: what a row means
//! is decided by the closure that looks at it, on the worker thread, while the block is hot.
//!
//! Where a layout says so, a row holds several services ([`Binding::each`]), or is widened by the cells of tables in files
//! of their own before it is looked at ([`layout::join`]).
//!
//! Invariants: every row after the header is counted exactly once; what is handed on comes in the order of the file
//! whatever the threads do; memory holds one wave of blocks per file, never the file.

pub(crate) mod read_joined;
pub mod record;

pub mod cell;
pub mod error;
pub mod field;
pub mod layout;
pub mod scan;
pub mod source;

pub use crate::ingest::layout::detect::Detected;
use crate::ingest::scan::prefilter::Prefilter;

pub use crate::ingest::error::ReadError;
pub use crate::ingest::layout::binding::Binding;
pub use crate::ingest::layout::definition::Layout;
pub use crate::ingest::layout::join::TableFile;
pub use crate::ingest::layout::library::Library;
pub use crate::ingest::record::reject::{Reject, Rejects};
pub use crate::ingest::record::row::Row;
pub use crate::ingest::scan::collect::{Collector, Position};
pub use crate::ingest::scan::parallel::Watch;
use crate::ingest::scan::{ChargeReader, RowFilter};
pub use crate::ingest::scan::{KeptRow, RowAction, Tally};
pub use crate::ingest::source::Source;
pub use crate::ingest::source::input_hash::{FileHash, HashScope, InputFile, InputRole};

/// Bytes of one block: large enough that the hand-over costs nothing, small enough for a core's second-level cache.
pub const BLOCK: usize = 1 << 20;

/// What reading one extract came to.
#[derive(Debug)]
pub struct Extract<C> {
    /// The extract as given.
    pub name: String,
    /// Bytes of text after decompression.
    pub bytes: u64,
    /// Rows, rows kept and rows rejected, with their lines and byte offsets in the file.
    pub tally: Tally<C>,
    /// What was found out before the first row.
    pub detected: Detected,
}

/// Reads one opened extract whose detected is known. `codes` are the beginnings by which a row of interest is known
/// (upper-case, at least four characters); other rows may or may not be looked at. Without them all rows are. A row is
/// looked at with the cells of joined tables, if the detected has any.
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

/// The same, gathered in `kept`; with `weigh`, every row is looked at as it stands in the extract itself, without joined
/// cells, and what it says is added up in [`Tally::control_total`].
#[allow(clippy::too_many_arguments, reason = "what to read, how, and where it goes; each call says them all")]
pub fn read_into<C: Collector>(
    kept: C,
    source: Source,
    detected: Detected,
    block: usize,
    codes: Option<&[&str]>,
    weigh: Option<&ChargeReader<'_>>,
    look: &(impl Fn(&Detected, &Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
) -> Result<Extract<C>, ReadError> {
    let name = source.name.clone();
    // The header's lines and bytes count as passed, so that positions come out as those of the file, lines from 1.
    let total = Tally::new(detected.lines_before + 1, detected.data_start as u64, kept);
    let tally = if detected.joins.is_empty() {
        let columns = detected.binding.code_columns();
        let prefilter = columns.zip(codes).map(|(columns, codes)| Prefilter::new(columns, codes.iter().copied()));
        let which = match (weigh, &prefilter) {
            (Some(weigh), _) => RowFilter::Totaled(weigh),
            (None, Some(prefilter)) => RowFilter::Prefiltered(prefilter),
            (None, None) => RowFilter::All,
        };
        let mut blocks = source.blocks(detected.data_start, block);
        let look = |row: &Row<'_>, position: Position, kept: &mut C| look(&detected, row, position, kept);
        scan::parallel::read(&mut blocks, &detected.grammar, which, &look, watch, total)?
    } else {
        read_joined::read(source, &detected, block, codes, weigh, look, watch, total)?
    };
    let extract = Extract { name, bytes: tally.bytes, tally, detected };
    refuse_if_mostly_rejected(&extract)?;
    Ok(extract)
}

/// From this many rejected rows on, an extract of which more than half is rejected was misread, not damaged.
const FEWEST: u64 = 10;

fn refuse_if_mostly_rejected<C>(extract: &Extract<C>) -> Result<(), ReadError> {
    let Tally { rows, rejects, .. } = &extract.tally;
    if rejects.len() < FEWEST || rejects.len() * 2 <= *rows {
        return Ok(());
    }
    let first = rejects.first().iter().map(|r| format!("line {}: {}", r.line, r.reason.sentence()));
    let what = format!(
        "{} of {rows} rows cannot be read; the first:\n  {}\n  is the delimiter or the header another one? \
         `claimlint inspect` shows what was understood",
        rejects.len(),
        first.collect::<Vec<_>>().join("\n  ")
    );
    Err(ReadError::unusable(&extract.name, what))
}
