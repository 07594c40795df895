//! Tests that all formats agree: every cell of services and findings, and the sums, in CSV, JSON Lines, Parquet, the workbook,
//! summary.json and the page. Each file is read back by a third-party reader.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use claimlint::policy::Disposition;
use claimlint::report::table::record::{ColumnType, FINDING, SERVICE, finding_columns, service_columns};
use claimlint::run::JudgedRun;

use crate::cli::{CommandOutput, binary};
use crate::kit::{DOCS, Inputs, MEMORY, POLICY, Table, at, baseline, findings_of, written};
use crate::readers::{Texts, decimal, of_csv, of_jsonl, of_parquet, of_sheet, seen, with_cents};

/// Values that a format could corrupt: formulas, quotes, markup, Excel escapes, control characters, leading zeros, long
/// numbers, lists, missing dates, missing amounts.
const AWKWARD: &str = "claim_id,line_number,member_id,product,billing_npi,place_of_service,bill_type,service_date,procedure_code,icd_procedure_1,units,diagnosis_1,diagnosis_2,authorization_number,paid_amount
=1+1,001,\"a\"\"b,<c>&d\",HMO Blue,0001234567,22,,2024-03-05,22513,,1,M80.08XA,M54.5,-A1,1234.50
@C_x0041_,1,\u{1f9b4} \u{e9},PPO,1234567890123456789,,0111,2024-03-06,,0PU43JZ,,M4854A,,,27426.5
C3,1,M3,Medicare HMO Blue,,24,,not a day,22515,,2.50,M80.08XA,,+5,
\\C4,1,\u{b}M4,nothing known,1,9,,2024-04-30,22514,,1,C7951,,,-10.00
C5,1,M5,HMO Blue,0001234567,22,,2024-03-05,22514,,1,M54.5,,,90071992547409.93
";

fn quarter() -> Inputs {
    let read = |name: &str| fs::read(at("fixtures/extracts").join(name)).expect("a fixture");
    let auths = Some(read("authorizations-2024q1.csv"));
    Inputs { auths, ..Inputs::one(read("kyphoplasty-2024q1.csv")) }
}

fn both() -> [Inputs; 2] {
    [quarter(), Inputs::one(AWKWARD)]
}

/// All formats have the cells of the CSV files, which have the column `new` only with a baseline.
fn same_cells(outcome: &JudgedRun, least: [usize; 2]) {
    let (book, compared) = (written(outcome, "report.xlsx"), outcome.context.baseline.is_some());
    let tables = [
        ("services", "Services", &SERVICE[..], service_columns(&outcome.context)),
        ("findings", "Findings", &FINDING[..], finding_columns(&outcome.context)),
    ];
    for ((name, sheet, fixed, columns), least) in tables.into_iter().zip(least) {
        let mut want = of_csv(&written(outcome, &format!("{name}.csv")));
        assert!(want.len() > least, "{name}: {}", want.len());
        if compared {
            let new = |word: &str| want[1..].iter().filter(|row| row.last().is_some_and(|cell| cell == word)).count();
            assert!(new("yes") > 0 && new("no") > 0 && new("yes") + new("no") == want.len() - 1, "{name}");
        } else {
            assert!(want[0].iter().eq(fixed.iter().map(|column| column.name)), "{name}: {:?}", want[0]);
            for (n, row) in want.iter_mut().enumerate() {
                row.push(if n == 0 { "new".to_owned() } else { String::new() });
            }
        }
        assert_eq!(of_jsonl(&written(outcome, &format!("{name}.jsonl")), columns), want, "{name}.jsonl");
        assert_eq!(of_parquet(&written(outcome, &format!("{name}.parquet")), columns), want, "{name}.parquet");
        let amounts: Vec<usize> = (0..columns.len()).filter(|i| columns[*i].holds == ColumnType::Amount).collect();
        let want: Texts = want.iter().map(|row| row.iter().map(|cell| seen(cell)).collect()).collect();
        let mut shown = with_cents(of_sheet(&book, sheet), &amounts);
        if name == "findings" {
            // The sheet of findings says what would change the verdict, too.
            let place = want[0].iter().position(|cell| cell == "disposition").expect("a column");
            for row in &mut shown {
                let change = row.pop().expect("a cell");
                assert_eq!(change.is_empty(), row[place] == "info", "{row:?}");
            }
        }
        assert_eq!(shown, want, "{sheet}");
    }
}

