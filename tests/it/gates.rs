//! Tests that no gate passes by mistake: a condition of any shape is evaluated exactly, a malformed one is refused before the
//! first row is read, and no text causes a panic.

use num_rational::Ratio;
use proptest::prelude::*;

use claimlint::gate::{Gate, GateInputs, GateResult};
use claimlint::ledger::Ledger;
use claimlint::tally::Summary;

use crate::cli::{CLEAR, DENY, REVIEW, TestDir};
use crate::kit::config;

/// A fraction of machine words, for the arithmetic of the reference.
type Small = Ratio<i128>;

/// An expression as a tree. The reference evaluates the tree; the program gets its text.
#[derive(Debug, Clone)]
enum Number {
    Cents(u16),
    Rows,
    Rejected,
    Negative(Box<Number>),
    Both(Box<Number>, char, Box<Number>),
}

#[derive(Debug, Clone)]
enum Truth {
    Compare(Number, &'static str, Number),
    Not(Box<Truth>),
    Both(Box<Truth>, bool, Box<Truth>),
}

fn number() -> impl Strategy<Value = Number> {
    let leaf = prop_oneof![(0..400u16).prop_map(Number::Cents), Just(Number::Rows), Just(Number::Rejected)];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let sign = prop::sample::select(vec!['+', '-', '*', '/']);
        prop_oneof![
            inner.clone().prop_map(|n| Number::Negative(n.into())),
            (inner.clone(), sign, inner).prop_map(|(a, sign, b)| Number::Both(a.into(), sign, b.into())),
        ]
    })
}

fn truth() -> impl Strategy<Value = Truth> {
    let relation = prop::sample::select(vec![">", ">=", "<", "<=", "==", "!="]);
    let leaf = (number(), relation, number()).prop_map(|(a, r, b)| Truth::Compare(a, r, b));
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|t| Truth::Not(t.into())),
            (inner.clone(), any::<bool>(), inner).prop_map(|(a, and, b)| Truth::Both(a.into(), and, b.into())),
        ]
    })
}

impl Number {
    /// The precedence of its outermost operator.
    fn rank(&self) -> u8 {
        match self {
            Self::Both(_, '+' | '-', _) => 1,
            Self::Both(..) => 2,
            _ => 3,
        }
    }

    /// The text with as few brackets as possible.
    fn text(&self) -> String {
        let at_least = |n: &Number, rank| if n.rank() < rank { format!("({})", n.text()) } else { n.text() };
        match self {
            Self::Cents(cents) => format!("{}.{:02}", cents / 100, cents % 100),
            Self::Rows => "rows".to_owned(),
            Self::Rejected => "rejected".to_owned(),
            Self::Negative(n) => format!("-{}", at_least(n, 3)),
            Self::Both(a, sign, b) => {
                format!("{}{sign}{}", at_least(a, self.rank()), at_least(b, self.rank() + 1))
            }
        }
    }

    /// `None` for a division by zero.
    fn value(&self, rows: u64, rejected: u64) -> Option<Small> {
        Some(match self {
            Self::Cents(cents) => Small::new(i128::from(*cents), 100),
            Self::Rows => Small::from_integer(rows.into()),
            Self::Rejected => Small::from_integer(rejected.into()),
            Self::Negative(n) => -n.value(rows, rejected)?,
            Self::Both(a, sign, b) => {
                let (a, b) = (a.value(rows, rejected)?, b.value(rows, rejected)?);
                match sign {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    _ if b == Small::from_integer(0) => return None,
                    _ => a / b,
                }
            }
        })
    }
}

impl Truth {
    fn text(&self) -> String {
        let in_brackets = |t: &Truth| if matches!(t, Truth::Both(..)) { format!("({})", t.text()) } else { t.text() };
        match self {
            Self::Compare(a, relation, b) => format!("{} {relation} {}", a.text(), b.text()),
            Self::Not(t) => format!("not {}", in_brackets(t)),
            Self::Both(a, true, b) => format!("{} and {}", in_brackets(a), in_brackets(b)),
            // `and` binds more tightly than `or`, so no bracket is needed.
            Self::Both(a, false, b) => {
                let side = |t: &Truth| if matches!(t, Truth::Both(_, true, _)) { t.text() } else { in_brackets(t) };
                format!("{} or {}", side(a), side(b))
            }
        }
    }

