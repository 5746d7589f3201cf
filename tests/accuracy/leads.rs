//! Leads: that they are about a package's own code, and how many of them there are.

use crate::fixtures::BUILT;
use crate::{audit, origin};
use std::collections::BTreeSet;

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
