//! What stands under a distribution's line: the modules that are not fine, grouped by what is wrong with them,
//! what else rules found, and what to do.

use super::Detail;
use super::choice;
use super::group::Group;
use super::page::{Page, Tone};
use super::runtime;
use crate::model::tags::without_platforms;
use crate::model::{
    Audience, DistributionReport, Evidence, EvidenceKind, Finding, Judgement, Level, ModuleReport, Reason,
    Report, SuppressedBy, Suppression, Target, Verdict,
};
use std::collections::{BTreeMap, BTreeSet};

/// Rules that only repeat a module's verdict, which stands here anyway.
pub(in crate::report) const REPEATING: [&str; 7] = [
    "gil-reenabled",
    "abi-mismatch",
    "undetermined",
    "unread",
    "no-free-threaded-wheel",
    "source-only",
    "platform-gap",
];

/// Rules that give leads, which are counted at the end and listed where everything is.
pub(super) const LEADS: [&str; 5] = [
    "blanket-declaration",
    "borrowed-references",
    "shared-state",
    "unlocked-iteration",
    "unsynchronised-memory",
];

/// Whether a finding is a lead, and nobody has made it count.
pub(super) fn is_lead(finding: &Finding) -> bool {
    LEADS.contains(&finding.rule) && finding.suppressed.is_none() && finding.level == Level::Warn
}

/// Rules of which another version is the way out.
const ABOUT_FILES: [&str; 3] = ["no-free-threaded-wheel", "source-only", "platform-gap"];

pub(super) fn write(report: &Report, group: &Group<'_>, names_source: bool, detail: Detail, page: &mut Page) {
    if names_source || detail == Detail::Everything {
        for report in &group.reports {
            let platform = report.platform().map_or(String::new(), |platform| format!(" for {platform}"));
            page.paragraph(4, Tone::Faint, &format!("from {}{platform}", report.distribution.source));
        }
    }
    // With one target the line above tells the tags.
    let by_tag = refused_by_tag(group);
    for (_, reason) in by_tag.iter().filter(|_| report.targets.len() > 1) {
        page.paragraph(4, Tone::Plain, &reason.to_string());
    }
    if report.audience == Audience::Publisher && by_tag.is_empty() {
        claim(group, page);
    }
    choice::write(group, report.platforms.len() > 1, detail, page);
    let asked = |target: &&Target| {
        detail == Detail::Everything || by_tag.iter().all(|(refused, _)| refused != *target)
    };
    let targets: Vec<Target> = report.targets.iter().filter(asked).copied().collect();
    modules(group, &targets, report.targets.len() > 1, detail, page);
    for distribution in &group.reports {
        runtime::write(distribution, &targets, detail, page);
    }
    let mut findings: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| group.reports.iter().any(|report| is_about(finding, report)))
        .filter(|finding| by_tag.is_empty() || finding.rule != "abi-mismatch")
        .collect();
    // What is wrong on several platforms is told once.
    let mut told = BTreeSet::new();
    findings.retain(|finding| told.insert((finding.rule, &finding.message)));
    suppressed(&findings, page);
    findings.retain(|finding| finding.suppressed.is_none() && finding.level > Level::Allow);
    findings.retain(|finding| detail == Detail::Everything || !is_lead(finding));
    other_findings(&findings, detail, page);
    // Where other versions were looked at, what to move to is told above.
    let searched =
        group.reports.iter().any(|report| report.chosen.as_ref().is_some_and(|one| one.fix.is_some()));
    let is_told = |finding: &&&Finding| searched && ABOUT_FILES.contains(&finding.rule);
    let mut helps: Vec<&str> =
        findings.iter().filter(|one| !is_told(one)).map(|finding| finding.help.as_str()).collect();
    helps.sort_unstable();
    helps.dedup();
    for help in helps {
        page.paragraph(4, Tone::Help, help);
    }
}

