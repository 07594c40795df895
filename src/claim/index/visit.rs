//! A live line or a stay of a member, with the values that its encounter and its session compare.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::claim::index::latest::Span;
use crate::claim::index::line_hash::Keys;
use crate::claim::index::service::{self, RowRef, ServiceKey};
use crate::claim::line::{Line, Text};
use crate::claim::value::code::CodeId;
use crate::claim::value::code_set::CodeSet;
use crate::claim::value::setting::{ClaimForm, Setting};

/// The place-of-service code of an office.
const OFFICE: &str = "11";

/// The place-of-service code of an ambulatory surgical center.
const SURGICAL_CENTER: &str = "24";

/// The provider hash of a line that names no provider. No real hash is 0.
const NO_PROVIDER: u64 = 0;

/// What the lines of an encounter of a member have in common.
pub(crate) type EncounterKey = (bool, i32, ClaimForm, u64);

/// A live line or a stay of a member, with the values that sessions compare. One is kept for each live line, so it is small.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Visit {
    /// The known codes of the line; for a stay, its listed codes.
    pub(crate) codes: CodeSet,
    /// The hash of the billing provider. If the date is unreadable, the hash of the date cell and the provider.
    pub(crate) provider: u64,
    pub(crate) line: u32,
    pub(crate) claim: u32,
    /// The extract of the line, and its row there.
    extract: u32,
    pub(crate) row: u64,
    /// The number of its encounter within the member's lines.
    pub(crate) encounter: u32,
    pub(crate) first: i32,
    pub(crate) last: i32,
    /// The listed CPT code that makes the line a service.
    pub(crate) cpt: Option<CodeId>,
    pub(crate) side: ClaimForm,
    pub(crate) setting: Setting,
    pub(crate) is_stay: bool,
    pub(crate) is_assistant: bool,
    /// Does the line name its member? Otherwise it is with the lines of its claim.
    pub(crate) has_member: bool,
    has_date: bool,
    pub(crate) is_office: bool,
    pub(crate) is_surgical_center: bool,
    pub(crate) carries_number: bool,
    pub(crate) is_interim: bool,
}

impl Visit {
    /// The visit of a live line. `cpt` is the listed CPT code that makes the line a service, if it has one.
    pub(crate) fn of_line(line: u32, claim: u32, row: Line<'_>, cpt: Option<CodeId>, keys: &Keys) -> Self {
        let days = service::days(row, false);
        Self { cpt, ..Self::new(line, claim, row, days, CodeSet::from_ids(row.known), keys) }
    }

    /// The visit of the stay that starts on a line. `codes` are the listed codes of the stay.
    pub(crate) fn of_stay(line: u32, claim: u32, row: Line<'_>, codes: CodeSet, keys: &Keys) -> Self {
        let days = service::days(row, true);
        Self { is_stay: true, ..Self::new(line, claim, row, days, codes, keys) }
    }

    fn new(line: u32, claim: u32, row: Line<'_>, days: Option<(Date, Date)>, codes: CodeSet, keys: &Keys) -> Self {
        let numbers = |(first, last)| {
            let number = service::day_number(first);
            (number, if last == first { number } else { service::day_number(last) })
        };
        let (first, last) = days.map(numbers).unwrap_or_default();
        let place = row.text(Text::PlaceOfService);
        let provider = match (row.text(Text::BillingNpi), days) {
            (npi, None) => keys.hash((row.text(Text::BadDate), npi)) as u64,
            ("", _) => NO_PROVIDER,
            (npi, _) => (keys.id(npi) as u64).max(NO_PROVIDER + 1),
        };
        Self {
            codes,
            provider,
            line,
            claim,
            extract: row.extract,
            row: row.row,
            encounter: 0,
            first,
            last,
            cpt: None,
            side: row.form,
            setting: row.setting,
            is_stay: false,
            is_assistant: row.marks().assistant,
            has_member: row.states(Text::MemberId),
            has_date: days.is_some(),
            is_office: place == OFFICE,
            is_surgical_center: place == SURGICAL_CENTER,
            carries_number: row.states(Text::Authorization),
            is_interim: matches!(row.text(Text::Frequency), "2" | "3" | "4" | "5"),
        }
    }

    /// Equal for lines of one encounter of a member: covers date, claim form and billing provider. Two providers of a member, or
    /// two unreadable dates, collide with a chance of one in 10^19.
    pub(crate) fn encounter_key(&self) -> EncounterKey {
        (self.has_date, self.first, self.side, self.provider)
    }

    /// Is it a service?
    pub(crate) fn is_service(&self) -> bool {
        self.is_stay || self.cpt.is_some()
    }

    /// Is it a service with a readable date? Only such services have a session.
    pub(crate) fn has_session(&self) -> bool {
        self.is_service() && self.has_date
    }

    /// The hash of the billing provider, if the line names one.
    pub(crate) fn provider(&self) -> Option<u64> {
        Some(self.provider).filter(|provider| *provider != NO_PROVIDER)
    }

    /// Its days, for [`Latest`](crate::claim::index::latest::Latest).
    pub(crate) fn span(&self) -> Span {
        Span { last: self.last, claim: self.claim, provider: self.provider(), line: self.line, row: self.row() }
    }

    /// The service that it is.
    pub(crate) fn key(&self) -> ServiceKey {
        (self.line, self.is_stay)
    }

    /// Its row.
    pub(crate) fn row(&self) -> RowRef {
        RowRef { extract: self.extract, row: self.row }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A service with a readable date: a stay, or a CPT service.
    pub(crate) fn visit() -> impl Strategy<Value = Visit> {
        let form = prop_oneof![Just(ClaimForm::Professional), Just(ClaimForm::Institutional), Just(ClaimForm::Unknown)];
        let setting = prop_oneof![Just(Setting::Inpatient), Just(Setting::Outpatient), Just(Setting::Undetermined)];
        // Half of all services are within a few days, the others further apart.
        let first = prop_oneof![0..4_i32, 0..40_i32];
        let stay = prop_oneof![2 => Just(None), 1 => (0..12_i32).prop_map(Some)];
        ((0..5_u32, 0..3_u32, 0..3_u64), (first, stay), (form, setting), (0..3_u16, 0..8_u64), any::<[bool; 5]>())
            .prop_map(|((claim, encounter, provider), (first, stay), (side, setting), (cpt, codes), marks)| {
                let listed = (0..3).map(CodeId).filter(|code| codes & (1 << code.0) != 0).collect::<Vec<_>>();
                let [is_assistant, is_office, is_surgical_center, carries_number, is_interim] = marks;
                Visit {
                    codes: CodeSet::from_ids(&listed),
                    provider,
                    line: 0,
                    claim,
                    extract: 0,
                    row: 0,
                    encounter,
                    first,
                    last: first + stay.unwrap_or_default(),
                    cpt: stay.is_none().then_some(CodeId(cpt)),
                    side,
                    setting,
                    is_stay: stay.is_some(),
                    is_assistant,
                    has_member: true,
                    has_date: true,
                    is_office,
                    is_surgical_center,
                    carries_number,
                    is_interim,
                }
            })
    }
}
