//! Reads a layout file strictly: every unknown key is a fault with its place.

use std::path::Path;
use std::sync::Arc;

use crate::ingest::empty_words::refuse_empty;
use crate::ingest::field::{Field, Group, fold};
use crate::ingest::layout::dates::DatePattern;
use crate::ingest::layout::definition::{Layout, ProductLabel};
use crate::ingest::layout::demands::Demands;
use crate::ingest::layout::parse_columns::{check_slots, read_columns, read_lists, read_spellings};
use crate::ingest::layout::parse_join::read_joins;
use crate::ingest::layout::shipped;
use crate::ingest::layout::text_form::TextForm;
use crate::ingest::layout::words::LayoutWords;
use crate::ingest::record::trailer;
use crate::ingest::word::product_key;
use crate::strict_toml::{Document, Faults, SpannedText, Table, nearest, texts};

impl Layout {
    /// Reads the text of a layout file. The error lists every fault with its place.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        let read =
            |document: &Document<'_>, root: Table<'_, '_>| Some((read_layout(document, &root)?, root.has("extends")));
        let (mut layout, extends) = Document::load(file, text, read)?;
        if extends {
            layout.generic = built_in(shipped::CANONICAL).map(|canonical| Arc::new(canonical.mapping));
        }
        Ok(layout)
    }

    /// Reads the text of a built-in layout. The library adds the generic spellings, which are those of another layout.
    pub(crate) fn load_shipped(name: &str, text: &str) -> Result<Self, Faults> {
        let layout = Document::load(&format!("{name}.toml"), text, |document, root| read_layout(document, &root))?;
        Ok(Self { demands: layout.demands.clone().of_built_in(), ..layout })
    }
}

/// The fault of `slots` in a layout whose names hold no slot.
const SLOTS_NEED_COLUMNS: &str =
    "`slots` needs [columns], whose names hold {slot}: write procedure_code = \"HCPCS_CD_{slot}\"";

fn read_layout(document: &Document<'_>, root: &Table<'_, '_>) -> Option<Layout> {
    let base = if root.has("extends") { Some(extended(document, &root.text("extends")?)?) } else { None };
    let text = |key: &str| root.text_if(key).map(|t| t.text);
    let form = TextForm::read(document, root, &base.as_ref().map_or_else(TextForm::default, |base| base.form.clone()));
    let trailer = root.table_if("trailer").and_then(|table| trailer::read(document, &table));
    let null: Vec<String> = root.texts_if("null").into_iter().map(|p| p.text.to_uppercase()).collect();
    let empty: Vec<String> = null.iter().chain(base.iter().flat_map(|base| &base.null)).cloned().collect();
    let slots = root.number_if("slots", 2..=99).and_then(|n| u8::try_from(n).ok());
    let slots = slots.or_else(|| base.as_ref().and_then(|base| base.slots));
    let (mut named, mut read) = (Vec::new(), Vec::new());
    let mut runs = base.as_ref().map_or_else(Vec::new, |base| base.runs.clone());
    let mapping = match (root.table_if("spellings"), root.table_if("columns"), &base) {
        (Some(spellings), None, None) => {
            if slots.is_some() {
                root.fault(SLOTS_NEED_COLUMNS);
            }
            read_spellings(document, spellings, [root.table_if("first"), root.table_if("second")])
        }
        (None, Some(columns), base) => {
            let keys = columns.keys();
            let (own, own_runs) = read_columns(document, columns);
            runs.retain(|run| !own.has_group(run.group));
            named = own.mapped();
            read = own.columns();
            runs.extend(own_runs);
            let mapping = own.over(base.as_ref().map(|base| &base.mapping));
            check_slots(document, root, slots.is_some(), &keys, &mapping);
            mapping
        }
        (None, None, Some(base)) => {
            if root.has("slots") && base.slots.is_none() {
                root.fault(SLOTS_NEED_COLUMNS);
            }
            base.mapping.clone()
        }
        (Some(_), _, Some(_)) => {
            root.fault("a layout that extends another names its [columns], not [spellings]");
            return None;
        }
        _ => {
            root.fault(
                "a layout has either [columns] or [spellings]: write [columns] with claim_id, service_date, \
                 procedure_code, diagnosis ..., or extends = \"canonical\" and only what differs",
            );
            return None;
        }
    };
    let joins = read_joins(document, root, &form);
    let has_group = |group: Group| root.has("extends") || mapping.has_group(group);
    let lists = root.table_if("lists").map(|s| read_lists(document, &s, has_group)).unwrap_or_default();
    let words = LayoutWords::read(document, root, mapping.names_of(Field::ClaimId), &empty);
    let dates = DatePattern::read_all(document, root);
    let demands = Demands::read(document, root, &read);
    let demands = if let Some(base) = &base { demands.over(&base.demands, &named) } else { demands };
    let mut products = Vec::new();
    if let Some(table) = root.table_if("products") {
        refuse_empty(&table, &empty);
        for key in table.words("a product label", product_key) {
            if let Some(class) = table.text(&key.text) {
                let place = document.place(key.span.start);
                products.push(ProductLabel { label: key.text, class: class.text, place });
            }
        }
    }
    let layout = Layout {
        name: text("name").unwrap_or_else(|| file_name(document.file())),
        title: text("title").unwrap_or_default(),
        source: text("source").unwrap_or_default(),
        valid: text("valid").unwrap_or_default(),
        form,
        trailer,
        header: texts(root.texts_if("header")),
        slots,
        joins,
        products,
        words,
        dates,
        demands,
        recognize: root.texts_if("recognize").iter().map(|p| fold(&p.text)).collect(),
        always: false,
        null,
        lists,
        mapping,
        runs,
        generic: None,
    };
    root.deny_unknown_keys();
    Some(match base {
        Some(base) => layout.over(base),
        None => layout,
    })
}

