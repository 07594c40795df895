//! Bytes per second of each stage of a run, on extracts in memory. Each bench asserts its result, so that a fast but
//! wrong stage fails. The comparison with other tools is in `benches/peers`.

use std::hint::black_box;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use claimlint::claim::index::service::AskedOfMember;
use claimlint::claim::index::{Asked, Index};
use claimlint::claim::line::head::AmountsPer;
use claimlint::claim::store::BATCH_LINES;
use claimlint::claim::{Reader, Store};
use claimlint::ingest::layout::detect;
use claimlint::ingest::{BLOCK, Detected, Library, Position, Row, Source, read_into};
use claimlint::policy::{Policy, parse};
use claimlint::report::sink::Output;
use claimlint::report::write::write;
use claimlint::report::{FORMATS, Format};
use claimlint::rules::judge::ServiceStatus;
use claimlint::rules::{codes, doc};
use claimlint::run::{Expect, Run, Setup, Unwatched, run};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Rows of an extract: about 16 MB, far beyond the caches.
const ROWS: usize = 100_000;

/// Rows of the dense extract that `benches/peers` compares. More than a tenth of them are flagged.
const DENSE: usize = 1_000_000;

/// In the sparse extract one row in this many is in scope.
const SPARSE: usize = 2_000;

const HEADER: &str = "claim_id,line_number,claim_form,frequency_code,member_id,product,billing_npi,rendering_npi,\
place_of_service,service_date,procedure_code,modifier_1,units,diagnosis_1,diagnosis_2,diagnosis_3,diagnosis_pointer,\
authorization_number,charge_amount,allowed_amount,paid_amount,notes\n";

/// An extract with one row in `every` in scope and diagnoses and products from `mix`. Values repeat with different
/// periods, so that no two rows are equal.
fn extract(rows: usize, every: usize, mix: &Mix) -> Vec<u8> {
    const OTHER: [&str; 5] = ["99213", "72148", "36415", "97110", "22612"];
    const LISTED: [&str; 3] = ["22513", "22514", "22515"];
    let mut text = HEADER.to_owned();
    for i in 0..rows {
        let listed = i % every == 0;
        let code = if listed { LISTED[i % 3] } else { OTHER[i % 5] };
        let authorization = if listed && i % 10 > 0 { format!("PA{i:06}") } else { String::new() };
        let row = format!(
            "C{i:08},{},P,1,M{:07},{},1{:09},1{:09},{},2024-{:02}-{:02},{code},,1,{},{},,1,{authorization},{}.50,{}.25,{}.00,spine clinic\n",
            i % 4 + 1,
            i / 3,
            mix.products[i % mix.products.len()],
            i % 977,
            i % 1013,
            [11, 22, 24, 21][i % 4],
            i % 12 + 1,
            i % 28 + 1,
            mix.diagnoses[i % mix.diagnoses.len()],
            mix.diagnoses[i % mix.diagnoses.len().min(5)],
            600 + i % 900,
            400 + i % 500,
            300 + i % 400,
        );
        text.push_str(&row);
    }
    text.into_bytes()
}

/// Diagnoses and products of the rows.
struct Mix {
    diagnoses: &'static [&'static str],
    products: &'static [&'static str],
}

/// Some services are flagged.
const MIXED: Mix = Mix {
    diagnoses: &["M80.08XA", "M4856XD", "C7951", "M54.5", "M4854A", "E11.9", "I10"],
    products: &["HMO Blue", "Blue Care Elect", "Medicare HMO Blue", "PPO", "EPO"],
};

/// All services are flagged: no diagnosis is listed, and no product follows another policy.
const FLAGGED: Mix =
    Mix { diagnoses: &["M54.5", "E11.9", "I10"], products: &["HMO Blue", "Blue Care Elect", "PPO", "EPO"] };

struct Bench {
    policy: Policy,
    library: Library,
}

impl Bench {
    fn new() -> Self {
        let policy = parse::load(&[], &codes()).unwrap_or_else(|e| panic!("{e}"));
        Self { policy, library: Library::shipped().unwrap_or_else(|e| panic!("{e}")) }
    }

