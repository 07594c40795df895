//! Dates, labels and words of an extract, with what they mean.

use std::io::Write;

use crate::claim::value::status::RowStatus;
use crate::cli::command::inspect::cells::{Kind, Looks};
use crate::cli::command::inspect::lines::{BESIDE, shown};
use crate::cli::command::inspect::written::Draft;
use crate::cli::terminal::style::{BOLD, fitted, paint};
use crate::ingest::field::Field;
use crate::ingest::layout::words::Amounts;
use crate::ingest::{Binding, Layout};
use crate::policy::Policy;
use crate::report::words::numbers::{counted, grouped};
use crate::run::read::Words;

/// Prints how many service dates can be read, and the labels of products and statuses with what they mean.
pub(super) fn print(
    (binding, header): (&Binding, &[String]),
    looks: &[Looks],
    (policy, words): (&Policy, &Words),
    draft: &mut Draft<'_>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let of =
        |field: Field| binding.columns(field).iter().filter_map(|column| looks.get(*column)).find(|l| l.filled > 0);
    for (field, name) in Field::NAMES {
        binding.columns(field).iter().take(1).for_each(|column| draft.found(name, *column));
    }
    let share = |column: &usize| {
        let looks = looks.get(*column).filter(|looks| looks.filled > 0)?;
        let (read, filled) = (grouped(looks.of(Kind::Date) as u64), grouped(looks.filled as u64));
        Some(format!("{read} of {filled} in {}", shown(header.get(*column)?)))
    };
    let shares: Vec<_> = binding.columns(Field::ServiceDate).iter().filter_map(share).collect();
    if !shares.is_empty() {
        let said = format!("{} that can be read: {}", paint(BOLD, "service dates"), shares.join(", "));
        writeln!(out, "\n{}", fitted(&said, 2))?;
    }
    for (field, title) in
        [(Field::Product, "products"), (Field::LineStatus, "line statuses"), (Field::ClaimStatus, "claim statuses")]
    {
        let Some(looks) = of(field) else { continue };
        let Some(labels) = looks.labels() else {
            let said = format!("{} more than fifty different ones: is this the right column?", paint(BOLD, title));
            writeln!(out, "\n{}", fitted(&said, 2))?;
            continue;
        };
        writeln!(out, "\n{}", paint(BOLD, title))?;
        for (label, rows) in labels {
            let meaning = if field == Field::Product {
                let class = words.products.known(label);
                if class.is_none() {
                    draft.label(label);
                }
                class.map(|class| policy.class(class).id.clone())
            } else {
                words.vocabulary.statuses.get(label).map(|status| {
                    RowStatus::WORDS
                        .iter()
                        .find(|(_, own)| *own == status)
                        .map_or("no status", |(word, _)| *word)
                        .to_owned()
                })
            };
            let meaning = meaning.unwrap_or_else(|| "unknown: no table has it".to_owned());
            writeln!(out, "{}", fitted(&format!("  {:24} {rows:>6}  {meaning}", shown(label)), BESIDE))?;
        }
    }
    Ok(())
}

/// Prints what the layout says about words, dates, amounts and version numbers of its source.
pub(super) fn print_words(layout: &Layout, out: &mut dyn Write) -> std::io::Result<()> {
    let words = &layout.words;
    let pair = |word: &str, meaning: &str| format!("{} = {meaning}", shown(word));
    let pairs = |table: &[(String, &str)]| table.iter().map(|(word, meaning)| pair(word, meaning)).collect();
    let approvals = words.authorization_status.iter();
    let approvals = approvals.map(|(word, approves)| pair(word, if *approves { "approved" } else { "not-approved" }));
    let amounts = words.amounts.map(|amounts| match amounts {
        Amounts::Line => "each row has its own".to_owned(),
        Amounts::Claim => "each row repeats those of its claim".to_owned(),
    });
    let cut = words.version.as_ref();
    let cut = cut.map(|cut| format!("the last {} of {}", counted(cut.last as u64, "character"), shown(&cut.of)));
    let forms = if layout.dates.is_empty() { None } else { Some("in the forms that the layout lists".to_owned()) };
    let lists: [(&str, Vec<String>); 8] = [
        ("[products]", layout.products.iter().map(|product| pair(&product.label, &product.class)).collect()),
        ("[claim_form]", pairs(&words.claim_form)),
        ("[status]", pairs(&words.status)),
        ("[frequency]", pairs(&words.frequency)),
        ("[auths.status]", approvals.collect()),
        ("amounts", amounts.into_iter().collect()),
        ("version_number", cut.into_iter().collect()),
        ("dates", forms.into_iter().collect()),
    ];
    if lists.iter().all(|(_, words)| words.is_empty()) {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(BOLD, "words and forms of the layout"))?;
    for (name, words) in lists.iter().filter(|(_, words)| !words.is_empty()) {
        let line = format!("  {name:24} {}", words.join(", "));
        writeln!(out, "{}", fitted(&line, BESIDE))?;
    }
    Ok(())
}
