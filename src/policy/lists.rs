//! Reads the lists and tables of a policy file: procedures, editions, product classes, settings.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::claim::value::code::{KnownCode, ProcedureColumn, System};
use crate::claim::value::code_set::CodeSet;
use crate::claim::value::product::ProductTable;
use crate::claim::value::setting::SettingTable;
use crate::claim::value::words::{MAX_LABEL_LEN, fold};
use crate::claim::{ClassId, CodeId, CodeTable, Setting};
use crate::ingest::eight_bytes::ends_and_length;
use crate::ingest::empty_words::{never_looked_up, stands_for_nothing};
use crate::ingest::word::product_key;
use crate::policy::{
    Class, DiagnosisFamily, Edition, Excludes, Listed, ListedCode, NecessityBasis, Procedure, Requirement, Role,
};
use crate::steps;
use crate::strict_toml::{Document, SpannedText, Table, nearest, texts};

/// Reads a code: upper-case letters and digits.
fn code_text(
    document: &Document<'_>,
    placed: &SpannedText,
    lengths: std::ops::RangeInclusive<usize>,
) -> Option<String> {
    let plain = placed.text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if plain && lengths.contains(&placed.text.len()) {
        return Some(placed.text.clone());
    }
    let message = format!(
        "\"{}\" is not a code: write {} to {} capital letters and digits, without dot",
        placed.text,
        lengths.start(),
        lengths.end()
    );
    document.fault(placed.span.clone(), message);
    None
}

/// Reads the beginning of diagnoses: a capital letter or digit, a digit, and more letters and digits.
fn family(document: &Document<'_>, placed: SpannedText) -> Option<DiagnosisFamily> {
    let bytes = placed.text.as_bytes();
    let plain = bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if plain
        && (1..=DiagnosisFamily::MOST_CHARACTERS).contains(&bytes.len())
        && bytes.get(1).is_none_or(u8::is_ascii_digit)
    {
        return Some(DiagnosisFamily::new(placed.text));
    }
    let message = format!(
        "no diagnosis begins with \"{}\": write capital letters and digits without dot, such as \"S320\"",
        placed.text
    );
    document.fault(placed.span, message);
    None
}

fn families(document: &Document<'_>, placed: Vec<SpannedText>) -> Vec<DiagnosisFamily> {
    placed.into_iter().filter_map(|placed| family(document, placed)).collect()
}

/// Maximum number of procedure codes: a [`CodeSet`] is one 64-bit word.
const MAX_CODES: usize = 64;

/// The procedure codes, what the policy says about each, and the regions that it names for them.
pub(super) fn read_procedures(
    document: &Document<'_>,
    root: &Table<'_, '_>,
) -> (CodeTable, Vec<Procedure>, Vec<SpannedText>) {
    let mut known: Vec<KnownCode> = Vec::new();
    let (mut procedures, mut regions) = (Vec::new(), Vec::new());
    let mut stand_ins = Vec::new();
    for table in root.tables("procedures") {
        let code = table.text("code").and_then(|p| Some((code_text(document, &p, 5..=7)?, p.span)));
        let system = table.choice("system", &[("CPT", System::Cpt), ("HCPCS", System::Cpt), ("PCS", System::Pcs)]);
        let role = table.choice("role", &Role::WORDS);
        let about = table.text("about");
        let stands_for = table.text_if("stands_for");
        let region = table.text_if("region");
        for (key, placed) in [("stands_for", &stands_for), ("region", &region)] {
            if let Some(placed) = placed.as_ref().filter(|_| system == Some(System::Cpt)) {
                let message = format!("only an ICD-10-PCS code has `{key}`: drop it");
                document.fault(placed.span.clone(), message);
            }
        }
        let (from, until) = (table.date_if("from"), table.date_if("until"));
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            table.fault("`from` is after `until`: exchange them");
        }
        table.deny_unknown_keys();
        let (Some((code, span)), Some(system), Some(role), Some(about)) = (code, system, role, about) else { continue };
        if known.iter().any(|k| k.code == code) {
            document.fault(span, format!("{code} is listed twice: drop one of them"));
            continue;
        }
        if known.len() == MAX_CODES {
            document.fault(span, format!("more than {MAX_CODES} procedure codes: drop some"));
            continue;
        }
        if let Some(placed) = stands_for {
            stand_ins.push((procedures.len(), placed));
        }
        known.push(KnownCode { code, system, listed: role == Role::Listed });
        regions.extend(region.clone());
        let region = region.map(|placed| placed.text);
        procedures.push(Procedure { about: about.text, role, stands_for: None, region, from, until });
    }
    let codes = CodeTable::new(known);
    for (at, placed) in stand_ins {
        procedures[at].stands_for = resolve(document, &codes, &placed);
        if procedures[at].stands_for.is_some_and(|id| codes.get(id).system != System::Cpt) {
            let message = format!("{} is no CPT code: `stands_for` names one, such as \"22513\"", placed.text);
            document.fault(placed.span, message);
        }
    }
    (codes, procedures, regions)
}

