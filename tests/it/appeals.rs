//! Tests what the appeals desk needs of `claimlint explain`: the right report, a claim found by what a caller knows, an
//! answer in the words of a reviewer, and letters.

use std::fs;

use crate::cli::{CLEAR, DENY, REVIEW, TestDir};
use crate::kit::flowed;

/// A directory with `claims.csv`, which holds two reports of it: `claimlint-report` of an earlier run, and
/// `claimlint-report-2` of a later one.
fn two_reports() -> TestDir {
    let dir = TestDir::with(&[DENY, REVIEW]);
    for _ in 0..2 {
        assert_eq!(dir.run(&["check", "claims.csv", "-q"]).code, Some(1));
    }
    dir
}

/// Writes another time of its run into run.json of a report.
fn finished(dir: &TestDir, report: &str, milliseconds: i64) {
    let path = format!("{report}/run.json");
    let text = fs::read_to_string(dir.at(&path)).expect("a report");
    let key = "\"finished_unix_milliseconds\": ";
    let (head, rest) = text.split_once(key).expect("the time of the run");
    let (_, tail) = rest.split_once(',').expect("further keys");
    dir.put(&path, format!("{head}{key}{milliseconds},{tail}"));
}

#[test]
fn the_newest_report_by_its_run_is_explained() {
    let dir = two_reports();
    let output = flowed(&dir.run(&["explain", "C4"]).success());
    for part in [
        "report claimlint-report-2 of claims.csv, run ",
        " UTC It is the newest of 2 reports; the other is claimlint-report (",
    ] {
        assert!(output.contains(part), "{part}: {output}");
    }
    // The name says nothing: the report of the later run is the newest.
    finished(&dir, "claimlint-report", 4_000_000_000_000);
    let output = flowed(&dir.run(&["explain", "C4", "--html", "page.html"]).success());
    assert!(
        output.contains("report claimlint-report of claims.csv, run ") && output.contains(", 2096-10-02 07:06 UTC")
    );
    let page = fs::read_to_string(dir.at("page.html")).expect("a page");
    assert!(page.contains("<p>Report claimlint-report of claims.csv, run ") && page.contains("newest of 2 reports"));

    finished(&dir, "claimlint-report-2", 4_000_000_000_000);
    let refused = flowed(&dir.run(&["explain", "C4"]).refused());
    assert!(refused.contains("claimlint-report (2096-10-02 07:06 UTC) and claimlint-report-2 (2096-"), "{refused}");
    assert!(refused.contains("written at the same time, so none is the newest"), "{refused}");
    let named = flowed(&dir.run(&["explain", "C4", "--in", "claimlint-report-2"]).success());
    assert!(named.contains("report claimlint-report-2 of claims.csv") && !named.contains("newest"), "{named}");

    // A report without its run.json is older than every other.
    fs::remove_file(dir.at("claimlint-report/run.json")).expect("it is there");
    let output = flowed(&dir.run(&["explain", "C4"]).success());
    assert!(
        output.contains("report claimlint-report-2 of") && output.contains("(its run.json cannot be read)"),
        "{output}"
    );
}

#[test]
fn the_settings_say_where_reports_are() {
    let dir = TestDir::with(&[DENY]);
    for name in ["night-1", "night-2", "other"] {
        dir.run(&["check", "claims.csv", "-q", "--out", name]);
    }
    let explain = |args: &[&str]| dir.run(&[&["explain", "C4"][..], args].concat());
    for (out, says) in [("night-1", "report night-1 of"), ("night-{date}", "report night-2 of claims.csv")] {
        dir.put("claimlint.toml", format!("out = \"{out}\"\n"));
        let output = flowed(&explain(&[]).success());
        assert!(output.contains(says), "{output}");
        assert!(flowed(&explain(&["--no-config"]).success()).contains("report other of claims.csv"));
    }
    fs::create_dir(dir.at("desk")).expect("room for it");
    dir.put("desk/desk.toml", "out = \"../night-1\"\n");
    assert!(flowed(&explain(&["--config", "desk/desk.toml"]).success()).contains("report desk/../night-1 of"));
    for (out, says) in [
        ("none", "none: holds no report"),
        ("none-{date}", "none-{date}: no report has such a name"),
        ("{date}/claims", "the date is not in the last part"),
    ] {
        dir.put("claimlint.toml", format!("out = \"{out}\"\n"));
        let refused = explain(&[]).refused();
        assert!(refused.contains(says) && refused.contains("--in"), "{refused}");
    }
    let empty = TestDir::with(&[DENY]);
    assert!(empty.run(&["explain", "C4"]).refused().contains("no report is in this directory"));
}

