//! The progress bar on standard error, and the only place that knows how it is drawn.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Counts modules. Silent unless it was asked for.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Drawn on standard error, or not at all.
    #[must_use]
    pub fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        match ProgressStyle::with_template("{bar:30} {pos} of {len} modules  {elapsed}") {
            Ok(style) => Self(bar.with_style(style)),
            Err(_) => Self(bar),
        }
    }

    /// More modules were found.
    pub fn expect(&self, modules: usize) {
        self.0.inc_length(modules as u64);
    }

    /// So many are done.
    pub fn done(&self, modules: usize) {
        self.0.inc(modules as u64);
    }
}

impl Drop for Progress {
    /// Leaves no trace on the terminal.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