#[test]
fn every_format_has_the_same_cells() {
    for (inputs, services, findings) in both().into_iter().zip([(50, 20), (4, 4)]).map(|(i, (s, f))| (i, s, f)) {
        let mut outcome = inputs.run().expect("it can be read");
        same_cells(&outcome, [services, findings]);
        outcome.context.baseline = Some(baseline(findings_of(&outcome).into_iter().step_by(2).collect(), MEMORY));
        same_cells(&outcome, [services, findings]);
        let book = written(&outcome, "report.xlsx");
        let want = of_csv(&written(&outcome, "rejects.csv"));
        assert_eq!(of_sheet(&book, "Rejects"), want);
        let about = of_sheet(&book, "About").concat();
        assert!(
            about.contains(&outcome.context.policy.fingerprint) && about.contains(&outcome.context.policy.unseen[0])
        );
    }
}

/// Services and money by status and rule.
type Sums = BTreeMap<String, (u64, String)>;

fn cents(amount: &str) -> i128 {
    amount.replace(['.', ',', '$'], "").parse().unwrap_or_else(|e| panic!("{amount}: {e}"))
}

fn money(cents: i128) -> String {
    decimal(cents, 2, 2)
}

/// The sums of the rows of services.csv.
fn added(rows: &Texts) -> Sums {
    let column = |name: &str| rows[0].iter().position(|h| h == name).expect("a column");
    let (status, rules, amount) = (column("status"), column("rules"), column("amount_at_risk"));
    let mut sums: BTreeMap<String, (u64, i128)> = BTreeMap::new();
    for row in &rows[1..] {
        let amount = if row[amount].is_empty() { 0 } else { cents(&row[amount]) };
        for key in std::iter::once(row[status].as_str()).chain(row[rules].split_terminator(';')) {
            let sum = sums.entry(key.to_owned()).or_default();
            *sum = (sum.0 + 1, sum.1 + amount);
        }
    }
    sums.into_iter().map(|(key, (n, amount))| (key, (n, money(amount)))).collect()
}

fn of_summary(bytes: &[u8]) -> Sums {
    let summary: serde_json::Value = serde_json::from_slice(bytes).expect("an object");
    let text = |value: &serde_json::Value| value.as_str().map_or("0.00".to_owned(), str::to_owned);
    let count = |value: &serde_json::Value| value.as_u64().expect("a count");
    let statuses = summary["services"].as_object().expect("statuses").iter();
    let statuses = statuses.map(|(s, n)| (s.clone(), (count(n), text(&summary["amount_at_risk"][s]))));
    let rules = summary["rules"].as_object().expect("rules").iter();
    let rules = rules.map(|(code, r)| (code.clone(), (count(&r["services"]), text(&r["amount_at_risk"]))));
    statuses.chain(rules).filter(|(_, (n, _))| *n > 0).collect()
}

/// The sums on the summary sheet: its sections with a column of services and amounts.
fn of_summary_sheet(bytes: &[u8]) -> Sums {
    let rows = of_sheet(bytes, "Summary");
    assert!(rows[0][0].starts_with("Kyphoplasty claims against "), "{:?}", rows[0]);
    let mut sums = Sums::new();
    let mut counts_services = false;
    for row in with_cents(rows, &[]) {
        if ["Result", "Rule", "Rule, for information", "Ledger", "Warning", "What a claim cannot show"]
            .contains(&row[0].as_str())
        {
            counts_services = row[2] == "services";
        } else if counts_services && row[0] != "all" && !["", "0"].contains(&row[2].as_str()) {
            let amount = match row.get(4).map_or("", String::as_str) {
                "" => "0.00".to_owned(),
                text => with_cents(vec![Vec::new(), vec![text.to_owned()]], &[0]).remove(1).remove(0),
            };
            sums.insert(row[0].clone(), (row[2].parse().expect("a count"), amount));
        }
    }
    sums
}

