//! Reads one extract of a run: its layout, words and lines, and the fields that it lacks.

use crate::claim::line::head::AmountsPer;
use crate::claim::value::product::ProductTable;
use crate::claim::value::vocabulary::Vocabulary;
use crate::claim::{ClassId, Reader, Store};
use crate::ingest::date;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::misread;
use crate::ingest::layout::words::Amounts;
use crate::ingest::{Detected, Extract, Layout, Position, ReadError, Row, Source, Watch};
use crate::policy::Policy;
use crate::run::first_rows;
use crate::run::reconcile::{self, Charges};
use crate::run::setup::Setup;
use crate::warning::Warning;

/// Reads the extract with this number.
pub(super) fn read_one(
    number: u32,
    source: Source,
    setup: &Setup,
    store: Store,
    watch: &dyn Watch,
) -> Result<(Extract<Store>, Vec<Warning>), ReadError> {
    let mut detected = crate::ingest::layout::detect::detect(&source, &setup.library)?;
    let policy = &setup.policy;
    let layout = setup.library.named(&detected.layout);
    let is_date = |text: &str| date::service_day(text, layout.map_or(&[], |layout| &layout.dates)).is_some();
    misread::settle_surplus(&source, &mut detected, is_date);
    if let Some(layout) = layout {
        misread::refuse_merged_names(&source, &detected, layout)?;
    }
    misread::refuse_unreadable_dates(&source, &detected, is_date)?;
    let warnings = first_rows::look(&source, &detected, layout, policy, is_date);
    let Words { products, vocabulary } =
        Words::of(layout, policy).map_err(|what| ReadError::unusable(&source.name, what))?;
    let trailer = layout.and_then(|layout| layout.trailer.as_ref());
    let weighs = setup.expect.amount.is_some() || trailer.is_some_and(|t| t.amount.is_some());
    let words = layout.map(|layout| &layout.words);
    let reader = Reader {
        codes: &policy.codes,
        products,
        vocabulary,
        settings: &policy.settings,
        dates: layout.map_or(&[], |layout| &layout.dates),
        amounts: match words.and_then(|words| words.amounts) {
            Some(Amounts::Line) => AmountsPer::Line,
            Some(Amounts::Claim) => AmountsPer::Claim,
            None => AmountsPer::Unsaid,
        },
        assistants: [&policy.assistant, &policy.co_surgeon],
        version_len: words.and_then(|words| words.version.as_ref()).map_or(0, |version| version.last),
        extract: number,
    };
    // The charges of all rows are read only if a control total is expected, because every row must then be parsed.
    let charges = if weighs { Some(Charges::of(&source.name, &detected)?) } else { None };
    let weigh = |row: &Row<'_>| charges.as_ref().map_or(Some(0), |charges| charges.of_row(row));
    let mut extract = crate::ingest::read_into(
        store,
        source,
        detected,
        setup.block,
        Some(&policy.codes.forms()),
        charges.is_some().then_some(&weigh),
        &|detected: &Detected, row: &_, position: Position, lines: &mut Store| {
            lines.look(&reader, &detected.binding, row, position)
        },
        watch,
    )?;
    extract.tally.kept.finish();
    reconcile::check_trailer(&extract, trailer)?;
    Ok((extract, warnings))
}

/// The words that an extract is read with: those of the settings, of its layout and of the policy.
pub(crate) struct Words {
    pub(crate) products: ProductTable,
    pub(crate) vocabulary: Vocabulary,
}

impl Words {
    /// Adds the words of a layout to those of the policy. The error names a class that the policy does not have.
    pub(crate) fn of(layout: Option<&Layout>, policy: &Policy) -> Result<Self, String> {
        let labels = layout.map_or_else(|| Ok(Vec::new()), |layout| labels(layout, policy))?;
        let products = policy.products.clone().with(labels).with(policy.own_labels.iter().cloned());
        let vocabulary = policy.vocabulary.clone();
        Ok(Self {
            products,
            vocabulary: if let Some(layout) = layout { vocabulary.with(&layout.words) } else { vocabulary },
        })
    }
}

/// A layout's own product labels, as classes of the policy.
pub(crate) fn labels(layout: &Layout, policy: &Policy) -> Result<Vec<(String, ClassId)>, String> {
    layout
        .products
        .iter()
        .map(|(label, class)| {
            if let Some(id) = policy.class_named(class) {
                Ok((label.text.clone(), id))
            } else {
                Err(format!("layout {}: the product \"{}\": {}", layout.name, label.text, policy.no_class(class)))
            }
        })
        .collect()
}

/// The fields of an extract that have no column. A version number may be cut from the claim number, and pointers may have
/// numbered columns.
pub(super) fn unmapped(detected: &Detected) -> impl Iterator<Item = Field> {
    let binding = &detected.binding;
    Field::NAMES.iter().map(|(field, _)| *field).filter(|field| match field {
        Field::VersionNumber => !binding.has(*field) && !detected.cuts_version,
        Field::DiagnosisPointer => !binding.has(*field) && binding.group(Group::DiagnosisPointer).is_empty(),
        _ => !binding.has(*field),
    })
}

/// The fields that this extract lacks, each with the consequence.
pub fn absent(detected: &Detected) -> Vec<(Field, &'static str)> {
    let has = |field| detected.binding.has(field);
    unmapped(detected)
        // Procedures may come from the other of two columns.
        .filter(|field| *field != Field::ProcedureCode || !detected.binding.group(Group::IcdProcedure).is_empty())
        .filter_map(|field| Some((field, field.absence(&has)?)))
        .collect()
}
