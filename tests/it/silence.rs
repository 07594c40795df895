//! Tests what must not pass in silence when files are read: line ends of two kinds, parts that are empty or given twice, bytes
//! that were left out, names with invisible characters, and first lines that may be rows.

use std::io::Write as _;

use crate::cli::{CommandOutput, DENY, HEAD, TestDir, checked, refused};

/// The table of a joined layout.
const LAYOUT: &str = "name = \"joined\"\ntitle = \"x\"\nsource = \"x\"\nvalid = \"2024\"\n[columns]\nclaim_id = \"claim_id\"\n\
    service_date = \"service_date\"\nprocedure_code = \"procedure_code\"\ndiagnosis = \"D{1..2}\"\n[[join]]\ntable = \"dx\"\n\
    key = \"claim_id\"\nto = \"claim_id\"\ncodes = { column = \"diag\", as = \"D{1..2}\" }\n";

const AUTHS: &str = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n";

#[test]
fn rows_that_end_otherwise_than_the_header_are_never_one_row() {
    let rows = format!("{DENY}{}", DENY.replace("C4", "C5"));
    let quoted = rows.replace("C4", "\"C4\"").replace("C5", "\"C5\"").replace("2500.00", "\"2500.00\"");
    let dir = TestDir::with(&[]);
    let in_cr = |text: &str| text.replace('\n', "\r");
    for (name, text) in [
        ("header", format!("\n{}{rows}", HEAD.replacen(',', "\r,", 1))),
        ("header that a CR cuts", HEAD.replacen(',', "\r,", 1) + &rows),
        ("rows", HEAD.to_owned() + &in_cr(&rows)),
        ("quoted rows", HEAD.to_owned() + &in_cr(&quoted) + "\n"),
        ("rows after CRLF", HEAD.replace('\n', "\r\n") + &in_cr(&rows) + "\n"),
        (
            "rows of a later part",
            HEAD.to_owned() + &DENY.repeat(40) + &in_cr(&rows.repeat(2)) + "\n" + &DENY.repeat(40),
        ),
        ("rows of the last part", HEAD.to_owned() + &DENY.repeat(40) + &in_cr(&rows.repeat(2))),
        ("quoted rows of a later part", HEAD.to_owned() + &DENY.repeat(40) + &in_cr(&quoted.repeat(2)) + "\n"),
        ("rows in vertical tabs", HEAD.to_owned() + &rows.replace('\n', "\u{b}")),
        ("rows in NEL", HEAD.to_owned() + &DENY.repeat(40) + &rows.replace('\n', "\u{85}")),
        ("rows in line separators", HEAD.replace('\n', "\r") + &rows.replace('\n', "\u{2028}")),
        ("rows in record separators", HEAD.replace('\n', "\r\n") + &rows.replace('\n', "\u{1e}") + &DENY.repeat(40)),
    ] {
        dir.put("claims.csv", text);
        let output = refused(&dir, &["claims.csv"]);
        assert!(output.contains("its lines end in two ways"), "{name}: {output}");
    }
    // One CR between two rows is damage of that line, however it ends.
    for end in ["\n", "\r\n", "\r", ""] {
        dir.put("claims.csv", HEAD.to_owned() + &DENY.repeat(40) + DENY.trim_end() + "\r" + DENY.trim_end() + end);
        let output = checked(&dir, &["claims.csv"]);
        assert!(output.out.contains("41 rows = 1 in scope + 39 duplicate + 1 rejected"), "{end:?}: {}", output.out);
        assert!(output.err.contains("1 rejected line with two rows"), "{end:?}: {}", output.err);
    }
    // The first line end decides: where it is a CR, all three end lines.
    dir.put("claims.csv", in_cr(HEAD) + &rows + &in_cr(&rows.replace('C', "D")));
    assert!(checked(&dir, &["claims.csv"]).out.contains("4 rows = 4 in scope"));
}

#[test]
fn line_ends_of_other_files_are_held_to_the_same() {
    let dir = TestDir::with(&[DENY]);
    let row = "A1,M4,22514,approved,2024-01-01,2024-12-31,1\n";
    for (name, text) in [
        ("header", format!("\n{}{row}", AUTHS.replacen(',', "\r,", 1))),
        ("rows", AUTHS.to_owned() + &format!("{row}{row}").replace('\n', "\r")),
    ] {
        dir.put("auths.csv", text);
        let output = refused(&dir, &["claims.csv", "--auths", "auths.csv"]);
        assert!(output.contains("auths.csv: its lines end in two ways"), "{name}: {output}");
    }
    dir.put("joined.toml", LAYOUT);
    for text in ["\nclaim_id\r,diag\nC4,M48.56XA\n", "claim_id,diag\nC4,M48.56XA\rC5,M48.56XA\r"] {
        dir.put("dx.csv", text);
        let output = refused(&dir, &["claims.csv", "--layout", "joined.toml", "--join", "dx=dx.csv"]);
        assert!(output.contains("dx.csv: its lines end in two ways"), "{text:?}: {output}");
    }
}

