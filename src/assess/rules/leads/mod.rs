//! Leads: what of a module that declares itself free of the GIL is worth a look at its source. They are no proof of
//! anything, they keep no audit from passing, and nothing that they say is about a module that needs the GIL.

pub(super) mod blanket_declaration;
pub(super) mod borrowed_references;
mod brought;
pub(super) mod shared_state;
pub(super) mod unlocked_iteration;
pub(super) mod unsynchronised_memory;

use super::Rule;
use crate::model::{
    Confidence, DistributionReport, Evidence, Finding, ModuleReport, Severity, Slice, Verdict,
};
use std::collections::BTreeSet;

/// Modules that a message names.
const NAMED: usize = 3;

/// What a rule says of a package: one finding, with one observation for each module that leaves the GIL off and that
/// shows `what`.
fn lead(
    rule: &Rule,
    confidence: Confidence,
    reports: &[&DistributionReport],
    what: &str,
    help: &str,
    of: impl Fn(&Slice) -> Option<Evidence>,
) -> Option<Finding> {
    let mut about: Vec<&DistributionReport> = Vec::new();
    let mut declaring = BTreeSet::new();
    let mut shown: Vec<(&str, Evidence)> = Vec::new();
    for report in reports {
        for module in report.modules.iter().filter(|module| declares(module)) {
            let name = module.name.dotted.as_str();
            declaring.insert(name);
            let mut slices = module.facts.iter().flat_map(|facts| &facts.slices);
            let Some(evidence) = slices.find_map(&of) else { continue };
            if !about.iter().any(|other| std::ptr::eq(*other, *report)) {
                about.push(report);
            }
            // On several platforms it is the same module.
            if shown.iter().all(|(other, _)| *other != name) {
                let text = format!("{name} {}", evidence.text);
                shown.push((name, Evidence { text, ..evidence }));
            }
        }
    }
    let names: Vec<&str> = shown.iter().map(|(name, _)| *name).collect();
    let message = format!(
        "a lead: {} of {} modules that leave the GIL off {what}: {}{}",
        names.len(),
        declaring.len(),
        names.get(..NAMED).unwrap_or(&names).join(", "),
        if names.len() > NAMED { " …" } else { "" }
    );
    let finding = rule.of_package(&about, message, help)?;
    let evidence = shown.into_iter().map(|(_, evidence)| evidence).collect();
    Some(Finding { severity: Severity::Info, confidence, evidence, ..finding })
}

