//! Files beside an input that tell whether it is complete: `.done` files, and checksums as `sha256sum`, `md5sum` and their
//! like write them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{anyhow, bail};
use md5::Md5;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use sha2::digest::Digest;
use sha2::{Sha256, Sha512};

use crate::cli::load::describe_io_error;

/// The ending of a file whose existence says that the file beside it is complete.
const DONE: &str = "done";

/// A kind of checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha512,
    Md5,
}

/// Each kind with its name, the endings of files with one checksum, and the names of files with those of a directory.
const ALGORITHMS: [(Algorithm, &str, [&str; 2], &str); 3] = [
    (Algorithm::Sha256, "SHA-256", ["sha256", "sha256sum"], "SHA256SUMS"),
    (Algorithm::Sha512, "SHA-512", ["sha512", "sha512sum"], "SHA512SUMS"),
    (Algorithm::Md5, "MD5", ["md5", "md5sum"], "MD5SUMS"),
];

/// Most bytes of a checksum file that are read: enough for ten thousand names.
const MOST_BYTES: u64 = 1 << 20;

/// Bytes of an input that are hashed at a time.
const BUFFER: usize = 1 << 20;

impl Algorithm {
    /// Hexadecimal digits of a checksum.
    fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
            Self::Md5 => 32,
        }
    }

    fn of_file(self, path: &Path) -> io::Result<String> {
        match self {
            Self::Sha256 => hash::<Sha256>(path),
            Self::Sha512 => hash::<Sha512>(path),
            Self::Md5 => hash::<Md5>(path),
        }
    }
}

fn hash<D: Digest>(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut buffer) = (File::open(path)?, D::new(), vec![0; BUFFER]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    let mut text = String::new();
    for byte in hasher.finalize() {
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// Is this, in lower case, the name of such a file?
pub(crate) fn is_companion(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|end| end.to_str()).unwrap_or_default();
    let mut kinds = ALGORITHMS.iter();
    ending == DONE
        || kinds.any(|(_, _, endings, sums)| {
            endings.contains(&ending) || name.strip_suffix(".txt").unwrap_or(name).eq_ignore_ascii_case(sums)
        })
}

/// The files beside inputs that tell whether these are complete.
pub(crate) fn files<'a>(inputs: impl IntoIterator<Item = &'a str>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in inputs.into_iter().map(Path::new).filter(|path| path.is_file()) {
        found.extend(beside(path, &[DONE]));
        for (_, _, endings, sums) in &ALGORITHMS {
            found.extend(beside(path, endings).into_iter().chain(lists(path, sums)));
        }
    }
    found
}

/// Checks every input against the files beside it, and returns what was found in order. Fails if one is not complete.
pub(crate) fn check(inputs: &[&str]) -> anyhow::Result<Vec<String>> {
    let paths = inputs.iter().map(Path::new).filter(|path| path.is_file()).collect::<Vec<_>>();
    let done: Vec<Option<PathBuf>> = paths.par_iter().map(|path| done_file(path)).collect();
    // The first input with such a file in each directory.
    let mut complete: FxHashMap<Option<&Path>, &Path> = FxHashMap::default();
    for (path, _) in paths.iter().zip(&done).filter(|(_, done)| done.is_some()) {
        complete.entry(path.parent()).or_insert(path);
    }
    for (path, done) in paths.iter().zip(&done) {
        let sibling = complete.get(&path.parent());
        if let (Some(done), None) = (sibling, done) {
            bail!(
                "{}: has no .{DONE} file beside it, and {} has one; wait until its sender has finished, or name the files to \
                 judge",
                path.display(),
                done.display()
            );
        }
    }
    let found = paths.par_iter().zip(done).map(|(path, done)| check_one(path, done));
    let found = found.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Checks an input against the files beside it, of which `done` says that it is complete.
fn check_one(path: &Path, done: Option<PathBuf>) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    if let Some(done) = done {
        let time = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        if time(path) > time(&done) {
            bail!(
                "{}: was changed after {} was written; wait until its sender has finished",
                path.display(),
                done.display()
            );
        }
        found.push(format!("{}: complete, says {}", path.display(), done.display()));
    }
    for (algorithm, name, endings, sums) in ALGORITHMS {
        for file in beside(path, &endings).into_iter().chain(lists(path, sums)) {
            let Some(stated) = stated(path, &file, algorithm)? else { continue };
            let unreadable = |e: &io::Error| anyhow!("{}: {}", path.display(), describe_io_error(e));
            if algorithm.of_file(path).map_err(|e| unreadable(&e))? != stated {
                bail!(
                    "{}: is not the file that {} describes, because its {name} is another; have it sent again",
                    path.display(),
                    file.display()
                );
            }
            found.push(format!("{}: {name} as in {}", path.display(), file.display()));
        }
    }
    Ok(found)
}

/// The `.done` file of an input: `claims.csv.done` or `claims.done`.
fn done_file(path: &Path) -> Option<PathBuf> {
    beside(path, &[DONE]).into_iter().next()
}

/// The files beside an input that have its name and one of these endings: `claims.csv.END`, then `claims.END`, in lower case or
/// upper case.
fn beside(path: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let name = path.file_name().unwrap_or_default();
    let names = endings.iter().flat_map(|end| [(*end).to_owned(), end.to_uppercase()]).flat_map(|end| {
        let mut long = name.to_owned();
        long.push(format!(".{end}"));
        [path.with_file_name(long), path.with_extension(end)]
    });
    let mut found: Vec<PathBuf> = names.filter(|file| file != path && file.is_file()).collect();
    // A file system that ignores case has each file under both names.
    found.dedup_by_key(|file| file.to_string_lossy().to_lowercase());
    found
}

