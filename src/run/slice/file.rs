//! A slice as a file: a first line of text, then frames: the [`SliceHead`], rejected rows, batches of lines, joined tables.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use serde::{Deserialize, Serialize};

use crate::claim::{Batch, Store};
use crate::frame::{FirstLine, Frames, first_line};
use crate::ingest::scan::tally::Counts;
use crate::ingest::{Detected, Reject, TableUsage, Tally};
use crate::policy::Policy;
use crate::run::slice::counts::{are_possible, read_rejects, write_rejects};
use crate::run::slice::frames::{FrameReader, SliceError};
use crate::run::slice::table;
use crate::run::slice::table::TableHead;

/// First line of a slice: format and the program that wrote it. Lines are stored as this version holds them, so no other one
/// reads them.
const MAGIC_LINE: &str = concat!("claimlint-slice/7 claimlint ", env!("CARGO_PKG_VERSION"), "\n");

/// The kind of file: how the first line of a slice of any version begins.
const KIND: &str = "claimlint-slice/";

/// Does the text of a file begin as a slice of any version does?
pub fn is_slice(from: &mut impl Read) -> io::Result<bool> {
    let mut start = Vec::new();
    from.take(KIND.len() as u64).read_to_end(&mut start)?;
    Ok(start == KIND.as_bytes())
}

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

/// Everything of a slice except its lines, its rejected rows, and the rows and keys of joined tables.
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
    /// Joined tables, in the order of the layout.
    pub tables: Vec<TableHead>,
}

impl SliceHead {
    /// Writes the slice: this head and what was read.
    pub(super) fn write(&self, tally: &Tally<Store>, tables: &[TableUsage], out: &mut impl Write) -> io::Result<()> {
        let frames = Frames::default();
        out.write_all(MAGIC_LINE.as_bytes())?;
        out.write_all(&frames.of(self)?)?;
        write_rejects(&tally.rejects, &frames, out)?;
        for n in 0..tally.kept.batches() {
            out.write_all(&frames.of(&*tally.kept.batch(n)?)?)?;
        }
        tables.iter().try_for_each(|usage| table::write(&usage.read, &frames, out))?;
        out.flush()
    }

    /// Could a slice have these counts?
    fn is_possible(&self) -> bool {
        // A place in a file is an i64, so that the sums of slices that follow each other fit.
        i64::try_from(self.exit).is_ok()
            && self.exit.checked_sub(self.entry) == Some(self.counts.bytes)
            && are_possible(&self.counts, self.rejected)
            && self.tables.iter().all(TableHead::is_possible)
    }
}

/// Reads a slice back. The bytes may be anybody's.
#[derive(Debug)]
pub struct SliceReader {
    from: FrameReader,
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
        let mut from = FrameReader::new(from, memory);
        let head: SliceHead = from.next()?;
        if head.is_possible() { Ok(Self { from, head }) } else { Err(SliceError::Damaged) }
    }

    /// Appends the slice to what was read of the text before it. Returns how the joined tables of the extract were used.
    pub(crate) fn append_to(
        self,
        total: &mut Tally<Store>,
        policy: &Policy,
        detected: &Detected,
    ) -> Result<Vec<TableUsage>, SliceError> {
        let Self { mut from, head } = self;
        if head.tables.len() != detected.joins.len() {
            return Err(SliceError::Damaged);
        }
        let (lines, bytes) = (total.lines, total.bytes);
        let (codes, classes) = (policy.procedures.len(), policy.classes.len());
        read_rejects(&mut from, &head.counts, head.rejected, |reject| {
            let offset = reject.offset.map(|offset| offset + bytes);
            total.rejects.push(Reject { line: reject.line + lines, offset, ..reject });
        })?;
        let mut left = head.lines;
        while left > 0 {
            let batch: Batch = from.next()?;
            left = left.checked_sub(batch.len() as u64).filter(|_| !batch.is_empty()).ok_or(SliceError::Damaged)?;
            let is_own = batch.iter().all(|line| line.extract == head.id.extract && line.row <= head.counts.lines);
            if !is_own || !batch.is_valid(codes, classes) {
                return Err(SliceError::Damaged);
            }
            total.kept.push(&batch, lines);
        }
        let mut usages = Vec::new();
        for (table, join) in head.tables.into_iter().zip(&detected.joins) {
            let read = table.read(&mut from, total.kept.spool().cloned())?;
            usages.push(TableUsage::new(join, &detected.header, read));
        }
        from.end()?;
        total.append_counts(head.counts);
        Ok(usages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::slice::counts::MOST_LINES;

    fn head(entry: u64, exit: u64, counts: Counts) -> SliceHead {
        let id = SliceId { plan: String::new(), slice: 0, extract: 0 };
        SliceHead { id, entry, exit, counts, rejected: 0, lines: 0, tables: Vec::new() }
    }

    #[test]
    fn a_slice_of_any_version_is_known_by_its_first_line() {
        for (text, want) in
            [(MAGIC_LINE, true), ("claimlint-slice/1 claimlint 0.0.9\n", true), ("claim_id,x\n", false), ("", false)]
        {
            assert_eq!(is_slice(&mut text.as_bytes()).expect("memory"), want, "{text}");
        }
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
