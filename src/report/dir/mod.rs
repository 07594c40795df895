//! The report directory: all or nothing, private, never over something that is no report.
//!
//! A report is built in a directory beside its place and moved there when it is complete. Where a report lies already,
//! the two change places in one step of the system; where the file system cannot do that, the earlier one waits aside
//! under a name by which the next run finds and puts it back should this one be killed in between ([`crate::report::dir::lock`]).

pub(crate) mod lock;
pub mod manifest;

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::report::dir::lock::{Lease, OLD, PARTIAL, UNIQUE, WAITING};
use crate::report::{FORMATS, RUN};

/// Name of the directory without `--out`; taken names get `-2`, `-3`, ...
pub const DEFAULT: &str = "claimlint-report";

/// What a report may hold beside [`FORMATS`]: written on demand, by this version or another one.
const FURTHER: &[&str] =
    &[RUN, manifest::FILE, "services.parquet", "findings.parquet", "services.jsonl", "findings.jsonl", "report.xlsx"];

/// A directory under construction beside the place it is meant for. Dropped, it is gone.
#[derive(Debug)]
pub struct Site {
    // Dropped in this order: the place is free only when nothing lies beside it any more.
    building: TempDir,
    lease: Lease,
    parent: PathBuf,
    target: PathBuf,
    replace: bool,
}

/// Why a report cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum Blocked {
    /// Something stands there.
    #[error("{0}: exists already; name another directory with --out, or replace it with --force")]
    Exists(String),
    /// Something stands there that is no report.
    #[error("{0}: is not a claimlint report, so --force does not replace it; name another directory with --out")]
    NoReport(String),
    /// A report stands there, and something that is no part of it.
    #[error(
        "{0}: holds {1}, which is no part of a claimlint report, so --force does not replace it; move it away, or name \
         another directory with --out"
    )]
    Strange(String, String),
    /// Another run writes there.
    #[error("{0}: another run is writing there; wait for its end, or name another directory with --out")]
    Busy(String),
    /// The disk says no.
    #[error("{0}: {1}")]
    Io(String, String),
}

impl Site {
    /// Opens a site for `out`, or for the first default name that is free and that no other run has reserved. What
    /// killed runs left beside it is taken away.
    pub fn open(out: Option<&Path>, force: bool) -> Result<Self, Blocked> {
        if let Some(out) = out {
            let (parent, name) = split(out)?;
            return Self::reserve(parent, &name, force)?.ok_or_else(|| Blocked::Busy(out.display().to_string()));
        }
        let mut n = 1u32;
        loop {
            let name = if n == 1 { DEFAULT.to_owned() } else { format!("{DEFAULT}-{n}") };
            n += 1;
            if fs::symlink_metadata(&name).is_ok() {
                continue;
            }
            match Self::reserve(PathBuf::from("."), name.as_ref(), false) {
                // Taken since we looked, or being written at this moment.
                Ok(None) | Err(Blocked::Exists(_)) => {}
                Ok(Some(site)) => return Ok(site),
                Err(e) => return Err(e),
            }
        }
    }

    /// None: another run writes there.
    fn reserve(parent: PathBuf, name: &OsStr, force: bool) -> Result<Option<Self>, Blocked> {
        let beside = |e: io::Error| Blocked::Io(parent.display().to_string(), sentence(&e));
        let target = if parent == Path::new(".") { PathBuf::from(name) } else { parent.join(name) };
        let shown = name.to_string_lossy();
        let Some(lease) = Lease::take(&parent, &shown).map_err(beside)? else { return Ok(None) };
        lock::heal(&parent, &shown).map_err(beside)?;
        let replace = fs::symlink_metadata(&target).is_ok();
        if replace && !force {
            return Err(Blocked::Exists(target.display().to_string()));
        }
        if replace {
            vet(&target)?;
        }
        let building = beside_target(&parent, &shown, PARTIAL).map_err(beside)?;
        Ok(Some(Self { building, lease, parent, target, replace }))
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        self.building.path()
    }

    /// Where the report will lie.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// What has to go if the process ends here: the directory under construction, and the file of the lease.
    pub fn litter(&self) -> [PathBuf; 2] {
        [self.building.path().to_path_buf(), self.lease.path().to_path_buf()]
    }

    /// Moves the finished report into place.
    pub fn settle(self) -> Result<PathBuf, Blocked> {
        let shown = self.target.display().to_string();
        let trouble = |e: io::Error| match e.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => Blocked::Exists(shown.clone()),
            _ => Blocked::Io(shown.clone(), sentence(&e)),
        };
        sync_files(self.building.path()).and_then(|()| sync(self.building.path())).map_err(trouble)?;
        if self.replace {
            // Whatever was put there while we ran is not ours to remove.
            vet(&self.target)?;
            // Done, the earlier report is the one that lies in our directory, and goes with it.
            if !exchange(self.building.path(), &self.target).map_err(trouble)? {
                let name = self.target.file_name().unwrap_or_default().to_string_lossy();
                let aside = beside_target(&self.parent, &name, OLD).map_err(trouble)?;
                replace_by_two(self.building.path(), &self.target, aside).map_err(trouble)?;
            }
        } else {
            rename_to_free(self.building.path(), &self.target).map_err(trouble)?;
            // The directory has moved: there is nothing left to remove.
            let _ = self.building.keep();
        }
        sync(&self.parent).map_err(trouble)?;
        Ok(self.target)
    }
}

