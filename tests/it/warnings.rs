//! Warnings: each is given where it should be and not where it should not, and reaches stderr, the log, the page, the
//! workbook, summary.json and gates. Also `require`, and `inspect` of other files.

use std::fs;

use serde_json::Value;

use crate::cli::{CLEAR, DENY, HEAD, TestDir};
use crate::kit::{Inputs, written};

/// Warnings of a summary: kind, field, column, line, count, of.
fn warnings(summary: &Value) -> Vec<String> {
    let text = |warning: &Value, key: &str| match &warning[key] {
        Value::Null => String::new(),
        Value::String(text) => format!(" {text}"),
        other => format!(" {other}"),
    };
    let one = |warning: &Value| {
        let kind = warning["kind"].as_str().expect("a word");
        let rest: String =
            ["field", "column", "line", "count", "of"].into_iter().map(|key| text(warning, key)).collect();
        assert!(warning["message"].as_str().is_some_and(|message| message.len() > 20), "{warning}");
        format!("{kind}{rest}")
    };
    summary["warnings"].as_array().expect("a list").iter().map(one).collect()
}

/// Warnings of a run over a text, by the canonical names.
fn of_text(text: &str) -> Vec<String> {
    of(Inputs::one(text))
}

/// Warnings of a run over these inputs.
pub(crate) fn of(inputs: Inputs) -> Vec<String> {
    let outcome = inputs.run().expect("readable");
    warnings(&serde_json::from_slice(&written(&outcome, "summary.json")).expect("JSON"))
}

/// The warnings in the report of a directory.
pub(crate) fn of_report(dir: &TestDir, report: &str) -> Vec<String> {
    let text = fs::read_to_string(dir.at(report).join("summary.json")).expect("a report");
    warnings(&serde_json::from_str(&text).expect("JSON"))
}

#[test]
fn a_usual_extract_has_no_warning() {
    assert!(of_text(&format!("{HEAD}{CLEAR}{DENY}")).is_empty());
}

#[test]
fn columns_that_look_like_codes_are_named() {
    let head = HEAD.trim_end();
    let text = |column: &str, cell: &str| format!("{head},{column}\n{},{cell}\n", CLEAR.trim_end());
    for (column, cell, want) in [
        ("op_code_a", "0PU43JZ", "unused-column icd_procedure 10 (AA_AAAA_A) 1 1"),
        ("dx_secondary_x", "M80.08XA", "unused-column diagnosis 10 (AA_AAAAAAAAA_A) 1 1"),
        ("other_cpt", "99213", "unused-column procedure_code 10 (AAAAA_AAA) 1 1"),
    ] {
        assert_eq!(of_text(&text(column, cell)), [want]);
    }
    for (column, cell) in [("admitting_dx", "M54.5"), ("zip", "22514"), ("dx_text", "back pain"), ("plan_group", "A12")]
    {
        assert!(of_text(&text(column, cell)).is_empty(), "{column}");
    }
}

#[test]
fn columns_whose_names_differ_in_digits_are_one_warning() {
    let more: Vec<String> = (1..=12).map(|n| format!("op_code_{n}")).collect();
    let text = format!(
        "{},{}\n{},0PU43JZ,0JH60DZ{}\n",
        HEAD.trim_end(),
        more.join(","),
        CLEAR.trim_end(),
        ",".repeat(more.len() - 2)
    );
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", text);
    let output = dir.run(&["check", "claims.csv", "--out", "r", "-q"]);
    // The shape of a code in a column of any name is not enough, so only the first column has a code that the policy knows.
    assert_eq!(of_report(&dir, "r"), ["unused-column icd_procedure 10 (AA_AAAA_9) 1 1"]);
    let known = fs::read_to_string(dir.at("claims.csv")).expect("ours").replace("0JH60DZ", "0PU43JZ");
    dir.put("claims.csv", known);
    let both = dir.run(&["check", "claims.csv", "--out", "r", "-q", "--force"]);
    assert_eq!(of_report(&dir, "r"), ["unused-column icd_procedure 10 (AA_AAAA_9) 2 2"]);
    assert!(both.err.contains("column 10 (AA_AAAA_9) and 1 more of a like name are not used"), "{}", both.err);
    assert!(output.err.contains("column 10 (AA_AAAA_9) is not used"), "{}", output.err);
}

