//! Tests masking: neither a file of the report nor the terminal holds an id of the extract, the verdicts are those of the
//! unmasked run, and equal ids have equal tokens.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use claimlint::claim::line::kept::IdKind;
use claimlint::report::FORMATS;
use claimlint::report::table::record::{FINDING, SERVICE};
use claimlint::run::Masked;

use crate::cases::Case;
use crate::cli::{CommandOutput, binary};
use crate::explain::agree;
use crate::kit::{Inputs, RANDOM_KEY, Table, at, mask, written};
use crate::readers::{of_parquet, of_workbook};

/// Ids in difficult places: quoted, with delimiters, in unreadable cells, in rejected rows, in other columns.
const STRAY: &str = "claim_id,line_number,frequency_code,original_claim_id,member_id,product,place_of_service,service_date,procedure_code,units,diagnosis_1,diagnosis_2,modifier_1,billing_npi,authorization_number,paid_amount
CLM-0001,1,1,,MEM-0001,HMO,22,MEM-0001,22514,CLM-0001,M54.5,,,1900000001,AUTH-0001,MEM-0001
\"CLM,0002\",1,1,,\"MEM \"\"0002\"\"\",for MEM-0001,22,2024-03-05,22514,1,M54.5,,,1900000001,AUTH-0002,100.00
=CLM-0003,1,7,CLM-0001,=MEM-0003,HMO,22,2024-03-05,22514,1,MEM-0006,CLM-0001,MEM-0001,1900000001,,100.00
CLM-0004,MEM-0004,8,CLM-0099,MEM-0004,MEM-0004,22,2024-03-05,22513,1,M54.5,,,1900000001,AUTH-0001,100.00
CLM-0005,1,1,,MEM-0005,HMO,22,2024-03-06,22513,CLM-0006,M54.5
CLM-0006,1,1,,MEM-0006,HMO,22,2024-03-06,22515,12 MEM-0006,M48.56XA,,,CLM-0006,AUTH-0009,\"x MEM-0006\"
,1,1,,MEM-0007,HMO,22,2024-03-06,22515,1,M48.56XA,,,1900000001,AUTH-0001,1
CLM-0008,1,8,CLM-0008,MEM-0008,HMO,22,CLM-0001,22515,1,M48.56XA,,,1900000001,,1
CLM-0009,1,1,,MEM-0008,HMO,22,2024-03-05,22514,1,M4856XA,,,1900000001,,1
";

const STRAY_AUTHS: &str = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units
AUTH-0001,MEM-0009,,APPROVED,2024-01-13,2024-02-17,
AUTH-0007,MEM-0008,,APPROVED,2024-01-13,,
";

pub(crate) struct TestDir(pub(crate) TempDir);

impl TestDir {
    pub(crate) fn new() -> Self {
        let dir = Self(tempfile::tempdir().expect("a directory"));
        fs::write(dir.0.path().join("key"), RANDOM_KEY).expect("room for it");
        fs::write(dir.0.path().join("stray.csv"), STRAY).expect("room for it");
        fs::write(dir.0.path().join("auths.csv"), STRAY_AUTHS).expect("room for it");
        for name in ["kyphoplasty-2024q1.csv", "authorizations-2024q1.csv"] {
            fs::copy(at("fixtures/extracts").join(name), dir.0.path().join(name)).expect("room for it");
        }
        dir
    }

    pub(crate) fn run(&self, args: &[&str]) -> CommandOutput {
        CommandOutput::by(
            binary()
                .args(args)
                .current_dir(self.0.path())
                .env("MASK_KEY", RANDOM_KEY)
                .env("SHORT_KEY", "fifteen bytes.."),
        )
    }

    pub(crate) fn table(&self, file: &str) -> Table {
        Table::of(&fs::read(self.0.path().join(file)).expect("a report"))
    }

    /// Every file of a report as text; the dossier's frames, the workbook and Parquet unpacked.
    pub(crate) fn texts(&self, report: &str) -> Vec<(String, String)> {
        let entries = fs::read_dir(self.0.path().join(report)).expect("a report");
        entries
            .map(|entry| {
                let path = entry.expect("an entry").path();
                let bytes = fs::read(&path).expect("a file");
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let text = match name.rsplit_once('.') {
                    Some((_, "bin")) => String::from_utf8_lossy(&unpacked(&bytes)).into_owned(),
                    Some((_, "xlsx")) => of_workbook(&bytes),
                    Some((_, "parquet")) => {
                        let columns = if name.starts_with("services") { &SERVICE[..] } else { &FINDING };
                        // Statistics and whatever else is not packed, too.
                        of_parquet(&bytes, columns).concat().join("\n") + &String::from_utf8_lossy(&bytes)
                    }
                    _ => String::from_utf8_lossy(&bytes).into_owned(),
                };
                (name, text)
            })
            .collect()
    }
}

