//! Batches as they are stored: in a dossier, in a slice, and on disk where they do not fit in memory.
//!
//! The heads of a batch resemble each other. So they are stored by column, and of the numbers of a column only those bytes that
//! differ from line to line. That takes a third of the space of heads one after another, and zstd packs it five times as fast.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::de::value::Error as VariantError;
use serde::de::{DeserializeOwned, Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::{ByteBuf, Bytes};

use crate::claim::line::batch::Batch;
use crate::claim::line::head::{Amounts, Head, LineShape, PackedMarks};
use crate::claim::value::amount::OptionalCents;
use crate::claim::value::code::CodeId;
use crate::claim::value::pointer::Pointers;
use crate::claim::value::product::ClassId;

/// A batch as it is written.
#[derive(Serialize)]
struct WrittenBatch<'a> {
    /// For each line, the lengths of its parts of `text`, `ends` and `known`. The number of lines is said by these alone, so nobody
    /// can make a small file of many lines.
    sizes: Vec<[u32; 3]>,
    heads: &'a Bytes,
    text: &'a str,
    ends: &'a Bytes,
    known: &'a [CodeId],
}

/// The same, as it is read.
#[derive(Deserialize)]
struct ReadBatch<'a> {
    sizes: Vec<[u32; 3]>,
    #[serde(borrow)]
    heads: &'a Bytes,
    text: String,
    ends: ByteBuf,
    known: Vec<CodeId>,
}

/// A stored batch contradicts itself.
#[derive(Debug, thiserror::Error)]
#[error("lines that contradict themselves")]
struct Contradiction;

impl Serialize for Batch {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut before = [0; 3];
        let size = |stop: &[u32; 3]| {
            let size = [0, 1, 2].map(|part| stop[part] - before[part]);
            before = *stop;
            size
        };
        WrittenBatch {
            sizes: self.stops.iter().map(size).collect(),
            heads: Bytes::new(&columns(&self.heads)),
            text: &self.text,
            ends: Bytes::new(&self.ends),
            known: &self.known,
        }
        .serialize(out)
    }
}

impl<'de> Deserialize<'de> for Batch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        ReadBatch::deserialize(from)?.batch().map_err(D::Error::custom)
    }
}

impl ReadBatch<'_> {
    fn batch(self) -> Result<Batch, Contradiction> {
        let mut stops = self.sizes;
        let mut end = [0_u32; 3];
        for stop in &mut stops {
            for (end, size) in end.iter_mut().zip(&mut *stop) {
                *end = end.checked_add(*size).ok_or(Contradiction)?;
                *size = *end;
            }
        }
        let heads = heads(self.heads, stops.len()).ok_or(Contradiction)?;
        Ok(Batch { heads, stops, text: self.text, ends: self.ends.into_vec(), known: self.known })
    }
}

/// A day as a number, with day, month and year from the lowest byte on; zero is none.
fn of_date(date: Option<Date>) -> u64 {
    let Some(date) = date else { return 0 };
    let [year, year_above] = date.year().to_le_bytes();
    let [month, day] = [date.month(), date.day()].map(i8::cast_unsigned);
    u32::from_le_bytes([day, month, year, year_above]).into()
}

fn to_date(number: u64) -> Result<Option<Date>, Contradiction> {
    if number == 0 {
        return Ok(None);
    }
    let [day, month, year, year_above, 0, 0, 0, 0] = number.to_le_bytes() else { return Err(Contradiction) };
    let [month, day] = [month, day].map(u8::cast_signed);
    let date = Date::new(i16::from_le_bytes([year, year_above]), month, day);
    date.map(Some).map_err(|_| Contradiction)
}

/// A value of an enumeration, from its place in it.
fn to_variant<T: DeserializeOwned>(place: u64) -> Option<T> {
    T::deserialize(IntoDeserializer::<VariantError>::into_deserializer(u32::try_from(place).ok()?)).ok()
}

/// The heads by column.
fn columns(heads: &[Head]) -> Vec<u8> {
    let mut columns = Columns { heads, bytes: Vec::new() };
    columns.add(|head| head.extract.into());
    columns.add(|head| head.row);
    columns.add(|head| of_date(head.date));
    columns.add(|head| of_date(head.end_date));
    columns.add(|head| head.class.0.into());
    columns.add(|head| head.setting as u64);
    columns.add(|head| head.form as u64);
    columns.add(|head| head.facility.map_or(0, |[first, second]| u32::from_le_bytes([first, second, 1, 0]).into()));
    columns.add(|head| head.version as u64);
    columns.add(|head| head.status as u64);
    columns.add(|head| head.amounts as u64);
    columns.add(|head| head.units.mantissa() as u64);
    columns.add(|head| (head.units.mantissa() >> 64) as u64);
    columns.add(|head| head.units.scale().into());
    for amount in 0..3 {
        columns.add(|head| head.money.all()[amount].bits());
    }
    columns.add(|head| head.packed_marks.bits().into());
    columns.add(|head| head.cpt.map_or(0, |id| u64::from(id.0) + 1));
    columns.add(|head| head.pointers.bits());
    columns.add(|head| head.shape.procedures.into());
    columns.add(|head| head.shape.texts.into());
    columns.add(|head| head.shape.diagnoses.into());
    columns.bytes
}

