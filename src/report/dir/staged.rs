//! A report under construction, and how it is moved into place.
//!
//! A report is built in a directory beside its target and moved there when it is complete.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use crate::disk::spool::Scratch;
use crate::ingest::InputFile;
use crate::report::dir::building::Building;
use crate::report::dir::contents::{OldReport, report_inside};
use crate::report::dir::destination::{Destination, split};
use crate::report::dir::error::PublishError;
use crate::report::dir::files::describe_io_error;
use crate::report::dir::lock::{LockAttempt, ReportLock};
use crate::report::dir::manifest;
use crate::report::dir::parents::MadeParents;
use crate::report::dir::protected::ProtectedFiles;
use crate::report::dir::recover::{PARTIAL, recover};
use crate::report::dir::written::ReportFile;

/// Name of the report directory without `--out`. If it exists, `-2`, `-3` and so on are tried.
pub(crate) const DEFAULT: &str = "claimlint-report";

/// A report under construction, in a directory beside its target. Dropping it removes the directory.
#[derive(Debug)]
pub struct StagedReport {
    pub(super) building: Arc<Building>,
    target: PathBuf,
    pub(super) destination: Destination,
    /// The report that is replaced.
    old: Option<OldReport>,
}

impl StagedReport {
    /// Starts a report at `out`, or at the first default name that is free and that no other run has reserved. Removes
    /// what killed runs left beside it, but none of the files that the run reads.
    pub fn open(out: Option<&Path>, force: bool, protected: &ProtectedFiles) -> Result<Self, PublishError> {
        if let Some(out) = out {
            let (parent, name) = split(out)?;
            let reserved = Self::reserve(&parent, &name, force, protected)?;
            return reserved.ok_or_else(|| PublishError::Busy(out.display().to_string()));
        }
        let mut n = 1u32;
        loop {
            let name = if n == 1 { DEFAULT.to_owned() } else { format!("{DEFAULT}-{n}") };
            n += 1;
            if fs::symlink_metadata(&name).is_ok() {
                continue;
            }
            match Self::reserve(Path::new("."), name.as_ref(), false, protected) {
                // The name was taken since we looked, or another run is writing to it.
                Ok(None) | Err(PublishError::Exists(_)) => {}
                Ok(Some(staged)) => return Ok(staged),
                Err(e) => return Err(e),
            }
        }
    }

    /// Makes the directories above the target that do not exist. `None`: another run is writing to the target.
    fn reserve(
        place: &Path,
        name: &OsStr,
        force: bool,
        protected: &ProtectedFiles,
    ) -> Result<Option<Self>, PublishError> {
        let beside = |e: io::Error| PublishError::Io(place.display().to_string(), describe_io_error(&e));
        let (parent, made) = MadeParents::open(place).map_err(beside)?;
        let target = if place == Path::new(".") { PathBuf::from(name) } else { place.join(name) };
        let shown = target.display().to_string();
        let destination = Destination { parent, name: name.to_owned(), shown };
        let reserved = Self::reserve_in(&destination, &beside, force, protected);
        if !matches!(reserved, Ok(Some(_))) {
            made.remove();
        }
        let Some((building, old)) = reserved? else { return Ok(None) };
        Ok(Some(Self { building: Arc::new(building.below(made)), target, destination, old }))
    }

    /// Takes the lock and starts to build. `beside` makes an error of the directory above the target.
    fn reserve_in(
        destination: &Destination,
        beside: &dyn Fn(io::Error) -> PublishError,
        force: bool,
        protected: &ProtectedFiles,
    ) -> Result<Option<(Building, Option<OldReport>)>, PublishError> {
        let Destination { parent, name, shown: shown_target } = destination;
        let shown = name.to_string_lossy();
        let lock = match ReportLock::take(parent, &shown, protected).map_err(beside)? {
            LockAttempt::Taken(lock) => lock,
            LockAttempt::Busy => return Ok(None),
            LockAttempt::Foreign(lock) => {
                let path = Path::new(shown_target).with_file_name(lock);
                return Err(PublishError::ForeignLock(path.display().to_string()));
            }
        };
        recover(parent, &shown, protected).map_err(beside)?;
        let old = match parent.look(name).map_err(beside)? {
            Some(_) if force => Some(OldReport::open(parent, name, shown_target, protected)?),
            Some(_) if report_inside(parent, name).is_some() => return Err(PublishError::Exists(shown_target.clone())),
            Some(_) => return Err(PublishError::Taken(shown_target.clone())),
            None => None,
        };
        let building = Building::new(parent, &format!(".{shown}."), PARTIAL, lock).map_err(|e| match e.kind() {
            io::ErrorKind::DirectoryNotEmpty => PublishError::Interfered(shown_target.clone()),
            _ => beside(e),
        })?;
        Ok(Some((building, old)))
    }

