//! Sessions: what other claims of a member show about the same treatment.
//!
//! The session of a service consists of the services on other claims of the member that are at most one day apart from it.
//! Services are visited in the order of their days, so that no step compares every service with every other one.

use rustc_hash::FxHashMap;

use crate::claim::index::latest::Latest;
use crate::claim::index::service::{DAYS_OF_SESSION, RowRef, ServiceKey, SessionFacts};
use crate::claim::index::visit::Visit;
use crate::claim::value::code::CodeId;
use crate::claim::value::setting::{ClaimForm, Setting};

/// Number of days after an outpatient service within which a stay may begin that the service belongs to: the three-day window
/// of inpatient billing.
pub(crate) const DAYS_BEFORE_STAY: i32 = 3;

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
    let mut sessions: Vec<SessionFacts> = vec![SessionFacts::default(); visits.len()];
    codes_elsewhere(visits, &mut sessions);
    if visits.iter().any(|visit| visit.claim != visits[0].claim) {
        sweep(visits, Kinds::reach, Kinds::add, |kinds: &Kinds, n, visit| kinds.show(visit, &mut sessions[n]));
        if visits.iter().any(StaysNearby::is_asked) && visits.iter().any(|visit| visit.is_stay) {
            let show = |stays: &StaysNearby, n: usize, visit: &Visit| stays.show(visit, &mut sessions[n]);
            sweep(visits, StaysNearby::reach, StaysNearby::add, show);
        }
        same_stays(visits, &mut sessions);
        let mut earlier = EarlierServices::default();
        visits.iter().zip(&mut sessions).for_each(|(visit, session)| earlier.show_and_add(visit, session));
    }
    let shown = visits.iter().zip(sessions).filter(|(_, session)| *session != SessionFacts::default());
    found.extend(shown.map(|(visit, session)| (visit.key(), session)));
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

/// TW601 and TW602, and whether a service of the session carries an authorization number: the kinds of services that are looked
/// for in a session.
#[derive(Default)]
pub(crate) struct Kinds {
    institutional: Latest,
    inpatient: Latest,
    outpatient: Latest,
    surgical_center: Latest,
    with_number: Latest,
}

impl Kinds {
    /// The last first day of the services that bear on a visit.
    pub(crate) fn reach(visit: &Visit) -> i32 {
        visit.last + DAYS_OF_SESSION
    }

    pub(crate) fn add(&mut self, visit: &Visit) {
        let span = visit.span();
        if visit.side == ClaimForm::Institutional {
            self.institutional.add(span);
            match visit.setting {
                Setting::Inpatient => self.inpatient.add(span),
                Setting::Outpatient => self.outpatient.add(span),
                Setting::Undetermined => {}
            }
        }
        if visit.is_surgical_center && visit.provider().is_some() {
            self.surgical_center.add(span);
        }
        if visit.carries_number {
            self.with_number.add(span);
        }
    }

    /// What the services that were added show about a visit.
    pub(crate) fn show(&self, visit: &Visit, session: &mut SessionFacts) {
        let of_other_claim = |latest: &Latest| latest.reaching(visit.first - DAYS_OF_SESSION, visit.claim, None);
        session.carries_number = of_other_claim(&self.with_number).is_some();
        if visit.side != ClaimForm::Professional {
            return;
        }
        let settings = match visit.setting {
            Setting::Inpatient => Some((&self.inpatient, &self.outpatient)),
            Setting::Outpatient => Some((&self.outpatient, &self.inpatient)),
            Setting::Undetermined => None,
        };
        if let Some((_, other)) = settings.filter(|(same, _)| of_other_claim(same).is_none()) {
            session.other_setting = of_other_claim(other);
        }
        if visit.is_office {
            let center =
                || self.surgical_center.reaching(visit.first - DAYS_OF_SESSION, visit.claim, Some(visit.provider));
            session.facility = of_other_claim(&self.institutional).or_else(center);
        }
    }
}

/// TW605: for an institutional outpatient CPT service, a stay of another claim on the same day, or one that begins at most three
/// days later.
#[derive(Default)]
pub(crate) struct StaysNearby(Latest);

impl StaysNearby {
    fn is_asked(visit: &Visit) -> bool {
        !visit.is_stay && visit.side == ClaimForm::Institutional && visit.setting == Setting::Outpatient
    }

    /// The last first day of the stays that bear on a visit.
    pub(crate) fn reach(visit: &Visit) -> i32 {
        visit.last + DAYS_BEFORE_STAY
    }

    pub(crate) fn add(&mut self, visit: &Visit) {
        if visit.is_stay {
            self.0.add(visit.span());
        }
    }

    /// What the stays that were added show about a visit.
    pub(crate) fn show(&self, visit: &Visit, session: &mut SessionFacts) {
        if Self::is_asked(visit) {
            session.stay_nearby = self.0.reaching(visit.first, visit.claim, None);
        }
    }
}

fn same_stays(visits: &[Visit], sessions: &mut [SessionFacts]) {
    let is_stay = |(visit, _): &(&Visit, &mut SessionFacts)| visit.is_stay;
    let mut firsts: Vec<i32> = visits.iter().filter(|visit| visit.is_stay).map(|visit| visit.first).collect();
    if firsts.len() < 2 {
        return;
    }
    firsts.sort_unstable();
    firsts.dedup();
    let mut earlier = EarlierStays::new(firsts);
    visits.iter().zip(sessions).filter(is_stay).for_each(|(visit, session)| earlier.show_and_add(visit, session));
}

