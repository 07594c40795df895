//! Gates: conditions over the exact totals of a run, such as `deny.amount > 50000`.
//!
//! Values are fractions of any size, so nothing is rounded and nothing overflows; amounts are dollars, and a cent is
//! a hundredth. A condition that cannot be told, because something is divided by zero, is neither met nor not met;
//! `and` and `or` tell it where the other side decides alone. [`mod@parse`] reads the text.

pub mod parse;

use std::fmt;

use num_rational::BigRational;

use crate::claim::Sum;
use crate::finding::RuleId;
pub use crate::gate::parse::GateSyntaxError;
use crate::ledger::Ledger;
use crate::rules::judge::ServiceStatus;
use crate::tally::Summary;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Rows of one bin; none: all rows.
    Rows(Option<LedgerBin>),
    /// Services, all of them.
    Services,
    /// Findings, all of them.
    Findings,
    /// At risk, all of it.
    Amount,
    /// Services of a status.
    Status(ServiceStatus),
    /// At risk on them.
    StatusAmount(ServiceStatus),
    /// Findings of a rule.
    Rule(RuleId),
    /// Services among them.
    RuleServices(RuleId),
    /// At risk on those.
    RuleAmount(RuleId),
    /// What a baseline does not have.
    New(Baseline),
}

/// A bin of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerBin {
    /// Cannot be read.
    Rejected,
    /// Equal to an earlier row.
    Duplicate,
    /// Of a voided or replaced claim.
    Superseded,
    /// Hold a listed code.
    InScope,
    /// Hold a code that companion rules need.
    Related,
    /// None of these.
    OutOfScope,
}

/// A figure of what a baseline does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// Deny findings.
    Deny,
    /// Review findings.
    Review,
    /// Info findings.
    Info,
    /// Findings.
    Findings,
    /// At risk.
    Amount,
}

/// The figures of what a baseline does not have.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewFindings {
    /// Deny findings.
    pub deny: u64,
    /// Review findings.
    pub review: u64,
    /// Info findings.
    pub info: u64,
    /// At risk on services with such findings; each service once.
    pub amount: Sum,
}

/// What the names stand for in one run.
#[derive(Debug, Clone, Copy)]
pub struct GateInputs<'a> {
    /// Rows by bin.
    pub ledger: &'a Ledger,
    /// Counts and money.
    pub summary: &'a Summary,
    /// What the baseline does not have, if there is one.
    pub new: Option<NewFindings>,
}

/// The value of a name: a count, or an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// How many.
    Count(u64),
    /// How much.
    Amount(Sum),
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => n.fmt(f),
            Self::Amount(sum) => sum.fmt(f),
        }
    }
}

impl From<Figure> for BigRational {
    fn from(figure: Figure) -> Self {
        match figure {
            Figure::Count(n) => Self::from_integer(n.into()),
            Figure::Amount(sum) => Self::new(sum.0.into(), 100.into()),
        }
    }
}

impl GateInputs<'_> {
    /// The value of a name. Names of a baseline are zero without one; a gate that has them is refused then.
    pub fn figure(&self, name: Name) -> Figure {
        let (ledger, summary) = (self.ledger, self.summary);
        let rule = |id| summary.rules.get(&id).copied().unwrap_or_default();
        let new = self.new.unwrap_or_default();
        match name {
            Name::Rows(bin) => Figure::Count(match bin {
                None => ledger.rows,
                Some(LedgerBin::Rejected) => ledger.rejected,
                Some(LedgerBin::Duplicate) => ledger.duplicate,
                Some(LedgerBin::Superseded) => ledger.superseded,
                Some(LedgerBin::InScope) => ledger.in_scope,
                Some(LedgerBin::Related) => ledger.related,
                Some(LedgerBin::OutOfScope) => ledger.out_of_scope,
            }),
            Name::Services => Figure::Count(summary.services()),
            Name::Findings => Figure::Count(summary.dispositions.values().sum()),
            Name::Amount => Figure::Amount(summary.at_risk()),
            Name::Status(status) => Figure::Count(summary.status(status).services),
            Name::StatusAmount(status) => Figure::Amount(summary.status(status).at_risk),
            Name::Rule(id) => Figure::Count(rule(id).findings),
            Name::RuleServices(id) => Figure::Count(rule(id).services),
            Name::RuleAmount(id) => Figure::Amount(rule(id).at_risk),
            Name::New(Baseline::Deny) => Figure::Count(new.deny),
            Name::New(Baseline::Review) => Figure::Count(new.review),
            Name::New(Baseline::Info) => Figure::Count(new.info),
            Name::New(Baseline::Findings) => Figure::Count(new.deny + new.review + new.info),
            Name::New(Baseline::Amount) => Figure::Amount(new.amount),
        }
    }
}

