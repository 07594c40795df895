//! Tests the structure of the repository: modules use only modules above them, files stay short, rosters match folders, the
//! README's commands run, nothing uses a network.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use claimlint::ingest::layout::library::SHIPPED;
use claimlint::rules::FAMILIES;

use crate::kit::{DOCS, POLICY, at};

/// Files below a folder with this extension, as paths from the repository's root.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<String> {
    fn walk(path: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())) {
            let path = entry.expect("an entry").path();
            // Build output of a fuzz run is not part of the source.
            if path.ends_with("target") {
                continue;
            }
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&at(folder), &mut found);
    let root = at("");
    let relative = |p: &PathBuf| p.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
    let mut names: Vec<String> =
        found.iter().filter(|p| p.extension().is_some_and(|e| e == extension)).map(relative).collect();
    names.sort();
    names
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(at(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The rooms as the crate doc lists them; rooms of one line share a rank.
fn rooms() -> Vec<(String, usize)> {
    let doc = read("src/lib.rs");
    let list = doc.split("# Rooms").nth(1).and_then(|d| d.split("# Invariants").next()).expect("the list of rooms");
    let mut rooms = Vec::new();
    for (rank, line) in list.lines().filter_map(|l| l.strip_prefix("//! - ")).enumerate() {
        let head = line.split(": ").next().unwrap_or_default();
        rooms.extend(head.split("[`").skip(1).filter_map(|r| Some((r.split("`]").next()?.to_owned(), rank))));
    }
    rooms
}

#[test]
fn a_room_uses_only_rooms_before_it() {
    let rooms = rooms();
    let rank = |room: &str| rooms.iter().find(|(name, _)| name == room).map(|(_, rank)| *rank);
    let declared: Vec<String> = read("src/lib.rs")
        .lines()
        .filter_map(|l| Some(l.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned()))
        .collect();
    let listed: Vec<String> = rooms.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(listed, declared, "the crate doc lists every room, in the order in which they are declared");
    let mut wrong = Vec::new();
    for file in files("src", "rs") {
        let room = file.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default().to_owned();
        let Some(own) = rank(&room) else {
            assert!(["lib", "main"].contains(&room.as_str()), "{file}: a room that the crate doc does not list");
            continue;
        };
        for (i, line) in read(&file).lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                let used = used.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or_default();
                if rank(used).is_none_or(|other| other > own) {
                    wrong.push(format!("{file}:{}: {room} uses {used}", i + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Most lines of a source file. A longer file should be split.
const LONGEST: usize = 420;

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for file in files("src", "rs").into_iter().chain(files("tests", "rs")) {
        let text = read(&file);
        let lines = text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{file}: {lines} lines, at most {LONGEST}"));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{file}: no module doc"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rosters_match_their_folders() {
    let layouts = files("src/layouts", "toml");
    let mut shipped: Vec<String> = SHIPPED.iter().map(|(name, _)| format!("src/layouts/{name}.toml")).collect();
    shipped.sort();
    assert_eq!(shipped, layouts, "SHIPPED in src/ingest/layout/library.rs names every layout once");
    assert!(SHIPPED.iter().all(|(name, text)| *text == read(&format!("src/layouts/{name}.toml"))));

    let policies = files("src/policies", "toml");
    assert_eq!(policies.len(), POLICY.origins.len());
    for file in policies {
        let text = read(&file);
        assert!(POLICY.origins.iter().any(|o| o.text == text), "{file} is not built in: src/policy/parse.rs");
    }

    let mut families = files("src/rules", "toml");
    families.retain(|file| file != "src/rules/bins.toml");
    assert_eq!(families.len(), FAMILIES.len(), "one file of documentation a family");
    for file in families {
        let text = read(&file);
        let code = text.lines().find_map(|l| l.strip_prefix("code = \"")?.strip_suffix('"')).expect("a rule");
        let family = FAMILIES.iter().find(|f| f.iter().any(|r| r.code == code)).unwrap_or_else(|| panic!("{file}"));
        for rule in *family {
            assert!(text.contains(&format!("\ncode = \"{}\"\n", rule.code)), "{file} does not document {}", rule.code);
        }
        let source = read(&file.replace(".toml", ".rs"));
        assert_eq!(source.matches("Rule::new(\"").count(), family.len(), "{file}: a rule in another family's file");
    }
    assert_eq!(DOCS.len(), FAMILIES.iter().map(|f| f.len()).sum::<usize>());
}

#[test]
fn every_test_module_runs() {
    let declared: BTreeSet<String> = read("tests/it/main.rs")
        .lines()
        .filter_map(|l| Some(format!("tests/it/{}.rs", l.strip_prefix("mod ")?.strip_suffix(';')?)))
        .collect();
    let there: BTreeSet<String> = files("tests/it", "rs").into_iter().filter(|f| !f.ends_with("/main.rs")).collect();
    assert_eq!(declared, there);
}

#[test]
fn there_is_no_unsafe_code_and_no_network_access() {
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
    for file in files("src", "rs") {
        let code = read(&file);
        let code = code.lines().filter(|l| !l.trim_start().starts_with("//"));
        assert!(
            code.flat_map(|l| l.split(|c: char| !c.is_alphanumeric() && c != '_')).all(|w| w != "unsafe"),
            "{file}"
        );
    }
    let lock = read("Cargo.lock");
    for network in
        ["reqwest", "hyper", "openssl", "openssl-sys", "rustls", "native-tls", "ureq", "curl", "tokio", "object_store"]
    {
        assert!(!lock.contains(&format!("\nname = \"{network}\"\n")), "{network} is linked");
    }
}

/// Whatever is printed passes `screen.rs`, which makes control characters visible. A progress bar draws by itself; it shows
/// counts.
#[test]
fn one_file_prints() {
    const SCREEN: &str = "src/cli/terminal/screen.rs";
    const PROGRESS: &str = "src/cli/terminal/progress.rs";
    const WAYS: [&str; 13] = [
        "print!",
        "println!",
        "eprint!",
        "eprintln!",
        "dbg!",
        "stdout(",
        "stderr(",
        "Stdout",
        "Stderr",
        "anstream",
        ".print()",
        "/dev/tty",
        "indicatif",
    ];
    let mut found = Vec::new();
    for file in files("src", "rs") {
        let text = read(&file);
        let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        for line in code.lines().filter(|l| !l.trim_start().starts_with("//")) {
            let own = ["screen::stdout()", "screen::stderr()", "use_stderr()"];
            let line = own.iter().fold(line.to_owned(), |line, own| line.replace(own, ""));
            found.extend(WAYS.iter().filter(|way| line.contains(*way)).map(|way| (file.clone(), *way)));
        }
    }
    found.retain(|(file, way)| file != SCREEN && (file.as_str(), *way) != (PROGRESS, "indicatif"));
    assert!(found.is_empty(), "{found:?}");
}

/// The file that writes Parquet and the room that reads it ask it; whatever else did would tie the house to its versions.
#[test]
fn one_file_and_one_room_know_polars() {
    let knows = |file: &String| {
        let code = read(file);
        code.lines().filter(|l| !l.trim_start().starts_with("//")).any(|l| l.contains("polars_"))
    };
    let is_elsewhere = |file: &String| !file.starts_with("src/ingest/parquet/");
    let elsewhere: Vec<_> = files("src", "rs").into_iter().filter(knows).filter(is_elsewhere).collect();
    assert_eq!(elsewhere, ["src/report/format/polars.rs"]);
}

#[test]
fn the_top_level_holds_only_known_entries() {
    // A build leaves `target`, a run of the README's first command leaves a report; git ignores both.
    let known = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "deny.toml",
        "rust-toolchain.toml",
        "src",
        "fixtures",
        "benches",
        "tests",
        "target",
    ];
    for entry in fs::read_dir(at("")).expect("the repository") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let expected = name.starts_with('.') || name.starts_with("claimlint-report") || known.contains(&name.as_str());
        assert!(expected, "{name} is at the top level");
    }
}

/// One test command for people and machines.
#[test]
fn ci_runs_the_test_command_of_the_readme() {
    if at("README.md").exists() && at(".ci/run").exists() {
        let readme = read("README.md");
        let command = readme.lines().find(|l| l.starts_with("cargo test")).expect("the README says how to test");
        assert!(read(".ci/run").lines().any(|l| l.trim() == command), ".ci/run does not run `{command}`");
    }
}

/// deny.toml says who needs the crate of the one accepted advisory.
#[test]
fn only_pulp_needs_the_crate_of_the_accepted_advisory() {
    let lock: toml::Table = read("Cargo.lock").parse().expect("TOML");
    let packages = lock["package"].as_array().expect("packages");
    let needs_paste = |package: &&toml::Value| {
        let needed = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        needed.filter_map(toml::Value::as_str).any(|name| name.split(' ').next() == Some("paste"))
    };
    let who: Vec<_> = packages.iter().filter(needs_paste).filter_map(|package| package["name"].as_str()).collect();
    assert_eq!(who, ["pulp"]);
    let deny: toml::Table = read("deny.toml").parse().expect("TOML");
    let accepted = deny["advisories"]["ignore"].as_array().expect("advisories");
    assert_eq!(accepted.len(), 1, "each is a decision");
    assert!(accepted[0]["reason"].as_str().is_some_and(|why| why.contains("only pulp depends on it")));
}