/// The files beside an input that list the checksums of a directory.
fn lists(path: &Path, sums: &str) -> Vec<PathBuf> {
    let names = [sums.to_owned(), format!("{sums}.txt")].map(|name| path.with_file_name(name));
    names.into_iter().filter(|file| file.is_file()).collect()
}

/// The checksum that a file states of an input. `None`: it speaks of other files. A file that has the whole name of the input
/// and no checksum of it is refused.
fn stated(path: &Path, file: &Path, algorithm: Algorithm) -> anyhow::Result<Option<String>> {
    let unreadable = |e: io::Error| anyhow!("{}: {}", file.display(), describe_io_error(&e));
    let mut bytes = Vec::new();
    File::open(file).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes)).map_err(unreadable)?;
    let own = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let entries = entries(&text(&bytes), algorithm.digits());
    let named = entries.iter().find(|(_, name)| base_name(name) == own);
    let is_own = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{own}.")));
    let alone = match entries.as_slice() {
        [(_, name)] => Some(&entries[0]).filter(|_| is_own || name.is_empty()),
        _ => None,
    };
    if is_own && named.or(alone).is_none() {
        bail!("{}: holds no checksum of {own}; have it sent again, or remove it", file.display());
    }
    Ok(named.or(alone).map(|(digest, _)| digest.clone()))
}

/// The text of a checksum file, which Windows shells write as UTF-16.
fn text(bytes: &[u8]) -> String {
    encoding_rs::UTF_8.decode(bytes).0.into_owned()
}

/// Checksums with the names of their files, as `sha256sum` writes them with or without `--tag`, or a checksum alone.
fn entries(text: &str, digits: usize) -> Vec<(String, String)> {
    let is_digest = |word: &str| word.len() == digits && word.bytes().all(|b| b.is_ascii_hexdigit());
    let entry = |line: &str| {
        let line = line.trim();
        let line = line.strip_prefix('\\').unwrap_or(line);
        let (first, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        if is_digest(first) {
            let rest = rest.trim_start();
            return Some((first.to_ascii_lowercase(), rest.strip_prefix('*').unwrap_or(rest).to_owned()));
        }
        // SHA256 (claims.csv) = 0123...
        let (head, digest) = line.rsplit_once('=')?;
        let name = head.trim().split_once('(')?.1.strip_suffix(')')?;
        is_digest(digest.trim()).then(|| (digest.trim().to_ascii_lowercase(), name.to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

/// The name of a file without its directory, of whatever system.
fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_forms_of_checksum_files_are_read() {
        let digest = "9E107D9D372BB6826BD81D3542A419D6";
        let lower = digest.to_ascii_lowercase();
        for (text, name) in [
            (format!("{digest}  a.csv\n"), "a.csv"),
            (format!("{digest} *a.csv\r\n"), "a.csv"),
            (format!("\\{digest}  a.csv"), "a.csv"),
            (format!("MD5 (a b.csv) = {digest}\n"), "a b.csv"),
            (format!("# made by a script\n\n{digest}\n"), ""),
            (format!("{digest}\tout/a.csv\n"), "out/a.csv"),
        ] {
            assert_eq!(entries(&text, 32), [(lower.clone(), name.to_owned())], "{text}");
        }
        assert_eq!(entries(&format!("{digest}0 a.csv\nMD5 a.csv = {digest}\n"), 32), []);
        let wide: Vec<u8> = format!("\u{feff}{digest}  a.csv").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(entries(&super::text(&wide), 32).len(), 1);
    }

    #[test]
    fn an_input_is_compared_with_what_is_beside_it() {
        let temp = tempfile::tempdir().expect("a directory");
        let at = |name: &str| temp.path().join(name);
        let put = |name: &str, text: &str| fs::write(at(name), text).expect("room");
        let input = at("a.csv").display().to_string();
        let check = || super::check(&[&input]);
        put("a.csv", "The quick brown fox jumps over the lazy dog");
        assert_eq!(check().expect("nothing is beside it"), [""; 0]);
        // RFC 1321's implementation and FIPS 180-4 agree on these.
        put("a.csv.md5", "9e107d9d372bb6826bd81d3542a419d6  export.tmp\n");
        put("a.sha256", "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592\n");
        put("SHA512SUMS", "00 nothing\n");
        let found = check().expect("both fit");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("SHA-256 as in") && found[1].contains("MD5 as in"), "{found:?}");
        put("a.csv", "The quick brown fox jumps over the lazy cog");
        assert!(check().expect_err("another file").to_string().contains("its SHA-256 is another"));
        put("a.sha256", "of another file: none\n");
        assert!(check().expect_err("another file").to_string().contains("its MD5 is another"));
        put("a.csv.md5", "no checksum\n");
        assert!(check().expect_err("no checksum").to_string().contains("holds no checksum of a.csv"));
        fs::remove_file(at("a.csv.md5")).expect("ours");
        put("a.csv.done", "");
        assert!(check().expect("it is newer")[0].contains("complete, says"));
        let early = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        File::options().append(true).open(at("a.csv.done")).and_then(|f| f.set_modified(early)).expect("ours");
        assert!(check().expect_err("it is older").to_string().contains("was changed after"));
        put("a.csv.done", "");
        put("b.csv", "");
        let other = at("b.csv").display().to_string();
        let refused = super::check(&[&input, &other]).expect_err("b is not done").to_string();
        assert!(refused.contains("b.csv: has no .done file beside it"), "{refused}");
    }
}
