//! Masks a judged run before anything is reported. This is the only place that masks, so no format can forget it.
//!
//! Lines are judged with their original ids. Then the ids of every line of a part are replaced by tokens. Messages are
//! worded later, from the evidence and the masked lines, so they name tokens.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use crate::claim::authorization::{Authorization, AuthorizationFile, Authorizations};
use crate::claim::line::mask::{IdRoom, Ids, Mask, Masker};
use crate::claim::{LineSet, Store};
use crate::disk::spool::Scratch;
use crate::policy::{DiagnosisFamily, Policy};
use crate::rules::judge::judge;
use crate::rules::necessity::resembles;
use crate::run::context::{JudgedPart, RunContext};

/// What a masked report shows in place of a text that may hold ids.
pub(crate) const WITHHELD: &str = "withheld by --mask";

/// Number of columns of a line that hold ids: claim, original claim, member and authorization.
const ID_COLUMNS: usize = 4;

/// Number of columns of the authorization file that hold ids: number and member.
const ROW_ID_COLUMNS: usize = 2;

/// Number of characters of the family of a diagnosis.
const FAMILY_LENGTH: usize = 3;

/// Number of characters of the longest code.
const MAX_CODE_LENGTH: usize = 7;

/// Number of characters up to which an id with one of the policy's prefixes counts as a code: a longer one is rather an id.
const MAX_PREFIXED_LENGTH: usize = 5;

/// How a run is masked.
pub struct Masking {
    mask: Mask,
    months: bool,
    ids: Ids,
    /// The unmasked authorization file, which judging uses.
    authorizations: Option<Authorizations>,
}

impl Masking {
    /// The masking of a run with these lines and this authorization file. Fails if lines cannot be read back, or the ids not be
    /// written.
    pub(super) fn new(
        mask: Mask,
        months: bool,
        (store, policy): (&Store, &Policy),
        authorizations: Option<Authorizations>,
        room: &IdRoom,
    ) -> io::Result<Self> {
        let lines = store.batches();
        let codes = PolicyCodes::new(policy);
        // The last parts are the authorization file.
        let (pieces, rows) = authorizations.as_ref().map_or((0, 0), |all| (all.pieces(), all.coverage().rows as usize));
        let ids = Ids::collect(
            &mask,
            lines + pieces,
            (store.len().saturating_mul(ID_COLUMNS).saturating_add(rows.saturating_mul(ROW_ID_COLUMNS)), room),
            &|id| codes.hold(id),
            |part, sink| {
                if part < lines {
                    store.batch(part)?.iter().for_each(|line| sink.line(line));
                    return Ok(());
                }
                authorizations.iter().try_for_each(|all| all.visit(part - lines, |row| sink.authorization(row)))
            },
        )?;
        Ok(Self { mask, months, ids, authorizations })
    }

    /// Bytes of memory that the ids take.
    pub(super) fn bytes(&self) -> usize {
        self.ids.bytes()
    }

