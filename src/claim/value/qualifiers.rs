//! The qualifiers that an 837 writes before a value.

use std::sync::LazyLock;

use crate::strict_toml::{Document, Faults};

/// Qualifiers by what follows them, in capitals and without the colon.
#[derive(Debug)]
pub(crate) struct Qualifiers {
    pub(crate) diagnosis: Vec<String>,
    pub(crate) icd_procedure: Vec<String>,
    pub(crate) procedure: Vec<String>,
    pub(crate) authorization: Vec<String>,
    pub(crate) measure: Vec<String>,
}

/// The built-in qualifiers. They decide how cells are read, so they are loaded once and never change during a run.
pub(crate) static QUALIFIERS: LazyLock<Qualifiers> = LazyLock::new(|| {
    Qualifiers::load("qualifiers.toml", include_str!("qualifiers.toml"))
        .unwrap_or_else(|faults| unreachable!("a test loads the built-in qualifiers: {faults}"))
});

impl Qualifiers {
    fn load(file: &str, text: &str) -> Result<Self, Faults> {
        Document::load(file, text, |document, root| {
            root.choice("kind", &[("qualifiers", ())]);
            root.text("source");
            root.text("valid");
            let list = |key| {
                let of_key = root.texts(key);
                let is_one = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
                for placed in of_key.iter().filter(|placed| placed.text.is_empty() || !is_one(&placed.text)) {
                    document.fault(placed.span.clone(), "a qualifier is capitals and digits: write \"ABK\"");
                }
                of_key.into_iter().map(|placed| placed.text).collect()
            };
            let all = Self {
                diagnosis: list("diagnosis"),
                icd_procedure: list("icd_procedure"),
                procedure: list("procedure"),
                authorization: list("authorization"),
                measure: list("measure"),
            };
            root.deny_unknown_keys();
            Some(all)
        })
    }
}

/// The text without one of these qualifiers and its colon, if it begins with one.
pub(crate) fn without<'t>(qualifiers: &[String], text: &'t str) -> &'t str {
    match text.split_once(':') {
        Some((first, rest)) if qualifiers.iter().any(|own| own == first) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_qualifier_is_removed_once() {
        for (text, want) in [
            ("ABK:M4854XA", "M4854XA"),
            ("ABK:", ""),
            ("ABK:ABK:M4854XA", "ABK:M4854XA"),
            ("ABJ:M4854XA", "ABJ:M4854XA"),
            ("XABK:M4854XA", "XABK:M4854XA"),
            ("ABK", "ABK"),
            ("", ""),
        ] {
            assert_eq!(without(&QUALIFIERS.diagnosis, text), want, "{text}");
        }
    }

    #[test]
    fn qualifiers_are_validated() {
        let text = "kind = \"qualifiers\"\nsource = \"s\"\nvalid = \"v\"\ndiagnosis = [\"ABK:\"]\nicd_procedure = [\"bbr\"]\n\
                    procedure = [\"\"]\nauthorization = [\"G1\"]\nmeasure = [\"UN\"]\nmore = 1\n";
        let faults = Qualifiers::load("q.toml", text).expect_err("faults").list;
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [4, 5, 6, 9]);
    }
}
