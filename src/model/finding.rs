//! What is worth a reader's attention.

use super::{
    Audience, Distribution, Evidence, Facts, Judgement, Member, ModuleName, Platform, Runtime, Target,
};
use std::collections::BTreeMap;
use std::fmt;

/// Everything that a rule may look at: one module of one distribution.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Whose it is.
    pub distribution: &'a Distribution,
    /// The file.
    pub member: &'a Member,
    /// The platform that its wheel was chosen for.
    pub platform: Option<Platform>,
    /// Its import name.
    pub name: &'a ModuleName,
    /// What it shows; none where it could not be read.
    pub facts: Option<&'a Facts>,
    /// What was concluded for each target.
    pub verdicts: &'a BTreeMap<Target, Judgement>,
    /// What came of importing it, for each target that this was asked for.
    pub runtime: &'a BTreeMap<Target, Runtime>,
    /// The SHA-256 of its bytes in lower-case hexadecimal, where it was asked for.
    pub sha256: Option<&'a str>,
    /// Who is told.
    pub audience: Audience,
}

/// What a rule says of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Identifier of the rule.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it does to the exit status.
    pub level: Level,
    /// Why it does nothing to the exit status all the same.
    pub suppressed: Option<Suppression>,
    /// The distribution, as reports name it (`lxml 6.1.3`).
    pub distribution: String,
    /// Where that comes from, as [`Distribution::source`] says it: two wheels may have the same name.
    pub source: String,
    /// The platforms that it is about; empty where none was chosen for.
    pub platforms: Vec<Platform>,
    /// Path of the member, where it is about one.
    pub member: Option<String>,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// What to do about it.
    pub help: String,
}

impl Finding {
    /// What lists of findings are sorted by.
    pub(super) fn key(&self) -> (&str, &[Platform], &str, Option<&str>, &str) {
        (&self.distribution, &self.platforms, &self.source, self.member.as_deref(), self.rule)
    }
}

/// What a finding does to the exit status, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing, and it is not shown.
    Allow,
    /// Nothing.
    Warn,
    /// The audit does not pass for clean: 3, unless something makes it 1.
    Unsure,
    /// The audit fails: 1.
    Deny,
}

impl Level {
    /// Every level, least first.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Warn, Self::Unsure, Self::Deny];

    /// The identifier used in configuration files and reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Unsure => "unsure",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suppression {
    /// What suppresses it.
    pub by: SuppressedBy,
    /// The reason that the team gave, or where it is written.
    pub reason: String,
}

/// What can suppress a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuppressedBy {
    /// An `[[ignore]]` of the configuration.
    Ignore,
    /// The baseline: it was there before.
    Baseline,
}

impl SuppressedBy {
    /// The identifier used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Baseline => "baseline",
        }
    }
}

/// How much a finding matters, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For information.
    Info,
    /// May matter.
    Low,
    /// Matters to some.
    Medium,
    /// Breaks what free-threaded Python is chosen for.
    High,
}

/// How sure a finding is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A lead.
    Low,
    /// Likely.
    Medium,
    /// Read from the binary, and the interpreter's rule is known.
    High,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}