    /// What masks lines and rows.
    pub(super) fn masker(&self) -> Masker<'_> {
        Masker { mask: &self.mask, ids: &self.ids }
    }

    /// Marks amounts, units and modifiers that are ids as unreadable, in the lines and in the authorization file. Returns whether a
    /// line changed.
    pub(super) fn drop_id_numbers(&mut self, store: &mut Store, context: &RunContext) -> io::Result<bool> {
        let codes = &context.policy.codes;
        let authorizations = self.authorizations.take();
        let masker = self.masker();
        let authorizations = authorizations.map(|all| all.changed(|row| masker.without_id_units(row), codes));
        let mut any = false;
        for n in 0..store.batches() {
            let changed = masker.without_id_numbers(&*store.batch(n)?);
            self.ids.failure()?;
            if let Some(lines) = changed {
                store.replace(n, lines);
                any = true;
            }
        }
        self.ids.failure()?;
        self.authorizations = authorizations;
        Ok(any)
    }

    /// The authorization file as it was read, which judging uses.
    pub(super) fn authorizations(&self) -> Option<&Authorizations> {
        self.authorizations.as_ref()
    }

    /// The masked authorization file. Many labels are counted in files that `scratch` makes.
    pub(super) fn masked(&self, context: &RunContext, scratch: Scratch) -> io::Result<Option<Authorizations>> {
        let (masker, codes) = (self.masker(), &context.policy.codes);
        let masked = |all: &Authorizations| all.masked(|row| masker.authorization(row), codes, scratch);
        let masked = self.authorizations.as_ref().map(masked).transpose()?;
        self.ids.failure().map(|()| masked)
    }

    /// A row of an authorization file on disk, as judging uses it.
    pub(super) fn row(&self, row: &Authorization) -> io::Result<Authorization> {
        let row = self.masker().without_id_units(row);
        self.ids.failure().map(|()| row)
    }

    /// Judges the unmasked lines of a part by the rows of the authorization file, then masks both. Fails if ids cannot be read
    /// back.
    pub(super) fn part<'a>(
        &self,
        mut line_set: LineSet<'a>,
        file: Option<Arc<AuthorizationFile>>,
        context: &RunContext,
    ) -> io::Result<JudgedPart<'a>> {
        let judged = judge(&line_set, &context.policy, file.as_deref());
        let masker = self.masker();
        let lines = line_set.replace_lines(|lines| masker.lines(lines));
        if self.months {
            line_set.lines.to_mut().cut_days();
        }
        let matches = context.matches(&judged, &lines, &line_set);
        let whole = context.authorizations.as_ref().and_then(Authorizations::file);
        let masked = |file: Arc<AuthorizationFile>| match whole {
            Some(whole) => Arc::clone(whole),
            None => Arc::new(file.with_rows(|row| masker.authorization(row), &context.policy.codes)),
        };
        let part = JudgedPart { line_set, judged, matches, authorization_file: file.map(masked) };
        self.ids.failure().map(|()| part)
    }
}

/// The codes on which verdicts depend. An id that is written like one of them cannot be told from it, and a masked code would
/// change the verdicts of `explain`.
struct PolicyCodes<'p> {
    policy: &'p Policy,
    /// Beginnings of diagnoses that the policy names.
    families: BTreeSet<&'p str>,
    /// Beginnings of diagnoses whose other characters do not matter.
    prefixes: BTreeSet<&'p str>,
}

impl<'p> PolicyCodes<'p> {
    fn new(policy: &'p Policy) -> Self {
        let trauma = policy.editions.iter().flat_map(|edition| &edition.trauma);
        let excluded = policy.excludes.iter().flat_map(|rule| rule.with.iter().chain([&rule.family]));
        let prefixes: BTreeSet<&str> = trauma.chain(excluded).map(DiagnosisFamily::text).collect();
        let listed = policy.editions.iter().flat_map(|edition| &edition.diagnoses);
        let families = listed.filter_map(|listed| listed.code.get(..FAMILY_LENGTH)).chain(prefixes.iter().copied());
        Self { policy, families: families.collect(), prefixes }
    }

    /// Is an id, in upper-case letters and digits, one of them?
    fn hold(&self, id: &str) -> bool {
        if !(FAMILY_LENGTH..=MAX_CODE_LENGTH).contains(&id.len()) {
            return false;
        }
        let begins = |with: &BTreeSet<&str>| with.iter().any(|family| id.starts_with(family));
        let is_diagnosis = || {
            id.len() <= MAX_PREFIXED_LENGTH && begins(&self.prefixes)
                || self.policy.editions.iter().any(|e| e.listed(id).is_some() || resembles(id, e).is_some())
        };
        self.policy.codes.iter().any(|(_, known)| known.code == id) || begins(&self.families) && is_diagnosis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_policy_are_no_ids() {
        let policy = crate::policy::parse::load(&[], &crate::rules::codes()).unwrap_or_else(|e| panic!("{e}"));
        let codes = PolicyCodes::new(&policy);
        for (id, want) in [
            ("22514", true),
            ("0PU43JZ", true),
            ("M8008XA", true),
            ("M8008X", true),
            ("M485", true),
            ("S12", true),
            ("S22", false),
            ("S2200", true),
            ("S220001", false),
            ("M485412", false),
            ("E24100744", false),
            ("12345", false),
            ("CLM0001", false),
            ("M1", false),
        ] {
            assert_eq!(codes.hold(id), want, "{id}");
        }
    }
}
