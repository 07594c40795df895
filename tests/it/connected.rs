//! Tests what `explain` reads of a dossier: the rows that may bear on what it is asked, within its memory.

use std::io::Cursor;

use claimlint::report::format::dossier;
use claimlint::report::format::dossier::DossierError;

use crate::explain::HEAD;
use crate::kit::{Inputs, MEMORY, written};

/// Only rows that have a claim number, a named claim, a member or an authorization number in common with the wanted ones, or that
/// others connect with them, are read.
#[test]
fn only_rows_that_may_bear_on_a_claim_are_read() {
    let rows = ["C1,,M1,", "C2,C1,,A-1", "C3,,,a1;B2", "C4,,M2,B-3", "C5,,M2,", "C6,,M3,C1", "C7,,,", "C1,,M4,"];
    let row = |row: &&str| format!("{row},1,P,PPO,22,2024-03-02,22514,1,M54.5,10.00\n");
    let extract =
        "claim_id,original_claim_id,member_id,authorization_number,line_number,claim_form,product,place_of_service,\
                   service_date,procedure_code,units,diagnosis_1,paid_amount\n"
            .to_owned();
    let outcome = Inputs::one(extract + &rows.iter().map(row).collect::<String>()).run().expect("it can be read");
    let whole = written(&outcome, dossier::FILE);
    let read = |is_wanted: &dyn Fn(u64) -> bool| {
        let read = dossier::read_connected(Cursor::new(&whole), MEMORY, |line| is_wanted(line.row));
        let read = read.expect("it was written just now");
        read.line_set.lines.iter().map(|line| line.row).collect::<Vec<_>>()
    };
    for row in [2, 3, 4, 9] {
        assert_eq!(read(&|number| number == row), [2, 3, 4, 9]);
    }
    assert_eq!(read(&|row| row == 6), [5, 6]);
    assert_eq!((read(&|row| row == 7), read(&|row| row == 8)), (vec![7], vec![8]));
    assert_eq!((read(&|row| row == 8 || row == 5), read(&|_| false)), (vec![5, 6, 8], Vec::new()));
}

/// The numbers of a single row may take more memory than the row.
#[test]
fn a_row_of_very_many_numbers_is_refused_within_memory() {
    let numbers: Vec<String> = (0..100_000).map(|n| format!("A{n}")).collect();
    let row = format!("C1,M1,HMO,22,2024-03-05,22514,M4856XA,,,{},1.00\n", numbers.join(";"));
    let outcome = Inputs::one(HEAD.to_owned() + &row).run().expect("it can be read");
    let whole = written(&outcome, dossier::FILE);
    let read = |memory| dossier::read_connected(Cursor::new(&whole), memory, |_| true);
    assert!(matches!(read(3 << 20), Err(DossierError::TooLarge(_))) && dossier::read(&whole[..], 3 << 20).is_ok());
    assert!(read(MEMORY).is_ok());
}

#[test]
fn memory_bounds_the_rows_that_are_kept_not_the_report() {
    let row = |n: usize| format!("C{n},M{n},HMO,22,2024-03-05,22514,M4856XA,,,A-{n},1.00\n");
    let rows: String = (0..3_000).map(row).collect();
    let outcome = Inputs::one(HEAD.to_owned() + &rows).run().expect("it can be read");
    let whole = written(&outcome, dossier::FILE);
    let memory = 3 << 20;
    let of = |wanted: usize| {
        let all = dossier::read_connected(Cursor::new(&whole), memory, |line| line.row < wanted as u64 + 2);
        all.map(|outcome| outcome.line_set.lines.len())
    };
    assert_eq!((of(1).ok(), of(100).ok()), (Some(1), Some(100)));
    assert!(matches!(of(3_000), Err(DossierError::TooLarge(_))));
    assert!(matches!(dossier::read(&whole[..], memory), Err(DossierError::TooLarge(_))));
}
