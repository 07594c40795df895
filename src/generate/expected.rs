//! What is planted, and what `check` must say about it.

use crate::ledger::LedgerBin;
use crate::policy::Disposition;

/// How the record of a row is damaged when it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    None,
    /// The second half of the fields is missing.
    Short,
    /// One more field than the header has, and it is filled.
    Long,
    /// The last field opens a quote that never closes.
    OpenQuote,
    /// Text follows the closing quote of the last field.
    AfterQuote,
    /// The header is repeated instead of the row.
    Header,
}

/// A finding that must be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExpectedFinding {
    pub(super) rule: &'static str,
    pub(super) disposition: Disposition,
    /// Why a denial is only for review: the word of `capped_by`, or empty.
    pub(super) capped_by: &'static str,
}

/// A finding with the disposition `deny`.
pub(super) const fn deny(rule: &'static str) -> ExpectedFinding {
    ExpectedFinding { rule, disposition: Disposition::Deny, capped_by: "" }
}

/// A finding with the disposition `review`.
pub(super) const fn review(rule: &'static str) -> ExpectedFinding {
    ExpectedFinding { rule, disposition: Disposition::Review, capped_by: "" }
}

/// A finding with the disposition `info`.
pub(super) const fn info(rule: &'static str) -> ExpectedFinding {
    ExpectedFinding { rule, disposition: Disposition::Info, capped_by: "" }
}

/// A denial that is capped to `review`.
pub(super) const fn capped(rule: &'static str, capped_by: &'static str) -> ExpectedFinding {
    ExpectedFinding { rule, disposition: Disposition::Review, capped_by }
}

/// What `services.csv` must say about a service.
#[derive(Debug, Clone, Default)]
pub(super) struct ExpectedService {
    /// Its listed codes, joined by `;`.
    pub(super) procedure: String,
    pub(super) class: &'static str,
    pub(super) setting: &'static str,
    /// ISO date, or empty when it is unreadable.
    pub(super) date: String,
    pub(super) units: String,
    pub(super) considered: Vec<String>,
    pub(super) necessity: &'static str,
    pub(super) authorization: &'static str,
    /// The finding about its authorization.
    pub(super) authorization_finding: Option<ExpectedFinding>,
    /// All other findings.
    pub(super) findings: Vec<ExpectedFinding>,
    /// The amount in cents that is at risk if the service is denied or to be reviewed.
    pub(super) amount: Option<i64>,
    /// The word of `amount_basis` that goes with it.
    pub(super) basis: &'static str,
    /// The word of `adjudication`.
    pub(super) adjudication: &'static str,
    /// Units beyond the limit and units of the service, in ten-thousandths, where CD303 fires.
    pub(super) beyond_limit: (i64, i64),
    /// The amounts are those of the claim, so only its first service to deny or review has them.
    pub(super) claim_amounts: bool,
}

impl ExpectedService {
    /// All findings in the order of their codes.
    pub(super) fn all_findings(&self) -> Vec<ExpectedFinding> {
        let mut all: Vec<ExpectedFinding> = self.authorization_finding.iter().chain(&self.findings).copied().collect();
        all.sort_by_key(|finding| finding.rule);
        all
    }

    /// The status, which follows from the most severe finding.
    pub(super) fn status(&self) -> &'static str {
        match self.all_findings().iter().map(|finding| finding.disposition).max() {
            Some(Disposition::Deny) => "deny",
            Some(Disposition::Review) => "review",
            _ if self.necessity == "not-evaluated" => "not-evaluated",
            _ => "clear",
        }
    }

    /// It uses up the amounts of its claim.
    fn counts_claim(&self) -> bool {
        self.claim_amounts && matches!(self.status(), "deny" | "review") && !matches!(self.basis, "capitated" | "stay")
    }

    /// The amount at risk in cents and its basis. Only services that are denied or to be reviewed have one.
    pub(super) fn amount_at_risk(&self) -> (Option<i64>, &'static str) {
        if matches!(self.status(), "deny" | "review") { (self.amount, self.basis) } else { (None, "") }
    }

    /// The cents of the amount at risk that a denial recovers. Where only CD303 denies, it is the share of the units
    /// beyond the limit, rounded half away from zero.
    pub(super) fn recoverable(&self) -> Option<i64> {
        let cents = self.amount.filter(|_| self.status() == "deny")?;
        let (beyond, units) = self.beyond_limit;
        let findings = self.all_findings();
        let mut denials = findings.iter().filter(|finding| finding.disposition == Disposition::Deny);
        match denials.all(|finding| finding.rule == "CD303") {
            true if units == 0 => Some(0),
            true => Some((2 * cents * beyond + units) / (2 * units)),
            false => Some(cents),
        }
    }
}

/// A row to be written.
#[derive(Debug, Clone)]
pub(super) struct PlannedRow {
    pub(super) cells: Vec<String>,
    pub(super) damage: Damage,
    pub(super) bin: LedgerBin,
    /// The claim number as reports print it.
    pub(super) claim: String,
    /// The member in plain spelling.
    pub(super) member: String,
    /// Findings on a row that is not a service.
    pub(super) findings: Vec<ExpectedFinding>,
    /// Its services. Where a row is both, the CPT service comes before the stay.
    pub(super) services: Vec<ExpectedService>,
}

impl PlannedRow {
    /// States that the services of this row after the first one to count, or all of them if an `earlier` row of the claim
    /// has such a service, are without the amounts of the claim.
    pub(super) fn share_claim_amounts(&mut self, earlier: &[Self]) {
        // A claim number that a spreadsheet mangled equals no other. A row without a member belongs to that of its claim.
        let is_claim = |row: &&Self| {
            row.claim == self.claim
                && !row.claim.contains("E+")
                && (row.member == self.member || row.member.is_empty() || self.member.is_empty())
        };
        let mut counted =
            earlier.iter().filter(is_claim).any(|row| row.services.iter().any(ExpectedService::counts_claim));
        for service in self.services.iter_mut().filter(|service| service.counts_claim()) {
            if counted {
                (service.amount, service.basis) = (None, "claim");
            }
            counted = true;
        }
    }

    /// A row without a service and without a finding.
    pub(super) fn without_findings(cells: Vec<String>, bin: impl Into<LedgerBin>) -> Self {
        let (bin, claim, member) = (bin.into(), String::new(), String::new());
        Self { cells, damage: Damage::None, bin, claim, member, findings: Vec::new(), services: Vec::new() }
    }
}
