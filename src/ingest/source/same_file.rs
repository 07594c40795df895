//! Finds inputs given twice: the same path, a link to the same file, or equal bytes.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use crate::ingest::source::input_hash::{FileHash, HashScope};

/// For each name, the position of an earlier name for the same file. An input that is not a file, or cannot be read, is
/// compared by name only.
pub fn repeated(names: &[String]) -> Vec<Option<usize>> {
    let file = |name: &String| std::fs::metadata(name).ok().filter(std::fs::Metadata::is_file).map(|m| m.len());
    let sizes: Vec<Option<u64>> = names.iter().map(file).collect();
    let mut with_size: FxHashMap<u64, usize> = FxHashMap::default();
    sizes.iter().flatten().for_each(|size| *with_size.entry(*size).or_default() += 1);
    // Only files of equal size are sampled, and only files with equal samples are hashed whole.
    let hash = |name: &String, scope| FileHash::compute(name, scope).ok().flatten().map(|hash| hash.blake3);
    let sampled: Vec<Option<String>> = (names.iter().zip(&sizes))
        .map(|(name, size)| size.filter(|size| with_size[size] > 1).and_then(|_| hash(name, HashScope::Sampled)))
        .collect();
    let mut with_sample: FxHashMap<&String, usize> = FxHashMap::default();
    sampled.iter().flatten().for_each(|sample| *with_sample.entry(sample).or_default() += 1);
    let mut first: FxHashMap<(Option<PathBuf>, Option<String>), usize> = FxHashMap::default();
    let mut same = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let by_name = (Some(std::fs::canonicalize(name).unwrap_or_else(|_| PathBuf::from(name))), None);
        let whole =
            sampled[i].as_ref().filter(|sample| with_sample[sample] > 1).and_then(|_| hash(name, HashScope::Full));
        let earlier = first.get(&by_name).copied();
        let earlier = earlier.or_else(|| whole.as_ref().and_then(|w| first.get(&(None, Some(w.clone()))).copied()));
        first.entry(by_name).or_insert(i);
        if let Some(whole) = whole {
            first.entry((None, Some(whole))).or_insert(i);
        }
        same.push(earlier);
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_the_same_by_path_or_by_bytes() {
        let directory = tempfile::tempdir().expect("a directory");
        let put = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("room");
            path.display().to_string()
        };
        let (a, b, c) = (put("a", "one"), put("b", "two"), put("c", "one"));
        let roundabout =
            format!("{}/../{}/a", directory.path().display(), directory.path().file_name().expect("a name").display());
        let names =
            [&a, &b, &c, &a, &roundabout, &"-".to_owned(), &"gone".to_owned(), &"-".to_owned()].map(Clone::clone);
        assert_eq!(repeated(&names), [None, None, Some(0), Some(0), Some(0), None, None, Some(5)]);
    }
}