#[test]
fn a_column_without_a_name_is_named_by_its_number() {
    let codes = ["M54.5", "E11", "M80.08XA", "I10", "N18.30"].repeat(4);
    let row = |(n, code): (usize, &&str)| CLEAR.replace("C1,", &format!("C{n},{code},"));
    let rows: String = codes.iter().enumerate().map(row).collect();
    assert_eq!(of_text(&(HEAD.replacen(',', ",,", 1) + &rows)), ["unused-column diagnosis 2 20 20"]);
    // A name that is not known may be a cell.
    let named = HEAD.replacen(',', ",dx 19480312,", 1) + &rows;
    assert_eq!(of_text(&named), ["unused-column diagnosis 2 (AA 99999999) 20 20"]);
}

#[test]
fn names_near_those_of_fields_are_read_or_said() {
    let head = HEAD.trim_end().replace(",diagnosis_1", "");
    let row = CLEAR.trim_end().replace(",M48.56XA", "");
    let with = |names: &str, cells: &str| of_text(&format!("{head},{names}\n{row},{cells}\n"));
    for names in
        ["diagnosis_0,diagnosis_1", "primary_diagnosis,secondary_diagnosis", "dx0,dx1", "diagnosis_1,diagnosis_3"]
    {
        let text = format!("{head},{names}\n{row},E11.9,M48.56XA\n");
        let outcome = Inputs::one(text).run().expect("readable");
        assert!(outcome.context.warnings.is_empty(), "{names}: {:?}", outcome.context.warnings);
        let services = crate::kit::Table::written(&outcome, "services.csv");
        assert_eq!(services.rows[0][services.column("status")], "clear", "{names}: supported by the second diagnosis");
    }
    for (names, want) in [
        ("principal_procedure_cd", "unused-column icd_procedure 10 (AAAAAAAAA_AAAAAAAAA_AA) 1 1"),
        ("procedure_0", "unused-column icd_procedure 10 (AAAAAAAAA_9) 1 1"),
    ] {
        assert_eq!(with(&format!("diagnosis_1,{names}"), "M48.56XA,0PU43JZ"), [want]);
    }
}

#[test]
fn a_layout_can_say_that_a_column_is_left_out() {
    let layout = |unused: &str| {
        format!(
            "name = \"t\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n{unused}\n[columns]\nclaim_id = \"C\"\nservice_date = \"D\"\n\
             procedure_code = \"P\"\ndiagnosis = \"DX{{1..3}}\"\npaid_amount = \"A\"\n"
        )
    };
    let text = "C,D,P,DX1,A,OTHER_DX\nC1,2024-03-05,22514,M4854XA,5.00,M545\n";
    let run = |unused: &str| of(Inputs { layout: Some(layout(unused)), ..Inputs::one(text) });
    assert_eq!(run(""), ["unused-column diagnosis 6 (AAAAA_AA) 1 1"]);
    assert!(run("unused = [\"other dx\"]").is_empty());
}

#[test]
fn dates_that_may_be_misread_are_a_warning() {
    let rows = |dates: &[&str]| {
        let row = |(n, date): (usize, &&str)| CLEAR.replace("C1,", &format!("C{n},")).replace("2024-03-05", date);
        HEAD.to_owned() + &dates.iter().enumerate().map(row).collect::<String>()
    };
    let days = ["03/02/2024", "13/02/2024", "04/02/2024", "25/02/2024", "06/02/2024"];
    assert_eq!(of_text(&rows(&days)), ["month-above-12 service_date 2 5"]);
    // One typing error among many is none.
    let one = [&["02/25/2024"; 10][..], &["25/02/2024"]].concat();
    assert!(of_text(&rows(&one)).is_empty());
    let unread = ["2024-03-05", "spring", "summer"];
    assert_eq!(of_text(&rows(&unread)), ["unreadable-dates service_date 1 3"]);
    assert!(of_text(&rows(&["2024-03-05", "spring"])).is_empty());
    // Among the first rows, services or not.
    let other = |dates: &[&str]| rows(dates).replace("22514", "99213");
    assert_eq!(of_text(&other(&unread)), ["unreadable-dates service_date 1 3"]);
    // Beyond the first rows, on services.
    let late = other(&vec!["2024-03-05"; 1_100])
        + rows(&["2024-03-05", "spring", "summer", "autumn"]).trim_start_matches(HEAD);
    assert_eq!(of_text(&late), ["unreadable-dates service_date 1 4"]);
}

