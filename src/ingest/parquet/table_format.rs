//! Finds the table that a Parquet file is a part of.
//!
//! Delta, Iceberg and Hudi tables are directories of Parquet files with a log of which files, and which rows of them, still
//! count. Who reads the files alone counts deleted rows, and some rows twice.

use std::fs;
use std::path::Path;

/// The table format, with its article, whose log is in a directory above the file, or `None`.
pub(super) fn of_file(file: &Path) -> Option<&'static str> {
    let path = fs::canonicalize(file).ok()?;
    path.ancestors().skip(1).find_map(of_directory)
}

fn of_directory(directory: &Path) -> Option<&'static str> {
    if directory.join("_delta_log").is_dir() {
        Some("a Delta")
    } else if directory.join(".hoodie").is_dir() {
        Some("a Hudi")
    } else if is_log_of_iceberg(&directory.join("metadata")) {
        Some("an Iceberg")
    } else {
        None
    }
}

/// Does a directory hold the metadata of an Iceberg table? Other programs have directories of this name, too.
fn is_log_of_iceberg(metadata: &Path) -> bool {
    let Ok(entries) = fs::read_dir(metadata) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.ends_with(".metadata.json") || name == "version-hint.text"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_above_a_file_says_what_it_is_a_part_of() {
        for (log, want) in [
            ("_delta_log/00000000000000000000.json", Some("a Delta")),
            ("metadata/v1.metadata.json", Some("an Iceberg")),
            ("metadata/version-hint.text", Some("an Iceberg")),
            (".hoodie/hoodie.properties", Some("a Hudi")),
            ("metadata/notes.txt", None),
            ("_delta_logs/1.json", None),
        ] {
            let directory = tempfile::tempdir().expect("a directory");
            let put = |name: &str| {
                let path = directory.path().join(name);
                fs::create_dir_all(path.parent().expect("a directory")).expect("room");
                fs::write(&path, "").expect("room");
                path
            };
            put(log);
            for part in ["part.parquet", "data/month=1/part.parquet"] {
                assert_eq!(of_file(&put(part)), want, "{log}, {part}");
            }
        }
    }
}
