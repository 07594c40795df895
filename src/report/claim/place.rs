//! Where a row of a claim is: its file and line. And how many rows and services a dossier shows.

use crate::claim::Line;
use crate::claim::index::service::RowRef;
use crate::report::view::PartView;

/// Most rows and services shown. A claim has few, but a claim number that is not unique may have thousands.
pub(crate) const MAX_ENTRIES_SHOWN: usize = 50;

/// File and line. The file is given without its directory if no other extract of the run has that name.
pub(super) fn place(part: &PartView<'_>, line: Line<'_>) -> String {
    place_of(part, RowRef { extract: line.extract, row: line.row })
}

/// File and line of a row, in the same form as [`place`].
pub(super) fn place_of(part: &PartView<'_>, row: RowRef) -> String {
    let inputs = &part.context.run.inputs;
    let file = &inputs[row.extract as usize].name;
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let is_alone = inputs.iter().filter(|input| name(&input.name) == name(file)).count() == 1;
    format!("{}:{}", if is_alone { name(file) } else { file.clone() }, row.row)
}
