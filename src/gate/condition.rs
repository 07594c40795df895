//! A parsed condition, and its evaluation in a run.

use std::fmt;

use num_rational::BigRational;

use crate::claim::Sum;
use crate::finding::RuleId;
use crate::gate::names::{Baseline, Name};
use crate::ledger::Ledger;
use crate::tally::Summary;

/// Counts and money of the findings that the baseline does not have.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewFindings {
    /// Deny findings.
    pub deny: u64,
    /// Review findings.
    pub review: u64,
    /// Info findings.
    pub info: u64,
    /// Amount at risk of services with such findings. Each service counts once.
    pub amount: Sum,
}

/// The totals of a run, from which the names take their values.
#[derive(Debug, Clone, Copy)]
pub struct GateInputs<'a> {
    /// Rows by bin.
    pub ledger: &'a Ledger,
    /// Counts and money.
    pub summary: &'a Summary,
    /// The number of warnings.
    pub warnings: u64,
    /// Findings that the baseline does not have, if there is a baseline.
    pub new: Option<NewFindings>,
    /// Are amounts known? Not if no extract has a column for amounts.
    pub knows_amounts: bool,
}

/// The value of a name: a count, or an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// A count.
    Count(u64),
    /// An amount.
    Amount(Sum),
    /// An amount in a run whose extracts have no column for amounts.
    Unknown,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(n) => n.fmt(f),
            Self::Amount(sum) => sum.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl Figure {
    /// The value as a fraction; amounts are in dollars. `None` if it is unknown.
    fn value(self) -> Option<BigRational> {
        match self {
            Self::Count(n) => Some(BigRational::from_integer(n.into())),
            Self::Amount(sum) => Some(BigRational::new(sum.0.into(), 100.into())),
            Self::Unknown => None,
        }
    }
}

impl GateInputs<'_> {
    /// The value of a name. Without a baseline its names are zero, but then the parser refuses gates that use them.
    pub fn figure(&self, name: Name) -> Figure {
        let (ledger, summary) = (self.ledger, self.summary);
        let rule = |id| summary.rules.get(&id).copied().unwrap_or_default();
        let new = self.new.unwrap_or_default();
        let amount = |sum| if self.knows_amounts { Figure::Amount(sum) } else { Figure::Unknown };
        match name {
            Name::Rows(bin) => Figure::Count(bin.map_or(ledger.rows, |bin| ledger.count(bin))),
            Name::Warnings => Figure::Count(self.warnings),
            Name::Services => Figure::Count(summary.services()),
            Name::Findings => Figure::Count(summary.dispositions.values().sum()),
            Name::Amount => amount(summary.at_risk()),
            Name::Recoverable => amount(summary.recoverable()),
            Name::Status(status) => Figure::Count(summary.status(status).services),
            Name::StatusAmount(status) => amount(summary.status(status).at_risk),
            Name::StatusRecoverable(status) => amount(summary.status(status).recoverable),
            Name::Rule(id) => Figure::Count(rule(id).findings),
            Name::RuleServices(id) => Figure::Count(rule(id).services),
            Name::RuleAmount(id) => amount(rule(id).at_risk),
            Name::New(Baseline::Deny) => Figure::Count(new.deny),
            Name::New(Baseline::Review) => Figure::Count(new.review),
            Name::New(Baseline::Info) => Figure::Count(new.info),
            Name::New(Baseline::Findings) => Figure::Count(new.deny + new.review + new.info),
            Name::New(Baseline::Amount) => amount(new.amount),
        }
    }
}

/// A parsed condition.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(super) text: String,
    pub(super) condition: Truth,
    /// The distinct names as written, in order.
    pub(super) names: Vec<(String, Name)>,
}

/// The result of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateResult {
    /// The condition is true.
    True,
    /// The condition is false.
    False,
    /// The condition has no value.
    Undefined(Undefined),
}

/// Why an expression has no value. Holds the column in characters, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// Division by zero at the operator in this column.
    DivisionByZero(usize),
    /// The name in this column is an amount, and no extract has a column for amounts.
    UnknownAmount(usize),
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DivisionByZero(column) => write!(f, "division by zero at column {column}"),
            Self::UnknownAmount(column) => {
                write!(f, "no extract has a column for amounts, and column {column} asks for one")
            }
        }
    }
}

impl Gate {
    /// The expression as given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Is the condition true?
    pub fn verdict(&self, totals: &GateInputs<'_>) -> GateResult {
        match self.condition.evaluate(totals) {
            Ok(true) => GateResult::True,
            Ok(false) => GateResult::False,
            Err(why) => GateResult::Undefined(why),
        }
    }

    /// The distinct names that ask for a rule, with the rule.
    pub fn rules(&self) -> impl Iterator<Item = (&str, RuleId)> {
        self.names.iter().filter_map(|(text, name)| match name {
            Name::Rule(id) | Name::RuleServices(id) | Name::RuleAmount(id) => Some((text.as_str(), *id)),
            _ => None,
        })
    }

    /// The distinct names in the condition, with their values.
    pub fn figures(&self, totals: &GateInputs<'_>) -> Vec<(&str, Figure)> {
        self.names.iter().map(|(text, name)| (text.as_str(), totals.figure(*name))).collect()
    }
}

