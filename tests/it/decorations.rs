//! Tests that a decorated code is never silently out of scope: whatever surrounds a code, the fast scan hands the row over
//! and the reader finds the code. A slow reading of a procedure cell, token by token, says which codes a cell holds; it uses
//! nothing from `src`. spec: values/procedure.

use proptest::prelude::*;

use claimlint::claim::value::code::ProcedureColumn;
use claimlint::ingest::cell::{clean, upper};
use claimlint::ingest::layout::detect;
use claimlint::ingest::{BLOCK, Detected, Row, RowAction, Source, read};
use claimlint::run::Unwatched;

use crate::kit::{LIBRARY, POLICY, config};

/// The text of a cell, upper-cased: bytes that are not UTF-8 are Latin-1.
fn decoded(cell: &[u8]) -> Vec<char> {
    let mut chars = Vec::new();
    let mut rest = cell;
    while !rest.is_empty() {
        let valid = (1..=4.min(rest.len())).find_map(|n| Some((std::str::from_utf8(&rest[..n]).ok()?, n)));
        let (c, n) = valid.map_or((char::from(rest[0]), 1), |(text, n)| (text.chars().next().expect("a character"), n));
        chars.push(c.to_ascii_uppercase());
        rest = &rest[n..];
    }
    chars
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "it is passed to `is_some_and` of a slice")]
fn is_white(c: &char) -> bool {
    c.is_whitespace() || "\u{180e}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}".contains(*c)
}

fn trimmed(mut text: Vec<char>) -> Vec<char> {
    while text.first().is_some_and(is_white) {
        text.remove(0);
    }
    while text.last().is_some_and(is_white) {
        text.pop();
    }
    text
}

fn pair(text: &[char], of: &str) -> bool {
    text.len() >= 2 && of.contains(text[0]) && of.contains(text[text.len() - 1])
}

fn inner(text: &[char]) -> Vec<char> {
    text[1..text.len() - 1].to_vec()
}

/// A cell without white space and wrappers.
fn unwrapped(cell: &[u8]) -> Vec<char> {
    let mut text = trimmed(decoded(cell));
    if text.starts_with(&['=', '"']) && text.len() >= 3 && text.ends_with(&['"']) {
        text = text[2..text.len() - 1].to_vec();
    } else if text.starts_with(&['=']) {
        text.remove(0);
    }
    if pair(&text, "\"") || pair(&text, "'") {
        let quote = text[0].to_string();
        while pair(&text, &quote) {
            text = inner(&text);
        }
    } else if pair(&text, "\u{201c}\u{201d}\u{201e}\u{201f}\u{ab}\u{bb}")
        || pair(&text, "\u{2018}\u{2019}\u{201a}\u{201b}\u{2039}\u{203a}")
    {
        text = inner(&text);
    }
    if text.starts_with(&['\'']) {
        text.remove(0);
    }
    trimmed(text)
}

/// A known code as a test needs it: its text, and whether it is ICD-10-PCS.
fn known() -> Vec<(String, bool)> {
    POLICY.codes.iter().map(|(_, known)| (known.code.clone(), known.code.len() == 7)).collect()
}

fn digits(token: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&token.len()) && token.bytes().all(|b| b.is_ascii_digit())
}

/// Splits a text at changes between letters or digits and other characters.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for c in text.chars() {
        let last = pieces.last().and_then(|piece| piece.chars().last());
        match pieces.last_mut() {
            Some(piece) if last.is_some_and(|last| last.is_ascii_alphanumeric() == c.is_ascii_alphanumeric()) => {
                piece.push(c);
            }
            _ => pieces.push(c.to_string()),
        }
    }
    pieces
}

