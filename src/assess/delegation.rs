//! Modules whose making is left to another module: judged once that one has been, if it is part of the audit.

use super::verdict::judge_made;
use crate::model::{
    Distribution, DistributionReport, Format, Init, Judgement, ModuleReport, Outcome, Reason, Target, Verdict,
};

/// A module that makes others, as far as that counts here.
struct Maker {
    module: String,
    /// Its name and folder where that folder can be no package: such a module is imported by its bare name, from a
    /// folder of the search path.
    loose: Option<(String, String)>,
    /// `_cffi_backend of cffi 2.1.1`.
    name: String,
    source: String,
    target: Target,
    machine: (Format, String),
    outcome: Outcome,
}

/// Judges again what was left open because another module makes it.
pub fn settle(distributions: &mut [&mut DistributionReport]) {
    let makers: Vec<Maker> = distributions.iter().flat_map(|report| makers_of(report)).collect();
    if makers.is_empty() {
        return;
    }
    for distribution in distributions {
        for module in &mut distribution.modules {
            let settled = settled(module, &distribution.distribution.source, &makers);
            module.verdicts.extend(settled);
        }
    }
}

fn makers_of(report: &DistributionReport) -> impl Iterator<Item = Maker> {
    report.modules.iter().flat_map(move |module| {
        inits(module).filter_map(move |(machine, target, init)| {
            let outcome = init.makes.clone()?;
            // One that the target does not load makes nothing for it.
            let loads =
                |judged: &&Judgement| matches!(judged.verdict, Verdict::GilFree | Verdict::RequiresGil);
            module.verdicts.get(&target).filter(loads)?;
            let Distribution { name, version, source, .. } = &report.distribution;
            let owner = match (name, version) {
                (Some(name), Some(version)) => format!("{name} {version}"),
                _ => source.clone(),
            };
            Some(Maker {
                module: module.name.dotted.clone(),
                loose: loose(module),
                name: format!("{} of {owner}", module.name.stem),
                source: source.clone(),
                target,
                machine,
                outcome,
            })
        })
    })
}

/// The name and the folder of a module whose folder can be no package.
fn loose(module: &ModuleReport) -> Option<(String, String)> {
    let (folder, _) = module.member.path.rsplit_once('/')?;
    let is_name = |part: &str| part.chars().all(|character| character == '_' || character.is_alphanumeric());
    (!folder.split('/').all(is_name)).then(|| (module.name.stem.clone(), folder.to_owned()))
}

/// The verdicts of a module that the makers decide. A universal file has the worst of its slices.
fn settled(module: &ModuleReport, source: &str, makers: &[Maker]) -> Vec<(Target, Judgement)> {
    let is_open = |(_, judged): &(&Target, &Judgement)| {
        judged.verdict == Verdict::Undetermined && matches!(judged.reason, Reason::CannotTell(_))
    };
    let folder = loose(module).map(|(_, folder)| folder);
    let settle_one = |(target, _): (&Target, &Judgement)| {
        let slices = inits(module).filter(|(_, other, _)| other == target);
        let judged: Option<Vec<Judgement>> = slices
            .map(|(machine, _, init)| {
                let Outcome::Delegated { to } = &init.outcome else { return None };
                let fits = |maker: &&Maker| maker.target == *target && maker.machine == machine;
                let is_near = |maker: &&Maker| {
                    let place = maker.loose.as_ref().map(|(stem, folder)| (stem, Some(folder)));
                    maker.source == source && place == Some((to, folder.as_ref()))
                };
                let near: Vec<&Maker> = makers.iter().filter(fits).filter(is_near).collect();
                let all: Vec<&Maker> =
                    makers.iter().filter(fits).filter(|maker| maker.module == *to).collect();
                // What is installed beside it is what it meets; of a folder of wheels nobody knows.
                let beside: Vec<&Maker> =
                    all.iter().copied().filter(|maker| maker.source == source).collect();
                let first = [near, beside, all].into_iter().find(|makers| !makers.is_empty());
                agreed(&first?, init, *target)
            })
            .collect();
        Some((*target, judged?.into_iter().max_by_key(|judged| judged.verdict)?))
    };
    module.verdicts.iter().filter(is_open).filter_map(settle_one).collect()
}

/// What all makers come to; where they differ, that.
fn agreed(makers: &[&Maker], init: &Init, target: Target) -> Option<Judgement> {
    let judge = |maker: &&Maker| judge_made(&maker.outcome, &maker.name, init, target);
    let first = judge(makers.first()?);
    let other = makers.iter().find(|maker| judge(maker).verdict != first.verdict);
    Some(match (other, makers.first()) {
        (Some(other), Some(maker)) => Judgement {
            verdict: Verdict::Undetermined,
            reason: Reason::CannotTell(format!(
                "its module is made by {} or by {}, which differ in what they declare",
                maker.name, other.name
            )),
            evidence: first.evidence,
        },
        _ => first,
    })
}

