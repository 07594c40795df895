//! Invents a clean table of claims and pollutes it, one mistake a file, in the ways that the Pollock benchmark lists
//! (Vitagliano and others, "Pollock: A Data Loading Benchmark", VLDB 2023): in the file, its dialect, its header, a row.
//! The benchmark's own files are not claims, so a check of claims would refuse them all.

use std::ops::Range;

/// Rows of the clean table, as many as the benchmark's.
pub(crate) const ROWS: usize = 83;

/// The names of the clean table.
pub(crate) const HEADER: [&str; 15] = [
    "claim_id",
    "line_number",
    "member_id",
    "product",
    "place_of_service",
    "service_date",
    "procedure_code",
    "units",
    "diagnosis_1",
    "diagnosis_2",
    "billing_npi",
    "authorization_number",
    "charge_amount",
    "paid_amount",
    "rendering_npi",
];

/// The rows that a pollution of a row is tried on: the first ones, some in the middle, the last.
const TRIED: [usize; 8] = [0, 1, 2, 9, 30, 41, 60, ROWS - 1];

/// A polluted file.
pub(crate) struct Polluted {
    /// The way in which it is polluted.
    pub(crate) kind: &'static str,
    /// Its name, without a directory.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// The rows of the clean table that it holds, each with the line on which it starts.
    pub(crate) rows: Vec<(usize, u64)>,
}

/// The cells of a row of the clean table. Every other row has an empty last cell, the first one too.
pub(crate) fn cells(row: usize) -> Vec<String> {
    let of = |words: &[&str]| words[row % words.len()].to_owned();
    vec![
        format!("C{row:04}"),
        "1".to_owned(),
        format!("M{row:04}"),
        of(&["HMO Blue", "PPO", "HMO Blue, Select", "Blue Care Elect", "HMO \"Blue\"", "HMO Blue New England"]),
        of(&["22", "24", "11"]),
        format!("2024-03-{:02}", row % 28 + 1),
        of(&["22513", "22514"]),
        "1".to_owned(),
        "M54.50".to_owned(),
        of(&["", "E11.9", "I10"]),
        format!("19000{row:05}"),
        format!("PA-{row:04}"),
        format!("{},000.00", row % 9 + 1),
        format!("{}.25", row + 1000),
        if row.is_multiple_of(2) { String::new() } else { format!("18000{row:05}") },
    ]
}

/// How a table is written.
#[derive(Clone, Copy)]
struct Dialect {
    delimiter: &'static str,
    quote: &'static str,
    /// What is written for a quote inside quotes, before it.
    escape: &'static str,
    line_end: &'static str,
}

const STANDARD: Dialect = Dialect { delimiter: ",", quote: "\"", escape: "\"", line_end: "\n" };

impl Dialect {
    fn cell(self, cell: &str) -> String {
        let special = [self.delimiter, self.quote, "\"", ","];
        if special.iter().any(|text| cell.contains(text)) {
            let (quote, escape) = (self.quote, self.escape);
            format!("{quote}{}{quote}", cell.replace(quote, &format!("{escape}{quote}")))
        } else {
            cell.to_owned()
        }
    }

    fn line<S: AsRef<str>>(self, cells: &[S]) -> String {
        cells.iter().map(|cell| self.cell(cell.as_ref())).collect::<Vec<_>>().join(self.delimiter) + self.line_end
    }
}

/// A file under construction: lines, some of which are rows of the clean table.
struct Draft {
    /// Text, and the row of the clean table that it is.
    lines: Vec<(String, Option<usize>)>,
}

impl Draft {
    fn rows(dialect: Dialect, rows: Range<usize>) -> Self {
        let header = (dialect.line(&HEADER), None);
        let rows = rows.map(|row| (dialect.line(&cells(row)), Some(row)));
        Self { lines: std::iter::once(header).chain(rows).collect() }
    }

    fn clean() -> Self {
        Self::rows(STANDARD, 0..ROWS)
    }

    /// The line of a row.
    fn row(&mut self, row: usize) -> &mut String {
        &mut self.lines[row + 1].0
    }

    fn before(mut self, lines: &[String]) -> Self {
        self.lines.splice(0..0, lines.iter().map(|line| (line.clone(), None)));
        self
    }

    fn after(mut self, lines: &[String]) -> Self {
        self.lines.extend(lines.iter().map(|line| (line.clone(), None)));
        self
    }

    fn with_header(mut self, header: &str) -> Self {
        self.lines[0].0 = format!("{header}\n");
        self
    }

