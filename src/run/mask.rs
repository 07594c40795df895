//! A judged run masked before anything is reported: the one place, so no format can forget it.
//!
//! The judgement is made on the ids as they came. Then the ids of every line of a part are replaced by tokens. Messages are
//! made later, from the evidence and the masked lines, so they name tokens.

use crate::claim::LineSet;
use crate::claim::authorization::AuthorizationFile;
use crate::claim::line::mask::{Ids, Mask};
use crate::rules::judge::judge;
use crate::run::context::{JudgedPart, RunContext};

/// How a run is masked.
pub struct Masking {
    pub(super) mask: Mask,
    pub(super) months: bool,
    pub(super) ids: Ids,
    /// The authorization file as it came: the judgement is made by it.
    pub(super) authorizations: Option<AuthorizationFile>,
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
