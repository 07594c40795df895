//! Tests that a run says the same to the byte where what it looks up by key is on disk instead of in memory.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use claimlint::claim::store::BATCH_LINES;
use claimlint::generate::{CsvStyle, ExtractPlan};
use claimlint::ingest::{BLOCK, Layout, Library, Source, TableFile};
use claimlint::run::{Expect, Setup, Unwatched, run};

use crate::cli::{DENY, HEAD};
use crate::kit::{Inputs, POLICY, config, in_memory_and_from_disk, little_memory, mask, report_in_parts};
use crate::life::extract;
use crate::soak::Invented;

/// Writes the report of these inputs from memory and from disk, in parts of `part` lines, and compares all of its files.
fn same_from_disk(inputs: &Inputs, part: usize, what: &str) {
    for masked in [None, Some(false), Some(true)] {
        let [memory, disk] = [None, Some(little_memory())].map(|memory| {
            let mut run = inputs.read_by(&POLICY, BLOCK, part, memory).unwrap_or_else(|e| panic!("{what}: {e}"));
            if let Some(months) = masked {
                run.mask(mask(), months).expect("there is a disk");
            }
            let on_disk = run.context.authorizations.as_ref().map(|all| all.on_disk().is_some());
            (report_in_parts(&run), on_disk)
        });
        assert_eq!((memory.1, disk.1), (Some(false), Some(true)), "{what}: where the authorization file is");
        for ((file, want), (_, got)) in memory.0.iter().zip(&disk.0) {
            assert!(got == want, "{what}, {part} lines a part, masked {masked:?}: {file} differs");
        }
    }
}

#[test]
fn an_authorization_file_on_disk_changes_no_byte_of_a_report() {
    let plan = ExtractPlan {
        rows: 900,
        seed: 7,
        scope: 0.9,
        authorization_file: true,
        authorization_column: true,
        claim_amounts: true,
    };
    let invented = Invented::of(&plan, &CsvStyle::default());
    for part in [61, 4096] {
        same_from_disk(&invented.inputs, part, "an invented extract");
    }
}

/// With little memory such parts are written one format after another.
#[test]
fn rows_of_megabytes_have_the_same_report_whatever_the_memory() {
    let rows: String = (0..3).map(|n| DENY.replace("C4", &format!("C{n}{}", "9".repeat(5 << 20)))).collect();
    let inputs = Inputs::one(HEAD.to_owned() + &rows);
    let [want, got] = [None, Some(little_memory())]
        .map(|memory| report_in_parts(&inputs.read_by(&POLICY, BLOCK, BATCH_LINES, memory).expect("it can be read")));
    assert_eq!(want.len(), got.len());
    for ((file, want), (_, got)) in want.iter().zip(&got) {
        assert!(got == want, "{file} differs");
    }
    let findings = want.iter().find(|(file, _)| *file == "findings.csv").expect("it is written");
    assert!(findings.1.len() > 3 * (5 << 20), "{} bytes", findings.1.len());
}

/// Cells of rows of few claims and few members, which are all compared with each other.
const CELLS: [(&str, &[&str]); 18] = [
    ("claim_id", &["C1", "C1", "C2", "C3", "C4"]),
    ("member_id", &["M1", "M1", "M1", "M2", ""]),
    ("line_number", &["1", "1", "2"]),
    ("claim_form", &["P", "P", "I", ""]),
    ("frequency_code", &["1", "1", "1", "2", "7", "8"]),
    ("original_claim_id", &["", "", "", "C1", "C2", "C9"]),
    ("version_number", &["", "", "", "1", "2"]),
    ("line_status", &["", "", "paid", "denied", "pending", "reversed"]),
    ("product", &["PPO", "PPO", ""]),
    ("billing_npi", &["1000000001", "1000000002", ""]),
    ("place_of_service", &["11", "22", "24", ""]),
    ("bill_type", &["", "", "111", "131"]),
    ("service_date", &["2024-03-02", "2024-03-03", "2024-03-05", "2024-03-19", "soon"]),
    ("service_end_date", &["", "", "2024-03-04", "2024-03-12"]),
    ("procedure_code", &["22514", "22513", "22515", "99213", ""]),
    ("icd_procedure_1", &["", "", "", "0PU43JZ", "0QU03JZ"]),
    ("authorization_number", &["", "", "A1", "A1;A2"]),
    ("paid_amount", &["300", "300", "-300", "", "40"]),
];

proptest! {
    #![proptest_config(config(24))]

    /// With so little memory, all that is compared with each other is sorted on disk.
    #[test]
    fn rows_of_few_claims_and_members_are_compared_on_disk_as_in_memory(
        rows in prop::collection::vec(prop::array::uniform18(0_usize..60), 0..40),
    ) {
        let said = |row: [usize; 18]| {
            let cells = CELLS.iter().zip(row).map(|((column, cells), n)| format!("{column}={}", cells[n % cells.len()]));
            cells.collect::<Vec<_>>().join(" ")
        };
        // A row that is sure to be kept, and as many rows again as copies, some of them far from the first ones.
        let rows: Vec<String> = ["claim_id=C5".to_owned()].into_iter().chain(rows.into_iter().map(said)).collect();
        let rows: Vec<&str> = rows.iter().chain(&rows[..rows.len() / 3]).map(String::as_str).collect();
        let mut auths = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n\
                         A1,M1,22514,approved,2024-03-01,2024-03-31,3\nA2,M2,22513,denied,2024-01-01,2024-12-31,1\n"
            .to_owned();
        for n in 0..99 {
            writeln!(auths, "B{n},M{n},22514,approved,2024-01-01,2024-12-31,1").expect("memory takes it");
        }
        let inputs = Inputs { auths: Some(auths.into()), ..Inputs::one(extract(&rows)) };
        same_from_disk(&inputs, 7, &rows.join("\n"));
    }
}

