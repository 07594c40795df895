//! Finds the claims that somebody asks about: by claim number, member, authorization number or billing provider.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::claim::line::kept::IdKind;
use crate::claim::line::mask::Mask;
use crate::claim::value::authorization::key;
use crate::claim::{Line, Text};
use crate::report::claim::place::place;
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
    narrower: Narrower<'a>,
    /// The token of the member in a masked report.
    member_token: String,
}

/// What narrows the claims that a number finds.
#[derive(Default)]
pub(crate) struct Narrower<'a> {
    /// Only claims with a service on this day.
    pub(crate) date: Option<Date>,
    /// Only claims of this member.
    pub(crate) member: Option<&'a str>,
    /// Only claims with a row of this billing provider.
    pub(crate) provider: Option<&'a str>,
    /// Only the claim with this row: its file and line, or its line.
    pub(crate) row: Option<&'a str>,
}

/// A claim that fits, on one line.
pub(crate) struct FoundClaim<'a> {
    /// The claim, as the index numbers it. Several members may share a claim number; each has a claim of its own.
    pub(crate) claim: u32,
    /// The claim number.
    pub(crate) number: &'a str,
    /// Its first row that fits.
    pub(crate) place: String,
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
    /// The number as typed, and what narrows the claims that it finds. `mask` is the key of a masked report.
    pub(crate) fn new(typed: &'a str, narrower: Narrower<'a>, mask: Option<&Mask>) -> Self {
        let text = typed.trim();
        let token =
            |mask: &Mask| [IdKind::Claim, IdKind::Member, IdKind::Authorization].map(|kind| mask.token(kind, text));
        let narrower = Narrower {
            member: narrower.member.map(str::trim),
            provider: narrower.provider.map(str::trim),
            row: narrower.row.map(str::trim),
            ..narrower
        };
        let member_token = mask.zip(narrower.member).map_or(String::new(), |(mask, id)| mask.token(IdKind::Member, id));
        Self { text, letters: letters(text), authorization: key(text), tokens: mask.map(token), narrower, member_token }
    }

    /// By what a line is found.
    pub(crate) fn finds(&self, line: Line<'_>) -> Option<FoundBy> {
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

    /// Is a line one of those to which the search is narrowed?
    fn admits(&self, part: &PartView<'_>, line: Line<'_>) -> bool {
        let Narrower { date, member, provider, row } = &self.narrower;
        let own = line.text(Text::MemberId);
        let is_member = |id: &str| !own.is_empty() && (letters(own) == letters(id) || own == self.member_token);
        let is_on = |day: Date| line.date.is_some_and(|first| first <= day && day <= line.end_date.unwrap_or(first));
        let is_row = |row: &str| row == line.row.to_string() || row == place(part, line);
        date.is_none_or(is_on)
            && member.is_none_or(is_member)
            && provider.is_none_or(|npi| line.text(Text::BillingNpi) == npi)
            && row.is_none_or(is_row)
    }
}

/// The claims that fit, in order of their first row. Claims with exactly this number are the only ones, if there are any;
/// else claims whose number has the same letters and digits come before all others.
pub(crate) fn find<'a>(part: &PartView<'a>, wanted: &Wanted<'_>) -> Vec<FoundClaim<'a>> {
    let line_set = part.line_set;
    let mut first_rows: BTreeMap<u32, (usize, FoundBy)> = BTreeMap::new();
    for n in 0..line_set.lines.len() {
        let line = line_set.line(n);
        if let Some(by) = wanted.finds(line).filter(|_| wanted.admits(part, line)) {
            let found = first_rows.entry(line_set.claim_of(n)).or_insert((n, by));
            found.1 = found.1.min(by);
        }
    }
    let best = first_rows.values().map(|(_, by)| *by).min();
    let by_number = best.filter(|by| *by <= FoundBy::SimilarClaim);
    let mut found: Vec<_> =
        first_rows.into_iter().filter(|(_, (_, by))| by_number.is_none_or(|best| *by == best)).collect();
    found.sort_unstable_by_key(|(_, (row, _))| *row);
    let wanted: BTreeSet<u32> = found.iter().map(|(claim, _)| *claim).collect();
    let mut statuses: BTreeMap<u32, ServiceStatus> = BTreeMap::new();
    for (i, judgment) in part.judged.services.iter().enumerate() {
        let claim = line_set.services[i].claim;
        if wanted.contains(&claim) {
            let worst = statuses.entry(claim).or_insert(judgment.status);
            *worst = judgment.status.max(*worst);
        }
    }
    let one = |(claim, (row, by)): (u32, (usize, FoundBy))| {
        let line = line_set.line(row);
        FoundClaim {
            claim,
            number: line.claim_id(),
            place: place(part, line),
            by,
            date: line.date.map_or_else(|| line.text(Text::BadDate).to_owned(), |day| day.to_string()),
            codes: printed_codes(&part.context.run.policy, line.known),
            member: line.text(Text::MemberId),
            provider: line.text(Text::BillingNpi),
            status: statuses.get(&claim).copied(),
        }
    };
    found.into_iter().map(one).collect()
}
