//! `abi-mismatch`: the target does not load the module, or crashes on it.

use super::super::distribution;
use super::{Check, Rule, judged, listed};
use crate::model::{Audience, Finding, Level, Severity, Subject, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "abi-mismatch",
    severity: Severity::High,
    level: Level::Deny,
    explain: "The target does not load the module, or loads it and crashes

Free-threaded builds have another object layout than builds with the GIL, so an
extension module is made for one of the two. What keeps them apart are the tags
of wheels and the suffixes of files; up to 3.14t nothing checks the code itself,
and a module of the wrong kind usually ends in a segmentation fault. The stable
ABI (`abi3`) is that of builds with the GIL, too: free-threaded Python has
`abi3t`, from 3.15 on. Slots that a version does not know, or that stand twice
where one is allowed, end the import with a SystemError.

Look for a wheel for the target (`cp314-cp314t-...`), or build from source with
the target's own Python.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (targets, judgement) = judged(subject, |judgement| judgement.verdict == Verdict::IncompatibleAbi)?;
    if distribution::is_for_all(&subject.distribution.tags) && distribution::is_passed_over(judgement) {
        return None;
    }
    let message =
        format!("{} cannot be used on {}: it {}", subject.name.dotted, listed(&targets), judgement.reason);
    let help = match subject.audience {
        Audience::User => {
            format!("look for a wheel for {}, or build it from source there", listed(&targets))
        }
        Audience::Publisher => {
            format!("build the wheel with {}, or stop shipping it for that", listed(&targets))
        }
    };
    Some(RULE.finding(subject, message, judgement.evidence.clone(), help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;

    #[test]
    fn says_why_the_target_does_not_load_it() {
        let finding = check(&made_up::Module::judged(Verdict::IncompatibleAbi).subject()).unwrap();
        assert_eq!(
            finding.message,
            "foo.x cannot be used on 3.14t: it was built for Python with the GIL: \
             3.14t has another object layout, and fails to import it or crashes"
        );
        assert_eq!(finding.evidence.len(), 1);
    }

    #[test]
    fn silent_on_what_loads() {
        assert_eq!(check(&made_up::Module::judged(Verdict::RequiresGil).subject()), None);
    }
}
