//! Distinct keys of a table or of an extract, in bounded memory.

use rustc_hash::FxHashSet;

/// Keys that a set holds: at eight bytes each, with room for growth, 32 MiB at most.
const MAX_KEYS: usize = 1 << 20;

/// Most halvings of a set: so often halved, the range has no more hashes than a set holds.
const MAX_HALVINGS: u32 = u64::BITS - MAX_KEYS.ilog2();

/// Distinct keys by their hashes. A set with more than [`MAX_KEYS`] keys keeps a sample of them: those whose hash is in the
/// lowest half of all hashes, the lowest quarter, and so on. The sample depends on the keys alone, not on their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySet {
    hashes: FxHashSet<u64>,
    /// How often the range of hashes was halved.
    halvings: u32,
    /// The hash added last. Rows of one claim mostly follow each other.
    last: Option<u64>,
}

impl KeySet {
    /// Adds a key.
    pub(crate) fn add(&mut self, key: &str) {
        let hash = hash(key.as_bytes());
        if self.last != Some(hash) {
            self.last = Some(hash);
            self.put(hash);
        }
    }

    /// Adds the keys of another set.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.sample_of(other.halvings);
        other.hashes.iter().for_each(|hash| self.put(*hash));
    }

    /// The keys that both have.
    pub(crate) fn common(&self, other: &Self) -> Self {
        let (few, many) = if self.hashes.len() < other.hashes.len() { (self, other) } else { (other, self) };
        let halvings = self.halvings.max(other.halvings);
        let hashes = few.hashes.iter().filter(|hash| is_in(**hash, halvings) && many.hashes.contains(hash));
        Self { hashes: hashes.copied().collect(), halvings, last: None }
    }

    /// Number of keys; an estimate if the set is a sample.
    pub(crate) fn len(&self) -> u64 {
        (self.hashes.len() as u64) << self.halvings
    }

    /// Number of keys that a sample after as many halvings as `other` holds.
    pub(crate) fn held_beside(&self, other: &Self) -> u64 {
        self.hashes.iter().filter(|hash| is_in(**hash, other.halvings)).count() as u64
    }

    /// Is there no key?
    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Are only some of the keys held?
    pub(crate) fn is_sample(&self) -> bool {
        self.halvings > 0
    }

    /// The number of its hashes, and how often their range was halved.
    pub(crate) fn size(&self) -> (u64, u32) {
        (self.hashes.len() as u64, self.halvings)
    }

    /// Its hashes, in order.
    pub(crate) fn sorted(&self) -> Vec<u64> {
        let mut hashes: Vec<u64> = self.hashes.iter().copied().collect();
        hashes.sort_unstable();
        hashes
    }

    /// A set to [restore](Self::restore) hashes to. `None`: no range was halved so often.
    pub(crate) fn halved(halvings: u32) -> Option<Self> {
        (halvings <= MAX_HALVINGS).then(|| Self { halvings, ..Self::default() })
    }

    /// Adds a hash of a set that was halved as often. `false`: that set cannot have held it.
    pub(crate) fn restore(&mut self, hash: u64) -> bool {
        is_in(hash, self.halvings) && self.hashes.len() < MAX_KEYS && self.hashes.insert(hash)
    }

    /// Has this set all keys of a set that was halved more often, or as often?
    pub(crate) fn has_all(&self, others: &Self) -> bool {
        others.halvings >= self.halvings && others.hashes.is_subset(&self.hashes)
    }

    fn put(&mut self, hash: u64) {
        if is_in(hash, self.halvings) && self.hashes.insert(hash) {
            while self.hashes.len() > MAX_KEYS {
                self.sample_of(self.halvings + 1);
            }
        }
    }

    /// Drops the keys that are not in the sample after this many halvings.
    fn sample_of(&mut self, halvings: u32) {
        if halvings > self.halvings {
            self.halvings = halvings;
            self.hashes.retain(|hash| is_in(*hash, halvings));
        }
    }
}

/// Is a hash in the part of the range that is left after these halvings?
fn is_in(hash: u64, halvings: u32) -> bool {
    hash.leading_zeros() >= halvings
}

/// FNV-1a, then the last step of the third Murmur hash, which spreads it over all bits. The same on every machine.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for b in bytes {
        hash = (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(keys: impl Iterator<Item = u32>) -> KeySet {
        let mut set = KeySet::default();
        keys.for_each(|key| set.add(&key.to_string()));
        set
    }

    #[test]
    fn few_keys_are_counted_exactly() {
        let (a, b) = (set([1, 1, 2, 3, 2].into_iter()), set([3, 4, 5].into_iter()));
        assert_eq!((a.len(), b.len(), a.common(&b).len(), a.is_sample()), (3, 3, 1, false));
        let mut both = a.clone();
        both.merge(&b);
        assert_eq!((both.len(), a.common(&set(7..9)).is_empty()), (5, true));
    }

    #[test]
    fn many_keys_are_sampled_alike_in_any_order() {
        let many = 3 * MAX_KEYS as u32;
        let (up, down) = (set(0..many), set((0..many).rev()));
        assert_eq!((up.halvings, &up.hashes), (down.halvings, &down.hashes));
        let mut parts = set(0..many / 2);
        parts.merge(&set(many / 2..many));
        assert_eq!((up.halvings, &up.hashes), (parts.halvings, &parts.hashes));
        assert!(up.is_sample() && up.hashes.len() <= MAX_KEYS);
        let error = up.len().abs_diff(u64::from(many));
        assert!(error * 100 < u64::from(many), "{} for {many}", up.len());
        let mut restored = KeySet::halved(up.size().1).expect("it was halved so often");
        assert!(up.sorted().into_iter().all(|hash| restored.restore(hash)) && restored.hashes == up.hashes);
        assert!(!restored.restore(u64::MAX) && KeySet::halved(64).is_none(), "no set holds that");
        // A key that is in both is in both samples or in neither.
        let few = set(0..1000);
        assert!(up.common(&few).hashes.iter().all(|hash| few.hashes.contains(hash)));
    }
}
