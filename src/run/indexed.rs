//! Extracts that were read and indexed, whose parts are judged on demand.
//!
//! Every part is looked at once before one is judged for a report: the ledger counts its rows, and claims whose amounts
//! an earlier part has are found.

use std::io;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::claim::authorization::{Authorization, AuthorizationFile, Authorizations, NeededKeys, PartRows};
use crate::claim::index::bits::Bits;
use crate::claim::index::service::AskedOfMember;
use crate::claim::index::{Asked, Index};
use crate::claim::line::head::AmountsPer;
use crate::claim::line::mask::{IdRoom, Mask};
use crate::claim::store::BATCH_LINES;
use crate::claim::{Batch, LineSet, Store, Text};
use crate::disk::spool::Scratch;
use crate::ledger::Ledger;
use crate::rules::judge::{judge, judge_without_necessity};
use crate::run::context::{JudgedPart, JudgedRun, Masked, RunContext};
use crate::run::mask::{Masking, WITHHELD};
use crate::run::setup::Memory;
use crate::tally::Summary;

/// Bytes that a service or a finding takes in all formats together, of each of two groups of parts: one that is formatted
/// and one that is written. Measured with sentences of ordinary length; the parts may take twice as much as a pass.
const FORMATTED_BYTES: usize = 2048;

/// Extracts that were read and indexed.
pub struct Run {
    /// What holds for all parts.
    pub context: RunContext,
    store: Store,
    starts: Vec<usize>,
    index: Index,
    asked: Asked,
    /// Rows by bin as far as reading knows them: rejected and out of scope.
    ledger_read: Ledger,
    /// Bytes that a pass over the lines may take.
    pass_bytes: usize,
    /// For each part, the claims of [`LineSet::claims_at_risk`]; empty if no layout says that amounts belong to the
    /// whole claim.
    claims_at_risk: Vec<FxHashSet<u32>>,
    masking: Option<Masking>,
    /// The rows of the authorization file that each part needs, if the file is on disk.
    part_rows: Option<PartRows>,
    /// Bytes that the rows of a part may take.
    part_row_bytes: usize,
    /// Makes a file for what does not fit in memory.
    scratch: Scratch,
}

/// What the first pass finds in a part.
#[derive(Default)]
struct Survey {
    ledger: Ledger,
    /// Claims whose rows repeat the amounts of the claim and that have services in this part.
    claims: Vec<u32>,
}

impl Run {
    /// Indexes lines. `of_member`: what is asked about the other services of a member.
    pub(super) fn new(
        context: RunContext,
        store: Store,
        memory: Option<&Memory>,
        of_member: AskedOfMember,
    ) -> io::Result<Self> {
        let pass_bytes = memory.map_or(usize::MAX, Memory::of_index);
        let asked = Asked { of_member, units_on_numbers: context.authorizations.is_some() };
        let index = Index::new(&store, context.policy.lists(), pass_bytes, asked)?;
        let (starts, ledger_read) = (store.starts(), context.ledger);
        let scratch =
            memory.map_or_else(|| Arc::new(tempfile::tempfile) as Scratch, |memory| Arc::clone(&memory.scratch));
        let mut run = Self {
            context,
            store,
            starts,
            index,
            asked,
            ledger_read,
            pass_bytes,
            claims_at_risk: Vec::new(),
            masking: None,
            part_rows: None,
            part_row_bytes: memory.map_or(usize::MAX, Memory::of_part_rows),
            scratch,
        };
        run.look_through()?;
        Ok(run)
    }

