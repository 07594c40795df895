//! Tests that text from a cell, a header, a file name, a layout or a policy is never markup, a formula or a terminal escape
//! sequence in a report or at the terminal.

use std::fs;

use claimlint::claim::store::BATCH_LINES;
use claimlint::ingest::{BLOCK, Layout, Library, Source};
use claimlint::run::{Expect, JudgedRun, Setup, Unwatched, read_authorizations, run};

use crate::cli::{CommandOutput, binary};
use crate::kit::{LIBRARY, POLICY, Table, policy_with, written};

/// The canonical columns, each with what it holds in a row in scope.
pub(crate) const COLUMNS: [(&str, &str); 29] = [
    ("claim_id", "C"),
    ("line_number", "1"),
    ("claim_form", "P"),
    ("frequency_code", "1"),
    ("original_claim_id", ""),
    ("member_id", "M"),
    ("member_state", "CT"),
    ("product", "HMO Blue"),
    ("billing_npi", "1225130225"),
    ("rendering_npi", "1225130226"),
    ("place_of_service", "22"),
    ("bill_type", ""),
    ("service_date", "2024-03-05"),
    ("service_end_date", ""),
    ("procedure_code", "22514"),
    ("modifier_1", ""),
    ("units", "1"),
    ("diagnosis_1", "M54.5"),
    ("diagnosis_2", "M48.5"),
    ("diagnosis_pointer", ""),
    ("diagnosis_pointer_1", ""),
    ("icd_procedure_1", ""),
    ("icd_procedure_2", ""),
    ("authorization_number", "A1"),
    ("charge_amount", "3"),
    ("allowed_amount", "2"),
    ("paid_amount", "1"),
    ("note", ""),
    ("other_note", ""),
];

/// An extract that holds `text` in each column of one row, each also as a Medicare row and as a stay, and a rejected row.
fn extract(text: &str) -> String {
    let quoted = |cells: &[String]| {
        cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect::<Vec<_>>().join(",") + "\n"
    };
    let mut rows = quoted(&COLUMNS.map(|(name, _)| name.to_owned()));
    for product in ["", "Medicare HMO", "stay"] {
        for column in 0..COLUMNS.len() {
            let mut cells = COLUMNS.map(|(_, cell)| cell.to_owned());
            cells[0] = format!("C{column}{product}");
            match product {
                "" => {}
                "stay" => (cells[11], cells[14], cells[21]) = ("111".into(), String::new(), "0PU43JZ".into()),
                _ => product.clone_into(&mut cells[7]),
            }
            cells[column] = match COLUMNS[column].0 {
                // What follows a separator is not read; the row stays in scope.
                "procedure_code" => format!("22514 {text}"),
                "icd_procedure_1" => format!("0PU43JZ {text}"),
                _ => text.to_owned(),
            };
            rows += &quoted(&cells);
        }
    }
    // The text alone is a row with too few fields.
    rows + text + "\n"
}

const AUTHS: &str = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n";

fn judged(
    library: Library,
    policy: claimlint::policy::Policy,
    name: &str,
    extract: &str,
    auths: Option<&str>,
) -> JudgedRun {
    let authorizations = auths.map(|rows| {
        let source = Source::from_bytes("auths.csv", format!("{AUTHS}{rows}").into_bytes()).expect("a source");
        read_authorizations(source, &policy, &library, None).expect("it is right")
    });
    let expect = Expect::default();
    let setup = Setup { policy, library, authorizations, expect, block: BLOCK, part: BATCH_LINES, memory: None };
    let open = |name: &str| Source::from_bytes(name, extract.as_bytes().to_vec());
    let run = run(&[name.to_owned()], &open, setup, &Unwatched).unwrap_or_else(|e| panic!("{e}"));
    run.judge_all().expect("it is in memory")
}

/// Markup that would add an attribute, an element and a script if it were not escaped.
const MARKUP: &str = "zz'zz\"><zzz a=b></script><script>zzz()</script><!--&lt;zzz.";

