//! The layout that `inspect --write-layout` writes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use crate::cli::command::inspect::candidates::Candidate;
use crate::cli::new_file;
use crate::cli::terminal::style::wrapped;
use crate::ingest::field::fold;
use crate::ingest::word::product_key;

/// A layout under way.
pub(super) struct Draft<'a> {
    extends: &'a str,
    columns: &'a [String],
    skip_lines: usize,
    form: Option<&'static str>,
    header: Vec<String>,
    lines: Vec<String>,
    labels: Vec<String>,
    known_labels: BTreeSet<String>,
}

impl<'a> Draft<'a> {
    /// A layout that extends a built-in one. `columns`: the names of the header.
    pub(super) fn new(extends: &'a str, columns: &'a [String]) -> Self {
        Self {
            extends,
            columns,
            skip_lines: 0,
            form: None,
            header: Vec::new(),
            lines: Vec::new(),
            labels: Vec::new(),
            known_labels: BTreeSet::new(),
        }
    }

    /// Skips a preamble.
    pub(super) fn skip(&mut self, lines: usize) {
        self.skip_lines = lines;
    }

    /// Says how cells are quoted.
    pub(super) fn form(&mut self, line: Option<&'static str>) {
        self.form = line;
    }

    /// Names the columns by position.
    pub(super) fn name_columns(&mut self, names: &[String]) {
        self.header = names.to_vec();
    }

    /// Notes where a field is read from, for the reader of the layout.
    pub(super) fn found(&mut self, field: &str, column: usize) {
        self.lines.push(format!("# {field} is read from {}", text(&one_line(&self.columns[column]))));
    }

    /// Maps a field to its likeliest candidate, or marks it as open. Where `is_needed`, the line is in force.
    pub(super) fn candidates(&mut self, field: &str, found: &[Candidate], is_needed: bool) {
        // A name with a brace would be read as a numbered run, and no name finds a column without one.
        let is_name = |name: &str| !name.contains('{') && !fold(name).is_empty();
        let usable: Vec<_> = found.iter().filter(|c| is_name(&self.columns[c.column])).collect();
        let Some(first) = usable.first() else {
            self.lines.push(format!("# open: no column looks like {field}; name it here\n# {field} = \"...\""));
            return;
        };
        for candidate in &usable {
            let name = text(&one_line(&self.columns[candidate.column]));
            self.lines.push(format!("# open: {field} may be in {name} ({})", candidate.reason()));
        }
        let mark = if is_needed { "" } else { "# " };
        // A row has several diagnoses and ICD procedures, one column each.
        let several = usable.iter().filter(|candidate| candidate.by_cells.is_some());
        let several: Vec<_> = several.map(|candidate| text(&self.columns[candidate.column])).collect();
        let names = if several.len() > 1 && matches!(field, "diagnosis" | "icd_procedure") {
            format!("[{}]", several.join(", "))
        } else {
            text(&self.columns[first.column])
        };
        self.lines.push(format!("{mark}{field} = {names}"));
    }

    /// A product label that no table knows. A layout lists it once, however it is written.
    pub(super) fn label(&mut self, label: &str) {
        let key = product_key(label);
        if !key.is_empty() && self.known_labels.insert(key) {
            self.labels.push(format!("# {} = \"commercial-managed-care\"", text(label)));
        }
    }

    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let mut out = String::from(
            "# Written by claimlint inspect. Lines that begin with \"# open:\" are for a person to decide; `claimlint help layouts`\n\
             # describes the keys, and `claimlint layout check FILE` checks the file.\n",
        );
        let _ = writeln!(out, "extends = {}", text(self.extends));
        if self.skip_lines > 0 {
            let _ = writeln!(out, "skip_lines = {}", self.skip_lines);
        }
        if let Some(line) = self.form {
            let _ = writeln!(out, "# open: most rows can be read only like this\n{line}");
        }
        if !self.header.is_empty() {
            let names: Vec<_> = self.header.iter().map(|name| text(name)).collect();
            let _ = writeln!(
                out,
                "# open: the columns by position, for a file without a header\nheader = [{}]",
                names.join(", ")
            );
        }
        let _ = writeln!(out, "\n[columns]\n{}", self.lines.join("\n"));
        if !self.labels.is_empty() {
            let _ = writeln!(
                out,
                "\n[products]\n# open: no table knows these labels; give each its class\n{}",
                self.labels.join("\n")
            );
        }
        out
    }
}

/// Writes the layout into a new file.
pub(super) fn write_new(path: &Path, text: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let file = path.display().to_string();
    new_file::save("--write-layout", path, |file| Ok(file.write_all(text.as_bytes())?))?;
    write!(out, "\n{}", wrapped(&format!("A layout with the open points marked is in {file}."), 0))?;
    Ok(())
}

/// A text in TOML, on one line whatever it holds, because it may be part of a comment.
fn text(value: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", value.chars().map(escaped).collect::<String>())
}

/// A name for a comment.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Layout;

    #[test]
    fn whatever_the_names_the_layout_can_be_loaded() {
        let columns = ["CLAIM \"NO\"", "a\nb", "dx{n}", "svc'dt", ""].map(str::to_owned);
        let all: Vec<_> = (0..columns.len())
            .map(|column| Candidate { column, by_name: true, by_cells: None, cells: (0, 1) })
            .collect();
        let mut draft = Draft::new("canonical", &columns);
        draft.skip(3);
        draft.name_columns(&columns);
        draft.found("units", 1);
        draft.candidates("claim_id", &all[..1], true);
        draft.candidates("service_date", &all[1..4], true);
        draft.candidates("procedure_code", &all[2..3], true);
        draft.candidates("product", &all, false);
        for label in ["GOLD\n\"2000\"", "gold 2000", "***"] {
            draft.label(label);
        }
        let text = draft.text();
        let layout = Layout::load("l.toml", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!((layout.form.skip_lines, layout.header.len()), (3, 5));
        assert!(text.contains("# open: no column looks like procedure_code"), "{text}");
        assert!(text.contains("\n# product = "), "{text}");
        let labels = text.replace("# \"GOLD", "\"GOLD");
        let layout = Layout::load("l.toml", &labels).unwrap_or_else(|e| panic!("{e}\n{labels}"));
        assert_eq!((layout.products.len(), labels.matches("commercial-managed-care").count()), (1, 1), "{labels}");
    }
}
