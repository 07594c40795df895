//! Matches reversals with the rows that they take back.
//!
//! A reversal matches one row with the same line number, procedure cells and service date, and the same amounts without their
//! sign. The row belongs to the claim of the reversal or, if there is none, to the claims that the reversal names. Reversals
//! are matched in input order.

use std::collections::BTreeSet;
use std::io;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::claim::index::bits::Bits;
use crate::claim::index::groups::Group;
use crate::claim::index::identity::Identity;
use crate::claim::index::named::{Named, NamedClaims};
use crate::claim::index::partition::{LINES_AT_A_TIME, Lines, count, those};
use crate::claim::index::reversals_on_disk;
use crate::claim::index::service::Bin;
use crate::claim::index::survey::Traits;
use crate::claim::index::taken_back::{Row, TakenBack, readable, values};
use crate::claim::line::Line;
use crate::claim::value::amount::Cents;
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;

/// The reversals of a run.
#[derive(Debug)]
pub(crate) struct Reversals {
    /// A reversal and the line that it takes back, in both directions and in order. Empty for lines that are judged part by part.
    pub(crate) matches: Vec<(u32, u32)>,
    /// Reversals without a match.
    pub(crate) unmatched: Bits,
}

/// Marks reversed lines in `bins`.
pub(crate) fn find(
    lines: &Lines<'_>,
    traits: &[Traits],
    identity: &Identity,
    named: &NamedClaims,
    bins: &mut [Bin],
) -> io::Result<Reversals> {
    let taking = those(lines.len(), |line| traits[line].takes_back());
    bins.par_iter_mut().zip(traits).with_min_len(LINES_AT_A_TIME).for_each(|(bin, traits)| {
        if traits.takes_back() || (traits.status == RowStatus::Reversed && traits.version != Version::Void) {
            *bin = Bin::Reversed;
        }
    });
    let takes_back = || taking.iter().copied();
    let mut claims = Bits::new(lines.len());
    let named_claims = named.all_claims(takes_back().filter_map(|line| named.for_line(line)));
    // A reversal takes back only rows of its own claim and of those that it names, so the other rows of a day and a code need not
    // be together with it.
    let linked = LinkedClaims::of(lines.len(), takes_back(), identity, named);
    takes_back().map(|line| identity.claim_of[line as usize]).chain(named_claims).for_each(|claim| {
        claims.insert(claim);
    });
    // A void is not a reversal and cannot be taken back.
    let may_match = |line: usize| traits[line].version != Version::Void && claims.contains(identity.claim_of[line]);
    let count = if claims.is_empty() { 0 } else { count(lines.len(), may_match) };
    let remember = |number: usize, line: Line<'_>| {
        let claim = identity.claim_of[number];
        let takes_back = traits[number].takes_back();
        let abs = |amount: Option<Cents>| amount.map(|amount| amount.0.unsigned_abs());
        // A charge of zero on a reversal says nothing.
        let charge = abs(line.charge()).filter(|charge| !takes_back || *charge != 0);
        Row {
            service: lines.keys.reversal(linked.of_claim(claim), line),
            line: number as u32,
            claim,
            takes_back,
            is_reversed: line.status == RowStatus::Reversed,
            amounts: [charge, abs(line.allowed()), abs(line.paid())],
        }
    };
    // Each row that can be taken back is in up to seven lists of two kinds.
    let beside = 14 * size_of::<(ListKey, u32)>();
    let found = TakenBack::new(lines.len(), !lines.in_parts());
    lines.partitioned(count, beside, may_match, remember, |rows| {
        rows.groups(|of_service| match of_service {
            Group::Held(rows) => {
                match_service(rows, named, &found);
                Ok(())
            }
            Group::OnDisk(group) => {
                let together = |rows: &[&Row]| match_service(rows, named, &found);
                // A list of one row takes three times its key.
                let bytes = 3 * beside + size_of::<Row>();
                reversals_on_disk::match_service(group, named, &found, bytes, together)
            }
        })
    })?;
    let (taken, unmatched, pairs) = found.finish();
    taken.iter().for_each(|line| bins[line as usize] = Bin::Reversed);
    let mut matches: Vec<_> = pairs.into_iter().flat_map(|(one, other)| [(one, other), (other, one)]).collect();
    matches.sort_unstable();
    Ok(Reversals { matches, unmatched })
}

