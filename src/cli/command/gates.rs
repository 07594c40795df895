//! The gates of a `check`: which of them fail the run, and with which numbers.

use crate::cli::terminal::log::Log;
use crate::gate;
use crate::gate::{Gate, GateResult};
use crate::policy::Disposition;
use crate::report::Totals;
use crate::run::Run;

/// A gate that fails the run, with the reason and the values of its names.
pub(crate) struct FailedGate {
    text: String,
    result: String,
    figures: Vec<(String, String)>,
}

/// The gates that fail the run. An undefined gate fails it, too, because a missing number must not count as a good one.
pub(crate) fn failed(gates: &[Gate], run: &Run, totals: &Totals) -> Vec<FailedGate> {
    let new = totals.new.as_ref().map(|since| {
        let findings = |disposition| since.new.of_disposition(disposition).findings;
        gate::NewFindings {
            deny: findings(Disposition::Deny),
            review: findings(Disposition::Review),
            info: findings(Disposition::Info),
            amount: since.new.all().at_risk,
        }
    });
    let totals = gate::GateInputs {
        ledger: &run.context.ledger,
        summary: &totals.summary,
        warnings: totals.warnings.len() as u64,
        new,
        knows_amounts: run.context.knows_amounts(),
    };
    let fails = |gate: &Gate| {
        let result = match gate.verdict(&totals) {
            GateResult::False => return None,
            GateResult::True => "is true".to_owned(),
            GateResult::Undefined(why) => format!("is undefined: {why}"),
        };
        let figures = gate.figures(&totals).into_iter();
        let figures = figures.map(|(name, figure)| (name.to_owned(), figure.to_string())).collect();
        Some(FailedGate { text: gate.text().to_owned(), result, figures })
    };
    gates.iter().filter_map(fails).collect()
}

/// Reports each of them.
pub(crate) fn announce(failed: &[FailedGate], log: &Log) {
    for gate in failed {
        log.gate(&gate.text, &gate.result, &gate.figures);
    }
}
