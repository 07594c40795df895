//! The specification: what `claimlint check` reads, decides and writes.
//!
//! Each page is a Markdown file in this folder, shown here by `cargo doc` and printed by `claimlint help spec`.
//! A page consists of sections with a short name, the anchor, and numbered statements. A comment cites a section as
//! `spec: judging/near-miss`; a test resolves every such citation in the repository.
//!
//! The pages are text only. Code never reads a value from them: code lists, limits and dispositions are in
//! `src/policies`, spellings in `src/layouts`.

use crate::pages::{Page, pages};

/// One section of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// The short name by which code cites the section, unique in its page.
    pub anchor: &'static str,
    /// The heading without the anchor.
    pub title: &'static str,
    /// What follows the heading, in Markdown, up to the next section.
    pub text: &'static str,
}

pages! {
    words: "Words",
    files: "Files",
    fields: "Fields",
    values: "Values",
    bins: "Bins",
    judging: "Judging",
    sessions: "Sessions",
    rules: "Rules",
    outputs: "Outputs",
}

/// What starts the heading of a section.
const HEADING: &str = "\n## ";

impl Page {
    /// The sections of a page of the specification, in order.
    ///
    /// A section's heading is `## anchor: Title`. A heading without an anchor gets an empty one.
    pub fn sections(&self) -> impl Iterator<Item = Section> + use<> {
        self.text.split(HEADING).skip(1).map(|section| {
            let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
            let (anchor, title) = heading.split_once(": ").unwrap_or(("", heading));
            Section { anchor, title, text: text.trim() }
        })
    }
}

/// The section that a citation `page/anchor` names, without `spec: `.
#[must_use]
pub fn resolve(citation: &str) -> Option<Section> {
    let (name, anchor) = citation.split_once('/')?;
    page(name)?.sections().find(|section| !anchor.is_empty() && section.anchor == anchor)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pages::list_every_file;

    #[test]
    fn the_roster_lists_every_file_of_the_folder_once() {
        assert!(list_every_file(PAGES, "spec"));
    }

    #[test]
    fn every_page_has_its_title_and_sections_with_text() {
        for page in PAGES {
            assert!(page.text.starts_with(&format!("# {}\n", page.about)), "{}: the title differs", page.name);
            assert!(page.sections().count() > 0, "{}: no section", page.name);
            for section in page.sections() {
                assert!(!section.text.is_empty(), "{}/{} is empty", page.name, section.anchor);
                assert!(
                    section.text.lines().any(|line| line.starts_with("1. ") || line.starts_with("| ")),
                    "{}/{} has neither statements nor a table",
                    page.name,
                    section.anchor
                );
            }
        }
    }

    #[test]
    fn anchors_are_short_names_and_unique_in_their_page() {
        for page in PAGES {
            let mut seen = BTreeSet::new();
            for Section { anchor, title, .. } in page.sections() {
                assert!(!anchor.is_empty(), "{}: \"{title}\" has no anchor", page.name);
                assert!(
                    anchor.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                    "{}/{anchor} is not in lower case with hyphens",
                    page.name
                );
                assert!(seen.insert(anchor), "{}/{anchor} is there twice", page.name);
            }
        }
    }

    /// A statement that is cited by its number must keep it, so numbers count up from 1 in each section.
    #[test]
    fn statements_are_numbered_from_one() {
        for page in PAGES {
            for section in page.sections() {
                let numbers: Vec<usize> = section
                    .text
                    .lines()
                    .filter_map(|line| line.split_once(". ").and_then(|(number, _)| number.parse().ok()))
                    .collect();
                let expected: Vec<usize> = (1..=numbers.len()).collect();
                assert_eq!(numbers, expected, "{}/{}", page.name, section.anchor);
            }
        }
    }

    #[test]
    fn citations_resolve_to_their_section() {
        let section = resolve("judging/near-miss").expect("a section");
        assert_eq!(section.title, "Diagnoses that resemble a listed code");
        for wrong in ["judging", "judging/", "judging/no-such-section", "no-such-page/near-miss", "/near-miss", ""] {
            assert_eq!(resolve(wrong), None, "{wrong}");
        }
    }
}
