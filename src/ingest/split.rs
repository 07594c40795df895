//! Reads a split of a plain extract: the records that start in a range of its bytes.
//!
//! A split usually begins inside a record. Where its first record starts, the entry, is guessed by following the records of a
//! run-up before the split: chains of records that start at different lines run together after a few records. Where the next
//! split's first record starts, the exit, follows from reading. If the first entry is the first byte after the header and each
//! entry is the exit of the split before, the splits hold exactly the records of one pass, however the entries were found. A
//! split with another entry is read again.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::read_at::read_at;
use crate::ingest::error::ReadError;
use crate::ingest::layout::detect::Detected;
use crate::ingest::record::grammar::{Grammar, Step};
use crate::ingest::record::row::Row;
use crate::ingest::scan::collect::{Collector, Position, RowAction};
use crate::ingest::scan::in_order::LEAST_MORE_BYTES;
use crate::ingest::scan::parallel::{Watch, read_stretch};
use crate::ingest::scan::prefilter::Prefilter;
use crate::ingest::scan::tally::Tally;
use crate::ingest::scan::{ChargeReader, RowFilter, parallel};
use crate::ingest::source::blocks::{BlockReader, TextSource};
use crate::ingest::source::decode::LeftOut;

/// Bytes before a split from which its entry is guessed. Thousands of ordinary rows, so that a guess is wrong only inside a
/// quoted cell or a damaged stretch that is longer.
pub const RUN_UP: u64 = 1 << 20;

/// A range of the bytes of an extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// First byte.
    pub from: u64,
    /// One past the last byte.
    pub to: u64,
    /// Bytes of the extract.
    pub size: u64,
    /// Bytes before `from` from which the entry is guessed.
    pub run_up: u64,
}

impl Split {
    /// The first byte that is read to guess the entry of the split, in an extract whose rows start at `data_start`.
    pub(crate) fn reads_from(&self, data_start: u64) -> u64 {
        self.from.saturating_sub(self.run_up).max(data_start)
    }
}

/// Divides an extract whose rows start at `data_start` into splits of `length` bytes. There is at least one.
pub fn splits(data_start: u64, size: u64, length: u64, run_up: u64) -> impl Iterator<Item = Split> {
    let (length, bytes) = (length.max(1), size.saturating_sub(data_start));
    (0..bytes.div_ceil(length).max(1)).map(move |n| {
        let from = data_start + n * length;
        Split { from, to: from.saturating_add(length).min(size.max(data_start)), size, run_up }
    })
}

/// The bytes of an extract.
pub enum SplitText {
    /// The file.
    File(File),
    /// A stream that begins at byte `at`, which is not after the first byte that is needed.
    Stream {
        /// The stream.
        stream: Box<dyn Read + Send>,
        /// Its first byte in the extract.
        at: u64,
    },
}

/// What was read of a split, with positions that count from its entry.
#[derive(Debug)]
pub struct SplitTally<C> {
    /// Where its first record starts, by the guess or as given.
    pub entry: u64,
    /// Where the first record after it starts.
    pub exit: u64,
    /// What was read.
    pub tally: Tally<C>,
}

/// Reads a split. Without an `entry` it is guessed. The other arguments are those of [`crate::ingest::read_into`].
#[allow(
    clippy::too_many_arguments,
    reason = "what to read, how, and where the result goes: every caller sets all of them"
)]
pub fn read<C: Collector>(
    kept: C,
    name: &str,
    text: SplitText,
    detected: &Detected,
    split: &Split,
    entry: Option<u64>,
    block: usize,
    codes: Option<&[&str]>,
    charge: Option<&ChargeReader<'_>>,
    look: &(impl Fn(&Detected, &Row<'_>, Position, &mut C) -> RowAction<()> + Sync),
    watch: &dyn Watch,
) -> Result<SplitTally<C>, ReadError> {
    let cannot_read = |e: io::Error| ReadError::cannot_read(name, &e);
    let mut text = Text::open(text, split.size);
    let data_start = detected.data_start as u64;
    let entry = match entry {
        Some(entry) => entry,
        None if split.from <= data_start => data_start,
        None => text.guess_entry(&detected.grammar, split, data_start).map_err(cannot_read)?,
    };
    let total = Tally::new(0, 0, kept);
    if entry >= split.to {
        return Ok(SplitTally { entry, exit: entry, tally: total });
    }
    let (stretch, mut after) = text.stretch(entry, split.to).map_err(cannot_read)?;
    let mut blocks = BlockReader::new(name.to_owned(), stretch, block, LeftOut::default());
    let columns = detected.binding.code_columns();
    let prefilter = columns.zip(codes).map(|(columns, codes)| Prefilter::new(columns, codes.iter().copied()));
    let (grammar, filter) = (&detected.grammar, RowFilter::of(charge, prefilter.as_ref()));
    let look = |row: &Row<'_>, position: Position, kept: &mut C| look(detected, row, position, kept);
    let tally = if split.to == split.size {
        parallel::read(&mut blocks, grammar, filter, &look, watch, total)?
    } else {
        read_stretch(&mut blocks, &mut after, grammar, filter, &look, watch, total)?
    };
    Ok(SplitTally { entry, exit: entry + tally.bytes, tally })
}

/// The text of an extract, which is read from one byte on.
enum Text {
    File { file: Arc<File>, size: u64 },
    Stream(Stream),
}

impl Text {
    fn open(text: SplitText, size: u64) -> Self {
        match text {
            SplitText::File(file) => Self::File { file: Arc::new(file), size },
            SplitText::Stream { stream, at } => {
                Self::Stream(Stream(Arc::new(Mutex::new(Bounded { unread: Cursor::default(), stream, at, size }))))
            }
        }
    }

    /// The text from byte `at` on.
    fn from(&mut self, at: u64) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::File { file, size } => Ok(Box::new(FileText { file: Arc::clone(file), at, size: *size })),
            Self::Stream(stream) => {
                stream.skip_to(at)?;
                Ok(Box::new(stream.clone()))
            }
        }
    }

    /// The bytes from `from` to `to` as blocks are cut from them, and the bytes that follow.
    fn stretch(mut self, from: u64, to: u64) -> io::Result<(TextSource, Box<dyn Read + Send>)> {
        let first = self.from(from)?;
        Ok(match self {
            Self::File { ref file, .. } => {
                (TextSource::File { file: Arc::clone(file), at: from, size: to }, self.from(to)?)
            }
            Self::Stream(stream) => (
                TextSource::Stream { stream: Box::new(first.take(to - from)), taken: Arc::default() },
                Box::new(stream),
            ),
        })
    }

    /// Guesses where the first record at or after the start of the split starts, by following the records of the run-up. If
    /// nothing can be followed, the guess is the start of the split.
    fn guess_entry(&mut self, grammar: &Grammar, split: &Split, data_start: u64) -> io::Result<u64> {
        let start = split.reads_from(data_start);
        let mut from = self.from(start)?;
        let mut bytes = Vec::new();
        from.by_ref().take(split.from - start).read_to_end(&mut bytes)?;
        // A record starts at the first line of the rows, and most likely at the first line of the run-up.
        let first = if start == data_start { Some(0) } else { grammar.after_line_end(&bytes) };
        let entry = match first {
            Some(first) => follow(grammar, &mut bytes, first, (split.from - start) as usize, &mut from)?,
            None => bytes.len(),
        };
        drop(from);
        if let Self::Stream(stream) = self {
            stream.unread(bytes);
        }
        Ok(start + entry as u64)
    }
}

