//! Tests that what is missing in a part of the input is said: rows of joined tables, columns of service slots, amounts of an extract, and
//! columns whose words or codes nobody reads. No verdict changes by it.

use std::fs;

use serde_json::Value;

use crate::cli::{CLEAR, DENY, HEAD, TestDir, checked, refused};
use crate::kit::flowed;
use crate::warnings::of_report;

const LAYOUT: &str = "extends = \"canonical\"\n";

/// A layout that joins the table `t`.
fn joining(columns: &str, join: &str) -> String {
    format!("{LAYOUT}[columns]\n{columns}[[join]]\ntable = \"t\"\nkey = \"K\"\nto = \"claim_id\"\n{join}")
}

/// The warnings of a check of the directory's `claims.csv`, and what it said.
fn warned(dir: &TestDir, args: &[&str]) -> (Vec<String>, String) {
    let output = checked(dir, &[&["claims.csv"], args].concat());
    (of_report(dir, "report"), output.err + &flowed(&output.out))
}

#[test]
fn claims_that_a_header_table_does_not_have_are_counted() {
    let rows: Vec<String> = (0..11).map(|n| CLEAR.replace("C1,", &format!("C{n},"))).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let dir = TestDir::with(&rows);
    dir.put("l.toml", joining("authorization_number = \"t.AUTH\"\n", ""));
    let args = ["--layout", "l.toml", "--join", "t=t.csv"];
    let table = |last: usize, cell: &str| {
        let rows: Vec<String> = (0..last).map(|n| format!("C{n},{cell}\n")).collect();
        "K,AUTH\n".to_owned() + &rows.concat()
    };
    dir.put("t.csv", table(9, "A-1"));
    let (warnings, said) = warned(&dir, &args);
    assert_eq!(warnings, ["joined-rows-missing t 2 11"]);
    assert!(said.contains("t.csv: joined table t has no row for 2 of 11 rows with a known code"), "{said}");
    // One in ten is late, and a row whose cell is empty is a row.
    for text in [table(10, "A-1"), table(11, "")] {
        dir.put("t.csv", text);
        assert!(warned(&dir, &args).0.is_empty());
    }
    dir.put("t.csv", table(3, "A-1"));
    assert_eq!(warned(&dir, &args).0, ["joined-rows-missing t 8 11"]);
}

/// What summary.json says of the only joined table.
fn counted(dir: &TestDir, keys: &[&str]) -> Vec<u64> {
    let text = fs::read_to_string(dir.at("report/summary.json")).expect("a report");
    let summary: Value = serde_json::from_str(&text).expect("JSON");
    keys.iter()
        .map(|key| summary["joined_tables"][0][key].as_u64().unwrap_or_else(|| panic!("{key}: {text}")))
        .collect()
}

#[test]
fn codes_on_rows_of_a_table_without_a_key_are_said() {
    let dir = TestDir::with(&[CLEAR]);
    let codes = |key: &str| {
        let join = "codes = { column = \"PX\", number = \"N\", as = \"P{1..3}\" }\n";
        dir.put(
            "l.toml",
            joining("icd_procedure = \"P{1..3}\"\n", join).replace("key = \"K\"\nto = \"claim_id\"\n", key),
        );
    };
    let args = ["--layout", "l.toml", "--join", "t=t.csv"];
    let keys = ["rows", "rows_without_key", "keys", "keys_met", "keys_met_by_none", "codes_unmet"];
    codes("key = \"K\"\nto = \"claim_id\"\n");
    dir.put("t.csv", "K,PX,N\nC1,0JH60DZ,1\n,0JH60DZ,1\n,0QU03JZ,1\nNULL,0PU43JZ,1\n");
    let (warnings, said) = warned(&dir, &args);
    assert_eq!(
        (warnings, counted(&dir, &keys)),
        (vec!["joined-codes-unmet t 4 2 0".to_owned()], vec![4, 3, 1, 1, 0, 2])
    );
    assert!(
        said.contains(
            "2 listed codes on rows whose key is empty or was mangled by a spreadsheet, the first on line 4;"
        ),
        "{said}"
    );
    let page = fs::read_to_string(dir.at("report/report.html")).expect("a report");
    assert!(page.contains("4 rows (3 without a key) with 1 key;"), "{page}");
    dir.put("t.csv", "K,PX,N\nC1,0JH60DZ,1\nC9,0QU03JZ,1\n1.23E+15,0PU43JZ,1\n1.23E+15,0PU33JZ,1\n");
    let (warnings, said) = warned(&dir, &args);
    assert_eq!(
        (warnings, counted(&dir, &keys)),
        (vec!["joined-codes-unmet t 4 3 1".to_owned()], vec![4, 0, 3, 1, 2, 3])
    );
    assert!(said.contains("3 listed codes on 1 key that no row of the extracts has, and on rows whose key"), "{said}");
    codes("key = [\"M\", \"K\"]\nto = [\"member_id\", \"claim_id\"]\n");
    dir.put("t.csv", "M,K,PX,N\nM1,C1,0JH60DZ,1\n,C1,0QU03JZ,1\n");
    assert_eq!(warned(&dir, &args).0, ["joined-codes-unmet t 3 1 0"]);
    assert_eq!(counted(&dir, &keys), [2, 1, 1, 1, 0, 1]);
}

