//! What changed from one report to the next.

use super::Verdict;

/// All that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The targets that both reports judge for, as the newer one has them.
    pub targets: Vec<String>,
    /// Distributions that are not as they were, worst first, then by name and platform.
    pub changes: Vec<Change>,
    /// How many distributions are as they were.
    pub unchanged: usize,
    /// What the newer report could not read, and the older one did not say so of.
    pub unread: Vec<String>,
    /// What was left out of the comparison, and why.
    pub remarks: Vec<String>,
}

impl Difference {
    /// What it comes to: the gravest of all changes, and unsure at least where something was not read.
    #[must_use]
    pub fn weight(&self) -> ChangeWeight {
        let unread = if self.unread.is_empty() { ChangeWeight::Nothing } else { ChangeWeight::Unsure };
        self.changes.iter().map(|change| change.weight).fold(unread, Ord::max)
    }

    /// How many changes went this way.
    #[must_use]
    pub fn count(&self, direction: Direction) -> usize {
        self.changes.iter().filter(|change| change.direction == direction).count()
    }
}

/// One distribution on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it went.
    pub direction: Direction,
    /// What that does to the exit status.
    pub weight: ChangeWeight,
    /// Its name, or where its files are, if it has none.
    pub distribution: String,
    /// The platform that it was chosen for.
    pub platform: Option<String>,
    /// Its versions in the older report; empty where it is new.
    pub old_versions: Vec<String>,
    /// Its versions in the newer report; empty where it is gone.
    pub new_versions: Vec<String>,
    /// What targets do with it, where that changed; for what is new or gone, all of it.
    pub verdicts: Vec<VerdictStep>,
    /// Modules that changed, by name, then target.
    pub modules: Vec<ModuleStep>,
    /// Findings that no verdict shows, which came.
    pub found: Vec<Found>,
    /// The same, which went.
    pub settled: Vec<Found>,
}

/// What a change does to the exit status, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeWeight {
    /// Nothing: it is better, or somebody said that it does not count.
    Nothing,
    /// It could be worse without showing.
    Unsure,
    /// It is worse, or new and not ready.
    Worse,
}

/// Where a distribution went, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Something of it is worse.
    Worse,
    /// Something of it was not ready and is not known any more, or cannot be compared.
    Unclear,
    /// It was not there.
    New,
    /// Something of it is better, and nothing worse.
    Better,
    /// It is not there any more.
    Gone,
}

impl Direction {
    /// Every direction, worst first.
    pub const ALL: [Self; 5] = [Self::Worse, Self::Unclear, Self::New, Self::Better, Self::Gone];

    /// The identifier used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Unclear => "unclear",
            Self::New => "new",
            Self::Better => "better",
            Self::Gone => "gone",
        }
    }
}

/// What one target does, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictStep {
    /// The target.
    pub target: String,
    /// Before; none where it was not there.
    pub old: Option<VerdictId>,
    /// After; none where it is not there any more.
    pub new: Option<VerdictId>,
}

/// The same for a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleStep {
    /// Dotted name.
    pub module: String,
    /// What changed.
    pub step: VerdictStep,
    /// Why it is what it is now, as a phrase whose subject is the module; none where it is not there any more.
    pub why: Option<String>,
}

/// A verdict as a report spells it, best first; one that this version does not know is last, since it could be anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerdictId {
    /// One of this version's.
    Known(Verdict),
    /// One that this version does not know: a newer one wrote the report.
    Other(String),
}

impl VerdictId {
    /// Reads one.
    #[must_use]
    pub fn of(id: &str) -> Self {
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.id() == id);
        verdict.map_or_else(|| Self::Other(id.to_owned()), Self::Known)
    }

    /// Whether it is known to leave the GIL off.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        matches!(self, Self::Known(verdict) if *verdict <= Verdict::GilFree)
    }

    /// Whether it is no answer: nothing tells, nothing is built yet, or a later version says what this one does not know.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Other(_) | Self::Known(Verdict::Undetermined | Verdict::SourceOnly))
    }

    /// As the report spells it.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Known(verdict) => verdict.id(),
            Self::Other(id) => id,
        }
    }
}

/// A finding that no verdict shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Identifier of the rule.
    pub rule: String,
    /// What is wrong, as a sentence.
    pub message: String,
}
