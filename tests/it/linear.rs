//! Work grows in proportion to the input: ten times the input takes at most ten times the steps, and some more for what does
//! not grow. Steps are counted, never timed.

use std::fmt::Write as _;

use claimlint::policy::Policy;
use claimlint::policy::parse::{PolicyFile, load};
use claimlint::rules::codes;
use claimlint::steps;
use claimlint::suppress::Suppressions;

use crate::kit::{Inputs, MEMORY, POLICY, baseline, findings_of, mask, written};

const HEAD: &str = "claim_id,original_claim_id,line_number,claim_form,frequency_code,member_id,product,billing_npi,\
                    place_of_service,service_date,procedure_code,units,diagnosis_1,authorization_number,paid_amount,notes\n";

/// Rows of the small extract. The large one has ten times as many.
const ROWS: usize = 150;

/// A row by the columns that differ.
struct Row<'a> {
    claim: &'a str,
    original: &'a str,
    form: &'a str,
    code: &'a str,
    paid: i64,
    line: usize,
    frequency: usize,
    member: &'a str,
    product: &'a str,
    authorization: &'a str,
    day: usize,
}

const ROW: Row<'static> = Row {
    claim: "C1",
    original: "",
    form: "P",
    code: "22514",
    paid: 300,
    line: 1,
    frequency: 1,
    member: "M1",
    product: "PPO",
    authorization: "",
    day: 0,
};

