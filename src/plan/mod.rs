//! The resolved request: flat, with every default filled in and every question to the terminal answered.

mod database;
mod output;

pub use database::{DatabasePlan, KnowledgePlan, RefreshPlan, VerifyPlan};
pub use output::{Output, OutputError};

use crate::Error;
use crate::acquire::index::IndexOptions;
use crate::cli::{
    Check, Confirm, Diff, DiffFormat, IndexArguments, Inspect, InspectFormat, PolicyOptions, ProjectOptions,
};
use crate::config::{self, Config};
use crate::confirm;
use crate::log;
use crate::model::{Audience, Platform, Target};
use crate::policy::{self, Baseline, Policy};
use crate::report::Folders;
use std::fmt;
use std::io::{IsTerminal, stderr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// What an audit is to do.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Plan {
    /// What to audit, whatever each turns out to be.
    pub inputs: Vec<PathBuf>,
    /// What a project asks for.
    pub project: ProjectPlan,
    /// Where wheels are looked up.
    pub index: IndexPlan,
    /// What is known of packages.
    pub database: DatabasePlan,
    /// What counts.
    pub policy: Policy,
    /// Where all that is found is written, for a baseline.
    pub write_baseline: Option<PathBuf>,
    /// Whom the report speaks to.
    pub audience: Audience,
    /// What to judge for, each once, in the order asked.
    pub targets: Vec<Target>,
    /// Whether wheels are judged for the targets that their own tags name instead.
    pub by_tags: bool,
    /// The reports to write, in the order asked; at most one of them to standard output.
    pub outputs: Vec<Output>,
    /// What paths are relative to in reports for code hosts.
    pub folders: Folders,
    /// Threads; one for each processor where none are given.
    pub jobs: Option<NonZeroUsize>,
    /// Whether every module is hashed.
    pub verify_hashes: bool,
    /// How modules are confirmed.
    pub confirm: confirm::Options,
    /// Whether they are.
    pub confirms: bool,
    /// Whether a progress bar is shown on standard error.
    pub progress: bool,
}

/// What of a project is asked for.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ProjectPlan {
    /// Files that were named as requirements.
    pub requirements: Vec<PathBuf>,
    /// Files that were named as constraints.
    pub constraints: Vec<PathBuf>,
    /// What to choose wheels for, each once, in the order asked; empty where the host is none that is known.
    pub platforms: Vec<Platform>,
    /// Whether what requirements need in turn is left out.
    pub no_deps: bool,
    /// Extras to take too.
    pub extras: Vec<String>,
    /// Dependency groups to take too.
    pub groups: Vec<String>,
    /// Whether groups are left out that the project's own tool installs unasked.
    pub no_default_groups: bool,
    /// Whether the files of environments of other Pythons are audited, and not what the target would get.
    pub as_installed: bool,
    /// Whether each file that is offered is told.
    pub explain_wheels: bool,
    /// Whether versions are looked for that would do.
    pub suggest: bool,
    /// Where these are written.
    pub fix_to: Option<PathBuf>,
}

/// Where wheels are looked up.
#[derive(Clone, Default)]
pub struct IndexPlan {
    /// As the command line and the configuration say.
    pub options: IndexOptions,
    /// Whether no server is asked.
    pub offline: bool,
    /// The cache's folder, where it is not the usual one.
    pub cache: Option<PathBuf>,
}

impl fmt::Debug for IndexPlan {
    /// Addresses may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexPlan")
            .field("offline", &self.offline)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

impl Plan {
    /// Resolves a command line, with the configuration of the current folder.
    ///
    /// # Errors
    /// When a configuration or a baseline cannot be read, or holds what is not known.
    pub fn of(check: Check) -> Result<Self, Error> {
        let PolicyOptions { config, no_config, .. } = &check.policy;
        let config = match config {
            Some(path) => config::read(path)?,
            None if *no_config => Config::default(),
            None => config::find(&std::env::current_dir().unwrap_or_default())?,
        };
        Self::resolve(check, config)
    }

