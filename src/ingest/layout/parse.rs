//! Reads a layout file strictly: every unknown key is a fault with its place.

use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::binding::Split;
use crate::ingest::layout::dates::DatePattern;
use crate::ingest::layout::definition::{ColumnNames, Layout, Mapping, NumberedName, SLOT};
use crate::ingest::layout::demands::Demands;
use crate::ingest::layout::parse_join::read_joins;
use crate::ingest::layout::ranges::expand;
use crate::ingest::layout::words::LayoutWords;
use crate::ingest::record::trailer;
use crate::strict_toml::{Document, Faults, SpannedText, Table, texts};

/// Key of the numbered pointer columns. The key `diagnosis_pointer` is a single cell with all pointers.
const POINTERS: &str = "diagnosis_pointers";

impl Layout {
    /// Reads the text of a layout file. The error lists every fault with its place.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        Document::load(file, text, |document, root| read_layout(document, &root))
    }
}

fn read_layout(document: &Document<'_>, root: &Table<'_, '_>) -> Option<Layout> {
    let name = root.text("name");
    let title = root.text("title");
    let source = root.text("source");
    let valid = root.text("valid");
    let delimiter = root.text_if("delimiter").and_then(|d| one_byte(document, &d));
    let skip_lines = root.number_if("skip_lines", 0..=1000).unwrap_or(0);
    let skip_prefix =
        root.texts_if("skip_prefix").into_iter().map(|p| p.text.into_bytes()).filter(|p| !p.is_empty()).collect();
    let trailer = root.table_if("trailer").and_then(|table| trailer::read(document, &table));
    let header = texts(root.texts_if("header"));
    let null = root.texts_if("null").into_iter().map(|p| p.text.to_uppercase()).collect();
    let recognise: Vec<String> = root.texts_if("recognise").iter().map(|p| fold(&p.text)).collect();
    let slots = root.number_if("slots", 2..=99).and_then(|n| u8::try_from(n).ok());
    let mapping = match (root.table_if("spellings"), root.table_if("columns")) {
        (Some(spellings), None) => {
            if slots.is_some() {
                root.fault(
                    "`slots` needs [columns], whose names hold {slot}: write procedure_code = \"HCPCS_CD_{slot}\"",
                );
            }
            read_spellings(document, spellings, [root.table_if("first"), root.table_if("second")])
        }
        (None, Some(columns)) => {
            let keys = columns.keys();
            let mapping = read_columns(document, columns);
            check_slots(document, root, slots.is_some(), &keys, &mapping);
            mapping
        }
        _ => {
            root.fault("a layout has either [columns] or [spellings]: write [columns] with claim_id, service_date, procedure_code, diagnosis ...");
            return None;
        }
    };
    let joins = read_joins(document, root);
    let lists = root.table_if("lists").map(|s| read_lists(document, &s)).unwrap_or_default();
    let claim_id: &[String] = match &mapping {
        Mapping::Columns { fields, .. } => {
            fields.iter().find(|(field, _)| *field == Field::ClaimId).map_or(&[], |(_, named)| named.names())
        }
        Mapping::Spellings { .. } => &[],
    };
    let words = LayoutWords::read(document, root, claim_id);
    let dates = root.texts_if("dates").iter().filter_map(|placed| date_pattern(document, placed)).collect();
    let demands = Demands::read(document, root);
    let mut products = Vec::new();
    if let Some(table) = root.table_if("products") {
        for key in table.keys() {
            if let Some(class) = table.text(&key.text) {
                products.push((key, class.text));
            }
        }
    }
    root.deny_unknown_keys();
    Some(Layout {
        name: name?.text,
        title: title?.text,
        source: source?.text,
        valid: valid?.text,
        delimiter,
        skip_lines: usize::try_from(skip_lines).ok()?,
        skip_prefix,
        trailer,
        header,
        slots,
        joins,
        products,
        words,
        dates,
        demands,
        recognise,
        always: false,
        null,
        lists,
        mapping,
    })
}

fn date_pattern(document: &Document<'_>, placed: &SpannedText) -> Option<DatePattern> {
    DatePattern::parse(&placed.text).map_err(|message| document.fault(placed.span.clone(), message)).ok()
}

fn one_byte(document: &Document<'_>, placed: &SpannedText) -> Option<u8> {
    if let [b @ (b',' | b'|' | b'\t' | b';' | b'*')] = placed.text.as_bytes() {
        return Some(*b);
    }
    document.fault(placed.span.clone(), "the delimiter is one of five: write \",\", \"|\", \"\\t\", \";\" or \"*\"");
    None
}

fn group_of(key: &str) -> Option<Group> {
    if key == POINTERS {
        return Some(Group::DiagnosisPointer);
    }
    Group::named(key).filter(|group| *group != Group::DiagnosisPointer)
}

