//! The ZIP archive of a workbook, written by the `zip` crate.
//!
//! A sheet is compressed while its rows are written, into a temporary file, so several sheets can be compressed at the same
//! time. The head of a sheet states its last row, which is known only at the end, so the head is compressed on its own then:
//! two compressed texts, one after the other, are one compressed text. At the end the compressed bytes are copied into the
//! workbook. No entry has a time stamp, and text is compressed in blocks of fixed size, so the bytes depend neither on the
//! parts of a run nor on threads.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Bytes of text that are compressed at a time.
const BLOCK_BYTES: usize = 1 << 18;

/// The fastest level of deflate. The next level takes half as long again and saves a tenth of the size.
const DEFLATE_LEVEL: u32 = 1;

/// Most bytes of text in an entry. Above 4 GiB, ZIP needs another layout that not every spreadsheet program reads. A
/// sheet ends 64 MiB before that, see [`crate::report::format::xlsx::sheet`].
pub(crate) const MAX_ENTRY_BYTES: u64 = u32::MAX as u64 - (1 << 26);

/// Bytes that a temporary file keeps free before the packed rows: room for the packed head of a sheet, which lists at most
/// 25 columns in less than 100 bytes each, and for the header of its entry.
const HEAD_ROOM: u32 = 1 << 13;

/// Name of the entry in a temporary file.
const NAME: &[u8] = b"entry";

/// 1980-01-01, the earliest day of the format, in its encoding.
const EARLIEST_DAY: u16 = 1 << 5 | 1;

/// How every entry is written: deflated, and dated with the earliest day of the format.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(i64::from(DEFLATE_LEVEL)))
        .last_modified_time(DateTime::default())
}

/// An entry under construction, compressed into a temporary file.
pub(crate) struct ZipEntry {
    packer: DeflateEncoder<File>,
    crc: Crc,
    waiting: Vec<u8>,
    packed: u64,
}

impl ZipEntry {
    /// An empty entry whose compressed bytes go to `file`, which must be empty.
    pub(crate) fn new(mut file: File) -> io::Result<Self> {
        file.seek(SeekFrom::Start(HEAD_ROOM.into()))?;
        let packer = DeflateEncoder::new(file, Compression::new(DEFLATE_LEVEL));
        Ok(Self { packer, crc: Crc::new(), waiting: Vec::with_capacity(BLOCK_BYTES), packed: 0 })
    }

    /// Bytes of text so far.
    pub(crate) fn len(&self) -> u64 {
        self.packed + self.waiting.len() as u64
    }

    /// Adds text.
    pub(crate) fn write(&mut self, mut text: &[u8]) -> io::Result<()> {
        while self.waiting.len() + text.len() >= BLOCK_BYTES {
            let (head, rest) = text.split_at(BLOCK_BYTES - self.waiting.len());
            self.waiting.extend_from_slice(head);
            self.pack()?;
            text = rest;
        }
        self.waiting.extend_from_slice(text);
        Ok(())
    }

    fn pack(&mut self) -> io::Result<()> {
        self.packer.write_all(&self.waiting)?;
        self.crc.update(&self.waiting);
        self.packed += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Puts a head before the text and ends the entry: an archive with this one entry, in the temporary file.
    pub(crate) fn finish(mut self, head: &[u8]) -> io::Result<PackedZipEntry> {
        self.pack()?;
        let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "a sheet does not fit into an archive");
        let size = |n: u64| u32::try_from(n).map_err(|_| too_large());
        let mut packed_head = Vec::with_capacity(HEAD_ROOM as usize);
        let mut packer = Compress::new(Compression::new(DEFLATE_LEVEL), false);
        let status = packer.compress_vec(head, &mut packed_head, FlushCompress::Sync)?;
        // Room is left over only if everything was packed and flushed.
        if status != Status::Ok || packer.total_in() != head.len() as u64 || packed_head.len() == packed_head.capacity()
        {
            return Err(too_large());
        }
        let mut crc = Crc::new();
        crc.update(head);
        crc.combine(&self.crc);
        let mut file = self.packer.finish()?;
        let end = file.stream_position()?;
        let packed = size(end - u64::from(HEAD_ROOM) + packed_head.len() as u64)?;
        let facts = ZipEntryFacts { crc: crc.sum(), packed, text: size(head.len() as u64 + self.packed)? };
        let header = facts.local_header();
        let start = (HEAD_ROOM as usize).checked_sub(header.len() + packed_head.len()).ok_or_else(too_large)?;
        let start = size(start as u64)?;
        file.write_all(&facts.directory(start, size(end)?))?;
        file.seek(SeekFrom::Start(start.into()))?;
        file.write_all(&header)?;
        file.write_all(&packed_head)?;
        Ok(PackedZipEntry(file))
    }
}

