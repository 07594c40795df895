//! Shared by all test modules: the built-in policy, runs over texts in memory, and tables of the report read back.
//!
//! Runs use [`claimlint::run::run`] and the report's own writers, so that tests see the bytes that a user gets, without a
//! process and a directory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use proptest::test_runner::Config as ProptestConfig;

use claimlint::baseline::{BaselineFindings, FindingEntry};
use claimlint::claim::authorization::Authorizations;
use claimlint::claim::line::mask::Mask;
use claimlint::claim::store::BATCH_LINES;
use claimlint::disk::spool::Spool;
use claimlint::frame::Allowance;
use claimlint::ingest::{Layout, Library, Source};
use claimlint::policy::Policy;
use claimlint::policy::parse::{PolicyFile, load};
use claimlint::report::compare::read::FindingsFile;
use claimlint::report::sink::Output;
use claimlint::report::write::{write, write_whole};
use claimlint::report::{FORMATS, Format, ReportContext};
use claimlint::rules;
use claimlint::rules::doc;
use claimlint::rules::doc::RuleDoc;
use claimlint::run::{Expect, JudgedRun, Memory, Run, Setup, Unwatched, read_authorizations, run};

use crate::memory::Shared;

/// Memory that a report of a test may take when it is read back, in bytes.
pub(crate) const MEMORY: usize = 1 << 30;

/// The built-in policy.
pub(crate) static POLICY: LazyLock<Policy> =
    LazyLock::new(|| load(&[], &rules::codes()).expect("the built-in policy is valid"));

/// The built-in layouts.
pub(crate) static LIBRARY: LazyLock<Library> =
    LazyLock::new(|| Library::shipped().expect("the shipped layouts are valid"));

/// The documentation of all rules.
pub(crate) static DOCS: LazyLock<Vec<RuleDoc>> = LazyLock::new(|| doc::load().expect("the documentation is valid"));

/// Findings as those of a baseline, which may take this many bytes of memory.
pub(crate) fn baseline(mut findings: Vec<FindingEntry>, memory: usize) -> BaselineFindings {
    findings.sort_unstable();
    let spool = Spool::new(Arc::new(tempfile::tempfile), memory);
    BaselineFindings::of(findings.into_iter().map(Ok), spool).expect("room on disk")
}

/// The findings of a run as `--baseline` reads them from its report.
pub(crate) fn findings_of(outcome: &JudgedRun) -> Vec<FindingEntry> {
    let directory = tempfile::tempdir().expect("a directory");
    for file in ["findings.csv", "summary.json"] {
        std::fs::write(directory.path().join(file), written(outcome, file)).expect("room for it");
    }
    FindingsFile::read(directory.path(), &mut Allowance::new(MEMORY)).expect("it is sound").entries
}

/// A path in the repository.
pub(crate) fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The built-in policy after `edit` has changed the text of its files. `edit` gets the kind and the text of each.
pub(crate) fn policy_with(edit: impl Fn(&str, &str) -> String) -> Result<Policy, String> {
    let files: Vec<PolicyFile> = POLICY
        .origins
        .iter()
        .map(|origin| PolicyFile {
            file: format!("{}.toml", origin.kind.word()),
            text: edit(origin.kind.word(), &origin.text),
        })
        .collect();
    load(&files, &rules::codes()).map_err(|faults| faults.to_string())
}

/// A random key, which is not stretched and costs no time.
pub(crate) const RANDOM_KEY: &str = "kT3v0Zq8mW1yR5uJ7cXbN2hL9gFdS4aPoEiUxVwYtQk=";

/// The mask with [`RANDOM_KEY`].
pub(crate) fn mask() -> Mask {
    Mask::new(RANDOM_KEY.as_bytes()).expect("a random key")
}

/// The inputs of a run: extracts by name, and the authorization file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inputs {
    /// Extracts in the order in which they are named.
    pub(crate) extracts: Vec<(String, Vec<u8>)>,
    /// The authorization file.
    pub(crate) auths: Option<Vec<u8>>,
    /// The layout file. Without one, the layout is recognized.
    pub(crate) layout: Option<String>,
}

impl Inputs {
    /// One extract called `claims.csv`.
    pub(crate) fn one(text: impl Into<Vec<u8>>) -> Self {
        Self { extracts: vec![("claims.csv".to_owned(), text.into())], auths: None, layout: None }
    }

    /// The layouts among which the run chooses.
    fn library(&self) -> Result<Library, String> {
        let Some(text) = &self.layout else { return Ok(LIBRARY.clone()) };
        Layout::load("layout.toml", text).map(Library::only).map_err(|faults| faults.to_string())
    }

    /// The authorization file, read by this policy. What exceeds the memory is on disk.
    pub(crate) fn authorizations(
        &self,
        policy: &Policy,
        memory: Option<&Memory>,
    ) -> Result<Option<Authorizations>, String> {
        let library = self.library()?;
        let read = |bytes: &Vec<u8>| {
            read_authorizations(Source::from_bytes("auths.csv", bytes.clone())?, policy, &library, memory)
        };
        self.auths.as_ref().map(read).transpose().map_err(|e| e.to_string())
    }

    /// Reads and judges by this policy, blocks of `block` bytes.
    pub(crate) fn run_by(&self, policy: &Policy, block: usize) -> Result<JudgedRun, String> {
        self.read_by(policy, block, BATCH_LINES, None)?.judge_all().map_err(|e| e.to_string())
    }

