//! Modifiers in a cell.

/// The modifiers of a cleaned, upper-case cell. The cell is split at characters that are not letters or digits; a part of four,
/// six or eight ASCII characters is split into pairs. Letters of other scripts stay, so that a mask finds the ids that they disguise.
pub fn parts(cell: &str) -> impl Iterator<Item = &str> {
    let cell = cell.strip_suffix(".0").unwrap_or(cell);
    cell.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).flat_map(|part| {
        let length = if matches!(part.len(), 4 | 6 | 8) && part.is_ascii() { 2 } else { part.len() };
        (0..part.len()).step_by(length).map(move |at| &part[at..at + length])
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_hold_modifiers() {
        for (cell, want) in [
            ("RT", "RT"),
            ("59.0", "59"),
            ("RT59", "RT 59"),
            ("RT5980", "RT 59 80"),
            ("RT:59", "RT 59"),
            ("RT, 59;LT", "RT 59 LT"),
            ("RT598", "RT598"),
            ("5", "5"),
            ("\u{ff30}\u{ff21}2400002", "\u{ff30}\u{ff21}2400002"),
            ("PA\u{b2}4", "PA\u{b2}4"),
            ("--", ""),
            ("", ""),
        ] {
            assert_eq!(super::parts(cell).collect::<Vec<_>>().join(" "), want, "{cell}");
        }
    }
}
