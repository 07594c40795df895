//! The rows of an authorization file on disk that each part of a run needs, found by sorting.
//!
//! The parts note the numbers and members of their lines ([`NeededKeys`]). Then the rows are read once, and those with such a
//! key are found: keys of parts and keys of rows are sorted on disk and merged. The rows are sorted by part, so that a part
//! reads its own rows as one value. Nothing is held in memory but a filter of keys and the buffers of sorting.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::claim::authorization::file::{INDEX_BYTES, hash};
use crate::claim::authorization::on_disk::{ROWS_IN_PIECE, RowsOnDisk};
use crate::claim::authorization::row::Authorization;
use crate::claim::authorization::whole::{Authorizations, ROWS_SHARE};
use crate::claim::value::authorization::compared;
use crate::disk::key_filter::KeyFilter;
use crate::disk::sorted::{SORTED_BYTES, Sorter};
use crate::disk::spool::{Scratch, Spool, SpoolSlot};
use crate::frame::allowance;
use crate::ingest::ReadError;

/// The keys of a row or a line: its numbers, and its member. They differ, whatever the texts.
fn keys<'t>(numbers: &'t str, member: &'t str) -> impl Iterator<Item = u64> + use<'t> {
    let numbers = numbers.split(';').filter(|number| compared(number).next().is_some());
    let member = Some(member).filter(|member| !member.is_empty());
    // No number has this character.
    let member = member.map(|member| hash(std::iter::once(b';').chain(member.bytes())));
    numbers.map(|number| hash(compared(number))).chain(member)
}

/// The keys that the parts of a run look up.
pub struct NeededKeys {
    /// Each key with its part.
    sorter: Mutex<Sorter<(u64, u32)>>,
    filter: KeyFilter,
    scratch: Scratch,
}

/// A row with the part that needs it, and its place in the file.
#[derive(Serialize, Deserialize)]
struct PartRow {
    part: u32,
    place: u64,
    row: Authorization,
}

impl PartRow {
    fn order(&self) -> (u32, u64) {
        (self.part, self.place)
    }
}

impl PartialEq for PartRow {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for PartRow {}

impl PartialOrd for PartRow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PartRow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl NeededKeys {
    /// No keys yet. Sorts in files that `scratch` makes.
    pub fn new(scratch: Scratch) -> Self {
        let sorter = Mutex::new(Sorter::new(Arc::clone(&scratch), SORTED_BYTES));
        Self { sorter, filter: KeyFilter::new(), scratch }
    }

    /// Adds the lines of a part: the cell of authorization numbers of each, and its member. Called from several threads.
    pub fn add<'l>(&self, part: usize, lines: impl Iterator<Item = (&'l str, &'l str)>) -> io::Result<()> {
        let mut found: Vec<u64> = lines.flat_map(|(numbers, member)| keys(numbers, member)).collect();
        found.sort_unstable();
        found.dedup();
        for key in &found {
            self.filter.add(*key);
        }
        let mut sorter = self.sorter.lock().unwrap_or_else(PoisonError::into_inner);
        found.into_iter().try_for_each(|key| sorter.push((key, part as u32), size_of::<(u64, u32)>()))
    }

    /// Finds the rows of each of `parts` parts. The rows of a part may take `most` bytes in memory; if they take more, the error
    /// holds a [`ReadError`] that names the file.
    pub fn find(self, all: &Authorizations, rows: &RowsOnDisk, parts: usize, most: usize) -> io::Result<PartRows> {
        let scratch = Arc::clone(&self.scratch);
        let refuse = || Err(refusal(all, rows, most));
        let of_rows = self.rows_with_keys(rows)?;
        let Some(places) = self.places(of_rows, parts, most / LEAST_BYTES_OF_KEY)? else { return refuse() };
        let mut by_part = Sorter::new(Arc::clone(&scratch), SORTED_BYTES);
        let (mut loaded, mut piece, mut last) = (usize::MAX, Vec::new(), None);
        for entry in places.finish()? {
            let (place, part) = entry?;
            // A part may need a row for its number and for its member.
            if last.replace((place, part)) == Some((place, part)) {
                continue;
            }
            let n = place as usize / ROWS_IN_PIECE;
            if loaded != n {
                (loaded, piece) = (n, rows.piece(n)?);
            }
            let row: &Authorization = &piece[place as usize % ROWS_IN_PIECE];
            by_part.push(PartRow { part, place, row: row.clone() }, row.bytes())?;
        }
        let mut found = PartRows { spool: Spool::new(scratch, 0), slots: Vec::with_capacity(parts) };
        let (mut part, mut bytes) = (Vec::new(), 0);
        for row in by_part.finish()? {
            let PartRow { part: of, place, row } = row?;
            while found.slots.len() < of as usize {
                found.write(&mut part)?;
                bytes = 0;
            }
            bytes += row.bytes() + INDEX_BYTES;
            if bytes > most {
                return refuse();
            }
            part.push((place, row));
        }
        while found.slots.len() < parts {
            found.write(&mut part)?;
        }
        Ok(found)
    }

