//! Tests that an extract with joined tables that is read in a slice is the extract read at once: every file of the report, whatever
//! the tables are like. A slice whose tables are damaged, or of other extracts, is refused.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use claimlint::claim::Store;
use claimlint::claim::store::BATCH_LINES;
use claimlint::disk::spool::Spool;
use claimlint::ingest::{BLOCK, Library, ReadError, Source, Watch};
use claimlint::run::slice::{SliceFile, SliceId, SliceReader, read_slices, read_whole};
use claimlint::run::{Expect, Memory, Run, Setup, Unwatched, run, run_with};

use crate::cli::{TestDir, names};
use crate::jobs::{JobDir, differing};
use crate::kit::{MEMORY, POLICY, at, config, little_memory, mask, report_in_parts};
use crate::on_disk::joined_inputs;

fn setup(library: &Library, memory: Option<Memory>) -> Setup {
    let (policy, library, expect) = (POLICY.clone(), library.clone(), Expect::default());
    Setup { policy, library, authorizations: None, expect, block: BLOCK, part: BATCH_LINES, memory }
}

/// Reads extracts, each into a slice of its own.
fn slices(
    names: &[String],
    library: &Library,
    memory: Option<&Memory>,
    directory: &Path,
) -> Result<Vec<PathBuf>, ReadError> {
    let read = |(n, name): (usize, &String)| {
        let setup = setup(library, memory.cloned());
        let id = SliceId { plan: "a plan".to_owned(), slice: n as u64, extract: n as u32 };
        let spool = memory.map(|memory| Spool::new(memory.scratch.clone(), memory.of_lines()));
        let slice = read_whole(id, Source::open(name)?, &setup, Store::new(spool, BATCH_LINES), &Unwatched)?;
        let path = directory.join(format!("slice-{n}.bin"));
        slice.write(&mut fs::File::create(&path).expect("room")).expect("room");
        Ok(path)
    };
    names.iter().enumerate().map(read).collect()
}

/// Reads the run from these slices, if all of them have a head.
fn merged(names: &[String], library: &Library, memory: Option<Memory>, slices: &[PathBuf]) -> Result<Run, String> {
    let open = |path: &PathBuf| {
        let head = SliceReader::open(fs::File::open(path).expect("a file"), MEMORY).map_err(|e| e.to_string())?.head;
        Ok(SliceFile { path: path.clone(), split: 0, head })
    };
    let slices: Vec<SliceFile> = slices.iter().map(open).collect::<Result<_, String>>()?;
    let read = |number: u32, name: &str, setup: &Setup, store: Store, watch: &dyn Watch| {
        read_slices(&Source::open(name)?, &slices[number as usize..=number as usize], MEMORY, setup, store, watch)
    };
    run_with(names, &read, setup(library, memory), &Unwatched).map_err(|e| e.to_string())
}

/// The report of a run, masked or not.
fn files(run: Result<Run, String>, is_masked: bool) -> Result<Vec<(&'static str, Vec<u8>)>, String> {
    let mut run = run?;
    if is_masked {
        run.mask(mask(), false).expect("there is a disk");
    }
    Ok(report_in_parts(&run))
}

