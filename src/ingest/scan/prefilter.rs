//! A fast test whether a cell could hold a wanted code, decorated or not. It has no false negatives.
//!
//! A code may be anywhere in a cell: `HC:22513:59`, `'22513`, `022513`, `0PS43ZZ;0PU43JZ`, `0PU.43JZ`, `22,513`. Three bytes
//! decide nearly every cell, because it is empty or as long as a CPT code: it holds no code if its first byte begins none. In
//! other cells, every run of four letters and digits is compared with the beginnings of the codes; commas and dots are ignored.

/// The set of runs of four letters and digits that begin a code.
#[derive(Debug, Clone)]
pub struct CodeFilter {
    /// The first four bytes of the codes, upper-cased.
    beginnings: Vec<u32>,
    /// A Bloom filter of the beginnings: a bit for each hash.
    hashes: [u64; HASH_WORDS],
}

/// Number of 64-bit words of the Bloom filter. With 1,024 bits and about thirty beginnings, 97% of other runs fail the first
/// test.
const HASH_WORDS: usize = 16;

impl CodeFilter {
    /// A filter for these codes (upper-case, at least [`SHORTEST`] ASCII characters).
    pub fn new<'c>(codes: impl Iterator<Item = &'c str>) -> Self {
        let mut beginnings: Vec<u32> =
            codes.filter_map(|code| code.as_bytes().first_chunk::<4>()).map(|four| u32::from_be_bytes(*four)).collect();
        beginnings.sort_unstable();
        beginnings.dedup();
        let mut hashes = [0; HASH_WORDS];
        for beginning in &beginnings {
            let (word, bit) = hash(*beginning);
            hashes[word] |= bit;
        }
        Self { beginnings, hashes }
    }

    /// Could the cell hold a code?
    pub fn may_hold(&self, cell: &[u8]) -> bool {
        if cell.len() < SHORTEST {
            return false;
        }
        // Most cells that hold a code begin with it, in capitals.
        if cell.first_chunk().is_some_and(|four| self.begins(u32::from_be_bytes(*four))) {
            return true;
        }
        let (mut four, mut length) = (0u32, 0);
        for b in cell {
            if b.is_ascii_alphanumeric() {
                four = four << 8 | u32::from(b.to_ascii_uppercase());
                length += 1;
                if length >= 4 && self.begins(four) {
                    return true;
                }
            } else if !matches!(b, b',' | b'.') {
                // Thousands separators and dots inside a code are skipped; any other character ends a run.
                length = 0;
            }
        }
        false
    }

    #[inline]
    fn begins(&self, four: u32) -> bool {
        let (word, bit) = hash(four);
        self.hashes[word] & bit != 0 && self.beginnings.contains(&four)
    }
}

/// The word and the bit of a run in the Bloom filter.
#[inline]
fn hash(four: u32) -> (usize, u64) {
    // The upper ten bits of the product with a large odd number depend on all bytes of the run.
    let hash = four.wrapping_mul(0x9E37_79B1) >> 22;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// Number of characters of the shortest code, a CPT code.
const SHORTEST: usize = 5;

/// The wanted codes, and the columns that may hold them.
#[derive(Debug, Clone)]
pub struct Prefilter {
    /// By first byte of a cell: could a cell of [`SHORTEST`] characters or fewer, or a quoted or padded one, hold a code?
    asks: Box<[bool; 256]>,
    filter: CodeFilter,
    /// Runs of columns, by the number of the delimiter before the first and the last of them, counted from 0.
    pub(crate) runs: Vec<(u32, u32)>,
    /// Is the first cell of the row one of them? It has no delimiter before it.
    pub(crate) first: bool,
}

impl Prefilter {
    /// A prefilter for these columns and codes (upper-case, at least [`SHORTEST`] ASCII characters).
    pub fn new<'c>(mut columns: Vec<usize>, codes: impl Iterator<Item = &'c str> + Clone) -> Self {
        columns.sort_unstable();
        columns.dedup();
        let first = columns.first() == Some(&0);
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for before in columns.iter().filter(|c| **c > 0).map(|c| (*c - 1) as u32) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == before => *last = before,
                _ => runs.push((before, before)),
            }
        }
        let mut asks = Box::new([false; 256]);
        // A quoted cell may continue after the next delimiter, and blanks may pad a cell on the left.
        asks[usize::from(b' ')] = true;
        asks[usize::from(b'"')] = true;
        for first in codes.clone().filter_map(|code| code.bytes().next()) {
            asks[usize::from(first)] = true;
            asks[usize::from(first.to_ascii_lowercase())] = true;
        }
        Self { asks, filter: CodeFilter::new(codes), runs, first }
    }

    /// May the cell that starts at `at` hold a code?
    #[inline(always)]
    pub fn may_start_at(&self, bytes: &[u8], at: usize, delimiter: u8) -> bool {
        // One test that nearly always fails, instead of a match: a mispredicted jump costs more than all lookups.
        let Some(six) = bytes.get(at..).and_then(<[u8]>::first_chunk::<{ SHORTEST + 1 }>) else { return true };
        // The product is zero if one of the two bytes is the delimiter.
        let is_long = u16::from(six[0] ^ delimiter) * u16::from(six[SHORTEST] ^ delimiter) != 0;
        (is_long | self.asks[usize::from(six[0])]) && self.may_hold_at(bytes, at, delimiter)
    }

    #[inline(never)]
    fn may_hold_at(&self, bytes: &[u8], at: usize, delimiter: u8) -> bool {
        let rest = &bytes[at..];
        if let Some(eight) = rest.first_chunk::<8>().filter(|eight| eight[0].is_ascii_alphanumeric()) {
            // A cell that ends here is as long as the shortest code, so every byte is of the code, or it is shorter.
            if eight[SHORTEST] == delimiter {
                let four = [eight[0], eight[1], eight[2], eight[3]].map(|b| b.to_ascii_uppercase());
                return self.filter.begins(u32::from_be_bytes(four));
            }
            let head = u64::from_le_bytes(*eight);
            // The lowest set bit marks the first byte that equals either.
            let length = ((ends(head, delimiter) | ends(head, b'\n')).trailing_zeros() / 8) as usize;
            if length < eight.len() {
                return self.filter.may_hold(&eight[..length]);
            }
        }
        let cell = match rest {
            // The grammar handles quotes. Here it is enough to find the first quote that is not doubled.
            [b'"', inner @ ..] => {
                let mut end = 0;
                while let Some(quote) = memchr::memchr2(b'"', b'\n', &inner[end..]) {
                    end += quote;
                    if inner[end] == b'\n' || inner.get(end + 1) != Some(&b'"') {
                        break;
                    }
                    end += 2;
                }
                &inner[..end]
            }
            _ => &rest[..memchr::memchr2(delimiter, b'\n', rest).unwrap_or(rest.len())],
        };
        self.filter.may_hold(cell)
    }
}

