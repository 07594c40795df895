//! Reads the policy file of kind `vocabulary`: the words of claim columns and their meanings.

use std::collections::HashSet;

use crate::claim::value::setting::ClaimForm;
use crate::claim::value::status::RowStatus;
use crate::claim::value::version::Version;
use crate::claim::value::vocabulary::Vocabulary;
use crate::claim::value::words::{Blanks, MAX_LABEL_LEN, WordTable, fold};
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
    let words = |key, meanings: &[(&str, _)], blanks| words(document, root, key, meanings, blanks);
    let claim_forms = self::words(document, root, "claim_form", &ClaimForm::WORDS, Blanks::Drop);
    let statuses = root.table("status").map(|table| {
        let aside = table.texts_if("paid_unless_pending");
        (word_table(document, &table, &RowStatus::WORDS, Blanks::Count), aside)
    });
    let frequencies = self::words(
        document,
        root,
        "frequency",
        &[("replacement", Version::Replacement), ("void", Version::Void)],
        Blanks::Count,
    );
    let payer_sequences = words("payer_sequence", &[("primary", true), ("other", false)], Blanks::Count);
    let authorization_statuses =
        words("authorization_status", &[("approved", true), ("not_approved", false)], Blanks::Count);
    let set = |key, inner| self::words(document, root, key, &[(inner, ())], Blanks::Count);
    let (capitated, emergencies, total_lines) =
        (set("capitated", "words"), set("admission_type", "emergency"), set("revenue_code", "total"));
    root.deny_unknown_keys();
    let (statuses, aside) = statuses?;
    for word in aside.iter().filter(|word| statuses.get(&word.text) != Some(RowStatus::Paid)) {
        document.fault(word.span.clone(), format!("\"{}\" is not among the words for paid: add it there", word.text));
    }
    let vocabulary = Vocabulary {
        claim_forms: claim_forms?,
        statuses,
        paid_unless_pending: aside.iter().map(|word| fold(&word.text)).collect(),
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

/// Reads a table that lists words by their meaning.
fn words<T: Copy>(
    document: &Document<'_>,
    root: &Table<'_, '_>,
    key: &str,
    meanings: &[(&str, T)],
    blanks: Blanks,
) -> Option<WordTable<T>> {
    root.table(key).map(|table| word_table(document, &table, meanings, blanks))
}

fn word_table<T: Copy>(
    document: &Document<'_>,
    table: &Table<'_, '_>,
    meanings: &[(&str, T)],
    blanks: Blanks,
) -> WordTable<T> {
    let (mut words, mut known) = (Vec::<(SpannedText, T)>::new(), HashSet::new());
    for (key, meaning) in meanings {
        for word in table.texts(key) {
            let folded = fold(&word.text);
            if folded.is_empty() || folded.len() > MAX_LABEL_LEN {
                document.fault(
                    word.span.clone(),
                    format!("a word has 1 to {MAX_LABEL_LEN} letters or digits: write \"PAID\""),
                );
            } else if !known.insert(folded) {
                document
                    .fault(word.span.clone(), format!("the word \"{}\" is listed twice: drop one of them", word.text));
            } else {
                words.push((word, *meaning));
            }
        }
    }
    table.deny_unknown_keys();
    WordTable::new(words.into_iter().map(|(word, meaning)| (word.text, meaning)), blanks)
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
            claim_form: vec![("1".to_owned(), "professional")],
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
        assert_eq!(["0", "1", "02", "7"].map(|cell| vocabulary.frequency(cell)), ["1", "8", "7", "7"]);
        assert_eq!(vocabulary.authorization_statuses.get("n"), Some(false));
    }

    #[test]
    fn faults() {
        let twice = TEXT.replace("\"DENY\"", "\"PAID\"");
        assert!(load(&twice).expect_err("twice").contains("the word \"PAID\" is listed twice"));
        let unknown = TEXT.replace("[capitated]", "[capitation]");
        let said = load(&unknown).expect_err("unknown");
        assert!(said.contains("`capitated` is missing") && said.contains("`capitation` is not known"), "{said}");
        let aside = TEXT.replace("paid_unless_pending = [\"P\"]", "paid_unless_pending = [\"Q\"]");
        assert!(load(&aside).expect_err("aside").contains("not among the words for paid"));
    }
}
