//! Days that rows of the authorization file cover, and a search among very many lists of them.

use jiff::civil::Date;

use crate::steps;

/// Spans of days, of which no two share a day, in order: the last day of each, and its first.
pub(super) type Days = Vec<(Date, Date)>;

/// The spans that cover the same days and share none.
pub(super) fn joined(mut days: Days) -> Days {
    days.sort_unstable_by_key(|(last, first)| (*first, *last));
    let mut joined: Days = Vec::with_capacity(days.len().min(4));
    for (last, first) in days {
        match joined.last_mut() {
            Some((end, _)) if first <= *end => *end = last.max(*end),
            _ => joined.push((last, first)),
        }
    }
    joined
}

/// The first day of the span that ends first on or after a day.
fn next_first(days: &Days, day: Date) -> Option<Date> {
    days.get(days.partition_point(|(last, _)| *last < day)).map(|(_, first)| *first)
}

/// Do the spans have a day in common with these days?
fn meets(days: &Days, (first, last): (Date, Date)) -> bool {
    next_first(days, first).is_some_and(|next| next <= last)
}

/// How the lists of two branches become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Does any list meet some days?
    Any,
    /// Do all lists?
    All,
}

/// Lists of days in an order. Finds the first of them that meets some days, or that does not, in as many steps as the number of
/// lists has binary digits.
///
/// A branch keeps, for each day, the earliest (for [`Asked::Any`]) or the latest (for [`Asked::All`]) of the first days that
/// follow in its lists. That day only grows with the day asked about, so it is kept as spans, too.
#[derive(Debug, Clone)]
pub(super) struct DaysTree {
    asked: Asked,
    /// By level, the branches; each has two of the level below it. The first level has pairs of lists.
    levels: Vec<Vec<Days>>,
}

impl DaysTree {
    /// The tree of the lists that `list` returns for the numbers below `count`.
    pub(super) fn new<'d>(asked: Asked, count: usize, list: impl Fn(usize) -> &'d Days) -> Self {
        let mut levels: Vec<Vec<Days>> = Vec::new();
        let mut below = count;
        while below > 1 {
            let branch = |n: usize| {
                let of = |n: usize| levels.last().map_or_else(|| list(n), |level| &level[n]);
                if 2 * n + 1 == below { of(2 * n).clone() } else { merged(asked, of(2 * n), of(2 * n + 1)) }
            };
            let level: Vec<Days> = (0..below.div_ceil(2)).map(branch).collect();
            below = level.len();
            levels.push(level);
        }
        Self { asked, levels }
    }

    /// The first list that meets these days, for [`Asked::Any`], or that does not, for [`Asked::All`]. `list` is as before.
    pub(super) fn first<'d>(
        &self,
        days: (Date, Date),
        count: usize,
        list: impl Fn(usize) -> &'d Days,
    ) -> Option<usize> {
        let is = |own: &Days| meets(own, days) == (self.asked == Asked::Any);
        steps::take(self.levels.len() + 1);
        let top = self.levels.last().and_then(|level| level.first());
        let root = top.or_else(|| (count == 1).then(|| list(0)))?;
        if !is(root) {
            return None;
        }
        let mut n = 0;
        for level in (0..self.levels.len()).rev() {
            n *= 2;
            let left = if level == 0 { list(n) } else { &self.levels[level - 1][n] };
            n += usize::from(!is(left));
        }
        Some(n)
    }
}

fn merged(asked: Asked, one: &Days, other: &Days) -> Days {
    let (mut merged, mut i, mut j): (Days, usize, usize) = (Vec::new(), 0, 0);
    loop {
        let (last, first) = match (one.get(i), other.get(j), asked) {
            (Some(one), Some(other), Asked::Any) => (one.0.min(other.0), one.1.min(other.1)),
            (Some(one), Some(other), Asked::All) => (one.0.min(other.0), one.1.max(other.1)),
            (Some(only), None, Asked::Any) | (None, Some(only), Asked::Any) => *only,
            // No list follows after the end of one of them.
            (_, None, _) | (None, ..) => break,
        };
        match merged.last_mut() {
            Some((end, same)) if *same == first => *end = last,
            _ => merged.push((last, first)),
        }
        i += usize::from(one.get(i).is_some_and(|(end, _)| *end <= last));
        j += usize::from(other.get(j).is_some_and(|(end, _)| *end <= last));
    }
    merged.shrink_to_fit();
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: u8) -> Date {
        jiff::civil::date(2024, 1, 1).saturating_add(jiff::Span::new().days(i64::from(n)))
    }

    proptest! {
        #[test]
        fn the_first_list_is_found(
            lists in prop::collection::vec(prop::collection::vec((0_u8..40, 0_u8..9), 0..6), 0..20),
            asked in prop::collection::vec((0_u8..50, 0_u8..5), 1..20),
        ) {
            let spans = |list: &Vec<(u8, u8)>| list.iter().map(|(from, more)| (day(from + more), day(*from))).collect();
            let lists: Vec<Days> = lists.iter().map(|list| joined(spans(list))).collect();
            let list = |n: usize| &lists[n];
            for (from, more) in asked {
                let days = (day(from), day(from + more));
                let meets = |list: &Days| list.iter().any(|(last, first)| *first <= days.1 && days.0 <= *last);
                let any = DaysTree::new(Asked::Any, lists.len(), list).first(days, lists.len(), list);
                prop_assert_eq!(any, lists.iter().position(meets));
                let all = DaysTree::new(Asked::All, lists.len(), list).first(days, lists.len(), list);
                prop_assert_eq!(all, lists.iter().position(|list| !meets(list)));
            }
        }
    }
}
