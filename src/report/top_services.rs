//! The services with the highest amounts at risk, for the terminal.

use crate::claim::Cents;
use crate::report::table::record::ServiceRecord;
use crate::report::view::PartView;
use crate::rules::judge::ServiceStatus;

/// How many services are kept.
pub(crate) const TOP_SERVICES_SHOWN: usize = 5;

/// Characters that are kept of a claim number: more than a terminal shows. A number may have megabytes.
const CLAIM_CHARS: usize = 256;

/// A service in the list.
#[derive(Debug, Clone)]
pub struct TopService {
    /// The amount at risk.
    pub amount: Cents,
    /// Its status.
    pub status: ServiceStatus,
    /// Claim number, or its first [`CLAIM_CHARS`] characters.
    pub claim: String,
    /// The listed codes of the service, joined by `;`.
    pub codes: String,
    /// Service date, if it can be read.
    pub date: Option<jiff::civil::Date>,
    /// Codes of the rules that fired.
    pub rules: String,
    place: (usize, usize),
}

/// The services so far, the highest amount first, then in input order.
#[derive(Debug, Clone, Default)]
pub struct TopServices(Vec<TopService>);

impl TopServices {
    /// Collects from part `n` of a run.
    pub fn add(&mut self, part: &PartView<'_>, n: usize) {
        let amounts = part.judged.services.iter().enumerate().filter_map(|(i, j)| Some((j.at_risk?, i)));
        for (amount, i) in amounts {
            if self.0.len() == TOP_SERVICES_SHOWN && self.0.last().is_some_and(|last| last.amount >= amount) {
                continue;
            }
            let record = ServiceRecord::of(part, i);
            let join = |items: &mut dyn Iterator<Item = &str>| items.collect::<Vec<_>>().join(" ");
            self.insert(TopService {
                amount,
                status: record.judgment.status,
                claim: record.line.claim_id().chars().take(CLAIM_CHARS).collect(),
                codes: record.procedure_code(),
                date: record.line.date,
                rules: join(&mut record.rules()),
                place: (n, i),
            });
        }
    }

    fn insert(&mut self, dear: TopService) {
        let key = |d: &TopService| (std::cmp::Reverse(d.amount), d.place);
        let at = self.0.partition_point(|other| key(other) < key(&dear));
        self.0.insert(at, dear);
        self.0.truncate(TOP_SERVICES_SHOWN);
    }

    /// Merges the services of another part.
    pub fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|dear| self.insert(dear));
    }

    /// The services, the highest amount first.
    pub fn services(&self) -> &[TopService] {
        &self.0
    }
}
