//! The codes of earlier related rows of a claim, so that a rule reports a code once and not on each row that repeats it.

use std::io;

use crate::claim::index::identity::Identity;
use crate::claim::index::line_hash::{KeyHash, Keys};
use crate::claim::index::notes::{NoteTaker, Notes};
use crate::claim::index::partition::{Bits, Keyed, Lines};
use crate::claim::index::service::{Bin, ServiceKey};
use crate::claim::line::Line;
use crate::claim::value::code_set::CodeSet;

struct Row {
    key: KeyHash,
    line: u32,
    codes: CodeSet,
}

impl Keyed for Row {
    fn key(&self) -> KeyHash {
        self.key
    }
}

/// For each related line, the known codes of earlier related lines of its claim. Lines without such codes are left out.
pub(crate) fn find(lines: &Lines<'_>, identity: &Identity, bins: &[Bin]) -> io::Result<Notes<CodeSet>> {
    let related =
        || identity.claim_of.iter().zip(bins).filter(|(_, bin)| **bin == Bin::Related).map(|(claim, _)| *claim);
    let several = Bits::repeated(lines.len(), related());
    let count = related().filter(|claim| several.contains(*claim)).count();
    let wants = |number: usize| bins[number] == Bin::Related && several.contains(identity.claim_of[number]);
    let remember = |number: usize, line: Line<'_>| Row {
        key: Keys::claim(identity.claim_of[number]),
        line: number as u32,
        codes: CodeSet::from_ids(line.known),
    };
    let all = NoteTaker::new(lines);
    let kept = lines.partitioned(count, size_of::<(&Row, u32, ServiceKey, CodeSet)>(), wants, remember, |rows| {
        let mut earlier = Vec::new();
        for of_claim in rows.groups().iter() {
            let mut codes = CodeSet::default();
            for row in of_claim {
                if codes != CodeSet::default() {
                    earlier.push(((row.line, false), codes));
                }
                codes = codes.with(row.codes);
            }
        }
        all.add(&mut earlier)
    })?;
    kept.into_iter().collect::<io::Result<()>>()?;
    Ok(all.finish())
}
