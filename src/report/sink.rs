//! How a run becomes files: its parts formatted side by side, put down in order.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::baseline::{Entry, Pairs};
use crate::claim::Kind;
use crate::policy::Disposition;
use crate::report::table::record::FindingRecord;
use crate::report::top_services::Highest;
use crate::report::{About, Content, FORMATS, Format, Totals, dir};
use crate::rules::doc::RuleDoc;
use crate::run::{Frame, Run};
use crate::suppress::{Suppression, Suppressions};
use crate::tally::{Share, Summary};

/// Makes a file without a name, for what has to wait before it goes into its place.
pub type Scratch = Arc<dyn Fn() -> io::Result<File> + Send + Sync>;

/// Where a file goes.
pub trait Output: Write + Seek + Send {
    /// Makes waiting files. For a report on disk they lie where it does, as private and gone with the run.
    fn scratch(&self) -> Scratch {
        Arc::new(tempfile::tempfile)
    }
}

impl Output for File {}

/// A file of a report under construction.
struct Placed {
    file: BufWriter<File>,
    directory: PathBuf,
}

impl Write for Placed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Placed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Output for Placed {
    fn scratch(&self) -> Scratch {
        let directory = self.directory.clone();
        Arc::new(move || tempfile::tempfile_in(&directory))
    }
}

/// Begins a file.
pub type Open = for<'a> fn(About<'a>, Box<dyn Output>) -> io::Result<Box<dyn Sink + 'a>>;

/// A file under construction.
pub trait Sink: Send + Sync {
    /// Formats a part and keeps the piece. Called from many threads, in any order.
    fn format(&self, n: usize, part: &Content<'_>) -> io::Result<()>;

    /// Puts the piece of a part down. Called in the order of the parts, each once, after it was formatted.
    fn append(&self, n: usize) -> io::Result<()>;

    /// Ends the file.
    fn finish(self: Box<Self>, totals: &Totals) -> io::Result<()>;
}

/// Pieces that wait until their turn comes.
#[derive(Debug)]
pub struct Pending<P>(Mutex<FxHashMap<usize, P>>);

impl<P> Default for Pending<P> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<P> Pending<P> {
    /// Keeps the piece of a part.
    pub fn put(&self, n: usize, piece: P) {
        held(&self.0).insert(n, piece);
    }

