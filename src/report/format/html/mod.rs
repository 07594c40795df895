//! report.html: the page to read and forward. It is one file that loads nothing, with the same bytes for the same
//! inputs.
//!
//! The page is complete without JavaScript; the script only adds filtering and sorting. No value of a claim can add a
//! script or a style: values are escaped, and the content security policy admits only the hashes of our own two texts.
//!
//! # Sub-rooms, in order
//!
//! - [`style`]: style, script and content policy.
//! - [`head`]: period, counts and figures.
//! - [`chart`]: horizontal bars.
//! - [`providers`]: the sums of the billing providers.
//! - [`groups`]: the other sums that the bars show.
//! - [`flagged`]: the table of flagged services.
//! - [`unlisted`]: the claims that the table does not show.
//! - [`inputs`](mod@inputs): the inputs of the run.
//! - [`suppressed`]: the suppressions.
//! - [`claim`]: the page of one claim.
//! - [`letter`]: a letter about a claim.
//! - [`trend`]: the page of a trend.

pub mod chart;

pub(crate) mod claim;
pub(crate) mod flagged;
mod groups;
pub(crate) mod head;
mod inputs;
pub(crate) mod letter;
mod providers;
pub(crate) mod style;
mod suppressed;
pub(crate) mod trend;
mod unlisted;

use std::io;
use std::sync::{Mutex, PoisonError};

use askama::Template;

use crate::policy::PolicyOrigin;
use crate::report::format::html::chart::Chart;
use crate::report::format::html::flagged::{Candidates, Flagged, FlaggedCollector, OtherFinding, OtherFindings};
use crate::report::format::html::groups::Groups;
use crate::report::format::html::head::StatusFigure;
use crate::report::format::html::inputs::{ExtractRow, RejectedReason, SourceFile, given, inputs, rejected};
use crate::report::format::html::providers::{PartProviders, Providers};
use crate::report::format::html::style::{SCRIPT, SCRIPT_HASH, STYLE, content_policy};
use crate::report::format::html::suppressed::SuppressionRow;
use crate::report::format::html::unlisted::{ClaimCollector, Claims, Unlisted};
use crate::report::notes;
use crate::report::notes::{AbsentColumn, UnreadRow};
use crate::report::sink::{Output, PendingPieces, Scratch, Sink, lock};
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};
use crate::report::words::finding::NOT_EVALUATED;
use crate::report::words::numbers::{counted, grouped, sum_in_words};
use crate::report::words::warning::sentence_without_directory;

/// The name of the page.
pub const FILE: &str = "report.html";

/// Most findings on other rows that are shown; findings.csv has all of them.
const MAX_OTHER_FINDINGS: usize = 200;

#[derive(Template)]
#[template(path = "report.html", config = "src/report/format/html/askama.toml")]
struct ReportPage<'a> {
    content_policy: String,
    title: String,
    style: &'static str,
    script: &'static str,
    version: &'static str,
    policy: &'a PolicyOrigin,
    policy_id: &'a str,
    editions: String,
    fingerprint: &'a str,
    origins: &'a [PolicyOrigin],
    facts: Vec<(&'static str, String)>,
    services: u64,
    at_risk: String,
    recoverable: String,
    warning_count: String,
    warnings: Vec<String>,
    no_service: String,
    notes: Vec<String>,
    absent: Vec<AbsentColumn>,
    unread: Vec<UnreadRow<'a>>,
    not_evaluated: &'static str,
    figures: Vec<StatusFigure>,
    unseen: &'a [String],
    charts: [Vec<Chart>; 2],
    /// Is there a baseline? Then new findings are marked.
    compared: bool,
    flagged: Flagged<'a>,
    unlisted: Unlisted,
    other_findings: Vec<OtherFinding>,
    other_findings_shown: String,
    suppressions: Vec<SuppressionRow<'a>>,
    suppressed_sentence: String,
    rows_read: String,
    bins: Vec<(&'static str, String, &'static str)>,
    becomes: String,
    rejected: Vec<RejectedReason<'a>>,
    inputs: Vec<ExtractRow<'a>>,
    input_files: Vec<SourceFile<'a>>,
}

