//! What is planted, and what `check` must say about it.

/// The bin of the ledger in which a row must be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bin {
    Rejected,
    Duplicate,
    Superseded,
    InScope,
    Related,
    OutOfScope,
}

impl Bin {
    /// The key of the bin in `summary.json`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Superseded => "superseded",
            Self::InScope => "in_scope",
            Self::Related => "related",
            Self::OutOfScope => "out_of_scope",
        }
    }
}

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

/// A rule that must fire, and the disposition of its finding.
pub(super) type ExpectedFinding = (&'static str, Disposition);

/// Disposition of a finding, in ascending order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Disposition {
    Info,
    Review,
    Deny,
}

impl Disposition {
    /// The word in `findings.csv`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Review => "review",
            Self::Deny => "deny",
        }
    }
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
    /// The findings about its authorization.
    pub(super) authorization_findings: Vec<ExpectedFinding>,
    /// All other findings.
    pub(super) findings: Vec<ExpectedFinding>,
    /// The amount in cents that is at risk if the service is not clear, and the column that holds it.
    pub(super) amount: Option<(i64, &'static str)>,
}

impl ExpectedService {
    /// All findings in the order of their codes.
    pub(super) fn all_findings(&self) -> Vec<ExpectedFinding> {
        let mut all: Vec<ExpectedFinding> = self.authorization_findings.iter().chain(&self.findings).copied().collect();
        all.sort_by_key(|(rule, _)| *rule);
        all
    }

    /// The status, which follows from the most severe finding.
    pub(super) fn status(&self) -> &'static str {
        match self.all_findings().iter().map(|(_, disposition)| *disposition).max() {
            Some(Disposition::Deny) => "deny",
            Some(Disposition::Review) => "review",
            _ => "clear",
        }
    }

    /// The amount at risk in cents and its basis. A clear service has none.
    pub(super) fn amount_at_risk(&self) -> Option<(i64, &'static str)> {
        self.amount.filter(|_| self.status() != "clear")
    }
}

/// A row to be written.
#[derive(Debug, Clone)]
pub(super) struct PlannedRow {
    pub(super) cells: Vec<String>,
    pub(super) damage: Damage,
    pub(super) bin: Bin,
    /// Findings on a row that is not a service.
    pub(super) findings: Vec<ExpectedFinding>,
    /// Its services. Where a row is both, the CPT service comes before the stay.
    pub(super) services: Vec<ExpectedService>,
}

impl PlannedRow {
    /// A row without a service and without a finding.
    pub(super) fn without_findings(cells: Vec<String>, bin: Bin) -> Self {
        Self { cells, damage: Damage::None, bin, findings: Vec::new(), services: Vec::new() }
    }
}
