//! summary.json: the ledger and the totals for other programs. The same inputs give the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Mutex;

use serde::{Serialize, Serializer};

use crate::claim::Sum;
use crate::claim::authorization::AuthorizationCoverage;
use crate::ingest::field::{Field, Group};
use crate::ingest::{TableCounts, TableUsage};
use crate::ledger::Ledger;
use crate::policy::Disposition;
use crate::report::labels::LabelKind;
use crate::report::sink::{Output, Sink, lock};
use crate::report::table::record::{owner, reason};
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};
use crate::report::words::warning::sentence;
use crate::rules::judge::ServiceStatus;
use crate::run::{Masked, RunContext};
use crate::suppress::{Suppression, Suppressions};
use crate::tally::{Share, ShareTally, StatusTally};
use crate::warning::Warning;

/// The name of the file.
pub const FILE: &str = "summary.json";

/// Name and version of the schema of summary.json. The version is raised when a key changes its meaning.
pub(crate) const SCHEMA: &str = "claimlint-summary/2";

/// The value of `masked` where dates are cut to months: a report with days knows hardly any of its findings again.
pub(crate) const IDS_AND_DAYS: &str = "ids-and-days";

#[derive(Serialize)]
struct SummaryJson<'a> {
    schema: &'a str,
    tool: ToolJson,
    policy: PolicyJson<'a>,
    /// The codes that make a row a service. A finding on other codes is on a related row.
    listed_codes: Vec<&'a str>,
    /// Only in a masked report.
    #[serde(skip_serializing_if = "Option::is_none")]
    masked: Option<&'static str>,
    inputs: Vec<InputJson<'a>>,
    /// Only where tables were joined.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joined_tables: Vec<TableCounts>,
    absent: Vec<&'static str>,
    /// By numbered field, the fewest columns that an extract has for it.
    columns: BTreeMap<&'static str, u64>,
    warnings: Vec<WarningJson<'a>>,
    /// Only if an authorization file was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizations: Option<AuthorizationCoverage>,
    after_verified: u64,
    unread: BTreeMap<&'static str, Vec<(&'a str, u64)>>,
    ledger: Ledger,
    services: BTreeMap<&'a str, u64>,
    /// Null if the extracts have no column for amounts.
    amount_at_risk: Option<BTreeMap<&'a str, String>>,
    /// Null if the extracts have no column for amounts.
    recoverable: Option<BTreeMap<&'a str, String>>,
    rules: BTreeMap<&'a str, RuleJson<'a>>,
    /// The rules that `--select` and `--ignore` leave out; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_asked: Vec<&'a str>,
    unseen: &'a [String],
    /// By NPI, the names of billing providers; absent if no extract has them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    provider_names: &'a BTreeMap<Box<str>, Box<str>>,
    /// Only if a baseline was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<NewJson>,
    /// Only if suppressions were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<SuppressedJson<'a>>,
}

#[derive(Serialize)]
struct ToolJson {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct PolicyJson<'a> {
    id: &'a str,
    edition: &'a str,
    fingerprint: &'a str,
    files: Vec<PolicyFileJson<'a>>,
}

#[derive(Serialize)]
struct PolicyFileJson<'a> {
    kind: &'a str,
    id: &'a str,
    valid: &'a str,
}

#[derive(Serialize)]
struct InputJson<'a> {
    file: &'a str,
    layout: &'a str,
    /// Tables joined to it, with their files; absent if there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    joined: BTreeMap<&'a str, &'a str>,
    bytes: u64,
    rows: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct WarningJson<'a> {
    #[serde(flatten)]
    warning: &'a Warning,
    message: String,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    name: &'a str,
    findings: u64,
    services: u64,
    /// Null if the extracts have no column for amounts.
    amount_at_risk: Option<String>,
}

#[derive(Serialize)]
struct TallyJson {
    findings: u64,
    services: u64,
    /// Null if the extracts have no column for amounts.
    amount_at_risk: Option<String>,
}

impl TallyJson {
    fn new(tally: ShareTally, knows_amounts: bool) -> Self {
        Self {
            findings: tally.findings,
            services: tally.services,
            amount_at_risk: knows_amounts.then(|| tally.at_risk.to_string()),
        }
    }
}

