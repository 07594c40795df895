//! The package that a workbook is: a ZIP archive, written front to back.
//!
//! The big sheets are deflated in blocks of [`DEFLATE_BLOCK_BYTES`] bytes, side by side, and put down in order; where blocks end does
//! not depend on parts or threads, so the bytes do not either. No entry carries a time of day.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;

use flate2::{Compress, Compression, Crc, FlushCompress};
use rayon::prelude::*;

/// Bytes deflated at a time. Each block begins without memory of the one before: at this size that costs a hundredth.
const DEFLATE_BLOCK_BYTES: usize = 1 << 18;

/// The fastest level. The next one takes half as long again for a tenth less.
const DEFLATE_LEVEL: u32 = 1;

/// Bytes of an entry at most: beyond it ZIP needs another layout. A sheet ends earlier, see [`crate::report::format::xlsx::sheet`].
pub(crate) const MAX_ENTRY_BYTES: u64 = u32::MAX as u64 - (1 << 26);

/// 1980-01-01, the earliest day of the format, as every entry's date; midnight as its time.
const DATE: u16 = (1 << 5) | 1;

/// Version 2.0: deflate. 4.5: places beyond 4 GiB.
const VERSION: u16 = 20;
const VERSION_64: u16 = 45;

/// Where places beyond 4 GiB stand.
const SEE_64: u32 = u32::MAX;

/// An ending that deflate wants: an empty last block.
const LAST: [u8; 2] = [3, 0];

fn deflate(block: &[u8]) -> io::Result<(Vec<u8>, Crc)> {
    let mut crc = Crc::new();
    crc.update(block);
    let mut out = Vec::with_capacity(block.len() / 4 + 64);
    let mut compress = Compress::new(Compression::new(DEFLATE_LEVEL), false);
    // Ends on a whole byte and without the mark of the last block, so that the next block can follow.
    while (compress.total_in() as usize) < block.len() || out.len() == out.capacity() {
        out.reserve(block.len() / 8 + 64);
        let rest = &block[compress.total_in() as usize..];
        compress.compress_vec(rest, &mut out, FlushCompress::Sync).map_err(io::Error::other)?;
    }
    Ok((out, crc))
}

/// An entry under construction; its bytes go to `out`.
#[derive(Debug)]
pub(crate) struct Entry<W> {
    pub(crate) out: W,
    waiting: Vec<u8>,
    sizes: Sizes,
}

/// What the archive must know of an entry.
#[derive(Debug)]
struct Sizes {
    crc: Crc,
    plain: u64,
    packed: u64,
}

impl<W: Write> Entry<W> {
    /// An empty one.
    pub(crate) fn new(out: W) -> Self {
        Self { out, waiting: Vec::new(), sizes: Sizes { crc: Crc::new(), plain: 0, packed: 0 } }
    }

    /// Bytes so far, before compression.
    pub(crate) fn plain(&self) -> u64 {
        self.sizes.plain + self.waiting.len() as u64
    }

    /// Adds text.
    pub(crate) fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let (head, rest) = text.split_at(text.len().min(DEFLATE_BLOCK_BYTES - self.waiting.len()));
        self.waiting.extend_from_slice(head);
        if self.waiting.len() == DEFLATE_BLOCK_BYTES {
            let (whole, rest) = rest.split_at(rest.len() / DEFLATE_BLOCK_BYTES * DEFLATE_BLOCK_BYTES);
            let first = mem::take(&mut self.waiting);
            self.pack(&[&first], whole)?;
            self.waiting = first;
            self.waiting.clear();
            self.waiting.extend_from_slice(rest);
        }
        Ok(())
    }

    /// Deflates a block that waited, and those that need not.
    fn pack(&mut self, waited: &[&[u8]], rest: &[u8]) -> io::Result<()> {
        let blocks = waited.par_iter().copied().chain(rest.par_chunks(DEFLATE_BLOCK_BYTES));
        let packed = blocks.map(deflate).collect::<io::Result<Vec<_>>>()?;
        for (block, crc) in packed {
            self.out.write_all(&block)?;
            self.sizes.packed += block.len() as u64;
            self.sizes.plain += u64::from(crc.amount());
            self.sizes.crc.combine(&crc);
        }
        Ok(())
    }

    /// Ends it.
    fn end(mut self) -> io::Result<(W, Sizes)> {
        let last = mem::take(&mut self.waiting);
        self.pack(&[], &last)?;
        self.out.write_all(&LAST)?;
        self.sizes.packed += LAST.len() as u64;
        Ok((self.out, self.sizes))
    }
}

