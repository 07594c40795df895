//! Builds what a case starts from: a clear service of its own, to be changed, and the ways to plant it.

use crate::claim::Bin;
use crate::generate::ExtractPlan;
use crate::generate::columns::{COLUMNS, column};
use crate::generate::draft::ServiceDraft;
use crate::generate::expected::{Damage, ExpectedFinding, ExpectedService, PlannedRow, info, review};
use crate::generate::lists;
use crate::generate::reformat::reformat_cells;
use crate::generate::rng::Rng;
use crate::generate::scenario::{COMMERCIAL, ExpectedRequirement, Scenario};
use crate::ledger::LedgerBin;

/// Plants the rows of one case, at most `MAX_ROWS_PER_CASE` of [`crate::generate::write`].
pub(super) type PlantCase = fn(&mut CaseBuilder);

/// Draws services and collects the rows that a case plants.
pub(super) struct CaseBuilder {
    pub(super) plan: ExtractPlan,
    pub(super) rng: Rng,
    /// Rows planted by the current case.
    pub(super) rows: Vec<PlannedRow>,
    /// Rows of the authorization file that are not written yet.
    pub(super) authorization_rows: Vec<[String; 7]>,
    claims: u64,
    numbers: u64,
}

impl CaseBuilder {
    pub(super) fn new(plan: ExtractPlan) -> Self {
        let rng = Rng::new(plan.seed);
        Self { plan, rng, rows: Vec::new(), authorization_rows: Vec::new(), claims: 0, numbers: 0 }
    }

    /// A new claim number.
    pub(super) fn claim_id(&mut self) -> String {
        self.claims += 1;
        format!("E{:02}{:08}", self.plan.seed % 100, self.claims)
    }

    /// A new authorization number.
    pub(super) fn authorization_number(&mut self) -> String {
        self.numbers += 1;
        format!("PA{:07}", self.numbers)
    }

    /// A random day from June 2020 on, when the current edition is in force.
    fn recent_day(&mut self) -> String {
        let (year, month, day) = (2020 + self.rng.below(6), 6 + self.rng.below(7), 1 + self.rng.below(28));
        format!("{year}-{month:02}-{day:02}")
    }

    /// A clear CPT service of a new member, with a valid authorization where one is required.
    pub(super) fn service(&mut self, scenario: Scenario) -> ServiceDraft {
        let code = self.rng.pick(&["22513", "22514"]);
        let mut service = self.draft(scenario);
        service.procedure(code).units("1", "1");
        let listed = lists::fitting(&mut self.rng, code);
        if self.rng.chance(40) {
            let beside = self.rng.pick(lists::COMORBIDITIES);
            service.diagnoses(&[&listed, beside]);
        } else {
            service.diagnoses(&[&listed]);
        }
        self.modifiers(&mut service);
        service
    }

    /// A clear commercial service.
    pub(super) fn commercial(&mut self) -> ServiceDraft {
        let scenario = self.rng.pick(COMMERCIAL);
        self.service(scenario)
    }

    /// A clear commercial service with a diagnosis that fits every code and without modifiers.
    pub(super) fn fits_every_code(&mut self) -> ServiceDraft {
        let mut service = self.commercial();
        let listed = lists::fits_any_level(&mut self.rng);
        service.diagnoses(&[&listed]).without_modifiers();
        service
    }

    /// A clear hospital stay. It has a reposition code, so CD310 does not fire.
    pub(super) fn stay(&mut self, scenario: Scenario) -> ServiceDraft {
        let (code, reposition) = self.rng.pick(lists::STAYS);
        let mut service = self.draft(scenario);
        if scenario.setting == "inpatient" {
            let (bill, form) = (self.rng.pick(lists::HOSPITAL), self.rng.pick(&["I", "837I", "UB 04", "Hospital", ""]));
            service.set(column::BILL_TYPE, bill).set(column::CLAIM_FORM, form);
        }
        service.set(column::ICD_PROCEDURE, code).set(column::ICD_PROCEDURE + 1, reposition);
        service.expected.procedure = code.into();
        let diagnosis = lists::fits_any_level(&mut self.rng);
        service.diagnoses(&[&diagnosis]).take_claim_amount(&[]);
        service
    }

