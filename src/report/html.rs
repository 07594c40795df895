//! report.html: x
use std::io::{self, Write};

use super::Content;

/// x
pub fn report(_content: &Content<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<!doctype html>")
}
