//! The table of flagged services: which services it shows, and the details of each.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;
use std::io;
use std::sync::Mutex;

use askama::Template;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::claim::{Cents, CodeId, Kind, Sum, Text};
use crate::finding::Subject;
use crate::report::sink::lock;
use crate::report::table::record::{FindingRecord, ServiceRecord};
use crate::report::view::{PartView, ReportContext};
use crate::report::words::finding::{
    MAX_MESSAGE_CHARS, RenderedFinding, amount, cut, decision, file_name, list_says, value,
};
use crate::report::words::numbers::{counted, dollars, grouped, sum_in_words};
use crate::rules::judge::{FiredRules, ServiceStatus};

/// Most services in the table. Measured with Chromium on two busy cores: a page with 2,000 services and all their
/// reasons has 5 MB and opens in about two seconds; a page with 50,000 had not opened after three minutes. services.csv
/// has them all.
pub(crate) const MAX_SERVICES_SHOWN: usize = 2_000;

/// Most diagnoses shown of a service: as many as an institutional claim has. A cell may hold a list of millions.
const MAX_DIAGNOSES_SHOWN: usize = 25;

/// Rows of the table that are written at a time, so that all threads have some of them.
const ROWS_AT_A_TIME: usize = 64;

/// Most characters of a claim number that is never broken: more than any real one has, and the width of its column.
const MAX_UNBROKEN_CHARS: usize = 24;

/// A considered diagnosis and its entry in the policy's list.
pub(crate) struct Diagnosis {
    pub(crate) code: String,
    pub(crate) says: String,
}

/// A row of the table.
pub(crate) struct ServiceRow {
    pub(crate) status: &'static str,
    pub(crate) at_risk: String,
    pub(crate) recoverable: String,
    /// The amount at risk, its basis, and the recoverable amount.
    pub(crate) amount: String,
    pub(crate) claim: String,
    pub(crate) line_number: String,
    pub(crate) date: String,
    pub(crate) codes: String,
    pub(crate) class: String,
    pub(crate) setting: &'static str,
    pub(crate) necessity: &'static str,
    pub(crate) authorization: &'static str,
    pub(crate) decision: &'static str,
    pub(crate) number: String,
    pub(crate) npi: String,
    /// The name of the billing provider; empty if the extract has none.
    pub(crate) provider: String,
    /// Its anchor on the page.
    pub(crate) anchor: String,
    /// The anchor of its claim; empty if another row of the table has it.
    pub(crate) claim_anchor: String,
    /// `paid`, `pending` or empty.
    pub(crate) adjudication: &'static str,
    /// Is one of its findings new? `yes`, `no`, or empty without a baseline.
    pub(crate) new: &'static str,
    /// The name of its file without directories.
    pub(crate) file: String,
    pub(crate) source_line: u64,
    pub(crate) procedures: String,
    pub(crate) diagnoses: Vec<Diagnosis>,
    /// Considered diagnoses beyond those.
    pub(crate) more_diagnoses: usize,
    /// Diagnoses of the row that its pointers leave out.
    pub(crate) unpointed: usize,
    pub(crate) findings: Vec<RenderedFinding>,
}

/// Some rows of the table, as HTML.
#[derive(Template)]
#[template(path = "flagged.html", config = "src/report/format/html/askama.toml")]
struct FlaggedRows<'a> {
    rows: &'a [ServiceRow],
    compared: bool,
}

/// The rank of a service in the table: services without an amount come last; deny comes before review where the amounts
/// are equal, else the input's order.
type Rank = (Reverse<Option<Cents>>, Reverse<ServiceStatus>, usize, usize);

/// Selects the services that the table shows. Parts of a run may be added in any order.
pub(crate) struct FlaggedCollector {
    most: usize,
    /// The ranks of the selected services so far; the lowest rank is on top.
    ranks: Mutex<BinaryHeap<Rank>>,
}

/// The candidates of a part, or of several.
#[derive(Default)]
pub(crate) struct Candidates {
    /// Of all flagged services.
    total: usize,
    amount: Sum,
    rows: Vec<Candidate>,
}

/// A service that may be shown. It is large, and so it stays where it is while the candidates are put in order.
type Candidate = (Rank, Box<(FiredRules, ServiceRow)>);

impl ServiceRow {
    /// Is the claim number so long that it may be broken?
    pub(crate) fn has_long_claim(&self) -> bool {
        self.claim.chars().count() > MAX_UNBROKEN_CHARS
    }
}