    /// Takes it.
    pub fn take(&self, n: usize) -> Option<P> {
        held(&self.0).remove(&n)
    }
}

/// What a mutex holds. A thread that ended in the middle ends the run, so nobody reads what it left.
pub fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The word of `--format` that asks for every format.
pub const ALL: &str = "all";

/// The formats that `words` of `--format` ask for, with those that are always there.
pub fn chosen<'f>(words: &[impl AsRef<str>]) -> Vec<&'f Format> {
    let asked = |word: &str| words.iter().map(AsRef::as_ref).any(|w| w == word || w == ALL);
    FORMATS.iter().filter(|format| format.word.is_none_or(asked)).collect()
}

/// Parts under way at a time, by thread: enough that no thread waits for the last one.
const WAVE: usize = 4;

/// Judges all parts of a run and writes the files of `formats`, each opened by `open`. None: `go_on` said no.
pub fn write(
    run: &Run,
    docs: &[RuleDoc],
    formats: &[&Format],
    open: &dyn Fn(&str) -> io::Result<Box<dyn Output>>,
    go_on: &(dyn Fn() -> bool + Sync),
) -> io::Result<Option<Totals>> {
    let about = About { frame: &run.frame, docs };
    let sinks: Vec<Box<dyn Sink + '_>> =
        formats.iter().map(|format| (format.open)(about, open(format.file)?)).collect::<io::Result<_>>()?;
    let format_part = |n: usize| -> io::Result<Totals> {
        let part = run.part(n)?;
        let content = about.part(&part);
        // A sparse run has a single part: then its formats go side by side.
        sinks.par_iter().try_for_each(|sink| sink.format(n, &content))?;
        Ok(Totals::of(&content, n))
    };
    let append = |wave: std::ops::Range<usize>| -> io::Result<()> {
        sinks.par_iter().try_for_each(|sink| wave.clone().try_for_each(|n| sink.append(n)))
    };
    let mut totals = Totals::default();
    let wave = rayon::current_num_threads() * WAVE;
    let mut formatted = 0..0;
    for start in (0..run.parts()).step_by(wave) {
        if !go_on() {
            return Ok(None);
        }
        let next = start..run.parts().min(start + wave);
        let (passed, appended) = rayon::join(
            || next.clone().into_par_iter().map(format_part).collect::<io::Result<Vec<_>>>(),
            || append(formatted.clone()),
        );
        appended?;
        passed?.into_iter().for_each(|part| totals.merge(part));
        formatted = next;
    }
    append(formatted)?;
    totals.compare(&run.frame);
    sinks.into_par_iter().try_for_each(|sink| sink.finish(&totals))?;
    Ok(go_on().then_some(totals))
}

/// Writes one file of a run that is whole.
pub fn write_whole(part: &Content<'_>, format: &Format, out: Box<dyn Output>) -> io::Result<()> {
    let sink = (format.open)(part.about, out)?;
    sink.format(0, part)?;
    sink.append(0)?;
    let mut totals = Totals::of(part, 0);
    totals.compare(part.about.frame);
    sink.finish(&totals)
}

impl Totals {
    /// Those of part `n`.
    pub fn of(part: &Content<'_>, n: usize) -> Self {
        let mut highest = Highest::default();
        highest.add(part, n);
        let services = &part.book.services;
        let stays = services.iter().filter(|s| matches!(s.kind, Kind::Stay(_))).count() as u64;
        let hushed = part.findings().filter(|record| record.suppression().is_some());
        let hushed =
            hushed.map(|record| (record.finding.about(part.book), record.finding.disposition, record.amount()));
        let entry = |record: FindingRecord<'_>| {
            let message = record.message();
            let texts = [&*message, record.setting().citation.as_str()];
            let (disposition, suppressed) = (record.finding.disposition, record.suppression().is_some());
            let subject = record.finding.about(part.book) as u32;
            Entry::new(record.fingerprint(), disposition, record.amount(), texts, suppressed, subject)
        };
        let compared = part.about.frame.baseline.is_some();
        Self {
            summary: Summary::of(part.judged),
            highest,
            lines: services.len() as u64 - stays,
            stays,
            suppressed: Share::of(hushed),
            fits: part.met.fits.clone(),
            entries: if compared { part.findings().map(entry).collect() } else { Vec::new() },
            subjects: services.len() + part.book.lines.len(),
            new: None,
        }
    }

    /// Adds those of another part.
    pub fn merge(&mut self, other: Self) {
        self.summary.merge(&other.summary);
        self.highest.merge(other.highest);
        self.lines += other.lines;
        self.stays += other.stays;
        self.suppressed.merge(&other.suppressed);
        if self.fits.is_empty() {
            self.fits = other.fits;
        } else {
            self.fits.iter_mut().zip(other.fits).for_each(|(mine, more)| *mine += more);
        }
        let base = self.subjects as u32;
        self.entries.extend(other.entries.into_iter().map(|entry| entry.counted_on(base)));
        self.subjects += other.subjects;
    }

    /// Holds the findings of all parts to those of the earlier report, if there is one, and forgets them.
    fn compare(&mut self, frame: &Frame) {
        let entries = std::mem::take(&mut self.entries);
        self.new = frame.baseline.as_ref().map(|old| Pairs::of(old, &entries).tally(old, &entries));
    }

    /// The suppressions, each with the number of findings that it fits.
    pub fn suppressions<'s>(
        &self,
        all: &'s Suppressions,
    ) -> impl Iterator<Item = (&'s Suppression, u64)> + use<'_, 's> {
        all.list.iter().enumerate().map(|(i, one)| (one, self.fits.get(i).copied().unwrap_or(0)))
    }

    /// Findings at or above a disposition that nobody answers for.
    pub fn findings_from(&self, least: Disposition) -> u64 {
        self.summary.findings_from(least) - self.suppressed.findings_from(least)
    }
}

/// Opens the files of a report in an existing directory.
pub fn files(directory: &Path) -> impl Fn(&str) -> io::Result<Box<dyn Output>> {
    move |name| {
        let file = BufWriter::with_capacity(1 << 18, dir::create(&directory.join(name))?);
        Ok(Box::new(Placed { file, directory: directory.to_path_buf() }))
    }
}
