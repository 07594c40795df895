//! Compares the findings of two reports: which are new, gone, changed or the same.
//!
//! A finding is stored as a [`FindingEntry`] of 40 bytes; sorting and pairing take 16 more. So the memory of `compare` grows by about
//! 60 bytes per finding of either report (measured: 28 MB for 520,000 findings), whatever the size of the extracts. A run keeps
//! the findings of its baseline sorted, and beyond a bound on disk.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher as _;
use std::io;
use std::sync::Arc;

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use crate::claim::Cents;
use crate::disk::spool::{Spool, SpoolSlot};
use crate::finding::fingerprint::Fingerprint;
use crate::policy::Disposition;
use crate::tally::{NewTally, Share};

/// What an earlier report says of its inputs, so that a run can tell what it does not have any more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BaselineFacts {
    /// Rows of all its extracts.
    pub rows: u64,
    /// Names of the fields for which one of its extracts had no column.
    pub absent: Vec<String>,
    /// By numbered field, the fewest columns that one of its extracts had for it. Empty in reports of earlier versions.
    pub columns: BTreeMap<String, u64>,
    /// Was an authorization file given?
    pub has_authorizations: bool,
    /// The fingerprint of the policy that judged. `None` if it is not stated.
    pub policy: Option<String>,
    /// Codes of the rules that its selection left out.
    pub not_asked: BTreeSet<String>,
    /// The layouts of its extracts.
    pub layouts: BTreeSet<String>,
}

/// The parts of a finding that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FindingEntry {
    /// Identifies the finding across reports.
    pub fingerprint: Fingerprint,
    /// Cents at risk; [`NO_AMOUNT`] if there is no amount. See [`FindingEntry::amount`].
    cents: i64,
    /// Its disposition.
    pub disposition: Disposition,
    /// Is the finding suppressed?
    pub suppressed: bool,
    /// Hash of message and citation.
    text: u64,
    /// The number of its subject in its report.
    pub subject: u32,
    /// Is its subject a service? Otherwise it is a related row.
    is_service: bool,
}

/// Marks a finding without an amount. The reader never accepts an amount this low.
const NO_AMOUNT: i64 = i64::MIN;

impl FindingEntry {
    /// Creates an entry. `subject` is the number of its service or row in the report, and whether it is a service.
    pub fn new(
        fingerprint: Fingerprint,
        disposition: Disposition,
        amount: Option<Cents>,
        [message, citation]: [&str; 2],
        suppressed: bool,
        (subject, is_service): (u32, bool),
    ) -> Self {
        let mut hasher = FxHasher::default();
        hasher.write(message.as_bytes());
        hasher.write_usize(message.len());
        hasher.write(citation.as_bytes());
        let cents = amount.map_or(NO_AMOUNT, |amount| amount.0);
        Self { fingerprint, cents, disposition, suppressed, text: hasher.finish(), subject, is_service }
    }

    /// The amount at risk of its service.
    pub fn amount(&self) -> Option<Cents> {
        (self.cents != NO_AMOUNT).then_some(Cents(self.cents))
    }

    /// The amount at risk of its service, zero if it has none. `None` if its subject is a related row.
    pub fn of_service(&self) -> Option<Cents> {
        self.is_service.then(|| self.amount().unwrap_or(Cents(0)))
    }

    /// Its fingerprint and its content: findings for which it is equal are the same in both reports. It has the order of entries.
    pub(crate) fn print_and_content(&self) -> (Fingerprint, impl Ord + use<>) {
        (self.fingerprint, self.content())
    }

    /// Everything about the finding that may change.
    fn content(&self) -> (i64, Disposition, bool, u64) {
        (self.cents, self.disposition, self.suppressed, self.text)
    }
}

/// The findings of an earlier report in the order of [`FindingEntry`], so that those with a fingerprint are together. What does
/// not fit in memory is on disk.
#[derive(Debug)]
pub struct BaselineFindings {
    pieces: Vec<Piece>,
    spool: Arc<Spool>,
}

#[derive(Debug)]
enum Piece {
    Held(Vec<FindingEntry>),
    Spooled(SpoolSlot),
}

/// Findings that are written and read at a time; they take 160 KiB.
const PIECE: usize = 1 << 12;

impl BaselineFindings {
    /// Keeps findings, which must be in order, within the bound of the spool. Fails if the disk does.
    pub fn of(findings: impl Iterator<Item = io::Result<FindingEntry>>, spool: Arc<Spool>) -> io::Result<Self> {
        let (mut pieces, mut findings) = (Vec::new(), findings.peekable());
        while findings.peek().is_some() {
            let piece: Vec<FindingEntry> = findings.by_ref().take(PIECE).collect::<io::Result<_>>()?;
            let is_held = spool.may_hold(piece.capacity() * size_of::<FindingEntry>());
            pieces.push(if is_held { Piece::Held(piece) } else { Piece::Spooled(spool.write(&piece)?) });
        }
        Ok(Self { pieces, spool })
    }

