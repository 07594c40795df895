//! Reads a file of suppressions in pieces, because a parsed TOML table takes ten times the memory of its text.

use std::sync::Arc;

use jiff::Span;
use jiff::civil::Date;
use rustc_hash::FxHashSet;

use crate::finding::fingerprint::Fingerprint;
use crate::rules;
use crate::strict_toml::{Document, Fault, Faults, SpannedText, Table, nearest};
use crate::suppress::groups::{Criteria, Groups};
use crate::suppress::list::{Suppression, Suppressions};

/// The keys of the file, in the order of [`Criteria::values`].
const KEYS: [&str; 4] = ["claim", "member", "provider", "rule"];

/// Least bytes of a piece: 10,000 suppressions, whose tables take 10 MiB.
const PIECE: usize = 1 << 20;

/// The first line of a suppression.
const HEADER: &str = "[[suppress]]";

/// Faults after which the rest of the file is not looked at: more than somebody mends at a time.
const MOST_FAULTS: usize = 1000;

/// A suppression as it is in the file.
struct Entry {
    line: usize,
    fingerprint: Option<Fingerprint>,
    /// In the order of [`KEYS`].
    values: [Option<String>; 4],
    owner: String,
    reason: String,
    expires: Date,
}

impl Suppressions {
    /// Reads a file, for a run on this day.
    pub fn load(file: &str, text: &str, today: Date) -> Result<Self, Faults> {
        Self::load_in_pieces(file, text, today, PIECE)
    }

    fn load_in_pieces(file: &str, text: &str, today: Date, least: usize) -> Result<Self, Faults> {
        let mut all = Self { today, list: Vec::new(), groups: Groups::default(), text_bytes: 0 };
        let (codes, mut texts) = (rules::codes(), FxHashSet::default());
        let (mut faults, mut lines) = (Vec::new(), 0);
        for piece in pieces(text, least) {
            let loaded = Document::load_piece(file, piece, lines, |document, root| {
                let tables = root.tables("suppress");
                let count = tables.len();
                let entries: Vec<_> =
                    tables.into_iter().filter_map(|table| entry(document, table, &codes, today)).collect();
                root.deny_unknown_keys();
                (entries.len() == count).then_some(entries)
            });
            match loaded {
                Ok(entries) => entries.into_iter().for_each(|entry| all.add(entry, &mut texts)),
                Err(e) => faults.extend(e.list),
            }
            lines += piece.bytes().filter(|b| *b == b'\n').count();
            if faults.len() >= MOST_FAULTS {
                let message = "mend the faults above; what comes after this line was not looked at".to_owned();
                faults.push(Fault { line: lines, column: 1, message });
                break;
            }
        }
        if faults.is_empty() { Ok(all) } else { Err(Faults { file: file.to_owned(), list: faults }) }
    }

    /// Adds a suppression. `texts` are the owners and reasons so far.
    fn add(&mut self, entry: Entry, texts: &mut FxHashSet<Arc<str>>) {
        let mut shared = |text: String| {
            if let Some(known) = texts.get(text.as_str()) {
                return Arc::clone(known);
            }
            let text: Arc<str> = text.into();
            // Two counters and the place in the allocator.
            self.text_bytes += text.len() + 32;
            texts.insert(Arc::clone(&text));
            text
        };
        let index = self.list.len() as u32;
        let holds = self.today <= entry.expires;
        let criteria =
            Criteria { fingerprint: entry.fingerprint, values: entry.values.each_ref().map(Option::as_deref) };
        let [.., rule] = &entry.values;
        let rule = rules::roster().find(|(_, known)| rule.as_deref() == Some(known.code)).map(|(id, _)| id);
        self.list.push(Suppression {
            number: index + 1,
            rule,
            line: entry.line as u32,
            owner: shared(entry.owner),
            reason: shared(entry.reason),
            expires: entry.expires,
            holds,
            group: self.groups.add(&criteria, holds.then_some(index)),
        });
    }
}

