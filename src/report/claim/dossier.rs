//! The dossier of a claim: its rows, and of each service every fact and every answer.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::claim::{Bin, LineSet, Sum, Text};
use crate::finding::{Finding, RuleId, Subject};
use crate::policy::{Clause, OriginKind, PolicyOrigin};
use crate::report::claim::facts::facts;
use crate::report::claim::life::{denied_versions, life};
use crate::report::claim::place::{MAX_ENTRIES_SHOWN, file, place};
use crate::report::claim::source::ReportSource;
use crate::report::claim::summary::{outcome, payment, summary};
use crate::report::notes::selection;
use crate::report::table::record::reason;
use crate::report::view::PartView;
use crate::report::words::codes::CodeWords;
use crate::report::words::finding::{RenderedFinding, amount};
use crate::report::words::numbers::{counted, sum_in_words};
use crate::rules::Answer;
use crate::rules::explain::{Explained, Explainer};
use crate::rules::input::printed_codes;
use crate::rules::judge::ServiceStatus;
use crate::rules::reasons_rule;
use crate::run::Masked;

/// The dossier of a claim.
pub(crate) struct ClaimDossier<'a> {
    /// The report that it is from.
    pub(crate) source: &'a ReportSource,
    /// The claim number.
    pub(crate) claim: &'a str,
    /// Another member has a claim with this number.
    pub(crate) number_is_shared: bool,
    /// The number of billing providers that its rows name.
    pub(crate) providers: usize,
    /// The most severe status of its services; `None` if it has no service.
    pub(crate) status: Option<ServiceStatus>,
    /// Its suppressed findings, each with who is responsible, why and until when.
    pub(crate) suppressed: Vec<String>,
    /// Whether it was paid and whether it meets the policy, in words.
    pub(crate) verdict: String,
    /// Services by status and the amount at risk, in words.
    pub(crate) money: String,
    /// Which rules the run left out, so that a clear service is clear of the others alone. `None` if every rule was asked.
    pub(crate) selection: Option<String>,
    /// Payment, member, provider, dates and place.
    pub(crate) summary: Vec<(&'static str, String)>,
    /// Title, publisher and id of the policy that was applied.
    pub(crate) policy: String,
    /// The same of the file of coding limits; empty if there is none.
    pub(crate) limits: String,
    /// Its rows, in input order.
    pub(crate) rows: Vec<ClaimRow<'a>>,
    /// What happened to its rows, with a sentence for each event.
    pub(crate) versions: Vec<String>,
    /// Rows of other claims in its encounters.
    pub(crate) same_encounter: Vec<ClaimRow<'a>>,
    /// Its services, then its other lines to which rules apply.
    pub(crate) subjects: Vec<ClaimSubject<'a>>,
    /// Columns that its extracts do not have, with the consequence.
    pub(crate) absent: Vec<String>,
    /// What was left out of the lists above; may be empty.
    pub(crate) rest: String,
    /// Which rows of the claim are not in the lists above, and why.
    pub(crate) left_out: Vec<String>,
    /// What a claim cannot show.
    pub(crate) unseen: &'a [String],
}

/// A row in the list of rows.
pub(crate) struct ClaimRow<'a> {
    pub(crate) claim: &'a str,
    pub(crate) number: &'a str,
    pub(crate) place: String,
    pub(crate) codes: String,
    pub(crate) date: String,
    pub(crate) units: String,
    /// What became of it: judged, or why not.
    pub(crate) fate: &'static str,
}

/// A service or line with the answers of all rules.
pub(crate) struct ClaimSubject<'a> {
    /// Codes and day.
    pub(crate) what: String,
    /// The number of its line on the claim; may be empty.
    pub(crate) number: &'a str,
    /// File and line.
    pub(crate) place: String,
    /// `None` if it is not a service.
    pub(crate) status: Option<ServiceStatus>,
    /// The amount at risk and its basis, in words; empty if nothing is at risk.
    pub(crate) amount: String,
    /// The facts on which the verdict rests.
    pub(crate) facts: Vec<(&'static str, Vec<String>)>,
    /// What was found, the most serious first, then in byte order of the rules' codes.
    pub(crate) findings: Vec<ClaimFinding<'a>>,
    /// The other rules, grouped by their answer.
    pub(crate) silent: Vec<SilentRules<'a>>,
}

