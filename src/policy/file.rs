//! Policy files read strictly into a [`Policy`]: unknown keys refused, every name resolved, all faults at once.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    AddOn, Class, Disposition, Edition, Example, Excludes, Exclusive, Limit, Listed, NecessityBasis, Origin, Policy,
    Procedure, Requirement, Role, RuleSetting,
};
use crate::claim::book::CodeSet;
use crate::claim::code::{KnownCode, System};
use crate::claim::product::{ProductTable, fold};
use crate::claim::setting::SettingTable;
use crate::claim::{ClassId, CodeId, CodeTable, Setting};
use crate::sheet::{Document, Faults, Placed, Sheet, nearest};

/// The files that come with the program.
const BUILT_IN: [(&str, &str); 3] = [
    ("policy", include_str!("../policies/bcbsma-485.toml")),
    ("limits", include_str!("../policies/ncci-2024q3.toml")),
    ("remittance", include_str!("../policies/remittance.toml")),
];

/// A file given with `--policy`: its name and its text.
#[derive(Debug, Clone)]
pub struct Given {
    /// As the user named it.
    pub file: String,
    /// Its content.
    pub text: String,
}

/// Loads the policy in force: the built-in files, each replaced by a given file of its kind. `rules` are the codes of
/// the roster; each must have a disposition and a citation.
pub fn load(given: &[Given], rules: &[&str]) -> Result<Policy, Faults> {
    let mut chosen: Vec<(&str, &str, &str)> = BUILT_IN.iter().map(|(kind, text)| (*kind, "built in", *text)).collect();
    for file in given {
        let kind = kind_of(file)?;
        for slot in chosen.iter_mut().filter(|(k, ..)| *k == kind) {
            if slot.1 != "built in" {
                let message = format!("{} is a file of kind \"{kind}\" too: give one of them", slot.1);
                return Err(Faults {
                    file: file.file.clone(),
                    list: vec![crate::sheet::Fault { line: 1, column: 1, message }],
                });
            }
            *slot = (slot.0, &file.file, &file.text);
        }
    }
    let fingerprint = {
        let mut hasher = blake3::Hasher::new();
        for (kind, _, text) in &chosen {
            hasher.update(kind.as_bytes()).update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    };
    let [policy, limits, remittance] = [0, 1, 2].map(|i| chosen[i]);
    let mut made = Document::load(policy.1, policy.2, |document, root| read_policy(document, root, rules, policy))?;
    Document::load(limits.1, limits.2, |document, root| read_limits(document, root, &mut made, rules, limits))?;
    Document::load(remittance.1, remittance.2, |_, root| read_remittance(root, &mut made, rules, remittance))?;
    made.fingerprint = fingerprint;
    Ok(made)
}

fn kind_of(given: &Given) -> Result<&'static str, Faults> {
    Document::load(&given.file, &given.text, |_, root| root.choice("kind", &BUILT_IN.map(|(kind, _)| (kind, kind))))
}

fn read_origin(root: &Sheet<'_, '_>, (kind, file, text): (&str, &str, &str)) -> Option<Origin> {
    let words = BUILT_IN.map(|(kind, _)| (kind, kind));
    let stated = root.choice("kind", &words).filter(|k| *k == kind);
    let [id, title, publisher, source, valid] =
        ["id", "title", "publisher", "source", "valid"].map(|key| root.text(key).map(|p| p.text));
    Some(Origin {
        kind: stated?,
        id: id?,
        title: title?,
        publisher: publisher?,
        source: source?,
        valid: valid?,
        file: file.to_owned(),
        text: text.to_owned(),
    })
}

fn texts(placed: Vec<Placed>) -> Vec<String> {
    placed.into_iter().map(|p| p.text).collect()
}

fn shouted(placed: Vec<Placed>) -> Vec<String> {
    placed.into_iter().map(|p| p.text.to_uppercase()).collect()
}

