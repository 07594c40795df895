//! Values in the order in which they were added, more than memory holds, which can be read several times.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, IntoInnerError, Read};
use std::marker::PhantomData;
use std::{mem, slice};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::disk::read_at::read_at;
use crate::disk::sorted::{read_value, write_value};
use crate::disk::spool::Scratch;

/// Bytes of the buffer with which values are read or written.
const BUFFER: usize = 1 << 16;

/// Collects values.
pub(crate) struct SequenceWriter<T> {
    scratch: Scratch,
    /// Bytes of values that may stay in memory.
    limit: usize,
    held: Vec<T>,
    bytes: usize,
    /// All values, once memory does not hold them.
    file: Option<BufWriter<File>>,
    length: u64,
}

/// Values that were collected.
pub(crate) enum Sequence<T> {
    /// In memory.
    Held(Vec<T>),
    /// In a file of this length.
    OnDisk(File, u64),
}

impl<T: Clone + Serialize + DeserializeOwned> SequenceWriter<T> {
    /// Holds `limit` bytes of values in memory; if there are more, all of them are in a file that `scratch` makes.
    pub(crate) fn new(scratch: Scratch, limit: usize) -> Self {
        Self { scratch, limit, held: Vec::new(), bytes: 0, file: None, length: 0 }
    }

    /// Adds a value that takes `bytes` of memory.
    pub(crate) fn push(&mut self, value: T, bytes: usize) -> io::Result<()> {
        if self.file.is_none() {
            self.bytes += bytes;
            if self.bytes <= self.limit {
                self.held.push(value);
                return Ok(());
            }
            self.file = Some(BufWriter::with_capacity(BUFFER, (self.scratch)()?));
            for held in mem::take(&mut self.held) {
                self.write(&held)?;
            }
        }
        self.write(&value)
    }

    fn write(&mut self, value: &T) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        self.length += write_value(value, file)?;
        Ok(())
    }

    /// All values.
    pub(crate) fn finish(self) -> io::Result<Sequence<T>> {
        let Some(file) = self.file else { return Ok(Sequence::Held(self.held)) };
        Ok(Sequence::OnDisk(file.into_inner().map_err(IntoInnerError::into_error)?, self.length))
    }
}

impl<T: Clone + Serialize + DeserializeOwned> Sequence<T> {
    /// The values, from the first.
    pub(crate) fn iter(&self) -> Values<'_, T> {
        match self {
            Self::Held(values) => Values::Held(values.iter()),
            Self::OnDisk(file, length) => {
                let reader = BufReader::with_capacity(BUFFER, ReadAt { file, at: 0 });
                Values::OnDisk { reader, left: *length, buffer: Vec::new(), values: PhantomData }
            }
        }
    }
}

/// Reads a file from a place of its own, so that several can read it in turn.
pub(crate) struct ReadAt<'s> {
    file: &'s File,
    at: u64,
}

impl Read for ReadAt<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.metadata()?.len().saturating_sub(self.at);
        let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        read_at(self.file, &mut buffer[..length], self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

/// Reads the values of a sequence one by one.
pub(crate) enum Values<'s, T> {
    /// From memory.
    Held(slice::Iter<'s, T>),
    /// From a file, of which so many bytes are left.
    OnDisk { reader: BufReader<ReadAt<'s>>, left: u64, buffer: Vec<u8>, values: PhantomData<T> },
}

impl<T: Clone + DeserializeOwned> Iterator for Values<'_, T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Held(values) => values.next().cloned().map(Ok),
            Self::OnDisk { left: 0, .. } => None,
            Self::OnDisk { reader, left, buffer, .. } => {
                let next = read_value(reader, buffer);
                // After an error nothing follows.
                *left = next.as_ref().map_or(0, |(_, bytes)| left.saturating_sub(*bytes));
                Some(next.map(|(value, _)| value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_are_read_as_often_as_wanted_whatever_the_memory(
            values in prop::collection::vec("[a-z]{0,9}", 0..50),
            limit in 0_usize..300,
        ) {
            let mut writer = SequenceWriter::new(Arc::new(tempfile::tempfile), limit);
            for value in &values {
                writer.push(value.clone(), 8).expect("room on disk");
            }
            let sequence = writer.finish().expect("room on disk");
            prop_assert_eq!(matches!(sequence, Sequence::Held(_)), values.len() * 8 <= limit);
            let mut behind = sequence.iter();
            for (place, value) in sequence.iter().enumerate() {
                prop_assert_eq!(&value.expect("readable"), &values[place]);
                if place % 2 == 1 {
                    prop_assert_eq!(&behind.next().expect("as many").expect("readable"), &values[place / 2]);
                }
            }
        }
    }

    #[test]
    fn a_file_that_was_cut_is_told_once() {
        let mut writer = SequenceWriter::new(Arc::new(tempfile::tempfile), 0);
        (0..9_u32).for_each(|n| writer.push(n, 4).expect("room on disk"));
        let sequence = writer.finish().expect("room on disk");
        let Sequence::OnDisk(file, _) = &sequence else { panic!("they are on disk") };
        file.set_len(12).expect("a file can be cut");
        assert_eq!(sequence.iter().map(Result::ok).collect::<Vec<_>>(), [Some(0), Some(1), None]);
    }
}