/// A finding with what its source asks and which documents would answer it.
pub(crate) struct ClaimFinding<'a> {
    /// The finding as the report shows it.
    pub(crate) shown: RenderedFinding,
    /// What the sources of its rule, and of the rule whose reason codes it carries, ask.
    pub(crate) clauses: Vec<&'a Clause>,
    /// The documents that a reviewer asks the provider for.
    pub(crate) ask: &'a [String],
    /// Who suppressed it, why and until when. Empty if nobody did.
    pub(crate) suppressed: String,
}

/// Rules that did not fire, for one reason.
pub(crate) struct SilentRules<'a> {
    /// `no objection`, `does not apply` or `could not be checked`.
    pub(crate) state: &'static str,
    /// The reason; empty for rules that passed.
    pub(crate) why: &'static str,
    /// Codes and names.
    pub(crate) rules: Vec<(&'a str, &'a str)>,
}

const PASSED: &str = "no objection";
const COULD_NOT: &str = "could not be checked";
const NOT_APPLICABLE: &str = "does not apply";

impl<'a> ClaimDossier<'a> {
    /// The dossier of a claim, or of its rows that do not name another billing provider than `provider`. `None`: there is no
    /// such row.
    pub(crate) fn of(
        part: &PartView<'a>,
        (claim, provider): (u32, Option<&str>),
        source: &'a ReportSource,
        words: &CodeWords,
    ) -> Option<Self> {
        let (run, line_set) = (part.context.run, part.line_set);
        let npi = |line: &usize| line_set.line(*line).text(Text::BillingNpi);
        let is_asked = |line: &usize| provider.is_none_or(|provider| npi(line).is_empty() || npi(line) == provider);
        let (all, others): (Vec<usize>, Vec<usize>) = line_set.of_claim(claim).partition(is_asked);
        let first = *all.first()?;
        let shown = &all[..all.len().min(MAX_ENTRIES_SHOWN)];
        let same_encounter = line_set.same_encounter(claim);
        let services: Vec<usize> = (0..line_set.services.len())
            .filter(|i| line_set.services[*i].claim == claim && is_asked(&line_set.services[*i].line))
            .collect();
        let providers: BTreeSet<&str> = all.iter().map(npi).filter(|npi| !npi.is_empty()).collect();
        let explainer = Explainer::new(line_set, &run.policy, part.authorizations);
        let notes = Suppressed::of(part);
        let mut subjects: Vec<_> = services
            .iter()
            .take(MAX_ENTRIES_SHOWN)
            .map(|i| ClaimSubject::service(part, &explainer, *i, words, &notes))
            .collect();
        subjects.extend(shown.iter().filter_map(|i| ClaimSubject::line(part, &explainer, *i, &notes)));
        let left = |n: usize, noun: &str| {
            (n > MAX_ENTRIES_SHOWN).then(|| counted((n - MAX_ENTRIES_SHOWN) as u64, noun) + " more")
        };
        let rest = [
            left(all.len(), "row"),
            left(services.len(), "service"),
            left(same_encounter.len(), "row of other claims"),
        ];
        let rest: Vec<_> = rest.into_iter().flatten().collect();
        let status = services.iter().map(|i| part.judged.services[*i].status).max();
        let policy = run.policy.own_origin();
        Some(Self {
            source,
            claim: line_set.line(first).claim_id(),
            number_is_shared: services.iter().any(|i| line_set.services[*i].claim_shared),
            providers: providers.len(),
            status,
            suppressed: subjects.iter().flat_map(ClaimSubject::suppressed).collect(),
            verdict: verdict(payment(part, shown), status),
            money: money(part, &services),
            selection: selection(run),
            summary: summary(part, shown, words),
            policy: named(policy),
            limits: run.policy.origin(OriginKind::Limits).map_or(String::new(), named),
            rows: shown.iter().map(|i| ClaimRow::of(part, *i)).collect(),
            versions: shown.iter().flat_map(|i| life(part, *i)).chain(denied_versions(part, claim)).collect(),
            same_encounter: same_encounter.iter().take(MAX_ENTRIES_SHOWN).map(|i| ClaimRow::of(part, *i)).collect(),
            subjects,
            absent: absent(part, shown),
            rest: if rest.is_empty() { String::new() } else { format!("{}: see services.csv", rest.join(", ")) },
            left_out: left_out(others.len()),
            unseen: &run.policy.unseen,
        })
    }
}

