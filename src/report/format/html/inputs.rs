//! The inputs on the page: the extracts, their rejected rows by reason, and every file that the run was made from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ingest::record::reject::Reason;
use crate::ingest::source::input_hash::is_hashed_whole;
use crate::ingest::{FileHash, HashScope, InputFile};
use crate::report::words::finding::value;
use crate::report::words::numbers::{counted, grouped};
use crate::run::RunContext;

/// Rejected rows of one reason.
pub(crate) struct RejectedReason<'a> {
    pub(crate) sentence: &'static str,
    pub(crate) code: &'static str,
    pub(crate) rows: String,
    pub(crate) first_file: Cow<'a, str>,
    pub(crate) first_line: u64,
}

/// An extract.
pub(crate) struct ExtractRow<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) bytes: String,
    pub(crate) rows: String,
    pub(crate) rejected: String,
    pub(crate) layout: &'a str,
    pub(crate) joined: Vec<(&'a str, Cow<'a, str>)>,
}

/// A file that the run was made from.
pub(crate) struct SourceFile<'a> {
    pub(crate) role: &'static str,
    pub(crate) name: Cow<'a, str>,
    pub(crate) fingerprint: Option<&'a FileHash>,
    /// The part of the file that was hashed.
    pub(crate) of: String,
}

/// Rejected rows by reason, with the line of the first one. Only rejects.csv has their text.
pub(crate) fn rejected(run: &RunContext) -> Vec<RejectedReason<'_>> {
    let mut reasons: BTreeMap<Reason, (u64, &str, u64)> = BTreeMap::new();
    let extracts = run.inputs.iter().map(|input| (&input.name, &input.rejects));
    let tables = run.tables.iter().map(|table| (&table.file, table.rejects()));
    for (file, rejects) in extracts.chain(tables) {
        for (reason, count) in rejects.counts() {
            reasons.entry(*reason).or_insert((0, file, count.first)).0 += count.rows;
        }
    }
    let rows = reasons.into_iter().map(|(reason, (n, file, line))| RejectedReason {
        sentence: reason.sentence(),
        code: reason.code(),
        rows: grouped(n),
        first_file: value(file),
        first_line: line,
    });
    rows.collect()
}

pub(crate) fn inputs<'a>(run: &'a RunContext) -> Vec<ExtractRow<'a>> {
    let input = |input: &'a crate::run::Input| ExtractRow {
        name: value(&input.name),
        bytes: grouped(input.bytes),
        rows: grouped(input.rows),
        rejected: grouped(input.rejects.len()),
        layout: &input.layout,
        joined: input.joined.iter().map(|(table, file)| (table.as_str(), value(file))).collect(),
    };
    run.inputs.iter().map(input).collect()
}

pub(crate) fn given(file: &InputFile) -> SourceFile<'_> {
    let of = match &file.fingerprint {
        None => "no fingerprint: it was read from stdin or a pipe, which can be read once only".to_owned(),
        Some(print) => {
            let bytes = counted(print.bytes, "byte");
            match print.extent {
                HashScope::Full => format!("BLAKE3 of its {bytes} on disk: what b3sum prints."),
                HashScope::Sampled if is_hashed_whole(print.bytes) => {
                    format!(
                        "BLAKE3 of its {bytes} on disk with their number; --fingerprint full has what b3sum prints."
                    )
                }
                HashScope::Sampled => {
                    format!("BLAKE3 of a sample of its {bytes} on disk; --fingerprint full takes them all.")
                }
            }
        }
    };
    SourceFile { role: file.role.word(), name: value(&file.file), fingerprint: file.fingerprint.as_ref(), of }
}
