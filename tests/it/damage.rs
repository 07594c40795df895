//! Tests damaged files: each kind of damage costs only its own rows and is reported in its own sentence; a file that cannot
//! be used at all is refused with advice, and nothing panics.
//!
//! The tests look for the words that matter and not for whole sentences, so that messages can be improved.

use std::io::Write as _;

use claimlint::ingest::Reject;
use claimlint::ingest::layout::detect;
use claimlint::ingest::{BLOCK, RowAction, Source, read};
use claimlint::run::{JudgedRun, Unwatched};

use crate::cli::claimlint;
use crate::kit::{Inputs, LIBRARY, Table};

const HEAD: &str = "claim_id,service_date,procedure_code,diagnosis_1,note\n";

/// A row in scope.
fn row(n: usize) -> String {
    format!("C{n},2024-03-05,22514,M48.56XA,\n")
}

/// Rows in scope from one number to another.
fn rows(numbers: std::ops::Range<usize>) -> String {
    numbers.map(row).collect()
}

fn run(bytes: impl Into<Vec<u8>>) -> JudgedRun {
    Inputs::one(bytes).run().expect("it is read")
}

/// The error with which the extract is refused as a whole.
fn refused(bytes: impl Into<Vec<u8>>) -> String {
    match Inputs::one(bytes).run() {
        Ok(outcome) => panic!("it was read: {:?}", outcome.context.ledger),
        Err(e) => e,
    }
}

/// (rows, rejected, in scope).
fn counts(outcome: &JudgedRun) -> (u64, u64, u64) {
    assert!(outcome.context.ledger.adds_up());
    (outcome.context.ledger.rows, outcome.context.ledger.rejected, outcome.context.ledger.in_scope)
}

fn rejected(outcome: &JudgedRun) -> Vec<Reject> {
    outcome.context.inputs.iter().flat_map(|i| i.rejects.all().expect("they are in memory")).collect()
}

/// Line and reason of each rejected row.
fn rejects(outcome: &JudgedRun) -> Vec<(u64, &'static str)> {
    rejected(outcome).iter().map(|r| (r.line, r.reason.code())).collect()
}

/// Claim numbers of the services, in order.
fn claims(outcome: &JudgedRun) -> Vec<String> {
    let services = Table::written(outcome, "services.csv");
    let claim = services.column("claim_id");
    services.rows.into_iter().map(|row| row[claim].clone()).collect()
}

#[test]
fn byte_order_marks_are_removed_from_files_and_concatenated_parts() {
    let start = run(format!("\u{feff}{HEAD}{}", rows(1..3)));
    assert_eq!((claims(&start), counts(&start)), (vec!["C1".into(), "C2".into()], (2, 0, 2)));
    let middle = run(format!("{HEAD}{}\u{feff}{HEAD}{}\u{feff}{}", row(1), row(2), row(3)));
    assert_eq!(rejects(&middle), [(3, "repeated-header")]);
    assert_eq!(claims(&middle), ["C1", "C2", "C3"]);
}

#[test]
fn a_repeated_header_is_rejected_with_its_position() {
    let before = format!("{HEAD}{}", rows(1..3));
    let outcome = run(format!("{before}{HEAD}{}", row(3)));
    assert_eq!(rejects(&outcome), [(4, "repeated-header")]);
    let reject = &rejected(&outcome)[0];
    assert_eq!((reject.offset, reject.raw.as_slice()), (Some(before.len() as u64), HEAD.trim_end().as_bytes()));
}

#[test]
fn every_kind_of_line_end_is_recognized() {
    let text = format!("{HEAD}{}", rows(1..4));
    for (name, text) in [("CRLF", text.replace('\n', "\r\n")), ("CR", text.replace('\n', "\r")), ("LF", text.clone())] {
        for text in [text.clone(), text.trim_end().to_owned()] {
            let outcome = run(text);
            assert_eq!(counts(&outcome), (3, 0, 3), "{name}");
            assert_eq!(outcome.line_set.line(2).row, 4, "{name}");
        }
    }
}

