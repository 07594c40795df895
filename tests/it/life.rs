//! Tests the life of a claim: which bin each row falls in, and which facts it takes from other rows of its claim.

use std::fmt::Write as _;

use proptest::prelude::*;

use claimlint::claim::index::facts::Fact;
use claimlint::claim::index::service::RowRef;
use claimlint::claim::{Bin, LineSet, Text};
use claimlint::run::JudgedRun;

use crate::kit::{Inputs, config};

/// Columns of the extracts here, with the value that a row has where it says nothing else.
const COLUMNS: [(&str, &str); 25] = [
    ("claim_id", "C1"),
    ("line_number", "1"),
    ("claim_form", ""),
    ("frequency_code", "1"),
    ("original_claim_id", ""),
    ("version_number", ""),
    ("line_status", ""),
    ("member_id", "M1"),
    ("member_state", ""),
    ("product", "PPO"),
    ("payer_sequence", ""),
    ("billing_npi", "1000000001"),
    ("place_of_service", ""),
    ("bill_type", ""),
    ("revenue_code", ""),
    ("service_date", "2024-03-05"),
    ("service_end_date", ""),
    ("procedure_code", "22514"),
    ("icd_procedure_1", ""),
    ("modifier_1", ""),
    ("units", "1"),
    ("diagnosis_1", "M48.56XA"),
    ("authorization_number", ""),
    ("charge_amount", ""),
    ("paid_amount", ""),
];

/// An extract of rows that say `column=value` where they differ from the rest. A blank in a value is written `_`.
pub(crate) fn extract(rows: &[&str]) -> String {
    let mut text = COLUMNS.map(|(column, _)| column).join(",") + "\n";
    for row in rows {
        let output: Vec<(&str, &str)> =
            row.split_whitespace().map(|cell| cell.split_once('=').expect("column=value")).collect();
        for (column, _) in &output {
            assert!(COLUMNS.iter().any(|(known, _)| known == column), "{column} is no column");
        }
        let cell = |(column, usual): (&str, &str)| {
            output.iter().find(|(named, _)| *named == column).map_or(usual, |(_, value)| value).replace('_', " ")
        };
        writeln!(text, "{}", COLUMNS.map(cell).join(",")).expect("a string takes every text");
    }
    text
}

pub(crate) fn judged(rows: &[&str]) -> JudgedRun {
    Inputs::one(extract(rows)).run().expect("it can be read")
}