#[derive(Debug, Clone)]
pub(super) enum Number {
    Literal(BigRational),
    /// With its column.
    Name(Name, usize),
    Negative(Box<Number>),
    /// With the column of the sign.
    Both(Box<Number>, Sign, usize, Box<Number>),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Sign {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Debug, Clone)]
pub(super) enum Truth {
    Compare(Number, Relation, Number),
    Not(Box<Truth>),
    And(Box<Truth>, Box<Truth>),
    Or(Box<Truth>, Box<Truth>),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Relation {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Unequal,
}

impl Number {
    fn value(&self, totals: &GateInputs<'_>) -> Result<BigRational, Undefined> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Name(name, column) => totals.figure(*name).value().ok_or(Undefined::UnknownAmount(*column))?,
            Self::Negative(number) => -number.value(totals)?,
            Self::Both(left, sign, column, right) => {
                let (left, right) = (left.value(totals)?, right.value(totals)?);
                match sign {
                    Sign::Plus => left + right,
                    Sign::Minus => left - right,
                    Sign::Times => left * right,
                    Sign::Over if right == BigRational::default() => return Err(Undefined::DivisionByZero(*column)),
                    Sign::Over => left / right,
                }
            }
        })
    }
}

impl Truth {
    fn evaluate(&self, totals: &GateInputs<'_>) -> Result<bool, Undefined> {
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

/// Combines two sides: a side equal to `alone` decides the result, even if the other side is undefined.
fn decided(left: Result<bool, Undefined>, right: Result<bool, Undefined>, alone: bool) -> Result<bool, Undefined> {
    match (left, right) {
        (Ok(evaluate), _) | (_, Ok(evaluate)) if evaluate == alone => Ok(alone),
        (Err(untold), _) | (_, Err(untold)) => Err(untold),
        (Ok(_), Ok(_)) => Ok(!alone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::RuleId;
    use crate::policy::Disposition;
    use crate::rules::judge::ServiceStatus;
    use crate::tally::{RuleTally, StatusTally};

    fn division(column: usize) -> GateResult {
        GateResult::Undefined(Undefined::DivisionByZero(column))
    }

    fn verdict(text: &str, rows: u64) -> GateResult {
        result(text, rows, true)
    }

    fn result(text: &str, rows: u64, knows_amounts: bool) -> GateResult {
        let ledger = Ledger { rows, rejected: 2, reversed: 3, payer_denied: 4, in_scope: 7, ..Ledger::default() };
        let mut summary = Summary::default();
        summary.statuses.insert(
            ServiceStatus::Deny,
            StatusTally { services: 3, at_risk: Sum(5_000_001), recoverable: Sum(4_000_000) },
        );
        summary
            .statuses
            .insert(ServiceStatus::Review, StatusTally { services: 4, at_risk: Sum(-50), recoverable: Sum(0) });
        summary.rules.insert(RuleId(0), RuleTally { findings: 5, services: 3, at_risk: Sum(33) });
        summary.dispositions.extend([(Disposition::Deny, 5), (Disposition::Info, 1)]);
        let new = NewFindings { deny: 1, review: 2, info: 3, amount: Sum(10) };
        let totals = GateInputs { ledger: &ledger, summary: &summary, warnings: 2, new: Some(new), knows_amounts };
        Gate::parse(text, true).unwrap_or_else(|e| panic!("{e}")).verdict(&totals)
    }

    #[test]
    fn conditions_are_evaluated_exactly() {
        for (text, met) in [
            ("deny.amount > 50000", true),
            ("warnings > 1 and warnings < 3", true),
            ("warnings > 2", false),
            ("deny.amount > 50000.01", false),
            ("deny.amount == 50000.01", true),
            ("recoverable == 40000 and deny.recoverable / deny.amount < 0.8", true),
            ("reversed == 3 and payer_denied == 4 and not_evaluated / services == 0", true),
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
    fn an_unknown_amount_is_undefined_unless_the_other_side_decides() {
        let unknown = |column| GateResult::Undefined(Undefined::UnknownAmount(column));
        for (text, want) in [
            ("amount > 0", unknown(1)),
            ("0 < recoverable", unknown(5)),
            ("deny.recoverable == 0", unknown(1)),
            ("DX101.amount > 0 or deny > 0", GateResult::True),
            ("deny > 0 and new.amount > 0", unknown(14)),
            ("deny > 0 and rows > 5", GateResult::True),
        ] {
            assert_eq!(result(text, 1000, false), want, "{text}");
        }
        let totals = GateInputs {
            ledger: &Ledger::default(),
            summary: &Summary::default(),
            warnings: 0,
            new: None,
            knows_amounts: false,
        };
        let gate = Gate::parse("amount > rows", false).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(gate.figures(&totals), [("amount", Figure::Unknown), ("rows", Figure::Count(0))]);
    }

    #[test]
    fn division_by_zero_is_undefined_unless_the_other_side_decides() {
        for (text, want) in [
            ("rejected / rows > 0.001", division(10)),
            ("not rejected / rows > 0.001", division(14)),
            ("rows / rows == 1", division(6)),
            ("rows > 0 and rejected / rows > 0.001", GateResult::False),
            ("rejected / rows > 0.001 and rows > 0", GateResult::False),
            ("rejected / rows > 0.001 or rows == 0", GateResult::True),
            ("rejected / rows > 0.001 or rows > 0", division(10)),
            ("rejected / rows > 0.001 and rows == 0", division(10)),
        ] {
            assert_eq!(verdict(text, 0), want, "{text}");
        }
    }
}
