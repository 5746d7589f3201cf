//! Environments of another Python: what is to be said of them once, and not of each module.

use super::suffix::Suffix;
use crate::model::{DistributionReport, ForeignEnvironment, ModuleReport, Outcome, Slot, SlotValue, Verdict};
use std::collections::BTreeMap;
use std::path::Path;

/// The installed environments none of whose extension modules any target loads.
///
/// This is what everybody has before moving to free-threaded Python, so it is a state of affairs and not a thousand
/// faults.
#[must_use]
pub fn environments(distributions: &[DistributionReport]) -> Vec<ForeignEnvironment> {
    let mut by_source: BTreeMap<&str, Vec<&DistributionReport>> = BTreeMap::new();
    for report in distributions {
        let source = report.distribution.source.as_str();
        // A wheel is one distribution, and its tags say what there is to say.
        if Path::new(source).extension().is_none_or(|extension| extension != "whl") {
            by_source.entry(source).or_default().push(report);
        }
    }
    by_source.into_iter().filter_map(|(source, reports)| foreign(source, &reports)).collect()
}

fn foreign(source: &str, reports: &[&DistributionReport]) -> Option<ForeignEnvironment> {
    let modules = || reports.iter().flat_map(|report| &report.modules);
    let runs = |module: &ModuleReport| {
        let mut verdicts = module.verdicts.values().map(|judgement| judgement.verdict);
        verdicts.any(|verdict| matches!(verdict, Verdict::GilFree | Verdict::RequiresGil))
    };
    if modules().any(runs) {
        return None;
    }
    let mut made_for: BTreeMap<String, usize> = BTreeMap::new();
    for module in modules() {
        if let suffix @ Suffix::CPython { .. } = Suffix::parse(&module.name.suffix) {
            *made_for.entry(suffix.made_for()?).or_default() += 1;
        }
    }
    let (python, _) = made_for.into_iter().max_by_key(|(_, count)| *count)?;
    let unusable = |report: &&&DistributionReport| {
        report.verdicts.values().all(|judgement| judgement.verdict == Verdict::IncompatibleAbi)
    };
    let unusable: Vec<_> = reports.iter().filter(unusable).collect();
    let is_extension = |module: &&ModuleReport| {
        module.verdicts.values().any(|judgement| judgement.verdict != Verdict::NotAnExtension)
    };
    let of_these = || unusable.iter().flat_map(|report| &report.modules).filter(is_extension);
    (!unusable.is_empty()).then(|| ForeignEnvironment {
        source: source.to_owned(),
        python,
        distributions: unusable.len(),
        modules: of_these().count(),
        declared_not_used: of_these().filter(|module| declares_not_used(module)).count(),
    })
}

/// Whether any slice declares it, read by whichever target's rules.
fn declares_not_used(module: &ModuleReport) -> bool {
    let slices = module.facts.iter().flat_map(|facts| &facts.slices);
    slices.flat_map(|slice| slice.init.values()).any(|init| match &init.outcome {
        Outcome::MultiPhase(definition) => declared(definition.slots.slots.iter()),
        Outcome::Exported(array) => declared(array.slots.iter()),
        Outcome::SinglePhase { gil: Some(call), .. } => call.value == SlotValue::Known(1),
        _ => false,
    })
}

fn declared<'a>(mut slots: impl Iterator<Item = &'a Slot>) -> bool {
    slots.any(|slot| matches!(slot.id, 4 | 87) && slot.value == SlotValue::Known(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{distribution_report, module_report};

    const GIL: &str = "foo/x.cpython-312-x86_64-linux-gnu.so";

    fn installed(name: &str, modules: Vec<ModuleReport>) -> DistributionReport {
        let mut report = distribution_report(name, modules);
        "venv/lib/python3.12/site-packages".clone_into(&mut report.distribution.source);
        report
    }

    #[test]
    fn an_environment_that_no_target_can_use_is_told_once() {
        let gil = || module_report(GIL, Verdict::IncompatibleAbi);
        let found = environments(&[
            installed("foo", vec![gil(), gil()]),
            installed("bar", vec![gil()]),
            installed("pure", vec![]),
        ]);
        let expected = ForeignEnvironment {
            source: "venv/lib/python3.12/site-packages".to_owned(),
            python: "CPython 3.12 with the GIL".to_owned(),
            distributions: 2,
            modules: 3,
            declared_not_used: 3,
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn one_module_that_runs_makes_it_a_usable_one() {
        let found = environments(&[
            installed("foo", vec![module_report(GIL, Verdict::IncompatibleAbi)]),
            installed("bar", vec![module_report("x.cpython-314t-darwin.so", Verdict::RequiresGil)]),
        ]);
        assert_eq!(found, []);
    }

    #[test]
    fn libraries_are_not_counted() {
        let library = module_report("foo/libx.so", Verdict::NotAnExtension);
        let gil = module_report(GIL, Verdict::IncompatibleAbi);
        assert_eq!(environments(&[installed("foo", vec![gil, library])])[0].modules, 1);
    }

    #[test]
    fn wheels_are_no_environments() {
        let wheel = distribution_report("foo", vec![module_report(GIL, Verdict::IncompatibleAbi)]);
        assert_eq!(environments(&[wheel]), []);
        assert_eq!(environments(&[installed("pure", vec![])]), []);
    }
}
