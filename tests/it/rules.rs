//! Tests the documentation of the rules: it covers the roster in its order, every worked example is right, the policy knows
//! every rule, and `claimlint rules` prints the texts that the reports use.

use std::collections::BTreeSet;

use claimlint::ledger::LedgerBin;
use claimlint::policy::OriginKind;
use claimlint::rules::doc;
use claimlint::rules::doc::Worked;
use claimlint::rules::{codes, get};
use claimlint::run::{run_example, run_text};

use crate::cli::claimlint;
use crate::kit::{DOCS, POLICY, flowed, policy_with};

#[test]
fn the_documentation_has_the_codes_of_the_roster_in_its_order() {
    let documented: Vec<&str> = DOCS.iter().map(|d| d.code.as_str()).collect();
    assert_eq!(documented, codes());
}

#[test]
fn codes_and_names_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for doc in DOCS.iter() {
        let (family, number) = doc.code.split_at(2);
        let well_formed = family.bytes().all(|b| b.is_ascii_uppercase()) && number.len() == 3;
        assert!(well_formed && number.bytes().all(|b| b.is_ascii_digit()), "{}: write DX101", doc.code);
        let kebab = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(doc.name.split('-').all(kebab), "{}: write {} as what-is-found", doc.code, doc.name);
        assert!(seen.insert(&doc.code) && seen.insert(&doc.name), "{} {} is documented twice", doc.code, doc.name);
    }
}

/// The lines on which a rule fires in a worked example.
fn lines(code: &str, worked: &Worked) -> Vec<u64> {
    let outcome = run_text(&POLICY, &worked.extract, worked.auths.as_deref())
        .unwrap_or_else(|e| panic!("{code}: {}: {e}", worked.story));
    let fired = outcome.judged.findings.iter().filter(|f| get(f.rule).code == code);
    fired.map(|f| outcome.line_set.line(f.line).row).collect()
}

