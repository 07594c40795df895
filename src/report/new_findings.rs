//! Which findings of a run its baseline does not have.
//!
//! Findings with the same fingerprint are interchangeable, so no finding is known to be new before all are known. That is
//! why a run with a baseline judges its parts once more, before the first of them is written. A run without one does
//! nothing here.

use std::io;

use rayon::prelude::*;

use crate::baseline::{Change, FindingEntry, Pairs};
use crate::report::table::record::FindingRecord;
use crate::report::view::{PartView, ReportContext};
use crate::rules::doc::RuleDoc;
use crate::run::{Run, RunContext};
use crate::tally::NewTally;

/// The new findings of a run, part by part.
#[derive(Default)]
pub(crate) struct NewFindings {
    /// For each finding of the run, in the order of its parts: is it new? Empty without a baseline.
    new: Vec<bool>,
    /// Where the findings of each part end.
    ends: Vec<usize>,
    /// Counts and money of what is new, known and gone; `None` without a baseline.
    pub(crate) tally: Option<NewTally>,
}

impl NewFindings {
    /// Compares all findings of a run with its baseline. `None`: `go_on` returned false.
    pub(crate) fn of(run: &Run, docs: &[RuleDoc], go_on: &(dyn Fn() -> bool + Sync)) -> io::Result<Option<Self>> {
        if run.context.baseline.is_none() {
            return Ok(Some(Self::default()));
        }
        let context = ReportContext { run: &run.context, docs };
        let of_part = |n: usize| -> io::Result<Option<PartEntries>> {
            if !go_on() {
                return Ok(None);
            }
            Ok(Some(PartEntries::of(&context.part(&run.part(n)?))))
        };
        let parts = (0..run.parts()).into_par_iter().map(of_part).collect::<io::Result<Option<Vec<_>>>>()?;
        Ok(parts.map(|parts| Self::compare(&run.context, parts)))
    }

    /// The same of a run that has only one part.
    pub(crate) fn of_whole(part: &PartView<'_>) -> Self {
        match part.context.run.baseline {
            Some(_) => Self::compare(part.context.run, vec![PartEntries::of(part)]),
            None => Self::default(),
        }
    }

    fn compare(run: &RunContext, parts: Vec<PartEntries>) -> Self {
        let Some(old) = &run.baseline else { return Self::default() };
        let (mut entries, mut ends, mut subjects) = (Vec::new(), Vec::with_capacity(parts.len()), 0);
        for part in parts {
            entries.extend(part.entries.into_iter().map(|entry| entry.counted_on(subjects)));
            ends.push(entries.len());
            subjects = subjects.saturating_add(part.subjects);
        }
        let pairs = Pairs::new(old, &entries);
        let new = (0..entries.len()).map(|n| pairs.change(old, &entries, n) == Change::New).collect();
        Self { new, ends, tally: Some(pairs.tally(old, &entries)) }
    }

    /// For each finding of part `n`: is it new? Empty without a baseline.
    pub(crate) fn of_part(&self, n: usize) -> &[bool] {
        let start = n.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or_default());
        self.ends.get(n).and_then(|end| self.new.get(start..*end)).unwrap_or_default()
    }
}

/// The findings of a part, as they are compared.
struct PartEntries {
    entries: Vec<FindingEntry>,
    /// Services and lines of the part: every subject has a lower number.
    subjects: u32,
}

impl PartEntries {
    fn of(part: &PartView<'_>) -> Self {
        let subjects = part.line_set.services.len() + part.line_set.lines.len();
        Self { entries: part.findings().map(|record| entry(part, &record)).collect(), subjects: subjects as u32 }
    }
}

fn entry(part: &PartView<'_>, record: &FindingRecord<'_>) -> FindingEntry {
    let message = record.message();
    let texts = [message.as_str(), record.setting().citation.as_str()];
    let (disposition, suppressed) = (record.finding.disposition, record.suppression().is_some());
    let subject = record.finding.about(part.line_set) as u32;
    FindingEntry::new(record.fingerprint(), disposition, record.amount(), texts, suppressed, subject)
}
