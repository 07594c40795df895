//! Warnings: signs that a run read something else than the user meant, although it could be read.
//!
//! A note says what follows from an input, such as an optional column that it does not have. A warning says that the input,
//! or a setting, is probably wrong. Warnings go to stderr and to the log whatever `--quiet` says, to the page, to the
//! workbook and to summary.json, and a gate can count them.
//!
//! To add a warning: add a [`WarningKind`] with its word, give it a sentence in
//! [`report::words::warning`](crate::report), list it in the specification, and push a [`Warning`] to
//! [`RunContext::warnings`](crate::run::RunContext) while the extracts are read, or return it from `report::warnings` if
//! it depends on the totals of the run. Warnings that differ only in their file and counts are merged.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// What a warning is about. spec: outputs/warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningKind {
    /// A settings file that was found beside the extract changes results.
    SettingsBesideExtract,
    /// A named pipe in a directory, or among the files of a pattern, was passed over.
    PipePassedOver,
    /// An extract has no text, and was passed over.
    EmptyFile,
    /// An extract has no rows.
    NoRows,
    /// An extract has no rows, and `count` of its lines were skipped.
    AllSkipped,
    /// All `count` rows of an extract were rejected, and they are too few to refuse it.
    AllRejected,
    /// `count` lines, the first on `line`, were skipped because of their prefix, and have the delimiters of a row.
    SkippedRows,
    /// The last row, on `line`, has no line end and too few fields.
    CutShort,
    /// Bytes that are not compressed follow the last gzip member or zstd frame of a file.
    TrailingBytes,
    /// The UTF-16 text of a file ends with half a unit.
    OddByte,
    /// `count` of `of` rows have an empty field beyond the header, the first on `line`, and the others have none.
    RowsOfTwoLengths,
    /// `count` rows, the first on `line`, were rejected for more fields than the header, where others have an empty field.
    FilledSurplus,
    /// `count` rejected lines, the first of them `line`, hold two rows with another line end between them.
    JoinedRows,
    /// `count` rows, the first on `line`, have a cell with an odd number of quotes.
    StrayQuotes,
    /// The number of rows differs from that of the baseline by more than half. `count` of `of`.
    RowsUnlikeBaseline,
    /// The baseline had a column for `field`, and this run has none.
    ColumnGone,
    /// The baseline had more columns for `field`: `count` of `of` are left.
    FewerColumns,
    /// No amount of a service can be read, or no extract, or not the file, has a column for amounts. `of` services.
    NoAmounts,
    /// An extract has a column for `field`, and all its `count` rows with services leave it empty.
    EmptyColumn,
    /// `count` of the `of` rows with a known code were rejected, because they have no claim number.
    NoClaimNumbers,
    /// A column that no field uses looks like `field`: `count` of its `of` filled cells do.
    UnusedColumn,
    /// Columns of the numbered `field`, the first of them `column`, have higher numbers than the last one that is read, `of`.
    NumberedBeyond,
    /// `count` of `of` service slots have no `column` for `field`, and the others have one.
    SlotsUnlike,
    /// The layout reads `field` from `column` of a joined table, and the table has none.
    JoinedColumnMissing,
    /// `count` of the `of` rows of the joined table `field`, the first on `line`, were rejected.
    JoinedRowsRejected,
    /// None of the `of` rows of the joined table `field` is used with a key.
    JoinedNoKey,
    /// The joined table `field` has no row for `count` of `of` rows with a known code.
    JoinedRowsMissing,
    /// The joined table `field` has `count` listed codes on `of` keys that no row of the extracts has.
    JoinedCodesUnmet,
    /// Fewer than half of the dates in `field` can be read: `count` of `of`.
    UnreadableDates,
    /// Most of the cells in `field` (several, with commas) cannot be what the columns say: `count` of `of`.
    CellsUnlikeField,
    /// No table knows the words in `count` of `of` cells of the `column` of `field`.
    UnreadWords,
    /// In `count` of `of` dates the number in the place of the month is above 12.
    #[serde(rename = "month-above-12")]
    MonthAbove12,
    /// No table knows the product labels of `count` of `of` rows with services.
    UnreadProducts,
    /// The authorization file lacks `field`, and has a `column` that nothing reads, of a name that the field may have.
    UnusedAuthorizationColumn,
    /// The authorization file has none of the `of` numbers on services.
    AuthorizationsNotFound,
    /// The authorization file has `of` rows, and none is an approval.
    NoApproval,
    /// No table knows the status of `count` of `of` rows of the authorization file.
    UnreadAuthorizationStatus,
    /// The baseline had an authorization file, and this run has none.
    AuthorizationsGone,
    /// This run has an authorization file, and the baseline had none.
    AuthorizationsAdded,
    /// The baseline was judged by another policy, or with other dispositions or labels.
    PolicyUnlikeBaseline,
    /// `--select` or `--ignore` left out other rules. `field` has the rules that only one of the two asked.
    SelectionUnlikeBaseline,
    /// The extracts of the baseline were read with other layouts. `field` names those that only one of the two has.
    LayoutUnlikeBaseline,
}

