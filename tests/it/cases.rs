//! Tests the specification (`src/spec`) sentence by sentence. Every folder `fixtures/cases/<topic>/<sentence>/` holds an
//! extract and the tables that `check` must write about it, compared row by row, in order and to the cent.
//!
//! The expectations say what the specification says, and an implementation of it that shares nothing with this one
//! confirmed them. `CLAIMLINT_BLESS=1 cargo test cases` rewrites them from today's behavior: read the diff as one reads a
//! change of the policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use claimlint::run::JudgedRun;

use crate::kit::{Inputs, Table, at, written};

/// One folder of `fixtures/cases`.
pub(crate) struct Case {
    /// The rule or part of the specification that it is about.
    pub(crate) topic: String,
    /// The sentence that the case tests.
    pub(crate) sentence: String,
    /// Its extracts, authorization file and layout.
    pub(crate) inputs: Inputs,
    folder: PathBuf,
    /// The expected rows of each table; the header says which columns are compared.
    expected: BTreeMap<&'static str, Table>,
    /// The expected entries of `summary.json`.
    summary: BTreeMap<String, Value>,
}

/// The tables that a folder may expect, in the order in which differences are shown.
const TABLES: [&str; 3] = ["findings.csv", "services.csv", "ledger.csv"];

impl Case {
    /// All cases in the order of their names.
    pub(crate) fn all() -> Vec<Self> {
        let topics = folders(&at("fixtures/cases"));
        topics.iter().flat_map(|topic| folders(topic)).map(|folder| Self::read(&folder)).collect()
    }

    /// The cases of a topic.
    pub(crate) fn of(topic: &str) -> Vec<Self> {
        folders(&at("fixtures/cases").join(topic)).iter().map(|folder| Self::read(folder)).collect()
    }

    fn read(folder: &Path) -> Self {
        let read = |name: &str| fs::read(folder.join(name)).ok();
        let name = |path: Option<&Path>| {
            path.and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned()).expect("a folder has a name")
        };
        let numbered = (1..).map(|n| format!("claims-{n}.csv"));
        let extracts = std::iter::once("claims.csv".to_owned()).filter(|n| folder.join(n).exists());
        let extracts = extracts.chain(numbered.take_while(|n| folder.join(n).exists()));
        let inputs = Inputs {
            extracts: extracts.map(|n| (n.clone(), read(&n).expect("it is there"))).collect(),
            auths: read("auths.csv"),
            layout: read("layout.toml").map(|text| String::from_utf8(text).expect("a layout is UTF-8")),
        };
        assert!(!inputs.extracts.is_empty(), "{}: no claims.csv", folder.display());
        let tables = TABLES.iter().chain(&["messages.csv"]);
        let expected: BTreeMap<_, _> = tables.filter_map(|table| Some((*table, Table::of(&read(table)?)))).collect();
        for table in &TABLES[..2] {
            assert!(expected.contains_key(table), "{}: no {table}", folder.display());
        }
        Self {
            topic: name(folder.parent()),
            sentence: name(Some(folder)).replace('-', " "),
            inputs,
            folder: folder.to_path_buf(),
            expected,
            summary: read("summary.json").map_or_else(BTreeMap::new, |text| entries(&text)),
        }
    }

    /// A table of the run, reduced to the columns of the expected one.
    fn actual(&self, table: &str, outcome: &JudgedRun) -> Table {
        let header = &self.expected[table].header;
        if table == "ledger.csv" {
            let ledger = serde_json::to_value(outcome.context.ledger).expect("a ledger is a map of numbers");
            let row = header.iter().map(|bin| ledger[bin].to_string()).collect();
            return Table { header: header.clone(), rows: vec![row] };
        }
        Table::written(outcome, table).only(header)
    }

    /// Whether the run is as expected. Cheaper than [`Self::differences`].
    pub(crate) fn holds(&self, outcome: &JudgedRun) -> bool {
        TABLES.iter().filter(|t| self.expected.contains_key(*t)).all(|t| self.actual(t, outcome) == self.expected[t])
            && self.unsaid(outcome).is_empty()
            && self.summary_differences(outcome).is_empty()
    }

    /// Expected entries of `summary.json` that differ from those of the run.
    fn summary_differences(&self, outcome: &JudgedRun) -> Vec<String> {
        if self.summary.is_empty() {
            return Vec::new();
        }
        let found = entries(&written(outcome, "summary.json"));
        let differs = |(key, want): &(&String, &Value)| found.get(*key) != Some(*want);
        let words = |(key, want): (&String, &Value)| {
            let found = found.get(key).map_or_else(|| "no such entry".to_owned(), Value::to_string);
            format!("{key}: expected {want}, found {found}")
        };
        self.summary.iter().filter(differs).map(words).collect()
    }

    /// Expected messages that no finding contains.
    fn unsaid(&self, outcome: &JudgedRun) -> Vec<String> {
        let Some(messages) = self.expected.get("messages.csv") else { return Vec::new() };
        let columns = ["source_file", "source_line", "rule", "message"].map(str::to_owned);
        let findings = Table::written(outcome, "findings.csv").only(&columns);
        let actual =
            |want: &&Vec<String>| findings.rows.iter().any(|row| row[..3] == want[..3] && row[3].contains(&want[3]));
        messages.rows.iter().filter(|want| !actual(want)).map(|want| want.join(",")).collect()
    }

    /// The differences as text, or an empty text.
    fn differences(&self, outcome: &JudgedRun) -> String {
        let mut words = String::new();
        for table in TABLES.iter().filter(|t| self.expected.contains_key(*t)) {
            diff(&mut words, table, &self.expected[table], &self.actual(table, outcome));
        }
        for message in self.unsaid(outcome) {
            let _ = writeln!(words, "  messages.csv: no such message: {message}");
        }
        for difference in self.summary_differences(outcome) {
            let _ = writeln!(words, "  summary.json: {difference}");
        }
        words
    }

    /// Rewrites the expected tables. Messages are kept, because they state only a part of the text.
    fn bless(&self, outcome: &JudgedRun) {
        for table in TABLES.iter().filter(|t| self.expected.contains_key(*t)) {
            let actual = self.actual(table, outcome);
            if actual != self.expected[table] {
                fs::write(self.folder.join(table), actual.to_csv()).expect("fixtures can be written");
            }
        }
    }
}

