//! Reads an extract or a split of it into a slice.

use std::io::{self, Write};

use crate::claim::Store;
use crate::ingest::split::{Split, SplitTally, SplitText};
use crate::ingest::{Detected, ReadError, Source, TableUsage, Tally, Watch};
use crate::run::read::{RowReader, settle};
use crate::run::setup::Setup;
use crate::run::slice::file::{SliceHead, SliceId};
use crate::run::slice::table::TableHead;

/// What was read of an extract or of a split.
#[derive(Debug)]
pub struct Slice {
    /// Everything but the rows.
    pub head: SliceHead,
    /// The rows, with positions that count from the entry.
    pub tally: Tally<Store>,
    /// How the joined tables were used.
    pub tables: Vec<TableUsage>,
}

impl Slice {
    /// Writes the slice as a file.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        self.head.write(&self.tally, &self.tables, out)
    }
}

/// Reads a whole extract with its joined tables into a slice.
pub fn read_whole(
    id: SliceId,
    mut source: Source,
    setup: &Setup,
    store: Store,
    watch: &dyn Watch,
) -> Result<Slice, ReadError> {
    setup.bound(&mut source);
    let (detected, _) = settle(&source, setup)?;
    let rows = RowReader::new(id.extract, &source.name, &detected, setup)?;
    let (tally, tables) = rows.whole(store, source, &detected, setup, watch)?;
    let (_, entry) = detected.start();
    Ok(slice(id, SplitTally { entry, exit: entry + tally.bytes, tally }, tables))
}

/// Reads a split into a slice. Without an `entry` it is guessed.
#[allow(clippy::too_many_arguments, reason = "what to read, how, and where the result goes")]
pub fn read_split(
    id: SliceId,
    (name, text): (&str, SplitText),
    detected: &Detected,
    split: &Split,
    entry: Option<u64>,
    setup: &Setup,
    store: Store,
    watch: &dyn Watch,
) -> Result<Slice, ReadError> {
    let rows = RowReader::new(id.extract, name, detected, setup)?;
    let read = rows.split(store, (name, text), detected, split, entry, setup, watch)?;
    Ok(slice(id, read, Vec::new()))
}

fn slice(id: SliceId, read: SplitTally<Store>, tables: Vec<TableUsage>) -> Slice {
    let SplitTally { entry, exit, mut tally } = read;
    tally.kept.finish();
    let head = SliceHead {
        id,
        entry,
        exit,
        counts: tally.counts().clone(),
        rejected: tally.rejects.len(),
        lines: tally.kept.len() as u64,
        tables: tables.iter().map(|usage| TableHead::of(&usage.read)).collect(),
    };
    Slice { head, tally, tables }
}
