//! A service under construction: its cells and what must be said of it.

use crate::generate::columns::{DIAGNOSIS_SLOTS, column};
use crate::generate::expected::{ExpectedFinding, ExpectedService, deny};

/// A service under construction. Its cells are in plain spelling; [`crate::generate::reformat`] varies them later.
#[derive(Debug, Clone)]
pub(super) struct ServiceDraft {
    pub(super) cells: Vec<String>,
    pub(super) expected: ExpectedService,
}

impl ServiceDraft {
    pub(super) fn set(&mut self, column: usize, cell: impl Into<String>) -> &mut Self {
        self.cells[column] = cell.into();
        self
    }

    /// Adds an expected finding.
    pub(super) fn expects(&mut self, finding: ExpectedFinding) -> &mut Self {
        self.expected.findings.push(finding);
        self
    }

    /// Removes the modifiers and the findings about them.
    pub(super) fn without_modifiers(&mut self) -> &mut Self {
        for slot in 0..4 {
            self.set(column::MODIFIER + slot, "");
        }
        self.expected.findings.retain(|finding| !matches!(finding.rule, "CD308" | "CD311" | "CD312"));
        self
    }

    /// Expects CD303 with a denial: `beyond` of `units` units are over the limit, both in ten-thousandths.
    pub(super) fn beyond_limit(&mut self, beyond: i64, units: i64) -> &mut Self {
        self.expected.beyond_limit = (beyond, units);
        self.expects(deny("CD303"))
    }

    /// Sets the amount at risk in cents and its basis.
    pub(super) fn amount(&mut self, cents: Option<i64>, basis: &'static str) -> &mut Self {
        (self.expected.amount, self.expected.basis) = (cents, basis);
        self
    }

    /// Sets the amount at risk of a stay whose claim has these further live rows, none of them professional.
    ///
    /// It is that of the first kind of amount that any row has: of the total line, else the common amount, else the sum. Where
    /// the amounts are those of the claim, the first one is the common amount.
    pub(super) fn take_claim_amount(&mut self, others: &[Self]) -> &mut Self {
        let kinds = [
            (column::PAID, ["paid", "paid-total", "paid-claim", "paid-sum"]),
            (column::ALLOWED, ["allowed", "allowed-total", "allowed-claim", "allowed-sum"]),
            (column::CHARGE, ["charge", "charge-total", "charge-claim", "charge-sum"]),
        ];
        // Nothing was paid yet for a pending stay.
        let kinds = if self.expected.adjudication == "pending" { &kinds[1..] } else { &kinds };
        self.amount(None, "");
        for (kind, [alone, total, common, sum]) in kinds {
            let rows = || std::iter::once(&*self).chain(others).map(|row| (row, cents(&row.cells[*kind])));
            let amounts: Vec<i64> = rows().filter_map(|(_, cents)| cents).collect();
            let total_line = rows().find(|(row, cents)| cents.is_some() && row.cells[column::REVENUE] == "0001");
            let Some(first) = amounts.first().copied() else { continue };
            return match total_line {
                Some((_, cents)) => self.amount(cents, total),
                None if self.expected.claim_amounts => self.amount(Some(first), common),
                None if amounts.len() == 1 => self.amount(Some(first), alone),
                None if amounts.iter().all(|cents| *cents == first) => self.amount(Some(first), common),
                None => self.amount(Some(amounts.iter().sum()), sum),
            };
        }
        self
    }

    /// Sets the expected necessity.
    pub(super) fn necessity(&mut self, word: &'static str) -> &mut Self {
        self.expected.necessity = word;
        self
    }

    /// Replaces the diagnoses; all of them are considered.
    pub(super) fn diagnoses(&mut self, codes: &[&str]) -> &mut Self {
        for slot in 0..DIAGNOSIS_SLOTS {
            self.cells[column::DIAGNOSIS + slot] = codes.get(slot).map(|c| (*c).to_owned()).unwrap_or_default();
        }
        self.considers(codes)
    }

    /// States which diagnoses are considered.
    pub(super) fn considers(&mut self, codes: &[&str]) -> &mut Self {
        self.expected.considered = codes.iter().map(|c| (*c).to_owned()).collect();
        self
    }

    /// Sets the CPT code.
    pub(super) fn procedure(&mut self, code: &str) -> &mut Self {
        self.cells[column::PROCEDURE] = code.into();
        self.expected.procedure = code.into();
        self
    }

    /// Sets the service date, an ISO date.
    pub(super) fn day(&mut self, day: &str) -> &mut Self {
        self.cells[column::DATE] = day.into();
        self.expected.date = day.into();
        self
    }

    /// Sets the cell of the units, and how services.csv prints them.
    pub(super) fn units(&mut self, cell: &str, printed: &str) -> &mut Self {
        self.cells[column::UNITS] = cell.into();
        self.expected.units = printed.into();
        self
    }

    /// Sets the expected authorization status and the finding about it.
    pub(super) fn authorization(
        &mut self,
        word: &'static str,
        finding: impl Into<Option<ExpectedFinding>>,
    ) -> &mut Self {
        self.expected.authorization = word;
        self.expected.authorization_finding = finding.into();
        self
    }
}

/// The cents of an amount in plain spelling, as [`crate::generate::builder::plain`] writes it.
fn cents(cell: &str) -> Option<i64> {
    cell.replace('.', "").parse().ok().filter(|_| cell.contains('.'))
}
