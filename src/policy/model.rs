//! The policy in force, as values.

use jiff::civil::Date;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::claim::index::service::PolicyLists;
use crate::claim::value::code_set::CodeSet;
use crate::claim::value::product::ProductTable;
use crate::claim::value::setting::SettingTable;
use crate::claim::value::vocabulary::Vocabulary;
use crate::claim::{ClassId, CodeId, CodeTable, Setting};
use crate::policy::clause::Clause;
use crate::policy::edition::Edition;
use crate::policy::limits::{AddOn, Excludes, Exclusive, Limit};
use crate::policy::origin::{OriginKind, PolicyOrigin};

/// The consequence of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Disposition {
    /// Worth knowing.
    Info,
    /// A person must review the claim.
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

/// The role of a procedure code in the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// On the policy's list.
    Listed,
    /// Vertebroplasty, policy 484.
    Vertebroplasty,
    /// The code that was valid before 2015.
    Former,
    /// Augmentation under a code that the policy does not list.
    UnlistedAugmentation,
    /// The reposition code expected beside a supplement.
    Reposition,
    /// Kept only because it may belong to the encounter.
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

/// What the policy says about a procedure code. The code itself is in the [`CodeTable`].
#[derive(Debug, Clone)]
pub struct Procedure {
    /// What the code means, in our words.
    pub about: String,
    /// Its role.
    pub role: Role,
    /// The CPT code whose regions and authorizations apply to this PCS code.
    pub stands_for: Option<CodeId>,
    /// The region of a PCS code without a corresponding CPT code.
    pub region: Option<String>,
    /// First day in force.
    pub from: Option<Date>,
    /// Last day in force.
    pub until: Option<Date>,
}

/// How medical necessity is judged for a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NecessityBasis {
    /// By the policy's diagnosis list.
    List,
    /// By a Medicare coverage determination, to which this policy only refers.
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
    /// Its members, as words in a sentence: "Commercial PPO and indemnity members".
    pub members: String,
    /// How medical necessity is judged.
    pub necessity: NecessityBasis,
    /// Is authorization required for inpatient services?
    pub inpatient: Requirement,
    /// Is authorization required for outpatient services?
    pub outpatient: Requirement,
    /// The product labels of the class.
    pub labels: Vec<String>,
}

impl Class {
    /// Is authorization required in this setting? If the setting is unknown, only if both settings require it.
    pub fn requires(&self, setting: Setting) -> Requirement {
        match setting {
            Setting::Inpatient => self.inpatient,
            Setting::Outpatient => self.outpatient,
            Setting::Undetermined if self.inpatient == self.outpatient => self.inpatient,
            Setting::Undetermined => Requirement::Undetermined,
        }
    }
}

/// What a policy says about one rule.
#[derive(Debug, Clone)]
pub struct RuleSetting {
    /// The default disposition.
    pub disposition: Disposition,
    /// Dispositions for specific procedure codes.
    pub by_code: Vec<(CodeId, Disposition)>,
    /// The policy text behind the rule, in our words.
    pub citation: String,
    /// Suggested claim adjustment reason code (CARC). May be empty.
    pub carc: String,
    /// Suggested remittance advice remark code (RARC). May be empty.
    pub rarc: String,
    /// Is the rule asked? The selection of a run may leave it out.
    pub is_asked: bool,
}

impl RuleSetting {
    /// The disposition of a finding on a service with this procedure code.
    pub(crate) fn disposition_for(&self, code: Option<CodeId>) -> Disposition {
        self.by_code.iter().find(|(c, _)| Some(*c) == code).map_or(self.disposition, |(_, d)| *d)
    }
}

/// A worked example of a policy file.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows, in one sentence.
    pub says: String,
    /// A tiny extract in canonical names.
    pub extract: String,
    /// An authorization file, if it needs one.
    pub auths: Option<String>,
    /// All findings that it must have, each as `LINE RULE`.
    pub expect: Vec<String>,
    /// Line in the policy file on which it starts.
    pub line: usize,
    /// Column there, in characters from 1.
    pub column: usize,
}