/// The sums on the page: the figures at its head and the table of rules.
fn of_page(page: &str) -> Sums {
    let between = |text: &str, from: &str, to: &str| -> Option<String> {
        Some(text.split_once(from)?.1.split_once(to)?.0.to_owned())
    };
    let amount = |text: &str| money(cents(text.trim_start_matches("at risk: ")));
    let head = between(page, "<ul class=\"figures\">", "</ul>").expect("the figures");
    let figures = head.split("<li ").skip(1).filter_map(|figure| {
        let (status, services) = (between(figure, "class=\"word\">", "<")?, between(figure, "<b>", "<")?);
        let at_risk = between(figure, "class=\"amount\">", "<").unwrap_or_default();
        let at_risk = at_risk.strip_prefix("at risk: ").map_or("0.00".to_owned(), amount);
        Some((status, (services.replace(',', "").parse().ok()?, at_risk)))
    });
    let chart =
        page.split("<div class=\"chart\">").skip(1).find(|chart| chart.contains("DX101") || chart.contains("DQ5"));
    let rules = chart.expect("the chart of rules").split("<tr ").skip(1).filter_map(|row| {
        let code = between(row, "class=\"label\">", "<")?;
        let mut cells = row.split("<td>").skip(1).filter_map(|cell| cell.split_once('<')).map(|(cell, _)| cell);
        let (at_risk, _recoverable, flagged) = (cells.next()?, cells.next()?, cells.next()?);
        Some((code, (flagged.replace(',', "").parse().ok()?, amount(at_risk))))
    });
    figures.chain(rules).collect()
}

#[test]
fn every_format_has_the_same_sums() {
    for inputs in both() {
        let outcome = inputs.run().expect("it can be read");
        let want = of_summary(&written(&outcome, "summary.json"));
        assert!(want.len() > 5, "{want:?}");
        let book = written(&outcome, "report.xlsx");
        let columns = service_columns(&outcome.context);
        let amount = SERVICE.iter().position(|c| c.name == "amount_at_risk").expect("a column");
        // Rules that fired only on related lines are not in the rules column of a service.
        let of_services = |sums: Sums| -> Sums { sums.into_iter().filter(|(_, (n, _))| *n > 0).collect() };
        for (name, rows) in [
            ("services.csv", of_csv(&written(&outcome, "services.csv"))),
            ("services.jsonl", of_jsonl(&written(&outcome, "services.jsonl"), columns)),
            ("services.parquet", of_parquet(&written(&outcome, "services.parquet"), columns)),
            ("Services", with_cents(of_sheet(&book, "Services"), &[amount])),
        ] {
            assert_eq!(added(&rows), want, "{name}");
        }
        // Rules for information have no amount for people: it is that of other rules.
        let asks =
            |key: &str| !DOCS.iter().any(|doc| doc.code == key && POLICY.rule(key).disposition == Disposition::Info);
        let mut told = want.clone();
        told.iter_mut().filter(|(key, _)| !asks(key)).for_each(|(_, (_, amount))| "0.00".clone_into(amount));
        assert_eq!(of_summary_sheet(&book), told, "Summary");
        let page = String::from_utf8(written(&outcome, "report.html")).expect("UTF-8");
        // The chart counts flagged services. A service with only info findings is clear.
        let page = of_services(of_page(&page));
        for (key, value) in &page {
            assert_eq!(Some(&value.1), want.get(key).map(|(_, amount)| amount), "{key}: {value:?}");
        }
        let statuses = ["deny", "review", "not-evaluated", "clear"];
        for key in statuses.into_iter().filter(|s| want.contains_key(*s)) {
            assert_eq!(page.get(key), want.get(key), "{key}");
        }
        let risky = want.iter().filter(|(key, (_, amount))| amount != "0.00" && asks(key));
        risky.for_each(|(key, _)| assert!(page.contains_key(key), "{key} is not on the page"));
        let by_rule = Table::of(&written(&outcome, "rollup-rule.csv"));
        let rules = by_rule.only(&["rule", "services", "amount_at_risk", "findings"].map(str::to_owned));
        for row in &rules.rows {
            let all = outcome_findings(&outcome, &row[0]);
            assert_eq!(row[3], all.to_string(), "{row:?}");
            let (n, amount) = want.get(&row[0]).cloned().unwrap_or((0, "0.00".to_owned()));
            assert_eq!((&row[1], &row[2]), (&n.to_string(), &amount), "{row:?}");
        }
        for file in ["product-class", "provider", "month", "facility"] {
            let table = Table::of(&written(&outcome, &format!("rollup-{file}.csv")));
            let sum = |name: &str| table.rows.iter().map(|row| cents(&row[table.column(name)])).sum::<i128>();
            let (services, at_risk) = statuses
                .iter()
                .filter_map(|s| want.get(*s))
                .fold((0, 0), |(n, sum), (m, amount)| (n + m, sum + cents(amount)));
            assert_eq!((sum("services"), sum("amount_at_risk")), (services.into(), at_risk), "{file}");
        }
    }
}

