//! Tables that claimlint wrote, known by their columns: somebody may give one in the place of an extract.

use crate::report::format::csv::REJECT_COLUMNS;
use crate::report::sample::columns::COLUMNS as WORKSHEET;
use crate::report::table::record::{FINDING, SERVICE};

/// What a text is, if its first line names the columns of a table that claimlint wrote, and what reads that: words that
/// follow the name of the file. `meant` is what the file was given as, such as `an extract`.
pub(crate) fn said(sample: &[u8], meant: &str) -> Option<String> {
    let line = sample.split(|b| *b == b'\n').next()?;
    let text = std::str::from_utf8(line).ok()?.trim_start_matches('\u{feff}').trim_end();
    // A spreadsheet may have saved it with another delimiter.
    let names: Vec<&str> = text.split([',', ';', '\t']).map(|name| name.trim_matches('"')).collect();
    let begins = |columns: &mut dyn ExactSizeIterator<Item = &str>| {
        names.len() >= columns.len() && columns.zip(&names).all(|(own, name)| own == *name)
    };
    let (table, reads) = if begins(&mut SERVICE.iter().map(|column| column.name)) {
        (
            "the table of services of a report",
            "`claimlint explain CLAIM --in DIR`, `claimlint trend DIR` and `claimlint sample DIR` read it, where DIR is its \
             directory",
        )
    } else if begins(&mut FINDING.iter().map(|column| column.name)) {
        (
            "the table of findings of a report",
            "`claimlint compare OLD NEW` reads it, where OLD and NEW are the directories of two reports",
        )
    } else if begins(&mut REJECT_COLUMNS.into_iter()) {
        (
            "the table of rejected rows of a report",
            "mend these rows in the extract that they are of, and check that again",
        )
    } else if begins(&mut WORKSHEET.into_iter()) {
        ("a worksheet of `claimlint sample`", "`claimlint estimate FILE` reads it")
    } else {
        return None;
    };
    Some(format!("is {table}, not {meant}; {reads}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_known_by_its_first_columns_however_it_was_saved() {
        let services = SERVICE.map(|column| column.name);
        let own = [
            (services.join(","), "is the table of services of a report, not an extract; `claimlint explain CLAIM"),
            (services.join(",") + ",suppressed,new\r", "is the table of services of a report"),
            (format!("\u{feff}\"{}\"", services.join("\";\"")), "is the table of services of a report"),
            (
                FINDING.map(|column| column.name).join("\t"),
                "is the table of findings of a report, not an extract; `claimlint compare",
            ),
            (REJECT_COLUMNS.join(","), "is the table of rejected rows of a report, not an extract; mend these rows"),
            (WORKSHEET.join(","), "is a worksheet of `claimlint sample`, not an extract; `claimlint estimate FILE`"),
        ];
        for (header, want) in own {
            let said = said(format!("{header}\n1,2\n").as_bytes(), "an extract").unwrap_or_default();
            assert!(said.starts_with(want), "{header}: {said}");
        }
        for other in [services[..22].join(","), format!("x,{}", services.join(",")), String::new()] {
            assert_eq!(said(other.as_bytes(), "an extract"), None, "{other}");
        }
    }
}
