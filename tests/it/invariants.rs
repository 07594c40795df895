//! Tests what holds for the life of any claim: a full reversal leaves nothing, rows that the payer denied change nothing, the
//! division into files changes only positions, and no claim has more at risk than its rows hold.

use std::collections::BTreeMap;

use proptest::prelude::*;

use claimlint::run::JudgedRun;

use crate::kit::{Inputs, Table, config};
use crate::properties::{AUTHS, written};

/// The columns of the generated extracts, with few values for each, so that rows share claims, members, days and numbers. No row takes anything back, none is
/// denied, pending or reversed, and none is a void.
const COLUMNS: [(&str, &[&str]); 31] = [
    ("claim_id", &["C1", "C2", "C3", "C4", "C5", "1.5E+9"]),
    ("line_number", &["1", "2", "3", ""]),
    ("claim_form", &["P", "I", "", "?"]),
    ("frequency_code", &["1", "1", "1", "7", ""]),
    ("original_claim_id", &["", "", "C1", "C2", "C9"]),
    ("version_number", &["", "", "", "1", "2"]),
    ("line_status", &["", "", "paid", "P"]),
    ("member_id", &["M1", "M1", "M2", "", "000"]),
    ("member_state", &["", "MA", "NH"]),
    ("product", &["HMO Blue", "PPO", "Medicare HMO", "EPO", "", "what"]),
    ("payer_sequence", &["", "", "P", "S", "Z"]),
    ("capitated", &["", "", "N", "Y"]),
    ("billing_npi", &["1000000001", "1000000002", ""]),
    ("rendering_npi", &["", "1000000003", "1000000004"]),
    ("place_of_service", &["22", "21", "24", "11", "23", ""]),
    ("bill_type", &["", "", "", "111", "0131", "137", "zz"]),
    ("admission_type", &["", "1", "3"]),
    ("revenue_code", &["", "0360", "0001"]),
    ("service_date", &["2024-03-05", "2024-03-05", "3/6/2024", "2024-03-08", "2019-12-31", "2015-01-31", "soon", ""]),
    ("service_end_date", &["", "2024-03-07", "2024-03-01"]),
    ("procedure_code", &["22513", "22514", "22515", "22514-RT", "22511", "22523", "C7507", "PU43JZ", "99213", ""]),
    ("modifier_1", &["", "", "LT", "59", "80", "62"]),
    ("units", &["1", "", "2", "0.5", "5"]),
    ("diagnosis_1", &["M48.56XA", "M80.08XA", "M54.5", "M48.52XA", "G89.3", "73313", "S22.000A", ""]),
    ("diagnosis_2", &["", "M48.54XA", "C90.01"]),
    ("diagnosis_pointer", &["", "1", "2", "1:2", "K"]),
    ("icd_procedure_1", &["", "", "", "0QU03JZ", "0PU43JZ", "0QS03ZZ"]),
    ("authorization_number", &["", "A-1", "a-1;A-2", "A-3", "NONE", "0000"]),
    ("charge_amount", &["4200.00", "$1,200.50"]),
    ("allowed_amount", &["", "900.00", "2500.00"]),
    ("paid_amount", &["", "2500.00", "0.005", "x"]),
];

/// The names of the columns.
pub(crate) const HEADER: [&str; 31] = {
    let mut names = [""; 31];
    let mut at = 0;
    while at < 31 {
        names[at] = COLUMNS[at].0;
        at += 1;
    }
    names
};

pub(crate) type Rows = Vec<Vec<String>>;

/// Rows that share claims, members, days and numbers.
pub(crate) fn rows(most: usize) -> impl Strategy<Value = Rows> {
    let cells = COLUMNS.iter().map(|(_, pool)| prop::sample::select(pool.to_vec())).collect::<Vec<_>>();
    let row = cells.prop_map(|cells| cells.into_iter().map(str::to_owned).collect());
    prop::collection::vec(row, 1..most)
}

/// The position of a column.
pub(crate) fn column(name: &str) -> usize {
    HEADER.iter().position(|column| *column == name).expect("a column of the extract")
}

/// The rows as CSV.
pub(crate) fn text(rows: &[Vec<String>]) -> Vec<u8> {
    let line = |cells: &Vec<String>| cells.iter().map(|cell| written(cell)).collect::<Vec<_>>().join(",");
    std::iter::once(HEADER.join(",")).chain(rows.iter().map(line)).collect::<Vec<_>>().join("\n").into_bytes()
}

/// A run over extracts of these rows. `None` if it is refused, as when no date can be read.
fn run(files: &[&[Vec<String>]], auths: bool) -> Option<JudgedRun> {
    let extracts = files.iter().enumerate().map(|(n, rows)| (format!("claims-{n}.csv"), text(rows))).collect();
    Inputs { extracts, auths: auths.then(|| AUTHS.as_bytes().to_vec()), layout: None }.run().ok()
}