/// Diagnoses and ICD procedures have one row per code, claims one row per claim with a procedure and the product.
const LAYOUT: &str = r#"
extends = "canonical"
[columns]
procedure_code = ["procedure_code", "header.CPT"]
product = "header.PLAN"
icd_procedure = "PX{1..2}"
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
codes = { column = "PX", number = "N", as = "PX{1..2}" }
[[join]]
table = "header"
key = "CLAIM"
to = "claim_id"
"#;

/// Rows of a key, which may be empty, and a cell among these.
fn rows(cells: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<(u8, &'static str)>> {
    prop::collection::vec((0_u8..12, prop::sample::select(cells)), 0..most)
}

fn key(n: u8) -> String {
    if n == 0 { String::new() } else { format!("C{n}") }
}

/// A table with these columns and rows.
fn table(header: &str, rows: &[(u8, &str)]) -> String {
    let mut text = format!("{header}\n");
    for (n, cell) in rows {
        writeln!(text, "{},{cell}", key(*n)).expect("memory takes it");
    }
    text
}

/// Claims in two extracts and three tables that are joined to both, as files.
#[derive(Debug, Clone)]
pub(crate) struct JoinedInputs {
    extracts: Vec<(&'static str, String)>,
    tables: Vec<(&'static str, String)>,
}

/// Lines of a table that cannot be read, or have no key that an extract has.
const ODD_LINES: [&str; 4] = ["C1", "C2,1,2,3,4,5", "X9,0PU43JZ,1", "X10,M8008XA"];

/// Random claims and tables, among them tables that contradict themselves, have rows that cannot be read, and keys that no extract
/// has.
pub(crate) fn joined_inputs() -> impl Strategy<Value = JoinedInputs> {
    let odd = || prop::collection::vec(prop::sample::select(&ODD_LINES[..]), 0..3);
    let parts = (
        rows(&["22514", "99213", "", "22515"], 30),
        rows(&["22514", ""], 6),
        rows(&["M8008XA", "I10", "", "M545"], 24),
        rows(&["0PU43JZ,1", "0PU43JZ,2", "0SB00ZZ,1", ",1", "0PU43JZ,one"], 8),
        prop::sample::subsequence((1_u8..12).collect::<Vec<_>>(), 0..12),
        prop::sample::select(&["22513", "99213", ""][..]),
        prop::option::weighted(0.1, 1_u8..12),
        [odd(), odd(), odd()],
    );
    parts.prop_map(|(claims, more, diagnoses, procedures, headers, cpt, twice, odd)| {
        let extract = |rows: &[(u8, &str)]| {
            let rows: Vec<(u8, String)> = rows.iter().map(|(n, code)| (*n, format!("2024-03-05,{code},131"))).collect();
            let rows: Vec<(u8, &str)> = rows.iter().map(|(n, cells)| (*n, cells.as_str())).collect();
            table("claim_id,service_date,procedure_code,bill_type", &rows)
        };
        let header_cells = format!("HMO Blue,{cpt}");
        let headers: Vec<(u8, &str)> = headers.into_iter().chain(twice).map(|n| (n, header_cells.as_str())).collect();
        let tables = [
            ("diagnosis", table("CLAIM,DX", &diagnoses)),
            ("procedure", table("CLAIM,PX,N", &procedures)),
            ("header", table("CLAIM,PLAN,CPT", &headers)),
        ];
        let with_odd = |((name, text), odd): ((_, String), Vec<&str>)| {
            (name, odd.into_iter().fold(text, |text, line| text + line + "\n"))
        };
        let extracts = vec![("claims.csv", extract(&claims)), ("more.csv", extract(&more))];
        JoinedInputs { extracts, tables: tables.into_iter().zip(odd).map(with_odd).collect() }
    })
}

impl JoinedInputs {
    /// Writes the files, and returns the names of the extracts and the layouts with the tables.
    pub(crate) fn write(&self, dir: &Path) -> (Vec<String>, Library) {
        let file = |name: &str, text: &str| {
            let path = dir.join(name);
            std::fs::write(&path, text).expect("written");
            path.display().to_string()
        };
        let names = self.extracts.iter().map(|(name, text)| file(name, text)).collect();
        let table = |(name, text): &(&str, String)| TableFile {
            name: (*name).to_owned(),
            file: file(&format!("{name}.table.csv"), text),
            limit: None,
        };
        let tables: Vec<TableFile> = self.tables.iter().map(table).collect();
        let library = Library::only(Layout::load("joined.toml", LAYOUT).unwrap_or_else(|e| panic!("{e}")));
        (names, library.joining(&tables).expect("the layout knows them"))
    }
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn joined_tables_on_disk_change_no_byte_of_a_report(
        inputs in joined_inputs(), block in prop::sample::select(&[1_usize, 40, BLOCK][..]),
    ) {
        let dir = tempfile::tempdir().expect("a directory");
        let (names, library) = inputs.write(dir.path());
        let judged = in_memory_and_from_disk(|memory| {
            let (policy, library, expect) = (POLICY.clone(), library.clone(), Expect::default());
            let setup = Setup { policy, library, authorizations: None, expect, block, part: BATCH_LINES, memory };
            let run = run(&names, &Source::open, setup, &Unwatched).map_err(|e| e.to_string())?;
            run.judge_all().map_err(|e| e.to_string())
        });
        if let Ok(judged) = judged {
            prop_assert!(judged.context.ledger.adds_up());
        }
    }
}
