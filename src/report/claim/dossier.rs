//! The dossier of a claim: its rows, and of each service every fact and every answer.

use std::collections::BTreeSet;

use crate::claim::{Bin, LineSet, Sum, Text};
use crate::finding::Subject;
use crate::report::claim::facts::facts;
use crate::report::claim::life::life;
use crate::report::claim::place::{MAX_ENTRIES_SHOWN, place};
use crate::report::view::PartView;
use crate::report::words::finding::{RenderedFinding, amount};
use crate::report::words::numbers::{counted, sum_in_words};
use crate::rules::Answer;
use crate::rules::explain::{Explained, Explainer};
use crate::rules::input::printed_codes;
use crate::rules::judge::ServiceStatus;

/// The dossier of a claim.
pub(crate) struct ClaimDossier<'a> {
    /// The claim number.
    pub(crate) claim: &'a str,
    /// The worst status of its services; none: it has no service.
    pub(crate) status: Option<ServiceStatus>,
    /// In words: services by status, amount at risk.
    pub(crate) verdict: String,
    /// Id and fingerprint of the policy that judged.
    pub(crate) policy: String,
    /// Its rows, in input order.
    pub(crate) rows: Vec<ClaimRow<'a>>,
    /// What happened to its rows, a sentence each.
    pub(crate) versions: Vec<String>,
    /// Rows of other claims in its encounters.
    pub(crate) mates: Vec<ClaimRow<'a>>,
    /// Its services, then its other lines that rules were asked about.
    pub(crate) subjects: Vec<ClaimSubject<'a>>,
    /// Columns that its extracts do not have, with the consequence.
    pub(crate) absent: Vec<String>,
    /// What was left out of the lists above, may be empty.
    pub(crate) rest: String,
    /// What a claim cannot show.
    pub(crate) unseen: &'a [String],
}

/// A row in short.
pub(crate) struct ClaimRow<'a> {
    pub(crate) claim: &'a str,
    pub(crate) number: &'a str,
    pub(crate) place: String,
    pub(crate) codes: String,
    pub(crate) date: String,
    pub(crate) units: String,
    pub(crate) bin: &'static str,
}

/// A service or line with the answers of all rules.
pub(crate) struct ClaimSubject<'a> {
    /// Codes and day.
    pub(crate) what: String,
    /// File and line.
    pub(crate) place: String,
    /// `None` if it is not a service.
    pub(crate) status: Option<ServiceStatus>,
    /// The amount at risk and what it rests on, in words; empty where nothing is at risk.
    pub(crate) amount: String,
    /// What the judgement rests on.
    pub(crate) facts: Vec<(&'static str, Vec<String>)>,
    /// The rules that fired, in byte order of their codes.
    pub(crate) fired: Vec<RenderedFinding>,
    /// The others, those with the same answer together.
    pub(crate) silent: Vec<SilentRules<'a>>,
}

/// Rules that did not fire, for one reason.
pub(crate) struct SilentRules<'a> {
    /// `passed`, `not applicable` or `could not be asked`.
    pub(crate) state: &'static str,
    /// Why; empty for those passed.
    pub(crate) why: &'static str,
    /// Codes and names.
    pub(crate) rules: Vec<(&'a str, &'a str)>,
}

impl<'a> ClaimDossier<'a> {
    /// The dossier of a claim. None: no kept row has this number.
    pub(crate) fn of(content: &PartView<'a>, claim: &'a str) -> Option<Self> {
        let (run, line_set) = (content.context.run, content.line_set);
        let all: Vec<usize> = line_set.of_claim(claim).collect();
        let first = *all.first()?;
        let shown = &all[..all.len().min(MAX_ENTRIES_SHOWN)];
        let mates = line_set.same_encounter(claim);
        let own = line_set.line(first).claim_id();
        let services: Vec<usize> =
            (0..line_set.services.len()).filter(|i| line_set.line_of(*i).claim_id() == own).collect();
        let inquiry = Explainer::new(line_set, &run.policy, run.authorization_file.as_ref());
        let mut subjects: Vec<_> =
            services.iter().take(MAX_ENTRIES_SHOWN).map(|i| ClaimSubject::service(content, &inquiry, *i)).collect();
        subjects.extend(shown.iter().filter_map(|i| ClaimSubject::line(content, &inquiry, *i)));
        let left = |n: usize, noun: &str| {
            (n > MAX_ENTRIES_SHOWN).then(|| counted((n - MAX_ENTRIES_SHOWN) as u64, noun) + " more")
        };
        let rest = [left(all.len(), "row"), left(services.len(), "service"), left(mates.len(), "row of other claims")];
        let rest: Vec<_> = rest.into_iter().flatten().collect();
        Some(Self {
            claim: own,
            status: services.iter().map(|i| content.judged.services[*i].status).max(),
            verdict: verdict(content, &services),
            policy: format!("{}, fingerprint {}", run.policy.id, &run.policy.fingerprint[..16]),
            rows: shown.iter().map(|i| ClaimRow::of(content, *i)).collect(),
            versions: shown.iter().flat_map(|i| life(content, *i)).collect(),
            mates: mates.iter().take(MAX_ENTRIES_SHOWN).map(|i| ClaimRow::of(content, *i)).collect(),
            subjects,
            absent: absent(content, shown),
            rest: if rest.is_empty() { String::new() } else { format!("{}: see services.csv", rest.join(", ")) },
            unseen: &run.policy.unseen,
        })
    }
}

