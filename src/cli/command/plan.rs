//! `claimlint plan`: says how extracts are read in slices.

use std::fs::DirBuilder;
use std::io::Write;
use std::sync::Arc;

use anyhow::bail;
use serde_json::json;

use crate::claim::store::BATCH_LINES;
use crate::cli::args::{Check, Plan};
use crate::cli::input_files::with_roles;
use crate::cli::job::plan::{FILE, MOST_SLICES, SCHEMA};
use crate::cli::job::{Choices, JobPlan, PlannedExtract, PlannedFile, Stamp, Text};
use crate::cli::load::{layout_file, library_of};
use crate::cli::machine::DefaultMemory;
use crate::cli::plan::is_pipe;
use crate::cli::terminal::log::Log;
use crate::cli::{input_names, misplaced, new_file, settings};
use crate::exit::Exit;
use crate::ingest;
use crate::ingest::error::ReadErrors;
use crate::ingest::layout::detect;
use crate::ingest::layout::dialect::Dialect;
use crate::ingest::split::splits;
use crate::ingest::{ReadError, Source};
use crate::report::dir;
use crate::run::{Expect, Memory, Setup, read_authorizations, settle};

/// Plans a job. If its directory holds the same plan already, its slices stay.
pub(crate) fn plan(typed: &Plan, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let plan = plan_of(typed)?;
    let text = plan.text()?;
    let path = typed.out.join(FILE);
    if path.exists() {
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return summarize(&plan, typed, out);
        }
        bail!("{}: is the plan of another job; name another directory with -o, or remove it", path.display());
    }
    make_directory(typed)?;
    let trouble = |e: std::io::Error| new_file::place_trouble("-o", &path, &e);
    let mut file = dir::create(&path).map_err(trouble)?;
    let saved = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if saved.is_err() {
        dir::remove_incomplete(&path, &file);
    }
    saved.map_err(trouble)?;
    summarize(&plan, typed, out)
}

/// One line of JSON, for the program that starts the slices.
fn summarize(plan: &JobPlan, typed: &Plan, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let bytes: u64 = plan.extracts.iter().map(|extract| extract.stamp.bytes).sum();
    let line = json!({
        "plan": typed.out.join(FILE),
        "slices": plan.slices,
        "extracts": plan.extracts.len(),
        "bytes": bytes,
    });
    writeln!(out, "{line}")?;
    Ok(Exit::Clean)
}

/// Makes the directory of the job, which only its owner may open.
fn make_directory(typed: &Plan) -> anyhow::Result<()> {
    if typed.out.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(&typed.out);
    // A mask of the process may have taken rights from the owner.
    #[cfg(unix)]
    let made =
        made.and_then(|()| std::fs::set_permissions(&typed.out, std::os::unix::fs::PermissionsExt::from_mode(0o700)));
    made.map_err(|e| new_file::place_trouble("-o", &typed.out, &e))
}

