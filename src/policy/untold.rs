//! What counts though no rule has said it: a verdict that is not fine never passes for want of a finding, and neither
//! does what was not read. Told in the form of findings, so that every report can list what decides the exit status.

use super::Policy;
use crate::model::{
    Confidence, DistributionReport, Finding, Judgement, Level, Note, Reason, Report, Severity, Target,
    Verdict,
};
use std::collections::BTreeMap;

/// What a target does, and which one.
type Judged<'a> = (Target, &'a Judgement);

impl Policy {
    /// In the order of distributions and notes.
    pub(super) fn untold(&self, report: &Report) -> Vec<Finding> {
        let verdicts = report.distributions.iter().flat_map(|one| self.verdicts(one, &report.findings));
        let unread = report.notes.iter().filter(|note| note.unread && !is_told(note, &report.findings));
        verdicts.chain(unread.map(|note| self.not_read(note))).collect()
    }

    /// The verdicts of a distribution that no finding tells of, one for each rule that would have.
    fn verdicts(&self, report: &DistributionReport, findings: &[Finding]) -> Vec<Finding> {
        let told = |verdict: Verdict| {
            let rules = rules_about(verdict);
            findings.iter().any(|finding| rules.contains(&finding.rule) && tells_of(finding, report))
        };
        let mut by_rule: BTreeMap<(&'static str, Level), Vec<Judged<'_>>> = BTreeMap::new();
        for (target, judged) in report.verdicts.iter().filter(|(_, judged)| !told(judged.verdict)) {
            if let Some(rule) = rule_for(judged) {
                by_rule.entry(rule).or_default().push((*target, judged));
            }
        }
        let finding = |((rule, level), judged): ((&'static str, Level), Vec<Judged<'_>>)| Finding {
            rule,
            severity: if level == Level::Deny { Severity::High } else { Severity::Medium },
            confidence: Confidence::High,
            level: self.levels.get(rule).copied().unwrap_or(level),
            suppressed: None,
            distribution: report.distribution.to_string(),
            source: report.distribution.source.clone(),
            platforms: report.platform().into_iter().collect(),
            member: None,
            message: sentence(report, &judged),
            evidence: judged.first().map_or_else(Vec::new, |(_, judged)| judged.evidence.clone()),
            help: explained_by(rule),
        };
        by_rule.into_iter().map(finding).collect()
    }

    fn not_read(&self, note: &Note) -> Finding {
        let mut lines = note.why.lines();
        let why = lines.next().unwrap_or_default();
        let hint = lines.find_map(|line| line.strip_prefix("hint: "));
        Finding {
            rule: "unread",
            severity: Severity::Medium,
            confidence: Confidence::High,
            level: self.unread(),
            suppressed: None,
            distribution: String::new(),
            source: note.about.clone(),
            platforms: Vec::new(),
            member: None,
            message: format!("not read: {}: {why}", note.about),
            evidence: Vec::new(),
            help: hint.map_or_else(|| explained_by("unread"), str::to_owned),
        }
    }
}

fn explained_by(rule: &str) -> String {
    format!("ftaudit explain {rule}")
}

/// `foo 1.0 cannot be installed on 3.14t: its wheel is tagged cp312-cp312`
fn sentence(report: &DistributionReport, judged: &[Judged<'_>]) -> String {
    let distribution = &report.distribution;
    let [(target, first), others @ ..] = judged else { return distribution.to_string() };
    let told = match &first.reason {
        reason @ Reason::WorstOf { .. } => {
            format!("{distribution} is {} under {target}: {reason}", first.verdict)
        }
        reason => format!("{distribution} {reason}"),
    };
    let others: Vec<String> = others.iter().map(|(target, _)| target.to_string()).collect();
    if others.is_empty() { told } else { format!("{told} (the same under {})", others.join(", ")) }
}

/// The rule that would have told of a judgement, and the level that it has.
const fn rule_for(judged: &Judgement) -> Option<(&'static str, Level)> {
    match judged.verdict {
        Verdict::RequiresGil => Some(("gil-reenabled", Level::Deny)),
        Verdict::IncompatibleAbi => Some(("abi-mismatch", Level::Deny)),
        Verdict::NotAvailable => Some(("no-free-threaded-wheel", Level::Deny)),
        Verdict::SourceOnly => Some(("source-only", Level::Unsure)),
        Verdict::Undetermined if matches!(judged.reason, Reason::Unread(_)) => {
            Some(("unread", Level::Unsure))
        }
        Verdict::Undetermined => Some(("undetermined", Level::Unsure)),
        Verdict::GilFree | Verdict::NotAnExtension | Verdict::PurePython => None,
    }
}

/// The rules that tell of a verdict, each of each module or distribution that has it.
const fn rules_about(verdict: Verdict) -> &'static [&'static str] {
    match verdict {
        Verdict::RequiresGil => &["gil-reenabled"],
        Verdict::IncompatibleAbi => &["abi-mismatch"],
        Verdict::NotAvailable => &["no-free-threaded-wheel"],
        Verdict::SourceOnly => &["source-only"],
        Verdict::Undetermined => &["undetermined", "unread"],
        Verdict::GilFree | Verdict::NotAnExtension | Verdict::PurePython => &[],
    }
}

/// Whether a finding tells of a distribution's verdict: that of a module of the same file, or that of a package on the
/// same platform.
fn tells_of(finding: &Finding, report: &DistributionReport) -> bool {
    let of_platform = report.platform().is_some_and(|platform| finding.platforms.contains(&platform));
    finding.distribution == report.distribution.to_string()
        && (finding.source == report.distribution.source || finding.member.is_none() && of_platform)
}

/// Whether a finding says of a file what a note says of it, and counts as much.
fn is_told(note: &Note, findings: &[Finding]) -> bool {
    let of_file = |finding: &Finding| {
        let member = finding.member.as_deref().unwrap_or_default();
        finding.suppressed.is_none()
            && finding.rule == "unread"
            && note.about.strip_prefix(&finding.source).and_then(|rest| rest.strip_prefix(": "))
                == Some(member)
    };
    findings.iter().any(of_file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;

    fn untold(report: &Report) -> Vec<(String, Level)> {
        let found = Policy::default().untold(report).into_iter();
        found.map(|finding| ([finding.rule, &finding.message].join(": "), finding.level)).collect()
    }

    #[test]
    fn a_verdict_without_a_finding_is_told() {
        let mut report = made_up::report_of(&[Verdict::GilFree, Verdict::IncompatibleAbi]);
        report.targets.push(Target::Py315t);
        let reason = Reason::TagNotInstallable { tags: "cp312-cp312".to_owned(), target: Target::Py314t };
        let judged = Judgement { verdict: Verdict::IncompatibleAbi, reason, evidence: Vec::new() };
        report.distributions[1].verdicts =
            [(Target::Py314t, judged.clone()), (Target::Py315t, judged)].into();
        let told = "abi-mismatch: incompatible-abi 1.0 cannot be installed on 3.14t: its wheel is tagged \
                    cp312-cp312 (the same under 3.15t)";
        assert_eq!(untold(&report), [(told.to_owned(), Level::Deny)]);
        let mut finding = made_up::finding("abi-mismatch");
        let distribution = &report.distributions[1].distribution;
        (finding.distribution, finding.source) = (distribution.to_string(), distribution.source.clone());
        report.findings.push(finding);
        assert_eq!(untold(&report), []);
    }

    #[test]
    fn what_was_not_read_is_told_once_and_with_its_hint() {
        let mut report = made_up::report_of(&[Verdict::GilFree]);
        report.notes = vec![
            Note::unread("foo-1.0.whl: foo/_x.so", "is empty"),
            Note::unread("foo.whl", "is cut off\nhint: download it again"),
            Note::told("venv", "is a virtual environment"),
        ];
        let mut finding = made_up::finding("unread");
        finding.member = Some("foo/_x.so".to_owned());
        report.findings.push(finding);
        assert_eq!(untold(&report), [("unread: not read: foo.whl: is cut off".to_owned(), Level::Unsure)]);
        assert_eq!(Policy::default().untold(&report)[0].help, "download it again");
    }
}