fn extract(rows: usize, put: impl Fn(usize, &mut dyn FnMut(&Row<'_>))) -> String {
    let mut text = HEAD.to_owned();
    for n in 0..rows {
        put(n, &mut |row| {
            let Row { claim, original, form, code, paid, line, frequency, member, product, authorization, day } = row;
            let (month, day) = (day / 28 % 12 + 1, day % 28 + 1);
            writeln!(
                text,
                "{claim},{original},{line},{form},{frequency},{member},{product},1900000001,22,2024-{month:02}-{day:02},{code},1,\
                 M54.5,{authorization},{paid}.00,about {claim} of {member}"
            )
            .expect("memory takes it");
        });
    }
    text
}

/// An authorization file whose rows are all for one number, each with other days. They have the units that `units` says.
fn authorizations(rows: usize, member: impl Fn(usize) -> String, units: impl Fn(usize) -> String) -> Vec<u8> {
    let mut text = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n".to_owned();
    for n in 0..rows {
        let (month, day) = (n / 28 % 12 + 1, n % 28 + 1);
        writeln!(
            text,
            "A1,{},22514,approved,2024-{month:02}-{day:02},2024-{month:02}-{day:02},{}",
            member(n),
            units(n)
        )
        .expect("memory takes it");
    }
    text.into_bytes()
}

/// The extracts, by the name of what there is much of.
fn inputs(kind: &str, n: usize) -> Inputs {
    let of = |n: usize, row: Row<'_>, put: &mut dyn FnMut(&Row<'_>)| {
        let (claim, member) = (format!("C{n:06}"), format!("M{n:06}"));
        put(&Row { claim: &claim, member: &member, ..row });
    };
    let text = match kind {
        "versions of a claim" => extract(n, |n, put| put(&Row { frequency: if n == 0 { 1 } else { 7 }, ..ROW })),
        "voids of a claim" => extract(n, |n, put| put(&Row { frequency: if n % 2 == 0 { 1 } else { 8 }, ..ROW })),
        "reversals of a claim" => extract(n, |n, put| put(&Row { paid: if n % 2 == 0 { 300 } else { -300 }, ..ROW })),
        "claims that name one claim" => extract(n, |n, put| {
            let original = if n == 0 { "" } else { "C000000" };
            put(&Row { claim: &format!("C{n:06}"), frequency: if n == 0 { 1 } else { 7 }, original, ..ROW });
        }),
        "stays of a member" => {
            extract(n, |n, put| put(&Row { claim: &format!("C{n:06}"), form: "I", code: "0PU43JZ", day: n, ..ROW }))
        }
        "alike lines of a claim" => {
            extract(n, |n, put| put(&Row { paid: 300 + i64::try_from(n).expect("few rows"), ..ROW }))
        }
        "lines of a claim" => extract(n, |n, put| put(&Row { line: n + 1, day: n, ..ROW })),
        "sessions of a member" => extract(n, |n, put| put(&Row { claim: &format!("C{n:06}"), day: n, ..ROW })),
        "claims of an encounter" => extract(n, |n, put| put(&Row { claim: &format!("C{n:06}"), ..ROW })),
        "product labels" => extract(n, |n, put| of(n, Row { product: &format!("MEDEX PLAN {n}"), ..ROW }, put)),
        "columns" => {
            let columns = (0..n).fold(String::new(), |columns, n| columns + &format!(",extra_{n}"));
            let row = extract(1, |_, put| put(&ROW));
            let (head, row) = row.trim_end().split_once('\n').expect("a header");
            format!("{head}{columns}\n{row}{}\n", ",".repeat(n))
        }
        "services with one authorization" | "members with one authorization" | "units of one authorization" => {
            extract(n, |n, put| put(&Row { claim: &format!("C{n:06}"), authorization: "A1", day: n, ..ROW }))
        }
        _ => extract(n, |n, put| of(n, ROW, put)),
    };
    let no_units = |_| String::new();
    let auths = match kind {
        "services with one authorization" => Some(authorizations(n / 10, |_| "M1".to_owned(), no_units)),
        "units of one authorization" => Some(authorizations(n / 10, |_| "M1".to_owned(), |n| (n + 1).to_string())),
        "members with one authorization" => Some(authorizations(n / 10, |n| format!("M{n}"), no_units)),
        "authorizations of a member" => Some(authorizations(n, |n| format!("M{:06}", n % 7), no_units)),
        _ => None,
    };
    Inputs { auths, ..Inputs::one(text) }
}

/// The steps of `work` on a single thread, where all of them are counted.
fn counted(work: impl FnOnce() + Send) -> u64 {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one");
    alone.install(|| steps::of(work))
}

/// Levels that three trees over the groups of one authorization number gain where there are ten times as many groups.
const MORE_LEVELS: u64 = 3 * 4;

/// Asserts that ten times the input takes at most eleven times the steps, and `more` for each row, and at least five times: if
/// it took fewer, the steps would not be those of the input.
fn grows_in_proportion(kind: &str, more: u64, steps_of: impl Fn(usize) -> u64) {
    let (small, large) = (steps_of(ROWS), steps_of(10 * ROWS));
    assert!(small >= ROWS as u64, "{kind}: only {small} steps are counted");
    let most = 11 * small + more * 10 * ROWS as u64;
    assert!(large <= most && large >= 5 * small, "{kind}: {small} steps, and {large} for ten times the input");
}

#[test]
fn checking_takes_steps_in_proportion_to_the_extract() {
    for kind in [
        "claims",
        "versions of a claim",
        "voids of a claim",
        "reversals of a claim",
        "claims that name one claim",
        "lines of a claim",
        "sessions of a member",
        "stays of a member",
        "claims of an encounter",
        "product labels",
        "columns",
        "services with one authorization",
        "units of one authorization",
        "members with one authorization",
        "authorizations of a member",
    ] {
        let more = if kind == "units of one authorization" { MORE_LEVELS } else { 0 };
        grows_in_proportion(kind, more, |n| {
            let inputs = inputs(kind, n);
            counted(|| _ = inputs.run().expect("the extract is sound"))
        });
        grows_in_proportion(&format!("{kind}, masked"), more, |n| {
            let inputs = inputs(kind, n);
            counted(|| _ = inputs.masked(mask()).expect("the extract is sound"))
        });
    }
}

#[test]
fn suppressions_take_steps_in_proportion() {
    let file = |n: usize| {
        let one = |n| {
            format!(
                "[[suppress]]\nrule = \"DX101\"\nclaim = \"C{n:06}\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2025-01-01\n"
            )
        };
        (0..n).map(one).collect::<String>()
    };
    grows_in_proportion("suppressions", 0, |n| {
        let (inputs, text) = (inputs("claims", n), file(n));
        counted(|| {
            let mut run = inputs.read_by(&POLICY, claimlint::ingest::BLOCK, 4096, None).expect("the extract is sound");
            let all = Suppressions::load("s.toml", &text, jiff::civil::date(2024, 6, 1)).expect("it is in order");
            run.context.suppressions = Some(all);
            let judged = run.judge_all().expect("no disk is needed");
            assert_eq!(judged.matches.by.iter().flatten().count(), n, "every claim has a suppression of its own");
        })
    });
}

#[test]
fn a_baseline_takes_steps_in_proportion() {
    // The findings of alike lines have one fingerprint, and those of claims have one each.
    for kind in ["claims", "alike lines of a claim"] {
        for memory in [0, MEMORY] {
            grows_in_proportion(&format!("a baseline of {kind}"), 0, |n| {
                let known = findings_of(&inputs(kind, n).run().expect("the extract is sound"));
                let mut run = inputs(kind, n + n / 2).run().expect("the extract is sound");
                run.context.baseline = Some(baseline(known, memory));
                counted(|| _ = written(&run, "summary.json"))
            });
        }
    }
}

/// The built-in policy with as many more diagnoses and brands.
fn policy(n: usize) -> PolicyFile {
    let text = include_str!("../../src/policies/bcbsma-485.toml");
    let letters = |n: usize| [n / 26 % 26, n % 26].map(|place| char::from(b'A' + place as u8));
    let code = |n: usize| {
        letters(n).iter().fold(format!(", \"Z{}", n / 676), |code, letter| code + &letter.to_string()) + "\""
    };
    let codes: String = (0..n).map(code).collect();
    let brands = (0..n).fold(String::new(), |brands, n| brands + &format!("\"BRAND{n}\", "));
    let text = text.replace("codes = [\"G893\"", &format!("codes = [\"G893\"{codes}"));
    let text = text.replace("labels = [\"EPO\"", &format!("labels = [{brands}\"EPO\""));
    let text = text.replace("brands = [\"MEDEX\"]", &format!("brands = [{brands}\"MEDEX\"]"));
    PolicyFile { file: "policy.toml".to_owned(), text }
}

#[test]
fn a_large_policy_takes_steps_in_proportion() {
    let loaded = |n: usize| -> Policy { load(&[policy(n)], &codes()).expect("the policy is sound") };
    grows_in_proportion("diagnoses and brands of a policy", 0, |n| counted(|| _ = loaded(n)));
    let labels = inputs("product labels", ROWS);
    let steps_by = |policy: &Policy| counted(|| _ = labels.run_by(policy, 1 << 16).expect("the extract is sound"));
    assert_eq!(
        steps_by(&loaded(ROWS)),
        steps_by(&loaded(10 * ROWS)),
        "looking up a label does not depend on the brands"
    );
}
