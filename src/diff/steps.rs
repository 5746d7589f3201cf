//! From one verdict to another: which way that goes.

use super::entry::Entry;
use crate::model::{ModuleStep, VerdictId, VerdictStep};
use std::collections::BTreeSet;

/// Which way it goes, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Move {
    Same,
    Better,
    Unclear,
    Worse,
}

/// The verdicts that differ, and which way.
pub(super) struct Steps {
    pub verdicts: Vec<(VerdictStep, Move)>,
    pub modules: Vec<(ModuleStep, Move)>,
}

impl Steps {
    pub(super) fn moves(&self) -> impl Iterator<Item = Move> {
        self.verdicts.iter().map(|(_, way)| *way).chain(self.modules.iter().map(|(_, way)| *way))
    }

    pub(super) fn is_worse(&self) -> bool {
        self.moves().any(|way| way == Move::Worse)
    }

    pub(super) fn worse_modules(&self) -> impl Iterator<Item = &str> {
        let worse = self.modules.iter().filter(|(_, way)| *way == Move::Worse);
        worse.map(|(step, _)| step.module.as_str())
    }
}

/// Those of a distribution that is in both reports.
pub(super) fn steps(old: &Entry<'_>, new: &Entry<'_>, targets: &[String]) -> Steps {
    let mut steps = Steps { verdicts: Vec::new(), modules: Vec::new() };
    for target in targets {
        let (before, after) = (old.verdicts.get(target.as_str()), new.verdicts.get(target.as_str()));
        let way = way(before, after);
        if way != Move::Same {
            steps.verdicts.push((step(target, before, after), way));
        }
    }
    let modules: BTreeSet<&str> = old.modules.keys().chain(new.modules.keys()).copied().collect();
    for module in modules {
        for target in targets {
            let of = |entry: &Entry<'_>| Some(entry.modules.get(module)?.get(target.as_str())?.0.clone());
            let (before, after) = (of(old), of(new));
            let way = way(before.as_ref(), after.as_ref());
            if way != Move::Same {
                let why = new.modules.get(module).and_then(|of| of.get(target.as_str()));
                let step = step(target, before.as_ref(), after.as_ref());
                let why = why.map(|(_, why)| (*why).to_owned());
                steps.modules.push((ModuleStep { module: module.to_owned(), step, why }, way));
            }
        }
    }
    steps
}

pub(super) fn step(target: &str, old: Option<&VerdictId>, new: Option<&VerdictId>) -> VerdictStep {
    VerdictStep { target: target.to_owned(), old: old.cloned(), new: new.cloned() }
}

/// An unknown is never better than a fault that was known, and worse than what was fine.
fn way(old: Option<&VerdictId>, new: Option<&VerdictId>) -> Move {
    let (old, new) = match (old, new) {
        (None, None) => return Move::Same,
        (None, Some(new)) if new.is_fine() => return Move::Same,
        (None, Some(new)) => return if new.is_unknown() { Move::Unclear } else { Move::Worse },
        // What is not there any more was in the way only if it was known to be.
        (Some(old), None) => {
            return if old.is_fine() || old.is_unknown() { Move::Same } else { Move::Better };
        }
        (Some(old), Some(new)) => (old, new),
    };
    match (old, new) {
        _ if old == new || old.is_fine() && new.is_fine() => Move::Same,
        _ if old.is_fine() => Move::Worse,
        _ if new.is_fine() => Move::Better,
        _ if new.is_unknown() => Move::Unclear,
        _ if old.is_unknown() => Move::Worse,
        _ if new > old => Move::Worse,
        _ => Move::Better,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;

    #[test]
    fn an_unknown_is_no_improvement() {
        use Verdict::{GilFree, IncompatibleAbi, PurePython, RequiresGil, SourceOnly, Undetermined};
        for (old, new, expected) in [
            (GilFree, GilFree, Move::Same),
            (PurePython, GilFree, Move::Same),
            (GilFree, RequiresGil, Move::Worse),
            (GilFree, Undetermined, Move::Worse),
            (RequiresGil, GilFree, Move::Better),
            (RequiresGil, IncompatibleAbi, Move::Worse),
            (IncompatibleAbi, RequiresGil, Move::Better),
            (RequiresGil, Undetermined, Move::Unclear),
            (Undetermined, SourceOnly, Move::Unclear),
            (Undetermined, RequiresGil, Move::Worse),
            (Undetermined, GilFree, Move::Better),
        ] {
            let way = way(Some(&VerdictId::Known(old)), Some(&VerdictId::Known(new)));
            assert_eq!(way, expected, "{old} to {new}");
        }
        let other = VerdictId::of("a-verdict-of-tomorrow");
        assert_eq!(way(Some(&VerdictId::Known(GilFree)), Some(&other)), Move::Worse);
        assert_eq!(way(Some(&VerdictId::Known(RequiresGil)), Some(&other)), Move::Unclear);
        assert_eq!(way(Some(&other), Some(&other)), Move::Same);
        assert_eq!(way(None, Some(&other)), Move::Unclear);
        assert_eq!(way(None, Some(&VerdictId::Known(RequiresGil))), Move::Worse);
        assert_eq!(way(Some(&VerdictId::Known(RequiresGil)), None), Move::Better);
    }
}
