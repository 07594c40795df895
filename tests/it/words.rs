//! Tests the fixtures: each word of the vocabulary and of the policy's lists is taken away, or gets the meaning of another
//! list, and a fixture about these words must fail. The mutants are run as in [`crate::mutation`].

use std::collections::BTreeSet;

use toml::{Table, Value};

use claimlint::claim::value::words::fold;
use claimlint::policy::OriginKind;

use crate::kit::POLICY;
use crate::mutation::{Mutant, none_survives, survivors_in};

/// A word that no fixture has, in one piece, as codes are.
const NOBODY: &str = "NOBODYWRITESTHIS";

/// A modifier that no fixture has.
const NO_MODIFIER: &str = "Q9";

/// The file of this kind as TOML.
fn file(kind: OriginKind) -> Value {
    let text = &POLICY.origin(kind).expect("it is built in").text;
    Value::Table(text.parse::<Table>().expect("a built-in file is TOML"))
}

/// The value at a path such as `class.0.labels`.
fn at<'v>(value: &'v mut Value, path: &str) -> &'v mut Value {
    path.split('.').fold(value, |value, key| match key.parse::<usize>() {
        Ok(place) => value.get_mut(place).expect("a place in the list"),
        Err(_) => value.get_mut(key).expect("a key of the table"),
    })
}

/// The list of words at a path.
fn words<'v>(value: &'v mut Value, path: &str) -> &'v mut Vec<Value> {
    at(value, path).as_array_mut().expect("a list of words")
}

/// The words of the list at a path, in order.
fn texts(kind: OriginKind, path: &str) -> Vec<String> {
    let mut file = file(kind);
    let found: Vec<String> = words(&mut file, path).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    assert!(!found.is_empty(), "{path}: no words");
    found
}

/// The file of this kind after `edit`.
fn edited(kind: OriginKind, what: String, edit: impl Fn(&mut Value)) -> Mutant {
    let mut changed = file(kind);
    edit(&mut changed);
    if kind == OriginKind::Vocabulary {
        // The file is refused if a word of the first list is not among those of the second.
        let paid = words(&mut changed, "status.paid").clone();
        words(&mut changed, "status.paid_unless_pending").retain(|word| paid.contains(word));
    }
    let changed = toml::to_string(&changed).expect("a TOML file can be written");
    Mutant::new(what, |k, text| if k == kind.word() { changed.clone() } else { text.to_owned() })
}

/// Puts another text into each place of a list.
fn replaced(kind: OriginKind, path: &str, by: &str) -> Vec<Mutant> {
    let mutant = |(place, word): (usize, String)| {
        let what = format!("{path}: {by}, not {word}");
        edited(kind, what, |file| words(file, path)[place] = Value::from(by))
    };
    texts(kind, path).into_iter().enumerate().map(mutant).collect()
}

/// Moves each word of a list into another one, and puts `instead` into its place.
fn moved(kind: OriginKind, from: &str, to: &str, instead: &str) -> Vec<Mutant> {
    let mutant = |(place, word): (usize, String)| {
        edited(kind, format!("{word} is in {to}, not in {from}"), |file| {
            let word = std::mem::replace(&mut words(file, from)[place], Value::from(instead));
            words(file, to).push(word);
        })
    };
    texts(kind, from).into_iter().enumerate().map(mutant).collect()
}

/// The tables of the vocabulary, each with the topics of the fixtures on its words.
const VOCABULARY: [(&str, &[&str]); 8] = [
    ("claim_form", &["claim-form"]),
    ("status", &["status", "payer-denied", "reversals"]),
    ("frequency", &["versions"]),
    ("payer_sequence", &["caps"]),
    ("capitated", &["amounts"]),
    ("admission_type", &["caps"]),
    ("revenue_code", &["money-of-a-stay"]),
    ("authorization_status", &["auths-file", "PA203"]),
];

