//! Maps a product label to a class of the policy's authorization table.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::claim::value::words::{Folded, MAX_LABEL_LEN, fold};
use crate::ingest::eight_bytes::{both_ends, mixed};
use crate::ingest::word::{product_key, without_mark};
use crate::steps;

/// Index of a class in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassId(pub u8);

/// Labels and the class each means.
#[derive(Debug, Clone)]
pub struct ProductTable {
    /// By folded label.
    labels: FxHashMap<Box<str>, ClassId>,
    /// By folded brand name, which further words may follow.
    brands: FxHashMap<Box<str>, ClassId>,
    /// Words after a brand name that make it a different product.
    other_products: Vec<Box<str>>,
    fallback: ClassId,
}

/// The signs for trademark and service mark.
const MARK_SIGNS: [char; 2] = ['\u{2122}', '\u{2120}'];

/// The classes of labels that were looked up before. An extract has few labels, and to look one up takes as long as to read
/// several other cells.
#[derive(Debug, Default)]
pub(crate) struct KnownLabels {
    /// The number of the extract, whose layout may have labels of its own.
    extract: u32,
    classes: Vec<Option<(String, Option<ClassId>)>>,
}

/// Places for labels. Two labels that share a place are looked up again whenever they alternate.
const KNOWN_LABELS: usize = 128;

impl KnownLabels {
    /// The same as [`ProductTable::known`] of the table of this extract.
    #[inline]
    pub(crate) fn class(&mut self, extract: u32, table: &ProductTable, label: &str) -> Option<ClassId> {
        if self.extract != extract || self.classes.is_empty() {
            self.extract = extract;
            self.classes.clear();
            self.classes.resize_with(KNOWN_LABELS, || None);
        }
        if label.is_empty() {
            return table.known(label);
        }
        let [first, last] = both_ends(label.as_bytes());
        let place = (mixed(mixed(label.len() as u64, first), last) >> 32) as usize;
        match &mut self.classes[place % KNOWN_LABELS] {
            Some((known, class)) if known == label => *class,
            other => {
                let class = table.known(label);
                // Longer texts are no labels, and are not worth the memory.
                if label.len() <= MAX_LABEL_LEN {
                    *other = Some((label.to_owned(), class));
                }
                class
            }
        }
    }
}

impl ProductTable {
    /// A table whose unknown and empty labels are `fallback`.
    pub fn new(labels: impl IntoIterator<Item = (String, ClassId)>, fallback: ClassId) -> Self {
        let table =
            Self { labels: FxHashMap::default(), brands: FxHashMap::default(), other_products: Vec::new(), fallback };
        table.with(labels)
    }

    /// Adds brands, which also match as the first words of a longer label, except before one of the words `others`.
    #[must_use]
    pub(crate) fn with_brands(mut self, brands: Vec<(String, ClassId)>, other_products: &[String]) -> Self {
        self.brands = FxHashMap::default();
        for (brand, class) in brands {
            // Of two equal brands the first counts.
            self.brands.entry(fold(&brand).into()).or_insert(class);
        }
        self.other_products = other_products.iter().map(|word| fold(word).into()).collect();
        self
    }

    /// Adds a user's own labels, which are looked up first.
    #[must_use]
    pub fn with(mut self, labels: impl IntoIterator<Item = (String, ClassId)>) -> Self {
        for (label, class) in labels {
            self.labels.insert(product_key(&label).into(), class);
        }
        self
    }

    /// The class of a label, if the table knows it.
    pub fn known(&self, label: &str) -> Option<ClassId> {
        if !label.is_ascii() && label.contains(MARK_SIGNS) {
            return self.folded(&Folded::new(&label.replace(MARK_SIGNS, "")));
        }
        self.folded(&Folded::new(label))
    }

    /// The class of a label. Unknown labels have the fallback class.
    pub fn class(&self, label: &str) -> ClassId {
        self.known(label).unwrap_or(self.fallback)
    }

    /// The class of labels that the table does not know.
    pub(crate) fn fallback(&self) -> ClassId {
        self.fallback
    }

    fn folded(&self, folded: &Folded) -> Option<ClassId> {
        let label = without_mark(folded.text()?);
        self.labels.get(label).copied().or_else(|| self.branded(label))
    }

    fn branded(&self, label: &str) -> Option<ClassId> {
        // The longest first words that are a brand. A label has few words.
        let (class, rest) = label.rmatch_indices(' ').find_map(|(at, _)| {
            steps::take(1);
            Some((*self.brands.get(&label[..at])?, &label[at + 1..]))
        })?;
        let is_other = rest.split(' ').any(|word| self.other_products.iter().any(|other| **other == *word));
        (!is_other).then_some(class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let label = |text: &str, class| (text.to_owned(), ClassId(class));
        let table = ProductTable::new(
            [label("HMO BLUE", 1), label("commercial-ppo", 2), label("MEDICARE HMO BLUE", 3), label("MEDEX", 4)],
            ClassId(9),
        )
        .with_brands(
            vec![label("HMO BLUE", 1), label("MEDICARE HMO BLUE", 3), label("MEDEX", 4)],
            &["MEDICARE", "MEDEX", "SUPPLEMENT", "DENTAL"].map(str::to_owned),
        );
        let mut known = KnownLabels::default();
        for (text, want) in [
            ("hmo  blue", 1),
            ("HMO-Blue.", 1),
            ("(hmo/blue)", 1),
            ("Commercial PPO", 2),
            ("HMOBLUE", 9),
            ("", 9),
            ("caf\u{e9}", 9),
            // Marks.
            ("HMO Blue\u{ae}", 1),
            ("HMO Blue\u{2120}", 1),
            ("HMO Blue SM", 1),
            ("HMO Blue (R)", 1),
            ("HMO Blue TM", 1),
            ("Medicare HMO Blue\u{2122}", 3),
            ("HMO BLUE SMART", 1),
            ("HMO Blue R SM", 1),
            ("commercial-ppo SM TM", 9),
            ("SM", 9),
            // Brands.
            ("HMO Blue New England Deductible", 1),
            ("HMO Blue\u{ae} $20", 1),
            ("Medicare HMO Blue FlexRx", 3),
            ("Medex Bronze", 4),
            ("HMO Blues", 9),
            ("My HMO Blue", 9),
            ("commercial-ppo plus", 9),
            ("HMO Blue Medicare", 9),
            ("HMO Blue with Dental rider", 9),
            ("HMO Blue Dentals", 1),
            ("Medex Medicare Supplement", 9),
        ] {
            assert_eq!(table.class(text), ClassId(want), "{text}");
            for _ in 0..2 {
                assert_eq!(known.class(0, &table, text).unwrap_or(ClassId(9)), ClassId(want), "{text}");
            }
        }
        let own = table.with([label("Hmo_Blue", 5), label("HMO BLUE DENTAL", 6), label("hmo blue basic sm", 7)]);
        assert_eq!(known.class(1, &own, "HMO BLUE BASIC"), Some(ClassId(7)), "another extract");
        for (text, want) in [("HMO BLUE", 5), ("HMO BLUE X", 1), ("HMO BLUE DENTAL", 6), ("HMO BLUE BASIC", 7)] {
            assert_eq!(own.class(text), ClassId(want), "{text}");
        }
    }
}
