//! The command line: clap structs, nothing else. [`crate::plan`] makes a plan of them.

mod completions;
mod database;
mod manual;
mod project;
mod report;

pub use completions::completions;
pub use database::{Database, DatabaseOptions, Export, ExportFormat, List, Refresh, Show, Verify};
pub use manual::{ManualError, Page, page, pages};
pub use project::{IndexArguments, PolicyOptions, ProjectOptions};
pub use report::{DiffFormat, Format, FormatOption, FormatOptionParser, InspectFormat, Spelled};

use crate::assess::rules::RULES;
use crate::confirm::{PythonChoice, sandbox};
use crate::model::Target;
use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::ffi::OsString;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_STATUS: &str = "Exit status:
  0  nothing wrong
  1  something needs the GIL, does not install or load, crashes, was changed, or belies its verdict
  2  wrong usage, or nothing could be audited
  3  nothing wrong seen, but something undetermined, unbuilt, unread, unconfirmed or known to race";

const DIFF_EXIT_STATUS: &str = "Exit status:
  0  nothing is worse
  1  something is worse, or new and not ready
  2  wrong usage, or the reports could not be read or compared
  3  nothing worse seen, but something is not known any more, new and undetermined, or unread";

const INSPECT_EXIT_STATUS: &str = "Exit status:
  0  the module was inspected, whatever its verdict
  2  wrong usage, or the file could not be read";

const COMPLETIONS: &str = "Examples:
  bash  ftaudit completions bash > ~/.local/share/bash-completion/completions/ftaudit
  zsh   ftaudit completions zsh > ~/.zfunc/_ftaudit      (where fpath has ~/.zfunc)
  fish  ftaudit completions fish > ~/.config/fish/completions/ftaudit.fish";

const MANUAL: &str = "Examples:
  ftaudit man check | man -l -                    reads a page
  ftaudit man --out ~/.local/share/man/man1       puts all of them where man looks";

const DASHBOARD_EXIT_STATUS: &str = "Exit status:
  0  the site was written
  2  wrong usage, no report could be read, or the site could not be written
  3  the site was written, but some reports could not be read";

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
        let cli = Self::parse();
        if let Command::Check(check) = &cli.command
            && check.confirm.is_none()
            && (!check.pythons.is_empty() || check.no_sandbox)
        {
            let why = "--python and --no-sandbox are about imports: they need --confirm";
            Self::command().error(ErrorKind::MissingRequiredArgument, why).exit();
        }
        cli
    }
}

