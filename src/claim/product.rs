//! From a product label to the class that the policy's authorization table names.

use rustc_hash::FxHashMap;

/// Number of a class in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u8);

/// Upper-case; every run of characters other than A-Z and 0-9 becomes one blank; ends trimmed.
pub fn fold(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    for c in label.chars().flat_map(char::to_uppercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Labels and the class each means.
#[derive(Debug, Clone)]
pub struct ProductTable {
    labels: FxHashMap<String, ClassId>,
    fallback: ClassId,
}

impl ProductTable {
    /// A table whose unknown and empty labels are `fallback`.
    pub fn new(labels: impl IntoIterator<Item = (String, ClassId)>, fallback: ClassId) -> Self {
        Self { labels: labels.into_iter().map(|(label, class)| (fold(&label), class)).collect(), fallback }
    }

    /// The same table with a user's labels, which are looked up first.
    #[must_use]
    pub fn with(mut self, labels: impl IntoIterator<Item = (String, ClassId)>) -> Self {
        self.labels.extend(labels.into_iter().map(|(label, class)| (fold(&label), class)));
        self
    }

    /// The class of a label.
    pub fn class(&self, label: &str) -> ClassId {
        if label.is_empty() {
            return self.fallback;
        }
        self.labels.get(label).or_else(|| self.labels.get(&fold(label))).copied().unwrap_or(self.fallback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let table = ProductTable::new(
            [("HMO BLUE".to_owned(), ClassId(1)), ("commercial-ppo".to_owned(), ClassId(2))],
            ClassId(9),
        );
        for (label, want) in [
            ("hmo  blue", 1),
            ("HMO-Blue.", 1),
            ("(hmo/blue)", 1),
            ("Commercial PPO", 2),
            ("HMOBLUE", 9),
            ("", 9),
            ("caf\u{e9}", 9),
        ] {
            assert_eq!(table.class(label), ClassId(want), "{label}");
        }
        assert_eq!(table.with([("Hmo_Blue".to_owned(), ClassId(3))]).class("HMO BLUE"), ClassId(3));
    }
}
