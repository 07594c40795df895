//! The run on one page: extracts are read, lines laid out as one universe, services judged, everything counted.
//!
//! No file is written and nothing is printed here, so worked examples, tests and the command line all come through.

pub mod mask;
pub mod reconcile;

use rayon::prelude::*;

pub use self::mask::Masked;
pub use self::reconcile::Expect;
use self::reconcile::{Account, Charges};
use crate::claim::authorization::Register;
use crate::claim::{Book, ClassId, Line, Reader};
use crate::ingest::field::{Field, Group};
pub use crate::ingest::stitch::Unwatched;
use crate::ingest::{Dialect, Extract, Layout, Library, Reject, Row, Source, Trouble, Watch};
use crate::ledger::Ledger;
use crate::policy::{Example, Policy};
use crate::rules::judge::{Judged, judge};
use crate::tally::Summary;

/// What a run needs beside the extracts.
pub struct Setup {
    /// The policy in force.
    pub policy: Policy,
    /// The layouts to hold headers against.
    pub library: Library,
    /// The authorization file, if one was given.
    pub register: Option<Register>,
    /// What is known of the extracts beforehand.
    pub expect: Expect,
    /// Bytes of a block.
    pub block: usize,
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
    pub rejects: Vec<Reject>,
    /// Fields it does not have, with the consequence.
    pub absent: Vec<(Field, &'static str)>,
}

/// Everything a report can say.
pub struct Outcome {
    /// The policy in force.
    pub policy: Policy,
    /// The extracts, in the order given.
    pub inputs: Vec<Input>,
    /// The universe of lines.
    pub book: Book,
    /// Judgements and findings.
    pub judged: Judged,
    /// Rows by bin.
    pub ledger: Ledger,
    /// Counts and money.
    pub summary: Summary,
    /// The authorization file, if one was given.
    pub register: Option<Register>,
    /// What of it is masked.
    pub masked: Masked,
}

impl Outcome {
    /// Judges lines that were read, in input order. The ledger is taken as it is.
    pub fn of(
        policy: Policy,
        inputs: Vec<Input>,
        lines: Vec<Line>,
        register: Option<Register>,
        ledger: Ledger,
    ) -> Self {
        let book = Book::new(lines, &policy.codes);
        let judged = judge(&book, &policy, register.as_ref());
        let summary = Summary::of(&judged);
        Self { policy, inputs, book, judged, ledger, summary, register, masked: Masked::Nothing }
    }
}

/// Judges an extract given as text, with an authorization file given as text: worked examples.
pub fn run_text(policy: &Policy, extract: &str, auths: Option<&str>) -> Result<Outcome, String> {
    let text = |s: &str| s.trim_start().as_bytes().to_vec();
    let register =
        auths.map(|a| Register::read(Source::from_bytes("auths", text(a))?)).transpose().map_err(|e| e.to_string())?;
    let library = Library::shipped().map_err(|e| e.to_string())?;
    let setup =
        Setup { policy: policy.clone(), library, register, expect: Expect::default(), block: crate::ingest::BLOCK };
    run(&["example".to_owned()], &|name| Source::from_bytes(name, text(extract)), setup, &Unwatched)
        .map_err(|e| e.to_string())
}

/// Runs a worked example of a policy file; the error says what was expected and what came out.
pub fn run_example(policy: &Policy, example: &Example) -> Result<(), String> {
    let outcome = run_text(policy, &example.extract, example.auths.as_deref())?;
    let found: Vec<String> = outcome
        .judged
        .findings
        .iter()
        .map(|f| format!("{} {}", outcome.book.lines[f.line].row, crate::rules::get(f.rule).code))
        .collect();
    let shown = |findings: &[String]| if findings.is_empty() { "nothing".to_owned() } else { findings.join(", ") };
    if found == example.expect {
        return Ok(());
    }
    Err(format!("{}: expected {}, found {}", example.says, shown(&example.expect), shown(&found)))
}

/// Reads and judges. `open` opens the extract of a name; it is called when its turn comes.
pub fn run(
    names: &[String],
    open: &(dyn Fn(&str) -> Result<Source, Trouble> + Sync),
    setup: Setup,
    watch: &dyn Watch,
) -> Result<Outcome, Trouble> {
    let mut ledger = Ledger::default();
    let mut account = Account::default();
    let mut inputs = Vec::new();
    let mut lines = Vec::new();
    // Plain files are read in parallel inside; compressed ones only side by side. A group is as many files as threads,
    // so that memory stays that of a group.
    for (group, names) in names.chunks(rayon::current_num_threads()).enumerate() {
        let first = group * rayon::current_num_threads();
        let read = |(i, name): (usize, &String)| read_one((first + i) as u32, open(name)?, &setup, watch);
        let extracts: Vec<_> = if names.len() > 1 {
            names.par_iter().enumerate().map(read).collect()
        } else {
            names.iter().enumerate().map(read).collect()
        };
        for extract in extracts {
            let extract = extract?;
            ledger.add_extract(&extract.tally);
            account.add(&extract);
            let (rejected, kept) = (extract.tally.rejects.len(), extract.tally.kept.len());
            watch.extract(inputs.len() + 1, extract.tally.rows, rejected as u64, kept as u64);
            let kept = extract.tally.kept.into_iter().map(|kept| {
                let mut line: Line = kept.value;
                line.row = kept.line;
                line
            });
            // A single extract, the usual case, hands its lines over where they lie.
            if lines.is_empty() {
                lines = kept.collect();
            } else {
                lines.extend(kept);
            }
            inputs.push(Input {
                name: extract.name,
                bytes: extract.bytes,
                rows: extract.tally.rows,
                layout: extract.dialect.layout.clone(),
                joined: extract.dialect.joins.iter().map(|join| (join.table.clone(), join.file.clone())).collect(),
                rejects: extract.tally.rejects,
                absent: absent(&extract.dialect),
            });
        }
    }
    account.close(&setup.expect)?;
    let mut outcome = Outcome::of(setup.policy, inputs, lines, setup.register, ledger);
    outcome.ledger.add_book(&outcome.book);
    Ok(outcome)
}

fn read_one(number: u32, source: Source, setup: &Setup, watch: &dyn Watch) -> Result<Extract<Line>, Trouble> {
    let dialect = crate::ingest::dialect::recognise(&source, &setup.library)?;
    let policy = &setup.policy;
    let layout = setup.library.named(&dialect.layout);
    let labels = layout.map_or_else(|| Ok(Vec::new()), |layout| labels(layout, policy));
    let labels = labels.map_err(|what| Trouble::Unusable { file: source.name.clone(), what })?;
    let products = policy.products.clone().with(labels).with(policy.own_labels.iter().cloned());
    let trailer = layout.and_then(|layout| layout.trailer.as_ref());
    let weighs = setup.expect.amount.is_some() || trailer.is_some_and(|t| t.amount.is_some());
    let reader = Reader {
        codes: &policy.codes,
        products,
        settings: &policy.settings,
        fillers: &policy.fillers,
        extract: number,
    };
    // The charges of all rows are read only where somebody asks for them: then every row is looked at.
    let charges = if weighs { Some(Charges::of(&source.name, &dialect)?) } else { None };
    let weigh = |row: &Row<'_>| charges.as_ref().map_or(Some(0), |charges| charges.of_row(row));
    let extract = crate::ingest::read_weighed(
        source,
        dialect,
        setup.block,
        Some(&policy.codes.forms()),
        charges.is_some().then_some(&weigh),
        &|dialect: &Dialect, row: &_| reader.look(&dialect.binding, row),
        watch,
    )?;
    reconcile::check_trailer(&extract, trailer)?;
    Ok(extract)
}

/// A layout's own product labels, as classes of the policy.
fn labels(layout: &Layout, policy: &Policy) -> Result<Vec<(String, ClassId)>, String> {
    layout
        .products
        .iter()
        .map(|(label, class)| {
            if let Some(id) = policy.class_named(class) {
                Ok((label.text.clone(), id))
            } else {
                Err(format!("layout {}: the product \"{}\": {}", layout.name, label.text, policy.no_class(class)))
            }
        })
        .collect()
}

/// What this extract does not have and what that costs.
pub fn absent(dialect: &Dialect) -> Vec<(Field, &'static str)> {
    let binding = &dialect.binding;
    Field::NAMES
        .iter()
        .filter(|(field, _)| !binding.has(*field))
        // The setting, or the procedure, may come from the other of two columns.
        .filter(|(field, _)| match field {
            Field::ClaimForm => false,
            Field::ProcedureCode => !binding.group(Group::IcdProcedure).is_empty(),
            Field::FrequencyCode => !binding.has(Field::BillType),
            _ => true,
        })
        .filter_map(|(field, _)| Some((*field, field.absence()?)))
        .collect()
}