#[test]
fn names_with_invisible_characters_are_the_names() {
    let rows = format!("{DENY}{}", DENY.replace("C4", "C5"));
    let dir = TestDir::with(&[]);
    let odd = HEAD.replace("claim_id", "\u{200b}claim\u{a0}id\u{2060}").replace("paid_amount", "=\"paid_amount\"");
    dir.put("utf-8.csv", odd + &rows);
    let latin1: Vec<u8> = HEAD
        .replace("claim_id", "\u{a0}claim\u{a0}id\u{a0}")
        .replace("product", "=\"product\"\u{a0}")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).expect("a character of Latin-1"))
        .collect();
    dir.put("latin-1.csv", [latin1.as_slice(), rows.as_bytes()].concat());
    for file in ["utf-8.csv", "latin-1.csv"] {
        let output = checked(&dir, &[file]);
        assert!(
            output.out.contains("2 rows = 2 in scope") && !output.err.contains("no product column"),
            "{}",
            output.err
        );
        assert!(!output.err.contains("paid_amount"), "{}", output.err);
    }
}

#[test]
fn what_was_left_out_of_files_is_said_once() {
    let dir = TestDir::with(&[]);
    let packed = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).expect("memory takes it");
        packer.finish().expect("memory takes it")
    };
    let names: Vec<String> = (0..3000).map(|n| format!("part-{n:04}.csv.gz")).collect();
    for (n, name) in names.iter().enumerate() {
        let text = format!("{HEAD}{}", DENY.replace("C4", &format!("C{n}")));
        dir.put(name, [packed(&text).as_slice(), b"trailer"].concat());
    }
    let output = checked(&dir, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let said = "part-0000.csv.gz and 2,999 more files: the bytes after the last gzip member";
    assert!(output.err.contains(said) && output.err.matches("part-").count() == 1, "{}", output.err);
    assert!(output.err.matches("warning: ").count() == 1 && output.err.matches("note: ").count() < 5, "{}", output.err);
    assert!(output.out.contains("3,000 rows = 3,000 in scope"), "{}", output.out);
    // Half a unit of UTF-16 at the end, in an extract and in an authorization file.
    let halved = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).chain(*b"C").collect()
    };
    dir.put("claims.csv", halved(&format!("{HEAD}{DENY}")));
    dir.put("auths.csv", halved(&format!("{AUTHS}A1,M4,22514,approved,2024-01-01,2024-12-31,1\n")));
    let output = checked(&dir, &["claims.csv", "--auths", "auths.csv"]);
    assert!(output.err.contains("claims.csv and 1 more file: the odd byte at the end"), "{}", output.err);
}

