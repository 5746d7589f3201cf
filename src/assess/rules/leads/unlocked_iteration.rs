//! `unlocked-iteration`: a walk over a dictionary that nothing locks.

use super::{brought, lead};
use crate::assess::rules::{Check, Rule};
use crate::model::{
    Audience, Confidence, DistributionReport, Evidence, EvidenceKind, Finding, Level, Severity, Slice,
};

pub(in crate::assess::rules) const RULE: Rule = Rule {
    id: "unlocked-iteration",
    severity: Severity::Info,
    level: Level::Warn,
    explain: "It leaves the GIL off, and walks over dictionaries without ever locking one

`PyDict_Next` neither locks the dictionary nor returns references of the
caller's own: while another thread changes it, entries are skipped, seen
twice, or freed under the caller. Python's documentation asks for
`Py_BEGIN_CRITICAL_SECTION(dict)` around the loop, and this module imports no
critical section at all. What a binding tool brings into every module does
not count.

This is a lead, and no proof: the dictionary may be one that no other thread
can reach, such as the keyword arguments of a call. The source tells.

Ask the maintainers, or look for the loop and at what can reach its
dictionary.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], _: Audience) -> Option<Finding> {
    let what = "walk over dictionaries, and never lock one";
    let help = "look in the source at who else can reach the dictionaries that are walked over";
    lead(&RULE, Confidence::Medium, reports, what, help, of)
}

fn of(slice: &Slice) -> Option<Evidence> {
    let is_one = slice.usage.iterates
        && !slice.usage.enters_critical_sections
        && !brought::by_tool(slice, "PyDict_Next");
    let text = "imports PyDict_Next, and no PyCriticalSection_Begin";
    is_one.then(|| Evidence::new(EvidenceKind::Symbol, text).of("PyDict_Next"))
}
