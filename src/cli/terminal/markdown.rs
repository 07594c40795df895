//! Markdown pages of the guide and the specification as text for the terminal and as manual pages.
//!
//! The pages use headings, paragraphs, lists, tables and code blocks. Anything else is printed as its text.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::cli::terminal::style::{BOLD, paint};
use crate::report::words::wrap;

/// One block of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MarkdownBlock {
    /// A heading with its level, 1 for the title.
    Heading(u8, String),
    /// A paragraph, on one line.
    Paragraph(String),
    /// A list item with its mark (`-` or `1.`) and the depth of its list, from 0.
    Item(usize, String, String),
    /// Code, line by line.
    Code(String),
    /// A table; the first row is its head.
    Table(Vec<Vec<String>>),
}

/// The blocks of a page in order.
pub(crate) fn blocks(markdown: &str) -> Vec<MarkdownBlock> {
    let mut blocks = Vec::new();
    // One entry for each open list: its next number, or `None` for bullets.
    let mut lists: Vec<Option<u64>> = Vec::new();
    let mut mark: Option<String> = None;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut text = String::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::List(first)) => {
                flush(&mut blocks, &mut text, &mut mark, lists.len());
                lists.push(first);
            }
            Event::End(TagEnd::List(_)) => drop(lists.pop()),
            Event::Start(Tag::Item) => {
                mark = Some(match lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "-".to_owned(),
                });
            }
            Event::End(TagEnd::Heading(level)) => {
                blocks.push(MarkdownBlock::Heading(level as u8, std::mem::take(&mut text)));
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item) | Event::Start(Tag::Table(_)) => {
                flush(&mut blocks, &mut text, &mut mark, lists.len());
            }
            Event::End(TagEnd::CodeBlock) => blocks.push(MarkdownBlock::Code(std::mem::take(&mut text))),
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
            Event::End(TagEnd::TableCell) => {
                if let Some(row) = rows.last_mut() {
                    row.push(std::mem::take(&mut text));
                }
            }
            Event::End(TagEnd::Table) => blocks.push(MarkdownBlock::Table(std::mem::take(&mut rows))),
            Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    flush(&mut blocks, &mut text, &mut mark, lists.len());
    blocks
}

/// Ends the paragraph or list item that is open, if there is one.
fn flush(blocks: &mut Vec<MarkdownBlock>, text: &mut String, mark: &mut Option<String>, depth: usize) {
    if text.is_empty() {
        return;
    }
    let text = std::mem::take(text);
    blocks.push(match (mark.take(), depth) {
        (Some(mark), depth) => MarkdownBlock::Item(depth.saturating_sub(1), mark, text),
        // A further paragraph of a list item is indented like it.
        (None, 1..) => MarkdownBlock::Item(depth - 1, String::new(), text),
        (None, 0) => MarkdownBlock::Paragraph(text),
    });
}

/// A page for a terminal of this width, in columns.
pub(crate) fn page(markdown: &str, width: usize) -> String {
    let mut out = String::new();
    for block in blocks(markdown) {
        if !out.is_empty()
            && !matches!(&block, MarkdownBlock::Item(_, mark, _) if !mark.is_empty() && ends_with_item(&out))
        {
            out.push('\n');
        }
        match block {
            MarkdownBlock::Heading(_, text) => out.push_str(&(paint(BOLD, text) + "\n")),
            MarkdownBlock::Paragraph(text) => push_wrapped(&mut out, &text, "", "", width),
            MarkdownBlock::Item(depth, mark, text) => {
                let pad = "  ".repeat(depth);
                push_wrapped(&mut out, &text, &format!("{pad}{mark:<3}"), &format!("{pad}   "), width);
            }
            MarkdownBlock::Code(code) => code.lines().for_each(|line| out.extend(["    ", line, "\n"])),
            MarkdownBlock::Table(rows) => out.push_str(&(table(&rows, width) + "\n")),
        }
    }
    out
}

