//! Tables of the words of claim columns and their meanings. They come from the policy file of kind `vocabulary`; the words of
//! a layout take precedence.

use rustc_hash::FxHashSet;

use crate::claim::value::setting::ClaimForm;
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;
use crate::claim::value::words::{WordTable, fold, short_code};
use crate::ingest::layout::words::LayoutWords;

/// All word lists of claim columns.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    /// `claim_form`.
    pub claim_forms: WordTable<ClaimForm>,
    /// `line_status` and `claim_status`.
    pub statuses: WordTable<RowStatus>,
    /// Words for paid that do not count if the claim status is pending, folded.
    pub paid_unless_pending: FxHashSet<String>,
    /// `frequency_code`: the codes of replacements and voids.
    pub frequencies: WordTable<Version>,
    /// `payer_sequence`: true means the primary payer.
    pub payer_sequences: WordTable<bool>,
    /// `capitated`: the words for yes.
    pub capitated: WordTable<()>,
    /// `admission_type`: emergencies.
    pub emergencies: WordTable<()>,
    /// `revenue_code`: the total of a claim.
    pub total_lines: WordTable<()>,
    /// The status of an authorization: true means an approval.
    pub authorization_statuses: WordTable<bool>,
    /// The frequency code of a layout's own word.
    pub layout_frequencies: WordTable<&'static str>,
}

impl Vocabulary {
    /// Adds the words of a layout, which take precedence.
    #[must_use]
    pub fn with(mut self, words: &LayoutWords) -> Self {
        self.claim_forms = self.claim_forms.with(meanings(&words.claim_form, str::to_owned, ClaimForm::from_word));
        self.statuses =
            self.statuses.with(meanings(&words.status, |word| short_code(word).to_owned(), RowStatus::from_word));
        for (word, _) in &words.status {
            self.paid_unless_pending.remove(&fold(short_code(word)));
        }
        self.layout_frequencies = self
            .layout_frequencies
            .with(words.frequency.iter().map(|(word, code)| (short_code(word).to_owned(), *code)));
        self.authorization_statuses = self.authorization_statuses.with(
            words.authorization_status.iter().map(|(word, is_approval)| (short_code(word).to_owned(), *is_approval)),
        );
        self
    }

    /// What the payer did with a row, according to its line status if that is known, otherwise to its claim status.
    pub fn row_status(&self, line: &str, claim: &str) -> RowStatus {
        let claim = self.statuses.get(short_code(claim));
        match self.statuses.get(short_code(line)) {
            Some(RowStatus::Paid) if claim == Some(RowStatus::Pending) && self.is_paid_unless_pending(line) => {
                RowStatus::Pending
            }
            Some(status) => status,
            None => claim.unwrap_or_default(),
        }
    }

    fn is_paid_unless_pending(&self, line: &str) -> bool {
        let folded = fold(short_code(line));
        self.paid_unless_pending.contains(&folded)
    }

    /// Is the status filled but unknown?
    pub(crate) fn is_unread_status(&self, cell: &str) -> bool {
        self.statuses.is_unread(short_code(cell))
    }

    /// The frequency code of a cell: the meaning of a layout's word, otherwise the cell itself.
    pub fn frequency<'c>(&self, cell: &'c str) -> &'c str {
        let code = short_code(cell);
        self.layout_frequencies.get(code).unwrap_or(code)
    }

    /// What a row with this frequency code does to earlier versions of its claim.
    pub fn version(&self, frequency: &str) -> Version {
        self.frequencies.get_code(frequency).unwrap_or(Version::Original)
    }
}

/// The words of a layout as cells are compared with them, with what they mean.
fn meanings<T>(
    words: &[(String, &'static str)],
    compared: impl Fn(&str) -> String,
    meaning: impl Fn(&str) -> Option<T>,
) -> impl Iterator<Item = (String, T)> {
    words.iter().filter_map(move |(word, said)| Some((compared(word), meaning(said)?)))
}
