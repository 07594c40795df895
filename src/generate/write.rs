//! The extract, its authorization file and the truth, written row by row: memory holds the cases that are open.

use std::collections::VecDeque;
use std::io::{self, Write};

use crate::generate::background;
use crate::generate::builder::{Deal, plain};
use crate::generate::cases::CASES;
use crate::generate::rng::Dice;
use crate::generate::row::{COLUMNS, Damage, Row, at};
use crate::generate::{Dress, Plan, Quoting};

/// Where it goes.
#[derive(Debug)]
pub struct Sheets<W> {
    /// The extract.
    pub claims: W,
    /// The authorization file.
    pub authorizations: W,
    /// Every finding, in the order of findings.csv.
    pub findings: W,
    /// Every service with its verdict, in the order of services.csv.
    pub services: W,
    /// Every row with its bin of the ledger.
    pub rows: W,
}

/// Cases whose rows are being mixed into the extract; more would only cost memory.
const OPEN: usize = 48;

/// A case never plants more rows; so many are kept free at the end.
const MOST: u64 = 12;

/// Writes an extract and its truth. `stop` is asked now and then; true ends it with [`io::ErrorKind::Interrupted`].
pub fn generate<W: Write>(
    plan: &Plan,
    dress: &Dress,
    sheets: &mut Sheets<W>,
    stop: &dyn Fn() -> bool,
) -> io::Result<()> {
    let mut writer = Writer::new(plan, *dress, sheets)?;
    let mut deal = Deal::new(*plan);
    // The mixing throws dice of its own, so that a case is the same wherever its rows come to lie.
    let mut dice = Dice::new(plan.seed ^ u64::MAX);
    let (mut deck, mut open, mut waiting) = (Vec::new(), Vec::<VecDeque<Row>>::new(), 0u64);
    for number in 0..plan.rows {
        if number % (1 << 16) == 0 && stop() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let left = plan.rows - number;
        // No more is begun than the share allows for, lest the end be crowded with what was begun.
        let room = ((left as f64 * plan.scope) as u64).min(left);
        while open.len() < OPEN && waiting + MOST <= room {
            if deck.is_empty() {
                deck = CASES.concat();
                deal.dice.shuffle(&mut deck);
            }
            if let Some(case) = deck.pop() {
                case(&mut deal);
            }
            let rows: VecDeque<Row> = deal.rows.drain(..).collect();
            writer.authorizations(&mut deal.file)?;
            waiting += rows.len() as u64;
            open.push(rows);
        }
        // Whatever was begun is finished.
        if waiting > 0 && (waiting >= left || dice.share(plan.scope)) {
            let which = dice.below(open.len() as u64) as usize;
            if let Some(row) = open[which].pop_front() {
                writer.row(&row)?;
                waiting -= 1;
            }
            if open[which].is_empty() {
                open.swap_remove(which);
            }
        } else {
            writer.row(&background::row(&mut dice, number))?;
        }
    }
    Ok(())
}

struct Writer<'s, W> {
    sheets: &'s mut Sheets<W>,
    dress: Dress,
    /// Which column of ours stands in each place.
    order: Vec<usize>,
    dice: Dice,
    /// The line on which the next row starts.
    line: u64,
    text: String,
}

impl<'s, W: Write> Writer<'s, W> {
    fn new(plan: &Plan, dress: Dress, sheets: &'s mut Sheets<W>) -> io::Result<Self> {
        let mut dice = Dice::new(plan.seed.rotate_left(32));
        let mut order: Vec<usize> = (0..COLUMNS.len()).filter(|c| plan.column || *c != at::AUTHORIZATION).collect();
        if dress.shuffled {
            dice.shuffle(&mut order);
        }
        let mut writer = Self { sheets, dress, order, dice, line: 1, text: String::new() };
        if dress.mark {
            writer.text.push('\u{feff}');
        }
        writer.header();
        writer.flush()?;
        let sheets = &mut *writer.sheets;
        sheets
            .authorizations
            .write_all(b"authorization_number,member_id,procedure_codes,status,valid_from,valid_to,units\n")?;
        sheets.findings.write_all(b"rule,source_line,claim_id,disposition,amount_at_risk\n")?;
        sheets.services.write_all(
            b"source_line,claim_id,procedure_code,product_class,setting,service_date,units,diagnoses_considered,\
              necessity,authorization,status,rules,amount_at_risk,amount_basis\n",
        )?;
        sheets.rows.write_all(b"source_line,bin\n")?;
        Ok(writer)
    }

