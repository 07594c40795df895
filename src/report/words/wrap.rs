//! Lines of a bounded width, for texts that are read in a terminal or a mail.

/// Puts words into lines of at most `width` columns, with blanks between them. A longer word has a line of its own. There is at
/// least one line.
pub(crate) fn lines<'w>(words: impl IntoIterator<Item = &'w str>, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut columns) = (String::new(), 0);
    for word in words {
        let length = word.chars().count();
        if columns > 0 && columns + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            columns = 0;
        }
        if columns > 0 {
            line.push(' ');
            columns += 1;
        }
        line.push_str(word);
        columns += length;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_they_may_be() {
        let wrapped = |text: &'static str, width| lines(text.split(' '), width);
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 6), ["one", "two", "three"]);
        assert_eq!(wrapped("a longest-of-all b", 4), ["a", "longest-of-all", "b"]);
        assert_eq!(wrapped("\u{e9}\u{e9} \u{e9}\u{e9}", 5), ["\u{e9}\u{e9} \u{e9}\u{e9}"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
