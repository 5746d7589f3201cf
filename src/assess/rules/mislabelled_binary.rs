//! `mislabelled-binary`: a name that says one thing and code that says another.

use super::super::suffix::Suffix;
use super::{Check, Rule, built};
use crate::model::{Abi, Evidence, EvidenceKind, Finding, Level, Severity, Slice, Subject, tags};

pub(super) const RULE: Rule = Rule {
    id: "mislabelled-binary",
    severity: Severity::High,
    level: Level::Warn,
    explain: "The file name or the wheel's tag names another build than the code shows

Names are all that installers and the import system go by, and the code is what
runs. Where they disagree, one of them is wrong: mostly a file that was copied
from a build for another Python. The verdict follows the code.

Ask the maintainers how the wheel was made. A module that says nothing of the
build it is for (many small ones do) is never reported here.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (slice, abi, wrong) = built(subject).into_iter().find_map(|(slice, abi)| {
        let wrong = by_suffix(&subject.name.suffix, slice, abi)
            .or_else(|| by_tags(&subject.distribution.tags, abi))?;
        Some((slice, abi, wrong))
    })?;
    let message = format!("{} {}, but its code is for {abi}", subject.name.dotted, wrong.text);
    let evidence = [vec![wrong], slice.built_for.evidence.clone()].concat();
    let help = subject.audience.pick(
        "ask upstream how the wheel was built",
        "build the wheel in a clean folder: what another Python's build left behind is packed too",
    );
    Some(RULE.finding(subject, message, evidence, help.to_owned()))
}

/// What the suffix says, where the code contradicts it.
fn by_suffix(text: &str, slice: &Slice, abi: Abi) -> Option<Evidence> {
    let suffix = Suffix::parse(text);
    let other_version =
        |minor: u8| slice.built_for.python.is_some_and(|python| python.minor != minor) && abi != Abi::Abi3t;
    let contradicts = match &suffix {
        Suffix::CPython { free_threaded: true, minor } => !abi.is_free_threaded() || other_version(*minor),
        // Code for abi3 runs on each later version, and abi3t code from 3.15 on with the GIL as well.
        Suffix::CPython { free_threaded: false, minor } => {
            abi == Abi::FreeThreaded || (abi == Abi::Gil && other_version(*minor))
        }
        Suffix::Abi3 | Suffix::Abi3Platform => abi == Abi::FreeThreaded,
        Suffix::Abi3t => abi != Abi::Abi3t,
        Suffix::Bare | Suffix::Interpreter(_) | Suffix::Other => false,
    };
    let made_for = suffix.made_for()?;
    let told = || Evidence::new(EvidenceKind::FileName, format!("is named {text}, for {made_for}"));
    contradicts.then(told)
}

/// What all of the wheel's tags say, where the code contradicts it.
fn by_tags(all: &[String], abi: Abi) -> Option<Evidence> {
    let fits = |tag: &String| match tags::abi(tag) {
        Some("none") | None => true,
        Some("abi3") => abi != Abi::FreeThreaded,
        Some("abi3t") => abi == Abi::Abi3t,
        Some(named) if named.starts_with("cp") && named.trim_end_matches('d').ends_with('t') => {
            abi.is_free_threaded()
        }
        Some(named) if named.starts_with("cp") => abi != Abi::FreeThreaded,
        Some(_) => true,
    };
    let first = all.first()?;
    if all.iter().any(fits) {
        return None;
    }
    Some(Evidence::new(EvidenceKind::WheelTag, format!("is in a wheel tagged {first}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::Module;
    use crate::model::{PythonVersion, Verdict};

    fn found(path: &str, tags: &[&str], abi: Abi, minor: u8) -> bool {
        let mut module = Module::judged(Verdict::GilFree).at(path).tagged(tags);
        let built_for = &mut module.facts.slices[0].built_for;
        built_for.abi = Some(abi);
        built_for.python = Some(PythonVersion { major: 3, minor });
        check(&module.subject()).is_some()
    }

    #[test]
    fn names_against_code() {
        for (path, abi, minor, expected) in [
            ("x.cpython-314t-darwin.so", Abi::Gil, 14, true),
            ("x.cpython-314t-darwin.so", Abi::Abi3, 14, true),
            ("x.cpython-314t-darwin.so", Abi::FreeThreaded, 13, true),
            ("x.cpython-314t-darwin.so", Abi::FreeThreaded, 14, false),
            ("x.cpython-315t-darwin.so", Abi::Abi3t, 14, false),
            ("x.cpython-314-darwin.so", Abi::FreeThreaded, 14, true),
            ("x.cpython-314-darwin.so", Abi::Gil, 12, true),
            ("x.cpython-314-darwin.so", Abi::Gil, 14, false),
            ("x.cpython-314-darwin.so", Abi::Abi3, 9, false),
            ("x.abi3.so", Abi::FreeThreaded, 14, true),
            ("x.abi3.so", Abi::Abi3t, 15, false),
            ("x.abi3.so", Abi::Gil, 14, false),
            ("x.abi3t.so", Abi::Abi3, 15, true),
            ("x.abi3t.so", Abi::Abi3t, 15, false),
            ("x.so", Abi::Gil, 14, false),
        ] {
            assert_eq!(found(path, &[], abi, minor), expected, "{path} {abi}");
        }
    }

    #[test]
    fn tags_against_code() {
        for (tags, abi, expected) in [
            (vec!["cp314-cp314t-a"], Abi::Gil, true),
            (vec!["cp314-cp314t-a"], Abi::FreeThreaded, false),
            (vec!["cp314-cp314-a"], Abi::FreeThreaded, true),
            (vec!["cp315-abi3-a", "cp315-abi3t-a"], Abi::Abi3t, false),
            (vec!["cp315-abi3-a", "cp315-abi3t-a"], Abi::FreeThreaded, true),
            (vec!["cp314-none-a"], Abi::Gil, false),
            (vec![], Abi::Gil, false),
        ] {
            assert_eq!(found("x.so", &tags, abi, 14), expected, "{tags:?} {abi}");
        }
    }

    #[test]
    fn says_both_sides() {
        let mut module = Module::judged(Verdict::IncompatibleAbi).at("foo/x.cpython-314t-darwin.so");
        module.facts.slices[0].built_for.abi = Some(Abi::Gil);
        let finding = check(&module.subject()).unwrap();
        assert_eq!(
            finding.message,
            "foo.x is named .cpython-314t-darwin.so, for free-threaded CPython 3.14, \
             but its code is for the GIL build"
        );
    }

    #[test]
    fn silent_where_the_code_says_nothing_or_is_no_module() {
        let mut module = Module::judged(Verdict::NotAnExtension).at("x.cpython-314t-darwin.so");
        module.facts.slices[0].built_for.abi = Some(Abi::Gil);
        assert_eq!(check(&module.subject()), None);
    }
}
