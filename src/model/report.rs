//! The result of an audit, ready to be printed in any format.

use super::{
    Audience, Considered, Database, Distribution, Facts, Finding, Judgement, Known, Member, ModuleName, Note,
    Platform, Runtime, Target,
};
use std::collections::BTreeMap;

/// The whole result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// When it was made, in UTC as RFC 3339 has it; none before it is handed on.
    pub created: Option<String>,
    /// Whom it speaks to.
    pub audience: Audience,
    /// The targets asked for, in the order asked; or those that the wheels themselves are for, oldest first, which may
    /// be none.
    pub targets: Vec<Target>,
    /// The platforms that wheels were chosen for, in the order asked; empty where none were.
    pub platforms: Vec<Platform>,
    /// The databases that were looked into, in the order in which they count.
    pub databases: Vec<Database>,
    /// What was audited, sorted by name, version and source.
    pub distributions: Vec<DistributionReport>,
    /// Environments of another Python than the targets, sorted by source.
    pub environments: Vec<ForeignEnvironment>,
    /// What rules say, sorted by distribution, source, member and rule.
    pub findings: Vec<Finding>,
    /// What counts though no rule says it: verdicts that no finding tells of, and what was not read. The policy makes
    /// these, in the form of findings.
    pub untold: Vec<Finding>,
    /// What could not be done, and what is worth telling, sorted.
    pub notes: Vec<Note>,
}

impl Report {
    /// The same in the order that the fields promise, whatever the order that its parts came in.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.distributions.sort_by(|one, other| one.key().cmp(&other.key()));
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
    /// What it was chosen for; none where it was named itself, as a file or in an environment.
    pub chosen: Option<Chosen>,
    /// Where the wheel lies that was named itself, or found in a folder that was; none for what is installed, and for what
    /// was chosen.
    pub path: Option<String>,
    /// The verdict for each target; none where it was to be judged for those that its own tags name, and they name
    /// none.
    pub verdicts: BTreeMap<Target, Judgement>,
    /// Its modules, sorted by member path.
    pub modules: Vec<ModuleReport>,
    /// What databases say of it for the targets and the platform.
    pub known: Vec<Known>,
    /// The newest version that there is, where that was asked because what is known is old.
    pub newest: Option<String>,
}

impl DistributionReport {
    /// The platform that it was chosen for.
    #[must_use]
    pub fn platform(&self) -> Option<Platform> {
        self.chosen.as_ref().map(|chosen| chosen.platform)
    }

    /// What lists of them are sorted by.
    fn key(&self) -> (Option<&str>, Option<&str>, Option<Platform>, &str) {
        let (name, version, source) = self.distribution.key();
        (name, version, self.platform(), source)
    }
}

/// How a distribution came into an audit that asked for names and versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Where it would be installed.
    pub platform: Platform,
    /// The file that an installer would take: a wheel, or a source archive; none where there is none.
    pub file: Option<String>,
    /// Where the project asks for it ([`super::Want::said_by`]).
    pub said_by: String,
    /// Who pulls it in ([`super::Want::chain`]).
    pub chain: Vec<String>,
    /// Each file that was looked at, and why it was taken or passed over.
    pub considered: Vec<Considered>,
    /// Which other version would do, where that was looked for.
    pub fix: Option<Fix>,
    /// The file's SHA-256 in lower-case hexadecimal, as the index or the lock file says it.
    pub sha256: Option<String>,
}

/// What a search for another version came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The lowest version above the one asked for whose wheels leave the GIL off.
    pub nearest: Option<String>,
    /// The lowest version of all that do.
    pub lowest: Option<String>,
    /// The newest version that there is.
    pub newest: Option<String>,
    /// How many versions' wheels were read.
    pub looked_at: usize,
    /// Why the search is not complete, where it is not.
    pub incomplete: Option<String>,
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
