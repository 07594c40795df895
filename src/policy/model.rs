//! The policy in force, as values.

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::claim::index::service::PolicyLists;
use crate::claim::value::code_set::CodeSet;
use crate::claim::value::product::ProductTable;
use crate::claim::value::setting::SettingTable;
use crate::claim::value::vocabulary::Vocabulary;
use crate::claim::{ClassId, CodeId, CodeTable, Setting};
use crate::policy::limits::{AddOn, Excludes, Exclusive, Limit};
use crate::policy::origin::{OriginKind, PolicyOrigin};

/// What a finding asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// Worth knowing.
    Info,
    /// A person must look.
    Review,
    /// The claim as coded contradicts the policy.
    Deny,
}

impl Disposition {
    /// The words in files and outputs.
    pub const WORDS: [(&'static str, Self); 3] = [("deny", Self::Deny), ("review", Self::Review), ("info", Self::Info)];

    /// The word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Review => "review",
            Self::Info => "info",
        }
    }
}

/// A diagnosis of the policy's list, by the places of its edition and of the code in that edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedCode {
    /// Number of the edition, earliest first.
    pub edition: u8,
    /// Number of the diagnosis in the edition, in code order.
    pub diagnosis: u16,
}

/// A listed diagnosis.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its place in the policy's editions.
    pub place: ListedCode,
    /// Upper-case, without dot.
    pub code: String,
    /// What the group of codes is about.
    pub about: String,
    /// Spinal region, where the code states one.
    pub region: Option<String>,
    /// The region is outside the thoracolumbar statement.
    pub outside_statement: bool,
    /// Procedures that fit the region; none: every procedure fits.
    pub fits: Option<CodeSet>,
    /// Names pain or a remission, not a lesion.
    pub pain_or_remission: bool,
}

/// The policy's lists from one day on.
#[derive(Debug, Clone)]
pub struct Edition {
    /// Id, as in reports.
    pub id: String,
    /// First day of service judged by it.
    pub from: Date,
    /// The last day for which its text is known to be in force.
    pub verified_through: Date,
    /// Where that day comes from.
    pub source: String,
    /// Listed diagnoses in code order.
    pub diagnoses: Vec<Listed>,
    /// Beginnings of diagnoses that name an injury.
    pub trauma: Vec<String>,
    /// Regions that the policy's statement leaves out.
    pub outside_statement: Vec<String>,
    pub(super) by_code: FxHashMap<String, usize>,
}

impl Edition {
    /// The listed diagnosis that a normalised code is.
    pub fn listed(&self, code: &str) -> Option<&Listed> {
        self.by_code.get(code).map(|i| &self.diagnoses[*i])
    }
}

/// Why a code is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// On the policy's list.
    Listed,
    /// Vertebroplasty, policy 484.
    Vertebroplasty,
    /// The code before 2015.
    Former,
    /// Augmentation under a code the policy does not list.
    UnlistedAugmentation,
    /// The reposition code expected beside a supplement.
    Reposition,
    /// Kept for the encounter's sake only.
    Companion,
}

impl Role {
    pub(super) const WORDS: [(&'static str, Self); 6] = [
        ("listed", Self::Listed),
        ("vertebroplasty", Self::Vertebroplasty),
        ("former", Self::Former),
        ("unlisted-augmentation", Self::UnlistedAugmentation),
        ("reposition", Self::Reposition),
        ("companion", Self::Companion),
    ];

    /// The word in policy files.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, r)| *r == self).map_or("", |(w, _)| w)
    }
}

/// What the policy knows of a procedure code, beside its place in the [`CodeTable`].
#[derive(Debug, Clone)]
pub struct Procedure {
    /// In our words.
    pub about: String,
    /// Why it is looked for.
    pub role: Role,
    /// The CPT code whose regions and authorizations count for this PCS code.
    pub stands_for: Option<CodeId>,
    /// The region of a PCS code that belongs to no CPT code.
    pub region: Option<String>,
    /// First day in force.
    pub from: Option<Date>,
    /// Last day in force.
    pub until: Option<Date>,
}

/// How the diagnosis of a class is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NecessityBasis {
    /// By the policy's diagnosis list.
    List,
    /// By a Medicare coverage determination that this policy only names.
    Lcd,
    /// The policy does not say.
    Undetermined,
}

