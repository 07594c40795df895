//! A run: reads the extracts, indexes the lines of all of them together, and judges them part by part.
//!
//! No file is written and nothing is printed here, so worked examples, tests and the command line use the same code. A run
//! keeps its lines and their index. It judges a [`JudgedPart`] when a writer asks for it and drops it when it is written, so that
//! memory holds the lines (only up to a bound) and never all findings.

mod authorizations;
pub mod example;
pub mod mask;
pub mod read;
pub mod reconcile;
mod survey;

use std::io;
use std::path::PathBuf;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::baseline::FindingEntry;
use crate::claim::authorization::AuthorizationFile;
use crate::claim::index::Index;
use crate::claim::store::LINES;
use crate::claim::{Batch, LineSet, Store};
use crate::ingest::field::Field;
pub use crate::ingest::scan::parallel::Unwatched;
use crate::ingest::source::same_file;
use crate::ingest::source::spill::Spool;
use crate::ingest::{InputFile, Library, ReadError, Rejects, Source, Watch};
use crate::ledger::Ledger;
use crate::policy::Policy;
use crate::rules::judge::{Judged, judge};
pub use crate::run::authorizations::read_authorizations;
pub use crate::run::example::{run_example, run_text};
pub use crate::run::mask::{Masked, Masking};
pub use crate::run::read::absent;
use crate::run::read::{read_one, unmapped};
use crate::run::reconcile::Account;
pub use crate::run::reconcile::Expect;
use crate::suppress::{SuppressionMatches, Suppressions};
use crate::tally::Summary;

/// What a run needs beside the extracts.
pub struct Setup {
    /// The policy in force.
    pub policy: Policy,
    /// The layouts that headers are compared with.
    pub library: Library,
    /// The authorization file, if one was given.
    pub authorization_file: Option<AuthorizationFile>,
    /// What is known of the extracts beforehand.
    pub expect: Expect,
    /// Bytes of a block.
    pub block: usize,
    /// Lines of a part.
    pub part: usize,
    /// The bound on memory, if there is one.
    pub memory: Option<Memory>,
}

/// A bound on what a run keeps of its lines.
#[derive(Debug, Clone)]
pub struct Memory {
    /// Bytes.
    pub bytes: usize,
    /// Where lines go that exceed it: a directory on the disk of the report.
    pub directory: PathBuf,
}

/// Bytes that a run takes beside its lines and their index, whatever the number of lines: blocks that are read, parts that are
/// judged and written. Measured with every row in scope, a bound of 1 GiB and ten million rows: with half the bound less this
/// many bytes for lines, a run takes 0.9 GiB on two threads and 60 MiB more on eight.
const WORKING_BYTES: usize = 160 << 20;

impl Memory {
    /// Bytes of lines that stay in memory. The rest is for the blocks that are read, later for the index, and then for the
    /// parts that are judged and written.
    fn of_lines(&self) -> usize {
        (self.bytes / 4).max((self.bytes / 2).saturating_sub(WORKING_BYTES))
    }

    /// Bytes that a pass of the index may take, beside the few bytes that the index keeps of each line.
    fn of_index(&self) -> usize {
        self.bytes / 8
    }
}

/// One extract of a run, after reading.
#[derive(Debug)]
pub struct Input {
    /// As given.
    pub name: String,
    /// Bytes of text after decompression.
    pub bytes: u64,
    /// Rows after the header.
    pub rows: u64,
    /// The layout it was read with.
    pub layout: String,
    /// The tables joined to it, each with its file as given.
    pub joined: Vec<(String, String)>,
    /// Its rejected rows.
    pub rejects: Rejects,
    /// Fields it does not have, with the consequence.
    pub absent: Vec<(Field, &'static str)>,
    /// Fields without a column, whether or not that has a consequence.
    pub unmapped: Vec<Field>,
}

/// What holds for all parts of a run.
pub struct RunContext {
    /// The policy in force.
    pub policy: Policy,
    /// The extracts, in the order given.
    pub inputs: Vec<Input>,
    /// The files given, by which they are known again; empty where nobody took that down.
    pub originals: Vec<InputFile>,
    /// Rows by bin.
    pub ledger: Ledger,
    /// The authorization file, if one was given; masked if the run is.
    pub authorization_file: Option<AuthorizationFile>,
    /// What is masked.
    pub masked: Masked,
    /// Findings that somebody answers for, if a file of them was given.
    pub suppressions: Option<Suppressions>,
    /// The findings of an earlier report to which this run is held, if one was given.
    pub baseline: Option<Vec<FindingEntry>>,
}

/// Extracts that were read and indexed.
pub struct Run {
    /// What holds for all parts.
    pub context: RunContext,
    store: Store,
    starts: Vec<usize>,
    index: Index,
    /// By part, the claims that [`LineSet::claims_at_risk`] names; empty where no layout says that amounts are those of the
    /// claim.
    claims_at_risk: Vec<FxHashSet<u32>>,
    masking: Option<Masking>,
}

/// Lines that follow each other, judged.
pub struct JudgedPart<'a> {
    /// The lines with what belongs to them.
    pub line_set: LineSet<'a>,
    /// Judgements and findings.
    pub judged: Judged,
    /// What the suppressions match among the findings.
    pub matches: SuppressionMatches,
}

