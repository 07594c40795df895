//! A slice as a file: a first line of text, then frames: the [`SliceHead`], rejected rows, batches of lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use serde::{Deserialize, Serialize};

use crate::claim::{Batch, Store};
use crate::frame::{Allowance, FirstLine, FrameError, Frames, TooLarge, first_line, read_frame, unpack};
use crate::ingest::record::line_end::OtherLineEnd;
use crate::ingest::record::row_count::RowCount;
use crate::ingest::record::trailer::MAX_RECORDS;
use crate::ingest::scan::tally::Counts;
use crate::ingest::{Reject, Tally};
use crate::policy::Policy;

/// First line of a slice: format and the program that wrote it. Lines are stored as this version holds them, so no other one
/// reads them.
const MAGIC_LINE: &str = concat!("claimlint-slice/2 claimlint ", env!("CARGO_PKG_VERSION"), "\n");

/// Bytes of rejected rows in a frame: few enough that reading them back is within any bound on memory.
const REJECT_BYTES: usize = 1 << 18;

/// Rejected rows in a frame, likewise.
const REJECT_ROWS: usize = 1 << 12;

/// Most lines of a slice: more than a machine reads in a year, and few enough that the lines of all slices of a job can be added
/// up. A row of a Parquet file may take less than a byte, so the bytes are no bound.
const MOST_LINES: u64 = 1 << 43;

/// Which slice it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceId {
    /// The hash of the plan of the job, in hexadecimal digits. It stands for the policy, the layouts, the inputs and the splits.
    pub plan: String,
    /// The number of the slice in the job.
    pub slice: u64,
    /// The number of its extract in the run.
    pub extract: u32,
}

/// Everything of a slice except its lines and its rejected rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceHead {
    /// Which slice it is.
    pub id: SliceId,
    /// Byte of the text at which its first record starts.
    pub entry: u64,
    /// Byte of the text at which the first record after it starts.
    pub exit: u64,
    /// What was counted. Positions count from the entry.
    pub counts: Counts,
    /// Number of rejected rows.
    pub rejected: u64,
    /// Number of lines.
    pub lines: u64,
}

/// Why a slice cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SliceError {
    /// The file is not a slice.
    #[error("is not a slice of claimlint")]
    Foreign,
    /// It was written by another version.
    #[error("was written by {0}, and this is claimlint {version}; make it again with this version, or merge with that one", version = env!("CARGO_PKG_VERSION"))]
    Version(String),
    /// It is damaged.
    #[error("is damaged; make it again")]
    Damaged,
    /// It would take more memory than it may.
    #[error("{0}")]
    TooLarge(#[from] TooLarge),
    /// The disk reports an error.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<FrameError> for SliceError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Damaged => Self::Damaged,
            FrameError::TooLarge(e) => Self::TooLarge(e),
            FrameError::Io(e) => Self::Io(e),
        }
    }
}

impl SliceHead {
    /// Writes the slice: this head and what was read.
    pub fn write(&self, tally: &Tally<Store>, out: &mut impl Write) -> io::Result<()> {
        let frames = Frames::default();
        out.write_all(MAGIC_LINE.as_bytes())?;
        out.write_all(&frames.of(self)?)?;
        let (mut rows, mut bytes): (Vec<Reject>, usize) = (Vec::new(), 0);
        tally.rejects.each(|reject| {
            if rows.len() == REJECT_ROWS || (bytes + reject.raw.len() > REJECT_BYTES && !rows.is_empty()) {
                out.write_all(&frames.of(&rows)?)?;
                rows.clear();
                bytes = 0;
            }
            bytes += reject.raw.len();
            rows.push(reject.clone());
            Ok(())
        })?;
        if !rows.is_empty() {
            out.write_all(&frames.of(&rows)?)?;
        }
        for n in 0..tally.kept.batches() {
            out.write_all(&frames.of(&*tally.kept.batch(n)?)?)?;
        }
        out.flush()
    }

