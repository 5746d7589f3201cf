//! What a rule says of itself.

use super::{Level, Severity};

/// The description of a rule: what reports explain it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleText {
    /// Its identifier, in kebab case.
    pub id: &'static str,
    /// How much its findings matter.
    pub severity: Severity,
    /// What its findings do to the exit status, unless a policy says otherwise.
    pub level: Level,
    /// What it finds in a line, an empty line, and what that means and what to do about it.
    pub explain: &'static str,
}

impl RuleText {
    /// The first line of its explanation.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.explain.lines().next().unwrap_or(self.id)
    }

    /// Its explanation behind that, paragraph by paragraph.
    pub fn paragraphs(&self) -> impl Iterator<Item = String> + use<> {
        self.explain.split("\n\n").skip(1).map(|paragraph| paragraph.replace('\n', " "))
    }
}
