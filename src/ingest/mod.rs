//! From files to rows that matter: open, look, cut in blocks, read records, count every row, hand on a few.
//!
//! This room knows bytes, header names and the shape of records. It knows no claim and no policy: what a row means
//! is decided by the closure that looks at it, on the worker thread, while the block is hot.
//!
//! Where a layout says so, a row holds several services ([`Binding::each`]), or is widened by the cells of tables in files
//! of their own before it is looked at ([`join`]).
//!
//! Invariants: every row after the header is counted exactly once; what is handed on comes in the order of the file
//! whatever the threads do; memory holds one wave of blocks per file, never the file.

pub(crate) mod read_joined;
pub mod record;

pub mod cell;
pub mod field;
pub mod layout;
pub mod scan;
pub mod source;

pub use crate::ingest::layout::detect::Dialect;
use crate::ingest::scan::prefilter::Needles;

pub use crate::ingest::layout::binding::Binding;
pub use crate::ingest::layout::join::Table;
pub use crate::ingest::layout::{Layout, Library};
pub use crate::ingest::record::reject::{Reject, Rejects};
pub use crate::ingest::scan::collect::Gather;
pub use crate::ingest::scan::parallel::Watch;
pub use crate::ingest::scan::{Kept, Look, Row, Tally};
use crate::ingest::scan::{Weigh, Which};
pub use crate::ingest::source::input_hash::{Extent, Fingerprint, Original, Role};
pub use crate::ingest::source::{Source, Trouble};

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
    pub dialect: Dialect,
}

/// Reads one opened extract whose dialect is known. `codes` are the beginnings by which a row of interest is known
/// (upper-case, at least four characters); other rows may or may not be looked at. Without them all rows are. A row is
/// looked at with the cells of joined tables, if the dialect has any.
pub fn read<T: Send>(
    source: Source,
    dialect: Dialect,
    block: usize,
    codes: Option<&[&str]>,
    look: &(impl Fn(&Dialect, &Row<'_>) -> Look<T> + Sync),
    watch: &dyn Watch,
) -> Result<Extract<Vec<Kept<T>>>, Trouble> {
    read_into(Vec::new(), source, dialect, block, codes, None, look, watch)
}

/// The same, gathered in `kept`; with `weigh`, every row is looked at as it stands in the extract itself, without joined
/// cells, and what it says is added up in [`Tally::weights`].
#[allow(clippy::too_many_arguments, reason = "what to read, how, and where it goes; each call says them all")]
pub fn read_into<C: Gather>(
    kept: C,
    source: Source,
    dialect: Dialect,
    block: usize,
    codes: Option<&[&str]>,
    weigh: Option<&Weigh<'_>>,
    look: &(impl Fn(&Dialect, &Row<'_>) -> Look<C::Item> + Sync),
    watch: &dyn Watch,
) -> Result<Extract<C>, Trouble> {
    let name = source.name.clone();
    // The header's lines and bytes count as passed, so that positions come out as those of the file, lines from 1.
    let total = Tally::new(dialect.lines_before + 1, dialect.data_start as u64, kept);
    let tally = if dialect.joins.is_empty() {
        let columns = dialect.binding.code_columns();
        let needles = columns.zip(codes).map(|(columns, codes)| Needles::new(columns, codes.iter().copied()));
        let which = match (weigh, &needles) {
            (Some(weigh), _) => Which::Weighed(weigh),
            (None, Some(needles)) => Which::May(needles),
            (None, None) => Which::All,
        };
        let mut feed = source.feed(dialect.data_start, block);
        let look = |row: &Row<'_>| look(&dialect, row);
        scan::parallel::read(&mut feed, &dialect.grammar, which, &look, watch, total)?
    } else {
        read_joined::read(source, &dialect, block, codes, weigh, look, watch, total)?
    };
    let extract = Extract { name, bytes: tally.bytes, tally, dialect };
    refuse_if_mostly_rejected(&extract)?;
    Ok(extract)
}

/// From this many rejected rows on, an extract of which more than half is rejected was misread, not damaged.
const FEWEST: u64 = 10;

fn refuse_if_mostly_rejected<C>(extract: &Extract<C>) -> Result<(), Trouble> {
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
    Err(Trouble::Unusable { file: extract.name.clone(), what })
}
