//! `unsynchronised-memory`: state of its own, and nothing to guard it with.

use super::{brought, lead};
use crate::assess::rules::{Check, Rule};
use crate::model::{
    Audience, Confidence, DistributionReport, Evidence, EvidenceKind, Finding, Level, Severity, Slice,
};

/// Bytes of zeroed memory that count. Below that lie what compilers bring (some 60 bytes) and a few pointers to imported
/// objects, which are written once, at import.
const MUCH: u64 = 1024;

pub(in crate::assess::rules) const RULE: Rule = Rule {
    id: "unsynchronised-memory",
    severity: Severity::Info,
    level: Level::Warn,
    explain: "It leaves the GIL off, writes to memory of its own, and has no lock

The file asks for 1024 bytes or more of memory that is zero until its code
writes to it (static variables and arrays), and imports nothing that threads
could be kept apart with: no lock, no flag for doing something once, no
thread-local storage. Modules made by Cython, which keeps the state of each
there, are passed over.

This is a lead, and no proof: what is written once, at import, needs no lock,
and atomic instructions need no import. The source tells.

Ask the maintainers, or look at what writes to its static variables.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], _: Audience) -> Option<Finding> {
    let what = "have static variables, and nothing to guard them with";
    let help = "look in the source at what writes to static variables after the import";
    lead(&RULE, Confidence::Low, reports, what, help, of)
}

fn of(slice: &Slice) -> Option<Evidence> {
    let usage = &slice.usage;
    let text =
        format!("has {} bytes of zeroed memory, and imports nothing that synchronises threads", usage.zeroed);
    let is_one = usage.zeroed >= MUCH && !usage.synchronises && !brought::state_by_tool(slice);
    is_one.then(|| Evidence::new(EvidenceKind::Symbol, text))
}
