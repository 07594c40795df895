//! Lists in sentences.

/// A list as alternatives: `A`, `A or B`, `A, B or C`. Empty if it is.
pub(crate) fn alternatives(items: &[&str]) -> String {
    match items {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        few => few.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_item_follows_an_or() {
        for (items, want) in [(&[][..], ""), (&["A"], "A"), (&["A", "B"], "A or B"), (&["A", "B", "C"], "A, B or C")] {
            assert_eq!(alternatives(items), want);
        }
    }
}
