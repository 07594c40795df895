//! What a run needs to start.

use std::path::PathBuf;

use crate::claim::authorization::AuthorizationFile;
use crate::ingest::Library;
use crate::policy::Policy;
use crate::run::reconcile::Expect;

/// What a run needs beside the extracts.
pub struct Setup {
    /// The policy in force.
    pub policy: Policy,
    /// The layouts that headers are compared with.
    pub library: Library,
    /// The authorization file, if one was given.
    pub authorization_file: Option<AuthorizationFile>,
    /// What is known of the extracts beforehand.
    pub expect: Expect,
    /// Bytes of a block.
    pub block: usize,
    /// Lines of a part.
    pub part: usize,
    /// The bound on memory, if there is one.
    pub memory: Option<Memory>,
}

/// A bound on what a run keeps of its lines.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Bytes.
    pub bytes: usize,
    /// Where lines go that exceed it: a directory on the disk of the report.
    pub directory: PathBuf,
}

/// Bytes that a run takes beside its lines and their index, whatever the number of lines: blocks that are read, parts that are
/// judged and written. Measured with every row in scope, a bound of 1 GiB and ten million rows: with half the bound less this
/// many bytes for lines, a run takes 0.9 GiB on two threads and 60 MiB more on eight.
const WORKING_BYTES: usize = 160 << 20;

impl Memory {
    /// Bytes of lines that stay in memory. The rest is for the blocks that are read, later for the index, and then for the
    /// parts that are judged and written.
    pub(super) fn of_lines(&self) -> usize {
        (self.bytes / 4).max((self.bytes / 2).saturating_sub(WORKING_BYTES))
    }

    /// Bytes that a pass of the index may take, beside the few bytes that the index keeps of each line.
    pub(super) fn of_index(&self) -> usize {
        self.bytes / 8
    }
}
