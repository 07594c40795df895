//! Findings on authorizations in English.

use rust_decimal::Decimal;

use crate::claim::authorization::Authorization;
use crate::claim::{Line, Setting, Text};
use crate::finding::evidence::{AuthorizationEvidence, NumberProblem};
use crate::finding::words::writer::{MessageWriter, say};

/// Where a number was looked for that a service does not have. Rows without a known code are not kept, and rows of another
/// form, or that were denied, reversed or replaced, lend no number.
pub(crate) fn no_number(line: Line<'_>) -> &'static str {
    let marks = line.marks();
    if !marks.authorization_column {
        "the extract has no column for its number"
    } else if marks.claim_id_mangled && marks.authorization_unread {
        "its cell holds a text that is no number, and a spreadsheet mangled the claim number, so other rows of the claim \
         could not be looked at"
    } else if marks.claim_id_mangled {
        "the row carries no number, and a spreadsheet mangled the claim number, so other rows of the claim could not be \
         looked at"
    } else if marks.authorization_unread {
        "its cell holds a text that is no number, and no current row of the claim and form with a code that the policy \
         looks for carries one"
    } else {
        "no current row of the claim and form with a code that the policy looks for carries a number"
    }
}

impl MessageWriter<'_> {
    pub(super) fn authorization(&self, evidence: &AuthorizationEvidence, to: &mut String) {
        match evidence {
            AuthorizationEvidence::NoNumber => {
                let setting = match self.line.setting {
                    Setting::Undetermined => "in every setting",
                    setting => setting.word(),
                };
                say!(to, "{} need prior authorization {setting}; ", self.class().members);
                to.push_str(no_number(self.line));
                if self.words.authorizations.is_some() {
                    to.push_str(match (self.line.states(Text::MemberId), self.line.date) {
                        (false, _) => ", and the authorization file was not searched, as the claim names no member",
                        (true, None) => {
                            ", and the authorization file was not searched, as the service date cannot be read"
                        }
                        (true, Some(_)) => "",
                    });
                }
            }
            AuthorizationEvidence::Number { number, problem, required, .. } => {
                let number = self.line.text(Text::Authorization).split(';').nth(*number).unwrap_or_default();
                say!(to, "authorization {number} ");
                self.problem(problem, to);
                to.push_str(if *required { "" } else { "; none is required here" });
            }
            AuthorizationEvidence::NoNumberColumn => say!(
                to,
                "{} need prior authorization ({}), and the extract has no column for it",
                self.class().members,
                self.line.setting.word()
            ),
            AuthorizationEvidence::OnlyOnFile { row } => {
                let number = self.number_of_row(*row);
                say!(
                    to,
                    "{}, but the authorization file has an approval ({number}) for the member, procedure and date",
                    no_number(self.line)
                );
            }
        }
    }

    fn problem(&self, problem: &NumberProblem, to: &mut String) {
        match problem {
            NumberProblem::NotFound => to.push_str("is not in the authorization file"),
            NumberProblem::NotApproved { row, known } => match self.row(*row).map_or("", |row| &row.status) {
                "" => to.push_str("has no status in the authorization file"),
                status if *known => say!(to, "has the status {status}, which is not an approval"),
                status => say!(to, "has the status {status}, which no table knows"),
            },
            NumberProblem::OtherMember => to.push_str("is for another member"),
            NumberProblem::OtherProcedures { .. } => to.push_str("is for other procedures"),
            NumberProblem::OtherDates { row } => {
                to.push_str("is valid ");
                self.period(*row, to);
            }
            NumberProblem::TooManyUnits { row, used } => {
                let row = self.row(*row);
                let allowed = row.and_then(|row| row.units).unwrap_or_default();
                let codes = row.map_or(&[][..], |row| &row.procedures);
                say!(to, "has {} in its row for {}; ", units(allowed), procedures(codes));
                say!(to, "the services with this number, up to and with this one, have {}", units(*used));
            }
        }
    }

    pub(super) fn number_of_row(&self, row: usize) -> &str {
        match self.row(row).map_or("", |row| &row.number) {
            "" => "without a number",
            number => number,
        }
    }

    fn period(&self, row: usize, to: &mut String) {
        match self.row(row).map_or((None, None), |row| (row.valid_from, row.valid_to)) {
            (Some(from), Some(until)) => say!(to, "from {} to {}", self.day(from), self.day(until)),
            (Some(from), None) => say!(to, "from {}", self.day(from)),
            (None, Some(until)) => say!(to, "until {}", self.day(until)),
            (None, None) => to.push_str("always"),
        }
    }

    fn row(&self, row: usize) -> Option<&Authorization> {
        self.words.authorizations?.rows().get(row)
    }
}

/// A number of units with its noun.
pub(crate) fn units(number: Decimal) -> String {
    let number = number.normalize();
    if number == Decimal::ONE { "1 unit".to_owned() } else { format!("{number} units") }
}

/// Most codes of a row of the authorization file that a sentence names.
const MAX_CODES: usize = 5;

/// The codes that a row of the authorization file names.
fn procedures(codes: &[String]) -> String {
    match codes {
        [] => "any procedure".to_owned(),
        codes if codes.len() <= MAX_CODES => codes.join(", "),
        codes => format!("{} procedures", codes.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_their_noun() {
        for (number, want) in
            [("1", "1 unit"), ("1.0", "1 unit"), ("0", "0 units"), ("1.50", "1.5 units"), ("3", "3 units")]
        {
            assert_eq!(units(number.parse().expect("a number")), want);
        }
    }

    #[test]
    fn long_lists_of_procedures_are_counted() {
        let codes: Vec<String> = (0..6).map(|n| format!("2251{n}")).collect();
        for (n, want) in [(0, "any procedure"), (2, "22510, 22511"), (6, "6 procedures")] {
            assert_eq!(procedures(&codes[..n]), want);
        }
    }
}
