//! Rows of the authorization file, indexed by number and by member: all of them, or those that some lines need.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::Hasher as _;

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHasher};

use crate::claim::authorization::lookup::NumberRows;
use crate::claim::authorization::member::MemberApprovals;
use crate::claim::authorization::row::{Approval, Authorization, Scope, scope};
use crate::claim::value::authorization::{compared, key};
use crate::claim::value::code::CodeTable;
use crate::claim::value::code_set::CodeSet;

/// The look-up of at least this many rows with the same number or the same member is prepared. Fewer are looked through when
/// they are asked for, because a prepared look-up takes ten times the memory of its row.
const PREPARED_ROWS: usize = 16;

/// The rows with a number or of a member, by the hash of the number or member, in order; those with the same hash in the
/// order of the file.
type Places = Vec<(u64, u32)>;

/// Rows of the authorization file, indexed. A row takes its texts, its terms and 48 bytes: most files have a few rows for each
/// number and member, and these are looked through when they are asked for.
#[derive(Debug, Default)]
pub struct AuthorizationFile {
    rows: Vec<Authorization>,
    /// By row, its place in the whole file. Empty if all rows of the file are here.
    places: Vec<u64>,
    /// What the rows are for, each once.
    scopes: Vec<Scope>,
    /// By row, its place among the scopes.
    scope_of: Vec<u32>,
    /// By the letters and digits of the number.
    numbers: Places,
    /// By the member.
    members: Places,
    /// Numbers with [`PREPARED_ROWS`] rows and more.
    prepared_numbers: FxHashMap<String, NumberRows>,
    /// Approvals of members with [`PREPARED_ROWS`] rows and more.
    prepared_members: FxHashMap<String, MemberApprovals>,
}

/// Bytes that the index takes for a row: an entry for its number, one for its member, and the place of its scope.
pub(super) const INDEX_BYTES: usize = 48;

/// The hash by which rows are found.
pub(super) fn hash(text: impl Iterator<Item = u8>) -> u64 {
    let mut hasher = FxHasher::default();
    text.for_each(|b| hasher.write_u8(b));
    hasher.finish()
}

/// The index of the first entry with a hash, or of the place where it would be.
fn first_of_hash(places: &Places, hash: u64) -> usize {
    places.partition_point(|(own, _)| *own < hash)
}

/// The entries with a hash.
fn of_hash(places: &Places, hash: u64) -> &[(u64, u32)] {
    let rest = &places[first_of_hash(places, hash)..];
    &rest[..rest.partition_point(|(own, _)| *own == hash)]
}

impl AuthorizationFile {
    /// Indexes the rows. `codes` are the codes that the policy knows.
    pub fn new(rows: impl IntoIterator<Item = Authorization>, codes: &CodeTable) -> Self {
        let mut file = Self { rows: rows.into_iter().collect(), ..Self::default() };
        let mut scopes: FxHashMap<&[String], u32> = FxHashMap::default();
        file.numbers.reserve_exact(file.rows.len());
        file.members.reserve_exact(file.rows.len());
        for (place, row) in (0..).zip(&file.rows) {
            let known = *scopes.entry(&row.procedures).or_insert_with(|| {
                file.scopes.push(scope(&row.procedures, codes));
                file.scopes.len() as u32 - 1
            });
            file.scope_of.push(known);
            for number in row.number.split(';').filter(|number| compared(number).next().is_some()) {
                file.numbers.push((hash(compared(number)), place));
            }
            if !row.member_id.is_empty() {
                file.members.push((hash(row.member_id.bytes()), place));
            }
        }
        file.numbers.sort_unstable();
        file.numbers.dedup();
        file.members.sort_unstable();
        let prepared = file.prepared();
        (file.prepared_numbers, file.prepared_members) = prepared;
        file
    }

    /// Indexes some rows of the file, each with its place in it, in order.
    pub(crate) fn of_some(rows: Vec<(u64, Authorization)>, codes: &CodeTable) -> Self {
        let (places, rows): (Vec<u64>, Vec<Authorization>) = rows.into_iter().unzip();
        Self { places, ..Self::new(rows, codes) }
    }

    /// The look-ups of numbers and members with many rows.
    fn prepared(&self) -> (FxHashMap<String, NumberRows>, FxHashMap<String, MemberApprovals>) {
        fn large(places: &Places) -> impl Iterator<Item = &[(u64, u32)]> {
            places.chunk_by(|one, other| one.0 == other.0).filter(|group| group.len() >= PREPARED_ROWS)
        }
        let (mut numbers, mut members) = (FxHashMap::<String, NumberRows>::default(), FxHashMap::default());
        for (wanted, place) in large(&self.numbers).flatten().copied() {
            let row = &self.rows[place as usize];
            let own: BTreeSet<String> = row.number.split(';').map(key).collect();
            for number in own.into_iter().filter(|number| hash(number.bytes()) == wanted) {
                numbers.entry(number).or_default().add(place as usize, row, self.scope(place));
            }
        }
        for (_, place) in large(&self.members).flatten().copied() {
            let row = &self.rows[place as usize];
            let approvals: &mut MemberApprovals = members.entry(row.member_id.clone()).or_default();
            if row.approval == Approval::Approved {
                approvals.add(place as usize, row, self.scope(place));
            }
        }
        numbers.values_mut().for_each(NumberRows::finish);
        members.values_mut().for_each(MemberApprovals::finish);
        (numbers, members)
    }

