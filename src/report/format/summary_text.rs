//! summary.txt and summary.md: the result for an e-mail or a chat. Neither has ids, labels or dates of claims, and extracts
//! are named without their directories. The same inputs give the same bytes.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;

use crate::claim::authorization::Authorizations;
use crate::report::brief;
use crate::report::notes;
use crate::report::sink::{Output, Sink, lock};
use crate::report::totals::Totals;
use crate::report::view::{PartView, ReportContext};
use crate::report::words::escape::seen;
use crate::report::words::finding::{NOT_EVALUATED, value};
use crate::report::words::numbers::{counted, grouped};
use crate::report::words::warning::sentence_without_directory;
use crate::report::words::wrap;

/// Columns of summary.txt: mail programs show that many without breaking a line.
const WIDTH: usize = 72;

/// Opens summary.txt.
pub fn text<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(Box::new(TextSink { context, markdown: false, out: Mutex::new(out) }))
}

/// Opens summary.md.
pub fn markdown<'a>(context: ReportContext<'a>, out: Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>> {
    Ok(Box::new(TextSink { context, markdown: true, out: Mutex::new(out) }))
}

struct TextSink<'a> {
    context: ReportContext<'a>,
    markdown: bool,
    out: Mutex<Box<dyn Output>>,
}

impl Sink for TextSink<'_> {
    fn format(&self, _: usize, _: &PartView<'_>) -> io::Result<()> {
        Ok(())
    }

    fn append(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, totals: &Totals) -> io::Result<()> {
        let parts = parts(self.context, totals);
        let text = if self.markdown { as_markdown(&parts) } else { as_text(&parts) };
        let mut out = lock(&self.out);
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

/// A part of the summary.
enum Part {
    Title(String),
    Heading(&'static str),
    Line(String),
    List(Vec<String>),
    /// The heading, then the rows. Columns after the first `left` hold numbers.
    Table {
        left: usize,
        rows: Vec<Vec<String>>,
    },
}

fn parts(context: ReportContext<'_>, totals: &Totals) -> Vec<Part> {
    let (run, summary) = (context.run, &totals.summary);
    let mut parts = vec![Part::Title("claimlint".to_owned()), Part::Line(format!("{}.", brief::policy(run)))];
    if !totals.warnings.is_empty() {
        parts.push(Part::Heading("Warnings"));
        parts.push(Part::List(totals.warnings.iter().map(sentence_without_directory).collect()));
    }
    parts.push(Part::Heading("Result"));
    let extracts = match run.inputs.as_slice() {
        [one] => file_name(&one.name),
        many => counted(many.len() as u64, "extract"),
    };
    parts.push(Part::Line(format!("{extracts}: {}.", brief::ledger(run))));
    if summary.services() == 0 {
        parts.push(Part::Line(notes::no_service(run)));
    } else {
        let head = ["services", "count", "at risk", "recoverable"].map(str::to_owned);
        let line = |line: &brief::StatusLine| {
            let [services, at_risk, recoverable] = [&line.services, &line.at_risk, &line.recoverable].map(Clone::clone);
            vec![line.word().to_owned(), services, at_risk, recoverable]
        };
        let rows = std::iter::once(head.into()).chain(brief::statuses(run, summary).iter().map(line)).collect();
        parts.push(Part::Table { left: 1, rows });
    }
    let rules = brief::rules(context, summary);
    if !rules.is_empty() {
        parts.push(Part::Heading("Findings"));
        let head = ["rule", "found", "default", "findings", "at risk"].map(str::to_owned);
        let line = |rule: brief::RuleLine<'_>| {
            let [code, name, word] = [rule.code, rule.name, rule.disposition.word()].map(str::to_owned);
            vec![code, name, word, grouped(rule.tally.findings), rule.at_risk()]
        };
        let rows = std::iter::once(head.into()).chain(rules.into_iter().map(line)).collect();
        parts.push(Part::Table { left: 3, rows });
    }
    let mut known: Vec<String> = Vec::new();
    if let Some(new) = &totals.new {
        known.extend(brief::since(new, run.knows_amounts()).map(|(word, said)| format!("{word}: {said}")));
    }
    if run.suppressions.is_some() {
        known.push(format!("suppressed: {}", brief::share(&totals.suppressed, run.knows_amounts())));
    }
    known.extend(brief::rejected(run));
    known.extend(brief::notes(run, totals));
    for unread in notes::unread(run, totals) {
        let labels = counted((unread.labels.len() + unread.more) as u64, "label");
        known.push(format!("{}: no table knows {labels}; {}", unread.name, unread.advice));
    }
    for absent in notes::absent(run) {
        let who = if absent.files.is_empty() { String::new() } else { format!(" ({})", file_name(&absent.files)) };
        known.push(format!("no {} column{who}: {}", absent.field, absent.consequence));
    }
    let absent = run.authorizations.iter().flat_map(Authorizations::absent);
    known.extend(absent.map(|(column, cost)| format!("no {column} column in the authorization file: {cost}")));
    if !known.is_empty() {
        parts.push(Part::Heading("To know"));
        parts.push(Part::List(known));
    }
    parts.push(Part::Heading("What it cannot show"));
    parts.push(Part::List(run.policy.unseen.iter().cloned().chain([NOT_EVALUATED.to_owned()]).collect()));
    parts
}

/// The name of a file without its directory, cut to a readable length.
fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name().map_or_else(|| path.into(), |name| name.to_string_lossy());
    value(&name).into_owned()
}