fn plan_of(typed: &Plan) -> anyhow::Result<JobPlan> {
    let (files, expansions) = input_names::expanded(&typed.files)?;
    input_names::announce(&expansions, &Log::new(None, false));
    let check = Check {
        files: files.clone(),
        auths: typed.auths.clone(),
        layout: typed.layout.clone(),
        policy: typed.policy.clone(),
        select: typed.select.clone(),
        ignore: typed.ignore.clone(),
        config: typed.config.clone(),
        ..Check::default()
    };
    let settings = settings::resolve(&check)?;
    let inputs = with_roles(&files, settings.join.list(), settings.auths.value.as_deref());
    if let Some((_, pipe)) = inputs.iter().find(|(_, file)| is_pipe(file)) {
        bail!("{pipe}: can be read only once, and a job reads its inputs in many processes; name a file");
    }
    let (policy, layout) = (settings.policy()?, settings.layout_choice());
    let layout_text = settings.layout.placed("layout", layout_file(&layout))?;
    let library = library_of(&layout, layout_text.as_ref())?;
    let limit = settings.max_decompressed.value;
    if let Some(auths) = &settings.auths.value {
        let memory = Memory { bytes: DefaultMemory::here().bytes, scratch: Arc::new(tempfile::tempfile) };
        let source = Source::open_within(auths, limit)?;
        misplaced::ensure_no_own_table(&source)?;
        read_authorizations(source, &policy, &library, Some(&memory))?;
    }
    let expect = Expect { rows: typed.expect_rows, amount: typed.expect_amount };
    let texts = Text::of_policy(&policy);
    let setup =
        Setup { policy, library, authorizations: None, expect, block: ingest::BLOCK, part: BATCH_LINES, memory: None };
    let (mut extracts, mut refused, mut slices): (Vec<PlannedExtract>, Vec<ReadError>, u64) = Default::default();
    for file in &files {
        let (dialect, count, joined) =
            match Source::open_extract(file, limit).and_then(|source| way_to_read(&source, &setup)) {
                Ok(WayToRead::Splits(dialect)) => {
                    let bytes = std::fs::metadata(file).map_or(0, |meta| meta.len());
                    let count = splits(dialect.data_start, bytes, typed.split, typed.run_up).count() as u64;
                    (Some(dialect), count, Vec::new())
                }
                Ok(WayToRead::OneSlice { joined }) => (None, 1, joined),
                // The run passes over an empty part of an export, and refuses if there is no other.
                Err(ReadError::Empty { .. }) if files.len() > 1 => (None, 0, Vec::new()),
                Err(e) => {
                    refused.push(e);
                    continue;
                }
            };
        extracts.push(PlannedExtract {
            file: file.clone(),
            stamp: Stamp::of(file)?,
            first_slice: slices,
            slices: count,
            dialect,
            joined,
        });
        slices = slices.saturating_add(count);
        if slices > MOST_SLICES {
            bail!("the job would have more than {MOST_SLICES} slices; name a larger --split, or make several jobs");
        }
    }
    if !refused.is_empty() {
        return Err(ReadErrors(refused).into());
    }
    let others = with_roles(&[], settings.join.list(), settings.auths.value.as_deref());
    let other =
        |(role, file): (_, &str)| anyhow::Ok(PlannedFile { role, file: file.to_owned(), stamp: Stamp::of(file)? });
    Ok(JobPlan {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        slices,
        split_bytes: typed.split,
        run_up: typed.run_up,
        extracts,
        others: others.into_iter().map(other).collect::<anyhow::Result<_>>()?,
        typed: Choices {
            layout: typed.layout.clone(),
            policy: typed.policy.clone(),
            select: typed.select.clone(),
            ignore: typed.ignore.clone(),
            auths: typed.auths.clone(),
            config: typed.config.clone(),
            expect_rows: typed.expect_rows,
            expect_amount: typed.expect_amount.map(|sum| sum.0.to_string()),
        },
        layout,
        layout_file: layout_text.map(|file| Text { file: file.file, text: file.text }),
        policy: texts,
    })
}

/// How an extract is read.
enum WayToRead {
    /// In splits.
    Splits(Dialect),
    /// Whole, in one slice: it is compressed, UTF-16, Parquet or ended by CR, or these tables are joined to it.
    OneSlice { joined: Vec<String> },
}

fn way_to_read(source: &Source, setup: &Setup) -> Result<WayToRead, ReadError> {
    // Before its rows are looked at, so that only a header that fits no layout says what the file may be.
    if let Err(e) = detect::detect(source, &setup.library) {
        return Err(misplaced::no_extract(source, &setup.library, e));
    }
    let (detected, _) = settle(source, setup)?;
    let joined: Vec<String> = detected.joins.iter().map(|join| join.file.clone()).collect();
    let dialect = Dialect::of(&detected).filter(|_| source.undone.is_empty() && joined.is_empty());
    Ok(dialect.map_or(WayToRead::OneSlice { joined }, WayToRead::Splits))
}
