//! Masks a judged run before anything is reported. This is the only place that masks, so no format can forget it.
//!
//! Lines are judged with their original ids. Then the ids of every line of a part are replaced by tokens. Messages are
//! worded later, from the evidence and the masked lines, so they name tokens.

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
    /// The unmasked authorization file, which judging uses.
    pub(super) authorizations: Option<AuthorizationFile>,
}

impl Masking {
    /// Judges the unmasked lines of a part, then masks them.
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