/// The bins of the rows, with `?` where a version or reversal found nothing.
fn bins(rows: &[&str]) -> String {
    let set = judged(rows).line_set;
    let word = |(line, bin): (usize, &Bin)| {
        let word = match bin {
            Bin::Reversed => "reversed",
            Bin::Duplicate => "duplicate",
            Bin::PayerDenied => "denied",
            Bin::Superseded => "superseded",
            Bin::InScope => "in",
            Bin::Related => "related",
        };
        let alone = set.orphans.contains(&line) || set.unmatched.contains(&line);
        format!("{word}{}", if alone { "?" } else { "" })
    };
    set.bins.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn rows_fall_in_bins() {
    for (sentence, rows, want) in [
        (
            "a reversal and the row that it takes back",
            &["paid_amount=5", "units=-1 paid_amount=-5"][..],
            "reversed reversed",
        ),
        ("the row may come after its reversal", &["units=-1 paid_amount=-5", "paid_amount=5"], "reversed reversed"),
        ("a negative charge alone reverses", &["charge_amount=5", "charge_amount=-5"], "reversed reversed"),
        ("a negative payment beside a charge does not", &["charge_amount=9 paid_amount=-5"], "in"),
        ("a negative payment beside a charge of zero does", &["charge_amount=0 paid_amount=-5"], "reversed?"),
        ("a void takes nothing back by its sign", &["frequency_code=8 units=-1"], "superseded?"),
        ("amounts differ: no match", &["paid_amount=5", "units=-1 paid_amount=-4"], "in reversed?"),
        ("another line: no match", &["paid_amount=5", "line_number=2 units=-1 paid_amount=-5"], "in reversed?"),
        ("another member: no match", &["paid_amount=5", "member_id=M2 units=-1 paid_amount=-5"], "in reversed?"),
        (
            "the original claim of a reversal",
            &["claim_id=C0 paid_amount=5", "units=-1 paid_amount=-5 original_claim_id=C0"],
            "reversed reversed",
        ),
        (
            "the own claim comes before the original",
            &["claim_id=C0 paid_amount=5", "paid_amount=5", "units=-1 paid_amount=-5 original_claim_id=C0"],
            "in reversed reversed",
        ),
        ("the status of the payer reverses without a match", &["line_status=REVERSED"], "reversed"),
        ("a void of that status is a void", &["frequency_code=8 line_status=REVERSED"], "superseded?"),
        ("an equal row", &["paid_amount=5", "paid_amount=5.00"], "in duplicate"),
        (
            "an equal row after a reversed one is the first",
            &["paid_amount=5", "units=-1 paid_amount=-5", "paid_amount=5", "paid_amount=5"],
            "reversed reversed in duplicate",
        ),
        ("another status is no duplicate", &["line_status=PAID", "line_status=DENIED"], "in denied"),
        ("another version number is no duplicate", &["version_number=1", "version_number=2"], "superseded in"),
        ("an equal row of another member", &["", "member_id=M2"], "in in"),
        ("an equal row without a member is of the first one", &["", "member_id=", "member_id=M2"], "in duplicate in"),
        ("denied rows supersede nothing", &["", "frequency_code=7 line_status=DENIED"], "in denied"),
        (
            "equal voids of two claims",
            &[
                "claim_id=A1",
                "claim_id=A2 service_date=2024-04-05",
                "frequency_code=8 original_claim_id=A1",
                "frequency_code=8 original_claim_id=A2",
            ],
            "superseded superseded superseded duplicate",
        ),
        ("a void of its own claim", &["", "frequency_code=8"], "superseded superseded"),
        ("a void that meets nothing", &["frequency_code=8"], "superseded?"),
        ("a replacement of its own claim", &["", "frequency_code=7"], "superseded in"),
        ("a replacement that meets nothing", &["frequency_code=7"], "in?"),
        ("a replacement of a named claim", &["claim_id=C0", "frequency_code=7 original_claim_id=C0"], "superseded in"),
        (
            "a named claim goes whole, and the own rows stay",
            &["claim_id=C0", "claim_id=C0 line_number=2", "frequency_code=7 original_claim_id=C0", "line_number=2"],
            "superseded superseded in in",
        ),
        (
            "a chain",
            &[
                "claim_id=C0",
                "frequency_code=7 original_claim_id=C0",
                "claim_id=C2 frequency_code=7 original_claim_id=C1",
            ],
            "superseded superseded in",
        ),
        (
            "a reversed version still supersedes",
            &["claim_id=C0", "frequency_code=7 original_claim_id=C0 paid_amount=5", "units=-1 paid_amount=-5"],
            "superseded reversed reversed",
        ),
        ("a number that no row has is not reported", &["frequency_code=7 original_claim_id=C9"], "in"),
        (
            "a number of another member names nothing",
            &["claim_id=C0 member_id=M2", "frequency_code=8 original_claim_id=C0"],
            "in superseded?",
        ),
        (
            "a claim without a member can be named by anyone",
            &["claim_id=C0 member_id=", "frequency_code=8 original_claim_id=C0"],
            "superseded superseded",
        ),
        (
            "a row without a member names all members of a number",
            &["claim_id=C0", "claim_id=C0 member_id=M2", "member_id= frequency_code=8 original_claim_id=C0"],
            "superseded superseded superseded",
        ),
        (
            "a version that names its own number names nothing",
            &["", "frequency_code=7 original_claim_id=C1"],
            "superseded in",
        ),
        ("a version of a claim whose original was denied", &["line_status=D", "frequency_code=7"], "denied in"),
        ("a pending row that was paid", &["line_status=PENDING", "line_status=PAID"], "superseded in"),
        ("a pending row that was denied", &["line_status=PENDING", "line_status=DENIED"], "superseded denied"),
        ("a pending row by itself", &["line_status=PENDING", "line_status=PAID line_number=2"], "in in"),
        (
            "an older version, also if the newest is denied",
            &["version_number=2", "version_number=10 line_status=DENIED", "version_number="],
            "superseded denied superseded",
        ),
        ("version numbers are of a claim", &["version_number=1", "claim_id=C2 version_number=2"], "in in"),
        (
            "related rows, too",
            &["procedure_code=22511", "procedure_code=22511 frequency_code=8"],
            "superseded superseded",
        ),
        ("a mangled claim number is its row's alone", &["claim_id=1.2E+5", "claim_id=1.2E+5"], "in in"),
    ] {
        assert_eq!(bins(rows), want, "{sentence}: {rows:?}");
    }
}

#[test]
fn claims_of_a_shared_number_are_known() {
    let shared = |rows: &[&str]| judged(rows).line_set.services.iter().map(|s| s.claim_shared).collect::<Vec<_>>();
    assert_eq!(shared(&["", "member_id=M2", "claim_id=C2"]), [true, true, false]);
    assert_eq!(shared(&["", "member_id= line_number=2"]), [false, false]);
    assert_eq!(shared(&["", "member_id=M2 line_status=DENIED"]), [true]);
}

/// A text of the second row's line, as it is filled, and the row that it comes from.
fn filled(rows: &[&str], text: Text) -> (String, Option<u64>) {
    let set = judged(rows).line_set;
    (set.line(1).text(text).to_owned(), set.row_of_fact(1, Fact::Text(text)).map(|row: RowRef| row.row))
}

#[test]
fn facts_of_the_claim_are_filled() {
    for (sentence, rows, text, want) in [
        (
            "from the first row that has it",
            &["product=HMO", "line_number=2 product=", "line_number=3"][..],
            Text::Product,
            ("HMO", Some(2)),
        ),
        (
            "also from a later one",
            &["product=", "line_number=2 product=", "line_number=3 product=HMO"],
            Text::Product,
            ("HMO", Some(4)),
        ),
        ("a row keeps its own", &["product=HMO", "line_number=2"], Text::Product, ("PPO", None)),
        (
            "not from the other claim form",
            &["claim_form=P authorization_number=A-12", "line_number=2 claim_form=I"],
            Text::Authorization,
            ("", None),
        ),
        (
            "from a row whose form is not known",
            &["authorization_number=A-12", "line_number=2 claim_form=I"],
            Text::Authorization,
            ("A-12", Some(2)),
        ),
        (
            "from a row of either form where the own is not known",
            &["claim_form=P authorization_number=A-12", "line_number=2"],
            Text::Authorization,
            ("A-12", Some(2)),
        ),
        (
            "not from a row that is not live",
            &["authorization_number=A-12 line_status=DENIED", "line_number=2"],
            Text::Authorization,
            ("", None),
        ),
        ("not from another claim", &["product=HMO", "claim_id=C2 product="], Text::Product, ("", None)),
        (
            "the member, also of a row that is not live",
            &["", "member_id= line_status=D"],
            Text::MemberId,
            ("M1", Some(2)),
        ),
    ] {
        let (value, source) = filled(rows, text);
        assert_eq!((value.as_str(), source), want, "{sentence}: {rows:?}");
    }
}

#[test]
fn derived_values_use_the_filled_facts() {
    let set = judged(&["bill_type=111 product=HMO", "line_number=2 product= diagnosis_1="]).line_set;
    let (first, second) = (set.line(0), set.line(1));
    assert_eq!((second.setting, second.form, second.facility), (first.setting, first.form, Some(*b"11")));
    assert_eq!(second.class, first.class);
    assert_eq!(second.considered().collect::<Vec<_>>(), ["M4856XA"]);
    assert_eq!(set.row_of_fact(1, Fact::Diagnoses).map(|row| row.row), Some(2));
    assert_eq!(set.services[0].encounter.codes, set.services[1].encounter.codes);
    let set = judged(&["payer_sequence=S", "line_number=2"]).line_set;
    assert!(set.line(1).marks().not_primary);
}

/// What of a run does not depend on where its rows are: the services with their status and rules.
fn verdicts(run: &JudgedRun) -> Vec<String> {
    let set: &LineSet<'_> = &run.line_set;
    let one = |(n, judgment): (usize, &claimlint::rules::judge::Judgment)| {
        let line = set.line_of(n);
        let rules: Vec<&str> =
            judgment.rules.iter().map(|rule| claimlint::rules::get(*rule).code).filter(|c| *c != "TW603").collect();
        format!(
            "{} {} {:?} {:?} {} {rules:?} {:?}",
            line.claim_id(),
            line.text(Text::LineNumber),
            line.date,
            set.codes_of(n),
            judgment.status.word(),
            judgment.at_risk
        )
    };
    let mut verdicts: Vec<String> = run.judged.services.iter().enumerate().map(one).collect();
    verdicts.sort();
    verdicts
}

/// Rows as they are generated: column and value pairs.
pub(crate) fn rows() -> impl Strategy<Value = Vec<String>> {
    let pick = |column: &'static str, values: &'static [&'static str]| {
        prop::sample::select(values).prop_map(move |value| format!("{column}={value}"))
    };
    let row = (
        pick("claim_id", &["C1", "C2", "C3", "C4"]),
        pick("member_id", &["M1", "M2", ""]),
        pick("procedure_code", &["22513", "22514", "22515", "22511"]),
        pick("service_date", &["2024-03-05", "2024-03-06"]),
        pick("claim_form", &["P", "I", ""]),
        pick("authorization_number", &["", "", "A-12"]),
        pick("product", &["HMO", "PPO", "Medicare_HMO", ""]),
        pick("frequency_code", &["1", "1", "1", "7", "8"]),
        pick("original_claim_id", &["", "", "C1", "C2"]),
    );
    let row = (row, pick("icd_procedure_1", &["", "", "0PU43JZ"]), pick("line_status", &["", "", "PAID", "PENDING"]));
    let text = |((a, b, c, d, e, f, g, h, i), j, k)| [a, b, c, d, e, f, g, h, i, j, k].join(" ");
    prop::collection::vec(row.prop_map(text), 1..9)
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn a_file_and_its_full_reversal_have_no_services(rows in rows()) {
        // Voids are no rows that can be taken back; equal amounts would be matched in another order.
        let rows: Vec<String> = (1..).zip(rows)
            .map(|(n, row)| format!("{} line_number={n} paid_amount={n}.00", row.replace("frequency_code=8", "frequency_code=1")))
            .collect();
        let back = rows.iter().map(|row| row.replace("paid_amount=", "units=-1 paid_amount=-"));
        let all: Vec<String> = rows.iter().cloned().chain(back).collect();
        let run = judged(&all.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert!(run.line_set.services.is_empty());
        prop_assert!(run.line_set.bins.iter().all(|bin| *bin == Bin::Reversed));
        prop_assert_eq!(run.context.ledger.reversed, all.len() as u64);
    }

    #[test]
    fn rows_that_the_payer_denied_change_no_verdict(rows in rows()) {
        // A denied twin decides a pending row, so there is none here; and it has a claim number of known rows.
        let rows: Vec<String> = (1..).zip(rows)
            .map(|(n, row)| format!("{} line_number={n}", row.replace("line_status=PENDING", "line_status=")))
            .collect();
        let twins = rows.iter().map(|row| {
            let row = row.replace("line_status=PAID", "").replace("line_status=", "");
            format!("{row} line_status=DENIED")
        });
        let all: Vec<String> = rows.iter().cloned().chain(twins).collect();
        let before = judged(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        let after = judged(&all.iter().map(String::as_str).collect::<Vec<_>>());
        prop_assert_eq!(verdicts(&before), verdicts(&after));
        prop_assert_eq!(after.context.ledger.payer_denied, rows.len() as u64);
    }

    #[test]
    fn files_of_a_run_can_be_cut_anywhere(rows in rows(), at in 0..9_usize) {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (first, second) = rows.split_at(at.min(rows.len()));
        let whole = judged(&rows);
        let cut = Inputs {
            extracts: vec![("1.csv".to_owned(), extract(first).into()), ("2.csv".to_owned(), extract(second).into())],
            ..Inputs::default()
        };
        let cut = cut.run().expect("it can be read");
        prop_assert_eq!(verdicts(&whole), verdicts(&cut));
        prop_assert_eq!(whole.line_set.bins, cut.line_set.bins);
    }
}

/// A step that compares each row with each other one would take minutes here.
#[test]
fn many_rows_of_one_claim_take_linear_time() {
    let mut text = extract(&[]);
    for n in 0..30_000 {
        let frequency = ["1", "7", "8"][n % 3];
        let units = if n % 5 == 0 { "-1" } else { "1" };
        let status = ["", "PENDING", "PAID"][n % 7 % 3];
        let row = format!(
            "C1,{},,{frequency},C2,{},{status},M1,,PPO,,1000000001,22,,,2024-03-05,,22514,0PU43JZ,,{units},M48.56XA,A-12,,5.00\n",
            n % 100,
            n % 11
        );
        text += &row;
        // The same day by one member, on a claim for each row.
        let (claim, side) = (n / 2, ["P", "I"][n % 2]);
        let row = format!(
            "D{claim},1,{side},1,,,,M2,,HMO,,1000000002,22,,,2024-03-05,2024-03-09,22515,0QU03JZ,,1,M48.56XA,,,5.00\n"
        );
        text += &row;
    }
    let begun = std::time::Instant::now();
    let run = Inputs::one(text).run().expect("it can be read");
    assert_eq!(run.line_set.bins.len(), 60_000);
    assert!(begun.elapsed().as_secs() < 60, "it took {:?}", begun.elapsed());
}
