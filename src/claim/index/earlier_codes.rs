//! The codes of earlier related rows of a claim, so that a rule reports a code once and not on each row that repeats it.

use std::io;

use crate::claim::index::bits::Bits;
use crate::claim::index::groups::ClaimRow;
use crate::claim::index::identity::Identity;
use crate::claim::index::notes::{KEPT_AT_A_TIME, NoteTaker, Notes};
use crate::claim::index::partition::{Lines, count, those};
use crate::claim::index::service::{Bin, ServiceKey};
use crate::claim::line::Line;
use crate::claim::value::code_set::CodeSet;

/// For each related line, the known codes of earlier related lines of its claim. Lines without such codes are left out.
pub(crate) fn find(lines: &Lines<'_>, identity: &Identity, bins: &[Bin]) -> io::Result<Notes<CodeSet>> {
    let related = those(lines.len(), |line| bins[line] == Bin::Related);
    let several = Bits::repeated(lines.len(), related.into_iter().map(|line| identity.claim_of[line as usize]));
    let wants = |number: usize| bins[number] == Bin::Related && several.contains(identity.claim_of[number]);
    let count = if several.is_empty() { 0 } else { count(lines.len(), wants) };
    let remember = |number: usize, line: Line<'_>| {
        ClaimRow::new(identity.claim_of[number], number as u32, CodeSet::from_ids(line.known))
    };
    let all = NoteTaker::new(lines);
    lines.partitioned(count, size_of::<(&ClaimRow<CodeSet>, u32, ServiceKey, CodeSet)>(), wants, remember, |rows| {
        let mut earlier = Vec::new();
        rows.groups(|of_claim| {
            let mut codes = CodeSet::default();
            of_claim.each(|row| {
                if codes != CodeSet::default() {
                    earlier.push(((row.line, false), codes));
                }
                codes = codes.with(row.kept);
                if earlier.len() > KEPT_AT_A_TIME { all.add(&mut earlier) } else { Ok(()) }
            })
        })?;
        all.add(&mut earlier)
    })?;
    all.finish()
}
