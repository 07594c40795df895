//! Sessions: what other claims of a member show about the same treatment.
//!
//! The session of a service consists of the services on other claims of the member that are at most one day apart from it.
//! Services are visited in the order of their days, so that no step compares every service with every other one.

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::claim::index::latest::{Latest, Span};
use crate::claim::index::line_hash::Keys;
use crate::claim::index::service::{self, RowRef, ServiceKey, SessionFacts};
use crate::claim::line::{Line, Text};
use crate::claim::value::code::CodeId;
use crate::claim::value::code_set::CodeSet;
use crate::claim::value::setting::{ClaimForm, Setting};

/// Number of days after an outpatient service within which a stay may begin that the service belongs to: the three-day window
/// of inpatient billing.
const DAYS_BEFORE_STAY: i32 = 3;

/// The place-of-service code of an office.
const OFFICE: &str = "11";

/// The place-of-service code of an ambulatory surgical center.
const SURGICAL_CENTER: &str = "24";

/// The provider hash of a line that names no provider. No real hash is 0.
const NO_PROVIDER: u64 = 0;

/// A live line or a stay of a member, with the values that sessions compare. One is kept for each live line, so it is small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    /// The known codes of the line; for a stay, its listed codes.
    pub(crate) codes: CodeSet,
    /// The hash of the billing provider. If the date is unreadable, the hash of the date cell and the provider.
    provider: u64,
    pub(crate) line: u32,
    claim: u32,
    /// The extract of the line, and its row there.
    extract: u32,
    row: u64,
    /// The number of its encounter within the member's lines.
    pub(crate) encounter: u32,
    first: i32,
    last: i32,
    /// The listed CPT code that makes the line a service.
    pub(crate) cpt: Option<CodeId>,
    side: ClaimForm,
    setting: Setting,
    pub(crate) is_stay: bool,
    pub(crate) is_assistant: bool,
    has_date: bool,
    is_office: bool,
    is_surgical_center: bool,
    carries_number: bool,
    is_interim: bool,
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
            let number = day_number(first);
            (number, if last == first { number } else { day_number(last) })
        };
        let (first, last) = days.map(numbers).unwrap_or_default();
        let place = row.text(Text::PlaceOfService);
        let provider = match (row.text(Text::BillingNpi), days) {
            (npi, None) => keys.hash((row.text(Text::BadDate), npi)) as u64,
            ("", _) => NO_PROVIDER,
            (npi, _) => (keys.hash(npi) as u64).max(NO_PROVIDER + 1),
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
            has_date: days.is_some(),
            is_office: place == OFFICE,
            is_surgical_center: place == SURGICAL_CENTER,
            carries_number: row.states(Text::Authorization),
            is_interim: matches!(row.text(Text::Frequency), "2" | "3" | "4" | "5"),
        }
    }

    /// Equal for lines of one encounter of a member: covers date, claim form and billing provider. Two providers of a member, or
    /// two unreadable dates, collide with a chance of one in 10^19.
    pub(crate) fn encounter_key(&self) -> (bool, i32, ClaimForm, u64) {
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

    fn provider(&self) -> Option<u64> {
        Some(self.provider).filter(|provider| *provider != NO_PROVIDER)
    }

    fn span(&self) -> Span {
        Span { last: self.last, claim: self.claim, provider: self.provider(), line: self.line }
    }

    pub(crate) fn key(&self) -> ServiceKey {
        (self.line, self.is_stay)
    }

    fn row(&self) -> RowRef {
        RowRef { extract: self.extract, row: self.row }
    }
}

/// Days since 2000-01-01.
fn day_number(date: Date) -> i32 {
    (date.duration_since(jiff::civil::date(2000, 1, 1)).as_hours() / 24) as i32
}

/// What the session of a service shows, each with the line that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Session {
    other_setting: Option<u32>,
    facility: Option<u32>,
    same_stay: Option<u32>,
    interim: bool,
    same_service: Option<u32>,
    stay_nearby: Option<u32>,
    carries_number: bool,
    codes_elsewhere: CodeSet,
}

impl Session {
    /// The same with the rows of the lines. `visits` has all of them, in input order.
    fn with_rows(&self, visits: &[Visit]) -> SessionFacts {
        let row = |line: Option<u32>| {
            let of_line = |line: u32| visits.get(visits.partition_point(|visit| visit.line < line)).map(Visit::row);
            line.and_then(of_line)
        };
        SessionFacts {
            other_setting: row(self.other_setting),
            facility: row(self.facility),
            same_stay: row(self.same_stay),
            interim: self.interim,
            same_service: row(self.same_service),
            stay_nearby: row(self.stay_nearby),
            carries_number: self.carries_number,
            codes_elsewhere: self.codes_elsewhere,
        }
    }
}

