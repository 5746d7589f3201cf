//! Pages in a real browser. Rust makes them, as the program does; what readers do with them is told in
//! `tests/browser/*.mjs`, which drive a headless Chromium, and `html-validate` reads what was written.

mod browser;
#[expect(dead_code, reason = "pages are made of a part of what tests of stages need")]
#[path = "../../src/model/made_up/mod.rs"]
mod made_up;
#[path = "../support/module.rs"]
mod module;
mod reports;
#[path = "../support/scripts.rs"]
mod scripts;
mod site;

// What the made-up reports are made of: they name it by their parent.
use ftaudit::model::{
    Abi, Agreement, Arch, Audience, Basis, Bearing, BindingTool, BuiltFor, Chosen, Confidence, Confirmation,
    Considered, Creation, Database, Definition, Distribution, DistributionReport, Evidence, EvidenceKind,
    Facts, Finding, Fix, ForeignEnvironment, Format, GilCall, Head, Hook, HookKind, Init, Judgement, Known,
    KnownStatus, Level, MeasuredWheel, Member, ModuleName, ModuleReport, Note, Outcome, Platform, Proof,
    Protection, PythonVersion, Reason, Record, Report, Runtime, Seen, Severity, Slice, Slot, SlotArray,
    SlotValue, Subject, SuppressedBy, Suppression, Target, Usage, Verdict,
};

use std::io::Write;

/// A line that is shown even when the test passes: what was measured, and what was left out.
fn tell(line: &str) {
    // Not `eprintln!`, which the test harness keeps to itself.
    drop(writeln!(std::io::stderr(), "    {line}"));
}
