//! The suppressions on the page: the findings that each of them matches, and what suppressions do not change.

use std::borrow::Cow;

use crate::report::table::record::reason;
use crate::report::totals::Totals;
use crate::report::words::finding::value;
use crate::report::words::numbers::{counted, grouped, sum_in_words};
use crate::run::RunContext;

/// A suppression with the number of findings that it matches.
pub(crate) struct SuppressionRow<'a> {
    pub(crate) number: usize,
    pub(crate) state: &'static str,
    pub(crate) findings: String,
    pub(crate) expires: String,
    pub(crate) owner: Cow<'a, str>,
    pub(crate) reason: Cow<'a, str>,
}

/// All suppressions, in the order of their file.
pub(crate) fn suppressions<'a>(run: &'a RunContext, totals: &Totals) -> Vec<SuppressionRow<'a>> {
    let all = run.suppressions.iter().flat_map(|all| totals.suppressions(all));
    let shown = all.map(|(one, fits)| SuppressionRow {
        number: one.number,
        state: one.state(fits).word(),
        findings: grouped(fits),
        expires: one.expires.to_string(),
        owner: value(&one.owner),
        reason: value(reason(one, run)),
    });
    shown.collect()
}

/// The sentence above the suppressions: what they change and what they do not.
pub(crate) fn sentence(run: &RunContext, totals: &Totals) -> String {
    let today = run.suppressions.as_ref().map_or(String::new(), |all| all.today.to_string());
    let all = totals.suppressed.all();
    format!(
        "On {today}, {} on {} ({} at risk) are suppressed: somebody answers for them, and they do not make the run fail. \
         Verdicts and amounts on this page are those without any suppression.",
        counted(all.findings, "finding"),
        counted(all.services, "service"),
        sum_in_words(all.at_risk, run.knows_amounts())
    )
}
