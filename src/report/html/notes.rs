//! What was not read, and what else is worth telling.

use crate::model::{Note, Report};
use crate::report::environment::sentence;
use std::collections::BTreeMap;

/// Both, apart.
pub(super) struct Notes<'a> {
    /// What had to be audited and was not.
    pub(super) unread: Vec<Told<'a>>,
    /// What is for information.
    pub(super) told: Vec<Told<'a>>,
    /// Environments of another Python, in a sentence each.
    pub(super) environments: Vec<String>,
}

/// One reason, and all that it is about: a server that does not answer is one reason for many.
pub(super) struct Told<'a> {
    pub(super) why: &'a str,
    /// What to do.
    pub(super) hints: Vec<&'a str>,
    pub(super) about: Vec<&'a str>,
}

impl<'a> Notes<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        Self {
            unread: by_reason(report.notes.iter().filter(|note| note.unread)),
            told: by_reason(report.notes.iter().filter(|note| !note.unread)),
            environments: report.environments.iter().map(|one| sentence(one, &report.targets)).collect(),
        }
    }

    /// How many things were not read.
    pub(super) fn missing(&self) -> usize {
        self.unread.iter().map(|told| told.about.len()).sum()
    }
}

fn by_reason<'a>(notes: impl Iterator<Item = &'a Note>) -> Vec<Told<'a>> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Note { about, why, .. } in notes {
        by_reason.entry(why).or_default().push(about);
    }
    let told = by_reason.into_iter().map(|(why, about)| {
        let mut lines = why.lines();
        Told { why: lines.next().unwrap_or_default(), hints: lines.collect(), about }
    });
    told.collect()
}