#[test]
fn control_characters_are_read_and_shown_safely() {
    let outcome = run(format!("{HEAD}C1,2024-03-05,22514,M48.56XA,a\0b\nC2,2024-03-05,99213,\0,\n{}\x1a", row(3)));
    assert_eq!((claims(&outcome), rejects(&outcome)), (vec!["C1".into(), "C3".into()], vec![]));
    let zeroes = run(format!("{HEAD}C\01,2024-03-05,22514,M48.56XA,\n{}", rows(2..9)));
    assert_eq!(counts(&zeroes), (8, 0, 8));
}

#[test]
fn a_truncated_last_record_is_the_only_reject() {
    for (tail, reason) in
        [("C9,2024-03", "too-few-fields"), ("C9,2024-03-05,22514,M48.56XA,\"cut of", "unclosed-quote")]
    {
        let outcome = run(format!("{HEAD}{}{tail}", rows(1..4)));
        assert_eq!((counts(&outcome), rejects(&outcome)), ((4, 1, 3), vec![(5, reason)]), "{tail}");
    }
}

#[test]
fn a_field_of_ten_megabytes_is_read() {
    let long = "word\n".repeat(2 << 20);
    let text = format!("{HEAD}{}C2,2024-03-05,22514,M48.56XA,\"{long}\"\n{}", row(1), row(3));
    let outcome = run(text);
    assert_eq!((counts(&outcome), claims(&outcome)), ((3, 0, 3), vec!["C1".into(), "C2".into(), "C3".into()]));
    assert_eq!(outcome.line_set.line(2).row, 4 + (2 << 20));
}

#[test]
fn an_overlong_line_is_the_only_reject() {
    let mut text = format!("{HEAD}{}", row(1)).into_bytes();
    text.resize(text.len() + (65 << 20), b'x');
    text.extend(format!("\n{}", row(3)).bytes());
    let outcome = run(text);
    assert_eq!((rejects(&outcome), claims(&outcome)), (vec![(3, "too-long")], vec!["C1".into(), "C3".into()]));
    assert!(rejected(&outcome)[0].raw.len() <= 4096);
}

#[test]
fn bytes_that_are_not_utf_8_are_accepted_in_any_column() {
    for column in 0..5 {
        let mut cells = ["C2", "2024-03-05", "22514", "M48.56XA", ""].map(|c| c.as_bytes().to_vec());
        cells[column].push(0xe9);
        let text = [format!("{HEAD}{}", row(1)).as_bytes(), &cells.join(&b','), b"\n", row(3).as_bytes()].concat();
        let outcome = run(text);
        // The letters of codes are ASCII: a byte of something else decorates 22514 and makes it no other code.
        assert_eq!(counts(&outcome), (3, 0, 3), "column {column}");
        if column == 0 {
            assert_eq!(claims(&outcome), ["C1", "C2\u{e9}", "C3"]);
        }
    }
}

#[test]
fn blank_lines_and_trailing_delimiters_are_ignored() {
    let outcome = run(format!("\n{HEAD}\n  \n{}\t\n\n{}\n\n", row(1), row(2)));
    assert_eq!((counts(&outcome), outcome.line_set.line(1).row), ((2, 0, 2), 8));
    let trailing = format!("{HEAD}{}", rows(1..4)).replace('\n', ",,\n");
    assert_eq!(counts(&run(trailing)), (3, 0, 3));
    let rows_only = format!("{HEAD}{}", rows(1..4).replace('\n', ",\n"));
    assert_eq!(counts(&run(rows_only)), (3, 0, 3));
}

#[test]
fn a_repeated_header_name_is_refused_if_the_column_is_used() {
    let twice = refused(format!("{},claim_id\n{}", HEAD.trim_end(), row(1)));
    assert!(twice.contains("`claim_id`") && twice.contains("twice"), "{twice}");
    let other = run(format!("{},note\n{}", HEAD.trim_end(), row(1).replace('\n', ",\n")));
    assert_eq!(counts(&other), (1, 0, 1));
    let two = refused(format!("clm_id,{HEAD}X,{}", row(1)));
    assert!(two.contains("`clm_id`") && two.contains("`claim_id`") && two.contains("both claim"), "{two}");
}

