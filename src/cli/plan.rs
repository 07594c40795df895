//! The plan of a `check`: everything that its arguments and settings ask for, resolved or refused before the first row
//! is read.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use rayon::ThreadPool;
use serde_json::json;

use crate::claim::authorization::Authorizations;
use crate::claim::line::mask::Mask;
use crate::cli::args::{Check, FailOn, HashedPart};
use crate::cli::comparison::ComparedFindings;
use crate::cli::input_files::{InputStates, hash, with_roles};
use crate::cli::load::{describe_io_error, read_text_within};
use crate::cli::machine::{self, DefaultMemory};
use crate::cli::settings::EffectiveSettings;
use crate::cli::terminal::absent;
use crate::cli::terminal::log::Log;
use crate::cli::{
    announce, clock, companions, comparison, input_names, mask_key, misplaced, out_name, settings, settle, sign_key,
};
use crate::ingest;
use crate::ingest::error::ReadErrors;
use crate::ingest::layout::detect;
use crate::ingest::{InputFile, InputRole, Library, ReadError, Source};
use crate::policy::Policy;
use crate::report::dir::{ProtectedFiles, file_state};
use crate::report::seal::SignKey;
use crate::rules::doc;
use crate::rules::doc::RuleDoc;
use crate::run;
use crate::run::thinned::{LARGEST_BYTES, ThinnedTable};
use crate::run::{Expect, Memory, read_authorizations};
use crate::warning::Warning;

/// What a run does. It never changes; [`Materials`] has what the run consumes.
pub(crate) struct Plan {
    /// Every setting with its origin.
    pub(crate) settings: EffectiveSettings,
    /// The extracts in the order given.
    pub(crate) files: Vec<String>,
    /// The table of which the extracts are parts, if it was thinned.
    pub(crate) table: Option<ThinnedTable>,
    /// The file that lists these parts.
    pub(crate) table_list: Option<PathBuf>,
    /// What was noticed where directories and patterns were looked at.
    pub(crate) warnings: Vec<Warning>,
    /// The `.done` files and checksums beside the inputs.
    companions: Vec<PathBuf>,
    /// The report directory.
    pub(crate) out: Option<PathBuf>,
    /// The report that findings are compared with.
    pub(crate) baseline: Option<PathBuf>,
    /// The file for the figures of the run.
    pub(crate) metrics: Option<PathBuf>,
    /// The number of threads.
    pub(crate) threads: usize,
    /// Where everything runs, so that `--threads` holds for all rooms.
    pub(crate) pool: ThreadPool,
    /// Bytes of rows in scope that may be held in memory.
    pub(crate) memory: usize,
    /// Bytes that are read at a time.
    pub(crate) block: usize,
    /// Most bytes that a compressed file may unpack to.
    pub(crate) max_decompressed: Option<u64>,
    /// Rows and charges that the extracts must have together.
    pub(crate) expect: Expect,
    /// Are dates cut to their month?
    pub(crate) masks_dates: bool,
    /// The state of each input before anything was read from it.
    pub(crate) states: InputStates,
    /// How much of each input is hashed.
    pub(crate) hashed: HashedPart,
    /// The least disposition that makes the exit code 1.
    pub(crate) fail_on: FailOn,
    /// The key that signs the report.
    pub(crate) sign_key: Option<SignKey>,
    /// The file of that key; the run must not remove it.
    pub(crate) sign_file: Option<PathBuf>,
    /// The documentation of the rules.
    pub(crate) docs: Vec<RuleDoc>,
}

