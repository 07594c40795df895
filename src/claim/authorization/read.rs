//! Reads the authorization file.

use jiff::civil::Date;

use crate::claim::authorization::collect::{FileRows, RowRoom};
use crate::claim::authorization::columns::{
    AuthorizationColumns, COLUMNS, FileHeader, header, refuse_if_renamed, unread,
};
use crate::claim::authorization::row::{Approval, Authorization};
use crate::claim::authorization::whole::Authorizations;
use crate::claim::value::amount::{units, without_measure};
use crate::claim::value::authorization::normalized;
use crate::claim::value::code::CodeTable;
use crate::claim::value::id;
use crate::claim::value::words::{WordTable, short_code};
use crate::ingest::cell::{is_blank, upper};
use crate::ingest::date;
use crate::ingest::layout::text_form::TextForm;
use crate::ingest::scan::RowFilter;
use crate::ingest::scan::parallel;
use crate::ingest::scan::parallel::Unwatched;
use crate::ingest::{BLOCK, Position, ReadError, Row, RowAction, Source, Tally};
use crate::warning::Warning;

/// The words needed to read an authorization file.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizationWords<'a> {
    /// The codes that the policy knows.
    pub codes: &'a CodeTable,
    /// Status words; true is an approval.
    pub statuses: &'a WordTable<bool>,
    /// Further names of the columns.
    pub columns: &'a AuthorizationColumns,
    /// The names that the chosen layout gives the columns. A file without such a column is refused.
    pub demanded: &'a AuthorizationColumns,
    /// The form of its text.
    pub form: &'a TextForm,
    /// Words for an empty cell that the layout declares, upper-case.
    pub null: &'a [String],
}

impl Authorizations {
    /// Reads the whole file. Fails at the first row that cannot be read. Rows that take more than `room` are on disk.
    pub fn read(source: Source, words: AuthorizationWords<'_>, room: RowRoom) -> Result<Self, ReadError> {
        let name = source.name.clone();
        let FileHeader { grammar, columns, header: head, conflict } =
            header(&source, words.columns, words.demanded, words.form)?;
        if let Some(what) = conflict {
            return Err(ReadError::unusable(&name, what));
        }
        refuse_if_renamed(&name, &columns, words.demanded, head.lines_before)?;
        let mut blocks = source.blocks(head.data_start, BLOCK).with_few_in_flight();
        let look = |row: &Row<'_>, Position { line, .. }: Position, kept: &mut FileRows| {
            match authorization(row, &columns, &words) {
                Ok(row) => kept.push(row),
                Err(what) => kept.fault = kept.fault.take().or(Some((line, what))),
            }
            RowAction::Keep(())
        };
        let start = Tally::new(head.lines_before + 1, 0, FileRows::of_file(room));
        let tally = parallel::read(&mut blocks, &grammar, RowFilter::All, &look, &Unwatched, start)?;
        tally.refuse_rows_that_end_otherwise(&name, &grammar)?;
        // Report the first fault of the file, of either kind.
        let rejected =
            tally.rejects.first().first().map(|r| (r.line, format!("{}; mend the row", r.reason.sentence())));
        let mut warnings: Vec<Warning> = tally.left_out.iter().map(|kind| Warning::new(*kind).file(&name)).collect();
        warnings.extend(tally.warnings_about_lines(&name, &grammar, head.lines_before));
        warnings.extend(unread(&name, &columns, &head.names));
        let mut rows = tally.kept;
        if let Some((line, what)) = rejected.into_iter().chain(rows.fault.take()).min() {
            return Err(ReadError::unusable(&name, format!("line {line}: {what}")));
        }
        let rows = rows.finish().map_err(|e| ReadError::Spool(e.to_string()))?;
        let absent =
            COLUMNS.into_iter().zip(columns).filter(|(_, place)| place.is_none()).map(|(own, _)| own).collect();
        Ok(Self::new(name, rows, words.codes, warnings).without(absent))
    }

    /// The columns by their canonical names, each with its name in the header. `None`: it is no authorization file. So is one
    /// without any day of validity of which `is_extract` says by the names in its header that it is an extract.
    pub fn columns(
        source: &Source,
        more: &AuthorizationColumns,
        demanded: &AuthorizationColumns,
        form: &TextForm,
        is_extract: impl Fn(&[String]) -> bool,
    ) -> Option<Vec<(&'static str, Option<String>)>> {
        let FileHeader { columns, header, .. } = header(source, more, demanded, form).ok()?;
        if columns[4].or(columns[5]).is_none() && is_extract(&header.names) {
            return None;
        }
        let named = |(own, place): (&'static str, Option<usize>)| (own, place.map(|place| header.names[place].clone()));
        Some(COLUMNS.into_iter().zip(columns).map(named).collect())
    }
}