/// The codes that a cell holds, each once, in order. `cpt` says whether CPT and HCPCS codes count.
fn slow_codes(cell: &[u8], cpt: bool) -> Vec<String> {
    let text: String = unwrapped(cell).into_iter().collect();
    let known = known();
    let exact = |token: &str| known.iter().any(|(code, is_pcs)| code == token && (cpt || *is_pcs));
    let is_cpt = |token: &str| cpt && known.iter().any(|(code, is_pcs)| code == token && !is_pcs);
    if exact(&text) {
        return vec![text];
    }
    if known.iter().any(|(code, is_pcs)| *is_pcs && *code == format!("0{text}")) {
        return vec![format!("0{text}")];
    }
    // Thousands commas.
    let parts = pieces(&text);
    let mut text = String::new();
    for (i, part) in parts.iter().enumerate() {
        let before = i.checked_sub(1).is_some_and(|i| digits(&parts[i], 1..=3));
        let after = parts.get(i + 1).is_some_and(|part| digits(part, 3..=3));
        if part != "," || !before || !after {
            text.push_str(part);
        }
    }
    // Dots inside a PCS code.
    let mut plain = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c == '.' || c.is_ascii_alphanumeric() {
            run.push(c);
            continue;
        }
        let joined = run.replace('.', "");
        plain.push_str(if known.iter().any(|(code, is_pcs)| *is_pcs && *code == joined) { &joined } else { &run });
        plain.push(c);
        run.clear();
    }
    let mut found: Vec<String> = Vec::new();
    for token in plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| !token.is_empty()) {
        let without_front = token.strip_prefix("CPT").or(token.strip_prefix("HCPCS")).unwrap_or(token);
        let glued = if matches!(token.len(), 7 | 9) && token.is_ascii() { &token[..5] } else { token };
        let of_cpt = [token.trim_start_matches('0'), glued].into_iter().find(|form| is_cpt(form));
        let code = [token, without_front].into_iter().find(|form| exact(form)).or(of_cpt);
        found.extend(code.map(str::to_owned).filter(|code| !found.contains(code)));
    }
    found
}

