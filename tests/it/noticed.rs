//! Tests what the reader and the run notice although every row can be read: the same text in other bytes, rows that are shifted against
//! their header, `sep=` lines that are wrong, rows that were skipped, columns of decorated codes, and line ends of other files.

use std::io::Write as _;

use claimlint::warning::WarningKind;

use crate::cli::{CLEAR, DENY, HEAD, TestDir, checked, refused};
use crate::kit::{Inputs, flowed};
use crate::warnings::{of, of_report};

/// A layout with a table of diagnoses.
const JOINED: &str = "name = \"joined\"\n[columns]\nclaim_id = \"claim_id\"\nservice_date = \"service_date\"\nprocedure_code = \"procedure_code\"\n\
                  diagnosis = \"D{1..2}\"\n[[join]]\ntable = \"dx\"\nkey = \"claim_id\"\nto = \"claim_id\"\n\
                  codes = { column = \"diag\", as = \"D{1..2}\" }\n";

#[test]
fn the_same_text_in_other_bytes_is_not_read_twice() {
    let rows: String = (0..200).map(|n| DENY.replace("C4", &format!("C{n}")).replace("M4", "Zoë")).collect();
    let text = format!("{HEAD}{rows}");
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", &text);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).expect("memory takes it");
    let utf16 = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let copies: [(&str, Vec<u8>); 8] = [
        ("a.csv.gz", gzip.finish().expect("memory takes it")),
        ("a.csv.zst", zstd::encode_all(text.as_bytes(), 1).expect("memory takes it")),
        ("crlf.csv", text.replace('\n', "\r\n").into_bytes()),
        ("cr.csv", text.replace('\n', "\r").into_bytes()),
        ("mark.csv", format!("\u{feff}{text}").into_bytes()),
        ("utf-16.csv", utf16),
        ("latin-1.csv", text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect()),
        ("no-end.csv", text.trim_end().as_bytes().to_vec()),
    ];
    for (name, bytes) in copies {
        dir.put(name, bytes);
        for files in [["claims.csv", name], [name, "claims.csv"]] {
            let output = refused(&dir, &files);
            assert!(output.contains(&format!("{}: holds the same text as {}", files[1], files[0])), "{output}");
            assert!(!dir.at("claimlint-report").exists(), "{name}");
        }
    }
    // As many rows in scope, and a last one that differs.
    dir.put("other.csv", text.replace("C199,", "D199,").replace('\n', "\r\n"));
    assert!(checked(&dir, &["claims.csv", "other.csv"]).out.contains("400 rows = "));
    // Rejected rows alone are no duplicates.
    dir.put("one.csv", format!("{HEAD}C1\n"));
    dir.put("two.csv", format!("{HEAD}C1\r\n"));
    checked(&dir, &["claims.csv", "one.csv", "two.csv"]);
}

