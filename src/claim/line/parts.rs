//! The parts of ids that a layout makes of several columns.
//!
//! A part can be the number of a claim or of a member, and the other columns only its suffix, so masking looks for each. Parts that
//! are joined stand in the id itself, between bars. Those that are put together without a separator cannot be told from it, so
//! they are kept beside it.

use crate::claim::line::Line;
use crate::claim::line::kept::{IdKind, Text};
use crate::claim::value::authorization::compared;
use crate::claim::value::id;
use crate::ingest::field::Field;
use crate::ingest::{Binding, Row};

/// Least number of letters and digits of a part that is looked for. A shorter one is a suffix, a year, a type or a payer.
const LEAST: usize = 5;

/// Separates parts that are kept beside an id.
const BETWEEN: char = '\u{1f}';

/// Fields that several columns may make, the kinds of their ids, and the letters of these in the kept text.
const FIELDS: [(Field, IdKind, char); 3] = [
    (Field::ClaimId, IdKind::Claim, CLAIM),
    (Field::OriginalClaimId, IdKind::Claim, CLAIM),
    (Field::MemberId, IdKind::Member, MEMBER),
];

const CLAIM: char = 'C';
const MEMBER: char = 'M';

/// A part of an id, and its kind.
pub(super) type Part<'l> = (&'l str, IdKind);

/// What is kept beside the ids of a row: each part with the letter of its kind.
pub(super) fn of_glued(binding: &Binding, row: &Row<'_>) -> String {
    let mut kept = String::new();
    for (field, _, letter) in FIELDS.into_iter().filter(|(field, ..)| binding.is_glued(*field)) {
        for cell in binding.glued(row, field) {
            let part = id::read(cell);
            if identifies(&part) {
                kept.extend([BETWEEN, letter]);
                kept.push_str(&part);
            }
        }
    }
    kept
}

/// The parts of the ids of a line that are looked for.
pub(super) fn of_line(line: Line<'_>) -> impl Iterator<Item = Part<'_>> {
    let kept = line.text(Text::IdParts).split(BETWEEN).filter_map(move |part| {
        let kind = if part.starts_with(MEMBER) { IdKind::Member } else { IdKind::Claim };
        part.get(1..).filter(|part| !is_own_provider(line, part)).map(|part| (part, kind))
    });
    let joined = [Text::ClaimId, Text::OriginalClaimId, Text::MemberId].into_iter().flat_map(move |text| {
        let kind = if text == Text::MemberId { IdKind::Member } else { IdKind::Claim };
        let parts = line.text(text).split('|').enumerate().filter(move |_| line.text(text).contains('|'));
        parts.filter(move |(n, part)| !is_provider(line, *n, part)).map(move |(_, part)| (part, kind))
    });
    kept.chain(joined).filter(|(part, _)| identifies(part))
}

/// Can a part be looked for? Words such as the name of a payer have no digit.
fn identifies(part: &str) -> bool {
    compared(part).count() >= LEAST && part.bytes().any(|b| b.is_ascii_digit())
}

/// Is the part of an id with this number the provider's number, which reports show? It is written like one, and at this place the
/// number of the line's claim has that of the line's provider.
fn is_provider(line: Line<'_>, n: usize, part: &str) -> bool {
    let own = || line.text(Text::ClaimId).split('|').nth(n).unwrap_or_default();
    id::is_npi(part) && is_own_provider(line, own())
}

/// Is a part the number of the line's provider?
fn is_own_provider(line: Line<'_>, part: &str) -> bool {
    id::is_npi(part) && [Text::BillingNpi, Text::RenderingNpi].iter().any(|npi| line.text(*npi) == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::line::Batch;
    use crate::claim::line::Head;
    use crate::claim::line::kept::Texts;

    /// The parts of a line with these texts.
    fn parts(texts: &[(Text, &str)]) -> Vec<(String, IdKind)> {
        let mut all = Texts::new();
        for (text, value) in texts {
            all.set(*text, value);
        }
        let mut lines = Batch::default();
        let mut encoder = lines.encode();
        encoder.procedure("22513");
        encoder.texts(&all);
        encoder.finish(Head::zero());
        of_line(lines.line(0)).map(|(part, kind)| (part.to_owned(), kind)).collect()
    }

    #[test]
    fn every_part_that_identifies_is_looked_for() {
        let claim = |part: &str| vec![(part.to_owned(), IdKind::Claim)];
        for (id, want) in [
            ("E24100744", vec![]),
            ("E24100744|01", claim("E24100744")),
            ("01|E24100744", claim("E24100744")),
            ("PAYER|2024|54321|07", claim("54321")),
            ("0054321|00001", claim("0054321")),
            ("1234567893|CLM77777", claim("CLM77777")),
            ("1234567893|1234567893", vec![]),
            ("1234567894|CLM77777", [claim("1234567894"), claim("CLM77777")].concat()),
        ] {
            assert_eq!(parts(&[(Text::ClaimId, id), (Text::RenderingNpi, "1234567893")]), want, "{id}");
        }
        let member = parts(&[(Text::MemberId, "GRP7788|M1|1234567893"), (Text::BillingNpi, "1234567893")]);
        assert_eq!(
            member,
            [("GRP7788", IdKind::Member), ("1234567893", IdKind::Member)].map(|(id, k)| (id.to_owned(), k))
        );
    }

    #[test]
    fn the_provider_in_an_original_number_is_at_the_place_of_the_own() {
        let npi = [(Text::BillingNpi, "1234567893"), (Text::ClaimId, "1234567893|CLM00002")];
        let found = parts(&[&npi[..], &[(Text::OriginalClaimId, "1111111112|CLM00001")]].concat());
        assert_eq!(found.iter().map(|(part, _)| part.as_str()).collect::<Vec<_>>(), ["CLM00002", "CLM00001"]);
    }

    #[test]
    fn parts_without_a_separator_are_kept() {
        let kept = format!("{BETWEEN}{CLAIM}1234567893{BETWEEN}{CLAIM}E24100744{BETWEEN}{MEMBER}M1234567");
        let want = [("E24100744", IdKind::Claim), ("M1234567", IdKind::Member)].map(|(id, kind)| (id.to_owned(), kind));
        let texts = [(Text::ClaimId, "E2410074401"), (Text::IdParts, &kept), (Text::BillingNpi, "1234567893")];
        assert_eq!(parts(&texts), want);
    }
}
