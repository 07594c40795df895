//! Guards policy files against what is written and does nothing: each such value is a fault with its line and column.

use crate::cli::{CLEAR, TestDir};
use crate::kit::{POLICY, flowed, policy_with};

/// The faults of the built-in files after a change of one of them, or none if they load.
fn faults(kind: &str, from: &str, to: &str) -> String {
    let text = POLICY.origins.iter().find(|origin| origin.kind.word() == kind).map_or("", |origin| &origin.text);
    assert!(text.contains(from), "{kind} has no {from}");
    let edit = |own: &str, text: &str| if own == kind { text.replacen(from, to, 1) } else { text.to_owned() };
    policy_with(edit).err().unwrap_or_default()
}

/// A fault begins with its place: the words before `says` are checked by the line of the change.
fn refused(kind: &str, from: &str, to: &str, says: &str) {
    let said = faults(kind, from, to);
    let fault = said.lines().find(|line| line.contains(says));
    let place = fault.and_then(|line| line.trim_start().strip_prefix(&format!("{kind}.toml:"))).map(str::to_owned);
    let numbers = place.as_deref().map(|place| place.split(':').take(2).filter(|n| n.parse::<usize>().is_ok()).count());
    assert_eq!(numbers, Some(2), "{to}: {says}: {said}");
}

const EDITION: &str = "[[edition]]\nid = \"2024-01\"\nfrom = 2024-01-01\nverified_through = 2024-01-31\nsource = \"x\"\n\
                       [[edition.diagnoses]]\nabout = \"a\"\ncodes = [\"C412\"]\n[modifiers]";

#[test]
fn two_editions_do_not_share_a_day_or_an_id() {
    assert_eq!(faults("policy", "[modifiers]", EDITION), "");
    for (from, to, says) in [
        ("from = 2024-01-01", "from = 2020-06-01", "the edition \"2020-06\" is from 2020-06-01, too"),
        ("id = \"2024-01\"", "id = \"2020-06\"", "two editions have the id \"2020-06\""),
    ] {
        let edition = EDITION.replace(from, to);
        refused("policy", "[modifiers]", &edition, says);
        // The fault is at the second in the file, whichever that is.
        let first = faults("policy", "[[edition]]", &edition.replace("[modifiers]", "[[edition]]"));
        let line = line_of("[[edition]]") + 8 + if says.contains("the id") { 1 } else { 2 };
        assert!(first.contains("has 1 fault\n") && first.contains(&format!("policy.toml:{line}:")), "{first}");
    }
}

/// The line of the built-in policy on which a text begins.
fn line_of(text: &str) -> usize {
    let own = &POLICY.own_origin().text;
    own.find(text).map_or(0, |at| own[..at].matches('\n').count() + 1)
}

