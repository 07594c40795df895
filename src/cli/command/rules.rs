//! `claimlint rules`: lists the rules and bins, or prints one in full.

use std::io::Write;

use anyhow::anyhow;
use serde_json::{Map, Value, json};

use crate::cli::args::{PolicyFiles, TextOrJson};
use crate::cli::load::load_policy;
use crate::cli::terminal::style::{BOLD, DIM, disposition, fitted, paint, seen, width, wrapped};
use crate::exit::Exit;
use crate::policy::Policy;
use crate::report::words::escape::seen_json;
use crate::rules::doc;
use crate::rules::doc::{RuleDoc, Worked};
use crate::strict_toml::nearest;

/// Prints the list of rules, or one rule.
pub(crate) fn rules(
    rule: Option<&str>,
    format: TextOrJson,
    files: &PolicyFiles,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let policy = load_policy(files)?;
    let (docs, bins) = (doc::load()?, doc::load_bins()?);
    let is_json = format == TextOrJson::Json;
    let Some(word) = rule else {
        if is_json {
            print_json(&docs, &bins, &policy, out)?;
        } else {
            list(&docs, &bins, &policy, out)?;
        }
        return Ok(Exit::Clean);
    };
    let called = |d: &&RuleDoc| d.code.eq_ignore_ascii_case(word) || d.name.eq_ignore_ascii_case(word);
    if let Some(doc) = docs.iter().find(called) {
        if is_json { print_json(std::slice::from_ref(doc), &[], &policy, out)? } else { print_rule(doc, &policy, out)? }
    } else if let Some(doc) = bins.iter().find(called) {
        if is_json { print_json(&[], std::slice::from_ref(doc), &policy, out)? } else { print_bin(doc, out)? }
    } else {
        let family: Vec<_> = docs.iter().filter(|doc| is_family(word, &doc.code)).cloned().collect();
        if !family.is_empty() {
            let written =
                if is_json { print_json(&family, &[], &policy, out) } else { list(&family, &[], &policy, out) };
            written?;
            return Ok(Exit::Clean);
        }
        let known = docs.iter().chain(&bins).flat_map(|d| [d.code.as_str(), d.name.as_str()]);
        let hint = nearest(&word.to_uppercase(), known.clone()).or_else(|| nearest(word, known));
        let hint = hint.map_or("`claimlint rules` lists them".to_owned(), |h| format!("did you mean {h}?"));
        return Err(anyhow!("no rule is called {word}; {hint}"));
    }
    Ok(Exit::Clean)
}

/// Is the word the family of a rule, the letters of its code, as `--select` has it?
fn is_family(word: &str, code: &str) -> bool {
    let letters = code.trim_end_matches(|c: char| c.is_ascii_digit());
    letters.eq_ignore_ascii_case(word)
}

/// Columns that a summary has at least beside the name of its rule; otherwise it is below it.
const LEAST_BESIDE: usize = 24;

fn list(docs: &[RuleDoc], bins: &[RuleDoc], policy: &Policy, out: &mut dyn Write) -> std::io::Result<()> {
    let longest = docs.iter().map(|d| d.name.len()).max().unwrap_or(0);
    // After a code of 5, a disposition of 6 and the name, each with its gap.
    let margin = 5 + 2 + 6 + 2 + longest + 2;
    for doc in docs {
        let setting = policy.rule(&doc.code);
        let word = paint(disposition(setting.disposition), format!("{:6}", setting.disposition.word()));
        let head = format!("{}  {word}  {}", paint(BOLD, &doc.code), doc.name);
        if width() < margin + LEAST_BESIDE {
            write!(out, "{}\n{}", fitted(&head, 4), wrapped(&doc.summary, 4))?;
            continue;
        }
        // Continuation lines start under the summary.
        let gap = " ".repeat(longest - doc.name.len() + 2);
        writeln!(out, "{}", fitted(&format!("{head}{gap}{}", doc.summary), margin))?;
    }
    if !bins.is_empty() {
        writeln!(out, "\n{}", paint(BOLD, "Bins that take rows out of the judging"))?;
    }
    let longest = bins.iter().map(|bin| bin.code.len()).max().unwrap_or(0);
    for bin in bins {
        let line = format!("{}  {}", paint(BOLD, format!("{:longest$}", bin.code)), bin.summary);
        writeln!(out, "{}", fitted(&line, longest + 2))?;
    }
    let hint = "`claimlint rules CODE` explains one. Dispositions can be changed in the policy file.";
    writeln!(out, "\n{}", fitted(&paint(DIM, hint), 0))
}

