//! The money of a service: what is at risk, what that rests on, and what a denial would recover. spec:
//! judging/amount-at-risk.

use num_rational::BigRational;
use rust_decimal::Decimal;

use crate::claim::Cents;
use crate::claim::index::service::ServiceMoney;
use crate::claim::line::head::AmountsPer;
use crate::claim::value::status::RowStatus;
use crate::finding::Finding;
use crate::finding::evidence::{CodingEvidence, Evidence};
use crate::policy::Disposition;
use crate::rules::input::RuleInput;

/// The amount at risk of a service to deny or review, and its basis in the words of the outputs. `claim_counted`: the
/// amounts belong to the whole claim, and an earlier service of the claim has them.
pub(super) fn at_risk(input: &RuleInput<'_>, claim_counted: bool) -> (Option<Cents>, &'static str) {
    let line = input.line;
    let money = input.service.map(|service| service.money).unwrap_or_default();
    if line.marks().capitated {
        return (None, "capitated");
    }
    match money {
        ServiceMoney::InStay => (None, "stay"),
        _ if line.amounts == AmountsPer::Claim && claim_counted => (None, "claim"),
        ServiceMoney::OfStay(Some((amount, basis))) => (Some(amount), basis),
        ServiceMoney::OfStay(None) => (None, ""),
        ServiceMoney::OfLine => {
            // The amount paid on a row that the payer has not decided does not count.
            let paid = line.paid().filter(|_| line.status != RowStatus::Pending);
            let amounts = [(paid, "paid"), (line.allowed(), "allowed"), (line.charge(), "charge")];
            let first = amounts.into_iter().find_map(|(amount, basis)| Some((amount?, basis)));
            first.map_or((None, ""), |(amount, basis)| (Some(amount), basis))
        }
    }
}

/// Does the amount at risk use up the amounts of the claim, so that its later services have none?
pub(super) fn counts_claim(input: &RuleInput<'_>, basis: &str) -> bool {
    input.line.amounts == AmountsPer::Claim && !matches!(basis, "capitated" | "stay" | "claim")
}

/// What denying a service recovers: the amount at risk, or only the share of the units above the limit if nothing else
/// is denied.
pub(super) fn recoverable(input: &RuleInput<'_>, findings: &[Finding], at_risk: Option<Cents>) -> Option<Cents> {
    let amount = at_risk?;
    let mut denials = findings.iter().filter(|finding| finding.disposition == Disposition::Deny).peekable();
    denials.peek()?;
    let (mut beyond, units) = (Decimal::MAX, input.line.units);
    for denial in denials {
        let Evidence::Coding(CodingEvidence::UnitsOverLimit { so_far }) = denial.evidence else { return Some(amount) };
        let limit = input.policy.limits.iter().find(|limit| Some(limit.code) == input.cpt());
        beyond = limit.map_or(Decimal::ZERO, |limit| so_far.saturating_sub(limit.units)).min(units);
    }
    Some(share(amount, beyond, units))
}

/// `amount` times `part` / `whole`, rounded to cents half away from zero; zero if `whole` is zero. A quotient such as 5/6 has no
/// end in decimals, so it is a fraction until it is rounded: half a cent stays half a cent.
fn share(amount: Cents, part: Decimal, whole: Decimal) -> Cents {
    if whole.is_zero() {
        return Cents(0);
    }
    let fraction = |number: Decimal| BigRational::new(number.mantissa().into(), 10_i128.pow(number.scale()).into());
    let share = BigRational::from_integer(amount.0.into()) * fraction(part) / fraction(whole);
    Cents(i64::try_from(share.round().to_integer()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_half_away_from_zero() {
        for (amount, part, whole, want) in [
            (10_000, 1, 2, 5_000),
            (10_001, 1, 2, 5_001),
            (100, 1, 3, 33),
            (200, 2, 3, 133),
            (100, 3, 3, 100),
            (100, 1, 0, 0),
        ] {
            assert_eq!(share(Cents(amount), part.into(), whole.into()), Cents(want), "{amount} {part}/{whole}");
        }
        let half = Decimal::new(5, 1);
        assert_eq!(share(Cents(101), half, Decimal::ONE), Cents(51));
        assert_eq!(share(Cents(i64::MAX), Decimal::ONE, Decimal::ONE), Cents(i64::MAX));
        // Half a cent of quotients that have no end in decimals.
        for (amount, part, whole, want) in [(53_811, 5, 6, 44_843), (3, 5, 6, 3), (-3, 5, 6, -3), (1, 3, 6, 1)] {
            assert_eq!(share(Cents(amount), part.into(), whole.into()), Cents(want), "{amount} {part}/{whole}");
        }
        assert_eq!(share(Cents(68_577), Decimal::new(25, 1), Decimal::from(3)), Cents(57_148));
    }
}
