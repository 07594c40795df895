//! Reads an extract from its slices.

use std::fs::File;
use std::path::PathBuf;

use crate::claim::Store;
use crate::ingest::{Extract, ReadError, Source, Tally, Watch};
use crate::run::read::{check_trailer, settle};
use crate::run::setup::Setup;
use crate::run::slice::file::{SliceHead, SliceReader};
use crate::run::slice::frames::SliceError;
use crate::warning::Warning;

/// A slice of a job whose head was read and accepted.
#[derive(Debug, Clone)]
pub struct SliceFile {
    /// `slice-N.bin` of the job.
    pub path: PathBuf,
    /// Which split of the extract it is, from 0.
    pub split: u64,
    /// The head that was accepted. If the file has another one by now, it is refused.
    pub head: SliceHead,
}

impl SliceFile {
    fn open(&self, memory: usize) -> Result<SliceReader, SliceError> {
        let reader = SliceReader::open(File::open(&self.path)?, memory)?;
        if reader.head == self.head { Ok(reader) } else { Err(SliceError::Damaged) }
    }
}

/// Reads an extract from its slices, which follow each other. `source` is the extract itself, of which only the first rows are
/// looked at, like those of its joined tables. A frame of a slice may take `memory` bytes.
pub fn read_slices(
    source: &Source,
    slices: &[SliceFile],
    memory: usize,
    setup: &Setup,
    store: Store,
    watch: &dyn Watch,
) -> Result<(Extract<Store>, Vec<Warning>), ReadError> {
    let (detected, warnings) = settle(source, setup)?;
    let (line, byte) = detected.start();
    let mut total = Tally::new(line, byte, store);
    let mut tables = Vec::new();
    for slice in slices {
        let kept = total.kept.len();
        let refused = |e: &SliceError| {
            ReadError::unusable(&source.name, format!("split {}: {}: {e}", slice.split, slice.path.display()))
        };
        let read = slice.open(memory).and_then(|reader| reader.append_to(&mut total, &setup.policy, &detected));
        tables.extend(read.map_err(|e| refused(&e))?);
        let head = &slice.head;
        if !watch.passed(head.counts.bytes, head.counts.rows, (total.kept.len() - kept) as u64) {
            return Err(ReadError::Interrupted);
        }
    }
    for (join, usage) in detected.joins.iter().zip(&tables) {
        for warning in usage.warnings(join) {
            watch.warning(warning);
        }
    }
    let extract = Extract::new(source.name.clone(), total, detected, tables, watch)?;
    check_trailer(&extract, setup)?;
    Ok((extract, warnings))
}
