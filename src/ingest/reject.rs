//! Rows that cannot be used: each is counted once and written with its position, reason and text.

/// Why a row was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Fewer fields than the header.
    TooFewFields,
    /// More fields than the header, and the surplus is not empty.
    TooManyFields,
    /// A field opens with a quote that is never closed.
    UnclosedQuote,
    /// Something other than a delimiter follows a closing quote.
    TextAfterQuote,
    /// A quoted field runs over lines that are rows themselves.
    Swallowed,
    /// The header line again, as concatenated parts leave it.
    RepeatedHeader,
    /// A row in scope or related without a claim number.
    NoClaimId,
    /// One line, or one record over many lines, larger than the reader holds in memory.
    TooLong,
}

impl Reason {
    /// All reasons, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::TooFewFields,
        Self::TooManyFields,
        Self::UnclosedQuote,
        Self::TextAfterQuote,
        Self::Swallowed,
        Self::RepeatedHeader,
        Self::NoClaimId,
        Self::TooLong,
    ];

    /// The word in `rejects.csv`.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooFewFields => "too-few-fields",
            Self::TooManyFields => "too-many-fields",
            Self::UnclosedQuote => "unclosed-quote",
            Self::TextAfterQuote => "text-after-quote",
            Self::Swallowed => "swallowed-rows",
            Self::RepeatedHeader => "repeated-header",
            Self::NoClaimId => "no-claim-id",
            Self::TooLong => "too-long",
        }
    }

    /// The sentence in reports.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::TooFewFields => "fewer fields than the header",
            Self::TooManyFields => "more fields than the header",
            Self::UnclosedQuote => "a field opens with a quote that never closes",
            Self::TextAfterQuote => "text follows a closing quote",
            Self::Swallowed => "a stray quote would swallow the rows after it",
            Self::RepeatedHeader => "the header line again",
            Self::NoClaimId => "a row in scope or related without a claim number",
            Self::TooLong => "a record of more than 64 MiB",
        }
    }
}

/// A rejected row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Line of the file on which it starts; the file's first line is 1.
    pub line: u64,
    /// Byte of the (decompressed) file at which it starts.
    pub offset: u64,
    /// Why.
    pub reason: Reason,
    /// Its first physical line, cut at [`RAW_LIMIT`] bytes.
    pub raw: Vec<u8>,
}

/// How much of a rejected line is kept: enough to find it again, not enough to fill the disk. CONTRACT: 4 KiB.
pub const RAW_LIMIT: usize = 4096;