/// What the wheel says of itself, above that which belies it.
fn claim(group: &Group<'_>, page: &mut Page) {
    let is_belied = |judged: &(&Target, &Judgement)| judged.1.verdict > Verdict::GilFree;
    let reports = group.reports.iter().filter(|report| !report.distribution.tags.is_empty());
    for report in reports {
        let belied: Vec<String> =
            report.verdicts.iter().filter(is_belied).map(|(target, _)| target.to_string()).collect();
        if !belied.is_empty() {
            let says = without_platforms(&report.distribution.tags);
            let text = format!("your wheel says {says}, so that {} installs it:", belied.join(" or "));
            page.paragraph(4, Tone::Plain, &text);
        }
    }
}

/// The targets that do not even install it, where modules need no further word.
fn refused_by_tag<'a>(group: &Group<'a>) -> Vec<(Target, &'a Reason)> {
    let verdicts = group.reports.iter().flat_map(|report| &report.verdicts);
    let reasons = verdicts.map(|(target, judgement)| (*target, &judgement.reason));
    reasons.filter(|(_, reason)| matches!(reason, Reason::TagNotInstallable { .. })).collect()
}

/// Whether its modules are shown, or a word about its tags says it all.
pub(super) fn shows_modules(group: &Group<'_>, detail: Detail) -> bool {
    detail == Detail::Everything || refused_by_tag(group).is_empty()
}

/// Whether a rule has found more than a verdict says.
pub(super) fn has_more_to_tell(report: &Report, distribution: &DistributionReport) -> bool {
    let mut findings = report.findings.iter().filter(|finding| is_about(finding, distribution));
    findings.any(|finding| !REPEATING.contains(&finding.rule) && !is_lead(finding))
}

pub(in crate::report) fn is_about(finding: &Finding, report: &DistributionReport) -> bool {
    finding.source == report.distribution.source && finding.distribution == report.distribution.to_string()
}

/// What some targets have against a module.
#[derive(Clone, PartialEq, Eq)]
struct Complaint<'a> {
    targets: Vec<Target>,
    verdict: Verdict,
    reason: &'a Reason,
    evidence: &'a [Evidence],
}

impl Complaint<'_> {
    /// Evidence differs from module to module; what it comes to need not. What could not be read is named
    /// file by file.
    fn is_like(&self, other: &Self) -> bool {
        (&self.targets, self.verdict, self.reason) == (&other.targets, other.verdict, other.reason)
            && !matches!(self.reason, Reason::Unread(_))
    }
}

