//! Words of the first rows that no table knows, in columns whose words decide what a row is: the frequency, the admission type and
//! whether it is capitated. A row with such a word is judged as if its cell were empty, so a column of them is said.

use crate::claim::value::vocabulary::Vocabulary;
use crate::claim::value::words::short_code;
use crate::ingest::cell::printable;
use crate::ingest::field::Field;
use crate::ingest::{Binding, Detected, Row};
use crate::run::clues::READ;
use crate::warning::{Warning, WarningKind};

/// The fields that are looked at.
const FIELDS: [Field; 3] = [Field::FrequencyCode, Field::AdmissionType, Field::Capitated];

/// Words that no table knows in more than one of this many cells are more than typing errors.
const UNREAD_ONE_IN: u64 = 10;

/// The cells of these fields.
#[derive(Debug, Default)]
pub(super) struct UnreadWords {
    /// Filled cells, and those of them that no table knows.
    cells: [(u64, u64); FIELDS.len()],
}

impl UnreadWords {
    /// Looks at a row of an extract with `width` columns. Cells of joined tables are not known yet.
    pub(super) fn add(&mut self, row: &Row<'_>, binding: &Binding, width: usize, vocabulary: &Vocabulary) {
        for (field, (filled, unread)) in FIELDS.into_iter().zip(&mut self.cells) {
            if binding.columns(field).iter().all(|column| *column < width) {
                let text = binding.text(row, field);
                if !text.is_empty() {
                    *filled += 1;
                    *unread += u64::from(!is_known(field, &text, vocabulary));
                }
            }
        }
    }

    /// A warning for each field with too many words that no table knows.
    pub(super) fn warnings(&self, file: &str, detected: &Detected) -> Vec<Warning> {
        let about = |(field, (filled, unread)): (Field, (u64, u64))| {
            let column = *detected.binding.columns(field).first()?;
            let warning = Warning::new(WarningKind::UnreadWords).file(file).field(field.name());
            let is_odd = unread * UNREAD_ONE_IN > filled;
            // The name is known, because a field reads the column.
            is_odd.then(|| warning.column(printable(&detected.header[column])).count(unread).of(filled))
        };
        FIELDS.into_iter().zip(self.cells).filter_map(about).collect()
    }
}

/// Does a table, or the list of codes of the field, know this word?
fn is_known(field: Field, text: &str, vocabulary: &Vocabulary) -> bool {
    let code = short_code(text);
    let is_listed = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(code));
    match field {
        // All codes of the frequency have one letter or digit.
        Field::FrequencyCode => {
            let code = vocabulary.frequency(text);
            code.len() == 1 && code.bytes().all(|b| b.is_ascii_alphanumeric())
        }
        Field::AdmissionType => vocabulary.emergencies.get(code).is_some() || is_listed(&READ.admission_types),
        _ => vocabulary.capitated.get(code).is_some() || is_listed(&READ.not_capitated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse::load;
    use crate::rules;

    #[test]
    fn codes_are_known_and_other_words_are_not() {
        let policy = load(&[], &rules::codes()).unwrap_or_else(|e| panic!("{e}"));
        for (field, known, unread) in [
            (Field::FrequencyCode, &["1", "7", "08.0", "0", "A", "g"][..], &["Void", "131", "1 - Original", "?!"][..]),
            (Field::AdmissionType, &["1", "01", "5.0", "9"], &["Emergency", "1 - Emergency", "E", "11"]),
            (Field::Capitated, &["Y", "yes", "N", "no", "0", "1", "FALSE", "FFS"], &["T", "Y - capitated"]),
        ] {
            for word in known {
                assert!(is_known(field, word, &policy.vocabulary), "{word}");
            }
            for word in unread {
                assert!(!is_known(field, word, &policy.vocabulary), "{word}");
            }
        }
    }
}
