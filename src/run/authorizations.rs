//! The authorization file of a run, read with the spellings of extracts and the words of the chosen layout.

use std::collections::BTreeSet;

use crate::claim::authorization::{AuthorizationColumns, AuthorizationWords, Authorizations, RowRoom};
use crate::ingest::field::{Field, fold};
use crate::ingest::layout::definition::{Layout, Mapping};
use crate::ingest::layout::library::Library;
use crate::ingest::layout::shipped::{self, CANONICAL};
use crate::ingest::layout::text_form::TextForm;
use crate::ingest::layout::words::AUTHORIZATION_COLUMNS;
use crate::ingest::{ReadError, Source};
use crate::policy::Policy;
use crate::run::setup::Memory;

/// Columns of the file that share the spellings of a field of extracts.
const AS_IN_EXTRACTS: [(usize, Field); 4] =
    [(0, Field::AuthorizationNumber), (1, Field::MemberId), (2, Field::ProcedureCode), (6, Field::Units)];

/// Reads an authorization file. If the user chose a layout, `library` holds only that one, and its names and words
/// apply, too.
///
/// Rows that take more than their share of `memory` are on disk. Without a bound, all of them are in memory.
pub fn read_authorizations(
    source: Source,
    policy: &Policy,
    library: &Library,
    memory: Option<&Memory>,
) -> Result<Authorizations, ReadError> {
    let columns = spellings(library).map_err(|what| ReadError::unusable(&source.name, what))?;
    let demanded = demanded(library);
    let (vocabulary, null) = match library.candidates() {
        [chosen] => (policy.vocabulary.clone().with(&chosen.words), chosen.null.as_slice()),
        _ => (policy.vocabulary.clone(), &[][..]),
    };
    let statuses = &vocabulary.authorization_statuses;
    let (demanded, form) = (&demanded, &form(library));
    let words = AuthorizationWords { codes: &policy.codes, statuses, columns: &columns, demanded, form, null };
    Authorizations::read(source, words, memory.map_or_else(RowRoom::unbounded, Memory::of_authorizations))
}

/// Fields of a billed line. A file with an amount, or with two of the others, is an extract, whatever else it lacks.
const AMOUNTS: [Field; 3] = [Field::ChargeAmount, Field::AllowedAmount, Field::PaidAmount];
const OF_BILLED_LINES: [Field; 6] = [
    Field::LineNumber,
    Field::ClaimForm,
    Field::FrequencyCode,
    Field::PlaceOfService,
    Field::BillType,
    Field::DiagnosisPointer,
];

/// The columns of an authorization file by their canonical names, each with its name in the header. `None`: the file is no
/// authorization file. Many extracts have columns of one, too, but also a claim number and a service date, or what was billed.
pub(crate) fn authorization_columns(source: &Source, library: &Library) -> Option<Vec<(&'static str, Option<String>)>> {
    let is_extract = |header: &[String]| {
        let header: BTreeSet<String> = header.iter().map(|name| fold(name)).collect();
        let has = |field: &Field| {
            let mut names = library.candidates().iter().flat_map(|layout| layout.looked_for(*field));
            names.any(|name| header.contains(&fold(&name)))
        };
        [Field::ClaimId, Field::ServiceDate].iter().all(has)
            || AMOUNTS.iter().any(has)
            || OF_BILLED_LINES.iter().filter(|field| has(field)).count() >= 2
    };
    Authorizations::columns(source, &spellings(library).ok()?, &demanded(library), &form(library), is_extract)
}

/// The names that the chosen layout gives the columns; none if no layout was chosen.
fn demanded(library: &Library) -> AuthorizationColumns {
    match library.candidates() {
        [chosen] => named_by(chosen),
        _ => AuthorizationColumns::default(),
    }
}

/// The form of the text: what `[auths]` of the chosen layout says, else that of a CSV file. It comes from another system than
/// the extracts, so their form says nothing about it.
fn form(library: &Library) -> TextForm {
    match library.candidates() {
        [chosen] => chosen.words.authorization_form.clone().unwrap_or_default(),
        _ => TextForm::default(),
    }
}

/// The names under which each column may be in the header.
fn spellings(library: &Library) -> Result<AuthorizationColumns, String> {
    let canonical_alone;
    let canonical = if let Some(layout) = library.named(CANONICAL) {
        layout
    } else {
        canonical_alone =
            Layout::load(CANONICAL, shipped::text(CANONICAL).unwrap_or_default()).map_err(|e| e.to_string())?;
        &canonical_alone
    };
    let mut columns = AuthorizationColumns::default();
    if let Mapping::Spellings { fields, .. } = &canonical.mapping {
        for (column, field) in AS_IN_EXTRACTS {
            let names = fields.iter().filter(|(own, _)| *own == field).flat_map(|(_, names)| names);
            columns[column].extend(names.cloned());
        }
    }
    let mut add = |layout: &Layout| {
        for (all, names) in columns.iter_mut().zip(named_by(layout)) {
            all.extend(names);
        }
    };
    add(canonical);
    if let [chosen] = library.candidates() {
        add(chosen);
    }
    Ok(columns)
}

/// The names that a layout gives the columns.
fn named_by(layout: &Layout) -> AuthorizationColumns {
    let mut columns = AuthorizationColumns::default();
    for (column, names) in &layout.words.authorization_columns {
        if let Some(place) = AUTHORIZATION_COLUMNS.iter().position(|own| own == column) {
            columns[place].extend(names.iter().cloned());
        }
    }
    columns
}
