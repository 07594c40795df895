//! Tests that a Parquet extract gives the report of its export, whoever wrote it, and what is said of files that are not read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use polars_core::prelude::*;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use proptest::prelude::*;

use claimlint::claim::Sum;
use claimlint::claim::store::BATCH_LINES;
use claimlint::ingest::{BLOCK, Layout, Library, ReadError, Source};
use claimlint::run::{Expect, JudgedRun, Setup, Unwatched, run};

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir, names};
use crate::kit::{LIBRARY, POLICY, Table, at, config, report};

/// A layout by which lists are read from CSV.
const LISTS: &str =
    "name = \"lists\"\nextends = \"canonical\"\n[lists]\ndiagnosis = \"auto\"\nicd_procedure = \"auto\"\n";

/// What every extract is called, so that lines of the report are as long.
const NAME: &str = "claims.csv";

/// Reads and judges an extract, of which a table may take this much memory at a time.
fn judged(file: &Path, layout: Option<&str>, memory: Option<usize>, expect: Expect) -> Result<JudgedRun, String> {
    let library = match layout {
        Some(text) => Library::only(Layout::load("lists.toml", text).map_err(|faults| faults.to_string())?),
        None => LIBRARY.clone(),
    };
    let (policy, authorizations) = (POLICY.clone(), None);
    let setup = Setup { policy, library, authorizations, expect, block: BLOCK, part: BATCH_LINES, memory: None };
    let open = |name: &str| -> Result<Source, ReadError> {
        let mut source = Source::open_extract(&file.display().to_string(), None)?;
        name.clone_into(&mut source.name);
        if let Some(memory) = memory {
            source.set_memory(memory);
        }
        Ok(source)
    };
    let run = run(&[NAME.to_owned()], &open, setup, &Unwatched).map_err(|e| e.to_string())?;
    run.judge_all().map_err(|e| e.to_string())
}

/// The texts of a report without what the form of an extract decides: its bytes and byte offsets.
fn texts(outcome: &JudgedRun) -> BTreeMap<&'static str, String> {
    let mut texts = BTreeMap::new();
    for (file, bytes) in report(outcome) {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let text = match file {
            "summary.json" => {
                let mut summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                for input in summary["inputs"].as_array_mut().expect("a list") {
                    input["bytes"] = 0.into();
                }
                summary.to_string()
            }
            "rejects.csv" => {
                let mut table = Table::of(text.as_bytes());
                let offset = table.column("byte_offset");
                table.rows.iter_mut().for_each(|row| row[offset].clear());
                table.rows.into_iter().map(|row| row.join(",") + "\n").collect()
            }
            // It says the bytes.
            "report.html" => continue,
            _ => text,
        };
        texts.insert(file, text);
    }
    texts
}

/// Compares two reports, and shows the first line that differs.
fn assert_same(own: &BTreeMap<&'static str, String>, want: &BTreeMap<&'static str, String>, of: &str) {
    assert!(own.keys().eq(want.keys()) && own.len() > 8, "{:?}", own.keys());
    for (file, text) in own {
        let differs = text.lines().zip(want[file].lines()).find(|(own, want)| own != want);
        assert_eq!(differs, None, "{of}: {file}");
        assert!(text == &want[file], "{of}: {file}: more lines");
    }
}

/// Compares every Parquet file of a directory with the CSV beside it.
fn compare_with_exports(directory: &Path) -> usize {
    let mut compared = 0;
    for entry in fs::read_dir(directory).expect("a directory") {
        let table = entry.expect("an entry").path();
        if table.extension().is_none_or(|end| end != "parquet") {
            continue;
        }
        let layout = table.display().to_string().contains("lists").then_some(LISTS);
        let read = |file: &Path| judged(file, layout, None, Expect::default()).expect("it can be read");
        let (own, export) = (read(&table), read(&table.with_extension("csv")));
        assert!(export.context.ledger.in_scope > 0, "{}", table.display());
        assert_same(&texts(&own), &texts(&export), &table.display().to_string());
        compared += 1;
    }
    compared
}

#[test]
fn a_parquet_file_gives_the_report_of_its_export() {
    assert_eq!(compare_with_exports(&at("fixtures/parquet")), 10);
}

