//! Numbers of few bits in runs, as Parquet writes levels and the numbers of values in a dictionary: either one number that
//! repeats, or several that are packed side by side.

use crate::ingest::parquet::rows::Fault;

/// Most bits of a number.
const MOST_BITS: u8 = 32;

/// Runs of numbers.
pub(super) struct Runs<'a> {
    bytes: &'a [u8],
    bits: u8,
    /// Numbers that are still to come.
    left: usize,
}

/// Numbers that follow each other.
pub(super) enum Run<'a> {
    /// The same one so many times.
    Same { number: u32, count: usize },
    /// So many, each in its bits.
    Packed { bytes: &'a [u8], bits: u8, count: usize },
}

impl<'a> Runs<'a> {
    /// At most `count` numbers of so many bits.
    pub(super) fn new(bytes: &'a [u8], bits: u8, count: usize) -> Result<Self, Fault> {
        if bits > MOST_BITS { Err(Fault::Damaged) } else { Ok(Self { bytes, bits, left: count }) }
    }

    /// The next run, which is not empty. There must be one.
    pub(super) fn next(&mut self) -> Result<Run<'a>, Fault> {
        loop {
            let run = self.next_or_empty()?;
            self.left -= run.count();
            if run.count() > 0 {
                return Ok(run);
            }
        }
    }

    fn next_or_empty(&mut self) -> Result<Run<'a>, Fault> {
        if self.left == 0 {
            return Err(Fault::Damaged);
        }
        if self.bits == 0 {
            return Ok(Run::Same { number: 0, count: self.left });
        }
        let head = self.head()?;
        let length = head >> 1;
        let bits = usize::from(self.bits);
        if head & 1 == 0 {
            let (number, rest) = self.bytes.split_at_checked(bits.div_ceil(8)).ok_or(Fault::Damaged)?;
            self.bytes = rest;
            let number = number.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
            return Ok(Run::Same { number, count: length.min(self.left) });
        }
        // Eight numbers take as many bytes as one takes bits. Some writers leave out the end of the last ones.
        let (bytes, rest) = self.bytes.split_at(length.saturating_mul(bits).min(self.bytes.len()));
        self.bytes = rest;
        Ok(Run::Packed { bytes, bits: self.bits, count: (bytes.len() * 8 / bits).min(self.left) })
    }

    /// The number at the head of a run, of seven bits a byte.
    fn head(&mut self) -> Result<usize, Fault> {
        let mut head = 0_u32;
        for shift in (0..MOST_BITS).step_by(7) {
            let (byte, rest) = self.bytes.split_first().ok_or(Fault::Damaged)?;
            self.bytes = rest;
            head |= u32::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(head as usize);
            }
        }
        Err(Fault::Damaged)
    }
}

