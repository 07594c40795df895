//! Which findings of a run its baseline does not have.
//!
//! Findings with the same fingerprint are interchangeable, so no finding is known to be new before all are known. That is
//! why a run with a baseline judges its parts once more, before the first of them is written. Its findings are sorted on
//! disk and compared with the baseline fingerprint by fingerprint. A run without a baseline does nothing here.

use std::cmp::Ordering;
use std::io;
use std::mem;
use std::sync::Arc;

use rayon::prelude::*;

use crate::baseline::{BaselineFindings, Change, FindingEntry};
use crate::claim::Cents;
use crate::claim::index::bits::Bits;
use crate::disk::sorted::Sorter;
use crate::disk::spool::Scratch;
use crate::policy::Disposition;
use crate::report::table::record::FindingRecord;
use crate::report::view::{PartView, ReportContext};
use crate::rules::doc::RuleDoc;
use crate::run::Run;
use crate::steps;
use crate::tally::{NewTally, Share, ShareInOrder};

/// Bytes of findings that are sorted in memory. Three lists of findings are sorted at a time, and a list may grow to twice its
/// size, so all of them take 96 MiB.
const SORTED_BYTES: usize = 16 << 20;

/// A finding of the run with its number. Findings are in the order of their parts.
type Numbered = (FindingEntry, u32);

/// A finding of the baseline that is gone: its subject, the amount if that is a service, and its disposition.
type Gone = (u32, Option<Cents>, Disposition);

/// The new findings of a run, part by part.
#[derive(Default)]
pub(crate) struct NewFindings {
    /// The findings of the run that are new, by their numbers.
    new: Bits,
    /// The number after the last finding of each part.
    ends: Vec<u32>,
    /// Counts and money of the findings of the baseline that are gone; `None` without a baseline.
    gone: Option<Share>,
}

impl NewFindings {
    /// Compares all findings of a run with its baseline. `None`: `go_on` returned false.
    pub(crate) fn of(run: &Run, docs: &[RuleDoc], go_on: &(dyn Fn() -> bool + Sync)) -> io::Result<Option<Self>> {
        let Some(old) = &run.context.baseline else { return Ok(Some(Self::default())) };
        let context = ReportContext { run: &run.context, docs };
        let of_part = |n: usize| -> io::Result<Vec<FindingEntry>> { Ok(entries(&context.part(&run.part(n)?))) };
        let mut sorted = Sorted::new(run.scratch(), SORTED_BYTES);
        let parts_at_a_time = rayon::current_num_threads();
        for start in (0..run.parts()).step_by(parts_at_a_time) {
            if !go_on() {
                return Ok(None);
            }
            let parts = start..run.parts().min(start + parts_at_a_time);
            for part in parts.into_par_iter().map(of_part).collect::<io::Result<Vec<_>>>()? {
                sorted.add(part)?;
            }
        }
        sorted.compare(old).map(Some)
    }

    /// The same of a run that has only one part.
    pub(crate) fn of_whole(part: &PartView<'_>) -> io::Result<Self> {
        let Some(old) = &part.context.run.baseline else { return Ok(Self::default()) };
        let mut sorted = Sorted::new(Arc::new(tempfile::tempfile), SORTED_BYTES);
        sorted.add(entries(part))?;
        sorted.compare(old)
    }

    /// For each finding of part `n`: is it new? Empty without a baseline.
    pub(crate) fn of_part(&self, n: usize) -> Vec<bool> {
        let start = n.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or_default());
        let end = self.ends.get(n).copied().unwrap_or_default();
        (start..end).map(|number| self.new.contains(number)).collect()
    }

    /// Counts and money of what is new, known and gone, given what is new and known. `None` without a baseline.
    pub(crate) fn tally(self, [new, known]: [Share; 2]) -> Option<NewTally> {
        self.gone.map(|gone| NewTally { new, known, gone })
    }
}

/// The findings of a run while they are sorted.
struct Sorted {
    sorter: Sorter<Numbered>,
    scratch: Scratch,
    limit: usize,
    count: u32,
    /// The number after the last finding of each part.
    ends: Vec<u32>,
}

impl Sorted {
    /// No findings yet; each list of them may take this many bytes of memory.
    fn new(scratch: Scratch, limit: usize) -> Self {
        Self { sorter: Sorter::new(Arc::clone(&scratch), limit), scratch, limit, count: 0, ends: Vec::new() }
    }

    /// Adds the findings of the next part.
    fn add(&mut self, part: Vec<FindingEntry>) -> io::Result<()> {
        for entry in part {
            self.sorter.push((entry, self.count), size_of::<Numbered>())?;
            self.count =
                self.count.checked_add(1).ok_or_else(|| io::Error::other("more than 4,294,967,295 findings"))?;
        }
        self.ends.push(self.count);
        Ok(())
    }

