//! The difference between two reports as a page: one file that loads nothing and has no script.

use std::cmp::Reverse;
use std::io::Write;

use askama::Template;

use crate::baseline::Change;
use crate::claim::Cents;
use crate::policy::Disposition;
use crate::report::compare::comparison::{ByRule, Comparison, Difference, SUPPRESSED};
use crate::report::compare::read::CompareError;
use crate::report::format::html::style::{STYLE, content_policy};
use crate::report::words::finding::{MAX_MESSAGE_CHARS, cut, file_name, value};
use crate::report::words::numbers::{counted, dollars, grouped, sum_in_words};
use crate::tally::Share;

/// Most findings in the table of each change, the most serious first; `--format csv` lists all.
const MAX_FINDINGS_SHOWN: usize = 1_000;

/// Counts and money of one change, or of one disposition of it.
struct TotalRow {
    change: &'static str,
    disposition: &'static str,
    findings: String,
    services: String,
    at_risk: String,
}

/// Findings of one rule that differ in one way.
struct RuleRow {
    change: &'static str,
    rule: String,
    disposition: &'static str,
    findings: String,
    at_risk: String,
}

/// A finding that differs.
struct FindingLine {
    /// The most serious first; then the order of the reports.
    rank: (Reverse<Disposition>, Reverse<Option<Cents>>, usize),
    disposition: &'static str,
    rule: String,
    name: String,
    claim: String,
    line: String,
    codes: String,
    date: String,
    at_risk: String,
    /// What the earlier report had in its place.
    was: String,
    message: String,
    citation: String,
}

/// The findings that are counted under one word.
struct ChangeTable {
    /// The word.
    anchor: &'static str,
    title: &'static str,
    shown: String,
    rows: Vec<FindingLine>,
    all: usize,
}

#[derive(Template)]
#[template(path = "comparison.html", config = "src/report/format/html/askama.toml")]
struct ComparisonPage {
    content_policy: String,
    title: String,
    style: &'static str,
    version: &'static str,
    old: String,
    new: String,
    /// What the reports do not have in common.
    unlike: Vec<String>,
    totals: Vec<TotalRow>,
    rules: Vec<RuleRow>,
    tables: Vec<ChangeTable>,
}

/// Writes the page.
pub fn page(comparison: &Comparison, out: &mut dyn Write) -> Result<(), CompareError> {
    let known = comparison.knows_amounts();
    let mut by_rule = ByRule::new();
    let mut tables = [
        (Change::New.word(), "New"),
        (Change::Changed.word(), "Changed"),
        (Change::Gone.word(), "Gone"),
        (SUPPRESSED, "Suppressed"),
    ]
    .map(|(anchor, title)| ChangeTable { anchor, title, shown: String::new(), rows: Vec::new(), all: 0 });
    comparison.visit(&mut |difference| {
        difference.count(&mut by_rule);
        if let Some(table) = tables.iter_mut().find(|table| table.anchor == difference.counted_as()) {
            table.add(difference);
        }
        Ok(())
    })?;
    let shares = comparison.shares();
    let changes = [Change::New, Change::Changed, Change::Gone, Change::Same];
    let mut totals: Vec<TotalRow> = changes
        .into_iter()
        .filter_map(|c| Some((c.word(), shares.by.get(&c)?)))
        .flat_map(|(w, s)| of_share(w, s, known))
        .collect();
    if shares.suppressed.all().findings > 0 {
        totals.extend(of_share(SUPPRESSED, &shares.suppressed, known));
    }
    let rules = by_rule.into_iter().map(|((change, rule, Reverse(disposition)), (findings, at_risk))| RuleRow {
        change: change.word(),
        rule: value(&rule).into_owned(),
        disposition: disposition.word(),
        findings: grouped(findings),
        at_risk: sum_in_words(at_risk, known),
    });
    let [old, new] = comparison.paths().map(|path| value(file_name(&path.display().to_string())).into_owned());
    let page = ComparisonPage {
        content_policy: content_policy(""),
        title: format!("claimlint: {old} and {new}"),
        style: STYLE,
        version: env!("CARGO_PKG_VERSION"),
        old,
        new,
        unlike: comparison.unlike(),
        totals,
        rules: rules.collect(),
        tables: tables.into_iter().map(ChangeTable::finished).filter(|table| table.all > 0).collect(),
    };
    Ok(page.write_into(out)?)
}

/// A row for all findings of a change, and one for each disposition.
fn of_share(change: &'static str, share: &Share, known: bool) -> Vec<TotalRow> {
    let parts = Disposition::WORDS.iter().map(|(word, disposition)| (*word, share.of_disposition(*disposition)));
    let parts = parts.filter(|(_, tally)| tally.findings > 0 && change != Change::Same.word());
    let row = |(disposition, tally): (&'static str, crate::tally::ShareTally)| TotalRow {
        change: if disposition.is_empty() { change } else { "" },
        disposition,
        findings: grouped(tally.findings),
        services: grouped(tally.services),
        at_risk: sum_in_words(tally.at_risk, known),
    };
    [("", share.all())].into_iter().chain(parts).map(row).collect()
}

impl ChangeTable {
    fn add(&mut self, difference: &Difference<'_>) {
        let entry = &difference.entry;
        let rank = (Reverse(entry.disposition), Reverse(entry.amount()), self.all);
        self.all += 1;
        let at = self.rows.partition_point(|other| other.rank < rank);
        if at < MAX_FINDINGS_SHOWN {
            self.rows.insert(at, line(difference, rank));
            self.rows.truncate(MAX_FINDINGS_SHOWN);
        }
    }

    fn finished(mut self) -> Self {
        self.shown = if self.all > self.rows.len() {
            format!(
                "The {} most serious of {}; claimlint compare --format csv lists all.",
                grouped(self.rows.len() as u64),
                counted(self.all as u64, "finding")
            )
        } else {
            format!("{}.", counted(self.all as u64, "finding"))
        };
        self
    }
}

fn line(difference: &Difference<'_>, rank: (Reverse<Disposition>, Reverse<Option<Cents>>, usize)) -> FindingLine {
    let (row, entry) = (difference.row, &difference.entry);
    let cell = |name: &str| value(row.cell(name)).into_owned();
    let was = difference.was.filter(|_| difference.change != Change::New || !difference.differs().is_empty());
    let was = was.map_or(String::new(), |was| {
        let parts = difference.differs().into_iter().map(|what| match what {
            "disposition" => was.disposition.word().to_owned(),
            "amount_at_risk" => was.amount().map_or("no amount".to_owned(), dollars),
            "suppressed" if was.suppressed => "suppressed".to_owned(),
            "suppressed" => "not suppressed".to_owned(),
            _ => "another message or citation".to_owned(),
        });
        parts.collect::<Vec<_>>().join(", ")
    });
    FindingLine {
        rank,
        disposition: entry.disposition.word(),
        rule: cell("rule"),
        name: cell("name"),
        claim: cell("claim_id"),
        line: cell("line_number"),
        codes: cell("procedure_code").replace(';', "; "),
        date: cell("service_date"),
        at_risk: entry.amount().map_or(String::new(), dollars),
        was,
        message: cut(row.cell("message"), MAX_MESSAGE_CHARS).into_owned(),
        citation: cut(row.cell("citation"), MAX_MESSAGE_CHARS).into_owned(),
    }
}