fn read_policy(
    document: &Document<'_>,
    root: Sheet<'_, '_>,
    roster: &[&str],
    file: (&str, &str, &str),
) -> Option<Policy> {
    let origin = read_origin(&root, file);
    let unseen = texts(root.texts("unseen"));
    let (codes, procedures) = read_procedures(document, &root);
    let excludes = root.sheets_if("excludes").into_iter().filter_map(read_excludes).collect();
    let mut editions: Vec<Edition> =
        root.sheets("edition").into_iter().filter_map(|sheet| read_edition(document, sheet, &codes)).collect();
    editions.sort_by_key(|e| e.from);
    let (classes, products) = read_classes(document, &root);
    let modifiers = root.sheet("modifiers").map(|s| {
        let lists = (shouted(s.texts("laterality")), shouted(s.texts("assistant")));
        s.finish();
        lists
    });
    let medicare = root.sheet("medicare").map(|s| {
        let read = (s.text("lcd").map(|p| p.text), shouted(s.texts("states")));
        s.finish();
        read
    });
    let authorization = root.sheet("authorization").map(|s| {
        let lists = (shouted(s.texts("fillers")), shouted(s.texts("approved")));
        s.finish();
        lists
    });
    let setting = root.sheet("setting").and_then(|s| read_settings(document, s));
    let rules = read_rules(document, &root, roster, &codes);
    let examples = root.sheets_if("example").into_iter().filter_map(|s| read_example(document, s)).collect();
    root.finish();

    let (settings, hospital_inpatient) = setting?;
    let (laterality, assistant) = modifiers?;
    let (lcd, lcd_states) = medicare?;
    let (fillers, approved) = authorization?;
    if editions.is_empty() || classes.is_empty() {
        return None;
    }
    let origin = origin?;
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
        classes,
        products: products?,
        lcd: lcd?,
        lcd_states,
        fillers,
        approved,
        settings,
        hospital_inpatient,
        limits: Vec::new(),
        add_ons: Vec::new(),
        exclusive: Vec::new(),
        examples,
        rules,
    })
}

/// A code as the tables hold it: upper-case letters and digits.
fn code_text(document: &Document<'_>, placed: &Placed, lengths: std::ops::RangeInclusive<usize>) -> Option<String> {
    let plain = placed.text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if plain && lengths.contains(&placed.text.len()) {
        return Some(placed.text.clone());
    }
    let message = format!(
        "\"{}\" is no code: write {} to {} capital letters and digits, without dot",
        placed.text,
        lengths.start(),
        lengths.end()
    );
    document.fault(placed.span.clone(), message);
    None
}

/// The bound of [`CodeSet`], a set in one machine word.
const MOST_CODES: usize = 64;

fn read_procedures(document: &Document<'_>, root: &Sheet<'_, '_>) -> (CodeTable, Vec<Procedure>) {
    let mut known: Vec<KnownCode> = Vec::new();
    let mut procedures = Vec::new();
    let mut stand_ins = Vec::new();
    for sheet in root.sheets("procedures") {
        let code = sheet.text("code").and_then(|p| Some((code_text(document, &p, 5..=7)?, p.span)));
        let system = sheet.choice("system", &[("CPT", System::Cpt), ("HCPCS", System::Cpt), ("PCS", System::Pcs)]);
        let role = sheet.choice("role", &Role::WORDS);
        let about = sheet.text("about");
        let stands_for = sheet.text_if("stands_for");
        let (from, until) = (sheet.date_if("from"), sheet.date_if("until"));
        sheet.finish();
        let (Some((code, span)), Some(system), Some(role), Some(about)) = (code, system, role, about) else { continue };
        if known.iter().any(|k| k.code == code) {
            document.fault(span, format!("{code} stands twice: drop one of them"));
            continue;
        }
        if known.len() == MOST_CODES {
            document.fault(span, format!("more than {MOST_CODES} procedure codes: drop some"));
            continue;
        }
        if let Some(placed) = stands_for {
            stand_ins.push((procedures.len(), placed));
        }
        known.push(KnownCode { code, system, listed: role == Role::Listed });
        procedures.push(Procedure { about: about.text, role, stands_for: None, from, until });
    }
    let codes = CodeTable::new(known);
    for (at, placed) in stand_ins {
        procedures[at].stands_for = resolve(document, &codes, &placed);
    }
    (codes, procedures)
}

