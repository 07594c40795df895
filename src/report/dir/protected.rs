//! The files that a run reads. It must not remove them, under whatever name it meets them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::report::dir::directory::{Identity, entry_of_path};

/// The files that a run reads, by what they are and not by their names: a link leads to the same file.
#[derive(Debug, Default)]
pub struct ProtectedFiles(BTreeSet<Identity>);

impl ProtectedFiles {
    /// The files of these names. A name without a file protects nothing.
    pub fn of<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        Self(paths.into_iter().filter_map(entry_of_path).map(|entry| entry.identity).collect())
    }

    /// Is the file of this name, links followed, one of them?
    pub fn protects(&self, path: &Path) -> bool {
        entry_of_path(path).is_some_and(|entry| self.contains(entry.identity))
    }

    /// Is this one of them?
    pub(super) fn contains(&self, file: Identity) -> bool {
        self.0.contains(&file)
    }
}