#[test]
fn a_footer_line_is_rejected() {
    let outcome = run(format!("{HEAD}{}(2075 rows affected)\n", rows(1..4)));
    assert_eq!((counts(&outcome), rejects(&outcome)), ((4, 1, 3), vec![(5, "too-few-fields")]));
}

#[test]
fn a_stray_quote_rejects_only_its_own_row() {
    let inside = run(format!("{HEAD}{}C2,2024-03-05,22514,M48.56XA,5\" nail\n{}", row(1), row(3)));
    assert_eq!(counts(&inside), (3, 0, 3));
    let opening = run(format!("{HEAD}{}C2,2024-03-05,22514,M48.56XA,\"nail\n{}", row(1), rows(3..6)));
    assert_eq!((counts(&opening), rejects(&opening)), ((5, 1, 4), vec![(3, "swallowed-rows")]));
}

/// Two stray quotes turn everything between them into one well-formed field. A reader that accepts it loses the rows without
/// notice.
#[test]
fn two_stray_quotes_490_rows_apart_lose_no_row_between_them() {
    let mut lines: Vec<String> = (1..=1000).map(row).collect();
    for (at, stray) in [(254, "\"one\n"), (745, "\"two\n")] {
        lines[at] = lines[at].trim_end().to_owned() + stray;
    }
    let outcome = run(HEAD.to_owned() + &lines.concat());
    assert_eq!(counts(&outcome), (1000, 2, 998));
    assert_eq!(rejects(&outcome).iter().map(|(line, _)| *line).collect::<Vec<_>>(), [256, 747]);
}

#[test]
fn empty_files_and_headers_alone() {
    assert!(refused("").contains("is empty"));
    assert!(refused("\n  \n").contains("is empty"));
    let outcome = run(HEAD);
    assert_eq!((counts(&outcome), Table::written(&outcome, "services.csv").rows.len()), ((0, 0, 0), 0));
    // A single line is the header, even though some layout has a preamble of one line.
    let word = refused("not a table\n");
    assert!(word.contains("the first line holds `AAA A AAAAA`"), "{word}");
    // The first row of a headerless file is never taken for its header.
    let headless = refused(rows(1..4));
    assert!(headless.contains("required columns are missing") && headless.contains("no header line"), "{headless}");
}

