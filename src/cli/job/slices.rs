//! The slices of a job, checked before they are merged: each is there and of this plan, and each begins where the one before it
//! ends.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use anyhow::{anyhow, bail};
use rayon::prelude::*;

use crate::cli::input_files::with_roles;
use crate::cli::job::plan::{FILE, Job, PlannedExtract, Stamp, Text, slice_name};
use crate::cli::load::{describe_io_error, layout_file};
use crate::cli::plan::Plan;
use crate::ingest::{ReadError, Source};
use crate::policy::Policy;
use crate::run::slice::{SliceFile, SliceReader, read_slices};
use crate::run::{ReadExtract, read_one};

/// Slices that are named if they are missing or of no use; there may be thousands.
const NAMED: usize = 20;

/// Memory that the head of a slice may take, in bytes: it holds counts, two trailer records and a few notes.
pub(crate) const HEAD_BYTES: usize = 64 << 20;

/// The slices of a job.
pub(crate) struct JobSlices {
    job: Job,
    /// By extract.
    slices: Vec<Vec<SliceFile>>,
}

/// A split that does not begin where the split before it ends.
pub(crate) struct WrongEntry {
    /// The number of its slice.
    pub(crate) slice: u64,
    /// The byte at which it must begin.
    pub(crate) entry: u64,
}

impl JobSlices {
    /// The job.
    pub(crate) fn job(&self) -> &Job {
        &self.job
    }

    /// Reads the heads of all slices. The error names every slice that is missing or of no use, up to [`NAMED`].
    pub(crate) fn open(job: Job) -> anyhow::Result<Self> {
        let range = |extract: &PlannedExtract| extract.first_slice..extract.first_slice + extract.slices;
        let all: Vec<Range<u64>> = job.plan.extracts.iter().map(range).collect();
        let opened: Vec<Vec<anyhow::Result<SliceFile>>> =
            all.into_iter().map(|slices| slices.into_par_iter().map(|n| open(&job, n)).collect()).collect();
        let wrong: Vec<String> =
            opened.iter().flatten().filter_map(|slice| slice.as_ref().err().map(ToString::to_string)).collect();
        if let Some(more) = wrong.len().checked_sub(NAMED).filter(|more| *more > 0) {
            bail!("{}\nand {more} more slices", wrong[..NAMED].join("\n"));
        }
        if !wrong.is_empty() {
            bail!("{}", wrong.join("\n"));
        }
        let slices = opened.into_iter().map(|slices| slices.into_iter().flatten().collect()).collect();
        Ok(Self { job, slices })
    }

    /// The splits that must be read again from another entry. In every round at least the first wrong split of an extract is
    /// put right.
    pub(crate) fn wrong_entries(&self) -> Vec<WrongEntry> {
        let mut wrong = Vec::new();
        for (extract, slices) in self.job.plan.extracts.iter().zip(&self.slices) {
            let Some(dialect) = &extract.dialect else { continue };
            let mut expected = dialect.data_start;
            for slice in slices {
                if slice.head.entry != expected {
                    wrong.push(WrongEntry { slice: slice.head.id.slice, entry: expected });
                }
                expected = slice.head.exit;
            }
        }
        wrong
    }

    /// Fails if a split that ends an extract does not end with it, which no correct slice does.
    pub(crate) fn ensure_complete(&self) -> anyhow::Result<()> {
        for (extract, slices) in self.job.plan.extracts.iter().zip(&self.slices) {
            let Some(last) = slices.last().filter(|_| extract.dialect.is_some()) else { continue };
            if last.head.exit != extract.stamp.bytes {
                bail!("{}, split {}: does not end with the extract; make its slice again", extract.file, last.split);
            }
        }
        Ok(())
    }

