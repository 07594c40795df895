//! The rows of an extract that are kept until they are joined: in memory up to a bound, and then on disk.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::disk::spool::{Spool, SpoolSlot};
use crate::ingest::layout::joined::{Joined, RowKey};
use crate::ingest::read_joined::keys::KeySet;
use crate::ingest::read_joined::room::{JoinRoom, RoomShare};
use crate::ingest::read_joined::table::ROW_BYTES;
use crate::ingest::record::grammar::{CellSpan, Grammar};
use crate::ingest::record::row::Row;
use crate::ingest::scan::collect::{Collector, KeptRow};

/// Bytes of rows that are written and read back at a time.
const PIECE_BYTES: usize = 4 << 20;

/// A row of the extract before it is joined: a copy of its record.
#[derive(Serialize, Deserialize)]
pub(super) struct UnjoinedRow {
    pub(super) bytes: Vec<u8>,
    pub(super) fields: Vec<CellSpan>,
}

impl UnjoinedRow {
    pub(super) fn of(row: &Row<'_>, grammar: &Grammar) -> Self {
        let (bytes, fields) = row.record(grammar);
        Self { bytes, fields }
    }

    pub(super) fn row(&self) -> Row<'_> {
        Row::new(&self.bytes, &self.fields)
    }

    fn bytes_of_memory(&self) -> usize {
        self.bytes.capacity() + self.fields.capacity() * size_of::<CellSpan>() + ROW_BYTES
    }
}

/// The keys of the rows of an extract that a joined table is asked for.
#[derive(Default)]
pub(super) struct ExtractKeys {
    pub(super) keys: KeySet,
    /// Has an extract a key that a spreadsheet mangled, which meets none?
    pub(super) has_mangled: bool,
}

/// Collects the rows that are kept, and the keys of all rows by joined table.
#[derive(Default)]
pub(super) struct UnjoinedRows<'r> {
    held: Vec<KeptRow<UnjoinedRow>>,
    /// Bytes of the rows in memory.
    bytes: usize,
    pub(super) keys: Vec<ExtractKeys>,
    /// Where the rows of the extract go. The rows of a block are few.
    beyond: Option<Beyond<'r>>,
    count: u64,
}

/// Where rows go that memory does not hold.
struct Beyond<'r> {
    share: RoomShare<'r>,
    spool: Option<Arc<Spool>>,
    pieces: Vec<SpoolSlot>,
    failed: Option<io::Error>,
}

impl<'r> UnjoinedRows<'r> {
    /// Collects the rows of an extract.
    pub(super) fn of_extract(room: &'r JoinRoom) -> Self {
        let beyond = Beyond { share: RoomShare::of(room), spool: None, pieces: Vec::new(), failed: None };
        Self { beyond: Some(beyond), ..Self::default() }
    }

    pub(super) fn add_key(&mut self, table: usize, key: &RowKey<'_>) {
        if self.keys.len() <= table {
            self.keys.resize_with(table + 1, ExtractKeys::default);
        }
        match key {
            RowKey::Empty => {}
            RowKey::Mangled(_) => self.keys[table].has_mangled = true,
            RowKey::Whole(key) => self.keys[table].keys.add(key),
        }
    }

    pub(super) fn push(&mut self, row: KeptRow<UnjoinedRow>) {
        self.bytes += row.value.bytes_of_memory();
        self.count += 1;
        self.held.push(row);
    }

    /// Writes rows if memory does not hold them. After an error of the disk they are lost, because the run ends with it.
    fn settle(&mut self, is_last: bool) {
        let Some(beyond) = &mut self.beyond else { return };
        let is_first = beyond.spool.is_none();
        if is_first && beyond.share.holds(self.bytes) {
            return;
        }
        if is_first || is_last || self.bytes >= PIECE_BYTES {
            self.bytes = 0;
            beyond.write(std::mem::take(&mut self.held));
        }
    }

    /// The rows. Fails if the disk did.
    pub(super) fn finish(mut self) -> io::Result<KeptRows> {
        self.settle(true);
        match self.beyond {
            Some(Beyond { failed: Some(e), .. }) => Err(e),
            Some(Beyond { spool: Some(spool), pieces, .. }) => Ok(KeptRows::OnDisk { spool, pieces }),
            _ => Ok(KeptRows::Held(self.held)),
        }
    }
}

impl Beyond<'_> {
    fn write(&mut self, rows: Vec<KeptRow<UnjoinedRow>>) {
        let scratch = self.share.room.scratch();
        let spool = self.spool.get_or_insert_with(|| Spool::new(scratch, 0));
        let (mut piece, mut bytes) = (Vec::new(), 0);
        let mut rows = rows.into_iter().peekable();
        while let Some(row) = rows.next() {
            bytes += row.value.bytes_of_memory();
            piece.push(row);
            if bytes < PIECE_BYTES && rows.peek().is_some() || self.failed.is_some() {
                continue;
            }
            match spool.write(&piece) {
                Ok(slot) => self.pieces.push(slot),
                Err(e) => self.failed = Some(e),
            }
            bytes = 0;
            piece.clear();
        }
    }
}

impl Collector for UnjoinedRows<'_> {
    fn for_block() -> Self {
        Self::default()
    }

    fn append(&mut self, next: Self, lines: u64, bytes: u64) -> Option<Self> {
        Collector::append(&mut self.held, next.held, lines, bytes);
        self.bytes += next.bytes;
        self.count += next.count;
        self.keys.resize_with(self.keys.len().max(next.keys.len()), ExtractKeys::default);
        for (own, more) in self.keys.iter_mut().zip(&next.keys) {
            own.keys.merge(&more.keys);
            own.has_mangled |= more.has_mangled;
        }
        self.settle(false);
        None
    }

    fn count(&self) -> u64 {
        self.count
    }
}

/// All rows that were kept, in order.
pub(super) enum KeptRows {
    Held(Vec<KeptRow<UnjoinedRow>>),
    OnDisk { spool: Arc<Spool>, pieces: Vec<SpoolSlot> },
}

impl KeptRows {
    pub(super) fn are_held(&self) -> bool {
        matches!(self, Self::Held(_))
    }

    /// Visits the key of each row that may meet one of a table, with the number of the row.
    pub(super) fn visit_keys(
        &self,
        join: &Joined,
        mut visit: impl FnMut(u64, Cow<'_, str>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut number = 0;
        let mut each = |rows: &[KeptRow<UnjoinedRow>]| {
            rows.iter().try_for_each(|row| {
                number += 1;
                join.key_of(&row.value.row()).whole().map_or(Ok(()), |key| visit(number - 1, key))
            })
        };
        match self {
            Self::Held(rows) => each(rows),
            Self::OnDisk { spool, pieces } => pieces.iter().try_for_each(|slot| each(&spool.get::<Vec<_>>(*slot)?)),
        }
    }

    /// The rows in pieces.
    pub(super) fn into_pieces(self) -> Box<dyn Iterator<Item = io::Result<Vec<KeptRow<UnjoinedRow>>>>> {
        match self {
            Self::Held(rows) => Box::new(std::iter::once(Ok(rows))),
            Self::OnDisk { spool, pieces } => Box::new(pieces.into_iter().map(move |slot| spool.get(slot))),
        }
    }
}
