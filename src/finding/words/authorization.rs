//! Findings on authorizations in English.

use crate::claim::authorization::Authorization;
use crate::claim::{Setting, Text};
use crate::finding::evidence::{AuthorizationEvidence, NumberProblem};
use crate::finding::words::writer::{MessageWriter, say};

impl MessageWriter<'_> {
    pub(super) fn authorization(&self, evidence: &AuthorizationEvidence, to: &mut String) {
        match evidence {
            AuthorizationEvidence::NoNumber => {
                let setting = match self.line.setting {
                    Setting::Undetermined => "in every setting",
                    setting => setting.word(),
                };
                say!(to, "{} need prior authorization {setting}; the claim carries none", self.class().members);
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
                    "the claim carries no authorization, but the file has an approval ({number}) for the member, procedure and \
                     date"
                );
            }
        }
    }

    fn problem(&self, problem: &NumberProblem, to: &mut String) {
        match problem {
            NumberProblem::NotFound => to.push_str("is not in the authorization file"),
            NumberProblem::NotApproved { row, .. } => match self.row(*row).map_or("", |row| &row.status) {
                "" => to.push_str("has no status, so it is not an approval"),
                status => say!(to, "has the status {status}, which is not an approval"),
            },
            NumberProblem::OtherMember => to.push_str("is for another member"),
            NumberProblem::OtherProcedures { .. } => to.push_str("is for other procedures"),
            NumberProblem::OtherDates { row } => {
                to.push_str("is valid ");
                self.period(*row, to);
            }
            NumberProblem::TooManyUnits { row, used } => {
                let authorized = self.row(*row).and_then(|row| row.units).unwrap_or_default();
                let (authorized, used) = (authorized.normalize(), used.normalize());
                say!(to, "is for {authorized} units; with this service {used} are used");
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
