//! Tests that no row of a polluted file is lost or changed in silence. A row of the clean table comes out right, or its line
//! is in rejects.csv, or a warning about the file says what may be wrong, or the file is refused.
//!
//! `CLAIMLINT_POLLOCK=DIRECTORY cargo test --test it pollock` also writes the files, what they hold, and how each was read,
//! for benches/pollock.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rayon::prelude::*;

use claimlint::run::JudgedRun;
use claimlint::warning::WarningKind;

use crate::kit::{Inputs, Table};
use crate::pollute::{HEADER, Polluted, ROWS, all, cells};

/// How the rows of some files were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Score {
    files: u64,
    rows: u64,
    right: u64,
    /// Changed or lost, and a warning about the file says so.
    announced: u64,
    /// In rejects.csv.
    rejected: u64,
    /// Changed or lost, and nothing says so.
    silent: u64,
    /// Files that were refused.
    refused: u64,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.files += other.files;
        self.rows += other.rows;
        self.right += other.right;
        self.announced += other.announced;
        self.rejected += other.rejected;
        self.silent += other.silent;
        self.refused += other.refused;
    }
}

/// What services.csv says of each claim, its place aside.
fn services(outcome: &JudgedRun) -> BTreeMap<String, Vec<String>> {
    let table = Table::written(outcome, "services.csv");
    let (claim, line) = (table.column("claim_id"), table.column("source_line"));
    let told = |row: Vec<String>| {
        let cells = row.iter().enumerate().filter(|(column, _)| *column != line).map(|(_, cell)| cell.clone());
        (row[claim].clone(), cells.collect())
    };
    table.rows.into_iter().map(told).collect()
}

/// Kinds of warnings that say that rows of the file may be wrong.
const ANNOUNCEMENTS: [WarningKind; 5] = [
    WarningKind::RowsOfTwoLengths,
    WarningKind::FilledSurplus,
    WarningKind::JoinedRows,
    WarningKind::StrayQuotes,
    WarningKind::UnusedColumn,
];

/// Kinds of pollution of which a wrong row is announced by its own line alone, in a warning that says what happened to it. A row with
/// another quote has one cell more where a comma was quoted.
const NAMED: [(&str, &[WarningKind]); 3] = [
    ("delimiter too many", &[WarningKind::RowsOfTwoLengths]),
    ("quote too many", &[WarningKind::StrayQuotes]),
    ("row with another quote", &[WarningKind::RowsOfTwoLengths]),
];

/// Reads a file and compares it with the clean table. Also says which rows were wrong in silence.
fn score(file: &Polluted, truth: &BTreeMap<String, Vec<String>>, unmapped: usize) -> (Score, Vec<usize>) {
    let mut score = Score { files: 1, rows: file.rows.len() as u64, ..Score::default() };
    let Ok(outcome) = Inputs::one(file.bytes.clone()).run() else {
        score.refused = 1;
        return (score, Vec::new());
    };
    let input = &outcome.context.inputs[0];
    let rejected: BTreeSet<u64> = input.rejects.all().expect("they are in memory").iter().map(|r| r.line).collect();
    // A column that is not there is announced, too.
    let mut warnings = outcome.context.warnings.iter();
    let named = NAMED.iter().find(|(kind, _)| *kind == file.kind).map(|(_, kinds)| *kinds);
    let names = |line: u64| {
        let mut warnings = outcome.context.warnings.iter();
        warnings.any(|warning| {
            let says = named.is_some_and(|kinds| kinds.contains(&warning.kind));
            says && warning.line == Some(line) && warning.count == Some(1)
        })
    };
    let is_announced = warnings.any(|warning| ANNOUNCEMENTS.contains(&warning.kind)) || input.unmapped.len() > unmapped;
    let mut read = services(&outcome);
    let mut wrong = Vec::new();
    for (row, line) in &file.rows {
        let claim = cells(*row).swap_remove(0);
        let is_right = read.remove(&claim).is_some_and(|service| service == truth[&claim]);
        match (is_right, rejected.contains(line), if named.is_some() { names(*line) } else { is_announced }) {
            (true, ..) => score.right += 1,
            (false, true, _) => score.rejected += 1,
            (false, false, true) => score.announced += 1,
            (false, false, false) => wrong.push(*row),
        }
    }
    // A service that the clean table does not have is wrong, too.
    let invented = if is_announced { 0 } else { read.len() };
    score.silent = (wrong.len() + invented) as u64;
    (score, wrong)
}

