//! Tests extracts whose rows are not service lines: several services in one row, and tables joined by a key.

use std::path::{Path, PathBuf};

use claimlint::claim::store::BATCH_LINES;
use claimlint::ingest::layout::detect;
use claimlint::ingest::record::reject::Reason;
use claimlint::ingest::{BLOCK, Layout, Library, ReadError, Source, TableFile};
use claimlint::policy::Policy;
use claimlint::policy::parse::load;
use claimlint::rules;
use claimlint::run::{Expect, JudgedRun, Setup, Unwatched, run};

use crate::kit::{at, in_memory_and_from_disk, written};

fn policy() -> Policy {
    load(&[], &rules::codes()).unwrap_or_else(|e| panic!("{e}"))
}

fn check(file: &Path, library: Library, block: usize) -> Result<JudgedRun, ReadError> {
    judged(&[file.display().to_string()], &Source::open, &library, block)
}

fn judged(
    names: &[String],
    open: &(dyn Fn(&str) -> Result<Source, ReadError> + Sync),
    library: &Library,
    block: usize,
) -> Result<JudgedRun, ReadError> {
    in_memory_and_from_disk(|memory| {
        let (policy, library, expect) = (policy(), library.clone(), Expect::default());
        let setup = Setup { policy, library, authorizations: None, expect, block, part: BATCH_LINES, memory };
        Ok(run(names, open, setup, &Unwatched)?.judge_all().expect("there is a disk"))
    })
}

/// One of the report's tables.
fn table(outcome: &JudgedRun, name: &str) -> String {
    String::from_utf8(written(outcome, name)).unwrap_or_else(|e| panic!("{e}"))
}

/// Some columns of one of the report's tables, one line for each row.
fn columns(outcome: &JudgedRun, name: &str, wanted: &[&str]) -> Vec<String> {
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
            "4 1 22513 1800.00",
            "4 2 22514 1500.00",
            "8 2 22514 1400.00"
        ]
    );
    let found = columns(&outcome, "findings.csv", &["source_line", "line_number", "rule"]);
    let of = |rule: &str| found.iter().filter(|f| f.ends_with(rule)).cloned().collect::<Vec<_>>();
    assert_eq!(of("CD301"), ["3 2 CD301"], "the add-on of row 2 has its primary in slot 1");
    assert_eq!(of("CD302"), ["4 2 CD302"], "two primaries in one row");
    assert_eq!(of("CD306"), ["8 2 CD306"], "a vertebroplasty in another slot of the row");
    let ledger = outcome.context.ledger;
    assert!(ledger.adds_up());
    assert_eq!((ledger.rows, ledger.duplicate, ledger.in_scope, ledger.related, ledger.out_of_scope), (7, 1, 4, 1, 1));
    for block in 1..9 {
        let other = check(&file, library.clone(), block).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(table(&other, "findings.csv"), table(&outcome, "findings.csv"), "blocks of {block}");
    }
}

#[test]
fn equal_slots_are_two_services_and_no_duplicates() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("claims.csv");
    let head = "DESYNPUF_ID,CLM_ID,CLM_FROM_DT,ICD9_DGNS_CD_1,PRF_PHYSN_NPI_1,HCPCS_CD_1,HCPCS_CD_2,LINE_NCH_PMT_AMT_1";
    std::fs::write(&file, format!("{head}\nM1,C1,20240305,M8008XA,1999999001,22514,22514,1500.00\n")).expect("written");
    let outcome = check(&file, Library::shipped().expect("layouts"), BLOCK).unwrap_or_else(|e| panic!("{e}"));
    let found = columns(&outcome, "findings.csv", &["line_number", "rule"]);
    assert_eq!(found, ["1 RT402", "2 CD303", "2 RT402"]);
    let ledger = outcome.context.ledger;
    assert_eq!((ledger.rows, ledger.in_scope, ledger.duplicate), (1, 1, 0));
}