fn verdict(content: &PartView<'_>, services: &[usize]) -> String {
    let judged = |i: &usize| &content.judged.services[*i];
    let by_status = ServiceStatus::ALL.iter().filter_map(|status| {
        let n = services.iter().filter(|i| judged(i).status == *status).count();
        (n > 0).then(|| if n == services.len() { status.word().to_owned() } else { format!("{n} {}", status.word()) })
    });
    if services.is_empty() {
        return "the claim has no service; its rows are below".to_owned();
    }
    let known = content.context.run.knows_amounts();
    let at_risk: Sum = services.iter().map(|i| judged(i).amount()).sum();
    let recoverable: Sum = services.iter().filter_map(|i| judged(i).recoverable).sum();
    let by_status = by_status.collect::<Vec<_>>().join(", ");
    format!(
        "{} ({by_status}), {} at risk, {} recoverable",
        counted(services.len() as u64, "service"),
        sum_in_words(at_risk, known),
        sum_in_words(recoverable, known)
    )
}

impl<'a> ClaimRow<'a> {
    fn of(content: &PartView<'a>, i: usize) -> Self {
        let line_set: &'a LineSet = content.line_set;
        let line = line_set.line(i);
        Self {
            claim: line.claim_id(),
            number: line.text(Text::LineNumber),
            place: place(content, line),
            codes: printed_codes(&content.context.run.policy, line.known),
            date: line.date.map_or_else(|| line.text(Text::BadDate).to_owned(), |d| d.to_string()),
            units: line.units.normalize().to_string(),
            bin: match line_set.bins[i] {
                Bin::InScope => "in scope",
                Bin::Related => "related",
                Bin::Reversed => "reversed",
                Bin::Duplicate => "duplicate",
                Bin::PayerDenied => "denied by the payer",
                Bin::Superseded => "superseded",
            },
        }
    }
}

fn absent(content: &PartView<'_>, lines: &[usize]) -> Vec<String> {
    let extracts: BTreeSet<u32> = lines.iter().map(|i| content.line_set.line(*i).extract).collect();
    let inputs = extracts.into_iter().map(|extract| &content.context.run.inputs[extract as usize]);
    let said = inputs.flat_map(|input| {
        input.absent.iter().map(|(field, costs)| format!("{} has no {} column: {costs}", input.name, field.name()))
    });
    said.collect()
}

impl<'a> ClaimSubject<'a> {
    fn service(content: &PartView<'a>, inquiry: &Explainer<'a>, i: usize) -> Self {
        let asked = inquiry.service(i);
        let facts = facts(content, &asked, i);
        Self::of(content, &asked, facts)
    }

    /// Related lines, and those taken back that rules were asked about.
    fn line(content: &PartView<'a>, inquiry: &Explainer<'a>, i: usize) -> Option<Self> {
        let line_set = content.line_set;
        let subject = match line_set.bins[i] {
            Bin::Related => Subject::Related(i),
            _ if !line_set.bins[i].is_live() && (line_set.orphans.contains(&i) || line_set.unmatched.contains(&i)) => {
                Subject::Withdrawn(i)
            }
            _ => return None,
        };
        Some(Self::of(content, &inquiry.line(subject, i), Vec::new()))
    }

    fn of(content: &PartView<'a>, asked: &Explained<'a>, facts: Vec<(&'static str, Vec<String>)>) -> Self {
        let fired = asked.findings.iter().map(|finding| RenderedFinding::new(content, finding));
        let mut silent: Vec<SilentRules<'a>> = Vec::new();
        for (rule, answer) in &asked.answers {
            let (state, why) = match answer {
                Answer::Fired(_) => continue,
                Answer::Passed => ("passed", ""),
                Answer::CouldNot(why) => ("could not be asked", *why),
                Answer::NotApplicable(why) => ("not applicable", *why),
            };
            let doc = content.context.doc(*rule);
            let rule = (doc.code.as_str(), doc.name.as_str());
            match silent.iter_mut().find(|s| (s.state, s.why) == (state, why)) {
                Some(same) => same.rules.push(rule),
                None => silent.push(SilentRules { state, why, rules: vec![rule] }),
            }
        }
        silent.sort_by_key(|s| ["passed", "could not be asked", "not applicable"].iter().position(|w| *w == s.state));
        let judgement = asked.judgement.as_ref();
        Self {
            what: asked.input.what().to_string(),
            place: place(content, asked.input.line),
            status: judgement.map(|j| j.status),
            amount: judgement.filter(|j| j.at_risk.is_some() || !j.basis.is_empty()).map_or(String::new(), amount),
            facts,
            fired: fired.collect(),
            silent,
        }
    }
}
