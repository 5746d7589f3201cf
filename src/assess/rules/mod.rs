//! What is worth a reader's attention, one rule a file.
//!
//! A rule is a [`Rule`] constant: an identifier, how much it matters, a text that explains it, and a pure
//! function from a module, or from a package on all its platforms, to at most one finding. To add one: its file, and
//! two lines here.

mod abi_mismatch;
mod classifier_contradicts_binary;
mod classifier_missing;
mod crashes_on_import;
mod database_contradicts_binary;
mod disagreeing_slices;
mod fails_under_threads;
mod fixed_in;
mod gil_binary_under_none_tag;
mod gil_reenabled;
mod hash_mismatch;
mod known_crash;
mod known_unsafe;
mod leads;
mod mislabelled_binary;
mod no_free_threaded_wheel;
mod odd_gil_value;
mod platform_gap;
mod runtime_contradicts_static;
mod source_only;
mod stale_record;
mod tags_disagree;
mod undetermined;
mod unread;

use crate::model::{
    Abi, Audience, Confidence, DistributionReport, Evidence, Finding, Judgement, Level, Platform, RuleText,
    Runtime, Severity, Slice, Subject, Target, Verdict, tags,
};

/// Every rule, in the order that lists show them.
pub const RULES: [Rule; 28] = [
    gil_reenabled::RULE,
    abi_mismatch::RULE,
    runtime_contradicts_static::RULE,
    crashes_on_import::RULE,
    known_crash::RULE,
    known_unsafe::RULE,
    no_free_threaded_wheel::RULE,
    gil_binary_under_none_tag::RULE,
    mislabelled_binary::RULE,
    tags_disagree::RULE,
    hash_mismatch::RULE,
    source_only::RULE,
    undetermined::RULE,
    unread::RULE,
    classifier_contradicts_binary::RULE,
    database_contradicts_binary::RULE,
    classifier_missing::RULE,
    fails_under_threads::RULE,
    disagreeing_slices::RULE,
    platform_gap::RULE,
    odd_gil_value::RULE,
    fixed_in::RULE,
    stale_record::RULE,
    leads::borrowed_references::RULE,
    leads::unlocked_iteration::RULE,
    leads::unsynchronised_memory::RULE,
    leads::shared_state::RULE,
    leads::blanket_declaration::RULE,
];

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its identifier, in kebab case.
    pub id: &'static str,
    /// How much its findings matter.
    pub severity: Severity,
    /// What its findings do to the exit status, unless a policy says otherwise.
    pub level: Level,
    /// What it finds in a line, an empty line, and what that means and what to do about it.
    pub explain: &'static str,
    check: Check,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
enum Check {
    /// One module.
    Module(fn(&Subject<'_>) -> Option<Finding>),
    /// One version of one distribution, on every platform that it was chosen for.
    Package(fn(&[&DistributionReport], Audience) -> Option<Finding>),
}

impl Rule {
    /// What it says of itself.
    #[must_use]
    pub const fn text(&self) -> RuleText {
        RuleText { id: self.id, severity: self.severity, level: self.level, explain: self.explain }
    }

    /// What it says of a package, on those of its platforms that it is about.
    fn of_package(&self, about: &[&DistributionReport], message: String, help: &str) -> Option<Finding> {
        let first = about.first()?;
        let mut platforms: Vec<Platform> = about.iter().filter_map(|report| report.platform()).collect();
        platforms.sort_unstable();
        platforms.dedup();
        Some(Finding {
            rule: self.id,
            severity: self.severity,
            confidence: Confidence::High,
            level: self.level,
            suppressed: None,
            distribution: first.distribution.to_string(),
            source: first.distribution.source.clone(),
            platforms,
            member: None,
            message,
            evidence: Vec::new(),
            help: help.to_owned(),
        })
    }

    /// What it says of a subject.
    fn finding(
        &self,
        subject: &Subject<'_>,
        message: String,
        evidence: Vec<Evidence>,
        help: String,
    ) -> Finding {
        Finding {
            rule: self.id,
            severity: self.severity,
            confidence: Confidence::High,
            level: self.level,
            suppressed: None,
            distribution: subject.distribution.to_string(),
            source: subject.distribution.source.clone(),
            platforms: subject.platform.into_iter().collect(),
            member: Some(subject.member.path.clone()),
            message: addressed(subject, message),
            evidence,
            help,
        }
    }
}

/// What all rules say of a module.
#[must_use]
pub fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let say = |rule: &Rule| match rule.check {
        Check::Module(check) => check(subject),
        Check::Package(_) => None,
    };
    RULES.iter().filter_map(say).collect()
}

/// What all rules say of one version of one distribution, given what it is on each platform.
#[must_use]
pub fn check_package(reports: &[&DistributionReport], audience: Audience) -> Vec<Finding> {
    let say = |rule: &Rule| match rule.check {
        Check::Module(_) => None,
        Check::Package(check) => check(reports, audience),
    };
    RULES.iter().filter_map(say).collect()
}

/// To who publishes a wheel: against what its own tags say.
fn addressed(subject: &Subject<'_>, message: String) -> String {
    let tags = &subject.distribution.tags;
    match subject.audience {
        Audience::Publisher if !tags.is_empty() => {
            format!("your wheel says {}: {message}", tags::without_platforms(tags))
        }
        _ => message,
    }
}

/// The targets with a verdict that satisfies `wanted`, and what was concluded for the first of them.
fn judged<'a>(
    subject: &Subject<'a>,
    wanted: impl Fn(&Judgement) -> bool,
) -> Option<(Vec<Target>, &'a Judgement)> {
    let found: Vec<_> = subject.verdicts.iter().filter(|(_, judgement)| wanted(judgement)).collect();
    let (_, first) = found.first()?;
    Some((found.iter().map(|(target, _)| **target).collect(), first))
}

