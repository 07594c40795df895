//! Tests that `explain` and its letters are about one claim and one provider where several members have one claim number, where
//! a spreadsheet mangled it, and where the rows of a claim name several billing providers.

use std::fs;

use crate::cli::TestDir;
use crate::kit::flowed;

const HEAD: &str = "claim_id,line_number,claim_form,member_id,product,billing_npi,place_of_service,service_date,procedure_code,units,diagnosis_1,paid_amount,authorization_number\n";

/// A report of these rows.
fn report(rows: &str) -> TestDir {
    let dir = TestDir::with(&[]);
    dir.put("claims.csv", HEAD.to_owned() + rows);
    assert_ne!(dir.run(&["check", "claims.csv", "-q"]).code, Some(2));
    dir
}

/// What nobody may learn of the first member and provider from a letter about the second, and the reverse.
const OF: [[&str; 5]; 2] = [
    ["MBR501", "1111111111", "2024-03-02", "outpatient", "low back pain"],
    ["MBR602", "2222222222", "2024-05-05", "inpatient", "C90"],
];

const SHARED: &str = "C1,1,P,MBR501,PPO,1111111111,22,2024-03-02,22514,1,M54.50,1000.00,
C1,2,P,MBR602,PPO,2222222222,21,2024-05-05,22514,1,C90.00,1000.00,
";

#[test]
fn a_letter_about_a_shared_number_is_about_one_member() {
    for number in ["C1", "1.23E+15"] {
        let dir = report(&SHARED.replace("C1", number));
        let list = flowed(&dir.run(&["explain", number]).success());
        assert!(list.starts_with(&format!("2 claims fit {number}")), "{list}");
        for part in ["--member", "--row", "claims.csv:2", "claims.csv:3", "MBR501", "MBR602"] {
            assert!(list.contains(part), "{part}: {list}");
        }
        for flag in ["--letter", "--html"] {
            let refused = flowed(&dir.run(&["explain", number, flag, "none"]).refused());
            assert!(refused.contains("2 claims fit") && refused.contains("--member or --row"), "{refused}");
        }
        assert!(!dir.at("none.html").exists() && !dir.at("none").exists());
        for (narrower, own) in [
            (["--member", "MBR501"], 0),
            (["--row", "3"], 1),
            (["--member", "mbr602"], 1),
            (["--row", "claims.csv:2"], 0),
            (["--provider", "2222222222"], 1),
            (["--date", "2024-03-02"], 0),
        ] {
            let name = format!("of{}", narrower.concat());
            let args =
                [&["explain", number][..], &narrower[..], &["--letter", &name, "--html", &format!("{name}-page")]];
            let output = flowed(&dir.run(&args.concat()).success());
            let letter = flowed(&fs::read_to_string(dir.at(&format!("{name}.txt"))).expect("a letter"));
            let page = fs::read_to_string(dir.at(&format!("{name}-page"))).expect("a page");
            for (text, what) in [(&output, "the answer"), (&letter, "the letter"), (&page, "the page")] {
                for part in OF[1 - own] {
                    // The words of the policy speak of both settings.
                    let is_of_policy = part.ends_with("patient") && !text.contains(&format!("Place: {part}"));
                    assert!(is_of_policy || !text.contains(part), "{what} of {narrower:?}: {part}: {text}");
                }
            }
            assert!(letter.contains(OF[own][0]) && letter.contains(OF[own][1]), "{narrower:?}: {letter}");
            let is_shared = number == "C1" && letter.contains("Rationale of a denial");
            assert_eq!(letter.contains("Rows of other members have this claim number"), is_shared, "{letter}");
        }
        let refused = flowed(&dir.run(&["explain", number, "--member", "MBR703", "--row", "7"]).refused());
        assert!(refused.contains("and --member MBR703 and --row 7"), "{refused}");
    }
}

#[test]
fn a_mangled_number_of_one_member_and_day_is_told_apart_by_its_row() {
    let row = "1.23E+15,1,P,MBR501,PPO,1111111111,22,2024-03-02,22514,1,M54.50,1000.00,\n";
    let dir = report(&(row.to_owned() + &row.replace("M54.50", "M54.6")));
    assert!(dir.run(&["explain", "MBR501"]).success().starts_with("2 claims fit MBR501"));
    for (row, other) in [("2", "M54.6"), ("3", "M54.50")] {
        let output = dir.run(&["explain", "1.23E+15", "--row", row]).success();
        assert!(!output.contains(other), "{row}: {output}");
    }
}

#[test]
fn a_letter_goes_to_one_billing_provider() {
    let dir = report(
        "C1,1,P,MBR501,PPO,1111111111,22,2024-03-02,22514,1,M54.50,1000.00,\nC1,2,P,MBR501,PPO,2222222222,22,2024-03-09,22513,1,M54.6,500.00,\n",
    );
    let refused = flowed(&dir.run(&["explain", "C1", "--letter", "both"]).refused());
    assert!(refused.contains("several billing providers") && refused.contains("--provider"), "{refused}");
    // Without a letter, both are shown.
    let output = flowed(&dir.run(&["explain", "C1"]).success());
    assert!(output.contains("billing NPI 1111111111; 2222222222"), "{output}");
    let output = dir.run(&["explain", "C1", "--provider", "2222222222", "--letter", "one"]).success();
    assert!(flowed(&output).contains("Left out: 1 row of other billing providers"), "{output}");
    let letter = fs::read_to_string(dir.at("one.txt")).expect("a letter");
    assert!(letter.contains("2222222222") && letter.contains("M54.6"), "{letter}");
    for other in ["1111111111", "22514", "M54.50", "2024-03-02"] {
        assert!(!letter.contains(other), "{other}: {letter}");
    }
}