#[test]
fn a_mangled_claim_number_meets_no_row_of_a_table() {
    let dir = TestDir::with(&[&CLEAR.replace("C1,", "1.23E+15,"), &DENY.replace("C4,", "1.23E+15,")]);
    dir.put("l.toml", joining("claim_status = \"t.ST\"\n", ""));
    let args = ["--layout", "l.toml", "--join", "t=t.csv"];
    dir.put("t.csv", "K,ST\n1.23E+15,DENIED\n");
    let (warnings, said) = warned(&dir, &args);
    assert_eq!(warnings, ["joined-rows-missing t 2 2"], "{said}");
    assert_eq!(counted(&dir, &["keys", "keys_met", "keys_met_by_none"]), [1, 0, 1]);
    let services = fs::read_to_string(dir.at("report/services.csv")).expect("a report");
    assert_eq!(services.lines().count(), 3, "neither is denied by the payer: {services}");
    // Beside whole numbers it is the table of other claims, as before.
    dir.put("t.csv", "K,ST\nC7,DENIED\n");
    let said = refused(&dir, &[&["claims.csv"], &args[..]].concat());
    assert!(said.contains("--join t: none of its keys (K) is in the extracts (column claim_id)"), "{said}");
    // Rows that share a mangled number are rows of several claims, and no repetition.
    dir.put("claims.csv", format!("{HEAD}{CLEAR}"));
    dir.put("t.csv", "K,ST\n1.23E+15,DENIED\n1.23E+15,PAID\nC1,DENIED\n");
    assert!(warned(&dir, &args).0.is_empty());
    let services = fs::read_to_string(dir.at("report/services.csv")).expect("a report");
    assert_eq!(services.lines().count(), 1, "{services}");
}

#[test]
fn rejected_rows_of_a_table_are_said_everywhere() {
    let dir = TestDir::with(&[CLEAR, DENY]);
    dir.put(
        "l.toml",
        "unused = [\"diagnosis_1\"]\n".to_owned()
            + &joining("diagnosis = \"D{1..3}\"\n", "codes = { column = \"DX\", number = \"N\", as = \"D{1..3}\" }\n"),
    );
    let args = ["--layout", "l.toml", "--join", "t=t.csv"];
    dir.put("t.csv", "K,DX,N\nC1,M54.5,1\nC1,M80.08XA\nC4,M80.08XA,1.0\n");
    let (warnings, said) = warned(&dir, &args);
    assert_eq!(warnings, ["joined-rows-rejected t 3 1 3"]);
    assert!(said.contains("joined table t: 1 rejected row (1 too-few-fields): see report/rejects.csv"), "{said}");
    let text = fs::read_to_string(dir.at("report/summary.txt")).expect("a report");
    assert!(text.contains("joined table t: 1 rejected row (1 too-few-fields)"), "{text}");
    // A number is a whole one also with what a float left.
    let services = fs::read_to_string(dir.at("report/services.csv")).expect("a report");
    assert!(services.lines().any(|line| line.contains(",C4,") && line.contains(",M8008XA,")), "{services}");
    // Nothing is said of rows that were not looked at.
    dir.put("claims.csv", format!("{HEAD}{}", CLEAR.replace("22514", "99213")));
    dir.put(
        "l.toml",
        joining("icd_procedure = \"D{1..3}\"\n", "codes = { column = \"DX\", number = \"N\", as = \"D{1..3}\" }\n"),
    );
    dir.put("t.csv", "K,DX,N\nC1,0PU43JZ\nC1,0JH60DZ,1\nC1,0JH60DZ,2\n");
    let text = warned(&dir, &args).1;
    assert!(text.contains("1 row of a joined table was rejected and not looked at."), "{text}");
}

