//! The guide: what a user of claimlint can read beyond the README, one topic a page.
//!
//! Each page is a Markdown file in this folder. `cargo doc` shows it here, `claimlint help TOPIC` prints it, and
//! `claimlint man --out DIR` writes it as a manual page. A test runs the commands of its `sh` blocks.

use crate::pages::pages;

pages! {
    claims: "Bins, facts of a claim, sessions, what caps a denial, amounts",
    explaining: "Everything about one claim, for a call or an appeal",
    formats: "The files of a report, their columns and types",
    layouts: "How columns are mapped; joined tables, trailers, words of your system",
    policies: "Showing, changing and checking the policy",
    settings: "claimlint.toml: flags that need not be typed every time",
    nightly: "Reconciliation, gates, logs, systemd and cron",
    comparing: "Only new findings; comparing reports; suppressing findings",
    trends: "Months, rules and providers over many reports, and what moved beyond chance",
    sampling: "Audit samples that anyone can draw again, and what they say of all services",
    masking: "Reports without member, claim and authorization numbers",
    reliability: "Bounded memory, complete or absent reports, verify, privacy",
    security: "What is promised, to whom, and what is out of scope",
    hostile: "What happens with input that is meant to harm",
    speed: "How fast it is, beside other tools, and how to measure it",
    cluster: "Extracts read in slices, on one machine or many",
    python: "The Python package: notebooks, and Apache Spark",
    scale: "One machine and a cluster in figures, and what bounds each",
    extending: "Tests, sample data, shell completions, manual pages",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{list_every_file, uneven_rows};

    #[test]
    fn the_roster_lists_every_file_of_the_folder_once() {
        assert!(list_every_file(PAGES, "guide"));
    }

    #[test]
    fn pages_begin_with_a_title_and_have_short_lines() {
        for page in PAGES {
            assert!(page.text.starts_with("# "), "{}: no title", page.name);
            let prose = page.text.lines().filter(|line| !line.starts_with("| ") && !line.contains("cargo run"));
            let longest = prose.map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(longest <= 180, "{}: a line of {longest} characters", page.name);
        }
    }

    #[test]
    fn tables_have_as_many_cells_in_each_row() {
        for page in PAGES.iter().chain(crate::spec::PAGES) {
            assert_eq!(uneven_rows(page), [""; 0], "{}", page.name);
        }
    }

    #[test]
    fn a_reader_without_the_repository_is_told_how_to_get_sample_data() {
        for page in PAGES {
            let mut commands = page.text.lines().filter(|line| line.starts_with("cargo run "));
            let has_fixtures = commands.any(|line| line.contains("fixtures/"));
            assert!(!has_fixtures || page.text.contains("claimlint generate"), "{}", page.name);
            assert!(!page.installed().contains("cargo run"), "{}", page.name);
        }
    }

    #[test]
    fn pages_name_only_topics_that_exist() {
        for page in PAGES {
            for named in page.text.split("claimlint help ").skip(1) {
                let topic: String = named.chars().take_while(char::is_ascii_lowercase).collect();
                let exists = super::page(&topic).is_some() || topic == "spec";
                assert!(exists, "{}: there is no topic {topic}", page.name);
            }
        }
    }
}
