//! `gil-binary-under-none-tag`: names that let code for the GIL build in.

use super::super::suffix::Suffix;
use super::{Check, Rule, judged, listed};
use crate::model::{Finding, Level, Reason, Severity, Subject, tags};

pub(super) const RULE: Rule = Rule {
    id: "gil-binary-under-none-tag",
    severity: Severity::High,
    level: Level::Warn,
    explain: "Names let a free-threaded Python load code that was built for the GIL

A wheel tag whose ABI is `none` (`cp314-none-win_amd64`) says that the wheel has
no code of a particular ABI, and a file named just `.so` or `.pyd` is tried by
every Python. Where such a wheel or file holds a module for builds with the GIL,
installers take it, the import system loads it, and the process crashes: up to
3.14t nothing else looks at it.

Ask the maintainers for the ABI's tag on the wheel and the full suffix on the
file (`EXT_SUFFIX`), so that installers and the import system can refuse it.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (targets, judgement) =
        judged(subject, |judgement| matches!(judgement.reason, Reason::BuiltForGil(_)))?;
    let tags: Vec<&String> = subject
        .distribution
        .tags
        .iter()
        .filter(|tag| targets.iter().any(|target| tags::installs(tag, *target)))
        .collect();
    let untagged = tags.iter().all(|tag| tags::abi(tag) == Some("none"));
    let kept_out = tags.is_empty() && !subject.distribution.tags.is_empty();
    let named = targets.iter().any(|target| Suffix::parse(&subject.name.suffix).names(*target));
    if kept_out || !untagged || named {
        return None;
    }
    let (let_in_by, help) = match tags.first() {
        Some(tag) => (
            format!("the wheel's tag {tag} lets {} install it", listed(&targets)),
            subject.audience.pick(
                "ask upstream to tag the wheel with the ABI that it is built for",
                "tag the wheel with the ABI that it is built for",
            ),
        ),
        None => (
            format!("its name, which ends in {}, lets {} load it", subject.name.suffix, listed(&targets)),
            subject.audience.pick(
                "ask upstream for the full suffix (EXT_SUFFIX) on the file",
                "give the file the full suffix (EXT_SUFFIX)",
            ),
        ),
    };
    let message = format!("{} was built for Python with the GIL, and {let_in_by}", subject.name.dotted);
    Some(RULE.finding(subject, message, judgement.evidence.clone(), help.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;
    use crate::model::made_up::Module;

    fn finding(path: &str, tags: &[&str], verdict: Verdict) -> Option<String> {
        check(&Module::judged(verdict).at(path).tagged(tags).subject()).map(|finding| finding.message)
    }

    #[test]
    fn none_tags_and_bare_names() {
        use Verdict::{GilFree, IncompatibleAbi};
        for (path, tags, verdict, found) in [
            ("foo/x.so", vec!["cp314-none-linux_x86_64"], IncompatibleAbi, true),
            ("foo/x.abi3.so", vec!["py3-none-linux_x86_64"], IncompatibleAbi, true),
            ("foo/x.so", vec![], IncompatibleAbi, true),
            ("foo/x.so", vec!["cp312-cp312-linux_x86_64"], IncompatibleAbi, false),
            ("foo/x.so", vec!["cp314-cp314t-linux_x86_64"], IncompatibleAbi, false),
            ("foo/x.cpython-314t-darwin.so", vec![], IncompatibleAbi, false),
            ("foo/x.so", vec!["cp314-none-linux_x86_64"], GilFree, false),
        ] {
            assert_eq!(finding(path, &tags, verdict).is_some(), found, "{path} {tags:?}");
        }
    }

    #[test]
    fn says_what_let_it_in() {
        let by_tag = finding("foo/x.so", &["cp314-none-win32"], Verdict::IncompatibleAbi).unwrap();
        assert!(by_tag.ends_with("the wheel's tag cp314-none-win32 lets 3.14t install it"), "{by_tag}");
        let by_name = finding("foo/x.pyd", &[], Verdict::IncompatibleAbi).unwrap();
        assert!(by_name.ends_with("its name, which ends in .pyd, lets 3.14t load it"), "{by_name}");
    }
}