#[test]
fn a_table_of_which_no_row_is_used_is_said() {
    let dir = TestDir::with(&[CLEAR]);
    let only = |value: &str| {
        let join = format!("codes = {{ column = \"DX\", as = \"D{{1..3}}\" }}\nonly = {{ KIND = [\"{value}\"] }}\n");
        dir.put("l.toml", joining("diagnosis = [\"diagnosis_1\", \"D{2..4}\"]\n", &join.replace("D{1..3}", "D{2..4}")));
    };
    dir.put("t.csv", "K,DX,KIND\nC1,M80.08XA,0.0\nC2,M80.08XA,0.0\n");
    let args = ["--layout", "l.toml", "--join", "t=t.csv"];
    only("0");
    let (warnings, said) = warned(&dir, &args);
    assert_eq!(warnings, ["joined-no-key t 2"]);
    assert!(
        said.contains("none of the 2 rows of joined table t is used: `only` of its [[join]] fits no row"),
        "{said}"
    );
    only("0.0");
    assert!(!warned(&dir, &args).0.iter().any(|warning| warning.starts_with("joined-no-key")));
}

#[test]
fn a_column_that_a_joined_table_lacks_is_said() {
    let dir = TestDir::with(&[CLEAR]);
    let layout = |more: &str, columns: &str| dir.put("l.toml", more.to_owned() + &joining(columns, ""));
    let args = ["--layout", "l.toml", "--join", "t=t.csv"];
    dir.put("t.csv", "K,STATUS_X,DX1\nC1,DENIED,M80.08XA\n");
    let status = "claim_status = \"t.ST\"\n";
    layout("", status);
    let (warnings, said) = warned(&dir, &args);
    assert_eq!(warnings, ["joined-column-missing claim_status t.ST"]);
    assert!(
        said.contains("claims.csv: the joined table has no column `t.ST`, from which the layout reads claim_status"),
        "{said}"
    );
    let unused = "unused = [\"diagnosis_1\"]\n";
    layout(unused, "diagnosis = [\"t.DX1\", \"t.DX2\"]\n");
    assert_eq!(warned(&dir, &args).0, ["joined-column-missing diagnosis t.DX2"]);
    // Another name of the field stands in, extracts may lack it, or the table is not given, which is announced.
    layout(unused, "claim_status = [\"t.ST\", \"t.STATUS_X\"]\ndiagnosis = \"t.DX{1..9}\"\n");
    assert!(warned(&dir, &args).0.is_empty());
    layout("optional = [\"claim_status\"]\n", status);
    assert!(warned(&dir, &args).0.is_empty());
    layout("", status);
    assert!(warned(&dir, &["--layout", "l.toml"]).0.is_empty());
}

#[test]
fn a_column_that_one_service_slot_lacks_is_said() {
    let dir = TestDir::with(&[]);
    dir.put(
        "l.toml",
        "slots = 2\n[columns]\nclaim_id = \"ID\"\nline_number = \"{slot}\"\nservice_date = \"DT\"\ndiagnosis = \"DX\"\nprocedure_code = \"CPT_{slot}\"\n\
         modifier = \"M_{slot}\"\npaid_amount = \"PAID_{slot}\"\n",
    );
    let text = "ID,DT,DX,CPT_1,M_1,PAID_1,CPT_2,M_2,PAID_2\nC1,2024-03-05,M80.08XA,22513,,5.00,22514,80,5.00\n";
    for (header, want) in [("M_2", &[][..]), ("MOD_2", &["slots-unlike modifier M_2 1 2"])] {
        dir.put("claims.csv", text.replace("M_2", header));
        let (warnings, said) = warned(&dir, &["--layout", "l.toml"]);
        assert_eq!(warnings, want, "{said}");
        assert_eq!(said.contains("1 of 2 service slots has no column for modifier"), !want.is_empty(), "{said}");
    }
    dir.put("claims.csv", text.replace("CPT_2", "PCODE_2").replace("22514,80", ",80"));
    let (warnings, said) = warned(&dir, &["--layout", "l.toml"]);
    assert_eq!(warnings, ["slots-unlike procedure_code CPT_2 1 2"], "{said}");
    assert!(said.contains("Has it another name? A slot without it is not read"), "{said}");
}

#[test]
fn an_extract_without_amounts_beside_others_is_said() {
    let dir = TestDir::with(&[CLEAR]);
    for name in ["b.csv", "c.csv"] {
        dir.put(name, format!("{HEAD}{}", CLEAR.replace("C1", name)).replace("paid_amount", "remark"));
    }
    let (warnings, said) = warned(&dir, &["b.csv", "c.csv"]);
    assert_eq!(warnings, ["no-amounts"]);
    assert!(said.contains("b.csv and 1 more file: no column for amounts, and other extracts have one"), "{said}");
}

