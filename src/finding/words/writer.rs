//! What sentences are made from, and the words that all of them share.

use std::fmt;

use jiff::civil::Date;

use crate::claim::authorization::AuthorizationFile;
use crate::claim::{CodeId, Line, LineSet};
use crate::ingest::date::iso_digits;
use crate::policy::{Class, Policy};

/// Adds to a message, as `write!` does. A `String` takes everything.
macro_rules! say {
    ($to:expr, $($text:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($to, $($text)*);
    }};
}

pub(super) use say;

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

/// Words the message about one line or service. Each function adds to a text, because there are very many messages and the
/// pieces of each would take memory of their own.
pub(super) struct MessageWriter<'a> {
    pub(super) words: Words<'a>,
    pub(super) line: Line<'a>,
    /// The codes of the service, or all known codes of another line.
    pub(super) codes: &'a [CodeId],
}

impl<'a> MessageWriter<'a> {
    /// Codes and day.
    pub(super) fn what(&self, codes: &[CodeId], to: &mut String) {
        self.names(codes.iter().copied(), ";", to);
        if let Some(date) = self.line.date {
            say!(to, " on {}", self.day(date));
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

    pub(super) fn names(&self, codes: impl Iterator<Item = CodeId>, between: &str, to: &mut String) {
        join(codes, between, to, |id, to| to.push_str(self.code(id)));
    }
}

/// Adds what `add` adds for each item, and `between` between two of them.
pub(super) fn join<T>(
    items: impl Iterator<Item = T>,
    between: &str,
    to: &mut String,
    mut add: impl FnMut(T, &mut String),
) {
    for (n, item) in items.enumerate() {
        to.push_str(if n > 0 { between } else { "" });
        add(item, to);
    }
}

/// A day as printed: whole, or its month only.
pub(super) struct Day {
    date: Date,
    month_only: bool,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (month, day) = iso_digits(self.date);
        let [month, day]: [&[u8]; 2] = if self.month_only { [&month[..7], &[]] } else { [&month, &day] };
        [month, day].into_iter().try_for_each(|digits| f.write_str(std::str::from_utf8(digits).unwrap_or_default()))
    }
}
