//! Protects the README and the guide: their commands run, what they show is what is printed, and the files that they name
//! exist.

use std::fs;
use std::path::Path;

use claimlint::guide;

use crate::cli::{CommandOutput, binary};
use crate::kit::at;

/// README.md, then the pages of the guide, each with the name of its file.
fn pages() -> Vec<(String, String)> {
    let readme = fs::read_to_string(at("README.md")).expect("the README");
    let guide = guide::PAGES.iter().map(|page| (format!("src/guide/{}.md", page.name), page.text.to_owned()));
    std::iter::once(("README.md".to_owned(), readme)).chain(guide).collect()
}

/// The commands of a page's `sh` blocks that run claimlint.
fn commands(page: &str) -> Vec<&str> {
    let blocks = page.split("\n```sh\n").skip(1).filter_map(|b| b.split("\n```").next());
    blocks.flat_map(str::lines).filter(|l| l.starts_with("cargo run ")).collect()
}

/// What a page shows of a command's output in the block right after it: the parts between lines of dots.
fn shown_output<'r>(page: &'r str, command: &str) -> Vec<&'r str> {
    let shown =
        page.split_once(&format!("{command}\n```\n\n```text\n")).and_then(|(_, after)| after.split("\n```").next());
    shown.into_iter().flat_map(|text| text.split("\n  ...\n")).collect()
}

/// Runs a command of a page in a directory that has the repository's folders.
fn run(command: &str, dir: &Path) -> CommandOutput {
    let (_, typed) = command.split_once(" -- ").unwrap_or_else(|| panic!("{command}: no ` -- `"));
    let typed = typed.split('#').next().unwrap_or_default().replace("/tmp/", &format!("{}/", dir.display()));
    let (args, file) = typed.split_once('>').unwrap_or((&typed, ""));
    let output = CommandOutput::by(binary().args(args.split_whitespace()).current_dir(dir));
    assert!(matches!(output.code, Some(0 | 1)), "{command}: {}", output.err);
    if !file.is_empty() {
        fs::write(dir.join(file.trim()), &output.out).expect("room for it");
    }
    output
}

/// A directory in which the commands of one page run: they name fixtures from the root and write where they are.
fn working_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for folder in ["fixtures", "src", "benches"] {
        link(&at(folder), &dir.path().join(folder));
    }
    dir
}

#[test]
fn commands_on_pages_run_and_print_the_output_shown() {
    let pages = pages();
    let first = commands(&pages[0].1).into_iter().find(|c| c.contains(" check ")).expect("the README runs `check`");
    let mut compared = 0;
    for (file, text) in &pages {
        let dir = working_dir();
        let commands = commands(text);
        // A page of the guide follows the README: its reader has run the first command.
        if file != "README.md" && !commands.is_empty() {
            run(first, dir.path());
        }
        for command in commands {
            let output = run(command, dir.path());
            for part in shown_output(text, command) {
                compared += 1;
                assert!(
                    output.out.contains(part),
                    "{file}: {command} no longer prints, as the page shows:\n{part}\n{}",
                    output.out
                );
            }
        }
    }
    assert!(compared >= 4, "the README shows the output of `check` and of `explain`: {compared} parts");
}

/// What messages quote is said in several places, and everywhere alike.
#[test]
fn one_sentence_says_what_messages_quote() {
    let told = "No error or log line of a run quotes a cell: they name file, line and column. Notes quote words of product, \
                status, claim form and payer columns that no table knows, also with `--mask`, and nothing else.";
    let pages = ["README.md", "CONTRIBUTING.md", "src/lib.rs", "src/guide/security.md", "src/guide/reliability.md"];
    for file in pages {
        let text = fs::read_to_string(at(file)).expect(file).replace("//!", "");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(told), "{file}");
    }
}

/// Files of the repository that a page names in a link or in backticks, with a folder of the repository in front.
#[test]
fn files_that_pages_name_exist() {
    let others =
        ["CONTRIBUTING.md", "CHANGELOG.md"].map(|file| (file.to_owned(), fs::read_to_string(at(file)).expect(file)));
    for (file, text) in pages().into_iter().chain(others) {
        let folders = ["src/", "fixtures/", "tests/", "benches/", ".ci/"];
        for word in text.split(|c: char| c.is_whitespace() || "`()[],;:\"".contains(c)) {
            // FAMILY, NAME and CODE are for the reader to fill in: the folder before them exists.
            let is_pattern = word.bytes().any(|b| b.is_ascii_uppercase()) && !word.ends_with("README.md");
            let pattern = |c: char| c.is_ascii_uppercase();
            let path = if is_pattern { word.split(pattern).next().unwrap_or_default() } else { word };
            if folders.iter().any(|folder| word.starts_with(folder)) {
                let path = path.trim_end_matches(['.', '/']);
                assert!(at(path).exists(), "{file} names {word}, which does not exist");
            }
        }
        // `NAME` in `FILE`: the file has that name.
        for (before, after) in text.match_indices("` in `").map(|(i, middle)| (&text[..i], &text[i + middle.len()..])) {
            let name = before.rsplit('`').next().unwrap_or_default();
            let path = after.split('`').next().unwrap_or_default();
            let source = fs::read_to_string(at(path)).unwrap_or_else(|e| panic!("{file} names {path}: {e}"));
            assert!(source.contains(name), "{file}: {path} has no {name}");
        }
    }
}

#[test]
fn help_prints_every_topic_and_every_page_of_the_specification() {
    let help = |words: &[&str]| CommandOutput::by(binary().arg("help").args(words));
    let overview = help(&[]);
    for page in guide::PAGES {
        assert!(overview.out.contains(page.about), "{}", overview.out);
        let output = help(&[page.name]);
        let title = page.text.lines().next().unwrap_or_default().trim_start_matches("# ");
        assert!(output.code == Some(0) && output.out.starts_with(title), "{}: {}", page.name, output.err);
    }
    for page in claimlint::spec::PAGES {
        assert!(help(&["spec"]).out.contains(page.name));
        let output = help(&["spec", page.name]);
        assert!(output.code == Some(0) && output.out.starts_with(page.about), "{}: {}", page.name, output.err);
    }
    assert!(help(&["check"]).out.contains("--auths"), "a command is explained by its flags");
    let wrong = help(&["no-such-topic"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("claimlint help"), "{}", wrong.err);
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) {
    std::os::unix::fs::symlink(from, to).expect("a link");
}

#[cfg(windows)]
fn link(from: &Path, to: &Path) {
    std::os::windows::fs::symlink_dir(from, to).expect("a link");
}
