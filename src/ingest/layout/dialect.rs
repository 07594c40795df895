//! How a plain extract without joined tables is read, as a text that another process can go on with.

use serde::{Deserialize, Serialize};

use crate::ingest::layout::detect;
use crate::ingest::layout::detect::Detected;
use crate::ingest::layout::library::Library;
use crate::ingest::record::grammar::{Grammar, Surplus};
use crate::ingest::record::header::Header;

/// What was detected before the first row of an extract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialect {
    /// Name of the layout.
    pub layout: String,
    /// Field separator.
    pub delimiter: char,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Empty fields that rows may have after those.
    pub surplus: usize,
    /// First byte after the header.
    pub data_start: u64,
    /// Number of lines before the first row.
    pub lines_before: u64,
}

impl Dialect {
    /// How an extract is read. `None` if a part of it cannot be read by itself: a CR may end lines, it is a table, or tables are joined to
    /// it.
    pub fn of(detected: &Detected) -> Option<Self> {
        let Grammar { delimiter, cr_ends, surplus, .. } = &detected.grammar;
        let Surplus::Exactly(surplus) = *surplus else { return None };
        (!cr_ends && !detected.is_table && detected.joins.is_empty()).then(|| Self {
            layout: detected.layout.clone(),
            delimiter: char::from(*delimiter),
            columns: detected.header.clone(),
            surplus,
            data_start: detected.data_start as u64,
            lines_before: detected.lines_before,
        })
    }

    /// What was detected. The error says why the layouts of this process do not fit it.
    pub fn detected(&self, library: &Library) -> Result<Detected, String> {
        let unfit = || format!("the plan reads it by layout {}, which does not fit it here", self.layout);
        let layout = library.named(&self.layout).ok_or_else(unfit)?;
        let binding = layout.bind(&self.columns).map_err(|_| unfit())?;
        let delimiter = u8::try_from(self.delimiter).map_err(|_| unfit())?;
        let grammar = Grammar {
            surplus: Surplus::Exactly(self.surplus),
            quoting: layout.form.quoting,
            ..Grammar::for_header(delimiter, false, layout.form.skip_prefix.clone())
        };
        let header = Header {
            names: self.columns.clone(),
            raw: self.columns.iter().map(|name| name.clone().into_bytes()).collect(),
            data_start: usize::try_from(self.data_start).map_err(|_| unfit())?,
            lines_before: self.lines_before,
        };
        Ok(detect::detected(grammar, header, layout, binding, self.columns.clone(), Vec::new()))
    }
}
