//! The columns of an authorization file: their names in the header, and what the absence of one costs.

use crate::claim::authorization::column_names::COLUMN_NAMES;
use crate::ingest::cell::printable;
use crate::ingest::field::fold;
use crate::ingest::layout::text_form::TextForm;
use crate::ingest::layout::words::AUTHORIZATION_COLUMNS;
use crate::ingest::record::delimiter::wrong_separator_line_said;
use crate::ingest::record::first_rows::surplus_fields;
use crate::ingest::record::grammar::Grammar;
use crate::ingest::record::header::{Header, sniff};
use crate::ingest::{ReadError, Source};
use crate::warning::{Warning, WarningKind};

/// The columns of an authorization file.
pub(super) const COLUMNS: [&str; 7] = AUTHORIZATION_COLUMNS;

/// The column that says whether an authorization was approved.
const STATUS: &str = COLUMNS[3];

/// Names that each column may have in the header, besides its own.
pub type AuthorizationColumns = [Vec<String>; COLUMNS.len()];

/// The consequence of a missing column, announced at the start of a run. `None`: a file without it is refused.
pub(crate) fn absence(column: &str) -> Option<&'static str> {
    Some(match column {
        "member_id" => "an authorization fits any member, and none is found for a claim without a number (PA209)",
        "procedure_codes" => "an authorization fits any procedure",
        "valid_from" => "an authorization fits all earlier days, too",
        "valid_to" => "an authorization fits all later days, too",
        "units" => "an authorization has no limit of units (PA206)",
        _ => return None,
    })
}

/// Refuses a file without a column that the chosen layout names, so that a renamed column is noticed.
pub(super) fn refuse_if_renamed(
    file: &str,
    columns: &[Option<usize>; COLUMNS.len()],
    demanded: &AuthorizationColumns,
    line: u64,
) -> Result<(), ReadError> {
    let missing =
        COLUMNS.iter().zip(demanded).zip(columns).filter(|((_, names), column)| column.is_none() && !names.is_empty());
    let said: Vec<String> =
        missing.map(|((own, names), _)| format!("{own} (looked for {own}, {})", names.join(", "))).collect();
    if said.is_empty() {
        return Ok(());
    }
    Err(ReadError::unusable(
        file,
        format!(
            "line {line}: no column for {}, which [auths] of the layout names; correct its name there, or leave it out of [auths] if \
             the file has none",
            said.join("; ")
        ),
    ))
}

/// Columns that nothing reads, and whose name is one of those that a column which the file lacks may have.
pub(super) fn unread(file: &str, columns: &[Option<usize>; COLUMNS.len()], header: &[String]) -> Vec<Warning> {
    let is_lacking = |own: &str| COLUMNS.iter().zip(columns).any(|(name, column)| *name == own && column.is_none());
    let each = header.iter().enumerate().filter(|(place, _)| !columns.contains(&Some(*place)));
    let warning = |(_, name): (usize, &String)| {
        let own = COLUMN_NAMES.meant(&fold(name)).filter(|own| is_lacking(own))?;
        let about = Warning::new(WarningKind::UnusedAuthorizationColumn).file(file);
        Some(about.field(own).column(printable(name)))
    };
    each.filter_map(warning).collect()
}

/// The folded names under which a column is looked for in a header. The only name that the chosen layout gives it is the one that is
/// meant, if it is there. Beside a column `status`, a code or a description of it is not the status.
fn looked_for(own: &str, more: &[String], demanded: &[String], header: &[String]) -> Vec<String> {
    if let [only] = demanded
        && header.contains(&fold(only))
    {
        return vec![fold(only)];
    }
    let mut names: Vec<String> = more.iter().map(String::as_str).chain([own]).map(fold).collect();
    if own == STATUS && header.contains(&fold(own)) {
        names.retain(|name| !COLUMN_NAMES.is_beside_status(name));
    }
    names
}

/// The header of an authorization file.
#[derive(Debug)]
pub(super) struct FileHeader {
    pub(super) grammar: Grammar,
    /// The place of each column in the header.
    pub(super) columns: [Option<usize>; COLUMNS.len()],
    pub(super) header: Header,
    /// Why it is refused: two columns claim one field.
    pub(super) conflict: Option<String>,
}

