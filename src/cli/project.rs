//! Options about what a project asks for, where wheels are looked up, and what counts.

use crate::model::Platform;
use clap::Args;
use std::path::PathBuf;

/// What is audited besides files and folders.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Requirements")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ProjectOptions {
    /// A requirements file, as pip reads it; also a lock file, a pyproject.toml or a script. May be repeated.
    #[arg(short = 'r', long = "requirement", value_name = "FILE")]
    pub requirements: Vec<PathBuf>,

    /// A constraints file, as pip reads it. May be repeated.
    #[arg(short = 'c', long = "constraint", value_name = "FILE")]
    pub constraints: Vec<PathBuf>,

    /// The platforms to choose wheels for, separated by commas: linux-x86_64, linux-aarch64, linux-musl-x86_64,
    /// macos-arm64, macos-x86_64, windows-x86_64, windows-arm64, all, host [default: host].
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',', value_parser = Platform::several)]
    pub platforms: Vec<Vec<Platform>>,

    /// Take requirements as they stand, without what they need in turn. Each has to be pinned.
    #[arg(long)]
    pub no_deps: bool,

    /// An extra of a pyproject.toml or lock file to audit too. May be repeated.
    #[arg(long = "extra", value_name = "NAME")]
    pub extras: Vec<String>,

    /// A dependency group of a pyproject.toml or lock file to audit too. May be repeated.
    #[arg(long = "group", value_name = "NAME")]
    pub groups: Vec<String>,

    /// Leave out the dependency groups that the project's own tool installs unasked (`dev`).
    #[arg(long)]
    pub no_default_groups: bool,

    /// Audit the files of an environment of another Python as they are, instead of the wheels that the target would
    /// get at the same versions.
    #[arg(long)]
    pub as_installed: bool,

    /// List each file that an index offers, and why it was taken or passed over.
    #[arg(long)]
    pub explain_wheels: bool,

    /// Do not look for versions that would do.
    #[arg(long)]
    pub no_suggest: bool,

    /// Write the versions that would do to this file, as constraints for pip and uv.
    #[arg(long, value_name = "FILE", conflicts_with = "no_suggest")]
    pub fix_to: Option<PathBuf>,
}

/// Where wheels are looked up. Without any of these: where the uv or pip at hand would.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Index")]
pub struct IndexArguments {
    /// The index to look up wheels in, instead of the default one.
    #[arg(short = 'i', long, value_name = "URL")]
    pub index_url: Option<String>,

    /// A further index. May be repeated.
    #[arg(long = "extra-index-url", value_name = "URL")]
    pub extra_index_urls: Vec<String>,

    /// A folder, a page or a file with wheels. May be repeated.
    #[arg(short = 'f', long = "find-links", value_name = "PLACE")]
    pub find_links: Vec<String>,

    /// Look nowhere but where --find-links says.
    #[arg(long)]
    pub no_index: bool,

    /// Ask no server: what is not in the cache counts as unread.
    #[arg(long)]
    pub offline: bool,

    /// The folder that wheels and answers of indexes are kept in [default: ftaudit in the user's cache folder].
    #[arg(long, value_name = "FOLDER")]
    pub cache_dir: Option<PathBuf>,
}

/// What counts.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Policy")]
pub struct PolicyOptions {
    /// Speak to who is about to publish the wheels: hold what each says of itself (tags, file names, declarations,
    /// classifier, RECORD) against the others, for the targets that its own tags name.
    #[arg(long)]
    pub as_publisher: bool,

    /// The configuration to go by [default: ftaudit.toml or pyproject.toml of this folder or one above].
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,

    /// Go by no configuration.
    #[arg(long)]
    pub no_config: bool,

    /// Findings that this file lists do not count.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write all that is found to this file, for --baseline.
    #[arg(long, value_name = "FILE")]
    pub write_baseline: Option<PathBuf>,
}