/// Allows every field as a key, so that only other keys are faults.
fn allow_all_fields(table: &Table<'_, '_>) {
    for name in Field::NAMES.iter().map(|(_, n)| *n).chain(["modifier", "diagnosis", "icd_procedure", POINTERS]) {
        table.allow_key(name);
    }
}

fn read_spellings(document: &Document<'_>, table: Table<'_, '_>, unnumbered: [Option<Table<'_, '_>>; 2]) -> Mapping {
    allow_all_fields(&table);
    let (mut fields, mut groups, mut singles) = (Vec::new(), Vec::new(), Vec::new());
    for key in table.keys() {
        if let Some(group) = group_of(&key.text) {
            let patterns = table.texts(&key.text).iter().filter_map(|p| pattern(document, p)).collect();
            groups.push((group, patterns));
        } else if let Some(field) = Field::named(&key.text) {
            fields.push((field, texts(table.texts(&key.text))));
        }
    }
    table.deny_unknown_keys();
    for (slot, words) in (1u8..).zip(unnumbered).filter_map(|(slot, words)| Some((slot, words?))) {
        for key in words.keys() {
            if let Some(group) = group_of(&key.text) {
                singles.push((group, slot, texts(words.texts(&key.text))));
            }
        }
        words.deny_unknown_keys();
    }
    Mapping::Spellings { fields, groups, unnumbered: singles }
}

fn pattern(document: &Document<'_>, placed: &SpannedText) -> Option<NumberedName> {
    let Some((before, after)) = placed.text.split_once("{n}") else {
        document.fault(placed.span.clone(), "a numbered name holds {n}: write \"dx_{n}\"");
        return None;
    };
    Some(NumberedName { before: fold(before), after: fold(after), shown: placed.text.replace("{n}", "1") })
}

fn read_columns(document: &Document<'_>, table: Table<'_, '_>) -> Mapping {
    allow_all_fields(&table);
    let (mut fields, mut groups) = (Vec::new(), Vec::new());
    for key in table.keys() {
        if let Some(group) = group_of(&key.text) {
            groups.push((group, read_run(document, group, &table.texts(&key.text))));
        } else if let Some(field) = Field::named(&key.text) {
            // A version number that is part of the claim number has no column of its own.
            if field == Field::VersionNumber && table.is_table(&key.text) {
                continue;
            }
            let named = if table.is_table(&key.text) {
                read_combined(&table, &key.text)
            } else {
                Some(ColumnNames::First(texts(table.texts(&key.text))))
            };
            fields.extend(named.map(|n| (field, n)));
        }
    }
    table.deny_unknown_keys();
    Mapping::Columns { fields, groups }
}

fn read_combined(columns: &Table<'_, '_>, key: &str) -> Option<ColumnNames> {
    let table = columns.table(key)?;
    let (concat, join) = (texts(table.texts_if("concat")), texts(table.texts_if("join")));
    let named = match (concat.is_empty(), join.is_empty()) {
        (false, true) => Some(ColumnNames::Concat(concat)),
        (true, false) => Some(ColumnNames::Join(join)),
        _ => {
            table.fault(format!("`{key}` is a table: write {{ concat = [...] }} or {{ join = [...] }}"));
            None
        }
    };
    table.deny_unknown_keys();
    named
}

/// Refuses [`SLOT`] in a layout without service slots, and in the names of fields that belong to the whole row.
fn check_slots(document: &Document<'_>, root: &Table<'_, '_>, slots: bool, keys: &[SpannedText], mapping: &Mapping) {
    let Mapping::Columns { fields, groups } = mapping else { return };
    let holds = |key: &str| match group_of(key) {
        Some(group) => groups.iter().any(|(g, names)| *g == group && names.iter().any(|(_, n)| n.contains(SLOT))),
        None => fields.iter().any(|(f, named)| f.name() == key && named.names().iter().any(|n| n.contains(SLOT))),
    };
    for key in keys.iter().filter(|key| holds(&key.text)) {
        if !slots {
            document.fault(
                key.span.clone(),
                "{slot} is the number of a service slot: write slots = 13 at the top of the layout",
            );
        } else if matches!(key.text.as_str(), "claim_id" | "icd_procedure") {
            let message = format!("`{}` belongs to the row, not to a slot: write a name without {{slot}}", key.text);
            document.fault(key.span.clone(), message);
        }
    }
    for (key, example) in [("procedure_code", "HCPCS_CD_{slot}"), ("line_number", "{slot}")] {
        // Without line numbers of their own, two equal services of a row would count as duplicates.
        if slots && !holds(key) {
            root.fault(format!("with `slots`, {key} is the slot's own: write {key} = \"{example}\""));
        }
    }
}

