//! services.csv, findings.csv, rejects.csv: exact, in input order, safe to open in a spreadsheet.

use std::fmt::Write as _;
use std::io::{self, Write};

use rayon::prelude::*;

use super::Content;
use crate::claim::{Cents, Kind, Line, Text};

/// Would a spreadsheet run this text from the input as a formula? It then gets an apostrophe in front.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@'])
}

/// Rows of one hand-over to a thread; large enough to pay for it, small enough for the caches.
const CHUNK: usize = 4096;

/// Writes a header and `n` rows that are formatted in parallel and written in order.
fn table(out: &mut dyn Write, header: &[&str], n: usize, row: impl Fn(usize, &mut Row) + Sync) -> io::Result<()> {
    let mut writer = writer(Vec::new());
    writer.write_record(header)?;
    out.write_all(&finish(writer)?)?;
    // A wave of chunks at a time, so that memory does not grow with the report.
    let wave = CHUNK * rayon::current_num_threads() * 4;
    for start in (0..n).step_by(wave) {
        let chunks: Vec<io::Result<Vec<u8>>> = (start..n.min(start + wave))
            .into_par_iter()
            .step_by(CHUNK)
            .map(|from| {
                let mut writer = self::writer(Vec::with_capacity(CHUNK * 200));
                let mut fields = Row::default();
                for i in from..n.min(from + CHUNK).min(start + wave) {
                    fields.clear();
                    row(i, &mut fields);
                    fields.write(&mut writer)?;
                }
                finish(writer)
            })
            .collect();
        for chunk in chunks {
            out.write_all(&chunk?)?;
        }
    }
    Ok(())
}

fn writer(buffer: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(buffer)
}

fn finish(writer: csv::Writer<Vec<u8>>) -> io::Result<Vec<u8>> {
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The cells of one row, kept in one buffer that is used again for the next.
#[derive(Default)]
struct Row {
    text: String,
    ends: Vec<usize>,
}

impl Row {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn end(&mut self) {
        self.ends.push(self.text.len());
    }

    /// Our own words and numbers.
    fn plain(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.end();
    }

    /// Text from the input.
    fn input(&mut self, cell: &str) {
        if is_formula(cell) {
            self.text.push('\'');
        }
        self.plain(cell);
    }

    fn show(&mut self, value: impl std::fmt::Display) {
        let _ = write!(self.text, "{value}");
        self.end();
    }

    fn maybe(&mut self, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            let _ = write!(self.text, "{value}");
        }
        self.end();
    }

    /// A list from the input, joined by `;`.
    fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        let start = self.text.len();
        for (i, item) in items.enumerate() {
            if i > 0 {
                self.text.push(';');
            } else if is_formula(item) {
                self.text.insert(start, '\'');
            }
            self.text.push_str(item);
        }
        self.end();
    }

    fn write(&self, writer: &mut csv::Writer<Vec<u8>>) -> io::Result<()> {
        let mut start = 0;
        for end in &self.ends {
            writer.write_field(&self.text[start..*end])?;
            start = *end;
        }
        writer.write_record(None::<&[u8]>)?;
        Ok(())
    }
}

fn position(content: &Content<'_>, line: &Line, row: &mut Row) {
    row.plain(content.file(line));
    row.show(line.row);
    row.input(line.claim_id());
    row.input(line.text(Text::LineNumber));
    row.input(line.text(Text::MemberId));
}

/// Every service with its verdict.
pub fn services(content: &Content<'_>, out: &mut dyn Write) -> io::Result<()> {
    const HEADER: [&str; 21] = [
        "source_file",
        "source_line",
        "claim_id",
        "line_number",
        "member_id",
        "product",
        "product_class",
        "setting",
        "procedure_code",
        "service_date",
        "units",
        "diagnoses_considered",
        "authorization_number",
        "necessity",
        "authorization",
        "status",
        "rules",
        "amount_at_risk",
        "amount_basis",
        "billing_npi",
        "rendering_npi",
    ];
    let outcome = content.outcome;
    table(out, &HEADER, outcome.book.services.len(), |i, row| {
        let service = &outcome.book.services[i];
        let judgement = &outcome.judged.services[i];
        let line = &outcome.book.lines[service.line];
        position(content, line, row);
        row.input(line.text(Text::Product));
        row.plain(&outcome.policy.class(line.class).id);
        row.plain(line.setting.word());
        row.plain(&content.service_codes(i));
        row.maybe(line.date);
        row.maybe(matches!(service.kind, Kind::Line(_)).then(|| line.units.normalize()));
        row.list(line.considered());
        row.input(line.text(Text::Authorization));
        row.plain(judgement.necessity.word());
        row.plain(judgement.authorization.word());
        row.plain(judgement.status.word());
        row.list(judgement.rules.iter().map(|r| content.doc(*r).code.as_str()));
        row.maybe(judgement.at_risk.map(|(amount, _)| amount));
        row.maybe(judgement.at_risk.map(|(_, basis)| basis));
        row.input(line.text(Text::BillingNpi));
        row.input(line.text(Text::RenderingNpi));
    })
}

/// Every finding with its reason and citation.
pub fn findings(content: &Content<'_>, out: &mut dyn Write) -> io::Result<()> {
    const HEADER: [&str; 17] = [
        "rule",
        "name",
        "disposition",
        "source_file",
        "source_line",
        "claim_id",
        "line_number",
        "member_id",
        "product_class",
        "setting",
        "procedure_code",
        "service_date",
        "amount_at_risk",
        "carc",
        "rarc",
        "message",
        "citation",
    ];
    let outcome = content.outcome;
    table(out, &HEADER, outcome.judged.findings.len(), |i, row| {
        let finding = &outcome.judged.findings[i];
        let line = &outcome.book.lines[finding.line];
        let (doc, setting) = (content.doc(finding.rule), content.setting(finding.rule));
        row.plain(&doc.code);
        row.plain(&doc.name);
        row.plain(finding.disposition.word());
        position(content, line, row);
        row.plain(&outcome.policy.class(line.class).id);
        row.plain(line.setting.word());
        row.plain(&content.finding_codes(finding));
        row.maybe(line.date);
        row.maybe(content.judgement(finding).and_then(|j| j.at_risk).map(|(amount, _): (Cents, _)| amount));
        row.plain(&setting.carc);
        row.plain(&setting.rarc);
        row.plain(&finding.message);
        row.plain(&setting.citation);
    })
}

/// Every row that could not be used, with its text, so that it can be mended and run again.
pub fn rejects(content: &Content<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rejects: Vec<_> = content
        .outcome
        .inputs
        .iter()
        .flat_map(|input| input.rejects.iter().map(|r| (input.name.as_str(), r)))
        .collect();
    table(out, &["source_file", "source_line", "byte_offset", "reason", "raw"], rejects.len(), |i, row| {
        let (file, reject) = rejects[i];
        row.plain(file);
        row.show(reject.line);
        row.show(reject.offset);
        row.plain(reject.reason.code());
        row.input(&String::from_utf8_lossy(&reject.raw));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_guarded() {
        let mut row = Row::default();
        row.input("=1+1");
        row.list(["-A", "B"].into_iter());
        row.input("@x");
        row.plain("-1.00");
        let mut writer = writer(Vec::new());
        row.write(&mut writer).expect("row");
        assert_eq!(finish(writer).expect("bytes"), b"'=1+1,'-A;B,'@x,-1.00\n");
    }
}
