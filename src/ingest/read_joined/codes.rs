//! The known codes of a table, found before the extract is read.

use rustc_hash::FxHashMap;

use crate::ingest::error::ReadError;
use crate::ingest::known_codes::KnownCodes;
use crate::ingest::layout::binding::Binding;
use crate::ingest::layout::joined::{Joined, TableShape};
use crate::ingest::read_joined::keys::hash;
use crate::ingest::read_joined::room::{JoinRoom, unwritten};
use crate::ingest::read_joined::rows::KeptRows;
use crate::ingest::read_joined::table::{Cells, CodeCells, FoundRows, ReadTable, SortedRows, code, collect_rows, read};
use crate::ingest::scan::parallel::Watch;

/// The known codes found in a table before the extract is read.
pub(super) enum CodesFound {
    /// The table has no procedure codes.
    Nothing,
    /// The keys of the rows that hold a known code, with their number. The rows themselves are read later.
    Keys(FxHashMap<Box<str>, u64>),
    /// The known codes by key, and what was read. The table is not read again.
    Codes(Cells, ReadTable),
    /// The rows that hold a known code, on disk, and what was read. A table with one row per key is read again later.
    Sorted(SortedRows, ReadTable),
}

impl CodesFound {
    /// Finds the keys of the rows that hold known codes. For a table with one code per row, also the codes.
    pub(super) fn of(
        join: &Joined,
        binding: &Binding,
        wanted: &KnownCodes,
        room: &JoinRoom,
        watch: &dyn Watch,
    ) -> Result<Self, ReadError> {
        let codes = CodeCells::of(join, binding, wanted);
        if codes.are_none() {
            return Ok(Self::Nothing);
        }
        let (rows, table) = read(join, &codes, room, watch, true, &|row| {
            if !codes.may_hold(join, row) {
                return None;
            }
            let key = Box::from(join.key(row).whole()?);
            let cells = match &join.shape {
                TableShape::Row => Ok(Vec::new()),
                TableShape::Codes { .. } => code(join, row),
            };
            Some((key, cells))
        })?;
        let rows = match rows {
            FoundRows::Sorted(sorted) => return Ok(Self::Sorted(sorted, table)),
            FoundRows::Held(rows) => rows,
        };
        if matches!(join.shape, TableShape::Codes { .. }) {
            return Ok(Self::Codes(collect_rows(join, rows)?, table));
        }
        let mut keys: FxHashMap<Box<str>, u64> = FxHashMap::default();
        for row in rows {
            *keys.entry(row.key).or_default() += 1;
        }
        Ok(Self::Keys(keys))
    }

    /// May this key have a known code? Always "yes" if it has one.
    pub(super) fn may_hold(&self, key: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Keys(keys) => keys.contains_key(key),
            Self::Codes(cells, _) => cells.contains_key(key),
            Self::Sorted(rows, _) => rows.filter.may_hold(hash(key.as_bytes())),
        }
    }

    /// The number of cells with known codes by key, without the keys of these rows. Codes on disk are found when they are joined.
    pub(super) fn lost(&self, join: &Joined, kept: &KeptRows) -> Result<FxHashMap<Box<str>, u64>, ReadError> {
        let mut lost: FxHashMap<Box<str>, u64> = match self {
            Self::Nothing | Self::Sorted(..) => return Ok(FxHashMap::default()),
            Self::Keys(keys) => keys.clone(),
            Self::Codes(cells, _) => cells.iter().map(|(key, cells)| (key.clone(), cells.len() as u64)).collect(),
        };
        let found = kept.visit_keys(join, |_, key| {
            lost.remove(&*key);
            Ok(())
        });
        found.map_err(unwritten)?;
        Ok(lost)
    }
}
