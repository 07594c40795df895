//! Tests `inspect` on extracts that `check` refuses, the layouts that it writes, and `claimlint layout`.

use crate::cli::{CLEAR, HEAD, TestDir};

/// An extract with names that no layout knows.
const STRANGE: &str = "CLAIM_REF;MBR;LOB;DT_SVC;SERVICE_CODE;DIAG_A;DIAG_B;AUTHNUM;NOTE\n\
                       C1;M1;HMO Blue;2024-03-05;22514;M48.56XA;I10;A-1001;x\n\
                       C2;M2;GOLD 2000;2024-03-06;22513;M80.08XA;;A-1002;y\n";

fn folder() -> TestDir {
    let folder = TestDir::with(&[]);
    folder.put("strange.csv", STRANGE);
    folder
}

#[test]
fn a_refused_extract_is_described_with_candidates() {
    let said = folder().run(&["inspect", "strange.csv"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let shown = crate::kit::flowed(&said.out);
    for wanted in [
        "check refuses it: strange.csv: required columns are missing",
        "delimiter semicolon",
        "header 9 columns",
        "claim_id CLAIM_REF (by its name)",
        "first rows 2 looked at",
        "service_date DT_SVC (by its name; 2 of 2 cells look like dates)",
        "procedure_code SERVICE_CODE (by its name; 2 of 2 cells look like CPT or HCPCS codes)",
        "diagnosis DIAG_A (by its name; 2 of 2 cells look like diagnosis codes)",
        "found authorization_number AUTHNUM",
    ] {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
    assert!(!shown.contains("M48.56XA") && !shown.contains("A-1001"), "{shown}");
    // A header without rows has candidates by their names.
    let folder = folder();
    folder.put("head.csv", STRANGE.lines().next().expect("a header").to_owned() + "\n");
    let shown = crate::kit::flowed(&folder.run(&["inspect", "head.csv"]).out);
    assert!(shown.contains("service_date DT_SVC (by its name)") && shown.contains("first rows 0 looked at"), "{shown}");
}

#[test]
fn missing_amounts_are_listed_with_their_candidates() {
    let folder = TestDir::with(&[]);
    let head = "claim_id,service_date,procedure_code,diagnosis_1,CHRG_AMT,PD_AMT\n";
    folder.put("claims.csv", head.to_owned() + "C1,2024-03-05,22514,M48.56XA,900.00,500.00\n");
    let shown = crate::kit::flowed(&folder.run(&["inspect", "claims.csv", "--write-layout", "my.toml"]).success());
    for wanted in [
        "paid_amount there is no amount at all, so what is at risk is unknown candidates: PD_AMT (by its name",
        "charge_amount would be at risk where nothing says what was paid or allowed candidates: CHRG_AMT (by its name",
    ] {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
    let text = std::fs::read_to_string(folder.at("my.toml")).expect("a layout");
    assert!(text.contains("# paid_amount = \"PD_AMT\""), "{text}");
    // One amount is enough, and the run says what it is.
    folder.put("claims.csv", head.replace("PD_AMT", "paid_amount") + "C1,2024-03-05,22514,M48.56XA,900.00,500.00\n");
    let shown = folder.run(&["inspect", "claims.csv"]).success();
    assert!(!shown.contains("no amount at all") && !shown.contains("would be at risk"), "{shown}");
}

#[test]
fn the_layout_that_is_written_is_ready_to_use() {
    let folder = folder();
    folder.run(&["inspect", "strange.csv", "--write-layout", "my.toml"]);
    let text = std::fs::read_to_string(folder.at("my.toml")).expect("a layout");
    assert!(
        text.contains("# open: claim_id may be in \"CLAIM_REF\" (by its name)\nclaim_id = \"CLAIM_REF\""),
        "{text}"
    );
    assert!(text.contains("\ndiagnosis = [\"DIAG_A\", \"DIAG_B\"]\n"), "{text}");
    assert!(folder.run(&["layout", "check", "my.toml"]).success().contains("a layout that can be used"));
    folder.run(&["check", "strange.csv", "--layout", "my.toml", "--fail-on", "never"]).success();
    let services = std::fs::read_to_string(folder.at("claimlint-report/services.csv")).expect("services");
    assert_eq!(services.lines().count(), 3, "{services}");
    // A file that exists is not replaced.
    let again = folder.run(&["inspect", "strange.csv", "--write-layout", "my.toml"]);
    assert!(again.code == Some(2) && again.err.contains("exists already"), "{again:?}");
}

#[test]
fn a_preamble_is_answered_with_the_flag_that_skips_it() {
    let folder = folder();
    let extract = "Claims of March\n\nclaim_id,service_date,procedure_code,diagnosis_1,product\nC1,2024-03-05,22514,M48.56XA,HMO Blue\nC2,2024-03-05,22514,M48.56XA,GOLD\n";
    folder.put("preamble.csv", extract);
    let shown = crate::kit::flowed(&folder.run(&["inspect", "preamble.csv", "--write-layout", "l.toml"]).success());
    assert!(shown.contains("its header is on line 3, after a preamble: give --skip-lines 2"), "{shown}");
    for wanted in [
        "service dates that can be read: 2 of 2 in service_date",
        "HMO Blue 1 commercial-managed-care",
        "GOLD 1 unknown: no table has it",
    ] {
        assert!(shown.contains(wanted), "{wanted}\n{shown}");
    }
    folder.run(&["check", "preamble.csv", "--layout", "l.toml", "--fail-on", "never"]).success();
    let text = std::fs::read_to_string(folder.at("l.toml")).expect("a layout");
    assert!(text.contains("skip_lines = 2") && text.contains("# \"GOLD\" = "), "{text}");
}

#[test]
fn diagnoses_that_are_never_read_are_no_candidates() {
    let folder = folder();
    let extract = "CLAIM_REF;MBR;LOB;DT_SVC;SERVICE_CODE;MAIN_DX_CD;ADMITTING_DX;PATIENT_REASON_DX\n\
                   C1;M1;HMO;2024-03-05;22514;I10;M48.56XA;M54.5\nC2;M2;HMO;2024-03-06;22514;I10;M48.56XA;M54.5\n";
    folder.put("claims.csv", extract);
    let said = folder.run(&["inspect", "claims.csv", "--write-layout", "l.toml"]);
    assert_eq!(said.code, Some(2), "check refuses the file without a layout: {said:?}");
    let text = std::fs::read_to_string(folder.at("l.toml")).expect("a layout");
    assert!(text.contains("\ndiagnosis = \"MAIN_DX_CD\"\n"), "{text}");
}

#[test]
fn check_names_the_flag_for_a_preamble_and_a_footer() {
    let folder = folder();
    let rows = "claim_id,service_date,procedure_code,diagnosis_1\nC1,2024-03-05,22514,M48.56XA\n";
    folder.put("preamble.csv", format!("Claims of March\n{rows}"));
    let said = folder.run(&["check", "preamble.csv"]).refused();
    assert!(
        crate::kit::flowed(&said).contains("its header is on line 2, after a preamble: give --skip-lines 1"),
        "{said}"
    );
    folder.put("footer.csv", format!("{rows}(1 rows affected)\n"));
    let said = folder.run(&["check", "footer.csv", "--fail-on", "never"]).err;
    assert!(
        crate::kit::flowed(&said).contains("line 3 looks like a footer, not a row: --comment \"(\" passes over it"),
        "{said}"
    );
    let said = folder.run(&["check", "footer.csv", "--fail-on", "never", "--comment", "(", "--out", "again"]).err;
    assert!(!said.contains("footer, not a row"), "{said}");
    let shown = crate::kit::flowed(&folder.run(&["inspect", "footer.csv"]).success());
    assert!(shown.contains("last line line 3 looks like a footer, not a row: --comment \"(\""), "{shown}");
    // A first line that is no preamble, and a last row that was cut short.
    folder.put("cut.csv", format!("{rows}C2,2024"));
    assert!(!folder.run(&["check", "cut.csv", "--fail-on", "never"]).err.contains("looks like a footer"));
}

#[test]
fn a_file_without_a_header_is_described_without_its_cells() {
    let folder = folder();
    folder.put("rows.csv", "C1000,SMITH,2024-03-05,22514,M48.56XA\nC1001,JONES,2024-03-06,22513,M48.56XA\n");
    let said = folder.run(&["inspect", "rows.csv"]);
    let shown = crate::kit::flowed(&said.out);
    assert!(shown.contains("none: the first line looks like a row; 5 columns, shown by number"), "{shown}");
    assert!(shown.contains("service_date column_3 (2 of 2 cells look like dates)"), "{shown}");
    assert!(!shown.contains("SMITH") && !shown.contains("JONES") && !said.err.contains("SMITH"), "{shown}");
}

#[test]
fn built_in_layouts_are_shown_and_files_are_checked() {
    let folder = folder();
    let tuva = folder.run(&["layout", "show", "tuva"]).success();
    assert!(tuva.starts_with("name = \"tuva\"\n"), "{tuva}");
    let said = folder.run(&["layout", "show", "tuwa"]);
    assert!(said.code == Some(2) && said.err.contains("did you mean tuva?"), "{said:?}");
    folder.put("same.toml", "extends = \"canonical\"\nescape = \"\\\\\"\n[columns]\n");
    let said = folder.run(&["layout", "check", "same.toml"]).success();
    assert!(said.contains("It maps no field itself."), "{said}");
    let cut = "[columns]\nclaim_id = \"C\"\nversion_number = { of = \"C\", last = 2 }\n";
    folder.put("cut.toml", format!("extends = \"canonical\"\n{cut}"));
    let said = folder.run(&["layout", "check", "cut.toml"]).success();
    assert!(said.contains("It maps claim_id, version_number."), "{said}");
    folder.put("bad.toml", "extends = \"canonical\"\n[columns]\nclaimid = \"x\"\n[products]\nGOLD = \"gold\"\n");
    let said = folder.run(&["layout", "check", "bad.toml"]);
    assert!(said.code == Some(2) && said.err.contains("did you mean `claim_id`?"), "{said:?}");
    folder.put("classes.toml", "extends = \"canonical\"\n[products]\nGOLD = \"gold\"\n");
    let said = folder.run(&["layout", "check", "classes.toml"]);
    assert!(said.code == Some(2) && said.err.contains("GOLD"), "{said:?}");
}

#[test]
fn a_written_layout_says_how_cells_are_quoted() {
    let row = "'C1, again','M\"1',2024-03-05,22514,M48.56XA,HMO\n";
    let rows = [row.to_owned(), row.replace("C1", "C2"), row.replace("C1", "C3")].concat();
    let head = "claim_id,member_id,service_date,procedure_code,diagnosis_1,product\n";
    let folder = TestDir::with(&[]);
    for (name, text, line) in [
        ("spark", rows.replace('"', "\\\"").replace('\'', "\""), "escape = \"\\\\\""),
        ("apostrophes", rows.clone(), "quote = \"'\""),
        ("plain", rows.replace("'C", "\"C").replace(", again'", "").replace('\'', ""), "quote = \"none\""),
    ] {
        let (extract, layout) = (format!("{name}.csv"), format!("{name}.toml"));
        folder.put(&extract, format!("{head}{text}"));
        assert_eq!(folder.run(&["check", &extract]).code, Some(2), "{name}");
        let shown = crate::kit::flowed(&folder.run(&["inspect", &extract, "--write-layout", &layout]).success());
        assert!(shown.contains(&format!("check needs a layout that says {line}.")), "{name}: {shown}");
        assert!(
            std::fs::read_to_string(folder.at(&layout)).expect("a layout").contains(&format!("\n{line}\n")),
            "{name}"
        );
        folder.run(&["check", &extract, "--layout", &layout, "--fail-on", "never", "--out", name]).success();
        let services = std::fs::read_to_string(folder.at(name).join("services.csv")).expect("services");
        assert_eq!(services.lines().count(), 4, "{name}: {services}");
    }
}

#[test]
fn a_name_tells_a_claim_number_that_looks_like_a_diagnosis() {
    let folder = TestDir::with(&[]);
    folder.put(
        "short.csv",
        "CLAIM_REF,DT_SVC,SERVICE_CODE,DGN_1\nC12,2024-03-05,22514,M48.56XA\nC13,2024-03-06,22513,I10\n",
    );
    let shown = crate::kit::flowed(&folder.run(&["inspect", "short.csv"]).out);
    assert!(shown.contains("claim_id CLAIM_REF (by its name)"), "{shown}");
    assert!(shown.contains("diagnosis DGN_1 (by its name; 2 of 2 cells look like diagnosis codes)"), "{shown}");
}

#[test]
fn names_that_a_layout_gives_to_a_file_without_a_header_are_said() {
    let folder = TestDir::with(&[]);
    folder.put("rows.csv", "C1000,SMITH,2024-03-05\n");
    folder.put("l.toml", "extends = \"canonical\"\nheader = [\"ref_a\", \"who_b\", \"when_c\"]\n");
    let said = crate::kit::flowed(&folder.run(&["check", "rows.csv", "--layout", "l.toml"]).refused());
    assert!(said.contains("the layout's `header` has `ref_a`, `who_b`, `when_c`"), "{said}");
    assert!(!said.contains("SMITH") && !said.contains("the first line holds"), "{said}");
}

/// A terminal breaks what is too long in the middle of words, and without an indent.
#[cfg(target_os = "linux")]
#[test]
fn lines_are_broken_where_a_narrow_terminal_ends() {
    const COLUMNS: usize = 40;
    let dir = folder();
    let at = |file: &str| crate::kit::at(&format!("fixtures/extracts/{file}")).display().to_string();
    dir.put(
        "no-diagnosis.csv",
        "claim_id,service_date,procedure_code,other,product\nC1,2024-03-05,22514,M48.56XA,HMO Blue New England\n",
    );
    dir.put(
        "auths.csv",
        "authorization_number,status,valid_from\nA-1,approved,2024-01-01\nA-2,sent back to the provider,\n",
    );
    for file in [&at("kyphoplasty-2024q1.csv"), &at("tuva-medical-claim.csv"), "no-diagnosis.csv", "auths.csv"] {
        let binary = env!("CARGO_BIN_EXE_claimlint");
        let command = format!("stty cols {COLUMNS} rows 50; '{binary}' inspect '{file}'");
        // It gives the command a terminal of its own.
        let mut script = std::process::Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).env("TERM", "dumb").current_dir(dir.0.path());
        let output = script.output().expect("script of util-linux is there");
        let shown = String::from_utf8(output.stdout).expect("text");
        let plain = |line: &str| {
            let (first, styled) = line.split_once('\x1b').map_or((line, ""), |(first, rest)| (first, rest));
            let after = styled.split('\x1b').map(|part| part.split_once('m').map_or("", |(_, text)| text));
            first.to_owned() + &after.collect::<String>()
        };
        let lines: Vec<String> = shown.lines().map(|line| plain(line.trim_end())).collect();
        assert!(lines.len() > 8, "{file}: {shown}");
        for line in lines {
            // A word without a blank cannot be broken.
            let is_one_word = !line.trim().contains(' ');
            assert!(line.chars().count() <= COLUMNS || is_one_word, "{file}: {line:?}\n{shown}");
        }
    }
}

#[test]
fn an_extract_of_which_most_rows_are_rejected_is_described_as_refused() {
    let dir = TestDir::with(&[]);
    for (rows, is_refused) in [("C1,M1\n".repeat(12), true), ("C1,M1\n".repeat(12) + &CLEAR.repeat(12), false)] {
        dir.put("claims.csv", HEAD.to_owned() + &rows);
        assert_eq!(checked_code(&dir), if is_refused { Some(2) } else { Some(0) });
        let inspected = dir.run(&["inspect", "claims.csv"]);
        assert_eq!(inspected.code, if is_refused { Some(2) } else { Some(0) }, "{inspected:?}");
        let said = "check refuses it: claims.csv: 12 of 12 rows cannot be read";
        assert_eq!(crate::kit::flowed(&inspected.out).contains(said), is_refused, "{}", inspected.out);
    }
}

/// The exit code of a check of the directory's extract.
fn checked_code(dir: &TestDir) -> Option<i32> {
    dir.run(&["check", "claims.csv", "--out", "report", "--force", "--fail-on", "never"]).code
}

#[test]
fn an_authorization_file_that_is_refused_is_described() {
    let dir = TestDir::with(&[]);
    for (text, says) in [
        (
            "authorization_number,auth_status,decision\nA-1,A,D\n",
            "columns `auth_status` and `decision` both claim status",
        ),
        ("authorization_number,status,valid_from\nA-1,A,soon\n", "line 2: valid_from cannot be read as a date"),
    ] {
        dir.put("auths.csv", text);
        let said = dir.run(&["inspect", "auths.csv"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        let shown = crate::kit::flowed(&said.out);
        for wanted in [
            "an authorization file",
            &format!("check refuses it: auths.csv: {says}"),
            "authorization_number authorization_number",
        ] {
            assert!(shown.contains(wanted), "{wanted}\n{shown}");
        }
    }
    dir.put("auths.csv", "authorization_number,status,expiration_date\nA-1,A,2024-01-01\n");
    let said = crate::kit::flowed(&dir.run(&["inspect", "auths.csv"]).success());
    assert!(said.contains("warning column `expiration_date` is not read"), "{said}");
}

/// Else the diagnoses would be taken from whatever column has a name like theirs.
#[test]
fn a_table_that_brings_a_missing_column_is_named_in_place_of_candidates() {
    let dir = TestDir::with(&[]);
    let extract = crate::kit::at("fixtures/extracts/relational/optum-medical.csv");
    let extract = extract.to_str().expect("a path in UTF-8");
    let inspected = dir.run(&["inspect", extract, "--write-layout", "own.toml"]);
    let shown = crate::kit::flowed(&inspected.out);
    assert!(shown.contains("diagnosis --join diagnosis=FILE brings it"), "{shown}");
    let layout = std::fs::read_to_string(dir.at("own.toml")).expect("a layout");
    assert!(!layout.lines().any(|line| line.starts_with("diagnosis")), "{layout}");
}

/// What ends the header may differ from what ends the rows.
#[test]
fn line_ends_of_two_kinds_are_said_as_check_says_them() {
    let dir = TestDir::with(&[]);
    let head = HEAD.trim_end();
    for (after_head, after_rows, says) in [
        ("\n", "\r", Some("its lines end in two ways: the first row holds a CR, and LF ends lines")),
        ("\r\n", "\r", Some("its lines end in two ways: the first row holds a CR, and LF ends lines")),
        ("\n", "\x0b", Some("line 2 holds several rows that end with the vertical tab 0x0B, and LF ends lines")),
        (
            "\r\n",
            "\u{85}",
            Some("line 2 holds several rows that end with NEL (U+0085), as on IBM mainframes, and LF ends"),
        ),
        ("\r", "\x1e", Some("line 2 holds several rows that end with the record separator 0x1E, and CR ends lines")),
        ("\u{85}", "\n", Some("its header holds NEL (U+0085), as on IBM mainframes as a line end")),
        ("\u{85}", "\x0b", Some("its lines end with NEL (U+0085), as on IBM mainframes")),
        ("\n", "\r\n", None),
        ("\r", "\n", None),
    ] {
        let rows =
            format!("{}{after_rows}", CLEAR.trim_end()).repeat(3).replacen("C1", "C2", 1).replacen("C1", "C3", 1);
        dir.put("claims.csv", format!("{head}{after_head}{rows}"));
        let checked = dir.run(&["check", "claims.csv", "--out", "report", "--force", "--fail-on", "never"]);
        let inspected = dir.run(&["inspect", "claims.csv"]);
        let case = format!("{after_head:?} {after_rows:?}: {checked:?} {inspected:?}");
        let Some(says) = says else {
            assert_eq!((checked.code, inspected.code), (Some(0), Some(0)), "{case}");
            let ends = if after_head == "\r" { "CR and LF" } else { "LF and CRLF" };
            assert!(crate::kit::flowed(&inspected.out).contains(&format!("line ends {ends} decoded")), "{case}");
            continue;
        };
        assert_eq!((checked.code, inspected.code, inspected.err.as_str()), (Some(2), Some(2), ""), "{case}");
        let shown = crate::kit::flowed(&inspected.out);
        assert!(crate::kit::flowed(&checked.err).contains(says), "{case}");
        assert!(shown.contains("check refuses it: claims.csv: ") && shown.contains(says), "{case}");
        // A header that cannot be read has no columns that may hold anything.
        assert!(!shown.contains("header 1 column"), "{case}");
    }
    // So has a line that is not the first row.
    dir.put("claims.csv", format!("{HEAD}{CLEAR}{}", CLEAR.replace('\n', "\r").repeat(3) + "\n"));
    let inspected = dir.run(&["inspect", "claims.csv"]);
    assert_eq!(checked_code(&dir), Some(2));
    assert!(inspected.code == Some(2) && inspected.out.contains("line 3 holds several rows"), "{inspected:?}");
}
