//! A last line that is no row: a count of rows, a total, the word for the end.

use serde::Deserialize;

use crate::ingest::record::grammar::{Grammar, Step};
use crate::ingest::record::reject::{Reason, Reject};

/// How such lines begin.
const FOOTERS: &str = include_str!("footers.toml");

#[derive(Deserialize)]
struct Footers {
    begins: Vec<String>,
}

/// The advice for a rejected row that ends a text of `bytes` bytes and looks like a footer. None: it does not.
pub(crate) fn advice(reject: &Reject, bytes: u64) -> Option<String> {
    // A line end of two bytes may follow.
    let is_last = reject.offset? + reject.raw.len() as u64 + 2 >= bytes;
    if !is_last || !matches!(reject.reason, Reason::TooFewFields | Reason::TooManyFields) {
        return None;
    }
    let Footers { begins } = toml::from_str(FOOTERS).ok()?;
    let line = String::from_utf8_lossy(&reject.raw).to_uppercase();
    let begin = begins.into_iter().find(|begin| line.starts_with(begin.as_str()))?;
    // The beginning as the line has it, so that the flag fits.
    let own = String::from_utf8_lossy(reject.raw.get(..begin.len())?).into_owned();
    Some(format!(
        "line {} looks like a footer, not a row: --comment \"{own}\" passes over it, and [trailer] in a layout checks its count",
        reject.line
    ))
}

/// The advice for the last line of a whole text whose rows begin at `start`. None: it is a row, or it looks like no footer.
pub(crate) fn of_text(grammar: &Grammar, text: &[u8], start: usize) -> Option<String> {
    let text = text.trim_ascii_end();
    let at = grammar.after_last_line_end(text).filter(|at| *at >= start)?;
    let Step::Rejected { reason, .. } = grammar.read(text, at, true, &mut Vec::new()) else { return None };
    let (line, raw) = (grammar.lines(&text[..at]) + 1, text[at..].to_vec());
    advice(&Reject { line, offset: Some(at as u64), reason, raw }, text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_is_answered_with_the_flag_that_passes_over_it() {
        let reject = |raw: &str, reason| Reject { line: 9, offset: Some(100), reason, raw: raw.as_bytes().to_vec() };
        for (raw, flag) in [
            ("(2075 rows affected)", "\"(\""),
            ("Total: 5", "\"Total\""),
            ("TR|2075|1.00", "\"TR|\""),
            ("# end", "\"#\""),
        ] {
            let said = advice(&reject(raw, Reason::TooFewFields), 100 + raw.len() as u64 + 1);
            assert!(said.as_deref().is_some_and(|said| said.contains(flag)), "{raw}: {said:?}");
        }
        // Not a row that was cut short, one in the middle, or one with another fault.
        assert_eq!(advice(&reject("C1,M1", Reason::TooFewFields), 105), None);
        assert_eq!(advice(&reject("(5 rows)", Reason::TooFewFields), 400), None);
        assert_eq!(advice(&reject("(5 rows)", Reason::UnclosedQuote), 108), None);
    }

    #[test]
    fn footers_are_upper_case() {
        let Footers { begins } = toml::from_str(FOOTERS).expect("it is TOML");
        assert!(begins.iter().all(|begin| !begin.is_empty() && *begin == begin.to_uppercase()));
    }
}
