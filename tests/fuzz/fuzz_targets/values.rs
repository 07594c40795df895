//! Bytes as one cell: what is read agrees with the specification (`src/spec/values.md`), implemented a second time below;
//! no quick answer is no where the slow answer is yes; a printed value is read back unchanged.

#![no_main]

mod kit;

use claimlint::claim::value::code::{CodeTable, ProcedureColumn};
use claimlint::claim::value::product::ProductTable;
use claimlint::claim::value::setting::{BillType, bill_type, place_of_service};
use claimlint::claim::value::words::{MAX_LABEL_LEN, fold};
use claimlint::claim::value::pointer::Pointers;
use claimlint::claim::value::{amount, authorization, diagnosis, id, modifier};
use claimlint::claim::{Cents, ClassId};
use claimlint::ingest::Row;
use claimlint::ingest::layout::binding::{Binding, Split};
use claimlint::ingest::cell::{clean, is_blank, printable, upper};
use claimlint::ingest::date;
use claimlint::ingest::field;
use claimlint::ingest::scan::prefilter::Prefilter;
use claimlint::ingest::record::grammar::CellSpan;
use claimlint::ingest::record::quoting::Marks;
use claimlint::strict_toml::nearest;
use jiff::civil::Date;
use libfuzzer_sys::fuzz_target;
use rust_decimal::Decimal;

use kit::{LIBRARY, POLICY};

fuzz_target!(|data: &[u8]| {
    let text = clean(data, &[]);
    let whole = [CellSpan { start: 0, end: data.len() as u32, marks: Marks::Nothing }];
    assert_eq!(Row::new(data, &whole).text(0, &[]), text, "the short way to a text is the long one");
    assert!(!text.starts_with(is_blank) && !text.ends_with(is_blank), "{text:?}");
    assert!(clean(data, &[text.to_uppercase()]).is_empty(), "a null word");
    codes(data, &POLICY.codes);
    for text in [&*text, &*String::from_utf8_lossy(data)] {
        amounts(text);
        dates(text);
        labels(text);
        bill_types(text);
        pointers(text);
        words(text);
        nearest(text, ["claim_id", "service_date", ""].into_iter());
        assert!(printable(text).chars().all(|c| !c.is_control()) && printable(text).chars().count() <= 41);
        for split in [Split::No, Split::At(';'), Split::Auto] {
            assert!(split.parts(text).map(str::len).sum::<usize>() <= text.len());
        }
    }
});

fn codes(raw: &[u8], table: &CodeTable) {
    let cell = upper(clean(raw, &[]));
    let found = table.read(&cell, ProcedureColumn::Procedure);
    let pcs = table.read(&cell, ProcedureColumn::Icd);
    assert!(pcs.codes.iter().all(|id| found.codes.contains(id)), "a column without CPT codes finds no more");
    assert!(table.exact(&cell, ProcedureColumn::Procedure).is_none_or(|id| found.codes == [id]));
    if found.codes.is_empty() {
        return;
    }
    // Thousands commas and dots aside, the code is in the cell, perhaps without its leading zero.
    let plain = cell.replace([',', '.'], "");
    for id in &found.codes {
        let code = table.get(*id).code.as_str();
        let read = if found.zero_lost { code.strip_prefix('0').expect("a zero to lose") } else { code };
        assert!(plain.contains(read), "{cell:?} holds no {read}");
    }
    assert_eq!(found.composite, !found.zero_lost && !table.iter().any(|(_, known)| known.code == *cell));
    assert!(found.modifiers.iter().all(|modifier| modifier.len() == 2 && plain.contains(&**modifier)));

    assert!(table.may_hold(raw), "may_hold says no to {raw:?}");
    // The kernel looks only at cells on one line.
    if raw.contains(&b'\n') {
        return;
    }
    let prefilter = Prefilter::new(vec![0], table.forms().into_iter());
    let ask = |bytes: &[u8]| prefilter.may_start_at(bytes, 0, b',');
    let quoted = format!("\"{}\"", String::from_utf8_lossy(raw).replace('"', "\"\""));
    if std::str::from_utf8(raw).is_ok() {
        assert!(ask(quoted.as_bytes()), "prefilter say no to {quoted:?}");
    }
    if !raw.contains(&b',') && !raw.starts_with(b"\"") {
        assert!(ask(raw), "prefilter say no to {raw:?}");
        assert!(ask(&[raw, b",x"].concat()), "prefilter say no to {raw:?} and more");
    }
}

/// Digits, with commas between groups of three after a first group of one to three.
fn whole(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split(',').collect();
    let digits = groups.iter().all(|g| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit()));
    let grouped = groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|g| g.len() == 3));
    (digits && grouped).then(|| groups.concat())
}

/// Fine print 7: `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`; as digits before and after the point.
fn decimal(text: &str, commas: bool) -> Option<(String, String)> {
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    if !after.bytes().all(|b| b.is_ascii_digit()) || (before.contains(',') && !commas) {
        return None;
    }
    if before.is_empty() {
        return (!after.is_empty()).then(|| (String::new(), after.to_owned()));
    }
    whole(before).map(|before| (before, after.to_owned()))
}

