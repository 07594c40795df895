//! A judged run masked before anything is reported: the one place, so no format can forget it.
//!
//! The judgement is made on the ids as they came. Afterwards every line gets its tokens, and the messages are those
//! that the rules give for the masked lines; nothing else of the judgement is taken from there.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::claim::authorization::Register;
use crate::claim::mask::{Ids, Mask};
use crate::finding::Finding;
use crate::rules::get;
use crate::rules::judge::judge;

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

impl Outcome {
    /// Masks everything that can be reported. `months`: days go, too.
    pub fn mask(&mut self, mask: &Mask, months: bool) {
        let mut ids = Ids::default();
        self.book.lines.iter().for_each(|line| ids.add(line));
        self.book.lines.par_iter_mut().for_each(|line| *line = mask.line(line, &ids));
        self.register = self.register.take().map(|r| Register::of(r.rows().iter().map(|row| mask.authorization(row))));
        let said = judge(&self.book, &self.policy, self.register.as_ref());
        // Both are in the order of reports, so they are walked side by side.
        let mut said = said.findings.into_iter().peekable();
        let place = |finding: &Finding| (finding.line, get(finding.rule).code, finding.subject);
        for finding in &mut self.judged.findings {
            while said.next_if(|other| place(other) < place(finding)).is_some() {}
            // A rule that judges a cell in which an id strayed may have nothing to say of its token.
            let same = said.next_if(|other| place(other) == place(finding));
            finding.message = same.map_or_else(|| WITHHELD.to_owned(), |same| same.message);
        }
        for reject in self.inputs.iter_mut().flat_map(|input| &mut input.rejects) {
            reject.raw = WITHHELD.into();
        }
        self.masked = Masked::Ids;
        if months {
            self.cut_days();
        }
    }

    /// A date in a table becomes the first of its month; a date in a message loses its day.
    fn cut_days(&mut self) {
        for line in &mut self.book.lines {
            line.date = line.date.map(jiff::civil::Date::first_of_month);
        }
        for finding in &mut self.judged.findings {
            finding.message = without_days(&finding.message);
        }
        self.masked = Masked::IdsAndDays;
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