    /// Makes a file of the report.
    pub fn create(&self, name: &str) -> io::Result<ReportFile> {
        self.building.create(name)
    }

    /// Makes temporary files without names on the disk of the report. Nobody else can read them.
    pub fn scratch(&self) -> Scratch {
        let directory = Arc::clone(self.building.directory());
        Arc::new(move || directory.scratch())
    }

    /// Writes a whole file of the report.
    pub(crate) fn save(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.building.save(name, content)
    }

    /// Writes the manifest of the files that were made so far, and returns its text.
    pub fn seal(&self, inputs: &[InputFile]) -> io::Result<Vec<u8>> {
        let text = manifest::text(self.building.directory(), self.building.written(), inputs)?;
        self.building.save(manifest::FILE, &text)?;
        Ok(text)
    }

    /// The final place of the report.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// What must be discarded if the process ends now. Nothing, once the report is dropped or published.
    pub fn leftovers(&self) -> Weak<Building> {
        Arc::downgrade(&self.building)
    }

    /// Moves the finished report into place.
    pub(crate) fn publish(self) -> Result<PathBuf, PublishError> {
        let destination = &self.destination;
        self.building.sync().map_err(|e| destination.trouble(&e))?;
        if !self.building.is_untouched().map_err(|e| destination.trouble(&e))? {
            return Err(destination.interfered());
        }
        match &self.old {
            Some(old) => destination.replace(&self.building, old)?,
            None => destination.place(&self.building)?,
        }
        Ok(self.target.clone())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::report::dir::manifest::{self, RUN};

    /// A directory, and the path of a report in it.
    pub(in super::super) fn place() -> (TempDir, PathBuf) {
        let temp = tempfile::tempdir().expect("a directory");
        let to = temp.path().join("r");
        (temp, to)
    }

    pub(in super::super) fn report(path: &Path, text: &str) {
        fs::create_dir(path).expect("a directory");
        fs::write(path.join("summary.json"), "{\n  \"schema\": \"claimlint-summary/1\"\n}").expect("room for it");
        fs::write(path.join("services.csv"), text).expect("room for it");
    }

    /// A finished report that is not in place yet.
    pub(in super::super) fn staged(path: &Path, text: &str, force: bool) -> StagedReport {
        let staged = open(path, force).expect("free");
        staged.save("summary.json", b"{\n  \"schema\": \"claimlint-summary/1\"\n}").expect("room for it");
        staged.save("services.csv", text.as_bytes()).expect("room for it");
        staged.seal(&[]).expect("room for it");
        staged
    }

    pub(in super::super) fn open(path: &Path, force: bool) -> Result<StagedReport, PublishError> {
        StagedReport::open(Some(path), force, &ProtectedFiles::default())
    }

    pub(in super::super) fn old(staged: &StagedReport) -> &OldReport {
        staged.old.as_ref().expect("a report is there")
    }

    pub(in super::super) fn services(path: &Path) -> String {
        fs::read_to_string(path.join("services.csv")).expect("a report")
    }

    pub(in super::super) fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).expect("there");
        let mut names: Vec<_> = entries.map(|e| e.expect("entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The name of the directory under construction.
    pub(in super::super) fn partial(path: &Path) -> PathBuf {
        path.join(names(path).into_iter().find(|name| name.ends_with(PARTIAL)).expect("it is under construction"))
    }

    /// Gives the directory under construction another name, and returns its old one.
    pub(in super::super) fn moved(path: &Path, name: &str) -> PathBuf {
        let built = partial(path);
        fs::rename(&built, path.join(name)).expect("ours");
        built
    }

    fn is_altered(refused: &PublishError) -> bool {
        matches!(refused, PublishError::Altered(_, name) if name == "services.csv")
    }

    #[test]
    fn nothing_is_published_that_this_run_did_not_write() {
        let (temp, to) = place();
        // The first and the last in the order of names.
        for (change, name) in
            [("added", "a.txt"), ("added", "z.txt"), ("replaced", "manifest.json"), ("replaced", "summary.json")]
        {
            let new = staged(&to, "new", false);
            let built = partial(temp.path());
            if change == "replaced" {
                fs::rename(built.join(name), temp.path().join(name)).expect("ours");
            }
            fs::write(built.join(name), "mine").expect("room for it");
            assert!(matches!(new.publish(), Err(PublishError::Interfered(_))), "{change} {name}");
            assert!(!to.exists());
            assert_eq!(fs::read(built.join(name)).expect("it is not removed"), b"mine");
            fs::remove_dir_all(&built).expect("ours");
        }
    }

    #[test]
    fn a_directory_that_lost_its_name_is_not_published() {
        let (temp, to) = place();
        let new = staged(&to, "new", false);
        moved(temp.path(), "moved");
        assert!(matches!(new.publish(), Err(PublishError::Interfered(_))));
        assert_eq!(names(temp.path()), ["moved"]);
        // An empty directory that took its name is not removed, either.
        let new = staged(&to, "new", false);
        let built = moved(temp.path(), "moved too");
        fs::create_dir(&built).expect("room for it");
        drop(new);
        assert!(built.exists());
    }

    #[test]
    fn foreign_files_are_not_removed() {
        let temp = tempfile::tempdir().expect("a directory");
        let at = |name: &str| temp.path().join(name);
        let kept = [".other.aaaaaa.partial", ".r.bbbbbb.partial", ".r.cccccc.partial", ".r.eeeeee.partial"];
        for name in [".r.aaaaaa.partial", ".other.aaaaaa.partial", ".r.bbbbbb.partial", ".r.eeeeee.partial"] {
            fs::create_dir(at(name)).expect("room");
        }
        fs::write(at(".r.aaaaaa.partial/services.csv"), "").expect("room");
        fs::write(at(".r.bbbbbb.partial/rollup-mine.csv"), "").expect("room");
        fs::write(at(".r.cccccc.partial"), "").expect("room");
        // The name of a file of a report, but this run reads it.
        fs::write(at(".r.eeeeee.partial/services.csv"), "").expect("room");
        let input = at(".r.eeeeee.partial/services.csv");
        drop(StagedReport::open(Some(&at("r")), false, &ProtectedFiles::of([input.as_path()])).expect("free"));
        assert_eq!(names(temp.path()), kept);
        assert!(input.exists());
    }

    #[test]
    fn without_a_manifest_only_the_names_of_a_report_are_replaced() {
        let (temp, to) = place();
        report(&to, "old");
        for further in ["report.xlsx", "rollup-month.csv", "findings.jsonl", manifest::FILE, RUN] {
            fs::write(to.join(further), "").expect("room");
        }
        drop(open(&to, true).expect("a report"));
        for (strange, folder) in [("letter.txt", false), ("rollup-mine.csv", false), ("findings.csv", true)] {
            let path = to.join(strange);
            if folder { fs::create_dir(&path) } else { fs::write(&path, "") }.expect("room");
            let refused = open(&to, true).expect_err("not ours alone").to_string();
            assert!(refused.contains(strange), "{refused}");
            if folder { fs::remove_dir(&path) } else { fs::remove_file(&path) }.expect("there");
        }
        // A file that appears during the run is found before anything is moved.
        let new = staged(&to, "new", true);
        fs::write(to.join("letter.txt"), "").expect("room");
        assert!(matches!(new.publish(), Err(PublishError::Strange(..))));
        assert_eq!(names(temp.path()), ["r"]);
    }

    #[test]
    fn with_a_manifest_only_the_files_that_it_names_are_replaced() {
        let (temp, to) = place();
        staged(&to, "old", false).publish().expect("free");
        drop(open(&to, true).expect("a report"));
        for strange in ["report.xlsx", "rollup-month.csv", "rollup-mine.csv"] {
            fs::write(to.join(strange), "mine").expect("room");
            let refused = open(&to, true).expect_err("not in the manifest");
            assert!(matches!(&refused, PublishError::Strange(_, name) if name == strange), "{refused}");
            fs::remove_file(to.join(strange)).expect("ours");
        }
        // A file of the report with somebody's notes, before the run and during it.
        let new = staged(&to, "new", true);
        fs::write(to.join("services.csv"), "old, annotated").expect("room");
        let refused = new.publish().expect_err("changed during the run");
        assert!(is_altered(&refused), "{refused}");
        let refused = open(&to, true).expect_err("changed before the run");
        assert!(is_altered(&refused), "{refused}");
        assert_eq!(services(&to), "old, annotated");
        fs::write(to.join("services.csv"), "old").expect("room");
        // A file of the report that this run reads.
        let input = to.join("services.csv");
        let refused =
            StagedReport::open(Some(&to), true, &ProtectedFiles::of([input.as_path()])).expect_err("an input");
        assert!(matches!(&refused, PublishError::Input(_, name) if name == "services.csv"), "{refused}");
        staged(&to, "new", true).publish().expect("a report");
        assert_eq!((services(&to).as_str(), names(temp.path())), ("new", vec!["r".to_owned()]));
    }

    #[test]
    fn a_place_that_was_taken_meanwhile_is_not_overwritten() {
        let (temp, to) = place();
        let new = staged(&to, "new", false);
        fs::create_dir(&to).expect("room");
        assert!(matches!(new.publish(), Err(PublishError::Exists(_))));
        assert_eq!(names(temp.path()), ["r"]);
    }
}
