//! Tests the program on two hundred invented extracts in all styles of CSV. Their truth was written down as the cases were
//! planted, and the report must agree with it in every row, rule, word and cent.
//!
//! `CLAIMLINT_SOAK=5000 cargo test soak` tests 5000 extracts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use rayon::prelude::*;

use claimlint::claim::Bin;
use claimlint::generate::{CLAIM_AMOUNTS_LAYOUT, CsvStyle, ExtractFiles, ExtractPlan, Quoting, generate};
use claimlint::run::JudgedRun;

use crate::caps::CAPS;
use crate::citations::first_cells;
use crate::kit::{DOCS, Inputs, POLICY, Table};

/// An invented extract as text, with its truth.
pub(crate) struct Invented {
    pub(crate) inputs: Inputs,
    truth: ExtractFiles<Vec<u8>>,
}

impl Invented {
    pub(crate) fn of(plan: &ExtractPlan, style: &CsvStyle) -> Self {
        let none = Vec::new;
        let mut truth =
            ExtractFiles { claims: none(), authorizations: none(), findings: none(), services: none(), rows: none() };
        generate(plan, style, &mut truth, &|| false).expect("memory takes every row");
        let mut inputs = Inputs::one(std::mem::take(&mut truth.claims));
        inputs.auths = plan.authorization_file.then(|| truth.authorizations.clone());
        inputs.layout = plan.claim_amounts.then(|| CLAIM_AMOUNTS_LAYOUT.to_owned());
        Self { inputs, truth }
    }
}

/// What the truth of an extract names.
#[derive(Debug, PartialEq, Eq)]
struct Planted {
    rules: BTreeSet<String>,
    caps: BTreeSet<String>,
    /// Words of `amount_basis`.
    bases: BTreeSet<String>,
    bins: BTreeSet<String>,
}

impl Planted {
    fn of(truth: &ExtractFiles<Vec<u8>>) -> Self {
        let column = |table: &[u8], name: &str| -> BTreeSet<String> {
            let table = Table::of(table).only(&[name.to_owned()]);
            table.rows.into_iter().flatten().filter(|cell| !cell.is_empty()).collect()
        };
        Self {
            rules: column(&truth.findings, "rule"),
            caps: column(&truth.findings, "capped_by"),
            bases: column(&truth.services, "amount_basis"),
            bins: column(&truth.rows, "bin"),
        }
    }

    fn with(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self.caps.extend(other.caps);
        self.bases.extend(other.bases);
        self.bins.extend(other.bins);
        self
    }
}

/// The bins of the ledger.
pub(crate) const BINS: [&str; 8] =
    ["rejected", "reversed", "duplicate", "payer_denied", "superseded", "in_scope", "related", "out_of_scope"];

/// The plan, style, block size and number of threads of a seed. Only the plan may affect the findings.
fn draw(seed: u64) -> (ExtractPlan, CsvStyle, usize, usize) {
    let of = |n: u64, among: u64| (seed / n % among) as usize;
    let plan = ExtractPlan {
        rows: 300 + seed * 7919 % 2700,
        seed,
        scope: [0.02, 0.3, 0.7, 1.0][of(5, 4)],
        authorization_file: of(1, 2) == 1,
        authorization_column: of(3, 4) != 3,
        claim_amounts: of(13, 3) == 2,
    };
    let style = CsvStyle {
        delimiter: b",\t;|*"[of(1, 5)],
        line_end: ["\n", "\r\n", "\r"][of(2, 3)],
        quoting: [Quoting::Needed, Quoting::Always, Quoting::Sometimes][of(7, 3)],
        byte_order_mark: of(11, 3) == 0,
        shuffled: of(2, 2) == 0,
    };
    let block = [1 << 20, 1, 63, 64, 65, 997, 4096, 1 << 15][of(1, 8)];
    (plan, style, block, 1 + of(1, 4))
}

/// The extract as it may be delivered: plain, in two gzip members, in zstd, or in UTF-16.
fn packed(text: Vec<u8>, how: u64) -> Vec<u8> {
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
    };
    match how % 6 {
        0 => [gzip(&text[..text.len() / 3]), gzip(&text[text.len() / 3..])].concat(),
        1 => zstd::encode_all(&text[..], 1).expect("memory takes it"),
        2 => {
            let text = String::from_utf8(text).expect("invented extracts are UTF-8");
            let text = text.trim_start_matches('\u{feff}');
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        }
        _ => text,
    }
}

