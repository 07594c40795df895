//! Reads the policy file of kind `vocabulary`: the words of claim columns and their meanings.

use std::collections::HashMap;

use crate::claim::value::setting::ClaimForm;
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;
use crate::claim::value::vocabulary::Vocabulary;
use crate::claim::value::words::{Blanks, MAX_LABEL_LEN, WordTable, fold, short_code};
use crate::ingest::empty_words::{never_looked_up, stands_for_nothing};
use crate::policy::origin::OriginText;
use crate::policy::origin::PolicyOrigin;
use crate::strict_toml::{Document, SpannedText, Table};

/// Reads the file into its tables.
pub(super) fn read(
    document: &Document<'_>,
    root: &Table<'_, '_>,
    file: OriginText<'_>,
) -> Option<(Vocabulary, PolicyOrigin)> {
    let origin = file.read(root);
    let claim_forms = words(root, "claim_form", &ClaimForm::WORDS, Cells::Forms);
    let statuses = root.table("status").map(|table| {
        let aside = table.texts_if("paid_unless_pending");
        (word_table(&table, &RowStatus::WORDS, Cells::Words), aside)
    });
    let versions = [("replacement", Version::Replacement), ("void", Version::Void)];
    let frequencies = words(root, "frequency", &versions, Cells::Codes);
    let payer_sequences = words(root, "payer_sequence", &[("primary", true), ("other", false)], Cells::Words);
    let authorization_statuses =
        words(root, "authorization_status", &[("approved", true), ("not_approved", false)], Cells::Words);
    let capitated = words(root, "capitated", &[("words", ())], Cells::Words);
    let set = |key, inner| words(root, key, &[(inner, ())], Cells::Codes);
    let (emergencies, total_lines) = (set("admission_type", "emergency"), set("revenue_code", "total"));
    root.deny_unknown_keys();
    let (statuses, aside) = statuses?;
    for word in aside.iter().filter(|word| statuses.get(short_code(&word.text)) != Some(RowStatus::Paid)) {
        document.fault(word.span.clone(), format!("\"{}\" is not among the words for paid: add it there", word.text));
    }
    let vocabulary = Vocabulary {
        claim_forms: claim_forms?,
        statuses,
        paid_unless_pending: aside.iter().map(|word| fold(short_code(&word.text))).collect(),
        frequencies: frequencies?,
        payer_sequences: payer_sequences?,
        capitated: capitated?,
        emergencies: emergencies?,
        total_lines: total_lines?,
        authorization_statuses: authorization_statuses?,
        layout_frequencies: WordTable::new([], Blanks::Count),
    };
    Some((vocabulary, origin?))
}

/// How the cells of a column are compared with the words of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cells {
    /// As they stand, whatever the blanks in them.
    Forms,
    /// Without a final `.0` and leading zeros.
    Words,
    /// Likewise, and only where they are letters and digits without a gap.
    Codes,
}

impl Cells {
    /// The part of a word that cells are compared with.
    fn compared(self, word: &str) -> &str {
        if self == Self::Forms { word } else { short_code(word) }
    }

    fn blanks(self) -> Blanks {
        if self == Self::Forms { Blanks::Drop } else { Blanks::Count }
    }
}

/// Reads a table that lists words by their meaning.
fn words<T: Copy>(root: &Table<'_, '_>, key: &str, meanings: &[(&str, T)], cells: Cells) -> Option<WordTable<T>> {
    root.table(key).map(|table| word_table(&table, meanings, cells))
}

