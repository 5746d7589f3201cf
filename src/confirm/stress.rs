//! Many threads that import a package at the same moment: a crash or a hang there is a lead. That there was none says
//! nothing, and no report says otherwise.

use super::batch;
use super::outcome::{Wanted, of_death};
use super::process::{How, Processes};
use super::session::Session;
use crate::model::Seen;

/// Threads that import at the same moment: enough for most pairs of steps to meet, few enough for small machines.
const THREADS: usize = 16;
/// Fresh interpreters; races that show at all show in some of a few.
const ROUNDS: usize = 5;

/// What was seen, where there was something to be seen: a crash or a hang that one thread alone does not have.
pub(super) fn stress(session: &Session, package: &str, processes: &dyn Processes) -> Option<Seen> {
    let wanted = Wanted { name: package.to_owned(), file: String::new(), suspect: false };
    for _ in 0..ROUNDS {
        let run = batch::alone(session, &wanted, THREADS, processes).ok()?;
        let ended = run.transcript.ends.contains_key(&wanted.name);
        if run.failed.is_some() || run.how == How::Interrupted {
            return None;
        }
        if !ended {
            return Some(of_death(run.how, &run.transcript, session.patience));
        }
    }
    None
}
