//! `claimlint merge`: `check` of the extracts of a job, read from its slices.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use crate::cli::args::{Merge, READING_FLAGS};
use crate::cli::command::check::{check_slices, prepare_job};
use crate::cli::job::plan::FILE;
use crate::cli::job::{Job, JobSlices};
use crate::cli::plan::is_pipe;
use crate::exit::Exit;

/// Judges the job and writes the report. Splits that must be read again are listed instead, each as arguments of `slice`.
pub(crate) fn merge(args: Merge, out: &mut dyn Write) -> anyhow::Result<Exit> {
    if let Some((flag, _)) = READING_FLAGS.iter().find(|(_, is_typed)| is_typed(&args.check)) {
        let flag = flag.replace('_', "-");
        bail!("--{flag} says how to read and judge, as the plan of the job does already; give it to `claimlint plan`");
    }
    if args.check.table.is_some() {
        bail!("--table is for `claimlint check`; a job has its own extracts");
    }
    let [directory] = args.check.files.as_slice() else {
        bail!("merge takes one job; to judge extracts together, name all of them in one `claimlint plan`");
    };
    let directory = Path::new(directory);
    let job = Job::read(&directory.join(FILE))?;
    if let Some(pipe) = job.plan.inputs().find(|file| is_pipe(file)) {
        bail!("{pipe}: is a pipe, and was a file when the job was planned; plan the job again");
    }
    let typed = job.plan.check(args.check.clone());
    if args.dry_run {
        return prepare_job(&typed, &job);
    }
    let slices = JobSlices::open(job)?;
    let wrong = slices.wrong_entries();
    if !wrong.is_empty() {
        for split in wrong {
            writeln!(out, "{} --entry {}", split.slice, split.entry)?;
        }
        return Ok(Exit::Again);
    }
    slices.ensure_complete()?;
    let exit = check_slices(&typed, Some(&slices), out)?;
    if args.clean && matches!(exit, Exit::Clean | Exit::Findings) {
        slices.clean().with_context(|| format!("{}: cannot be removed", directory.display()))?;
    }
    Ok(exit)
}
