//! Tests layouts that extend others: what they demand, what they take from columns with generic names, and the warning about
//! columns that are numbered beyond what is read.

use serde_json::Value;

use claimlint::ingest::field::Field;
use claimlint::ingest::{Layout, Library};

use crate::cli::{DENY, HEAD};
use crate::kit::{Inputs, written};
use crate::warnings;

/// Binds a header, whose names are separated by blanks, under a layout.
fn bound(layout: &str, header: &str) -> Result<claimlint::ingest::Binding, String> {
    let header: Vec<String> = header.split(' ').map(str::to_owned).collect();
    let layout = Layout::load("l.toml", layout).unwrap_or_else(|e| panic!("{e}\n{layout}"));
    layout.bind(&header).map_err(|e| e.message())
}

#[test]
fn a_layout_may_lack_what_the_extended_one_may_lack_but_not_what_it_names() {
    let header = "CLM_ID LINE_1ST_EXPNS_DT HCPCS_CD PRNCPAL_DGNS_CD units";
    let own = "extends = \"rif-carrier\"\n[columns]\nunits = \"MY_UNITS\"\n";
    let said = bound(own, header).expect_err("its own column is missing");
    assert!(said.contains("MY_UNITS") && said.contains("`optional`"), "{said}");
    assert!(!said.contains("CARR_CLM_CNTL_NUM") && !said.contains("PRF_PHYSN_NPI"), "{said}");
    // An optional column that is missing may have its generic name.
    let binding = bound(&format!("optional = [\"units\"]\n{own}"), header).expect("bound");
    assert_eq!(binding.columns(Field::Units), [4]);
    let both = "CLM_ID LINE_1ST_EXPNS_DT HCPCS_CD PRNCPAL_DGNS_CD units MY_UNITS";
    assert_eq!(bound(own, both).expect("bound").columns(Field::Units), [5]);
    // The same for numbered fields: what the extended layout has is optional, what this one names is not.
    let own = "extends = \"rif-carrier\"\n[columns]\nmodifier = [\"MOD_A\", \"MOD_B\"]\n";
    let said = bound(own, &format!("{header} MOD_A")).expect_err("one of two single columns is missing");
    assert!(said.contains("MOD_B"), "{said}");
    assert!(bound(own, &format!("{header} MOD_A MOD_B")).is_ok());
}

#[test]
fn a_required_field_may_have_a_generic_name_or_one_of_the_layout() {
    let header = "claim_id service_date procedure_code diagnosis_1";
    let require = "extends = \"canonical\"\nrequire = [\"product\"]\n";
    let said = bound(require, header).expect_err("no product");
    assert!(said.contains("product"), "{said}");
    assert!(bound(require, &format!("{header} product")).is_ok());
    let named = format!("{require}[columns]\nproduct = \"MY_LINE\"\n");
    assert!(bound(&named, &format!("{header} MY_LINE")).is_ok());
    assert!(bound(&named, &format!("{header} product")).is_err());
}

#[test]
fn every_built_in_layout_binds_a_choice_of_its_columns() {
    // Each names far more columns; an extract of its source may lack all but the required ones.
    let library = Library::shipped().unwrap_or_else(|e| panic!("{e}"));
    for (name, header) in [
        ("rif-dme", "CLM_ID LINE_1ST_EXPNS_DT HCPCS_CD PRNCPAL_DGNS_CD"),
        ("rif-hospice", "CLM_ID CLM_FROM_DT HCPCS_CD ICD_DGNS_CD1 REV_CNTR_DT"),
        ("de-synpuf-inpatient", "CLM_ID CLM_ADMSN_DT HCPCS_CD_1 ICD9_DGNS_CD_1"),
        ("de-synpuf-outpatient", "CLM_ID CLM_FROM_DT HCPCS_CD_1 ICD9_DGNS_CD_1"),
    ] {
        let header: Vec<String> = header.split(' ').map(str::to_owned).collect();
        let layout = library.named(name).unwrap_or_else(|| panic!("{name}"));
        layout.bind(&header).unwrap_or_else(|fault| panic!("{name}: {}", fault.message()));
    }
}

/// The warnings about numbers: field, first column, columns, last number that is read; and the sentence.
fn beyond(layout: Option<&str>, text: &str) -> Vec<(String, String)> {
    let inputs = Inputs { layout: layout.map(str::to_owned), ..Inputs::one(text) };
    let outcome = inputs.run().expect("readable");
    let summary: Value = serde_json::from_slice(&written(&outcome, "summary.json")).expect("JSON");
    let of_kind = summary["warnings"].as_array().expect("a list").iter().filter(|w| w["kind"] == "numbered-beyond");
    let parts = |w: &Value| {
        format!("{} {} {} {}", w["field"], w["column"], w["columns"].as_u64().unwrap_or(1), w["of"]).replace('"', "")
    };
    of_kind.map(|w| (parts(w), w["message"].as_str().unwrap_or_default().to_owned())).collect()
}

#[test]
fn of_diagnoses_numbered_from_0_the_26th_is_beyond() {
    let text = |last: usize| {
        let names: Vec<String> = (0..=last).map(|number| format!("diagnosis_{number}")).collect();
        let names = names.join(",");
        format!("claim_id,service_date,procedure_code,{names}\nC1,2024-03-05,22514,M4854XA{}\n", ",".repeat(last))
    };
    assert!(beyond(None, &text(24)).is_empty());
    let found = beyond(None, &text(25));
    assert_eq!(found.iter().map(|(said, _)| said.as_str()).collect::<Vec<_>>(), ["diagnosis diagnosis_25 1 25"]);
    assert!(found[0].1.contains("column `diagnosis_25` is not read: a row has at most 25 of diagnosis"), "{found:?}");
}

