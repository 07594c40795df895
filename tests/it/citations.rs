//! Protects the specification: whatever cites a section cites one that exists, and the pages agree with the rules and
//! codes that the program knows.

use std::collections::BTreeSet;

use claimlint::ledger::Ledger;
use claimlint::rules::{FAMILIES, codes, roster};
use claimlint::spec::{self, PAGES};

use crate::caps::CAPS;
use crate::house::{files, read};
use crate::kit::{DOCS, Inputs, POLICY, Table};
use crate::soak::BINS;

/// What introduces a citation in a comment.
const MARK: &str = "spec: ";

/// Every `page/anchor` that directly follows [`MARK`] in a line, or follows a first one after a comma.
fn cited(line: &str) -> Vec<&str> {
    let citation =
        |text: &str| text.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && !"-/".contains(c));
    let mut found = Vec::new();
    for mut rest in line.split(MARK).skip(1) {
        loop {
            let end = citation(rest).unwrap_or(rest.len());
            let (candidate, after) = rest.split_at(end);
            if !candidate.contains('/') {
                break;
            }
            found.push(candidate);
            let Some(next) = after.strip_prefix(", ") else { break };
            rest = next;
        }
    }
    found
}

#[test]
fn every_citation_resolves() {
    let mut wrong = Vec::new();
    let mut resolved = 0;
    for folder in ["src", "tests", "benches", "fixtures"] {
        for file in ["rs", "toml", "md"].iter().flat_map(|extension| files(folder, extension)) {
            if file == "tests/it/citations.rs" {
                // It names sections that do not exist.
                continue;
            }
            for (number, line) in read(&file).lines().enumerate() {
                for citation in cited(line) {
                    match spec::resolve(citation) {
                        Some(_) => resolved += 1,
                        None => wrong.push(format!("{file}:{}: {citation}", number + 1)),
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "these sections do not exist:\n{}", wrong.join("\n"));
    assert!(resolved > 0, "nothing cites the specification");
}

#[test]
fn a_citation_is_found_in_the_middle_of_a_comment() {
    assert_eq!(cited("/// Why. spec: judging/near-miss."), ["judging/near-miss"]);
    assert_eq!(cited("// spec: bins/versions, bins/pending, and more"), ["bins/versions", "bins/pending"]);
    assert_eq!(cited("(spec: a/b) and (spec: c/d-2)"), ["a/b", "c/d-2"]);
    assert!(cited("    spec: Spec,").is_empty());
    assert!(cited("the specification: a/b").is_empty());
}

/// A page refers to another by its name and anchor in backticks.
#[test]
fn the_pages_refer_to_sections_that_exist() {
    let mut wrong = Vec::new();
    for page in PAGES {
        for quoted in page.text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let names_page = quoted.split_once('/').is_some_and(|(name, _)| spec::page(name).is_some());
            if names_page && spec::resolve(quoted).is_none() {
                wrong.push(format!("{}: {quoted}", page.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_of_rules_names_every_rule_with_its_disposition() {
    let page = spec::page("rules").expect("a page").text;
    for rule in DOCS.iter() {
        let disposition = POLICY.rule(&rule.code).disposition.word();
        let row = format!("\n| {} | {} | {disposition} ", rule.code, rule.name);
        assert!(page.contains(&row), "src/spec/rules.md has no row that begins with{row}");
    }
}

#[test]
fn the_page_of_words_names_every_procedure_of_the_policy() {
    let section = spec::resolve("words/codes").expect("a section").text;
    let policy = &POLICY.own_origin().text;
    let codes: Vec<&str> = policy
        .lines()
        .filter(|line| line.contains("role = \""))
        .filter_map(|line| line.split_once("code = \"")?.1.split('"').next())
        .collect();
    assert!(codes.len() > 20, "{} procedures", codes.len());
    for code in codes {
        assert!(section.contains(code), "src/spec/words.md lacks {code}");
    }
}

/// The cells of a row of a Markdown table.
fn cells(row: &str) -> Vec<&str> {
    row.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// The words in backticks in the column `number` of the tables of a section.
fn table_words(citation: &str, number: usize) -> BTreeSet<String> {
    let section = spec::resolve(citation).expect("a section").text;
    let rows = section.lines().filter(|line| line.trim_start().starts_with('|')).map(cells);
    let words =
        |row: Vec<&'static str>| row[number].split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let found: BTreeSet<String> = rows.flat_map(words).collect();
    assert!(!found.is_empty(), "{citation}: no table with words");
    found
}

/// The words in backticks in the first column of the tables of a section.
pub(crate) fn first_cells(citation: &str) -> BTreeSet<String> {
    table_words(citation, 0)
}

/// The rules that a page names, also in the middle of a sentence.
fn named_rules(text: &str) -> BTreeSet<String> {
    let is_rule = |word: &&str| {
        word.len() == 5
            && word.bytes().take(2).all(|b| b.is_ascii_uppercase())
            && word.bytes().skip(2).all(|b| b.is_ascii_digit())
            && FAMILIES.iter().any(|family| family[0].code[..2] == word[..2])
    };
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_rule).map(str::to_owned).collect()
}

#[test]
fn every_rule_that_a_page_names_exists() {
    let rules: BTreeSet<String> = DOCS.iter().map(|doc| doc.code.clone()).collect();
    for page in PAGES {
        let unknown: Vec<String> = named_rules(page.text).difference(&rules).cloned().collect();
        assert!(unknown.is_empty(), "src/spec/{}.md names {unknown:?}", page.name);
    }
    // The tables of the page of rules have one row for each rule and no other.
    let page = spec::page("rules").expect("a page").text;
    let first = page.lines().filter(|line| line.starts_with("| ")).map(|line| cells(line)[0]);
    let listed: Vec<&str> = first.filter(|cell| !named_rules(cell).is_empty()).collect();
    let listed_once: BTreeSet<String> = listed.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!((listed.len(), listed_once), (rules.len(), rules));
}

#[test]
fn the_pages_name_the_caps_bins_and_bases_of_the_program() {
    let caps: BTreeSet<String> = CAPS.iter().map(|cap| cap.word().to_owned()).collect();
    assert_eq!(first_cells("judging/caps"), caps);
    assert_eq!(table_words("bins/order", 1), BINS.map(str::to_owned).into());
    let ledger = serde_json::to_value(Ledger::default()).expect("a map of numbers");
    let keys = ledger.as_object().expect("a map").keys().filter(|key| *key != "rows").cloned();
    assert_eq!(keys.collect::<BTreeSet<_>>(), BINS.map(str::to_owned).into());
    // The soak compares the bases of this table with those that the program prints.
    let amounts = ["paid", "allowed", "charge"];
    let of_rows = amounts.iter().flat_map(|amount| ["", "-total", "-claim", "-sum"].map(|of| format!("{amount}{of}")));
    let bases = of_rows.chain(["capitated", "stay", "claim"].map(str::to_owned));
    assert_eq!(first_cells("judging/amount-at-risk"), bases.collect::<BTreeSet<_>>());
}

/// The table of caps says for each cap which rules it caps.
#[test]
fn the_table_of_caps_has_the_rules_of_each_cap() {
    let section = spec::resolve("judging/caps").expect("a section").text;
    for cap in CAPS {
        let row = section.lines().map(cells).find(|row| row[0] == format!("`{}`", cap.word())).expect("a row");
        let capped: BTreeSet<&str> =
            roster().filter(|(_, rule)| rule.caps.contains(&cap)).map(|(_, rule)| rule.code).collect();
        assert_eq!(rules_of(row[1]), capped, "{}", cap.word());
    }
}

/// The rules of a cell such as `DX101, CD301 to CD303`, or of `all PA rules`.
fn rules_of(cell: &str) -> BTreeSet<&'static str> {
    let codes: Vec<&'static str> = codes();
    let place = |code: &str| codes.iter().position(|own| *own == code).unwrap_or_else(|| panic!("no rule {code}"));
    let mut found = BTreeSet::new();
    for part in cell.split(", ") {
        if let Some(family) = part.strip_prefix("all ").and_then(|rest| rest.strip_suffix(" rules")) {
            found.extend(codes.iter().filter(|code| code.starts_with(family)));
        } else if let Some((first, last)) = part.split_once(" to ") {
            found.extend(&codes[place(first)..=place(last)]);
        } else {
            found.insert(codes[place(part)]);
        }
    }
    found
}

#[test]
fn the_page_of_fields_has_every_product_label_of_the_policy_under_its_class() {
    let section = spec::resolve("fields/product-class").expect("a section").text;
    let text = &POLICY.own_origin().text;
    let policy: toml::Table = text.parse().expect("the built-in policy is TOML");
    let mut seen = 0;
    for class in policy["class"].as_array().expect("the classes") {
        let id = class["id"].as_str().expect("an id");
        let row = section.lines().map(cells).find(|row| row[0] == format!("`{id}`"));
        let listed = row.map_or("", |row| row[1]).split(':').next().unwrap_or_default();
        let listed: Vec<&str> = listed.split(", ").collect();
        let labels = class.get("labels").and_then(toml::Value::as_array).into_iter().flatten();
        for label in labels.filter_map(toml::Value::as_str).filter(|label| *label != id) {
            assert!(listed.contains(&label), "src/spec/fields.md: {id} lacks {label}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} labels");
}

#[test]
fn the_tables_have_the_columns_of_the_specification_in_its_order() {
    let extract = "claim_id,service_date,procedure_code,diagnosis_1\nC1,2024-03-02,22514,M4856XA\n";
    let outcome = Inputs::one(extract).run().expect("a run");
    for (file, citation) in [("services.csv", "outputs/services"), ("findings.csv", "outputs/findings")] {
        let flowed = spec::resolve(citation).expect("a section").text.split_whitespace().collect::<Vec<_>>().join(" ");
        let list = flowed.strip_prefix("1. In this order: ").and_then(|rest| rest.split('.').next());
        let columns: Vec<&str> = list.expect("the columns come first").split(", ").collect();
        let header = Table::written(&outcome, file).header;
        assert!(columns.len() >= header.len(), "{file} has columns that {citation} lacks: {header:?}");
        assert_eq!(header, columns[..header.len()], "{file}");
    }
}