impl Plan {
    /// The files that the run reads, which it must not remove. The baseline is not one of them: it may be the report
    /// that the run replaces.
    pub(crate) fn protected_files(&self) -> ProtectedFiles {
        let settings = &self.settings;
        let texts = [&settings.file, &settings.auths.value, &settings.layout.value, &settings.mask.value];
        let names = self.files.iter().chain(settings.join.list().iter().map(|table| &table.file));
        let names = names.chain(texts.into_iter().flatten()).map(Path::new);
        let paths = settings.policy.list().iter().chain(&settings.suppress.value).chain(&self.sign_file);
        let paths = paths.chain(&self.table_list).chain(&self.companions).map(PathBuf::as_path);
        ProtectedFiles::of(names.chain(paths))
    }
}

/// What was loaded for a run, which consumes it.
pub(crate) struct Materials {
    pub(crate) policy: Policy,
    pub(crate) library: Library,
    pub(crate) authorizations: Option<Authorizations>,
    pub(crate) mask: Option<Mask>,
    pub(crate) comparison: ComparedFindings,
    /// The only extract, which was opened for its header. Of several, each is opened again.
    pub(crate) opened: Option<Source>,
    /// The hashes, if they are sampled, which takes no longer than planning. Whole files are hashed after everything
    /// else was accepted.
    pub(crate) sampled: Option<Vec<InputFile>>,
}

/// Resolves the arguments, or refuses them.
pub(crate) fn resolve(typed: &Check, log: &Log) -> anyhow::Result<(Plan, Materials)> {
    let (typed, settings, table, warnings) = settled(typed, log)?;
    let typed = &typed;
    let day = typed.today.unwrap_or_else(clock::today);
    let template = settings.out.value.as_deref();
    let out = template.map(|template| out_name::filled(template, day, log.run())).transpose();
    let out = settings.out.placed("out", out)?;
    let memory = settings.memory.value.unwrap_or_else(|| {
        let default = DefaultMemory::here();
        default.announce(log);
        default.bytes
    });
    machine::keep_freed_memory(memory);
    let threads =
        settings.threads.value.map_or_else(|| std::thread::available_parallelism().map_or(1, Into::into), usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("threads cannot be started")?;
    let mask = settings.mask.placed("mask", settings.mask.value.as_deref().map(mask_key::load).transpose())?;
    let sign_key = typed.sign.as_deref().map(sign_key::load).transpose()?;
    let states = InputStates::of(&inputs(&settings, &typed.files));
    let names: Vec<_> = inputs(&settings, &typed.files).into_iter().map(|(_, file)| file).collect();
    companions::check(&names)?.iter().for_each(|found| log.note(found));
    let companions = companions::files(names);
    let hashed = settings.fingerprint.value.unwrap_or(HashedPart::Sampled);
    // An input that cannot be hashed cannot be read either, and reading it gives a better message.
    let sample =
        || (hashed == HashedPart::Sampled).then(|| hash_inputs(&settings, &typed.files, hashed).ok()).flatten();
    let bounded = Memory { bytes: memory, scratch: comparison::scratch_beside(out.as_deref()) };
    // The sample takes about as long as all that is loaded.
    let load = || rayon::join(|| load(&settings, &typed.files, &bounded, log), doc::load);
    let (sampled, (loaded, docs)) = pool.install(|| rayon::join(sample, load));
    let docs = docs?;
    let (policy, library, authorizations, opened) = loaded?;
    // The baseline may be the report that this run replaces.
    let baseline = comparison::baseline(&settings, log)?;
    // What is looked up by key has half of the memory, and the rows have the rest.
    let held = authorizations.as_ref().map_or(0, |all| all.bytes(mask.is_some(), memory));
    let left = (memory / 2).saturating_sub(held);
    let comparison = comparison::load(&settings, baseline.as_deref(), day, (left, out.as_deref()))?.dated(typed.today);
    let held = held + comparison.bytes();
    let plan = Plan {
        files: typed.files.clone(),
        table,
        table_list: typed.table.clone(),
        warnings,
        companions,
        out,
        baseline,
        metrics: typed.metrics.clone(),
        threads,
        pool,
        memory: memory - held.min(memory / 2),
        block: typed.block_size.unwrap_or(ingest::BLOCK).max(1),
        max_decompressed: settings.max_decompressed.value,
        expect: Expect { rows: typed.expect_rows, amount: typed.expect_amount },
        masks_dates: settings.mask_dates.value.is_some(),
        states,
        hashed,
        fail_on: settings.fail_on.value.unwrap_or(FailOn::Deny),
        sign_key,
        sign_file: typed.sign.clone(),
        docs,
        settings,
    };
    Ok((plan, Materials { policy, library, authorizations, mask, comparison, opened, sampled }))
}

/// The arguments with the extracts that directories, patterns or a list stand for, and the settings in force, once no input
/// changes any more.
fn settled(typed: &Check, log: &Log) -> anyhow::Result<(Check, EffectiveSettings, Option<ThinnedTable>, Vec<Warning>)> {
    if let Some(list) = &typed.table {
        let table = thinned(list)?;
        let found = Check { files: table.parts(), ..typed.clone() };
        let settings = settings::resolve(&found)?;
        return Ok((found, settings, Some(table), Vec::new()));
    }
    let (files, mut expansions) = input_names::expanded(&typed.files)?;
    let mut found = Check { files, ..typed.clone() };
    let mut settings = settings::resolve(&found)?;
    if let Some(time) = settings.settle.value {
        let look = || {
            let (files, _) = input_names::expanded(&typed.files)?;
            let state = |(_, file): (InputRole, &str)| (file.to_owned(), file_state(Path::new(file)));
            Ok(inputs(&settings, &files).into_iter().map(state).collect())
        };
        settle::wait(time, &look, log)?;
        (found.files, expansions) = input_names::expanded(&typed.files)?;
        settings = settings::resolve(&found)?;
    }
    input_names::announce(&expansions, log);
    Ok((found, settings, None, input_names::warnings(&expansions)))
}

/// Reads the list of a thinned table.
fn thinned(list: &Path) -> anyhow::Result<ThinnedTable> {
    let file = list.display();
    let size = std::fs::metadata(list).map_err(|e| anyhow!("{file}: {}", describe_io_error(&e)))?.len();
    if size > LARGEST_BYTES {
        bail!("{file}: has more than {} MiB; check parts of the table one by one", LARGEST_BYTES >> 20);
    }
    ThinnedTable::load(&read_text_within(list, LARGEST_BYTES)?.text, list).map_err(|what| anyhow!("{file}: {what}"))
}

/// Extracts, joined tables and the authorization file.
fn inputs<'a>(settings: &'a EffectiveSettings, files: &'a [String]) -> Vec<(InputRole, &'a str)> {
    with_roles(files, settings.join.list(), settings.auths.value.as_deref())
}

