//! Tests control totals: the rows and charges that were announced for an extract, by option or trailer record, are compared
//! with those read, and a difference ends the run without a report.

use std::fs;
use std::io::Write as _;

use proptest::prelude::*;

use claimlint::claim::Sum;
use claimlint::claim::store::BATCH_LINES;
use claimlint::ingest::layout::detect;
use claimlint::ingest::{BLOCK, Layout, Library, Source};
use claimlint::run::{Expect, Setup, Unwatched, run};

use crate::cli::TestDir;
use crate::kit::{POLICY, config};

const HEAD: &str = "claim_id,service_date,procedure_code,diagnosis_1,charge_amount,note\n";

/// Rows in scope and out of it: 100.25, (50.00), nothing, $1,000.00, 0.10.
const ROWS: &str = "C1,2024-03-05,22514,M48.56XA,100.25,\nC2,2024-03-05,99213,M54.5,(50.00),\nC3,2024-03-05,99213,M54.5,,\n\
                    C4,2024-03-05,99213,M54.5,\"$1,000.00\",\nC5,2024-03-05,22514,M48.56XA,.10,\"two\nlines\"\n";

const LAYOUT: &str = "name = \"mine\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n[columns]\nclaim_id = \"claim_id\"\n\
                      service_date = \"service_date\"\nprocedure_code = \"procedure_code\"\ndiagnosis = [\"diagnosis_1\"]\n\
                      charge_amount = \"charge_amount\"\n[trailer]\nprefix = \"TR,\"\nrows = 2\namount = 3\n";

fn working_dir(text: &str) -> TestDir {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", text);
    dir.put("mine.toml", LAYOUT);
    dir
}

#[test]
fn expected_figures_are_compared_with_all_rows() {
    let dir = working_dir(&format!("{HEAD}{ROWS}"));
    for (rows, amount, code) in [
        ("5", "1050.35", 0),
        ("5", "105035", 0),
        ("5", "$1,050.35", 0),
        ("4", "1050.35", 2),
        ("6", "1050.35", 2),
        ("5", "1050.36", 2),
        ("5", "1050", 2),
    ] {
        let args = ["check", "claims.csv", "--expect-rows", rows, "--expect-amount", amount, "--out", "r", "--force"];
        let output = dir.run(&args);
        assert_eq!(output.code, Some(code), "{rows} {amount}: {}", output.err);
        assert_eq!(dir.at("r").exists(), code == 0);
        if code == 0 {
            fs::remove_dir_all(dir.at("r")).expect("ours");
        }
    }
    let both = dir.run(&["check", "claims.csv", "--expect-rows", "7", "--expect-amount", "0.35"]).refused();
    for part in [
        "--expect-rows 7: 7 rows are expected and 5 were read, 2 missing",
        "--expect-amount 0.35: charges of 0.35 are expected and 1050.35 were read, a difference of 1050.00",
        "complete copy",
    ] {
        assert!(both.contains(part), "{part}: {both}");
    }
    assert_eq!(dir.names(), ["claims.csv", "mine.toml"]);
    for odd in ["12.345", "1,050", "$1050"] {
        assert_eq!(dir.run(&["check", "claims.csv", "--expect-amount", odd]).code, Some(2), "{odd}");
    }
    // A sum beyond 64 bits of cents.
    let most = "90000000000000000.00";
    dir.put("most.csv", format!("{HEAD}C1,2024-03-05,99213,M54.5,{most},\nC2,2024-03-05,99213,M54.5,{most},\n"));
    for (amount, code) in [("180000000000000000.00", 0), ("18000000000000000000", 0), ("180000000000000000.01", 2)] {
        let output = dir.run(&["check", "most.csv", "--expect-amount", amount, "--out", "r", "--force", "-q"]);
        assert_eq!(output.code, Some(code), "{amount}: {}", output.err);
    }
    let cents = dir.run(&["check", "most.csv", "--expect-amount", "180000000000000000"]).refused();
    assert!(cents.contains("in cents: for dollars write 180000000000000000.00"), "{cents}");
    fs::remove_dir_all(dir.at("r")).expect("ours");
    fs::remove_file(dir.at("most.csv")).expect("ours");
    // Several extracts are one sum.
    dir.put("more.csv", format!("{HEAD}C9,2024-03-05,99213,M54.5,1.00,\n"));
    dir.run(&["check", "claims.csv", "more.csv", "--expect-rows", "6", "--expect-amount", "1051.35", "-q"]).success();
}

#[test]
fn charges_left_out_of_the_sum_are_counted_in_the_message() {
    let dir = working_dir(&format!("{HEAD}{ROWS}C6,2024-03-05,99213,M54.5,soon,\nC7,short\n"));
    let output = dir.run(&["check", "claims.csv", "--expect-amount", "1060.35"]).refused();
    assert!(output.contains("1050.35 were read") && output.contains("2 rows are not in it"), "{output}");
    assert!(output.contains("the first such charge on line 8 of claims.csv"), "{output}");
    dir.put("claims.csv", "claim_id,service_date,procedure_code,diagnosis_1\nC1,2024-03-05,22514,M48.56XA\n");
    let none = dir.run(&["check", "claims.csv", "--expect-amount", "5"]).refused();
    assert!(none.contains("has no charge_amount column"), "{none}");
}

