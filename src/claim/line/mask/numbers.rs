//! Amounts, units and modifiers that are ids: an extract whose columns are shifted has numbers of claims where it should
//! have money, and reading divides such a number into modifiers of two characters each.
//!
//! They count as unreadable before the run is judged, because sums, counts and sentences would show them, too.

use rust_decimal::Decimal;

use crate::claim::authorization::Authorization;
use crate::claim::line::kept::{Text, Texts};
use crate::claim::line::mask::cells::Masker;
use crate::claim::line::mask::find::{Content, Finder, Hit};
use crate::claim::line::mask::ids::MIN_INSIDE;
use crate::claim::line::{Batch, Line};
use crate::claim::value::amount::Cents;
use crate::ingest::field::Field;

/// The least whole number that is looked at: the first of [`MIN_INSIDE`] digits.
const LEAST: u64 = 10_u64.pow(MIN_INSIDE as u32 - 1);

impl Masker<'_> {
    /// The lines with amounts, units and modifiers that are ids marked as unreadable. `None`: they have no such cells.
    pub fn without_id_numbers(&self, lines: &Batch) -> Option<Batch> {
        let mut finder = Finder::new(self.ids);
        if !lines.iter().any(|line| Found::of(line, &mut finder).any()) {
            return None;
        }
        let mut changed = Batch::default();
        for line in lines.iter() {
            match Found::of(line, &mut finder) {
                found if found.any() => found.push(line, (self, &mut finder), &mut changed),
                _ => changed.push(line),
            }
        }
        Some(changed)
    }

    /// A row of the authorization file; units that are an id are no limit.
    pub fn without_id_units(&self, row: &Authorization) -> Authorization {
        let mut finder = Finder::new(self.ids);
        Authorization { units: row.units.filter(|units| !is_id(*units, &mut finder)), ..row.clone() }
    }
}

/// Which cells of a line are ids.
struct Found {
    units: bool,
    /// Several modifiers are one id.
    modifiers: bool,
    /// Charge, allowed and paid.
    amounts: [bool; 3],
}

impl Found {
    fn of(line: Line<'_>, finder: &mut Finder<'_>) -> Self {
        let mut amount = |amount: Option<Cents>| amount.is_some_and(|cents| is_id(cents_as_decimal(cents), finder));
        let amounts = [amount(line.charge), amount(line.allowed), amount(line.paid)];
        let is_divided = |hit: &Hit| hit.first.cell != hit.last.cell;
        let modifiers =
            line.modifiers().nth(1).is_some() && finder.find(line.modifiers(), Content::Words).iter().any(is_divided);
        Self { units: is_id(line.units, finder), modifiers, amounts }
    }

    fn any(&self) -> bool {
        self.units || self.modifiers || self.amounts.contains(&true)
    }

    /// Adds the line as if these cells could not be read.
    fn push(&self, line: Line<'_>, (masker, finder): (&Masker<'_>, &mut Finder<'_>), into: &mut Batch) {
        let mut head = line.head.clone();
        let mut texts = Texts::new();
        for text in Text::ALL {
            texts.set(text, line.text(text));
        }
        let bad_units = line.units.to_string();
        let mut bad_amount = String::new();
        let amounts = [
            (Field::ChargeAmount, &mut head.charge),
            (Field::AllowedAmount, &mut head.allowed),
            (Field::PaidAmount, &mut head.paid),
        ];
        for ((field, amount), _) in amounts.into_iter().zip(self.amounts).filter(|(_, is_id)| *is_id) {
            if let Some(cents) = amount.take().filter(|_| bad_amount.is_empty()) {
                bad_amount = format!("{} \"{cents}\"", field.name());
            }
        }
        if texts.get(Text::BadAmount).is_empty() {
            texts.set(Text::BadAmount, &bad_amount);
        }
        if self.units {
            head.units = Decimal::ONE;
            head.marks.negative_units = false;
            texts.set(Text::BadUnits, &bad_units);
        }
        let mut encoder = into.encode();
        line.known.iter().for_each(|id| encoder.known(*id));
        line.procedure_cells().for_each(|cell| encoder.procedure(cell));
        encoder.texts(&texts);
        for (n, code) in line.all_diagnoses().enumerate() {
            encoder.diagnosis(line.diagnosis_slot(n), code);
        }
        let modifiers: Vec<&str> = line.modifiers().collect();
        if self.modifiers {
            masker.cells(finder, &modifiers, Content::Words).iter().for_each(|cell| encoder.modifier(cell));
        } else {
            for cell in modifiers {
                encoder.modifier(cell);
            }
        }
        encoder.finish(head);
    }
}

fn cents_as_decimal(Cents(cents): Cents) -> Decimal {
    Decimal::new(cents, 2)
}

/// Is a number an id? A real one has few digits before the point, so of a short one the whole must be an id.
fn is_id(number: Decimal, finder: &mut Finder<'_>) -> bool {
    let whole = number.trunc().abs();
    if whole < Decimal::from(LEAST) {
        return false;
    }
    let hits = finder.find(std::iter::once(whole.to_string().as_str()), Content::Numbers);
    hits.iter().any(|hit| hit.inside || number.is_integer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::line::kept::IdKind;
    use crate::claim::line::mask::ids::tests::ids;

    #[test]
    fn numbers_may_be_ids() {
        let ids = ids(&[("123456", IdKind::Claim), ("24100744", IdKind::Member), ("1234", IdKind::Claim)], usize::MAX);
        let mut finder = Finder::new(&ids);
        for (number, want) in [
            ("123456", true),
            ("-123456.00", true),
            ("24100744", true),
            ("9924100744", true),
            ("9924100744.5", true),
            ("123456.78", false),
            ("9123456", false),
            ("1234", false),
            ("0", false),
            ("1.5", false),
        ] {
            assert_eq!(is_id(number.parse().expect("a number"), &mut finder), want, "{number}");
        }
        assert_eq!(cents_as_decimal(Cents(12_345_600)).to_string(), "123456.00");
    }
}