/// The frames of a slice, and what stands before them.
fn frames(slice: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let start = slice.iter().position(|b| *b == b'\n').expect("a first line") + 1;
    let (mut frames, mut rest) = (Vec::new(), &slice[start..]);
    while let Some((length, after)) = rest.split_first_chunk() {
        let end = 4 + u32::from_le_bytes(*length) as usize;
        frames.push(rest[..end].to_vec());
        rest = &after[end - 4..];
    }
    (slice[..start].to_vec(), frames)
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn joined_extracts_in_slices_give_every_file_of_one_pass(
        inputs in joined_inputs(), little in any::<[bool; 2]>(), is_masked in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().expect("a directory");
        let (names, library) = inputs.write(dir.path());
        let at_once = run(&names, &Source::open, setup(&library, None), &Unwatched);
        let want = files(at_once.map_err(|e| e.to_string()), is_masked);
        let [making, merging] = little.map(|little| little.then(little_memory));
        match slices(&names, &library, making.as_ref(), dir.path()) {
            // Another extract may be refused first, but the run is refused.
            Err(e) => prop_assert!(want.is_err(), "{}", e),
            Ok(slices) => prop_assert_eq!(files(merged(&names, &library, merging, &slices), is_masked), want),
        }
    }

    /// Where rows were on disk or in memory cannot be seen in a slice, so two attempts at it are equal.
    #[test]
    fn two_attempts_at_a_joined_slice_give_equal_bytes(inputs in joined_inputs()) {
        let dir = tempfile::tempdir().expect("a directory");
        let (names, library) = inputs.write(dir.path());
        let mut attempts = [None, None, Some(little_memory())].into_iter().map(|memory| {
            let made = slices(&names, &library, memory.as_ref(), dir.path()).ok()?;
            Some(made.iter().map(|path| fs::read(path).expect("a slice")).collect::<Vec<_>>())
        });
        let first = attempts.next();
        prop_assert!(attempts.all(|attempt| Some(attempt) == first));
    }

    /// Frames that are missing, twice, in another place or of another slice, cut and altered bytes.
    #[test]
    fn a_damaged_joined_slice_is_refused_or_read(
        inputs in joined_inputs(),
        edits in prop::collection::vec((0..5_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        let dir = tempfile::tempdir().expect("a directory");
        let (names, library) = inputs.write(dir.path());
        let Ok(made) = slices(&names, &library, None, dir.path()) else { return Ok(()) };
        let [own, other] = [0, 1].map(|n: usize| fs::read(&made[n]).expect("a slice"));
        let (first_line, whole) = frames(&own);
        let (mut kept, others) = (whole.clone(), frames(&other).1);
        for (kind, one, another) in &edits {
            match kind {
                0 if kept.len() > 1 => drop(kept.remove(one.index(kept.len()))),
                1 => kept.insert(one.index(kept.len() + 1), another.get(&others).clone()),
                2 => {
                    let (one, another) = (one.index(kept.len()), another.index(kept.len()));
                    kept.swap(one, another);
                }
                3 => {
                    let place = one.index(kept.len());
                    let at = another.index(kept[place].len());
                    kept[place][at] ^= 1;
                }
                _ => {
                    let last = kept.last_mut().expect("there is a frame");
                    last.truncate(1 + another.index(last.len()));
                }
            }
        }
        let bytes = [first_line, kept.concat()].concat();
        let is_altered = kept.iter().any(|frame| !whole.contains(frame) && !others.contains(frame));
        fs::write(&made[0], bytes).expect("room");
        let read = merged(&names, &library, None, &made).map(|run| run.judge_all().expect("there is a disk"));
        prop_assert!(!is_altered || read.is_err(), "no altered frame is read");
    }
}

/// The relational fixtures: rows of Optum in three extracts, one of them compressed and one empty, and their tables.
fn optum() -> TestDir {
    let dir = TestDir::with(&[]);
    let text = |name: &str| fs::read_to_string(at("fixtures/extracts/relational").join(name)).expect("a fixture");
    let medical = text("optum-medical.csv");
    let (head, rows) = medical.split_once('\n').expect("a header");
    let rows: Vec<&str> = rows.split_inclusive('\n').collect();
    dir.put("one.csv", format!("{head}\n{}short|row\n", rows[..4].concat()));
    let packed = zstd::encode_all(format!("{head}\n{}", rows[4..].concat()).as_bytes(), 1).expect("memory");
    dir.put("two.csv.zst", packed);
    dir.put("three.csv", "\n");
    dir.put("diagnostic.csv", text("optum-diagnostic.csv") + "broken|row\nx|7777|Q1|I10|1|10|1||||\n");
    dir.put("procedure.csv", text("optum-procedure.csv") + "x|7778|Q2||10|0PU33JZ|1||\n");
    dir.put("key", "kT3v0Zq8mW1yR5uJ7cXbN2hL9gFdS4aPoEiUxVwYtQk=\n");
    dir
}

const OPTUM: [&str; 7] =
    ["one.csv", "two.csv.zst", "three.csv", "--join", "diagnosis=diagnostic.csv", "--join", "procedure=procedure.csv"];

#[test]
fn a_job_with_joined_tables_gives_the_report_of_check() {
    let job = JobDir::planned(optum(), &OPTUM);
    assert_eq!(job.slices, 2, "one for each extract with text");
    job.slice_all();
    for (n, more) in [&[][..], &["--mask", "key"], &["--memory", "512M", "--threads", "1"]].into_iter().enumerate() {
        let (merged, checked) = (format!("merged-{n}"), format!("checked-{n}"));
        let formats = [&["--format", "all", "--fail-on", "never"], more].concat();
        job.merge(&[&["--out", merged.as_str()], &formats[..]].concat()).success();
        job.dir.run(&[&["check", "-q"], &OPTUM[..], &formats, &["--out", &checked]].concat()).success();
        assert_eq!(differing(&job.dir.at(&merged), &job.dir.at(&checked)), ["run.json"], "{more:?}");
    }
    let summary = fs::read_to_string(job.dir.at("merged-0/summary.json")).expect("a report");
    assert!(summary.contains("joined-codes-unmet"), "{summary}");
    let rejects = fs::read_to_string(job.dir.at("merged-0/rejects.csv")).expect("a report");
    assert!(rejects.contains("diagnostic.csv,") && rejects.contains("one.csv,"), "{rejects}");
}

#[test]
fn rows_that_meet_no_claim_row_are_rejected_as_by_check() {
    let dir = TestDir::with(&[]);
    for name in ["lines", "claims"] {
        let file = format!("edi837-{name}.csv");
        dir.put(&file, fs::read(at("fixtures/extracts/relational").join(&file)).expect("a fixture"));
    }
    let args = ["edi837-lines.csv", "--join", "header=edi837-claims.csv"];
    let job = JobDir::planned(dir, &args);
    job.slice_all();
    job.merge(&["--out", "merged", "--format", "all", "--fail-on", "never"]).success();
    let check = [&["check", "-q", "--out", "checked", "--format", "all", "--fail-on", "never"], &args[..]].concat();
    job.dir.run(&check).success();
    assert_eq!(differing(&job.dir.at("merged"), &job.dir.at("checked")), ["run.json"]);
}

#[test]
fn a_joined_table_that_changed_since_the_plan_refuses_slice_and_merge() {
    let job = JobDir::planned(optum(), &OPTUM);
    job.slice(0, &[]).success();
    job.slice(1, &[]).success();
    let whole = fs::read(job.dir.at("procedure.csv")).expect("a table");
    job.dir.put("procedure.csv", [&whole[..], b"x|9003|B7||10|0PU33JZ|2||\n"].concat());
    for (slice, name) in [(0, "one.csv, split 0"), (1, "two.csv.zst, split 0")] {
        let said = job.slice(slice, &[]).refused();
        assert!(said.contains(name) && said.contains("procedure.csv: changed since the job was planned"), "{said}");
    }
    let said = job.refused();
    assert!(said.contains("one.csv, split 0") && said.contains("procedure.csv: changed"), "{said}");
    // Bytes from stdin are the caller's business, and tables are not.
    let said = job.slice(1, &["--stdin-at", "0"]).refused();
    assert!(said.contains("procedure.csv: changed"), "{said}");
}

#[test]
fn a_joined_table_that_contradicts_itself_refuses_its_slice() {
    let dir = optum();
    let table = fs::read_to_string(dir.at("procedure.csv")).expect("a table");
    dir.put("procedure.csv", table + "x|9003|B7||10|0PU33JZ|99||\n");
    let job = JobDir::planned(dir, &OPTUM);
    let said = job.slice(0, &[]).refused();
    assert!(said.contains("one.csv, split 0") && said.contains("--join procedure: PROC_POSITION"), "{said}");
    assert_eq!(names(&job.dir.at("job")), ["plan.json"]);
}

#[test]
fn a_joined_slice_that_is_damaged_or_of_another_job_is_refused_by_name() {
    let job = JobDir::planned(optum(), &OPTUM);
    job.slice_all();
    let path = job.dir.at("job/slice-0.bin");
    let whole = fs::read(&path).expect("a slice");
    let (first_line, kept) = frames(&whole);
    // The last frame holds lost codes, and the first the head.
    let without_last = [first_line.clone(), kept[..kept.len() - 1].concat()].concat();
    let twice = [whole.clone(), kept[kept.len() - 1].clone()].concat();
    for bytes in [whole[..whole.len() - 3].to_vec(), without_last, twice, first_line] {
        fs::write(&path, bytes).expect("room");
        let said = job.refused();
        assert!(said.contains("one.csv") && said.contains("split 0") && said.contains("damaged"), "{said}");
    }
    // The same extract without its tables has another slice.
    job.dir.run(&["plan", "one.csv", "--join", "diagnosis=diagnostic.csv", "-o", "other"]).success();
    job.dir.run(&["slice", "--plan", "other/plan.json", "0", "-o", "job/slice-0.bin", "--force"]).success();
    assert!(job.refused().contains("another plan"));
    // A plan that names a table that it does not have.
    let plan = fs::read_to_string(job.dir.at("job/plan.json")).expect("a plan");
    job.dir.put("job/plan.json", plan.replacen("\"procedure.csv\"\n", "\"other.csv\"\n", 1));
    assert!(job.slice(0, &[]).refused().contains("plan.json: is damaged"));
}
