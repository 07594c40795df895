//! Labels that no table knows, with the number of rows that have them.
//!
//! An unread label can change verdicts unnoticed: an unknown product makes every service undetermined. So the report
//! lists the labels, and names the layout table in which their meaning can be given.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use crate::claim::line::Marks;
use crate::claim::{Bin, Line, Text};
use crate::report::view::PartView;

/// Most labels of a kind in the report.
pub(crate) const MAX_LABELS_LISTED: usize = 50;

/// Most labels of a kind that the terminal and the page show.
pub(crate) const MAX_LABELS_SHOWN: usize = 5;

/// Most different labels of a kind that are counted. A column has few, but a column that was bound by mistake may have
/// one per row, and memory must not grow with them. The first ones in input order are counted, whatever the parts of a
/// run.
const MAX_LABELS_COUNTED: usize = 100_000;

/// Most bytes of a label that are kept. A label of a table has a few dozen; what is longer is prose, and is told apart by its
/// beginning.
const LONGEST_LABEL: usize = 1 << 10;

/// Most bytes of the labels of a kind that are counted. As many as [`MAX_LABELS_COUNTED`] short ones take less.
const MAX_LABEL_BYTES: usize = 16 << 20;

/// The columns whose words are looked up in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// Product labels.
    Product,
    /// Statuses of claims and lines.
    Status,
    /// Claim forms.
    ClaimForm,
    /// The order of the payer among the member's payers.
    PayerSequence,
    /// Statuses of the authorization file.
    AuthorizationStatus,
}

impl LabelKind {
    /// All kinds, in the order of reports.
    pub const ALL: [Self; 5] =
        [Self::Product, Self::Status, Self::ClaimForm, Self::PayerSequence, Self::AuthorizationStatus];

    /// Its key in summary.json.
    pub fn key(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Status => "status",
            Self::ClaimForm => "claim_form",
            Self::PayerSequence => "payer_sequence",
            Self::AuthorizationStatus => "authorization_status",
        }
    }

    /// What the labels are, in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Status => "status",
            Self::ClaimForm => "claim form",
            Self::PayerSequence => "payer sequence",
            Self::AuthorizationStatus => "authorization status",
        }
    }

    /// Advice on what to do about such labels.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Product => "write what such words mean into [products] of a layout or of the settings",
            Self::Status => "write what such words mean into [status] of a layout",
            Self::ClaimForm => "write what such words mean into [claim_form] of a layout",
            Self::PayerSequence => "the codes of the 837 are P, S, T, A to H and U; any other word is taken as primary",
            Self::AuthorizationStatus => "write what such words mean into [auths.status] of a layout",
        }
    }

    /// The unread label of a line, if it has one of this kind.
    fn of_line(self, line: Line<'_>, marks: Marks) -> [Option<&str>; 2] {
        let label = |text: Text, unread: bool| unread.then(|| line.text(text)).filter(|label| !label.is_empty());
        match self {
            Self::Product => [label(Text::Product, marks.product_unread), None],
            Self::Status => {
                [label(Text::LineStatus, marks.line_status_unread), label(Text::ClaimStatus, marks.claim_status_unread)]
            }
            Self::ClaimForm => [label(Text::ClaimForm, marks.form_unread), None],
            Self::PayerSequence => [label(Text::PayerSequence, marks.payer_unread), None],
            Self::AuthorizationStatus => [None, None],
        }
    }
}

/// Labels of one kind with their rows, in the order in which they were first seen.
#[derive(Debug, Default)]
struct Counts {
    places: FxHashMap<String, usize>,
    rows: Vec<u64>,
    bytes: usize,
}

/// A label as it is kept: its beginning, if it is long.
fn kept(label: &str) -> Cow<'_, str> {
    if label.len() <= LONGEST_LABEL {
        return label.into();
    }
    format!("{}\u{2026}", &label[..label.floor_char_boundary(LONGEST_LABEL - '\u{2026}'.len_utf8())]).into()
}

impl Counts {
    fn add(&mut self, label: &str, rows: u64) {
        let label = kept(label);
        if let Some(place) = self.places.get(&*label) {
            self.rows[*place] += rows;
        } else if self.rows.len() < MAX_LABELS_COUNTED && self.bytes + label.len() <= MAX_LABEL_BYTES {
            self.bytes += label.len();
            self.places.insert(label.into_owned(), self.rows.len());
            self.rows.push(rows);
        }
    }

