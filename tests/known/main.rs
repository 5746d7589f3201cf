//! The database: the one of this repository, those that users have, and the measuring that fills them. The program itself
//! runs, with an index on loopback and with the wheels that the other tests cache.

mod broken;
mod crosscheck;
#[path = "../gate/index.rs"]
#[expect(dead_code, reason = "the tests of the gate serve more kinds of files")]
mod index;
#[path = "../support/module.rs"]
mod module;
mod reader;
mod refresh;
#[path = "../gate/run.rs"]
#[expect(dead_code, reason = "the tests of the gate check more of a run")]
mod run;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/scripts.rs"]
mod scripts;
#[path = "../index/server.rs"]
#[expect(dead_code, reason = "only the tests of the index itself have it misbehave in every way")]
mod server;
mod skip;
mod verify;

use run::{Place, Run};

/// `ftaudit db`, with words behind it.
fn db(place: &Place, words: &[&str]) -> Run {
    place.run(&[], &[&["db"], words].concat())
}

/// A file of a database: `foo` at 1.0, with this status and evidence.
fn record(status: &str, basis: &str, evidence: &str) -> String {
    format!(
        "schema = \"ftaudit/db/1\"\npackage = \"foo\"\n\n[[record]]\nversions = \"==1.0\"\nstatus = \"{status}\"\nbasis = \
         \"{basis}\"\nchecked = 2026-11-21\n[record.evidence]\n{evidence}\n"
    )
}
