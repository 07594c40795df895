//! Bytes as one cell: what is read agrees with the specification (`src/spec/values.md`), implemented a second time below;
//! quick answers never say no where the slow ones say yes; what is printed is read back as itself.

#![no_main]

mod kit;

use claimlint::claim::value::code::CodeTable;
use claimlint::claim::value::product;
use claimlint::claim::value::product::ProductTable;
use claimlint::claim::line::reader::is_filler;
use claimlint::claim::value::setting::{BillType, ClaimForm};
use claimlint::claim::{Cents, ClassId};
use claimlint::claim::value::{amount, date, pointer};
use claimlint::ingest::Row;
use claimlint::ingest::layout::bind_error::printable;
use claimlint::ingest::layout::binding::{Binding, Split};
use claimlint::ingest::cell::{clean, is_blank, upper};
use claimlint::ingest::field;
use claimlint::ingest::scan::prefilter::Prefilter;
use claimlint::ingest::record::grammar::CellSpan;
use claimlint::strict_toml::nearest;
use jiff::civil::Date;
use libfuzzer_sys::fuzz_target;
use rust_decimal::Decimal;

use kit::{LIBRARY, POLICY};

fuzz_target!(|data: &[u8]| {
    let text = clean(data, &[]);
    let whole = [CellSpan { start: 0, end: data.len() as u32, doubled: false }];
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
        is_filler(text, &POLICY.fillers);
        nearest(text, ["claim_id", "service_date", ""].into_iter());
        assert!(printable(text).chars().all(|c| !c.is_control()) && printable(text).chars().count() <= 41);
        for split in [Split::No, Split::At(';'), Split::Auto] {
            assert!(split.parts(text).map(str::len).sum::<usize>() <= text.len());
        }
    }
});

fn codes(raw: &[u8], table: &CodeTable) {
    let cell = upper(clean(raw, &[]));
    let Some(found) = table.find(&cell, true) else {
        assert!(table.find(&cell, false).is_none(), "a column without CPT codes finds no more");
        return;
    };
    // Section 1 and fine print 9: the code, or the code and a character that is no letter or digit.
    let code = table.get(found.id).code.as_str();
    let read = if found.zero_lost { code.strip_prefix('0').expect("a zero to lose") } else { code };
    let plain = clean(raw, &[]);
    assert!(plain.get(..read.len()).is_some_and(|head| head.eq_ignore_ascii_case(read)), "{plain:?} is no {read}");
    assert_eq!(found.composite, plain.len() > read.len());
    assert!(plain[read.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric()));

    assert!(table.may_hold(raw), "may_hold says no to {raw:?}");
    // The kernel asks only where a cell lies on one line.
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
        // Sixteen digits fit; beyond that only the reader says what it holds.
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
    match decimal(text, false) {
        None => assert_eq!(units, None, "{text:?} are no units"),
        Some((before, after)) if before.len() + after.len() <= 28 => {
            let units = units.unwrap_or_else(|| panic!("{text:?} are units"));
            let after = after.trim_end_matches('0');
            let mantissa: i128 = format!("0{before}{after}").parse().expect("digits");
            assert_eq!(units, Decimal::from_i128_with_scale(mantissa, after.len() as u32), "{text:?}");
            let printed = units.normalize().to_string();
            assert_eq!(amount::units(&printed), Some(units));
        }
        Some(_) => {}
    }
}

