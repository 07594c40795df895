//! Tests what holds for any extract: the bytes of the report depend only on the input, every row is counted once, the place
//! of every finding is right, the order of unrelated rows does not matter, and sums can be grouped in any way.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use claimlint::ingest::BLOCK;
use claimlint::report::format::dossier;
use claimlint::run::{JudgedRun, Memory};

use crate::explain::agree;
use crate::kit::{self, Inputs, MEMORY, POLICY, Table, config, mask, report, report_in_parts};

/// Pools of one, two and eight threads.
pub(crate) static POOLS: LazyLock<Vec<ThreadPool>> =
    LazyLock::new(|| [1, 2, 8].map(|n| ThreadPoolBuilder::new().num_threads(n).build().expect("threads")).into());

/// The columns of the generated extracts, with few values for each, so that rows share claims, members, dates and numbers.
const COLUMNS: [(&str, &[&str]); 22] = [
    ("claim_id", &["C1", "C2", "C3", "C4", "C5", "C6", "C7", ""]),
    ("line_number", &["1", "2", ""]),
    ("claim_form", &["P", "I", "", "837-p", "?"]),
    ("frequency_code", &["1", "1", "1", "7", "8", ""]),
    ("original_claim_id", &["", "", "C1", "C2", "C9"]),
    ("member_id", &["M1", "M2", "M3", "", "=M4"]),
    ("product", &["HMO Blue", "PPO", "Medicare HMO", "MPPO", "EPO", "", "what"]),
    ("billing_npi", &["1000000001", "1000000002", ""]),
    ("place_of_service", &["22", "21", "24", "1", ""]),
    ("bill_type", &["", "", "111", "0131", "13I", "11:A:7", "zz"]),
    ("service_date", &["2024-03-05", "2024-03-05", "3/6/2024", "2019-12-31", "2014-12-31", "20240305", "soon", ""]),
    (
        "procedure_code",
        &["22513", "22514", "22515", "22514-RT", "22511", "22523", "C7507", "99213", "99213", "0200T", "PU43JZ", ""],
    ),
    ("modifier_1", &["", "LT", "59", "80"]),
    ("units", &["1", "", "2", "0.5", "5", "one"]),
    ("diagnosis_1", &["M48.56XA", "M80.08XA", "M54.5", "M48.52XA", "G89.3", "m4854xa", "M48.56A", "S22.000A", ""]),
    ("diagnosis_2", &["", "M48.54XA", "Z79.82", "C90.01"]),
    ("diagnosis_pointer", &["", "1", "2", "12", "1:2", "K"]),
    ("icd_procedure_1", &["", "", "", "0QU03JZ", "0PU43JZ", "0QS03ZZ", "0PS43ZZ", "XNU0356"]),
    ("authorization_number", &["", "A-1", "a-1", "A-2", "A-3", "NONE", "0000", "-A"]),
    ("charge_amount", &["4200.00", "$1,200.50", "", "x"]),
    ("paid_amount", &["", "2500.00", "(12.50)", "0.005"]),
    ("note", &["", "", "plain", "a \"quoted\" word", "two\nlines", "comma, comma", "\u{e9}\u{a0}"]),
];

/// The names of the columns. The claim number is the first, so that it is on the first line of its row.
pub(crate) const HEADER: [&str; 22] = {
    let mut names = [""; 22];
    let mut at = 0;
    while at < 22 {
        names[at] = COLUMNS[at].0;
        at += 1;
    }
    names
};

pub(crate) const AUTHS: &str = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units
A-1,M1,22513;22514,APPROVED,2024-01-01,2024-12-31,2
A-1,,,approved,2024-03-06,,
A-2,M2,,DENIED,,,
A-3,,22515,A,,2024-03-05,1
,M3,22514,CERTIFIED,,,
";

/// How a row is damaged.
#[derive(Debug, Clone, Copy)]
enum Dirt {
    Clean,
    Short,
    Long,
    TrailingDelimiters,
    StrayQuote,
    OpenQuote,
    TextAfterQuote,
    BlankBefore,
    HeaderBefore,
}