fn unpacked(dossier: &[u8]) -> Vec<u8> {
    let first = dossier.iter().position(|b| *b == b'\n').expect("a first line") + 1;
    let (mut rest, mut out) = (&dossier[first..], dossier[..first].to_vec());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (frame, next) = after.split_at(u32::from_le_bytes(*length) as usize);
        out.extend(zstd::decode_all(frame).expect("a frame"));
        rest = next;
    }
    out
}

/// Ids of an extract, found in these columns of all its readable rows.
fn ids(extract: &Path) -> BTreeSet<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(extract).expect("a table");
    let header = reader.headers().expect("a header").clone();
    let columns = ["claim_id", "original_claim_id", "member_id", "authorization_number"];
    let columns: Vec<usize> = (0..header.len()).filter(|i| columns.contains(&&header[*i])).collect();
    let records = reader.records().filter_map(Result::ok).collect::<Vec<_>>();
    let cells = records.iter().flat_map(|r| columns.iter().filter_map(|c| r.get(*c))).filter(|id| id.len() > 3);
    cells.map(|id| id.trim_start_matches('=').to_owned()).collect()
}

#[test]
fn no_output_holds_an_id() {
    let dir = TestDir::new();
    for (extract, auths, n) in
        [("kyphoplasty-2024q1.csv", "authorizations-2024q1.csv", 300), ("stray.csv", "auths.csv", 15)]
    {
        let mut ids = ids(&dir.0.path().join(extract));
        ids.extend(self::ids(&dir.0.path().join(auths)));
        if extract == "stray.csv" {
            ids.extend(["0002\"\"".to_owned(), "MEM-000".to_owned(), "CLM-00".to_owned(), "AUTH-000".to_owned()]);
        }
        assert!(ids.len() > n, "{}", ids.len());
        for (how, out) in [(&[][..], "masked"), (&["--mask-dates", "month"], "months")] {
            let out = format!("{extract}-{out}");
            let check = ["check", extract, "--auths", auths, "--mask", "key", "--format", "all", "--out", &out];
            let output = dir.run(&[&check[..], how].concat());
            assert_eq!(output.code, Some(1), "{}", output.err);
            let mut texts = dir.texts(&out);
            assert_eq!(texts.len(), FORMATS.len() + 2, "with run.json and manifest.json");
            texts.push(("terminal".to_owned(), output.out + &output.err));
            for (name, text) in &texts {
                for id in &ids {
                    assert!(!text.contains(id.as_str()), "{extract}: {name} holds {id}");
                }
                // The only full dates are those of the policy and of the dossier's policy text.
                if !how.is_empty() && (name.starts_with("services") || name.starts_with("findings")) {
                    assert!(!text.contains("2024-03-05") && !text.contains("2024-01-13"), "{name}");
                }
            }
        }
    }
    let rejects = dir.table("stray.csv-masked/rejects.csv");
    assert!(rejects.rows.len() == 2 && rejects.rows.iter().all(|row| row[4].starts_with("withheld")), "{rejects:?}");
}

/// The ids of a row: claim, original claim, member and authorization number. Their letters, digits and separators are those
/// of real ones; a number may be written in money and units, too.
const HIDDEN: [&str; 8] = [
    "E24100744",
    "CLM.0001/2",
    "MB 55|0192-07",
    "90817264",
    "5550001234",
    "PA-2024-000123",
    "31300744.01",
    "\u{c4}\u{d6}\u{dc}\u{df}",
];

