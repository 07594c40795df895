//! Numbers in a dictionary, which a page has in place of values.

use polars_arrow::bitmap::BitmapBuilder;

use crate::ingest::parquet::rows::Fault;
use crate::ingest::parquet::runs::{Run, Runs};

/// Rows whose answers are added at a time.
const WORD_BITS: usize = 64;

/// Numbers of the values that are looked up eight at a time: all that [`Run::eight`] finds.
const FEW: usize = 1 << 14;

/// Which values of a dictionary matter.
pub(super) struct Answers {
    all: Vec<bool>,
    /// For the first numbers: one if the value matters, and [`NO_VALUE`] if the dictionary has fewer values.
    first: Box<[u8; FEW]>,
}

/// Stands for a number that no value has.
const NO_VALUE: u8 = 2;

impl Answers {
    pub(super) fn new(all: Vec<bool>) -> Self {
        let mut first = Box::new([NO_VALUE; FEW]);
        first.iter_mut().zip(&all).for_each(|(answer, matters)| *answer = u8::from(*matters));
        Self { all, first }
    }

    /// Does no value matter?
    pub(super) fn are_all_no(&self) -> bool {
        !self.all.contains(&true)
    }

    fn get(&self, number: u32) -> Result<bool, Fault> {
        self.all.get(number as usize).copied().ok_or(Fault::Damaged)
    }

    /// The answers of eight numbers, one bit for each.
    fn of_eight(&self, numbers: [u32; 8]) -> Result<u64, Fault> {
        let answers = numbers.map(|number| self.first[number as usize % FEW]);
        match answers.iter().fold(0, |all, answer| all | answer) {
            // Nearly always.
            0 => Ok(0),
            1 => Ok((0..).zip(answers).fold(0, |word, (bit, answer)| word | u64::from(answer) << bit)),
            _ => Err(Fault::Damaged),
        }
    }
}

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
        answers: &Answers,
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
                    rows.extend_constant(last - first, answers.get(number)?);
                }
                Run::Packed { .. } => {
                    let mut start = first;
                    while start < last {
                        // Up to the next multiple of eight, and from there on by words.
                        let bits = (last - start).min(if start.is_multiple_of(8) { WORD_BITS } else { 8 - start % 8 });
                        let (mut word, mut bit) = (0_u64, 0);
                        while bit < bits {
                            let eight = if bits - bit >= 8 { self.run.eight(start + bit) } else { None };
                            let (of, answers) = match eight {
                                Some(numbers) => (8, answers.of_eight(numbers)?),
                                None => (1, u64::from(answers.get(self.run.get(start + bit))?)),
                            };
                            word |= answers << bit;
                            bit += of;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_answers_are_those_of_each_number() {
        let answers = Answers::new((0..100).map(|number| number % 7 == 3).collect());
        assert!(!answers.are_all_no() && Answers::new(vec![false; 9]).are_all_no());
        for first in 0..93 {
            let each = (0..8).map(|n| answers.get(first + n).map(|matters| u64::from(matters) << n).expect("a value"));
            let eight = answers.of_eight(std::array::from_fn(|n| first + n as u32));
            assert_eq!(eight, Ok(each.sum()), "{first}");
        }
        for unknown in [100, 5000, FEW as u32 - 1] {
            assert_eq!(answers.of_eight([0, 3, 1, unknown, 3, 2, 2, 2]), Err(Fault::Damaged), "{unknown}");
        }
    }
}
