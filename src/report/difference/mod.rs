//! What changed from one report to the next, a file for each format.

pub mod github;
pub mod human;
pub mod json;
pub mod markdown;

use super::environment::plural;
use super::human::table::look;
use crate::model::{Change, ChangeWeight, Difference, Direction, VerdictId, VerdictStep};

/// `lxml 6.1.2 → 6.1.3 on linux-x86_64`
fn name(change: &Change) -> String {
    let Change { distribution, platform, old_versions, new_versions, .. } = change;
    let (old, new) = (old_versions.join(", "), new_versions.join(", "));
    let versions = match (old.as_str(), new.as_str()) {
        ("", only) | (only, "") => only.to_owned(),
        (old, new) if old == new => old.to_owned(),
        (old, new) => format!("{old} → {new}"),
    };
    let on = platform.as_ref().map(|platform| format!("on {platform}")).unwrap_or_default();
    let parts = [distribution.as_str(), versions.as_str(), on.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<&str>>().join(" ")
}

/// `3.14t: ✓ GIL off → ● GIL on`
fn step(step: &VerdictStep) -> String {
    let VerdictStep { target, old, new } = step;
    let sides: Vec<String> = [old, new].into_iter().flatten().map(verdict).collect();
    match (old, new) {
        (Some(_), None) => format!("{target}: was {}", sides.concat()),
        _ => format!("{target}: {}", sides.join(" → ")),
    }
}

fn verdict(known: &VerdictId) -> String {
    match known {
        VerdictId::Known(verdict) => {
            let (_, sign, word) = look(*verdict);
            format!("{sign} {word}")
        }
        VerdictId::Other(id) => format!("? {id}, which this version does not know"),
    }
}

/// Modules of a distribution that people read of; a new build moves all of them at once.
const MODULES: usize = 10;

/// What stands under a change, a line each.
fn details(change: &Change) -> Vec<String> {
    let mut lines: Vec<String> = change.verdicts.iter().map(step).collect();
    lines.extend(change.modules.iter().take(MODULES).map(|module| {
        let why = module.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{} {}{why}", module.module, step(&module.step))
    }));
    let more = change.modules.len().saturating_sub(MODULES);
    if more > 0 {
        lines.push(format!("{more} more {}; the json format has all", plural(more, "module")));
    }
    lines.extend(change.found.iter().map(|found| format!("found {}: {}", found.rule, found.message)));
    lines.extend(change.settled.iter().map(|found| format!("settled {}: {}", found.rule, found.message)));
    lines
}

/// `1 distribution is worse, 2 are better, none is new, none is gone, 38 are as they were.`
fn sentence(difference: &Difference) -> String {
    let mut parts = Vec::new();
    for (direction, is, are) in [
        (Direction::Worse, "is worse", "are worse"),
        (Direction::Unclear, "is unclear", "are unclear"),
        (Direction::Better, "is better", "are better"),
        (Direction::New, "is new", "are new"),
        (Direction::Gone, "is gone", "are gone"),
    ] {
        let count = difference.count(direction);
        if count > 0 || direction == Direction::Worse {
            parts.push(counted(count, parts.is_empty(), is, are));
        }
    }
    parts.push(counted(difference.unchanged, false, "is as it was", "are as they were"));
    format!("For {}: {}.", difference.targets.join(", "), parts.join(", "))
}

fn counted(count: usize, with_noun: bool, is: &str, are: &str) -> String {
    let noun = if with_noun { format!(" {}", plural(count.max(1), "distribution")) } else { String::new() };
    match count {
        0 => format!("no{} {is}", if with_noun { noun.as_str() } else { "ne" }),
        1 => format!("1{noun} {is}"),
        many => format!("{many}{noun} {are}"),
    }
}

/// Why a change does less than its direction would say.
const fn remark(change: &Change) -> Option<&'static str> {
    match (change.direction, change.weight) {
        (Direction::Worse, ChangeWeight::Nothing) => {
            Some("does not count, by the policy of the newer report")
        }
        _ => None,
    }
}

#[cfg(test)]
mod testing {
    use super::{Change, ChangeWeight, Difference, Direction, VerdictId, VerdictStep};
    use crate::model::{Found, ModuleStep, Verdict};

    fn step(old: Option<Verdict>, new: Option<Verdict>) -> VerdictStep {
        let (old, new) = (old.map(VerdictId::Known), new.map(VerdictId::Known));
        VerdictStep { target: "3.14t".to_owned(), old, new }
    }

    /// A distribution with these versions before and after.
    fn change(
        direction: Direction,
        weight: ChangeWeight,
        distribution: &str,
        [old, new]: [&[&str]; 2],
        step: VerdictStep,
    ) -> Change {
        let owned = |versions: &[&str]| versions.iter().map(|one| (*one).to_owned()).collect();
        Change {
            direction,
            weight,
            distribution: distribution.to_owned(),
            platform: None,
            old_versions: owned(old),
            new_versions: owned(new),
            verdicts: vec![step],
            modules: Vec::new(),
            found: Vec::new(),
            settled: Vec::new(),
        }
    }

    fn found(rule: &str) -> Found {
        Found { rule: rule.to_owned(), message: format!("lxml.x is what {rule} is about") }
    }

    /// Something of everything that a change can tell of.
    fn worse() -> Change {
        let on = || step(Some(Verdict::GilFree), Some(Verdict::RequiresGil));
        Change {
            platform: Some("linux-x86_64".to_owned()),
            modules: vec![ModuleStep {
                module: "lxml.x".to_owned(),
                step: on(),
                why: Some("declares Py_MOD_GIL_USED in its Py_mod_gil slot".to_owned()),
            }],
            found: vec![found("hash-mismatch")],
            settled: vec![found("crashes-on-import")],
            ..change(Direction::Worse, ChangeWeight::Worse, "lxml", [&["6.1.2"], &["6.1.3"]], on())
        }
    }

    /// A change of every direction, and a name that means something to formats.
    pub(super) fn difference() -> Difference {
        use ChangeWeight::{Nothing, Unsure};
        use Direction::{Better, Gone, New, Unclear, Worse};
        use Verdict::{GilFree, IncompatibleAbi, PurePython, RequiresGil, Undetermined};
        let new = Some(VerdictId::of("of-tomorrow"));
        let other = VerdictStep { new, ..step(Some(RequiresGil), None) };
        let hostile = "::error::<b>x</b> | @octocat ##[add-mask]";
        let ignored = step(Some(GilFree), Some(IncompatibleAbi));
        Difference {
            targets: vec!["3.14t".to_owned()],
            changes: vec![
                worse(),
                change(Worse, Nothing, hostile, [&["1"], &["1"]], ignored),
                change(Unclear, Unsure, "vector", [&["1"], &["2"]], other),
                change(New, Unsure, "模块", [&[], &["1.0", "2.0"]], step(None, Some(Undetermined))),
                change(
                    Better,
                    Nothing,
                    "numpy",
                    [&["2.0"], &["2.4"]],
                    step(Some(RequiresGil), Some(GilFree)),
                ),
                change(Gone, Nothing, "idna", [&["3.7"], &[]], step(Some(PurePython), None)),
            ],
            unchanged: 38,
            unread: vec!["broken.whl: is cut off".to_owned()],
            remarks: vec!["not compared: targets of the newer report alone: 3.15t".to_owned()],
        }
    }
}
