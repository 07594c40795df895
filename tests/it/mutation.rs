//! Tests the fixtures: each rule is broken, each datum of the policy is dropped, flipped or moved by a day, and some fixture
//! must fail.
//!
//! Rules are broken through [`judge_with`], data by editing the text of the built-in policy files and loading it again. A
//! mutant that the loader refuses proves nothing, so it fails the test. A surviving mutant needs a new fixture. Changes that
//! cannot change any verdict are left out, with the reason.

use std::collections::BTreeMap;

use rayon::prelude::*;

use claimlint::claim::authorization::Authorizations;
use claimlint::finding::RuleId;
use claimlint::finding::evidence::QualityEvidence;
use claimlint::ingest::BLOCK;
use claimlint::policy::{Disposition, OriginKind, Policy, Role};
use claimlint::rules::judge::{in_order, judge_with};
use claimlint::rules::{Answer, AppliesTo, Rule, RuleInput, roster};
use claimlint::run::{JudgedRun, run_example};
use claimlint::tally::Summary;

use crate::cases::Case;
use crate::kit::{POLICY, policy_with};

fn never(_: &RuleInput<'_>) -> Answer {
    Answer::Passed
}

fn always(_: &RuleInput<'_>) -> Answer {
    QualityEvidence::DateUnreadable.into()
}

/// Judges an outcome again by another roster.
pub(crate) fn judged_by(case: &Case, outcome: &mut JudgedRun, rules: &[(RuleId, Rule)]) {
    let authorizations = case.inputs.authorizations(&POLICY, None).expect("it was read before");
    outcome.judged = judge_with(
        &outcome.line_set,
        &outcome.context.policy,
        authorizations.as_ref().and_then(Authorizations::file).map(|file| &**file),
        &in_order(rules.iter().copied()),
    );
    outcome.summary = Summary::from_judged(&outcome.judged);
}

/// The roster in which one rule is changed.
pub(crate) fn roster_with(code: &str, change: impl Fn(&mut Rule)) -> Vec<(RuleId, Rule)> {
    let mut rules: Vec<(RuleId, Rule)> = roster().map(|(id, rule)| (id, *rule)).collect();
    rules.iter_mut().filter(|(_, rule)| rule.code == code).for_each(|(_, rule)| change(rule));
    rules
}

#[test]
fn a_broken_rule_fails_a_case_of_its_own_folder() {
    let mut folders: BTreeMap<String, Vec<(Case, JudgedRun)>> = BTreeMap::new();
    for case in Case::all() {
        let outcome = case.inputs.run().expect("every case can be read");
        folders.entry(case.topic.clone()).or_default().push((case, outcome));
    }
    let mut survivors = Vec::new();
    for (_, rule) in roster() {
        let cases = folders.get_mut(rule.code).expect("every rule has a folder");
        let mut mutants = vec![("never fires", roster_with(rule.code, |r| r.check = never))];
        mutants.push(("always fires", roster_with(rule.code, |r| r.check = always)));
        for (how, rules) in mutants {
            let noticed = cases.iter_mut().any(|(case, outcome)| {
                judged_by(case, outcome, &rules);
                !case.holds(outcome)
            });
            if !noticed {
                survivors.push(format!("{} {how}", rule.code));
            }
        }
    }
    assert!(survivors.is_empty(), "no case of the rule's folder notices that {}", survivors.join(", "));
}

/// Which lines a rule applies to is part of the rule: services, related lines, lines that are not live.
#[test]
fn a_rule_asked_about_the_wrong_lines_fails_a_case() {
    let mut cases: Vec<(Case, JudgedRun)> = Case::all()
        .into_iter()
        .map(|case| {
            let outcome = case.inputs.run().expect("every case can be read");
            (case, outcome)
        })
        .collect();
    let mut survivors = Vec::new();
    for (_, rule) in roster() {
        // A rule for services reads facts that other lines lack, so it cannot fire on them. Only the other two kinds can be
        // applied to the wrong lines.
        let others: &[AppliesTo] = match rule.applies_to {
            AppliesTo::Services => &[],
            AppliesTo::ServicesAndRelated => &[AppliesTo::Services, AppliesTo::Everything],
            AppliesTo::Everything => &[AppliesTo::Services, AppliesTo::ServicesAndRelated],
        };
        for applies_to in others.iter().copied() {
            let rules = roster_with(rule.code, |r| r.applies_to = applies_to);
            let noticed = cases.iter_mut().any(|(case, outcome)| {
                judged_by(case, outcome, &rules);
                !case.holds(outcome)
            });
            if !noticed {
                survivors.push(format!("{} asked about {applies_to:?}", rule.code));
            }
        }
    }
    assert!(survivors.is_empty(), "no case notices: {}", survivors.join(", "));
}

