//! `--confirm` end to end, under every free-threaded interpreter at hand: made modules of every outcome, packages that
//! mean harm, real wheels, environments, and what is left behind.

mod batches;
mod environments;
mod hostile;
#[path = "../support/interpreters.rs"]
mod interpreters;
mod interrupted;
mod outcomes;
mod run;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/scripts.rs"]
mod scripts;
mod site;

use std::io::Write;

/// A line that is shown even when the test passes: what was measured, and what was left out.
fn tell(line: &str) {
    // Not `eprintln!`, which the test harness keeps to itself.
    drop(writeln!(std::io::stderr(), "    {line}"));
}