    /// Reads the extracts from their slices. `open` opens an extract, of which only the first rows are looked at.
    pub(crate) fn reader<'a>(
        &'a self,
        open: &'a (dyn Fn(&str) -> Result<Source, ReadError> + Sync),
        memory: usize,
    ) -> Box<ReadExtract<'a>> {
        Box::new(move |number, name, setup, store, watch| {
            let (source, slices) = (open(name)?, self.slices.get(number as usize).map_or(&[][..], Vec::as_slice));
            // An extract without text has no slice.
            if slices.is_empty() {
                return read_one(number, source, setup, store, watch);
            }
            read_slices(&source, slices, memory, setup, store, watch)
        })
    }

    /// Removes the slices and the plan, and the directory if nothing else is in it.
    pub(crate) fn clean(&self) -> io::Result<()> {
        let directory = &self.job.directory;
        let is_unfinished = |name: &str| name.strip_prefix('.').is_some_and(|name| name.starts_with("slice-"));
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_unfinished) && entry.file_type()?.is_file() {
                std::fs::remove_file(entry.path())?;
            }
        }
        for slice in 0..self.job.plan.slices {
            std::fs::remove_file(directory.join(slice_name(slice)))?;
        }
        std::fs::remove_file(directory.join(FILE))?;
        match std::fs::remove_dir(directory) {
            Err(e) if e.kind() != io::ErrorKind::DirectoryNotEmpty => Err(e),
            _ => Ok(()),
        }
    }
}

impl Job {
    /// Fails if inputs, policy or layout are not those of the plan.
    pub(crate) fn ensure_same(&self, plan: &Plan, policy: &Policy) -> anyhow::Result<()> {
        let job = &self.plan;
        let layout = plan.settings.layout_choice();
        let file = layout_file(&layout)?.map(|file| Text { file: file.file, text: file.text });
        let place = self.directory.join(FILE);
        if job.policy != Text::of_policy(policy) {
            bail!("{}: the policy in force is not that of the plan; plan the job again", place.display());
        }
        if job.layout != layout || job.layout_file != file {
            bail!("{}: the layout in force is not that of the plan; plan the job again", place.display());
        }
        for extract in &job.extracts {
            if Stamp::of(&extract.file)? != extract.stamp {
                bail!(
                    "{}, splits 0 to {}: changed since the job was planned; plan the job again",
                    extract.file,
                    extract.slices.saturating_sub(1)
                );
            }
        }
        let inputs = with_roles(&[], plan.settings.join.list(), plan.settings.auths.value.as_deref());
        if inputs.len() != job.others.len() {
            bail!("{}: the inputs are not those of the plan; plan the job again", place.display());
        }
        for (other, (role, file)) in job.others.iter().zip(inputs) {
            if (other.role, other.file.as_str()) != (role, file) || Stamp::of(file)? != other.stamp {
                // A table is read by the slices of the extracts that it is joined to.
                let joined = job.extracts.iter().find(|extract| extract.joined.iter().any(|table| table == file));
                let read_by = joined.map_or_else(String::new, |extract| format!("{}, split 0: ", extract.file));
                bail!("{read_by}{file}: changed since the job was planned; plan the job again");
            }
        }
        Ok(())
    }
}

/// Opens a slice and checks that it is the one that the plan means.
fn open(job: &Job, slice: u64) -> anyhow::Result<SliceFile> {
    let (part, path) = (job.part(slice)?, job.slice_path(slice));
    let again = format!("claimlint slice --plan {} {slice}", job.directory.join(FILE).display());
    let wrong = |what: String| anyhow!("{}: {}: {what}", part.shown(), path.display());
    let file = match open_file(&path) {
        Ok(Some(file)) => file,
        Ok(None) => return Err(wrong(format!("is no regular file; remove it, and make the slice: {again}"))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(wrong(format!("is missing; make it: {again}")));
        }
        Err(e) => return Err(wrong(describe_io_error(&e))),
    };
    let head = SliceReader::open(file, HEAD_BYTES).map_err(|e| wrong(e.to_string()))?.head;
    if head.id != part.id {
        return Err(wrong(format!("is a slice of another plan, or another slice; make it again: {again}")));
    }
    Ok(SliceFile { path, split: part.number, head })
}

/// Opens a regular file. `None`: it is a pipe or a device, whose reader may wait forever, or a directory.
fn open_file(path: &Path) -> io::Result<Option<File>> {
    if std::fs::metadata(path)?.is_file() { File::open(path).map(Some) } else { Ok(None) }
}
