//! `claimlint layout`: prints a built-in layout, or checks a layout file.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use crate::cli::args::{LayoutCommand, PolicyFiles};
use crate::cli::load::{load_policy, read_text};
use crate::cli::terminal::style::{seen, wrapped};
use crate::exit::Exit;
use crate::ingest::Layout;
use crate::ingest::field::Field;
use crate::ingest::layout::shipped;
use crate::run::read::labels;
use crate::strict_toml::nearest;

/// Runs `claimlint layout`.
pub(crate) fn layout(command: &LayoutCommand, out: &mut dyn Write) -> anyhow::Result<Exit> {
    match command {
        LayoutCommand::Show { name: Some(name) } => show(name, out)?,
        LayoutCommand::Show { name: None } => {
            shipped::SHIPPED.iter().try_for_each(|(name, _)| writeln!(out, "{name}"))?;
        }
        LayoutCommand::Check { file } => check(file, out)?,
    }
    Ok(Exit::Clean)
}

fn show(name: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let names = || shipped::SHIPPED.iter().map(|(name, _)| *name);
    let unknown = || {
        let hint = nearest(name, names()).map_or_else(String::new, |near| format!("did you mean {near}? "));
        anyhow!("{name} is no built-in layout; {hint}built in are {}", names().collect::<Vec<_>>().join(", "))
    };
    write!(out, "{}", shipped::text(name).ok_or_else(unknown)?)?;
    Ok(())
}

/// Reads a layout file as `--layout` does, and checks that the policy has the classes of its products, and that the layout names a
/// column for every required field.
fn check(path: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let file = read_text(path)?;
    let layout = Layout::load(&file.file, &file.text).with_context(|| "the layout cannot be used")?;
    labels(&layout, &load_policy(&PolicyFiles::default())?)?;
    let lacking = layout.lacks();
    if !lacking.is_empty() {
        bail!(
            "{}: the layout cannot be used: it names no column for {}; add what is missing, or say extends = \"canonical\" to \
             take such fields from columns with generic names",
            file.file,
            lacking.join(", ")
        );
    }
    // Names by position are all that an extract of this layout has, apart from joined tables.
    if !layout.header.is_empty() && layout.joins.is_empty() {
        let bound = layout.bind(&layout.header).map_err(|error| anyhow!("{}: {}", file.file, error.message()));
        bound.with_context(|| "the layout cannot be used")?;
    }
    writeln!(out, "{}: a layout that can be used", seen(&file.file))?;
    let mut mapped = layout.mapped();
    // It is the end of the claim number, and has no column of its own.
    let is_cut = layout.words.version.is_some() && !mapped.contains(&Field::VersionNumber.name());
    mapped.extend(is_cut.then(|| Field::VersionNumber.name()));
    let mapped = if mapped.is_empty() { "no field itself".to_owned() } else { mapped.join(", ") };
    write!(out, "{}", wrapped(&format!("It maps {mapped}."), 0))?;
    if layout.is_open() {
        let more =
            "Any other field is taken from a column that the layout does not use, if its name is a generic spelling.";
        write!(out, "{}", wrapped(more, 0))?;
    }
    Ok(())
}
