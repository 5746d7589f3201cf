//! The verdict for a distribution: that of its worst module, unless the target does not install it at all.

use crate::model::{Distribution, Evidence, EvidenceKind, Judgement, Reason, Target, Verdict, tags};

/// What a target does with a distribution, given what it does with each of its modules.
///
/// Tags are looked at where there are any: `WHEEL` files of installed distributions count, so that those of an
/// environment of a Python with the GIL read as what they are.
#[must_use]
pub fn distribution(distribution: &Distribution, modules: &[&Judgement], target: Target) -> Judgement {
    let tags = &distribution.tags;
    if !tags.is_empty() && !tags.iter().any(|tag| tags::installs(tag, target)) {
        let text = format!("the wheel is tagged {}", tags.join(", "));
        let evidence = vec![Evidence::new(EvidenceKind::WheelTag, text)];
        let reason = Reason::TagNotInstallable { tags: tags::without_platforms(tags), target };
        return Judgement { verdict: Verdict::IncompatibleAbi, reason, evidence };
    }
    let is_for_all = is_for_all(tags);
    let counts = |module: &&&Judgement| !(is_for_all && is_passed_over(module));
    let counting: Vec<&&Judgement> = modules.iter().filter(counts).collect();
    if let (true, Some(_)) = (counting.is_empty(), modules.first()) {
        let reason = Reason::WorstOf { count: modules.len(), total: modules.len() };
        return Judgement { verdict: Verdict::NotAnExtension, reason, evidence: Vec::new() };
    }
    let modules = counting;
    let Some(verdict) = modules.iter().map(|module| module.verdict).max() else {
        return Judgement { verdict: Verdict::PurePython, reason: Reason::NoModules, evidence: Vec::new() };
    };
    let count = modules.iter().filter(|module| module.verdict == verdict).count();
    // Libraries that only have the name of a module are none of the modules that could be worse.
    let total = modules.iter().filter(|module| module.verdict >= verdict.min(Verdict::GilFree)).count();
    Judgement { verdict, reason: Reason::WorstOf { count, total }, evidence: Vec::new() }
}

/// Whether a wheel is for every platform and ABI: the modules that it brings are accelerators, each for whatever Python
/// looks for its suffix, and the others do without.
pub(super) fn is_for_all(tags: &[String]) -> bool {
    !tags.is_empty() && tags.iter().all(|tag| tag.ends_with("-none-any"))
}

/// Whether the import system never looks at the file.
pub(super) const fn is_passed_over(judgement: &Judgement) -> bool {
    matches!(judgement.reason, Reason::SuffixNotLoaded { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;

    fn judged(tags: &[&str], modules: &[Verdict]) -> (Verdict, String) {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let subject = Distribution { tags, ..made_up::distribution("foo") };
        let modules: Vec<Judgement> = modules.iter().map(|verdict| made_up::judgement(*verdict)).collect();
        let modules: Vec<&Judgement> = modules.iter().collect();
        let Judgement { verdict, reason, .. } = distribution(&subject, &modules, Target::Py314t);
        (verdict, reason.to_string())
    }

    #[test]
    fn the_worst_module_counts() {
        use Verdict::{GilFree, NotAnExtension, PurePython, RequiresGil, Undetermined};
        for (modules, verdict, reason) in [
            (vec![], PurePython, "has no compiled files"),
            (vec![GilFree, GilFree], GilFree, "2 of 2 modules"),
            (vec![GilFree, NotAnExtension, RequiresGil, RequiresGil], RequiresGil, "2 of 3 modules"),
            (vec![GilFree, Undetermined], Undetermined, "1 of 2 modules"),
            (vec![NotAnExtension], NotAnExtension, "1 of 1 module"),
        ] {
            assert_eq!(judged(&[], &modules), (verdict, reason.to_owned()));
        }
    }

    #[test]
    fn files_for_other_pythons_do_not_count_where_a_wheel_is_for_all() {
        let suffix = ".cp39-win_amd64.pyd".to_owned();
        let reason = Reason::SuffixNotLoaded { suffix, made_for: None, target: Target::Py314t };
        let foreign = Judgement { reason, ..made_up::judgement(Verdict::IncompatibleAbi) };
        let free = made_up::judgement(Verdict::GilFree);
        let judged = |tag: &str, modules: &[&Judgement]| {
            let subject = Distribution { tags: vec![tag.to_owned()], ..made_up::distribution("foo") };
            distribution(&subject, modules, Target::Py314t).verdict
        };
        assert_eq!(judged("py3-none-any", &[&foreign, &free]), Verdict::GilFree);
        assert_eq!(judged("py3-none-any", &[&foreign]), Verdict::NotAnExtension);
        assert_eq!(judged("cp314-cp314t-linux_x86_64", &[&foreign, &free]), Verdict::IncompatibleAbi);
    }

    #[test]
    fn tags_come_first() {
        let (verdict, reason) = judged(&["cp312-cp312-a", "cp312-cp312-b"], &[Verdict::GilFree]);
        assert_eq!(verdict, Verdict::IncompatibleAbi);
        assert_eq!(reason, "cannot be installed on 3.14t: its wheel is tagged cp312-cp312");
        assert_eq!(judged(&["cp312-cp312-a", "cp314-cp314t-a"], &[]).0, Verdict::PurePython);
    }
}
