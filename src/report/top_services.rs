//! The services with the highest amounts at risk: what the terminal shows of a run.

use crate::claim::Cents;
use crate::report::Content;
use crate::report::table::record::ServiceRecord;
use crate::rules::judge::ServiceStatus;

/// How many are kept.
const SHOWN: usize = 5;

/// A service in short.
#[derive(Debug, Clone)]
pub struct Dear {
    /// At risk.
    pub amount: Cents,
    /// Where it stands.
    pub status: ServiceStatus,
    /// Claim number.
    pub claim: String,
    /// Its codes.
    pub codes: String,
    /// Service date, if it can be read.
    pub date: Option<jiff::civil::Date>,
    /// Codes of the rules that fired.
    pub rules: String,
    place: (usize, usize),
}

/// The highest so far, the dearest first, then in input order.
#[derive(Debug, Clone, Default)]
pub struct Highest(Vec<Dear>);

impl Highest {
    /// Takes up part `n` of a run.
    pub fn add(&mut self, part: &Content<'_>, n: usize) {
        let amounts = part.judged.services.iter().enumerate().filter_map(|(i, j)| Some((j.at_risk?, i)));
        for (amount, i) in amounts {
            if self.0.len() == SHOWN && self.0.last().is_some_and(|last| last.amount >= amount) {
                continue;
            }
            let record = ServiceRecord::of(part, i);
            let join = |items: &mut dyn Iterator<Item = &str>| items.collect::<Vec<_>>().join(" ");
            self.insert(Dear {
                amount,
                status: record.judgement.status,
                claim: record.line.claim_id().to_owned(),
                codes: record.procedure_code(),
                date: record.line.date,
                rules: join(&mut record.rules()),
                place: (n, i),
            });
        }
    }

    fn insert(&mut self, dear: Dear) {
        let key = |d: &Dear| (std::cmp::Reverse(d.amount), d.place);
        let at = self.0.partition_point(|other| key(other) < key(&dear));
        self.0.insert(at, dear);
        self.0.truncate(SHOWN);
    }

    /// Joins those of another part.
    pub fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|dear| self.insert(dear));
    }

    /// Those kept.
    pub fn services(&self) -> &[Dear] {
        &self.0
    }
}
