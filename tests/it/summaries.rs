//! Tests the short forms of a result: the summary at the terminal, summary.txt and summary.md without ids, the figures for
//! Prometheus, and rules and policy for programs.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::cli::{CLEAR, CommandOutput, DENY, HEAD, TestDir, binary, claimlint};
use crate::kit::at;

const EXTRACT: &str = "fixtures/extracts/kyphoplasty-2024q1.csv";
const AUTHS: &str = "fixtures/extracts/authorizations-2024q1.csv";

/// A run over the invented quarter of the README, in the directory of the repository, with its report in `dir`.
fn quarter(dir: &TestDir, more: &[&str]) -> CommandOutput {
    let out = dir.at("r").display().to_string();
    let args = [&["check", EXTRACT, "--auths", AUTHS, "--force", "--out", &out], more].concat();
    let output = CommandOutput::by(binary().args(args).current_dir(at("")));
    assert_eq!(output.code, Some(1), "{}", output.err);
    output
}

#[test]
fn the_summary_fits_a_screen_and_all_rules_are_there_if_asked_for() {
    let dir = TestDir::with(&[]);
    let short = quarter(&dir, &[]).out;
    assert!(short.lines().count() <= 23, "{short}");
    assert!(short.contains("more rules with") && short.contains("--all-rules lists them"), "{short}");
    let amounts: Vec<&str> = short.lines().filter(|line| line.starts_with("  PA") || line.starts_with("  D")).collect();
    assert!(amounts.len() >= 3 && amounts[0].ends_with("$31,666.60"), "the highest amount is first: {amounts:?}");
    let last = short.lines().last().unwrap_or_default();
    assert!(last.starts_with("Report: ") && last.ends_with(" s)"), "the time that it took is last: {last}");
    let all = quarter(&dir, &["--all-rules"]).out;
    let summary: Value = serde_json::from_slice(&fs::read(dir.at("r/summary.json")).expect("a report")).expect("JSON");
    let rules: Vec<&String> = summary["rules"].as_object().expect("an object").keys().collect();
    let listed: Vec<&str> = all.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(rules.len() > 30 && rules.iter().all(|rule| listed.contains(&rule.as_str())), "{all}");
}

#[test]
fn labels_that_no_table_knows_are_shown_with_what_to_do() {
    let dir = TestDir::with(&[]);
    let rows = |product: &str, n: usize| format!("C{n},M{n},{product},22,2024-03-05,22514,M48.56XA,A-1001,2500.00\n");
    let products = ["GOLD", "SILVER", "BRONZE", "TIN", "LEAD", "ZINC"];
    let text: String = products.iter().zip(1..).map(|(product, n)| rows(product, n)).collect();
    dir.put("claims.csv", format!("{HEAD}{text}"));
    let output = dir.run(&["check", "claims.csv", "--out", "r"]).out;
    let said = output.split_whitespace().collect::<Vec<_>>().join(" ");
    for product in ["BRONZE", "GOLD", "LEAD", "SILVER", "TIN"] {
        assert!(said.contains(&format!("\"{product}\" (1 row)")), "{output}");
    }
    assert!(said.contains("and 1 more in summary.json: write what such words mean into [products]"), "{output}");
    assert!(output.lines().count() <= 23, "{output}");
}

/// What identifies a claim in these rows, and what else is only in cells.
const CELLS: [&str; 7] = ["CLAIM-77", "MEMBER-77", "AUTH-77", "1234567893", "GOLD-77", "2024-03-05", "M5459"];

