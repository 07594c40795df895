//! Reads a column of one row group.

use std::cell::Cell;
use std::io::Cursor;
use std::sync::Arc;

use polars_arrow::array::{Array, BinaryViewArray, Utf8ViewArray};
use polars_arrow::bitmap::{Bitmap, BitmapBuilder};
use polars_arrow::datatypes::ArrowDataType;
use polars_buffer::Buffer;
use polars_parquet::read::expr::{ParquetColumnExpr, SpecializedParquetColumnExpr};
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, Filter, PageReader, PhysicalType, PredicateFilter, column_iter_to_arrays,
};

use crate::disk::read_at::read_at;
use crate::ingest::cell::printable;
use crate::ingest::error::ReadError;
use crate::ingest::parquet::file::{Column, ParquetFile};
use crate::ingest::parquet::guard::guarded;
use crate::ingest::parquet::kind::Kind;
use crate::ingest::parquet::pages::{Page, Unsound, VALUE_BYTES, pages};
use crate::ingest::parquet::rows::{Asks, Fault, Rows};
use crate::ingest::parquet::strings::{Strings, Texts};
use crate::ingest::parquet::text;
use crate::ingest::parquet::text::Between;
use crate::ingest::parquet::unpack::KEPT_BYTES;

/// The cells of a column in some rows, in order.
pub(crate) enum Cells {
    /// Cells that are text already.
    Texts {
        texts: Texts,
        /// The next cell.
        next: usize,
    },
    /// Cells as the library decodes them.
    Values {
        kind: Kind,
        between: Between,
        chunks: Vec<Box<dyn Array>>,
        /// The chunk of the next cell, and its place there.
        next: (usize, usize),
    },
}

impl Cells {
    /// Appends the text of the next cell. False: it is NULL.
    pub(crate) fn write_next(&mut self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Texts { texts, next } => {
                *next += 1;
                texts.get(*next - 1).inspect(|text| out.extend_from_slice(text)).is_some()
            }
            Self::Values { kind, between, chunks, next } => {
                while let Some(chunk) = chunks.get(next.0) {
                    let at = next.1;
                    if at < chunk.len() {
                        text::write(kind, &**chunk, at, *between, out);
                        next.1 += 1;
                        return !chunk.is_null(at);
                    }
                    *next = (next.0 + 1, 0);
                }
                false
            }
        }
    }
}

/// What is asked of a column.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    /// The cells in these rows.
    Cells(&'a Rows<'a>),
    /// The rows whose cells matter.
    Rows(&'a Asks),
}

/// What a column answers.
enum Found {
    Texts(Texts),
    Values(Vec<Box<dyn Array>>),
    Rows(Bitmap),
}