    /// Compares the findings with those of a baseline, pairing them as [`Pairs`](crate::baseline::Pairs) does: first those
    /// without any difference, then the rest of each fingerprint by ascending amount.
    fn compare(self, old: &BaselineFindings) -> io::Result<NewFindings> {
        let (scratch, limit) = (self.scratch, self.limit);
        let (mut was_left, mut now_left) =
            (Sorter::new(Arc::clone(&scratch), limit), Sorter::new(Arc::clone(&scratch), limit));
        in_step(
            (old.iter(), self.sorter.finish()?),
            |was, (now, _)| was.print_and_content().cmp(&now.print_and_content()),
            |was, now| match (was, now) {
                (Some(was), None) => was_left.push(was, size_of::<FindingEntry>()),
                (None, Some(now)) => now_left.push(now, size_of::<Numbered>()),
                (Some(_), Some(_)) | (None, None) => Ok(()),
            },
        )?;
        let (mut new, mut gone) = (Bits::new(self.count as usize), Sorter::<Gone>::new(scratch, limit));
        in_step(
            (was_left.finish()?, now_left.finish()?),
            |was, (now, _)| was.fingerprint.cmp(&now.fingerprint),
            |was, now| {
                if let Some((now, number)) = now {
                    if Change::of(was.as_ref(), &now) == Change::New {
                        new.insert(number);
                    }
                } else if let Some(was) = was.filter(|was| !was.suppressed) {
                    gone.push((was.subject, was.of_service(), was.disposition), size_of::<Gone>())?;
                }
                Ok(())
            },
        )?;
        let mut share = ShareInOrder::default();
        for finding in gone.finish()? {
            let (subject, amount, disposition) = finding?;
            share.add((subject as usize, amount, disposition));
        }
        Ok(NewFindings { new, ends: self.ends, gone: Some(share.finish()) })
    }
}

/// Shows `see` the values of two lists, which are each in the order that `order` compares by: a value of each list if they are
/// equal, and else the lesser of the two alone.
fn in_step<A, B>(
    (mut old, mut new): (impl Iterator<Item = io::Result<A>>, impl Iterator<Item = io::Result<B>>),
    order: impl Fn(&A, &B) -> Ordering,
    mut see: impl FnMut(Option<A>, Option<B>) -> io::Result<()>,
) -> io::Result<()> {
    let (mut was, mut now) = (old.next().transpose()?, new.next().transpose()?);
    loop {
        steps::take(1);
        let order = match (&was, &now) {
            (Some(was), Some(now)) => order(was, now),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return Ok(()),
        };
        let seen_was = if order.is_le() { mem::replace(&mut was, old.next().transpose()?) } else { None };
        let seen_now = if order.is_ge() { mem::replace(&mut now, new.next().transpose()?) } else { None };
        see(seen_was, seen_now)?;
    }
}

fn entries(part: &PartView<'_>) -> Vec<FindingEntry> {
    part.findings().map(|record| entry(&record)).collect()
}

fn entry(record: &FindingRecord<'_>) -> FindingEntry {
    let message = record.message();
    let citation = record.citation();
    let texts = [message.as_str(), &citation];
    let (disposition, suppressed) = (record.finding.disposition, record.suppression().is_some());
    // Findings of the run are counted part by part, so their subjects need no numbers.
    FindingEntry::new(
        record.fingerprint(),
        disposition,
        record.amount(),
        texts,
        suppressed,
        (0, record.of_service().is_some()),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::baseline::Pairs;
    use crate::disk::spool::Spool;
    use crate::finding::fingerprint::{About, Fingerprint};

    fn finding((claim, severe, amount, subject): (u8, bool, Option<u8>, u32)) -> FindingEntry {
        let claim = claim.to_string();
        let about = About { rule: "DX101", claim: &claim, line_number: "1", date: "" };
        let print = Fingerprint::of(&about, ["22514"].into_iter());
        let disposition = if severe { Disposition::Deny } else { Disposition::Review };
        let amount = amount.map(|amount| Cents(i64::from(amount)));
        FindingEntry::new(print, disposition, amount, ["", ""], subject % 7 == 0, (subject, subject % 5 > 0))
    }

    proptest! {
        /// The sorted comparison says what pairing all findings at once says, whether or not memory holds them.
        #[test]
        fn what_is_new_does_not_depend_on_the_memory(
            old in prop::collection::vec((0_u8..9, any::<bool>(), prop::option::of(0_u8..3)), 0..40),
            new in prop::collection::vec((0_u8..9, any::<bool>(), prop::option::of(0_u8..3)), 0..40),
            limit in prop_oneof![Just(0_usize), Just(200), Just(usize::MAX)],
        ) {
            let of = |list: Vec<(u8, bool, Option<u8>)>| -> Vec<FindingEntry> {
                // Two findings in a row are about one service, whose amount is that of the first.
                let amount = |n: usize| list[n / 2 * 2].2;
                (0..list.len()).map(|n| finding((list[n].0, list[n].1, amount(n), n as u32 / 2))).collect()
            };
            let (old, new) = (of(old), of(new));
            let pairs = Pairs::new(&old, &new);
            let scratch: Scratch = Arc::new(tempfile::tempfile);
            let mut in_order = old.clone();
            in_order.sort_unstable();
            let spool = Spool::new(Arc::clone(&scratch), limit);
            let baseline = BaselineFindings::of(in_order.into_iter().map(Ok), spool).expect("room on disk");
            let mut sorted = Sorted::new(scratch, limit);
            sorted.add(new.clone()).expect("room on disk");
            let found = sorted.compare(&baseline).expect("readable");
            let is_new: Vec<bool> = (0..new.len()).map(|n| pairs.change(&old, &new, n) == Change::New).collect();
            prop_assert_eq!(found.of_part(0), is_new);
            prop_assert_eq!(found.gone, Some(pairs.tally(&old, &new).gone));
        }
    }
}
