//! A judged run masked before anything is reported: the one place, so no format can forget it.
//!
//! The judgement is made on the ids as they came. Then every line of a part gets its tokens, and the messages are those
//! that the rules give for the masked lines; nothing else of the judgement is taken from there.

use std::borrow::Cow;
use std::io;

use serde::{Deserialize, Serialize};

use crate::claim::Book;
use crate::claim::authorization::AuthorizationFile;
use crate::claim::line::mask::{Ids, Mask};
use crate::finding::Finding;
use crate::rules::get;
use crate::rules::judge::judge;
use crate::run::{Frame, Part, Run};

/// What of a run is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Masked {
    /// Nothing.
    Nothing,
    /// Member, claim and authorization ids.
    Ids,
    /// These, and dates are cut to their month.
    IdsAndDays,
}

/// In place of the text of a rejected row, which holds whatever the row held.
const WITHHELD: &str = "withheld by --mask";

/// How a run is masked.
pub struct Masking {
    mask: Mask,
    months: bool,
    ids: Ids,
    /// The authorization file as it came: the judgement is made by it.
    register: Option<AuthorizationFile>,
}

impl Run {
    /// Masks everything that can be reported. `months`: days go, too. An error: lines cannot be read back from disk.
    pub fn mask(&mut self, mask: Mask, months: bool) -> io::Result<()> {
        let mut ids = Ids::default();
        for n in 0..self.store.batches() {
            self.store.batch(n)?.iter().for_each(|line| ids.add(line));
        }
        let frame = &mut self.frame;
        let register = frame.register.take();
        frame.register =
            register.as_ref().map(|r| AuthorizationFile::of(r.rows().iter().map(|row| mask.authorization(row))));
        frame.inputs.iter_mut().for_each(|input| input.rejects.withhold(WITHHELD));
        frame.masked = if months { Masked::IdsAndDays } else { Masked::Ids };
        self.masking = Some(Masking { mask, months, ids, register });
        Ok(())
    }
}

impl Masking {
    /// Judges a part and masks it.
    pub(super) fn part<'a>(&self, book: Book<'a>, frame: &Frame) -> Part<'a> {
        let mut judged = judge(&book, &frame.policy, self.register.as_ref());
        let masked = Cow::Owned(self.mask.lines(&book.lines, &self.ids));
        let mut book = book;
        let lines = std::mem::replace(&mut book.lines, masked);
        let said = judge(&book, &frame.policy, frame.register.as_ref());
        // Both are in the order of reports, so they are walked side by side.
        let mut said = said.findings.into_iter().peekable();
        let place = |finding: &Finding| (finding.line, get(finding.rule).code, finding.subject);
        for finding in &mut judged.findings {
            while said.next_if(|other| place(other) < place(finding)).is_some() {}
            // A rule that judges a cell in which an id strayed may have nothing to say of its token.
            let same = said.next_if(|other| place(other) == place(finding));
            finding.message = same.map_or_else(|| WITHHELD.to_owned(), |same| same.message);
        }
        if self.months {
            book.lines.to_mut().cut_days();
            judged.findings.iter_mut().for_each(|finding| finding.message = without_days(&finding.message));
        }
        let met = frame.met(&judged, &lines, &book);
        Part { book, judged, met }
    }
}

/// `2024-03-02` becomes `2024-03`, wherever it stands.
fn without_days(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find('-') {
        let from = at.saturating_sub(4);
        let is_date = |text: &str| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
        let cut = if rest.get(from..from + 10).is_some_and(is_date) { (from + 7, from + 10) } else { (at + 1, at + 1) };
        out.push_str(&rest[..cut.0]);
        rest = &rest[cut.1..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_go_from_messages() {
        for (message, want) in [
            ("22514 on 2024-03-02: x", "22514 on 2024-03: x"),
            ("holds from 2024-01-31 to 2024-12-01", "holds from 2024-01 to 2024-12"),
            (
                "2024-13-02 add-on \u{e9}-\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
                "2024-13-02 add-on \u{e9}-\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
            ),
            ("-", "-"),
            ("", ""),
        ] {
            assert_eq!(super::without_days(message), want, "{message}");
        }
    }
}
