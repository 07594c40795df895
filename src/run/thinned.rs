//! A table that another engine has read and thinned: of each of its files only the rows that may matter are left, as Parquet,
//! each with the number of its row. The rows that were left out are counted, so the ledger has all of them.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::ingest::{ReadError, Source};
use crate::run::extracts::ReadExtract;
use crate::run::read::read_one;

/// Name and version of the schema of the list.
pub(crate) const SCHEMA: &str = "claimlint-table/1";

/// Most bytes of a list: a million files with names of two hundred characters.
pub(crate) const LARGEST_BYTES: u64 = 256 << 20;

/// The files of a table, and what is left of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThinnedTable {
    line_column: String,
    files: Vec<ThinnedFile>,
    directory: PathBuf,
}

/// A file of the table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThinnedFile {
    /// Its name, which is the `source_file` of its rows.
    name: String,
    /// All its rows.
    rows: u64,
    /// The Parquet file with the rows that are left, beside the list.
    part: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    schema: String,
    line_column: String,
    files: Vec<ThinnedFile>,
}

impl ThinnedTable {
    /// Reads the list in the text of a file. The parts are looked for in its directory. The error is a sentence for the user,
    /// and quotes nothing.
    pub fn load(text: &str, file: &Path) -> Result<Self, String> {
        let list: List = serde_json::from_str(text).map_err(|e| {
            format!("is no list of a thinned table: line {}, column {} is not as expected", e.line(), e.column())
        })?;
        if list.schema != SCHEMA {
            return Err(format!("is no list of a thinned table that this version reads; its schema must be {SCHEMA}"));
        }
        if list.files.is_empty() {
            return Err("lists no file".to_owned());
        }
        let mut names = BTreeSet::new();
        for (number, file) in list.files.iter().enumerate() {
            let fault = |what: &str| Err(format!("file {} of the list {what}", number + 1));
            let is_inside = |part: Component<'_>| matches!(part, Component::Normal(_));
            if file.name.is_empty() || !names.insert(file.name.as_str()) {
                return fault("has no name of its own");
            }
            if file.part.is_empty() || !Path::new(&file.part).components().all(is_inside) {
                return fault("has a part outside the directory of the list");
            }
        }
        let directory = file.parent().unwrap_or_else(|| Path::new("")).to_path_buf();
        Ok(Self { line_column: list.line_column, files: list.files, directory })
    }

    /// The names of the files, which are the extracts of the run.
    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// The paths of the parts, each once. Files of which no row is left may share one.
    pub fn parts(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.files.iter().filter(|file| seen.insert(&file.part)).map(|file| self.path(file)).collect()
    }

    fn path(&self, file: &ThinnedFile) -> String {
        self.directory.join(&file.part).display().to_string()
    }

    /// Opens the part of the file with this number, as what is left of that file.
    pub fn open(
        &self,
        number: u32,
        open: &(dyn Fn(&str) -> Result<Source, ReadError> + Sync),
    ) -> Result<Source, ReadError> {
        let file = &self.files[number as usize];
        open(&self.path(file))?.as_left_of(&file.name, file.rows, &self.line_column)
    }

    /// Reads each file of the table from its part.
    pub fn reader<'a>(&'a self, open: &'a (dyn Fn(&str) -> Result<Source, ReadError> + Sync)) -> Box<ReadExtract<'a>> {
        Box::new(move |number, _, setup, store, watch| read_one(number, self.open(number, open)?, setup, store, watch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &str) -> Result<ThinnedTable, String> {
        let text = format!("{{\"schema\": \"{SCHEMA}\", \"line_column\": \"line\", \"files\": [{files}]}}");
        ThinnedTable::load(&text, Path::new("job/table.json"))
    }

    #[test]
    fn a_list_names_files_and_their_parts() {
        let table = load(
            "{\"name\": \"s3://a\", \"rows\": 7, \"part\": \"rows/0.parquet\"}, {\"name\": \"s3://b\", \"rows\": 9, \
             \"part\": \"none.parquet\"}, {\"name\": \"s3://c\", \"rows\": 0, \"part\": \"none.parquet\"}",
        )
        .expect("valid");
        assert_eq!(table.names(), ["s3://a", "s3://b", "s3://c"]);
        assert_eq!(table.parts(), ["job/rows/0.parquet", "job/none.parquet"]);
    }

    #[test]
    fn a_list_that_is_wrong_is_refused_without_quoting_it() {
        for (files, says) in [
            ("", "lists no file"),
            ("{\"name\": \"SECRET\", \"rows\": -1, \"part\": \"p\"}", "line 1, column"),
            ("{\"name\": \"SECRET\", \"rows\": 1, \"part\": \"p\", \"more\": 1}", "line 1, column"),
            ("{\"name\": \"\", \"rows\": 1, \"part\": \"p\"}", "file 1 of the list has no name"),
            ("{\"name\": \"a\", \"rows\": 1, \"part\": \"../SECRET\"}", "outside the directory"),
            ("{\"name\": \"a\", \"rows\": 1, \"part\": \"/SECRET\"}", "outside the directory"),
            (
                "{\"name\": \"a\", \"rows\": 1, \"part\": \"p\"}, {\"name\": \"a\", \"rows\": 1, \"part\": \"q\"}",
                "file 2",
            ),
        ] {
            let said = load(files).expect_err(files);
            assert!(said.contains(says) && !said.contains("SECRET"), "{said}");
        }
        let old = "{\"schema\": \"x\", \"line_column\": \"l\", \"files\": []}";
        assert!(ThinnedTable::load(old, Path::new("t")).expect_err("another schema").contains(SCHEMA));
    }
}
