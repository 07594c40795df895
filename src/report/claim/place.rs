//! Where a row of a claim is: its file and line. And how many rows and services a dossier shows.

use crate::claim::Line;
use crate::claim::index::service::RowRef;
use crate::report::view::PartView;

/// Rows and services shown. A claim has few; where a claim number is not unique, thousands would bury the screen.
pub(crate) const MAX_ENTRIES_SHOWN: usize = 50;

/// File and line, the file by its name alone where no other extract of the run has that name.
pub(super) fn place(content: &PartView<'_>, line: Line<'_>) -> String {
    place_of(content, RowRef { extract: line.extract, row: line.row })
}

/// File and line of a row, likewise.
pub(super) fn place_of(content: &PartView<'_>, row: RowRef) -> String {
    let inputs = &content.context.run.inputs;
    let file = &inputs[row.extract as usize].name;
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let is_alone = inputs.iter().filter(|input| name(&input.name) == name(file)).count() == 1;
    format!("{}:{}", if is_alone { name(file) } else { file.clone() }, row.row)
}