/// A run in one part: worked examples, tests, the dossier of a claim.
pub struct JudgedRun {
    /// What holds for the run.
    pub context: RunContext,
    /// All lines.
    pub line_set: LineSet<'static>,
    /// All judgements and findings.
    pub judged: Judged,
    /// What the suppressions match among the findings.
    pub matches: SuppressionMatches,
    /// Counts and money.
    pub summary: Summary,
}

impl RunContext {
    /// What holds for a run over these extracts and nothing more: no mask, no suppressions, no baseline.
    pub fn new(
        policy: Policy,
        inputs: Vec<Input>,
        ledger: Ledger,
        authorization_file: Option<AuthorizationFile>,
    ) -> Self {
        let (originals, masked) = (Vec::new(), Masked::Nothing);
        Self { policy, inputs, originals, ledger, authorization_file, masked, suppressions: None, baseline: None }
    }

    /// Are amounts known? Only if one of the extracts has a column for them; otherwise sums are unknown, not zero.
    pub fn knows_amounts(&self) -> bool {
        let amounts = [Field::PaidAmount, Field::AllowedAmount, Field::ChargeAmount];
        self.inputs.iter().any(|input| amounts.iter().any(|field| !input.unmapped.contains(field)))
    }

    /// Holds the suppressions against findings. `lines` are those of the line set before it was masked.
    fn matches(&self, judged: &Judged, lines: &Batch, line_set: &LineSet<'_>) -> SuppressionMatches {
        let meet = |all: &Suppressions| all.meet(&judged.findings, lines, line_set, &self.policy);
        self.suppressions.as_ref().map(meet).unwrap_or_default()
    }
}

impl Run {
    fn new(context: RunContext, store: Store, memory: Option<&Memory>) -> io::Result<Self> {
        let bytes = memory.map_or(usize::MAX, Memory::of_index);
        let index = Index::new(&store, context.policy.lists(), bytes, context.authorization_file.is_some())?;
        let starts = store.starts();
        let mut run = Self { context, store, starts, index, claims_at_risk: Vec::new(), masking: None };
        run.look_through()?;
        Ok(run)
    }

    /// The lines of a part with what belongs to them.
    fn set(&self, n: usize) -> io::Result<LineSet<'_>> {
        let mut set = self.index.line_set(self.starts[n], self.store.batch(n)?, self.context.policy.lists());
        if let Some(claims) = self.claims_at_risk.get(n) {
            set.claims_at_risk.clone_from(claims);
        }
        Ok(set)
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.store.batches()
    }

    /// Judges a part. An error: its lines cannot be read back from disk.
    pub fn part(&self, n: usize) -> io::Result<JudgedPart<'_>> {
        Ok(self.judged(self.set(n)?))
    }

    fn judged<'a>(&self, line_set: LineSet<'a>) -> JudgedPart<'a> {
        if let Some(masking) = &self.masking {
            return masking.part(line_set, &self.context);
        }
        let judged = judge(&line_set, &self.context.policy, self.context.authorization_file.as_ref());
        let matches = self.context.matches(&judged, &line_set.lines, &line_set);
        JudgedPart { line_set, judged, matches }
    }

    /// All parts as one.
    pub fn whole(self) -> io::Result<JudgedRun> {
        let mut lines = Batch::default();
        for n in 0..self.store.batches() {
            let batch = self.store.batch(n)?;
            // Places in a batch are 32 bits wide.
            if lines.bytes() + batch.bytes() > u32::MAX as usize {
                return Err(io::Error::other("more than 4 GiB of lines, too many to be held as one"));
            }
            lines.append(&batch);
        }
        let line_set = self.index.line_set(0, std::borrow::Cow::Owned(lines), self.context.policy.lists());
        let JudgedPart { line_set, judged, matches } = self.judged(line_set);
        let summary = Summary::from_judged(&judged);
        Ok(JudgedRun { context: self.context, line_set, judged, matches, summary })
    }

    /// Lines that were read before, as a run: those of a dossier. The ledger is taken as it is.
    pub fn from_batches(context: RunContext, lines: impl IntoIterator<Item = Batch>) -> io::Result<Self> {
        let mut store = Store::new(None, LINES);
        lines.into_iter().for_each(|batch| store.push(batch));
        let ledger = context.ledger;
        let mut run = Self::new(context, store, None)?;
        run.context.ledger = ledger;
        Ok(run)
    }
}

