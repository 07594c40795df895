//! Tests reports that somebody made to harm their reader: `explain`, `compare`, `verify` and `check --baseline` take no
//! more memory than they may, wait for nothing, and say why they refuse. The operating system limits the memory of the
//! process.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::cli::{CommandOutput, DENY, TestDir, binary};

/// The memory that a report may take: the least that can be asked for.
const MEMORY: [&str; 2] = ["--memory", "512M"];

/// Megabytes of address space of the process: the memory of the report, and the binary with its threads.
const LITTLE: u32 = 900;

/// Bytes to which a bomb unpacks.
const HUGE: u64 = 2 << 30;

/// A directory with a report in `report`.
fn with_report() -> TestDir {
    let dir = TestDir::with(&[DENY]);
    assert_eq!(dir.run(&["check", "claims.csv", "-q", "--out", "report"]).code, Some(1));
    dir
}

/// The output of a command that may take little memory, on one line. Panics unless it exited with this code.
fn within(dir: &TestDir, args: &[&str], code: i32) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {}; exec \"$0\" \"$@\"", LITTLE << 10)]);
    command.arg(binary().get_program()).args(args).args(MEMORY).current_dir(dir.at("."));
    command.env("RAYON_NUM_THREADS", "2");
    let CommandOutput { code: ended, out, err } = CommandOutput::by(&mut command);
    assert_eq!(ended, Some(code), "{args:?}: {out}{err}");
    crate::kit::flowed(&(out + &err))
}

/// A packed value: this text, then as many zeros as are missing to the size.
fn packed(start: &[u8], size: u64) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.set_pledged_src_size(Some(size)).expect("nothing is written yet");
    encoder.write_all(start).expect("memory");
    let (zeros, mut left) = (vec![0; 1 << 20], size - start.len() as u64);
    while left > 0 {
        let piece = left.min(zeros.len() as u64);
        encoder.write_all(&zeros[..usize::try_from(piece).expect("a megabyte at most")]).expect("memory");
        left -= piece;
    }
    encoder.finish().expect("memory")
}

fn frame(packed: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packed.len()).expect("it is short");
    [&length.to_le_bytes(), packed].concat()
}

/// A number as postcard writes it.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[test]
fn a_dossier_takes_no_more_memory_than_it_may() {
    let dir = with_report();
    let whole = fs::read(dir.at("report/dossier.bin")).expect("a report");
    let (first, frames) = whole.split_at(whole.iter().position(|b| *b == b'\n').expect("a first line") + 1);
    let lines = frames[..4 + u32::from_le_bytes(frames[..4].try_into().expect("four bytes")) as usize].to_vec();
    let count = 100 << 20;
    // The head begins with how it is masked, then the number of its policy files, each of two texts.
    let many_files = packed(&[&[0][..], &varint(count)].concat(), 2 * count + 64);
    let most = packed(&[&[0][..], &varint(u64::MAX)].concat(), 64);
    let lines_without_end = packed(&varint(u64::MAX), 64);
    let one_line = |size: u64| frame(&packed(&varint(1), size));
    // No lines, no heads, and a text of 60 MiB.
    let text: u64 = 60 << 20;
    let long_text = frame(&packed(&[&[0, 0, 0][..], &varint(text)].concat(), text + 16));
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("ten frames of 60 MiB that are the text of no line", [&long_text.repeat(10), frames].concat(), "is damaged"),
        ("a head that unpacks to 2 GiB", [&lines[..], &frame(&packed(&[], HUGE))].concat(), "--memory"),
        ("lines that unpack to 2 GiB", [&frame(&packed(&[], HUGE)), frames].concat(), "--memory"),
        ("200 MiB of empty texts", [&lines[..], &frame(&many_files)].concat(), "--memory"),
        ("more files than there are bytes", [&lines[..], &frame(&most)].concat(), "is damaged"),
        ("more lines than there are bytes", [&frame(&lines_without_end), frames].concat(), "is damaged"),
        ("a frame of 4 GiB that is not there", [&[0xff; 4][..], b"x"].concat(), "--memory"),
        ("a frame of 400 MiB that is not there", [&[0, 0, 0, 0x19][..], b"x"].concat(), "is damaged"),
        (
            "a frame without its size",
            [&lines[..], &frame(&zstd::encode_all(&b"x"[..], 1).expect("memory"))].concat(),
            "is damaged",
        ),
        (
            "two frames of 300 MiB, one after the other",
            [&lines[..], &one_line(300 << 20), &one_line(300 << 20)].concat(),
            "is damaged",
        ),
    ];
    for (what, bytes, says) in cases {
        dir.put("report/dossier.bin", [first, &bytes].concat());
        let refused = within(&dir, &["explain", "C4", "--in", "report"], 2);
        assert!(refused.contains("dossier.bin") && refused.contains(says), "{what}: {refused}");
        assert!(refused.len() < 300, "{what}: {refused}");
        assert!(within(&dir, &["verify", "report"], 1).contains("dossier.bin"), "{what}");
    }
    dir.put("report/dossier.bin", &whole);
    within(&dir, &["explain", "C4", "--in", "report"], 0);
}

