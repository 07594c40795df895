//! What a report directory may hold: decides what `--force` may replace and what a later run may remove.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::report::dir::directory::{Directory, Entry, EntryKind, Identity};
use crate::report::dir::error::PublishError;
use crate::report::dir::files::describe_io_error;
use crate::report::dir::manifest::{self, Manifest, RUN};
use crate::report::dir::protected::ProtectedFiles;
use crate::report::format::FORMATS;
use crate::report::format::summary_json;

/// Files of a report besides those of [`FORMATS`].
const OTHER_FILES: [&str; 2] = [RUN, manifest::FILE];

/// Bytes of summary.json that are read to recognize a report. The schema is its first key.
const SUMMARY_BYTES: u64 = 4096;

/// Files of a directory with their state when they were looked at, by name.
type FoundFiles = BTreeMap<String, Entry>;

/// An earlier report that holds only its own files, so that it may be replaced.
#[derive(Debug)]
pub(super) struct OldReport {
    directory: Directory,
    identity: Identity,
    files: FoundFiles,
}

impl OldReport {
    /// Opens the report of this name. Refuses a directory that is not a report or that holds anything else. `shown` is
    /// its name in messages.
    pub(super) fn open(
        parent: &Directory,
        name: impl AsRef<Path>,
        shown: &str,
        protected: &ProtectedFiles,
    ) -> Result<Self, PublishError> {
        let trouble = |e: io::Error| PublishError::Io(shown.to_owned(), describe_io_error(&e));
        let Some(directory) = report_inside(parent, name) else {
            return Err(PublishError::NoReport(shown.to_owned()));
        };
        let named = Manifest::read(&directory).map(|manifest| manifest.files);
        let named: Option<BTreeMap<_, _>> = named.map(|files| files.into_iter().map(|f| (f.file.clone(), f)).collect());
        let files = own_files(&directory, |name| match &named {
            Some(named) => OTHER_FILES.contains(&name) || named.contains_key(name),
            None => is_part(name),
        });
        let files = files.map_err(trouble)?.map_err(|name| PublishError::Strange(shown.to_owned(), name))?;
        if let Some((name, _)) = files.iter().find(|(_, entry)| protected.contains(entry.identity)) {
            return Err(PublishError::Input(shown.to_owned(), name.clone()));
        }
        if let Some(named) = named {
            let found = manifest::parts(&directory).map_err(trouble)?;
            if let Some(altered) = found.into_iter().find(|part| named.get(&part.file) != Some(part)) {
                return Err(PublishError::Altered(shown.to_owned(), altered.file));
            }
        }
        let identity = directory.identity().map_err(trouble)?;
        Ok(Self { directory, identity, files })
    }

    /// Which directory it is.
    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    /// A file of its manifest that it does not have; an empty name if it has no manifest that can be read.
    pub(super) fn lacks(&self) -> Option<String> {
        let Some(manifest) = Manifest::read(&self.directory) else { return Some(String::new()) };
        let named = manifest.files.into_iter().map(|file| file.file).chain([RUN.to_owned()]);
        named.into_iter().find(|name| !self.files.contains_key(name))
    }

    /// Refuses a report to which somebody added a file, or whose files somebody changed, since it was opened.
    pub(super) fn ensure_unchanged(&self, shown: &str) -> Result<(), PublishError> {
        let files = own_files(&self.directory, |name| self.files.contains_key(name))
            .map_err(|e| PublishError::Io(shown.to_owned(), describe_io_error(&e)))?
            .map_err(|name| PublishError::Strange(shown.to_owned(), name))?;
        match files.into_iter().find(|(name, entry)| self.files.get(name) != Some(entry)) {
            Some((name, _)) => Err(PublishError::Altered(shown.to_owned(), name)),
            None => Ok(()),
        }
    }

    /// Removes the report, which is `name` in `parent` now. What was put there since it was last looked at stays.
    pub(super) fn remove(&self, parent: &Directory, name: impl AsRef<Path>) {
        remove(parent, name, &self.directory, &self.files);
    }
}

