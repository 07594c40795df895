//! Sheets as XML. Rows have no numbers, so that parts can be formatted in parallel, and cells have no formulas.
//!
//! A text is written as a text whatever it begins with, so a spreadsheet never runs it as a formula. Invisible
//! characters and those that XML forbids become visible signs, as on the page.

use std::fmt::Write as _;
use std::io;

use jiff::civil::{Date, date};
use rust_decimal::Decimal;

use crate::claim::{Cents, Sum};
use crate::report::format::xlsx::archive::{MAX_ENTRY_BYTES, PackedZipEntry, ZipEntry};
use crate::report::format::xlsx::around::{PAGE_SETUP, head, header_rows, letters};
use crate::report::format::xlsx::styles::{COUNT, DAY, HEADER, MONEY, RATIO, TEXT, TITLE};
use crate::report::sink::Scratch;
use crate::report::table::csv_row::push_amount;
use crate::report::table::record::{Cells, Column};
use crate::report::words::escape::seen;
use crate::report::words::numbers::days_since;

/// Most rows of a sheet, including its header: the limit of Excel's file format.
pub(crate) const MAX_SHEET_ROWS: usize = 1 << 20;

/// Most UTF-16 units in a cell's text: the limit of Excel's file format.
const MAX_CELL_UTF16: usize = 32_767;

/// Digits that a number of a spreadsheet keeps exactly. A longer number is written as text.
const MAX_EXACT_DIGITS: u32 = 15;

/// Day 0 of spreadsheets. Days before March 1900 would be off by one, because spreadsheets treat 1900 as a leap year.
const EPOCH: Date = date(1899, 12, 30);
const FIRST: Date = date(1900, 3, 1);

/// Rows as XML.
#[derive(Debug, Default)]
pub(crate) struct XmlRows {
    pub(super) xml: String,
    /// Where each row ends.
    ends: Vec<usize>,
    spare: String,
}

impl XmlRows {
    /// Writes one row with the cells that `put` adds.
    pub(crate) fn row(&mut self, put: impl FnOnce(&mut Self)) {
        self.xml.push_str("<row>");
        put(self);
        self.xml.push_str("</row>");
        self.ends.push(self.xml.len());
    }

    /// Empty rows that reuse this memory.
    pub(crate) fn clear(&mut self) {
        self.xml.clear();
        self.ends.clear();
    }

    /// Bytes of this memory.
    pub(crate) fn allocated(&self) -> usize {
        self.xml.capacity() + self.spare.capacity() + self.ends.capacity() * size_of::<usize>()
    }

    fn empty(&mut self) {
        self.xml.push_str("<c/>");
    }

