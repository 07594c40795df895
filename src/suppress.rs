//! Suppressed findings: which ones, who is responsible, why, and until when. They stay in the report and are marked.
//!
//! A suppression does not change a verdict: disposition, status and amounts stay as judged, so nothing is hidden. Suppressed
//! findings do not make a run fail, and the report says so. Suppressions match ids as read, before they are masked.

use jiff::Span;
use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::claim::{Batch, LineSet, Text};
use crate::finding::Finding;
use crate::finding::fingerprint::Fingerprint;
use crate::policy::Policy;
use crate::rules;
use crate::strict_toml::{Document, Faults, SpannedText, Table, nearest};

/// One `[[suppress]]` of the file.
#[derive(Debug, Clone)]
pub struct Suppression {
    /// Its position among the suppressions of the file, counted from 1.
    pub number: usize,
    /// Line of the file on which it starts.
    pub line: usize,
    /// Who is responsible for it.
    pub owner: String,
    /// The reason.
    pub reason: String,
    /// The last day on which it applies.
    pub expires: Date,
    /// Does it apply on the day of the run?
    pub holds: bool,
    fingerprint: Option<Fingerprint>,
    /// Claim number, member number, billing provider and rule code, each if given.
    wanted: [Option<String>; 4],
}

/// The suppressions of a file, on the day of a run.
#[derive(Debug, Clone)]
pub struct Suppressions {
    /// The day of the run. It is an input, because it decides which suppressions apply.
    pub today: Date,
    /// In the order of the file.
    pub list: Vec<Suppression>,
    /// Suppressions with a fingerprint.
    prints: FxHashMap<Fingerprint, Vec<usize>>,
    /// All other suppressions, each under its first criterion, so that a finding is compared with few of them.
    filed: [FxHashMap<String, Vec<usize>>; 4],
}

/// The suppressions that match the findings of a part.
#[derive(Debug, Clone, Default)]
pub struct SuppressionMatches {
    /// For each finding, the index of the first matching suppression that applies. Empty without suppressions.
    pub by: Vec<Option<usize>>,
    /// For each suppression, the number of findings that it matches, even if it has expired or another suppression came first.
    pub fits: Vec<u64>,
}

/// The state of a suppression in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It applies and matches a finding.
    Used,
    /// It applies but matches no finding.
    Unused,
    /// It has expired.
    Expired,
}

impl State {
    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::Expired => "expired",
        }
    }
}

impl Suppression {
    /// Its state, given the number of findings that it matches.
    pub fn state(&self, fits: u64) -> State {
        match (self.holds, fits) {
            (false, _) => State::Expired,
            (true, 0) => State::Unused,
            (true, _) => State::Used,
        }
    }
}

/// The keys of the file, in the order of [`Suppression::wanted`].
const KEYS: [&str; 4] = ["claim", "member", "provider", "rule"];

impl Suppressions {
    /// Reads a file, for a run on this day.
    pub fn load(file: &str, text: &str, today: Date) -> Result<Self, Faults> {
        let list = Document::load(file, text, |document, root| {
            let sheets = root.tables("suppress");
            let count = sheets.len();
            let list: Vec<_> =
                sheets.into_iter().enumerate().filter_map(|(i, table)| read(document, table, i + 1, today)).collect();
            root.deny_unknown_keys();
            (list.len() == count).then_some(list)
        })?;
        let (mut prints, mut filed) = (FxHashMap::<_, Vec<_>>::default(), <[FxHashMap<_, Vec<_>>; 4]>::default());
        for (i, one) in list.iter().enumerate() {
            let first = one.wanted.iter().position(Option::is_some);
            match (one.fingerprint, first.and_then(|n| Some((n, one.wanted[n].clone()?)))) {
                (Some(print), _) => prints.entry(print).or_default().push(i),
                (None, Some((n, wanted))) => filed[n].entry(wanted).or_default().push(i),
                (None, None) => {}
            }
        }
        Ok(Self { today, list, prints, filed })
    }

