//! Tests malicious input: decompression bombs, endless lines, special file names. The operating system limits the memory of
//! the process.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::cli::{CommandOutput, binary};

const HEAD: &str = "claim_id,member_id,product,place_of_service,service_date,procedure_code,diagnosis_1,authorization_number,paid_amount";

/// A clear service.
fn row(claim: &str) -> String {
    format!("{claim},M{claim},HMO,22,2024-03-05,22514,M48.56XA,A-1,2500.00")
}

struct TestDir(TempDir);

impl TestDir {
    fn new() -> Self {
        let dir = Self(tempfile::tempdir().expect("a directory"));
        dir.put("claims.csv", format!("{HEAD}\n{}\n", row("C1")));
        dir
    }

    fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        fs::write(self.at(name), bytes).expect("room for it");
    }

    fn run(&self, args: &[&str]) -> CommandOutput {
        CommandOutput::by(binary().args(args).current_dir(self.0.path()))
    }

    /// The binary with two threads and an address space of at most this many megabytes.
    fn within(&self, megabytes: u32, args: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {}; exec \"$0\" \"$@\"", megabytes << 10)]);
        command.arg(binary().get_program()).args(args).args(["--threads", "2"]).current_dir(self.0.path());
        command
    }

    /// Checks this file with a limit on memory and returns its ledger.
    fn ledger(&self, megabytes: u32, file: &str) -> serde_json::Value {
        CommandOutput::by(&mut self.within(megabytes, &["check", file, "--out", "report", "-q"])).success();
        let summary = fs::read(self.at("report/summary.json")).expect("a summary");
        fs::remove_dir_all(self.at("report")).expect("it is there");
        serde_json::from_slice::<serde_json::Value>(&summary).expect("JSON")["ledger"].take()
    }

    /// Asserts that only these entries are left in the directory.
    fn holds(&self, names: &[&str]) {
        let entries = fs::read_dir(self.0.path()).expect("a directory");
        let mut there: Vec<String> =
            entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        there.sort();
        assert_eq!(there, names);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
}

/// Megabytes: more than any of these inputs needs, and far less than they unpack to.
const LITTLE: u32 = 700;

#[test]
fn decompression_bombs_are_refused() {
    let dir = TestDir::new();
    let (head, filling) = (format!("{HEAD}\n{}\n", row("C1")), vec![b'A'; 32 << 20]);
    let pack = |bytes: &[u8]| zstd::encode_all(bytes, 1).expect("memory takes it");
    for (name, head, filling) in
        [("bomb.gz", gzip(head.as_bytes()), gzip(&filling)), ("bomb.zst", pack(head.as_bytes()), pack(&filling))]
    {
        // Members and frames may follow each other: 1.6 GiB in about a megabyte.
        dir.put(name, [head, filling.repeat(50)].concat());
        let output = CommandOutput::by(&mut dir.within(LITTLE, &["check", name, "--out", "report"])).refused();
        assert!(output.contains(name) && output.contains("--max-decompressed"), "{output}");
        dir.holds(&[name, "claims.csv"]);
        fs::remove_file(dir.at(name)).expect("it is there");
    }
}

#[test]
fn max_decompressed_applies_to_every_file() {
    let dir = TestDir::new();
    dir.put("c.gz", gzip(format!("{HEAD}\n{}\n", row("C1")).as_bytes()));
    dir.put(
        "a.gz",
        gzip(b"authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\nA-1,,,A,,,\n"),
    );
    for args in [
        &["check", "c.gz", "--max-decompressed", "100"][..],
        &["inspect", "c.gz", "--max-decompressed", "100"],
        &["check", "claims.csv", "--auths", "a.gz", "--max-decompressed", "50"],
    ] {
        assert!(dir.run(args).refused().contains("--max-decompressed"), "{args:?}");
    }
    dir.run(&["check", "c.gz", "--auths", "a.gz", "--max-decompressed", "1K", "--out", "report"]).success();
    assert!(dir.run(&["check", "c.gz", "--max-decompressed", "much"]).refused().contains("500M"));
}

#[test]
fn a_zstd_window_that_needs_a_large_machine_is_refused() {
    let dir = TestDir::new();
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder.window_log(28).expect("a window");
    encoder.write_all(HEAD.as_bytes()).and_then(|()| encoder.flush()).expect("memory takes it");
    dir.put("long.zst", encoder.finish().expect("memory takes it"));
    let output = dir.run(&["check", "long.zst"]).refused();
    assert!(output.contains("--long=27") && output.contains("zstd -dc"), "{output}");
}

