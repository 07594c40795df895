//! Stays: claims with a listed ICD-10-PCS code, with the codes and the money of the claim.

use std::io;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::claim::index::bits::Bits;
use crate::claim::index::groups::{ClaimRow, Group};
use crate::claim::index::identity::Identity;
use crate::claim::index::notes::{NoteTaker, Notes, NotesInOrder};
use crate::claim::index::partition::{Lines, count, those};
use crate::claim::index::service::{BASES, Bin, ServiceKey, Stay};
use crate::claim::index::survey::Traits;
use crate::claim::line::Line;
use crate::claim::line::head::AmountsPer;
use crate::claim::value::amount::Cents;
use crate::claim::value::code::{CodeId, CodeTable, System};
use crate::claim::value::code_set::CodeSet;
use crate::claim::value::setting::ClaimForm;
use crate::claim::value::status::RowStatus;

/// The stays of a run.
#[derive(Debug, Default)]
pub(crate) struct Stays {
    /// The stays, each as a value of the service that it is.
    all: Notes<Stay>,
    count: usize,
    /// Claims that are stays.
    claims: Bits,
}

impl Stays {
    /// The stays that start on these lines, which are whole batches. Fails if they cannot be read back.
    pub(crate) fn of(&self, lines: Range<usize>) -> io::Result<NotesInOrder<Stay>> {
        self.all.of(lines)
    }

    /// Is the claim a stay?
    pub(crate) fn is_stay(&self, claim: u32) -> bool {
        self.claims.contains(claim)
    }

    /// Number of stays.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Collects the stays from the live lines of their claims.
    pub(crate) fn find(
        lines: &Lines<'_>,
        traits: &[Traits],
        identity: &Identity,
        bins: &[Bin],
        codes: &CodeTable,
    ) -> io::Result<Self> {
        let mut claims = Bits::new(lines.len());
        let starts = |line: usize| bins[line] == Bin::InScope && traits[line].has_listed_pcs();
        for line in those(lines.len(), starts) {
            claims.insert(identity.claim_of[line as usize]);
        }
        let of_stay = |line: usize| bins[line].is_live() && claims.contains(identity.claim_of[line]);
        let count = if claims.is_empty() { 0 } else { count(lines.len(), of_stay) };
        let remember = |number: usize, line: Line<'_>| {
            Row::new(identity.claim_of[number], number as u32, StayRow::of(bins[number], line, codes))
        };
        let all = NoteTaker::new(lines);
        let found = lines.partitioned(count, size_of::<(&Row, u32, Stay)>(), of_stay, remember, |rows| {
            let mut stays = Vec::new();
            rows.groups(|of_claim| {
                stays.extend(gather(&of_claim)?);
                Ok(())
            })?;
            let count = stays.len();
            all.add(&mut stays).map(|()| count)
        })?;
        let count = found.into_iter().sum();
        Ok(Self { all: all.finish()?, count, claims })
    }
}

/// What is kept of a live row of the claim of a stay.
#[derive(Clone, Serialize, Deserialize)]
struct StayRow {
    /// Listed ICD-10-PCS codes of a row in scope, in order.
    listed: Box<[CodeId]>,
    known: CodeSet,
    composite: bool,
    zero_lost: bool,
    is_professional: bool,
    is_pending: bool,
    is_total: bool,
    amounts_per: AmountsPer,
    /// Paid, allowed, charge.
    amounts: [Option<Cents>; 3],
}

type Row = ClaimRow<StayRow>;

impl StayRow {
    fn of(bin: Bin, line: Line<'_>, codes: &CodeTable) -> Self {
        let is_listed = |id: &CodeId| {
            let code = codes.get(*id);
            bin == Bin::InScope && code.listed && code.system == System::Pcs
        };
        Self {
            listed: line.known.iter().copied().filter(is_listed).collect(),
            known: CodeSet::from_ids(line.known),
            composite: bin == Bin::InScope && line.marks().composite,
            zero_lost: bin == Bin::InScope && line.marks().zero_lost,
            is_professional: line.form == ClaimForm::Professional,
            is_pending: line.status == RowStatus::Pending,
            is_total: line.marks().total_line,
            amounts_per: line.amounts,
            amounts: [line.paid(), line.allowed(), line.charge()],
        }
    }
}

/// The stay that the live rows of one claim form, with its service.
fn gather(rows: &Group<'_, Row>) -> io::Result<Option<(ServiceKey, Stay)>> {
    let (mut stay, mut first) = (Stay::default(), None);
    rows.each(|row| {
        stay.all_codes = stay.all_codes.with(row.kept.known);
        if row.kept.listed.is_empty() {
            return Ok(());
        }
        if first.is_none() {
            first = Some(row.clone());
        }
        stay.composite |= row.kept.composite;
        stay.zero_lost |= row.kept.zero_lost;
        for id in &row.kept.listed {
            if !stay.codes.contains(id) {
                stay.codes.push(*id);
            }
        }
        Ok(())
    })?;
    let Some(first) = first else { return Ok(None) };
    stay.money = money(rows, &first)?;
    Ok(Some(((first.line, true), stay)))
}