#[test]
fn words_that_nobody_reads_are_said() {
    let dir = TestDir::with(&[]);
    for (column, words, want) in [
        ("frequency_code", ["1", "Void"], Some("unread-words frequency_code CLAIM_FREQUENCY_CODE 1 2")),
        ("admission_type", ["Emergency", "1 - Emergency"], Some("unread-words admission_type admission_type 2 2")),
        ("capitated", ["T", ""], Some("unread-words capitated capitated 1 1")),
        ("frequency_code", ["7.0", "08"], None),
        ("admission_type", ["1", "9"], None),
        ("capitated", ["N", "Capitation"], None),
    ] {
        let row =
            |(n, word): (usize, &&str)| CLEAR.replace("C1,", &format!("C{n},")).replace('\n', &format!(",{word}\n"));
        let rows: String = words.iter().enumerate().map(row).collect();
        let name = if column == "frequency_code" { "CLAIM_FREQUENCY_CODE" } else { column };
        dir.put("claims.csv", format!("{},{name}\n{rows}", HEAD.trim_end()));
        let (warnings, said) = warned(&dir, &[]);
        assert_eq!(warnings, want.into_iter().collect::<Vec<_>>(), "{column} {words:?} {said}");
    }
    dir.put("l.toml", format!("{LAYOUT}[frequency]\nVOID = \"8\"\n"));
    dir.put("claims.csv", format!("{},frequency_code\n{}", HEAD.trim_end(), CLEAR.replace('\n', ",void\n")));
    assert!(warned(&dir, &["--layout", "l.toml"]).0.is_empty());
}

#[test]
fn codes_that_nobody_reads_are_said() {
    let dir = TestDir::with(&[]);
    let of = |from: &str, to: &str| {
        let rows: String = (0..3).map(|n| CLEAR.replace("C1,", &format!("C{n},")).replace(from, to)).collect();
        dir.put("claims.csv", format!("{HEAD}{rows}"));
        warned(&dir, &[]).0
    };
    for cell in ["M80.08XA:Y", "M80.08XA - Age-related osteoporosis", "M54.5/M80.08XA"] {
        assert_eq!(of("M48.56XA", cell), ["cells-unlike-field diagnosis 3 3"], "{cell}");
    }
    for cell in ["2.2514E+04", "22.514", "PROC22514", "CPT022514", "CPT22514RT"] {
        assert_eq!(of("22514", cell), ["cells-unlike-field procedure_code 3 3"], "{cell}");
    }
    for cell in ["022514", "2251459", "099213"] {
        assert!(of("22514", cell).is_empty(), "{cell}");
    }
    assert!(of("22514", "CPT22514").is_empty() && of("M48.56XA", "M54.5;M80.08XA").is_empty());
}

#[test]
fn columns_that_each_of_several_extracts_lacks_are_counted_together() {
    let dir = TestDir::with(&[CLEAR]);
    let without = |name: &str, column: &str| {
        let row = CLEAR.replace("C1,", &format!("{name},"));
        dir.put(name, format!("{HEAD}{row}").replace(column, "remark"));
    };
    without("a.csv", "authorization_number");
    let alone = warned(&dir, &["a.csv"]).1;
    without("b.csv", "product");
    let said = warned(&dir, &["a.csv", "b.csv"]).1;
    assert!(alone.contains("2 of 2 extracts lack some of "), "{alone}");
    assert!(said.contains("3 of 3 extracts lack some of "), "{said}");
    without("claims.csv", "authorization_number");
    let same = warned(&dir, &["a.csv"]).1;
    assert!(same.contains("2 of 2 extracts lack ") && !same.contains("some of"), "{same}");
}

#[test]
fn labels_on_each_row_of_a_stay_are_counted() {
    let dir = TestDir::with(&[]);
    let columns = "claim_id,line_number,member_id,product,bill_type,service_date,procedure_code,icd_procedure_1,diagnosis_1,paid_amount";
    let row = |line: u8, product: &str, code: &str| {
        format!("C1,{line},M1,{product},111,2024-03-05,{code},0PU43JZ,M80.08XA,10.00\n")
    };
    dir.put("claims.csv", format!("{columns}\n{}{}{}", row(1, "GOLD", "22514"), row(2, "GOLD", ""), row(3, "TIN", "")));
    checked(&dir, &["claims.csv"]);
    let summary: Value =
        serde_json::from_slice(&fs::read(dir.at("report/summary.json")).expect("a report")).expect("JSON");
    assert_eq!(summary["unread"]["product"], serde_json::json!([["GOLD", 2], ["TIN", 1]]));
}
