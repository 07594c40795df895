//! `claimlint slice`: reads one slice of a job.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, anyhow, bail};
use serde_json::json;

use crate::claim::Store;
use crate::claim::store::BATCH_LINES;
use crate::cli::args::Slice as Args;
use crate::cli::job::{HEAD_BYTES, Job, JobPlan, Part, PlannedExtract};
use crate::cli::load::describe_io_error;
use crate::cli::machine::DefaultMemory;
use crate::cli::new_file;
use crate::cli::signals::GRACE;
use crate::disk::spool::{Scratch, Spool};
use crate::exit::Exit;
use crate::ingest;
use crate::ingest::split::SplitText;
use crate::ingest::{ReadError, Source, Watch};
use crate::report::dir::ProtectedFiles;
use crate::run::slice::{Slice, SliceReader, is_slice, read_split, read_whole};
use crate::run::{Memory, Setup};

/// Reads the slice and writes it whole or not at all.
pub(crate) fn slice(args: &Args, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let job = Job::read(&args.plan)?;
    let part = job.part(args.slice)?;
    let path = args.out.clone().unwrap_or_else(|| job.slice_path(args.slice));
    let stopped = listen()?;
    let made = make(&job, &part, args, &path, &Stopped(Arc::clone(&stopped)));
    let made = match made {
        Err(_) if stopped.load(Ordering::Relaxed) => return Ok(Exit::Interrupted),
        made => made.with_context(|| part.shown())?,
    };
    let head = &made.head;
    let line = json!({
        "slice": args.slice,
        "extract": part.extract.file,
        "split": part.number,
        "entry": head.entry,
        "exit": head.exit,
        "rows": head.counts.rows,
        "rejected": head.rejected,
        "lines": head.lines,
        "file": path,
    });
    writeln!(out, "{line}")?;
    Ok(Exit::Clean)
}

fn make(job: &Job, part: &Part<'_>, args: &Args, path: &Path, watch: &Stopped) -> anyhow::Result<Slice> {
    let plan = &job.plan;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = directory.to_path_buf();
    let scratch: Scratch = {
        let directory = directory.clone();
        Arc::new(move || tempfile::tempfile_in(&directory))
    };
    let memory = Memory { bytes: args.memory.unwrap_or_else(|| DefaultMemory::here().bytes), scratch };
    let spool = Spool::new(Arc::clone(&memory.scratch), memory.of_lines());
    let setup = Setup {
        policy: plan.load_policy()?,
        library: plan.load_library()?,
        authorizations: None,
        expect: plan.expect(),
        block: ingest::BLOCK,
        part: BATCH_LINES,
        memory: Some(memory),
    };
    ensure_unchanged(plan, part, args)?;
    ensure_replaceable(job, part, path, args.force)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(1).into()).build()?;
    let store = Store::new(Some(Arc::clone(&spool)), setup.part);
    let read = pool.install(|| read(part, plan.layout.max_decompressed, args, &setup, store, watch));
    if let Some(e) = spool.failure() {
        return Err(ReadError::Spool(e.to_string()).into());
    }
    let slice = read?;
    ensure_unchanged(plan, part, args)?;
    if !slice.tables.iter().map(|usage| &usage.file).eq(&part.extract.joined) {
        bail!("the tables that are joined to it are not those of the plan; plan the job again");
    }
    ensure_replaceable(job, part, path, args.force)?;
    save(&slice, &directory, path).map_err(|e| new_file::place_trouble("-o", path, &e))?;
    Ok(slice)
}

fn read(
    part: &Part<'_>,
    limit: Option<u64>,
    args: &Args,
    setup: &Setup,
    store: Store,
    watch: &Stopped,
) -> anyhow::Result<Slice> {
    let (id, name) = (part.id.clone(), part.extract.file.as_str());
    let stdin = || Box::new(io::stdin());
    let (Some(dialect), Some(split)) = (&part.extract.dialect, &part.split) else {
        if args.entry.is_some() || args.stdin_at.is_some_and(|at| at > 0) {
            bail!("is read whole, from its first byte; leave --entry out, and give --stdin-at 0 or nothing");
        }
        if args.stdin_at.is_none() {
            return Ok(read_whole(id, Source::open_extract(name, limit)?, setup, store, watch)?);
        }
        let bytes = part.extract.stamp.bytes;
        let source = Source::from_stream(name, stdin(), bytes, limit)?;
        let taken = source.counter();
        let slice = read_whole(id, source, setup, store, watch)?;
        ensure_all_taken(taken.load(Ordering::Relaxed), bytes)?;
        return Ok(slice);
    };
    if let Some(entry) = args.entry.filter(|entry| !(dialect.data_start..=split.size).contains(entry)) {
        bail!("--entry {entry}: its rows are in the bytes {} to {}", dialect.data_start, split.size);
    }
    let needed = args.entry.unwrap_or_else(|| split.reads_from(dialect.data_start));
    let text = match args.stdin_at {
        Some(at) if at > needed => bail!("--stdin-at {at}: the slice is read from byte {needed} on"),
        Some(at) => SplitText::Stream { stream: stdin(), at },
        None => SplitText::File(File::open(name).map_err(|e| anyhow!("{name}: {e}"))?),
    };
    let detected = dialect.detected(&setup.library).map_err(|what| anyhow!(what))?;
    Ok(read_split(id, (name, text), &detected, split, args.entry, setup, store, watch)?)
}