/// Is prior authorization required?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Yes.
    Required,
    /// No.
    NotRequired,
    /// The policy or the claim does not say.
    Undetermined,
}

impl Requirement {
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("required", Self::Required), ("not-required", Self::NotRequired), ("undetermined", Self::Undetermined)];

    /// The word in policy files.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, r)| *r == self).map_or("", |(w, _)| w)
    }
}

/// A product class: one row of the authorization table.
#[derive(Debug, Clone)]
pub struct Class {
    /// Id in outputs.
    pub id: String,
    /// Title in reports.
    pub title: String,
    /// Its members, for sentences: "Commercial PPO and indemnity members".
    pub members: String,
    /// How the diagnosis is judged.
    pub necessity: NecessityBasis,
    /// Authorization inpatient.
    pub inpatient: Requirement,
    /// Authorization outpatient.
    pub outpatient: Requirement,
    /// The labels that mean it.
    pub labels: Vec<String>,
}

impl Class {
    /// Is authorization required in this setting? Where the setting is unknown, only if it is in both.
    pub fn requires(&self, setting: Setting) -> Requirement {
        match setting {
            Setting::Inpatient => self.inpatient,
            Setting::Outpatient => self.outpatient,
            Setting::Undetermined if self.inpatient == self.outpatient => self.inpatient,
            Setting::Undetermined => Requirement::Undetermined,
        }
    }
}

/// What a policy says of one rule.
#[derive(Debug, Clone)]
pub struct RuleSetting {
    /// Default disposition.
    pub disposition: Disposition,
    /// Another one for single procedure codes.
    pub by_code: Vec<(CodeId, Disposition)>,
    /// The text that the rule rests on, in our words.
    pub citation: String,
    /// Suggested claim adjustment reason code, may be empty.
    pub carc: String,
    /// Suggested remark code, may be empty.
    pub rarc: String,
}

impl RuleSetting {
    /// The disposition of a finding on a service with this procedure code.
    pub fn disposition_for(&self, code: Option<CodeId>) -> Disposition {
        self.by_code.iter().find(|(c, _)| Some(*c) == code).map_or(self.disposition, |(_, d)| *d)
    }
}

/// A worked example of a policy file.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows, one sentence.
    pub says: String,
    /// A tiny extract in canonical names.
    pub extract: String,
    /// An authorization file, if it needs one.
    pub auths: Option<String>,
    /// All its findings: `LINE RULE`.
    pub expect: Vec<String>,
    /// Line of the policy file.
    pub line: usize,
}

/// The policy in force.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Id of the medical policy.
    pub id: String,
    /// Its files: policy, limits, remittance, vocabulary, and overrides if there are any.
    pub origins: Vec<PolicyOrigin>,
    /// Blake3 of the files' bytes, as hex: says which policy judged.
    pub fingerprint: String,
    /// What a claim cannot show, for every report.
    pub unseen: Vec<String>,
    /// Editions, earliest first.
    pub editions: Vec<Edition>,
    /// The codes looked for.
    pub codes: CodeTable,
    /// What is known of each, by [`CodeId`].
    pub procedures: Vec<Procedure>,
    /// Families not coded together.
    pub excludes: Vec<Excludes>,
    /// Modifiers that name a side.
    pub laterality: Vec<String>,
    /// Modifiers of an assistant at surgery.
    pub assistant: Vec<String>,
    /// Modifiers of a co-surgeon or a team of surgeons.
    pub co_surgeon: Vec<String>,
    /// From this day of service on diagnoses are ICD-10, before it ICD-9.
    pub icd10_from: Date,
    /// Product classes by [`ClassId`].
    pub classes: Vec<Class>,
    /// Product labels.
    pub products: ProductTable,
    /// Labels of the house, looked up before a layout's and these.
    pub own_labels: Vec<(String, ClassId)>,
    /// The coverage determination for Medicare members.
    pub lcd: String,
    /// States it holds for.
    pub lcd_states: Vec<String>,
    /// The Medicare contractors of other states: a name and the states.
    pub jurisdictions: Vec<(String, Vec<String>)>,
    /// Places of service that are an emergency whatever the admission type says.
    pub emergency_places: Vec<[u8; 2]>,
    /// Words of columns.
    pub vocabulary: Vocabulary,
    /// Settings.
    pub settings: SettingTable,
    /// Facility type on which CPT codes do not belong.
    pub hospital_inpatient: [u8; 2],
    /// Unit limits.
    pub limits: Vec<Limit>,
    /// Add-on codes.
    pub add_ons: Vec<AddOn>,
    /// Pairs never both payable.
    pub exclusive: Vec<Exclusive>,
    /// Worked examples of the policy file.
    pub examples: Vec<Example>,
    pub(super) rules: FxHashMap<String, RuleSetting>,
    pub(super) role_sets: [CodeSet; Role::WORDS.len()],
}