const RELATIONAL: &str = "fixtures/extracts/relational";

fn tables(given: &[(&str, &Path)]) -> Vec<TableFile> {
    given
        .iter()
        .map(|(name, file)| TableFile { name: (*name).to_owned(), file: file.display().to_string(), limit: None })
        .collect()
}

fn library(given: &[(&str, &Path)]) -> Library {
    Library::shipped().expect("layouts").joining(&tables(given)).unwrap_or_else(|e| panic!("{e}"))
}

/// The Optum fixture with these texts in place of its files, in a directory of its own.
struct Optum {
    dir: tempfile::TempDir,
}

impl Optum {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        for name in ["optum-medical.csv", "optum-diagnostic.csv", "optum-procedure.csv"] {
            std::fs::copy(at(RELATIONAL).join(name), dir.path().join(name)).expect("copied");
        }
        Self { dir }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(format!("optum-{name}.csv"))
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).expect("a text")
    }

    fn with(self, name: &str, edit: impl Fn(String) -> String) -> Self {
        std::fs::write(self.file(name), edit(self.text(name))).expect("written");
        self
    }

    fn library(&self) -> Library {
        library(&[("diagnosis", &self.file("diagnostic")), ("procedure", &self.file("procedure"))])
    }

    fn check(&self, block: usize) -> Result<JudgedRun, String> {
        check(&self.file("medical"), self.library(), block).map_err(|e| e.to_string())
    }
}

#[test]
fn long_tables_give_the_report_of_the_pivoted_table() {
    let long = Optum::new();
    let outcome = long.check(BLOCK).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        columns(
            &outcome,
            "services.csv",
            &["source_line", "claim_id", "procedure_code", "diagnoses_considered", "amount_at_risk"]
        ),
        [
            "2 9001|A1 22514 M8008XA;M810 5200.00",
            "5 9003|B7 0PU43JZ C7951;M8458XA 50000.00",
            "7 9004|C2 22513  4800.00",
            "8 9005|D4 22514 M545;I10 5100.00"
        ]
    );
    let found = columns(&outcome, "findings.csv", &["source_line", "rule"]);
    // The reposition of the stay is in the procedure file as well.
    assert!(!found.iter().any(|f| f.ends_with("CD310")), "{found:?}");
    assert!(found.contains(&"5 PA208".to_owned()), "an inpatient stay: {found:?}");
    // Two rows of the stay are in scope, though their own cells hold no code.
    let ledger = outcome.context.ledger;
    assert_eq!((ledger.rows, ledger.in_scope, ledger.out_of_scope), (7, 5, 2));

    // The same pivoted by hand.
    let pivoted = Optum::new();
    let text = pivoted.text("medical");
    let mut wide = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let cells: Vec<_> = line.split('|').collect();
        wide.push(match (n, cells[1], cells[6]) {
            (0, ..) => format!("{line}|DIAG1|DIAG2|DIAG3|DIAG4|PROC1|PROC2"),
            (_, "9001", "A1") => format!("{line}|M8008XA|M810||||"),
            (_, "9003", "B7") => format!("{line}|C7951||M8458XA||0PS43ZZ|0PU43JZ"),
            (_, "9005", "D4") => format!("{line}|M545|||I10||"),
            _ => format!("{line}||||||"),
        });
    }
    let pivoted = pivoted.with("medical", |_| wide.join("\n"));
    let by_hand = check(&pivoted.file("medical"), library(&[]), BLOCK).unwrap_or_else(|e| panic!("{e}"));
    for name in ["services.csv", "findings.csv"] {
        let path = |optum: &Optum| optum.dir.path().display().to_string();
        let (ours, theirs) = (table(&outcome, name), table(&by_hand, name));
        assert_eq!(ours.replace(&path(&long), ""), theirs.replace(&path(&pivoted), ""), "{name}");
    }
    assert_eq!(by_hand.context.ledger, outcome.context.ledger);
}

