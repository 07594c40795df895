//! The files of `claimlint explain`: the page of a claim, and a letter as a page and as text. All of them are written, or none.

use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::cli::args::Explain;
use crate::cli::new_file::NewFiles;
use crate::report::claim::ClaimDossier;
use crate::report::claim::letter::Letter;
use crate::report::format::html;

/// A file that is to be written.
pub(super) struct NewFile {
    /// The flag that asks for it.
    flag: &'static str,
    /// What it is, for the line that names it.
    pub(super) what: &'static str,
    /// Where it goes.
    pub(super) path: PathBuf,
    bytes: Vec<u8>,
}

/// The files that the arguments ask for. Fails if there is nothing to write a letter about.
pub(super) fn asked_for(args: &Explain, dossier: &ClaimDossier<'_>) -> anyhow::Result<Vec<NewFile>> {
    let mut files = Vec::new();
    if let Some(path) = &args.html {
        let mut bytes = Vec::new();
        html::claim::page(dossier, &mut bytes)?;
        files.push(NewFile { flag: "--html", what: "Page:", path: path.clone(), bytes });
    }
    if let Some(path) = &args.letter {
        let letter = Letter::of(dossier).map_err(|why| anyhow!("--letter {}: {why}", path.display()))?;
        let mut bytes = Vec::new();
        html::letter::page(&letter, &mut bytes)?;
        let [page, text] = ["html", "txt"].map(|extension| with_extension(path, extension));
        files.push(NewFile { flag: "--letter", what: "Letter:", path: page, bytes });
        files.push(NewFile { flag: "--letter", what: "Letter:", path: text, bytes: letter.text().into_bytes() });
    }
    Ok(files)
}

/// The name of a letter with this extension. The name that was typed may have the other one, or none.
fn with_extension(path: &Path, extension: &str) -> PathBuf {
    let is_ours =
        path.extension().is_some_and(|own| ["html", "htm", "txt"].iter().any(|known| own.eq_ignore_ascii_case(known)));
    let mut name = if is_ours { path.with_extension("") } else { path.to_owned() }.into_os_string();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

/// Writes all files, or none.
pub(super) fn save(files: &[NewFile]) -> anyhow::Result<()> {
    let mut saved = NewFiles::default();
    files.iter().try_for_each(|file| saved.save(file.flag, &file.path, |out| Ok(out.write_all(&file.bytes)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_two_names() {
        for (typed, page, text) in [
            ("a/letter", "a/letter.html", "a/letter.txt"),
            ("letter.html", "letter.html", "letter.txt"),
            ("letter.TXT", "letter.html", "letter.txt"),
            ("C.100", "C.100.html", "C.100.txt"),
        ] {
            assert_eq!(with_extension(Path::new(typed), "html"), Path::new(page));
            assert_eq!(with_extension(Path::new(typed), "txt"), Path::new(text));
        }
    }
}
