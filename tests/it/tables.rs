//! Tests what a run says about its joined tables: rows, keys met and met by none, rejected rows, and tables of other claims.

use std::path::Path;

use serde_json::Value;

use claimlint::claim::store::BATCH_LINES;
use claimlint::ingest::{BLOCK, Layout, Library, Source, TableFile};
use claimlint::run::{Expect, JudgedRun, Setup, Unwatched, run};

use crate::kit::{POLICY, in_memory_and_from_disk, written};

/// Claims whose ICD procedures and diagnoses are in tables of their own.
const LAYOUT: &str = r#"
extends = "canonical"
[columns]
icd_procedure = "PX{1..3}"
diagnosis = "DX{1..3}"
[[join]]
table = "diagnosis"
key = "CLAIM"
to = "claim_id"
codes = { column = "DX", as = "DX{1..3}" }
[[join]]
table = "procedure"
key = "CLAIM"
to = "claim_id"
codes = { column = "PX", as = "PX{1..3}" }
"#;

const CLAIMS: &str = "claim_id,service_date,procedure_code,product,bill_type\n\
                      C1,2024-03-05,22514,HMO Blue,131\nC2,2024-03-05,,HMO Blue,111\nC3,2024-03-05,99213,HMO Blue,131\n";
const DIAGNOSES: &str = "CLAIM,DX\nC1,M8008XA\nC2,M8008XA\nC9,I10\nC2,I10\n";
const PROCEDURES: &str = "CLAIM,PX\nC2,0PU43JZ\n";

fn check(keys: &str, extracts: &[&str], tables: [&str; 2], block: usize) -> Result<JudgedRun, String> {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: String, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let names: Vec<String> = (1..).zip(extracts).map(|(n, text)| file(format!("claims-{n}.csv"), text)).collect();
    let tables = [("diagnosis", tables[0]), ("procedure", tables[1])].map(|(name, text)| TableFile {
        name: name.to_owned(),
        file: file(format!("{name}.csv"), text),
        limit: None,
    });
    let layout = Layout::load("tables.toml", &format!("{keys}{LAYOUT}")).unwrap_or_else(|e| panic!("{e}"));
    let library = Library::only(layout).joining(&tables).expect("both are known");
    in_memory_and_from_disk(|memory| {
        let (policy, library, expect) = (POLICY.clone(), library.clone(), Expect::default());
        let setup = Setup { policy, library, authorizations: None, expect, block, part: BATCH_LINES, memory };
        let run = run(&names, &Source::open, setup, &Unwatched).map_err(|e| e.to_string())?;
        run.judge_all().map_err(|e| e.to_string())
    })
}

fn text(outcome: &JudgedRun, name: &str) -> String {
    String::from_utf8(written(outcome, name)).expect("UTF-8")
}

/// Rows, rejected rows, keys, keys met, keys met by none, and listed codes on such keys, by table.
fn counts(outcome: &JudgedRun) -> Vec<[u64; 6]> {
    let summary: Value = serde_json::from_str(&text(outcome, "summary.json")).expect("JSON");
    let number = |table: &Value, key: &str| table[key].as_u64().unwrap_or_else(|| panic!("{key} of {table}"));
    let keys = ["rows", "rejected", "keys", "keys_met", "keys_met_by_none", "codes_unmet"];
    let tables = summary["joined_tables"].as_array().expect("a list").iter();
    tables.map(|table| keys.map(|key| number(table, key))).collect()
}

#[test]
fn keys_met_and_met_by_none_are_counted_whatever_the_blocks() {
    for block in [1, 7, BLOCK] {
        let outcome = check("", &[CLAIMS], [DIAGNOSES, PROCEDURES], block).expect("a run");
        assert_eq!(counts(&outcome), [[4, 0, 3, 2, 1, 0], [1, 0, 1, 1, 0, 0]], "blocks of {block}");
        assert_eq!(outcome.context.ledger.in_scope, 2);
        let page = text(&outcome, "report.html");
        assert!(page.contains("4 rows with 3 keys; 2 met by rows of the extracts, 1 by none."), "{page}");
    }
}

#[test]
fn listed_codes_on_keys_that_no_row_has_are_counted() {
    let procedures = format!("{PROCEDURES}C7,0PU43JZ\nC8,0PU43JZ\nC8,0QU03JZ\nC9,0DTJ4ZZ\n");
    let outcome = check("", &[CLAIMS], [DIAGNOSES, &procedures], BLOCK).expect("a run");
    assert_eq!(counts(&outcome)[1], [5, 0, 4, 1, 3, 3]);
    let said = "joined table procedure has 3 listed codes on 2 keys that no row of the extracts has";
    assert!(text(&outcome, "report.html").contains(said));
    let summary: Value = serde_json::from_str(&text(&outcome, "summary.json")).expect("JSON");
    let warnings = summary["warnings"].as_array().expect("a list");
    let warning = warnings.iter().find(|warning| warning["kind"] == "joined-codes-unmet").expect("a warning");
    assert_eq!(warning["field"], "procedure", "{warning}");
    assert_eq!((&warning["count"], &warning["of"]), (&3.into(), &2.into()), "{warning}");
    // A key that one of several extracts has is no such key.
    let other =
        "claim_id,service_date,procedure_code,product,bill_type\nC7,2024-03-05,,HMO,111\nC8,2024-03-05,,HMO,111\n";
    let outcome = check("", &[CLAIMS, other], [DIAGNOSES, &procedures], BLOCK).expect("a run");
    assert_eq!(counts(&outcome)[1], [5, 0, 4, 3, 1, 0]);
    assert!(!text(&outcome, "report.html").contains("that no row of the extracts has"));
}