/// One change of the policy's data.
pub(crate) struct Mutant {
    /// What was changed, for the failure message.
    what: String,
    policy: Result<Policy, String>,
}

impl Mutant {
    /// Changes the text of every file by `edit`. Panics if nothing changes.
    pub(crate) fn new(what: String, edit: impl Fn(&str, &str) -> String) -> Self {
        let changed = POLICY.origins.iter().any(|o| edit(o.kind.word(), &o.text) != o.text);
        assert!(changed, "{what}: nothing was changed");
        let policy = policy_with(edit);
        Self { what, policy }
    }

    /// Replaces `from` by `to` everywhere in the file of this kind.
    fn replace(kind: &str, what: String, from: &str, to: &str) -> Self {
        Self::new(what, |k, text| if k == kind { text.replace(from, to) } else { text.to_owned() })
    }

    /// Replaces a range of bytes of the file of this kind by `to`.
    fn at(kind: &str, what: String, range: std::ops::Range<usize>, to: &str) -> Self {
        Self::new(what, |k, text| {
            let mut text = text.to_owned();
            if k == kind {
                text.replace_range(range.clone(), to);
            }
            text
        })
    }
}

/// Asserts that for every mutant a fixture or a worked example of the policy fails.
fn assert_all_noticed(mutants: Vec<Mutant>) {
    none_survives(&survivors(Case::all(), true, mutants));
}

/// The mutants that no fixture of these topics notices.
pub(crate) fn survivors_in(topics: &[&str], mutants: Vec<Mutant>) -> Vec<String> {
    survivors(topics.iter().flat_map(|topic| Case::of(topic)).collect(), false, mutants)
}

/// Asserts that there are no survivors.
pub(crate) fn none_survives(survivors: &[String]) {
    assert!(survivors.is_empty(), "{} mutants survive:\n  {}", survivors.len(), survivors.join("\n  "));
}

/// The mutants that no fixture notices.
fn survivors(mut cases: Vec<Case>, with_examples: bool, mutants: Vec<Mutant>) -> Vec<String> {
    // The longest extracts notice most mutants, so they are run first.
    cases.sort_by_key(|case| {
        std::cmp::Reverse(case.inputs.extracts.iter().map(|(_, bytes)| bytes.len()).sum::<usize>())
    });
    mutants
        .into_par_iter()
        .filter_map(|mutant| {
            let policy = match mutant.policy {
                Ok(policy) => policy,
                Err(e) => return Some(format!("{}: refused, so nothing is shown: {e}", mutant.what)),
            };
            let noticed = with_examples && POLICY.examples.iter().any(|e| run_example(&policy, e).is_err())
                || cases.iter().any(|case| match case.inputs.run_by(&policy, BLOCK) {
                    Ok(outcome) => !case.holds(&outcome),
                    Err(_) => true,
                });
            (!noticed).then_some(mutant.what)
        })
        .collect()
}

/// All quoted texts after `key = ` in the file, each with its range of bytes.
fn values(text: &str, key: &str) -> Vec<(std::ops::Range<usize>, String)> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or_default();
        if let Some(rest) = code.strip_prefix(key).and_then(|r| r.strip_prefix(" = ")) {
            let mut at = start + code.len() - rest.len();
            for (i, piece) in rest.split('"').enumerate() {
                if i % 2 == 1 {
                    found.push((at..at + piece.len(), piece.to_owned()));
                }
                at += piece.len() + 1;
            }
        }
        start += line.len();
    }
    found
}

#[test]
fn every_listed_diagnosis_is_covered_by_a_fixture() {
    let edition = &POLICY.editions[0];
    assert_eq!(edition.diagnoses.len(), 73);
    let mutants = edition.diagnoses.iter().map(|listed| {
        // A code is dropped by renaming it in every list: no claim carries the new code.
        let (from, to) = (format!("\"{}\"", listed.code), "\"Q999999\"");
        Mutant::replace("policy", format!("{} is not listed", listed.code), &from, to)
    });
    assert_all_noticed(mutants.collect());
}

