//! What to know about an input that was read: what was left out of it, and rows whose shape may hide a mistake.

/// Rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowCount {
    /// How many.
    pub rows: u64,
    /// Line of the first.
    pub first: u64,
}

impl RowCount {
    /// Counts the rows of one more stretch of an input, of which the first is on line `first`.
    pub(crate) fn add(count: &mut Option<Self>, rows: u64, first: u64) {
        count.get_or_insert(Self { rows: 0, first }).rows += rows;
    }
}

/// Something about an input that does not stop the run, but that a reader of the result should know. spec: files/notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputNote {
    /// It holds nothing but blanks.
    Empty,
    /// Bytes that are not compressed follow its last gzip member.
    TrailingBytes,
    /// Its UTF-16 text ends with half a unit.
    OddByte,
    /// Its rows have so many empty fields more than the header.
    SurplusFields(usize),
    /// Some of its rows have surplus fields and others have not.
    TwoLengths {
        /// Rows with surplus fields.
        longer: RowCount,
        /// Rows without, rejected ones aside.
        shorter: u64,
    },
    /// Some of its rows have an empty field beyond the header, and these were rejected for more than that.
    FilledSurplus(RowCount),
    /// Rows have a cell with an odd number of quotes.
    StrayQuotes(RowCount),
}

impl InputNote {
    /// A word for the kind of note, for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "empty-file",
            Self::TrailingBytes => "trailing-bytes",
            Self::OddByte => "odd-byte",
            Self::SurplusFields(_) => "surplus-fields",
            Self::TwoLengths { .. } => "rows-of-two-lengths",
            Self::FilledSurplus(_) => "filled-surplus",
            Self::StrayQuotes(_) => "stray-quotes",
        }
    }

    /// What a person should know, without the name of the input.
    pub fn sentence(&self) -> String {
        let rows = |n: u64| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
        match self {
            Self::Empty => "is empty and was passed over; was the export cut short?".to_owned(),
            Self::TrailingBytes => {
                "the bytes after its last gzip member were left out: they are not compressed text".to_owned()
            }
            Self::OddByte => {
                "the odd byte at the end of its UTF-16 text was left out; the file may have been cut short".to_owned()
            }
            Self::SurplusFields(1) => {
                "its rows have one field more than the header, which is empty: taken for a trailing delimiter"
                    .to_owned()
            }
            Self::SurplusFields(n) => {
                format!("its rows have {n} fields more than the header, which are empty: taken for trailing delimiters")
            }
            Self::TwoLengths { longer, shorter } => format!(
                "{} with an empty field beyond the header (the first on line {}), {} without: a row may have a delimiter \
                 too many or too few, and its cells may be in the wrong columns",
                rows(longer.rows),
                longer.first,
                rows(*shorter)
            ),
            Self::FilledSurplus(rejected) => format!(
                "{} rejected for more fields than the header (the first on line {}), while others have an empty field \
                 there: if the header lacks a name, the cells of the others are in the wrong columns",
                rows(rejected.rows),
                rejected.first
            ),
            Self::StrayQuotes(odd) => format!(
                "{} with an odd number of quotes in a cell (the first on line {}): a quote or a delimiter may be too many or \
                 too few",
                rows(odd.rows),
                odd.first
            ),
        }
    }
}