/// Claims that reversals link: with each claim of a reversal those that it names, and all claims that are linked with these.
struct LinkedClaims {
    /// For each claim, another one that it is linked with, or itself; empty if no reversal names a claim.
    next: Vec<u32>,
}

impl LinkedClaims {
    fn of(lines: usize, reversals: impl Iterator<Item = u32>, identity: &Identity, named: &NamedClaims) -> Self {
        let (mut all, mut groups) = (Self { next: Vec::new() }, FxHashSet::default());
        for line in reversals {
            let claim = identity.claim_of[line as usize];
            match named.for_line(line) {
                Some(Named::Claim(named)) => all.link(lines, claim, named),
                Some(Named::Group(group)) => {
                    // The claims of a group are linked once, whatever names it.
                    let claims = &named.groups[group as usize];
                    let claims = if groups.insert(group) { claims } else { &claims[..1] };
                    for named in claims {
                        all.link(lines, claim, *named);
                    }
                }
                Some(Named::Unknown | Named::OtherMembers) | None => {}
            }
        }
        all.finish();
        all
    }

    fn link(&mut self, lines: usize, one: u32, other: u32) {
        if self.next.is_empty() {
            self.next = (0..lines as u32).collect();
        }
        let (one, other) = (self.shortened(one), self.shortened(other));
        self.next[one.max(other) as usize] = one.min(other);
    }

    /// The least claim that a claim is linked with. Shortens the way there, so that no way is long.
    fn shortened(&mut self, mut claim: u32) -> u32 {
        while self.next[claim as usize] != claim {
            let next = self.next[claim as usize];
            self.next[claim as usize] = self.next[next as usize];
            claim = next;
        }
        claim
    }

    /// Links every claim with the least one directly. A claim is linked with one that is less, which is done before it.
    fn finish(&mut self) {
        for claim in 0..self.next.len() {
            self.next[claim] = self.next[self.next[claim] as usize];
        }
    }

    /// The claim that stands for all claims that a claim is linked with.
    fn of_claim(&self, claim: u32) -> u32 {
        self.next.get(claim as usize).copied().unwrap_or(claim)
    }
}

/// Where to look for the row: in the claim of the reversal, or in the group of claims that it names.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Scope {
    Claim(u32),
    Group(u32),
}

/// Identifies rows of one scope and status whose readable amounts are exactly `readable`, and whose amounts in `compared`, a
/// subset of them, have these values.
#[derive(PartialEq, Eq, Hash)]
struct ListKey {
    scope: Scope,
    is_reversed: bool,
    readable: u8,
    compared: u8,
    values: [u64; 3],
}

/// The rows that can still be taken back, in lists by their amounts.
#[derive(Default)]
struct Candidates(FxHashMap<ListKey, BTreeSet<u32>>);

impl Candidates {
    /// The lists that a row is in.
    fn lists(row: &Row, scope: Scope) -> impl Iterator<Item = ListKey> {
        let (is_reversed, all, amounts) = (row.is_reversed, readable(&row.amounts), row.amounts);
        let subsets = (1..8u8).filter(move |set| set & !all == 0);
        subsets.map(move |compared| ListKey {
            scope,
            is_reversed,
            readable: all,
            compared,
            values: values(&amounts, compared),
        })
    }

    /// The row that a reversal takes back: preferably one with the status reversed, then the nearest earlier row, then the
    /// nearest later one.
    fn best(&self, reversal: &Row, scope: Scope) -> Option<u32> {
        let own = readable(&reversal.amounts);
        let lists = |is_reversed: bool| {
            (1..8u8).filter(move |readable| readable & own != 0).filter_map(move |readable| {
                let compared = readable & own;
                let values = values(&reversal.amounts, compared);
                self.0.get(&ListKey { scope, is_reversed, readable, compared, values })
            })
        };
        [true, false].into_iter().find_map(|is_reversed| {
            let before = lists(is_reversed).filter_map(|list| list.range(..reversal.line).next_back()).max();
            let after = || lists(is_reversed).filter_map(|list| list.range(reversal.line..).next()).min();
            before.or_else(after).copied()
        })
    }