    fn header(&mut self) {
        let cells: Vec<String> = COLUMNS.iter().map(|c| (*c).to_owned()).collect();
        self.cells(&cells, self.order.len());
    }

    /// The first `n` fields of a row, without its end.
    fn cells(&mut self, cells: &[String], n: usize) {
        for place in 0..n {
            if place > 0 {
                self.text.push(char::from(self.dress.delimiter));
            }
            let cell = cells[self.order[place]].replace('\n', self.dress.line_end);
            self.cell(&cell);
        }
    }

    fn cell(&mut self, cell: &str) {
        let needed = cell.contains([char::from(self.dress.delimiter), '\r', '\n']) || cell.starts_with('"');
        let quoted = match self.dress.quoting {
            Quoting::Needed => needed,
            Quoting::Always => true,
            // An empty pair of quotes behind a stray one would close it unseen.
            Quoting::Sometimes => needed || (!cell.is_empty() && self.dice.chance(33)),
        };
        if quoted {
            self.text.push('"');
            self.text.push_str(&cell.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(cell);
        }
    }

    /// Writes what is in `text` as a record, and counts its lines.
    fn flush(&mut self) -> io::Result<()> {
        self.text.push_str(self.dress.line_end);
        if self.dress.shuffled && self.dice.chance(2) {
            self.text.push_str(self.dress.line_end);
        }
        self.line += self.text.matches(self.dress.line_end).count() as u64;
        self.sheets.claims.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        let line = self.line;
        let width = self.order.len();
        let delimiter = char::from(self.dress.delimiter);
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
        writeln!(self.sheets.rows, "{line},{}", row.bin.word())?;
        let claim = &row.cells[at::CLAIM_ID];
        let claim = claim.replace("=\"", "").replace('"', "");
        let claim = claim.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let mut findings: Vec<(&str, String)> =
            row.remarks.iter().map(|(rule, weight)| (*rule, format!("{},", weight.word()))).collect();
        for verdict in &row.verdicts {
            let risk = verdict.at_risk().map(|(cents, _)| plain(cents)).unwrap_or_default();
            findings
                .extend(verdict.findings().iter().map(|(rule, weight)| (*rule, format!("{},{risk}", weight.word()))));
            let basis = verdict.at_risk().map_or("", |(_, basis)| basis);
            let rules: Vec<&str> = verdict.findings().iter().map(|(rule, _)| *rule).collect();
            writeln!(
                self.sheets.services,
                "{line},{claim},{},{},{},{},{},{},{},{},{},{},{risk},{basis}",
                verdict.procedure,
                verdict.class,
                verdict.setting,
                verdict.date,
                verdict.units,
                verdict.considered.join(";"),
                verdict.necessity,
                verdict.authorization,
                verdict.status(),
                rules.join(";"),
            )?;
        }
        findings.sort_by_key(|(rule, _)| *rule);
        for (rule, rest) in findings {
            writeln!(self.sheets.findings, "{rule},{line},{claim},{rest}")?;
        }
        Ok(())
    }

    fn authorizations(&mut self, file: &mut Vec<[String; 7]>) -> io::Result<()> {
        for row in file.drain(..) {
            writeln!(self.sheets.authorizations, "{}", row.join(","))?;
        }
        Ok(())
    }
}
