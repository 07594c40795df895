//! The authorization file of a run: its counts, what is probably wrong with it, and its rows, in memory or on disk.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::claim::authorization::collect::CollectedRows;
use crate::claim::authorization::columns::absence;
use crate::claim::authorization::file::AuthorizationFile;
use crate::claim::authorization::on_disk::{ROWS_IN_PIECE, RowsOnDisk};
use crate::claim::authorization::row::{Approval, Authorization};
use crate::claim::authorization::statuses::{StatusCounter, UnreadStatuses};
use crate::claim::value::code::CodeTable;
use crate::disk::spool::Scratch;
use crate::warning::Warning;

/// Counts that show whether the authorization file is the right one for the claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuthorizationCoverage {
    /// Rows of the file.
    pub rows: u64,
    /// Rows that are approvals.
    pub approvals: u64,
    /// Distinct numbers on services.
    pub numbers_on_services: u64,
    /// Numbers on services that the file contains.
    pub numbers_found: u64,
}

/// The authorization file of a run.
#[derive(Debug)]
pub struct Authorizations {
    /// Its name, as given.
    name: String,
    rows: Rows,
    coverage: AuthorizationCoverage,
    unread: UnreadStatuses,
    warnings: Vec<Warning>,
    /// The columns that it lacks, by their canonical names.
    absent: Vec<&'static str>,
}

/// The rows of an authorization file.
#[derive(Debug, Clone)]
enum Rows {
    /// All rows, indexed in memory.
    Held(Arc<AuthorizationFile>),
    /// Parts of the run read the rows that they need.
    OnDisk(Arc<RowsOnDisk>),
}

/// The part of `--memory` that all rows may take to be in memory. With a mask, a copy of them takes as much.
pub(crate) const ROWS_SHARE: usize = 4;

/// The part of `--memory` that the rows may take which parts of the run read from disk, all parts together that are judged
/// at a time: as much as a pass of the index.
pub(crate) const PARTS_SHARE: usize = 8;

impl Authorizations {
    /// The file with these rows.
    pub(super) fn new(name: String, rows: CollectedRows, codes: &CodeTable, warnings: Vec<Warning>) -> Self {
        match rows {
            CollectedRows::Held(rows) => Self { warnings, ..Self::held(name, AuthorizationFile::new(rows, codes)) },
            CollectedRows::Written(written) => {
                let coverage = AuthorizationCoverage {
                    rows: written.count,
                    approvals: written.approvals,
                    ..AuthorizationCoverage::default()
                };
                let rows = Rows::OnDisk(Arc::new(written.rows));
                Self { name, rows, coverage, unread: written.unread, warnings, absent: Vec::new() }
            }
        }
    }

    /// A file with all rows in memory.
    pub fn held(name: String, file: AuthorizationFile) -> Self {
        let approvals = file.rows().iter().filter(|row| row.approval == Approval::Approved).count() as u64;
        let coverage =
            AuthorizationCoverage { rows: file.rows().len() as u64, approvals, ..AuthorizationCoverage::default() };
        let unread = UnreadStatuses::of(file.rows());
        Self { name, rows: Rows::Held(Arc::new(file)), coverage, unread, warnings: Vec::new(), absent: Vec::new() }
    }

    /// The same file, which lacks these columns.
    #[must_use]
    pub(super) fn without(self, absent: Vec<&'static str>) -> Self {
        Self { absent, ..self }
    }

    /// The columns that it lacks, each with the consequence.
    pub fn absent(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.absent.iter().filter_map(|column| Some((*column, absence(column)?)))
    }

    /// Its name, as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts of rows and approvals. The numbers on services are counted where the services are known.
    pub fn coverage(&self) -> AuthorizationCoverage {
        self.coverage
    }

    /// Status labels that no table knows.
    pub(crate) fn unread_statuses(&self) -> &UnreadStatuses {
        &self.unread
    }

    /// What is probably wrong with it, as far as its bytes say.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// All rows, indexed. `None`: they are on disk.
    pub fn file(&self) -> Option<&Arc<AuthorizationFile>> {
        match &self.rows {
            Rows::Held(file) => Some(file),
            Rows::OnDisk(_) => None,
        }
    }

    /// The rows, if they are on disk.
    pub fn on_disk(&self) -> Option<&Arc<RowsOnDisk>> {
        match &self.rows {
            Rows::Held(_) => None,
            Rows::OnDisk(rows) => Some(rows),
        }
    }

    /// Bytes that it takes of `memory`.
    pub fn bytes(&self, is_masked: bool, memory: usize) -> usize {
        match &self.rows {
            Rows::Held(file) => file.bytes() * (1 + usize::from(is_masked)),
            Rows::OnDisk(_) => memory / PARTS_SHARE,
        }
    }

    /// Numbers of rows, of which the rows of one are visited at a time.
    pub fn pieces(&self) -> usize {
        match &self.rows {
            Rows::Held(file) => file.rows().len().div_ceil(ROWS_IN_PIECE),
            Rows::OnDisk(rows) => rows.pieces(),
        }
    }

    /// Visits the rows of a piece. Fails if they cannot be read back.
    pub(crate) fn visit(&self, piece: usize, visit: impl FnMut(&Authorization)) -> io::Result<()> {
        match &self.rows {
            Rows::Held(file) => file.rows().chunks(ROWS_IN_PIECE).nth(piece).unwrap_or_default().iter().for_each(visit),
            Rows::OnDisk(rows) => rows.piece(piece)?.iter().for_each(visit),
        }
        Ok(())
    }

    /// The same file, its rows in memory changed. Rows on disk are to be changed when they are read.
    #[must_use]
    pub fn changed(self, change: impl Fn(&Authorization) -> Authorization, codes: &CodeTable) -> Self {
        let rows = match self.rows {
            Rows::Held(file) => Rows::Held(Arc::new(file.with_rows(change, codes))),
            on_disk @ Rows::OnDisk(_) => on_disk,
        };
        Self { rows, ..self }
    }

    /// A copy with every row masked. Rows on disk are to be masked when they are read. Labels are counted as they are shown, in
    /// files that `scratch` makes if they are many.
    pub fn masked(
        &self,
        mask: impl Fn(&Authorization) -> Authorization,
        codes: &CodeTable,
        scratch: Scratch,
    ) -> io::Result<Self> {
        let (rows, unread) = match &self.rows {
            Rows::Held(file) => {
                let file = file.with_rows(mask, codes);
                let unread = UnreadStatuses::of(file.rows());
                (Rows::Held(Arc::new(file)), unread)
            }
            Rows::OnDisk(rows) => {
                let mut unread = StatusCounter::new(scratch);
                for piece in 0..rows.pieces() {
                    for row in rows.piece(piece)? {
                        unread.add(&row, |row| mask(row).status)?;
                    }
                }
                (Rows::OnDisk(Arc::clone(rows)), unread.finish()?)
            }
        };
        let (name, coverage, warnings) = (self.name.clone(), self.coverage, self.warnings.clone());
        Ok(Self { name, rows, coverage, unread, warnings, absent: self.absent.clone() })
    }
}