/// Refuses regions of procedures that no diagnosis has: the statement of no edition can leave them out.
pub(super) fn check_regions(document: &Document<'_>, named: &[SpannedText], editions: &[Edition]) {
    let listed = || editions.iter().flat_map(|edition| &edition.diagnoses);
    let known: BTreeSet<&str> = listed().filter_map(|listed| listed.region.as_deref()).collect();
    for placed in named.iter().filter(|placed| !known.contains(placed.text.as_str())) {
        let hint = nearest(&placed.text, known.iter().copied()).map(|near| format!("; did you mean \"{near}\"?"));
        let message = format!("no group of diagnoses has the region \"{}\"{}", placed.text, hint.unwrap_or_default());
        document.fault(placed.span.clone(), message);
    }
}

/// The id of a code listed under `procedures`.
pub(super) fn resolve(document: &Document<'_>, codes: &CodeTable, placed: &SpannedText) -> Option<CodeId> {
    let found = codes.exact(&placed.text, ProcedureColumn::Procedure);
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

/// The same, where only a listed CPT code has a meaning. `what`: what only these do, as the end of a sentence.
pub(super) fn resolve_service(
    document: &Document<'_>,
    codes: &CodeTable,
    placed: &SpannedText,
    what: &str,
) -> Option<CodeId> {
    let found = resolve(document, codes, placed)?;
    let is_service = |known: &KnownCode| known.listed && known.system == System::Cpt;
    if is_service(codes.get(found)) {
        return Some(found);
    }
    let services = codes.iter().map(|(_, known)| known).filter(|known| is_service(known));
    let services: Vec<&str> = services.map(|known| known.code.as_str()).collect();
    let message =
        format!("{} is no listed CPT code, and only these {what}: write one of {}", placed.text, services.join(", "));
    document.fault(placed.span.clone(), message);
    None
}

pub(super) fn read_excludes(document: &Document<'_>, table: Table<'_, '_>) -> Option<Excludes> {
    let family = table.text("family").and_then(|placed| self::family(document, placed));
    let with = families(document, table.texts("with"));
    table.deny_unknown_keys();
    Some(Excludes { family: family?, with })
}

/// The editions, earliest first. `None` if one of them cannot be read.
pub(super) fn read_editions(document: &Document<'_>, root: &Table<'_, '_>, codes: &CodeTable) -> Option<Vec<Edition>> {
    let mut editions: Vec<Edition> = Vec::new();
    let mut is_whole = true;
    for table in root.tables("edition") {
        let [id_at, from_at] = ["id", "from"].map(|key| table.span_of(key));
        let Some(edition) = read_edition(document, table, codes) else {
            is_whole = false;
            continue;
        };
        if let Some(other) = editions.iter().find(|other| other.id == edition.id) {
            document.fault(id_at, format!("two editions have the id \"{}\": give each its own", other.id));
        }
        if let Some(other) = editions.iter().find(|other| other.from == edition.from) {
            let message = format!(
                "the edition \"{}\" is from {}, too, and a service is judged by one: write another `from`",
                other.id, other.from
            );
            document.fault(from_at, message);
        }
        editions.push(edition);
    }
    editions.sort_by_key(|edition| edition.from);
    for (number, edition) in editions.iter_mut().enumerate() {
        for (diagnosis, listed) in edition.diagnoses.iter_mut().enumerate() {
            listed.place = ListedCode { edition: number as u8, diagnosis: diagnosis as u16 };
        }
    }
    is_whole.then_some(editions)
}

fn read_edition(document: &Document<'_>, table: Table<'_, '_>, codes: &CodeTable) -> Option<Edition> {
    let id = table.text("id");
    let from = table.date("from", "2020-06-01");
    let verified_through = table.date("verified_through", "2020-06-30");
    let source = table.text("source");
    if let Some(id) = id.iter().find(|id| id.text.is_empty()) {
        document.fault(id.span.clone(), "the `id` of an edition is empty: write id = \"2020-06\"");
    }
    if from.zip(verified_through).is_some_and(|(from, through)| through < from) {
        table.fault(
            "`verified_through` is before `from`: write the last day for which the text is known to be in force",
        );
    }
    let outside = table.texts_if("outside_statement");
    let pain = table.texts_if("pain_or_remission");
    let trauma = families(document, table.texts_if("trauma"));
    let in_pain: HashSet<&str> = pain.iter().map(|placed| placed.text.as_str()).collect();
    let stated_outside: HashSet<&str> = outside.iter().map(|placed| placed.text.as_str()).collect();
    let (mut diagnoses, mut known) = (Vec::<Listed>::new(), HashSet::new());
    for group in table.tables("diagnoses") {
        let about = group.text("about").map(|p| p.text).unwrap_or_default();
        let region = group.text_if("region").map(|p| p.text);
        let fits = group.has("fits").then(|| {
            let mut set = CodeSet::default();
            let fitting = group.texts_if("fits");
            let fitting = fitting.iter().filter_map(|p| resolve_service(document, codes, p, "stand under `fits`"));
            fitting.for_each(|id| set.insert(id));
            set
        });
        if region.is_some() != fits.is_some() {
            group.fault("a group has both `region` and `fits`, or neither: write fits = [\"22513\"] beside region = \"thoracic\"");
        }
        for placed in group.texts("codes") {
            let Some(code) = code_text(document, &placed, 3..=7) else { continue };
            steps::take(1);
            if !known.insert(code.clone()) {
                document.fault(placed.span, format!("{code} is listed twice: drop one of them"));
                continue;
            }
            diagnoses.push(Listed {
                place: ListedCode { edition: 0, diagnosis: 0 },
                outside_statement: region.as_deref().is_some_and(|region| stated_outside.contains(region)),
                pain_or_remission: in_pain.contains(code.as_str()),
                code,
                about: about.clone(),
                region: region.clone(),
                fits,
            });
        }
        group.deny_unknown_keys();
    }
    table.deny_unknown_keys();
    let regions: BTreeSet<&str> = diagnoses.iter().filter_map(|listed| listed.region.as_deref()).collect();
    for placed in &outside {
        if !regions.contains(placed.text.as_str()) {
            document.fault(placed.span.clone(), format!("no group of diagnoses has the region \"{}\"", placed.text));
        }
    }
    for placed in &pain {
        if !known.contains(&placed.text) {
            document.fault(placed.span.clone(), format!("{} is not among the diagnoses", placed.text));
        }
    }
    diagnoses.sort_by(|a, b| a.code.cmp(&b.code));
    let by_ends = diagnoses.iter().enumerate().map(|(i, d)| (ends_and_length(&d.code), i)).collect();
    Some(Edition {
        id: id?.text,
        from: from?,
        verified_through: verified_through?,
        source: source?.text,
        diagnoses,
        trauma,
        outside_statement: texts(outside),
        by_ends,
    })
}

pub(super) fn read_classes(document: &Document<'_>, root: &Table<'_, '_>) -> (Vec<Class>, Option<ProductTable>) {
    let mut classes: Vec<Class> = Vec::new();
    let mut fallback = None;
    let mut labels: BTreeMap<String, ClassId> = BTreeMap::new();
    let mut brands = Vec::new();
    for table in root.tables("class") {
        let id = table.text("id");
        let title = table.text("title");
        let members = table.text("members");
        let basis = [
            ("by-list", NecessityBasis::List),
            ("by-lcd", NecessityBasis::Lcd),
            ("undetermined", NecessityBasis::Undetermined),
        ];
        let necessity = table.choice("necessity", &basis);
        let inpatient = table.choice("inpatient", &Requirement::WORDS);
        let outpatient = table.choice("outpatient", &Requirement::WORDS);
        let words = table.texts_if("labels");
        let of_class = table.texts_if("brands");
        let is_fallback = table.flag("fallback");
        let span = table.span();
        table.deny_unknown_keys();
        let (Some(id), Some(title), Some(members), Some(necessity), Some(inpatient), Some(outpatient)) =
            (id, title, members, necessity, inpatient, outpatient)
        else {
            continue;
        };
        if id.text.is_empty() {
            document.fault(id.span.clone(), "the `id` of a class is empty: write id = \"commercial-managed-care\"");
        } else if classes.iter().any(|class| class.id == id.text) {
            document.fault(id.span.clone(), format!("two classes have the id \"{}\": give each its own", id.text));
        }
        let Ok(number) = u8::try_from(classes.len()) else {
            document.fault(span, "more than 256 classes: drop some");
            break;
        };
        let number = ClassId(number);
        if is_fallback && fallback.replace(number).is_some() {
            document.fault(span, "two classes are the fallback: write fallback = true in one only");
        }
        let own: HashSet<String> = words.iter().map(|label| fold(&label.text)).collect();
        for placed in of_class {
            if !own.contains(&fold(&placed.text)) {
                let message = format!("the brand \"{}\" is not among the labels: add it there", placed.text);
                document.fault(placed.span.clone(), message);
            }
            brands.push((placed.text, number));
        }
        for placed in words.iter().filter(|p| fold(&p.text).len() > MAX_LABEL_LEN) {
            document.fault(placed.span.clone(), format!("a label has at most {MAX_LABEL_LEN} letters: shorten it"));
        }
        for placed in words.iter().filter(|placed| product_key(&placed.text).is_empty()) {
            let message = format!("a label has letters or digits (A to Z, 0 to 9): \"{}\" has none", placed.text);
            document.fault(placed.span.clone(), message);
        }
        for placed in words.iter().filter(|placed| stands_for_nothing(&placed.text, &[])) {
            document.fault(placed.span.clone(), never_looked_up(&placed.text));
        }
        for placed in &words {
            if labels.insert(fold(&placed.text), number).is_some_and(|other| other != number) {
                document.fault(
                    placed.span.clone(),
                    format!("the label \"{}\" belongs to two classes: drop one of them", placed.text),
                );
            }
        }
        let (id, title, members, labels) = (id.text, title.text, members.text, texts(words));
        classes.push(Class { id, title, members, necessity, inpatient, outpatient, labels });
    }
    if fallback.is_none() && !classes.is_empty() {
        root.fault("no class takes unknown products: write fallback = true in one [[class]]");
    }
    let others = root.table("brands").map(|table| {
        let words = table.texts("not_before");
        for placed in words.iter().filter(|placed| fold(&placed.text).is_empty() || fold(&placed.text).contains(' ')) {
            let message = format!("\"{}\" is not one word: write each word by itself", placed.text);
            document.fault(placed.span.clone(), message);
        }
        let words = texts(words);
        table.deny_unknown_keys();
        words
    });
    let products = fallback.zip(others).map(|(f, others)| ProductTable::new(labels, f).with_brands(brands, &others));
    (classes, products)
}

fn two_digits(document: &Document<'_>, placed: &SpannedText) -> Option<[u8; 2]> {
    let bytes: Option<[u8; 2]> =
        placed.text.as_bytes().try_into().ok().filter(|b: &[u8; 2]| b.iter().all(u8::is_ascii_digit));
    if bytes.is_none() {
        document.fault(placed.span.clone(), format!("\"{}\" is not two digits: write \"11\"", placed.text));
    }
    bytes
}

/// Reads the setting tables, the bill type of hospital inpatients, and the emergency places of service.
pub(super) fn read_settings(
    document: &Document<'_>,
    table: Table<'_, '_>,
) -> Option<(SettingTable, [u8; 2], Vec<[u8; 2]>)> {
    let both = |what: &str| -> Vec<([u8; 2], Setting)> {
        let mut known: BTreeMap<[u8; 2], Setting> = BTreeMap::new();
        for (word, setting) in [("inpatient", Setting::Inpatient), ("outpatient", Setting::Outpatient)] {
            for placed in table.texts(&format!("{what}_{word}")) {
                let Some(digits) = two_digits(document, &placed) else { continue };
                if known.insert(digits, setting).is_some_and(|other| other != setting) {
                    let message = format!("\"{}\" is inpatient and outpatient: drop one of them", placed.text);
                    document.fault(placed.span, message);
                }
            }
        }
        known.into_iter().collect()
    };
    let (bill_types, places) = (both("bill_type"), both("place_of_service"));
    let emergency = table.texts_if("place_of_service_emergency");
    let emergency = emergency.iter().filter_map(|p| two_digits(document, p)).collect();
    let hospital = table.text("hospital_inpatient").and_then(|p| two_digits(document, &p));
    table.deny_unknown_keys();
    Some((SettingTable::new(&bill_types, &places), hospital?, emergency))
}