/// Starts collecting for the page, which is written after the last part.
pub fn report<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    let page = Collected::new(context, flagged::MAX_SERVICES_SHOWN, out.scratch());
    Ok(Box::new(PageSink { page, out: Mutex::new(out) }))
}

struct PageSink<'a> {
    page: Collected<'a>,
    out: Mutex<Box<dyn Output>>,
}

impl Sink for PageSink<'_> {
    fn format(&self, n: usize, part: &PartView<'_>) -> io::Result<()> {
        self.page.format(n, part);
        Ok(())
    }

    fn append(&self, n: usize) -> io::Result<()> {
        self.page.append(n)
    }

    fn finish(self: Box<Self>, totals: &Totals) -> io::Result<()> {
        let mut out = lock(&self.out);
        self.page.page(totals)?.write_into(&mut **out)?;
        out.flush()
    }
}

/// What the page shows of the services, collected part by part.
struct Collected<'a> {
    context: ReportContext<'a>,
    collector: FlaggedCollector,
    claims: ClaimCollector,
    pieces: PendingPieces<(Groups, PartProviders, Candidates, Claims, OtherFindings)>,
    sum: Mutex<(Groups, Providers, Candidates, Claims, OtherFindings)>,
}

impl<'a> Collected<'a> {
    fn new(context: ReportContext<'a>, most: usize, scratch: Scratch) -> Self {
        let (groups, candidates, claims, others) = Default::default();
        let sum = Mutex::new((groups, Providers::new(scratch), candidates, claims, others));
        let (collector, claims) = (FlaggedCollector::new(most), ClaimCollector::default());
        Self { context, collector, claims, pieces: PendingPieces::default(), sum }
    }

    fn format(&self, n: usize, part: &PartView<'_>) {
        let others = OtherFindings::of(part, MAX_OTHER_FINDINGS);
        let (candidates, claims) = (self.collector.of(part, n), self.claims.of(part));
        self.pieces.put(n, (Groups::of(part), PartProviders::of(part), candidates, claims, others));
    }

    fn append(&self, n: usize) -> io::Result<()> {
        if let Some((groups, providers, candidates, claims, other_findings)) = self.pieces.take(n) {
            let mut sum = lock(&self.sum);
            sum.0.merge(groups);
            sum.1.merge(&providers)?;
            self.collector.merge(&mut sum.2, candidates);
            self.claims.merge(&mut sum.3, &claims);
            sum.4.merge(other_findings, MAX_OTHER_FINDINGS);
        }
        Ok(())
    }

    fn page<'p>(self, totals: &'p Totals) -> io::Result<ReportPage<'p>>
    where
        'a: 'p,
    {
        let (groups, providers, candidates, claims, other_findings) =
            self.sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        let run = self.context.run;
        let mut flagged = self.collector.finish(candidates, self.context);
        let shown = flagged.claims();
        let (written, (providers, unlisted)) = rayon::join(
            || flagged.write_rows(run.baseline.is_some()),
            || rayon::join(|| providers.highest(run.knows_amounts()), || claims.without(&shown)),
        );
        written?;
        let charts = groups.charts(self.context, &totals.summary, providers?);
        Ok(page(self.context, totals, charts, (flagged, unlisted, other_findings)))
    }
}