/// Finds the delimiter for which the first line names the columns.
pub(super) fn header(
    source: &Source,
    more: &AuthorizationColumns,
    demanded: &AuthorizationColumns,
    form: &TextForm,
) -> Result<FileHeader, ReadError> {
    let unusable = |what: String| ReadError::unusable(&source.name, what);
    // Under the wrong delimiter a header has one name, and may be unreadable.
    let (mut unreadable, mut most, mut named) = (None, 0, [false; 2]);
    let found = sniff(source, |attempt| {
        if !attempt.fits(form.delimiter, form.skip_lines) {
            return Ok(None);
        }
        let (grammar, header) = match attempt.read(form.preamble(&[])) {
            Ok(read) => read,
            Err(what) => {
                unreadable.get_or_insert(what);
                return Ok(None);
            }
        };
        let folded: Vec<String> = header.names.iter().map(|n| fold(n)).collect();
        let mut columns = [None; COLUMNS.len()];
        let mut twice = None;
        for (nth, column) in columns.iter_mut().enumerate() {
            let names = looked_for(COLUMNS[nth], &more[nth], &demanded[nth], &folded);
            let mut found = folded.iter().enumerate().filter(|(_, name)| names.contains(name)).map(|(place, _)| place);
            *column = found.next();
            twice = twice.or(column.zip(found.next()).map(|both| (COLUMNS[nth], both)));
        }
        if header.names.len() > most {
            (most, named) = (header.names.len(), [columns[0].is_some(), columns[3].is_some()]);
        }
        if columns[0].is_none() || columns[3].is_none() {
            return Ok(None);
        }
        let conflict = twice.map(|(own, (one, other))| {
            let (one, other) = (&header.names[one], &header.names[other]);
            format!(
                "columns `{one}` and `{other}` both claim {own}; drop one of them, or say in [auths] of a layout which one holds it"
            )
        });
        let mut grammar = Grammar { width: header.names.len(), header: header.raw.clone(), ..grammar };
        let (sample, start) = (&source.sample, header.data_start);
        grammar.surplus = surplus_fields(&grammar, sample, start, source.whole, usize::MAX, |_| true);
        Ok(Some(FileHeader { grammar, columns, header, conflict }))
    })?;
    found.ok_or_else(|| {
        if let Some(what) = unreadable.filter(|_| most < 2) {
            return unusable(what);
        }
        let missing = match named {
            [true, _] => "column status",
            [_, true] => "column authorization_number",
            _ => "columns authorization_number and status",
        };
        if let Some(said) = wrong_separator_line_said(&source.sample) {
            return unusable(format!("{said}; leave out that line"));
        }
        unusable(format!(
            "is not an authorization file: its first line does not name the {missing}; write {}, or name your columns in \
             [auths] of a layout",
            COLUMNS.join(",")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file may use any of the names of a column, also its own.
    #[test]
    fn a_column_that_the_layout_names_must_be_there() {
        let mut demanded = AuthorizationColumns::default();
        demanded[4] = ["START", "BEGIN"].map(str::to_owned).to_vec();
        let refused = |header: &str| {
            let source = Source::from_bytes("a.csv", format!("{header}\n").into_bytes()).expect("a text");
            let found =
                super::header(&source, &demanded, &demanded, &TextForm::default()).expect("an authorization file");
            refuse_if_renamed("a.csv", &found.columns, &demanded, found.header.lines_before).map_err(|e| e.to_string())
        };
        for name in ["START", "begin", "valid_from"] {
            assert_eq!(refused(&format!("authorization_number,status,{name}")), Ok(()), "{name}");
        }
        let said = refused("authorization_number,status,from").expect_err("renamed");
        assert!(
            said.contains("a.csv: line 1: no column for valid_from (looked for valid_from, START, BEGIN)"),
            "{said}"
        );
    }

    #[test]
    fn two_columns_for_the_status_are_refused_unless_the_layout_says_which() {
        let mut more = AuthorizationColumns::default();
        more[3] = ["auth_status", "status_code", "status_desc", "decision"].map(str::to_owned).to_vec();
        let status = |header: &str, named: &[&str]| {
            let source = Source::from_bytes("a.csv", format!("authorization_number,{header}\n").into_bytes());
            let mut demanded = AuthorizationColumns::default();
            demanded[3] = named.iter().map(|name| (*name).to_owned()).collect();
            let found = super::header(&source.expect("a text"), &more, &demanded, &TextForm::default())
                .expect("an authorization file");
            let status = found.columns[3].expect("a status");
            found.conflict.map_or(Ok(found.header.names[status].clone()), Err)
        };
        for header in ["status,decision", "decision,Status", "auth_status,decision", "status,auth_status,status_code"] {
            let said = status(header, &[]).expect_err(header);
            assert!(said.contains("both claim status; drop one of them, or say in [auths] of a layout"), "{said}");
            assert!(status(header, &["auth_status", "decision"]).is_err(), "the layout does not say which: {header}");
        }
        assert_eq!(status("status_code,STATUS,status_desc", &[]), Ok("STATUS".to_owned()));
        assert_eq!(status("status,decision", &["decision"]), Ok("decision".to_owned()));
        assert_eq!(status("status,decision", &["status"]), Ok("status".to_owned()));
        assert_eq!(
            status("status,status_code", &["decision"]),
            Ok("status".to_owned()),
            "others say that it is missing"
        );
    }

    #[test]
    fn every_column_that_may_be_missing_has_a_consequence() {
        let required: Vec<_> = COLUMNS.into_iter().filter(|column| absence(column).is_none()).collect();
        assert_eq!(required, ["authorization_number", STATUS]);
    }
}
