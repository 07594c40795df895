//! Replaces ids with keyed tokens. Equal ids have equal tokens under one key, and a token reveals nothing without the key.
//!
//! A token is a keyed BLAKE3 hash, so it joins lines, files and runs just like the id. All texts of a line are masked: ids,
//! unreadable cells, which may hold anything, and ids that strayed into other cells.

use std::borrow::Cow;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::claim::authorization::Authorization;
use crate::claim::line::kept::{IdKind, Privacy, Text, Texts};
use crate::claim::line::{Batch, Line};
use crate::claim::value::authorization;

/// Minimum length of a key in bytes. There are few member numbers, so only the key protects them, and a shorter key could be
/// found by trying.
pub const MIN_KEY_BYTES: usize = 16;

/// A secret key.
#[derive(Clone)]
pub struct Mask {
    key: [u8; 32],
}

impl Mask {
    /// A mask with this key, without line breaks at its end. `None` if the key is shorter than [`MIN_KEY_BYTES`].
    pub fn new(secret: &[u8]) -> Option<Self> {
        let end = secret.iter().rposition(|b| !matches!(b, b'\n' | b'\r')).map_or(0, |last| last + 1);
        let key = blake3::derive_key("claimlint 2024 mask of member, claim and authorization ids", &secret[..end]);
        (end >= MIN_KEY_BYTES).then_some(Self { key })
    }

    /// The token of an id: a letter and 16 characters of 5 bits each. With 80 bits, the chance that any two of a hundred
    /// million ids share a token is below one in a hundred million. An empty id stays empty.
    pub fn token(&self, id: IdKind, text: &str) -> String {
        // No I, L, O, U: a token is read out at the telephone.
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        if text.is_empty() {
            return String::new();
        }
        let (letter, text): (char, Cow<'_, str>) = match id {
            IdKind::Member => ('M', text.into()),
            IdKind::Claim => ('C', text.into()),
            IdKind::Authorization => ('A', authorization::key(text).into()),
            IdKind::Unreadable => ('X', text.into()),
        };
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[letter as u8]).update(text.as_bytes());
        let mut bits = [0; 16];
        hasher.finalize_xof().fill(&mut bits);
        let bits = u128::from_le_bytes(bits);
        let digits = (0..16).map(|i| char::from(DIGITS[(bits >> (5 * i)) as usize % DIGITS.len()]));
        [letter, '-'].into_iter().chain(digits).collect()
    }

    /// Replaces each authorization number of a list with its token.
    fn numbers(&self, list: &str) -> String {
        list.split(';').map(|number| self.token(IdKind::Authorization, number)).collect::<Vec<_>>().join(";")
    }

    /// Masks a row of the authorization file.
    pub fn authorization(&self, row: &Authorization) -> Authorization {
        Authorization {
            number: self.numbers(&row.number),
            member_id: self.token(IdKind::Member, &row.member_id),
            ..row.clone()
        }
    }

    /// Masks lines, given all ids of the run.
    pub fn lines(&self, lines: &Batch, ids: &Ids) -> Batch {
        let mut masked = Batch::default();
        lines.iter().for_each(|line| self.line(line, ids, &mut masked));
        masked
    }

    fn stray(&self, cell: &str, own: &[(&str, IdKind)], ids: &Ids) -> String {
        let known = cell.split(|c: char| !is_word(c)).filter_map(|word| Some((word, *ids.0.get(word)?)));
        let mut out = cell.to_owned();
        for (id, kind) in own.iter().copied().filter(|(id, _)| cell.contains(id)).chain(known) {
            out = replace_words(&out, id, || self.token(kind, id));
        }
        out
    }

    fn line(&self, line: Line<'_>, ids: &Ids, into: &mut Batch) {
        let is_id = |kind: IdKind| kind != IdKind::Unreadable;
        let own: Vec<(&str, IdKind)> = Text::ALL
            .into_iter()
            .filter_map(|text| Some((line.text(text), id_of(text).filter(|kind| is_id(*kind))?)))
            .flat_map(|(ids, kind)| {
                let is_list = kind == IdKind::Authorization;
                ids.split(move |c| is_list && c == ';').map(move |id| (id, kind))
            })
            .filter(|(id, _)| is_telling(id))
            .collect();
        let stray = |cell: &str| self.stray(cell, &own, ids);
        let masked = Text::ALL.map(|text| {
            let cell = line.text(text);
            match text.privacy() {
                _ if cell.is_empty() => String::new(),
                // Each number of a list has its token.
                Privacy::Token(IdKind::Authorization) => self.numbers(cell),
                Privacy::Token(kind) => self.token(kind, cell),
                Privacy::QuotedToken => match cell.split_once('"') {
                    Some((field, quoted)) => {
                        let quoted = quoted.strip_suffix('"').unwrap_or(quoted);
                        format!("{field}\"{}\"", self.token(IdKind::Unreadable, quoted))
                    }
                    None => String::new(),
                },
                Privacy::StrayIds => stray(cell),
            }
        });
        let mut texts = Texts::new();
        Text::ALL.into_iter().zip(&masked).for_each(|(text, value)| texts.set(text, value));
        let mut encoder = into.encode();
        line.known.iter().for_each(|id| encoder.known(*id));
        line.procedure_cells().for_each(|cell| encoder.procedure(&stray(cell)));
        encoder.texts(&texts);
        for (n, code) in line.all_diagnoses().enumerate() {
            encoder.diagnosis(line.diagnosis_slot(n), &stray(code));
        }
        line.modifiers().for_each(|cell| encoder.modifier(&stray(cell)));
        encoder.finish(line.head.clone());
    }
}