/// Follows the records from `at` to the first that starts at or after `until`, and reads more bytes where one is incomplete.
fn follow(
    grammar: &Grammar,
    bytes: &mut Vec<u8>,
    mut at: usize,
    until: usize,
    more: &mut dyn Read,
) -> io::Result<usize> {
    let (mut fields, mut ended) = (Vec::new(), false);
    while at < until {
        let seen = bytes.len().min(at + grammar.limit + 1);
        let next = match grammar.read(&bytes[..seen], at, ended && seen == bytes.len(), &mut fields) {
            Step::Record { next } | Step::Blank { next } | Step::Rejected { next, .. } => Some(next),
            Step::More if seen - at > grammar.limit => grammar.line_after(bytes, at, ended),
            Step::More => None,
        };
        match next {
            Some(next) => at = next,
            // A line that is longer than records may be is not followed to its end: that would take any amount of memory.
            None if ended || bytes.len() - at > 2 * grammar.limit => return Ok(until),
            None => {
                let piece = (bytes.len() - at).max(LEAST_MORE_BYTES) as u64;
                ended = more.take(piece).read_to_end(bytes)? == 0;
            }
        }
    }
    Ok(at)
}

/// The bytes of a file from `at` to its end.
struct FileText {
    file: Arc<File>,
    at: u64,
    size: u64,
}

impl Read for FileText {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (self.size.saturating_sub(self.at)).min(buffer.len() as u64) as usize;
        read_at(&self.file, &mut buffer[..length], self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

/// A stream that several readers continue one after the other.
#[derive(Clone)]
struct Stream(Arc<Mutex<Bounded>>);

/// The bytes of a stream up to the end of the extract, after bytes that were read too early.
struct Bounded {
    unread: Cursor<Vec<u8>>,
    stream: Box<dyn Read + Send>,
    /// The next byte that is read.
    at: u64,
    size: u64,
}

impl Stream {
    fn with<R>(&self, f: impl FnOnce(&mut Bounded) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Passes everything before byte `at`.
    fn skip_to(&self, at: u64) -> io::Result<()> {
        self.with(|bounded| {
            let bytes = at.checked_sub(bounded.at).ok_or_else(|| {
                let what = format!("the stream begins at byte {}, after byte {at}, which is needed", bounded.at);
                io::Error::new(ErrorKind::InvalidInput, what)
            })?;
            io::copy(&mut bounded.take(bytes), &mut io::sink()).map(|_| ())
        })
    }

    /// Puts bytes back, which end where the stream is.
    fn unread(&self, bytes: Vec<u8>) {
        self.with(|bounded| {
            bounded.at -= bytes.len() as u64;
            bounded.unread = Cursor::new(bytes);
        });
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|bounded| bounded.read(buffer))
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.size.saturating_sub(self.at).min(buffer.len() as u64) as usize;
        let mut n = self.unread.read(&mut buffer[..length])?;
        if n == 0 && length > 0 {
            n = self.stream.read(&mut buffer[..length])?;
            if n == 0 {
                let what = format!("the stream ends at byte {} of {}", self.at, self.size);
                return Err(io::Error::new(ErrorKind::UnexpectedEof, what));
            }
        }
        self.at += n as u64;
        Ok(n)
    }
}