/// A ZIP archive.
pub(crate) struct ZipWriter<W> {
    out: W,
    /// Bytes written.
    at: u64,
    directory: Vec<u8>,
    entries: u16,
}

impl<W: Write + Seek> ZipWriter<W> {
    /// An empty one.
    pub(crate) fn new(out: W) -> Self {
        Self { out, at: 0, directory: Vec::new(), entries: 0 }
    }

    /// A small entry.
    pub(crate) fn add(&mut self, name: &str, text: &str) -> io::Result<()> {
        let mut entry = Entry::new(Vec::new());
        entry.write(text.as_bytes())?;
        let (packed, sizes) = entry.end()?;
        self.put(name, &sizes, &mut &packed[..])
    }

    /// An entry that lies in a file of its own, which is read from its start.
    pub(crate) fn take<F: Read + Write + Seek>(&mut self, name: &str, entry: Entry<F>) -> io::Result<()> {
        let (mut packed, sizes) = entry.end()?;
        packed.seek(SeekFrom::Start(0))?;
        self.put(name, &sizes, &mut packed)
    }

    fn put(&mut self, name: &str, sizes: &Sizes, packed: &mut impl Read) -> io::Result<()> {
        let start = self.at;
        let mut head = Vec::new();
        let narrow = |n: u64| u32::try_from(n).map_err(|_| io::Error::other("a sheet of report.xlsx is too long"));
        let length = u16::try_from(name.len()).map_err(io::Error::other)?;
        let far = start >= u64::from(SEE_64);
        let version = if far { VERSION_64 } else { VERSION };
        // What both headers say: version, flags (none), deflate, time, date, sums and lengths.
        for n in [version, 0, 8, 0, DATE] {
            head.extend(n.to_le_bytes());
        }
        for n in [sizes.crc.sum(), narrow(sizes.packed)?, narrow(sizes.plain)?] {
            head.extend(n.to_le_bytes());
        }
        head.extend(length.to_le_bytes());
        let mut local = b"PK\x03\x04".to_vec();
        local.extend(&head);
        local.extend([0; 2]);
        local.extend(name.as_bytes());
        self.write(&local)?;
        self.at += io::copy(packed, &mut self.out)?;

        let directory = &mut self.directory;
        directory.extend(b"PK\x01\x02");
        directory.extend(VERSION_64.to_le_bytes());
        directory.extend(&head);
        directory.extend(if far { 12_u16 } else { 0 }.to_le_bytes());
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(if far { SEE_64 } else { start as u32 }.to_le_bytes());
        directory.extend(name.as_bytes());
        if far {
            directory.extend([1_u16, 8].iter().flat_map(|n| n.to_le_bytes()));
            directory.extend(start.to_le_bytes());
        }
        self.entries =
            self.entries.checked_add(1).ok_or_else(|| io::Error::other("report.xlsx has too many sheets"))?;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Ends it.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let (start, directory, entries) = (self.at, mem::take(&mut self.directory), self.entries);
        self.write(&directory)?;
        let far = start >= u64::from(SEE_64);
        if far {
            let end = self.at;
            let mut record = b"PK\x06\x06".to_vec();
            record.extend(44_u64.to_le_bytes());
            record.extend([VERSION_64; 2].iter().flat_map(|n| n.to_le_bytes()));
            record.extend([0; 8]);
            for n in [entries.into(), entries.into(), directory.len() as u64, start] {
                record.extend(n.to_le_bytes());
            }
            record.extend(b"PK\x06\x07\0\0\0\0");
            record.extend(end.to_le_bytes());
            record.extend(1_u32.to_le_bytes());
            self.write(&record)?;
        }
        let mut last = b"PK\x05\x06\0\0\0\0".to_vec();
        last.extend([entries; 2].iter().flat_map(|n| n.to_le_bytes()));
        last.extend(u32::try_from(directory.len()).map_err(io::Error::other)?.to_le_bytes());
        last.extend(if far { SEE_64 } else { start as u32 }.to_le_bytes());
        last.extend([0; 2]);
        self.write(&last)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Text that neither repeats nor is random, longer than a block.
    fn text() -> String {
        (0..120_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_string() + " ").collect()
    }

    #[test]
    fn entries_come_back_however_they_were_cut() {
        let text = text();
        assert!(text.len() > 3 * DEFLATE_BLOCK_BYTES);
        let archive = |step: usize| {
            let mut file = Cursor::new(Vec::new());
            let mut package = ZipWriter::new(&mut file);
            package.add("small.xml", "<a/>").expect("memory takes it");
            package.add("empty.xml", "").expect("memory takes it");
            let mut entry = Entry::new(Cursor::new(Vec::new()));
            for piece in text.as_bytes().chunks(step) {
                entry.write(piece).expect("memory takes it");
            }
            assert_eq!(entry.plain(), text.len() as u64);
            package.take("large.xml", entry).expect("memory takes it");
            package.finish().expect("memory takes it");
            file.into_inner()
        };
        let bytes = archive(usize::MAX);
        for step in [1000, DEFLATE_BLOCK_BYTES - 1, DEFLATE_BLOCK_BYTES, DEFLATE_BLOCK_BYTES + 1] {
            assert!(archive(step) == bytes, "pieces of {step}");
        }
        assert!(bytes.len() < text.len());
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        for (name, want) in [("small.xml", "<a/>"), ("empty.xml", ""), ("large.xml", &text)] {
            let mut got = String::new();
            zip.by_name(name).expect("it is there").read_to_string(&mut got).expect("checked by its sum");
            assert!(got == want, "{name}");
        }
    }

    /// An archive whose later entries lie beyond 4 GiB: only the places are written as if, so the test needs no disk.
    #[test]
    fn places_beyond_four_gibibytes_are_found() {
        let shift = u64::from(u32::MAX) + 5;
        let mut file = Cursor::new(Vec::new());
        let mut package = ZipWriter::new(&mut file);
        package.at = shift;
        package.add("far.xml", "<far/>").expect("memory takes it");
        package.finish().expect("memory takes it");
        let mut reader = Shifted { tail: file, shift, at: 0 };
        let mut zip = zip::ZipArchive::new(&mut reader).expect("an archive");
        let mut got = String::new();
        zip.by_name("far.xml").expect("it is there").read_to_string(&mut got).expect("checked by its sum");
        assert_eq!(got, "<far/>");
    }

    /// A file of zeros in its first `shift` bytes.
    struct Shifted {
        tail: Cursor<Vec<u8>>,
        shift: u64,
        at: u64,
    }

    impl Read for Shifted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let hole = usize::try_from(self.shift.saturating_sub(self.at)).unwrap_or(usize::MAX).min(buffer.len());
            let read = if hole > 0 {
                buffer[..hole].fill(0);
                hole
            } else {
                self.tail.set_position(self.at - self.shift);
                self.tail.read(buffer)?
            };
            self.at += read as u64;
            Ok(read)
        }
    }

    impl Seek for Shifted {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let end = self.shift + self.tail.get_ref().len() as u64;
            let at = match to {
                SeekFrom::Start(at) => Some(at),
                SeekFrom::End(by) => end.checked_add_signed(by),
                SeekFrom::Current(by) => self.at.checked_add_signed(by),
            };
            self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
            Ok(self.at)
        }
    }
}
