//! Writes values in the other spellings that exports use. None of it may change a finding.

use crate::generate::columns::column;
use crate::generate::rng::Rng;

const MONTHS: [&str; 12] = ["Jan", "feb", "MAR", "Apr", "May", "jun", "JUL", "Aug", "Sep", "oct", "NOV", "Dec"];

/// Rewrites the cells of a row in spellings with the same meaning.
pub(super) fn reformat_cells(cells: &mut [String], rng: &mut Rng) {
    cells[column::DATE] = date(&cells[column::DATE], rng);
    if cells[column::UNITS] == "1" {
        cells[column::UNITS] = rng.pick(&["1", "1", "1", "1.0", "01", "1.", "001.000", "UN:1", ""]).into();
    }
    for column in [column::CHARGE, column::ALLOWED, column::PAID] {
        cells[column] = amount(&cells[column], rng);
    }
    for cell in &mut cells[column::DIAGNOSIS..column::POINTERS] {
        *cell = diagnosis(cell, rng);
    }
    for column in [column::PRODUCT, column::CLAIM_FORM] {
        cells[column] = folded(&cells[column], rng);
    }
    for column in [column::PROCEDURE, column::AUTHORIZATION, column::BILL_TYPE, column::MODIFIER] {
        if rng.chance(15) {
            cells[column] = cells[column].to_lowercase();
        }
    }
    for cell in &mut cells[..column::NOTE] {
        *cell = padded(cell, rng);
    }
}

/// Writes a readable ISO date in another format. Any other text is returned unchanged.
fn date(cell: &str, rng: &mut Rng) -> String {
    let parts: Vec<&str> = cell.split('-').collect();
    let ([year, month, day], true) = (&parts[..], cell.len() == 10) else { return cell.to_owned() };
    let (Ok(m), Ok(d)) = (month.parse::<usize>(), day.parse::<u8>()) else { return cell.to_owned() };
    let Some(name) = m.checked_sub(1).and_then(|m| MONTHS.get(m)) else { return cell.to_owned() };
    match rng.below(18) {
        0 => format!("{year}{month}{day}"),
        1 => format!("{m}/{d}/{year}"),
        2 => format!("{month}/{day}/{year}"),
        3 => format!("{d}-{name}-{year}"),
        4 => format!("{cell}T00:00:00Z"),
        5 => format!("{m}/{d}/{year} 12:30:00 AM"),
        6 => format!("{year}{month}{day}-20991231"),
        7 => format!("{m}/{d}/{}", &year[2..]),
        8 => format!("{day}{name}{year}"),
        9 => format!("{d}-{name}-{}", &year[2..]),
        10 => format!("D8:{year}{month}{day}"),
        11 => format!("{year}/{month}/{day}"),
        12 => format!("{cell}-07.30.00"),
        _ => cell.to_owned(),
    }
}

/// Writes an amount with a currency sign, separators or brackets. Any other text is returned unchanged.
fn amount(cell: &str, rng: &mut Rng) -> String {
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
    let text = match rng.below(6) {
        0 => format!("${grouped}.{cents}"),
        1 => format!("{grouped}.{cents}"),
        2 if cents == "00" => whole.to_owned(),
        3 if cents.ends_with('0') => format!("{whole}.{}", &cents[..1]),
        _ => digits.to_owned(),
    };
    match (minus, rng.chance(50)) {
        (false, _) => text,
        (true, true) => format!("({text})"),
        (true, false) => format!("-{text}"),
    }
}

/// Writes a diagnosis with its dot, in lower case, or both.
fn diagnosis(cell: &str, rng: &mut Rng) -> String {
    let mut text = cell.to_owned();
    if rng.chance(50) && text.is_ascii() && text.len() > 3 {
        text.insert(3, '.');
    }
    if rng.chance(25) { text.to_lowercase() } else { text }
}

/// Varies case, blanks and punctuation of a word that is compared after folding.
fn folded(cell: &str, rng: &mut Rng) -> String {
    match rng.below(6) {
        0 => cell.to_uppercase(),
        1 => cell.replace(' ', "-"),
        2 => cell.replace(' ', "  "),
        3 if !cell.is_empty() => format!("{}.", cell.to_lowercase()),
        _ => cell.to_owned(),
    }
}

/// Adds white space or a spreadsheet's wrapper, or writes a word that means empty into an empty cell.
fn padded(cell: &str, rng: &mut Rng) -> String {
    if cell.is_empty() {
        return if rng.chance(97) {
            String::new()
        } else {
            rng.pick(&["NULL", "null", "\\N", "~", "--", " ", "N/A", "nan", "?", "."]).to_owned()
        };
    }
    match rng.below(60) {
        0 => format!("=\"{cell}\""),
        6 => format!("'{cell}"),
        7 => format!("\u{201c}{cell}\u{201d}"),
        8 => format!("\u{200b}{cell}"),
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
    fn unreadable_cells_are_unchanged() {
        let mut rng = Rng::new(1);
        for cell in ["", "2024", "2024-13-01", "soon"] {
            assert!((0..50).all(|_| date(cell, &mut rng) == cell), "{cell}");
        }
        for cell in ["", "12,34.00", "x", "-", ".", "1.2.3"] {
            assert!((0..50).all(|_| amount(cell, &mut rng) == cell), "{cell}");
        }
    }

    #[test]
    fn amounts_keep_their_cents() {
        let mut rng = Rng::new(2);
        for _ in 0..200 {
            let text = amount("-1234567.50", &mut rng);
            let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
            assert!(digits == "1234567.50" || digits == "1234567.5", "{text}");
            assert!(text.starts_with(['-', '(']), "{text}");
        }
    }
}