#[test]
fn a_line_sep_that_the_header_contradicts_is_answered_with_the_flag() {
    let dir = TestDir::with(&[]);
    for (text, says) in [
        (format!("sep=;\n{HEAD}{DENY}"), "the delimiter is semicolon, and its header is separated by comma"),
        (format!("\u{feff}\"sep=,\"\n{}", format!("{HEAD}{DENY}").replace(',', "\t")), "by tab"),
    ] {
        dir.put("sep.csv", text);
        let output = refused(&dir, &["sep.csv"]);
        assert!(output.contains(says) && output.contains("give --skip-lines 1"), "{output}");
        let shown = flowed(&dir.run(&["inspect", "sep.csv"]).success());
        assert!(shown.contains(says) && shown.contains("give --skip-lines 1"), "{shown}");
        assert!(shown.contains("claim_id") && shown.contains("data from line 3"), "{shown}");
        assert!(checked(&dir, &["sep.csv", "--skip-lines", "1"]).out.contains("1 row = 1 in scope"));
    }
    // The same where no name is known, and in a file of authorizations.
    dir.put("sep.csv", "sep=;\na,b,c\n1,2,3\n");
    assert!(refused(&dir, &["sep.csv"]).contains("give --skip-lines 1"));
    let shown = flowed(&dir.run(&["inspect", "sep.csv"]).out);
    assert!(shown.contains("delimiter comma") && shown.contains("3 columns"), "{shown}");
    dir.put("claims.csv", format!("{HEAD}{DENY}"));
    dir.put("auths.csv", "sep=;\nauthorization_number,status\nA-1,approved\n");
    let output = refused(&dir, &["claims.csv", "--auths", "auths.csv"]);
    assert!(output.contains("its header is separated by comma; leave out that line"), "{output}");
    dir.put("dx.csv", "sep=;\nclaim_id,diag\nC4,M48.56XA\n");
    dir.put("l.toml", JOINED);
    let output = refused(&dir, &["claims.csv", "--layout", "l.toml", "--join", "dx=dx.csv"]);
    assert!(output.contains("is separated by comma; leave out that line, or write skip_lines = 1"), "{output}");
    dir.put("l.toml", format!("{JOINED}skip_lines = 1\n"));
    checked(&dir, &["claims.csv", "--layout", "l.toml", "--join", "dx=dx.csv"]);
    // A line that is right is passed over, also after a preamble that is skipped.
    dir.put("sep.csv", format!("sep=;\n{}", format!("{HEAD}{DENY}").replace(',', ";")));
    assert!(checked(&dir, &["sep.csv"]).out.contains("1 row = 1 in scope"));
    dir.put("sep.csv", format!("sep=,\nClaims of March\n{HEAD}{DENY}"));
    assert!(refused(&dir, &["sep.csv"]).contains("its header is on line 3, after a preamble: give --skip-lines 2"));
    assert!(checked(&dir, &["sep.csv", "--skip-lines", "2"]).out.contains("1 row = 1 in scope"));
}

#[test]
fn rows_that_are_shifted_against_the_header_are_a_warning() {
    let names = "claim_id,admission_date,service_date,procedure_code,diagnosis_1,product,paid_amount";
    let row = |n: usize| format!("C{n},2024-03-04,2024-03-05,22514,M48.56XA,HMO,2500.00");
    let text = |head: &str, row: &dyn Fn(usize) -> String| {
        format!("{head}\n{}", (1..=20).map(|n| row(n) + "\n").collect::<String>())
    };
    let shifted = |text: String| of(Inputs::one(text)).into_iter().filter(|w| w.starts_with("cells-unlike")).collect();
    let none: Vec<String> = Vec::new();
    assert_eq!(shifted(text(names, &row)), none);
    // An index before each row, and no last cell: the day of admission is in the place of the day of service.
    let to_the_right = |n: usize| format!("{n},{}", row(n).rsplit_once(',').expect("cells").0);
    assert_eq!(shifted(text(names, &to_the_right)), ["cells-unlike-field procedure_code, paid_amount 40 40"]);
    // A name before the others that the rows do not have, and a delimiter at their end.
    let to_the_left = |n: usize| format!("{},", row(n));
    let names = "claim_id,note,service_date,procedure_code,diagnosis_1,product,paid_amount,x";
    let warned: Vec<String> = shifted(text(names, &to_the_left));
    assert_eq!(warned, none, "the day of service is in its place");
    let names = "index,claim_id,service_date,procedure_code,diagnosis_1,product,paid_amount,x";
    let warned: Vec<String> =
        shifted(text(names, &|n| format!("C{n},2024-03-04,2024-03-05,22514,M48.56XA,HMO,2500.00,")));
    assert_eq!(warned, ["cells-unlike-field claim_id 20 20"]);
}

