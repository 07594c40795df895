//! Prints the policy in force, for `claimlint policy show`.

use std::io::{self, Write};

use crate::policy::{Policy, Role};

/// Prints editions, lists, authorization table, limits and fingerprint.
pub fn show(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    for origin in &policy.origins {
        writeln!(out, "{}: {} ({})", origin.kind.word(), origin.id, origin.file)?;
        writeln!(
            out,
            "  {}\n  {}\n  source: {}\n  valid: {}",
            origin.title, origin.publisher, origin.source, origin.valid
        )?;
    }
    writeln!(out, "fingerprint: {}", policy.fingerprint)?;
    for edition in &policy.editions {
        writeln!(
            out,
            "\nedition {} for services from {} ({}): {} diagnoses",
            edition.id,
            edition.from,
            edition.source,
            edition.diagnoses.len()
        )?;
        for listed in &edition.diagnoses {
            let region = listed.region.as_deref().map(|r| format!(", {r}")).unwrap_or_default();
            let outside = if listed.outside_statement { ", outside the thoracolumbar statement" } else { "" };
            writeln!(out, "  {:7}  {}{region}{outside}", listed.code, listed.about)?;
        }
    }
    writeln!(out, "\nprocedure codes")?;
    for (id, known) in policy.codes.iter() {
        let procedure = policy.procedure(id);
        let role = if procedure.role == Role::Listed {
            "listed".to_owned()
        } else {
            format!("related: {}", procedure.role.word())
        };
        let from = procedure.from.map(|d| format!(", from {d}")).unwrap_or_default();
        let until = procedure.until.map(|d| format!(", until {d}")).unwrap_or_default();
        writeln!(out, "  {:7}  {role}  {}{from}{until}", known.code, procedure.about)?;
    }
    writeln!(out, "\nprior authorization       inpatient     outpatient")?;
    for class in &policy.classes {
        writeln!(out, "  {:24} {:13} {}", class.id, class.inpatient.word(), class.outpatient.word())?;
    }
    writeln!(out, "\nproduct labels (case and punctuation aside)")?;
    for class in policy.classes.iter().filter(|c| !c.labels.is_empty()) {
        writeln!(out, "  {}: {}", class.id, class.labels.join(", "))?;
    }
    writeln!(out, "\nunits per encounter")?;
    for limit in &policy.limits {
        writeln!(out, "  {}  {} (MAI {})", policy.code(limit.code), limit.units, limit.mai)?;
    }
    Ok(())
}