/// The built-in layout of this name.
fn built_in(name: &str) -> Option<Layout> {
    Layout::load_shipped(name, shipped::text(name)?).ok()
}

/// The built-in layout that a layout extends.
fn extended(document: &Document<'_>, name: &SpannedText) -> Option<Layout> {
    let base = built_in(&name.text);
    if base.is_none() {
        let names = || shipped::SHIPPED.iter().map(|(name, _)| *name);
        let hint = nearest(&name.text, names()).map_or_else(
            || format!("built in are {}", names().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        document.fault(name.span.clone(), format!("\"{}\" is no built-in layout; {hint}", name.text));
    }
    base
}

/// The name of a layout that does not give one: that of its file.
fn file_name(file: &str) -> String {
    Path::new(file).file_stem().map_or_else(|| file.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Field, Group};
    use crate::ingest::layout::beyond::NumberedBeyond;
    use crate::ingest::layout::definition::Layout;
    use crate::ingest::layout::library::Library;
    use crate::ingest::layout::shipped;

    const HEAD: &str = "name = \"t\"\ntitle = \"t\"\nsource = \"t\"\nvalid = \"t\"\n";

    #[test]
    fn shipped_layouts_load() {
        let library = Library::shipped().unwrap_or_else(|e| panic!("{e}"));
        for (layout, (name, _)) in library.candidates().iter().zip(shipped::SHIPPED) {
            let said = [&layout.title, &layout.source, &layout.valid];
            assert!(layout.name == *name && said.iter().all(|text| !text.is_empty()), "{}", layout.name);
        }
    }

    #[test]
    fn a_layout_may_give_only_what_differs() {
        let layout = Layout::load("mine/spark.toml", "extends = \"canonical\"\nescape = \"\\\\\"\n").expect("a layout");
        assert_eq!((layout.name.as_str(), layout.title.as_str()), ("spark", ""));
        assert!(layout.form.quoting.escapes);
        let header = ["claim_id", "service_date", "cpt", "dx1", "AUTH_REF", "units"].map(str::to_owned);
        assert!(!layout.bind(&header).expect("bound").has(Field::AuthorizationNumber));
        let text = "extends = \"canonical\"\n[columns]\nauthorization_number = \"AUTH_REF\"\n";
        let binding = Layout::load("l.toml", text).expect("a layout").bind(&header).expect("bound");
        assert_eq!(binding.columns(Field::AuthorizationNumber), [4]);
        assert_eq!((binding.columns(Field::ProcedureCode), binding.group(Group::Diagnosis)), (&[2][..], &[(1, 3)][..]));

        let text = "extends = \"rif-carrier\"\ndelimiter = \",\"\n[columns]\nunits = \"UNITS\"\ndiagnosis = \"DX{1..2}\"\n[status]\n0 = \"paid\"\n";
        let layout = Layout::load("l.toml", text).expect("a layout");
        assert_eq!(
            (layout.form.delimiter, layout.words.status[0].1, layout.words.status.len()),
            (Some(b','), "paid", 13)
        );
        assert_eq!(
            (layout.mapping.names_of(Field::Units), layout.mapping.names_of(Field::ClaimId)),
            (&["UNITS".to_owned()][..], &["CLM_ID".to_owned()][..])
        );
        assert_eq!((layout.group_looked_for(Group::Diagnosis)[0].as_str(), layout.recognize.len()), ("DX1", 0));

        let said = |text: &str| Layout::load("l.toml", text).expect_err(text).to_string();
        assert!(said("extends = \"tuwa\"\n").contains("\"tuwa\" is no built-in layout; did you mean `tuva`?"));
        assert!(said("extends = 3\n").contains("`extends` is a whole number"));
        assert!(said("extends = \"tuva\"\n[spellings]\nclaim_id = \"c\"\n").contains("names its [columns]"));
    }

    #[test]
    fn a_column_that_is_not_used_is_no_field() {
        let header = ["claim_id", "dos", "cpt", "dx1", "dx2", "authorization_number", "paid_amount"].map(str::to_owned);
        let text = "extends = \"canonical\"\nunused = [\"authorization_number\", \"DX2\"]\n";
        let binding = Layout::load("l.toml", text).expect("a layout").bind(&header).expect("bound");
        assert!(!binding.has(Field::AuthorizationNumber) && binding.has(Field::PaidAmount));
        assert_eq!(binding.group(Group::Diagnosis), [(1, 3)]);
        let both = format!("{text}[columns]\nauthorization_number = \"Authorization-Number\"\n");
        let said = Layout::load("l.toml", &both).expect_err("a contradiction").to_string();
        assert!(said.contains("l.toml:2:11: `authorization_number` is under [columns], too"), "{said}");
        // What a built-in layout leaves out is read by one that extends it and names it.
        let text = "extends = \"rif-carrier\"\n[columns]\ndiagnosis = [\"PRNCPAL_DGNS_CD\"]\n";
        let header = ["CLM_ID", "LINE_1ST_EXPNS_DT", "HCPCS_CD", "PRNCPAL_DGNS_CD"].map(str::to_owned);
        let binding = Layout::load("l.toml", text).expect("a layout").bind_present(&header).expect("bound");
        assert_eq!(binding.group(Group::Diagnosis), [(1, 3)]);
    }

    #[test]
    fn unused_columns_become_fields_that_a_recognized_layout_does_not_have() {
        let library = Library::shipped().unwrap_or_else(|e| panic!("{e}"));
        let tuva = library.named("tuva").expect("tuva");
        let names = "claim_id,claim_line_number,claim_start_date,hcpcs_code,diagnosis_code_1,payer";
        let bind = |more: &str| {
            let header: Vec<String> = names.split(',').chain(more.split(',')).map(str::to_owned).collect();
            tuva.bind(&header)
        };
        let binding = bind("authorization_number,diagnosis_pointer_1,product").expect("bound");
        assert_eq!(binding.columns(Field::AuthorizationNumber), [6]);
        assert_eq!(
            (binding.group(Group::DiagnosisPointer), binding.columns(Field::Product)),
            (&[(1, 7)][..], &[8][..])
        );
        // Not a column that the layout reads already, and not a name that says something else.
        assert_eq!((binding.columns(Field::ServiceDate), binding.columns(Field::ClaimId)), (&[2][..], &[0][..]));
        assert!(!bind("authorization_flag").expect("bound").has(Field::AuthorizationNumber));
        let said = bind("auth_no,prior_auth_number").expect_err("two claim one field").to_string();
        assert!(said.contains("`auth_no` and `prior_auth_number` both claim authorization_number"), "{said}");
    }

    #[test]
    fn a_field_of_one_slot_is_not_taken_from_a_column_of_the_row() {
        let library = Library::shipped().unwrap_or_else(|e| panic!("{e}"));
        let layout = library.named("de-synpuf-carrier").expect("it is shipped");
        let names = "DESYNPUF_ID,CLM_ID,CLM_FROM_DT,ICD9_DGNS_CD_1,HCPCS_CD_1,HCPCS_CD_2,units,product,modifier_1";
        let header: Vec<String> = names.split(',').map(str::to_owned).collect();
        let binding = layout.bind(&header).expect("bound");
        assert!(binding.each().all(|slot| slot.columns(Field::Product) == [7] && !slot.has(Field::Units)));
        assert!(binding.each().all(|slot| slot.group(Group::Modifier).is_empty()));
    }

    #[test]
    fn columns_beyond_a_numbered_run_are_named() {
        let text = "extends = \"canonical\"\n[columns]\ndiagnosis = \"dx{1..2}\"\nmodifier = \"m{1..4}\"\n";
        let layout = Layout::load("l.toml", text).expect("a layout");
        let header: Vec<String> =
            "claim_id,dos,cpt,dx1,dx2,DX_3,dx4,m4,m5,dxa,icd_procedure_26".split(',').map(str::to_owned).collect();
        let binding = layout.bind(&header).expect("bound");
        assert_eq!(
            layout.beyond(&header, &binding),
            [
                NumberedBeyond { field: "diagnosis", last: 2, columns: vec![5, 6] },
                NumberedBeyond { field: "icd_procedure", last: 25, columns: vec![10] }
            ]
        );
        let library = Library::shipped().unwrap_or_else(|e| panic!("{e}"));
        let layout = library.named("de-synpuf-carrier").expect("it is shipped");
        let header =
            ["DESYNPUF_ID", "CLM_ID", "CLM_FROM_DT", "ICD9_DGNS_CD_1", "HCPCS_CD_1", "HCPCS_CD_14"].map(str::to_owned);
        let beyond = layout.beyond(&header, &layout.bind(&header).expect("bound"));
        assert_eq!(beyond, [NumberedBeyond { field: "slots", last: 13, columns: vec![5] }]);
    }

    #[test]
    fn faults_are_placed_and_all_at_once() {
        let text = format!(
            "{HEAD}delimiter = \",,\"\nrecognise = [\"x\"]\n[columns]\nclaimid = \"x\"\ndiagnosis = \"dx{{1..99}}\"\nbill_type = {{ glue = [\"a\"] }}\n"
        );
        let faults = Layout::load("l.toml", &text).expect_err("faults").list;
        let said: Vec<_> = faults.iter().map(|f| (f.line, f.message.split(':').next().unwrap_or(""))).collect();
        assert_eq!(
            said,
            [
                (5, "the delimiter is one of five"),
                (6, "`recognise` is not known; did you mean `recognize`?"),
                (8, "`columns.claimid` is not known; did you mean `claim_id`?"),
                (9, "diagnosis has 25 slots; `dx26` would be number 26"),
                (10, "`bill_type` is a table"),
                (10, "`columns.bill_type.glue` is not known; known here"),
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
        let twice = bind(&run, &["c", "d", "p", "dx1", "DX-1"]).expect_err("twice");
        assert!(twice.contains("is twice in the header, the other time as `DX-1`"), "{twice}");
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