fn page<'a>(
    context: ReportContext<'a>,
    totals: &'a Totals,
    charts: [Vec<Chart>; 2],
    (flagged, unlisted, other_findings): (Flagged<'a>, Unlisted, OtherFindings),
) -> ReportPage<'a> {
    let run = context.run;
    let (policy, summary, known) = (&run.policy, &totals.summary, run.knows_amounts());
    let other_findings_shown = if other_findings.all > other_findings.shown.len() {
        format!("The first {MAX_OTHER_FINDINGS} of {}; all are in findings.csv.", grouped(other_findings.all as u64))
    } else {
        format!("{}.", counted(other_findings.all as u64, "finding"))
    };
    ReportPage {
        content_policy: content_policy(&format!("script-src 'sha256-{SCRIPT_HASH}'; ")),
        title: format!("claimlint: {} against {}", head::extracts(run), policy.id),
        style: STYLE,
        script: SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        policy: policy.own_origin(),
        policy_id: &policy.id,
        editions: policy.editions.iter().map(|e| e.id.as_str()).collect::<Vec<_>>().join(", "),
        fingerprint: &policy.fingerprint,
        origins: &policy.origins,
        facts: head::facts(run, totals),
        services: summary.services(),
        at_risk: sum_in_words(summary.at_risk(), known),
        recoverable: sum_in_words(summary.recoverable(), known),
        no_service: notes::no_service(run),
        warning_count: counted(totals.warnings.len() as u64, "warning"),
        warnings: totals.warnings.iter().map(sentence_without_directory).collect(),
        notes: notes::notes(run, totals),
        absent: notes::absent(run),
        unread: notes::unread(run, totals),
        not_evaluated: NOT_EVALUATED,
        figures: head::figures(summary, known),
        unseen: &policy.unseen,
        charts,
        compared: run.baseline.is_some(),
        unlisted,
        flagged,
        other_findings: other_findings.shown,
        other_findings_shown,
        suppressions: suppressed::suppressions(run, totals),
        suppressed_sentence: suppressed::sentence(run, totals),
        rows_read: grouped(run.ledger.rows),
        bins: run.ledger.bins().into_iter().map(|(bin, n, context)| (bin, grouped(n), context)).collect(),
        becomes: becomes(run.ledger.in_scope, totals),
        rejected: rejected(run),
        inputs: inputs(run),
        input_files: run.input_files.iter().map(given).collect(),
    }
}