impl Policy {
    /// The codes of one role as a set: the quick question before anything is named.
    pub fn role_set(&self, role: Role) -> CodeSet {
        self.role_sets[role as usize]
    }

    /// Sorts the codes by role, once all of them are known.
    pub(super) fn sort_roles(procedures: &[Procedure]) -> [CodeSet; Role::WORDS.len()] {
        let mut sets = [CodeSet::default(); Role::WORDS.len()];
        for (i, procedure) in procedures.iter().enumerate() {
            sets[procedure.role as usize].insert(CodeId(i as u16));
        }
        sets
    }

    /// The edition for a day of service: the last one in force, before the first the earliest, without a day the latest.
    pub fn edition(&self, day: Option<Date>) -> &Edition {
        let latest = self.editions.len() - 1;
        let index = day.map_or(latest, |day| self.editions.iter().rposition(|e| e.from <= day).unwrap_or(0));
        &self.editions[index]
    }

    /// Is the day after the last one for which the text of its edition is known to be in force?
    pub fn is_after_verified(&self, day: Option<Date>) -> bool {
        day.is_some_and(|day| day > self.edition(Some(day)).verified_through)
    }

    /// What the index of a run asks of the policy.
    pub fn lists(&self) -> PolicyLists<'_> {
        PolicyLists { codes: &self.codes, settings: &self.settings }
    }

    /// The day from which the policy is known.
    pub fn first_day(&self) -> Date {
        self.editions[0].from
    }

    /// A product class.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[usize::from(id.0)]
    }

    /// The class of this id.
    pub fn class_named(&self, name: &str) -> Option<ClassId> {
        self.classes.iter().position(|c| c.id == name).map(|i| ClassId(i as u8))
    }

    /// What is known of a procedure code.
    pub fn procedure(&self, id: CodeId) -> &Procedure {
        &self.procedures[usize::from(id.0)]
    }

    /// The codes one of which an authorization of a service with these codes must name: the codes themselves, those of the
    /// same level in the other code set, and the primary codes of an add-on.
    pub fn authorized_by(&self, codes: &[CodeId]) -> CodeSet {
        let mut set = CodeSet::default();
        for code in codes {
            set.insert(*code);
            let level = self.procedure(*code).stands_for.unwrap_or(*code);
            let procedures = self.procedures.iter().enumerate();
            let same_level = procedures.filter(|(_, other)| other.stands_for == Some(level));
            same_level.for_each(|(other, _)| set.insert(CodeId(other as u16)));
            set.insert(level);
            let add_on = self.add_ons.iter().filter(|add_on| add_on.code == *code);
            add_on.flat_map(|add_on| &add_on.primaries).for_each(|primary| set.insert(*primary));
        }
        set
    }

    /// Codes of one role.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = CodeId> {
        self.procedures.iter().enumerate().filter(move |(_, p)| p.role == role).map(|(i, _)| CodeId(i as u16))
    }

    /// The text of a code.
    pub fn code(&self, id: CodeId) -> &str {
        &self.codes.get(id).code
    }

    /// What the policy says of a rule. The loader has seen to it that every rule of the roster is there.
    pub fn rule(&self, code: &str) -> &RuleSetting {
        &self.rules[code]
    }

    /// The file of this kind, if there is one: only overrides may be missing.
    pub fn origin(&self, kind: OriginKind) -> Option<&PolicyOrigin> {
        self.origins.iter().find(|origin| origin.kind == kind)
    }

    /// The file of the medical policy itself: the first one, as the loader puts it.
    pub fn own_origin(&self) -> &PolicyOrigin {
        &self.origins[0]
    }
}
