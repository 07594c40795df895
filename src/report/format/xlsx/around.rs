//! The XML around the rows of a sheet: its header, and how it is printed.

use std::fmt::Write as _;

use crate::report::table::record::Column;

/// Rows of the header of a table: one, or none on a page, whose columns have no names.
pub(super) fn header_rows(columns: &[Column]) -> usize {
    usize::from(columns.iter().any(|column| !column.name.is_empty()))
}

/// The letters of a column, `A` being number 0.
pub(super) fn letters(column: usize) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    if column < 26 { last.into() } else { letters(column / 26 - 1) + &last.to_string() }
}

/// How a sheet is printed: letter paper, landscape, as wide as the page and as long as it gets, with its name and the number of
/// the page.
pub(super) const PAGE_SETUP: &str = concat!(
    r#"<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>"#,
    r#"<pageSetup paperSize="1" orientation="landscape" fitToWidth="1" fitToHeight="0"/>"#,
    r"<headerFooter><oddFooter>&amp;L&amp;A&amp;RPage &amp;P of &amp;N</oddFooter></headerFooter>"
);

/// The XML of a sheet up to and including `header`, the row of names of a table, which is frozen. `area` is the cells that the
/// sheet fills: some readers take the number of rows from there.
pub(super) fn head(columns: &[Column], header: &str, area: &str) -> String {
    let is_table = header_rows(columns) > 0;
    let mut xml = concat!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
        "\n",
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#
    )
    .to_owned();
    xml.push_str(r#"<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>"#);
    // A String takes everything, here and below.
    let _ = write!(xml, r#"<dimension ref="{area}"/>"#);
    xml.push_str(if is_table {
        concat!(
            r#"<sheetViews><sheetView workbookViewId="0">"#,
            r#"<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#,
            r#"<selection pane="bottomLeft"/></sheetView></sheetViews>"#
        )
    } else {
        r#"<sheetViews><sheetView showGridLines="0" workbookViewId="0"/></sheetViews>"#
    });
    xml.push_str(r#"<sheetFormatPr defaultRowHeight="15"/><cols>"#);
    for (i, column) in columns.iter().enumerate() {
        let _ = write!(xml, r#"<col min="{0}" max="{0}" width="{1}" customWidth="1"/>"#, i + 1, column.width);
    }
    xml.push_str("</cols><sheetData>");
    xml.push_str(header);
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }
}