    fn scope(&self, place: u32) -> Scope {
        self.scopes[self.scope_of[place as usize] as usize]
    }

    /// A copy with every row changed.
    #[must_use]
    pub(crate) fn with_rows(&self, change: impl Fn(&Authorization) -> Authorization, codes: &CodeTable) -> Self {
        Self { places: self.places.clone(), ..Self::new(self.rows.iter().map(change), codes) }
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        self.rows.iter().map(Authorization::bytes).sum::<usize>() + self.rows.len() * INDEX_BYTES
    }

    /// The rows, in the order of the file.
    pub fn rows(&self) -> &[Authorization] {
        &self.rows
    }

    /// The rows, each with its place in the whole file.
    pub(crate) fn placed_rows(&self) -> impl Iterator<Item = (u64, &Authorization)> {
        self.rows.iter().enumerate().map(|(n, row)| (self.places.get(n).copied().unwrap_or(n as u64), row))
    }

    /// The rows with this number. Only letters and digits are compared, without leading zeros.
    pub(crate) fn of_number(&self, number: &str) -> Option<Cow<'_, NumberRows>> {
        let number = key(number);
        if let Some(prepared) = self.prepared_numbers.get(&number) {
            return Some(Cow::Borrowed(prepared));
        }
        let mut rows = NumberRows::default();
        for (_, place) in of_hash(&self.numbers, hash(number.bytes())) {
            let row = &self.rows[*place as usize];
            if row.number.split(';').any(|own| compared(own).eq(number.bytes())) {
                rows.add(*place as usize, row, self.scope(*place));
            }
        }
        rows.finish();
        (!rows.places().is_empty()).then_some(Cow::Owned(rows))
    }

    /// Has a row this number?
    pub(crate) fn has_number(&self, number: &str) -> bool {
        let is_own = |own: &str| compared(own).eq(compared(number));
        let places = of_hash(&self.numbers, hash(compared(number)));
        places.iter().any(|(_, place)| self.rows[*place as usize].number.split(';').any(is_own))
    }

    /// Indices of the rows that name this member, in order.
    pub(crate) fn places_of<'f>(&'f self, member: &'f str) -> impl Iterator<Item = usize> + use<'f> {
        let places = of_hash(&self.members, hash(member.bytes())).iter().map(|(_, place)| *place as usize);
        places.filter(move |place| self.rows[*place].member_id == member)
    }

    /// The first approval in the file that names this member and fits.
    pub(crate) fn approval_for(&self, member: &str, codes: CodeSet, days: (Date, Date)) -> Option<usize> {
        if let Some(prepared) = self.prepared_members.get(member) {
            return prepared.first_fitting(codes, days);
        }
        self.places_of(member).find(|place| {
            let row = &self.rows[*place];
            row.approval == Approval::Approved && self.scope(*place as u32).fits(codes) && row.covers(days)
        })
    }
}

/// Notes which rows some lines need. Notes numbers and members instead of rows, because many services may carry the same
/// number, and takes two bytes for each row.
#[derive(Debug)]
pub(super) struct NotedRows {
    /// By entry of the index of numbers: is it the first one with a needed number?
    numbers: Vec<bool>,
    /// The same for members.
    members: Vec<bool>,
}

impl NotedRows {
    /// No row of this file.
    pub(super) fn of(file: &AuthorizationFile) -> Self {
        Self { numbers: vec![false; file.numbers.len()], members: vec![false; file.members.len()] }
    }

    /// Adds the numbers and the member of a service.
    pub(super) fn note(&mut self, file: &AuthorizationFile, numbers: &str, member: &str) {
        for number in numbers.split(';').filter(|number| file.has_number(number)) {
            self.numbers[first_of_hash(&file.numbers, hash(compared(number)))] = true;
        }
        if file.places_of(member).next().is_some() {
            self.members[first_of_hash(&file.members, hash(member.bytes()))] = true;
        }
    }

    /// Indices of the needed rows, in order.
    pub(super) fn places(&self, file: &AuthorizationFile) -> impl Iterator<Item = usize> + use<> {
        let mut needed = vec![false; file.rows.len()];
        for (entries, noted) in [(&file.numbers, &self.numbers), (&file.members, &self.members)] {
            for first in noted.iter().enumerate().filter(|(_, is)| **is).map(|(first, _)| first) {
                let same = entries[first..].iter().take_while(|(hash, _)| *hash == entries[first].0);
                same.for_each(|(_, place)| needed[*place as usize] = true);
            }
        }
        needed.into_iter().enumerate().filter(|(_, is)| *is).map(|(place, _)| place)
    }
}
