//! Why a header cannot be bound to a layout, with the names that were looked for.

use std::fmt;

use crate::ingest::error::{Message, Redacted};

/// Why a header cannot be bound.
#[derive(Debug)]
pub enum BindError {
    /// Required fields are missing. Holds each field with the names looked for, and the names of the header.
    Missing(Vec<(String, Vec<String>)>, Vec<String>),
    /// Two columns claim one field.
    Conflict(String, String, String),
    /// The header names a mapped column twice.
    Twice(String, String),
}

impl BindError {
    /// The header belongs to this layout but contradicts itself.
    pub fn is_conflict(&self) -> bool {
        !matches!(self, Self::Missing(..))
    }
}

/// Number of spellings of a missing field that a message lists: one line of a terminal. The layout file has all of them.
const MAX_SPELLINGS_SHOWN: usize = 8;

/// Number of header names that a message quotes: enough to recognize the file.
const MAX_NAMES_SHOWN: usize = 12;

/// Number of characters of a name that a message quotes; longer names are cut.
const MAX_NAME_CHARS: usize = 40;

impl BindError {
    /// The sentence for the user. The names of the header are redacted, because the line may be a row.
    pub fn message(&self) -> Message {
        match self {
            Self::Missing(fields, header) => {
                let one = |(field, looked_for): &(String, Vec<String>)| {
                    let (shown, more) = looked_for.split_at(looked_for.len().min(MAX_SPELLINGS_SHOWN));
                    let others = format!(" and {} more spellings", more.len());
                    let others = if more.is_empty() { "" } else { &others };
                    format!("\n  {field}: looked for {}{others}", shown.join(", "))
                };
                let looked_for: String = fields.iter().map(one).collect();
                Message::from(format!("a required column is missing{looked_for}\n  the first line holds ")).input(quote_header(header)).words(
                    "\n  if the names differ, or the file has no header line, a preamble, or several codes in one cell, \
                     describe it in a layout file and pass --layout FILE (`claimlint inspect` shows what was understood)",
                )
            }
            Self::Conflict(field, a, b) => format!(
                "columns `{a}` and `{b}` both claim {field}; say which one holds it in a layout file (--layout FILE)"
            )
            .into(),
            Self::Twice(field, name) => {
                format!("column `{name}`, which holds {field}, is twice in the header; rename or drop one of them")
                    .into()
            }
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

/// Quotes the names of a header, shortened. A line that looks like a row is not quoted at all: in a file without a header it
/// is a patient's data.
pub(crate) fn quote_header(header: &[String]) -> Redacted {
    if header.iter().any(|name| looks_like_data(name)) {
        let cells = if header.len() == 1 { "one cell".to_owned() } else { format!("{} cells", header.len()) };
        return Redacted::new(format!("{cells} and looks like a row, not a header, so it is not shown here"));
    }
    let names: Vec<_> = header.iter().take(MAX_NAMES_SHOWN).map(|n| format!("`{}`", printable(n))).collect();
    let more = header.len().saturating_sub(MAX_NAMES_SHOWN);
    Redacted::new(if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) })
}

/// Does this cell look like data rather than a column name? True for four digits in a row, or digits without a letter: nearly
/// every claim has such a cell, be it a date, an amount or a number. If a column name holds a year, only the quotation is
/// lost.
fn looks_like_data(name: &str) -> bool {
    let digits = name.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    digits >= 4 || (digits > 0 && !name.contains(char::is_alphabetic))
}

/// A name from a file, shortened and without control characters, for a terminal.
pub fn printable(name: &str) -> String {
    let mut out: String =
        name.chars().take(MAX_NAME_CHARS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().count() > MAX_NAME_CHARS {
        out.push('\u{2026}');
    }
    out
}
