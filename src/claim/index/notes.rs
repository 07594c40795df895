//! Values that a pass finds for services, kept by batch until the batch is judged.
//!
//! They count toward the memory for lines. What does not fit there is sorted on disk and written to the same file as the lines
//! that do not, as one piece for each batch. So the index of very many services takes little more memory than that of few.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::claim::index::groups::{PassRoom, PassSorter};
use crate::claim::index::partition::Lines;
use crate::claim::index::service::ServiceKey;
use crate::disk::spool::{Spool, SpoolSlot};

/// Once a partition has this many values, they are kept with the rest: enough that each batch of a large run gets a few of them at a
/// time, and few enough that they take 1 to 12 MiB.
pub(crate) const KEPT_AT_A_TIME: usize = 1 << 16;

/// Collects the values of services from several threads.
pub(crate) struct NoteTaker<T>(Mutex<Taken<T>>);

struct Taken<T> {
    notes: Notes<T>,
    /// Sorts what does not fit in memory.
    sorter: Option<PassSorter<ServiceKey, T>>,
    /// `None` if everything fits.
    room: Option<PassRoom>,
}

/// Values by service.
#[derive(Debug)]
pub(crate) struct Notes<T> {
    /// The number of the first line of each batch.
    starts: Vec<usize>,
    /// The values of each batch, in pieces that are each in the order of the services.
    batches: Vec<Vec<Piece<T>>>,
    spool: Option<Arc<Spool>>,
    /// May values be held in memory? Those with texts are not, if there is a spool, because it does not count their texts.
    may_hold: bool,
}

#[derive(Debug)]
enum Piece<T> {
    Held(Vec<(ServiceKey, T)>),
    Spooled(SpoolSlot),
}

impl<T: Serialize + DeserializeOwned> NoteTaker<T> {
    /// Collects values for the services of these lines.
    pub(crate) fn new(lines: &Lines<'_>) -> Self {
        Self::of(lines.starts.clone(), lines.store.spool().cloned(), lines.room())
    }

    /// Collects values with texts, which are all on disk if the lines have a spool.
    pub(crate) fn on_disk(lines: &Lines<'_>) -> Self {
        let Self(taken) = Self::new(lines);
        let Taken { notes, sorter, room } = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        Self(Mutex::new(Taken { notes: Notes { may_hold: false, ..notes }, sorter, room }))
    }

    fn of(starts: Vec<usize>, spool: Option<Arc<Spool>>, room: Option<PassRoom>) -> Self {
        let batches = starts.iter().map(|_| Vec::new()).collect();
        let notes = Notes { starts, batches, spool, may_hold: true };
        Self(Mutex::new(Taken { notes, sorter: None, room }))
    }

    /// Adds values, in any order, and leaves the vector empty. Fails if the disk does.
    pub(crate) fn add(&self, found: &mut Vec<(ServiceKey, T)>) -> io::Result<()> {
        found.sort_unstable_by_key(|(service, _)| *service);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Taken { notes, sorter, room } = &mut *taken;
        // From the end, so that each piece is split off without moving the others.
        while let Some(((line, _), _)) = found.last() {
            let batch = notes.batch_of(*line as usize);
            let start = notes.starts[batch];
            let piece = found.split_off(found.partition_point(|((line, _), _)| (*line as usize) < start));
            match room {
                Some(room) if notes.may_hold && !notes.fits(&piece) => {
                    let sorter = sorter.get_or_insert_with(|| room.sorter());
                    piece.into_iter().try_for_each(|(service, value)| sorter.push(service, value))?;
                }
                _ => {
                    let piece = notes.kept(piece)?;
                    notes.batches[batch].push(piece);
                }
            }
        }
        Ok(())
    }

    /// All values. Fails if the disk does.
    pub(crate) fn finish(self) -> io::Result<Notes<T>> {
        let Taken { mut notes, sorter, .. } = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(sorter) = sorter else { return Ok(notes) };
        let (mut piece, mut batch) = (Vec::new(), 0);
        for value in sorter.finish()? {
            let value = value?;
            let next = notes.batch_of(value.0.0 as usize);
            if next != batch {
                notes.spool_piece(batch, std::mem::take(&mut piece))?;
                batch = next;
            }
            piece.push(value);
        }
        notes.spool_piece(batch, piece)?;
        Ok(notes)
    }
}

impl<T> Default for Notes<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), batches: Vec::new(), spool: None, may_hold: true }
    }
}

impl<T> Notes<T> {
    /// Are there no values?
    pub(crate) fn is_empty(&self) -> bool {
        self.batches.iter().all(Vec::is_empty)
    }

    /// The batch of a line.
    fn batch_of(&self, line: usize) -> usize {
        self.starts.partition_point(|start| *start <= line).saturating_sub(1)
    }
}

impl<T: Serialize> Notes<T> {
    /// May the piece stay in memory? If so, it is counted.
    fn fits(&self, piece: &Vec<(ServiceKey, T)>) -> bool {
        let bytes = piece.capacity() * size_of::<(ServiceKey, T)>();
        self.spool.as_ref().is_none_or(|spool| spool.may_hold(bytes))
    }