/// Sets the high bit of the first byte that equals `byte`. High bits of later bytes may be set as well.
#[inline]
fn ends(eight: u64, byte: u8) -> u64 {
    let differs = eight ^ (u64::from(byte) * 0x0101_0101_0101_0101);
    differs.wrapping_sub(0x0101_0101_0101_0101) & !differs & 0x8080_8080_8080_8080
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [&str; 4] = ["22513", "0PU43JZ", "PU43JZ", "C7507"];

    #[test]
    fn columns_become_runs() {
        let prefilter = Prefilter::new(vec![4, 0, 5, 9, 6, 4], ["22513"].into_iter());
        assert_eq!((prefilter.first, prefilter.runs), (true, vec![(3, 5), (8, 8)]));
    }

    #[test]
    fn the_prefilter_has_no_false_negatives() {
        let prefilter = Prefilter::new(vec![0], CODES.into_iter());
        for cell in [
            "22513",
            "22519",
            "pu43jz",
            "0pU43jz",
            "c7507",
            "  22513",
            "\"22513\"",
            "\" 22513\"",
            "\"\"\"22513\"\"\"",
            "\"22,513\"",
            "\"99213,22513\"",
            "=\"22513\"",
            "=22513",
            "'22513",
            "\u{201c}22513\u{201d}",
            "\u{ab}22513",
            "\u{a0}22513",
            "\u{200b}22513",
            "\t22513",
            "\r22513",
            "\"\r22513\"",
            "\u{feff}22513",
            "022513",
            "00022513",
            "CPT22513",
            "HCPCSC7507",
            "22513RT",
            "HC:22513:59",
            "BBR:0PU43JZ:D8:20240305",
            "0PU.43JZ",
            "0.P.U.4.3JZ",
            "99213;22513",
            "99213 22513",
            "x-22513",
        ] {
            for end in [",x", "\nx", ""] {
                let text = format!("{cell}{end}");
                assert!(prefilter.may_start_at(text.as_bytes(), 0, b','), "{text:?}");
            }
        }
        let latin1 = b"\xa022513\xa0,x,x,x,x";
        assert!(prefilter.may_start_at(latin1, 0, b','));
        assert!(prefilter.may_start_at(b"22,513|x|x", 0, b'|'));
    }

    #[test]
    fn ordinary_cells_are_filtered_out() {
        let prefilter = Prefilter::new(vec![0], CODES.into_iter());
        for cell in
            ["", "   ", "99213", "20610", "J1885", "-", "~", "NULL", "\"\"", "\"99213\"", "02HV33Z", "2 2 5 1 3"]
        {
            for end in [",xxxxxxxxx22513", "\n22513,xxxxxxx", "\r\n22513,xxxxxx"] {
                let text = format!("{cell}{end}");
                assert!(!prefilter.may_start_at(text.as_bytes(), 0, b','), "{text:?}");
            }
        }
    }
}
