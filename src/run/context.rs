//! What holds for all parts of a run, and a part that was judged.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::baseline::{BaselineFacts, BaselineFindings};
use crate::claim::authorization::{AuthorizationFile, Authorizations};
use crate::claim::{Batch, LineSet};
use crate::ingest::field::{Field, Group};
use crate::ingest::{InputFile, Rejects, TableUsage};
use crate::ledger::Ledger;
use crate::policy::Policy;
use crate::rules::judge::Judged;
use crate::suppress::{SuppressionMatches, Suppressions};
use crate::tally::Summary;
use crate::warning::Warning;

/// One extract of a run, after reading.
#[derive(Debug)]
pub struct Input {
    /// As given.
    pub name: String,
    /// Bytes of text after decompression.
    pub bytes: u64,
    /// Rows after the header.
    pub rows: u64,
    /// The layout it was read with.
    pub layout: String,
    /// The tables joined to it, each with its file as named by the user.
    pub joined: Vec<(String, String)>,
    /// Its rejected rows.
    pub rejects: Rejects,
    /// Fields it does not have, with the consequence.
    pub absent: Vec<(Field, &'static str)>,
    /// Fields without a column, whether or not that has a consequence.
    pub unmapped: Vec<Field>,
    /// How many empty fields more than the header all its rows have.
    pub surplus_fields: usize,
    /// By [`Group`], the number of its columns.
    pub columns: [u64; Group::NAMES.len()],
}

/// The layout that is stated of an extract that was passed over.
pub(crate) const NO_LAYOUT: &str = "none";

impl Input {
    /// Has it a column for amounts?
    pub(crate) fn knows_amounts(&self) -> bool {
        let amounts = [Field::PaidAmount, Field::AllowedAmount, Field::ChargeAmount];
        amounts.iter().any(|field| !self.unmapped.contains(field))
    }

    /// An empty part of a run. It has no column, and nothing is to be said about that.
    pub(super) fn passed_over(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            bytes: 0,
            rows: 0,
            layout: NO_LAYOUT.to_owned(),
            joined: Vec::new(),
            rejects: Rejects::default(),
            absent: Vec::new(),
            unmapped: Field::NAMES.iter().map(|(field, _)| *field).collect(),
            surplus_fields: 0,
            columns: [0; Group::NAMES.len()],
        }
    }

    /// Was it passed over because it is empty? Any other extract has a claim number.
    pub(crate) fn is_passed_over(&self) -> bool {
        self.unmapped.contains(&Field::ClaimId)
    }
}

/// What holds for all parts of a run.
pub struct RunContext {
    /// The policy in force.
    pub policy: Policy,
    /// The extracts, in the order given.
    pub inputs: Vec<Input>,
    /// The input files with their hashes; empty if they were not hashed.
    pub input_files: Vec<InputFile>,
    /// How the joined tables were used, each once.
    pub tables: Vec<TableUsage>,
    /// Rows by bin.
    pub ledger: Ledger,
    /// The authorization file, if one was given; masked if the run is.
    pub authorizations: Option<Authorizations>,
    /// What is masked.
    pub masked: Masked,
    /// The accepted findings, if a file of suppressions was given.
    pub suppressions: Option<Suppressions>,
    /// The day of the run, if it was given with `--today`.
    pub today: Option<jiff::civil::Date>,
    /// The findings of the baseline report, if one was given.
    pub baseline: Option<BaselineFindings>,
    /// What that report says of its inputs.
    pub baseline_facts: Option<BaselineFacts>,
    /// What was noticed while settings and extracts were read.
    pub warnings: Vec<Warning>,
}

/// What is masked in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Masked {
    /// Nothing.
    Nothing,
    /// Member, claim and authorization ids.
    Ids,
    /// The same ids, and dates are cut to their month.
    IdsAndDays,
}

/// Consecutive lines, judged.
pub struct JudgedPart<'a> {
    /// The lines with what belongs to them.
    pub line_set: LineSet<'a>,
    /// Judgments and findings.
    pub judged: Judged,
    /// What the suppressions match among the findings.
    pub matches: SuppressionMatches,
    /// The rows of the authorization file by which it was judged, masked if the run is: all rows, or those that its lines need.
    pub authorization_file: Option<Arc<AuthorizationFile>>,
}

/// A run in one part: worked examples, tests, the dossier of a claim.
pub struct JudgedRun {
    /// What holds for the run.
    pub context: RunContext,
    /// All lines.
    pub line_set: LineSet<'static>,
    /// All judgments and findings.
    pub judged: Judged,
    /// What the suppressions match among the findings.
    pub matches: SuppressionMatches,
    /// The rows of the authorization file, masked if the run is.
    pub authorization_file: Option<Arc<AuthorizationFile>>,
    /// Counts and money.
    pub summary: Summary,
}

impl RunContext {
    /// The context of a run over these extracts, without mask, suppressions and baseline.
    pub fn new(policy: Policy, inputs: Vec<Input>, ledger: Ledger, authorizations: Option<Authorizations>) -> Self {
        let (input_files, tables, masked) = (Vec::new(), Vec::new(), Masked::Nothing);
        Self {
            policy,
            inputs,
            input_files,
            tables,
            ledger,
            authorizations,
            masked,
            suppressions: None,
            today: None,
            baseline: None,
            baseline_facts: None,
            warnings: Vec::new(),
        }
    }

    /// Are amounts known? Only if one of the extracts has a column for them; otherwise sums are unknown, not zero.
    pub fn knows_amounts(&self) -> bool {
        self.inputs.iter().any(Input::knows_amounts)
    }

    /// Matches the suppressions with findings. `lines` are the lines of the line set before masking.
    pub(super) fn matches(&self, judged: &Judged, lines: &Batch, line_set: &LineSet<'_>) -> SuppressionMatches {
        let meet = |all: &Suppressions| all.meet(&judged.findings, lines, line_set, &self.policy);
        self.suppressions.as_ref().map(meet).unwrap_or_default()
    }
}