/// Finds what the sessions of a member's services show, and adds it to `found`; services whose session shows nothing are left
/// out. All services must have readable dates. Reorders `visits`.
pub(crate) fn find(visits: &mut [Visit], found: &mut Vec<(ServiceKey, SessionFacts)>) {
    visits.sort_unstable_by_key(|visit| (visit.first, visit.key()));
    // Services that are farther apart than the longest window cannot be in one session.
    let mut rest = visits;
    while let Some(first) = rest.first() {
        let (mut last, mut length) = (first.last, 0);
        while let Some(visit) = rest.get(length).filter(|visit| visit.first <= last.saturating_add(DAYS_BEFORE_STAY)) {
            last = last.max(visit.last);
            length += 1;
        }
        let near;
        (near, rest) = rest.split_at_mut(length);
        near.sort_unstable_by_key(Visit::key);
        of_near(near, found);
    }
}

/// Does the work of [`find`] for a group of services that are near each other, in input order.
fn of_near(visits: &[Visit], found: &mut Vec<(ServiceKey, SessionFacts)>) {
    let is_of_first = |visit: &Visit| (visit.claim, visit.encounter) == (visits[0].claim, visits[0].encounter);
    if visits.iter().all(is_of_first) {
        return;
    }
    let mut sessions: Vec<Session> = vec![Session::default(); visits.len()];
    codes_elsewhere(visits, &mut sessions);
    if visits.iter().any(|visit| visit.claim != visits[0].claim) {
        neighbors(visits, &mut sessions);
        stays_nearby(visits, &mut sessions);
        same_stays(visits, &mut sessions);
        same_services(visits, &mut sessions);
    }
    let shown = visits.iter().zip(sessions).filter(|(_, session)| *session != Session::default());
    found.extend(shown.map(|(visit, session)| (visit.key(), session.with_rows(visits))));
}

/// Calls `ask` for each visit in the order of the last day that it asks about, after `add` has added all visits to `state` that
/// begin by that day.
fn sweep<S: Default>(
    visits: &[Visit],
    reach: impl Fn(&Visit) -> i32,
    add: impl Fn(&mut S, &Visit),
    mut ask: impl FnMut(&S, usize, &Visit),
) {
    let mut by_first: Vec<&Visit> = visits.iter().collect();
    by_first.sort_by_key(|visit| (visit.first, visit.line));
    let mut by_reach: Vec<usize> = (0..visits.len()).collect();
    by_reach.sort_by_key(|n| reach(&visits[*n]));
    let (mut state, mut next) = (S::default(), by_first.into_iter().peekable());
    for n in by_reach {
        let until = reach(&visits[n]);
        while let Some(visit) = next.next_if(|visit| visit.first <= until) {
            add(&mut state, visit);
        }
        ask(&state, n, &visits[n]);
    }
}

/// The kinds of services that are looked for in a session.
#[derive(Default)]
struct Kinds {
    institutional: Latest,
    inpatient: Latest,
    outpatient: Latest,
    surgical_center: Latest,
    with_number: Latest,
}

impl Kinds {
    fn add(&mut self, visit: &Visit) {
        let span = visit.span();
        if visit.side == ClaimForm::Institutional {
            self.institutional.add(span);
            match visit.setting {
                Setting::Inpatient => self.inpatient.add(span),
                Setting::Outpatient => self.outpatient.add(span),
                Setting::Undetermined => {}
            }
        }
        if visit.is_surgical_center && visit.provider != NO_PROVIDER {
            self.surgical_center.add(span);
        }
        if visit.carries_number {
            self.with_number.add(span);
        }
    }
}

/// TW601 and TW602, and whether a service of the session carries an authorization number.
fn neighbors(visits: &[Visit], sessions: &mut [Session]) {
    sweep(
        visits,
        |visit| visit.last + 1,
        Kinds::add,
        |kinds, n, visit| {
            let session = &mut sessions[n];
            let of_other_claim = |latest: &Latest| latest.reaching(visit.first - 1, visit.claim, None);
            session.carries_number = of_other_claim(&kinds.with_number).is_some();
            if visit.side != ClaimForm::Professional {
                return;
            }
            let settings = match visit.setting {
                Setting::Inpatient => Some((&kinds.inpatient, &kinds.outpatient)),
                Setting::Outpatient => Some((&kinds.outpatient, &kinds.inpatient)),
                Setting::Undetermined => None,
            };
            if let Some((_, other)) = settings.filter(|(same, _)| of_other_claim(same).is_none()) {
                session.other_setting = of_other_claim(other);
            }
            if visit.is_office {
                let center = || kinds.surgical_center.reaching(visit.first - 1, visit.claim, Some(visit.provider));
                session.facility = of_other_claim(&kinds.institutional).or_else(center);
            }
        },
    );
}