/// Streams an iterator to the stdin of the binary.
fn piped(dir: &TestDir, megabytes: u32, parts: Vec<Box<dyn Read + Send>>) -> CommandOutput {
    let mut command = dir.within(megabytes, &["check", "-", "--out", "report", "-q"]);
    let (reader, mut writer) = io::pipe().expect("a pipe");
    command.stdin(Stdio::from(reader));
    let sender = std::thread::spawn(move || {
        for mut part in parts {
            // The binary has closed its stdin.
            if io::copy(&mut part, &mut writer).is_err() {
                return;
            }
        }
    });
    let output = CommandOutput::by(&mut command);
    // The command owns the reading end. Drop it, so that the sender ends when the binary does.
    drop(command);
    sender.join().expect("it does not panic");
    output
}

fn text(text: impl Into<Vec<u8>>) -> Box<dyn Read + Send> {
    Box::new(io::Cursor::new(text.into()))
}

/// `CLAIMLINT_LINE=2048 cargo test --test it endless` tests a line of 2048 MiB.
#[test]
fn an_endless_line_is_the_only_reject() {
    let mebibytes: u64 = std::env::var("CLAIMLINT_LINE").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let dir = TestDir::new();
    let line = || Box::new(io::repeat(b'x').take(mebibytes << 20)) as Box<dyn Read + Send>;
    let parts = vec![text(format!("{HEAD}\n{}\n", row("C1"))), line(), text(format!("\n{}\n", row("C2")))];
    piped(&dir, LITTLE, parts).success();
    let services = fs::read_to_string(dir.at("report/services.csv")).expect("services");
    let lines: Vec<&str> = services.lines().skip(1).map(|l| l.split(",,M").next().unwrap_or_default()).collect();
    assert_eq!(lines, ["'-,2,C1", "'-,4,C2"]);
    let rejects = fs::read(dir.at("report/rejects.csv")).expect("rejects");
    assert!(rejects.len() < 8192 && String::from_utf8_lossy(&rejects).contains("too-long"));
    // As the first line, it is not accepted as a header.
    let output = piped(&TestDir::new(), LITTLE, vec![line()]).refused();
    assert!(output.contains("header line does not end"), "{output}");
}

#[test]
fn wide_extracts_are_read_or_refused() {
    let dir = TestDir::new();
    let names = |n: usize| {
        (0..n).fold(String::new(), |mut all, i| {
            let _ = write!(all, ",c{i}");
            all
        })
    };
    let wide = |n: usize| format!("{HEAD}{}\n{}{}\n", names(n), row("C1"), ",".repeat(n));
    dir.put("wide.csv", wide(100_000));
    assert_eq!(dir.ledger(LITTLE, "wide.csv")["in_scope"], 1);
    dir.put("wider.csv", wide(600_000));
    let output = CommandOutput::by(&mut dir.within(LITTLE, &["check", "wider.csv"])).refused();
    assert!(output.contains("does not end within the first 4 MiB"), "{output}");
}

#[test]
fn blank_lines_and_empty_rows_take_no_memory() {
    let dir = TestDir::new();
    let (c1, c2) = (row("C1"), row("C2"));
    let eight = ",".repeat(8);
    for (what, file, (rows, in_scope)) in [
        ("blank lines", format!("{HEAD}\n{}{c1}\n{}{c2}\n", "\n".repeat(1 << 20), "  \t\n".repeat(1 << 20)), (2, 2)),
        (
            "only delimiters",
            format!("{HEAD}\n{c1}\n{}{c2}\n", format!("{eight}\n").repeat(1 << 20)),
            ((1 << 20) + 2, 2),
        ),
        (
            "a quoted field of many lines",
            format!("{HEAD},note\n{c1},\n{},\"{}\"\n{c2},\n", row("C3"), "word\n".repeat(3 << 20)),
            (3, 3),
        ),
        ("NULs", format!("{HEAD}\n{c1}\n{}{}\n{c2}\n", "\n".repeat(1 << 20), "\0".repeat(40 << 20)), (3, 2)),
    ] {
        dir.put("much.csv", file);
        let ledger = dir.ledger(LITTLE, "much.csv");
        assert_eq!((&ledger["rows"], &ledger["in_scope"]), (&rows.into(), &in_scope.into()), "{what}: {ledger}");
    }
    for (what, file, says) in [
        ("rows that are none", format!("{HEAD}\n{c1}\n{}", "x\n".repeat(8 << 20)), "8388608 of 8388609 rows"),
        ("a header of delimiters", eight.repeat(1 << 20), "does not end within the first 4 MiB"),
        ("nothing but NULs", "\0".repeat(8 << 20), "is not a text file"),
    ] {
        dir.put("much.csv", file);
        let output = CommandOutput::by(&mut dir.within(LITTLE, &["check", "much.csv"])).refused();
        assert!(output.contains(says), "{what}: {output}");
    }
}

