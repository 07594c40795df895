//! A finding, what it is about, and why a denial becomes a review.

use crate::claim::{CodeId, Line, LineSet, Text};
use crate::finding::evidence::Evidence;
use crate::finding::fingerprint::{About, Fingerprint};
use crate::policy::{Disposition, Policy};

/// Number of a rule in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub u8);

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A service, by its number in the line set.
    Service(usize),
    /// A related line, by its number in the line set.
    Related(usize),
    /// A line that a later version replaced or reversed, by its number in the line set.
    Withdrawn(usize),
}

/// Why a denial becomes a review: a fact that it rests on is uncertain. In the order in which the caps are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cap {
    /// The policy's authorization table does not name the product.
    Product,
    /// Another payer is primary.
    Secondary,
    /// The setting is not known, and only one setting requires a number.
    Setting,
    /// The admission or the place of service is an emergency.
    Emergency,
    /// Another service of the same session carries an authorization number.
    TwinAuthorization,
    /// No table knows the status word of the authorization.
    StatusUnread,
    /// The authorization names other codes of the policy: another level.
    Level,
    /// The authorization file has another approval that fits.
    OtherAuthorization,
    /// The service is older than the earliest edition of the policy.
    Edition,
    /// The service date cannot be read.
    Date,
    /// What tells encounters apart is missing: member, billing provider or claim form.
    Encounter,
    /// The primary code of the member and day is in another encounter.
    PrimaryElsewhere,
}

impl Cap {
    /// The word in `capped_by` of findings.csv.
    pub fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Secondary => "secondary",
            Self::Setting => "setting",
            Self::Emergency => "emergency",
            Self::TwinAuthorization => "twin-authorization",
            Self::StatusUnread => "status-unread",
            Self::Level => "level",
            Self::OtherAuthorization => "other-authorization",
            Self::Edition => "edition",
            Self::Date => "date",
            Self::Encounter => "encounter",
            Self::PrimaryElsewhere => "primary-elsewhere",
        }
    }
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// What this finding asks for.
    pub disposition: Disposition,
    /// The service or line on which it fired.
    pub subject: Subject,
    /// The line it points at, by its number in the line set.
    pub line: usize,
    /// The values that made it fire.
    pub evidence: Evidence,
    /// Why the finding is a review although the policy's disposition is `deny`.
    pub capped_by: Option<Cap>,
}

impl Finding {
    /// The codes that the finding is about: the codes of its service, or all known codes of another line. A reversed or
    /// superseded line has the code for which it would have been judged.
    pub fn codes<'a>(&self, line_set: &'a LineSet<'_>, policy: &'a Policy) -> impl Iterator<Item = &'a str> + use<'a> {
        let line = line_set.line(self.line);
        let listed = |id: &CodeId| policy.codes.get(*id).listed;
        let (ids, only_listed): (&'a [CodeId], bool) = match self.subject {
            Subject::Service(i) => (line_set.codes_of(i), false),
            Subject::Related(_) => (line.known, false),
            Subject::Withdrawn(_) => match line.known.iter().position(|id| line.cpt == Some(*id) && listed(id)) {
                Some(cpt) => (&line.known[cpt..=cpt], false),
                None => (line.known, line.known.iter().any(listed)),
            },
        };
        ids.iter().filter(move |id| !only_listed || policy.codes.get(**id).listed).map(|id| policy.code(*id))
    }

    /// Its fingerprint. `line` is its line, masked or not; `rule` is the code of its rule.
    pub fn fingerprint(&self, rule: &str, line: Line<'_>, line_set: &LineSet<'_>, policy: &Policy) -> Fingerprint {
        let date = line.date.map_or(String::new(), |date| date.to_string());
        let (claim, line_number) = (line.claim_id(), line.text(Text::LineNumber));
        Fingerprint::of(&About { rule, claim, line_number, date: &date }, self.codes(line_set, policy))
    }

    /// A number for its subject: services are numbered first, then the lines of the part.
    pub fn about(&self, line_set: &LineSet<'_>) -> usize {
        match self.subject {
            Subject::Service(i) => i,
            Subject::Related(line) | Subject::Withdrawn(line) => line_set.services.len() + line,
        }
    }
}