/// `DuckDB`, Polars, pandas and pyarrow write the files. They are required where `CLAIMLINT_PYTHON` names their interpreter, as
/// in `.ci/run`; elsewhere the test passes without them.
#[test]
#[expect(clippy::print_stderr, reason = "a test that looked at nothing says so")]
fn other_programs_write_extracts() {
    let Some(python) = std::env::var_os("CLAIMLINT_PYTHON") else {
        eprintln!("not written by DuckDB, Polars, pandas and pyarrow: set CLAIMLINT_PYTHON");
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let mut script = Command::new(python);
    let script = script.arg(at("tests/it/write_parquet.py")).arg(at("fixtures/extracts/kyphoplasty-2024q1.csv"));
    let output = CommandOutput::by(script.arg(directory.path()));
    assert_eq!(output.code, Some(0), "{}", output.err);
    assert_eq!(compare_with_exports(directory.path()), 10);
}

/// Writes rows of CSV, of which every cell is text, as a table with row groups of this many rows.
fn written(text: &str, group: usize) -> Vec<u8> {
    let table = Table::of(text.as_bytes());
    let cell = |row: &Vec<String>, nth: usize| Some(row[nth].clone()).filter(|cell| !cell.is_empty());
    let column = |(nth, name): (usize, &String)| {
        let cells: Vec<Option<String>> = table.rows.iter().map(|row| cell(row, nth)).collect();
        Column::new(name.as_str().into(), cells)
    };
    let columns = table.header.iter().enumerate().map(column).collect();
    let mut frame = DataFrame::new(table.rows.len(), columns).expect("columns of one length");
    let mut bytes = Vec::new();
    let writer = ParquetWriter::new(&mut bytes).with_compression(ParquetCompression::Snappy);
    writer.with_row_group_size(Some(group)).with_data_page_size(Some(4096)).finish(&mut frame).expect("memory");
    bytes
}

/// Rows in scope, out of scope and rejected, with the header once more among them.
fn rows(count: usize) -> String {
    let mut text = HEAD.to_owned();
    for n in 0..count {
        match n % 7 {
            0 => text += &DENY.replace("C4", &format!("D{n}")),
            3 => text += &CLEAR.replace("C1", &format!("E{n}")),
            5 if n % 5 == 0 => text += ",M9,HMO,22,2024-03-05,22514,M54.5,A-1,2500.00\n",
            6 if n % 100 == 6 => text += HEAD,
            _ => text += &CLEAR.replace("22514", "99213").replace("C1", &format!("F{n}")),
        }
    }
    text
}

#[test]
fn neither_threads_nor_memory_nor_row_groups_change_a_report() {
    let dir = TestDir::with(&[]);
    let text = rows(9000);
    dir.put("t.csv", &text);
    // The message of a wrong control total says the right one.
    let wrong = Expect { rows: Some(1), amount: Some(Sum(0)) };
    let refusal =
        |file: &str, memory: Option<usize>| judged(&dir.at(file), None, memory, wrong).err().expect("wrong totals");
    let want = texts(&judged(&dir.at("t.csv"), None, None, Expect::default()).expect("it can be read"));
    assert!(want["rejects.csv"].contains("repeated-header") && want["rejects.csv"].contains("no-claim-id"));
    for group in [500, 3000, 100_000] {
        dir.put("t.parquet", written(&text, group));
        for (threads, memory) in [(1, None), (3, None), (1, Some(1 << 19)), (4, Some(1 << 19))] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let read = || judged(&dir.at("t.parquet"), None, memory, Expect::default());
            let outcome = pool.install(read).expect("it can be read");
            assert_same(&texts(&outcome), &want, &format!("{group} rows, {threads} threads, {memory:?} bytes"));
            assert_eq!(pool.install(|| refusal("t.parquet", memory)), refusal("t.csv", None));
        }
    }
}

/// What `check` says of a file that it refuses, which is never a fault of claimlint.
fn refused(dir: &TestDir, args: &[&str]) -> String {
    let said = dir.run(&[&["check", "--out", "r"], args].concat()).refused();
    assert!(!said.contains("fault of claimlint"), "{said}");
    assert!(!dir.at("r").exists());
    said
}