/// The first target whose run satisfies `wanted`, and that run.
fn ran<'a>(subject: &Subject<'a>, wanted: impl Fn(&Runtime) -> bool) -> Option<(Target, &'a Runtime)> {
    subject.runtime.iter().find(|(_, runtime)| wanted(runtime)).map(|(target, runtime)| (*target, runtime))
}

/// The reports with a verdict that satisfies `wanted`, and the targets that have it.
fn with_verdict<'a>(
    reports: &[&'a DistributionReport],
    wanted: impl Fn(Verdict) -> bool,
) -> (Vec<&'a DistributionReport>, Vec<Target>) {
    let has = |report: &&&DistributionReport| report.verdicts.values().any(|judged| wanted(judged.verdict));
    let found: Vec<_> = reports.iter().filter(has).copied().collect();
    let verdicts = found.iter().flat_map(|report| &report.verdicts);
    let mut targets: Vec<Target> =
        verdicts.filter(|(_, judged)| wanted(judged.verdict)).map(|(target, _)| *target).collect();
    targets.sort_unstable();
    targets.dedup();
    (found, targets)
}

/// ` on linux-x86_64 and windows-arm64`; nothing where no platform was chosen for.
fn on_platforms(reports: &[&DistributionReport]) -> String {
    let mut platforms: Vec<Platform> = reports.iter().filter_map(|report| report.platform()).collect();
    platforms.sort_unstable();
    platforms.dedup();
    if platforms.is_empty() { String::new() } else { format!(" on {}", listed(&platforms)) }
}

/// `3.13t, 3.14t and 3.15t`.
fn listed<T: ToString>(items: &[T]) -> String {
    let names: Vec<String> = items.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// The slices of a file with the ABI that their code shows; none for a file that has no init function.
fn built<'a>(subject: &Subject<'a>) -> Vec<(&'a Slice, Abi)> {
    let mut verdicts = subject.verdicts.values().map(|judgement| judgement.verdict).peekable();
    if verdicts.peek().is_some() && verdicts.all(|verdict| verdict == Verdict::NotAnExtension) {
        return Vec::new();
    }
    let slices = subject.facts.map_or(&[][..], |facts| &facts.slices);
    let abi = |slice: &Slice| {
        slice.built_for.abi.or_else(|| {
            slice.init.values().find_map(|init| super::evidence::layout(init).map(|(abi, _)| abi))
        })
    };
    slices.iter().filter_map(|slice| abi(slice).map(|abi| (slice, abi))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_is_named_and_explained() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        for rule in RULES {
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.id);
            let mut lines = rule.explain.lines();
            assert!(lines.next().is_some_and(|title| !title.is_empty() && title.len() <= 90), "{}", rule.id);
            assert_eq!(lines.next(), Some(""), "{}: an empty line behind the title", rule.id);
            assert!(lines.all(|line| line.len() <= 80), "{}: lines of at most 80", rule.id);
        }
    }

    #[test]
    fn targets_are_listed_in_words() {
        assert_eq!(listed::<Target>(&[]), "");
        assert_eq!(listed(&[Target::Py314t]), "3.14t");
        assert_eq!(listed(&Target::ALL), "3.13t, 3.14t and 3.15t");
    }
}