    /// A piece in memory, or on disk if it may not be in memory. It was counted.
    fn kept(&self, piece: Vec<(ServiceKey, T)>) -> io::Result<Piece<T>> {
        match &self.spool {
            Some(spool) if !self.may_hold => spool.write(&piece).map(Piece::Spooled),
            _ => Ok(Piece::Held(piece)),
        }
    }

    /// Writes values of a batch.
    fn spool_piece(&mut self, batch: usize, piece: Vec<(ServiceKey, T)>) -> io::Result<()> {
        if let Some(spool) = self.spool.as_ref().filter(|_| !piece.is_empty()) {
            self.batches[batch].push(Piece::Spooled(spool.write(&piece)?));
        }
        Ok(())
    }
}

impl<T: Clone + DeserializeOwned> Notes<T> {
    /// The values of these lines, which are whole batches. Fails if they cannot be read back.
    pub(crate) fn of(&self, lines: Range<usize>) -> io::Result<NotesInOrder<T>> {
        Ok(NotesInOrder(self.all_of(lines)?.into_iter()))
    }

    /// The same as a list.
    pub(crate) fn all_of(&self, lines: Range<usize>) -> io::Result<Vec<(ServiceKey, T)>> {
        let mut found = Vec::new();
        if !lines.is_empty() && !self.batches.is_empty() {
            for piece in self.batches[self.batch_of(lines.start)..=self.batch_of(lines.end - 1)].iter().flatten() {
                match piece {
                    Piece::Held(values) => found.extend_from_slice(values),
                    Piece::Spooled(slot) => {
                        let spool = self.spool.as_ref().ok_or_else(|| io::Error::other("there is no spool"))?;
                        found.append(&mut spool.get::<Vec<(ServiceKey, T)>>(*slot)?);
                    }
                }
            }
        }
        found.sort_by_key(|(service, _)| *service);
        Ok(found)
    }
}

/// Values of consecutive lines, to be taken in the order of the services.
pub(crate) struct NotesInOrder<T>(vec::IntoIter<(ServiceKey, T)>);

impl<T> NotesInOrder<T> {
    /// The next value of a service; `None` if it has no more. Values of earlier services are dropped.
    pub(crate) fn next(&mut self, service: ServiceKey) -> Option<T> {
        while self.service().is_some_and(|other| other < service) {
            self.0.next();
        }
        if self.service() == Some(service) { self.0.next().map(|(_, value)| value) } else { None }
    }

    /// The service of the next value.
    #[inline]
    fn service(&self) -> Option<ServiceKey> {
        self.0.as_slice().first().map(|(service, _)| *service)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taker(spool: Option<Arc<Spool>>) -> NoteTaker<u32> {
        let room = spool.as_ref().map(|spool| PassRoom { scratch: spool.scratch(), memory: 0 });
        NoteTaker::of(vec![0, 10, 20], spool, room)
    }

    proptest! {
        #[test]
        fn values_do_not_depend_on_the_memory(
            added in prop::collection::vec(prop::collection::vec((0_u32..30, any::<bool>(), 0_u32..9), 0..20), 0..5),
            limit in 0_usize..400,
        ) {
            let notes = taker(Some(Spool::new(Arc::new(tempfile::tempfile), limit)));
            let mut wanted: Vec<(ServiceKey, u32)> = Vec::new();
            for piece in added {
                let mut piece: Vec<_> = piece.into_iter().map(|(line, is_stay, n)| ((line, is_stay), n)).collect();
                wanted.extend(&piece);
                notes.add(&mut piece).expect("room on disk");
                prop_assert!(piece.is_empty());
            }
            wanted.sort_unstable();
            if wanted.len() * size_of::<(ServiceKey, u32)>() > limit {
                prop_assert!(notes.0.lock().expect("sound").sorter.is_some(), "what does not fit is on disk");
            }
            let notes = notes.finish().expect("room on disk");
            prop_assert!(notes.batches.iter().flatten().filter(|piece| matches!(piece, Piece::Spooled(_))).count() <= 3);
            for (from, to) in [(0, 10), (10, 20), (20, 30), (0, 30)] {
                let mut read = notes.of(from..to).expect("readable");
                let mut found = Vec::new();
                for line in from as u32..to as u32 {
                    for service in [(line, false), (line, true)] {
                        let mut of_service: Vec<u32> = std::iter::from_fn(|| read.next(service)).collect();
                        of_service.sort_unstable();
                        found.extend(of_service.into_iter().map(|n| (service, n)));
                    }
                }
                let lines = from as u32..to as u32;
                let own: Vec<_> = wanted.iter().filter(|((line, _), _)| lines.contains(line)).copied().collect();
                prop_assert_eq!(found, own);
            }
        }
    }

    #[test]
    fn values_of_skipped_services_are_dropped() {
        let notes = taker(None);
        notes.add(&mut vec![((12, true), 3), ((11, false), 1), ((12, false), 2)]).expect("no disk is needed");
        let mut read = notes.finish().expect("no disk is needed").of(10..20).expect("no disk is needed");
        assert_eq!((read.next((10, false)), read.next((12, true)), read.next((12, true))), (None, Some(3), None));
        assert_eq!(Notes::<u32>::default().of(0..5).expect("nothing").next((1, false)), None);
    }
}