#[test]
fn files_that_are_no_whole_table_are_refused_with_what_to_do() {
    let dir = TestDir::with(&[]);
    let table = written(&(HEAD.to_owned() + DENY), 100);
    let with_tail = |tail: &[u8]| [&table[..table.len() - tail.len()], tail].concat();
    for (bytes, says) in [
        (table[..table.len() - 1].to_vec(), "was cut short"),
        (table[..4].to_vec(), "was cut short"),
        (b"PAR1PAR1".to_vec(), "was cut short"),
        (b"PAR1\0\0\0\0PAR1".to_vec(), "footer"),
        (with_tail(b"\xff\xff\xff\xffPAR1"), "footer"),
        (with_tail(b"PARE"), "encrypted"),
        (b"PARE....PARE".to_vec(), "encrypted"),
    ] {
        dir.put("t.parquet", bytes);
        let said = refused(&dir, &["t.parquet"]);
        assert!(said.contains(says) && said.contains("t.parquet"), "{said}");
    }
    dir.put("t.parquet", "");
    assert!(refused(&dir, &["t.parquet"]).contains("is empty"));
}

#[test]
fn a_table_without_rows_is_read_and_warned_of() {
    let dir = TestDir::with(&[]);
    dir.put("none.parquet", written(HEAD, 100));
    let output = dir.run(&["check", "none.parquet", "--out", "r"]);
    assert_eq!(output.code, Some(0), "{}", output.err);
    assert!(output.err.contains("no rows"), "{}", output.err);
}

#[test]
fn a_part_of_a_table_with_a_log_is_refused_and_the_way_is_named() {
    for (log, format) in [("_delta_log/0.json", "Delta"), ("metadata/v1.metadata.json", "Iceberg")] {
        let dir = TestDir::with(&[]);
        fs::create_dir_all(dir.at(log).parent().expect("a directory")).expect("room");
        dir.put(log, "{}");
        dir.put("t.parquet", written(&(HEAD.to_owned() + DENY), 100));
        for files in [&["t.parquet"][..], &["*.parquet"]] {
            let said = refused(&dir, files);
            assert!(said.contains(format) && said.contains("claimlint.spark.check_table"), "{said}");
        }
    }
}

#[test]
fn tables_are_extracts_only() {
    let dir = TestDir::with(&[DENY]);
    let table = written(&(HEAD.to_owned() + DENY), 100);
    dir.put("t.parquet", &table);
    dir.put("t.parquet.zst", zstd::encode_all(&table[..], 1).expect("memory"));
    for args in [&["claims.csv", "--auths", "t.parquet"][..], &["t.parquet.zst"]] {
        assert!(refused(&dir, args).contains("is a Parquet file"), "{args:?}");
    }
    let piped =
        dir.command(&["check", "-", "--out", "r"]).stdin(fs::File::open(dir.at("t.parquet")).expect("it")).output();
    let said = String::from_utf8(piped.expect("it runs").stderr).expect("UTF-8");
    assert!(said.contains("not through a pipe"), "{said}");
}

#[test]
fn a_directory_may_hold_tables_and_texts() {
    let dir = TestDir::with(&[DENY]);
    fs::create_dir(dir.at("in")).expect("room");
    dir.put("in/part-1.parquet", written(&(HEAD.to_owned() + CLEAR), 100));
    dir.put("in/part-2.csv", rows(50));
    dir.put("in/_SUCCESS", "");
    dir.run(&["check", "in", "claims.csv", "--out", "r", "--fail-on", "never"]).success();
    let summary = fs::read_to_string(dir.at("r/summary.json")).expect("a report");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    let rows = |nth: usize| summary["inputs"][nth]["rows"].as_u64();
    assert_eq!([rows(0), rows(1), rows(2)], [Some(1), Some(50), Some(1)]);
}

#[test]
fn a_table_gives_one_slice_of_a_job() {
    let dir = TestDir::with(&[DENY]);
    dir.put("t.parquet", written(&rows(5000), 700));
    let line = dir.run(&["plan", "t.parquet", "claims.csv", "--split", "64K", "-o", "job"]).success();
    assert!(line.contains("\"slices\":2"), "{line}");
    for slice in ["0", "1"] {
        dir.run(&["slice", "--plan", "job/plan.json", slice]).success();
    }
    let flags = ["--format", "all", "--fail-on", "never", "-q"];
    dir.run(&[&["merge", "job", "--out", "merged"], &flags[..]].concat()).success();
    dir.run(&[&["check", "t.parquet", "claims.csv", "--out", "checked"], &flags[..]].concat()).success();
    for name in names(&dir.at("checked")).into_iter().filter(|name| name != "run.json") {
        let read = |report: &str| fs::read(dir.at(report).join(&name)).expect("a file");
        assert!(read("merged") == read("checked"), "{name}");
    }
}