#[test]
fn a_trailer_record_is_compared_with_its_extract() {
    let good = format!("{HEAD}{ROWS}TR,5,1050.35\n");
    let dir = working_dir(&good);
    let check = |says: &str| {
        let output = dir.run(&["check", "claims.csv", "--layout", "mine.toml", "--out", "r"]);
        if says.is_empty() {
            assert_eq!(output.code, Some(0), "{}", output.err);
            let summary = fs::read_to_string(dir.at("r/summary.json")).expect("a report");
            assert!(summary.contains("\"rows\": 5"), "the trailer is no row: {summary}");
            fs::remove_dir_all(dir.at("r")).expect("ours");
        } else {
            let err = output.refused();
            assert!(err.contains(says), "{says}: {err}");
            assert_eq!(dir.names(), ["claims.csv", "mine.toml"]);
        }
    };
    for (text, says) in [
        (good.clone(), ""),
        (good.trim_end().to_owned(), ""),
        (good.replace("TR,5,", "TR,\"0005\","), ""),
        (good.replace('\n', "\r\n"), ""),
        (good.replace("TR,5,", "TR,6,"), "line 8: the trailer record: 6 rows are expected and 5 were read, 1 missing"),
        (
            good.replace("TR,5,1050.35", "TR,5,1050.36"),
            "line 8: the trailer record: charges of 1050.36 are expected and 1050.35",
        ),
        (good.replace("TR,5,", "TR,-5,"), "line 8: field 2 of the trailer record holds no number of rows"),
        (good.replace("TR,5,1050.35", "TR,x,1050.35"), "line 8: field 2 of the trailer record holds no number of rows"),
        (good.replace("TR,5,1050.35", "TR,5,-"), "line 8: field 3 of the trailer record holds no amount"),
        (
            format!("{HEAD}{ROWS}"),
            "has no trailer record, and layout mine ends with one that begins with \"TR,\": was the file cut",
        ),
        (format!("{good}{good}"), "a second trailer record, after that of line 8"),
    ] {
        dir.put("claims.csv", text);
        check(says);
    }
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(good.as_bytes()).expect("memory");
    for packed in [gz.finish().expect("memory"), zstd::encode_all(good.as_bytes(), 1).expect("memory")] {
        dir.put("claims.csv", packed);
        check("");
    }
}

#[test]
fn a_footer_in_words_can_be_a_trailer_record() {
    let dir = working_dir(&format!("{HEAD}{ROWS}\n(5 rows affected)\n"));
    dir.put("mine.toml", LAYOUT.replace("\"TR,\"\nrows = 2\namount = 3", "\"(\"\nrows = 1"));
    dir.run(&["check", "claims.csv", "--layout", "mine.toml", "-q"]).success();
    dir.put("claims.csv", format!("{HEAD}{ROWS}\n(2075 rows affected)\n"));
    let output = dir.run(&["check", "claims.csv", "--layout", "mine.toml", "-q"]).refused();
    assert!(output.contains("2075 rows are expected and 5 were read, 2070 missing"), "{output}");
}

#[test]
fn a_faulty_trailer_table_is_refused() {
    for (trailer, says) in [
        ("prefix = \"\"\nrows = 2", "begins with a text of its own"),
        ("prefix = \"TR\"", "`trailer.rows` is missing"),
        ("rows = 2", "`trailer.prefix` is missing"),
        ("prefix = \"TR\"\nrows = 0", "from 1 to 1000"),
        ("prefix = \"TR\"\nrows = 2\nsum = 3", "`trailer.sum` is not known"),
    ] {
        let text = LAYOUT.replace("prefix = \"TR,\"\nrows = 2\namount = 3", trailer);
        let output = Layout::load("mine.toml", &text).expect_err(says).to_string();
        assert!(output.contains(says), "{says}: {output}");
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// The sum and the trailer do not depend on the block size, even with quoted line breaks and damage.
    #[test]
    fn totals_do_not_depend_on_blocks(
        rows in prop::collection::vec((0..4usize, 0..100_000u32), 0..30),
        block in 1..200usize,
    ) {
        let count = rows.len() as u64;
        let mut cents = 0u64;
        let lines = rows.into_iter().enumerate().map(|(n, (kind, amount))| {
            let shown = format!("{}.{:02}", amount / 100, amount % 100);
            let code = if kind == 0 { "22514" } else { "99213" };
            let note = if kind == 2 { "\"TR,1,1\nTR,2\"" } else { "" };
            if kind == 3 {
                return "short,row\n".to_owned();
            }
            cents += u64::from(amount);
            format!("C{n},2024-03-05,{code},M48.56XA,{shown},{note}\n")
        });
        let lines = lines.collect::<String>();
        let text = format!("{HEAD}{lines}TR,{count},{cents}\n");
        let library = Library::only(Layout::load("mine.toml", LAYOUT).expect("valid"));
        let good = |text: &str, amount: u64, block| {
            let expect = Expect { rows: Some(count), amount: Some(Sum(amount.into())) };
            let setup = Setup { policy: POLICY.clone(), library: library.clone(), authorizations: None, expect, block, part: BATCH_LINES, memory: None };
            run(&["claims.csv".to_owned()], &|name| Source::from_bytes(name, text.as_bytes().to_vec()), setup, &Unwatched)
                .map(|run| run.context.ledger.rows)
                .map_err(|e| e.to_string())
        };
        // More than half damaged rows, and ten of them, are refused for that.
        let whole = good(&text, cents, BLOCK);
        prop_assume!(!matches!(&whole, Err(e) if e.contains("cannot be read")));
        prop_assert_eq!(&whole, &Ok(count));
        prop_assert_eq!(good(&text, cents, block), whole);
        prop_assert!(good(&text, cents + 1, block).expect_err("a cent").contains("--expect-amount"));
        let source = Source::from_bytes("x", text.into_bytes()).expect("text");
        prop_assert!(detect::detect(&source, &library).is_ok());
    }
}