/// Reads and indexes. `open` opens the extract of a name; it is called when its turn comes.
pub fn run(
    names_given: &[String],
    open: &(dyn Fn(&str) -> Result<Source, ReadError> + Sync),
    setup: Setup,
    watch: &dyn Watch,
) -> Result<Run, ReadError> {
    let mut ledger = Ledger::default();
    let mut account = Account::default();
    let mut inputs: Vec<Input> = Vec::new();
    let repeated = same_file::repeated(names_given);
    let spool = setup.memory.as_ref().map(|memory| Spool::new(memory.directory.clone(), memory.of_lines()));
    let mut store = Store::new(spool.clone(), setup.part);
    let watch = Spooled { watch, spool: spool.as_deref() };
    // Plain files are read in parallel inside; compressed ones only side by side. A group is as many files as threads,
    // so that memory stays that of a group.
    for (group, names) in names_given.chunks(rayon::current_num_threads()).enumerate() {
        let first = group * rayon::current_num_threads();
        let read = |(i, name): (usize, &String)| {
            read_one((first + i) as u32, open(name)?, &setup, Store::new(spool.clone(), setup.part), &watch)
        };
        let extracts: Vec<_> = if names.len() > 1 {
            names.par_iter().enumerate().map(read).collect()
        } else {
            names.iter().enumerate().map(read).collect()
        };
        for extract in extracts {
            // When the spool is full the reading is stopped; then the disk is what there is to tell.
            if let Some(e) = spool.as_deref().and_then(Spool::failure) {
                return Err(ReadError::Spool(e.to_string()));
            }
            let extract = extract?;
            ledger.add_extract(&extract.tally);
            account.add(&extract);
            let (rejected, kept) = (extract.tally.rejects.len(), extract.tally.kept.len());
            if let Some(earlier) = repeated[inputs.len()].filter(|_| extract.tally.rows > rejected) {
                return Err(given_twice(&extract.name, &names_given[earlier]));
            }
            watch.extract(inputs.len() + 1, extract.tally.rows, rejected, kept as u64);
            inputs.push(Input {
                name: extract.name,
                bytes: extract.bytes,
                rows: extract.tally.rows,
                layout: extract.detected.layout.clone(),
                joined: extract.detected.joins.iter().map(|join| (join.table.clone(), join.file.clone())).collect(),
                rejects: extract.tally.rejects,
                absent: absent(&extract.detected),
                unmapped: unmapped(&extract.detected).collect(),
            });
            store.extend(extract.tally.kept);
        }
    }
    account.close(&setup.expect)?;
    let context = RunContext::new(setup.policy, inputs, ledger, setup.authorization_file);
    Run::new(context, store, setup.memory.as_ref()).map_err(|e| ReadError::Spool(e.to_string()))
}

/// An extract with a usable row that was given before.
fn given_twice(name: &str, earlier: &str) -> ReadError {
    let what = if name == earlier {
        "given twice; its rows would be duplicates of themselves".to_owned()
    } else {
        format!("holds the same bytes as {earlier}; its rows would be duplicates of themselves, so leave one out")
    };
    ReadError::unusable(name, what)
}

/// Watches for somebody else, and stops a run whose spool the disk does not take.
struct Spooled<'a> {
    watch: &'a dyn Watch,
    spool: Option<&'a Spool>,
}

impl Watch for Spooled<'_> {
    fn passed(&self, bytes: u64, rows: u64, kept: u64) -> bool {
        self.watch.passed(bytes, rows, kept) && !self.spool.is_some_and(Spool::has_failed)
    }

    fn note(&self, file: &str, what: &str) {
        self.watch.note(file, what);
    }

    fn extract(&self, number: usize, rows: u64, rejected: u64, kept: u64) {
        self.watch.extract(number, rows, rejected, kept);
    }
}