#[test]
fn skipped_rows_are_said() {
    let dir = TestDir::with(&[CLEAR, DENY]);
    let output = checked(&dir, &["claims.csv", "--comment", "C"]);
    assert!(
        output.err.contains("no rows: 2 lines were skipped") && !output.err.contains("a header and no rows"),
        "{}",
        output.err
    );
    assert_eq!(of_report(&dir, "report"), ["all-skipped 2"]);
    let output = checked(&dir, &["claims.csv", "--comment", "C4"]);
    assert!(output.err.contains("1 line was skipped because of its prefix"), "{}", output.err);
    assert_eq!(of_report(&dir, "report"), ["skipped-rows 3 1"]);
    // A comment with fewer cells is meant to be one, and a trailer is said by the layout.
    dir.put("claims.csv", format!("{HEAD}# a, b\n{CLEAR}#\n"));
    checked(&dir, &["claims.csv", "--comment", "#"]);
    assert!(of_report(&dir, "report").is_empty());
    dir.put("claims.csv", format!("{HEAD}{CLEAR}TR,1,,,,,,,\n"));
    dir.put("l.toml", "extends = \"canonical\"\n[trailer]\nprefix = \"TR\"\nrows = 2\n");
    checked(&dir, &["claims.csv", "--layout", "l.toml"]);
    assert!(of_report(&dir, "report").is_empty());
    // The lines before the rows of a layout with names by position may be rows.
    let names: Vec<String> = HEAD.trim_end().split(',').map(|name| format!("{name:?}")).collect();
    dir.put("l.toml", format!("extends = \"canonical\"\nheader = [{}]\nskip_lines = 2\n", names.join(", ")));
    dir.put("claims.csv", format!("{CLEAR}{DENY}"));
    checked(&dir, &["claims.csv", "--layout", "l.toml"]);
    assert_eq!(of_report(&dir, "report"), ["all-skipped 2"]);
    dir.put("claims.csv", format!("{HEAD}{CLEAR}"));
    dir.put("auths.csv", "authorization_number,status\n");
    let output = checked(&dir, &["claims.csv", "--auths", "auths.csv"]);
    assert!(output.err.contains("auths.csv: a header and no rows"), "{}", output.err);
}

#[test]
fn columns_of_decorated_codes_are_said_without_their_names() {
    let dir = TestDir::with(&[]);
    for (cells, want) in [
        (["ABK:M4854XA", "ABF:C9000"], "diagnosis 10 (AAAAAAAAAA) 2 2"),
        (["\"[\"\"M4854XA\"\",\"\"C9000\"\"]\"", "[]"], "diagnosis 10 (AAAAAAAAAA) 1 2"),
        (["M4854XA|C9000", "M8008XA^I10"], "diagnosis 10 (AAAAAAAAAA) 2 2"),
        (["BBR:0PU43JZ:D8:20240305", ""], "icd_procedure 10 (AAAAAAAAAA) 1 1"),
        (["HC:22513:59", "22514-RT"], "procedure_code 10 (AAAAAAAAAA) 2 2"),
    ] {
        let head = HEAD.replace('\n', ",SurpriseXy\n");
        let rows = [CLEAR, DENY].iter().zip(cells).map(|(row, cell)| row.replace('\n', &format!(",{cell}\n")));
        dir.put("claims.csv", head + &rows.collect::<String>());
        let output = checked(&dir, &["claims.csv", "--log", "json"]);
        assert_eq!(of_report(&dir, "report"), [format!("unused-column {want}")]);
        for file in ["summary.json", "summary.txt", "summary.md", "report.html"] {
            let text = std::fs::read_to_string(dir.at("report").join(file)).expect("a report");
            assert!(!text.contains("SurpriseXy"), "{file}");
        }
        assert!(!output.err.contains("SurpriseXy"), "{}", output.err);
    }
}