#[test]
fn a_table_of_other_claims_is_refused() {
    let said = check("", &[CLAIMS], ["CLAIM,DX\nD1,M8008XA\nD2,I10\n", PROCEDURES], BLOCK)
        .map(|_| ())
        .expect_err("other claims");
    assert!(
        said.contains("diagnosis.csv: --join diagnosis: none of its keys (CLAIM) is in the extracts (column claim_id)"),
        "{said}"
    );
    // One key is enough, be it of a row out of scope. So is one of another extract.
    assert!(check("", &[CLAIMS], ["CLAIM,DX\nD1,M8008XA\nC3.0,I10\nC3,I10\n", PROCEDURES], BLOCK).is_ok());
    let other = "claim_id,service_date,procedure_code,product,bill_type\nC7,2024-03-05,99213,HMO,131\n";
    assert!(check("", &[other, CLAIMS], [DIAGNOSES, PROCEDURES], BLOCK).is_ok());
    assert!(check("", &[other], [DIAGNOSES, PROCEDURES], BLOCK).is_err());
    // A table without rows, and an extract without rows, say nothing about each other.
    assert!(check("", &[CLAIMS], [DIAGNOSES, "CLAIM,PX\n"], BLOCK).is_ok());
    assert!(check("", &["claim_id,service_date,procedure_code\n"], [DIAGNOSES, PROCEDURES], BLOCK).is_ok());
}

#[test]
fn a_row_of_a_table_that_cannot_be_read_is_rejected_with_its_file_and_line() {
    for block in [1, 5, BLOCK] {
        let outcome = check("", &[CLAIMS], ["CLAIM,DX\nC1,M8008XA\nC2\nC3,\"I10\nC2,M8008XA\n", PROCEDURES], block)
            .expect("a run");
        assert_eq!(counts(&outcome)[0][..2], [4, 2], "blocks of {block}");
        assert!(outcome.context.ledger.adds_up() && outcome.context.ledger.rejected == 0);
        let rejects = text(&outcome, "rejects.csv");
        let rows: Vec<_> = rejects.lines().skip(1).collect();
        let end = |row: &str| Path::new(row.split(',').next().unwrap_or_default()).ends_with("diagnosis.csv");
        assert!(rows.len() == 2 && rows.iter().all(|row| end(row)), "{rejects}");
        assert!(rows[0].ends_with(",3,20,too-few-fields,C2") && rows[1].contains(",4,23,"), "{rejects}");
    }
    let said =
        check("", &[CLAIMS], ["CLAIM,DX\nC1,M8008XA\nC2\nC3\n", PROCEDURES], BLOCK).map(|_| ()).expect_err("misread");
    assert!(
        said.contains("--join diagnosis: 2 of its 3 rows cannot be read; the first:\n  line 3: fewer fields"),
        "{said}"
    );
}

#[test]
fn the_form_of_the_extract_reaches_the_tables_of_a_layout_that_it_extends() {
    let folder = crate::cli::TestDir::with(&[]);
    for name in ["medical", "diagnostic"] {
        let text = std::fs::read_to_string(crate::kit::at(&format!("fixtures/extracts/relational/optum-{name}.csv")));
        folder.put(&format!("{name}.csv"), format!("exported\n{}", text.expect("a fixture")));
    }
    folder.put("l.toml", "extends = \"optum-like\"\nskip_lines = 1\n");
    let join = ["check", "medical.csv", "--join", "diagnosis=diagnostic.csv", "--fail-on", "never"];
    folder.run(&[&join[..], &["--layout", "l.toml"]].concat()).success();
    // The same with the flag.
    folder.run(&[&join[..], &["--layout", "optum-like", "--skip-lines", "1", "--out", "flag"]].concat()).success();
    let services = |report: &str| std::fs::read_to_string(folder.at(report).join("services.csv")).expect("services");
    assert!(services("flag").lines().count() > 1);
    assert_eq!(services("claimlint-report"), services("flag"));
}

#[test]
fn the_form_of_the_extract_reaches_its_tables() {
    // A preamble, comments and escapes in both, and a table without a preamble.
    let keys = "skip_lines = 1\nskip_prefix = \"#\"\nescape = \"\\\\\"\n";
    let claims = format!("exported\n# 3 claims\n{CLAIMS}");
    let diagnoses = format!("exported\n# 4 codes\n{}", DIAGNOSES.replace("C1,M8008XA", "C1,\"M8008XA\"\n# C1,M545"));
    let outcome = check(keys, &[&claims], [&diagnoses, PROCEDURES], BLOCK).expect("a run");
    assert_eq!(counts(&outcome), [[4, 0, 3, 2, 1, 0], [1, 0, 1, 1, 0, 0]]);
    // Keys of a table come before those of the extract.
    let named = LAYOUT.replace("key = \"CLAIM\"\nto = \"claim_id\"\ncodes = { column = \"DX\"", "delimiter = \"|\"\nquote = \"'\"\nheader = [\"CLAIM\", \"DX\"]\nkey = \"CLAIM\"\nto = \"claim_id\"\ncodes = { column = \"DX\"");
    let layout = Layout::load("tables.toml", &named).unwrap_or_else(|e| panic!("{e}"));
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("written");
        dir.path().join(name).display().to_string()
    };
    let dx = at("dx.txt", "C1|'M8008XA'\nC2|'I10'\n");
    let library = Library::only(layout).joining(&[TableFile { name: "diagnosis".to_owned(), file: dx, limit: None }]);
    let source = Source::open(&at("claims.csv", CLAIMS)).expect("a file");
    let detected = claimlint::ingest::layout::detect::detect(&source, &library.expect("one table")).expect("bound");
    assert_eq!((detected.joins[0].grammar.delimiter, detected.joins[0].lines_before), (b'|', 0));
}
