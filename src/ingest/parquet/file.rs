//! Opens a Parquet file: reads its footer, checks that everything it names is in the file, and lists its columns.

use std::fs::File;
use std::path::Path;

use polars_arrow::datatypes::Field;
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{FileMetaData, SchemaElement};

use crate::disk::read_at::read_at;
use crate::ingest::cell::printable;
use crate::ingest::error::ReadError;
use crate::ingest::parquet::guard::guarded;
use crate::ingest::parquet::kind::{Kind, leaves};
use crate::ingest::parquet::table_format;

/// The first bytes of a Parquet file, and its last.
pub(crate) const MAGIC: &[u8; 4] = b"PAR1";

/// The same of a file whose footer is encrypted.
pub(crate) const ENCRYPTED: &[u8; 4] = b"PARE";

/// Bytes before the end that say how long the footer is, with the magic number.
const TAIL_BYTES: u64 = 8;

/// Most bytes of a footer: a hundred times what ten thousand row groups of thirty columns need, and a bound on what a damaged
/// length makes us read.
const MAX_FOOTER_BYTES: u64 = 256 << 20;

/// Deepest nesting of a schema that is looked at. The library calls itself for each level, and columns that are read have four
/// levels at most.
const MAX_DEPTH: usize = 64;

/// Most rows of a row group: far more than writers put into one, and a bit for each of them is 32 MiB.
const MAX_GROUP_ROWS: usize = 1 << 28;

/// Bytes that the number of a row takes, while the rows that may matter are listed.
const PLACE_BYTES: usize = size_of::<u32>();

/// Memory for reading where no bound was given: the share that a run with the default bound gives it.
const DEFAULT_MEMORY: usize = 256 << 20;

/// A column of the table.
#[derive(Debug)]
pub(crate) struct Column {
    /// The name in the schema of the file, which layouts bind like a header name.
    pub(crate) name: String,
    /// What its values are.
    pub(crate) kind: Kind,
    /// The type by which the library decodes it.
    pub(super) field: Field,
    /// The number of its first column in the file, where a nested column is several.
    pub(super) leaf: usize,
}

/// An opened Parquet file.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    pub(super) name: String,
    pub(super) file: File,
    pub(super) size: u64,
    pub(super) metadata: FileMetadata,
    pub(super) columns: Vec<Column>,
    /// Bytes that reading may take.
    pub(super) memory: usize,
    /// The file of which these rows are left, if others were taken out.
    left_of: Option<LeftOf>,
}

/// A larger file, of which rows were taken out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeftOf {
    /// All its rows.
    pub(crate) rows: u64,
    /// The column with the line of each row in it.
    pub(crate) line_column: usize,
}

impl ParquetFile {
    /// Opens a file of `size` bytes that begins like Parquet.
    pub(crate) fn open(name: &str, file: File, size: u64) -> Result<Self, ReadError> {
        let refuse = |what: &str| Err(ReadError::unusable(name, what));
        if let Some(format) = table_format::of_file(Path::new(name)) {
            return refuse(&format!(
                "is a part of {format} table, whose log says which files and rows still count; read on its own it would \
                 bring deleted rows back: check the table with claimlint.spark.check_table (`claimlint help python`), or \
                 write the rows that count into a file of their own"
            ));
        }
        let Some(tail_at) = size.checked_sub(TAIL_BYTES).filter(|at| *at >= MAGIC.len() as u64) else {
            return refuse(CUT_SHORT);
        };
        let mut tail = [0; TAIL_BYTES as usize];
        read_at(&file, &mut tail, tail_at).map_err(|e| ReadError::cannot_read(name, &e))?;
        let [length @ .., _, _, _, _] = tail;
        if tail.ends_with(ENCRYPTED) {
            return refuse(IS_ENCRYPTED);
        } else if !tail.ends_with(MAGIC) {
            return refuse(CUT_SHORT);
        }
        let length = u64::from(u32::from_le_bytes(length));
        let Some(at) = tail_at.checked_sub(length).filter(|at| *at >= MAGIC.len() as u64) else {
            return refuse(DAMAGED_FOOTER);
        };
        if length > MAX_FOOTER_BYTES {
            return refuse("has a footer of more than 256 MiB; write it with fewer row groups, or as several files");
        }
        let mut footer = vec![0; length as usize];
        read_at(&file, &mut footer, at).map_err(|e| ReadError::cannot_read(name, &e))?;
        let Some(parsed) = guarded(|| parse(&footer)).flatten() else { return refuse(DAMAGED_FOOTER) };
        let (metadata, columns) = parsed.map_err(|what| ReadError::unusable(name, what))?;
        if columns.is_empty() {
            return refuse("is a Parquet file without columns");
        }
        let this = Self { name: name.to_owned(), file, size, metadata, columns, memory: DEFAULT_MEMORY, left_of: None };
        this.check_groups(at)?;
        Ok(this)
    }

    /// Sets the bytes that reading may take.
    pub(crate) fn set_memory(&mut self, bytes: usize) {
        self.memory = bytes;
    }

    /// Takes the rows for what is left of a file with more of them. This column has the line of each in that file.
    pub(crate) fn set_left_of(&mut self, rows: u64, line_column: &str) -> Result<(), ReadError> {
        let is_line = |column: &Column| column.name == line_column && column.kind == Kind::Integer;
        let Some(line_column) = self.columns.iter().position(is_line) else {
            return Err(ReadError::unusable(
                &self.name,
                "has no column of whole numbers that say the lines of its rows",
            ));
        };
        if self.rows() > rows {
            return Err(ReadError::unusable(&self.name, "has more rows than the file of which they are left"));
        }
        self.left_of = Some(LeftOf { rows, line_column });
        Ok(())
    }

