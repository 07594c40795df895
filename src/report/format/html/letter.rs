//! A letter about a claim as a page: one file that loads nothing, has no script, and prints as a letter.

use std::io::{self, Write};

use askama::Template;

use crate::report::claim::letter::{Block, Letter};

const STYLE: &str = include_str!("letter.css");

/// SHA-256 of [`STYLE`] in base64, for the content security policy. A test compares it with the text.
const STYLE_HASH: &str = "BuKfOI6woI4Otaocpix/8RDnVVjUtc03eX5rLZRyPO4=";

#[derive(Template)]
#[template(path = "letter.html", config = "src/report/format/html/askama.toml")]
struct LetterPage<'a> {
    content_policy: String,
    title: &'static str,
    style: &'static str,
    letter: &'a Letter,
}

/// Writes the page.
pub(crate) fn page(letter: &Letter, out: &mut dyn Write) -> io::Result<()> {
    let content_policy =
        format!("default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'");
    LetterPage { content_policy, title: letter.kind.title(), style: STYLE, letter }.write_into(out)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use sha2::Digest as _;

    use super::*;

    #[test]
    fn the_content_policy_admits_the_style() {
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(STYLE));
        assert_eq!(STYLE_HASH, hash);
    }
}