/// Fails if stdin, of which so many bytes were taken, does not have the `bytes` of the extract. No split beside this one would show
/// that it was cut short between two rows.
fn ensure_all_taken(taken: u64, bytes: u64) -> anyhow::Result<()> {
    let left = io::copy(&mut io::stdin().take(bytes.saturating_sub(taken)), &mut io::sink())?;
    let had = taken + left;
    if had != bytes {
        bail!("stdin has {had} bytes, and the extract has {bytes}; give all of its bytes");
    }
    Ok(())
}

/// Fails if the extract, or a table that is joined to it, is not as it was planned. Bytes from stdin are the caller's business.
fn ensure_unchanged(plan: &JobPlan, part: &Part<'_>, args: &Args) -> anyhow::Result<()> {
    let PlannedExtract { file, stamp, .. } = part.extract;
    let extract = Some((file, stamp)).filter(|_| args.stdin_at.is_none());
    let tables = plan.tables_of(part.extract).into_iter().flatten().map(|table| (&table.file, &table.stamp));
    for (file, stamp) in extract.into_iter().chain(tables) {
        if !stamp.is_quickly(file)? {
            bail!("{file}: changed since the job was planned; plan the job again");
        }
    }
    Ok(())
}

/// Fails if there is anything but a slice in the place of the slice, or an input of the job; and without `force` also if there is
/// a slice of another job. Beside the plan of this job there may be slices of an earlier one, which `merge` says to make again.
fn ensure_replaceable(job: &Job, part: &Part<'_>, path: &Path, force: bool) -> anyhow::Result<()> {
    let shown = path.display();
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    if !found.is_file() {
        bail!("{shown}: is no regular file, so no slice replaces it; name another file with -o");
    }
    if ProtectedFiles::of(job.plan.inputs().map(Path::new)).protects(path) {
        bail!("{shown}: is an input of this job, so no slice replaces it; name another file with -o");
    }
    let open = || File::open(path).map_err(|e| anyhow!("{shown}: {}", describe_io_error(&e)));
    let is_slice = is_slice(&mut open()?);
    if !is_slice.map_err(|e| anyhow!("{shown}: {}", describe_io_error(&e)))? {
        bail!("{shown}: exists already and is no slice of claimlint; move it away, or name another file with -o");
    }
    // One that cannot be read is of another version, so of another plan.
    let head = || SliceReader::open(open().ok()?, HEAD_BYTES).ok().map(|there| there.head);
    if !force && !job.holds(path) && head().is_none_or(|there| there.id.plan != part.id.plan) {
        bail!(
            "{shown}: exists already and is no slice of this job; name another file with -o, or replace it with --force"
        );
    }
    Ok(())
}

/// Writes the slice under another name, and gives it its own once it is complete.
fn save(slice: &Slice, directory: &Path, path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Only its owner may read a temporary file.
    let file = tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(directory)?;
    // A mask of the process may have taken rights from the owner.
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let mut out = BufWriter::new(file.as_file());
    slice.write(&mut out)?;
    drop(out);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error).map(drop)
}

/// Stops the reading after a signal.
struct Stopped(Arc<AtomicBool>);

impl Watch for Stopped {
    fn passed(&self, _: u64, _: u64, _: u64) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Starts to listen for signals, and ends the process if it does not end by itself, such as while it waits for stdin.
fn listen() -> anyhow::Result<Arc<AtomicBool>> {
    let stopped = Arc::<AtomicBool>::default();
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || {
        flag.store(true, Ordering::Relaxed);
        std::thread::sleep(GRACE);
        Exit::Interrupted.now();
    })
    .context("signals cannot be caught")?;
    Ok(stopped)
}