    /// Finds the suppressions that match the findings. `lines` are the lines as read; those of the line set may be masked.
    pub fn meet(
        &self,
        findings: &[Finding],
        lines: &Batch,
        line_set: &LineSet<'_>,
        policy: &Policy,
    ) -> SuppressionMatches {
        let mut matches = SuppressionMatches { by: Vec::with_capacity(findings.len()), fits: vec![0; self.list.len()] };
        let mut places: Vec<usize> = Vec::new();
        for finding in findings {
            let line = lines.line(finding.line);
            let rule = rules::get(finding.rule).code;
            let traits = [line.claim_id(), line.text(Text::MemberId), line.text(Text::BillingNpi), rule];
            places.clear();
            places.extend(self.filed.iter().zip(traits).filter_map(|(filed, own)| filed.get(own)).flatten());
            if !self.prints.is_empty() {
                // A fingerprint was copied from a report, which may have been masked, so both fingerprints are compared.
                let own = finding.fingerprint(rule, line, line_set, policy);
                let printed = finding.fingerprint(rule, line_set.line(finding.line), line_set, policy);
                places.extend(self.prints.get(&own).into_iter().flatten());
                places.extend(self.prints.get(&printed).filter(|_| own != printed).into_iter().flatten());
            }
            let fits = |place: &usize| {
                self.list[*place]
                    .wanted
                    .iter()
                    .zip(traits)
                    .all(|(wanted, own)| wanted.as_deref().is_none_or(|w| w == own))
            };
            places.retain(fits);
            for place in &places {
                matches.fits[*place] += 1;
            }
            matches.by.push(places.iter().copied().filter(|place| self.list[*place].holds).min());
        }
        matches
    }
}

/// The suppressions of a run as its dossier keeps them: who is responsible, why and until when, but not the ids that they look
/// for, because those are never masked. Instead it keeps which findings they suppress.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptSuppressions {
    today: Date,
    list: Vec<KeptSuppression>,
    /// Fingerprints of suppressed findings as the report prints them, in order, each with the index of its suppression.
    findings: Vec<(Fingerprint, u32)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptSuppression {
    number: u32,
    line: u32,
    owner: String,
    reason: String,
    expires: Date,
}

impl Suppressions {
    /// What a dossier keeps. `reason` is what a report may print of the reason of a suppression.
    pub fn keep(
        &self,
        mut findings: Vec<(Fingerprint, u32)>,
        reason: impl Fn(&Suppression) -> String,
    ) -> KeptSuppressions {
        findings.sort_unstable();
        findings.dedup();
        let kept = |one: &Suppression| KeptSuppression {
            number: one.number as u32,
            line: one.line as u32,
            owner: one.owner.clone(),
            reason: reason(one),
            expires: one.expires,
        };
        KeptSuppressions { today: self.today, list: self.list.iter().map(kept).collect(), findings }
    }
}

impl KeptSuppressions {
    /// Suppressions that match the same findings again. `None`: a finding has a suppression that is not there.
    pub fn restored(self) -> Option<Suppressions> {
        let today = self.today;
        let mut prints: FxHashMap<Fingerprint, Vec<usize>> = FxHashMap::default();
        for (print, place) in self.findings {
            let place = usize::try_from(place).ok().filter(|place| *place < self.list.len())?;
            prints.entry(print).or_default().push(place);
        }
        let one = |kept: KeptSuppression| Suppression {
            number: kept.number as usize,
            line: kept.line as usize,
            owner: kept.owner,
            reason: kept.reason,
            expires: kept.expires,
            holds: today <= kept.expires,
            fingerprint: None,
            wanted: Default::default(),
        };
        Some(Suppressions { today, list: self.list.into_iter().map(one).collect(), prints, filed: Default::default() })
    }
}

fn read(document: &Document<'_>, table: Table<'_, '_>, number: usize, today: Date) -> Option<Suppression> {
    let print = table.text_if("fingerprint");
    let fingerprint = print.as_ref().and_then(|placed| {
        let found = Fingerprint::parse(placed.text.trim());
        if found.is_none() {
            document.fault(
                placed.span.clone(),
                "a fingerprint has 32 hexadecimal digits: copy it from `claimlint compare`",
            );
        }
        found
    });
    let wanted = KEYS.map(|key| table.text_if(key).and_then(|placed| filled(document, key, placed)));
    let [claim, member, provider, rule] = wanted;
    let rule = rule.and_then(|placed| known_rule(document, placed));
    let wanted = [claim.map(text), member.map(text), provider.map(text), rule];
    if print.is_none() && KEYS.iter().all(|key| !table.has(key)) {
        table.fault("suppresses everything: write at least one of fingerprint, claim, member, provider, rule");
    }
    let [owner, reason] =
        ["owner", "reason"].map(|key| table.text(key).and_then(|placed| filled(document, key, placed)).map(text));
    let expires = expiry(document, &table, today);
    let line = document.line_of(table.span().start);
    table.deny_unknown_keys();
    let expires = expires?;
    Some(Suppression {
        number,
        line,
        owner: owner?,
        reason: reason?,
        expires,
        holds: today <= expires,
        fingerprint,
        wanted,
    })
}