/// What the list of rows does not have: rows that no report keeps, and those of other billing providers.
fn left_out(of_other_providers: usize) -> Vec<String> {
    let mut sentences = vec!["Rows of the claim without a code that the policy looks for are not kept.".to_owned()];
    if of_other_providers > 0 {
        let rows = counted(of_other_providers as u64, "row");
        sentences.push(format!("Left out: {rows} of other billing providers (--provider)."));
    }
    sentences
}

/// Title, publisher and id of a file.
fn named(origin: &PolicyOrigin) -> String {
    format!("{} ({}, {})", origin.title, origin.publisher, origin.id)
}

/// Payment and outcome of a claim.
fn verdict(payment: &str, status: Option<ServiceStatus>) -> String {
    let outcome = match status {
        Some(status) => format!("{} ({})", outcome(status), status.word()),
        None => "no service to judge".to_owned(),
    };
    if payment.is_empty() { outcome } else { format!("{payment}, {outcome}") }
}

/// Services by status and what is at risk.
fn money(part: &PartView<'_>, services: &[usize]) -> String {
    let judged = |i: &usize| &part.judged.services[*i];
    let by_status = ServiceStatus::ALL.iter().filter_map(|status| {
        let n = services.iter().filter(|i| judged(i).status == *status).count();
        let words = outcome(*status);
        (n > 0).then(|| if n == services.len() { words.to_owned() } else { format!("{n} {words}") })
    });
    if services.is_empty() {
        return "the claim has no service; its rows are below".to_owned();
    }
    let flagged: Vec<_> = services.iter().map(judged).filter(|one| one.status.is_flagged()).collect();
    let without = flagged.iter().filter(|one| one.at_risk.is_none() && one.basis.is_empty()).count();
    let known = part.context.run.knows_amounts() && (without == 0 || without < flagged.len());
    let at_risk: Sum = services.iter().map(|i| judged(i).amount()).sum();
    let recoverable: Sum = services.iter().filter_map(|i| judged(i).recoverable).sum();
    let by_status = by_status.collect::<Vec<_>>().join(", ");
    let besides = match without {
        n if n > 0 && known => format!(" ({} without an amount)", counted(n as u64, "service")),
        _ => String::new(),
    };
    format!(
        "{} ({by_status}), {} at risk{besides}, {} recoverable",
        counted(services.len() as u64, "service"),
        sum_in_words(at_risk, known),
        sum_in_words(recoverable, known)
    )
}

/// The suppressed findings of the run, by what they are about.
struct Suppressed(FxHashMap<Subject, Vec<(usize, usize)>>);

impl Suppressed {
    fn of(part: &PartView<'_>) -> Self {
        let mut by_subject: FxHashMap<Subject, Vec<(usize, usize)>> = FxHashMap::default();
        for (n, by) in part.matches.by.iter().enumerate() {
            if let Some(suppression) = by {
                by_subject.entry(part.judged.findings[n].subject).or_default().push((n, *suppression));
            }
        }
        Self(by_subject)
    }

    /// Who suppressed a finding, why and until when. Empty if nobody did.
    fn note(&self, part: &PartView<'_>, finding: &Finding) -> String {
        let run = part.context.run;
        let of_subject = self.0.get(&finding.subject).into_iter().flatten();
        let mut found = of_subject.filter(|(n, _)| part.judged.findings[*n] == *finding);
        let one = found.next().map(|(_, suppression)| *suppression).zip(run.suppressions.as_ref());
        one.map_or(String::new(), |(place, all)| {
            let one = &all.list[place];
            // Owner and reason are withheld together.
            let by = if run.masked == Masked::Nothing { format!("by {} ", one.owner) } else { String::new() };
            format!("{by}until {}: {}", one.expires, reason(one, run))
        })
    }
}

impl<'a> ClaimRow<'a> {
    fn of(part: &PartView<'a>, i: usize) -> Self {
        let line_set: &'a LineSet = part.line_set;
        let line = line_set.line(i);
        Self {
            claim: line.claim_id(),
            number: line.text(Text::LineNumber),
            place: place(part, line),
            codes: printed_codes(&part.context.run.policy, line.known),
            date: line.date.map_or_else(|| line.text(Text::BadDate).to_owned(), |d| d.to_string()),
            units: line.units.normalize().to_string(),
            fate: match line_set.bins[i] {
                Bin::InScope => "judged",
                Bin::Related => "kept beside it",
                Bin::Reversed => "payment reversed",
                Bin::Duplicate => "counted once",
                Bin::PayerDenied => "denied by the plan",
                Bin::Superseded => "replaced or voided",
            },
        }
    }
}

