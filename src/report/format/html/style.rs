//! The style and the script of the pages, and the content policy that admits only these two texts.

pub(crate) const STYLE: &str = include_str!("report.css");
pub(super) const SCRIPT: &str = include_str!("report.js");

/// SHA-256 of [`STYLE`] and [`SCRIPT`] in base64, for the content security policy. A test compares them with the texts.
pub(crate) const STYLE_HASH: &str = "aUUvIStOzV7/iz1/fRlrj0WO3M9bxEubEaxCuXa01vo=";
pub(super) const SCRIPT_HASH: &str = "eoFZj5HK163xBS1yltO9J2dID5EdN3pOQut509gQJNU=";

/// The content security policy of a page: our own style, and the scripts that `scripts` admits.
pub(crate) fn content_policy(scripts: &str) -> String {
    format!("default-src 'none'; style-src 'sha256-{STYLE_HASH}'; {scripts}base-uri 'none'; form-action 'none'")
}