#[test]
fn joins_do_not_depend_on_blocks_threads_compression_or_code_order() {
    let optum = Optum::new();
    let want = optum.check(BLOCK).unwrap_or_else(|e| panic!("{e}"));
    let say = |outcome: &JudgedRun, optum: &Optum| {
        table(outcome, "findings.csv").replace(&optum.dir.path().display().to_string(), "")
    };
    for block in [1, 2, 7, 64, 1000] {
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let other = pool.install(|| optum.check(block)).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(say(&other, &optum), say(&want, &optum), "blocks of {block}, {threads} threads");
        }
    }
    let reversed = Optum::new().with("diagnostic", |text| {
        let (head, rows) = text.split_once('\n').expect("rows");
        format!("{head}\n{}\n", rows.lines().rev().collect::<Vec<_>>().join("\n"))
    });
    let other = reversed.check(BLOCK).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(say(&other, &reversed), say(&want, &optum));
    let comma = Optum::new().with("procedure", |text| text.replace('|', ","));
    let packed = zstd::encode_all(comma.text("procedure").as_bytes(), 1).expect("packed");
    std::fs::write(comma.file("procedure"), packed).expect("written");
    let other = comma.check(BLOCK).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(say(&other, &comma), say(&want, &optum));
}

#[test]
fn a_joined_table_that_contradicts_itself_refuses_the_run() {
    let long = "33000001|9001|A1|I10|26|10|2||||\n";
    for (file, add, says) in [
        ("diagnostic", long, "optum-diagnostic.csv: line 11: --join diagnosis: DIAG_POSITION is not among the numbers"),
        (
            "diagnostic",
            "33000001|9001|A1|I10|2|10|2||||\n",
            "DIAG_POSITION 2 of this key is another code here than before",
        ),
        (
            "procedure",
            "x|9003|B7||10|0PU33JZ|99||\n",
            "line 7: --join procedure: PROC_POSITION is not among the numbers",
        ),
    ] {
        let broken = Optum::new().with(file, |text| text + add);
        let message = broken.check(BLOCK).map(|_| ()).expect_err(says);
        assert!(message.contains(says), "{message}");
    }
    // A repeated key of a claim out of scope, or in another code system, does no harm.
    for add in ["33000009|9009|Z9|I10|26|10|2||||\n", "33000001|9001|A1|I10|2|9|2||||\n", "1|9001|A1|M810|2|10|2||||\n"]
    {
        let fine = Optum::new().with("diagnostic", |text| text + add);
        assert!(fine.check(BLOCK).is_ok(), "{add}");
    }
    // A number that cannot be read costs its row, which is said, and not the run.
    for number in ["one", "", "-1", "1.5"] {
        let unread = Optum::new().with("procedure", |text| format!("{text}x|9003|B7||10|0PU33JZ|{number}||\n"));
        let outcome = unread.check(BLOCK).unwrap_or_else(|e| panic!("{number}: {e}"));
        let rejected: u64 = outcome.context.tables.iter().map(|table| table.counts().rejected).sum();
        assert_eq!(rejected, 1, "{number}");
    }
    let renamed = Optum::new().with("diagnostic", |text| text.replace("|CLMID|", "|CLAIM|"));
    let message = renamed.check(BLOCK).map(|_| ()).expect_err("no key");
    assert!(message.contains("--join diagnosis: looked for CLMID; the first line holds `PATID`"), "{message}");
    let optum = Optum::new();
    let unknown = library(&[("diagnoses", &optum.file("diagnostic"))]);
    let message = check(&optum.file("medical"), unknown, BLOCK).map(|_| ()).expect_err("unknown").to_string();
    assert!(message.contains("a required column is missing"), "{message}");
    let (diagnosis, extra) = (optum.file("diagnostic"), optum.file("procedure"));
    let unknown = library(&[("diagnosis", &diagnosis), ("dx", &extra)]);
    let message = check(&optum.file("medical"), unknown, BLOCK).map(|_| ()).expect_err("unknown").to_string();
    assert!(message.contains("--join dx: layout optum-like knows the tables diagnosis, procedure"), "{message}");
}

