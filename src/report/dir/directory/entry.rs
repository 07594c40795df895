//! What an entry of a directory is, and which file it is.

/// Which file this is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity {
    /// The number of its disk.
    pub(crate) device: i128,
    /// Its number on that disk; on Windows the time at which it was created, in nanoseconds since 1970.
    pub(crate) inode: i128,
}

/// What an entry of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, a pipe, a device or a socket.
    Other,
}

/// What changes when a file is written, or when another file takes its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileState {
    identity: Identity,
    bytes: u64,
    modified: (i128, i128),
}

impl From<Entry> for FileState {
    fn from(entry: Entry) -> Self {
        Self { identity: entry.identity, bytes: entry.bytes, modified: entry.modified }
    }
}

/// An entry of a directory, as it was when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Which file it is.
    pub(crate) identity: Identity,
    /// What it is.
    pub(crate) kind: EntryKind,
    /// How many names it has.
    pub(crate) links: u64,
    /// Who may read and write it, as the lower 12 bits of its mode; `None` where there are no modes.
    pub(crate) mode: Option<u32>,
    /// Its size.
    pub(crate) bytes: u64,
    /// When its content was last changed, in seconds and nanoseconds since 1970.
    pub(crate) modified: (i128, i128),
}