#[test]
fn every_word_of_the_vocabulary_counts() {
    let kind = OriginKind::Vocabulary;
    let vocabulary = file(kind);
    let tables = vocabulary.as_table().expect("a file is a table").iter().filter(|(_, value)| value.is_table());
    let mut known: Vec<&str> = VOCABULARY.iter().map(|(table, _)| *table).collect();
    known.sort_unstable();
    assert_eq!(tables.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), known, "each table has its fixtures");
    let mut survivors = Vec::new();
    for (table, topics) in VOCABULARY {
        let lists = vocabulary[table].as_table().expect("a table").keys();
        // These words are in the list of words for paid, too.
        let lists: Vec<String> = lists.filter(|list| *list != "paid_unless_pending").cloned().collect();
        let mut mutants = Vec::new();
        for list in lists.iter().map(|list| format!("{table}.{list}")) {
            mutants.extend(replaced(kind, &list, NOBODY));
            for other in lists.iter().map(|other| format!("{table}.{other}")).filter(|other| *other != list) {
                mutants.extend(moved(kind, &list, &other, NOBODY));
            }
        }
        if table == "status" {
            let aside = "status.paid_unless_pending";
            mutants
                .push(edited(kind, "P is paid beside a pending claim".to_owned(), |file| words(file, aside).clear()));
            for word in texts(kind, "status.paid").into_iter().filter(|word| word != "P") {
                let what = format!("{word} is pending beside a pending claim");
                mutants.push(edited(kind, what, |file| words(file, aside).push(Value::from(&*word))));
            }
        }
        survivors.extend(survivors_in(topics, mutants));
    }
    none_survives(&survivors);
}

/// The paths of the lists of this name, one for each product class that has it.
fn of_classes(list: &str) -> Vec<String> {
    let has = |n: &usize| file(OriginKind::Policy)["class"][*n].get(list).is_some();
    (0..POLICY.classes.len()).filter(has).map(|n| format!("class.{n}.{list}")).collect()
}

/// A label without a brand is taken away. Without a label that begins with a brand nothing changes, because the brand says
/// the same of every longer label; so it gets another class, and a label that is a brand takes the brand with it.
#[test]
fn every_product_label_counts() {
    let kind = OriginKind::Policy;
    let folded = |path: &String| texts(kind, path).iter().map(|word| fold(word)).collect::<Vec<_>>();
    let (lists, brand_lists) = (of_classes("labels"), of_classes("brands"));
    let brands: Vec<String> = brand_lists.iter().flat_map(folded).collect();
    let mut mutants = Vec::new();
    for (n, list) in lists.iter().enumerate() {
        // Two spellings may fold to one label.
        for label in folded(list).into_iter().collect::<BTreeSet<_>>() {
            let is_label = |word: &Value| word.as_str().is_some_and(|word| fold(word) == label);
            let is_brand = |brand: &&String| label == **brand || label.starts_with(&format!("{brand} "));
            let Some(brand) = brands.iter().find(is_brand) else {
                let what = format!("{label} is no label");
                mutants.push(edited(kind, what, |file| words(file, list).retain(|word| !is_label(word))));
                continue;
            };
            let other = &lists[(n + 1) % lists.len()];
            mutants.push(edited(kind, format!("{label} is in {other}, not in {list}"), |file| {
                words(file, list).retain(|word| !is_label(word));
                words(file, other).push(Value::from(&*label));
                if *brand == label {
                    for list in &brand_lists {
                        words(file, list).retain(|word| !is_label(word));
                    }
                    words(file, &other.replace("labels", "brands")).push(Value::from(&*label));
                }
            }));
        }
    }
    for list in &brand_lists {
        for brand in folded(list) {
            let is_other = |word: &Value| word.as_str().is_some_and(|word| fold(word) != brand);
            let what = format!("{brand} is no brand");
            mutants.push(edited(kind, what, |file| words(file, list).retain(is_other)));
        }
    }
    mutants.extend(replaced(kind, "brands.not_before", NOBODY));
    none_survives(&survivors_in(&["product"], mutants));
}

#[test]
fn every_modifier_counts() {
    let kind = OriginKind::Policy;
    let lists = [("laterality", "CD308"), ("assistant", "CD311"), ("co_surgeon", "CD312")];
    let mut survivors = Vec::new();
    for (list, rule) in lists {
        let path = format!("modifiers.{list}");
        let mut mutants = replaced(kind, &path, NO_MODIFIER);
        for (other, _) in lists.iter().filter(|(other, _)| *other != list) {
            mutants.extend(moved(kind, &path, &format!("modifiers.{other}"), NO_MODIFIER));
        }
        survivors.extend(survivors_in(&[rule], mutants));
    }
    none_survives(&survivors);
}