thread_local! {
    /// A buffer for the bytes of a column, which a thread uses again.
    static BYTES: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl ParquetFile {
    /// The rows of a row group whose cell in this column matters.
    pub(crate) fn rows_that_matter(
        &self,
        group: usize,
        column: &Column,
        asks: &Asks,
    ) -> Result<Rows<'static>, ReadError> {
        let rows = self.metadata.row_groups[group].num_rows();
        if column.kind == Kind::Text && !matches!(column.field.dtype, ArrowDataType::FixedSizeBinary(_)) {
            return match self.ask(group, column, Wanted::Rows(asks))? {
                Found::Rows(found) if found.len() == rows => Ok(Rows::Bits(found)),
                _ => Err(self.damaged(group, column)),
            };
        }
        let mut cells = self.cells(group, column, &Rows::between(0, rows, rows), Between::Comma)?;
        let mut bits = BitmapBuilder::with_capacity(rows);
        let mut cell = Vec::new();
        for _ in 0..rows {
            cell.clear();
            cells.write_next(&mut cell);
            bits.push(asks(&cell));
        }
        Ok(Rows::Bits(bits.freeze()))
    }

    /// The cells of a column in these rows of a row group.
    pub(crate) fn cells(
        &self,
        group: usize,
        column: &Column,
        rows: &Rows<'_>,
        between: Between,
    ) -> Result<Cells, ReadError> {
        if rows.count().saturating_mul(VALUE_BYTES) > self.memory {
            return Err(self.too_large(group, column));
        }
        let (count, cells) = match self.ask(group, column, Wanted::Cells(rows))? {
            Found::Texts(texts) => (texts.len(), Cells::Texts { texts, next: 0 }),
            Found::Values(chunks) => {
                let count = chunks.iter().map(|chunk| chunk.len()).sum();
                (count, Cells::Values { kind: column.kind.clone(), between, chunks, next: (0, 0) })
            }
            Found::Rows(_) => return Err(self.damaged(group, column)),
        };
        if count == rows.count() { Ok(cells) } else { Err(self.damaged(group, column)) }
    }

    fn ask(&self, group: usize, column: &Column, wanted: Wanted<'_>) -> Result<Found, ReadError> {
        let chunk = &self.metadata.row_groups[group].parquet_columns()[column.leaf];
        let place = chunk.byte_range();
        let length = (place.end - place.start) as usize;
        if length > self.memory {
            return Err(self.too_large(group, column));
        }
        let mut buffer = BYTES.take();
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let bytes = &mut buffer[..length];
        read_at(&self.file, bytes, place.start).map_err(|e| ReadError::cannot_read(&self.name, &e))?;
        let is_flat = chunk.descriptor().descriptor.max_rep_level == 0;
        let pages = pages(bytes, chunk.num_values(), is_flat, self.memory).map_err(|why| match why {
            Unsound::TooLarge => self.too_large(group, column),
            Unsound::Damaged => self.damaged(group, column),
        })?;
        let of_texts = guarded(|| read_texts(bytes, &pages, chunk, column, wanted)).unwrap_or(Err(Fault::Damaged));
        let found = match of_texts {
            Err(Fault::Unfit) => {
                buffer.truncate(length);
                guarded(|| decode(std::mem::take(&mut buffer), chunk, column, wanted, self.memory)).flatten()
            }
            read => read.ok(),
        };
        // It keeps its bytes, which need not be filled with zeros again.
        buffer.truncate(KEPT_BYTES);
        buffer.shrink_to(KEPT_BYTES);
        BYTES.set(buffer);
        found.ok_or_else(|| self.damaged(group, column))
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

/// Reads a column of text, if it is of a form that needs no library.
fn read_texts(
    bytes: &[u8],
    pages: &[Page],
    chunk: &ColumnChunkMetadata,
    column: &Column,
    wanted: Wanted<'_>,
) -> Result<Found, Fault> {
    let of = &chunk.descriptor().descriptor;
    let are_texts = column.kind == Kind::Text && chunk.physical_type() == PhysicalType::ByteArray;
    if !are_texts || of.max_rep_level != 0 || of.max_def_level > 1 {
        return Err(Fault::Unfit);
    }
    let strings = Strings {
        bytes,
        pages,
        codec: chunk.compression(),
        is_optional: of.max_def_level == 1,
        is_utf8: column.field.dtype == ArrowDataType::Utf8View,
    };
    match wanted {
        Wanted::Cells(rows) => strings.cells(rows).map(Found::Texts),
        Wanted::Rows(asks) => strings.that_matter(asks).map(Found::Rows),
    }
}

/// Decodes a column with the library.
fn decode(
    bytes: Vec<u8>,
    chunk: &ColumnChunkMetadata,
    column: &Column,
    wanted: Wanted<'_>,
    memory: usize,
) -> Option<Found> {
    let filter = match wanted {
        Wanted::Cells(rows) => Filter::Mask(rows.bits()),
        Wanted::Rows(asks) => {
            let predicate = Arc::new(Predicate(Arc::clone(asks)));
            Filter::Predicate(PredicateFilter { predicate, include_values: false })
        }
    };
    let pages = PageReader::new(Cursor::new(Buffer::from(bytes)), chunk, Vec::new(), memory);
    let of_type = &chunk.descriptor().descriptor.primitive_type;
    let pages = BasicDecompressor::new(pages, Vec::new());
    let decoded = column_iter_to_arrays(vec![pages], vec![of_type], column.field.clone(), Some(filter));
    let (chunks, rows) = decoded.ok()?;
    Some(match wanted {
        Wanted::Cells(_) => Found::Values(chunks),
        Wanted::Rows(_) => Found::Rows(rows),
    })
}

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

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;

    use super::*;

    /// Calls this for every column of text of every row group of the fixtures, with its bytes and pages.
    fn each_column(mut call: impl FnMut(&str, &[u8], &[Page], &ColumnChunkMetadata, &Column)) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parquet");
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|end| end != "parquet") {
                continue;
            }
            let name = path.display().to_string();
            let open = || File::open(&path).expect("a file");
            let size = open().metadata().expect("a size").len();
            let file = ParquetFile::open(&name, open(), size).expect("a table");
            for (group, column) in (0..file.groups()).flat_map(|group| file.columns().iter().map(move |c| (group, c))) {
                let chunk = &file.metadata.row_groups[group].parquet_columns()[column.leaf];
                let place = chunk.byte_range();
                let mut bytes = vec![0; (place.end - place.start) as usize];
                read_at(&file.file, &mut bytes, place.start).expect("it is in the file");
                let is_flat = chunk.descriptor().descriptor.max_rep_level == 0;
                let pages = pages(&bytes, chunk.num_values(), is_flat, file.memory).expect("sound pages");
                call(&name, &bytes, &pages, chunk, column);
            }
        }
    }

    fn cells(column: &Column, found: Found, count: usize) -> Vec<Option<Vec<u8>>> {
        let mut cells = match found {
            Found::Texts(texts) => Cells::Texts { texts, next: 0 },
            Found::Values(chunks) => {
                Cells::Values { kind: column.kind.clone(), between: Between::Comma, chunks, next: (0, 0) }
            }
            Found::Rows(_) => panic!("cells were asked for"),
        };
        let next = |_| {
            let mut cell = Vec::new();
            cells.write_next(&mut cell).then_some(cell)
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn texts_are_those_of_the_library() {
        let mut compared = 0;
        each_column(|name, bytes, pages, chunk, column| {
            let rows = chunk.num_values() as usize;
            for every in [1, 2, 7, 60, rows] {
                let numbers: Vec<u32> =
                    (0..rows as u32).filter(|row| row.wrapping_mul(37) % every as u32 == 0).collect();
                let listed = Rows::Listed { numbers: &numbers, of: rows };
                let own = match read_texts(bytes, pages, chunk, column, Wanted::Cells(&listed)) {
                    Err(Fault::Unfit) => continue,
                    own => own.expect("it is sound"),
                };
                let wanted = Wanted::Cells(&listed);
                let library = decode(bytes.to_vec(), chunk, column, wanted, usize::MAX).expect("it is sound");
                let count = numbers.len();
                assert_eq!(cells(column, own, count), cells(column, library, count), "{name}, {}", column.name);
                compared += 1;
            }
            let first = Rows::First { count: rows / 9, of: rows };
            if let Ok(own) = read_texts(bytes, pages, chunk, column, Wanted::Cells(&first)) {
                let library =
                    decode(bytes.to_vec(), chunk, column, Wanted::Cells(&first), usize::MAX).expect("it is sound");
                assert_eq!(cells(column, own, rows / 9), cells(column, library, rows / 9), "{name}, {}", column.name);
            }
            let asks: Asks = Arc::new(|cell| cell.iter().map(|byte| u32::from(*byte)).sum::<u32>() % 3 == 0);
            for asks in [asks, Arc::new(|cell| cell == b"22513"), Arc::new(|_| false)] {
                match read_texts(bytes, pages, chunk, column, Wanted::Rows(&asks)) {
                    Err(Fault::Unfit) => {}
                    Ok(Found::Rows(own)) => {
                        let library = decode(bytes.to_vec(), chunk, column, Wanted::Rows(&asks), usize::MAX);
                        let Some(Found::Rows(library)) = library else { panic!("rows were asked for") };
                        assert_eq!(own, library, "{name}, {}", column.name);
                    }
                    _ => panic!("{name}, {} is sound", column.name),
                }
            }
        });
        assert!(compared > 500, "{compared}");
    }

    /// Bytes that are damaged in any place are an error, or other texts, never a panic: the library alone needs a guard.
    #[test]
    fn damage_in_a_column_of_text_is_no_panic() {
        let mut damaged = 0;
        each_column(|_, bytes, pages, chunk, column| {
            let rows = chunk.num_values() as usize;
            let all = Rows::between(0, rows, rows);
            let asks: Asks = Arc::new(|cell| cell.first() == Some(&b'2'));
            let mut bytes = bytes.to_vec();
            let mut seed = 0x9E37_79B9_7F4A_7C15_u64 ^ bytes.len() as u64;
            for _ in 0..60 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (seed >> 33) as usize % bytes.len();
                let was = std::mem::replace(&mut bytes[at], (seed >> 20) as u8);
                let results = [Wanted::Cells(&all), Wanted::Rows(&asks)]
                    .map(|wanted| read_texts(&bytes, pages, chunk, column, wanted).err());
                damaged += usize::from(results.contains(&Some(Fault::Damaged)));
                bytes[at] = was;
            }
        });
        assert!(damaged > 1000, "{damaged}");
    }
}