fn as_text(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Title(title) => text.extend([title, "\n"]),
            Part::Heading(heading) => text.extend(["\n", heading.to_uppercase().as_str(), "\n"]),
            Part::Line(line) => add_wrapped(&mut text, "", &seen(line)),
            Part::List(items) => items.iter().for_each(|item| add_wrapped(&mut text, "- ", &seen(item))),
            Part::Table { left, rows } => {
                text.push('\n');
                let width = |n: usize| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or_default();
                for row in rows {
                    let mut line = String::new();
                    for (n, cell) in row.iter().enumerate() {
                        let (cell, width) = (seen(cell), width(n));
                        // A String takes everything.
                        let _ =
                            if n < *left { write!(line, "{cell:width$}  ") } else { write!(line, "{cell:>width$}  ") };
                    }
                    text.extend([line.trim_end(), "\n"]);
                }
            }
        }
    }
    text
}

/// Adds a text in lines of [`WIDTH`] columns, the first after a mark and the others below what follows it.
fn add_wrapped(text: &mut String, mark: &str, line: &str) {
    for (n, line) in wrap::lines(line.split(' '), WIDTH - mark.len()).iter().enumerate() {
        let margin = if n == 0 { mark.to_owned() } else { " ".repeat(mark.len()) };
        text.extend([&margin, line, "\n"]);
    }
}

fn as_markdown(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push('\n');
        }
        match part {
            Part::Title(title) => text.extend(["# ", &escaped(title), "\n"]),
            Part::Heading(heading) => text.extend(["## ", heading, "\n"]),
            Part::Line(line) => text.extend([escaped(line).as_str(), "\n"]),
            Part::List(items) => items.iter().for_each(|item| text.extend(["- ", &escaped(item), "\n"])),
            Part::Table { left, rows } => {
                for (n, row) in rows.iter().enumerate() {
                    let cells: Vec<_> = row.iter().map(|cell| escaped(cell)).collect();
                    text.extend(["| ", &cells.join(" | "), " |\n"]);
                    if n == 0 {
                        let rule = (0..row.len()).map(|n| if n < *left { "---" } else { "---:" });
                        text.extend(["| ", &rule.collect::<Vec<_>>().join(" | "), " |\n"]);
                    }
                }
            }
        }
    }
    text
}

/// A text in which Markdown sees no markup: names of files and words of a policy may hold anything.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in seen(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '>' | '#' | '!' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_sees_no_markup_in_values() {
        assert_eq!(escaped("a|b_<i>*[x](y)\u{7}"), "a\\|b\\_&lt;i\\>\\*\\[x\\](y)\u{2407}");
    }

    #[test]
    fn lines_of_the_text_fit_a_mail() {
        let mut text = String::new();
        add_wrapped(&mut text, "- ", "eleven-char ".repeat(12).trim_end());
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("  eleven")), "{text}");
    }
}
