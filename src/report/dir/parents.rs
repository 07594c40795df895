//! The directories above a report that do not exist yet: they are made for it, and removed again if there is no report.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::report::dir::directory::{Directory, Identity};

/// The directories that were made, each in the one before it. Only those that are still empty are ever removed.
#[derive(Debug, Default)]
pub(super) struct MadeParents(Vec<MadeParent>);

#[derive(Debug)]
struct MadeParent {
    above: Arc<Directory>,
    name: String,
    identity: Identity,
}

impl MadeParents {
    /// Opens a directory, and makes it and those above it if they do not exist. Only their owner may open what is made.
    pub(super) fn open(place: &Path) -> io::Result<(Arc<Directory>, Self)> {
        let mut missing = Vec::new();
        let mut there: PathBuf = place.to_path_buf();
        let mut directory = loop {
            match Directory::open(&there) {
                Ok(directory) => break Arc::new(directory),
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                Err(e) => {
                    let name = there.file_name().and_then(|name| name.to_str()).ok_or(e)?.to_owned();
                    let above = there.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
                    there = above.to_path_buf();
                    missing.push(name);
                }
            }
        };
        let mut made = Self::default();
        for name in missing.into_iter().rev() {
            let inner = match directory.create_inside(&name) {
                Ok(inner) => {
                    let identity = inner.identity()?;
                    made.0.push(MadeParent { above: Arc::clone(&directory), name, identity });
                    directory.sync()?;
                    inner
                }
                // Another run made it since we looked, and it belongs to that run.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => directory.open_inside(&name)?,
                Err(e) => {
                    made.remove();
                    return Err(e);
                }
            };
            directory = Arc::new(inner);
        }
        Ok((directory, made))
    }

    /// Removes those that are empty.
    pub(super) fn remove(&self) {
        for made in self.0.iter().rev() {
            if made.above.is(&made.name, made.identity) {
                let _ = made.above.remove_directory(&made.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_made_and_removed_unless_something_is_in_them() {
        let temp = tempfile::tempdir().expect("a directory");
        let place = temp.path().join("a/b/c");
        let (_, made) = MadeParents::open(&place).expect("room");
        assert!(place.is_dir());
        let (_, none) = MadeParents::open(&place).expect("there");
        none.remove();
        std::fs::write(temp.path().join("a/letter.txt"), "mine").expect("room");
        assert!(place.is_dir(), "another run did not make them");
        made.remove();
        assert!(temp.path().join("a").is_dir() && !temp.path().join("a/b").exists());
        MadeParents::open(&temp.path().join("a/letter.txt/x")).expect_err("a file");
        MadeParents::open(&temp.path().join("no/../x")).expect_err("what .. is cannot be told");
        assert!(!temp.path().join("no").exists());
    }
}