#[test]
fn columns_beyond_a_run_the_slots_or_the_limit_are_a_warning() {
    let row = |cells: &str| format!("C1,2024-03-05,22514,M4854XA{cells}\n");
    let head = "claim_id,service_date,procedure_code,";
    let text = format!("{head}DX1,DX2,dx_3,DX4\n{}", row(",I10,M8008XA,"));
    let layout = "extends = \"canonical\"\n[columns]\ndiagnosis = \"DX{1..2}\"\n";
    let found = beyond(Some(layout), &text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "diagnosis dx_3 2 2");
    assert!(
        found[0]
            .1
            .contains("column `dx_3` and 1 more are not read: the layout ends diagnosis at 2; write a longer run"),
        "{found:?}"
    );
    assert!(beyond(Some(&layout.replace("1..2", "1..4")), &text).is_empty());

    let text = format!("{head}dx1,dx26\n{}", row(",I10"));
    let found = beyond(None, &text);
    assert_eq!(found[0].0, "diagnosis dx26 1 25");
    assert!(found[0].1.contains("column `dx26` is not read: a row has at most 25 of diagnosis"), "{found:?}");

    let layout =
        "extends = \"canonical\"\nslots = 2\n[columns]\nprocedure_code = \"P{slot}\"\nline_number = \"{slot}\"\n";
    let text = "claim_id,service_date,dx1,P1,P2,P3\nC1,2024-03-05,M4854XA,22514,,\n";
    let found = beyond(Some(layout), text);
    assert_eq!(found[0].0, "slots P3 1 2");
    assert!(found[0].1.contains("the layout has 2 service slots; raise `slots`"), "{found:?}");
    assert!(beyond(Some(&layout.replace("slots = 2", "slots = 3")), text).is_empty());
    let without_names = Layout::load("l.toml", "extends = \"canonical\"\nslots = 2\n").expect_err("a fault");
    assert!(without_names.to_string().contains("`slots` needs [columns]"), "{without_names}");
}

#[test]
fn shapes_of_rows_are_told_by_the_quote_of_the_layout() {
    let of_layout = |keys: &str, text: String| {
        let layout = Some(format!("extends = \"canonical\"\n{keys}"));
        warnings::of(Inputs { layout, ..Inputs::one(text) })
    };
    let with = |claim: &str| DENY.replace("C4", claim);
    let escaped = format!("{HEAD}{}", with("\"C 5\\\" 4\""));
    assert_eq!(of_layout("escape = \"\\\\\"\n", escaped), [""; 0], "an escaped quote is no stray one");
    let plain = format!("{HEAD}{}", with("C 5\" 4"));
    assert_eq!(of_layout("quote = \"none\"\n", plain), [""; 0], "without quotes it is a character like any other");
    let quoted = |claim: &str, end: &str| with(claim).replace("2500.00\n", &format!("'2500.00'{end}\n"));
    let two_lengths = format!("{HEAD}{}{}{}", quoted("C4", ","), quoted("C5", ","), quoted("C6", ""));
    assert_eq!(of_layout("quote = \"'\"\n", two_lengths), ["rows-of-two-lengths 2 2 3"]);
}

#[test]
fn values_that_cannot_be_meant_are_refused_with_their_place() {
    let head = "name = \"w\"\n";
    let columns =
        "[columns]\nclaim_id = \"C\"\nservice_date = \"D\"\nprocedure_code = \"P\"\ndiagnosis = \"DX{1..2}\"\n";
    let said = |text: &str| Layout::load("l.toml", text).err().map(|faults| faults.to_string()).unwrap_or_default();
    for (top, more, says) in [
        (
            "dates = [\"DDMMYYYY\", \"MMDDYYYY\"]\n",
            "",
            "l.toml:2:22: \"DDMMYYYY\" reads digits of \"MMDDYYYY\" as another day: keep the one that the source writes",
        ),
        (
            "",
            "[lists]\ndiagnosis = \"A\"\n",
            "l.toml:8:13: a list separator is \"auto\", or one character that is no letter",
        ),
        ("", "[lists]\ndiagnosis = \"1\"\n", "l.toml:8:13: a list separator is"),
        ("", "[lists]\nicd_procedure = \";\"\n", "l.toml:8:17: the layout names no column for icd_procedure"),
        ("", "modifier = \"M{1..2}{1..2}\"\n", "l.toml:7:12: a name holds one numbered run"),
        ("optional = [\"units\", \"claim_id\"]\n", "", "l.toml:2:22: no extract may lack claim_id: drop it"),
        ("optional = \"service_date\"\n", "", "l.toml:2:12: no extract may lack service_date: drop it"),
    ] {
        let text = format!("{head}{top}{columns}{more}");
        assert!(said(&text).contains(says), "{text}: {}", said(&text));
    }
    for (top, more) in [
        ("dates = [\"MM/DD/YYYY\", \"YYYYMMDD\", \"MMDDYYYY\", \"excel\", \"YYYYMMDD\"]\n", ""),
        ("extends = \"canonical\"\n", "[lists]\nicd_procedure = \";\"\n"),
        ("optional = [\"all\", \"diagnosis\"]\n", "[lists]\ndiagnosis = \" \"\n"),
    ] {
        assert_eq!(said(&format!("{head}{top}{columns}{more}")), "", "{top}{more}");
    }
}