impl Command {
    /// How often `-v` was given.
    #[must_use]
    pub const fn verbosity(&self) -> u8 {
        match self {
            Self::Check(check) | Self::Confirm(check) => check.verbose,
            _ => 0,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give every extension module a verdict: what does importing it do on a free-threaded Python?
    #[command(after_help = EXIT_STATUS)]
    Check(Check),
    /// Audit, and import every extension module to see whether what was read is what happens: `check --confirm`.
    #[command(after_help = EXIT_STATUS)]
    Confirm(Check),
    /// Show how one module's verdict comes about: the init function step by step, its slots, and all evidence.
    #[command(after_help = INSPECT_EXIT_STATUS)]
    Inspect(Inspect),
    /// Make a site of a folder of JSON reports: how ready services are, over time, and what holds back most of them.
    ///
    /// Reports are files of `ftaudit check --format json=FILE` whose names end in .json. Whose report one is, its folder
    /// and its name tell: payments/2026-11-20.json and payments-2026-11-20.json are both of payments. Of when it is, the
    /// report tells, or the date in its name. A file that is of no use is listed as not read.
    #[command(after_help = DASHBOARD_EXIT_STATUS)]
    Dashboard(Dashboard),
    /// Compare two JSON reports: what is worse, better, new and gone.
    #[command(after_help = DIFF_EXIT_STATUS)]
    Diff(Diff),
    /// Write a commented ftaudit.toml into this folder.
    Init,
    /// Explain what a rule finds, what that means and what to do about it.
    Explain(Explain),
    /// What is known of packages: measurements, and claims beside them.
    #[command(subcommand)]
    Db(Database),
    /// Show the free-threaded interpreters that are found.
    #[command(subcommand)]
    Python(Python),
    /// Print a script that lets a shell complete this program's command lines.
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Print a page of the manual, or write all of them into a folder.
    #[command(after_help = MANUAL)]
    Man(Man),
    /// Becomes a program that can do little; how this program runs code that nobody has read.
    #[command(name = sandbox::COMMAND, hide = true)]
    Sandbox(Sandbox),
}

/// `ftaudit check`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Check {
    /// A wheel, an extension module, or a folder: a virtual environment, a site-packages, wheels, an
    /// unpacked tree; a requirements or lock file; or a requirement (lxml==6.1.3). What it is, is found out. Without
    /// any: the lock or requirements file of this folder.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,

    /// The free-threaded Pythons to judge for, separated by commas [default: 3.14t]. Each gives a column.
    #[arg(long = "target", value_name = "PYTHON", value_delimiter = ',', value_parser = target())]
    pub targets: Vec<Target>,

    /// How the report is written [default: human], and the file that it is written to (json=report.json). May be
    /// repeated; one of them may be without a file. `json` is documented in docs/json.md.
    #[arg(long = "format", value_name = "FORMAT[=FILE]", value_parser = FormatOptionParser::<Format>::new())]
    pub formats: Vec<FormatOption<Format>>,

    /// Write the report whose format names no file to this one, instead of standard output (`-`). Existing files are
    /// replaced in one step.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// How many threads to use [default: one for each processor].
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    pub jobs: Option<NonZeroUsize>,

    /// Compute the SHA-256 of every module and hold it against RECORD.
    #[arg(long)]
    pub verify_hashes: bool,

    /// Import every module in a free-threaded Python too, and lay what happens beside the verdict. This runs the
    /// packages' code, in a sandbox. `stress` also lets many threads import each package at the same moment.
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "import"
    )]
    pub confirm: Option<Confirm>,

    /// The interpreter to confirm with: a path, or 3.14t for any of that version. An environment's own, or
    /// the newest that is found, where none is named.
    #[arg(long = "python", value_name = "PYTHON")]
    pub pythons: Vec<PythonChoice>,

    /// How long one import may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = at_least_one::<NonZeroU64>)]
    pub import_timeout: NonZeroU64,

    /// Confirm without a sandbox: the packages' code can do whatever you can.
    #[arg(long)]
    pub no_sandbox: bool,

    /// One interpreter for each module.
    #[arg(long, hide = true)]
    pub one_by_one: bool,

    /// What a project asks for.
    #[command(flatten)]
    pub project: ProjectOptions,

    /// Where wheels are.
    #[command(flatten)]
    pub index: IndexArguments,

    /// What counts.
    #[command(flatten)]
    pub policy: PolicyOptions,

    /// What is known of packages.
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// Do not decode wheels whose very file a database has measured and found to be fine, by its SHA-256. One in ten is
    /// decoded all the same. The report says less of them.
    #[arg(long, help_heading = "Database")]
    pub skip_measured: bool,
    /// A line for each package and a column for each target and platform, instead of what is wrong with each.
    #[arg(long)]
    pub matrix: bool,

    /// Only the last sentences, which say it all.
    #[arg(long, conflicts_with_all = ["verbose", "matrix", "explain"])]
    pub summary: bool,

    /// Explain the rules that found something, as `ftaudit explain` does.
    #[arg(long)]
    pub explain: bool,

    /// Only the summary, and no progress bar.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Every module with all evidence, also those that are fine. Twice (`-vv`): also tell on standard error what is asked,
    /// read, resolved, decoded and run; `FTAUDIT_LOG` does so for every command, with a filter as `RUST_LOG` has it.
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,

    /// When to use colours. `auto` does on a terminal, unless `NO_COLOR` is set.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// `ftaudit diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The older report: a file of `ftaudit check --format json=FILE`.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,

    /// The newer one.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,

    /// How it is written [default: human], and the file that it is written to (json=diff.json). May be repeated; one of
    /// them may be without a file. `json` is documented in docs/json.md.
    #[arg(long = "format", value_name = "FORMAT[=FILE]", value_parser = FormatOptionParser::<DiffFormat>::new())]
    pub formats: Vec<FormatOption<DiffFormat>>,

    /// Write the one whose format names no file to this one, instead of standard output (`-`).
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Only the last sentence.
    #[arg(short, long)]
    pub quiet: bool,

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

    /// The free-threaded Pythons to judge for, separated by commas. Several give a section each.
    #[arg(long = "target", value_name = "PYTHON", value_delimiter = ',', value_parser = target(), default_value = "3.14t")]
    pub targets: Vec<Target>,

    /// How the report is written. `json` is documented in docs/json.md.
    #[arg(long, value_enum, default_value = "human")]
    pub format: InspectFormat,
}

/// `ftaudit dashboard`.
#[derive(Debug, Args)]
pub struct Dashboard {
    /// The folder of reports; folders in it are looked into too.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// The folder to write the site to. Pages in it are replaced, and nothing is deleted.
    #[arg(long, value_name = "SITE")]
    pub output: PathBuf,
}

/// `ftaudit explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The rule, as findings name it.
    #[arg(value_name = "RULE", value_parser = PossibleValuesParser::new(RULES.map(|rule| rule.id)))]
    pub rule: String,
}

/// `ftaudit python`.
#[derive(Debug, Subcommand)]
pub enum Python {
    /// List them, with their versions.
    List,
}

/// `ftaudit completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `ftaudit man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The command to print the page of, such as `check` or `python list` [default: the program itself].
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub command: Vec<String>,

    /// Write every page into this folder, which is made if need be.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// `ftaudit __sandbox`.
#[derive(Debug, Args)]
pub struct Sandbox {
    /// What may be read and executed.
    #[arg(long)]
    pub read: Vec<PathBuf>,
    /// The folder that may be written.
    #[arg(long)]
    pub write: PathBuf,
    /// The process that this one dies with.
    #[arg(long)]
    pub parent: u32,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// How modules are confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Confirm {
    /// Import each once.
    Import,
    /// The same, and each package by many threads at the same moment. What that shows is a lead, no proof.
    Stress,
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

/// One of the targets, which help and completions list.
fn target() -> impl TypedValueParser<Value = Target> {
    PossibleValuesParser::new(Target::ALL.map(|target| target.to_string()))
        .try_map(|name| name.parse::<Target>())
}

/// A number that has to be positive, with an error that says so.
fn at_least_one<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "a whole number of at least 1 is wanted")
}