fn text(placed: SpannedText) -> String {
    placed.text
}

fn filled(document: &Document<'_>, key: &str, placed: SpannedText) -> Option<SpannedText> {
    let trimmed = placed.text.trim().to_owned();
    if trimmed.is_empty() {
        document.fault(placed.span, format!("`{key}` is empty: fill it, or leave it out"));
        return None;
    }
    Some(SpannedText { text: trimmed, ..placed })
}

fn known_rule(document: &Document<'_>, placed: SpannedText) -> Option<String> {
    let codes = rules::codes();
    if codes.contains(&placed.text.as_str()) {
        return Some(placed.text);
    }
    let hint = nearest(&placed.text, codes.iter().copied());
    let hint = hint.map_or("`claimlint rules` lists them".to_owned(), |code| format!("did you mean {code}?"));
    document.fault(placed.span, format!("no rule has the code \"{}\"; {hint}", placed.text));
    None
}

/// Days from the day of a run to the last day that an error suggests: a quarter, the time in which most accepted findings
/// are settled.
const SUGGESTED_DAYS: i64 = 90;

/// Reads the last day, with or without quotes. An error suggests a day to come.
fn expiry(document: &Document<'_>, table: &Table<'_, '_>, today: Date) -> Option<Date> {
    let example = today.saturating_add(Span::new().days(SUGGESTED_DAYS)).to_string();
    if !table.is_text("expires") {
        return table.date("expires", &example);
    }
    let placed = table.text("expires")?;
    // Only a day is allowed; jiff would also accept a time after it.
    let date = Some(&placed.text).filter(|day| day.len() == example.len()).and_then(|day| day.parse().ok());
    if date.is_none() {
        document.fault(placed.span, format!("\"{}\" is not a day: write expires = {example}", placed.text));
    }
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2025, 6, 30);

    fn load(text: &str) -> Result<Suppressions, Faults> {
        Suppressions::load("s.toml", text, TODAY)
    }

    #[test]
    fn a_suppression_expires_after_its_last_day() {
        for (expires, holds) in
            [("2025-06-30", true), ("\"2025-06-30\"", true), ("2025-06-29", false), ("\"2025-07-01\"", true)]
        {
            let text = format!("[[suppress]]\nrule = \"DX101\"\nowner = \"a\"\nreason = \"b\"\nexpires = {expires}\n");
            let loaded = load(&text).expect("it is in order");
            assert_eq!(loaded.list[0].holds, holds, "{expires}");
            assert_eq!((loaded.list[0].number, loaded.list[0].line), (1, 1));
        }
    }

    #[test]
    fn every_fault_has_its_place() {
        let faults = load(
            "[[suppress]]\nowner = \"a\"\nreason = \" \"\nexpires = 7\n\n[[suppress]]\nrule = \"DX1O1\"\n\
             fingerprint = \"12\"\nclam = \"C1\"\nreason = \"r\"\nexpires = \"soon\"\n",
        )
        .expect_err("it is broken");
        let said = faults.to_string();
        for part in [
            "s.toml:3:10: `reason` is empty",
            "s.toml:4:11: `suppress.expires` is integer: write a date without quotes, such as 2025-09-28",
            "s.toml:6:1: `suppress.owner` is missing",
            "s.toml:7:8: no rule has the code \"DX1O1\"; did you mean DX101?",
            "s.toml:8:15: a fingerprint has 32 hexadecimal digits",
            "s.toml:9:1: `suppress.clam` is not known; did you mean `claim`?",
            "s.toml:11:11: \"soon\" is not a day: write expires = 2025-09-28",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let all =
            load("[[suppress]]\nowner = \"a\"\nreason = \"b\"\nexpires = 2025-12-01\n").expect_err("it names nothing");
        assert!(all.to_string().contains("s.toml:1:1: suppresses everything"), "{all}");
        assert!(load("").is_err());
    }
}