    fn finish(self, kind: &'static str, name: impl AsRef<str>) -> Polluted {
        self.encode(kind, name, |text| text.as_bytes().to_vec())
    }

    fn encode(self, kind: &'static str, name: impl AsRef<str>, encode: impl Fn(&str) -> Vec<u8>) -> Polluted {
        let (mut text, mut line, mut rows) = (String::new(), 1, Vec::new());
        for (piece, row) in self.lines {
            rows.extend(row.map(|row| (row, line)));
            // CRLF is one line end.
            line += piece.replace("\r\n", "\n").matches(['\n', '\r']).count() as u64;
            text.push_str(&piece);
        }
        let name = format!("{} {}.csv", kind, name.as_ref()).replace([' ', ','], "-");
        Polluted { kind, name, bytes: encode(&text), rows }
    }
}

/// Every polluted file, and the clean one first.
pub(crate) fn all() -> Vec<Polluted> {
    let mut all = vec![Draft::clean().finish("clean", "")];
    files(&mut all);
    dialects(&mut all);
    headers(&mut all);
    rows(&mut all);
    all
}

fn files(all: &mut Vec<Polluted>) {
    let mut file = |name: &str, draft: Draft| all.push(draft.finish("file", name));
    file("empty", Draft { lines: Vec::new() });
    file("header only", Draft::rows(STANDARD, 0..0));
    file("one row", Draft::rows(STANDARD, 0..1));
    file("two rows", Draft::rows(STANDARD, 0..2));
    let mut no_end = Draft::clean();
    let last = no_end.row(ROWS - 1);
    last.truncate(last.len() - 1);
    file("no last line end", no_end);
    file("two last line ends", Draft::clean().after(&["\n".to_owned()]));
    let blank = || "\n".to_owned();
    let delimited = |word: &str| word.to_owned() + &",".repeat(HEADER.len() - 1) + "\n";
    for (name, word) in [("preamble", "PREAMBLE"), ("footnote", "FOOTNOTE")] {
        let put =
            |draft: Draft, lines: &[String]| if word == "PREAMBLE" { draft.before(lines) } else { draft.after(lines) };
        file(name, put(Draft::clean(), &vec![format!("{word}\n"); 3]));
        file(&format!("{name} delimited"), put(Draft::clean(), &vec![delimited(word); 3]));
        let mut lines = vec![format!("{word}\n"); 3];
        lines.insert(if word == "PREAMBLE" { 3 } else { 0 }, blank());
        file(&format!("{name} and an empty line"), put(Draft::clean(), &lines));
    }
    for columns in [6, HEADER.len(), 20] {
        let line = |word: &str| (0..columns).map(|n| format!("{word}{n}")).collect::<Vec<_>>().join(",") + "\n";
        let table: Vec<String> = std::iter::once(line("name")).chain((0..10).map(|n| line(&format!("v{n}")))).collect();
        file(&format!("a second table of {columns} columns"), Draft::clean().after(&table));
        let apart: Vec<String> = std::iter::once(blank()).chain(table).collect();
        file(&format!("a second table of {columns} columns apart"), Draft::clean().after(&apart));
    }
}

fn dialects(all: &mut Vec<Polluted>) {
    let mut dialect = |name: &str, dialect: Dialect| {
        all.push(Draft::rows(dialect, 0..ROWS).finish("dialect", name));
    };
    for (name, delimiter) in [
        ("semicolon", ";"),
        ("bar", "|"),
        ("tab", "\t"),
        ("colon", ":"),
        ("blank", " "),
        ("comma and blank", ", "),
        ("two tabs", "\t\t"),
        ("backslash t", "\\t"),
    ] {
        dialect(&format!("delimiter {name}"), Dialect { delimiter, ..STANDARD });
    }
    dialect("quote apostrophe", Dialect { quote: "'", escape: "'", ..STANDARD });
    dialect("escape backslash", Dialect { escape: "\\", ..STANDARD });
    dialect("line end CR", Dialect { line_end: "\r", ..STANDARD });
    dialect("line end CRLF", Dialect { line_end: "\r\n", ..STANDARD });
    let utf16 = |text: &str| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    all.push(Draft::clean().encode("dialect", "UTF-16", utf16));
    all.push(Draft::clean().encode("dialect", "byte order mark", |text| format!("\u{feff}{text}").into_bytes()));
    for (name, from, to) in [("LF in CRLF", "\r\n", "\n"), ("CR in LF", "\n", "\r"), ("CR in CRLF", "\r\n", "\r")] {
        for row in TRIED {
            let mut draft = Draft::rows(Dialect { line_end: from, ..STANDARD }, 0..ROWS);
            let line = draft.row(row);
            *line = line.replace(from, to);
            all.push(draft.finish("row with another line end", format!("{name} {row}")));
        }
    }
}