/// The number of a code that `procedures` lists.
fn resolve(document: &Document<'_>, codes: &CodeTable, placed: &Placed) -> Option<CodeId> {
    let found = codes.iter().find(|(_, k)| k.code == placed.text).map(|(id, _)| id);
    if found.is_none() {
        let hint =
            nearest(&placed.text, codes.iter().map(|(_, k)| k.code.as_str())).map(|k| format!("; did you mean {k}?"));
        document.fault(
            placed.span.clone(),
            format!("{} is not among the procedures{}", placed.text, hint.unwrap_or_default()),
        );
    }
    found
}

fn read_excludes(sheet: Sheet<'_, '_>) -> Option<Excludes> {
    let family = sheet.text("family").map(|p| p.text);
    let with = texts(sheet.texts("with"));
    sheet.finish();
    Some(Excludes { family: family?, with })
}

fn read_edition(document: &Document<'_>, sheet: Sheet<'_, '_>, codes: &CodeTable) -> Option<Edition> {
    let id = sheet.text("id");
    let from = sheet.date("from");
    let source = sheet.text("source");
    let outside = sheet.texts_if("outside_statement");
    let pain = sheet.texts_if("pain_or_remission");
    let trauma = texts(sheet.texts_if("trauma"));
    let mut diagnoses: Vec<Listed> = Vec::new();
    for group in sheet.sheets("diagnoses") {
        let about = group.text("about").map(|p| p.text).unwrap_or_default();
        let region = group.text_if("region").map(|p| p.text);
        let fits = group.has("fits").then(|| {
            let mut set = CodeSet::default();
            group.texts_if("fits").iter().filter_map(|p| resolve(document, codes, p)).for_each(|id| set.insert(id));
            set
        });
        if region.is_some() != fits.is_some() {
            group.fault("a group has both `region` and `fits`, or neither: write fits = [\"22513\"] beside region = \"thoracic\"");
        }
        for placed in group.texts("codes") {
            let Some(code) = code_text(document, &placed, 3..=7) else { continue };
            if diagnoses.iter().any(|d| d.code == code) {
                document.fault(placed.span, format!("{code} stands twice: drop one of them"));
                continue;
            }
            diagnoses.push(Listed {
                outside_statement: region.as_ref().is_some_and(|r| outside.iter().any(|o| o.text == *r)),
                pain_or_remission: pain.iter().any(|p| p.text == code),
                code,
                about: about.clone(),
                region: region.clone(),
                fits,
            });
        }
        group.finish();
    }
    sheet.finish();
    for placed in &outside {
        if !diagnoses.iter().any(|d| d.region.as_ref() == Some(&placed.text)) {
            document.fault(placed.span.clone(), format!("no group of diagnoses has the region \"{}\"", placed.text));
        }
    }
    for placed in &pain {
        if !diagnoses.iter().any(|d| d.code == placed.text) {
            document.fault(placed.span.clone(), format!("{} is not among the diagnoses", placed.text));
        }
    }
    diagnoses.sort_by(|a, b| a.code.cmp(&b.code));
    let by_code = diagnoses.iter().enumerate().map(|(i, d)| (d.code.clone(), i)).collect();
    Some(Edition { id: id?.text, from: from?, source: source?.text, diagnoses, trauma, by_code })
}

