//! `tags-disagree`: a wheel whose name says one thing and whose metadata say another.

use super::{Check, Rule};
use crate::model::{
    Audience, Distribution, DistributionReport, Evidence, EvidenceKind, Finding, Level, Severity, WheelName,
    tags,
};
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    id: "tags-disagree",
    severity: Severity::Medium,
    level: Level::Warn,
    explain: "The wheel's file name and its WHEEL file have different tags

Installers choose a wheel by the tags in its name. What it says of itself in
`WHEEL` is what is left of it once it is installed, and what tools go by that
look at an environment. A file that was renamed by hand has the two disagree:
one that was built for a Python with the GIL and named for a free-threaded one
is installed there, and crashes.

Ask the maintainers for a wheel that was tagged by a tool (`wheel tags`), which
changes both.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], audience: Audience) -> Option<Finding> {
    let mut disagreeing =
        reports.iter().filter_map(|report| Some((*report, disagreement(&report.distribution)?)));
    let (report, (named, said)) = disagreeing.next()?;
    let message =
        format!("{} is named for {named}, and its WHEEL file says {said}", report.distribution.source);
    let help = audience.pick(
        "ask upstream which of them is right",
        "build the wheel again, or have `wheel tags` change both",
    );
    let evidence =
        Evidence::new(EvidenceKind::WheelTag, format!("WHEEL has {}", report.distribution.tags.join(", ")));
    Some(Finding { evidence: vec![evidence], ..RULE.of_package(&[report], message, help)? })
}

/// The tags of the name and those of `WHEEL`, in short, if they differ.
fn disagreement(distribution: &Distribution) -> Option<(String, String)> {
    let named = distribution.source.parse::<WheelName>().ok()?.tags();
    // Some tools write a compressed set as one tag.
    let said: Vec<String> = distribution.tags.iter().flat_map(|tag| expanded(tag)).collect();
    let differ = !said.is_empty() && BTreeSet::from_iter(&named) != BTreeSet::from_iter(&said);
    let (short_named, short_said) = (tags::without_platforms(&named), tags::without_platforms(&said));
    let short_differ = short_named != short_said;
    differ.then(|| if short_differ { (short_named, short_said) } else { (named.join(", "), said.join(", ")) })
}

/// Each tag that a compressed one stands for.
fn expanded(tag: &str) -> Vec<String> {
    format!("x-1-{tag}.whl").parse::<WheelName>().map_or_else(|_| vec![tag.to_owned()], |name| name.tags())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Verdict, made_up};

    fn message(source: &str, tags: &[&str]) -> Option<String> {
        let mut report = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
        source.clone_into(&mut report.distribution.source);
        report.distribution.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        check(&[&report], Audience::User).map(|finding| finding.message)
    }

    #[test]
    fn a_name_against_what_the_wheel_says() {
        for (source, tags) in [
            ("foo-1.0-cp314-cp314t-a.b.whl", vec!["cp314-cp314t-b", "cp314-cp314t-a"]),
            ("foo-1.0-cp314-cp314t-a.b.whl", vec!["cp314-cp314t-a.b"]),
            ("foo-1.0-1-py2.py3-none-any.whl", vec!["py2-none-any", "py3-none-any"]),
            ("foo-1.0-cp314-cp314t-a.whl", vec![]),
            ("venv/lib/python3.14t/site-packages", vec!["cp314-cp314t-a"]),
        ] {
            assert_eq!(message(source, &tags), None, "{source}");
        }
        assert_eq!(
            message("foo-1.0-cp314-cp314t-a.whl", &["cp314-cp314-a"]).unwrap(),
            "foo-1.0-cp314-cp314t-a.whl is named for cp314-cp314t, and its WHEEL file says cp314-cp314"
        );
        assert_eq!(
            message("foo-1.0-cp314-cp314t-a.whl", &["cp314-cp314t-b"]).unwrap(),
            "foo-1.0-cp314-cp314t-a.whl is named for cp314-cp314t-a, and its WHEEL file says cp314-cp314t-b"
        );
    }
}