    pub(super) fn styled(&mut self, style: u8, text: &str) {
        if text.is_empty() {
            return self.empty();
        }
        self.xml.push_str("<c s=\"");
        self.xml.push(char::from(b'0' + style));
        self.xml.push_str("\" t=\"inlineStr\"><is><t");
        let edge = |b: Option<u8>| b == Some(b' ');
        self.xml.push_str(if edge(text.bytes().next()) || edge(text.bytes().next_back()) {
            " xml:space=\"preserve\">"
        } else {
            ">"
        });
        if text.len() <= MAX_CELL_UTF16
            && text.bytes().all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'&' | b'<' | b'>' | b'_'))
        {
            self.xml.push_str(text);
        } else {
            self.escaped(&seen(text));
        }
        self.xml.push_str("</t></is></c>");
    }

    /// Writes a text with its invisible characters made visible.
    fn escaped(&mut self, text: &str) {
        let long = text.len() > MAX_CELL_UTF16 && text.encode_utf16().count() > MAX_CELL_UTF16;
        let mut room = if long { MAX_CELL_UTF16 - 1 } else { usize::MAX };
        for (i, c) in text.char_indices() {
            if room < c.len_utf16() {
                break;
            }
            room -= c.len_utf16();
            match c {
                '<' => self.xml.push_str("&lt;"),
                '>' => self.xml.push_str("&gt;"),
                '&' => self.xml.push_str("&amp;"),
                // A reader would take `_x0041_` for the letter A.
                '_' if is_escape(&text.as_bytes()[i..]) => self.xml.push_str("_x005F_"),
                c => self.xml.push(c),
            }
        }
        self.xml.push_str(if long { "\u{2026}" } else { "" });
    }

    /// Writes a number that `push` adds.
    fn value(&mut self, style: u8, push: impl FnOnce(&mut String)) {
        self.xml.push_str("<c s=\"");
        self.xml.push(char::from(b'0' + style));
        self.xml.push_str("\"><v>");
        push(&mut self.xml);
        self.xml.push_str("</v></c>");
    }

    /// A count.
    pub(crate) fn count(&mut self, n: impl Into<i128>) {
        let n: i128 = n.into();
        match i64::try_from(n) {
            Ok(n) if n.unsigned_abs() < 10_u64.pow(MAX_EXACT_DIGITS) => {
                self.value(COUNT, |xml| xml.push_str(itoa::Buffer::new().format(n)));
            }
            _ => self.text(&n.to_string()),
        }
    }

    /// Writes an amount of any size.
    pub(crate) fn money(&mut self, cents: i128) {
        match i64::try_from(cents) {
            Ok(cents) if cents.unsigned_abs() < 10_u64.pow(MAX_EXACT_DIGITS) => {
                self.value(MONEY, |xml| push_amount(xml, Cents(cents)));
            }
            _ => self.text(&Sum(cents).to_string()),
        }
    }

    /// Writes a share or ratio with four decimals, or an empty cell.
    pub(crate) fn ratio(&mut self, ratio: &str) {
        match ratio.len() {
            0 => self.empty(),
            n if n <= MAX_EXACT_DIGITS as usize => self.value(RATIO, |xml| xml.push_str(ratio)),
            _ => self.text(ratio),
        }
    }

    /// Several texts.
    pub(crate) fn texts(&mut self, texts: &[&str]) {
        for text in texts {
            self.text(text);
        }
    }

    /// Writes texts as the head of a section.
    pub(crate) fn heads(&mut self, texts: &[&str]) {
        for text in texts {
            self.styled(HEADER, text);
        }
    }

    /// Writes a title.
    pub(crate) fn title(&mut self, text: &str) {
        self.styled(TITLE, text);
    }

    /// Writes an empty cell.
    pub(crate) fn none(&mut self) {
        self.empty();
    }
}

/// Would a reader take this for an escaped character?
fn is_escape(text: &[u8]) -> bool {
    matches!(text, [b'_', b'x', a, b, c, d, b'_', ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()))
}

impl Cells for XmlRows {
    fn text(&mut self, text: &str) {
        self.styled(TEXT, text);
    }

    fn number(&mut self, n: u64) {
        if n < 10_u64.pow(MAX_EXACT_DIGITS) {
            self.xml.push_str("<c><v>");
            self.xml.push_str(itoa::Buffer::new().format(n));
            self.xml.push_str("</v></c>");
        } else {
            self.text(&n.to_string());
        }
    }

    fn date(&mut self, date: Option<Date>) {
        match date {
            None => self.empty(),
            Some(date) if date >= FIRST => {
                self.value(DAY, |xml| xml.push_str(itoa::Buffer::new().format(days_since(date, EPOCH))));
            }
            Some(date) => self.text(&date.to_string()),
        }
    }

    fn units(&mut self, units: Option<Decimal>) {
        match units.map(|units| units.normalize()) {
            None => self.empty(),
            Some(units) if units.mantissa().unsigned_abs() < 10_u128.pow(MAX_EXACT_DIGITS) => {
                // A String takes everything.
                let _ = write!(self.xml, "<c><v>{units}</v></c>");
            }
            Some(units) => self.text(&units.to_string()),
        }
    }

    fn amount(&mut self, amount: Option<Cents>) {
        match amount {
            None => self.empty(),
            Some(Cents(cents)) => self.money(cents.into()),
        }
    }

    fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        let mut joined = std::mem::take(&mut self.spare);
        joined.clear();
        for (i, item) in items.enumerate() {
            joined.push_str(if i > 0 { ";" } else { "" });
            joined.push_str(item);
        }
        self.text(&joined);
        self.spare = joined;
    }
}

