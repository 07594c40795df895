//! From a product label to the class that the policy's authorization table names.

use rustc_hash::FxHashMap;

/// Number of a class in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u8);

/// Longest folded label that is looked up; labels are product names, not prose.
pub const LONGEST: usize = 128;

/// Upper-case; every run of characters other than A-Z and 0-9 becomes one blank; ends trimmed.
pub fn fold(label: &str) -> String {
    folded(label).map(char::from).collect()
}

fn folded(label: &str) -> impl Iterator<Item = u8> {
    let (mut started, mut gap) = (false, false);
    let upper = label.chars().flat_map(char::to_uppercase);
    upper
        .flat_map(move |c| {
            if !c.is_ascii_alphanumeric() {
                gap = true;
                return [None, None];
            }
            let blank = (started && gap).then_some(b' ');
            (started, gap) = (true, false);
            [blank, Some(c as u8)]
        })
        .flatten()
}

/// Labels and the class each means.
#[derive(Debug, Clone)]
pub struct ProductTable {
    /// By folded label.
    labels: FxHashMap<Box<[u8]>, ClassId>,
    fallback: ClassId,
}

impl ProductTable {
    /// A table whose unknown and empty labels are `fallback`.
    pub fn new(labels: impl IntoIterator<Item = (String, ClassId)>, fallback: ClassId) -> Self {
        Self { labels: labels.into_iter().map(|(label, class)| (folded(&label).collect(), class)).collect(), fallback }
    }

    /// The same table with a user's labels, which are looked up first.
    #[must_use]
    pub fn with(mut self, labels: impl IntoIterator<Item = (String, ClassId)>) -> Self {
        self.labels.extend(labels.into_iter().map(|(label, class)| (folded(&label).collect(), class)));
        self
    }

    /// The class of a label.
    pub fn class(&self, label: &str) -> ClassId {
        // Asked for every line that is kept: fold on the stack, look up without allocating.
        let mut buffer = [0u8; LONGEST];
        let mut length = 0;
        for b in folded(label) {
            let Some(place) = buffer.get_mut(length) else { return self.fallback };
            *place = b;
            length += 1;
        }
        self.labels.get(&buffer[..length]).copied().unwrap_or(self.fallback)
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