    fn resolve(check: Check, config: Config) -> Result<Self, Error> {
        let outputs = output::of_check(&check)?;
        let baseline = check.policy.baseline.or(config.baseline);
        // One that is to be written need not be there yet.
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let written = check.policy.write_baseline.as_ref().map(absolute);
        let known = baseline.filter(|path| written.as_ref() != Some(&absolute(path)));
        let as_publisher = check.policy.as_publisher;
        let mut policy =
            Policy { baseline: known.map(|path| Baseline::read(&path)).transpose()?, ..config.policy };
        if as_publisher {
            for (rule, level) in policy::PUBLISHER {
                policy.levels.entry(rule.to_owned()).or_insert(level);
            }
        }
        // A configuration says what the project runs on, not what it is built for.
        let by_tags = as_publisher && check.targets.is_empty();
        let targets =
            [check.targets, config.targets, vec![Target::Py314t]].into_iter().find(|some| !some.is_empty());
        Ok(Self {
            inputs: check.inputs,
            project: ProjectPlan::resolve(check.project, config.platforms),
            index: IndexPlan::resolve(check.index, config.index),
            database: DatabasePlan { skip_measured: check.skip_measured, ..check.database.into() },
            policy,
            write_baseline: check.policy.write_baseline,
            audience: if as_publisher { Audience::Publisher } else { Audience::User },
            targets: each_once(targets.unwrap_or_default()),
            by_tags,
            outputs,
            folders: output::folders(),
            jobs: check.jobs,
            verify_hashes: check.verify_hashes || as_publisher,
            confirms: check.confirm.is_some(),
            confirm: confirm::Options {
                pythons: check.pythons,
                sandboxed: !check.no_sandbox,
                batching: !check.one_by_one,
                stress: check.confirm == Some(Confirm::Stress),
                patience: Duration::from_secs(check.import_timeout.get()),
            },
            progress: !check.quiet && !log::is_wanted(check.verbose) && stderr().is_terminal(),
        })
    }

    /// An audit of wheels by themselves: nothing is asked of an index or a database, and nothing is reported.
    #[must_use]
    pub fn of_wheels(
        wheels: Vec<PathBuf>,
        targets: Vec<Target>,
        confirm: Option<confirm::Options>,
        jobs: Option<NonZeroUsize>,
    ) -> Self {
        Self {
            inputs: wheels,
            project: ProjectPlan::default(),
            index: IndexPlan::default(),
            database: DatabasePlan::default(),
            policy: Policy::default(),
            write_baseline: None,
            audience: Audience::User,
            targets,
            by_tags: false,
            outputs: Vec::new(),
            folders: output::folders(),
            jobs,
            verify_hashes: false,
            confirms: confirm.is_some(),
            confirm: confirm.unwrap_or_default(),
            progress: false,
        }
    }