    /// The rows that have a key of some part, by key. A few others may be among them.
    fn rows_with_keys(&self, rows: &RowsOnDisk) -> io::Result<Sorter<(u64, u64)>> {
        let of_piece = |n: usize| -> io::Result<Vec<(u64, u64)>> {
            let first = (n * ROWS_IN_PIECE) as u64;
            let mut found = Vec::new();
            for (place, row) in (first..).zip(&rows.piece(n)?) {
                let own = keys(&row.number, &row.member_id).filter(|key| self.filter.may_hold(*key));
                found.extend(own.map(|key| (key, place)));
            }
            Ok(found)
        };
        let mut sorter = Sorter::new(Arc::clone(&self.scratch), SORTED_BYTES);
        let at_a_time = rayon::current_num_threads();
        for start in (0..rows.pieces()).step_by(at_a_time) {
            let pieces = start..rows.pieces().min(start + at_a_time);
            let found: Vec<_> = pieces.into_par_iter().map(of_piece).collect::<io::Result<_>>()?;
            found.into_iter().flatten().try_for_each(|entry| sorter.push(entry, size_of::<(u64, u64)>()))?;
        }
        Ok(sorter)
    }

    /// The places of the rows that parts need, each with its part. `None`: a part looks up more than `most` keys of rows.
    fn places(self, of_rows: Sorter<(u64, u64)>, parts: usize, most: usize) -> io::Result<Option<Sorter<(u64, u32)>>> {
        let mut places = Sorter::new(self.scratch, SORTED_BYTES);
        let mut wanted = self.sorter.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?;
        let mut next = wanted.next().transpose()?;
        let (mut counts, mut key_now, mut parts_now) = (vec![0; parts], None, Vec::new());
        for entry in of_rows.finish()? {
            let (key, place) = entry?;
            if key_now.replace(key) != Some(key) {
                parts_now.clear();
                while let Some((own, part)) = next.filter(|(own, _)| *own <= key) {
                    if own == key {
                        parts_now.push(part);
                    }
                    next = wanted.next().transpose()?;
                }
            }
            for part in &parts_now {
                let count = &mut counts[*part as usize];
                *count += 1;
                if *count > most {
                    return Ok(None);
                }
                places.push((place, *part), size_of::<(u64, u32)>())?;
            }
        }
        Ok(Some(places))
    }
}

/// A number of a row takes three bytes of it at least: two letters or digits, and what separates it from the next one.
const LEAST_BYTES_OF_KEY: usize = 3;

/// The error for a part that needs too many rows. With four times the memory of all rows, they are in memory.
fn refusal(all: &Authorizations, rows: &RowsOnDisk, most: usize) -> io::Error {
    let enough = rows.bytes().saturating_mul(ROWS_SHARE as u64);
    let what = format!(
        "so many of its rows have one number or one member that those which a few thousand rows of claims look up take more than \
         {} MiB of memory, which is what --memory leaves for them; give --memory {}",
        most >> 20,
        allowance::suggested(enough)
    );
    io::Error::other(ReadError::unusable(all.name(), what))
}

/// The rows that each part of a run needs.
#[derive(Debug)]
pub struct PartRows {
    spool: Arc<Spool>,
    /// By part.
    slots: Vec<SpoolSlot>,
}

impl PartRows {
    fn write(&mut self, rows: &mut Vec<(u64, Authorization)>) -> io::Result<()> {
        self.slots.push(self.spool.write(rows)?);
        rows.clear();
        Ok(())
    }

    /// The rows of a part, each with its place in the file, in order.
    pub fn of(&self, part: usize) -> io::Result<Vec<(u64, Authorization)>> {
        self.spool.get(self.slots[part])
    }