/// TW603: for a stay, an earlier stay that shares a day and a listed code.
pub(crate) struct EarlierStays {
    /// The first days of all stays that are near each other, in order.
    firsts: Vec<i32>,
    /// For each code, the latest end of the stays so far by their first day.
    by_code: FxHashMap<CodeId, LatestByFirst>,
}

impl EarlierStays {
    /// No stays yet, of those that begin on these days.
    pub(crate) fn new(firsts: Vec<i32>) -> Self {
        Self { firsts, by_code: FxHashMap::default() }
    }

    /// What the stays that were added show about a stay, which is then added. Stays come in input order.
    pub(crate) fn show_and_add(&mut self, visit: &Visit, session: &mut SessionFacts) {
        let until = self.firsts.partition_point(|first| *first <= visit.last);
        let at = self.firsts.partition_point(|first| *first < visit.first);
        let own = End { last: visit.last, row: visit.row(), is_interim: visit.is_interim };
        for id in visit.codes.iter() {
            let latest = self.by_code.entry(id).or_insert_with(|| LatestByFirst::new(self.firsts.len()));
            // A claim has only one stay, so the other stay belongs to another claim.
            if let Some(other) = latest.of_first(until).filter(|other| other.last >= visit.first)
                && session.same_stay.is_none()
            {
                session.same_stay = Some(other.row);
                session.interim = visit.is_interim || other.is_interim;
            }
            latest.add(at, own);
        }
    }
}

/// The end of a stay.
#[derive(Clone, Copy)]
struct End {
    last: i32,
    row: RowRef,
    is_interim: bool,
}

/// A Fenwick tree of maxima: the latest end among the stays that begin on one of the first n days.
struct LatestByFirst(Vec<Option<End>>);

impl LatestByFirst {
    fn new(firsts: usize) -> Self {
        Self(vec![None; firsts + 1])
    }

    /// Adds a stay that begins on the day with this index.
    fn add(&mut self, place: usize, stay: End) {
        let mut at = place + 1;
        while at < self.0.len() {
            if self.0[at].is_none_or(|latest| latest.last < stay.last) {
                self.0[at] = Some(stay);
            }
            at += at & at.wrapping_neg();
        }
    }

    /// The stay with the latest end among those that begin on one of the first `count` days.
    fn of_first(&self, count: usize) -> Option<End> {
        let (mut at, mut best) = (count, None::<End>);
        while at > 0 {
            if let Some(stay) = self.0[at]
                && best.is_none_or(|latest| latest.last < stay.last)
            {
                best = Some(stay);
            }
            at -= at & at.wrapping_neg();
        }
        best
    }
}

/// TW604: for a CPT service, an earlier service of another claim with the same code, date and side, if neither is an
/// assistant's.
#[derive(Default)]
pub(crate) struct EarlierServices {
    seen: FxHashMap<(CodeId, i32, ClaimForm), FirstServices>,
}

/// The claim and the row of the first service, and the row of the first service of a different claim.
type FirstServices = (u32, RowRef, Option<RowRef>);

impl EarlierServices {
    /// Forgets all services.
    pub(crate) fn clear(&mut self) {
        self.seen.clear();
    }

    /// What the services that were added show about a visit, which is then added. Those of a day come in input order.
    pub(crate) fn show_and_add(&mut self, visit: &Visit, session: &mut SessionFacts) {
        let Some(cpt) = visit.cpt.filter(|_| !visit.is_assistant) else { return };
        let (claim, first, other) =
            self.seen.entry((cpt, visit.first, visit.side)).or_insert_with(|| (visit.claim, visit.row(), None));
        if *claim == visit.claim {
            session.same_service = *other;
        } else {
            session.same_service = Some(*first);
            other.get_or_insert(visit.row());
        }
    }
}

/// The codes of CPT services of a day, without those of assistants and co-surgeons: the first encounter with the code, and
/// whether another encounter has it, too.
#[derive(Default)]
pub(crate) struct CodesOfDay(FxHashMap<CodeId, (u32, bool)>);

impl CodesOfDay {
    /// Forgets all services.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn add(&mut self, visit: &Visit) {
        if let Some(cpt) = visit.cpt.filter(|_| !visit.is_assistant) {
            let (first, several) = self.0.entry(cpt).or_insert((visit.encounter, false));
            *several |= *first != visit.encounter;
        }
    }

    /// The codes in other encounters of the day than that of the visit.
    pub(crate) fn show(&self, visit: &Visit, session: &mut SessionFacts) {
        for (code, (first, several)) in self.0.iter().filter(|_| visit.cpt.is_some()) {
            if *several || *first != visit.encounter {
                session.codes_elsewhere.insert(*code);
            }
        }
    }
}

fn codes_elsewhere(visits: &[Visit], sessions: &mut [SessionFacts]) {
    let mut days: FxHashMap<i32, CodesOfDay> = FxHashMap::default();
    for visit in visits {
        days.entry(visit.first).or_default().add(visit);
    }
    for (visit, session) in visits.iter().zip(sessions) {
        days[&visit.first].show(visit, session);
    }
}
