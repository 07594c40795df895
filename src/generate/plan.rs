//! What to invent, and how it is written as CSV.

/// What to invent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExtractPlan {
    /// Number of rows after the header.
    pub rows: u64,
    /// Seed of the random numbers: another seed gives another extract.
    pub seed: u64,
    /// Share of the rows that belong to a case, from 0 to 1. The other rows are out of scope.
    pub scope: f64,
    /// The truth is that of a check with the authorization file.
    pub authorization_file: bool,
    /// The extract has a column of authorization numbers.
    pub authorization_column: bool,
    /// The amounts of a row are those of its claim. The extract is then read by the layout [`CLAIM_AMOUNTS_LAYOUT`].
    pub claim_amounts: bool,
}

/// The layout of an extract in which the amounts of a row are those of its claim: the canonical names and `amounts = "claim"`.
pub const CLAIM_AMOUNTS_LAYOUT: &str = include_str!("claim-amounts.toml");

/// How the extract is written as CSV. None of it may change a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CsvStyle {
    /// The byte between two fields.
    pub delimiter: u8,
    /// The end of each row.
    pub line_end: &'static str,
    /// Which fields are quoted.
    pub quoting: Quoting,
    /// The extract begins with a byte order mark.
    pub byte_order_mark: bool,
    /// The columns are in random order instead of the canonical one, and there are blank lines between rows.
    pub shuffled: bool,
}

impl Default for CsvStyle {
    /// The style of most exports, in canonical order.
    fn default() -> Self {
        Self { delimiter: b',', line_end: "\n", quoting: Quoting::Needed, byte_order_mark: false, shuffled: false }
    }
}

/// Which fields are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// Only fields that must be.
    Needed,
    /// Every field.
    Always,
    /// Fields that must be, and about a third of the others.
    Sometimes,
}
