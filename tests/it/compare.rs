//! Tests what a nightly job relies on: a finding is recognized even if its file and row have changed, only new findings make
//! the job fail, and a suppressed finding stays in the report.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use claimlint::baseline::{BaselineFindings, Change};
use claimlint::disk::spool::Scratch;
use claimlint::finding::fingerprint::Fingerprint;
use claimlint::frame::Allowance;
use claimlint::ingest::BLOCK;
use claimlint::report::ReportContext;
use claimlint::report::compare::Comparison;
use claimlint::report::compare::read::{CompareError, FindingsFile};
use claimlint::run::JudgedRun;
use claimlint::suppress::Suppressions;

use crate::cli::{CLEAR, DENY, HEAD, REVIEW, TestDir};
use crate::kit::{DOCS, Inputs, MEMORY, POLICY, Table, baseline, config, mask, report, report_in_parts, written};
use crate::properties::{AUTHS, HEADER, POOLS, extract, unordered};

fn findings_file(path: &Path) -> Result<FindingsFile, CompareError> {
    FindingsFile::read(path, &mut Allowance::new(MEMORY))
}

/// The findings of a report as those of a baseline.
fn baseline_of(report: &Path) -> BaselineFindings {
    let scratch: Scratch = Arc::new(tempfile::tempfile);
    FindingsFile::read_sorted(report, &mut Allowance::new(MEMORY), &scratch).expect("it is sound").1
}

fn comparison(old: &Path, new: &Path) -> Result<Comparison, CompareError> {
    Comparison::of(old, new, Allowance::new(MEMORY))
}

/// The fingerprints of a run in the order of its findings.
fn fingerprints(outcome: &JudgedRun) -> Vec<Fingerprint> {
    let content = ReportContext::of(outcome, &DOCS);
    content.findings().map(|record| record.fingerprint()).collect()
}

fn sorted(mut fingerprints: Vec<Fingerprint>) -> Vec<Fingerprint> {
    fingerprints.sort_unstable();
    fingerprints
}

/// A report directory with the files that `compare` reads.
fn directory(outcome: &JudgedRun) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for file in ["findings.csv", "summary.json"] {
        fs::write(directory.path().join(file), written(outcome, file)).expect("room for it");
    }
    directory
}

fn summary(outcome: &JudgedRun) -> Value {
    serde_json::from_slice(&written(outcome, "summary.json")).expect("JSON")
}

fn count(summary: &Value, share: &str, word: &str) -> u64 {
    summary["new"][share][word]["findings"].as_u64().unwrap_or_else(|| panic!("{share} {word}: {summary}"))
}

fn text(rows: &[Vec<String>]) -> String {
    let lines = rows.iter().map(|row| row.iter().map(|c| crate::properties::written(c)).collect::<Vec<_>>().join(","));
    std::iter::once(HEADER.join(",")).chain(lines).collect::<Vec<_>>().join("\n")
}

const HUSH: &str =
    "[[suppress]]\nrule = \"DX101\"\nclaim = \"C1\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2025-01-01\n
[[suppress]]\nmember = \"M2\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2025-01-01\n
[[suppress]]\nprovider = \"1000000001\"\nrule = \"PA201\"\nowner = \"a\"\nreason = \"b, c\"\nexpires = 2025-01-01\n
[[suppress]]\nrule = \"RT402\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2023-01-01\n";

fn suppressions_of_dx105() -> Suppressions {
    Suppressions::load("s.toml", HUSH, jiff::civil::date(2024, 6, 1)).expect("it is in order")
}

