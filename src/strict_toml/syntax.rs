//! What is said of a text that is not TOML: the first errors of the parser, and the bracket or quotes that were left open.
//!
//! The parser goes on after an error, so that several mistakes are said at once. But where one bracket is never closed, or the file
//! is something else, nearly every later line is an error, too.

use crate::strict_toml::document::Document;

/// Errors of the parser that are said of one file. Most of the later ones follow from the first.
const MOST_SAID: usize = 3;

/// An error: the byte where it is, and what it says.
pub(super) type SyntaxError = (usize, String);

/// What to say of the text of a document, which has these errors.
pub(super) fn said(document: &Document<'_>, text: &str, mut errors: Vec<SyntaxError>) -> Vec<SyntaxError> {
    errors.sort();
    // The library has no error kind for this, so its text is compared.
    let unclosed = ["unclosed array,", "unclosed inline table", "invalid multi-line "];
    let is_unclosed = |what: &str| unclosed.iter().any(|unclosed| what.starts_with(unclosed));
    // Where it is said what was left open.
    let mut open_end = None;
    if errors.iter().any(|(_, what)| is_unclosed(what))
        && let Some((open, what, end)) = left_open(text)
    {
        // The first error after the bracket or quotes stands for all of them.
        errors.truncate(errors.partition_point(|(at, _)| *at <= open) + 1);
        let (line, column) = document.line_and_column(open);
        if let Some((at, said)) = errors.last_mut() {
            open_end = Some(*at);
            *said = format!(
                "{said}; the {what} that begins at line {line}, column {column} is not closed: write {end} at its end"
            );
        }
    }
    let (mut said, mut explained, mut later) = (Vec::new(), None, Vec::new());
    for (at, what) in errors {
        let line = document.line_of(at);
        if explained == Some(line) {
            // It follows from the mistake before it on the line.
        } else if said.len() == MOST_SAID {
            later.push(at);
        } else {
            let remedy = if open_end == Some(at) { None } else { remedy(text, at, &what) };
            explained = remedy.is_some().then_some(line);
            said.push((at, format!("not TOML: {}", remedy.unwrap_or(what))));
        }
    }
    said.extend(later.first().map(|at| (*at, later_errors(later.len()))));
    said
}

/// What to write in place of the most common mistakes: a text without quotes, `True`, and the backslashes of a path.
fn remedy(text: &str, at: usize, what: &str) -> Option<String> {
    if what.contains("unicode") || what.contains("escape") {
        return Some(
            "a backslash in double quotes begins an escape: write / in paths, or use single quotes".to_owned(),
        );
    }
    let line_start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let word_start =
        text[line_start..at].rfind([' ', '\t', '=', ',', '[']).map_or(line_start, |end| line_start + end + 1);
    let word = text[word_start..].split([' ', '\t', ',', ']', '}', '#', '\r', '\n']).next()?;
    if !text[line_start..word_start].contains('=')
        || !word.starts_with(|c: char| c.is_alphabetic())
        || word.contains(['"', '\'', '='])
    {
        return None;
    }
    Some(match word.to_lowercase().as_str() {
        truth @ ("true" | "false") if truth != word => format!("write {truth} in small letters"),
        "true" | "false" => return None,
        _ => format!("a text has quotes: write \"{word}\""),
    })
}

/// The sentence for the errors that are not said one by one.
fn later_errors(count: usize) -> String {
    let are = if count == 1 { "is 1 more error" } else { &format!("are {count} more errors") };
    format!("not TOML: from here on there {are}, which may follow from those above; is it the file that you meant?")
}

/// The first bracket of a value that is never closed, or the quotes of a text of several lines, what they open, and what would close it.
fn left_open(text: &str) -> Option<(usize, &'static str, &'static str)> {
    let bytes = text.as_bytes();
    let mut open: Vec<usize> = Vec::new();
    let (mut at, mut begins_line) = (0, true);
    while let Some(byte) = bytes.get(at) {
        let mut end = at + 1;
        match byte {
            b'"' | b'\'' => match after_text(bytes, at) {
                Some(after) => end = after,
                // All that follows is in the text.
                None => return Some((at, "text", if *byte == b'"' { "\"\"\"" } else { "'''" })),
            },
            b'#' => end = after_line(bytes, at),
            // The header of a table, not a value.
            b'[' if begins_line && open.is_empty() => end = after_line(bytes, at),
            b'[' | b'{' => open.push(at),
            b']' | b'}' => drop(open.pop()),
            _ => {}
        }
        begins_line = bytes[end - 1] == b'\n' || begins_line && byte.is_ascii_whitespace();
        at = end;
    }
    let first = *open.first()?;
    Some(match bytes[first] {
        b'[' => (first, "list", "]"),
        _ => (first, "table", "}"),
    })
}

/// The byte after the line in which `at` is.
fn after_line(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1)
}