/// The readable amounts of one kind.
#[derive(Default)]
struct Readable {
    count: usize,
    first: Cents,
    /// The first one of a total row.
    total: Option<Cents>,
    differ: bool,
    sum: Cents,
}

impl Readable {
    fn add(&mut self, amount: Cents, is_total: bool) {
        if self.count == 0 {
            self.first = amount;
        }
        if is_total {
            self.total.get_or_insert(amount);
        }
        self.count += 1;
        self.differ |= amount != self.first;
        self.sum = Cents(self.sum.0.saturating_add(amount.0));
    }
}

/// The money of a stay: the amounts of its own row and of those rows of its claim that are not professional.
fn money(rows: &Group<'_, Row>, first: &Row) -> io::Result<Option<(Cents, &'static str)>> {
    let mut by_kind: [Readable; BASES.len()] = Default::default();
    rows.each(|row| {
        if !row.kept.is_professional || row.line == first.line {
            for (readable, amount) in by_kind.iter_mut().zip(row.kept.amounts) {
                if let Some(amount) = amount {
                    readable.add(amount, row.kept.is_total);
                }
            }
        }
        Ok(())
    })?;
    // The allowed amount of a pending row is what would be paid.
    let mut kinds = by_kind.iter().zip(BASES).skip(usize::from(first.kept.is_pending));
    let Some((all, bases)) = kinds.find(|(readable, _)| readable.count > 0) else { return Ok(None) };
    if let Some(total) = all.total {
        return Ok(Some((total, bases[1])));
    }
    let repeats = match first.kept.amounts_per {
        AmountsPer::Claim => true,
        AmountsPer::Unsaid => all.count > 1 && !all.differ,
        AmountsPer::Line => false,
    };
    if repeats {
        return Ok(Some((all.first, bases[2])));
    }
    Ok(Some((all.sum, bases[if all.count > 1 { 3 } else { 0 }])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u32, amounts: [Option<i64>; 3]) -> Row {
        let kept = StayRow {
            listed: Box::new([CodeId(0)]),
            known: CodeSet::default(),
            composite: false,
            zero_lost: false,
            is_professional: false,
            is_pending: false,
            is_total: false,
            amounts_per: AmountsPer::Unsaid,
            amounts: amounts.map(|amount| amount.map(Cents)),
        };
        Row::new(0, line, kept)
    }

    fn with(mut row: Row, change: impl FnOnce(&mut StayRow)) -> Row {
        change(&mut row.kept);
        row
    }

    fn said(rows: &[Row]) -> Option<(i64, &'static str)> {
        let money = money(&Group::Held(&rows.iter().collect::<Vec<_>>()), &rows[0]);
        money.expect("in memory").map(|(amount, basis)| (amount.0, basis))
    }

    #[test]
    fn the_money_of_a_stay_uses_one_kind_of_amount() {
        let paid = |n| [Some(n), None, None];
        assert_eq!(said(&[row(0, paid(5))]), Some((5, "paid")));
        assert_eq!(said(&[row(0, paid(5)), row(1, paid(7))]), Some((12, "paid-sum")));
        assert_eq!(said(&[row(0, paid(5)), row(1, paid(5))]), Some((5, "paid-claim")));
        assert_eq!(said(&[row(0, [None, Some(3), None]), row(1, paid(7))]), Some((7, "paid")));
        assert_eq!(said(&[row(0, [None, None, Some(3)]), row(1, [None, None, Some(4)])]), Some((7, "charge-sum")));
        assert_eq!(said(&[row(0, [None, None, None])]), None);
        assert_eq!(said(&[row(0, paid(i64::MAX)), row(1, paid(1))]), Some((i64::MAX, "paid-sum")));
    }

    #[test]
    fn a_total_row_has_the_money_if_its_amount_can_be_read() {
        let total = |line, paid| with(row(line, [paid, None, None]), |row| row.is_total = true);
        assert_eq!(
            said(&[row(0, [Some(5), None, None]), total(1, Some(9)), total(2, Some(8))]),
            Some((9, "paid-total"))
        );
        assert_eq!(said(&[row(0, [Some(5), None, None]), total(1, None)]), Some((5, "paid")));
    }

    #[test]
    fn the_layout_decides_what_amounts_refer_to() {
        let of =
            |line, amounts_per, paid| with(row(line, [Some(paid), None, None]), |row| row.amounts_per = amounts_per);
        assert_eq!(said(&[of(0, AmountsPer::Claim, 5), of(1, AmountsPer::Claim, 7)]), Some((5, "paid-claim")));
        assert_eq!(said(&[of(0, AmountsPer::Claim, 5)]), Some((5, "paid-claim")));
        assert_eq!(said(&[of(0, AmountsPer::Line, 5), of(1, AmountsPer::Line, 5)]), Some((10, "paid-sum")));
    }

    #[test]
    fn professional_rows_and_pending_payments_do_not_count() {
        let professional = with(row(1, [Some(7), None, None]), |row| row.is_professional = true);
        assert_eq!(said(&[row(0, [Some(5), None, None]), professional]), Some((5, "paid")));
        let pending = with(row(0, [Some(5), Some(4), None]), |row| row.is_pending = true);
        assert_eq!(said(&[pending]), Some((4, "allowed")));
    }
}