/// The slots of a group. A single run such as `dx{1..25}` keeps its numbers as slots; a list is numbered from slot 1.
fn read_run(document: &Document<'_>, group: Group, items: &[SpannedText]) -> Vec<(u8, String)> {
    let slots = expand(document, items);
    let most = group.slots();
    if let Some((slot, name)) = slots.iter().find(|(slot, _)| !(1..=most).contains(slot)) {
        let message = format!("{} has {most} slots; `{name}` would be number {slot}: shorten the run", group.name());
        document.fault(items.first().map_or(0..0, |i| i.span.clone()), message);
        return Vec::new();
    }
    slots.into_iter().map(|(slot, name)| (slot as u8, name)).collect()
}

fn read_lists(document: &Document<'_>, table: &Table<'_, '_>) -> Vec<(Group, Split)> {
    let mut lists = Vec::new();
    for group in [Group::Diagnosis, Group::IcdProcedure, Group::Modifier] {
        let Some(placed) = table.text_if(group.name()) else { continue };
        let mut chars = placed.text.chars();
        match (placed.text.as_str(), chars.next(), chars.next()) {
            ("auto", ..) => lists.push((group, Split::Auto)),
            (_, Some(separator), None) => lists.push((group, Split::At(separator))),
            _ => document.fault(placed.span, "a list separator is one character or \"auto\""),
        }
    }
    table.deny_unknown_keys();
    lists
}

#[cfg(test)]
mod tests {
    use super::{Field, Group};
    use crate::ingest::layout::definition::Layout;
    use crate::ingest::layout::library::Library;

    const HEAD: &str = "name = \"t\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n";

    #[test]
    fn shipped_layouts_load() {
        let library = Library::shipped().unwrap_or_else(|e| panic!("{e}"));
        for layout in library.candidates() {
            assert!(!layout.title.is_empty() && !layout.source.is_empty(), "{}", layout.name);
        }
    }

    #[test]
    fn faults_are_placed_and_all_at_once() {
        let text = format!(
            "{HEAD}delimiter = \",,\"\n[columns]\nclaimid = \"x\"\ndiagnosis = \"dx{{1..99}}\"\nbill_type = {{ glue = [\"a\"] }}\n"
        );
        let faults = Layout::load("l.toml", &text).expect_err("faults").list;
        let said: Vec<_> = faults.iter().map(|f| (f.line, f.message.split(':').next().unwrap_or(""))).collect();
        assert_eq!(
            said,
            [
                (5, "the delimiter is one of five"),
                (7, "`columns.claimid` is not known; did you mean `claim_id`?"),
                (8, "diagnosis has 25 slots; `dx26` would be number 26"),
                (9, "`bill_type` is a table"),
                (9, "`columns.bill_type.glue` is not known; known here"),
            ]
        );
    }

    fn bind(layout: &str, header: &[&str]) -> Result<Vec<(u8, usize)>, String> {
        let layout = Layout::load("l.toml", &format!("{HEAD}{layout}")).expect("layout");
        let header: Vec<String> = header.iter().map(|s| (*s).to_owned()).collect();
        layout.bind(&header).map(|b| b.group(super::Group::Diagnosis).to_vec()).map_err(|e| e.to_string())
    }

    #[test]
    fn runs_lists_gaps_and_conflicts() {
        let columns = "[columns]\nclaim_id = \"c\"\nservice_date = [\"d\", \"e\"]\nprocedure_code = \"p\"\n";
        let run = format!("{columns}diagnosis = \"DX_{{1..25}}\"");
        assert_eq!(bind(&run, &["C", "e", "p", "dx1", "dx3"]), Ok(vec![(1, 3), (3, 4)]));
        let list = format!("{columns}diagnosis = [\"first\", \"dx{{2..9}}\"]");
        assert_eq!(bind(&list, &["c", "e", "p", "dx2", "first"]), Ok(vec![(1, 4), (2, 3)]));
        assert!(bind(&run, &["c", "d", "p", "dx1", "DX-1"]).expect_err("twice").contains("is twice"));
        assert!(bind(&run, &["c", "p", "dx1"]).expect_err("missing").contains("service_date: looked for d, e"));
        let spellings = "[spellings]\nclaim_id = [\"claim_id\", \"clm\"]\nservice_date = [\"dos\"]\nprocedure_code = [\"cpt\"]\ndiagnosis = [\"dx{n}\"]\n[first]\ndiagnosis = [\"icd\"]";
        assert_eq!(bind(spellings, &["clm", "dos", "cpt", "dx_02", "ICD"]), Ok(vec![(1, 4), (2, 3)]));
        assert!(
            bind(spellings, &["clm", "dos", "cpt", "dx1", "Claim ID"])
                .expect_err("conflict")
                .contains("`clm` and `Claim ID` both claim claim_id")
        );
    }

