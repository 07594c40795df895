//! Findings in English: the one place that turns [`Evidence`] into a sentence.
//!
//! The words are made when a report is written, from the lines as the report shows them. So a masked report words masked
//! cells, and nothing is formatted for findings that nobody prints.
//!
//! Order: diagnosis, authorization, coding, routing, session, quality, cap.

mod authorization;
mod cap;
mod coding;
mod diagnosis;
mod quality;
mod routing;
mod session;

use std::fmt;

use jiff::civil::Date;

use crate::claim::authorization::AuthorizationFile;
use crate::claim::{CodeId, Line, LineSet};
use crate::finding::evidence::{CodingEvidence, Evidence};
use crate::finding::{Finding, Subject};
use crate::policy::{Class, Policy};

/// What sentences are made from: the lines as they are printed, and what they are compared with.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The lines.
    pub line_set: &'a LineSet<'a>,
    /// The authorization file, if one was given.
    pub authorizations: Option<&'a AuthorizationFile>,
    /// Days are not printed, only their months.
    pub months_only: bool,
    /// The extracts as given, by their numbers.
    pub extracts: &'a dyn Fn(u32) -> &'a str,
}

impl Words<'_> {
    /// The message of a finding: what it is about, then what made it fire.
    pub fn message(self, finding: &Finding) -> String {
        let line = self.line_set.line(finding.line);
        let codes = match finding.subject {
            Subject::Service(service) => self.line_set.codes_of(service),
            Subject::Related(_) | Subject::Withdrawn(_) => line.known,
        };
        let said = Said { words: self, line, codes };
        // A code that is not in force is named alone, whatever other codes the line holds.
        let about = match finding.evidence {
            Evidence::Coding(CodingEvidence::NotYetInForce { code } | CodingEvidence::NoLongerInForce { code }) => {
                said.what(&[code])
            }
            _ => said.what(codes),
        };
        let sentence = said.sentence(&finding.evidence);
        match finding.capped_by {
            Some(cap) => {
                format!("{about}: {sentence}; to be reviewed, not denied: {}", said.cap(cap, &finding.evidence))
            }
            None => format!("{about}: {sentence}"),
        }
    }
}

/// A line or service of which something is said.
struct Said<'a> {
    words: Words<'a>,
    line: Line<'a>,
    /// The codes of the service, or all known codes of another line.
    codes: &'a [CodeId],
}

impl<'a> Said<'a> {
    fn sentence(&self, evidence: &Evidence) -> String {
        match evidence {
            Evidence::Diagnosis(evidence) => self.diagnosis(evidence),
            Evidence::Authorization(evidence) => self.authorization(evidence),
            Evidence::Coding(evidence) => self.coding(evidence),
            Evidence::Routing(evidence) => self.routing(evidence),
            Evidence::Session(evidence) => self.session(*evidence),
            Evidence::Quality(evidence) => self.quality(*evidence),
        }
    }

    /// Codes and day.
    fn what(&self, codes: &[CodeId]) -> String {
        let codes = self.names(codes.iter().copied(), ";");
        match self.line.date {
            Some(date) => format!("{codes} on {}", self.day(date)),
            None => codes,
        }
    }

    fn day(&self, date: Date) -> Day {
        Day { date, month_only: self.words.months_only }
    }

    fn class(&self) -> &'a Class {
        self.words.policy.class(self.line.class)
    }

    fn code(&self, id: CodeId) -> &'a str {
        self.words.policy.code(id)
    }

    fn names(&self, codes: impl Iterator<Item = CodeId>, between: &str) -> String {
        codes.map(|id| self.code(id)).collect::<Vec<_>>().join(between)
    }
}

/// A day as printed: whole, or its month only.
struct Day {
    date: Date,
    month_only: bool,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.month_only {
            write!(f, "{:04}-{:02}", self.date.year(), self.date.month())
        } else {
            write!(f, "{}", self.date)
        }
    }
}
