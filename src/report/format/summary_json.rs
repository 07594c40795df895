//! summary.json: the ledger and the totals for machines. The same bytes for the same inputs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Mutex;

use serde::Serialize;

use crate::ledger::Ledger;
use crate::policy::Disposition;
use crate::report::sink::{Output, Sink, held};
use crate::report::table::record::reason;
use crate::report::{About, Content, Totals};
use crate::rules::judge::ServiceStatus;
use crate::run::Frame;
use crate::suppress::{Suppression, Suppressions};
use crate::tally::{Share, ShareTally};

/// Name and version of the layout of summary.json; raised when a key changes its meaning.
pub const SCHEMA: &str = "claimlint-summary/1";

#[derive(Serialize)]
struct Summary<'a> {
    schema: &'a str,
    tool: Tool,
    policy: Policy<'a>,
    inputs: Vec<Input<'a>>,
    ledger: Ledger,
    services: BTreeMap<&'a str, u64>,
    amount_at_risk: BTreeMap<&'a str, String>,
    rules: BTreeMap<&'a str, Rule<'a>>,
    unseen: &'a [String],
    /// Only where a baseline was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Since>,
    /// Only where suppressions were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<Suppressed<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Policy<'a> {
    id: &'a str,
    edition: &'a str,
    fingerprint: &'a str,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    kind: &'a str,
    id: &'a str,
    valid: &'a str,
}

#[derive(Serialize)]
struct Input<'a> {
    file: &'a str,
    layout: &'a str,
    /// Tables joined to it, with their files; absent where there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    joined: BTreeMap<&'a str, &'a str>,
    bytes: u64,
    rows: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct Rule<'a> {
    name: &'a str,
    findings: u64,
    services: u64,
    amount_at_risk: String,
}

#[derive(Serialize)]
struct Money {
    findings: u64,
    services: u64,
    amount_at_risk: String,
}

impl From<ShareTally> for Money {
    fn from(tally: ShareTally) -> Self {
        Self { findings: tally.findings, services: tally.services, amount_at_risk: tally.at_risk.to_string() }
    }
}

/// A share by disposition and in all, for JSON.
#[derive(Serialize)]
pub(crate) struct Shown(BTreeMap<&'static str, Money>);

impl Shown {
    /// Amounts are texts with two decimals.
    pub(crate) fn of(share: &Share) -> Self {
        let by = Disposition::WORDS.iter().map(|(word, disposition)| (*word, share.of_disposition(*disposition)));
        Self(by.chain([("all", share.all())]).map(|(word, tally)| (word, tally.into())).collect())
    }
}

/// What is new since the earlier report.
#[derive(Serialize)]
struct Since {
    new: Shown,
    known: Shown,
    gone: Shown,
}

/// What is suppressed, and what becomes of each suppression.
#[derive(Serialize)]
struct Suppressed<'a> {
    /// The day on which they were held against their expiry.
    today: String,
    findings: Shown,
    suppressions: Vec<Fate<'a>>,
}

#[derive(Serialize)]
struct Fate<'a> {
    number: usize,
    owner: &'a str,
    reason: &'a str,
    expires: String,
    state: &'static str,
    findings: u64,
}

impl<'a> Suppressed<'a> {
    fn of(all: &'a Suppressions, frame: &'a Frame, totals: &Totals) -> Self {
        let state = |(one, fits): (&'a Suppression, u64)| Fate {
            number: one.number,
            owner: &one.owner,
            reason: reason(one, frame),
            expires: one.expires.to_string(),
            state: one.state(fits).word(),
            findings: fits,
        };
        Self {
            today: all.today.to_string(),
            findings: Shown::of(&totals.suppressed),
            suppressions: totals.suppressions(all).map(state).collect(),
        }
    }
}

/// Writes summary.json when all parts are through. Amounts are texts with two decimals, so that no reader rounds them.
pub fn summary<'a>(about: About<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(Box::new(Pending { about, out: Mutex::new(out) }))
}

struct Pending<'a> {
    about: About<'a>,
    out: Mutex<Box<dyn Output>>,
}

impl Sink for Pending<'_> {
    fn format(&self, _: usize, _: &Content<'_>) -> io::Result<()> {
        Ok(())
    }

    fn append(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, totals: &Totals) -> io::Result<()> {
        let mut out = held(&self.out);
        serde_json::to_writer_pretty(&mut **out, &Summary::of(self.about, totals))?;
        writeln!(out)?;
        out.flush()
    }
}

impl<'a> Summary<'a> {
    fn of(about: About<'a>, totals: &Totals) -> Self {
        let (frame, summary) = (about.frame, &totals.summary);
        let policy = &frame.policy;
        let files = policy.origins.iter().map(|o| File { kind: o.kind, id: &o.id, valid: &o.valid }).collect();
        let mut amounts: BTreeMap<&str, String> = ServiceStatus::ALL
            .iter()
            .filter(|s| **s != ServiceStatus::Clear)
            .map(|s| (s.word(), summary.status(*s).at_risk.to_string()))
            .collect();
        amounts.insert("total", summary.at_risk().to_string());
        let rules = summary.rules.iter().map(|(id, tally)| {
            let doc = about.doc(*id);
            let rule = Rule {
                name: &doc.name,
                findings: tally.findings,
                services: tally.services,
                amount_at_risk: tally.at_risk.to_string(),
            };
            (doc.code.as_str(), rule)
        });
        let input = |i: &'a crate::run::Input| Input {
            file: &i.name,
            layout: &i.layout,
            joined: i.joined.iter().map(|(table, file)| (table.as_str(), file.as_str())).collect(),
            bytes: i.bytes,
            rows: i.rows,
            rejected: i.rejects.len(),
        };
        Self {
            schema: SCHEMA,
            tool: Tool { name: "claimlint", version: env!("CARGO_PKG_VERSION") },
            policy: Policy {
                id: &policy.id,
                edition: &policy.edition(None).id,
                fingerprint: &policy.fingerprint,
                files,
            },
            inputs: frame.inputs.iter().map(input).collect(),
            ledger: frame.ledger,
            services: ServiceStatus::ALL.iter().map(|s| (s.word(), summary.status(*s).services)).collect(),
            amount_at_risk: amounts,
            rules: rules.collect(),
            unseen: &policy.unseen,
            new: totals.new.as_ref().map(|tally| Since {
                new: Shown::of(&tally.new),
                known: Shown::of(&tally.known),
                gone: Shown::of(&tally.gone),
            }),
            suppressed: frame.suppressions.as_ref().map(|all| Suppressed::of(all, frame, totals)),
        }
    }
}