impl WarningKind {
    /// The word of the kind in outputs: the name of the variant in lower case, with hyphens.
    pub fn word(self) -> &'static str {
        match self {
            Self::SettingsBesideExtract => "settings-beside-extract",
            Self::PipePassedOver => "pipe-passed-over",
            Self::EmptyFile => "empty-file",
            Self::NoRows => "no-rows",
            Self::AllSkipped => "all-skipped",
            Self::AllRejected => "all-rejected",
            Self::SkippedRows => "skipped-rows",
            Self::CutShort => "cut-short",
            Self::TrailingBytes => "trailing-bytes",
            Self::OddByte => "odd-byte",
            Self::RowsOfTwoLengths => "rows-of-two-lengths",
            Self::FilledSurplus => "filled-surplus",
            Self::JoinedRows => "joined-rows",
            Self::StrayQuotes => "stray-quotes",
            Self::RowsUnlikeBaseline => "rows-unlike-baseline",
            Self::ColumnGone => "column-gone",
            Self::FewerColumns => "fewer-columns",
            Self::NoAmounts => "no-amounts",
            Self::EmptyColumn => "empty-column",
            Self::NoClaimNumbers => "no-claim-numbers",
            Self::UnusedColumn => "unused-column",
            Self::NumberedBeyond => "numbered-beyond",
            Self::SlotsUnlike => "slots-unlike",
            Self::JoinedColumnMissing => "joined-column-missing",
            Self::JoinedRowsRejected => "joined-rows-rejected",
            Self::JoinedNoKey => "joined-no-key",
            Self::JoinedRowsMissing => "joined-rows-missing",
            Self::JoinedCodesUnmet => "joined-codes-unmet",
            Self::UnreadableDates => "unreadable-dates",
            Self::CellsUnlikeField => "cells-unlike-field",
            Self::UnreadWords => "unread-words",
            Self::MonthAbove12 => "month-above-12",
            Self::UnreadProducts => "unread-products",
            Self::UnusedAuthorizationColumn => "unused-authorization-column",
            Self::AuthorizationsNotFound => "authorizations-not-found",
            Self::NoApproval => "no-approval",
            Self::UnreadAuthorizationStatus => "unread-authorization-status",
            Self::AuthorizationsGone => "authorizations-gone",
            Self::AuthorizationsAdded => "authorizations-added",
            Self::PolicyUnlikeBaseline => "policy-unlike-baseline",
            Self::SelectionUnlikeBaseline => "selection-unlike-baseline",
            Self::LayoutUnlikeBaseline => "layout-unlike-baseline",
        }
    }
}

/// A warning with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// The file that it is about, as given; the first of them if it is about several. Empty: it is about the run.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The number of files that it is about.
    #[serde(skip_serializing_if = "is_at_most_one")]
    pub files: u64,
    /// The canonical field, or the settings, that it is about.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// A column of the file: its name in the header if that is a known one, else its number with the shape of its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// The number of columns that it is about, if their names differ only in digits.
    #[serde(skip_serializing_if = "is_at_most_one")]
    pub columns: u64,
    /// A line of the file, of the first of them if it is about several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// How many, as the kind says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Of how many, as the kind says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_at_most_one(number: &u64) -> bool {
    *number <= 1
}

impl Warning {
    /// A warning about the whole run, without evidence.
    pub fn new(kind: WarningKind) -> Self {
        let (file, field, column) = Default::default();
        Self { kind, file, files: 0, field, column, columns: 0, line: None, count: None, of: None }
    }