/// Rejected rows do not accumulate in memory, and a misread extract is refused with the same message whatever the block
/// size.
#[test]
fn many_rejected_rows_are_kept_on_disk() {
    let dir = TestDir::new();
    dir.put("much.csv", format!("{HEAD}\n{}\n{}", row("C1"), "x\n".repeat(2_000_000)));
    let output = |block: &str| {
        CommandOutput::by(&mut dir.within(LITTLE, &["check", "much.csv", "--block-size", block])).refused()
    };
    let first = output("1048576");
    assert!(first.contains("2000000 of 2000001 rows") && first.contains("line 3: fewer"), "{first}");
    assert_eq!(output("65536"), first);
    // An extract that begins with many rejected rows can still be used.
    let good = format!("{}\n", row("C1")).repeat(150_000);
    dir.put("much.csv", format!("{HEAD}\n{}{good}", "x\n".repeat(149_000)));
    assert_eq!(dir.ledger(LITTLE, "much.csv")["rejected"], 149_000);
}

#[test]
fn unusual_file_names_are_read_and_shown_safely() {
    let dir = TestDir::new();
    let claims = fs::read(dir.at("claims.csv")).expect("it is there");
    fs::create_dir(dir.at("sub")).expect("a directory");
    for (i, name) in
        ["a\nb.csv", "\x1b[2Ja.csv", "sub/../claims.csv", "./-claims.csv", "<b>.csv", "a,\"b.csv"].iter().enumerate()
    {
        dir.put(name, &claims);
        let out = format!("report-{i}");
        let output = dir.run(&["check", name, "--out", &out, "--progress", "plain"]);
        assert!(output.out.chars().chain(output.err.chars()).all(|c| c == '\n' || !c.is_control()), "{name:?}");
        output.success();
        let services = fs::read(dir.at(out).join("services.csv")).expect("services");
        let first = csv::Reader::from_reader(&*services).records().next().map(|r| r.expect("a row"));
        assert_eq!(first.expect("a row").get(0), Some(*name), "as given, whatever it is");
    }
    // A name that begins with a dash is an option unless `--` precedes it.
    dir.put("-claims.csv", &claims);
    dir.run(&["check", "-claims.csv"]).refused();
    dir.run(&["check", "--out", "report-x", "--", "-claims.csv"]).success();
}

#[test]
fn paths_that_are_not_readable_files_are_refused() {
    let dir = TestDir::new();
    symlink(dir.at("loop-b"), dir.at("loop-a")).expect("a link");
    symlink(dir.at("loop-a"), dir.at("loop-b")).expect("a link");
    symlink(dir.at("nowhere"), dir.at("dangling")).expect("a link");
    for (name, says) in [
        ("loop-a", "cannot be opened"),
        ("dangling", "does not exist"),
        (".", "does not exist"),
        ("claims.csv/claims.csv", "cannot be opened"),
        ("/dev/zero", "is not a text file"),
        ("/dev/full", "is not a text file"),
        ("/dev/null", "is empty"),
        ("esc\x1b[2J", "is not a pattern"),
    ] {
        let output = CommandOutput::by(&mut dir.within(LITTLE, &["check", name])).refused();
        assert!(output.contains(says) && !output.contains('\x1b'), "{name:?}: {output}");
    }
    // Reports name their extracts, and are UTF-8.
    let output =
        CommandOutput::by(binary().arg("check").arg(OsStr::from_bytes(b"caf\xe9.csv")).current_dir(dir.0.path()));
    assert!(output.refused().contains("UTF-8"));
    dir.holds(&["claims.csv", "dangling", "loop-a", "loop-b"]);
}

#[test]
fn out_never_follows_a_link_or_replaces_other_files() {
    let dir = TestDir::new();
    dir.run(&["check", "claims.csv", "--out", "old"]).success();
    fs::create_dir(dir.at("full")).expect("a directory");
    dir.put("full/precious", "mine");
    symlink("nowhere", dir.at("dangling")).expect("a link");
    symlink("full", dir.at("to-full")).expect("a link");
    symlink("old", dir.at("to-old")).expect("a link");
    let services = fs::read(dir.at("old/services.csv")).expect("services");
    for out in
        ["dangling", "to-full", "to-old", "full", "claims.csv", "claims.csv/report", "dangling/report", ".", ".."]
    {
        for force in [&[][..], &["--force"]] {
            let output = dir.run(&[&["check", "claims.csv", "--out", out], force].concat()).refused();
            assert!(output.contains("--out"), "{out} {force:?}: {output}");
        }
    }
    assert_eq!(fs::read(dir.at("old/services.csv")).expect("services"), services);
    assert_eq!(fs::read(dir.at("full/precious")).expect("it is there"), b"mine");
    dir.holds(&["claims.csv", "dangling", "full", "old", "to-full", "to-old"]);
    // The report is replaced although the extract is a link into it.
    dir.run(&["check", "claims.csv", "--out", "old", "--force"]).success();
    // An extract inside the replaced report is read before it is replaced.
    fs::copy(dir.at("claims.csv"), dir.at("old/claims.csv")).expect("room for it");
    dir.run(&["check", "old/claims.csv", "--out", "sub\x1b[2J"]).success();
}