    /// The file of which these rows are left, if others were taken out.
    pub(crate) fn left_of(&self) -> Option<LeftOf> {
        self.left_of
    }

    /// The file as given.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes on disk.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.metadata.num_rows as u64
    }

    /// Number of row groups.
    pub(crate) fn groups(&self) -> usize {
        self.metadata.row_groups.len()
    }

    /// Number of rows of a row group, which fit into the memory for reading when each is listed. The error says what to do.
    pub(crate) fn rows_in_memory(&self, group: usize) -> Result<usize, ReadError> {
        let rows = self.group_rows(group);
        if rows.saturating_mul(PLACE_BYTES) <= self.memory {
            return Ok(rows);
        }
        let what = format!(
            "row group {} has more rows than --memory leaves room for; raise --memory, or write the file with smaller row groups",
            group + 1
        );
        Err(ReadError::unusable(&self.name, what))
    }

    /// Number of rows of a row group.
    pub(crate) fn group_rows(&self, group: usize) -> usize {
        self.metadata.row_groups[group].num_rows()
    }

    /// Bytes of a row group on disk.
    pub(crate) fn group_bytes(&self, group: usize) -> u64 {
        self.metadata.row_groups[group].compressed_size() as u64
    }

    /// Bytes of a column in a row group, unpacked.
    pub(crate) fn bytes_of_column(&self, group: usize, column: &Column) -> usize {
        self.metadata.row_groups[group].parquet_columns()[column.leaf].uncompressed_size().max(0) as usize
    }

    /// Bytes that reading may take.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// Its columns.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The error for a column whose values cannot be read.
    pub(super) fn damaged(&self, group: usize, column: &Column) -> ReadError {
        let what = format!(
            "is damaged, or written in a way that is not read: column `{}` of row group {} cannot be decoded; write it again, \
             or take another copy",
            printable(&column.name),
            group + 1
        );
        ReadError::unusable(&self.name, what)
    }

    /// Refuses a file whose footer names rows or bytes that cannot be there. Data ends where the footer starts, at byte `end`.
    fn check_groups(&self, end: u64) -> Result<(), ReadError> {
        let refuse = |what: &str| Err(ReadError::unusable(&self.name, what));
        let mut rows = 0;
        for group in &self.metadata.row_groups {
            if group.num_rows() > MAX_GROUP_ROWS {
                return refuse("has a row group of more than 268,435,456 rows; write it with smaller ones");
            }
            rows += group.num_rows();
            for chunk in group.parquet_columns() {
                if chunk.column_chunk().crypto_metadata.is_some() {
                    return refuse(IS_ENCRYPTED);
                }
                if chunk.file_path().is_some() {
                    return refuse("is only an index of other Parquet files; name those instead");
                }
                let bytes = chunk.byte_range();
                let is_flat = chunk.descriptor().descriptor.max_rep_level == 0;
                let values = usize::try_from(chunk.num_values());
                if bytes.end > end
                    || values.is_err()
                    || (is_flat && values != Ok(group.num_rows()))
                    || (group.num_rows() > 0 && bytes.start < MAGIC.len() as u64)
                {
                    return refuse(DAMAGED_FOOTER);
                }
            }
        }
        if rows == self.metadata.num_rows { Ok(()) } else { refuse(DAMAGED_FOOTER) }
    }
}

const CUT_SHORT: &str = "begins like a Parquet file and does not end like one: it was cut short, or is still being written; take \
                         a complete copy";

const DAMAGED_FOOTER: &str =
    "is a damaged Parquet file: its footer, which lists the columns, cannot be read; take another copy";

/// What is said of an encrypted file, or one with encrypted columns.
pub(crate) const IS_ENCRYPTED: &str = "is an encrypted Parquet file; write it without encryption on a disk that is encrypted, or \
                                       export it as CSV";

/// The metadata of a footer and the columns of the table; `None` if it is damaged. The inner error says what is not read.
fn parse(footer: &[u8]) -> Option<Result<(FileMetadata, Vec<Column>), &'static str>> {
    // What is built of a footer may take a few times its bytes; the bound is that of the library.
    let most = footer.len() * 2 + 1024;
    let raw = FileMetaData::read_from_in_protocol(&mut TCompactInputProtocol::new(footer, most)).ok()?;
    if depth(&raw.schema)? > MAX_DEPTH {
        return Some(Err("has columns that are nested more than 64 deep; write the values that are needed as columns"));
    }
    // The metadata of encrypted columns is somewhere else.
    let chunks = || raw.row_groups.iter().flat_map(|group| &group.columns);
    if chunks().any(|chunk| chunk.crypto_metadata.is_some() || chunk.encrypted_column_metadata.is_some()) {
        return Some(Err(IS_ENCRYPTED));
    }
    let metadata = FileMetadata::try_from_thrift(raw).ok()?;
    let mut leaf = 0;
    let mut columns = Vec::new();
    for column in metadata.schema().fields() {
        if let Some((kind, field)) = Kind::of(column) {
            columns.push(Column { name: column.name().to_owned(), kind, field, leaf });
        }
        leaf += leaves(column);
    }
    Some(Ok((metadata, columns)))
}

/// How deep a schema is nested. `None`: it is no tree.
fn depth(schema: &[SchemaElement]) -> Option<usize> {
    // The children that are still to come, of each element from the root to the current one.
    let mut open: Vec<i32> = Vec::new();
    let mut deepest = 0;
    for element in schema {
        while open.last() == Some(&0) {
            open.pop();
        }
        match open.last_mut() {
            Some(left) => *left -= 1,
            None if deepest > 0 => return None,
            None => {}
        }
        open.push(element.num_children.unwrap_or(0).max(0));
        deepest = deepest.max(open.len());
    }
    Some(deepest)
}
