//! What a case is dealt: a service of its own that is clear as it stands, to be changed, and the ways to plant it.

use crate::generate::Plan;
use crate::generate::lists;
use crate::generate::reformat::disguise;
use crate::generate::rng::Dice;
use crate::generate::row::{Bin, COLUMNS, DIAGNOSES, Damage, Remark, Row, Verdict, Weight, at};

/// Is prior authorization needed? Each case says so of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It is.
    Required,
    /// It is not.
    Free,
    /// Inpatient only, and the setting cannot be told.
    BySetting,
    /// The policy's table does not name the product.
    Unnamed,
}

/// Class, the labels that mean it, setting, places and bill types that mean it, and what that needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) class: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) setting: &'static str,
    pub(super) places: (&'static [&'static str], &'static [&'static str]),
    pub(super) need: Need,
}

const fn frame(
    class: (&'static str, &'static [&'static str]),
    setting: (&'static str, (&'static [&'static str], &'static [&'static str])),
    need: Need,
) -> Frame {
    Frame { class: class.0, labels: class.1, setting: setting.0, places: setting.1, need }
}

type Class = (&'static str, &'static [&'static str]);
type Setting = (&'static str, (&'static [&'static str], &'static [&'static str]));

const MANAGED: Class = ("commercial-managed-care", lists::MANAGED);
const FREE: Class = ("commercial-ppo-indemnity", lists::FREE);
const MEDICARE_HMO: Class = ("medicare-hmo", lists::MEDICARE_HMO);
const MEDICARE_PPO: Class = ("medicare-ppo", lists::MEDICARE_PPO);
const OTHER: Class = ("other", lists::OTHER);
const UNKNOWN: Class = ("unknown", lists::UNKNOWN);
const IN: Setting = ("inpatient", lists::INPATIENT);
const OUT: Setting = ("outpatient", lists::OUTPATIENT);
const UNTOLD: Setting = ("undetermined", lists::UNDETERMINED);

/// The commercial rows of the authorization table.
pub(super) const COMMERCIAL: &[Frame] = &[
    frame(MANAGED, IN, Need::Required),
    frame(MANAGED, OUT, Need::Required),
    frame(MANAGED, UNTOLD, Need::Required),
    frame(FREE, IN, Need::Required),
    frame(FREE, OUT, Need::Free),
    frame(FREE, UNTOLD, Need::BySetting),
];
/// Those that need an authorization.
pub(super) const NEEDY: &[Frame] = &[COMMERCIAL[0], COMMERCIAL[1], COMMERCIAL[2], COMMERCIAL[3]];
/// The one that needs none.
pub(super) const NO_NEED: Frame = COMMERCIAL[4];
/// The one where it depends on a setting that cannot be told.
pub(super) const UNSETTLED: Frame = COMMERCIAL[5];
/// Commercial inpatient, of each class.
pub(super) const STAYING: &[Frame] = &[COMMERCIAL[0], COMMERCIAL[3]];
/// The Medicare rows of the authorization table.
pub(super) const MEDICARE: &[Frame] = &[
    frame(MEDICARE_HMO, IN, Need::Required),
    frame(MEDICARE_HMO, OUT, Need::Required),
    frame(MEDICARE_HMO, UNTOLD, Need::Required),
    frame(MEDICARE_PPO, IN, Need::Required),
    frame(MEDICARE_PPO, OUT, Need::Free),
    frame(MEDICARE_PPO, UNTOLD, Need::BySetting),
];
/// Products that the table does not name; inpatient they need an authorization all the same.
pub(super) const UNNAMED: &[Frame] = &[
    frame(OTHER, IN, Need::Required),
    frame(OTHER, OUT, Need::Unnamed),
    frame(OTHER, UNTOLD, Need::Unnamed),
    frame(UNKNOWN, IN, Need::Required),
    frame(UNKNOWN, OUT, Need::Unnamed),
    frame(UNKNOWN, UNTOLD, Need::Unnamed),
];

/// A service under construction, still in plain spelling.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) cells: Vec<String>,
    pub(super) verdict: Verdict,
}

impl Service {
    pub(super) fn set(&mut self, column: usize, cell: impl Into<String>) -> &mut Self {
        self.cells[column] = cell.into();
        self
    }

    /// Adds a finding.
    pub(super) fn says(&mut self, rule: &'static str, weight: Weight) -> &mut Self {
        self.verdict.remarks.push((rule, weight));
        self
    }

    pub(super) fn necessity(&mut self, word: &'static str) -> &mut Self {
        self.verdict.necessity = word;
        self
    }

    /// These diagnoses and no others, all of them considered.
    pub(super) fn diagnoses(&mut self, codes: &[&str]) -> &mut Self {
        for slot in 0..DIAGNOSES {
            self.cells[at::DIAGNOSIS + slot] = codes.get(slot).map(|c| (*c).to_owned()).unwrap_or_default();
        }
        self.considers(codes)
    }

    /// Only these count.
    pub(super) fn considers(&mut self, codes: &[&str]) -> &mut Self {
        self.verdict.considered = codes.iter().map(|c| (*c).to_owned()).collect();
        self
    }

    /// Another CPT code.
    pub(super) fn procedure(&mut self, code: &str) -> &mut Self {
        self.cells[at::PROCEDURE] = code.into();
        self.verdict.procedure = code.into();
        self
    }

    /// On this day, ISO.
    pub(super) fn day(&mut self, day: &str) -> &mut Self {
        self.cells[at::DATE] = day.into();
        self.verdict.date = day.into();
        self
    }

    pub(super) fn units(&mut self, cell: &str, printed: &str) -> &mut Self {
        self.cells[at::UNITS] = cell.into();
        self.verdict.units = printed.into();
        self
    }

    /// What is found about the authorization, and what it comes to.
    pub(super) fn authorization(&mut self, word: &'static str, held: &[Remark]) -> &mut Self {
        self.verdict.authorization = word;
        self.verdict.held = held.to_vec();
        self
    }
}

/// Where cases plant.
pub(super) struct Deal {
    pub(super) plan: Plan,
    pub(super) dice: Dice,
    /// What was planted by the case at work.
    pub(super) rows: Vec<Row>,
    /// Rows of the authorization file, not written yet.
    pub(super) file: Vec<[String; 7]>,
    claims: u64,
    numbers: u64,
}

impl Deal {
    pub(super) fn new(plan: Plan) -> Self {
        let dice = Dice::new(plan.seed);
        Self { plan, dice, rows: Vec::new(), file: Vec::new(), claims: 0, numbers: 0 }
    }

    /// A claim number that no other claim has.
    pub(super) fn claim_id(&mut self) -> String {
        self.claims += 1;
        format!("E{:02}{:08}", self.plan.seed % 100, self.claims)
    }

    /// An authorization number that no other authorization has.
    pub(super) fn number(&mut self) -> String {
        self.numbers += 1;
        format!("PA{:07}", self.numbers)
    }

    /// A day of the edition in force since June 2020.
    pub(super) fn day(&mut self) -> String {
        let (year, month, day) = (2020 + self.dice.below(6), 6 + self.dice.below(7), 1 + self.dice.below(28));
        format!("{year}-{month:02}-{day:02}")
    }

    /// A clear CPT service of a member of its own, with an authorization that holds where one is needed.
    pub(super) fn service(&mut self, frame: Frame) -> Service {
        let code = self.dice.pick(&["22513", "22514"]);
        let mut service = self.bare(frame);
        service.procedure(code).units("1", "1");
        let listed = lists::fitting(&mut self.dice, code);
        if self.dice.chance(40) {
            let beside = self.dice.pick(lists::BESIDE);
            service.diagnoses(&[&listed, beside]);
        } else {
            service.diagnoses(&[&listed]);
        }
        self.modifiers(&mut service);
        service
    }

    /// A clear commercial service.
    pub(super) fn commercial(&mut self) -> Service {
        let frame = self.dice.pick(COMMERCIAL);
        self.service(frame)
    }

    /// A clear hospital stay in the columns of ICD procedures, with a reposition, so that CD310 is content.
    pub(super) fn stay(&mut self, frame: Frame) -> Service {
        let (code, reposition) = self.dice.pick(lists::STAYS);
        let mut service = self.bare(frame);
        if frame.setting == "inpatient" {
            let bill = self.dice.pick(lists::HOSPITAL);
            service.set(at::BILL_TYPE, bill);
        }
        service.set(at::ICD_PROCEDURE, code).set(at::ICD_PROCEDURE + 1, reposition);
        service.verdict.procedure = code.into();
        let diagnosis = lists::fits_all(&mut self.dice);
        service.diagnoses(&[&diagnosis]);
        service
    }

    /// Everything that does not depend on the procedure.
    fn bare(&mut self, frame: Frame) -> Service {
        let mut service = Service { cells: vec![String::new(); COLUMNS.len()], verdict: Verdict::default() };
        let claim = self.claim_id();
        let member = format!("M{:08}", self.claims);
        let npi = format!("1{:09}", self.dice.below(1_000_000_000));
        let (state, label) = (self.dice.pick(&["MA", "MA", "NH", "CT", ""]), self.dice.pick(frame.labels));
        service.set(at::CLAIM_ID, claim).set(at::LINE_NUMBER, "1").set(at::MEMBER_ID, member);
        service.set(at::BILLING_NPI, npi).set(at::MEMBER_STATE, state).set(at::PRODUCT, label);
        service.set(at::RENDERING_NPI, self.dice.pick(&["", "1225130225", "1987654321"]));
        let (places, bills) = frame.places;
        if self.dice.chance(40) {
            // A bill type outweighs whatever stands in the place of service.
            service.set(at::BILL_TYPE, self.dice.pick(bills)).set(at::PLACE, self.dice.pick(&["", "", "22", "21"]));
            service.set(at::CLAIM_FORM, self.dice.pick(&["I", "institutional", "837I", "UB-04", ""]));
        } else {
            service.set(at::PLACE, self.dice.pick(places));
            service.set(at::CLAIM_FORM, self.dice.pick(&["P", "professional", "837P", "hcfa", "CMS-1500", ""]));
        }
        service.set(at::FREQUENCY, self.dice.pick(&["", "1"]));
        let day = self.day();
        service.day(&day).necessity("supported");
        (service.verdict.class, service.verdict.setting) = (frame.class, frame.setting);
        self.authorize(&mut service, frame.need);
        self.pay(&mut service);
        service
    }

    /// An authorization that holds, as far as the extract can carry a number; and what comes of it.
    pub(super) fn authorize(&mut self, service: &mut Service, need: Need) {
        let number = self.number();
        let member = service.cells[at::MEMBER_ID].clone();
        let status = self.dice.pick(&["A", "APPROVED", "CERTIFIED", "Approved"]);
        let (from, to) = self.dice.pick(&[("", ""), ("2000-01-01", "2035-12-31"), ("1/1/2000", ""), ("", "20351231")]);
        let codes = self.dice.pick(&["", "22513;22514;22515;0PU33JZ;0PU34JZ;0PU43JZ;0PU44JZ;0QU03JZ;0QU04JZ;0QU13JZ"]);
        let units = self.dice.pick(&["", "100"]);
        self.file.push([&number, &*member, codes, status, from, to, units].map(str::to_owned));
        service.set(at::AUTHORIZATION, number);
        let (word, held): (_, &[Remark]) = match (need, self.plan.column, self.plan.file) {
            (Need::Unnamed, ..) => ("undetermined", &[]),
            (Need::Free, ..) => ("not-required", &[]),
            (_, true, false) => ("on-claim", &[]),
            (_, true, true) => ("verified", &[]),
            (_, false, true) => ("verified", &[("PA209", Weight::Info)]),
            (Need::Required, false, false) => ("undetermined", &[("PA208", Weight::Review)]),
            (Need::BySetting, false, false) => ("undetermined", &[("RT403", Weight::Review)]),
        };
        service.authorization(word, held);
    }

    /// Amounts, and the one that is at risk.
    pub(super) fn pay(&mut self, service: &mut Service) {
        let cents = self.dice.below(5_000_000).cast_signed() - self.dice.pick(&[0, 0, 0, 0, 0, 0, 0, 2_000_000]);
        let kinds = [(at::PAID, "paid"), (at::ALLOWED, "allowed"), (at::CHARGE, "charge")];
        let basis = self.dice.pick(&[0, 0, 0, 1, 2, 3]);
        service.verdict.money = kinds.get(basis).map(|(_, word)| (cents, *word));
        for (i, (column, _)) in kinds.iter().enumerate() {
            let cell = if i < basis { String::new() } else { plain(cents + 100 * ((i - basis) as u64).cast_signed()) };
            service.set(*column, cell);
        }
    }

    /// Modifiers, now and then one that is noticed.
    fn modifiers(&mut self, service: &mut Service) {
        let (side, help) = (self.dice.chance(8), self.dice.chance(5));
        let mut slot = at::MODIFIER;
        for (there, of, rule, weight) in [
            (side, &["50", "LT", "RT"][..], "CD308", Weight::Info),
            (help, &["80", "81", "82", "AS"], "CD311", Weight::Review),
            (self.dice.chance(10), &["59", "XS", "26", "GC"], "", Weight::Info),
        ] {
            if there {
                service.set(slot, self.dice.pick(of));
                slot += 1;
                if !rule.is_empty() {
                    service.says(rule, weight);
                }
            }
        }
    }

    /// The next line of the same claim: same encounter, same authorization, an amount of its own.
    pub(super) fn line(&mut self, before: &Service, code: &str) -> Service {
        let mut next = before.clone();
        let number = before.cells[at::LINE_NUMBER].parse().unwrap_or(0) + 1u32;
        next.set(at::LINE_NUMBER, number.to_string()).procedure(code).units("1", "1");
        for slot in 0..4 {
            next.set(at::MODIFIER + slot, "");
        }
        next.verdict.remarks.clear();
        next.verdict.necessity = "supported";
        self.pay(&mut next);
        next
    }

    /// The same line on a claim of its own.
    pub(super) fn elsewhere(&mut self, like: &Service) -> Service {
        let mut next = like.clone();
        let claim = self.claim_id();
        next.set(at::CLAIM_ID, claim);
        next
    }

    /// Plants a service.
    pub(super) fn plant(&mut self, service: Service) {
        self.put(service.cells, Bin::InScope, Vec::new(), vec![service.verdict]);
    }

    /// Plants a row of which nothing must be said.
    pub(super) fn plant_silent(&mut self, service: Service, bin: Bin) {
        self.put(service.cells, bin, Vec::new(), Vec::new());
    }

    /// Plants a related row with what must be said of it.
    pub(super) fn plant_related(&mut self, service: &Service, code: &str, remarks: &[Remark]) {
        let mut cells = self.line(service, code).cells;
        for slot in 0..6 {
            cells[at::ICD_PROCEDURE + slot].clear();
        }
        self.put(cells, Bin::Related, remarks.to_vec(), Vec::new());
    }

    /// Plants a row.
    pub(super) fn put(&mut self, mut cells: Vec<String>, bin: Bin, remarks: Vec<Remark>, verdicts: Vec<Verdict>) {
        disguise(&mut cells, &mut self.dice);
        self.rows.push(Row { cells, damage: Damage::None, bin, remarks, verdicts });
    }
}

/// Cents as an amount.
pub(super) fn plain(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}
