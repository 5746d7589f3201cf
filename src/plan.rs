//! The resolved request: flat, with every default filled in and every question to the terminal answered.

use crate::cli::{Check, Color, Confirm, Format, Inspect};
use crate::confirm;
use crate::model::Target;
use crate::report::human::{Detail, Layout};
use std::io::{IsTerminal, stderr, stdout};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What an audit is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What to audit.
    pub inputs: Vec<PathBuf>,
    /// What to judge for, each once, in the order asked.
    pub targets: Vec<Target>,
    /// How the report is written.
    pub format: Format,
    /// Where the report goes; standard output where there is none.
    pub output: Option<PathBuf>,
    /// Threads; one for each processor where none are given.
    pub jobs: Option<NonZeroUsize>,
    /// Whether every module is hashed.
    pub verify_hashes: bool,
    /// How modules are confirmed.
    pub confirm: confirm::Options,
    /// Whether they are.
    pub confirms: bool,
    /// How the human report looks.
    pub layout: Layout,
    /// Whether a progress bar is shown on standard error.
    pub progress: bool,
}

impl From<Check> for Plan {
    fn from(check: Check) -> Self {
        let output = check.output.filter(|path| path != Path::new("-"));
        let coloured = match check.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => output.is_none() && terminal_wants_colours(),
        };
        let detail = match (check.quiet, check.verbose) {
            (true, _) => Detail::Summary,
            (_, true) => Detail::Everything,
            _ => Detail::Normal,
        };
        let width = if output.is_none() && stdout().is_terminal() {
            textwrap::termwidth().clamp(MIN_WIDTH, MAX_WIDTH)
        } else {
            MIN_WIDTH
        };
        Self {
            inputs: check.inputs,
            targets: each_once(check.targets),
            format: check.format,
            output,
            jobs: check.jobs,
            verify_hashes: check.verify_hashes,
            confirms: check.confirm.is_some(),
            confirm: confirm::Options {
                pythons: check.pythons,
                sandboxed: !check.no_sandbox,
                batching: !check.one_by_one,
                stress: check.confirm == Some(Confirm::Stress),
                patience: Duration::from_secs(check.import_timeout.get()),
            },
            layout: Layout { detail, coloured, width },
            progress: !check.quiet && stderr().is_terminal(),
        }
    }
}

impl Plan {
    /// The same, confirming.
    #[must_use]
    pub fn confirming(self) -> Self {
        Self { confirms: true, ..self }
    }
}

/// What an inspection is to do.
#[derive(Debug, Clone)]
pub struct InspectPlan {
    /// The module, or the wheel that it is in.
    pub file: PathBuf,
    /// Which module of a wheel.
    pub member: Option<String>,
    /// What to judge for, each once, in the order asked.
    pub targets: Vec<Target>,
    /// How the report is written.
    pub format: Format,
}

impl From<Inspect> for InspectPlan {
    fn from(Inspect { file, member, targets, format }: Inspect) -> Self {
        Self { file, member, targets: each_once(targets), format }
    }
}

fn each_once(asked: Vec<Target>) -> Vec<Target> {
    let mut targets = Vec::new();
    for target in asked {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

/// Files and pipes get lines of this width, and so does a narrower terminal.
const MIN_WIDTH: usize = 80;
/// Sentences are hard to read in lines that are any longer.
const MAX_WIDTH: usize = 120;

/// Honours `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM=dumb`.
fn terminal_wants_colours() -> bool {
    anstream::AutoStream::choice(&stdout()) != anstream::ColorChoice::Never
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU64;

    const A_MINUTE: NonZeroU64 = NonZeroU64::new(60).unwrap();

    fn check() -> Check {
        Check {
            inputs: vec![PathBuf::from("x.whl")],
            targets: vec![Target::Py315t, Target::Py314t, Target::Py315t],
            format: Format::Human,
            output: None,
            jobs: None,
            verify_hashes: false,
            confirm: None,
            pythons: Vec::new(),
            import_timeout: A_MINUTE,
            no_sandbox: false,
            one_by_one: false,
            quiet: false,
            verbose: false,
            color: Color::Auto,
        }
    }

    #[test]
    fn a_target_named_twice_is_judged_once_in_the_order_asked() {
        assert_eq!(Plan::from(check()).targets, [Target::Py315t, Target::Py314t]);
    }

    #[test]
    fn quiet_and_verbose_say_how_much_is_told() {
        let detail = |quiet, verbose| Plan::from(Check { quiet, verbose, ..check() }).layout.detail;
        assert_eq!(detail(false, false), Detail::Normal);
        assert_eq!(detail(true, false), Detail::Summary);
        assert_eq!(detail(false, true), Detail::Everything);
        assert!(!Plan::from(Check { quiet: true, ..check() }).progress);
    }

    #[test]
    fn a_file_has_no_colours_unless_they_are_asked_for() {
        let coloured = |color| {
            let output = Some(PathBuf::from("report.txt"));
            Plan::from(Check { output, color, ..check() }).layout.coloured
        };
        assert!(!coloured(Color::Auto));
        assert!(!coloured(Color::Never));
        assert!(coloured(Color::Always));
    }
}
