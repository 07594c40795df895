//! Amounts, units and modifiers that are ids: an extract whose columns are shifted has numbers of claims where it should
//! have money, and reading divides such a number into modifiers of two characters each.
//!
//! They count as unreadable before the run is judged, because sums, counts and sentences would show them, too.

use rust_decimal::Decimal;

use crate::claim::authorization::Authorization;
use crate::claim::line::head::Amounts;
use crate::claim::line::kept::{Text, Texts};
use crate::claim::line::mask::cells::Masker;
use crate::claim::line::mask::find::{Content, Finder, Hit};
use crate::claim::line::mask::ids::{MIN_INSIDE, with_point};
use crate::claim::line::{Batch, Line};
use crate::claim::value::amount::Cents;
use crate::ingest::field::Field;

/// The least whole number that is looked at: the first of [`MIN_INSIDE`] digits.
const LEAST: u64 = 10_u64.pow(MIN_INSIDE as u32 - 1);

/// The least number all of whose digits are looked at: the first of eight digits. No amount or number of units is as large.
const LEAST_LONG: u64 = 10_000_000;

/// Maximum number of decimals of an amount, and of units in practice.
const DECIMALS: u32 = 2;

impl Masker<'_> {
    /// The lines with amounts, units and modifiers that are ids marked as unreadable. `None`: they have no such cells.
    pub(crate) fn without_id_numbers(&self, lines: &Batch) -> Option<Batch> {
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
    pub(crate) fn without_id_units(&self, row: &Authorization) -> Authorization {
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
        let amounts = [amount(line.charge()), amount(line.allowed()), amount(line.paid())];
        let is_divided = |hit: &Hit| hit.first.cell != hit.last.cell;
        let modifiers =
            line.modifiers().nth(1).is_some() && finder.find(line.modifiers(), Content::Codes).iter().any(is_divided);
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
        let mut amounts = [line.charge(), line.allowed(), line.paid()];
        let fields = [Field::ChargeAmount, Field::AllowedAmount, Field::PaidAmount];
        for ((field, amount), _) in fields.into_iter().zip(&mut amounts).zip(self.amounts).filter(|(_, is_id)| *is_id) {
            if let Some(cents) = amount.take().filter(|_| bad_amount.is_empty()) {
                bad_amount = format!("{} \"{cents}\"", field.name());
            }
        }
        let [charge, allowed, paid] = amounts;
        head.money = Amounts::new(charge, allowed, paid);
        if texts.get(Text::BadAmount).is_empty() {
            texts.set(Text::BadAmount, &bad_amount);
        }
        if self.units {
            head.units = Decimal::ONE;
            head.change_marks(|marks| marks.negative_units = false);
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
            masker.cells(finder, &modifiers, Content::Codes).iter().for_each(|cell| encoder.modifier(cell));
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

/// Is a number an id, or, if it has too many digits for a real one, does it hold an id?
fn is_id(number: Decimal, finder: &mut Finder<'_>) -> bool {
    let (whole, digits) = (number.trunc().abs(), Decimal::from(number.mantissa().unsigned_abs()));
    let mut holds_id =
        |digits: Decimal| !finder.find(std::iter::once(digits.to_string().as_str()), Content::Numbers).is_empty();
    let least_long = Decimal::from(LEAST_LONG);
    if whole >= least_long || number.scale() > DECIMALS && digits >= least_long {
        return holds_id(digits);
    }
    if number.is_integer() && whole >= Decimal::from(LEAST) && holds_id(whole) {
        return true;
    }
    digits >= Decimal::from(LEAST)
        && with_point(&number.abs().to_string()).is_some_and(|number| finder.ids.have_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::line::kept::IdKind;
    use crate::claim::line::mask::ids::tests::ids;

    #[test]
    fn numbers_may_be_ids() {
        let list = ["123456", "24100744", "1234", "31300744.01", "654321.7", "98765.43", "12.5"];
        let ids = ids(&list.map(|id| (id, IdKind::Claim)), usize::MAX);
        let mut finder = Finder::new(&ids);
        for (number, want) in [
            ("123456", true),
            ("-123456.00", true),
            ("24100744", true),
            ("9924100744", true),
            ("9924100744.5", true),
            ("123456.78", false),
            ("31300744.01", true),
            ("-31300744.010", true),
            ("654321.70", true),
            ("654321.77", false),
            ("98765.43", true),
            ("12.50", false),
            ("0.24100744", true),
            ("241007.44", false),
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