/// The ways in which a text is hidden.
type Disguise = (&'static str, fn(&str) -> String);

/// An id with a separator after every third character.
fn divided(id: &str, by: &str) -> String {
    let plain: Vec<char> = id.chars().filter(|c| c.is_alphanumeric()).collect();
    plain.chunks(3).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join(by)
}

const DISGUISES: [Disguise; 17] = [
    ("as it is", str::to_owned),
    ("lower-case", str::to_lowercase),
    ("upper-case", str::to_uppercase),
    ("in a spreadsheet's formula", |id| format!("=\"{id}\"")),
    ("with a float's trace", |id| format!("{id}.0")),
    ("with leading zeros", |id| format!("000{id}")),
    ("glued to letters", |id| format!("x{id}y")),
    ("glued to digits", |id| format!("9{id}9")),
    ("in a sentence", |id| format!("see claim ({id}), please")),
    ("divided by points", |id| divided(id, ".")),
    ("divided by slashes", |id| divided(id, "/")),
    ("divided by bars", |id| divided(id, "|")),
    ("divided by blanks", |id| divided(id, " ")),
    ("in a list", |id| format!("Q10;{id};Q20")),
    ("in full-width characters", |id| {
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c);
        id.chars().map(wide).collect()
    }),
    ("with a letter of another script", |id| {
        let alike =
            |c: char| "ECMPAB".find(c).and_then(|at| "\u{415}\u{421}\u{41c}\u{420}\u{410}\u{412}".chars().nth(at));
        id.chars().map(|c| alike(c).unwrap_or(c)).collect()
    }),
    ("in percents", |id| id.bytes().flat_map(|b| format!("%{b:02X}").into_bytes()).map(char::from).collect()),
];

/// An extract with every hidden text in every column, each in a row of its own. Rows of the hidden ids come last, so
/// that the text is an id of another row.
#[cfg(unix)]
fn disguised() -> String {
    use crate::injection::COLUMNS;
    let quoted = |cells: &[String]| {
        cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect::<Vec<_>>().join(",") + "\n"
    };
    let plain = || COLUMNS.map(|(_, cell)| cell.to_owned());
    let mut rows = quoted(&COLUMNS.map(|(name, _)| name.to_owned()));
    let mut number = 0;
    for (id, (_, disguise)) in HIDDEN.iter().flat_map(|id| DISGUISES.iter().map(move |disguise| (id, disguise))) {
        for column in 1..COLUMNS.len() {
            let (mut cells, text) = (plain(), disguise(id));
            cells[0] = format!("ROW{number:07}");
            number += 1;
            cells[column] = match COLUMNS[column].0 {
                // The row stays in scope.
                "procedure_code" => format!("22514 {text}"),
                "icd_procedure_1" => format!("0PU43JZ {text}"),
                _ => text,
            };
            rows += &quoted(&cells);
        }
    }
    for ids in HIDDEN.chunks(2) {
        let mut cells = plain();
        (cells[0], cells[5]) = (ids[0].to_owned(), ids[1].to_owned());
        rows += &quoted(&cells);
        (cells[0], cells[4], cells[5], cells[23]) =
            (format!("ROW{number:07}"), ids[0].to_owned(), String::new(), ids[1].to_owned());
        rows += &quoted(&cells);
        number += 1;
    }
    rows
}

#[test]
#[cfg(unix)]
fn no_disguise_hides_an_id() {
    let dir = TestDir::new();
    let extract = disguised();
    fs::write(dir.0.path().join("disguised.csv"), &extract).expect("room for it");
    let auths = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\nAUTH-90001,MEM-90002,for AUTH-90001,xMEM-90002x,,,1\n\
        PA-2024-000123,,E24100744,90817264,,,90817264\n";
    fs::write(dir.0.path().join("hiding.csv"), auths).expect("room for it");
    let check =
        ["check", "disguised.csv", "--auths", "hiding.csv", "--mask", "key", "--format", "all", "--out", "masked"];
    let output = dir.run(&check);
    assert_eq!(output.code, Some(1), "{}", output.err);
    let mut texts = dir.texts("masked");
    texts.push(("terminal".to_owned(), output.out + &output.err));
    let rows = extract.lines().count() - 1;
    assert!(rows > HIDDEN.len() * DISGUISES.len() * 28, "{rows}");
    let mut sought: BTreeSet<String> =
        HIDDEN.iter().flat_map(|id| DISGUISES.iter().map(|(_, hide)| hide(id))).collect();
    sought.extend(HIDDEN.map(|id| divided(id, "")));
    // What is left of an id when a letter of another script is dropped.
    sought.extend(["24100744", "L0001", "55019207", "A2024000123"].map(str::to_owned));
    sought.extend(["AUTH-90001", "MEM-90002", "AUTH90001", "MEM90002", "ROW0000", "ROW0001"].map(str::to_owned));
    for (name, text) in &texts {
        let text = text.to_lowercase();
        for id in &sought {
            assert!(!text.contains(&id.to_lowercase()), "{name} holds {id}");
        }
    }
    // Every row is in the report, and what no id strayed into is as it was.
    let services = dir.table("masked/services.csv");
    assert!(services.rows.len() > rows * 9 / 10, "{} of {rows}", services.rows.len());
    for (name, plain) in [("diagnoses_considered", "M545;M485"), ("product", "HMO Blue"), ("billing_npi", "1225130225")]
    {
        let column = services.column(name);
        let kept = services.rows.iter().filter(|row| row[column] == plain).count();
        assert!(kept > services.rows.len() * 8 / 10, "{name}: {kept}");
    }
}

