//! The gate: requirements, lock files and environments in, exit status out. The program itself runs, against an index
//! on loopback with real wheels and with small ones made by hand; its environment holds that index, a cache of its
//! own and nothing else, so no installer is at hand.

mod closed;
mod credentials;
mod environments;
mod index;
#[path = "../support/module.rs"]
mod module;
mod pinned;
mod platforms;
mod policy;
mod run;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/scripts.rs"]
mod scripts;
#[expect(dead_code, reason = "only the tests of the index itself have it misbehave in every way")]
#[path = "../index/server.rs"]
mod server;
mod suggest;
mod verdicts;

/// Says what a run leaves out where a captured test would not.
fn tell(message: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{message}");
}
