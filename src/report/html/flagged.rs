//! The table of flagged services: which ones are shown, and what each opens to.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::claim::{CodeId, Kind, Sum, Text};
use crate::finding::{Finding, Subject};
use crate::policy::{Class, Disposition, Edition, NecessityBasis};
use crate::report::Content;
use crate::report::figures::{counted, dollars, grouped};
use crate::rules::authorization::Outcome as Decision;
use crate::rules::judge::Status;

/// Services in the table. Nobody reads more on a page. Measured with Chromium on two busy cores: 2,000 with all their
/// reasons are 5 MB and open in about two seconds; 50,000 had not opened after three minutes. services.csv has them all.
pub(super) const SHOWN: usize = 2_000;

/// Characters of a value from the input. A real id, code or number is far shorter; one cell must not bury the page.
const LONGEST: usize = 120;

/// Characters of a message, which may name many diagnoses.
const LONGEST_MESSAGE: usize = 1_000;

/// A text, cut with an ellipsis where it is longer than anything real.
pub(super) fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((at, _)) => Cow::Owned(format!("{}\u{2026}", &text[..at])),
        None => Cow::Borrowed(text),
    }
}

/// A value from the input, cut to what is readable.
pub(super) fn value(text: &str) -> Cow<'_, str> {
    cut(text, LONGEST)
}

/// A finding as the page shows it.
pub(crate) struct Fired<'a> {
    pub(crate) code: &'a str,
    pub(crate) name: &'a str,
    pub(crate) disposition: &'static str,
    pub(crate) message: Cow<'a, str>,
    /// Empty for findings that are for information: they bear on no verdict.
    pub(crate) change: &'a str,
    pub(crate) citation: &'a str,
    /// Suggested codes, or that there are none.
    pub(crate) reason: String,
}

impl<'a> Fired<'a> {
    pub(in crate::report) fn new(content: &Content<'a>, finding: &'a Finding) -> Self {
        let (doc, setting) = (content.doc(finding.rule), content.setting(finding.rule));
        let reason = match (setting.carc.as_str(), setting.rarc.as_str()) {
            ("", "") => "none suggested".to_owned(),
            (carc, "") => format!("CARC {carc}"),
            ("", rarc) => format!("RARC {rarc}"),
            (carc, rarc) => format!("CARC {carc}, RARC {rarc}"),
        };
        Self {
            code: &doc.code,
            name: &doc.name,
            disposition: finding.disposition.word(),
            message: cut(&finding.message, LONGEST_MESSAGE),
            change: if finding.disposition == Disposition::Info { "" } else { &doc.change },
            citation: &setting.citation,
            reason,
        }
    }
}

/// A considered diagnosis and what the list says of it.
pub(super) struct Diagnosis<'a> {
    pub(super) code: Cow<'a, str>,
    pub(super) says: String,
}

/// A row of the table.
pub(super) struct Row<'a> {
    pub(super) status: &'static str,
    pub(super) at_risk: String,
    pub(super) basis: &'static str,
    pub(super) claim: Cow<'a, str>,
    pub(super) line_number: Cow<'a, str>,
    pub(super) date: String,
    pub(super) codes: String,
    pub(super) class: &'a str,
    pub(super) setting: &'static str,
    pub(super) necessity: &'static str,
    pub(super) authorization: &'static str,
    pub(super) decision: &'static str,
    pub(super) number: Cow<'a, str>,
    pub(super) npi: Cow<'a, str>,
    pub(super) file: Cow<'a, str>,
    pub(super) source_line: u64,
    pub(super) procedures: String,
    pub(super) diagnoses: Vec<Diagnosis<'a>>,
    /// Diagnoses of the row that its pointers leave out.
    pub(super) unpointed: usize,
    pub(super) findings: Vec<Fired<'a>>,
}

/// What the authorization words mean, for readers who do not know the column.
pub(in crate::report) fn decision(outcome: Decision) -> &'static str {
    match outcome {
        Decision::NotRequired => "this product needs none in this setting",
        Decision::Undetermined => "the claim does not settle whether one is needed, or whether there is one",
        Decision::NotMet => "one is needed, and none that fits was found",
        Decision::OnClaim => "the claim carries a number; there was no authorization file to hold it against",
        Decision::Verified => "the authorization file holds one that fits",
    }
}

/// The flagged services of the run: those in the table, and what is left to the CSV files.
pub(super) struct Flagged<'a> {
    pub(super) rows: Vec<Row<'a>>,
    /// Of all flagged services.
    pub(super) total: usize,
    /// Says what the table leaves out; empty if nothing.
    pub(super) left: String,
    /// Rules on the rows shown, with the number of rows, for the filter.
    pub(super) rules: Vec<(&'a str, &'a str, u64)>,
    pub(super) deny: u64,
    pub(super) review: u64,
}

impl<'a> Flagged<'a> {
    pub(super) fn of(content: &Content<'a>, most: usize) -> Self {
        let judged = &content.outcome.judged.services;
        let mut flagged: Vec<usize> = (0..judged.len()).filter(|i| judged[*i].status != Status::Clear).collect();
        let total = flagged.len();
        // Services without an amount come last; deny comes before review where the amounts are equal.
        flagged.sort_unstable_by_key(|i| (Reverse(judged[*i].at_risk.map(|(a, _)| a)), Reverse(judged[*i].status), *i));
        let rest = flagged.split_off(total.min(most));
        let rest_amount = rest.iter().map(|i| judged[*i].amount()).sum();
        let left = if rest.is_empty() { String::new() } else { left_out(total, rest.len(), rest_amount) };

        let mut counts = vec![0; content.docs.len()];
        flagged.iter().flat_map(|i| &judged[*i].rules).for_each(|rule| counts[usize::from(rule.0)] += 1);
        let rules = content.docs.iter().zip(counts).filter(|(_, n)| *n > 0);
        let with = |status| flagged.iter().filter(|i| judged[**i].status == status).count() as u64;
        Self {
            total,
            left,
            rules: rules.map(|(doc, n)| (doc.code.as_str(), doc.name.as_str(), n)).collect(),
            deny: with(Status::Deny),
            review: with(Status::Review),
            rows: flagged.iter().map(|i| row(content, *i)).collect(),
        }
    }