#[test]
fn every_worked_example_fires_on_its_line_and_its_near_miss_nowhere() {
    let mut wrong = Vec::new();
    for doc in DOCS.iter() {
        let fired = lines(&doc.code, &doc.fires);
        if !fired.contains(&doc.fires.line) {
            wrong
                .push(format!("{}: {}: fires on {fired:?}, not on line {}", doc.code, doc.fires.story, doc.fires.line));
        }
        let passed = lines(&doc.code, &doc.passes);
        if !passed.is_empty() {
            wrong.push(format!("{}: {}: fires on {passed:?}", doc.code, doc.passes.story));
        }
        // The example must name a line that exists.
        let rows = doc.passes.extract.trim().lines().count() as u64;
        if doc.passes.line > rows {
            wrong.push(format!("{}: {}: has no line {}", doc.code, doc.passes.story, doc.passes.line));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bin of a line of a worked example.
fn bin_of(worked: &Worked) -> &'static str {
    let outcome = run_text(&POLICY, &worked.extract, None).unwrap_or_else(|e| panic!("{}: {e}", worked.story));
    let lines = &outcome.line_set;
    let line = (0..lines.lines.len()).find(|line| lines.line(*line).row == worked.line);
    LedgerBin::Kept(lines.bins[line.unwrap_or_else(|| panic!("{}: has no line {}", worked.story, worked.line))]).key()
}

#[test]
fn every_bin_that_takes_rows_out_is_documented_with_its_worked_examples() {
    let bins = doc::load_bins().expect("the built-in texts are valid");
    let taken_out = LedgerBin::ALL.into_iter().filter(|bin| matches!(bin, LedgerBin::Kept(bin) if !bin.is_live()));
    assert_eq!(
        bins.iter().map(|bin| bin.code.as_str()).collect::<Vec<_>>(),
        taken_out.map(LedgerBin::key).collect::<Vec<_>>()
    );
    for bin in &bins {
        assert_eq!(bin_of(&bin.fires), bin.code, "{}", bin.fires.story);
        assert_eq!(bin_of(&bin.passes), "in_scope", "{}", bin.passes.story);
        let printed = flowed(&claimlint(&["rules", &bin.code]).success());
        for text in [&bin.summary, &bin.finds, &bin.why, &bin.unseen, &bin.change] {
            assert!(printed.contains(text.as_str()), "{}: {text}", bin.code);
        }
    }
}

#[test]
fn the_worked_examples_of_the_policy_come_out_as_expected() {
    assert!(!POLICY.examples.is_empty());
    let wrong: Vec<_> = POLICY.examples.iter().filter_map(|e| run_example(&POLICY, e).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_policy_cites_a_source_for_every_rule() {
    let remittance = &POLICY.origin(OriginKind::Remittance).expect("it is built in").text;
    for doc in DOCS.iter() {
        let setting = POLICY.rule(&doc.code);
        assert!(setting.citation.split_whitespace().count() >= 3, "{}: cites {:?}", doc.code, setting.citation);
        // An empty suggestion must be written down as well.
        assert!(remittance.contains(&format!("\n{} = ", doc.code)), "{}: no remittance suggestion", doc.code);
        for (code, letters) in [(&setting.carc, &[][..]), (&setting.rarc, &["MA", "M", "N"])] {
            let number = letters.iter().find_map(|letters| code.strip_prefix(letters)).unwrap_or(code);
            assert!(number.bytes().all(|b| b.is_ascii_digit()), "{}: {code} is no reason code", doc.code);
        }
    }
}

#[test]
fn the_terminal_prints_the_text_of_the_documentation() {
    let list = claimlint(&["rules"]).success();
    for doc in DOCS.iter() {
        let setting = POLICY.rule(&doc.code);
        let line = list.lines().find(|l| l.starts_with(&doc.code)).unwrap_or_else(|| panic!("{} not listed", doc.code));
        assert!(line.contains(&doc.name) && line.contains(setting.disposition.word()), "{line}");
        assert!(flowed(&list).contains(&doc.summary), "{}: the list lacks its one line", doc.code);

        let text = flowed(&claimlint(&["rules", &doc.code.to_lowercase()]).success());
        let parts = [&doc.name, &doc.summary, &doc.finds, &doc.why, &doc.unseen, &doc.change, &setting.citation];
        let stories = [&doc.fires.story, &doc.passes.story, &doc.fires.extract, &doc.passes.extract];
        for part in parts.into_iter().chain(stories) {
            assert!(text.contains(&flowed(part)), "{}: not printed: {part}\n{text}", doc.code);
        }
        for code in [&setting.carc, &setting.rarc].into_iter().filter(|c| !c.is_empty()) {
            assert!(text.contains(&**code), "{}: {code} is not printed", doc.code);
        }
    }
}

#[test]
fn rules_are_found_by_name_and_misspelled_ones_get_a_suggestion() {
    let by_name = claimlint(&["rules", "Diagnosis-Near-Miss"]).success();
    assert_eq!(by_name, claimlint(&["rules", "DX103"]).success());
    let refused = claimlint(&["rules", "DX130"]).refused();
    assert!(refused.contains("did you mean DX"), "{refused}");
}

#[test]
fn more_classes_than_a_line_can_hold_are_refused() {
    let class = |n: usize| {
        format!(
            "\n[[class]]\nid = \"extra-{n}\"\ntitle = \"extra\"\nmembers = \"extra members\"\nnecessity = \"by-list\"\n\
             inpatient = \"required\"\noutpatient = \"required\"\n"
        )
    };
    let room = 256 - POLICY.classes.len();
    let with = |more: usize| {
        policy_with(|kind, text| {
            let classes = if kind == "policy" { (0..more).map(class).collect() } else { String::new() };
            format!("{text}{classes}")
        })
    };
    let full = with(room).expect("256 classes fit");
    assert_eq!(full.classes.len(), 256);
    let refused = with(room + 1).expect_err("257 do not");
    assert!(refused.contains("more than 256 classes"), "{refused}");
}
