//! Reads one extract of a run: its layout, words and lines, and the fields that it lacks.

use crate::claim::line::head::AmountsPer;
use crate::claim::value::product::ProductTable;
use crate::claim::value::vocabulary::Vocabulary;
use crate::claim::{ClassId, Reader, Store};
use crate::ingest::date;
use crate::ingest::field::{Field, Group};
use crate::ingest::layout::definition::ProductLabel;
use crate::ingest::layout::misread;
use crate::ingest::layout::words::Amounts;
use crate::ingest::scan::ChargeReader;
use crate::ingest::split::{Split, SplitTally, SplitText};
use crate::ingest::{self, split};
use crate::ingest::{Detected, Extract, Layout, Position, ReadError, Row, RowAction, Source, TableUsage, Tally, Watch};
use crate::policy::Policy;
use crate::run::first_rows;
use crate::run::reconcile::{self, Charges};
use crate::run::setup::Setup;
use crate::warning::Warning;

/// Reads the extract with this number.
pub(crate) fn read_one(
    number: u32,
    mut source: Source,
    setup: &Setup,
    store: Store,
    watch: &dyn Watch,
) -> Result<(Extract<Store>, Vec<Warning>), ReadError> {
    setup.bound(&mut source);
    let (detected, warnings) = settle(&source, setup)?;
    let rows = RowReader::new(number, &source.name, &detected, setup)?;
    let (codes, charge, look) = (rows.reader.codes.forms(), rows.charge(), rows.look());
    let charge = rows.charges.is_some().then_some(&charge as &ChargeReader<'_>);
    let extract = ingest::read_into(store, source, detected, setup.block, Some(&codes), charge, &look, watch)?;
    check_trailer(&extract, setup)?;
    Ok((extract, warnings))
}

/// Detects how an extract is read, refuses it if its first rows show that they were misread, and says what is odd about them.
pub fn settle(source: &Source, setup: &Setup) -> Result<(Detected, Vec<Warning>), ReadError> {
    let mut detected = ingest::layout::detect::detect(source, &setup.library)?;
    let layout = setup.library.named(&detected.layout);
    let dates = detected.date_patterns(layout);
    let is_date = |text: &str| date::service_day(text, dates).is_some();
    misread::settle_surplus(source, &mut detected, is_date);
    if let Some(layout) = layout {
        misread::refuse_merged_names(source, &detected, layout)?;
    }
    misread::refuse_unreadable_dates(source, &detected, is_date)?;
    let warnings = first_rows::look(source, &detected, layout, &setup.policy, is_date);
    Ok((detected, warnings))
}

/// Compares an extract with its trailer record.
pub(super) fn check_trailer(extract: &Extract<Store>, setup: &Setup) -> Result<(), ReadError> {
    let layout = setup.library.named(&extract.detected.layout);
    // The footer of a table says how many rows it has, and that was compared when it was opened.
    let trailer = layout.and_then(|layout| layout.trailer.as_ref()).filter(|_| !extract.detected.is_table);
    reconcile::check_trailer(extract, trailer)
}

/// Reads the rows of one extract.
pub(super) struct RowReader<'a> {
    reader: Reader<'a>,
    /// The charges of all rows are read only if a control total is expected, because every row must then be parsed.
    charges: Option<Charges>,
}

impl<'a> RowReader<'a> {
    /// Reads the rows of the extract with this number.
    pub(super) fn new(number: u32, name: &str, detected: &Detected, setup: &'a Setup) -> Result<Self, ReadError> {
        let policy = &setup.policy;
        let layout = setup.library.named(&detected.layout);
        let Words { products, vocabulary } = Words::of(layout, policy)?;
        let trailer = layout.and_then(|layout| layout.trailer.as_ref()).filter(|_| !detected.is_table);
        let weighs = setup.expect.amount.is_some() || trailer.is_some_and(|t| t.amount.is_some());
        let words = layout.map(|layout| &layout.words);
        let reader = Reader {
            codes: &policy.codes,
            products,
            vocabulary,
            settings: &policy.settings,
            dates: detected.date_patterns(layout),
            amounts: match words.and_then(|words| words.amounts) {
                Some(Amounts::Line) => AmountsPer::Line,
                Some(Amounts::Claim) => AmountsPer::Claim,
                None => AmountsPer::Unsaid,
            },
            assistants: [&policy.assistant, &policy.co_surgeon],
            version_len: words.and_then(|words| words.version.as_ref()).map_or(0, |version| version.last),
            extract: number,
        };
        let charges = if weighs { Some(Charges::of(name, detected)?) } else { None };
        Ok(Self { reader, charges })
    }

    /// Reads all rows of an extract with its joined tables, with positions that count from its first row.
    pub(super) fn whole(
        &self,
        store: Store,
        source: Source,
        detected: &Detected,
        setup: &Setup,
        watch: &dyn Watch,
    ) -> Result<(Tally<Store>, Vec<TableUsage>), ReadError> {
        let (codes, charge, block) = (self.reader.codes.forms(), self.charge(), setup.block);
        let charge = self.charges.is_some().then_some(&charge as &ChargeReader<'_>);
        let start = Position { line: 0, offset: 0 };
        ingest::read_rows(store, source, detected, block, Some(&codes), charge, &self.look(), start, watch)
    }

    /// Reads the rows of a split. Without an `entry` it is guessed.
    #[allow(clippy::too_many_arguments, reason = "what to read, how, and where the result goes")]
    pub(super) fn split(
        &self,
        store: Store,
        (name, text): (&str, SplitText),
        detected: &Detected,
        split: &Split,
        entry: Option<u64>,
        setup: &Setup,
        watch: &dyn Watch,
    ) -> Result<SplitTally<Store>, ReadError> {
        let (codes, charge, block) = (self.reader.codes.forms(), self.charge(), setup.block);
        let charge = self.charges.is_some().then_some(&charge as &ChargeReader<'_>);
        let look = self.look();
        split::read(store, name, text, detected, split, entry, block, Some(&codes), charge, &look, watch)
    }

    fn charge(&self) -> impl Fn(&Row<'_>) -> Option<i128> + Sync {
        |row| self.charges.as_ref().map_or(Some(0), |charges| charges.of_row(row))
    }

    fn look(&self) -> impl Fn(&Detected, &Row<'_>, Position, &mut Store) -> RowAction<()> + Sync {
        |detected, row, position, lines| lines.look(&self.reader, &detected.binding, row, position)
    }
}

/// The words that an extract is read with: those of the settings, of its layout and of the policy.
pub(crate) struct Words {
    pub(crate) products: ProductTable,
    pub(crate) vocabulary: Vocabulary,
}

impl Words {
    /// Adds the words of a layout to those of the policy. The error names a class that the policy does not have.
    pub(crate) fn of(layout: Option<&Layout>, policy: &Policy) -> Result<Self, ReadError> {
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
pub(crate) fn labels(layout: &Layout, policy: &Policy) -> Result<Vec<(String, ClassId)>, ReadError> {
    let class_of = |ProductLabel { label, class, place }: &ProductLabel| {
        let id = policy.class_named(class);
        let id = id.ok_or_else(|| {
            ReadError::unusable(
                place,
                format!("the product \"{}\": {}", label.replace('\n', "\u{240a}"), policy.no_class(class)),
            )
        });
        Ok((label.clone(), id?))
    };
    layout.products.iter().map(class_of).collect()
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