#[test]
fn files_that_are_not_text_are_refused_by_kind() {
    for (bytes, word) in [
        (&b"PK\x03\x04\x14\0\0\0"[..], "Excel"),
        (b"PAR1\x15\x04\x15", "Parquet"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0", "not a text"),
        (b"c\0l\0a\0i\0m\0_\0i\0d\0,\0", "UTF-16"),
        (b"\x1f\x8b\x08\0cut", "cut short"),
    ] {
        let output = refused(bytes);
        assert!(output.starts_with("claims.csv: ") && output.contains(word), "{word}: {output}");
    }
}

#[test]
fn a_missing_required_column_is_named_with_its_spellings() {
    for (name, spelling) in
        [("claim_id", "clm_id"), ("service_date", "svc_date"), ("procedure_code", "proc_code"), ("diagnosis_1", "dx_1")]
    {
        let output = refused(format!("{}{}", HEAD.replace(name, "something"), row(1)));
        let missing =
            output.lines().find(|l| l.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{name}: {output}"));
        assert!(missing.contains(spelling) && output.contains("`AAAAAAAAA`"), "{output}");
        assert!(output.contains("--layout"), "{output}");
    }
    let all = refused("a,b,c\n1,2,3\n");
    for name in ["claim_id", "service_date", "procedure_code", "diagnosis_1"] {
        assert!(all.contains(&format!("\n  {name}")), "{all}");
    }
}

#[test]
fn compressed_and_encoded_files_give_the_same_report() {
    let text = format!("{HEAD}{}", rows(1..40));
    let plain = Table::written(&run(text.clone()), "services.csv");
    let gz = |part: &[u8]| {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        member.write_all(part).expect("memory");
        member.finish().expect("memory")
    };
    let (first, second) = text.as_bytes().split_at(500);
    let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
    for (name, bytes) in [
        ("gzip of two members", [gz(first), gz(second)].concat()),
        ("zstd of two frames", [first, second].map(|p| zstd::encode_all(p, 1).expect("memory")).concat()),
        ("UTF-16LE", units().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", units().flat_map(u16::to_be_bytes).collect()),
        ("UTF-16 in gzip", gz(&units().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
    ] {
        assert_eq!(Table::written(&run(bytes), "services.csv"), plain, "{name}");
    }
    let cut = gz(text.as_bytes());
    assert!(refused(&cut[..cut.len() - 20]).contains("cut short"));
}

#[test]
fn an_extract_that_is_mostly_rejected_is_refused() {
    let output = refused(format!("{HEAD}{}{}", rows(1..10), "C,too,short\n".repeat(10)));
    assert!(output.contains("10 of 19 rows") && output.contains("inspect"), "{output}");
    for line in ["line 11: ", "line 12: ", "line 13: "] {
        assert!(output.contains(line), "{output}");
    }
    assert!(!output.contains("line 14: "), "three reasons are enough: {output}");
    // Half of the rows is not more than half, and nine rejected rows are fewer than ten. All rows of two are all.
    assert_eq!(counts(&run(format!("{HEAD}{}{}", rows(1..11), "C,too,short\n".repeat(10)))), (20, 10, 10));
    assert_eq!(counts(&run(format!("{HEAD}{}{}", row(1), "C,too,short\n".repeat(9)))), (10, 9, 1));
    assert_eq!(counts(&run(format!("{HEAD}C,too,short\n"))), (1, 1, 0));
    let output = refused(format!("{HEAD}{}", "C,\"a \\\"b\\\"\",short\n".repeat(2)));
    assert!(output.contains("2 of 2 rows") && output.contains("escaped with a backslash"), "{output}");
}

#[test]
fn files_that_cannot_be_opened_are_refused_with_the_reason() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name).display().to_string();
    let check = |name: &str| claimlint(&["check", name, "--out", &path("report")]).refused();
    assert!(check(&path("missing.csv")).contains("does not exist"));
    assert!(check(&path("")).contains("holds no extract"));
    std::fs::write(path("secret.csv"), format!("{HEAD}{}", row(1))).expect("a file");
    set_mode(&path("secret.csv"), 0o000);
    // Root can read every file, so the message appears only for other users.
    if std::fs::File::open(path("secret.csv")).is_ok() {
        claimlint(&["check", &path("secret.csv"), "--out", &path("report"), "--fail-on", "never"]).success();
    } else {
        assert!(check(&path("secret.csv")).contains("permissions"));
    }
}

#[cfg(unix)]
fn set_mode(path: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("our own file");
}

#[cfg(not(unix))]
fn set_mode(_: &str, _: u32) {}

/// All faults of the inputs are reported together.
#[test]
fn several_bad_files_are_refused_together() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name).display().to_string();
    std::fs::write(path("other-end.csv"), "a,b\n1,2\r3,4\n").expect("a file");
    std::fs::write(path("other.csv"), "a,b\n1,2\n").expect("a file");
    let output = claimlint(&["check", &path("other-end.csv"), &path("other.csv"), &path("none.csv"), "-q"]).refused();
    for (name, word) in
        [("other-end.csv", "end in two ways"), ("other.csv", "required column"), ("none.csv", "does not exist")]
    {
        assert!(output.contains(name) && output.contains(word), "{output}");
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_read_stops_the_run() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    write!(file, "{HEAD}{}", rows(1..100_000)).expect("room for it");
    let source = Source::open(&file.path().to_string_lossy()).expect("it is there");
    let detected = detect::detect(&source, &LIBRARY).expect("a header");
    file.as_file().set_len(2 << 20).expect("our own file");
    let read = read(source, detected, BLOCK, None, &|_, _| RowAction::<()>::Ignore, &Unwatched);
    assert!(read.expect_err("it shrank").to_string().contains("shrank"));
}