#[test]
fn amounts_and_products_that_nobody_reads_are_warnings() {
    let no_column = format!("{HEAD}{CLEAR}").replace("paid_amount", "other");
    assert_eq!(of_text(&no_column), ["no-amounts"]);
    let empty = format!("{HEAD}{CLEAR}").replace("2500.00", "");
    assert_eq!(of_text(&empty), ["no-amounts 1"]);
    let ten: String = (0..10).map(|n| CLEAR.replace("C1,M1", &format!("C{n},M{n}"))).collect();
    assert!(of_text(&format!("{HEAD}{}", ten.replacen(",HMO,", ",GOLD,", 1))).is_empty());
    assert_eq!(of_text(&format!("{HEAD}{}", ten.replacen(",HMO,", ",GOLD,", 2))), ["unread-products product 2 10"]);
}

#[test]
fn a_cut_export_is_a_warning() {
    let cut = format!("{HEAD}{CLEAR}{}", &DENY[..20]);
    assert_eq!(of_text(&cut), ["cut-short 3"]);
    assert!(of_text(&format!("{cut}\n")).is_empty(), "a short row that ends is a rejected row");
    assert!(of_text(format!("{HEAD}{CLEAR}").trim_end()).is_empty(), "a whole row without a line end is whole");
    let in_quotes = format!("{HEAD}{CLEAR}C9,M9,\"HM");
    assert_eq!(of_text(&in_quotes), ["cut-short 3"]);
    let longer: String = (0..3_000).map(|n| CLEAR.replace("C1,", &format!("C{n},"))).collect();
    let long_cut = Inputs::one(format!("{HEAD}{longer}{}", &DENY[..20]));
    for block in [1 << 10, 1 << 12, 1 << 20] {
        let outcome = long_cut.run_by(&crate::kit::POLICY, block).expect("readable");
        let summary = serde_json::from_slice(&written(&outcome, "summary.json")).expect("JSON");
        assert_eq!(warnings(&summary), ["cut-short 3002"], "{block}");
    }
    assert_eq!(of_text(HEAD), ["no-rows"]);
    assert_eq!(of_text(&format!("{HEAD}TRAILER|1\n")), ["all-rejected 1"]);
    assert_eq!(of_text(&format!("{HEAD}{}", &DENY[..20])), ["all-rejected 1", "cut-short 2"]);
}

#[test]
fn rows_of_an_odd_shape_are_warnings() {
    let longer = DENY.replace('\n', ",\n");
    let other = |claim: &str| DENY.replace("C4", claim);
    assert!(of_text(&format!("{HEAD}{longer}{}", longer.replace("C4", "C5"))).is_empty(), "trailing delimiters");
    let two_lengths = format!("{HEAD}{longer}{}{}", other("C5"), other("C6"));
    assert_eq!(of_text(&two_lengths), ["rows-of-two-lengths 2 1 3"]);
    let filled = format!("{HEAD}{longer}{}", longer.replace("C4", "C5").replace(",\n", ",x\n"));
    assert_eq!(of_text(&filled), ["filled-surplus 3 1"]);
    assert_eq!(of_text(&format!("{HEAD}{DENY}{}{}", other("C\"5"), other("C\"6"))), ["stray-quotes 3 2"]);
}

