//! A judged run masked before anything is reported: the one place, so no format can forget it.
//!
//! The judgement is made on the ids as they came. Then the ids of every line of a part are replaced by tokens. Messages are
//! made later, from the evidence and the masked lines, so they name tokens.

use std::io;

use serde::{Deserialize, Serialize};

use crate::claim::LineSet;
use crate::claim::authorization::AuthorizationFile;
use crate::claim::line::mask::{Ids, Mask};
use crate::rules::judge::judge;
use crate::run::{JudgedPart, Run, RunContext};

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
    authorizations: Option<AuthorizationFile>,
}

impl Run {
    /// Masks everything that can be reported. `months`: days go, too. An error: lines cannot be read back from disk.
    pub fn mask(&mut self, mask: Mask, months: bool) -> io::Result<()> {
        let mut ids = Ids::default();
        for n in 0..self.store.batches() {
            self.store.batch(n)?.iter().for_each(|line| ids.add(line));
        }
        let context = &mut self.context;
        let authorizations = context.authorization_file.take();
        context.authorization_file = authorizations.as_ref().map(|file| {
            AuthorizationFile::new(file.rows().iter().map(|row| mask.authorization(row)), &context.policy.codes)
        });
        context.inputs.iter_mut().for_each(|input| input.rejects.withhold(WITHHELD));
        context.masked = if months { Masked::IdsAndDays } else { Masked::Ids };
        self.masking = Some(Masking { mask, months, ids, authorizations });
        Ok(())
    }
}

impl Masking {
    /// Judges a part by the lines as they came, then masks the lines.
    pub(super) fn part<'a>(&self, mut line_set: LineSet<'a>, context: &RunContext) -> JudgedPart<'a> {
        let judged = judge(&line_set, &context.policy, self.authorizations.as_ref());
        let lines = line_set.replace_lines(|lines| self.mask.lines(lines, &self.ids));
        if self.months {
            line_set.lines.to_mut().cut_days();
        }
        let matches = context.matches(&judged, &lines, &line_set);
        JudgedPart { line_set, judged, matches }
    }
}
