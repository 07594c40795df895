//! Tests the fixtures on what caps a denial: each cap of each rule is taken away, asked in another order, or given to a rule
//! that it does not cap, and some fixture must fail. Where a cap cannot hold the reason is stated, and no fixture may fail.

use rayon::prelude::*;

use claimlint::finding::Cap;
use claimlint::policy::Disposition;
use claimlint::rules::{Rule, roster};
use claimlint::run::JudgedRun;

use crate::cases::Case;
use crate::cli::TestDir;
use crate::kit::{POLICY, Table};
use crate::mutation::{judged_by, none_survives, roster_with};

/// Every cap, in the order in which they are asked. spec: judging/caps.
pub(crate) const CAPS: [Cap; 12] = [
    Cap::Product,
    Cap::Secondary,
    Cap::Setting,
    Cap::Emergency,
    Cap::TwinAuthorization,
    Cap::StatusUnread,
    Cap::Level,
    Cap::OtherAuthorization,
    Cap::Edition,
    Cap::Date,
    Cap::Encounter,
    Cap::PrimaryElsewhere,
];

/// Why a cap cannot hold where a rule denies, so that it makes no difference whether the rule has it.
fn cannot_hold(code: &str, cap: Cap) -> Option<&'static str> {
    let on_a_number = matches!(code, "PA202" | "PA203" | "PA204" | "PA205" | "PA206");
    match (cap, code) {
        (Cap::StatusUnread | Cap::Level | Cap::OtherAuthorization, _) if !on_a_number => Some("it is about no number"),
        (Cap::StatusUnread, _) if code != "PA203" => Some("only PA203 speaks of a status"),
        (Cap::Level, _) if code != "PA204" => Some("only PA204 speaks of procedures"),
        (Cap::OtherAuthorization, "PA206") => Some("where only units are lacking no other approval is looked for"),
        (Cap::Product, "DX101") => Some("the list is applied where the table names the product only"),
        (Cap::Setting, "PA201") => Some("RT403 speaks where one setting only requires a number"),
        (Cap::Date, "PA205" | "CD305") => Some("they are asked of readable dates only"),
        (Cap::PrimaryElsewhere, "CD302") => Some("the codes of its pairs are no add-ons"),
        (Cap::PrimaryElsewhere, "CD303") => Some("of an add-on it asks for a review"),
        _ => None,
    }
}

/// The cases on caps and on the rule, with their outcomes.
fn outcomes(code: &str) -> Vec<(Case, JudgedRun)> {
    let run = |case: Case| {
        let outcome = case.inputs.run().expect("every case can be read");
        (case, outcome)
    };
    Case::of("caps").into_iter().chain(Case::of(code)).map(run).collect()
}

/// Does any case fail when the rule has these caps?
fn is_noticed(cases: &mut [(Case, JudgedRun)], code: &str, caps: &[Cap]) -> bool {
    let caps: &'static [Cap] = Box::leak(caps.to_vec().into_boxed_slice());
    let rules = roster_with(code, |rule| rule.caps = caps);
    cases.iter_mut().any(|(case, outcome)| {
        judged_by(case, outcome, &rules);
        !case.holds(outcome)
    })
}

/// The rules that may deny. A cap makes a review of a denial, so it changes no other rule.
fn denying() -> Vec<&'static Rule> {
    roster().map(|(_, rule)| rule).filter(|rule| POLICY.rule(rule.code).disposition == Disposition::Deny).collect()
}

#[test]
fn every_cap_of_a_rule_counts_and_no_other() {
    let survivors = denying().into_par_iter().flat_map_iter(|rule| {
        let mut cases = outcomes(rule.code);
        let mut survivors = Vec::new();
        for cap in CAPS {
            let is_own = rule.caps.contains(&cap);
            let mut caps: Vec<Cap> = rule.caps.iter().copied().filter(|own| *own != cap).collect();
            caps.extend((!is_own).then_some(cap));
            let noticed = is_noticed(&mut cases, rule.code, &caps);
            let word = if is_own { "is not" } else { "is also" };
            match cannot_hold(rule.code, cap) {
                None if !noticed => survivors.push(format!("{} {word} capped by {}", rule.code, cap.word())),
                Some(why) if noticed || is_own => {
                    survivors.push(format!("{} {}: not so: {why}", rule.code, cap.word()));
                }
                _ => {}
            }
        }
        survivors
    });
    none_survives(&survivors.collect::<Vec<_>>());
}

#[test]
fn the_first_cap_is_named() {
    let survivors = denying().into_par_iter().flat_map_iter(|rule| {
        let mut cases = outcomes(rule.code);
        let mut survivors = Vec::new();
        for first in 1..rule.caps.len() {
            let mut caps = rule.caps.to_vec();
            caps.swap(first - 1, first);
            // A date that cannot be read is not before the first edition.
            let never_both = caps[first - 1..=first] == [Cap::Date, Cap::Edition];
            if is_noticed(&mut cases, rule.code, &caps) == never_both {
                survivors.push(format!("{}: {} before {}", rule.code, caps[first - 1].word(), caps[first].word()));
            }
        }
        survivors
    });
    none_survives(&survivors.collect::<Vec<_>>());
}

/// Only an own policy makes PA208 and PA209 deny, so no case of the policy shows what caps them.
#[test]
fn every_rule_on_authorizations_is_capped_by_product_and_payer() {
    let dir = TestDir::with(&[]);
    let head = "kind = \"overrides\"\nid = \"own\"\ntitle = \"t\"\npublisher = \"p\"\nsource = \"s\"\nvalid = \"v\"\n";
    dir.put("own.toml", format!("{head}[dispositions]\nPA208 = \"deny\"\nPA209 = \"deny\"\n"));
    let columns = "claim_id,member_id,service_date,procedure_code,diagnosis_1,product,place_of_service,payer_sequence";
    let rows = [("C1", "M1", "HMO", "24", "S"), ("C2", "M2", "EPO", "21", "P"), ("C3", "M3", "HMO", "24", "P")];
    let row = |(claim, member, product, place, payer): (&str, &str, &str, &str, &str)| {
        format!("{claim},{member},2024-05-06,22514,M80.08XA,{product},{place},{payer}\n")
    };
    dir.put("claims.csv", format!("{columns}\n{}", rows.map(row).concat()));
    let approved = |member: &str| format!("A{member},{member},Approved,22514,2024-05-01,2024-05-31\n");
    let auths = ["M1", "M2", "M3"].map(approved).concat();
    dir.put("auths.csv", format!("authorization_number,member_id,status,procedure_codes,valid_from,valid_to\n{auths}"));
    for (rule, more) in [("PA208", &[][..]), ("PA209", &["--auths", "auths.csv"])] {
        let args = ["check", "claims.csv", "--policy", "own.toml", "-o", rule, "--fail-on", "never"];
        dir.run(&[&args[..], more].concat()).success();
        let findings = Table::of(&std::fs::read(dir.at(rule).join("findings.csv")).expect("a report"));
        let names = ["rule", "claim_id", "disposition", "capped_by"].map(str::to_owned);
        let mut rows = findings.only(&names).rows;
        rows.retain(|row| row[0] == rule);
        let want = [["C1", "review", "secondary"], ["C2", "review", "product"], ["C3", "deny", ""]];
        assert_eq!(rows, want.map(|[claim, word, cap]| [rule, claim, word, cap].map(str::to_owned).to_vec()), "{rule}");
    }
}
