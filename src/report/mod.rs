//! Everything that is written: one file per format, the roster here, all or nothing on disk.
//!
//! Reports know findings, answers and counts, no rule: names, citations and reason codes come as data. A run comes in parts:
//! each is judged, formatted by every [`Sink`] on one thread while it is in that core's cache, and forgotten; the sinks put
//! the pieces down in order. So nothing but the lines of a run is ever held whole. Only [`dir`] knows directories.

pub(crate) mod claim;
pub mod dir;
pub mod format;
pub mod table;
pub mod top_services;
pub mod verify;
pub mod words;

pub mod compare;
pub mod sink;

use std::borrow::Cow;

use crate::claim::{Book, Line};
use crate::finding::{Finding, RuleId, Subject};
use crate::policy::RuleSetting;
use crate::report::format::{csv, dossier, html, jsonl, parquet, rollup, summary_json, xlsx};
use crate::report::sink::Open;
use crate::report::top_services::Highest;
use crate::rules::doc::RuleDoc;
use crate::rules::judge::{Judged, Judgement};
use crate::run::{Frame, Outcome, Part};

use crate::baseline::Entry;
use crate::suppress::Met;
use crate::tally::{NewTally, Share, Summary};

/// What all parts of a report have in common.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// What holds for the run.
    pub frame: &'a Frame,
    /// The rules' documentation, in roster order.
    pub docs: &'a [RuleDoc],
}

/// A part of a run, as reports see it.
#[derive(Clone, Copy)]
pub struct Content<'a> {
    /// What all parts have in common.
    pub about: About<'a>,
    /// The lines with what belongs to them.
    pub book: &'a Book<'a>,
    /// Judgements and findings.
    pub judged: &'a Judged,
    /// What the suppressions come to on the findings.
    pub met: &'a Met,
}

/// What all parts came to.
#[derive(Debug, Default)]
pub struct Totals {
    /// Counts and money.
    pub summary: Summary,
    /// The services with the highest amounts at risk.
    pub highest: Highest,
    /// Services that are lines with a listed CPT code.
    pub lines: u64,
    /// Services that are claims with listed ICD-10-PCS codes.
    pub stays: u64,
    /// The suppressed findings.
    pub suppressed: Share,
    /// By suppression, the findings that it fits.
    pub fits: Vec<u64>,
    /// Every finding, if the run is held to an earlier report.
    entries: Vec<Entry>,
    /// Services and lines so far: the numbers that entries count on.
    subjects: usize,
    /// What is new since that report, once all parts are through.
    pub new: Option<NewTally>,
}

/// One output file.
#[derive(Clone, Copy)]
pub struct Format {
    /// Its file name in the report directory.
    pub file: &'static str,
    /// What it holds, for the README and the report.
    pub about: &'static str,
    /// The word of `--format` that asks for it. None: it is always there.
    pub word: Option<&'static str>,
    /// Begins it.
    pub open: Open,
}

/// Times, threads and host of the run: the only file that may differ between two runs, and not one of [`FORMATS`].
pub const RUN: &str = "run.json";

/// All files that a report may have, in the order in which they are named.
pub const FORMATS: &[Format] = &[
    Format { file: "services.csv", about: "every service with its verdict", word: None, open: csv::services },
    Format {
        file: "findings.csv",
        about: "every finding with its reason and citation",
        word: None,
        open: csv::findings,
    },
    Format { file: "rejects.csv", about: "every row that could not be used", word: None, open: csv::rejects },
    Format { file: "summary.json", about: "ledger and totals for machines", word: None, open: summary_json::summary },
    Format { file: "report.html", about: "the page to read and forward", word: None, open: html::report },
    Format { file: "report.xlsx", about: "the same for Excel and LibreOffice", word: Some("xlsx"), open: xlsx::report },
    Format { file: "services.parquet", about: "every service, typed", word: Some("parquet"), open: parquet::services },
    Format { file: "findings.parquet", about: "every finding, typed", word: Some("parquet"), open: parquet::findings },
    Format { file: "services.jsonl", about: "every service as JSON Lines", word: Some("jsonl"), open: jsonl::services },
    Format { file: "findings.jsonl", about: "every finding as JSON Lines", word: Some("jsonl"), open: jsonl::findings },
    Format { file: "rollup-rule.csv", about: "sums by rule", word: Some("rollups"), open: rollup::rule },
    Format {
        file: "rollup-product-class.csv",
        about: "sums by product class",
        word: Some("rollups"),
        open: rollup::product_class,
    },
    Format {
        file: "rollup-provider.csv",
        about: "sums by billing provider",
        word: Some("rollups"),
        open: rollup::provider,
    },
    Format { file: "rollup-month.csv", about: "sums by month", word: Some("rollups"), open: rollup::month_of_service },
    Format {
        file: "rollup-facility.csv",
        about: "sums by kind of facility",
        word: Some("rollups"),
        open: rollup::facility_kind,
    },
    Format { file: dossier::FILE, about: "the kept lines, for claimlint explain", word: None, open: dossier::open },
];

impl<'a> About<'a> {
    /// The documentation of a rule.
    pub fn doc(self, rule: RuleId) -> &'a RuleDoc {
        &self.docs[usize::from(rule.0)]
    }

    /// What the policy says of a rule.
    pub fn setting(self, rule: RuleId) -> &'a RuleSetting {
        self.frame.policy.rule(&self.doc(rule).code)
    }

    /// The extract that a line came from, as given.
    pub fn file(self, line: Line<'_>) -> &'a str {
        &self.frame.inputs[line.extract as usize].name
    }

    /// A part of the run.
    pub fn part(self, part: &'a Part<'a>) -> Content<'a> {
        Content { about: self, book: &part.book, judged: &part.judged, met: &part.met }
    }

    /// A whole run as its only part.
    pub fn of(outcome: &'a Outcome, docs: &'a [RuleDoc]) -> Content<'a> {
        let about = About { frame: &outcome.frame, docs };
        Content { about, book: &outcome.book, judged: &outcome.judged, met: &outcome.met }
    }
}

impl<'a> Content<'a> {
    /// The message of a finding, for the analyst: the values that made it fire.
    pub fn message<'f>(&self, finding: &'f Finding) -> Cow<'f, str> {
        Cow::Borrowed(&finding.message)
    }

    /// What was decided about the service of a finding; none for other lines.
    pub fn judgement(&self, finding: &Finding) -> Option<&'a Judgement> {
        match finding.subject {
            Subject::Service(i) => Some(&self.judged.services[i]),
            Subject::Related(_) | Subject::Withdrawn(_) => None,
        }
    }
}