impl Batch {
    /// Sets every first and last day to the first of its month.
    pub fn cut_days(&mut self) {
        let cut = |date: Option<Date>| date.map(Date::first_of_month);
        self.heads.iter_mut().for_each(|head| (head.date, head.end_date) = (cut(head.date), cut(head.end_date)));
    }
}

/// Member, claim and authorization ids of a run.
#[derive(Default)]
pub struct Ids(FxHashMap<String, IdKind>);

impl Ids {
    /// Adds the ids of a line.
    pub fn add(&mut self, line: Line<'_>) {
        for text in [Text::ClaimId, Text::OriginalClaimId, Text::MemberId] {
            if let Some(kind) = id_of(text).filter(|_| is_telling(line.text(text))) {
                self.0.entry(line.text(text).to_owned()).or_insert(kind);
            }
        }
    }
}

/// The kind of id that a text is. `None` if it is not an id.
fn id_of(text: Text) -> Option<IdKind> {
    match text.privacy() {
        Privacy::Token(kind) => Some(kind),
        Privacy::QuotedToken | Privacy::StrayIds => None,
    }
}

/// Elsewhere than in its own column a number of up to three digits is a count or a place, not an id.
fn is_telling(id: &str) -> bool {
    id.len() > 3 || id.bytes().any(|b| !b.is_ascii_digit()) && !id.is_empty()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

/// Replaces a text where it is not part of a longer word.
fn replace_words(cell: &str, word: &str, by: impl Fn() -> String) -> String {
    let mut out = String::with_capacity(cell.len());
    let mut rest = 0;
    for (at, _) in cell.match_indices(word) {
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if inside(cell[..at].chars().next_back()) || inside(cell[at + word.len()..].chars().next()) {
            continue;
        }
        out.push_str(&cell[rest..at]);
        out.push_str(&by());
        rest = at + word.len();
    }
    out.push_str(&cell[rest..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_join_like_ids() {
        let mask = Mask::new(b"0123456789abcdef\r\n").expect("long enough");
        let token = mask.token(IdKind::Member, "M1");
        assert_eq!(token.len(), 18);
        assert_eq!(token, Mask::new(b"0123456789abcdef").expect("long enough").token(IdKind::Member, "M1"));
        assert_ne!(token[2..], mask.token(IdKind::Claim, "M1")[2..]);
        assert_ne!(token, mask.token(IdKind::Member, "m1"));
        assert_ne!(token, Mask::new(b"0123456789abcdeg").expect("long enough").token(IdKind::Member, "M1"));
        assert_eq!(mask.token(IdKind::Authorization, "pa-1"), mask.token(IdKind::Authorization, "PA-1"));
        assert_eq!(mask.token(IdKind::Member, ""), "");
        for short in [&b""[..], b"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", b"0123456789abcde\n"] {
            assert!(Mask::new(short).is_none());
        }
    }

    #[test]
    fn stray_ids_are_masked() {
        for (cell, want) in
            [("M1", "*"), ("M12 M1", "M12 *"), ("x:M1;M1", "x:*;*"), ("AM1", "AM1"), ("\u{e9}M1", "\u{e9}M1"), ("", "")]
        {
            assert_eq!(replace_words(cell, "M1", || "*".to_owned()), want, "{cell}");
        }
        for (id, want) in [("", false), ("12", false), ("999", false), ("1000", true), ("M1", true)] {
            assert_eq!(is_telling(id), want, "{id}");
        }
    }
}
