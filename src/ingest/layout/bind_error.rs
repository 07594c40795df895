//! Why a header cannot be bound to a layout, with the names that were looked for.

use std::fmt;

/// Why a header cannot be bound.
#[derive(Debug)]
pub enum BindError {
    /// Required fields are missing. Holds them, and a sentence about the header.
    Missing(Vec<MissingField>, String),
    /// Two columns claim one field.
    Conflict(String, String, String),
    /// The header names a mapped column twice: the field, and both names, which may be spelled differently.
    Twice(String, [String; 2]),
}

/// A required field that no column of a header has.
#[derive(Debug)]
pub struct MissingField {
    /// Its canonical name. Of the key of a joined table, what it is the key of.
    pub field: String,
    /// What a message calls it, if it is not its canonical name.
    pub called: Option<&'static str>,
    /// The names that were looked for.
    pub looked_for: Vec<String>,
    /// The joined table that has a column of such a name.
    pub table: Option<String>,
}

impl MissingField {
    /// A field that is called by its canonical name.
    pub(super) fn new(field: &str, looked_for: Vec<String>) -> Self {
        Self { field: field.to_owned(), called: None, looked_for, table: None }
    }

    /// The same field, called something else in a message.
    pub(super) fn called(self, called: &'static str) -> Self {
        Self { called: Some(called), ..self }
    }
}

impl BindError {
    /// The header belongs to this layout but contradicts itself.
    pub(crate) fn is_conflict(&self) -> bool {
        !matches!(self, Self::Missing(..))
    }
}

/// Number of spellings of a missing field that a message lists: one line of a terminal. The layout file has all of them.
const MAX_SPELLINGS_SHOWN: usize = 8;

impl BindError {
    /// The sentence for the user.
    pub fn message(&self) -> String {
        match self {
            Self::Missing(fields, header) => {
                let one = |MissingField { field, called, looked_for, .. }: &MissingField| {
                    let field = called.unwrap_or(field);
                    if looked_for.is_empty() {
                        return format!("\n  {field}: the layout names no column for it");
                    }
                    let (shown, more) = looked_for.split_at(looked_for.len().min(MAX_SPELLINGS_SHOWN));
                    let others = format!(" and {} more spellings", more.len());
                    let others = if more.is_empty() { "" } else { &others };
                    // A name of a layout begins no line of the message.
                    let shown = shown.join(", ").replace('\n', "\u{240a}");
                    format!("\n  {field}: looked for {shown}{others}")
                };
                let looked_for: String = fields.iter().map(one).collect();
                let are = if fields.len() == 1 { "a required column is" } else { "required columns are" };
                format!(
                    "{are} missing{looked_for}\n  {header}\n  if the names differ, or the file has no header \
                     line, a preamble, or several codes in one cell, describe it in a layout file and \
                     pass --layout FILE (`claimlint inspect` shows what was understood)"
                )
            }
            Self::Conflict(field, a, b) => format!(
                "columns `{a}` and `{b}` both claim {field}; say which one holds it in a layout file (--layout FILE)"
            ),
            Self::Twice(field, names) => twice(names, &format!(", which holds {field},")),
        }
    }

    /// The missing fields that a joined table would bring, each with the table.
    pub(super) fn brought(&self) -> Vec<(String, String)> {
        let Self::Missing(fields, _) = self else { return Vec::new() };
        fields.iter().filter_map(|missing| Some((missing.field.clone(), missing.table.clone()?))).collect()
    }
}

/// The sentence on a name that is twice in a header. `what` follows the name.
pub(super) fn twice([a, b]: &[String; 2], what: &str) -> String {
    let other = if a == b { String::new() } else { format!(", the other time as `{b}`") };
    format!("column `{a}`{what} is twice in the header{other}; rename or drop one of them")
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}
