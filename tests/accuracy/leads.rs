//! Leads: that they are about a package's own code, and how many of them there are.

use crate::fixtures::BUILT;
use crate::{audit, origin, scripts, wheels};
use std::collections::BTreeSet;
use std::fs;

/// Rules that go by which functions a module imports.
const BY_IMPORT: [&str; 2] = ["borrowed-references", "unlocked-iteration"];

/// What a binding tool brings into each module leads nowhere: these fixtures do nothing of their own.
#[test]
fn a_tools_own_code_leads_nowhere() {
    let mut seen = 0;
    for (interpreter, folder, manifest) in BUILT.iter() {
        let made_by_tool = |way: &str| origin::TOOLS.iter().any(|(start, ..)| way.starts_with(start));
        let tools: BTreeSet<&str> = manifest
            .modules
            .iter()
            // The module of cffi's run time is one of its own, in C.
            .filter(|built| made_by_tool(&built.way) && !built.module.starts_with("_cffi_backend"))
            .map(|built| built.module.as_str())
            .collect();
        seen += tools.len();
        let report = audit::check(&interpreter.target(), [folder]);
        for finding in report.findings.iter().filter(|finding| BY_IMPORT.contains(&finding.rule.as_str())) {
            let names = finding.evidence.iter().filter_map(|evidence| evidence.text.split(' ').next());
            let led: Vec<&str> = names.filter(|name| tools.iter().any(|tool| name.ends_with(tool))).collect();
            assert!(led.is_empty(), "{} leads to {led:?} under {}", finding.rule, interpreter.version);
        }
    }
    assert!(seen > 0 || BUILT.is_empty(), "no fixture was made by a tool");
}

/// How many modules each rule leads to, as these pages say it.
#[test]
fn there_are_as_many_as_is_written_down() {
    const RULES: [&str; 5] = [
        "borrowed-references",
        "unlocked-iteration",
        "unsynchronised-memory",
        "shared-state",
        "blanket-declaration",
    ];
    let Some(cached) = wheels::cached() else { return };
    let inputs: Vec<_> =
        cached.iter().filter(|wheel| wheel.file.contains("-cp314t-")).map(|wheel| &wheel.path).collect();
    let report = audit::check("3.14t", inputs);
    let judged = report.modules("3.14t").filter(|(_, (_, judged))| judged.verdict == "gil-free").count();
    for page in ["README.md", "docs/leads.md"] {
        let text = fs::read_to_string(scripts::in_repository(page)).expect("it is there");
        assert!(text.contains(&format!("{judged} ")), "{page}: {judged} modules leave the GIL off");
        for rule in RULES {
            let findings = report.findings.iter().filter(|finding| finding.rule == rule);
            let modules: usize = findings.map(|finding| finding.evidence.len()).sum();
            let line = format!("| `{rule}` | {modules} |");
            assert!(text.contains(&line), "{page} should have {line}");
        }
    }
}