    /// Bytes of memory that they take.
    pub fn bytes(&self) -> usize {
        let held = self.pieces.iter().map(|piece| match piece {
            Piece::Held(findings) => findings.capacity() * size_of::<FindingEntry>(),
            Piece::Spooled(_) => 0,
        });
        held.sum::<usize>() + self.pieces.capacity() * size_of::<Piece>()
    }

    /// The findings in order. Fails if they cannot be read back.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<FindingEntry>> {
        let piece = |piece: &Piece| match piece {
            Piece::Held(piece) => Ok(piece.clone()),
            Piece::Spooled(slot) => self.spool.get(*slot),
        };
        self.pieces.iter().flat_map(move |one| match piece(one) {
            Ok(piece) => piece.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(e) => vec![Err(e)],
        })
    }
}

/// How a finding differs between two reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It asks for something new: the old report has no finding with its fingerprint, or had one with a lower disposition, or
    /// one that was suppressed and is not suppressed now.
    New,
    /// Its amount at risk, message or citation is different, its disposition is lower, or it is now suppressed.
    Changed,
    /// It is not in the new report.
    Gone,
    /// It is unchanged.
    Same,
}

impl Change {
    /// How a finding of the new report differs from the old finding that it is paired with.
    pub fn of(was: Option<&FindingEntry>, now: &FindingEntry) -> Self {
        match was {
            None => Self::New,
            Some(was) if was.content() == now.content() => Self::Same,
            Some(was) if was.disposition < now.disposition || (was.suppressed && !now.suppressed) => Self::New,
            Some(_) => Self::Changed,
        }
    }

    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Same => "same",
        }
    }
}