fn read_classes(document: &Document<'_>, root: &Sheet<'_, '_>) -> (Vec<Class>, Option<ProductTable>) {
    let mut classes: Vec<Class> = Vec::new();
    let mut fallback = None;
    let mut labels: BTreeMap<String, ClassId> = BTreeMap::new();
    for sheet in root.sheets("class") {
        let id = sheet.text("id");
        let title = sheet.text("title");
        let basis = [
            ("by-list", NecessityBasis::List),
            ("by-lcd", NecessityBasis::Lcd),
            ("undetermined", NecessityBasis::Undetermined),
        ];
        let necessity = sheet.choice("necessity", &basis);
        let inpatient = sheet.choice("inpatient", &Requirement::WORDS);
        let outpatient = sheet.choice("outpatient", &Requirement::WORDS);
        let words = sheet.texts_if("labels");
        let is_fallback = sheet.flag("fallback");
        let span = sheet.span();
        sheet.finish();
        let (Some(id), Some(title), Some(necessity), Some(inpatient), Some(outpatient)) =
            (id, title, necessity, inpatient, outpatient)
        else {
            continue;
        };
        let number = ClassId(classes.len() as u8);
        if is_fallback && fallback.replace(number).is_some() {
            document.fault(span, "two classes are the fallback: write fallback = true in one only");
        }
        for placed in &words {
            if labels.insert(fold(&placed.text), number).is_some_and(|other| other != number) {
                document.fault(
                    placed.span.clone(),
                    format!("the label \"{}\" belongs to two classes: drop one of them", placed.text),
                );
            }
        }
        classes.push(Class { id: id.text, title: title.text, necessity, inpatient, outpatient, labels: texts(words) });
    }
    if fallback.is_none() && !classes.is_empty() {
        root.fault("no class takes unknown products: write fallback = true in one [[class]]");
    }
    let products = fallback.map(|f| ProductTable::new(labels, f));
    (classes, products)
}

fn two_digits(document: &Document<'_>, placed: &Placed) -> Option<[u8; 2]> {
    let bytes: Option<[u8; 2]> =
        placed.text.as_bytes().try_into().ok().filter(|b: &[u8; 2]| b.iter().all(u8::is_ascii_digit));
    if bytes.is_none() {
        document.fault(placed.span.clone(), format!("\"{}\" is not two digits: write \"11\"", placed.text));
    }
    bytes
}

fn read_settings(document: &Document<'_>, sheet: Sheet<'_, '_>) -> Option<(SettingTable, [u8; 2])> {
    let list = |key: &str, setting| -> Vec<([u8; 2], Setting)> {
        sheet.texts(key).iter().filter_map(|p| two_digits(document, p)).map(|d| (d, setting)).collect()
    };
    let mut bill_types = list("bill_type_inpatient", Setting::Inpatient);
    bill_types.extend(list("bill_type_outpatient", Setting::Outpatient));
    let mut places = list("place_of_service_inpatient", Setting::Inpatient);
    places.extend(list("place_of_service_outpatient", Setting::Outpatient));
    let hospital = sheet.text("hospital_inpatient").and_then(|p| two_digits(document, &p));
    sheet.finish();
    Some((SettingTable { bill_types, places }, hospital?))
}

fn read_rules(
    document: &Document<'_>,
    root: &Sheet<'_, '_>,
    roster: &[&str],
    codes: &CodeTable,
) -> rustc_hash::FxHashMap<String, RuleSetting> {
    let mut rules = rustc_hash::FxHashMap::default();
    let Some(sheet) = root.sheet("rules") else { return rules };
    for code in roster {
        sheet.offer(code);
        if !sheet.has(code) {
            sheet.fault(format!("rule {code} is missing: write {code} = {{ disposition = \"review\", citation = \"...\" }} under [rules]"));
            continue;
        }
        let Some(rule) = sheet.sheet(code) else { continue };
        let disposition = rule.choice("disposition", &Disposition::WORDS);
        let citation = rule.text_if("citation").map(|p| p.text).unwrap_or_default();
        let mut by_code = Vec::new();
        if let Some(overrides) = rule.sheet_if("by_code") {
            for key in overrides.keys() {
                let id = resolve(document, codes, &key);
                by_code.extend(id.zip(overrides.choice(&key.text, &Disposition::WORDS)));
            }
            overrides.finish();
        }
        rule.finish();
        if let Some(disposition) = disposition {
            rules.insert(
                (*code).to_owned(),
                RuleSetting { disposition, by_code, citation, carc: String::new(), rarc: String::new() },
            );
        }
    }
    sheet.finish();
    rules
}