/// A condition, read and checked.
#[derive(Debug, Clone)]
pub struct Gate {
    text: String,
    condition: Truth,
    /// As written, each once, in their order.
    names: Vec<(String, Name)>,
}

/// What a gate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateResult {
    /// The condition holds.
    True,
    /// It does not.
    False,
    /// Something is divided by zero, at this column.
    Undefined(usize),
}

impl Gate {
    /// The expression as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Does the condition hold?
    pub fn verdict(&self, totals: &GateInputs<'_>) -> GateResult {
        match self.condition.evaluate(totals) {
            Ok(true) => GateResult::True,
            Ok(false) => GateResult::False,
            Err(DivisionByZero(column)) => GateResult::Undefined(column),
        }
    }

    /// The names in it, each once, and what they stand for.
    pub fn figures(&self, totals: &GateInputs<'_>) -> Vec<(&str, Figure)> {
        self.names.iter().map(|(text, name)| (text.as_str(), totals.figure(*name))).collect()
    }
}

/// Something is divided by zero; the column of the sign.
#[derive(Debug, Clone, Copy)]
struct DivisionByZero(usize);

#[derive(Debug, Clone)]
enum Number {
    Literal(BigRational),
    Name(Name),
    Negative(Box<Number>),
    /// With the column of the sign.
    Both(Box<Number>, Sign, usize, Box<Number>),
}

#[derive(Debug, Clone, Copy)]
enum Sign {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Debug, Clone)]
enum Truth {
    Compare(Number, Relation, Number),
    Not(Box<Truth>),
    And(Box<Truth>, Box<Truth>),
    Or(Box<Truth>, Box<Truth>),
}

#[derive(Debug, Clone, Copy)]
enum Relation {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Unequal,
}

impl Number {
    fn value(&self, totals: &GateInputs<'_>) -> Result<BigRational, DivisionByZero> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Name(name) => totals.figure(*name).into(),
            Self::Negative(number) => -number.value(totals)?,
            Self::Both(left, sign, column, right) => {
                let (left, right) = (left.value(totals)?, right.value(totals)?);
                match sign {
                    Sign::Plus => left + right,
                    Sign::Minus => left - right,
                    Sign::Times => left * right,
                    Sign::Over if right == BigRational::default() => return Err(DivisionByZero(*column)),
                    Sign::Over => left / right,
                }
            }
        })
    }
}

impl Truth {
    fn evaluate(&self, totals: &GateInputs<'_>) -> Result<bool, DivisionByZero> {
        match self {
            Self::Compare(left, relation, right) => {
                let (left, right) = (left.value(totals)?, right.value(totals)?);
                Ok(match relation {
                    Relation::Greater => left > right,
                    Relation::AtLeast => left >= right,
                    Relation::Less => left < right,
                    Relation::AtMost => left <= right,
                    Relation::Equal => left == right,
                    Relation::Unequal => left != right,
                })
            }
            Self::Not(inner) => inner.evaluate(totals).map(|evaluate| !evaluate),
            Self::And(left, right) => decided(left.evaluate(totals), right.evaluate(totals), false),
            Self::Or(left, right) => decided(left.evaluate(totals), right.evaluate(totals), true),
        }
    }
}