    /// The same about a file, as given.
    #[must_use]
    pub fn file(self, file: impl Into<String>) -> Self {
        Self { file: file.into(), files: 1, ..self }
    }

    /// The same about a canonical field or about settings.
    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Self {
        Self { field: field.into(), ..self }
    }

    /// The same about a column of the header.
    #[must_use]
    pub fn column(self, column: impl Into<String>) -> Self {
        Self { column: column.into(), columns: 1, ..self }
    }

    /// The same about a line of the file.
    #[must_use]
    pub fn line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    /// Makes it a warning about one column more.
    pub(crate) fn add_column(&mut self, other: &Self) {
        self.columns += other.columns;
        self.add_counts(other);
    }

    fn add_counts(&mut self, other: &Self) {
        let both = |one: Option<u64>, two: Option<u64>| one.zip(two).map(|(one, two)| one + two);
        // Without a count, `of` is a number of the layout, not one of rows or cells.
        if self.count.is_some() {
            self.of = both(self.of, other.of);
        }
        self.count = both(self.count, other.count);
    }

    /// The same with a count.
    #[must_use]
    pub fn count(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// The same with the number that the count is a part of.
    #[must_use]
    pub fn of(self, of: u64) -> Self {
        Self { of: Some(of), ..self }
    }
}

/// Merges warnings that differ only in file and counts, so that thousands of part files give one warning: the first file
/// is named, the files are counted, and the counts are added up. The order is that of the kinds, then of the input.
pub fn merged(warnings: impl IntoIterator<Item = Warning>) -> Vec<Warning> {
    let mut merged: Vec<Warning> = Vec::new();
    let mut places: FxHashMap<(WarningKind, String, String), usize> = FxHashMap::default();
    for warning in warnings {
        let place = places.entry((warning.kind, warning.field.clone(), warning.column.clone())).or_insert(merged.len());
        let Some(other) = merged.get_mut(*place) else {
            merged.push(warning);
            continue;
        };
        other.files += warning.files;
        other.columns = other.columns.max(warning.columns);
        other.add_counts(&warning);
    }
    merged.sort_by_key(|warning| warning.kind);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_many_files_become_one() {
        let of_file = |n: u64| Warning::new(WarningKind::UnreadableDates).file(format!("{n}.csv")).count(1).of(n);
        let other = Warning::new(WarningKind::NoRows).file("2.csv");
        let all = merged([of_file(3), other.clone(), of_file(4), of_file(5)]);
        assert_eq!(all, [other, Warning { files: 3, ..of_file(3).count(3).of(12) }]);
        let json = serde_json::to_string(&all[1]).expect("text");
        assert_eq!(json, r#"{"kind":"unreadable-dates","file":"3.csv","files":3,"count":3,"of":12}"#);
    }

    #[test]
    fn warnings_about_different_columns_stay_apart() {
        let about = |column: &str| Warning::new(WarningKind::UnusedColumn).field("diagnosis").column(column);
        assert_eq!(merged([about("dx_a"), about("dx_b"), about("dx_a")]).len(), 2);
        let line = |file: &str, n: u64| Warning::new(WarningKind::CutShort).file(file).line(n);
        assert_eq!(merged([line("a", 7), line("b", 9)]), [Warning { files: 2, ..line("a", 7) }]);
        let beyond = |file: &str| Warning::new(WarningKind::NumberedBeyond).file(file).column("dx26").of(25);
        assert_eq!(merged([beyond("a"), beyond("b")]), [Warning { files: 2, ..beyond("a") }]);
    }

    /// The word in outputs, and in JSON, is that of the specification.
    #[test]
    fn every_word_of_the_specification_is_a_kind() {
        let section = crate::spec::resolve("outputs/warnings").expect("a section");
        let rows = section.text.lines().filter_map(|line| line.trim().strip_prefix("| `")?.split(" | ").next());
        let words: Vec<&str> = rows.flat_map(|cell| cell.split(", ")).map(|word| word.trim_matches('`')).collect();
        assert!(words.len() > 15, "{words:?}");
        for word in words {
            let kind: WarningKind = serde_json::from_str(&format!("{word:?}")).expect(word);
            assert_eq!(kind.word(), word);
        }
    }
}