fn modules(group: &Group<'_>, targets: &[Target], naming: bool, detail: Detail, page: &mut Page) {
    let mut groups: Vec<(Vec<Complaint<'_>>, Vec<&ModuleReport>)> = Vec::new();
    let mut told: Vec<(&str, Vec<Complaint<'_>>)> = Vec::new();
    for module in group.reports.iter().flat_map(|report| &report.modules) {
        let complaints = complaints(module, targets, detail);
        // On another platform it is the same module.
        let known = |(name, known): &(&str, Vec<Complaint<'_>>)| {
            *name == module.name.dotted && are_alike(known, &complaints)
        };
        if group.reports.len() > 1 && detail < Detail::Everything {
            if told.iter().any(known) {
                continue;
            }
            told.push((&module.name.dotted, complaints.clone()));
        }
        let alike = |(known, _): &&mut (Vec<Complaint<'_>>, _)| are_alike(known, &complaints);
        match groups.iter_mut().find(alike) {
            _ if complaints.is_empty() => {}
            Some((_, modules)) if detail < Detail::Everything => modules.push(module),
            _ => groups.push((complaints, vec![module])),
        }
    }
    let gravity = |complaints: &[Complaint<'_>]| complaints.iter().map(|complaint| complaint.verdict).max();
    groups.sort_by_key(|(complaints, _)| std::cmp::Reverse(gravity(complaints)));
    for (complaints, modules) in groups {
        if let [first, others @ ..] = modules.as_slice() {
            one(first, &complaints, naming, detail, page);
            if !others.is_empty() {
                let text = format!("… and {} more, same reason (-v lists them)", others.len());
                page.paragraph(4, Tone::Faint, &text);
            }
        }
    }
}

fn are_alike(one: &[Complaint<'_>], other: &[Complaint<'_>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_like(other))
}

/// In the order of targets; those with the same reason have one together.
fn complaints<'a>(module: &'a ModuleReport, targets: &[Target], detail: Detail) -> Vec<Complaint<'a>> {
    let mut complaints: Vec<Complaint<'a>> = Vec::new();
    for target in targets {
        let Some(Judgement { verdict, reason, evidence }) = module.verdicts.get(target) else { continue };
        if *verdict <= Verdict::GilFree && detail < Detail::Everything {
            continue;
        }
        match complaints.iter_mut().find(|known| (known.verdict, known.reason) == (*verdict, reason)) {
            Some(known) => known.targets.push(*target),
            None => {
                complaints.push(Complaint { targets: vec![*target], verdict: *verdict, reason, evidence });
            }
        }
    }
    complaints
}

fn one(module: &ModuleReport, complaints: &[Complaint<'_>], naming: bool, detail: Detail, page: &mut Page) {
    let origin = module.facts.iter().flat_map(|facts| &facts.slices).find_map(|slice| slice.origin.as_ref());
    let built_by = origin.map_or(String::new(), |tool| {
        let version = tool.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
        format!("; built by {}{version}", tool.name)
    });
    for (index, Complaint { targets, reason, evidence, .. }) in complaints.iter().enumerate() {
        let reason = reason.to_string();
        let names: Vec<String> = targets.iter().map(ToString::to_string).collect();
        let told = matches!(names.as_slice(), [name] if reason.contains(name.as_str()));
        let targets = if naming && !told { format!("{}: ", names.join(", ")) } else { String::new() };
        if index == 0 {
            let text = format!("{}  {targets}{reason}{built_by}", module.name.dotted);
            page.paragraph(4, Tone::Plain, &text);
        } else {
            page.paragraph(6, Tone::Plain, &format!("{targets}{reason}"));
        }
        let shown = match detail {
            Detail::Everything => evidence,
            _ => evidence.get(..1).filter(|first| says_more(first)).unwrap_or_default(),
        };
        for evidence in shown {
            page.paragraph(6, Tone::Faint, &with_address(evidence));
        }
    }
    if detail == Detail::Everything {
        page.paragraph(6, Tone::Faint, &module.member.path);
    }
}

/// The sentence, with the address that `objdump` shows it at.
pub(in crate::report) fn with_address(Evidence { text, address, .. }: &Evidence) -> String {
    match address.map(|address| format!("{address:#x}")) {
        Some(address) if !text.contains(&address) => format!("{text} ({address})"),
        _ => text.clone(),
    }
}

/// Names are told by the reason already.
fn says_more(evidence: &[Evidence]) -> bool {
    evidence.iter().any(|first| !matches!(first.kind, EvidenceKind::FileName | EvidenceKind::WheelTag))
}

/// What does not count, with the reason that the team gives.
fn suppressed(findings: &[&Finding], page: &mut Page) {
    let mut why: BTreeMap<(SuppressedBy, &str), Vec<&str>> = BTreeMap::new();
    for finding in findings {
        if let Some(Suppression { by, reason }) = &finding.suppressed {
            let rules = why.entry((*by, reason)).or_default();
            if !rules.contains(&finding.rule) {
                rules.push(finding.rule);
            }
        }
    }
    for ((_, reason), rules) in why {
        page.paragraph(4, Tone::Faint, &format!("does not count ({}): {reason}", rules.join(", ")));
    }
}

/// The first finding of each rule, and how many there are like it.
fn other_findings(findings: &[&Finding], detail: Detail, page: &mut Page) {
    let mut by_rule: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !REPEATING.contains(&finding.rule)) {
        by_rule.entry(finding.rule).or_default().push(finding);
    }
    for (rule, findings) in by_rule {
        let shown = if detail == Detail::Everything { findings.len() } else { 1 };
        for finding in findings.iter().take(shown) {
            page.paragraph(4, Tone::Warning, &format!("{rule}: {}", finding.message));
        }
        if findings.len() > shown {
            let text = format!("… and {} more of this kind (-v lists them)", findings.len() - shown);
            page.paragraph(4, Tone::Faint, &text);
        }
    }
}
