//! Values that follow each other, each after its length.
//!
//! The place of a value is known when all before it have been looked at, one after the other. Where lengths are equal, as those
//! of numbers of claims and providers are, and where the start of a later value can be guessed, none has to wait for the one
//! before it; then it is checked that the places are those of one after the other.

use crate::ingest::parquet::rows::Fault;

/// Bytes before a value that say its length.
pub(super) const LENGTH_BYTES: usize = 4;

/// Values whose lengths are compared at a time.
const BLOCK: usize = 16;

/// Parts that are looked at side by side.
const PARTS: usize = 4;

/// Fewest values that are divided into parts: for fewer, guesses cost more than they save.
const FEWEST: usize = 256;

/// Longest value that a guess takes for one, in bytes.
const LONGEST: u32 = 64;

/// Values that must follow a guessed start.
const FOLLOWING: usize = 4;

/// The value at a place.
pub(super) fn value(values: &[u8], at: usize) -> Result<&[u8], Fault> {
    let (length, rest) = values.get(at..).and_then(<[u8]>::split_first_chunk::<LENGTH_BYTES>).ok_or(Fault::Damaged)?;
    rest.get(..u32::from_le_bytes(*length) as usize).ok_or(Fault::Damaged)
}

/// The place after so many values.
pub(super) fn passed(values: &[u8], mut at: usize, count: usize) -> Result<usize, Fault> {
    let mut left = count;
    while left > 0 {
        let stride = LENGTH_BYTES + value(values, at)?.len();
        let block = values.get(at..).and_then(|rest| rest.get(..stride * BLOCK)).filter(|_| left >= BLOCK);
        if block.is_some_and(|block| are_equally_long(block, stride)) {
            at += stride * BLOCK;
            left -= BLOCK;
        } else if left >= FEWEST
            && let Some((after, in_parts)) = passed_in_parts(values, at, left)
        {
            at = after;
            left -= in_parts;
        } else {
            let now = left.min(BLOCK);
            for _ in 0..now {
                at += LENGTH_BYTES + value(values, at)?.len();
            }
            left -= now;
        }
    }
    Ok(at)
}

/// Has each value of a block, which takes this many bytes with its length, the length of the first one?
fn are_equally_long(block: &[u8], stride: usize) -> bool {
    let length = |one: &[u8]| one.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    let first = length(block);
    // Without a branch for each value, the processor looks at several at a time.
    block.chunks_exact(stride).fold(0, |unequal, one| unequal | (length(one) ^ first)) == 0
}

/// Passes at most so many values, and nearly so many, in parts that are looked at side by side. The place after them, and how
/// many they are. `None`: a guess was wrong.
fn passed_in_parts(values: &[u8], at: usize, most: usize) -> Option<(usize, usize)> {
    let mut sample = at;
    for _ in 0..BLOCK {
        sample = next(values, sample)?;
    }
    // An eighth is left for parts with shorter values than the sample.
    let bytes_of_part = (sample - at) * (most - most / 8) / BLOCK / PARTS;
    let mut starts = [at; PARTS + 1];
    for (part, start) in starts.iter_mut().enumerate().skip(1) {
        *start = guessed_start(values, at + bytes_of_part * part)?;
    }
    let ends: [usize; PARTS] = std::array::from_fn(|part| starts[part + 1]);
    let mut places: [usize; PARTS] = std::array::from_fn(|part| starts[part]);
    let mut count = 0;
    while places.iter().zip(&ends).all(|(place, end)| place < end) {
        for place in &mut places {
            *place = next(values, *place)?;
        }
        count += PARTS;
    }
    for (place, end) in places.iter_mut().zip(&ends) {
        while *place < *end {
            *place = next(values, *place)?;
            count += 1;
        }
    }
    // Each part ends where the next one starts, so these are the places of one value after the other.
    (places == ends && count <= most).then_some((ends[PARTS - 1], count))
}

/// The place after a value.
fn next(values: &[u8], at: usize) -> Option<usize> {
    let length = length(values, at)?;
    Some(at.saturating_add(LENGTH_BYTES).saturating_add(length as usize))
}

fn length(values: &[u8], at: usize) -> Option<u32> {
    values.get(at..).and_then(<[u8]>::first_chunk).map(|length| u32::from_le_bytes(*length))
}

/// Where a value seems to start, at this place or soon after it.
fn guessed_start(values: &[u8], from: usize) -> Option<usize> {
    let is_start = |start: &usize| {
        let mut at = *start;
        for _ in 0..FOLLOWING {
            let Some(length) = length(values, at).filter(|length| *length <= LONGEST) else { return false };
            at += LENGTH_BYTES + length as usize;
        }
        true
    };
    (from..=from + LONGEST as usize + LENGTH_BYTES).find(is_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of these lengths, and the place of each and of their end.
    fn written(lengths: impl Iterator<Item = usize>, fill: u8) -> (Vec<u8>, Vec<usize>) {
        let (mut values, mut places) = (Vec::new(), vec![0]);
        for length in lengths {
            values.extend_from_slice(&(length as u32).to_le_bytes());
            values.resize(values.len() + length, fill);
            places.push(values.len());
        }
        (values, places)
    }

    #[test]
    fn every_place_is_found() {
        // Text, bytes that look like lengths, lengths that are equal, that vary, and that are too long for a guess.
        for fill in [b'7', 0, 1] {
            let lengths: [fn(usize) -> usize; 6] = [
                |_| 10,
                |n| 5 + n * 7 % 3,
                |n| n * 31 % 40,
                |_| 0,
                |n| 60 + n % 9,
                |n| if n < 700 { 9 } else { n % 5 },
            ];
            for length in lengths {
                let (values, places) = written((0..2000).map(length), fill);
                for from in [0, 1, 17, 1000] {
                    for count in (0..2000 - from).step_by(13).chain([2000 - from]) {
                        assert_eq!(passed(&values, places[from], count), Ok(places[from + count]), "{from}, {count}");
                    }
                    assert_eq!(passed(&values, places[from], 2001 - from), Err(Fault::Damaged));
                }
            }
        }
    }

    #[test]
    fn parts_are_used_where_they_help() {
        let (values, places) = written((0..2000).map(|n| 5 + n * 7 % 3), b'7');
        let (after, count) = passed_in_parts(&values, 0, 2000).expect("the guesses are right");
        assert!((1700..=2000).contains(&count) && after == places[count], "{count}");
    }
}