    /// Could a slice have these counts? Sums of them must not overflow.
    fn is_possible(&self) -> bool {
        let counts = &self.counts;
        let within = |count: Option<RowCount>| {
            count.is_none_or(|count| count.rows <= counts.rows && count.first <= counts.lines)
        };
        let total = &counts.control_total;
        // A place in a file is an i64, so that the sums of slices that follow each other fit.
        i64::try_from(self.exit).is_ok()
            && self.exit.checked_sub(self.entry) == Some(counts.bytes)
            && counts.lines <= MOST_LINES
            && counts.rows <= counts.lines + 1
            && counts.ignored.checked_add(self.rejected).is_some_and(|rows| rows <= counts.rows)
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
}

/// Reads a slice back. The bytes may be anybody's.
#[derive(Debug)]
pub struct SliceReader {
    from: BufReader<File>,
    allowance: Allowance,
    /// The head.
    pub head: SliceHead,
}

impl SliceReader {
    /// Reads the head. A frame may take this many bytes of memory.
    pub fn open(from: File, memory: usize) -> Result<Self, SliceError> {
        let mut from = BufReader::new(from);
        match first_line(&mut from, MAGIC_LINE)? {
            FirstLine::Own => {}
            FirstLine::Version(by) => return Err(SliceError::Version(by)),
            FirstLine::Foreign => return Err(SliceError::Foreign),
        }
        let (mut allowance, mut frame) = (Allowance::new(memory), Vec::new());
        read_frame(&mut from, &mut allowance, &mut frame)?.ok_or(SliceError::Damaged)?;
        let head: SliceHead = unpack(&frame, &mut allowance)?;
        allowance.give_back(frame.len() as u64);
        if head.is_possible() { Ok(Self { from, allowance, head }) } else { Err(SliceError::Damaged) }
    }

    /// Appends the slice to what was read of the text before it.
    pub fn append_to(mut self, total: &mut Tally<Store>, policy: &Policy) -> Result<SliceHead, SliceError> {
        let (lines, bytes) = (total.lines, total.bytes);
        let (codes, classes) = (policy.procedures.len(), policy.classes.len());
        let mut left = self.head.rejected;
        while left > 0 {
            let rows: Vec<Reject> = self.frame()?;
            left = left.checked_sub(rows.len() as u64).filter(|_| !rows.is_empty()).ok_or(SliceError::Damaged)?;
            for reject in rows {
                if reject.line > self.head.counts.lines
                    || reject.offset.is_some_and(|offset| offset > self.head.counts.bytes)
                {
                    return Err(SliceError::Damaged);
                }
                let offset = reject.offset.map(|offset| offset + bytes);
                total.rejects.push(Reject { line: reject.line + lines, offset, ..reject });
            }
        }
        let mut left = self.head.lines;
        while left > 0 {
            let mut batch: Batch = self.frame()?;
            left = left.checked_sub(batch.len() as u64).filter(|_| !batch.is_empty()).ok_or(SliceError::Damaged)?;
            let (extract, last) = (self.head.id.extract, self.head.counts.lines);
            let is_own = batch.iter().all(|line| line.extract == extract && line.row <= last);
            if !is_own || !batch.is_valid(codes, classes) {
                return Err(SliceError::Damaged);
            }
            batch.move_rows(lines);
            total.kept.push(batch);
        }
        if !self.from.fill_buf()?.is_empty() {
            return Err(SliceError::Damaged);
        }
        total.append_counts(self.head.counts.clone());
        Ok(self.head)
    }

    fn frame<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, SliceError> {
        let mut frame = Vec::new();
        read_frame(&mut self.from, &mut self.allowance, &mut frame)?.ok_or(SliceError::Damaged)?;
        let value = unpack(&frame, &mut self.allowance)?;
        self.allowance.give_back(frame.len() as u64);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(entry: u64, exit: u64, counts: Counts) -> SliceHead {
        let id = SliceId { plan: String::new(), slice: 0, extract: 0 };
        SliceHead { id, entry, exit, counts, rejected: 0, lines: 0 }
    }

    #[test]
    fn a_head_of_impossible_counts_is_damaged() {
        let counts = |bytes: u64, lines: u64, rows: u64| Counts { rows, lines, bytes, ..Counts::default() };
        for (head, possible) in [
            (head(7, 107, counts(100, 2, 2)), true),
            (head(7, 106, counts(100, 2, 2)), false),
            (head(107, 7, counts(100, 2, 2)), false),
            (head(0, 100, counts(100, MOST_LINES + 1, 2)), false),
            (head(0, 100, counts(100, 2, 4)), false),
            (head(0, 100, Counts { ignored: 3, ..counts(100, 2, 2) }), false),
            (head(0, 100, Counts { cut_short: Some(3), ..counts(100, 2, 2) }), false),
            (head(0, u64::MAX, counts(u64::MAX, 2, 2)), false),
        ] {
            assert_eq!(head.is_possible(), possible, "{head:?}");
        }
    }
}