/// Fine print 6, as templates: 9 a digit, M a month's letter.
fn dates(text: &str) {
    const TEMPLATES: [&str; 8] =
        ["9999-99-99", "99999999", "9/9/9999", "99/9/9999", "9/99/9999", "99/99/9999", "9-MMM-9999", "99-MMM-9999"];
    const MONTHS: &str = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
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
        let time = rest.strip_prefix('T').or_else(|| Some(rest.trim_start()).filter(|t| t.len() < rest.len()));
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
            ("99999999", [all]) => (&all[..4], all[4..6].parse().ok()?, &all[6..]),
            ("9999-99-99", [year, month, day]) => (*year, month.parse().ok()?, *day),
            (t, [day, month, year]) if t.contains('M') => {
                let at = MONTHS.find(&month.to_uppercase()).filter(|at| at % 3 == 0)?;
                (*year, (at / 3 + 1) as i8, *day)
            }
            (_, [month, day, year]) => (*year, month.parse().ok()?, *day),
            _ => return None,
        };
        let year: i16 = year.parse().ok().filter(|y| *y > 0)?;
        Date::new(year, month, day.parse().ok()?).ok()
    });
    let got = date::parse(text);
    assert_eq!(got, want, "{text:?}");
    if let Some(date) = got {
        assert_eq!(date::parse(&date.to_string()), Some(date));
    }
}

fn labels(text: &str) {
    let folded = product::fold(text);
    assert_eq!(product::fold(&folded), folded, "{text:?}");
    assert!(folded.bytes().all(|b| b == b' ' || b.is_ascii_uppercase() || b.is_ascii_digit()), "{text:?}");
    let table = ProductTable::new([(text.to_owned(), ClassId(1)), ("HMO BLUE".to_owned(), ClassId(2))], ClassId(3));
    assert_eq!(table.class(text), table.class(&folded), "{text:?}");
    if folded.len() <= product::LONGEST && folded != "HMO BLUE" {
        assert_eq!(table.class(text), ClassId(1), "{text:?}");
    }
    assert_eq!(field::fold(&field::fold(text)), field::fold(text), "{text:?}");
    ClaimForm::of(text, "", "");
}

fn bill_types(text: &str) {
    POLICY.settings.setting(text, "");
    POLICY.settings.setting("", text);
    let Some(bill) = BillType::parse(text) else { return };
    let facility = String::from_utf8(bill.facility.to_vec()).expect("digits");
    assert!(facility.bytes().all(|b| b.is_ascii_digit()));
    // Fine print 10: written out again, it is the text or the text without its zero.
    let frequency = bill.frequency.map(|f| char::from(f).to_string()).unwrap_or_default();
    assert!(frequency.bytes().all(|b| b.is_ascii_alphanumeric()));
    let forms = [format!("{facility}{frequency}"), format!("{facility}:A:{frequency}")];
    assert!(forms.iter().any(|f| text == f || text.strip_prefix('0') == Some(f)), "{text:?}");
}

fn pointer_binding() -> Binding {
    let header =
        ["claim_id", "service_date", "procedure_code", "diagnosis_1", "diagnosis_pointer_1", "diagnosis_pointer"];
    let canonical = LIBRARY.named("canonical").expect("it is shipped");
    canonical.bind(&header.map(str::to_owned)).expect("the required columns are there")
}

fn pointers(text: &str) {
    thread_local! { static BINDING: Binding = pointer_binding(); }
    let slots = [1, 2, 3, 5, 12, 13, 25];
    // The text as the numbered column or as the packed cell.
    let read = |text: &str, packed: bool| {
        let ends = if packed { (0, text.len()) } else { (text.len(), 0) };
        let field = |end: usize| CellSpan { start: 0, end: end as u32, doubled: false };
        let fields = [field(0), field(0), field(0), field(0), field(ends.0), field(ends.1)];
        BINDING.with(|binding| pointer::read(binding, &Row::new(text.as_bytes(), &fields), &slots))
    };
    for packed in [false, true] {
        let (places, count, _) = read(text, packed);
        let places = &places[..usize::from(count)];
        assert!(places.iter().all(|p| slots.get(usize::from(*p)).is_some_and(|slot| *slot <= 12)), "{text:?}");
        assert!((1..places.len()).all(|i| !places[..i].contains(&places[i])), "{text:?}: a slot twice");
    }
    // One token is the same in a numbered column and, with a separator, in the packed cell.
    let token = clean(text.as_bytes(), &[]);
    if !token.is_empty() && token.chars().all(|c| c.is_ascii_alphanumeric()) {
        assert_eq!(read(&token, false), read(&format!("{token};"), true), "{token:?}");
    }
}