fn absent(part: &PartView<'_>, lines: &[usize]) -> Vec<String> {
    let extracts: BTreeSet<u32> = lines.iter().map(|i| part.line_set.line(*i).extract).collect();
    let sentences = extracts.into_iter().flat_map(|extract| {
        let absent = &part.context.run.inputs[extract as usize].absent;
        absent
            .iter()
            .map(move |(field, costs)| format!("{} has no {} column: {costs}", file(part, extract), field.name()))
    });
    sentences.collect()
}

impl<'a> ClaimSubject<'a> {
    fn service(
        part: &PartView<'a>,
        explainer: &Explainer<'a>,
        i: usize,
        words: &CodeWords,
        notes: &Suppressed,
    ) -> Self {
        let explained = explainer.service(i);
        let facts = facts(part, &explained, i, words);
        Self::of(part, &explained, facts, notes)
    }

    /// Whether it meets the policy, in words.
    pub(crate) fn outcome(&self) -> &'static str {
        self.status.map_or("no service", outcome)
    }

    /// The sentences of a fact; none if it has no such fact.
    pub(crate) fn fact(&self, name: &str) -> &[String] {
        self.facts.iter().find(|(own, _)| *own == name).map_or(&[], |(_, sentences)| sentences.as_slice())
    }

    /// Its suppressed findings, in sentences.
    fn suppressed(&self) -> impl Iterator<Item = String> {
        let suppressed = self.findings.iter().filter(|finding| !finding.suppressed.is_empty());
        suppressed.map(|finding| {
            let (code, name) = (&finding.shown.code, &finding.shown.name);
            format!("{code} {name} of {} is suppressed {}", self.what, finding.suppressed)
        })
    }

    /// A related line, or a reversed or superseded line to which rules apply.
    fn line(part: &PartView<'a>, explainer: &Explainer<'a>, i: usize, notes: &Suppressed) -> Option<Self> {
        let line_set = part.line_set;
        let subject = match line_set.bins[i] {
            Bin::Related => Subject::Related(i),
            _ if !line_set.bins[i].is_live() && (line_set.orphans.contains(&i) || line_set.unmatched.contains(&i)) => {
                Subject::Withdrawn(i)
            }
            _ => return None,
        };
        Some(Self::of(part, &explainer.line(subject, i), Vec::new(), notes))
    }

    fn of(
        part: &PartView<'a>,
        explained: &Explained<'a>,
        facts: Vec<(&'static str, Vec<String>)>,
        notes: &Suppressed,
    ) -> Self {
        let findings = explained.findings.iter().map(|finding| {
            let doc = part.context.doc(finding.rule);
            let mut rules = vec![finding.rule, reasons_rule(finding)];
            rules.dedup();
            let clause = |rule: &RuleId| part.context.run.policy.clause(&part.context.doc(*rule).code);
            ClaimFinding {
                shown: RenderedFinding::new(part, finding),
                clauses: rules.iter().filter_map(clause).collect(),
                ask: &doc.ask,
                suppressed: notes.note(part, finding),
            }
        });
        let mut findings: Vec<_> = findings.collect();
        findings.sort_by_key(|finding| Reverse(finding.shown.disposition));
        let mut silent: Vec<SilentRules<'a>> = Vec::new();
        for (rule, answer) in &explained.answers {
            let (state, why) = match answer {
                Answer::Fired(_) => continue,
                Answer::Passed => (PASSED, ""),
                Answer::CouldNot(why) => (COULD_NOT, *why),
                Answer::NotApplicable(why) => (NOT_APPLICABLE, *why),
            };
            let doc = part.context.doc(*rule);
            let rule = (doc.code.as_str(), doc.name.as_str());
            match silent.iter_mut().find(|s| (s.state, s.why) == (state, why)) {
                Some(same) => same.rules.push(rule),
                None => silent.push(SilentRules { state, why, rules: vec![rule] }),
            }
        }
        silent.sort_by_key(|s| [PASSED, COULD_NOT, NOT_APPLICABLE].iter().position(|w| *w == s.state));
        let judgment = explained.judgment.as_ref();
        Self {
            what: explained.input.what().to_string(),
            number: explained.input.line.text(Text::LineNumber),
            place: place(part, explained.input.line),
            status: judgment.map(|j| j.status),
            amount: judgment.filter(|j| j.at_risk.is_some() || !j.basis.is_empty()).map_or(String::new(), amount),
            facts,
            findings,
            silent,
        }
    }
}