#[test]
fn what_was_left_out_of_any_file_is_a_warning() {
    let dir = TestDir::with(&[DENY]);
    let packed = |text: &str| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, text.as_bytes()).expect("memory takes it");
        [packer.finish().expect("memory takes it").as_slice(), b"trailer"].concat()
    };
    dir.put("auths.csv", packed("authorization_number,status\nA-1,approved\n"));
    dir.put("dx.csv", packed("claim_id,dx\nC4,M5450\n"));
    dir.put(
        "l.toml",
        "name = \"l\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n[columns]\nclaim_id = \"claim_id\"\nservice_date = \"service_date\"\n\
         procedure_code = \"procedure_code\"\npaid_amount = \"paid_amount\"\ndiagnosis = \"D{1..2}\"\n[[join]]\ntable = \"dx\"\n\
         key = \"claim_id\"\nto = \"claim_id\"\ncodes = { column = \"dx\", as = \"D{1..2}\" }\n",
    );
    dir.put("more.csv", format!("{HEAD}{}", DENY.replace("C4", "C5")));
    dir.put("empty.csv", "\n");
    let files = ["check", "claims.csv", "more.csv", "empty.csv", "--auths", "auths.csv", "--layout", "l.toml"];
    let output = dir.run(&[&files[..], &["--join", "dx=dx.csv", "--out", "r", "-q"]].concat());
    // The table is joined to both extracts and is still one file.
    let says = |line: &str| output.err.lines().filter(|l| l.starts_with(&format!("warning: {line}"))).count();
    assert_eq!(says("empty.csv: empty, and passed over"), 1, "{}", output.err);
    assert_eq!(says("auths.csv and 1 more file: the bytes after"), 1, "{}", output.err);
    assert_eq!(of_report(&dir, "r"), ["empty-file", "trailing-bytes", "unused-column diagnosis 7 (AAAAAAAAA_9) 2 2"]);
}

#[test]
fn the_authorization_file_is_judged_too() {
    let with = |auths: &str| {
        let rows = format!("{HEAD}{CLEAR}{DENY}");
        of(Inputs { auths: Some(format!("authorization_number,status\n{auths}").into_bytes()), ..Inputs::one(rows) })
    };
    assert!(with("A-1,approved\n").is_empty());
    assert_eq!(with("B-1,approved\n"), ["authorizations-not-found 1"]);
    assert_eq!(with("A-1,denied\n"), ["no-approval 1"]);
    assert_eq!(with("A-1,approved\nA-2,maybe\nA-3,\n"), ["unread-authorization-status 1 3"]);
}

#[test]
fn what_the_baseline_had_is_missed() {
    let dir = TestDir::with(&[CLEAR, DENY]);
    dir.put("auths.csv", "authorization_number,status\nA-1,approved\n");
    dir.run(&["check", "claims.csv", "--out", "old", "--auths", "auths.csv", "-q"]);
    let check = |rows: &str, out: &str, more: &[&str]| {
        dir.put("claims.csv", rows);
        dir.run(&[&["check", "claims.csv", "--out", out, "--baseline", "old"][..], more].concat());
        of_report(&dir, out)
    };
    let same = format!("{HEAD}{CLEAR}{DENY}");
    assert!(check(&same, "same", &["--auths", "auths.csv"]).is_empty());
    assert_eq!(check(&same, "no-auths", &[]), ["authorizations-gone"]);
    let renamed = same.replace(",product,", ",line_of_business_word,");
    assert_eq!(check(&renamed, "no-product", &["--auths", "auths.csv"]), ["column-gone product"]);
    // Three rows are not more than half as many again, four are.
    let three = format!("{same}{}", CLEAR.replace("C1", "C7"));
    assert!(check(&three, "three", &["--auths", "auths.csv"]).is_empty());
    let four = format!("{three}{}", CLEAR.replace("C1", "C8"));
    assert_eq!(check(&four, "four", &["--auths", "auths.csv"]), ["rows-unlike-baseline 4 2"]);
}

#[test]
fn fewer_diagnosis_columns_than_in_the_baseline_are_missed() {
    let dir = TestDir::with(&[]);
    let two = HEAD.replace("diagnosis_1", "diagnosis_1,diagnosis_2") + &CLEAR.replace("M48.56XA", "M48.56XA,I10");
    dir.put("claims.csv", &two);
    dir.run(&["check", "claims.csv", "--out", "old"]);
    dir.put("claims.csv", two.replace("diagnosis_2", "remark").replace("I10", "text"));
    dir.run(&["check", "claims.csv", "--out", "new", "--baseline", "old"]);
    assert_eq!(of_report(&dir, "new"), ["fewer-columns diagnosis 1 2"]);
}

