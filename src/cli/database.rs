//! Options about what is known of packages, and the commands that read and keep it.

use super::{IndexArguments, at_least_one};
use crate::confirm::PythonChoice;
use crate::model::{KnownStatus, Named, Platform, Target};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Which databases count.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// A database to look into before the embedded one: a folder with a file for each package, or one such file. May
    /// be repeated.
    #[arg(long = "db", value_name = "PATH")]
    pub databases: Vec<PathBuf>,

    /// Leave out the database that comes with this program.
    #[arg(long)]
    pub no_embedded_db: bool,
}

/// `ftaudit db`.
#[derive(Debug, Subcommand)]
pub enum Database {
    /// Show what is known of a package, claims and measurements side by side.
    Show(Show),
    /// List what is known.
    List(List),
    /// Measure again: every record whose wheel is at hand is held against what that wheel is found to be.
    #[command(after_help = VERIFY_EXIT_STATUS)]
    Verify(Verify),
    /// Measure the wheels of packages, and write what came of it into a database.
    #[command(after_help = REFRESH_EXIT_STATUS)]
    Refresh(Refresh),
    /// Write all that is known, for other programs.
    Export(Export),
}

const VERIFY_EXIT_STATUS: &str = "Exit status:
  0  every record whose wheel is at hand is what that wheel is found to be
  1  one is not, or a wheel has another hash than its record
  2  wrong usage, or a database that cannot be read";

const REFRESH_EXIT_STATUS: &str = "Exit status:
  0  every package was measured, or has been on this day
  2  wrong usage, or nothing can be written
  3  something of a package could not be read or told; what could was written";

/// `ftaudit db show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The package; with a version, what is about that one comes first.
    #[arg(value_name = "PACKAGE[==VERSION]")]
    pub package: Named,

    /// Where to look.
    #[command(flatten)]
    pub database: DatabaseOptions,
}

/// `ftaudit db list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only records with this status.
    #[arg(long, value_parser = PossibleValuesParser::new(KnownStatus::ALL.map(KnownStatus::id)))]
    pub status: Option<String>,

    /// Where to look.
    #[command(flatten)]
    pub database: DatabaseOptions,
}

/// `ftaudit db verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// A folder with wheels. May be repeated. Those that ftaudit has in its cache are found without.
    #[arg(long = "wheels", value_name = "FOLDER")]
    pub wheels: Vec<PathBuf>,

    /// The folder that wheels and answers of indexes are kept in [default: ftaudit in the user's cache folder].
    #[arg(long, value_name = "FOLDER")]
    pub cache_dir: Option<PathBuf>,

    /// How many threads to use [default: one for each processor].
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroUsize>)]
    pub jobs: Option<NonZeroUsize>,

    /// Where to look.
    #[command(flatten)]
    pub database: DatabaseOptions,
}

/// `ftaudit db refresh`.
#[derive(Debug, Args)]
pub struct Refresh {
    /// A package, whose newest version is measured unless one is named. Nothing but its own page and files is asked
    /// for.
    #[arg(value_name = "PACKAGE[==VERSION]")]
    pub packages: Vec<Named>,

    /// A file with a package on each line. May be repeated.
    #[arg(short = 'r', long = "requirement", value_name = "FILE")]
    pub requirements: Vec<PathBuf>,

    /// The database to write into: a folder with a file for each package, made where there is none.
    #[arg(long = "db", value_name = "FOLDER")]
    pub database: PathBuf,

    /// The free-threaded Pythons to measure for, separated by commas: 3.13t, 3.14t, 3.15t [default: 3.14t].
    #[arg(long = "target", value_name = "PYTHON", value_delimiter = ',')]
    pub targets: Vec<Target>,

    /// The platforms to measure for, separated by commas: linux-x86_64, linux-aarch64, linux-musl-x86_64,
    /// macos-arm64, macos-x86_64, windows-x86_64, windows-arm64, all, host [default: host].
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',', value_parser = Platform::several)]
    pub platforms: Vec<Vec<Platform>>,

    /// Measure packages again that have been on this day.
    #[arg(long)]
    pub again: bool,

    /// Import every module too, in a sandbox. This runs the packages' code.
    #[arg(long)]
    pub confirm: bool,

    /// The interpreter to confirm with: a path, or 3.14t for any of that version.
    #[arg(long = "python", value_name = "PYTHON", requires = "confirm")]
    pub pythons: Vec<PythonChoice>,

    /// Where wheels are.
    #[command(flatten)]
    pub index: IndexArguments,
}

/// `ftaudit db export`.
#[derive(Debug, Args)]
pub struct Export {
    /// How it is written. `json` is documented in docs/json.md.
    #[arg(long, value_enum, default_value = "json")]
    pub format: ExportFormat,

    /// Write to this file instead of standard output (`-`). An existing file is replaced in one step.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Where to look.
    #[command(flatten)]
    pub database: DatabaseOptions,
}

/// How databases are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One object.
    Json,
}