/// A table of the report without these columns.
fn table(outcome: &JudgedRun, file: &str, without: &[&str]) -> Table {
    let table = Table::written(outcome, file);
    let columns: Vec<String> = table.header.iter().filter(|name| !without.contains(&name.as_str())).cloned().collect();
    table.only(&columns)
}

/// Services and findings without their positions.
fn placeless(outcome: &JudgedRun) -> [Table; 2] {
    // Messages name the rows of other services.
    ["services.csv", "findings.csv"].map(|file| table(outcome, file, &["source_file", "source_line", "message"]))
}

proptest! {
    #![proptest_config(config(96))]

    /// Every row and a row that takes it back leave no service.
    #[test]
    fn a_file_and_its_full_reversal_have_no_services(rows in rows(24)) {
        let mut rows = rows;
        // A line number of its own for each row, so that each reversal has only one match.
        for (n, row) in rows.iter_mut().enumerate() {
            row[column("line_number")] = format!("L{n}");
            row[column("claim_id")] = row[column("claim_id")].replace("1.5E+9", "C6");
        }
        let reversal = |row: &Vec<String>| {
            let mut row = row.clone();
            row[column("units")] = "-1".to_owned();
            let charge = row[column("charge_amount")].clone();
            row[column("charge_amount")] = format!("-{charge}");
            row
        };
        let reversals: Rows = rows.iter().map(reversal).collect();
        let Some(outcome) = run(&[&rows, &reversals], false) else { return Ok(()) };
        let ledger = outcome.context.ledger;
        prop_assert_eq!((ledger.in_scope, ledger.related), (0, 0), "{:?}", ledger);
        prop_assert_eq!(ledger.reversed + ledger.out_of_scope, ledger.rows);
        prop_assert!(outcome.judged.services.is_empty());
    }

    /// The payer's denial of every row beside it changes no verdict and no position.
    #[test]
    fn denied_twins_change_no_verdict(rows in rows(24), auths in any::<bool>()) {
        let Some(alone) = run(&[&rows], auths) else { return Ok(()) };
        let mut twins = rows.clone();
        for row in &mut twins {
            row[column("line_status")] = "DENIED".to_owned();
        }
        let both = run(&[&rows, &twins], auths).expect("the same rows were read before");
        for file in ["services.csv", "findings.csv"] {
            prop_assert_eq!(table(&alone, file, &[]), table(&both, file, &[]));
        }
        prop_assert_eq!(both.context.ledger.in_scope, alone.context.ledger.in_scope);
        prop_assert_eq!(both.context.ledger.related, alone.context.ledger.related);
    }

    /// Rows of a claim may be in several files.
    #[test]
    fn the_division_into_files_changes_only_positions(rows in rows(30), cut in any::<prop::sample::Index>(), auths in any::<bool>()) {
        let Some(whole) = run(&[&rows], auths) else { return Ok(()) };
        let (first, second) = rows.split_at(cut.index(rows.len()));
        // Each file must be readable by itself.
        let Some(divided) = run(&[first, second], auths) else { return Ok(()) };
        prop_assert_eq!(placeless(&whole), placeless(&divided));
        prop_assert_eq!(whole.context.ledger, divided.context.ledger);
    }

    /// What is at risk of a claim was on its rows.
    #[test]
    fn no_claim_has_more_at_risk_than_its_rows_hold(rows in rows(24)) {
        let Some(outcome) = run(&[&rows], false) else { return Ok(()) };
        let services = Table::written(&outcome, "services.csv");
        let [claim, risk, recoverable] =
            ["claim_id", "amount_at_risk", "recoverable"].map(|name| services.column(name));
        let mut at_risk: BTreeMap<&str, i64> = BTreeMap::new();
        for row in &services.rows {
            let (risk, recoverable) = (cents(&row[risk]), cents(&row[recoverable]));
            *at_risk.entry(&row[claim]).or_default() += risk;
            prop_assert!(recoverable <= risk, "{row:?}");
        }
        let mut held: BTreeMap<&str, i64> = BTreeMap::new();
        for row in &rows {
            let amounts = ["charge_amount", "allowed_amount", "paid_amount"].map(|name| cents(&row[column(name)]));
            *held.entry(&row[column("claim_id")]).or_default() += amounts.into_iter().max().unwrap_or_default();
        }
        for (claim, cents) in at_risk {
            prop_assert!(cents <= held[claim], "{claim}: {cents} at risk of {}", held[claim]);
        }
    }
}

/// The cents of an amount; 0 where it is empty or unreadable.
fn cents(cell: &str) -> i64 {
    let digits = cell.replace(['$', ','], "");
    let Some((whole, part)) = digits.split_once('.') else { return 0 };
    let part: i64 = format!("{part:0<3}")[..3].parse().unwrap_or_default();
    // Half a cent and more is a cent.
    whole.parse::<i64>().map_or(0, |whole| whole * 100 + (part + 5) / 10)
}