#[test]
fn a_warning_reaches_everybody() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("claims.csv", format!("{HEAD}{CLEAR}C9,M9").replace("paid_amount", "other"));
    let output = dir.run(&["check", "claims.csv", "--out", "r", "-q", "--format", "xlsx"]);
    assert_eq!((output.code, output.out.as_str()), (Some(0), ""));
    assert_eq!(output.err.matches("warning: ").count(), 2, "{}", output.err);
    assert!(output.err.contains("claims.csv: line 3, the last one"), "{}", output.err);
    let page = fs::read_to_string(dir.at("r/report.html")).expect("the page");
    let banner = page
        .split_once("<div class=\"warnings\">")
        .and_then(|(_, rest)| rest.split_once("</div>"))
        .expect("a banner")
        .0;
    assert!(banner.contains("2 warnings") && banner.matches("<li>").count() == 2, "{banner}");
    assert!(banner.contains("line 3, the last one, has no line end"), "{banner}");
    let sheet = calamine_rows(&dir.at("r/report.xlsx"));
    assert_eq!(sheet, ["cut-short", "no-amounts"]);
    let output = dir.run(&["check", "claims.csv", "--out", "s", "-q", "--log", "json"]);
    let events: Vec<Value> = output.err.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<_> = events.iter().filter(|e| e["event"] == "warning").map(|e| e["kind"].clone()).collect();
    assert_eq!(kinds, ["cut-short", "no-amounts"]);
    let loud = dir.run(&["check", "claims.csv", "--out", "t"]);
    assert!(loud.out.contains("2 warnings: said on stderr"), "{}", loud.out);
    for (gate, code) in [("warnings > 0", 1), ("warnings > 1", 1), ("warnings > 2", 0)] {
        let output = dir.run(&["check", "claims.csv", "--out", "u", "--force", "--fail-if", gate]);
        assert_eq!(output.code, Some(code), "{gate}");
    }
}

/// The kinds of warnings on the sheet Summary.
fn calamine_rows(path: &std::path::Path) -> Vec<String> {
    use calamine::{Reader as _, Xlsx, open_workbook};
    let mut book: Xlsx<_> = open_workbook(path).expect("a workbook");
    let range = book.worksheet_range("Summary").expect("a sheet");
    let after = range.rows().skip_while(|row| row[0] != "Warning").skip(1);
    let section = after.take_while(|row| row.iter().any(|cell| !cell.to_string().is_empty()));
    section.map(|row| row[0].to_string()).filter(|kind| !kind.is_empty()).collect()
}

#[test]
fn required_fields_are_required() {
    let dir = TestDir::with(&[CLEAR]);
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "a", "--require", "product"]).code, Some(0));
    let output =
        dir.run(&["check", "claims.csv", "--out", "b", "--require", "units", "--require", "modifier"]).refused();
    assert!(output.contains("units: looked for") && output.contains("modifier: looked for"), "{output}");
    let output = dir.run(&["check", "claims.csv", "--require", "prodct"]).refused();
    assert!(output.contains("did you mean product?"), "{output}");
    dir.put("claimlint.toml", "require = [\"product\", \"charge_amount\"]\n");
    let output = dir.run(&["check", "claims.csv", "--out", "c"]).refused();
    assert!(output.contains("charge_amount: looked for") && !output.contains("product: looked"), "{output}");
}