proptest! {
    #![proptest_config(config(48))]

    /// Fingerprints do not depend on the file name, the order of rows, the number of files or the other rows.
    #[test]
    fn fingerprints_are_equal_in_every_run((rows, shuffled) in unordered(), cut in any::<prop::sample::Index>()) {
        let auths = AUTHS.replace(",2\n", ",\n").replace(",1\n", ",\n").into_bytes();
        let run = |extracts: Vec<(&str, String)>| {
            let extracts = extracts.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
            Inputs { extracts, auths: Some(auths.clone()), layout: None }.run().expect("nothing is damaged")
        };
        let one = run(vec![("claims.csv", text(&rows))]);
        let known = sorted(fingerprints(&one));
        prop_assert_eq!(known.len(), one.judged.findings.len());
        let at = cut.index(shuffled.len() + 1);
        let moved = run(vec![("b.csv", text(&shuffled[at..])), ("a.csv", text(&shuffled[..at]))]);
        prop_assert_eq!(&sorted(fingerprints(&moved)), &known);
        // Rows of other members, claims and providers.
        let others = rows.iter().flat_map(|row| {
            let mut other = row.clone();
            (other[0], other[4], other[5]) = (format!("X{}", row[0]), String::new(), format!("X{}", row[5]));
            other[18] = String::new();
            [row.clone(), other]
        });
        let more = sorted(fingerprints(&run(vec![("claims.csv", text(&others.collect::<Vec<_>>()))])));
        prop_assert!(known.iter().all(|print| more.binary_search(print).is_ok()));
    }

    /// For any extract, the table agrees with the run, and no finding of a report is new compared with the report itself.
    #[test]
    fn findings_csv_holds_all_that_a_baseline_needs(generated in extract(40), masked in any::<bool>()) {
        let inputs = generated.inputs();
        let outcome = if masked { inputs.masked(mask()) } else { inputs.run() };
        let Ok(mut outcome) = outcome else { return Ok(()) };
        let written = directory(&outcome);
        let read = findings_file(written.path()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let known: Vec<Fingerprint> = read.entries.iter().map(|entry| entry.fingerprint).collect();
        prop_assert_eq!(known, fingerprints(&outcome));
        let itself = comparison(written.path(), written.path()).expect("it is sound");
        prop_assert!(!itself.differs());
        outcome.context.baseline = Some(baseline(read.entries, MEMORY));
        let (summary, findings) = (summary(&outcome), outcome.judged.findings.len() as u64);
        prop_assert_eq!([count(&summary, "new", "all"), count(&summary, "known", "all"), count(&summary, "gone", "all")], [0, findings, 0]);
    }

    /// `check --baseline` and `compare` give the same figures, to the cent.
    #[test]
    fn check_and_compare_agree(before in extract(30), after in extract(30)) {
        let (Ok(old), Ok(mut new)) = (before.inputs().run(), after.inputs().run()) else { return Ok(()) };
        let (old, plain) = (directory(&old), directory(&new));
        let tally = comparison(old.path(), plain.path()).expect("both are sound").tally();
        new.context.baseline = Some(baseline_of(old.path()));
        let summary = summary(&new);
        for (word, share) in [("new", &tally.new), ("known", &tally.known), ("gone", &tally.gone)] {
            prop_assert_eq!(count(&summary, word, "all"), share.all().findings);
            let amount = &summary["new"][word]["all"]["amount_at_risk"];
            prop_assert_eq!(amount, &Value::from(share.all().at_risk.to_string()));
        }
        // findings.csv marks the same ones, and a service is new if one of its findings is.
        let table = Table::written(&new, "findings.csv");
        let marked = table.rows.iter().filter(|row| row[table.column("new")] == "yes").count() as u64;
        prop_assert_eq!(marked, tally.new.all().findings);
        let again = directory(&new);
        let read = findings_file(again.path()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(read.entries, findings_file(plain.path()).expect("it is sound").entries);
        let by = comparison(old.path(), plain.path()).expect("both are sound").shares();
        prop_assert_eq!(by.by[&Change::New].all(), tally.new.all());
    }

    /// Suppressions and a baseline do not make the bytes depend on parts or threads, whether or not memory holds the baseline.
    #[test]
    fn baseline_marks_do_not_depend_on_parts_or_threads(generated in extract(40), part in 1_usize..12) {
        let inputs = generated.inputs();
        let Ok(outcome) = inputs.run() else { return Ok(()) };
        let known = findings_file(directory(&outcome).path()).expect("it is sound").entries;
        let known: Vec<_> = known.into_iter().step_by(2).collect();
        let with = |memory| (Some(baseline(known.clone(), memory)), Some(suppressions_of_dx105()));
        // Suppressions are matched during judging, so they are set before it.
        let mut whole = inputs.read_by(&POLICY, BLOCK, 4096, None).expect("it was read before");
        (whole.context.baseline, whole.context.suppressions) = with(MEMORY);
        let want = report(&whole.judge_all().expect("no disk"));
        for pool in POOLS.iter() {
            let mut run = inputs.read_by(&POLICY, 64, part, None).expect("it was read before");
            (run.context.baseline, run.context.suppressions) = with(0);
            let parts = pool.install(|| report_in_parts(&run));
            for ((file, got), (_, want)) in parts.into_iter().zip(&want).filter(|((f, _), _)| *f != "dossier.bin") {
                prop_assert!(&got == want, "{} in parts of {}", file, part);
            }
        }
    }
}

#[test]
fn only_new_findings_fail_a_nightly_run() {
    let dir = TestDir::with(&[DENY, CLEAR]);
    assert_eq!(dir.run(&["check", "claims.csv", "--out", "r", "-q"]).code, Some(1));
    // The same claims, renamed and moved.
    fs::write(dir.at("tonight.csv"), HEAD.to_owned() + CLEAR + DENY).expect("room for it");
    let nightly = |file: &str, level: &str| {
        dir.run(&["check", file, "--out", "r", "--force", "--baseline", "r", "--fail-on", level])
    };
    let output = nightly("tonight.csv", "new-deny");
    assert_eq!(output.code, Some(0), "{}", output.err);
    let shown = crate::kit::flowed(&output.out);
    assert!(
        shown.contains("new since the baseline: 0 findings known: 1 finding (1 deny) on 1 service, $2,500.00"),
        "{shown}"
    );
    assert_eq!(nightly("tonight.csv", "deny").code, Some(1), "the other levels speak of all");
    fs::write(dir.at("more.csv"), HEAD.to_owned() + CLEAR + DENY + REVIEW).expect("room for it");
    assert_eq!(nightly("more.csv", "new-deny").code, Some(0), "a review is no deny");
    assert_eq!(nightly("tonight.csv", "new-info").code, Some(0), "gone is not new");
    assert_eq!(nightly("more.csv", "new-review").code, Some(1));
    let summary: Value = serde_json::from_slice(&fs::read(dir.at("r/summary.json")).expect("a report")).expect("JSON");
    assert_eq!((count(&summary, "new", "review"), count(&summary, "known", "deny")), (1, 1));
    for (file, want) in
        [("r/services.csv", &["C1 no", "C4 no", "C3 yes"][..]), ("r/findings.csv", &["C4 no", "C3 yes"])]
    {
        let table = Table::of(&fs::read(dir.at(file)).expect("a report"));
        let (claim, new) = (table.column("claim_id"), table.column("new"));
        let shown: Vec<_> = table.rows.iter().map(|row| format!("{} {}", row[claim], row[new])).collect();
        assert_eq!(shown, want, "{file}");
        assert_eq!(new, table.header.len() - 1, "the last column");
    }

    let refused = dir.run(&["check", "more.csv", "--fail-on", "new-deny"]).refused();
    assert!(refused.contains("--baseline DIR"), "{refused}");
    let refused = dir.run(&["check", "more.csv", "--baseline", "."]).refused();
    assert!(refused.contains("holds no report"), "{refused}");
}

#[test]
fn compare_lists_new_gone_and_changed_findings() {
    let dir = TestDir::with(&[DENY, REVIEW]);
    dir.run(&["check", "claims.csv", "--out", "old", "-q"]);
    let other = DENY.replace("C4", "C9").replace("M4", "M9").replace("2500.00", "17.05");
    fs::write(dir.at("claims.csv"), HEAD.to_owned() + &other + &REVIEW.replace("2500.00", "99.99")).expect("our own");
    dir.run(&["check", "claims.csv", "--out", "new", "-q"]);
    let output = dir.run(&["compare", "old", "new"]);
    assert_eq!(output.code, Some(1));
    let shown = crate::kit::flowed(&output.out);
    for part in ["new 1 1 $17.05", "changed 1 1 $99.99", "gone 1 1 $2,500.00", "was $2,500.00"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    dir.run(&["compare", "new", "new", "--fail-on", "any"]).success();
    dir.run(&["compare", "old", "new", "--fail-on", "never"]).success();
    assert_eq!(dir.run(&["compare", "old", "new", "--fail-on", "any"]).code, Some(1));

    dir.run(&["compare", "old", "new", "--fail-on", "never", "--html", "page.html"]).success();
    let page = fs::read_to_string(dir.at("page.html")).expect("a page");
    for part in
        ["What changed from old to new", "id=\"new\"", "id=\"changed\"", "id=\"gone\"", "C9", "$17.05", "$99.99"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script") && page.contains("default-src "));
    let refused = dir.run(&["compare", "old", "new", "--html", "page.html"]).refused();
    assert!(refused.contains("--html page.html: exists already"), "{refused}");
    // Of two files, the first one does not stay without the second.
    for both in [&["compare", "old", "new", "--out", "first.txt"][..], &["trend", "old", "new", "--out", "first.txt"]] {
        let refused = dir.run(&[both, &["--html", "page.html"]].concat()).refused();
        assert!(refused.contains("--html page.html: exists already") && !dir.at("first.txt").exists(), "{refused}");
    }
    let table = Table::of(dir.run(&["compare", "old", "new", "--format", "csv"]).out.as_bytes());
    let names = ["change", "differs", "claim_id", "amount_at_risk", "old_amount_at_risk"].map(str::to_owned);
    let rows = [
        ["new", "", "C9", "17.05", ""],
        ["changed", "amount_at_risk", "C3", "99.99", "2500.00"],
        ["gone", "", "C4", "2500.00", ""],
    ];
    assert_eq!(table.only(&names).rows, rows.map(|row| row.map(str::to_owned).to_vec()));
    assert_eq!(dir.run(&["compare", "old", "new", "--format", "json", "--out", "diff.json"]).code, Some(1));
    let json: Value = serde_json::from_slice(&fs::read(dir.at("diff.json")).expect("a file")).expect("JSON");
    assert_eq!(json["totals"]["gone"]["deny"]["amount_at_risk"], "2500.00");
    assert_eq!(json["findings"].as_array().map(Vec::len), Some(3));
    assert_eq!(dir.run(&["compare", "old", "new", "--out", "diff.txt", "--color", "always"]).code, Some(1));
    let text = std::fs::read_to_string(dir.at("diff.txt")).expect("a text");
    assert_eq!(text, dir.run(&["compare", "old", "new"]).out, "a file has no styles");
    let refused = dir.run(&["compare", "old", "new", "--out", "diff.json"]).refused();
    assert!(refused.contains("exists already"), "{refused}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(dir.at("diff.json")).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn an_edited_report_is_refused_with_its_line() {
    let dir = TestDir::with(&[DENY, REVIEW]);
    dir.run(&["check", "claims.csv", "--out", "r", "-q"]);
    let whole = fs::read_to_string(dir.at("r/findings.csv")).expect("a report");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let second = |edit: &dyn Fn(&str) -> String| [lines[0], lines[1], &edit(lines[2])].concat();
    for (text, output) in [
        (lines[..2].concat(), "findings.csv:3: ends here with 0 findings of"),
        (whole.trim_end().to_owned(), "findings.csv:3: ends in the middle of a row"),
        (second(&|l| l.replace(",2500.00,", ",25.00,")), "findings.csv:4: ends here with 1 findings of"),
        (
            second(&|l| l.replace(",2500.00,", ",2500,")),
            "findings.csv:3: the amount_at_risk is not as claimlint writes it",
        ),
        (
            second(&|l| l.replace(",review,", ",maybe,")),
            "findings.csv:3: the disposition is not as claimlint writes it",
        ),
        (second(&|l| l.replacen(',', "", 1)), "findings.csv:3: has 17 cells of 18"),
        (
            second(&|l| l.replace("2024-03-05", "2024-3-5")),
            "findings.csv:3: the service_date is not as claimlint writes it",
        ),
        (whole.replacen("rule,", "code,", 1), "findings.csv:1: the columns are not those"),
        (String::new(), "findings.csv:1: ends in the middle"),
    ] {
        fs::write(dir.at("r/findings.csv"), &text).expect("our own");
        let refused = dir.run(&["compare", "r", "r"]).refused();
        assert!(crate::kit::flowed(&refused).contains(output), "{output}: {refused}");
        let refused = dir.run(&["check", "claims.csv", "--baseline", "r", "--out", "x"]).refused();
        assert!(crate::kit::flowed(&refused).contains(output), "{output}: {refused}");
    }
    fs::write(dir.at("r/findings.csv"), &whole).expect("our own");
    let summary = fs::read_to_string(dir.at("r/summary.json")).expect("a report");
    fs::write(dir.at("r/summary.json"), summary.replace("claimlint-summary/2", "claimlint-summary/9")).expect("ours");
    let refused = dir.run(&["compare", "r", "r"]).refused();
    assert!(refused.contains("claimlint-summary/9"), "{refused}");
}

/// Runs with this text as the suppression file and reads the report back.
fn suppressed(dir: &TestDir, entry: &str, more: &[&str]) -> (Option<i32>, String, Table, Value) {
    fs::write(dir.at("s.toml"), entry).expect("room for it");
    let args = ["check", "claims.csv", "--out", "s", "--force", "--suppress", "s.toml", "--today", "2025-01-01"];
    let output = dir.run(&[&args[..], more].concat());
    let read = |file: &str| fs::read(dir.at("s").join(file)).unwrap_or_else(|e| panic!("{e}: {}", output.err));
    let (table, summary) = (Table::of(&read("findings.csv")), serde_json::from_slice(&read("summary.json")));
    (output.code, output.err, table, summary.expect("JSON"))
}

fn marked(table: &Table) -> Vec<String> {
    table.rows.iter().filter(|row| row[table.column("suppressed")] == "yes").map(|row| row[0].clone()).collect()
}

const SIGNED: &str = "owner = \"J. Doe\"\nreason = \"appeal of C4\"\nexpires = 2025-06-30\n";

#[test]
fn a_suppressed_finding_is_reported_and_does_not_fail_the_run() {
    let dir = TestDir::with(&[DENY, REVIEW]);
    dir.run(&["check", "claims.csv", "--out", "plain", "-q"]);
    let plain = |file: &str| fs::read(dir.at("plain").join(file)).expect("a report");
    let print = fingerprints_of(&dir.at("plain"), "C4");
    for (by, hit) in [
        ("claim = \"C4\"", true),
        ("member = \"M4\"\nrule = \"DX101\"", true),
        (&format!("fingerprint = \"{print}\""), true),
        (&format!("fingerprint = \"{print}\"\nclaim = \"C3\""), false),
        ("claim = \"C4\"\nrule = \"DX102\"", false),
        ("provider = \"C4\"", false),
    ] {
        let (code, notes, table, summary) = suppressed(&dir, &format!("[[suppress]]\n{by}\n{SIGNED}"), &[]);
        assert_eq!(code, Some(i32::from(!hit)), "{by}");
        assert_eq!(marked(&table), if hit { vec!["DX101".to_owned()] } else { Vec::new() }, "{by}");
        assert_eq!(table.only(&Table::of(&plain("findings.csv")).header), Table::of(&plain("findings.csv")), "{by}");
        let services = Table::of(&fs::read(dir.at("s/services.csv")).expect("a report"));
        assert_eq!(services.only(&Table::of(&plain("services.csv")).header), Table::of(&plain("services.csv")));
        let state = &summary["suppressed"]["suppressions"][0]["state"];
        assert_eq!(state, if hit { "used" } else { "unused" }, "{by}");
        assert_eq!(summary["suppressed"]["findings"]["deny"]["findings"], u64::from(hit), "{by}");
        assert_eq!(notes.contains("matches no finding"), !hit, "{by}: {notes}");
        assert_eq!(summary["services"]["deny"], 1, "a verdict is a verdict");
    }
    assert!(fs::read_to_string(dir.at("s/report.html")).expect("a page").contains("id=\"h-suppressed\""));
    // One day after it expires, the finding counts again and the report says so.
    let entry = format!("[[suppress]]\nclaim = \"C4\"\n{SIGNED}");
    let (code, notes, table, summary) = suppressed(&dir, &entry.replace("2025-06-30", "2025-01-01"), &[]);
    assert_eq!((code, marked(&table).len(), summary["suppressed"]["today"].as_str()), (Some(0), 1, Some("2025-01-01")));
    assert!(!notes.contains("expired"), "{notes}");
    let (code, notes, table, summary) = suppressed(&dir, &entry.replace("2025-06-30", "2024-12-31"), &[]);
    assert_eq!((code, marked(&table).len()), (Some(1), 0));
    assert!(crate::kit::flowed(&notes).contains("expired after 2024-12-31: 1 finding back"), "{notes}");
    assert_eq!(summary["suppressed"]["suppressions"][0]["state"], "expired");
}

/// The fingerprint of the first finding of a claim, as compare prints it.
fn fingerprints_of(report: &Path, claim: &str) -> String {
    let read = findings_file(report).expect("it is sound");
    let table = Table::of(&fs::read(report.join("findings.csv")).expect("a report"));
    let at = table.rows.iter().position(|row| row[table.column("claim_id")] == claim).expect("it is there");
    read.entries[at].fingerprint.to_string()
}

#[test]
fn a_finding_that_is_no_longer_suppressed_is_new() {
    let dir = TestDir::with(&[DENY]);
    let entry = format!("[[suppress]]\nclaim = \"C4\"\n{SIGNED}");
    suppressed(&dir, &entry, &[]);
    let now = ["check", "claims.csv", "--baseline", "s", "--fail-on", "new-deny", "--out", "n", "--force"];
    assert_eq!(dir.run(&now).code, Some(1), "the suppression is gone");
    assert_eq!(dir.run(&["compare", "s", "n"]).code, Some(1));
    // The other way round it is listed as it is counted: neither as changed nor as gone.
    let text = dir.run(&["compare", "n", "s", "--html", "page.html"]).success();
    let rows = |word: &str| text.lines().filter(|line| line.trim_start().starts_with(word)).count();
    assert_eq!(rows("changed"), 1, "a total of 0: {text}");
    assert!(rows("suppressed") > 1 && text.contains("was not suppressed"), "{text}");
    let page = fs::read_to_string(dir.at("page.html")).expect("a page");
    assert!(page.contains("<h2 id=\"suppressed\">") && !page.contains("<h2 id=\"changed\">"), "{page}");
    dir.run(&[&now[..], &["--suppress", "s.toml", "--today", "2025-06-30"]].concat()).success();
    dir.run(&["compare", "s", "n", "--fail-on", "any"]).success();
}

#[test]
fn masked_reports_compare_only_with_masked_reports() {
    let dir = TestDir::with(&[DENY]);
    fs::write(dir.at("key"), "a key of more than sixteen bytes").expect("room for it");
    fs::write(dir.at("other"), "another key of more than sixteen").expect("room for it");
    for (out, args) in [("plain", &[][..]), ("masked", &["--mask", "key"]), ("elsewhere", &["--mask", "other"])] {
        dir.run(&[&["check", "claims.csv", "-q", "--out", out][..], args].concat());
    }
    let refused = dir.run(&["compare", "plain", "masked"]).refused();
    assert!(crate::kit::flowed(&refused).contains("plain is not masked and masked is masked"), "{refused}");
    let refused = dir.run(&["check", "claims.csv", "--baseline", "masked"]).refused();
    assert!(refused.contains("is masked"), "{refused}");
    let doubtful = dir.run(&["compare", "masked", "elsewhere"]);
    assert!(doubtful.err.contains("different keys"), "{}", doubtful.err);
    dir.run(&["compare", "masked", "masked", "--fail-on", "any"]).success();

    let token = Table::of(&fs::read(dir.at("masked/findings.csv")).expect("a report")).rows[0][5].clone();
    for by in [
        "claim = \"C4\"".to_owned(),
        format!("fingerprint = \"{}\"", fingerprints_of(&dir.at("plain"), "C4")),
        format!("fingerprint = \"{}\"", fingerprints_of(&dir.at("masked"), &token)),
    ] {
        let (code, _, table, summary) = suppressed(&dir, &format!("[[suppress]]\n{by}\n{SIGNED}"), &["--mask", "key"]);
        assert_eq!((code, marked(&table).len()), (Some(0), 1), "{by}");
        assert!(!summary.to_string().contains("C4"), "{summary}");
        let page = fs::read_to_string(dir.at("s/report.html")).expect("a page");
        assert!(!page.contains("appeal of") && page.contains("withheld by --mask"));
    }
}