/// Findings by disposition and in total, for JSON.
#[derive(Serialize)]
pub(crate) struct ShareJson(BTreeMap<&'static str, TallyJson>);

impl ShareJson {
    /// Amounts are strings with two decimals, or null if they are not known.
    pub(crate) fn of(share: &Share, knows_amounts: bool) -> Self {
        let by = Disposition::WORDS.iter().map(|(word, disposition)| (*word, share.of_disposition(*disposition)));
        Self(
            by.chain([("all", share.all())])
                .map(|(word, tally)| (word, TallyJson::new(tally, knows_amounts)))
                .collect(),
        )
    }
}

/// What is new since the earlier report.
#[derive(Serialize)]
struct NewJson {
    new: ShareJson,
    known: ShareJson,
    gone: ShareJson,
}

/// The suppressed findings, and the matches of each suppression.
#[derive(Serialize)]
struct SuppressedJson<'a> {
    /// The day with which their expiry was compared.
    today: String,
    findings: ShareJson,
    suppressions: SuppressionList<'a>,
    /// Those that come after the listed ones; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions_not_listed: Option<usize>,
}

/// Most bytes of a manifest or a summary that are read: enough for a hundred thousand inputs. What is decoded from them
/// takes up to 16 times as much, which is the least `--memory`.
pub(crate) const LARGEST_BYTES: u64 = 32 << 20;

/// Bytes of suppressions that are listed. Half of the largest summary.json that `claimlint compare` reads.
const LISTED_BYTES: usize = LARGEST_BYTES as usize / 2;

/// Bytes of a listed suppression besides its owner and reason: six keys with their indentation and their values.
const BYTES_PER_SUPPRESSION: usize = 224;

/// The listed suppressions: each is made when it is written.
struct SuppressionList<'a> {
    all: &'a Suppressions,
    run: &'a RunContext,
    totals: &'a Totals,
    listed: usize,
}

impl Serialize for SuppressionList<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.totals.suppressions(self.all).take(self.listed).map(|(one, fits)| SuppressionJson {
            number: one.number,
            owner: owner(one, self.run),
            reason: reason(one, self.run),
            expires: one.expires.to_string(),
            state: one.state(fits).word(),
            findings: fits,
        }))
    }
}

#[derive(Serialize)]
struct SuppressionJson<'a> {
    number: u32,
    owner: &'a str,
    reason: &'a str,
    expires: String,
    state: &'static str,
    findings: u64,
}

impl<'a> SuppressedJson<'a> {
    fn of(all: &'a Suppressions, run: &'a RunContext, totals: &'a Totals) -> Self {
        let mut bytes = 0;
        let mut fits = |one: &&Suppression| {
            // A control character takes six bytes in JSON.
            bytes += BYTES_PER_SUPPRESSION + 6 * (owner(one, run).len() + reason(one, run).len());
            bytes <= LISTED_BYTES
        };
        let listed = all.list.iter().take_while(|one| fits(one)).count();
        Self {
            today: all.today.to_string(),
            findings: ShareJson::of(&totals.suppressed, run.knows_amounts()),
            suppressions: SuppressionList { all, run, totals, listed },
            suppressions_not_listed: Some(all.list.len() - listed).filter(|rest| *rest > 0),
        }
    }
}

/// Writes summary.json after the last part. Amounts are strings with two decimals, so that no reader rounds them.
pub fn summary<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(Box::new(SummarySink { context, out: Mutex::new(out) }))
}

struct SummarySink<'a> {
    context: ReportContext<'a>,
    out: Mutex<Box<dyn Output>>,
}

impl Sink for SummarySink<'_> {
    fn format(&self, _: usize, _: &PartView<'_>) -> io::Result<()> {
        Ok(())
    }

    fn append(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, totals: &Totals) -> io::Result<()> {
        let mut out = lock(&self.out);
        serde_json::to_writer_pretty(&mut **out, &SummaryJson::of(self.context, totals))?;
        writeln!(out)?;
        out.flush()
    }
}