impl FlaggedCollector {
    /// For a table of `most` services.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, ranks: Mutex::default() }
    }

    /// The services of part `n` that may be shown in the table.
    pub(crate) fn of(&self, part: &PartView<'_>, n: usize) -> Candidates {
        let mut found = Candidates::default();
        let mut own = Vec::new();
        for (i, judgment) in part.judged.services.iter().enumerate().filter(|(_, j)| j.status.is_flagged()) {
            found.total += 1;
            found.amount += judgment.amount();
            own.push((Reverse(judgment.at_risk), Reverse(judgment.status), n, i));
        }
        let last = {
            let mut ranks = lock(&self.ranks);
            for rank in &own {
                if ranks.len() < self.most {
                    ranks.push(*rank);
                } else if ranks.peek().is_some_and(|worst| rank < worst) {
                    ranks.pop();
                    ranks.push(*rank);
                }
            }
            ranks.peek().copied().filter(|_| ranks.len() == self.most)
        };
        let kept = own.into_iter().filter(|rank| self.most > 0 && last.is_none_or(|last| *rank <= last));
        let candidate = |rank: Rank| (rank, Box::new((part.judged.services[rank.3].rules.clone(), row(part, rank.3))));
        found.rows = kept.map(candidate).collect();
        found
    }

    /// Merges the candidates of another part.
    pub(crate) fn merge(&self, into: &mut Candidates, more: Candidates) {
        into.total += more.total;
        into.amount += more.amount;
        into.rows.extend(more.rows);
        // Truncating occasionally is enough: a row outside the first `most` is never shown.
        if into.rows.len() > 2 * self.most {
            into.rows.select_nth_unstable_by_key(self.most, |(rank, _)| *rank);
            into.rows.truncate(self.most);
        }
    }

    /// The table.
    pub(crate) fn finish<'a>(&self, mut found: Candidates, context: ReportContext<'a>) -> Flagged<'a> {
        found.rows.sort_unstable_by_key(|(rank, _)| *rank);
        found.rows.truncate(self.most);
        let mut claims = FxHashSet::default();
        for (_, candidate) in &mut found.rows {
            let row = &mut candidate.1;
            if claims.insert(row.claim.clone()) {
                row.claim_anchor = anchor(&row.claim);
            }
        }
        let shown: Sum = found.rows.iter().filter_map(|(rank, ..)| rank.0.0).sum();
        let rest = found.total - found.rows.len();
        let left = if rest == 0 {
            String::new()
        } else {
            left_out(found.total, rest, &sum_in_words(Sum(found.amount.0 - shown.0), context.run.knows_amounts()))
        };
        let mut counts = vec![0; context.docs.len()];
        found.rows.iter().flat_map(|(_, candidate)| &candidate.0).for_each(|rule| counts[usize::from(rule.0)] += 1);
        let rules = context.docs.iter().zip(counts).filter(|(_, n)| *n > 0);
        let with = |status| found.rows.iter().filter(|(rank, ..)| rank.1.0 == status).count() as u64;
        Flagged {
            total: found.total,
            left,
            rules: rules.map(|(doc, n)| (doc.code.as_str(), doc.name.as_str(), n)).collect(),
            deny: with(ServiceStatus::Deny),
            review: with(ServiceStatus::Review),
            rows: found.rows.into_iter().map(|(_, candidate)| candidate.1).collect(),
            html: Vec::new(),
        }
    }
}

/// Status and number of a claim.
pub(crate) type ShownClaim = (&'static str, String);

/// The flagged services of the run: the rows of the table, and a note on the rows that only the CSV files have.
pub(crate) struct Flagged<'a> {
    rows: Vec<ServiceRow>,
    /// The rows as HTML, a few in each text, once they are written.
    pub(crate) html: Vec<String>,
    /// Of all flagged services.
    pub(crate) total: usize,
    /// A note on the rows that the table leaves out; empty if it has all of them.
    pub(crate) left: String,
    /// Rules on the rows shown, with the number of rows, for the filter.
    pub(crate) rules: Vec<(&'a str, &'a str, u64)>,
    pub(crate) deny: u64,
    pub(crate) review: u64,
}

impl Flagged<'_> {
    /// The claims in the table.
    pub(crate) fn claims(&self) -> Vec<ShownClaim> {
        self.rows.iter().map(|row| (row.status, row.claim.clone())).collect()
    }

    /// Writes the rows. `compared`: is there a baseline?
    pub(crate) fn write_rows(&mut self, compared: bool) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows).into_par_iter().chunks(ROWS_AT_A_TIME);
        let html = rows.map(|rows| FlaggedRows { rows: &rows, compared }.render().map_err(io::Error::other));
        self.html = html.collect::<io::Result<_>>()?;
        Ok(())
    }

    /// The heading of the table.
    pub(crate) fn shown(&self) -> String {
        if self.left.is_empty() {
            format!("{}.", counted(self.total as u64, "flagged service"))
        } else {
            self.left.clone()
        }
    }
}

/// The note on the rows that only the CSV files have.
fn left_out(total: usize, rest: usize, amount: &str) -> String {
    format!(
        "The {} services with the highest amounts at risk, of {} flagged. The other {} ({} at risk) are in services.csv, \
         their reasons in findings.csv.",
        grouped((total - rest) as u64),
        grouped(total as u64),
        grouped(rest as u64),
        amount
    )
}

/// The anchor of a claim on the page: its number, in which any character but ASCII letters, digits, `-` and `.` is its
/// number in hexadecimal between two `_`. An address can hold it as it is.
pub(crate) fn anchor(claim: &str) -> String {
    let mut anchor = "claim-".to_owned();
    for c in claim.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') {
            anchor.push(c);
        } else {
            // A String takes everything.
            let _ = write!(anchor, "_{:x}_", u32::from(c));
        }
    }
    anchor
}