fn authorization(
    row: &Row<'_>,
    columns: &[Option<usize>; COLUMNS.len()],
    words: &AuthorizationWords<'_>,
) -> Result<Authorization, String> {
    let text = |i: usize| columns[i].map_or(String::new(), |c| row.text(c, words.null).into_owned());
    let day = |i: usize| -> Result<Option<Date>, String> {
        let cell = text(i);
        if cell.is_empty() {
            return Ok(None);
        }
        date::parse(&cell)
            .map(Some)
            .ok_or_else(|| format!("{} cannot be read as a date; write 2024-03-02, or leave it empty", COLUMNS[i]))
    };
    let [number, member, status, cell] = [0, 1, 3, 6].map(text);
    let units = if without_measure(&cell).is_empty() {
        None
    } else {
        let read = units(&cell).filter(|units| !units.is_negative).map(|units| units.count);
        Some(read.ok_or("units cannot be read as a number; write 1, or leave it empty for no limit")?)
    };
    let member = id::of_person(member.into()).into_owned();
    Ok(Authorization {
        number: normalized(&number).into_owned(),
        member_id: if id::is_mangled(&member) { String::new() } else { member },
        procedures: procedures(&upper(text(2).into())),
        approval: match words.statuses.get(short_code(&status)) {
            Some(true) => Approval::Approved,
            Some(false) => Approval::NotApproved,
            None => Approval::Unread,
        },
        status,
        valid_from: day(4)?,
        valid_to: day(5)?,
        units,
    })
}

