//! The few colours of the terminal. anstream drops them where they do not belong (pipes, `NO_COLOR`).

use anstyle::{AnsiColor, Style};

use crate::policy::Disposition;
pub(super) use crate::report::figures::{dollars, grouped};
use crate::rules::judge::Status;

/// The word "error".
pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Headings and codes.
pub(super) const BOLD: Style = Style::new().bold();
/// What may be skipped.
pub(super) const DIM: Style = Style::new().dimmed();

/// A disposition's colour.
pub(super) fn disposition(disposition: Disposition) -> Style {
    match disposition {
        Disposition::Deny => AnsiColor::Red.on_default().bold(),
        Disposition::Review => AnsiColor::Yellow.on_default(),
        Disposition::Info => AnsiColor::Cyan.on_default(),
    }
}

/// A status's colour.
pub(super) fn status(status: Status) -> Style {
    match status {
        Status::Deny => AnsiColor::Red.on_default().bold(),
        Status::Review => AnsiColor::Yellow.on_default(),
        Status::Clear => AnsiColor::Green.on_default(),
    }
}

/// A text in a style.
pub(super) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Columns of the terminal, within what reads well; a pipe counts as wide.
pub(super) fn width() -> usize {
    const NARROWEST: usize = 40;
    const WIDEST: usize = 160;
    let columns = comfy_table::Table::new().width().map_or(100, usize::from);
    columns.clamp(NARROWEST, WIDEST)
}

/// Text wrapped at the terminal's width, every line indented.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let width = width().min(100) - indent;
    let pad = " ".repeat(indent);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if lines[last].chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            lines[last].push(' ');
            lines[last].push_str(word);
        }
    }
    lines.iter().map(|line| pad.clone() + line + "\n").collect()
}
