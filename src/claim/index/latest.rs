//! Tells whether any of many spans of days reaches a given day, excluding the spans of one claim and of one provider.

use crate::claim::index::service::RowRef;

/// The end of a span of days, with its claim and provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) last: i32,
    pub(crate) claim: u32,
    /// `None` if no provider is named.
    pub(crate) provider: Option<u64>,
    pub(crate) line: u32,
    /// The row of the line.
    pub(crate) row: RowRef,
}

/// The spans that end latest, reduced to those that can be an answer. Whichever claim and provider are excluded, the latest of
/// the remaining spans is always among at most five.
#[derive(Debug, Default)]
pub(crate) struct Latest(Vec<Span>);

impl Latest {
    /// Adds a span.
    pub(crate) fn add(&mut self, span: Span) {
        self.0.push(span);
        let best = |claim: Option<u32>, provider: Option<Option<u64>>| {
            let counts = |span: &&Span| Some(span.claim) != claim && Some(span.provider) != provider;
            // Of equal ends, the first line wins.
            self.0.iter().filter(counts).max_by_key(|span| (span.last, std::cmp::Reverse(span.line))).copied()
        };
        let Some(first) = best(None, None) else { return };
        let other_claim = best(Some(first.claim), None);
        let other_provider = best(None, Some(first.provider));
        let both = [
            other_claim.and_then(|second| best(Some(first.claim), Some(second.provider))),
            other_provider.and_then(|second| best(Some(second.claim), Some(first.provider))),
        ];
        let mut kept = vec![first];
        for span in [other_claim, other_provider].into_iter().chain(both).flatten() {
            if !kept.contains(&span) {
                kept.push(span);
            }
        }
        self.0 = kept;
    }

    /// The row of the span that ends latest among those of other claims, if the span reaches the day. If a provider is given,
    /// only spans of other named providers count.
    pub(crate) fn reaching(&self, day: i32, claim: u32, provider: Option<u64>) -> Option<RowRef> {
        let of_others = |span: &&Span| {
            span.claim != claim && provider.is_none_or(|own| span.provider.is_some_and(|other| other != own))
        };
        let latest = self.0.iter().filter(of_others).max_by_key(|span| (span.last, std::cmp::Reverse(span.line)));
        latest.filter(|span| span.last >= day).map(|span| span.row)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(line: u32) -> RowRef {
        RowRef { extract: 0, row: u64::from(line) }
    }

    proptest! {
        #[test]
        fn the_kept_spans_give_the_same_answers_as_all_spans(
            spans in prop::collection::vec((0..6_i32, 0..4_u32, prop::option::of(1..4_u64)), 0..12),
            day in 0..7_i32,
            claim in 0..5_u32,
            provider in prop::option::of(0..4_u64),
        ) {
            let spans: Vec<Span> = (0..).zip(spans)
                .filter(|(_, (_, _, named))| provider.is_none() || named.is_some())
                .map(|(line, (last, claim, provider))| Span { last, claim, provider, line, row: row(line) })
                .collect();
            let mut latest = Latest::default();
            for span in &spans {
                latest.add(*span);
            }
            let reaches = |span: &&Span| {
                span.last >= day && span.claim != claim && provider.is_none_or(|own| span.provider.is_some_and(|other| other != own))
            };
            prop_assert_eq!(latest.reaching(day, claim, provider).is_some(), spans.iter().any(|span| reaches(&span)));
            if let Some(row) = latest.reaching(day, claim, provider) {
                prop_assert!(spans.iter().find(|span| span.row == row).is_some_and(|span| reaches(&span)));
            }
        }
    }
}
