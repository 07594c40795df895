//! Tests that what contradicts itself in a file beside the extract is refused with its place: a layout, the settings, the limits, and
//! an authorization file with renamed columns. Columns that the latter lacks are said, with what follows.

use std::fs;

use crate::cli::{CLEAR, DENY, TestDir, checked, refused};
use crate::kit::{at, flowed};
use crate::warnings::of_report;

const AUTHS: &str =
    "authorization_number,procedure,status,start_date,end_date\nA-1,27447,approved,2019-01-01,2019-12-31\n";

#[test]
fn a_renamed_column_of_an_authorization_file_is_refused() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("auths.csv", AUTHS);
    dir.put(
        "l.toml",
        "extends = \"canonical\"\n[auths]\nprocedure_codes = \"PROC_CD\"\nvalid_to = [\"END\", \"THRU\"]\n",
    );
    let said = refused(&dir, &["claims.csv", "--auths", "auths.csv", "--layout", "l.toml"]);
    for part in [
        "auths.csv: line 1: no column for procedure_codes (looked for procedure_codes, PROC_CD); valid_to (looked for valid_to, END, THRU)",
        "correct its name there, or leave it out of [auths]",
    ] {
        assert!(said.contains(part), "{said}");
    }
    dir.put("auths.csv", AUTHS.replace("procedure", "proc-cd").replace("end_date", "Thru"));
    let output = checked(&dir, &["claims.csv", "--auths", "auths.csv", "--layout", "l.toml"]);
    let services = fs::read_to_string(dir.at("report/services.csv")).expect("a report");
    assert!(services.contains("PA204"), "{services}{}", output.err);
}

#[test]
fn columns_that_an_authorization_file_lacks_are_said_with_what_follows() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("auths.csv", AUTHS);
    let output = checked(&dir, &["claims.csv", "--auths", "auths.csv"]);
    assert!(
        output.err.contains("note: auths.csv lacks 5 columns; `claimlint inspect` explains each"),
        "{}",
        output.err
    );
    let names = "authorizations fit more services: member_id, procedure_codes, valid_from, valid_to, units";
    assert!(output.err.contains(names), "{}", output.err);
    let sentence = "valid_to column: an authorization fits all later days, too";
    let page = fs::read_to_string(dir.at("report/report.html")).expect("a report");
    assert!(page.contains(&format!("The authorization file has no {sentence}.")), "{page}");
    let text = fs::read_to_string(dir.at("report/summary.txt")).expect("a report");
    assert!(flowed(&text).contains("no valid_to column in the authorization file: an authorization"), "{text}");
    let logged = checked(&dir, &["claims.csv", "--auths", "auths.csv", "--log", "json"]);
    assert!(logged.err.contains(&format!("auths.csv has no {sentence}")), "{}", logged.err);
    let inspected = flowed(&dir.run(&["inspect", "auths.csv"]).success());
    assert!(inspected.contains("valid_to no column: an authorization fits all later days, too"), "{inspected}");
    dir.put("auths.csv", "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n");
    let whole = checked(&dir, &["claims.csv", "--auths", "auths.csv"]);
    assert!(!whole.err.contains("auths.csv lacks"), "{}", whole.err);
}

#[test]
fn a_column_of_an_authorization_file_that_may_be_a_lacking_one_is_said() {
    let dir = TestDir::with(&[CLEAR]);
    let head = "authorization_number,status,effective_date,Expiration Date,approved_units,request_date";
    dir.put("auths.csv", format!("{head}\nA-1,approved,2019-01-01,2019-12-31,1,2018-12-01\n"));
    let output = checked(&dir, &["-q", "claims.csv", "--auths", "auths.csv"]);
    let like = |field: &str, column: &str| format!("unused-authorization-column {field} {column}");
    let all =
        [like("valid_from", "effective_date"), like("valid_to", "Expiration Date"), like("units", "approved_units")];
    assert_eq!(of_report(&dir, "report"), all);
    let said = "auths.csv: column `Expiration Date` is not read, and the file has no valid_to, which it may be; if it is, write \
                valid_to = \"Expiration Date\" under [auths] of a layout";
    assert!(output.err.contains(said), "{}", output.err);
    let layout = "extends = \"canonical\"\n[auths]\nvalid_from = \"effective_date\"\nvalid_to = \"Expiration Date\"\n";
    dir.put("l.toml", layout);
    checked(&dir, &["claims.csv", "--auths", "auths.csv", "--layout", "l.toml"]);
    assert_eq!(of_report(&dir, "report"), all[2..]);
    let services = fs::read_to_string(dir.at("report/services.csv")).expect("a report");
    assert!(services.contains("PA205"), "{services}");
}

