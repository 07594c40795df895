//! Tests that `explain` and its letters say no more than was looked at: what was considered of each service of a letter, sources
//! that carry the reason codes, units that are not counted, codes that are not written as codes, and files that could not be
//! searched.

use std::fs;

use crate::cli::TestDir;
use crate::kit::flowed;

const HEAD: &str = "claim_id,line_number,claim_form,member_id,product,billing_npi,place_of_service,service_date,procedure_code,modifier_1,units,diagnosis_1,paid_amount,authorization_number\n";

/// A report of these rows, with these rows of an authorization file.
fn report(rows: &str, approvals: &str) -> TestDir {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", HEAD.to_owned() + rows);
    let head = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n";
    dir.put("auths.csv", head.to_owned() + approvals);
    let auths: &[&str] = if approvals.is_empty() { &[] } else { &["--auths", "auths.csv"] };
    assert_ne!(dir.run(&[&["check", "claims.csv", "-q"], auths].concat()).code, Some(2));
    dir
}

fn explained(dir: &TestDir, claim: &str) -> String {
    flowed(&dir.run(&["explain", claim]).success())
}

fn letter(dir: &TestDir, claim: &str) -> String {
    dir.run(&["explain", claim, "--letter", "letter"]).success();
    flowed(&fs::read_to_string(dir.at("letter.txt")).expect("a letter"))
}

