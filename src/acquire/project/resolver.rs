//! What chooses versions for what is unpinned, seen from what needs it: a trait, so that it is tested with a scripted
//! double. [`super::uv`] is the real one.

use crate::model::Context;
use std::path::PathBuf;

/// Chooses versions as an installer would on the target.
pub trait Resolver {
    /// Answers one question.
    ///
    /// # Errors
    /// Where there is none on this machine, or it finds no answer.
    fn resolve(&self, question: &Question) -> Result<Resolution, ResolveError>;
}

/// What has to be installed together, and where.
#[derive(Clone)]
pub struct Question {
    /// A requirements file: options of indexes, and requirements with absolute paths. URLs may hold credentials, so
    /// it is never printed, and never stands on a command line.
    pub requirements: String,
    /// A constraints file.
    pub constraints: String,
    /// Each `pyproject.toml` that a resolver reads itself, for what only it knows of it.
    pub projects: Vec<PathBuf>,
    /// The extras of those that count.
    pub extras: Vec<String>,
    /// The groups of those that count.
    pub groups: Vec<(PathBuf, String)>,
    /// Whether pre-releases are taken.
    pub prereleases: bool,
    /// Where.
    pub context: Context,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// Who gave it, with the version: `uv 0.9.2`.
    pub by: String,
    /// A requirements file with a version for each distribution, and `# via` comments.
    pub text: String,
    /// What is to be known of the answer; empty mostly.
    pub caveat: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The surroundings' fault: there is no resolver, or none for this target. Says what was looked for.
    #[error("{0}")]
    None(String),
    /// The project's fault mostly.
    #[error("{by}: {why}")]
    Failed {
        /// The resolver, with its version.
        by: String,
        /// The end of what it wrote.
        why: String,
        /// The command line.
        command: String,
    },
}