impl Run<'_> {
    /// How many numbers it has.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Same { count, .. } | Self::Packed { count, .. } => *count,
        }
    }

    /// The number at this place, which is in the run.
    pub(super) fn get(&self, at: usize) -> u32 {
        match self {
            Self::Same { number, .. } => *number,
            Self::Packed { bytes, bits, .. } => {
                let first = at * usize::from(*bits);
                let bytes = &bytes[first / 8..];
                let word = match bytes.first_chunk() {
                    Some(word) => u64::from_le_bytes(*word),
                    None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
                };
                ((word >> (first % 8)) & ((1 << *bits) - 1)) as u32
            }
        }
    }

    /// The eight numbers from this place on, which is a multiple of eight, if they are packed in at most 14 bits each and more
    /// bytes follow them. It looks at two words in place of eight.
    pub(super) fn eight(&self, at: usize) -> Option<[u32; 8]> {
        let Self::Packed { bytes, bits: bits @ 1..=14, .. } = self else { return None };
        let bytes = bytes.get(at / 8 * usize::from(*bits)..)?;
        let word = |byte: usize| bytes.get(byte..)?.first_chunk().map(|word| u64::from_le_bytes(*word));
        // Four numbers and the bits before them in their first byte are at most 60 bits.
        let halves = [word(0)?, word(usize::from(*bits) / 2)? >> (bits * 4 % 8)];
        let mask = (1 << bits) - 1;
        Some(std::array::from_fn(|n| (halves[n / 4] >> (n as u8 % 4 * bits) & mask) as u32))
    }

    /// How many of the numbers from one place to another are one. They have one bit each.
    pub(super) fn ones(&self, from: usize, to: usize) -> usize {
        match self {
            Self::Same { number, .. } => (to - from) * (*number as usize & 1),
            Self::Packed { bytes, .. } => {
                let (first, last) = (from.next_multiple_of(8).min(to), to / 8 * 8);
                if first >= last {
                    return (from..to).map(|at| self.get(at) as usize).sum();
                }
                let words = bytes[first / 8..last / 8].chunks_exact(8);
                let bytes = words.remainder().iter().map(|byte| byte.count_ones());
                let words =
                    words.filter_map(|word| word.first_chunk()).map(|word| u64::from_le_bytes(*word).count_ones());
                let ends = (from..first).chain(last..to).map(|at| self.get(at));
                (words.sum::<u32>() + bytes.sum::<u32>() + ends.sum::<u32>()) as usize
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five times three, then 0 to 7, then the first ones of 8 to 15, in four bits each.
    const BYTES: [u8; 11] = [5 << 1, 3, 2 << 1 | 1, 0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE];

    fn numbers(bytes: &[u8], bits: u8, count: usize) -> Result<Vec<u32>, Fault> {
        let mut runs = Runs::new(bytes, bits, count)?;
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let run = runs.next()?;
            numbers.extend((0..run.count()).map(|at| run.get(at)));
        }
        Ok(numbers)
    }

    #[test]
    fn runs_are_of_both_kinds() {
        let all: Vec<u32> = [3; 5].into_iter().chain(0..16).collect();
        for count in 0..=all.len() {
            assert_eq!(numbers(&BYTES, 4, count), Ok(all[..count].to_vec()));
        }
        assert_eq!(numbers(&BYTES, 4, all.len() + 1), Err(Fault::Damaged));
        assert_eq!(numbers(&BYTES[..10], 4, 19), Ok(all[..19].to_vec()), "the end of the last run is left out");
        assert_eq!(numbers(&BYTES[..10], 4, 20), Err(Fault::Damaged));
        assert_eq!(numbers(&[], 0, 3), Ok(vec![0; 3]));
        assert_eq!(numbers(&[2, 0xFE, 0xFF, 0xFF, 0xFF], 32, 1), Ok(vec![u32::MAX - 1]));
        assert_eq!(numbers(&[0x80, 0x80, 0x80, 0x80, 0x80, 0], 4, 1), Err(Fault::Damaged), "a head without end");
        assert_eq!(numbers(&[0, 1, 0, 1, 2, 7], 4, 1), Ok(vec![7]), "runs of nothing");
        assert_eq!(numbers(&BYTES, 33, 1), Err(Fault::Damaged));
    }

    #[test]
    fn eight_numbers_are_those_of_each_place() {
        let bytes: Vec<u8> = (0..200).map(|n: u8| n.wrapping_mul(37)).collect();
        for bits in 0..=32 {
            let run = Run::Packed { bytes: &bytes, bits, count: bytes.len() * 8 / usize::from(bits.max(1)) };
            for at in (0..run.count() / 8 * 8).step_by(8) {
                let Some(eight) = run.eight(at) else { continue };
                assert_eq!(eight, std::array::from_fn(|n| run.get(at + n)), "{bits}, {at}");
            }
            assert_eq!(run.eight(0).is_some(), (1..=14).contains(&bits), "{bits}");
        }
        assert_eq!(Run::Same { number: 1, count: 9 }.eight(0), None);
    }

    #[test]
    fn ones_are_counted_between_any_places() {
        let bytes: Vec<u8> = (0..40).map(|n: u8| n.wrapping_mul(37)).collect();
        let run = Run::Packed { bytes: &bytes, bits: 1, count: 320 };
        for from in 0..320 {
            for to in from..=320 {
                let want: u32 = (from..to).map(|at| run.get(at)).sum();
                assert_eq!(run.ones(from, to), want as usize, "{from} to {to}");
            }
        }
        assert_eq!(Run::Same { number: 1, count: 9 }.ones(2, 9), 7);
        assert_eq!(Run::Same { number: 0, count: 9 }.ones(2, 9), 0);
    }
}