#[test]
fn the_texts_hold_no_cell_and_no_directory() {
    let dir = TestDir::with(&[]);
    fs::create_dir(dir.at("secret-place")).expect("room for it");
    let head = HEAD.replace("paid_amount", "billing_npi,paid_amount");
    let row = "CLAIM-77,MEMBER-77,GOLD-77,22,2024-03-05,22514,M5459,AUTH-77,1234567893,2500.00\n";
    let odd = "CLAIM-77,too,short\n";
    dir.put(
        "secret-place/a|b*.csv",
        format!("{head}{row}{}{odd}", row.replace("GOLD-77", "HMO").replace("M-77", "M-78")),
    );
    let file = "secret-place/a|b*.csv";
    let output = dir.run(&["check", file, "--out", "r", "--log", "json", "-q", "--fail-on", "never"]);
    assert_eq!(output.code, Some(0), "{}", output.err);
    let read = |name: &str| fs::read_to_string(dir.at("r").join(name)).expect("a report");
    for (name, text) in [("summary.txt", read("summary.txt")), ("summary.md", read("summary.md"))] {
        for cell in CELLS.into_iter().chain(["secret-place"]) {
            assert!(!text.contains(cell), "{name} holds {cell}: {text}");
        }
        for word in ["deny", "review", "$2,500.00", "never means medically necessary", "rejected row", "arning"] {
            assert!(text.to_lowercase().contains(&word.to_lowercase()), "{name} lacks {word}: {text}");
        }
    }
    assert!(read("summary.md").contains("a\\|b\\*.csv") && read("summary.txt").contains("a|b*.csv"));
    assert!(read("services.csv").contains("GOLD-77"), "the cells are in the tables");
    let is_table = |line: &str| line.contains("  ");
    assert!(
        read("summary.txt").lines().all(|line| line.chars().count() <= 72 || is_table(line)),
        "{}",
        read("summary.txt")
    );
}

#[test]
fn the_texts_have_the_totals_of_the_report() {
    let dir = TestDir::with(&[]);
    quarter(&dir, &["-q"]);
    let read = |name: &str| fs::read_to_string(dir.at("r").join(name)).expect("a report");
    let summary: Value = serde_json::from_str(&read("summary.json")).expect("JSON");
    let (text, markdown) = (read("summary.txt"), read("summary.md"));
    for (rule, tally) in summary["rules"].as_object().expect("an object") {
        let findings = tally["findings"].as_u64().expect("a number").to_string();
        let row = markdown.lines().find(|line| line.starts_with(&format!("| {rule} |"))).expect("a row");
        let cells: Vec<&str> = row.split(" | ").collect();
        assert_eq!(cells[3], findings, "{row}");
        let line = text.lines().find(|line| line.starts_with(&format!("{rule} "))).expect("a line");
        assert!(line.split_whitespace().any(|word| word == findings), "{line}");
    }
    // The same bytes for any number of threads.
    for threads in ["1", "3"] {
        quarter(&dir, &["-q", "--threads", threads, "--block-size", "777"]);
        assert_eq!((read("summary.txt"), read("summary.md")), (text.clone(), markdown.clone()));
    }
}

/// Samples of a text for Prometheus. Panics unless each has a type and a help before it, as the format wants.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut described: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ').map(str::to_owned);
            let (kind, name) = (words.next().expect("a word"), words.next().expect("a name"));
            assert!(words.next().is_some_and(|text| !text.is_empty()), "{line}");
            described.push((kind, name));
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let name = series.split('{').next().unwrap_or_default().to_owned();
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
        for kind in ["HELP", "TYPE"] {
            assert!(described.contains(&(kind.to_owned(), name.clone())), "{name} has no {kind}");
        }
        let before = samples.insert(series.to_owned(), value.parse().expect("a number"));
        assert!(before.is_none(), "{series} twice");
    }
    assert!(text.ends_with('\n'));
    samples
}

