//! The suppressions on the page: the findings that each of them matches, and what suppressions do not change.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::report::table::record::{owner, reason};
use crate::report::totals::Totals;
use crate::report::words::finding::value;
use crate::report::words::numbers::{counted, grouped, sum_in_words};
use crate::run::RunContext;
use crate::suppress::Suppression;

/// Most suppressions shown.
const MAX_SUPPRESSIONS_SHOWN: usize = 200;

/// A suppression with the number of findings that it matches.
pub(crate) struct SuppressionRow<'a> {
    pub(crate) number: u32,
    pub(crate) state: &'static str,
    pub(crate) findings: String,
    pub(crate) expires: String,
    pub(crate) owner: Cow<'a, str>,
    pub(crate) reason: Cow<'a, str>,
}

/// The suppressions that match the most findings, in the order of their file.
pub(crate) fn suppressions<'a>(run: &'a RunContext, totals: &Totals) -> Vec<SuppressionRow<'a>> {
    let Some(all) = &run.suppressions else { return Vec::new() };
    let mut most = BinaryHeap::with_capacity(MAX_SUPPRESSIONS_SHOWN + 1);
    for (place, (_, fits)) in totals.suppressions(all).enumerate() {
        most.push((Reverse(fits), place));
        if most.len() > MAX_SUPPRESSIONS_SHOWN {
            most.pop();
        }
    }
    let mut shown: Vec<_> = most.into_iter().map(|(Reverse(fits), place)| (place, fits)).collect();
    shown.sort_unstable();
    let row = |(one, fits): (&'a Suppression, u64)| SuppressionRow {
        number: one.number,
        state: one.state(fits).word(),
        findings: grouped(fits),
        expires: one.expires.to_string(),
        owner: value(owner(one, run)),
        reason: value(reason(one, run)),
    };
    shown.into_iter().map(|(place, fits)| row((&all.list[place], fits))).collect()
}

/// The sentence above the suppressions: what they change and what they do not.
pub(crate) fn sentence(run: &RunContext, totals: &Totals) -> String {
    let today = run.suppressions.as_ref().map_or(String::new(), |all| all.today.to_string());
    let all = totals.suppressed.all();
    let count = run.suppressions.as_ref().map_or(0, |all| all.list.len());
    let left_out = if count > MAX_SUPPRESSIONS_SHOWN {
        let count = grouped(count as u64);
        format!(" The {MAX_SUPPRESSIONS_SHOWN} of {count} suppressions that match the most findings are shown.")
    } else {
        String::new()
    };
    format!(
        "On {today}, {} on {} ({} at risk) are suppressed: somebody answers for them, and they do not make the run fail. \
         Verdicts and amounts on this page are those without any suppression.{}",
        counted(all.findings, "finding"),
        counted(all.services, "service"),
        sum_in_words(all.at_risk, run.knows_amounts()),
        left_out
    )
}