/// An entry that is complete: an archive that holds nothing else.
pub(crate) struct PackedZipEntry(File);

/// What an archive states of an entry.
struct ZipEntryFacts {
    crc: u32,
    /// Bytes of packed text.
    packed: u32,
    /// Bytes of text.
    text: u32,
}

impl ZipEntryFacts {
    /// The fields that both headers have, from the version needed (2.0: deflate) to the length of the extra field.
    fn shared(&self) -> Vec<u8> {
        let shorts = |shorts: &[u16]| shorts.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
        // Version, flags, method (8: deflate), time, day.
        let mut bytes = shorts(&[20, 0, 8, 0, EARLIEST_DAY]);
        bytes.extend([self.crc, self.packed, self.text].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend(shorts(&[NAME.len() as u16, 0]));
        bytes
    }

    /// The header before the packed text.
    fn local_header(&self) -> Vec<u8> {
        [b"PK\x03\x04", self.shared().as_slice(), NAME].concat()
    }

    /// The directory of the archive. The local header is at byte `start`, the directory at byte `end`.
    fn directory(&self, start: u32, end: u32) -> Vec<u8> {
        // Made by version 2.0. No comment, first disk, no attributes.
        let entry = [b"PK\x01\x02\x14\x00", self.shared().as_slice(), &[0; 10], &start.to_le_bytes(), NAME].concat();
        let size = (entry.len() as u32).to_le_bytes();
        // One disk, one entry.
        let tail = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", size.as_slice(), &end.to_le_bytes(), &[0; 2]].concat();
        [entry, tail].concat()
    }
}

/// A workbook under construction.
pub(crate) struct WorkbookArchive<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> WorkbookArchive<W> {
    /// An archive without entries.
    pub(crate) fn new(out: W) -> Self {
        Self(ZipWriter::new(out))
    }

    /// Adds an entry with this text.
    pub(crate) fn add(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.0.start_file(name, options())?;
        self.0.write_all(text.as_bytes())
    }

    /// Adds an entry that is already compressed.
    pub(crate) fn copy(&mut self, name: &str, entry: PackedZipEntry) -> io::Result<()> {
        let mut packed = ZipArchive::new(entry.0)?;
        Ok(self.0.raw_copy_file_rename(packed.by_index_raw(0)?, name)?)
    }

    /// Writes the directory of the archive and flushes the file.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.0.finish()?.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use super::*;

    /// Text that neither repeats nor is random, longer than a block.
    fn text() -> String {
        (0..120_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_string() + " ").collect()
    }

    #[test]
    fn entries_can_be_read_back_however_they_were_cut() {
        let text = text();
        assert!(text.len() > 3 * BLOCK_BYTES);
        let archive = |step: usize| {
            let mut file = Cursor::new(Vec::new());
            let mut workbook = WorkbookArchive::new(&mut file);
            workbook.add("small.xml", "<a/>").expect("memory takes it");
            workbook.add("empty.xml", "").expect("memory takes it");
            let mut entry = ZipEntry::new(tempfile::tempfile().expect("a disk")).expect("a disk");
            for piece in text.as_bytes().chunks(step) {
                entry.write(piece).expect("a disk");
            }
            assert_eq!(entry.len(), text.len() as u64);
            workbook.copy("large.xml", entry.finish(b"<head>").expect("a disk")).expect("memory takes it");
            let empty = ZipEntry::new(tempfile::tempfile().expect("a disk")).expect("a disk");
            workbook.copy("head.xml", empty.finish(b"<b/>").expect("a disk")).expect("memory takes it");
            workbook.finish().expect("memory takes it");
            file.into_inner()
        };
        let bytes = archive(usize::MAX);
        for step in [1000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1] {
            assert!(archive(step) == bytes, "pieces of {step}");
        }
        assert!(bytes.len() < text.len());
        let headed = format!("<head>{text}");
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        for (name, want) in [("small.xml", "<a/>"), ("empty.xml", ""), ("large.xml", &headed), ("head.xml", "<b/>")] {
            let mut entry = zip.by_name(name).expect("it is there");
            assert_eq!(entry.last_modified().map(|time| time.year()), Some(1980));
            let mut got = String::new();
            entry.read_to_string(&mut got).expect("its checksum is right");
            assert!(got == want, "{name}");
        }
    }
}