#[test]
fn every_region_of_a_diagnosis_group_is_covered_by_a_fixture() {
    let text = &POLICY.own_origin().text;
    let mut mutants = Vec::new();
    // Regions in `outside_statement` are changed below.
    let outside: Vec<String> = values(text, "outside_statement").into_iter().map(|(_, region)| region).collect();
    for (range, region) in values(text, "region").into_iter().filter(|(_, region)| !outside.contains(region)) {
        mutants.push(Mutant::at("policy", format!("region {region} reads cervical"), range, "cervical"));
    }
    for (range, code) in values(text, "fits") {
        let line = text[..range.start].matches('\n').count() + 1;
        let other = if code == "22513" { "22514" } else { "22513" };
        // 22515 fits every region because DX106 does not apply to it, so a change of its entry changes nothing.
        if code != "22515" {
            mutants.push(Mutant::at("policy", format!("line {line}: fits {other}, not {code}"), range, other));
        }
    }
    for (range, region) in values(text, "outside_statement") {
        mutants.push(Mutant::at("policy", format!("{region} is inside the statement"), range, "lumbosacral"));
    }
    for key in ["pain_or_remission", "trauma"] {
        for (range, code) in values(text, key) {
            let other = if key == "trauma" { "Q99" } else { "M8008XA" };
            mutants.push(Mutant::at("policy", format!("{key}: {other}, not {code}"), range, other));
        }
    }
    assert_all_noticed(mutants);
}

/// A policy file without what only a listed CPT code may have, or in a pair of levels only a vertebroplasty: the loader refuses
/// it for a code that has another role.
fn without_role(kind: &str, text: &str, code: &str) -> String {
    let quoted = format!("\"{code}\"");
    let line = |line: &str| -> String {
        let line = match line.split_once(" = ") {
            Some(("fits", _)) => line.replace(&format!("{quoted}, "), "").replace(&format!(", {quoted}"), ""),
            _ if code == "22515" && line.starts_with("CD303") => line.replace("{ 22515 = \"review\" }", "{}"),
            _ if kind == "limits" && line.contains(&format!("primaries = [{quoted}, ")) => {
                line.replace(&format!("{quoted}, "), "")
            }
            _ if kind == "limits" && line.contains(&format!(", {quoted}] }}")) => {
                line.replace(&format!(", {quoted}"), "")
            }
            _ if kind == "limits" && line.starts_with("  {") && line.contains(&quoted) => return String::new(),
            _ => line.to_owned(),
        };
        line + "\n"
    };
    text.lines().map(line).collect()
}

#[test]
fn every_procedure_code_and_role_is_covered_by_a_fixture() {
    let mut mutants = Vec::new();
    for (id, known) in POLICY.codes.iter() {
        let code = &known.code;
        // A code of the same length that no claim carries.
        let alien: String = code.chars().map(|c| if c.is_ascii_digit() { '7' } else { 'Y' }).collect();
        let swap = |_: &str, text: &str| text.replace(code.as_str(), &alien);
        mutants.push(Mutant::new(format!("{code} is not looked for"), swap));

        let role = POLICY.procedure(id).role;
        // A former code is a companion with a last day, and the rules look at the day.
        let as_asked = |role| if role == Role::Former { Role::Companion } else { role };
        let others = [Role::Vertebroplasty, Role::UnlistedAugmentation, Role::Reposition, Role::Companion];
        for other in others.into_iter().filter(|o| *o != as_asked(role)) {
            let head = format!("{{ code = \"{code}\", system = \"");
            let change = |kind: &str, text: &str| {
                let text = without_role(kind, text, code);
                let Some(at) = text.find(&head).filter(|_| kind == "policy") else { return text };
                let (before, after) = text.split_at(at);
                let (from, to) = (format!("role = \"{}\"", role.word()), format!("role = \"{}\"", other.word()));
                format!("{before}{}", after.replacen(&from, &to, 1))
            };
            mutants.push(Mutant::new(format!("{code} is {}, not {}", other.word(), role.word()), change));
        }
    }
    for pair in [("22513", "22514"), ("22514", "22513")] {
        let text = &POLICY.own_origin().text;
        for (at, from) in text.match_indices(&format!("stands_for = \"{}\"", pair.0)) {
            let line = text[..at].matches('\n').count() + 1;
            let to = format!("stands_for = \"{}\"", pair.1);
            mutants.push(Mutant::at("policy", format!("line {line}: {to}"), at..at + from.len(), &to));
        }
    }
    assert_all_noticed(mutants);
}

