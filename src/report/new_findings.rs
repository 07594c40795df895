//! Which findings of a run its baseline does not have.
//!
//! Findings with the same fingerprint are interchangeable, so no finding is known to be new before all are known. That is
//! why a run with a baseline judges its parts once more, before the first of them is written. Its findings are sorted on
//! disk and compared with the baseline fingerprint by fingerprint. A run without a baseline does nothing here.

use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use crate::baseline::{Change, FindingEntry, Pairs};
use crate::ingest::source::spill::Scratch;
use crate::report::sorted::{Merged, Sorter};
use crate::report::table::record::FindingRecord;
use crate::report::view::{PartView, ReportContext};
use crate::rules::doc::RuleDoc;
use crate::run::Run;
use crate::tally::{NewTally, Share};

/// Bytes of findings that are sorted in memory.
const SORTED_BYTES: usize = 16 << 20;

/// A finding of the run with its number. Findings are in the order of their parts.
type Numbered = (FindingEntry, u32);

/// The new findings of a run, part by part.
#[derive(Default)]
pub(crate) struct NewFindings {
    /// For each finding of the run, in the order of its parts: is it new? Empty without a baseline.
    new: Vec<bool>,
    /// Where the findings of each part end.
    ends: Vec<usize>,
    /// Counts and money of the findings of the baseline that are gone; `None` without a baseline.
    gone: Option<Share>,
}

impl NewFindings {
    /// Compares all findings of a run with its baseline. `None`: `go_on` returned false.
    pub(crate) fn of(run: &Run, docs: &[RuleDoc], go_on: &(dyn Fn() -> bool + Sync)) -> io::Result<Option<Self>> {
        let Some(old) = &run.context.baseline else { return Ok(Some(Self::default())) };
        let context = ReportContext { run: &run.context, docs };
        let of_part = |n: usize| -> io::Result<Vec<FindingEntry>> { Ok(entries(&context.part(&run.part(n)?))) };
        let mut sorted = Sorted::new(run.scratch());
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
        let mut sorted = Sorted::new(Arc::new(tempfile::tempfile));
        sorted.add(entries(part))?;
        sorted.compare(old)
    }

    /// For each finding of part `n`: is it new? Empty without a baseline.
    pub(crate) fn of_part(&self, n: usize) -> &[bool] {
        let start = n.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or_default());
        self.ends.get(n).and_then(|end| self.new.get(start..*end)).unwrap_or_default()
    }

    /// Counts and money of what is new, known and gone, given what is new and known. `None` without a baseline.
    pub(crate) fn tally(self, [new, known]: [Share; 2]) -> Option<NewTally> {
        self.gone.map(|gone| NewTally { new, known, gone })
    }
}

/// The findings of a run while they are sorted.
struct Sorted {
    sorter: Sorter<Numbered>,
    count: u32,
    ends: Vec<usize>,
}

impl Sorted {
    fn new(scratch: Scratch) -> Self {
        Self { sorter: Sorter::new(scratch, SORTED_BYTES), count: 0, ends: Vec::new() }
    }

    /// Adds the findings of the next part.
    fn add(&mut self, part: Vec<FindingEntry>) -> io::Result<()> {
        for entry in part {
            self.sorter.push((entry, self.count), size_of::<Numbered>())?;
            self.count =
                self.count.checked_add(1).ok_or_else(|| io::Error::other("more than 4,294,967,295 findings"))?;
        }
        self.ends.push(self.count as usize);
        Ok(())
    }

    /// Compares the findings with those of a baseline.
    fn compare(self, old: &[FindingEntry]) -> io::Result<NewFindings> {
        let mut order: Vec<u32> = (0..old.len() as u32).collect();
        order.sort_unstable_by_key(|place| (old[*place as usize].fingerprint, *place));
        let (mut new, mut is_gone) = (vec![false; self.count as usize], vec![true; old.len()]);
        let mut rest = order.as_slice();
        let mut findings = self.sorter.finish()?;
        let mut next = findings.next().transpose()?;
        while let Some(first) = next {
            let fingerprint = first.0.fingerprint;
            let (now, after) = same(first, &mut findings)?;
            next = after;
            // Both are in the order of their fingerprints.
            let skipped = rest.iter().take_while(|place| old[**place as usize].fingerprint < fingerprint).count();
            rest = &rest[skipped..];
            let known = rest.iter().take_while(|place| old[**place as usize].fingerprint == fingerprint).count();
            let (was, later) = rest.split_at(known);
            rest = later;
            let was_entries: Vec<FindingEntry> = was.iter().map(|place| old[*place as usize]).collect();
            let now_entries: Vec<FindingEntry> = now.iter().map(|(entry, _)| *entry).collect();
            let pairs = Pairs::new(&was_entries, &now_entries);
            for (n, (_, number)) in now.iter().enumerate() {
                new[*number as usize] = pairs.change(&was_entries, &now_entries, n) == Change::New;
            }
            for (place, is_there) in was.iter().zip(&pairs.old_is_there) {
                is_gone[*place as usize] = !is_there;
            }
        }
        let gone = old.iter().zip(is_gone).filter(|(entry, is_gone)| *is_gone && !entry.suppressed);
        let gone = gone.map(|(entry, _)| (entry.subject as usize, entry.disposition, entry.amount()));
        Ok(NewFindings { new, ends: self.ends, gone: Some(Share::from_findings(gone)) })
    }
}

/// The first finding and those after it with the same fingerprint, and the finding after them.
fn same(first: Numbered, findings: &mut Merged<Numbered>) -> io::Result<(Vec<Numbered>, Option<Numbered>)> {
    let fingerprint = first.0.fingerprint;
    let mut same = vec![first];
    for finding in findings {
        let finding = finding?;
        if finding.0.fingerprint != fingerprint {
            return Ok((same, Some(finding)));
        }
        same.push(finding);
    }
    Ok((same, None))
}

fn entries(part: &PartView<'_>) -> Vec<FindingEntry> {
    part.findings().map(|record| entry(&record)).collect()
}

fn entry(record: &FindingRecord<'_>) -> FindingEntry {
    let message = record.message();
    let texts = [message.as_str(), record.setting().citation.as_str()];
    let (disposition, suppressed) = (record.finding.disposition, record.suppression().is_some());
    // Findings of the run are counted part by part, so their subjects need no numbers.
    FindingEntry::new(record.fingerprint(), disposition, record.amount(), texts, suppressed, 0)
}
