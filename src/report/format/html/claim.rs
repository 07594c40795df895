//! The dossier of one claim as a page: one file that loads nothing and has no script.

use std::io::{self, Write};

use askama::Template;

use crate::report::claim::{ClaimDossier, ClaimRow};
use crate::report::format::html::style::{STYLE, content_policy};
use crate::report::words::finding::NOT_EVALUATED;

#[derive(Template)]
#[template(path = "claim.html", config = "src/report/format/html/askama.toml")]
struct ClaimPage<'a> {
    content_policy: String,
    title: String,
    style: &'static str,
    version: &'static str,
    dossier: &'a ClaimDossier<'a>,
    not_evaluated: &'static str,
    /// Its own rows and the rows of other claims.
    tables: [(&'static str, &'static str, &'a [ClaimRow<'a>]); 2],
}

/// Writes the page.
pub(crate) fn page(dossier: &ClaimDossier<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = ClaimPage {
        content_policy: content_policy(""),
        title: format!("claimlint: claim {}", dossier.claim),
        style: STYLE,
        version: env!("CARGO_PKG_VERSION"),
        dossier,
        not_evaluated: NOT_EVALUATED,
        tables: [
            ("h-rows", "Rows of the claim", &dossier.rows),
            ("h-encounter", "Rows of other claims of the same visit", &dossier.same_encounter),
        ],
    };
    page.write_into(out)
}