#[test]
fn inspect_shows_the_form_and_the_types_of_a_table() {
    let dir = TestDir::with(&[]);
    let file = at("fixtures/parquet/duckdb-typed.parquet").display().to_string();
    let said = dir.run(&["inspect", &file]).success();
    for line in [
        "form       Parquet: 33 columns, 100 rows in 1 row group",
        "service_date (date)",
        "(timestamp)",
        "row_id (UUID)",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("delimiter"), "{said}");
    dir.put("odd.parquet", written("a,b\n1,2\n", 10));
    let refused = dir.run(&["inspect", "odd.parquet"]);
    assert_eq!(refused.code, Some(2), "{}", refused.out);
    assert!(refused.out.contains("form       Parquet: 2 columns, 1 row"), "{}", refused.out);
}

/// The services of a fixture under a layout, without the name of the layout.
fn services(fixture: &str, layout: &str) -> String {
    let file = at("fixtures/parquet").join(fixture);
    texts(&judged(&file, Some(layout), None, Expect::default()).expect("it can be read"))["services.csv"].clone()
}

#[test]
fn what_a_layout_says_of_the_form_of_a_text_does_not_apply() {
    let plain = "name = \"plain\"\nextends = \"canonical\"\n";
    let form = "dates = [\"DD.MM.YYYY\"]\ndelimiter = \"|\"\nskip_lines = 3\n[trailer]\nprefix = \"E\"\nrows = 2\n";
    let want = services("duckdb-typed.parquet", plain);
    assert!(want.lines().count() > 5 && want.contains(",2024-"), "{want}");
    assert_eq!(services("duckdb-typed.parquet", &format!("{plain}{form}")), want);
    // The values of a list are joined by the separator at which the layout splits the cell.
    let want = services("duckdb-lists.parquet", plain);
    assert!(want.contains(';'), "{want}");
    for separator in ["auto", "|", "/"] {
        let lists = format!("{plain}[lists]\ndiagnosis = \"{separator}\"\nicd_procedure = \"{separator}\"\n");
        assert_eq!(services("duckdb-lists.parquet", &lists), want, "{separator}");
    }
}

#[test]
fn a_column_that_is_not_read_is_refused_where_a_field_needs_it() {
    let file = at("fixtures/parquet/duckdb-lists.parquet");
    let layout = "name = \"own\"\nextends = \"canonical\"\n[columns]\nmember_id = \"nested\"\n";
    let said = judged(&file, Some(layout), None, Expect::default()).err().expect("it is nested");
    assert!(said.contains("column `nested` is nested") && said.contains("unnest"), "{said}");
    let dir = TestDir::with(&[]);
    dir.put("none.parquet", {
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut DataFrame::empty()).expect("memory");
        bytes
    });
    assert!(refused(&dir, &["none.parquet"]).contains("without columns"));
}

/// Small tables of several writers, encodings and compressions.
static TABLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut files: Vec<_> = names(&at("fixtures/parquet"));
    files.retain(|name| name.ends_with(".parquet"));
    let mut tables: Vec<_> =
        files.iter().map(|name| fs::read(at("fixtures/parquet").join(name)).expect("a fixture")).collect();
    tables.push(written(&rows(300), 70));
    tables
});

proptest! {
    #![proptest_config(config(300))]

    /// Damage that the file does not show may change values. It never ends the process, and never takes more memory than it may.
    #[test]
    fn a_damaged_table_is_read_or_refused(
        table in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4),
        length in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mut bytes = table.get(&TABLES).clone();
        // Half of the damage is in the footer and the last pages, which say what there is.
        let last = bytes.len().min(6000);
        for (at, value, is_late) in damage {
            let at = if is_late { bytes.len() - last + at.index(last) } else { at.index(bytes.len()) };
            bytes[at] = value;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
        }
        let dir = TestDir::with(&[]);
        dir.put("t.parquet", bytes);
        if let Err(said) = judged(&dir.at("t.parquet"), Some(LISTS), Some(1 << 22), Expect::default()).map(drop) {
            prop_assert!(!said.contains("fault of claimlint"), "{}", said);
        }
    }
}