/// Removes a directory under construction that a killed run left. One that holds anything else stays.
pub(super) fn remove_unfinished(parent: &Directory, name: impl AsRef<Path>, protected: &ProtectedFiles) {
    let Ok(directory) = parent.open_inside(&name) else { return };
    if let Ok(Ok(files)) = own_files(&directory, is_part)
        && !files.values().any(|entry| protected.contains(entry.identity))
    {
        remove(parent, name, &directory, &files);
    }
}

/// Removes these files, and the directory if nothing else is in it and if it still has this name. An entry that cannot
/// be removed, because another user owns it, does no harm.
pub(super) fn remove(parent: &Directory, name: impl AsRef<Path>, directory: &Directory, files: &FoundFiles) {
    for (file, entry) in files {
        if directory.is(file, entry.identity) {
            let _ = directory.remove_file(file);
        }
    }
    if directory.identity().is_ok_and(|identity| parent.is(&name, identity)) {
        let _ = parent.remove_directory(name);
    }
}

/// Does this directory have a summary.json of claimlint? A link to a directory does not count.
pub(crate) fn has_summary(path: &Path) -> bool {
    let is_directory = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
    is_directory && Directory::open(path).is_ok_and(|directory| is_summary(&directory))
}

/// Is this one of the files of a report, by its name and by what is beside it?
pub(crate) fn is_file_of_report(path: &Path) -> bool {
    // A name without a directory is one of the current directory.
    let above = || path.parent().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    path.file_name().and_then(|name| name.to_str()).is_some_and(is_part)
        && above().and_then(|above| above.canonicalize().ok()).is_some_and(|above| has_summary(&above))
}

/// What is in a place where a report may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundReport {
    /// A directory with a summary.json of claimlint.
    Whole,
    /// A directory that may be a report and cannot be read as one; why, in words that follow its name.
    Unreadable(String),
    /// No report: a directory without any trace of one, a file, a link, or nothing.
    None,
}

/// Looks for a report in this place. Links are not followed.
pub(crate) fn look_for_report(path: &Path) -> FoundReport {
    let shut = |what: &str, e: &io::Error| match e.kind() {
        io::ErrorKind::PermissionDenied => FoundReport::Unreadable(format!("{what}may not be read by this user")),
        _ => FoundReport::Unreadable(format!("{what}cannot be read: {e}")),
    };
    if !std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) {
        return FoundReport::None;
    }
    let directory = match Directory::open(path) {
        Ok(directory) => directory,
        Err(e) => return shut("", &e),
    };
    let trace = |what: &str| match Manifest::read(&directory) {
        Some(_) => FoundReport::Unreadable(format!("its summary.json {what}")),
        None => FoundReport::None,
    };
    match directory.open_file(summary_json::FILE).map(begins_as_summary) {
        Ok(true) => FoundReport::Whole,
        Ok(false) => trace("is damaged"),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => shut("its summary.json ", &e),
        Err(_) => trace("is missing"),
    }
}

/// The directory of this name, if it holds the summary of a report. What else it holds is not looked at, which takes no time.
pub(super) fn report_inside(parent: &Directory, name: impl AsRef<Path>) -> Option<Directory> {
    parent.open_inside(name).ok().filter(is_summary)
}

fn is_summary(directory: &Directory) -> bool {
    directory.open_file(summary_json::FILE).is_ok_and(begins_as_summary)
}

fn begins_as_summary(file: File) -> bool {
    let mut text = Vec::new();
    let read = file.take(SUMMARY_BYTES).read_to_end(&mut text);
    read.is_ok() && String::from_utf8_lossy(&text).contains("\"schema\": \"claimlint-summary/")
}

/// The entries of a directory, if all of them are files with the names of `is_own`; else the first other entry.
fn own_files(directory: &Directory, is_own: impl Fn(&str) -> bool) -> io::Result<Result<FoundFiles, String>> {
    let mut files = BTreeMap::new();
    for name in directory.names()? {
        let shown = name.to_string_lossy().into_owned();
        let Some(entry) = directory.look(&name)? else { continue };
        if entry.kind != EntryKind::File || !is_own(&shown) {
            return Ok(Err(shown));
        }
        files.insert(shown, entry);
    }
    Ok(Ok(files))
}

/// Is this the name of a file that this version of claimlint writes?
fn is_part(name: &str) -> bool {
    FORMATS.iter().any(|format| format.file == name) || OTHER_FILES.contains(&name)
}