/// Asserts that the page shows the markup as text.
fn is_tame(page: &str, what: &str) {
    assert!(page.contains("&lt;zzz"), "{what}: the markup is not shown");
    for wild in ["<zzz", "zz'", "zz\"", "<script>zzz", "zzz()</script", "<!--&"] {
        assert!(!page.contains(wild), "{what}: {wild}");
    }
    // What a decoder of entities must leave of `&lt;zzz` is `&lt;zzz`, so the ampersand is escaped.
    assert!(!page.contains("--&lt;zzz"), "{what}: an ampersand");
}

#[test]
fn no_column_writes_markup() {
    let auths = format!("A1,,99213,A,,,\nA2,\"{0}\",,\"{0}\",,,\n", MARKUP.replace('"', "\"\""));
    for auths in [None, Some(auths.as_str())] {
        let outcome = judged(LIBRARY.clone(), POLICY.clone(), &format!("{MARKUP}.csv"), &extract(MARKUP), auths);
        assert!(outcome.judged.services.len() > 60 && outcome.context.inputs[0].rejects.len() == 1);
        let page = String::from_utf8(written(&outcome, "report.html")).expect("a page");
        is_tame(&page, "report.html");
    }
}

#[test]
fn no_column_writes_markup_on_the_page_of_a_claim() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).current_dir(dir.path()));
    fs::write(dir.path().join("<zzz>.csv"), extract(MARKUP)).expect("room for it");
    assert_eq!(run(&["check", "<zzz>.csv", "--out", "report", "-q"]).code, Some(1));
    let services = Table::of(&fs::read(dir.path().join("report/services.csv")).expect("services"));
    let claim = services.column("claim_id");
    let claims: std::collections::BTreeSet<&str> = services.rows.iter().map(|row| row[claim].as_str()).collect();
    for (i, claim) in claims.iter().enumerate().filter(|(i, _)| i % 5 == 0) {
        let file = format!("claim-{i}.html");
        run(&["explain", "--in", "report", "--html", &file, "--", claim]).success();
        let page = fs::read_to_string(dir.path().join(&file)).expect("a page");
        is_tame(&page, claim);
    }
    run(&["explain", "--in", "report", "--html", "claim.html", "--", MARKUP]).success();
    is_tame(&fs::read_to_string(dir.path().join("claim.html")).expect("a page"), "the claim itself");
}

#[test]
fn no_layout_and_no_policy_writes_markup() {
    let toml = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let markup = toml(MARKUP);
    // A quote inside a header name is not tested here.
    let name = MARKUP.replace('"', "");
    let layout = format!(
        "name = \"{markup}\"\ntitle = \"{markup}\"\nsource = \"{markup}\"\nvalid = \"{markup}\"\n[columns]\n\
         claim_id = \"{name}\"\nservice_date = \"day\"\nprocedure_code = \"code\"\ndiagnosis = [\"dx\"]\n\
         product = \"plan\"\nplace_of_service = \"place\"\n[products]\n\"{markup}\" = \"commercial-managed-care\"\n"
    );
    let layout = Layout::load("layout.toml", &layout).unwrap_or_else(|e| panic!("{e}"));
    // Every sentence and name of the policy that is not a code, a class or a keyword.
    let policy = policy_with(|_, text| {
        let edit = |line: &str| {
            let keys = ["title", "publisher", "source", "valid"];
            match line.split_once(" = \"") {
                Some((key, _)) if keys.contains(&key) => format!("{key} = \"{markup}\""),
                _ if line.contains("citation = \"") => line.replace("citation = \"", &format!("citation = \"{markup}")),
                _ => line.replace("\"A clear service", &format!("\"{markup} A clear service")),
            }
        };
        text.lines().map(|line| edit(line) + "\n").collect()
    });
    let policy = policy.unwrap_or_else(|e| panic!("{e}"));
    let head = format!("{name},day,code,dx,plan,place");
    let rows = format!("C1,2024-03-05,22514,M54.5,\"{}\",22\nC2,,0PU43JZ,,EPO,21\n", MARKUP.replace('"', "\"\""));
    let outcome = judged(Library::only(layout), policy, "claims.csv", &format!("{head}\n{rows}"), None);
    assert_eq!(outcome.judged.services.len(), 2);
    is_tame(&String::from_utf8(written(&outcome, "report.html")).expect("a page"), "report.html");
}

