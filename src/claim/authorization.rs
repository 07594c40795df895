//! The plan's own authorization file (`--auths`): read like an extract, looked up by number and by member.
//!
//! The file decides over denials, so nothing in it is overlooked: a row that cannot be read refuses the run.

use jiff::civil::Date;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::amount::units;
use super::date;
use crate::ingest::cell::{clean, upper};
use crate::ingest::field::fold;
use crate::ingest::record::{Grammar, Step, trim_name};
use crate::ingest::{Row, Source, Trouble};

/// One row of the authorization file.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Line of the file.
    pub line: u64,
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
pub struct Register {
    rows: Vec<Authorization>,
    by_number: FxHashMap<String, Vec<usize>>,
    by_member: FxHashMap<String, Vec<usize>>,
}

const COLUMNS: [&str; 7] =
    ["authorization_number", "member_id", "procedure_codes", "status", "valid_from", "valid_to", "units"];

impl Register {
    /// Reads the whole file; it is small beside the claims.
    pub fn read(source: Source) -> Result<Self, Trouble> {
        let name = source.name.clone();
        let trouble = |what: String| Trouble::Unusable { file: name.clone(), what };
        let mut bytes = Vec::new();
        let mut feed = source.feed(0, crate::ingest::BLOCK);
        loop {
            let wave = feed.wave(Vec::new())?;
            if wave.is_empty() {
                break;
            }
            bytes.extend(wave.concat());
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let (grammar, columns, start) = header(bytes).map_err(trouble)?;
        let mut register = Self::default();
        let (mut at, mut line, mut fields) = (start, count(&grammar, &bytes[..start]) + 1, Vec::new());
        while at < bytes.len() {
            let next = match grammar.read(bytes, at, true, &mut fields) {
                Step::Blank { next } => next,
                Step::Record { next } => {
                    let row = Row::new(bytes, &fields);
                    register.add(
                        authorization(&row, &columns, line).map_err(|what| trouble(format!("line {line}: {what}")))?,
                    );
                    next
                }
                Step::Rejected { reason, .. } => {
                    return Err(trouble(format!("line {line}: {}; mend the row", reason.sentence())));
                }
                Step::More => return Err(trouble(format!("line {line}: the row does not end"))),
            };
            line += count(&grammar, &bytes[at..next]);
            at = next;
        }
        Ok(register)
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

    /// The rows for this member.
    pub fn of_member(&self, member: &str) -> impl Iterator<Item = &Authorization> {
        self.by_member.get(member).into_iter().flatten().map(|i| &self.rows[*i])
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Has it no rows?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn count(grammar: &Grammar, bytes: &[u8]) -> u64 {
    memchr::memchr_iter(grammar.line_end(), bytes).count() as u64
}

/// Finds the delimiter under which the first line names the columns.
fn header(bytes: &[u8]) -> Result<(Grammar, [Option<usize>; 7], usize), String> {
    let cr_only = memchr::memchr(b'\n', bytes).is_none() && memchr::memchr(b'\r', bytes).is_some();
    let mut fields = Vec::new();
    for delimiter in *b",\t;|*" {
        let mut grammar = Grammar { delimiter, cr_only, width: 0, header: Vec::new(), skip_prefix: Vec::new() };
        let mut at = 0;
        while at < bytes.len() {
            match grammar.read(bytes, at, true, &mut fields) {
                Step::Blank { next } => at = next,
                Step::Record { next } => {
                    let mut names: Vec<Vec<u8>> =
                        fields.iter().map(|f| trim_name(&bytes[f.start as usize..f.end as usize]).to_vec()).collect();
                    while names.len() > 1 && names.last().is_some_and(Vec::is_empty) {
                        names.pop();
                    }
                    let folded: Vec<String> = names.iter().map(|n| fold(&String::from_utf8_lossy(n))).collect();
                    let columns = COLUMNS.map(|c| folded.iter().position(|n| *n == fold(c)));
                    if columns[0].is_some() && columns[3].is_some() {
                        if let Some(twice) =
                            COLUMNS.iter().find(|c| folded.iter().filter(|n| **n == fold(c)).count() > 1)
                        {
                            return Err(format!("column `{twice}` stands twice in the header; drop one of them"));
                        }
                        grammar.width = names.len();
                        grammar.header = names;
                        return Ok((grammar, columns, next));
                    }
                    break;
                }
                Step::Rejected { .. } | Step::More => break,
            }
        }
    }
    Err(format!(
        "is no authorization file: the first line names no authorization_number and status column; write {}",
        COLUMNS.join(",")
    ))
}

fn authorization(row: &Row<'_>, columns: &[Option<usize>; 7], line: u64) -> Result<Authorization, String> {
    let text = |i: usize| columns[i].map_or(String::new(), |c| clean(&row.cell(c), &[]).into_owned());
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
        line,
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

    fn read(text: &str) -> Result<Register, String> {
        Register::read(Source::from_bytes("auths.csv", text.as_bytes().to_vec()).expect("source"))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn rows_are_found_by_number_and_member() {
        let register =
            read("Authorization Number;status;units;procedure_codes\n ab1 ;approved;2;22513;\nAB1;denied;;\n\n")
                .expect("register");
        let found: Vec<_> = register.numbered("Ab1").map(|a| (a.line, a.status.as_str(), a.units.is_some())).collect();
        assert_eq!(found, [(2, "APPROVED", true), (3, "DENIED", false)]);
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
