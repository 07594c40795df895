//! The same values, written as exports write them: nothing here may change what is said of a row.

use crate::generate::rng::Dice;
use crate::generate::row::at;

const MONTHS: [&str; 12] = ["Jan", "feb", "MAR", "Apr", "May", "jun", "JUL", "Aug", "Sep", "oct", "NOV", "Dec"];

/// Writes the cells of a row in other ways that mean the same.
pub(super) fn disguise(cells: &mut [String], dice: &mut Dice) {
    cells[at::DATE] = date(&cells[at::DATE], dice);
    if cells[at::UNITS] == "1" {
        cells[at::UNITS] = dice.pick(&["1", "1", "1", "1.0", "01", "1.", "001.000", ""]).into();
    }
    for column in [at::CHARGE, at::ALLOWED, at::PAID] {
        cells[column] = amount(&cells[column], dice);
    }
    for cell in &mut cells[at::DIAGNOSIS..at::POINTERS] {
        *cell = diagnosis(cell, dice);
    }
    for column in [at::PRODUCT, at::CLAIM_FORM] {
        cells[column] = folded(&cells[column], dice);
    }
    for column in [at::PROCEDURE, at::AUTHORIZATION, at::BILL_TYPE, at::MODIFIER] {
        if dice.chance(15) {
            cells[column] = cells[column].to_lowercase();
        }
    }
    for cell in &mut cells[..at::NOTE] {
        *cell = padded(cell, dice);
    }
}

/// A readable ISO date in another format; anything else as it is.
fn date(cell: &str, dice: &mut Dice) -> String {
    let parts: Vec<&str> = cell.split('-').collect();
    let ([year, month, day], true) = (&parts[..], cell.len() == 10) else { return cell.to_owned() };
    let (Ok(m), Ok(d)) = (month.parse::<usize>(), day.parse::<u8>()) else { return cell.to_owned() };
    let Some(name) = m.checked_sub(1).and_then(|m| MONTHS.get(m)) else { return cell.to_owned() };
    match dice.below(12) {
        0 => format!("{year}{month}{day}"),
        1 => format!("{m}/{d}/{year}"),
        2 => format!("{month}/{day}/{year}"),
        3 => format!("{d}-{name}-{year}"),
        4 => format!("{cell}T00:00:00Z"),
        5 => format!("{m}/{d}/{year} 12:30:00 AM"),
        6 => format!("{year}{month}{day}-20991231"),
        _ => cell.to_owned(),
    }
}

/// An amount with signs and separators; anything else as it is.
fn amount(cell: &str, dice: &mut Dice) -> String {
    let (minus, digits) = cell.strip_prefix('-').map_or((false, cell), |rest| (true, rest));
    let Some((whole, cents)) = digits.split_once('.') else { return cell.to_owned() };
    if cents.len() != 2 || whole.is_empty() || !whole.bytes().chain(cents.bytes()).all(|b| b.is_ascii_digit()) {
        return cell.to_owned();
    }
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let text = match dice.below(6) {
        0 => format!("${grouped}.{cents}"),
        1 => format!("{grouped}.{cents}"),
        2 if cents == "00" => whole.to_owned(),
        3 if cents.ends_with('0') => format!("{whole}.{}", &cents[..1]),
        _ => digits.to_owned(),
    };
    match (minus, dice.chance(50)) {
        (false, _) => text,
        (true, true) => format!("({text})"),
        (true, false) => format!("-{text}"),
    }
}

/// A diagnosis with its dot, or in lower case.
fn diagnosis(cell: &str, dice: &mut Dice) -> String {
    let mut text = cell.to_owned();
    if dice.chance(50) && text.is_ascii() && text.len() > 3 {
        text.insert(3, '.');
    }
    if dice.chance(25) { text.to_lowercase() } else { text }
}

/// Words that are compared after folding, unfolded.
fn folded(cell: &str, dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => cell.to_uppercase(),
        1 => cell.replace(' ', "-"),
        2 => cell.replace(' ', "  "),
        3 if !cell.is_empty() => format!("{}.", cell.to_lowercase()),
        _ => cell.to_owned(),
    }
}

/// White space around it, a spreadsheet's wrapper, a word that means empty.
fn padded(cell: &str, dice: &mut Dice) -> String {
    if cell.is_empty() {
        return if dice.chance(97) {
            String::new()
        } else {
            dice.pick(&["NULL", "null", "\\N", "~", "--", " "]).to_owned()
        };
    }
    match dice.below(60) {
        0 => format!("=\"{cell}\""),
        1 => format!("{cell} "),
        2 => format!(" {cell}"),
        3 => format!("\u{a0}{cell}\u{a0}"),
        4 => format!("{cell}\u{feff}"),
        5 => format!(" =\"{cell} \""),
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unreadable_stays_so() {
        let mut dice = Dice::new(1);
        for cell in ["", "2024", "2024-13-01", "soon"] {
            assert!((0..50).all(|_| date(cell, &mut dice) == cell), "{cell}");
        }
        for cell in ["", "12,34.00", "x", "-", ".", "1.2.3"] {
            assert!((0..50).all(|_| amount(cell, &mut dice) == cell), "{cell}");
        }
    }

    #[test]
    fn amounts_keep_their_cents() {
        let mut dice = Dice::new(2);
        for _ in 0..200 {
            let text = amount("-1234567.50", &mut dice);
            let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
            assert!(digits == "1234567.50" || digits == "1234567.5", "{text}");
            assert!(text.starts_with(['-', '(']), "{text}");
        }
    }
}
