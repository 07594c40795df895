//! The columns of services and findings, and what takes their cells. spec: outputs/services, outputs/findings, outputs/cells.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::claim::Cents;
use crate::run::RunContext;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A text, id or code, never a number even if it consists of digits. Empty if the claim has no value.
    Text,
    /// A whole number.
    Number,
    /// A day, or none.
    Date,
    /// Units, which may have decimals, or none.
    Units,
    /// Money, or none.
    Amount,
    /// Texts; joined by `;` in formats whose cells hold one text.
    List,
}

/// A column of services or findings.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in every format.
    pub name: &'static str,
    /// Its type.
    pub holds: ColumnType,
    /// Its width in a sheet, in characters.
    pub width: u8,
}

/// A column.
pub(crate) const fn column(name: &'static str, holds: ColumnType, width: u8) -> Column {
    Column { name, holds, width }
}

/// The columns of services, in their order.
pub const SERVICE: [Column; 23] = [
    column("source_file", ColumnType::Text, 28),
    column("source_line", ColumnType::Number, 12),
    column("claim_id", ColumnType::Text, 18),
    column("line_number", ColumnType::Text, 12),
    column("member_id", ColumnType::Text, 18),
    column("product", ColumnType::Text, 24),
    column("product_class", ColumnType::Text, 26),
    column("setting", ColumnType::Text, 13),
    column("procedure_code", ColumnType::Text, 15),
    column("service_date", ColumnType::Date, 12),
    column("units", ColumnType::Units, 8),
    column("diagnoses_considered", ColumnType::List, 24),
    column("authorization_number", ColumnType::Text, 21),
    column("necessity", ColumnType::Text, 14),
    column("authorization", ColumnType::Text, 14),
    column("status", ColumnType::Text, 9),
    column("rules", ColumnType::List, 20),
    column("amount_at_risk", ColumnType::Amount, 15),
    column("amount_basis", ColumnType::Text, 13),
    column("billing_npi", ColumnType::Text, 13),
    column("rendering_npi", ColumnType::Text, 13),
    column("adjudication", ColumnType::Text, 13),
    column("recoverable", ColumnType::Amount, 15),
];

/// The columns of findings, in their order.
pub const FINDING: [Column; 18] = [
    column("rule", ColumnType::Text, 8),
    column("name", ColumnType::Text, 26),
    column("disposition", ColumnType::Text, 12),
    column("source_file", ColumnType::Text, 28),
    column("source_line", ColumnType::Number, 12),
    column("claim_id", ColumnType::Text, 18),
    column("line_number", ColumnType::Text, 12),
    column("member_id", ColumnType::Text, 18),
    column("product_class", ColumnType::Text, 26),
    column("setting", ColumnType::Text, 13),
    column("procedure_code", ColumnType::Text, 15),
    column("service_date", ColumnType::Date, 12),
    column("amount_at_risk", ColumnType::Amount, 15),
    column("carc", ColumnType::Text, 7),
    column("rarc", ColumnType::Text, 8),
    column("message", ColumnType::Text, 80),
    column("citation", ColumnType::Text, 60),
    column("capped_by", ColumnType::Text, 19),
];

/// The further columns of findings if suppressions were given. Services have only the first one, with their suppressed
/// rules.
pub(crate) const SUPPRESSED: [Column; 2] =
    [column("suppressed", ColumnType::Text, 12), column("suppression", ColumnType::Text, 60)];

/// The last column: `yes` for what the baseline does not have, else `no`; empty without a baseline. CSV files have it
/// only with a baseline, because without one their columns are fixed. spec: outputs/new.
pub(crate) const NEW: Column = column("new", ColumnType::Text, 8);

const MARKED: Column = column("suppressed", ColumnType::List, 20);
const SERVICE_NEW: [Column; 24] = beside(SERVICE, &[NEW]);
const SERVICE_MARKED: [Column; 25] = beside(SERVICE, &[MARKED, NEW]);
pub(crate) const FINDING_NEW: [Column; 19] = beside(FINDING, &[NEW]);
pub(crate) const FINDING_MARKED: [Column; 21] = beside(FINDING, &[SUPPRESSED[0], SUPPRESSED[1], NEW]);

/// These columns, then more of them.
pub(crate) const fn beside<const N: usize, const M: usize>(columns: [Column; N], more: &[Column]) -> [Column; M] {
    let mut all = [more[0]; M];
    let mut i = 0;
    while i < M {
        all[i] = if i < N { columns[i] } else { more[i - N] };
        i += 1;
    }
    all
}

/// The columns of services in this run; the last one is [`NEW`].
pub fn service_columns(run: &RunContext) -> &'static [Column] {
    if run.suppressions.is_some() { &SERVICE_MARKED } else { &SERVICE_NEW }
}

/// The columns of findings in this run; the last one is [`NEW`].
pub fn finding_columns(run: &RunContext) -> &'static [Column] {
    if run.suppressions.is_some() { &FINDING_MARKED } else { &FINDING_NEW }
}

/// Takes the cells of a record, with one call per column, in their order.
pub trait Cells {
    /// A [`ColumnType::Text`] of our own words.
    fn text(&mut self, text: &str);
    /// A [`ColumnType::Text`] from outside: of the input, a policy or a suppression. Formats that a spreadsheet opens guard it.
    fn input(&mut self, text: &str) {
        self.text(text);
    }
    /// A [`ColumnType::Text`] of several words of our own, joined by `;`.
    fn joined<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        self.text(&words.collect::<Vec<_>>().join(";"));
    }
    /// [`ColumnType::Number`].
    fn number(&mut self, n: u64);
    /// [`ColumnType::Date`].
    fn date(&mut self, date: Option<Date>);
    /// [`ColumnType::Units`].
    fn units(&mut self, units: Option<Decimal>);
    /// [`ColumnType::Amount`].
    fn amount(&mut self, amount: Option<Cents>);
    /// A [`ColumnType::List`] of texts taken from the input.
    fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>);
    /// A [`ColumnType::List`] of words of our own.
    fn words<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        self.list(words);
    }
}