    /// The lines of a part with what belongs to them.
    fn set(&self, n: usize) -> io::Result<LineSet<'_>> {
        let mut set = self.index.line_set(self.starts[n], self.store.batch(n)?, self.context.policy.lists())?;
        if let Some(claims) = self.claims_at_risk.get(n) {
            set.claims_at_risk.clone_from(claims);
        }
        Ok(set)
    }

    /// Makes a file for what does not fit in memory, on the disk of the report.
    pub fn scratch(&self) -> Scratch {
        Arc::clone(&self.scratch)
    }

    /// Number of lines of the parts before the nth.
    pub fn lines_before(&self, n: usize) -> usize {
        self.starts.get(n).copied().unwrap_or(self.store.len())
    }

    /// Number of lines of the longest part.
    pub(crate) fn longest_part(&self) -> usize {
        let parts = 0..self.starts.len();
        parts.map(|n| self.lines_before(n + 1) - self.lines_before(n)).max().unwrap_or_default()
    }

    /// Size in bytes of the largest part.
    pub(crate) fn largest_part_bytes(&self) -> usize {
        self.store.largest_batch_bytes()
    }

    /// Services and findings that may be formatted at a time.
    pub(crate) fn formatted_at_a_time(&self) -> usize {
        self.pass_bytes / FORMATTED_BYTES
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.store.batches()
    }

    /// Judges a part. Fails if its lines cannot be read back from disk.
    pub fn part(&self, n: usize) -> io::Result<JudgedPart<'_>> {
        self.judged(self.set(n)?, self.authorizations_of(n)?, true)
    }

    /// The same for a report that may not state the necessity of its services.
    pub(crate) fn part_of_report(&self, n: usize, states_necessity: bool) -> io::Result<JudgedPart<'_>> {
        self.judged(self.set(n)?, self.authorizations_of(n)?, states_necessity)
    }

    fn judged<'a>(
        &self,
        line_set: LineSet<'a>,
        authorization_file: Option<Arc<AuthorizationFile>>,
        states_necessity: bool,
    ) -> io::Result<JudgedPart<'a>> {
        if let Some(masking) = &self.masking {
            return masking.part(line_set, authorization_file, &self.context);
        }
        let judge = if states_necessity { judge } else { judge_without_necessity };
        let judged = judge(&line_set, &self.context.policy, authorization_file.as_deref());
        let matches = self.context.matches(&judged, &line_set.lines, &line_set);
        Ok(JudgedPart { line_set, judged, matches, authorization_file })
    }

    /// The rows of the authorization file by which a part is judged.
    fn authorizations_of(&self, n: usize) -> io::Result<Option<Arc<AuthorizationFile>>> {
        self.authorization_rows(|rows| rows.of(n))
    }

    /// The authorization file as it was read, or, if it is on disk, the rows that `some` selects.
    fn authorization_rows(
        &self,
        some: impl Fn(&PartRows) -> io::Result<Vec<(u64, Authorization)>>,
    ) -> io::Result<Option<Arc<AuthorizationFile>>> {
        if let Some(file) = self.authorizations().and_then(Authorizations::file) {
            return Ok(Some(Arc::clone(file)));
        }
        let Some(rows) = &self.part_rows else { return Ok(None) };
        let mut rows = some(rows)?;
        if let Some(masking) = &self.masking {
            for (_, row) in &mut rows {
                *row = masking.row(row)?;
            }
        }
        Ok(Some(Arc::new(AuthorizationFile::of_some(rows, &self.context.policy.codes))))
    }

    /// Judges all lines as one part. Everything is known of their services, whatever the rules ask.
    pub fn judge_all(mut self) -> io::Result<JudgedRun> {
        if self.asked.of_member != AskedOfMember::Everything {
            self.asked.of_member = AskedOfMember::Everything;
            self.index = Index::new(&self.store, self.context.policy.lists(), self.pass_bytes, self.asked)?;
        }
        let lines = std::mem::replace(&mut self.store, Store::new(None, BATCH_LINES)).into_one()?;
        let line_set = self.index.line_set(0, std::borrow::Cow::Owned(lines), self.context.policy.lists())?;
        let file = self.authorization_rows(PartRows::all)?;
        let JudgedPart { line_set, judged, matches, authorization_file } = self.judged(line_set, file, true)?;
        let summary = Summary::from_judged(&judged);
        Ok(JudgedRun { context: self.context, line_set, judged, matches, authorization_file, summary })
    }

    /// A run over lines that were read before, such as the lines of a dossier. It keeps the ledger of `context`.
    pub(crate) fn from_batches(context: RunContext, lines: impl IntoIterator<Item = Batch>) -> io::Result<Self> {
        let mut store = Store::new(None, BATCH_LINES);
        lines.into_iter().for_each(|batch| store.push(&batch, 0));
        let ledger = context.ledger;
        let mut run = Self::new(context, store, None, AskedOfMember::Everything)?;
        run.context.ledger = ledger;
        Ok(run)
    }

    /// Masks everything that can be reported. With `months`, dates are cut to their month. Fails if lines cannot be
    /// read back.
    pub fn mask(&mut self, mask: Mask, months: bool) -> io::Result<()> {
        let authorizations = self.context.authorizations.take();
        let room = IdRoom { bytes: self.pass_bytes, scratch: self.scratch() };
        let mut masking = Masking::new(mask, months, (&self.store, &self.context.policy), authorizations, &room)?;
        self.store.make_room(masking.bytes());
        let has_id_numbers = masking.drop_id_numbers(&mut self.store, &self.context)?;
        self.context.authorizations = masking.masked(&self.context, self.scratch())?;
        self.masking = Some(masking);
        if has_id_numbers {
            self.index = Index::new(&self.store, self.context.policy.lists(), self.pass_bytes, self.asked)?;
            self.context.ledger = self.ledger_read;
            self.claims_at_risk.clear();
            self.look_through()?;
        }
        self.context.inputs.iter_mut().for_each(|input| input.rejects.withhold(WITHHELD));
        self.context.tables.iter_mut().for_each(|table| table.withhold_rejects(WITHHELD));
        self.context.masked = if months { Masked::IdsAndDays } else { Masked::Ids };
        Ok(())
    }

    /// The authorization file as it was read.
    fn authorizations(&self) -> Option<&Authorizations> {
        self.masking.as_ref().map_or(self.context.authorizations.as_ref(), Masking::authorizations)
    }

    /// Fills the ledger, finds the rows of an authorization file on disk that each part needs, and the claims at risk of each part.
    fn look_through(&mut self) -> io::Result<()> {
        let on_disk = self.authorizations().and_then(Authorizations::on_disk).cloned();
        let keys = on_disk.as_ref().map(|_| NeededKeys::new(self.scratch()));
        let survey = |n: usize| self.survey(n, keys.as_ref());
        let surveys = (0..self.parts()).into_par_iter().map(survey).collect::<io::Result<Vec<_>>>()?;
        if let (Some(keys), Some(rows), Some(all)) = (keys, on_disk, self.authorizations()) {
            self.part_rows = Some(keys.find(all, &rows, self.parts(), self.part_row_bytes)?);
        }
        let mut claims = Vec::with_capacity(surveys.len());
        for survey in surveys {
            self.context.ledger.merge(&survey.ledger);
            claims.push(survey.claims);
        }
        if claims.iter().any(|claims| !claims.is_empty()) {
            self.claims_at_risk = self.find_claims_at_risk(&claims)?;
        }
        Ok(())
    }

    fn survey(&self, n: usize, keys: Option<&NeededKeys>) -> io::Result<Survey> {
        let (bins, traits) = (&self.index.bins()[self.starts[n]..self.lines_before(n + 1)], self.index.batch(n));
        let mut survey = Survey::default();
        if traits.has_line_per_row {
            survey.ledger.add_rows(bins);
        } else {
            survey.ledger.add_lines(&*self.store.batch(n)?, bins);
        }
        // To find the services of a part takes as long as to judge them.
        if keys.is_some() || traits.repeats_amounts {
            let set = self.set(n)?;
            let looked_up = set.lines.iter().map(|line| (line.text(Text::Authorization), line.text(Text::MemberId)));
            keys.map_or(Ok(()), |keys| keys.add(n, looked_up))?;
            let of_claim = set.services.iter().filter(|service| set.line(service.line).amounts == AmountsPer::Claim);
            survey.claims = of_claim.map(|service| service.claim).collect();
        }
        Ok(survey)
    }

    /// Finds, for each part, the claims whose amounts an earlier part already counts. Where rows repeat the amounts of
    /// their claim, only its first service at risk has them. A claim may be spread over several parts, so those parts
    /// are judged here once. `claims` lists, for each part, the claims whose rows repeat their amounts.
    fn find_claims_at_risk(&self, claims: &[Vec<u32>]) -> io::Result<Vec<FxHashSet<u32>>> {
        // The claims of several parts. A claim has the number of one of its lines.
        let (mut seen, mut several) = (Bits::new(self.store.len()), Bits::new(self.store.len()));
        for of_part in claims {
            let mut distinct = of_part.clone();
            distinct.sort_unstable();
            distinct.dedup();
            for claim in distinct {
                if !seen.insert(claim) {
                    several.insert(claim);
                }
            }
        }
        let judged = |(n, claims): (usize, &Vec<u32>)| {
            if !claims.iter().any(|claim| several.contains(*claim)) {
                return Ok(Vec::new());
            }
            let set = self.set(n)?;
            let judged = judge(&set, &self.context.policy, self.authorizations_of(n)?.as_deref());
            let at_risk = set.services.iter().zip(&judged.services).filter(|(_, judgment)| judgment.counts_claim);
            Ok(at_risk.map(|(service, _)| service.claim).filter(|claim| several.contains(*claim)).collect())
        };
        let at_risk: Vec<Vec<u32>> = claims.par_iter().enumerate().map(judged).collect::<io::Result<_>>()?;
        let mut before = Bits::new(self.store.len());
        let mut by_part = Vec::with_capacity(claims.len());
        for (claims, at_risk) in claims.iter().zip(at_risk) {
            by_part.push(claims.iter().copied().filter(|claim| before.contains(*claim)).collect());
            for claim in at_risk {
                before.insert(claim);
            }
        }
        Ok(by_part)
    }
}
