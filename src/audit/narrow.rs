//! What was audited once, for one of the platforms that take it: each loads the code for its own machine alone.

use crate::assess;
use crate::model::{DistributionReport, Facts, Judgement, ModuleReport, Platform, Reason, Verdict};
use std::collections::BTreeSet;

/// Keeps of each universal module the code that the platform loads. A module without any is never known to be fine there,
/// unless there is one of the same name that the platform loads instead.
pub(super) fn to_platform(report: &mut DistributionReport, platform: Platform) {
    let loads = |facts: &Facts| facts.slices.iter().any(|slice| platform.loads(facts.format, &slice.arch));
    let loaded: BTreeSet<String> = report
        .modules
        .iter()
        .filter(|module| module.facts.as_ref().is_some_and(loads))
        .map(|module| module.name.dotted.clone())
        .collect();
    for module in &mut report.modules {
        let Some(facts) = &mut module.facts else { continue };
        if !loads(facts) {
            if !loaded.contains(&module.name.dotted) {
                doubt(module, platform);
            }
        } else if facts.slices.len() > 1 {
            let format = facts.format;
            facts.slices.retain(|slice| platform.loads(format, &slice.arch));
            for (target, judgement) in &mut module.verdicts {
                *judgement = assess::judge(&module.name, Ok(facts), *target);
            }
        }
    }
}

/// What is fine elsewhere is not known to be so here.
fn doubt(module: &mut ModuleReport, platform: Platform) {
    let Some(Facts { format, slices }) = &module.facts else { return };
    let machines: Vec<String> = slices.iter().map(|slice| slice.arch.to_string()).collect();
    let why = format!("its code is {format} for {}, which {platform} does not load", machines.join(" and "));
    for judgement in module.verdicts.values_mut().filter(|judged| judged.verdict == Verdict::GilFree) {
        let evidence = std::mem::take(&mut judgement.evidence);
        *judgement =
            Judgement { verdict: Verdict::Undetermined, reason: Reason::CannotTell(why.clone()), evidence };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;
    use crate::model::{Arch, Target};

    /// A module that leaves the GIL off, with code for these machines.
    fn report(machines: &[Arch]) -> DistributionReport {
        let mut report = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
        for module in &mut report.modules {
            let facts = module.facts.as_mut().expect("it was read");
            let slice = facts.slices.remove(0);
            let with = |arch: &Arch| crate::model::Slice { arch: arch.clone(), ..slice.clone() };
            facts.slices = machines.iter().map(with).collect();
        }
        report
    }

    fn verdict(machines: &[Arch], platform: Platform) -> (Verdict, usize) {
        let mut report = report(machines);
        to_platform(&mut report, platform);
        let module = &report.modules[0];
        (module.verdicts[&Target::Py314t].verdict, module.facts.as_ref().unwrap().slices.len())
    }

    #[test]
    fn code_for_other_machines_does_not_count() {
        let (x86_64, arm64) = (Arch::X86_64, Arch::Aarch64);
        assert_eq!(verdict(std::slice::from_ref(&x86_64), Platform::LinuxX86_64), (Verdict::GilFree, 1));
        assert_eq!(verdict(&[x86_64.clone(), arm64.clone()], Platform::LinuxAarch64).1, 1);
        assert_eq!(verdict(&[arm64], Platform::LinuxX86_64), (Verdict::Undetermined, 1));
        for other in [Platform::MacosX86_64, Platform::WindowsX86_64] {
            assert_eq!(verdict(std::slice::from_ref(&x86_64), other), (Verdict::Undetermined, 1));
        }
    }
}