/// The init functions of each slice, with the kind of machine it is for.
fn inits(module: &ModuleReport) -> impl Iterator<Item = ((Format, String), Target, &Init)> {
    let slices =
        module.facts.iter().flat_map(|facts| facts.slices.iter().map(move |slice| (facts.format, slice)));
    slices.flat_map(|(format, slice)| {
        let machine = move || (format, slice.arch.to_string());
        slice.init.iter().map(move |(target, init)| (machine(), *target, init))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::judge;
    use crate::model::made_up::{built_for, distribution, facts, single_phase};
    use crate::model::{Abi, Arch, Facts, Member, ModuleName, SlotValue};
    use std::collections::BTreeMap;

    const TARGET: Target = Target::Py314t;

    fn report(name: &str, source: &str, path: &str, facts: Facts) -> DistributionReport {
        let member = Member { path: path.to_owned(), size: 1, sha256: None };
        let name_of_module = ModuleName::of_member(path);
        let verdicts = BTreeMap::from([(TARGET, judge(&name_of_module, Ok(&facts), TARGET))]);
        let module = ModuleReport {
            name: name_of_module,
            member,
            facts: Some(facts),
            hashed: None,
            verdicts,
            runtime: BTreeMap::new(),
        };
        let distribution = Distribution { source: source.to_owned(), ..distribution(name) };
        DistributionReport {
            distribution,
            chosen: None,
            path: None,
            verdicts: BTreeMap::new(),
            modules: vec![module],
        }
    }

    fn binding(source: &str) -> DistributionReport {
        let delegated = Outcome::Delegated { to: "_cffi_backend".to_owned() };
        let facts = facts(built_for(Some(Abi::FreeThreaded), Some(14)), &delegated);
        report("binding", source, "lib.cpython-314t-x86_64-linux-gnu.so", facts)
    }

    /// A backend that declares this value, or nothing, for what it makes.
    fn backend(source: &str, declares: Option<u64>) -> DistributionReport {
        let own = single_phase(Some(SlotValue::Known(1)));
        let mut facts = facts(built_for(Some(Abi::FreeThreaded), Some(14)), &own);
        for init in facts.slices[0].init.values_mut() {
            init.makes = Some(single_phase(declares.map(SlotValue::Known)));
        }
        report("cffi", source, "_cffi_backend.cpython-314t-x86_64-linux-gnu.so", facts)
    }

    fn settled_as(mut reports: Vec<DistributionReport>) -> String {
        settle(&mut reports.iter_mut().collect::<Vec<_>>());
        let judged = &reports[0].modules[0].verdicts[&TARGET];
        format!("{} {}", judged.verdict, judged.reason)
    }

    #[test]
    fn the_backend_of_the_same_audit_decides() {
        let free = settled_as(vec![binding("a.whl"), backend("b.whl", Some(1))]);
        assert_eq!(
            free,
            "gil-free is created by _cffi_backend of cffi 1.0, which declares Py_MOD_GIL_NOT_USED"
        );
        let used = settled_as(vec![binding("a.whl"), backend("b.whl", None)]);
        assert!(
            used.starts_with("requires-gil is created by _cffi_backend of cffi 1.0, which does not"),
            "{used}"
        );
    }

    #[test]
    fn without_a_backend_nothing_is_decided() {
        assert!(settled_as(vec![binding("a.whl")]).starts_with("undetermined "));
        let mut other_machine = backend("b.whl", Some(1));
        other_machine.modules[0].facts.as_mut().unwrap().slices[0].arch = Arch::Aarch64;
        assert!(settled_as(vec![binding("a.whl"), other_machine]).starts_with("undetermined "));
        let mut not_loaded = backend("b.whl", Some(1));
        not_loaded.modules[0].verdicts.get_mut(&TARGET).unwrap().verdict = Verdict::IncompatibleAbi;
        assert!(settled_as(vec![binding("a.whl"), not_loaded]).starts_with("undetermined "));
    }

    #[test]
    fn backends_that_differ_decide_nothing_unless_one_is_beside_it() {
        let two = |beside| vec![binding("a"), backend(beside, Some(1)), backend("b", None)];
        let differ = settled_as(two("c"));
        assert!(
            differ.starts_with("undetermined ") && differ.ends_with("differ in what they declare"),
            "{differ}"
        );
        assert!(settled_as(two("a")).starts_with("gil-free "));
    }

    #[test]
    fn a_backend_in_the_same_folder_counts_unless_that_may_be_a_package() {
        let settled_in = |folder: &str, other: &str| {
            let mut reports = vec![binding("a"), backend("a", Some(1))];
            for (report, folder) in reports.iter_mut().zip([folder, other]) {
                let module = &mut report.modules[0];
                module.member.path = format!("{folder}/{}", module.member.path);
                module.name = ModuleName::of_member(&module.member.path);
            }
            settled_as(reports)
        };
        assert!(settled_in("lib-1.0", "lib-1.0").starts_with("gil-free "));
        assert!(settled_in("lib-1.0", "lib-2.0").starts_with("undetermined "));
        assert!(settled_in("package", "package").starts_with("undetermined "));
    }
}