/// Does the text end with a list item, so that the next item follows without an empty line?
fn ends_with_item(out: &str) -> bool {
    let last = out.lines().last().unwrap_or_default();
    last.starts_with("   ") && !last.starts_with("    ") || last.starts_with("-  ") || {
        let digits = last.chars().take_while(char::is_ascii_digit).count();
        digits > 0 && last[digits..].starts_with('.')
    }
}

fn push_wrapped(out: &mut String, text: &str, first: &str, next: &str, width: usize) {
    let width = width.saturating_sub(next.chars().count());
    for (n, line) in wrap::lines(text.split_whitespace(), width).iter().enumerate() {
        out.push_str(format!("{}{line}", if n == 0 { first } else { next }).trim_end());
        out.push('\n');
    }
}

fn table(rows: &[Vec<String>], width: usize) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    if let Some((head, rows)) = rows.split_first() {
        table.set_header(head);
        table.add_row(head.iter().map(|cell| "-".repeat(cell.chars().count())));
        for row in rows {
            table.add_row(row);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>().trim_end().to_owned()
}

/// Columns of a table or code line in a manual page, which `man` indents by seven.
const MANUAL_WIDTH: usize = 72;

/// A page as the body of a manual page, without its title line.
pub(crate) fn manual(markdown: &str) -> String {
    let mut out = String::new();
    let verbatim = |out: &mut String, text: &str| {
        out.push_str(".PP\n.nf\n");
        text.lines().for_each(|line| out.push_str(&(escaped(line) + "\n")));
        out.push_str(".fi\n");
    };
    for block in blocks(markdown) {
        match block {
            MarkdownBlock::Heading(1, _) => out.push_str(".SH DESCRIPTION\n"),
            MarkdownBlock::Heading(_, text) => out.extend([".SH ", &escaped(&text), "\n"]),
            MarkdownBlock::Paragraph(text) => out.extend([".PP\n", &escaped(&text), "\n"]),
            MarkdownBlock::Item(_, mark, text) => {
                out.extend([".IP \"", &escaped(&mark), "\" 4\n", &escaped(&text), "\n"]);
            }
            MarkdownBlock::Code(code) => verbatim(&mut out, &code),
            MarkdownBlock::Table(rows) => verbatim(&mut out, &table(&rows, MANUAL_WIDTH)),
        }
    }
    out
}

/// Text in which roff finds no instruction.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::terminal::screen::visible;

    const PAGE: &str = "# Title\n\nOne two\nthree `code`.\n\n## Part\n\n1. first\n2. second\n\n   | a | b |\n   |---|---|\n   | 1 | 2 |\n\n- bullet\n\n```sh\nrun -x\n```\n";

    #[test]
    fn a_page_becomes_blocks() {
        let text = |s: &str| s.to_owned();
        assert_eq!(
            blocks(PAGE),
            [
                MarkdownBlock::Heading(1, text("Title")),
                MarkdownBlock::Paragraph(text("One two three code.")),
                MarkdownBlock::Heading(2, text("Part")),
                MarkdownBlock::Item(0, text("1."), text("first")),
                MarkdownBlock::Item(0, text("2."), text("second")),
                MarkdownBlock::Table(vec![vec![text("a"), text("b")], vec![text("1"), text("2")]]),
                MarkdownBlock::Item(0, text("-"), text("bullet")),
                MarkdownBlock::Code(text("run -x\n")),
            ]
        );
    }

    #[test]
    fn lines_end_at_the_width_of_the_terminal() {
        let shown = visible(&page("one two three four\n\n- five six seven\n", 9));
        let shown = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(shown, "one two\nthree\nfour\n\n-  five\n   six\n   seven\n");
    }

    #[test]
    fn text_in_a_manual_page_is_never_an_instruction() {
        assert_eq!(manual(".TH x\n\n'\\d a-b\n"), ".PP\n\\&.TH x\n.PP\n\\&'\\ed a\\-b\n");
    }
}