/// Two claims of a member and one of another, all of one provider.
const CALLS: &str = "claim_id,member_id,product,billing_npi,place_of_service,service_date,procedure_code,diagnosis_1,authorization_number,paid_amount
AB-100/7,M0517903,HMO,1234567893,22,2024-03-05,22514,M54.5,PA-0017,2500.00
AB-100/8,M0517903,HMO,1234567893,22,2024-04-09,22514,M48.56XA,PA-18,2500.00
AB-200,M2,HMO,1234567893,22,2024-03-05,22514,M48.56XA,PA-19,2500.00
";

#[test]
fn a_claim_is_found_by_what_a_caller_knows() {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", CALLS);
    dir.run(&["check", "claims.csv", "-q"]);
    let explain = |args: &[&str]| flowed(&dir.run(&[&["explain"][..], args].concat()).success());
    for (args, claim) in [
        (&["AB-100/7"][..], "AB-100/7"),
        (&[" ab100 7 "], "AB-100/7"),
        (&["m2"], "AB-200"),
        (&["pa0017"], "AB-100/7"),
        (&["PA 18"], "AB-100/8"),
        (&["M0517903", "--date", "2024-04-09"], "AB-100/8"),
        (&["1234567893", "--date", "2024-04-09"], "AB-100/8"),
    ] {
        let output = explain(args);
        assert!(output.starts_with(&format!("claim {claim}: ")), "{args:?}: {output}");
    }
    for (args, says, claims) in [
        (&["m0517903"][..], "2 claims fit m0517903", &["AB-100/7", "AB-100/8"][..]),
        (&["1234567893", "--date", "2024-03-05"], "2 claims fit 1234567893", &["AB-100/7", "AB-200"]),
        (&["1234567893"], "3 claims fit 1234567893", &["AB-100/7", "AB-100/8", "AB-200"]),
    ] {
        let output = explain(args);
        assert!(output.starts_with(says) && output.contains("report claimlint-report of claims.csv"), "{output}");
        for claim in ["AB-100/7", "AB-100/8", "AB-200"] {
            assert_eq!(output.contains(claim), claims.contains(&claim), "{args:?}: {output}");
        }
    }
    let refused = dir.run(&["explain", "M2", "--date", "2024-03-06"]).refused();
    assert!(flowed(&refused).contains("number M2 and a service on 2024-03-06"), "{refused}");
    assert!(dir.run(&["explain", "m0517903", "--html", "page.html"]).refused().contains("--html: 2 claims fit"));
    assert!(!dir.at("page.html").exists());
    // Without letters and digits nothing is looked for.
    assert!(dir.run(&["explain", "--", "-/-"]).refused().contains("no kept row"));
}

#[test]
fn claim_numbers_that_differ_in_case_are_told_apart() {
    let dir = TestDir::with(&[&DENY.replace("C4", "c-4"), DENY]);
    dir.run(&["check", "claims.csv", "-q"]);
    assert!(dir.run(&["explain", "c-4"]).success().starts_with("claim c-4: "));
    let output = flowed(&dir.run(&["explain", "c4"]).success());
    assert!(output.starts_with("2 claims fit c4") && output.contains("c-4") && output.contains("C4"), "{output}");
}