#[test]
fn what_matches_nothing_is_a_fault() {
    let (policy, limits) = ("policy", "limits");
    let cpt = "about = \"thoracic augmentation, first level\"";
    let pcs = "code = \"0PU43JZ\", system = \"PCS\", role = \"listed\", about = \"thoracic supplement, percutaneous\", stands_for = \"";
    let fits = "fits = [\"22513\", \"22515\"]";
    let sides = "laterality = [\"50\", \"LT\", \"RT\"]";
    let other = "id = \"other\"";
    for (kind, from, to, says) in [
        (policy, "family = \"M846\"", "family = \"M84.6\"", "no diagnosis begins with \"M84.6\""),
        (policy, "with = [\"M80\"] }", "with = [\"m80\"] }", "no diagnosis begins with \"m80\""),
        (policy, "\"S320\", \"S321\"]", "\"S32.0\", \"S321\"]", "no diagnosis begins with \"S32.0\""),
        (policy, "\"S320\", \"S321\"]", "\"S320\", \"s321\"]", "no diagnosis begins with \"s321\""),
        (policy, "\"S320\", \"S321\"]", "\"\"]", "no diagnosis begins with \"\""),
        (policy, "\"S320\", \"S321\"]", "\"ZZ\"]", "no diagnosis begins with \"ZZ\""),
        (policy, "region = \"sacral\" },", "region = \"sacrall\" },", "\"sacrall\"; did you mean \"sacral\"?"),
        (policy, "region = \"sacral\" },", "region = \"Sacral\" },", "no group of diagnoses has the region \"Sacral\""),
        (policy, cpt, &format!("{cpt}, region = \"cervical\""), "only an ICD-10-PCS code has `region`"),
        (policy, cpt, &format!("{cpt}, stands_for = \"22514\""), "only an ICD-10-PCS code has `stands_for`"),
        (policy, &format!("{pcs}22513"), &format!("{pcs}0PU43JZ"), "0PU43JZ is no CPT code"),
        (policy, &format!("{pcs}22513"), &format!("{pcs}0PU44JZ"), "0PU44JZ is no CPT code"),
        (policy, fits, "fits = [\"0PU43JZ\"]", "0PU43JZ is no listed CPT code, and only these stand under `fits`"),
        (
            policy,
            fits,
            "fits = [\"22510\"]",
            "22510 is no listed CPT code, and only these stand under `fits`: write one of 22513, 22514, 22515",
        ),
        (policy, sides, "laterality = [\"5\"]", "\"5\" is no modifier"),
        (policy, sides, "laterality = [\"LTX\"]", "\"LTX\" is no modifier"),
        (policy, sides, "laterality = [\"\"]", "\"\" is no modifier"),
        (
            policy,
            "place_of_service_inpatient = [\"21\"",
            "place_of_service_inpatient = [\"22\"",
            "\"22\" is inpatient and outpatient",
        ),
        (
            policy,
            "bill_type_outpatient = [\"13\"",
            "bill_type_outpatient = [\"11\"",
            "\"11\" is inpatient and outpatient",
        ),
        (policy, other, "id = \"medicare-ppo\"", "two classes have the id \"medicare-ppo\""),
        (policy, other, "id = \"\"", "the `id` of a class is empty"),
        (
            policy,
            "{ 22515 = \"review\" }",
            "{ 22510 = \"info\" }",
            "22510 is no listed CPT code, and only these have a disposition of their own",
        ),
        (policy, "{ 22515 = \"review\" }", "{ 0PU43JZ = \"info\" }", "0PU43JZ is no listed CPT code"),
        (policy, "\"HI\", \"NV\"", "\"HI\", \"CT\"", "the state \"CT\" is listed twice"),
        (policy, "\"HI\", \"NV\"", "\"HI\", \"ma\"", "the state \"ma\" is listed twice"),
        (policy, "\"HI\", \"NV\"", "\"HI\", \"Z9\"", "\"Z9\" is no state"),
        (policy, "\"HI\", \"NV\"", "\"HI\", \"\"", "\"\" is no state"),
        (policy, "not_before = [\"MEDICARE\"", "not_before = [\"TWO WORDS\"", "\"TWO WORDS\" is not one word"),
        (policy, "labels = [\"EPO\"", "labels = [\"None\"", "a cell with \"None\" counts as empty"),
        (
            limits,
            "code = \"22515\", units",
            "code = \"22510\", units",
            "22510 is no listed CPT code, and only these have a limit",
        ),
        (limits, "code = \"22515\", units", "code = \"0PU43JZ\", units", "0PU43JZ is no listed CPT code"),
        (
            limits,
            "code = \"22515\", primaries",
            "code = \"22512\", primaries",
            "22512 is no listed CPT code, and only these are add-ons",
        ),
        (limits, "unpaid = \"22514\"", "unpaid = \"22510\"", "22510 is no listed CPT code"),
        (
            limits,
            "paid = \"22513\", unpaid = \"22510\"",
            "paid = \"22510\", unpaid = \"22513\"",
            "22510 is no listed CPT code",
        ),
        (
            limits,
            "paid = \"22513\", unpaid = \"22510\"",
            "paid = \"22513\", unpaid = \"22514\"",
            "22514 has not the role \"vertebroplasty\"",
        ),
        (limits, "units = 4", "units = 100000", "`limits.units` is 100000: write a whole number from 0 to 1000"),
    ] {
        refused(kind, from, to, says);
    }
}

#[test]
fn what_a_run_uses_is_no_fault() {
    for (kind, from, to) in [
        // A whole chapter of diagnoses, the whole name of a state, and a primary code that comes on the claim of a stay.
        ("policy", "\"S320\", \"S321\"]", "\"S3\", \"T\"]"),
        ("policy", "\"HI\", \"NV\"", "\"HI\", \"NV\", \"Nevada\""),
        ("policy", "laterality = [\"50\", \"LT\", \"RT\"]", "laterality = [\"50\", \"lt\", \"e1\"]"),
        ("limits", "primaries = [\"22513\", \"22514\"]", "primaries = [\"22513\", \"22514\", \"0PU43JZ\", \"22510\"]"),
        ("limits", "paid = \"22513\", unpaid = \"22514\"", "paid = \"22510\", unpaid = \"22514\""),
    ] {
        assert_eq!(faults(kind, from, to), "", "{to}");
    }
}

