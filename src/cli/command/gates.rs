//! The gates of a `check`: which of them fail the run, and with which numbers.

use crate::cli::terminal::log::Log;
use crate::exit::Exit;
use crate::gate;
use crate::gate::{Gate, GateResult};
use crate::policy::Disposition;
use crate::report::Totals;
use crate::run::Run;

/// Reports each gate that fails the run. An undefined gate fails it, too, because a missing number must not count as a
/// good one.
pub(crate) fn evaluate(gates: &[Gate], run: &Run, totals: &Totals, log: &Log) -> Exit {
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
    let mut exit = Exit::Clean;
    for gate in gates {
        let result = match gate.verdict(&totals) {
            GateResult::False => continue,
            GateResult::True => "is true".to_owned(),
            GateResult::Undefined(why) => format!("is undefined: {why}"),
        };
        let figures: Vec<_> =
            gate.figures(&totals).into_iter().map(|(name, figure)| (name.to_owned(), figure.to_string())).collect();
        log.gate(gate.text(), &result, &figures);
        exit = Exit::Findings;
    }
    exit
}
