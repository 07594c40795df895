//! Tables of the summary: cells are never broken, so that an amount can be read at any width.

use std::io;
use std::io::Write;

use crate::cli::terminal::style::{columns, width};

/// Blanks before a table and between its columns.
const GAP: usize = 2;

/// Blanks before the further lines of a row that does not fit on one.
const HANG: usize = 4;

/// The side on which the cells of a column are aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A table under construction.
pub(crate) struct Columns<const N: usize> {
    head: [(&'static str, Align); N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Columns<N> {
    /// A table without rows.
    pub(crate) fn new(head: [(&'static str, Align); N]) -> Self {
        Self { head, rows: Vec::new() }
    }

    /// Adds a row. Cells may have styles.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }

    /// The lines of the table. Where it is wider than `width`, each row becomes a short list of its filled cells with the
    /// names of their columns.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let head = self.head.map(|(name, _)| name.to_owned());
        let mut widths = head.each_ref().map(|name| columns(name));
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(columns(cell));
            }
        }
        if widths.iter().map(|widest| widest + GAP).sum::<usize>() > width {
            return self.rows.iter().flat_map(|row| self.listed(row, width)).collect();
        }
        std::iter::once(&head).chain(&self.rows).map(|row| self.line(row, &widths)).collect()
    }

    /// Prints it at the width of the terminal.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        self.lines(width()).iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    fn line(&self, row: &[String; N], widths: &[usize; N]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in row.iter().zip(widths).zip(self.head) {
            let pad = " ".repeat(width - columns(cell));
            let (before, after) = if align == Align::Right { (pad, String::new()) } else { (String::new(), pad) };
            line.extend([" ".repeat(GAP), before, cell.clone(), after]);
        }
        line.trim_end().to_owned()
    }

    /// A row as a list: the first filled text begins the first line, and each number has the name of its column before it.
    fn listed(&self, row: &[String; N], width: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        for (cell, (name, align)) in row.iter().zip(self.head).filter(|(cell, _)| !cell.is_empty()) {
            let is_named = align == Align::Right && !name.is_empty();
            let item = if is_named { format!("{name} {cell}") } else { cell.clone() };
            let last = lines.len() - 1;
            if lines[last].is_empty() {
                lines = hanging(&item, GAP, width);
            } else if columns(&lines[last]) + GAP + columns(&item) <= width {
                lines[last].extend([" ".repeat(GAP), item]);
            } else {
                lines.extend(hanging(&item, HANG, width));
            }
        }
        lines
    }
}

/// A cell in lines of its own, the first of them indented by `indent`. Only a text that is wider than a line is broken, and only
/// between words.
fn hanging(item: &str, indent: usize, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in item.split(' ') {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => line.extend([" ", word]),
            Some(_) => lines.push(" ".repeat(HANG) + word),
            None => lines.push(" ".repeat(indent) + word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_broken_at_any_width() {
        let mut table = Columns::new([("rule", Align::Left), ("findings", Align::Right), ("at risk", Align::Right)]);
        table.row(["DX101".to_owned(), "3".to_owned(), "$5,598,006.42".to_owned()]);
        table.row(["DQ508".to_owned(), "12".to_owned(), String::new()]);
        let wide = ["  rule   findings        at risk", "  DX101         3  $5,598,006.42", "  DQ508        12"];
        assert_eq!(table.lines(32), wide);
        let narrow = ["  DX101  findings 3", "    at risk $5,598,006.42", "  DQ508  findings 12"];
        assert_eq!(table.lines(31), narrow);
        table.row(["RT401".to_owned(), "a text of words".to_owned(), String::new()]);
        assert_eq!(table.lines(20)[4..], ["  RT401", "    findings a text", "    of words"]);
        assert!((0..80).all(|width| table.lines(width).join("\n").contains("$5,598,006.42")));
        table.row(["a path of words/that-is-long".to_owned(), "3".to_owned(), String::new()]);
        assert_eq!(table.lines(22)[7..], ["  a path of", "    words/that-is-long", "    findings 3"]);
    }
}
