//! Verdicts against what interpreters really do: those of recorded runs, and of every interpreter at hand.
//!
//! [`truth`] holds the verdicts on real wheels against what CPython was once seen to do with them, [`platforms`] does
//! so for the wheels of other platforms; [`fixtures`] and [`wheels`] hold them against what the interpreters at hand
//! do now. [`origin`] is about the tools that made a module, [`leads`] about what is worth a look, [`broken`] about files
//! that no interpreter can load, [`universal`] about one of macOS.

mod audit;
mod broken;
mod comparison;
mod fixtures;
#[path = "../support/interpreters.rs"]
mod interpreters;
mod leads;
mod origin;
mod platforms;
#[path = "../support/probe.rs"]
mod probe;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/scripts.rs"]
mod scripts;
mod truth;
mod undetermined;
mod universal;
mod wheels;

use std::io::Write;

/// A line that is shown even when the test passes: what was measured, and what was left out.
fn tell(line: &str) {
    // Not `eprintln!`, which the test harness keeps to itself.
    drop(writeln!(std::io::stderr(), "    {line}"));
}