    /// Reads by this policy: blocks of `block` bytes, parts of `part` lines.
    pub(crate) fn read_by(
        &self,
        policy: &Policy,
        block: usize,
        part: usize,
        memory: Option<Memory>,
    ) -> Result<Run, String> {
        let (policy, library, expect) = (policy.clone(), self.library()?, Expect::default());
        let authorizations = self.authorizations(&policy, memory.as_ref())?;
        let setup = Setup { policy, library, authorizations, expect, block, part, memory };
        let names: Vec<String> = self.extracts.iter().map(|(name, _)| name.clone()).collect();
        let open = |name: &str| {
            let bytes = self.extracts.iter().find(|(n, _)| n == name).map(|(_, bytes)| bytes.clone());
            Source::from_bytes(name, bytes.expect("only names of this run are opened"))
        };
        run(&names, &open, setup, &Unwatched).map_err(|e| e.to_string())
    }

    /// Reads, judges and masks.
    pub(crate) fn masked(&self, mask: Mask) -> Result<JudgedRun, String> {
        let mut run = self.read_by(&POLICY, claimlint::ingest::BLOCK, BATCH_LINES, None)?;
        run.mask(mask, false).and_then(|()| run.judge_all()).map_err(|e| e.to_string())
    }

    /// Reads and judges as the program does without options.
    pub(crate) fn run(&self) -> Result<JudgedRun, String> {
        self.run_by(&POLICY, claimlint::ingest::BLOCK)
    }
}

/// The bytes of one file of the report.
pub(crate) fn written(outcome: &JudgedRun, file: &str) -> Vec<u8> {
    let format = FORMATS.iter().find(|f| f.file == file).expect("a file of the report");
    let out = Shared::default();
    write_whole(&ReportContext::of(outcome, &DOCS), format, Box::new(out.clone())).expect("memory takes every report");
    out.take()
}

/// So little memory that almost nothing stays in it.
pub(crate) fn little_memory() -> Memory {
    Memory { bytes: 4096, scratch: Arc::new(tempfile::tempfile) }
}

/// Judges with all memory and with almost none, and checks that both say the same, or are refused with the same words.
pub(crate) fn in_memory_and_from_disk<E: std::fmt::Display>(
    judged: impl Fn(Option<Memory>) -> Result<JudgedRun, E>,
) -> Result<JudgedRun, E> {
    let held = judged(None);
    match (&held, judged(Some(little_memory()))) {
        (Ok(held), Ok(on_disk)) => {
            for file in ["services.csv", "findings.csv", "rejects.csv", "summary.json"] {
                let [held, on_disk] =
                    [held, &on_disk].map(|outcome| String::from_utf8(written(outcome, file)).expect("UTF-8"));
                assert_eq!(on_disk, held, "{file}");
            }
        }
        (Err(held), Err(on_disk)) => assert_eq!(on_disk.to_string(), held.to_string()),
        (Err(e), Ok(_)) => panic!("refused in memory only: {e}"),
        (Ok(_), Err(e)) => panic!("refused from disk only: {e}"),
    }
    held
}

/// The bytes of all files of the report that may not differ between two runs.
pub(crate) fn report(outcome: &JudgedRun) -> Vec<(&'static str, Vec<u8>)> {
    FORMATS.iter().map(|f| (f.file, written(outcome, f.file))).collect()
}

/// The same, written part by part as the program does.
pub(crate) fn report_in_parts(run: &Run) -> Vec<(&'static str, Vec<u8>)> {
    let files: Vec<Shared> = FORMATS.iter().map(|_| Shared::default()).collect();
    let open = |name: &str| -> io::Result<Box<dyn Output>> {
        let place = FORMATS.iter().position(|f| f.file == name).expect("a file of the report");
        Ok(Box::new(files[place].clone()))
    };
    let all: Vec<&Format> = FORMATS.iter().collect();
    write(run, &DOCS, &all, &open, &|| true).expect("memory takes every report").expect("it is not stopped");
    FORMATS.iter().zip(&files).map(|(format, file)| (format.file, file.take())).collect()
}

/// A CSV file as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// Names of the columns.
    pub(crate) header: Vec<String>,
    /// Cells by row.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads it back.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        let mut rows = reader
            .records()
            .map(|r| r.expect("a well-formed table").iter().map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<_>>()
            .into_iter();
        Self { header: rows.next().expect("a header"), rows: rows.collect() }
    }

    /// One file of a report, read back.
    pub(crate) fn written(outcome: &JudgedRun, file: &str) -> Self {
        Self::of(&written(outcome, file))
    }

    /// The number of a column.
    pub(crate) fn column(&self, name: &str) -> usize {
        self.header.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name} in {:?}", self.header))
    }

    /// Only these columns, in this order.
    pub(crate) fn only(&self, names: &[String]) -> Self {
        let columns: Vec<usize> = names.iter().map(|name| self.column(name)).collect();
        let pick = |row: &Vec<String>| columns.iter().map(|c| row[*c].clone()).collect();
        Self { header: names.to_vec(), rows: self.rows.iter().map(pick).collect() }
    }

    /// The table as CSV.
    pub(crate) fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writer.write_record(row).expect("memory takes every row");
        }
        writer.into_inner().expect("memory takes every row")
    }
}

/// The number of cases of a property: `cases`, or `PROPTEST_CASES` for a longer run. A shrunk failure becomes a fixture, not a
/// line in a seed file.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig { cases: wanted.unwrap_or(cases), failure_persistence: None, ..ProptestConfig::default() }
}

/// The text in one line: line breaks and margins depend on the terminal.
pub(crate) fn flowed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