/// TW605: for an institutional outpatient CPT service, a stay of another claim on the same day, or one that begins at most three
/// days later.
fn stays_nearby(visits: &[Visit], sessions: &mut [Session]) {
    let is_asked = |visit: &Visit| {
        !visit.is_stay && visit.side == ClaimForm::Institutional && visit.setting == Setting::Outpatient
    };
    if !visits.iter().any(is_asked) || !visits.iter().any(|visit| visit.is_stay) {
        return;
    }
    let add = |stays: &mut Latest, visit: &Visit| {
        if visit.is_stay {
            stays.add(visit.span());
        }
    };
    sweep(
        visits,
        |visit| visit.last + DAYS_BEFORE_STAY,
        add,
        |stays, n, visit| {
            if is_asked(visit) {
                sessions[n].stay_nearby = stays.reaching(visit.first, visit.claim, None);
            }
        },
    );
}

/// TW603: for a stay, an earlier stay that shares a day and a listed code.
fn same_stays(visits: &[Visit], sessions: &mut [Session]) {
    let stays: Vec<usize> = (0..visits.len()).filter(|n| visits[*n].is_stay).collect();
    if stays.len() < 2 {
        return;
    }
    let mut firsts: Vec<i32> = stays.iter().map(|n| visits[*n].first).collect();
    firsts.sort_unstable();
    firsts.dedup();
    // For each code, the latest end of the stays so far by their first day.
    let mut by_code: FxHashMap<CodeId, LatestByFirst> = FxHashMap::default();
    for n in stays {
        let visit = &visits[n];
        let until = firsts.partition_point(|first| *first <= visit.last);
        let at = firsts.partition_point(|first| *first < visit.first);
        for id in visit.codes.iter() {
            let latest = by_code.entry(id).or_insert_with(|| LatestByFirst::new(firsts.len()));
            // A claim has only one stay, so the other stay belongs to another claim.
            if let Some((_, other)) = latest.of_first(until).filter(|(last, _)| *last >= visit.first)
                && sessions[n].same_stay.is_none()
            {
                sessions[n].same_stay = Some(visits[other].line);
                sessions[n].interim = visit.is_interim || visits[other].is_interim;
            }
            latest.add(at, visit.last, n);
        }
    }
}

/// A Fenwick tree of maxima: the latest end among the stays that begin on one of the first n days.
struct LatestByFirst(Vec<Option<(i32, usize)>>);

impl LatestByFirst {
    fn new(firsts: usize) -> Self {
        Self(vec![None; firsts + 1])
    }

    /// Adds a stay that begins on the day with this index.
    fn add(&mut self, place: usize, last: i32, stay: usize) {
        let mut at = place + 1;
        while at < self.0.len() {
            if self.0[at].is_none_or(|(latest, _)| latest < last) {
                self.0[at] = Some((last, stay));
            }
            at += at & at.wrapping_neg();
        }
    }

    /// The stay with the latest end among those that begin on one of the first `count` days.
    fn of_first(&self, count: usize) -> Option<(i32, usize)> {
        let (mut at, mut best) = (count, None);
        while at > 0 {
            if let Some((last, stay)) = self.0[at]
                && best.is_none_or(|(latest, _)| latest < last)
            {
                best = Some((last, stay));
            }
            at -= at & at.wrapping_neg();
        }
        best
    }
}

/// TW604: for a CPT service, an earlier service of another claim with the same code, date and side, if neither is an
/// assistant's.
fn same_services(visits: &[Visit], sessions: &mut [Session]) {
    // The first service, and the first service of a different claim.
    let mut seen: FxHashMap<(CodeId, i32, ClaimForm), (&Visit, Option<&Visit>)> = FxHashMap::default();
    for (visit, session) in visits.iter().zip(sessions).filter(|(visit, _)| !visit.is_assistant) {
        let Some(cpt) = visit.cpt else { continue };
        let (first, other) = seen.entry((cpt, visit.first, visit.side)).or_insert((visit, None));
        if first.claim == visit.claim {
            session.same_service = other.map(|other| other.line);
        } else {
            session.same_service = Some(first.line);
            other.get_or_insert(visit);
        }
    }
}

/// The codes of CPT services of the same day in other encounters, without those of assistants and co-surgeons.
fn codes_elsewhere(visits: &[Visit], sessions: &mut [Session]) {
    // For each day and code, the first encounter with the code, and whether another encounter has it too.
    let mut days: FxHashMap<i32, FxHashMap<CodeId, (u32, bool)>> = FxHashMap::default();
    for visit in visits.iter().filter(|visit| !visit.is_assistant) {
        if let Some(cpt) = visit.cpt {
            let (first, several) = days.entry(visit.first).or_default().entry(cpt).or_insert((visit.encounter, false));
            *several |= *first != visit.encounter;
        }
    }
    for (visit, session) in visits.iter().zip(sessions).filter(|(visit, _)| visit.cpt.is_some()) {
        let Some(day) = days.get(&visit.first) else { continue };
        for (code, (first, several)) in day {
            if *several || *first != visit.encounter {
                session.codes_elsewhere.insert(*code);
            }
        }
    }
}