#[test]
fn a_layout_that_can_read_no_extract_is_refused_by_the_check() {
    let dir = TestDir::with(&[CLEAR]);
    let columns = "[columns]\nclaim_id = \"claim_id\"\nservice_date = \"service_date\"\n";
    for (text, says) in [
        (columns.to_owned(), "no column for procedure_code or icd_procedure, diagnosis"),
        (
            format!("require = [\"units\"]\n{columns}procedure_code = \"p\"\ndiagnosis = \"d{{1..2}}\"\n"),
            "no column for units",
        ),
        (
            format!(
                "header = [\"claim_id\", \"service_date\", \"x\", \"y\"]\n{columns}procedure_code = \"p\"\ndiagnosis = \"d{{1..2}}\"\n"
            ),
            "procedure_code (or icd_procedure_1): looked for p",
        ),
    ] {
        dir.put("l.toml", text);
        let output = flowed(&dir.run(&["layout", "check", "l.toml"]).refused());
        assert!(output.contains("the layout cannot be used") && output.contains(says), "{output}");
        let output = refused(&dir, &["claims.csv", "--layout", "l.toml"]);
        assert!(!output.contains("looked for \n") && !output.contains("looked for diagnosis"), "{output}");
    }
    dir.put("l.toml", columns);
    let output = refused(&dir, &["claims.csv", "--layout", "l.toml"]);
    assert!(output.contains("diagnosis_1: the layout names no column for it"), "{output}");
    for text in [
        format!("extends = \"canonical\"\n{columns}"),
        format!("{columns}icd_procedure = \"i{{1..3}}\"\ndiagnosis = \"d{{1..2}}\"\n"),
    ] {
        dir.put("l.toml", text);
        assert!(dir.run(&["layout", "check", "l.toml"]).success().contains("a layout that can be used"));
    }
}

#[test]
fn rows_of_other_files_that_end_otherwise_are_refused_with_the_same_sentence() {
    let dir = TestDir::with(&[DENY]);
    dir.put("l.toml", JOINED);
    let (auth, code) = ("A1,M4,22514,approved,2024-01-01,2024-12-31,1\n", "C4,M48.56XA\n");
    for (end, name) in
        [("\r", "a CR"), ("\u{85}", "NEL"), ("\u{b}", "the vertical tab"), ("\u{1e}", "the record separator")]
    {
        // The first row is as it should be, so that only the later ones show it.
        let with = |head: &str, row: &str| format!("{head}\r\n{row}{}\r\n", [row.trim_end(); 3].join(end));
        dir.put(
            "auths.csv",
            with("authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units", auth),
        );
        let output = refused(&dir, &["claims.csv", "--auths", "auths.csv"]);
        assert!(output.contains("auths.csv: its lines end in two ways: line 3") && output.contains(name), "{output}");
        dir.put("dx.csv", with("claim_id,diag", code));
        let output = refused(&dir, &["claims.csv", "--layout", "l.toml", "--join", "dx=dx.csv"]);
        assert!(output.contains("dx.csv: its lines end in two ways: line 3") && output.contains(name), "{output}");
    }
}

#[test]
fn a_missing_file_with_a_bracket_in_its_name_is_told_as_that() {
    let dir = TestDir::with(&[DENY]);
    let output = refused(&dir, &["claims[1.csv"]);
    assert!(output.contains("claims[1.csv: no such file exists") && output.contains("write [[]"), "{output}");
    dir.put("claims[1.csv", format!("{HEAD}{DENY}"));
    assert!(checked(&dir, &["claims[1.csv"]).out.contains("1 row = 1 in scope"));
}

/// Who reads an extract of a public source by the layout of that source knows which of its diagnoses are not read.
#[test]
fn extracts_of_shipped_layouts_have_no_unknown_columns_of_codes() {
    let extracts = std::fs::read_dir(crate::kit::at("fixtures/extracts")).expect("a directory");
    let names = extracts.map(|entry| entry.expect("an entry").path());
    let claims: Vec<_> = names.filter(|path| path.extension().is_some_and(|end| end == "csv")).collect();
    assert!(claims.len() > 3, "{claims:?}");
    for path in claims.iter().filter(|path| !path.display().to_string().contains("authorizations")) {
        let Ok(outcome) = Inputs::one(std::fs::read(path).expect("it is there")).run() else { continue };
        let mut kinds = outcome.context.warnings.iter().map(|warning| warning.kind);
        assert!(!kinds.any(|kind| kind == WarningKind::UnusedColumn), "{}", path.display());
    }
}