fn outcome_findings(outcome: &claimlint::run::JudgedRun, code: &str) -> usize {
    outcome.judged.findings.iter().filter(|finding| DOCS[usize::from(finding.rule.0)].code == code).count()
}

/// A provider with three primaries, four add-on units and one stay, and a provider whose cells hold special characters.
const PROVIDERS: &str = "claim_id,line_number,member_id,product,billing_npi,place_of_service,bill_type,service_date,procedure_code,icd_procedure_1,units,diagnosis_1,authorization_number,paid_amount,BILL_PROV_NM
C1,1,M1,PPO,1,24,,2024-03-05,22513,,1,M80.08XA,,100.00,Spine & Co
C1,2,M1,PPO,1,24,,2024-03-05,22515,,3,M80.08XA,,50.00,
C2,1,M2,PPO,1,22,,2024-03-06,22514,,1,M54.5,,100.10,
C3,1,M3,PPO,1,,131,2024-04-06,22514,,1,M54.5,,200.20,
C3,2,M3,PPO,1,,131,2024-04-06,22515,,1,M54.5,,1.00,
C4,1,M4,PPO,1,,0111,2024-04-07,,0PU43JZ,,M80.08XA,,999.99,
C5,1,M5,HMO Blue,@2,x,,no day,22515,,1,M54.5,,7.00,
";