/// A denied service of a paid claim, with an authorization that ended before it.
const PAID: &str = "claim_id,member_id,product,billing_npi,rendering_npi,place_of_service,service_date,procedure_code,diagnosis_1,diagnosis_2,authorization_number,claim_status,paid_amount
C1,M1,HMO,1234567893,1902341176,22,2024-03-05,22514,M54.5,E11.9,PA-1,PAID,2500.00
C2,M1,HMO,1234567893,,21,2024-04-09,22513,,,,PENDING,
";

const APPROVALS: &str = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units
PA-1,M1,22514,APPROVED,2024-02-01,2024-03-01,1
PA-2,M1,22513,APPROVED,2024-03-01,2024-05-01,1
PA-3,M9,22514,APPROVED,2024-03-01,2024-05-01,1
PA-4,M1,22514,DENIED,2024-05-01,2024-06-01,1
";

fn paid() -> TestDir {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", PAID);
    dir.put("auths.csv", APPROVALS);
    dir.run(&["check", "claims.csv", "-q", "--auths", "auths.csv"]);
    dir
}

#[test]
fn the_answer_is_in_the_words_of_a_reviewer() {
    let dir = paid();
    let output = flowed(&dir.run(&["explain", "C1"]).success());
    for part in [
        "claim C1: paid, does not meet the policy (deny)",
        "1 service (does not meet the policy), $2,500.00 at risk",
        "payment paid",
        "member M1",
        "provider billing NPI 1234567893, rendering NPI 1902341176",
        "service date 2024-03-05",
        "place outpatient: hospital outpatient department (place of service 22)",
        "procedure 22514: lumbar augmentation, first level",
        "diagnoses M54.5: low back pain; not on the policy's list E11.9: diabetes, type 2; not on the policy's list",
        "authorization one is needed, and none that fits was found the claim carries number PA-1 approvals",
        "looked for: one for member M1, for 22514, 0QU03JZ or 0QU04JZ, on 2024-03-05",
        "nearest: PA-1 (APPROVED), for 22514, 2024-02-01 to 2024-03-01, 1 unit: it ended 4 days before the service",
        "next: PA-2 (APPROVED), for 22513, 2024-03-01 to 2024-05-01, 1 unit: it is for other procedures, and its number is \
         not on the claim",
        "next: PA-4 (DENIED), for 22514, 2024-05-01 to 2024-06-01, 1 unit: its status is DENIED, not an approval, and it \
         began 57 days after the service, and its number is not on the claim",
        "What is asked: For a commercial member the claim must carry a listed diagnosis",
        "Coding Information, ICD-10 diagnosis codes, pages 3 to 5, https://www.bluecrossma.org/medical-policies/",
        "What is asked: Inpatient, every product needs prior authorization.",
        "Prior Authorization Information, page 2, https://",
        "Ask the provider for: office notes of the weeks before the procedure",
        "imaging reports (X-ray, CT, MRI or bone scan)",
        "the technique and the device",
    ] {
        assert!(output.contains(part), "{part}: {output}");
    }
    // The other member's approval is none of this claim.
    assert!(!output.contains("PA-3"), "{output}");
    let words = ["fired", "what it rests on", "fingerprint", "in scope", "taken back", "commercial-managed-care"];
    for word in words.into_iter().chain(["not-supported", "bin:", "on file:"]) {
        assert!(!output.contains(word), "{word}: {output}");
    }
    let pending = flowed(&dir.run(&["explain", "C2"]).success());
    assert!(pending.starts_with("claim C2: pending, "), "{pending}");
    assert!(pending.contains("place inpatient: hospital, inpatient (place of service 21)"), "{pending}");
    assert!(
        pending.contains("nearest: PA-2 (APPROVED)") && pending.contains("it fits, but its number is not on the claim")
    );
}