    /// A service with everything that does not depend on the procedure.
    fn draft(&mut self, scenario: Scenario) -> ServiceDraft {
        let mut service =
            ServiceDraft { cells: vec![String::new(); COLUMNS.len()], expected: ExpectedService::default() };
        service.expected.claim_amounts = self.plan.claim_amounts;
        let claim = self.claim_id();
        let member = format!("M{:08}", self.claims);
        let npi = format!("1{:09}", self.rng.below(1_000_000_000));
        let (state, label) = (self.rng.pick(&["MA", "MA", "NH", "CT", ""]), self.rng.pick(scenario.labels));
        service.set(column::CLAIM_ID, claim).set(column::LINE_NUMBER, "1").set(column::MEMBER_ID, member);
        service.set(column::BILLING_NPI, npi).set(column::MEMBER_STATE, state).set(column::PRODUCT, label);
        service.set(column::RENDERING_NPI, self.rng.pick(&["", "1225130225", "1987654321"]));
        let (places, bills) = scenario.places;
        if self.rng.chance(40) {
            // The bill type decides the setting, whatever the place of service says.
            service
                .set(column::BILL_TYPE, self.rng.pick(bills))
                .set(column::PLACE, self.rng.pick(&["", "", "22", "21"]));
            service.set(column::CLAIM_FORM, self.rng.pick(&["I", "institutional", "837I", "UB-04", ""]));
        } else {
            let place = self.rng.pick(places);
            // Without a word, an empty place of service would leave the claim form unknown.
            let forms: &[&str] = &["P", "professional", "837P", "hcfa", "CMS-1500", "Physician", ""];
            let forms = if place.is_empty() { &forms[..6] } else { forms };
            service.set(column::PLACE, place).set(column::CLAIM_FORM, self.rng.pick(forms));
        }
        service.set(column::FREQUENCY, self.rng.pick(&["", "1"]));
        let day = self.recent_day();
        service.day(&day).necessity("supported");
        (service.expected.class, service.expected.setting) = (scenario.class, scenario.setting);
        self.authorize(&mut service, scenario.requirement);
        self.set_amounts(&mut service);
        service
    }

    /// Adds a valid authorization to the service and to the authorization file, and states what follows from the plan.
    pub(super) fn authorize(&mut self, service: &mut ServiceDraft, requirement: ExpectedRequirement) {
        let number = self.authorization_number();
        let member = service.cells[column::MEMBER_ID].clone();
        let status = self.rng.pick(&["A", "APPROVED", "CERTIFIED", "Approved"]);
        let (from, to) = self.rng.pick(&[("", ""), ("2000-01-01", "2035-12-31"), ("1/1/2000", ""), ("", "20351231")]);
        let codes = self.rng.pick(&["", "22513;22514;22515;0PU33JZ;0PU34JZ;0PU43JZ;0PU44JZ;0QU03JZ;0QU04JZ;0QU13JZ"]);
        let units = self.rng.pick(&["", "100"]);
        self.authorization_rows.push([&number, &*member, codes, status, from, to, units].map(str::to_owned));
        service.set(column::AUTHORIZATION, number);
        let (word, finding): (_, Option<ExpectedFinding>) =
            match (requirement, self.plan.authorization_column, self.plan.authorization_file) {
                (ExpectedRequirement::Undetermined, ..) => ("undetermined", None),
                (ExpectedRequirement::NotRequired, ..) => ("not-required", None),
                (_, true, false) => ("on-claim", None),
                (_, true, true) => ("verified", None),
                (_, false, true) => ("verified", info("PA209").into()),
                (ExpectedRequirement::Required, false, false) => ("undetermined", review("PA208").into()),
                (ExpectedRequirement::BySetting, false, false) => ("undetermined", review("RT403").into()),
            };
        service.authorization(word, finding);
    }

