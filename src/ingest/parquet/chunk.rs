//! Reads a column of one row group.
//!
//! Before the library decodes a page, its header is checked: what it says of its size and its number of values decides how
//! much memory is taken, and a failed request for memory ends the process.

use std::io::Cursor;
use std::sync::Arc;

use polars_arrow::array::{Array, BinaryViewArray, Utf8ViewArray};
use polars_arrow::bitmap::{Bitmap, BitmapBuilder};
use polars_arrow::datatypes::ArrowDataType;
use polars_buffer::Buffer;
use polars_parquet::read::expr::{ParquetColumnExpr, SpecializedParquetColumnExpr};
use polars_parquet::read::{BasicDecompressor, Filter, PageReader, PredicateFilter, column_iter_to_arrays};
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{PageHeader, PageType};

use crate::ingest::cell::printable;
use crate::ingest::error::ReadError;
use crate::ingest::parquet::file::{Column, ParquetFile};
use crate::ingest::parquet::guard::guarded;
use crate::ingest::parquet::kind::Kind;
use crate::ingest::parquet::text;
use crate::ingest::parquet::text::Between;
use crate::ingest::read_at::read_at;

/// Bytes that a decoded value takes at least, besides its text.
pub(crate) const VALUE_BYTES: usize = 16;

/// Whether a cell matters, by its bytes.
pub(crate) type Asks = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// Rows of a row group, one bit for each.
#[derive(Debug, Clone)]
pub(crate) struct Rows(Bitmap);

impl Rows {
    /// Rows `from` to `to` of `rows`.
    pub(crate) fn between(from: usize, to: usize, rows: usize) -> Self {
        let mut bits = BitmapBuilder::with_capacity(rows);
        bits.extend_constant(from, false);
        bits.extend_constant(to - from, true);
        bits.extend_constant(rows - to, false);
        Self(bits.freeze())
    }

    /// Those of `rows` rows whose numbers are in this list, in order.
    pub(crate) fn listed(numbers: &[u32], rows: usize) -> Self {
        let mut bits = BitmapBuilder::with_capacity(rows);
        for number in numbers {
            bits.extend_constant(*number as usize - bits.len(), false);
            bits.push(true);
        }
        bits.extend_constant(rows - bits.len(), false);
        Self(bits.freeze())
    }

    /// Rows that are in one of them. Both are of one row group.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self(&self.0 | &other.0)
    }

    /// Number of rows.
    pub(crate) fn count(&self) -> usize {
        self.0.set_bits()
    }

    /// The numbers of the rows, in order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.true_idx_iter().map(|number| number as u32)
    }
}

/// The cells of a column in some rows, in order.
pub(crate) struct Cells {
    kind: Kind,
    between: Between,
    chunks: Vec<Box<dyn Array>>,
    /// The chunk of the next cell, and its place there.
    next: (usize, usize),
}

impl Cells {
    /// Appends the text of the next cell. False: it is NULL.
    pub(crate) fn write_next(&mut self, out: &mut Vec<u8>) -> bool {
        while let Some(chunk) = self.chunks.get(self.next.0) {
            let at = self.next.1;
            if at < chunk.len() {
                text::write(&self.kind, &**chunk, at, self.between, out);
                self.next.1 += 1;
                return !chunk.is_null(at);
            }
            self.next = (self.next.0 + 1, 0);
        }
        false
    }
}

impl ParquetFile {
    /// The rows of a row group whose cell in this column matters.
    pub(crate) fn rows_that_matter(&self, group: usize, column: &Column, asks: &Asks) -> Result<Rows, ReadError> {
        let rows = self.metadata.row_groups[group].num_rows();
        if column.kind == Kind::Text && !matches!(column.field.dtype, ArrowDataType::FixedSizeBinary(_)) {
            let predicate = PredicateFilter { predicate: Arc::new(Predicate(Arc::clone(asks))), include_values: false };
            let (_, mask) = self.decode(group, column, Filter::Predicate(predicate))?;
            return if mask.len() == rows { Ok(Rows(mask)) } else { Err(self.damaged(group, column)) };
        }
        let mut cells = self.cells(group, column, &Rows::between(0, rows, rows), Between::Comma)?;
        let mut bits = BitmapBuilder::with_capacity(rows);
        let mut cell = Vec::new();
        for _ in 0..rows {
            cell.clear();
            cells.write_next(&mut cell);
            bits.push(asks(&cell));
        }
        Ok(Rows(bits.freeze()))
    }

    /// The cells of a column in these rows of a row group.
    pub(crate) fn cells(
        &self,
        group: usize,
        column: &Column,
        rows: &Rows,
        between: Between,
    ) -> Result<Cells, ReadError> {
        if rows.count().saturating_mul(VALUE_BYTES) > self.memory {
            return Err(self.too_large(group, column));
        }
        let (chunks, _) = self.decode(group, column, Filter::Mask(rows.0.clone()))?;
        if chunks.iter().map(|chunk| chunk.len()).sum::<usize>() != rows.count() {
            return Err(self.damaged(group, column));
        }
        Ok(Cells { kind: column.kind.clone(), between, chunks, next: (0, 0) })
    }