/// A finding, with its suppression.
fn rendered(part: &PartView<'_>, record: &FindingRecord<'_>) -> RenderedFinding {
    let mut finding = RenderedFinding { is_new: record.is_new(), ..RenderedFinding::new(part, record.finding) };
    if record.suppression().is_some() {
        let note = format!(" (suppressed by {})", record.suppression_note());
        finding.message.push_str(&cut(&note, MAX_MESSAGE_CHARS));
    }
    finding
}

fn row(part: &PartView<'_>, service: usize) -> ServiceRow {
    let record = ServiceRecord::of(part, service);
    let (line, judgment) = (record.line, record.judgment);
    let policy = &part.context.run.policy;
    let class = policy.class(line.class);
    let edition = policy.edition(line.date);
    let about = |id: &CodeId| format!("{}: {}", policy.code(*id), policy.procedure(*id).about);
    let procedures: Vec<_> = part.line_set.codes_of(service).iter().map(about).collect();
    let kind = match part.line_set.services[service].kind {
        Kind::Line(_) => "line",
        Kind::Stay(_) => "stay",
    };
    ServiceRow {
        status: judgment.status.word(),
        at_risk: record.amount().map_or(String::new(), dollars),
        recoverable: judgment.recoverable.map_or(String::new(), dollars),
        amount: amount(judgment),
        claim: value(line.claim_id()).into_owned(),
        line_number: value(line.text(Text::LineNumber)).into_owned(),
        date: line.date.map_or(String::new(), |d| d.to_string()),
        codes: record.procedure_code().replace(';', "; "),
        class: class.id.clone(),
        setting: line.setting.word(),
        necessity: judgment.necessity.word(),
        authorization: judgment.authorization.word(),
        decision: decision(judgment.authorization),
        number: value(line.text(Text::Authorization)).into_owned(),
        npi: value(line.text(Text::BillingNpi)).into_owned(),
        provider: value(line.text(Text::BillingProviderName)).into_owned(),
        anchor: format!("{kind}-{}-{}", line.extract + 1, line.row),
        claim_anchor: String::new(),
        adjudication: judgment.adjudication,
        new: record.newness(),
        file: value(file_name(record.source_file())).into_owned(),
        source_line: line.row,
        procedures: procedures.join("; "),
        diagnoses: line
            .considered()
            .take(MAX_DIAGNOSES_SHOWN)
            .map(|code| Diagnosis { code: value(code).into_owned(), says: list_says(class, edition, code) })
            .collect(),
        more_diagnoses: line.considered().skip(MAX_DIAGNOSES_SHOWN).count(),
        unpointed: line.unpointed().count(),
        findings: record.findings().map(|finding| rendered(part, &finding)).collect(),
    }
}

/// A finding on a row that is not a service.
pub(crate) struct OtherFinding {
    /// Claim, file and line of the row.
    pub(crate) place: String,
    pub(crate) finding: RenderedFinding,
}

/// Findings on rows that are not services: related, reversed and superseded rows. They have no amount, but they count
/// for the exit code, so the page shows them.
#[derive(Default)]
pub(crate) struct OtherFindings {
    /// The first of them.
    pub(crate) shown: Vec<OtherFinding>,
    /// How many there are.
    pub(crate) all: usize,
}

impl OtherFindings {
    /// The findings of a part; at most `most` of them are shown.
    pub(crate) fn of(part: &PartView<'_>, most: usize) -> Self {
        let findings = part.judged.findings.iter().enumerate();
        let all = || findings.clone().filter(|(_, f)| !matches!(f.subject, Subject::Service(_)));
        let shown = all().take(most).map(|(n, f)| {
            let line = part.line_set.line(f.line);
            OtherFinding {
                place: format!(
                    "claim {}, {}, line {}",
                    value(line.claim_id()),
                    value(file_name(part.context.file(line))),
                    line.row
                ),
                finding: rendered(part, &FindingRecord::of(part, n)),
            }
        });
        Self { shown: shown.collect(), all: all().count() }
    }

    /// Adds the findings of the next part.
    pub(crate) fn merge(&mut self, next: Self, most: usize) {
        self.all += next.all;
        self.shown.extend(next.shown.into_iter().take(most - self.shown.len().min(most)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_unique_and_need_no_escape() {
        for (claim, want) in [
            ("E24-1.b", "claim-E24-1.b"),
            ("a b", "claim-a_20_b"),
            ("_20_", "claim-_5f_20_5f_"),
            ("\"é", "claim-_22__e9_"),
        ] {
            assert_eq!(anchor(claim), want);
        }
    }

    #[test]
    fn the_sentence_on_the_rest_adds_up() {
        assert_eq!(
            left_out(50_000, 48_000, "$1,234,567.89"),
            "The 2,000 services with the highest amounts at risk, of 50,000 flagged. The other 48,000 ($1,234,567.89 at \
             risk) are in services.csv, their reasons in findings.csv."
        );
    }
}