#[test]
fn a_joined_table_without_a_file_is_announced() {
    let optum = Optum::new();
    let source = || Source::open(&optum.file("medical").display().to_string()).expect("opened");
    let message = detect::detect(&source(), &library(&[])).map(|_| ()).expect_err("no diagnosis").to_string();
    assert!(message.contains("diagnosis_1: looked for DIAG1 (--join diagnosis=FILE brings it)"), "{message}");
    let without = library(&[("diagnosis", &optum.file("diagnostic"))]);
    let detected = detect::detect(&source(), &without).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(detected.unjoined, [("procedure".to_owned(), "the columns PROC1 to PROC25".to_owned())]);
    let outcome = check(&optum.file("medical"), without, BLOCK).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(outcome.context.ledger.in_scope, 3, "the stay cannot be seen");
    let twice = Library::shipped().expect("layouts").joining(&tables(&[("a", Path::new("x")), ("a", Path::new("y"))]));
    assert!(twice.expect_err("twice").contains("given twice"));
}

#[test]
fn a_claim_row_is_joined_to_its_lines() {
    let (lines, claims) = (at(RELATIONAL).join("edi837-lines.csv"), at(RELATIONAL).join("edi837-claims.csv"));
    let outcome = check(&lines, library(&[("header", &claims)]), BLOCK).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        columns(
            &outcome,
            "services.csv",
            &[
                "source_line",
                "claim_id",
                "product_class",
                "setting",
                "procedure_code",
                "diagnoses_considered",
                "status"
            ]
        ),
        [
            "2 1900007005|PC-11 commercial-managed-care outpatient 22514 M8008XA clear",
            "4 1900009007|PC-12 commercial-managed-care inpatient 0QU03JZ M8008XA clear",
            "5 1900007005|PC-13 commercial-ppo-indemnity outpatient 22513 M4854XA clear",
        ]
    );
    // The last line matches no claim row, so it has no claim number and is rejected.
    let rejects = outcome.context.inputs[0].rejects.all().expect("they are in memory");
    let [reject] = rejects.as_slice() else { panic!("{rejects:?}") };
    let text = std::fs::read_to_string(&lines).expect("a text");
    assert_eq!((reject.line, reject.reason), (6, Reason::NoClaimId));
    assert!(text.as_bytes()[reject.offset.expect("a text") as usize..].starts_with(&reject.raw), "{reject:?}");
    assert_eq!(text.lines().nth(5).map(str::as_bytes), Some(reject.raw.as_slice()));
    assert!(outcome.context.ledger.adds_up());
    let summary: serde_json::Value = serde_json::from_str(&table(&outcome, "summary.json")).expect("JSON");
    assert_eq!(summary["inputs"][0]["joined"]["header"], claims.display().to_string());
    assert!(table(&outcome, "report.html").contains("edi837-claims.csv"));

    let dir = tempfile::tempdir().expect("a directory");
    let twice = dir.path().join("claims.csv");
    let text = std::fs::read_to_string(&claims).expect("a text");
    let again = text.lines().find(|l| l.starts_with("12,")).expect("claim 12");
    std::fs::write(&twice, format!("{text}{again}\n")).expect("written");
    let message = check(&lines, library(&[("header", &twice)]), BLOCK).map(|_| ()).expect_err("twice").to_string();
    assert!(message.contains("claims.csv: line 6: --join header: the key of line 3 again"), "{message}");
    let message = check(&lines, library(&[]), BLOCK).map(|_| ()).expect_err("lines alone").to_string();
    assert!(message.contains("header.PrincipalDiagnosis (--join header=FILE brings it)"), "{message}");
}

