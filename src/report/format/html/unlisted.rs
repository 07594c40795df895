//! The claims that the table of flagged services does not show, so that the page can answer for them: clear, not evaluated,
//! or flagged beyond the table.

use std::sync::atomic::{AtomicBool, Ordering};

use askama::filters::Escaper as _;
use rustc_hash::FxHashSet;

use crate::report::format::html::flagged::ShownClaim;
use crate::report::view::PartView;
use crate::report::words::escape::Visible;
use crate::report::words::finding::value;
use crate::rules::judge::ServiceStatus;

/// Most bytes of claim numbers in the page: about 100,000 claims. With more, the page says that it does not know all.
const MAX_BYTES: usize = 1 << 20;

/// Collects the claims of a run.
#[derive(Default)]
pub(crate) struct ClaimCollector {
    /// Is the list full? Then later parts need not be looked at.
    full: AtomicBool,
}

/// Claims in input order, a line each: the place of the status in [`ServiceStatus::ALL`], then the number. Equal lines are not
/// repeated, so the list does not depend on how the run is cut into parts.
#[derive(Default)]
pub(crate) struct Claims {
    lines: String,
    is_cut: bool,
}

/// The claims that the table does not show, by status, each once.
pub(crate) struct Unlisted {
    pub(crate) lists: Vec<UnlistedClaims>,
    /// Are all claims of the run in the table or in one of these lists?
    pub(crate) is_complete: bool,
}

/// The claims of one status, as the page holds them.
pub(crate) struct UnlistedClaims {
    pub(crate) status: &'static str,
    /// As HTML, each in a line of its own.
    pub(crate) claims: String,
}

impl ClaimCollector {
    /// The claims of a part, in order.
    pub(crate) fn of(&self, part: &PartView<'_>) -> Claims {
        let mut claims = Claims::default();
        if self.full.load(Ordering::Relaxed) {
            claims.is_cut = !part.judged.services.is_empty();
            return claims;
        }
        let mut line = String::new();
        for record in part.services() {
            let status = record.judgment.status;
            let place = ServiceStatus::ALL.iter().position(|other| *other == status).unwrap_or_default();
            line.clear();
            line.push(char::from(b'0' + place as u8));
            // A line break inside a number would make two of it.
            line.extend(value(record.line.claim_id()).chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
            if !claims.push(&line) {
                break;
            }
        }
        claims
    }

    /// Adds the claims of the next part.
    pub(crate) fn merge(&self, into: &mut Claims, next: &Claims) {
        if !next.lines.lines().all(|line| into.push(line)) {
            self.full.store(true, Ordering::Relaxed);
        }
        into.is_cut |= next.is_cut;
    }
}

impl Claims {
    /// Adds a line unless the list is full. Returns whether the list has it now.
    fn push(&mut self, line: &str) -> bool {
        let before = self.lines.trim_end_matches('\n');
        if before.ends_with(line) && before[..before.len() - line.len()].chars().next_back().is_none_or(|c| c == '\n') {
            return !self.is_cut;
        }
        if self.is_cut || self.lines.len() + line.len() + 1 > MAX_BYTES {
            self.is_cut = true;
            return false;
        }
        self.lines.push_str(line);
        self.lines.push('\n');
        true
    }

    /// The claims without those that the table shows.
    pub(crate) fn without(self, shown: &[ShownClaim]) -> Unlisted {
        let mut known: FxHashSet<(&str, &str)> =
            shown.iter().map(|(status, claim)| (*status, claim.as_str())).collect();
        known.reserve(self.lines.bytes().filter(|byte| *byte == b'\n').count());
        let mut lists =
            ServiceStatus::ALL.map(|status| UnlistedClaims { status: status.word(), claims: String::new() });
        for line in self.lines.lines() {
            let (place, claim) = line.split_at_checked(1).unwrap_or_default();
            if let Some(list) = place.parse::<usize>().ok().and_then(|place| lists.get_mut(place))
                && known.insert((list.status, claim))
            {
                // A String takes everything.
                let _ = Visible.write_escaped_str(&mut list.claims, claim);
                list.claims.push('\n');
            }
        }
        let lists = lists.into_iter().filter(|list| !list.claims.is_empty()).collect();
        Unlisted { lists, is_complete: !self.is_cut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_list_says_that_it_is_cut() {
        let collector = ClaimCollector::default();
        let (mut all, mut part) = (Claims::default(), Claims::default());
        let long = |digit: &str| format!("3{}", digit.repeat(MAX_BYTES / 4));
        assert!(["1", "2", "3", "3"].iter().all(|digit| part.push(&long(digit))) && !part.is_cut);
        collector.merge(&mut all, &part);
        assert!(!all.is_cut && all.lines.lines().count() == 3);
        collector.merge(&mut all, &part);
        assert!(all.is_cut && all.lines.len() <= MAX_BYTES && collector.full.into_inner());
        assert!(!all.push("31"), "nothing follows a gap");
    }

    #[test]
    fn equal_lines_are_not_repeated_whatever_the_parts() {
        let of = |lines: &[&str]| {
            let mut claims = Claims::default();
            for line in lines {
                claims.push(line);
            }
            claims
        };
        let lines = ["3C1", "3C1", "3C11", "3C1", "0C1", "0C1", "3C<2"];
        let whole = of(&lines);
        assert_eq!(whole.lines, "3C1\n3C11\n3C1\n0C1\n3C<2\n");
        for cut in 0..lines.len() {
            let mut all = Claims::default();
            let collector = ClaimCollector::default();
            collector.merge(&mut all, &of(&lines[..cut]));
            collector.merge(&mut all, &of(&lines[cut..]));
            assert_eq!(all.lines, whole.lines, "{cut}");
        }
        let lists = whole.without(&[("clear", "C11".to_owned())]);
        assert!(lists.is_complete);
        let lists: Vec<_> = lists.lists.iter().map(|list| (list.status, list.claims.as_str())).collect();
        assert_eq!(lists, [("deny", "C1\n"), ("clear", "C1\nC&lt;2\n")]);
    }
}
