//! The first look at the parts of a run, before one is judged for a report: the ledger, and claims whose amounts an earlier
//! part has.

use std::io;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::claim::line::head::AmountsPer;
use crate::ledger::Ledger;
use crate::rules::judge::judge;
use crate::run::Run;

/// What the first look at a part finds.
#[derive(Default)]
struct Survey {
    ledger: Ledger,
    /// Claims of services whose rows have the amounts of their claims.
    claims: Vec<u32>,
}

impl Run {
    /// Fills the ledger, and finds the claims at risk of each part.
    pub(super) fn look_through(&mut self) -> io::Result<()> {
        let surveys = (0..self.parts()).into_par_iter().map(|n| self.survey(n)).collect::<io::Result<Vec<_>>>()?;
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

    fn survey(&self, n: usize) -> io::Result<Survey> {
        let set = self.set(n)?;
        let mut survey = Survey::default();
        survey.ledger.add_lines(&set.lines, &set.bins);
        let of_claim = set.services.iter().filter(|service| set.line(service.line).amounts == AmountsPer::Claim);
        survey.claims = of_claim.map(|service| service.claim).collect();
        Ok(survey)
    }

    /// Where rows repeat the amounts of their claim only its first service at risk has them, and a claim may go over several
    /// parts: judges those parts beforehand. `claims` are those of each part whose rows do so.
    fn find_claims_at_risk(&self, claims: &[Vec<u32>]) -> io::Result<Vec<FxHashSet<u32>>> {
        let (mut part_of, mut several) = (FxHashMap::default(), FxHashSet::default());
        for (part, claims) in claims.iter().enumerate() {
            several.extend(claims.iter().copied().filter(|claim| *part_of.entry(*claim).or_insert(part) != part));
        }
        let judged = |(n, claims): (usize, &Vec<u32>)| {
            if !claims.iter().any(|claim| several.contains(claim)) {
                return Ok(Vec::new());
            }
            let set = self.set(n)?;
            let judged = judge(&set, &self.context.policy, self.context.authorization_file.as_ref());
            let at_risk = set.services.iter().zip(&judged.services).filter(|(_, judgement)| judgement.counts_claim);
            Ok(at_risk.map(|(service, _)| service.claim).filter(|claim| several.contains(claim)).collect())
        };
        let at_risk: Vec<Vec<u32>> = claims.par_iter().enumerate().map(judged).collect::<io::Result<_>>()?;
        let mut before = FxHashSet::default();
        let mut by_part = Vec::with_capacity(claims.len());
        for (claims, at_risk) in claims.iter().zip(at_risk) {
            by_part.push(claims.iter().copied().filter(|claim| before.contains(claim)).collect());
            before.extend(at_risk);
        }
        Ok(by_part)
    }
}