/// A finished sheet that is not yet in the workbook.
pub(crate) struct Sheet {
    /// The text on its tab.
    pub(crate) title: String,
    /// The range of its cells, such as `$A$1:$U$9`.
    pub(crate) area: String,
    /// Has it a header, which filters and is repeated on each printed page?
    pub(crate) is_table: bool,
    /// Its XML.
    pub(crate) entry: PackedZipEntry,
}

/// How sheets are written.
#[derive(Clone)]
pub(crate) struct SheetOptions {
    /// Most rows of a sheet.
    pub(crate) limit: usize,
    /// Where a sheet is stored while it is being written.
    pub(crate) scratch: Scratch,
}

/// Rows under one header, on as many sheets as they need.
pub(crate) struct Sheets {
    title: &'static str,
    columns: &'static [Column],
    options: SheetOptions,
    full: Vec<Sheet>,
    /// The sheet that is being written, in a private file without a name, and its number of rows.
    entry: ZipEntry,
    rows: usize,
}

impl Sheets {
    /// A sheet with a header.
    pub(crate) fn new(title: &'static str, columns: &'static [Column], options: &SheetOptions) -> io::Result<Self> {
        let entry = ZipEntry::new((options.scratch)()?)?;
        Ok(Self { title, columns, options: options.clone(), full: Vec::new(), entry, rows: header_rows(columns) })
    }

    /// Adds rows.
    pub(crate) fn append(&mut self, more: &XmlRows) -> io::Result<()> {
        let (mut from, mut row) = (0, 0);
        while row < more.ends.len() {
            let left = usize::try_from(MAX_ENTRY_BYTES.saturating_sub(self.entry.len())).unwrap_or(usize::MAX);
            let fit = more.ends[row..].partition_point(|end| *end - from <= left).min(self.options.limit - self.rows);
            if fit == 0 {
                self.next()?;
                continue;
            }
            let to = more.ends[row + fit - 1];
            self.entry.write(&more.xml.as_bytes()[from..to])?;
            self.rows += fit;
            (from, row) = (to, row + fit);
        }
        Ok(())
    }

    fn next(&mut self) -> io::Result<()> {
        let entry = std::mem::replace(&mut self.entry, ZipEntry::new((self.options.scratch)()?)?);
        let rows = std::mem::replace(&mut self.rows, header_rows(self.columns));
        let sheet = close(self.title, self.full.len() + 1, self.columns, entry, rows)?;
        self.full.push(sheet);
        Ok(())
    }

    /// All sheets, at least one.
    pub(crate) fn finish(mut self) -> io::Result<Vec<Sheet>> {
        let number = self.full.len() + 1;
        self.full.push(close(self.title, number, self.columns, self.entry, self.rows)?);
        Ok(self.full)
    }
}

