//! From a product label to the class that the policy's authorization table names.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Number of a class in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassId(pub u8);

/// Longest folded label that is looked up; labels are product names, not prose.
pub const LONGEST: usize = 128;

/// Upper-case; every run of characters other than A-Z and 0-9 becomes one blank; ends trimmed.
pub fn fold(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    folded(label, |b| out.push(char::from(b)));
    out
}

/// Hands on the bytes of the folded label, one by one.
fn folded(label: &str, mut take: impl FnMut(u8)) {
    let (mut started, mut gap) = (false, false);
    let mut add = |b: u8| {
        if b.is_ascii_alphanumeric() {
            if started && gap {
                take(b' ');
            }
            take(b);
            (started, gap) = (true, false);
        } else {
            gap = true;
        }
    };
    // Every line that is kept comes here, and hardly a label is not ASCII.
    if label.is_ascii() {
        label.bytes().for_each(|b| add(b.to_ascii_uppercase()));
    } else {
        label.chars().flat_map(char::to_uppercase).for_each(|c| add(if c.is_ascii() { c as u8 } else { b' ' }));
    }
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
        Self {
            labels: labels.into_iter().map(|(label, class)| (fold(&label).into_bytes().into(), class)).collect(),
            fallback,
        }
    }

    /// The same table with a user's labels, which are looked up first.
    #[must_use]
    pub fn with(mut self, labels: impl IntoIterator<Item = (String, ClassId)>) -> Self {
        self.labels.extend(labels.into_iter().map(|(label, class)| (fold(&label).into_bytes().into(), class)));
        self
    }

    /// The class of a label.
    pub fn class(&self, label: &str) -> ClassId {
        // Asked for every line that is kept: fold on the stack, look up without allocating.
        let mut buffer = [0u8; LONGEST];
        let mut length = 0;
        folded(label, |b| {
            if let Some(place) = buffer.get_mut(length) {
                *place = b;
            }
            length += 1;
        });
        buffer.get(..length).and_then(|folded| self.labels.get(folded)).copied().unwrap_or(self.fallback)
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
