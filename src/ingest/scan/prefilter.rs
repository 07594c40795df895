//! The quick question to a cell of interest: could a code that we look for stand here? No false "no".

/// Codes looked for, and the columns they may stand in.
#[derive(Debug, Clone)]
pub struct Prefilter {
    /// By first byte of a cell.
    class: Box<[Class; 256]>,
    /// First four bytes of the codes, upper-cased.
    prefixes: Vec<u32>,
    /// Runs of columns, by the number of the delimiter before the first and the last of them, counted from 0.
    pub(crate) runs: Vec<(u32, u32)>,
    /// The row's first cell is one of them; it has no delimiter before it.
    pub(crate) first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// No code begins so, nor does anything that cleaning would take away.
    No,
    /// It may stand before the text of a cell: a blank or a quote.
    Before,
    /// A code begins so.
    Prefix,
    /// Cleaning may take it away: white space, a byte-order mark, `="`.
    Ask,
}

impl Prefilter {
    /// Prefilter for these columns and codes (upper-case, at least four ASCII characters).
    pub fn new<'c>(mut columns: Vec<usize>, codes: impl Iterator<Item = &'c str>) -> Self {
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
        let mut class = Box::new([Class::No; 256]);
        for b in (0x80..=0xff).chain([b'\t', b'\n', 0x0b, 0x0c, b'\r', b'=']) {
            class[usize::from(b)] = Class::Ask;
        }
        class[usize::from(b' ')] = Class::Before;
        class[usize::from(b'"')] = Class::Before;
        let mut prefixes = Vec::new();
        for code in codes {
            let Some(head) = code.as_bytes().first_chunk::<4>() else { continue };
            class[usize::from(head[0])] = Class::Prefix;
            class[usize::from(head[0].to_ascii_lowercase())] = Class::Prefix;
            prefixes.push(u32::from_le_bytes(*head));
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        Self { class, prefixes, runs, first }
    }

    /// May the cell that starts at `at` hold a code? Blanks and a quote before it are passed over.
    #[inline(always)]
    pub fn may_stand_at(&self, bytes: &[u8], at: usize, delimiter: u8) -> bool {
        // One question that is nearly always answered no, not a match: its jump would go astray at every other cell.
        bytes.get(at).is_none_or(|b| self.class[usize::from(*b)] != Class::No)
            && self.may_stand_behind(bytes, at, delimiter)
    }

    #[inline(never)]
    fn may_stand_behind(&self, bytes: &[u8], mut at: usize, delimiter: u8) -> bool {
        // Some sources pad every empty cell with blanks.
        while bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            while bytes.get(at) == Some(&b' ') {
                at += 1;
            }
        }
        let Some(b) = bytes.get(at) else { return true };
        // An empty cell, at the end of a line too. A CR that ends no line is white space, which cleaning takes away.
        if *b == delimiter || *b == b'\n' || (*b == b'\r' && bytes.get(at + 1) == Some(&b'\n')) {
            return false;
        }
        match self.class[usize::from(*b)] {
            Class::No | Class::Before => false,
            Class::Ask => true,
            Class::Prefix => self.is_prefix(bytes, at),
        }
    }

    fn is_prefix(&self, bytes: &[u8], at: usize) -> bool {
        bytes.get(at..).and_then(<[u8]>::first_chunk::<4>).is_none_or(|head| {
            let head = u32::from_le_bytes(*head);
            // Clearing bit 5 of letters upper-cases them; digits are compared as they are.
            let letters = ((head & 0x4040_4040) >> 1) & head;
            self.prefixes.contains(&(head & !letters))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_runs() {
        let prefilter = Prefilter::new(vec![4, 0, 5, 9, 6, 4], ["22513"].into_iter());
        assert_eq!((prefilter.first, prefilter.runs), (true, vec![(3, 5), (8, 8)]));
    }

    #[test]
    fn no_false_no() {
        let prefilter = Prefilter::new(vec![0], ["22513", "0PU43JZ", "PU43JZ", "C7507"].into_iter());
        let ask = |cell: &str| prefilter.may_stand_at(format!("{cell},x").as_bytes(), 0, b',');
        for cell in [
            "22513",
            "22519",
            "pu43jz",
            "0pU43jz",
            "c7507",
            "  22513",
            "\"22513\"",
            "\" 22513\"",
            "=\"22513\"",
            "\u{a0}22513",
            "\t22513",
            "\r22513",
            "\"\r22513\"",
            "\u{feff}22513",
        ] {
            assert!(ask(cell), "{cell:?}");
        }
        for cell in ["", "   ", "99213", "20610", "C1062", "-", "~", "NULL", "\"\"", "\r\n", "\n"] {
            assert!(!ask(cell), "{cell:?}");
        }
    }
}
