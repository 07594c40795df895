//! A TOML file that is being read, with the places of its faults.

use std::cell::{OnceCell, RefCell};
use std::ops::Range;

use crate::strict_toml::fault::{Faults, placed};

/// A TOML file that is being read: its text, and the faults found so far.
#[derive(Debug)]
pub struct Document<'a> {
    file: &'a str,
    text: &'a str,
    /// Lines of the file before the text.
    lines_before: usize,
    /// The places of the line ends, found when the first line number is asked for.
    line_ends: OnceCell<Vec<usize>>,
    faults: RefCell<Vec<(usize, String)>>,
}

impl<'a> Document<'a> {
    /// A file without faults so far.
    pub(crate) fn new(file: &'a str, text: &'a str, lines_before: usize) -> Self {
        Self { file, text, lines_before, line_ends: OnceCell::new(), faults: RefCell::default() }
    }

    /// What was made of the file. Fails if any fault was recorded.
    pub(super) fn result<T>(self, made: Option<T>) -> Result<T, Faults> {
        let mut found = self.faults.take();
        found.sort();
        found.dedup();
        match made {
            Some(value) if found.is_empty() => Ok(value),
            _ => {
                if found.is_empty() {
                    found.push((0, "cannot be used".to_owned()));
                }
                Err(Faults { file: self.file.to_owned(), list: placed(self.text, found, |at| self.line_of(at)) })
            }
        }
    }

    /// Records a fault at a byte range of the file.
    pub fn fault(&self, span: Range<usize>, message: impl Into<String>) {
        self.faults.borrow_mut().push((span.start, message.into()));
    }

    /// The file as the user named it.
    pub fn file(&self) -> &str {
        self.file
    }

    /// A byte of the file as `FILE:LINE:COLUMN`, for a fault that is found after the file was read.
    pub(crate) fn place(&self, at: usize) -> String {
        let (line, column) = self.line_and_column(at);
        format!("{}:{line}:{column}", self.file)
    }

    /// Line and column of a byte of the file, both counted from 1.
    pub(crate) fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or_default();
        (self.line_of(at), before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
    }

    /// Line number of a byte of the file, counted from 1.
    pub fn line_of(&self, at: usize) -> usize {
        let find = || self.text.match_indices('\n').map(|(end, _)| end).collect();
        self.lines_before + self.line_ends.get_or_init(find).partition_point(|end| *end < at) + 1
    }
}
