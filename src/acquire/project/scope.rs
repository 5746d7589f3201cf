//! What of a project is asked for: targets and platforms, extras, groups.

use super::error::{Cause, ProjectError};
use super::marker::Selected;
use crate::model::{Context, normalise};
use std::collections::BTreeSet;

/// What of a project is asked for.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub contexts: Vec<Context>,
    /// Normalised.
    pub extras: BTreeSet<String>,
    /// Normalised.
    pub groups: BTreeSet<String>,
    /// Whether the groups that the tool installs unasked are left out.
    pub no_default_groups: bool,
}

impl Scope {
    pub(super) fn new(
        contexts: &[Context],
        extras: &[String],
        groups: &[String],
        no_default_groups: bool,
    ) -> Self {
        let set = |names: &[String]| names.iter().map(|name| normalise(name)).collect();
        let mut contexts = contexts.to_vec();
        contexts.sort_unstable();
        contexts.dedup();
        Self { contexts, extras: set(extras), groups: set(groups), no_default_groups }
    }

    /// With those groups that the tool installs unasked.
    pub(super) fn selected<'a>(&self, default_groups: impl IntoIterator<Item = &'a str>) -> Selected {
        let mut groups = self.groups.clone();
        if !self.no_default_groups {
            groups.extend(default_groups.into_iter().map(normalise));
        }
        Selected { extras: self.extras.clone(), groups }
    }
}

/// The extras and groups that were seen: one that was asked for and is nowhere is a slip of the pen, which must not
/// pass for "nothing to audit".
#[derive(Debug, Default)]
pub(super) struct Known {
    pub extras: BTreeSet<String>,
    pub groups: BTreeSet<String>,
}

impl Known {
    pub(super) fn holds(&self, scope: &Scope) -> Result<(), ProjectError> {
        for (what, option, asked, known) in [
            ("extra", "--extra", &scope.extras, &self.extras),
            ("group", "--group", &scope.groups, &self.groups),
        ] {
            if let Some(name) = asked.difference(known).next() {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(ProjectError::new(
                    option,
                    Cause::UnknownSelection { what, name: name.clone(), known },
                ));
            }
        }
        Ok(())
    }
}
