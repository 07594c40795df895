//! Tests the fixtures: each word of the policy's tables and of the vocabulary is removed, and each region of a procedure is
//! changed, and some fixture must fail. The mutants are those of [`crate::mutation`].

use claimlint::claim::value::words::fold;
use claimlint::policy::OriginKind;

use crate::kit::POLICY;
use crate::mutation::{Mutant, all_are_noticed, values};

#[test]
fn every_word_of_the_tables_counts() {
    let text = &POLICY.own_origin().text;
    let mut mutants = Vec::new();
    // A label that is a brand, or begins with one, is read by the brand.
    let brands: Vec<String> = values(text, "brands").into_iter().map(|(_, brand)| fold(&brand)).collect();
    let by_brand = |word: &str| brands.iter().any(|brand| fold(word).starts_with(&**brand));
    for (_, word) in values(text, "labels").into_iter().filter(|(_, word)| !by_brand(word)) {
        // Two spellings may fold to one label, so both are removed.
        let same = |kind: &str, text: &str| {
            let mut text = text.to_owned();
            for (range, _) in values(&text, "labels").into_iter().rev().filter(|(_, w)| fold(w) == fold(&word)) {
                if kind == "policy" {
                    text.replace_range(range, "NOBODY WRITES THIS");
                }
            }
            text
        };
        mutants.push(Mutant::new(format!("labels: {word} is gone"), same));
    }
    let keys = [
        "brands",
        "not_before",
        "laterality",
        "assistant",
        "co_surgeon",
        "lcd",
        "states",
        "place_of_service_emergency",
    ];
    for key in keys {
        let words = values(text, key);
        assert!(!words.is_empty(), "{key}: no words");
        for (range, word) in words {
            mutants.push(Mutant::at("policy", format!("{key}: {word} is gone"), range, "NOBODY WRITES THIS"));
        }
    }
    let settings =
        ["bill_type_inpatient", "bill_type_outpatient", "place_of_service_inpatient", "place_of_service_outpatient"];
    for key in settings.into_iter().chain(["hospital_inpatient"]) {
        for (range, word) in values(text, key) {
            mutants.push(Mutant::at("policy", format!("{key}: {word} is gone"), range, "97"));
        }
    }
    // The families of DX107 are a list of inline tables. Take every quoted code between the key and its end.
    let from = text.find("excludes = [").expect("the policy has excludes");
    let end = from + text[from..].find("\n]").expect("the list ends");
    let mut at = from;
    for (i, piece) in text[from..end].split('"').enumerate() {
        if i % 2 == 1 {
            let line = text[..at].matches('\n').count() + 1;
            mutants.push(Mutant::at(
                "policy",
                format!("line {line}: excludes {piece} is gone"),
                at..at + piece.len(),
                "Q99",
            ));
        }
        at += piece.len() + 1;
    }
    all_are_noticed(mutants);
}

/// The words of claim columns: without one of them, or with another meaning, some fixture fails.
#[test]
fn every_word_of_the_vocabulary_counts() {
    let text = &POLICY.origin(OriginKind::Vocabulary).expect("it is built in").text;
    let keys = [
        "professional",
        "institutional",
        "paid",
        "denied",
        "pending",
        "reversed",
        "paid_unless_pending",
        "replacement",
        "void",
        "primary",
        "other",
        "words",
        "emergency",
        "total",
        "approved",
        "not_approved",
    ];
    let mut mutants = Vec::new();
    for key in keys {
        let words = values(text, key);
        assert!(!words.is_empty(), "{key}: no words");
        for (range, word) in words {
            mutants.push(Mutant::at("vocabulary", format!("{key}: {word} is gone"), range, "NOBODY WRITES THIS"));
        }
    }
    all_are_noticed(mutants);
}

/// A stay is outside the statement by the regions of its codes.
#[test]
fn every_region_of_a_procedure_counts() {
    let text = &POLICY.own_origin().text;
    let mut mutants = Vec::new();
    for region in ["cervical", "sacral"] {
        let key = "system = \"PCS\", role = \"listed\"";
        for (at, _) in text.match_indices(&format!("region = \"{region}\" }}")) {
            let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
            if text[start..at].contains(key) {
                let line = text[..at].matches('\n').count() + 1;
                let range = at + "region = \"".len()..at + "region = \"".len() + region.len();
                mutants.push(Mutant::at(
                    "policy",
                    format!("line {line}: region thoracic, not {region}"),
                    range,
                    "thoracic",
                ));
            }
        }
    }
    assert_eq!(mutants.len(), 3, "two cervical codes and a sacral one");
    all_are_noticed(mutants);
}