    /// The rows that any part needs, in order.
    pub fn all(&self) -> io::Result<Vec<(u64, Authorization)>> {
        let mut all = Vec::new();
        for part in 0..self.slots.len() {
            all.append(&mut self.of(part)?);
        }
        all.sort_unstable_by_key(|(place, _)| *place);
        all.dedup_by_key(|(place, _)| *place);
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::claim::authorization::collect::{CollectedRows, FileRows, RowRoom};
    use crate::claim::authorization::file::AuthorizationFile;
    use crate::claim::authorization::lookup::NumberRows;
    use crate::claim::authorization::row::Approval;
    use crate::claim::value::code::CodeTable;
    use crate::claim::value::code_set::CodeSet;

    fn row((number, member, kind, day): (String, String, u8, i8)) -> Authorization {
        Authorization {
            number,
            member_id: member,
            procedures: Vec::new(),
            status: format!("S{kind}"),
            approval: [Approval::Approved, Approval::NotApproved, Approval::Unread][usize::from(kind)],
            valid_from: Some(date(2024, 1, day)),
            valid_to: Some(date(2024, 1, day + 1)),
            units: None,
        }
    }

    fn collected(rows: &[Authorization], bytes: usize) -> Authorizations {
        let mut all = FileRows::of_file(RowRoom { bytes, scratch: Arc::new(tempfile::tempfile) });
        for row in rows {
            all.push(row.clone());
        }
        let rows: CollectedRows = all.finish().expect("room on disk");
        Authorizations::new("auths.csv".to_owned(), rows, &CodeTable::default(), Vec::new())
    }

    /// The rows that each part needs.
    fn found(all: &Authorizations, parts: &[Vec<(String, String)>], most: usize) -> io::Result<PartRows> {
        let keys = NeededKeys::new(Arc::new(tempfile::tempfile));
        for (n, lines) in parts.iter().enumerate() {
            keys.add(n, lines.iter().map(|(numbers, member)| (numbers.as_str(), member.as_str())))?;
        }
        keys.find(all, all.on_disk().expect("it is on disk"), parts.len(), most)
    }

    proptest! {
        #[test]
        fn a_part_finds_what_the_whole_file_has(
            rows in prop::collection::vec(("(|[aA]-?[0-3](;[bB]0?[0-3])?)", "(|M[0-4])", 0_u8..3, 1_i8..6), 1..60),
            parts in prop::collection::vec(prop::collection::vec(("(|0*A[0-4](;b[0-4])?)", "(|M[0-5])"), 0..6), 1..5),
        ) {
            let rows: Vec<Authorization> = rows.into_iter().map(row).collect();
            let (memory, disk) = (collected(&rows, usize::MAX), collected(&rows, 0));
            prop_assert_eq!(disk.coverage(), memory.coverage());
            prop_assert_eq!(disk.unread_statuses(), memory.unread_statuses());
            let whole = memory.file().expect("it is in memory");
            let found = found(&disk, &parts, 1 << 20).expect("room on disk");
            for (n, lines) in parts.iter().enumerate() {
                let part = AuthorizationFile::of_some(found.of(n).expect("readable"), &CodeTable::default());
                let places: Vec<usize> = part.placed_rows().map(|(place, _)| place as usize).collect();
                prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "each row once, in order");
                for (numbers, member) in lines {
                    for number in numbers.split(';') {
                        let [want, got] = [&**whole, &part].map(|file| file.of_number(number).map(std::borrow::Cow::into_owned));
                        let got_places = got.as_ref().map(|rows| rows.places().iter().map(|n| places[*n]).collect::<Vec<_>>());
                        prop_assert_eq!(got_places, want.as_ref().map(|rows| rows.places().to_vec()));
                        let first = |n: Option<usize>| n.map(|n| places[n]);
                        let unread = got.as_ref().and_then(|rows| first(rows.unread()));
                        prop_assert_eq!(unread, want.as_ref().and_then(NumberRows::unread));
                        prop_assert_eq!(part.has_number(number), whole.has_number(number));
                    }
                    let of_member: Vec<usize> = part.places_of(member).map(|n| places[n]).collect();
                    prop_assert_eq!(of_member, whole.places_of(member).collect::<Vec<_>>());
                    let days = (date(2024, 1, 3), date(2024, 1, 3));
                    let [want, got] = [&**whole, &part].map(|file| file.approval_for(member, CodeSet::default(), days));
                    prop_assert_eq!(got.map(|n| places[n]), want);
                }
            }
        }
    }

    #[test]
    fn a_part_that_needs_too_many_rows_is_refused_by_name() {
        let rows: Vec<Authorization> = (0..9000).map(|_| row(("A1".to_owned(), "M1".to_owned(), 0, 1))).collect();
        let disk = collected(&rows, 0);
        let of = |number: &str, most: usize| found(&disk, &[vec![(number.to_owned(), String::new())]], most);
        assert_eq!(of("A1", 1 << 30).and_then(|parts| parts.of(0)).expect("room").len(), 9000);
        assert_eq!(of("A2", 1).and_then(|parts| parts.of(0)).expect("room").len(), 0);
        for most in [1 << 10, 1 << 20] {
            let refused = of("A1", most).expect_err("too many rows").to_string();
            assert!(
                refused.starts_with("auths.csv: so many of its rows") && refused.ends_with("--memory 256M"),
                "{refused}"
            );
        }
    }
}