    fn remove(&mut self, row: &Row, scope: Scope) {
        for key in Self::lists(row, scope) {
            if let Some(list) = self.0.get_mut(&key) {
                list.remove(&row.line);
            }
        }
    }
}

/// Matches the reversals among the rows of one service. The rows are in input order.
fn match_service(rows: &[&Row], named: &NamedClaims, found: &TakenBack) {
    if !rows.iter().any(|row| row.takes_back) {
        return;
    }
    let scopes = |row: &Row| {
        let group = named.group_of(row.claim).map(Scope::Group);
        [Scope::Claim(row.claim)].into_iter().chain(group)
    };
    let (mut candidates, mut by_line) = (Candidates::default(), FxHashMap::default());
    for row in rows.iter().copied().filter(|row| !row.takes_back) {
        by_line.insert(row.line, row);
        for scope in scopes(row) {
            for key in Candidates::lists(row, scope) {
                candidates.0.entry(key).or_default().insert(row.line);
            }
        }
    }
    for reversal in rows.iter().copied().filter(|row| row.takes_back) {
        let other = match named.for_line(reversal.line) {
            Some(Named::Claim(claim)) => Some(Scope::Claim(claim)),
            Some(Named::Group(group)) => Some(Scope::Group(group)),
            Some(Named::Unknown | Named::OtherMembers) | None => None,
        };
        let scopes_of_reversal = [Scope::Claim(reversal.claim)].into_iter().chain(other);
        let best = scopes_of_reversal.into_iter().find_map(|scope| candidates.best(reversal, scope));
        match best.and_then(|line| by_line.get(&line)) {
            Some(taken) => {
                scopes(taken).for_each(|scope| candidates.remove(taken, scope));
                found.matched(reversal.line, taken.line);
            }
            None => found.unmatched(reversal.line),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::claim::index::groups::{BigGroups, PassRoom};
    use crate::claim::index::taken_back::Amounts;

    fn row(line: u32, takes_back: bool, is_reversed: bool, amounts: Amounts) -> Row {
        Row { service: 0, line, claim: 0, takes_back, is_reversed, amounts }
    }

    fn matches(rows: &[Row]) -> (Vec<u32>, Vec<u32>) {
        let found = TakenBack::new(rows.len(), true);
        match_service(&rows.iter().collect::<Vec<_>>(), &NamedClaims::default(), &found);
        let (_, unmatched, pairs) = found.finish();
        (pairs.into_iter().map(|(_, taken)| taken).collect(), unmatched.iter().collect())
    }

    #[test]
    fn the_nearest_earlier_row_is_preferred() {
        let paid = |n| [None, None, Some(n)];
        let rows = [
            row(0, false, false, paid(5)),
            row(1, false, false, paid(5)),
            row(2, true, false, paid(5)),
            row(3, false, false, paid(5)),
            row(4, true, false, paid(5)),
            row(5, true, false, paid(5)),
            row(6, true, false, paid(5)),
        ];
        assert_eq!(matches(&rows), (vec![1, 3, 0], vec![6]));
    }

    #[test]
    fn claims_are_linked_by_the_names_of_reversals() {
        // Line and claim have the same number. Reversals 1 and 5 name claims; 3 and 6 name a group of claims.
        let identity = Identity { claim_of: (0..9).collect(), ..Identity::default() };
        let names = [
            (1, Named::Claim(0)),
            (3, Named::Group(0)),
            (5, Named::Claim(1)),
            (6, Named::Group(0)),
            (7, Named::Unknown),
        ];
        let named = NamedClaims::of_lines(&names, vec![vec![2, 4]]);
        let linked = LinkedClaims::of(9, [1, 3, 5, 6, 7].into_iter(), &identity, &named);
        assert_eq!((0..9).map(|claim| linked.of_claim(claim)).collect::<Vec<_>>(), [0, 0, 2, 2, 2, 0, 2, 7, 8]);
        let none = LinkedClaims::of(9, [7].into_iter(), &identity, &named);
        assert_eq!((none.next.len(), none.of_claim(7)), (0, 7));
    }

    #[test]
    fn a_long_row_of_links_is_followed_to_its_end() {
        let mut linked = LinkedClaims { next: Vec::new() };
        let count = 100_000;
        (1..count).rev().for_each(|claim| linked.link(count as usize, claim, claim - 1));
        linked.finish();
        assert!((0..count).all(|claim| linked.of_claim(claim) == 0));
    }

    #[test]
    fn a_row_that_the_payer_calls_reversed_comes_first() {
        let paid = [None, None, Some(5)];
        let rows = [row(0, false, false, paid), row(1, true, false, paid), row(2, false, true, paid)];
        assert_eq!(matches(&rows), (vec![2], vec![]));
    }

    #[test]
    fn amounts_readable_on_both_rows_must_be_equal() {
        for (original, reversal, is_match) in [
            ([Some(9), Some(7), Some(5)], [Some(9), Some(7), Some(5)], true),
            ([Some(9), None, Some(5)], [None, Some(7), Some(5)], true),
            ([Some(9), None, Some(5)], [Some(8), None, Some(5)], false),
            ([Some(9), None, None], [None, None, Some(9)], false),
            ([None, None, None], [None, None, None], false),
            ([Some(0), None, None], [Some(0), None, None], true),
        ] {
            let rows = [row(0, false, false, original), row(1, true, false, reversal)];
            assert_eq!(matches(&rows).0.len(), usize::from(is_match), "{original:?} {reversal:?}");
        }
    }

    #[test]
    fn matching_many_reversals_takes_linear_time() {
        let rows: Vec<Row> = (0..200_000).map(|n| row(n, n % 2 == 1, false, [None, None, Some(5)])).collect();
        let (matched, unmatched) = matches(&rows);
        assert_eq!((matched.len(), unmatched.len()), (100_000, 0));
    }

    /// The pairs, and the reversals without a match.
    fn sorted(found: TakenBack) -> (Vec<(u32, u32)>, Vec<u32>) {
        let (_, unmatched, mut pairs) = found.finish();
        pairs.sort_unstable();
        (pairs, unmatched.iter().collect())
    }

    proptest! {
        #[test]
        fn matches_do_not_depend_on_the_memory(
            rows in prop::collection::vec((any::<[bool; 2]>(), 0..3_u64, 0..2_u32), 0..40),
            readable in prop::array::uniform2(0..8_u8),
            differ in prop::bool::weighted(0.2),
            memory in prop_oneof![Just(0_usize), Just(1 << 16)],
        ) {
            let rows: Vec<Row> = (0..).zip(rows).map(|(line, ([takes_back, is_reversed], amount, claim))| {
                let readable = readable[usize::from(takes_back)] ^ u8::from(differ && line == 1);
                let amounts = std::array::from_fn(|n| (readable & (1 << n) != 0).then_some(amount));
                Row { claim, ..row(line, takes_back, is_reversed, amounts) }
            }).collect();
            let [wanted, found] = [(); 2].map(|()| TakenBack::new(rows.len(), true));
            match_service(&rows.iter().collect::<Vec<_>>(), &NamedClaims::default(), &wanted);
            let groups = BigGroups::new(PassRoom { scratch: Arc::new(tempfile::tempfile), memory });
            groups.add(rows).expect("room on disk");
            let together = |rows: &[&Row]| match_service(rows, &NamedClaims::default(), &found);
            groups.finish(|group| {
                reversals_on_disk::match_service(group, &NamedClaims::default(), &found, 900, together)
            }).expect("room on disk");
            prop_assert_eq!(sorted(found), sorted(wanted));
        }
    }

    #[test]
    fn rows_that_must_be_compared_together_are_refused_if_they_are_too_many() {
        let rows = (0..2000).map(|line| row(line, line % 2 == 1, false, [Some(5), None, (line == 1).then_some(5)]));
        let groups = BigGroups::new(PassRoom { scratch: Arc::new(tempfile::tempfile), memory: 0 });
        groups.add(rows.collect()).expect("room on disk");
        let found = TakenBack::new(2000, true);
        let match_all = |group: &_| {
            reversals_on_disk::match_service(group, &NamedClaims::default(), &found, 900, |_| {
                panic!("they are too many")
            })
        };
        let refused = groups.finish(match_all).expect_err("they are refused").to_string();
        assert!(refused.starts_with("2000 rows") && refused.contains("--memory 4M"), "{refused}");
    }
}
