//! Reads columns of text without the library where it would take steps for each value: only cells that are asked for become
//! text, and a column whose dictionary holds nothing of interest is not unpacked.
//!
//! Most columns of extracts are of this form. What is written in another way is [`Fault::Unfit`], and the library reads it.

use std::cell::RefCell;

use polars_arrow::bitmap::{Bitmap, BitmapBuilder};
use polars_parquet::parquet::compression::Compression;
use polars_parquet_format::Encoding;

use crate::ingest::parquet::numbers::{Answers, Numbers};
use crate::ingest::parquet::pages::{Content, Levels, Page};
use crate::ingest::parquet::plain::{LENGTH_BYTES, passed, value};
use crate::ingest::parquet::rows::{Asks, Fault, Rows};
use crate::ingest::parquet::runs::{Run, Runs};
use crate::ingest::parquet::unpack::{Amount, Parts, Unpacker, empty};

/// A column of text in one row group. It is no list.
pub(super) struct Strings<'a> {
    /// Its bytes.
    pub(super) bytes: &'a [u8],
    /// Its pages.
    pub(super) pages: &'a [Page],
    pub(super) codec: Compression,
    /// Values may be NULL.
    pub(super) is_optional: bool,
    /// Values must be UTF-8.
    pub(super) is_utf8: bool,
}

/// Cells of text.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    /// The start and the length of each text. Those of NULL start at [`NULL`].
    spans: Vec<(u32, u32)>,
}

/// The place of what is not there.
const NULL: u32 = u32::MAX;

/// Only the start of a page is unpacked if the wanted rows are among its first ones, one in this many.
const START_SHARE: usize = 8;

/// Bytes that are unpacked of a start besides those of its values: room for levels and for a few long values.
const START_BYTES: usize = 1 << 12;

/// Buffers that a thread uses again.
#[derive(Default)]
struct Scratch {
    unpacker: Unpacker,
    page: Vec<u8>,
    dictionary: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Scratch {
    /// Runs with the buffers of this thread. Nothing that was damaged is used again.
    fn with<T>(run: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut scratch = SCRATCH.take();
        let result = run(&mut scratch);
        if result.is_ok() {
            empty(&mut scratch.page);
            empty(&mut scratch.dictionary);
            SCRATCH.set(scratch);
        }
        result
    }
}

impl Texts {
    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// A cell. `None`: it is NULL, or there is none.
    pub(super) fn get(&self, at: usize) -> Option<&[u8]> {
        let (start, length) = *self.spans.get(at)?;
        self.bytes.get(start as usize..)?.get(..length as usize)
    }

    fn push(&mut self, text: &[u8]) -> Result<(u32, u32), Fault> {
        let end = self.bytes.len().checked_add(text.len()).filter(|end| *end < NULL as usize);
        // Texts of four gigabytes are a matter of the library.
        end.ok_or(Fault::Unfit)?;
        let span = (self.bytes.len() as u32, text.len() as u32);
        self.bytes.extend_from_slice(text);
        self.spans.push(span);
        Ok(span)
    }
}

impl Strings<'_> {
    /// The cells in these rows.
    pub(super) fn cells(&self, rows: &Rows<'_>) -> Result<Texts, Fault> {
        Scratch::with(|scratch| self.read_cells(rows, scratch))
    }

