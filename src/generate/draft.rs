//! A service under construction: its cells and what must be said of it.

use crate::generate::columns::{DIAGNOSIS_SLOTS, column};
use crate::generate::expected::{Disposition, ExpectedFinding, ExpectedService};

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
    pub(super) fn expects(&mut self, rule: &'static str, weight: Disposition) -> &mut Self {
        self.expected.findings.push((rule, weight));
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

    /// Sets the expected authorization status and the findings about it.
    pub(super) fn authorization(&mut self, word: &'static str, findings: &[ExpectedFinding]) -> &mut Self {
        self.expected.authorization = word;
        self.expected.authorization_findings = findings.to_vec();
        self
    }
}
