//! `borrowed-references`: functions whose answer another thread can take away.

use super::{brought, lead};
use crate::assess::rules::{Check, Rule, listed};
use crate::model::{
    Audience, Confidence, DistributionReport, Evidence, EvidenceKind, Finding, Level, Severity, Slice, owning,
};

pub(in crate::assess::rules) const RULE: Rule = Rule {
    id: "borrowed-references",
    severity: Severity::Info,
    level: Level::Warn,
    explain: "It leaves the GIL off, and calls functions that hand out borrowed references

`PyList_GetItem`, `PyDict_GetItem` and their like return a reference that the
list or dictionary owns. Without the GIL another thread can remove the item
before the caller has taken a reference of its own, and what it holds then is
freed memory. Each of them has a twin that returns a reference of the
caller's own (`PyList_GetItemRef`, `PyDict_GetItemRef` …), and this module
does not import it. What a binding tool brings into every module does not
count.

This is a lead, and no proof: the container may be one that no other thread
can reach, such as the keyword arguments of a call, or be locked. The source
tells.

Ask the maintainers, or look for the call and at what can reach its
container.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], _: Audience) -> Option<Finding> {
    let what = "call functions that hand out borrowed references";
    let help = "look in the source at who else can reach the lists and dictionaries that are read";
    lead(&RULE, Confidence::Low, reports, what, help, of)
}

fn of(slice: &Slice) -> Option<Evidence> {
    let usage = &slice.usage;
    let without_twin = |name: &&str| {
        owning(name).is_some_and(|twin| usage.owning.iter().all(|other| other != twin))
            && !brought::by_tool(slice, name)
    };
    let names: Vec<&str> = usage.borrowing.iter().map(AsRef::as_ref).filter(without_twin).collect();
    let mut twins: Vec<&str> = names.iter().filter_map(|name| owning(name)).collect();
    twins.dedup();
    let text = format!("imports {} (and not {})", listed(&names), twins.join(" or "));
    Some(Evidence::new(EvidenceKind::Symbol, text).of(*names.first()?))
}