/// The differences between the run and the truth, or an empty text.
fn differences(outcome: &JudgedRun, truth: &ExtractFiles<Vec<u8>>) -> String {
    let mut words = String::new();
    for (file, truth) in [("findings.csv", &truth.findings), ("services.csv", &truth.services)] {
        let truth = Table::of(truth);
        let actual = Table::written(outcome, file).only(&truth.header);
        diff(&mut words, file, &truth, &actual);
    }
    let truth = Table::of(&truth.rows);
    let mut ledger: BTreeMap<&str, u64> = BINS.map(|bin| (bin, 0)).into();
    for row in &truth.rows {
        *ledger.get_mut(row[1].as_str()).expect("a bin of the ledger") += 1;
    }
    ledger.insert("rows", truth.rows.len() as u64);
    let actual = serde_json::to_value(outcome.context.ledger).expect("a map of numbers");
    let actual: BTreeMap<&str, u64> =
        ledger.keys().map(|bin| (*bin, actual[*bin].as_u64().unwrap_or(u64::MAX))).collect();
    if ledger != actual {
        let _ = writeln!(words, "  ledger: expected {ledger:?}\n             found {actual:?}");
    }
    let word = |bin: &Bin| match bin {
        Bin::Reversed => "reversed",
        Bin::Duplicate => "duplicate",
        Bin::PayerDenied => "payer_denied",
        Bin::Superseded => "superseded",
        Bin::InScope => "in_scope",
        Bin::Related => "related",
    };
    let rejected = outcome.context.inputs[0].rejects.all().expect("they are in memory");
    let rejected = rejected.iter().map(|reject| (reject.line, "rejected"));
    let mut bins: BTreeMap<u64, &str> = rejected.collect();
    bins.extend(outcome.line_set.lines.iter().zip(&outcome.line_set.bins).map(|(line, bin)| (line.row, word(bin))));
    for row in &truth.rows {
        let line = row[0].parse().expect("a line's number");
        let actual = bins.remove(&line).unwrap_or("out_of_scope");
        if actual != row[1] {
            let _ = writeln!(words, "  line {line}: expected {}, found {actual}", row[1]);
        }
    }
    if !bins.is_empty() {
        let _ = writeln!(words, "  no row starts on these lines: {bins:?}");
    }
    words
}

fn diff(words: &mut String, file: &str, truth: &Table, actual: &Table) {
    if truth == actual {
        return;
    }
    let _ = writeln!(words, "  {file}: {}", truth.header.join(","));
    let [planted, found] = [truth, actual].map(|t| t.rows.iter().collect::<BTreeSet<_>>());
    for row in planted.difference(&found).take(12) {
        let _ = writeln!(words, "    expected {}", row.join(","));
    }
    for row in found.difference(&planted).take(12) {
        let _ = writeln!(words, "    found    {}", row.join(","));
    }
    if planted == found {
        let _ = writeln!(words, "    the same rows in another order or number");
    }
}

#[test]
fn two_hundred_generated_extracts_give_the_planted_findings() {
    let extracts = std::env::var("CLAIMLINT_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(200u64);
    let pools: Vec<_> =
        (1..5).map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")).collect();
    let soaked: Vec<(Planted, String)> = (0..extracts)
        .into_par_iter()
        .map(|seed| {
            let (plan, style, block, threads) = draw(seed);
            let Invented { mut inputs, truth } = Invented::of(&plan, &style);
            let text = std::mem::take(&mut inputs.extracts[0].1);
            inputs.extracts[0].1 = packed(text, seed / 4);
            let wrong = match pools[threads - 1].install(|| inputs.run_by(&POLICY, block)) {
                Ok(outcome) => differences(&outcome, &truth),
                Err(e) => format!("  refused: {e}\n"),
            };
            let planted = Planted::of(&truth);
            let what = if wrong.is_empty() { String::new() } else { format!("{plan:?} {style:?} {block}\n{wrong}") };
            (planted, what)
        })
        .collect();
    let wrong: Vec<&str> = soaked.iter().map(|(_, wrong)| wrong.as_str()).filter(|w| !w.is_empty()).collect();
    assert!(
        wrong.is_empty(),
        "{} of {extracts} extracts differ\n{}",
        wrong.len(),
        wrong[..wrong.len().min(3)].join("\n")
    );
    let planted = soaked.into_iter().map(|(planted, _)| planted).reduce(Planted::with).expect("extracts");
    let rosters = Planted {
        rules: DOCS.iter().map(|doc| doc.code.clone()).collect(),
        caps: CAPS.iter().map(|cap| cap.word().to_owned()).collect(),
        bases: first_cells("judging/amount-at-risk"),
        bins: BINS.map(str::to_owned).into(),
    };
    assert_eq!(planted, rosters, "everything is planted, and nothing that the rosters lack");
}

/// An extract of a few hundred rows in scope has every case, and so every rule that its files allow.
#[test]
fn one_extract_shows_nearly_every_rule() {
    let plan = ExtractPlan {
        rows: 1500,
        seed: 11,
        scope: 0.9,
        authorization_file: true,
        authorization_column: true,
        claim_amounts: false,
    };
    let invented = Invented::of(&plan, &CsvStyle::default());
    let fired: BTreeSet<String> =
        Table::of(&invented.truth.findings).rows.into_iter().map(|mut row| row.swap_remove(0)).collect();
    let silent: Vec<&str> = DOCS.iter().map(|doc| doc.code.as_str()).filter(|code| !fired.contains(*code)).collect();
    // PA208 is about extracts without a column of numbers.
    assert_eq!(silent, ["PA208"]);
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let plan = ExtractPlan {
        rows: 500,
        seed: 3,
        scope: 0.5,
        authorization_file: true,
        authorization_column: true,
        claim_amounts: false,
    };
    let [one, two] = [(); 2].map(|()| Invented::of(&plan, &CsvStyle::default()));
    assert_eq!((&one.inputs.extracts, &one.truth.findings), (&two.inputs.extracts, &two.truth.findings));
    let other = Invented::of(&ExtractPlan { seed: 4, ..plan }, &CsvStyle::default());
    assert_ne!(one.inputs.extracts, other.inputs.extracts);
    for rows in [0, 1, 5, 17] {
        let few = Invented::of(&ExtractPlan { rows, scope: 1.0, ..plan }, &CsvStyle::default());
        assert_eq!(Table::of(&few.truth.rows).rows.len() as u64, rows);
    }
}
