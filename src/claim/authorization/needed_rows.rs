//! The rows of the authorization file that the dossier of a run holds: those that some of its lines may need.

use std::io;

use serde::{Deserialize, Serialize};

use crate::claim::authorization::file::{AuthorizationFile, NotedRows};
use crate::claim::authorization::row::Authorization;
use crate::claim::authorization::whole::Authorizations;
use crate::disk::sorted::{SORTED_BYTES, Sorter};
use crate::disk::spool::Scratch;

/// Collects the rows that the lines of all parts need.
pub struct NeededRows(Needed);

enum Needed {
    /// The whole file is in memory, and keys are noted.
    Noted(NotedRows),
    /// Parts have read their rows from disk, and these are sorted.
    Sorted(SortedRows),
}

/// Rows that parts have read from disk, each once.
struct SortedRows {
    /// By place in the file, one bit each: is the row among them?
    seen: Vec<u64>,
    sorter: Sorter<PlacedRow>,
}

/// A row with its place in the file, which is its order.
#[derive(Serialize, Deserialize)]
struct PlacedRow(u64, Authorization);

impl PartialEq for PlacedRow {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for PlacedRow {}

impl PartialOrd for PlacedRow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PlacedRow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl NeededRows {
    /// No row of this file yet. Rows are sorted in files that `scratch` makes.
    pub fn of(all: &Authorizations, scratch: Scratch) -> Self {
        if let Some(file) = all.file() {
            return Self(Needed::Noted(NotedRows::of(file)));
        }
        let seen = vec![0; all.coverage().rows.div_ceil(64) as usize];
        Self(Needed::Sorted(SortedRows { seen, sorter: Sorter::new(scratch, SORTED_BYTES) }))
    }

    /// Adds what the lines of a part need of the rows that the part has. Of each line the cell of authorization numbers and the
    /// member are given.
    pub fn note<'l>(
        &mut self,
        file: &AuthorizationFile,
        lines: impl Iterator<Item = (&'l str, &'l str)>,
    ) -> io::Result<()> {
        match &mut self.0 {
            Needed::Noted(noted) => lines.for_each(|(numbers, member)| noted.note(file, numbers, member)),
            Needed::Sorted(SortedRows { seen, sorter }) => {
                // The part has read the rows with the numbers and members of its lines.
                for (place, row) in file.placed_rows() {
                    let (word, bit) = (&mut seen[(place / 64) as usize], 1 << (place % 64));
                    if *word & bit == 0 {
                        *word |= bit;
                        sorter.push(PlacedRow(place, row.clone()), row.bytes())?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The rows, in the order of the file.
    pub fn rows<'f>(self, all: &'f Authorizations) -> io::Result<RowsInOrder<'f>> {
        Ok(match self.0 {
            Needed::Noted(noted) => {
                let rows =
                    |file: &'f AuthorizationFile| noted.places(file).map(move |place| Ok(file.rows()[place].clone()));
                Box::new(all.file().map(|file| rows(file)).into_iter().flatten())
            }
            Needed::Sorted(SortedRows { sorter, .. }) => {
                Box::new(sorter.finish()?.map(|row| row.map(|PlacedRow(_, row)| row)))
            }
        })
    }
}

/// Rows, one after the other, from memory or from disk.
type RowsInOrder<'f> = Box<dyn Iterator<Item = io::Result<Authorization>> + 'f>;
