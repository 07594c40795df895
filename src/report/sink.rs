//! How a run becomes files: its parts formatted side by side, put down in order.

use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::highest::Highest;
use super::{About, Content, FORMATS, Format, Totals, place};
use crate::claim::Kind;
use crate::rules::doc::RuleDoc;
use crate::run::Run;
use crate::tally::Summary;

/// Where a file goes.
pub trait Output: Write + Seek + Send {}

impl<T: Write + Seek + Send> Output for T {}

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
        sinks.iter().try_for_each(|sink| sink.format(n, &content))?;
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
    sinks.into_par_iter().try_for_each(|sink| sink.finish(&totals))?;
    Ok(go_on().then_some(totals))
}

/// Writes one file of a run that is whole.
pub fn write_whole(part: &Content<'_>, format: &Format, out: Box<dyn Output>) -> io::Result<()> {
    let sink = (format.open)(part.about, out)?;
    sink.format(0, part)?;
    sink.append(0)?;
    sink.finish(&Totals::of(part, 0))
}

impl Totals {
    /// Those of part `n`.
    pub fn of(part: &Content<'_>, n: usize) -> Self {
        let mut highest = Highest::default();
        highest.add(part, n);
        let services = &part.book.services;
        let stays = services.iter().filter(|s| matches!(s.kind, Kind::Stay(_))).count() as u64;
        Self { summary: Summary::of(part.judged), highest, lines: services.len() as u64 - stays, stays }
    }

    /// Adds those of another part.
    pub fn merge(&mut self, other: Self) {
        self.summary.merge(&other.summary);
        self.highest.merge(other.highest);
        self.lines += other.lines;
        self.stays += other.stays;
    }
}

/// Opens the files of a report in an existing directory.
pub fn files(directory: &Path) -> impl Fn(&str) -> io::Result<Box<dyn Output>> {
    move |name| {
        let file = place::create(&directory.join(name))?;
        Ok(Box::new(BufWriter::with_capacity(1 << 18, file)))
    }
}