#[test]
fn a_letter_of_several_services_says_of_which_one_something_was_considered() {
    let dir = report(
        "C1,1,P,M1,HMO,1000000001,22,2024-03-02,22514,,1,M54.5,1000.00,A-10\nC1,2,P,M1,HMO,1000000001,22,2024-03-02,22515,,9,M80.08XA,1000.00,\nC1,3,P,M1,HMO,1000000001,22,2024-03-03,22514,,1,M54.6,1000.00,\n",
        "",
    );
    let text = letter(&dir, "C1");
    for part in [
        "do not meet what the sources under \"What is asked\" ask",
        "22514 on 2024-03-02, line 1 (lumbar augmentation, first level)",
        "Diagnoses of 22514 on 2024-03-02, line 1: - M54.5: low back pain",
        "Diagnoses of 22514 on 2024-03-03, line 3: - M54.6",
        "Authorization of 22514 on 2024-03-02, line 1: ",
        "Coding edits: NCCI medically unlikely edits, add-on codes and procedure pairs (Centers for Medicare",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The second line is only to be reviewed: its listed diagnosis is no answer to the denial of the others.
    assert!(!text.contains("on the policy's list -") && !text.contains("M80.08XA"), "{text}");
    let dir = report("C1,1,P,M1,HMO,1000000001,22,2024-03-02,22514,,1,M54.5,1000.00,A-10\n", "");
    assert!(letter(&dir, "C1").contains(" Diagnoses: - M54.5"));
}

#[test]
fn a_denial_of_an_injury_cites_the_source_of_its_reason_code() {
    let dir = report("C1,1,P,M1,PPO,1000000001,22,2024-03-02,22514,,1,S22.060A,1000.00,\n", "");
    let text = letter(&dir, "C1");
    for part in ["CARC 55, RARC N623", "Every other use is investigational", "the claim must carry a listed diagnosis"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(explained(&dir, "C1").contains("reason codes: Policy 485, commercial policy statements: investigational"));
}

#[test]
fn units_of_an_assistant_are_not_counted_and_limits_are_explained() {
    let dir = report(
        "C1,1,P,M1,PPO,1000000001,22,2024-03-02,22514,80,1,M80.08XA,1000.00,\nC2,1,P,M2,PPO,1000000001,22,2024-03-02,22514,,3,M80.08XA,1000.00,\n",
        "",
    );
    let text = explained(&dir, "C1");
    assert!(text.contains("units of 22514: 1 on the line, not counted, as the row is an assistant's"), "{text}");
    assert!(text.contains("neither an assistant at surgery nor a co-surgeon or a team is paid"), "{text}");
    let text = letter(&dir, "C2");
    for part in
        ["the limit is 1 (MAI 2)", "MUE adjudication indicator, MAI, 2", "a further level belongs to the add-on"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_diagnosis_that_is_not_written_as_one_has_no_words_of_a_code() {
    let dir = report("C1,1,P,M1,PPO,1000000001,22,2024-03-02,22514,,1,M80.08XA:Y,1000.00,\n", "");
    let text = explained(&dir, "C1");
    assert!(text.contains("M8008XA:Y: not on the policy's list") && !text.contains("osteoporosis with"), "{text}");
}

#[test]
fn a_file_that_could_not_be_searched_was_not_searched() {
    let dir = report(
        "C1,1,P,M1,HMO,1000000001,22,soon,22514,,1,M80.08XA,1000.00,\nC2,1,P,,HMO,1000000001,22,2024-03-02,22514,,1,M80.08XA,1000.00,\nC3,1,P,M1,HMO,1000000001,22,2024-03-02,22514,,1,M54.5,1000.00,\n",
        "A-10,M1,22514,APPROVED,2024-01-01,2024-12-31,1\n",
    );
    let text = explained(&dir, "C1");
    assert!(
        text.contains("its dates cannot be compared, as the service date cannot be read, and its number"),
        "{text}"
    );
    assert!(!text.contains("it fits"), "{text}");
    let text = explained(&dir, "C2");
    assert!(text.contains("approvals the authorization file was not searched, as the claim names no member"), "{text}");
    assert!(!text.contains("nearest:"), "{text}");
    // A service of the same member and a date that can be read is verified by the file.
    let text = explained(&dir, "C3");
    assert!(text.contains("1 unit: it fits, but its number is not on the claim"), "{text}");
}

#[test]
fn a_row_that_is_not_kept_is_said_to_be_missing_from_the_list() {
    let dir = report(
        "C1,1,P,M1,HMO,1000000001,22,2024-03-02,22514,,1,M80.08XA,1000.00,\nC1,2,P,M1,HMO,1000000001,22,2024-03-02,99213,,1,M80.08XA,90.00,A-10\n",
        "",
    );
    let text = explained(&dir, "C1");
    assert!(text.contains("Rows of the claim without a code that the policy looks for are not kept."), "{text}");
    assert!(
        text.contains("no current row of the claim and form with a code that the policy looks for carries"),
        "{text}"
    );
}

#[test]
fn charges_and_pending_lines_are_no_payments() {
    let dir = TestDir::with(&[]);
    let head = "claim_id,member_id,product,place_of_service,service_date,procedure_code,diagnosis_1,charge_amount,claim_status\n";
    let rows = (1..=6).map(|n| {
        let status = if n > 3 { "PENDING" } else { "PAID" };
        format!("C{n},M{n},PPO,22,2024-03-02,22514,M54.5,{n}000.00,{status}\n")
    });
    dir.put("claims.csv", head.to_owned() + &rows.collect::<String>());
    let check = dir.run(&["check", "claims.csv", "--fail-on", "never"]);
    let said = "$21,000.00 at risk of 6 services are allowed amounts or charges, not payments";
    assert!(flowed(&check.out).contains(said), "{}", check.out);
    for file in ["summary.txt", "summary.md"] {
        let text = fs::read_to_string(dir.at("claimlint-report").join(file)).expect("a summary");
        assert!(flowed(&text).replace('\\', "").contains(said), "{file}: {text}");
    }
    let page = fs::read_to_string(dir.at("claimlint-report/report.html")).expect("a page");
    assert!(page.contains("$21,000.00 of the amount at risk, of 6 services, is no payment"));
    let drawn = dir.run(&["sample", "claimlint-report", "--size", "4", "--seed", "7", "--out", "sheet.csv"]).success();
    assert!(flowed(&drawn).contains("No payments: the amounts of 6 services in the frame, $21,000.00"), "{drawn}");
    let sheet = fs::read_to_string(dir.at("sheet.csv")).expect("a worksheet");
    assert!(sheet.starts_with("item,") && sheet.contains(",rules,amount_basis,adjudication,source_file,"), "{sheet}");
    assert!(sheet.contains(",charge,pending,claims.csv,") && sheet.contains(",charge,paid,claims.csv,"), "{sheet}");
    dir.put("sheet.csv", sheet.replace("000.00,,,7,", "000.00,0.00,,7,"));
    let text = flowed(&dir.run(&["estimate", "sheet.csv"]).success());
    assert!(text.contains("4 have an amount above the audited one and 0 one below it"), "{text}");
    assert!(text.contains("No payments: the amounts of 4 audited services are allowed amounts or charges"), "{text}");
}

#[test]
fn the_workbook_says_what_a_disposition_is_and_how_many_labels_it_leaves_out() {
    use calamine::{Reader as _, Xlsx, open_workbook};
    let dir = TestDir::with(&[]);
    let rows = (1..=7).map(|n| format!("C{n},1,P,M{n},PLAN {n},1000000001,22,2024-03-02,22514,,1,M54.5,1000.00,\n"));
    let denied = "C8,1,P,M8,HMO,1000000001,22,2024-03-02,22514,,1,M80.08XA,1000.00,\n";
    dir.put("claims.csv", HEAD.to_owned() + &rows.collect::<String>() + denied);
    dir.run(&["check", "claims.csv", "-q", "--format", "xlsx", "--fail-on", "never"]).success();
    let mut book: Xlsx<_> = open_workbook(dir.at("claimlint-report/report.xlsx")).expect("a workbook");
    let mut holds = |sheet: &str, text: &str| {
        let range = book.worksheet_range(sheet).expect("a sheet");
        range.rows().flatten().any(|cell| *cell == text)
    };
    assert!(holds("Summary", "authorization-missing, deny by default"));
    assert!(holds("About", "and 2 more, in summary.json"));
}
