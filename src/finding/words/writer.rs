//! What sentences are made from, and the words that all of them share.

use std::fmt;

use jiff::civil::Date;

use crate::claim::authorization::AuthorizationFile;
use crate::claim::{CodeId, Line, LineSet};
use crate::policy::{Class, Policy};

/// What messages are made from: the lines as they are printed, and what they are compared with.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// The lines.
    pub line_set: &'a LineSet<'a>,
    /// The authorization file, if one was given.
    pub authorizations: Option<&'a AuthorizationFile>,
    /// Print only year and month of dates.
    pub months_only: bool,
    /// The name of an extract by its number.
    pub extracts: &'a dyn Fn(u32) -> &'a str,
}

/// Words the message about one line or service.
pub(super) struct MessageWriter<'a> {
    pub(super) words: Words<'a>,
    pub(super) line: Line<'a>,
    /// The codes of the service, or all known codes of another line.
    pub(super) codes: &'a [CodeId],
}

impl<'a> MessageWriter<'a> {
    /// Codes and day.
    pub(super) fn what(&self, codes: &[CodeId]) -> String {
        let codes = self.names(codes.iter().copied(), ";");
        match self.line.date {
            Some(date) => format!("{codes} on {}", self.day(date)),
            None => codes,
        }
    }

    pub(super) fn day(&self, date: Date) -> Day {
        Day { date, month_only: self.words.months_only }
    }

    pub(super) fn class(&self) -> &'a Class {
        self.words.policy.class(self.line.class)
    }

    pub(super) fn code(&self, id: CodeId) -> &'a str {
        self.words.policy.code(id)
    }

    pub(super) fn names(&self, codes: impl Iterator<Item = CodeId>, between: &str) -> String {
        codes.map(|id| self.code(id)).collect::<Vec<_>>().join(between)
    }
}

/// A day as printed: whole, or its month only.
pub(super) struct Day {
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