fn headers(all: &mut Vec<Polluted>) {
    let joined = HEADER.join(",");
    for column in 0..=HEADER.len() {
        let mut names = HEADER.map(str::to_owned).to_vec();
        names.insert(column, String::new());
        all.push(Draft::clean().with_header(&names.join(",")).finish("shifted header", format!("too many {column}")));
        if (1..HEADER.len()).contains(&column) {
            let merged = [HEADER[..column].join(","), HEADER[column..].join(",")].concat();
            all.push(Draft::clean().with_header(&merged).finish("shifted header", format!("too few {column}")));
            // Of a table whose last column is empty in every row, nothing else shows that a name is missing.
            let mut draft = Draft::clean().with_header(&merged);
            for row in 0..ROWS {
                let mut cells = cells(row);
                cells[HEADER.len() - 1].clear();
                *draft.row(row) = STANDARD.line(&cells);
            }
            all.push(draft.finish("shifted header", format!("too few {column} and the last column empty")));
        }
    }
    for column in 0..HEADER.len() {
        for (name, text) in
            [("empty", ""), ("another", "HEADER"), ("odd", "HEAD/%R"), ("long", &"HEADER".repeat(20_000))]
        {
            let mut names = HEADER;
            names[column] = text;
            all.push(
                Draft::clean().with_header(&names.join(",")).finish("name in the header", format!("{name} {column}")),
            );
        }
    }
    let several = |more: usize| Draft::clean().with_header(&format!("{joined}{}", format!("\n{joined}").repeat(more)));
    for more in [1, 2] {
        let mut draft = several(more);
        draft.lines[0].1 = None;
        all.push(draft.finish("name in the header", format!("on {} lines", more + 1)));
    }
    let mut headless = Draft::clean();
    headless.lines.remove(0);
    all.push(headless.finish("name in the header", "no header"));
}

fn rows(all: &mut Vec<Polluted>) {
    for row in TRIED {
        let written: Vec<String> = cells(row).iter().map(|cell| STANDARD.cell(cell)).collect();
        let mut put = |kind: &'static str, name: String, line: String| {
            let mut draft = Draft::clean();
            *draft.row(row) = line + "\n";
            all.push(draft.finish(kind, format!("{row} {name}")));
        };
        for column in 0..=written.len() {
            let mut longer = written.clone();
            longer.insert(column, String::new());
            put("delimiter too many", column.to_string(), longer.join(","));
        }
        for column in 1..written.len() {
            let line = [written[..column].join(","), written[column..].join(",")].concat();
            put("delimiter too few", column.to_string(), line);
        }
        for column in 0..written.len() {
            let cell = &written[column];
            let places = [("before", 0), ("after", cell.len()), ("within", cell.len() / 2)];
            for (name, place) in places.into_iter().filter(|(name, _)| *name == "before" || cell.len() > 1) {
                let mut quoted = written.clone();
                quoted[column].insert(place, '"');
                put("quote too many", format!("{name} {column}"), quoted.join(","));
            }
        }
        put("another number of fields", "none".to_owned(), String::new());
        put("another number of fields", "fewer".to_owned(), written[..5].join(","));
        put("another number of fields", "more".to_owned(), written.join(",") + &",18000".repeat(5));
        put("row with another delimiter", "semicolon".to_owned(), written.join(";"));
        let apostrophes = Dialect { quote: "'", escape: "'", ..STANDARD };
        let all_quoted: Vec<String> = written.iter().map(|cell| format!("'{}'", cell.trim_matches('"'))).collect();
        put("row with another quote", "where needed".to_owned(), apostrophes.line(&cells(row)).trim_end().to_owned());
        put("row with another quote", "everywhere".to_owned(), all_quoted.join(","));
        let backslash = Dialect { escape: "\\", ..STANDARD };
        put("row with another escape", "backslash".to_owned(), backslash.line(&cells(row)).trim_end().to_owned());
    }
    // A row that was emptied is no row.
    for file in all.iter_mut().filter(|file| file.name.ends_with("-none.csv")) {
        let gone = file.name.split('-').rev().nth(1).and_then(|row| row.parse().ok());
        file.rows.retain(|(row, _)| Some(*row) != gone);
    }
}
