//! Findings on authorizations in English.

use crate::claim::authorization::Authorization;
use crate::claim::{Setting, Text};
use crate::finding::evidence::{AuthorizationEvidence, NumberProblem};
use crate::finding::words::writer::MessageWriter;

impl MessageWriter<'_> {
    pub(super) fn authorization(&self, evidence: &AuthorizationEvidence) -> String {
        match evidence {
            AuthorizationEvidence::NoNumber => {
                let setting = match self.line.setting {
                    Setting::Undetermined => "in every setting",
                    setting => setting.word(),
                };
                format!("{} need prior authorization {setting}; the claim carries none", self.class().members)
            }
            AuthorizationEvidence::Number { number, problem, required, .. } => {
                let number = self.line.text(Text::Authorization).split(';').nth(*number).unwrap_or_default();
                let note = if *required { "" } else { "; none is required here" };
                format!("authorization {number} {}{note}", self.problem(problem))
            }
            AuthorizationEvidence::NoNumberColumn => format!(
                "{} need prior authorization ({}), and the extract has no column for it",
                self.class().members,
                self.line.setting.word()
            ),
            AuthorizationEvidence::OnlyOnFile { row } => {
                let number = self.number_of_row(*row);
                format!(
                    "the claim carries no authorization, but the file has an approval ({number}) for the member, procedure and \
                     date"
                )
            }
        }
    }

    fn problem(&self, problem: &NumberProblem) -> String {
        match problem {
            NumberProblem::NotFound => "is not in the authorization file".to_owned(),
            NumberProblem::NotApproved { row, .. } => match self.row(*row).map_or("", |row| &row.status) {
                "" => "has no status, so it is not an approval".to_owned(),
                status => format!("has the status {status}, which is not an approval"),
            },
            NumberProblem::OtherMember => "is for another member".to_owned(),
            NumberProblem::OtherProcedures { .. } => "is for other procedures".to_owned(),
            NumberProblem::OtherDates { row } => format!("is valid {}", self.period(*row)),
            NumberProblem::TooManyUnits { row, used } => {
                let authorized = self.row(*row).and_then(|row| row.units).unwrap_or_default();
                format!("is for {} units; with this service {} are used", authorized.normalize(), used.normalize())
            }
        }
    }

    pub(super) fn number_of_row(&self, row: usize) -> &str {
        match self.row(row).map_or("", |row| &row.number) {
            "" => "without a number",
            number => number,
        }
    }

    fn period(&self, row: usize) -> String {
        match self.row(row).map_or((None, None), |row| (row.valid_from, row.valid_to)) {
            (Some(from), Some(to)) => format!("from {} to {}", self.day(from), self.day(to)),
            (Some(from), None) => format!("from {}", self.day(from)),
            (None, Some(to)) => format!("until {}", self.day(to)),
            (None, None) => "always".to_owned(),
        }
    }

    fn row(&self, row: usize) -> Option<&Authorization> {
        self.words.authorizations?.rows().get(row)
    }
}