#[test]
fn a_missing_citation_is_a_fault_of_the_file_that_was_given() {
    let rule = "RT405 = { disposition = \"info\", citation = \"Policy 485, Policy History\" }";
    let policy = &POLICY.own_origin().text;
    let own = policy.lines().find(|line| line.starts_with("RT405 = ")).expect("a rule");
    let line = line_of(own);
    let empty = faults("policy", own, &rule.replace("Policy 485, Policy History", ""));
    assert!(empty.contains(&format!("policy.toml:{line}:44: the citation is empty")), "{empty}");

    let dir = TestDir::with(&[CLEAR]);
    dir.put("p.toml", policy.replace(own, "RT405 = { disposition = \"info\" }"));
    let said = flowed(&dir.run(&["check", "claims.csv", "--policy", "p.toml"]).refused());
    assert!(said.contains(&format!("p.toml:{line}:9: rule RT405 has no citation: write citation = ")), "{said}");

    let limits = POLICY.origins.iter().find(|origin| origin.kind.word() == "limits").map_or("", |origin| &origin.text);
    let line = limits.lines().position(|line| line.starts_with("CD301 = ")).expect("a citation") + 1;
    dir.put(
        "l.toml",
        limits
            .lines()
            .map(|line| if line.starts_with("CD301 = ") { "CD301 = \"\"\n".to_owned() } else { format!("{line}\n") })
            .collect::<String>(),
    );
    let said = dir.run(&["policy", "check", "l.toml"]).refused();
    assert!(said.contains(&format!("l.toml:{line}:9: the citation is empty")), "{said}");
    dir.put("l.toml", limits.split_inclusive('\n').filter(|line| !line.starts_with("CD301 = ")).collect::<String>());
    let said = flowed(&dir.run(&["policy", "check", "l.toml"]).refused());
    assert!(said.contains("rule CD301 has no citation: write CD301 = \"...\" under [citations]"), "{said}");
}

#[test]
fn worked_examples_are_named_where_they_are() {
    let dir = TestDir::with(&[CLEAR]);
    let policy = &POLICY.own_origin().text;
    let line = line_of("[[example]]");
    dir.put("p.toml", policy.replacen("expect = [\"2 PA201\", ", "expect = [", 1));
    let said = flowed(&dir.run(&["policy", "check", "p.toml"]).refused());
    assert!(said.contains("1 of 7 worked examples have another result; mend what the file says"), "{said}");
    assert!(said.contains(&format!("p.toml:{line}:1: A managed-care member")), "{said}");
    // A check uses the file all the same.
    assert_eq!(dir.run(&["check", "claims.csv", "--policy", "p.toml"]).code, Some(0));

    dir.put("o.toml", OVERRIDES);
    let said = flowed(&dir.run(&["policy", "check", "o.toml"]).refused());
    assert!(
        said.contains("worked examples of the built-in policy have another result; if o.toml says what you mean"),
        "{said}"
    );
    assert!(said.contains("built-in policy, line ") && !said.contains("o.toml:"), "{said}");
}

const OVERRIDES: &str = "kind = \"overrides\"\nid = \"x\"\ntitle = \"t\"\npublisher = \"p\"\nsource = \"s\"\nvalid = \"v\"\n\
                         ignore = [\"DQ\"]\n";

#[test]
fn overrides_are_said_in_one_place() {
    let dir = TestDir::with(&[CLEAR]);
    dir.put("o.toml", OVERRIDES);
    assert_eq!(dir.run(&["check", "claims.csv", "--policy", "o.toml"]).code, Some(0));
    let said = flowed(&dir.run(&["check", "claims.csv", "--policy", "o.toml", "--select", "DX"]).refused());
    assert!(
        said.contains("error: o.toml: is a file of kind \"overrides\"") && said.contains("write select into it"),
        "{said}"
    );
    dir.put("claimlint.toml", "[products]\nGOLD = \"medicare-hmo\"\n[dispositions]\nDX101 = \"info\"\n");
    let said = flowed(&dir.run(&["check", "claims.csv", "--policy", "o.toml"]).refused());
    assert!(said.contains("write [dispositions], [products] into it, and nowhere else"), "{said}");
}