#[derive(Debug, Clone)]
pub(crate) struct Generated {
    rows: Vec<(Vec<&'static str>, Dirt)>,
    line_end: &'static str,
    final_end: bool,
    auths: bool,
}

impl Generated {
    fn text(&self) -> String {
        let mut text = HEADER.join(",") + self.line_end;
        for (cells, dirt) in &self.rows {
            let mut cells: Vec<String> = cells.iter().map(|cell| written(cell)).collect();
            let last = cells.len() - 1;
            match dirt {
                Dirt::Short => drop(cells.pop()),
                Dirt::Long => cells.push("surplus".to_owned()),
                Dirt::TrailingDelimiters => cells.extend([String::new(), String::new()]),
                Dirt::StrayQuote => cells[last] = String::from("5\" nail"),
                Dirt::OpenQuote => cells[last] = String::from("\"open"),
                Dirt::TextAfterQuote => cells[last] = String::from("\"a\"b"),
                Dirt::BlankBefore => text += self.line_end,
                Dirt::HeaderBefore => text += &(HEADER.join(",") + self.line_end),
                Dirt::Clean => {}
            }
            text += &(cells.join(",") + self.line_end);
        }
        if !self.final_end {
            text.truncate(text.len() - self.line_end.len());
        }
        text
    }