/// Hashes the inputs.
pub(crate) fn hash_inputs(
    settings: &EffectiveSettings,
    files: &[String],
    hashed: HashedPart,
) -> Result<Vec<InputFile>, ReadError> {
    hash(&inputs(settings, files), hashed)
}

/// Bytes of the extracts on disk, in their order; 0 for a pipe.
pub(crate) fn sizes(files: &[String]) -> impl Iterator<Item = u64> {
    files.iter().map(|f| std::fs::metadata(f).map_or(0, |m| m.len()))
}

/// Is this stdin or a pipe, as in `claimlint check <(zcat claims.csv.gz)`? It can be read only once.
pub(crate) fn is_pipe(name: &str) -> bool {
    name == "-" || std::fs::metadata(Path::new(name)).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

type Loaded = (Policy, Library, Option<Authorizations>, Option<Source>);

/// Loads policy, layouts and authorizations, and checks the header of every extract.
fn load(settings: &EffectiveSettings, files: &[String], memory: &Memory, log: &Log) -> anyhow::Result<Loaded> {
    let limit = settings.max_decompressed.value;
    // A single extract is opened meanwhile. Of several, only one at a time is open.
    let only = || match files {
        [name] if !is_pipe(name) => Some(Source::open_header(name, limit)),
        _ => None,
    };
    let library = || settings.library();
    let (policy, (library, only)) = rayon::join(|| settings.policy(), || rayon::join(library, only));
    let policy = policy?;
    settings.ensure_gates_are_asked(&policy)?;
    let extracts: Vec<_> =
        sizes(files).enumerate().map(|(i, bytes)| json!({ "extract": i + 1, "bytes": bytes })).collect();
    let start = json!({ "version": env!("CARGO_PKG_VERSION"), "policy": policy.fingerprint, "extracts": extracts });
    log.event("start", "plan", start);
    if let Some(file) = &settings.file {
        log.note(&format!(
            "settings of {file} are in force; `claimlint config show` prints them, --no-config leaves them out"
        ));
    }
    let library = library?;
    let opened = look_at_headers(files, only, settings.auths.value.as_deref(), (&library, limit), log)?;
    let source = settings.auths.value.as_deref().map(|name| Source::open_within(name, limit)).transpose();
    let source = settings.auths.placed("auths", source.map_err(Into::into))?;
    let read = |source: Source| {
        misplaced::ensure_no_own_table(&source)?;
        read_authorizations(source, &policy, &library, Some(memory))
    };
    let authorizations = source.map(read).transpose()?;
    if let Some(file) = &authorizations {
        absent::announce_authorizations(log, file);
    }
    Ok((policy, library, authorizations, opened))
}

/// About the authorization file of the run among the extracts.
const AUTHS_AS_EXTRACT: &str =
    "is the authorization file of --auths, not an extract; name the extracts without it, or keep it in another folder";

/// Do two names lead to the same file?
fn is_same_file(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(std::fs::canonicalize);
    one.ok().zip(other.ok()).is_some_and(|(one, other)| one == other)
}

/// Refuses extracts whose headers do not fit a layout, all of them at once. `only` is the only extract, if there is but one and it
/// is no pipe, and is returned.
fn look_at_headers(
    files: &[String],
    mut only: Option<Result<Source, ReadError>>,
    auths: Option<&str>,
    (library, limit): (&Library, Option<u64>),
    log: &Log,
) -> anyhow::Result<Option<Source>> {
    let (mut refused, mut lacking, mut unjoined) = (Vec::new(), Vec::new(), Vec::new());
    let (mut opened, mut own_tables) = (None, Vec::new());
    // The header of a pipe is read with its rows.
    for name in files.iter().filter(|f| !is_pipe(f)) {
        let source = only.take().unwrap_or_else(|| Source::open_header(name, limit));
        let detected = source.and_then(|source| match detect::detect(&source, library) {
            Ok(detected) => Ok((detected, source)),
            Err(_) if auths.is_some_and(|auths| is_same_file(auths, name)) => {
                Err(ReadError::unusable(name, AUTHS_AS_EXTRACT))
            }
            Err(e) => {
                own_tables.extend(misplaced::is_own_table(&source).then_some(name.as_str()));
                Err(misplaced::no_extract(&source, library, e))
            }
        });
        match detected {
            Ok((detected, source)) => {
                opened = (files.len() == 1).then_some(source);
                lacking.push((name.as_str(), run::absent(&detected)));
                unjoined.extend(detected.unjoined.into_iter().map(|table| (name.as_str(), table)));
            }
            // The run passes over an empty part of an export, and refuses if there is no other.
            Err(ReadError::Empty { .. }) if files.len() > 1 => {}
            Err(e) => refused.push(e),
        }
    }
    let lacking: Vec<_> = lacking.iter().map(|(name, absent)| (*name, absent.as_slice())).collect();
    absent::announce(log, &lacking, files.len());
    announce::unjoined_tables(log, unjoined.into_iter());
    if refused.is_empty() { Ok(opened) } else { Err(ReadErrors(misplaced::by_directory(refused, &own_tables)).into()) }
}