#[test]
fn the_figures_for_prometheus_are_those_of_the_report() {
    let dir = TestDir::with(&[]);
    let file = dir.at("claimlint.prom");
    let metrics = file.display().to_string();
    quarter(&dir, &["-q", "--metrics", &metrics, "--fail-if", "deny > 3"]);
    let text = fs::read_to_string(&file).expect("it was written");
    let samples = samples(&text);
    let summary: Value = serde_json::from_slice(&fs::read(dir.at("r/summary.json")).expect("a report")).expect("JSON");
    let sample = |series: &str| *samples.get(series).unwrap_or_else(|| panic!("no {series}: {text}"));
    let same = |series: &str, value: &Value| {
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok()).expect("a number");
        assert!((sample(series) - number).abs() < 1e-9, "{series} is not {value}");
    };
    same("claimlint_rows", &summary["ledger"]["rows"]);
    for (bin, rows) in summary["ledger"].as_object().expect("an object").iter().filter(|(bin, _)| *bin != "rows") {
        same(&format!("claimlint_bin_rows{{bin=\"{bin}\"}}"), rows);
    }
    for (status, services) in summary["services"].as_object().expect("an object") {
        same(&format!("claimlint_services{{status=\"{status}\"}}"), services);
    }
    for status in ["deny", "review"] {
        same(&format!("claimlint_at_risk_dollars{{status=\"{status}\"}}"), &summary["amount_at_risk"][status]);
        same(&format!("claimlint_recoverable_dollars{{status=\"{status}\"}}"), &summary["recoverable"][status]);
    }
    for (rule, tally) in summary["rules"].as_object().expect("an object") {
        let name = tally["name"].as_str().expect("a name");
        same(&format!("claimlint_findings{{rule=\"{rule}\",name=\"{name}\"}}"), &tally["findings"]);
    }
    same("claimlint_exit_code", &1.into());
    same("claimlint_failed_gates", &1.into());
    assert!(sample("claimlint_duration_seconds") > 0.0 && sample("claimlint_start_time_seconds") > 1.7e9);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).expect("there").permissions());
        assert_eq!(mode & 0o777, 0o644, "the collector is another user");
    }
    // promtool is the judge where it is installed.
    let promtool = std::process::Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(fs::File::open(&file).expect("it is there"))
        .output();
    if let Ok(output) = promtool {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_run_that_is_not_complete_leaves_the_figures_alone() {
    let dir = TestDir::with(&[CLEAR]);
    dir.run(&["check", "claims.csv", "--out", "a", "--metrics", "m.prom"]).success();
    let before = fs::read(dir.at("m.prom")).expect("it was written");
    dir.put("short.csv", format!("{HEAD}{}", "C1,too,short\n".repeat(12)));
    dir.run(&["check", "short.csv", "--out", "b", "--metrics", "m.prom"]).refused();
    assert_eq!(fs::read(dir.at("m.prom")).expect("it is there"), before);
    let refused = dir.run(&["check", "claims.csv", "--out", "b", "--metrics", "none/m.prom"]).refused();
    assert!(refused.contains("--metrics none/m.prom") && !dir.at("b").exists(), "{refused}");
    for (place, says) in
        [("claims.csv", "an input of this run"), ("a/m.prom", "the report alone"), (".", "a directory")]
    {
        let refused = dir.run(&["check", "claims.csv", "--out", "a", "--force", "--metrics", place]).refused();
        assert!(refused.contains(says), "{place}: {refused}");
    }
    // Amounts that are unknown are not 0, and what is new is there with a baseline alone.
    let rows = HEAD.replace("paid_amount", "other") + DENY;
    dir.put("claims.csv", rows);
    let args =
        ["check", "claims.csv", "--out", "b", "--metrics", "m.prom", "--baseline", "a", "-q", "--fail-on", "never"];
    dir.run(&args).success();
    let text = fs::read_to_string(dir.at("m.prom")).expect("it was written");
    assert!(!text.contains("dollars"), "{text}");
    let samples = samples(&text);
    assert!(text.contains("claimlint_compared_findings{change=\"new\",disposition=\"deny\"} 1\n"), "{text}");
    assert!(samples["claimlint_warning{kind=\"column-gone\"}"] >= 1.0, "{text}");
    assert_eq!(dir.names().iter().filter(|name| name.starts_with('.')).count(), 0);
}

#[test]
fn rules_and_policy_are_there_for_programs() {
    let json = |args: &[&str]| serde_json::from_str::<Value>(&claimlint(args).success()).expect("JSON");
    let rules = json(&["rules", "--format", "json"]);
    let listed = claimlint(&["rules"]).success();
    let all = rules["rules"].as_array().expect("a list");
    assert!(all.len() > 35 && all.iter().all(|rule| listed.contains(rule["code"].as_str().expect("a code"))));
    let one = json(&["rules", "dx101", "--format", "json"]);
    assert_eq!(one["rules"][0], *all.iter().find(|rule| rule["code"] == "DX101").expect("a rule"));
    assert_eq!((&one["rules"][0]["disposition"], one["bins"].as_array().map(Vec::len)), (&"deny".into(), Some(0)));
    // What a source asks, and the documents to ask for, are those of the text.
    let text = crate::kit::flowed(&claimlint(&["rules", "DX101"]).success());
    let (asked, documents) = (&one["rules"][0]["asked"], &one["rules"][0]["documents"]);
    let asked = [&asked["asks"], &asked["place"]].map(|text| text.as_str().expect("a text").to_owned());
    let documents = documents.as_array().expect("a list").iter().map(|one| one.as_str().expect("a text").to_owned());
    let wanted: Vec<String> = asked.into_iter().chain(documents).collect();
    assert!(wanted.len() > 3 && wanted.iter().all(|part| text.contains(part)), "{wanted:?}: {text}");
    let bin = json(&["rules", rules["bins"][0]["code"].as_str().expect("a code"), "--format", "json"]);
    assert_eq!(bin["bins"][0], rules["bins"][0]);
    let policy = json(&["policy", "show", "--format", "json"]);
    assert_eq!(policy["fingerprint"], rules["policy"]);
    let shown = claimlint(&["policy", "show"]).success();
    for edition in policy["editions"].as_array().expect("a list") {
        let diagnoses = edition["diagnoses"].as_array().expect("a list");
        assert!(shown.contains(&format!("{} diagnoses", diagnoses.len())));
        assert!(diagnoses.iter().all(|listed| shown.contains(listed["code"].as_str().expect("a code"))));
    }
    assert!(claimlint(&["policy", "show", "--toml", "limits", "--format", "json"]).code == Some(2));
}

#[test]
fn the_flags_of_check_are_grouped_and_words_are_completed() {
    let help = claimlint(&["check", "-h"]).success();
    let places: Vec<usize> =
        ["\nInput:", "\nJudgment:", "\nReport:", "\nGates:", "\nMachine:", "\nExamples:", "\nExit codes:"]
            .iter()
            .map(|head| help.find(head).unwrap_or_else(|| panic!("no {head}: {help}")))
            .collect();
    assert!(places.is_sorted(), "{help}");
    let bash = claimlint(&["completions", "bash"]).success();
    let (first, _) = ::claimlint::ingest::layout::library::SHIPPED[0];
    assert!(bash.contains(&format!("compgen -f -W \"{first} ")), "{first}");
    for words in ["xlsx parquet jsonl rollups all", " DX101 ", "claim_id line_number "] {
        assert!(bash.contains(words), "{words}");
    }
    // --color beats what the environment says.
    let run = |args: &[&str]| CommandOutput::by(binary().args(args).env("NO_COLOR", "1"));
    assert!(run(&["rules", "DX101", "--color", "always"]).out.contains("\x1b[1m"));
    assert!(run(&["--color=always", "check", "--help"]).out.contains("\x1b["));
    let never = CommandOutput::by(binary().args(["rules", "--color", "never"]).env("CLICOLOR_FORCE", "1"));
    assert!(!never.out.contains('\x1b'));
    assert_eq!(claimlint(&["rules", "--color", "pink"]).code, Some(2));
}

#[test]
fn formats_may_be_a_list_and_the_manual_makes_its_directory() {
    let dir = TestDir::with(&[CLEAR]);
    dir.run(&["check", "claims.csv", "--format", "xlsx,parquet", "--out", "r", "-q"]).success();
    assert!(dir.at("r/report.xlsx").exists() && dir.at("r/services.parquet").exists());
    let refused = dir.run(&["check", "claims.csv", "--format", "xlsx,pdf"]).refused();
    assert!(refused.contains("pdf"), "{refused}");
    dir.run(&["man", "--out", "share/man/man1"]).success();
    assert!(dir.at("share/man/man1/claimlint-prune.1").exists());
}
