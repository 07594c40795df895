//! What a run needs to start.

use std::fmt;
use std::sync::Arc;

use crate::claim::authorization::whole::{PARTS_SHARE, ROWS_SHARE};
use crate::claim::authorization::{Authorizations, RowRoom};
use crate::disk::spool::Scratch;
use crate::ingest::{Library, ReadError, Source};
use crate::policy::Policy;
use crate::run::reconcile::Expect;

/// What a run needs besides the extracts.
pub struct Setup {
    /// The policy in force.
    pub policy: Policy,
    /// The layouts that headers are compared with.
    pub library: Library,
    /// The authorization file, if one was given.
    pub authorizations: Option<Authorizations>,
    /// The figures that the extracts must add up to.
    pub expect: Expect,
    /// Bytes of a block.
    pub block: usize,
    /// Lines of a part.
    pub part: usize,
    /// The bound on memory, if there is one.
    pub memory: Option<Memory>,
}

/// Bytes that a joined table takes while an extract is read with it, whatever its size: the sets of its keys and of those of the
/// extract, a filter of keys, and what is sorted. Measured with ten million keys.
const JOINED_TABLE_BYTES: usize = 64 << 20;

/// Bytes that the index takes for each line while it is made, however little memory it may take: the number of its claim, its bin,
/// what it says by itself, and a few sets of lines.
const LINE_BYTES: usize = 12;

/// The parts of a bound, of eight, that those bytes may take. A run takes the others, and a tenth of the bound beyond it, whatever
/// the number of lines. Measured with a bound of 512 MiB and twenty million rows.
const LINE_EIGHTHS: usize = 5;

/// The least bound that a user can give, in bytes.
const LEAST_BOUND: usize = 512 << 20;

/// A bound on what a run keeps of its lines.
#[derive(Clone)]
pub struct Memory {
    /// Bytes.
    pub bytes: usize,
    /// Makes a file for the lines that exceed it, on the disk of the report.
    pub scratch: Scratch,
}

impl Setup {
    /// Bounds the memory that reading an extract may take.
    pub(super) fn bound(&self, source: &mut Source) {
        if let Some(memory) = &self.memory {
            source.set_memory(memory.of_reading());
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// Bytes that a run takes besides its lines and their index: blocks being read and parts being judged and written. The
/// number of lines does not matter. Measured with a bound of 1 GiB and ten million rows, all in scope: if lines may
/// take half the bound less this many bytes, a run takes 0.9 GiB on two threads and 60 MiB more on eight.
const WORKING_BYTES: usize = 160 << 20;

/// Bytes of rows of the authorization file that a part may read on a machine with many threads: two KiB for each of its lines.
const LEAST_PART_ROWS: usize = 8 << 20;

impl Memory {
    /// Bytes of lines that stay in memory. The rest of the bound is used first for blocks being read, then for the
    /// index, and then for parts being judged and written.
    pub fn of_lines(&self) -> usize {
        (self.bytes / 4).max((self.bytes / 2).saturating_sub(WORKING_BYTES))
    }

    /// Fails if the index of so many lines does not fit.
    pub(super) fn refuse_if_unbounded(&self, lines: usize) -> Result<(), ReadError> {
        let wanted = lines.saturating_mul(LINE_BYTES) / LINE_EIGHTHS * 8;
        if wanted <= self.bytes.max(LEAST_BOUND) {
            return Ok(());
        }
        Err(ReadError::TooManyRows { rows: lines as u64, mebibytes: wanted.div_ceil(1 << 20) as u64 })
    }

    /// Bytes of a table that are read at a time, which are free again when the index is made.
    fn of_reading(&self) -> usize {
        self.bytes / 4
    }

    /// Extracts that are read at a time on so many threads: as many, or fewer if what is known of joined tables would take more
    /// than a table that is read at a time may.
    pub(super) fn extracts_at_a_time(&self, tables: usize, threads: usize) -> usize {
        if tables == 0 { threads } else { (self.of_reading() / (tables * JOINED_TABLE_BYTES)).clamp(1, threads) }
    }

    /// The memory of the rows of an authorization file.
    pub(super) fn of_authorizations(&self) -> RowRoom {
        RowRoom { bytes: self.bytes / ROWS_SHARE, scratch: Arc::clone(&self.scratch) }
    }

    /// Bytes of the rows that a part reads from an authorization file on disk. Each thread judges a part at a time, and a mask
    /// takes a copy.
    pub(super) fn of_part_rows(&self) -> usize {
        (self.bytes / PARTS_SHARE / (2 * rayon::current_num_threads())).max(LEAST_PART_ROWS)
    }

    /// Bytes that a pass of the index may take, besides the few bytes that the index keeps for each line.
    pub(super) fn of_index(&self) -> usize {
        self.bytes / 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_extracts_with_joined_tables_are_read_at_a_time() {
        let of = |mebibytes: usize, tables| {
            let memory = Memory { bytes: mebibytes << 20, scratch: Arc::new(tempfile::tempfile) };
            memory.extracts_at_a_time(tables, 8)
        };
        assert_eq!([of(512, 0), of(512, 1), of(512, 2), of(512, 3)], [8, 2, 1, 1]);
        assert_eq!([of(2048, 1), of(2048, 2), of(2048, 3)], [8, 4, 2]);
    }

    #[test]
    fn more_rows_than_the_index_has_memory_for_are_refused_with_the_memory_that_would_do() {
        let of = |mebibytes: usize, rows: usize| {
            let memory = Memory { bytes: mebibytes << 20, scratch: Arc::new(tempfile::tempfile) };
            memory.refuse_if_unbounded(rows).map_err(|e| e.to_string())
        };
        assert_eq!(of(512, 27_000_000), Ok(()));
        let refused = of(512, 40_000_000).expect_err("too many");
        assert!(refused.starts_with("40000000 rows") && refused.contains("--memory 733M"), "{refused}");
        assert_eq!(of(733, 40_000_000), Ok(()));
    }
}
