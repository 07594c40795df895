//! The authorization file, indexed by number and by member.

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::claim::authorization::lookup::{Approvals, NumberRows};
use crate::claim::authorization::row::{Approval, Authorization, Scope, scope};
use crate::claim::value::authorization::key;
use crate::claim::value::code::CodeTable;
use crate::claim::value::code_set::CodeSet;
use crate::warning::Warning;

/// Counts that show whether the authorization file is the right one for the claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuthorizationCoverage {
    /// Rows of the file.
    pub rows: u64,
    /// Rows that are approvals.
    pub approvals: u64,
    /// Distinct numbers on services.
    pub numbers_on_services: u64,
    /// Numbers on services that the file contains.
    pub numbers_found: u64,
}

/// The authorization file, indexed.
#[derive(Debug, Default)]
pub struct AuthorizationFile {
    rows: Vec<Authorization>,
    /// By the letters and digits of the number.
    by_number: FxHashMap<String, NumberRows>,
    /// Approvals by the member that they name.
    by_member: FxHashMap<String, Approvals>,
    /// Indices of all rows that name a member, for the dossier.
    places_of_member: FxHashMap<String, Vec<usize>>,
    /// Status labels that no table knows, with their rows.
    unread: FxHashMap<String, u64>,
    /// What is probably wrong with it.
    warnings: Vec<Warning>,
}

impl AuthorizationFile {
    /// Indexes the rows. `codes` are the codes that the policy knows.
    pub fn new(rows: impl IntoIterator<Item = Authorization>, codes: &CodeTable) -> Self {
        let mut file = Self { rows: rows.into_iter().collect(), ..Self::default() };
        let mut scopes: FxHashMap<&[String], Scope> = FxHashMap::default();
        for (place, row) in file.rows.iter().enumerate() {
            let scope = *scopes.entry(&row.procedures).or_insert_with(|| scope(&row.procedures, codes));
            for number in row.number.split(';').map(key).filter(|number| !number.is_empty()) {
                file.by_number.entry(number).or_default().add(place, row, scope);
            }
            if !row.member_id.is_empty() {
                file.places_of_member.entry(row.member_id.clone()).or_default().push(place);
                if row.approval == Approval::Approved {
                    file.by_member.entry(row.member_id.clone()).or_default().add(place, row, scope);
                }
            }
            if row.approval == Approval::Unread && !row.status.is_empty() {
                *file.unread.entry(row.status.clone()).or_default() += 1;
            }
        }
        file.by_number.values_mut().for_each(NumberRows::finish);
        file.by_member.values_mut().for_each(Approvals::finish);
        file
    }

    /// The same file with what is probably wrong with it.
    #[must_use]
    pub fn with_warnings(self, warnings: Vec<Warning>) -> Self {
        Self { warnings, ..self }
    }

    /// What is probably wrong with it, as far as its bytes say.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The same file with every row changed.
    #[must_use]
    pub fn with_rows(&self, change: impl Fn(&Authorization) -> Authorization, codes: &CodeTable) -> Self {
        Self::new(self.rows.iter().map(change), codes).with_warnings(self.warnings.clone())
    }

    /// All rows, in the order of the file.
    pub fn rows(&self) -> &[Authorization] {
        &self.rows
    }

    /// The rows with this number. Only letters and digits are compared, without leading zeros.
    pub fn of_number(&self, number: &str) -> Option<&NumberRows> {
        self.by_number.get(&key(number))
    }

    /// Indices of the rows that name this member, in order.
    pub fn places_of(&self, member: &str) -> &[usize] {
        self.places_of_member.get(member).map_or(&[], Vec::as_slice)
    }

    /// The first approval in the file that names this member and fits.
    pub fn approval_for(&self, member: &str, codes: CodeSet, days: (Date, Date)) -> Option<usize> {
        self.by_member.get(member)?.first_fitting(codes, days)
    }

    /// Counts rows and approvals. The numbers on services are counted where the services are known.
    pub fn coverage(&self) -> AuthorizationCoverage {
        let approvals = self.rows.iter().filter(|row| row.approval == Approval::Approved).count() as u64;
        AuthorizationCoverage { rows: self.rows.len() as u64, approvals, ..AuthorizationCoverage::default() }
    }

    /// Status labels that no table knows, with the number of their rows, most frequent first.
    pub fn unread_statuses(&self) -> Vec<(&str, u64)> {
        let mut labels: Vec<_> = self.unread.iter().map(|(label, rows)| (label.as_str(), *rows)).collect();
        labels.sort_by_key(|(label, rows)| (std::cmp::Reverse(*rows), *label));
        labels
    }
}

/// The rows of the file that are needed to judge some services. Holds numbers and members instead of rows, because many
/// services may carry the same number.
#[derive(Debug, Default)]
pub struct NeededRows {
    numbers: FxHashSet<String>,
    members: FxHashSet<String>,
}

impl NeededRows {
    /// Adds the numbers and the member of a service.
    pub fn note(&mut self, file: &AuthorizationFile, numbers: &str, member: &str) {
        for number in numbers.split(';').map(key).filter(|number| file.by_number.contains_key(number)) {
            self.numbers.insert(number);
        }
        if file.places_of_member.contains_key(member) && !self.members.contains(member) {
            self.members.insert(member.to_owned());
        }
    }

    /// Indices of the needed rows, in order.
    pub fn places(&self, file: &AuthorizationFile) -> Vec<usize> {
        let numbered = self.numbers.iter().filter_map(|number| file.by_number.get(number)).flat_map(NumberRows::places);
        let of_members = self.members.iter().filter_map(|member| file.places_of_member.get(member)).flatten();
        let mut places: Vec<usize> = numbered.chain(of_members).copied().collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}