fn print_rule(doc: &RuleDoc, policy: &Policy, out: &mut dyn Write) -> std::io::Result<()> {
    let setting = policy.rule(&doc.code);
    writeln!(out, "{} {}", paint(BOLD, &doc.code), paint(BOLD, &doc.name))?;
    write!(out, "{}", wrapped(&doc.summary, 0))?;
    let mut part = |title: &str, text: &str| -> std::io::Result<()> {
        write!(out, "\n{}\n{}", paint(BOLD, title), wrapped(text, 2))
    };
    let mut dispositions = vec![setting.disposition.word().to_owned()];
    dispositions.extend(setting.by_code.iter().map(|(id, d)| format!("{} for {}", d.word(), policy.code(*id))));
    part("Default disposition", &dispositions.join("; "))?;
    part("What it finds", &doc.finds)?;
    part("Why it matters", &doc.why)?;
    part("Where the policy says so", &seen(&setting.citation))?;
    part("What the claim cannot show", &doc.unseen)?;
    part("What would change the verdict", &doc.change)?;
    if let Some(clause) = policy.clause(&doc.code) {
        part("What its source asks", &seen(&format!("{} ({})", clause.asks, clause.place())))?;
    }
    let ask = if doc.ask.is_empty() { "Nothing from the provider would help.".to_owned() } else { doc.ask.join("; ") };
    part("What to ask the provider for", &ask)?;
    let reasons = match (setting.carc.as_str(), setting.rarc.as_str()) {
        ("", "") => "none".to_owned(),
        (carc, "") => format!("CARC {carc}"),
        ("", rarc) => format!("RARC {rarc}"),
        (carc, rarc) => format!("CARC {carc}, RARC {rarc}"),
    };
    part("Suggested remittance codes", &reasons)?;
    example(out, "An example that fires", &doc.fires)?;
    example(out, "A near miss that does not", &doc.passes)
}

/// Name and version of the schema of the JSON. The version is raised when a key changes its meaning.
const SCHEMA: &str = "claimlint-rules/1";

/// Prints rules and bins as one JSON object, with what the policy sets for each rule.
fn print_json(docs: &[RuleDoc], bins: &[RuleDoc], policy: &Policy, out: &mut dyn Write) -> std::io::Result<()> {
    let rule = |doc: &RuleDoc| {
        let setting = policy.rule(&doc.code);
        let by_code = setting.by_code.iter().map(|(id, d)| (policy.code(*id).to_owned(), json!(d.word())));
        let mut rule = documented(doc);
        rule["disposition"] = setting.disposition.word().into();
        rule["disposition_by_code"] = by_code.collect::<Map<_, _>>().into();
        rule["citation"] = setting.citation.as_str().into();
        rule["carc"] = setting.carc.as_str().into();
        rule["rarc"] = setting.rarc.as_str().into();
        rule["asked"] = policy
            .clause(&doc.code)
            .map_or(Value::Null, |clause| json!({ "asks": clause.asks, "place": clause.place() }));
        rule["documents"] = doc.ask.as_slice().into();
        rule
    };
    let (rules, bins): (Vec<_>, Vec<_>) = (docs.iter().map(rule).collect(), bins.iter().map(documented).collect());
    let all = json!({ "schema": SCHEMA, "policy": policy.fingerprint, "rules": rules, "bins": bins });
    writeln!(out, "{}", seen_json(&serde_json::to_string_pretty(&all)?))
}

/// The documentation of a rule or bin as JSON.
fn documented(doc: &RuleDoc) -> Value {
    let worked = |worked: &Worked| json!({ "story": worked.story, "line": worked.line, "extract": worked.extract, "authorizations": worked.auths });
    json!({
        "code": doc.code,
        "name": doc.name,
        "summary": doc.summary,
        "finds": doc.finds,
        "why": doc.why,
        "unseen": doc.unseen,
        "change": doc.change,
        "fires": worked(&doc.fires),
        "passes": worked(&doc.passes),
    })
}

fn print_bin(doc: &RuleDoc, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{} {}", paint(BOLD, &doc.code), paint(BOLD, &doc.name))?;
    write!(out, "{}", wrapped(&doc.summary, 0))?;
    let parts = [
        ("Which rows it holds", &doc.finds),
        ("Why it matters", &doc.why),
        ("What the extract cannot show", &doc.unseen),
        ("What would change it", &doc.change),
    ];
    for (title, text) in parts {
        write!(out, "\n{}\n{}", paint(BOLD, title), wrapped(text, 2))?;
    }
    example(out, "An example in the bin", &doc.fires)?;
    example(out, "A near miss that is not", &doc.passes)
}

fn example(out: &mut dyn Write, title: &str, worked: &Worked) -> std::io::Result<()> {
    writeln!(out, "\n{}", paint(BOLD, title))?;
    write!(out, "{}", wrapped(&format!("{} (line {})", worked.story, worked.line), 2))?;
    rows(out, &worked.extract)?;
    if let Some(auths) = &worked.auths {
        writeln!(out, "  with the authorization file")?;
        rows(out, auths)?;
    }
    Ok(())
}

fn rows(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    text.trim().lines().try_for_each(|line| writeln!(out, "{}", fitted(&format!("    {DIM}{line}{DIM:#}"), 6)))
}