/// Bill types and places of service, two digits each.
#[test]
fn every_setting_counts() {
    let kind = OriginKind::Policy;
    let mut survivors = Vec::new();
    for facet in ["bill_type", "place_of_service"] {
        let [inpatient, outpatient] = ["inpatient", "outpatient"].map(|word| format!("setting.{facet}_{word}"));
        let mut mutants = moved(kind, &inpatient, &outpatient, "97");
        mutants.extend(moved(kind, &outpatient, &inpatient, "97"));
        for list in [&inpatient, &outpatient] {
            mutants.extend(replaced(kind, list, "97"));
        }
        survivors.extend(survivors_in(&["setting"], mutants));
    }
    survivors.extend(survivors_in(&["caps"], replaced(kind, "setting.place_of_service_emergency", "97")));
    let facility = |other: &str| {
        let what = format!("CPT codes do not belong on bill type {other}x");
        edited(kind, what, |file| *at(file, "setting.hospital_inpatient") = Value::from(other))
    };
    survivors.extend(survivors_in(&["CD304"], ["97", "41", "13"].map(facility).into()));
    none_survives(&survivors);
}

#[test]
fn every_family_of_diagnoses_that_excludes_another_counts() {
    let kind = OriginKind::Policy;
    let mut mutants = Vec::new();
    for n in 0..POLICY.excludes.len() {
        mutants.extend(replaced(kind, &format!("excludes.{n}.with"), "Q99"));
        let family = format!("excludes.{n}.family");
        mutants.push(edited(kind, format!("{family} is gone"), |file| *at(file, &family) = Value::from("Q99")));
    }
    none_survives(&survivors_in(&["DX107"], mutants));
}

/// What RT401 says of a member's state.
#[test]
fn every_state_and_contractor_counts() {
    let kind = OriginKind::Policy;
    let mut mutants = replaced(kind, "medicare.states", "ZZ");
    mutants.push(edited(kind, "another LCD".to_owned(), |file| *at(file, "medicare.lcd") = Value::from("L99999")));
    let contractors = POLICY.jurisdictions.len();
    for n in 0..contractors {
        let (name, states) =
            (format!("medicare.jurisdictions.{n}.contractor"), format!("medicare.jurisdictions.{n}.states"));
        mutants.push(edited(kind, format!("{name} is another"), |file| *at(file, &name) = Value::from(NOBODY)));
        let other = format!("medicare.jurisdictions.{}.states", (n + 1) % contractors);
        mutants.extend(replaced(kind, &states, "ZZ"));
        mutants.extend(moved(kind, &states, &other, NOBODY));
    }
    none_survives(&survivors_in(&["RT401"], mutants));
}

/// Suggested reason codes, also where none is suggested.
#[test]
fn every_reason_code_counts() {
    let kind = OriginKind::Remittance;
    let mut survivors = Vec::new();
    for code in claimlint::rules::codes() {
        let other = |column: &str| {
            let path = format!("reasons.{code}.{column}");
            edited(kind, format!("{path} is another"), |file| *at(file, &path) = Value::from("1"))
        };
        survivors.extend(survivors_in(&[code], ["carc", "rarc"].map(other).into()));
    }
    none_survives(&survivors);
}

/// CD303 says whether a limit may be overturned on review.
#[test]
fn every_adjudication_indicator_of_a_limit_counts() {
    let kind = OriginKind::Limits;
    let other = |n: usize| {
        let path = format!("limits.{n}.mai");
        edited(kind, format!("{path} is another"), |file| *at(file, &path) = Value::from(1))
    };
    none_survives(&survivors_in(&["CD303"], (0..POLICY.limits.len()).map(other).collect()));
}

/// A stay is outside the statement by the regions of its codes.
#[test]
fn every_region_of_a_procedure_counts() {
    let kind = OriginKind::Policy;
    let procedures = file(kind)["procedures"].as_array().expect("a list").clone();
    let mut mutants = Vec::new();
    for (n, region) in procedures.iter().enumerate().filter_map(|(n, code)| Some((n, code.get("region")?))) {
        let path = format!("procedures.{n}.region");
        let what = format!("{path} is thoracic, not {region}");
        mutants.push(edited(kind, what, |file| *at(file, &path) = Value::from("thoracic")));
    }
    assert_eq!(mutants.len(), 3, "two cervical codes and a sacral one");
    none_survives(&survivors_in(&["DX104"], mutants));
}