/// The codes and ranges of a cell.
fn procedures(cell: &str) -> Vec<String> {
    let parts = cell.split(|c: char| matches!(c, ';' | ',' | '|') || is_blank(c));
    let mut found: Vec<String> =
        parts.filter(|part| part.contains(|c: char| c.is_alphanumeric())).map(str::to_owned).collect();
    found.shrink_to_fit();
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::claim::authorization::file::AuthorizationFile;
    use crate::claim::authorization::lookup::{Fit, Wanted};
    use crate::claim::authorization::row::{Scope, scope};
    use crate::claim::value::code::KnownCode;
    use crate::claim::value::code::System;
    use crate::claim::value::code_set::CodeSet;
    use crate::claim::value::words::Blanks;

    fn codes() -> CodeTable {
        let code = |code: &str, system| KnownCode { code: code.to_owned(), system, listed: true };
        CodeTable::new(vec![
            code("22513", System::Cpt),
            code("22514", System::Cpt),
            code("22515", System::Cpt),
            code("0PU43JZ", System::Pcs),
        ])
    }

    fn whole(text: &str) -> Result<Authorizations, String> {
        let statuses = WordTable::new([("APPROVED".to_owned(), true), ("DENIED".to_owned(), false)], Blanks::Count);
        let mut columns = AuthorizationColumns::default();
        columns[1].push("MEMBER".to_owned());
        let demanded = &AuthorizationColumns::default();
        let form = &TextForm::default();
        let words =
            AuthorizationWords { codes: &codes(), statuses: &statuses, columns: &columns, demanded, form, null: &[] };
        let source = Source::from_bytes("auths.csv", text.as_bytes().to_vec()).expect("source");
        Authorizations::read(source, words, RowRoom::unbounded()).map_err(|e| e.to_string())
    }

    fn read(text: &str) -> Result<Arc<AuthorizationFile>, String> {
        whole(text).map(|all| Arc::clone(all.file().expect("it is in memory")))
    }

    #[test]
    fn rows_are_found_by_the_letters_and_digits_of_their_numbers() {
        let file =
            read("Authorization Number;status;units;procedure_codes\n ab-1 ;approved;2;22513;\n00AB1;denied;;\n\n")
                .expect("a file");
        let rows = file.of_number("Ab1").expect("the number is there");
        assert_eq!((rows.places(), rows.not_approved(), rows.unread()), (&[0, 1][..], Some(1), None));
        assert!(file.of_number("AB2").is_none() && file.of_number("").is_none());
        let several =
            read("authorization_number,member_id,status\nA1; B22,M1,approved\nNONE,M1,approved\n").expect("a file");
        assert_eq!(several.of_number("b22").map(|rows| rows.places().to_vec()), Some(vec![0]));
        assert_eq!((several.rows()[0].number.as_str(), several.rows()[1].number.as_str()), ("A1;B22", ""));
        assert_eq!(file.rows()[0].number, "ab-1");
        let coverage = whole("authorization_number,status\nA-1,approved\nA-2,denied\n").expect("a file").coverage();
        assert_eq!((coverage.rows, coverage.approvals), (2, 1));
    }

    #[test]
    fn procedures_are_codes_and_ranges() {
        let codes = codes();
        let set = |cell: &str| match scope(&procedures(cell), &codes) {
            Scope::Any => "any".to_owned(),
            Scope::Codes(set) => {
                let named = codes.iter().filter(|(id, _)| set.contains(*id)).map(|(_, known)| known.code.as_str());
                named.collect::<Vec<_>>().join(" ")
            }
        };
        for (cell, want) in [
            ("", "any"),
            (" ; ", "any"),
            ("22513", "22513"),
            ("22513;22514", "22513 22514"),
            ("22513,22514|22515", "22513 22514 22515"),
            ("22513 0PU43JZ", "22513 0PU43JZ"),
            ("22513-22515", "22513 22514 22515"),
            ("22514-22599", "22514 22515"),
            ("22515-22513", "22513 22514 22515"),
            ("99213", ""),
        ] {
            assert_eq!(set(cell), want, "{cell}");
        }
    }

    #[test]
    fn approvals_fit_by_member_procedure_days_and_units() {
        let head = "authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n";
        let rows = "A1,M1,22513,approved,2024-03-01,2024-03-31,1\n\
                    A1,M1,22514,approved,2024-01-01,2024-01-31,\n\
                    A1,M2,,approved,,,\n\
                    A1,M1,99213,approved,,,\n";
        let file = read(&format!("{head}{rows}")).expect("a file");
        let codes = codes();
        let set = |code: &str| {
            let mut set = CodeSet::default();
            codes.iter().filter(|(_, known)| known.code == code).for_each(|(id, _)| set.insert(id));
            set
        };
        let mut listed = CodeSet::default();
        codes.iter().for_each(|(id, _)| listed.insert(id));
        let march: Date = "2024-03-05".parse().expect("a date");
        let fit = |member: &str, code: &str, days: Option<(Date, Date)>, used: i64| {
            let wanted = Wanted { member, codes: set(code), days, used: Some(used.into()) };
            file.of_number("A1").expect("the number").fit(&wanted, listed)
        };
        assert!(fit("M1", "22513", Some((march, march)), 1).holds);
        let other = Fit { procedures: Some(3), member: Some(2), ..Fit::default() };
        assert_eq!(fit("M1", "22513", Some((march, march)), 2), Fit { units: Some(0), level: Some(1), ..other });
        assert_eq!(fit("M1", "22514", Some((march, march)), 1), Fit { days: Some(1), level: Some(0), ..other });
        assert!(fit("M1", "22514", None, 1).holds, "an unreadable date never mismatches");
        assert_eq!(fit("M1", "22515", Some((march, march)), 1), Fit { level: Some(0), ..other });
        assert!(fit("M2", "22515", Some((march, march)), 9).holds);
        assert!(fit("", "22515", Some((march, march)), 9).holds, "a claim without a member may be anybody's");
        assert_eq!(fit("M3", "22513", None, 1), Fit { member: Some(0), ..Fit::default() });
        let days = ("2023-12-01".parse().expect("a date"), "2024-01-01".parse().expect("a date"));
        assert!(fit("M1", "22514", Some(days), 1).holds, "one day in common is enough");
        assert_eq!(file.approval_for("M1", set("22514"), days), Some(1));
        let upside_down = read(&format!("{head}A1,M1,,approved,2024-03-31,2024-03-01,\n")).expect("a file");
        assert_eq!(upside_down.approval_for("M1", set("22514"), (march, march)), None);
        let wanted = Wanted { member: "M1", codes: set("22514"), days: Some((march, march)), used: None };
        assert_eq!(upside_down.of_number("A1").expect("the number").fit(&wanted, listed).days, Some(0));
        assert_eq!(file.approval_for("M1", set("22514"), (march, march)), None);
        assert_eq!(file.approval_for("M3", set("22514"), days), None);
    }

    #[test]
    fn what_cannot_be_read_refuses_the_run() {
        let head = "authorization_number,member_id,status,valid_from,units\n";
        for (row, says) in [
            ("A,M,A,soon,1\n", "line 2: valid_from"),
            ("A,M,A,,one\n", "line 2: units"),
            ("A,M,A\n", "line 2: fewer fields"),
        ] {
            assert!(read(&format!("{head}{row}")).expect_err(row).contains(says), "{row}");
        }
        assert!(read("claim_id,member_id\n").expect_err("header").contains("is not an authorization file"));
        let no_status = read("authorization_number,decision\n").expect_err("no status");
        assert!(no_status.contains("does not name the column status; write"), "{no_status}");
        let twice = read("authorization_number,member_id,member,status\n").expect_err("two columns");
        assert!(twice.contains("`member_id` and `member`"), "{twice}");
    }
}