/// Does a spreadsheet run it as a formula? Written apart from the program's own test of this.
fn runs(cell: &str) -> bool {
    let is_dropped = |c: &char| c.is_control() || c.is_whitespace() || *c == '\u{feff}';
    cell.chars().find(|c| !is_dropped(c)).is_some_and(|c| "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(c))
}

/// Asserts that no text of a table is a formula. Numbers may be negative.
fn runs_nothing(table: &Table, what: &str) {
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    for (cell, name) in table.rows.iter().flat_map(|row| row.iter().zip(&table.header)) {
        let numbers = ["amount_at_risk", "old_amount_at_risk", "recoverable", "units"].contains(&name.as_str());
        assert!(!runs(cell) || numbers && is_number(cell), "{what}: {name}: {cell:?}");
    }
}

#[test]
fn no_column_writes_a_formula() {
    // A spreadsheet's own `=` is taken off before a cell is read; what is left may begin with another.
    for (written, formula) in [
        ("==cmd' /C calc'!A0", "=cmd' /C calc'!A0"),
        ("+1+1", "+1+1"),
        ("-2+3", "-2+3"),
        ("@SUM(1)", "@SUM(1)"),
        ("\0=1+1", "\0=1+1"),
        ("\u{ff1d}1+1", "\u{ff1d}1+1"),
        ("\u{ff0b}1+1", "\u{ff0b}1+1"),
        ("\u{ff0d}2+3", "\u{ff0d}2+3"),
        ("\u{ff20}SUM(1)", "\u{ff20}SUM(1)"),
        ("\t==1+1", "=1+1"),
        ("\u{a0}+1+1", "+1+1"),
    ] {
        let outcome = judged(LIBRARY.clone(), POLICY.clone(), "claims.csv", &extract(written), None);
        let mut guarded = std::collections::BTreeSet::new();
        for file in ["services.csv", "findings.csv", "rejects.csv"] {
            let table = Table::written(&outcome, file);
            runs_nothing(&table, file);
            for (cell, name) in table.rows.iter().flat_map(|row| row.iter().zip(&table.header)) {
                let begins = |cell: &str, text: &str| cell.to_uppercase().starts_with(&text.to_uppercase());
                if cell.strip_prefix('\'').is_some_and(|cell| begins(cell, formula) || begins(cell, written)) {
                    guarded.insert(name.clone());
                }
            }
        }
        let want = [
            "authorization_number",
            "billing_npi",
            "claim_id",
            "diagnoses_considered",
            "line_number",
            "member_id",
            "product",
            "raw",
            "rendering_npi",
        ];
        assert_eq!(guarded.iter().map(String::as_str).collect::<Vec<_>>(), want, "{formula:?}");
    }
}

#[test]
fn no_file_name_and_no_policy_word_is_a_formula_in_a_table() {
    for formula in ["=1+1", "\t=1+1", "\r=1+1", "\u{a0}=1+1", "\0@SUM(1)", "\u{ff1d}1+1", "\u{ff20}SUM(1)"] {
        let word: String =
            formula.chars().flat_map(|c| format!("\\u{:04x}", u32::from(c)).into_bytes()).map(char::from).collect();
        let policy = policy_with(|_, text| {
            let edit = |line: &str| {
                let word_of = |key: &str| line.starts_with(key).then(|| format!("{key}\"{word}\""));
                let own = ["carc = ", "rarc = ", "citation = "].iter().find_map(|key| word_of(key));
                own.unwrap_or_else(|| line.replace("citation = \"", &format!("citation = \"{word}")))
            };
            text.lines().map(|line| edit(line) + "\n").collect()
        });
        let policy = policy.unwrap_or_else(|e| panic!("{e}"));
        let outcome = judged(LIBRARY.clone(), policy, &format!("{formula}.csv"), &extract("x"), None);
        let mut guarded = std::collections::BTreeSet::new();
        for format in claimlint::report::FORMATS
            .iter()
            .filter(|format| format.file.rsplit_once('.').is_some_and(|(_, kind)| kind == "csv"))
        {
            let table = Table::written(&outcome, format.file);
            runs_nothing(&table, format.file);
            let columns = table.rows.iter().flat_map(|row| row.iter().zip(&table.header));
            guarded.extend(
                columns.filter(|(cell, _)| cell.starts_with(&format!("'{formula}"))).map(|(_, name)| name.clone()),
            );
        }
        assert_eq!(guarded.iter().map(String::as_str).collect::<Vec<_>>(), ["citation", "source_file"], "{formula:?}");
    }
}

/// A report may have been written by anyone, so a comparison guards what the reports do not.
#[test]
fn no_cell_of_a_foreign_report_is_a_formula_in_a_comparison() {
    let dir = tempfile::tempdir().expect("a directory");
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).current_dir(dir.path()));
    fs::write(dir.path().join("claims.csv"), extract("x")).expect("room for it");
    for out in ["old", "new"] {
        assert_eq!(run(&["check", "claims.csv", "--out", out, "-q"]).code, Some(1));
    }
    let path = dir.path().join("new/findings.csv");
    let table = Table::of(&fs::read(&path).expect("findings"));
    let texts =
        ["name", "source_file", "claim_id", "line_number", "member_id", "procedure_code", "message", "citation"];
    let mut writer = csv::Writer::from_path(&path).expect("room for it");
    writer.write_record(&table.header).expect("room for it");
    for (n, row) in table.rows.iter().enumerate() {
        let column = table.column(texts[n % texts.len()]);
        let evil = |(i, cell): (usize, &String)| if i == column { format!("\t=1+{n}") } else { cell.clone() };
        writer.write_record(row.iter().enumerate().map(evil)).expect("room for it");
    }
    writer.flush().expect("room for it");
    let output = run(&["compare", "old", "new", "--format", "csv", "--out", "compared.csv"]);
    let compared = Table::of(&fs::read(dir.path().join("compared.csv")).expect("a comparison"));
    assert!(
        compared.rows.iter().flatten().filter(|cell| cell.starts_with("'\t=1+")).count() >= texts.len(),
        "{}",
        output.err
    );
    runs_nothing(&compared, "compare");
}