/// An extract of so many services, each of a claim and a member of its own, and then as `change` makes it.
fn services(rows: usize, change: impl Fn(usize, &mut Vec<String>)) -> String {
    let row = |n: usize| {
        let mut cells: Vec<String> = CLEAR.trim_end().split(',').map(str::to_owned).collect();
        cells[0] = format!("C{n}");
        cells[1] = format!("M{n}");
        change(n, &mut cells);
        cells.join(",") + "\n"
    };
    HEAD.to_owned() + &(0..rows).map(row).collect::<String>()
}

#[test]
fn a_column_that_no_service_fills_is_a_warning() {
    for (column, name) in
        [(1, "member_id"), (2, "product"), (4, "service_date"), (6, "diagnosis"), (7, "authorization_number")]
    {
        let want = format!("empty-column {name} 20");
        let of_blank = |rows, filled: Option<usize>| {
            let blank = |n, cells: &mut Vec<String>| {
                if filled != Some(n) {
                    cells[column].clear();
                }
            };
            of(Inputs::one(services(rows, blank)))
        };
        assert_eq!(of_blank(20, None), [want.as_str()]);
        // One value shows that the column is the one that is meant.
        assert!(of_blank(20, Some(19)).is_empty() && of_blank(19, None).is_empty(), "{name}");
        // A column that is not there has a note, and rows that are no services may be empty.
        let absent = services(20, |_, cells| cells[column].clear())
            .replace(HEAD.split(',').nth(column).expect("a name"), "other");
        if column != 4 && column != 6 {
            assert!(of(Inputs::one(absent)).is_empty(), "{name}");
        }
        let others = |n: usize, cells: &mut Vec<String>| {
            if n > 0 {
                cells[5] = "99213".to_owned();
                cells[column].clear();
            }
        };
        assert!(of(Inputs::one(services(40, others))).is_empty(), "{name}");
    }
    let with_npi = services(20, |_, cells| cells.push(String::new()));
    let with_npi = with_npi.replacen("paid_amount", "paid_amount,billing_npi", 1);
    assert_eq!(of(Inputs::one(with_npi)), ["empty-column billing_npi 20"]);
}

#[test]
fn columns_of_each_extract_are_looked_at_and_a_mask_changes_nothing() {
    let dir = TestDir::with(&[]);
    let blank = |_: usize, cells: &mut Vec<String>| cells[7].clear();
    dir.put("a.csv", services(30, blank));
    dir.put("b.csv", services(30, |_, cells| cells[0].push('b')));
    dir.put("c.csv", services(25, |n, cells| blank(n, cells)).replace("\nC", "\nX"));
    dir.put("mask.key", "0123456789abcdef0123456789abcdef");
    for more in [&[][..], &["--mask", "mask.key"], &["--mask", "mask.key", "--mask-dates", "month"]] {
        let output = checked(&dir, &[&["a.csv", "b.csv", "c.csv"], more].concat());
        let all = of_report(&dir, "report");
        assert_eq!(all, ["empty-column authorization_number 55"], "{more:?} {}", output.err);
        let said = flowed(&output.err);
        assert!(
            said.contains("a.csv and 1 more file: the column for authorization_number is empty on all 55 rows with services, so no service has an authorization number"),
            "{said}"
        );
    }
}

#[test]
fn rows_without_a_claim_number_that_would_be_checked_are_a_warning() {
    let blank_of = |most: usize| {
        move |n: usize, cells: &mut Vec<String>| {
            if n < most {
                cells[0].clear();
            }
        }
    };
    let others = CLEAR.replace("22514", "99213").repeat(100);
    let run = |rows, blank| of(Inputs::one(services(rows, blank_of(blank)) + &others));
    assert_eq!(run(30, 30), ["no-claim-numbers claim_id 30 30"]);
    assert_eq!(run(199, 20), ["no-claim-numbers claim_id 20 199"]);
    assert!(run(200, 20).is_empty() && run(40, 19).is_empty());
    // Of few rows, all.
    assert!(run(3, 1).is_empty());
    assert_eq!(run(2, 2), ["no-claim-numbers claim_id 2 2"]);
}