fn amounts(text: &str) {
    const SHAPES: [(&str, &str, &str); 7] = [
        ("", "", ""),
        ("-", "", "-"),
        ("$", "", ""),
        ("-$", "", "-"),
        ("$-", "", "-"),
        ("(", ")", "-"),
        ("($", ")", "-"),
    ];
    let want = SHAPES.iter().find_map(|(before, after, sign)| {
        let (dollars, fraction) = decimal(text.strip_prefix(before)?.strip_suffix(after)?, true)?;
        Some((dollars, fraction, *sign))
    });
    let got = Cents::parse(text);
    match want {
        None => assert_eq!(got, None, "{text:?} is no amount"),
        // Sixteen digits fit into the reference. The reader alone decides about longer numbers.
        Some((dollars, fraction, sign)) if dollars.trim_start_matches('0').len() <= 16 => {
            let thousandths: i128 =
                format!("{dollars}{:0<3}", fraction.get(..3).unwrap_or(&fraction)).parse().expect("digits");
            let cents = (thousandths + 5) / 10 * if sign == "-" { -1 } else { 1 };
            assert_eq!(got.map(|c| i128::from(c.0)), Some(cents), "{text:?}");
        }
        Some(_) => {}
    }
    if let Some(cents) = got {
        assert_eq!(Cents::parse(&cents.to_string()), Some(cents), "{text:?}");
    }
    let units = amount::units(text);
    let number = text.strip_prefix("UN:").or(text.strip_prefix("MJ:")).unwrap_or(text);
    match decimal(number.strip_prefix('-').unwrap_or(number), false) {
        None => assert_eq!(units, None, "{text:?} are no units"),
        Some((before, after)) if before.len() + after.len() <= 28 => {
            let units = units.unwrap_or_else(|| panic!("{text:?} are units"));
            let after = after.trim_end_matches('0');
            let mantissa: i128 = format!("0{before}{after}").parse().expect("digits");
            assert_eq!(units.count, Decimal::from_i128_with_scale(mantissa, after.len() as u32), "{text:?}");
            assert_eq!(units.is_negative, number.starts_with('-') && mantissa != 0, "{text:?}");
            let printed = units.count.normalize().to_string();
            assert_eq!(amount::units(&printed).map(|again| again.count), Some(units.count));
        }
        Some(_) => {}
    }
}

/// Fine print 6, as templates: 9 a digit, M a month's letter.
fn dates(text: &str) {
    const TEMPLATES: [&str; 19] = [
        "9999-99-99", "9999/9/9", "9999/99/9", "9999/9/99", "9999/99/99", "99999999", "9/9/9999", "99/9/9999", "9/99/9999",
        "99/99/9999", "9/9/99", "99/9/99", "9/99/99", "99/99/99", "9-MMM-9999", "99-MMM-9999", "9-MMM-99", "99-MMM-99",
        "99MMM9999",
    ];
    const MONTHS: &str = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    let whole = text;
    let text = text.strip_prefix("D8:").or(text.strip_prefix("RD8:")).unwrap_or(text);
    let fits = |template: &&str| {
        text.len() >= template.len()
            && template.bytes().zip(text.bytes()).all(|(t, b)| match t {
                b'9' => b.is_ascii_digit(),
                b'M' => b.is_ascii_alphabetic(),
                t => t == b,
            })
    };
    let rest_fits = |template: &str| {
        let rest = &text[template.len()..];
        let own = match template {
            "9999-99-99" => rest.strip_prefix('-'),
            "99MMM9999" => rest.strip_prefix(':'),
            _ => None,
        };
        let blanks = || Some(rest.trim_start_matches([' ', '\t'])).filter(|t| t.len() < rest.len());
        let time = rest.strip_prefix('T').or(own).or_else(blanks);
        let is_range = || {
            template == "99999999"
                && rest.len() == 9
                && rest.starts_with('-')
                && rest[1..].bytes().all(|b| b.is_ascii_digit())
        };
        rest.is_empty() || time.is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit())) || is_range()
    };
    let want = TEMPLATES.iter().filter(|t| fits(t)).find(|t| rest_fits(t)).and_then(|template| {
        let parts: Vec<&str> = text[..template.len()].split(['-', '/']).collect();
        let (year, month, day) = match (*template, parts.as_slice()) {
            ("99MMM9999", [all]) => {
                let at = MONTHS.find(&all[2..5].to_uppercase()).filter(|at| at % 3 == 0)?;
                (&all[5..], (at / 3 + 1) as i8, &all[..2])
            }
            (t, [year, month, day]) if t.starts_with("9999/") => (*year, month.parse().ok()?, *day),
            ("99999999", [all]) => (&all[..4], all[4..6].parse().ok()?, &all[6..]),
            ("9999-99-99", [year, month, day]) => (*year, month.parse().ok()?, *day),
            (t, [day, month, year]) if t.contains('M') => {
                let at = MONTHS.find(&month.to_uppercase()).filter(|at| at % 3 == 0)?;
                (*year, (at / 3 + 1) as i8, *day)
            }
            (_, [month, day, year]) => (*year, month.parse().ok()?, *day),
            _ => return None,
        };
        let short = year.len() == 2;
        let year: i16 = year.parse().ok().filter(|y| short || *y > 0)?;
        let year = if short { year + if year < 70 { 2000 } else { 1900 } } else { year };
        Date::new(year, month, day.parse().ok()?).ok()
    });
    let got = date::parse(whole);
    assert_eq!(got, want, "{whole:?}");
    if let Some(date) = got {
        assert_eq!(date::parse(&date.to_string()), Some(date));
    }
}

