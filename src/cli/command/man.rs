//! Completions and manual pages, made from the definition of the command line.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write};
use std::path::Path;

use anyhow::anyhow;
use clap::builder::{PossibleValuesParser, Resettable};
use clap::{Arg, Command, CommandFactory, Id};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::args::Cli;
use crate::cli::terminal::markdown;
use crate::exit::Exit;
use crate::guide;
use crate::ingest::field::Field;
use crate::ingest::layout::library::SHIPPED;
use crate::pages::Page;
use crate::report::dir;
use crate::rules::codes;
use crate::spec;

/// Prints the completions of a shell.
pub(crate) fn completions(shell: Shell, out: &mut dyn Write) -> anyhow::Result<Exit> {
    // clap_complete panics when its output is a closed pipe, so it writes to memory.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut with_known_words(), "claimlint", &mut text);
    out.write_all(or_a_file(shell, &String::from_utf8_lossy(&text)).as_bytes())?;
    Ok(Exit::Clean)
}

/// The command line with the words that some arguments usually have. They accept others, too, so this is not the command
/// line that is parsed.
fn with_known_words() -> Command {
    let layouts = |arg: Arg| arg.value_parser(PossibleValuesParser::new(SHIPPED.iter().map(|(name, _)| *name)));
    let fields = |arg: Arg| arg.value_parser(PossibleValuesParser::new(Field::NAMES.iter().map(|(_, name)| *name)));
    let rules = |arg: Arg| arg.value_parser(PossibleValuesParser::new(codes()));
    let inputs = |command: Command| command.mut_arg("layout", layouts).mut_arg("require", fields);
    let check = |command: Command| inputs(command).mut_arg("select", rules).mut_arg("ignore", rules);
    Cli::command()
        .mut_subcommand("rules", |command| command.mut_arg("rule", rules))
        .mut_subcommand("check", check)
        .mut_subcommand("plan", check)
        .mut_subcommand("verify", inputs)
        .mut_subcommand("inspect", inputs)
        .mut_subcommand("config", |command| command.mut_subcommand("show", check))
        .mut_subcommand("merge", with_shown)
}

/// `merge` without the flags that its help does not show, most of which it refuses.
fn with_shown(merge: Command) -> Command {
    // What a flag conflicts with may be one that is left out.
    let shown = merge.get_arguments().filter(|arg| !arg.is_hide_set());
    let shown: Vec<Arg> = shown.map(|arg| arg.clone().conflicts_with(Resettable::<Id>::Reset)).collect();
    let about = merge.get_about().cloned().unwrap_or_default();
    Command::new("merge").about(about).args(shown)
}

/// The completions of a shell in which `--layout` completes names of files besides those of layouts.
fn or_a_file(shell: Shell, text: &str) -> String {
    let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    let words = names.join(" ");
    match shell {
        Shell::Bash => text.replace(&format!("compgen -W \"{words}\""), &format!("compgen -f -W \"{words}\"")),
        Shell::Zsh => {
            let either = format!("{{_alternative \"names\\:layout\\:({words})\" \"files\\:file\\:_files\"}}");
            text.replace(&format!(":({words})"), &format!(":{either}"))
        }
        // The generator has no words for arguments without a flag in fish.
        Shell::Fish => {
            let first = names[0];
            let rules = codes().join(" ");
            let more =
                format!("complete -c claimlint -n \"__fish_claimlint_using_subcommand rules\" -f -a \"{rules}\"\n");
            text.replace(&format!("-r -f -a \"{first}\\t"), &format!("-r -F -a \"{first}\\t")) + &more
        }
        _ => text.to_owned(),
    }
}

/// The day at the foot of the manual pages: when the command line last changed. It does not come from the clock, so
/// that a version always has the same manual.
const REVISED: &str = "2026-11-27";

/// Prints the main page, or writes all pages into a directory.
pub(crate) fn man(pages: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    // The subcommand `help` needs no page of its own.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    match pages {
        None => out.write_all(page(&command)?.as_bytes())?,
        Some(directory) => {
            fs::create_dir_all(directory)
                .and_then(|()| save(&command, directory))
                .and_then(|()| save_topics(directory))
                .map_err(|e| anyhow!("--out {}: {}", directory.display(), dir::describe_io_error(&e)))?;
        }
    }
    Ok(Exit::Clean)
}

/// Writes the page of a command and of each of its subcommands that is not hidden.
fn save(command: &Command, directory: &Path) -> io::Result<()> {
    put(directory, &format!("{}.1", title(command)), &page(command)?)?;
    command.get_subcommands().filter(|c| !c.is_hide_set()).try_for_each(|c| save(c, directory))
}

/// The topics of the guide and the pages of the specification, each with the name of its manual page. They are in section 1,
/// beside the commands: `man` looks for a page in the directory of its section only, and `--out` names one directory.
fn topics() -> impl Iterator<Item = (String, &'static Page)> {
    let guide = guide::PAGES.iter().map(|page| (format!("claimlint-{}", page.name), page));
    guide.chain(spec::PAGES.iter().map(|page| (format!("claimlint-spec-{}", page.name), page)))
}