#[test]
fn rows_that_bear_on_a_claim_take_no_more_memory_than_they_may() {
    let dir = TestDir::with(&[DENY]);
    // Each with what is judged of it takes more than 1,536 bytes.
    let row = |n: usize| format!("C4,{n},M1,PPO,22,2024-03-05,22514,M48.56XA\n");
    let rows: String = (0..350_000).map(row).collect();
    let header = "claim_id,line_number,member_id,product,place_of_service,service_date,procedure_code,diagnosis_1\n";
    dir.put("many.csv", header.to_owned() + &rows + "C5,1,M2,PPO,22,2024-03-05,22514,M48.56XA\n");
    let check = dir.run(&["check", "many.csv", "-q", "--out", "report", "--no-html"]);
    assert!(check.code < Some(2), "{}", check.err);
    let refused = within(&dir, &["explain", "C4", "--in", "report"], 2);
    assert!(refused.contains("dossier.bin") && refused.contains("--memory"), "{refused}");
    // The other claim of the same report is read within it.
    within(&dir, &["explain", "C5", "--in", "report"], 0);
}

/// A line without end.
fn endless(dir: &TestDir, name: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(dir.at(name)).expect("a report");
    file.write_all(b"C4").expect("room for it");
    // Bytes that take no room on the disk.
    let length = file.metadata().expect("ours").len();
    file.set_len(length + HUGE).expect("room for it");
}

#[test]
fn tables_take_no_more_memory_than_they_may() {
    for table in ["findings.csv", "services.csv", "rejects.csv"] {
        let dir = with_report();
        endless(&dir, &format!("report/{table}"));
        let output = within(&dir, &["verify", "report"], 1);
        assert!(output.contains(&format!("{table} needs more memory than it may take")), "{output}");
        if table == "findings.csv" {
            for args in [&["compare", "report", "report"][..], &["check", "claims.csv", "--baseline", "report"]] {
                let refused = within(&dir, args, 2);
                assert!(refused.contains("findings.csv") && refused.contains("--memory"), "{args:?}: {refused}");
            }
        }
    }
    for table in ["summary.json", "manifest.json"] {
        let dir = with_report();
        endless(&dir, &format!("report/{table}"));
        let output = within(&dir, &["verify", "report"], 2);
        assert!(output.contains(table) && output.contains("32 MiB"), "{output}");
    }
}