/// Explains why the number of services differs from the number of rows in scope.
fn becomes(in_scope: u64, totals: &Totals) -> String {
    let (lines, stays) = (totals.lines, totals.stays);
    if lines + stays == 0 {
        return "No row makes a service.".to_owned();
    }
    format!(
        "{} in scope make {}: {} with a listed CPT code and {} with listed ICD-10-PCS codes, each judged once.",
        counted(in_scope, "row"),
        counted(lines + stays, "service"),
        counted(lines, "line"),
        counted(stays, "claim")
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use sha2::Digest as _;

    use super::*;
    use crate::policy::parse::load;
    use crate::report::format::html::style::STYLE_HASH;
    use crate::rules::{codes, doc};
    use crate::run::{JudgedRun, run_text};

    const HEADER: &str = "claim_id,line_number,claim_form,member_id,product,billing_npi,place_of_service,service_date,\
                          procedure_code,units,diagnosis_1,authorization_number,paid_amount\n";

    fn judged(rows: &str) -> JudgedRun {
        let policy = load(&[], &codes()).expect("the shipped policy is valid");
        run_text(&policy, &format!("{HEADER}{rows}"), None).expect("the extract is readable")
    }

    fn rendered(outcome: &JudgedRun, most: usize) -> String {
        let docs = doc::load().expect("the shipped documentation is valid");
        let part = ReportContext::of(outcome, &docs);
        let collected = Collected::new(part.context, most, Arc::new(tempfile::tempfile));
        collected.format(0, &part);
        collected.append(0).expect("no disk is needed");
        {
            let totals = Totals::of(&part, 0);
            collected.page(&totals).expect("no disk is needed").render()
        }
        .expect("a String takes everything")
    }

    fn hash(text: &str) -> String {
        base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text))
    }

    #[test]
    fn the_content_policy_admits_exactly_our_style_and_script() {
        assert_eq!((STYLE_HASH, SCRIPT_HASH), (hash(STYLE).as_str(), hash(SCRIPT).as_str()));
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</"), "the text would end its element");
        }
        let page = rendered(&judged(""), 1);
        assert!(
            page.contains(&format!("<style>{STYLE}</style>")) && page.contains(&format!("<script>{SCRIPT}</script>"))
        );
        assert!(!page.contains("style=\"") && !page.contains("http://") && !page.contains("https://"));
    }

    #[test]
    fn hostile_values_stay_text() {
        let page = rendered(
            &judged(concat!(
                "<script>alert(1)</script>,\"\"\"><img src=x onerror=alert(2)>\",P,M1,PPO,' onfocus='alert(3),22,",
                "2024-03-02,22514,1,<b>M54\u{202e}5\u{7}</b>,A&B,4200.00\n",
            )),
            10,
        );
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains("<img") && !page.contains("<b>M54") && !page.contains("' onfocus"));
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(page.contains("<B>M54".replace('<', "&lt;").replace('>', "&gt;").as_str()), "{page}");
        assert!(page.contains("\u{27e8}U+202E\u{27e9}") && page.contains('\u{2407}'));
        assert!(!page.contains('\u{202e}') && !page.contains('\u{7}'));
    }

    /// Five services: PPO with a diagnosis that is not listed, so all are denied.
    fn five() -> JudgedRun {
        let rows: Vec<_> = [300, 100, 500, 200, 400]
            .iter()
            .map(|paid| format!("C{paid},1,P,M{paid},PPO,1900000001,22,2024-03-02,22514,1,M54.5,,{paid}.00\n"))
            .collect();
        judged(&rows.concat())
    }

    #[test]
    fn the_table_is_capped_at_the_highest_amounts_and_says_so() {
        let page = rendered(&five(), 2);
        assert!(
            page.contains(
                "The 2 services with the highest amounts at risk, of 5 flagged. The other 3 ($600.00 at risk)"
            )
        );
        let at = |claim: &str| page.find(&format!(">{claim}</a>")).unwrap_or(usize::MAX);
        assert!(at("C500") < at("C400") && at("C400") < usize::MAX && at("C300") == usize::MAX);
        assert!(rendered(&five(), 5).contains("5 flagged services. "));
    }

    /// A cell may hold a list of any length, and the table has thousands of services.
    #[test]
    fn of_very_many_diagnoses_the_first_are_shown() {
        let list = |count| (0..count).map(|n| format!("M5{n:02}")).collect::<Vec<_>>().join(";");
        let page = |count| {
            rendered(&judged(&format!("C1,1,P,M1,PPO,1900000001,22,2024-03-02,22514,1,{},,9.00\n", list(count))), 9)
        };
        let (few, many) = (page(25), page(40));
        assert!(few.contains("<li><b>M524</b>") && !few.contains("more considered"));
        assert!(many.contains("<li><b>M524</b>") && !many.contains("<li><b>M525</b>"));
        assert!(many.contains("15 more considered; claimlint explain shows them"));
    }

    #[test]
    fn the_charts_say_what_the_tally_says() {
        let outcome = five();
        let docs = doc::load().expect("the shipped documentation is valid");
        let part = ReportContext::of(&outcome, &docs);
        let mut providers = Providers::new(Arc::new(tempfile::tempfile));
        providers.merge(&PartProviders::of(&part)).expect("no disk is needed");
        let providers = providers.highest(true).expect("no disk is needed");
        let charts = Groups::of(&part).charts(part.context, &outcome.summary, providers);
        let charts: Vec<Chart> = charts.into_iter().flatten().collect();
        for chart in &charts {
            assert_eq!((chart.bars[0].at_risk.as_str(), chart.bars[0].flagged.as_str()), ("$1,500.00", "5"));
        }
        assert_eq!(
            charts.iter().map(|c| c.bars[0].label.as_str()).collect::<Vec<_>>(),
            ["DX101", "commercial-ppo-indemnity", "2024-03", "1900000001"]
        );
    }

    #[test]
    fn the_same_bytes_on_every_run_and_thread_count() {
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one");
        assert_eq!(rendered(&five(), 9), alone.install(|| rendered(&five(), 9)));
    }

    #[test]
    fn an_extract_without_services_is_a_page_too() {
        let page = rendered(&judged("C1,1,P,M1,PPO,1900000001,22,2024-03-02,99213,1,M54.5,,10.00\n"), 10);
        assert!(page.contains("No kyphoplasty service") && !page.contains("id=\"flagged\""));
    }
}
