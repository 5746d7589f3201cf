//! What databases say of a package, for the rules that lay it beside what was found out. Apart from them, since five look
//! at it in the same way.

use crate::model::{
    Basis, Bearing, Confidence, DistributionReport, Evidence, EvidenceKind, Judgement, Known, KnownStatus,
    Target,
};

/// A statement about the version that was audited, and what was concluded for a target that it is about.
#[derive(Clone, Copy)]
pub(super) struct Met<'a> {
    pub report: &'a DistributionReport,
    pub target: Target,
    pub judged: &'a Judgement,
    pub known: &'a Known,
}

/// Each statement about the version that was audited, once for each target that it is about.
pub(super) fn met<'a>(reports: &[&'a DistributionReport]) -> Vec<Met<'a>> {
    let of_report = |report: &&'a DistributionReport| {
        let report = *report;
        report.known.iter().flat_map(move |known| {
            let targets = report.verdicts.iter().filter(|(target, _)| known.applies(**target));
            targets.map(move |(target, judged)| Met { report, target: *target, judged, known })
        })
    };
    reports.iter().flat_map(of_report).collect()
}

/// The reports and targets that statements are about, each once.
pub(super) fn about<'a>(all: &[Met<'a>]) -> (Vec<&'a DistributionReport>, Vec<Target>) {
    let mut reports: Vec<&DistributionReport> = Vec::new();
    let mut targets: Vec<Target> = Vec::new();
    for met in all {
        if !reports.iter().any(|known| std::ptr::eq(*known, met.report)) {
            reports.push(met.report);
        }
        targets.push(met.target);
    }
    targets.sort_unstable();
    targets.dedup();
    (reports, targets)
}

/// What the statements say, each once.
pub(super) fn evidence(all: &[Met<'_>]) -> Vec<Evidence> {
    let mut texts: Vec<String> = Vec::new();
    for met in all {
        let name = met.report.distribution.name.as_deref().unwrap_or_default();
        let text = met.known.sentence(name);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.into_iter().map(|text| Evidence::new(EvidenceKind::Database, text)).collect()
}

/// How far somebody is to be believed.
pub(super) const fn confidence(basis: Basis) -> Confidence {
    match basis {
        Basis::Measured => Confidence::High,
        Basis::Upstream | Basis::Tracker => Confidence::Medium,
        Basis::Classifier | Basis::Claim => Confidence::Low,
    }
}

/// The lowest later version that is known to leave the GIL off under a target, with what says so. What is only claimed does
/// not make it known, and neither does what a measurement belies.
pub(super) fn later(report: &DistributionReport, target: Target) -> Option<(&str, &Known)> {
    let is_known = |known: &&Known| {
        known.record.status == KnownStatus::GilFree
            && known.record.is_about(target)
            && confidence(known.record.basis) > Confidence::Low
            && !known.belied
    };
    report.known.iter().filter(is_known).find_map(|known| match &known.bearing {
        Bearing::Later(version) => Some((version.as_str(), known)),
        _ => None,
    })
}