#[test]
fn rollups_match_figures_counted_by_hand() {
    let outcome = Inputs::one(PROVIDERS).run().expect("it can be read");
    let services = Table::written(&outcome, "services.csv");
    let cells_of = |file: &str, columns: &[&str]| {
        let table = Table::written(&outcome, &format!("rollup-{file}.csv"));
        let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        table.only(&columns).rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>()
    };
    let shares = ["primaries", "add_on_units", "add_on_ratio", "inpatient", "inpatient_share"];
    let by = |key: &str, more: &[&str]| {
        [&[key, "services"], more].concat().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let of = |file: &str, key: &str| {
        let columns = by(key, &shares);
        cells_of(file, &columns.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // 4 units of 22515 over 3 primaries, 1 stay of 6 services. Without a primary there is no ratio.
    assert_eq!(of("provider", "billing_npi"), ["1 6 3 4.0000 1.3333 1 0.1667", "'@2 1 0 1.0000  0 0.0000"]);
    let mut facilities = of("facility", "facility");
    facilities.sort();
    assert_eq!(
        facilities,
        [
            "bill type 11 1 0 0.0000  1 1.0000",
            "bill type 13 2 1 1.0000 1.0000 0 0.0000",
            "place of service 22 1 1 0.0000 0.0000 0 0.0000",
            "place of service 24 2 1 3.0000 3.0000 0 0.0000",
            "place of service not readable 1 0 1.0000  0 0.0000",
        ]
    );
    let mut months = cells_of("month", &["month", "services"]);
    months.sort();
    assert_eq!(months, [" 1", "2024-03 3", "2024-04 3"]);
    // The sheet of providers has names, and no share of fewer than five services.
    let sheet = of_sheet(&written(&outcome, "report.xlsx"), "Providers");
    let at = |name: &str| sheet[0].iter().position(|head| head == name).unwrap_or_else(|| panic!("{name}"));
    let shares = ["billing_npi", "billing_provider_name", "flagged_share", "flagged_share_low", "flagged_share_high"];
    let shown: Vec<_> = sheet[1..].iter().map(|row| shares.map(|name| row[at(name)].clone()).join(" ")).collect();
    assert_eq!(shown, ["1 Spine & Co 0.6667 0.3 0.9032", "@2    "]);
    // The flagged counts agree with services.csv, and the rows are sorted by amount.
    let flagged = |npi: &str| {
        let [npi_at, status] = ["billing_npi", "status"].map(|name| services.column(name));
        services.rows.iter().filter(|row| row[npi_at] == npi && row[status] != "clear").count()
    };
    let want = |npi: &str, n: usize| {
        format!("{npi} {} {:.4}", flagged(npi), (flagged(npi) as f64 / n as f64 * 1e4).round() / 1e4)
    };
    assert_eq!(cells_of("provider", &["billing_npi", "flagged", "flagged_share"]), [want("1", 6), want("'@2", 1)]);
    for file in ["rule", "product-class", "provider", "month", "facility"] {
        let amounts: Vec<i128> = cells_of(file, &["amount_at_risk"]).iter().map(|amount| cents(amount)).collect();
        assert!(amounts.is_sorted_by(|a, b| a >= b), "{file}: {amounts:?}");
    }
    assert!(cells_of("rule", &["rule", "name"]).contains(&"DX101 diagnosis-not-listed".to_owned()));
}

#[test]
fn formats_are_selected_by_name() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("claims.csv"), AWKWARD).expect("room for it");
    let run = |args: &[&str]| {
        CommandOutput::by(binary().args(["check", "claims.csv", "-q"]).args(args).current_dir(dir.path()))
    };
    let files = |out: &str| {
        let mut names: Vec<String> = fs::read_dir(dir.path().join(out))
            .expect("a report")
            .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(run(&["--out", "none"]).code, Some(1));
    let always = files("none");
    assert!(always.iter().all(|name| !name.contains("xlsx") && !name.contains("parquet")), "{always:?}");
    for (words, more) in [
        (&["xlsx"][..], &["report.xlsx"][..]),
        (&["parquet", "jsonl"], &["findings.jsonl", "findings.parquet", "services.jsonl", "services.parquet"]),
        (
            &["rollups"],
            &[
                "rollup-facility.csv",
                "rollup-month.csv",
                "rollup-product-class.csv",
                "rollup-provider.csv",
                "rollup-rule.csv",
            ],
        ),
    ] {
        let out = words.concat();
        let wanted: Vec<&str> = words.iter().flat_map(|word| ["--format", word]).collect();
        assert_eq!(run(&[&wanted[..], &["--out", &out]].concat()).code, Some(1));
        let got: Vec<String> = files(&out).into_iter().filter(|name| !always.contains(name)).collect();
        assert_eq!(got, more);
    }
    assert_eq!(run(&["--format", "all", "--out", "all"]).code, Some(1));
    assert_eq!(files("all").len(), always.len() + 10);
    let refused = run(&["--format", "pdf", "--out", "pdf"]).refused();
    assert!(refused.contains("xlsx") && refused.contains("all") && !dir.path().join("pdf").exists(), "{refused}");
    let again = fs::read(dir.path().join("all/report.xlsx")).expect("a workbook");
    assert_eq!(run(&["--format", "all", "--out", "one", "--threads", "1", "--block-size", "64"]).code, Some(1));
    for name in files("one").iter().filter(|name| *name != "run.json") {
        let read = |out: &str| fs::read(dir.path().join(out).join(name)).expect("a file");
        assert!(read("one") == read("all"), "{name}");
    }
    assert!(!again.is_empty());
}

/// `DuckDB`, Polars for Python, pyarrow, pandas and openpyxl read the files. They are required where `CLAIMLINT_PYTHON` names their
/// interpreter, as in `.ci/run`; elsewhere the test passes without them.
#[test]
#[expect(clippy::print_stderr, reason = "a test that looked at nothing says so")]
fn other_programs_read_the_report() {
    let wanted = std::env::var_os("CLAIMLINT_PYTHON");
    let python = wanted.clone().unwrap_or_else(|| "python3".into());
    let there = Command::new(&python).args(["-c", "import duckdb, polars, pyarrow, pandas, openpyxl"]).output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        assert!(wanted.is_none(), "{} cannot import duckdb, polars, pyarrow, pandas and openpyxl", python.display());
        eprintln!("not read back by DuckDB, Polars, pyarrow, pandas and openpyxl: set CLAIMLINT_PYTHON");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    for (i, inputs) in both().into_iter().enumerate() {
        let outcome = inputs.run().expect("it can be read");
        let place = dir.path().join(i.to_string());
        fs::create_dir(&place).expect("room for it");
        for file in [
            "services.csv",
            "findings.csv",
            "services.parquet",
            "findings.parquet",
            "services.jsonl",
            "findings.jsonl",
            "report.xlsx",
        ] {
            fs::write(place.join(file), written(&outcome, file)).expect("room for it");
        }
        let script = Command::new(&python).arg(at("tests/it/read_back.py")).arg(&place).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(script.status.success(), "{}{}", text(&script.stdout), text(&script.stderr));
        assert_eq!(text(&script.stdout).lines().count(), 12, "{}", text(&script.stdout));
    }
}
