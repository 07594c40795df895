//! Colors and line breaks of the terminal.

use anstyle::{AnsiColor, Style};

use crate::cli::terminal::screen::TextStyle;
use crate::policy::Disposition;
pub(crate) use crate::report::words::escape::seen;
pub(crate) use crate::report::words::numbers::{dollars, grouped};
use crate::report::words::wrap;
use crate::rules::judge::ServiceStatus;

/// The word "error".
pub(crate) const ERROR: TextStyle = TextStyle(AnsiColor::Red.on_default().bold());
/// The word "warning".
pub(crate) const WARNING: TextStyle = TextStyle(AnsiColor::Yellow.on_default().bold());
/// Headings and codes.
pub(crate) const BOLD: TextStyle = TextStyle(Style::new().bold());
/// Text that may be skipped.
pub(crate) const DIM: TextStyle = TextStyle(Style::new().dimmed());

/// The color of a disposition.
pub(crate) fn disposition(disposition: Disposition) -> TextStyle {
    TextStyle(match disposition {
        Disposition::Deny => AnsiColor::Red.on_default().bold(),
        Disposition::Review => AnsiColor::Yellow.on_default(),
        Disposition::Info => AnsiColor::Cyan.on_default(),
    })
}

/// The color of a status.
pub(crate) fn status(status: ServiceStatus) -> TextStyle {
    TextStyle(match status {
        ServiceStatus::Deny => AnsiColor::Red.on_default().bold(),
        ServiceStatus::Review => AnsiColor::Yellow.on_default(),
        ServiceStatus::NotEvaluated => AnsiColor::Cyan.on_default(),
        ServiceStatus::Clear => AnsiColor::Green.on_default(),
    })
}

/// A text in a style.
pub(crate) fn paint(style: TextStyle, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Columns of a terminal that does not say how many it has, as terminals of some containers and editors: 80, as ever.
const UNKNOWN_WIDTH: usize = 80;

/// Columns of the terminal; none in a pipe.
fn terminal_columns() -> Option<usize> {
    comfy_table::Table::new().width().map(|columns| told_columns(columns.into()))
}

/// A width of 0 says that the terminal does not know it.
fn told_columns(columns: usize) -> usize {
    if columns == 0 { UNKNOWN_WIDTH } else { columns }
}

/// Has a table of six columns with amounts room?
pub(crate) fn is_wide() -> bool {
    width() >= 64
}

/// The width of the terminal in columns, from 40 to 160; 100 for a pipe.
pub(crate) fn width() -> usize {
    // Twice a terminal of 80 columns. Chosen, not measured: the eye loses a longer line.
    const WIDEST: usize = 160;
    let columns = terminal_columns().unwrap_or(100);
    columns.clamp(NARROWEST, WIDEST)
}

/// Breaks a line at blanks to fit the terminal. Continuation lines are indented by `hang` columns, and a word longer
/// than a line is broken after its commas. In a pipe the line is not broken, because programs read it line by line.
pub(crate) fn fitted(line: &str, hang: usize) -> String {
    match terminal_columns() {
        Some(width) => broken(line, hang, width),
        None => line.to_owned(),
    }
}

fn broken(line: &str, hang: usize, width: usize) -> String {
    // A narrow terminal has no room for the whole indent; a tenth of a line still tells that the text goes on.
    let hang = if hang + NARROWEST / 2 > width { hang.min(width / 10) } else { hang };
    let mut out = String::with_capacity(line.len() + 16);
    let mut column = 0;
    let words = line.split_inclusive(' ').flat_map(|word| {
        // A list without blanks, such as a row of CSV, may be longer than a line.
        let long = hang + columns(word.trim_end_matches(' ')) > width;
        word.split_inclusive(move |c| long && c == ',')
    });
    for word in words {
        let visible = columns(word.trim_end_matches(' '));
        if column > hang && column + visible > width {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.push_str(&" ".repeat(hang));
            column = hang;
        }
        out.push_str(word);
        column += columns(word);
    }
    out
}

/// The width of a text in columns: its characters without the escape sequences of styles, which end with an m.
pub(crate) fn columns(text: &str) -> usize {
    let mut styles = text.split('\x1b');
    let plain = styles.next().unwrap_or_default().chars().count();
    plain + styles.map(|rest| rest.split_once('m').map_or(0, |(_, after)| after.chars().count())).sum::<usize>()
}

/// The narrowest terminal, in columns, for which lines are indented.
const NARROWEST: usize = 40;

/// Wraps a text at the terminal's width and indents every line.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let lines = wrap::lines(text.split_whitespace(), width().min(100) - indent);
    lines.iter().map(|line| " ".repeat(indent) + line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_without_a_width_has_80_columns() {
        assert_eq!((told_columns(0), told_columns(1), told_columns(132)), (80, 1, 132));
    }

    #[test]
    fn lines_end_where_the_terminal_does() {
        let line = format!("  {}  one two three four five six seven eight", paint(BOLD, "DX101"));
        for (width, want) in [
            (100, "  DX101  one two three four five six seven eight"),
            (41, "  DX101  one two three four five six\n         seven eight"),
            (20, "  DX101  one two\n  three four five\n  six seven eight"),
        ] {
            let plain = broken(&line, 9, width).replace(&BOLD.to_string(), "").replace(&format!("{BOLD:#}"), "");
            assert_eq!(plain, want, "{width}");
        }
        let row = "    claim_id,product,units,paid,charge";
        assert_eq!(broken(row, 6, 30), "    claim_id,product,units,\n      paid,charge");
        assert_eq!(broken("short, but a,b", 0, 12), "short, but\na,b");
        assert_eq!(broken("a-word-longer-than-the-line and", 4, 10), "a-word-longer-than-the-line\n and");
    }
}