fn word_table<T: Copy>(table: &Table<'_, '_>, meanings: &[(&str, T)], cells: Cells) -> WordTable<T> {
    let document = table.document();
    let (mut words, mut known) = (Vec::<(String, T)>::new(), HashMap::<String, SpannedText>::new());
    for (key, meaning) in meanings {
        for word in table.texts(key) {
            let compared = cells.compared(&word.text).to_owned();
            let mut folded = fold(&compared);
            if cells.blanks() == Blanks::Drop {
                folded.retain(|c| c != ' ');
            }
            let fault = if folded.is_empty() || folded.len() > MAX_LABEL_LEN {
                format!("a word has 1 to {MAX_LABEL_LEN} letters or digits: write \"PAID\"")
            } else if stands_for_nothing(&word.text, &[]) {
                never_looked_up(&word.text)
            } else if cells == Cells::Codes && folded.contains(' ') {
                format!("\"{}\" is no code: write letters and digits without a gap", word.text)
            } else if let Some(first) = known.get(&folded) {
                let line = document.line_of(first.span.start);
                let (word, first) = (&word.text, &first.text);
                format!("the word \"{word}\" is listed twice: it is \"{first}\" of line {line}; drop one of them")
            } else {
                known.insert(folded, word);
                words.push((compared, *meaning));
                continue;
            };
            document.fault(word.span, fault);
        }
    }
    table.deny_unknown_keys();
    WordTable::new(words, cells.blanks())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::origin::OriginKind;

    fn file(text: &str) -> OriginText<'_> {
        OriginText { kind: OriginKind::Vocabulary, file: "v.toml", text }
    }
    use crate::ingest::layout::words::LayoutWords;

    const TEXT: &str = include_str!("../policies/vocabulary.toml");

    fn load(text: &str) -> Result<Vocabulary, String> {
        let loaded = Document::load("v.toml", text, |document, root| read(document, &root, file(text)));
        loaded.map(|(vocabulary, _)| vocabulary).map_err(|faults| faults.to_string())
    }

    #[test]
    fn row_statuses() {
        use RowStatus::{Denied, None, Paid, Pending, Reversed};
        let vocabulary = load(TEXT).expect("built in");
        for (line, claim, want) in [
            ("PAID", "", Paid),
            ("", "Finalized", Paid),
            ("fully-denied", "PAID", Denied),
            ("04", "", Denied),
            ("4.0", "", Denied),
            ("22", "1", Reversed),
            ("in process", "", Pending),
            // The line status speaks, unless no table knows it.
            ("E", "DENIED", Denied),
            ("E", "X", None),
            ("D", "PAID", Denied),
            ("", "", None),
            // P beside a pending claim is pending; the same word on a claim, and other words for paid, are paid.
            ("P", "PENDED", Pending),
            ("p", "hold", Pending),
            ("P", "PAID", Paid),
            ("P", "", Paid),
            ("PAID", "PENDED", Paid),
            ("", "P", Paid),
        ] {
            assert_eq!(vocabulary.row_status(line, claim), want, "{line} {claim}");
        }
        assert!(
            vocabulary.is_unread_status("E") && !vocabulary.is_unread_status("01") && !vocabulary.is_unread_status("")
        );
    }

    #[test]
    fn other_words() {
        use ClaimForm::{Institutional, Professional};
        let vocabulary = load(TEXT).expect("built in");
        for (word, want) in [
            ("cms-1500", Some(Professional)),
            ("HCFA 1500", Some(Professional)),
            ("Physician", Some(Professional)),
            ("UB 04", Some(Institutional)),
            ("837i", Some(Institutional)),
            ("outpatient", Some(Institutional)),
            ("dental", Option::None),
        ] {
            assert_eq!(vocabulary.claim_forms.get(word), want, "{word}");
        }
        assert_eq!((vocabulary.version("7"), vocabulary.version("8")), (Version::Replacement, Version::Void));
        assert_eq!((vocabulary.version("1"), vocabulary.version("07")), (Version::Original, Version::Original));
        assert_eq!(vocabulary.frequency("08.0"), "8");
        for (word, want) in [("p", Some(true)), ("T", Some(false)), ("h", Some(false)), ("I", Option::None)] {
            assert_eq!(vocabulary.payer_sequences.get(word), want, "{word}");
        }
        assert!(vocabulary.capitated.get("Capitation").is_some() && vocabulary.capitated.get("N").is_none());
        assert!(vocabulary.emergencies.get("5").is_some() && vocabulary.emergencies.get("3").is_none());
        for (word, want) in [("certified in-total", Some(true)), ("A3", Some(false)), ("NO", Option::None)] {
            assert_eq!(vocabulary.authorization_statuses.get(word), want, "{word}");
        }
    }

    #[test]
    fn words_of_a_layout_go_before_these() {
        let words = LayoutWords {
            status: vec![("P".to_owned(), "denied"), ("E".to_owned(), "paid"), ("09".to_owned(), "reversed")],
            claim_form: vec![("1".to_owned(), "professional"), ("02".to_owned(), "institutional")],
            frequency: vec![("0".to_owned(), "1"), ("1".to_owned(), "8"), ("2".to_owned(), "7")],
            authorization_status: vec![("N".to_owned(), false)],
            ..LayoutWords::default()
        };
        let vocabulary = load(TEXT).expect("built in").with(&words);
        assert_eq!(vocabulary.row_status("P", "PENDED"), RowStatus::Denied);
        assert_eq!(vocabulary.row_status("e", ""), RowStatus::Paid);
        assert_eq!(vocabulary.row_status("9", ""), RowStatus::Reversed);
        assert_eq!(vocabulary.row_status("", "DENIED"), RowStatus::Denied);
        assert_eq!(vocabulary.claim_forms.get("1"), Some(ClaimForm::Professional));
        assert_eq!(["02", "2"].map(|cell| vocabulary.claim_forms.get(cell)), [Some(ClaimForm::Institutional), None]);
        assert_eq!(["0", "1", "02", "7"].map(|cell| vocabulary.frequency(cell)), ["1", "8", "7", "7"]);
        assert_eq!(vocabulary.authorization_statuses.get("n"), Some(false));
    }

    #[test]
    fn words_are_written_as_cells_are_read() {
        let mut text = TEXT.to_owned();
        for (from, to) in [
            ("void = [\"8\"]", "void = [\"08\"]"),
            ("\"D\", \"4\"", "\"D\", \"04.0\""),
            ("\"PAID\", \"P\", \"1\"", "\"PAID\", \"P\", \"01\""),
            ("paid_unless_pending = [\"P\"]", "paid_unless_pending = [\"1.0\"]"),
            ("total = [\"1\"]", "total = [\"0001\"]"),
            ("emergency = [\"1\", \"5\"]", "emergency = [\"01\", \"5.0\"]"),
            ("\"YES\", \"1\"", "\"YES\", \"01\""),
        ] {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text = text.replace(from, to);
        }
        let vocabulary = load(&text).unwrap_or_else(|e| panic!("{e}"));
        for cell in ["8", "08", "8.0"] {
            assert_eq!(vocabulary.version(vocabulary.frequency(cell)), Version::Void, "{cell}");
        }
        for cell in ["4", "04", "4.0"] {
            assert_eq!(vocabulary.row_status(cell, ""), RowStatus::Denied, "{cell}");
        }
        assert_eq!(vocabulary.row_status("01", "HOLD"), RowStatus::Pending);
        assert!(vocabulary.total_lines.get_code("1").is_some() && vocabulary.capitated.get("1").is_some());
        assert!(["1", "5"].iter().all(|code| vocabulary.emergencies.get_code(code).is_some()));
    }

    #[test]
    fn faults() {
        let twice = TEXT.replace("\"DENY\"", "\"PAID\"");
        assert!(load(&twice).expect_err("twice").contains("the word \"PAID\" is listed twice"));
        for (from, to, says) in [
            (
                "void = [\"8\"]",
                "void = [\"8\", \"08\"]",
                "v.toml:27:14: the word \"08\" is listed twice: it is \"8\" of line 27",
            ),
            (
                "replacement = [\"7\"]",
                "replacement = [\"8.0\"]",
                "the word \"8\" is listed twice: it is \"8.0\" of line 26",
            ),
            ("\"DENIED\", \"DENY\"", "\"DENIED\", \"N/A\"", "a cell with \"N/A\" counts as empty"),
            ("\"PROF\"", "\"None\"", "a cell with \"None\" counts as empty"),
            ("\"CMS1500\", \"1500\"", "\"CMS1500\", \"CMS-1500\"", "the word \"CMS-1500\" is listed twice"),
            ("total = [\"1\"]", "total = [\"1 1\"]", "\"1 1\" is no code"),
        ] {
            let said = load(&TEXT.replace(from, to)).expect_err(to);
            assert!(said.contains(says), "{says}: {said}");
        }
        let unknown = TEXT.replace("[capitated]", "[capitation]");
        let said = load(&unknown).expect_err("unknown");
        assert!(said.contains("`capitated` is missing") && said.contains("`capitation` is not known"), "{said}");
        let aside = TEXT.replace("paid_unless_pending = [\"P\"]", "paid_unless_pending = [\"Q\"]");
        assert!(load(&aside).expect_err("aside").contains("not among the words for paid"));
    }
}