#[test]
fn an_empty_part_is_passed_over_and_said() {
    let dir = TestDir::with(&[DENY]);
    for (name, text) in [("empty.csv", ""), ("blank.csv", "\u{feff}\n  \r\n\u{1a}"), ("header.csv", HEAD)] {
        dir.put(name, text);
    }
    let output = checked(&dir, &["empty.csv", "claims.csv", "blank.csv", "header.csv"]);
    assert!(output.out.contains("4 extracts: 1 row = 1 in scope"), "{}", output.out);
    assert!(output.err.contains("empty.csv and 1 more file: empty, and passed over"), "{}", output.err);
    assert!(output.err.contains("header.csv: a header and no rows"), "{}", output.err);
    let summary = std::fs::read_to_string(dir.at("report/summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    assert_eq!(summary["inputs"].as_array().map(Vec::len), Some(4));
    assert!(!summary["absent"].to_string().contains("paid_amount"), "an empty part lacks no column");
    assert_eq!(dir.run(&["verify", "report", "empty.csv", "claims.csv", "blank.csv", "header.csv"]).code, Some(0));
    // Alone, or with others like it, it is no run.
    for files in [&["empty.csv"][..], &["blank.csv"], &["empty.csv", "blank.csv"]] {
        let output = refused(&dir, files);
        assert!(output.contains(&format!("{}: is empty", files[0])), "{output}");
    }
}

#[test]
fn a_file_is_not_read_twice() {
    let dir = TestDir::with(&[DENY]);
    dir.put("copy.csv", std::fs::read(dir.at("claims.csv")).expect("it is there"));
    std::fs::create_dir(dir.at("sub")).expect("room for it");
    let mut others = vec!["claims.csv", "./claims.csv", "sub/../claims.csv", "copy.csv"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("claims.csv", dir.at("link.csv")).expect("room for it");
        std::fs::hard_link(dir.at("claims.csv"), dir.at("hard.csv")).expect("room for it");
        others.extend(["link.csv", "hard.csv"]);
    }
    for other in others {
        let output = refused(&dir, &["claims.csv", other]);
        assert!(output.contains("its rows would be duplicates of themselves"), "{other}: {output}");
    }
}

#[test]
fn a_name_that_lost_its_delimiter_is_refused() {
    let dir = TestDir::with(&[]);
    // The last column is empty in all rows, so nothing else shows that a name is missing.
    let header = HEAD.replace("authorization_number,paid_amount", "authorization_numberpaid_amount");
    dir.put("claims.csv", header + &DENY.replace("2500.00", "").repeat(3));
    let output = refused(&dir, &["claims.csv"]);
    assert!(
        output.contains("column 8 of the header holds two names, `authorizationnumber` and `paidamount`"),
        "{output}"
    );
}

#[test]
fn a_header_without_a_name_for_row_names_is_refused_with_advice() {
    let dir = TestDir::with(&[]);
    // The last column is empty in all rows, so each row has one field more than the header and an empty last one.
    let row = |n: u32| format!("\"{n}\",{}", DENY.replace("2500.00", "").replace("C4", &format!("C{n}")));
    dir.put("claims.csv", HEAD.to_owned() + &(0..20).map(row).collect::<String>());
    let output = refused(&dir, &["claims.csv"]);
    assert!(output.contains("20 of 20 rows cannot be read") && output.contains("without row names"), "{output}");
    // A row that is too short has another cause.
    let short = HEAD.to_owned() + &(0..19).map(row).collect::<String>() + "C99,M9\n";
    dir.put("claims.csv", short);
    let output = refused(&dir, &["claims.csv"]);
    assert!(output.contains("20 of 20 rows cannot be read") && !output.contains("row names"), "{output}");
}

#[test]
fn rows_of_two_lengths_are_said() {
    let longer = DENY.replace('\n', ",\n");
    let dir = TestDir::with(&[&longer, &DENY.replace("C4", "C5"), &DENY.replace("C4", "C6")]);
    let output = checked(&dir, &["claims.csv"]);
    assert!(
        output.err.contains("1 row with an empty field beyond the header, the first on line 2, and 2 without one"),
        "{}",
        output.err
    );
    dir.put("claims.csv", HEAD.to_owned() + &longer + &longer.replace("C4", "C5"));
    let output = checked(&dir, &["claims.csv"]);
    assert!(output.err.contains("one field more than the header, which is empty"), "{}", output.err);
    dir.put("claims.csv", HEAD.to_owned() + &longer + &longer.replace("C4", "C5").replace(",\n", ",x\n"));
    let output = checked(&dir, &["claims.csv"]);
    assert!(
        output.err.contains("1 row rejected for more fields than the header, the first on line 3, while"),
        "{}",
        output.err
    );
    dir.put("claims.csv", HEAD.to_owned() + DENY + &DENY.replace("C4", "C\"5"));
    let output = checked(&dir, &["claims.csv"]);
    assert!(
        output.err.contains("1 row with an odd number of quotes in a cell, the first on line 3;"),
        "{}",
        output.err
    );
}

#[test]
fn of_a_first_line_only_known_names_are_quoted() {
    let dir = TestDir::with(&[DENY]);
    let first = "SMITH,JOHN,Springfield,procedure_code,paid";
    dir.put("headless.csv", format!("{first}\n{first}\n"));
    dir.put("joined.toml", LAYOUT);
    for args in [
        &["check", "headless.csv"][..],
        &["check", "headless.csv", "--log", "json"],
        &["check", "headless.csv", "--layout", "joined.toml"],
        &["check", "claims.csv", "--auths", "headless.csv"],
        &["check", "claims.csv", "--layout", "joined.toml", "--join", "dx=headless.csv"],
        &["inspect", "headless.csv"],
    ] {
        let CommandOutput { code, out, err } = dir.run(args);
        assert_eq!(code, Some(2), "{args:?}: {out}{err}");
        for word in ["SMITH", "JOHN", "Springfield"] {
            assert!(!out.contains(word) && !err.contains(word), "{args:?}: {out}{err}");
        }
    }
    let output = refused(&dir, &["headless.csv"]);
    assert!(
        output.contains("the first line holds `AAAAA`, `AAAA`, `AAAAAAAAAAA`, `procedure_code`, `AAAA`"),
        "{output}"
    );
}