/// The dossier holds the masked cells, and gives the same verdicts as the run.
#[test]
#[cfg(unix)]
fn disguised_ids_are_explained_as_they_were_judged() {
    let outcome = Inputs::one(disguised()).masked(mask()).expect("it can be read");
    agree(&outcome, "disguised");
}

/// A number of a claim in a column of money or units would be in sums, so it is unreadable.
#[test]
fn a_number_that_is_an_id_is_no_amount() {
    let dir = TestDir::new();
    let head =
        "claim_id,member_id,product,place_of_service,service_date,procedure_code,units,diagnosis_1,paid_amount\n";
    let rows = "24100744,700001,HMO,22,2024-03-05,22514,24100744,M54.5,700001\n24100745,700002,HMO,22,2024-03-05,22514,1,M54.5,123456.78\n";
    fs::write(dir.0.path().join("shifted.csv"), format!("{head}{rows}")).expect("room for it");
    let output = dir.run(&["check", "shifted.csv", "--mask", "key", "--out", "masked"]);
    let services = dir.table("masked/services.csv");
    let columns = ["units", "amount_at_risk"].map(|name| services.column(name));
    let numbers: Vec<_> = services.rows.iter().map(|row| columns.map(|column| row[column].as_str())).collect();
    assert_eq!(numbers, [["1", ""], ["1", "123456.78"]], "{}", output.err);
    let findings = dir.table("masked/findings.csv");
    let rules: Vec<_> = findings.rows.iter().filter(|row| row[4] == "2").map(|row| row[0].as_str()).collect();
    assert!(rules.contains(&"DQ502") && rules.contains(&"DQ508"), "{rules:?}");
    let summary = fs::read_to_string(dir.0.path().join("masked/summary.json")).expect("a summary");
    assert!(summary.contains("123456.78") && !summary.contains("823457"), "{summary}");
    for (name, text) in dir.texts("masked") {
        assert!(!text.contains("24100744") && !text.contains("700001"), "{name}");
    }
}

/// A pass phrase gives the same tokens in every run, and others than its letters would as a random key.
#[test]
fn a_pass_phrase_is_a_key() {
    let dir = TestDir::new();
    fs::write(dir.0.path().join("phrase"), "correct horse battery staple\n").expect("room for it");
    let check = ["check", "stray.csv", "-q", "--mask", "phrase", "--out"];
    let tables = ["one", "two"].map(|out| {
        assert_eq!(dir.run(&[&check[..], &[out]].concat()).code, Some(1));
        dir.table(&format!("{out}/services.csv"))
    });
    assert_eq!(tables[0].rows, tables[1].rows);
    let token = &tables[0].rows[0][tables[0].column("claim_id")];
    let explained = dir.run(&["explain", "CLM-0001", "--in", "one", "--mask", "phrase"]).success();
    assert!(explained.contains(token.as_str()), "{explained}");
}