    /// Above the table.
    pub(super) fn shown(&self) -> String {
        if self.left.is_empty() {
            format!("{}.", counted(self.total as u64, "flagged service"))
        } else {
            self.left.clone()
        }
    }
}

/// Says what the cap leaves to the CSV files.
fn left_out(total: usize, rest: usize, amount: Sum) -> String {
    format!(
        "The {} services with the highest amounts at risk, of {} flagged. The other {} ({} at risk) are in services.csv, \
         their reasons in findings.csv.",
        grouped((total - rest) as u64),
        grouped(total as u64),
        grouped(rest as u64),
        dollars(amount)
    )
}

fn row<'a>(content: &Content<'a>, service: usize) -> Row<'a> {
    let outcome = content.outcome;
    let judgement = &outcome.judged.services[service];
    let line = content.service_line(service);
    let policy = &outcome.policy;
    let class = policy.class(line.class);
    let edition = policy.edition(line.date);
    let codes: &[CodeId] = match &outcome.book.services[service].kind {
        Kind::Line(id) => std::slice::from_ref(id),
        Kind::Stay(stay) => &outcome.book.stays[*stay].codes,
    };
    let procedures: Vec<_> =
        codes.iter().map(|id| format!("{}: {}", policy.code(*id), policy.procedure(*id).about)).collect();
    Row {
        status: judgement.status.word(),
        at_risk: judgement.at_risk.map_or(String::new(), |(amount, _)| dollars(amount)),
        basis: judgement.at_risk.map_or("", |(_, basis)| basis),
        claim: value(line.claim_id()),
        line_number: value(line.text(Text::LineNumber)),
        date: line.date.map_or(String::new(), |d| d.to_string()),
        codes: content.service_codes(service).replace(';', "; "),
        class: &class.id,
        setting: line.setting.word(),
        necessity: judgement.necessity.word(),
        authorization: judgement.authorization.word(),
        decision: decision(judgement.authorization),
        number: value(line.text(Text::Authorization)),
        npi: value(line.text(Text::BillingNpi)),
        file: value(content.file(line)),
        source_line: line.row,
        procedures: procedures.join("; "),
        diagnoses: line
            .considered()
            .map(|code| Diagnosis { code: value(code), says: list_says(class, edition, code) })
            .collect(),
        unpointed: line.unpointed().count(),
        findings: on_line(content, outcome.book.services[service].line)
            .iter()
            .filter(|f| f.subject == Subject::Service(service))
            .map(|f| Fired::new(content, f))
            .collect(),
    }
}

/// What the list of an edition says of a diagnosis.
pub(in crate::report) fn list_says(class: &Class, edition: &Edition, code: &str) -> String {
    match (class.necessity, edition.listed(code)) {
        (NecessityBasis::Lcd, _) => "not held against the policy's list: Medicare follows an LCD".to_owned(),
        (NecessityBasis::Undetermined, _) => "not held against the policy's list: product undetermined".to_owned(),
        (NecessityBasis::List, None) => "not listed".to_owned(),
        (NecessityBasis::List, Some(listed)) => match &listed.region {
            Some(region) => format!("listed: {}, {region}", listed.about),
            None => format!("listed: {}", listed.about),
        },
    }
}

/// The findings of a line; findings are sorted by line.
fn on_line<'a>(content: &Content<'a>, line: usize) -> &'a [Finding] {
    let findings = &content.outcome.judged.findings;
    let from = findings.partition_point(|f| f.line < line);
    let to = findings.partition_point(|f| f.line <= line);
    &findings[from..to]
}

/// A finding on a row that is no service.
pub(super) struct Aside<'a> {
    pub(super) claim: Cow<'a, str>,
    pub(super) file: Cow<'a, str>,
    pub(super) source_line: u64,
    pub(super) fired: Fired<'a>,
}

/// Findings on related rows and on rows that a later version took back. They have no amount, and they count for the
/// exit code, so the page must not hide them. Returns at most `most` and the number of all.
pub(super) fn asides<'a>(content: &Content<'a>, most: usize) -> (Vec<Aside<'a>>, usize) {
    let findings = &content.outcome.judged.findings;
    let all = || findings.iter().filter(|f| !matches!(f.subject, Subject::Service(_)));
    let shown = all().take(most).map(|f| {
        let line = &content.outcome.book.lines[f.line];
        Aside {
            claim: value(line.claim_id()),
            file: value(content.file(line)),
            source_line: line.row,
            fired: Fired::new(content, f),
        }
    });
    (shown.collect(), all().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_on_the_rest_adds_up() {
        assert_eq!(
            left_out(50_000, 48_000, Sum(123_456_789)),
            "The 2,000 services with the highest amounts at risk, of 50,000 flagged. The other 48,000 ($1,234,567.89 at \
             risk) are in services.csv, their reasons in findings.csv."
        );
    }

    #[test]
    fn values_are_cut_between_characters() {
        assert_eq!(cut("ab", 2), "ab");
        assert_eq!(cut("äöü", 2), "äö\u{2026}");
    }
}