/// The policy in force.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Id of the medical policy.
    pub id: String,
    /// Its files: policy, limits, remittance, vocabulary, and the overrides if given.
    pub origins: Vec<PolicyOrigin>,
    /// BLAKE3 hash of all files in hexadecimal digits. Identifies the policy that judged a run.
    pub fingerprint: String,
    /// What a claim cannot show, printed in every report.
    pub unseen: Vec<String>,
    /// Editions, earliest first.
    pub editions: Vec<Edition>,
    /// The known procedure codes.
    pub codes: CodeTable,
    /// What the policy says about each code, by [`CodeId`].
    pub procedures: Vec<Procedure>,
    /// Families of diagnoses that must not be coded together.
    pub excludes: Vec<Excludes>,
    /// Modifiers that name a side.
    pub laterality: Vec<String>,
    /// Modifiers of an assistant at surgery.
    pub assistant: Vec<String>,
    /// Modifiers of a co-surgeon or a team of surgeons.
    pub co_surgeon: Vec<String>,
    /// First service date with ICD-10 diagnoses; earlier services have ICD-9 diagnoses.
    pub icd10_from: Date,
    /// Product classes by [`ClassId`].
    pub classes: Vec<Class>,
    /// Product labels.
    pub products: ProductTable,
    /// Product labels of the settings file, which take precedence over those of a layout and of the policy.
    pub own_labels: Vec<(String, ClassId)>,
    /// The coverage determination for Medicare members.
    pub lcd: String,
    /// Its first day, if the file gives one.
    pub lcd_from: Option<Date>,
    /// States to which it applies.
    pub lcd_states: Vec<String>,
    /// The Medicare contractors of other states: a name and the states.
    pub jurisdictions: Vec<(String, Vec<String>)>,
    /// Places of service that are an emergency whatever the admission type says.
    pub emergency_places: Vec<[u8; 2]>,
    /// Words of columns.
    pub vocabulary: Vocabulary,
    /// Settings.
    pub settings: SettingTable,
    /// Facility type of hospital inpatient bills, which do not carry CPT codes.
    pub hospital_inpatient: [u8; 2],
    /// Unit limits.
    pub limits: Vec<Limit>,
    /// Add-on codes.
    pub add_ons: Vec<AddOn>,
    /// Pairs of codes that are never payable together.
    pub exclusive: Vec<Exclusive>,
    /// Pairs of an augmentation and a vertebroplasty that are payable together only at levels of their own.
    pub level_pairs: Vec<Exclusive>,
    /// What the sources ask.
    pub(super) clauses: Vec<Clause>,
    /// Worked examples of the policy file.
    pub examples: Vec<Example>,
    pub(super) rules: FxHashMap<String, RuleSetting>,
    pub(super) role_sets: [CodeSet; Role::WORDS.len()],
}

impl Policy {
    /// The codes of one role as a set, for fast tests.
    pub(crate) fn role_set(&self, role: Role) -> CodeSet {
        self.role_sets[role as usize]
    }

    /// Builds the code set of each role.
    pub(super) fn sort_roles(procedures: &[Procedure]) -> [CodeSet; Role::WORDS.len()] {
        let mut sets = [CodeSet::default(); Role::WORDS.len()];
        for (i, procedure) in procedures.iter().enumerate() {
            sets[procedure.role as usize].insert(CodeId(i as u16));
        }
        sets
    }

    /// The edition for a service date: the one in force, or the earliest for a date before it. Without a date, the latest.
    pub fn edition(&self, day: Option<Date>) -> &Edition {
        let latest = self.editions.len() - 1;
        let index = day.map_or(latest, |day| self.editions.iter().rposition(|e| e.from <= day).unwrap_or(0));
        &self.editions[index]
    }

    /// Is the day later than the last day on which the text of its edition is known to be in force?
    pub(crate) fn is_after_verified(&self, day: Option<Date>) -> bool {
        day.is_some_and(|day| day > self.edition(Some(day)).verified_through)
    }

    /// The parts of the policy that the index of a run needs.
    pub fn lists(&self) -> PolicyLists<'_> {
        PolicyLists { codes: &self.codes, settings: &self.settings }
    }

    /// The first day of the earliest edition.
    pub(crate) fn first_day(&self) -> Date {
        self.editions[0].from
    }

    /// A product class.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[usize::from(id.0)]
    }

    /// The class of this id.
    pub(crate) fn class_named(&self, name: &str) -> Option<ClassId> {
        self.classes.iter().position(|c| c.id == name).map(|i| ClassId(i as u8))
    }

    /// What the policy says about a procedure code.
    pub fn procedure(&self, id: CodeId) -> &Procedure {
        &self.procedures[usize::from(id.0)]
    }

    /// What the source of a rule asks. `None`: the policy files have no sentence for it.
    pub(crate) fn clause(&self, rule: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.is_of(rule))
    }

    /// The codes that can authorize a service with these codes: the codes themselves, those of the same level in the other code
    /// set, and the primary codes of an add-on.
    pub(crate) fn authorized_by(&self, codes: &[CodeId]) -> CodeSet {
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
    pub(crate) fn with_role(&self, role: Role) -> impl Iterator<Item = CodeId> {
        self.procedures.iter().enumerate().filter(move |(_, p)| p.role == role).map(|(i, _)| CodeId(i as u16))
    }

    /// The text of a code.
    pub fn code(&self, id: CodeId) -> &str {
        &self.codes.get(id).code
    }

    /// What the policy says about a rule. The loader guarantees an entry for every rule of the roster.
    pub fn rule(&self, code: &str) -> &RuleSetting {
        &self.rules[code]
    }

    /// The codes of the rules that the selection of the run leaves out, in their order.
    pub fn not_asked(&self) -> Vec<&str> {
        let mut codes: Vec<_> =
            self.rules.iter().filter(|(_, rule)| !rule.is_asked).map(|(code, _)| code.as_str()).collect();
        codes.sort_unstable();
        codes
    }

    /// The file of this kind. Only the overrides may be missing.
    pub fn origin(&self, kind: OriginKind) -> Option<&PolicyOrigin> {
        self.origins.iter().find(|origin| origin.kind == kind)
    }

    /// The file of the medical policy itself, which the loader puts first.
    pub fn own_origin(&self) -> &PolicyOrigin {
        &self.origins[0]
    }
}