#[test]
fn masking_changes_no_verdict_and_keeps_equal_ids_equal() {
    let dir = TestDir::new();
    for (extract, auths) in [("kyphoplasty-2024q1.csv", "authorizations-2024q1.csv"), ("stray.csv", "auths.csv")] {
        let base = ["check", extract, "--auths", auths, "-q", "--out"];
        dir.run(&[&base[..], &["plain", "--force"]].concat());
        dir.run(&[&base[..], &["masked", "--force", "--mask", "env:MASK_KEY"]].concat());
        dir.run(&[&base[..], &["months", "--force", "--mask", "key", "--mask-dates", "month"]].concat());
        for table in ["services.csv", "findings.csv"] {
            let [plain, masked, months] = ["plain", "masked", "months"].map(|out| dir.table(&format!("{out}/{table}")));
            assert_eq!(plain.rows.len(), masked.rows.len());
            let same = [
                "source_line",
                "status",
                "rules",
                "rule",
                "disposition",
                "necessity",
                "authorization",
                "product_class",
                "amount_at_risk",
            ];
            let same: Vec<String> =
                same.iter().filter(|name| plain.header.iter().any(|h| h == *name)).map(ToString::to_string).collect();
            assert_eq!(plain.only(&same), masked.only(&same), "{table}");
            assert_eq!(plain.only(&same), months.only(&same), "{table}");
            for column in ["claim_id", "member_id"].map(|name| plain.column(name)) {
                let pairs: BTreeSet<_> =
                    plain.rows.iter().zip(&masked.rows).map(|(p, m)| (&p[column], &m[column])).collect();
                let [left, right] =
                    [pairs.iter().map(|p| p.0).collect::<BTreeSet<_>>(), pairs.iter().map(|p| p.1).collect()];
                assert!(pairs.len() == left.len() && pairs.len() == right.len(), "{table}: one token an id");
            }
            let date = plain.column("service_date");
            for (p, m) in plain.rows.iter().zip(&months.rows).filter(|(p, _)| !p[date].is_empty()) {
                assert_eq!(m[date], format!("{}-01", &p[date][..7]));
            }
        }
    }
}

#[test]
fn a_masked_claim_is_found_by_token_or_by_number_and_key() {
    let dir = TestDir::new();
    let check = ["check", "kyphoplasty-2024q1.csv", "-q", "--mask", "key", "--out"];
    assert_eq!(dir.run(&[&check[..], &["masked"]].concat()).code, Some(1));
    let token = mask().token(IdKind::Claim, "E24100744");
    let by_token = dir.run(&["explain", &token, "--in", "masked"]).success();
    assert!(by_token.contains("PA201") && !by_token.contains("E24100744"));
    assert_eq!(dir.run(&["explain", "E24100744", "--in", "masked", "--mask", "key"]).success(), by_token);
    let refused = dir.run(&["explain", "E24100744", "--in", "masked"]).refused();
    assert!(refused.contains("masked") && refused.contains("--mask KEYFILE"), "{refused}");
    let respelled = dir.run(&["explain", "e24-100744", "--in", "masked", "--mask", "key"]).refused();
    assert!(crate::kit::flowed(&respelled).contains("only by its number as the extract has it"), "{respelled}");
    let listed = dir.run(&["explain", "M101557", "--in", "masked", "--mask", "key"]).success();
    assert!(listed.contains("claims fit this number") && !listed.contains("M101557"), "{listed}");
    dir.run(&[&check[..], &["months", "--mask-dates", "month"]].concat());
    assert!(dir.run(&["explain", &token, "--in", "months"]).refused().contains("--mask-dates"));
}

#[test]
fn an_unusable_key_is_refused_with_advice() {
    let dir = TestDir::new();
    fs::write(dir.0.path().join("empty"), "\n\n").expect("room for it");
    fs::write(dir.0.path().join("repeated"), "abcabcabcabcabcabcabcabcabcabc").expect("room for it");
    for (key, says) in [
        ("none", "does not exist"),
        ("empty", "/dev/urandom"),
        ("env:SHORT_KEY", "shorter than 16"),
        ("repeated", "fewer than 8 different bytes"),
        ("env:NO_KEY", "no such variable"),
    ] {
        let refused = dir.run(&["check", "stray.csv", "--mask", key]).refused();
        assert!(refused.contains(says) && !refused.contains("fifteen"), "{key}: {refused}");
    }
    assert!(dir.run(&["check", "stray.csv", "--mask-dates", "month"]).refused().contains("--mask"));
}

/// A masked dossier gives the verdicts of the run: the tokens carry everything that they depend on.
#[test]
fn masked_claims_are_explained_as_they_were_judged() {
    let mask = mask();
    for case in Case::all() {
        let plain = Table::written(&case.inputs.run().expect("every case can be read"), "services.csv");
        let outcome = case.inputs.masked(mask.clone()).expect("every case can be read");
        assert_eq!(outcome.context.masked, Masked::Ids);
        let masked = Table::written(&outcome, "services.csv");
        let kept = ["source_line", "status", "rules", "necessity", "diagnoses_considered", "units"].map(str::to_owned);
        assert_eq!(plain.only(&kept), masked.only(&kept), "{}", case.sentence);
        assert!(!String::from_utf8_lossy(&written(&outcome, "findings.csv")).contains("withheld"), "{}", case.sentence);
        agree(&outcome, &case.sentence);
    }
}