#[test]
fn every_cell_of_the_authorization_table_is_covered_by_a_fixture() {
    let text = &POLICY.own_origin().text;
    let mut mutants = Vec::new();
    let tables = [
        ("inpatient", &["required", "not-required", "undetermined"][..]),
        ("outpatient", &["required", "not-required", "undetermined"]),
        ("necessity", &["by-list", "by-lcd", "undetermined"]),
    ];
    for (key, words) in tables {
        let cells = values(text, key);
        assert_eq!(cells.len(), POLICY.classes.len(), "{key}");
        for ((range, word), class) in cells.into_iter().zip(&POLICY.classes) {
            for other in words.iter().filter(|w| **w != word) {
                let what = format!("{} {key} {other}, not {word}", class.id);
                mutants.push(Mutant::at("policy", what, range.clone(), other));
            }
        }
    }
    assert_all_noticed(mutants);
}

#[test]
fn every_date_is_covered_to_the_day() {
    let text = &POLICY.own_origin().text;
    let mut mutants = Vec::new();
    for key in ["from = ", "until = ", "verified_through = "] {
        for (at, _) in text.match_indices(key) {
            let range = at + key.len()..at + key.len() + 10;
            let Ok(day) = text[range.clone()].parse::<jiff::civil::Date>() else { continue };
            let line = text[..at].matches('\n').count() + 1;
            for other in [day.yesterday(), day.tomorrow()].map(|d| d.expect("no date of the policy is the last one")) {
                mutants.push(Mutant::at(
                    "policy",
                    format!("line {line}: {key}{other}"),
                    range.clone(),
                    &other.to_string(),
                ));
            }
        }
    }
    assert_eq!(
        mutants.len(),
        2 * 10,
        "three codes from, three until, one edition, one code set, one LCD, one last day"
    );
    assert_all_noticed(mutants);
}

#[test]
fn every_limit_and_pair_is_covered_by_a_fixture() {
    let text = &POLICY.origin(OriginKind::Limits).expect("it is built in").text;
    let mut mutants = Vec::new();
    for (at, key) in text.match_indices("units = ") {
        let range = at + key.len()..at + key.len() + 1;
        let Ok(units) = text[range.clone()].parse::<u8>() else { continue };
        let line = text[..at].matches('\n').count() + 1;
        for other in [units - 1, units + 1] {
            mutants.push(Mutant::at(
                "limits",
                format!("line {line}: {other} units"),
                range.clone(),
                &other.to_string(),
            ));
        }
    }
    assert_eq!(mutants.len(), 6, "three limits, one unit less and one more");
    for (from, to) in [
        ("  { code = \"22515\", primaries = [\"22513\", \"22514\"] },\n", ""),
        ("primaries = [\"22513\", \"22514\"]", "primaries = [\"22513\"]"),
        ("primaries = [\"22513\", \"22514\"]", "primaries = [\"22514\"]"),
        ("paid = \"22513\"", "paid = \"22515\""),
        ("unpaid = \"22514\"", "unpaid = \"22515\""),
        ("paid = \"22513\", unpaid = \"22510\"", "paid = \"22515\", unpaid = \"22510\""),
        ("unpaid = \"22510\"", "unpaid = \"22512\""),
        ("paid = \"22514\", unpaid = \"22511\"", "paid = \"22515\", unpaid = \"22511\""),
        ("unpaid = \"22511\"", "unpaid = \"22512\""),
    ] {
        mutants.push(Mutant::replace("limits", format!("{to}, not {from}"), from, to));
    }
    assert_all_noticed(mutants);
}

#[test]
fn every_disposition_is_covered_by_a_fixture() {
    let text = &POLICY.own_origin().text;
    let mut mutants = Vec::new();
    for (_, rule) in roster() {
        let head = format!("\n{} = {{ disposition = \"", rule.code);
        let from = text.find(&head).expect("every rule has a disposition") + head.len();
        let word = POLICY.rule(rule.code).disposition.word();
        for (other, _) in Disposition::WORDS.iter().filter(|(w, _)| *w != word) {
            mutants.push(Mutant::at("policy", format!("{} is {other}", rule.code), from..from + word.len(), other));
        }
    }
    let what = "22515 above its limit is deny".to_owned();
    mutants.push(Mutant::replace("policy", what, "by_code = { 22515 = \"review\" }", "by_code = {}"));
    assert_all_noticed(mutants);
}
