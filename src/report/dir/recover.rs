//! What a killed run left is removed by the next run into the same report, which holds the lock.

use std::io;

use crate::report::dir::contents::{OldReport, remove_unfinished};
use crate::report::dir::directory::{Directory, UNIQUE};
use crate::report::dir::protected::ProtectedFiles;

/// End of the name of a directory under construction: `.NAME.xxxxxx.partial`.
pub(super) const PARTIAL: &str = ".partial";

/// End of the name of the backup directory for an earlier report: `.NAME.xxxxxx.old`.
pub(super) const OLD: &str = ".old";

/// Name of the earlier report in the backup directory.
pub(super) const BACKUP: &str = "report";

/// Removes what killed runs into the report `name` in `parent` left, and restores an earlier report if the run that was
/// replacing it did not finish. Only the holder of the lock may call this. Directories with other content or other
/// names are left alone.
pub(super) fn recover(parent: &Directory, name: &str, protected: &ProtectedFiles) -> io::Result<()> {
    for entry in parent.names()? {
        match left_over(&entry.to_string_lossy(), name) {
            Some(PARTIAL) => remove_unfinished(parent, &entry, protected),
            Some(OLD) => {
                let Ok(backup) = parent.open_inside(&entry) else { continue };
                if let Ok(report) = OldReport::open(&backup, BACKUP, name, protected) {
                    if parent.look(name)?.is_none() {
                        backup.rename_to_free(BACKUP, parent, name)?;
                    } else {
                        report.remove(&backup, BACKUP);
                    }
                }
                // Removed only if it is empty.
                let _ = parent.remove_directory(&entry);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The report to which an entry belongs that a killed run left; `None` for any other name.
pub(super) fn target_of(name: &str) -> Option<&str> {
    let stem = [PARTIAL, OLD].into_iter().find_map(|end| name.strip_suffix(end))?;
    let target = stem.strip_prefix('.')?.get(..stem.len().checked_sub(2 + UNIQUE)?)?;
    (!target.is_empty() && left_over(name, target).is_some()).then_some(target)
}

/// The kind of entry that a run into `target` leaves under this name; `None` for any other name.
fn left_over(name: &str, target: &str) -> Option<&'static str> {
    let rest = name.strip_prefix('.')?.strip_prefix(target)?.strip_prefix('.')?;
    let kind = [PARTIAL, OLD].into_iter().find(|end| rest.ends_with(end))?;
    let unique = rest.strip_suffix(kind)?;
    (unique.len() == UNIQUE && unique.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_of_other_reports_are_left_alone() {
        for (name, target, kind) in [
            (".r.a1B2c3.partial", "r", Some(PARTIAL)),
            (".r.a1B2c3.old", "r", Some(OLD)),
            (".r.a1B2c3.partial", "a1B2c3", None),
            (".r.2.a1B2c3.partial", "r", None),
            (".r.2.a1B2c3.partial", "r.2", Some(PARTIAL)),
            (".r.a1B2c.partial", "r", None),
            (".r.a1-2c3.partial", "r", None),
            (".r.lock", "r", None),
            (".r.partial", "r", None),
            ("r.a1B2c3.partial", "r", None),
        ] {
            assert_eq!(left_over(name, target), kind, "{name} of {target}");
            assert_eq!(target_of(name) == Some(target), kind.is_some(), "{name} of {target}");
        }
        for name in ["r.partial", ".partial", "..a1B2c3.partial", ".r.a1-2c3.old", ".\u{e9}.a1B2c3", ".\u{e9}1B2c3.old"]
        {
            assert_eq!(target_of(name), None, "{name}");
        }
    }
}
