//! The result of an audit, ready to be printed in any format.

use super::{Distribution, Facts, Finding, Judgement, Member, ModuleName, Note, Target};
use std::collections::BTreeMap;

/// The whole result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The targets asked for, in the order asked.
    pub targets: Vec<Target>,
    /// What was audited, sorted by name, version and source.
    pub distributions: Vec<DistributionReport>,
    /// What rules say, sorted by distribution, member and rule.
    pub findings: Vec<Finding>,
    /// What could not be done, and what is worth telling, sorted.
    pub notes: Vec<Note>,
}

/// One distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistributionReport {
    /// What it is.
    pub distribution: Distribution,
    /// The verdict for each target.
    pub verdicts: BTreeMap<Target, Judgement>,
    /// Its modules, sorted by member path.
    pub modules: Vec<ModuleReport>,
}

/// One module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleReport {
    /// Its import name.
    pub name: ModuleName,
    /// The file.
    pub member: Member,
    /// What it shows; none where it could not be read.
    pub facts: Option<Facts>,
    /// The verdict for each target.
    pub verdicts: BTreeMap<Target, Judgement>,
}