/// One side that is `alone` decides, whatever the other is.
fn decided(
    left: Result<bool, DivisionByZero>,
    right: Result<bool, DivisionByZero>,
    alone: bool,
) -> Result<bool, DivisionByZero> {
    match (left, right) {
        (Ok(evaluate), _) | (_, Ok(evaluate)) if evaluate == alone => Ok(alone),
        (Err(untold), _) | (_, Err(untold)) => Err(untold),
        (Ok(_), Ok(_)) => Ok(!alone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Disposition;
    use crate::tally::{RuleTally, StatusTally};

    fn verdict(text: &str, rows: u64) -> GateResult {
        let ledger = Ledger { rows, rejected: 2, in_scope: 7, ..Ledger::default() };
        let mut summary = Summary::default();
        summary.statuses.insert(ServiceStatus::Deny, StatusTally { services: 3, at_risk: Sum(5_000_001) });
        summary.statuses.insert(ServiceStatus::Review, StatusTally { services: 4, at_risk: Sum(-50) });
        summary.rules.insert(RuleId(0), RuleTally { findings: 5, services: 3, at_risk: Sum(33) });
        summary.dispositions.extend([(Disposition::Deny, 5), (Disposition::Info, 1)]);
        let new = NewFindings { deny: 1, review: 2, info: 3, amount: Sum(10) };
        let totals = GateInputs { ledger: &ledger, summary: &summary, new: Some(new) };
        Gate::parse(text, true).unwrap_or_else(|e| panic!("{e}")).verdict(&totals)
    }

    #[test]
    fn conditions_are_told_exactly() {
        for (text, met) in [
            ("deny.amount > 50000", true),
            ("deny.amount > 50000.01", false),
            ("deny.amount == 50000.01", true),
            ("review.amount == -0.5 and clear.amount == 0", true),
            ("amount == 49999.51", true),
            ("rejected / rows > 0.001", true),
            ("rejected / rows == 0.002", true),
            ("rejected / rows > 0.002", false),
            ("rows / 3 * 3 == rows", true),
            ("DX101 == 5 and DX101.services == 3 and DX101.amount == .33", true),
            ("DX102 == 0", true),
            ("findings == 6 and services == 7 and in_scope == services", true),
            ("new.deny > 0", true),
            ("new.findings == new.deny + new.review + new.info and new.amount == 0.1", true),
            ("1 - 1 - 1 == -1 and 8 / 2 / 2 == 2 and 1 + 2 * 3 == 7 and (1 + 2) * 3 == 9", true),
            ("not rows < 5 and not not rows > 5", true),
            ("rows < 5 or rows > 5 and rows < 5", false),
            ("rows > 5 or rows > 5 and rows < 5", true),
            ("rows != 1000", false),
            ("--rows == rows and rows-1 == 999", true),
            ("99999999999999999999999999 * 99999999999999999999999999 > rows", true),
        ] {
            assert_eq!(verdict(text, 1000), if met { GateResult::True } else { GateResult::False }, "{text}");
        }
    }

    #[test]
    fn what_is_divided_by_zero_is_not_told_unless_another_side_decides() {
        for (text, want) in [
            ("rejected / rows > 0.001", GateResult::Undefined(10)),
            ("not rejected / rows > 0.001", GateResult::Undefined(14)),
            ("rows / rows == 1", GateResult::Undefined(6)),
            ("rows > 0 and rejected / rows > 0.001", GateResult::False),
            ("rejected / rows > 0.001 and rows > 0", GateResult::False),
            ("rejected / rows > 0.001 or rows == 0", GateResult::True),
            ("rejected / rows > 0.001 or rows > 0", GateResult::Undefined(10)),
            ("rejected / rows > 0.001 and rows == 0", GateResult::Undefined(10)),
        ] {
            assert_eq!(verdict(text, 0), want, "{text}");
        }
    }
}
