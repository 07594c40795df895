//! A row of the authorization file, and the procedures that it is for.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::claim::value::code::{CodeId, CodeTable, ProcedureColumn};
use crate::claim::value::code_set::CodeSet;

/// What the status of a row in the authorization file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Approval {
    /// It is an approval.
    Approved,
    /// It is known and not an approval.
    NotApproved,
    /// The status is empty or unknown.
    Unread,
}

/// One row of the authorization file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Authorization {
    /// Its numbers, joined by `;`. Empty if the cell holds none.
    pub number: String,
    /// Member. Empty if it fits every member.
    pub member_id: String,
    /// Procedure codes and ranges of codes, upper-case. Empty if it fits all procedures.
    pub procedures: Vec<String>,
    /// Status word, as it is in the file.
    pub status: String,
    /// What the status says.
    pub approval: Approval,
    /// First day.
    pub valid_from: Option<Date>,
    /// Last day.
    pub valid_to: Option<Date>,
    /// Authorized units. `None` means no limit.
    pub units: Option<Decimal>,
}

impl Authorization {
    /// Bytes of memory that it takes. Each text has a place in the allocator of 16 bytes and more.
    pub fn bytes(&self) -> usize {
        let text = |text: &String| text.capacity() + 16;
        let procedures = self.procedures.capacity() * size_of::<String>() + 16;
        let texts = text(&self.number) + text(&self.member_id) + text(&self.status);
        size_of::<Self>() + texts + procedures + self.procedures.iter().map(text).sum::<usize>()
    }

    /// Is any day of this span within its dates? A missing date is not a limit.
    pub fn covers(&self, (first, last): (Date, Date)) -> bool {
        self.span().is_some_and(|(to, from)| from <= last && first <= to)
    }

    /// Its last and its first day. `None`: it ends before it begins, so it is never valid.
    pub(super) fn span(&self) -> Option<(Date, Date)> {
        let (from, to) = (self.valid_from.unwrap_or(Date::MIN), self.valid_to.unwrap_or(Date::MAX));
        (from <= to).then_some((to, from))
    }

    /// Is it for one of these procedures? `known` are the codes that the policy knows.
    pub(crate) fn names_any_of(&self, codes: CodeSet, known: &CodeTable) -> bool {
        scope(&self.procedures, known).fits(codes)
    }
}

/// The procedures that a row of the authorization file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every procedure.
    Any,
    /// These known codes, and possibly others.
    Codes(CodeSet),
}

impl Scope {
    /// Is one of these codes among them?
    pub fn fits(self, codes: CodeSet) -> bool {
        match self {
            Self::Any => true,
            Self::Codes(own) => own.meets(codes),
        }
    }
}

/// The procedures that a list of codes and ranges stands for.
pub(super) fn scope(procedures: &[String], codes: &CodeTable) -> Scope {
    if procedures.is_empty() {
        return Scope::Any;
    }
    let mut known = CodeSet::default();
    for part in procedures {
        match part.split_once('-').and_then(|(from, to)| Some((five_digits(from)?, five_digits(to)?))) {
            Some((from, to)) => {
                let within = |code: &str| five_digits(code).is_some_and(|c| (from.min(to)..=from.max(to)).contains(&c));
                codes.iter().filter(|(_, code)| within(&code.code)).for_each(|(id, _)| known.insert(id));
            }
            None => known_codes(part, codes).into_iter().for_each(|id| known.insert(id)),
        }
    }
    Scope::Codes(known)
}

fn five_digits(code: &str) -> Option<u32> {
    code.parse().ok().filter(|_| code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit()))
}

/// The known codes of one entry, which is read like a procedure cell.
fn known_codes(part: &str, codes: &CodeTable) -> Vec<CodeId> {
    codes.read(part, ProcedureColumn::Procedure).codes
}
