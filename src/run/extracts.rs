//! Reads and indexes the extracts of a run.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::claim::Store;
use crate::claim::authorization::Authorizations;
use crate::disk::spool::Spool;
use crate::ingest::field::Group;
use crate::ingest::same_text::{RowCounts, Texts};
use crate::ingest::source::same_file;
use crate::ingest::{Extract, ReadError, Source, TableUsage, Watch};
use crate::ledger::Ledger;
use crate::rules::judge::asked_of_member;
use crate::run::context::{Input, RunContext};
use crate::run::indexed::Run;
use crate::run::read::{absent, read_one, unmapped};
use crate::run::reconcile::Account;
use crate::run::setup::Setup;
use crate::warning;
use crate::warning::{Warning, WarningKind};

/// Bytes that the index takes for each line, whatever memory it may take: the number of its claim and its bin, and while it is
/// made, what the line says by itself and a number for each row that names another claim.
const INDEX_BYTES: usize = 16;

/// Reads the extract with this number and name into the store: from its file, or from what was read of it before. Returns it
/// with what is odd about its first rows.
pub type ReadExtract<'a> =
    dyn Fn(u32, &str, &Setup, Store, &dyn Watch) -> Result<(Extract<Store>, Vec<Warning>), ReadError> + Sync + 'a;

/// Reads and indexes the extracts. `open` opens an extract by its name, just before it is read.
pub fn run(
    names_given: &[String],
    open: &(dyn Fn(&str) -> Result<Source, ReadError> + Sync),
    setup: Setup,
    watch: &dyn Watch,
) -> Result<Run, ReadError> {
    let read = |number: u32, name: &str, setup: &Setup, store: Store, watch: &dyn Watch| {
        read_one(number, open(name)?, setup, store, watch)
    };
    run_with(names_given, &read, setup, watch)
}

