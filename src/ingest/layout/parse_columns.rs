//! Reads `[columns]`, `[spellings]` and `[lists]` of a layout file.

use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::binding::Split;
use crate::ingest::layout::definition::{ColumnNames, Mapping, NumberedName, Run, SLOT};
use crate::ingest::layout::ranges::{expand, run_of};
use crate::strict_toml::{Document, SpannedText, Table, texts};

/// Key of the numbered pointer columns. The key `diagnosis_pointer` is a single cell with all pointers.
const POINTERS: &str = "diagnosis_pointers";

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

pub(crate) fn read_spellings(
    document: &Document<'_>,
    table: Table<'_, '_>,
    unnumbered: [Option<Table<'_, '_>>; 2],
) -> Mapping {
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

/// The columns of each field, and their numbered runs.
pub(crate) fn read_columns(document: &Document<'_>, table: Table<'_, '_>) -> (Mapping, Vec<Run>) {
    allow_all_fields(&table);
    let (mut fields, mut groups, mut runs) = (Vec::new(), Vec::new(), Vec::new());
    for key in table.keys() {
        if let Some(group) = group_of(&key.text) {
            let names = table.texts(&key.text);
            refuse_nameless(document, &names);
            groups.push((group, read_run(document, group, &names)));
            runs.extend(names.iter().filter_map(|name| run_of(group, &name.text)));
        } else if let Some(field) = Field::named(&key.text) {
            // A version number that is part of the claim number has no column of its own.
            if field == Field::VersionNumber && table.is_table(&key.text) {
                continue;
            }
            let named = if table.is_table(&key.text) {
                read_combined(document, &table, &key.text)
            } else {
                let names = table.texts(&key.text);
                refuse_nameless(document, &names);
                Some(ColumnNames::First(texts(names)))
            };
            fields.extend(named.map(|n| (field, n)));
        }
    }
    table.deny_unknown_keys();
    (Mapping::Columns { fields, groups }, runs)
}

/// Refuses names that are empty as header names are compared: a column without a name is not read.
fn refuse_nameless(document: &Document<'_>, names: &[SpannedText]) {
    for name in names.iter().filter(|name| fold(&name.text).is_empty()) {
        document.fault(name.span.clone(), format!("\"{}\" names no column: write the name in the header", name.text));
    }
}

fn read_combined(document: &Document<'_>, columns: &Table<'_, '_>, key: &str) -> Option<ColumnNames> {
    let table = columns.table(key)?;
    let (concat, join) = (table.texts_if("concat"), table.texts_if("join"));
    refuse_nameless(document, &concat);
    refuse_nameless(document, &join);
    let (concat, join) = (texts(concat), texts(join));
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

/// Refuses [`SLOT`] in a layout without service slots, and in names that belong to the whole row. `keys` are those of this
/// file; `mapping` has those of the layout that it extends, too.
pub(crate) fn check_slots(
    document: &Document<'_>,
    root: &Table<'_, '_>,
    slots: bool,
    keys: &[SpannedText],
    mapping: &Mapping,
) {
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

/// Reads `[lists]`. `has_group`: may an extract have columns of the group?
pub(crate) fn read_lists(
    document: &Document<'_>,
    table: &Table<'_, '_>,
    has_group: impl Fn(Group) -> bool,
) -> Vec<(Group, Split)> {
    let mut lists = Vec::new();
    for group in [Group::Diagnosis, Group::IcdProcedure, Group::Modifier] {
        let Some(placed) = table.text_if(group.name()) else { continue };
        if !has_group(group) {
            let message = format!("the layout names no column for {}: name it, or drop this line", group.name());
            document.fault(placed.span.clone(), message);
        }
        let mut chars = placed.text.chars();
        match (placed.text.as_str(), chars.next(), chars.next()) {
            ("auto", ..) => lists.push((group, Split::Auto)),
            (_, Some(separator), None) if !separator.is_alphanumeric() => lists.push((group, Split::At(separator))),
            _ => {
                let message = "a list separator is \"auto\", or one character that is no letter or digit";
                document.fault(placed.span, message);
            }
        }
    }
    table.deny_unknown_keys();
    lists
}
