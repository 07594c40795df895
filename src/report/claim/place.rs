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
    format!("{}:{}", file(part, row.extract), row.row)
}

/// The name of an extract, without its directory if no other extract of the run has that name.
pub(super) fn file<'a>(part: &PartView<'a>, extract: u32) -> &'a str {
    let inputs = &part.context.run.inputs;
    let file = &inputs[extract as usize].name;
    let is_alone = inputs.iter().filter(|input| file_name(&input.name) == file_name(file)).count() == 1;
    if is_alone { file_name(file) } else { file }
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}