/// A cell made of pieces that decorate codes, and codes in their many spellings.
fn cell() -> impl Strategy<Value = Vec<u8>> {
    let codes = ["22514", "22513", "22515", "C7507", "0200T", "0PU43JZ", "0PS43ZZ", "XNU0356", "99213", "02HV33Z"];
    let spelling = (prop::sample::select(codes.to_vec()), 0..14_usize, any::<prop::sample::Index>());
    let spelled = spelling.prop_map(|(code, how, place)| {
        let at = 1 + place.index(code.len() - 1);
        let (head, tail) = code.split_at(at);
        match how {
            0 => code.to_lowercase(),
            1 => format!("00{code}"),
            2 => code.trim_start_matches('0').to_owned(),
            3 => format!("CPT{code}"),
            4 => format!("HCPCS{code}"),
            5 => format!("{code}RT"),
            6 => format!("{code}RT59"),
            7 => format!("{head}.{tail}"),
            8 => format!("{},{}", &code[..2], &code[2..]),
            9 => format!("{code}X"),
            10 => format!("{code}.0"),
            _ => code.to_owned(),
        }
    });
    let decorations: Vec<&'static [u8]> = vec![
        b" ",
        b"-59",
        b":",
        b"HC:",
        b"BBR:",
        b";",
        b"|",
        b",",
        b"/",
        b".",
        b"\"",
        b"'",
        b"=",
        b"=\"",
        b"\xa0",
        b"\xab",
        b"\xbb",
        "\u{201c}".as_bytes(),
        "\u{201d}".as_bytes(),
        "\u{2018}".as_bytes(),
        "\u{200b}".as_bytes(),
        "\u{a0}".as_bytes(),
        "\u{feff}".as_bytes(),
        "\u{e9}".as_bytes(),
        b"\t",
        b"x",
        b"1",
        b"12",
        b"1225",
        b"[",
        b"]",
        b"\xc3",
    ];
    let piece = prop_oneof![
        2 => spelled.prop_map(String::into_bytes),
        3 => prop::sample::select(decorations).prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// A file with the cells in its procedure columns, and the rows that hold a code.
fn file(cells: &[[Vec<u8>; 2]], delimiter: u8, quoted: &[bool]) -> (Vec<u8>, Vec<usize>) {
    let names = ["claim_id", "procedure_code", "service_date", "icd_procedure_1", "diagnosis_1"];
    let mut text = names.join(&*char::from(delimiter).to_string()).into_bytes();
    text.push(b'\n');
    let mut wanted = Vec::new();
    for (i, row) in cells.iter().enumerate() {
        let quote = quoted[i % quoted.len()];
        let written = |cell: &[u8]| {
            if quote || cell.contains(&delimiter) || cell.starts_with(b"\"") {
                let doubled: Vec<u8> =
                    cell.iter().flat_map(|b| if *b == b'"' { vec![b'"', b'"'] } else { vec![*b] }).collect();
                [b"\"".as_slice(), &doubled, b"\""].concat()
            } else {
                cell.to_vec()
            }
        };
        let id = format!("C{i}").into_bytes();
        let cells = [id, written(&row[0]), b"2024-03-05".to_vec(), written(&row[1]), b"M4854XA".to_vec()];
        text.extend(cells.join(&delimiter));
        text.push(b'\n');
        if !slow_codes(&row[0], true).is_empty() || !slow_codes(&row[1], false).is_empty() {
            wanted.push(i);
        }
    }
    (text, wanted)
}

/// The numbers of the rows that a scan for the codes hands over and in which the slow reading finds one.
fn handed_over(bytes: &[u8], block: usize, fast: bool) -> Vec<usize> {
    let source = Source::from_bytes("claims.csv", bytes.to_vec()).expect("no binary file");
    let detected = detect::detect(&source, &LIBRARY).expect("the header is not damaged");
    let look = |_: &Detected, row: &Row<'_>| {
        let holds = !slow_codes(&row.cell(1), true).is_empty() || !slow_codes(&row.cell(3), false).is_empty();
        let number = String::from_utf8_lossy(&row.cell(0)).trim_start_matches('C').parse::<usize>();
        if holds { RowAction::Keep(number.expect("a row's number")) } else { RowAction::Ignore }
    };
    let forms = POLICY.codes.forms();
    let extract =
        read(source, detected, block, fast.then_some(forms.as_slice()), &look, &Unwatched).expect("it can be read");
    extract.tally.kept.into_iter().map(|kept| kept.value).collect()
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_decorated_code_is_never_out_of_scope(
        cells in prop::collection::vec([cell(), cell()], 1..8),
        delimiter in prop::sample::select(b",\t;|*".to_vec()),
        quoted in prop::collection::vec(any::<bool>(), 1..4),
    ) {
        let (bytes, wanted) = file(&cells, delimiter, &quoted);
        prop_assert_eq!(&handed_over(&bytes, BLOCK, false), &wanted, "{:?}", String::from_utf8_lossy(&bytes));
        for block in [7, 64, BLOCK] {
            prop_assert_eq!(&handed_over(&bytes, block, true), &wanted, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn the_reader_finds_the_codes_that_the_slow_reader_finds(cell in cell()) {
        let text = upper(clean(&cell, &[]));
        for (column, cpt) in [(ProcedureColumn::Procedure, true), (ProcedureColumn::Icd, false)] {
            let found = POLICY.codes.read(&text, column);
            let codes: Vec<&str> = found.codes.iter().map(|id| POLICY.code(*id)).collect();
            let want = slow_codes(&cell, cpt);
            prop_assert_eq!(&codes, &want, "{:?}", text);
            prop_assert!(codes.is_empty() || POLICY.codes.may_hold(&cell), "{:?}", text);
            prop_assert_eq!(found.composite || found.zero_lost, !codes.is_empty() && codes != [&*text], "{:?}", text);
        }
    }
}
