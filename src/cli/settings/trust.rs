//! Whether a settings file that nobody named may be used. It can change what is denied, so somebody who may write beside an
//! extract must not be able to plant one.

use std::path::Path;

use anyhow::bail;

/// Refuses a settings file that belongs to another user than the one who runs claimlint or root, or that every user may
/// write. A file that was named with `--config` is not looked at: then somebody answers for it.
#[cfg(unix)]
pub(super) fn refuse_foreign(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(file) else { return Ok(()) };
    let user = rustix::process::geteuid().as_raw();
    // Whoever owns a link says which file it is. Its own mode means nothing.
    let owner_of_link = std::fs::symlink_metadata(file).map_or(user, |link| link.uid());
    let found = fault(owner_of_link, 0, user).or_else(|| fault(metadata.uid(), metadata.mode(), user));
    match found {
        Some(what) => bail!(
            "{}: {what}, so it is not read unasked; name it with --config if it is meant, or leave it out with --no-config",
            file.display()
        ),
        None => Ok(()),
    }
}

/// On other systems the permissions of the directory must do.
#[cfg(not(unix))]
pub(super) fn refuse_foreign(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// The user id of root.
#[cfg(unix)]
const ROOT: u32 = 0;

/// The bit of a file's mode that lets every user write it.
#[cfg(unix)]
const WRITABLE_BY_ALL: u32 = 0o002;

#[cfg(unix)]
fn fault(owner: u32, mode: u32, user: u32) -> Option<&'static str> {
    if owner != user && owner != ROOT {
        return Some("this settings file belongs to another user");
    }
    (mode & WRITABLE_BY_ALL != 0).then_some("every user may write this settings file")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_user_or_one_that_all_may_write_is_not_trusted() {
        for (owner, mode, user, says) in [
            (1000, 0o100_644, 1000, None),
            (ROOT, 0o100_644, 1000, None),
            (1000, 0o100_664, 1000, None),
            (1001, 0o100_644, 1000, Some("another user")),
            (1001, 0o100_644, ROOT, Some("another user")),
            (1000, 0o100_646, 1000, Some("every user")),
            (ROOT, 0o100_666, 1000, Some("every user")),
        ] {
            let found = fault(owner, mode, user);
            assert!(
                found.is_some() == says.is_some() && found.unwrap_or("").contains(says.unwrap_or("")),
                "{owner} {mode:o}"
            );
        }
    }
}
