//! `blanket-declaration`: the tool says so of everything that it makes.

use super::lead;
use crate::assess::rules::{Check, Rule};
use crate::model::{
    Audience, Confidence, DistributionReport, Evidence, EvidenceKind, Finding, Level, Severity, Slice,
};

/// Tools that declare every module free of the GIL without being asked to. (`PyO3` does so too from 0.28 on, and there the
/// compiler wants proof that what threads share can be shared.)
const DECLARING: [&str; 2] = ["Pythran", "mypyc"];

pub(in crate::assess::rules) const RULE: Rule = Rule {
    id: "blanket-declaration",
    severity: Severity::Info,
    level: Level::Warn,
    explain: "It leaves the GIL off because its compiler says so of everything

From version 1.17 of mypy on, mypyc declares `Py_MOD_GIL_NOT_USED` in every
module for a free-threaded build, and so does Pythran 0.19; nobody has to ask
for it. That anybody looked at the code with threads in mind does not follow.

This is a lead, and no proof: most such code shares nothing between threads.

Ask the maintainers whether they support free-threaded Python.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], audience: Audience) -> Option<Finding> {
    let what = "were declared so by their compiler, which does so for all";
    let help = audience.pick(
        "ask the maintainers whether they support free-threaded Python",
        "look at what your code shares between threads: that it is declared says nothing of it",
    );
    lead(&RULE, Confidence::Low, reports, what, help, of)
}

fn of(slice: &Slice) -> Option<Evidence> {
    let tool = slice.origin.as_ref().filter(|tool| DECLARING.contains(&tool.name.as_ref()))?;
    let text = format!("was made by {}, which declares every module free of the GIL", tool.name);
    Some(Evidence::new(EvidenceKind::Text, text))
}