#[test]
fn the_provider_has_a_name_if_the_extract_has_one() {
    let dir = TestDir::with(&[]);
    let (head, rows) = PAID.split_once('\n').expect("a header");
    let rows = rows.replace('\n', ",Charles River Orthopaedics\n");
    dir.put("claims.csv", format!("{head},billing_provider_name\n{rows}"));
    dir.run(&["check", "claims.csv", "-q"]);
    let output = flowed(&dir.run(&["explain", "C1", "--letter", "draft"]).success());
    let provider = "Charles River Orthopaedics, billing NPI 1234567893, rendering NPI 1902341176";
    assert!(output.contains(&format!("provider {provider}")), "{output}");
    let letter = fs::read_to_string(dir.at("draft.txt")).expect("a letter");
    assert!(flowed(&letter).contains(&format!("({provider})")), "{letter}");
}

/// A file of suppressions with this owner of a rule.
fn suppression(rule: &str) -> String {
    format!(
        "[[suppress]]\nrule = \"{rule}\"\nowner = \"appeals desk\"\nreason = \"telephone approval\"\nexpires = 2031-01-31\n"
    )
}

#[test]
fn a_suppression_comes_first_of_all() {
    let dir = paid();
    dir.put("s.toml", suppression("PA205"));
    dir.run(&["check", "claims.csv", "-q", "--auths", "auths.csv", "--suppress", "s.toml", "--today", "2030-01-01"]);
    let output = flowed(&dir.run(&["explain", "C1", "--html", "page.html"]).success());
    let says = "PA205 authorization-dates of 22514 on 2024-03-05 is suppressed by appeals desk until 2031-01-31: telephone approval";
    assert!(output.starts_with(&format!("suppressed: {says} claim C1: paid, ")), "{output}");
    assert!(output.contains("PA205 authorization-dates deny suppressed"), "{output}");
    assert!(!dir.run(&["explain", "C2"]).success().contains("suppressed"));
    let page = fs::read_to_string(dir.at("page.html")).expect("a page");
    let (before, after) = page.split_once("<h1>").expect("a title");
    assert!(before.contains(says) && after.contains("by appeals desk until 2031-01-31: telephone approval"), "{page}");
    // Where nothing was suppressed, nothing is said of it.
    let plain = dir.run(&["explain", "C1", "--in", "claimlint-report"]).success();
    assert!(!plain.contains("suppressed"), "{plain}");
}

#[test]
fn a_masked_dossier_keeps_no_reason_and_no_id_of_a_suppression() {
    let dir = paid();
    dir.put("key", "0123456789abcdef0123456789abcdef");
    dir.put("s.toml", suppression("PA205") + "claim = \"C1\"\n");
    let args = ["--mask", "key", "--suppress", "s.toml", "--today", "2030-01-01", "--out", "masked"];
    dir.run(&[&["check", "claims.csv", "-q", "--auths", "auths.csv"][..], &args].concat());
    let output = flowed(&dir.run(&["explain", "C1", "--in", "masked", "--mask", "key"]).success());
    assert!(
        output.starts_with("suppressed: PA205 ") && output.contains("until 2031-01-31: withheld by --mask"),
        "{output}"
    );
    assert!(!output.contains("telephone"), "{output}");
    // Owner and reason are free texts.
    let summary = fs::read_to_string(dir.at("masked/summary.json")).expect("a summary");
    let page = fs::read_to_string(dir.at("masked/report.html")).expect("a page");
    for text in [&output, &summary, &page] {
        assert!(text.contains("withheld by --mask") && !text.contains("appeals desk"), "{text}");
    }
    dir.put("s.toml", suppression("PA205") + "claim = \"none\"\n");
    let noted = dir.run(&[&["check", "claims.csv", "--auths", "auths.csv", "--force"][..], &args].concat()).err;
    assert!(flowed(&noted).contains("suppression 1 (line 1) matches no finding"), "{noted}");
    let found = flowed(&dir.run(&["explain", "M1", "--in", "masked", "--mask", "key"]).success());
    assert!(found.starts_with("2 claims fit this number"), "{found}");
}

