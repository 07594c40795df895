//! Unpacks pages into buffers that a thread uses again.

use polars_parquet::parquet::compression::{Compression, DecompressionContext, decompress};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use crate::ingest::parquet::pages::{Levels, Page};
use crate::ingest::parquet::rows::Fault;

/// Most bytes that a buffer keeps between columns: more than most pages have.
pub(super) const KEPT_BYTES: usize = 8 << 20;

/// Most bytes that the start of a page may refer back to, as a power of two: 8 MiB, which bounds what unpacking it takes.
const START_WINDOW_LOG: u32 = 23;

/// How much of a page is unpacked.
#[derive(Clone, Copy)]
pub(super) enum Amount {
    Whole,
    /// So many bytes at its start, which are fewer than it has.
    Start(usize),
}

/// What unpacks pages.
#[derive(Default)]
pub(super) struct Unpacker {
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

/// The parts of a page of data.
pub(super) struct Parts<'a> {
    /// Levels that say which values are NULL.
    pub(super) levels: &'a [u8],
    /// The values that are not NULL.
    pub(super) values: &'a [u8],
}

impl Unpacker {
    /// The parts of a page of data in a column that is no list. `bytes` are those of the column. Of a start, the values are
    /// the first ones, and the last of them may be cut.
    pub(super) fn parts<'a>(
        &mut self,
        bytes: &'a [u8],
        page: &Page,
        (levels, are_optional): (&Levels, bool),
        codec: Compression,
        amount: Amount,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Parts<'a>, Fault> {
        let packed = bytes.get(page.place.clone()).ok_or(Fault::Damaged)?;
        match levels {
            Levels::Packed(_) => {
                let unpacked = self.unpack_amount(packed, (page.unpacked, amount), codec, buffer)?;
                if !are_optional {
                    return Ok(Parts { levels: &[], values: unpacked });
                }
                let (length, rest) = unpacked.split_first_chunk().ok_or(Fault::Damaged)?;
                let (levels, values) =
                    rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(Fault::Damaged)?;
                Ok(Parts { levels, values })
            }
            Levels::Apart { repetition, definition, are_values_packed } => {
                let (before, packed) =
                    packed.split_at_checked(repetition.saturating_add(*definition)).ok_or(Fault::Damaged)?;
                let length = page.unpacked.checked_sub(before.len()).ok_or(Fault::Damaged)?;
                let codec = if *are_values_packed { codec } else { Compression::Uncompressed };
                // Where all values are NULL, some writers write nothing at all.
                let values = match packed {
                    [] => packed,
                    _ => self.unpack_amount(packed, (length, amount), codec, buffer)?,
                };
                Ok(Parts { levels: &before[*repetition..], values })
            }
        }
    }

    fn unpack_amount<'a>(
        &mut self,
        packed: &'a [u8],
        (length, amount): (usize, Amount),
        codec: Compression,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        match amount {
            Amount::Start(enough) if codec == Compression::Zstd && enough < length => {
                unpack_start(packed, enough, buffer)
            }
            _ => self.unpack(packed, length, codec, buffer),
        }
    }

    /// Unpacks bytes, which are so many then.
    pub(super) fn unpack<'a>(
        &mut self,
        packed: &'a [u8],
        length: usize,
        codec: Compression,
        buffer: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], Fault> {
        match codec {
            Compression::Uncompressed if packed.len() == length => return Ok(packed),
            Compression::Uncompressed => return Err(Fault::Damaged),
            Compression::Zstd => {
                buffer.clear();
                buffer.reserve(length);
                let zstd = self.zstd.get_or_insert_default();
                zstd.decompress_to_buffer(packed, buffer).map_err(|_| Fault::Damaged)?;
            }
            Compression::Snappy => {
                // The library takes a shorter text, too, and would leave the end of another page behind it.
                if snappy_length(packed) != Some(length) {
                    return Err(Fault::Damaged);
                }
                buffer.resize(length, 0);
                decompress(codec, packed, buffer, &mut DecompressionContext::Unset).map_err(|_| Fault::Damaged)?;
            }
            _ => return Err(Fault::Unfit),
        }
        if buffer.len() == length { Ok(buffer) } else { Err(Fault::Damaged) }
    }
}

/// Unpacks so many bytes at the start.
fn unpack_start<'a>(packed: &[u8], enough: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], Fault> {
    let mut decoder = Decoder::new().map_err(|_| Fault::Damaged)?;
    decoder.set_parameter(DParameter::WindowLogMax(START_WINDOW_LOG)).map_err(|_| Fault::Damaged)?;
    buffer.clear();
    buffer.resize(enough, 0);
    let (mut input, mut output) = (InBuffer::around(packed), OutBuffer::around(buffer.as_mut_slice()));
    while output.pos() < enough {
        let before = (input.pos(), output.pos());
        decoder.run(&mut input, &mut output).map_err(|_| Fault::Damaged)?;
        if before == (input.pos(), output.pos()) {
            return Err(Fault::Damaged);
        }
    }
    Ok(buffer)
}

/// The unpacked length that a text packed by Snappy begins with.
fn snappy_length(packed: &[u8]) -> Option<usize> {
    let mut length = 0;
    for (byte, shift) in packed.iter().zip((0..u32::BITS).step_by(7)) {
        length |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return usize::try_from(length).ok();
        }
    }
    None
}

/// Empties a buffer, which keeps its memory if that is not much.
pub(super) fn empty(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(KEPT_BYTES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_page_is_that_of_the_whole() {
        let whole: Vec<u8> = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        let packed = zstd::bulk::compress(&whole, 3).expect("memory");
        let start = |packed: &[u8], enough| unpack_start(packed, enough, &mut Vec::new()).map(<[u8]>::to_vec).ok();
        for enough in [0, 1, 10_000, 200_000, whole.len()] {
            assert_eq!(start(&packed, enough).as_deref(), Some(&whole[..enough]), "{enough}");
        }
        assert_eq!(start(&packed, whole.len() + 1), None, "there is no more");
        assert_eq!(start(&packed[..1000], 500_000), None, "it is cut short");
        assert_eq!(start(&whole, 9), None, "it is not packed");
    }
}
