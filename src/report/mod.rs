//! Everything that is written: one file per format, the roster here, all or nothing on disk.
//!
//! Reports know findings, answers and counts, no rule: names, citations and reason codes come as data. Every format writes
//! into memory or a stream it is given; only [`place`] knows directories.

pub mod chart;
pub mod csv;
pub mod dossier;
pub(crate) mod explain;
mod facts;
pub mod figures;
pub mod html;
pub mod json;
mod lease;
pub mod manifest;
pub mod place;
pub mod whole;

use std::io;
use std::path::Path;

use rayon::prelude::*;

use crate::claim::{CodeId, Kind, Line};
use crate::finding::{Finding, Subject};
use crate::policy::RuleSetting;
use crate::rules::case::printed_codes;
use crate::rules::doc::RuleDoc;
use crate::rules::judge::Judgement;
use crate::run::Outcome;

/// What a report is made of.
pub struct Content<'a> {
    /// The run.
    pub outcome: &'a Outcome,
    /// The rules' documentation, in roster order.
    pub docs: &'a [RuleDoc],
}

/// One output file.
pub struct Format {
    /// Its file name in the report directory.
    pub file: &'static str,
    /// What it holds, for the README and the report.
    pub about: &'static str,
    /// Writes it.
    pub write: fn(&Content<'_>, &mut dyn io::Write) -> io::Result<()>,
}

/// The files of every report, in the order in which they are written.
pub const FORMATS: &[Format] = &[
    Format { file: "services.csv", about: "every service with its verdict", write: csv::services },
    Format { file: "findings.csv", about: "every finding with its reason and citation", write: csv::findings },
    Format { file: "rejects.csv", about: "every row that could not be used", write: csv::rejects },
    Format { file: "summary.json", about: "ledger and totals for machines", write: json::summary },
    Format { file: "report.html", about: "the page to read and forward", write: html::report },
    Format { file: dossier::FILE, about: "the kept lines, for claimlint explain", write: dossier::write },
];

/// Times, threads and host of the run: the only file that may differ between two runs, and not one of [`FORMATS`].
pub const RUN: &str = "run.json";

/// Writes all files of the report into an existing directory.
pub fn write_all(content: &Content<'_>, directory: &Path) -> io::Result<()> {
    // Side by side: the page is put together by one thread while the others format rows.
    FORMATS.par_iter().try_for_each(|format| {
        let mut file = io::BufWriter::with_capacity(1 << 18, place::create(&directory.join(format.file))?);
        (format.write)(content, &mut file)?;
        place::settle(file.into_inner()?)
    })
}

impl<'a> Content<'a> {
    /// The documentation of a finding's rule.
    pub fn doc(&self, rule: crate::finding::RuleId) -> &'a RuleDoc {
        &self.docs[usize::from(rule.0)]
    }

    /// What the policy says of a finding's rule.
    pub fn setting(&self, rule: crate::finding::RuleId) -> &'a RuleSetting {
        self.outcome.policy.rule(&self.doc(rule).code)
    }

    /// The line of a service.
    pub fn service_line(&self, service: usize) -> &'a Line {
        &self.outcome.book.lines[self.outcome.book.services[service].line]
    }

    /// The codes of a service, as printed.
    pub fn service_codes(&self, service: usize) -> String {
        let book = &self.outcome.book;
        let codes: &[CodeId] = match &book.services[service].kind {
            Kind::Line(id) => std::slice::from_ref(id),
            Kind::Stay(stay) => &book.stays[*stay].codes,
        };
        printed_codes(&self.outcome.policy, codes)
    }

    /// The codes that a finding is about, as printed: of its service, else all known codes of the line; a line taken
    /// back prints the code by which it would have been judged.
    pub fn finding_codes(&self, finding: &Finding) -> String {
        let policy = &self.outcome.policy;
        let line = &self.outcome.book.lines[finding.line];
        match finding.subject {
            Subject::Service(i) => self.service_codes(i),
            Subject::Related(_) => printed_codes(policy, &line.known),
            Subject::Withdrawn(_) => {
                if let Some(cpt) = line.cpt.filter(|id| policy.codes.get(*id).listed) {
                    return policy.code(cpt).to_owned();
                }
                let listed: Vec<CodeId> =
                    line.known.iter().copied().filter(|id| policy.codes.get(*id).listed).collect();
                printed_codes(policy, if listed.is_empty() { &line.known } else { &listed })
            }
        }
    }

    /// What was decided about the service of a finding; none for other lines.
    pub fn judgement(&self, finding: &Finding) -> Option<&'a Judgement> {
        match finding.subject {
            Subject::Service(i) => Some(&self.outcome.judged.services[i]),
            Subject::Related(_) | Subject::Withdrawn(_) => None,
        }
    }

    /// The extract that a line came from, as given.
    pub fn file(&self, line: &Line) -> &'a str {
        &self.outcome.inputs[line.extract as usize].name
    }
}
