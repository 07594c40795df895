//! Numbers in a dictionary, which a page has in place of values.

use polars_arrow::bitmap::BitmapBuilder;

use crate::ingest::parquet::rows::Fault;
use crate::ingest::parquet::runs::{Run, Runs};

/// Rows whose answers are added at a time.
const WORD_BITS: usize = 64;

/// The numbers of a page, by their places.
pub(super) struct Numbers<'a> {
    runs: Runs<'a>,
    run: Run<'a>,
    /// Numbers before the run.
    passed: usize,
}

impl<'a> Numbers<'a> {
    /// So many numbers, after the byte that says how many bits each has.
    pub(super) fn new(values: &'a [u8], count: usize) -> Result<Self, Fault> {
        let (bits, packed) = values.split_first().ok_or(Fault::Damaged)?;
        Ok(Self { runs: Runs::new(packed, *bits, count)?, run: Run::Same { number: 0, count: 0 }, passed: 0 })
    }

    /// The number at this place, which is not before the last one.
    pub(super) fn get(&mut self, at: usize) -> Result<u32, Fault> {
        while at - self.passed >= self.run.count() {
            self.passed += self.run.count();
            self.run = self.runs.next()?;
        }
        Ok(self.run.get(at - self.passed))
    }

    /// Looks so many numbers up, from this place on, which is not before the last one.
    pub(super) fn ask(
        &mut self,
        mut at: usize,
        count: usize,
        matters: &[bool],
        rows: &mut BitmapBuilder,
    ) -> Result<(), Fault> {
        let end = at + count;
        while at < end {
            // The first one finds the run.
            let number = self.get(at)?;
            let first = at - self.passed;
            let last = self.run.count().min(end - self.passed);
            match &self.run {
                Run::Same { .. } => {
                    let matters = *matters.get(number as usize).ok_or(Fault::Damaged)?;
                    rows.extend_constant(last - first, matters);
                }
                Run::Packed { .. } => {
                    let mut start = first;
                    while start < last {
                        // Up to the next multiple of eight, and from there on by words.
                        let bits = (last - start).min(if start % 8 == 0 { WORD_BITS } else { 8 - start % 8 });
                        let mut word = 0;
                        let mut bit = 0;
                        while bit < bits {
                            let eight = if bits - bit >= 8 { self.run.eight(start + bit) } else { None };
                            let one = [self.run.get(start + bit)];
                            for number in eight.as_ref().map_or(&one[..], |eight| &eight[..]) {
                                word |= u64::from(*matters.get(*number as usize).ok_or(Fault::Damaged)?) << bit;
                                bit += 1;
                            }
                        }
                        rows.extend_from_slice(&word.to_le_bytes(), 0, bits);
                        start += bits;
                    }
                }
            }
            at += last - first;
        }
        Ok(())
    }
}