/// Writes a page for each topic of the guide and each page of the specification.
fn save_topics(directory: &Path) -> io::Result<()> {
    for (name, page) in topics() {
        let (about, version) = (page.about, env!("CARGO_PKG_VERSION"));
        let head =
            format!(".TH {name} 1 \"{REVISED}\" \"claimlint {version}\" \"{MANUAL}\"\n.SH NAME\n{name} \\- {about}\n");
        let text = head + &markdown::manual(&page.installed()) + &see_also(["claimlint".to_owned()]);
        put(directory, &format!("{name}.1"), &text)?;
    }
    Ok(())
}

/// The last section of a page, which names other pages.
fn see_also(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| name.replace('-', "\\-") + "(1)").collect();
    format!(".SH \"SEE ALSO\"\n{}\n", names.join(", "))
}

/// The name of the manual, which the head of each page holds.
const MANUAL: &str = "claimlint manual";

/// Most bytes of a page before the name of the manual: quotation marks for typesetters, then the line of the title.
const LONGEST_HEAD: u64 = 1024;

/// Writes a page. An earlier page is replaced; links and files of others are neither followed nor replaced.
fn put(directory: &Path, name: &str, text: &str) -> io::Result<()> {
    let path = directory.join(name);
    let written = match fs::symlink_metadata(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => false,
        Err(e) => return Err(e),
        Ok(entry) if entry.is_file() && is_page(&path)? => true,
        Ok(_) => return Err(io::Error::other(format!("{name} is not a page that claimlint wrote"))),
    };
    if written {
        fs::remove_file(&path)?;
    }
    OpenOptions::new().write(true).create_new(true).open(&path)?.write_all(text.as_bytes())
}

/// Is a file a page of this manual?
fn is_page(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(LONGEST_HEAD).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).contains(&format!("\"{MANUAL}\"")))
}

fn title(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// The page of a command. The main page and no other has no hyphen in its name; it also names the pages of the topics.
fn page(command: &Command) -> io::Result<String> {
    let mut text = Vec::new();
    Man::new(command.clone())
        .title(title(command))
        .date(REVISED)
        .source(concat!("claimlint ", env!("CARGO_PKG_VERSION")))
        .manual(MANUAL)
        .render(&mut text)?;
    let more = if title(command).contains('-') { String::new() } else { see_also(topics().map(|(name, _)| name)) };
    Ok(tidy(&String::from_utf8_lossy(&text)) + &more)
}

/// Removes what linters of manual pages report: blanks at the end of a line, and line breaks around the empty line
/// that ends a paragraph.
fn tidy(text: &str) -> String {
    text.replace("\n.br\n\n.br\n", "\n.sp\n").lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_name_of_its_own_and_is_in_section_1() {
        let temp = tempfile::tempdir().expect("a directory");
        man(Some(temp.path()), &mut io::sink()).expect("room");
        for (name, topic) in topics() {
            let page = fs::read_to_string(temp.path().join(format!("{name}.1"))).expect("a page for each topic");
            assert!(page.starts_with(&format!(".TH {name} 1 ")) && page.contains(topic.about), "{page}");
            assert!(page.ends_with(".SH \"SEE ALSO\"\nclaimlint(1)\n") && !page.contains("cargo run"), "{page}");
        }
        let main = fs::read_to_string(temp.path().join("claimlint.1")).expect("the main page");
        assert!(main.contains("claimlint\\-claims(1), ") && main.contains("claimlint\\-spec\\-bins(1)"), "{main}");
        let commands =
            Cli::command().get_subcommands().map(|c| format!("claimlint-{}", c.get_name())).collect::<Vec<_>>();
        assert!(topics().all(|(name, _)| !commands.contains(&name)), "a topic would replace the page of a command");
    }

    #[test]
    fn only_pages_of_this_manual_are_replaced() {
        let temp = tempfile::tempdir().expect("a directory");
        let into = temp.path().join("share/man");
        let path = |name: &str| into.join(name);
        for _ in 0..2 {
            assert_eq!(man(Some(&into), &mut io::sink()).expect("the pages are ours"), Exit::Clean);
            fs::write(path("claimlint.1"), ".TH claimlint 1 2020-01-01 \"claimlint 0\" \"claimlint manual\"")
                .expect("room");
        }
        for foreign in ["claimlint-check.1", "claimlint-spec-bins.1"] {
            let page = fs::read(path(foreign)).expect("a page");
            fs::write(path(foreign), "notes of somebody").expect("room");
            let refused = man(Some(&into), &mut io::sink()).expect_err("not ours").to_string();
            assert!(refused.contains(&format!("{foreign} is not a page that claimlint wrote")), "{refused}");
            assert_eq!(fs::read(path(foreign)).expect("it is there"), b"notes of somebody");
            fs::write(path(foreign), page).expect("room");
        }
        #[cfg(unix)]
        for target in [path("claimlint-help.1"), path("elsewhere")] {
            let link = path("claimlint-verify.1");
            fs::remove_file(&link).expect("a page");
            std::os::unix::fs::symlink(&target, &link).expect("a link");
            man(Some(&into), &mut io::sink()).expect_err("a link");
            assert!(!path("elsewhere").exists() && link.is_symlink());
        }
    }
}