    fn source(&self, bytes: &[u8]) -> (Source, Detected) {
        let source = Source::from_bytes("bench", bytes.to_vec()).expect("the extract is text");
        let detected = detect::detect(&source, &self.library).expect("the header is canonical");
        (source, detected)
    }

    /// Rows and kept lines, by the fast scan or by the grammar alone.
    fn lines(&self, bytes: &[u8], fast: bool) -> (u64, Store) {
        let (source, detected) = self.source(bytes);
        let policy = &self.policy;
        let products = policy.products.clone();
        let reader = Reader {
            codes: &policy.codes,
            products,
            vocabulary: policy.vocabulary.clone(),
            settings: &policy.settings,
            dates: &[],
            amounts: AmountsPer::Unsaid,
            assistants: [&policy.assistant, &policy.co_surgeon],
            version_len: 0,
            extract: 0,
        };
        let forms = policy.codes.forms();
        let look = |detected: &Detected, row: &Row<'_>, position: Position, lines: &mut Store| {
            lines.look(&reader, &detected.binding, row, position)
        };
        let extract = read_into(
            Store::new(None, BATCH_LINES),
            source,
            detected,
            BLOCK,
            fast.then_some(&forms),
            None,
            &look,
            &Unwatched,
        )
        .expect("nothing is damaged");
        (extract.tally.rows, extract.tally.kept)
    }

    fn run(&self, bytes: &[u8]) -> Run {
        let (policy, library) = (self.policy.clone(), self.library.clone());
        let expect = Expect::default();
        let setup =
            Setup { policy, library, authorizations: None, expect, block: BLOCK, part: BATCH_LINES, memory: None };
        run(&["bench".to_owned()], &|name| Source::from_bytes(name, bytes.to_vec()), setup, &Unwatched)
            .expect("nothing is damaged")
    }
}

/// Counts the bytes that a format writes.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicU64>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Counted {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(self.0.load(Ordering::Relaxed))
    }
}

impl Output for Counted {}

fn stages(c: &mut Criterion) {
    let bench = Bench::new();
    let (sparse, dense) = (extract(ROWS, SPARSE, &MIXED), extract(ROWS, 1, &MIXED));
    let mut group = c.benchmark_group("stages");
    group.sample_size(10).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_millis(500));

    group.throughput(Throughput::Bytes(sparse.len() as u64));
    group.bench_function("header and detected", |b| b.iter(|| black_box(bench.source(&sparse).1.header.len())));
    for (name, fast) in [("scan, sparse", true), ("grammar alone, sparse", false)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let (rows, lines) = bench.lines(&sparse, fast);
                assert_eq!((rows, lines.len()), (ROWS as u64, ROWS / SPARSE));
            });
        });
    }

    group.throughput(Throughput::Bytes(dense.len() as u64));
    group.bench_function("lines, dense", |b| b.iter(|| assert_eq!(bench.lines(&dense, true).1.len(), ROWS)));
    let (_, lines) = bench.lines(&dense, true);
    group.bench_function("index, dense", |b| {
        b.iter(|| {
            let asked = Asked { of_member: AskedOfMember::Everything, units_on_numbers: false };
            let index = Index::new(&lines, bench.policy.lists(), usize::MAX, asked).expect("it is in memory");
            assert_eq!(index.bins().len(), ROWS);
        });
    });
    let run = bench.run(&dense);
    group.bench_function("judge, dense", |b| {
        b.iter(|| {
            let services = |n| run.part(n).expect("it is in memory").judged.services.len();
            assert_eq!((0..run.parts()).map(services).sum::<usize>(), ROWS);
        });
    });
    let docs = doc::load().unwrap_or_else(|e| panic!("{e}"));
    for format in FORMATS {
        group.bench_function(format!("judge and write {}, dense", format.file), |b| {
            b.iter(|| {
                let bytes = Counted::default();
                let open = |_: &str| -> io::Result<Box<dyn Output>> { Ok(Box::new(bytes.clone())) };
                let totals = write(&run, &docs, &[format], &open, &|| true).expect("memory does not fail");
                assert_eq!(totals.expect("it is not stopped").summary.services(), ROWS as u64);
                assert!(bytes.0.load(Ordering::Relaxed) > 0);
            });
        });
    }
    // The time that an analyst waits: reading the dense extract, and writing all formats of a hundred thousand flagged
    // services.
    let flagged = extract(ROWS, 1, &FLAGGED);
    let large = extract(DENSE, 1, &MIXED);
    for (name, text, rows) in [("read, dense, a million", &large, DENSE), ("read, flagged", &flagged, ROWS)] {
        group.bench_function(name, |b| b.iter(|| assert_eq!(bench.run(text).context.ledger.rows, rows as u64)));
    }
    let run = bench.run(&flagged);
    let all: Vec<&Format> = FORMATS.iter().collect();
    let added: Vec<&Format> = FORMATS.iter().filter(|format| format.word.is_some()).collect();
    for (name, formats) in [("all formats", all), ("the formats of --format all", added), ("nothing", Vec::new())] {
        group.bench_function(format!("judge and write {name}, flagged"), |b| {
            b.iter(|| {
                let open = |_: &str| -> io::Result<Box<dyn Output>> { Ok(Box::new(Counted::default())) };
                let totals = write(&run, &docs, &formats, &open, &|| true).expect("memory does not fail");
                let summary = totals.expect("it is not stopped").summary;
                assert_eq!((summary.services(), summary.status(ServiceStatus::Clear).services), (ROWS as u64, 0));
            });
        });
    }
    group.finish();
}