    fn value(&self, rows: u64, rejected: u64) -> Option<bool> {
        match self {
            Self::Compare(a, relation, b) => {
                let (a, b) = (a.value(rows, rejected)?, b.value(rows, rejected)?);
                Some(match *relation {
                    ">" => a > b,
                    ">=" => a >= b,
                    "<" => a < b,
                    "<=" => a <= b,
                    "==" => a == b,
                    _ => a != b,
                })
            }
            Self::Not(t) => t.value(rows, rejected).map(|v| !v),
            Self::Both(a, and, b) => match (a.value(rows, rejected), b.value(rows, rejected)) {
                (Some(v), _) | (_, Some(v)) if v != *and => Some(v),
                (Some(_), Some(_)) => Some(*and),
                _ => None,
            },
        }
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn gates_agree_with_a_plain_evaluator(condition in truth(), rows in 0..6u64, rejected in 0..3u64) {
        let ledger = Ledger { rows, rejected, ..Ledger::default() };
        let text = condition.text();
        let gate = Gate::parse(&text, false).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let output = match gate.verdict(&GateInputs { ledger: &ledger, summary: &Summary::default(), warnings: 0, new: None, knows_amounts: true }) {
            GateResult::True => Some(true),
            GateResult::False => Some(false),
            GateResult::Undefined(_) => None,
        };
        prop_assert_eq!(output, condition.value(rows, rejected), "{}", text);
    }

    #[test]
    fn no_gate_expression_panics(text in "[ a-z0-9.()<>=!+*/DX_-]{0,60}|\\PC{0,40}") {
        let totals = GateInputs { ledger: &Ledger::default(), summary: &Summary::default(), warnings: 0, new: None, knows_amounts: true };
        match Gate::parse(&text, true) {
            Ok(gate) => drop(gate.verdict(&totals)),
            Err(wrong) => prop_assert!(wrong.column >= 1 && wrong.column <= text.chars().count() + 1),
        }
    }
}

#[test]
fn a_gate_that_is_true_exits_with_1_and_prints_its_figures() {
    let dir = TestDir::with(&[CLEAR, REVIEW, DENY]);
    let run = |gates: &[&str]| {
        let gates = gates.iter().flat_map(|gate| ["--fail-if", gate]);
        let args: Vec<&str> = ["check", "claims.csv", "--fail-on", "never"].into_iter().chain(gates).collect();
        dir.run(&args)
    };
    let met = run(&["deny.amount > 2499.99 and rows == 3", "deny > 5"]);
    assert_eq!(met.code, Some(1), "{}", met.err);
    assert!(
        met.err.contains("gate: deny.amount > 2499.99 and rows == 3: is true; deny.amount is 2500.00, rows is 3"),
        "{}",
        met.err
    );
    assert!(!met.err.contains("deny > 5"), "{}", met.err);
    assert_eq!(run(&["deny.amount > 2500", "DX101 > 1"]).code, Some(0));
    let untold = run(&["deny / rejected > 1"]);
    assert_eq!(untold.code, Some(1));
    assert!(
        untold.err.contains("is undefined: division by zero at column 6; deny is 1, rejected is 0"),
        "{}",
        untold.err
    );
    // The default --fail-on still applies: a deny finding makes the exit code 1.
    assert_eq!(dir.run(&["check", "claims.csv", "--fail-if", "deny > 5"]).code, Some(1));
}

#[test]
fn a_wrong_gate_is_refused_before_the_first_row() {
    let dir = TestDir::with(&[DENY]);
    let output = dir.run(&["check", "no-such-extract.csv", "--fail-if", "rows > 1 and dney > 0"]).refused();
    assert!(output.contains("--fail-if: column 14: `dney` is not a name; did you mean `deny`?"), "{output}");
    assert!(output.contains("\n  rows > 1 and dney > 0\n               ^\n"), "{output}");
    let new = dir.run(&["check", "claims.csv", "--fail-if", "new.deny > 0"]).refused();
    assert!(new.contains("needs --baseline"), "{new}");
    // A rule that is not asked has no finding, whatever the claims are.
    for (flag, rules) in [("--ignore", "DX"), ("--select", "PA")] {
        let unasked = dir.run(&["check", "claims.csv", flag, rules, "--fail-if", "rows > 9 or DX101.services > 0"]);
        let unasked = unasked.refused();
        assert!(unasked.contains("--fail-if: DX101.services: this rule is not asked"), "{unasked}");
    }
    assert_eq!(dir.names(), ["claims.csv"]);
}
