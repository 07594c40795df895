//! Rows that nobody asks about, some of them made to look otherwise.

use crate::generate::lists;
use crate::generate::rng::Dice;
use crate::generate::row::{Bin, COLUMNS, Row, at};

/// A row out of scope. Its cells may be as bad as they like: it is not read beyond its shape.
pub(super) fn row(dice: &mut Dice, number: u64) -> Row {
    let mut cells = vec![String::new(); COLUMNS.len()];
    // Without a claim number only a row of interest is rejected.
    if !dice.chance(2) {
        cells[at::CLAIM_ID] = dice.pick(&["22513", "C", "22514-", "X"]).to_owned() + &number.to_string();
    }
    cells[at::LINE_NUMBER] = dice.pick(&["1", "2", "22513"]).into();
    cells[at::MEMBER_ID] = format!("N{:07}", dice.below(10_000_000));
    cells[at::BILLING_NPI] = dice.pick(&["1225132251", "22513", "1003000126"]).into();
    cells[at::PRODUCT] = dice.pick(&["HMO Blue", "PPO", "=1+1", "Medex"]).into();
    cells[at::DATE] = dice.pick(&["2024-03-05", "3/5/2024", "2024-02-30", ""]).into();
    cells[at::PROCEDURE] = dice.pick(lists::ELSEWHERE).into();
    cells[at::UNITS] = dice.pick(&["1", "-1", "many", ""]).into();
    cells[at::DIAGNOSIS] = dice.pick(&["M48.56XA", "I10", "22513", ""]).into();
    if dice.chance(5) {
        // CPT codes are looked for in the procedure column only.
        cells[at::ICD_PROCEDURE] = dice.pick(&["22513", "22514", "22515", "0SG00A0", "0DTJ4ZZ"]).into();
    }
    cells[at::PAID] = dice.pick(&["120.00", "$1,0", "n/a", ""]).into();
    cells[at::NOTE] = dice
        .pick(&["", "", "", "seen for 22513", "5\" nail", "joh\"n, said \"ok\"", "two\nlines", "a;b|c*d\te"])
        .into();
    Row::silent(cells, Bin::OutOfScope)
}