/// Whether a module says of itself that it needs no GIL.
fn declares(module: &ModuleReport) -> bool {
    module.verdicts.values().any(|judged| judged.verdict == Verdict::GilFree)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::rules::{RULES, check_package};
    use crate::model::{
        Audience, BindingTool, Definition, GilCall, Outcome, SlotValue, Target, Usage, made_up,
    };

    fn tool_named(name: &'static str) -> BindingTool {
        let evidence = Evidence::new(crate::model::EvidenceKind::Text, "");
        BindingTool { name: name.into(), version: None, evidence, declare_with: "".into() }
    }

    /// What the rule says of a package with a module for each usage, made by the tool.
    fn found(rule: &str, tool: Option<&'static str>, usages: &[Usage], verdict: Verdict) -> Option<Finding> {
        let mut report = made_up::report_of(&[verdict]).distributions.remove(0);
        let module = report.modules.remove(0);
        for (index, usage) in usages.iter().enumerate() {
            let mut module = module.clone();
            module.name.dotted = format!("pkg.m{index}");
            let slice = &mut module.facts.as_mut().unwrap().slices[0];
            slice.usage = usage.clone();
            slice.origin = tool.map(tool_named);
            report.modules.push(module);
        }
        check(rule, &report)
    }

    fn check(rule: &str, report: &DistributionReport) -> Option<Finding> {
        check_package(&[report], Audience::User).into_iter().find(|finding| finding.rule == rule)
    }

    fn borrowing(name: &'static str) -> Usage {
        Usage { borrowing: vec![name.into()], ..Usage::default() }
    }

    #[test]
    fn a_function_that_lends_without_its_twin() {
        let found = |tool, usage| found("borrowed-references", tool, &[usage], Verdict::GilFree);
        let list = found(None, borrowing("PyList_GetItem")).unwrap();
        assert_eq!(
            list.message,
            "a lead: 1 of 1 modules that leave the GIL off call functions that hand out borrowed references: pkg.m0"
        );
        assert_eq!(list.evidence[0].text, "pkg.m0 imports PyList_GetItem (and not PyList_GetItemRef)");
        let replaced = Usage { owning: vec!["PyList_GetItemRef".into()], ..borrowing("PyList_GetItem") };
        assert_eq!(found(None, replaced), None);
        // What every module that the tool makes has tells nothing of this one.
        assert_eq!(found(Some("pybind11"), borrowing("PyList_GetItem")), None);
        assert!(found(Some("Cython"), borrowing("PyList_GetItem")).is_some());
        assert_eq!(found(None, Usage::default()), None);
    }

    #[test]
    fn a_walk_over_a_dictionary_without_any_critical_section() {
        let found = |tool, usage| found("unlocked-iteration", tool, &[usage], Verdict::GilFree);
        let iterates = Usage { iterates: true, ..Usage::default() };
        assert!(found(None, iterates.clone()).is_some());
        assert_eq!(found(None, Usage { enters_critical_sections: true, ..iterates.clone() }), None);
        assert_eq!(found(Some("PyO3"), iterates), None);
    }

    #[test]
    fn memory_that_nothing_guards() {
        let found = |tool, usage| found("unsynchronised-memory", tool, &[usage], Verdict::GilFree);
        let much = Usage { zeroed: 1024, ..Usage::default() };
        let lead = found(None, much.clone()).unwrap();
        assert!(lead.evidence[0].text.contains("1024 bytes"), "{lead:?}");
        assert_eq!(found(None, Usage { synchronises: true, ..much.clone() }), None);
        assert_eq!(found(None, Usage { zeroed: 1023, ..much.clone() }), None);
        assert_eq!(found(Some("Cython"), much), None);
    }

    #[test]
    fn one_state_for_all_modules_made() {
        let with = |tool: Option<&'static str>, state_size, value| {
            let mut report = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
            let Outcome::MultiPhase(definition) = made_up::multi_phase(&[]) else { unreachable!() };
            let outcome = Outcome::SinglePhase {
                definition: Some(Definition { state_size, ..definition }),
                gil: Some(GilCall { address: 0x1000, value: SlotValue::Known(value) }),
            };
            let facts = report.modules[0].facts.as_mut().unwrap();
            facts.slices[0].init.get_mut(&Target::Py314t).unwrap().outcome = outcome;
            facts.slices[0].origin = tool.map(tool_named);
            check("shared-state", &report)
        };
        assert!(with(None, Some(-1), 1).is_some());
        assert_eq!(with(Some("f2py"), Some(-1), 1), None);
        assert_eq!(with(None, Some(16), 1), None);
        assert_eq!(with(None, None, 1), None);
        // It says that it needs the GIL: the verdict here is made up.
        assert_eq!(with(None, Some(-1), 0), None);
    }

    #[test]
    fn what_a_tool_declares_for_everybody() {
        let found = |tool| found("blanket-declaration", tool, &vec![Usage::default(); 5], Verdict::GilFree);
        let lead = found(Some("mypyc")).unwrap();
        assert_eq!((lead.evidence.len(), lead.severity, lead.member), (5, Severity::Info, None));
        assert!(lead.message.ends_with("pkg.m0, pkg.m1, pkg.m2 …"), "{}", lead.message);
        assert_eq!(found(Some("Cython")), None);
    }

    #[test]
    fn nothing_is_led_to_in_a_module_that_needs_the_gil() {
        let all = Usage { iterates: true, zeroed: 1 << 20, ..borrowing("PyList_GetItem") };
        let leads = RULES.iter().filter(|rule| rule.explain.contains("This is a lead, and no proof"));
        let mut count = 0;
        for rule in leads {
            let found = found(rule.id, Some("mypyc"), std::slice::from_ref(&all), Verdict::RequiresGil);
            assert_eq!((found, rule.severity), (None, Severity::Info));
            count += 1;
        }
        assert_eq!(count, 5);
    }
}