fn read_example(document: &Document<'_>, sheet: Sheet<'_, '_>) -> Option<Example> {
    let line = document.line_of(sheet.span().start);
    let says = sheet.text("says");
    let extract = sheet.text("extract");
    let auths = sheet.text_if("auths").map(|p| p.text);
    let expect = texts(sheet.texts_if("expect"));
    sheet.finish();
    Some(Example { says: says?.text, extract: extract?.text, auths, expect, line })
}

fn read_limits(
    document: &Document<'_>,
    root: Sheet<'_, '_>,
    policy: &mut Policy,
    roster: &[&str],
    file: (&str, &str, &str),
) -> Option<()> {
    let origin = read_origin(&root, file);
    let codes = policy.codes.clone();
    let one = |sheet: &Sheet<'_, '_>, key: &str| sheet.text(key).and_then(|p| resolve(document, &codes, &p));
    for sheet in root.sheets("limits") {
        let (code, units, mai) = (one(&sheet, "code"), sheet.number("units", 0..=1000), sheet.number("mai", 1..=3));
        sheet.finish();
        if let (Some(code), Some(units), Some(mai)) = (code, units, mai) {
            policy.limits.push(Limit { code, units: Decimal::from(units), mai });
        }
    }
    for sheet in root.sheets_if("add_ons") {
        let code = one(&sheet, "code");
        let primaries = sheet.texts("primaries").iter().filter_map(|p| resolve(document, &codes, p)).collect();
        sheet.finish();
        policy.add_ons.extend(code.map(|code| AddOn { code, primaries }));
    }
    for sheet in root.sheets_if("exclusive") {
        let (paid, unpaid) = (one(&sheet, "paid"), one(&sheet, "unpaid"));
        sheet.finish();
        policy.exclusive.extend(paid.zip(unpaid).map(|(paid, unpaid)| Exclusive { paid, unpaid }));
    }
    if let Some(citations) = root.sheet_if("citations") {
        for code in roster {
            if let (Some(placed), Some(rule)) = (citations.text_if(code), policy.rules.get_mut(*code)) {
                rule.citation = placed.text;
            }
        }
        citations.finish();
    }
    for code in roster {
        if policy.rules.get(*code).is_some_and(|r| r.citation.is_empty()) {
            root.fault(format!(
                "rule {code} has no citation: write {code} = \"...\" under [citations], here or in the policy file"
            ));
        }
    }
    root.finish();
    policy.origins.push(origin?);
    Some(())
}

fn read_remittance(root: Sheet<'_, '_>, policy: &mut Policy, roster: &[&str], file: (&str, &str, &str)) -> Option<()> {
    let origin = read_origin(&root, file);
    if let Some(reasons) = root.sheet("reasons") {
        for code in roster {
            let Some(sheet) = reasons.sheet_if(code) else { continue };
            let (carc, rarc) = (sheet.text("carc"), sheet.text("rarc"));
            sheet.finish();
            if let (Some(rule), Some(carc), Some(rarc)) = (policy.rules.get_mut(*code), carc, rarc) {
                (rule.carc, rule.rarc) = (carc.text, rarc.text);
            }
        }
        reasons.finish();
    }
    root.finish();
    policy.origins.push(origin?);
    Some(())
}
