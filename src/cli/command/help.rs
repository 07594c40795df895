//! `claimlint help`: commands as their flags describe them, topics of the guide, and the specification.

use std::io::Write;

use anyhow::anyhow;
use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::settings::keys::flags_without_key;
use crate::cli::terminal::markdown;
use crate::cli::terminal::screen::trusted;
use crate::cli::terminal::style::{BOLD, paint, width};
use crate::exit::Exit;
use crate::guide;
use crate::pages::Page;
use crate::spec;
use crate::strict_toml::nearest;

/// The topic on settings, which lists the flags that have no key.
const SETTINGS: &str = "settings";

/// The word for the specification.
const SPEC: &str = "spec";

/// Prints the help of a command, or a page of the guide or of the specification. Without words, lists all of them.
pub(crate) fn help(words: &[String], out: &mut dyn Write) -> anyhow::Result<Exit> {
    let text = match words {
        [] => overview(),
        [topic] if topic == SPEC => specification(),
        [topic, name] if topic == SPEC => {
            let page = spec::page(name).ok_or_else(|| {
                let names: Vec<_> = spec::PAGES.iter().map(|page| page.name).collect();
                anyhow!("the specification has no page of that name; its pages are {}", names.join(", "))
            })?;
            markdown::page(&page.installed(), width().min(100))
        }
        [topic] if guide::page(topic).is_some() => {
            let text = guide::page(topic).map(Page::installed).unwrap_or_default();
            let more = if topic == SETTINGS { flags_without_key() } else { String::new() };
            markdown::page(&(text + &more), width().min(100))
        }
        words => of_command(words)?,
    };
    write!(out, "{text}")?;
    Ok(Exit::Clean)
}

fn overview() -> String {
    let mut text = trusted(&Cli::command().render_help().ansi().to_string());
    text.extend(["\n", &paint(BOLD, "Topics: claimlint help TOPIC"), "\n"]);
    for page in guide::PAGES {
        let line = format!("  {:<13}{}\n", page.name, page.about);
        text.push_str(&line);
    }
    let line = format!("  {SPEC:<13}The specification: what a run reads, decides and writes\n");
    text.push_str(&line);
    text.extend(["\n", &paint(BOLD, "Set up once"), " (claimlint help extending)\n"]);
    text.push_str("  claimlint completions SHELL    Completions for bash, zsh, fish, elvish or powershell\n");
    text.push_str("  claimlint man --out DIR        Manual pages of all commands and topics\n");
    text
}

fn specification() -> String {
    let mut text =
        "The specification says what a run reads, decides and writes. Its pages, in reading order:\n\n".to_owned();
    for page in spec::PAGES {
        let line = format!("  claimlint help {SPEC} {:<10}{}\n", page.name, page.about);
        text.push_str(&line);
    }
    text
}

fn of_command(words: &[String]) -> anyhow::Result<String> {
    let mut command = Cli::command();
    command.build();
    for word in words {
        let inner = command.find_subcommand(word).cloned();
        command = inner.ok_or_else(|| {
            let commands = command.get_subcommands().map(clap::Command::get_name);
            let topics = guide::PAGES.iter().map(|page| page.name).chain([SPEC]);
            let near = nearest(word, commands.chain(topics));
            let hint = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
            anyhow!("there is no command and no topic of that name; {hint}`claimlint help` lists both")
        })?;
    }
    Ok(trusted(&command.render_long_help().ansi().to_string()))
}
