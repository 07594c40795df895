//! Writes the extract, its authorization file and the truth row by row. Only the open cases are in memory.

use std::collections::VecDeque;
use std::io::{self, Write};

use crate::generate::background;
use crate::generate::builder::{CaseBuilder, plain};
use crate::generate::cases::CASES;
use crate::generate::columns::{COLUMNS, column};
use crate::generate::expected::{Damage, ExpectedFinding, PlannedRow};
use crate::generate::rng::Rng;
use crate::generate::{CsvStyle, ExtractPlan, Quoting};

/// The files of an invented extract.
#[derive(Debug)]
pub struct ExtractFiles<W> {
    /// The extract.
    pub claims: W,
    /// The authorization file.
    pub authorizations: W,
    /// Every finding that findings.csv must have, in its order.
    pub findings: W,
    /// Every service as services.csv must have it, in its order.
    pub services: W,
    /// Every row with the bin of the ledger that it must be counted in.
    pub rows: W,
}

/// Number of cases whose rows are mixed at a time. It bounds memory.
const MAX_OPEN_CASES: usize = 48;

/// Most rows that a case plants. A case is opened only while this many rows are left for it.
const MAX_ROWS_PER_CASE: u64 = 12;

/// Writes an extract and its truth.
///
/// # Errors
///
/// Fails when a file cannot be written, and with [`io::ErrorKind::Interrupted`] when `stop` returns true. `stop` is called
/// once every 65,536 rows.
pub fn generate<W: Write>(
    plan: &ExtractPlan,
    style: &CsvStyle,
    files: &mut ExtractFiles<W>,
    stop: &dyn Fn() -> bool,
) -> io::Result<()> {
    let mut writer = Writer::new(plan, *style, files)?;
    let mut builder = CaseBuilder::new(*plan);
    // The mixing has its own random numbers, so that a case is the same wherever its rows are written.
    let mut rng = Rng::new(plan.seed ^ u64::MAX);
    let (mut deck, mut open, mut waiting) = (Vec::new(), Vec::<VecDeque<PlannedRow>>::new(), 0u64);
    for number in 0..plan.rows {
        if number % (1 << 16) == 0 && stop() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let left = plan.rows - number;
        // Open no more cases than the remaining share of rows allows. Otherwise their rows would crowd the end of the extract.
        let room = ((left as f64 * plan.scope) as u64).min(left);
        while open.len() < MAX_OPEN_CASES && waiting + MAX_ROWS_PER_CASE <= room {
            if deck.is_empty() {
                deck = CASES.concat();
                builder.rng.shuffle(&mut deck);
            }
            if let Some(case) = deck.pop() {
                case(&mut builder);
            }
            let rows: VecDeque<PlannedRow> = builder.rows.drain(..).collect();
            writer.authorizations(&mut builder.authorization_rows)?;
            waiting += rows.len() as u64;
            open.push(rows);
        }
        // Every open case is written completely.
        if waiting > 0 && (waiting >= left || rng.share(plan.scope)) {
            let which = rng.below(open.len() as u64) as usize;
            if let Some(row) = open[which].pop_front() {
                writer.row(&row)?;
                waiting -= 1;
            }
            if open[which].is_empty() {
                open.swap_remove(which);
            }
        } else {
            writer.row(&background::row(&mut rng, number))?;
        }
    }
    Ok(())
}

struct Writer<'s, W> {
    files: &'s mut ExtractFiles<W>,
    style: CsvStyle,
    /// The columns to write, as positions in [`COLUMNS`].
    order: Vec<usize>,
    rng: Rng,
    /// The line on which the next row starts.
    line: u64,
    text: String,
}

impl<'s, W: Write> Writer<'s, W> {
    fn new(plan: &ExtractPlan, style: CsvStyle, files: &'s mut ExtractFiles<W>) -> io::Result<Self> {
        let mut rng = Rng::new(plan.seed.rotate_left(32));
        let mut order: Vec<usize> =
            (0..COLUMNS.len()).filter(|c| plan.authorization_column || *c != column::AUTHORIZATION).collect();
        if style.shuffled {
            rng.shuffle(&mut order);
        }
        let mut writer = Self { files, style, order, rng, line: 1, text: String::new() };
        if style.byte_order_mark {
            writer.text.push('\u{feff}');
        }
        writer.header();
        writer.flush()?;
        let files = &mut *writer.files;
        files
            .authorizations
            .write_all(b"authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n")?;
        files.findings.write_all(b"rule,source_line,claim_id,disposition,amount_at_risk,capped_by\n")?;
        files.services.write_all(
            b"source_line,claim_id,procedure_code,product_class,setting,service_date,units,diagnoses_considered,\
              necessity,authorization,status,rules,amount_at_risk,amount_basis,adjudication,\
              recoverable\n",
        )?;
        files.rows.write_all(b"source_line,bin\n")?;
        Ok(writer)
    }

