//! The policy in force: code lists, tables, limits and dispositions, validated, with every name resolved.
//!
//! A policy consists of four files: the medical policy, the limits (NCCI), the remittance codes, and the words of claim columns.
//! Each is built in, and a given file of the same kind replaces it. A fifth file overrides dispositions and product labels
//! and selects rules ([`overrides`]).
//!
//! # Sub-rooms, in order
//!
//! - [`origin`]: the files that a policy is made of.
//! - [`family`]: families of diagnoses.
//! - [`limits`]: unit limits and code pairs.
//! - [`clause`]: what the sources ask, in our words.
//! - [`edition`]: the lists of the policy from one day on.
//! - [`model`]: the policy as values.
//! - [`show`]: the policy as text.
//! - [`lists`]: reads procedures, editions, product classes and settings.
//! - [`vocabulary`]: reads the words of claim columns.
//! - [`selection`]: which rules are asked.
//! - [`overrides`]: reads the dispositions, labels and selected rules of the settings.
//! - [`parse`]: reads all files into a policy.

pub mod clause;
mod edition;
mod family;
pub mod limits;
mod lists;
mod model;
pub mod origin;
pub mod overrides;
pub mod parse;
pub mod selection;
pub mod show;
mod vocabulary;

pub use crate::policy::clause::Clause;
pub use crate::policy::edition::{Edition, Listed, ListedCode};
pub use crate::policy::family::DiagnosisFamily;
pub use crate::policy::limits::{AddOn, Excludes, Exclusive, Limit};
pub use crate::policy::model::{
    Class, Disposition, Example, NecessityBasis, Policy, Procedure, Requirement, Role, RuleSetting,
};
pub use crate::policy::origin::{OriginKind, PolicyOrigin};