#[test]
fn joined_tables_apply_to_several_extracts_and_to_a_pipe() {
    let optum = Optum::new();
    let wanted = ["claim_id", "procedure_code", "diagnoses_considered", "status", "rules"];
    let judged = optum.check(BLOCK).unwrap_or_else(|e| panic!("{e}"));
    let whole_services = columns(&judged, "services.csv", &wanted);
    let text = optum.text("medical");
    let (head, rows) = text.split_once('\n').expect("rows");
    let (first, second): (Vec<_>, Vec<_>) = rows.lines().enumerate().partition(|(i, _)| i % 2 == 0);
    let half = |rows: &[(usize, &str)]| {
        let rows: Vec<_> = rows.iter().map(|(_, row)| *row).collect();
        format!("{head}\n{}\n", rows.join("\n")).into_bytes()
    };
    let texts = [half(&first), half(&second)];
    // A source in memory is read like a pipe: once, in order, of unknown length.
    let open = |name: &str| Source::from_bytes(name, texts[usize::from(name == "second")].clone());
    for (names, block) in [(["first", "second"], BLOCK), (["first", "second"], 7), (["second", "first"], 64)] {
        let halves =
            self::judged(&names.map(str::to_owned), &open, &optum.library(), block).unwrap_or_else(|e| panic!("{e}"));
        let mut services = columns(&halves, "services.csv", &wanted);
        let mut want = whole_services.clone();
        services.sort();
        want.sort();
        assert_eq!(services, want, "{names:?}, blocks of {block}");
        assert_eq!(halves.context.ledger, judged.context.ledger);
    }
}

#[test]
fn slots_take_the_cells_of_a_joined_table() {
    let layout = r#"
name = "slots-and-diagnoses"
title = "two services a row, diagnoses in a file of their own"
source = "this test"
valid = "2024"
slots = 2
[[join]]
table = "diagnosis"
key = "CLAIM"
to = "CLAIM"
codes = { column = "DX", as = "DX{1..3}" }
[columns]
claim_id = "CLAIM"
line_number = "{slot}"
member_id = "MEMBER"
product = "PLAN"
place_of_service = "POS"
service_date = "DATE"
procedure_code = "CODE_{slot}"
paid_amount = "PAID_{slot}"
diagnosis = "DX{1..3}"
"#;
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("written");
        dir.path().join(name)
    };
    let claims = file(
        "claims.csv",
        "CLAIM,MEMBER,PLAN,POS,DATE,CODE_1,PAID_1,CODE_2,PAID_2\n\
         C1,M1,PPO,22,2024-03-05,22514,10,22515,5\nC2,M2,PPO,22,2024-03-05,99213,1,,\nC3,M3,PPO,22,2024-03-05,,,22513,7\n",
    );
    let diagnoses = file("dx.csv", "CLAIM,DX\nC3,M545\nC1,M8008XA\nC2,I10\nC1,M810\n");
    let layout = Layout::load("test.toml", layout).unwrap_or_else(|e| panic!("{e}"));
    let library =
        Library::only(layout.chosen()).joining(&tables(&[("diagnosis", &diagnoses)])).expect("the table is known");
    for block in [1, 16, BLOCK] {
        let outcome = check(&claims, library.clone(), block).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            columns(
                &outcome,
                "services.csv",
                &[
                    "source_line",
                    "line_number",
                    "procedure_code",
                    "diagnoses_considered",
                    "necessity",
                    "amount_at_risk"
                ]
            ),
            [
                "2 1 22514 M8008XA;M810 supported ",
                "2 2 22515 M8008XA;M810 supported ",
                "4 2 22513 M545 not-supported 7.00"
            ],
            "blocks of {block}"
        );
        let ledger = outcome.context.ledger;
        assert_eq!((ledger.rows, ledger.in_scope, ledger.out_of_scope), (3, 2, 1));
    }
}