    pub(crate) fn inputs(&self) -> Inputs {
        Inputs { auths: self.auths.then(|| AUTHS.as_bytes().to_vec()), ..Inputs::one(self.text()) }
    }
}

pub(crate) fn written(cell: &str) -> String {
    if cell.contains(['"', ',', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

pub(crate) fn extract(most: usize) -> impl Strategy<Value = Generated> {
    use Dirt::{
        BlankBefore, Clean, HeaderBefore, Long, OpenQuote, Short, StrayQuote, TextAfterQuote, TrailingDelimiters,
    };
    let cells = COLUMNS.iter().map(|(_, pool)| prop::sample::select(pool.to_vec())).collect::<Vec<_>>();
    let broken =
        vec![Short, Long, TrailingDelimiters, StrayQuote, OpenQuote, TextAfterQuote, BlankBefore, HeaderBefore];
    // One row in six is damaged. If more than half were rejected, the extract would be refused.
    let dirt = prop_oneof![5 => Just(Clean), 1 => prop::sample::select(broken)];
    (
        prop::collection::vec((cells, dirt), 0..most),
        prop::sample::select(vec!["\n", "\r\n"]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(rows, line_end, final_end, auths)| Generated { rows, line_end, final_end, auths })
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn reports_do_not_depend_on_threads_or_blocks(generated in extract(40)) {
        let inputs = generated.inputs();
        let run = |block: usize| inputs.run_by(&POLICY, block).map(|outcome| report(&outcome));
        let want = POOLS[0].install(|| run(BLOCK));
        for (pool, threads) in POOLS.iter().zip([1, 2, 8]) {
            for block in [1, 2, 3, 7, 64, 4096] {
                prop_assert_eq!(&pool.install(|| run(block)), &want, "{} threads, blocks of {}", threads, block);
            }
        }
    }

    #[test]
    fn reports_of_several_files_do_not_depend_on_threads(first in extract(15), second in extract(15), third in extract(15)) {
        let mut inputs = first.inputs();
        inputs.extracts.push(("more.csv".to_owned(), second.text().into_bytes()));
        inputs.extracts.push(("last.csv".to_owned(), third.text().into_bytes()));
        let run = || inputs.run_by(&POLICY, 64).map(|outcome| report(&outcome));
        let want = POOLS[0].install(run);
        for pool in &POOLS[1..] {
            prop_assert_eq!(&pool.install(run), &want);
        }
    }
}

proptest! {
    #![proptest_config(config(48))]

    /// A report written in parts of a few lines, from disk or memory, masked or not, has the same bytes.
    #[test]
    fn the_report_does_not_depend_on_its_parts(generated in extract(40), part in 1_usize..12, masked in any::<bool>()) {
        let inputs = generated.inputs();
        let Ok(outcome) = inputs.run() else { return Ok(()) };
        let outcome = if masked { inputs.masked(mask()).expect("it was read before") } else { outcome };
        let want: Vec<_> = report(&outcome).into_iter().filter(|(file, _)| *file != dossier::FILE).collect();
        let memory = Memory { bytes: 4096, scratch: std::sync::Arc::new(tempfile::tempfile) };
        for memory in [None, Some(memory)] {
            let mut run = inputs.read_by(&POLICY, BLOCK, part, memory).expect("it was read before");
            if masked {
                run.mask(mask(), false).expect("there is a disk");
            }
            let got = report_in_parts(&run);
            // The dossier is divided into parts, but what is read from it is the same.
            let (kept, got): (Vec<_>, Vec<_>) = got.into_iter().partition(|(file, _)| *file == dossier::FILE);
            prop_assert_eq!(&got, &want);
            let again = dossier::read(&kept[0].1[..], MEMORY).expect("it was written just now");
            prop_assert_eq!(report(&again)[0..2].to_vec(), want[0..2].to_vec());
        }
    }
}

proptest! {
    #![proptest_config(config(96))]

    /// What `explain` reads for a claim, its rows and those that may bear on them, says of it what the report says.
    #[test]
    fn a_claim_is_judged_the_same_among_connected_rows(generated in extract(7), masked in any::<bool>()) {
        let inputs = generated.inputs();
        let Ok(outcome) = inputs.run() else { return Ok(()) };
        let outcome = if masked { inputs.masked(mask()).expect("it was read before") } else { outcome };
        let whole = Cursor::new(kit::written(&outcome, dossier::FILE));
        let claims: BTreeSet<&str> = outcome.line_set.lines.iter().map(|line| line.claim_id()).collect();
        for claim in claims {
            let connected = dossier::read_connected(whole.clone(), MEMORY, |line| line.claim_id() == claim);
            let connected = connected.expect("it was written just now");
            for name in ["services.csv", "findings.csv"] {
                let of_claim = |outcome: &JudgedRun| {
                    let table = Table::written(outcome, name);
                    let column = table.column("claim_id");
                    table.rows.into_iter().filter(|row| row[column] == claim).collect::<Vec<_>>()
                };
                prop_assert_eq!(of_claim(&connected), of_claim(&outcome), "{} of {}", name, claim);
            }
            let bins = |outcome: &JudgedRun| {
                let lines = outcome.line_set.lines.iter().zip(&outcome.line_set.bins);
                lines.filter(|(line, _)| line.claim_id() == claim).map(|(line, bin)| (line.row, *bin)).collect::<Vec<_>>()
            };
            prop_assert_eq!(bins(&connected), bins(&outcome), "{}", claim);
        }
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn every_row_is_counted_once_and_every_finding_can_be_looked_up(generated in extract(40)) {
        let text = generated.text();
        let Ok(outcome) = generated.inputs().run() else {
            // The extract was refused, because more than half of at least ten rows cannot be read.
            return Ok(());
        };
        let ledger = outcome.context.ledger;
        prop_assert!(ledger.adds_up(), "{ledger:?}");
        prop_assert!(ledger.rows >= generated.rows.len() as u64, "rows were lost: {ledger:?}");
        let lines: Vec<&str> = text.split('\n').collect();
        for table in ["findings.csv", "services.csv"] {
            let table = Table::written(&outcome, table);
            let (line, claim) = (table.column("source_line"), table.column("claim_id"));
            for row in &table.rows {
                let number: usize = row[line].parse().expect("a line number");
                prop_assert!(!row[claim].is_empty() && number >= 2);
                prop_assert!(lines[number - 1].starts_with(&format!("{},", row[claim])), "{row:?}");
            }
        }
        for reject in outcome.context.inputs[0].rejects.all().expect("they are in memory") {
            let line = lines[reject.line as usize - 1];
            prop_assert!(text.as_bytes()[reject.offset.expect("a text") as usize..].starts_with(line.as_bytes()), "{reject:?}");
        }
    }

    /// Masked or not, the dossier holds everything that the verdicts depend on.
    #[test]
    fn every_service_is_explained_as_it_was_judged(generated in extract(40)) {
        let Ok(outcome) = generated.inputs().run() else { return Ok(()) };
        agree(&outcome, "as it came");
        let masked = generated.inputs().masked(mask()).expect("it was read before");
        agree(&masked, "masked");
        prop_assert_eq!(outcome.judged.findings.len(), masked.judged.findings.len());
        prop_assert!(outcome.judged.findings.iter().zip(&masked.judged.findings).all(|(a, b)| a.rule == b.rule && a.subject == b.subject));
    }

    #[test]
    fn summaries_merge_in_any_grouping(parts in [extract(12), extract(12), extract(12)]) {
        let summaries: Vec<_> = parts.iter().filter_map(|p| Some(p.inputs().run().ok()?.summary)).collect();
        let [a, b, c] = summaries.as_slice() else { return Ok(()) };
        let merged = |mut left: claimlint::tally::Summary, right: &claimlint::tally::Summary| {
            left.merge(right);
            left
        };
        let left_first = merged(merged(a.clone(), b), c);
        prop_assert_eq!(&left_first, &merged(a.clone(), &merged(b.clone(), c)));
        prop_assert_eq!(&left_first, &merged(merged(c.clone(), b), a));
        prop_assert_eq!(left_first.services(), a.services() + b.services() + c.services());
        prop_assert_eq!(&merged(claimlint::tally::Summary::default(), a), a);
    }
}

/// Rows whose order does not matter: each claim number occurs once (so there are no duplicates, and each stay is one row), each
/// pair of member and procedure once (so no running sum of units passes a limit), and the authorization file has no units.
pub(crate) fn unordered() -> impl Strategy<Value = (Vec<Vec<String>>, Vec<Vec<String>>)> {
    let cells = COLUMNS.iter().map(|(_, pool)| prop::sample::select(pool.to_vec())).collect::<Vec<_>>();
    let rows = prop::collection::vec((cells, any::<prop::sample::Index>()), 1..40).prop_map(|drawn| {
        let codes = ["22513", "22514", "22515", "22511", "C7507", "0200T", "0QU03JZ", "99213"];
        let count = drawn.len();
        let row = |(i, (cells, other)): (usize, (Vec<&str>, prop::sample::Index))| {
            let mut row: Vec<String> = cells.into_iter().map(str::to_owned).collect();
            row[0] = format!("C{i}");
            row[4] = if row[4].is_empty() { String::new() } else { format!("C{}", other.index(count + 1)) };
            row[5] = format!("M{}", i / codes.len());
            row[11] = String::from(codes[i % codes.len()]);
            // Of two stays of a member the later one is billed twice, so a member has one: the row with the PCS code.
            if codes[i % codes.len()] != "0QU03JZ" {
                row[17].clear();
            }
            row
        };
        drawn.into_iter().enumerate().map(row).collect::<Vec<_>>()
    });
    rows.prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

/// Services and findings without their lines, sorted.
fn placeless(outcome: &JudgedRun) -> Vec<Vec<Vec<String>>> {
    let tables = ["services.csv", "findings.csv"].map(|file| {
        let table = Table::written(outcome, file);
        let columns: Vec<String> = table.header.iter().filter(|h| *h != "source_line").cloned().collect();
        let mut rows = table.only(&columns).rows;
        // Messages of sessions name the line of the other service.
        for cell in rows.iter_mut().flatten() {
            if let Some((before, after)) = cell.split_once(" line ").filter(|(b, _)| b.ends_with("claims.csv")) {
                let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
                *cell = format!("{before}{after}");
            }
        }
        rows.sort();
        rows
    });
    tables.into()
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn the_order_of_rows_changes_nothing_but_positions((rows, shuffled) in unordered()) {
        let run = |rows: &[Vec<String>]| {
            let lines = rows.iter().map(|row| row.iter().map(|cell| written(cell)).collect::<Vec<_>>().join(","));
            let text = std::iter::once(HEADER.join(",")).chain(lines).collect::<Vec<_>>().join("\n");
            let auths = AUTHS.replace(",2\n", ",\n").replace(",1\n", ",\n");
            Inputs { auths: Some(auths.into_bytes()), ..Inputs::one(text) }.run().expect("nothing is damaged")
        };
        let (one, other) = (run(&rows), run(&shuffled));
        prop_assert_eq!(one.context.ledger, other.context.ledger);
        prop_assert_eq!(&one.summary, &other.summary);
        prop_assert_eq!(placeless(&one), placeless(&other));
    }
}

/// Enough lines that several threads look for duplicates and encounters. The result does not depend on the threads.
#[test]
fn duplicates_and_encounters_are_found_across_partitions() {
    const DISTINCT: u64 = 15_000;
    let row = |i: u64| {
        let n = i % DISTINCT;
        format!("C{n},1,P,M{},PPO,1000000001,22,2024-03-05,22515,1,M8008XA,100.00\n", n % 5_000)
    };
    let header = "claim_id,line_number,claim_form,member_id,product,billing_npi,place_of_service,service_date,\
                  procedure_code,units,diagnosis_1,charge_amount\n";
    let extract: String = std::iter::once(header.to_owned()).chain((0..2 * DISTINCT).map(row)).collect();
    let outcomes = POOLS.iter().map(|pool| pool.install(|| claimlint::run::run_text(&POLICY, &extract, None)));
    for outcome in outcomes {
        let outcome = outcome.expect("the extract is in order");
        assert_eq!((outcome.context.ledger.in_scope, outcome.context.ledger.duplicate), (DISTINCT, DISTINCT));
        // The third claim of a member is the third unit of its encounter.
        let last = outcome.line_set.services.last().expect("services");
        assert_eq!(last.units_so_far, 3.into());
    }
}