    /// The same, confirming. An environment is used as it is, whichever Python it is of.
    #[must_use]
    pub fn confirming(self) -> Self {
        let project = ProjectPlan { as_installed: true, ..self.project };
        Self { confirms: true, project, ..self }
    }
}

impl ProjectPlan {
    fn resolve(options: ProjectOptions, configured: Vec<Platform>) -> Self {
        let asked: Vec<Platform> = options.platforms.concat();
        let host = || Platform::host().into_iter().collect();
        let some = [asked, configured].into_iter().find(|some| !some.is_empty());
        Self {
            requirements: options.requirements,
            constraints: options.constraints,
            platforms: each_once(some.unwrap_or_else(host)),
            no_deps: options.no_deps,
            extras: options.extras,
            groups: options.groups,
            no_default_groups: options.no_default_groups,
            as_installed: options.as_installed,
            explain_wheels: options.explain_wheels,
            suggest: !options.no_suggest,
            fix_to: options.fix_to,
        }
    }
}

impl IndexPlan {
    /// The command line first, option by option.
    fn resolve(arguments: IndexArguments, configured: IndexOptions) -> Self {
        let first = |one: Vec<String>, other: Vec<String>| if one.is_empty() { other } else { one };
        let options = IndexOptions {
            index_url: arguments.index_url.or(configured.index_url),
            extra_index_urls: first(arguments.extra_index_urls, configured.extra_index_urls),
            find_links: first(arguments.find_links, configured.find_links),
            no_index: arguments.no_index || configured.no_index,
        };
        Self { options, offline: arguments.offline, cache: arguments.cache_dir }
    }
}

/// What a comparison is to do.
#[derive(Debug, Clone)]
pub struct DiffPlan {
    /// The older report.
    pub old: PathBuf,
    /// The newer one.
    pub new: PathBuf,
    /// What is written of it; at most one to standard output.
    pub outputs: Vec<Output<DiffFormat>>,
}

impl DiffPlan {
    /// What the command line asks for.
    ///
    /// # Errors
    /// When two of the formats have the same place.
    pub fn of(diff: Diff) -> Result<Self, Error> {
        let outputs = output::of_diff(&diff)?;
        Ok(Self { old: diff.old, new: diff.new, outputs })
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
    pub format: InspectFormat,
}

impl From<Inspect> for InspectPlan {
    fn from(Inspect { file, member, targets, format }: Inspect) -> Self {
        Self { file, member, targets: each_once(targets), format }
    }
}

/// The file to write to; none stands for standard output.
fn written_to(output: Option<PathBuf>) -> Option<PathBuf> {
    output.filter(|path| path.as_os_str() != "-")
}

fn each_once<T: PartialEq>(asked: Vec<T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in asked {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Color, DatabaseOptions};
    use crate::model::Level;
    use std::num::NonZeroU64;

    const A_MINUTE: NonZeroU64 = NonZeroU64::new(60).unwrap();

    fn check() -> Check {
        Check {
            inputs: vec![PathBuf::from("x.whl")],
            targets: vec![Target::Py315t, Target::Py314t, Target::Py315t],
            formats: Vec::new(),
            output: None,
            project: ProjectOptions::default(),
            index: IndexArguments::default(),
            policy: PolicyOptions::default(),
            database: DatabaseOptions::default(),
            skip_measured: false,
            jobs: None,
            verify_hashes: false,
            confirm: None,
            pythons: Vec::new(),
            import_timeout: A_MINUTE,
            no_sandbox: false,
            one_by_one: false,
            matrix: false,
            summary: false,
            explain: false,
            quiet: false,
            verbose: 0,
            color: Color::Auto,
        }
    }

    fn plan(check: Check) -> Plan {
        Plan::resolve(check, Config::default()).unwrap()
    }

    #[test]
    fn a_target_named_twice_is_judged_once_in_the_order_asked() {
        assert_eq!(plan(check()).targets, [Target::Py315t, Target::Py314t]);
    }

    #[test]
    fn nobody_who_wants_quiet_gets_a_progress_bar() {
        assert!(!plan(Check { quiet: true, ..check() }).progress);
    }

    #[test]
    fn who_publishes_is_asked_for_no_targets_and_for_more_care() {
        let options = PolicyOptions { as_publisher: true, ..PolicyOptions::default() };
        let of = |targets: Vec<Target>| plan(Check { policy: options.clone(), targets, ..check() });
        let published = of(Vec::new());
        assert!(published.by_tags && published.verify_hashes);
        assert_eq!(published.policy.levels["mislabelled-binary"], Level::Deny);
        assert!(!of(vec![Target::Py315t]).by_tags);
        let levels = [("mislabelled-binary".to_owned(), Level::Warn)].into();
        let config = Config { policy: Policy { levels, ..Policy::default() }, ..Config::default() };
        let configured = Plan::resolve(Check { policy: options, ..check() }, config).unwrap();
        assert_eq!(configured.policy.levels["mislabelled-binary"], Level::Warn);
    }
}
