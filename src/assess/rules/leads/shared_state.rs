//! `shared-state`: one state for all, by the module's own word.

use super::{brought, lead};
use crate::assess::rules::{Check, Rule};
use crate::model::{
    Audience, Confidence, DistributionReport, Evidence, EvidenceKind, Finding, GilCall, Level, Outcome,
    Severity, Slice, SlotValue,
};

pub(in crate::assess::rules) const RULE: Rule = Rule {
    id: "shared-state",
    severity: Severity::Info,
    level: Level::Warn,
    explain: "It leaves the GIL off, and says that its state is global

Its `PyModuleDef` has the `m_size` -1, which means that the module keeps its
state in global variables, and it declares `Py_MOD_GIL_NOT_USED` all the
same. Old modules have that -1 by habit; with multi-phase initialization it
is not even allowed. Modules made by f2py and Pythran all have it, and are
passed over.

This is a lead, and no proof: the state may be written at import only, be
locked, or not be there at all. The source tells.

Ask the maintainers, or look at what its global variables hold.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], _: Audience) -> Option<Finding> {
    let what = "say that their state is global (m_size is -1)";
    let help = "look in the source at what its global variables hold";
    lead(&RULE, Confidence::Low, reports, what, help, of)
}

fn of(slice: &Slice) -> Option<Evidence> {
    slice.init.values().find_map(|init| {
        let Outcome::SinglePhase { definition: Some(definition), gil: Some(call) } = &init.outcome else {
            return None;
        };
        let GilCall { value: SlotValue::Known(1..), .. } = call else { return None };
        let text = "declares Py_MOD_GIL_NOT_USED, and the m_size of its PyModuleDef is -1";
        (definition.state_size == Some(-1) && !brought::size_by_tool(slice))
            .then(|| Evidence::new(EvidenceKind::Call, text).at(definition.address))
    })
}
