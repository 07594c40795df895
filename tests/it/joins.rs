//! Protects shapes of extract whose rows are not service lines: several services in one row, and tables joined by key.

use std::path::{Path, PathBuf};

use claimlint::ingest::{BLOCK, Library, Source, Trouble};
use claimlint::policy::Policy;
use claimlint::policy::file::load;
use claimlint::report::{Content, FORMATS};
use claimlint::rules::{self, doc};
use claimlint::run::{Outcome, Setup, Unwatched, run};

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn policy() -> Policy {
    load(&[], &rules::codes()).unwrap_or_else(|e| panic!("{e}"))
}

fn check(file: &Path, library: Library, block: usize) -> Result<Outcome, Trouble> {
    let setup = Setup { policy: policy(), library, register: None, block };
    run(&[file.display().to_string()], &Source::open, setup, &Unwatched)
}

/// One of the report's tables.
fn table(outcome: &Outcome, name: &str) -> String {
    let docs = doc::load().unwrap_or_else(|e| panic!("{e}"));
    let format = FORMATS.iter().find(|f| f.file == name).unwrap_or_else(|| panic!("no {name}"));
    let mut out = Vec::new();
    (format.write)(&Content { outcome, docs: &docs }, &mut out).unwrap_or_else(|e| panic!("{e}"));
    String::from_utf8(out).unwrap_or_else(|e| panic!("{e}"))
}

/// Some columns of one of the report's tables, a row a line.
fn columns(outcome: &Outcome, name: &str, wanted: &[&str]) -> Vec<String> {
    let text = table(outcome, name);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let places: Vec<_> = wanted.iter().map(|w| header.iter().position(|h| h == *w).expect(w)).collect();
    let rows = reader.records().map(|r| r.expect("a row"));
    rows.map(|r| places.iter().map(|p| r[*p].to_owned()).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn every_filled_slot_is_a_line_and_the_row_counts_once() {
    let file = at("fixtures/cases/service-slots/every-filled-slot-is-a-line-and-the-row-counts-once/claims.csv");
    let library = Library::shipped().expect("layouts");
    let outcome = check(&file, library.clone(), BLOCK).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        columns(&outcome, "services.csv", &["source_line", "line_number", "procedure_code", "amount_at_risk"]),
        [
            "2 1 22513 1800.00",
            "2 3 22515 700.00",
            "3 2 22515 650.50",
            "4 1 22514 1500.00",
            "4 2 22514 1500.00",
            "8 2 22514 1400.00"
        ]
    );
    let found = columns(&outcome, "findings.csv", &["source_line", "line_number", "rule"]);
    let of = |rule: &str| found.iter().filter(|f| f.ends_with(rule)).cloned().collect::<Vec<_>>();
    assert_eq!(of("CD301"), ["3 2 CD301"], "the add-on of row 2 has its primary in slot 1");
    assert_eq!(of("CD303"), ["4 2 CD303"], "two equal slots are two services");
    assert_eq!(of("CD306"), ["8 2 CD306"], "a vertebroplasty in another slot of the row");
    let ledger = outcome.ledger;
    assert!(ledger.adds_up());
    assert_eq!((ledger.rows, ledger.duplicate, ledger.in_scope, ledger.related, ledger.out_of_scope), (7, 1, 4, 1, 1));
    for block in 1..9 {
        let other = check(&file, library.clone(), block).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(table(&other, "findings.csv"), table(&outcome, "findings.csv"), "blocks of {block}");
    }
}