    fn header(&mut self) {
        let cells: Vec<String> = COLUMNS.iter().map(|c| (*c).to_owned()).collect();
        self.cells(&cells, self.order.len());
    }

    /// Appends the first `n` fields of a row, without the line end.
    fn cells(&mut self, cells: &[String], n: usize) {
        for position in 0..n {
            if position > 0 {
                self.text.push(char::from(self.style.delimiter));
            }
            let cell = cells[self.order[position]].replace('\n', self.style.line_end);
            self.cell(&cell);
        }
    }

    fn cell(&mut self, cell: &str) {
        let needed = cell.contains([char::from(self.style.delimiter), '\r', '\n']) || cell.starts_with('"');
        let quoted = match self.style.quoting {
            Quoting::Needed => needed,
            Quoting::Always => true,
            // Empty fields stay bare: after a stray quote, a quoted empty field would close it and the row would be read.
            Quoting::Sometimes => needed || (!cell.is_empty() && self.rng.chance(33)),
        };
        if quoted {
            self.text.push('"');
            self.text.push_str(&cell.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(cell);
        }
    }

    /// Writes `text` as a record and counts its lines.
    fn flush(&mut self) -> io::Result<()> {
        self.text.push_str(self.style.line_end);
        if self.style.shuffled && self.rng.chance(2) {
            self.text.push_str(self.style.line_end);
        }
        self.line += self.text.matches(self.style.line_end).count() as u64;
        self.files.claims.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn row(&mut self, row: &PlannedRow) -> io::Result<()> {
        let line = self.line;
        let width = self.order.len();
        let delimiter = char::from(self.style.delimiter);
        match row.damage {
            Damage::None => self.cells(&row.cells, width),
            Damage::Short => self.cells(&row.cells, width / 2),
            Damage::Long => {
                self.cells(&row.cells, width);
                self.text.push(delimiter);
                self.text.push('x');
            }
            Damage::OpenQuote => {
                self.cells(&row.cells, width - 1);
                self.text.push(delimiter);
                self.text.push_str("\"cut off");
            }
            Damage::AfterQuote => {
                self.cells(&row.cells, width - 1);
                self.text.push(delimiter);
                self.text.push_str("\"said\" he");
            }
            Damage::Header => self.header(),
        }
        self.flush()?;
        writeln!(self.files.rows, "{line},{}", row.bin.key())?;
        let claim = &row.claim;
        let line_of = |finding: &ExpectedFinding, risk: &str| {
            let ExpectedFinding { rule, disposition, capped_by } = *finding;
            (rule, format!("{rule},{line},{claim},{},{risk},{capped_by}", disposition.word()))
        };
        let mut findings: Vec<(&str, String)> = row.findings.iter().map(|finding| line_of(finding, "")).collect();
        for service in &row.services {
            let amount = |cents: Option<i64>| cents.map(plain).unwrap_or_default();
            let (cents, basis) = service.amount_at_risk();
            let (risk, recoverable) = (amount(cents), amount(service.recoverable()));
            let all = service.all_findings();
            findings.extend(all.iter().map(|finding| line_of(finding, &risk)));
            let rules: Vec<&str> = all.iter().map(|finding| finding.rule).collect();
            writeln!(
                self.files.services,
                "{line},{claim},{},{},{},{},{},{},{},{},{},{},{risk},{basis},{},{recoverable}",
                service.procedure,
                service.class,
                service.setting,
                service.date,
                service.units,
                service.considered.join(";"),
                service.necessity,
                service.authorization,
                service.status(),
                rules.join(";"),
                service.adjudication,
            )?;
        }
        findings.sort_by_key(|(rule, _)| *rule);
        for (_, finding) in findings {
            writeln!(self.files.findings, "{finding}")?;
        }
        Ok(())
    }

    fn authorizations(&mut self, file: &mut Vec<[String; 7]>) -> io::Result<()> {
        for row in file.drain(..) {
            writeln!(self.files.authorizations, "{}", row.join(","))?;
        }
        Ok(())
    }
}
