//! The errors of reading an input, each a sentence that says what to do.
//!
//! An error may need to quote the first line of a file, which could be a patient's row. Such a quotation is
//! [`Redacted`]: `Display` and `Debug` print a placeholder, so a log can never show it. Only the terminal calls
//! [`reveal`] and gets the text.

use std::error::Error;
use std::fmt;
use std::io;

/// Text taken from an input. `Display` and `Debug` print a placeholder.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted(String);

impl Redacted {
    /// Wraps text that was read from an input.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the terminal of the person who gave the input.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("other names")
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redacted")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Words(String),
    Input(Redacted),
}

/// A sentence made of our own words and of text taken from an input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message(Vec<Part>);

impl Message {
    /// Adds words of our own.
    #[must_use]
    pub fn words(mut self, words: impl Into<String>) -> Self {
        self.0.push(Part::Words(words.into()));
        self
    }

    /// Adds text taken from an input.
    #[must_use]
    pub fn input(mut self, text: Redacted) -> Self {
        self.0.push(Part::Input(text));
        self
    }

    /// The whole sentence, with the text taken from an input.
    pub fn reveal(&self) -> String {
        let part = |part: &Part| match part {
            Part::Words(words) => words.clone(),
            Part::Input(text) => text.reveal().to_owned(),
        };
        self.0.iter().map(part).collect()
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Words(words) => f.write_str(words),
            Part::Input(text) => write!(f, "{text}"),
        })
    }
}

impl From<String> for Message {
    fn from(words: String) -> Self {
        Self::default().words(words)
    }
}

impl From<&str> for Message {
    fn from(words: &str) -> Self {
        Self::default().words(words)
    }
}

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input cannot be opened or read.
    #[error("{file}: {what}")]
    Io {
        /// The input as given.
        file: String,
        /// What happened and what to do.
        what: String,
    },
    /// The input can be read but not used.
    #[error("{file}: {what}")]
    Unusable {
        /// The input as given.
        file: String,
        /// Why, and what to do.
        what: Message,
    },
    /// Rows that exceed the memory bound cannot be written to the disk.
    #[error(
        "the rows in scope do not fit into --memory, and the disk of the report does not take them: {0}; free some space, name another disk with --out, or raise --memory"
    )]
    Spool(String),
    /// The rows or amounts read differ from those announced.
    #[error("{0}")]
    Unreconciled(String),
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
}

impl ReadError {
    /// The input can be read but not used.
    pub fn unusable(file: &str, what: impl Into<Message>) -> Self {
        Self::Unusable { file: file.to_owned(), what: what.into() }
    }

    /// The input cannot be opened.
    pub(crate) fn cannot_open(file: &str, e: &io::Error) -> Self {
        Self::Io { file: file.to_owned(), what: describe_open_error(e) }
    }

    /// The input cannot be read to its end.
    pub(crate) fn cannot_read(file: &str, e: &io::Error) -> Self {
        Self::Io { file: file.to_owned(), what: describe_read_error(e) }
    }

    fn reveal(&self) -> String {
        match self {
            Self::Unusable { file, what } => format!("{file}: {}", what.reveal()),
            Self::Io { .. } | Self::Spool(_) | Self::Unreconciled(_) | Self::Interrupted => self.to_string(),
        }
    }
}

/// Everything that is wrong with several inputs, one error a line.
#[derive(Debug)]
pub struct ReadErrors(pub Vec<ReadError>);

impl Error for ReadErrors {}

impl fmt::Display for ReadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(ReadError::to_string).collect::<Vec<_>>().join("\n"))
    }
}

/// The text of an error including what it quotes from an input. For the terminal only, never for a log or a file.
pub fn reveal(error: &(dyn Error + 'static)) -> String {
    if let Some(ReadErrors(errors)) = error.downcast_ref() {
        return errors.iter().map(ReadError::reveal).collect::<Vec<_>>().join("\n");
    }
    error.downcast_ref().map_or_else(|| error.to_string(), ReadError::reveal)
}

fn describe_open_error(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; check the path".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        _ => format!("cannot be opened: {e}"),
    }
}

fn describe_read_error(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => {
            "ends too soon: it was cut short, or shrank while it was read; take a complete copy".to_owned()
        }
        io::ErrorKind::PermissionDenied => "may not be read by this user; check its permissions".to_owned(),
        // Errors of this kind come from our decoders, which word the whole sentence.
        io::ErrorKind::FileTooLarge => e.to_string(),
        _ => format!("cannot be read: {e}; check the disk, or take another copy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_terminal_sees_what_was_quoted() {
        let what = || Message::from("the first line holds ").input(Redacted::new("JOHN DOE")).words("; write a header");
        let errors = ReadErrors(vec![ReadError::unusable("a.csv", what()), ReadError::unusable("b.csv", "is empty")]);
        let shown = "a.csv: the first line holds JOHN DOE; write a header\nb.csv: is empty";
        assert_eq!(reveal(&errors), shown);
        assert_eq!(reveal(&ReadError::unusable("a.csv", what())), shown.lines().next().expect("a line"));
        assert_eq!(errors.to_string(), shown.replace("JOHN DOE", "other names"));
        assert!(!format!("{errors:?}{:#?}", anyhow::Error::from(ReadError::unusable("a", what()))).contains("JOHN"));
    }
}