/// Parent and name of a place; `.` and `..` are looked up.
fn split(out: &Path) -> Result<(PathBuf, std::ffi::OsString), Blocked> {
    let looked_up;
    let path = if out.file_name().is_some() {
        out
    } else {
        let trouble = |e: io::Error| Blocked::Io(out.display().to_string(), sentence(&e));
        looked_up = fs::canonicalize(out).map_err(trouble)?;
        &looked_up
    };
    let name = path.file_name().ok_or_else(|| Blocked::NoReport(out.display().to_string()))?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((parent.to_path_buf(), name.to_owned()))
}

/// A new private directory whose name says of which report it is.
fn beside_target(parent: &Path, name: &str, end: &str) -> io::Result<TempDir> {
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(end).rand_bytes(UNIQUE);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let directory = builder.tempdir_in(parent)?;
    // The mask of the process can only take rights away, but it could take the owner's.
    #[cfg(unix)]
    fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(directory)
}

/// Renames a directory to a name that nothing has.
fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    match rename_with(from, to, rustix::fs::RenameFlags::NOREPLACE) {
        Ok(true) => return Ok(()),
        Ok(false) => {}
        Err(e) => return Err(e),
    }
    // Without that, a directory replaces at most an empty one.
    fs::rename(from, to)
}

/// Lets two directories change places in one step. False: this system or file system cannot.
fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    return rename_with(a, b, rustix::fs::RenameFlags::EXCHANGE);
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    Ok(false)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_with(from: &Path, to: &Path, how: rustix::fs::RenameFlags) -> io::Result<bool> {
    use rustix::io::Errno;
    match rustix::fs::renameat_with(rustix::fs::CWD, from, rustix::fs::CWD, to, how) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Replaces `to` by `from` in two steps; between them the earlier report waits in `aside`, where the next run finds it.
fn replace_by_two(from: &Path, to: &Path, aside: TempDir) -> io::Result<()> {
    let waiting = aside.path().join(WAITING);
    fs::rename(to, &waiting)?;
    if let Err(e) = fs::rename(from, to) {
        if fs::rename(&waiting, to).is_err() {
            // It cannot be put back now: it must not go with the directory it waits in.
            let _ = aside.keep();
        }
        return Err(e);
    }
    Ok(())
}

/// Is it a report, and nothing but that?
fn vet(target: &Path) -> Result<(), Blocked> {
    let shown = || target.display().to_string();
    if !has_summary(target) {
        return Err(Blocked::NoReport(shown()));
    }
    let strangers = strangers(target).map_err(|e| Blocked::Io(shown(), sentence(&e)))?;
    strangers.into_iter().next().map_or(Ok(()), |name| Err(Blocked::Strange(shown(), name)))
}

/// A directory that holds a summary of ours and nothing that a report does not hold.
pub(crate) fn is_report(path: &Path) -> bool {
    vet(path).is_ok()
}

/// A directory, no link to one, in which a summary of ours lies.
pub fn has_summary(path: &Path) -> bool {
    let is_directory = fs::symlink_metadata(path).is_ok_and(|m| m.is_dir());
    let summary = fs::read_to_string(path.join("summary.json")).unwrap_or_default();
    is_directory && summary.contains("\"schema\": \"claimlint-summary/")
}

/// What lies in a directory and is no file that a report can hold, in order.
pub(crate) fn strangers(directory: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_file() || !is_part(&name) {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

fn is_part(name: &str) -> bool {
    FORMATS.iter().any(|format| format.file == name)
        || FURTHER.contains(&name)
        || name.strip_prefix("rollup-").is_some_and(|rest| rest.strip_suffix(".csv").is_some())
}

/// A new file that only its owner can read and write, whatever the mask of the process.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = private(options.write(true).create_new(true)).open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Never readable by others, not even between its creation and the next call.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Sees to it that a file's bytes are on disk. Those of a report are seen to when it is complete.
pub fn settle(file: File) -> io::Result<()> {
    file.sync_all()
}

fn sync(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

/// Sees to it that the files of a finished report are on disk: all at once, as each waits for the disk and not for the
/// processor.
fn sync_files(directory: &Path) -> io::Result<()> {
    let paths = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    std::thread::scope(|scope| {
        let waits: Vec<_> = paths.iter().map(|path| scope.spawn(move || File::open(path)?.sync_all())).collect();
        waits.into_iter().try_for_each(|wait| wait.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended"))))
    })
}

/// What to do about an error of the disk.
pub fn sentence(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "does not exist; create it, or name another place with --out".to_owned(),
        io::ErrorKind::NotADirectory => "is no directory; name another place with --out".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be written by this user; name another place with --out".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "cannot be written to; name another disk with --out".to_owned(),
        io::ErrorKind::Unsupported => {
            "its file system has no locks, so two runs could collide; name another disk with --out".to_owned()
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "no space left; free some, or name another disk with --out".to_owned()
        }
        io::ErrorKind::FileTooLarge => {
            "a file of the report is larger than may be written here (ulimit -f, or the disk); raise that, or name \
             another disk with --out"
                .to_owned()
        }
        _ => format!("{e}; mend that, or name another place with --out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(path: &Path, text: &str) {
        fs::create_dir(path).expect("a directory");
        fs::write(path.join("summary.json"), "{\n  \"schema\": \"claimlint-summary/1\"\n}").expect("room for it");
        fs::write(path.join("services.csv"), text).expect("room for it");
    }

    fn services(path: &Path) -> String {
        fs::read_to_string(path.join("services.csv")).expect("a report")
    }

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).expect("there");
        let mut names: Vec<_> = entries.map(|e| e.expect("entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn two_steps_replace_and_a_kill_between_them_is_healed() {
        let desk = tempfile::tempdir().expect("a directory");
        let (from, to) = (desk.path().join(".r.aaaaaa.partial"), desk.path().join("r"));
        report(&to, "old");
        report(&from, "new");
        replace_by_two(&from, &to, beside_target(desk.path(), "r", OLD).expect("room")).expect("it moves");
        assert_eq!((services(&to).as_str(), names(desk.path())), ("new", vec!["r".to_owned()]));

        // Killed after the first step: the earlier report waits, and the new one lies where it was built.
        let aside = desk.path().join(".r.bbbbbb.old");
        fs::create_dir(&aside).expect("room");
        fs::rename(&to, aside.join(WAITING)).expect("it moves");
        report(&from, "newer");
        let refused = Site::open(Some(&to), false).expect_err("it is back");
        assert!(matches!(refused, Blocked::Exists(_)), "{refused}");
        assert_eq!((services(&to).as_str(), names(desk.path())), ("new", vec!["r".to_owned()]));

        // Killed after the second step: what waits has been replaced.
        fs::create_dir(&aside).expect("room");
        report(&aside.join(WAITING), "older");
        drop(Site::open(Some(&to), true).expect("it is a report"));
        assert_eq!((services(&to).as_str(), names(desk.path())), ("new", vec!["r".to_owned()]));
    }

    #[test]
    fn a_failed_second_step_puts_the_earlier_report_back() {
        let desk = tempfile::tempdir().expect("a directory");
        let to = desk.path().join("r");
        report(&to, "old");
        let aside = beside_target(desk.path(), "r", OLD).expect("room");
        replace_by_two(&desk.path().join("nothing"), &to, aside).expect_err("there is nothing to move");
        assert_eq!((services(&to).as_str(), names(desk.path())), ("old", vec!["r".to_owned()]));
    }

    #[test]
    fn what_is_not_ours_stays() {
        let desk = tempfile::tempdir().expect("a directory");
        let at = |name: &str| desk.path().join(name);
        for name in [".r.aaaaaa.partial", ".other.aaaaaa.partial", ".r.bbbbbb.partial"] {
            fs::create_dir(at(name)).expect("room");
        }
        fs::write(at(".r.aaaaaa.partial/services.csv"), "").expect("room");
        fs::write(at(".r.bbbbbb.partial/letter.txt"), "").expect("room");
        fs::write(at(".r.cccccc.partial"), "").expect("room");
        drop(Site::open(Some(&at("r")), false).expect("free"));
        assert_eq!(names(desk.path()), [".other.aaaaaa.partial", ".r.bbbbbb.partial", ".r.cccccc.partial"]);
    }

    #[test]
    fn only_a_report_and_nothing_else_is_replaced() {
        let desk = tempfile::tempdir().expect("a directory");
        let to = desk.path().join("r");
        report(&to, "old");
        for further in ["report.xlsx", "rollup-month.csv", "findings.jsonl", manifest::FILE, RUN] {
            fs::write(to.join(further), "").expect("room");
        }
        assert!(is_report(&to));
        for (strange, folder) in [("letter.txt", false), ("rollup-", false), ("findings.csv", true)] {
            let path = to.join(strange);
            if folder { fs::create_dir(&path) } else { fs::write(&path, "") }.expect("room");
            let refused = Site::open(Some(&to), true).expect_err("not ours alone").to_string();
            assert!(refused.contains(strange), "{refused}");
            if folder { fs::remove_dir(&path) } else { fs::remove_file(&path) }.expect("there");
        }
        // Put there while the run went on: found before anything is moved.
        let site = Site::open(Some(&to), true).expect("a report");
        fs::write(to.join("letter.txt"), "").expect("room");
        assert!(matches!(site.settle(), Err(Blocked::Strange(..))));
        assert_eq!(names(desk.path()), ["r"]);
    }

    #[test]
    fn a_place_that_was_taken_meanwhile_is_not_overwritten() {
        let desk = tempfile::tempdir().expect("a directory");
        let to = desk.path().join("r");
        let site = Site::open(Some(&to), false).expect("free");
        fs::create_dir(&to).expect("room");
        assert!(matches!(site.settle(), Err(Blocked::Exists(_))));
        assert_eq!(names(desk.path()), ["r"]);
    }
}
