//! The selection of a run: which rules are asked.
//!
//! A word names a rule, such as `DX101`, or all rules whose codes start with it, such as `DX`. A rule is asked if a word
//! of `select` names it, or if nothing is selected, and if no word of `ignore` names it. If both lists name it, the
//! longer word decides, and `ignore` if both are as long.

/// The words of `--select` and `--ignore`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these rules are asked; all if the list is empty.
    pub select: Vec<String>,
    /// These rules are not asked.
    pub ignore: Vec<String>,
}

impl Selection {
    /// Does it leave every rule in?
    pub(crate) fn is_everything(&self) -> bool {
        self.select.is_empty() && self.ignore.is_empty()
    }

    /// Is a rule of this code asked?
    pub fn asks(&self, code: &str) -> bool {
        let longest = |words: &[String]| words.iter().filter(|w| code.starts_with(w.as_str())).map(String::len).max();
        let selected = if self.select.is_empty() { Some(0) } else { longest(&self.select) };
        match (selected, longest(&self.ignore)) {
            (Some(selected), Some(ignored)) => selected > ignored,
            (selected, None) => selected.is_some(),
            (None, Some(_)) => false,
        }
    }
}

/// Reads a word of `--select` or `--ignore` in any case. `roster` has the codes of all rules.
///
/// # Errors
///
/// A sentence that says what to write, if no rule has a code that starts with the word.
pub(crate) fn read_word(text: &str, roster: &[&str]) -> Result<String, String> {
    let word = text.trim().to_ascii_uppercase();
    if !word.is_empty() && roster.iter().any(|code| code.starts_with(&word)) {
        return Ok(word);
    }
    Err("names no rule: write codes such as DX101, or the start of several, such as DX; `claimlint rules` lists all"
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_word_decides() {
        let list = |words: &str| words.split_whitespace().map(str::to_owned).collect();
        for (select, ignore, asked, not_asked) in [
            ("", "", "DX101 DQ501", ""),
            ("DX101 PA", "", "DX101 PA201 PA208", "DX102 DQ501"),
            ("", "DQ", "DX101 PA201", "DQ501 DQ513"),
            ("DQ501", "DQ", "DQ501", "DQ502 DX101"),
            ("DQ", "DQ501", "DQ502", "DQ501 DX101"),
            ("DX101", "DX101", "", "DX101"),
        ] {
            let selection = Selection { select: list(select), ignore: list(ignore) };
            for (codes, expected) in [(asked, true), (not_asked, false)] {
                for code in codes.split_whitespace() {
                    assert_eq!(selection.asks(code), expected, "{code} of select {select:?}, ignore {ignore:?}");
                }
            }
        }
    }

    #[test]
    fn a_word_names_a_rule() {
        let roster = ["DX101", "PA201"];
        assert_eq!(read_word(" dx1 ", &roster), Ok("DX1".to_owned()));
        for text in ["", "X", "DX1011", "DX 101"] {
            assert!(read_word(text, &roster).is_err(), "{text}");
        }
    }
}
