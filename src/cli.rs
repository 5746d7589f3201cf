//! The command line: clap structs, nothing else. [`crate::plan`] makes a plan of them.

use crate::assess::rules::RULES;
use crate::model::Target;
use clap::builder::PossibleValuesParser;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_STATUS: &str = "Exit status:
  0  nothing wrong
  1  something requires the GIL, cannot be loaded, or is not the file that RECORD lists
  2  wrong usage, or nothing could be audited
  3  nothing wrong seen, but something is undetermined or could not be read";

const INSPECT_EXIT_STATUS: &str = "Exit status:
  0  the module was inspected, whatever its verdict
  2  wrong usage, or the file could not be read";

/// Tells which compiled Python extension modules turn the GIL back on in free-threaded Python, by reading
/// the binaries.
#[derive(Debug, Parser)]
#[command(name = "ftaudit", version, styles = STYLES, after_help = EXIT_STATUS, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The command line of this process. Ends the process where that is wrong, or asks for help.
    #[must_use]
    pub fn of_process() -> Self {
        Self::parse()
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give every extension module a verdict: what does importing it do on a free-threaded Python?
    #[command(after_help = EXIT_STATUS)]
    Check(Check),
    /// Show how one module's verdict comes about: the init function step by step, its slots, and all evidence.
    #[command(after_help = INSPECT_EXIT_STATUS)]
    Inspect(Inspect),
    /// Explain what a rule finds, what that means and what to do about it.
    Explain(Explain),
}

/// `ftaudit check`.
#[derive(Debug, Args)]
pub struct Check {
    /// A wheel, an extension module, or a folder: a virtual environment, a site-packages, wheels, an
    /// unpacked tree. What a folder is, is found out.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,

    /// The free-threaded Python to judge for: 3.13t, 3.14t or 3.15t. Several give a column each.
    #[arg(long = "target", value_name = "PYTHON", default_value = "3.14t")]
    pub targets: Vec<Target>,

    /// How the report is written. `json` is documented in docs/json.md.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,

    /// Write the report to this file instead of standard output. An existing file is replaced in one step.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// How many threads to use [default: one for each processor].
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Compute the SHA-256 of every module and hold it against RECORD.
    #[arg(long)]
    pub verify_hashes: bool,

    /// Only the summary, and no progress bar.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Every module with all evidence, also those that are fine.
    #[arg(short, long)]
    pub verbose: bool,

    /// When to use colours. `auto` does on a terminal, unless `NO_COLOR` is set.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// `ftaudit inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// An extension module, or a wheel.
    pub file: PathBuf,

    /// Which module of a wheel: its path in there, or its dotted name. Not needed where there is only one.
    #[arg(long, value_name = "PATH")]
    pub member: Option<String>,

    /// The free-threaded Python to judge for: 3.13t, 3.14t or 3.15t. Several give a section each.
    #[arg(long = "target", value_name = "PYTHON", default_value = "3.14t")]
    pub targets: Vec<Target>,

    /// How the report is written. `json` is documented in docs/json.md.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

/// `ftaudit explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The rule, as findings name it.
    #[arg(value_name = "RULE", value_parser = PossibleValuesParser::new(RULES.map(|rule| rule.id)))]
    pub rule: String,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