    #[test]
    fn columns_numbered_from_zero_fill_the_slots_from_one() {
        let spellings = "[spellings]\nclaim_id = [\"c\"]\nservice_date = [\"d\"]\nprocedure_code = [\"p\"]\ndiagnosis = [\"dx{n}\"]";
        assert_eq!(bind(spellings, &["c", "d", "p", "dx_0", "dx_1"]), Ok(vec![(1, 3), (2, 4)]));
        assert_eq!(bind(spellings, &["c", "d", "p", "dx_2", "dx_1"]), Ok(vec![(1, 4), (2, 3)]));
    }

    #[test]
    fn every_slot_has_its_own_binding() {
        let columns = "slots = 3\n[columns]\nclaim_id = \"c\"\nline_number = \"{slot}\"\nservice_date = \"d\"\nprocedure_code = \"p_{slot}\"\ndiagnosis = \"dx{1..2}\"\nmodifier = \"m_{slot}_{1..2}\"\nicd_procedure = \"i{1..2}\"";
        let layout = Layout::load("l.toml", &format!("{HEAD}{columns}")).unwrap_or_else(|e| panic!("{e}"));
        let header = ["c", "d", "dx1", "p_1", "m_1_2", "i1", "p_3", "m_3_1"].map(str::to_owned);
        let binding = layout.bind(&header).expect("bound");
        let said: Vec<_> = binding
            .each()
            .map(|b| (b.columns(Field::ProcedureCode).to_vec(), b.group(Group::Modifier), b.group(Group::IcdProcedure)))
            .collect();
        // Slot 2 is not in the header; the ICD procedures are slot 1's.
        assert_eq!(said, [(vec![3], &[(2, 4)][..], &[(1, 5)][..]), (vec![6], &[(1, 7)][..], &[][..])]);
        assert!(binding.each().all(|b| b.group(Group::Diagnosis) == [(1, 2)] && b.has(Field::LineNumber)));
        assert_eq!(binding.code_columns(), Some(vec![3, 5, 6]));
        let missing = layout.bind(&header[..3]).expect_err("no procedure").to_string();
        assert!(missing.contains("looked for p_1, i1"), "{missing}");
    }

    #[test]
    fn invalid_uses_of_slots_are_faults() {
        let faults = |columns: &str| {
            let text = format!("{HEAD}{columns}\nservice_date = \"d\"\ndiagnosis = \"x\"\n");
            let faults = Layout::load("l.toml", &text).expect_err("faults").list;
            faults.iter().map(|f| format!("{} {}", f.line, f.message)).collect::<Vec<_>>().join("\n")
        };
        let said = faults("[columns]\nclaim_id = \"c\"\nprocedure_code = \"p{slot}\"");
        assert_eq!(said, "7 {slot} is the number of a service slot: write slots = 13 at the top of the layout");
        let said = faults("slots = 2\n[columns]\nclaim_id = \"c{slot}\"\nprocedure_code = \"p\"");
        assert!(said.contains("7 `claim_id` belongs to the row"), "{said}");
        assert!(said.contains("procedure_code is the slot's own") && said.contains("line_number is the slot's own"));
        assert!(faults("slots = 1\n[columns]\nclaim_id = \"c\"\nprocedure_code = \"p\"").contains("from 2 to 99"));
    }

    #[test]
    fn numbered_runs_have_few_digits() {
        for run in ["{+1..5}", "{1..1000}", "{5..1}", "{..5}", "{1..}", &format!("{{{}1..2}}", "0".repeat(70_000))] {
            let text = format!("{HEAD}[columns]\ndiagnosis = \"dx{run}\"\n");
            let faults = Layout::load("l.toml", &text).expect_err("faults").list;
            assert!(faults[0].message.starts_with("a numbered run holds"), "{run:.10}: {}", faults[0].message);
        }
        let many = "\"d{0..999}\",".repeat(1000);
        let faults = Layout::load("l.toml", &format!("{HEAD}[columns]\ndiagnosis = [{many}]\n")).expect_err("faults");
        assert!(faults.to_string().contains("`d25` would be number 26"), "{faults}");
    }

    #[test]
    fn unknown_delimiters_are_refused() {
        for delimiter in [":", " ", "^", "1", "\\u0001"] {
            let text = format!("{HEAD}delimiter = \"{delimiter}\"\n[columns]\nclaim_id = \"c\"\n");
            let faults = Layout::load("l.toml", &text).expect_err(delimiter).list;
            assert!(faults[0].message.starts_with("the delimiter is one of five"), "{delimiter}");
        }
    }
}
