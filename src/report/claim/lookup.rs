//! Finds the claims that somebody asks about: by claim number, member, authorization number or billing provider.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::claim::line::kept::IdKind;
use crate::claim::line::mask::Mask;
use crate::claim::value::authorization::key;
use crate::claim::{Line, Text};
use crate::report::view::PartView;
use crate::rules::input::printed_codes;
use crate::rules::judge::ServiceStatus;

/// The kind of number by which a claim was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FoundBy {
    /// Its claim number, character by character.
    Claim,
    /// The letters and digits of its claim number, upper-cased.
    SimilarClaim,
    /// The number of its member.
    Member,
    /// An authorization number on it.
    Authorization,
    /// Its billing NPI.
    Provider,
}

impl FoundBy {
    /// What the number is, in words.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Claim | Self::SimilarClaim => "claim number",
            Self::Member => "member",
            Self::Authorization => "authorization number",
            Self::Provider => "billing provider",
        }
    }
}

/// What somebody asks for: the number as typed, and its tokens in a masked report.
pub(crate) struct Wanted<'a> {
    text: &'a str,
    letters: String,
    authorization: String,
    tokens: Option<[String; 3]>,
    date: Option<Date>,
}

/// A claim that fits, on one line.
pub(crate) struct FoundClaim<'a> {
    /// The claim number, as `explain` takes it.
    pub(crate) claim: &'a str,
    /// By what it was found.
    pub(crate) by: FoundBy,
    /// The first service date on its rows, as read.
    pub(crate) date: String,
    /// The codes of its first row that has one.
    pub(crate) codes: String,
    /// Its member.
    pub(crate) member: &'a str,
    /// Its billing provider.
    pub(crate) provider: &'a str,
    /// The most severe status of its services; `None` if it has none.
    pub(crate) status: Option<ServiceStatus>,
}

/// Upper-cased letters and digits.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

impl<'a> Wanted<'a> {
    /// The number as typed, and only claims with a service on `date`, if it is given. `mask` is the key of a masked report.
    pub(crate) fn new(typed: &'a str, date: Option<Date>, mask: Option<&Mask>) -> Self {
        let text = typed.trim();
        let token =
            |mask: &Mask| [IdKind::Claim, IdKind::Member, IdKind::Authorization].map(|kind| mask.token(kind, text));
        Self { text, letters: letters(text), authorization: key(text), tokens: mask.map(token), date }
    }

    /// By what a line is found.
    fn finds(&self, line: Line<'_>) -> Option<FoundBy> {
        let token = |place: usize| self.tokens.as_ref().map_or("", |tokens| tokens[place].as_str());
        let is = |own: &str, token: &str| !own.is_empty() && (own == self.text || own == token);
        let (claim, member) = (line.claim_id(), line.text(Text::MemberId));
        let is_authorization = |own: &str| {
            let own_key = key(own);
            !own_key.is_empty() && (own_key == self.authorization || own == token(2))
        };
        if is(claim, token(0)) {
            Some(FoundBy::Claim)
        } else if !self.letters.is_empty() && letters(claim) == self.letters {
            Some(FoundBy::SimilarClaim)
        } else if is(member, token(1)) || (!member.is_empty() && letters(member) == self.letters) {
            Some(FoundBy::Member)
        } else if line.text(Text::Authorization).split(';').any(is_authorization) {
            Some(FoundBy::Authorization)
        } else if is(line.text(Text::BillingNpi), "") {
            Some(FoundBy::Provider)
        } else {
            None
        }
    }

    fn is_on_day(&self, line: Line<'_>) -> bool {
        self.date.is_none_or(|day| line.date.is_some_and(|first| first <= day && day <= line.end_date.unwrap_or(first)))
    }
}

/// The claims that fit, in order of their first row. The claim with exactly this number is the only one, if there is one;
/// else claims whose number has the same letters and digits come before all others.
pub(crate) fn find<'a>(part: &PartView<'a>, wanted: &Wanted<'_>) -> Vec<FoundClaim<'a>> {
    let line_set = part.line_set;
    let mut first_rows: BTreeMap<&'a str, (usize, FoundBy)> = BTreeMap::new();
    for n in 0..line_set.lines.len() {
        let line = line_set.line(n);
        if let Some(by) = wanted.finds(line).filter(|_| wanted.is_on_day(line)) {
            let found = first_rows.entry(line.claim_id()).or_insert((n, by));
            found.1 = found.1.min(by);
        }
    }
    let best = first_rows.values().map(|(_, by)| *by).min();
    let by_number = best.filter(|by| *by <= FoundBy::SimilarClaim);
    let mut found: Vec<_> =
        first_rows.into_iter().filter(|(_, (_, by))| by_number.is_none_or(|best| *by == best)).collect();
    found.sort_unstable_by_key(|(_, (row, _))| *row);
    let wanted: BTreeSet<&str> = found.iter().map(|(claim, _)| *claim).collect();
    let mut statuses: BTreeMap<&str, ServiceStatus> = BTreeMap::new();
    for (i, judgment) in part.judged.services.iter().enumerate() {
        let claim = line_set.line_of(i).claim_id();
        if wanted.contains(claim) {
            let worst = statuses.entry(claim).or_insert(judgment.status);
            *worst = judgment.status.max(*worst);
        }
    }
    let one = |(claim, (row, by)): (&'a str, (usize, FoundBy))| {
        let line = line_set.line(row);
        FoundClaim {
            claim,
            by,
            date: line.date.map_or_else(|| line.text(Text::BadDate).to_owned(), |day| day.to_string()),
            codes: printed_codes(&part.context.run.policy, line.known),
            member: line.text(Text::MemberId),
            provider: line.text(Text::BillingNpi),
            status: statuses.get(claim).copied(),
        }
    };
    found.into_iter().map(one).collect()
}
