//! The plan's own authorization file (`--auths`): read like an extract, looked up by number and by member.
//!
//! The file decides over denials, so nothing in it is overlooked: a row that cannot be read refuses the run.

use jiff::civil::Date;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::claim::value::amount::units;
use crate::claim::value::date;
use crate::ingest::cell::upper;
use crate::ingest::field::fold;
use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::header::{Header, Preamble, sniff};
use crate::ingest::scan::RowFilter;
use crate::ingest::scan::collect::keeping;
use crate::ingest::scan::parallel;
use crate::ingest::scan::parallel::Unwatched;
use crate::ingest::{BLOCK, ReadError, Row, RowAction, Source, Tally};

/// One row of the authorization file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Authorization {
    /// Number, upper-cased.
    pub number: String,
    /// Member; empty fits everyone.
    pub member_id: String,
    /// Procedure codes, upper-cased; empty fits all.
    pub procedures: Vec<String>,
    /// Status word, upper-cased.
    pub status: String,
    /// First day.
    pub valid_from: Option<Date>,
    /// Last day.
    pub valid_to: Option<Date>,
    /// Units authorized; none: no limit.
    pub units: Option<Decimal>,
}

impl Authorization {
    /// Does the day lie within its dates? Open ends fit.
    pub fn covers(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// Does it name any of these codes, or none at all?
    pub fn names<'c>(&self, mut codes: impl Iterator<Item = &'c str>) -> bool {
        self.procedures.is_empty() || codes.any(|code| self.procedures.iter().any(|p| p == code))
    }
}

/// The authorization file, indexed.
#[derive(Debug, Default)]
pub struct AuthorizationFile {
    rows: Vec<Authorization>,
    by_number: FxHashMap<String, Vec<usize>>,
    by_member: FxHashMap<String, Vec<usize>>,
}

const COLUMNS: [&str; 7] =
    ["authorization_number", "member_id", "procedure_codes", "status", "valid_from", "valid_to", "units"];