    fn read_cells(&self, rows: &Rows<'_>, scratch: &mut Scratch) -> Result<Texts, Fault> {
        let mut texts = Texts { bytes: Vec::new(), spans: Vec::with_capacity(rows.count()) };
        let mut numbers = rows.numbers().peekable();
        let mut dictionary: Option<Dictionary> = None;
        let (mut wanted, mut ranks) = (Vec::new(), Vec::new());
        let mut first = 0;
        for page in self.pages {
            let Content::Data { encoding, levels } = &page.content else { continue };
            let end = first + page.count as u64;
            wanted.clear();
            while let Some(number) = numbers.next_if(|number| u64::from(*number) < end) {
                wanted.push((u64::from(number) - first) as usize);
            }
            first = end;
            if wanted.is_empty() {
                continue;
            }
            let is_sample = matches!(rows, Rows::First { .. });
            if is_sample && *encoding == Encoding::PLAIN && self.start(page, levels, &wanted, scratch, &mut texts) {
                continue;
            }
            let parts = self.parts(page, levels, Amount::Whole, &mut scratch.unpacker, &mut scratch.page)?;
            self.ranks(&parts, page.count, &wanted, &mut ranks)?;
            match *encoding {
                Encoding::PLAIN => self.plain(parts.values, &ranks, &mut texts)?,
                Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                    let dictionary = match &mut dictionary {
                        Some(dictionary) => dictionary,
                        None => dictionary.insert(self.dictionary(&mut scratch.unpacker, &mut scratch.dictionary)?),
                    };
                    self.numbered(parts.values, page.count, &ranks, dictionary, &scratch.dictionary, &mut texts)?;
                }
                _ => return Err(Fault::Unfit),
            }
        }
        Ok(texts)
    }

    /// Reads the cells of these rows of a page from its start alone, if they are all there. If not, nothing is added.
    fn start(&self, page: &Page, levels: &Levels, wanted: &[usize], scratch: &mut Scratch, texts: &mut Texts) -> bool {
        let rows = wanted.last().map_or(0, |last| last + 1);
        if rows.saturating_mul(START_SHARE) > page.count {
            return false;
        }
        // Values there may be twice as long as all of them are on average.
        let enough = page.unpacked / page.count.max(1) * rows * 2 + START_BYTES;
        let before = (texts.bytes.len(), texts.spans.len());
        let mut ranks = Vec::new();
        let parts = self.parts(page, levels, Amount::Start(enough), &mut scratch.unpacker, &mut scratch.page);
        let read = parts.and_then(|parts| {
            self.ranks(&parts, page.count, wanted, &mut ranks)?;
            self.plain(parts.values, &ranks, texts)
        });
        if read.is_err() {
            texts.bytes.truncate(before.0);
            texts.spans.truncate(before.1);
        }
        read.is_ok()
    }

    /// The rows whose cells matter.
    pub(super) fn that_matter(&self, asks: &Asks) -> Result<Bitmap, Fault> {
        Scratch::with(|scratch| self.ask(asks, scratch))
    }

    fn ask(&self, asks: &Asks, scratch: &mut Scratch) -> Result<Bitmap, Fault> {
        let mut rows = BitmapBuilder::new();
        let mut answers: Option<Answers> = None;
        for page in self.pages {
            let Content::Data { encoding, levels } = &page.content else { continue };
            let is_numbered = matches!(*encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
            if !is_numbered && *encoding != Encoding::PLAIN {
                return Err(Fault::Unfit);
            }
            if is_numbered && answers.is_none() {
                let dictionary = self.dictionary(&mut scratch.unpacker, &mut scratch.dictionary)?;
                let values = dictionary.places.iter();
                let text = |(start, length): &(u32, u32)| &scratch.dictionary[*start as usize..][..*length as usize];
                answers = Some(Answers::new(values.map(|place| asks(text(place))).collect()));
            }
            let dictionary = answers.as_ref().filter(|_| is_numbered);
            if dictionary.is_some_and(Answers::are_all_no) {
                rows.extend_constant(page.count, false);
                continue;
            }
            let parts = self.parts(page, levels, Amount::Whole, &mut scratch.unpacker, &mut scratch.page)?;
            let mut values = match dictionary {
                Some(answers) => Values::numbered(parts.values, page.count, answers)?,
                None => Values::Plain { bytes: parts.values, asks },
            };
            if !self.is_optional {
                values.ask(page.count, &mut rows)?;
                continue;
            }
            let mut levels = Runs::new(parts.levels, 1, page.count)?;
            let mut left = page.count;
            while left > 0 {
                let run = levels.next()?;
                left -= run.count();
                match run {
                    Run::Same { number: 0, count } => rows.extend_constant(count, false),
                    Run::Same { count, .. } => values.ask(count, &mut rows)?,
                    Run::Packed { count, .. } => {
                        for at in 0..count {
                            if run.get(at) == 0 { rows.push(false) } else { values.ask(1, &mut rows)? }
                        }
                    }
                }
            }
        }
        Ok(rows.freeze())
    }

    fn parts<'a>(
        &'a self,
        page: &Page,
        levels: &Levels,
        amount: Amount,
        unpacker: &mut Unpacker,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Parts<'a>, Fault> {
        match levels {
            Levels::Packed(encoding) if self.is_optional && *encoding != Encoding::RLE => Err(Fault::Unfit),
            _ => unpacker.parts(self.bytes, page, (levels, self.is_optional), self.codec, amount, buffer),
        }
    }

    /// The places of rows among those that are not NULL, or [`NULL`].
    fn ranks(&self, parts: &Parts<'_>, count: usize, wanted: &[usize], ranks: &mut Vec<u32>) -> Result<(), Fault> {
        ranks.clear();
        if !self.is_optional {
            ranks.extend(wanted.iter().map(|row| *row as u32));
            return Ok(());
        }
        let mut wanted = wanted.iter().peekable();
        let mut levels = Runs::new(parts.levels, 1, count)?;
        let (mut first, mut rank) = (0, 0);
        while wanted.peek().is_some() {
            let run = levels.next()?;
            let end = first + run.count();
            let mut at = 0;
            while let Some(row) = wanted.next_if(|row| **row < end) {
                let next = row - first;
                rank += run.ones(at, next);
                at = next;
                ranks.push(if run.get(at) == 1 { rank as u32 } else { NULL });
            }
            rank += run.ones(at, run.count());
            first = end;
        }
        Ok(())
    }

    /// Reads values that follow each other.
    fn plain(&self, values: &[u8], ranks: &[u32], texts: &mut Texts) -> Result<(), Fault> {
        let (mut at, mut next) = (0, 0);
        for rank in ranks {
            if *rank == NULL {
                texts.spans.push((NULL, 0));
                continue;
            }
            at = passed(values, at, (rank - next) as usize)?;
            let value = value(values, at)?;
            texts.push(self.checked(value)?)?;
            at += LENGTH_BYTES + value.len();
            next = rank + 1;
        }
        Ok(())
    }

    /// Reads values by their numbers in the dictionary.
    fn numbered(
        &self,
        values: &[u8],
        count: usize,
        ranks: &[u32],
        dictionary: &mut Dictionary,
        text: &[u8],
        texts: &mut Texts,
    ) -> Result<(), Fault> {
        let mut numbers = None;
        for rank in ranks {
            if *rank == NULL {
                texts.spans.push((NULL, 0));
                continue;
            }
            let numbers = match &mut numbers {
                Some(numbers) => numbers,
                None => numbers.insert(Numbers::new(values, count)?),
            };
            let number = numbers.get(*rank as usize)? as usize;
            let copied = dictionary.copied.get_mut(number).ok_or(Fault::Damaged)?;
            let (start, length) = dictionary.places[number];
            if *copied == NULL {
                *copied = texts.push(self.checked(&text[start as usize..][..length as usize])?)?.0;
            } else {
                texts.spans.push((*copied, length));
            }
        }
        Ok(())
    }

    fn checked<'a>(&self, value: &'a [u8]) -> Result<&'a [u8], Fault> {
        if self.is_utf8 && std::str::from_utf8(value).is_err() { Err(Fault::Damaged) } else { Ok(value) }
    }

    /// Unpacks the dictionary into the buffer.
    fn dictionary(&self, unpacker: &mut Unpacker, buffer: &mut Vec<u8>) -> Result<Dictionary, Fault> {
        let Some(page) = self.pages.first() else { return Err(Fault::Damaged) };
        match page.content {
            Content::Dictionary(Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) => {}
            Content::Dictionary(_) => return Err(Fault::Unfit),
            Content::Data { .. } => return Err(Fault::Damaged),
        }
        let packed = self.bytes.get(page.place.clone()).ok_or(Fault::Damaged)?;
        if self.codec == Compression::Uncompressed {
            buffer.clear();
            buffer.extend_from_slice(packed);
        } else {
            unpacker.unpack(packed, page.unpacked, self.codec, buffer)?;
        }
        let mut places = Vec::with_capacity(page.count);
        let mut at = 0;
        for _ in 0..page.count {
            let value = value(buffer, at)?;
            places.push((u32::try_from(at + LENGTH_BYTES).map_err(|_| Fault::Unfit)?, value.len() as u32));
            at += LENGTH_BYTES + value.len();
        }
        Ok(Dictionary { copied: vec![NULL; places.len()], places })
    }
}