fn labels(text: &str) {
    let folded = fold(text);
    assert_eq!(fold(&folded), folded, "{text:?}");
    assert!(folded.bytes().all(|b| b == b' ' || b.is_ascii_uppercase() || b.is_ascii_digit()), "{text:?}");
    let table = ProductTable::new([(text.to_owned(), ClassId(1)), ("HMO BLUE".to_owned(), ClassId(2))], ClassId(3));
    assert_eq!(table.class(text), table.class(&folded), "{text:?}");
    // What is left of a mark goes from the end of both.
    let is_marked = ["SM", "TM", "R"].iter().any(|mark| folded.split(' ').next_back() == Some(mark));
    if folded.len() <= MAX_LABEL_LEN && folded != "HMO BLUE" && !is_marked {
        assert_eq!(table.class(text), ClassId(1), "{text:?}");
    }
    assert_eq!(field::fold(&field::fold(text)), field::fold(text), "{text:?}");
}

/// Reading a cell twice changes nothing.
fn words(text: &str) {
    let numbers = authorization::normalized(text);
    assert_eq!(authorization::normalized(&numbers), numbers, "{text:?}");
    let read = id::of_person(text.into());
    assert!(read.is_empty() || id::of_person(read.clone()) == read, "{text:?}");
    id::is_mangled(text);
    for last in 0..4 {
        let (number, version) = id::cut_version(text, last);
        assert_eq!(format!("{number}{version}"), text);
    }
    assert!(modifier::parts(text).all(|part| part.chars().all(char::is_alphanumeric)));
    diagnosis::each(text, |code| assert!(code.len() <= text.len()));
    assert_eq!(place_of_service(place_of_service(text)), place_of_service(text));
    POLICY.vocabulary.row_status(text, text);
}

fn bill_types(text: &str) {
    POLICY.settings.setting(text, "");
    POLICY.settings.setting("", text);
    let Some(bill) = BillType::parse(bill_type(text)) else { return };
    let facility = String::from_utf8(bill.facility.to_vec()).expect("digits");
    assert!(facility.bytes().all(|b| b.is_ascii_digit()));
    // Written out again, it is the text without its zeros.
    let frequency = bill.frequency.map(|f| char::from(f).to_string()).unwrap_or_default();
    assert!(frequency.bytes().all(|b| b.is_ascii_alphanumeric()));
    let forms = [format!("{facility}{frequency}"), format!("{facility}:A:{frequency}")];
    assert!(forms.iter().any(|form| bill_type(text) == form), "{text:?}");
}

fn pointer_binding() -> Binding {
    let header =
        ["claim_id", "service_date", "procedure_code", "diagnosis_1", "diagnosis_pointer_1", "diagnosis_pointer"];
    let canonical = LIBRARY.named("canonical").expect("it is shipped");
    canonical.bind(&header.map(str::to_owned)).expect("the required columns are there")
}

fn pointers(text: &str) {
    thread_local! { static BINDING: Binding = pointer_binding(); }
    // The text as the numbered column or as the packed cell.
    let read = |text: &str, packed: bool| {
        let ends = if packed { (0, text.len()) } else { (text.len(), 0) };
        let field = |end: usize| CellSpan { start: 0, end: end as u32, marks: Marks::Nothing };
        let fields = [field(0), field(0), field(0), field(0), field(ends.0), field(ends.1)];
        BINDING.with(|binding| Pointers::read(binding, &Row::new(text.as_bytes(), &fields)))
    };
    for packed in [false, true] {
        let pointers = read(text, packed);
        let slots = pointers.slots();
        assert!(slots.iter().all(|slot| (1..=12).contains(slot)), "{text:?}");
        assert!((1..slots.len()).all(|i| !slots[..i].contains(&slots[i])), "{text:?}: a slot twice");
    }
    // One token is the same in a numbered column and, with a separator, in the packed cell.
    let token = clean(text.as_bytes(), &[]);
    if !token.is_empty() && token.chars().all(|c| c.is_ascii_alphanumeric()) {
        assert_eq!(read(&token, false), read(&format!("{token};"), true), "{token:?}");
    }
}