#[test]
fn a_letter_is_a_denial_rationale_or_a_record_request() {
    let dir = TestDir::with(&[CLEAR, REVIEW, DENY]);
    dir.run(&["check", "claims.csv", "-q"]);
    let output = dir.run(&["explain", "C4", "--letter", "denial.html"]).success();
    assert!(output.contains("Letter: denial.html\nLetter: denial.txt\n"), "{output}");
    let text = fs::read_to_string(dir.at("denial.txt")).expect("a letter");
    assert!(text.lines().all(|line| line.chars().count() <= 78), "{text}");
    let (flat, blank) = (flowed(&text), "____________________");
    for part in [
        "Rationale of a denial",
        &format!("To: {blank} (billing NPI none on the claim)"),
        "Claim: C4 Member: M4",
        &format!("Patient's name: {blank} Date of birth: {blank}"),
        "What was decided, and why",
        "22514 on 2024-03-05 (lumbar augmentation, first level)",
        "(DX101).",
        &format!("Amount to be recovered: {blank}"),
        "Source: Coding Information, ICD-10 diagnosis codes, pages 3 to 5, https://",
        "- M54.5: low back pain; not on the policy's list",
        "What would change the decision",
        "- imaging reports (X-ray, CT, MRI or bone scan)",
        &format!("Right to appeal, address and time limit: {blank}"),
        "It never means medically necessary.",
        "report claimlint-report of claims.csv, run ",
    ] {
        assert!(flat.contains(part), "{part}: {text}");
    }
    // The letter goes to the provider: what the plan looked up, and what it has at risk, is not in it.
    for own in ["at risk", "authorization file", "nearest", "looked for"] {
        assert!(!flat.contains(own), "{own}: {text}");
    }
    let page = fs::read_to_string(dir.at("denial.html")).expect("a letter");
    for part in
        ["<h1>Rationale of a denial</h1>", "default-src &#39;none&#39;", "<dt>Claim</dt><dd>C4</dd>", "(DX101)."]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script"), "{page}");

    dir.run(&["explain", "C3", "--letter", "request"]).success();
    let text = flowed(&fs::read_to_string(dir.at("request.txt")).expect("a letter"));
    for part in ["Request for medical records", "Please send", "DX105", &format!("Please send the records by {blank}")]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("denial") && dir.at("request.html").exists(), "{text}");

    let refused = dir.run(&["explain", "C1", "--letter", "none", "--html", "page.html"]).refused();
    assert!(refused.contains("--letter none: the claim has no finding to deny or to review"), "{refused}");
    // All files, or none.
    dir.put("taken.txt", "mine");
    let refused = dir.run(&["explain", "C4", "--letter", "taken", "--html", "page.html"]).refused();
    assert!(refused.contains("--letter taken.txt: exists already"), "{refused}");
    assert!(!dir.at("page.html").exists() && !dir.at("taken.html").exists() && !dir.at("none.txt").exists());
    assert_eq!(fs::read_to_string(dir.at("taken.txt")).expect("it is there"), "mine");
}

#[test]
fn a_letter_leaves_out_what_is_suppressed() {
    let dir = TestDir::with(&[DENY]);
    dir.put("s.toml", suppression("DX101"));
    dir.run(&["check", "claims.csv", "-q", "--suppress", "s.toml", "--today", "2030-01-01"]);
    let refused = dir.run(&["explain", "C4", "--letter", "letter"]).refused();
    assert!(refused.contains("every finding of the claim is suppressed"), "{refused}");
}

#[test]
fn a_letter_shows_what_a_cell_hides() {
    let dir = TestDir::with(&[&DENY.replace("C4", "C\u{1b}[31m4").replace("M4,", "<b>M4,")]);
    dir.run(&["check", "claims.csv", "-q"]);
    dir.run(&["explain", "C\x1b[31m4", "--letter", "letter"]).success();
    let text = fs::read_to_string(dir.at("letter.txt")).expect("a letter");
    assert!(text.contains("C\u{241b}[31m4") && !text.contains('\x1b'), "{text}");
    let page = fs::read_to_string(dir.at("letter.html")).expect("a letter");
    assert!(page.contains("&lt;b&gt;M4") && !page.contains("<b>M4") && !page.contains('\x1b'), "{page}");
}