/// Same as [`run`] with a function that reads an extract.
pub fn run_with(
    names_given: &[String],
    read_extract: &ReadExtract<'_>,
    setup: Setup,
    watch: &dyn Watch,
) -> Result<Run, ReadError> {
    let mut ledger = Ledger::default();
    let mut account = Account::default();
    let (mut inputs, mut warnings): (Vec<Input>, Vec<Warning>) = Default::default();
    let mut tables: Vec<TableUsage> = Vec::new();
    let repeated = same_file::repeated(names_given);
    let mut texts = Texts::default();
    let spool =
        setup.memory.as_ref().map(|memory| Spool::new(std::sync::Arc::clone(&memory.scratch), memory.of_lines()));
    let mut store = Store::new(spool.clone(), setup.part);
    let watch = Spooled { watch, spool: spool.as_deref(), warnings: Mutex::default() };
    // A plain file is read by several threads. A compressed file is read by one, so several of them are read at a time.
    // A group has at most as many files as there are threads, which bounds memory.
    let threads = rayon::current_num_threads();
    let at_a_time =
        setup.memory.as_ref().map_or(threads, |memory| memory.extracts_at_a_time(setup.library.tables.len(), threads));
    for (group, names) in names_given.chunks(at_a_time).enumerate() {
        let first = group * at_a_time;
        let read = |(i, name): (usize, &String)| {
            read_extract((first + i) as u32, name, &setup, Store::new(spool.clone(), setup.part), &watch)
        };
        let extracts: Vec<_> = if names.len() > 1 {
            names.par_iter().enumerate().map(read).collect()
        } else {
            names.iter().enumerate().map(read).collect()
        };
        for extract in extracts {
            // A full disk stops the reading. Report the disk, not the interrupted read.
            if let Some(e) = spool.as_deref().and_then(Spool::failure) {
                return Err(ReadError::Spool(e.to_string()));
            }
            let (mut extract, of_first_rows) = match extract {
                // One part of an export may be empty; an extract on its own may not.
                Err(ReadError::Empty { file }) if names_given.len() > 1 => {
                    watch.extract(inputs.len() + 1, 0, 0, 0);
                    warnings.push(Warning::new(WarningKind::EmptyFile).file(&file));
                    inputs.push(Input::passed_over(&file));
                    continue;
                }
                extract => extract?,
            };
            warnings.extend(of_first_rows);
            warnings.append(&mut extract.warnings);
            ledger.add_extract(&extract.tally);
            account.add(&extract);
            let surplus_fields = extract.surplus_fields();
            let (rejected, kept) = (extract.tally.rejects.len(), extract.tally.kept.len());
            if let Some(earlier) = repeated[inputs.len()].filter(|_| extract.tally.rows > rejected) {
                return Err(given_twice(&extract.name, &names_given[earlier], "bytes"));
            }
            let counts = RowCounts { rows: extract.tally.rows, rejected, ignored: extract.tally.ignored };
            if names_given.len() > 1
                && counts.rows > rejected
                && let Some(earlier) = texts.add(inputs.len(), counts, names_given)
            {
                return Err(given_twice(&extract.name, &names_given[earlier], "text"));
            }
            for usage in extract.tables {
                match tables.iter_mut().find(|own| (&own.table, &own.file) == (&usage.table, &usage.file)) {
                    Some(own) => own.merge(&usage).map_err(|e| ReadError::Spool(e.to_string()))?,
                    None => tables.push(usage),
                }
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
                surplus_fields,
                columns: Group::NAMES.map(|(group, ..)| extract.detected.binding.group(group).len() as u64),
            });
            store.extend(extract.tally.kept)?;
        }
    }
    if let Some(first) = inputs.first().filter(|_| inputs.iter().all(Input::is_passed_over)) {
        return Err(ReadError::Empty { file: first.name.clone() });
    }
    setup.memory.as_ref().map_or(Ok(()), |memory| memory.refuse_if_unbounded(store.len()))?;
    store.finish();
    store.make_room(store.len() * INDEX_BYTES);
    account.close(&setup.expect)?;
    tables.iter().try_for_each(TableUsage::refuse_if_unmet)?;
    tables.iter_mut().for_each(TableUsage::forget_keys);
    let mut context = RunContext::new(setup.policy, inputs, ledger, setup.authorizations);
    let of_authorizations = context.authorizations.iter().flat_map(Authorizations::warnings);
    warnings.extend(of_authorizations.cloned().chain(watch.warnings()));
    context.tables = tables;
    context.warnings = warning::merged(warnings);
    let of_member = asked_of_member(&context.policy);
    let run = Run::new(context, store, setup.memory.as_ref(), of_member);
    run.map_err(|e| e.downcast::<ReadError>().unwrap_or_else(|e| ReadError::Spool(e.to_string())))
}

/// The error for an extract with usable rows that was already given.
fn given_twice(name: &str, earlier: &str, what_is_same: &str) -> ReadError {
    let what = if name == earlier {
        "given twice; its rows would be duplicates of themselves".to_owned()
    } else {
        format!(
            "holds the same {what_is_same} as {earlier}; its rows would be duplicates of themselves, so leave one out"
        )
    };
    ReadError::unusable(name, what)
}

/// Passes progress on to another watcher, stops a run whose spool cannot be written, and collects warnings.
struct Spooled<'a> {
    watch: &'a dyn Watch,
    spool: Option<&'a Spool>,
    warnings: Mutex<Vec<Warning>>,
}

impl Spooled<'_> {
    /// The warnings about other files than extracts, each once although several extracts may be joined with one table, and in an
    /// order that does not depend on threads.
    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        warnings.sort_by(|one, other| (one.kind, &one.file).cmp(&(other.kind, &other.file)));
        warnings.dedup();
        warnings
    }
}

impl Watch for Spooled<'_> {
    fn passed(&self, bytes: u64, rows: u64, kept: u64) -> bool {
        self.watch.passed(bytes, rows, kept) && !self.spool.is_some_and(Spool::has_failed)
    }

    fn note(&self, file: &str, what: &str) {
        self.watch.note(file, what);
    }

    fn warning(&self, warning: Warning) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    fn extract(&self, number: usize, rows: u64, rejected: u64, kept: u64) {
        self.watch.extract(number, rows, rejected, kept);
    }
}