    /// The labels in the order in which they were first seen.
    fn in_order(&self) -> Vec<(&str, u64)> {
        let mut labels = vec![("", 0); self.rows.len()];
        for (label, place) in &self.places {
            labels[*place] = (label, self.rows[*place]);
        }
        labels
    }
}

/// The unread labels on the live rows of services, by kind.
#[derive(Debug, Default)]
pub struct UnreadLabels([Counts; LabelKind::ALL.len()]);

impl UnreadLabels {
    /// The labels on the live rows of a part of the run that hold a listed code. A row counts once, however many services it has, and each
    /// row of a stay counts.
    pub(super) fn of(part: &PartView<'_>) -> Self {
        let mut labels = Self::default();
        let is_of_service = |line: &usize| part.line_set.bins[*line] == Bin::InScope;
        let heads = part.line_set.lines.heads.iter().enumerate();
        let lines = heads.filter(|(_, head)| head.marks().has_unread_label()).map(|(line, _)| line);
        for line in lines.filter(is_of_service) {
            let line = part.line_set.line(line);
            let marks = line.marks();
            for kind in LabelKind::ALL {
                let counts = &mut labels.0[kind as usize];
                let [first, second] = kind.of_line(line, marks);
                // A row counts once for a label, also where two of its columns have it.
                first.into_iter().chain(second.filter(|_| second != first)).for_each(|label| counts.add(label, 1));
            }
        }
        labels
    }

    /// Adds the labels of the next part.
    pub(super) fn merge(&mut self, next: &Self) {
        for (counts, more) in self.0.iter_mut().zip(&next.0) {
            more.in_order().into_iter().for_each(|(label, rows)| counts.add(label, rows));
        }
    }

    /// The labels of a kind with their rows, the most frequent first, then by text; at most [`MAX_LABELS_LISTED`].
    pub fn of_kind(&self, kind: LabelKind) -> Vec<(&str, u64)> {
        most_frequent(self.0[kind as usize].in_order())
    }
}

/// Sorts labels by their rows and keeps the most frequent ones.
fn most_frequent(mut labels: Vec<(&str, u64)>) -> Vec<(&str, u64)> {
    labels.sort_unstable_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    labels.truncate(MAX_LABELS_LISTED);
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_counted_once_and_listed_by_frequency() {
        let mut counts = Counts::default();
        for (label, rows) in [("b", 2), ("a", 2), ("c", 7), ("b", 1)] {
            counts.add(label, rows);
        }
        assert_eq!(counts.in_order(), [("b", 3), ("a", 2), ("c", 7)]);
        assert_eq!(most_frequent(counts.in_order()), [("c", 7), ("b", 3), ("a", 2)]);
    }

    #[test]
    fn long_labels_are_cut() {
        let mut counts = Counts::default();
        let long = |end: &str| format!("{}{end}", "\u{e9}".repeat(LONGEST_LABEL));
        for label in ["PPO".to_owned(), long("1"), long("2"), "x".repeat(LONGEST_LABEL)] {
            counts.add(&label, 1);
        }
        let lengths: Vec<(usize, u64)> = counts.in_order().iter().map(|(label, rows)| (label.len(), *rows)).collect();
        assert_eq!(lengths, [(3, 1), (LONGEST_LABEL - 1, 2), (LONGEST_LABEL, 1)]);
        assert!(counts.in_order()[1].0.ends_with('\u{2026}'), "it says that it is cut");
        (0..2 * MAX_LABEL_BYTES / LONGEST_LABEL).for_each(|n| counts.add(&format!("{n:0LONGEST_LABEL$}"), 1));
        assert!(counts.bytes <= MAX_LABEL_BYTES && counts.bytes + LONGEST_LABEL > MAX_LABEL_BYTES);
    }

    #[test]
    fn label_counts_do_not_depend_on_parts() {
        let name = |n: usize| format!("label {n}");
        let mut whole = Counts::default();
        (0..MAX_LABELS_COUNTED + 2).for_each(|n| whole.add(&name(n), 1));
        whole.add(&name(0), 1);
        assert_eq!(whole.rows.len(), MAX_LABELS_COUNTED);
        assert_eq!(most_frequent(whole.in_order())[0], ("label 0", 2));
        assert!(!whole.places.contains_key(&name(MAX_LABELS_COUNTED)));
    }

    #[test]
    fn kinds_are_in_the_order_of_the_enum() {
        LabelKind::ALL.into_iter().enumerate().for_each(|(place, kind)| assert_eq!(kind as usize, place));
    }
}