/// The values of which a column has numbers.
struct Dictionary {
    /// The start and the length of each.
    places: Vec<(u32, u32)>,
    /// Where each was copied to among the texts, or [`NULL`].
    copied: Vec<u32>,
}

/// The values of a page, which are asked whether they matter.
enum Values<'a> {
    Plain { bytes: &'a [u8], asks: &'a Asks },
    Numbered { numbers: Option<Numbers<'a>>, at: usize, answers: &'a Answers },
}

impl<'a> Values<'a> {
    fn numbered(values: &'a [u8], count: usize, answers: &'a Answers) -> Result<Self, Fault> {
        // A page of NULLs need not have any numbers.
        let numbers = if values.is_empty() { None } else { Some(Numbers::new(values, count)?) };
        Ok(Self::Numbered { numbers, at: 0, answers })
    }

    /// Asks the next values.
    fn ask(&mut self, count: usize, rows: &mut BitmapBuilder) -> Result<(), Fault> {
        match self {
            Self::Plain { bytes, asks } => {
                for _ in 0..count {
                    let value = value(bytes, 0)?;
                    rows.push(asks(value));
                    *bytes = &bytes[LENGTH_BYTES + value.len()..];
                }
            }
            Self::Numbered { numbers, at, answers } => {
                let numbers = numbers.as_mut().ok_or(Fault::Damaged)?;
                numbers.ask(*at, count, answers, rows)?;
                *at += count;
            }
        }
        Ok(())
    }
}