/// The fields for which at least one extract has no column, in the order of the fields.
fn absent(run: &RunContext) -> Vec<&'static str> {
    let lacks =
        |field: Field| run.inputs.iter().any(|input| !input.is_passed_over() && input.unmapped.contains(&field));
    let fields = Field::NAMES.iter().filter(|(field, _)| !field.is_printed_only());
    fields.filter(|(field, _)| lacks(*field)).map(|(_, name)| *name).collect()
}

/// The fewest columns that an extract has, by numbered field.
fn columns(run: &RunContext) -> BTreeMap<&'static str, u64> {
    let inputs = || run.inputs.iter().filter(|input| !input.is_passed_over());
    let fewest = |group: Group| inputs().map(|input| input.columns[group as usize]).min().unwrap_or_default();
    Group::NAMES.iter().map(|(group, name, _)| (*name, fewest(*group))).collect()
}

impl<'a> SummaryJson<'a> {
    fn of(context: ReportContext<'a>, totals: &'a Totals) -> Self {
        let (run, summary) = (context.run, &totals.summary);
        let policy = &run.policy;
        let files =
            policy.origins.iter().map(|o| PolicyFileJson { kind: o.kind.word(), id: &o.id, valid: &o.valid }).collect();
        let known = run.knows_amounts();
        // Only services to deny or review have an amount at risk.
        let sums = |of: fn(StatusTally) -> Sum, total: Sum| {
            let statuses = [ServiceStatus::Deny, ServiceStatus::Review];
            let by_status = statuses.map(|status| (status.word(), of(summary.status(status)).to_string()));
            known.then(|| by_status.into_iter().chain([("total", total.to_string())]).collect())
        };
        let unread = LabelKind::ALL.map(|kind| (kind.key(), totals.unread_labels(kind, run)));
        let rules = summary.rules.iter().map(|(id, tally)| {
            let doc = context.doc(*id);
            let rule = RuleJson {
                name: &doc.name,
                findings: tally.findings,
                services: tally.services,
                amount_at_risk: known.then(|| tally.at_risk.to_string()),
            };
            (doc.code.as_str(), rule)
        });
        let input = |i: &'a crate::run::Input| InputJson {
            file: &i.name,
            layout: &i.layout,
            joined: i.joined.iter().map(|(table, file)| (table.as_str(), file.as_str())).collect(),
            bytes: i.bytes,
            rows: i.rows,
            rejected: i.rejects.len(),
        };
        Self {
            schema: SCHEMA,
            tool: ToolJson { name: "claimlint", version: env!("CARGO_PKG_VERSION") },
            policy: PolicyJson {
                id: &policy.id,
                edition: &policy.edition(None).id,
                fingerprint: &policy.fingerprint,
                files,
            },
            listed_codes: policy
                .codes
                .iter()
                .filter(|(_, known)| known.listed)
                .map(|(_, known)| &*known.code)
                .collect(),
            masked: match run.masked {
                Masked::Nothing => None,
                Masked::Ids => Some("ids"),
                Masked::IdsAndDays => Some(IDS_AND_DAYS),
            },
            inputs: run.inputs.iter().map(input).collect(),
            joined_tables: run.tables.iter().map(TableUsage::counts).collect(),
            absent: absent(run),
            columns: columns(run),
            warnings: totals
                .warnings
                .iter()
                .map(|warning| WarningJson { warning, message: sentence(warning) })
                .collect(),
            authorizations: totals.coverage(run),
            after_verified: totals.after_verified,
            unread: unread.into(),
            ledger: run.ledger,
            services: ServiceStatus::ALL.iter().map(|s| (s.word(), summary.status(*s).services)).collect(),
            amount_at_risk: sums(|tally| tally.at_risk, summary.at_risk()),
            recoverable: sums(|tally| tally.recoverable, summary.recoverable()),
            rules: rules.collect(),
            not_asked: policy.not_asked(),
            unseen: &policy.unseen,
            provider_names: totals.names.by_npi(),
            new: totals.new.as_ref().map(|tally| NewJson {
                new: ShareJson::of(&tally.new, known),
                known: ShareJson::of(&tally.known, known),
                gone: ShareJson::of(&tally.gone, known),
            }),
            suppressed: run.suppressions.as_ref().map(|all| SuppressedJson::of(all, run, totals)),
        }
    }
}