/// Writes the polluted files, the rows that each holds, and how they were read.
fn keep(directory: &Path, files: &[Polluted], scores: &BTreeMap<&str, Score>) {
    let place = directory.join("files");
    fs::create_dir_all(&place).expect("room for it");
    let mut table = csv::Writer::from_path(directory.join("clean.csv")).expect("room for it");
    table.write_record(HEADER).expect("room for it");
    (0..ROWS).for_each(|row| table.write_record(cells(row)).expect("room for it"));
    table.flush().expect("room for it");
    let mut list = String::from("kind,file,claims\n");
    for file in files {
        fs::write(place.join(&file.name), &file.bytes).expect("room for it");
        let claims: Vec<String> = file.rows.iter().map(|(row, _)| cells(*row).swap_remove(0)).collect();
        let _ = writeln!(list, "{},{},{}", file.kind, file.name, claims.join(" "));
    }
    fs::write(directory.join("files.csv"), list).expect("room for it");
    let mut told = String::from("kind,files,rows,right,announced,rejected,silent,unread_files\n");
    for (kind, s) in scores {
        let numbers = [s.files, s.rows, s.right, s.announced, s.rejected, s.silent, s.refused].map(|n| n.to_string());
        let _ = writeln!(told, "{kind},{}", numbers.join(","));
    }
    fs::write(directory.join("claimlint.csv"), told).expect("room for it");
}

/// The kinds of pollution, and the clean table.
const KINDS: [&str; 13] = [
    "another number of fields",
    "clean",
    "delimiter too few",
    "delimiter too many",
    "dialect",
    "file",
    "name in the header",
    "quote too many",
    "row with another delimiter",
    "row with another escape",
    "row with another line end",
    "row with another quote",
    "shifted header",
];

#[test]
fn no_row_of_a_polluted_file_is_wrong_in_silence() {
    let files = all();
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names.len(), files.len(), "each file has a name of its own");
    let clean = Inputs::one(files[0].bytes.clone()).run().expect("the clean table is read");
    let truth = services(&clean);
    assert_eq!(truth.len(), ROWS, "every row of the clean table is a service");
    let unmapped = clean.context.inputs[0].unmapped.len();
    let scored: Vec<_> = files.par_iter().map(|file| score(file, &truth, unmapped)).collect();
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let mut silent = Vec::new();
    for (file, (score, wrong)) in files.iter().zip(scored) {
        scores.entry(file.kind).or_default().add(score);
        if score.silent > 0 {
            silent.push(format!("{}: rows {wrong:?}, {} services", file.name, score.silent));
        }
    }
    if let Some(directory) = std::env::var_os("CLAIMLINT_POLLOCK") {
        keep(Path::new(&directory), &files, &scores);
    }
    assert!(silent.is_empty(), "{} files have rows that are wrong in silence:\n{}", silent.len(), silent.join("\n"));
    let all = ROWS as u64;
    assert_eq!(scores["clean"], Score { files: 1, rows: all, right: all, ..Score::default() });
    let kinds: Vec<&str> = scores.keys().copied().collect();
    assert_eq!(kinds, KINDS);
    // A header that is shifted against the rows is read right or refused.
    let shifted = scores["shifted header"];
    assert_eq!((shifted.right, shifted.refused), (all, shifted.files - 1), "{shifted:?}");
    // A mistake in a row costs that row at most.
    for kind in [
        "delimiter too many",
        "delimiter too few",
        "quote too many",
        "another number of fields",
        "row with another delimiter",
        "row with another quote",
        "row with another escape",
    ] {
        let score = scores[kind];
        assert!(score.files >= 8 && score.refused == 0, "{kind}: {score:?}");
        assert!(score.right >= score.rows - score.files, "{kind}: {score:?}");
    }
}
