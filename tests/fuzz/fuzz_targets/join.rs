//! Rows of an extract and of the two tables that its layout joins (one row for each claim, one row for each code), separated
//! by lines `%%`. No panic, the ledger adds up, the reports are well-formed and do not depend on the block size.

#![no_main]

mod kit;

use std::path::PathBuf;
use std::sync::LazyLock;

use claimlint::ingest::{Layout, Library, TableFile};
use libfuzzer_sys::fuzz_target;

use kit::{Case, POLICY, checked};

const LAYOUT: &str = r#"
name = "tables"
title = "Three tables"
source = "fuzz"
valid = "2024"

[columns]
claim_id = "CLAIM"
line_number = "LINE"
procedure_code = "CODE"
units = "UNITS"
service_date = ["header.DATE", "DAY"]
place_of_service = "header.POS"
product = "header.PLAN"
diagnosis = "DX{1..5}"

[[join]]
table = "header"
key = "ID"
to = "CLAIM"

[[join]]
table = "diagnosis"
key = "CLM"
to = "CLAIM"
codes = { column = "DIAG", number = "N", as = "DX{1..5}" }
"#;

const HEADER: &str = "CLAIM,LINE,CODE,UNITS,DAY\n";

/// The tables, their headers, and the files in memory that hold them, once for this process.
static TABLES: LazyLock<[(TableFile, &str); 2]> = LazyLock::new(|| {
    let table = |name: &str, header| {
        let file = PathBuf::from(format!("/dev/shm/claimlint-fuzz-{}-{name}.csv", std::process::id()));
        (TableFile { name: name.to_owned(), file: file.display().to_string(), limit: None }, header)
    };
    [table("header", "ID,DATE,POS,PLAN\n"), table("diagnosis", "CLM,N,DIAG\n")]
});

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let layout = Layout::load("tables.toml", LAYOUT).expect("the layout is valid");
    let tables = TABLES.each_ref().map(|(table, _)| table.clone());
    Library::only(layout).joining(&tables).expect("each table once")
});

fuzz_target!(|data: &[u8]| {
    kit::one_thread();
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split("\n%%\n");
    let extract = format!("{HEADER}{}", parts.next().unwrap_or_default());
    for (table, header) in TABLES.iter() {
        let rows = parts.next().unwrap_or_default();
        std::fs::write(&table.file, format!("{header}{rows}")).expect("room in memory");
    }
    checked(&Case { extract: extract.as_bytes(), auths: None, policy: &POLICY, library: &LIBRARY }, data.len());
});
