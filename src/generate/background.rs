//! Rows out of scope, some of which resemble rows in scope.

use crate::generate::columns::{COLUMNS, column};
use crate::generate::expected::PlannedRow;
use crate::generate::lists;
use crate::generate::rng::Rng;
use crate::ledger::LedgerBin;

/// A row out of scope. Its cells may hold anything, because only the shape of such a row is looked at.
pub(super) fn row(rng: &mut Rng, number: u64) -> PlannedRow {
    let mut cells = vec![String::new(); COLUMNS.len()];
    // A row without a claim number is rejected only if it holds a known code.
    if !rng.chance(2) {
        cells[column::CLAIM_ID] = rng.pick(&["22513", "C", "22514-", "X"]).to_owned() + &number.to_string();
    }
    cells[column::LINE_NUMBER] = rng.pick(&["1", "2", "22513"]).into();
    cells[column::MEMBER_ID] = format!("N{:07}", rng.below(10_000_000));
    cells[column::BILLING_NPI] = rng.pick(&["1225132251", "22513", "1003000126"]).into();
    cells[column::PRODUCT] = rng.pick(&["HMO Blue", "PPO", "=1+1", "Medex"]).into();
    cells[column::DATE] = rng.pick(&["2024-03-05", "3/5/2024", "2024-02-30", ""]).into();
    cells[column::PROCEDURE] = rng.pick(lists::OUT_OF_SCOPE).into();
    cells[column::UNITS] = rng.pick(&["1", "-1", "many", ""]).into();
    cells[column::DIAGNOSIS] = rng.pick(&["M48.56XA", "I10", "22513", ""]).into();
    if rng.chance(5) {
        // CPT codes are looked for in the procedure column only.
        cells[column::ICD_PROCEDURE] = rng.pick(&["22513", "22514", "22515", "0SG00A0", "0DTJ4ZZ"]).into();
    }
    cells[column::PAID] = rng.pick(&["120.00", "$1,0", "n/a", ""]).into();
    cells[column::NOTE] =
        rng.pick(&["", "", "", "seen for 22513", "5\" nail", "joh\"n, said \"ok\"", "two\nlines", "a;b|c*d\te"]).into();
    PlannedRow::without_findings(cells, LedgerBin::OutOfScope)
}