    /// Draws the three amounts and states which of them is at risk.
    pub(super) fn set_amounts(&mut self, service: &mut ServiceDraft) {
        let cents = self.rng.below(5_000_000).cast_signed();
        let kinds = [(column::PAID, "paid"), (column::ALLOWED, "allowed"), (column::CHARGE, "charge")];
        let basis = self.rng.pick(&[0, 0, 0, 1, 2, 3]);
        service.amount(kinds.get(basis).map(|_| cents), kinds.get(basis).map_or("", |(_, word)| word));
        for (i, (column, _)) in kinds.iter().enumerate() {
            let cell = if i < basis { String::new() } else { plain(cents + 100 * ((i - basis) as u64).cast_signed()) };
            service.set(*column, cell);
        }
    }

    /// Draws modifiers, sometimes one that a rule looks for.
    fn modifiers(&mut self, service: &mut ServiceDraft) {
        let kinds: [(u64, &[&str], Option<ExpectedFinding>); 4] = [
            (8, &["50", "LT", "RT"], Some(info("CD308"))),
            (5, &["80", "81", "82", "AS"], Some(review("CD311"))),
            (3, &["62", "66"], Some(review("CD312"))),
            (10, &["59", "XS", "26", "GC"], None),
        ];
        let mut slot = column::MODIFIER;
        for (percent, modifiers, finding) in kinds {
            if self.rng.chance(percent) {
                service.set(slot, self.rng.pick(modifiers));
                service.expected.findings.extend(finding);
                slot += 1;
            }
        }
    }

    /// The next line of the same claim: same encounter and authorization, other amounts.
    pub(super) fn next_line(&mut self, before: &ServiceDraft, code: &str) -> ServiceDraft {
        let mut next = before.clone();
        let number = before.cells[column::LINE_NUMBER].parse().unwrap_or(0) + 1u32;
        next.set(column::LINE_NUMBER, number.to_string()).procedure(code).units("1", "1");
        next.without_modifiers().expected.findings.clear();
        next.expected.necessity = "supported";
        self.set_amounts(&mut next);
        next
    }

    /// The same line on a new claim.
    pub(super) fn on_another_claim(&mut self, like: &ServiceDraft) -> ServiceDraft {
        let mut next = like.clone();
        let claim = self.claim_id();
        next.set(column::CLAIM_ID, claim);
        next
    }

    /// Plants a service.
    pub(super) fn plant(&mut self, service: ServiceDraft) {
        self.plant_row(service.cells, Bin::InScope, Vec::new(), vec![service.expected]);
    }

    /// Plants a row without a service and without a finding.
    pub(super) fn plant_without_service(&mut self, service: ServiceDraft, bin: impl Into<LedgerBin>) {
        self.plant_row(service.cells, bin, Vec::new(), Vec::new());
    }

    /// Plants a related row with its expected findings.
    pub(super) fn plant_related(&mut self, service: &ServiceDraft, code: &str, findings: &[ExpectedFinding]) {
        let mut cells = self.next_line(service, code).cells;
        for slot in 0..6 {
            cells[column::ICD_PROCEDURE + slot].clear();
        }
        self.plant_row(cells, Bin::Related, findings.to_vec(), Vec::new());
    }

    /// Plants a row.
    pub(super) fn plant_row(
        &mut self,
        mut cells: Vec<String>,
        bin: impl Into<LedgerBin>,
        findings: Vec<ExpectedFinding>,
        services: Vec<ExpectedService>,
    ) {
        let (claim, member) = (cells[column::CLAIM_ID].clone(), cells[column::MEMBER_ID].clone());
        reformat_cells(&mut cells, &mut self.rng);
        let mut row = PlannedRow { cells, damage: Damage::None, bin: bin.into(), claim, member, findings, services };
        row.share_claim_amounts(&self.rows);
        self.rows.push(row);
    }
}

/// Cents as an amount.
pub(super) fn plain(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}