/// The byte after the text in quotes that begins at `at`. One that is not closed ends with its line; `None` if it may have several
/// lines.
fn after_text(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = bytes[at];
    let has_lines = bytes[at..].starts_with(&[quote; 3]);
    let ends = &[quote; 3][..if has_lines { 3 } else { 1 }];
    let mut next = at + ends.len();
    while let Some(byte) = bytes.get(next) {
        match byte {
            b'\n' if !has_lines => return Some(next + 1),
            // In these quotes a backslash makes the next character one of the text.
            b'\\' if quote == b'"' => next += 2,
            _ if bytes[next..].starts_with(ends) => return Some(next + ends.len()),
            _ => next += 1,
        }
    }
    (!has_lines).then_some(bytes.len())
}

#[cfg(test)]
mod tests {
    use crate::strict_toml::document::Document;

    /// The faults of a text, as `LINE:COLUMN: MESSAGE`.
    fn faults(text: &str) -> Vec<String> {
        let faults = Document::load("x.toml", text, |_, _| Some(())).expect_err("it is not TOML").list;
        faults.into_iter().map(|fault| format!("{}:{}: {}", fault.line, fault.column, fault.message)).collect()
    }

    #[test]
    fn common_mistakes_are_answered_with_what_to_write() {
        for (text, want) in [
            ("a = never\n", vec!["1:5: not TOML: a text has quotes: write \"never\""]),
            ("a = info # x\nb = 1\n", vec!["1:5: not TOML: a text has quotes: write \"info\""]),
            (
                "a = my.toml\nb = no\n",
                vec![
                    "1:5: not TOML: a text has quotes: write \"my.toml\"",
                    "2:5: not TOML: a text has quotes: write \"no\"",
                ],
            ),
            ("a = [DQ, PA]\n", vec!["1:6: not TOML: a text has quotes: write \"DQ\""]),
            ("a = True\n", vec!["1:5: not TOML: write true in small letters"]),
        ] {
            assert_eq!(faults(text), want, "{text}");
        }
        let path = faults("a = \"C:\\Users\\me\\my.toml\"\n");
        assert_eq!(path.len(), 1, "{path:?}");
        assert!(path[0].ends_with("write / in paths, or use single quotes"), "{path:?}");
        // What was left open is said all the same.
        assert!(faults("a = [DQ,\n").iter().any(|fault| fault.ends_with("is not closed: write ] at its end")));
        // A table without its end is no value.
        assert!(!faults("[rule\n")[0].contains("quotes"));
    }

    #[test]
    fn a_bracket_that_is_never_closed_is_one_fault() {
        let lines = |n: usize| format!("key_{n} = \"value ]\"\n[table_{n}]\nother = [1, 2]\n");
        let rest: String = (0..500).map(lines).collect();
        for (opened, place, says) in [
            ("x = [\n", "2:", "the list that begins at line 1, column 5 is not closed: write ] at its end"),
            ("\n[[t]]\n  x = [ \"a ]\", 'b\\',\n", "4:", "the list that begins at line 3, column 7 is not closed"),
            ("a = [[1], [2]]\nx = [[3], [4]\n", "3:", "the list that begins at line 2, column 5 is"),
            ("# ]\nx = [ # ]\n", "3:", "the list that begins at line 2, column 5 is"),
            (
                "x = { a = \"\"\"\n}\"\"\", b = 1\n",
                "3:",
                "the table that begins at line 1, column 5 is not closed: write }",
            ),
        ] {
            let faults = faults(&(opened.to_owned() + &rest));
            assert!(faults.len() == 1 && faults[0].starts_with(place), "{opened}: {faults:#?}");
            assert!(faults[0].contains(says), "{opened}: {faults:#?}");
        }
        let before = faults(&format!("a = \nx = [\n{rest}"));
        assert!(
            before.len() == 2 && before[0].starts_with("1:") && before[1].contains("line 2, column 5"),
            "{before:#?}"
        );
    }

    #[test]
    fn quotes_that_are_never_closed_are_named() {
        for (text, says) in [
            (
                "a = 1\nx = '''\nabc\n[t]\nb = 2\n",
                "the text that begins at line 2, column 5 is not closed: write ''' at its end",
            ),
            (
                "x = \"\"\"abc \\\"\"\"\n[t]\n",
                "the text that begins at line 1, column 5 is not closed: write \"\"\" at its end",
            ),
            ("x = [ \"a\", \"\"\"b\n", "the text that begins at line 1, column 12 is not closed"),
        ] {
            let faults = faults(text);
            assert!(faults.len() == 1 && faults[0].contains(says), "{text}: {faults:#?}");
        }
        // The end of the line closes it, and the parser says where it is.
        assert_eq!(faults("x = \"abc\n[t]\n").len(), 1);
        assert!(!faults("x = \"abc\n[t]\n")[0].contains("not closed"));
    }

    #[test]
    fn of_many_errors_the_first_few_are_said() {
        let csv = "claim_id,member_id\n".to_owned() + &"C1,M1\n".repeat(2_000);
        let said = faults(&csv);
        assert_eq!(said.len(), 4, "{said:#?}");
        assert!(said[0].starts_with("1:") && said[3].contains(" more errors, which may follow"), "{said:#?}");
        let three = faults("a = \nb = 1\nc = \nd = 2\ne = \n");
        assert!(three.len() == 3 && three.iter().all(|fault| fault.starts_with(['1', '3', '5'])), "{three:#?}");
    }
}