    fn decode(
        &self,
        group: usize,
        column: &Column,
        filter: Filter,
    ) -> Result<(Vec<Box<dyn Array>>, Bitmap), ReadError> {
        let chunk = &self.metadata.row_groups[group].parquet_columns()[column.leaf];
        let place = chunk.byte_range();
        let length = (place.end - place.start) as usize;
        if length > self.memory {
            return Err(self.too_large(group, column));
        }
        let mut bytes = vec![0; length];
        read_at(&self.file, &mut bytes, place.start).map_err(|e| ReadError::cannot_read(&self.name, &e))?;
        let is_flat = chunk.descriptor().descriptor.max_rep_level == 0;
        match check_pages(&bytes, chunk.num_values(), is_flat, self.memory) {
            Pages::Sound => {}
            Pages::TooLarge => return Err(self.too_large(group, column)),
            Pages::Damaged => return Err(self.damaged(group, column)),
        }
        let memory = self.memory;
        let decoded = guarded(|| {
            let pages = PageReader::new(Cursor::new(Buffer::from(bytes)), chunk, Vec::new(), memory);
            let of_type = &chunk.descriptor().descriptor.primitive_type;
            let pages = BasicDecompressor::new(pages, Vec::new());
            column_iter_to_arrays(vec![pages], vec![of_type], column.field.clone(), Some(filter))
        });
        decoded.and_then(Result::ok).ok_or_else(|| self.damaged(group, column))
    }

    fn too_large(&self, group: usize, column: &Column) -> ReadError {
        let what = format!(
            "column `{}` of row group {} takes more memory than --memory leaves for reading; raise --memory, or write the \
             file with smaller row groups",
            printable(&column.name),
            group + 1
        );
        ReadError::unusable(&self.name, what)
    }
}

/// What the headers of the pages of a column say.
enum Pages {
    Sound,
    TooLarge,
    Damaged,
}

/// Reads the headers of the pages, which must hold `values` values and take no more memory than this.
fn check_pages(bytes: &[u8], values: i64, is_flat: bool, memory: usize) -> Pages {
    // All values of lists are decoded at a time.
    if !is_flat && usize::try_from(values).unwrap_or(usize::MAX).saturating_mul(VALUE_BYTES) > memory {
        return Pages::TooLarge;
    }
    let (mut seen, mut at) = (0, 0);
    let mut is_first = true;
    while seen < values {
        let Some((page, header_bytes)) = guarded(|| page_header(&bytes[at..])).flatten() else { return Pages::Damaged };
        let sizes =
            usize::try_from(page.compressed_page_size).ok().zip(usize::try_from(page.uncompressed_page_size).ok());
        let Some((compressed, uncompressed)) = sizes else { return Pages::Damaged };
        let counted = match page.type_ {
            PageType::DICTIONARY_PAGE if is_first => page.dictionary_page_header.map(|header| header.num_values),
            PageType::DATA_PAGE => page.data_page_header.map(|header| header.num_values),
            PageType::DATA_PAGE_V2 => page.data_page_header_v2.map(|header| header.num_values),
            _ => None,
        };
        let Some(count) = counted.filter(|count| *count >= 0) else { return Pages::Damaged };
        if page.type_ != PageType::DICTIONARY_PAGE {
            seen += i64::from(count);
        } else if count as usize > uncompressed {
            // No value of a dictionary takes less than a byte.
            return Pages::Damaged;
        }
        if uncompressed > memory || (count as usize).saturating_mul(VALUE_BYTES) > memory {
            return Pages::TooLarge;
        }
        at += header_bytes + compressed;
        if at > bytes.len() {
            return Pages::Damaged;
        }
        is_first = false;
    }
    if is_flat && seen != values { Pages::Damaged } else { Pages::Sound }
}

/// The page header at the start of the bytes, and its length.
fn page_header(bytes: &[u8]) -> Option<(PageHeader, usize)> {
    let mut cursor = Cursor::new(bytes);
    let header =
        PageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(&mut cursor, MAX_HEADER_BYTES)).ok()?;
    Some((header, usize::try_from(cursor.position()).ok()?))
}

/// Most bytes that are built of a page header: it may hold the smallest and the largest value of the page.
const MAX_HEADER_BYTES: usize = 64 << 20;

/// Asks of values of a page or of a dictionary whether they matter.
struct Predicate(Asks);

impl ParquetColumnExpr for Predicate {
    fn evaluate_mut(&self, values: &dyn Array, bits: &mut BitmapBuilder) {
        if let Some(texts) = values.as_any().downcast_ref::<Utf8ViewArray>() {
            texts.values_iter().for_each(|text| bits.push((self.0)(text.as_bytes())));
        } else if let Some(texts) = values.as_any().downcast_ref::<BinaryViewArray>() {
            texts.values_iter().for_each(|text| bits.push((self.0)(text)));
        } else {
            // No other type is asked. A cell that is kept in vain is looked at like any other.
            bits.extend_constant(values.len(), true);
        }
    }

    fn evaluate_null(&self) -> bool {
        false
    }

    fn as_specialized(&self) -> Option<&SpecializedParquetColumnExpr> {
        None
    }
}
