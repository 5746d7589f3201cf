//! What the program does, told on standard error while it does it: for whoever asks why something came out as it did, or
//! took so long. Silent unless that was asked for, and the only place that knows how it is written.

use crate::report::visible;
use std::io::{self, Write, stderr};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::time::uptime;

/// Says what is told, in the syntax of `RUST_LOG`: <https://docs.rs/env_logger/latest/env_logger/#enabling-logging>.
const VARIABLE: &str = "FTAUDIT_LOG";

/// How often `-v` has to be given for it: once is for a report with all evidence.
const TOLD: u8 = 2;

/// Why nothing can be told: the user's fault.
#[derive(Debug, thiserror::Error)]
#[error("{VARIABLE} does not say what to tell: {0}\nhint: {VARIABLE}=debug tells everything")]
pub struct LogError(#[from] ParseError);

/// What was asked for; none where nothing was.
fn wanted(verbose: u8) -> Option<String> {
    let told = (verbose >= TOLD).then(|| "ftaudit=debug".to_owned());
    std::env::var(VARIABLE).ok().filter(|filter| !filter.is_empty()).or(told)
}

/// Whether something is told: a progress bar would be drawn over it.
#[must_use]
pub fn is_wanted(verbose: u8) -> bool {
    wanted(verbose).is_some()
}

/// Tells from now on what was asked for; `verbose` is how often `-v` was given. Only what this program itself tells: the
/// crates that it makes requests with have a log of their own, which would show credentials, and nothing listens to that.
///
/// # Errors
/// When the variable makes no sense.
pub fn start(verbose: u8) -> Result<(), LogError> {
    let Some(filter) = wanted(verbose) else { return Ok(()) };
    let filter = EnvFilter::builder().parse(filter)?;
    let told = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_timer(uptime())
        .with_ansi(false)
        .with_writer(|| Visible(stderr()))
        .finish();
    // It fails where somebody listens already, as a program that has this one as its library may.
    drop(tracing::subscriber::set_global_default(told));
    Ok(())
}

/// Writes lines that are what they look like: names in them come from files that anybody may have made.
struct Visible<W>(W);

impl<W: Write> Write for Visible<W> {
    /// What is written in one go is one line.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        self.0.write_all(format!("{}\n", visible(line)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_make_a_line_of_its_own_or_write_to_the_terminal() {
        let mut written = Vec::new();
        Visible(&mut written).write_all(b"opened a\x1b[2J\nerror: b\n").unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "opened a\\u{1b}[2J\\u{a}error: b\n");
    }
}
