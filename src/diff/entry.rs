//! A report's distributions, as they are put side by side: by name and platform, whatever their versions.

use crate::model::VerdictId;
use crate::saved::{SavedDistribution, SavedReport};
use std::collections::{BTreeMap, BTreeSet};

/// What a distribution is known by in both reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Its name, or where its files are, if it has none.
    pub name: String,
    pub platform: Option<String>,
    /// Whether it has a name.
    pub is_named: bool,
}

impl Key {
    fn of(distribution: &SavedDistribution) -> Self {
        let name = distribution.name.clone().unwrap_or_else(|| distribution.source.clone());
        Self { name, platform: distribution.platform.clone(), is_named: distribution.name.is_some() }
    }

    /// Whether it is for one of these platforms, or for none in particular.
    pub(super) fn is_in(&self, platforms: &[String]) -> bool {
        self.platform.as_ref().is_none_or(|platform| platforms.contains(platform))
    }
}

/// All that a report has under a key: several wheels or versions are taken together, at their worst.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    pub versions: BTreeSet<&'a str>,
    /// By target.
    pub verdicts: BTreeMap<&'a str, VerdictId>,
    /// By name, then target; with the reason.
    pub modules: BTreeMap<&'a str, BTreeMap<&'a str, (VerdictId, &'a str)>>,
}

impl<'a> Entry<'a> {
    pub(super) fn all(report: &'a SavedReport, targets: &[String]) -> BTreeMap<Key, Self> {
        let mut entries: BTreeMap<Key, Self> = BTreeMap::new();
        for distribution in &report.distributions {
            entries.entry(Key::of(distribution)).or_default().add(distribution, targets);
        }
        entries
    }

    fn add(&mut self, distribution: &'a SavedDistribution, targets: &[String]) {
        self.versions.extend(distribution.version.as_deref());
        for (target, verdict) in distribution.verdicts.iter().filter(|(target, _)| targets.contains(target)) {
            let known = VerdictId::of(verdict);
            let worst = self.verdicts.entry(target).or_insert_with(|| known.clone());
            if known > *worst {
                *worst = known;
            }
        }
        for module in &distribution.modules {
            let verdicts = self.modules.entry(&module.name).or_default();
            for (target, judged) in module.verdicts.iter().filter(|(target, _)| targets.contains(target)) {
                let new = (VerdictId::of(&judged.verdict), judged.message.as_str());
                let worst = verdicts.entry(target).or_insert_with(|| new.clone());
                if new.0 > worst.0 {
                    *worst = new;
                }
            }
        }
    }
}