/// Rows that share one claim number, or one member and day, so that a quadratic step would be noticed.
const CROWD: usize = 200_000;

/// An extract whose rows all belong together. Each row gives claim number, frequency, version number and the sign of
/// its units.
fn crowd(row: impl Fn(usize) -> (String, &'static str, String, &'static str)) -> Vec<u8> {
    let mut text = "claim_id,line_number,claim_form,frequency_code,version_number,member_id,product,billing_npi,\
                    place_of_service,service_date,procedure_code,units,diagnosis_1,paid_amount\n"
        .to_owned();
    for i in 0..CROWD {
        let (claim, frequency, version, sign) = row(i);
        // A row and the next one share a line number, so that a reversal finds its original.
        let row = format!(
            "{claim},{},P,{frequency},{version},M1,HMO Blue,1234567893,22,2024-03-05,22514,{sign}1,M48.56XA,2500.00\n",
            i / 2
        );
        text.push_str(&row);
    }
    text.into_bytes()
}

/// Reading and indexing rows that all belong together takes as long as for rows that do not.
fn crowds(c: &mut Criterion) {
    let bench = Bench::new();
    let one = || "C1".to_owned();
    let every_other = |i: usize, odd: &'static str, even: &'static str| if i % 2 == 1 { odd } else { even };
    let shapes = [
        ("claims of their own", crowd(|i| (format!("C{i}"), "1", String::new(), ""))),
        ("one claim, alternating frequencies", crowd(|i| (one(), every_other(i, "7", "1"), String::new(), ""))),
        ("one claim, reversals", crowd(|i| (one(), "1", String::new(), every_other(i, "-", "")))),
        ("one claim, a version each", crowd(|i| (one(), "1", i.to_string(), ""))),
        ("one session of many claims", crowd(|i| (format!("C{}", i / 2), "1", i.to_string(), ""))),
    ];
    let mut group = c.benchmark_group("crowds");
    group.sample_size(10).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_millis(500));
    for (name, text) in &shapes {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(*name, |b| {
            b.iter(|| {
                let run = bench.run(text);
                assert_eq!(run.context.ledger.rows, CROWD as u64);
                let services = |n| run.part(n).expect("it is in memory").judged.services.len();
                (0..run.parts()).map(services).sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, stages, crowds);
criterion_main!(benches);