#[test]
fn a_layout_refuses_a_header_without_its_columns_unless_they_are_optional() {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", "C,D,P,PDX,DX2,A\nC1,2024-03-05,22514,M4854XA,,5.00\n");
    let layout = |more: &str, columns: &str| {
        format!(
            "name = \"mart\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n{more}\n[columns]\nclaim_id = \"C\"\nservice_date = \"D\"\n\
             procedure_code = \"P\"\npaid_amount = \"A\"\n{columns}\n"
        )
    };
    for (more, columns, missing) in [
        ("", "diagnosis = [\"PDX\", \"DX{2..9}\"]", None),
        ("", "diagnosis = \"DX{1..9}\"\nproduct = [\"LOB\", \"PLAN\"]", Some("product: looked for LOB, PLAN")),
        ("optional = [\"product\"]", "diagnosis = \"DX{1..9}\"\nproduct = \"LOB\"", None),
        ("optional = \"all\"", "diagnosis = \"DX{1..9}\"\nproduct = \"LOB\"", None),
        ("", "diagnosis = [\"PDX\", \"SDX\"]", Some("diagnosis: looked for SDX")),
        ("require = [\"units\"]", "diagnosis = \"DX{1..9}\"", Some("units: the layout names no column for it")),
        ("optional = [\"prodct\"]", "diagnosis = \"DX{1..9}\"", Some("did you mean product?")),
    ] {
        dir.put("l.toml", layout(more, columns));
        let output = dir.run(&["check", "claims.csv", "--layout", "l.toml", "--out", "r", "--force"]);
        match missing {
            None => assert_ne!(output.code, Some(2), "{columns}: {}", output.err),
            Some(missing) => assert!(output.refused().contains(missing), "{columns}"),
        }
    }
}

#[test]
fn inspect_describes_an_authorization_file() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("auths.csv", "Auth Number,status,plan_word\nA-1,approved,x\nA-2,maybe,y\n");
    let output = dir.run(&["inspect", "auths.csv"]).success();
    for part in ["an authorization file", "Auth Number", "2 rows, 1 of them approvals", "status \"", "no column"] {
        assert!(output.contains(part), "{part}: {output}");
    }
    assert!(!output.contains("A-1"), "{output}");
    dir.put("auths.csv", "authorization_number,status,valid_from\nA-1,approved,spring\n");
    let said = dir.run(&["inspect", "auths.csv"]);
    assert!(said.code == Some(2) && said.out.contains("line 2: valid_from"), "{}", said.out);
    assert!(!dir.run(&["inspect", "claims.csv"]).success().contains("an authorization file"));
}

#[test]
fn no_service_is_said_with_what_was_not_looked_at() {
    let dir = TestDir::with(&[CLEAR]);
    let told = |rows: String| {
        dir.put("claims.csv", rows);
        let output = dir.run(&["check", "claims.csv", "--out", "r", "--force"]).success();
        output.lines().collect::<Vec<_>>().join(" ")
    };
    let other = CLEAR.replace("22514", "99213");
    let output = told(format!("{HEAD}{other}"));
    assert!(
        output.contains("no row that could be read holds a listed procedure code in a column that is read"),
        "{output}"
    );
    assert!(!output.contains("rejected and not looked at"));
    let output = told(format!("{HEAD}{other}C9,M9,22514\n"));
    assert!(output.contains("1 row was rejected and not looked at"), "{output}");
    let head = HEAD.replace("paid_amount", "paid_amount,claim_status");
    let output = told(format!("{head}{},DENIED\n", CLEAR.trim_end()));
    assert!(output.contains("1 row holds a known procedure code, but reversed"), "{output}");
}

#[test]
fn notes_do_not_point_at_fields_that_are_missing_too() {
    let dir = TestDir::with(&[CLEAR]);
    let without = |column: &str| {
        dir.put("claims.csv", format!("{HEAD}{CLEAR}").replace(column, "other"));
        dir.run(&["check", "claims.csv", "--out", "r", "--force", "--log", "json"]).err
    };
    let usual = without("nothing");
    assert!(
        usual.contains("bill_type") && usual.contains("the setting comes from the place of service alone"),
        "{usual}"
    );
    assert!(usual.contains("replaced and voided claims are not known"), "{usual}");
    assert!(!usual.contains("third character"), "{usual}");
    let none = without("place_of_service");
    assert!(none.contains("no setting is known (RT403)") && !none.contains("alone"), "{none}");
    let none = without("paid_amount");
    assert!(!none.contains("falls back"), "{none}");
}