/// Writes findings of one row that are as short as they can be, each with the row and the code of its number.
fn many_findings(dir: &TestDir, count: usize, place: impl Fn(usize) -> (usize, String)) {
    let text = fs::read_to_string(dir.at("report/findings.csv")).expect("a report");
    let mut lines = text.lines();
    let (head, row) = (lines.next().expect("a header"), lines.next().expect("a finding"));
    let rule = row.split(',').next().expect("a rule");
    let mut file = std::io::BufWriter::new(fs::File::create(dir.at("report/findings.csv")).expect("ours"));
    writeln!(file, "{head}").expect("room for it");
    for n in 0..count {
        let (source_line, code) = place(n);
        let cell = |column: &str| match column {
            "rule" => rule.to_owned(),
            "disposition" => "deny".to_owned(),
            "source_line" => source_line.to_string(),
            "procedure_code" => code.clone(),
            _ => String::new(),
        };
        writeln!(file, "{}", head.split(',').map(cell).collect::<Vec<_>>().join(",")).expect("room for it");
    }
    file.flush().expect("room for it");
}

/// Findings that each take little, but are more than fit.
#[test]
fn findings_take_no_more_memory_than_they_may() {
    let dir = with_report();
    // 136 bytes each: 545 MB.
    many_findings(&dir, 4_000_000, |_| (2, String::new()));
    let refused = within(&dir, &["compare", "report", "report"], 2);
    assert!(refused.contains("findings.csv") && refused.contains("--memory"), "{refused}");
    // With 80 bytes for each code: 540 MB. The findings alone take 340 MB.
    many_findings(&dir, 2_500_000, |n| (2, n.to_string()));
    let refused = within(&dir, &["compare", "report", "report"], 2);
    assert!(refused.contains("findings.csv") && refused.contains("--memory"), "{refused}");
    // Codes are kept for one row at a time.
    many_findings(&dir, 2_500_000, |n| (n, n.to_string()));
    let refused = within(&dir, &["compare", "report", "report"], 2);
    assert!(refused.contains("ends here with 2500000 findings"), "{refused}");
}

/// Every word takes memory, so only as many are counted as a report can have.
#[test]
fn a_table_has_only_so_many_statuses_and_rules() {
    for (table, column) in [("services.csv", "status"), ("findings.csv", "rule")] {
        for (words, readable) in [(900, true), (1100, false)] {
            let dir = with_report();
            let text = fs::read_to_string(dir.at("report").join(table)).expect("a report");
            let head = text.lines().next().expect("a header");
            let row = |n| head.split(',').map(move |c| if c == column { format!("word{n}") } else { String::new() });
            let rows = (0..words).map(|n| row(n).collect::<Vec<_>>().join(",") + "\n");
            dir.put(&format!("report/{table}"), format!("{head}\n{}", rows.collect::<String>()));
            let output = within(&dir, &["verify", "report"], 1);
            assert_eq!(output.contains("cannot be read as the table that was written"), !readable, "{output}");
        }
    }
}

/// A pipe would keep the reader waiting, and a link leads to a file that is not of the report.
#[test]
fn files_that_are_no_ordinary_files_are_refused() {
    for (name, args) in [
        ("dossier.bin", &["explain", "C4", "--in", "report"][..]),
        ("findings.csv", &["compare", "report", "report"]),
        ("summary.json", &["compare", "report", "report"]),
        ("summary.json", &["verify", "report"]),
        ("manifest.json", &["verify", "report"]),
    ] {
        let dir = with_report();
        let path = dir.at("report").join(name);
        fs::rename(&path, dir.at("moved")).expect("ours");
        assert!(Command::new("mkfifo").arg(&path).status().expect("it is installed").success());
        let code = if args[0] == "verify" { 1 } else { 2 };
        let refused = within(&dir, args, code);
        assert!(refused.contains(name) && refused.contains("not an ordinary file"), "{args:?}: {refused}");
        fs::remove_file(&path).expect("ours");
        symlink(dir.at("moved"), &path).expect("a link");
        let refused = within(&dir, args, code);
        assert!(refused.contains(name) && refused.contains("not an ordinary file"), "{args:?}: {refused}");
    }
}
