//! Prints the policy in force, for `claimlint policy show`.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::policy::{Policy, Role};

/// A text of a policy on one line. Anyone may have written the policy, and a line end could begin a line of the output.
fn line(text: &str) -> String {
    text.replace('\n', "\u{240a}")
}

/// Prints editions, lists, authorization table, limits and fingerprint.
pub fn show(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    for origin in &policy.origins {
        writeln!(out, "{}: {} ({})", origin.kind.word(), line(&origin.id), origin.file)?;
        let [title, publisher, source, valid] =
            [&origin.title, &origin.publisher, &origin.source, &origin.valid].map(|text| line(text));
        writeln!(out, "  {title}\n  {publisher}\n  source: {source}\n  valid: {valid}")?;
    }
    writeln!(out, "fingerprint: {}", policy.fingerprint)?;
    for edition in &policy.editions {
        writeln!(
            out,
            "\nedition {} for services from {} ({}): {} diagnoses",
            line(&edition.id),
            edition.from,
            line(&edition.source),
            edition.diagnoses.len()
        )?;
        for listed in &edition.diagnoses {
            let region = listed.region.as_deref().map(|r| format!(", {}", line(r))).unwrap_or_default();
            let outside = if listed.outside_statement { ", outside the thoracolumbar statement" } else { "" };
            writeln!(out, "  {:7}  {}{region}{outside}", listed.code, line(&listed.about))?;
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
        writeln!(out, "  {:7}  {role}  {}{from}{until}", known.code, line(&procedure.about))?;
    }
    writeln!(out, "\nprior authorization       inpatient     outpatient")?;
    for class in &policy.classes {
        writeln!(out, "  {:24} {:13} {}", line(&class.id), class.inpatient.word(), class.outpatient.word())?;
    }
    writeln!(out, "\nproduct labels (case and punctuation aside)")?;
    for class in policy.classes.iter().filter(|c| !c.labels.is_empty()) {
        writeln!(out, "  {}: {}", line(&class.id), line(&class.labels.join(", ")))?;
    }
    writeln!(out, "\nunits per encounter")?;
    for limit in &policy.limits {
        writeln!(out, "  {}  {} (MAI {})", policy.code(limit.code), limit.units, limit.mai)?;
    }
    Ok(())
}

/// Name and version of the schema of the JSON. The version is raised when a key changes its meaning.
const SCHEMA: &str = "claimlint-policy/1";

/// The same for programs.
pub(crate) fn as_json(policy: &Policy) -> Value {
    let files = policy.origins.iter().map(|origin| {
        json!({
            "kind": origin.kind.word(),
            "id": origin.id,
            "file": origin.file,
            "title": origin.title,
            "publisher": origin.publisher,
            "source": origin.source,
            "valid": origin.valid,
        })
    });
    let editions = policy.editions.iter().map(|edition| {
        let diagnoses = edition.diagnoses.iter().map(|listed| {
            json!({
                "code": listed.code,
                "about": listed.about,
                "region": listed.region,
                "outside_statement": listed.outside_statement,
            })
        });
        json!({
            "id": edition.id,
            "from": edition.from.to_string(),
            "verified_through": edition.verified_through.to_string(),
            "source": edition.source,
            "diagnoses": diagnoses.collect::<Vec<_>>(),
        })
    });
    let procedures = policy.codes.iter().map(|(id, known)| {
        let procedure = policy.procedure(id);
        json!({
            "code": known.code,
            "role": procedure.role.word(),
            "about": procedure.about,
            "from": procedure.from.map(|day| day.to_string()),
            "until": procedure.until.map(|day| day.to_string()),
        })
    });
    let classes = policy.classes.iter().map(|class| {
        json!({
            "id": class.id,
            "inpatient": class.inpatient.word(),
            "outpatient": class.outpatient.word(),
            "labels": class.labels,
        })
    });
    let limits = policy
        .limits
        .iter()
        .map(|limit| json!({ "code": policy.code(limit.code), "units": limit.units.to_string(), "mai": limit.mai }));
    json!({
        "schema": SCHEMA,
        "id": policy.id,
        "fingerprint": policy.fingerprint,
        "files": files.collect::<Vec<_>>(),
        "editions": editions.collect::<Vec<_>>(),
        "procedures": procedures.collect::<Vec<_>>(),
        "classes": classes.collect::<Vec<_>>(),
        "limits": limits.collect::<Vec<_>>(),
        "unseen": policy.unseen,
    })
}