impl AuthorizationFile {
    /// Reads the whole file; it is small beside the claims.
    pub fn read(source: Source) -> Result<Self, ReadError> {
        let name = source.name.clone();
        let trouble = |what: String| ReadError::unusable(&name, what);
        let (grammar, columns, head) = header(&source)?;
        let mut blocks = source.blocks(head.data_start, BLOCK);
        let look = keeping(|row: &Row<'_>| RowAction::Keep(authorization(row, &columns)));
        let start = Tally::new(head.lines_before + 1, 0, Vec::new());
        let tally = parallel::read(&mut blocks, &grammar, RowFilter::All, &look, &Unwatched, start)?;
        // The first fault of the file, whichever kind it is.
        let rejected =
            tally.rejects.first().first().map(|r| (r.line, format!("{}; mend the row", r.reason.sentence())));
        let unread = tally.kept.iter().find_map(|kept| kept.value.as_ref().err().map(|what| (kept.line, what.clone())));
        if let Some((line, what)) = rejected.into_iter().chain(unread).min() {
            return Err(trouble(format!("line {line}: {what}")));
        }
        Ok(Self::of(tally.kept.into_iter().filter_map(|kept| kept.value.ok())))
    }

    /// A register of these rows.
    pub fn of(rows: impl IntoIterator<Item = Authorization>) -> Self {
        let mut register = Self::default();
        rows.into_iter().for_each(|row| register.add(row));
        register
    }

    /// All rows, in the order of the file.
    pub fn rows(&self) -> &[Authorization] {
        &self.rows
    }

    fn add(&mut self, authorization: Authorization) {
        let at = self.rows.len();
        if !authorization.number.is_empty() {
            self.by_number.entry(authorization.number.clone()).or_default().push(at);
        }
        if !authorization.member_id.is_empty() {
            self.by_member.entry(authorization.member_id.clone()).or_default().push(at);
        }
        self.rows.push(authorization);
    }

    /// The rows with this number, letters' case aside.
    pub fn numbered(&self, number: &str) -> impl Iterator<Item = &Authorization> {
        self.by_number.get(&*upper(number.into())).into_iter().flatten().map(|i| &self.rows[*i])
    }

    /// The places of the rows with this number, letters' case aside.
    pub fn places_of_number(&self, number: &str) -> &[usize] {
        self.by_number.get(&*upper(number.into())).map_or(&[], Vec::as_slice)
    }

    /// The places of the rows for this member.
    pub fn places_of_member(&self, member: &str) -> &[usize] {
        self.by_member.get(member).map_or(&[], Vec::as_slice)
    }

    /// The places of the rows with this number or for this member.
    pub fn places(&self, number: &str, member: &str) -> impl Iterator<Item = usize> {
        let numbered = self.by_number.get(&*upper(number.into())).into_iter().flatten();
        numbered.chain(self.by_member.get(member).into_iter().flatten()).copied()
    }

    /// The rows for this member.
    pub fn of_member(&self, member: &str) -> impl Iterator<Item = &Authorization> {
        self.by_member.get(member).into_iter().flatten().map(|i| &self.rows[*i])
    }
}

/// Finds the delimiter under which the first line names the columns.
fn header(source: &Source) -> Result<(Grammar, [Option<usize>; 7], Header), ReadError> {
    let unusable = |what: String| ReadError::unusable(&source.name, what);
    let found = sniff(source, |attempt| {
        let Ok((grammar, header)) = attempt.read(Preamble::default()) else { return Ok(None) };
        let folded: Vec<String> = header.names.iter().map(|n| fold(n)).collect();
        let columns = COLUMNS.map(|c| folded.iter().position(|n| *n == fold(c)));
        if columns[0].is_none() || columns[3].is_none() {
            return Ok(None);
        }
        if let Some(twice) = COLUMNS.iter().find(|c| folded.iter().filter(|n| **n == fold(c)).count() > 1) {
            return Err(unusable(format!("column `{twice}` stands twice in the header; drop one of them")));
        }
        let grammar = Grammar { width: header.names.len(), header: header.raw.clone(), ..grammar };
        Ok(Some((grammar, columns, header)))
    })?;
    found.ok_or_else(|| {
        unusable(format!(
            "is no authorization file: the first line names no authorization_number and status column; write {}",
            COLUMNS.join(",")
        ))
    })
}

fn authorization(row: &Row<'_>, columns: &[Option<usize>; 7]) -> Result<Authorization, String> {
    let text = |i: usize| columns[i].map_or(String::new(), |c| row.text(c, &[]).into_owned());
    let shout = |i: usize| upper(text(i).into()).into_owned();
    let day = |i: usize| -> Result<Option<Date>, String> {
        let cell = text(i);
        if cell.is_empty() {
            return Ok(None);
        }
        date::parse(&cell)
            .map(Some)
            .ok_or_else(|| format!("{} cannot be read as a date; write 2024-03-02, or leave it empty", COLUMNS[i]))
    };
    let cell = text(6);
    let units =
        if cell.is_empty() {
            None
        } else {
            Some(units(&cell).ok_or_else(|| {
                "units cannot be read as a number; write 1, or leave it empty for no limit".to_owned()
            })?)
        };
    Ok(Authorization {
        number: shout(0),
        member_id: text(1),
        procedures: shout(2).split(';').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect(),
        status: shout(3),
        valid_from: day(4)?,
        valid_to: day(5)?,
        units,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AuthorizationFile, String> {
        AuthorizationFile::read(Source::from_bytes("auths.csv", text.as_bytes().to_vec()).expect("source"))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn rows_are_found_by_number_and_member() {
        let register =
            read("Authorization Number;status;units;procedure_codes\n ab1 ;approved;2;22513;\nAB1;denied;;\n\n")
                .expect("register");
        let found: Vec<_> = register.numbered("Ab1").map(|a| (a.status.as_str(), a.units.is_some())).collect();
        assert_eq!(found, [("APPROVED", true), ("DENIED", false)]);
        assert!(register.numbered("AB2").next().is_none());
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
        assert!(read("claim_id,member_id\n").expect_err("header").contains("no authorization file"));
    }
}
