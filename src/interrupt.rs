//! Ctrl-C, and being told to end: the first time what runs is ended and what was done is reported, the second time this
//! program ends at once, and takes with it what it has left about.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The status of a program that a signal from the keyboard has ended, as shells say it (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// A flag that is set from the first Ctrl-C on. Before the program ends at the second, it does what is given here; what is
/// given first counts. Before anybody asks for the flag, Ctrl-C does what it always does.
#[must_use]
pub fn flag(at_the_end: fn()) -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&flag);
        // Where there can be no handler, Ctrl-C ends the program as before, and the children with it.
        let _ = ctrlc::set_handler(move || {
            if told.swap(true, Ordering::Relaxed) {
                at_the_end();
                std::process::exit(INTERRUPTED);
            }
        });
        flag
    });
    Arc::clone(flag)
}
