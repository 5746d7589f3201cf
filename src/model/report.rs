//! The result of an audit, ready to be printed in any format.

use super::{Distribution, Facts, Finding, Judgement, Member, ModuleName, Note, Runtime, Target};
use std::collections::BTreeMap;

/// The whole result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The targets asked for, in the order asked.
    pub targets: Vec<Target>,
    /// What was audited, sorted by name, version and source.
    pub distributions: Vec<DistributionReport>,
    /// Environments of another Python than the targets, sorted by source.
    pub environments: Vec<ForeignEnvironment>,
    /// What rules say, sorted by distribution, source, member and rule.
    pub findings: Vec<Finding>,
    /// What could not be done, and what is worth telling, sorted.
    pub notes: Vec<Note>,
}

impl Report {
    /// The same in the order that the fields promise, whatever the order that its parts came in.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.distributions.sort_by(|one, other| one.distribution.key().cmp(&other.distribution.key()));
        for distribution in &mut self.distributions {
            distribution.modules.sort_by(|one, other| one.member.cmp(&other.member));
        }
        self.environments.sort();
        self.findings.sort_by(|one, other| one.key().cmp(&other.key()));
        self.notes.sort();
        self.notes.dedup();
        self
    }
}

/// An environment none of whose extension modules is for any target: that of the Python one is moving away from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignEnvironment {
    /// The folder, as [`Distribution::source`] says it.
    pub source: String,
    /// The Python that most of its modules are for.
    pub python: String,
    /// How many of its distributions no target can use.
    pub distributions: usize,
    /// How many modules these have.
    pub modules: usize,
    /// How many of the modules declare that they do not need the GIL all the same.
    pub declared_not_used: usize,
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
    /// The SHA-256 of its bytes in lower-case hexadecimal, where it was asked for.
    pub hashed: Option<String>,
    /// The verdict for each target.
    pub verdicts: BTreeMap<Target, Judgement>,
    /// What came of importing it, for each target that this was asked for.
    pub runtime: BTreeMap<Target, Runtime>,
}
