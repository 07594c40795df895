//! Reads policy files strictly into a [`Policy`]: unknown keys are faults, every name is resolved, and all faults are reported
//! at once.

use std::collections::HashSet;

use rust_decimal::Decimal;

use crate::claim::CodeTable;
use crate::claim::value::vocabulary::Vocabulary;
use crate::policy::clause::read_clauses;
use crate::policy::lists::{
    check_regions, read_classes, read_editions, read_excludes, read_procedures, read_settings, resolve, resolve_service,
};
pub use crate::policy::origin::PolicyFile;
use crate::policy::origin::{ChosenFiles, OriginText};
use crate::policy::{AddOn, Disposition, Example, Exclusive, Limit, Policy, Role, RuleSetting, overrides, vocabulary};
use crate::strict_toml::{Document, Faults, SpannedText, Table, texts};

/// Loads the policy in force: the built-in files, each replaced by a given file of the same kind, and then the overrides, if
/// given. `rules` are the codes of the roster; each must have a disposition and a citation.
pub fn load(given: &[PolicyFile], rules: &[&str]) -> Result<Policy, Faults> {
    let files = ChosenFiles::new(given)?;
    let words = files.vocabulary;
    let (vocabulary, words) =
        Document::load(words.file, words.text, |document, root| vocabulary::read(document, &root, words))?;
    let (file, limits, remittance) = (files.policy, files.limits, files.remittance);
    let read = |document: &Document<'_>, root: Table<'_, '_>| read_policy(document, root, rules, file, vocabulary);
    let mut policy = Document::load(file.file, file.text, read)?;
    add_file(limits, &mut policy, |document, root, policy| read_limits(document, root, policy, rules))?;
    check_citations(&files, &policy, rules)?;
    add_file(remittance, &mut policy, |_, root, policy| read_remittance(root, policy, rules))?;
    policy.origins.push(words);
    if let Some(over) = files.overrides {
        add_file(over, &mut policy, |document, root, policy| overrides::read(document, root, policy, rules))?;
    }
    policy.fingerprint = files.fingerprint();
    Ok(policy)
}