/// The entries of a JSON object.
fn entries(text: &[u8]) -> BTreeMap<String, Value> {
    serde_json::from_slice(text).expect("a JSON object")
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut paths: Vec<PathBuf> =
        entries.map(|e| e.expect("a readable folder").path()).filter(|p| p.is_dir()).collect();
    paths.sort();
    paths
}

/// Appends the rows that only one side has, or says that only the order differs.
fn diff(words: &mut String, table: &str, expected: &Table, actual: &Table) {
    if expected == actual {
        return;
    }
    let mut left = actual.rows.clone();
    let missing: Vec<_> = expected
        .rows
        .iter()
        .filter(|row| match left.iter().position(|l| l == *row) {
            Some(i) => {
                left.remove(i);
                false
            }
            None => true,
        })
        .collect();
    let _ = writeln!(words, "  {table}: {}", expected.header.join(","));
    for row in &missing {
        let _ = writeln!(words, "    expected {}", row.join(","));
    }
    for row in &left {
        let _ = writeln!(words, "    found    {}", row.join(","));
    }
    if missing.is_empty() && left.is_empty() {
        let _ = writeln!(words, "    the same rows in another order");
    }
}

#[test]
fn every_case_produces_its_expected_tables() {
    let cases = Case::all();
    let bless = std::env::var_os("CLAIMLINT_BLESS").is_some_and(|v| v == "1");
    let failed: Vec<String> = cases
        .par_iter()
        .filter_map(|case| {
            let differences = match case.inputs.run() {
                Ok(outcome) if bless => {
                    case.bless(&outcome);
                    return None;
                }
                Ok(outcome) => case.differences(&outcome),
                Err(e) => format!("  refused: {e}\n"),
            };
            (!differences.is_empty()).then(|| format!("{}: {}\n{differences}", case.topic, case.sentence))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} cases differ\n\n{}", failed.len(), cases.len(), failed.join("\n"));
}

/// Findings and services agree, and the ledger adds up, so that the expected tables need not repeat it.
#[test]
fn the_tables_of_a_case_agree() {
    for case in Case::all() {
        let outcome = case.inputs.run().unwrap_or_else(|e| panic!("{}: {e}", case.sentence));
        assert!(outcome.context.ledger.adds_up(), "{}: {:?}", case.sentence, outcome.context.ledger);
        let key = ["source_file", "source_line", "procedure_code"].map(str::to_owned);
        let services = Table::written(&outcome, "services.csv");
        let findings = Table::written(&outcome, "findings.csv");
        let rule = findings.column("rule");
        let keys = findings.only(&key);
        let rules = services.column("rules");
        for (service, at) in services.rows.iter().zip(services.only(&key).rows) {
            let fired: Vec<&str> =
                findings.rows.iter().zip(&keys.rows).filter(|(_, k)| **k == at).map(|(f, _)| &*f[rule]).collect();
            assert_eq!(service[rules], fired.join(";"), "{}: {at:?}", case.sentence);
        }
    }
}

#[test]
fn every_rule_has_a_case_that_fires_and_one_that_does_not() {
    let mut fired: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for case in Case::all() {
        let findings = &case.expected["findings.csv"];
        let rule = findings.column("rule");
        let fires = findings.rows.iter().any(|row| row[rule] == case.topic);
        fired.entry(case.topic).or_default().insert(fires);
    }
    for code in claimlint::rules::codes() {
        let seen = fired.get(code).cloned().unwrap_or_default();
        assert!(seen.contains(&true), "fixtures/cases/{code}: no case in which it fires");
        assert!(seen.contains(&false), "fixtures/cases/{code}: no near miss in which it does not");
    }
}