/// The columns in which two findings differ.
pub fn differences(old: &FindingEntry, new: &FindingEntry) -> Vec<&'static str> {
    let differs = [
        ("disposition", old.disposition != new.disposition),
        ("suppressed", old.suppressed != new.suppressed),
        ("amount_at_risk", old.cents != new.cents),
        ("text", old.text != new.text),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// The paired findings of two reports, each in the order of its report.
#[derive(Debug, Default)]
pub struct Pairs {
    /// For each new finding, the old finding that it is paired with.
    pub of_new: Vec<Option<u32>>,
    /// For each old finding: does the new report have it?
    pub old_is_there: Vec<bool>,
}

impl Pairs {
    /// Pairs the findings of two reports. Findings with the same fingerprint are interchangeable: first those without any
    /// difference are paired, then the rest by ascending amount. So the unpaired findings do not depend on the order of rows.
    pub fn new(old: &[FindingEntry], new: &[FindingEntry]) -> Self {
        let sorted = |entries: &[FindingEntry]| {
            let mut order: Vec<u32> = (0..entries.len() as u32).collect();
            order.sort_unstable_by_key(|i| {
                let entry = &entries[*i as usize];
                (entry.fingerprint, entry.content(), *i)
            });
            order
        };
        let (old_order, new_order) = (sorted(old), sorted(new));
        let mut pairs = Self { of_new: vec![None; new.len()], old_is_there: vec![false; old.len()] };
        let mut rest = old_order.as_slice();
        for group in new_order.chunk_by(|a, b| new[*a as usize].fingerprint == new[*b as usize].fingerprint) {
            let fingerprint = new[group[0] as usize].fingerprint;
            let before = rest.partition_point(|o| old[*o as usize].fingerprint < fingerprint);
            rest = &rest[before..];
            let known = rest.partition_point(|o| old[*o as usize].fingerprint == fingerprint);
            let (same, after) = rest.split_at(known);
            rest = after;
            pairs.pair(same, group, |o, n| old[o as usize].content().cmp(&new[n as usize].content()));
        }
        pairs
    }

    /// Pairs findings with the same fingerprint. Both lists are sorted by content.
    fn pair(&mut self, old: &[u32], new: &[u32], order: impl Fn(u32, u32) -> Ordering) {
        let (mut old, mut new) = (old.iter().copied().peekable(), new.iter().copied().peekable());
        let (mut old_left, mut new_left) = (Vec::new(), Vec::new());
        while let (Some(o), Some(n)) = (old.peek(), new.peek()) {
            match order(*o, *n) {
                Ordering::Less => old_left.extend(old.next()),
                Ordering::Greater => new_left.extend(new.next()),
                Ordering::Equal => {
                    self.join(*o, *n);
                    old.next();
                    new.next();
                }
            }
        }
        old_left.into_iter().chain(old).zip(new_left.into_iter().chain(new)).for_each(|(o, n)| self.join(o, n));
    }

    fn join(&mut self, old: u32, new: u32) {
        self.of_new[new as usize] = Some(old);
        self.old_is_there[old as usize] = true;
    }

    /// How a finding of the new report differs.
    pub fn change(&self, old: &[FindingEntry], new: &[FindingEntry], n: usize) -> Change {
        Change::of(self.of_new[n].map(|o| &old[o as usize]), &new[n])
    }

    /// Counts and money of all changes.
    pub fn tally(&self, old: &[FindingEntry], new: &[FindingEntry]) -> NewTally {
        let share = |of: &[FindingEntry], wanted: &dyn Fn(usize) -> bool| {
            let open = of.iter().enumerate().filter(|(n, entry)| !entry.suppressed && wanted(*n));
            Share::from_findings(open.map(|(_, entry)| (entry.subject as usize, entry.disposition, entry.of_service())))
        };
        let is_new = |n: usize| self.change(old, new, n) == Change::New;
        NewTally {
            new: share(new, &is_new),
            known: share(new, &|n| !is_new(n)),
            gone: share(old, &|o| !self.old_is_there[o]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::fingerprint::About;

    fn entry(claim: &str, disposition: Disposition, amount: i64, message: &str) -> FindingEntry {
        let about = About { rule: "DX101", claim, line_number: "1", date: "" };
        let print = Fingerprint::of(&about, ["22514"].into_iter());
        FindingEntry::new(print, disposition, Some(Cents(amount)), [message, ""], false, (amount as u32, true))
    }

    fn changes(old: &[FindingEntry], new: &[FindingEntry]) -> Vec<Change> {
        let pairs = Pairs::new(old, new);
        (0..new.len()).map(|n| pairs.change(old, new, n)).collect()
    }

    #[test]
    fn findings_of_a_baseline_are_the_same_in_memory_and_on_disk() {
        let mut all: Vec<_> = (0..3 * PIECE + 5).map(|n| entry(&n.to_string(), Disposition::Deny, 100, "")).collect();
        all.sort_unstable();
        for (limit, in_memory) in [(0, 0), (PIECE * 2 * size_of::<FindingEntry>(), 2), (usize::MAX, 4)] {
            let spool = Spool::new(Arc::new(tempfile::tempfile), limit);
            let kept = BaselineFindings::of(all.iter().copied().map(Ok), spool).expect("room on disk");
            assert_eq!(kept.pieces.iter().filter(|piece| matches!(piece, Piece::Held(_))).count(), in_memory);
            assert!(kept.iter().map(|entry| entry.expect("readable")).eq(all.iter().copied()));
        }
        let failed = BaselineFindings::of(
            [Err(io::ErrorKind::StorageFull.into())].into_iter(),
            Spool::new(Arc::new(tempfile::tempfile), 0),
        );
        assert!(failed.is_err(), "a finding that cannot be read is not left out");
    }

    #[test]
    fn an_entry_has_the_documented_size() {
        assert_eq!(size_of::<FindingEntry>(), 40);
    }

    #[test]
    fn findings_are_new_gone_changed_or_the_same() {
        use Change::{Changed, New, Same};
        use Disposition::{Deny, Review};
        let was = entry("C1", Review, 100, "a");
        let hushed = FindingEntry { suppressed: true, ..was };
        for (old, new, want) in [
            (was, was, Same),
            (was, FindingEntry { subject: 7, ..was }, Same),
            (was, entry("C2", Review, 100, "a"), New),
            (was, entry("C1", Deny, 100, "a"), New),
            (entry("C1", Deny, 100, "a"), was, Changed),
            (was, entry("C1", Review, 101, "a"), Changed),
            (was, entry("C1", Review, 100, "b"), Changed),
            (was, hushed, Changed),
            (hushed, was, New),
            (hushed, hushed, Same),
        ] {
            assert_eq!(changes(&[old], &[new]), [want], "{old:?} {new:?}");
        }
        assert_eq!(differences(&was, &entry("C1", Deny, 101, "b")), ["disposition", "amount_at_risk", "text"]);
        assert_eq!(differences(&was, &hushed), ["suppressed"]);
    }

    #[test]
    fn alike_findings_are_counted_whatever_their_order() {
        let of = |amounts: &[i64]| amounts.iter().map(|a| entry("C1", Disposition::Deny, *a, "")).collect::<Vec<_>>();
        for new in [[300, 100, 200], [100, 200, 300], [200, 300, 100]] {
            let tally = Pairs::new(&of(&[200, 100]), &of(&new)).tally(&of(&[200, 100]), &of(&new));
            assert_eq!((tally.new.all().at_risk.0, tally.known.all().findings, tally.gone.all().findings), (300, 2, 0));
        }
        // One of two is gone, the other one's amount has risen.
        let (old, new) = (of(&[100, 100]), of(&[150]));
        let pairs = Pairs::new(&old, &new);
        assert_eq!(pairs.change(&old, &new, 0), Change::Changed);
        assert_eq!(pairs.old_is_there, [true, false]);
    }
}