/// The heads of so many lines, if the columns hold them and nothing else.
fn heads(mut bytes: &[u8], lines: usize) -> Option<Vec<Head>> {
    if lines == 0 {
        return bytes.is_empty().then(Vec::new);
    }
    let mut next = || Column::read(&mut bytes, lines);
    let [extract, row, date, end_date, class, setting, form, facility] = next_columns(&mut next)?;
    let [version, status, amounts, units_low, units_high, scale] = next_columns(&mut next)?;
    let money: [Column<'_>; 3] = next_columns(&mut next)?;
    let [marks, cpt, pointers, procedures, texts, diagnoses] = next_columns(&mut next)?;
    let head = |n: usize| {
        let units = i128::from(units_high.get(n).cast_signed()) << 64 | i128::from(units_low.get(n));
        Some(Head {
            extract: extract.number(n)?,
            row: row.get(n),
            date: to_date(date.get(n)).ok()?,
            end_date: to_date(end_date.get(n)).ok()?,
            class: ClassId(class.number(n)?),
            setting: to_variant(setting.get(n))?,
            form: to_variant(form.get(n))?,
            facility: match facility.number::<u32>(n)?.to_le_bytes() {
                [0, 0, 0, 0] => None,
                [first, second, 1, 0] => Some([first, second]),
                _ => return None,
            },
            version: to_variant(version.get(n))?,
            status: to_variant(status.get(n))?,
            amounts: to_variant(amounts.get(n))?,
            units: Decimal::try_from_i128_with_scale(units, scale.number(n)?).ok()?,
            money: Amounts::of([0, 1, 2].map(|amount: usize| OptionalCents::of_bits(money[amount].get(n)))),
            packed_marks: PackedMarks::of_bits(marks.number(n)?),
            cpt: cpt.number::<u32>(n)?.checked_sub(1).map(|id| u16::try_from(id).map(CodeId)).transpose().ok()?,
            pointers: Pointers::of_bits(pointers.get(n)),
            shape: LineShape {
                procedures: procedures.number(n)?,
                texts: texts.number(n)?,
                diagnoses: diagnoses.number(n)?,
            },
        })
    };
    let heads = (0..lines).map(head).collect();
    if bytes.is_empty() { heads } else { None }
}

/// Columns that are written: for each, the number of the first head, in eight bytes; a byte with one bit for each of these that
/// is not the same in all heads; and these bytes, for one after another all heads.
struct Columns<'a> {
    heads: &'a [Head],
    bytes: Vec<u8>,
}

impl Columns<'_> {
    fn add(&mut self, number: impl Fn(&Head) -> u64) {
        let Some(first) = self.heads.first().map(&number) else { return };
        let differing = self.heads.iter().fold(0, |bits, head| bits | (number(head) ^ first)).to_le_bytes();
        self.bytes.extend(first.to_le_bytes());
        let varies = |place: &usize| differing[*place] != 0;
        self.bytes.push((0..8).filter(varies).fold(0, |bits, place| bits | 1 << place));
        for place in (0..8).filter(varies) {
            self.bytes.extend(self.heads.iter().map(|head| (number(head) >> (8 * place)) as u8));
        }
    }
}

/// A column that is read.
#[derive(Clone, Copy)]
struct Column<'a> {
    first: [u8; 8],
    varying: [Option<&'a [u8]>; 8],
}

impl<'a> Column<'a> {
    /// Takes a column of so many lines off the bytes.
    fn read(bytes: &mut &'a [u8], lines: usize) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        let (varies, mut rest) = rest.split_first()?;
        let mut varying = [None; 8];
        for (place, varying) in varying.iter_mut().enumerate() {
            if varies >> place & 1 == 1 {
                let (own, after) = rest.split_at_checked(lines)?;
                (*varying, rest) = (Some(own), after);
            }
        }
        *bytes = rest;
        Some(Self { first: *first, varying })
    }

    /// The number of a line.
    fn get(&self, line: usize) -> u64 {
        let byte = |place: usize| self.varying[place].map_or(self.first[place], |bytes| bytes[line]);
        u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(byte))
    }

    /// The same, if this type can hold it.
    fn number<T: TryFrom<u64>>(&self, line: usize) -> Option<T> {
        self.get(line).try_into().ok()
    }
}