/// Reads a further file into the policy: its values with `read`, and its description.
fn add_file(
    file: OriginText<'_>,
    policy: &mut Policy,
    read: impl FnOnce(&Document<'_>, &Table<'_, '_>, &mut Policy),
) -> Result<(), Faults> {
    Document::load(file.file, file.text, |document, root| {
        let origin = file.read(&root);
        read(document, &root, policy);
        root.deny_unknown_keys();
        policy.origins.push(origin?);
        Some(())
    })
}

fn upper_case(placed: Vec<SpannedText>) -> Vec<String> {
    placed.into_iter().map(|p| p.text.to_uppercase()).collect()
}

fn read_policy(
    document: &Document<'_>,
    root: Table<'_, '_>,
    roster: &[&str],
    file: OriginText<'_>,
    vocabulary: Vocabulary,
) -> Option<Policy> {
    let origin = file.read(&root);
    let unseen = texts(root.texts("unseen"));
    let (codes, procedures, regions) = read_procedures(document, &root);
    let excludes = root.tables_if("excludes");
    let excludes = excludes.into_iter().filter_map(|table| read_excludes(document, table)).collect();
    let editions = read_editions(document, &root, &codes);
    if let Some(editions) = &editions {
        check_regions(document, &regions, editions);
    }
    let (classes, products) = read_classes(document, &root);
    let modifiers = root.table("modifiers").map(|table| {
        let lists = ["laterality", "assistant", "co_surgeon"].map(|key| read_modifiers(document, table.texts(key)));
        table.deny_unknown_keys();
        lists
    });
    let icd10_from = root.table("code_sets").and_then(|table| {
        let from = table.date("icd10_from", "2015-10-01");
        table.deny_unknown_keys();
        from
    });
    let medicare = root.table("medicare").map(|table| {
        let own = table.texts("states");
        let jurisdictions = read_jurisdictions(document, &table, &own);
        let lcd = (table.text("lcd").map(|p| p.text), table.date_if("lcd_from"));
        let read = (lcd, upper_case(own), jurisdictions);
        table.deny_unknown_keys();
        read
    });
    let setting = root.table("setting").and_then(|table| read_settings(document, table));
    let rules = read_rules(document, &root, roster, &codes);
    let mut clauses = Vec::new();
    read_clauses(document, &root, roster, &mut clauses);
    let examples = root.tables_if("example").into_iter().filter_map(|table| read_example(document, table)).collect();
    root.deny_unknown_keys();

    let (settings, hospital_inpatient, emergency_places) = setting?;
    let [laterality, assistant, co_surgeon] = modifiers?;
    let ((lcd, lcd_from), lcd_states, jurisdictions) = medicare?;
    let editions = editions.filter(|editions| !editions.is_empty() && !classes.is_empty())?;
    let origin = origin?;
    let role_sets = Policy::sort_roles(&procedures);
    Some(Policy {
        id: origin.id.clone(),
        origins: vec![origin],
        fingerprint: String::new(),
        unseen,
        editions,
        codes,
        procedures,
        excludes,
        laterality,
        assistant,
        co_surgeon,
        icd10_from: icd10_from?,
        classes,
        products: products?,
        own_labels: Vec::new(),
        lcd: lcd?,
        lcd_from,
        lcd_states,
        jurisdictions,
        emergency_places,
        vocabulary,
        settings,
        hospital_inpatient,
        limits: Vec::new(),
        add_ons: Vec::new(),
        exclusive: Vec::new(),
        level_pairs: Vec::new(),
        clauses,
        examples,
        rules,
        role_sets,
    })
}

/// Reads modifiers: two letters or digits each, as the cells of a claim are cut.
fn read_modifiers(document: &Document<'_>, placed: Vec<SpannedText>) -> Vec<String> {
    let is_modifier = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    for wrong in placed.iter().filter(|placed| !is_modifier(&placed.text)) {
        let message = format!("\"{}\" is no modifier: write two letters or digits, such as \"LT\"", wrong.text);
        document.fault(wrong.span.clone(), message);
    }
    upper_case(placed)
}

/// Reads the other contractors and their states. `own`: the states to which the policy's own determination applies, which
/// comes first.
fn read_jurisdictions(
    document: &Document<'_>,
    table: &Table<'_, '_>,
    own: &[SpannedText],
) -> Vec<(String, Vec<String>)> {
    let mut known: HashSet<String> = HashSet::new();
    let mut check = |placed: &SpannedText| {
        let state = placed.text.to_uppercase();
        if state.chars().filter(|c| c.is_alphabetic()).count() < 2 || state.contains(|c: char| c.is_numeric()) {
            let message = format!("\"{}\" is no state: write its code, such as \"CA\"", placed.text);
            document.fault(placed.span.clone(), message);
        } else if !known.insert(state) {
            let message = format!("the state \"{}\" is listed twice: drop one of them", placed.text);
            document.fault(placed.span.clone(), message);
        }
    };
    own.iter().for_each(&mut check);
    let mut jurisdictions = Vec::new();
    for table in table.tables_if("jurisdictions") {
        let (contractor, states) = (table.text("contractor"), table.texts("states"));
        table.deny_unknown_keys();
        states.iter().for_each(&mut check);
        jurisdictions.extend(contractor.map(|contractor| (contractor.text, upper_case(states))));
    }
    jurisdictions
}

fn read_rules(
    document: &Document<'_>,
    root: &Table<'_, '_>,
    roster: &[&str],
    codes: &CodeTable,
) -> rustc_hash::FxHashMap<String, RuleSetting> {
    let mut rules = rustc_hash::FxHashMap::default();
    let Some(table) = root.table("rules") else { return rules };
    for code in roster {
        table.allow_key(code);
        if !table.has(code) {
            table.fault(format!("rule {code} is missing: write {code} = {{ disposition = \"review\", citation = \"...\" }} under [rules]"));
            continue;
        }
        let Some(rule) = table.table(code) else { continue };
        let disposition = rule.choice("disposition", &Disposition::WORDS);
        let citation = read_citation(document, rule.text_if("citation"));
        let mut by_code = Vec::new();
        if let Some(overrides) = rule.table_if("by_code") {
            for key in overrides.keys() {
                let id = resolve_service(document, codes, &key, "have a disposition of their own");
                by_code.extend(id.zip(overrides.choice(&key.text, &Disposition::WORDS)));
            }
            overrides.deny_unknown_keys();
        }
        rule.deny_unknown_keys();
        if let Some(disposition) = disposition {
            rules.insert(
                (*code).to_owned(),
                RuleSetting {
                    disposition,
                    by_code,
                    citation,
                    carc: String::new(),
                    rarc: String::new(),
                    is_asked: true,
                },
            );
        }
    }
    table.deny_unknown_keys();
    rules
}

fn read_example(document: &Document<'_>, table: Table<'_, '_>) -> Option<Example> {
    let (line, column) = document.line_and_column(table.span().start);
    let says = table.text("says");
    let extract = table.text("extract");
    let auths = table.text_if("auths").map(|p| p.text);
    let expect = texts(table.texts_if("expect"));
    table.deny_unknown_keys();
    Some(Example { says: says?.text, extract: extract?.text, auths, expect, line, column })
}

fn read_limits(document: &Document<'_>, root: &Table<'_, '_>, policy: &mut Policy, roster: &[&str]) {
    let codes = policy.codes.clone();
    let one = |table: &Table<'_, '_>, key: &str| table.text(key).and_then(|p| resolve(document, &codes, &p));
    let service = |table: &Table<'_, '_>, key: &str, what: &str| {
        table.text(key).and_then(|p| resolve_service(document, &codes, &p, what))
    };
    let twice = |at: Option<SpannedText>, what: &str| {
        if let Some(placed) = at {
            document.fault(placed.span, format!("{} {what}", placed.text));
        }
    };
    for table in root.tables("limits") {
        let place = table.text_if("code");
        let code = service(&table, "code", "have a limit");
        let (units, mai) = (table.number("units", 0..=1000), table.number("mai", 1..=3));
        table.deny_unknown_keys();
        if code.is_some_and(|code| policy.limits.iter().any(|limit| limit.code == code)) {
            twice(place, "has two limits: drop one of them");
        } else if let (Some(code), Some(units), Some(mai)) = (code, units, mai) {
            policy.limits.push(Limit { code, units: Decimal::from(units), mai });
        }
    }
    for table in root.tables_if("add_ons") {
        let (code, place) = (service(&table, "code", "are add-ons"), table.text_if("code"));
        let named = table.texts("primaries");
        let primaries: Vec<_> = named.iter().filter_map(|p| resolve(document, &codes, p)).collect();
        table.deny_unknown_keys();
        if code.is_some_and(|code| policy.add_ons.iter().any(|add_on| add_on.code == code)) {
            twice(place, "is listed as an add-on twice: drop one of them");
        } else if code.is_some_and(|code| primaries.contains(&code)) {
            let own = place.and_then(|place| named.into_iter().find(|name| name.text == place.text));
            twice(own, "is an add-on, and cannot be its own primary code: drop it");
        }
        policy.add_ons.extend(code.map(|code| AddOn { code, primaries }));
    }
    for table in root.tables_if("exclusive") {
        let (paid, unpaid) = (one(&table, "paid"), service(&table, "unpaid", "are not paid beside another"));
        table.deny_unknown_keys();
        if paid.is_some() && paid == unpaid {
            twice(table.text_if("unpaid"), "does not exclude itself: name another code");
        }
        policy.exclusive.extend(paid.zip(unpaid).map(|(paid, unpaid)| Exclusive { paid, unpaid }));
    }
    for table in root.tables_if("level_pairs") {
        let (paid, unpaid) = (service(&table, "paid", "are the paid code of such a pair"), one(&table, "unpaid"));
        table.deny_unknown_keys();
        if unpaid.is_some_and(|unpaid| policy.procedure(unpaid).role != Role::Vertebroplasty) {
            let what = "has not the role \"vertebroplasty\", and a pair of levels is of such a code: write, for example, 22510";
            twice(table.text_if("unpaid"), what);
        }
        policy.level_pairs.extend(paid.zip(unpaid).map(|(paid, unpaid)| Exclusive { paid, unpaid }));
    }
    read_clauses(document, root, roster, &mut policy.clauses);
    if let Some(citations) = root.table_if("citations") {
        for code in roster {
            let placed = citations.text_if(code).map(|placed| read_citation(document, Some(placed)));
            if let (Some(citation), Some(rule)) = (placed, policy.rules.get_mut(*code)) {
                rule.citation = citation;
            }
        }
        citations.deny_unknown_keys();
    }
}

/// The text of a citation, which is not empty if it is there.
fn read_citation(document: &Document<'_>, placed: Option<SpannedText>) -> String {
    let Some(placed) = placed else { return String::new() };
    if placed.text.is_empty() {
        document
            .fault(placed.span, "the citation is empty: write the text that the rule rests on, or leave the key out");
    }
    placed.text
}

/// Each rule has a citation, in the policy file or in the file of limits. Where one lacks it, the fault is in the file that was
/// given: at the rule in a policy file, else in the file of limits.
fn check_citations(files: &ChosenFiles<'_>, policy: &Policy, roster: &[&str]) -> Result<(), Faults> {
    let lacks = |code: &&&str| policy.rules.get(**code).is_some_and(|rule| rule.citation.is_empty());
    let lacking: Vec<&str> = roster.iter().filter(lacks).copied().collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let file = if files.limits.is_built_in() { files.policy } else { files.limits };
    Document::load(file.file, file.text, |document, root| {
        let rules = root.table_if("rules");
        for code in &lacking {
            let of_limits = || format!("{code} = \"...\" under [citations], or citation = \"...\" in the policy file");
            let (at, write) = rules.as_ref().map_or_else(
                || (root.span_of("citations"), of_limits()),
                |rules| (rules.span_of(code), "citation = \"...\" in its line".to_owned()),
            );
            document.fault(at, format!("rule {code} has no citation: write {write}"));
        }
        None
    })
}

fn read_remittance(root: &Table<'_, '_>, policy: &mut Policy, roster: &[&str]) {
    if let Some(reasons) = root.table("reasons") {
        for code in roster {
            let Some(table) = reasons.table_if(code) else { continue };
            let (carc, rarc) = (table.text("carc"), table.text("rarc"));
            table.deny_unknown_keys();
            if let (Some(rule), Some(carc), Some(rarc)) = (policy.rules.get_mut(*code), carc, rarc) {
                (rule.carc, rule.rarc) = (carc.text, rarc.text);
            }
        }
        reasons.deny_unknown_keys();
    }
}
