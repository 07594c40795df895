//! The sheet Summary: a page that a manager can read and print. What was judged, what was found, what to know before
//! relying on it, and what it is worth by rule.

use crate::claim::Sum;
use crate::report::brief;
use crate::report::format::html::head::{facts, label};
use crate::report::format::xlsx::sheet::XmlRows;
use crate::report::notes;
use crate::report::table::record::{Cells as _, Column, ColumnType, column};
use crate::report::totals::Totals;
use crate::report::view::ReportContext;
use crate::report::words::finding::NOT_EVALUATED;
use crate::report::words::warning::sentence_without_directory;
use crate::rules::judge::ServiceStatus;

/// A page: its columns have no names. What, its meaning, rows or services, findings, amounts.
pub(crate) const SUMMARY: [Column; 6] = [
    column("", ColumnType::Text, 26),
    column("", ColumnType::Text, 62),
    column("", ColumnType::Number, 14),
    column("", ColumnType::Number, 12),
    column("", ColumnType::Amount, 18),
    column("", ColumnType::Amount, 18),
];

/// Characters of a line that begins in the first column, and in the second one: a text that is longer than the columns would be
/// cut in print. A character of the sheet's font is narrower than the unit of widths, so a tenth is kept free.
const SENTENCE_CHARS: usize = 135;
const MESSAGE_CHARS: usize = 110;

/// The rows of the sheet.
pub(crate) fn summary(context: ReportContext<'_>, totals: &Totals) -> XmlRows {
    let mut rows = XmlRows::default();
    let (run, summary) = (context.run, &totals.summary);
    let known = run.knows_amounts();
    let sum = |row: &mut XmlRows, Sum(cents): Sum| if known { row.money(cents) } else { row.text("unknown") };
    rows.row(|row| row.title(&format!("Kyphoplasty claims against {}", run.policy.id)));
    for (name, fact) in facts(run, totals) {
        rows.row(|row| row.texts(&[name, &fact]));
    }
    head(&mut rows, &["Result", "", "services", "", "at risk", "recoverable"]);
    for status in ServiceStatus::ALL {
        let tally = summary.status(status);
        rows.row(|row| {
            row.texts(&[status.word(), label(status)]);
            row.count(tally.services);
            row.none();
            sum(row, tally.at_risk);
            sum(row, tally.recoverable);
        });
    }
    rows.row(|row| {
        row.texts(&["all", "each service once"]);
        row.count(summary.services());
        row.none();
        sum(row, summary.at_risk());
        sum(row, summary.recoverable());
    });
    if let Some(new) = &totals.new {
        head(&mut rows, &["Since the baseline", "", "services", "findings", "at risk", ""]);
        for (word, share) in [("new", &new.new), ("known", &new.known), ("gone", &new.gone)] {
            let all = share.all();
            rows.row(|row| {
                row.texts(&[word, "findings that are not suppressed"]);
                row.count(all.services);
                row.count(all.findings);
                sum(row, all.at_risk);
            });
        }
    }
    if !totals.warnings.is_empty() {
        head(&mut rows, &["Warning", "", "", "", "", ""]);
        for warning in &totals.warnings {
            let sentence = sentence_without_directory(warning);
            for (n, line) in lines(&sentence, MESSAGE_CHARS).iter().enumerate() {
                rows.row(|row| row.texts(&[if n == 0 { warning.kind.word() } else { "" }, line]));
            }
        }
    }
    let (information, fired): (Vec<_>, Vec<_>) =
        brief::rules(context, summary).into_iter().partition(|rule| rule.at_risk.is_none());
    for (title, meaning, amount, of_kind) in [
        ("Rule", "a service counts under every rule that fired on it", "at risk", fired),
        ("Rule, for information", "what is at risk on its services is so by other rules", "", information),
    ] {
        if of_kind.is_empty() {
            continue;
        }
        head(&mut rows, &[title, meaning, "services", "findings", amount, ""]);
        for rule in of_kind {
            let word = if rule.at_risk.is_some() {
                format!(", {} by default", rule.disposition.word())
            } else {
                String::new()
            };
            rows.row(|row| {
                row.texts(&[rule.code, &format!("{}{word}", rule.name)]);
                row.count(rule.tally.services);
                row.count(rule.tally.findings);
                if let Some(amount) = rule.at_risk {
                    sum(row, amount);
                }
            });
        }
    }
    head(&mut rows, &["Ledger", "", "rows", "", "", ""]);
    let read = ("read", run.ledger.rows, "all rows: the sum of the bins");
    for (bin, n, meaning) in std::iter::once(read).chain(run.ledger.bins()) {
        rows.row(|row| {
            row.texts(&[bin, meaning]);
            row.count(n);
        });
    }
    head(&mut rows, &["What a claim cannot show", "", "", "", "", ""]);
    let notes = notes::notes(run, totals);
    for sentence in
        run.policy.unseen.iter().map(String::as_str).chain([NOT_EVALUATED]).chain(notes.iter().map(String::as_str))
    {
        for line in lines(sentence, SENTENCE_CHARS) {
            rows.row(|row| row.text(&line));
        }
    }
    rows
}

/// An empty row, then the head of a section.
fn head(rows: &mut XmlRows, texts: &[&str]) {
    rows.row(|_| {});
    rows.row(|row| row.heads(texts));
}

/// A text in lines of at most so many characters, broken between words.
fn lines(text: &str, longest: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let fits = lines
            .last()
            .is_some_and(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= longest);
        if !fits {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("longer than that", 3), ["longer", "than", "that"]);
        assert_eq!(lines("", 3), [""]);
    }
}