#[test]
fn a_word_that_is_listed_twice_or_is_none_is_refused_with_its_place() {
    let dir = TestDir::with(&[CLEAR]);
    let extends = "extends = \"canonical\"\n";
    let gold = "\"HMO GOLD\" = \"commercial-managed-care\"\n";
    for (products, says) in [
        (
            format!("{gold}\"hmo-gold\" = \"medicare-hmo\"\n"),
            "4:1: a product label is listed twice: \"hmo-gold\" is \"HMO GOLD\" of line 3",
        ),
        (format!("{gold}\"***\" = \"medicare-hmo\"\n"), "4:1: a product label has letters or digits"),
        (
            "\n\"HMO GOLD\" = \"gold\"\n".to_owned(),
            "4:1: the product \"HMO GOLD\": \"gold\" is not a class of the policy",
        ),
    ] {
        dir.put("l.toml", format!("{extends}[products]\n{products}"));
        let said = refused(&dir, &["claims.csv", "--layout", "l.toml"]);
        assert!(said.contains(&format!("l.toml:{says}")), "{said}");
        let checked = flowed(&dir.run(&["layout", "check", "l.toml"]).refused());
        assert!(checked.contains(&format!("l.toml:{says}")), "{checked}");
    }
    dir.put("claimlint.toml", format!("[products]\n{gold}\"HMO  Gold (R)\" = \"medicare-hmo\"\n"));
    let said = refused(&dir, &["claims.csv"]);
    assert!(said.contains("claimlint.toml:3:1: a product label is listed twice"), "{said}");
}

#[test]
fn a_policy_file_that_contradicts_itself_is_refused() {
    let dir = TestDir::with(&[CLEAR]);
    let limits = fs::read_to_string(at("src/policies/ncci-2024q3.toml")).expect("a file of limits");
    let policy = fs::read_to_string(at("src/policies/bcbsma-485.toml")).expect("a policy");
    let once = |text: &str, from: &str, to: &str| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    };
    let one_limit = limits.lines().find(|line| line.contains("22514") && line.contains("units")).expect("a limit");
    for (text, says) in [
        (once(&limits, one_limit, &format!("{one_limit}\n{one_limit}")), "22514 has two limits: drop one of them"),
        (
            once(&limits, "primaries = [\"22513\"", "primaries = [\"22515\""),
            "22515 is an add-on, and cannot be its own primary code",
        ),
        (once(&limits, "unpaid = \"22514\"", "unpaid = \"22513\""), "22513 does not exclude itself"),
        (
            once(&policy, "verified_through = 2020-06-30", "verified_through = 2020-05-31"),
            "`verified_through` is before `from`",
        ),
        (once(&policy, "\nid = \"2020-06\"", "\nid = \"\""), "the `id` of an edition is empty"),
        (policy.replacen("until = 2014-12-31", "until = 2014-12-31, from = 2015-01-01", 1), "`from` is after `until`"),
        (policy.replacen("\"HMO BLUE\"", "\"HMO BLUE\", \"**\"", 1), "a label has letters or digits"),
    ] {
        dir.put("p.toml", text);
        let said = flowed(&dir.run(&["policy", "check", "p.toml"]).refused());
        assert!(said.contains(says), "{says}: {said}");
    }
}

#[test]
fn lines_to_skip_beyond_the_end_are_said_at_once() {
    let dir = TestDir::with(&[CLEAR, DENY]);
    let said = refused(&dir, &["claims.csv", "--skip-lines", "1000000000000"]);
    assert!(said.contains("claims.csv: has no header line: --skip-lines (or `skip_lines`) is 1000000000000"), "{said}");
}

/// It comes from another system, so what a layout says of extracts does not reach it.
#[test]
fn an_authorization_file_has_the_form_that_auths_of_the_layout_gives_it() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("claims.csv", fs::read_to_string(dir.at("claims.csv")).expect("ours").replace("HMO", "'HMO'"));
    let layout = |top: &str, auths: &str| {
        dir.put("l.toml", format!("extends = \"canonical\"\n{top}quote = \"'\"\n[auths]\n{auths}\n"));
        ["claims.csv", "--auths", "auths.csv", "--layout", "l.toml", "--comment", "#"]
    };
    let verified = |args: &[&str]| {
        let output = checked(&dir, args);
        let services = fs::read_to_string(dir.at("report/services.csv")).expect("a report");
        assert!(services.contains(",verified,clear,"), "{services}{}", output.err);
    };
    let head = "authorization_number,procedure_codes,status\n";
    dir.put("auths.csv", format!("{head}\"A-1\",\"22513,22514\",approved\n"));
    verified(&layout("", ""));
    // Its own form, which none of the keys at the top gives it.
    let own = "exported today\n".to_owned() + &head.replace(',', "|") + "A-1|'22514|22513'|approved\n# 1 row\n";
    dir.put("auths.csv", own);
    let refused_by = |args: &[&str]| refused(&dir, args);
    let top = "skip_lines = 0\nskip_prefix = \"#\"\n";
    assert!(refused_by(&layout(top, "")).contains("auths.csv: is not an authorization file"));
    let form = "delimiter = \"|\"\nquote = \"'\"\nskip_lines = 1\n";
    assert!(refused_by(&layout(top, form)).contains("auths.csv: line 4: "), "a comment is none without its prefix");
    let args = layout(top, &format!("{form}skip_prefix = \"#\""));
    verified(&args);
    assert!(dir.run(&["inspect", "auths.csv", "--layout", "l.toml"]).success().contains("1 row, 1 of them approvals"));
}

#[test]
fn a_byte_that_is_not_text_is_said_with_its_place() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("l.toml", b"extends = \"canonical\"\n# \xc3\xa9, \xe9\n".as_slice());
    dir.put("p.toml", b"\xff\xfek\0i\0".as_slice());
    for (option, place) in [(["--layout", "l.toml"], "l.toml:2:6"), (["--policy", "p.toml"], "p.toml:1:1")] {
        let said = refused(&dir, &[&["claims.csv"], &option[..]].concat());
        assert!(said.contains(&format!("{place}: is not UTF-8 text; save it as UTF-8")), "{said}");
    }
}
