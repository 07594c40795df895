//! How words are compared: status words, product labels and short codes, in cells and in the tables that explain them.

/// Folds a label: upper-case, every run of characters other than A-Z and 0-9 as one blank, no blanks at the ends.
pub fn fold(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    folded(label, |b| out.push(char::from(b)));
    out
}

/// Passes the bytes of the folded label to a function, one by one.
pub(crate) fn folded(label: &str, mut take: impl FnMut(u8)) {
    let (mut started, mut gap) = (false, false);
    for b in label.bytes() {
        if b.is_ascii_alphanumeric() {
            if started && gap {
                take(b' ');
            }
            take(b.to_ascii_uppercase());
            (started, gap) = (true, false);
        } else {
            gap = true;
        }
    }
}

/// Normalizes a short code (frequency, status, payer sequence, ...): removes a final `.0`, and zeros before another character.
/// `01`, `1.0` and `1` are the same code.
pub(crate) fn short_code(cell: &str) -> &str {
    let code = cell.strip_suffix(".0").unwrap_or(cell);
    let trimmed = code.trim_start_matches('0');
    if trimmed.is_empty() && !code.is_empty() { &code[code.len() - 1..] } else { trimmed }
}

/// Last words of a label that are remnants of a trademark or service mark sign.
const MARK_WORDS: [&str; 3] = ["SM", "TM", "R"];

/// A folded label without a last word that is what is left of a mark.
pub(crate) fn without_mark(label: &str) -> &str {
    match label.rsplit_once(' ') {
        Some((before, last)) if MARK_WORDS.contains(&last) => before,
        None if MARK_WORDS.contains(&label) => "",
        _ => label,
    }
}

/// The text by which a product label is looked up.
pub(crate) fn product_key(label: &str) -> String {
    without_mark(&fold(label)).to_owned()
}
