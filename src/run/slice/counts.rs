//! The counts of a file and its rejected rows in a slice. Counts that no file has are refused, so that sums of them do not
//! overflow.

use std::io::{self, Write};

use crate::frame::Frames;
use crate::ingest::record::line_end::OtherLineEnd;
use crate::ingest::record::row_count::RowCount;
use crate::ingest::record::trailer::MAX_RECORDS;
use crate::ingest::scan::tally::Counts;
use crate::ingest::{Reject, Rejects};
use crate::run::slice::frames::{FrameReader, ListWriter, SliceError};

/// Most lines of a slice: more than a machine reads in a year, and few enough that the lines of all slices of a job can be added
/// up. A row of a Parquet file may take less than a byte, so the bytes are no bound.
pub(super) const MOST_LINES: u64 = 1 << 43;

/// Could a file have these counts, and so many rejected rows?
pub(super) fn are_possible(counts: &Counts, rejected: u64) -> bool {
    let within =
        |count: Option<RowCount>| count.is_none_or(|count| count.rows <= counts.rows && count.first <= counts.lines);
    let total = &counts.control_total;
    counts.lines <= MOST_LINES
        && counts.rows <= counts.lines + 1
        && counts.ignored.checked_add(rejected).is_some_and(|rows| rows <= counts.rows)
        && [counts.longer, counts.stray_quotes, counts.ended_otherwise, counts.joined_rows].into_iter().all(within)
        && [counts.skipped, counts.skipped_rows]
            .into_iter()
            .flatten()
            .all(|count| count.rows <= counts.lines + 1 && count.first <= counts.lines)
        && counts.other_line_end.is_none_or(OtherLineEnd::is_known)
        && counts.cut_short.is_none_or(|line| line <= counts.lines)
        && counts.trailers.len() <= MAX_RECORDS
        && counts.trailers.iter().all(|trailer| trailer.line <= counts.lines)
        && total.unread <= counts.rows
        && total.first_unread.is_none_or(|line| line <= counts.lines)
        && total.sum.unsigned_abs() <= u128::from(u64::MAX) * u128::from(counts.rows)
}

/// Writes rejected rows.
pub(super) fn write_rejects(rejects: &Rejects, frames: &Frames, out: &mut impl Write) -> io::Result<()> {
    let mut list = ListWriter::new(frames, out);
    rejects.each(|reject| list.push(reject.clone(), reject.raw.len()))?;
    list.finish()
}

/// Passes so many rejected rows, of a file with these counts, to `take`.
pub(super) fn read_rejects(
    from: &mut FrameReader,
    counts: &Counts,
    rejected: u64,
    mut take: impl FnMut(Reject),
) -> Result<(), SliceError> {
    from.list(rejected, |reject: Reject| {
        if reject.line > counts.lines || reject.offset.is_some_and(|offset| offset > counts.bytes) {
            return Err(SliceError::Damaged);
        }
        take(reject);
        Ok(())
    })
}