/// Finishes a sheet; `number` counts the sheets with the same title.
fn close(title: &str, number: usize, columns: &[Column], mut entry: ZipEntry, rows: usize) -> io::Result<Sheet> {
    let last = letters(columns.len().saturating_sub(1));
    let (is_table, rows) = (header_rows(columns) > 0, rows.max(1));
    let filter = if is_table { format!("<autoFilter ref=\"A1:{last}{rows}\"/>") } else { String::new() };
    entry.write(format!("</sheetData>{filter}{PAGE_SETUP}</worksheet>").as_bytes())?;
    let title = if number == 1 { title.to_owned() } else { format!("{title} {number}") };
    let mut header = XmlRows::default();
    if is_table {
        header.row(|row| columns.iter().for_each(|column| row.styled(HEADER, column.name)));
    }
    let entry = entry.finish(head(columns, &header.xml, &format!("A1:{last}{rows}")).as_bytes())?;
    Ok(Sheet { title, area: format!("$A$1:${last}${rows}"), is_table, entry })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(put: impl FnOnce(&mut XmlRows)) -> String {
        let mut rows = XmlRows::default();
        rows.row(put);
        let cell = rows.xml.strip_prefix("<row>").and_then(|xml| xml.strip_suffix("</row>"));
        cell.expect("a row").replace(" t=\"inlineStr\"><is>", ">").replace("</is>", "")
    }

    #[test]
    fn texts_stay_texts_with_control_characters_made_visible() {
        for (text, want) in [
            ("", "<c/>"),
            ("00123", "<c s=\"1\"><t>00123</t></c>"),
            ("=1+1", "<c s=\"1\"><t>=1+1</t></c>"),
            (" a ", "<c s=\"1\"><t xml:space=\"preserve\"> a </t></c>"),
            ("<a&b>", "<c s=\"1\"><t>&lt;a&amp;b&gt;</t></c>"),
            ("a\0b\nc\u{1b}\u{fffe}", "<c s=\"1\"><t>a\u{2400}b\u{240a}c\u{241b}\u{27e8}U+FFFE\u{27e9}</t></c>"),
            ("_x0041_x_", "<c s=\"1\"><t>_x005F_x0041_x_</t></c>"),
            ("https://a.example", "<c s=\"1\"><t>https://a.example</t></c>"),
        ] {
            assert_eq!(cell(|row| row.text(text)), want, "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_where_excel_would_refuse_them() {
        for (text, kept) in [
            ("a".repeat(MAX_CELL_UTF16), MAX_CELL_UTF16),
            ("é".repeat(MAX_CELL_UTF16), MAX_CELL_UTF16),
            ("a".repeat(MAX_CELL_UTF16 + 1), MAX_CELL_UTF16 - 1),
        ] {
            let cell = cell(|row| row.text(&text));
            assert_eq!(cell.matches(['a', 'é']).count(), kept);
            assert_eq!(cell.contains('\u{2026}'), kept < MAX_CELL_UTF16);
        }
        let wide = cell(|row| row.text(&"\u{1f9b4}".repeat(MAX_CELL_UTF16)));
        assert_eq!(wide.matches('\u{1f9b4}').count(), (MAX_CELL_UTF16 - 1) / 2);
    }

    #[test]
    fn numbers_are_numbers_unless_a_spreadsheet_would_round_them() {
        let amount = |cents| cell(|row| row.amount(Some(Cents(cents))));
        assert_eq!(amount(-123_450), "<c s=\"3\"><v>-1234.50</v></c>");
        assert_eq!(amount(i64::MAX), "<c s=\"1\"><t>92233720368547758.07</t></c>");
        let day = |day: &str| cell(|row| row.date(day.parse().ok()));
        assert_eq!(day("2024-02-29"), "<c s=\"2\"><v>45351</v></c>");
        assert_eq!(day("1900-03-01"), "<c s=\"2\"><v>61</v></c>");
        assert_eq!(day("1900-02-28"), "<c s=\"1\"><t>1900-02-28</t></c>");
        assert_eq!(day("no day"), "<c/>");
        let units = |units: &str| cell(|row| row.units(units.parse().ok()));
        assert_eq!((units("1.50"), units("")), ("<c><v>1.5</v></c>".to_owned(), "<c/>".to_owned()));
        assert_eq!(units("0.1234567890123456"), "<c s=\"1\"><t>0.1234567890123456</t></c>");
    }

    #[test]
    fn rows_beyond_the_limit_go_to_another_sheet() {
        const COLUMNS: [Column; 1] =
            [crate::report::table::record::column("n", crate::report::table::record::ColumnType::Number, 8)];
        let mut sheets = Sheets::new(
            "Services",
            &COLUMNS,
            &SheetOptions { limit: 4, scratch: std::sync::Arc::new(tempfile::tempfile) },
        )
        .expect("a disk");
        let mut next = 0;
        for part in [2, 0, 5, 1] {
            let mut rows = XmlRows::default();
            for _ in 0..part {
                rows.row(|row| row.number(next));
                next += 1;
            }
            sheets.append(&rows).expect("a disk");
        }
        let sheets = sheets.finish().expect("a disk");
        let titles: Vec<_> = sheets.iter().map(|s| (s.title.as_str(), s.area.as_str())).collect();
        assert_eq!(titles, [("Services", "$A$1:$A$4"), ("Services 2", "$A$1:$A$4"), ("Services 3", "$A$1:$A$3")]);
    }
}