fn next_columns<'a, const N: usize>(next: &mut impl FnMut() -> Option<Column<'a>>) -> Option<[Column<'a>; N]> {
    let mut columns = [Column { first: [0; 8], varying: [None; 8] }; N];
    columns.iter_mut().try_for_each(|column| next().map(|read| *column = read))?;
    Some(columns)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::claim::Cents;
    use crate::claim::line::head::AmountsPer;
    use crate::claim::value::setting::{ClaimForm, Setting};
    use crate::claim::value::status::RowStatus;
    use crate::claim::value::version::Version;

    prop_compose! {
        fn head()(
            (extract, row, class) in (0..2_u32, prop_oneof![0..300_u64, any::<u64>()], any::<u8>()),
            days in prop::array::uniform2(prop::option::of((-9999..=9999_i16, 1..=12_i8, 1..=28_i8))),
            facility in prop::option::of(any::<[u8; 2]>()),
            variants in prop::array::uniform4(0..3_usize),
            (units, scale) in (-(1_i128 << 95)..1 << 95, 0..=28_u32),
            money in prop::array::uniform3(prop::option::of((1 - i64::MAX..i64::MAX).prop_map(Cents))),
            (marks, cpt, pointers, shape) in (any::<u32>(), prop::option::of(any::<u16>()), any::<u64>(), any::<[u32; 3]>()),
        ) -> Head {
            let day = |day: Option<(i16, i8, i8)>| day.and_then(|(year, month, day)| Date::new(year, month, day).ok());
            let [charge, allowed, paid] = money;
            Head {
                extract,
                row,
                date: day(days[0]),
                end_date: day(days[1]),
                class: ClassId(class),
                setting: [Setting::Inpatient, Setting::Outpatient, Setting::Undetermined][variants[0]],
                form: [ClaimForm::Professional, ClaimForm::Institutional, ClaimForm::Unknown][variants[1]],
                facility,
                version: [Version::Original, Version::Replacement, Version::Void][variants[2]],
                status: [RowStatus::None, RowStatus::Paid, RowStatus::Reversed][variants[3]],
                amounts: [AmountsPer::Unsaid, AmountsPer::Line, AmountsPer::Claim][variants[0]],
                units: Decimal::try_from_i128_with_scale(units, scale).expect("it fits"),
                money: Amounts::new(charge, allowed, paid),
                packed_marks: PackedMarks::of_bits(marks),
                cpt: cpt.map(CodeId),
                pointers: Pointers::of_bits(pointers),
                shape: LineShape { procedures: shape[0], texts: shape[1], diagnoses: shape[2] },
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_back(
            heads in prop::collection::vec(head(), 0..6),
            stops in prop::collection::vec(any::<[u32; 3]>(), 6),
            text in "\\PC{0,9}",
            ends in prop::collection::vec(any::<u8>(), 0..9),
            known in prop::collection::vec(any::<u16>().prop_map(CodeId), 0..4),
        ) {
            let mut stops = stops[..heads.len()].to_vec();
            for part in 0..3 {
                let mut sorted: Vec<_> = stops.iter().map(|stop| stop[part]).collect();
                sorted.sort_unstable();
                stops.iter_mut().zip(sorted).for_each(|(stop, at)| stop[part] = at);
            }
            let batch = Batch { heads, stops, text, ends, known };
            let bytes = postcard::to_allocvec(&batch).expect("it can be written");
            let read: Batch = postcard::from_bytes(&bytes).expect("it can be read");
            prop_assert_eq!((&read.heads, &read.stops, &read.text), (&batch.heads, &batch.stops, &batch.text));
            prop_assert_eq!((&read.ends, &read.known), (&batch.ends, &batch.known));
        }

        #[test]
        fn no_bytes_panic(
            heads in prop::collection::vec(head(), 1..4),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
            cut in any::<prop::sample::Index>(),
        ) {
            let stops = vec![[0; 3]; heads.len()];
            let batch = Batch { heads, stops, ..Batch::default() };
            let mut bytes = postcard::to_allocvec(&batch).expect("it can be written");
            for (at, byte) in &changes {
                *at.get_mut(&mut bytes) = *byte;
            }
            let _ = postcard::from_bytes::<Batch>(&bytes);
            bytes.truncate(cut.index(bytes.len()));
            let _ = postcard::from_bytes::<Batch>(&bytes);
        }
    }

    #[test]
    fn impossible_values_are_refused() {
        assert_eq!((to_date(0).ok(), to_date(0x07e8_0c1f).ok()), (Some(None), Some(Date::new(2024, 12, 31).ok())));
        for number in [1, 0x07e8_021e, 0x07e8_0d01, 0x7fff_0101, 1 << 32 | 0x07e8_0c1f] {
            assert!(to_date(number).is_err(), "{number:x}");
        }
        assert_eq!((to_variant(2), to_variant::<Setting>(3)), (Some(Setting::Undetermined), None));
        let written = columns(&[Head::zero(), Head::zero()]);
        assert!(heads(&written, 2).is_some_and(|heads| heads == [Head::zero(), Head::zero()]));
        assert!(heads(&written, 0).is_none() && heads(&[&written[..], &[0]].concat(), 2).is_none());
        // The first column is the extract; the first of its bytes that does not vary may do so, and then each line has one.
        let mut varying = written.clone();
        varying[8] = 1;
        assert!(heads(&varying, 2).is_none());
        // The scale of the units.
        let scale = 13 * 9;
        let mut impossible = written;
        impossible[scale] = 29;
        assert!(heads(&impossible, 2).is_none());
    }
}