#[test]
fn no_output_controls_the_terminal() {
    // Clear the screen, ring the bell, hide the cursor, move back, set the window title, reverse the text direction.
    let orders = "q\x1b[2J\x07\x1b[?25l\x08\r\x1b]0;owned\x07\x7f\u{9b}31m\u{202e}q";
    let dir = tempfile::tempdir().expect("a directory");
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).current_dir(dir.path()));
    let tame = |output: &CommandOutput, what: &str| {
        let wild = |c: char| (c != '\n' && c.is_control()) || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!output.out.contains(wild), "{what}: {:?}", output.out);
        assert!(!output.err.contains(wild), "{what}: {:?}", output.err);
    };
    let text = extract(orders).replace("\"other_note\"", &format!("\"{orders}\""));
    let name = "e\x1b[2Jvil.csv";
    fs::write(dir.path().join(name), &text).expect("room for it");
    let output = run(&["check", name, "--out", "report", "--progress", "plain"]);
    tame(&output, "check");
    assert_eq!(output.code, Some(1), "{}", output.err);
    tame(&run(&["inspect", name]), "inspect");
    let services = Table::of(&fs::read(dir.path().join("report/services.csv")).expect("services"));
    let claim = services.column("claim_id");
    for row in &services.rows {
        tame(&run(&["explain", "--in", "report", "--", &row[claim]]), &row[claim]);
    }
    tame(&run(&["explain", "--in", "report", "--", "C\x1b[2J"]), "an unknown claim");
    // Error messages name the file or column.
    fs::write(dir.path().join("bad.csv"), format!("claim_id,{orders},{orders}\n1,2,3\n")).expect("room for it");
    fs::write(dir.path().join("bad.toml"), format!("{orders} = 1\n")).expect("room for it");
    for args in [
        &["check", "bad.csv"][..],
        &["inspect", "bad.csv"],
        &["check", "bad.csv", "--layout", "bad.toml"],
        &["check", "bad.csv", "--policy", "bad.toml"],
        &["policy", "check", "bad.toml"],
        &["check", name, "--auths", "bad.csv"],
        &["rules", orders],
        &["check", orders],
        &["check", name, "--out", "e\x1b[2Jvil.csv/where"],
        &["check", name, "--layout", orders],
        &["check", name, "--join", "a=\x1b[2J"],
        &["generate", "--out", "bad.csv/\x1b[2J"],
    ] {
        let output = run(args);
        tame(&output, &format!("{args:?}"));
        output.refused();
    }
}
