//! What stands under a distribution besides its modules: what was chosen for it, and what rules found.

use super::entry::Entry;
use super::look::Look;
use super::modules::Module;
use crate::model::{
    Considered, DistributionReport, Finding, Level, Platform, Report, RuleText, SuppressedBy, Target,
};
use crate::report::human::details::{REPEATING, with_address};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A distribution as it was audited for one platform, or as it was named itself.
pub(super) struct Edition<'a> {
    pub(super) source: &'a str,
    pub(super) platform: Option<&'static str>,
    /// The file that an installer would take, where one was chosen.
    pub(super) wheel: Option<&'a str>,
    pub(super) tags: String,
    /// What each target does with it, and why, as a phrase.
    pub(super) reasons: Vec<(String, Look, String)>,
    pub(super) hints: Vec<String>,
    pub(super) considered: &'a [Considered],
    pub(super) modules: Vec<Module<'a>>,
}

impl<'a> Edition<'a> {
    /// `start` is the number of its first module.
    pub(super) fn of(report: &'a DistributionReport, targets: &[Target], entry: usize, start: usize) -> Self {
        let modules = report.modules.iter().enumerate();
        let judged = targets.iter().filter_map(|target| Some((target, report.verdicts.get(target)?)));
        let mut hints: Vec<String> =
            report.verdicts.values().flat_map(|judged| &judged.evidence).map(with_address).collect();
        hints.dedup();
        let chosen = report.chosen.as_ref();
        Self {
            source: &report.distribution.source,
            platform: report.platform().map(Platform::id),
            wheel: chosen.and_then(|chosen| chosen.file.as_deref()),
            tags: report.distribution.tags.join(", "),
            reasons: judged
                .map(|(target, judged)| {
                    (target.to_string(), Look::of_judgement(judged), judged.reason.to_string())
                })
                .collect(),
            hints,
            considered: chosen.map_or(&[], |chosen| &chosen.considered),
            modules: modules
                .map(|(index, module)| Module::of(module, targets, format!("d{entry}-m{}", start + index)))
                .collect(),
        }
    }
}

/// What one rule found in a distribution.
pub(super) struct Found<'a> {
    pub(super) rule: &'static str,
    pub(super) severity: String,
    /// What it does to the exit status.
    pub(super) does: &'static str,
    pub(super) count: usize,
    /// Each once; none where the verdicts say it all.
    pub(super) messages: BTreeSet<&'a str>,
    pub(super) evidence: BTreeSet<String>,
    pub(super) helps: BTreeSet<&'a str>,
    /// Why it does not count, where that is so.
    pub(super) suppressed: Option<String>,
}

/// The findings of a report, to be looked up by distribution.
pub(super) struct Findings<'a>(HashMap<(&'a str, &'a str), Vec<&'a Finding>>);

impl<'a> Findings<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut findings: HashMap<_, Vec<&Finding>> = HashMap::new();
        for finding in report.findings.iter().filter(|finding| finding.level > Level::Allow) {
            findings
                .entry((finding.distribution.as_str(), finding.source.as_str()))
                .or_default()
                .push(finding);
        }
        Self(findings)
    }

    /// Those about these reports, by rule; what does not count stands apart from what does.
    pub(super) fn about(&self, reports: &[&DistributionReport]) -> Vec<Found<'a>> {
        let mut by_rule: BTreeMap<(Option<String>, &str), Vec<&Finding>> = BTreeMap::new();
        for report in reports {
            let name = report.distribution.to_string();
            for finding in
                self.0.get(&(name.as_str(), report.distribution.source.as_str())).into_iter().flatten()
            {
                by_rule.entry((suppressed(finding), finding.rule)).or_default().push(finding);
            }
        }
        by_rule.into_iter().map(|((why, _), findings)| Found::of(&findings, why)).collect()
    }
}

impl<'a> Found<'a> {
    /// `findings` are of one rule, and there is at least one.
    fn of(findings: &[&'a Finding], suppressed: Option<String>) -> Self {
        let first = findings[0];
        let telling = || findings.iter().filter(|finding| !REPEATING.contains(&finding.rule));
        Self {
            rule: first.rule,
            severity: first.severity.to_string(),
            does: does(first.level),
            count: findings.len(),
            messages: telling().map(|finding| finding.message.as_str()).collect(),
            evidence: telling().flat_map(|finding| &finding.evidence).map(with_address).collect(),
            helps: findings.iter().map(|finding| finding.help.as_str()).collect(),
            suppressed,
        }
    }
}

/// The rules that found something, in their own order.
pub(super) fn telling<'a>(entries: &[Entry<'_>], rules: &'a [RuleText]) -> Vec<&'a RuleText> {
    let found: HashSet<&str> =
        entries.iter().flat_map(|entry| &entry.found).map(|found| found.rule).collect();
    rules.iter().filter(|rule| found.contains(rule.id)).collect()
}

fn suppressed(finding: &Finding) -> Option<String> {
    finding.suppressed.as_ref().map(|why| match why.by {
        SuppressedBy::Ignore => format!("ignored: {}", why.reason),
        SuppressedBy::Baseline => format!("in the baseline: {}", why.reason),
    })
}

fn does(level: Level) -> &'static str {
    match level {
        Level::Deny => "fails the audit",
        Level::Unsure => "leaves the audit unsure",
        Level::Warn => "a warning",
        Level::Allow => "allowed",
    }
}