/// The text in pieces of whole suppressions, each of at least `least` bytes but the last.
fn pieces(text: &str, least: usize) -> impl Iterator<Item = &str> {
    // A text over several lines may hold a line that looks like a header. Such a file is one piece.
    let whole = text.contains("\"\"\"") || text.contains("'''");
    let header = format!("\n{HEADER}");
    let (mut rest, mut is_first) = (text, true);
    std::iter::from_fn(move || {
        let first = std::mem::take(&mut is_first);
        if rest.is_empty() && !first {
            return None;
        }
        // The first piece may begin with comments, and has at least one suppression.
        let from = if first { rest.find(HEADER).map_or(rest.len(), |at| at.max(least)) } else { least };
        let from = (from..rest.len()).find(|at| rest.is_char_boundary(*at)).filter(|_| !whole);
        let end = from.and_then(|from| Some(from + rest[from..].find(&header)? + 1)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}
fn entry(document: &Document<'_>, table: Table<'_, '_>, codes: &[&str], today: Date) -> Option<Entry> {
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
    let rule = rule.and_then(|placed| known_rule(document, placed, codes));
    let values = [claim.map(text), member.map(text), provider.map(text), rule];
    if print.is_none() && KEYS.iter().all(|key| !table.has(key)) {
        table.fault("suppresses everything: write at least one of fingerprint, claim, member, provider, rule");
    }
    let [owner, reason] =
        ["owner", "reason"].map(|key| table.text(key).and_then(|placed| filled(document, key, placed)).map(text));
    let expires = expiry(document, &table, today);
    let line = document.line_of(table.span().start);
    table.deny_unknown_keys();
    Some(Entry { line, fingerprint, values, owner: owner?, reason: reason?, expires: expires? })
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

fn known_rule(document: &Document<'_>, placed: SpannedText, codes: &[&str]) -> Option<String> {
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
            "s.toml:4:11: `suppress.expires` is a whole number: write a date without quotes, such as 2025-09-28",
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

    /// Three suppressions on lines 3, 9 and 15, after a comment.
    fn three(reason: &str) -> String {
        let one = |claim: &str| {
            format!("[[suppress]]\nclaim = \"{claim}\"\nowner = \"a\"\nreason = {reason}\nexpires = 2025-07-01\n\n")
        };
        format!("# Accepted.\n\n{}{}{}", one("C1"), one("C2"), one("C3"))
    }

    #[test]
    fn pieces_do_not_change_what_is_read() {
        let text = three("\"b \u{e9}\"");
        for least in 0..=text.len() {
            let read = Suppressions::load_in_pieces("s.toml", &text, TODAY, least).expect("it is in order");
            let places: Vec<_> = read.list.iter().map(|one| (one.number, one.line)).collect();
            assert_eq!(places, [(1, 3), (2, 9), (3, 15)], "{least}");
            assert_eq!(pieces(&text, least).collect::<String>(), text);
        }
        assert_eq!(pieces(&text, 0).count(), 3);
        let wrong = text.replace("C3", " ");
        let faults = |least| Suppressions::load_in_pieces("s.toml", &wrong, TODAY, least).expect_err("an empty claim");
        assert_eq!(faults(0).to_string(), faults(PIECE).to_string());
        let over_lines = three("\"\"\"\n[[suppress]]\n\"\"\"");
        let read = Suppressions::load_in_pieces("s.toml", &over_lines, TODAY, 0).expect("a text over several lines");
        assert_eq!((read.list.len(), &*read.list[0].reason), (3, HEADER));
    }

    #[test]
    fn equal_texts_are_stored_once() {
        let read = load(&three("\"b\"")).expect("it is in order");
        assert!(Arc::ptr_eq(&read.list[0].owner, &read.list[2].owner));
    }

    #[test]
    fn a_file_full_of_faults_is_not_read_to_its_end() {
        let text = "[[suppress]]\nexpires = 7\n".repeat(MOST_FAULTS);
        let faults = Suppressions::load_in_pieces("s.toml", &text, TODAY, 0).expect_err("nothing is in order").list;
        assert!(faults.len() < 2 * MOST_FAULTS);
        assert!(faults.last().is_some_and(|last| last.message.contains("not looked at")));
    }
}
