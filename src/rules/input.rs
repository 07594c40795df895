//! The input of a rule: a service or line with everything that rules may use.

use std::fmt;

use crate::claim::index::service::SessionFacts;
use crate::claim::index::service::{Encounter, Stay};
use crate::claim::value::code_set::CodeSet;
use crate::claim::{CodeId, Kind, Line, LineSet, Service};
use crate::policy::{Class, Edition, Policy, Role};
use crate::rules::authorization_decision::AuthorizationDecision;
use crate::rules::necessity::{ListedOnLine, Necessity};

/// One service or line to be judged.
#[derive(Debug)]
pub struct RuleInput<'a> {
    /// The policy in force.
    pub policy: &'a Policy,
    /// Its line; for a stay the first one.
    pub line: Line<'a>,
    /// The service; `None` for related lines and for lines that are not live.
    pub service: Option<&'a Service>,
    /// Its encounter, if it is a service.
    pub encounter: Encounter,
    /// The stay, if the service is one.
    pub stay: Option<&'a Stay>,
    /// The CPT code of a service line, the listed codes of a stay, or all known codes of another line.
    pub codes: &'a [CodeId],
    /// A replacement or void that supersedes nothing but itself (DQ509).
    pub orphan: bool,
    /// A reversal that matches no row (DQ510).
    pub unmatched_reversal: bool,
    /// For a related line: the known codes of earlier related lines of its claim.
    pub earlier_codes: CodeSet,
    /// Product class.
    pub class: &'a Class,
    /// Edition in force.
    pub edition: &'a Edition,
    /// What the diagnoses show.
    pub necessity: Necessity,
    /// The listed diagnoses among the considered ones, which the rules on regions judge together. Empty unless
    /// necessity rests on them.
    pub(super) listed: ListedOnLine<'a>,
    /// What was found about the authorization.
    pub authorization: AuthorizationDecision,
}

impl<'a> RuleInput<'a> {
    /// The input for a service.
    #[inline]
    pub fn service(
        policy: &'a Policy,
        line_set: &'a LineSet<'_>,
        number: usize,
        authorization: AuthorizationDecision,
    ) -> Self {
        let (line, codes) = (line_set.line_of(number), line_set.codes_of(number));
        let service = &line_set.services[number];
        let stay = match &service.kind {
            Kind::Line(_) => None,
            Kind::Stay(stay) => Some(&line_set.stays[*stay]),
        };
        let class = policy.class(line.class);
        let edition = policy.edition(line.date);
        let (necessity, listed) = Necessity::new(line, class, edition, policy.icd10_from);
        Self {
            policy,
            line,
            service: Some(service),
            encounter: service.encounter,
            stay,
            codes,
            orphan: line_set.orphans.contains(&service.line),
            earlier_codes: CodeSet::default(),
            unmatched_reversal: false,
            class,
            edition,
            necessity,
            listed,
            authorization,
        }
    }

    /// The input for a related, reversed or superseded line.
    pub fn line(policy: &'a Policy, line_set: &'a LineSet<'_>, line: usize) -> Self {
        let (orphan, unmatched_reversal) = (line_set.orphans.contains(&line), line_set.unmatched.contains(&line));
        let earlier_codes = line_set.earlier_codes.get(&line).copied().unwrap_or_default();
        let line = line_set.line(line);
        Self {
            policy,
            line,
            service: None,
            encounter: Encounter::default(),
            stay: None,
            codes: line.known,
            orphan,
            earlier_codes,
            unmatched_reversal,
            class: policy.class(line.class),
            edition: policy.edition(line.date),
            necessity: Necessity::not_asked(),
            listed: ListedOnLine::new(),
            authorization: AuthorizationDecision::not_asked(),
        }
    }

    /// What other claims of the session show.
    pub fn session(&self) -> SessionFacts {
        self.service.map(Service::session).unwrap_or_default()
    }

    /// The CPT code of a service line.
    pub fn cpt(&self) -> Option<CodeId> {
        match self.service?.kind {
            Kind::Line(id) => Some(id),
            Kind::Stay(_) => None,
        }
    }

    /// The text of a code.
    pub fn code(&self, id: CodeId) -> &'a str {
        self.policy.code(id)
    }

    /// Codes and date, with which messages begin.
    pub fn what(&self) -> What<'_, 'a> {
        What(self)
    }

    /// The codes of the line, or of the stay's claim, that have a role.
    pub(crate) fn codes_with_role(&self, role: Role) -> impl Iterator<Item = CodeId> {
        let mut codes = self.stay.map(|stay| stay.all_codes).unwrap_or_default();
        if self.stay.is_none() {
            self.line.known.iter().for_each(|id| codes.insert(*id));
        }
        self.among(role, codes)
    }

    /// The codes of the encounter that have a role.
    pub(crate) fn in_encounter(&self, role: Role) -> impl Iterator<Item = CodeId> {
        self.among(role, self.encounter.codes)
    }

    fn among(&self, role: Role, codes: CodeSet) -> impl Iterator<Item = CodeId> {
        let any = codes.meets(self.policy.role_set(role));
        self.policy.with_role(role).take_while(move |_| any).filter(move |id| codes.contains(*id))
    }
}

/// Codes and date, written into a message without a string in between.
#[derive(Debug)]
pub struct What<'i, 'a>(&'i RuleInput<'a>);

impl fmt::Display for What<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, id) in self.0.codes.iter().enumerate() {
            f.write_str(if i > 0 { ";" } else { "" })?;
            f.write_str(self.0.code(*id))?;
        }
        match self.0.line.date {
            Some(date) => write!(f, " on {date}"),
            None => Ok(()),
        }
    }
}

/// Codes as outputs print them.
pub(crate) fn printed_codes(policy: &Policy, codes: &[CodeId]) -> String {
    codes.iter().map(|id| policy.code(*id)).collect::<Vec<_>>().join(";")
}
