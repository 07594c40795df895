//! Warnings in words for people: the same text at the terminal, in the log, on the page and in the workbook.

use std::path::Path;

use crate::ingest::field::{Field, Group};
use crate::ingest::layout::beyond::SLOTS;
use crate::report::words::finding::value;
use crate::report::words::numbers::{counted, grouped};
use crate::warning::{Warning, WarningKind};

/// The whole sentence of a warning, with the file that it is about.
pub(crate) fn sentence(warning: &Warning) -> String {
    of_file(warning, &warning.file)
}

/// The same without the directory of the file.
pub(crate) fn sentence_without_directory(warning: &Warning) -> String {
    let name = Path::new(&warning.file).file_name();
    of_file(warning, &name.map_or_else(String::new, |name| name.to_string_lossy().into_owned()))
}

fn of_file(warning: &Warning, file: &str) -> String {
    let said = said(warning);
    if file.is_empty() {
        return said;
    }
    let others = match warning.files {
        0 | 1 => String::new(),
        files => format!(" and {}", counted(files - 1, "more file")),
    };
    format!("{}{others}: {said}", value(file))
}

/// What is wrong and what to do about it.
fn said(warning: &Warning) -> String {
    let (field, column) = (&warning.field, value(&warning.column));
    let count = warning.count.unwrap_or_default();
    let of = warning.of.unwrap_or_default();
    let line = warning.line.unwrap_or_default();
    match warning.kind {
        WarningKind::SettingsBesideExtract => format!(
            "this settings file was found beside the extract and sets {field}; name it with --config if that is meant, \
             or leave it out with --no-config"
        ),
        WarningKind::PipePassedOver => {
            "is a named pipe beside extracts, and was passed over, because it could keep the run waiting; name it itself if it is \
             an extract"
                .to_owned()
        }
        WarningKind::EmptyFile => "empty, and passed over; was the export cut short?".to_owned(),
        WarningKind::NoRows => "a header and no rows; was the export cut short?".to_owned(),
        WarningKind::AllSkipped => format!(
            "no rows: {} skipped, as `skip_lines`, `skip_prefix`, --skip-lines or --comment say; are they rows?",
            counted_were(count, "line")
        ),
        WarningKind::AllRejected => {
            "the only row was rejected, so nothing was checked; rejects.csv says why".to_owned()
        }
        WarningKind::SkippedRows => {
            let (its, has, is_it) = match count {
                1 => ("its", "it has", "is it a row?"),
                _ => ("their", "they have", "are they rows?"),
            };
            format!(
                "{} skipped because of {its} prefix (--comment, `skip_prefix`), the first on line {}, although {has} as many cells as a \
                 row; {is_it}",
                counted_were(count, "line"),
                grouped(line)
            )
        }
        WarningKind::CutShort => format!(
            "line {}, the last one, has no line end and is not a whole row; was the export cut short?",
            grouped(line)
        ),
        WarningKind::TrailingBytes => {
            "the bytes after the last gzip member or zstd frame are not compressed text and were left out; is the \
             file damaged?"
                .to_owned()
        }
        WarningKind::OddByte => {
            "the odd byte at the end of the UTF-16 text was left out; was the file cut short?".to_owned()
        }
        WarningKind::RowsOfTwoLengths => format!(
            "{} with an empty field beyond the header, the first on line {}, and {} without one; a row may have a delimiter too \
             many or too few, so that its cells are in the wrong columns",
            counted(count, "row"),
            grouped(line),
            grouped(of - count)
        ),
        WarningKind::FilledSurplus => format!(
            "{} rejected for more fields than the header, the first on line {}, while others have an empty field there; if \
             the header lacks a name, the cells of the others are in the wrong columns",
            counted(count, "row"),
            grouped(line)
        ),
        WarningKind::JoinedRows => format!(
            "{} with two rows that another line end joins, the first on line {}; rejects.csv counts each such line once. \
             Correct the line end and run again",
            counted(count, "rejected line"),
            grouped(line)
        ),
        WarningKind::StrayQuotes => format!(
            "{} with an odd number of quotes in a cell, the first on line {}; a quote or a delimiter may be too many or too \
             few",
            counted(count, "row"),
            grouped(line)
        ),
        WarningKind::RowsUnlikeBaseline => format!(
            "this run has {}, and the baseline has {}: a difference of more than half. Is it a complete extract of the \
             same kind?",
            counted(count, "row"),
            grouped(of)
        ),
        WarningKind::ColumnGone => format!(
            "no column for {field}, and the baseline had one; is it missing, or has it another name? `require` makes \
             that an error"
        ),
        WarningKind::FewerColumns => format!(
            "{} for {field}, and the baseline had {}; are some missing, or have they other names?",
            counted(count, "column"),
            grouped(of)
        ),
        WarningKind::NoAmounts if !warning.file.is_empty() => {
            "no column for amounts, and other extracts have one, so sums and gates are without its rows; if there is one of \
             another name, map it in a layout"
                .to_owned()
        }
        WarningKind::NoAmounts if of == 0 => {
            "no extract has a column for amounts, so what is at risk is unknown; if there is one of another name, map \
             it in a layout"
                .to_owned()
        }
        WarningKind::NoAmounts => format!(
            "the amounts of {} are all empty or unreadable, so nothing is at risk; are the amount columns filled?",
            counted(of, "service")
        ),
        WarningKind::EmptyColumn => format!(
            "the column for {field} is empty on all {} with services, so {}; is the column filled, or is another one meant?",
            counted(count, "row"),
            match field.as_str() {
                "authorization_number" => "no service has an authorization number (PA201 where one is required)",
                "service_date" => "no service has a date (DQ501)",
                "diagnosis" => "no service has a diagnosis (DX105)",
                // The others are as if the extract did not have them.
                name => Field::named(name).and_then(|field| field.absence(&|_| true)).unwrap_or_default(),
            }
        ),
        WarningKind::NoClaimNumbers => format!(
            "{} of {} with a known code were rejected because they have no claim number; is the column for {field} filled, or is \
             another one meant?",
            if count == of { "all".to_owned() } else { grouped(count) },
            counted(of, "row")
        ),
        WarningKind::UnusedColumn => {
            let (who, is, its, it) = match warning.columns {
                0 | 1 => (format!("column {column}"), "is", "its", "it"),
                n => (format!("column {column} and {} more of a like name", n - 1), "are", "their", "them"),
            };
            let share = format!("{} of {}", grouped(count), grouped(of));
            format!(
                "{who} {is} not used, and {its} cells look like those of {field} ({share}); map {it} in a layout, or list {it} \
                 there under `unused`"
            )
        }
        WarningKind::NumberedBeyond => {
            let (who, are) = match warning.columns {
                0 | 1 => (format!("column `{column}`"), "is"),
                n => (format!("column `{column}` and {} more", grouped(n - 1)), "are"),
            };
            let because = if field == SLOTS {
                format!("the layout has {of} service slots; raise `slots` in a layout of your own")
            } else if Group::NAMES.iter().any(|(_, name, slots)| name == field && *slots as u64 == of) {
                format!("a row has at most {of} of {field}; are these other codes, or more rows in one?")
            } else {
                format!("the layout ends {field} at {of}; write a longer run in a layout of your own")
            };
            format!("{who} {are} not read: {because}")
        }
        WarningKind::SlotsUnlike => format!(
            "{} of {} no column for {field}, and the others have one; `{column}` was looked for first. Has it another name? {}",
            grouped(count),
            if count == 1 { format!("{of} service slots has") } else { format!("{of} service slots have") },
            if field == Field::ProcedureCode.name() {
                "A slot without it is not read".to_owned()
            } else {
                format!("If extracts may lack it, list {field} in the layout under `optional`")
            }
        ),
        WarningKind::JoinedColumnMissing => format!(
            "the joined table has no column `{column}`, from which the layout reads {field}, so it is empty. Has it another name? If \
             tables may lack it, list {field} in the layout under `optional`"
        ),
        WarningKind::JoinedRowsRejected => format!(
            "{} of {} of joined table {field} {} rejected, the first on line {line}; claims are judged as if the table did not \
             have them. rejects.csv says why",
            grouped(count),
            counted(of, "row"),
            if count == 1 { "was" } else { "were" }
        ),
        WarningKind::JoinedNoKey => format!(
            "none of the {} of joined table {field} is used: `only` of its [[join]] fits no row, or the cells of its key are \
             empty",
            counted(of, "row")
        ),
        WarningKind::JoinedRowsMissing => format!(
            "joined table {field} has no row for {} of {} with a known code, so what it says of the others is empty for them; \
             are rows missing, or are the keys written in another way?",
            grouped(count),
            counted(of, "row")
        ),
        WarningKind::UnreadWords => format!(
            "no table knows the words in {} of {} of column `{column}` ({field}) among the first rows, so {}",
            grouped(count),
            counted(of, "filled cell"),
            match field.as_str() {
                "frequency_code" => "such rows are no replacements and no voids; say what the words mean in [frequency] of a layout",
                "admission_type" => {
                    "such rows are no emergencies; add the words to [admission_type] of a vocabulary, and give it with --policy"
                }
                _ => "such rows are not capitated; add the words to [capitated] of a vocabulary, and give it with --policy",
            }
        ),
        WarningKind::JoinedCodesUnmet => {
            let keys = format!("{} that no row of the extracts has", counted(of, "key"));
            let unkeyed = format!("rows whose key is empty or was mangled by a spreadsheet, the first on line {}", grouped(line));
            let on = match (of, warning.line) {
                (_, None) => keys,
                (0, Some(_)) => unkeyed,
                (_, Some(_)) => format!("{keys}, and on {unkeyed}"),
            };
            format!(
                "joined table {field} has {} on {on}; are rows missing, or are the keys written in another way?",
                counted(count, "listed code")
            )
        }
        WarningKind::UnreadableDates => format!(
            "{} of {} in {field} can be read; `dates` of a layout says how they are written",
            if count == 0 { "none".to_owned() } else { format!("only {}", grouped(count)) },
            counted(of, "date")
        ),
        WarningKind::CellsUnlikeField => format!(
            "most cells of {field} cannot be what the header says ({} of {} among the first rows); are the rows shifted against \
             the header, are other columns meant, or is more than a code in a cell? Nothing is found in such cells",
            grouped(count),
            grouped(of)
        ),
        WarningKind::MonthAbove12 => format!(
            "{} of {} in {field} have a number above 12 in the place of the month, so the others may be read with day \
             and month exchanged; `dates` of a layout says how they are written",
            grouped(count),
            counted(of, "date")
        ),
        WarningKind::UnreadProducts => format!(
            "no table knows the product labels of {} of {} with services; say what they mean in [products] of a layout \
             or of the settings",
            grouped(count),
            counted(of, "row")
        ),
        WarningKind::UnusedAuthorizationColumn => format!(
            "column `{column}` is not read, and the file has no {field}, which it may be; if it is, write {field} = \"{column}\" under \
             [auths] of a layout"
        ),
        WarningKind::AuthorizationsNotFound => format!(
            "no authorization number of the claims ({}) is in the authorization file. Is it the right file?",
            counted(of, "number")
        ),
        WarningKind::NoApproval => {
            format!(
                "none of the {} of the authorization file is an approval. Is it the right file?",
                counted(of, "row")
            )
        }
        WarningKind::UnreadAuthorizationStatus => format!(
            "no table knows the status of {} of {} in the authorization file; say what it means in [auths.status] of a \
             layout",
            grouped(count),
            counted(of, "row")
        ),
        WarningKind::AuthorizationsGone => {
            "the baseline had an authorization file, and this run has none; give it with --auths".to_owned()
        }
        WarningKind::AuthorizationsAdded => {
            "this run has an authorization file, and the baseline had none; what is new or gone may only be due to that"
                .to_owned()
        }
        WarningKind::PolicyUnlikeBaseline => {
            "the baseline was judged by another policy, or with other dispositions or labels; what is new or gone may only \
             be due to that"
                .to_owned()
        }
        WarningKind::SelectionUnlikeBaseline => format!(
            "only one of this run and the baseline asked these rules: {}; what is new or gone may only be due to that",
            value(field)
        ),
        WarningKind::LayoutUnlikeBaseline => format!(
            "the extracts of the baseline were read with another layout ({}); what is new or gone may only be due to that",
            value(field)
        ),
    }
}

/// A number of things that were dealt with in some way.
fn counted_were(number: u64, thing: &str) -> String {
    format!("{} {}", counted(number, thing), if number == 1 { "was" } else { "were" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_the_file_and_counts_the_others() {
        let warning = Warning::new(WarningKind::NoRows).file("a.csv");
        assert_eq!(sentence(&warning), "a.csv: a header and no rows; was the export cut short?");
        let many = Warning { files: 3_000, ..warning };
        assert!(sentence(&many).starts_with("a.csv and 2,999 more files: a header"));
        let run = Warning::new(WarningKind::AuthorizationsGone);
        assert!(sentence(&run).starts_with("the baseline had"));
    }
}
