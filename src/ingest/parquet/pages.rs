//! The pages of a column of one row group, by their headers.
//!
//! Before a page is unpacked or decoded, its header is checked: what it says of its size and its number of values decides how
//! much memory is taken, and a failed request for memory ends the process.

use std::io::Cursor;
use std::ops::Range;

use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{Encoding, PageHeader, PageType};

use crate::ingest::parquet::guard::guarded;

/// Bytes that a decoded value takes at least, besides its text.
pub(crate) const VALUE_BYTES: usize = 16;

/// Most bytes that are built of a page header: it may hold the smallest and the largest value of the page.
const MAX_HEADER_BYTES: usize = 64 << 20;

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    /// What it holds.
    pub(super) content: Content,
    /// Number of values. In a page of data NULLs are counted, too.
    pub(super) count: usize,
    /// Its place in the column, without the header.
    pub(super) place: Range<usize>,
    /// Bytes when it is unpacked.
    pub(super) unpacked: usize,
}

/// What a page holds.
#[derive(Debug)]
pub(super) enum Content {
    /// The values of which other pages give the numbers.
    Dictionary(Encoding),
    /// Values, or their numbers in the dictionary.
    Data { encoding: Encoding, levels: Levels },
}

/// Where the levels of a page are, which say which values are NULL.
#[derive(Debug)]
pub(super) enum Levels {
    /// In this encoding, before the values, and packed with them.
    Packed(Encoding),
    /// In these many bytes before the values, which alone may be packed.
    Apart { repetition: usize, definition: usize, are_values_packed: bool },
}

/// Why pages are not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsound {
    TooLarge,
    Damaged,
}

/// Lists the pages, which must hold `values` values and take no more memory than this.
pub(super) fn pages(bytes: &[u8], values: i64, is_flat: bool, memory: usize) -> Result<Vec<Page>, Unsound> {
    let values = usize::try_from(values).map_err(|_| Unsound::Damaged)?;
    // All values of lists are decoded at a time.
    if !is_flat && values.saturating_mul(VALUE_BYTES) > memory {
        return Err(Unsound::TooLarge);
    }
    let mut pages = Vec::new();
    let (mut seen, mut at) = (0, 0);
    while seen < values {
        let header = guarded(|| page_header(&bytes[at..])).flatten();
        let (header, header_bytes) = header.ok_or(Unsound::Damaged)?;
        at += header_bytes;
        let page = page(&header, at, pages.is_empty()).ok_or(Unsound::Damaged)?;
        if matches!(page.content, Content::Data { .. }) {
            seen += page.count;
        } else if page.count > page.unpacked {
            // No value of a dictionary takes less than a byte.
            return Err(Unsound::Damaged);
        }
        if page.unpacked > memory || page.count.saturating_mul(VALUE_BYTES) > memory {
            return Err(Unsound::TooLarge);
        }
        at = page.place.end;
        if at > bytes.len() {
            return Err(Unsound::Damaged);
        }
        pages.push(page);
    }
    if is_flat && seen != values { Err(Unsound::Damaged) } else { Ok(pages) }
}

/// The page that a header describes, which ends at byte `at`. `None`: its numbers make no sense.
fn page(header: &PageHeader, at: usize, is_first: bool) -> Option<Page> {
    let packed = usize::try_from(header.compressed_page_size).ok()?;
    let (content, count) = match header.type_ {
        PageType::DICTIONARY_PAGE if is_first => {
            let of = header.dictionary_page_header.as_ref()?;
            (Content::Dictionary(of.encoding), of.num_values)
        }
        PageType::DATA_PAGE => {
            let of = header.data_page_header.as_ref()?;
            let levels = Levels::Packed(of.definition_level_encoding);
            (Content::Data { encoding: of.encoding, levels }, of.num_values)
        }
        PageType::DATA_PAGE_V2 => {
            let of = header.data_page_header_v2.as_ref()?;
            let levels = Levels::Apart {
                repetition: usize::try_from(of.repetition_levels_byte_length).ok()?,
                definition: usize::try_from(of.definition_levels_byte_length).ok()?,
                are_values_packed: of.is_compressed.unwrap_or(true),
            };
            (Content::Data { encoding: of.encoding, levels }, of.num_values)
        }
        _ => return None,
    };
    Some(Page {
        content,
        count: usize::try_from(count).ok()?,
        place: at..at.checked_add(packed)?,
        unpacked: usize::try_from(header.uncompressed_page_size).ok()?,
    })
}

/// The page header at the start of the bytes, and its length.
fn page_header(bytes: &[u8]) -> Option<(PageHeader, usize)> {
    let mut cursor = Cursor::new(bytes);
    let header =
        PageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(&mut cursor, MAX_HEADER_BYTES)).ok()?;
    Some((header, usize::try_from(cursor.position()).ok()?))
}
